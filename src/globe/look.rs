//! Settings of the picture that may change while it is shown: a source is asked once a second, and what differs from
//! its last answer is taken over. What keys have changed meanwhile stays, unless the same setting is changed.

use std::collections::BTreeMap;

use bevy::ecs::system::SystemParam;
use bevy::prelude::*;

use super::camera::CameraRig;
use super::colouring::{ColourBy, Colouring};
use super::feed::FeedInput;
use super::hud::{self, Hud, HudOptions, Toast};
use super::inks::Theme;
use super::kept::SavedFilters;
use super::keymap::Keymap;
use super::layers::{LAYERS, Layers};
use super::scale::RateShift;
use super::settings::{Origin, Origins, Saved};
use super::table::Column;
use super::timeline::{Marks, TimeScale};
use super::views::Views;
use super::{GlobeSet, Motion, SceneClock};
use crate::base::Timestamp;
use crate::cache::Level;
use crate::pipeline::Control;

/// Seconds between two questions.
const EVERY: f64 = 1.0;
/// Seconds a message stays.
const TOAST: f64 = 8.0;

/// The settings.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Look {
    /// Which layers are on.
    pub layers: Layers,
    /// What one pin stands for.
    pub level: Level,
    /// Size of all text and panels relative to the normal one.
    pub ui_scale: f32,
    /// Nothing moves that need not.
    pub reduced_motion: bool,
    /// Times in the machine's zone rather than in UTC.
    pub local_time: bool,
    /// How high the bars of the time line are.
    pub time_scale: TimeScale,
    /// Colours of everything.
    pub theme: Theme,
    /// What the colour of pins says.
    pub colour: ColourBy,
    /// By how much the scale of rates is moved.
    pub rate_shift: RateShift,
    /// The user's own keys.
    pub keys: Keymap,
    /// Columns of the flow table; none: those at first.
    pub columns: Option<Vec<Column>>,
    /// Bookmarks, in order.
    pub bookmarks: Vec<Timestamp>,
    /// Saved views.
    pub views: Views,
    /// Saved filters.
    pub filters: SavedFilters,
}

/// Gives new settings, or says why they cannot be used; `None` while nothing has changed. Must not wait.
pub type LookPoll = Box<dyn FnMut() -> Option<Result<Look, String>> + Send + Sync>;

/// Where settings come from, and what they were.
#[derive(Resource)]
pub struct LookSource {
    last: Look,
    poll: LookPoll,
    due: f64,
    /// Until when a change is taken for the window's own, in seconds of the scene's clock.
    own_until: f64,
}

impl LookSource {
    /// Begins with the settings in force.
    #[must_use]
    pub fn new(now: Look, poll: LookPoll) -> LookSource {
        LookSource { last: now, poll, due: EVERY, own_until: 0.0 }
    }
}

impl LookSource {
    /// The window has written into the configuration what it shows, `now` in seconds of the scene's clock: the next
    /// change is no news. What the command line says comes before the configuration, so it may not even be the same.
    pub(crate) fn believe(&mut self, now: f64) {
        self.own_until = now + 3.0 * EVERY;
    }
}

/// Takes settings over.
pub struct LookPlugin;

impl Plugin for LookPlugin {
    fn build(&self, app: &mut App) {
        app.add_systems(Update, take_look.in_set(GlobeSet::Feed));
    }
}

fn take_look(
    (source, clock): (Option<ResMut<LookSource>>, Res<SceneClock>),
    (mut hud, mut options, mut layers): (ResMut<Hud>, ResMut<HudOptions>, ResMut<Layers>),
    (mut motion, mut rig): (ResMut<Motion>, ResMut<CameraRig>),
    (mut theme, mut colouring, mut shift): (ResMut<Theme>, ResMut<Colouring>, ResMut<RateShift>),
    mut known: Known,
    input: Option<ResMut<FeedInput>>,
) {
    let Some(mut source) = source.filter(|s| clock.elapsed >= s.due) else { return };
    source.due = clock.elapsed + EVERY;
    let (was, now) = match (source.poll)() {
        None => return,
        Some(Err(problem)) => {
            hud.toast = Some(Toast { text: problem, until: clock.elapsed + TOAST });
            return;
        }
        Some(Ok(now)) if clock.elapsed < source.own_until => {
            (source.last, source.own_until) = (now, 0.0);
            return;
        }
        Some(Ok(now)) => (std::mem::replace(&mut source.last, now.clone()), now),
    };
    for layer in LAYERS.iter().filter(|l| was.layers.is_on(l.id) != now.layers.is_on(l.id)) {
        layers.set(layer.id, now.layers.is_on(layer.id));
    }
    if was.ui_scale != now.ui_scale {
        options.ui_scale = now.ui_scale;
        hud.restyle();
    }
    if was.reduced_motion != now.reduced_motion {
        motion.reduced = now.reduced_motion;
        rig.reduced_motion = now.reduced_motion;
    }
    if was.local_time != now.local_time {
        hud::text::show_local_time(now.local_time);
    }
    if was.time_scale != now.time_scale {
        hud.time_scale = now.time_scale;
    }
    if was.theme != now.theme {
        *theme = now.theme;
    }
    if was.keys != now.keys
        && let Ok(rows) = now.keys.rows()
    {
        hud.set_rows(rows);
    }
    let mut read = known.take(&was, &now);
    known.remember(&was, &now);
    let columns = now.columns.clone().unwrap_or_else(Column::at_first);
    if was.columns != now.columns && hud.columns != columns {
        hud.columns = columns;
        read.push("columns");
    }
    if !now.is_but_for_kept(&was) {
        read.insert(0, "configuration");
    }
    if was.colour != now.colour {
        colouring.set(now.colour);
    }
    if was.rate_shift != now.rate_shift {
        *shift = now.rate_shift;
    }
    if was.level != now.level
        && let Some(mut input) = input
    {
        input.send(Control::Level(now.level));
    }
    // What the window has kept itself is no news.
    if !read.is_empty() {
        hud.toast = Some(Toast { text: format!("read again: {}", read.join(", ")), until: clock.elapsed + TOAST });
    }
}

/// What is known by name, and bookmarks.
#[derive(SystemParam)]
struct Known<'w> {
    views: ResMut<'w, Views>,
    filters: ResMut<'w, SavedFilters>,
    marks: ResMut<'w, Marks>,
    saved: Option<ResMut<'w, Saved>>,
    origins: Option<ResMut<'w, Origins>>,
}

impl Known<'_> {
    /// What comes from files is not changed by hand, and the panel says where it comes from.
    fn remember(&mut self, was: &Look, now: &Look) {
        let keys = self.saved.as_mut().map(|saved| saved.read_again(was, now)).unwrap_or_default();
        if let Some(origins) = self.origins.as_mut().filter(|_| !keys.is_empty()) {
            origins.0.extend(keys.iter().map(|key| ((*key).to_owned(), Origin::File)));
        }
    }

    /// Takes over what files say otherwise than before, and gives what is news to the window. What they never said (it is
    /// for this run only) stays.
    fn take(&mut self, was: &Look, now: &Look) -> Vec<&'static str> {
        let mut news = Vec::new();
        if differ(&mut self.views.0, &was.views.0, &now.views.0) {
            news.push("views");
        }
        if differ(&mut self.filters.0, &was.filters.0, &now.filters.0) {
            news.push("filters");
        }
        let gone = |t: &Timestamp| !now.bookmarks.contains(t);
        let gone: Vec<Timestamp> = was.bookmarks.iter().copied().filter(gone).collect();
        let before = self.marks.bookmarks().to_vec();
        let marks = self.marks.bypass_change_detection();
        marks.forget(&gone);
        marks.keep(now.bookmarks.iter().copied());
        if before != self.marks.bookmarks() {
            self.marks.set_changed();
            news.push("bookmarks");
        }
        news
    }
}

/// Brings a table by name to what a file says; true if it said something else.
fn differ<T: Clone + PartialEq>(
    known: &mut BTreeMap<String, T>,
    was: &BTreeMap<String, T>,
    now: &BTreeMap<String, T>,
) -> bool {
    let before = known.clone();
    known.retain(|name, _| now.contains_key(name) || !was.contains_key(name));
    known.extend(now.clone());
    *known != before
}

impl Look {
    /// Whether it differs from another one only in what the window keeps itself.
    fn is_but_for_kept(&self, was: &Look) -> bool {
        let (views, filters) = (was.views.clone(), was.filters.clone());
        let (columns, bookmarks) = (was.columns.clone(), was.bookmarks.clone());
        (Look { views, filters, columns, bookmarks, ..self.clone() }) == *was
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use bevy::input::InputPlugin as Devices;

    use super::*;
    use crate::globe::GlobePlugins;
    use crate::globe::input::InputPlugin;
    use crate::globe::layers::LayerId;
    use crate::globe::picking::PickingPlugin;
    use crate::globe::settings::Values;

    #[test]
    fn only_what_changed_is_taken_over_and_mistakes_are_told() {
        let start = Look { layers: Layers::default(), ui_scale: 1.0, ..Look::default() };
        let answer: Arc<Mutex<Option<Result<Look, String>>>> = Arc::default();
        let ask = answer.clone();
        let mut app = App::new();
        app.add_plugins((MinimalPlugins, Devices, GlobePlugins, PickingPlugin, InputPlugin, LookPlugin))
            .init_resource::<Hud>()
            .init_resource::<HudOptions>()
            .init_resource::<Origins>();
        let values = crate::globe::settings::values();
        app.insert_resource(Saved(Some(Values { theme: Theme::Light, ..values })));
        app.insert_resource(LookSource::new(start.clone(), Box::new(move || ask.lock().expect("not poisoned").take())));
        let say = |app: &mut App, what: Result<Look, String>| {
            *answer.lock().expect("not poisoned") = Some(what);
            let mut clock = app.world_mut().resource_mut::<SceneClock>();
            clock.elapsed += 2.0;
            app.update();
        };
        app.update();
        // A key has switched the borders meanwhile.
        app.world_mut().resource_mut::<Layers>().toggle(LayerId::Borders);
        let mut layers = start.layers;
        layers.toggle(LayerId::Clouds);
        let mut keys = Keymap::default();
        keys.add("spin", &["F5"]).expect("a key");
        let mut views = Views::default();
        views.0.insert("office".into(), crate::globe::SavedView::default());
        let columns = Some(vec![Column::Daddr]);
        say(
            &mut app,
            Ok(Look { layers, keys, views, columns, reduced_motion: true, colour: ColourBy::Port, ..start.clone() }),
        );
        let now = *app.world().resource::<Layers>();
        assert!(!now.is_on(LayerId::Clouds) && !now.is_on(LayerId::Borders));
        assert!(app.world().resource::<Motion>().reduced && app.world().resource::<CameraRig>().reduced_motion);
        assert_eq!(app.world().resource::<Colouring>().by, ColourBy::Port);
        assert!(app.world().resource::<Views>().find("office").is_ok());
        let hud = app.world().resource::<Hud>();
        assert_eq!(hud.columns, [Column::Daddr]);
        assert!(hud.rows().iter().any(|r| r.id == "spin" && r.keys[0].to_string() == "F5"));
        let toast = app.world().resource::<Hud>().toast.clone().expect("a message");
        assert_eq!(toast.text, "read again: configuration, views, columns");
        // For the panel of settings that is where they come from, and no change of its own.
        let saved = app.world().resource::<Saved>().0.clone().expect("settings");
        assert!(saved.reduced_motion && saved.colour == ColourBy::Port && !saved.layers.is_on(LayerId::Clouds));
        assert_eq!(saved.theme, Theme::Light, "what the file does not say otherwise stays");
        let origins = app.world().resource::<Origins>();
        assert_eq!((origins.of("colour"), origins.of("theme")), (Origin::File, Origin::Default));
        // A view and a filter are taken out of the files, a bookmark is put in; what the files never said stays.
        app.world_mut().resource_mut::<SavedFilters>().0.insert("mine".into(), "udp".into());
        let at = Timestamp::from_parts(1_362_692_526, 0);
        let named = app.world().resource::<LookSource>().last.clone();
        let fewer = Look { views: Views::default(), bookmarks: vec![at], ..named.clone() };
        say(&mut app, Ok(fewer.clone()));
        assert!(app.world().resource::<Views>().0.is_empty());
        assert_eq!(app.world().resource::<SavedFilters>().0.len(), 1);
        assert_eq!(app.world().resource::<Marks>().bookmarks(), [at]);
        let toast = app.world_mut().resource_mut::<Hud>().toast.take().expect("a message");
        assert_eq!(toast.text, "read again: views, bookmarks");
        // What the window has kept itself is no news.
        app.world_mut().resource_mut::<Marks>().keep([at + std::time::Duration::from_secs(9)]);
        let both = app.world().resource::<Marks>().bookmarks().to_vec();
        say(&mut app, Ok(Look { bookmarks: both, ..fewer.clone() }));
        assert_eq!(app.world().resource::<Hud>().toast, None);
        say(&mut app, Ok(fewer));
        assert_eq!(app.world().resource::<Marks>().bookmarks(), [at]);
        say(&mut app, Err("line 3: unknown key".into()));
        let toast = app.world().resource::<Hud>().toast.clone().expect("a message");
        assert_eq!(toast.text, "line 3: unknown key");
        assert!(!app.world().resource::<Layers>().is_on(LayerId::Clouds));
    }
}
