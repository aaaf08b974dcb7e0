//! The fields of a flow record: one table, [`FIELDS`], from which columns, headers, CSV, JSON, filter words and
//! `docs/fields.md` derive.
//!
//! A row of the table says how a value is got from a record ([`Get`]); what it looks like depends on the row's shape
//! and on a [`Look`] (digits, names, zone). [`Columns`] is a list of fields as `-s` names them, and [`Printer`] writes
//! rows of it. Nothing is allocated per record or per value.

mod columns;
mod defs;
mod flags;
mod look;
mod man;
pub mod number;
mod printer;
mod services;
mod xml;
#[cfg(test)]
mod tests;

use std::fmt;

use super::Far;
use crate::base::{Span, Timestamp};

pub use columns::{Column, ColumnError, Columns};
pub use defs::FIELDS;
pub use flags::encapsulation;
pub use look::{AsNumbers, HostNames, Look, NameOf, Names, PrefixLengths, StateStyle, UserData};
pub use printer::{Context, Printer, Shape};
pub use services::{Ports, Services};

/// What a field measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Nothing countable: text, addresses, codes.
    None,
    /// A point in time.
    Time,
    /// Seconds.
    Seconds,
    /// Milliseconds.
    Millis,
    /// Packets.
    Packets,
    /// Bytes.
    Bytes,
    /// Packets per second.
    PacketsPerSecond,
    /// Bits per second.
    BitsPerSecond,
    /// Percent.
    Percent,
    /// A count of something else, or a number without a unit.
    Number,
}

impl Unit {
    /// The unit as documents name it.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            Unit::None => "",
            Unit::Time => "time",
            Unit::Seconds => "s",
            Unit::Millis => "ms",
            Unit::Packets => "packets",
            Unit::Bytes => "bytes",
            Unit::PacketsPerSecond => "packets/s",
            Unit::BitsPerSecond => "bit/s",
            Unit::Percent => "%",
            Unit::Number => "number",
        }
    }
}

/// How a value is got from a record. `None` leaves the cell empty.
#[derive(Clone, Copy)]
pub enum Get {
    /// A whole number.
    Uint(fn(&Far<'_>) -> Option<u64>),
    /// A whole number that may be negative.
    Int(fn(&Far<'_>) -> Option<i64>),
    /// A float in single precision, as the classic clients compute it.
    Single(fn(&Far<'_>) -> Option<f32>),
    /// A float in double precision.
    Double(fn(&Far<'_>) -> Option<f64>),
    /// A number printed as four hex digits.
    Hex(fn(&Far<'_>) -> Option<u16>),
    /// A point in time; absent ones print as 0.
    Time(fn(&Far<'_>) -> Option<Timestamp>),
    /// Text that the function appends.
    Text(fn(&Far<'_>, &Look, &mut Vec<u8>)),
    /// Captured bytes of one side; the flag says the source's.
    User(bool),
    /// Number of the row in the output, from 1.
    Rank,
    /// Byte offset of the record in its file.
    Offset,
    /// Seconds from the record's end to now.
    Idle,
    /// Always empty: what the classic clients list but never fill.
    Empty,
}

/// Where the text of a cell and its header stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Align {
    /// At the right end, cut with `*` when too long.
    Right,
    /// At the left end, never cut: ports.
    Left,
    /// As right, header in the middle.
    Middle,
    /// As middle, with one blank less behind.
    MiddleShort,
    /// As middle, with one blank more behind.
    MiddleLong,
    /// Captured bytes: left, as wide as the bytes asked for and their frame.
    User,
    /// A time: as right, wider by the digits of the fraction.
    Time,
}

/// One row of the table of fields.
#[derive(Clone, Copy)]
pub struct Field {
    /// The word that names it.
    pub name: &'static str,
    /// Title of its column.
    pub header: &'static str,
    /// Width of its column in characters; of times without the fraction.
    pub width: u16,
    /// What it is, in one sentence.
    pub about: &'static str,
    /// What it measures.
    pub unit: Unit,
    /// How it is got.
    pub get: Get,
    /// How it stands in its column.
    pub align: Align,
    /// Whether `-H` abbreviates it.
    pub is_abbreviated: bool,
}

impl Field {
    /// Whether it has a number to compare, sort and count by.
    #[must_use]
    pub fn is_numeric(&self) -> bool {
        matches!(self.get, Get::Uint(_) | Get::Int(_) | Get::Single(_) | Get::Double(_) | Get::Hex(_))
    }

    /// Whether its number is a float in single precision, so that limits have to be rounded alike.
    #[must_use]
    pub fn is_single(&self) -> bool {
        matches!(self.get, Get::Single(_))
    }

    /// Its value as a number: seconds since 1970 for times, `None` for text and where the record has no value.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "counters above 2^53 lose their last digits here, not when printed")]
    pub fn number(&self, far: &Far<'_>) -> Option<f64> {
        match self.get {
            Get::Uint(get) => get(far).map(|v| v as f64),
            Get::Int(get) => get(far).map(|v| v as f64),
            Get::Single(get) => get(far).map(f64::from),
            Get::Double(get) => get(far),
            Get::Hex(get) => get(far).map(f64::from),
            Get::Time(get) => get(far).map(Timestamp::as_secs_f64),
            Get::Text(_) | Get::User(_) | Get::Rank | Get::Offset | Get::Idle | Get::Empty => None,
        }
    }
}

impl fmt::Debug for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl PartialEq for Field {
    fn eq(&self, other: &Field) -> bool {
        self.name == other.name
    }
}

/// The field of a name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Field> {
    FIELDS.iter().find(|f| f.name == name)
}

/// Length of a stretch of time in seconds, in single precision as the classic clients compute it.
#[must_use]
pub fn seconds(span: Span) -> f32 {
    defs::single(span)
}

/// The table of fields as a Markdown document.
#[must_use]
pub fn markdown() -> String {
    let mut out = String::from(
        "# Fields\n\nGenerated from the table of fields; do not edit. `-s` selects them, filters compare the numeric \
         ones by name.\n\n| name | header | width | unit | meaning |\n|---|---|---:|---|---|\n",
    );
    for f in FIELDS {
        out.push_str(&format!("| {} | {} | {} | {} | {} |\n", f.name, f.header, f.width, f.unit.text(), f.about));
    }
    out
}
