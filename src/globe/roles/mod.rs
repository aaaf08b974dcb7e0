//! Further windows, each with one role on a screen of its own: flow table, chart, alerts. The globe is the main window.
//!
//! All of them read the same snapshot, playhead and selection and send the same actions, so that a click in one is seen
//! in all. Each window has a camera that draws nothing but its egui context, which runs in a schedule of its own.
//! Keys work in every window. A closed window is gone until the next start; closing the main window ends the program.

mod model;
mod place;
mod ui;

use bevy::ecs::schedule::ScheduleLabel;
use bevy::prelude::*;
use bevy::window::{CursorLeft, PrimaryWindow};
use bevy_egui::egui::Event;
use bevy_egui::input::EguiInputEvent;
use bevy_egui::{EguiContext, PrimaryEguiContext};
pub use model::{Role, RoleError, RoleWindow, Screen};

use super::actions::Action;
use super::hud::{Hud, Toast};
use super::{GlobeSet, SceneClock};

/// Most windows beside the main one.
pub const MOST_WINDOWS: usize = 8;

/// The camera of a window with a role.
#[derive(Component, Clone, Copy, Debug)]
pub(crate) struct RoleCamera {
    /// What the window shows.
    pub(crate) role: Role,
    /// Number of the window, and of its schedule.
    slot: usize,
    /// The window.
    window: Entity,
}

/// Draws the panels of one window: egui wants a schedule for each.
#[derive(ScheduleLabel, Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct RolePass(usize);

/// Where windows belong.
#[derive(Resource, Clone, Debug, Default)]
pub(super) struct Wanted {
    /// Windows beside the main one.
    pub(super) windows: Vec<RoleWindow>,
    /// The screen of the main window.
    pub(super) main: Option<Screen>,
    /// Whether windows fill their screens.
    pub(super) fill: bool,
}

/// Opens the windows and draws them.
pub(super) struct RolesPlugin(pub(super) Wanted);

impl Plugin for RolesPlugin {
    fn build(&self, app: &mut App) {
        for slot in 0..self.0.windows.len().min(MOST_WINDOWS) {
            app.add_systems(RolePass(slot), ui::drawing(slot));
        }
        app.insert_resource(self.0.clone())
            .add_observer(place::keep_window)
            .add_systems(First, (place::place_windows, place::fill_screens).chain())
            .add_message::<EguiInputEvent>()
            .add_systems(First, let_pointer_go)
            .add_systems(Update, (close_focused, forget_closed).chain().after(GlobeSet::Input));
    }
}

/// Closes the window that has the keyboard, but for the main one.
fn close_focused(
    mut actions: MessageReader<Action>,
    windows: Query<(Entity, &Window), Without<PrimaryWindow>>,
    (clock, mut hud): (Res<SceneClock>, ResMut<Hud>),
    mut commands: Commands,
) {
    /// Seconds a message stays.
    const TOAST: f64 = 5.0;
    if !actions.read().any(|a| *a == Action::CloseWindow) {
        return;
    }
    match windows.iter().find(|(_, w)| w.focused) {
        Some((entity, _)) => commands.entity(entity).despawn(),
        None => {
            let text = "this is the main window: it closes when the program is quit".to_owned();
            hud.toast = Some(Toast { text, until: clock.elapsed + TOAST });
        }
    }
}

/// Panels of a window that the pointer has left are under no pointer any more: nothing tells them otherwise.
fn let_pointer_go(
    mut left: MessageReader<CursorLeft>,
    cameras: Query<(Entity, &RoleCamera)>,
    main: Query<Entity, With<PrimaryEguiContext>>,
    mut inputs: MessageWriter<EguiInputEvent>,
) {
    for left in left.read() {
        let context = cameras.iter().find(|(_, c)| c.window == left.window).map(|(entity, _)| entity);
        if let Some(context) = context.or_else(|| main.iter().next()) {
            inputs.write(EguiInputEvent { context, event: Event::PointerGone });
        }
    }
}

/// A window that is gone needs no camera.
fn forget_closed(
    cameras: Query<(Entity, &RoleCamera)>,
    windows: Query<(), (With<Window>, Without<PrimaryWindow>)>,
    mut commands: Commands,
) {
    for (entity, camera) in &cameras {
        if !windows.contains(camera.window) {
            tracing::info!("the window of the {} was closed", camera.role.title());
            commands.entity(entity).despawn();
        }
    }
}

/// Whether a text field of one of the windows has the keyboard; no button may hold it.
pub(crate) fn are_typed_into(contexts: &mut Query<&mut EguiContext, With<RoleCamera>>) -> bool {
    let mut typed = false;
    for mut context in contexts {
        let ctx = context.get_mut();
        if ctx.text_edit_focused() {
            typed = true;
        } else if let Some(id) = ctx.memory(bevy_egui::egui::Memory::focused) {
            ctx.memory_mut(|m| m.surrender_focus(id));
        }
    }
    typed
}
