//! Keys through the table to what they change, without a window.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bevy::input::keyboard::{Key, KeyboardInput};
use bevy::input::{ButtonState, InputPlugin as Devices};
use bevy::prelude::*;

use super::keys::type_speed;
use super::obey::control_of;
use crate::cache::Snapshot;
use crate::globe::actions::{Action, Chord, KeyName};
use crate::globe::camera::{CameraRig, UiWants};
use crate::globe::feed::{Feed, FeedInput, FeedSource};
use crate::globe::hud::Hud;
use crate::globe::layers::{LAYERS, Layers};
use crate::globe::picking::PickingPlugin;
use crate::globe::selection::{Picked, Selection};
use crate::globe::{Emphasis, GlobePlugins, fixture};
use crate::pipeline::{Control, PlayState, Playhead};

/// A source that writes down what it is asked for.
struct Recorder {
    next: Option<Arc<Snapshot>>,
    playhead: Playhead,
    heard: Arc<Mutex<Vec<Control>>>,
}

impl FeedSource for Recorder {
    fn poll(&mut self) -> Option<Arc<Snapshot>> {
        self.next.take()
    }

    fn playhead(&self) -> Playhead {
        self.playhead
    }

    fn send(&mut self, control: Control) {
        self.heard.lock().expect("not poisoned").push(control);
    }
}

struct Bench {
    app: App,
    heard: Arc<Mutex<Vec<Control>>>,
}

impl Bench {
    fn new() -> Bench {
        let heard = Arc::new(Mutex::new(Vec::new()));
        let playhead = Playhead { now: fixture::now(), state: PlayState::Paused, speed: 1.0 };
        let next = Some(Arc::new(fixture::snapshot()));
        let source = Recorder { next, playhead, heard: heard.clone() };
        let mut app = App::new();
        app.add_plugins((MinimalPlugins, Devices, GlobePlugins, PickingPlugin, super::InputPlugin))
            .insert_resource(FeedInput::new(source));
        app.update();
        Bench { app, heard }
    }

    fn send(&mut self, key: Key, code: KeyCode, state: ButtonState) {
        let window = Entity::PLACEHOLDER;
        self.app.world_mut().write_message(KeyboardInput {
            key_code: code,
            logical_key: key,
            state,
            text: None,
            repeat: false,
            window,
        });
        self.app.update();
    }

    /// Presses and releases a key.
    fn tap(&mut self, key: Key) {
        self.send(key.clone(), KeyCode::F35, ButtonState::Pressed);
        self.send(key, KeyCode::F35, ButtonState::Released);
    }

    fn letter(&mut self, c: char) {
        self.tap(Key::Character(c.to_string().into()));
    }

    fn get<T: Resource + Clone>(&self) -> T {
        self.app.world().resource::<T>().clone()
    }

    fn heard(&self) -> Vec<Control> {
        std::mem::take(&mut *self.heard.lock().expect("not poisoned"))
    }
}

#[test]
fn each_layer_key_switches_its_layer_and_no_other() {
    let mut bench = Bench::new();
    for layer in LAYERS {
        let mut expect: Layers = bench.get();
        expect.toggle(layer.id);
        bench.letter(layer.key.to_ascii_lowercase());
        assert_eq!(bench.get::<Layers>(), expect, "{}", layer.name);
    }
}

#[test]
fn letters_rest_while_a_text_field_has_the_keyboard() {
    let mut bench = Bench::new();
    let before: Layers = bench.get();
    bench.app.insert_resource(UiWants { pointer: false, keyboard: true });
    bench.letter('e');
    bench.tap(Key::Space);
    assert_eq!(bench.get::<Layers>(), before);
    assert_eq!(bench.heard(), []);
}

#[test]
fn modifiers_count_even_if_they_come_and_go_within_a_frame() {
    let mut bench = Bench::new();
    let before: Layers = bench.get();
    let key = |logical_key: Key, key_code, state| KeyboardInput {
        key_code,
        logical_key,
        state,
        text: None,
        repeat: false,
        window: Entity::PLACEHOLDER,
    };
    let k = || Key::Character("k".into());
    let world = bench.app.world_mut();
    world.write_message(key(Key::Control, KeyCode::ControlLeft, ButtonState::Pressed));
    world.write_message(key(k(), KeyCode::KeyK, ButtonState::Pressed));
    world.write_message(key(k(), KeyCode::KeyK, ButtonState::Released));
    world.write_message(key(Key::Control, KeyCode::ControlLeft, ButtonState::Released));
    bench.app.update();
    assert!(bench.app.world().resource::<Hud>().palette.is_some());
    assert_eq!((bench.heard(), bench.get::<Layers>()), (vec![], before), "K alone would play");
    bench.letter('k');
    assert_eq!(bench.heard(), [Control::Resume], "Ctrl has been let go");
}

#[test]
fn time_keys_become_wishes() {
    let mut bench = Bench::new();
    let now = fixture::now();
    let start = fixture::snapshot().span.expect("a span").start;
    bench.tap(Key::Space);
    bench.letter('j');
    bench.letter('>');
    bench.tap(Key::Home);
    bench.tap(Key::End);
    bench.tap(Key::Backspace);
    assert_eq!(
        bench.heard(),
        [
            Control::Resume,
            Control::Seek(now - Duration::from_secs(10)),
            Control::Speed(2.0),
            Control::Seek(start),
            Control::Live,
            Control::Speed(1.0),
        ]
    );
}

#[test]
fn digits_then_x_set_the_speed() {
    let mut bench = Bench::new();
    for c in ['6', '0', 'x'] {
        bench.letter(c);
    }
    assert_eq!(bench.heard(), [Control::Speed(60.0)]);
    for c in ['0', '.', '5', 'x'] {
        bench.letter(c);
    }
    assert_eq!(bench.heard(), [Control::Speed(0.5)]);
    bench.letter('7');
    bench.tap(Key::Escape);
    bench.letter('x');
    assert_eq!(bench.heard(), [], "escape forgets the digits");
}

#[test]
fn typed_speeds_stay_within_limits() {
    let ch = |c| Chord { ctrl: false, shift: false, key: KeyName::Char(c) };
    let mut typed = String::new();
    for _ in 0..50 {
        type_speed(&mut typed, ch('9'));
    }
    assert_eq!(type_speed(&mut typed, ch('x')), (true, Some(Action::Speed(100_000.0))));
    type_speed(&mut typed, ch('0'));
    assert_eq!(type_speed(&mut typed, ch('x')), (true, None), "a speed of nothing is none");
    assert_eq!(type_speed(&mut typed, ch('x')), (false, None));
}

#[test]
fn tab_selects_by_rate_enter_opens_and_escape_goes_back_one_step_at_a_time() {
    let mut bench = Bench::new();
    bench.tap(Key::Tab);
    let first = bench.get::<Selection>();
    assert!(matches!(first.picked, Picked::Host(_)) && !first.details);
    bench.tap(Key::Tab);
    assert_ne!(bench.get::<Selection>().picked, first.picked);
    bench.tap(Key::Enter);
    assert!(bench.get::<Selection>().details);
    bench.letter('?');
    assert!(bench.app.world().resource::<Hud>().help);
    bench.tap(Key::Escape);
    assert!(!bench.app.world().resource::<Hud>().help && bench.get::<Selection>().details);
    bench.tap(Key::Escape);
    assert!(!bench.get::<Selection>().details && bench.get::<Selection>().is_some());
    bench.tap(Key::Escape);
    assert!(!bench.get::<Selection>().is_some());
}

#[test]
fn what_is_kept_stays_selected_while_tab_goes_on_and_all_of_it_stands_out() {
    let mut bench = Bench::new();
    let keep = |bench: &mut Bench| {
        bench.send(Key::Control, KeyCode::ControlLeft, ButtonState::Pressed);
        bench.tap(Key::Enter);
        bench.send(Key::Control, KeyCode::ControlLeft, ButtonState::Released);
    };
    bench.tap(Key::Tab);
    let first = bench.get::<Selection>().ends();
    keep(&mut bench);
    bench.tap(Key::Tab);
    let both = bench.get::<Selection>().ends();
    assert!(both.len() == 2 && both[0] == first[0], "{first:?} {both:?}");
    bench.app.update();
    assert_eq!(bench.get::<Emphasis>().hosts, both);
    let paths = bench.get::<Emphasis>().paths;
    assert!(paths.iter().any(|p| p.0 == both[0] || p.1 == both[0]));
    // The first again: it is let go, and the next one takes its place.
    bench.tap(Key::Tab);
    bench.send(Key::Shift, KeyCode::ShiftLeft, ButtonState::Pressed);
    (0..2).for_each(|_| bench.tap(Key::Tab));
    bench.send(Key::Shift, KeyCode::ShiftLeft, ButtonState::Released);
    assert_eq!(bench.get::<Selection>().ends(), first);
    keep(&mut bench);
    bench.tap(Key::Tab);
    assert_eq!(bench.get::<Selection>().count(), 1);
    bench.tap(Key::Escape);
    assert!(!bench.get::<Selection>().is_some());
}

#[test]
fn a_held_arrow_goes_on_until_it_is_let_go() {
    let mut bench = Bench::new();
    let lon = |b: &Bench| b.app.world().resource::<CameraRig>().orbit.target.lon;
    let before = lon(&bench);
    bench.send(Key::ArrowRight, KeyCode::ArrowRight, ButtonState::Pressed);
    let tapped = lon(&bench);
    assert!(tapped > before);
    for _ in 0..20 {
        bench.app.update();
    }
    let held = lon(&bench);
    assert!(held > tapped);
    bench.send(Key::ArrowRight, KeyCode::ArrowRight, ButtonState::Released);
    let let_go = lon(&bench);
    bench.app.update();
    assert_eq!(lon(&bench), let_go);
}

#[test]
fn the_globe_keeps_its_snapshot_through_actions() {
    let bench = Bench::new();
    assert_eq!(bench.get::<Feed>().snapshot.hosts.len(), 4);
}

#[test]
fn seeking_stays_within_the_recording() {
    let s = fixture::snapshot();
    let span = s.span.expect("a span");
    let playhead = Playhead { now: span.end, state: PlayState::Live, speed: 1.0 };
    assert_eq!(control_of(&Action::Skip(10), &playhead, &s), Some(Control::Seek(span.end)));
    assert_eq!(control_of(&Action::PlayPause, &playhead, &s), Some(Control::Pause));
    assert_eq!(control_of(&Action::First, &playhead, &Snapshot::default()), None);
}
