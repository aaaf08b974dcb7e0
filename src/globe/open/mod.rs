//! Other sources while the window is open: files chosen in a dialog (Ctrl+O) or dropped onto the window, servers and
//! interfaces named in the palette (Ctrl+Shift+O).

mod dialog;
mod model;

use bevy::prelude::*;
use bevy::window::FileDragAndDrop;
pub use dialog::Chooser;
pub use model::{Browsed, browse};

use super::actions::Action;
use super::feed::{Feed, FeedInput};
use super::hud::{Hud, HudOptions, Toast};
use super::selection::Selection;
use super::timeline::Marks;
use super::trace::Trace;
use super::{GlobeSet, SceneClock};
use crate::pipeline::{Control, Show};

/// Most files that are taken from one drop or one choice.
const MOST_AT_ONCE: usize = 100;
/// Seconds a message stays.
const TOAST: f64 = 6.0;

/// Opens sources, each named as on the command line: a path, `-S HOST:PORT`, `-i DEVICE`; or says why it cannot.
pub type Open = Box<dyn Fn(&[String]) -> Result<FeedInput, String> + Send + Sync>;

/// What opens sources, if anything can.
#[derive(Resource)]
pub struct Opener(pub Open);

/// Opens what is chosen and dropped.
pub struct OpenPlugin;

impl Plugin for OpenPlugin {
    fn build(&self, app: &mut App) {
        app.add_message::<Action>()
            .add_message::<FileDragAndDrop>()
            .init_resource::<Marks>()
            .add_systems(Update, take_drops.in_set(GlobeSet::Input))
            .add_systems(Update, open.in_set(GlobeSet::Update));
    }
}

/// What was dropped in one frame belongs together. While files are held over the window, that is said.
fn take_drops(mut drops: MessageReader<FileDragAndDrop>, mut hud: ResMut<Hud>, mut actions: MessageWriter<Action>) {
    let mut paths: Vec<String> = Vec::new();
    for drop in drops.read() {
        let held = matches!(drop, FileDragAndDrop::HoveredFile { .. });
        if hud.dropping != held {
            hud.dropping = held;
        }
        if let FileDragAndDrop::DroppedFile { path_buf, .. } = drop
            && paths.len() < MOST_AT_ONCE
        {
            paths.extend(path_buf.to_str().map(str::to_owned));
        }
    }
    if !paths.is_empty() {
        actions.write(Action::Open(paths));
    }
}

fn open(
    mut actions: MessageReader<Action>,
    (opener, input): (Option<Res<Opener>>, Option<ResMut<FeedInput>>),
    (clock, mut options): (Res<SceneClock>, ResMut<HudOptions>),
    (mut feed, mut hud): (ResMut<Feed>, ResMut<Hud>),
    (mut selection, mut marks): (ResMut<Selection>, ResMut<Marks>),
    trace: Option<Res<Trace>>,
) {
    let Some(names) =
        actions.read().filter_map(|a| if let Action::Open(names) = a { Some(names) } else { None }).last()
    else {
        return;
    };
    let opened = match (&opener, input) {
        (Some(opener), Some(input)) => (opener.0)(names).map(|opened| (opened, input)),
        _ => Err("nothing can be opened here".into()),
    };
    let text = match opened {
        Ok((mut opened, mut input)) => {
            opened.send(Control::Level(feed.snapshot.level));
            if !hud.shown.is_empty()
                && let Ok(show) = Show::parse(&hud.shown)
            {
                opened.send(Control::Show(Some(Box::new(show))));
            }
            *input = opened;
            feed.overrides = std::sync::Arc::default();
            // Places and times of the old recording mean nothing in the new one; bookmarks are moments of their own.
            *selection = Selection::default();
            hud.cards.clear();
            marks.clear_part();
            hud.stretch = None;
            options.sample = false;
            match names.as_slice() {
                [one] => format!("opened {one}"),
                [first, rest @ ..] => format!("opened {first} and {} more", rest.len()),
                [] => String::new(),
            }
        }
        Err(problem) => {
            trace.inspect(|t| t.line(format_args!("not opened: {problem}")));
            hud.toast = Some(Toast { text: problem, until: clock.elapsed + TOAST });
            return;
        }
    };
    trace.inspect(|t| t.line(format_args!("{text}")));
    hud.toast = Some(Toast { text, until: clock.elapsed + TOAST });
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;
    use crate::globe::feed::{FeedPlugin, FixedSource};
    use crate::globe::fixture;
    use crate::globe::selection::Picked;

    fn app(asked: &Arc<Mutex<Vec<String>>>) -> App {
        let mut app = App::new();
        app.add_plugins((MinimalPlugins, FeedPlugin, OpenPlugin))
            .init_resource::<SceneClock>()
            .init_resource::<HudOptions>()
            .init_resource::<Hud>()
            .init_resource::<Selection>()
            .insert_resource(FeedInput::new(FixedSource::new(Arc::default())));
        let asked = asked.clone();
        app.insert_resource(Opener(Box::new(move |names| {
            asked.lock().expect("not poisoned").extend_from_slice(names);
            if names.iter().any(|n| n.contains("bad")) {
                return Err("bad.pcap: no such file".into());
            }
            Ok(FeedInput::new(FixedSource::new(Arc::new(fixture::snapshot()))))
        })));
        app.update();
        app
    }

    #[test]
    fn files_held_over_the_window_are_told_until_they_are_dropped_or_taken_away() {
        let asked = Arc::default();
        let mut app = app(&asked);
        let window = Entity::PLACEHOLDER;
        let mut after = |drop: FileDragAndDrop| {
            app.world_mut().write_message(drop);
            app.update();
            app.world().resource::<Hud>().dropping
        };
        assert!(after(FileDragAndDrop::HoveredFile { window, path_buf: "a.pcap".into() }));
        assert!(!after(FileDragAndDrop::HoveredFileCanceled { window }));
        assert!(after(FileDragAndDrop::HoveredFile { window, path_buf: "a.pcap".into() }));
        assert!(!after(FileDragAndDrop::DroppedFile { window, path_buf: "a.pcap".into() }));
    }

    #[test]
    fn what_is_dropped_is_shown_and_what_cannot_be_is_told() {
        let asked = Arc::default();
        let mut app = app(&asked);
        app.world_mut().resource_mut::<HudOptions>().sample = true;
        app.world_mut().resource_mut::<Selection>().pick(Picked::Host("10.0.0.1".parse().expect("an address")));
        for name in ["a.pcap", "b.argus"] {
            app.world_mut()
                .write_message(FileDragAndDrop::DroppedFile { window: Entity::PLACEHOLDER, path_buf: name.into() });
        }
        app.update();
        app.update();
        assert_eq!(*asked.lock().expect("not poisoned"), ["a.pcap", "b.argus"]);
        assert_eq!(app.world().resource::<Feed>().snapshot.hosts.len(), 4);
        assert!(!app.world().resource::<Selection>().is_some() && !app.world().resource::<HudOptions>().sample);
        app.world_mut().write_message(Action::Open(vec!["bad.pcap".into()]));
        app.update();
        app.update();
        assert_eq!(app.world().resource::<Feed>().snapshot.hosts.len(), 4, "the old picture stays");
        let toast = app.world().resource::<Hud>().toast.clone().expect("a message");
        assert_eq!(toast.text, "bad.pcap: no such file");
    }
}
