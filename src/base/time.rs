//! Points in time and stretches of time, in nanoseconds since 1970-01-01 UTC.

use std::fmt;
use std::ops::{Add, Sub};
use std::time::Duration;

const NANOS: i64 = 1_000_000_000;

/// A point in time: nanoseconds since 1970-01-01T00:00:00Z. Reaches the year 2262; arithmetic saturates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The earliest representable time.
    pub const MIN: Timestamp = Timestamp(i64::MIN);
    /// The latest representable time.
    pub const MAX: Timestamp = Timestamp(i64::MAX);

    /// From nanoseconds since 1970.
    #[must_use]
    pub const fn from_nanos(nanos: i64) -> Timestamp {
        Timestamp(nanos)
    }

    /// From microseconds since 1970.
    #[must_use]
    pub const fn from_micros(micros: i64) -> Timestamp {
        Timestamp(micros.saturating_mul(1000))
    }

    /// From whole seconds since 1970 and a fraction in nanoseconds (any size; added).
    #[must_use]
    pub const fn from_parts(secs: i64, nanos: i64) -> Timestamp {
        Timestamp(secs.saturating_mul(NANOS).saturating_add(nanos))
    }

    /// Nanoseconds since 1970.
    #[must_use]
    pub const fn nanos(self) -> i64 {
        self.0
    }

    /// Microseconds since 1970, rounded down.
    #[must_use]
    pub const fn micros(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// Whole seconds since 1970, rounded down.
    #[must_use]
    pub const fn secs(self) -> i64 {
        self.0.div_euclid(NANOS)
    }

    /// Nanoseconds past the whole second, 0 to 999,999,999.
    #[must_use]
    pub const fn subsec_nanos(self) -> i64 {
        self.0.rem_euclid(NANOS)
    }

    /// Seconds since 1970 as a float: good to about 0.2 µs today.
    #[must_use]
    pub fn as_secs_f64(self) -> f64 {
        self.secs() as f64 + self.subsec_nanos() as f64 * 1e-9
    }

    /// Time from `earlier` to `self`, zero if `earlier` is later.
    #[must_use]
    pub fn since(self, earlier: Timestamp) -> Duration {
        Duration::from_nanos(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }
}

fn nanos_of(d: Duration) -> i64 {
    i64::try_from(d.as_nanos()).unwrap_or(i64::MAX)
}

impl Add<Duration> for Timestamp {
    type Output = Timestamp;
    fn add(self, d: Duration) -> Timestamp {
        Timestamp(self.0.saturating_add(nanos_of(d)))
    }
}

impl Sub<Duration> for Timestamp {
    type Output = Timestamp;
    fn sub(self, d: Duration) -> Timestamp {
        Timestamp(self.0.saturating_sub(nanos_of(d)))
    }
}

impl fmt::Display for Timestamp {
    /// RFC 3339 in UTC with microseconds: `2026-03-01T12:00:00.000000Z`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_nanosecond(i128::from(self.0)) {
            Ok(t) => write!(f, "{t:.6}"),
            Err(_) => write!(f, "{}.{:09}", self.secs(), self.subsec_nanos()),
        }
    }
}

/// Why a text is no time.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no time: expected RFC 3339 such as 2026-03-01T12:00:00Z, or seconds since 1970 such as 1362692526.5")]
pub struct TimeError(String);

impl std::str::FromStr for Timestamp {
    type Err = TimeError;

    /// From RFC 3339 with an offset (`2026-03-01T12:00:00.5Z`, a space instead of `T` is fine) or from decimal seconds
    /// since 1970.
    fn from_str(text: &str) -> Result<Timestamp, TimeError> {
        let text = text.trim();
        if let Some(t) = decimal_nanos(text) {
            return Ok(Timestamp(t));
        }
        let parsed = text.parse::<jiff::Timestamp>().ok().and_then(|t| i64::try_from(t.as_nanosecond()).ok());
        parsed.map(Timestamp).ok_or_else(|| TimeError(text.into()))
    }
}

/// Nanoseconds from decimal seconds, exact: a float would lose the last digits of today's times.
fn decimal_nanos(text: &str) -> Option<i64> {
    let (negative, digits) = text.strip_prefix('-').map_or((false, text), |t| (true, t));
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let all_digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || !all_digits(whole) || !all_digits(part) {
        return None;
    }
    let part: String = part.chars().chain("000000000".chars()).take(9).collect();
    let nanos = whole.parse::<i64>().ok()?.checked_mul(NANOS)?.checked_add(part.parse().ok()?)?;
    Some(if negative { -nanos } else { nanos })
}

/// A length of time from a text such as `90`, `0.5`, `250ms`, `30s`, `5m`, `1h30m`, `2d`; a bare number means seconds.
#[must_use]
pub fn parse_duration(text: &str) -> Option<Duration> {
    let mut rest = text.trim();
    let mut total = Duration::ZERO;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let (number, tail) = rest.split_at(digits);
        let letters = tail.find(|c: char| c.is_ascii_digit()).unwrap_or(tail.len());
        let (unit, next) = tail.split_at(letters);
        let scale = match unit.trim() {
            "ms" => 0.001,
            "s" | "" => 1.0,
            "m" | "min" => 60.0,
            "h" => 3600.0,
            "d" => 86_400.0,
            _ => return None,
        };
        total = total.checked_add(Duration::try_from_secs_f64(number.parse::<f64>().ok()? * scale).ok()?)?;
        rest = next;
    }
    Some(total)
}

/// A closed stretch of time, `start` ≤ `end`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Span {
    /// First moment.
    pub start: Timestamp,
    /// Last moment.
    pub end: Timestamp,
}

impl Span {
    /// The stretch between two times, given in either order.
    #[must_use]
    pub fn new(a: Timestamp, b: Timestamp) -> Span {
        Span { start: a.min(b), end: a.max(b) }
    }

    /// Length of the stretch.
    #[must_use]
    pub fn duration(self) -> Duration {
        self.end.since(self.start)
    }

    /// The smallest stretch that holds both.
    #[must_use]
    pub fn union(self, other: Span) -> Span {
        Span { start: self.start.min(other.start), end: self.end.max(other.end) }
    }

    /// Whether `t` lies inside, ends included.
    #[must_use]
    pub fn contains(self, t: Timestamp) -> bool {
        self.start <= t && t <= self.end
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_a_time_before_1970_stay_positive() {
        let t = Timestamp::from_parts(-1, 250_000_000);
        assert_eq!((t.secs(), t.subsec_nanos()), (-1, 250_000_000));
    }

    #[test]
    fn prints_as_rfc_3339() {
        assert_eq!(Timestamp::from_micros(1_362_692_526_869_344).to_string(), "2013-03-07T21:42:06.869344Z");
    }

    #[test]
    fn times_are_read_exactly() {
        let t = Timestamp::from_micros(1_362_692_526_869_344);
        for text in ["2013-03-07T21:42:06.869344Z", "2013-03-07 22:42:06.869344+01:00", "1362692526.869344"] {
            assert_eq!(text.parse(), Ok(t), "{text}");
        }
        assert_eq!("-1.5".parse(), Ok(Timestamp::from_nanos(-1_500_000_000)));
        for text in ["", "yesterday", "1e9", "12:00", "1.2.3", "99999999999999999999"] {
            assert!(text.parse::<Timestamp>().is_err(), "{text}");
        }
    }

    #[test]
    fn durations_are_read_with_and_without_units() {
        for (text, secs) in
            [("90", 90.0), ("0.5", 0.5), ("250ms", 0.25), ("5m", 300.0), ("1h30m", 5400.0), ("2d", 172_800.0)]
        {
            assert_eq!(parse_duration(text), Some(Duration::from_secs_f64(secs)), "{text}");
        }
        for text in ["", "5x", "-1s", "m", "1e99", "."] {
            assert_eq!(parse_duration(text), None, "{text}");
        }
    }

    #[test]
    fn arithmetic_saturates() {
        assert_eq!(Timestamp::MAX + Duration::from_secs(1), Timestamp::MAX);
        assert_eq!(Timestamp::MIN.since(Timestamp::MAX), Duration::ZERO);
    }
}
