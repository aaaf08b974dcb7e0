//! Pictures of the earth of the user: tiles that are sharp where the eye is near.

use std::path::Path;

use image::{Rgb, RgbImage};

use crate::command::{folder, globe, stderr};

/// The level of the tiles: 256 columns of 128 rows.
const LEVEL: u32 = 7;
/// The tile over whose middle the eye stands.
const TILE: (u32, u32) = (134, 30);

/// A tile of one colour, with a white spot in its north-west corner.
fn write(folder: &Path, (x, y): (u32, u32), rgb: [u8; 3]) {
    let column = folder.join(format!("day/{LEVEL}/{x}"));
    std::fs::create_dir_all(&column).expect("a folder");
    let mut picture = RgbImage::from_pixel(64, 64, Rgb(rgb));
    for (i, j) in (0..16).flat_map(|i| (0..16).map(move |j| (i, j))) {
        picture.put_pixel(i, j, Rgb([250, 250, 250]));
    }
    picture.save(column.join(format!("{y}.png"))).expect("written");
}

fn picture(words: &[&str]) -> RgbImage {
    let file = folder("imagery").with_extension("png");
    let name = file.to_str().expect("a plain path");
    let (lon, lat) =
        ((f64::from(TILE.0) + 0.5) / 256.0 * 360.0 - 180.0, 90.0 - (f64::from(TILE.1) + 0.5) / 128.0 * 180.0);
    let view = format!("{lat},{lon},200");
    let fixed =
        ["--synthetic", "pins=1,arcs=0", "--layers", "earth", "--hide", "status,keys,notice", "--size", "640x360"];
    let words = [&fixed, words, &["--view", &view, "--screenshot", name]].concat();
    let output = globe(&words).output().expect("it runs");
    assert!(output.status.success(), "{}", stderr(&output));
    let picture = image::open(&file).expect("a picture").to_rgb8();
    std::fs::remove_file(file).expect("it was there");
    picture
}

#[test]
fn tiles_of_fine_levels_are_drawn_where_they_lie_on_the_globe_and_on_the_map() {
    let tiles = folder("tiles");
    for (x, y) in (130..=138).flat_map(|x| (27..=33).map(move |y| (x, y))) {
        write(&tiles, (x, y), if (x, y) == TILE { [230, 20, 20] } else { [20, 210, 20] });
    }
    let path = tiles.to_str().expect("a plain path");
    let red = |p: &Rgb<u8>| i32::from(p[0]) - i32::from(p[1]);
    for projection in ["globe", "flat"] {
        let shown = picture(&["--imagery", path, "--projection", projection]);
        assert!(red(shown.get_pixel(330, 190)) > 60, "the tile under the eye, {projection}");
        for (x, y) in [(40, 190), (600, 190)] {
            assert!(red(shown.get_pixel(x, y)) < -60, "its neighbours, {projection}: {:?}", shown.get_pixel(x, y));
        }
        // The spot lies to the north-west of the middle of its tile, and is a quarter of it wide.
        let white = |p: &Rgb<u8>| p.0.iter().all(|c| *c > 120);
        let spots: Vec<(u32, u32)> = shown
            .enumerate_pixels()
            .filter(|(x, y, p)| (180..460).contains(x) && *y < 180 && white(p))
            .map(|(x, y, _)| (x, y))
            .collect();
        assert!(spots.len() > 500, "{projection}: {}", spots.len());
        let mean = spots.iter().map(|(x, _)| f64::from(*x)).sum::<f64>() / spots.len() as f64;
        assert!(mean < 300.0, "{projection}: {mean}");
    }
    let bare = picture(&[]);
    assert!(red(bare.get_pixel(330, 190)) < 60);
    std::fs::remove_dir_all(tiles).expect("removed");
}
