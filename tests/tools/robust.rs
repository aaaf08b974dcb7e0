//! Every file of the test data, cut and damaged: nothing panics, nothing grows beyond its input.

use std::path::{Path, PathBuf};

use argus_globe::base::Warnings;
use argus_globe::cli::Conf;
use argus_globe::foreign::{drive_exports, drive_flow_tools};
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
fn flows_of_others_are_bounded_by_their_input() {
    let mut paths = Vec::new();
    below(&root().join("fuzz/seeds/exports"), &mut paths);
    let mut rng = Rng(6);
    for path in paths {
        let bytes = std::fs::read(&path).expect("readable");
        assert!(drive_exports(&bytes) + drive_flow_tools(&bytes) > 0, "{path:?} is good before it is damaged");
        for _ in 0..1000 {
            let mut bytes = bytes.clone();
            rng.damage(&mut bytes);
            assert!(drive_exports(&bytes) <= bytes.len() && drive_flow_tools(&bytes) <= bytes.len(), "{path:?}");
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

#[test]
fn configurations_of_any_text_are_taken_or_refused() {
    let mut rng = Rng(5);
    for kind in Conf::ALL {
        let name = format!("{kind:?}.conf").to_lowercase();
        let text = std::fs::read_to_string(root().join("fuzz/seeds/conf").join(&name)).expect("readable");
        // The first byte says the kind.
        let text = text.get(1..).expect("not empty");
        assert!(kind.drive(text), "{name}");
        let refused = (0..1000).filter(|round| !kind.drive(&damaged(text, *round, &mut rng))).count();
        assert!(refused > 20, "{name}: {refused}; damage is found");
    }
}

/// A text that has been damaged, cut, or interspersed with its own pieces.
fn damaged(text: &str, round: usize, rng: &mut Rng) -> String {
    let mut bytes = text.as_bytes().to_vec();
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
    String::from_utf8_lossy(&bytes).into_owned()
}
