//! What deserves attention, on the globe and in a list: red-orange, a diamond, and a slow pulse.
//!
//! Alerts come with the feed; here they are only shown. The mark is painted around the head of the pin, above the
//! scene and below all panels.

mod model;
mod ui;

use bevy::prelude::*;
use bevy_egui::egui::{self, Color32, Stroke};
use bevy_egui::{EguiContexts, EguiPrimaryContextPass};

pub use model::{AlertRow, active, pulse, rows};
pub use ui::alerts_ui;

use super::feed::Feed;
use super::hud::theme;
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

fn paint_marks(
    mut contexts: EguiContexts,
    (feed, picker, layers): (Res<Feed>, Res<Picker>, Res<Layers>),
    (clock, motion): (Res<SceneClock>, Res<Motion>),
) -> Result {
    let now = feed.playhead.now;
    let addrs: Set<_> = active(&feed.alerts, now).filter_map(|a| a.addr).collect();
    if addrs.is_empty() || !layers.is_on(LayerId::Pins) {
        return Ok(());
    }
    let pins: Set<_> = addrs.into_iter().filter_map(|a| find_host(&feed.snapshot, a)).map(|h| h.addr).collect();
    let ctx = contexts.ctx_mut()?;
    let painter = ctx.layer_painter(egui::LayerId::background());
    let swell = pulse(clock.elapsed, motion.reduced);
    for [x, y] in picker.places_of(&pins) {
        let zoom = ctx.zoom_factor();
        let centre = egui::pos2(x / zoom, y / zoom);
        let r = RADIUS + SWELL * swell;
        let corners = [(0.0, -r), (r, 0.0), (0.0, r), (-r, 0.0)].map(|(x, y)| centre + egui::vec2(x, y));
        let diamond = |stroke| egui::Shape::closed_line(corners.to_vec(), stroke);
        painter.add(diamond(Stroke::new(5.0, Color32::from_black_alpha(170))));
        painter.add(diamond(Stroke::new(2.5, theme::ALERT.gamma_multiply(1.0 - 0.45 * swell))));
    }
    Ok(())
}
