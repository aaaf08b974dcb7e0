//! The columns of the flow table, with the names that argus gives them.

use std::cmp::Ordering;

use serde_json::Value;

use crate::base::units::{grouped, si};
use crate::cache::{By, FlowRow, Snapshot};
use crate::geo::Place;
use crate::globe::hud::text;
use crate::pipeline::{Asked, PlaceTest, Show};

/// Stands in for a column without a row in the table; a test says that there is none.
static NO_COLUMN: Spec = spec(Column::Stime, "", "", 6.0, false);

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
    /// Last packet within the window.
    Ltime,
    /// Bytes of both directions.
    Bytes,
    /// Packets from the initiator.
    Spkts,
    /// Packets from the responder.
    Dpkts,
    /// Bits per second from the initiator.
    Sload,
    /// Bits per second from the responder.
    Dload,
    /// Country of the initiator.
    Sco,
    /// Country of the responder.
    Dco,
    /// System of the initiator.
    Sas,
    /// System of the responder.
    Das,
    /// Where the flow's records came from.
    Source,
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

/// Number of columns that a table has at first: the first ones of [`COLUMNS`].
const AT_FIRST: usize = 14;

/// All columns; those at first before the others.
pub static COLUMNS: &[Spec] = &[
    spec(Column::Stime, "stime", "time of the first packet within the window", 12.0, false),
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
    spec(Column::Ltime, "ltime", "time of the last packet within the window", 12.0, false),
    spec(Column::Bytes, "bytes", "bytes of both directions", 8.0, true),
    spec(Column::Spkts, "spkts", "packets from the initiator", 8.0, true),
    spec(Column::Dpkts, "dpkts", "packets from the responder", 8.0, true),
    spec(Column::Sload, "sload", "bits per second from the initiator", 11.0, true),
    spec(Column::Dload, "dload", "bits per second from the responder", 11.0, true),
    spec(Column::Sco, "sco", "country of the initiator", 4.0, false),
    spec(Column::Dco, "dco", "country of the responder", 4.0, false),
    spec(Column::Sas, "sas", "autonomous system of the initiator", 8.0, true),
    spec(Column::Das, "das", "autonomous system of the responder", 8.0, true),
    spec(Column::Source, "source", "where the flow's records came from", 14.0, false),
];

/// A list of columns that cannot be shown.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ColumnError {
    /// None is called so.
    #[error("there is no column {name:?}; known are {known}")]
    Unknown {
        /// What was written.
        name: String,
        /// What may be written.
        known: String,
    },
    /// It is there already.
    #[error("column {0:?} is named twice")]
    Twice(&'static str),
    /// None is named.
    #[error("a table has at least one column")]
    None,
}

/// The columns of a list of names, joined by commas.
///
/// # Errors
/// A name is unknown or there twice, or none is named.
pub fn columns_of(list: &str) -> Result<Vec<Column>, ColumnError> {
    let mut columns = Vec::new();
    for name in list.split([',', ' ']).filter(|w| !w.is_empty()) {
        let Some(spec) = COLUMNS.iter().find(|c| c.name == name) else {
            let known: Vec<&str> = COLUMNS.iter().map(|c| c.name).collect();
            let name = name.chars().take(40).collect();
            return Err(ColumnError::Unknown { name, known: known.join(", ") });
        };
        if columns.contains(&spec.column) {
            return Err(ColumnError::Twice(spec.name));
        }
        columns.push(spec.column);
    }
    if columns.is_empty() { Err(ColumnError::None) } else { Ok(columns) }
}

impl Column {
    /// The columns of a table at first, in order.
    #[must_use]
    pub fn at_first() -> Vec<Column> {
        COLUMNS.iter().take(AT_FIRST).map(|c| c.column).collect()
    }

    /// What is known of it.
    #[must_use]
    pub fn spec(self) -> &'static Spec {
        COLUMNS.iter().find(|c| c.column == self).unwrap_or(&NO_COLUMN)
    }

    /// Names of columns, as [`columns_of`] reads them.
    #[must_use]
    pub fn names(columns: &[Column]) -> String {
        let names: Vec<&str> = columns.iter().map(|c| c.spec().name).collect();
        names.join(",")
    }

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
            Column::Ltime => text::time_millis(row.seen.end),
            Column::Bytes => si(bytes(row) as f64, "B"),
            Column::Spkts => grouped(row.src.pkts),
            Column::Dpkts => grouped(row.dst.pkts),
            Column::Sload => si(row.load_src, "bit/s"),
            Column::Dload => si(row.load_dst, "bit/s"),
            Column::Sco => end(snapshot, row.src_host, |p| p.country_code().to_owned()),
            Column::Dco => end(snapshot, row.dst_host, |p| p.country_code().to_owned()),
            Column::Sas => end(snapshot, row.src_host, system),
            Column::Das => end(snapshot, row.dst_host, system),
            Column::Source => {
                let found = snapshot.health.sources.iter().find(|s| s.id == row.source);
                found.map_or_else(String::new, |s| text::shorten_left(&s.name, 14))
            }
        }
    }

    /// The cell's value as data: numbers as numbers, without unit and rounding.
    #[must_use]
    pub fn value(self, row: &FlowRow, snapshot: &Snapshot) -> Value {
        match self {
            Column::Stime => row.seen.start.to_string().into(),
            Column::Ltime => row.seen.end.to_string().into(),
            Column::Dur => row.seen.duration().as_secs_f64().into(),
            Column::Sport | Column::Dport => {
                let text = self.text(row, snapshot);
                text.parse::<u16>().map_or(Value::Null, Value::from)
            }
            Column::Pkts => pkts(row).into(),
            Column::Sbytes => row.src.bytes.into(),
            Column::Dbytes => row.dst.bytes.into(),
            Column::Bytes => bytes(row).into(),
            Column::Spkts => row.src.pkts.into(),
            Column::Dpkts => row.dst.pkts.into(),
            Column::Load => load(row).into(),
            Column::Sload => row.load_src.into(),
            Column::Dload => row.load_dst.into(),
            Column::Trans => row.records.into(),
            Column::Source => {
                let found = snapshot.health.sources.iter().find(|s| s.id == row.source);
                found.map_or(Value::Null, |s| s.name.as_str().into())
            }
            Column::Sas => place(snapshot, row.src_host, |p| p.asn).map_or(Value::Null, Value::from),
            Column::Das => place(snapshot, row.dst_host, |p| p.asn).map_or(Value::Null, Value::from),
            _ => self.text(row, snapshot).into(),
        }
    }

    /// The word of the filter of everything shown that traffic with this cell's value passes; none for quantities, and
    /// where rows are merged for what was merged.
    #[must_use]
    pub fn word(self, row: &FlowRow, snapshot: &Snapshot) -> Option<String> {
        let key = &row.last.key;
        let of = |asked: Asked| PlaceTest { negated: false, asked }.to_string();
        let single = snapshot.level.by == By::Address;
        let word = match self {
            Column::Saddr if single => format!("src host {}", key.saddr.ip()?),
            Column::Daddr if single => format!("dst host {}", key.daddr.ip()?),
            Column::Sport if single => format!("src port {}", self.text(row, snapshot).parse::<u16>().ok()?),
            Column::Dport => format!("dst port {}", self.text(row, snapshot).parse::<u16>().ok()?),
            Column::Proto if Show::parse(&row.last.proto_name).is_ok() => row.last.proto_name.to_string(),
            Column::Proto => format!("proto {}", key.proto),
            Column::Sco => of(Asked::Country(place(snapshot, row.src_host, |p| p.country)?)),
            Column::Dco => of(Asked::Country(place(snapshot, row.dst_host, |p| p.country)?)),
            Column::Sas => of(Asked::System(place(snapshot, row.src_host, |p| p.asn)?)),
            Column::Das => of(Asked::System(place(snapshot, row.dst_host, |p| p.asn)?)),
            _ => return None,
        };
        Show::parse(&word).is_ok().then_some(word)
    }

    /// How two rows stand to each other in this column, ascending.
    #[must_use]
    pub fn compare(self, a: &FlowRow, b: &FlowRow, snapshot: &Snapshot) -> Ordering {
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
            Column::Ltime => a.seen.end.cmp(&b.seen.end),
            Column::Bytes => bytes(a).cmp(&bytes(b)),
            Column::Spkts => a.src.pkts.cmp(&b.src.pkts),
            Column::Dpkts => a.dst.pkts.cmp(&b.dst.pkts),
            Column::Sload => a.load_src.total_cmp(&b.load_src),
            Column::Dload => a.load_dst.total_cmp(&b.load_dst),
            Column::Sco => place(snapshot, a.src_host, |p| p.country).cmp(&place(snapshot, b.src_host, |p| p.country)),
            Column::Dco => place(snapshot, a.dst_host, |p| p.country).cmp(&place(snapshot, b.dst_host, |p| p.country)),
            Column::Sas => place(snapshot, a.src_host, |p| p.asn).cmp(&place(snapshot, b.src_host, |p| p.asn)),
            Column::Das => place(snapshot, a.dst_host, |p| p.asn).cmp(&place(snapshot, b.dst_host, |p| p.asn)),
            Column::Source => a.source.cmp(&b.source),
        }
    }

    /// Whether the first click sorts descending: quantities are looked at from the top.
    #[must_use]
    pub fn descending_first(self) -> bool {
        use Column::{Bytes, Dbytes, Dload, Dpkts, Dur, Load, Pkts, Sbytes, Sload, Spkts, Trans};
        matches!(self, Dur | Pkts | Sbytes | Dbytes | Load | Trans | Bytes | Spkts | Dpkts | Sload | Dload)
    }
}

/// Bytes of both directions.
fn bytes(row: &FlowRow) -> u64 {
    row.src.bytes.saturating_add(row.dst.bytes)
}

/// Something of the place of an end, if it has one.
fn place<T>(snapshot: &Snapshot, host: Option<u32>, get: impl Fn(&Place) -> Option<T>) -> Option<T> {
    get(&snapshot.hosts.get(host? as usize)?.place)
}

/// The same in words.
fn end(snapshot: &Snapshot, host: Option<u32>, get: impl Fn(&Place) -> String) -> String {
    place(snapshot, host, |p| Some(get(p))).unwrap_or_default()
}

fn system(place: &Place) -> String {
    place.asn.map_or_else(String::new, |n| format!("AS{n}"))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::globe::fixture;

    #[test]
    fn columns_are_chosen_by_name_and_mistakes_named() {
        let all: Vec<&str> = COLUMNS.iter().map(|c| c.name).collect();
        let columns = columns_of(&all.join(",")).expect("all of them");
        assert_eq!(Column::names(&columns), all.join(","));
        assert_eq!(Column::at_first().len(), AT_FIRST);
        for (list, part) in [("stime,sadr", "no column \"sadr\""), ("dur,dur", "twice"), (" , ", "at least one")] {
            assert!(columns_of(list).expect_err(list).to_string().contains(part), "{list}");
        }
    }

    #[test]
    fn every_column_says_something_of_a_whole_flow_and_compares_it_with_itself() {
        let s = fixture::snapshot();
        let row = &s.flows[1];
        for spec in COLUMNS {
            assert_eq!(spec.column.spec().name, spec.name);
            assert!(!spec.column.text(row, &s).is_empty(), "{}", spec.name);
            assert_eq!(spec.column.compare(row, row, &s), Ordering::Equal, "{}", spec.name);
        }
        assert_eq!((Column::Sco.text(row, &s), Column::Das.text(row, &s)), ("CH".into(), "AS3333".into()));
        assert_eq!(Column::Sco.compare(&s.flows[0], row, &s), Ordering::Less, "without a place first");
    }
}
