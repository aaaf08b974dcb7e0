//! Times between packets, in milliseconds.

use super::super::{Field, Get, Unit};
use super::row;
use crate::record::{Far, Intervals, Side};

const fn millis(
    name: &'static str,
    header: &'static str,
    get: fn(&Far<'_>) -> Option<f64>,
    about: &'static str,
) -> Field {
    row(name, header, 12, Unit::Millis, Get::Double(get), about)
}

const fn empty(name: &'static str, header: &'static str, width: u16, about: &'static str) -> Field {
    row(name, header, width, Unit::None, Get::Empty, about)
}

/// Rows of this theme.
pub(super) const FIELDS: &[Field] = &[
    millis("sintpkt", "SIntPkt", |f| mean(f, Side::Src), "mean time between packets of the source"),
    millis("dintpkt", "DIntPkt", |f| mean(f, Side::Dst), "mean time between packets of the destination"),
    millis("sintpktact", "SIntPktAct", |f| part(f, Side::Src, true, |i| i.mean), "mean in active periods, source"),
    millis("dintpktact", "DIntPktAct", |f| part(f, Side::Dst, true, |i| i.mean), "mean in active periods, destination"),
    millis("sintpktidl", "SIntPktIdl", |f| part(f, Side::Src, false, |i| i.mean), "mean in idle periods, source"),
    millis("dintpktidl", "DIntPktIdl", |f| part(f, Side::Dst, false, |i| i.mean), "mean in idle periods, destination"),
    millis("sintpktmax", "SIntPktMax", |f| extreme(f, Side::Src, true), "longest, source"),
    millis("sintpktmin", "SIntPktMin", |f| extreme(f, Side::Src, false), "shortest, source"),
    millis("dintpktmax", "DIntPktMax", |f| extreme(f, Side::Dst, true), "longest, destination"),
    millis("dintpktmin", "DIntPktMin", |f| extreme(f, Side::Dst, false), "shortest, destination"),
    millis("sintpktactmax", "SIPActMax", |f| part(f, Side::Src, true, |i| i.max), "longest in active periods, source"),
    millis("sintpktactmin", "SIPActMin", |f| part(f, Side::Src, true, |i| i.min), "shortest in active periods, source"),
    millis(
        "dintpktactmax",
        "DIPActMax",
        |f| part(f, Side::Dst, true, |i| i.max),
        "longest in active periods, destination",
    ),
    millis(
        "dintpktactmin",
        "DIPActMin",
        |f| part(f, Side::Dst, true, |i| i.min),
        "shortest in active periods, destination",
    ),
    millis("sintpktidlmax", "SIPIdlMax", |f| part(f, Side::Src, false, |i| i.max), "longest in idle periods, source"),
    millis("sintpktidlmin", "SIPIdlMin", |f| part(f, Side::Src, false, |i| i.min), "shortest in idle periods, source"),
    millis(
        "dintpktidlmax",
        "DIPIdlMax",
        |f| part(f, Side::Dst, false, |i| i.max),
        "longest in idle periods, destination",
    ),
    millis(
        "dintpktidlmin",
        "DIPIdlMin",
        |f| part(f, Side::Dst, false, |i| i.min),
        "shortest in idle periods, destination",
    ),
    millis(
        "sjit",
        "SrcJitter",
        |f| jitter(f, Side::Src),
        "standard deviation of the times between packets, source; with active and idle periods a mixture that only the classic clients know",
    ),
    millis(
        "djit",
        "DstJitter",
        |f| jitter(f, Side::Dst),
        "standard deviation of the times between packets, destination",
    ),
    millis("sjitact", "SrcJitAct", |f| spread(f, Side::Src, true), "standard deviation in active periods, source"),
    millis("djitact", "DstJitAct", |f| spread(f, Side::Dst, true), "standard deviation in active periods, destination"),
    millis("sjitidl", "SrcJitIdl", |f| spread(f, Side::Src, false), "standard deviation in idle periods, source"),
    millis("djitidl", "DstJitIdl", |f| spread(f, Side::Dst, false), "standard deviation in idle periods, destination"),
    empty("sintdist", "SIntDist", 8, "histogram of the times between packets, source"),
    empty("dintdist", "DIntDist", 8, "histogram of the times between packets, destination"),
    empty("sintdistact", "SIntActDist", 11, "the same in active periods, source"),
    empty("dintdistact", "DIntActDist", 11, "the same in active periods, destination"),
    empty("sintdistidl", "SIntIdlDist", 11, "the same in idle periods, source"),
    empty("dintdistidl", "DIntIdlDist", 11, "the same in idle periods, destination"),
    empty("jdelay", "JDelay", 12, "join delay; never filled"),
    empty("ldelay", "LDelay", 12, "leave delay; never filled"),
];

/// Active and idle periods of a side that were measured.
fn periods(far: &Far<'_>, side: Side) -> Option<(Option<Intervals>, Option<Intervals>)> {
    let j = far.jitter()?;
    let measured = |i: Option<Intervals>| i.filter(|i| i.count > 0);
    Some((measured(j.active.of(side)), measured(j.idle.of(side))))
}

/// Milliseconds of a number of microseconds in single precision.
fn ms(micros: f32) -> f64 {
    f64::from(micros) / 1000.0
}

/// Mean weighted by count. Without values it is 0 for the source and empty for the destination.
fn mean(far: &Far<'_>, side: Side) -> Option<f64> {
    match periods(far, side)? {
        (Some(a), Some(b)) => {
            let (n, m) = (a.count as f32, b.count as f32);
            Some(ms((n * a.mean + m * b.mean) / (n + m)))
        }
        (Some(one), None) | (None, Some(one)) => Some(ms(one.mean)),
        (None, None) => (side == Side::Src).then_some(0.0),
    }
}

fn part(far: &Far<'_>, side: Side, active: bool, of: fn(&Intervals) -> f32) -> Option<f64> {
    let (a, i) = periods(far, side)?;
    Some(if active { a } else { i }.map_or(0.0, |v| ms(of(&v))))
}

/// Longest or shortest time. Of active and idle periods of the source the clients show the larger value for both, of
/// the destination the active periods only.
fn extreme(far: &Far<'_>, side: Side, longest: bool) -> Option<f64> {
    let value = |i: Intervals| ms(if longest { i.max } else { i.min });
    let (active, idle) = periods(far, side)?;
    Some(match (active.map(value), idle.map(value)) {
        (Some(a), Some(i)) if side == Side::Src => a.max(i),
        (None, Some(i)) if side == Side::Src => i,
        (a, _) => a.unwrap_or(0.0),
    })
}

fn spread(far: &Far<'_>, side: Side, active: bool) -> Option<f64> {
    let (a, i) = periods(far, side)?;
    if active { a } else { i }.map(|v| ms(v.stdev))
}

/// The standard deviation of one kind of period; of both the mixture that the clients print, in which the units do not
/// agree: √(Q/1000/n − m²) with Q the sum of squares in µs² and m the mean in ms.
fn jitter(far: &Far<'_>, side: Side) -> Option<f64> {
    match periods(far, side)? {
        (Some(a), Some(b)) => {
            let (n1, n2) = (f64::from(a.count), f64::from(b.count));
            let (s1, s2) = (f64::from(a.stdev), f64::from(b.stdev));
            let n = n1 + n2;
            // Sums and mean are kept in single precision on the way.
            let sum = |count: f64, mean: f32| f64::from((count * f64::from(mean)) as f32);
            let (t1, t2) = (sum(n1, a.mean), sum(n2, b.mean));
            let mean = f64::from((f64::from(((t1 + t2) / n) as f32) / 1000.0) as f32);
            let squares = (n1 * s1 * s1 + t1 * t1 / n1 + n2 * s2 * s2 + t2 * t2 / n2) / 1000.0;
            Some((squares / n - mean * mean).sqrt())
        }
        (Some(one), None) | (None, Some(one)) => Some(ms(one.stdev)),
        (None, None) => None,
    }
}
