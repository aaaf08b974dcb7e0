//! Arcs take the short way, clear the ground, and have no gaps.

use super::*;
use crate::globe::inks::inks;
use crate::globe::math::length;

const PLAIN: RateShift = RateShift::PLAIN;

fn lane(from: (f64, f64), to: (f64, f64), load: f64) -> Lane {
    let at = |(lat, lon)| LatLon { lat, lon };
    Lane { from: at(from), to: at(to), load, colour: None, opacity: 1.0, both: false, flags: 0, seed: 7 }
}

fn place(arc: &ArcInstance, t: f64) -> LatLon {
    LatLon::from_vector(arc_point(arc, t)).expect("not the centre")
}

#[test]
fn tokyo_to_san_francisco_crosses_the_pacific() {
    let arc = instance(&lane((35.68, 139.75), (37.77, -122.42), 1e6), inks(), PLAIN);
    let middle = place(&arc, 0.5);
    assert!(middle.lat > 40.0 && middle.lon.abs() > 150.0, "{middle:?}");
    assert!(place(&arc, 0.0).angle_to(LatLon { lat: 35.68, lon: 139.75 }) < 1e-5);
    assert!(place(&arc, 1.0).angle_to(LatLon { lat: 37.77, lon: -122.42 }) < 1e-5);
}

#[test]
fn every_arc_is_finite_and_never_below_the_ground() {
    for (from, to) in [
        ((0.0, 0.0), (0.0, 180.0)),
        ((90.0, 0.0), (-90.0, 0.0)),
        ((40.0, -3.0), (-40.0, 177.0)),
        ((50.1, 8.7), (50.1, 14.4)),
        ((5.0, 5.0), (5.0, 5.0)),
        ((5.0, 5.0), (5.0, 5.000_001)),
        ((89.9, 10.0), (89.9, -170.0)),
    ] {
        let arc = instance(&lane(from, to, 1e5), inks(), PLAIN);
        let mut last: Option<V3> = None;
        for i in 0..=100 {
            let p = arc_point(&arc, f64::from(i) / 100.0);
            assert!(p.iter().all(|v| v.is_finite()) && length(p) > 1.0, "{from:?} {to:?}: {p:?}");
            if let Some(q) = last {
                assert!(length(sub(p, q)) < 0.06, "{from:?} {to:?} has a gap");
            }
            last = Some(p);
        }
    }
}

#[test]
fn a_short_arc_clears_the_ground_by_half_a_percent_and_a_long_one_by_a_quarter_of_its_angle() {
    let short = instance(&lane((50.11, 8.68), (50.2, 8.8), 1.0), inks(), PLAIN);
    assert!((short.height - 0.005).abs() < 1e-6);
    let long = instance(&lane((0.0, 0.0), (0.0, 90.0), 1.0), inks(), PLAIN);
    assert!((f64::from(long.height) - 0.25 * std::f64::consts::FRAC_PI_2).abs() < 1e-6);
}

#[test]
fn ten_times_the_rate_is_one_class_more_and_nothing_else() {
    let (a, b) = (
        instance(&lane((0.0, 0.0), (10.0, 50.0), 2e5), inks(), PLAIN),
        instance(&lane((0.0, 0.0), (10.0, 50.0), 2e6), inks(), PLAIN),
    );
    assert_eq!(b.style & 15, (a.style & 15) + 1);
    assert_eq!(b.style >> 4, a.style >> 4);
    assert_eq!((a.a, a.b, a.angle, a.height, a.phase), (b.a, b.b, b.angle, b.height, b.phase));
    assert_ne!(a.rgba, b.rgba);
}

#[test]
fn the_two_directions_lie_side_by_side() {
    let mut there = lane((0.0, 0.0), (0.0, 50.0), 1e3);
    there.both = true;
    let mut back = lane((0.0, 50.0), (0.0, 0.0), 1e3);
    back.both = true;
    // The same side as seen from the sender is the other side as seen from the receiver.
    assert!(instance(&there, inks(), PLAIN).lane > 0.0 && instance(&back, inks(), PLAIN).lane > 0.0);
}

#[test]
fn points_grow_with_length_and_nearness() {
    let long = instance(&lane((0.0, 0.0), (0.0, 150.0), 1.0), inks(), PLAIN);
    let short = instance(&lane((0.0, 0.0), (0.0, 3.0), 1.0), inks(), PLAIN);
    assert!(segments(&long, 1e-3) > segments(&short, 1e-3));
    assert!(
        tolerance(0.0001, true, 9) < tolerance(0.003, true, 9)
            && tolerance(0.003, false, 9) < tolerance(0.003, true, 9)
    );
    let list = point_list(&[short, long], 1e-3, false);
    assert_eq!(list.len() as u32, segments(&short, 1e-3) + segments(&long, 1e-3) + 2 * 3);
    assert!(list.iter().all(|e| e >> 12 < 2));
    assert_eq!((list[0] & 63, list[1] & 63), (63, 0));
}

#[test]
fn of_a_crowd_only_selected_arcs_are_left_to_the_renderer() {
    let chosen = Lane { flags: SELECTED, ..lane((0.0, 0.0), (0.0, 60.0), 1e8) };
    let arcs = [instance(&lane((0.0, 0.0), (0.0, 50.0), 1e3), inks(), PLAIN), instance(&chosen, inks(), PLAIN)];
    let of = |list: &[u32]| list.iter().map(|e| e >> 12).collect::<std::collections::BTreeSet<_>>();
    assert_eq!(of(&point_list(&arcs, 1e-3, true)), [1].into());
    assert_eq!(of(&point_list(&arcs, 1e-3, false)), [0, 1].into());
}

#[test]
fn arcs_of_any_level_are_drawn_and_traffic_within_a_group_is_a_loop() {
    use crate::cache::{By, Level};
    let mut addresses = crate::globe::fixture::snapshot();
    addresses.paths[2].id = crate::cache::PathId(u32::MAX);
    for by in By::ALL {
        let masks = crate::cache::Masks { v4: 1, v6: 0 };
        let merged = addresses.clone().at_level(Level { by, masks });
        let arcs =
            make_arcs(&merged, &Overrides::default(), &Emphasis::default(), None, (inks(), RateShift::default()));
        assert_eq!(arcs.instances.len(), 2 * merged.paths.len(), "{by:?}");
        let loops = arcs.instances.iter().filter(|a| a.angle == 0.0).count();
        assert_eq!(loops > 0, by == By::Network, "{by:?}");
    }
}

#[test]
fn a_moved_scale_draws_a_thousand_times_the_rate_the_same() {
    let up = RateShift::of(3).expect("three decades");
    let slow = instance(&lane((0.0, 0.0), (10.0, 50.0), 2e4), inks(), PLAIN);
    let fast = instance(&lane((0.0, 0.0), (10.0, 50.0), 2e7), inks(), up);
    // Width, colour and dash speed are those of the class.
    assert_eq!((slow.style, slow.rgba, slow.lane), (fast.style, fast.rgba, fast.lane));
    assert_ne!(instance(&lane((0.0, 0.0), (10.0, 50.0), 2e7), inks(), PLAIN).style, fast.style);
}
