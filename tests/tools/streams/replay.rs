//! Packet files that still grow, and packet files at the pace at which they were captured.

use std::io::Write as _;

use super::chains::wait_for_records;
use super::*;

/// The sample, and behind it its first packet once more, an hour later, so that all flows before it are reported.
fn capture() -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/sample.pcap");
    let mut bytes = std::fs::read(path).expect("the sample");
    assert_eq!(bytes[..4], [0xD4, 0xC3, 0xB2, 0xA1]);
    let word = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes"));
    let mut last = bytes[24..24 + 16 + word(32) as usize].to_vec();
    last[..4].copy_from_slice(&(word(24) + 3600).to_le_bytes());
    bytes.extend(last);
    bytes
}

/// The records of a capture, read in one go.
fn expected(dir: &Path, capture: &[u8]) -> Vec<String> {
    let (whole, out) = (dir.join("whole.pcap"), dir.join("whole.argus"));
    std::fs::write(&whole, capture).expect("written");
    let mut sensor = ours("argus", &["-r", whole.to_str().expect("plain"), "-w", out.to_str().expect("plain")]);
    assert!(sensor.end().success());
    read_file(out.to_str().expect("plain"))
}

#[test]
fn a_capture_that_still_grows_is_followed() {
    let dir = scratch("follow");
    let capture = capture();
    let expected = expected(&dir, &capture);
    let (growing, out) = (dir.join("growing.pcap"), dir.join("out.argus"));
    // Cut within a packet: there is nothing wrong with that yet.
    let (first, rest) = capture.split_at(capture.len() / 2 + 3);
    std::fs::write(&growing, first).expect("written");
    let (file, records) = (growing.to_str().expect("plain"), out.to_str().expect("plain"));
    let mut sensor = ours("argus", &["-f", "-r", file, "-w", records, "--any-port"]);
    sensor.port();
    let mut growing = std::fs::OpenOptions::new().append(true).open(&growing).expect("opened");
    growing.write_all(rest).expect("written");
    wait_for_records(&out, expected.len() - 1);
    sensor.signal("TERM");
    assert!(sensor.end().success());
    let got = read_file(records);
    assert_eq!(got.len(), expected.len());
    // The last one says that the sensor was stopped.
    assert!(expected.iter().filter(|line| !got.contains(line)).count() <= 1);
}

#[test]
fn a_capture_at_its_own_pace_gives_the_same_records() {
    let dir = scratch("pace");
    let capture = capture();
    let (file, out) = (dir.join("whole.pcap"), dir.join("paced.argus"));
    let expected = expected(&dir, &capture);
    let (file, out) = (file.to_str().expect("plain"), out.to_str().expect("plain"));
    let mut sensor = ours("argus", &["-T", "20000", "-O", "-D", "1", "-r", file, "-w", out]);
    assert!(sensor.end().success());
    assert_eq!(read_file(out), expected);
    let mut refused = ours("argus", &["-T", "0", "-r", file, "-w", out]);
    assert_eq!(refused.end().code(), Some(2));
}
