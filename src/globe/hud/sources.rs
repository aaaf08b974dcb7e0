//! The list of sources: where records come from, what each source does, how many it gave and lost.

use bevy_egui::egui::{self, Color32, Label, RichText, ScrollArea, Sense, Ui, vec2};

use super::status::state_words;
use super::{text, theme};
use crate::base::units::grouped;
use crate::cache::{Snapshot, SourceHealth};
use crate::globe::actions::Action;
use crate::globe::colouring::{ColourBy, Kinds};
use crate::globe::inks::inks;

/// Draws the list. Where pins are coloured by sensor, each source has its colour.
pub(super) fn list_ui(ui: &mut Ui, snapshot: &Snapshot, kinds: Option<&Kinds>, height: f32) -> Option<Action> {
    let mut action = None;
    let sources = &snapshot.health.sources;
    ui.horizontal(|ui| {
        ui.label(theme::heading(format!("Sources  {}", grouped(sources.len() as u64))));
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            if theme::icon_button(ui, theme::Icon::Close, "close (Esc)").clicked() {
                action = Some(Action::Sources);
            }
            if kinds.is_none() && sources.len() > 1 && ui.button("as colours").clicked() {
                action = Some(Action::Colour(ColourBy::Sensor));
            }
        });
    });
    ScrollArea::vertical().max_height(height).auto_shrink([false, true]).show(ui, |ui| {
        for source in sources {
            source_ui(ui, source, kinds);
        }
    });
    action
}

fn source_ui(ui: &mut Ui, source: &SourceHealth, kinds: Option<&Kinds>) {
    let (state, mark) = state_words(source);
    ui.add_space(4.0);
    ui.horizontal(|ui| {
        theme::mark(ui, mark);
        let name = RichText::new(text::shorten_left(&source.name, 44)).color(inks().text);
        ui.add(Label::new(name).truncate()).on_hover_text(&source.name);
        let colour = kinds.and_then(|k| k.named.iter().find(|(_, name, _)| *name == source.name));
        if let Some((colour, ..)) = colour {
            let (rect, _) = ui.allocate_exact_size(vec2(12.0, 12.0), Sense::hover());
            let [r, g, b] = inks().kind(Some(*colour));
            ui.painter().circle_filled(rect.center(), 4.5, Color32::from_rgb(r, g, b));
        }
    });
    let mut line = format!("{}: {state} \u{b7} {} records", source.kind, grouped(source.records));
    for (n, what) in [(source.dropped, "lost"), (source.damaged, "damaged")] {
        if n > 0 {
            line.push_str(&format!(", {} {what}", grouped(n)));
        }
    }
    ui.horizontal(|ui| {
        ui.add_space(20.0);
        ui.add(Label::new(theme::label(line)).wrap());
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cache::SourceState;
    use crate::globe::colouring::kinds;
    use crate::globe::fixture;
    use crate::globe::hud::probe::Probe;
    use crate::record::SourceId;

    #[test]
    fn every_source_has_its_state_in_words() {
        let mut s = fixture::snapshot();
        let mut lost = fixture::source(SourceState::Retrying("connection refused".into()));
        (lost.id, lost.name, lost.kind, lost.dropped) = (SourceId(1), "probe:561".into(), "argus stream", 12);
        s.health.sources.push(lost);
        let mut probe = Probe::new(360.0, 300.0);
        let mut action = None;
        let mut draw = |ui: &mut Ui| action = list_ui(ui, &s, None, 200.0).or(action.take());
        probe.frame(None, &mut draw);
        for piece in ["probe:561", "lost, trying again: connection refused", "12 lost", "captures/today.pcap"] {
            assert!(probe.shows(piece), "{piece} is missing in {:?}", probe.texts());
        }
        assert_eq!((probe.overlaps(), probe.clipped()), (vec![], vec![]));
        let at = probe.find("as colours").expect("a button");
        probe.frame(Some(at), &mut draw);
        assert_eq!(action, Some(Action::Colour(ColourBy::Sensor)));
        let kinds = kinds(&s, &ColourBy::Sensor).expect("kinds");
        probe.frame(None, |ui| _ = list_ui(ui, &s, Some(&kinds), 200.0));
        assert!(!probe.shows("as colours"));
    }
}
