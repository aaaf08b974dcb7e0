//! Packets, bytes, sizes and losses.

use super::super::{Field, Get, Unit};
use super::row;
use crate::record::{Counts, DsrKind, Far, Network, Sides};

const fn packets(
    name: &'static str,
    header: &'static str,
    width: u16,
    get: fn(&Far<'_>) -> Option<u64>,
    about: &'static str,
) -> Field {
    row(name, header, width, Unit::Packets, Get::Uint(get), about)
}

const fn bytes(
    name: &'static str,
    header: &'static str,
    width: u16,
    get: fn(&Far<'_>) -> Option<u64>,
    about: &'static str,
) -> Field {
    row(name, header, width, Unit::Bytes, Get::Uint(get), about)
}

const fn percent(
    name: &'static str,
    header: &'static str,
    width: u16,
    get: fn(&Far<'_>) -> Option<f64>,
    about: &'static str,
) -> Field {
    row(name, header, width, Unit::Percent, Get::Double(get), about)
}

/// Rows of this theme.
pub(super) const FIELDS: &[Field] = &[
    packets("pkts", "TotPkts", 8, |f| total(f, |c| c.pkts), "packets both ways").short(),
    packets("spkts", "SrcPkts", 8, |f| src(f, |c| c.pkts), "packets from the source").short(),
    packets("dpkts", "DstPkts", 8, |f| dst(f, |c| c.pkts), "packets from the destination").short(),
    bytes("bytes", "TotBytes", 10, |f| total(f, |c| c.bytes), "bytes on the wire both ways").short(),
    bytes("sbytes", "SrcBytes", 12, |f| src(f, |c| c.bytes), "bytes on the wire from the source").short(),
    bytes("dbytes", "DstBytes", 12, |f| dst(f, |c| c.bytes), "bytes on the wire from the destination").short(),
    bytes("appbytes", "TotAppByte", 10, |f| total(f, |c| c.appbytes), "application bytes both ways").short(),
    bytes("sappbytes", "SAppBytes", 12, |f| src(f, |c| c.appbytes), "application bytes from the source").short(),
    bytes("dappbytes", "DAppBytes", 12, |f| dst(f, |c| c.appbytes), "application bytes from the destination").short(),
    row(
        "smeansz",
        "sMeanPktSz",
        12,
        Unit::Bytes,
        Get::Single(|f| Some(mean_size(f.metrics().src))),
        "bytes per packet from the source",
    )
    .short(),
    row(
        "dmeansz",
        "dMeanPktSz",
        12,
        Unit::Bytes,
        Get::Single(|f| Some(mean_size(f.metrics().dst))),
        "bytes per packet from the destination",
    )
    .short(),
    bytes("smaxsz", "sMaxPktSz", 12, |f| size(f.packet_sizes().src?.max), "largest packet from the source"),
    bytes("sminsz", "sMinPktSz", 12, |f| size(f.packet_sizes().src?.min), "smallest packet from the source"),
    bytes("dmaxsz", "dMaxPktSz", 12, |f| size(f.packet_sizes().dst?.max), "largest packet from the destination"),
    bytes("dminsz", "dMinPktSz", 12, |f| size(f.packet_sizes().dst?.min), "smallest packet from the destination"),
    row(
        "spktsz",
        "sPktSz",
        12,
        Unit::None,
        Get::Text(|f, _, o| histogram(f, o, true)),
        "histogram of packet sizes of the source",
    ),
    row(
        "dpktsz",
        "dPktSz",
        12,
        Unit::None,
        Get::Text(|f, _, o| histogram(f, o, false)),
        "histogram of packet sizes of the destination",
    ),
    packets("loss", "Loss", 10, |f| Some(total_loss(f)), "packets retransmitted (TCP) or missing (RTP, ESP) both ways"),
    packets("sloss", "SrcLoss", 10, |f| Some(loss(f).src), "packets of the source retransmitted or missing"),
    packets("dloss", "DstLoss", 10, |f| Some(loss(f).dst), "packets of the destination retransmitted or missing"),
    percent(
        "ploss",
        "pLoss",
        8,
        |f| Some(part(total_loss(f), pkts(f).src + pkts(f).dst)),
        "loss in percent of packets and loss",
    ),
    percent("sploss", "pSrcLoss", 10, |f| Some(part(loss(f).src, pkts(f).src)), "loss of the source in percent"),
    percent("dploss", "pDstLoss", 10, |f| Some(part(loss(f).dst, pkts(f).dst)), "loss of the destination in percent"),
    row(
        "nstroke",
        "NStrok",
        9,
        Unit::Number,
        Get::Int(|f| f.keystrokes().map(|k| i64::from(k.src) + i64::from(k.dst))),
        "key strokes both ways",
    ),
    row(
        "snstroke",
        "sNStrok",
        9,
        Unit::Number,
        Get::Int(|f| f.keystrokes().map(|k| i64::from(k.src))),
        "key strokes of the source",
    ),
    row(
        "dnstroke",
        "dNStrok",
        9,
        Unit::Number,
        Get::Int(|f| f.keystrokes().map(|k| i64::from(k.dst))),
        "key strokes of the destination",
    ),
];

/// Counters that only UDT flows have; the record holds those of the source.
pub(super) const UDT_FIELDS: &[Field] = &[
    packets("retrans", "Retrans", 7, |f| Some(udt_word(f, 15)), "retransmissions of UDT flows"),
    packets("sretrans", "SrcRetra", 8, |f| Some(udt_word(f, 15)), "retransmissions of the source, UDT"),
    packets("dretrans", "DstRetra", 8, |_| Some(0), "retransmissions of the destination, UDT"),
    percent("pretrans", "pRetran", 7, |f| Some(part(udt_word(f, 15), pkts(f).src)), "retransmissions in percent, UDT"),
    percent(
        "spretrans",
        "pSrcRetr",
        8,
        |f| Some(part(udt_word(f, 15), pkts(f).src)),
        "retransmissions of the source in percent, UDT",
    ),
    percent("dpretrans", "pDstRetr", 8, |_| Some(0.0), "retransmissions of the destination in percent, UDT"),
    packets("nacks", "Nacks", 7, |f| Some(udt_word(f, 16)), "negative acknowledgements of UDT flows"),
    packets("snacks", "SrcNacks", 8, |f| Some(udt_word(f, 16)), "negative acknowledgements of the source, UDT"),
    packets("dnacks", "DstNacks", 8, |_| Some(0), "negative acknowledgements of the destination, UDT"),
    percent(
        "pnacks",
        "pNacks",
        7,
        |f| Some(part(udt_word(f, 16), pkts(f).src)),
        "negative acknowledgements in percent, UDT",
    ),
    percent(
        "spnacks",
        "pSrcNack",
        8,
        |f| Some(part(udt_word(f, 16), pkts(f).src)),
        "negative acknowledgements of the source in percent, UDT",
    ),
    percent("dpnacks", "pDstNack", 8, |_| Some(0.0), "negative acknowledgements of the destination in percent, UDT"),
    packets("solo", "Solo", 7, |f| Some(udt_word(f, 10)), "messages of one packet of UDT flows"),
    packets("ssolo", "SrcSolo", 8, |f| Some(udt_word(f, 10)), "messages of one packet of the source, UDT"),
    packets("dsolo", "DstSolo", 8, |_| Some(0), "messages of one packet of the destination, UDT"),
    percent(
        "psolo",
        "pSolo",
        7,
        |f| Some(part(udt_word(f, 10), pkts(f).src)),
        "messages of one packet in percent, UDT",
    ),
    percent(
        "spsolo",
        "pSrcSolo",
        8,
        |f| Some(part(udt_word(f, 10), pkts(f).src)),
        "messages of one packet of the source in percent, UDT",
    ),
    percent("dpsolo", "pDstSolo", 8, |_| Some(0.0), "messages of one packet of the destination in percent, UDT"),
    packets("first", "First", 7, |f| Some(udt_word(f, 11)), "first packets of messages of UDT flows"),
    packets("sfirst", "SrcFirst", 8, |f| Some(udt_word(f, 11)), "first packets of messages of the source, UDT"),
    packets("dfirst", "DstFirst", 8, |_| Some(0), "first packets of messages of the destination, UDT"),
    percent(
        "pfirst",
        "pFirst",
        7,
        |f| Some(part(udt_word(f, 11), pkts(f).src)),
        "first packets of messages in percent, UDT",
    ),
    percent(
        "spfirst",
        "pSrcFirs",
        8,
        |f| Some(part(udt_word(f, 11), pkts(f).src)),
        "first packets of messages of the source in percent, UDT",
    ),
    percent("dpfirst", "pDstFirs", 8, |_| Some(0.0), "first packets of messages of the destination in percent, UDT"),
];

fn src(far: &Far<'_>, of: fn(&Counts) -> u64) -> Option<u64> {
    far.has_metrics().then(|| of(&far.metrics().src))
}

fn dst(far: &Far<'_>, of: fn(&Counts) -> u64) -> Option<u64> {
    far.has_metrics().then(|| of(&far.metrics().dst))
}

fn total(far: &Far<'_>, of: fn(&Counts) -> u64) -> Option<u64> {
    Some(src(far, of)?.saturating_add(dst(far, of)?))
}

fn pkts(far: &Far<'_>) -> Sides<u64> {
    Sides { src: far.metrics().src.pkts, dst: far.metrics().dst.pkts }
}

fn mean_size(c: Counts) -> f32 {
    if c.pkts == 0 { 0.0 } else { (c.bytes as f64 / c.pkts as f64) as f32 }
}

fn size(n: u16) -> Option<u64> {
    (n != 0).then_some(u64::from(n))
}

/// Packets retransmitted or missing, 0 where the protocol does not tell.
pub(super) fn loss(far: &Far<'_>) -> Sides<u64> {
    let p = pkts(far);
    match far.network() {
        Some(Network::Tcp(tcp)) if tcp.state != 0 => Sides {
            src: if p.src > 0 { u64::from(tcp.src.retransmitted) } else { 0 },
            dst: if p.dst > 0 { u64::from(tcp.dst.retransmitted) } else { 0 },
        },
        Some(Network::Rtp(rtp)) => Sides { src: u64::from(rtp.src.drops), dst: u64::from(rtp.dst.drops) },
        Some(Network::Esp(esp)) if p.src > 0 => Sides { src: u64::from(esp.lost), dst: 0 },
        Some(Network::Esp(esp)) => Sides { src: 0, dst: u64::from(esp.lost) },
        Some(Network::Udt(udt)) => Sides { src: u64::from(udt.drops), dst: 0 },
        _ => Sides { src: 0, dst: 0 },
    }
}

/// Both ways; the clients count nothing when the source sent nothing.
fn total_loss(far: &Far<'_>) -> u64 {
    let l = loss(far);
    if pkts(far).src > 0 { l.src.saturating_add(l.dst) } else { 0 }
}

fn part(lost: u64, seen: u64) -> f64 {
    if lost == 0 { 0.0 } else { lost as f64 * 100.0 / seen.saturating_add(lost) as f64 }
}

/// Word `n` of the counters of a UDT flow, 0 for other flows.
fn udt_word(far: &Far<'_>, n: usize) -> u64 {
    if !matches!(far.network(), Some(Network::Udt(_))) {
        return 0;
    }
    let at = 40 + 4 * n;
    let word = far.dsr(DsrKind::Network).and_then(|d| d.body.get(at..)?.first_chunk::<4>().copied());
    word.map_or(0, |w| u64::from(u32::from_be_bytes(w)))
}

/// The histogram that clients write behind the sizes: one word per side, as hex digits.
fn histogram(far: &Far<'_>, out: &mut Vec<u8>, src: bool) {
    let Some(d) = far.dsr(DsrKind::PacketSize).filter(|d| d.subtype & 0x04 != 0) else { return };
    let sides = (d.subtype & 0x03).count_ones() as usize;
    let bit = if src != far.is_turned() { 0x01 } else { 0x02 };
    if d.subtype & bit == 0 {
        return;
    }
    let at = 4 * sides + if bit == 0x02 && sides == 2 { 4 } else { 0 };
    if let Some(word) = d.body.get(at..).and_then(|b| b.first_chunk::<4>()) {
        word.iter().for_each(|byte| super::super::number::hex8(out, *byte));
    }
}
