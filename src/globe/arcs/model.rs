//! From paths to arc instances and lists of points: plain arithmetic.

use std::net::IpAddr;
use std::sync::Arc;

use crate::base::hash::Set;
use crate::cache::{PathArc, Snapshot};
use crate::geo::LatLon;
use crate::globe::Emphasis;
use crate::globe::feed::Overrides;
use crate::globe::inks::Inks;
use crate::globe::math::{V3, add, angle, any_perpendicular, blend, dot, mul, sub, to_f32, unit};
use crate::globe::pins::fade;
use crate::globe::scale::{RATE_SCALE, RateShift, pack};

use super::Arcs;

/// Height of the middle over the ground for each radian between the ends.
const HEIGHT_PER_RADIAN: f64 = 0.25;
/// Least height of the middle.
const LEAST_HEIGHT: f64 = 0.005;
/// Ends nearer than this (radians, about 60 m) are one place.
const SAME_PLACE: f64 = 1e-5;
/// Height of the loop above one place, as half its extent.
const LOOP_HEIGHT: f64 = 0.012;
/// Radians per dash.
const DASH: f64 = 0.16;
/// Most arcs drawn; the list of points can number 20 bits of them.
const MOST: usize = 60_000;

pub(super) const SELECTED: u32 = 1 << 4;
pub(super) const DIMMED: u32 = 1 << 5;

/// As `arc.wgsl` reads it.
#[derive(Clone, Copy, Debug, PartialEq, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C)]
pub struct ArcInstance {
    /// Unit vector to the sender.
    pub a: [f32; 3],
    /// Height of the middle above the ground, in radii.
    pub height: f32,
    /// Unit vector at right angles to `a`, towards the receiver.
    pub b: [f32; 3],
    /// Angle between the ends in radians; 0 is a loop.
    pub angle: f32,
    /// Colour and opacity.
    pub rgba: u32,
    /// Class of rate, selected, dimmed, number of dashes.
    pub style: u32,
    /// Sideways offset in pixels of a mark.
    pub lane: f32,
    /// Start of the dashes, 0 to 1.
    pub phase: f32,
}

/// The plane of the great circle from `a`: a unit vector at right angles to it, towards `b`, and the angle. Between
/// antipodes the way over the north pole is taken (over (0°, 0°) between the poles); one place gives the angle 0.
fn circle(a: V3, b: V3) -> (V3, f64) {
    let way = angle(a, b);
    if way < SAME_PLACE {
        return (any_perpendicular(a), 0.0);
    }
    let towards = if std::f64::consts::PI - way < 1e-6 {
        if a[1].abs() > 0.999_999 { [0.0, 0.0, 1.0] } else { [0.0, 1.0, 0.0] }
    } else {
        b
    };
    (unit(sub(towards, mul(a, dot(a, towards)))), way)
}

/// One direction of a path.
struct Lane {
    from: LatLon,
    to: LatLon,
    load: f64,
    colour: Option<[u8; 3]>,
    opacity: f32,
    both: bool,
    flags: u32,
    /// Tells arcs of one place pair apart from others in their dashes.
    seed: u32,
}

fn instance(lane: &Lane, inks: &Inks, shift: RateShift) -> ArcInstance {
    let (a, b) = (lane.from.to_unit(), lane.to.to_unit());
    let (b, way) = circle(a, b);
    let class = shift.class_of(lane.load);
    let scale = &RATE_SCALE[class];
    let height = if way == 0.0 { LOOP_HEIGHT } else { (HEIGHT_PER_RADIAN * way).max(LEAST_HEIGHT) };
    let dashes = (way / DASH).round().clamp(1.0, 40.0) as u32;
    ArcInstance {
        a: to_f32(a),
        height: height as f32,
        b: to_f32(b),
        angle: way as f32,
        rgba: pack(lane.colour.unwrap_or(inks.rates[class]), lane.opacity),
        style: class as u32 | lane.flags | dashes << 8,
        lane: if lane.both { scale.width / 2.0 + 0.75 } else { 0.0 },
        // A number of its own, or all arcs of one class would beat in step.
        phase: (lane.seed.wrapping_mul(2_654_435_769) >> 8) as f32 / 16_777_216.0,
    }
}

fn flags(path: &PathArc, ends: (IpAddr, IpAddr), chosen: &Set<(IpAddr, IpAddr)>, emphasis: &Emphasis) -> u32 {
    let _ = path;
    if chosen.contains(&ends) {
        SELECTED
    } else if emphasis.dim_others {
        DIMMED
    } else {
        0
    }
}

/// Opacity of an arc whose pins have the opacity `fade`, 0.3 to 1. Lines fade sooner than pins: most paths of a window
/// are at rest, and together they would hide the ground and the traffic of the moment.
fn at_rest(fade: f32) -> f32 {
    let left = ((fade - 0.3) / 0.7).clamp(0.0, 1.0);
    0.3 + 0.7 * left.powi(6)
}

/// The arcs of a snapshot, lightest first so that heavy ones lie on top; beyond `most` (60,000 at most) the lightest
/// are left out.
#[must_use]
pub fn make_arcs(
    snapshot: &Snapshot,
    overrides: &Overrides,
    emphasis: &Emphasis,
    most: Option<usize>,
    (inks, shift): (&Inks, RateShift),
) -> Arcs {
    let chosen: Set<(IpAddr, IpAddr)> = emphasis.paths.iter().copied().collect();
    let mut lanes: Vec<(u32, Lane)> = Vec::with_capacity(snapshot.paths.len() * 2);
    for (index, path) in (0..).zip(&snapshot.paths) {
        let host = |i: u32| snapshot.hosts.get(i as usize);
        let (Some(a), Some(b)) = (host(path.a), host(path.b)) else { continue };
        let flags = flags(path, (a.addr, b.addr), &chosen, emphasis);
        let opacity = at_rest(fade(snapshot, path.seen.end));
        let colour = overrides.arcs.get(&path.id).copied();
        let (ab, ba) = (path.ab.bytes > 0 || path.load_ab > 0.0, path.ba.bytes > 0 || path.load_ba > 0.0);
        let both = ab && ba;
        let lane = |from: LatLon, to: LatLon, load: f64, back: u32| Lane {
            from,
            to,
            load,
            colour,
            opacity,
            both,
            flags,
            seed: path.id.0.wrapping_mul(2).wrapping_add(back),
        };
        if ab {
            lanes.push((index, lane(a.place.at, b.place.at, path.load_ab, 0)));
        }
        if ba {
            lanes.push((index, lane(b.place.at, a.place.at, path.load_ba, 1)));
        }
    }
    let wanted = lanes.len();
    // Stable: arcs of one class keep the order of the snapshot.
    lanes.sort_by_key(|(_, l)| (l.flags & SELECTED, shift.class_of(l.load)));
    let first = lanes.len().saturating_sub(most.unwrap_or(MOST).min(MOST));
    let drawn = lanes.get(first..).unwrap_or_default();
    Arcs {
        instances: Arc::new(drawn.iter().map(|(_, l)| instance(l, inks, shift)).collect()),
        paths: drawn.iter().map(|(i, _)| *i).collect(),
        wanted,
        ..Arcs::default()
    }
}

/// More arcs than this are drawn by the processor itself where the renderer is a program on it.
pub(super) const CROWD: usize = 1500;

/// How far, in radii, a drawn arc may leave the true one; falls with the size of the picture in steps of two.
pub(super) fn tolerance(radii_per_pixel: f64, software: bool, arcs: usize) -> f64 {
    let off_px = match (software, arcs > CROWD) {
        (false, _) => 0.12,
        (true, false) => 0.35,
        (true, true) => 0.6,
    };
    2f64.powf((off_px * radii_per_pixel.clamp(1e-6, 1.0)).log2().round())
}

/// Segments of an arc: a chord over `1/n` of it leaves its circle by angle²/8n² and its parabola by height/n².
pub(super) fn segments(arc: &ArcInstance, tolerance: f64) -> u32 {
    if arc.angle == 0.0 {
        return 16;
    }
    let (way, height) = (f64::from(arc.angle), f64::from(arc.height));
    ((way * way / 8.0 + height) / tolerance).sqrt().ceil().clamp(4.0, 60.0) as u32
}

/// The points of arcs as `arc.wgsl` reads them: one strip, each arc parted from the next by two points without width. If
/// the processor draws the others, only selected arcs.
#[must_use]
pub fn point_list(arcs: &[ArcInstance], tolerance: f64, sketched: bool) -> Vec<u32> {
    let mut points = Vec::with_capacity(if sketched { 0 } else { arcs.len() * 16 });
    for (index, arc) in (0u32..).zip(arcs).filter(|(_, a)| !sketched || a.style & SELECTED != 0) {
        let n = segments(arc, tolerance);
        let head = index << 12 | n << 6;
        points.push(head | 63);
        points.extend((0..=n).map(|i| head | i));
        points.push(head | 62);
    }
    points
}

/// A point of an arc as it is drawn, `t` from 0 (sender) to 1 (receiver): for picking and tests.
#[must_use]
pub fn arc_point(arc: &ArcInstance, t: f64) -> V3 {
    let (a, b) = (arc.a.map(f64::from), arc.b.map(f64::from));
    let height = f64::from(arc.height);
    if arc.angle == 0.0 {
        let (sin, cos) = (t * std::f64::consts::TAU).sin_cos();
        return add(mul(a, 1.0003 + height * (1.0 - cos)), mul(b, height * 0.7 * sin));
    }
    let (sin, cos) = (t * f64::from(arc.angle)).sin_cos();
    mul(blend(a, cos, b, sin), 1.0003 + height * 4.0 * t * (1.0 - t))
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
