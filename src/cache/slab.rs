//! Numbered places for entries, with the numbers of removed ones used again.

/// No entry.
pub(super) const NONE: u32 = u32::MAX;

/// Entries under stable numbers; a removed entry's number is given to the next new one.
#[derive(Debug)]
pub(super) struct Slab<T> {
    slots: Vec<Option<T>>,
    free: Vec<u32>,
    limit: usize,
}

impl<T> Slab<T> {
    pub(super) fn new(limit: usize) -> Slab<T> {
        Slab { slots: Vec::new(), free: Vec::new(), limit: limit.min(NONE as usize) }
    }

    pub(super) fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    /// One more than the highest number ever given.
    pub(super) fn bound(&self) -> usize {
        self.slots.len()
    }

    /// The number of the new entry; `None` when the limit is reached.
    pub(super) fn insert(&mut self, value: T) -> Option<u32> {
        if self.len() >= self.limit {
            return None;
        }
        if let Some(id) = self.free.pop() {
            *self.slots.get_mut(id as usize)? = Some(value);
            return Some(id);
        }
        let id = u32::try_from(self.slots.len()).ok()?;
        self.slots.push(Some(value));
        Some(id)
    }

    pub(super) fn get(&self, id: u32) -> Option<&T> {
        self.slots.get(id as usize)?.as_ref()
    }

    pub(super) fn get_mut(&mut self, id: u32) -> Option<&mut T> {
        self.slots.get_mut(id as usize)?.as_mut()
    }

    pub(super) fn remove(&mut self, id: u32) -> Option<T> {
        let value = self.slots.get_mut(id as usize)?.take()?;
        self.free.push(id);
        Some(value)
    }

    /// Forgets all entries and numbers, and keeps the memory.
    pub(super) fn clear(&mut self) {
        self.slots.clear();
        self.free.clear();
    }

    /// All entries by ascending number.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u32, &T)> {
        (0u32..).zip(&self.slots).filter_map(|(id, slot)| slot.as_ref().map(|v| (id, v)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_stable_and_used_again() {
        let mut s = Slab::new(2);
        assert_eq!((s.insert('a'), s.insert('b'), s.insert('c')), (Some(0), Some(1), None));
        assert_eq!(s.remove(0), Some('a'));
        assert_eq!((s.remove(0), s.get(0), s.get(1), s.get(NONE)), (None, None, Some(&'b'), None));
        assert_eq!((s.insert('d'), s.len(), s.bound()), (Some(0), 2, 2));
        assert_eq!(s.iter().collect::<Vec<_>>(), [(0, &'d'), (1, &'b')]);
    }
}
