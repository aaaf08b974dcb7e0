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
mod bins;
mod cluster;
mod conf;
mod core;
mod encode;
mod histogram;
mod key;
mod label;
mod merge;
mod merged;
mod sort;
#[cfg(test)]
mod tests;

use crate::record::{Far, RecordRef};

pub use arena::{Arena, Place};
pub use bins::Width;
pub use cluster::{Age, Clusters, Rules};
pub use conf::{ConfError, Rule, parse as parse_rules, words as rule_words};
pub use core::Core;
pub use histogram::{Classes, Histogram, MAX_CLASSES, Summary};
pub use key::{Key, KeyError, Matrix, Model, Prefix};
pub use merged::Merged;
pub use sort::{Order, OrderError, Sorter};

/// Something given out: a record, and how it is to be read.
#[derive(Clone, Copy, Debug)]
pub struct Item<'a> {
    /// The record.
    pub record: RecordRef<'a>,
    /// Whether it is the sum of several.
    pub is_sum: bool,
    /// Whether its direction is the one in which it is stored.
    pub as_stored: bool,
}

impl<'a> Item<'a> {
    /// The view of the record; loads of sums count every packet.
    #[must_use]
    pub fn far(&self) -> Option<Far<'a>> {
        match (self.is_sum, self.as_stored) {
            (true, _) => Far::decode_sum(self.record),
            (false, true) => Far::decode(self.record).map(Far::as_stored),
            (false, false) => Far::decode(self.record),
        }
    }
}
