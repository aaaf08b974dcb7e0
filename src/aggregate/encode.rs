//! A flow back to the bytes of a record of version 3, in the dress that clients write.
//!
//! # Source
//! Layouts of `docs/records.md`, sections 6 and 8.

use super::core::{Added, Core, Net, RawNet};
use crate::base::{Span, Timestamp};
use crate::record::{
    Addr, FlowForm, Intervals, IpAttrs, Jitter, Mac, PacketSizes, RecordBuilder, Sides, Spread, SrcId, Tcp, TcpForm,
    TcpSide,
};

/// Bit of a key's qualifier: prefix lengths follow.
const HAS_MASKS: u8 = 0x40;
/// Bit of a key's qualifier: the direction is known. Without it readers turn a TCP flow whose SYN they miss.
const DIRECTION_KNOWN: u8 = 0x20;

pub(super) fn transport(core: &Core, out: &mut RecordBuilder<'_>) {
    let Some(srcid) = core.srcid else { return };
    let (qualifier, id) = match srcid {
        SrcId::V4(addr) => (0x01, addr.octets()),
        SrcId::Int(n) => (0x20, n.to_be_bytes()),
        SrcId::Text(text) => (0x21, text),
        SrcId::Unset | SrcId::V6(_) | SrcId::Uuid(_) => (0, [0; 4]),
    };
    out.dsr(0x01, 3, qualifier, |b| {
        b.extend_from_slice(&id);
        b.extend_from_slice(&core.seq.to_be_bytes());
    });
}

pub(super) fn flow(core: &Core, out: &mut RecordBuilder<'_>) {
    if core.stored.len == 0 {
        return;
    }
    let mut body = core.stored.body;
    let mut len = usize::from(core.stored.len);
    let mut qualifier = core.stored.qualifier;
    let key = &core.flow.key;
    if matches!(core.net, Net::Tcp(_)) {
        qualifier |= DIRECTION_KNOWN;
    }
    let mut put = |at: usize, bytes: &[u8]| {
        for (to, from) in body.iter_mut().skip(at).zip(bytes) {
            *to = *from;
        }
    };
    let has_ports = matches!(key.proto, 0 | 6 | 17) && !core.flow.fragment;
    match core.flow.form {
        FlowForm::V4 => {
            put(0, &v4(key.saddr));
            put(4, &v4(key.daddr));
            put(8, &[key.proto]);
            if has_ports {
                put(10, &key.sport.to_be_bytes());
                put(12, &key.dport.to_be_bytes());
            }
            // Other protocols keep identifiers where the prefix lengths stand.
            if has_ports {
                put(14, &[core.flow.src_mask.unwrap_or(32), core.flow.dst_mask.unwrap_or(32)]);
                qualifier |= HAS_MASKS;
            }
        }
        FlowForm::V6 => {
            put(0, &v6(key.saddr));
            put(16, &v6(key.daddr));
            put(32, &[key.proto]);
            if has_ports {
                put(36, &key.sport.to_be_bytes());
                put(38, &key.dport.to_be_bytes());
            }
            put(40, &[core.flow.src_mask.unwrap_or(128), 0, core.flow.dst_mask.unwrap_or(128), 0]);
            (len, qualifier) = (44, qualifier | HAS_MASKS);
        }
        FlowForm::Arp => {
            put(8, &v4(key.saddr));
            put(12, &v4(key.daddr));
        }
        FlowForm::Ether | FlowForm::Wlan => {
            put(0, &mac(key.daddr));
            put(6, &mac(key.saddr));
        }
        _ => {}
    }
    out.dsr(0x02, core.stored.subtype, qualifier, |b| b.extend_from_slice(body.get(..len).unwrap_or(&[])));
}

fn v4(addr: Addr) -> [u8; 4] {
    match addr {
        Addr::V4(a) => a.octets(),
        _ => [0; 4],
    }
}

fn v6(addr: Addr) -> [u8; 16] {
    match addr {
        Addr::V6(a) => a.octets(),
        _ => [0; 16],
    }
}

fn mac(addr: Addr) -> [u8; 6] {
    match addr {
        Addr::Mac(a) => a,
        _ => [0; 6],
    }
}

pub(super) fn time(src: Option<Span>, dst: Option<Span>, out: &mut RecordBuilder<'_>) {
    let stamps: Vec4 = [src.map(|s| s.start), src.map(|s| s.end), dst.map(|s| s.start), dst.map(|s| s.end)];
    let mask =
        [0x08, 0x10, 0x20, 0x40].into_iter().zip(stamps).fold(0, |m, (bit, t)| m | if t.is_some() { bit } else { 0 });
    let Some(first) = stamps.iter().flatten().next() else {
        out.dsr(0x03, 1, 0x18, |_| ());
        return;
    };
    let offset = |t: &Timestamp| i32::try_from(t.micros().saturating_sub(first.micros())).ok();
    let is_relative = stamps.iter().flatten().all(|t| offset(t).is_some());
    out.dsr(0x03, mask | if is_relative { 5 } else { 1 }, 0x18, |b| {
        for (n, t) in stamps.iter().flatten().enumerate() {
            if n > 0 && is_relative {
                b.extend_from_slice(&offset(t).unwrap_or(0).to_be_bytes());
            } else {
                b.extend_from_slice(&u32::try_from(t.secs()).unwrap_or(0).to_be_bytes());
                b.extend_from_slice(&((t.subsec_nanos() / 1000) as u32).to_be_bytes());
            }
        }
    });
}

type Vec4 = [Option<Timestamp>; 4];

pub(super) fn added(a: &Added, out: &mut RecordBuilder<'_>) {
    out.dsr(0x60, a.metric, 1, |b| {
        b.extend_from_slice(&a.count.to_be_bytes());
        b.extend_from_slice(&[0; 16]);
        for s in [a.active, a.idle] {
            let Spread { count, min, mean, stdev, max } = s;
            b.extend_from_slice(&count.to_le_bytes());
            for v in [min, mean, stdev, max] {
                b.extend_from_slice(&v.to_le_bytes());
            }
            b.extend_from_slice(&[0; 8]);
        }
    });
}

pub(super) fn net(net: &Net, long: Option<&[u8]>, out: &mut RecordBuilder<'_>) {
    match net {
        Net::None => {}
        Net::Tcp(tcp) => tcp_state(tcp, out),
        Net::Raw(RawNet { subtype, qualifier, len, body }) => {
            out.dsr(0x30, *subtype, *qualifier, |b| {
                let start = b.len();
                b.extend_from_slice(body);
                b.resize(start + usize::from(*len), 0);
            });
        }
        Net::Long(_) => out.raw(long.unwrap_or(&[])),
    }
}

fn tcp_state(tcp: &Tcp, out: &mut RecordBuilder<'_>) {
    if tcp.form == TcpForm::First {
        out.dsr(0x30, 0x03, 0, |b| {
            for word in [tcp.status, tcp.src.base, tcp.options] {
                b.extend_from_slice(&word.to_be_bytes());
            }
            b.extend_from_slice(&tcp.src.window.to_be_bytes());
            b.extend_from_slice(&[tcp.src.flags, tcp.src.shift]);
        });
        return;
    }
    // The short form is not written: old clients spoil it when they write it again.
    out.dsr(0x30, 0x05, 0, |b| {
        for word in [tcp.status, tcp.state, tcp.options, tcp.syn_ack_us, tcp.ack_dat_us] {
            b.extend_from_slice(&word.to_be_bytes());
        }
        tcp_side(&tcp.src, b);
        tcp_side(&tcp.dst, b);
    });
}

fn tcp_side(side: &TcpSide, b: &mut Vec<u8>) {
    let last = (u32::try_from(side.last.secs()).unwrap_or(0), (side.last.subsec_nanos() / 1000) as u32);
    for word in [
        last.0,
        last.1,
        side.status,
        side.base,
        side.seq,
        side.ack,
        side.windows,
        side.payload_bytes,
        side.retransmitted,
        side.acked_bytes,
        side.window_bytes,
    ] {
        b.extend_from_slice(&word.to_be_bytes());
    }
    b.extend_from_slice(&side.window.to_be_bytes());
    b.extend_from_slice(&[side.flags, side.shift]);
}

/// Bits of the sides that have a value.
fn present<T>(sides: &Sides<Option<T>>, src: u8, dst: u8) -> u8 {
    (if sides.src.is_some() { src } else { 0 }) | (if sides.dst.is_some() { dst } else { 0 })
}

pub(super) fn vlan(v: &Sides<Option<u16>>, out: &mut RecordBuilder<'_>) {
    let bits = present(v, 1, 2);
    if bits != 0 {
        out.dsr(0x40, 0, bits, |b| {
            [v.src, v.dst].iter().for_each(|t| b.extend_from_slice(&t.unwrap_or(0).to_be_bytes()));
        });
    }
}

pub(super) fn mpls(m: &Sides<Option<u32>>, out: &mut RecordBuilder<'_>) {
    let bits = present(m, 1, 2);
    if bits != 0 {
        out.dsr(0x44, bits, present(m, 0x10, 0x01), |b| {
            [m.src, m.dst].iter().for_each(|t| b.extend_from_slice(&t.unwrap_or(0).to_be_bytes()));
        });
    }
}

pub(super) fn jitter(j: &Jitter, out: &mut RecordBuilder<'_>) {
    let bits = present(&j.active, 1, 4) | present(&j.idle, 2, 8);
    out.dsr(0x46, 0, bits, |b| {
        for Intervals { count, min, mean, stdev, max } in
            [j.active.src, j.idle.src, j.active.dst, j.idle.dst].into_iter().flatten()
        {
            b.extend_from_slice(&count.to_be_bytes());
            [min, mean, stdev, max].iter().for_each(|v| b.extend_from_slice(&v.to_be_bytes()));
        }
    });
}

pub(super) fn ip(ip: &IpAttrs, out: &mut RecordBuilder<'_>) {
    let fragments = (if ip.fragments.src { 0x10 } else { 0 }) | (if ip.fragments.dst { 0x20 } else { 0 });
    let bits = present(&ip.attr, 1, 2) | present(&ip.options, 4, 8) | fragments;
    if bits == 0 {
        return;
    }
    out.dsr(0x48, 0, bits, |b| {
        for (attr, options) in [(ip.attr.src, ip.options.src), (ip.attr.dst, ip.options.dst)] {
            if let Some(a) = attr {
                b.extend_from_slice(&[a.ttl, a.tos]);
                b.extend_from_slice(&a.id.to_be_bytes());
            }
            if let Some(o) = options {
                b.extend_from_slice(&o.to_be_bytes());
            }
        }
    });
}

pub(super) fn sizes(s: &Sides<Option<PacketSizes>>, out: &mut RecordBuilder<'_>) {
    let qualifier = match (s.src, s.dst) {
        (None, None) => return,
        (Some(_), Some(_)) => 2,
        (Some(_), None) => 6,
        (None, Some(_)) => 0x0A,
    };
    out.dsr(0x12, present(s, 1, 2), qualifier, |b| {
        for PacketSizes { min, max } in [s.src, s.dst].into_iter().flatten() {
            b.extend_from_slice(&min.to_be_bytes());
            b.extend_from_slice(&max.to_be_bytes());
        }
    });
}

pub(super) fn macs(m: &Mac, tail: [u8; 2], out: &mut RecordBuilder<'_>) {
    let several = u8::from(m.several.src) | u8::from(m.several.dst) << 1;
    out.dsr(0x42, 0, several, |b| {
        b.extend_from_slice(&m.addr.dst);
        b.extend_from_slice(&m.addr.src);
        b.extend_from_slice(&m.ethertype.to_le_bytes());
        b.extend_from_slice(&tail);
    });
}

/// Encapsulations, countries, AS numbers.
pub(super) fn rest(core: &Core, label: &[u8], out: &mut RecordBuilder<'_>) {
    if let Some(e) = &core.encaps {
        let changed = (if e.changed.src { 4 } else { 0 }) | (if e.changed.dst { 8 } else { 0 });
        out.dsr(0x20, 0, changed, |b| {
            b.extend_from_slice(&e.mask.src.to_be_bytes());
            b.extend_from_slice(&e.mask.dst.to_be_bytes());
        });
    }
    if core.has_country {
        out.dsr(0x64, 0, 0, |b| {
            [core.country.src, core.country.dst].iter().for_each(|c| b.extend_from_slice(&c.unwrap_or_default()));
        });
    }
    if !label.is_empty() {
        out.dsr(0x66, 0, 0, |b| b.extend_from_slice(label));
    }
    if let Some(a) = &core.asns {
        out.dsr(0x32, 1, 0, |b| {
            b.extend_from_slice(&a.asn.src.to_be_bytes());
            b.extend_from_slice(&a.asn.dst.to_be_bytes());
            if a.inode != 0 {
                b.extend_from_slice(&a.inode.to_be_bytes());
            }
        });
    }
}
