//! pcap and pcapng files through the reader and the engine.
#![no_main]

use argus_globe::packet::drive_capture;
use argus_globe::sensor::drive_packets;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let (_, held) = drive_capture(bytes);
    assert!(held <= bytes.len() as u64, "packets hold no more than their file");
    let driven = drive_packets(bytes);
    assert_eq!(driven.unsound, 0, "{driven:?}");
    assert!(driven.bytes <= bytes.len() as u64 * 64 + 4096, "{driven:?}");
});
