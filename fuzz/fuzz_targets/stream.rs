//! What a server sends, as a client reads it; and argus files.
#![no_main]

use argus_globe::record::drive_bytes;
use argus_globe::source::drive_stream;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    assert!(drive_stream(bytes) <= bytes.len() / 4);
    drive_bytes(bytes);
});
