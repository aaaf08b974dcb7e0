//! The palette's panel.

use bevy_egui::egui::text::{CCursor, CCursorRange};
use bevy_egui::egui::text_edit::TextEditState;
use bevy_egui::egui::{self, Event, FontId, Key, Modifiers, RichText, Sense, TextEdit, Ui, vec2};

use super::{Palette, Sought};
use crate::globe::actions::Action;
use crate::globe::hud::theme;
use crate::globe::inks::inks;

/// Most characters in the field.
const LONGEST: usize = 200;
/// Height of a row in points.
const ROW: f32 = 24.0;

/// Draws field and matches; gives what is to be done: the chosen action with the closing behind it, or the closing.
pub fn palette_ui(ui: &mut Ui, palette: &mut Palette) -> Vec<Action> {
    let hint = match palette.sought {
        Sought::Commands => "What to do? Any action, speed or saved view",
        Sought::Sources => "A file, HOST:PORT of a server, or -i INTERFACE",
        Sought::Places => "Who, where? An address, city, country or AS",
    };
    let field = egui::Id::new("palette");
    if !ui.memory(|m| m.has_focus(field)) {
        take_typed(ui, palette);
    }
    let edit = TextEdit::singleline(&mut palette.text)
        .id(field)
        .font(FontId::proportional(theme::HEADING))
        .hint_text(RichText::new(hint).color(inks().faint))
        .desired_width(f32::INFINITY)
        .char_limit(LONGEST);
    ui.add(edit).request_focus();
    // Behind the field: text and Enter may come within one frame.
    let mut done = keys(ui, palette);
    ui.add_space(6.0);
    ui.spacing_mut().item_spacing.y = 0.0;
    let mut clicked = None;
    for (i, entry) in palette.entries.iter().enumerate() {
        let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), ROW), Sense::click());
        if i == palette.chosen || response.hovered() {
            ui.painter().rect_filled(rect, 4.0, inks().accent_ground);
        }
        let note = ui.painter().layout_no_wrap(entry.note.clone(), FontId::monospace(theme::SMALL), inks().dim);
        let room = rect.width() - note.size().x - 30.0;
        let font = FontId::proportional(theme::BODY);
        let mut job = egui::text::LayoutJob::simple_singleline(entry.title.clone(), font, inks().text);
        job.wrap = egui::text::TextWrapping::truncate_at_width(room.max(40.0));
        let title = ui.painter().layout_job(job);
        let y = |height: f32| rect.center().y - height * 0.5;
        ui.painter().galley(egui::pos2(rect.left() + 8.0, y(title.size().y)), title, inks().text);
        let x = rect.right() - note.size().x - 8.0;
        ui.painter().galley(egui::pos2(x, y(note.size().y)), note, inks().dim);
        if response.clicked() {
            clicked = Some(entry.action.clone());
        }
    }
    if let Some(action) = clicked {
        done = choose(ui, palette, action);
    }
    if palette.entries.is_empty() {
        let text = match palette.sought {
            Sought::Sources => "no file, folder or server is called so",
            _ if palette.text.trim().is_empty() => "type to search",
            Sought::Commands => "no action is called so",
            Sought::Places => "nothing in the window and no country is called so",
        };
        ui.label(theme::hint(text));
    }
    done
}

/// What choosing an entry does: it closes the palette, or goes on in it with a longer text.
fn choose(ui: &Ui, palette: &mut Palette, action: Action) -> Vec<Action> {
    match action {
        Action::GoOn(sought, text) if sought == palette.sought => {
            let field = egui::Id::new("palette");
            let mut state = TextEditState::load(ui.ctx(), field).unwrap_or_default();
            state.cursor.set_char_range(Some(CCursorRange::one(CCursor::new(text.chars().count()))));
            state.store(ui.ctx(), field);
            (palette.text, palette.chosen) = (text, 0);
            Vec::new()
        }
        action => vec![action, Action::ClosePalette],
    }
}

/// Takes what was typed before the field has the keyboard, which it gets in the frame after its first: in a slow frame
/// that may be everything.
fn take_typed(ui: &Ui, palette: &mut Palette) {
    let mut typed = String::new();
    ui.input_mut(|i| {
        i.events.retain(|event| match event {
            Event::Text(text) => {
                typed.push_str(text);
                false
            }
            _ => true,
        });
    });
    // The key that opened it is no part of what is sought: `/`, or in a slow frame the letter of Ctrl+K and Ctrl+F, whose
    // Ctrl may be up again by then.
    let opening = match palette.sought {
        Sought::Commands => ['k', 'K'],
        Sought::Places => ['/', 'f'],
        Sought::Sources => ['o', 'O'],
    };
    let typed = if palette.text.is_empty() { typed.strip_prefix(opening).unwrap_or(&typed) } else { &typed };
    let room = LONGEST.saturating_sub(palette.text.chars().count());
    palette.text.extend(typed.chars().filter(|c| !c.is_control()).take(room));
}

/// Up and down choose, Enter does, Escape closes.
fn keys(ui: &Ui, palette: &mut Palette) -> Vec<Action> {
    let pressed = |key| ui.input_mut(|i| i.consume_key(Modifiers::NONE, key));
    let count = palette.entries.len();
    if pressed(Key::ArrowDown) && count > 0 {
        palette.chosen = (palette.chosen + 1) % count;
    }
    if pressed(Key::ArrowUp) && count > 0 {
        palette.chosen = (palette.chosen + count - 1) % count;
    }
    if pressed(Key::Escape) {
        return vec![Action::ClosePalette];
    }
    palette.entered |= pressed(Key::Enter);
    if palette.is_fresh()
        && std::mem::take(&mut palette.entered)
        && let Some(entry) = palette.entries.get(palette.chosen)
    {
        let action = entry.action.clone();
        return choose(ui, palette, action);
    }
    Vec::new()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::globe::actions::rows;
    use crate::globe::feed::Feed;
    use crate::globe::fixture;
    use crate::globe::hud::probe::Probe;
    use crate::globe::kept::SavedFilters;
    use crate::globe::palette::Known;
    use crate::globe::views::Views;

    fn key(key: Key) -> Event {
        Event::Key { key, physical_key: None, pressed: true, repeat: false, modifiers: Modifiers::NONE }
    }

    fn type_into(sought: Sought, text: &str, keys: &[Key]) -> (Probe, Vec<Action>) {
        let mut feed = Feed::default();
        feed.show(std::sync::Arc::new(fixture::snapshot()));
        let (rows, views) = (rows(), Views::default());
        let mut palette = Palette::new(sought);
        let mut probe = Probe::new(560.0, 380.0);
        let mut done = Vec::new();
        let mut time = 0.0;
        let mut draw = |ui: &mut Ui| {
            time += 0.1;
            palette.refresh(Known { rows: &rows, views: &views, filters: &SavedFilters::default() }, &feed, time);
            done.extend(palette_ui(ui, &mut palette));
        };
        probe.frame(None, &mut draw);
        probe.run(vec![Event::Text(text.into())], &mut draw);
        probe.frame(None, &mut draw);
        for k in keys {
            probe.run(vec![key(*k)], &mut draw);
        }
        probe.frame(None, &mut draw);
        (probe, done)
    }

    #[test]
    fn typing_narrows_and_enter_does_the_chosen_one() {
        let (probe, done) = type_into(Sought::Commands, "full screen", &[Key::Enter]);
        assert!(probe.shows("Program: full screen") && probe.shows("F11"), "{:?}", probe.texts());
        assert_eq!(done, [Action::FullScreen, Action::ClosePalette]);
        assert_eq!(probe.overlaps(), []);
        assert_eq!(probe.clipped(), [] as [String; 0]);
    }

    #[test]
    fn text_and_enter_within_one_frame_do_what_was_typed() {
        let (rows, views, feed) = (rows(), Views::default(), Feed::default());
        let mut palette = Palette::new(Sought::Commands);
        let mut probe = Probe::new(560.0, 380.0);
        let mut done = Vec::new();
        let mut draw = |ui: &mut Ui| {
            palette.refresh(Known { rows: &rows, views: &views, filters: &SavedFilters::default() }, &feed, 0.0);
            done.extend(palette_ui(ui, &mut palette));
        };
        probe.frame(None, &mut draw);
        probe.run(vec![Event::Text("full screen".into()), key(Key::Enter)], &mut draw);
        probe.frame(None, &mut draw);
        assert_eq!(done, [Action::FullScreen, Action::ClosePalette]);
    }

    #[test]
    fn what_is_typed_before_the_field_is_there_counts() {
        let (rows, views, feed) = (rows(), Views::default(), Feed::default());
        for (sought, typed, text) in
            [(Sought::Commands, "kfull screen", "full screen"), (Sought::Places, "/10.", "10.")]
        {
            let mut palette = Palette::new(sought);
            let mut probe = Probe::new(560.0, 380.0);
            let mut done = Vec::new();
            let mut draw = |ui: &mut Ui| {
                palette.refresh(Known { rows: &rows, views: &views, filters: &SavedFilters::default() }, &feed, 0.0);
                done.extend(palette_ui(ui, &mut palette));
            };
            let (first, rest) = typed.split_at(typed.len() - 2);
            probe.run(vec![Event::Text(first.into())], &mut draw);
            probe.run(vec![Event::Text(rest.into()), key(Key::Enter)], &mut draw);
            probe.frame(None, &mut draw);
            assert_eq!(palette.text, text);
            if sought == Sought::Commands {
                assert_eq!(done, [Action::FullScreen, Action::ClosePalette]);
            }
        }
    }

    #[test]
    fn what_waits_for_more_goes_on_in_the_field() {
        let (_, done) = type_into(Sought::Commands, "save view", &[Key::Enter]);
        assert_eq!(done, [], "the palette stays open");
        let (_, done) = type_into(Sought::Sources, "probe.example:561", &[Key::Enter]);
        assert_eq!(done, [Action::Open(vec!["-S probe.example:561".into()]), Action::ClosePalette]);
    }

    #[test]
    fn arrows_choose_another_and_escape_closes() {
        let (_, first) = type_into(Sought::Places, "1", &[Key::Enter]);
        let (_, second) = type_into(Sought::Places, "1", &[Key::ArrowDown, Key::Enter]);
        assert_ne!(first[0], second[0]);
        assert_eq!(type_into(Sought::Commands, "", &[Key::Escape]).1, [Action::ClosePalette]);
    }
}
