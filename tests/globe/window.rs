//! The real window on a display of its own: keys change the picture, a click opens a card, a drag turns the globe.

use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::Duration;

const SIZE: (u32, u32) = (900, 620);
/// Longest wait for one printed line: a software renderer on a busy machine is slow.
const PATIENCE: Duration = Duration::from_secs(60);

/// Ends its process when the test ends, however it ends.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

struct Desk {
    display: String,
    window: String,
    lines: Receiver<String>,
    folder: PathBuf,
    _program: Running,
    _server: Running,
}

impl Desk {
    /// Starts an X server and the program in it, and waits until the globe stands.
    fn open() -> Desk {
        let (server, display) = x_server();
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("window{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder for pictures");
        let mut program = Command::new(env!("CARGO_BIN_EXE_argus-globe"))
            .args(["globe", "--at", "+60s", "--paused", "--trace-input", "--fps", "30"])
            .args(["--view", "48,10,6000", "--size", &format!("{}x{}", SIZE.0, SIZE.1)])
            .env("DISPLAY", &display)
            .env_remove("WAYLAND_DISPLAY")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program starts");
        let out = program.stdout.take().expect("a pipe");
        let (send, lines) = sync_channel(10_000);
        std::thread::Builder::new()
            .name("lines".into())
            .spawn(move || {
                for line in BufReader::new(out).lines().map_while(Result::ok) {
                    if send.send(line).is_err() {
                        return;
                    }
                }
            })
            .expect("a thread");
        let mut desk =
            Desk { display, window: String::new(), lines, folder, _program: Running(program), _server: server };
        desk.wait_for("ready ");
        desk.window = desk.xdotool(&["search", "--onlyvisible", "--name", "argus-globe"]);
        assert!(!desk.window.is_empty(), "the window has its name");
        desk.window = desk.window.lines().next().unwrap_or_default().to_owned();
        desk.xdotool(&["windowfocus", "--sync", &desk.window]);
        desk
    }

    fn xdotool(&self, words: &[&str]) -> String {
        let out = Command::new("xdotool")
            .args(words)
            .env("DISPLAY", &self.display)
            .output()
            .expect("xdotool runs (Debian: xdotool)");
        assert!(out.status.success(), "xdotool {words:?}: {}", String::from_utf8_lossy(&out.stderr));
        String::from_utf8_lossy(&out.stdout).trim().to_owned()
    }

    /// The next printed line that starts with `start`.
    fn wait_for(&self, start: &str) -> String {
        let mut seen = Vec::new();
        loop {
            let line = self.lines.recv_timeout(PATIENCE);
            let line = line.unwrap_or_else(|e| panic!("no line {start:?} ({e}); lines before: {seen:?}"));
            if line.starts_with(start) {
                return line;
            }
            seen.push(line);
        }
    }

    /// What is on the screen.
    fn picture(&self) -> Vec<u8> {
        let file = self.folder.join("screen.png");
        // One grab in many hundreds was seen to fail, for a reason not known; a screen that stays unreadable still fails.
        let done = (0..5).any(|_| {
            let mut import = Command::new("import");
            import.args(["-window", "root"]).arg(&file).env("DISPLAY", &self.display);
            import.status().expect("import runs (Debian: imagemagick)").success()
        });
        assert!(done, "a picture of the screen");
        image::open(&file).expect("a PNG").into_rgb8().into_raw()
    }

    /// The picture once it stands: two in a row are equal.
    fn still(&self) -> Vec<u8> {
        let mut before = self.picture();
        for _ in 0..100 {
            let now = self.picture();
            if now == before {
                return now;
            }
            before = now;
        }
        panic!("the picture does not come to rest");
    }

    /// Takes pictures until one fits; a line is printed before its frame is on the screen.
    fn see(&self, what: &str, fits: impl Fn(&[u8]) -> bool) {
        assert!((0..200).any(|_| fits(&self.picture())), "{what}");
    }

    /// Presses the key of a layer twice: at least `least` pixels leave the picture of rest and all come back.
    fn toggle_and_back(&self, rest: &[u8], key: &str, layer: &str, least: usize) {
        self.switch(key, layer);
        self.see(&format!("key {key} changes at least {least} pixels"), |now| difference(rest, now) >= least);
        self.switch(key, layer);
        self.see(&format!("key {key} twice gives the picture back"), |now| difference(rest, now) == 0);
    }

    /// Presses a key and waits until its layer has changed.
    fn switch(&self, key: &str, layer: &str) {
        self.xdotool(&["key", key]);
        self.wait_for(&format!("layer {layer} "));
    }
}

/// An X server on a free display.
fn x_server() -> (Running, String) {
    for n in 0..50 {
        let number = 200 + (std::process::id() + n * 7) % 700;
        let socket = PathBuf::from(format!("/tmp/.X11-unix/X{number}"));
        if socket.exists() {
            continue;
        }
        let display = format!(":{number}");
        let screen = format!("{}x{}x24", SIZE.0, SIZE.1);
        let child = Command::new("Xvfb")
            .args([&display, "-screen", "0", &screen, "-nolisten", "tcp"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("Xvfb runs (Debian: xvfb)");
        let mut server = Running(child);
        for _ in 0..200 {
            if socket.exists() {
                return (server, display);
            }
            if server.0.try_wait().ok().flatten().is_some() {
                break;
            }
            std::thread::park_timeout(Duration::from_millis(50));
        }
    }
    panic!("no display could be opened");
}

fn difference(a: &[u8], b: &[u8]) -> usize {
    assert_eq!(a.len(), b.len(), "pictures of one size");
    a.chunks(3).zip(b.chunks(3)).filter(|(x, y)| x != y).count()
}

#[test]
fn keys_clicks_and_drags_do_what_they_say_in_the_real_window() {
    let desk = Desk::open();
    let camera = desk.wait_for("camera ");
    let pins: Vec<(i32, i32, String)> = (0..12)
        .map(|_| {
            let line = desk.wait_for("pin ");
            let words: Vec<&str> = line.split(' ').collect();
            (words[1].parse().expect("x"), words[2].parse().expect("y"), words[3].to_owned())
        })
        .collect();

    // Dashes run on arcs and in the legend. Without both nothing moves, so that every other key can be told by its
    // picture alone.
    desk.switch("a", "arcs");
    desk.switch("d", "legend");
    let rest = desk.still();
    for (key, layer, least) in [
        ("e", "earth", 20_000),
        ("c", "clouds", 500),
        ("p", "pins", 300),
        ("b", "borders", 300),
        ("n", "night", 500),
        ("y", "atmosphere", 300),
        ("g", "graticule", 300),
        ("o", "names", 50),
        ("z", "stars", 5),
        ("t", "timeline", 5_000),
        ("f", "table", 10_000),
    ] {
        desk.toggle_and_back(&rest, key, layer, least);
    }
    for (key, layer, least) in [("a", "arcs", 2_000), ("d", "legend", 2_000)] {
        desk.toggle_and_back(&rest, key, layer, least);
    }

    // A pin well inside the globe's free part.
    let (x, y, addr) = pins
        .iter()
        .filter(|(x, y, _)| (250..650).contains(x) && (150..450).contains(y))
        .min_by_key(|(x, y, _)| (x - 450).abs() + (y - 300).abs())
        .expect("a pin in the middle");
    desk.xdotool(&["mousemove", "--window", &desk.window, &x.to_string(), &y.to_string()]);
    desk.xdotool(&["click", "1"]);
    let picked = desk.wait_for("pick host ");
    assert_eq!(picked, format!("pick host {addr}"), "the pin under the pointer");
    desk.see("the card covers 5,000 pixels", |now| difference(&rest, now) > 5_000);
    desk.xdotool(&["key", "Escape"]);
    desk.xdotool(&["key", "Escape"]);
    desk.wait_for("pick nothing");

    // A hand takes longer than a frame; taking a picture after each step takes as long.
    for step in 0..=8 {
        desk.xdotool(&["mousemove", "--window", &desk.window, &(450 - step * 15).to_string(), "420"]);
        if step == 0 {
            desk.picture();
            desk.xdotool(&["mousedown", "1"]);
        }
        desk.picture();
    }
    desk.xdotool(&["mouseup", "1"]);
    // Dragging west looks east. A line comes whenever the eye rests, also between two steps.
    let lon = |line: &str| line.split(' ').nth(2).and_then(|w| w.parse::<f64>().ok()).expect("a longitude");
    while lon(&desk.wait_for("camera ")) < lon(&camera) + 3.0 {}
    desk.see("the globe has turned", |now| difference(&rest, now) > 20_000);
}
