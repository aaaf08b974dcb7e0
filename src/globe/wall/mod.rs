//! Wall mode: the globe alone, for hours.
//!
//! The pointer and the panels hide while nobody touches anything; a tour driven by the data shows what matters and says
//! in one sentence why. What stays on the screen drifts a little each minute. A lost source is named over a picture that
//! turns grey; nothing stale is shown as live. Any input brings the panels back for a while, then the tour goes on.

mod dim;
mod hours;
mod kinds;
mod model;
mod ui;

use bevy::input::keyboard::KeyboardInput;
use bevy::input::mouse::{MouseButtonInput, MouseWheel};
use bevy::prelude::*;
use bevy::window::{CursorMoved, CursorOptions};
pub use dim::DimHours;
pub use kinds::{TourKind, TourWish, UnknownTour};
use model::{STOP_SECS, Stop, Tour};
pub(crate) use ui::{EDGE, Shown, wall_ui};

use super::actions::Action;
use super::camera::{CameraRig, Orbit};
use super::feed::{Feed, FeedInput};
use super::layers::Layers;
use super::scale::RateShift;
use super::selection::{Picked, Selection, find_host};
use super::trace::Trace;
use super::views::{SavedView, Views};
use super::{GlobeSet, SceneClock};
use crate::base::Zone;
use crate::base::clock::wall_now;
use crate::cache::{Snapshot, SourceState};
use crate::pipeline::{Control, PlayState};

/// Seconds without input after which the pointer hides.
const POINTER_SECS: f64 = 2.0;
/// Seconds that an input brings the panels back for.
const PANEL_SECS: f64 = 30.0;
/// Seconds that Escape is held to leave.
const LEAVE_SECS: f64 = 1.0;
/// Altitude in radii at which the tour looks at an address.
const VISIT_ALTITUDE: f64 = 0.9;

/// Wall mode and where it is.
#[derive(Resource, Clone, Debug)]
pub struct Wall {
    /// Whether it is on.
    on: bool,
    /// Seconds at one stop of the tour.
    stop_secs: f64,
    /// Whether a recording begins anew when it has been played to its end.
    looped: bool,
    tour: Tour,
    /// When the next stop is due, in seconds of the scene's clock.
    due: f64,
    /// When the last input came; before the start if none did.
    input: f64,
    escape: f64,
    /// When it was seen first that no source delivers any more.
    lost: Option<f64>,
    spin_after_flight: bool,
    /// What was shown before the tour took a saved view, but for where the eye was.
    before: Option<SavedView>,
    /// When it is darker.
    dim: Option<DimHours>,
    /// Whether it is now.
    pub(super) dimmed: bool,
}

impl Default for Wall {
    fn default() -> Wall {
        Wall {
            on: false,
            stop_secs: 20.0,
            looped: false,
            tour: Tour::default(),
            due: 0.0,
            input: f64::NEG_INFINITY,
            escape: 0.0,
            lost: None,
            spin_after_flight: false,
            before: None,
            dim: None,
            dimmed: false,
        }
    }
}

impl Wall {
    /// A wall that is on from the start or not, with a tour that stays 10 to 120 seconds at each stop.
    #[must_use]
    pub fn new(on: bool, tour: TourWish, looped: bool) -> Wall {
        let stop_secs = tour.secs.clamp(STOP_SECS[0], STOP_SECS[1]);
        Wall { on, stop_secs, looped, tour: Tour::of(tour.kind), ..Wall::default() }
    }

    /// Its tour as it is written on the command line.
    #[must_use]
    pub fn wish(&self) -> TourWish {
        TourWish { kind: self.tour.kind, secs: self.stop_secs }
    }

    /// What its tour shows.
    #[must_use]
    pub fn tour(&self) -> TourKind {
        self.tour.kind
    }

    /// The same, darker within some hours of the day.
    #[must_use]
    pub fn dimmed_at(self, dim: Option<DimHours>) -> Wall {
        Wall { dim, ..self }
    }

    /// Whether wall mode is on.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.on
    }

    /// Whether the panels are hidden `now`, in seconds of the scene's clock.
    #[must_use]
    pub fn hides_panels(&self, now: f64) -> bool {
        self.on && now - self.input >= PANEL_SECS
    }

    /// Seconds since no source delivers any more; `None` while one does.
    #[must_use]
    pub fn lost_for(&self, now: f64) -> Option<f64> {
        self.lost.filter(|_| self.on).map(|since| now - since)
    }
}

/// Told when wall mode goes on and off, from the start on.
#[derive(Resource)]
pub struct WallSwitch(pub Box<dyn FnMut(bool) + Send + Sync>);

fn tell_switch(wall: Res<Wall>, switch: Option<ResMut<WallSwitch>>, mut told: Local<bool>) {
    if wall.on != *told
        && let Some(mut switch) = switch
    {
        *told = wall.on;
        (switch.0)(wall.on);
    }
}

/// Whether every live source is lost: recordings that were read to their end are not.
fn is_lost(snapshot: &Snapshot) -> bool {
    let mut live = snapshot.health.sources.iter().filter(|s| s.live).peekable();
    live.peek().is_some() && live.all(|s| matches!(s.state, SourceState::Retrying(_) | SourceState::Failed(_)))
}

/// Runs wall mode.
pub struct WallPlugin;

impl Plugin for WallPlugin {
    fn build(&self, app: &mut App) {
        app.init_resource::<Wall>()
            .init_resource::<Views>()
            .add_systems(Update, (switch, tour).chain().in_set(GlobeSet::Input))
            .add_systems(Update, begin_anew.in_set(GlobeSet::Input))
            .add_systems(Last, tell_switch);
    }
}

/// What counts as an input.
#[derive(bevy::ecs::system::SystemParam)]
struct Inputs<'w, 's> {
    keys: MessageReader<'w, 's, KeyboardInput>,
    buttons: MessageReader<'w, 's, MouseButtonInput>,
    wheel: MessageReader<'w, 's, MouseWheel>,
    moves: MessageReader<'w, 's, CursorMoved>,
    held: Option<Res<'w, ButtonInput<KeyCode>>>,
}

impl Inputs<'_, '_> {
    fn any(&mut self) -> bool {
        // A pointer that appears over the window has not been moved.
        let moved = self.moves.read().any(|m| m.delta.is_some_and(|d| d != Vec2::ZERO));
        let pressed = self.keys.read().count() + self.buttons.read().count() + self.wheel.read().count() > 0;
        moved || pressed
    }
}

/// Turns wall mode on and off, remembers inputs, hides the pointer.
fn switch(
    mut inputs: Inputs,
    mut actions: MessageReader<Action>,
    (clock, feed, trace): (Res<SceneClock>, Res<Feed>, Res<Trace>),
    (mut wall, mut rig, mut selection): (ResMut<Wall>, ResMut<CameraRig>, ResMut<Selection>),
    (mut cursors, mut commands): (Query<&mut CursorOptions>, Commands),
    mut zone: Local<Option<Zone>>,
) {
    let now = clock.elapsed;
    let wall = wall.bypass_change_detection();
    let touched = inputs.any();
    let mut toggled = false;
    for action in actions.read() {
        match action {
            Action::Wall => toggled = !toggled,
            // Another tour begins at once.
            Action::Tour(kind) => {
                wall.tour = Tour::of(*kind);
                wall.due = now;
                if wall.on && *kind == TourKind::Off {
                    rig.stop();
                }
                if *kind != TourKind::Views {
                    give_back(wall, &mut commands);
                }
            }
            _ => {}
        }
    }
    // The frame in which it went down does not count: it may have lasted long.
    let held = |k: &Res<ButtonInput<KeyCode>>| k.pressed(KeyCode::Escape) && !k.just_pressed(KeyCode::Escape);
    let escape = inputs.held.as_ref().is_some_and(held);
    wall.escape = if wall.on && escape { wall.escape + clock.delta } else { 0.0 };
    if toggled || wall.escape >= LEAVE_SECS {
        wall.on = !wall.on;
        wall.escape = 0.0;
        (wall.due, wall.input) = (now, f64::NEG_INFINITY);
        wall.tour = Tour::of(wall.tour.kind);
        if !wall.on {
            rig.stop();
            selection.pick(Picked::Nothing);
            give_back(wall, &mut commands);
        }
        trace.line(format_args!("wall {}", if wall.on { "on" } else { "off" }));
    } else if touched && wall.on {
        wall.input = now;
        wall.due = now + PANEL_SECS;
    }
    wall.dimmed =
        wall.on && wall.dim.is_some_and(|hours| hours.hold(local_minute(zone.get_or_insert_with(Zone::local))));
    let lost = is_lost(&feed.snapshot);
    if lost != wall.lost.is_some() {
        trace.line(format_args!("wall {}", if lost { "lost" } else { "found" }));
    }
    wall.lost = if lost { wall.lost.or(Some(now)) } else { None };
    let visible = !wall.on || now - wall.input < POINTER_SECS;
    for mut cursor in &mut cursors {
        if cursor.visible != visible {
            cursor.visible = visible;
        }
    }
}

/// Shows again what was shown before the tour took a saved view.
fn give_back(wall: &mut Wall, commands: &mut Commands) {
    if let Some(view) = wall.before.take() {
        commands.write_message(Action::TakeView(view));
    }
}

/// The minute of the day by this machine's clock and zone.
fn local_minute(zone: &Zone) -> u16 {
    // At most 1,439.
    (zone.civil(wall_now()).second_of_day / 60) as u16
}

/// Goes from stop to stop.
fn tour(
    (clock, feed, trace): (Res<SceneClock>, Res<Feed>, Res<Trace>),
    (mut wall, mut rig, mut selection): (ResMut<Wall>, ResMut<CameraRig>, ResMut<Selection>),
    (views, mut actions): (Res<Views>, MessageWriter<Action>),
    (layers, shift): (Res<Layers>, Option<Res<RateShift>>),
) {
    let wall = wall.bypass_change_detection();
    if !wall.on || feed.generation == 0 || wall.tour.kind == TourKind::Off {
        return;
    }
    if wall.spin_after_flight && rig.flight.is_none() {
        wall.spin_after_flight = false;
        rig.spin = clock.elapsed < wall.due;
    }
    if clock.elapsed < wall.due {
        return;
    }
    // The first stop is what the globe shows already: no flight before anything was seen.
    let first = wall.due == 0.0;
    wall.due = clock.elapsed + wall.stop_secs;
    let before = wall.tour.stop();
    match wall.tour.go_on(&feed.snapshot, &feed.alerts, &views) {
        Stop::View(name) => {
            if selection.is_some() {
                selection.pick(Picked::Nothing);
            }
            wall.before.get_or_insert_with(|| SavedView {
                orbit: None,
                layers: Some(*layers),
                level: Some(feed.snapshot.level),
                projection: Some(rig.projection()),
                shift: shift.as_deref().copied(),
            });
            actions.write(Action::SavedView(name));
        }
        Stop::Overview => {
            if selection.is_some() {
                selection.pick(Picked::Nothing);
            }
            // Who looks at the whole globe already goes on doing so.
            if !first && before != Some(Stop::Overview) {
                let target = rig.orbit.target;
                rig.fly_to(Orbit { target, ..Orbit::default() });
            }
            wall.spin_after_flight = true;
        }
        Stop::Host(addr) => {
            selection.pick(Picked::Host(addr));
            selection.details = false;
            if let Some(host) = find_host(&feed.snapshot, addr) {
                rig.fly_to(Orbit { target: host.place.at, altitude: VISIT_ALTITUDE, ..Orbit::default() });
            }
        }
    }
    trace.line(format_args!("tour {}", wall.tour.caption));
}

/// Plays a recording from its beginning when it has been played to its end, or the other way round.
fn begin_anew(wall: Res<Wall>, feed: Res<Feed>, input: Option<ResMut<FeedInput>>, mut sent: Local<u64>) {
    let (Some(mut input), Some(span)) = (input, feed.snapshot.span) else { return };
    let sources = &feed.snapshot.health.sources;
    let read = !sources.is_empty() && sources.iter().all(|s| matches!(s.state, SourceState::Ended));
    // Backwards, the pipeline itself begins at the end again.
    let back = feed.playhead.speed < 0.0;
    let over = match feed.playhead.state {
        PlayState::Live => false,
        state if back => state == PlayState::Paused && feed.playhead.now <= span.start,
        _ => feed.playhead.now >= span.end,
    };
    // Once per snapshot: the wish needs a moment to arrive.
    if wall.looped && read && over && *sent != feed.generation {
        *sent = feed.generation;
        if !back {
            input.send(Control::Seek(span.start));
        }
        input.send(Control::Resume);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::globe::input::InputPlugin;
    use crate::globe::picking::PickingPlugin;
    use crate::globe::{GlobePlugins, fixture};

    #[test]
    fn panels_hide_until_an_input_and_again_after_it() {
        let mut wall = Wall::new(true, TourWish::default(), false);
        assert!(wall.hides_panels(0.0));
        wall.input = 5.0;
        assert!(!wall.hides_panels(34.0));
        assert!(wall.hides_panels(35.0));
        wall.on = false;
        assert!(!wall.hides_panels(35.0));
    }

    #[test]
    fn a_wall_is_lost_when_all_its_live_sources_are() {
        let mut snapshot = fixture::snapshot();
        let source = snapshot.health.sources.first().cloned().expect("a source");
        let with = |live, state| crate::cache::SourceHealth { live, state, ..source.clone() };
        snapshot.health.sources = vec![with(false, SourceState::Ended)];
        assert!(!is_lost(&snapshot));
        snapshot.health.sources.push(with(true, SourceState::Retrying("connection refused".into())));
        assert!(is_lost(&snapshot));
        snapshot.health.sources.push(with(true, SourceState::Live));
        assert!(!is_lost(&snapshot));
    }

    /// Checks that layers and scale are those of the start after an action in the middle of a tour of views that shows
    /// others; whether the wall is on then.
    fn ended_by(action: Action) -> bool {
        use crate::globe::layers::LayerId;

        let mut app = App::new();
        let devices = bevy::input::InputPlugin;
        let plugins = (MinimalPlugins, devices, GlobePlugins, PickingPlugin, InputPlugin, WallPlugin);
        app.add_plugins(plugins).insert_resource(Wall::new(true, "views,10".parse().expect("a tour"), false));
        app.add_message::<CursorMoved>();
        let at_start = *app.world().resource::<Layers>();
        let mut layers = at_start;
        layers.toggle(LayerId::Graticule);
        let shift = RateShift::of(-2);
        let view = SavedView { layers: Some(layers), shift, ..SavedView::default() };
        app.world_mut().resource_mut::<Views>().0.insert("office".into(), view);
        app.world_mut().resource_mut::<Feed>().show(std::sync::Arc::new(fixture::snapshot()));
        let known = |app: &App| (*app.world().resource::<Layers>(), *app.world().resource::<RateShift>());
        for _ in 0..3 {
            app.update();
            app.world_mut().resource_mut::<SceneClock>().elapsed += 11.0;
        }
        assert_eq!(known(&app), (layers, shift.expect("two decades")), "the tour shows the view");
        app.world_mut().write_message(action);
        app.update();
        app.update();
        assert_eq!(known(&app), (at_start, RateShift::PLAIN));
        app.world().resource::<Wall>().is_on()
    }

    #[test]
    fn who_leaves_the_wall_or_its_views_finds_layers_and_scale_as_they_were() {
        assert!(!ended_by(Action::Wall));
        assert!(ended_by(Action::Tour(TourKind::Off)));
    }
}
