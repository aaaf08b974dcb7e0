//! What one packet adds to its flow.

use super::config::SensorConfig;
use super::engine::Sensor;
use super::esp::Esp;
use super::flow::{Flow, Side, State, UNSET, mark};
use super::icmp;
use super::key::{Identity, Kind, v4_fragment, wlan_body};
use super::rtp::{Media, Step};
use super::tcp::{Segment, Tcp};
use super::udt::Udt;
use super::{arp, isis};
use crate::packet::{Net, Packet, V4, V6, encaps};

/// Bytes of ARP and RARP for Ethernet and IPv4.
const ARP_LEN: u32 = 28;

/// What the protocol makes of a packet.
#[derive(Clone, Copy, Debug, Default)]
struct Outcome {
    /// Application bytes.
    app: u32,
    /// The time before it was one of rest.
    idle: bool,
    /// Where the application data begins in the network payload; nothing if there is none.
    data_at: usize,
}

/// Whether the packet opens the flow's ports again.
#[inline]
pub(super) fn reuses(flow: &Flow, packet: &Packet<'_>) -> bool {
    match &flow.state {
        State::Tcp(t) if t.may_be_reused() => segment(packet).is_some_and(|s| t.reuses(&s)),
        _ => false,
    }
}

/// Counts a packet.
#[inline]
pub(super) fn packet(
    flow: &mut Flow,
    packet: &Packet<'_>,
    id: &Identity,
    config: &SensorConfig,
    interval: i64,
    now: i64,
) {
    if flow.reported {
        flow.reset_record();
    }
    let at = flow.side_of(id.reverse);
    let first = flow.seq == 0 && flow.pkts() == 0;
    let outcome = protocol(flow, packet, at, now);
    attributes(flow, packet, at);
    let Some(side) = flow.sides.get_mut(at) else { return };
    side.see(now);
    side.marks |= mark::SEEN;
    side.pkts = side.pkts.saturating_add(1);
    side.bytes += u64::from(packet.bytes);
    if config.app_bytes {
        side.app += u64::from(outcome.app);
    }
    if config.sizes {
        side.size(packet.bytes);
    }
    if config.jitter {
        // On such links the classic sensor files every interval that is not TCP under rest.
        let idle = outcome.idle || packet.headless && flow.kind != Kind::Tcp;
        interval_of(flow, at, idle, interval, now);
    }
    let limit = config.user_limit(flow.kind);
    if limit > 0 && outcome.app > 0 {
        user_data(flow, packet, at, &outcome, limit);
    }
    if first {
        wide_body(flow, packet);
    }
}

/// Notes a packet that is not counted: it extends the flow's times and tells of its sender.
pub(super) fn arrive(flow: &mut Flow, packet: &Packet<'_>, at: usize, now: i64) {
    attributes(flow, packet, at);
    if let Some(side) = flow.sides.get_mut(at) {
        side.see(now);
    }
}

/// Files the time since the direction's previous packet.
#[inline]
fn interval_of(flow: &mut Flow, at: usize, idle: bool, interval: i64, now: i64) {
    let Some(side) = flow.sides.get_mut(at) else { return };
    let last = std::mem::replace(&mut side.last, now);
    if last == UNSET {
        return;
    }
    let gap = now.saturating_sub(last);
    if gap > 0
        && gap < interval.saturating_mul(2)
        && let Some(stat) = flow.jitter.get_mut(at * 2 + usize::from(idle))
    {
        stat.add(u32::try_from(gap).unwrap_or(u32::MAX));
    }
}

fn user_data(flow: &mut Flow, packet: &Packet<'_>, at: usize, outcome: &Outcome, limit: u16) {
    let payload = match &packet.net {
        Net::V4(ip) => ip.payload,
        Net::V6(ip) => ip.payload,
        // Addresses are no user data; what fills the frame up is.
        Net::Arp(b) | Net::Rarp(b) => b.get(ARP_LEN as usize..).unwrap_or(&[]),
        Net::Wlan(_) => &[],
        Net::Isis(b) => b,
        Net::Layer2(_) => packet.rest,
    };
    let data = payload.get(outcome.data_at..).unwrap_or(&[]);
    let data = data.get(..outcome.app as usize).unwrap_or(data);
    if let Some(kept) = flow.rare().user.get_mut(at) {
        let kept = kept.get_or_insert_default();
        let room = usize::from(limit).saturating_sub(kept.len());
        kept.extend_from_slice(data.get(..room).unwrap_or(data));
    }
}

/// Keeps the flow DSR's body of keys that are only hashes.
fn wide_body(flow: &mut Flow, packet: &Packet<'_>) {
    match &packet.net {
        Net::Isis(pdu) => {
            if let Some(body) = isis::key_bytes(pdu, packet.ether.unwrap_or_default()) {
                flow.rare().body = body.to_vec();
            }
        }
        Net::Wlan(w) => flow.rare().body = wlan_body(w).to_vec(),
        _ => {}
    }
}

#[inline]
fn attributes(flow: &mut Flow, packet: &Packet<'_>, at: usize) {
    // A direction whose packets carry other addresses than the first packet promised.
    let changed = match (&packet.ether, &flow.ether) {
        (Some(now), Some(first)) => {
            let (src, dst) = if at == 0 { (&first.src, &first.dst) } else { (&first.dst, &first.src) };
            now.src != *src || now.dst != *dst || now.kind != first.kind
        }
        _ => false,
    };
    // Fragments mark every direction that has been seen.
    if matches!(&packet.net, Net::V4(ip) if ip.more_fragments && ip.fragment_offset == 0) {
        for (i, side) in flow.sides.iter_mut().enumerate() {
            if i == at || side.marks & mark::IP != 0 {
                side.marks |= mark::FRAGMENTS;
            }
        }
    }
    let Some(side) = flow.sides.get_mut(at) else { return };
    side.encaps |= packet.encaps;
    if changed {
        side.marks |= mark::MAC_CHANGED;
    }
    if let Some(tag) = packet.vlan {
        side.vlan = tag;
        side.marks |= mark::VLAN;
    }
    if let Some(label) = packet.mpls {
        side.mpls = label;
        side.marks |= mark::MPLS;
    }
    match &packet.net {
        Net::V4(ip) => {
            side.marks |= mark::IP;
            side.ttl = ip.ttl;
            side.tos = ip.tos;
            side.ip_id = ip.id;
            side.options |= ip.options;
        }
        Net::V6(ip) => v6_attributes(side, ip),
        _ => {}
    }
}

fn v6_attributes(side: &mut Side, ip: &V6<'_>) {
    side.marks |= mark::IP;
    side.ttl = ip.hop_limit;
    // The classic sensor reports these bits of the first word, which belong to the flow label for the most part.
    side.tos = (ip.first_word >> 4) as u8;
    side.ip_id = 0;
    side.options |= ip.options;
}

/// The TCP segment of a packet, if it is one and its header was captured.
#[inline]
fn segment<'a>(packet: &Packet<'a>) -> Option<Segment<'a>> {
    let mut segment = match &packet.net {
        Net::V4(ip) if ip.proto == 6 => Segment::parse(ip.payload, ip.payload_len(), Some(ip.id)),
        Net::V6(ip) if ip.proto == 6 => Segment::parse(ip.payload, v6_len(packet, ip), None),
        _ => None,
    }?;
    segment.framed = !packet.headless;
    Some(segment)
}

/// Bytes of the frame behind the IPv6 headers, link padding included.
///
/// The classic sensor takes 14 more off cooked captures, and leaves the 24 of an 802.11 header in.
#[inline]
fn v6_len(packet: &Packet<'_>, ip: &V6<'_>) -> u32 {
    let headers = u32::try_from(ip.header_len).unwrap_or(u32::MAX);
    if packet.encaps & encaps::SLL != 0 {
        packet.net_len.saturating_sub(headers).saturating_sub(14)
    } else if packet.encaps & encaps::WLAN != 0 {
        packet.net_len.saturating_add(24).saturating_sub(headers)
    } else {
        packet.net_len.saturating_sub(headers)
    }
}

#[inline]
fn protocol(flow: &mut Flow, packet: &Packet<'_>, at: usize, now: i64) -> Outcome {
    let plain = |app| Outcome { app, idle: false, data_at: 0 };
    match &packet.net {
        _ if flow.kind == Kind::Layer2 => plain(packet.bytes),
        Net::V4(ip) => match flow.kind {
            Kind::Tcp => tcp(flow, packet, at, now, (ip.payload, ip.payload_len())),
            Kind::Udp => udp(flow, at, now, (ip.payload, ip.payload_len())),
            Kind::Icmp => icmp4(flow, ip),
            Kind::Esp => {
                esp(flow, ip.payload);
                plain(ip.payload_len())
            }
            _ => plain(ip.payload_len()),
        },
        Net::V6(ip) => {
            let len = v6_len(packet, ip);
            match flow.kind {
                Kind::Tcp => tcp(flow, packet, at, now, (ip.payload, len)),
                Kind::Udp => udp(flow, at, now, (ip.payload, len)),
                Kind::Icmp6 => {
                    if let State::None = flow.state {
                        flow.state = State::Icmp(Box::new(icmp::State::v6(ip.payload)));
                    }
                    plain(len)
                }
                Kind::Fragment6 => {
                    flow.state = State::Fragment;
                    plain(len)
                }
                _ => plain(len),
            }
        }
        Net::Arp(body) => {
            // Answers run against the canonical order, whoever was first.
            if (at == 1) != flow.reverse {
                flow.state = State::Answer(arp::answerer(body));
            }
            plain(packet.bytes.saturating_sub(ARP_LEN))
        }
        Net::Rarp(_) => plain(packet.bytes.saturating_sub(ARP_LEN)),
        Net::Isis(_) => plain(packet.net_len),
        Net::Wlan(_) | Net::Layer2(_) => plain(packet.bytes),
    }
}

#[inline]
fn tcp(flow: &mut Flow, packet: &Packet<'_>, at: usize, now: i64, (payload, len): (&[u8], u32)) -> Outcome {
    let Some(s) = segment(packet) else { return Outcome { app: len, idle: false, data_at: 0 } };
    let data_at = payload.get(12).map_or(20, |b| usize::from(b >> 4) * 4);
    let idle = match &mut flow.state {
        State::Tcp(t) => t.update(&s, at, now),
        state => {
            *state = State::Tcp(Tcp::new(&s, now));
            false
        }
    };
    Outcome { app: s.len, idle, data_at }
}

#[inline]
fn udp(flow: &mut Flow, at: usize, now: i64, (payload, len): (&[u8], u32)) -> Outcome {
    let data = payload.get(8..);
    let app = if data.is_some() { len.saturating_sub(8) } else { len };
    let mut outcome = Outcome { app, idle: false, data_at: 8 };
    let data = data.unwrap_or(&[]);
    if flow.seq == 0 && flow.pkts() == 0 {
        let [a, b, c, d, ..] = flow.key.tail();
        let ports = (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]));
        if let Some(media) = Media::first(ports, data) {
            flow.state = State::Media(Box::new(media));
        } else if let Some(udt) = Udt::first(ports, data) {
            flow.state = State::Udt(Box::new(udt));
        }
        return outcome;
    }
    let header = match &mut flow.state {
        State::Media(m) => m.update(data, at),
        State::Udt(u) => Step::Header(u.update(data, now)),
        _ => return outcome,
    };
    match header {
        Step::Header(n) => outcome.app = app.checked_sub(n).unwrap_or(app),
        Step::End => flow.state = State::None,
    }
    outcome
}

fn icmp4(flow: &mut Flow, ip: &V4<'_>) -> Outcome {
    let first = flow.pkts() == 0;
    match &mut flow.state {
        State::Icmp(s) => s.update(ip, first),
        // The classic sensor wants room for a whole ICMP header with a quoted one.
        state if ip.payload.len() >= 28 => *state = State::Icmp(Box::new(icmp::State::v4(ip))),
        _ => {}
    }
    let quoted = icmp::Icmp::parse(ip.payload).quoted();
    match quoted {
        Some(q) => Outcome { app: q.payload_len(), idle: false, data_at: 8 + q.header_len() },
        None => Outcome { app: ip.payload_len(), idle: false, data_at: 0 },
    }
}

fn esp(flow: &mut Flow, payload: &[u8]) {
    match &mut flow.state {
        State::Esp(e) => e.update(payload),
        state => *state = State::Esp(Esp::new(payload)),
    }
}

/// Counts a later fragment in its train.
pub(super) fn fragment(
    flow: &mut Flow,
    packet: &Packet<'_>,
    id: &Identity,
    config: &SensorConfig,
    interval: i64,
    now: i64,
) {
    if flow.reported {
        flow.reset_record();
    }
    let Net::V4(ip) = &packet.net else { return };
    flow.state = State::Fragment;
    let at = flow.side_of(id.reverse);
    attributes(flow, packet, at);
    let Some(side) = flow.sides.get_mut(at) else { return };
    side.see(now);
    side.pkts = side.pkts.saturating_add(1);
    side.bytes += u64::from(packet.bytes);
    if config.app_bytes {
        side.app += u64::from(ip.payload_len());
    }
    if config.sizes {
        side.size(packet.bytes);
    }
    if config.jitter {
        interval_of(flow, at, false, interval, now);
    }
    flow.rare().train.get_or_insert_default().cover(ip.fragment_offset, ip.payload_len(), ip.more_fragments);
}

/// What a counted packet does to other flows: first fragments open trains, errors are mapped.
#[inline]
pub(super) fn after(sensor: &mut Sensor, at: u32, packet: &Packet<'_>, id: &Identity, now: i64) {
    let Net::V4(ip) = &packet.net else { return };
    if ip.more_fragments {
        let mut train = v4_fragment(ip);
        train.key.0[5] = id.key.0[5];
        // The train's direction is that of its flow, whose order may know ports.
        sensor.open_train(at, &Identity { reverse: id.reverse, ..train }, packet, ip.payload_len(), now);
    }
    if id.kind == Kind::Icmp {
        map_error(sensor, ip, now);
    }
}

fn map_error(sensor: &mut Sensor, ip: &V4<'_>, now: i64) {
    let Some((id, mapped)) = icmp::Mapped::of(ip) else { return };
    let Some(at) = sensor.find(&id) else { return };
    let flow = sensor.flow_mut(at);
    flow.rare().mapped = Some(mapped);
    flow.sides[0].see(now);
}
