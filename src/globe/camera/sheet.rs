//! The flat map: pure maths, no Bevy.
//!
//! The sheet is an equirectangular map that touches the globe at the place the eye looks at, north and east there being
//! those of the globe. So an orbit means the same on both, turning the globe is moving the map, and the seam of the map
//! is always on the far side. The change from one to the other moves each point on a straight line.

use std::f64::consts::{FRAC_PI_2, PI, TAU};
use std::fmt;
use std::str::FromStr;

use crate::geo::LatLon;
use crate::globe::math::{V3, add, blend, dot, length, mul, sub};

/// Radii on the sheet per radian: at the distance from which the whole globe is seen, nearly the whole map is.
pub const SHEET_SCALE: f64 = 0.6;
/// What is left of heights on the sheet: arcs seen from above keep near their ways.
pub const SHEET_LIFT: f64 = 0.08;

/// How the earth is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Projection {
    /// As a globe.
    #[default]
    Globe,
    /// As a map.
    Flat,
}

/// A projection that does not exist.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
#[error("projection {0:?} does not exist; known are globe, flat")]
pub struct UnknownProjection(pub String);

impl FromStr for Projection {
    type Err = UnknownProjection;

    fn from_str(text: &str) -> Result<Projection, UnknownProjection> {
        match text.trim() {
            "globe" => Ok(Projection::Globe),
            "flat" => Ok(Projection::Flat),
            _ => Err(UnknownProjection(text.to_owned())),
        }
    }
}

impl fmt::Display for Projection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Projection::Globe => "globe",
            Projection::Flat => "flat",
        })
    }
}

/// Where the map lies, and how far the globe has become it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sheet {
    /// Share of the way from the globe to the map, 0 to 1.
    pub share: f64,
    /// The place where it touches the globe.
    pub touch: LatLon,
    /// Unit vectors to that place, to the east and to the north.
    pub at: V3,
    pub(super) east: V3,
    pub(super) north: V3,
}

/// An angle in -π to π.
fn wrapped(a: f64) -> f64 {
    (a + PI).rem_euclid(TAU) - PI
}

impl Sheet {
    /// Whether places are found on the map rather than on the globe.
    #[must_use]
    pub fn is_flat(&self) -> bool {
        self.share > 0.5
    }

    /// Unit vectors to the east and to the north where it touches.
    #[must_use]
    pub fn axes(&self) -> [V3; 2] {
        [self.east, self.north]
    }

    /// What is left of heights at this share.
    #[must_use]
    pub fn lift(&self) -> f64 {
        1.0 + (SHEET_LIFT - 1.0) * self.share
    }

    /// Radians east of the place of touch, and radians of latitude, of a point around the globe.
    fn spot(&self, p: V3) -> [f64; 2] {
        let lat = p[1].atan2(p[0].hypot(p[2]));
        [wrapped(p[0].atan2(p[2]) - self.touch.lon.to_radians()), lat]
    }

    /// Where a point on or above the globe is drawn.
    #[must_use]
    pub fn place(&self, p: V3) -> V3 {
        if self.share <= 0.0 {
            return p;
        }
        let [east, lat] = self.spot(p);
        let up = 1.0 + (length(p) - 1.0) * SHEET_LIFT;
        let north = lat - self.touch.lat.to_radians();
        let across = blend(self.east, east * SHEET_SCALE, self.north, north * SHEET_SCALE);
        blend(p, 1.0 - self.share, add(mul(self.at, up), across), self.share)
    }

    /// Whether the way between two near points leaves the map on one side and comes back on the other.
    #[must_use]
    pub fn is_torn(&self, a: V3, b: V3) -> bool {
        self.share > 0.0 && (self.spot(a)[0] - self.spot(b)[0]).abs() > PI
    }

    /// The place under a ray and whether it lies on the map; beside the map the nearest place of its edge.
    #[must_use]
    pub fn under(&self, eye: V3, ray: V3) -> (LatLon, bool) {
        // A ray that never meets the plane meets it far away.
        let fall = -dot(ray, self.at);
        let height = dot(eye, self.at) - 1.0;
        let t = if fall > 1e-3 { height / fall } else { height * 1e3 };
        let off = sub(add(eye, mul(ray, t)), self.at);
        let [x, y] = [dot(off, self.east) / SHEET_SCALE, dot(off, self.north) / SHEET_SCALE];
        let lat = self.touch.lat.to_radians() + y;
        let inside = fall > 1e-3 && x.abs() <= PI && lat.abs() <= FRAC_PI_2;
        let lon = self.touch.lon + x.clamp(-PI, PI).to_degrees();
        let lon = (lon + 180.0).rem_euclid(360.0) - 180.0;
        (LatLon { lat: lat.clamp(-FRAC_PI_2, FRAC_PI_2).to_degrees(), lon }, inside)
    }
}
