//! Keys and clicks become actions, and actions are carried out.
//!
//! Dragging and the wheel belong to `camera`. Single-letter keys rest while a text field has the keyboard.

mod follow;
mod keys;
mod obey;
mod pointer;

use bevy::ecs::message::Messages;
use bevy::input::gestures::PinchGesture;
use bevy::input::keyboard::KeyboardInput;
use bevy::input::mouse::{MouseButtonInput, MouseMotion, MouseWheel};
use bevy::prelude::*;
use bevy::window::{CursorMoved, CursorOptions, FileDragAndDrop};
use bevy_egui::{EguiInput, EguiPreUpdateSet};

use super::GlobeSet;
use super::actions::Action;
use super::hud::{Hud, HudOptions};
use super::kept::SavedFilters;
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
            .init_resource::<SavedFilters>()
            .init_resource::<Marks>()
            .init_resource::<super::recorder::Recorder>()
            .init_resource::<HudOptions>()
            .add_systems(
                Update,
                (
                    follow::follow_level,
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
            .add_systems(Update, follow::keep_following.after(obey::obey_camera).in_set(GlobeSet::Input))
            .add_systems(Update, obey::obey_window.after(GlobeSet::Ui));
    }
}

/// Lets no key and no pointer through: a screen that strangers can reach.
pub struct DeafPlugin;

impl Plugin for DeafPlugin {
    fn build(&self, app: &mut App) {
        app.add_systems(First, (hear_nothing::<KeyboardInput>, hear_nothing::<MouseButtonInput>))
            .add_systems(First, (hear_nothing::<MouseWheel>, hear_nothing::<MouseMotion>, hear_nothing::<CursorMoved>))
            .add_systems(First, (hear_nothing::<FileDragAndDrop>, hear_nothing::<PinchGesture>))
            .add_systems(
                PreUpdate,
                feel_nothing.before(EguiPreUpdateSet::BeginPass).after(EguiPreUpdateSet::ProcessInput),
            );
    }
}

fn hear_nothing<M: Message>(messages: Option<ResMut<Messages<M>>>) {
    if let Some(mut messages) = messages {
        messages.clear();
    }
}

/// The pointer's place is known to windows and panels without any message.
fn feel_nothing(
    mut inputs: Query<&mut EguiInput>,
    mut cursors: Query<&mut CursorOptions>,
    mut selection: ResMut<Selection>,
) {
    for mut input in &mut inputs {
        input.0.events.retain(|e| {
            use bevy_egui::egui::Event::{Key, MouseWheel, PointerButton, PointerMoved, Text, Touch, Zoom};
            !matches!(
                e,
                Key { .. }
                    | MouseWheel { .. }
                    | PointerButton { .. }
                    | PointerMoved(_)
                    | Text(_)
                    | Touch { .. }
                    | Zoom(_)
            )
        });
    }
    for mut cursor in &mut cursors {
        if cursor.visible {
            cursor.visible = false;
        }
    }
    if selection.hovered.is_some() {
        selection.hovered = None;
    }
}

#[cfg(test)]
mod tests;
