//! Which pins are drawn as one mark: plain arithmetic.
//!
//! Distances are angles on the globe, not pixels of the moment: what belongs together does not change while the globe
//! turns, only while the eye comes nearer or goes away. Where the globe faces the eye the two are the same.

use crate::base::hash::Map;
use crate::globe::math::{V3, add, length, sub, unit};
use crate::globe::scale::CLASSES;

/// Pins nearer than this, in pixels of a mark, become one mark.
pub const NEAR_PX: f64 = 24.0;
/// Below this height of the eye, in radii, all pins stand alone.
pub const SINGLE_BELOW: f64 = 0.3;
/// Steps of nearness per factor of two.
const STEPS: f64 = 4.0;
/// Kinds of pins that a ring tells apart: the classes of rate, own networks, alerts.
pub const KINDS: usize = CLASSES + 2;
/// Least share of a kind that is there at all: one among hundreds must be seen.
const LEAST_SHARE: f64 = 1.0 / 20.0;

/// Pins at nearly one place.
#[derive(Clone, Debug, PartialEq)]
pub struct Bunch {
    /// Unit vector to the mean of the members.
    pub at: V3,
    /// Its members, in the order they came.
    pub members: Vec<u32>,
    /// Sum of the members' unit vectors.
    sum: V3,
}

impl Bunch {
    /// One pin.
    #[must_use]
    pub fn single(member: u32, at: V3) -> Bunch {
        Bunch { at, members: vec![member], sum: at }
    }

    fn take(&mut self, other: Bunch) {
        self.members.extend(other.members);
        self.sum = add(self.sum, other.sum);
        // Places all around the globe have no mean; then the first one stands.
        if length(self.sum) > 1e-6 {
            self.at = unit(self.sum);
        }
    }
}

/// The step of nearness for a size of a pixel in radii; half a step to either side is the same.
#[must_use]
pub fn step(radii_per_px: f64) -> i32 {
    (radii_per_px.clamp(1e-9, 1.0).log2() * STEPS).ceil() as i32
}

/// Angle (as a chord) below which places are one at a step.
#[must_use]
pub fn nearness(step: i32) -> f64 {
    NEAR_PX * 2f64.powf(f64::from(step) / STEPS)
}

/// Merges what is nearer than `near` radii, until nothing is. Cost grows with the number of bunches, not with its square.
#[must_use]
pub fn merge(mut bunches: Vec<Bunch>, near: f64) -> Vec<Bunch> {
    /// Each pass merges what the means of the pass before have brought together.
    const PASSES: usize = 8;
    for _ in 0..PASSES {
        let before = bunches.len();
        bunches = merge_once(bunches, near);
        if bunches.len() == before {
            break;
        }
    }
    bunches
}

fn merge_once(bunches: Vec<Bunch>, near: f64) -> Vec<Bunch> {
    let near = near.clamp(1e-9, 2.0);
    let cell = |p: V3| p.map(|v| (v / near).floor() as i64);
    let mut cells: Map<[i64; 3], Vec<u32>> = Map::default();
    let mut kept: Vec<Bunch> = Vec::new();
    // Where each kept bunch stood when it was entered: its mean may wander into another cell.
    let mut stood: Vec<V3> = Vec::new();
    for bunch in bunches {
        let home = cell(bunch.at);
        let found = around(home)
            .filter_map(|key| cells.get(&key))
            .flatten()
            .map(|i| (length(sub(stood[*i as usize], bunch.at)), *i))
            .filter(|(away, _)| *away < near)
            .min_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        match found {
            Some((_, index)) => kept[index as usize].take(bunch),
            None => {
                cells.entry(home).or_default().push(kept.len() as u32);
                stood.push(bunch.at);
                kept.push(bunch);
            }
        }
    }
    kept
}

/// A cell and its 26 neighbours.
fn around([x, y, z]: [i64; 3]) -> impl Iterator<Item = [i64; 3]> {
    (-1..=1).flat_map(move |i| (-1..=1).flat_map(move |j| (-1..=1).map(move |k| [x + i, y + j, z + k])))
}

/// Steps down from `now` until some pins part, at most `most`; `None` when they stay together.
#[must_use]
pub(super) fn steps_until_split(places: &[V3], now: i32, most: i32) -> Option<i32> {
    let bunches = || (0..).zip(places).map(|(i, at)| Bunch::single(i, *at)).collect();
    (1..=most).find(|down| merge(bunches(), nearness(now - down)).len() > 1)
}

/// Factor of the altitude that goes with some steps down.
#[must_use]
pub(super) fn nearer_by(steps: i32) -> f64 {
    2f64.powf(-f64::from(steps) / STEPS)
}

/// Ends of the kinds' parts of a ring, each 0 to 255 of the whole circle, in order. A kind that is there gets at least a
/// twentieth.
#[must_use]
pub(super) fn shares(counts: &[u32; KINDS]) -> [u8; 12] {
    let all: f64 = counts.iter().map(|c| f64::from(*c)).sum();
    let wide = counts.map(|c| if c == 0 { 0.0 } else { (f64::from(c) / all.max(1.0)).max(LEAST_SHARE) });
    let whole: f64 = wide.iter().sum();
    let mut ends = [255; 12];
    let mut end = 0.0;
    for (out, part) in ends.iter_mut().zip(wide) {
        end += part;
        *out = (end / whole.max(1e-9) * 255.0).round() as u8;
    }
    ends
}

/// Radius of a mark for a number of pins, in pixels of a mark.
#[must_use]
pub(super) fn radius(pins: usize) -> f32 {
    match pins {
        0..10 => 10.5,
        10..100 => 12.0,
        100..1000 => 14.0,
        _ => 16.0,
    }
}

/// A number of pins in at most four characters: `7`, `300`, `1.2k`, `15k`.
#[must_use]
pub fn count_text(pins: usize) -> String {
    match pins {
        0..1000 => pins.to_string(),
        1000..9950 => format!("{:.1}k", pins as f64 / 1e3),
        9950..999_500 => format!("{:.0}k", pins as f64 / 1e3),
        _ => format!("{:.0}M", pins as f64 / 1e6),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geo::LatLon;

    fn at(lat: f64, lon: f64) -> V3 {
        LatLon { lat, lon }.to_unit()
    }

    fn singles(places: &[V3]) -> Vec<Bunch> {
        (0..).zip(places).map(|(i, p)| Bunch::single(i, *p)).collect()
    }

    #[test]
    fn what_is_near_becomes_one_mark_at_the_mean_and_the_rest_stays() {
        let got = merge(singles(&[at(50.0, 10.0), at(50.0, 11.0), at(0.0, 0.0), at(50.0, 10.0)]), 0.03);
        assert_eq!(got.len(), 2);
        assert_eq!(got[0].members, [0, 1, 3]);
        let mean = LatLon::from_vector(got[0].at).expect("a place");
        assert!((mean.lon - 10.333).abs() < 0.01 && (mean.lat - 50.0).abs() < 0.01, "{mean:?}");
    }

    #[test]
    fn no_two_marks_are_nearer_than_allowed_and_no_pin_is_lost() {
        let places: Vec<V3> = (0..2000u32)
            .map(|i| {
                let turn = |m: u32| f64::from(i.wrapping_mul(m) >> 8) / f64::from(u32::MAX >> 8);
                at(turn(2_654_435_769).mul_add(160.0, -80.0), turn(1_597_334_677) * 360.0)
            })
            .collect();
        for near in [0.2, 0.05, 0.01] {
            let got = merge(singles(&places), near);
            let mut members: Vec<u32> = got.iter().flat_map(|b| b.members.clone()).collect();
            members.sort_unstable();
            assert!(members.into_iter().eq(0..2000));
            for (i, a) in got.iter().enumerate() {
                assert!(got[..i].iter().all(|b| length(sub(a.at, b.at)) >= near * 0.999), "{near}");
            }
        }
    }

    #[test]
    fn the_date_line_and_the_poles_part_nothing() {
        assert_eq!(merge(singles(&[at(10.0, 179.9), at(10.0, -179.9)]), 0.02).len(), 1);
        assert_eq!(merge(singles(&[at(89.9, 0.0), at(89.9, 180.0)]), 0.02).len(), 1);
    }

    #[test]
    fn going_nearer_parts_them_and_one_place_never_parts() {
        let two = [at(50.0, 10.0), at(50.0, 10.5)];
        let far = step(0.003);
        assert_eq!(merge(singles(&two), nearness(far)).len(), 1);
        let down = steps_until_split(&two, far, 60).expect("they part");
        assert_eq!(merge(singles(&two), nearness(far - down)).len(), 2);
        assert_eq!(merge(singles(&two), nearness(far - down + 1)).len(), 1);
        assert_eq!(steps_until_split(&[two[0]; 5], far, 60), None);
        assert!((nearer_by(4) - 0.5).abs() < 1e-12);
    }

    #[test]
    fn a_small_change_of_the_distance_changes_nothing() {
        assert_eq!(step(0.003), step(0.003_1));
        assert!(step(0.006) > step(0.003) && nearness(step(0.003)) >= NEAR_PX * 0.003);
    }

    #[test]
    fn one_among_three_hundred_is_seen_in_the_ring() {
        let mut counts = [0; KINDS];
        (counts[0], counts[10]) = (299, 1);
        let ends = shares(&counts);
        assert_eq!((ends[9], ends[10]), (ends[0], 255));
        assert!(255 - ends[9] >= 10, "{ends:?}");
        assert_eq!(shares(&[0; KINDS]).len(), 12);
    }

    #[test]
    fn counts_stay_short() {
        let texts = [1, 999, 1000, 9_949, 9_950, 123_456, 5_000_000].map(count_text);
        assert_eq!(texts, ["1", "999", "1.0k", "9.9k", "10k", "123k", "5M"]);
    }
}
