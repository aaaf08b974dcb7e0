//! About a thousand records as they lie in memory and in the spool.

use super::Held;
use crate::base::{Span, Timestamp};
use crate::record::SourceId;

/// Bytes of an item in the spool: start, end, offset, length, source; little-endian.
const ITEM_BYTES: usize = 8 + 8 + 4 + 4 + 2;

#[derive(Clone, Copy, Debug, PartialEq)]
struct Item {
    span: Span,
    offset: u32,
    len: u32,
    source: SourceId,
}

/// Memory that the entry of one record takes besides its bytes.
pub(super) const ITEM_COST: usize = size_of::<Item>();

/// Records in the order of arrival, with an index by start.
#[derive(Debug, Default)]
pub(super) struct Chunk {
    bytes: Vec<u8>,
    /// Sorted by start; equal starts in the order of arrival.
    items: Vec<Item>,
}

/// From when to when the records of a chunk are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Extent {
    pub(super) first_start: Timestamp,
    pub(super) last_start: Timestamp,
    pub(super) last_end: Timestamp,
    pub(super) records: u64,
}

impl Extent {
    pub(super) fn of(span: Span) -> Extent {
        Extent { first_start: span.start, last_start: span.start, last_end: span.end, records: 1 }
    }

    pub(super) fn add(&mut self, span: Span) {
        self.first_start = self.first_start.min(span.start);
        self.last_start = self.last_start.max(span.start);
        self.last_end = self.last_end.max(span.end);
        self.records += 1;
    }
}

/// Which records are wanted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted {
    /// They start behind this, if it is given.
    pub(super) after: Option<Timestamp>,
    /// They start not behind this.
    pub(super) until: Timestamp,
    /// They end behind this.
    pub(super) alive: Timestamp,
}

impl Wanted {
    /// Whether a chunk may hold one.
    pub(super) fn may_be_in(&self, extent: Extent) -> bool {
        extent.last_end > self.alive
            && extent.first_start <= self.until
            && self.after.is_none_or(|a| extent.last_start > a)
    }

    /// Where to begin in a chunk.
    pub(super) fn begin(&self, chunk: &Chunk) -> usize {
        self.after.map_or(0, |a| chunk.items.partition_point(|i| i.span.start <= a))
    }
}

impl Chunk {
    pub(super) fn push(&mut self, bytes: &[u8], span: Span, source: SourceId) {
        // A chunk stays far below 4 GiB: it is closed at 4 MiB, and one record has at most 256 KiB.
        let (offset, len) = (self.bytes.len() as u32, bytes.len() as u32);
        self.bytes.extend_from_slice(bytes);
        let at = self.items.partition_point(|i| i.span.start <= span.start);
        self.items.insert(at, Item { span, offset, len, source });
    }

    /// Gives room that is not used back.
    pub(super) fn close(&mut self) {
        self.bytes.shrink_to_fit();
        self.items.shrink_to_fit();
    }

    /// Number of records.
    pub(super) fn len(&self) -> usize {
        self.items.len()
    }

    /// Bytes of its records.
    pub(super) fn byte_len(&self) -> usize {
        self.bytes.len()
    }

    /// Bytes of memory that count for it.
    pub(super) fn cost(&self) -> usize {
        self.bytes.len() + self.items.len() * ITEM_COST
    }

    /// The first record from `index` on that is wanted: where it is and when it starts.
    pub(super) fn next(&self, index: usize, wanted: &Wanted) -> Option<(usize, Timestamp)> {
        let rest = self.items.get(index..)?;
        let at = rest.iter().position(|i| i.span.end > wanted.alive || i.span.start > wanted.until)?;
        let start = rest.get(at)?.span.start;
        (start <= wanted.until).then_some((index + at, start))
    }

    pub(super) fn held(&self, index: usize) -> Option<Held<'_>> {
        let item = self.items.get(index)?;
        let bytes = self.bytes.get(item.offset as usize..)?.get(..item.len as usize)?;
        Some(Held { bytes, span: item.span, source: item.source })
    }

    /// Only what is wanted.
    pub(super) fn picked(&self, wanted: &Wanted) -> Chunk {
        let mut out = Chunk::default();
        let mut from = wanted.begin(self);
        while let Some((at, _)) = self.next(from, wanted) {
            if let Some(held) = self.held(at) {
                out.push(held.bytes, held.span, held.source);
            }
            from = at + 1;
        }
        out
    }

    /// Appends it as it lies in the spool: number of records, items, bytes.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&(self.items.len() as u64).to_le_bytes());
        for i in &self.items {
            out.extend_from_slice(&i.span.start.nanos().to_le_bytes());
            out.extend_from_slice(&i.span.end.nanos().to_le_bytes());
            out.extend_from_slice(&i.offset.to_le_bytes());
            out.extend_from_slice(&i.len.to_le_bytes());
            out.extend_from_slice(&i.source.0.to_le_bytes());
        }
        out.extend_from_slice(&self.bytes);
    }

    /// Reads what [`write`](Chunk::write) wrote; none if it is anything else.
    pub(super) fn read(stored: &[u8]) -> Option<Chunk> {
        let (count, rest) = stored.split_first_chunk::<8>()?;
        let count = usize::try_from(u64::from_le_bytes(*count)).ok()?;
        let (items, bytes) = rest.split_at_checked(count.checked_mul(ITEM_BYTES)?)?;
        let items: Option<Vec<Item>> = items.chunks_exact(ITEM_BYTES).map(item).collect();
        Some(Chunk { items: items?, bytes: bytes.to_vec() })
    }
}

fn item(mut b: &[u8]) -> Option<Item> {
    fn take<const N: usize>(b: &mut &[u8]) -> Option<[u8; N]> {
        let (first, rest) = b.split_first_chunk::<N>()?;
        *b = rest;
        Some(*first)
    }
    let start = Timestamp::from_nanos(i64::from_le_bytes(take(&mut b)?));
    let end = Timestamp::from_nanos(i64::from_le_bytes(take(&mut b)?));
    let (offset, len) = (u32::from_le_bytes(take(&mut b)?), u32::from_le_bytes(take(&mut b)?));
    let source = SourceId(u16::from_le_bytes(take(&mut b)?));
    Some(Item { span: Span { start, end }, offset, len, source })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chunk_comes_back_from_the_spool_as_it_went() {
        let mut chunk = Chunk::default();
        for (n, at) in [(0u8, 50), (1, 10), (2, 30), (3, 10)] {
            let span = Span::new(Timestamp::from_nanos(at), Timestamp::from_nanos(at + 5));
            chunk.push(&vec![n; usize::from(n)], span, SourceId(n.into()));
        }
        let mut stored = Vec::new();
        chunk.write(&mut stored);
        let back = Chunk::read(&stored).expect("a chunk");
        assert_eq!((&back.items, &back.bytes), (&chunk.items, &chunk.bytes));
        for cut in 0..stored.len() - chunk.bytes.len() {
            assert!(Chunk::read(&stored[..cut]).is_none(), "{cut}");
        }
        let huge = [&u64::MAX.to_le_bytes()[..], &stored[8..]].concat();
        assert!(Chunk::read(&huge).is_none());
    }
}
