//! Density of traffic on the ground: where it lies, what its colours say, and that nothing else changes with it.

use std::sync::Arc;

use argus_globe::globe::camera::{CameraRig, Orbit};
use argus_globe::globe::gpu::GpuData;
use argus_globe::globe::{Scene, Theme};

use crate::picture::{Stage, above, colour, differing, light, nearest, rows, stage};

/// A scene whose addresses have sent as much as makes a rate in bit/s.
fn busy(text: &str, bps: f64) -> Scene {
    let mut scene = rows(text);
    let snapshot = Arc::make_mut(&mut scene.snapshot);
    let bytes = bps * snapshot.window.as_secs_f64() / 8.0;
    snapshot.hosts.iter_mut().for_each(|h| h.sent.bytes = bytes as u64);
    scene
}

/// Munich and a place in Spain.
fn scene(bps: f64) -> Scene {
    busy("pin,48,11,,,,#ffffff\npin,40,-4,,,,#ffffff\n", bps)
}

fn two(stage: &mut Stage) -> [[f64; 2]; 2] {
    [(48.0, 11.0), (40.0, -4.0)].map(|(lat, lon)| stage.pixel(lat, lon, 1.0).expect("in sight"))
}

#[test]
fn ground_glows_around_both_ends_and_nowhere_else() {
    for flat in [false, true] {
        let mut stage = stage(&scene(1e6), above(45.0, 0.0, 1.0), "heat");
        if flat {
            stage.flatten();
        }
        let (with, without) = (stage.shoot(), stage.with_layers("none"));
        let glow = differing(&with, &without, 4);
        assert!(glow.len() > 1000, "{} pixels", glow.len());
        let ends = two(&mut stage);
        // 700 km are 6.3 degrees to the north.
        let mut reach = |lat, lon, [x, y]: [f64; 2]| {
            let [u, v] = stage.pixel(lat, lon, 1.0).expect("in sight");
            (u - x).hypot(v - y)
        };
        let reach = f64::max(reach(48.0 + 6.3, 11.0, ends[0]), reach(40.0 + 6.3, -4.0, ends[1]));
        for pixel in &glow {
            assert!(nearest(*pixel, &ends) < reach * 1.6, "{pixel:?} is far from both ends, flat: {flat}");
        }
        for end in ends {
            assert!(nearest(end, &glow) < 2.0, "nothing at {end:?}, flat: {flat}");
        }
    }
}

#[test]
fn more_traffic_is_a_lighter_colour_up_to_the_last_class() {
    let lights: Vec<u32> = [1e4, 1e6, 1e8, 1e10]
        .map(|bps| {
            let mut stage = stage(&scene(bps), above(45.0, 0.0, 1.0), "heat");
            let picture = stage.shoot();
            let [end, _] = two(&mut stage);
            light(&picture, end[0], end[1])
        })
        .to_vec();
    assert!(lights.windows(2).all(|w| w[1] > w[0] + 15), "{lights:?}");
}

#[test]
fn it_lies_below_pins_and_follows_the_theme() {
    let mut stage = stage(&scene(1e9), above(48.0, 11.0, 1.0), "pins,heat");
    let with = stage.shoot();
    let white = |c: [u8; 3]| c.iter().all(|v| *v > 235);
    let [x, y] = stage.pixel(48.0, 11.0, 1.0).expect("in sight");
    let found = (-20..=20).flat_map(|dy| (-20..=20).map(move |dx| (f64::from(dx), f64::from(dy))));
    assert!(found.clone().any(|(dx, dy)| white(colour(&with, x + dx, y + dy))), "the head is not covered");
    *stage.globe.world().resource_mut::<Theme>() = Theme::Night;
    stage.globe.frame().expect("a frame");
    let night = stage.with_layers("heat");
    let day = stage.with_layers("none");
    assert!(differing(&night, &day, 8).len() > 500);
    Theme::Dark.enforce();
}

#[test]
fn over_the_edge_of_the_flat_map_it_goes_on_at_the_other_side() {
    let mut stage = stage(&busy("pin,10,179.5,,,,\n", 1e7), above(0.0, 0.0, 3.6), "heat");
    stage.flatten();
    let glow = differing(&stage.shoot(), &stage.with_layers("none"), 4);
    for lon in [-178.0, 178.0] {
        let at = stage.pixel(10.0, lon, 1.0).expect("a map");
        assert!(nearest(at, &glow) < 3.0, "nothing at {lon}");
    }
    let far: Vec<_> = [-170.0, 170.0].map(|lon| stage.pixel(10.0, lon, 1.0).expect("a map")[0]).to_vec();
    assert!(glow.iter().all(|p| p[0] < far[0] || p[0] > far[1]), "nothing in the map's middle");
    // Beyond the map's edges there is nothing.
    let edges = [-179.999, 179.999].map(|lon| stage.pixel(10.0, lon, 1.0).expect("a map")[0]);
    assert!(glow.iter().all(|p| p[0] > edges[0] - 1.5 && p[0] < edges[1] + 1.5));
}

#[test]
fn it_is_one_draw_and_hidden_behind_the_globe() {
    let orbit: Orbit = above(45.0, 0.0, 2.0);
    let mut stage = stage(&scene(1e6), orbit, "heat");
    let with = stage.globe.world().resource::<GpuData>().draw_calls();
    stage.with_layers("none");
    stage.globe.frame().expect("a frame");
    assert_eq!(with - stage.globe.world().resource::<GpuData>().draw_calls(), 1);
    stage.globe.world().resource_mut::<CameraRig>().orbit = above(-45.0, 180.0, 2.0);
    stage.globe.frame().expect("a frame");
    assert!(differing(&stage.with_layers("heat"), &stage.with_layers("none"), 2).is_empty());
}
