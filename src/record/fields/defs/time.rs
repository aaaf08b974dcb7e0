//! Times, durations, and what identifies a record.

use super::super::{Align, Field, Get, Look, Unit, number};
use super::row;
use crate::base::{Span, Timestamp};
use crate::record::{Cause, Far, SrcId};

const fn stamp(
    name: &'static str,
    header: &'static str,
    get: fn(&Far<'_>) -> Option<Timestamp>,
    about: &'static str,
) -> Field {
    row(name, header, 12, Unit::Time, Get::Time(get), about).aligned(Align::Time)
}

const fn seconds(
    name: &'static str,
    header: &'static str,
    get: fn(&Far<'_>) -> Option<f32>,
    about: &'static str,
) -> Field {
    row(name, header, 10, Unit::Seconds, Get::Single(get), about)
}

/// Rows of this theme.
pub(super) const FIELDS: &[Field] = &[
    stamp("stime", "StartTime", |f| Some(f.times().span.start), "first packet of the record"),
    stamp("ltime", "LastTime", |f| Some(f.times().span.end), "last packet of the record"),
    stamp("sstime", "SrcStartTime", |f| f.times().src.map(|s| s.start), "first packet from the source"),
    stamp("sltime", "SrcLastTime", |f| f.times().src.map(|s| s.end), "last packet from the source"),
    stamp("dstime", "DstStartTime", |f| f.times().dst.map(|s| s.start), "first packet from the destination"),
    stamp("dltime", "DstLastTime", |f| f.times().dst.map(|s| s.end), "last packet from the destination"),
    seconds("dur", "Dur", |f| Some(duration(f)), "ltime − stime"),
    seconds("sdur", "SrcDur", |f| Some(side_duration(f.times().src)), "sltime − sstime"),
    seconds("ddur", "DstDur", |f| Some(side_duration(f.times().dst)), "dltime − dstime"),
    row("idle", "IdleTime", 10, Unit::Seconds, Get::Idle, "time from the record's end to now"),
    seconds("runtime", "RunTime", |f| Some(total(f)), "sum of the durations of the records merged"),
    seconds("sum", "Sum", |f| Some(total(f)), "sum of the aggregated metric over the records merged"),
    seconds(
        "mean",
        "Mean",
        |f| Some(spread(f).1),
        "mean of the aggregated metric, the duration unless another was chosen",
    ),
    seconds("stddev", "StdDev", |f| Some(spread(f).3), "standard deviation of the aggregated metric"),
    seconds("min", "Min", |f| Some(spread(f).0), "smallest value of the aggregated metric"),
    seconds("max", "Max", |f| Some(spread(f).2), "largest value of the aggregated metric"),
    row("trans", "Trans", 6, Unit::Number, Get::Uint(|f| Some(f.trans().into())), "records merged into this one"),
    row("seq", "Seq", 12, Unit::Number, Get::Uint(|f| f.seq().map(u64::from)), "sequence number given by the sensor")
        .aligned(Align::Middle),
    row("rank", "Rank", 6, Unit::Number, Get::Rank, "number of the record in this output, from 1")
        .aligned(Align::MiddleShort),
    row("autoid", "AutoId", 6, Unit::Number, Get::Uint(|_| Some(0)), "row number of a database, 0 outside of one"),
    row("offset", "Offset", 12, Unit::Bytes, Get::Offset, "byte offset of the record in its file"),
    row("srcid", "SrcId", 18, Unit::None, Get::Text(srcid), "identity of the sensor"),
    row("cause", "Cause", 7, Unit::None, Get::Text(cause), "why the sensor wrote the record"),
];

/// Difference as the clients compute it: seconds and microseconds apart, the sum rounded to single precision.
pub(in crate::record::fields) fn single(span: Span) -> f32 {
    let (a, b) = (span.start, span.end);
    let secs = (b.secs() - a.secs()) as f64;
    let micros = (b.micros().rem_euclid(1_000_000) - a.micros().rem_euclid(1_000_000)) as f64;
    (secs + micros / 1e6) as f32
}

/// Length of the record.
pub(super) fn duration(far: &Far<'_>) -> f32 {
    single(far.times().span)
}

/// Length of one side, 0 where it has no time.
pub(super) fn side_duration(span: Option<Span>) -> f32 {
    span.map_or(0.0, single)
}

/// Smallest, mean, largest value and standard deviation of the aggregated metric.
fn spread(far: &Far<'_>) -> (f32, f32, f32, f32) {
    match far.aggregation() {
        Some(a) => (a.active.min, a.active.mean, a.active.max, a.active.stdev),
        None => {
            let d = duration(far);
            (d, d, d, 0.0)
        }
    }
}

fn total(far: &Far<'_>) -> f32 {
    match far.aggregation() {
        Some(a) => a.active.mean * a.active.count as f32,
        None => duration(far),
    }
}

fn cause(far: &Far<'_>, _: &Look, out: &mut Vec<u8>) {
    out.extend_from_slice(match far.cause() {
        Cause::Start => b"Start",
        Cause::Status => b"Status",
        Cause::Stop => b"Stop",
        Cause::Shutdown => b"Shutdown",
        Cause::Timeout => b"Timeout",
        Cause::Error => b"Error",
        Cause::Flush => b"Flush",
        Cause::Closed => b"Closed",
        Cause::Supplemental | Cause::Unknown(_) => b"Unknown",
    });
}

fn srcid(far: &Far<'_>, _: &Look, out: &mut Vec<u8>) {
    let Some(id) = far.srcid() else { return };
    super::flow::srcid(id, out);
    if let Some(name) = far.interface() {
        out.push(b'/');
        out.extend(name.iter().take_while(|c| **c != 0));
    }
    let _: (&SrcId, _) = (&id, number::MAX_DIGITS);
}
