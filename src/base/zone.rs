//! Local time: how far a time zone is from UTC, and the civil date of a moment, without allocating.

use super::Timestamp;

/// A time zone. Offsets are looked up once per quarter of an hour and kept.
#[derive(Clone, Debug)]
pub struct Zone {
    zone: jiff::tz::TimeZone,
    /// The quarter of an hour last asked about, and its offset in seconds east of UTC.
    last: std::cell::Cell<(i64, i32)>,
}

/// No moment lies in this quarter of an hour.
const NEVER: (i64, i32) = (i64::MIN, 0);
/// Zones change their offset at multiples of this many seconds.
const QUARTER: i64 = 900;

/// A date and a time of day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Civil {
    /// Year, astronomical counting.
    pub year: i64,
    /// Month, 1 to 12.
    pub month: u8,
    /// Day of the month, 1 to 31.
    pub day: u8,
    /// Seconds since midnight, 0 to 86,399.
    pub second_of_day: u32,
}

impl Zone {
    /// UTC.
    #[must_use]
    pub fn utc() -> Zone {
        Zone { zone: jiff::tz::TimeZone::UTC, last: NEVER.into() }
    }

    /// The machine's zone: `TZ` if set, else the system's setting, else UTC.
    #[must_use]
    pub fn local() -> Zone {
        Zone { zone: jiff::tz::TimeZone::system(), last: NEVER.into() }
    }

    /// A zone by its IANA name (`Europe/Berlin`) or POSIX string (`CET-1CEST`); none if it is neither.
    #[must_use]
    pub fn named(name: &str) -> Option<Zone> {
        let zone = jiff::tz::TimeZone::get(name).or_else(|_| jiff::tz::TimeZone::posix(name)).ok()?;
        Some(Zone { zone, last: NEVER.into() })
    }

    /// Seconds east of UTC at that second since 1970.
    #[must_use]
    #[inline]
    pub fn offset(&self, secs: i64) -> i32 {
        let quarter = secs.div_euclid(QUARTER);
        let (known, offset) = self.last.get();
        if known == quarter { offset } else { self.look_up(secs, quarter) }
    }

    #[cold]
    fn look_up(&self, secs: i64, quarter: i64) -> i32 {
        // Moments that the calendar does not reach are printed in UTC.
        let offset = jiff::Timestamp::from_second(secs).map_or(0, |t| self.zone.to_offset(t).seconds());
        self.last.set((quarter, offset));
        offset
    }

    /// The local date and time of day.
    #[must_use]
    pub fn civil(&self, at: Timestamp) -> Civil {
        let secs = at.secs().saturating_add(i64::from(self.offset(at.secs())));
        let (year, month, day) = date(secs.div_euclid(86_400));
        Civil { year, month, day, second_of_day: u32::try_from(secs.rem_euclid(86_400)).unwrap_or(0) }
    }

    /// The moment with its zone, none outside the calendar.
    pub(super) fn zoned(&self, at: Timestamp) -> Option<jiff::ZonedDateTime> {
        jiff::Timestamp::from_second(at.secs()).ok().map(|t| t.to_zoned_datetime(self.zone.clone()))
    }

    /// The moment of a local date and time; the earlier one where the clock is set back, the same distance from the
    /// day's beginning where it is set forward. None for a date that is not in the calendar.
    #[must_use]
    pub fn moment(&self, year: i16, month: u8, day: u8, second_of_day: u32) -> Option<Timestamp> {
        let (month, day) = (i8::try_from(month).ok()?, i8::try_from(day).ok()?);
        let date = jiff::civil::Date::new(year, month, day).ok()?;
        let time = date.to_datetime(jiff::civil::Time::midnight());
        let time = time.checked_add(jiff::SignedDuration::from_secs(i64::from(second_of_day))).ok()?;
        let at = self.zone.to_timestamp(time).ok()?;
        i64::try_from(at.as_nanosecond()).ok().map(Timestamp::from_nanos)
    }
}

/// Year, month and day of a number of days since 1970-01-01 in the Gregorian calendar.
///
/// # Source
/// Howard Hinnant, "chrono-compatible low-level date algorithms", `civil_from_days`.
fn date(days: i64) -> (i64, u8, u8) {
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let doe = z.rem_euclid(146_097);
    let yoe = (doe - doe / 1460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let day = doy - (153 * mp + 2) / 5 + 1;
    let month = if mp < 10 { mp + 3 } else { mp - 9 };
    let year = yoe + era * 400 + i64::from(month <= 2);
    (year, u8::try_from(month).unwrap_or(1), u8::try_from(day).unwrap_or(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_follow_the_calendar() {
        for (days, ymd) in [(0, (1970, 1, 1)), (-1, (1969, 12, 31)), (11_016, (2000, 2, 29)), (20_513, (2026, 3, 1))] {
            assert_eq!(date(days), ymd);
        }
    }

    #[test]
    fn a_zone_shifts_the_day() {
        let zone = Zone::named("CET-1").unwrap();
        let t = Timestamp::from_parts(23 * 3600 + 1800, 0);
        let c = zone.civil(t);
        assert_eq!((c.year, c.month, c.day, c.second_of_day), (1970, 1, 2, 1800));
        assert_eq!(zone.moment(1970, 1, 2, 1800), Some(t));
    }

    #[test]
    fn a_date_outside_the_calendar_is_none() {
        assert_eq!(Zone::utc().moment(2011, 2, 30, 0), None);
        assert_eq!(Zone::utc().moment(2011, 13, 1, 0), None);
    }
}
