//! The panel of settings: what can be changed while the globe runs, under the names that the configuration gives it.
//!
//! [`Values`] is what is in force; it prints as the keys of a configuration. What differs from the start, or from what
//! was saved last, can be copied or written into the configuration file, these keys alone.

mod model;
mod ui;

use bevy::ecs::system::SystemParam;
use bevy::prelude::*;

use super::actions::Action;
use super::camera::CameraRig;
use super::colouring::Colouring;
use super::feed::{Feed, FeedInput};
use super::hud::text::{show_local_time, shows_local_time};
use super::hud::{Hud, HudOptions, Toast};
use super::inks::Theme;
use super::kept::{Keeper, Kept};
use super::layers::Layers;
use super::look::{Look, LookSource};
use super::quality::QualityTarget;
use super::scale::RateShift;
use super::timeline::TimeScale;
use super::wall::Wall;
use super::{GlobeSet, Motion, SceneClock};
use crate::cache::Level;
use crate::pipeline::Control;
#[cfg(test)]
pub(in crate::globe) use model::tests::values;
pub use model::{Origin, Origins, Values, changed};
pub(crate) use ui::{SettingsModel, settings_ui};

/// Seconds that a message stays.
const TOAST: f64 = 6.0;

/// The settings of the start, or as they were saved last.
#[derive(Resource, Clone, Debug, Default)]
pub struct Saved(pub Option<Values>);

impl Saved {
    /// Takes over what the configuration says otherwise than before, so that it does not count as changed by hand; gives
    /// its keys.
    pub(crate) fn read_again(&mut self, was: &Look, now: &Look) -> Vec<&'static str> {
        let Some(saved) = &mut self.0 else { return Vec::new() };
        let mut keys = Vec::new();
        let mut take = |key, is_new: bool, put: &mut dyn FnMut()| {
            if is_new {
                put();
                keys.push(key);
            }
        };
        take("theme", was.theme != now.theme, &mut || saved.theme = now.theme);
        take("ui-scale", was.ui_scale != now.ui_scale, &mut || saved.ui_scale = now.ui_scale);
        take("level", was.level.by != now.level.by, &mut || saved.level = now.level.by);
        take("layers", was.layers != now.layers, &mut || saved.layers = now.layers);
        take("colour", was.colour != now.colour, &mut || saved.colour.clone_from(&now.colour));
        take("reduced-motion", was.reduced_motion != now.reduced_motion, &mut || {
            saved.reduced_motion = now.reduced_motion;
        });
        take("local-time", was.local_time != now.local_time, &mut || saved.local_time = now.local_time);
        take("time-scale", was.time_scale != now.time_scale, &mut || saved.time_scale = now.time_scale);
        take("rate-scale", was.rate_shift != now.rate_shift, &mut || saved.rate_shift = now.rate_shift);
        keys
    }
}

/// Reads what is in force.
#[derive(SystemParam)]
pub(crate) struct Settings<'w> {
    theme: Res<'w, Theme>,
    options: Res<'w, HudOptions>,
    feed: Res<'w, Feed>,
    colouring: Res<'w, Colouring>,
    layers: Res<'w, Layers>,
    motion: Res<'w, Motion>,
    rig: Res<'w, CameraRig>,
    shift: Res<'w, RateShift>,
    quality: Res<'w, QualityTarget>,
    wall: Res<'w, Wall>,
    saved: Res<'w, Saved>,
    origins: Res<'w, Origins>,
    keeper: Option<Res<'w, Keeper>>,
}

impl Settings<'_> {
    /// What is in force.
    pub(crate) fn now(&self, time_scale: TimeScale) -> Values {
        Values {
            theme: *self.theme,
            ui_scale: if self.options.ui_scale > 0.0 { self.options.ui_scale } else { 1.0 },
            window: self.feed.snapshot.window,
            level: self.feed.snapshot.level.by,
            colour: self.colouring.by.clone(),
            layers: *self.layers,
            reduced_motion: self.motion.reduced,
            local_time: shows_local_time(),
            time_scale,
            projection: self.rig.projection(),
            rate_shift: *self.shift,
            full: self.quality.full,
            tour: self.wall.wish(),
        }
    }

    /// What the panel shows.
    pub(crate) fn model(&self, time_scale: TimeScale) -> SettingsModel {
        let now = self.now(time_scale);
        let before = self.saved.0.clone().unwrap_or_else(|| now.clone());
        SettingsModel {
            changed: changed(&before, &now),
            now,
            origins: self.origins.clone(),
            keeps: self.keeper.is_some(),
        }
    }
}

/// Carries out what the panel asks for.
pub(crate) struct SettingsPlugin;

impl Plugin for SettingsPlugin {
    fn build(&self, app: &mut App) {
        app.init_resource::<Saved>()
            .init_resource::<Origins>()
            .add_systems(Update, obey.in_set(GlobeSet::Input))
            .add_systems(Update, (begin, save).chain().in_set(GlobeSet::Ui));
    }
}

/// Remembers how it was at the start: once there is a picture, which says window and level.
fn begin(settings: Settings, hud: Res<Hud>, mut commands: Commands) {
    if settings.saved.0.is_none() && settings.feed.generation > 0 {
        commands.insert_resource(Saved(Some(settings.now(hud.time_scale))));
    }
}

fn obey(
    mut actions: MessageReader<Action>,
    (mut theme, mut options, mut hud): (ResMut<Theme>, ResMut<HudOptions>, ResMut<Hud>),
    (mut motion, mut rig, mut quality): (ResMut<Motion>, ResMut<CameraRig>, ResMut<QualityTarget>),
    (feed, mut input): (Res<Feed>, Option<ResMut<FeedInput>>),
) {
    for action in actions.read() {
        match action {
            Action::Theme(next) => *theme = *next,
            Action::UiScale(scale) => {
                options.ui_scale = scale.clamp(0.5, 4.0);
                hud.restyle();
            }
            Action::ReducedMotion(on) => {
                motion.reduced = *on;
                rig.reduced_motion = *on;
            }
            Action::LocalTime(on) => show_local_time(*on),
            Action::TimeScale(scale) => hud.time_scale = *scale,
            Action::FullQuality(on) => quality.full = *on,
            Action::Level(by) => {
                if let Some(input) = &mut input {
                    input.send(Control::Level(Level { by: *by, ..feed.snapshot.level }));
                }
            }
            _ => {}
        }
    }
}

/// Writes what differs into the configuration, or puts it on the clipboard.
fn save(
    mut actions: MessageReader<Action>,
    settings: Settings,
    (clock, mut hud): (Res<SceneClock>, ResMut<Hud>),
    (look, mut commands): (Option<ResMut<LookSource>>, Commands),
) {
    let Some(action) = actions.read().find(|a| matches!(a, Action::SaveSettings | Action::CopySettings)) else {
        return;
    };
    let now = settings.now(hud.time_scale);
    let pairs = changed(settings.saved.0.as_ref().unwrap_or(&now), &now);
    let text = match (action, &settings.keeper) {
        _ if pairs.is_empty() => "nothing was changed".to_owned(),
        (Action::CopySettings, _) => {
            hud.clipboard = Some(pairs.iter().map(|(key, value)| format!("{key} = {value}\n")).collect());
            format!("copied {} lines for the configuration", pairs.len())
        }
        (_, None) => "there is no configuration file to save into".to_owned(),
        (_, Some(keeper)) => match (keeper.0)(Kept::Settings(&pairs)) {
            Ok(file) => {
                if let Some(mut look) = look {
                    look.believe(clock.elapsed);
                }
                commands.insert_resource(Saved(Some(now)));
                let mut origins = settings.origins.clone();
                origins.0.extend(pairs.iter().map(|(key, _)| ((*key).to_owned(), Origin::File)));
                commands.insert_resource(origins);
                format!("{} settings saved in {}", pairs.len(), file.display())
            }
            Err(problem) => format!("not saved: {problem}"),
        },
    };
    hud.toast = Some(Toast { text, until: clock.elapsed + TOAST });
}
