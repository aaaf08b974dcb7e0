//! Flow exports of others, and flow-tools files.
#![no_main]

use argus_globe::foreign::{drive_exports, drive_flow_tools};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    assert!(drive_exports(bytes) <= bytes.len(), "flows are bounded by the input");
    assert!(drive_flow_tools(bytes) <= bytes.len());
});
