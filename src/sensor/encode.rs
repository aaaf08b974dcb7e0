//! A flow as the bytes of its record, in the dress of the classic sensor.
//!
//! # Source
//! `docs/records.md`: order of DSRs, layouts, widths.

use super::config::SensorConfig;
use super::flow::{Flow, Rare, Side, State, UNSET, mark};
use super::jitter;
use super::key::{Family, Kind};
use super::{arp, icmp};
use crate::record::{Cause, SrcId};

/// Bytes of a record without user data, and a little more.
const USUAL_LEN: usize = 512;

/// Appends the record of a flow. Parts are put together at places known when this is compiled, and appended whole: many
/// small additions would cost more than all the rest.
pub(super) fn write(flow: &Flow, cause: Cause, config: &SensorConfig, out: &mut Vec<u8>) {
    let begin = out.len();
    out.reserve(USUAL_LEN);
    out.extend_from_slice(&[0x13, cause.to_wire(), 0, 0]);
    transport(flow.seq, config.source_id, out);
    key(flow, out);
    if config.both_times {
        times(&flow.sides, out);
    } else {
        time(flow.span(), out);
    }
    metrics(flow, config, out);
    network(flow, out);
    let [source, destination] = &flow.sides;
    vlan(source, destination, out);
    mpls(source, destination, out);
    if config.jitter {
        jitter::write(&flow.jitter, out);
    }
    attributes(source, destination, out);
    if config.sizes {
        sizes(source, destination, out);
    }
    let limit = config.user_limit(flow.kind);
    if limit > 0 {
        user_data(flow, limit, out);
    }
    if config.macs {
        macs(flow, out);
    }
    if let Some(Rare { mapped: Some(m), .. }) = flow.rare.as_deref() {
        mapped(m, out);
    }
    out.extend_from_slice(be([0x2000_0003, source.encaps, destination.encaps]).as_flattened());
    finish(begin, out);
}

/// Words in the order of the wire.
#[inline]
pub(super) fn be<const N: usize>(words: [u32; N]) -> [[u8; 4]; N] {
    words.map(u32::to_be_bytes)
}

/// A time in µs as whole seconds and the rest.
#[inline]
pub(super) fn seconds(micros: i64) -> [u32; 2] {
    [micros.div_euclid(1_000_000) as u32, micros.rem_euclid(1_000_000) as u32]
}

/// Fills in the record's length.
fn finish(begin: usize, out: &mut [u8]) {
    let words = ((out.len() - begin) / 4) as u16;
    if let Some(length) = out.get_mut(begin + 2..begin + 4) {
        length.copy_from_slice(&words.to_be_bytes());
    }
}

/// The source id's qualifier and its four bytes; identities of later versions are not representable.
pub(super) fn source_word(id: SrcId) -> (u8, [u8; 4]) {
    match id {
        SrcId::V4(a) => (0x01, a.octets()),
        SrcId::Int(n) => (0x20, n.to_be_bytes()),
        SrcId::Text(t) => (0x21, t),
        SrcId::Unset | SrcId::V6(_) | SrcId::Uuid(_) => (0, [0; 4]),
    }
}

fn transport(seq: u32, id: SrcId, out: &mut Vec<u8>) {
    let (qualifier, word) = source_word(id);
    let ([a, b, c, d], [e, f, g, h]) = (word, seq.to_be_bytes());
    out.extend_from_slice(&[1, 3, qualifier, 3, a, b, c, d, e, f, g, h]);
}

fn key(flow: &Flow, out: &mut Vec<u8>) {
    let k = &flow.key;
    let reverse = if flow.reverse { 0x40 } else { 0 };
    let words = |n: usize, out: &mut Vec<u8>| k.0.iter().take(n).for_each(|w| out.extend_from_slice(&w.to_be_bytes()));
    let body = flow.rare.as_deref().map_or(&[][..], |r| &r.body);
    match k.family() {
        f if f == Family::V4 as u8 || f == Family::V4Fragment as u8 => {
            let fragment = if f == Family::V4 as u8 { 0 } else { 0x80 };
            // An answer without its question: readers turn it round.
            let known = if flow.kind == Kind::Icmp && flow.reverse { 0x20 } else { 0 };
            let [a, b, c, d, e, f, g, h] = k.0[0].to_be_bytes();
            let [p, q, r, s, t, u] = k.tail();
            // Errors carry the protocol of the packet they quote in the second byte.
            let protos = [k.proto(), k.0[1] as u8];
            let head = [2, 1 | reverse, 1 | fragment | known, 5];
            out.extend_from_slice(&[
                head[0], head[1], head[2], head[3], a, b, c, d, e, f, g, h, protos[0], protos[1], p, q, r, s, t, u,
            ]);
        }
        f if f == Family::V6 as u8 || f == Family::V6Fragment as u8 => {
            let fragment = if f == Family::V6 as u8 { 0 } else { 0x80 };
            out.extend_from_slice(&[2, 1 | reverse, 2 | fragment, 11]);
            words(4, out);
            out.extend_from_slice(&[k.proto(), 0, 0, 0]);
            out.extend_from_slice(&k.tail()[..4]);
        }
        f if f == Family::Matrix4 as u8 => {
            out.extend_from_slice(&[2, 3 | reverse, 1, 3]);
            // As the classic sensor's machines store them.
            for address in [(k.0[0] >> 32) as u32, k.0[0] as u32] {
                out.extend_from_slice(&address.to_le_bytes());
            }
        }
        f if f == Family::Matrix6 as u8 => {
            out.extend_from_slice(&[2, 3 | reverse, 2, 9]);
            words(4, out);
        }
        f if f == Family::Arp as u8 => {
            // The reader exchanges counters instead of addresses here.
            out.extend_from_slice(&[2, 6 | reverse, 4, 6]);
            arp::write_key(k, out);
        }
        f if f == Family::Rarp as u8 => {
            out.extend_from_slice(&[2, 6, 5, 7]);
            arp::write_rarp_key(k, out);
        }
        f if f == Family::Isis as u8 => {
            out.extend_from_slice(&[2, 1, 0x0A, 11]);
            out.extend_from_slice(body);
        }
        f if f == Family::Wlan as u8 => {
            out.extend_from_slice(&[2, 1, 8, 14]);
            out.extend_from_slice(body);
        }
        _ => {
            out.extend_from_slice(&[2, 1 | reverse, 3, 5]);
            // The larger address stands first.
            out.extend_from_slice(&k.0[1].to_be_bytes()[2..]);
            out.extend_from_slice(&k.0[0].to_be_bytes()[2..]);
            out.extend_from_slice(&k.tail()[..4]);
        }
    }
}

fn time((start, end): (i64, i64), out: &mut Vec<u8>) {
    let (start, end) = if start == UNSET { (0, 0) } else { (start, end) };
    let ([a, b], [c, d]) = (seconds(start), seconds(end));
    let (header, words) = if start == end { (0x0301_1803, 3) } else { (0x0302_1805, 5) };
    out.extend_from_slice(be([header, a, b, c, d]).as_flattened().get(..words * 4).unwrap_or(&[]));
}

/// First and last packet of each direction, as far as there are any; the qualifier says which.
fn times(sides: &[Side; 2], out: &mut Vec<u8>) {
    let mut qualifier = 0;
    let mut body = [[0; 2]; 4];
    let mut n = 0;
    for (bit, t) in sides.iter().flat_map(|s| [s.start, s.end]).enumerate() {
        if let (true, Some(place)) = (t != UNSET, body.get_mut(n)) {
            qualifier |= 0x08 << bit;
            *place = seconds(t);
            n += 1;
        }
    }
    qualifier |= if n > 1 { 2 } else { 1 };
    out.extend_from_slice(&[3, qualifier, 0x18, 1 + 2 * n as u8]);
    body.iter().take(n).for_each(|t| out.extend_from_slice(be(*t).as_flattened()));
}

fn metrics(flow: &Flow, config: &SensorConfig, out: &mut Vec<u8>) {
    let [source, destination] = &flow.sides;
    let app = config.app_bytes && (source.app > 0 || destination.app > 0);
    let present: &[&Side] = match (source.pkts, destination.pkts) {
        (_, 0) => &[source],
        (0, _) => &[destination],
        _ => &[source, destination],
    };
    let both = present.len() == 2;
    let largest = present.iter().map(|s| s.bytes.max(u64::from(s.pkts))).max().unwrap_or(0);
    let width = match largest {
        // A single direction of one-byte numbers is misread by the classic readers.
        0..=0xFF if both => 0,
        0..=0xFFFF => 1,
        0x1_0000..=0xFFFF_FFFF => 2,
        _ => 3,
    };
    let side = if both {
        1
    } else if destination.pkts == 0 {
        5
    } else {
        9
    };
    let mut dsr = [0; 4 + 6 * 8];
    let bytes = 1usize << width;
    let mut at = 4;
    for s in present {
        for value in [u64::from(s.pkts), s.bytes, s.app].into_iter().take(if app { 3 } else { 2 }) {
            // The bytes that count come first; those behind them are overwritten by the next value, or stay 0.
            let value = value << (64 - 8 * bytes);
            if let Some(place) = dsr.get_mut(at..at + 8) {
                place.copy_from_slice(&value.to_be_bytes());
            }
            at += bytes;
        }
    }
    let len = at.next_multiple_of(4);
    [dsr[0], dsr[1], dsr[2], dsr[3]] = [0x10, if app { 4 } else { 1 }, side + width, (len / 4) as u8];
    out.extend_from_slice(dsr.get(..len).unwrap_or(&[]));
}

fn network(flow: &Flow, out: &mut Vec<u8>) {
    match &flow.state {
        State::Tcp(t) => t.write(out),
        State::Icmp(s) => icmp_state(s, out),
        State::Media(m) => m.write(out),
        State::Udt(u) => u.write(out),
        State::Esp(e) => e.write(out),
        State::Answer(mac) => {
            out.extend_from_slice(&[0x30, 0x10, 0, 44]);
            out.extend_from_slice(mac);
            out.extend_from_slice(&[0; 43 * 4 - 6]);
        }
        State::Fragment => {
            out.extend_from_slice(&[0x30, 0x45, 0, 14]);
            out.extend_from_slice(&[0; 13 * 4]);
        }
        State::None => out.extend_from_slice(&[0x30, 0, 0, 1]),
    }
}

fn icmp_state(s: &icmp::State, out: &mut Vec<u8>) {
    out.extend_from_slice(&[0x30, 0x34, 0, 7]);
    out.extend_from_slice(&s.head);
    for a in s.addresses {
        out.extend_from_slice(&a.to_le_bytes());
    }
}

fn mapped(m: &icmp::Mapped, out: &mut Vec<u8>) {
    out.extend_from_slice(&[0x34, 0, m.qualifier(), 8, m.kind, m.code, 0, 0]);
    for a in m.addresses {
        out.extend_from_slice(&a.to_be_bytes());
    }
    out.extend_from_slice(&[0; 4]);
}

fn bits(source: &Side, destination: &Side, m: u8) -> u8 {
    u8::from(source.marks & m != 0) | u8::from(destination.marks & m != 0) << 1
}

fn vlan(source: &Side, destination: &Side, out: &mut Vec<u8>) {
    let q = bits(source, destination, mark::VLAN);
    if q != 0 {
        out.extend_from_slice(&[0x40, 0, q, 2]);
        out.extend_from_slice(&source.vlan.to_be_bytes());
        out.extend_from_slice(&destination.vlan.to_be_bytes());
    }
}

fn mpls(source: &Side, destination: &Side, out: &mut Vec<u8>) {
    let sides = bits(source, destination, mark::MPLS);
    if sides != 0 {
        out.extend_from_slice(&[0x44, sides, (sides & 1) << 4 | sides >> 1, 3]);
        out.extend_from_slice(&source.mpls.to_be_bytes());
        out.extend_from_slice(&destination.mpls.to_be_bytes());
    }
}

fn attributes(source: &Side, destination: &Side, out: &mut Vec<u8>) {
    let mut q = bits(source, destination, mark::IP);
    if q == 0 {
        return;
    }
    q |= u8::from(source.options != 0) << 2 | u8::from(destination.options != 0) << 3;
    q |= bits(source, destination, mark::FRAGMENTS) << 4;
    let mut words = [0; 5];
    let mut n = 1;
    for side in [source, destination] {
        if side.marks & mark::IP != 0 {
            let [a, b] = side.ip_id.to_le_bytes();
            words[n] = u32::from_be_bytes([side.ttl, side.tos, a, b]);
            n += 1;
        }
        if side.options != 0 {
            words[n] = side.options;
            n += 1;
        }
    }
    words[0] = u32::from_be_bytes([0x48, 0, q, n as u8]);
    out.extend_from_slice(be(words).as_flattened().get(..n * 4).unwrap_or(&[]));
}

fn sizes(source: &Side, destination: &Side, out: &mut Vec<u8>) {
    let (q, present): (u8, &[&Side]) = match (source.pkts, destination.pkts) {
        (0, 0) => return,
        (_, 0) => (6, &[source]),
        (0, _) => (0x0A, &[destination]),
        _ => (2, &[source, destination]),
    };
    let pair = |s: &Side| u32::from(s.min) << 16 | u32::from(s.max);
    let head = u32::from_be_bytes([0x12, 0, q, 1 + present.len() as u8]);
    match present {
        [one] => out.extend_from_slice(be([head, pair(one)]).as_flattened()),
        [a, b, ..] => out.extend_from_slice(be([head, pair(a), pair(b)]).as_flattened()),
        [] => {}
    }
}

fn user_data(flow: &Flow, limit: u16, out: &mut Vec<u8>) {
    let Some(rare) = flow.rare.as_deref() else { return };
    for (side, data) in [(0x90, &rare.user[0]), (0xA0, &rare.user[1])] {
        let Some(data) = data else { continue };
        let words = 2 + data.len().div_ceil(4);
        out.extend_from_slice(&[0x50, side]);
        out.extend_from_slice(&(words as u16).to_be_bytes());
        out.extend_from_slice(&limit.to_be_bytes());
        out.extend_from_slice(&(data.len() as u16).to_be_bytes());
        out.extend_from_slice(data);
        out.extend(std::iter::repeat_n(0, data.len().next_multiple_of(4) - data.len()));
    }
}

fn macs(flow: &Flow, out: &mut Vec<u8>) {
    let Some(ether) = flow.ether else { return };
    let [source, destination] = &flow.sides;
    let mut dsr = [0; 20];
    dsr[..4].copy_from_slice(&[0x42, 0, bits(source, destination, mark::MAC_CHANGED), 5]);
    dsr[4..10].copy_from_slice(&ether.dst);
    dsr[10..16].copy_from_slice(&ether.src);
    dsr[16..18].copy_from_slice(&ether.kind.to_le_bytes());
    out.extend_from_slice(&dsr);
}
