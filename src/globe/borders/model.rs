//! Lines as segments, sorted into tiles of ten degrees so that what is out of sight is never touched.

use std::ops::Range;

use crate::geo::{LatLon, LineLayer};
use crate::globe::camera::View;
use crate::globe::math::{V3, add, dot, length, sub, to_f32, unit};

/// Tiles per row and number of rows.
const COLUMNS: usize = 36;
const ROWS: usize = 18;

/// As `line.wgsl` reads it.
#[derive(Clone, Copy, Debug, PartialEq, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C)]
pub struct Segment {
    a: [f32; 3],
    kind: u32,
    b: [f32; 3],
    pad: u32,
}

#[derive(Clone, Debug, PartialEq)]
struct Tile {
    centre: V3,
    /// Largest distance of an end from the centre.
    radius: f64,
    segments: Range<u32>,
}

/// All lines of one resolution.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LineSet {
    /// Sorted by tile.
    pub segments: Vec<Segment>,
    tiles: Vec<Tile>,
}

fn kind_of(layer: &str) -> Option<u32> {
    match layer {
        "coastline" => Some(0),
        "borders" => Some(1),
        "lakes" => Some(2),
        "disputed" => Some(3),
        _ => None,
    }
}

fn tile_of(at: LatLon) -> usize {
    let column = ((at.lon + 180.0) / 360.0 * COLUMNS as f64) as usize;
    let row = ((at.lat + 90.0) / 180.0 * ROWS as f64) as usize;
    row.min(ROWS - 1) * COLUMNS + column.min(COLUMNS - 1)
}

impl LineSet {
    /// Sorts the lines of a file; kinds that are not drawn here (the graticule) are left out.
    #[must_use]
    pub fn new(layers: &[LineLayer]) -> LineSet {
        let mut all: Vec<(usize, u32, V3, V3)> = Vec::new();
        for layer in layers {
            let Some(kind) = kind_of(&layer.name) else { continue };
            for line in &layer.lines {
                for pair in line.windows(2) {
                    let &[a, b] = pair else { continue };
                    all.push((tile_of(a), kind, a.to_unit(), b.to_unit()));
                }
            }
        }
        all.sort_by_key(|s| s.0);
        let mut set = LineSet::default();
        for group in all.chunk_by(|a, b| a.0 == b.0) {
            let centre = unit(group.iter().fold([0.0; 3], |sum, s| add(sum, s.2)));
            let far = |p: V3| length(sub(p, centre));
            let radius = group.iter().fold(0.0f64, |r, s| r.max(far(s.2)).max(far(s.3)));
            let first = set.segments.len() as u32;
            set.segments.extend(group.iter().map(|s| Segment { a: to_f32(s.2), kind: s.1, b: to_f32(s.3), pad: 0 }));
            set.tiles.push(Tile { centre, radius, segments: first..set.segments.len() as u32 });
        }
        set
    }

    /// The tiles that may show something: not wholly beyond the horizon, behind the eye or off the screen.
    #[must_use]
    pub fn tiles_in_sight(&self, view: &View) -> Vec<u32> {
        let eye = length(view.eye);
        let reach = |i: usize| view.centre[i].max(view.size[i] - view.centre[i]);
        // Cone around the axis that holds the whole screen.
        let half = (reach(0).hypot(reach(1)) / view.focal).atan();
        let seen = |tile: &Tile| {
            if view.sheet.share > 0.0 {
                return flat_in_sight(tile, view, half);
            }
            // dot(eye, p) >= 1 is the horizon; a tile reaches at most its radius towards the eye.
            if dot(view.eye, tile.centre) + eye * tile.radius < 1.0 {
                return false;
            }
            let d = sub(tile.centre, view.eye);
            let distance = length(d);
            if distance <= tile.radius {
                return true;
            }
            let off = (dot(d, view.forward) / distance).clamp(-1.0, 1.0).acos();
            off <= half + (tile.radius / distance).min(1.0).asin()
        };
        (0..).zip(&self.tiles).filter(|(_, t)| seen(t)).map(|(i, _)| i).collect()
    }

    /// The segments of some tiles.
    #[must_use]
    pub fn indices(&self, tiles: &[u32]) -> Vec<u32> {
        tiles.iter().filter_map(|&t| self.tiles.get(t as usize)).flat_map(|t| t.segments.clone()).collect()
    }
}

/// The same for the flat map and the way to it: there tiles grow towards the poles.
fn flat_in_sight(tile: &Tile, view: &View, half: f64) -> bool {
    let level = tile.centre[0].hypot(tile.centre[2]);
    let radius = tile.radius / (level - tile.radius).max(0.05);
    let d = sub(view.sheet.place(tile.centre), view.eye);
    let distance = length(d);
    if distance <= radius || view.sheet.share < 1.0 {
        return true;
    }
    let off = (dot(d, view.forward) / distance).clamp(-1.0, 1.0).acos();
    off <= half + (radius / distance).min(1.0).asin()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::globe::camera::{Frame, Orbit};

    fn layer(name: &str, points: &[(f64, f64)]) -> LineLayer {
        let line = points.iter().map(|&(lat, lon)| LatLon { lat, lon }).collect();
        LineLayer { name: name.into(), lines: vec![line] }
    }

    #[test]
    fn only_what_is_in_sight_is_drawn() {
        let set = LineSet::new(&[
            layer("coastline", &[(50.0, 8.0), (51.0, 9.0), (52.0, 9.5)]),
            layer("borders", &[(-30.0, 150.0), (-31.0, 151.0)]),
            layer("graticule", &[(0.0, 0.0), (0.0, 1.0)]),
        ]);
        assert_eq!(set.segments.len(), 3);
        let orbit = |lat, lon, altitude| Orbit { target: LatLon { lat, lon }, altitude, heading: 0.0, tilt: 0.0 };
        let count = |o: Orbit| set.indices(&set.tiles_in_sight(&o.view(Frame::whole(800.0, 600.0)))).len();
        assert_eq!(count(orbit(50.0, 8.0, 2.0)), 2);
        assert_eq!(count(orbit(-30.0, 150.0, 2.0)), 1);
        assert_eq!(count(orbit(0.0, -90.0, 0.1)), 0);
    }
}
