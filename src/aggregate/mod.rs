//! Many flow records as few: merging by key, sorting, counting.
//!
//! Records come in as views and go out as bytes, so that whoever prints or writes records does not know that these were
//! made here. [`Clusters`] merges records of one key ([`Model`]); what it keeps of a flow is [`Merged`], an owned set of
//! accumulators that is made only when a second record of the key comes. [`Sorter`] holds the bytes of records with the
//! few bytes by which they compare.
//!
//! Everything here holds what the input makes it hold: one entry per key, one record per record. There is no other
//! bound, since every key has an answer in the output; whoever merges without end gives flows out by their age.
//!
//! This room knows no file and no option.

mod arena;
mod cluster;
mod core;
mod encode;
mod key;
mod label;
mod merge;
mod merged;
mod sort;
#[cfg(test)]
mod tests;

use crate::record::{Far, RecordRef};

pub use arena::{Arena, Place};
pub use cluster::{Clusters, Rules};
pub use core::Core;
pub use key::{Key, KeyError, Matrix, Model, Prefix};
pub use merged::Merged;
pub use sort::{Order, OrderError, Sorter};

/// Something given out: a record, and whether it was merged here.
#[derive(Clone, Copy, Debug)]
pub struct Item<'a> {
    /// The record.
    pub record: RecordRef<'a>,
    /// Whether it is the sum of several.
    pub is_sum: bool,
}

impl<'a> Item<'a> {
    /// The view of the record; loads of sums count every packet.
    #[must_use]
    pub fn far(&self) -> Option<Far<'a>> {
        if self.is_sum { Far::decode_sum(self.record) } else { Far::decode(self.record) }
    }
}
