//! The words of remote control: a line of JSON becomes a request, a request becomes actions. No Bevy here.
//!
//! A line is an object with one key, the word; its value says what to do. [`WORDS`] is the only list of them.

use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::alert::Alert;
use crate::base::time::parse_duration;
use crate::cache::Snapshot;
use crate::export::Format;
use crate::geo::LatLon;
use crate::globe::actions::{Action, rows};
use crate::globe::alerts::active;
use crate::globe::camera::{Orbit, RADIUS_KM};
use crate::globe::layers::{LAYERS, Layers};
use crate::globe::views::Views;
use crate::globe::wall::TourKind;
use crate::pipeline::{At, PlayState, Playhead, Show};

/// Longest line that is read, in bytes.
pub const LONGEST_LINE: usize = 8192;
/// Most alerts that the status tells, the newest.
const MOST_ALERTS: usize = 20;

/// One row of the table of words.
#[derive(Clone, Copy, Debug)]
pub struct Word {
    /// The key.
    pub name: &'static str,
    /// What its value must be.
    pub expects: &'static str,
    /// What it does.
    pub does: &'static str,
    /// A line that is right.
    pub example: &'static str,
}

const fn word(name: &'static str, expects: &'static str, does: &'static str, example: &'static str) -> Word {
    Word { name, expects, does, example }
}

/// All words.
pub static WORDS: &[Word] = &[
    word(
        "view",
        "an object with lat and lon in degrees, alt_km in kilometres, and optionally heading and tilt in degrees; \
         or the name of a saved view; or \"home\"",
        "flies to a view",
        r#"{"view":{"lat":48.1,"lon":11.6,"alt_km":2500}}"#,
    ),
    word(
        "layer",
        "an object with names of layers and true or false; or a text such as \"+table,-clouds\"",
        "switches layers",
        r#"{"layer":{"table":true,"clouds":false}}"#,
    ),
    word(
        "filter",
        "a text in the argus filter language, with country=CC, city=NAME or as=N before it if you like; an empty text shows \
         everything",
        "shows only traffic that passes",
        r#"{"filter":"tcp and port 443"}"#,
    ),
    word(
        "time",
        "\"live\", \"first\", \"play\", \"pause\" or a time as for --at: RFC 3339, seconds since 1970, \"+30s\", \"-30s\"",
        "moves the playhead",
        r#"{"time":"+30s"}"#,
    ),
    word(
        "speed",
        "a number from 0.01 to 100000, or negative to play backwards; or an object {\"fit\": SECONDS} to play the whole recording in that time",
        "sets the speed of replay",
        r#"{"speed":60}"#,
    ),
    word(
        "tour",
        "true or false; or the name of a tour: data, alerts, talkers, places, views, spin, off",
        "switches wall mode with its tour, on with the tour that is named",
        r#"{"tour":"alerts"}"#,
    ),
    word("select", "an address", "selects an address and flies to it", r#"{"select":"192.0.2.1"}"#),
    word(
        "action",
        "the name of an action as in docs/keys.md",
        "does what the key of that action does",
        r#"{"action":"top-down"}"#,
    ),
    word(
        "screenshot",
        "the path of a PNG file; an existing file is replaced",
        "saves a picture; the answer comes when it is written",
        r#"{"screenshot":"/tmp/globe.png"}"#,
    ),
    word("status", "true", "answers with the state of the globe", r#"{"status":true}"#),
];

/// What a line asks for.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Request {
    /// The home view.
    Home,
    View(Orbit),
    SavedView(String),
    Layers(Vec<(usize, bool)>),
    Filter(String),
    Time(Moment),
    Speed(f64),
    Fit(Duration),
    Tour(bool),
    NamedTour(TourKind),
    Act(Action),
    Screenshot(PathBuf),
    Status,
}

/// A place for the playhead, or whether it moves.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Moment {
    Live,
    First,
    Play,
    Pause,
    At(At),
}

/// Reads a line.
///
/// # Errors
/// A sentence that says what was expected.
pub(super) fn parse(line: &str) -> Result<Request, String> {
    let known = || WORDS.iter().map(|w| w.name).collect::<Vec<_>>().join(", ");
    let value: Value = serde_json::from_str(line)
        .map_err(|e| format!("the line is no JSON ({e}); expected an object with one of the keys {}", known()))?;
    let Value::Object(object) = &value else {
        return Err(format!("expected an object with one of the keys {}", known()));
    };
    let mut entries = object.iter();
    let (Some((name, value)), None) = (entries.next(), entries.next()) else {
        return Err(format!("expected exactly one key, found {}; known are {}", object.len(), known()));
    };
    let Some(word) = WORDS.iter().find(|w| w.name == name) else {
        let shown: String = name.chars().take(40).collect();
        return Err(format!("unknown key {shown:?}; known are {}", known()));
    };
    read(word.name, value).map_err(|problem| {
        let why = if problem.is_empty() { String::new() } else { format!("{problem}; ") };
        format!("{}: {why}expected {}, such as {}", word.name, word.expects, word.example)
    })
}

/// The request of a word; the error may be empty where the expectation says it all.
fn read(word: &str, value: &Value) -> Result<Request, String> {
    let none = String::new;
    match (word, value) {
        ("view", Value::String(name)) if name == "home" => Ok(Request::Home),
        ("view", Value::String(name)) => Ok(Request::SavedView(name.clone())),
        ("view", Value::Object(parts)) => view(parts).map(Request::View),
        ("layer", value) => layers(value).map(Request::Layers),
        ("filter", Value::String(text)) => {
            Show::parse(text).map_err(|e| format!("{e}, at character {}", e.at + 1))?;
            Ok(Request::Filter(text.clone()))
        }
        ("time", Value::String(text)) => Ok(Request::Time(match text.as_str() {
            "live" => Moment::Live,
            "first" => Moment::First,
            "play" => Moment::Play,
            "pause" => Moment::Pause,
            other => Moment::At(other.parse().map_err(|_| none())?),
        })),
        ("time", Value::Number(secs)) => Ok(Request::Time(Moment::At(secs.to_string().parse().map_err(|_| none())?))),
        ("speed", Value::Number(_)) => {
            let speed = value.as_f64().filter(|s| (0.01..=100_000.0).contains(&s.abs()));
            speed.map(Request::Speed).ok_or_else(none)
        }
        ("speed", Value::Object(parts)) => {
            let fit = parts.get("fit").and_then(|v| match v {
                Value::String(text) => parse_duration(text),
                other => other.as_f64().and_then(|s| Duration::try_from_secs_f64(s).ok()),
            });
            fit.filter(|d| *d >= Duration::from_millis(100) && parts.len() == 1).map(Request::Fit).ok_or_else(none)
        }
        ("tour", Value::Bool(on)) => Ok(Request::Tour(*on)),
        ("tour", Value::String(name)) => {
            name.parse().map(Request::NamedTour).map_err(|e: crate::globe::UnknownTour| e.to_string())
        }
        ("select", Value::String(addr)) => Ok(Request::Act(Action::FlyTo(addr.parse().map_err(|_| none())?))),
        ("action", Value::String(id)) => {
            let row = rows().into_iter().find(|r| r.id == id).ok_or_else(|| format!("there is no action {id:?}"))?;
            Ok(Request::Act(row.action))
        }
        ("screenshot", Value::String(path)) if path.to_ascii_lowercase().ends_with(".png") => {
            Ok(Request::Screenshot(PathBuf::from(path)))
        }
        ("status", Value::Bool(true)) => Ok(Request::Status),
        _ => Err(none()),
    }
}

fn view(parts: &Map<String, Value>) -> Result<Orbit, String> {
    const KEYS: [&str; 5] = ["lat", "lon", "alt_km", "heading", "tilt"];
    if let Some(key) = parts.keys().find(|k| !KEYS.contains(&k.as_str())) {
        return Err(format!("unknown part {key:?}"));
    }
    let number =
        |key: &str| parts.get(key).map(|v| v.as_f64().ok_or_else(|| format!("{key} is no number"))).transpose();
    let (Some(lat), Some(lon), Some(km)) = (number("lat")?, number("lon")?, number("alt_km")?) else {
        return Err("lat, lon and alt_km are needed".into());
    };
    let target = LatLon::new(lat, lon).ok_or("lat must be from -90 to 90, lon from -180 to 180")?;
    if !(km.is_finite() && km > 0.0) {
        return Err("alt_km must be above 0".into());
    }
    let (heading, tilt) = (number("heading")?.unwrap_or(0.0), number("tilt")?.unwrap_or(0.0));
    let orbit = Orbit { target, altitude: km / RADIUS_KM, heading: heading.to_radians(), tilt: tilt.to_radians() };
    Ok(orbit.clamped())
}

/// Rows of [`LAYERS`] and their wished states.
fn layers(value: &Value) -> Result<Vec<(usize, bool)>, String> {
    let row = |name: &str| {
        let at = LAYERS.iter().position(|l| l.name == name);
        at.ok_or_else(|| match Layers::parse(name) {
            Err(unknown) => unknown.to_string(),
            Ok(_) => format!("{name:?} is no single layer"),
        })
    };
    match value {
        Value::Object(wishes) => wishes
            .iter()
            .map(|(name, on)| {
                Ok((row(name)?, on.as_bool().ok_or_else(|| format!("{name} is neither true nor false"))?))
            })
            .collect(),
        Value::String(list) => list
            .split(',')
            .map(str::trim)
            .filter(|w| !w.is_empty())
            .map(|w| match w.strip_prefix('-') {
                Some(name) => Ok((row(name)?, false)),
                None => Ok((row(w.strip_prefix('+').unwrap_or(w))?, true)),
            })
            .collect(),
        _ => Err(String::new()),
    }
}

/// What the globe shows at the moment, as far as requests and the status depend on it.
pub(super) struct Shown<'a> {
    pub(super) snapshot: &'a Snapshot,
    pub(super) playhead: &'a Playhead,
    pub(super) alerts: &'a [Alert],
    pub(super) layers: Layers,
    pub(super) orbit: Orbit,
    pub(super) wall: bool,
    /// The filter of the picture, empty if there is none.
    pub(super) filter: &'a str,
    pub(super) views: &'a Views,
    /// Addresses are replaced: nobody may ask for real ones.
    pub(super) masked: bool,
    /// Frames drawn since the start.
    pub(super) frames: u32,
}

/// The actions of a request. Screenshots and status have none.
///
/// # Errors
/// Why it cannot be done now.
pub(super) fn actions(request: &Request, now: &Shown) -> Result<Vec<Action>, String> {
    let paused = now.playhead.state == PlayState::Paused;
    Ok(match request {
        Request::Home => vec![Action::Home],
        Request::View(orbit) => vec![Action::Look(*orbit)],
        Request::SavedView(name) => {
            now.views.find(name)?;
            vec![Action::SavedView(name.clone())]
        }
        Request::Layers(wishes) => {
            let differing = wishes.iter().filter_map(|(row, on)| {
                let id = LAYERS.get(*row)?.id;
                (now.layers.is_on(id) != *on).then_some(Action::Toggle(id))
            });
            differing.collect()
        }
        Request::Filter(_) if now.masked => return Err("no filter while addresses are replaced".into()),
        Request::Filter(text) => vec![Action::Show(text.clone())],
        Request::Time(Moment::Live) => vec![Action::Live],
        Request::Time(Moment::First) => vec![Action::First],
        Request::Time(Moment::Play) if paused => vec![Action::PlayPause],
        Request::Time(Moment::Pause) if !paused => vec![Action::PlayPause],
        Request::Time(Moment::Play | Moment::Pause) => Vec::new(),
        Request::Time(Moment::At(at)) => {
            let span = now.snapshot.span.ok_or("no record has arrived yet, so there is no time to go to")?;
            vec![Action::Seek(at.resolve(span))]
        }
        Request::Speed(speed) => vec![Action::Speed(*speed)],
        Request::Fit(length) => vec![Action::Fit(*length)],
        Request::Tour(on) if *on != now.wall => vec![Action::Wall],
        Request::NamedTour(kind) if now.wall => vec![Action::Tour(*kind)],
        Request::NamedTour(kind) => vec![Action::Tour(*kind), Action::Wall],
        Request::Act(action) => vec![action.clone()],
        Request::Tour(_) | Request::Screenshot(_) | Request::Status => Vec::new(),
    })
}

/// The answer to a request that was carried out, or why it was not.
#[must_use]
pub(super) fn answer(result: Result<Value, String>) -> String {
    match result {
        Ok(Value::Object(mut more)) => {
            more.insert("ok".into(), true.into());
            Value::Object(more)
        }
        Ok(_) => json!({ "ok": true }),
        Err(problem) => json!({ "ok": false, "error": problem }),
    }
    .to_string()
}

/// The state of the globe; `panels` is an object with more keys of it.
#[must_use]
pub(super) fn status(now: &Shown, panels: Value) -> Value {
    let (state, speed) = match now.playhead.state {
        PlayState::Live => ("live", 1.0),
        PlayState::Paused => ("paused", now.playhead.speed),
        PlayState::Replay { speed } => ("replay", speed),
    };
    let (s, o) = (now.snapshot, now.orbit);
    let on: Vec<&str> = LAYERS.iter().filter(|l| now.layers.is_on(l.id)).map(|l| l.name).collect();
    let sources: Vec<Value> = s
        .health
        .sources
        .iter()
        .map(|x| json!({ "name": x.name, "state": format!("{:?}", x.state), "records": x.records, "dropped": x.dropped }))
        .collect();
    let mut status = json!({
        "time": now.playhead.now.to_string(),
        "state": state,
        "speed": speed,
        "first": s.span.map(|p| p.start.to_string()),
        "last": s.span.map(|p| p.end.to_string()),
        "window_secs": s.window.as_secs_f64(),
        "view": {
            "lat": o.target.lat, "lon": o.target.lon, "alt_km": o.altitude * RADIUS_KM,
            "heading": o.heading.to_degrees(), "tilt": o.tilt.to_degrees(),
        },
        "layers": on,
        "level": s.level.title(),
        "filter": now.filter,
        "tour": now.wall,
        "hosts": s.totals.hosts,
        "paths": s.totals.paths,
        "flows": s.totals.flows,
        "records": s.totals.records,
        "load_bits_per_sec": s.totals.load,
        "frames": now.frames,
        "sources": sources,
        "alerts": active(now.alerts, now.playhead.now).rev().take(MOST_ALERTS).map(|a| &a.text).collect::<Vec<_>>(),
    });
    if let (Value::Object(status), Value::Object(panels)) = (&mut status, panels) {
        status.extend(panels);
    }
    status
}

/// The document of all words, in Markdown: what `docs/remote.md` must be.
#[must_use]
pub fn words_markdown() -> String {
    let mut out = String::from(
        "# Remote control\n\nMade from the table in `src/globe/remote/model.rs`; a test compares them.\n\n\
         `argus-globe globe --control PATH` listens on a Unix socket that only its owner may use, `--control PORT` on that \
         port of the loopback address, which every user and program of the machine may use. Without the option nothing \
         listens. One JSON object per line in, one line back: `{\"ok\":true}`, with more keys for `status`, or \
         `{\"ok\":false,\"error\":\"…\"}` with what was expected. Lines are answered in order; a line of more than 8192 \
         bytes, and one that does not begin with `{`, ends the connection after its answer. At most 8 clients at once.\n\n\
         ```\nprintf '{\"view\":{\"lat\":48.1,\"lon\":11.6,\"alt_km\":2500}}\\n{\"status\":true}\\n' | nc -U -q1 /run/user/1000/globe.sock\n```\n\n\
         | key | does | value | example |\n|---|---|---|---|\n",
    );
    for w in WORDS {
        out.push_str(&format!("| `{}` | {} | {} | `{}` |\n", w.name, w.does, w.expects, w.example));
    }
    let endings: Vec<&str> = Format::ALL.iter().map(|f| f.ending()).collect();
    out.push_str(&format!(
        "\nActions `export-…` write {} into the folder the program was started in. The answer to `status` says time, state and \
         speed, first and last record, window, view, layers, level, filter, what is selected and open, how many cards are \
         pinned, the tour, the message that is \
         shown, theme, colours, scale of rates, projection, the part that is repeated, and figures of sources and traffic.\n",
        endings.join(", ")
    ));
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::globe::fixture;

    fn shown(s: &Snapshot, p: &Playhead) -> Vec<(Request, Result<Vec<Action>, String>)> {
        let now = Shown {
            snapshot: s,
            playhead: p,
            alerts: &[],
            layers: Layers::default(),
            orbit: Orbit::default(),
            wall: false,
            filter: "",
            views: &Views::default(),
            masked: false,
            frames: 7,
        };
        WORDS
            .iter()
            .map(|w| {
                let request = parse(w.example).unwrap_or_else(|e| panic!("{}: {e}", w.example));
                (request.clone(), actions(&request, &now))
            })
            .collect()
    }

    #[test]
    fn every_example_is_understood_and_leads_to_actions() {
        let s = fixture::snapshot();
        let playhead = Playhead { now: fixture::now(), state: PlayState::Paused, speed: 1.0 };
        for (request, done) in shown(&s, &playhead) {
            let silent = matches!(request, Request::Screenshot(_) | Request::Status);
            assert_eq!(done.expect("possible").is_empty(), silent, "{request:?}");
        }
    }

    #[test]
    fn a_bad_line_is_told_what_was_expected() {
        for (line, part) in [
            ("", "the line is no JSON"),
            ("GET / HTTP/1.1", "the line is no JSON"),
            ("[]", "expected an object with one of the keys view, layer"),
            ("{}", "expected exactly one key, found 0"),
            (r#"{"view":"home","speed":1}"#, "expected exactly one key, found 2"),
            (r#"{"zoom":1}"#, "unknown key \"zoom\"; known are view"),
            (r#"{"view":{"lat":91,"lon":0,"alt_km":1}}"#, "lat must be from -90 to 90"),
            (r#"{"view":{"lat":1,"lon":0}}"#, "lat, lon and alt_km are needed"),
            (r#"{"view":{"lat":"1","lon":0,"alt_km":1}}"#, "lat is no number"),
            (r#"{"view":{"lat":1,"lon":0,"alt_km":1,"x":1}}"#, "unknown part \"x\""),
            (r#"{"layer":{"moon":true}}"#, "layer \"moon\" does not exist"),
            (r#"{"layer":{"pins":1}}"#, "pins is neither true nor false"),
            (r#"{"filter":"tcp and prot 80"}"#, "did you mean 'port'?"),
            (r#"{"time":"noon"}"#, "time: expected \"live\""),
            (r#"{"speed":0}"#, "speed: expected a number from 0.01"),
            (r#"{"speed":{"fit":"x"}}"#, "speed: expected a number"),
            (r#"{"tour":1}"#, "tour: expected true or false"),
            (r#"{"tour":"alarms"}"#, "no tour \"alarms\"; known are data, alerts"),
            (r#"{"action":"jump"}"#, "there is no action \"jump\""),
            (r#"{"screenshot":"/etc/passwd"}"#, "screenshot: expected the path of a PNG file"),
            (r#"{"status":false}"#, "status: expected true"),
        ] {
            let error = parse(line).expect_err(line);
            assert!(error.contains(part), "{line}: {error}");
        }
    }

    #[test]
    fn a_time_needs_a_recording_and_only_differences_are_done() {
        let playhead = Playhead { now: fixture::now(), state: PlayState::Paused, speed: 1.0 };
        let empty = Snapshot::default();
        let now = Shown {
            snapshot: &empty,
            playhead: &playhead,
            alerts: &[],
            layers: Layers::default(),
            orbit: Orbit::default(),
            wall: false,
            filter: "",
            views: &Views::default(),
            masked: false,
            frames: 7,
        };
        let ask = |line: &str| actions(&parse(line).expect(line), &now);
        assert!(ask(r#"{"time":"+3s"}"#).expect_err("no record").contains("no record has arrived"));
        assert_eq!(ask(r#"{"time":"pause"}"#), Ok(vec![]));
        assert_eq!(ask(r#"{"layer":"+pins"}"#), Ok(vec![]));
        assert_eq!(ask(r#"{"tour":false}"#), Ok(vec![]));
        assert_eq!(ask(r#"{"tour":"views"}"#), Ok(vec![Action::Tour(TourKind::Views), Action::Wall]));
    }

    #[test]
    fn the_document_of_words_is_fresh() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/remote.md");
        if std::env::var_os("UPDATE_DOCS").is_some() {
            std::fs::write(path, words_markdown()).expect("docs can be written");
        }
        let found = std::fs::read_to_string(path).unwrap_or_default();
        assert!(found == words_markdown(), "docs/remote.md is old; run this test with UPDATE_DOCS=1");
    }

    proptest! {
        #[test]
        fn any_line_is_answered(line in "\\PC{0,200}", key in 0usize..WORDS.len(), value in "[\\PC]{0,40}") {
            let _ = parse(&line);
            let _ = parse(&format!("{{\"{}\":{value}}}", WORDS[key].name));
            let _ = parse(&format!("{{\"{}\":{}}}", WORDS[key].name, Value::String(value)));
        }
    }
}
