//! Keys and clicks become actions, and actions are carried out.
//!
//! Dragging and the wheel belong to `camera`. Single-letter keys rest while a text field has the keyboard.

mod keys;
mod obey;
mod pointer;

use bevy::prelude::*;

use super::GlobeSet;
use super::actions::Action;
use super::hud::{Hud, HudOptions};
use super::selection::Selection;
use super::timeline::Marks;
use super::trace::Trace;
use super::views::Views;

/// Reads keys and clicks and obeys actions.
pub struct InputPlugin;

impl Plugin for InputPlugin {
    fn build(&self, app: &mut App) {
        app.add_message::<Action>()
            .init_resource::<keys::Held>()
            .init_resource::<Hud>()
            .init_resource::<Selection>()
            .init_resource::<Trace>()
            .init_resource::<Views>()
            .init_resource::<Marks>()
            .init_resource::<HudOptions>()
            .add_systems(
                Update,
                (
                    keys::read_keys,
                    pointer::read_clicks,
                    obey::narrow,
                    obey::obey_panels,
                    obey::obey_time,
                    obey::obey_camera,
                )
                    .chain()
                    .in_set(GlobeSet::Input),
            )
            .add_systems(Update, obey::obey_window.after(GlobeSet::Ui));
    }
}

#[cfg(test)]
mod tests;
