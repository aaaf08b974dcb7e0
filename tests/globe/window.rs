//! The real program in a real window: keys and clicks from outside, pictures and printed lines back.
//!
//! Needs an X server in memory, a tool that types and one that takes pictures; without them the test fails and names the
//! packages. Nothing sleeps: every step waits for a line that the program prints or for a picture to change.

use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::Duration;

use argus_globe::globe::LAYERS;
use image::RgbaImage;

/// How long a line or a change may take on a busy machine that draws in software.
pub(crate) const PATIENCE: Duration = Duration::from_secs(90);
/// Pictures that are taken before a change counts as absent.
const PICTURES: usize = 200;

fn tool(name: &str) -> Command {
    let found = Command::new("sh").args(["-c", &format!("command -v {name}")]).stdout(Stdio::null()).status();
    let found = found.is_ok_and(|s| s.success());
    assert!(found, "{name} not found; the window test needs the Debian packages xvfb, xdotool and imagemagick");
    Command::new(name)
}

/// An X server in memory; it ends with this.
struct Display {
    server: Child,
    name: String,
}

impl Display {
    fn start(size: &str) -> Display {
        let mut server = tool("Xvfb")
            .args(["-displayfd", "1", "-screen", "0", &format!("{size}x24"), "-nolisten", "tcp"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("Xvfb starts");
        let mut line = String::new();
        BufReader::new(server.stdout.take().expect("piped")).read_line(&mut line).expect("Xvfb says its number");
        assert!(!line.trim().is_empty(), "Xvfb did not start");
        Display { server, name: format!(":{}", line.trim()) }
    }
}

impl Drop for Display {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// The program in its window.
pub(crate) struct Globe {
    display: Display,
    program: Child,
    lines: Receiver<String>,
    /// Everything printed so far, for messages.
    said: Vec<String>,
}

impl Globe {
    /// Starts it and waits until it is ready. Its window has the keyboard.
    pub(crate) fn start(words: &[&str]) -> Globe {
        Globe::start_in(Path::new("."), words)
    }

    /// The same in a folder, which is also that of its configuration.
    pub(crate) fn start_in(folder: &Path, words: &[&str]) -> Globe {
        Globe::start_on("960x640", folder, words)
    }

    /// The same on a screen of another size.
    pub(crate) fn start_on(screen: &str, folder: &Path, words: &[&str]) -> Globe {
        let display = Display::start(screen);
        let mut program = Command::new(env!("CARGO_BIN_EXE_argus-globe"))
            .args(["globe", "--trace-input", "--quality", "full", "--size", "960x640"])
            .args(words)
            .current_dir(folder)
            .env("DISPLAY", &display.name)
            .env_remove("WAYLAND_DISPLAY")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program starts");
        let out = BufReader::new(program.stdout.take().expect("piped"));
        let (send, lines) = sync_channel(10_000);
        std::thread::Builder::new()
            .name("lines".into())
            .spawn(move || out.lines().map_while(Result::ok).try_for_each(|line| send.send(line)))
            .expect("a thread");
        let mut globe = Globe { display, program, lines, said: Vec::new() };
        globe.wait("ready");
        globe.xdotool(&["search", "--sync", "--name", "^argus-globe$", "windowfocus", "--sync"]);
        globe
    }

    /// Name of the X server in memory that the window is on.
    pub(crate) fn display(&self) -> &str {
        &self.display.name
    }

    /// The next line that begins so; lines before it are passed over.
    pub(crate) fn wait(&mut self, start: &str) -> String {
        loop {
            let Ok(line) = self.lines.recv_timeout(PATIENCE) else {
                panic!("no line {start:?}; it said:\n{}", self.said.join("\n"));
            };
            self.said.push(line.clone());
            if line.starts_with(start) {
                return line;
            }
        }
    }

    /// Whether a line that begins so comes within a time.
    fn hears(&mut self, start: &str, within: Duration) -> bool {
        while let Ok(line) = self.lines.recv_timeout(within) {
            self.said.push(line.clone());
            if line.starts_with(start) {
                return true;
            }
        }
        false
    }

    /// Whether it ends by itself, and well.
    pub(crate) fn ends(&mut self) -> bool {
        // Its output ends with it.
        while self.lines.recv_timeout(PATIENCE).is_ok() {}
        self.program.wait().is_ok_and(|status| status.success())
    }

    /// Whether a line that begins so came before the last one that was waited for.
    pub(crate) fn has_said(&self, start: &str) -> bool {
        self.said.iter().any(|line| line.starts_with(start))
    }

    pub(crate) fn xdotool(&self, words: &[&str]) {
        let status = tool("xdotool").args(words).env("DISPLAY", &self.display.name).stdout(Stdio::null()).status();
        assert!(status.expect("xdotool runs").success(), "xdotool {words:?}");
    }

    pub(crate) fn key(&self, name: &str) {
        self.xdotool(&["key", name]);
    }

    pub(crate) fn picture(&self) -> RgbaImage {
        let words = ["-display", &self.display.name, "-window", "root", "png:-"];
        // The X server refuses to copy a screen whose windows change meanwhile; a second look then succeeds.
        let look = || {
            let output = tool("import").args(words).stderr(Stdio::null()).output().expect("import runs");
            image::load_from_memory(&output.stdout).ok()
        };
        (0..5).find_map(|_| look()).expect("a picture of the screen").to_rgba8()
    }

    /// A picture that the next one equals: nothing moves any more.
    pub(crate) fn still(&self) -> RgbaImage {
        let mut before = self.picture();
        for _ in 0..PICTURES {
            let now = self.picture();
            if differing(&before, &now) == 0 {
                return now;
            }
            before = now;
        }
        panic!("the picture does not come to rest");
    }

    /// Waits until the picture differs from another.
    pub(crate) fn changed_from(&self, before: &RgbaImage, least: usize, what: &str) {
        let most = (0..PICTURES).map(|_| differing(before, &self.picture())).find(|n| *n >= least);
        assert!(most.is_some(), "{what} does not change the picture by {least} pixels");
    }

    /// Where the eye is after an action that does not move it.
    fn eye(&mut self) -> String {
        self.key("F1");
        self.wait("key F1 help");
        let eye = self.wait("eye");
        self.key("F1");
        self.wait("eye");
        eye
    }

    /// The next pin that is told, with its address, well inside the part that no panel covers.
    fn pin(&mut self) -> (i32, i32, String) {
        loop {
            let line = self.wait("pin");
            let mut words = line.split(' ').skip(1);
            let mut number = || words.next().and_then(|w| w.parse::<i32>().ok()).expect("a number");
            let (x, y) = (number(), number());
            if (150..600).contains(&x) && (80..460).contains(&y) {
                return (x, y, words.next().expect("an address").to_owned());
            }
        }
    }

    /// Moves the pointer.
    fn point_at(&self, x: i32, y: i32) {
        self.xdotool(&["mousemove", "--sync", &x.to_string(), &y.to_string()]);
    }

    /// Drags with the left button, each step seen by the program before the next.
    fn drag(&mut self, from: (i32, i32), by: (i32, i32)) {
        let at = |i: i32| (from.0 + by.0 * i / 3, from.1 + by.1 * i / 3);
        for i in 0..=3 {
            let (x, y) = at(i);
            self.xdotool(&["mousemove", "--sync", &x.to_string(), &y.to_string()]);
            if i == 0 {
                self.xdotool(&["mousedown", "1"]);
            }
            self.wait(&format!("held {x} {y}"));
        }
        self.xdotool(&["mouseup", "1"]);
    }
}

impl Drop for Globe {
    fn drop(&mut self) {
        let _ = self.program.kill();
        let _ = self.program.wait();
    }
}

/// Pixels that differ by more than the eye could miss.
pub(crate) fn differing(a: &RgbaImage, b: &RgbaImage) -> usize {
    let far = |(p, q): (&image::Rgba<u8>, &image::Rgba<u8>)| p.0.iter().zip(q.0).any(|(x, y)| x.abs_diff(y) > 6);
    a.pixels().zip(b.pixels()).filter(|pair| far(*pair)).count()
}

const SCENE: [&str; 8] =
    ["--synthetic", "pins=60,arcs=40,seed=5", "--view", "45,10,9000", "--layers", "-legend", "--fps", "30"];
pub(crate) const SAMPLE: [&str; 8] = [
    "-r",
    concat!(env!("CARGO_MANIFEST_DIR"), "/assets/sample.pcap"),
    "--at",
    "end",
    "--paused",
    "--view",
    "48,8,6000",
    "--layers=-arcs,-legend",
];

/// Pixels that each layer changes at least in `SAMPLE`. Arcs and legend come last: their dashes move.
const LEAST: [(&str, usize); 15] = [
    ("earth", 20_000),
    ("clouds", 500),
    ("pins", 300),
    ("clusters", 100),
    ("borders", 300),
    ("night", 500),
    ("atmosphere", 300),
    ("graticule", 300),
    ("names", 50),
    ("stars", 5),
    ("timeline", 5_000),
    ("table", 10_000),
    ("heat", 5_000),
    ("arcs", 2_000),
    ("legend", 2_000),
];

#[test]
fn each_layer_key_changes_the_picture_and_back() {
    assert_eq!(LEAST.len(), LAYERS.len(), "every layer is tried");
    let mut globe = Globe::start(&SAMPLE);
    globe.xdotool(&["mousemove", "480", "20"]);
    let rest = globe.still();
    for (name, least) in LEAST {
        let layer = LAYERS.iter().find(|l| l.name == name).expect("a layer");
        let key = layer.key.to_ascii_lowercase().to_string();
        globe.key(&key);
        assert!(globe.wait("layer").starts_with(&format!("layer {name} ")), "{name}");
        globe.changed_from(&rest, least, name);
        globe.key(&key);
        assert!(globe.wait("layer").starts_with(&format!("layer {name} ")), "{name}");
        // A line is printed before its frame is on the screen.
        let back = (0..PICTURES).any(|_| differing(&rest, &globe.picture()) == 0);
        assert!(back, "{name} twice gives the picture back");
    }
}

#[test]
fn a_click_on_a_pin_opens_its_card_and_escape_closes_it() {
    let mut globe = Globe::start(&SAMPLE);
    globe.wait("camera");
    let (x, y, addr) = globe.pin();
    let before = globe.picture();
    globe.xdotool(&["mousemove", "--sync", &x.to_string(), &y.to_string(), "click", "1"]);
    assert_eq!(globe.wait("card"), format!("card {addr}"));
    assert_eq!(globe.wait("pick"), format!("pick host {addr}"));
    globe.changed_from(&before, 5_000, "the card");
    globe.key("Escape");
    globe.wait("key Esc");
    globe.key("Escape");
    assert_eq!(globe.wait("pick"), "pick nothing");
}

#[test]
fn ctrl_and_a_click_add_and_take_out_pins_and_a_click_on_a_card_keeps_it() {
    let mut globe = Globe::start(&[&SAMPLE[..7], &["--layers=-arcs,-legend,-clusters"]].concat());
    globe.wait("camera");
    let (x, y, _) = globe.pin();
    let (u, v) = loop {
        let (u, v, _) = globe.pin();
        if (u - x).abs() + (v - y).abs() > 60 {
            break (u, v);
        }
    };
    // Which of several pins at one spot is picked does not matter here.
    globe.point_at(x, y);
    globe.xdotool(&["click", "1"]);
    let first = globe.wait("pick host");
    globe.point_at(u, v);
    globe.xdotool(&["keydown", "ctrl", "click", "1", "keyup", "ctrl"]);
    assert_ne!(globe.wait("pick host"), first);
    globe.wait("selected 2");
    globe.xdotool(&["keydown", "ctrl", "click", "1", "keyup", "ctrl"]);
    assert_eq!(globe.wait("pick"), first, "what was selected before");
    globe.wait("selected 1");
    ["Escape", "Escape"].iter().for_each(|key| globe.key(key));
    assert_eq!(globe.wait("pick"), "pick nothing");
    // The card waits for the pointer, which then is on it.
    let bare = globe.still();
    globe.point_at(x, y);
    globe.changed_from(&bare, 3_000, "the card under the pointer");
    globe.point_at(x + 40, y + 34);
    globe.still();
    globe.xdotool(&["click", "1"]);
    globe.wait("cards 1");
    globe.key("Escape");
    globe.wait("cards 0");
}

#[test]
fn a_pointer_that_rests_on_an_arc_reads_its_figures() {
    let words = [&SAMPLE[..7], &["--layers=-legend", "--reduced-motion"]].concat();
    let mut globe = Globe::start(&words);
    globe.wait("camera");
    globe.xdotool(&["mousemove", "--sync", "480", "20"]);
    let before = globe.still();
    // The pointer may have begun over an arc.
    while globe.hears("over path", Duration::from_millis(500)) {}
    globe.xdotool(&["mousemove", "--sync", "700", "300"]);
    assert_eq!(globe.wait("over path").split(' ').count(), 4, "two addresses");
    globe.changed_from(&before, 3_000, "the card of the arc");
}

#[test]
fn a_drag_turns_the_globe_and_on_a_panel_it_does_not() {
    let mut globe = Globe::start(&SCENE);
    let start = globe.eye();
    globe.drag((480, 20), (200, 0));
    globe.drag((300, 600), (200, 0));
    assert_eq!(globe.eye(), start, "panels keep their pointer");
    globe.drag((480, 280), (90, 30));
    let turned = globe.eye();
    assert_ne!(turned, start);
    let number = |line: &str, i: usize| line.split(' ').nth(i).and_then(|w| w.parse::<f64>().ok()).expect("a number");
    assert!(number(&turned, 2) < number(&start, 2), "dragged to the right, the globe shows what is west");
    globe.xdotool(&["mousemove", "--sync", "480", "280", "click", "4"]);
    let near = globe.wait("camera");
    assert!(number(&near, 3) < number(&start, 3), "the wheel goes nearer: {near}");
}

#[test]
fn letters_in_the_filter_box_switch_nothing() {
    let mut globe = Globe::start(&SAMPLE);
    globe.key("shift+f");
    globe.wait("key Shift+F filter");
    globe.xdotool(&["type", "ecpb"]);
    globe.key("Escape");
    // The first key outside of the box is the first one that counts.
    let before = globe.still();
    globe.key("e");
    assert_eq!(globe.wait("layer"), "layer earth off");
    globe.changed_from(&before, 5_000, "earth");
    // The palette does what is typed, and its letters switch nothing either.
    globe.key("ctrl+k");
    globe.wait("key Ctrl+K palette");
    globe.still();
    globe.xdotool(&["type", "place names"]);
    globe.key("Return");
    assert_eq!(globe.wait("layer"), "layer names off");
    globe.key("b");
    assert_eq!(globe.wait("layer"), "layer borders off");
}

#[test]
fn a_missing_file_is_told_in_the_window() {
    let mut globe = Globe::start(&["-r", "/no/such/file.pcap"]);
    let said = globe.said.iter().find(|l| l.starts_with("notice")).cloned();
    let words = said.unwrap_or_else(|| globe.wait("notice"));
    assert!(words.contains("Cannot read") && words.contains("file.pcap"), "{words}");
}

#[test]
fn wall_mode_hides_the_panels_tours_and_ends_by_escape_held() {
    let socket = std::env::temp_dir().join(format!("argus-globe-window-{}.sock", std::process::id()));
    let path = socket.to_str().expect("a plain path");
    let mut globe = Globe::start(&["--at", "+60s", "--paused", "--wall", "--tour", "10", "--control", path]);
    let first = globe.said.iter().find(|l| l.starts_with("tour")).cloned();
    let first = first.unwrap_or_else(|| globe.wait("tour"));
    assert!(first.contains("countries"), "the overview comes first: {first}");
    // On a busy machine the first visit may be over before the window is ready.
    let mut visit = globe.wait("tour");
    if visit.contains(" countries") {
        visit = globe.wait("tour");
    }
    assert!(globe.wait("pick host").split(' ').next_back().is_some_and(|addr| visit.contains(addr)), "{visit}");
    // Panels come back with an input: the status line covers the top.
    let bare = globe.picture();
    globe.key("g");
    globe.wait("layer graticule on");
    globe.key("g");
    globe.changed_from(&bare, 20_000, "an input on the wall");
    globe.xdotool(&["keydown", "Escape"]);
    globe.wait("wall off");
    globe.xdotool(&["keyup", "Escape"]);
    globe.key("w");
    globe.wait("wall on");
    // The same from outside.
    let mut remote = UnixStream::connect(&socket).expect("the globe listens");
    remote.set_read_timeout(Some(PATIENCE)).expect("a limit");
    let mut answers = BufReader::new(remote.try_clone().expect("a handle")).lines();
    let mut ask = |line: &str| {
        writeln!(remote, "{line}").expect("written");
        let answer = answers.next().expect("an answer").expect("a line");
        serde_json::from_str::<serde_json::Value>(&answer).expect("JSON")
    };
    assert_eq!(ask(r#"{"tour":false}"#)["ok"], true);
    globe.wait("wall off");
    let status = ask(r#"{"status":true}"#);
    assert_eq!((&status["tour"], &status["state"]), (&false.into(), &"paused".into()), "{status}");
    let file = std::env::temp_dir().join(format!("argus-globe-window-{}.png", std::process::id()));
    assert_eq!(ask(&format!("{{\"screenshot\":{:?}}}", file.to_str().expect("a plain path")))["ok"], true);
    let picture = image::open(&file).expect("it is written when the answer comes");
    assert_eq!((picture.width(), picture.height()), (960, 640));
    std::fs::remove_file(file).expect("it was there");
    assert_eq!(ask(r#"{"action":"quit"}"#)["ok"], true);
}
