//! The command lines by which people know the classic suite, run as they are written: links with the tools' names come
//! first in PATH, the files lie in the working folder.

use super::namespace::{Network, TALK};
use super::ratop::Pane;
use super::*;
use crate::folder::Folder;

/// Names that the lines below call.
const TOOLS: [&str; 5] = ["argus", "ra", "ratop", "rahisto", "ranonymize"];

/// A folder with `bin`, the links, and the files that the lines read.
fn desk(name: &str) -> Folder {
    let desk = Folder::new(name);
    std::fs::create_dir(desk.path("bin")).expect("a folder");
    for tool in TOOLS {
        std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_argus-globe"), desk.0.join("bin").join(tool)).expect("a link");
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for (from, to) in [
        ("assets/sample.pcap", "packet.pcap"),
        ("tests/data/foreign/v5.ft", "flow-tools-data.file"),
        ("tests/data/argus/web.racluster.argus", "etherHost.argus"),
    ] {
        std::fs::copy(root.join(from), desk.path(to)).expect("copied");
    }
    desk
}

fn path_of(desk: &Folder) -> String {
    format!("{}:{}", desk.path("bin"), std::env::var("PATH").unwrap_or_default())
}

/// Runs a line in the shell: its status, what it printed, what it complained about.
fn shell(desk: &Folder, line: &str) -> (Option<i32>, String, String) {
    run_with(desk, line, &path_of(desk))
}

/// The same with the classic programs.
fn classic_shell(desk: &Folder, line: &str) -> (Option<i32>, String, String) {
    run_with(desk, line, &std::env::var("PATH").unwrap_or_default())
}

fn run_with(desk: &Folder, line: &str, path: &str) -> (Option<i32>, String, String) {
    let mut bash = Command::new("bash");
    bash.args(["-c", line]).current_dir(&desk.0).env("PATH", path).env("TZ", "UTC").env("HOME", "/nonexistent");
    let out = bash.stdin(Stdio::null()).output().expect("bash starts");
    let text = |bytes: &[u8]| {
        let lines: Vec<_> = String::from_utf8_lossy(bytes).lines().map(|l| l.trim_end().to_owned()).collect();
        lines.join("\n")
    };
    (out.status.code(), text(&out.stdout), text(&out.stderr))
}

#[test]
fn packets_become_records_and_records_a_listing() {
    let desk = desk("as-written-files");
    let nothing = (Some(0), String::new(), String::new());
    assert_eq!(shell(&desk, "argus -r packet.pcap -w packet.argus"), nothing);
    let (status, listing, errors) = shell(&desk, "ra -r packet.argus");
    assert_eq!((status, errors.as_str()), (Some(0), ""));
    assert!(listing.lines().count() > 100 && listing.starts_with("         StartTime      Flgs"));
    let (_, expected, _) = classic_shell(&desk, "ra -r packet.argus");
    for (found, expected) in listing.lines().zip(expected.lines()) {
        assert_eq!(found, expected);
    }
    assert_eq!(listing.lines().count(), expected.lines().count());
    // A second run adds a stream.
    assert_eq!(shell(&desk, "argus -r packet.pcap -w packet.argus"), nothing);
    assert_eq!(shell(&desk, "ra -r packet.argus").1.lines().count(), 2 * listing.lines().count() - 1);
}

#[test]
fn flow_tools_data_become_records() {
    let desk = desk("as-written-flow-tools");
    let (status, out, errors) = shell(&desk, "ra -r ft:flow-tools-data.file -w argus.file - src host");
    assert_eq!((status, out.as_str()), (Some(1), ""));
    assert!(errors.contains("src host"), "{errors}");
    assert!(!desk.0.join("argus.file").exists(), "a mistake must leave no file");
    let line = "ra -r ft:flow-tools-data.file -w argus.file - src host 190.62.220.11";
    assert_eq!(shell(&desk, line), (Some(0), String::new(), String::new()));
    let cells = "ra -X -n -L-1 -c , -r argus.file -s proto saddr sport daddr dport spkts sbytes";
    assert_eq!(classic_shell(&desk, cells).1, "tcp,190.62.220.11,33274,85.43.130.247,54398,93218,65641");
}

#[test]
fn a_sensor_in_the_background_feeds_the_live_table() {
    let Some(net) = Network::new() else { return };
    let desk = desk("as-written-live");
    let within = |line: &str| {
        let mut bash = net.within(0, "bash");
        bash.args(["-c", line]).current_dir(&desk.0).env("PATH", path_of(&desk)).stdin(Stdio::null());
        bash.output().expect("bash starts")
    };
    let _server = net.answering();
    let started = within("argus -P 561 -d 2>log");
    assert!(started.status.success(), "{}", std::fs::read_to_string(desk.path("log")).unwrap_or_default());
    let line = "ratop -S localhost:561";
    let pane = Pane::run(
        "as-written",
        (160, 40),
        &format!("ip netns exec {} env PATH='{}' {line}", net.name(0), path_of(&desk)),
    );
    let shown = pane.wait_for("Status Active");
    assert!(shown[0].starts_with(line), "{}", shown[0]);
    net.talk(TALK);
    pane.wait("a flow to the server", |lines| lines.iter().any(|l| l.contains("tcp") && l.contains("10.77.0.2")));
    pane.press(&["q"]);
    pane.wait_for("ended with 0");
    // The namespace goes only when nobody works in it.
    let running = Command::new("ip").args(["netns", "pids", net.name(0)]).output().expect("ip");
    for pid in String::from_utf8_lossy(&running.stdout).split_whitespace() {
        let _ = Command::new("kill").args(["-TERM", pid]).status();
    }
}

#[test]
fn distributions_and_replacements_come_from_pipes() {
    let desk = desk("as-written-pipes");
    let histogram = "rahisto -M dsrs=\"-agr\" -H dur 50L:0.0001-1000000 - pkts gt 1";
    let ours = shell(&desk, &format!("ra -r etherHost.argus -w - | {histogram}"));
    assert!(ours.1.contains("    1.000000e-04 ") && ours.1.contains("    1.584893e-04 "), "{}", ours.1);
    assert_eq!(ours, classic_shell(&desk, &format!("ra -X -r etherHost.argus -w - | {histogram}")));
    let (status, listing, errors) = shell(&desk, "ranonymize < etherHost.argus");
    assert_eq!((status, errors.as_str()), (Some(0), ""));
    let plain = shell(&desk, "ra < etherHost.argus").1;
    assert_eq!(listing.lines().count(), plain.lines().filter(|l| !l.contains(" man ")).count());
    assert!(!listing.contains("141.142."), "an address was left: {listing}");
}
