//! Filters: what is understood prints as a text that is understood the same way, and can be applied to any record.
#![no_main]

use argus_globe::filter::Filter;
use argus_globe::record::Far;
use argus_globe::record::codec::Framer;
use libfuzzer_sys::fuzz_target;

const RECORDS: &[u8] = include_bytes!("../../tests/data/argus/crafted.full.argus");

fuzz_target!(|text: &str| {
    let Ok(filter) = Filter::parse(text) else { return };
    let printed = filter.to_string();
    match Filter::parse(&printed) {
        Ok(again) => assert_eq!(again.to_string(), printed, "{text:?}"),
        Err(error) => panic!("{text:?} prints as {printed:?}: {error}"),
    }
    let mut framer = Framer::new();
    framer.push(RECORDS);
    while let Ok(Some((_, record))) = framer.next_record() {
        if let Some(far) = Far::decode(record) {
            let _ = filter.matches(&far);
        }
    }
});
