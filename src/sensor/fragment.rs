//! Fragment trains: the later fragments of a datagram, collected until they are whole.

/// Ranges kept per train; a train with more holes than that is never whole.
const MAX_RANGES: usize = 16;

/// The later fragments of one IPv4 datagram.
#[derive(Clone, Debug, Default)]
pub(super) struct Train {
    /// The flow that the first fragment belongs to, and the side that sends; nothing until it has been seen.
    pub(super) parent: Option<(u32, usize)>,
    /// When the train was opened, µs.
    pub(super) born: i64,
    /// Bytes of the whole datagram, 0 until the last fragment has been seen.
    total: u32,
    /// Covered ranges, sorted, apart from each other.
    ranges: Vec<(u32, u32)>,
    overfull: bool,
}

impl Train {
    /// Notes a fragment that covers `len` bytes from `offset` on.
    pub(super) fn cover(&mut self, offset: u32, len: u32, more: bool) {
        let end = offset.saturating_add(len);
        if !more {
            self.total = self.total.max(end);
        }
        if len == 0 || self.overfull {
            return;
        }
        let mut merged = (offset, end);
        self.ranges.retain(|&(a, b)| {
            let apart = b < merged.0 || a > merged.1;
            if !apart {
                merged = (merged.0.min(a), merged.1.max(b));
            }
            apart
        });
        let at = self.ranges.partition_point(|r| r.0 < merged.0);
        self.ranges.insert(at, merged);
        self.overfull = self.ranges.len() > MAX_RANGES;
    }

    /// Whether every byte has been covered.
    pub(super) fn is_whole(&self) -> bool {
        self.total > 0 && matches!(self.ranges.as_slice(), [(0, end)] if *end >= self.total)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_train_is_whole_in_any_order_and_overlaps_do_not_complete_it() {
        let mut t = Train::default();
        t.cover(16, 8, false);
        t.cover(0, 8, true);
        t.cover(0, 8, true);
        assert!(!t.is_whole());
        t.cover(8, 8, true);
        assert!(t.is_whole());
    }

    #[test]
    fn a_train_of_holes_is_given_up_not_grown() {
        let mut t = Train::default();
        for i in 0..100 {
            t.cover(i * 16, 8, true);
        }
        t.cover(0, 100_000, false);
        assert!(!t.is_whole());
        assert!(t.ranges.len() <= MAX_RANGES + 1);
    }
}
