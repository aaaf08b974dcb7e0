//! What the windows show. Each is a function from models to actions, as all panels are.

use bevy::ecs::schedule::ScheduleConfigs;
use bevy::ecs::system::{ScheduleSystem, SystemParam};
use bevy::prelude::*;
use bevy_egui::EguiContext;
use bevy_egui::egui::{self, Align, Align2, CentralPanel, FontId, Id, Layout, Panel, Sense, Ui, UiBuilder, pos2, vec2};

use super::{Role, RoleCamera};
use crate::cache::Snapshot;
use crate::globe::actions::Action;
use crate::globe::alerts::{alerts_ui, rows};
use crate::globe::feed::Feed;
use crate::globe::hud::{Hud, HudOptions, state_ui, text, theme};
use crate::globe::inks::inks;
use crate::globe::scale::RateShift;
use crate::globe::selection::{Picked, Selection};
use crate::globe::table::{TableModel, table_ui};
use crate::globe::timeline::{Bars, Marks, TimelineModel, timeline_ui};
use crate::pipeline::Playhead;

/// Height of the line at the top, in points.
const TOP: f32 = 44.0;
/// Height of a row of the largest pins, in points.
const ROW: f32 = 20.0;

/// What the windows read.
#[derive(SystemParam)]
struct Seen<'w> {
    feed: Res<'w, Feed>,
    selection: Res<'w, Selection>,
    options: Res<'w, HudOptions>,
    marks: Res<'w, Marks>,
    shift: Res<'w, RateShift>,
}

/// What a window remembers between frames.
#[derive(Default)]
struct Kept {
    /// Which change of look it has taken over.
    styled: Option<u64>,
    bars: Bars,
    /// What the bars were made from: generation of the feed, number of bars, stretch.
    bars_of: Option<(u64, usize, crate::base::Span)>,
}

/// The system that draws the window with a number.
pub(super) fn drawing(slot: usize) -> ScheduleConfigs<ScheduleSystem> {
    let draw = move |mut contexts: Query<(&RoleCamera, &mut EguiContext)>,
                     seen: Seen,
                     mut hud: ResMut<Hud>,
                     mut kept: Local<Kept>,
                     mut actions: MessageWriter<Action>| {
        let Some((camera, mut context)) = contexts.iter_mut().find(|(camera, _)| camera.slot == slot) else { return };
        let hud = hud.bypass_change_detection();
        let done = draw(context.get_mut(), camera.role, &seen, hud, &mut kept);
        actions.write_batch(done);
    };
    draw.into_configs()
}

/// One frame of one window.
fn draw(ctx: &egui::Context, role: Role, seen: &Seen, hud: &mut Hud, kept: &mut Kept) -> Vec<Action> {
    if kept.styled != Some(hud.style()) {
        theme::apply(ctx);
        if seen.options.ui_scale > 0.0 {
            ctx.set_zoom_factor(seen.options.ui_scale.clamp(0.5, 4.0));
        }
        kept.styled = Some(hud.style());
        // Fonts are there from the next frame on.
        return Vec::new();
    }
    let builder = UiBuilder::new().layer_id(egui::LayerId::background()).max_rect(ctx.viewport_rect());
    let mut root = Ui::new(ctx.clone(), Id::new("root"), builder);
    let (snapshot, playhead) = (&seen.feed.snapshot, &seen.feed.playhead);
    let top = Panel::top("state").exact_size(TOP).resizable(false).show_separator_line(true);
    top.frame(opaque()).show(&mut root, |ui| top_ui(ui, role, snapshot, playhead));
    let mut done = Vec::new();
    CentralPanel::default().frame(opaque()).show(&mut root, |ui| match role {
        Role::Globe => {}
        Role::Table => {
            let mut model = TableModel {
                view: &hud.view,
                wish: &mut hud.wish,
                columns: &hud.columns,
                selection: &seen.selection,
                focus: false,
                reveal: false,
                closable: false,
            };
            done.extend(table_ui(ui, &mut model));
        }
        Role::Alerts => {
            let rows = rows(&seen.feed.alerts, playhead.now, seen.feed.is_behind_live());
            let room = ui.available_height() - 40.0;
            done.extend(alerts_ui(ui, &rows, room, false));
        }
        Role::Chart => done.extend(chart_ui(ui, seen, hud, kept)),
    });
    done
}

fn opaque() -> egui::Frame {
    theme::panel_frame().fill(inks().ground)
}

/// The one clock, and what this window is.
fn top_ui(ui: &mut Ui, role: Role, snapshot: &Snapshot, playhead: &Playhead) {
    ui.horizontal_centered(|ui| {
        state_ui(ui, snapshot, playhead);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| ui.label(theme::label(role.title())));
    });
}

/// The time line as high as there is room, and the largest pins of the window below it.
fn chart_ui(ui: &mut Ui, seen: &Seen, hud: &Hud, kept: &mut Kept) -> Vec<Action> {
    let mut done = Vec::new();
    let (snapshot, playhead) = (&seen.feed.snapshot, seen.feed.playhead);
    let half = (ui.available_height() * 0.55).max(100.0);
    if let Some(span) = snapshot.span {
        let count = (ui.available_width() / 3.0).clamp(50.0, 2_000.0) as usize;
        let view = hud.stretch.unwrap_or(span);
        let of = Some((seen.feed.generation, count, view));
        if kept.bars_of != of {
            (kept.bars, kept.bars_of) = (Bars::new(&snapshot.series, view, count), of);
        }
        let model = TimelineModel {
            span,
            view,
            bars: &kept.bars,
            scale: hud.time_scale,
            kept_from: snapshot.health.kept_from,
            marks: &seen.marks,
            alerts: &seen.feed.alerts,
            playhead,
            window: snapshot.window,
            records: snapshot.totals.records,
            flows: snapshot.totals.flows,
            dropped: snapshot.health.sources.iter().map(|s| s.dropped).sum(),
            live: snapshot.health.sources.iter().any(|s| s.live),
            graph: half - 52.0,
        };
        done.extend(timeline_ui(ui, &model));
    }
    ui.add_space(10.0);
    done.extend(largest_ui(ui, snapshot, &seen.selection, *seen.shift));
    done
}

/// The pins with the most traffic of the window as bars, on one scale from nothing to the largest; the action selects one.
fn largest_ui(ui: &mut Ui, snapshot: &Snapshot, selection: &Selection, shift: RateShift) -> Option<Action> {
    /// Points for the name, and for the number behind the bar.
    const NAME: f32 = 240.0;
    const NUMBER: f32 = 90.0;
    let mut action = None;
    ui.label(theme::label("Largest of the window, sent and received").color(inks().text));
    ui.add_space(4.0);
    let most = ((ui.available_height() / ROW) as usize).min(40);
    let largest = largest(snapshot, most);
    let peak = largest.first().map_or(1, |(_, bytes)| *bytes).max(1);
    for (index, bytes) in largest {
        let Some(host) = snapshot.hosts.get(index) else { continue };
        let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), ROW), Sense::click());
        let chosen = selection.shows_host(host.addr);
        if chosen || response.hovered() {
            ui.painter().rect_filled(rect, 3.0, if chosen { inks().accent_ground } else { inks().stripe });
        }
        let font = FontId::proportional(theme::BODY);
        let y = rect.center().y;
        let city = host.place.city.as_deref().unwrap_or_default();
        let name = format!("{}  {} {}", host.name(), city, host.place.country_code());
        let name = text::shorten(name.trim_end(), 36);
        let clip = ui.painter().with_clip_rect(rect.with_max_x(rect.left() + NAME - 6.0));
        clip.text(pos2(rect.left() + 4.0, y), Align2::LEFT_CENTER, name, font, inks().cell);
        let whole = (rect.width() - NAME - NUMBER).max(10.0);
        let length = (bytes as f64 / peak as f64) as f32 * whole;
        let [r, g, b] = inks().rates[shift.class_of(host.load_in + host.load_out)];
        let bar =
            egui::Rect::from_min_size(pos2(rect.left() + NAME, rect.top() + 4.0), vec2(length.max(1.0), ROW - 8.0));
        ui.painter().rect_filled(bar, 2.0, egui::Color32::from_rgb(r, g, b));
        let at = pos2(bar.right() + 8.0, y);
        ui.painter().text(at, Align2::LEFT_CENTER, text::bytes(bytes), FontId::monospace(theme::MONO), inks().dim);
        if response.clicked() {
            let adds = ui.input(|i| i.modifiers.ctrl);
            let thing = Picked::Host(host.addr);
            action = Some(if adds { Action::AddOrRemove(thing) } else { Action::SelectHost(host.addr) });
        }
        let rates = (text::load(host.load_out), text::load(host.load_in));
        response.on_hover_text(format!("{}\nsends {}, receives {}", host.name(), rates.0, rates.1));
    }
    action
}

/// Indices of the hosts with the most bytes, and how many; equal ones in the order of their addresses.
fn largest(snapshot: &Snapshot, most: usize) -> Vec<(usize, u64)> {
    let bytes = |h: &crate::cache::HostPin| h.sent.bytes.saturating_add(h.received.bytes);
    let mut all: Vec<(usize, u64)> = snapshot.hosts.iter().map(bytes).enumerate().collect();
    let order = |a: &(usize, u64), b: &(usize, u64)| b.1.cmp(&a.1).then(a.0.cmp(&b.0));
    if all.len() > most && most > 0 {
        all.select_nth_unstable_by(most - 1, order);
    }
    all.truncate(most);
    all.sort_by(order);
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::globe::fixture;
    use crate::globe::hud::probe::Probe;

    #[test]
    fn the_largest_come_first_and_a_click_selects() {
        let s = fixture::snapshot();
        let found = largest(&s, 3);
        assert!(found.len() == 3 && found.windows(2).all(|w| w[0].1 >= w[1].1), "{found:?}");
        assert_eq!(found[0].1, s.hosts.iter().map(|h| h.sent.bytes + h.received.bytes).max().expect("hosts"));
        assert_eq!(largest(&s, 0), []);
        let mut probe = Probe::new(900.0, 200.0);
        let mut action = None;
        let mut selection = Selection::default();
        selection.pick(Picked::Host(s.hosts[found[0].0].addr));
        let mut draw = |ui: &mut Ui| action = largest_ui(ui, &s, &selection, RateShift::default()).or(action.take());
        probe.frame(None, &mut draw);
        assert_eq!(probe.overlaps(), []);
        probe.frame(Some(pos2(300.0, 20.0 + 4.0 + ROW * 1.5)), &mut draw);
        assert!(matches!(action, Some(Action::SelectHost(_))), "{action:?}");
    }

    #[test]
    fn the_line_at_the_top_says_when_and_what() {
        let s = fixture::snapshot();
        let playhead = Playhead { now: fixture::now(), state: crate::pipeline::PlayState::Paused, speed: 1.0 };
        let mut probe = Probe::new(480.0, 44.0);
        probe.frame(None, |ui| top_ui(ui, Role::Alerts, &s, &playhead));
        assert!(probe.shows("PAUSED") && probe.shows("alerts") && probe.shows("21:44:00"), "{:?}", probe.texts());
        assert_eq!(probe.overlaps(), []);
    }
}
