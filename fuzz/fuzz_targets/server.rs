//! What a client says, as the server reads it.
#![no_main]

use argus_globe::sink::drive_commands;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    assert!(drive_commands(bytes) <= bytes.len() / 5);
});
