//! The number in the middle of a cluster, and the card that lists its members.

use bevy::prelude::*;
use bevy_egui::{EguiContexts, egui};

use super::{Cluster, Clusters, count_text};
use crate::cache::{HostPin, Snapshot};
use crate::globe::MarkScale;
use crate::globe::camera::SceneView;
use crate::globe::hud::text::load;
use crate::globe::inks::inks;
use crate::globe::inspector::HoverModel;
use crate::globe::layers::{LayerId, Layers};

/// Members named on the card.
const NAMED: usize = 6;

/// Paints the numbers.
pub(super) fn paint_counts(
    mut contexts: EguiContexts,
    clusters: Res<Clusters>,
    (scene, layers, marks): (Res<SceneView>, Res<Layers>, Res<MarkScale>),
) -> Result {
    if !layers.is_on(LayerId::Pins) || clusters.marks.is_empty() {
        return Ok(());
    }
    let ctx = contexts.ctx_mut()?;
    let painter = ctx.layer_painter(egui::LayerId::background());
    let points_per_pixel = 1.0 / f64::from(ctx.pixels_per_point().max(0.1));
    let zoom = ctx.zoom_factor();
    let mut seen: Vec<(usize, egui::Pos2)> = clusters
        .marks
        .iter()
        .enumerate()
        .filter(|(_, mark)| scene.view.sees(mark.at))
        .filter_map(|(i, mark)| Some((i, scene.view.project(mark.at)?.0)))
        .map(|(i, [x, y])| (i, egui::pos2((x * points_per_pixel) as f32, (y * points_per_pixel) as f32)))
        .collect();
    let scale = marks.0 as f32 / zoom;
    readable(&mut seen, |i| clusters.marks.get(i).map_or((0, 0.0), |m| (m.hosts.len(), m.radius * scale)));
    for (mark, at) in seen.into_iter().filter_map(|(i, at)| Some((clusters.marks.get(i)?, at))) {
        let text = count_text(mark.hosts.len());
        // The text has the size of its mark, whatever the panels' zoom.
        let size = (if text.len() < 3 { 11.0 } else { 10.0 }) * scale;
        painter.text(at, egui::Align2::CENTER_CENTER, text, egui::FontId::proportional(size), inks().text);
    }
    Ok(())
}

/// Part of a mark's radius that its number takes.
const NUMBER: f32 = 0.4;

/// Keeps the marks whose numbers can be read, the largest first. Towards the rim of the globe marks lie on each other;
/// there the number of the larger one is read. `size` tells members and radius of a mark.
fn readable(seen: &mut Vec<(usize, egui::Pos2)>, size: impl Fn(usize) -> (usize, f32)) {
    // Among equals the first stays, so that numbers do not take turns.
    seen.sort_by_key(|(i, _)| (std::cmp::Reverse(size(*i).0), *i));
    let mut kept: Vec<(egui::Pos2, f32)> = Vec::with_capacity(seen.len());
    seen.retain(|(i, at)| {
        let radius = size(*i).1;
        // The number of the smaller must not lie on the mark of the larger, nor that mark on the number.
        let free = kept.iter().all(|(other, r)| (*other - *at).length() >= r + radius * NUMBER);
        if free {
            kept.push((*at, radius));
        }
        free
    });
}

/// What the card of a cluster says: how many, the heaviest by name, how to go on.
pub(crate) fn cluster_card(snapshot: &Snapshot, cluster: &Cluster) -> HoverModel {
    let mut members: Vec<&HostPin> = cluster.hosts.iter().filter_map(|i| snapshot.hosts.get(*i as usize)).collect();
    let rate = |h: &HostPin| h.load_in + h.load_out;
    // Stable: equal rates keep the order of addresses.
    members.sort_by(|a, b| rate(b).total_cmp(&rate(a)));
    let mut lines: Vec<String> =
        members.iter().take(NAMED).map(|h| format!("{}  {}", snapshot.name_of(h.addr.into()), load(rate(h)))).collect();
    if members.len() > NAMED {
        lines.push(format!("and {} more; a click goes nearer", members.len() - NAMED));
    } else {
        lines.push("a click goes nearer".into());
    }
    HoverModel { title: format!("{} pins", members.len()), lines }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_marks_on_each_other_the_largest_number_is_read() {
        let at = egui::pos2;
        // Members and radius of each.
        let marks = [(2, 10.0), (31, 14.0), (2, 10.0), (24, 13.0), (2, 10.0)];
        let places = [at(100.0, 100.0), at(110.0, 100.0), at(400.0, 100.0), at(128.0, 100.0), at(405.0, 100.0)];
        let mut seen: Vec<(usize, egui::Pos2)> = places.into_iter().enumerate().collect();
        readable(&mut seen, |i| marks[i]);
        let left: Vec<usize> = seen.iter().map(|(i, _)| *i).collect();
        assert_eq!(left, [1, 2], "24 and the first 2 lie on 31, the last 2 on the one before");
        let mut apart = vec![(0, at(0.0, 0.0)), (3, at(60.0, 0.0))];
        readable(&mut apart, |i| marks[i]);
        assert_eq!(apart.len(), 2);
    }
}
