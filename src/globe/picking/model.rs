//! Which pin or arc lies under the pointer: plain arithmetic over arrays, no scene and no GPU.
//!
//! Pins are tried one by one: a dot product against the horizon throws out the far half, the feet of the rest are
//! projected, and where a head can reach the pointer it is placed as the shader places it and measured in pixels.
//! `--bench-frames` says how long a look takes with every pin standing alone.

use crate::globe::camera::Sheet;
use crate::globe::math::to_f32;

/// Pointer tolerance around a pin's head, in logical pixels.
pub const PIN_TOLERANCE_PX: f32 = 8.0;
/// Pointer tolerance around an arc, in logical pixels.
pub const ARC_TOLERANCE_PX: f32 = 6.0;

/// Distances that differ by less than this are a tie; the pin nearer to the camera wins, then the first.
const TIE_PX: f32 = 0.5;

/// How the scene lands on the screen.
#[derive(Clone, Copy, Debug)]
pub struct View {
    /// World to clip space, column-major, as the graphics card uses it.
    pub clip_from_world: [[f32; 4]; 4],
    /// The camera's place in globe radii from the centre.
    pub camera: [f32; 3],
    /// Left upper corner of the viewport in logical pixels.
    pub origin: [f32; 2],
    /// Size of the viewport in logical pixels.
    pub size: [f32; 2],
    /// Logical pixels per unit of the tangent of the angle from the axis.
    pub focal: f32,
    /// Logical pixels per pixel of a mark.
    pub mark: f32,
    /// Share of the full spread that co-located pins are drawn with (see `spread::scale`).
    pub spread: f32,
    /// The flat map, and how far the globe has become it.
    pub sheet: Sheet,
}

impl View {
    /// The point on the screen (logical pixels, y down) of a point of the world, and its depth (distance along the view,
    /// greater is farther). `None` behind the camera.
    #[must_use]
    pub fn project(&self, p: [f32; 3]) -> Option<([f32; 2], f32)> {
        let p = if self.sheet.share > 0.0 { to_f32(self.sheet.place(p.map(f64::from))) } else { p };
        let m = &self.clip_from_world;
        let row = |r: usize| m[0][r] * p[0] + m[1][r] * p[1] + m[2][r] * p[2] + m[3][r];
        let w = row(3);
        if w <= 1e-6 {
            return None;
        }
        let (x, y) = (row(0) / w, row(1) / w);
        let screen = [self.origin[0] + (x + 1.0) * 0.5 * self.size[0], self.origin[1] + (1.0 - y) * 0.5 * self.size[1]];
        Some((screen, w))
    }

    /// Whether a point on the unit sphere is on the camera's side of the horizon.
    #[must_use]
    pub fn above_horizon(&self, dir: [f32; 3]) -> bool {
        self.sheet.is_flat() || dot(self.camera, dir) >= 1.0
    }

    /// Where a pin's head is on the screen, and its depth. `None` when it is beyond the horizon or behind the camera.
    #[must_use]
    pub fn pin_on_screen(&self, pin: &PinSpot) -> Option<([f32; 2], f32)> {
        if !self.above_horizon(pin.dir) {
            return None;
        }
        let (_, depth) = self.project(pin.dir)?;
        self.head(pin, depth)
    }

    /// The same of a pin whose foot has a depth.
    fn head(&self, pin: &PinSpot, depth: f32) -> Option<([f32; 2], f32)> {
        // As the shader lifts it: so high that a pin seen from the side has its length on the screen.
        let r = 1.0 + pin.length * self.mark * depth / self.focal.max(1e-3) / self.sheet.lift() as f32;
        let ([x, y], depth) = self.project([pin.dir[0] * r, pin.dir[1] * r, pin.dir[2] * r])?;
        let spread = self.spread * self.mark;
        Some(([x + pin.offset[0] * spread, y - pin.offset[1] * spread], depth))
    }

    /// How far a pin's head can be from its foot on the screen, in logical pixels. Seen from above it comes nearer to the
    /// eye, which makes its length greater.
    fn reach(&self, pin: &PinSpot) -> f32 {
        let length = pin.length * self.mark;
        let near = 1.0 - length / self.focal.max(1e-3);
        if near <= 0.1 || !(self.sheet.share <= 0.0 || self.sheet.is_flat()) {
            return f32::INFINITY;
        }
        1.0 + length / near + (pin.offset[0].abs() + pin.offset[1].abs()) * self.spread * self.mark
    }
}

/// What the picker knows of a pin.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PinSpot {
    /// Unit vector to its place.
    pub dir: [f32; 3],
    /// Distance from its foot to its head seen from the side, in pixels of a mark.
    pub length: f32,
    /// Offset `[right, up]` at full spread, in pixels of a mark.
    pub offset: [f32; 2],
}

/// What was found under the pointer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hit {
    /// Index into the array that was searched.
    pub index: usize,
    /// Distance from the pointer, in logical pixels.
    pub distance: f32,
}

/// The pin whose head is nearest to the pointer within the tolerance; of equals the one nearest to the camera, then the
/// first.
#[must_use]
pub fn pick_pin(pins: &[PinSpot], view: &View, pointer: [f32; 2], tolerance: f32) -> Option<Hit> {
    let mut best: Option<(Hit, f32)> = None;
    for (index, pin) in pins.iter().enumerate() {
        if !view.above_horizon(pin.dir) {
            continue;
        }
        let Some((foot, depth)) = view.project(pin.dir) else { continue };
        let away = (foot[0] - pointer[0]).abs().max((foot[1] - pointer[1]).abs());
        // Most are thrown out here; what is no number goes on and is thrown out below.
        if away > tolerance + view.reach(pin) {
            continue;
        }
        let Some((at, depth)) = view.head(pin, depth) else { continue };
        let distance = (at[0] - pointer[0]).hypot(at[1] - pointer[1]);
        if distance.is_nan() || distance > tolerance {
            continue;
        }
        let wins = match &best {
            None => true,
            Some((b, _)) if distance < b.distance - TIE_PX => true,
            Some((b, d)) => distance <= b.distance + TIE_PX && depth < *d - 1e-6,
        };
        if wins {
            best = Some((Hit { index, distance }, depth));
        }
    }
    best.map(|(hit, _)| hit)
}

/// The arc nearest to the pointer within the tolerance. `arcs` yields each arc as its points in the world, in order;
/// parts behind the globe are skipped.
#[must_use]
pub fn pick_arc<P>(arcs: impl IntoIterator<Item = P>, view: &View, pointer: [f32; 2], tolerance: f32) -> Option<Hit>
where
    P: IntoIterator<Item = [f32; 3]>,
{
    let mut best: Option<Hit> = None;
    for (index, points) in arcs.into_iter().enumerate() {
        let mut last: Option<([f32; 3], [f32; 2])> = None;
        for p in points {
            let hidden = !view.sheet.is_flat() && hidden_by_globe(view.camera, p);
            let here = (!hidden).then(|| view.project(p)).flatten().map(|(at, _)| (p, at));
            if let (Some((q, a)), Some((_, b))) = (last, here)
                && !view.sheet.is_torn(q.map(f64::from), p.map(f64::from))
            {
                let distance = distance_to_segment(pointer, a, b);
                if distance <= tolerance && best.is_none_or(|h| distance < h.distance) {
                    best = Some(Hit { index, distance });
                }
            }
            last = here;
        }
    }
    best
}

/// Whether the unit globe stands between the camera and a point.
#[must_use]
pub fn hidden_by_globe(camera: [f32; 3], p: [f32; 3]) -> bool {
    let d = [p[0] - camera[0], p[1] - camera[1], p[2] - camera[2]];
    let (a, b, c) = (dot(d, d), dot(camera, d), dot(camera, camera) - 1.0);
    let disc = b * b - a * c;
    if disc <= 0.0 || a <= 0.0 {
        return false;
    }
    // Nearer crossing of the line with the sphere; the small margin keeps points on the surface visible.
    let t = (-b - disc.sqrt()) / a;
    t > 0.0 && t < 0.999
}

/// Where a ray meets the unit globe first. `dir` need not be of unit length.
#[must_use]
pub fn globe_hit(origin: [f32; 3], dir: [f32; 3]) -> Option<[f32; 3]> {
    let (a, b, c) = (dot(dir, dir), dot(origin, dir), dot(origin, origin) - 1.0);
    let disc = b * b - a * c;
    if disc < 0.0 || a <= 0.0 {
        return None;
    }
    let t = (-b - disc.sqrt()) / a;
    (t > 0.0).then(|| [origin[0] + dir[0] * t, origin[1] + dir[1] * t, origin[2] + dir[2] * t])
}

fn distance_to_segment(p: [f32; 2], a: [f32; 2], b: [f32; 2]) -> f32 {
    let (dx, dy) = (b[0] - a[0], b[1] - a[1]);
    let len2 = dx * dx + dy * dy;
    let t = if len2 > 0.0 { (((p[0] - a[0]) * dx + (p[1] - a[1]) * dy) / len2).clamp(0.0, 1.0) } else { 0.0 };
    (p[0] - a[0] - t * dx).hypot(p[1] - a[1] - t * dy)
}

fn dot(a: [f32; 3], b: [f32; 3]) -> f32 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::geo::LatLon;
    use crate::globe::camera::{Frame, Orbit};
    use crate::globe::picking::spread::spread;

    /// A camera on +z at `r` radii, looking at the centre, 90° field of view, square viewport of 800 px.
    fn view(r: f32) -> View {
        View {
            // w = r - z; x/w, y/w: a plain perspective projection.
            clip_from_world: [[1.0, 0.0, 0.0, 0.0], [0.0, 1.0, 0.0, 0.0], [0.0, 0.0, 0.0, -1.0], [0.0, 0.0, 0.1, r]],
            camera: [0.0, 0.0, r],
            origin: [0.0, 0.0],
            size: [800.0, 800.0],
            focal: 400.0,
            mark: 1.0,
            spread: 1.0,
            sheet: Orbit::default().view(Frame::whole(800.0, 800.0)).sheet,
        }
    }

    fn pin(lat: f64, lon: f64) -> PinSpot {
        let dir = LatLon { lat, lon }.to_unit().map(|v| v as f32);
        PinSpot { dir, length: 0.0, offset: [0.0; 2] }
    }

    #[test]
    fn the_pin_under_the_pointer_is_found_and_the_far_side_is_not() {
        let pins = [pin(0.0, 180.0), pin(0.0, 0.0), pin(10.0, 20.0)];
        let hit = pick_pin(&pins, &view(3.0), [400.0, 400.0], PIN_TOLERANCE_PX).expect("the centre pin");
        assert_eq!(hit.index, 1);
        let at = view(3.0).pin_on_screen(&pins[2]).expect("in front").0;
        assert!(at[0] > 400.0 && at[1] < 400.0, "east is right, north is up: {at:?}");
        assert_eq!(pick_pin(&pins, &view(3.0), [at[0] + 7.0, at[1]], PIN_TOLERANCE_PX).map(|h| h.index), Some(2));
        assert_eq!(pick_pin(&pins, &view(3.0), [at[0] + 9.0, at[1]], PIN_TOLERANCE_PX), None);
        assert_eq!(pick_pin(&pins[..1], &view(3.0), [400.0, 400.0], PIN_TOLERANCE_PX), None);
    }

    proptest! {
        #[test]
        fn what_is_picked_is_the_nearest_head_of_all(
            places in prop::collection::vec((-89.0..89.0f64, -180.0..180.0f64, 0.0..60.0f32, -40.0..40.0f32), 1..60),
            (r, flat, mark) in (1.02..5.0f64, any::<bool>(), 0.5..3.0f32), (x, y) in (0.0..1.0f32, 0.0..1.0f32),
        ) {
            let frame = Frame { flat: if flat { 1.0 } else { 0.0 }, ..Frame::whole(900.0, 600.0) };
            let eye = Orbit { altitude: r - 1.0, tilt: 0.4, ..Orbit::default() }.clamped().view(frame);
            let view = View {
                clip_from_world: eye.clip_from_world(),
                camera: to_f32(eye.eye),
                origin: [0.0; 2],
                size: [900.0, 600.0],
                focal: eye.focal as f32,
                mark,
                spread: 0.7,
                sheet: eye.sheet,
            };
            let spot = |(lat, lon, length, aside): &(f64, f64, f32, f32)| PinSpot {
                length: *length,
                offset: [*aside, -*aside],
                ..pin(*lat, *lon)
            };
            let pins: Vec<PinSpot> = places.iter().map(spot).collect();
            let pointer = [x * 900.0, y * 600.0];
            for tolerance in [8.0, 60.0] {
                let near = pins.iter().filter_map(|p| view.pin_on_screen(p)).map(|(at, _)| {
                    (at[0] - pointer[0]).hypot(at[1] - pointer[1])
                });
                let least = near.filter(|d| *d <= tolerance).fold(f32::INFINITY, f32::min);
                let found = pick_pin(&pins, &view, pointer, tolerance).map_or(f32::INFINITY, |h| h.distance);
                prop_assert!(found == least || found - least <= 60.0 * TIE_PX, "{found} {least}");
                prop_assert_eq!(found.is_finite(), least.is_finite());
            }
        }
    }

    #[test]
    fn of_two_in_line_the_one_nearer_to_the_camera_wins() {
        let low = pin(0.0, 0.0);
        let high = PinSpot { length: 40.0, ..low };
        assert_eq!(pick_pin(&[low, high], &view(3.0), [400.0, 400.0], 8.0).map(|h| h.index), Some(1));
        assert_eq!(pick_pin(&[high, low], &view(3.0), [400.0, 400.0], 8.0).map(|h| h.index), Some(0));
    }

    #[test]
    fn each_of_three_hundred_pins_at_one_place_can_be_picked() {
        let place = LatLon { lat: 5.0, lon: 5.0 };
        let pins: Vec<PinSpot> = spread(vec![place; 300])
            .into_iter()
            .map(|offset| PinSpot { dir: place.to_unit().map(|v| v as f32), length: 0.0, offset })
            .collect();
        for (i, p) in pins.iter().enumerate() {
            let at = view(3.0).pin_on_screen(p).expect("visible").0;
            assert_eq!(pick_pin(&pins, &view(3.0), at, PIN_TOLERANCE_PX).map(|h| h.index), Some(i));
        }
    }

    #[test]
    fn an_arc_is_found_between_its_points_and_not_behind_the_globe() {
        let front = [[-0.5, 0.0, 1.2], [0.5, 0.0, 1.2]];
        let back = front.map(|[x, y, z]| [x, y, -z]);
        assert_eq!(pick_arc([back, front], &view(3.0), [410.0, 403.0], 6.0).map(|h| h.index), Some(1));
        assert_eq!(pick_arc([back], &view(3.0), [400.0, 400.0], 6.0), None);
    }

    #[test]
    fn a_ray_meets_the_near_side() {
        assert_eq!(globe_hit([0.0, 0.0, 3.0], [0.0, 0.0, -2.0]), Some([0.0, 0.0, 1.0]));
        assert_eq!(globe_hit([0.0, 0.0, 3.0], [0.0, 1.0, 0.0]), None);
        assert!(!hidden_by_globe([0.0, 0.0, 3.0], [0.0, 0.0, 1.0]));
        assert!(hidden_by_globe([0.0, 0.0, 3.0], [0.0, 0.0, -1.0]));
    }

    #[test]
    fn nonsense_is_survived() {
        let nan = PinSpot { dir: [f32::NAN; 3], length: f32::NAN, offset: [f32::INFINITY; 2] };
        assert_eq!(pick_pin(&[nan], &view(3.0), [400.0, 400.0], 8.0), None);
        assert_eq!(pick_pin(&[pin(0.0, 0.0)], &view(3.0), [f32::NAN; 2], 8.0), None);
    }
}
