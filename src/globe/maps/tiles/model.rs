//! Which tiles a view needs, and where they lie for the shader: plain arithmetic.
//!
//! Tiles are squares in geographic coordinates: level Z has 2^(Z+1) columns from 180° west and 2^Z rows from the north
//! pole, as the tile matrix set WorldCRS84Quad of the OGC numbers them.

use std::collections::BTreeMap;
use std::f64::consts::PI;

use crate::base::hash::Map;
use crate::geo::LatLon;
use crate::globe::camera::{Frame, View};
use crate::globe::math::angle;

/// Finest level that is read: beyond it the numbers of the shader are not exact enough.
pub(super) const FINEST: u8 = 12;
/// Pixels of the screen between two points that are asked for their tile.
const STEP: f64 = 56.0;
/// Texels of a tile may be so much greater than pixels of the screen.
const COARSE: f64 = 1.35;
/// Coarser levels that are wanted as well, so that something is there while a finer tile is read.
const BELOW: usize = 2;
/// Most tiles of the box around all tiles of a level.
const LARGEST_BOX: u32 = 4096;

/// One tile; the order is that of levels first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct TileId {
    pub(super) level: u8,
    /// Column from the west.
    pub(super) x: u32,
    /// Row from the north.
    pub(super) y: u32,
}

impl TileId {
    /// The tile of a level that a place lies in.
    pub(super) fn at(level: u8, place: LatLon) -> TileId {
        let (columns, rows) = (2u32 << level, 1u32 << level);
        let u = (place.lon + 180.0).rem_euclid(360.0) / 360.0;
        let v = (90.0 - place.lat) / 180.0;
        let cell = |share: f64, count: u32| ((share * f64::from(count)) as u32).min(count - 1);
        TileId { level, x: cell(u, columns), y: cell(v, rows) }
    }

    /// The tile of a coarser level that holds this one.
    fn within(self, level: u8) -> TileId {
        let by = self.level.saturating_sub(level);
        TileId { level, x: self.x >> by, y: self.y >> by }
    }
}

/// The tiles that a view needs, most wanted first: coarse ones before fine ones, then from the middle of the screen
/// outwards. At most `most`; if the levels that the screen could show are more, coarser ones.
pub(super) fn wanted(view: &View, frame: &Frame, (side, levels): (u32, &[u8]), most: usize) -> Vec<TileId> {
    for bias in 0..=FINEST {
        let found = found(view, frame, (side, levels), f64::from(bias));
        if found.len() <= most {
            return found;
        }
    }
    Vec::new()
}

fn found(view: &View, frame: &Frame, (side, levels): (u32, &[u8]), bias: f64) -> Vec<TileId> {
    let [x0, y0, x1, y1] = frame.free;
    let count = |from: f64, to: f64| ((to - from) / STEP).ceil().clamp(1.0, 200.0) as u32;
    let (columns, rows) = (count(x0, x1), count(y0, y1));
    let at = |i: u32, n: u32, from: f64, to: f64| from + (to - from) * f64::from(i) / f64::from(n);
    let middle = [(x0 + x1) / 2.0, (y0 + y1) / 2.0];
    let mut nearest: BTreeMap<TileId, f64> = BTreeMap::new();
    for (i, j) in (0..=columns).flat_map(|i| (0..=rows).map(move |j| (i, j))) {
        let pixel = [at(i, columns, x0, x1), at(j, rows, y0, y1)];
        let Some(place) = view.hit(pixel) else { continue };
        let Some(level) = level_for(view, pixel, place, (side, levels), bias) else { continue };
        let away = (pixel[0] - middle[0]).hypot(pixel[1] - middle[1]);
        let tile = TileId::at(levels[level], place);
        for coarser in levels.iter().take(level + 1).skip(level.saturating_sub(BELOW)) {
            let known = nearest.entry(tile.within(*coarser)).or_insert(away);
            *known = known.min(away);
        }
    }
    let mut tiles: Vec<(TileId, f64)> = nearest.into_iter().collect();
    tiles.sort_by(|(a, x), (b, y)| a.level.cmp(&b.level).then(x.total_cmp(y)).then(a.cmp(b)));
    tiles.into_iter().map(|(tile, _)| tile).collect()
}

/// Which of the levels, coarsest first, a pixel needs; none where coarser pictures are sharp enough.
fn level_for(view: &View, [x, y]: [f64; 2], place: LatLon, (side, levels): (u32, &[u8]), bias: f64) -> Option<usize> {
    const APART: f64 = 2.0;
    let step = |to: Option<LatLon>| to.map(|to| angle(place.to_unit(), to.to_unit()) / APART).filter(|a| *a > 0.0);
    let (across, down) = (step(view.hit([x + APART, y])), step(view.hit([x, y + APART])));
    // Seen from the side a pixel is longer than wide: the mean of both.
    let pixel = match (across, down) {
        (Some(a), Some(b)) => (a * b).sqrt(),
        (one, other) => one.or(other)?,
    };
    let fit = (PI / (f64::from(side) * pixel * COARSE)).log2() - bias;
    let first = f64::from(*levels.first()?);
    // Half a level above the finest of the picture of the whole earth it pays to read tiles.
    if fit < first - 0.5 {
        return None;
    }
    Some(levels.iter().position(|l| f64::from(*l) >= fit).unwrap_or(levels.len() - 1))
}

/// The tiles that are held, for the shader: the number of levels; for each of them, finest first, its number, the column
/// and row of the corner of a box in the north-west, columns and rows of the box, and where its tiles begin; then for each
/// tile of each box the number of its picture, from 1, or 0.
pub(super) fn table(held: &Map<TileId, usize>, wanted: &[TileId]) -> Vec<u32> {
    const HEAD: usize = 6;
    let mut levels: BTreeMap<u8, Vec<TileId>> = BTreeMap::new();
    for tile in wanted.iter().filter(|t| held.contains_key(*t)) {
        levels.entry(tile.level).or_default().push(*tile);
    }
    let boxes: Vec<(u8, [u32; 4])> =
        levels.iter().rev().filter_map(|(level, tiles)| Some((*level, around(*level, tiles)?))).collect();
    let mut table = vec![boxes.len() as u32];
    let mut begin = 1 + boxes.len() * HEAD;
    for (level, [x, y, width, height]) in &boxes {
        table.extend([u32::from(*level), *x, *y, *width, *height, begin as u32]);
        begin += (*width * *height) as usize;
    }
    for (level, [x, y, width, height]) in &boxes {
        let columns = 2u32 << level;
        for (row, column) in (0..*height).flat_map(|r| (0..*width).map(move |c| (r, c))) {
            let tile = TileId { level: *level, x: (x + column) % columns, y: y + row };
            table.push(held.get(&tile).map_or(0, |layer| *layer as u32 + 1));
        }
    }
    table
}

/// The smallest box around tiles of a level, `[column, row, columns, rows]`; it may go over the date line. None if it is
/// too large.
fn around(level: u8, tiles: &[TileId]) -> Option<[u32; 4]> {
    let columns = 2u32 << level;
    let first = tiles.first()?;
    // Columns counted from the first tile, half of them to either side.
    let from = |t: &TileId| (t.x + columns + columns / 2 - first.x) % columns;
    let (west, east) = (tiles.iter().map(from).min()?, tiles.iter().map(from).max()?);
    let (north, south) = (tiles.iter().map(|t| t.y).min()?, tiles.iter().map(|t| t.y).max()?);
    let (width, height) = (east - west + 1, south - north + 1);
    let x = (west + first.x + columns - columns / 2) % columns;
    (width.checked_mul(height)? <= LARGEST_BOX).then_some([x, north, width, height])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::globe::camera::Orbit;

    const LEVELS: [u8; 6] = [5, 6, 7, 8, 9, 10];

    fn look(lat: f64, lon: f64, altitude: f64, flat: f64) -> (View, Frame) {
        let frame = Frame { flat, ..Frame::whole(1280.0, 720.0) };
        let orbit = Orbit { target: LatLon { lat, lon }, altitude, ..Orbit::default() }.clamped();
        (orbit.view(frame), frame)
    }

    /// What the shader does: the picture of the finest tile at a place.
    fn looked_up(table: &[u32], place: LatLon) -> Option<u32> {
        for head in table[1..].chunks_exact(6).take(table[0] as usize) {
            let &[level, x, y, width, height, begin] = head else { unreachable!() };
            let tile = TileId::at(level as u8, place);
            let (dx, dy) = ((tile.x + (2 << level) - x) % (2 << level), tile.y.wrapping_sub(y));
            if dx < width && dy < height && table[(begin + dy * width + dx) as usize] > 0 {
                return Some(table[(begin + dy * width + dx) as usize] - 1);
            }
        }
        None
    }

    #[test]
    fn the_nearer_the_finer_and_never_more_than_there_is_room_for() {
        let finest = |altitude| {
            let (view, frame) = look(48.0, 11.0, altitude, 0.0);
            wanted(&view, &frame, (256, &LEVELS), 180).iter().map(|t| t.level).max()
        };
        assert_eq!(finest(2.0), None, "from far the picture of the whole earth is sharp enough");
        assert!(finest(0.3) < finest(0.1) && finest(0.1) < finest(0.02) && finest(0.02) == Some(9));
        for (lat, lon, altitude, flat) in
            [(0.0, 179.9, 0.05, 0.0), (89.0, 0.0, 0.1, 0.0), (60.0, -179.0, 0.01, 1.0), (10.0, 10.0, 0.2, 0.4)]
        {
            let (view, frame) = look(lat, lon, altitude, flat);
            let tiles = wanted(&view, &frame, (256, &LEVELS), 60);
            assert!(tiles.len() <= 60, "{}", tiles.len());
            assert!(tiles.is_sorted_by_key(|t| t.level), "coarse ones first");
        }
    }

    #[test]
    fn each_place_on_the_screen_finds_its_tile() {
        for (lat, lon, altitude, flat) in [(48.0, 11.0, 0.05, 0.0), (0.1, 179.95, 0.05, 0.0), (-33.0, 151.0, 0.08, 1.0)]
        {
            let (view, frame) = look(lat, lon, altitude, flat);
            let tiles = wanted(&view, &frame, (256, &LEVELS), 180);
            let held: Map<TileId, usize> = tiles.iter().copied().zip(0..).collect();
            let table = table(&held, &tiles);
            for pixel in (0..64).flat_map(|i| (0..36).map(move |j| [f64::from(i) * 20.0, f64::from(j) * 20.0])) {
                let place = view.hit(pixel).expect("the ground fills the screen");
                let layer = looked_up(&table, place).expect("a tile");
                let tile = tiles[layer as usize];
                assert_eq!(TileId::at(tile.level, place), tile);
            }
        }
    }

    #[test]
    fn what_is_not_held_is_left_out() {
        let (view, frame) = look(48.0, 11.0, 0.05, 0.0);
        let tiles = wanted(&view, &frame, (256, &LEVELS), 180);
        assert_eq!(table(&Map::default(), &tiles), [0]);
        let held: Map<TileId, usize> = [(tiles[0], 7)].into_iter().collect();
        assert_eq!(looked_up(&table(&held, &tiles), LatLon { lat: 48.0, lon: 11.0 }), Some(7));
    }

    proptest! {
        #[test]
        fn any_view_and_any_levels_are_survived(
            lat in -90.0..90.0f64, lon in -180.0..180.0f64, altitude in 0.0..5.0f64, flat in 0.0..1.0f64,
            side in 1u32..1024, levels in prop::collection::btree_set(0u8..=FINEST, 0..5), most in 0usize..100,
        ) {
            let (view, frame) = look(lat, lon, altitude, flat);
            let levels: Vec<u8> = levels.into_iter().collect();
            let tiles = wanted(&view, &frame, (side, &levels), most);
            prop_assert!(tiles.len() <= most);
            let held: Map<TileId, usize> = tiles.iter().copied().zip(0..).collect();
            let table = table(&held, &tiles);
            prop_assert!(table.len() < 200_000);
        }
    }
}
