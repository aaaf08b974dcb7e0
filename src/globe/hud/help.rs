//! All keys with what they do, layers with their state, and whose data and pictures these are.

use bevy_egui::egui::{self, Grid, Label, RichText, ScrollArea, Sense, Ui, vec2};

use super::theme;
use crate::globe::actions::{Action, Group, Row};
use crate::globe::inks::inks;
use crate::globe::layers::Layers;

/// Whose data and pictures these are; the first line must be shown wherever the databases are.
pub const CREDITS: [&str; 4] = [
    "IP geolocation by DB-IP (https://db-ip.com). AS data: Route Views (https://www.routeviews.org), DB-IP and NRO \
     (https://www.nro.net). CC BY 4.0, condensed and modified.",
    "Imagery: NASA Earth Observatory (Blue Marble, Black Marble) and Natural Earth / Tom Patterson.",
    "Map data: made with Natural Earth. Stars: XHIP via d3-celestial \u{a9} 2015 Olaf Frohn (BSD-3-Clause).",
    "Fonts: Noto Sans, JetBrains Mono (SIL OFL 1.1). Argus is a trademark of QoSient, LLC; this is an independent program.",
];

/// Draws the help; the action is a click on a row.
pub fn help_ui(ui: &mut Ui, rows: &[Row], layers: Layers) -> Option<Action> {
    let mut action = None;
    ui.horizontal(|ui| {
        ui.label(theme::heading("Keys"));
        let version = format!("argus-globe {}", env!("CARGO_PKG_VERSION"));
        ui.label(theme::label(version));
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            if theme::icon_button(ui, theme::Icon::Close, "close (Esc)").clicked() {
                action = Some(Action::Help);
            }
        });
    });
    ui.add_space(6.0);
    let height = (ui.ctx().viewport_rect().height() - 190.0).max(160.0);
    ScrollArea::vertical().max_height(height).auto_shrink([false, true]).show(ui, |ui| {
        let columns: [&[Group]; 3] =
            [&[Group::Layers, Group::Selection], &[Group::Time, Group::Program], &[Group::View, Group::Data]];
        ui.columns(columns.len(), |uis| {
            for (ui, groups) in uis.iter_mut().zip(columns) {
                for group in groups {
                    action = group_ui(ui, *group, rows, layers).or(action.take());
                }
            }
        });
    });
    ui.add_space(4.0);
    ui.label(theme::hint(
        "Pointer: drag turns \u{b7} wheel zooms to the pointer \u{b7} click selects \u{b7} Ctrl+click adds \u{b7} double-click goes nearer \u{b7} \
         Ctrl+drag or middle drag tilts \u{b7} right drag zooms",
    ));
    ui.add_space(4.0);
    ui.spacing_mut().item_spacing.y = 1.0;
    for line in CREDITS {
        ui.add(Label::new(theme::hint(line)).wrap());
    }
    action
}

fn group_ui(ui: &mut Ui, group: Group, rows: &[Row], layers: Layers) -> Option<Action> {
    let mut action = None;
    ui.label(theme::label(group.title()).color(inks().accent));
    ui.add_space(2.0);
    Grid::new(group.title()).num_columns(2).spacing(vec2(10.0, 2.0)).min_row_height(20.0).show(ui, |ui| {
        for row in rows.iter().filter(|r| r.group == group) {
            let lit = matches!(row.action, Action::Toggle(id) if layers.is_on(id));
            ui.horizontal(|ui| {
                ui.spacing_mut().item_spacing.x = 4.0;
                ui.set_min_width(if group == Group::Layers { 26.0 } else { 72.0 });
                for key in &row.keys {
                    if theme::keycap(ui, &key.to_string(), lit, Sense::click()).clicked() {
                        action = Some(row.action.clone());
                    }
                }
            });
            let state = match row.action {
                Action::Toggle(_) if lit => "  on",
                Action::Toggle(_) => "  off",
                _ => "",
            };
            ui.horizontal(|ui| {
                ui.spacing_mut().item_spacing.x = 0.0;
                ui.label(RichText::new(row.help).size(12.0));
                ui.label(theme::hint(state));
            });
            ui.end_row();
        }
    });
    ui.add_space(8.0);
    action
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::globe::actions::rows;
    use crate::globe::hud::probe::Probe;
    use crate::globe::layers::{LAYERS, LayerId};

    #[test]
    fn every_key_and_every_layer_state_is_shown() {
        let mut layers = Layers::default();
        layers.set(LayerId::Clouds, false);
        let rows = rows();
        let mut probe = Probe::new(960.0, 900.0);
        let mut action = None;
        let mut draw = |ui: &mut Ui| action = help_ui(ui, &rows, layers).or(action.take());
        probe.frame(None, &mut draw);
        for row in &rows {
            assert!(probe.shows(row.help), "{} is missing", row.help);
            for key in &row.keys {
                assert!(probe.find(&key.to_string()).is_some(), "{key} is missing");
            }
        }
        let off = probe.texts().iter().filter(|t| t.trim() == "off").count();
        assert_eq!(off, LAYERS.iter().filter(|l| !layers.is_on(l.id)).count());
        assert!(probe.shows("DB-IP (https://db-ip.com)"));
        assert_eq!(probe.overlaps(), []);
        assert_eq!(probe.clipped(), [] as [String; 0]);
        let at = probe.find("C").expect("the key of clouds");
        probe.frame(Some(at), &mut draw);
        assert_eq!(action, Some(Action::Toggle(LayerId::Clouds)));
    }
}
