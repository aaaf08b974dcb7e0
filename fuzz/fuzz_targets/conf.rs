//! argus.conf.
#![no_main]

use argus_globe::cli::drive_conf;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let _ = drive_conf(text);
});
