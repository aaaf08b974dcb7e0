//! The numbers of a table in a sorted order that is kept from picture to picture.

/// Sorted numbers. Membership changes far less often than sums do, so a picture only puts the newcomers in.
#[derive(Debug, Default)]
pub(super) struct Order {
    ids: Vec<u32>,
    /// By number: whether it is in `ids` and still means the same entry.
    listed: Vec<bool>,
    fresh: Vec<u32>,
    stale: bool,
}

impl Order {
    pub(super) fn ids(&self) -> &[u32] {
        &self.ids
    }

    /// An entry got a number.
    pub(super) fn added(&mut self, id: u32) {
        self.fresh.push(id);
        // Without pictures the same few numbers can come again and again.
        if self.fresh.len() > 2 * self.listed.len() + 4096 {
            self.fresh.sort_unstable();
            self.fresh.dedup();
            let bound = self.fresh.last().map_or(0, |id| *id as usize + 1);
            self.listed.resize(self.listed.len().max(bound), false);
        }
    }

    /// An entry was removed; its number may be given to another.
    pub(super) fn removed(&mut self, id: u32) {
        if let Some(listed) = self.listed.get_mut(id as usize) {
            self.stale |= *listed;
            *listed = false;
        }
    }

    /// Brings the order up to date. `key` gives the distinct sorting keys of entries, nothing for unused numbers.
    pub(super) fn refresh<K: Ord>(&mut self, bound: usize, key: impl Fn(u32) -> Option<K>) {
        self.listed.resize(self.listed.len().max(bound), false);
        if std::mem::take(&mut self.stale) {
            let listed = &self.listed;
            self.ids.retain(|id| listed.get(*id as usize) == Some(&true));
        }
        let mut fresh = Vec::with_capacity(self.fresh.len());
        for id in std::mem::take(&mut self.fresh) {
            let Some(listed) = self.listed.get_mut(id as usize).filter(|l| !**l) else { continue };
            if let Some(k) = key(id) {
                *listed = true;
                fresh.push((k, id));
            }
        }
        if fresh.is_empty() {
            return;
        }
        if fresh.len() > self.ids.len() / 8 {
            fresh.extend(self.ids.iter().filter_map(|id| key(*id).map(|k| (k, *id))));
            fresh.sort_unstable();
            self.ids = fresh.into_iter().map(|(_, id)| id).collect();
        } else {
            fresh.sort_unstable();
            self.merge(&fresh, key);
        }
    }

    /// Few newcomers: each looks for its place, the others are copied in stretches.
    fn merge<K: Ord>(&mut self, fresh: &[(K, u32)], key: impl Fn(u32) -> Option<K>) {
        let mut merged = Vec::with_capacity(self.ids.len() + fresh.len());
        let mut rest = self.ids.as_slice();
        for (k, id) in fresh {
            let at = rest.partition_point(|other| key(*other).is_some_and(|o| o < *k));
            let (before, after) = rest.split_at(at);
            merged.extend_from_slice(before);
            merged.push(*id);
            rest = after;
        }
        merged.extend_from_slice(rest);
        self.ids = merged;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::slab::Slab;
    use super::*;

    proptest! {
        #[test]
        fn the_order_is_that_of_a_full_sort(steps in proptest::collection::vec((0u8..4, 0u32..1000), 0..400)) {
            let mut slab = Slab::new(200);
            let mut order = Order::default();
            let mut used = Vec::new();
            let mut serial = 0;
            for (what, n) in steps {
                match what {
                    0 | 1 => {
                        serial += 1;
                        if let Some(id) = slab.insert((n, serial)) {
                            used.push(id);
                            order.added(id);
                        }
                    }
                    2 if !used.is_empty() => {
                        let id = used.swap_remove(n as usize % used.len());
                        slab.remove(id);
                        order.removed(id);
                    }
                    _ => {
                        order.refresh(slab.bound(), |id| slab.get(id).copied());
                        let mut want: Vec<((u32, u32), u32)> = slab.iter().map(|(id, k)| (*k, id)).collect();
                        want.sort_unstable();
                        prop_assert_eq!(order.ids(), want.iter().map(|w| w.1).collect::<Vec<_>>());
                    }
                }
            }
        }
    }

    #[test]
    fn without_pictures_it_does_not_grow() {
        let mut order = Order::default();
        for i in 0..1_000_000u32 {
            order.added(i % 10);
            order.removed(i % 10);
        }
        assert!(order.fresh.len() < 10_000);
    }
}
