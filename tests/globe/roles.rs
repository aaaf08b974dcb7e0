//! Several windows: each shows its role, all share one selection and one clock.

use std::path::Path;

use image::RgbaImage;
use image::imageops::crop_imm;

use crate::window::{Globe, SAMPLE, differing};

/// A screen with room for the main window above another one.
const SCREEN: &str = "1280x1200";

/// Puts a window of a role where nothing hides it, at the left edge below the main one.
fn below(globe: &Globe, title: &str, size: [&str; 2]) {
    let name = format!("^argus-globe: {title}$");
    globe.xdotool(&["search", "--sync", "--name", "^argus-globe$", "windowmove", "0", "0"]);
    globe.xdotool(&["search", "--sync", "--name", &name, "windowsize", size[0], size[1], "windowmove", "0", "650"]);
}

/// The part of the screen that the main window has, and that below it.
fn parts(picture: &RgbaImage) -> [RgbaImage; 2] {
    [crop_imm(picture, 0, 0, 960, 640).to_image(), crop_imm(picture, 0, 660, 1200, 440).to_image()]
}

/// Pixels of text and marks: those that are far from the colour of the ground.
fn marked(picture: &RgbaImage) -> usize {
    picture.pixels().filter(|p| p.0[..3].iter().any(|v| *v > 110)).count()
}

#[test]
fn a_click_in_the_window_of_the_table_selects_on_the_globe_and_closing_it_ends_nothing() {
    let mut words = vec!["--role", "table@9"];
    words.extend(SAMPLE);
    let mut globe = Globe::start_on(SCREEN, Path::new("."), &words);
    assert!(globe.has_said("window table on the primary screen"), "the missing screen is made up for");
    below(&globe, "flow table", ["1200", "440"]);
    let before = globe.still();
    let [earth, table] = parts(&before);
    assert!(marked(&table) > 4_000, "rows are shown: {} bright pixels", marked(&table));
    // The third row or so of the table.
    globe.xdotool(&["mousemove", "--sync", "300", "815", "click", "1"]);
    let picked = globe.wait("pick flow");
    assert!(picked.split(' ').count() == 4, "{picked}");
    globe.changed_from(&before, 500, "a click on a row");
    let [shown, _] = parts(&globe.still());
    assert!(differing(&earth, &shown) > 100, "the globe shows what was selected in the other window");
    // Keys work in every window, and on the one clock.
    globe.key("e");
    assert_eq!(globe.wait("layer"), "layer earth off");
    globe.xdotool(&["search", "--name", "^argus-globe: flow table$", "windowfocus", "--sync"]);
    globe.key("ctrl+w");
    globe.wait("key Ctrl+W close-window");
    globe.xdotool(&["search", "--name", "^argus-globe$", "windowfocus", "--sync"]);
    globe.key("e");
    assert_eq!(globe.wait("layer"), "layer earth on");
    let [_, gone] = parts(&globe.still());
    assert!(marked(&gone) < 100, "the window is closed");
}

#[test]
fn chart_and_alerts_have_windows_and_the_time_is_the_same_in_all() {
    let mut words = vec!["--role", "chart", "--role", "alerts", "--alert", "total > 1kbit/s"];
    words.extend(SAMPLE);
    let globe = Globe::start_on(SCREEN, Path::new("."), &words);
    below(&globe, "alerts", ["500", "440"]);
    let [_, alerts] = parts(&globe.still());
    assert!(marked(&alerts) > 800, "alerts are listed: {} bright pixels", marked(&alerts));
    below(&globe, "traffic over time", ["1200", "440"]);
    globe.xdotool(&["search", "--name", "^argus-globe: traffic over time$", "windowraise"]);
    let before = globe.still();
    let [_, chart] = parts(&before);
    assert!(marked(&chart) > 20_000, "bars are shown: {} bright pixels", marked(&chart));
    // A click on its histogram seeks, and both windows show another time.
    globe.xdotool(&["mousemove", "--sync", "300", "800", "click", "1"]);
    let mut seen = [false; 2];
    for _ in 0..200 {
        let now = parts(&globe.picture());
        for ((seen, was), now) in seen.iter_mut().zip(parts(&before)).zip(&now) {
            *seen |= differing(&was, now) > 300;
        }
        if seen == [true; 2] {
            return;
        }
    }
    panic!("globe and chart changed: {seen:?}");
}
