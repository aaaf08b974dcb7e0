//! Tags: names beside the pins that matter most, and the rates at the path that is selected or under the pointer.
//!
//! They are painted before the names of places, which keep clear of them and of the numbers of clusters.

mod model;

use std::net::IpAddr;

use bevy::prelude::*;
use bevy_egui::{EguiContexts, EguiPrimaryContextPass, egui};
pub use model::{Why, busiest_named, name_of, named, numbers_of};

use super::arcs::{Arcs, arc_point};
use super::camera::{SceneView, View};
use super::clusters::Clusters;
use super::feed::Feed;
use super::inks::inks;
use super::layers::{LayerId, Layers};
use super::names::{Placer, Room, paint_names};
use super::picking::Picker;
use super::selection::{Picked, Selection, find_path};
use super::{MarkScale, PaintSet, alerts};
use crate::base::hash::Set;

/// Height of a pin's name, points.
const SIZE: f32 = 11.5;
/// Air between a pin's head and its name, points.
const GAP: f32 = 9.0;
/// Where along a path its numbers may stand, best first.
const ALONG: [f64; 7] = [0.5, 0.4, 0.6, 0.3, 0.7, 0.2, 0.8];

/// Height of the eye (radii) above which the busiest pins of the world are named, and below it those in sight.
const NEAR: f64 = 0.3;
/// Pins of the world among which those in sight are looked for.
const RANKED: usize = 64;

/// What names of places keep clear of in this frame: tags and the numbers of clusters. Left, top, right, bottom in
/// points.
#[derive(Resource, Clone, Debug, Default)]
pub struct Tags {
    /// One rectangle for each.
    pub areas: Vec<[f32; 4]>,
}

/// The order of all pins, which is made anew only when something it depends on changes.
#[derive(Default)]
struct Ranking {
    drawn: u64,
    ends: Vec<IpAddr>,
    alerting: Set<IpAddr>,
    pins: Vec<(usize, Why)>,
}

impl Ranking {
    fn update(&mut self, feed: &Feed, picker: &Picker, ends: Vec<IpAddr>) {
        let alerting = alerts::alerting(feed);
        if self.drawn == picker.drawn() && self.ends == ends && self.alerting == alerting {
            return;
        }
        self.pins = named(&feed.snapshot, picker.hosts(), &ends, &alerting, RANKED);
        (self.drawn, self.ends, self.alerting) = (picker.drawn(), ends, alerting);
    }

    /// Pins to be named with where their heads are, in logical pixels.
    fn in_sight(&self, feed: &Feed, picker: &Picker, height: f64) -> Vec<([f32; 2], u32, Why)> {
        let hosts = picker.hosts();
        let seen = |(i, why): (usize, Why)| Some((picker.head(i)?, *hosts.get(i)?, why));
        let busiest = busiest_named(height);
        if height > NEAR {
            let mut busy = 0;
            let mut may = |why: Why| {
                busy += usize::from(why == Why::Busy);
                busy <= busiest
            };
            return self.pins.iter().copied().filter_map(seen).filter(|(_, _, why)| may(*why)).collect();
        }
        let here: Vec<(usize, u32)> =
            hosts.iter().enumerate().filter(|(i, _)| picker.head(*i).is_some()).map(|(i, h)| (i, *h)).collect();
        let alone: Vec<u32> = here.iter().map(|(_, host)| *host).collect();
        let chosen = named(&feed.snapshot, &alone, &self.ends, &self.alerting, busiest);
        chosen.into_iter().filter_map(|(i, why)| seen((here.get(i)?.0, why))).collect()
    }
}

/// Paints tags.
pub struct TagsPlugin;

impl Plugin for TagsPlugin {
    fn build(&self, app: &mut App) {
        app.init_resource::<Selection>()
            .init_resource::<Picker>()
            .init_resource::<Tags>()
            .add_systems(EguiPrimaryContextPass, paint_tags.in_set(PaintSet::Names).before(paint_names));
    }
}

fn paint_tags(
    mut contexts: EguiContexts,
    (feed, selection, picker): (Res<Feed>, Res<Selection>, Res<Picker>),
    (clusters, arcs): (Res<Clusters>, Res<Arcs>),
    (scene, layers, marks): (Res<SceneView>, Res<Layers>, Res<MarkScale>),
    (mut tags, mut ranking, room): (ResMut<Tags>, Local<Ranking>, Room),
) -> Result {
    tags.areas.clear();
    let ctx = contexts.ctx_mut()?;
    let painter = ctx.layer_painter(egui::LayerId::background());
    let pixels = ctx.pixels_per_point();
    let view = &scene.view;
    let mut placer = room.placer(ctx);
    let mut keep = |placer: &mut Placer, area: [f32; 4]| {
        placer.keep_free(area);
        tags.areas.push(area);
    };
    if layers.is_on(LayerId::Pins) {
        // A number on the globe comes before a name.
        for mark in clusters.marks.iter().filter(|m| view.sees(m.at)) {
            let Some((pixel, _)) = view.project(mark.at) else { continue };
            let [x, y] = pixel.map(|p| p as f32 / pixels);
            let half = mark.radius * 0.6;
            keep(&mut placer, [x - half, y - half, x + half, y + half]);
        }
    }
    if layers.is_on(LayerId::Arcs) {
        let mut plates = Placer::default();
        for (text, at) in path_tags(&feed, &selection, &arcs, view) {
            let ink = inks();
            let galley = painter.layout_no_wrap(text, egui::FontId::proportional(SIZE), ink.text);
            let size = galley.size() + egui::vec2(12.0, 6.0);
            let plate = egui::Rect::from_center_size(at.map(|p| p / pixels).into(), size);
            let area = [plate.min.x, plate.min.y, plate.max.x, plate.max.y];
            // Of several at one spot the first can be read.
            if !plates.place(area) {
                continue;
            }
            painter.rect(plate, 4.0, ink.card, egui::Stroke::new(1.0, ink.line), egui::StrokeKind::Inside);
            painter.galley(plate.center() - galley.size() / 2.0, galley, ink.text);
            keep(&mut placer, area);
        }
    }
    if !layers.is_on(LayerId::Pins) || !layers.is_on(LayerId::Names) {
        return Ok(());
    }
    ranking.update(&feed, &picker, selection.on_pins(&feed.snapshot).ends());
    let zoom = ctx.zoom_factor();
    let gap = GAP * (marks.0 as f32 / zoom).max(1.0);
    for (head, host, why) in ranking.in_sight(&feed, &picker, view.height()) {
        let at = egui::pos2(head[0] / zoom, head[1] / zoom);
        // A name without its pin says nothing either, unless it was asked for.
        if !placer.holds(at.into()) && why != Why::Selected {
            continue;
        }
        let ink = if why == Why::Alerting { inks().alert } else { inks().text };
        let galley = painter.layout_no_wrap(name_of(&feed.snapshot, host), egui::FontId::monospace(SIZE), ink);
        let Some(area) = beside(at, galley.size(), gap, &mut placer, why == Why::Selected) else { continue };
        let corner = egui::pos2(area[0], area[1]);
        for by in [egui::vec2(1.0, 0.0), egui::vec2(-1.0, 0.0), egui::vec2(0.0, 1.0), egui::vec2(0.0, -1.0)] {
            painter.galley_with_override_text_color(corner + by, galley.clone(), inks().name_edge);
        }
        painter.galley(corner, galley, ink);
        tags.areas.push(area);
    }
    Ok(())
}

/// A free place for a name of `size` to the right or left of a pin, above or below it; the first one if it `must` be.
fn beside(at: egui::Pos2, size: egui::Vec2, gap: f32, placer: &mut Placer, must: bool) -> Option<[f32; 4]> {
    let (w, h) = (size.x, size.y);
    let corners = [(gap, -h / 2.0), (-gap - w, -h / 2.0), (-w / 2.0, -gap - h), (-w / 2.0, gap)];
    let areas = corners.map(|(x, y)| [at.x + x, at.y + y, at.x + x + w, at.y + y + h]);
    let found = areas.into_iter().find(|area| placer.place(*area));
    if found.is_none() && must {
        placer.keep_free(areas[0]);
        return Some(areas[0]);
    }
    found
}

/// What to say at the selected paths, the newest first, or else at the one under the pointer, and where, in physical
/// pixels.
fn path_tags(feed: &Feed, selection: &Selection, arcs: &Arcs, view: &View) -> Vec<(String, [f32; 2])> {
    let pins = selection.on_pins(&feed.snapshot);
    let ends = |thing: Picked| match (thing, thing.ends()) {
        (Picked::Path(..) | Picked::Flow(_), [Some(a), Some(b)]) => Some((a, b)),
        _ => None,
    };
    let mut chosen: Vec<(IpAddr, IpAddr)> = std::iter::once(pins.picked).chain(pins.all()).filter_map(ends).collect();
    if chosen.is_empty() {
        chosen.extend(selection.hovered_path);
    }
    let mut seen = Vec::new();
    chosen.retain(|(a, b)| {
        let pair = (*a.min(b), *a.max(b));
        let new = !seen.contains(&pair);
        seen.push(pair);
        new
    });
    chosen.into_iter().filter_map(|pair| path_tag(feed, pair, arcs, view)).collect()
}

/// What to say at the path between two pins, and where.
fn path_tag(feed: &Feed, (a, b): (IpAddr, IpAddr), arcs: &Arcs, view: &View) -> Option<(String, [f32; 2])> {
    let snapshot = &feed.snapshot;
    let path = find_path(snapshot, a, b)?;
    let place = arcs.paths.iter().position(|&i| snapshot.paths.get(i as usize).is_some_and(|p| p.id == path.id))?;
    let arc = arcs.instances.get(place)?;
    let seen = |t: f64| {
        let point = arc_point(arc, t);
        let (pixel, _) = view.sees(point).then(|| view.project(point)).flatten()?;
        let inside = pixel.iter().zip(view.size).all(|(p, size)| (40.0..size - 40.0).contains(p));
        inside.then_some(pixel.map(|p| p as f32))
    };
    let at = ALONG.into_iter().find_map(seen)?;
    // An arc is drawn from where its traffic comes; a path goes from its first to its second address.
    let host = |i: u32| Some(snapshot.hosts.get(i as usize)?.place.at.to_unit());
    let (from, to) = (view.project(host(path.a)?)?.0, view.project(host(path.b)?)?.0);
    let by = [(to[0] - from[0]) as f32, (to[1] - from[1]) as f32];
    Some((numbers_of(path, by), at))
}
