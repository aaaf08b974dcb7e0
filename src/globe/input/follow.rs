//! What is selected is followed: to another level of the picture, and, while that is wished, by the eye.
//!
//! The eye stays over what is selected: over the pin of an address, over all ends of several things. When another thing
//! is selected, or the pin comes to stand elsewhere, it flies there; when the user moves it, following ends.

use bevy::prelude::*;

use crate::cache::Snapshot;
use crate::geo::LatLon;
use crate::globe::camera::{CameraRig, Orbit};
use crate::globe::feed::Feed;
use crate::globe::hud::Hud;
use crate::globe::math::{add, angle, any_perpendicular, length};
use crate::globe::selection::{Selection, find_host};

/// Altitude in radii from which a pin is followed, unless the eye is already nearer.
const OVER_PIN: f64 = 0.6;
/// Tangent of half the angle that the ends of a path may span on the screen; the field of view is a little wider.
const HALF_SPAN: f64 = 0.29;
/// How much of the surface stays between the ends of a path and the rim of the globe.
const ABOVE_RIM: f64 = 1.25;

/// Where the eye should be, and from what height at least it must look.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Goal {
    at: LatLon,
    least: f64,
}

/// What the eye is to be over; none where nothing is selected or it has no place.
#[must_use]
pub(super) fn goal(snapshot: &Snapshot, selection: &Selection) -> Option<Goal> {
    let places: Vec<LatLon> =
        selection.ends().into_iter().filter_map(|addr| Some(find_host(snapshot, addr)?.place.at)).collect();
    match places.as_slice() {
        [] => None,
        [at] => Some(Goal { at: *at, least: 0.0 }),
        several => Some(over_all(several)),
    }
}

/// The middle of some places, from so high that all are in sight; places opposite to each other never are, then it is any
/// place between them.
fn over_all(places: &[LatLon]) -> Goal {
    let sum = places.iter().fold([0.0; 3], |sum, place| add(sum, place.to_unit()));
    let middle = match places {
        [first, ..] if length(sum) <= 1e-6 => any_perpendicular(first.to_unit()),
        _ => sum,
    };
    let half = places.iter().map(|place| angle(middle, place.to_unit())).fold(0.0, f64::max);
    let (sin, cos) = half.sin_cos();
    // As wide as the screen allows, and above the horizon of both.
    let least = (sin / HALF_SPAN + cos - 1.0).max(ABOVE_RIM / cos.max(0.2) - 1.0);
    Goal {
        at: LatLon::from_vector(middle).unwrap_or(LatLon { lat: 0.0, lon: 0.0 }),
        least: if half < 1e-4 { 0.0 } else { least },
    }
}

/// What is selected and what cards are about is found again when the picture comes to another level, whoever wished it.
pub(super) fn follow_level(
    feed: Res<Feed>,
    (mut selection, mut hud): (ResMut<Selection>, ResMut<Hud>),
    mut seen: Local<u64>,
) {
    if std::mem::replace(&mut *seen, feed.generation) == feed.generation {
        return;
    }
    let Some(left) = &feed.left else { return };
    selection.follow_level(left, &feed.snapshot);
    hud.cards.follow_level(left, &feed.snapshot);
}

/// Flies after the selection while that is wished.
pub(super) fn keep_following(
    (feed, selection): (Res<Feed>, Res<Selection>),
    mut rig: ResMut<CameraRig>,
    mut reached: Local<Option<Goal>>,
) {
    if !rig.follows() {
        *reached = None;
        return;
    }
    // What has left the window is waited for.
    let Some(goal) = goal(&feed.snapshot, &selection).filter(|g| *reached != Some(*g)) else { return };
    *reached = Some(goal);
    let altitude = rig.orbit.altitude.min(OVER_PIN).max(goal.least);
    let to = Orbit { target: goal.at, altitude, ..rig.orbit };
    rig.follow_to(to);
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::*;
    use crate::globe::camera::{Frame, MAX_ALTITUDE};
    use crate::globe::fixture;
    use crate::globe::selection::Picked;

    fn ip(s: &str) -> IpAddr {
        s.parse().expect("an address")
    }

    fn selected(picked: Picked) -> Option<Goal> {
        let mut selection = Selection::default();
        selection.pick(picked);
        goal(&fixture::snapshot(), &selection)
    }

    #[test]
    fn a_pin_is_looked_at_from_above_and_nothing_from_nowhere() {
        let pin = selected(Picked::Host(ip("133.11.1.1"))).expect("a pin");
        assert!((pin.at.lat - 35.7).abs() < 1.0 && pin.least == 0.0, "{pin:?}");
        assert_eq!((selected(Picked::Nothing), selected(Picked::Host(ip("9.9.9.9")))), (None, None));
    }

    #[test]
    fn both_ends_of_a_path_are_in_sight() {
        let frame = Frame::whole(1280.0, 720.0);
        let places = [(47.4, 8.5), (52.4, 4.9), (35.7, 139.7), (-33.9, 151.2), (47.4, 8.6), (80.0, -170.0)];
        for a in places.map(|(lat, lon)| LatLon { lat, lon }) {
            for b in places.map(|(lat, lon)| LatLon { lat, lon }) {
                let goal = over_all(&[a, b]);
                let altitude = goal.least.clamp(0.05, MAX_ALTITUDE);
                let view = Orbit { target: goal.at, altitude, heading: 0.0, tilt: 0.0 }.clamped().view(frame);
                if angle(a.to_unit(), b.to_unit()) > 2.5 {
                    continue;
                }
                for end in [a, b] {
                    let ([x, y], _) = view.project(end.to_unit()).expect("in front");
                    assert!(view.sees(end.to_unit()), "{end:?} of {a:?} {b:?} from {altitude}");
                    assert!((0.0..1280.0).contains(&x) && (0.0..720.0).contains(&y), "{x} {y} {a:?} {b:?}");
                }
            }
        }
    }

    #[test]
    fn all_of_several_are_in_sight() {
        let frame = Frame::whole(1280.0, 720.0);
        let places = [(47.4, 8.5), (52.4, 4.9), (37.8, -122.4), (40.7, -74.0)].map(|(lat, lon)| LatLon { lat, lon });
        let goal = over_all(&places);
        let view = Orbit { target: goal.at, altitude: goal.least, heading: 0.0, tilt: 0.0 }.clamped().view(frame);
        for place in places {
            let ([x, y], _) = view.project(place.to_unit()).expect("in front");
            assert!(view.sees(place.to_unit()) && (0.0..1280.0).contains(&x) && (0.0..720.0).contains(&y), "{x} {y}");
        }
        let mut selection = Selection::default();
        ["133.11.1.1", "129.132.1.1"].iter().for_each(|a| selection.add_or_remove(Picked::Host(ip(a))));
        assert!(goal_of(&selection).least > 0.6, "Zurich and Tokyo are far apart");
    }

    fn goal_of(selection: &Selection) -> Goal {
        goal(&fixture::snapshot(), selection).expect("a goal")
    }

    #[test]
    fn opposite_and_equal_ends_have_a_goal() {
        let a = LatLon { lat: 40.0, lon: 10.0 };
        let b = LatLon { lat: -40.0, lon: -170.0 };
        assert!(over_all(&[a, b]).least.is_finite() && over_all(&[a, b]).at.lat.is_finite());
        let same = over_all(&[a, a]);
        assert!(same.least == 0.0 && angle(same.at.to_unit(), a.to_unit()) < 1e-6, "{same:?}");
    }
}
