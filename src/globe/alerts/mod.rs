//! What deserves attention, on the globe and in a list: red-orange, a diamond, and a slow pulse.
//!
//! Alerts come with the feed; here they are only shown. The mark is painted around the head of the pin, above the
//! scene and below all panels.

mod model;
mod ui;

use std::net::IpAddr;

use bevy::prelude::*;
use bevy_egui::egui::{self, Color32, Stroke};
use bevy_egui::{EguiContexts, EguiPrimaryContextPass};

pub use model::{AlertRow, active, pulse, rows};
pub use ui::alerts_ui;

use super::clusters::Clusters;
use super::feed::Feed;
use super::inks::inks;
use super::layers::{LayerId, Layers};
use super::picking::Picker;
use super::selection::find_host;
use super::{Motion, PaintSet, SceneClock};
use crate::base::hash::Set;

/// Radius of the mark at rest, in points.
const RADIUS: f32 = 13.0;
/// How far it grows.
const SWELL: f32 = 5.0;

/// Paints the marks of alerts.
pub struct AlertsPlugin;

impl Plugin for AlertsPlugin {
    fn build(&self, app: &mut App) {
        app.add_systems(EguiPrimaryContextPass, paint_marks.in_set(PaintSet::Names));
    }
}

/// The pins that alerts of this moment belong to, by their addresses.
pub(super) fn alerting(feed: &Feed) -> Set<IpAddr> {
    let addrs: Set<IpAddr> = active(&feed.alerts, feed.playhead.now).filter_map(|a| a.addr).collect();
    addrs.into_iter().filter_map(|a| find_host(&feed.snapshot, a)).map(|h| h.addr).collect()
}

fn paint_marks(
    mut contexts: EguiContexts,
    (feed, picker, clusters, layers): (Res<Feed>, Res<Picker>, Res<Clusters>, Res<Layers>),
    (clock, motion): (Res<SceneClock>, Res<Motion>),
) -> Result {
    let pins = alerting(&feed);
    if pins.is_empty() || !layers.is_on(LayerId::Pins) {
        return Ok(());
    }
    let ctx = contexts.ctx_mut()?;
    let painter = ctx.layer_painter(egui::LayerId::background());
    let swell = pulse(clock.elapsed, motion.reduced);
    let bunched = picker.view().map(|view| clusters.places_of(view, &feed.snapshot, &pins)).unwrap_or_default();
    for [x, y] in picker.places_of(&pins).chain(bunched) {
        let zoom = ctx.zoom_factor();
        let centre = egui::pos2(x / zoom, y / zoom);
        let r = RADIUS + SWELL * swell;
        let corners = [(0.0, -r), (r, 0.0), (0.0, r), (-r, 0.0)].map(|(x, y)| centre + egui::vec2(x, y));
        let diamond = |stroke| egui::Shape::closed_line(corners.to_vec(), stroke);
        painter.add(diamond(Stroke::new(5.0, Color32::from_black_alpha(170))));
        painter.add(diamond(Stroke::new(2.5, inks().alert.gamma_multiply(1.0 - 0.45 * swell))));
    }
    Ok(())
}
