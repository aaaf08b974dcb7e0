//! The eye: where it is, how it moves, what it sees.
//!
//! [`CameraRig`] holds the orbit and its motion; keys, pointer, tours and flights change it through its methods. Once per
//! frame `GlobeSet::Camera` publishes [`SceneView`], from which the renderer, picking and labels take their maths. The
//! maths is in `model.rs` and knows no Bevy; Bevy's own camera components only name the target and are never read.

mod input;
pub mod model;
mod sheet;

use bevy::prelude::*;
pub use model::{Flight, Frame, MAX_ALTITUDE, MIN_ALTITUDE, Orbit, RADIUS_KM, View};
pub use sheet::{Projection, SHEET_LIFT, SHEET_SCALE, Sheet, UnknownProjection};

use super::{Canvas, GlobeSet, SceneClock};
use crate::geo::LatLon;

/// The part of the screen that no panel covers, in logical pixels. The panels set it; the globe is centred in it and
/// takes the pointer only inside of it.
#[derive(Resource, Clone, Copy, Debug, Default, PartialEq)]
pub struct FreeRect(pub Option<Rect>);

/// Whether the pointer and the keyboard belong to the panels at the moment. The panels set it.
#[derive(Resource, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UiWants {
    /// The pointer is over a window, menu or card.
    pub pointer: bool,
    /// A text field has the keyboard.
    pub keyboard: bool,
}

/// What the eye sees in this frame, in physical pixels.
#[derive(Resource, Clone, Copy, Debug)]
pub struct SceneView {
    /// The view.
    pub view: View,
    /// The screen it is made for.
    pub frame: Frame,
    /// Physical pixels per logical pixel.
    pub scale: f64,
}

impl Default for SceneView {
    fn default() -> SceneView {
        let frame = Frame::whole(1280.0, 720.0);
        SceneView { view: Orbit::default().view(frame), frame, scale: 1.0 }
    }
}

/// Degrees per second of the slow spin.
pub const SPIN_DEG_PER_SEC: f64 = 1.5;
/// Height from which the whole flat map is seen on a screen of usual shape, in radii.
const MAP_ALTITUDE: f64 = 2.75;
/// Seconds in which the globe becomes the flat map.
const UNROLL_SECS: f64 = 0.8;
/// Part of the turning speed that is left after a second of rolling out: 0.9 per frame at 60 Hz.
const INERTIA_PER_SEC: f64 = 0.001_797;
/// Turning slower than this (degrees per second at altitude 1) stops.
const STANDSTILL: f64 = 0.05;

/// The eye and its motion.
#[derive(Resource, Clone, Debug, Default)]
pub struct CameraRig {
    /// Where the eye is.
    pub orbit: Orbit,
    /// A flight on its way.
    pub flight: Option<Flight>,
    /// Whether the globe turns slowly by itself.
    pub spin: bool,
    /// Whether the eye goes where the selection goes.
    follows: bool,
    /// No flights and no inertia: the eye jumps.
    pub reduced_motion: bool,
    /// What the earth is shown as.
    projection: Projection,
    /// How far it has become the flat map, in time: 0 to 1.
    unrolled: f64,
    /// Rolling out after a drag: degrees of longitude and latitude per second.
    velocity: [f64; 2],
    /// The place held by the pointer.
    grabbed: Option<LatLon>,
}

impl CameraRig {
    /// A standing eye.
    #[must_use]
    pub fn at(orbit: Orbit) -> CameraRig {
        CameraRig { orbit: orbit.clamped(), ..CameraRig::default() }
    }

    /// A standing eye over the whole of a projection: the map from its middle, the globe as it is.
    #[must_use]
    pub fn whole(orbit: Orbit, projection: Projection) -> Orbit {
        match projection {
            Projection::Globe => orbit,
            Projection::Flat => Orbit {
                target: LatLon { lat: 0.0, lon: orbit.target.lon },
                altitude: MAP_ALTITUDE,
                heading: 0.0,
                tilt: 0.0,
            },
        }
    }

    /// What the earth is shown as.
    #[must_use]
    pub fn projection(&self) -> Projection {
        self.projection
    }

    /// Share of the way from the globe to the flat map, easing in and out.
    #[must_use]
    pub fn flatness(&self) -> f64 {
        let t = self.unrolled;
        t * t * (3.0 - 2.0 * t)
    }

    /// Shows the earth as something else from the next frame on.
    pub fn begin_as(&mut self, projection: Projection) {
        self.projection = projection;
        self.unrolled = if projection == Projection::Flat { 1.0 } else { 0.0 };
    }

    /// Turns the globe into the map or back; at once with reduced motion. Who looks at the whole of one then looks at
    /// the whole of the other.
    pub fn change_projection(&mut self) {
        /// Looking from higher than this is looking at the whole.
        const WHOLE: f64 = 1.5;
        let next = if self.projection == Projection::Globe { Projection::Flat } else { Projection::Globe };
        if self.orbit.altitude > WHOLE {
            let target = LatLon { lat: 15.0, ..self.orbit.target };
            let globe = Orbit { target, ..Orbit::default() };
            self.fly_to(CameraRig::whole(globe, next));
        }
        self.projection = next;
        if self.reduced_motion {
            self.begin_as(next);
        }
    }

    /// Ends flights, inertia, spin and following: every input of the user begins with this.
    pub fn stop(&mut self) {
        self.flight = None;
        self.velocity = [0.0; 2];
        self.spin = false;
        self.follows = false;
    }

    /// Whether the eye goes where the selection goes.
    #[must_use]
    pub fn follows(&self) -> bool {
        self.follows
    }

    /// Lets the eye go where the selection goes, until it is moved by hand.
    pub fn follow(&mut self, on: bool) {
        self.stop();
        self.follows = on;
    }

    /// Flies to an orbit and goes on following.
    pub fn follow_to(&mut self, to: Orbit) {
        self.fly_to(to);
        self.follows = true;
    }

    /// Flies to an orbit; jumps there with reduced motion.
    pub fn fly_to(&mut self, to: Orbit) {
        self.stop();
        if self.reduced_motion {
            self.orbit = to.clamped();
        } else {
            self.flight = Some(Flight::new(self.orbit, to));
        }
    }

    /// Flies to a place, not higher than the eye is now and at most `altitude` radii above it.
    pub fn fly_to_place(&mut self, at: LatLon, altitude: f64) {
        self.fly_to(Orbit { target: at, altitude: altitude.min(self.orbit.altitude), ..self.orbit });
    }

    /// Flies to the home view.
    pub fn home(&mut self) {
        self.fly_to(Orbit::default());
    }

    /// Turns so that north is up.
    pub fn north_up(&mut self) {
        self.fly_to(Orbit { heading: 0.0, ..self.orbit });
    }

    /// Turns so that the eye looks straight down.
    pub fn top_down(&mut self) {
        self.fly_to(Orbit { tilt: 0.0, ..self.orbit });
    }

    /// Moves the middle of the picture by a part of the visible stretch: 1 is about one screen to the right and up.
    pub fn pan(&mut self, right: f64, up: f64) {
        self.stop();
        let step = 40.0 * self.orbit.altitude.min(1.5);
        let (sin, cos) = self.orbit.heading.sin_cos();
        let (east, north) = (right * cos + up * sin, up * cos - right * sin);
        let target = self.orbit.target;
        let lon = target.lon + east * step / target.lat.to_radians().cos().max(0.2);
        self.orbit.target = LatLon { lat: target.lat + north * step, lon };
        self.orbit = self.orbit.clamped();
    }

    /// Changes the altitude by a factor, towards the middle of the picture. Who follows goes on following.
    pub fn zoom_by(&mut self, factor: f64) {
        let follows = self.follows;
        self.stop();
        self.follows = follows;
        self.orbit = Orbit { altitude: self.orbit.altitude * factor, ..self.orbit }.clamped();
    }

    /// Changes the altitude by a factor, towards a screen point.
    pub fn zoom_at(&mut self, frame: Frame, at: [f64; 2], factor: f64) {
        self.stop();
        self.orbit = self.orbit.zoomed(frame, at, factor);
    }

    /// Turns heading and tilt by radians.
    pub fn turn(&mut self, heading: f64, tilt: f64) {
        self.stop();
        let (heading, tilt) = (self.orbit.heading + heading, self.orbit.tilt + tilt);
        self.orbit = Orbit { heading, tilt, ..self.orbit }.clamped();
    }

    /// Takes hold of the place under a screen point; false beside the globe.
    pub fn grab(&mut self, frame: Frame, at: [f64; 2]) -> bool {
        self.stop();
        self.grabbed = self.orbit.view(frame).hit(at);
        self.grabbed.is_some()
    }

    /// Moves the held place under a screen point, `dt` seconds after the call before.
    pub fn drag(&mut self, frame: Frame, at: [f64; 2], dt: f64) {
        let Some(place) = self.grabbed else { return };
        let before = self.orbit.target;
        self.orbit = self.orbit.holding(frame, place, at);
        if dt > 0.0 {
            let lon = (self.orbit.target.lon - before.lon + 180.0).rem_euclid(360.0) - 180.0;
            let now = [lon / dt, (self.orbit.target.lat - before.lat) / dt];
            // Halfway to the new speed: one jerky frame must not throw the globe.
            self.velocity = [(self.velocity[0] + now[0]) / 2.0, (self.velocity[1] + now[1]) / 2.0];
        }
    }

    /// Lets go; the globe rolls out.
    pub fn release(&mut self) {
        self.grabbed = None;
        if self.reduced_motion {
            self.velocity = [0.0; 2];
        }
    }

    /// Whether a place is held by the pointer.
    #[must_use]
    pub fn is_dragging(&self) -> bool {
        self.grabbed.is_some()
    }

    /// Whether the next frame will differ because the eye moves by itself.
    #[must_use]
    pub fn is_moving(&self) -> bool {
        let unrolling = self.unrolled != if self.projection == Projection::Flat { 1.0 } else { 0.0 };
        self.flight.is_some() || self.spin || unrolling || self.velocity != [0.0; 2]
    }

    /// Lets `dt` seconds pass.
    pub fn advance(&mut self, dt: f64) {
        let way = if self.projection == Projection::Flat { 1.0 } else { -1.0 };
        self.unrolled = (self.unrolled + way * dt / UNROLL_SECS).clamp(0.0, 1.0);
        if let Some(flight) = &mut self.flight {
            flight.elapsed += dt;
            self.orbit = flight.orbit();
            if flight.is_over() {
                self.flight = None;
            }
            return;
        }
        if self.grabbed.is_some() {
            return;
        }
        let mut target = self.orbit.target;
        if self.spin && !self.reduced_motion {
            target.lon += SPIN_DEG_PER_SEC * dt;
        }
        if self.velocity != [0.0; 2] {
            target.lon += self.velocity[0] * dt;
            target.lat += self.velocity[1] * dt;
            let left = INERTIA_PER_SEC.powf(dt);
            self.velocity = self.velocity.map(|v| v * left);
            if self.velocity[0].hypot(self.velocity[1]) < STANDSTILL * self.orbit.altitude {
                self.velocity = [0.0; 2];
            }
        }
        if target != self.orbit.target {
            self.orbit = Orbit { target, ..self.orbit }.clamped();
        }
    }
}

/// Moves the eye and publishes [`SceneView`].
pub struct CameraPlugin;

impl Plugin for CameraPlugin {
    fn build(&self, app: &mut App) {
        app.init_resource::<CameraRig>()
            .init_resource::<SceneView>()
            .init_resource::<FreeRect>()
            .init_resource::<UiWants>()
            .init_resource::<input::PointerDrag>()
            .add_systems(Update, input::steer_by_pointer.in_set(GlobeSet::Input))
            .add_systems(Update, publish_view.in_set(GlobeSet::Camera));
    }
}

/// The screen with the part that panels leave free, in physical pixels.
fn frame_of(canvas: &Canvas, free: &FreeRect, flat: f64) -> Frame {
    let mut frame = Frame { flat, ..Frame::whole(canvas.width.max(1.0), canvas.height.max(1.0)) };
    if let Some(rect) = free.0 {
        let s = canvas.scale;
        let x = |v: f32| (f64::from(v) * s).clamp(0.0, frame.width);
        let y = |v: f32| (f64::from(v) * s).clamp(0.0, frame.height);
        let free = [x(rect.min.x), y(rect.min.y), x(rect.max.x), y(rect.max.y)];
        // A sliver is no place for a globe; then it stays behind the panels.
        if free[2] - free[0] > 64.0 && free[3] - free[1] > 64.0 {
            frame.free = free;
        }
    }
    frame
}

fn publish_view(
    clock: Res<SceneClock>,
    canvas: Res<Canvas>,
    free: Res<FreeRect>,
    mut rig: ResMut<CameraRig>,
    mut scene: ResMut<SceneView>,
) {
    rig.advance(clock.delta);
    let frame = frame_of(&canvas, &free, rig.flatness());
    *scene = SceneView { view: rig.orbit.view(frame), frame, scale: canvas.scale };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_input_stops_a_flight_at_once() {
        let mut rig = CameraRig::default();
        rig.fly_to_place(LatLon { lat: 50.0, lon: 8.0 }, 0.2);
        rig.advance(0.3);
        assert!(rig.is_moving());
        rig.zoom_by(0.9);
        assert!(!rig.is_moving());
    }

    #[test]
    fn following_lasts_through_a_zoom_and_ends_when_the_eye_is_moved() {
        let mut rig = CameraRig::default();
        rig.follow(true);
        rig.zoom_by(0.5);
        rig.follow_to(Orbit { altitude: 0.5, ..rig.orbit });
        assert!(rig.follows() && rig.is_moving());
        rig.pan(0.1, 0.0);
        assert!(!rig.follows());
    }

    #[test]
    fn a_flight_arrives() {
        let mut rig = CameraRig::default();
        rig.fly_to_place(LatLon { lat: 50.0, lon: 8.0 }, 0.2);
        for _ in 0..100 {
            rig.advance(0.033);
        }
        assert!(!rig.is_moving() && (rig.orbit.altitude - 0.2).abs() < 1e-9);
    }

    #[test]
    fn the_globe_becomes_the_map_in_its_time_and_at_once_with_reduced_motion() {
        let mut rig = CameraRig::default();
        rig.change_projection();
        assert!(rig.is_moving() && rig.flatness() == 0.0);
        rig.advance(0.4);
        assert!((0.3..0.7).contains(&rig.flatness()));
        for _ in 0..100 {
            rig.advance(0.1);
        }
        assert!(rig.flatness() == 1.0 && !rig.is_moving() && rig.orbit.target.lat == 0.0);
        rig.reduced_motion = true;
        rig.change_projection();
        assert!(rig.flatness() == 0.0 && !rig.is_moving());
    }

    #[test]
    fn inertia_does_not_depend_on_the_frame_rate_and_ends() {
        let roll = |frames: u32, dt: f64| {
            let mut rig = CameraRig { velocity: [30.0, 0.0], ..CameraRig::default() };
            for _ in 0..frames {
                rig.advance(dt);
            }
            (rig.orbit.target.lon, rig.is_moving())
        };
        let (fast, _) = roll(240, 1.0 / 240.0);
        let (slow, _) = roll(60, 1.0 / 60.0);
        assert!((fast - slow).abs() < 0.5, "{fast} {slow}");
        assert!(!roll(600, 1.0 / 60.0).1);
    }

    #[test]
    fn the_globe_is_centred_in_what_panels_leave_free() {
        let canvas = Canvas { width: 1000.0, height: 500.0, scale: 2.0 };
        let frame = frame_of(&canvas, &FreeRect(Some(Rect::new(0.0, 0.0, 300.0, 200.0))), 0.0);
        assert_eq!(frame.free, [0.0, 0.0, 600.0, 400.0]);
        let sliver = frame_of(&canvas, &FreeRect(Some(Rect::new(0.0, 0.0, 10.0, 200.0))), 0.0);
        assert_eq!(sliver.free, [0.0, 0.0, 1000.0, 500.0]);
    }
}
