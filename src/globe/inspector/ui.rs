//! Hover card and details panel.

use bevy_egui::egui::{self, Align, FontId, Label, Layout, RichText, ScrollArea, Sense, Ui};

use super::cards::Card;
use super::model::{DetailModel, HoverModel};
use crate::globe::actions::Action;
use crate::globe::hud::text;
use crate::globe::hud::theme::{self, Icon};
use crate::globe::inks::inks;
use crate::globe::selection::Picked;
use crate::pipeline::Witness;

/// Draws the card under the pointer; `hint` stands behind its title.
pub fn hover_ui(ui: &mut Ui, model: &HoverModel, hint: &str) {
    ui.style_mut().wrap_mode = Some(egui::TextWrapMode::Extend);
    // A click belongs to the card, not to the text on it.
    ui.style_mut().interaction.selectable_labels = false;
    ui.spacing_mut().item_spacing.y = 2.0;
    ui.horizontal(|ui| {
        ui.label(RichText::new(&model.title).font(FontId::monospace(theme::BODY)).color(inks().text));
        if !hint.is_empty() {
            ui.label(theme::hint(hint));
        }
    });
    for line in &model.lines {
        ui.label(theme::label(line.as_str()));
    }
}

/// Draws a pinned card; the action is a click on one of its buttons.
pub fn card_ui(ui: &mut Ui, card: &Card) -> Option<Action> {
    let mut action = None;
    let model = &card.model;
    ui.spacing_mut().item_spacing.y = 2.0;
    ui.horizontal(|ui| {
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if theme::icon_button(ui, Icon::Close, "take this card away").clicked() {
                action = Some(Action::CloseCard(card.id));
            }
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                let title = RichText::new(&model.title).font(FontId::monospace(theme::BODY)).color(inks().text);
                ui.add(Label::new(title).truncate().selectable(false));
            });
        });
    });
    if !model.present {
        ui.label(theme::label("not in the window at this time"));
        return action;
    }
    for line in &model.lines {
        ui.add(Label::new(theme::label(line.as_str())).truncate().selectable(false));
    }
    ui.add_space(3.0);
    course_ui(ui, &model.course);
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 4.0;
        if ui.button("details").on_hover_text("select it and show all that is known of it").clicked() {
            action = Some(Action::Choose(card.thing));
        }
        if ui.button("add").on_hover_text("add it to what is selected, or take it out").clicked() {
            action = Some(Action::AddOrRemove(card.thing));
        }
        let tip = "show only these flows in the table";
        if !model.filter.is_empty() && ui.button("flows").on_hover_text(tip).clicked() {
            action = Some(Action::Filter(model.filter.clone()));
        }
    });
    action
}

/// Draws the details; the action is a click on a peer, a flow or a button. `witness` holds the records of a flow, and
/// whether the eye follows the selection is said as well.
pub fn detail_ui(ui: &mut Ui, model: &DetailModel, (witness, follows): (&Witness, bool)) -> Option<Action> {
    let mut action = None;
    ui.horizontal(|ui| {
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if theme::icon_button(ui, Icon::Close, "close (Esc)").clicked() {
                action = Some(Action::Details);
            }
            if theme::icon_button(ui, Icon::Pin, "pin a card of it, which stays (Shift+Enter)").clicked() {
                action = Some(Action::PinCard);
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
            if !model.filter.is_empty()
                && ui.button("flows in table").on_hover_text("show only these flows in the table").clicked()
            {
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
    action = filter_ui(ui, &model.argus, ["only this", "hide"], follows).or(action);
    action = words_ui(ui, model).or(action);
    ui.add_space(4.0);
    ScrollArea::vertical().auto_shrink([false, true]).min_scrolled_height(24.0).show(ui, |ui| {
        course_ui(ui, &model.course);
        rows_ui(ui, model);
        if model.flow.is_some() && model.flow == witness.flow {
            records_ui(ui, witness);
        }
        action = ports_ui(ui, model).or(action.take());
        action = members_ui(ui, model).or(action.take());
        action = peers_ui(ui, model).or(action.take());
        action = flows_ui(ui, model).or(action.take());
    });
    action
}

/// What can be done with the filter that only this passes, and following it. `faces` are those of the buttons that show
/// it alone and hide it.
pub(super) fn filter_ui(ui: &mut Ui, argus: &str, faces: [&str; 2], follows: bool) -> Option<Action> {
    let mut action = None;
    let joined = argus.contains(" and ") || argus.contains(" or ");
    let bracketed = || if joined { format!("({argus})") } else { argus.to_owned() };
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 4.0;
        let tip = "the eye goes where the selection goes, until it is moved (Shift+L)";
        if ui.selectable_label(follows, "follow").on_hover_text(tip).clicked() {
            action = Some(Action::Follow);
        }
        if argus.is_empty() {
            return;
        }
        let tip = |what: &str| format!("{what}: {argus}");
        if ui.button(faces[0]).on_hover_text(tip("show only what passes")).clicked() {
            action = Some(Action::Narrow(bracketed(), false));
        }
        if ui.button(faces[1]).on_hover_text(tip("show everything but")).clicked() {
            action = Some(Action::Narrow(bracketed(), true));
        }
        if ui.button("copy filter").on_hover_text(tip("copy")).clicked() {
            action = Some(Action::Copy(argus.to_owned()));
        }
    });
    action
}

/// Bits per second over the window as a line, with its greatest value.
fn course_ui(ui: &mut Ui, course: &[f64]) {
    let most = course.iter().copied().fold(0.0, f64::max);
    if course.len() < 2 || most <= 0.0 {
        return;
    }
    let (rect, response) = ui.allocate_exact_size(egui::vec2(ui.available_width(), 38.0), Sense::hover());
    ui.painter().rect_filled(rect, 3.0, inks().well);
    let plot = rect.shrink2(egui::vec2(4.0, 5.0));
    let step = plot.width() / (course.len() - 1) as f32;
    let points: Vec<egui::Pos2> = course
        .iter()
        .enumerate()
        .map(|(i, v)| egui::pos2(plot.left() + step * i as f32, plot.bottom() - plot.height() * (v / most) as f32))
        .collect();
    ui.painter().line(points, egui::Stroke::new(1.5, inks().bars[0]));
    let most = text::load(most);
    theme::paint_text(
        ui,
        plot.left_top(),
        egui::Align2::LEFT_TOP,
        &format!("most {most}"),
        FontId::proportional(theme::SMALL),
        inks().dim,
    );
    response.on_hover_text("traffic over the window, each flow's bits spread over its time");
    ui.add_space(4.0);
}

/// The records of a flow, newest first; each opens with all its fields.
fn records_ui(ui: &mut Ui, witness: &Witness) {
    section(ui, "Records", witness.records.len(), witness.count);
    for (i, record) in witness.records.iter().enumerate() {
        let of = |name: &str| record.fields.iter().find(|(n, _)| *n == name).map_or("", |(_, v)| v.as_str());
        let title = format!("{}  {} pkts  {} B", text::time_millis(record.span.start), of("pkts"), of("bytes"));
        let title = RichText::new(title).font(FontId::monospace(theme::SMALL));
        // Told apart by their times: the newest may be another one in the next frame.
        let id = ui.id().with((record.span.start.nanos(), record.span.end.nanos(), witness.count - i));
        egui::CollapsingHeader::new(title).id_salt(id).show(ui, |ui| {
            egui::Grid::new(id.with("fields")).num_columns(2).spacing(egui::vec2(10.0, 1.0)).show(ui, |ui| {
                for (name, value) in &record.fields {
                    ui.label(theme::label(*name));
                    ui.add(Label::new(RichText::new(value).font(FontId::monospace(theme::SMALL))).wrap());
                    ui.end_row();
                }
            });
        });
    }
}

fn ports_ui(ui: &mut Ui, model: &DetailModel) -> Option<Action> {
    let mut action = None;
    if model.ports.is_empty() {
        return None;
    }
    section(ui, "Ports", model.ports.len(), model.port_count);
    for (port, bytes) in &model.ports {
        let line = line_ui(ui, &format!("port {port}"), bytes, false);
        if line.on_hover_text("click: show only this port; Alt+click: everything else").clicked() {
            action = Some(Action::Narrow(format!("port {port}"), ui.input(|i| i.modifiers.alt)));
        }
    }
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

/// A line that can be clicked: text on the left, figures on the right; lit or not.
pub(super) fn line_ui(ui: &mut Ui, left: &str, right: &str, lit: bool) -> egui::Response {
    let size = egui::vec2(ui.available_width(), 18.0);
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    if response.hovered() || lit {
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
        let response = line_ui(ui, &format!("{addr}  {place}"), bytes, false);
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
        let response = line_ui(ui, who.trim_end(), &figures, false);
        let tip = format!("{}\n{}\n{} in the window", peer.name, peer.place, text::bytes(peer.bytes));
        if response.on_hover_text(tip).clicked() {
            let adds = ui.input(|i| i.modifiers.ctrl);
            let host = Picked::Host(peer.addr);
            action = Some(if adds { Action::AddOrRemove(host) } else { Action::FlyTo(peer.addr) });
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
        if line_ui(ui, line, bytes, false).on_hover_text(line).clicked() {
            let adds = ui.input(|i| i.modifiers.ctrl);
            let flow = Picked::Flow(*id);
            action = Some(if adds { Action::AddOrRemove(flow) } else { Action::SelectFlow(*id) });
        }
    }
    action
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::globe::fixture;
    use crate::globe::hud::probe::Probe;
    use crate::pipeline::Witnessed;

    #[test]
    fn a_click_on_a_peer_flies_to_it() {
        let s = fixture::snapshot();
        let addr = s.hosts[0].addr;
        let model = DetailModel::new(&s, Picked::Host(addr)).expect("details");
        let mut probe = Probe::new(330.0, 560.0);
        let mut action = None;
        let mut draw = |ui: &mut Ui| action = detail_ui(ui, &model, (&Witness::default(), false)).or(action.take());
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
    fn buttons_narrow_hide_and_copy_by_the_filter() {
        let s = fixture::snapshot();
        let (a, b) = (s.hosts[0].addr, s.hosts[3].addr);
        for (picked, filter, bracketed) in [
            (Picked::Host(a), "host 129.132.1.1", "host 129.132.1.1"),
            (Picked::Path(a, b), "host 129.132.1.1 and host 193.0.6.139", "(host 129.132.1.1 and host 193.0.6.139)"),
        ] {
            let model = DetailModel::new(&s, picked).expect("details");
            for (face, expect) in [
                ("only this", Action::Narrow(bracketed.into(), false)),
                ("hide", Action::Narrow(bracketed.into(), true)),
                ("copy filter", Action::Copy(filter.into())),
                ("follow", Action::Follow),
            ] {
                let mut probe = Probe::new(330.0, 560.0);
                let mut action = None;
                let mut draw =
                    |ui: &mut Ui| action = detail_ui(ui, &model, (&Witness::default(), false)).or(action.take());
                probe.frame(None, &mut draw);
                assert_eq!((probe.overlaps(), probe.clipped()), (vec![], vec![]));
                let at = probe.find(face).expect("a button");
                probe.frame(Some(at), &mut draw);
                assert_eq!(action, Some(expect));
            }
        }
    }

    #[test]
    fn a_port_is_shown_alone_or_with_alt_everything_else_is() {
        let s = fixture::snapshot();
        let model = DetailModel::new(&s, Picked::Host(s.hosts[0].addr)).expect("details");
        for (alt, negated) in [(false, false), (true, true)] {
            let mut probe = Probe::new(330.0, 700.0);
            let mut action = None;
            let mut draw = |ui: &mut Ui| action = detail_ui(ui, &model, (&Witness::default(), false)).or(action.take());
            probe.frame(None, &mut draw);
            // The word of the filter stands first, the line of the list behind it.
            let lines = probe.places_of("port 443");
            let at = *lines.last().expect("a line");
            let modifiers = if alt { egui::Modifiers::ALT } else { egui::Modifiers::NONE };
            probe.click(at, modifiers, &mut draw);
            assert_eq!(action, Some(Action::Narrow("port 443".into(), negated)));
        }
    }

    #[test]
    fn a_flow_is_drawn_whole() {
        let s = fixture::snapshot();
        let id = crate::globe::table::FlowId::of(&s.flows[1]);
        let model = DetailModel::new(&s, Picked::Flow(id)).expect("details");
        let fields =
            vec![("pkts", "7".to_owned()), ("bytes", "900".to_owned()), ("smac", "00:11:22:33:44:55".to_owned())];
        let record = Witnessed { span: s.flows[1].seen, fields };
        let witness =
            Witness { flow: Some((id.key, id.source)), records: vec![record], count: 9, ..Witness::default() };
        let mut probe = Probe::new(330.0, 700.0);
        let mut draw = |ui: &mut Ui| _ = detail_ui(ui, &model, (&witness, false));
        probe.frame(None, &mut draw);
        assert!(probe.shows("Records  1 of 9") && !probe.shows("smac"), "{:?}", probe.texts());
        let title = probe.texts().into_iter().find(|t| t.contains("7 pkts")).expect("a record").to_owned();
        let at = probe.find(&title).expect("a record");
        probe.frame(Some(at), &mut draw);
        for _ in 0..30 {
            probe.frame(None, &mut draw);
        }
        assert!(probe.shows("smac") && probe.shows("00:11:22:33:44:55"), "{:?}", probe.texts());
        probe.frame(None, &mut draw);
        assert!(
            probe.shows("dport") && probe.shows("Zurich, CH") && probe.overlaps().is_empty(),
            "{:?}",
            probe.texts()
        );
        assert_eq!(probe.clipped(), [] as [String; 0]);
    }

    #[test]
    fn a_pinned_card_is_drawn_whole_and_its_buttons_act() {
        let s = fixture::snapshot();
        let mut cards = crate::globe::inspector::Cards::default();
        let area = egui::Rect::from_min_size(egui::Pos2::ZERO, egui::vec2(800.0, 600.0));
        let thing = Picked::Host(s.hosts[0].addr);
        cards.pin(thing, area.min, area, &[]);
        cards.update(&s, 1);
        let card = cards.all_mut().next().expect("a card").clone();
        let size = crate::globe::inspector::CARD;
        for (face, expect) in [
            ("details", Action::Choose(thing)),
            ("add", Action::AddOrRemove(thing)),
            ("flows", Action::Filter("host=129.132.1.1".into())),
        ] {
            let mut probe = Probe::new(size.x + 16.0, size.y + 16.0);
            let mut action = None;
            let mut draw = |ui: &mut Ui| action = card_ui(ui, &card).or(action.take());
            probe.frame(None, &mut draw);
            assert!(probe.shows("Zurich, CH") && probe.shows("most "), "{:?}", probe.texts());
            assert_eq!((probe.overlaps(), probe.clipped()), (vec![], vec![]));
            let at = probe.find(face).expect("a button");
            probe.frame(Some(at), &mut draw);
            assert_eq!(action, Some(expect));
        }
    }

    #[test]
    fn the_card_is_drawn_whole() {
        let s = fixture::snapshot();
        let model = HoverModel::new(&s, &s.hosts[0]);
        let mut probe = Probe::new(340.0, 180.0);
        probe.frame(None, |ui| hover_ui(ui, &model, "Enter pins"));
        assert!(probe.clipped().is_empty() && probe.overlaps().is_empty());
        assert_eq!(probe.texts().len(), model.lines.len() + 2);
    }
}
