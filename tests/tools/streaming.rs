//! A stream written to many files, each handed to a program when it is complete.

use super::folder::{Folder, sample};

/// A folder with a program that notes what it is called with, and how many records the file holds by then.
fn prepared(name: &str) -> Folder {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = Folder::new(&format!("stream-{name}"));
    let ours = env!("CARGO_BIN_EXE_argus-globe");
    let script = format!("#!/bin/sh\nn=$('{ours}' ra -X -r \"$2\" -L -1 | wc -l)\necho \"$1 $2 $n\" >> log\n");
    let path = folder.0.join("note.sh");
    std::fs::write(&path, script).expect("written");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("allowed");
    folder
}

/// What the program has noted, sorted, and forgotten then.
fn log(folder: &Folder) -> Vec<String> {
    let text = std::fs::read_to_string(folder.0.join("log")).unwrap_or_default();
    let _ = std::fs::remove_file(folder.0.join("log"));
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    lines.sort();
    lines
}

#[test]
fn every_complete_file_is_worked_on_once() {
    let folder = prepared("time");
    let input = sample("web.argus");
    let out = folder.ours(&[
        "rastream",
        "-r",
        &input,
        "-M",
        "time",
        "2s",
        "-B",
        "5s",
        "-f",
        "./note.sh",
        "-w",
        "out/%Y/a.%H.%M.%S",
    ]);
    assert_eq!(out.status.code(), Some(0), "{}", String::from_utf8_lossy(&out.stderr));
    let log = log(&folder);
    let files: Vec<&str> = log.iter().filter_map(|l| l.split(' ').nth(1)).collect();
    let expected = ["06", "08", "10", "12"].map(|s| format!("out/2011/a.19.06.{s}"));
    assert_eq!(files, expected, "{log:?}");
    // Each file was whole when the program saw it.
    for line in &log {
        let file = line.split(' ').nth(1).expect("a file");
        let rows =
            String::from_utf8(folder.ours(&["ra", "-X", "-r", file, "-L", "-1"]).stdout).expect("text").lines().count();
        assert_eq!(line, &format!("-r {file} {rows}"));
    }
    // The files are those of the tool without a program, and of the classic one.
    folder.ours(&["rasplit", "-r", &input, "-M", "time", "2s", "-w", "split/%Y/a.%H.%M.%S"]);
    folder.run("rastream", &["-X", "-r", &input, "-M", "time", "2s", "-w", "classic/%Y/a.%H.%M.%S", "-", "ip"]);
    for file in &expected {
        let rows = |folder_name: &str| {
            let file = file.replace("out/", folder_name);
            String::from_utf8(folder.ours(&["ra", "-X", "-nn", "-r", &file, "-", "ip"]).stdout).expect("text")
        };
        assert_eq!(rows("out/"), rows("split/"), "{file}");
        assert_eq!(rows("out/"), rows("classic/"), "{file}");
    }
}

#[test]
fn events_and_numbers_begin_new_files() {
    let folder = prepared("flow");
    let input = sample("web.argus");
    for (mode, name) in [(&["flow", "udp and dst port 53"][..], "of."), (&["count", "10"][..], "oc.")] {
        let args = [&["rastream", "-r", &input, "-f", "./note.sh", "-w", name, "-M"], mode].concat();
        let out = folder.ours(&args);
        assert_eq!(out.status.code(), Some(0), "{}", String::from_utf8_lossy(&out.stderr));
        let log = log(&folder);
        folder.run("rasplit", &[&["-X", "-r", &input, "-w", &format!("classic-{name}"), "-M"], mode].concat());
        let mut files: Vec<String> = std::fs::read_dir(&folder.0)
            .expect("the folder")
            .filter_map(|e| e.expect("a file").file_name().into_string().ok())
            .filter_map(|n| n.strip_prefix("classic-").filter(|n| n.starts_with(name)).map(str::to_owned))
            .collect();
        files.sort();
        assert!(files.len() > 3, "{files:?}");
        let noted: Vec<&str> = log.iter().filter_map(|l| l.split(' ').nth(1)).collect();
        assert_eq!(noted, files, "{log:?}");
        for file in files {
            let rows = |f: &str| String::from_utf8(folder.ours(&["ra", "-X", "-nn", "-r", f]).stdout).expect("text");
            assert_eq!(rows(&file), rows(&format!("classic-{file}")), "{file}");
        }
    }
}

#[test]
fn a_program_that_fails_is_named_and_data_are_kept() {
    let folder = prepared("fail");
    let input = sample("web.argus");
    let out = folder.ours(&["rastream", "-r", &input, "-M", "time", "1m", "-f", "false", "-w", "x.%H%M"]);
    let message = String::from_utf8_lossy(&out.stderr);
    assert!(out.status.code() == Some(1) && message.contains("\"x.1906\""), "{message}");
    assert!(folder.0.join("x.1906").is_file());
    for (args, sentence) in
        [(["-f", "./nosuch", "-B", "5s"], "./nosuch"), (["-f", "./note.sh", "-B", "5x"], "-B \"5x\"")]
    {
        let out = folder.ours(&[&["rastream", "-r", &input, "-w", "y"], &args[..]].concat());
        let message = String::from_utf8_lossy(&out.stderr);
        assert!(out.status.code() == Some(2) && message.contains(sentence), "{message}");
    }
}
