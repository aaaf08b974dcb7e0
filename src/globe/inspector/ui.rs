//! Hover card and details panel.

use bevy_egui::egui::{self, Align, FontId, Label, Layout, RichText, ScrollArea, Sense, Ui};

use super::model::{DetailModel, HoverModel};
use crate::globe::actions::Action;
use crate::globe::hud::text;
use crate::globe::hud::theme::{self, Icon};
use crate::globe::inks::inks;

/// Draws the card under the pointer.
pub fn hover_ui(ui: &mut Ui, model: &HoverModel) {
    ui.style_mut().wrap_mode = Some(egui::TextWrapMode::Extend);
    ui.spacing_mut().item_spacing.y = 2.0;
    ui.label(RichText::new(&model.title).font(FontId::monospace(theme::BODY)).color(inks().text));
    for line in &model.lines {
        ui.label(theme::label(line.as_str()));
    }
}

/// Draws the details; the action is a click on a peer, a flow or a button.
pub fn detail_ui(ui: &mut Ui, model: &DetailModel) -> Option<Action> {
    let mut action = None;
    ui.horizontal(|ui| {
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if theme::icon_button(ui, Icon::Close, "close (Esc)").clicked() {
                action = Some(Action::Details);
            }
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                let title = RichText::new(&model.title).font(FontId::monospace(15.0)).color(inks().text);
                ui.add(Label::new(title).truncate());
            });
        });
    });
    if !model.present {
        ui.label(theme::label("not in the window at this time"));
        return action;
    }
    ui.horizontal(|ui| {
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if ui.button("flows in table").on_hover_text("show only these flows in the table").clicked() {
                action = Some(Action::Filter(model.filter.clone()));
            }
            if ui.button("copy").on_hover_text("copy the address (Ctrl+C)").clicked() {
                action = Some(Action::CopyAddress);
            }
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                ui.add(Label::new(RichText::new(&model.subtitle).color(inks().accent)).truncate());
            });
        });
    });
    action = words_ui(ui, model).or(action);
    ui.add_space(4.0);
    ScrollArea::vertical().auto_shrink([false, true]).min_scrolled_height(24.0).show(ui, |ui| {
        rows_ui(ui, model);
        action = members_ui(ui, model).or(action.take());
        action = peers_ui(ui, model).or(action.take());
        action = flows_ui(ui, model).or(action.take());
    });
    action
}

/// Words that a click adds to the filter of the picture; with Alt what they say is excluded.
fn words_ui(ui: &mut Ui, model: &DetailModel) -> Option<Action> {
    let mut action = None;
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = egui::vec2(4.0, 4.0);
        for word in &model.words {
            let face = RichText::new(word).font(FontId::monospace(theme::SMALL));
            let response = ui.button(face).on_hover_text("click: show only this; Alt+click: everything else");
            if response.clicked() {
                action = Some(Action::Narrow(word.clone(), ui.input(|i| i.modifiers.alt)));
            }
        }
    });
    action
}

fn rows_ui(ui: &mut Ui, model: &DetailModel) {
    for (name, value) in &model.rows {
        ui.horizontal_top(|ui| {
            let (rect, _) = ui.allocate_exact_size(egui::vec2(52.0, 16.0), Sense::hover());
            let font = FontId::proportional(theme::SMALL);
            theme::paint_text(ui, rect.left_center(), egui::Align2::LEFT_CENTER, name, font, inks().dim);
            ui.add(Label::new(RichText::new(value).size(12.0)).wrap());
        });
    }
}

fn section(ui: &mut Ui, title: &str, shown: usize, all: usize) {
    ui.add_space(8.0);
    let text = if shown < all { format!("{title}  {shown} of {all}") } else { format!("{title}  {all}") };
    ui.label(theme::label(text));
    let (rect, _) = ui.allocate_exact_size(egui::vec2(ui.available_width(), 1.0), Sense::hover());
    ui.painter().hline(rect.x_range(), rect.center().y, egui::Stroke::new(1.0, inks().line));
}

/// A line that can be clicked: text on the left, figures on the right.
fn line_ui(ui: &mut Ui, left: &str, right: &str) -> egui::Response {
    let size = egui::vec2(ui.available_width(), 18.0);
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    if response.hovered() {
        ui.painter().rect_filled(rect.expand2(egui::vec2(4.0, 0.0)), 3.0, inks().accent_ground);
    }
    let font = FontId::monospace(theme::SMALL);
    let right = ui.painter().layout_no_wrap(right.to_owned(), font.clone(), inks().dim);
    let room = rect.width() - right.size().x - 10.0;
    let mut job = egui::text::LayoutJob::simple_singleline(left.to_owned(), font, inks().text);
    job.wrap = egui::text::TextWrapping::truncate_at_width(room);
    let left = ui.painter().layout_job(job);
    let y = rect.center().y - left.size().y * 0.5;
    let x = rect.right() - right.size().x;
    ui.painter().galley(egui::pos2(rect.left(), y), left, inks().text);
    ui.painter().galley(egui::pos2(x, y), right, inks().dim);
    response
}

/// A rate without its unit, which the heading names: `12.2k`.
fn short(load: f64) -> String {
    crate::base::units::si(load, "").replace(' ', "")
}

fn members_ui(ui: &mut Ui, model: &DetailModel) -> Option<Action> {
    let mut action = None;
    if model.members.is_empty() {
        return None;
    }
    section(ui, "Addresses", model.members.len(), model.member_count);
    for (addr, place, bytes) in &model.members {
        let response = line_ui(ui, &format!("{addr}  {place}"), bytes);
        if response.on_hover_text("show single addresses, and this one").clicked() {
            action = Some(Action::ShowAddress(*addr));
        }
    }
    action
}

fn peers_ui(ui: &mut Ui, model: &DetailModel) -> Option<Action> {
    let mut action = None;
    if model.peers.is_empty() {
        return None;
    }
    section(ui, "Peers, bit/s", model.peers.len(), model.peer_count);
    for peer in &model.peers {
        let figures = format!("\u{2192}{} \u{2190}{}", short(peer.load_to), short(peer.load_from));
        let who = format!("{}  {}", peer.name, peer.place);
        let response = line_ui(ui, who.trim_end(), &figures);
        let tip = format!("{}\n{}\n{} in the window", peer.name, peer.place, text::bytes(peer.bytes));
        if response.on_hover_text(tip).clicked() {
            action = Some(Action::FlyTo(peer.addr));
        }
    }
    action
}

fn flows_ui(ui: &mut Ui, model: &DetailModel) -> Option<Action> {
    let mut action = None;
    if model.flows.is_empty() {
        return None;
    }
    section(ui, "Flows", model.flows.len(), model.flow_count);
    for (id, line, bytes) in &model.flows {
        if line_ui(ui, line, bytes).on_hover_text(line).clicked() {
            action = Some(Action::SelectFlow(*id));
        }
    }
    action
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::globe::fixture;
    use crate::globe::hud::probe::Probe;
    use crate::globe::selection::Picked;

    #[test]
    fn a_click_on_a_peer_flies_to_it() {
        let s = fixture::snapshot();
        let addr = s.hosts[0].addr;
        let model = DetailModel::new(&s, Picked::Host(addr)).expect("details");
        let mut probe = Probe::new(330.0, 560.0);
        let mut action = None;
        let mut draw = |ui: &mut Ui| action = detail_ui(ui, &model).or(action.take());
        probe.frame(None, &mut draw);
        assert!(probe.shows("Zurich, CH") && probe.shows("Peers, bit/s  2") && probe.shows("Flows  2"));
        assert_eq!(probe.overlaps(), []);
        let texts = probe.texts().join("|");
        let line = probe.texts().into_iter().find(|t| t.starts_with("193.0.6.139  Ams")).map(str::to_owned);
        let at = line.and_then(|l| probe.find(&l)).unwrap_or_else(|| panic!("no peer in {texts}"));
        probe.frame(Some(at), &mut draw);
        assert_eq!(action, Some(Action::FlyTo("193.0.6.139".parse().expect("an address"))));
    }

    #[test]
    fn the_card_is_drawn_whole() {
        let s = fixture::snapshot();
        let model = HoverModel::new(&s, &s.hosts[0]);
        let mut probe = Probe::new(340.0, 180.0);
        probe.frame(None, |ui| hover_ui(ui, &model));
        assert!(probe.clipped().is_empty() && probe.overlaps().is_empty());
        assert_eq!(probe.texts().len(), model.lines.len() + 1);
    }
}
