//! Other sources while the window is open: chosen in the palette (Ctrl+O) or dropped onto the window.

mod model;

use bevy::prelude::*;
use bevy::window::FileDragAndDrop;
pub use model::{Browsed, browse};

use super::actions::Action;
use super::feed::{Feed, FeedInput};
use super::hud::{Hud, HudOptions, Toast};
use super::selection::Selection;
use super::timeline::Marks;
use super::{GlobeSet, SceneClock};
use crate::pipeline::{Control, Show};

/// Most files that are taken from one drop.
const MOST_DROPPED: usize = 100;
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

/// What was dropped in one frame belongs together.
fn take_drops(mut drops: MessageReader<FileDragAndDrop>, mut actions: MessageWriter<Action>) {
    let paths: Vec<String> = drops
        .read()
        .filter_map(|drop| match drop {
            FileDragAndDrop::DroppedFile { path_buf, .. } => path_buf.to_str().map(str::to_owned),
            _ => None,
        })
        .take(MOST_DROPPED)
        .collect();
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
            marks.clear_part();
            hud.stretch = None;
            options.sample = false;
            format!("opened {}", names.join(", "))
        }
        Err(problem) => problem,
    };
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
