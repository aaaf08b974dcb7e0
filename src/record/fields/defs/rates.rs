//! Rates and ratios. Rates leave out the first packet, as the classic clients do: n packets bound n − 1 intervals.

use super::super::{Field, Get, Unit};
use super::row;
use super::time::{duration, side_duration};
use crate::base::Span;
use crate::record::{Counts, Far};

const fn ratio(
    name: &'static str,
    header: &'static str,
    width: u16,
    get: fn(&Far<'_>) -> Option<f32>,
    about: &'static str,
) -> Field {
    row(name, header, width, Unit::Number, Get::Single(get), about)
}

const fn rate(
    name: &'static str,
    header: &'static str,
    get: fn(&Far<'_>) -> Option<f32>,
    about: &'static str,
) -> Field {
    row(name, header, 12, Unit::PacketsPerSecond, Get::Single(get), about).short()
}

const fn load(
    name: &'static str,
    header: &'static str,
    get: fn(&Far<'_>) -> Option<f32>,
    about: &'static str,
) -> Field {
    row(name, header, 8, Unit::BitsPerSecond, Get::Single(get), about).short()
}

const fn balance(name: &'static str, header: &'static str, about: &'static str) -> Field {
    row(name, header, 10, Unit::Number, Get::Double(|f| Some(producer_consumer(f))), about)
}

/// Rows of this theme.
pub(super) const FIELDS: &[Field] = &[
    rate("rate", "Rate", |f| Some(total_rate(f)), "(pkts − 1) / dur"),
    rate(
        "srate",
        "SrcRate",
        |f| Some(side_rate(f, f.metrics().src, f.times().src)),
        "(spkts − 1) / sdur, of dur where sdur is 0",
    ),
    rate(
        "drate",
        "DstRate",
        |f| Some(side_rate(f, f.metrics().dst, f.times().dst)),
        "(dpkts − 1) / ddur, of dur where ddur is 0",
    ),
    load("load", "Load", |f| Some(total_load(f)), "bits per second both ways, without one mean packet each"),
    load(
        "sload",
        "SrcLoad",
        |f| Some(side_load(f, f.metrics().src, f.times().src)),
        "bits per second from the source, without one mean packet",
    ),
    load(
        "dload",
        "DstLoad",
        |f| Some(side_load(f, f.metrics().dst, f.times().dst)),
        "bits per second from the destination, without one mean packet",
    ),
    balance("pcr", "PCRatio", "(sappbytes − dappbytes) / (sappbytes + dappbytes)"),
    balance("abr", "ABRatio", "the same as pcr"),
    ratio("tf", "TF", 12, |f| Some(payload_part(both(f))), "appbytes / bytes"),
    ratio("stf", "STF", 12, |f| Some(payload_part(f.metrics().src)), "sappbytes / sbytes"),
    ratio("dtf", "DTF", 12, |f| Some(payload_part(f.metrics().dst)), "dappbytes / dbytes"),
];

fn both(far: &Far<'_>) -> Counts {
    let mut c = far.metrics().src;
    c.add(far.metrics().dst);
    c
}

/// Duration of a side; of the record where the side has none.
fn side_time(far: &Far<'_>, span: Option<Span>) -> f32 {
    let own = side_duration(span);
    if own > 0.0 { own } else { duration(far) }
}

fn total_rate(far: &Far<'_>) -> f32 {
    per_second(both(far).pkts, duration(far))
}

fn side_rate(far: &Far<'_>, c: Counts, span: Option<Span>) -> f32 {
    per_second(c.pkts, side_time(far, span))
}

fn per_second(pkts: u64, secs: f32) -> f32 {
    if pkts > 1 && secs > 0.0 { (pkts - 1) as f32 / secs } else { 0.0 }
}

/// Bits of all packets but one mean packet.
fn bits(c: Counts) -> f64 {
    if c.pkts > 1 { (c.bytes - c.bytes / c.pkts) as f64 * 8.0 } else { 0.0 }
}

fn side_load(far: &Far<'_>, c: Counts, span: Option<Span>) -> f32 {
    if far.is_sum() {
        return whole_load(far, c.bytes);
    }
    let secs = side_time(far, span);
    if secs > 0.0 { (bits(c) / f64::from(secs)) as f32 } else { 0.0 }
}

fn total_load(far: &Far<'_>) -> f32 {
    if far.is_sum() {
        // Both sides' loads over the times of the sides, as the clients add them up.
        let (m, t) = (far.metrics(), far.times());
        let secs = f64::from(duration(far));
        let bits = |c: Counts, span| c.bytes as f64 * 8.0 / secs * f64::from(side_time(far, span));
        return if secs > 0.0 { ((bits(m.src, t.src) + bits(m.dst, t.dst)) / secs) as f32 } else { 0.0 };
    }
    let secs = duration(far);
    if secs <= 0.0 {
        return 0.0;
    }
    // By way of the sides' loads, whose rounding shows in the last digits.
    let sent = |c: Counts, span: Option<Span>| side_load(far, c, span) * side_time(far, span);
    (sent(far.metrics().src, far.times().src) + sent(far.metrics().dst, far.times().dst)) / secs
}

/// Bits of all packets over the whole duration: of a sum.
fn whole_load(far: &Far<'_>, bytes: u64) -> f32 {
    let secs = duration(far);
    if secs > 0.0 { (bytes as f64 * 8.0 / f64::from(secs)) as f32 } else { 0.0 }
}

/// Negative zero when neither sent anything: so it is printed.
fn producer_consumer(far: &Far<'_>) -> f64 {
    let (s, d) = (far.metrics().src.appbytes as f64, far.metrics().dst.appbytes as f64);
    if s + d > 0.0 { (s - d) / (s + d) } else { -0.0 }
}

fn payload_part(c: Counts) -> f32 {
    if c.bytes > 0 { (c.appbytes as f64 / c.bytes as f64) as f32 } else { -0.0 }
}
