//! Every file of the test data, cut and damaged: nothing panics, nothing grows beyond its input.

use std::path::{Path, PathBuf};

use argus_globe::base::Warnings;
use argus_globe::cli::drive_conf;
use argus_globe::packet::drive_capture;
use argus_globe::record::{Batch, SourceId, drive_bytes};
use argus_globe::sensor::{Driven, drive_frames, drive_packets};
use argus_globe::sink::drive_commands;
use argus_globe::source::{self, SourceSpec, Step, drive_stream};

/// Places where each file is cut, and copies of it that are damaged.
const ROUNDS: usize = 100;
/// Longer files are cut down to this, or the time would be spent on what is alike.
const MOST: usize = 48 * 1024;
/// Records made of a packet, and bytes of a record, at most.
const GROWTH: u64 = 64;

/// A generator of our own: damage has to be the same on every machine.
pub(super) struct Rng(pub(super) u64);

impl Rng {
    pub(super) fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % n.max(1)
    }

    /// Turns one to eight bits over.
    pub(super) fn damage(&mut self, bytes: &mut [u8]) {
        for _ in 0..1 + self.below(8) {
            let at = self.below(bytes.len());
            if let Some(byte) = bytes.get_mut(at) {
                *byte ^= 1 << self.below(8);
            }
        }
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn below(dir: &Path, out: &mut Vec<PathBuf>) {
    let mut entries: Vec<_> = std::fs::read_dir(dir).expect("readable").map(|e| e.expect("entry").path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() { below(&path, out) } else { out.push(path) }
    }
}

/// Captures and argus files of the test data and of the fuzzers' first inputs, the sample capture, packed or not.
fn files() -> Vec<(PathBuf, Vec<u8>)> {
    let mut paths = vec![root().join("assets/sample.pcap")];
    below(&root().join("tests/data"), &mut paths);
    below(&root().join("fuzz/seeds/capture"), &mut paths);
    let wanted = |p: &PathBuf| {
        let name = p.to_string_lossy();
        name.contains(".argus") || name.contains("pcap")
    };
    let read = |path: PathBuf| {
        let mut bytes = std::fs::read(&path).expect("readable");
        bytes.truncate(MOST);
        (path, bytes)
    };
    let files: Vec<_> = paths.into_iter().filter(wanted).map(read).collect();
    assert!(files.len() > 30, "{} files", files.len());
    files
}

/// Opens a file as the program does, by its content, and reads it to its end. Bytes of records that came out.
fn read_all(path: &Path) -> usize {
    let Ok(mut source) = source::open(&SourceSpec::File(path.to_owned()), SourceId(0)) else { return 0 };
    let (mut batch, mut warnings, mut bytes) = (Batch::default(), Warnings::new(), 0);
    for _ in 0..1_000_000 {
        batch.clear();
        let step = source.poll(&mut batch, &mut warnings);
        bytes += batch.byte_len();
        if matches!(step, Ok(Step::End) | Err(_)) {
            return bytes;
        }
    }
    panic!("{path:?} has no end");
}

fn check(driven: Driven, len: usize) {
    assert_eq!(driven.unsound, 0, "{driven:?}");
    assert!(driven.bytes <= len as u64 * GROWTH + 4096, "{driven:?} of {len} bytes");
}

/// Everything that can be done with a file's bytes.
fn drive(bytes: &[u8]) {
    assert!(drive_capture(bytes).1 <= bytes.len() as u64, "packets hold no more than their file");
    check(drive_packets(bytes), bytes.len());
    drive_bytes(bytes);
    assert!(drive_stream(bytes) <= bytes.len() / 4);
}

#[test]
fn every_file_may_end_anywhere() {
    let mut rng = Rng(1);
    for (_, bytes) in files() {
        for _ in 0..ROUNDS {
            drive(&bytes[..rng.below(bytes.len())]);
        }
    }
}

#[test]
fn every_file_may_be_damaged_anywhere() {
    let mut rng = Rng(2);
    for (_, bytes) in files() {
        for round in 0..ROUNDS {
            let mut bytes = bytes.clone();
            // Half of the damage near the beginning, where lengths and formats stand.
            let reach = if round % 2 == 0 { bytes.len() } else { bytes.len().min(256) };
            rng.damage(&mut bytes[..reach]);
            drive(&bytes);
        }
    }
}

#[test]
fn damaged_files_are_read_to_their_end_by_their_content() {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join("robust");
    std::fs::create_dir_all(&dir).expect("a folder for the test");
    let path = dir.join("damaged");
    let mut rng = Rng(3);
    for (name, bytes) in files() {
        std::fs::write(&path, &bytes).expect("written");
        let packed = [".gz", ".bz2", ".xz"].iter().any(|e| name.to_string_lossy().ends_with(e));
        let most = (if packed { 200 } else { GROWTH as usize }) * (bytes.len() + 1024);
        assert!(read_all(&path) > 0, "{name:?} is good before it is damaged");
        for round in 0..12 {
            let mut bytes = bytes.clone();
            rng.damage(&mut bytes);
            if round % 3 == 0 {
                bytes.truncate(rng.below(bytes.len()));
            }
            std::fs::write(&path, &bytes).expect("written");
            assert!(read_all(&path) <= most, "{name:?}");
        }
    }
}

#[test]
fn invented_frames_and_commands_do_no_harm() {
    let mut rng = Rng(4);
    for round in 0..3000usize {
        let mut bytes: Vec<u8> = (0..rng.below(4000)).map(|_| rng.below(256) as u8).collect();
        check(drive_frames(&bytes), bytes.len() + 64 * 1024);
        const WORDS: [&str; 6] = ["START:", "FILTER: tcp and (", "DONE:", "FILTER: ", "\n", "man or (port 80)"];
        for _ in 0..round % 9 {
            let at = rng.below(bytes.len() + 1);
            bytes.splice(at..at, WORDS[rng.below(WORDS.len())].bytes());
        }
        assert!(drive_commands(&bytes) <= bytes.len() / 5);
    }
}

/// A configuration with every key that means something.
const CONF: &str = "# a sensor\nARGUS_FLOW_TYPE=\"Bidirectional\"\nARGUS_FLOW_KEY=\"CLASSIC_5_TUPLE\"\n\
    ARGUS_DAEMON=no\nARGUS_MONITOR_ID=10.2.45.3 // its name\nARGUS_ACCESS_PORT=561\nARGUS_BIND_IP=\"127.0.0.1,::1\"\n\
    ARGUS_INTERFACE=ind:eth0/10.1.1.1,eth1\nARGUS_GO_PROMISCUOUS=yes\nARGUS_CHROOT_DIR=/tmp\n\
    ARGUS_OUTPUT_FILE=/x/y \"tcp and port 80\"\nARGUS_OUTPUT_STREAM=argus-udp://224.0.20.21:561\nARGUS_SET_PID=yes\n\
    ARGUS_PID_PATH=\"/var/run\"\nARGUS_FLOW_STATUS_INTERVAL=0.5\nARGUS_MAR_STATUS_INTERVAL=60\nARGUS_DEBUG_LEVEL=0\n\
    ARGUS_GENERATE_JITTER_DATA=yes\nARGUS_GENERATE_MAC_DATA=no\nARGUS_GENERATE_APPBYTE_METRIC=yes\n\
    ARGUS_CAPTURE_DATA_LEN=32\nARGUS_FILTER=\"ip and not port 22\"\nARGUS_TCP_TIMEOUT=60\nARGUS_ICMP_TIMEOUT=5\n\
    ARGUS_SETUSER_ID=argus\nARGUS_SETGROUP_ID=argus\nARGUS_TUNNEL_DISCOVERY=\"yes\"\n";

#[test]
fn configurations_of_any_text_are_taken_or_refused() {
    assert!(drive_conf(CONF).is_some_and(|n| n > 20), "{:?}", drive_conf(CONF));
    let mut rng = Rng(5);
    let mut refused = 0;
    for round in 0..4000usize {
        let mut bytes = CONF.as_bytes().to_vec();
        match round % 3 {
            0 => rng.damage(&mut bytes),
            1 => bytes.truncate(rng.below(bytes.len())),
            _ => {
                let (a, b) = (rng.below(bytes.len()), rng.below(bytes.len()));
                let piece = bytes[a.min(b)..a.max(b)].to_vec();
                let at = rng.below(bytes.len());
                bytes.splice(at..at, piece);
            }
        }
        refused += usize::from(drive_conf(&String::from_utf8_lossy(&bytes)).is_none());
    }
    assert!(refused > 100, "{refused}: damage is found");
}
