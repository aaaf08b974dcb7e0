//! Ranges of time.
#![no_main]

use argus_globe::base::range::TimeRange;
use argus_globe::base::zone::Zone;
use argus_globe::base::{Span, Timestamp};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let now = Timestamp::from_micros(1_700_000_000_000_000);
    let Ok(range) = TimeRange::parse(text, now, &Zone::utc()) else { return };
    if let Some((start, end)) = range.ends() {
        assert!(start <= end, "{text:?}");
    }
    for (a, b) in [(0, 0), (1_700_000_000_000_000, 1_700_000_001_000_000), (-1, i64::MAX / 1000)] {
        let _ = range.holds(Span::new(Timestamp::from_micros(a), Timestamp::from_micros(b)));
    }
});
