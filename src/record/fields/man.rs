//! What a management record shows in the columns of flow records, as the classic clients have it.

use super::{Context, Field, Get, Look, defs, number};
use crate::base::Timestamp;
use crate::record::codec::Mar;
use crate::record::{Cause, Far};

/// Counters and the columns that show them.
type Counter = fn(&Mar<'_>) -> u64;

const COUNTERS: &[(&str, Counter)] = &[
    ("seq", |m| m.next_seq().into()),
    ("saddr", |m| m.queued().into()),
    ("snet", |m| m.queued().into()),
    ("dnet", |m| m.queued().into()),
    ("daddr", |m| m.buffers().into()),
    ("sport", |m| m.dropped().into()),
    ("dport", |m| m.clients().into()),
    ("pkts", |m| m.packets()),
    ("spkts", |m| m.packets()),
    ("dpkts", |m| m.records().into()),
    ("bytes", |m| m.buffer_bytes().into()),
    ("sbytes", |m| m.bytes()),
    ("dbytes", |m| m.dropped().into()),
    ("appbytes", |m| m.buffer_bytes().into()),
    ("sappbytes", |m| m.buffers().into()),
    ("dappbytes", |m| m.queued().into()),
    ("loss", |m| m.dropped().into()),
];

/// Appends the value of a field; nothing where a management record has none.
pub(super) fn value(
    (far, mar): (&Far<'_>, &Mar<'_>),
    field: &Field,
    look: &Look,
    context: &Context,
    out: &mut Vec<u8>,
) {
    if let Some((_, get)) = COUNTERS.iter().find(|(name, _)| *name == field.name) {
        return number::uint(out, get(mar));
    }
    match (field.name, field.get) {
        (_, Get::Time(_)) => look.time(out, time(mar, field)),
        ("dur" | "sdur" | "ddur", _) => {
            number::float(out, mar.now().as_secs_f64() - mar.sensor_start().as_secs_f64(), look.digits);
        }
        ("offset", _) => number::uint(out, context.offset),
        ("srcid", _) => defs::srcid(mar.srcid(), out),
        ("cause", Get::Text(write)) => write(far, look, out),
        ("proto", _) => out.extend_from_slice(b"man"),
        ("flgs", _) => out.extend_from_slice(&[b' '; 9]),
        ("state", _) => out.extend_from_slice(state(mar.cause()).as_bytes()),
        _ => {}
    }
}

/// The time in a column of times. The classic clients show when the record was made first, and in `ltime` when the
/// sensor was started.
pub(super) fn time(mar: &Mar<'_>, field: &Field) -> Timestamp {
    if matches!(field.name, "stime" | "sltime" | "dltime") { mar.now() } else { mar.sensor_start() }
}

/// The word in the column `state`.
fn state(cause: Cause) -> &'static str {
    match cause {
        Cause::Start => "STA",
        Cause::Status => "CON",
        Cause::Stop => "STP",
        Cause::Shutdown => "SHT",
        Cause::Error => "ERR",
        _ => "",
    }
}
