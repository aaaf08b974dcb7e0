//! Addresses without a place: a list instead of a made-up position.

use bevy_egui::egui::{self, Align, FontId, Layout, RichText, ScrollArea, Ui};

use super::text;
use super::theme::{self, Icon};
use crate::base::units::grouped;
use crate::cache::Snapshot;
use crate::globe::actions::Action;
use crate::globe::inks::inks;

const ROW: f32 = 18.0;

/// Draws the list; the action is a click on an address or on the cross.
pub(super) fn shelf_ui(ui: &mut Ui, snapshot: &Snapshot) -> Option<Action> {
    let mut action = None;
    let all = snapshot.totals.unplaced_hosts.max(snapshot.unplaced.len() as u64);
    ui.horizontal(|ui| {
        ui.label(theme::heading("No place"));
        ui.label(theme::label(format!("{} addresses", grouped(all))));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if theme::icon_button(ui, Icon::Close, "close (I)").clicked() {
                action = Some(Action::Unplaced);
            }
        });
    });
    if snapshot.unplaced.is_empty() {
        ui.label(theme::label("every address in the window has a place"));
        return action;
    }
    ScrollArea::vertical().auto_shrink([false, true]).max_height(230.0).show_rows(
        ui,
        ROW,
        snapshot.unplaced.len(),
        |ui, range| {
            for host in snapshot.unplaced.get(range).unwrap_or_default() {
                let (rect, response) =
                    ui.allocate_exact_size(egui::vec2(ui.available_width(), ROW), egui::Sense::click());
                if response.hovered() {
                    ui.painter().rect_filled(rect, 3.0, inks().accent_ground);
                }
                let paint = |x: f32, anchor, text: &str, ink| {
                    let at = egui::pos2(x, rect.center().y);
                    theme::paint_text(ui, at, anchor, text, FontId::monospace(theme::SMALL), ink);
                };
                let bytes = host.sent.bytes.saturating_add(host.received.bytes);
                let addr = text::shorten(&host.addr.to_string(), 30);
                paint(rect.left(), egui::Align2::LEFT_CENTER, &addr, inks().text);
                paint(rect.right() - 4.0, egui::Align2::RIGHT_CENTER, &text::bytes(bytes), inks().dim);
                let tip = format!("{}: {}\n{} flows in the window", host.addr, host.why, host.flows);
                if response.on_hover_text(tip).clicked() {
                    action = Some(Action::Filter(format!("host={}", host.addr)));
                }
            }
        },
    );
    if all > snapshot.unplaced.len() as u64 {
        let text = format!("the first {} by volume", grouped(snapshot.unplaced.len() as u64));
        ui.label(RichText::new(text).size(theme::SMALL).color(inks().faint));
    }
    action
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::globe::fixture;
    use crate::globe::hud::probe::Probe;

    #[test]
    fn a_click_on_an_address_filters_the_table() {
        let s = fixture::snapshot();
        let mut probe = Probe::new(300.0, 300.0);
        let mut action = None;
        let mut draw = |ui: &mut Ui| action = shelf_ui(ui, &s).or(action.take());
        probe.frame(None, &mut draw);
        assert!(probe.shows("2 addresses") && probe.overlaps().is_empty());
        let at = probe.find("10.0.0.5").expect("listed");
        probe.frame(Some(at), &mut draw);
        assert_eq!(action, Some(Action::Filter("host=10.0.0.5".into())));
    }
}
