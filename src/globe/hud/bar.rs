//! The filter bar: what the whole picture is narrowed to, always in sight while it is narrowed, gone by one click.

use std::sync::Arc;

use bevy_egui::egui::text::{CCursor, CCursorRange};
use bevy_egui::egui::text::{LayoutJob, TextFormat};
use bevy_egui::egui::text_edit::TextEditState;
use bevy_egui::egui::{
    self, Align, Color32, FontId, Galley, Key, Layout, Modifiers, Response, RichText, Sense, Stroke, TextBuffer,
    TextEdit, Ui, vec2,
};

use super::complete::{Offers, offers};
use super::theme;
use crate::cache::Snapshot;
use crate::globe::actions::Action;
use crate::globe::inks::inks;
use crate::globe::kept::{REMEMBERED, SavedFilters};
use crate::pipeline::{Show, ShowError};

/// The bar.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FilterBar {
    /// Whether it is open without a filter.
    pub open: bool,
    /// Put the keyboard into it in the next frame.
    pub focus: bool,
    /// What is typed.
    pub text: String,
    /// What was in force before, newest last.
    history: Vec<String>,
    /// The place in the history while it is walked through.
    walked: Option<usize>,
    /// The chosen one of the offers, while some are shown.
    chosen: usize,
}

impl FilterBar {
    /// Takes over a text that is in force now. True if there is one more to be remembered.
    pub fn applied(&mut self, text: &str) -> bool {
        text.clone_into(&mut self.text);
        self.walked = None;
        if text.is_empty() {
            self.open = false;
        }
        if text.is_empty() || self.history.last().is_some_and(|last| last == text) {
            return false;
        }
        // What comes again is not remembered twice.
        self.history.retain(|known| known != text);
        if self.history.len() >= REMEMBERED {
            self.history.remove(0);
        }
        self.history.push(text.to_owned());
        true
    }

    /// What was in force, newest last.
    #[must_use]
    pub fn history(&self) -> &[String] {
        &self.history
    }

    /// Remembers what was in force at earlier starts, newest last.
    pub fn remember(&mut self, history: Vec<String>) {
        self.history = history;
    }

    /// Walks through what was in force before.
    fn walk(&mut self, back: bool) {
        let len = self.history.len();
        let at = match (self.walked, back) {
            (None, true) => len.checked_sub(1),
            (Some(at), true) => Some(at.saturating_sub(1)),
            (Some(at), false) if at + 1 < len => Some(at + 1),
            (_, false) => None,
        };
        let known = at.and_then(|i| self.history.get(i)).cloned();
        (self.walked, self.text) = (at, known.unwrap_or_default());
    }
}

/// The words of a filter with one more of them: places stand before the rest, which grows by `and`.
#[must_use]
pub fn with_word(shown: &str, word: &str, negated: bool) -> String {
    let Ok(mut show) = Show::parse(shown) else { return word.to_owned() };
    let rest = Show::filter_text(shown);
    let place = Show::parse(word).ok().filter(|s| !s.places.is_empty());
    if let Some(mut place) = place {
        place.places.iter_mut().for_each(|p| p.negated = negated);
        show.places.retain(|known| place.places.iter().all(|p| p.asked != known.asked));
        show.places.append(&mut place.places);
        return joined(&show, rest);
    }
    let word = if negated { format!("not {word}") } else { word.to_owned() };
    if rest.split(" and ").any(|part| part.trim() == word) {
        return joined(&show, rest);
    }
    let longer = if rest.is_empty() { word } else { format!("{rest} and {word}") };
    joined(&show, &longer)
}

/// The tests of places before the rest.
fn joined(show: &Show, rest: &str) -> String {
    let places = Show { places: show.places.clone(), ..Show::default() };
    format!("{places} {rest}").trim().to_owned()
}

/// What the bar reads besides its own state.
#[derive(Clone, Copy, Debug)]
pub(super) struct BarModel<'a> {
    /// The filter in force.
    pub(super) shown: &'a str,
    /// The picture, whose values are offered.
    pub(super) snapshot: &'a Snapshot,
    /// Saved filters.
    pub(super) saved: &'a SavedFilters,
}

/// Draws the bar; the action applies or removes the filter.
pub(super) fn bar_ui(ui: &mut Ui, bar: &mut FilterBar, model: BarModel<'_>) -> Option<Action> {
    let shown = model.shown;
    let mut action = None;
    let error = Show::parse(&bar.text).err();
    ui.horizontal(|ui| {
        ui.label(theme::label("show only").color(inks().accent));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let face = if shown.is_empty() { "close" } else { "show all" };
            if ui.button(face).on_hover_text("takes the filter away").clicked() {
                action = Some(Action::Show(String::new()));
            }
            action = field_ui(ui, bar, model, error.as_ref()).or(action.take());
        });
    });
    let sentence = match &error {
        Some(error) => RichText::new(&error.problem).size(theme::SMALL).color(inks().alert),
        None if bar.text.trim() != shown => theme::hint("Enter applies it, Esc takes the change back"),
        None => {
            theme::hint("argus filter language; country=de, city=Zurich or as=559 may stand before it; Tab completes")
        }
    };
    ui.label(sentence);
    action
}

fn field_ui(ui: &mut Ui, bar: &mut FilterBar, model: BarModel<'_>, error: Option<&ShowError>) -> Option<Action> {
    let shown = model.shown;
    let mut layouter = |ui: &Ui, text: &dyn TextBuffer, _: f32| layout(ui, text.as_str(), error);
    let before = bar.text.len();
    let edit = TextEdit::singleline(&mut bar.text)
        .id(egui::Id::new("filter-bar"))
        .font(FontId::monospace(theme::MONO))
        .hint_text(RichText::new("tcp and port 443").color(inks().faint))
        .char_limit(4096)
        .lock_focus(true)
        .layouter(&mut layouter)
        .desired_width(ui.available_width());
    let id = egui::Id::new("filter-bar");
    // Tab is the bar's, not the text's.
    let tab = ui.memory(|m| m.has_focus(id)) && ui.input_mut(|i| i.consume_key(Modifiers::NONE, Key::Tab));
    let response = ui.add(edit);
    if std::mem::take(&mut bar.focus) {
        response.request_focus();
    }
    let pressed = |key| ui.input(|i| i.key_pressed(key));
    if response.has_focus() {
        offer_ui(ui, bar, (&response, tab, before), model);
    }
    // Enter and Escape take the keyboard from a field of one line.
    if !response.lost_focus() {
        return None;
    }
    if pressed(Key::Enter) {
        if error.is_some() {
            response.request_focus();
            return None;
        }
        return Some(Action::Show(bar.text.trim().to_owned()));
    }
    if pressed(Key::Escape) {
        shown.clone_into(&mut bar.text);
        bar.open = !shown.is_empty();
    }
    None
}

/// Shows what the word at the cursor can go on as: Tab takes the chosen one, arrows choose. Without offers, and while
/// what was in force before is walked through, arrows do that.
fn offer_ui(ui: &Ui, bar: &mut FilterBar, (field, tab, before): (&Response, bool, usize), model: BarModel<'_>) {
    let mut state = TextEditState::load(ui.ctx(), field.id).unwrap_or_default();
    let chars = state.cursor.char_range().map_or(usize::MAX, |range| range.primary.index.into());
    let cursor = bar.text.char_indices().nth(chars).map_or(bar.text.len(), |(at, _)| at);
    let found = match bar.walked {
        None => offers(&bar.text, cursor, model.snapshot, model.saved),
        Some(_) => Offers::default(),
    };
    if bar.text.len() != before {
        (bar.walked, bar.chosen) = (None, 0);
    }
    let count = found.offers.len();
    bar.chosen = bar.chosen.min(count.saturating_sub(1));
    let pressed = |key| ui.input(|i| i.key_pressed(key));
    // With nothing typed the newest filter is nearest.
    let walks = count == 0 || bar.text.is_empty();
    match (pressed(Key::ArrowUp), pressed(Key::ArrowDown)) {
        (true, _) if walks => bar.walk(true),
        (_, true) if walks && bar.walked.is_some() => bar.walk(false),
        (true, _) => bar.chosen = (bar.chosen + count - 1) % count.max(1),
        (_, true) if count > 0 => bar.chosen = (bar.chosen + 1) % count,
        _ => {}
    }
    let clicked = offers_card(ui, field, &found, bar.chosen);
    let Some((text, at)) = clicked.or(tab.then_some(bar.chosen)).and_then(|i| found.taken(&bar.text, i)) else {
        return;
    };
    let chars = text.get(..at).map_or(0, |t| t.chars().count());
    (bar.text, bar.chosen) = (text, 0);
    state.cursor.set_char_range(Some(CCursorRange::one(CCursor::new(chars))));
    state.store(ui.ctx(), field.id);
    field.request_focus();
}

/// The offers below the field; gives the one that is clicked.
fn offers_card(ui: &Ui, field: &Response, found: &Offers, chosen: usize) -> Option<usize> {
    if found.offers.is_empty() {
        return None;
    }
    let mut clicked = None;
    let at = field.rect.left_bottom() + vec2(0.0, 4.0);
    let area = egui::Area::new(field.id.with("offers")).order(egui::Order::Foreground).fixed_pos(at).fade_in(false);
    area.show(ui.ctx(), |ui| {
        theme::card_frame().inner_margin(6).show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            for (i, offer) in found.offers.iter().enumerate() {
                let (rect, response) = ui.allocate_exact_size(vec2(430.0, 20.0), Sense::click());
                if i == chosen || response.hovered() {
                    ui.painter().rect_filled(rect, 3.0, inks().accent_ground);
                }
                let word = super::text::shorten(&offer.word, 34);
                let mono = FontId::monospace(theme::MONO);
                let left = rect.left_center() + vec2(6.0, 0.0);
                ui.painter().text(left, egui::Align2::LEFT_CENTER, word, mono, inks().text);
                let note = super::text::shorten(&offer.note, 36);
                let small = FontId::proportional(theme::SMALL);
                let right = rect.right_center() - vec2(6.0, 0.0);
                ui.painter().text(right, egui::Align2::RIGHT_CENTER, note, small, inks().dim);
                if response.clicked() {
                    clicked = Some(i);
                }
            }
        });
    });
    clicked
}

/// The text with a line under the place of the error.
fn layout(ui: &Ui, text: &str, error: Option<&ShowError>) -> Arc<Galley> {
    let font = FontId::monospace(theme::MONO);
    let plain = TextFormat::simple(font.clone(), inks().text);
    let wrong = TextFormat {
        underline: Stroke::new(2.0, inks().alert),
        background: Color32::TRANSPARENT,
        ..TextFormat::simple(font, inks().text)
    };
    let mut job = LayoutJob::default();
    let (from, to) = error.map_or((text.len(), text.len()), |e| (e.at.min(text.len()), (e.at + e.len).min(text.len())));
    let pieces = [(text.get(..from), &plain), (text.get(from..to), &wrong), (text.get(to..), &plain)];
    for (piece, format) in pieces {
        if let Some(piece) = piece.filter(|p| !p.is_empty()) {
            job.append(piece, 0.0, format.clone());
        }
    }
    if job.text != text {
        job = LayoutJob::simple_singleline(text.to_owned(), FontId::monospace(theme::MONO), inks().text);
    }
    job.wrap.max_width = f32::INFINITY;
    ui.fonts_mut(|f| f.layout_job(job))
}

#[cfg(test)]
mod tests {
    use bevy_egui::egui::Event;

    use super::*;
    use crate::globe::fixture;
    use crate::globe::hud::probe::Probe;

    fn key(key: Key) -> Event {
        Event::Key { key, physical_key: None, pressed: true, repeat: false, modifiers: Modifiers::NONE }
    }

    fn drawn(ui: &mut Ui, bar: &mut FilterBar, shown: &str) -> Option<Action> {
        let saved = SavedFilters::default();
        bar_ui(ui, bar, BarModel { shown, snapshot: &fixture::snapshot(), saved: &saved })
    }

    fn typed(text: &str, shown: &str, keys: &[Key]) -> (Probe, FilterBar, Option<Action>) {
        let mut bar = FilterBar { open: true, focus: true, ..FilterBar::default() };
        let mut probe = Probe::new(700.0, 300.0);
        let mut action = None;
        let mut draw = |ui: &mut Ui| action = drawn(ui, &mut bar, shown).or(action.take());
        probe.frame(None, &mut draw);
        probe.run(vec![Event::Text(text.into())], &mut draw);
        for k in keys {
            probe.run(vec![key(*k)], &mut draw);
        }
        probe.frame(None, &mut draw);
        (probe, bar, action)
    }

    #[test]
    fn enter_applies_what_is_right_and_says_what_is_wrong() {
        let (_, _, action) = typed("tcp and port 443", "", &[Key::Enter]);
        assert_eq!(action, Some(Action::Show("tcp and port 443".into())));
        let (probe, bar, action) = typed("tcp and prot 443", "", &[Key::Enter]);
        assert_eq!((action, bar.text.as_str()), (None, "tcp and prot 443"));
        assert!(probe.shows("did you mean 'port'?"), "{:?}", probe.texts());
        assert_eq!(probe.overlaps(), []);
    }

    #[test]
    fn tab_completes_and_arrows_choose_what() {
        let (_, bar, action) = typed("tcp and por", "", &[Key::Tab]);
        assert_eq!((bar.text.as_str(), action), ("tcp and port ", None));
        let (probe, bar, action) = typed("port ", "", &[Key::ArrowDown, Key::Tab, Key::Enter]);
        assert!(["port 22 ", "port 443 "].contains(&bar.text.as_str()), "{}", bar.text);
        assert_ne!(bar.text, typed("port ", "", &[Key::Tab]).1.text);
        assert_eq!(action, Some(Action::Show(bar.text.trim().into())));
        assert_eq!(probe.overlaps(), []);
        let (probe, ..) = typed("country=", "", &[]);
        assert!(probe.shows("country=jp") && probe.shows("Japan, 1 pin"), "{:?}", probe.texts());
    }

    #[test]
    fn escape_takes_a_change_back_and_closes_an_empty_bar() {
        let (_, bar, action) = typed("udp", "tcp", &[Key::Escape]);
        assert_eq!((bar.text.as_str(), bar.open, action), ("tcp", true, None));
        assert!(!typed("udp", "", &[Key::Escape]).1.open);
    }

    #[test]
    fn one_click_shows_everything() {
        let mut bar = FilterBar { text: "udp".into(), ..FilterBar::default() };
        let mut probe = Probe::new(700.0, 60.0);
        let mut action = None;
        let mut draw = |ui: &mut Ui| action = drawn(ui, &mut bar, "udp").or(action.take());
        probe.frame(None, &mut draw);
        let at = probe.find("show all").expect("drawn");
        probe.frame(Some(at), &mut draw);
        assert_eq!(action, Some(Action::Show(String::new())));
    }

    #[test]
    fn words_are_added_once_and_turned_around() {
        let all = with_word("", "country=de", false);
        assert_eq!(all, "country=de");
        let all = with_word(&with_word(&all, "port 443", false), "as=559", true);
        assert_eq!(all, "country=de !as=559 port 443");
        assert_eq!(with_word(&all, "port 443", false), all);
        assert_eq!(with_word(&all, "country=de", true), "!as=559 !country=de port 443");
        assert!(with_word(&all, "port 80", true).ends_with("port 443 and not port 80"));
        for text in [all.as_str(), "tcp or udp"] {
            Show::parse(&with_word(text, "port 80", true)).expect("still a filter");
        }
    }

    #[test]
    fn what_was_in_force_comes_back_by_arrows() {
        let mut bar = FilterBar::default();
        let more: Vec<bool> = ["tcp", "udp", "udp", "icmp"].iter().map(|t| bar.applied(t)).collect();
        assert_eq!(more, [true, true, false, true]);
        let mut seen = Vec::new();
        for back in [true, true, true, true, false, false, false] {
            bar.walk(back);
            seen.push(bar.text.clone());
        }
        assert_eq!(seen, ["icmp", "udp", "tcp", "tcp", "udp", "icmp", ""]);
        for i in 0..200 {
            bar.applied(&format!("port {i}"));
        }
        assert_eq!(bar.history.len(), REMEMBERED);
    }
}
