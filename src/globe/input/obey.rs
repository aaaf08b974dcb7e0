//! Actions are carried out: on layers, panels and selection, on the playhead, on the eye, on the window.

use std::fs::File;
use std::io::{self, BufWriter, Write as _};
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use bevy::prelude::*;
use bevy::render::view::screenshot::{Screenshot, save_to_disk};
use bevy::window::{PrimaryWindow, WindowMode};

use crate::base::clock::wall_now;
use crate::base::{Span, Timestamp};
use crate::cache::{By, Level, Snapshot};
use crate::export::{self, Format};
use crate::globe::SceneClock;
use crate::globe::actions::Action;
use crate::globe::camera::CameraRig;
use crate::globe::colouring::Colouring;
use crate::globe::feed::{Feed, FeedInput};
use crate::globe::hud::{Hud, HudOptions, Toast, text, with_word};
use crate::globe::inks::Theme;
use crate::globe::kept::{Keeper, Kept, MOST_FILTERS, SavedFilters};
use crate::globe::layers::{LayerId, Layers};
use crate::globe::palette::Palette;
use crate::globe::recorder::Recorder;
use crate::globe::scale::RateShift;
use crate::globe::selection::{Picked, Selection, find_host, neighbour_by_rate};
use crate::globe::timeline::{IDLE, Marks, faster, slower, step};
use crate::globe::trace::Trace;
use crate::globe::views::{SavedView, Views};
use crate::pipeline::{Control, PlayState, Playhead, Show};

/// Altitude in radii at which a flight to an address ends, unless the eye is already nearer.
const FLY_ALTITUDE: f64 = 0.6;
/// Seconds a passing message stays.
const TOAST: f64 = 4.0;

/// Adding a word to the filter is showing the longer filter; so is taking a saved one.
pub(super) fn narrow(
    mut actions: MessageReader<Action>,
    (hud, filters): (Res<Hud>, Res<SavedFilters>),
    mut shown: Local<Vec<Action>>,
    mut commands: Commands,
) {
    let mut text = hud.shown.clone();
    for action in actions.read() {
        if let Action::Narrow(word, negated) = action {
            text = with_word(&text, word, *negated);
            shown.push(Action::Show(text.clone()));
        }
        if let Action::SavedFilter(name) = action
            && let Some(saved) = filters.0.get(name)
        {
            text.clone_from(saved);
            shown.push(Action::Show(text.clone()));
        }
    }
    for action in shown.drain(..) {
        commands.write_message(action);
    }
}

/// The wish that an action is, if it is one.
#[must_use]
pub(super) fn control_of(action: &Action, playhead: &Playhead, snapshot: &Snapshot) -> Option<Control> {
    let span = snapshot.span;
    let seek = |t: Timestamp| {
        let t = span.map_or(t, |s| t.clamp(s.start, s.end.max(s.start)));
        Control::Seek(t)
    };
    Some(match action {
        Action::PlayPause if playhead.state == PlayState::Paused => Control::Resume,
        Action::PlayPause => Control::Pause,
        Action::Skip(secs) => {
            let by = Duration::from_secs(secs.unsigned_abs().into());
            seek(if *secs < 0 { playhead.now - by } else { playhead.now + by })
        }
        Action::StepForward => Control::Seek(step(snapshot, playhead.now, true)?),
        Action::StepBack => Control::Seek(step(snapshot, playhead.now, false)?),
        Action::Slower => Control::Speed(slower(playhead.speed)),
        Action::Faster => Control::Speed(faster(playhead.speed)),
        Action::Speed(s) => Control::Speed(s.abs().clamp(0.01, 100_000.0).copysign(*s)),
        Action::Reverse => Control::Speed(-playhead.speed),
        Action::First => Control::Seek(span?.start),
        Action::Live => Control::Live,
        Action::Seek(t) => seek(*t),
        Action::Fit(length) => Control::Fit(*length),
        Action::Show(text) if text.trim().is_empty() => Control::Show(None),
        Action::Show(text) => Control::Show(Some(Box::new(Show::parse(text).ok()?))),
        Action::Window(d) => Control::Window((*d).max(Duration::from_millis(100))),
        _ => return None,
    })
}

/// The view that an action asks for, if it asks for one, or why there is none.
fn view_of(action: &Action, views: &Views) -> Option<Result<SavedView, String>> {
    match action {
        Action::SavedView(name) => Some(views.find(name)),
        Action::TakeView(view) => Some(Ok(*view)),
        _ => None,
    }
}

/// The level that an action asks for, if it asks for one.
#[must_use]
pub(super) fn level_of(action: &Action, now: Level, views: &Views) -> Option<Level> {
    match action {
        Action::NextLevel(coarser) => Some(now.next(*coarser)),
        Action::SavedView(_) => view_of(action, views)?.ok()?.level.filter(|level| *level != now),
        // Another level may have been wished that the picture does not show yet.
        Action::TakeView(view) => view.level,
        Action::ShowAddress(_) if now.by != By::Address => Some(Level { by: By::Address, ..now }),
        _ => None,
    }
}

pub(super) fn obey_time(
    mut actions: MessageReader<Action>,
    (feed, views): (Res<Feed>, Res<Views>),
    (input, keeper): (Option<ResMut<FeedInput>>, Option<Res<Keeper>>),
    told: (Res<SceneClock>, ResMut<Hud>, ResMut<Marks>, Res<HudOptions>),
) {
    let Some(mut input) = input else { return };
    let (clock, mut hud, mut marks, options) = told;
    let mut playhead = feed.playhead;
    let mut level = feed.snapshot.level;
    for action in actions.read() {
        if let Some(next) = level_of(action, level, &views) {
            level = next;
            input.send(Control::Level(level));
        }
        if let Some((control, said)) = mark(action, &mut marks, playhead.now, feed.snapshot.span) {
            if let (Action::Bookmark, Some(keeper)) = (action, &keeper)
                && let Err(problem) = (keeper.0)(Kept::Bookmarks(marks.bookmarks()))
            {
                tracing::warn!("bookmarks are kept for this run only: {problem}");
            }
            if let Some(text) = said {
                hud.toast = Some(Toast { text, until: clock.elapsed + TOAST });
            }
            control.into_iter().for_each(|c| input.send(c));
            continue;
        }
        // Who may not know addresses may not ask for them either.
        if options.masked && matches!(action, Action::Show(_)) {
            continue;
        }
        let Some(control) = control_of(action, &playhead, &feed.snapshot) else { continue };
        // Who turns round wants to go.
        if *action == Action::Reverse && playhead.state == PlayState::Paused {
            playhead.state = PlayState::Replay { speed: -playhead.speed };
            input.send(control);
            playhead.speed = -playhead.speed;
            input.send(Control::Resume);
            continue;
        }
        // Several wishes in one frame build on each other.
        match control {
            Control::Seek(t) => playhead.now = t,
            Control::Speed(s) => playhead.speed = s,
            Control::Pause => playhead.state = PlayState::Paused,
            Control::Resume => playhead.state = PlayState::Replay { speed: playhead.speed },
            _ => {}
        }
        input.send(control);
    }
}

/// Changes the marks of the time line; gives what the pipeline is to do and what is said about it. None: the action is
/// none of these.
fn mark(
    action: &Action,
    marks: &mut Marks,
    now: Timestamp,
    recording: Option<Span>,
) -> Option<(Option<Control>, Option<String>)> {
    let before = marks.part();
    let control = match action {
        Action::BeginPart => {
            marks.begin_part(now);
            // The part is played from its beginning once both ends stand.
            (marks.part() != before).then(|| Control::Loop(marks.part()))
        }
        Action::EndPart => {
            marks.end_part(now, recording?);
            Some(Control::Loop(marks.part()))
        }
        Action::ClearPart => {
            marks.clear_part();
            Some(Control::Loop(None))
        }
        Action::Bookmark => {
            let (_, time) = text::date_and_time(now);
            let said = if marks.toggle_bookmark(now) { "bookmark at" } else { "no bookmark at" };
            return Some((None, Some(format!("{said} {time}"))));
        }
        Action::NextBookmark => match marks.next_bookmark(now, recording.unwrap_or(Span::new(now, now))) {
            Some(at) => Some(Control::Seek(at)),
            None => return Some((None, Some("no bookmark yet; M sets one".into()))),
        },
        Action::SkipIdle => {
            marks.skip_idle = if marks.skip_idle.is_some() { None } else { Some(IDLE) };
            let said = match marks.skip_idle {
                Some(longest) => format!("silence of more than {} is jumped over", text::duration(longest)),
                None => "silence is played".into(),
            };
            return Some((Some(Control::SkipIdle(marks.skip_idle)), Some(said)));
        }
        _ => return None,
    };
    Some((control, None))
}

pub(super) fn obey_camera(
    mut actions: MessageReader<Action>,
    (feed, views): (Res<Feed>, Res<Views>),
    mut rig: ResMut<CameraRig>,
) {
    let fly = |rig: &mut CameraRig, addr: IpAddr| {
        let exact = feed.snapshot.find_address(addr);
        if let Some(host) = exact.or_else(|| find_host(&feed.snapshot, addr)) {
            rig.fly_to_place(host.place.at, FLY_ALTITUDE.max(rig.orbit.altitude.min(1.2)));
        }
    };
    for action in actions.read() {
        match action {
            Action::Pan([x, y]) => rig.pan(f64::from(*x), f64::from(*y)),
            Action::Tilt([heading, tilt]) => rig.turn(f64::from(*heading), f64::from(*tilt)),
            Action::Zoom(octaves) => rig.zoom_by(0.5f64.powf(f64::from(*octaves))),
            Action::Home => rig.home(),
            Action::Look(orbit) => rig.fly_to(*orbit),
            Action::SavedView(_) | Action::TakeView(_) => {
                let view = view_of(action, &views).and_then(Result::ok).unwrap_or_default();
                if view.projection.is_some_and(|p| p != rig.projection()) {
                    rig.change_projection();
                }
                if let Some(orbit) = view.orbit {
                    rig.fly_to(orbit);
                }
            }
            Action::NorthUp => rig.north_up(),
            Action::TopDown => rig.top_down(),
            Action::Projection => rig.change_projection(),
            Action::Spin => {
                let on = !rig.spin;
                rig.stop();
                rig.spin = on;
            }
            Action::Follow => {
                let on = !rig.follows();
                rig.follow(on);
            }
            // Who follows the selection goes where it goes.
            Action::FlyTo(_) | Action::ShowAddress(_) if rig.follows() => {}
            Action::FlyTo(addr) | Action::ShowAddress(addr) => fly(&mut rig, *addr),
            _ => {}
        }
    }
}

/// What the panels' part of an action changes.
#[derive(bevy::ecs::system::SystemParam)]
pub(super) struct Panels<'w> {
    hud: ResMut<'w, Hud>,
    layers: ResMut<'w, Layers>,
    selection: ResMut<'w, Selection>,
    rig: ResMut<'w, CameraRig>,
    views: ResMut<'w, Views>,
    filters: ResMut<'w, SavedFilters>,
    keeper: Option<Res<'w, Keeper>>,
    options: Res<'w, HudOptions>,
    theme: ResMut<'w, Theme>,
    colouring: ResMut<'w, Colouring>,
    shift: ResMut<'w, RateShift>,
}

pub(super) fn obey_panels(
    mut actions: MessageReader<Action>,
    (feed, clock, trace): (Res<Feed>, Res<SceneClock>, Res<Trace>),
    mut panels: Panels,
) {
    for action in actions.read() {
        let before = (panels.selection.picked, panels.selection.details);
        match action {
            Action::CopyAddress => copy(&mut panels, &feed.snapshot, clock.elapsed),
            Action::Copy(text) => put_on_clipboard(&mut panels, text.clone(), clock.elapsed),
            Action::CopyRows(rows, told) => {
                put_on_clipboard(&mut panels, told.clone(), clock.elapsed);
                panels.hud.clipboard = Some(rows.clone());
            }
            Action::NextTheme => {
                *panels.theme = panels.theme.next();
                let text = format!("theme: {}", panels.theme.title());
                panels.hud.toast = Some(Toast { text, until: clock.elapsed + TOAST });
            }
            Action::NextColour | Action::Colour(_) => {
                match action {
                    Action::Colour(by) => panels.colouring.set(by.clone()),
                    _ => panels.colouring.next(),
                }
                let text = format!("pins by {}", panels.colouring.by.title());
                panels.hud.toast = Some(Toast { text, until: clock.elapsed + TOAST });
            }
            Action::NextRateShift | Action::RateShift(_) => {
                *panels.shift = match action {
                    Action::RateShift(shift) => *shift,
                    _ => panels.shift.next(),
                };
                let text = match panels.shift.words() {
                    "" => "rates on the fixed scale".into(),
                    words => format!("rates {words}: the legend says which"),
                };
                panels.hud.toast = Some(Toast { text, until: clock.elapsed + TOAST });
            }
            Action::NextPin | Action::PreviousPin => {
                let from = panels.selection.picked.ends()[0];
                if let Some(addr) = neighbour_by_rate(&feed.snapshot, from, *action == Action::NextPin) {
                    panels.selection.picked = Picked::Host(addr);
                    show(&mut panels, &feed.snapshot, addr);
                }
            }
            other => obey_panel(other, &mut panels, feed.snapshot.level, clock.elapsed),
        }
        let (picked, details) = (panels.selection.picked, panels.selection.details);
        if picked != before.0 {
            panels.hud.reveal = true;
        }
        if details
            && (picked, details) != before
            && let [Some(a), _] = picked.ends()
        {
            trace.line(format_args!("card {a}"));
        }
    }
}

fn obey_panel(action: &Action, p: &mut Panels, level: Level, now: f64) {
    let hud = &mut *p.hud;
    match action {
        Action::Toggle(id) => p.layers.toggle(*id),
        Action::Help => hud.help = !hud.help,
        Action::Settings => hud.settings = !hud.settings,
        Action::Palette(sought) => hud.palette = Some(Palette::new(*sought)),
        Action::ClosePalette => hud.palette = None,
        Action::Browse => hud.chooser.open(),
        Action::GoOn(sought, text) => {
            let mut palette = Palette::new(*sought);
            palette.text.clone_from(text);
            hud.palette = Some(palette);
        }
        // A wall begins with nothing open.
        Action::Wall => {
            (hud.palette, hud.help) = (None, false);
            hud.chooser.close();
            (hud.alerts, hud.unplaced, hud.sources, hud.settings) = (false, false, false, false);
        }
        Action::Tour(kind) => {
            hud.toast = Some(Toast { text: format!("tour of {}", kind.about()), until: now + TOAST });
        }
        Action::ShowSpan(stretch) => hud.stretch = *stretch,
        Action::NextTimeScale => hud.time_scale = hud.time_scale.next(),
        Action::Alerts => hud.alerts = !hud.alerts,
        Action::Sources => hud.sources = !hud.sources,
        Action::Unplaced => hud.unplaced = !hud.unplaced,
        Action::EditFilter => {
            p.layers.set(LayerId::Table, true);
            hud.focus_filter = true;
        }
        Action::Filter(text) => {
            p.layers.set(LayerId::Table, true);
            hud.wish.text.clone_from(text);
        }
        Action::EditShown => (hud.bar.open, hud.bar.focus) = (true, true),
        Action::Show(_) if p.options.masked => {
            hud.toast = Some(Toast { text: "no filter while addresses are replaced".into(), until: now + TOAST });
        }
        Action::Show(text) => match Show::parse(text) {
            Ok(_) => put_in_force(hud, text, p.keeper.as_deref()),
            Err(error) => hud.toast = Some(Toast { text: error.to_string(), until: now + TOAST }),
        },
        Action::SaveView(name) => {
            let projection = Some(p.rig.projection());
            let (layers, shift) = (Some(*p.layers), Some(*p.shift));
            let view = SavedView { orbit: Some(p.rig.orbit), layers, level: Some(level), projection, shift };
            p.views.0.insert(name.clone(), view);
            let text = keep(p.keeper.as_deref(), &format!("view {name}"), Kept::View(name, &view));
            hud.toast = Some(Toast { text, until: now + TOAST });
        }
        Action::SaveFilter(name) => {
            let text = save_filter(name, &hud.shown, &mut p.filters, p.keeper.as_deref());
            hud.toast = Some(Toast { text, until: now + TOAST });
        }
        Action::Columns(columns) => {
            hud.columns.clone_from(columns);
            let text = keep(p.keeper.as_deref(), "columns", Kept::Columns(columns));
            if p.keeper.is_some() && !text.contains(" saved in ") {
                hud.toast = Some(Toast { text, until: now + TOAST });
            }
        }
        Action::SavedView(_) | Action::TakeView(_) => match view_of(action, &p.views) {
            Some(Ok(view)) => {
                *p.layers = view.layers.unwrap_or(*p.layers);
                if let Some(shift) = view.shift.filter(|shift| *shift != *p.shift) {
                    *p.shift = shift;
                }
            }
            Some(Err(text)) => hud.toast = Some(Toast { text, until: now + TOAST }),
            None => {}
        },
        Action::Escape if !hud.step_back() && !p.selection.step_back() && !hud.cards.close_last() => hud.sample = false,
        _ => obey_selection(action, p, now),
    }
}

/// What is selected, and cards of it.
fn obey_selection(action: &Action, p: &mut Panels, now: f64) {
    let (hud, selection) = (&mut *p.hud, &mut *p.selection);
    match action {
        Action::SelectHost(addr) | Action::FlyTo(addr) | Action::ShowAddress(addr) => {
            selection.pick(Picked::Host(*addr));
        }
        Action::SelectPath(a, b) => selection.pick(Picked::Path(*a, *b)),
        // A second click on the selected row lets go of it.
        Action::SelectFlow(id) if selection.picked == Picked::Flow(*id) => selection.pick(Picked::Nothing),
        Action::SelectFlow(id) => selection.pick(Picked::Flow(*id)),
        Action::AddOrRemove(thing) => selection.add_or_remove(*thing),
        Action::Choose(thing) => selection.pick(*thing),
        Action::PinCard => {
            let corner = hud.hovered_card.map(|(_, corner)| corner);
            let thing = hud.hovered_card.map_or(selection.picked, |(thing, _)| thing);
            if thing == Picked::Nothing {
                let text = "nothing is under the pointer or selected that a card could be of".into();
                hud.toast = Some(Toast { text, until: now + TOAST });
            }
            hud.cards.pin(thing, corner.unwrap_or(hud.room.min), hud.room, &hud.taken);
        }
        Action::CloseCard(id) => hud.cards.close(*id),
        Action::TurnTo(thing) => selection.turn_to(*thing),
        Action::StayOrGo => {
            let text = match selection.stay_or_go() {
                false => "nothing is selected that could stay; Tab selects a pin".to_owned(),
                true if selection.stays() => format!("stays selected while others are: {}", selection.count()),
                true => "the next one selected takes its place".to_owned(),
            };
            hud.toast = Some(Toast { text, until: now + TOAST });
        }
        Action::Details => selection.details = selection.is_some() && !selection.details,
        Action::Follow => {
            let text = following(p.rig.follows(), selection.is_some()).into();
            hud.toast = Some(Toast { text, until: now + TOAST });
        }
        Action::Deselect => selection.pick(Picked::Nothing),
        _ => {}
    }
}

/// Takes over the text of a filter that is in force from here on, and remembers it.
fn put_in_force(hud: &mut Hud, text: &str, keeper: Option<&Keeper>) {
    text.trim().clone_into(&mut hud.shown);
    let more = hud.bar.applied(&hud.shown);
    if let Some(keeper) = keeper.filter(|_| more)
        && let Err(problem) = (keeper.0)(Kept::History(hud.bar.history()))
    {
        tracing::warn!("filters are remembered for this run only: {problem}");
    }
}

/// Saves the filter in force under a name; what is to be said about it.
fn save_filter(name: &str, shown: &str, filters: &mut SavedFilters, keeper: Option<&Keeper>) -> String {
    if shown.is_empty() {
        return "there is no filter to be saved; Shift+F sets one".into();
    }
    if filters.0.len() >= MOST_FILTERS && !filters.0.contains_key(name) {
        return format!("at most {MOST_FILTERS} filters are kept");
    }
    filters.0.insert(name.to_owned(), shown.to_owned());
    keep(keeper, &format!("filter {name}"), Kept::Filter(name, shown))
}

/// What is said when following is switched: the eye has not heard of it yet.
fn following(before: bool, selected: bool) -> &'static str {
    match (before, selected) {
        (true, _) => "the eye stays where it is",
        (false, true) => "the eye follows the selection; moving it ends that",
        (false, false) => "the eye follows what is selected next",
    }
}

/// Keeps something for the next start; what is to be said about it.
fn keep(keeper: Option<&Keeper>, what: &str, kept: Kept<'_>) -> String {
    match keeper.map(|k| (k.0)(kept)) {
        Some(Ok(file)) => format!("{what} saved in {}", file.display()),
        Some(Err(problem)) => format!("{what} is kept for this run only: {problem}"),
        None => format!("{what} is kept for this run only"),
    }
}

/// Turns the globe until a pin chosen by key is in sight.
fn show(p: &mut Panels, snapshot: &Snapshot, addr: IpAddr) {
    let Some(host) = find_host(snapshot, addr).filter(|_| !p.rig.follows()) else { return };
    let altitude = p.rig.orbit.altitude;
    p.rig.fly_to_place(host.place.at, altitude);
}

fn copy(p: &mut Panels, snapshot: &Snapshot, now: f64) {
    let text: Vec<String> = p.selection.ends().into_iter().map(|a| snapshot.name_of(a.into())).collect();
    if text.is_empty() {
        return;
    }
    put_on_clipboard(p, text.join(" "), now);
}

fn put_on_clipboard(p: &mut Panels, text: String, now: f64) {
    p.hud.toast = Some(Toast { text: format!("copied {text}"), until: now + TOAST });
    p.hud.clipboard = Some(text);
}

pub(super) fn obey_window(
    mut actions: MessageReader<Action>,
    mut windows: Query<&mut Window, With<PrimaryWindow>>,
    (clock, feed, mut hud): (Res<SceneClock>, Res<Feed>, ResMut<Hud>),
    (mut recorder, mut commands): (ResMut<Recorder>, Commands),
    mut exit: MessageWriter<AppExit>,
) {
    for action in actions.read() {
        match action {
            Action::Quit => {
                exit.write(AppExit::Success);
            }
            Action::FullScreen => {
                for mut window in &mut windows {
                    window.mode = match window.mode {
                        WindowMode::Windowed => WindowMode::BorderlessFullscreen(MonitorSelection::Current),
                        _ => WindowMode::Windowed,
                    };
                }
            }
            Action::Export(format) => {
                let name = file_name(format.ending());
                let text = match export_into(&name, *format, &feed.snapshot) {
                    Ok(()) => format!("saved: {}", full_name(&name)),
                    Err(error) => format!("{} not saved: {error}", full_name(&name)),
                };
                hud.toast = Some(Toast { text, until: clock.elapsed + TOAST });
            }
            Action::Picture => {
                let name = file_name("png");
                let text = format!("picture saved: {}", full_name(&name));
                commands.spawn(Screenshot::primary_window()).observe(save_to_disk(name));
                hud.toast = Some(Toast { text, until: clock.elapsed + TOAST });
            }
            Action::Record => {
                let name = file_name("");
                let folder = PathBuf::from(full_name(name.trim_end_matches('.')));
                hud.toast = Some(Toast { text: recorder.toggle(folder), until: clock.elapsed + TOAST });
            }
            _ => {}
        }
    }
}

/// `argus-globe-20130307-214206.png`, by the wall clock.
fn file_name(ending: &str) -> String {
    let (date, time) = text::date_and_time(wall_now());
    format!("argus-globe-{}-{}.{ending}", date.replace('-', ""), time.replace(':', ""))
}

/// The name with the folder the program was started in.
fn full_name(name: &str) -> String {
    std::env::current_dir().map_or_else(|_| name.to_owned(), |dir| dir.join(name).display().to_string())
}

fn export_into(name: &str, format: Format, snapshot: &Snapshot) -> io::Result<()> {
    let mut out = BufWriter::new(File::create(name)?);
    export::write(&mut out, format, snapshot, None)?;
    out.flush()
}
