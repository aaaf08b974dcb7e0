//! Layers and the ground: what is on is seen, what is off is not, and the map lies where the coordinates say.

use crate::picture::{above, differing, light, rows, stage};

const SCENE: &str = "pin,48,11,,,,\npin,10,-10,,,,\narc,48,11,10,-10,3e6,\n";

#[test]
fn the_same_scene_twice_is_the_same_bytes() {
    let shoot = || stage(&rows(SCENE), above(30.0, 0.0, 2.0), "all").shoot();
    assert!(shoot() == shoot(), "two runs of one scene differ");
}

#[test]
fn every_layer_changes_the_picture() {
    let mut stage = stage(&rows(SCENE), above(30.0, -40.0, 2.0), "all,-table,-legend,-timeline");
    let all = stage.shoot();
    for layer in
        ["earth", "clouds", "pins", "arcs", "borders", "names", "graticule", "night", "atmosphere", "stars", "heat"]
    {
        let without = stage.with_layers(&format!("all,-table,-legend,-timeline,-{layer}"));
        let pixels = differing(&all, &without, 4).len();
        assert!(pixels > 40, "switching {layer} off changes {pixels} pixels");
    }
    let again = stage.with_layers("all,-table,-legend,-timeline");
    assert!(differing(&all, &again, 0).is_empty(), "switching layers on again does not bring the picture back");
}

#[test]
fn land_and_sea_lie_where_the_coordinates_say() {
    const LAND: [(f64, f64); 9] = [
        (52.5, 13.4),
        (40.4, -3.7),
        (23.0, 10.0),
        (-25.0, 133.0),
        (39.0, -98.0),
        (-15.0, -55.0),
        (30.0, 79.0),
        (65.0, 100.0),
        (-18.9, 47.0),
    ];
    const SEA: [(f64, f64); 9] = [
        (40.0, -40.0),
        (0.0, -25.0),
        (42.0, 50.5),
        (35.0, 18.0),
        (58.0, -30.0),
        (0.0, 70.0),
        (-20.0, 40.5),
        (0.0, -150.0),
        (-40.0, 150.0),
    ];
    let views =
        [(20.0, 0.0, false), (20.0, 100.0, false), (10.0, -90.0, false), (-20.0, 150.0, false), (0.0, 40.0, true)];
    for (lat, lon, flat) in views {
        let mut stage = stage(&rows(""), above(lat, lon, 2.0), "none");
        if flat {
            stage.flatten();
        }
        let picture = stage.shoot();
        for (points, is_land) in [(LAND, true), (SEA, false)] {
            for (lat, lon) in points {
                let Some([x, y]) = stage.pixel(lat, lon, 1.0) else { continue };
                // Towards the rim a pixel spans too much ground.
                if stage.pixel(lat, lon, 1.25).is_some_and(|[u, v]| (u - x).hypot(v - y) > 45.0) {
                    continue;
                }
                let seen = light(&picture, x, y);
                assert!((seen > 127) == is_land, "({lat}, {lon}) has the light {seen}, land: {is_land}");
            }
        }
    }
}

#[test]
fn the_night_side_is_darker_and_still_readable() {
    // At the scene's time it is afternoon over Africa and night over Australia.
    let mut africa = stage(&rows(""), above(23.0, 10.0, 2.0), "earth,night");
    let (with, without) = (africa.shoot(), africa.with_layers("earth"));
    let [x, y] = africa.pixel(23.0, 10.0, 1.0).expect("in the middle");
    assert!(light(&with, x, y).abs_diff(light(&without, x, y)) < 10, "the day side is not touched");
    drop(africa);
    let mut australia = stage(&rows(""), above(-25.0, 133.0, 2.0), "earth,night");
    let (with, without) = (australia.shoot(), australia.with_layers("earth"));
    let [x, y] = australia.pixel(-25.0, 133.0, 1.0).expect("in the middle");
    let share = f64::from(light(&with, x, y)) / f64::from(light(&without, x, y));
    assert!((0.25..0.6).contains(&share), "the night keeps {share} of the day's light");
}
