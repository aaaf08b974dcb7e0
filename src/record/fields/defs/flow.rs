//! Who talks to whom: addresses, ports, protocol, direction, state.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::super::look::StateStyle;
use super::super::{Align, Field, Get, Look, Names, PrefixLengths, Unit, flags, number};
use super::row;
use crate::record::{Addr, DsrKind, Far, FlowForm, Network, SrcId, tcp_status};

const fn text(
    name: &'static str,
    header: &'static str,
    width: u16,
    get: fn(&Far<'_>, &Look, &mut Vec<u8>),
    about: &'static str,
) -> Field {
    row(name, header, width, Unit::None, Get::Text(get), about)
}

/// Rows of this theme.
pub(super) const FIELDS: &[Field] = &[
    text(
        "flgs",
        "Flgs",
        9,
        flags::write,
        "nine letters: adjusted, encapsulation, ICMP, loss, window, ECN, fragments, IP options, correlation",
    ),
    text("proto", "Proto", 6, proto, "protocol: IP protocol, ethertype, or what the flow carries"),
    text("saddr", "SrcAddr", 18, |f, l, o| end(o, f, l, true), "address of the source"),
    text("daddr", "DstAddr", 18, |f, l, o| end(o, f, l, false), "address of the destination"),
    text("sport", "Sport", 6, |f, l, o| port(f, l, o, true), "source port; ICMP: code and type").aligned(Align::Left),
    text("dport", "Dport", 6, |f, l, o| port(f, l, o, false), "destination port; ICMP: identifier")
        .aligned(Align::Left),
    text(
        "dir",
        "Dir",
        5,
        dir,
        "direction: `->` source sent, `<-` destination sent, `<->` both, `?` the initiator is not known",
    ),
    text("state", "State", 5, state, "state of the flow"),
    text("snet", "SrcNet", 18, |f, _, o| net(o, f, f.flow().key.saddr), "network of the source by its class"),
    text("dnet", "DstNet", 18, |f, _, o| net(o, f, f.flow().key.daddr), "network of the destination by its class"),
    text("inode", "Inode", 18, inode, "router that sent the ICMP error this flow is about"),
    row(
        "icmpid",
        "IcmpId",
        6,
        Unit::Number,
        Get::Uint(icmp_id),
        "ICMP echo identifier as the classic clients print it",
    ),
    text(
        "smac",
        "SrcMac",
        18,
        |f, l, o| {
            if let Some(m) = f.mac() {
                named_mac(o, l, m.addr.src);
            }
        },
        "Ethernet address of the source",
    ),
    text(
        "dmac",
        "DstMac",
        18,
        |f, l, o| {
            if let Some(m) = f.mac() {
                named_mac(o, l, m.addr.dst);
            }
        },
        "Ethernet address of the destination",
    ),
    text("soui", "SrcOui", 9, |_, _, _| (), "vendor of smac; needs a file of vendors"),
    text("doui", "DstOui", 9, |_, _, _| (), "vendor of dmac; needs a file of vendors"),
    text("bssid", "Bssid", 18, bssid, "802.11 access point"),
    text("ssid", "Ssid", 9, |f, _, o| o.extend_from_slice(f.ssid().unwrap_or(&[])), "802.11 network name"),
    text(
        "senc",
        "sEnc",
        12,
        |f, _, o| {
            if let Some(e) = f.encaps() {
                encapsulation(o, e.mask.src);
            }
        },
        "encapsulations seen from the source, one letter each",
    ),
    text(
        "denc",
        "dEnc",
        12,
        |f, _, o| {
            if let Some(e) = f.encaps() {
                encapsulation(o, e.mask.dst);
            }
        },
        "encapsulations seen from the destination",
    ),
    row(
        "smpls",
        "sMpls",
        8,
        Unit::Number,
        Get::Uint(|f| f.mpls().src.map(|w| u64::from(w >> 12))),
        "first MPLS label, source",
    ),
    row(
        "dmpls",
        "dMpls",
        8,
        Unit::Number,
        Get::Uint(|f| f.mpls().dst.map(|w| u64::from(w >> 12))),
        "first MPLS label, destination",
    ),
    row("svlan", "sVlan", 8, Unit::None, Get::Hex(|f| f.vlan().src), "VLAN tag, source: priority and id"),
    row("dvlan", "dVlan", 8, Unit::None, Get::Hex(|f| f.vlan().dst), "VLAN tag, destination"),
    row("svid", "sVid", 6, Unit::Number, Get::Uint(|f| vid(f.vlan().src)), "VLAN id, source"),
    row("dvid", "dVid", 6, Unit::Number, Get::Uint(|f| vid(f.vlan().dst)), "VLAN id, destination"),
    row("svpri", "sVpri", 6, Unit::Number, Get::Uint(|f| vpri(f.vlan().src)), "VLAN priority, source"),
    row("dvpri", "dVpri", 6, Unit::Number, Get::Uint(|f| vpri(f.vlan().dst)), "VLAN priority, destination"),
    text("sco", "sCo", 3, |f, _, o| o.extend(f.countries().src.iter().flatten()), "country of the source"),
    text("dco", "dCo", 3, |f, _, o| o.extend(f.countries().dst.iter().flatten()), "country of the destination"),
    row("sas", "sAS", 6, Unit::Number, Get::Uint(|f| asn(f.asns()?.asn.src)), "AS number of the source"),
    row("das", "dAS", 6, Unit::Number, Get::Uint(|f| asn(f.asns()?.asn.dst)), "AS number of the destination"),
    row("ias", "iAS", 5, Unit::Number, Get::Uint(|f| asn(f.asns()?.inode)), "AS number of inode"),
    text("resp", "Response", 12, response, "Ethernet address that answered an ARP request"),
];

/// Appends the address of an end. IS-IS has ids of systems there, and the sequence number of a link state.
fn end(out: &mut Vec<u8>, far: &Far<'_>, look: &Look, src: bool) {
    let key = &far.flow().key;
    let Some(k) = far.isis() else {
        return match if src { key.saddr } else { key.daddr } {
            Addr::Mac(m) if look.names_broadcast => named_mac(out, look, m),
            // What an event tells of is its sensor.
            Addr::None if src && far.is_event() => srcid(far.srcid().unwrap_or_default(), out),
            other => host(out, far, look, (other, src)),
        };
    };
    match (k.pdu, src) {
        (15 | 16, true) => system_id(out, k.id.get(..6)),
        (15 | 16, false) => system_id(out, k.id.get(6..13)),
        (18 | 20, true) => {
            system_id(out, k.id.get(..7));
            out.push(b'-');
            system_id(out, k.id.get(7..8));
        }
        (18 | 20, false) => {
            out.extend_from_slice(b"0x");
            k.id.iter().skip(8).take(4).for_each(|byte| number::hex8(out, *byte));
        }
        (24..=27, true) => system_id(out, k.id.get(..7)),
        _ => {}
    }
}

/// Appends the name of a host if it is wanted and known, else its address, with the length of its prefix if that is.
fn host(out: &mut Vec<u8>, far: &Far<'_>, look: &Look, (address, src): (Addr, bool)) {
    if let Some(name) = look.hosts.as_ref().and_then(|hosts| (hosts.0)(address.ip()?)) {
        return out.extend_from_slice(name.as_bytes());
    }
    addr(out, address);
    let full = match address {
        Addr::V4(_) => 32,
        Addr::V6(_) => 128,
        Addr::None | Addr::Mac(_) => return,
    };
    let flow = far.flow();
    let len = if src { flow.src_mask } else { flow.dst_mask }.unwrap_or(full);
    let is_shown = match look.prefixes {
        PrefixLengths::Never => false,
        PrefixLengths::Shorter => len < full,
        PrefixLengths::Always => true,
    };
    if is_shown {
        out.push(b'/');
        number::uint(out, len.into());
    }
}

/// Appends hex bytes in pairs joined by points: `0192.0168.0001.00`.
fn system_id(out: &mut Vec<u8>, id: Option<&[u8]>) {
    for (i, byte) in id.unwrap_or(&[]).iter().enumerate() {
        if i % 2 == 0 && i > 0 {
            out.push(b'.');
        }
        number::hex8(out, *byte);
    }
}

/// Appends an address; nothing when there is none.
pub(super) fn addr(out: &mut Vec<u8>, addr: Addr) {
    match addr {
        Addr::None => {}
        Addr::V4(a) => v4(out, a),
        Addr::V6(a) => v6(out, a),
        Addr::Mac(m) => mac(out, m),
    }
}

fn v4(out: &mut Vec<u8>, a: Ipv4Addr) {
    for (i, octet) in a.octets().into_iter().enumerate() {
        if i > 0 {
            out.push(b'.');
        }
        number::uint(out, u64::from(octet));
    }
}

fn v6(out: &mut Vec<u8>, a: Ipv6Addr) {
    use std::io::Write as _;
    let _ = write!(out, "{a}");
}

/// Appends an Ethernet address, that of everybody by its name.
fn named_mac(out: &mut Vec<u8>, look: &Look, m: [u8; 6]) {
    if m == [0xFF; 6] && look.names != Names::None {
        out.extend_from_slice(b"Broadcast");
    } else {
        mac(out, m);
    }
}

fn mac(out: &mut Vec<u8>, m: [u8; 6]) {
    for (i, byte) in m.into_iter().enumerate() {
        if i > 0 {
            out.push(b':');
        }
        number::hex8(out, byte);
    }
}

/// Appends a sensor's identity.
pub(in crate::record::fields) fn srcid(id: SrcId, out: &mut Vec<u8>) {
    match id {
        SrcId::Unset => out.extend_from_slice(b"0.0.0.0"),
        SrcId::V4(a) => v4(out, a),
        SrcId::Int(n) => number::int(out, i64::from(n)),
        SrcId::Text(t) => out.extend(t.iter().take_while(|c| **c != 0)),
        SrcId::V6(a) => v6(out, a),
        SrcId::Uuid(u) => {
            for (i, byte) in u.into_iter().enumerate() {
                if matches!(i, 4 | 6 | 8 | 10) {
                    out.push(b'-');
                }
                number::hex8(out, byte);
            }
        }
    }
}

fn proto(far: &Far<'_>, look: &Look, out: &mut Vec<u8>) {
    if look.names == Names::None {
        let value = match far.flow().form {
            FlowForm::V4 | FlowForm::V6 => Some(u64::from(far.flow().key.proto)),
            FlowForm::Arp => Some(0x0806),
            FlowForm::Ether => Some(u64::from(far.flow().link_type)),
            _ => None,
        };
        if let Some(value) = value {
            return number::uint(out, value);
        }
    }
    match far.proto_word() {
        Ok(name) => out.extend_from_slice(name.as_bytes()),
        Err(_) if look.names == Names::All => out.extend_from_slice(b"unknown"),
        Err(n) => number::uint(out, u64::from(n)),
    }
}

fn port(far: &Far<'_>, look: &Look, out: &mut Vec<u8>, src: bool) {
    let flow = far.flow();
    let value = if src { flow.key.sport } else { flow.key.dport };
    match (flow.form, flow.key.proto) {
        // Where names are wanted, 0 names nothing.
        (FlowForm::V4 | FlowForm::V6 | FlowForm::Ether, 0 | 6 | 17) if value == 0 && look.names == Names::All => {}
        (FlowForm::Ether, _) if look.names == Names::All && matches!(value, 0x42 | 0xAA) => {
            out.extend_from_slice(if value == 0x42 { b"stp".as_slice() } else { b"snap" });
        }
        (FlowForm::V4 | FlowForm::V6, proto @ (6 | 17)) => {
            let name = if look.names == Names::All { look.services.name(proto, value) } else { None };
            match name {
                Some(name) => out.extend_from_slice(name.as_bytes()),
                None => number::uint(out, u64::from(value)),
            }
        }
        (FlowForm::V4, 1) => number::hex16(out, value),
        (FlowForm::V6, 58) if look.names == Names::All => number::hex16(out, value),
        (FlowForm::V6, 58) => number::uint(out, u64::from(value)),
        // The clients print the mask bytes over the upper half of the index.
        (FlowForm::V4, 50) if !src => {
            out.extend_from_slice(b"0x2020");
            for byte in value.to_be_bytes() {
                number::hex8(out, byte);
            }
        }
        (FlowForm::Ether, _) => number::uint(out, u64::from(value)),
        (FlowForm::Isis, _) if !src => bare_hex(out, value),
        _ => {}
    }
}

fn dir(far: &Far<'_>, _: &Look, out: &mut Vec<u8>) {
    let sign = far.dir_padded();
    if !sign.is_empty() {
        out.extend_from_slice(b"  ");
        out.extend_from_slice(sign.as_bytes());
    }
}

fn state(far: &Far<'_>, look: &Look, out: &mut Vec<u8>) {
    if let (Some(status), style) = (far.tcp_status(), look.state)
        && style != StateStyle::Word
    {
        return match style {
            StateStyle::Letters | StateStyle::Word => state_letters(status, out),
            StateStyle::SrcFlags => tcp_flags(far, out, true),
            StateStyle::DstFlags => tcp_flags(far, out, false),
            StateStyle::BothFlags => {
                tcp_flags(far, out, true);
                out.push(b'_');
                tcp_flags(far, out, false);
            }
        };
    }
    out.extend_from_slice(far.state().as_bytes());
}

fn state_letters(status: u32, out: &mut Vec<u8>) {
    use tcp_status as s;
    for (bits, letter) in [
        (s::SYN, b's'),
        (s::SYN_ACK, b'S'),
        (s::ESTABLISHED, b'E'),
        (s::FIN, b'f'),
        (s::FIN_ACK, b'F'),
        (s::CLOSED, b'C'),
        (s::SRC_RESET | s::DST_RESET, b'R'),
    ] {
        if status & bits != 0 {
            out.push(letter);
        }
    }
}

fn tcp_flags(far: &Far<'_>, out: &mut Vec<u8>, src: bool) {
    let Some(tcp) = far.tcp() else { return };
    let flags = if src { tcp.src.flags } else { tcp.dst.flags };
    for (i, letter) in b"FSRPAUEC".iter().enumerate() {
        if flags >> i & 1 == 1 {
            out.push(*letter);
        }
    }
}

/// The network of an IPv4 address by its old class; other addresses stand for themselves.
fn net(out: &mut Vec<u8>, far: &Far<'_>, a: Addr) {
    match a {
        Addr::V4(_) if far.flow().form == FlowForm::Arp => out.extend_from_slice(b"0.0.0.0"),
        Addr::V4(ip) => {
            let bits = ip.to_bits();
            let mask = match bits >> 28 {
                0..8 => 0xFF00_0000,
                8..12 => 0xFFFF_0000,
                12..14 => 0xFFFF_FF00,
                14 => u32::MAX,
                _ => 0,
            };
            v4(out, Ipv4Addr::from_bits(bits & mask));
        }
        other => addr(out, other),
    }
}

fn inode(far: &Far<'_>, _: &Look, out: &mut Vec<u8>) {
    if far.flow().form == FlowForm::V4
        && let Some(e) = far.icmp_error()
    {
        v4(out, e.node);
    }
}

fn icmp_id(far: &Far<'_>) -> Option<u64> {
    let icmp = far.icmp()?;
    // Over IPv4 the clients print the identifier with its bytes exchanged.
    let id = if far.flow().form == FlowForm::V4 { icmp.id.swap_bytes() } else { icmp.id };
    Some(u64::from(id))
}

fn bssid(far: &Far<'_>, _: &Look, out: &mut Vec<u8>) {
    if far.flow().form == FlowForm::Wlan
        && let Some(bytes) = far.dsr(DsrKind::Flow).and_then(|d| d.body.get(12..18)?.first_chunk::<6>().copied())
    {
        mac(out, bytes);
    }
}

/// Appends one letter per encapsulation bit.
pub(super) fn encapsulation(out: &mut Vec<u8>, mask: u32) {
    for (bit, letter) in flags::ENCAPSULATIONS {
        if mask & bit != 0 {
            out.push(*letter);
        }
    }
}

fn vid(tag: Option<u16>) -> Option<u64> {
    tag.map(|t| u64::from(t & 0x0FFF))
}

fn vpri(tag: Option<u16>) -> Option<u64> {
    tag.map(|t| u64::from(t >> 13)).filter(|p| *p != 0)
}

fn asn(n: u32) -> Option<u64> {
    (n != 0).then_some(u64::from(n))
}

fn response(far: &Far<'_>, _: &Look, out: &mut Vec<u8>) {
    if let Some(Network::ArpAnswer(m)) = far.network()
        && m != [0; 6]
    {
        mac(out, m);
    }
}

/// Appends `0x` and the hex digits without zeros in front.
fn bare_hex(out: &mut Vec<u8>, value: u16) {
    use std::io::Write as _;
    let _ = write!(out, "{value:#x}");
}
