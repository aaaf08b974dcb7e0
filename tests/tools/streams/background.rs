//! Running in the background, process id files, configuration, moved output files.

use super::*;

/// Ends the process that a file names when the test is over.
struct Daemon {
    pid: String,
}

impl Daemon {
    fn of(pid_file: &Path) -> Daemon {
        Daemon { pid: std::fs::read_to_string(pid_file).expect("a process id").trim().to_owned() }
    }

    fn is_running(&self) -> bool {
        Command::new("kill").args(["-0", &self.pid]).stderr(Stdio::null()).status().is_ok_and(|s| s.success())
    }

    fn stop(&self) {
        let _ = Command::new("kill").args(["-TERM", &self.pid]).stderr(Stdio::null()).status();
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        self.stop();
    }
}

#[test]
fn a_sensor_in_the_background_answers_when_it_serves() {
    let dir = scratch("daemon");
    let (pid_file, out) = (dir.join("pid"), dir.join("out.argus"));
    let text = |p: &PathBuf| p.to_str().expect("plain").to_owned();
    let port = free_port().to_string();
    let mut start =
        ours("argus", &["-P", &port, "-d", "-i", "lo", "-S", "1", "--pid-file", &text(&pid_file), "-w", &text(&out)]);
    assert!(start.end().success());
    start.wait_for(&format!("serving on 127.0.0.1:{port}"));
    let daemon = Daemon::of(&pid_file);
    assert!(daemon.is_running());
    let target = Target::new();
    let reader = read_server(port.parse().expect("a port"), &["-", &target.filter()]);
    let needle = format!(",{},", target.addr().port());
    let seen = (0..PATIENCE.as_millis() / 200).any(|_| {
        target.send(1);
        let lines = reader.printed.lines.lock().expect("lines");
        let wait = Duration::from_millis(200);
        let (lines, _) = reader
            .printed
            .more
            .wait_timeout_while(lines, wait, |l| !l.iter().any(|l| l.contains(&needle)))
            .expect("lines");
        lines.iter().any(|l| l.contains(&needle))
    });
    assert!(seen);
    daemon.stop();
    wait_until("the process id file goes", || !pid_file.exists());
    assert!(!read_file(&text(&out)).is_empty());
}

fn wait_until(what: &str, holds: impl Fn() -> bool) {
    for _ in 0..PATIENCE.as_millis() / 20 {
        if holds() {
            return;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    panic!("{what}: in vain");
}

#[test]
fn what_cannot_begin_says_why_and_fails() {
    let busy = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = busy.local_addr().expect("bound").port().to_string();
    let mut start = ours("argus", &["-P", &port, "-d", "-i", "lo"]);
    assert_eq!(start.end().code(), Some(1));
    start.wait_for("another server listens there");
    let mut start = ours("argus", &["--any-port", "-d", "-i", "nosuchdevice"]);
    assert_eq!(start.end().code(), Some(1));
    start.wait_for("no such interface");
}

#[test]
fn a_configuration_of_the_classic_sensor_is_understood() {
    let dir = scratch("conf");
    let (conf, all, udp) = (dir.join("argus.conf"), dir.join("all.argus"), dir.join("udp.argus"));
    let text = |p: &PathBuf| p.to_str().expect("plain").to_owned();
    let settings = format!(
        "# A sensor.\nARGUS_MONITOR_ID=10.1.2.3 // its name\nARGUS_OUTPUT_FILE={}\nARGUS_OUTPUT_FILE=\"{} udp\"\n\
         ARGUS_GENERATE_MAC_DATA=yes\nARGUS_FLOW_STATUS_INTERVAL=60\nARGUS_ACCESS_PORT=0\nARGUS_DEBUG_LEVEL=0\n",
        text(&all),
        text(&udp)
    );
    std::fs::write(&conf, settings).expect("written");
    let capture = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/sample.pcap");
    let mut run = ours("argus", &["-F", &text(&conf), "-r", &text(&capture)]);
    assert!(run.end().success());
    assert!(run.wait_for("no effect").contains("ARGUS_DEBUG_LEVEL (line 8)"));
    let (all, udp) = (read_file(&text(&all)), read_file(&text(&udp)));
    assert!(all.iter().all(|l| l.contains("10.1.2.3")), "{:?}", all.first());
    let expected: Vec<_> = all.into_iter().filter(|l| l.split(',').nth(1) == Some("udp")).collect();
    assert!(!expected.is_empty());
    assert_eq!(udp, expected);
    std::fs::write(&conf, "ARGUS_ACCESS_PORT=561\nnonsense\n").expect("written");
    let mut wrong = ours("argus", &["-F", &text(&conf), "-r", &text(&capture)]);
    assert_eq!(wrong.end().code(), Some(2));
    wrong.wait_for("line 2");
}

#[test]
fn the_system_configuration_of_the_classic_sensor_is_understood() {
    let conf = Path::new("/etc/argus.conf");
    if !conf.exists() {
        println!("skipped: {conf:?} not found");
        return;
    }
    let dir = scratch("system_conf");
    let out = dir.join("out.argus");
    let capture = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/sample.pcap");
    let plain = |p: &Path| p.to_str().expect("plain").to_owned();
    let mut run = ours("argus", &["-F", &plain(conf), "-r", &plain(&capture), "-w", &plain(&out)]);
    assert!(run.end().success(), "{:?}", run.printed.lines.lock());
    assert!(!read_file(&plain(&out)).is_empty());
}

#[test]
fn files_that_are_moved_away_are_begun_anew() {
    let dir = scratch("moved");
    let (out, moved) = (dir.join("out.argus"), dir.join("moved.argus"));
    let sensor = ours("argus", &["-i", "lo", "-S", "1", "-w", out.to_str().expect("plain")]);
    sensor.wait_for("capturing");
    wait_until("the file begins", || std::fs::metadata(&out).is_ok_and(|m| m.len() >= 128));
    std::fs::rename(&out, &moved).expect("moved");
    sensor.signal("HUP");
    wait_until("the file begins anew", || std::fs::metadata(&out).is_ok_and(|m| m.len() >= 128));
    let target = Target::new();
    let needle = format!(",{},", target.addr().port());
    target.send(3);
    wait_until("records are written to it", || {
        target.send(1);
        read_file(out.to_str().expect("plain")).iter().any(|l| l.contains(&needle))
    });
}
