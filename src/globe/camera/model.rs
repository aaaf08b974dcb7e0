//! Where the eye is and what it sees: pure maths, no Bevy.
//!
//! The unit is the globe's radius. Screen points are pixels from the top left corner; which pixels (physical or
//! logical) is up to the caller, as long as [`Frame`] and the points agree.

use super::sheet::{SHEET_SCALE, Sheet};
use crate::geo::LatLon;
use crate::globe::math::{V3, add, angle, blend, cross, dot, length, mul, rotate, sub, unit};

/// Lowest distance from the eye to the point it looks at, in radii (about 64 km).
pub const MIN_ALTITUDE: f64 = 0.01;
/// Highest distance from the eye to the point it looks at, in radii.
pub const MAX_ALTITUDE: f64 = 5.0;
/// Largest tilt, in radians.
pub const MAX_TILT: f64 = 1.3;
/// Kilometres in one radius.
pub const RADIUS_KM: f64 = 6371.0;
/// Half the angle that the smaller side of the free part of the screen spans.
const HALF_FIELD: f64 = 0.35;
/// Distance of the near plane. Depth is reversed and without end, so its precision does not depend on this.
const NEAR: f64 = 0.001;
/// How near the pole the eye may stand: there north loses its meaning.
const MAX_LAT: f64 = 89.5;

/// Where the eye is: above `target`, looking at it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Orbit {
    /// The place in the middle of the picture.
    pub target: LatLon,
    /// Distance from the eye to that place, in radii.
    pub altitude: f64,
    /// Direction that is up on the screen, radians clockwise from north.
    pub heading: f64,
    /// Angle between the view and the vertical, radians; 0 looks straight down.
    pub tilt: f64,
}

impl Default for Orbit {
    /// The home view: the Atlantic and its shores, the whole globe with air around it.
    fn default() -> Orbit {
        Orbit { target: LatLon { lat: 30.0, lon: -25.0 }, altitude: 2.25, heading: 0.0, tilt: 0.0 }
    }
}

impl Orbit {
    /// The same, with all values inside their limits.
    #[must_use]
    pub fn clamped(self) -> Orbit {
        let finite = |v: f64, or: f64| if v.is_finite() { v } else { or };
        let home = Orbit::default();
        let lat = finite(self.target.lat, home.target.lat).clamp(-MAX_LAT, MAX_LAT);
        let lon = (finite(self.target.lon, home.target.lon) + 180.0).rem_euclid(360.0) - 180.0;
        Orbit {
            target: LatLon { lat, lon },
            altitude: finite(self.altitude, home.altitude).clamp(MIN_ALTITUDE, MAX_ALTITUDE),
            heading: wrap_angle(finite(self.heading, 0.0)),
            tilt: finite(self.tilt, 0.0).clamp(0.0, MAX_TILT),
        }
    }

    /// The home view turned towards the middle of some places; plain home when they lie all around the globe or there are
    /// none.
    #[must_use]
    pub fn over(places: impl IntoIterator<Item = LatLon>) -> Orbit {
        let (mut sum, mut count) = ([0.0; 3], 0.0);
        for place in places {
            sum = add(sum, place.to_unit());
            count += 1.0;
        }
        let home = Orbit::default();
        // Places spread over the whole globe cancel out.
        if length(sum) < 0.25 * count || count == 0.0 {
            return home;
        }
        let Some(middle) = LatLon::from_vector(sum) else { return home };
        // High latitudes are seen well from the side, and the globe keeps its familiar face.
        Orbit { target: LatLon { lat: middle.lat.clamp(-35.0, 35.0), lon: middle.lon }, ..home }.clamped()
    }

    /// What it sees on a screen.
    #[must_use]
    pub fn view(&self, frame: Frame) -> View {
        let t = self.target.to_unit();
        let (north, east) = tangents(self.target);
        let (sin, cos) = self.heading.sin_cos();
        let ahead = blend(north, cos, east, sin);
        let right = blend(east, cos, north, -sin);
        let (sin, cos) = self.tilt.sin_cos();
        let forward = blend(ahead, sin, t, -cos);
        let eye = sub(t, mul(forward, self.altitude));
        let up = blend(ahead, cos, t, sin);
        let sheet = Sheet { share: frame.flat.clamp(0.0, 1.0), touch: self.target, at: t, east, north };
        let [x0, y0, x1, y1] = frame.free;
        let side = (x1 - x0).min(y1 - y0).max(1.0);
        View {
            eye,
            right,
            up,
            forward,
            focal: side / 2.0 / HALF_FIELD.tan(),
            centre: [(x0 + x1) / 2.0, (y0 + y1) / 2.0],
            size: [frame.width.max(1.0), frame.height.max(1.0)],
            sheet,
        }
    }

    /// The orbit, heading and tilt kept, that has the place `grabbed` under the screen point `at` (grab and drag).
    /// Where that cannot be (off the disc, over the pole) it comes as near as it can.
    #[must_use]
    pub fn holding(&self, frame: Frame, grabbed: LatLon, at: [f64; 2]) -> Orbit {
        let goal = grabbed.to_unit();
        let mut orbit = *self;
        if frame.flat > 0.5 {
            // The map moves as a whole.
            let here = orbit.view(frame).nearest_surface(at);
            let target =
                LatLon { lat: self.target.lat + grabbed.lat - here.lat, lon: self.target.lon + grabbed.lon - here.lon };
            return Orbit { target, ..orbit }.clamped();
        }
        for _ in 0..12 {
            let here = orbit.view(frame).nearest_surface(at).to_unit();
            let off = angle(here, goal);
            if off < 1e-9 {
                break;
            }
            let moved = rotate(orbit.target.to_unit(), unit(cross(here, goal)), off);
            let Some(target) = LatLon::from_vector(moved) else { break };
            orbit = Orbit { target, ..orbit }.clamped();
        }
        orbit
    }

    /// The orbit after changing the altitude by a factor, with the place under the screen point `at` kept there.
    #[must_use]
    pub fn zoomed(&self, frame: Frame, at: [f64; 2], factor: f64) -> Orbit {
        let next = Orbit { altitude: self.altitude * factor, ..*self }.clamped();
        match self.view(frame).hit(at) {
            Some(place) => next.holding(frame, place, at),
            None => next,
        }
    }
}

/// North and east at a place.
fn tangents(at: LatLon) -> (V3, V3) {
    let (lat, lon) = (at.lat.to_radians(), at.lon.to_radians());
    let north = [-lat.sin() * lon.sin(), lat.cos(), -lat.sin() * lon.cos()];
    let east = [lon.cos(), 0.0, -lon.sin()];
    (north, east)
}

/// An angle in -π to π.
fn wrap_angle(a: f64) -> f64 {
    use std::f64::consts::{PI, TAU};
    (a + PI).rem_euclid(TAU) - PI
}

/// The screen: its size, and the part of it that no panel covers, in which the globe is centred.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Frame {
    /// Width in pixels.
    pub width: f64,
    /// Height in pixels.
    pub height: f64,
    /// Left, top, right, bottom of the free part, in pixels.
    pub free: [f64; 4],
    /// Share of the way from the globe to the flat map, 0 to 1.
    pub flat: f64,
}

impl Frame {
    /// A screen that nothing covers.
    #[must_use]
    pub fn whole(width: f64, height: f64) -> Frame {
        Frame { width, height, free: [0.0, 0.0, width, height], flat: 0.0 }
    }
}

/// What the eye sees: everything needed to go from places to pixels and back.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct View {
    /// Position of the eye.
    pub eye: V3,
    /// Unit vector to the right of the screen.
    pub right: V3,
    /// Unit vector to the top of the screen.
    pub up: V3,
    /// Unit vector into the screen.
    pub forward: V3,
    /// Pixels per unit of the tangent of the angle from the axis.
    pub focal: f64,
    /// The pixel that lies on the axis.
    pub centre: [f64; 2],
    /// Size of the screen in pixels.
    pub size: [f64; 2],
    /// The flat map, and how far the globe has become it.
    pub sheet: Sheet,
}

impl View {
    /// The same on a screen with a share of the pixels in each direction; where that is no whole number of them, the
    /// last column and row reach beyond the screen.
    #[must_use]
    pub fn reduced(&self, share: f64) -> View {
        if share >= 1.0 {
            return *self;
        }
        let centre = self.centre.map(|x| x * share);
        View { focal: self.focal * share, centre, size: self.size.map(|x| (x * share).ceil().max(1.0)), ..*self }
    }

    /// Height of the eye above the surface, in radii.
    #[must_use]
    pub fn height(&self) -> f64 {
        length(self.eye) - 1.0
    }

    /// Unit vector from the eye through a pixel.
    #[must_use]
    pub fn ray(&self, [x, y]: [f64; 2]) -> V3 {
        let across = blend(self.right, x - self.centre[0], self.up, self.centre[1] - y);
        unit(add(mul(self.forward, self.focal), across))
    }

    /// The place under a pixel; `None` beside the globe.
    #[must_use]
    pub fn hit(&self, at: [f64; 2]) -> Option<LatLon> {
        let ray = self.ray(at);
        if self.sheet.is_flat() {
            let (place, inside) = self.sheet.under(self.eye, ray);
            return inside.then_some(place);
        }
        let b = dot(self.eye, ray);
        let root = b * b - (dot(self.eye, self.eye) - 1.0);
        if root < 0.0 || b > 0.0 {
            return None;
        }
        LatLon::from_vector(add(self.eye, mul(ray, -b - root.sqrt())))
    }

    /// The place under a pixel or, beside the globe, the place on its rim nearest to that pixel.
    #[must_use]
    pub fn nearest_surface(&self, at: [f64; 2]) -> LatLon {
        if let Some(place) = self.hit(at) {
            return place;
        }
        let ray = self.ray(at);
        if self.sheet.is_flat() {
            return self.sheet.under(self.eye, ray).0;
        }
        let closest = add(self.eye, mul(ray, -dot(self.eye, ray).min(0.0)));
        // The rim is the circle of points whose tangent plane holds the eye.
        let axis = unit(self.eye);
        let across = unit(sub(closest, mul(axis, dot(axis, closest))));
        let cos = 1.0 / length(self.eye).max(1.0 + 1e-9);
        LatLon::from_vector(blend(axis, cos, across, (1.0 - cos * cos).sqrt())).unwrap_or_default()
    }

    /// The pixel of a point on or above the globe, wherever the map puts it, and its distance along the axis; `None`
    /// behind the eye.
    #[must_use]
    pub fn project(&self, point: V3) -> Option<([f64; 2], f64)> {
        let d = sub(self.sheet.place(point), self.eye);
        let depth = dot(d, self.forward);
        if depth < NEAR {
            return None;
        }
        let s = self.focal / depth;
        Some(([self.centre[0] + s * dot(d, self.right), self.centre[1] - s * dot(d, self.up)], depth))
    }

    /// Whether the globe does not stand between the eye and a point on or above the surface.
    #[must_use]
    pub fn sees(&self, point: V3) -> bool {
        if self.sheet.is_flat() {
            return true;
        }
        let d = sub(point, self.eye);
        let along = dot(self.eye, d);
        let (dd, c) = (dot(d, d), dot(self.eye, self.eye) - 1.0);
        // Roots of |eye + t·d| = 1 with 0 < t < 1; a surface point has the root 1 itself.
        let root = along * along - dd * c;
        along >= 0.0 || root <= 0.0 || (-along - root.sqrt()) >= dd * (1.0 - 1e-9)
    }

    /// The pixel of a place at a distance from the globe's centre (1 = surface), if the globe does not hide it.
    #[must_use]
    pub fn place_on_screen(&self, at: LatLon, radius: f64) -> Option<[f64; 2]> {
        let point = mul(at.to_unit(), radius);
        if !self.sees(point) {
            return None;
        }
        self.project(point).map(|(pixel, _)| pixel)
    }

    /// Radii (radians of the map) per pixel at the point of the surface nearest to the middle of the picture.
    #[must_use]
    pub fn radii_per_pixel(&self) -> f64 {
        let point = self.sheet.place(self.nearest_surface(self.centre).to_unit());
        let scale = if self.sheet.is_flat() { SHEET_SCALE } else { 1.0 };
        dot(sub(point, self.eye), self.forward).max(NEAR) / self.focal / scale
    }

    /// The matrix from the scene to clip space (reversed depth without end), columns first.
    #[must_use]
    pub fn clip_from_world(&self) -> [[f32; 4]; 4] {
        let [w, h] = self.size;
        let (sx, sy) = (2.0 * self.focal / w, 2.0 * self.focal / h);
        let (ox, oy) = (2.0 * self.centre[0] / w - 1.0, 1.0 - 2.0 * self.centre[1] / h);
        let row_x = blend(self.right, sx, self.forward, ox);
        let row_y = blend(self.up, sy, self.forward, oy);
        let column = |i: usize| [row_x[i] as f32, row_y[i] as f32, 0.0, self.forward[i] as f32];
        let last = |row: V3| -dot(row, self.eye) as f32;
        [column(0), column(1), column(2), [last(row_x), last(row_y), NEAR as f32, last(self.forward)]]
    }
}

/// A flight of the eye from one orbit to another, easing in and out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Flight {
    /// Where it began.
    pub from: Orbit,
    /// Where it goes.
    pub to: Orbit,
    /// Seconds it takes.
    pub duration: f64,
    /// Seconds flown.
    pub elapsed: f64,
}

impl Flight {
    /// A flight that takes 0.8 to 2.5 s, longer for longer ways.
    #[must_use]
    pub fn new(from: Orbit, to: Orbit) -> Flight {
        let to = to.clamped();
        let way = from.target.angle_to(to.target) * 0.7 + (to.altitude / from.altitude).ln().abs() * 0.3;
        Flight { from, to, duration: (0.8 + way).min(2.5), elapsed: 0.0 }
    }

    /// Whether it has arrived.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.elapsed >= self.duration
    }

    /// The orbit now.
    #[must_use]
    pub fn orbit(&self) -> Orbit {
        if self.is_over() {
            return self.to;
        }
        let t = (self.elapsed / self.duration).clamp(0.0, 1.0);
        let s = t * t * t * (t * (t * 6.0 - 15.0) + 10.0);
        let (a, b) = (self.from.target.to_unit(), self.to.target.to_unit());
        let way = angle(a, b);
        let axis = unit(cross(a, b));
        let target = LatLon::from_vector(rotate(a, axis, way * s)).unwrap_or(self.to.target);
        // Long ways rise first, so that the goal is seen coming.
        let rise = 1.0 + 4.0 * s * (1.0 - s) * (way * 0.6 / self.from.altitude.max(self.to.altitude)).min(4.0);
        let altitude = (self.from.altitude.ln() * (1.0 - s) + self.to.altitude.ln() * s).exp() * rise;
        Orbit {
            target,
            altitude,
            heading: self.from.heading + wrap_angle(self.to.heading - self.from.heading) * s,
            tilt: self.from.tilt + (self.to.tilt - self.from.tilt) * s,
        }
        .clamped()
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
