//! Pins that share one place, moved apart on the screen so that each can be seen and picked.
//!
//! Up to twelve stand on a ring, more on a golden-angle spiral. Offsets are logical pixels at full spread; the drawer
//! and the picker multiply them by [`scale`], which shrinks the figure when the camera is far away. The order is the
//! order of the input (by address), so a pin keeps its spot as long as its neighbours stay.

use std::f32::consts::{PI, TAU};

use crate::base::hash::Map;
use crate::geo::LatLon;

/// Distance between neighbours at full spread, in logical pixels: more than the pick tolerance on either side.
pub const SPACING_PX: f32 = 18.0;

/// Up to this many pins stand on one ring.
const RING_MAX: usize = 12;

/// Nearest-neighbour distance of the golden-angle spiral `r = √(k + ½)`, in units of its radius step.
const SPIRAL_GAP: f32 = 1.5;

/// One offset `[right, up]` in logical pixels for each place, in the order given; `[0, 0]` for a pin that stands alone.
/// Places count as the same when they agree to a hundredth of a degree (about 1 km).
#[must_use]
pub fn spread(places: impl IntoIterator<Item = LatLon>) -> Vec<[f32; 2]> {
    let keys: Vec<(i32, i32)> = places.into_iter().map(place_key).collect();
    let mut sizes: Map<(i32, i32), (u32, u32)> = Map::default();
    for key in &keys {
        sizes.entry(*key).or_default().0 += 1;
    }
    keys.iter()
        .map(|key| {
            let Some((size, next)) = sizes.get_mut(key) else { return [0.0; 2] };
            let index = *next;
            *next += 1;
            offset(index as usize, *size as usize)
        })
        .collect()
}

/// Offset `[right, up]` of member `index` (from 0) of a group of `size`, in logical pixels at full spread.
#[must_use]
pub fn offset(index: usize, size: usize) -> [f32; 2] {
    if size <= 1 {
        return [0.0; 2];
    }
    let (radius, angle) = if size <= RING_MAX {
        let step = TAU / size as f32;
        // The chord between neighbours is the spacing; the first one stands at the top.
        (SPACING_PX / (2.0 * (PI / size as f32).sin()), PI / 2.0 - step * index as f32)
    } else {
        let golden = PI * (3.0 - 5.0_f32.sqrt());
        (SPACING_PX / SPIRAL_GAP * (index as f32 + 0.5).sqrt(), golden * index as f32)
    };
    [radius * angle.cos(), radius * angle.sin()]
}

/// Share of the full spread at a camera's altitude above the surface (globe radii): 1 up to 0.9 radii, then less and
/// less, so that one city does not cover a continent.
#[must_use]
pub fn scale(altitude: f32) -> f32 {
    const FULL_BELOW: f32 = 0.9;
    const LEAST: f32 = 0.4;
    if altitude.is_finite() { (FULL_BELOW / altitude.max(FULL_BELOW)).max(LEAST) } else { LEAST }
}

/// A place to a hundredth of a degree.
fn place_key(at: LatLon) -> (i32, i32) {
    ((at.lat * 100.0).round() as i32, (at.lon * 100.0).round() as i32)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRAGUE: LatLon = LatLon { lat: 50.08, lon: 14.44 };
    const OSLO: LatLon = LatLon { lat: 59.91, lon: 10.75 };

    fn nearest_gap(points: &[[f32; 2]]) -> f32 {
        let mut gap = f32::MAX;
        for (i, a) in points.iter().enumerate() {
            for b in &points[..i] {
                gap = gap.min((a[0] - b[0]).hypot(a[1] - b[1]));
            }
        }
        gap
    }

    #[test]
    fn a_lone_pin_stays_and_a_pair_moves_apart() {
        let got = spread([PRAGUE, OSLO, PRAGUE]);
        assert_eq!(got[1], [0.0, 0.0]);
        assert!((got[0][0] - got[2][0]).hypot(got[0][1] - got[2][1]) > SPACING_PX * 0.99);
    }

    #[test]
    fn any_number_at_one_place_keeps_its_distance() {
        for n in [2, 3, 5, 12, 13, 40, 300, 1000] {
            let gap = nearest_gap(&spread(vec![PRAGUE; n]));
            assert!(gap > 16.0, "{n} pins come as near as {gap} px");
        }
    }

    #[test]
    fn the_figure_is_centred_on_its_place() {
        let ring = spread(vec![OSLO; 7]);
        let sum = ring.iter().fold([0.0, 0.0], |s, p| [s[0] + p[0], s[1] + p[1]]);
        assert!(sum[0].abs() < 1e-3 && sum[1].abs() < 1e-3);
    }

    #[test]
    fn far_away_the_figure_shrinks_and_never_vanishes() {
        assert_eq!(scale(0.1), 1.0);
        assert!(scale(2.0) < scale(1.0) && scale(5.0) > 0.1);
        assert!(scale(f32::NAN) > 0.0);
    }
}
