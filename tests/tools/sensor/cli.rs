//! Options, outputs, and one sentence for every mistake.

use std::path::Path;
use std::process::Output;

use super::frames::*;
use super::{argus, read, scratch, text};

fn small() -> Capture {
    let mut c = Capture::new(1);
    c.add(0, on_ether(&ip4(A, B, 17, &udp(7, 9, b"one"))));
    c.add(10, on_ether(&ip4(A, B, 6, &tcp((7, 80), "S", (1, 0), &[]))));
    c.add(20, on_ether(&ip4(B, A, 6, &tcp((80, 7), "SA", (1, 2), &[]))));
    c
}

fn said(out: &Output) -> String {
    String::from_utf8_lossy(&out.stderr).into_owned()
}

fn fails(args: &[&str], status: i32, words: &[&str]) {
    let out = argus(args);
    let message = said(&out);
    assert_eq!(out.status.code(), Some(status), "{args:?}: {message}");
    assert_eq!(message.trim_end().lines().count(), 1, "one sentence: {message}");
    for w in words {
        assert!(message.contains(w), "{args:?}: {w:?} is missing in {message}");
    }
}

#[test]
fn every_mistake_gets_its_sentence_and_status() {
    let dir = scratch("mistakes");
    let (good, out) = (dir.join("good.pcap"), dir.join("out.argus"));
    small().write(&good);
    let write = |name: &str, bytes: &[u8]| {
        let path = dir.join(name);
        std::fs::write(&path, bytes).expect("written");
        path
    };
    let w = ["-w", text(&out)];
    fails(&[&["-r", "/nowhere/x.pcap"], &w[..]].concat(), 1, &["/nowhere/x.pcap", "No such file"]);
    fails(&[&["-r", text(&dir)], &w[..]].concat(), 1, &["directory"]);
    fails(&[&["-r", text(&write("empty", b""))], &w[..]].concat(), 1, &["empty"]);
    fails(
        &[&["-r", text(&write("text", b"this is no capture at all"))], &w[..]].concat(),
        1,
        &["not a packet capture"],
    );
    let mut foreign = small().bytes();
    foreign[20] = 147;
    fails(&[&["-r", text(&write("foreign", &foreign))], &w[..]].concat(), 1, &["link type 147", "not supported"]);
    fails(&["-r", text(&good), "-w", "/nowhere/out.argus"], 1, &["/nowhere/out.argus"]);
    fails(&["-r", text(&good)], 2, &["-w"]);
    fails(&["-w", text(&out)], 2, &["-r"]);
    fails(&["-r", text(&good), "-w", text(&out), "-S", "0"], 2, &["-S"]);
    fails(&["-r", text(&good), "-w", text(&out), "-e", "too long"], 2, &["-e"]);
    fails(&["-i", "bond:[a,b", "-w", text(&out)], 2, &["bond:[a,b", "] is expected"]);
    fails(&["-i", "dup:a,,b", "-w", text(&out)], 2, &["dup:a,,b", "name of an interface"]);
    fails(&["-t", "-r", text(&good), "-w", "-"], 3, &["damaged at byte 0", "time sequence header"]);
    assert!(!out.exists(), "nothing is written by a command that fails");
}

#[test]
fn a_cut_capture_gives_its_whole_packets_and_says_so() {
    let dir = scratch("cut_file");
    let (path, out) = (dir.join("cut.pcap"), dir.join("out.argus"));
    let mut bytes = small().bytes();
    bytes.truncate(bytes.len() - 5);
    std::fs::write(&path, bytes).expect("written");
    let run = argus(&["-r", text(&path), "-w", text(&out)]);
    assert_eq!(run.status.code(), Some(3), "{}", said(&run));
    assert!(said(&run).contains("damaged at byte") && said(&run).contains("ends inside a packet"), "{}", said(&run));
    assert_eq!(read(&out, &["proto", "spkts", "dpkts"]), ["udp,1,0", "tcp,1,0"]);
}

#[test]
fn files_are_appended_to_and_standard_output_works() {
    let dir = scratch("append");
    let (path, out) = (dir.join("in.pcap"), dir.join("out.argus"));
    small().write(&path);
    for _ in 0..2 {
        assert!(argus(&["-r", text(&path), "-w", text(&out)]).status.success());
    }
    assert_eq!(read(&out, &["proto"]).len(), 4);
    let run = argus(&["-r", text(&path), "-w", "-", "-e", "77"]);
    assert!(run.status.success());
    let copy = dir.join("stdout.argus");
    std::fs::write(&copy, &run.stdout).expect("written");
    assert_eq!(read(&copy, &["proto", "srcid"]), ["udp,77", "tcp,77"]);
}

#[test]
fn packed_captures_and_several_files_are_one_input() {
    let dir = scratch("several");
    let (a, b, out) = (dir.join("a.pcap"), dir.join("b.pcap.gz"), dir.join("out.argus"));
    small().write(&a);
    let mut later = Capture::new(1);
    later.add(900_000, on_ether(&ip4(A, B, 17, &udp(7, 9, b"two"))));
    pack(&b, &later.bytes());
    let run = argus(&["-r", text(&b), text(&a), "-w", text(&out)]);
    assert!(run.status.success(), "{}", said(&run));
    assert_eq!(read(&out, &["proto", "spkts", "dpkts"]), ["udp,2,0", "tcp,1,1"], "one flow over both files");
}

fn pack(path: &Path, bytes: &[u8]) {
    use std::io::Write as _;
    let plain = path.with_extension("");
    std::fs::write(&plain, bytes).expect("written");
    let run = std::process::Command::new("gzip").arg("-c").arg(&plain).output().expect("gzip is installed");
    std::fs::File::create(path).and_then(|mut f| f.write_all(&run.stdout)).expect("written");
    std::fs::remove_file(plain).expect("removed");
}

#[cfg(feature = "live")]
#[test]
fn packet_filters_and_packet_numbers_choose_packets() {
    let dir = scratch("filters");
    let path = dir.join("in.pcap");
    small().write(&path);
    let rows = |name: &str, args: &[&str]| {
        let out = dir.join(name);
        let run = argus(&[&["-r", text(&path), "-w", text(&out)], args].concat());
        assert!(run.status.success(), "{}", said(&run));
        read(&out, &["proto", "spkts", "dpkts"])
    };
    assert_eq!(rows("tcp", &["-", "tcp", "port", "80"]), ["tcp,1,1"]);
    assert_eq!(rows("first", &["-N", "1"]), ["udp,1,0"]);
    assert_eq!(rows("range", &["-N", "2-3"]), ["tcp,1,1"]);
    fails(&["-r", text(&path), "-w", "-", "-", "nonsense", "filter"], 1, &["packet filter"]);
    fails(&["-i", "no_such_if0", "-w", "-"], 1, &["no_such_if0"]);
}
