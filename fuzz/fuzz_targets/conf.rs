//! Configurations of every kind; the first byte says which.
#![no_main]

use argus_globe::cli::Conf;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let mut rest = text.chars();
    let Some(kind) = rest.next() else { return };
    if let Some(kind) = Conf::ALL.get(kind as usize % 8) {
        let _ = kind.drive(rest.as_str());
    }
});
