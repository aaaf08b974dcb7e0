//! A record of the window: awake, as it is summed, and asleep, as few bytes.

use super::slab::NONE;
use super::spread::{Part, Spread};
use crate::record::Counts;

/// The entries of the tables that a record belongs to; [`NONE`] where it has none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ends {
    pub(super) flow: u32,
    pub(super) pair: u32,
    pub(super) src: u32,
    pub(super) dst: u32,
}

/// What a record goes without, because it has none or because a table was full.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Lacks {
    pub(super) addresses: bool,
    pub(super) host: bool,
    pub(super) pair: bool,
    pub(super) flow: bool,
}

/// A record in the window.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Entry {
    pub(super) spread: Spread,
    /// When its shares change next. Until then they are what they were a nanosecond before.
    pub(super) due: i64,
    pub(super) ends: Ends,
    pub(super) lacks: Lacks,
}

/// How the ends of a record are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Written {
    /// All four numbers.
    Out,
    /// The flow's number; the flow has the same ends.
    ByFlow,
    /// The pair's number, and whether its first address is the source; the record has no flow.
    ByPair(bool),
}

/// What a flow or a pair has as its ends, for records that are written by its number.
pub(super) trait Tables {
    fn ends_of_flow(&self, flow: u32) -> Option<Ends>;
    fn ends_of_pair(&self, pair: u32, first_is_source: bool) -> Option<Ends>;
}

/// Times are written in microseconds, as nearly all sensors give them.
const MICROS: u16 = 1;
const SRC_WHOLE: u16 = 1 << 1;
const DST_WHOLE: u16 = 1 << 2;
const SRC_SILENT: u16 = 1 << 3;
const DST_SILENT: u16 = 1 << 4;
const BY_FLOW: u16 = 1 << 5;
const BY_PAIR: u16 = 1 << 6;
const FIRST_IS_SOURCE: u16 = 1 << 7;
const LACKS_ADDRESSES: u16 = 1 << 8;
const LACKS_HOST: u16 = 1 << 9;
const LACKS_PAIR: u16 = 1 << 10;
const LACKS_FLOW: u16 = 1 << 11;

impl Entry {
    /// Appends the entry. Times are told from `base`, which lies near them; `base` ≤ `due` < `base` + 2^32.
    pub(super) fn write(&self, base: i64, written: Written, out: &mut Vec<u8>) {
        let Spread { start, end, src, dst, .. } = self.spread;
        let times = [start, end, src.start, src.end, dst.start, dst.end];
        let micros = times.iter().all(|t| t % 1000 == 0);
        let whole = |p: &Part| (p.start, p.end) == (start, end);
        let silent = |p: &Part| p.counts == Counts::default();
        let flags = [
            (micros, MICROS),
            (whole(&src), SRC_WHOLE),
            (whole(&dst), DST_WHOLE),
            (silent(&src), SRC_SILENT),
            (silent(&dst), DST_SILENT),
            (written == Written::ByFlow, BY_FLOW),
            (matches!(written, Written::ByPair(_)), BY_PAIR),
            (written == Written::ByPair(true), FIRST_IS_SOURCE),
            (self.lacks.addresses, LACKS_ADDRESSES),
            (self.lacks.host, LACKS_HOST),
            (self.lacks.pair, LACKS_PAIR),
            (self.lacks.flow, LACKS_FLOW),
        ];
        let flags = flags.into_iter().filter(|f| f.0).fold(0, |sum, f| sum | f.1);
        out.extend_from_slice(&u16::to_le_bytes(flags));
        out.extend_from_slice(&(self.due.wrapping_sub(base) as u32).to_le_bytes());
        let unit = Unit::of(micros, base);
        unit.write_time(start, out);
        unit.write_length(start, end, out);
        for part in [&src, &dst] {
            if !whole(part) {
                unit.write_length(start, part.start, out);
                unit.write_length(part.start, part.end, out);
            }
            if !silent(part) {
                write_number(part.counts.pkts, out);
                write_number(part.counts.bytes, out);
                write_number(part.counts.appbytes, out);
            }
        }
        let Ends { flow, pair, src, dst } = self.ends;
        match written {
            Written::ByFlow => write_number(flow.into(), out),
            Written::ByPair(_) => write_number(pair.into(), out),
            // The missing number, the highest, becomes the shortest.
            Written::Out => [flow, pair, src, dst].iter().for_each(|id| write_number(id.wrapping_add(1).into(), out)),
        }
    }

    /// Takes an entry off the front of what [`write`](Entry::write) wrote with the same base.
    pub(super) fn read(bytes: &mut &[u8], base: i64, tables: &impl Tables) -> Option<Entry> {
        let flags = u16::from_le_bytes(take(bytes)?);
        let is = |flag: u16| flags & flag != 0;
        let due = base.wrapping_add(u32::from_le_bytes(take(bytes)?).into());
        let unit = Unit::of(is(MICROS), base);
        let start = unit.read_time(bytes)?;
        let end = unit.read_length(start, bytes)?;
        let mut part = |whole: bool, silent: bool| {
            let (start, end) = if whole {
                (start, end)
            } else {
                let own = unit.read_length(start, bytes)?;
                (own, unit.read_length(own, bytes)?)
            };
            let counts = if silent {
                Counts::default()
            } else {
                Counts { pkts: read_number(bytes)?, bytes: read_number(bytes)?, appbytes: read_number(bytes)? }
            };
            Some(Part { start, end, counts })
        };
        let src = part(is(SRC_WHOLE), is(SRC_SILENT))?;
        let dst = part(is(DST_WHOLE), is(DST_SILENT))?;
        let mut id = || read_number(bytes).map(|n| n as u32);
        let ends = if is(BY_FLOW) {
            tables.ends_of_flow(id()?)?
        } else if is(BY_PAIR) {
            tables.ends_of_pair(id()?, is(FIRST_IS_SOURCE))?
        } else {
            let mut id = || id().map(|n| n.wrapping_sub(1));
            Ends { flow: id()?, pair: id()?, src: id()?, dst: id()? }
        };
        let lacks =
            Lacks { addresses: is(LACKS_ADDRESSES), host: is(LACKS_HOST), pair: is(LACKS_PAIR), flow: is(LACKS_FLOW) };
        Some(Entry { spread: Spread::new(start, end, src, dst), due, ends, lacks })
    }
}

impl Ends {
    /// The shortest way to write these ends.
    pub(super) fn shortest(self, tables: &impl Tables) -> Written {
        if self.flow != NONE {
            let same = tables.ends_of_flow(self.flow) == Some(self);
            return if same { Written::ByFlow } else { Written::Out };
        }
        let by_pair = |first_is_source| tables.ends_of_pair(self.pair, first_is_source) == Some(self);
        match (by_pair(true), by_pair(false)) {
            (true, _) => Written::ByPair(true),
            (false, true) => Written::ByPair(false),
            (false, false) => Written::Out,
        }
    }
}

/// What times are told in, and from where.
#[derive(Clone, Copy)]
struct Unit {
    nanos: i64,
    base: i64,
}

impl Unit {
    fn of(micros: bool, base: i64) -> Unit {
        let nanos = if micros { 1000 } else { 1 };
        Unit { nanos, base: base.div_euclid(nanos) }
    }

    fn write_time(self, time: i64, out: &mut Vec<u8>) {
        let n = (time / self.nanos).wrapping_sub(self.base);
        // Small numbers of either sign become small numbers.
        write_number(((n << 1) ^ (n >> 63)) as u64, out);
    }

    fn read_time(self, bytes: &mut &[u8]) -> Option<i64> {
        let n = read_number(bytes)?;
        let n = (n >> 1) as i64 ^ -((n & 1) as i64);
        Some(n.wrapping_add(self.base).wrapping_mul(self.nanos))
    }

    fn write_length(self, from: i64, to: i64, out: &mut Vec<u8>) {
        write_number((to / self.nanos).wrapping_sub(from / self.nanos) as u64, out);
    }

    fn read_length(self, from: i64, bytes: &mut &[u8]) -> Option<i64> {
        let n = read_number(bytes)? as i64;
        Some((from / self.nanos).wrapping_add(n).wrapping_mul(self.nanos))
    }
}

/// Seven bits a byte, the lowest first; the highest bit says that more follow.
fn write_number(mut n: u64, out: &mut Vec<u8>) {
    while n >= 0x80 {
        out.push(n as u8 | 0x80);
        n >>= 7;
    }
    out.push(n as u8);
}

fn read_number(bytes: &mut &[u8]) -> Option<u64> {
    let mut n = 0;
    for shift in (0..64).step_by(7) {
        let [byte] = take(bytes)?;
        n |= u64::from(byte & 0x7F) << shift;
        if byte < 0x80 {
            break;
        }
    }
    Some(n)
}

fn take<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
    let (first, rest) = bytes.split_first_chunk::<N>()?;
    *bytes = rest;
    Some(*first)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// One flow and one pair.
    struct Few;

    const OF_FLOW: Ends = Ends { flow: 5, pair: 6, src: 7, dst: 8 };

    impl Tables for Few {
        fn ends_of_flow(&self, flow: u32) -> Option<Ends> {
            (flow == 5).then_some(OF_FLOW)
        }

        fn ends_of_pair(&self, pair: u32, first_is_source: bool) -> Option<Ends> {
            let (src, dst) = if first_is_source { (7, 8) } else { (8, 7) };
            (pair == 6).then_some(Ends { flow: NONE, pair, src, dst })
        }
    }

    fn any_ends() -> impl Strategy<Value = Ends> {
        let id = || prop_oneof![Just(NONE), any::<u32>()];
        let free = (id(), id(), id(), id()).prop_map(|(flow, pair, src, dst)| Ends { flow, pair, src, dst });
        let by_pair = any::<bool>().prop_filter_map("a pair", |first| Few.ends_of_pair(6, first));
        prop_oneof![Just(OF_FLOW), by_pair, Just(Ends { src: 1, ..OF_FLOW }), free]
    }

    fn any_time() -> impl Strategy<Value = i64> {
        prop_oneof![any::<i64>(), (-1000i64..1000).prop_map(|t| t * 1000), Just(i64::MIN), Just(i64::MAX)]
    }

    fn any_part() -> impl Strategy<Value = Option<Part>> {
        let number = || prop_oneof![Just(0), 0u64..300, any::<u64>()];
        let counts = (number(), number(), number());
        let part = (any_time(), any_time(), counts).prop_map(|(start, end, (pkts, bytes, appbytes))| Part {
            start,
            end,
            counts: Counts { pkts, bytes, appbytes },
        });
        proptest::option::of(part)
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(
            (start, end) in (any_time(), any_time()),
            parts in (any_part(), any_part()),
            (bucket, after) in (any::<i64>(), 0i64..1 << 28),
            ends in any_ends(),
            lacks in 0u8..16,
        ) {
            let base = bucket >> 28 << 28;
            let whole = Part { start, end, counts: Counts::default() };
            let spread = Spread::new(start, end, parts.0.unwrap_or(whole), parts.1.unwrap_or(whole));
            let lacks = Lacks {
                addresses: lacks & 1 != 0,
                host: lacks & 2 != 0,
                pair: lacks & 4 != 0,
                flow: lacks & 8 != 0,
            };
            let entry = Entry { spread, due: base.wrapping_add(after), ends, lacks };
            let mut bytes = Vec::new();
            entry.write(base, ends.shortest(&Few), &mut bytes);
            prop_assert!(bytes.len() <= super::super::asleep::LONGEST);
            bytes.push(99);
            let mut rest = bytes.as_slice();
            prop_assert_eq!(Entry::read(&mut rest, base, &Few), Some(entry));
            prop_assert_eq!(rest, [99]);
            for cut in 0..bytes.len() - 1 {
                prop_assert_eq!(Entry::read(&mut &bytes[..cut], base, &Few), None);
            }
        }
    }

    #[test]
    fn a_usual_record_takes_few_bytes() {
        let (start, end) = (1_700_000_000_123_456_000, 1_700_000_000_923_456_000);
        let part = Part { start, end, counts: Counts { pkts: 12, bytes: 4000, appbytes: 3300 } };
        let due = start + 120_000_000_000;
        let spread = Spread::new(start, end, part, part);
        let entry = Entry { spread, due, ends: OF_FLOW, lacks: Lacks::default() };
        let mut bytes = Vec::new();
        entry.write(due >> 28 << 28, OF_FLOW.shortest(&Few), &mut bytes);
        assert!(bytes.len() <= 26, "{}", bytes.len());
    }
}
