//! Pictures under review: small scenes against committed PNG files.

use std::path::PathBuf;

use argus_globe::globe::{Orbit, Picture, Synthetic};

use crate::picture::{SIZE, above, differing, stage};

/// Share of pixels that may differ by more than 2 of 255.
const TOLERANCE: f64 = 0.001;

fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/globe/golden").join(format!("{name}.png"))
}

fn check(name: &str, synthetic: Synthetic, orbit: Orbit, layers: &str) {
    let mut stage = stage(&synthetic.build(&[]), orbit, layers);
    let picture = stage.shoot();
    if std::env::var_os("ARGUS_GLOBE_BLESS").is_some() {
        picture.save_png(&path(name)).expect("written");
        return;
    }
    let (adapter, is_reference) = stage.globe.adapter();
    if !is_reference {
        println!("skipped: {name} is compared on llvmpipe only, this is {adapter}");
        return;
    }
    let golden = image::open(path(name)).expect("a committed picture").into_rgba8();
    let golden = Picture { width: golden.width(), height: golden.height(), rgba: golden.into_raw() };
    let wrong = differing(&picture, &golden, 2).len();
    let share = wrong as f64 / f64::from(SIZE.0 * SIZE.1);
    if share > TOLERANCE {
        let out = std::env::temp_dir().join(format!("argus-globe-{name}.png"));
        picture.save_png(&out).expect("written");
        panic!(
            "{name}: {wrong} pixels ({:.2} %) differ from the committed picture; see {}",
            share * 100.0,
            out.display()
        );
    }
}

#[test]
fn the_whole_globe_by_day() {
    check("day", Synthetic { pins: 60, arcs: 40, seed: 11 }, above(20.0, 0.0, 2.25), "-names,-legend,-timeline");
}

#[test]
fn the_whole_globe_by_night() {
    check(
        "night",
        Synthetic { pins: 60, arcs: 40, seed: 11 },
        above(20.0, 150.0, 2.25),
        "-names,-legend,-timeline,+graticule",
    );
}

#[test]
fn europe_near_by() {
    check("near", Synthetic { pins: 900, arcs: 60, seed: 7 }, above(48.0, 12.0, 0.35), "-names,-legend,-timeline");
}
