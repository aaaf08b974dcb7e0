//! Great circles as lines on a flat map: cut where they cross the date line.

use crate::geo::LatLon;

/// Longest step of a line along its great circle, in radians (2°).
const STEP: f64 = std::f64::consts::PI / 90.0;
/// Longest step in longitude, in degrees: near a pole a line bends much on a flat map.
const STEP_LON: f64 = 20.0;
/// Halvings of a step near a pole.
const HALVINGS: u32 = 16;

/// The shortest way between two places as lines of at least two points, none of which crosses ±180°. Between antipodes
/// the way over the north pole is taken.
pub(super) fn lines(a: LatLon, b: LatLon) -> Vec<Vec<LatLon>> {
    let steps = (a.angle_to(b) / STEP).ceil().clamp(1.0, 90.0) as u32;
    let mut points = vec![a];
    for i in 0..steps {
        let at = |i: u32| if i == steps { b } else { a.interpolate(b, f64::from(i) / f64::from(steps)) };
        bend(&mut points, at(i), at(i + 1), HALVINGS);
    }
    cut(&points)
}

/// Difference of longitudes the short way, -180 to 180 degrees.
fn turn(from: LatLon, to: LatLon) -> f64 {
    (to.lon - from.lon + 180.0).rem_euclid(360.0) - 180.0
}

/// Adds the way from `a` (which is there already) to `b` in steps of little longitude; over a pole the pole itself.
fn bend(points: &mut Vec<LatLon>, a: LatLon, b: LatLon, halvings: u32) {
    let pole = |p: LatLon| p.lat.abs() > 89.999_999;
    if turn(a, b).abs() <= STEP_LON || pole(a) || pole(b) {
        // At a pole all longitudes are one place: the line keeps that of its other end.
        if pole(a) {
            points.push(LatLon { lat: a.lat, lon: b.lon });
        }
        points.push(if pole(b) { LatLon { lat: b.lat, lon: a.lon } } else { b });
    } else if halvings == 0 {
        let lat = 90f64.copysign(a.lat);
        points.extend([LatLon { lat, lon: a.lon }, LatLon { lat, lon: b.lon }, b]);
    } else {
        let middle = a.interpolate(b, 0.5);
        bend(points, a, middle, halvings - 1);
        bend(points, middle, b, halvings - 1);
    }
}

fn cut(points: &[LatLon]) -> Vec<Vec<LatLon>> {
    let mut lines = Vec::new();
    let mut line: Vec<LatLon> = points.first().copied().into_iter().collect();
    for pair in points.windows(2) {
        let &[p, q] = pair else { continue };
        if (q.lon - p.lon).abs() > 180.0 {
            let edge = 180f64.copysign(p.lon);
            let (gone, all) = (edge - p.lon, turn(p, q));
            let part = if all == 0.0 { 0.0 } else { (gone / all).clamp(0.0, 1.0) };
            let lat = p.lat + (q.lat - p.lat) * part;
            line.push(LatLon { lat, lon: edge });
            lines.push(std::mem::replace(&mut line, vec![LatLon { lat, lon: -edge }]));
        }
        line.push(q);
    }
    if line.len() == 1 {
        line.extend(line.first().copied());
    }
    lines.push(line);
    lines
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(lat: f64, lon: f64) -> LatLon {
        LatLon { lat, lon }
    }

    #[test]
    fn a_line_over_the_pacific_is_cut_at_the_date_line() {
        let lines = lines(at(35.68, 139.75), at(37.77, -122.42));
        assert_eq!(lines.len(), 2);
        let (end, start) = (lines[0].last().expect("points"), lines[1][0]);
        assert_eq!((end.lon, start.lon), (180.0, -180.0));
        assert!((end.lat - start.lat).abs() < 1e-12 && (47.0..50.0).contains(&end.lat), "{end:?}");
    }

    #[test]
    fn one_place_and_places_side_by_side_are_lines_of_two_points() {
        assert_eq!(lines(at(10.0, 20.0), at(10.0, 20.0)), [vec![at(10.0, 20.0); 2]]);
        assert_eq!(lines(at(10.0, 20.0), at(10.0, 20.5)).len(), 1);
    }

    #[test]
    fn the_way_over_a_pole_goes_up_to_its_edge() {
        let all: Vec<LatLon> = lines(at(60.0, 10.0), at(60.0, -170.0)).concat();
        assert!(all.iter().any(|p| p.lat > 89.99 && (p.lon - 10.0).abs() < 1.0), "{all:?}");
        assert!(all.iter().any(|p| p.lat > 89.99 && (p.lon + 170.0).abs() < 1.0));
    }

    proptest! {
        #[test]
        fn every_line_is_near_the_great_circle_and_none_crosses_the_edge(
            a in (-90.0..90.0f64, -180.0..180.0f64),
            b in (-90.0..90.0f64, -180.0..180.0f64),
        ) {
            let (a, b) = (at(a.0, a.1), at(b.0, b.1));
            let lines = lines(a, b);
            let all: Vec<LatLon> = lines.concat();
            prop_assert!(all.len() < 2000, "{}", all.len());
            prop_assert!(all.iter().all(|p| p.lat.abs() <= 90.0 && p.lon.abs() <= 180.0));
            prop_assert!(all[0].angle_to(a) < 1e-9 && all[all.len() - 1].angle_to(b) < 1e-9);
            let way = a.angle_to(b);
            let (mut length, mut before) = (0.0, all[0]);
            for p in &all {
                length += before.angle_to(*p);
                before = *p;
            }
            prop_assert!((length - way).abs() < 1e-2, "{length} {way}");
            for line in &lines {
                prop_assert!(line.len() >= 2);
                prop_assert!(line.windows(2).all(|w| (w[1].lon - w[0].lon).abs() <= 180.0 + 1e-9));
            }
        }
    }
}
