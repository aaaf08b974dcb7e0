//! Frames of every link type through the engine; its records add up and are readable.
#![no_main]

use argus_globe::sensor::drive_frames;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let driven = drive_frames(bytes);
    assert_eq!(driven.unsound, 0, "{driven:?}");
    assert!(driven.most_flows <= 2 * 64 + 1024, "{driven:?}");
});
