//! What input led to, line by line on standard output: for tests that drive the real window from outside.
//!
//! Off unless asked for. A line is a word and its values: `ready`, `key E earth`, `pick host 192.0.2.1`, `card 192.0.2.1`,
//! `selected 2` (how many things are), `cards 1` (pinned), `layer earth off`, `camera 30.00 -25.00 2.250 0.00 0.00` (once it rests), `pin 640 360 192.0.2.1`, `eye …` (like `camera`, after each
//! action), `held 640 360` (the pointer with its left button down), `over path 192.0.2.1 192.0.2.2` (the arc
//! under the pointer), `opened FILE`, `not opened: …`.

use std::fmt;
use std::io::Write as _;

use bevy::prelude::*;
use bevy::window::PrimaryWindow;

use super::actions::Action;
use super::camera::CameraRig;
use super::feed::Feed;
use super::hud::Hud;
use super::layers::{LAYERS, Layers};
use super::maps::MapLoader;
use super::picking::Picker;
use super::selection::{Picked, Selection};
use super::{GlobeSet, SceneClock};

/// Whether lines are printed.
#[derive(Resource, Clone, Copy, Debug, Default)]
pub struct Trace {
    /// On.
    pub on: bool,
}

impl Trace {
    /// Prints one line, if tracing is on. A closed pipe is no reason to end a window.
    pub fn line(self, text: fmt::Arguments<'_>) {
        if self.on {
            let mut out = std::io::stdout().lock();
            let _ = writeln!(out, "{text}").and_then(|()| out.flush());
        }
    }
}

/// Watches what input changes and prints it.
pub struct TracePlugin;

impl Plugin for TracePlugin {
    fn build(&self, app: &mut App) {
        app.init_resource::<Trace>().add_systems(Update, report.after(GlobeSet::Ui).run_if(|t: Res<Trace>| t.on));
    }
}

/// What was printed last.
#[derive(Default)]
struct Last {
    frames: u32,
    layers: Option<Layers>,
    picked: Picked,
    several: usize,
    cards: usize,
    held: Option<Vec2>,
    over: Option<(std::net::IpAddr, std::net::IpAddr)>,
    camera: String,
    moved: f64,
    settled: bool,
}

type Buttons<'w> = Option<Res<'w, ButtonInput<MouseButton>>>;

fn report(
    trace: Res<Trace>,
    (layers, selection, rig, hud): (Res<Layers>, Res<Selection>, Res<CameraRig>, Option<Res<Hud>>),
    (feed, clock, pins): (Res<Feed>, Res<SceneClock>, Res<Picker>),
    (windows, buttons, loading): (Query<&Window, With<PrimaryWindow>>, Buttons, Option<Res<MapLoader>>),
    mut actions: MessageReader<Action>,
    mut last: Local<Last>,
) {
    let last = &mut *last;
    let acted = actions.read().count() > 0;
    // The first frames load fonts, and the pictures of the earth come when they come.
    last.frames = if loading.is_some() { 0 } else { last.frames.saturating_add(1) };
    if last.frames == 10 {
        trace.line(format_args!("ready {} hosts", feed.snapshot.hosts.len()));
    }
    let pressed = buttons.is_some_and(|b| b.pressed(MouseButton::Left));
    let held = windows.iter().next().and_then(Window::cursor_position).filter(|_| pressed);
    if held != last.held {
        last.held = held;
        if let Some(at) = held {
            trace.line(format_args!("held {:.0} {:.0}", at.x, at.y));
        }
    }
    if let Some(before) = last.layers {
        for layer in LAYERS.iter().filter(|l| before.is_on(l.id) != layers.is_on(l.id)) {
            let state = if layers.is_on(layer.id) { "on" } else { "off" };
            trace.line(format_args!("layer {} {state}", layer.name));
        }
    }
    last.layers = Some(*layers);
    if last.picked != selection.picked {
        last.picked = selection.picked;
        match selection.picked {
            Picked::Nothing => trace.line(format_args!("pick nothing")),
            Picked::Host(a) => trace.line(format_args!("pick host {a}")),
            Picked::Path(a, b) => trace.line(format_args!("pick path {a} {b}")),
            Picked::Flow(f) => trace.line(format_args!("pick flow {} {}", f.key.saddr, f.key.daddr)),
        }
    }
    let cards = hud.map_or(0, |hud| hud.cards.len());
    if last.cards != cards {
        last.cards = cards;
        trace.line(format_args!("cards {cards}"));
    }
    let several = selection.count();
    if last.several != several {
        last.several = several;
        trace.line(format_args!("selected {several}"));
    }
    if last.over != selection.hovered_path {
        last.over = selection.hovered_path;
        if let Some((a, b)) = last.over {
            trace.line(format_args!("over path {a} {b}"));
        }
    }
    let o = rig.orbit;
    let camera = format!("{:.2} {:.2} {:.3} {:.2} {:.2}", o.target.lat, o.target.lon, o.altitude, o.heading, o.tilt);
    if acted {
        trace.line(format_args!("eye {camera}"));
    }
    if camera != last.camera {
        (last.camera, last.moved, last.settled) = (camera, clock.elapsed, false);
    } else if !last.settled && last.frames > 10 && clock.elapsed - last.moved > 0.3 {
        // Once the eye rests: where it is, and where the pins in sight are.
        last.settled = true;
        trace.line(format_args!("camera {}", last.camera));
        for (addr, [x, y]) in pins.on_screen().take(40) {
            trace.line(format_args!("pin {x:.0} {y:.0} {addr}"));
        }
    }
}
