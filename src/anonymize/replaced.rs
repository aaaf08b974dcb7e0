//! Originals and what stands for them, as many as fit.

use std::hash::Hash;

use super::MAX_ENTRIES;
use crate::base::hash::Map;

/// A bounded table of replacements.
#[derive(Clone, Debug)]
pub(super) struct Replaced<K> {
    by_original: Map<K, K>,
    /// Originals that came after it was full, or that nothing could be found for.
    pub(super) turned_away: u64,
}

impl<K: Copy + Eq + Hash + Ord> Replaced<K> {
    /// With pairs that are fixed.
    pub(super) fn new(fixed: impl IntoIterator<Item = (K, K)>) -> Replaced<K> {
        Replaced { by_original: fixed.into_iter().collect(), turned_away: 0 }
    }

    /// What stands for an original.
    pub(super) fn get(&self, original: K) -> Option<K> {
        self.by_original.get(&original).copied()
    }

    /// Whether another one fits.
    pub(super) fn has_room(&self) -> bool {
        self.by_original.len() < MAX_ENTRIES
    }

    /// Keeps what was found for an original, or counts that nothing was.
    pub(super) fn keep(&mut self, original: K, found: Option<K>) -> Option<K> {
        match found {
            Some(new) => {
                self.by_original.insert(original, new);
            }
            None => self.turned_away += 1,
        }
        found
    }

    /// All replacements so far.
    pub(super) fn values(&self) -> impl Iterator<Item = K> {
        self.by_original.values().copied()
    }

    /// All pairs so far, by original.
    pub(super) fn table(&self) -> Vec<(K, K)> {
        let mut table: Vec<(K, K)> = self.by_original.iter().map(|(a, b)| (*a, *b)).collect();
        table.sort_unstable();
        table
    }
}
