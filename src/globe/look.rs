//! Settings of the picture that may change while it is shown: a source is asked once a second, and what differs from
//! its last answer is taken over. What keys have changed meanwhile stays, unless the same setting is changed.

use bevy::prelude::*;

use super::camera::CameraRig;
use super::feed::FeedInput;
use super::hud::{Hud, HudOptions, Toast};
use super::inks::Theme;
use super::layers::{LAYERS, Layers};
use super::{GlobeSet, Motion, SceneClock};
use crate::cache::Level;
use crate::pipeline::Control;

/// Seconds between two questions.
const EVERY: f64 = 1.0;
/// Seconds a message stays.
const TOAST: f64 = 8.0;

/// The settings.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Look {
    /// Which layers are on.
    pub layers: Layers,
    /// What one pin stands for.
    pub level: Level,
    /// Size of all text and panels relative to the normal one.
    pub ui_scale: f32,
    /// Nothing moves that need not.
    pub reduced_motion: bool,
    /// Colours of everything.
    pub theme: Theme,
}

/// Gives new settings, or says why they cannot be used; `None` while nothing has changed. Must not wait.
pub type LookPoll = Box<dyn FnMut() -> Option<Result<Look, String>> + Send + Sync>;

/// Where settings come from, and what they were.
#[derive(Resource)]
pub struct LookSource {
    last: Look,
    poll: LookPoll,
    due: f64,
}

impl LookSource {
    /// Begins with the settings in force.
    #[must_use]
    pub fn new(now: Look, poll: LookPoll) -> LookSource {
        LookSource { last: now, poll, due: EVERY }
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
    source: Option<ResMut<LookSource>>,
    clock: Res<SceneClock>,
    (mut hud, mut options, mut layers): (ResMut<Hud>, ResMut<HudOptions>, ResMut<Layers>),
    (mut motion, mut rig, mut theme): (ResMut<Motion>, ResMut<CameraRig>, ResMut<Theme>),
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
        Some(Ok(now)) => (std::mem::replace(&mut source.last, now), now),
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
    if was.theme != now.theme {
        *theme = now.theme;
    }
    if was.level != now.level
        && let Some(mut input) = input
    {
        input.send(Control::Level(now.level));
    }
    hud.toast = Some(Toast { text: "configuration read again".into(), until: clock.elapsed + TOAST });
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

    #[test]
    fn only_what_changed_is_taken_over_and_mistakes_are_told() {
        let start = Look {
            layers: Layers::default(),
            level: Level::default(),
            ui_scale: 1.0,
            reduced_motion: false,
            theme: Theme::Dark,
        };
        let answer: Arc<Mutex<Option<Result<Look, String>>>> = Arc::default();
        let ask = answer.clone();
        let mut app = App::new();
        app.add_plugins((MinimalPlugins, Devices, GlobePlugins, PickingPlugin, InputPlugin, LookPlugin))
            .init_resource::<Hud>()
            .init_resource::<HudOptions>();
        app.insert_resource(LookSource::new(start, Box::new(move || ask.lock().expect("not poisoned").take())));
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
        say(&mut app, Ok(Look { layers, reduced_motion: true, ..start }));
        let now = *app.world().resource::<Layers>();
        assert!(!now.is_on(LayerId::Clouds) && !now.is_on(LayerId::Borders));
        assert!(app.world().resource::<Motion>().reduced && app.world().resource::<CameraRig>().reduced_motion);
        say(&mut app, Err("line 3: unknown key".into()));
        let toast = app.world().resource::<Hud>().toast.clone().expect("a message");
        assert_eq!(toast.text, "line 3: unknown key");
        assert!(!app.world().resource::<Layers>().is_on(LayerId::Clouds));
    }
}
