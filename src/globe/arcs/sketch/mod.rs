//! Many arcs drawn by the processor: a software renderer takes many times as long for the same lines, for it works
//! through every block of 4 by 4 pixels that a thin line touches.
//!
//! Arcs become strokes of true width and soft edges in a picture of the screen's size, dashes included; the renderer
//! lays that picture over the globe. What the globe hides is cut off where the arc passes behind it.

mod brush;

use std::sync::{Mutex, PoisonError};
use std::thread;

use super::model::{ArcInstance, DIMMED, SELECTED, arc_point, segments};
use crate::globe::camera::View;
use crate::globe::math::{V3, dot};
use crate::globe::scale::CLASSES;
use brush::{Band, Stroke, Wide, narrowed};

pub use brush::Rgba;

/// Fewer arcs than this are not worth a second thread.
const SHARE: usize = 256;
/// Pieces of work for each thread: arcs are many in some parts of the picture and few in others.
const PIECES: usize = 8;
/// Halvings that find where an arc passes behind the globe or over the edge of the map.
const HALVINGS: u32 = 6;

/// What arcs look like at a moment, the same for all of them.
#[derive(Clone, Debug, PartialEq)]
pub struct Style {
    /// Per class of rate: how far dashes have come, in arc lengths, and the width in pixels of a mark.
    pub classes: [(f32, f32); CLASSES],
    /// Pixels per pixel of a mark.
    pub mark: f32,
    /// How much brighter than its colour a line is: 0 on a light ground, 1 on a dark one.
    pub glow: f32,
}

/// What was drawn.
#[derive(Clone, Debug, Default)]
pub struct Picture {
    /// Row by row, `size[0]` pixels each.
    pub pixels: Vec<Rgba>,
    /// Width and height.
    pub size: [u32; 2],
    canvas: Vec<Wide>,
}

/// What is left of an arc's light beyond the horizon: what rises behind the globe is farther away, and looks it.
fn depth_light(view: &View, p: V3) -> f32 {
    let t = ((dot(view.eye, p) - 0.55) / 0.45).clamp(0.0, 1.0);
    let light = 0.45 + 0.55 * t * t * (3.0 - 2.0 * t);
    light.max(view.sheet.share) as f32
}

/// A point of an arc as the eye has it.
#[derive(Clone, Copy)]
struct Spot {
    t: f64,
    p: V3,
    /// Pixel; `None` where the globe hides the point or it lies behind the eye.
    at: Option<[f32; 2]>,
}

/// Turns arcs into strokes.
struct Pen<'a> {
    view: &'a View,
    style: &'a Style,
    tolerance: f64,
    strokes: Vec<Stroke>,
}

impl Pen<'_> {
    fn spot(&self, arc: &ArcInstance, t: f64) -> Spot {
        let p = arc_point(arc, t);
        let seen = self.view.sees(p).then(|| self.view.project(p)).flatten();
        Spot { t, p, at: seen.map(|(at, _)| at.map(|v| v as f32)) }
    }

    /// Whether a straight line joins two spots.
    fn joined(&self, a: &Spot, b: &Spot) -> bool {
        a.at.is_some() && b.at.is_some() && !self.view.sheet.is_torn(a.p, b.p)
    }

    /// The last spot towards `to` that a line from `from` reaches.
    fn last_joined(&self, arc: &ArcInstance, from: Spot, to: Spot) -> Spot {
        let (mut good, mut bad) = (from, to);
        for _ in 0..HALVINGS {
            let middle = self.spot(arc, f64::midpoint(good.t, bad.t));
            if self.joined(&from, &middle) { good = middle } else { bad = middle }
        }
        good
    }

    fn arc(&mut self, arc: &ArcInstance) {
        let n = segments(arc, self.tolerance);
        let mut last = self.spot(arc, 0.0);
        for i in 1..=n {
            let next = self.spot(arc, f64::from(i) / f64::from(n));
            if self.joined(&last, &next) {
                self.stroke(arc, &last, &next);
            } else {
                if last.at.is_some() {
                    let end = self.last_joined(arc, last, next);
                    self.stroke(arc, &last, &end);
                }
                if next.at.is_some() {
                    let start = self.last_joined(arc, next, last);
                    self.stroke(arc, &start, &next);
                }
            }
            last = next;
        }
    }

    fn stroke(&mut self, arc: &ArcInstance, from: &Spot, to: &Spot) {
        let (Some(a), Some(b)) = (from.at, to.at) else { return };
        let (dx, dy) = (b[0] - a[0], b[1] - a[1]);
        let length = dx.hypot(dy);
        let class = self.style.classes.get((arc.style & 15) as usize).copied().unwrap_or((0.0, 1.0));
        // Far too long ends lie beside the picture anyway; no length has no direction.
        if !(length > 1e-3 && length < 1e6) {
            return;
        }
        let lane = arc.lane * self.style.mark / length;
        let moved = |[x, y]: [f32; 2]| [x - dy * lane, y + dx * lane];
        let dashes = (arc.style >> 8 & 255) as f32;
        let along = |t: f64| (t as f32 - class.0 - arc.phase) * dashes;
        let [red, green, blue, alpha] = arc.rgba.to_le_bytes().map(f32::from);
        let dimmed = if arc.style & DIMMED == 0 { 1.0 } else { 0.15 };
        let visible = alpha / 255.0 * depth_light(self.view, from.p) * dimmed;
        let light = visible * (1.0 + 0.06 * self.style.glow);
        let part = |v: f32, by: f32| (v * by).round().clamp(0.0, 255.0) as u8;
        let covered = part(255.0, visible);
        // No part may exceed the alpha, or strokes that lie on each other would overflow.
        let colour = [part(red, light), part(green, light), part(blue, light)].map(|p| p.min(covered));
        self.strokes.push(Stroke {
            ends: [moved(a), moved(b)],
            along: [along(from.t), along(to.t)],
            width: (class.1 * self.style.mark).max(1.0),
            colour: u32::from_le_bytes([colour[0], colour[1], colour[2], covered]),
            tail: 0.5,
        });
    }
}

/// The threads that `n` pieces of work are worth.
fn threads(n: usize) -> usize {
    thread::available_parallelism().map_or(1, usize::from).min(n / SHARE + 1).min(8)
}

/// Runs a function on pieces of work on some threads, this one among them; results in order. Each thread takes the next
/// piece when it is done with one, so that none waits for one that was given more or is held up.
fn side_by_side<W: Send, R: Send>(work: Vec<W>, threads: usize, run: impl Fn(W) -> R + Sync) -> Vec<R> {
    let queue = Mutex::new(work.into_iter().enumerate());
    let next = || queue.lock().unwrap_or_else(PoisonError::into_inner).next();
    let toil = || std::iter::from_fn(next).map(|(n, piece)| (n, run(piece))).collect::<Vec<(usize, R)>>();
    let mut results = thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(toil)).collect();
        let mut results = toil();
        results.extend(others.into_iter().filter_map(|t| t.join().ok()).flatten());
        results
    });
    results.sort_by_key(|(n, _)| *n);
    results.into_iter().map(|(_, result)| result).collect()
}

/// Draws arcs, the first ones lowest, but none that is selected, as a view shows them. `tolerance` is how far, in radii,
/// they may leave their true ways.
pub fn draw_arcs(arcs: &[ArcInstance], view: &View, style: &Style, tolerance: f64, picture: &mut Picture) {
    let [width, height] = picture.size.map(|v| v as usize);
    picture.canvas.clear();
    picture.canvas.resize(width * height, 0);
    picture.pixels.resize(width * height, 0);
    if width == 0 || height == 0 {
        return;
    }
    let threads = threads(arcs.len());
    let parts = if threads > 1 { threads * PIECES } else { 1 };
    let rows = height.div_ceil(parts);
    let bands = height.div_ceil(rows);
    let shares: Vec<&[ArcInstance]> = arcs.chunks(arcs.len().div_ceil(parts).max(1)).collect();
    let strokes = side_by_side(shares, threads, |share| {
        let mut pen = Pen { view, style, tolerance, strokes: Vec::new() };
        let mut sorted: Vec<Vec<Stroke>> = (0..bands).map(|_| Vec::with_capacity(share.len() * 8 / bands)).collect();
        for arc in share.iter().filter(|a| a.style & SELECTED == 0) {
            pen.arc(arc);
            for stroke in pen.strokes.drain(..) {
                let [first, last] = stroke.rows().map(|row| (row / rows as f32).max(0.0) as usize);
                let touched = sorted.get_mut(first..bands.min(last.saturating_add(1))).unwrap_or_default();
                touched.iter_mut().for_each(|band| band.push(stroke));
            }
        }
        sorted
    });
    let canvas = picture.canvas.chunks_mut(rows * width).zip(picture.pixels.chunks_mut(rows * width));
    let bands = canvas.enumerate().map(|(n, (pixels, out))| (n, Band { pixels, width, top: n * rows }, out)).collect();
    side_by_side(bands, threads, |(n, mut band, out): (usize, Band, &mut [Rgba])| {
        strokes.iter().filter_map(|sorted| sorted.get(n)).flatten().for_each(|s| band.stroke(s));
        out.iter_mut().zip(band.pixels.iter()).for_each(|(to, from)| *to = narrowed(*from));
    });
}

#[cfg(test)]
mod tests;
