//! What the words that stand alone ask of a record.

use crate::record::{Addr, Cause, DsrKind, Far, FlowForm, Network, RecordKind, tcp_status as s};

use super::ast::Dir;
use super::words::Flag;

const fn flag(word: &'static str, test: fn(&Far<'_>, Dir) -> bool, about: &'static str) -> Flag {
    Flag { word, about, is_proto: false, test }
}

const fn proto(word: &'static str, test: fn(&Far<'_>, Dir) -> bool, about: &'static str) -> Flag {
    Flag { word, about, is_proto: true, test }
}

/// All of them.
pub(super) static FLAGS: &[Flag] = &[
    flag("man", |f, _| f.record().kind() == RecordKind::Mar, "management record"),
    flag("far", |f, _| is_far(f), "flow record"),
    flag("event", |f, _| f.record().kind() == RecordKind::Event, "event record"),
    proto("ip", |f, _| is_v4(f) || is_v6(f), "IPv4 or IPv6"),
    proto("ipv4", |f, _| is_v4(f), "IPv4"),
    proto("ipv6", |f, _| is_v6(f), "IPv6"),
    proto("tcp", |f, _| is_proto(f, 6), "TCP"),
    proto("udp", |f, _| is_proto(f, 17), "UDP"),
    proto("icmp", |f, _| is_v4(f) && is_proto(f, 1), "ICMP over IPv4"),
    proto("icmp6", |f, _| is_v6(f) && is_proto(f, 58), "ICMPv6"),
    proto("igmp", |f, _| is_proto(f, 2), "IGMP"),
    proto("esp", |f, _| is_proto(f, 50), "ESP"),
    proto("ah", |f, _| is_proto(f, 51), "AH"),
    proto("gre", |f, _| is_proto(f, 47), "GRE"),
    proto("sctp", |f, _| is_proto(f, 132), "SCTP"),
    proto("ospf", |f, _| is_proto(f, 89), "OSPF"),
    proto("arp", |f, _| f.flow().form == FlowForm::Arp, "ARP"),
    proto("rarp", |f, _| f.flow().form == FlowForm::Rarp, "RARP"),
    proto("rtp", |f, _| f.proto_word() == Ok("rtp"), "RTP"),
    proto("rtcp", |f, _| f.proto_word() == Ok("rtcp"), "RTCP"),
    proto("udt", |f, _| f.proto_word() == Ok("udt"), "UDT"),
    proto("isis", |f, _| f.flow().form == FlowForm::Isis, "IS-IS"),
    proto("llc", |f, _| f.proto_word() == Ok("llc"), "LLC"),
    proto("ether", |f, _| f.has(DsrKind::Mac) || f.flow().form == FlowForm::Ether, "Ethernet addresses are known"),
    proto("mpls", |f, _| f.has(DsrKind::Mpls), "MPLS"),
    proto("vlan", |f, _| f.has(DsrKind::Vlan), "VLAN"),
    flag("hello", |f, _| matches!(isis(f), Some(15 | 16)), "IS-IS hello"),
    flag("lsp", |f, _| matches!(isis(f), Some(18 | 20)), "IS-IS link state"),
    flag("csnp", |f, _| matches!(isis(f), Some(24 | 25)), "IS-IS complete sequence numbers"),
    flag("psnp", |f, _| matches!(isis(f), Some(26 | 27)), "IS-IS partial sequence numbers"),
    flag("init", |f, _| f.cause() == Cause::Start, "first record of its flow"),
    flag("status", |f, _| f.cause() == Cause::Status, "later record of its flow"),
    flag("stop", |f, _| f.cause() == Cause::Stop, "written when the flow ended"),
    flag("shut", |f, _| f.cause() == Cause::Shutdown, "written when the sensor went down"),
    flag("timeout", |f, _| f.cause() == Cause::Timeout, "written when the flow was idle for too long"),
    flag("error", |f, _| f.cause() == Cause::Error, "error report"),
    flag("con", |f, _| connected(f), "both ends were seen"),
    flag("req", |f, _| f.state() == "REQ", "requested only"),
    flag("rsp", |f, _| f.state() == "RSP", "responses only"),
    flag("normal", |f, _| status(f) & s::CLOSED != 0, "TCP connection closed normally"),
    flag("wait", |f, _| status(f) & s::CLOSE_WAITING != 0, "TCP connection half closed"),
    flag("syn", |f, d| tcp_flag(f, d, 0x02), "SYN seen in this record"),
    flag("synack", |f, _| status(f) & s::SYN_ACK != 0, "SYN-ACK seen"),
    flag("fin", |f, _| status(f) & s::FIN != 0, "FIN seen"),
    flag("finack", |f, _| status(f) & s::FIN_ACK != 0, "FIN acknowledged"),
    flag("rst", |f, d| sided(f, d, s::SRC_RESET, s::DST_RESET), "reset"),
    flag("ack", |f, d| tcp_flag(f, d, 0x10), "ACK seen"),
    flag("push", |f, d| tcp_flag(f, d, 0x08), "PSH seen"),
    flag("urg", |f, d| tcp_flag(f, d, 0x20), "URG seen"),
    flag("ece", |f, d| tcp_flag(f, d, 0x40), "ECE seen"),
    flag("cwr", |f, d| tcp_flag(f, d, 0x80), "CWR seen"),
    flag("ecn", |f, d| sided(f, d, s::SRC_ECN, s::DST_ECN), "congestion was told"),
    flag("retrans", lost, "packets retransmitted or missing"),
    flag("ooo", out_of_order, "packets out of order"),
    flag("winshut", |f, d| sided(f, d, s::SRC_WINDOW_SHUT, s::DST_WINDOW_SHUT), "window closed"),
    flag("dup", |f, d| sided(f, d, s::SRC_DUPLICATES, s::DST_DUPLICATES), "duplicates"),
    flag("frag", fragments, "fragments"),
    flag("fragonly", |f, _| f.flow().fragment || has_fragment_state(f), "fragments whose ports are unknown"),
    flag(
        "mpath",
        |f, d| f.mac().is_some_and(|m| d.join(|| m.several.src, || m.several.dst)),
        "several Ethernet addresses at one end",
    ),
    flag("icmpmap", |f, _| f.icmp_error().is_some(), "an ICMP error is about this flow"),
    flag("unreach", |f, _| icmp_is(f, &[3]), "ICMP unreachable"),
    flag("redirect", |f, _| icmp_is(f, &[5]), "ICMP redirect"),
    flag("timexed", |f, _| icmp_is(f, &[11]), "ICMP time exceeded"),
    flag("echo", |f, _| f.icmp_error().is_none() && icmp_is(f, &[0, 8]), "ICMP echo"),
    flag(
        "multicast",
        |f, d| d.join(|| is_multicast(f.flow().key.saddr), || is_multicast(f.flow().key.daddr)),
        "IP multicast address",
    ),
    flag(
        "broadcast",
        |f, d| d.join(|| is_broadcast(f.flow().key.saddr), || is_broadcast(f.flow().key.daddr)),
        "IPv4 broadcast address",
    ),
    flag("ether multicast", |f, d| ether(f, d, |m| m[0] & 1 == 1), "Ethernet multicast address"),
    flag("ether broadcast", |f, d| ether(f, d, |m| m == [0xFF; 6]), "Ethernet broadcast address"),
];

fn is_far(f: &Far<'_>) -> bool {
    matches!(f.record().kind(), RecordKind::Far | RecordKind::Netflow)
}

fn is_v4(f: &Far<'_>) -> bool {
    matches!(f.flow().form, FlowForm::V4 | FlowForm::PairV4)
}

fn is_v6(f: &Far<'_>) -> bool {
    matches!(f.flow().form, FlowForm::V6 | FlowForm::PairV6)
}

fn is_proto(f: &Far<'_>, number: u8) -> bool {
    matches!(f.flow().form, FlowForm::V4 | FlowForm::V6) && f.flow().key.proto == number
}

fn isis(f: &Far<'_>) -> Option<u32> {
    f.isis().map(|k| k.pdu)
}

fn status(f: &Far<'_>) -> u32 {
    f.tcp_status().unwrap_or(0)
}

/// TCP: established; IP but ICMPv6: both ends sent.
fn connected(f: &Far<'_>) -> bool {
    let m = f.metrics();
    let both = m.src.pkts > 0 && m.dst.pkts > 0;
    status(f) & s::ESTABLISHED != 0 || both && (is_v4(f) || is_v6(f) && !is_proto(f, 58))
}

fn sided(f: &Far<'_>, dir: Dir, src: u32, dst: u32) -> bool {
    let status = status(f);
    dir.join(|| status & src != 0, || status & dst != 0)
}

fn tcp_flag(f: &Far<'_>, dir: Dir, bit: u8) -> bool {
    f.tcp().is_some_and(|t| dir.join(|| t.src.flags & bit != 0, || t.dst.flags & bit != 0))
}

fn lost(f: &Far<'_>, dir: Dir) -> bool {
    match f.network() {
        Some(Network::Tcp(_)) => sided(f, dir, s::SRC_RETRANS, s::DST_RETRANS),
        Some(Network::Esp(e)) => dir.join(|| e.status & 0x10 != 0, || e.status & 0x20 != 0),
        Some(Network::Rtp(r)) => dir.join(|| r.src.drops > 0, || r.dst.drops > 0),
        _ => false,
    }
}

fn out_of_order(f: &Far<'_>, dir: Dir) -> bool {
    match f.network() {
        Some(Network::Esp(e)) => dir.join(|| e.status & 0x1_0000 != 0, || e.status & 0x2_0000 != 0),
        _ => sided(f, dir, s::SRC_OUT_OF_ORDER, s::DST_OUT_OF_ORDER),
    }
}

fn fragments(f: &Far<'_>, dir: Dir) -> bool {
    let a = f.ip_attrs().fragments;
    !has_fragment_state(f) && (f.flow().fragment || dir.join(|| a.src, || a.dst))
}

/// Whether the record stands for fragments alone.
fn has_fragment_state(f: &Far<'_>) -> bool {
    matches!(f.network(), Some(Network::Fragments))
}

/// Type of an ICMP flow over IPv4, or of the ICMP error about a flow.
fn icmp_is(f: &Far<'_>, kinds: &[u8]) -> bool {
    let kind = match f.icmp_error() {
        Some(e) => Some(e.kind),
        None if f.flow().form == FlowForm::V4 => f.icmp().map(|k| k.kind),
        None => None,
    };
    kind.is_some_and(|k| kinds.contains(&k))
}

fn is_multicast(a: Addr) -> bool {
    a.ip().is_some_and(|ip| ip.is_multicast())
}

fn is_broadcast(a: Addr) -> bool {
    matches!(a, Addr::V4(ip) if ip.is_broadcast())
}

fn ether(f: &Far<'_>, dir: Dir, test: fn([u8; 6]) -> bool) -> bool {
    f.mac().is_some_and(|m| dir.join(|| test(m.addr.src), || test(m.addr.dst)))
}
