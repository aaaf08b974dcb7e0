//! The line at the top: what the picture shows, of when, from where, and how much of it.

use bevy_egui::egui::{self, Align, Button, Color32, FontId, Layout, RichText, Ui, vec2};

use super::text;
use super::theme::{self, Mark};
use crate::base::units::{grouped, si};
use crate::cache::{Snapshot, SourceHealth, SourceState};
use crate::globe::actions::Action;
use crate::globe::inks::inks;
use crate::pipeline::{PlayState, Playhead};

/// What the line says.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct StatusModel {
    /// `LIVE`, `PAUSED`, `REPLAY ×10`, `WAITING`; after a jump, as long as records are missing, how far they are there.
    pub word: String,
    /// How the word is coloured.
    pub mood: Mood,
    /// Date, `2013-03-07`.
    pub date: String,
    /// Time of day, `21:42:06`.
    pub time: String,
    /// How far the playhead is behind the newest record; empty when it is not.
    pub behind: String,
    /// Values under labels, in a fixed order.
    pub cells: Vec<Cell>,
    /// Sources with their state.
    pub sources: Vec<SourceLine>,
    /// The argus filter in force.
    pub filter: Option<String>,
    /// Number of alerts that go on.
    pub alerts: usize,
    /// What is left out of the picture because the machine is busy.
    pub quality: String,
    /// A speed being typed.
    pub typed: String,
    /// Things that deserve attention: losses, refusals, damage.
    pub losses: Vec<String>,
}

/// The label of the value that says what one pin is.
const LEVEL: &str = "a pin is";

/// How the state is coloured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Mood {
    /// Nothing yet.
    #[default]
    Waiting,
    /// Glued to the clock.
    Live,
    /// Standing.
    Paused,
    /// Moving through the past.
    Replay,
}

/// A value under its label.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Cell {
    /// Label.
    pub name: &'static str,
    /// Value with its unit.
    pub value: String,
    /// Least width in points.
    pub width: f32,
}

/// One source.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct SourceLine {
    /// As the user named it, shortened.
    pub name: String,
    /// What it does, in words.
    pub state: String,
    /// The mark before it.
    pub mark: Mark,
    /// Everything known about it.
    pub about: String,
}

impl StatusModel {
    /// What to say about a snapshot.
    #[must_use]
    pub(super) fn new(snapshot: &Snapshot, playhead: &Playhead, filter: Option<&str>, typed: &str) -> StatusModel {
        let (mood, word) = if snapshot.span.is_none() {
            (Mood::Waiting, "WAITING".to_owned())
        } else {
            match playhead.state {
                PlayState::Live => (Mood::Live, "LIVE".to_owned()),
                PlayState::Paused => (Mood::Paused, "PAUSED".to_owned()),
                PlayState::Replay { speed } => (Mood::Replay, text::replay(speed)),
            }
        };
        let word = match snapshot.filled {
            Some(percent) => format!("{word} \u{b7} filling {percent} %"),
            None => word,
        };
        let (date, time) =
            if snapshot.span.is_some() { text::date_and_time(playhead.now) } else { (String::new(), String::new()) };
        let date = if date.is_empty() { date } else { format!("{date} {}", text::zone_name(playhead.now)) };
        let late = snapshot.span.map(|s| s.end.since(playhead.now)).filter(|d| d.as_secs() >= 1);
        StatusModel {
            word,
            mood,
            date,
            time,
            behind: late.map(text::behind).unwrap_or_default(),
            cells: cells(snapshot),
            sources: snapshot.health.sources.iter().map(source_line).collect(),
            filter: filter.map(str::to_owned),
            alerts: 0,
            quality: String::new(),
            typed: typed.to_owned(),
            losses: losses(snapshot),
        }
    }
}

fn cells(s: &Snapshot) -> Vec<Cell> {
    let t = &s.totals;
    let cell = |name, value, width| Cell { name, value, width };
    vec![
        cell("load", text::load(t.load), 92.0),
        cell("packets", si(t.rate, "pkt/s"), 92.0),
        cell("records", si(t.records_per_sec, "/s"), 62.0),
        cell("hosts", grouped(t.hosts), 48.0),
        cell("paths", grouped(t.paths), 48.0),
        cell("flows", grouped(t.flows), 48.0),
        cell(LEVEL, s.level.title(), 66.0),
        cell("no place", grouped(t.unplaced_hosts), 48.0),
        cell("window", text::duration(s.window), 56.0),
    ]
}

/// What a source does, in words, and the mark for it.
#[must_use]
pub(super) fn state_words(source: &SourceHealth) -> (String, Mark) {
    match &source.state {
        SourceState::Opening => ("opening".into(), Mark::Idle),
        SourceState::Live => ("live".into(), Mark::Good),
        SourceState::Reading => ("reading".into(), Mark::Good),
        SourceState::Ended => ("read to the end".into(), Mark::Idle),
        SourceState::Retrying(why) => (format!("lost, trying again: {why}"), Mark::Warn),
        SourceState::Failed(why) => (format!("failed: {why}"), Mark::Alert),
    }
}

fn source_line(source: &SourceHealth) -> SourceLine {
    let (state, mark) = state_words(source);
    let mut about = format!("{} \u{b7} {}\n{}\n{} records", source.name, source.kind, state, grouped(source.records));
    if source.dropped > 0 {
        about.push_str(&format!(", {} dropped", grouped(source.dropped)));
    }
    if source.damaged > 0 {
        about.push_str(&format!(", {} damaged", grouped(source.damaged)));
    }
    SourceLine { name: text::shorten_left(&source.name, 28), state: text::shorten(&state, 32), mark, about }
}

/// Everything that was lost, turned away or damaged, in words.
fn losses(s: &Snapshot) -> Vec<String> {
    let t = &s.totals;
    let sum = |get: fn(&SourceHealth) -> u64| s.health.sources.iter().map(get).sum::<u64>();
    let refused = t.refused_hosts.saturating_add(t.refused_paths).saturating_add(t.refused_flows);
    [
        (sum(|h| h.dropped), "dropped"),
        (sum(|h| h.damaged), "damaged"),
        (refused, "refused: tables full"),
        (s.health.history_refused, "not kept for replay"),
    ]
    .into_iter()
    .filter(|(n, _)| *n > 0)
    .map(|(n, what)| format!("{} {what}", grouped(n)))
    .collect()
}

/// The state in a word, and the one clock.
pub(crate) fn state_ui(ui: &mut Ui, snapshot: &Snapshot, playhead: &Playhead) {
    ui.spacing_mut().item_spacing.x = 14.0;
    let model = StatusModel::new(snapshot, playhead, None, "");
    theme::badge(ui, &model.word, mood_ink(model.mood));
    clock_ui(ui, &model);
}

fn mood_ink(mood: Mood) -> Color32 {
    match mood {
        Mood::Waiting => inks().dim,
        Mood::Live => inks().good,
        Mood::Paused => inks().warn,
        Mood::Replay => inks().accent,
    }
}

/// Draws the line; the action is a click on one of its parts.
pub(super) fn status_ui(ui: &mut Ui, model: &StatusModel) -> Option<Action> {
    let mut action = None;
    ui.horizontal_centered(|ui| {
        ui.spacing_mut().item_spacing.x = 14.0;
        let badge = theme::badge(ui, &model.word, mood_ink(model.mood));
        if badge.interact(egui::Sense::click()).on_hover_text("play or pause (Space); live (End)").clicked() {
            action = Some(Action::PlayPause);
        }
        clock_ui(ui, model);
        // The right side comes first, so that the values take what it leaves and give way when it is little.
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.spacing_mut().item_spacing.x = 10.0;
            if ui.add(Button::new(RichText::new("?").color(inks().dim))).on_hover_text("keys and help (?)").clicked() {
                action = Some(Action::Help);
            }
            action = sources_ui(ui, model).or(action.take());
            if alerts_badge(ui, model.alerts) {
                action = Some(Action::Alerts);
            }
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                action = cells_ui(ui, model).or(action.take());
            });
        });
    });
    action
}

/// How many alerts go on; true when it is clicked.
fn alerts_badge(ui: &mut Ui, count: usize) -> bool {
    if count == 0 {
        return false;
    }
    let words = format!("{} alert{}", grouped(count as u64), if count == 1 { "" } else { "s" });
    let badge = theme::badge(ui, &words, inks().alert);
    let mark = theme::mark(ui, Mark::Alert);
    let response = badge.union(mark).interact(egui::Sense::click());
    response.on_hover_text("list of alerts (!)").clicked()
}

/// The values, as many as there is room for.
fn cells_ui(ui: &mut Ui, model: &StatusModel) -> Option<Action> {
    let mut action = None;
    ui.spacing_mut().item_spacing.x = 14.0;
    rule(ui);
    for cell in &model.cells {
        if ui.available_width() < cell.width + 24.0 {
            break;
        }
        let response = theme::cell(ui, cell.name, &cell.value, cell.width, inks().text);
        if cell.name == LEVEL {
            let response = response.clone().interact(egui::Sense::click());
            if response.on_hover_text("address, network, AS, city, country (V)").clicked() {
                action = Some(Action::NextLevel(true));
            }
        }
        if cell.name == "no place" && cell.value != "0" {
            let response = response.interact(egui::Sense::click());
            if response.on_hover_text("list them (I)").clicked() {
                action = Some(Action::Unplaced);
            }
        }
    }
    action
}

/// Time of day large, date, zone and lag beside it.
fn clock_ui(ui: &mut Ui, model: &StatusModel) {
    if model.time.is_empty() {
        return;
    }
    let painter = ui.painter();
    let time = painter.layout_no_wrap(model.time.clone(), FontId::monospace(theme::CLOCK), inks().text);
    let small = |text: String, ink: Color32| painter.layout_no_wrap(text, FontId::monospace(theme::SMALL), ink);
    let date = small(model.date.clone(), inks().dim);
    let (second, ink) = if model.typed.is_empty() {
        (model.behind.clone(), inks().warn)
    } else {
        (format!("speed \u{d7}{}\u{2026}", model.typed), inks().accent)
    };
    let second = small(second, ink);
    let wide = date.size().x.max(96.0);
    let size = vec2(time.size().x + 10.0 + wide, 30.0);
    let (rect, _) = ui.allocate_exact_size(size, egui::Sense::hover());
    let time_at = rect.left_center() - vec2(0.0, time.size().y * 0.5);
    let column = rect.left() + time.size().x + 10.0;
    ui.painter().galley(time_at, time, inks().text);
    let middle = rect.center().y;
    // Two lines stand symmetrically; one line alone stands in the middle.
    let lone = second.size().x == 0.0;
    let up = if lone { date.size().y * 0.5 } else { date.size().y };
    ui.painter().galley(egui::pos2(column, middle - up), date, inks().dim);
    ui.painter().galley(egui::pos2(column, middle), second, ink);
}

fn rule(ui: &mut Ui) {
    let (rect, _) = ui.allocate_exact_size(vec2(1.0, 28.0), egui::Sense::hover());
    ui.painter().vline(rect.center().x, rect.y_range(), egui::Stroke::new(1.0, inks().line));
}

/// Sources, losses and filter, from the right edge inwards.
fn sources_ui(ui: &mut Ui, model: &StatusModel) -> Option<Action> {
    let mut action = None;
    let mut list = |response: egui::Response| {
        if response.interact(egui::Sense::click()).clicked() {
            action = Some(Action::Sources);
        }
    };
    if model.sources.len() == 1
        && let Some(source) = model.sources.first()
    {
        list(ui.label(theme::label(source.name.as_str()).color(inks().text)).on_hover_text(&source.about));
        list(ui.label(theme::label(source.state.as_str())).on_hover_text(&source.about));
        theme::mark(ui, source.mark).on_hover_text(&source.about);
    } else if !model.sources.is_empty() {
        let about: Vec<&str> = model.sources.iter().map(|s| s.about.as_str()).collect();
        let about = about.join("\n\n");
        list(
            ui.label(theme::label(format!("{} sources", model.sources.len())).color(inks().text)).on_hover_text(&about),
        );
        for source in model.sources.iter().rev().take(8) {
            theme::mark(ui, source.mark).on_hover_text(&source.about);
        }
    }
    if !model.quality.is_empty() {
        ui.label(theme::label(&model.quality).color(inks().warn)).on_hover_text(
            "the picture is simplified until there is room for the wished frames per second; no record is lost",
        );
    }
    if !model.losses.is_empty() {
        ui.label(theme::label(model.losses.join(" \u{b7} ")).color(inks().warn));
    }
    if let Some(filter) = &model.filter {
        let text = RichText::new(text::shorten(filter, 36)).font(FontId::monospace(theme::SMALL)).color(inks().accent);
        ui.label(text).on_hover_text(format!("only records that pass this filter: {filter}"));
        ui.label(theme::label("filter"));
    }
    action
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::globe::fixture;
    use crate::globe::hud::probe::Probe;

    fn playhead(state: PlayState) -> Playhead {
        Playhead { now: fixture::now() - Duration::from_secs(133), state, speed: 10.0 }
    }

    #[test]
    fn the_state_is_said_in_words_with_the_lag() {
        let s = fixture::snapshot();
        let m = StatusModel::new(&s, &playhead(PlayState::Replay { speed: 10.0 }), None, "");
        assert_eq!((m.word.as_str(), m.behind.as_str()), ("REPLAY \u{d7}10", "\u{2212}00:02:13"));
        assert_eq!((m.date.as_str(), m.time.as_str()), ("2013-03-07 UTC", "21:41:47"));
        assert_eq!(StatusModel::new(&s, &playhead(PlayState::Paused), None, "").word, "PAUSED");
        let half = Snapshot { filled: Some(50), ..s.clone() };
        assert_eq!(StatusModel::new(&half, &playhead(PlayState::Paused), None, "").word, "PAUSED \u{b7} filling 50 %");
        assert_eq!(StatusModel::new(&s, &playhead(PlayState::Live), None, "").word, "LIVE");
        assert_eq!(StatusModel::new(&Snapshot::default(), &playhead(PlayState::Live), None, "").word, "WAITING");
    }

    #[test]
    fn losses_are_named_and_absent_losses_are_not() {
        let mut s = fixture::snapshot();
        assert!(losses(&s).is_empty());
        s.health.sources[0].dropped = 12_345;
        s.totals.refused_flows = 2;
        assert_eq!(losses(&s), ["12\u{2009}345 dropped", "2 refused: tables full"]);
    }

    #[test]
    fn nothing_overlaps_or_leaves_the_line_at_any_usual_width() {
        let mut s = fixture::snapshot();
        s.health.sources[0].state = SourceState::Retrying("connection refused by 192.0.2.17:561".into());
        s.totals.hosts = 123_456;
        let m = StatusModel::new(&s, &playhead(PlayState::Replay { speed: 3600.0 }), Some("tcp and port 443"), "");
        let m = StatusModel { alerts: 12, ..m };
        for width in [1024.0, 1280.0, 1920.0] {
            let mut probe = Probe::new(width, 52.0);
            probe.frame(None, |ui| {
                egui::Frame::new().inner_margin(8.0).show(ui, |ui| {
                    status_ui(ui, &m);
                });
            });
            assert_eq!(probe.overlaps(), [], "at {width}");
            assert_eq!(probe.clipped(), [] as [String; 0], "at {width}");
            assert!(probe.shows("REPLAY"));
        }
    }
}
