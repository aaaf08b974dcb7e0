//! From the keyboard to actions, by the table of actions.

use bevy::input::ButtonState;
use bevy::input::keyboard::{Key, KeyCode, KeyboardFocusLost, KeyboardInput};
use bevy::prelude::*;

use crate::globe::SceneClock;
use crate::globe::actions::{Action, Chord, KeyName};
use crate::globe::camera::UiWants;
use crate::globe::hud::Hud;
use crate::globe::trace::Trace;

/// Part of a screen that one tap of an arrow key turns, and per second while it is held.
const PAN: (f32, f32) = (0.08, 0.55);
/// Octaves that one tap of a zoom key brings nearer, and per second while it is held.
const ZOOM: (f32, f32) = (0.25, 1.5);
/// Radians that one tap tilts, and per second while it is held.
const TILT: (f32, f32) = (0.06, 0.6);
/// Digits of a typed speed; more are not taken.
const DIGITS: usize = 7;

/// Keys that go on while they are held.
#[derive(Resource, Default)]
pub(super) struct Held {
    down: Vec<(KeyCode, Action)>,
    /// Modifiers that are down.
    modifiers: Vec<KeyCode>,
}

/// The key of the table that a key of the keyboard is.
fn name_of(key: &Key) -> Option<KeyName> {
    Some(match key {
        Key::Character(text) => {
            let mut chars = text.chars();
            let c = chars.next().filter(|_| chars.next().is_none())?;
            if c == ' ' { KeyName::Space } else { KeyName::Char(c) }
        }
        Key::Space => KeyName::Space,
        Key::Enter => KeyName::Enter,
        Key::Escape => KeyName::Escape,
        Key::Tab => KeyName::Tab,
        Key::Backspace => KeyName::Backspace,
        Key::Home => KeyName::Home,
        Key::End => KeyName::End,
        Key::PageUp => KeyName::PageUp,
        Key::PageDown => KeyName::PageDown,
        Key::ArrowLeft => KeyName::Left,
        Key::ArrowRight => KeyName::Right,
        Key::ArrowUp => KeyName::Up,
        Key::ArrowDown => KeyName::Down,
        Key::F1 => KeyName::F(1),
        Key::F2 => KeyName::F(2),
        Key::F3 => KeyName::F(3),
        Key::F4 => KeyName::F(4),
        Key::F5 => KeyName::F(5),
        Key::F6 => KeyName::F(6),
        Key::F7 => KeyName::F(7),
        Key::F8 => KeyName::F(8),
        Key::F9 => KeyName::F(9),
        Key::F10 => KeyName::F(10),
        Key::F11 => KeyName::F(11),
        Key::F12 => KeyName::F(12),
        _ => return None,
    })
}

/// The action of a direction, times an amount.
fn scaled(action: &Action, tap: bool, dt: f32) -> Action {
    let amount = |(once, rate): (f32, f32)| if tap { once } else { rate * dt };
    match action {
        Action::Pan([x, y]) => Action::Pan([x * amount(PAN), y * amount(PAN)]),
        Action::Tilt([x, y]) => Action::Tilt([x * amount(TILT), y * amount(TILT)]),
        Action::Zoom(z) => Action::Zoom(z * amount(ZOOM)),
        other => other.clone(),
    }
}

/// Takes a key of a speed being typed: digits and, after the first, a point. True if the key was taken.
pub(super) fn type_speed(typed: &mut String, chord: Chord) -> (bool, Option<Action>) {
    match chord {
        Chord { ctrl: false, key: KeyName::Char(c), .. } if c.is_ascii_digit() => {
            if typed.len() < DIGITS {
                typed.push(c);
            }
            (true, None)
        }
        Chord { ctrl: false, key: KeyName::Char('.'), .. } if !typed.is_empty() => {
            if !typed.contains('.') {
                typed.push('.');
            }
            (true, None)
        }
        Chord { ctrl: false, key: KeyName::Char('x'), .. } if !typed.is_empty() => {
            let speed = typed.parse::<f64>().ok().filter(|s| *s > 0.0).map(|s| s.clamp(0.01, 100_000.0));
            typed.clear();
            (true, speed.map(Action::Speed))
        }
        // While digits stand there, Escape and Backspace take them away and nothing else.
        Chord { key: KeyName::Escape, .. } if !typed.is_empty() => {
            typed.clear();
            (true, None)
        }
        Chord { key: KeyName::Backspace, .. } if !typed.is_empty() => {
            typed.pop();
            (true, None)
        }
        _ => (false, None),
    }
}

/// The key, if it changes the meaning of others.
fn modifier(code: KeyCode) -> Option<KeyCode> {
    use KeyCode::{AltLeft, ControlLeft, ControlRight, ShiftLeft, ShiftRight, SuperLeft, SuperRight};
    let all = [AltLeft, ControlLeft, ControlRight, ShiftLeft, ShiftRight, SuperLeft, SuperRight];
    all.contains(&code).then_some(code)
}

pub(super) fn read_keys(
    mut events: MessageReader<KeyboardInput>,
    mut lost: MessageReader<KeyboardFocusLost>,
    (wants, clock, trace): (Res<UiWants>, Res<SceneClock>, Res<Trace>),
    (mut held, mut hud): (ResMut<Held>, ResMut<Hud>),
    mut actions: MessageWriter<Action>,
) {
    let held = held.bypass_change_detection();
    let hud = hud.bypass_change_detection();
    let unfocused = lost.read().count() > 0;
    if unfocused || wants.keyboard {
        held.down.clear();
    }
    if unfocused {
        held.modifiers.clear();
    }
    for action in &held.down {
        actions.write(scaled(&action.1, false, clock.delta as f32));
    }
    for event in events.read() {
        // Followed event by event: within a slow frame a modifier may come and go.
        if let Some(code) = modifier(event.key_code) {
            held.modifiers.retain(|known| *known != code);
            if event.state == ButtonState::Pressed {
                held.modifiers.push(code);
            }
            continue;
        }
        let any = |codes: &[KeyCode]| codes.iter().any(|code| held.modifiers.contains(code));
        let ctrl = any(&[KeyCode::ControlLeft, KeyCode::ControlRight]);
        let shift = any(&[KeyCode::ShiftLeft, KeyCode::ShiftRight]);
        let alt = any(&[KeyCode::AltLeft, KeyCode::SuperLeft, KeyCode::SuperRight]);
        if event.state == ButtonState::Released {
            held.down.retain(|(code, _)| *code != event.key_code);
            continue;
        }
        let Some(name) = name_of(&event.logical_key) else { continue };
        let chord = Chord::pressed(name, ctrl, shift);
        // A text field takes letters and the like; keys with Ctrl and function keys go on, but for those of editing.
        let editing = wants.keyboard && !matches!(name, KeyName::F(_)) && !(chord.ctrl && name == KeyName::Char('q'));
        if editing || alt {
            continue;
        }
        let (taken, action) = type_speed(&mut hud.typed, chord);
        if taken {
            actions.write_batch(action);
            continue;
        }
        let Some(row) = hud.rows().iter().find(|r| r.keys.contains(&chord)).cloned() else { continue };
        hud.typed.clear();
        if row.held {
            // The keyboard's own repetition is too coarse: from the press on, time does it.
            if !event.repeat {
                actions.write(scaled(&row.action, true, 0.0));
                held.down.push((event.key_code, row.action.clone()));
            }
            continue;
        }
        if event.repeat && !matches!(row.action, Action::StepBack | Action::StepForward | Action::Skip(_)) {
            continue;
        }
        trace.line(format_args!("key {chord} {}", row.id));
        // What is under the pointer comes before what is selected.
        let pins = row.action == Action::Details && hud.hovered_card.is_some();
        actions.write(if pins { Action::PinCard } else { row.action });
    }
}
