//! The flow table's panel.

use bevy_egui::egui::{
    self, Align, Color32, FontId, Key, Layout, Rect, Response, RichText, Sense, TextEdit, TextWrapMode, Ui, vec2,
};
use egui_extras::{Column as Width, TableBuilder, TableRow};

use super::columns::{COLUMNS, Column, Spec};
use super::model::{FlowId, MOST_COPIED, View, Wish, has_end, joins};
use super::query::NAMES;
use crate::base::units::grouped;
use crate::cache::{By, FlowRow, Snapshot};
use crate::globe::actions::Action;
use crate::globe::hud::{text, theme};
use crate::globe::inks::inks;
use crate::globe::selection::{Picked, Selection};

/// Height of a row in points.
const ROW: f32 = 19.0;

/// What the panel reads, and the wish it may change.
pub struct TableModel<'a> {
    /// The finished answer.
    pub view: &'a View,
    /// What the user asks for.
    pub wish: &'a mut Wish,
    /// Columns shown, in order.
    pub columns: &'a [Column],
    /// What is selected.
    pub selection: &'a Selection,
    /// Put the keyboard into the text box.
    pub focus: bool,
    /// Bring the first row of the selection into sight.
    pub reveal: bool,
    /// Whether there is a cross that closes it.
    pub closable: bool,
}

/// Draws the table; the action is a click on a row.
pub fn table_ui(ui: &mut Ui, model: &mut TableModel) -> Option<Action> {
    let mut action = head_ui(ui, model);
    ui.add_space(4.0);
    let rows = body_ui(ui, model);
    action = action.or(rows);
    action
}

/// Title, sums and text box.
fn head_ui(ui: &mut Ui, model: &mut TableModel) -> Option<Action> {
    let mut action = None;
    ui.horizontal(|ui| {
        ui.label(theme::heading("Flows"));
        ui.add_space(4.0);
        ui.label(sums_text(model.view));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if model.closable && theme::icon_button(ui, theme::Icon::Close, "close the flow table (F)").clicked() {
                action = Some(Action::Toggle(crate::globe::layers::LayerId::Table));
            }
            action = columns_menu(ui, model.columns).or(action.take());
            action = copy_menu(ui, model).or(action.take());
            if !model.wish.text.is_empty() && ui.button("clear").clicked() {
                model.wish.text.clear();
            }
            let tip = format!("words joined by \u{201c}and\u{201d}, or parted by the word or; ! turns one around; name=value for {NAMES}");
            let edit = TextEdit::singleline(&mut model.wish.text)
                .id(egui::Id::new("flow-filter"))
                .font(FontId::monospace(theme::MONO))
                .hint_text(RichText::new("filter:  tcp  dport=443  co=de  !host=10.0.0.0/8").color(inks().faint))
                .desired_width(340.0_f32.min(ui.available_width()));
            let response = ui.add(edit).on_hover_text(tip);
            if model.focus {
                response.request_focus();
            }
            if response.has_focus() && ui.input(|i| i.key_pressed(Key::Escape)) {
                response.surrender_focus();
            }
        });
    });
    action
}

/// The rows as text for the clipboard.
fn copy_menu(ui: &mut Ui, model: &TableModel) -> Option<Action> {
    let mut action = None;
    ui.add_enabled_ui(!model.view.rows.is_empty(), |ui| {
        let menu = ui.menu_button("copy", |ui| {
            ui.set_min_width(150.0);
            for (face, json) in [("rows as CSV", false), ("rows as JSON lines", true)] {
                if ui.button(face).clicked() {
                    let rows = model.view.rows.len().min(MOST_COPIED);
                    let told = format!("{} rows", grouped(rows as u64));
                    action = Some(Action::CopyRows(model.view.copied(model.columns, json), told));
                    ui.close();
                }
            }
        });
        menu.response.on_hover_text("the rows that pass, with the columns shown");
    });
    action
}

/// Which columns are shown; the action changes them.
fn columns_menu(ui: &mut Ui, shown: &[Column]) -> Option<Action> {
    let mut action = None;
    ui.menu_button("columns", |ui| {
        ui.set_min_width(150.0);
        ui.label(theme::hint("drag a heading to move it"));
        for spec in COLUMNS {
            let mut on = shown.contains(&spec.column);
            if ui.checkbox(&mut on, spec.name).on_hover_text(spec.about).changed() {
                let mut columns: Vec<Column> = shown.iter().copied().filter(|c| *c != spec.column).collect();
                if on {
                    columns.push(spec.column);
                }
                if !columns.is_empty() {
                    action = Some(Action::Columns(columns));
                }
            }
        }
        if ui.button("as at first").clicked() {
            action = Some(Action::Columns(Column::at_first()));
            ui.close();
        }
    });
    action
}

/// Columns with the one at a place moved to another place.
fn moved(columns: &[Column], from: usize, to: usize) -> Vec<Column> {
    let mut columns = columns.to_vec();
    if from < columns.len() {
        let column = columns.remove(from);
        columns.insert(to.min(columns.len()), column);
    }
    columns
}

/// Count and sums of the rows that pass.
fn sums_text(view: &View) -> RichText {
    let (shown, all) = (view.rows.len() as u64, view.snapshot.flows.len() as u64);
    let mut count = if shown == all {
        format!("{} flows", grouped(all))
    } else {
        format!("{} of {} flows", grouped(shown), grouped(all))
    };
    if view.snapshot.level.by != By::Address {
        count.push_str(&format!(" by {}", view.snapshot.level));
    }
    let s = &view.sums;
    let (pkts, bytes) = (s.src.pkts.saturating_add(s.dst.pkts), s.src.bytes.saturating_add(s.dst.bytes));
    theme::label(format!(
        "{count}  \u{b7}  {} pkts  \u{b7}  {}  \u{b7}  {}  \u{b7}  {} records",
        grouped(pkts),
        text::bytes(bytes),
        text::load(s.load),
        grouped(s.records)
    ))
}

fn body_ui(ui: &mut Ui, model: &mut TableModel) -> Option<Action> {
    let mut action = None;
    let selection = model.selection.on_pins(&model.view.snapshot);
    let char_width = ui.ctx().fonts_mut(|f| f.glyph_width(&FontId::monospace(theme::MONO), '0'));
    // Spare width goes to all columns alike, so that the table always fills its panel.
    let specs: Vec<&Spec> = model.columns.iter().map(|c| c.spec()).collect();
    let chars: f32 = specs.iter().map(|c| c.chars).sum();
    let spacing = 10.0;
    let spare = (ui.available_width() - 12.0 - specs.len() as f32 * spacing - chars * char_width).max(0.0);
    let each = spare / specs.len().max(1) as f32;
    ui.scope(|ui| {
        ui.style_mut().wrap_mode = Some(TextWrapMode::Truncate);
        ui.spacing_mut().item_spacing = vec2(spacing, 0.0);
        let mut table = TableBuilder::new(ui)
            .id_salt("flows")
            .striped(false)
            .sense(Sense::click())
            .auto_shrink(false)
            .cell_layout(Layout::left_to_right(Align::Center));
        for spec in &specs {
            table = table.column(Width::exact(spec.chars * char_width + each).clip(true));
        }
        if model.reveal
            && let Some(at) = first_selected(model)
        {
            table = table.scroll_to_row(at, Some(Align::Center));
        }
        let table = table.header(20.0, |mut row| action = header_ui(&mut row, model.wish, &specs));
        table.body(|body| {
            body.rows(ROW, model.view.rows.len(), |mut row| {
                let Some(flow) = model.view.row(row.index()) else { return };
                let look = Look::of(flow, &selection);
                row.set_selected(look == Look::Selected);
                let at = cells_ui(&mut row, flow, &model.view.snapshot, look, &specs);
                let word = at.and_then(|column| column.word(flow, &model.view.snapshot));
                let response = row.response();
                let held = response.ctx.input(|i| i.modifiers);
                match word.filter(|_| held.alt) {
                    Some(word) if response.clicked() => action = Some(Action::Narrow(word, true)),
                    _ if response.clicked() && held.ctrl => {
                        action = Some(Action::AddOrRemove(Picked::Flow(FlowId::of(flow))));
                    }
                    _ if response.clicked() => action = Some(Action::SelectFlow(FlowId::of(flow))),
                    _ => {}
                }
                action = cell_menu(&response, (flow, at), model).or(action.take());
            });
        });
    });
    if model.view.rows.is_empty() {
        let rect = ui.min_rect();
        let hint = if model.view.wish.text.is_empty() { "no flows in the window" } else { "no flow passes the filter" };
        ui.painter().text(
            rect.center() + vec2(0.0, 10.0),
            egui::Align2::CENTER_CENTER,
            hint,
            FontId::proportional(theme::BODY),
            inks().dim,
        );
    }
    action
}

/// What can be done with the cell that was clicked with the right button. Which one that was is kept while the menu is
/// open, as the pointer then is elsewhere.
fn cell_menu(row: &Response, (flow, at): (&FlowRow, Option<Column>), model: &TableModel) -> Option<Action> {
    let id = egui::Id::new("table-cell");
    if row.secondary_clicked()
        && let Some(column) = at
    {
        row.ctx.data_mut(|d| d.insert_temp(id, column));
    }
    let mut action = None;
    row.context_menu(|ui| {
        let Some(column) = ui.data(|d| d.get_temp::<Column>(id)) else { return };
        ui.set_min_width(180.0);
        let (snapshot, mono) = (&model.view.snapshot, FontId::monospace(theme::SMALL));
        if let Some(word) = column.word(flow, snapshot) {
            for (face, negated) in [("show only", false), ("hide", true)] {
                let face = RichText::new(format!("{face}  {word}")).font(mono.clone());
                let tip = if negated { "Alt+click on the cell does the same" } else { "narrows the whole picture" };
                if ui.button(face).on_hover_text(tip).clicked() {
                    action = Some(Action::Narrow(word.clone(), negated));
                    ui.close();
                }
            }
        }
        let text = column.text(flow, snapshot);
        let face = RichText::new(format!("copy  {}", text::shorten(&text, 40))).font(mono);
        if !text.is_empty() && ui.button(face).clicked() {
            action = Some(Action::Copy(text));
            ui.close();
        }
    });
    action
}

/// The headings: a click sorts, a drag moves the column.
fn header_ui(row: &mut TableRow, wish: &mut Wish, specs: &[&Spec]) -> Option<Action> {
    let mut rects = Vec::with_capacity(specs.len());
    let mut dropped = None;
    for (index, spec) in specs.iter().enumerate() {
        row.col(|ui| {
            let sorted = wish.sort.filter(|(c, _)| *c == spec.column);
            let ink = if sorted.is_some() { inks().accent } else { inks().dim };
            let response = ui.interact(ui.max_rect(), ui.id().with(spec.name), Sense::click_and_drag());
            rects.push(ui.max_rect());
            if response.drag_stopped() {
                dropped = response.interact_pointer_pos().map(|at| (index, at));
            }
            let ink = if response.dragged() || response.hovered() { inks().text } else { ink };
            let font = FontId::proportional(theme::SMALL);
            let galley = ui.painter().layout_no_wrap(spec.name.to_owned(), font, ink);
            let rect = ui.max_rect();
            let arrow = if sorted.is_some() { 10.0 } else { 0.0 };
            let x = if spec.right { rect.right() - galley.size().x - arrow } else { rect.left() };
            let at = egui::pos2(x, rect.center().y - galley.size().y * 0.5);
            let end = at + vec2(galley.size().x + 6.0, galley.size().y * 0.5);
            ui.painter().galley(at, galley, ink);
            if let Some((_, down)) = sorted {
                sort_arrow(ui, end, down);
            }
            if response.on_hover_text(spec.about).clicked() {
                wish.click(spec.column);
            }
        });
    }
    // A hairline under the names.
    let rect: Rect = row.response().rect;
    let painter = row.response().ctx.layer_painter(row.response().layer_id);
    painter.hline(rect.x_range(), rect.bottom(), egui::Stroke::new(1.0, inks().line));
    let (from, at) = dropped?;
    let to = rects.iter().position(|r| at.x < r.right()).unwrap_or(rects.len().saturating_sub(1));
    let columns: Vec<Column> = specs.iter().map(|s| s.column).collect();
    (to != from).then(|| Action::Columns(moved(&columns, from, to)))
}

fn sort_arrow(ui: &Ui, at: egui::Pos2, down: bool) {
    let s = if down { 1.0 } else { -1.0 };
    let points = vec![at + vec2(-3.5, -2.0 * s), at + vec2(3.5, -2.0 * s), at + vec2(0.0, 3.0 * s)];
    ui.painter().add(egui::Shape::convex_polygon(points, inks().accent, egui::Stroke::NONE));
}

/// How a row stands to the selection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Look {
    Plain,
    /// Belongs to a selected address or path.
    Related,
    Selected,
}

impl Look {
    fn of(flow: &FlowRow, selection: &Selection) -> Look {
        let look = |thing| match thing {
            Picked::Flow(id) if id == FlowId::of(flow) => Look::Selected,
            Picked::Host(a) if has_end(flow, a) => Look::Related,
            Picked::Path(a, b) if joins(flow, a, b) => Look::Related,
            _ => Look::Plain,
        };
        selection.all().map(look).max().unwrap_or(Look::Plain)
    }
}

fn first_selected(model: &TableModel) -> Option<usize> {
    let selection = model.selection.on_pins(&model.view.snapshot);
    selection.is_some().then(|| model.view.position(|f| Look::of(f, &selection) != Look::Plain)).flatten()
}

/// Draws the cells; gives the column under the pointer.
fn cells_ui(row: &mut TableRow, flow: &FlowRow, snapshot: &Snapshot, look: Look, specs: &[&Spec]) -> Option<Column> {
    let mut under = None;
    let quiet = flow.load_src + flow.load_dst <= 0.0;
    for (index, spec) in specs.iter().enumerate() {
        row.col(|ui| {
            if look == Look::Related && index == 0 {
                let bar = Rect::from_min_size(ui.max_rect().left_top() - vec2(6.0, -1.0), vec2(2.0, ROW - 2.0));
                ui.painter().with_clip_rect(bar).rect_filled(bar, 0.0, inks().accent);
            }
            let text = spec.column.text(flow, snapshot);
            let ink = ink_of(spec.column, flow, look, quiet);
            let galley = ui.painter().layout_no_wrap(text, FontId::monospace(theme::MONO), ink);
            let rect = ui.max_rect();
            if ui.rect_contains_pointer(rect.expand2(ui.spacing().item_spacing * 0.5)) {
                under = Some(spec.column);
            }
            let x = if spec.right { rect.right() - galley.size().x } else { rect.left() };
            let at = egui::pos2(x, rect.center().y - galley.size().y * 0.5);
            ui.painter().with_clip_rect(rect.expand2(vec2(1.0, 2.0))).galley(at, galley, ink);
        });
    }
    under
}

fn ink_of(column: Column, flow: &FlowRow, look: Look, quiet: bool) -> Color32 {
    let lit = look != Look::Plain;
    match column {
        Column::Saddr if flow.src_host.is_none() => inks().faint,
        Column::Daddr if flow.dst_host.is_none() => inks().faint,
        Column::Saddr | Column::Daddr => inks().text,
        Column::Load | Column::Sload | Column::Dload if quiet => inks().faint,
        Column::Load | Column::Sload | Column::Dload => inks().accent,
        _ if lit => inks().text,
        Column::Stime | Column::Dir | Column::State | Column::Trans | Column::Dur => inks().dim,
        _ => inks().cell,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::base::clock::steady_now;
    use crate::globe::fixture;
    use crate::globe::hud::probe::Probe;
    use crate::globe::table::columns_of;

    fn view(wish: &Wish) -> View {
        View::compute(Arc::new(fixture::snapshot()), wish.clone())
    }

    /// A table that only shows.
    fn model<'a>(
        view: &'a View,
        wish: &'a mut Wish,
        columns: &'a [Column],
        selection: &'a Selection,
    ) -> TableModel<'a> {
        TableModel { view, wish, columns, selection, focus: false, reveal: false, closable: true }
    }

    #[test]
    fn a_click_on_a_header_sorts_and_on_a_row_selects() {
        let (mut wish, selection) = (Wish::default(), Selection::default());
        let mut probe = Probe::new(1200.0, 240.0);
        let mut last = None;
        let mut draw = |probe: &mut Probe, wish: &mut Wish, clicks: Option<egui::Pos2>| {
            let view = view(wish);
            probe.frame(clicks, |ui| {
                let columns = Column::at_first();
                last = table_ui(ui, &mut model(&view, wish, &columns, &selection)).or(last.take());
            });
        };
        draw(&mut probe, &mut wish, None);
        let at = probe.find("sbytes").expect("the header is drawn");
        draw(&mut probe, &mut wish, Some(at));
        draw(&mut probe, &mut wish, None);
        assert_eq!(wish.sort, Some((Column::Sbytes, true)));
        let at = probe.find("131.111.8.42").expect("the row is drawn");
        draw(&mut probe, &mut wish, Some(at));
        draw(&mut probe, &mut wish, None);
        let expect = fixture::snapshot().flows[2].last.key;
        assert!(matches!(last, Some(Action::SelectFlow(f)) if f.key == expect), "{last:?}");
    }

    #[test]
    fn ctrl_and_a_click_add_a_row_and_all_selected_rows_are_lit() {
        let (view, columns) = (view(&Wish::default()), Column::at_first());
        let mut selection = Selection::default();
        let flow = |i: usize| Picked::Flow(FlowId::of(&view.snapshot.flows[i]));
        selection.pick(flow(0));
        let mut wish = Wish::default();
        let mut action = None;
        let mut draw = |ui: &mut Ui| {
            action = table_ui(ui, &mut model(&view, &mut wish, &columns, &selection)).or(action.take());
        };
        let mut probe = Probe::new(1200.0, 240.0);
        probe.frame(None, &mut draw);
        let at = probe.find("131.111.8.42").expect("a cell");
        probe.click(at, egui::Modifiers::CTRL, &mut draw);
        assert_eq!(action, Some(Action::AddOrRemove(flow(2))));
        selection.add_or_remove(flow(2));
        let looks = |s: &Selection| view.snapshot.flows.iter().map(|f| Look::of(f, s)).collect::<Vec<_>>();
        let selected = looks(&selection).into_iter().filter(|look| *look == Look::Selected).count();
        assert_eq!(selected, 2);
        // A flow that belongs to a selected address as well is selected all the same.
        let addr = view.snapshot.flows[2].last.key.saddr.ip().expect("an address");
        selection.add_or_remove(Picked::Host(addr));
        assert_eq!(looks(&selection)[2], Look::Selected);
    }

    #[test]
    fn alt_and_a_click_on_a_cell_hide_its_value_and_its_menu_shows_it_alone() {
        let (selection, view, columns) = (Selection::default(), view(&Wish::default()), Column::at_first());
        let hidden_or_shown = |by_menu: bool| {
            let mut wish = Wish::default();
            let mut action = None;
            let mut draw = |ui: &mut Ui| {
                action = table_ui(ui, &mut model(&view, &mut wish, &columns, &selection)).or(action.take());
            };
            let mut probe = Probe::new(1200.0, 240.0);
            probe.frame(None, &mut draw);
            let at = probe.find("131.111.8.42").expect("a cell");
            if by_menu {
                let button = |pressed| egui::Event::PointerButton {
                    pos: at,
                    button: egui::PointerButton::Secondary,
                    pressed,
                    modifiers: egui::Modifiers::NONE,
                };
                for events in [vec![egui::Event::PointerMoved(at)], vec![button(true)], vec![button(false)], vec![]] {
                    probe.run(events, &mut draw);
                }
                let line = probe.texts().into_iter().find(|t| t.starts_with("show only")).expect("a menu").to_owned();
                let place = probe.find(&line).expect("drawn");
                probe.frame(Some(place), &mut draw);
            } else {
                probe.click(at, egui::Modifiers::ALT, &mut draw);
            }
            action
        };
        let word = |negated| Some(Action::Narrow("src host 131.111.8.42".into(), negated));
        assert_eq!((hidden_or_shown(false), hidden_or_shown(true)), (word(true), word(false)));
    }

    /// The fixture's flows, repeated with other ports.
    fn many(rows: usize) -> Arc<Snapshot> {
        let mut snapshot = fixture::snapshot();
        let known = snapshot.flows.to_vec();
        let row = |i: usize| {
            let mut row = known[i % known.len()].clone();
            let mut last = *row.last;
            (last.key.sport, last.key.dport) = ((i % 60_000) as u16, (i * 7919 % 65_521) as u16);
            row.src.bytes = (i as u64 * 2_654_435_761) % 1_000_003;
            row.last = Arc::new(last);
            row
        };
        snapshot.flows = (0..rows).map(row).collect::<Vec<_>>().into();
        Arc::new(snapshot)
    }

    #[test]
    fn of_a_hundred_thousand_rows_only_those_in_sight_are_drawn() {
        let columns = Column::at_first();
        let measured = |rows: usize| {
            let snapshot = many(rows);
            let began = steady_now();
            let view = View::compute(snapshot, Wish { text: String::new(), sort: Some((Column::Sbytes, true)) });
            let sorted_ms = steady_now().duration_since(began).as_secs_f64() * 1e3;
            assert_eq!(view.rows.len(), rows);
            let mut wish = view.wish.clone();
            let mut probe = Probe::new(1280.0, 240.0);
            let mut selection = Selection::default();
            selection.pick(Picked::Flow(FlowId::of(view.row(rows - 1).expect("a row"))));
            let mut took: Vec<f64> = Vec::new();
            for frame in 0..60 {
                let began = steady_now();
                probe.frame(None, |ui| {
                    // Once, the last of all is brought into sight.
                    let mut model = model(&view, &mut wish, &columns, &selection);
                    model.reveal = frame == 0;
                    table_ui(ui, &mut model);
                });
                took.push(steady_now().duration_since(began).as_secs_f64() * 1e3);
            }
            took.sort_by(f64::total_cmp);
            (probe.texts().len(), took[took.len() / 2], sorted_ms)
        };
        let (few, many) = (measured(100), measured(100_000));
        println!("100 rows: {:.2} ms a frame; 100,000 rows: {:.2} ms, sorted aside in {:.0} ms", few.1, many.1, many.2);
        assert!(many.0.abs_diff(few.0) <= columns.len() * 2, "rows in sight are drawn, no others: {few:?} {many:?}");
    }

    #[test]
    fn the_head_says_how_many_pass() {
        let mut wish = Wish { text: "udp".into(), sort: None };
        let (selection, view) = (Selection::default(), view(&wish));
        let mut probe = Probe::new(1200.0, 240.0);
        probe.frame(None, |ui| {
            let columns = Column::at_first();
            table_ui(ui, &mut model(&view, &mut wish, &columns, &selection));
        });
        assert!(probe.texts().iter().any(|t| t.contains("1 of 4 flows")), "{:?}", probe.texts());
    }

    #[test]
    fn chosen_columns_stand_in_their_order_and_a_dragged_heading_moves() {
        let mut wish = Wish::default();
        let (selection, view) = (Selection::default(), view(&wish));
        let mut columns = columns_of("daddr,dco,bytes").expect("columns");
        let mut probe = Probe::new(900.0, 240.0);
        let mut last = None;
        let mut draw = |probe: &mut Probe, columns: &[Column], events: Vec<egui::Event>| {
            probe.run(events, &mut |ui: &mut Ui| {
                last = table_ui(ui, &mut model(&view, &mut wish, columns, &selection)).or(last.take());
            });
        };
        draw(&mut probe, &columns, Vec::new());
        let at = |probe: &Probe, name: &str| probe.find(name).expect("a heading");
        assert!(at(&probe, "daddr").x < at(&probe, "dco").x && probe.find("stime").is_none());
        assert!(probe.shows("NL"));
        let (from, to) = (at(&probe, "bytes"), at(&probe, "daddr"));
        let button = |pos, pressed| egui::Event::PointerButton {
            pos,
            button: egui::PointerButton::Primary,
            pressed,
            modifiers: egui::Modifiers::NONE,
        };
        draw(&mut probe, &columns, vec![egui::Event::PointerMoved(from)]);
        draw(&mut probe, &columns, vec![button(from, true)]);
        draw(&mut probe, &columns, vec![egui::Event::PointerMoved(from.lerp(to, 0.5))]);
        draw(&mut probe, &columns, vec![egui::Event::PointerMoved(to)]);
        draw(&mut probe, &columns, vec![button(to, false)]);
        draw(&mut probe, &columns, Vec::new());
        let Some(Action::Columns(after)) = last else { panic!("{last:?}") };
        columns = after;
        assert_eq!(Column::names(&columns), "bytes,daddr,dco");
    }
}
