//! The columns of the flow table, with the names that argus gives them.

use std::cmp::Ordering;

use crate::base::units::{grouped, si};
use crate::cache::{By, FlowRow, Snapshot};
use crate::globe::hud::text;

/// One column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Column {
    /// First packet within the window.
    Stime,
    /// From the first to the last packet within the window.
    Dur,
    /// Protocol.
    Proto,
    /// Initiator.
    Saddr,
    /// Its port.
    Sport,
    /// Direction of the flow.
    Dir,
    /// Responder.
    Daddr,
    /// Its port.
    Dport,
    /// Packets of both directions.
    Pkts,
    /// Bytes from the initiator.
    Sbytes,
    /// Bytes from the responder.
    Dbytes,
    /// Bits per second of both directions.
    Load,
    /// State of the flow.
    State,
    /// Records merged into the row.
    Trans,
}

/// What the table knows of a column besides its values.
#[derive(Clone, Copy, Debug)]
pub struct Spec {
    /// Which one.
    pub column: Column,
    /// The name argus gives it.
    pub name: &'static str,
    /// What it says, with its unit.
    pub about: &'static str,
    /// Width in characters of the fixed-width font.
    pub chars: f32,
    /// Whether it is a number, set flush right.
    pub right: bool,
}

const fn spec(column: Column, name: &'static str, about: &'static str, chars: f32, right: bool) -> Spec {
    Spec { column, name, about, chars, right }
}

/// All columns in the order of the table.
pub static COLUMNS: &[Spec] = &[
    spec(Column::Stime, "stime", "time of the first packet within the window, UTC", 12.0, false),
    spec(Column::Dur, "dur", "from the first to the last packet, seconds", 9.0, true),
    spec(Column::Proto, "proto", "protocol", 6.0, false),
    spec(Column::Saddr, "saddr", "address of the initiator", 19.0, false),
    spec(Column::Sport, "sport", "port of the initiator", 6.0, true),
    spec(Column::Dir, "dir", "direction; ? where the initiator is a guess", 4.0, false),
    spec(Column::Daddr, "daddr", "address of the responder", 19.0, false),
    spec(Column::Dport, "dport", "port of the responder", 6.0, true),
    spec(Column::Pkts, "pkts", "packets of both directions", 8.0, true),
    spec(Column::Sbytes, "sbytes", "bytes from the initiator", 8.0, true),
    spec(Column::Dbytes, "dbytes", "bytes from the responder", 8.0, true),
    spec(Column::Load, "load", "bits per second of both directions", 11.0, true),
    spec(Column::State, "state", "state of the flow", 6.0, false),
    spec(Column::Trans, "trans", "records merged into the row", 6.0, true),
];

impl Column {
    /// The cell's text; names of groups are the snapshot's.
    #[must_use]
    pub fn text(self, row: &FlowRow, snapshot: &Snapshot) -> String {
        let (r, key) = (&row.last, &row.last.key);
        match self {
            Column::Stime => text::time_millis(row.seen.start),
            Column::Dur => format!("{:.3}", row.seen.duration().as_secs_f64()),
            Column::Proto => r.proto_name.to_string(),
            Column::Saddr => snapshot.name_of(key.saddr),
            Column::Daddr => snapshot.name_of(key.daddr),
            // Ports of initiators are merged.
            Column::Sport if snapshot.level.by != By::Address => String::new(),
            Column::Sport => port(row, key.sport),
            Column::Dport => port(row, key.dport),
            Column::Dir => r.dir.to_owned(),
            Column::Pkts => grouped(pkts(row)),
            Column::Sbytes => si(row.src.bytes as f64, "B"),
            Column::Dbytes => si(row.dst.bytes as f64, "B"),
            Column::Load => si(load(row), "bit/s"),
            Column::State => r.state.to_owned(),
            Column::Trans => row.records.to_string(),
        }
    }

    /// How two rows stand to each other in this column, ascending.
    #[must_use]
    pub fn compare(self, a: &FlowRow, b: &FlowRow) -> Ordering {
        let (ka, kb) = (&a.last.key, &b.last.key);
        match self {
            Column::Stime => a.seen.start.cmp(&b.seen.start),
            Column::Dur => a.seen.duration().cmp(&b.seen.duration()),
            Column::Proto => a.last.proto_name.cmp(&b.last.proto_name),
            Column::Saddr => ka.saddr.cmp(&kb.saddr),
            Column::Daddr => ka.daddr.cmp(&kb.daddr),
            Column::Sport => ka.sport.cmp(&kb.sport),
            Column::Dport => ka.dport.cmp(&kb.dport),
            Column::Dir => a.last.dir.cmp(b.last.dir),
            Column::Pkts => pkts(a).cmp(&pkts(b)),
            Column::Sbytes => a.src.bytes.cmp(&b.src.bytes),
            Column::Dbytes => a.dst.bytes.cmp(&b.dst.bytes),
            Column::Load => load(a).total_cmp(&load(b)),
            Column::State => a.last.state.cmp(b.last.state),
            Column::Trans => a.records.cmp(&b.records),
        }
    }

    /// Whether the first click sorts descending: quantities are looked at from the top.
    #[must_use]
    pub fn descending_first(self) -> bool {
        matches!(self, Column::Dur | Column::Pkts | Column::Sbytes | Column::Dbytes | Column::Load | Column::Trans)
    }
}

/// Packets of both directions.
#[must_use]
pub(super) fn pkts(row: &FlowRow) -> u64 {
    row.src.pkts.saturating_add(row.dst.pkts)
}

/// Bits per second of both directions.
#[must_use]
pub(super) fn load(row: &FlowRow) -> f64 {
    row.load_src + row.load_dst
}

/// A port as text: empty for protocols without ports when it is 0.
fn port(row: &FlowRow, port: u16) -> String {
    let has_ports = matches!(row.last.key.proto, 6 | 17 | 33 | 132);
    if port == 0 && !has_ports { String::new() } else { port.to_string() }
}
