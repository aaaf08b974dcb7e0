//! Great circles on a sphere, in double precision.

use super::LatLon;

/// Mean radius of the earth in kilometres (IUGG).
pub const EARTH_RADIUS_KM: f64 = 6371.0088;

impl LatLon {
    /// Great-circle distance to another point in kilometres.
    #[must_use]
    pub fn distance_km(self, other: LatLon) -> f64 {
        self.angle_to(other) * EARTH_RADIUS_KM
    }

    /// The point a fraction `t` (0 to 1) of the way along the shortest great circle to `other`. Between antipodes,
    /// where every way is shortest, the way over the north pole is taken (over (0°, 0°) between the poles).
    #[must_use]
    pub fn interpolate(self, other: LatLon, t: f64) -> LatLon {
        let angle = self.angle_to(other);
        if angle < 1e-12 {
            return self;
        }
        if std::f64::consts::PI - angle < 1e-9 {
            let over = if self.lat.abs() > 89.999_999 {
                LatLon { lat: 0.0, lon: 0.0 }
            } else {
                LatLon { lat: 90.0, lon: self.lon }
            };
            // Each half is shorter than half the circle, so that it has one shortest way.
            let first = self.angle_to(over) / std::f64::consts::PI;
            return if t <= first {
                self.interpolate(over, t / first)
            } else {
                over.interpolate(other, (t - first) / (1.0 - first))
            };
        }
        let (a, b) = (self.to_unit(), other.to_unit());
        let (ka, kb) = (((1.0 - t) * angle).sin() / angle.sin(), (t * angle).sin() / angle.sin());
        LatLon::from_vector([ka * a[0] + kb * b[0], ka * a[1] + kb * b[1], ka * a[2] + kb * b[2]]).unwrap_or(self)
    }

    /// Where one arrives after `distance_km` on a great circle that starts at `bearing_deg` (0 north, 90 east).
    #[must_use]
    pub fn destination(self, bearing_deg: f64, distance_km: f64) -> LatLon {
        let (lat, lon, bearing) = (self.lat.to_radians(), self.lon.to_radians(), bearing_deg.to_radians());
        let d = distance_km / EARTH_RADIUS_KM;
        let sin_lat = (lat.sin() * d.cos() + lat.cos() * d.sin() * bearing.cos()).clamp(-1.0, 1.0);
        let east = (bearing.sin() * d.sin() * lat.cos()).atan2(d.cos() - lat.sin() * sin_lat);
        let lon = ((lon + east).to_degrees() + 180.0).rem_euclid(360.0) - 180.0;
        LatLon::new(sin_lat.asin().to_degrees(), lon).unwrap_or(self)
    }

    /// Initial bearing of the shortest great circle to `other`, in degrees from north over east, 0 to 360.
    #[must_use]
    pub fn bearing_to(self, other: LatLon) -> f64 {
        let (a, b) = (self.lat.to_radians(), other.lat.to_radians());
        let d = (other.lon - self.lon).to_radians();
        (d.sin() * b.cos()).atan2(a.cos() * b.sin() - a.sin() * b.cos() * d.cos()).to_degrees().rem_euclid(360.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKYO: LatLon = LatLon { lat: 35.68, lon: 139.75 };
    const SAN_FRANCISCO: LatLon = LatLon { lat: 37.77, lon: -122.42 };

    #[test]
    fn distances_are_those_of_tables() {
        assert!((TOKYO.distance_km(SAN_FRANCISCO) - 8271.0).abs() < 20.0);
        let quarter = LatLon { lat: 0.0, lon: 0.0 }.distance_km(LatLon { lat: 90.0, lon: 0.0 });
        assert!((quarter - 10_007.5).abs() < 1.0);
    }

    #[test]
    fn the_way_crosses_the_date_line() {
        let mid = TOKYO.interpolate(SAN_FRANCISCO, 0.5);
        assert!(mid.lon.abs() > 150.0 && mid.lat > 40.0, "{mid:?}");
        let (d, e) = (mid.distance_km(TOKYO), mid.distance_km(SAN_FRANCISCO));
        assert!((d - e).abs() < 1e-6);
    }

    #[test]
    fn antipodes_and_poles_have_a_way_without_gaps() {
        let p = |lat, lon| LatLon { lat, lon };
        for (a, b) in [
            (p(0.0, 0.0), p(0.0, 180.0)),
            (p(90.0, 0.0), p(-90.0, 0.0)),
            (p(40.0, -3.0), p(-40.0, 177.0)),
            (p(5.0, 5.0), p(5.0, 5.0)),
        ] {
            let way: Vec<LatLon> = (0..=100).map(|i| a.interpolate(b, f64::from(i) / 100.0)).collect();
            let step = a.angle_to(b) / 100.0;
            for pair in way.windows(2) {
                assert!((pair[0].angle_to(pair[1]) - step).abs() < 1e-6, "{pair:?}");
            }
            assert!(way[100].angle_to(b) < 1e-6);
        }
    }

    #[test]
    fn destination_and_bearing_undo_each_other() {
        let bearing = TOKYO.bearing_to(SAN_FRANCISCO);
        let there = TOKYO.destination(bearing, TOKYO.distance_km(SAN_FRANCISCO));
        assert!(there.distance_km(SAN_FRANCISCO) < 1e-3, "{there:?}");
        assert!((54.0..56.0).contains(&bearing), "{bearing}");
    }
}
