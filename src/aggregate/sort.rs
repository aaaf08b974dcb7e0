//! The order of records by fields: [`Order`], and records kept until they are all there: [`Sorter`].
//!
//! A record's place is a string of bytes of fixed length that compares as the record does; equal ones stay in the order
//! in which they came.

use super::Item;
use super::arena::{Arena, Place};
use super::key::words;
use crate::record::fields::{self, Field, Get, Unit};
use crate::record::{Addr, Counts, Far, FlowForm, RecordRef};

/// Most keys taken.
const MAX_KEYS: usize = 32;

/// Fields that are sorted upwards; all others are sorted downwards.
const UPWARDS: &[&str] = &[
    "stime", "ltime", "sstime", "sltime", "dstime", "dltime", "dur", "sdur", "ddur", "mean", "min", "max", "sum",
    "runtime", "seq", "smac", "dmac", "saddr", "daddr", "proto", "sport", "dport", "sttl", "dttl", "sminsz", "dminsz",
    "sas", "das", "ias", "srcid", "inode", "offset", "rank",
];

/// Names in the order in which a shortened one is looked for.
const COMMON: &[&str] = &[
    "stime",
    "ltime",
    "trans",
    "dur",
    "mean",
    "min",
    "max",
    "sum",
    "runtime",
    "smac",
    "dmac",
    "saddr",
    "daddr",
    "proto",
    "sport",
    "dport",
    "stos",
    "dtos",
    "sttl",
    "dttl",
    "bytes",
    "sbytes",
    "dbytes",
    "pkts",
    "spkts",
    "dpkts",
    "appbytes",
    "sappbytes",
    "dappbytes",
    "load",
    "sload",
    "dload",
    "loss",
    "sloss",
    "dloss",
    "ploss",
    "rate",
    "srate",
    "drate",
    "seq",
    "sco",
    "dco",
    "sas",
    "das",
];

/// Why records cannot be sorted as asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OrderError {
    /// No field has that name, or it has no order.
    #[error("sort syntax error: '{name}' is not supported{}", .suggestion.map(|s| format!(" (did you mean '{s}'?)")).unwrap_or_default())]
    Unsupported {
        /// What was written.
        name: String,
        /// The nearest field.
        suggestion: Option<&'static str>,
    },
    /// More keys than are taken.
    #[error("more than {MAX_KEYS} sort keys")]
    TooMany,
}

#[derive(Clone, Copy, Debug)]
enum By {
    Number(&'static Field),
    Time(&'static Field),
    /// Address; of the source if true.
    Address(bool),
    Mac(bool),
    Port(bool),
    Proto,
    Country(bool),
    SrcId,
    Inode,
    /// Packets in the time of the record.
    Rate,
}

/// An order by one field after the other.
#[derive(Clone, Debug, Default)]
pub struct Order {
    keys: Vec<(By, bool)>,
    width: usize,
}

impl Order {
    /// From names, which may be shortened.
    ///
    /// # Errors
    /// A name is unknown or has no order.
    pub fn parse<'a>(words: impl IntoIterator<Item = &'a str>) -> Result<Order, OrderError> {
        let mut order = Order::default();
        for word in words.into_iter().flat_map(|w| w.split([' ', ',', '\t'])).filter(|w| !w.is_empty()) {
            if order.keys.len() >= MAX_KEYS {
                return Err(OrderError::TooMany);
            }
            let (name, by) = find(word)?;
            order.width += by.width();
            order.keys.push((by, UPWARDS.contains(&name)));
        }
        Ok(order)
    }

    /// Whether it leaves everything in place.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Length of a place in bytes.
    #[must_use]
    pub fn width(&self) -> usize {
        self.width
    }

    /// Appends the place of a record.
    pub fn place(&self, far: &Far<'_>, out: &mut Vec<u8>) {
        for (by, is_upwards) in &self.keys {
            let start = out.len();
            by.append(far, out);
            if !is_upwards {
                out.iter_mut().skip(start).for_each(|b| *b = !*b);
            }
        }
    }
}

/// The field of a name, in full or shortened.
fn find(word: &str) -> Result<(&'static str, By), OrderError> {
    let shortened = || COMMON.iter().find(|n| n.starts_with(word)).and_then(|n| fields::find(n));
    let unsupported = || {
        let names = fields::FIELDS.iter().filter(|f| by(f).is_some()).map(|f| f.name);
        OrderError::Unsupported { name: word.chars().take(40).collect(), suggestion: crate::base::nearest(word, names) }
    };
    let field = fields::find(word).or_else(shortened).ok_or_else(unsupported)?;
    Ok((field.name, by(field).ok_or_else(unsupported)?))
}

fn by(field: &'static Field) -> Option<By> {
    Some(match field.name {
        "saddr" => By::Address(true),
        "daddr" => By::Address(false),
        "smac" => By::Mac(true),
        "dmac" => By::Mac(false),
        "sport" => By::Port(true),
        "dport" => By::Port(false),
        "proto" => By::Proto,
        "sco" => By::Country(true),
        "dco" => By::Country(false),
        "srcid" => By::SrcId,
        "inode" => By::Inode,
        "rate" => By::Rate,
        _ if matches!(field.get, Get::Time(_)) => By::Time(field),
        _ if field.is_numeric() && field.unit != Unit::None || matches!(field.get, Get::Hex(_)) => By::Number(field),
        _ => return None,
    })
}

impl By {
    fn width(self) -> usize {
        match self {
            By::Number(_) | By::Time(_) | By::Rate => 8,
            By::Address(_) | By::SrcId => 17,
            By::Mac(_) => 6,
            By::Port(_) | By::Country(_) | By::Proto => 2,
            By::Inode => 4,
        }
    }

    fn append(self, far: &Far<'_>, out: &mut Vec<u8>) {
        let key = &far.flow().key;
        let is_ip = matches!(far.flow().form, FlowForm::V4 | FlowForm::V6);
        match self {
            By::Number(field) => out.extend_from_slice(&ordered(field.number(far).unwrap_or(f64::NEG_INFINITY))),
            By::Time(field) => {
                let Get::Time(get) = field.get else { return };
                let nanos = get(far).unwrap_or_default().nanos();
                out.extend_from_slice(&(nanos.cast_unsigned() ^ 1 << 63).to_be_bytes());
            }
            By::Address(src) => address(if src { key.saddr } else { key.daddr }, far.flow().form, out),
            By::Mac(src) => {
                let mac = far.mac().unwrap_or_default().addr;
                out.extend_from_slice(if src { &mac.src } else { &mac.dst });
            }
            By::Port(src) => {
                let port = if src { key.sport } else { key.dport };
                let has_ports = is_ip && matches!(key.proto, 6 | 17);
                out.extend_from_slice(&if has_ports { port } else { 0 }.to_be_bytes());
            }
            By::Proto => proto(far, out),
            By::Country(src) => {
                let c = far.countries();
                // Sorted downwards, with those that have none first.
                out.extend_from_slice(&if src { c.src } else { c.dst }.unwrap_or([0xFF; 2]));
            }
            By::SrcId => srcid(far, out),
            By::Inode => out.extend_from_slice(&far.icmp_error().map_or([0; 4], |e| e.node.octets())),
            By::Rate => {
                let mut c = far.metrics().src;
                c.add(far.metrics().dst);
                out.extend_from_slice(&ordered(rate(c, far)));
            }
        }
    }
}

/// Packets in the time of the record, the first one included: what the classic clients compare.
fn rate(c: Counts, far: &Far<'_>) -> f64 {
    let secs = f64::from(fields::seconds(far.times().span));
    if secs > 0.0 { c.pkts as f64 / secs } else { 0.0 }
}

/// Eight bytes that compare as the number does.
fn ordered(value: f64) -> [u8; 8] {
    let bits = if value == 0.0 { 0 } else { value.to_bits() };
    (if bits >> 63 == 1 { !bits } else { bits | 1 << 63 }).to_be_bytes()
}

/// IPv4 by number, then IPv6, then what is no IP flow, kind by kind.
fn address(addr: Addr, form: FlowForm, out: &mut Vec<u8>) {
    let mut bytes = [0; 16];
    let mut class = match form {
        FlowForm::V4 | FlowForm::PairV4 => 1,
        FlowForm::V6 | FlowForm::PairV6 => 2,
        FlowForm::Ether => 3,
        FlowForm::Wlan => 4,
        FlowForm::Isis => 5,
        FlowForm::Arp => 6,
        FlowForm::Rarp => 7,
        FlowForm::None => 8,
    };
    match addr {
        Addr::V4(a) => bytes[..4].copy_from_slice(&a.octets()),
        Addr::V6(a) => bytes = words(a),
        Addr::Mac(a) => bytes[..6].copy_from_slice(&a),
        Addr::None => class = 8,
    }
    out.push(class);
    out.extend_from_slice(&bytes);
}

/// IP protocols by falling number, then everything else as it came.
fn proto(far: &Far<'_>, out: &mut Vec<u8>) {
    let f = far.flow();
    out.extend_from_slice(&match f.form {
        FlowForm::V4 | FlowForm::V6 | FlowForm::PairV4 | FlowForm::PairV6 => [0, !f.key.proto],
        _ => [1, 0],
    });
}

fn srcid(far: &Far<'_>, out: &mut Vec<u8>) {
    use crate::record::SrcId;
    let mut bytes = [0; 16];
    let class = match far.srcid() {
        None => 0,
        Some(SrcId::Unset) => 1,
        Some(SrcId::V4(a)) => {
            bytes[..4].copy_from_slice(&a.octets());
            2
        }
        Some(SrcId::Int(n)) => {
            bytes[..4].copy_from_slice(&(n.cast_unsigned() ^ 1 << 31).to_be_bytes());
            3
        }
        Some(SrcId::Text(t)) => {
            bytes[..4].copy_from_slice(&t);
            4
        }
        Some(SrcId::V6(a)) => {
            bytes = a.octets();
            5
        }
        Some(SrcId::Uuid(u)) => {
            bytes = u;
            6
        }
    };
    out.push(class);
    out.extend_from_slice(&bytes);
}

/// Keeps records until they can be given out in order. Holds their bytes and a few more for each; bounded by the input
/// only, as sorting is.
#[derive(Debug)]
pub struct Sorter {
    order: Order,
    records: Arena,
    places: Arena,
    entries: Vec<Entry>,
    scratch: Vec<u8>,
    as_stored: bool,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    /// The first eight bytes of the record's place.
    head: u64,
    /// The rest of it.
    rest: Place,
    record: Place,
    is_sum: bool,
}

impl Sorter {
    /// For an order. `as_stored` is how its records are to be read when they are given out.
    #[must_use]
    pub fn new(order: Order, as_stored: bool) -> Sorter {
        let (records, places) = (Arena::new(), Arena::new());
        Sorter { order, records, places, entries: Vec::new(), scratch: Vec::new(), as_stored }
    }

    /// Takes a record.
    pub fn push(&mut self, far: &Far<'_>) {
        self.scratch.clear();
        self.order.place(far, &mut self.scratch);
        let head = self
            .scratch
            .first_chunk::<8>()
            .map_or_else(|| self.scratch.iter().fold(0, |n, b| n << 8 | u64::from(*b)), |c| u64::from_be_bytes(*c));
        let rest = match self.scratch.get(8..) {
            Some(rest) if !rest.is_empty() => self.places.push(rest),
            _ => Place::default(),
        };
        let record = self.records.push(far.record().bytes());
        self.entries.push(Entry { head, rest, record, is_sum: far.is_sum() });
    }

    /// Number of records held.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether it holds none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Puts the records in order; `reversed` from last to first.
    pub fn sort(&mut self, reversed: bool) {
        let places = &self.places;
        if reversed {
            self.entries.sort_by(|a, b| b.head.cmp(&a.head).then_with(|| places.get(b.rest).cmp(places.get(a.rest))));
        } else {
            self.entries.sort_by(|a, b| a.head.cmp(&b.head).then_with(|| places.get(a.rest).cmp(places.get(b.rest))));
        }
    }

    /// The records in order.
    pub fn items(&self) -> impl Iterator<Item = Item<'_>> {
        let item = |e: &Entry| {
            let record = RecordRef::new(self.records.get(e.record))?;
            Some(Item { record, is_sum: e.is_sum, as_stored: self.as_stored })
        };
        self.entries.iter().filter_map(item)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_compare_as_their_bytes_do() {
        let values = [f64::NEG_INFINITY, -2.0, -1.5, 0.0, 1e-9, 1.0, 2.0, f64::INFINITY];
        assert!(values.windows(2).all(|w| ordered(w[0]) < ordered(w[1])));
        assert_eq!(ordered(-0.0), ordered(0.0));
    }

    #[test]
    fn names_may_be_shortened_and_mistakes_are_named() {
        let name = |w| find(w).map(|(n, _)| n).map_err(|e| e.to_string());
        assert_eq!((name("byt"), name("sb"), name("d")), (Ok("bytes"), Ok("sbytes"), Ok("dur")));
        for word in ["nosuch", "dir", "suser"] {
            assert!(name(word).unwrap_err().starts_with(&format!("sort syntax error: '{word}' is not supported")));
        }
    }
}
