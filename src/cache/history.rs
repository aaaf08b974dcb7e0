//! The records of the whole session by time, so that pause, rewind and replay can read them again.
//!
//! Records lie as wire bytes in chunks of about a thousand in the order of arrival; each chunk has an index sorted by
//! start, and knows its earliest and latest time. A read walks only chunks that can hold something of the stretch and
//! merges them by start; equal starts keep the order of arrival.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use crate::base::{Span, Timestamp};
use crate::record::SourceId;

const CHUNK_RECORDS: usize = 1024;
const CHUNK_BYTES: usize = 4 << 20;

/// What to do with a record that would exceed the limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhenFull {
    /// Keep the past, turn the new record away: files, which are played from their beginning.
    RefuseNew,
    /// Let the oldest chunk go: live sources, where the near past matters.
    DropOldest,
}

/// One record of the store.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Held<'a> {
    /// Wire bytes.
    pub bytes: &'a [u8],
    /// First to last packet.
    pub span: Span,
    /// Where it came from.
    pub source: SourceId,
}

#[derive(Clone, Copy, Debug)]
struct Item {
    span: Span,
    offset: u32,
    len: u32,
    source: SourceId,
}

#[derive(Debug, Default)]
struct Chunk {
    bytes: Vec<u8>,
    /// Sorted by start.
    items: Vec<Item>,
    last_end: Option<Timestamp>,
}

/// The bounded store.
#[derive(Debug)]
pub struct History {
    chunks: VecDeque<Chunk>,
    limit: usize,
    bytes: usize,
    records: u64,
    refused: u64,
    when_full: WhenFull,
}

impl History {
    /// Default limit in bytes of memory: 1 GiB.
    pub const DEFAULT_LIMIT: usize = 1 << 30;

    /// An empty store of at most `limit` bytes, index included.
    #[must_use]
    pub fn new(limit: usize, when_full: WhenFull) -> History {
        History { chunks: VecDeque::new(), limit, bytes: 0, records: 0, refused: 0, when_full }
    }

    /// Keeps a copy of a record; false if it was turned away.
    pub fn push(&mut self, bytes: &[u8], span: Span, source: SourceId) -> bool {
        let cost = bytes.len() + size_of::<Item>();
        while self.bytes + cost > self.limit {
            let oldest = match self.when_full {
                WhenFull::DropOldest => self.chunks.pop_front(),
                WhenFull::RefuseNew => None,
            };
            let Some(gone) = oldest else {
                self.refused += 1;
                return false;
            };
            self.refused += gone.items.len() as u64;
            self.records -= gone.items.len() as u64;
            self.bytes -= gone.bytes.len() + gone.items.len() * size_of::<Item>();
        }
        let full = |c: &Chunk| c.items.len() >= CHUNK_RECORDS || c.bytes.len() + bytes.len() > CHUNK_BYTES;
        if self.chunks.back().is_none_or(full) {
            if let Some(closed) = self.chunks.back_mut() {
                closed.bytes.shrink_to_fit();
                closed.items.shrink_to_fit();
            }
            self.chunks.push_back(Chunk::default());
        }
        if let Some(chunk) = self.chunks.back_mut() {
            chunk.push(bytes, span, source);
        }
        self.bytes += cost;
        self.records += 1;
        true
    }

    /// Number of records held.
    #[must_use]
    pub fn records(&self) -> u64 {
        self.records
    }

    /// Number of records turned away or let go because of the limit.
    #[must_use]
    pub fn refused(&self) -> u64 {
        self.refused
    }

    /// Bytes of memory in use, index included.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// The records that start behind `after` and not behind `until`, and end behind `alive`, by start.
    pub fn starting_within(
        &self,
        after: Timestamp,
        until: Timestamp,
        alive: Timestamp,
    ) -> impl Iterator<Item = Held<'_>> {
        self.merge(Some(after), until, alive)
    }

    /// The records that have any part in (`after`, `until`], by start: what a window needs after a jump.
    pub fn overlapping(&self, after: Timestamp, until: Timestamp) -> impl Iterator<Item = Held<'_>> {
        self.merge(None, until, after)
    }

    fn merge(&self, after: Option<Timestamp>, until: Timestamp, alive: Timestamp) -> Merge<'_> {
        let mut merge = Merge { chunks: &self.chunks, next: BinaryHeap::new(), until, alive };
        for (number, chunk) in self.chunks.iter().enumerate() {
            if chunk.last_end.is_some_and(|t| t > alive) {
                let from = after.map_or(0, |a| chunk.items.partition_point(|i| i.span.start <= a));
                merge.offer(number, from);
            }
        }
        merge
    }
}

impl Chunk {
    fn push(&mut self, bytes: &[u8], span: Span, source: SourceId) {
        // A chunk stays far below 4 GiB: it is closed at 4 MiB, and one record has at most 256 KiB.
        let (offset, len) = (self.bytes.len() as u32, bytes.len() as u32);
        self.bytes.extend_from_slice(bytes);
        let at = self.items.partition_point(|i| i.span.start <= span.start);
        self.items.insert(at, Item { span, offset, len, source });
        self.last_end = Some(self.last_end.map_or(span.end, |t| t.max(span.end)));
    }

    fn held(&self, index: usize) -> Option<Held<'_>> {
        let item = self.items.get(index)?;
        let bytes = self.bytes.get(item.offset as usize..)?.get(..item.len as usize)?;
        Some(Held { bytes, span: item.span, source: item.source })
    }
}

/// Merges the chunks by start.
struct Merge<'a> {
    chunks: &'a VecDeque<Chunk>,
    /// Start, chunk, index of each chunk's next record.
    next: BinaryHeap<Reverse<(Timestamp, usize, usize)>>,
    until: Timestamp,
    alive: Timestamp,
}

impl Merge<'_> {
    /// Puts the first record of the chunk from `index` on that is still alive among the next ones.
    fn offer(&mut self, number: usize, index: usize) {
        let Some(rest) = self.chunks.get(number).and_then(|c| c.items.get(index..)) else { return };
        let found = rest.iter().position(|i| i.span.end > self.alive || i.span.start > self.until);
        if let Some((at, item)) = found.and_then(|p| rest.get(p).map(|i| (index + p, i)))
            && item.span.start <= self.until
        {
            self.next.push(Reverse((item.span.start, number, at)));
        }
    }
}

impl<'a> Iterator for Merge<'a> {
    type Item = Held<'a>;

    fn next(&mut self) -> Option<Held<'a>> {
        let Reverse((_, number, index)) = self.next.pop()?;
        self.offer(number, index + 1);
        self.chunks.get(number)?.held(index)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(a: i64, b: i64) -> Span {
        Span::new(Timestamp::from_nanos(a), Timestamp::from_nanos(b))
    }

    fn t(n: i64) -> Timestamp {
        Timestamp::from_nanos(n)
    }

    /// Three thousand records in disorder; the bytes are the number.
    fn filled() -> (History, Vec<Span>) {
        let mut h = History::new(History::DEFAULT_LIMIT, WhenFull::RefuseNew);
        let spans: Vec<Span> = (0..3000i64).map(|i| (i * 7919) % 3000).map(|s| span(s, s + (s * 31) % 100)).collect();
        for (i, s) in spans.iter().enumerate() {
            assert!(h.push(&(i as u32).to_be_bytes(), *s, SourceId(0)));
        }
        (h, spans)
    }

    #[test]
    fn reads_are_complete_and_in_order_of_start() {
        let (h, spans) = filled();
        for (after, until) in [(-1, 4000), (100, 200), (1500, 1501), (2999, 5000), (50, 50)] {
            let got: Vec<Span> = h.overlapping(t(after), t(until)).map(|r| r.span).collect();
            let mut want: Vec<Span> =
                spans.iter().copied().filter(|s| s.start <= t(until) && s.end > t(after)).collect();
            want.sort_by_key(|s| s.start);
            assert_eq!(got, want, "{after} {until}");
        }
        let step: Vec<Span> = h.starting_within(t(100), t(200), t(150)).map(|r| r.span).collect();
        assert!(step.iter().all(|s| s.start > t(100) && s.start <= t(200) && s.end > t(150)));
        assert_eq!(
            step.len(),
            spans.iter().filter(|s| s.start > t(100) && s.start <= t(200) && s.end > t(150)).count()
        );
    }

    #[test]
    fn a_record_gives_its_bytes_back() {
        let (h, spans) = filled();
        for r in h.overlapping(t(-1), t(4000)) {
            let i = u32::from_be_bytes(r.bytes.try_into().expect("four bytes")) as usize;
            assert_eq!(spans[i], r.span);
        }
    }

    #[test]
    fn the_limit_refuses_new_records_or_drops_old_ones() {
        let cost = 4 + size_of::<Item>();
        let mut keep = History::new(3 * cost, WhenFull::RefuseNew);
        let mut roll = History::new(2000 * cost, WhenFull::DropOldest);
        for i in 0..3000 {
            keep.push(&[0; 4], span(i, i), SourceId(0));
            roll.push(&[0; 4], span(i, i), SourceId(0));
        }
        assert_eq!((keep.records(), keep.refused()), (3, 2997));
        assert_eq!((roll.records(), roll.refused()), (3000 - 1024, 1024));
        assert_eq!(roll.overlapping(t(-1), t(5000)).next().map(|r| r.span), Some(span(1024, 1024)));
        assert!(roll.bytes() <= 2000 * cost);
    }
}
