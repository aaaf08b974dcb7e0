//! The strip's panel.

use bevy_egui::egui::{self, Align, Align2, FontId, Layout, Pos2, Rect, RichText, Sense, Stroke, Ui, pos2, vec2};

use super::model::{SPEEDS, TimelineModel, panned, window_step, zoomed};
use crate::globe::actions::Action;
use crate::globe::hud::text;
use crate::globe::hud::theme::{self, Icon};
use crate::globe::inks::inks;
use crate::pipeline::PlayState;

/// Height of the histogram in points, in the strip at the bottom.
pub const GRAPH: f32 = 40.0;

/// Draws the strip; the action is what was clicked or dragged.
pub fn timeline_ui(ui: &mut Ui, model: &TimelineModel) -> Option<Action> {
    let buttons = buttons_ui(ui, model);
    ui.add_space(4.0);
    let graph = graph_ui(ui, model);
    buttons.or(graph)
}

fn buttons_ui(ui: &mut Ui, model: &TimelineModel) -> Option<Action> {
    let mut action = None;
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 4.0;
        let mut button = |ui: &mut Ui, icon, tip: &str, what: Action| {
            if theme::icon_button(ui, icon, tip).clicked() {
                action = Some(what);
            }
        };
        button(ui, Icon::First, "first record (Home)", Action::First);
        button(ui, Icon::Slower, "slower (<)", Action::Slower);
        if model.is_paused() {
            button(ui, Icon::Play, "play (Space)", Action::PlayPause);
        } else {
            button(ui, Icon::Pause, "pause (Space)", Action::PlayPause);
        }
        button(ui, Icon::Faster, "faster (>)", Action::Faster);
        let tip = if model.live { "live (End)" } else { "last record (End)" };
        button(ui, Icon::Last, tip, Action::Live);
        ui.add_space(6.0);
        action = speed_ui(ui, model).or(action.take());
        ui.add_space(10.0);
        action = window_ui(ui, model).or(action.take());
        if model.is_zoomed() {
            ui.add_space(6.0);
            if ui.button("whole span").on_hover_text("show all of the recording").clicked() {
                action = Some(Action::ShowSpan(None));
            }
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            // What there is no room for is left out, the scale first.
            let width = |ui: &Ui, text: &str| {
                let font = FontId::proportional(theme::SMALL);
                ui.painter().layout_no_wrap(text.to_owned(), font, inks().text).size().x + 18.0
            };
            let facts = model.facts();
            let Some(text) = facts.iter().find(|t| width(ui, t) <= ui.available_width()) else { return };
            ui.label(theme::label(text));
            let peak = format!("peak {}, {} scale", text::load(model.bars.peak), model.scale);
            if width(ui, &peak) + 14.0 <= ui.available_width() {
                ui.add_space(14.0);
                let scale = ui.add(egui::Label::new(theme::hint(peak)).sense(Sense::click()));
                if scale.on_hover_text("another scale of the bars: root, linear or log").clicked() {
                    action = Some(Action::NextTimeScale);
                }
            }
        });
    });
    action
}

fn speed_ui(ui: &mut Ui, model: &TimelineModel) -> Option<Action> {
    let mut action = None;
    let live = model.playhead.state == PlayState::Live;
    let face = if live { "live".to_owned() } else { text::speed(model.playhead.speed) };
    let face = RichText::new(face).font(FontId::monospace(theme::MONO));
    ui.menu_button(face, |ui| {
        ui.set_min_width(90.0);
        for speed in SPEEDS {
            let name = RichText::new(text::speed(speed)).font(FontId::monospace(theme::MONO));
            if ui.selectable_label((speed - model.playhead.speed.abs()).abs() < 1e-9, name).clicked() {
                action = Some(Action::Speed(speed.copysign(model.playhead.speed)));
                ui.close();
            }
        }
        ui.separator();
        if ui.selectable_label(model.playhead.speed < 0.0, "backwards").clicked() {
            action = Some(Action::Reverse);
            ui.close();
        }
    })
    .response
    .on_hover_text("speed; or type digits and X");
    action
}

fn window_ui(ui: &mut Ui, model: &TimelineModel) -> Option<Action> {
    let mut action = None;
    ui.label(theme::label("window"));
    for (name, longer) in [("\u{2212}", false), ("+", true)] {
        let tip = if longer { "longer window (wheel up over the strip)" } else { "shorter window (wheel down)" };
        let face = RichText::new(name).font(FontId::monospace(theme::MONO));
        if ui.button(face).on_hover_text(tip).clicked() {
            action = Some(Action::Window(window_step(model.window, longer)));
        }
        if !longer {
            ui.label(theme::figure(text::duration(model.window)));
        }
    }
    action
}

fn graph_ui(ui: &mut Ui, model: &TimelineModel) -> Option<Action> {
    let (rect, response) =
        ui.allocate_exact_size(vec2(ui.available_width(), model.graph.max(16.0)), Sense::click_and_drag());
    let painter = ui.painter_at(rect);
    painter.rect_filled(rect, 3.0, inks().well);
    let x = |t| rect.left() + model.place(t) as f32 * rect.width();
    let now = x(model.playhead.now);
    let from = x(model.playhead.now - model.window);
    let band = Rect::from_x_y_ranges(from..=now, rect.y_range());
    painter.rect_filled(band, 0.0, inks().accent.gamma_multiply(0.13));
    gone_ui(&painter, rect, model);
    bars(&painter, rect, model, (from, now));
    marks_ui(&painter, rect, model);
    let now = now.clamp(rect.left() + 1.0, rect.right() - 1.0);
    painter.vline(now, rect.y_range(), Stroke::new(2.0, inks().text));
    let head = vec![pos2(now - 5.0, rect.top() - 3.0), pos2(now + 5.0, rect.top() - 3.0), pos2(now, rect.top() + 4.0)];
    ui.painter().add(egui::Shape::convex_polygon(head, inks().text, Stroke::NONE));
    labels_ui(ui, model, rect, now);
    response.widget_info(|| egui::WidgetInfo::labeled(egui::WidgetType::Slider, true, "playhead"));
    pointer_ui(ui, model, rect, &response)
}

/// The stretch whose records are no longer kept, hatched: its bars are known, but the playhead finds nothing there.
fn gone_ui(painter: &egui::Painter, rect: Rect, model: &TimelineModel) {
    /// Points between two lines.
    const STEP: f32 = 8.0;
    let Some(kept) = model.kept_from.filter(|t| *t > model.view.start) else { return };
    let until = rect.left() + model.place(kept) as f32 * rect.width();
    let gone = Rect::from_x_y_ranges(rect.left()..=until, rect.y_range());
    let within = painter.with_clip_rect(gone);
    let line = Stroke::new(1.0, inks().faint.gamma_multiply(0.5));
    for i in 0..((gone.width() + gone.height()) / STEP).ceil() as u32 {
        let x = gone.left() + i as f32 * STEP;
        within.line_segment([pos2(x, gone.top()), pos2(x - gone.height(), gone.bottom())], line);
    }
    painter.vline(until, rect.y_range(), Stroke::new(1.0, inks().dim));
}

/// The part that is repeated, bookmarks as flags, alerts as diamonds: each has a shape of its own.
fn marks_ui(painter: &egui::Painter, rect: Rect, model: &TimelineModel) {
    let x = |t| rect.left() + model.place(t) as f32 * rect.width();
    if let Some(part) = model.marks.part() {
        let band = Rect::from_x_y_ranges(x(part.start)..=x(part.end), rect.y_range());
        painter.rect_filled(band, 0.0, inks().good.gamma_multiply(0.10));
    }
    for (end, inwards) in model.marks.ends().into_iter().zip([5.0, -5.0]) {
        let Some(at) = end.filter(|t| model.shows(*t)).map(x) else { continue };
        let line = [pos2(at + inwards, rect.top()), pos2(at, rect.top()), pos2(at, rect.bottom())];
        painter.line(line.to_vec(), Stroke::new(1.5, inks().good));
        painter.line_segment(
            [pos2(at, rect.bottom() - 1.0), pos2(at + inwards, rect.bottom() - 1.0)],
            Stroke::new(1.5, inks().good),
        );
    }
    for at in model.marks.bookmarks().iter().copied().filter(|t| model.shows(*t)).map(x) {
        painter.vline(at, rect.y_range(), Stroke::new(1.0, inks().warn));
        let flag = vec![pos2(at, rect.top()), pos2(at + 7.0, rect.top() + 3.0), pos2(at, rect.top() + 6.0)];
        painter.add(egui::Shape::convex_polygon(flag, inks().warn, Stroke::NONE));
    }
    for alert in model.alerts.iter().filter(|a| model.shows(a.held.start)) {
        let c = pos2(x(alert.held.start), rect.bottom() - 5.0);
        let corners = [vec2(0.0, -4.0), vec2(4.0, 0.0), vec2(0.0, 4.0), vec2(-4.0, 0.0)].map(|d| c + d);
        painter.add(egui::Shape::convex_polygon(corners.to_vec(), inks().alert, Stroke::new(1.0, inks().well)));
    }
}

/// One bar per pair of points; those inside the window are brighter.
fn bars(painter: &egui::Painter, rect: Rect, model: &TimelineModel, (from, to): (f32, f32)) {
    let count = model.bars.rates.len();
    if count == 0 {
        return;
    }
    let step = rect.width() / count as f32;
    for (i, rate) in model.bars.rates.iter().enumerate() {
        if *rate <= 0.0 {
            continue;
        }
        // On whole points, so that all bars are equally wide and sharp.
        let left = (rect.left() + i as f32 * step).round();
        let right = (rect.left() + (i + 1) as f32 * step).round() - 1.0;
        let height = (model.bars.height(i, model.scale) as f32 * (rect.height() - 7.0)).max(1.0);
        let inside = left + step >= from && left <= to;
        let ink = inks().bars[usize::from(!inside)];
        let bar = Rect::from_min_max(pos2(left, rect.bottom() - height), pos2(right.max(left + 1.0), rect.bottom()));
        painter.rect_filled(bar, 0.0, ink);
    }
}

/// Start and end below the graph, and the playhead's time where it does not touch them.
fn labels_ui(ui: &mut Ui, model: &TimelineModel, graph: Rect, now: f32) {
    let (rect, _) = ui.allocate_exact_size(vec2(graph.width(), 15.0), Sense::hover());
    let font = FontId::monospace(theme::SMALL);
    let start = text::date_time_zone(model.view.start);
    let end = text::date_time_zone(model.view.end);
    let paint = |at: Pos2, anchor, text: &str, ink| theme::paint_text(ui, at, anchor, text, font.clone(), ink);
    let a = paint(rect.left_bottom(), Align2::LEFT_BOTTOM, &start, inks().faint);
    let b = paint(rect.right_bottom(), Align2::RIGHT_BOTTOM, &end, inks().faint);
    let (_, time) = text::date_and_time(model.playhead.now);
    let half = 30.0;
    if now - half > a.right() + 8.0 && now + half < b.left() - 8.0 {
        paint(pos2(now, rect.bottom()), Align2::CENTER_BOTTOM, &time, inks().text);
    }
}

/// Seeking, hover text and wheel.
fn pointer_ui(ui: &Ui, model: &TimelineModel, rect: Rect, response: &egui::Response) -> Option<Action> {
    let at = response.interact_pointer_pos().or(response.hover_pos())?;
    let place = f64::from((at.x - rect.left()) / rect.width().max(1.0));
    let time = model.time(place);
    let held = |button| response.dragged_by(button);
    let across =
        held(egui::PointerButton::Middle) || (held(egui::PointerButton::Primary) && ui.input(|i| i.modifiers.shift));
    if across {
        let by = -f64::from(response.drag_delta().x / rect.width().max(1.0));
        return panned(model.view, model.span, by).map(|view| Action::ShowSpan(Some(view)));
    }
    if response.clicked() || response.dragged() {
        return Some(Action::Seek(time));
    }
    if !response.hovered() {
        return None;
    }
    let painter = ui.painter_at(rect);
    painter.vline(at.x, rect.y_range(), Stroke::new(1.0, inks().dim));
    let bar = (place.clamp(0.0, 1.0) * model.bars.rates.len() as f64) as usize;
    let rate = model.bars.rates.get(bar).copied().unwrap_or(0.0);
    let gone = model.kept_from.is_some_and(|kept| time < kept);
    let more = if gone { "\nrecords of this time are no longer kept" } else { "" };
    response.clone().on_hover_text_at_pointer(format!("{}\n{}{more}", text::date_time_zone(time), text::load(rate)));
    let apart = f64::from(ui.input(egui::InputState::zoom_delta));
    if apart != 1.0 {
        return Some(Action::ShowSpan(zoomed(model.view, model.span, place, apart)));
    }
    let wheel = ui.input(|i| i.smooth_scroll_delta.y);
    let notch = ui.input(|i| i.events.iter().any(|e| matches!(e, egui::Event::MouseWheel { .. })));
    (notch && wheel != 0.0).then(|| Action::Window(window_step(model.window, wheel > 0.0)))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::marks::Marks;
    use super::super::model::{Bars, TimeScale};
    use super::*;
    use crate::globe::fixture;
    use crate::globe::hud::probe::Probe;
    use crate::pipeline::Playhead;

    fn shown(width: f32, clicks: &[(&str, Option<Pos2>)]) -> (Probe, Option<Action>) {
        let s = fixture::snapshot();
        let span = s.span.expect("a span");
        let bars = Bars::new(&s.series, span, 200);
        let playhead =
            Playhead { now: fixture::now() - Duration::from_secs(300), state: PlayState::Paused, speed: 10.0 };
        let mut marks = Marks::default();
        marks.begin_part(fixture::now() - Duration::from_secs(500));
        marks.end_part(fixture::now() - Duration::from_secs(400), span);
        marks.toggle_bookmark(fixture::now() - Duration::from_secs(200));
        let model = TimelineModel {
            span,
            view: span,
            bars: &bars,
            scale: TimeScale::Log,
            kept_from: Some(span.start + Duration::from_secs(60)),
            marks: &marks,
            alerts: &[],
            playhead,
            window: s.window,
            records: 8,
            flows: 4,
            dropped: 12_345,
            live: false,
            graph: GRAPH,
        };
        let mut probe = Probe::new(width, 92.0);
        let mut action = None;
        probe.frame(None, |ui| {
            timeline_ui(ui, &model);
        });
        for (name, at) in clicks {
            let at = at.or(probe.find(name)).expect("what is to be clicked is drawn");
            probe.frame(Some(at), |ui| action = timeline_ui(ui, &model).or(action.take()));
        }
        (probe, action)
    }

    #[test]
    fn a_click_on_the_strip_seeks_there() {
        let (_, action) = shown(1000.0, &[("", Some(pos2(250.0, 50.0)))]);
        let Some(Action::Seek(t)) = action else { panic!("{action:?}") };
        let expect = fixture::now() - Duration::from_secs(450);
        assert!(t.since(expect) < Duration::from_secs(2) && expect.since(t) < Duration::from_secs(2), "{t}");
    }

    #[test]
    fn the_play_button_plays() {
        let (_, action) = shown(1000.0, &[("", Some(pos2(2.0 * 30.0 + 13.0, 13.0)))]);
        assert_eq!(action, Some(Action::PlayPause));
    }

    #[test]
    fn the_window_grows_on_request() {
        let (_, action) = shown(1000.0, &[("+", None)]);
        assert_eq!(action, Some(Action::Window(Duration::from_secs(300))));
    }

    #[test]
    fn a_click_on_the_scale_asks_for_the_next_one() {
        let (probe, _) = shown(1280.0, &[]);
        assert!(probe.shows(&format!("{} dropped", crate::base::units::grouped(12_345))), "{:?}", probe.texts());
        let scale = probe.texts().into_iter().find(|t| t.contains("log scale")).expect("the scale is named");
        let (_, action) = shown(1280.0, &[(scale, None)]);
        assert_eq!(action, Some(Action::NextTimeScale));
    }

    #[test]
    fn nothing_overlaps_at_any_usual_width() {
        for width in [480.0, 640.0, 800.0, 1000.0, 1280.0, 1920.0] {
            let (probe, _) = shown(width, &[]);
            assert_eq!(probe.overlaps(), [], "at {width}");
            assert_eq!(probe.clipped(), [] as [String; 0], "at {width}");
            assert!(probe.shows("2013-03-07 21:34:00 UTC") && probe.shows("2 min") && probe.shows("21:39:00"));
        }
    }
}
