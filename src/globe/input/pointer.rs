//! Clicks on the globe: one selects, one with Ctrl adds to what is selected, two go nearer (left) or farther (right).

use bevy::prelude::*;
use bevy::window::PrimaryWindow;

use crate::globe::SceneClock;
use crate::globe::actions::Action;
use crate::globe::arcs::Arcs;
use crate::globe::camera::{CameraRig, Orbit, SceneView, UiWants};
use crate::globe::clusters::Clusters;
use crate::globe::feed::Feed;
use crate::globe::layers::{LayerId, Layers};
use crate::globe::picking::{Picker, find};
use crate::globe::selection::{Picked, Selection};

/// Pixels a press may move and still be a click.
const SLOP: f32 = 4.0;
/// Seconds between the two clicks of a double-click.
const DOUBLE: f64 = 0.4;
/// Factor of the altitude of a double-click.
const NEARER: f64 = 0.5;

/// A press that may become a click, and the click before it.
#[derive(Default)]
pub(super) struct Press {
    from: Option<(MouseButton, Vec2)>,
    /// Whether Ctrl was held when it began.
    ctrl: bool,
    before: Option<(MouseButton, Vec2, f64)>,
}

/// What the globe is made of, for a click.
#[derive(bevy::ecs::system::SystemParam)]
pub(super) struct Scene<'w> {
    picker: Res<'w, Picker>,
    clusters: Res<'w, Clusters>,
    arcs: Res<'w, Arcs>,
    feed: Res<'w, Feed>,
    layers: Res<'w, Layers>,
    view: Res<'w, SceneView>,
    wants: Res<'w, UiWants>,
    clock: Res<'w, SceneClock>,
    buttons: Option<Res<'w, ButtonInput<MouseButton>>>,
    keys: Option<Res<'w, ButtonInput<KeyCode>>>,
}

impl Scene<'_> {
    /// Whether Ctrl is held, or was until this frame, which may have lasted long.
    fn ctrl(&self) -> bool {
        let ctrl = [KeyCode::ControlLeft, KeyCode::ControlRight];
        self.keys.as_ref().is_some_and(|keys| keys.any_pressed(ctrl) || keys.any_just_released(ctrl))
    }
}

pub(super) fn read_clicks(
    scene: Scene,
    windows: Query<&Window, With<PrimaryWindow>>,
    mut press: Local<Press>,
    mut rig: ResMut<CameraRig>,
    selection: Res<Selection>,
    mut actions: MessageWriter<Action>,
) {
    let Some(buttons) = scene.buttons.as_deref() else { return };
    let Some(at) = windows.iter().next().and_then(Window::cursor_position) else {
        press.from = None;
        return;
    };
    for button in [MouseButton::Left, MouseButton::Right] {
        if buttons.just_pressed(button) {
            press.from = (!scene.wants.pointer).then_some((button, at));
            press.ctrl = scene.ctrl();
        }
        let Some((pressed, from)) = press.from.filter(|(b, _)| *b == button) else { continue };
        if from.distance(at) > SLOP {
            press.from = None;
            press.before = None;
        } else if buttons.just_released(button) {
            press.from = None;
            let now = scene.clock.elapsed;
            let adds = button == MouseButton::Left && press.ctrl;
            let twice = !adds
                && press.before.is_some_and(|(b, p, t)| b == button && p.distance(at) <= SLOP && now - t <= DOUBLE);
            press.before = (!twice && !adds).then_some((pressed, at, now));
            if twice {
                zoom_to(&mut rig, &scene.view, at, button == MouseButton::Left);
            } else if button == MouseButton::Left {
                // A cluster parts first, so that its pins can be told apart; what is selected stays.
                if let Some(orbit) = parting(&scene, rig.orbit, at) {
                    rig.fly_to(orbit);
                } else if adds {
                    add(&scene, at, &mut actions);
                } else {
                    click(&scene, &selection, at, &mut actions);
                }
            }
        }
    }
}

/// Flies towards or away from the place under the pointer.
fn zoom_to(rig: &mut CameraRig, scene: &SceneView, at: Vec2, nearer: bool) {
    let pixel = [f64::from(at.x) * scene.scale, f64::from(at.y) * scene.scale];
    let factor = if nearer { NEARER } else { 1.0 / NEARER };
    let to: Orbit = rig.orbit.zoomed(scene.frame, pixel, factor);
    rig.fly_to(to);
}

/// Where the eye goes after a click on a cluster.
fn parting(scene: &Scene, from: Orbit, at: Vec2) -> Option<Orbit> {
    if !scene.layers.is_on(LayerId::Pins) || scene.picker.at(at).is_some() {
        return None;
    }
    let index = scene.clusters.at(scene.picker.view()?, at.to_array())?;
    scene.clusters.parting(index, &scene.feed, from)
}

fn click(scene: &Scene, selection: &Selection, at: Vec2, actions: &mut MessageWriter<Action>) {
    let action = match find(&scene.picker, &scene.feed, &scene.arcs, *scene.layers, at) {
        Picked::Host(addr) => Action::SelectHost(addr),
        Picked::Path(a, b) => Action::SelectPath(a, b),
        Picked::Flow(flow) => Action::SelectFlow(flow),
        // A click on bare ground deselects.
        Picked::Nothing if selection.is_some() => Action::Deselect,
        Picked::Nothing => return,
    };
    actions.write(action);
}

/// A pin or path under a click with Ctrl is added to what is selected, or taken out. Bare ground changes nothing: a click
/// that missed would lose all that was chosen.
fn add(scene: &Scene, at: Vec2, actions: &mut MessageWriter<Action>) {
    let thing = find(&scene.picker, &scene.feed, &scene.arcs, *scene.layers, at);
    if thing != Picked::Nothing {
        actions.write(Action::AddOrRemove(thing));
    }
}
