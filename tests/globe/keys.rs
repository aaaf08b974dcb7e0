//! Every key of the overlay, pressed in the real window: what follows is compared with what the overlay says.
//!
//! The keys are those of the table of actions, so that a row without a check here fails. What follows is read from the
//! state that the program tells over its control socket, and from files it writes.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Lines, Write as _};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;

use argus_globe::globe::LAYERS;
use argus_globe::globe::actions::{Action, Chord, KeyName, Row, rows};
use serde_json::{Value, json};

use crate::command::folder;
use crate::window::{Globe, PATIENCE};

/// Looks at the state, one for each frame at most, before what must follow counts as absent.
const LOOKS: usize = 2_000;

/// The state before a key and after it.
type Compare = fn(&Value, &Value) -> bool;

/// What is done before a key is pressed (lines for the socket), what must follow, and how the state is put right again.
struct Check {
    id: &'static str,
    before: &'static [&'static str],
    holds: Compare,
    after: &'static [&'static str],
}

const fn check(
    id: &'static str,
    before: &'static [&'static str],
    holds: Compare,
    after: &'static [&'static str],
) -> Check {
    Check { id, before, holds, after }
}

const PAUSE: &str = r#"{"time":"pause"}"#;
const MIDDLE: &str = r#"{"time":"+40s"}"#;
const HIGH: &str = r#"{"view":{"lat":20,"lon":10,"alt_km":9000,"heading":0,"tilt":20}}"#;
const ESCAPE: &str = r#"{"action":"escape"}"#;
const REAL_TIME: &str = r#"{"speed":1}"#;

fn number(state: &Value, path: &str) -> f64 {
    state.pointer(path).and_then(Value::as_f64).unwrap_or(f64::NAN)
}

/// Seconds of the day of a time in the state.
fn seconds(state: &Value, key: &str) -> f64 {
    let text = state[key].as_str().unwrap_or("");
    let clock = text.split_once('T').map_or("", |(_, c)| c.trim_end_matches('Z'));
    clock.split(':').filter_map(|p| p.parse::<f64>().ok()).fold(0.0, |sum, part| sum * 60.0 + part)
}

fn moved(b: &Value, a: &Value) -> f64 {
    seconds(a, "time") - seconds(b, "time")
}

fn is(state: &Value, key: &str, value: &str) -> bool {
    state[key] == value
}

fn opened(state: &Value, what: &str) -> bool {
    state["open"].as_array().is_some_and(|open| open.iter().any(|o| o == what))
}

/// How far a number of the view has changed.
fn by(b: &Value, a: &Value, part: &str) -> f64 {
    let path = format!("/view/{part}");
    number(a, &path) - number(b, &path)
}

fn told(state: &Value, part: &str) -> bool {
    state["message"].as_str().is_some_and(|m| m.contains(part))
}

/// The file that the message names, with an ending.
fn saved(state: &Value, ending: &str) -> bool {
    let path = state["message"].as_str().and_then(|m| m.rsplit_once("saved: ")).map(|(_, p)| PathBuf::from(p));
    path.is_some_and(|p| {
        let bytes = std::fs::read(&p).unwrap_or_default();
        p.extension().is_some_and(|e| e == ending) && bytes.len() > 100 && is_of(&bytes, ending)
    })
}

/// Whether the content of a file is what its ending says.
fn is_of(bytes: &[u8], ending: &str) -> bool {
    let text = String::from_utf8_lossy(bytes);
    match ending {
        "csv" => text.starts_with("kind,") && text.lines().count() > 2,
        "kml" => text.contains("<kml") && text.trim_end().ends_with("</kml>"),
        "png" => image::load_from_memory(bytes).is_ok_and(|p| p.width() == 960),
        _ => serde_json::from_slice::<Value>(bytes).is_ok_and(|v| v.is_object()),
    }
}

/// One row for each action that is no layer. `quit` comes last by itself.
static CHECKS: &[Check] = &[
    check("play-pause", &[PAUSE, MIDDLE], |b, a| is(b, "state", "paused") && is(a, "state", "replay"), &[PAUSE]),
    check("back", &[MIDDLE], |b, a| (moved(b, a) + 10.0).abs() < 0.01, &[]),
    check("forward", &[MIDDLE], |b, a| (moved(b, a) - 10.0).abs() < 0.01, &[]),
    check("step-back", &[MIDDLE], |b, a| moved(b, a) <= -1.0, &[]),
    check("step-forward", &[MIDDLE], |b, a| moved(b, a) >= 1.0, &[]),
    check("slower", &[r#"{"speed":5}"#], |_, a| number(a, "/speed") == 2.0, &[REAL_TIME]),
    check("faster", &[r#"{"speed":5}"#], |_, a| number(a, "/speed") == 10.0, &[REAL_TIME]),
    check(
        "reverse",
        &[r#"{"speed":5}"#, MIDDLE],
        |_, a| is(a, "state", "replay") && number(a, "/speed") == -5.0,
        &[PAUSE, REAL_TIME],
    ),
    check("real-time", &[r#"{"speed":600}"#], |b, a| number(b, "/speed") == 600.0 && number(a, "/speed") == 1.0, &[]),
    check("type-speed", &[REAL_TIME], |_, a| number(a, "/speed") == 60.0, &[REAL_TIME]),
    check("first", &[MIDDLE], |b, a| b["time"] != b["first"] && a["time"] == a["first"], &[]),
    check("live", &[MIDDLE], |b, a| b["time"] != b["last"] && a["time"] == a["last"], &[PAUSE]),
    check("begin-part", &[MIDDLE], |b, a| b["part"][0].is_null() && a["part"][0] == a["time"], &[]),
    check("end-part", &[r#"{"time":"+50s"}"#], |_, a| a["part"][1].is_string(), &[PAUSE]),
    check("clear-part", &[], |b, a| b["part"][1].is_string() && a["part"] == json!([null, null]), &[PAUSE]),
    check(
        "bookmark",
        &[MIDDLE],
        |b, a| number(a, "/bookmarks") - number(b, "/bookmarks") == 1.0,
        &[r#"{"time":"first"}"#],
    ),
    check("next-bookmark", &[r#"{"time":"first"}"#], |b, a| (moved(b, a) - 40.0).abs() < 0.01, &[]),
    check("left", &[HIGH], |b, a| by(b, a, "lon") < -0.5, &[]),
    check("right", &[HIGH], |b, a| by(b, a, "lon") > 0.5, &[]),
    check("up", &[HIGH], |b, a| by(b, a, "lat") > 0.5, &[]),
    check("down", &[HIGH], |b, a| by(b, a, "lat") < -0.5, &[]),
    check("zoom-in", &[HIGH], |b, a| by(b, a, "alt_km") < -100.0, &[]),
    check("zoom-out", &[HIGH], |b, a| by(b, a, "alt_km") > 100.0, &[]),
    check("heading-left", &[HIGH], |b, a| by(b, a, "heading") < -1.0, &[]),
    check("heading-right", &[HIGH], |b, a| by(b, a, "heading") > 1.0, &[]),
    check("tilt-up", &[HIGH], |b, a| by(b, a, "tilt") > 1.0, &[]),
    check("tilt-down", &[HIGH], |b, a| by(b, a, "tilt") < -1.0, &[]),
    check(
        "home",
        &[HIGH],
        |_, a| number(a, "/view/lat") == 30.0 && number(a, "/view/lon") == -25.0 && number(a, "/view/tilt") == 0.0,
        &[],
    ),
    check(
        "north-up",
        &[r#"{"view":{"lat":20,"lon":10,"alt_km":9000,"heading":50,"tilt":20}}"#],
        |b, a| number(b, "/view/heading") > 49.0 && number(a, "/view/heading") == 0.0 && number(a, "/view/tilt") > 19.0,
        &[],
    ),
    check("top-down", &[HIGH], |b, a| number(b, "/view/tilt") > 19.0 && number(a, "/view/tilt") == 0.0, &[]),
    check(
        "projection",
        &[],
        |b, a| is(b, "projection", "globe") && is(a, "projection", "flat"),
        &[r#"{"action":"projection"}"#],
    ),
    check("rate-scale", &[], |b, a| number(b, "/rate_scale") == 0.0 && number(a, "/rate_scale") == -1.0, &[]),
    check("spin", &[], |b, a| b["spin"] == false && a["spin"] == true, &[r#"{"action":"spin"}"#, HIGH]),
    check("next-pin", &[ESCAPE, ESCAPE], |b, a| b["selected"] == json!([]) && a["selected"][0].is_string(), &[]),
    check("previous-pin", &[], |b, a| b["selected"][0].is_string() && a["selected"] != b["selected"], &[]),
    check("details", &[r#"{"action":"next-pin"}"#], |b, a| b["details"] == false && a["details"] == true, &[]),
    check(
        "keep-selected",
        &[r#"{"action":"next-pin"}"#],
        |_, a| told(a, "stays selected"),
        &[r#"{"action":"keep-selected"}"#],
    ),
    check(
        "pin-card",
        &[],
        |b, a| number(b, "/cards") == 0.0 && number(a, "/cards") == 1.0 && a["selected"] == b["selected"],
        &[],
    ),
    check("follow", &[], |b, a| b["follow"] == false && a["follow"] == true, &[HIGH]),
    check("copy-address", &[], |_, a| a["selected"][0].as_str().is_some_and(|s| told(a, &format!("copied {s}"))), &[]),
    check("search", &[], |_, a| opened(a, "search"), &["Escape"]),
    check("filter", &[], |_, a| opened(a, "filter"), &["Escape"]),
    check(
        "table-words",
        &[r#"{"layer":{"table":false}}"#],
        |_, a| a["layers"].as_array().is_some_and(|l| l.iter().any(|l| l == "table")),
        &["Escape", r#"{"layer":{"table":false}}"#],
    ),
    check(
        "coarser",
        &[],
        |b, a| is(b, "level", "address") && a["level"].as_str().is_some_and(|l| l.starts_with("network")),
        &[],
    ),
    check("finer", &[], |b, a| !is(b, "level", "address") && is(a, "level", "address"), &[]),
    check("colour", &[], |b, a| is(b, "colour", "rate") && is(a, "colour", "country"), &[]),
    check("unplaced", &[], |_, a| opened(a, "unplaced"), &[ESCAPE]),
    check("alerts", &[], |_, a| opened(a, "alerts"), &[ESCAPE]),
    check("escape", &[r#"{"action":"sources"}"#], |b, a| opened(b, "sources") && !opened(a, "sources"), &[]),
    check("palette", &[], |_, a| opened(a, "palette"), &["Escape"]),
    check("settings", &[], |_, a| opened(a, "settings"), &[ESCAPE]),
    check("help", &[], |_, a| opened(a, "help"), &[ESCAPE]),
    check("full-screen", &[], |b, a| a["full_screen"] != b["full_screen"], &[]),
    check("close-window", &[], |_, a| told(a, "main window"), &[]),
    check("wall", &[], |b, a| b["tour"] == false && a["tour"] == true, &[r#"{"tour":false}"#]),
    check("theme", &[], |b, a| is(b, "theme", "dark") && is(a, "theme", "light"), &[]),
    check("sources", &[], |_, a| opened(a, "sources"), &[ESCAPE]),
    check("open", &[], |_, a| opened(a, "files"), &["Escape"]),
    check("open-by-name", &[], |_, a| opened(a, "open"), &["Escape"]),
    check("picture", &[], |_, a| saved(a, "png"), &[]),
    check(
        "record",
        &[],
        |b, a| !told(b, "pictures a second") && told(a, "pictures a second"),
        &[r#"{"action":"record"}"#],
    ),
    check("export-csv", &[], |_, a| saved(a, "csv"), &[]),
    check("export-json", &[], |_, a| saved(a, "json"), &[]),
    check("export-geojson", &[], |_, a| saved(a, "geojson"), &[]),
    check("export-kml", &[], |_, a| saved(a, "kml"), &[]),
];

/// What xdotool calls a key.
fn symbol(chord: Chord) -> String {
    let name = match chord.key {
        KeyName::Char(c) => match c {
            ',' => "comma",
            '.' => "period",
            '<' => "less",
            '>' => "greater",
            '[' => "bracketleft",
            ']' => "bracketright",
            '\\' => "backslash",
            '/' => "slash",
            '?' => "question",
            '!' => "exclam",
            '+' => "plus",
            '-' => "minus",
            '=' => "equal",
            letter => return modified(chord, &letter.to_string()),
        }
        .to_owned(),
        KeyName::Space => "space".into(),
        KeyName::Enter => "Return".into(),
        KeyName::Escape => "Escape".into(),
        KeyName::Tab => "Tab".into(),
        KeyName::Backspace => "BackSpace".into(),
        KeyName::Home => "Home".into(),
        KeyName::End => "End".into(),
        KeyName::PageUp => "Prior".into(),
        KeyName::PageDown => "Next".into(),
        KeyName::Left => "Left".into(),
        KeyName::Right => "Right".into(),
        KeyName::Up => "Up".into(),
        KeyName::Down => "Down".into(),
        KeyName::F(n) => format!("F{n}"),
    };
    modified(chord, &name)
}

fn modified(chord: Chord, name: &str) -> String {
    let ctrl = if chord.ctrl { "ctrl+" } else { "" };
    let shift = if chord.shift { "shift+" } else { "" };
    format!("{ctrl}{shift}{name}")
}

/// The program and its control socket.
struct Driven {
    globe: Globe,
    socket: UnixStream,
    answers: Lines<BufReader<UnixStream>>,
}

impl Driven {
    fn ask(&mut self, line: &str) -> Value {
        writeln!(self.socket, "{line}").expect("written");
        let answer = self.answers.next().expect("an answer").expect("a line");
        let answer: Value = serde_json::from_str(&answer).expect("JSON");
        assert_eq!(answer["ok"], true, "{line}: {answer}");
        answer
    }

    fn state(&mut self) -> Value {
        self.ask(r#"{"status":true}"#)
    }

    /// The state once nothing moves and no record is on its way any more.
    fn rest(&mut self) -> Value {
        let still =
            |a: &Value, b: &Value| ["time", "view", "layers", "level", "open", "state"].iter().all(|k| a[*k] == b[*k]);
        let mut before = self.state();
        for _ in 0..LOOKS {
            let now = self.state();
            if still(&before, &now) {
                return now;
            }
            before = now;
        }
        panic!("it does not come to rest: {before}");
    }

    /// Lines for the socket, or names of keys.
    fn obey(&mut self, wishes: &[&str]) {
        for wish in wishes {
            if wish.starts_with('{') {
                self.ask(wish);
            } else {
                self.globe.key(wish);
            }
        }
    }

    /// Presses a key of a row; what must follow has to follow.
    fn press(&mut self, row: &Row, chord: Chord, holds: impl Fn(&Value, &Value) -> bool) {
        let before = self.rest();
        // Digits are typed before the key that takes them.
        if row.action == Action::TypeSpeed {
            ["6", "0"].iter().for_each(|digit| self.globe.key(digit));
        }
        self.globe.key(&symbol(chord));
        let mut now = self.state();
        for _ in 0..LOOKS {
            if holds(&before, &now) {
                return;
            }
            now = self.state();
        }
        panic!("{chord} ({}): {:?} does not follow\n{before}\n{now}", row.id, row.help);
    }
}

#[test]
fn every_key_of_the_overlay_does_what_it_says() {
    let rows = rows();
    let named: BTreeSet<&str> =
        CHECKS.iter().map(|c| c.id).chain(LAYERS.iter().map(|l| l.name)).chain(["quit"]).collect();
    let all: BTreeSet<&str> = rows.iter().map(|r| r.id).collect();
    assert_eq!(named, all, "each row of the table of actions has a check, and no other");

    let home = folder("keys");
    std::fs::create_dir_all(&home).expect("a folder");
    let socket = home.join("control");
    let sample = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/sample.pcap");
    let config = home.join("config.toml");
    std::fs::write(&config, "").expect("written");
    let path = |p: &PathBuf| p.to_str().expect("a plain path").to_owned();
    let words = ["-r", sample, "--paused", "--reduced-motion", "--config", &path(&config), "--control", &path(&socket)];
    let globe = Globe::start_in(&home, &words);
    let stream = UnixStream::connect(&socket).expect("the globe listens");
    stream.set_read_timeout(Some(PATIENCE)).expect("a limit");
    let answers = BufReader::new(stream.try_clone().expect("a handle")).lines();
    let mut driven = Driven { globe, socket: stream, answers };

    let of = |id: &str| rows.iter().find(|r| r.id == id).expect("a row");
    let mut pressed = 0;
    for layer in LAYERS {
        let row = of(layer.name);
        for chord in &row.keys {
            // Twice, so that everything is as before.
            for _ in 0..2 {
                let on = |state: &Value| state["layers"].as_array().expect("a list").iter().any(|l| l == layer.name);
                driven.press(row, *chord, |b, a| on(a) != on(b));
                pressed += 1;
            }
        }
    }
    for check in CHECKS {
        let row = of(check.id);
        for chord in &row.keys {
            driven.obey(check.before);
            driven.press(row, *chord, check.holds);
            driven.obey(check.after);
            pressed += 1;
        }
    }
    let quit = of("quit");
    driven.globe.key(&symbol(quit.keys[0]));
    assert!(driven.globe.ends(), "{}", quit.help);
    println!("{pressed} presses of the keys of {} rows", rows.len());
    std::fs::remove_dir_all(home).expect("removed");
}
