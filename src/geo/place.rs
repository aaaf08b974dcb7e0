//! Coordinates and places.

use std::sync::Arc;

/// A point on the globe in degrees (WGS 84): latitude -90 to 90, longitude -180 to 180.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct LatLon {
    /// Degrees north.
    pub lat: f64,
    /// Degrees east.
    pub lon: f64,
}

impl LatLon {
    /// A point, if both values are finite and within range; longitude 180 and beyond, up to 360, is wrapped.
    #[must_use]
    pub fn new(lat: f64, lon: f64) -> Option<LatLon> {
        if !(lat.is_finite() && lon.is_finite() && (-90.0..=90.0).contains(&lat) && (-360.0..=360.0).contains(&lon)) {
            return None;
        }
        let lon = if (-180.0..=180.0).contains(&lon) { lon } else { (lon + 180.0).rem_euclid(360.0) - 180.0 };
        Some(LatLon { lat, lon })
    }

    /// The unit vector in the scene's axes: y is north, +z is (0°, 0°), +x is 90° east.
    #[must_use]
    pub fn to_unit(self) -> [f64; 3] {
        let (lat, lon) = (self.lat.to_radians(), self.lon.to_radians());
        [lat.cos() * lon.sin(), lat.sin(), lat.cos() * lon.cos()]
    }

    /// The point below a vector in the scene's axes; any length but zero.
    #[must_use]
    pub fn from_vector([x, y, z]: [f64; 3]) -> Option<LatLon> {
        let len = (x * x + y * y + z * z).sqrt();
        if !len.is_finite() || len == 0.0 {
            return None;
        }
        LatLon::new((y / len).clamp(-1.0, 1.0).asin().to_degrees(), x.atan2(z).to_degrees())
    }

    /// Great-circle angle to another point, in radians, 0 to π.
    #[must_use]
    pub fn angle_to(self, other: LatLon) -> f64 {
        let ([a, b, c], [d, e, f]) = (self.to_unit(), other.to_unit());
        let cross = [b * f - c * e, c * d - a * f, a * e - b * d];
        let sin = (cross[0] * cross[0] + cross[1] * cross[1] + cross[2] * cross[2]).sqrt();
        sin.atan2(a * d + b * e + c * f)
    }
}

/// How a place became known, and so how far to trust it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Origin {
    /// A label inside the record.
    Label,
    /// The user's own map of networks to places.
    OwnMap,
    /// The configured home position, for private addresses.
    Home,
    /// A geolocation database.
    Database,
    /// Only the country is known: its centre.
    CountryCentre,
}

/// Where an address is.
#[derive(Clone, Debug, PartialEq)]
pub struct Place {
    /// Position.
    pub at: LatLon,
    /// City or site name.
    pub city: Option<Arc<str>>,
    /// ISO 3166-1 alpha-2 code, upper case.
    pub country: Option<[u8; 2]>,
    /// Autonomous system number.
    pub asn: Option<u32>,
    /// Name of the autonomous system's holder.
    pub as_name: Option<Arc<str>>,
    /// Radius of uncertainty in kilometres, where the database states one.
    pub radius_km: Option<u16>,
    /// How the place became known.
    pub origin: Origin,
}

impl Place {
    /// A bare place.
    #[must_use]
    pub fn new(at: LatLon, origin: Origin) -> Place {
        Place { at, city: None, country: None, asn: None, as_name: None, radius_km: None, origin }
    }

    /// The country code as text, empty when unknown.
    #[must_use]
    pub fn country_code(&self) -> &str {
        self.country.as_ref().and_then(|c| std::str::from_utf8(c).ok()).unwrap_or("")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_are_as_stated() {
        let near = |a: [f64; 3], b: [f64; 3]| a.iter().zip(b).all(|(x, y)| (x - y).abs() < 1e-12);
        assert!(near(LatLon { lat: 0.0, lon: 0.0 }.to_unit(), [0.0, 0.0, 1.0]));
        assert!(near(LatLon { lat: 0.0, lon: 90.0 }.to_unit(), [1.0, 0.0, 0.0]));
        assert!(near(LatLon { lat: 90.0, lon: 12.0 }.to_unit(), [0.0, 1.0, 0.0]));
    }

    #[test]
    fn a_vector_gives_its_point_back() {
        for (lat, lon) in [(51.5, -0.1), (-33.9, 151.2), (0.0, 179.9), (-90.0, 0.0)] {
            let p = LatLon { lat, lon };
            let q = LatLon::from_vector(p.to_unit().map(|v| v * 3.0)).expect("not zero");
            assert!(p.angle_to(q) < 1e-9, "{p:?} {q:?}");
        }
        assert_eq!(LatLon::from_vector([0.0; 3]), None);
    }

    #[test]
    fn longitudes_wrap_and_nonsense_is_refused() {
        assert_eq!(LatLon::new(10.0, 190.0), Some(LatLon { lat: 10.0, lon: -170.0 }));
        assert_eq!(LatLon::new(91.0, 0.0), None);
        assert_eq!(LatLon::new(f64::NAN, 0.0), None);
    }
}
