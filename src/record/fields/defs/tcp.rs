//! TCP.

use super::super::{Field, Get, Look, Unit};
use super::row;
use crate::record::{Far, FlowForm, Tcp, TcpForm, TcpSide};

const fn seconds(
    name: &'static str,
    header: &'static str,
    get: fn(&Far<'_>) -> Option<f32>,
    about: &'static str,
) -> Field {
    row(name, header, 12, Unit::Seconds, Get::Single(get), about).short()
}

/// Rows of this theme.
pub(super) const FIELDS: &[Field] = &[
    row(
        "stcpb",
        "SrcTCPBase",
        12,
        Unit::Number,
        Get::Uint(|f| base(f.tcp()?.src.base)),
        "first sequence number of the source",
    ),
    row("dtcpb", "DstTCPBase", 12, Unit::Number, Get::Uint(dst_base), "first sequence number of the destination"),
    seconds("tcprtt", "TcpRtt", |f| Some(syn_ack(f) + ack_dat(f)), "round trip of the handshake: synack + ackdat"),
    seconds("synack", "SynAck", |f| Some(syn_ack(f)), "from SYN to SYN-ACK"),
    seconds("ackdat", "AckDat", |f| Some(ack_dat(f)), "from SYN-ACK to the ACK after it"),
    row(
        "tcpopt",
        "TcpOpt",
        12,
        Unit::None,
        Get::Text(options),
        "options seen, twelve letters: M segment size, w window scale, s S selective ACK, e E echo, T timestamp, c N O CC, S D ECN",
    ),
    row("tcpext", "TcpExt", 12, Unit::None, Get::Empty, "never filled"),
    row("swin", "SrcWin", 6, Unit::Bytes, Get::Uint(|f| window(f, true)), "last window of the source").short(),
    row("dwin", "DstWin", 6, Unit::Bytes, Get::Uint(|f| window(f, false)), "last window of the destination").short(),
    row(
        "stcpmax",
        "STcpMax",
        10,
        Unit::Number,
        Get::Double(|f| Some(most(f, true))),
        "most that the source could send, kbit/s",
    )
    .short(),
    row(
        "dtcpmax",
        "DTcpMax",
        10,
        Unit::Number,
        Get::Double(|f| Some(most(f, false))),
        "most that the destination could send, bit/s",
    )
    .short(),
    row(
        "sgap",
        "SrcGap",
        8,
        Unit::Bytes,
        Get::Int(|f| gap(&f.tcp()?.src, f)),
        "bytes of the source's stream that were not seen",
    )
    .short(),
    row(
        "dgap",
        "DstGap",
        8,
        Unit::Bytes,
        Get::Int(|f| gap(&f.tcp()?.dst, f)),
        "bytes of the destination's stream that were not seen",
    )
    .short(),
];

fn base(n: u32) -> Option<u64> {
    (n != 0).then_some(u64::from(n))
}

/// Over IPv6 the clients print 0 where there is none.
fn dst_base(far: &Far<'_>) -> Option<u64> {
    let n = far.tcp()?.dst.base;
    if far.flow().form == FlowForm::V6 { Some(u64::from(n)) } else { base(n) }
}

fn handshake(far: &Far<'_>, of: fn(&Tcp) -> u32) -> f32 {
    far.tcp().map_or(0.0, |t| (f64::from(of(&t)) / 1e6) as f32)
}

fn syn_ack(far: &Far<'_>) -> f32 {
    handshake(far, |t| t.syn_ack_us)
}

fn ack_dat(far: &Far<'_>) -> f32 {
    handshake(far, |t| t.ack_dat_us)
}

fn options(far: &Far<'_>, _: &Look, out: &mut Vec<u8>) {
    let Some(tcp) = far.tcp() else { return };
    for (i, letter) in b"MwsSeETcNOSD".iter().enumerate() {
        out.push(if tcp.options >> (20 + i) & 1 == 1 { *letter } else { b' ' });
    }
}

fn window(far: &Far<'_>, src: bool) -> Option<u64> {
    let m = far.metrics();
    let sent = if src { m.src.pkts } else { m.dst.pkts };
    if m.src.pkts == 0 || sent == 0 {
        return None;
    }
    let tcp = far.tcp()?;
    Some(if src { tcp.src } else { tcp.dst }.window_bytes_offered())
}

/// The other side's window once per round trip. Of a handshake seen from one end only its larger part counts.
fn most(far: &Far<'_>, src: bool) -> f64 {
    let Some(tcp) = far.tcp() else { return 0.0 };
    let (a, b) = (f64::from(tcp.syn_ack_us) / 1e6, f64::from(tcp.ack_dat_us) / 1e6);
    let rtt = if a < 0.0001 || b < 0.0001 { a.max(b) } else { a + b };
    if rtt <= 0.0 {
        return 0.0;
    }
    let other = if src { tcp.dst } else { tcp.src };
    let window = other.window_bytes_offered();
    // The clients print kbit/s for the source and bit/s for the destination.
    window as f64 * 8.0 / if src { rtt * 1000.0 } else { rtt }
}

/// Bytes between the first and the last sequence number that were not counted as payload.
fn gap(side: &TcpSide, far: &Far<'_>) -> Option<i64> {
    match far.tcp()?.form {
        TcpForm::Full => {}
        TcpForm::First => return Some(0),
        TcpForm::Short => return None,
    }
    if side.retransmitted != 0 || side.seq == 0 || side.base == side.acked_bytes {
        return Some(0);
    }
    let passed = side.seq.wrapping_sub(side.base);
    if passed == side.payload_bytes || passed == side.payload_bytes.wrapping_sub(side.window_bytes) {
        return Some(0);
    }
    // The SYN takes a number of its own.
    Some((i64::from(passed) - i64::from(side.payload_bytes) - 1).max(0))
}
