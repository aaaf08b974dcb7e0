//! The sun's position over the earth.

use super::LatLon;
use crate::base::Timestamp;

/// The point where the sun stands in the zenith at a time; good to 0.02° from 1950 to 2050.
///
/// # Source
/// The Astronomical Almanac, section C, "low precision formulas for the sun's coordinates", and the mean sidereal time
/// of the IAU (1982), linear part.
#[must_use]
pub fn subsolar_point(at: Timestamp) -> LatLon {
    // Days since J2000.0, 2000-01-01T12:00 (UT1 and UTC are taken as one; they differ by less than a second).
    let days = (at.as_secs_f64() - 946_728_000.0) / 86_400.0;
    let mean_longitude = 280.460 + 0.985_647_4 * days;
    let anomaly = (357.528 + 0.985_600_3 * days).to_radians();
    let ecliptic = (mean_longitude + 1.915 * anomaly.sin() + 0.020 * (2.0 * anomaly).sin()).to_radians();
    let obliquity = (23.439 - 0.000_000_4 * days).to_radians();
    let declination = (obliquity.sin() * ecliptic.sin()).clamp(-1.0, 1.0).asin().to_degrees();
    let right_ascension = (obliquity.cos() * ecliptic.sin()).atan2(ecliptic.cos()).to_degrees();
    let sidereal = 280.460_618_37 + 360.985_647_366_29 * days;
    let lon = (right_ascension - sidereal + 180.0).rem_euclid(360.0) - 180.0;
    LatLon::new(declination, lon).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `secs` since 1970 is the time in the comment beside it.
    fn check(secs: i64, lat: f64, lon: f64) {
        let p = subsolar_point(Timestamp::from_parts(secs, 0));
        assert!((p.lat - lat).abs() < 0.1 && (p.lon - lon).abs() < 0.1, "{secs}: {p:?}, almanac {lat} {lon}");
    }

    #[test]
    fn stands_where_the_almanac_says() {
        // Declination at the equinoxes and solstices of 2024; longitude = (12 h - UT - equation of time) * 15°/h.
        check(1_710_903_960, 0.0, 135.36); // 2024-03-20T03:06:00Z
        check(1_718_916_660, 23.436, -132.29); // 2024-06-20T20:51:00Z
        check(1_727_009_040, 0.0, -12.86); // 2024-09-22T12:44:00Z
        check(1_734_772_800, -23.436, 39.52); // 2024-12-21T09:20:00Z
        // Extremes of the equation of time: -14 min 14 s and +16 min 27 s.
        check(1_707_652_800, -14.06, 3.56); // 2024-02-11T12:00:00Z
        check(1_730_635_200, -15.2, -4.11); // 2024-11-03T12:00:00Z
        // Meeus, Astronomical Algorithms, example 25.a: right ascension 198.381°, declination -7.785°; sidereal time
        // 21.801° at 0 h UT.
        check(718_934_400, -7.785, 176.58); // 1992-10-13T00:00:00Z
    }

    #[test]
    fn any_time_gives_a_point_on_the_globe() {
        for t in [Timestamp::MIN, Timestamp::MAX, Timestamp::from_nanos(0)] {
            let p = subsolar_point(t);
            assert!(p.lat.abs() <= 23.6 && p.lon.abs() <= 180.0);
        }
    }
}
