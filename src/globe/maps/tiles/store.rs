//! Which tile lies at which place of the stack: a fixed number of places, given to what is wanted.

use super::model::TileId;
use crate::base::hash::Map;

/// The places.
#[derive(Debug, Default)]
pub(super) struct Store {
    /// What lies at each place, and when it was wanted last.
    places: Vec<Option<(TileId, u64)>>,
    held: Map<TileId, usize>,
    /// Counts the times that something was wanted.
    turn: u64,
}

impl Store {
    /// An empty one of so many places.
    pub(super) fn of(count: usize) -> Store {
        Store { places: vec![None; count], ..Store::default() }
    }

    /// Number of places.
    pub(super) fn len(&self) -> usize {
        self.places.len()
    }

    /// The place of each tile that is held.
    pub(super) fn held(&self) -> &Map<TileId, usize> {
        &self.held
    }

    /// Remembers what is wanted now.
    pub(super) fn want(&mut self, tiles: &[TileId]) {
        self.turn += 1;
        for tile in tiles {
            if let Some(Some((_, last))) = self.held.get(tile).and_then(|at| self.places.get_mut(*at)) {
                *last = self.turn;
            }
        }
    }

    /// Gives a tile a place: an empty one, else that of the tile that was not wanted for longest. None if all that are
    /// held are wanted now.
    pub(super) fn place(&mut self, tile: TileId) -> Option<usize> {
        if let Some(at) = self.held.get(&tile) {
            return Some(*at);
        }
        let age = |place: &Option<(TileId, u64)>| place.map_or(0, |(_, last)| last);
        let (at, oldest) = self.places.iter().enumerate().min_by_key(|(_, place)| age(place))?;
        if age(oldest) >= self.turn && oldest.is_some() {
            return None;
        }
        if let Some((gone, _)) = oldest {
            self.held.remove(gone);
        }
        self.places[at] = Some((tile, self.turn));
        self.held.insert(tile, at);
        Some(at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tile(x: u32) -> TileId {
        TileId { level: 9, x, y: 0 }
    }

    #[test]
    fn what_was_not_wanted_for_longest_makes_way_and_what_is_wanted_stays() {
        let mut store = Store::of(3);
        store.want(&[]);
        for x in 0..3 {
            assert_eq!(store.place(tile(x)), Some(x as usize));
        }
        store.want(&[tile(0), tile(2)]);
        assert_eq!(store.place(tile(2)), Some(2), "it has one");
        assert_eq!(store.place(tile(9)), Some(1));
        assert_eq!((store.held().len(), store.held().get(&tile(1))), (3, None));
        assert_eq!(store.place(tile(10)), None, "all are wanted");
        store.want(&[tile(10)]);
        assert!(store.place(tile(10)).is_some() && store.held().len() == 3);
        assert_eq!(Store::of(0).place(tile(1)), None);
    }
}
