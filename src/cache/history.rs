//! The records of the whole session by time, so that pause, rewind and replay can read them again.
//!
//! Records lie as wire bytes in chunks of about a thousand in the order of arrival; each chunk has an index sorted by
//! start, and of each is known from when to when its records are. A read looks only into chunks that can hold something
//! of the stretch and merges them by start; equal starts keep the order of arrival.
//!
//! Memory is bounded. Beyond the bound the oldest chunks of recordings go into a temporary file, so that a recording
//! may be larger than memory; those of live sources are let go.

mod chunk;
mod spool;

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::ops::ControlFlow;

use crate::base::hash::Map;
use crate::base::{Span, Timestamp};
use crate::record::SourceId;
use chunk::{Chunk, Extent, ITEM_COST, Wanted};
use spool::{Spool, Stored};

const CHUNK_RECORDS: usize = 1024;
const CHUNK_BYTES: usize = 4 << 20;

/// What to do with a record that would exceed the limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhenFull {
    /// Put the oldest chunk into a temporary file: recordings. Where that cannot be done new records are turned away.
    Spool,
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

#[derive(Debug)]
enum Place {
    Memory(Chunk),
    Disk(Stored),
}

#[derive(Debug)]
struct Slot {
    extent: Extent,
    place: Place,
}

/// The bounded store.
#[derive(Debug)]
pub struct History {
    slots: VecDeque<Slot>,
    /// How many of the first slots are on disk.
    spooled: usize,
    spool: Spool,
    limit: usize,
    bytes: usize,
    records: u64,
    refused: u64,
    when_full: WhenFull,
    trouble: Option<String>,
    /// A chunk as it is written and read.
    buffer: Vec<u8>,
}

impl History {
    /// The usual limit in bytes of memory: 512 MiB where what is beyond it is lost, and 128 MiB where it is read from a
    /// file.
    #[must_use]
    pub fn usual_limit(when_full: WhenFull) -> usize {
        match when_full {
            WhenFull::DropOldest => 512 << 20,
            WhenFull::Spool => 128 << 20,
        }
    }

    /// An empty store of at most `limit` bytes of memory, index included.
    #[must_use]
    pub fn new(limit: usize, when_full: WhenFull) -> History {
        History {
            slots: VecDeque::new(),
            spooled: 0,
            spool: Spool::default(),
            limit,
            bytes: 0,
            records: 0,
            refused: 0,
            when_full,
            trouble: None,
            buffer: Vec::new(),
        }
    }

    /// Keeps a copy of a record; false if it was turned away.
    pub fn push(&mut self, bytes: &[u8], span: Span, source: SourceId) -> bool {
        let cost = bytes.len() + ITEM_COST;
        while self.bytes + cost > self.limit {
            if !self.make_room() {
                self.refused += 1;
                return false;
            }
        }
        let is_full = |c: &Chunk| c.len() >= CHUNK_RECORDS || c.byte_len() + bytes.len() > CHUNK_BYTES;
        match self.slots.back_mut() {
            Some(Slot { extent, place: Place::Memory(chunk) }) if !is_full(chunk) => {
                chunk.push(bytes, span, source);
                extent.add(span);
            }
            last => {
                if let Some(Slot { place: Place::Memory(closed), .. }) = last {
                    closed.close();
                }
                let mut chunk = Chunk::default();
                chunk.push(bytes, span, source);
                self.slots.push_back(Slot { extent: Extent::of(span), place: Place::Memory(chunk) });
            }
        }
        self.bytes += cost;
        self.records += 1;
        true
    }

    /// Takes the oldest chunk out of memory; false if there is none, or no place for it.
    fn make_room(&mut self) -> bool {
        match self.when_full {
            WhenFull::DropOldest => {
                let Some(Slot { place: Place::Memory(gone), .. }) = self.slots.pop_front() else { return false };
                self.refused += gone.len() as u64;
                self.records -= gone.len() as u64;
                self.bytes -= gone.cost();
            }
            WhenFull::Spool => {
                let Some(slot) = self.slots.get_mut(self.spooled).filter(|_| self.trouble.is_none()) else {
                    return false;
                };
                let Place::Memory(chunk) = &slot.place else { return false };
                self.buffer.clear();
                chunk.write(&mut self.buffer);
                let cost = chunk.cost();
                match self.spool.write(&self.buffer) {
                    Ok(stored) => slot.place = Place::Disk(stored),
                    Err(e) => {
                        let folder = spool::folder();
                        self.trouble = Some(format!(
                            "the recording is larger than the memory kept for replay ({} MB), and no more of it can be \
                             put into a temporary file in {folder:?} ({e}); make room there, set TMPDIR to another \
                             folder, or raise --history",
                            self.limit >> 20
                        ));
                        return false;
                    }
                }
                self.spooled += 1;
                self.bytes -= cost;
            }
        }
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

    /// The earliest start of a record held, where older ones were let go; nothing if none were.
    #[must_use]
    pub fn kept_from(&self) -> Option<Timestamp> {
        let lossy = self.when_full == WhenFull::DropOldest && self.refused > 0;
        self.slots.iter().map(|s| s.extent.first_start).min().filter(|_| lossy)
    }

    /// Bytes of memory in use, index included.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// What is wrong with the temporary file, if anything is.
    #[must_use]
    pub fn trouble(&self) -> Option<&str> {
        self.trouble.as_deref()
    }

    /// Calls with the records that start behind `after` and not behind `until`, and end behind `alive`, by start, until
    /// the call breaks off.
    pub fn starting_within(
        &mut self,
        after: Timestamp,
        until: Timestamp,
        alive: Timestamp,
        call: impl FnMut(Held<'_>) -> ControlFlow<()>,
    ) {
        self.merge(&Wanted { after: Some(after), until, alive }, call);
    }

    /// The same with the records that have any part in (`after`, `until`]: what a window needs after a jump.
    pub fn overlapping(&mut self, after: Timestamp, until: Timestamp, call: impl FnMut(Held<'_>) -> ControlFlow<()>) {
        self.merge(&Wanted { after: None, until, alive: after }, call);
    }

    /// How many records [`starting_within`](History::starting_within) gives, counted by whole chunks: never too few.
    #[must_use]
    pub fn at_most_within(&self, after: Timestamp, until: Timestamp, alive: Timestamp) -> u64 {
        let wanted = Wanted { after: Some(after), until, alive };
        self.slots.iter().filter(|s| wanted.may_be_in(s.extent)).map(|s| s.extent.records).sum()
    }

    fn merge(&mut self, wanted: &Wanted, mut call: impl FnMut(Held<'_>) -> ControlFlow<()>) {
        // The next record of each chunk by start; a chunk on disk stands with its earliest start until it is read.
        let mut next = BinaryHeap::new();
        for (number, slot) in self.slots.iter().enumerate().filter(|(_, s)| wanted.may_be_in(s.extent)) {
            match &slot.place {
                Place::Memory(chunk) => {
                    let first = chunk.next(wanted.begin(chunk), wanted);
                    next.extend(first.map(|(at, start)| Reverse((start, number, Some(at)))));
                }
                Place::Disk(_) => next.push(Reverse((slot.extent.first_start, number, None))),
            }
        }
        // Of chunks on disk what is wanted, until it has been given out.
        let mut read: Map<usize, Chunk> = Map::default();
        while let Some(Reverse((_, number, at))) = next.pop() {
            let Some(at) = at else {
                let chunk = self.fetch(number).picked(wanted);
                next.extend(chunk.next(0, wanted).map(|(at, start)| Reverse((start, number, Some(at)))));
                read.insert(number, chunk);
                continue;
            };
            let chunk = match self.slots.get(number).map(|s| &s.place) {
                Some(Place::Memory(chunk)) => Some(chunk),
                _ => read.get(&number),
            };
            let Some(chunk) = chunk else { continue };
            if chunk.held(at).is_some_and(|held| call(held).is_break()) {
                return;
            }
            match chunk.next(at + 1, wanted) {
                Some((at, start)) => next.push(Reverse((start, number, Some(at)))),
                None => {
                    read.remove(&number);
                }
            }
        }
    }

    /// A chunk from disk; an empty one if it cannot be read.
    fn fetch(&mut self, number: usize) -> Chunk {
        let Some(Place::Disk(stored)) = self.slots.get(number).map(|s| &s.place) else { return Chunk::default() };
        let done = self.spool.read(*stored, &mut self.buffer);
        let chunk = done.map(|()| Chunk::read(&self.buffer)).transpose();
        match chunk {
            Some(Ok(chunk)) => chunk,
            failed => {
                let why = failed.and_then(Result::err).map_or_else(|| "it was changed".to_owned(), |e| e.to_string());
                self.trouble = Some(format!("a part of the recording cannot be read from the temporary file: {why}"));
                Chunk::default()
            }
        }
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
    fn filled_within(limit: usize) -> (History, Vec<Span>) {
        let mut h = History::new(limit, WhenFull::Spool);
        let spans: Vec<Span> = (0..3000i64).map(|i| (i * 7919) % 3000).map(|s| span(s, s + (s * 31) % 100)).collect();
        for (i, s) in spans.iter().enumerate() {
            assert!(h.push(&(i as u32).to_be_bytes(), *s, SourceId(0)));
        }
        (h, spans)
    }

    /// All records that have any part in a stretch.
    fn all(h: &mut History, after: i64, until: i64) -> Vec<(Vec<u8>, Span)> {
        let mut found = Vec::new();
        h.overlapping(t(after), t(until), |r| {
            found.push((r.bytes.to_vec(), r.span));
            ControlFlow::Continue(())
        });
        found
    }

    #[test]
    fn reads_are_complete_and_in_order_of_start() {
        // All in memory, nearly all in the temporary file, and half and half.
        for limit in [1 << 20, 2000, 1500 * (4 + ITEM_COST)] {
            let (mut h, spans) = filled_within(limit);
            assert_eq!((h.records(), h.refused(), h.trouble()), (3000, 0, None), "{limit}");
            assert!(h.bytes() <= limit);
            for (after, until) in [(-1, 4000), (100, 200), (1500, 1501), (2999, 5000), (50, 50)] {
                let got: Vec<Span> = all(&mut h, after, until).iter().map(|r| r.1).collect();
                let mut want: Vec<Span> =
                    spans.iter().copied().filter(|s| s.start <= t(until) && s.end > t(after)).collect();
                want.sort_by_key(|s| s.start);
                assert_eq!(got, want, "{limit} {after} {until}");
            }
            let mut step = Vec::new();
            h.starting_within(t(100), t(200), t(150), |r| {
                step.push(r.span);
                ControlFlow::Continue(())
            });
            let is_wanted = |s: &&Span| s.start > t(100) && s.start <= t(200) && s.end > t(150);
            assert!(step.iter().all(|s| is_wanted(&s)));
            assert_eq!(step.len(), spans.iter().filter(is_wanted).count());
        }
    }

    #[test]
    fn a_record_gives_its_bytes_back() {
        for limit in [1 << 20, 2000] {
            let (mut h, spans) = filled_within(limit);
            let found = all(&mut h, -1, 4000);
            assert!(found.len() > 2900);
            for (bytes, span) in found {
                let i = u32::from_be_bytes(bytes.as_slice().try_into().expect("four bytes")) as usize;
                assert_eq!(spans[i], span);
            }
        }
    }

    #[test]
    fn a_read_ends_where_it_is_broken_off() {
        for limit in [1 << 20, 2000] {
            let (mut h, _) = filled_within(limit);
            let mut found = Vec::new();
            h.starting_within(t(70), Timestamp::MAX, Timestamp::MIN, |r| {
                found.push(r.span.start);
                if found.len() == 2 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            });
            assert_eq!(found, [t(71), t(72)]);
        }
    }

    #[test]
    fn live_sources_let_the_oldest_records_go() {
        let cost = 4 + ITEM_COST;
        let mut roll = History::new(2000 * cost, WhenFull::DropOldest);
        for i in 0..2000 {
            roll.push(&[0; 4], span(i, i), SourceId(0));
        }
        assert_eq!(roll.kept_from(), None);
        for i in 2000..3000 {
            roll.push(&[0; 4], span(i, i), SourceId(0));
        }
        assert_eq!(roll.kept_from(), Some(t(1024)));
        assert_eq!((roll.records(), roll.refused()), (3000 - 1024, 1024));
        assert_eq!(all(&mut roll, -1, 5000).first().map(|r| r.1), Some(span(1024, 1024)));
        assert!(roll.bytes() <= 2000 * cost);
    }
}
