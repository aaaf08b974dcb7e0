//! What changes in every frame, as the shaders read it.

use bevy::prelude::*;
use bevy::render::extract_resource::ExtractResource;

use crate::base::Timestamp;
use crate::geo::subsolar_point;
use crate::globe::SceneClock;
use crate::globe::arcs::SketchStyle;
use crate::globe::camera::{SHEET_LIFT, SHEET_SCALE, SceneView, View};
use crate::globe::feed::Feed;
use crate::globe::inks::{SceneInks, Theme};
use crate::globe::layers::{LayerId, Layers};
use crate::globe::math::{V3, dot, to_f32};
use crate::globe::picking::spread;
use crate::globe::quality::{Drawn, Resolution};
use crate::globe::scale::{CLASSES, RATE_SCALE, pack};
use crate::globe::{MarkScale, Motion};

use super::RenderProfile;
use super::passes::GRID;

/// Pixels by which arcs are widened for their outline.
const ARC_OUTLINE: f32 = 1.25;
/// Radius that holds globe, clouds and the visible air.
const AIR_RADIUS: f64 = 1.07;

/// `struct Scene` of `shaders/common.wgsl`, field by field.
#[derive(Resource, ExtractResource, Clone, Copy, Debug, PartialEq, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C)]
pub struct SceneUniform {
    clip_from_world: [[f32; 4]; 4],
    eye: [f32; 4],
    right: [f32; 4],
    up: [f32; 4],
    forward: [f32; 4],
    screen: [f32; 4],
    globe_box: [f32; 4],
    sun: [f32; 4],
    look: [f32; 4],
    more: [f32; 4],
    classes: [[f32; 4]; CLASSES],
    sheet: [f32; 4],
    sheet_at: [f32; 4],
    sheet_east: [f32; 4],
    sheet_north: [f32; 4],
    heat: [[u32; 4]; 2],
    inks: SceneInks,
}

impl SceneUniform {
    /// What is behind everything: red, green, blue in sRGB.
    pub(super) fn space(&self) -> [f32; 3] {
        let [r, g, b, _] = self.inks.space;
        [r, g, b]
    }

    /// What arcs drawn by the processor look like: the same as those of the shader.
    pub(super) fn sketch_style(&self) -> SketchStyle {
        let classes = self.classes.map(|[phase, width, _, _]| (phase, width));
        SketchStyle { classes, mark: self.up[3], glow: self.inks.chosen[3] }
    }
}

impl Default for SceneUniform {
    fn default() -> SceneUniform {
        bytemuck::Zeroable::zeroed()
    }
}

fn four(v: V3, w: f64) -> [f32; 4] {
    let [x, y, z] = to_f32(v);
    [x, y, z, w as f32]
}

/// The box in clip space, x0 y0 x1 y1, that holds a sphere of some radius around the globe's centre.
#[must_use]
pub fn globe_box(view: &View, radius: f64) -> [f32; 4] {
    let centre = [-dot(view.eye, view.right), -dot(view.eye, view.up), -dot(view.eye, view.forward)];
    let [cx, cy] = view.centre;
    let [w, h] = view.size;
    // Tangents to the circle in the plane of one screen axis and the view axis, as pixels from the optical axis.
    let bounds = |a: f64| -> Option<(f64, f64)> {
        let (z, r2) = (centre[2], radius * radius);
        let (d2, beyond) = (a * a + z * z - r2, z * z - r2);
        if d2 <= 0.0 || beyond <= 1e-6 || z <= 0.0 {
            return None;
        }
        let s = radius * d2.sqrt();
        Some(((a * z - s) / beyond * view.focal, (a * z + s) / beyond * view.focal))
    };
    let clip = |px: f64, size: f64| (2.0 * px / size - 1.0).clamp(-1.0, 1.0) as f32;
    let (x0, x1) = bounds(centre[0]).map_or((-1.0, 1.0), |(a, b)| (clip(cx + a, w), clip(cx + b, w)));
    let (y0, y1) = bounds(centre[1]).map_or((-1.0, 1.0), |(a, b)| (-clip(cy - a, h), -clip(cy - b, h)));
    [x0, y0, x1, y1]
}

/// Opacity of the clouds: they fade out before the eye comes near the marks.
fn cloud_opacity(height: f64) -> f64 {
    ((height - 0.32) / 0.6).clamp(0.0, 1.0)
}

/// Angle between the vernal equinox and Greenwich at a time, in radians.
///
/// # Source
/// Mean sidereal time of the IAU (1982), linear part.
fn sidereal_angle(at: Timestamp) -> f64 {
    let days = (at.as_secs_f64() - 946_728_000.0) / 86_400.0;
    (280.460_618_37 + 360.985_647_366_29 * days).rem_euclid(360.0).to_radians()
}

pub(super) fn fill_uniform(
    (scene, clock, feed): (Res<SceneView>, Res<SceneClock>, Res<Feed>),
    (layers, profile, marks, motion): (Res<Layers>, Res<RenderProfile>, Res<MarkScale>, Res<Motion>),
    (theme, drawn, resolution): (Res<Theme>, Res<Drawn>, Res<Resolution>),
    mut uniform: ResMut<SceneUniform>,
) {
    let share = resolution.share(drawn.0);
    let view = &scene.view.reduced(share);
    let on = |id: LayerId| if layers.is_on(id) { 1.0 } else { 0.0 };
    let now = if feed.generation == 0 { feed.playhead.now } else { feed.snapshot.now };
    let (sin, cos) = sidereal_angle(now).sin_cos();
    let clouds = on(LayerId::Clouds) * cloud_opacity(view.height());
    let mut classes = [[0.0; 4]; CLASSES];
    for ((out, class), colour) in classes.iter_mut().zip(&RATE_SCALE).zip(&theme.inks().rates) {
        // Reduced in double precision: the phase is as exact after a year as after a second.
        let phase = if motion.reduced { 0.0 } else { (clock.elapsed * f64::from(class.dash_speed)).fract() };
        *out = [phase as f32, class.width, f32::from_bits(pack(*colour, 1.0)), 0.0];
    }
    let mut heat = [[0; 4]; 2];
    for (out, colour) in heat.as_flattened_mut().iter_mut().zip(&theme.inks().heat) {
        *out = pack(*colour, 1.0);
    }
    let [east, north] = view.sheet.axes();
    classes[0][3] = spread::scale(view.height() as f32);
    *uniform = SceneUniform {
        clip_from_world: view.clip_from_world(),
        eye: four(view.eye, dot(view.eye, view.eye) - 1.0),
        right: four(view.right, view.focal),
        up: four(view.up, scene.scale * marks.0 * share),
        forward: four(view.forward, f64::from(view.clip_from_world()[3][2])),
        screen: [view.size[0] as f32, view.size[1] as f32, view.centre[0] as f32, view.centre[1] as f32],
        globe_box: globe_box(view, AIR_RADIUS),
        sun: four(subsolar_point(now).to_unit(), on(LayerId::Night)),
        look: [on(LayerId::Earth) as f32, on(LayerId::Atmosphere) as f32, on(LayerId::Graticule) as f32, clouds as f32],
        more: [cos as f32, sin as f32, ARC_OUTLINE, if profile.software { 1.0 } else { 0.0 }],
        classes,
        sheet: [
            view.sheet.touch.lat.to_radians() as f32,
            view.sheet.touch.lon.to_radians() as f32,
            view.sheet.share as f32,
            SHEET_LIFT as f32,
        ],
        sheet_at: four(view.sheet.at, SHEET_SCALE),
        sheet_east: four(east, if view.sheet.share < 1.0 { GRID[0].into() } else { 1.0 }),
        sheet_north: four(north, if view.sheet.share < 1.0 { GRID[1].into() } else { 1.0 }),
        heat,
        inks: theme.inks().scene,
    };
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geo::LatLon;
    use crate::globe::camera::{Frame, Orbit};
    use crate::globe::math::{any_perpendicular, blend, length, rotate, unit};

    #[test]
    fn the_box_holds_the_whole_disc_and_little_more() {
        for (tilt, altitude) in [(0.0, 2.25), (0.5, 1.0), (0.2, 3.0)] {
            let orbit = Orbit { target: LatLon { lat: 20.0, lon: 30.0 }, altitude, heading: 0.6, tilt };
            let view = orbit.view(Frame::whole(1280.0, 720.0));
            let [x0, y0, x1, y1] = globe_box(&view, 1.0);
            let (mut least, mut most) = ([2.0f32; 2], [-2.0f32; 2]);
            let axis = unit(view.eye);
            let (side, cos) = (any_perpendicular(axis), 1.0 / length(view.eye));
            for i in 0..3600 {
                let across = rotate(side, axis, f64::from(i).to_radians() / 10.0);
                let rim = blend(axis, cos, across, (1.0 - cos * cos).sqrt());
                let Some((p, _)) = view.project(rim) else { continue };
                let clip = [(p[0] / 640.0 - 1.0) as f32, (1.0 - p[1] / 360.0) as f32];
                for k in 0..2 {
                    least[k] = least[k].min(clip[k]);
                    most[k] = most[k].max(clip[k]);
                }
            }
            let near = |a: f32, b: f32| (a.clamp(-1.0, 1.0) - b).abs() < 0.01;
            assert!(near(least[0], x0) && near(most[0], x1), "{least:?} {most:?} {x0} {x1}");
            assert!(near(least[1], y0) && near(most[1], y1), "{least:?} {most:?} {y0} {y1}");
        }
    }

    #[test]
    fn clouds_are_gone_below_two_thousand_kilometres() {
        assert_eq!(cloud_opacity(2000.0 / 6371.0), 0.0);
        assert_eq!(cloud_opacity(2.0), 1.0);
    }

    #[test]
    fn the_layout_is_that_of_the_shader() {
        assert_eq!(size_of::<SceneUniform>(), 64 + 9 * 16 + 9 * 16 + 4 * 16 + 2 * 16 + 18 * 16);
    }
}
