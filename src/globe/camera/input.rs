//! Pointer gestures that move the eye: left drag turns, wheel, pinch and right drag zoom, middle or Ctrl+left drag tilts.
//!
//! Clicks (a press and release without a move) are not the camera's business.

use bevy::input::gestures::PinchGesture;
use bevy::input::mouse::{MouseScrollUnit, MouseWheel};
use bevy::prelude::*;
use bevy::window::PrimaryWindow;

use super::{CameraRig, FreeRect, UiWants, frame_of};
use crate::globe::{Canvas, SceneClock};

/// Pixels the pointer must move before a press becomes a drag.
const SLOP: f32 = 4.0;

/// What a press of the pointer has become.
#[derive(Resource, Clone, Copy, Debug, Default, PartialEq)]
pub(super) enum PointerDrag {
    /// Nothing is pressed, or the press belongs to a panel.
    #[default]
    Idle,
    /// Pressed on the globe at this logical point, not moved yet.
    Pressed(Gesture, Vec2),
    /// Dragging; the logical point of the frame before.
    Dragging(Gesture, Vec2),
}

/// What a drag does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Gesture {
    /// The grabbed place stays under the pointer.
    Turn,
    /// Up and down change the altitude.
    Zoom,
    /// Left and right change heading, up and down tilt.
    Tilt,
}

fn gesture(buttons: &ButtonInput<MouseButton>, keys: &ButtonInput<KeyCode>) -> Option<Gesture> {
    let ctrl = keys.any_pressed([KeyCode::ControlLeft, KeyCode::ControlRight]);
    if buttons.just_pressed(MouseButton::Left) {
        Some(if ctrl { Gesture::Tilt } else { Gesture::Turn })
    } else if buttons.just_pressed(MouseButton::Middle) {
        Some(Gesture::Tilt)
    } else if buttons.just_pressed(MouseButton::Right) {
        Some(Gesture::Zoom)
    } else {
        None
    }
}

/// The input devices a gesture reads.
#[derive(bevy::ecs::system::SystemParam)]
pub(super) struct Pointer<'w, 's> {
    buttons: Option<Res<'w, ButtonInput<MouseButton>>>,
    keys: Option<Res<'w, ButtonInput<KeyCode>>>,
    wheel: MessageReader<'w, 's, MouseWheel>,
    pinch: MessageReader<'w, 's, PinchGesture>,
    window: Query<'w, 's, &'static Window, With<PrimaryWindow>>,
}

/// Steps of the wheel since the frame before; up is positive.
fn wheel_steps(wheel: &mut MessageReader<MouseWheel>) -> f64 {
    wheel
        .read()
        .map(|w| match w.unit {
            MouseScrollUnit::Line => f64::from(w.y),
            MouseScrollUnit::Pixel => f64::from(w.y) / 50.0,
        })
        .sum::<f64>()
        .clamp(-10.0, 10.0)
}

pub(super) fn steer_by_pointer(
    mut pointer: Pointer,
    (canvas, free, wants, clock): (Res<Canvas>, Res<FreeRect>, Res<UiWants>, Res<SceneClock>),
    mut drag: ResMut<PointerDrag>,
    mut rig: ResMut<CameraRig>,
) {
    let steps = wheel_steps(&mut pointer.wheel);
    // Two fingers apart by a tenth make a tenth nearer.
    let pinched: f64 = pointer.pinch.read().map(|p| f64::from(p.0)).filter(|p| p.is_finite()).sum();
    let nearer = 0.86f64.powf(steps) / (1.0 + pinched.clamp(-0.5, 1.0));
    let (Some(buttons), Some(keys)) = (&pointer.buttons, &pointer.keys) else { return };
    let Some(at) = pointer.window.iter().next().and_then(Window::cursor_position) else { return };
    let frame = frame_of(&canvas, &free, rig.flatness());
    let pixel = |p: Vec2| [f64::from(p.x) * canvas.scale, f64::from(p.y) * canvas.scale];
    let ours = !wants.pointer && free.0.is_none_or(|r| r.contains(at));
    if nearer != 1.0 && ours {
        rig.zoom_at(frame, pixel(at), nearer);
    }
    if !buttons.any_pressed([MouseButton::Left, MouseButton::Middle, MouseButton::Right]) {
        if *drag != PointerDrag::Idle {
            rig.release();
            *drag = PointerDrag::Idle;
        }
        return;
    }
    *drag = match *drag {
        PointerDrag::Idle => match gesture(buttons, keys) {
            Some(g) if ours => PointerDrag::Pressed(g, at),
            _ => PointerDrag::Idle,
        },
        PointerDrag::Pressed(g, from) if at.distance(from) >= SLOP => {
            if g == Gesture::Turn {
                rig.grab(frame, pixel(from));
            } else {
                rig.stop();
            }
            PointerDrag::Dragging(g, from)
        }
        PointerDrag::Dragging(g, from) => {
            let moved = at - from;
            match g {
                Gesture::Turn => rig.drag(frame, pixel(at), clock.delta),
                Gesture::Zoom => rig.zoom_by(1.01f64.powf(f64::from(moved.y))),
                Gesture::Tilt => rig.turn(f64::from(moved.x) * 0.005, f64::from(moved.y) * -0.005),
            }
            PointerDrag::Dragging(g, at)
        }
        pressed @ PointerDrag::Pressed(..) => pressed,
    };
}
