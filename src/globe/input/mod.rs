//! Keys and clicks become actions, and actions are carried out.
//!
//! Dragging and the wheel belong to `camera`. Single-letter keys rest while a text field has the keyboard.

mod keys;
mod obey;
mod pointer;

use bevy::prelude::*;

use super::GlobeSet;
use super::actions::Action;
use super::hud::Hud;
use super::selection::Selection;
use super::trace::Trace;

/// Reads keys and clicks and obeys actions.
pub struct InputPlugin;

impl Plugin for InputPlugin {
    fn build(&self, app: &mut App) {
        app.add_message::<Action>()
            .init_resource::<keys::Held>()
            .init_resource::<Hud>()
            .init_resource::<Selection>()
            .init_resource::<Trace>()
            .add_systems(
                Update,
                (keys::read_keys, pointer::read_clicks, obey::obey_panels, obey::obey_time, obey::obey_camera)
                    .chain()
                    .in_set(GlobeSet::Input),
            )
            .add_systems(Update, obey::obey_window.after(GlobeSet::Ui));
    }
}

#[cfg(test)]
mod tests;
