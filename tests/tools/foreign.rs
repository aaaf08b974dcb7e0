//! Flow formats of others, from files and over UDP, and what the classic tools read of them afterwards.
#![cfg(unix)]

use std::net::UdpSocket;
use std::path::Path;
use std::process::{Command, Output, Stdio};

fn data(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/foreign").join(name);
    path.to_str().expect("a plain path").to_owned()
}

fn command(program: &str, args: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(args).env("TZ", "UTC").stdin(Stdio::null()).stderr(Stdio::piped());
    command
}

fn run(program: &str, args: &[&str]) -> String {
    let Output { stdout, stderr, .. } = command(program, args).output().expect("the program starts");
    assert_eq!(String::from_utf8_lossy(&stderr), "", "{program} {args:?}");
    String::from_utf8(stdout).expect("text")
}

const OURS: &str = env!("CARGO_BIN_EXE_argus-globe");
const FIELDS: &str =
    "stime,ltime,flgs,proto,saddr,sport,dir,daddr,dport,spkts,dpkts,sbytes,dbytes,state,srcid,sas,das,stos,trans";

#[test]
fn converted_files_are_read_alike_by_the_classic_client() {
    let folder = std::env::temp_dir().join(format!("argus-globe-foreign-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let inputs = [
        "ft:v1.ft",
        "ft:v5.ft",
        "ft:v6.ft",
        "ft:v7.ft",
        "ft:v1005.ft",
        "ft:v8_1.ft",
        "ft:v8_5.ft",
        "ft:v8_8.ft",
        "ft:v8_14.ft",
        "ft:stream1_v5.ft",
        "cisco:v5.nf5",
    ];
    for input in inputs {
        let (kind, name) = input.split_once(':').expect("a prefix");
        let (source, copy) = (format!("{kind}:{}", data(name)), folder.join(format!("{name}.argus")));
        let copy = copy.to_str().expect("a plain path");
        run(OURS, &["ra", "-X", "-r", &source, "-w", copy]);
        let classic = run("/usr/bin/ra", &["-X", "-nr", copy, "-c,", "-s", FIELDS]);
        assert!(classic.lines().count() > 2, "{input}: {classic}");
        assert_eq!(run(OURS, &["ra", "-X", "-nr", &source, "-c,", "-s", FIELDS]), classic, "{input}");
    }
    let _ = std::fs::remove_dir_all(&folder);
}

#[test]
fn the_conversion_line_of_the_manuals_works() {
    let file = format!("ft:{}", data("v5.ft"));
    let all = run(OURS, &["ra", "-X", "-nr", &file, "-L-1", "-s", "saddr"]);
    let first = all.lines().next().expect("a flow").trim().to_owned();
    let copy = std::env::temp_dir().join(format!("argus-globe-ft-{}.argus", std::process::id()));
    let name = copy.to_str().expect("a plain path");
    run(OURS, &["ra", "-X", "-r", &file, "-w", name, "-", "src", "host", &first]);
    let wanted = all.lines().filter(|l| l.trim() == first).count();
    assert_eq!(run("/usr/bin/ra", &["-X", "-nr", name, "-L-1", "-s", "saddr"]).lines().count(), wanted);
    let _ = std::fs::remove_file(copy);
}

#[test]
fn datagrams_are_received_and_name_their_exporter() {
    let datagram = std::fs::read(data("v5.nf5")).expect("sample");
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a socket");
    let port = {
        let free = UdpSocket::bind("127.0.0.1:0").expect("a socket");
        free.local_addr().expect("bound").port()
    };
    let place = format!("127.0.0.1:{port}");
    let mut child =
        command(OURS, &["ra", "-X", "-C", &place, "-n", "-L-1", "-c,", "-N", "7", "-s", "srcid,saddr,sport"])
            .stdout(Stdio::piped())
            .spawn()
            .expect("starts");
    // Nobody tells when it listens: the datagram is sent again until it has been taken.
    let mut tries = 0;
    while child.try_wait().expect("waits").is_none() {
        let _ = socket.send_to(&datagram, &place);
        std::thread::park_timeout(std::time::Duration::from_millis(20));
        tries += 1;
        assert!(tries < 3000, "the datagrams are not taken");
    }
    let out = child.wait_with_output().expect("ended");
    let text = String::from_utf8(out.stdout).expect("text");
    assert_eq!(text.lines().count(), 7, "{text}");
    assert_eq!(text.lines().next(), Some("127.0.0.1,192.168.1.10,51000"));
}

#[test]
fn what_is_none_is_refused_with_a_sentence() {
    let text = data("v5.csv");
    for (args, says) in [
        (["-r", &*format!("cisco:{text}")], "expected export datagrams"),
        (["-r", "cisco:/nonexistent"], "No such file"),
        (["-C", "127.0.0.1:0"], "port from 1 to 65535"),
    ] {
        let out = command(OURS, &[&["ra"][..], &args].concat()).stdout(Stdio::piped()).output().expect("starts");
        let error = String::from_utf8_lossy(&out.stderr).into_owned();
        assert!(error.contains(says) && error.lines().count() == 1, "{args:?}: {error}");
        assert!(!out.status.success());
    }
}
