//! The live table on a real terminal: `tmux` draws it, and what it has drawn is compared.

use super::*;

/// A terminal of its own, gone when the test is over.
pub(super) struct Pane {
    server: String,
}

impl Pane {
    /// Runs a command of the shell in a terminal of a size.
    pub(super) fn run(name: &str, (width, height): (u16, u16), command: &str) -> Pane {
        let pane = Pane { server: format!("argus-globe-{name}-{}", std::process::id()) };
        let size = [width.to_string(), height.to_string()];
        // The terminal stays for a look at what has been left in it.
        let command = format!("{command}; echo ended with $?; stty -a; cat");
        let args = ["-f", "/dev/null", "new-session", "-d", "-x", &size[0], "-y", &size[1], &command];
        let started = Command::new("tmux").arg("-L").arg(&pane.server).args(args).env("TZ", "UTC").status();
        assert!(started.expect("tmux; these tests need it").success());
        pane
    }

    fn tmux(&self, args: &[&str]) -> String {
        let out = Command::new("tmux").arg("-L").arg(&self.server).args(args).output().expect("tmux");
        String::from_utf8_lossy(&out.stdout).into_owned()
    }

    fn lines(&self) -> Vec<String> {
        self.tmux(&["capture-pane", "-p"]).lines().map(|l| l.trim_end().to_owned()).collect()
    }

    pub(super) fn press(&self, keys: &[&str]) {
        self.tmux(&[&["send-keys"][..], keys].concat());
    }

    /// Waits until the screen is as wanted.
    pub(super) fn wait(&self, what: &str, wanted: impl Fn(&[String]) -> bool) -> Vec<String> {
        for _ in 0..PATIENCE.as_millis() / 50 {
            let lines = self.lines();
            if wanted(&lines) {
                return lines;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("{what} is not shown, but:\n{}", self.lines().join("\n"));
    }

    /// Waits until a line holds a text.
    pub(super) fn wait_for(&self, text: &str) -> Vec<String> {
        self.wait(text, |lines| lines.iter().any(|l| l.contains(text)))
    }
}

impl Drop for Pane {
    fn drop(&mut self) {
        // The classic program outlives its terminal and then takes a whole core.
        for session in self.tmux(&["list-panes", "-a", "-F", "#{pane_pid}"]).lines() {
            let _ = Command::new("pkill").args(["-KILL", "-s", session]).status();
        }
        self.tmux(&["kill-server"]);
    }
}

fn our_ratop(options: &str) -> String {
    format!("{} ratop {options}", env!("CARGO_BIN_EXE_argus-globe"))
}

/// What the classic tools make of a file: merged, sorted by packets, as rows.
fn merged(file: &str) -> Vec<String> {
    let pipe = format!("racluster -X -r '{file}' -w - | rasort -X -n -m pkts -L -1");
    let out = Command::new("sh").args(["-c", &pipe]).env("TZ", "UTC").output().expect("a shell");
    let text = String::from_utf8_lossy(&out.stdout).into_owned();
    text.lines().map(|l| l.trim_end().to_owned()).collect()
}

/// Lines of the first list that the second one lacks.
fn missing(of: &[String], from: &[String]) -> Vec<String> {
    of.iter().filter(|l| !from.contains(l)).cloned().collect()
}

#[test]
fn our_screen_shows_the_rows_that_the_classic_tools_make() {
    for name in ["web.argus", "web.full.argus", "ipv6.full.argus"] {
        let file = sample(name);
        let expected = merged(&file);
        assert!(expected.len() > 10, "{name}");
        let pane = Pane::run("rows", (200, 60), &our_ratop(&format!("-n -r '{file}'")));
        let lines = pane.wait_for("Status Idle");
        assert_eq!(&lines[2..2 + expected.len()], expected, "{name}");
        assert!(lines[0].starts_with(&format!("ratop -r {file}")), "{}", lines[0]);
    }
}

#[test]
fn both_screens_show_the_same_of_our_server() {
    let file = sample("web.full.argus");
    let relay = ours("radium", &["-r", &file, "--any-port"]);
    let server = format!("-n -S 127.0.0.1:{}", relay.port());
    let expected = merged(&file);
    let own = Pane::run("own", (200, 60), &our_ratop(&server));
    own.wait("all rows", |lines| missing(&expected, lines).is_empty());
    let lines = own.wait_for("Status Active");
    assert!(lines[0].contains(&format!("ratop -S 127.0.0.1:{}", relay.port())), "{}", lines[0]);
    // The relay sends its file once, so the classic screen has one of its own.
    let relay = ours("radium", &["-r", &file, "--any-port"]);
    let classic = Pane::run("classic", (200, 60), &format!("ratop -X -n -S 127.0.0.1:{}", relay.port()));
    // It draws over its own rows at times.
    let lines = classic.wait("nearly all rows", |lines| missing(&expected, lines).len() <= 2);
    // Its first words may overwrite the beginning of the titles, too.
    let titles = |line: &str| line.split_once("Flgs").map(|(_, rest)| rest.to_owned()).expect("titles");
    let shown = own.lines();
    assert_eq!(titles(&lines[1]), titles(&shown[1]));
    assert!(shown[1].trim_start().starts_with("StartTime"), "{}", shown[1]);
}

#[test]
fn a_sensor_is_watched_while_it_works() {
    let target = Target::new();
    let sensor = ours("argus", &["-i", "lo", "-S", "1", "--any-port"]);
    let options = format!("-nn -S 127.0.0.1:{} - '{}'", sensor.port(), target.filter());
    let pane = Pane::run("sensor", (160, 30), &our_ratop(&options));
    sensor.wait_for_clients(1);
    target.send(5);
    let needle = format!("127.0.0.1.{}", target.addr().port());
    pane.wait("five flows", |lines| lines.iter().filter(|l| l.contains(&needle)).count() == 5);
    let status = pane.wait_for("ProcessQueue      5");
    assert!(status[0].contains("remote 'udp and dst port"), "{}", status[0]);
}

#[test]
fn two_servers_are_read_at_once() {
    let relays = ["web.full.argus", "voip.full.argus"].map(|f| ours("radium", &["-r", &sample(f), "--any-port"]));
    let servers = relays.each_ref().map(|r| format!("-S 127.0.0.1:{}", r.port()));
    let pane = Pane::run("two", (200, 60), &our_ratop(&format!("-n {} {}", servers[0], servers[1])));
    let expected = [merged(&sample("web.full.argus")), merged(&sample("voip.full.argus"))].concat();
    pane.wait("all rows", |lines| missing(&expected, lines).is_empty());
}

#[test]
fn keys_are_obeyed_and_the_terminal_is_given_back() {
    let pane = Pane::run("keys", (120, 20), &our_ratop(&format!("-r '{}'", sample("web.argus"))));
    pane.wait_for("Status Idle");
    pane.press(&[":f tcp and prot 80", "Enter"]);
    pane.wait_for("did you mean 'port'");
    pane.press(&["Escape", ":f udp", "Enter"]);
    pane.wait("udp only", |l| {
        l.iter().any(|l| l.contains("DisplayQueue     24")) && !l.iter().any(|l| l.contains(" tcp "))
    });
    pane.press(&["q"]);
    let lines = pane.wait_for("ended with 0");
    let settings = pane.wait_for("icanon").join(" ");
    assert!(!settings.contains("-icanon") && !settings.contains("-echo "), "{settings}");
    assert!(!lines.iter().any(|l| l.contains("ProcessQueue")), "the table is gone: {lines:?}");
}

#[test]
fn a_signal_gives_the_terminal_back() {
    let relay = ours("radium", &["-r", &sample("web.argus"), "--any-port"]);
    let dir = scratch("ratop_signal");
    let pid_file = dir.join("pid");
    let start = format!(
        "sh -c 'echo $$ > {}; exec {}'",
        pid_file.display(),
        our_ratop(&format!("-S 127.0.0.1:{}", relay.port()))
    );
    let pane = Pane::run("signal", (120, 20), &start);
    pane.wait_for("Status Active");
    let pid = std::fs::read_to_string(&pid_file).expect("a process id");
    assert!(Command::new("kill").args(["-TERM", pid.trim()]).status().expect("kill").success());
    pane.wait_for("ended with 0");
    let settings = pane.wait_for("icanon").join(" ");
    assert!(!settings.contains("-icanon") && !settings.contains("-echo "), "{settings}");
}

#[test]
fn a_terminal_that_goes_away_takes_the_program_with_it() {
    let dir = scratch("ratop_hangup");
    let pid_file = dir.join("pid");
    let relay = ours("radium", &["-r", &sample("web.argus"), "--any-port"]);
    let program = our_ratop(&format!("-S 127.0.0.1:{}", relay.port()));
    let pane = Pane::run("hangup", (120, 20), &format!("sh -c 'echo $$ > {}; exec {program}'", pid_file.display()));
    pane.wait_for("Status Active");
    let pid = std::fs::read_to_string(&pid_file).expect("a process id");
    drop(pane);
    let is_there =
        || Command::new("kill").args(["-0", pid.trim()]).stderr(Stdio::null()).status().is_ok_and(|s| s.success());
    for _ in 0..PATIENCE.as_millis() / 50 {
        if !is_there() {
            return;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("process {pid} runs on without its terminal");
}

#[test]
fn a_server_that_is_not_there_is_told_on_the_screen() {
    let port = free_port();
    let pane = Pane::run("absent", (150, 20), &our_ratop(&format!("-S 127.0.0.1:{port}")));
    let lines = pane.wait_for("connection refused");
    // Nothing else is written over the picture.
    assert!(lines[1].contains("SrcAddr") && lines[18].starts_with("ProcessQueue"), "{lines:?}");
    pane.press(&["q"]);
    pane.wait_for("ended with 0");
}

#[test]
fn without_a_terminal_there_is_a_sentence_or_a_table() {
    let mut bare = ours("ratop", &["-r", &sample("web.argus")]);
    assert_eq!(bare.end().code(), Some(1));
    bare.wait_for("standard output is no terminal");
    let mut table = ours("ratop", &["-M", "nocurses", "-n", "-r", &sample("web.argus"), "-N", "o3"]);
    assert!(table.end().success());
    let lines = table.wait("three rows", |l| l.len() >= 4);
    assert_eq!(
        lines[1..].iter().map(|l| l.trim_end().to_owned()).collect::<Vec<_>>(),
        merged(&sample("web.argus"))[..3]
    );
    let mut missing = ours("ratop", &["-M", "nocurses", "-r", "/nonexistent"]);
    assert_eq!(missing.end().code(), Some(1));
    missing.wait_for("No such file");
}
