//! Pins and arcs: where they are, what they show, and that nothing else changes with them.

use argus_globe::globe::arcs::{Arcs, arc_point};

use crate::picture::{Stage, above, colour, differing, nearest, rows, stage};

/// Pixels of the first arc in sight, from sender to receiver.
fn arc_pixels(stage: &mut Stage, index: usize) -> Vec<[f64; 2]> {
    let arc = stage.globe.world().resource::<Arcs>().instances[index];
    (0..=200).filter_map(|i| stage.pixel_of(arc_point(&arc, f64::from(i) / 200.0))).collect()
}

#[test]
fn a_pin_stands_at_its_place_in_its_colour() {
    let mut stage = stage(&rows("pin,48,11,,,,#e69f00\n"), above(40.0, 0.0, 1.0), "pins");
    let picture = stage.shoot();
    let [x, y] = stage.pixel(48.0, 11.0, 1.0).expect("in sight");
    let is_orange = |c: [u8; 3]| c[0] > 150 && c[1] > 80 && c[1] < 200 && c[2] < 90;
    let found = (-12..=12).flat_map(|dy| (-12..=12).map(move |dx| (f64::from(dx), f64::from(dy))));
    let orange = found.filter(|(dx, dy)| is_orange(colour(&picture, x + dx, y + dy))).count();
    assert!(orange > 30, "{orange} orange pixels around ({x}, {y})");
}

#[test]
fn pins_beyond_the_horizon_are_not_drawn() {
    let mut stage = stage(&rows("pin,-48,-169,,,,#e69f00\n"), above(40.0, 0.0, 1.0), "pins");
    let (with, without) = (stage.shoot(), stage.with_layers("none"));
    assert!(differing(&with, &without, 0).is_empty());
}

#[test]
fn tokyo_to_san_francisco_crosses_the_pacific() {
    let mut stage = stage(&rows("arc,35.68,139.75,37.77,-122.42,3e8,\n"), above(40.0, -170.0, 2.0), "arcs");
    let line = differing(&stage.shoot(), &stage.with_layers("none"), 8);
    assert!(line.len() > 150, "the arc is seen over the Pacific: {} pixels", line.len());
    for at in arc_pixels(&mut stage, 0) {
        assert!(nearest(at, &line) < 3.0, "a gap at {at:?}");
    }
    // From the other side only what rises over the rim can be seen, nothing across Asia, Europe and America.
    let back = above(-40.0, 10.0, 2.0);
    stage.globe.world().resource_mut::<argus_globe::globe::camera::CameraRig>().orbit = back;
    stage.globe.frame().expect("a frame");
    let hidden = differing(&stage.with_layers("arcs"), &stage.with_layers("none"), 8);
    let middle = [f64::from(crate::picture::SIZE.0) / 2.0, f64::from(crate::picture::SIZE.1) / 2.0];
    assert!(hidden.iter().all(|p| (p[0] - middle[0]).hypot(p[1] - middle[1]) > 60.0));
}

#[test]
fn on_the_flat_map_an_arc_over_its_edge_lies_on_both_sides_and_nowhere_between() {
    let mut stage = stage(&rows("arc,35.68,139.75,37.77,-122.42,3e8,\n"), above(0.0, 0.0, 2.75), "arcs");
    stage.flatten();
    let line = differing(&stage.shoot(), &stage.with_layers("none"), 8);
    let places = [(35.68, 139.75), (37.77, -122.42)].map(|(lat, lon)| stage.pixel(lat, lon, 1.0).expect("a map"));
    for end in places {
        assert!(nearest(end, &line) < 3.0, "nothing at {end:?}");
    }
    let between = line.iter().filter(|p| p[0] > places[1][0] + 8.0 && p[0] < places[0][0] - 8.0).count();
    assert_eq!(between, 0, "pixels across Asia, Europe and America");
    let edges = [-179.0, 179.0].map(|lon| stage.pixel(48.0, lon, 1.0).expect("a map"));
    for edge in edges {
        assert!(nearest(edge, &line) < 16.0, "the arc reaches the edge at {edge:?}");
    }
}

#[test]
fn on_the_flat_map_nothing_of_an_arc_lies_beside_it() {
    let few = "arc,35.68,139.75,37.77,-122.42,3e8,\narc,70,-20,72,160,3e8,\n".to_owned();
    // So many that a software renderer leaves them to the processor.
    let many =
        (0..1_700).map(|i| format!("arc,{},{},{},{},3e8,\n", i % 60, 100 + i % 79, i % 50, -100 - i % 70)).collect();
    for arcs in [few, many] {
        let mut stage = stage(&rows(&arcs), above(0.0, 0.0, 3.6), "arcs");
        stage.flatten();
        let line = differing(&stage.shoot(), &stage.with_layers("none"), 8);
        let edge = |stage: &mut Stage, lat, lon| stage.pixel(lat, lon, 1.0).expect("a map");
        let (west, east) = (edge(&mut stage, 0.0, -179.999)[0], edge(&mut stage, 0.0, 179.999)[0]);
        let (north, south) = (edge(&mut stage, 89.99, 0.0)[1], edge(&mut stage, -89.99, 0.0)[1]);
        for [x, y] in &line {
            assert!(*x > west - 1.0 && *x < east + 1.0 && *y > north - 1.0 && *y < south + 1.0, "({x}, {y})");
        }
        let reach = |at: f64| line.iter().map(|p| (p[0] - at).abs()).fold(f64::MAX, f64::min);
        assert!(reach(west) < 3.0 && reach(east) < 3.0, "they reach both edges");
    }
}

#[test]
fn on_the_flat_map_every_arc_is_drawn_whole() {
    for arc in
        ["arc,0,0,0,180,3e7,\n", "arc,80,-20,-80,20,3e7,\n", "arc,40,-3,-40,177,3e7,\n", "arc,10,20,10,20,3e7,\n"]
    {
        let mut stage = stage(&rows(arc), above(0.0, 30.0, 2.75), "arcs");
        stage.flatten();
        let line = differing(&stage.shoot(), &stage.with_layers("none"), 8);
        let pixels = arc_pixels(&mut stage, 0);
        assert!(pixels.len() > 150);
        let (w, h) = (f64::from(crate::picture::SIZE.0), f64::from(crate::picture::SIZE.1));
        // At a pole one step is half the map.
        for at in pixels.iter().filter(|p| (4.0..w - 4.0).contains(&p[0]) && (12.0..h - 12.0).contains(&p[1])) {
            assert!(nearest(*at, &line) < 5.0, "{arc}: a gap at {at:?}");
        }
    }
}

#[test]
fn antipodal_polar_and_identical_ends_are_drawn_without_gaps() {
    for (arc, lat, lon) in [
        ("arc,0,0,0,180,3e7,\n", 60.0, 90.0),
        ("arc,90,0,-90,0,3e7,\n", 0.0, 0.0),
        ("arc,40,-3,-40,177,3e7,\n", 50.0, 87.0),
        ("arc,10,20,10,20,3e7,\n", 0.0, 20.0),
        ("arc,50.1,8.7,50.1,14.4,3e7,\n", 40.0, 10.0),
    ] {
        let mut stage = stage(&rows(arc), above(lat, lon, 2.5), "arcs");
        let line = differing(&stage.shoot(), &stage.with_layers("none"), 8);
        let pixels = arc_pixels(&mut stage, 0);
        let (w, h) = (f64::from(crate::picture::SIZE.0), f64::from(crate::picture::SIZE.1));
        let on_screen = pixels.iter().filter(|p| (2.0..w - 2.0).contains(&p[0]) && (2.0..h - 2.0).contains(&p[1]));
        let mut checked = 0;
        for at in on_screen {
            assert!(nearest(*at, &line) < 3.5, "{arc}: a gap at {at:?}");
            checked += 1;
        }
        assert!(checked > 40, "{arc}: {checked} points are in sight");
    }
}

#[test]
fn ten_times_the_rate_changes_that_arc_and_nothing_else() {
    let scene = |rate: &str| rows(&format!("arc,35.68,139.75,37.77,-122.42,{rate},\narc,-10,-150,20,-140,3e5,\n"));
    let shoot = |rate: &str| {
        let mut stage = stage(&scene(rate), above(20.0, -170.0, 2.0), "earth,arcs");
        // The heavier arc is drawn last; the one in question is the longer one.
        let index = usize::from(stage.globe.world().resource::<Arcs>().instances[0].angle < 1.0);
        (stage.shoot(), arc_pixels(&mut stage, index))
    };
    let ((slow, way), (fast, _)) = (shoot("3e6"), shoot("3e7"));
    let changed = differing(&slow, &fast, 0);
    assert!(changed.len() > 100, "{} pixels changed", changed.len());
    for pixel in &changed {
        assert!(nearest(*pixel, &way) < 8.0, "{pixel:?} has nothing to do with the arc");
    }
}

#[test]
fn dashes_move_with_time_and_stand_when_motion_is_reduced() {
    let mut stage = stage(&rows("arc,35.68,139.75,37.77,-122.42,3e8,\n"), above(40.0, -170.0, 2.0), "arcs");
    let before = stage.shoot();
    for _ in 0..10 {
        stage.globe.frame().expect("a frame");
    }
    assert!(differing(&before, &stage.shoot(), 8).len() > 50, "dashes move");
    stage.globe.world().resource_mut::<argus_globe::globe::Motion>().reduced = true;
    let still = stage.shoot();
    for _ in 0..10 {
        stage.globe.frame().expect("a frame");
    }
    assert!(differing(&still, &stage.shoot(), 0).is_empty(), "nothing moves");
}
