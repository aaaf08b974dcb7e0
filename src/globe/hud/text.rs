//! Times, durations and counts as the panels print them.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::base::units::si;
use crate::base::{Civil, Timestamp, Zone};

/// The zone of all times shown; none for UTC. One for the whole screen, like the colours.
static SHOWN: Mutex<Option<Zone>> = Mutex::new(None);

/// Shows all times from the next frame on in the machine's zone, or in UTC.
pub fn show_local_time(local: bool) {
    *SHOWN.lock().unwrap_or_else(PoisonError::into_inner) = local.then(Zone::local);
}

/// Whether times are shown in the machine's zone.
#[must_use]
pub fn shows_local_time() -> bool {
    in_shown_zone(|zone| zone.is_some())
}

fn in_shown_zone<T>(f: impl FnOnce(Option<&Zone>) -> T) -> T {
    f(SHOWN.lock().unwrap_or_else(PoisonError::into_inner).as_ref())
}

/// Date and time of day in the zone shown: `("2013-03-07", "21:42:06")`.
#[must_use]
pub fn date_and_time(t: Timestamp) -> (String, String) {
    in_shown_zone(|zone| date_and_time_in(t, zone))
}

fn date_and_time_in(t: Timestamp, zone: Option<&Zone>) -> (String, String) {
    let Civil { year, month, day, second_of_day: s } = match zone {
        Some(zone) => zone.civil(t),
        None => Zone::utc().civil(t),
    };
    (format!("{year:04}-{month:02}-{day:02}"), format!("{:02}:{:02}:{:02}", s / 3600, s / 60 % 60, s % 60))
}

/// The zone that times are shown in, as it is at `t`: `UTC`, `UTC+1`, `UTC+5:30`.
#[must_use]
pub fn zone_name(t: Timestamp) -> String {
    in_shown_zone(|zone| zone_name_in(t, zone))
}

fn zone_name_in(t: Timestamp, zone: Option<&Zone>) -> String {
    let east = zone.map_or(0, |zone| zone.offset(t.secs()));
    let sign = if east < 0 { '\u{2212}' } else { '+' };
    match (east.unsigned_abs() / 3600, east.unsigned_abs() / 60 % 60) {
        (0, 0) => "UTC".to_owned(),
        (hours, 0) => format!("UTC{sign}{hours}"),
        (hours, minutes) => format!("UTC{sign}{hours}:{minutes:02}"),
    }
}

/// `2013-03-07 21:42:06` in the zone shown, whose name is to be printed beside it.
#[must_use]
pub fn date_time(t: Timestamp) -> String {
    let (date, time) = date_and_time(t);
    format!("{date} {time}")
}

/// `2013-03-07 21:42:06 UTC`: with the zone shown.
#[must_use]
pub fn date_time_zone(t: Timestamp) -> String {
    format!("{} {}", date_time(t), zone_name(t))
}

/// Time of day with milliseconds in the zone shown: `21:42:06.869`.
#[must_use]
pub fn time_millis(t: Timestamp) -> String {
    let (_, time) = date_and_time(t);
    format!("{time}.{:03}", t.subsec_nanos() / 1_000_000)
}

/// How far the playhead is behind the newest record: `−00:02:13`, from a day on `−3 d 00:02:13`.
#[must_use]
pub fn behind(d: Duration) -> String {
    let s = d.as_secs();
    let clock = format!("{:02}:{:02}:{:02}", s / 3600 % 24, s / 60 % 60, s % 60);
    if s >= 86_400 { format!("\u{2212}{} d {clock}", s / 86_400) } else { format!("\u{2212}{clock}") }
}

/// A length of time in words: `250 ms`, `12.5 s`, `2 min 13 s`, `1 h 02 min`, `3 d 04 h`.
#[must_use]
pub fn duration(d: Duration) -> String {
    let secs = d.as_secs();
    match secs {
        0 => format!("{} ms", d.as_millis()),
        1..=9 => format!("{:.1} s", d.as_secs_f64()).replace(".0 s", " s"),
        10..=119 => format!("{secs} s"),
        120..=3599 if secs.is_multiple_of(60) => format!("{} min", secs / 60),
        120..=3599 => format!("{} min {:02} s", secs / 60, secs % 60),
        3600..=86_399 => format!("{} h {:02} min", secs / 3600, secs / 60 % 60),
        _ => format!("{} d {:02} h", secs / 86_400, secs / 3600 % 24),
    }
}

/// A playback speed: `×0.5`, `×1`, `×60`, `×3,600` without needless zeros.
#[must_use]
pub fn speed(s: f64) -> String {
    let (sign, size) = (if s < 0.0 { "\u{2212}" } else { "" }, s.abs());
    if size >= 10_000.0 {
        format!("\u{d7}{sign}{}", crate::base::units::grouped(size.round() as u64))
    } else {
        let text = format!("{size:.2}");
        format!("\u{d7}{sign}{}", text.trim_end_matches('0').trim_end_matches('.'))
    }
}

/// How a recording is played, in words: `REPLAY ×60`, `REVERSE ×60`.
#[must_use]
pub fn replay(s: f64) -> String {
    format!("{} {}", if s < 0.0 { "REVERSE" } else { "REPLAY" }, speed(s.abs()))
}

/// Bits per second: `1.24 Mbit/s`.
#[must_use]
pub fn load(bits_per_sec: f64) -> String {
    si(bits_per_sec, "bit/s")
}

/// A volume: `12.4 kB`.
#[must_use]
pub fn bytes(n: u64) -> String {
    si(n as f64, "B")
}

/// The text cut to `max` characters, with an ellipsis where something is missing.
#[must_use]
pub fn shorten(text: &str, max: usize) -> String {
    if text.chars().count() <= max {
        return text.to_owned();
    }
    let mut cut: String = text.chars().take(max.saturating_sub(1)).collect();
    cut.push('\u{2026}');
    cut
}

/// The last part of a path cut from the left, for file names: `…/captures/today.pcap`.
#[must_use]
pub fn shorten_left(text: &str, max: usize) -> String {
    let n = text.chars().count();
    if n <= max {
        return text.to_owned();
    }
    let tail: String = text.chars().skip(n - max.saturating_sub(1)).collect();
    format!("\u{2026}{tail}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_shown_in_a_zone_that_is_named() {
        let t = Timestamp::from_parts(1_362_692_526, 0);
        let shown = |zone: Option<&Zone>| {
            let (date, time) = date_and_time_in(t, zone);
            format!("{date} {time} {}", zone_name_in(t, zone))
        };
        assert_eq!(shown(None), "2013-03-07 21:42:06 UTC");
        for (name, expected) in [
            ("CET-1CEST,M3.5.0,M10.5.0/3", "2013-03-07 22:42:06 UTC+1"),
            ("NST3:30", "2013-03-07 18:12:06 UTC\u{2212}3:30"),
            ("IST-5:30", "2013-03-08 03:12:06 UTC+5:30"),
        ] {
            let zone = Zone::named(name).expect("a zone");
            assert_eq!(shown(Some(&zone)), expected);
        }
    }

    #[test]
    fn times_carry_date_and_zone_free_clock() {
        let t = Timestamp::from_micros(1_362_692_526_869_344);
        assert_eq!(date_time(t), "2013-03-07 21:42:06");
        assert_eq!(time_millis(t), "21:42:06.869");
    }

    #[test]
    fn durations_read_as_words() {
        for (ms, s) in [
            (250, "250 ms"),
            (1_000, "1 s"),
            (1_500, "1.5 s"),
            (90_000, "90 s"),
            (120_000, "2 min"),
            (133_000, "2 min 13 s"),
            (3_720_000, "1 h 02 min"),
            (273_600_000, "3 d 04 h"),
        ] {
            assert_eq!(duration(Duration::from_millis(ms)), s);
        }
        assert_eq!(behind(Duration::from_secs(133)), "\u{2212}00:02:13");
    }

    #[test]
    fn speeds_have_no_needless_zeros() {
        assert_eq!([speed(0.5), speed(1.0), speed(60.0)], ["\u{d7}0.5", "\u{d7}1", "\u{d7}60"]);
        assert_eq!(
            [speed(-0.5), replay(-60.0), replay(2.0)],
            ["\u{d7}\u{2212}0.5", "REVERSE \u{d7}60", "REPLAY \u{d7}2"]
        );
    }

    #[test]
    fn long_names_are_cut_with_an_ellipsis() {
        assert_eq!(shorten("abcdef", 4), "abc\u{2026}");
        assert_eq!(shorten_left("abcdef", 4), "\u{2026}def");
    }
}
