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

pub use model::{AlertRow, active, ahead, pulse, rows};
pub use ui::alerts_ui;

use super::clusters::Clusters;
use super::feed::Feed;
use super::hud::{Hud, Toast};
use super::inks::inks;
use super::layers::{LayerId, Layers};
use super::picking::Picker;
use super::selection::find_host;
use super::{GlobeSet, Motion, PaintSet, SceneClock};
use crate::base::Timestamp;
use crate::base::hash::Set;

/// Radius of the mark at rest, in points.
const RADIUS: f32 = 13.0;
/// How far it grows.
const SWELL: f32 = 5.0;
/// Seconds a message stays.
const TOAST: f64 = 10.0;

/// Paints the marks of alerts.
pub struct AlertsPlugin;

impl Plugin for AlertsPlugin {
    fn build(&self, app: &mut App) {
        app.add_systems(EguiPrimaryContextPass, paint_marks.in_set(PaintSet::Names))
            .add_systems(Update, tell.in_set(GlobeSet::Ui));
    }
}

/// How many alerts there are to be told of: what goes on at the playhead, and what a live source raised ahead of it.
#[must_use]
pub fn told(feed: &Feed) -> usize {
    let now = feed.playhead.now;
    let ahead = if feed.is_behind_live() { ahead(&feed.alerts, now).count() } else { 0 };
    active(&feed.alerts, now).count() + ahead
}

/// Says what a live source raises while the playhead is elsewhere.
fn tell((feed, clock): (Res<Feed>, Res<SceneClock>), mut hud: ResMut<Hud>, mut last: Local<Option<Timestamp>>) {
    let Some(newest) = feed.alerts.iter().max_by_key(|a| a.held.start) else { return };
    if last.replace(newest.held.start).is_some_and(|then| newest.held.start <= then) || !feed.is_behind_live() {
        return;
    }
    if newest.held.start > feed.playhead.now {
        let text = format!("alert, live: {} (End goes there)", newest.text);
        hud.toast = Some(Toast { text, until: clock.elapsed + TOAST });
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::*;
    use crate::cache::SourceState;
    use crate::globe::fixture::{self, alert};
    use crate::pipeline::PlayState;

    #[test]
    fn what_happens_live_is_told_while_the_past_is_looked_at() {
        let mut app = App::new();
        app.init_resource::<Feed>().init_resource::<SceneClock>().init_resource::<Hud>();
        app.add_systems(Update, tell);
        let mut toast = |live: bool, state: PlayState, alerts: Vec<crate::alert::Alert>| {
            let mut snapshot = fixture::snapshot();
            snapshot.health.sources = vec![fixture::source(SourceState::Live)];
            snapshot.health.sources[0].live = live;
            let mut feed = app.world_mut().resource_mut::<Feed>();
            feed.show(Arc::new(snapshot));
            (feed.alerts, feed.playhead.state) = (alerts.into(), state);
            feed.playhead.now = fixture::now() - Duration::from_secs(300);
            let told = told(&feed);
            app.world_mut().resource_mut::<Hud>().toast = None;
            app.update();
            (told, app.world().resource::<Hud>().toast.as_ref().map(|t| t.text.clone()))
        };
        let old = || alert("192.0.2.1", 500, 400);
        assert_eq!(toast(true, PlayState::Paused, vec![old()]), (0, None), "it lies behind the playhead");
        let (told, text) = toast(true, PlayState::Paused, vec![old(), alert("192.0.2.2", 60, 0)]);
        assert!(told == 1 && text.is_some_and(|t| t.contains("192.0.2.2") && t.contains("End")));
        let all = vec![old(), alert("192.0.2.2", 60, 0)];
        assert_eq!(toast(true, PlayState::Paused, all), (1, None), "once");
        let all = vec![old(), alert("192.0.2.2", 60, 0), alert("192.0.2.3", 30, 0)];
        assert_eq!(toast(false, PlayState::Paused, all), (0, None), "a recording gives its future not away");
    }
}
