//! What a wall shows beside the globe: the clock, the state in a word, the load, one sentence; a band when data stop.

use std::time::Duration;

use bevy_egui::egui::{
    self, Align2, Area, Context, CornerRadius, FontId, Frame, Id, Margin, Order, RichText, pos2, vec2,
};

use super::Wall;
use super::model::{drift, sides_changed};
use crate::cache::{Snapshot, SourceState};
use crate::globe::hud::{Hidden, Part, text};
use crate::globe::inks::inks;
use crate::pipeline::{PlayState, Playhead};

/// Size of the clock, of figures and of the sentence, in points.
const CLOCK: f32 = 44.0;
const FIGURE: f32 = 20.0;
const SENTENCE: f32 = 20.0;
/// Distance from the screen's edge: the drift never leaves the screen.
pub(crate) const EDGE: f32 = 40.0;

/// Opacity of what dims the screen in the dark hours, of 255.
const DIM_VEIL: u8 = 160;
/// Width that the legend takes.
const LEGEND: f32 = 275.0;

/// What is read.
pub(crate) struct Shown<'a> {
    pub(crate) wall: &'a Wall,
    pub(crate) snapshot: &'a Snapshot,
    pub(crate) playhead: &'a Playhead,
    /// Seconds of the scene's clock.
    pub(crate) elapsed: f64,
    pub(crate) reduced_motion: bool,
    /// Whether the legend stands in a lower corner.
    pub(crate) legend: bool,
    /// What is never shown.
    pub(crate) hidden: Hidden,
}

/// Draws it over the globe; gives how far everything has drifted from its place, in points, and whether the sides are
/// changed.
pub(crate) fn wall_ui(ctx: &Context, shown: &Shown) -> (egui::Vec2, bool) {
    let screen = ctx.viewport_rect();
    let [dx, dy] = drift(shown.elapsed, shown.reduced_motion);
    let by = vec2(dx, dy);
    let area = |name: &str, pivot, at| {
        Area::new(Id::new(name)).pivot(pivot).fixed_pos(at).order(Order::Middle).interactable(false).fade_in(false)
    };
    let turned = sides_changed(shown.elapsed);
    let (pivot, corner) = match turned {
        false => (Align2::LEFT_TOP, screen.left_top() + vec2(EDGE, EDGE)),
        true => (Align2::RIGHT_TOP, screen.right_top() + vec2(-EDGE, EDGE)),
    };
    if !shown.hidden.has(Part::Clock) {
        area("wall-clock", pivot, corner + by).show(ctx, |ui| {
            band(inks().card).show(ui, |ui| clock_ui(ui, shown));
        });
    }
    if !shown.wall.tour.caption.is_empty() && !shown.hidden.has(Part::Caption) {
        let taken = if shown.legend { EDGE + LEGEND } else { 0.0 };
        let beside = if turned { -taken } else { taken };
        let at = pos2(screen.center().x + beside / 2.0, screen.bottom() - EDGE) + by;
        let width = (screen.width() - taken - 4.0 * EDGE).max(200.0);
        area("wall-caption", Align2::CENTER_BOTTOM, at).show(ctx, |ui| {
            band(inks().card).show(ui, |ui| {
                let caption = &shown.wall.tour.caption;
                let font = FontId::proportional(SENTENCE);
                let wide = ui.painter().layout_no_wrap(caption.clone(), font, inks().text).size().x;
                // The width is set, not found out: a sentence replaces another of any length at once.
                ui.set_width(wide.min(width));
                ui.add(egui::Label::new(RichText::new(caption).size(SENTENCE).color(inks().text)).wrap());
            });
        });
    }
    if let Some(secs) = shown.wall.lost_for(shown.elapsed) {
        let veil = egui::LayerId::new(Order::Background, Id::new("wall-veil"));
        ctx.layer_painter(veil).rect_filled(screen, 0.0, inks().veil);
        let at = pos2(screen.center().x, screen.top() + EDGE) + by;
        area("wall-lost", Align2::CENTER_TOP, at).show(ctx, |ui| {
            band(inks().card).show(ui, |ui| {
                ui.style_mut().wrap_mode = Some(egui::TextWrapMode::Extend);
                for line in lost_lines(shown.snapshot, secs) {
                    ui.label(RichText::new(line).size(SENTENCE).color(inks().alert));
                }
            });
        });
    }
    if shown.wall.dimmed {
        let veil = egui::LayerId::new(Order::Tooltip, Id::new("wall-dim"));
        ctx.layer_painter(veil).rect_filled(screen, 0.0, egui::Color32::from_black_alpha(DIM_VEIL));
    }
    (by, turned)
}

fn clock_ui(ui: &mut egui::Ui, shown: &Shown) {
    ui.spacing_mut().item_spacing.y = 2.0;
    ui.style_mut().wrap_mode = Some(egui::TextWrapMode::Extend);
    let (word, colour) = state(shown);
    ui.label(RichText::new(word).size(FIGURE).color(colour).strong());
    if shown.snapshot.span.is_some() {
        let (date, time) = text::date_and_time(shown.playhead.now);
        ui.label(RichText::new(time).font(FontId::monospace(CLOCK)).color(inks().text));
        ui.label(
            RichText::new(format!("{date} {}", text::zone_name(shown.playhead.now))).size(FIGURE).color(inks().dim),
        );
    }
    ui.add_space(10.0);
    ui.label(RichText::new(text::load(shown.snapshot.totals.load)).font(FontId::monospace(FIGURE)).color(inks().text));
}

fn band(fill: egui::Color32) -> Frame {
    Frame::new()
        .fill(fill.gamma_multiply(0.86))
        .corner_radius(CornerRadius::same(6))
        .inner_margin(Margin::symmetric(16, 9))
}

/// The state in a word: a picture without fresh data is never called live.
fn state(shown: &Shown) -> (String, egui::Color32) {
    if shown.wall.lost_for(shown.elapsed).is_some() {
        return ("NO DATA".to_owned(), inks().alert);
    }
    if shown.snapshot.span.is_none() {
        return ("WAITING".to_owned(), inks().warn);
    }
    match shown.playhead.state {
        PlayState::Live => ("LIVE".to_owned(), inks().good),
        PlayState::Paused => ("PAUSED".to_owned(), inks().warn),
        PlayState::Replay { speed } => (text::replay(speed), inks().accent),
    }
}

/// One line for each lost source, at most four.
fn lost_lines(snapshot: &Snapshot, secs: f64) -> Vec<String> {
    let since = text::duration(Duration::from_secs(secs.max(0.0) as u64));
    let lost = snapshot.health.sources.iter().filter_map(|s| match &s.state {
        SourceState::Retrying(why) => Some(format!(
            "{} lost for {}, trying again: {}",
            text::shorten_left(&s.name, 40),
            since,
            text::shorten(why, 60)
        )),
        SourceState::Failed(why) => {
            Some(format!("{} failed {} ago: {}", text::shorten_left(&s.name, 40), since, text::shorten(why, 60)))
        }
        _ => None,
    });
    lost.take(4).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::globe::fixture;

    #[test]
    fn a_lost_source_is_named_with_its_reason() {
        let mut snapshot = fixture::snapshot();
        let source = snapshot.health.sources.first_mut().expect("a source");
        source.name = "probe1:561".into();
        source.state = SourceState::Retrying("connection refused".into());
        let lines = lost_lines(&snapshot, 75.0);
        assert_eq!(lines.len(), 1);
        assert!(lines[0].contains("probe1:561") && lines[0].contains("connection refused"), "{lines:?}");
    }
}
