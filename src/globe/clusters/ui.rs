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
    for mark in &clusters.marks {
        if !scene.view.sees(mark.at) {
            continue;
        }
        let Some(([x, y], _)) = scene.view.project(mark.at) else { continue };
        let at = egui::pos2((x * points_per_pixel) as f32, (y * points_per_pixel) as f32);
        let text = count_text(mark.hosts.len());
        // The text has the size of its mark, whatever the panels' zoom.
        let size = (if text.len() < 3 { 11.0 } else { 10.0 }) * marks.0 as f32 / zoom;
        painter.text(at, egui::Align2::CENTER_CENTER, text, egui::FontId::proportional(size), inks().text);
    }
    Ok(())
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
