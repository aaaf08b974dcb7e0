//! The command line of the globe: pictures and measurements without a window, and what is said when something is missing.

use std::process::{Command, Output};

pub(crate) fn globe(words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_argus-globe"));
    command.arg("globe").args(words).env_remove("DISPLAY").env_remove("WAYLAND_DISPLAY").env_remove("WAYLAND_SOCKET");
    command
}

pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_recording_becomes_a_picture() {
    let file = std::env::temp_dir().join(format!("argus-globe-test-{}.png", std::process::id()));
    let recording = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/argus/web.argus");
    let name = file.to_str().expect("a plain path");
    let words = ["-r", recording, "--at", "end", "--size", "320x180", "--view", "40,-100,9000", "--screenshot", name];
    let output = globe(&words).output().expect("it runs");
    assert!(output.status.success(), "{}", stderr(&output));
    let picture = image::open(&file).expect("a picture");
    assert_eq!((picture.width(), picture.height()), (320, 180));
    std::fs::remove_file(file).expect("it was there");
}

#[test]
fn a_measurement_is_one_line_of_json() {
    let words = ["--synthetic", "pins=200,arcs=100,seed=1", "--bench-frames", "3", "--size", "160x90"];
    let output = globe(&words).output().expect("it runs");
    assert!(output.status.success(), "{}", stderr(&output));
    let text = String::from_utf8(output.stdout).expect("text");
    assert_eq!(text.lines().count(), 1, "{text}");
    let json: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    for key in [
        "frame_ms_median",
        "frame_ms_p95",
        "cpu_ms_per_frame",
        "main_ms_median",
        "main_cpu_ms_tick",
        "pick_all_ms_median",
        "draw_calls",
        "rss_mb",
    ] {
        assert!(json[key].is_number(), "{key} in {text}");
    }
    assert_eq!(json["pick_all_pins"], 200, "no cluster hides a pin from the picker: {text}");
    assert!(json["adapter"].is_string() && json["draw_calls"].as_u64() <= Some(60), "{text}");
}

#[test]
fn a_number_of_pins_and_arcs_does_not_change_the_number_of_draws() {
    let draws = |scene: &str| {
        let words = ["--synthetic", scene, "--bench-frames", "1", "--size", "160x90"];
        let output = globe(&words).output().expect("it runs");
        let json: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
        json["draw_calls"].as_u64()
    };
    assert_eq!(draws("pins=2000,arcs=2000,seed=1"), draws("pins=5000,arcs=6000,seed=1"));
}

#[test]
fn without_a_display_one_sentence_names_the_screenshot() {
    let output = globe(&[]).output().expect("it runs");
    assert_eq!(output.status.code(), Some(1));
    let said = stderr(&output);
    assert!(said.contains("no display") && said.contains("--screenshot") && !said.contains("panicked"), "{said}");
}

#[test]
fn without_an_adapter_one_sentence_says_so() {
    let mut command = globe(&["--screenshot", "/dev/null", "--size", "64x64"]);
    let output = command.env("VK_ICD_FILENAMES", "/nonexistent").env("VK_DRIVER_FILES", "/nonexistent");
    let output = output.env("WGPU_BACKEND", "vulkan").output().expect("it runs");
    assert_eq!(output.status.code(), Some(1));
    let said = stderr(&output);
    assert!(said.contains("no graphics adapter found") && !said.contains("panicked"), "{said}");
}

#[test]
fn wrong_words_are_named() {
    for (words, part) in [
        (["--size", "big"], "--size \"big\""),
        (["--view", "1,2"], "--view \"1,2\""),
        (["--layers", "moon"], "\"moon\""),
        (["--synthetic", "boats=3"], "boats=3"),
        (["--theme", "pink"], "dark, light, contrast, night"),
    ] {
        let output = globe(&words).output().expect("it runs");
        assert_eq!(output.status.code(), Some(2), "{words:?}");
        assert!(stderr(&output).contains(part), "{}", stderr(&output));
    }
}

pub(crate) fn folder(name: &str) -> std::path::PathBuf {
    std::env::temp_dir().join(format!("argus-globe-{name}-{}", std::process::id()))
}

#[test]
fn what_would_be_shown_becomes_a_file() {
    let recording = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/argus/web.argus");
    for ending in ["csv", "json", "geojson", "kml"] {
        let file = folder("export").with_extension(ending);
        let name = file.to_str().expect("a plain path");
        let words = ["-r", recording, "--window", "1h", "--level", "country", "--export", name];
        let output = globe(&words).output().expect("it runs");
        assert!(output.status.success(), "{}", stderr(&output));
        let text = std::fs::read_to_string(&file).expect("written");
        assert!(text.contains("United States"), "{ending}: {text}");
        std::fs::remove_file(file).expect("it was there");
    }
    let output = globe(&["--export", "x.txt"]).output().expect("it runs");
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("csv, json, geojson, kml"), "{}", stderr(&output));
}

#[test]
fn the_same_moment_of_a_film_is_the_same_picture() {
    let recording = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/argus/web.argus");
    let film = |name: &str, from: &str| {
        let dir = folder(name);
        let to = dir.to_str().expect("a plain path");
        let words = ["-r", recording, "--from", from, "--to", "+3s", "--fps", "2", "--view", "40,-100,9000"];
        let mut command = globe(&words);
        let output = command.args(["--size", "320x180", "--frames", to]).output().expect("it runs");
        assert!(output.status.success(), "{}", stderr(&output));
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(said.starts_with("ffmpeg -framerate 2 -i '") && said.contains("%06d.png"), "{said}");
        let again = globe(&words).args(["--size", "320x180", "--frames", to]).output().expect("it runs");
        assert_eq!(again.status.code(), Some(2), "a folder with pictures is not mixed with others");
        let mut names: Vec<_> = std::fs::read_dir(&dir).expect("a folder").map(|e| e.expect("a file").path()).collect();
        names.sort();
        assert!(names[0].ends_with("000001.png"), "{names:?}");
        let frames: Vec<_> = names.iter().map(|n| image::open(n).expect("a picture").to_rgba8()).collect();
        std::fs::remove_dir_all(dir).expect("it was there");
        frames
    };
    let (whole, part) = (film("whole", "+0s"), film("part", "+2s"));
    assert_eq!((whole.len(), part.len()), (6, 2));
    assert!(whole[4] == part[0] && whole[5] == part[1], "a moment depends on where the film began");
    assert!(whole[0] != whole[5], "nothing moves");
}

#[test]
fn a_configuration_is_printed_read_and_its_mistakes_named() {
    let printed = globe(&["--print-config"]).output().expect("it runs");
    assert!(printed.status.success());
    let text = String::from_utf8(printed.stdout).expect("text");
    assert!(text.contains("# window = \"120s\"") && text.contains("# reduced-motion = false"), "{text}");
    let file = folder("config").with_extension("toml");
    let picture = folder("configured").with_extension("csv");
    let (name, out) = (file.to_str().expect("a plain path"), picture.to_str().expect("a plain path"));
    let recording = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/argus/web.argus");
    std::fs::write(&file, format!("read = [{recording:?}]\nwindow = \"1h\"\nlevel = \"country\"\n")).expect("written");
    let export = |more: &[&str]| {
        let output = globe(&[&["--config", name, "--export", out], more].concat()).output().expect("it runs");
        assert!(output.status.success(), "{}", stderr(&output));
        std::fs::read_to_string(&picture).expect("written")
    };
    assert!(export(&[]).contains("United States"));
    assert!(!export(&["--level", "address"]).contains("pin,United States"), "the command line comes first");
    std::fs::write(&file, "\nlayer = \"earth\"\n").expect("written");
    let output = globe(&["--config", name]).output().expect("it runs");
    let said = stderr(&output);
    assert_eq!(output.status.code(), Some(2));
    assert!(said.contains("line 2: unknown key \"layer\"; did you mean \"layers\"?"), "{said}");
    std::fs::write(&file, "window = \"soon\"\n").expect("written");
    assert!(stderr(&globe(&["--config", name]).output().expect("it runs")).contains("with the configuration file"));
    std::fs::remove_file(file).expect("it was there");
    std::fs::remove_file(picture).expect("it was there");
}
