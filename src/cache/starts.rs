//! When the records of one flow start.

use std::collections::VecDeque;

/// Starts in ascending order, never none. Most flows have one record, which needs nothing else.
#[derive(Debug)]
pub(super) struct Starts {
    first: i64,
    /// Records come and leave almost in order: at the back and at the front.
    #[expect(clippy::box_collection, reason = "a word where there is nothing")]
    later: Option<Box<VecDeque<i64>>>,
}

impl Starts {
    pub(super) fn new(first: i64) -> Starts {
        Starts { first, later: None }
    }

    /// The earliest.
    pub(super) fn first(&self) -> i64 {
        self.first
    }

    pub(super) fn add(&mut self, start: i64) {
        let later = self.later.get_or_insert_default();
        let other = start.max(self.first);
        self.first = self.first.min(start);
        let at = later.partition_point(|s| *s <= other);
        later.insert(at, other);
    }

    /// Takes one out that was put in. The last one stays.
    pub(super) fn remove(&mut self, start: i64) {
        let Some(later) = &mut self.later else { return };
        if start == self.first {
            self.first = later.pop_front().unwrap_or(start);
        } else if let Ok(at) = later.binary_search(&start) {
            later.remove(at);
        }
        if later.is_empty() {
            self.later = None;
        } else if later.capacity() > 64 && later.len() < later.capacity() / 4 {
            later.shrink_to(later.capacity() / 2);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_first_is_the_least_of_those_left(steps in proptest::collection::vec((0u8..3, 0i64..20), 1..300)) {
            let mut starts = Starts::new(10);
            let mut left = vec![10];
            for (what, n) in steps {
                if what > 0 {
                    starts.add(n);
                    left.push(n);
                } else if left.len() > 1 {
                    starts.remove(left.swap_remove(n as usize % left.len()));
                }
                prop_assert_eq!(Some(starts.first()), left.iter().min().copied());
            }
        }
    }
}
