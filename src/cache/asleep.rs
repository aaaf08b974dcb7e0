//! The records of the window that wait for their next change, as few bytes each.
//!
//! Nearly all records of a window wait: one that is over changes again only when the rate interval and the window pass
//! it. They lie in buckets by the time they are due, in the order in which they came, so that a bucket is read once and
//! whole.

use std::collections::BTreeMap;

use super::entry::{Entry, Written};

/// Buckets are 2^28 ns long, about a quarter of a second.
const BUCKET_BITS: u32 = 28;
/// Bytes lie in blocks of this size, so that a bucket neither grows by copying nor keeps much room that it does not use.
const BLOCK: usize = 16 << 10;
/// No entry takes more.
pub(super) const LONGEST: usize = 160;

/// All buckets.
#[derive(Debug, Default)]
pub(super) struct Asleep {
    buckets: BTreeMap<i64, Vec<Vec<u8>>>,
}

/// One bucket, taken out.
#[derive(Debug)]
pub(super) struct Bucket {
    /// What times in it are told from.
    pub(super) base: i64,
    pub(super) blocks: Vec<Vec<u8>>,
}

/// The bucket that a time lies in.
pub(super) fn bucket_of(time: i64) -> i64 {
    time >> BUCKET_BITS
}

impl Asleep {
    /// Puts an entry into the bucket of its time.
    pub(super) fn put(&mut self, entry: &Entry, written: Written) {
        let number = bucket_of(entry.due);
        let blocks = self.buckets.entry(number).or_default();
        let is_full = |b: &Vec<u8>| b.len() + LONGEST > BLOCK;
        if blocks.last().is_none_or(is_full) {
            // The first block grows, as most buckets of a calm recording are small.
            blocks.push(if blocks.is_empty() { Vec::new() } else { Vec::with_capacity(BLOCK) });
        }
        if let Some(block) = blocks.last_mut() {
            entry.write(number << BUCKET_BITS, written, block);
        }
    }

    /// Takes out the earliest bucket, if it is not behind `last`.
    pub(super) fn take(&mut self, last: i64) -> Option<Bucket> {
        let first = self.buckets.first_entry().filter(|b| *b.key() <= last)?;
        let base = first.key() << BUCKET_BITS;
        Some(Bucket { base, blocks: first.remove() })
    }

    pub(super) fn clear(&mut self) {
        self.buckets.clear();
    }
}
