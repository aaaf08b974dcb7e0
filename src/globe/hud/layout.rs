//! Where each panel stands, and the one egui pass per frame that draws them.

use bevy::ecs::system::SystemParam;
use bevy::prelude::*;
use bevy::tasks::{AsyncComputeTaskPool, block_on, futures_lite::future};
use bevy::window::PrimaryWindow;
use bevy_egui::{EguiContext, EguiContexts, EguiPrimaryContextPass, PrimaryEguiContext, egui};
use egui::{Align2, Area, Context, Id, LayerId, Margin, Order, Panel, Sense, Stroke, Ui, UiBuilder, pos2, vec2};

use super::bar::{BarModel, bar_ui};
use super::hover::{Hover, hover_card};
use super::notice::{NoticeModel, notice_ui, sample_ui};
use super::pinned::pinned_cards;
use super::status::{StatusModel, status_ui};
use super::{Hud, HudOptions, Part, compass, help, rail, shelf, sources, theme};
use crate::globe::actions::Action;
use crate::globe::alerts::{self, alerts_ui};
use crate::globe::arcs::Arcs;
use crate::globe::camera::{CameraRig, FreeRect, UiWants};
use crate::globe::clusters::Clusters;
use crate::globe::colouring::{ColourBy, Colouring};
use crate::globe::feed::Feed;
use crate::globe::gpu::RenderProfile;
use crate::globe::inks::inks;
use crate::globe::inspector::{ask_witness, detail_ui, several_ui};
use crate::globe::kept::SavedFilters;
use crate::globe::layers::{LayerId as Layer, Layers};
use crate::globe::legend::{LegendModel, legend_ui, note_arcs, strip_ui};
use crate::globe::palette::{Known, palette_ui};
use crate::globe::picking::Picker;
use crate::globe::pins::Pins;
use crate::globe::quality::Drawn;
use crate::globe::roles::{Role, RoleCamera, are_typed_into};
use crate::globe::selection::Selection;
use crate::globe::settings::{Settings, settings_ui};
use crate::globe::table::{TableModel, View, table_ui};
use crate::globe::timeline::{GRAPH, Marks, TimelineModel, following, timeline_ui};
use crate::globe::trace::Trace;
use crate::globe::views::Views;
use crate::globe::wall::{EDGE as WALL_EDGE, Shown, Wall, wall_ui};
use crate::globe::{GlobeSet, MarkScale, Motion, PaintSet, SceneClock};
use crate::pipeline::PlayState;

/// Rows up to which the table's answer is made within the frame.
const INLINE_ROWS: usize = 2_000;
/// Height that the legend takes with its notes, in points.
const LEGEND_HEIGHT: f32 = 275.0;
/// Height of the legend as a strip, in points.
const STRIP_HEIGHT: f32 = 70.0;
/// Window below whose width or height the legend is a strip, in points.
const SMALL: egui::Vec2 = vec2(760.0, 560.0);
/// Height and width of the free part below which there is no compass, in points.
const COMPASS_ROOM: f32 = 240.0;
/// Distance of cards from the edges of the free part, in points.
const EDGE: f32 = 10.0;

/// Draws all panels.
pub struct HudPlugin;

impl Plugin for HudPlugin {
    fn build(&self, app: &mut App) {
        app.init_resource::<Hud>()
            .init_resource::<HudOptions>()
            .init_resource::<LegendModel>()
            .init_resource::<Views>()
            .init_resource::<SavedFilters>()
            .init_resource::<Colouring>()
            .init_resource::<Marks>()
            .add_message::<Action>()
            .add_systems(PreUpdate, (ask_panels, scale_marks.run_if(resource_changed::<HudOptions>)))
            .add_systems(Update, ask_witness.in_set(GlobeSet::Camera))
            .add_systems(
                Update,
                (
                    answer_table,
                    note_arcs.run_if(
                        resource_changed::<Arcs>
                            .or_eager(resource_changed::<RenderProfile>)
                            .or_eager(resource_changed::<Pins>),
                    ),
                )
                    .in_set(GlobeSet::Ui),
            )
            .add_systems(EguiPrimaryContextPass, draw_panels.in_set(PaintSet::Panels));
    }
}

/// Marks and lines have the scale of the text: who reads letters from afar sees pins from there too.
fn scale_marks(options: Res<HudOptions>, mut marks: ResMut<MarkScale>) {
    marks.0 = if options.ui_scale > 0.0 { f64::from(options.ui_scale.clamp(0.5, 4.0)) } else { 1.0 };
}

/// Whose pointer and keyboard it is, at the pointer's place of this frame and with the panels of the frame before.
fn ask_panels(
    mut contexts: Query<&mut EguiContext, (With<PrimaryEguiContext>, Without<RoleCamera>)>,
    windows: Query<&Window, With<PrimaryWindow>>,
    (free, hud): (Res<FreeRect>, Res<Hud>),
    mut others: Query<&mut EguiContext, With<RoleCamera>>,
    mut wants: ResMut<UiWants>,
) {
    let elsewhere = are_typed_into(&mut others);
    let Ok(mut context) = contexts.single_mut() else { return };
    let ctx = context.get_mut();
    let zoom = ctx.zoom_factor();
    let at = windows.iter().next().and_then(Window::cursor_position);
    let over_card = at.is_some_and(|p| {
        ctx.layer_id_at(pos2(p.x / zoom, p.y / zoom)).is_some_and(|layer| layer.order != Order::Background)
    });
    let over_panel = at.zip(free.0).is_some_and(|(p, free)| !free.contains(p));
    // The palette's field has the keyboard from the frame that opens it on, before it is drawn for the first time. The
    // dialog of files has all keys.
    let next = UiWants {
        pointer: over_card || over_panel || ctx.egui_is_using_pointer() || hud.chooser.is_open(),
        keyboard: ctx.text_edit_focused() || hud.palette.is_some() || hud.chooser.is_open() || elsewhere,
    };
    if *wants != next {
        *wants = next;
    }
    // Only text fields may hold the keyboard; a focused button would swallow the hot keys.
    if !next.keyboard
        && let Some(id) = ctx.memory(egui::Memory::focused)
    {
        ctx.memory_mut(|m| m.surrender_focus(id));
    }
}

/// Makes the table's answer when snapshot or wish have changed: at once when it is small, else in a task, one at a time.
fn answer_table((feed, layers): (Res<Feed>, Res<Layers>), windows: Query<&RoleCamera>, mut hud: ResMut<Hud>) {
    let seen = layers.is_on(Layer::Table) || windows.iter().any(|w| w.role == Role::Table);
    let hud = hud.bypass_change_detection();
    if let Some(task) = &mut hud.pending
        && let Some(view) = block_on(future::poll_once(task))
    {
        hud.view = view;
        hud.pending = None;
    }
    let same = std::sync::Arc::ptr_eq(&hud.view.snapshot, &feed.snapshot) && hud.view.wish == hud.wish;
    if same || hud.pending.is_some() || !seen {
        return;
    }
    let (snapshot, wish) = (feed.snapshot.clone(), hud.wish.clone());
    if snapshot.flows.len() <= INLINE_ROWS {
        hud.view = View::compute(snapshot, wish);
    } else {
        hud.pending = Some(AsyncComputeTaskPool::get().spawn(async move { View::compute(snapshot, wish) }));
    }
}

/// What the panels read.
#[derive(SystemParam)]
pub(super) struct Seen<'w, 's> {
    pub(super) feed: Res<'w, Feed>,
    pub(super) layers: Res<'w, Layers>,
    pub(super) selection: Res<'w, Selection>,
    pub(super) rig: Res<'w, CameraRig>,
    pub(super) options: Res<'w, HudOptions>,
    pub(super) legend: Res<'w, LegendModel>,
    pub(super) clock: Res<'w, SceneClock>,
    pub(super) trace: Res<'w, Trace>,
    pub(super) wall: Res<'w, Wall>,
    pub(super) motion: Res<'w, Motion>,
    pub(super) views: Res<'w, Views>,
    pub(super) filters: Res<'w, SavedFilters>,
    pub(super) marks: Res<'w, Marks>,
    pub(super) drawn: Res<'w, Drawn>,
    pub(super) pins: Option<Res<'w, Pins>>,
    pub(super) colouring: Res<'w, Colouring>,
    pub(super) picker: Option<Res<'w, Picker>>,
    settings: Settings<'w>,
    pub(super) clusters: Option<Res<'w, Clusters>>,
    pub(super) windows: Query<'w, 's, &'static Window, With<PrimaryWindow>>,
}

fn draw_panels(
    mut contexts: EguiContexts,
    seen: Seen,
    mut hud: ResMut<Hud>,
    mut free: ResMut<FreeRect>,
    mut hover: Local<Hover>,
    mut actions: MessageWriter<Action>,
) -> Result {
    let ctx = contexts.ctx_mut()?.clone();
    let hud = hud.bypass_change_detection();
    if !hud.themed {
        theme::apply(&ctx);
        if seen.options.ui_scale > 0.0 {
            ctx.set_zoom_factor(seen.options.ui_scale.clamp(0.5, 4.0));
        }
        hud.themed = true;
        // Fonts are there from the next frame on.
        return Ok(());
    }
    let builder = UiBuilder::new().layer_id(LayerId::background()).max_rect(ctx.viewport_rect());
    let mut root = Ui::new(ctx.clone(), Id::new("root"), builder);
    let mut done: Vec<Action> = Vec::new();
    hud.hovered_card = None;
    let asks = hud.help || hud.palette.is_some() || hud.chooser.is_open();
    if seen.wall.hides_panels(seen.clock.elapsed) && !asks {
        let rect = root.available_rect_before_wrap();
        hud.taken.clear();
        let shown = Shown {
            wall: &seen.wall,
            snapshot: &seen.feed.snapshot,
            playhead: &seen.feed.playhead,
            elapsed: seen.clock.elapsed,
            reduced_motion: seen.motion.reduced,
            legend: seen.layers.is_on(Layer::Legend),
            hidden: seen.options.hidden,
        };
        let (by, turned) = wall_ui(&ctx, &shown);
        // The globe wanders with what stands around it.
        free_is(&ctx, rect.translate(by), &mut free);
        if seen.layers.is_on(Layer::Legend) {
            let (pivot, corner, inwards) = match turned {
                false => (Align2::LEFT_BOTTOM, rect.left_bottom(), WALL_EDGE),
                true => (Align2::RIGHT_BOTTOM, rect.right_bottom(), -WALL_EDGE),
            };
            let size = LegendSize::fitting(rect.size(), rect.height() - 2.0 * WALL_EDGE, added_height(&seen));
            let size = size.unwrap_or(LegendSize::Whole);
            hud.taken.push(legend_card(&ctx, (pivot, corner + vec2(inwards, -WALL_EDGE) + by), &seen, size));
        }
        // An empty globe explains itself on a wall as well.
        overlays(&ctx, rect, &seen, hud, &mut done);
        return Ok(());
    }
    docks(&mut root, &seen, hud, &mut done);
    let rect = root.available_rect_before_wrap();
    free_is(&ctx, rect, &mut free);
    cards(&ctx, rect, &seen, hud, &mut done);
    pinned_cards(&ctx, rect.shrink(EDGE), &seen, hud, &mut done);
    hover_card(&ctx, &seen, (&mut hover, hud), &mut done);
    overlays(&ctx, rect, &seen, hud, &mut done);
    (hud.focus_filter, hud.reveal) = (false, false);
    if let Some(text) = hud.clipboard.take() {
        ctx.copy_text(text);
    }
    for action in done {
        actions.write(action);
    }
    Ok(())
}

/// Tells the camera what the panels leave free.
fn free_is(ctx: &Context, rect: egui::Rect, free: &mut FreeRect) {
    let zoom = ctx.zoom_factor();
    let now = Rect { min: Vec2::new(rect.min.x, rect.min.y) * zoom, max: Vec2::new(rect.max.x, rect.max.y) * zoom };
    if free.0 != Some(now) {
        free.0 = Some(now);
    }
}

fn edge_line(ui: &Ui, top: bool) {
    let rect = ui.max_rect();
    let y = if top { rect.top() - 8.5 } else { rect.bottom() + 8.5 };
    let wide = egui::Rangef::new(0.0, ui.ctx().viewport_rect().right());
    ui.ctx().layer_painter(ui.layer_id()).hline(wide, y, Stroke::new(1.0, inks().line));
}

/// Status at the top, timeline and table at the bottom.
fn docks(root: &mut Ui, seen: &Seen, hud: &mut Hud, done: &mut Vec<Action>) {
    let snapshot = &seen.feed.snapshot;
    let playhead = &seen.feed.playhead;
    let status = StatusModel::new(snapshot, playhead, seen.options.filter.as_deref(), &hud.typed);
    let status =
        StatusModel { alerts: alerts::told(&seen.feed), quality: seen.drawn.0.words(snapshot.paths.len()), ..status };
    if !seen.options.hidden.has(Part::Status) {
        let top = Panel::top("status").exact_size(52.0).resizable(false).show_separator_line(false);
        top.frame(theme::panel_frame()).show(root, |ui| {
            edge_line(ui, false);
            done.extend(status_ui(ui, &status));
        });
    }
    if hud.bar.open || !hud.shown.is_empty() {
        let bar = Panel::top("filter-bar").exact_size(58.0).resizable(false).show_separator_line(false);
        bar.frame(theme::panel_frame()).show(root, |ui| {
            edge_line(ui, false);
            let model = BarModel { shown: &hud.shown, snapshot, saved: &seen.filters };
            done.extend(bar_ui(ui, &mut hud.bar, model));
        });
    }
    if let Some(span) = snapshot.span
        && seen.layers.is_on(Layer::Timeline)
    {
        let count = (root.available_width() / 3.0).clamp(50.0, 1_200.0) as usize;
        if let Some(view) = hud.stretch.filter(|_| playhead.state != PlayState::Paused) {
            hud.stretch = Some(following(view, span, playhead.now));
        }
        let view = hud.stretch.unwrap_or(span);
        let model = TimelineModel {
            span,
            view,
            bars: hud.bars.get(&snapshot.series, view, count),
            scale: hud.time_scale,
            kept_from: snapshot.health.kept_from,
            marks: &seen.marks,
            alerts: &seen.feed.alerts,
            playhead: *playhead,
            window: snapshot.window,
            records: snapshot.totals.records,
            flows: snapshot.totals.flows,
            dropped: snapshot.health.sources.iter().map(|s| s.dropped).sum(),
            live: snapshot.health.sources.iter().any(|s| s.live),
            graph: GRAPH,
        };
        let strip = Panel::bottom("timeline").exact_size(108.0).resizable(false).show_separator_line(false);
        strip.frame(theme::panel_frame()).show(root, |ui| {
            edge_line(ui, true);
            done.extend(timeline_ui(ui, &model));
        });
    }
    if seen.layers.is_on(Layer::Table) {
        let most = (root.available_height() * 0.7).max(120.0);
        let dock = Panel::bottom("table").default_size(226.0_f32.min(most)).size_range(120.0..=most).resizable(true);
        dock.frame(theme::panel_frame()).show_separator_line(false).show(root, |ui| {
            edge_line(ui, true);
            let mut model = TableModel {
                view: &hud.view,
                wish: &mut hud.wish,
                columns: &hud.columns,
                selection: &seen.selection,
                focus: hud.focus_filter,
                reveal: hud.reveal,
                closable: true,
            };
            done.extend(table_ui(ui, &mut model));
        });
    }
}

pub(super) fn card(name: &str, pivot: Align2, at: egui::Pos2) -> Area {
    Area::new(Id::new(name)).pivot(pivot).fixed_pos(at).order(Order::Middle).fade_in(false).sense(Sense::hover())
}

/// How much of the legend is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum LegendSize {
    /// All of it.
    Whole,
    /// Without the scale of rates, which has no room beside kinds and densities.
    Kinds,
    /// The scale of rates as one strip.
    Strip,
}

impl LegendSize {
    /// What fits into a window of a size, with `room` points of height for the legend. `added` points of it are for
    /// kinds and densities, 0 where there are none. None where not even a strip fits.
    fn fitting(window: egui::Vec2, room: f32, added: f32) -> Option<LegendSize> {
        let small = window.y < SMALL.y || window.x < SMALL.x;
        if !small && room > LEGEND_HEIGHT - 40.0 + added {
            return Some(LegendSize::Whole);
        }
        if added > 0.0 && room > 30.0 + added {
            return Some(LegendSize::Kinds);
        }
        (room > STRIP_HEIGHT && window.x > 300.0).then_some(LegendSize::Strip)
    }
}

/// The legend.
fn legend_card(ctx: &Context, (pivot, at): (Align2, egui::Pos2), seen: &Seen, size: LegendSize) -> egui::Rect {
    let kinds = (size == LegendSize::Kinds).then(|| LegendModel { classes: Vec::new(), ..seen.legend.clone() });
    let model = kinds.as_ref().unwrap_or(&seen.legend);
    let shown = card("legend", pivot, at).show(ctx, |ui| {
        theme::card_frame().show(ui, |ui| match size {
            LegendSize::Strip => strip_ui(ui, model),
            _ => legend_ui(ui, model, seen.clock.elapsed),
        });
    });
    shown.response.rect
}

/// What the kinds of pins and the density of traffic add to the legend's height.
fn added_height(seen: &Seen) -> f32 {
    let heat = if seen.legend.heat { 52.0 } else { 0.0 };
    heat + seen.legend.kinds.as_ref().map_or(0.0, |(_, kinds)| 22.0 + 19.0 * kinds.len() as f32)
}

/// Cards over the globe: layers, legend, details, addresses without a place.
fn cards(ctx: &Context, free: egui::Rect, seen: &Seen, hud: &mut Hud, done: &mut Vec<Action>) {
    left_cards(ctx, free, seen, hud, done);
    let sample = seen.options.sample && hud.sample && !hud.sources && !seen.options.hidden.has(Part::Notice);
    if sample && !seen.selection.is_some() {
        let at = pos2(free.right() - EDGE, free.top() + EDGE);
        card("sample", Align2::RIGHT_TOP, at).show(ctx, |ui| {
            theme::card_frame().show(ui, |ui| done.extend(sample_ui(ui)));
        });
    }
    let (right, below) = tall_cards(ctx, free, seen, hud, done);
    if hud.sources {
        card("sources", Align2::RIGHT_TOP, pos2(right, free.top() + EDGE)).show(ctx, |ui| {
            theme::card_frame().show(ui, |ui| {
                ui.set_width(330.0);
                let kinds = seen.pins.as_ref().filter(|_| seen.colouring.by == ColourBy::Sensor);
                let kinds = kinds.and_then(|pins| pins.kinds.as_ref());
                let room = (free.height() - 90.0).clamp(80.0, 420.0);
                done.extend(sources::list_ui(ui, &seen.feed.snapshot, kinds, room));
            });
        });
    }
    let mut corner = pos2(right, free.bottom() - EDGE);
    // The settings leave no corner of the globe free.
    let has_room = free.height() > COMPASS_ROOM && free.width() > COMPASS_ROOM && !hud.settings;
    if has_room && !seen.options.hidden.has(Part::Compass) {
        // In the corner, unless the details reach down to it.
        let free_corner = free.right_bottom() - vec2(EDGE, EDGE);
        let at = if below < free_corner.y - compass::SIZE - 8.0 { free_corner } else { corner };
        card("compass", Align2::RIGHT_BOTTOM, at).show(ctx, |ui| {
            done.extend(compass::compass_ui(ui, seen.rig.orbit));
        });
        corner.x = corner.x.min(at.x - compass::SIZE - 8.0);
    }
    if hud.unplaced {
        card("unplaced", Align2::RIGHT_BOTTOM, corner).show(ctx, |ui| {
            theme::card_frame().show(ui, |ui| {
                ui.set_width(280.0);
                done.extend(shelf::shelf_ui(ui, &seen.feed.snapshot));
            });
        });
    }
}

/// Cards at the left: layers, legend, alerts.
fn left_cards(ctx: &Context, free: egui::Rect, seen: &Seen, hud: &mut Hud, done: &mut Vec<Action>) {
    let mut beside = free.left() + EDGE;
    hud.taken.clear();
    if !seen.options.hidden.has(Part::Rail) {
        let rail = card("rail", Align2::LEFT_TOP, free.left_top() + vec2(EDGE, EDGE)).show(ctx, |ui| {
            let frame = theme::card_frame().inner_margin(Margin::same(5));
            frame.show(ui, |ui| {
                let room = free.height() - 2.0 * EDGE - 10.0;
                done.extend(rail::rail_ui(ui, *seen.layers, room));
            });
        });
        beside = rail.response.rect.right() + 8.0;
        hud.taken.push(rail.response.rect);
    }
    let room = free.height() - 2.0 * EDGE;
    let legend = LegendSize::fitting(ctx.viewport_rect().size(), room, added_height(seen));
    let legend = legend.filter(|_| seen.layers.is_on(Layer::Legend));
    let mut above = free.bottom();
    if let Some(size) = legend {
        let at = pos2(beside, free.bottom() - EDGE);
        let rect = legend_card(ctx, (Align2::LEFT_BOTTOM, at), seen, size);
        above = rect.top();
        hud.taken.push(rect);
    }
    if hud.alerts {
        let rows = alerts::rows(&seen.feed.alerts, seen.feed.playhead.now, seen.feed.is_behind_live());
        let list = card("alerts", Align2::LEFT_TOP, pos2(beside, free.top() + EDGE)).show(ctx, |ui| {
            theme::card_frame().show(ui, |ui| {
                ui.set_width(320.0);
                done.extend(alerts_ui(ui, &rows, (above - free.top() - 75.0).clamp(80.0, 420.0), true));
            });
        });
        hud.taken.push(list.response.rect);
    }
}

/// Details and settings beside each other, from the right on: where the next card ends at the right, and how far down they
/// reach.
fn tall_cards(ctx: &Context, free: egui::Rect, seen: &Seen, hud: &mut Hud, done: &mut Vec<Action>) -> (f32, f32) {
    let mut right = free.right() - EDGE;
    let mut below = free.top();
    if seen.selection.details
        && let Some((model, several)) = hud.detail.get(&seen.feed.snapshot, seen.feed.generation, &seen.selection)
    {
        let shown = card("details", Align2::RIGHT_TOP, pos2(right, free.top() + EDGE)).show(ctx, |ui| {
            theme::card_frame().show(ui, |ui| {
                ui.set_width(316.0);
                ui.set_max_height((free.height() - 2.0 * EDGE - 22.0).clamp(120.0, 620.0));
                if let Some(several) = several {
                    done.extend(several_ui(ui, several, seen.rig.follows()));
                }
                done.extend(detail_ui(ui, model, (&seen.feed.witness, seen.rig.follows())));
            });
        });
        right = shown.response.rect.left() - 8.0;
        below = shown.response.rect.bottom();
        hud.taken.push(shown.response.rect);
    }
    if hud.settings {
        let model = seen.settings.model(hud.time_scale);
        let width = (free.width() - 2.0 * EDGE - 24.0).clamp(280.0, 560.0);
        let shown = card("settings", Align2::RIGHT_TOP, pos2(right, free.top() + EDGE)).show(ctx, |ui| {
            theme::card_frame().show(ui, |ui| {
                ui.set_width(width);
                done.extend(settings_ui(ui, &model, (free.height() - 2.0 * EDGE - 92.0).min(640.0)));
            });
        });
        right = shown.response.rect.left() - 8.0;
        below = below.max(shown.response.rect.bottom());
        hud.taken.push(shown.response.rect);
    }
    (right, below)
}

/// What happens if the files over the window are let go.
fn drop_card(ctx: &Context) {
    let screen = ctx.viewport_rect();
    let layer = LayerId::new(Order::Foreground, Id::new("drop"));
    let painter = ctx.layer_painter(layer);
    painter.rect_filled(screen, 0.0, inks().shade);
    let edge = screen.shrink(16.0);
    painter.rect_stroke(edge, 8.0, Stroke::new(2.0, inks().accent), egui::StrokeKind::Inside);
    let font = egui::FontId::proportional(theme::CLOCK);
    painter.text(screen.center(), Align2::CENTER_CENTER, "Drop to show what is in it", font, inks().text);
}

/// What lies on top of everything: the notice, the help, a passing message.
fn overlays(ctx: &Context, free: egui::Rect, seen: &Seen, hud: &mut Hud, done: &mut Vec<Action>) {
    let notice = NoticeModel::new(&seen.feed.snapshot, &seen.feed.playhead, seen.options.filter.as_deref());
    let covered = hud.help || hud.chooser.is_open();
    if let Some(model) = notice.filter(|_| !covered && !seen.options.hidden.has(Part::Notice)) {
        if hud.noticed != model.title {
            seen.trace.line(format_args!("notice {}", model.title));
            hud.noticed.clone_from(&model.title);
        }
        let at = free.center();
        card("notice", Align2::CENTER_CENTER, at).show(ctx, |ui| {
            theme::card_frame().inner_margin(Margin::symmetric(18, 14)).show(ui, |ui| notice_ui(ui, &model));
        });
    }
    if let Some(palette) = &mut hud.palette {
        let known = Known { rows: &hud.rows, views: &seen.views, filters: &seen.filters };
        palette.refresh(known, &seen.feed, seen.clock.elapsed);
        let screen = ctx.viewport_rect();
        let at = pos2(screen.center().x, screen.top() + 72.0);
        let area = card("palette", Align2::CENTER_TOP, at).order(Order::Foreground);
        area.show(ctx, |ui| {
            theme::card_frame().show(ui, |ui| {
                ui.set_width((screen.width() - 80.0).min(560.0));
                done.extend(palette_ui(ui, palette));
            });
        });
    }
    if hud.help {
        let screen = ctx.viewport_rect();
        let shade = LayerId::new(Order::Middle, Id::new("shade"));
        ctx.move_to_top(shade);
        ctx.layer_painter(shade).rect_filled(screen, 0.0, inks().shade);
        let help_card = card("help", Align2::CENTER_CENTER, screen.center()).order(Order::Foreground);
        help_card.show(ctx, |ui| {
            theme::card_frame().inner_margin(Margin::symmetric(18, 14)).show(ui, |ui| {
                ui.set_width((screen.width() - 80.0).min(940.0));
                done.extend(help::help_ui(ui, &hud.rows, *seen.layers));
            });
        });
    }
    done.extend(hud.chooser.show(ctx));
    if hud.dropping {
        drop_card(ctx);
    }
    if hud.toast.as_ref().is_some_and(|t| t.until < seen.clock.elapsed) {
        hud.toast = None;
    }
    if let Some(toast) = hud.toast.as_ref().filter(|_| !seen.options.hidden.has(Part::Messages)) {
        let at = free.center_bottom() - vec2(0.0, EDGE);
        card("toast", Align2::CENTER_BOTTOM, at).interactable(false).show(ctx, |ui| {
            theme::card_frame().show(ui, |ui| {
                ui.style_mut().wrap_mode = Some(egui::TextWrapMode::Extend);
                ui.label(toast.text.as_str());
            });
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_legend_is_a_strip_in_small_windows() {
        let fitting = |w: f32, h: f32, room: f32, added: f32| LegendSize::fitting(vec2(w, h), room, added);
        assert_eq!(fitting(1280.0, 720.0, 540.0, 0.0), Some(LegendSize::Whole));
        assert_eq!(fitting(640.0, 480.0, 300.0, 0.0), Some(LegendSize::Strip));
        assert_eq!(fitting(1280.0, 500.0, 320.0, 0.0), Some(LegendSize::Strip));
        assert_eq!(fitting(1280.0, 720.0, 200.0, 0.0), Some(LegendSize::Strip), "the table takes the room");
        assert_eq!(fitting(1280.0, 720.0, 200.0, 120.0), Some(LegendSize::Kinds));
        assert_eq!(fitting(640.0, 480.0, 50.0, 0.0), None);
    }

    #[test]
    fn marks_grow_with_the_text_at_the_start_and_later() {
        let mut app = App::new();
        app.init_resource::<MarkScale>()
            .insert_resource(HudOptions { ui_scale: 2.95, ..HudOptions::default() })
            .add_systems(Update, scale_marks.run_if(resource_changed::<HudOptions>));
        let mut scale = |ui_scale: Option<f32>| {
            if let Some(ui_scale) = ui_scale {
                app.world_mut().resource_mut::<HudOptions>().ui_scale = ui_scale;
            }
            app.update();
            app.world().resource::<MarkScale>().0
        };
        assert!((scale(None) - 2.95).abs() < 1e-6);
        assert_eq!((scale(Some(0.0)), scale(Some(1.0)), scale(Some(99.0))), (1.0, 1.0, 4.0));
    }
}
