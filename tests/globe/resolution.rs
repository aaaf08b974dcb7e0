//! Fewer pixels for the globe: the same picture, a little softer, and back again.

use argus_globe::globe::camera::Projection;
use argus_globe::globe::{CameraRig, Motion, Picture, Resolution};

use crate::picture::{SIZE, Stage, above, differing, rows, stage};

/// A picture with some share of the pixels.
fn at(stage: &mut Stage, share: f64) -> Picture {
    *stage.globe.world().resource_mut::<Resolution>() = Resolution(share);
    // The first frame makes what the others need.
    for _ in 0..3 {
        stage.globe.frame().expect("a frame");
    }
    stage.shoot()
}

/// Means over blocks of 8 × 8 pixels, channel by channel.
fn blocks(picture: &Picture) -> Vec<f64> {
    const SIDE: usize = 8;
    let (width, height) = (picture.width as usize, picture.height as usize);
    let mut sums = vec![0.0; (width / SIDE) * (height / SIDE) * 3];
    for y in 0..height / SIDE * SIDE {
        for x in 0..width / SIDE * SIDE {
            for c in 0..3 {
                let block = (y / SIDE * (width / SIDE) + x / SIDE) * 3 + c;
                sums[block] += f64::from(picture.rgba[(y * width + x) * 4 + c]) / (SIDE * SIDE) as f64;
            }
        }
    }
    sums
}

/// Largest difference between blocks, and the mean of all.
fn apart(a: &Picture, b: &Picture) -> (f64, f64) {
    let off: Vec<f64> = blocks(a).iter().zip(blocks(b)).map(|(x, y)| (x - y).abs()).collect();
    (off.iter().copied().fold(0.0, f64::max), off.iter().sum::<f64>() / off.len() as f64)
}

#[test]
fn three_quarters_of_the_pixels_show_the_same_in_the_same_places() {
    let scene = rows("pin,48,11,,,,#e69f00\npin,35,-5,,,,#56b4e9\narc,51.5,0,30,31,3e8,\narc,40,-4,60,25,3e3,\n");
    let mut stage = stage(&scene, above(40.0, 10.0, 0.8), "earth,borders,pins,arcs,atmosphere,night");
    // Dashes would go on from picture to picture.
    stage.globe.world().resource_mut::<Motion>().reduced = true;
    for projection in [Projection::Globe, Projection::Flat] {
        stage.globe.world().resource_mut::<CameraRig>().begin_as(projection);
        let whole = at(&mut stage, 1.0);
        let fewer = at(&mut stage, 0.75);
        assert_eq!((fewer.width, fewer.height), SIZE);
        let changed = differing(&whole, &fewer, 2).len();
        assert!(changed > 2_000, "{projection}: fewer pixels cannot be the same picture: {changed} differ");
        let (most, mean) = apart(&whole, &fewer);
        assert!(most < 24.0 && mean < 2.5, "{projection}: a block is {most} off, all together {mean}");
        assert!(differing(&whole, &at(&mut stage, 1.0), 0).is_empty(), "{projection}: nothing is left of it");
    }
}
