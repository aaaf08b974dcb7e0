//! The list of alerts.

use bevy_egui::egui::{self, Align, FontId, Label, Layout, RichText, ScrollArea, Sense, Ui};

use super::model::AlertRow;
use crate::globe::actions::Action;
use crate::globe::hud::text;
use crate::globe::hud::theme::{self, Icon, Mark};
use crate::globe::inks::inks;

/// Most rows that are drawn.
const MOST: usize = 200;

/// Draws the list, as high as there is room in points; the action is a click on a row or on the cross that closes it.
pub fn alerts_ui(ui: &mut Ui, rows: &[AlertRow], room: f32, closable: bool) -> Option<Action> {
    let mut action = None;
    let active = rows.iter().filter(|r| r.active).count();
    let ahead = rows.iter().filter(|r| r.ahead).count();
    let ahead = if ahead > 0 { format!("{ahead} ahead, ") } else { String::new() };
    ui.horizontal(|ui| {
        ui.label(theme::heading("Alerts"));
        ui.label(theme::label(format!("{ahead}{active} now, {} in all", rows.len())));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if closable && theme::icon_button(ui, Icon::Close, "close (!)").clicked() {
                action = Some(Action::Alerts);
            }
        });
    });
    if rows.is_empty() {
        ui.add_space(4.0);
        ui.add(
            Label::new(theme::label(
                "Nothing yet. Rules are given with --alert or as alert = [\"\u{2026}\"] in the configuration.",
            ))
            .wrap(),
        );
        return action;
    }
    ui.add_space(4.0);
    ScrollArea::vertical().max_height(room.max(60.0)).auto_shrink([false, true]).show(ui, |ui| {
        for row in rows.iter().take(MOST) {
            if row_ui(ui, row).clicked() {
                let there = row.addr.filter(|_| !row.ahead).map(Action::FlyTo);
                action = there.or(Some(Action::Seek(row.since)));
            }
        }
    });
    action
}

fn row_ui(ui: &mut Ui, row: &AlertRow) -> egui::Response {
    let ink = if row.active || row.ahead { inks().text } else { inks().dim };
    let inner = ui.horizontal_top(|ui| {
        ui.spacing_mut().item_spacing.x = 8.0;
        theme::mark(ui, if row.active || row.ahead { Mark::Alert } else { Mark::Idle });
        ui.vertical(|ui| {
            ui.spacing_mut().item_spacing.y = 1.0;
            ui.add(Label::new(RichText::new(&row.text).size(12.0).color(ink)).wrap().selectable(false));
            let (_, since) = text::date_and_time(row.since);
            let (_, until) = text::date_and_time(row.until);
            let when = match (row.ahead, row.active) {
                (true, _) => format!("ahead of the playhead, at {since}"),
                (false, true) => format!("since {since}"),
                (false, false) => format!("{since} to {until}"),
            };
            let line = RichText::new(when).font(FontId::monospace(theme::SMALL)).color(inks().faint);
            ui.add(Label::new(line).selectable(false));
        });
    });
    ui.add_space(4.0);
    let response = inner.response.interact(Sense::click());
    let tip = match row.addr {
        Some(_) if !row.ahead => format!("{}\nclick: fly there", row.rule),
        _ => format!("{}\nclick: go to that time", row.rule),
    };
    response.on_hover_text(tip)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::model::rows;
    use super::*;
    use crate::globe::fixture::{self, alert};
    use crate::globe::hud::probe::Probe;

    #[test]
    fn a_click_on_an_alert_flies_to_its_address() {
        let rows = rows(&[alert("129.132.1.1", 60, 0), alert("192.0.2.9", 500, 400)], fixture::now(), false);
        let mut probe = Probe::new(340.0, 300.0);
        let mut action = None;
        let mut draw = |ui: &mut Ui| action = alerts_ui(ui, &rows, 200.0, true).or(action.take());
        probe.frame(None, &mut draw);
        assert!(probe.shows("1 now, 2 in all") && probe.shows("since 21:43:00"), "{:?}", probe.texts());
        assert_eq!(probe.overlaps(), []);
        let at = probe.find("since 21:43:00").expect("drawn");
        probe.frame(Some(at), &mut draw);
        assert_eq!(action, Some(Action::FlyTo("129.132.1.1".parse().expect("an address"))));
    }

    #[test]
    fn a_click_on_what_lies_ahead_goes_to_its_time() {
        let (alerts, past) = ([alert("129.132.1.1", 60, 0)], fixture::now() - Duration::from_secs(300));
        let rows = rows(&alerts, past, true);
        let mut probe = Probe::new(340.0, 300.0);
        let mut action = None;
        let mut draw = |ui: &mut Ui| action = alerts_ui(ui, &rows, 200.0, true).or(action.take());
        probe.frame(None, &mut draw);
        assert!(probe.shows("1 ahead, 0 now, 1 in all"), "{:?}", probe.texts());
        let at = probe.find("ahead of the playhead, at 21:43:00").expect("drawn");
        probe.frame(Some(at), &mut draw);
        assert_eq!(action, Some(Action::Seek(fixture::now() - Duration::from_secs(60))));
    }

    #[test]
    fn an_empty_list_says_how_to_fill_it() {
        let mut probe = Probe::new(340.0, 120.0);
        probe.frame(None, |ui| {
            alerts_ui(ui, &[], 200.0, true);
        });
        assert!(probe.shows("--alert"));
    }
}
