//! Which rows the table shows and in which order: computed aside, on change only.
//!
//! A [`View`] is a finished answer: the snapshot, the row numbers that pass, in order, and their sums. Making one
//! costs a pass over all rows, so it happens outside the frame when there are many; the table goes on showing the last
//! one until then.

use std::cmp::Ordering;
use std::net::IpAddr;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::columns::{Column, load};
use super::query::Query;
use crate::cache::{FlowRow, Snapshot};
use crate::record::{Counts, FlowKey, SourceId};

/// Most rows that are copied at once.
pub const MOST_COPIED: usize = 100_000;

/// What the user asked the table for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Wish {
    /// What is typed in the box.
    pub text: String,
    /// Column and whether the greatest come first; `None` keeps the order of keys, which stands still while live.
    pub sort: Option<(Column, bool)>,
}

impl Wish {
    /// What a click on a header does: first direction, other direction, unsorted.
    pub fn click(&mut self, column: Column) {
        let first = column.descending_first();
        self.sort = match self.sort {
            Some((c, down)) if c == column && down == first => Some((column, !first)),
            Some((c, _)) if c == column => None,
            _ => Some((column, first)),
        };
    }
}

/// Sums over the rows that pass.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Sums {
    /// Packets and bytes of initiators.
    pub src: Counts,
    /// Packets and bytes of responders.
    pub dst: Counts,
    /// Bits per second.
    pub load: f64,
    /// Records merged into the rows.
    pub records: u64,
}

/// A finished answer.
#[derive(Clone, Debug, Default)]
pub struct View {
    /// What was asked.
    pub wish: Wish,
    /// Where the rows are.
    pub snapshot: Arc<Snapshot>,
    /// Numbers of the rows that pass, in the order wished.
    pub rows: Vec<u32>,
    /// Sums over them.
    pub sums: Sums,
}

impl View {
    /// Filters, sorts and sums.
    #[must_use]
    pub fn compute(snapshot: Arc<Snapshot>, wish: Wish) -> View {
        let query = Query::parse(&wish.text);
        let mut buf = String::new();
        let mut rows = Vec::new();
        let mut sums = Sums::default();
        for (i, row) in (0u32..).zip(snapshot.flows.iter()) {
            if query.is_empty() || query.matches(row, &snapshot, &mut buf) {
                rows.push(i);
                sums.src.add(row.src);
                sums.dst.add(row.dst);
                sums.load += load(row);
                sums.records += u64::from(row.records);
            }
        }
        if let Some((column, down)) = wish.sort {
            let get = |i: &u32| snapshot.flows.get(*i as usize);
            rows.sort_by(|a, b| {
                let order = match (get(a), get(b)) {
                    (Some(a), Some(b)) => column.compare(a, b, &snapshot),
                    _ => Ordering::Equal,
                };
                // Stable: equals stay in the order of keys.
                if down { order.reverse() } else { order }
            });
        }
        View { wish, snapshot, rows, sums }
    }

    /// The rows that pass, in their order, with the columns shown: as CSV with a heading, or as one JSON object per line.
    /// At most [`MOST_COPIED`] of them.
    #[must_use]
    pub fn copied(&self, columns: &[Column], json: bool) -> String {
        let rows = (0..self.rows.len()).filter_map(|at| self.row(at)).take(MOST_COPIED);
        let names: Vec<&str> = columns.iter().map(|c| c.spec().name).collect();
        let values = |row| columns.iter().map(|c| c.value(row, &self.snapshot)).collect::<Vec<Value>>();
        if json {
            let object = |row| names.iter().map(|n| (*n).to_owned()).zip(values(row)).collect::<Map<String, Value>>();
            return rows.map(|row| format!("{}\n", Value::Object(object(row)))).collect();
        }
        let plain = |value: Value| match value {
            Value::Null => String::new(),
            Value::String(text) => text,
            other => other.to_string(),
        };
        let mut out = csv::Writer::from_writer(Vec::new());
        // Writing into memory does not fail.
        let _ = out.write_record(&names);
        for row in rows {
            let _ = out.write_record(values(row).into_iter().map(plain));
        }
        out.into_inner().ok().and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default()
    }

    /// The row shown at a place of the table.
    #[must_use]
    pub fn row(&self, at: usize) -> Option<&FlowRow> {
        self.snapshot.flows.get(*self.rows.get(at)? as usize)
    }

    /// The first place of the table whose row satisfies the test.
    #[must_use]
    pub fn position(&self, test: impl Fn(&FlowRow) -> bool) -> Option<usize> {
        self.rows.iter().position(|i| self.snapshot.flows.get(*i as usize).is_some_and(&test))
    }
}

/// What names a flow across snapshots.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FlowId {
    /// Its key.
    pub key: FlowKey,
    /// Its source.
    pub source: SourceId,
}

impl FlowId {
    /// The name of a row.
    #[must_use]
    pub fn of(row: &FlowRow) -> FlowId {
        FlowId { key: row.last.key, source: row.source }
    }
}

/// Whether a row has the address as one of its ends.
#[must_use]
pub fn has_end(row: &FlowRow, addr: IpAddr) -> bool {
    row.last.key.saddr.ip() == Some(addr) || row.last.key.daddr.ip() == Some(addr)
}

/// Whether a row is between two addresses, in either direction.
#[must_use]
pub fn joins(row: &FlowRow, a: IpAddr, b: IpAddr) -> bool {
    let ends = (row.last.key.saddr.ip(), row.last.key.daddr.ip());
    ends == (Some(a), Some(b)) || ends == (Some(b), Some(a))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::globe::fixture;

    fn shown(text: &str, sort: Option<(Column, bool)>) -> Vec<String> {
        let snapshot = Arc::new(fixture::snapshot());
        let view = View::compute(snapshot, Wish { text: text.into(), sort });
        (0..view.rows.len())
            .filter_map(|i| view.row(i))
            .map(|r| format!("{} {}", r.last.key.saddr, r.last.key.dport))
            .collect()
    }

    #[test]
    fn words_and_columns_choose_rows() {
        assert_eq!(shown("", None).len(), 4);
        assert_eq!(shown("udp", None), ["10.0.0.5 53"]);
        assert_eq!(shown("!udp proto=tcp dport=443", None).len(), 2);
        assert_eq!(shown("host=193.0.0.0/16", None), ["129.132.1.1 443"]);
        assert_eq!(shown("co=jp", None).len(), 1);
        assert_eq!(shown("as=3333", None).len(), 1);
        assert_eq!(shown("udp or host=193.0.0.0/16 dport=443", None), ["10.0.0.5 53", "129.132.1.1 443"]);
        assert_eq!(shown("or udp or", None), ["10.0.0.5 53"], "an or that is still being typed");
        assert_eq!(shown("no such thing", None).len(), 0);
        assert_eq!(shown("dport=abc", None).len(), 0, "not a number: plain text that no row has");
    }

    #[test]
    fn groups_are_chosen_by_their_names() {
        let level = crate::cache::Level { by: crate::cache::By::Country, ..Default::default() };
        let snapshot = Arc::new(fixture::snapshot().at_level(level));
        let shown = |text: &str| View::compute(snapshot.clone(), Wish { text: text.into(), sort: None }).rows.len();
        assert_eq!(
            (snapshot.flows.len(), shown("switzerland"), shown("pin=Switzerland"), shown("place")),
            (4, 2, 2, 2)
        );
        assert_eq!((shown("pin=Swiss"), shown("pin=United_Kingdom"), shown("co=ch")), (0, 0, 2));
    }

    #[test]
    fn rows_are_copied_as_they_stand_with_plain_numbers() {
        let wish = Wish { text: "dport=443".into(), sort: Some((Column::Sbytes, true)) };
        let view = View::compute(Arc::new(fixture::snapshot()), wish);
        let columns = [Column::Daddr, Column::Dport, Column::Sbytes, Column::Das];
        let csv = view.copied(&columns, false);
        let lines: Vec<&str> = csv.lines().collect();
        assert_eq!((lines[0], lines.len()), ("daddr,dport,sbytes,das", view.rows.len() + 1));
        let most = view.row(0).expect("a row").src.bytes.to_string();
        assert!(lines[1].contains(&format!(",443,{most},")), "{csv}");
        let json = view.copied(&columns, true);
        let first: Value = serde_json::from_str(json.lines().next().expect("a line")).expect("JSON");
        assert_eq!((first["dport"].as_u64(), first["sbytes"].to_string()), (Some(443), most));
    }

    #[test]
    fn a_header_sorts_down_then_up_then_not() {
        let mut wish = Wish::default();
        wish.click(Column::Sbytes);
        assert_eq!(wish.sort, Some((Column::Sbytes, true)));
        wish.click(Column::Sbytes);
        assert_eq!(wish.sort, Some((Column::Sbytes, false)));
        wish.click(Column::Sbytes);
        assert_eq!(wish.sort, None);
        wish.click(Column::Proto);
        assert_eq!(wish.sort, Some((Column::Proto, false)));
    }

    #[test]
    fn sorting_is_by_value_and_sums_are_of_what_passes() {
        let down = shown("", Some((Column::Sbytes, true)));
        assert_eq!(down.first().map(String::as_str), Some("129.132.1.1 443"));
        let view = View::compute(Arc::new(fixture::snapshot()), Wish { text: "dport=443".into(), sort: None });
        let by_hand: u64 =
            fixture::snapshot().flows.iter().filter(|r| r.last.key.dport == 443).map(|r| r.src.bytes).sum();
        assert_eq!(view.sums.src.bytes, by_hand);
        assert!(by_hand > 0);
    }
}
