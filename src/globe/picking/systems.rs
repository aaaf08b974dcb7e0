//! The pins as the picker sees them, and what hover and click find.

use std::net::IpAddr;

use bevy::prelude::*;
use bevy::window::PrimaryWindow;

use super::model::{ARC_TOLERANCE_PX, PIN_TOLERANCE_PX, PinSpot, View, pick_arc, pick_pin};
use super::spread;
use crate::base::hash::Set;
use crate::cache::PathArc;
use crate::globe::arcs::{Arcs, arc_point};
use crate::globe::camera::{SceneView, UiWants};
use crate::globe::clusters::{Clusters, bunch_pins, hover_cluster};
use crate::globe::feed::Feed;
use crate::globe::layers::{LayerId, Layers};
use crate::globe::math::to_f32;
use crate::globe::pins::Pins;
use crate::globe::selection::{Picked, Selection};
use crate::globe::{Emphasis, GlobeSet, MarkScale, SceneClock};

/// Points that stand for an arc when it is picked.
const ARC_POINTS: usize = 24;
/// Seconds that the pointer rests before the arc under it is looked for.
const ARC_DELAY: f64 = 0.1;

/// The pins that are drawn as the picker sees them, and the view of this frame.
#[derive(Resource, Default)]
pub struct Picker {
    spots: Vec<PinSpot>,
    addrs: Vec<IpAddr>,
    /// Index into `Snapshot::hosts` of each.
    hosts: Vec<u32>,
    drawn: u64,
    view: Option<View>,
}

impl Picker {
    /// Takes over the drawn pins.
    fn load(&mut self, feed: &Feed, pins: &Pins) {
        let hosts = &feed.snapshot.hosts;
        self.spots.clear();
        self.addrs.clear();
        self.hosts.clear();
        for (pin, index) in pins.instances.iter().zip(&pins.hosts) {
            if let Some(host) = hosts.get(*index as usize) {
                self.spots.push(pin.spot());
                self.addrs.push(host.addr);
                self.hosts.push(*index);
            }
        }
        self.drawn = pins.drawn;
    }

    /// Which list of pins it holds: [`Pins::drawn`].
    #[must_use]
    pub fn drawn(&self) -> u64 {
        self.drawn
    }

    /// Index into `Snapshot::hosts` of each pin.
    #[must_use]
    pub fn hosts(&self) -> &[u32] {
        &self.hosts
    }

    /// Where the head of one of the pins is on the screen, in logical pixels; `None` out of sight.
    #[must_use]
    pub fn head(&self, pin: usize) -> Option<[f32; 2]> {
        Some(self.view.as_ref()?.pin_on_screen(self.spots.get(pin)?)?.0)
    }

    /// The view of this frame, in logical pixels; `None` before the first.
    #[must_use]
    pub fn view(&self) -> Option<&View> {
        self.view.as_ref()
    }

    /// The pin at a screen point, in logical pixels.
    #[must_use]
    pub fn at(&self, point: Vec2) -> Option<IpAddr> {
        let view = self.view.as_ref()?;
        let hit = pick_pin(&self.spots, view, point.to_array(), PIN_TOLERANCE_PX * view.mark.max(1.0))?;
        self.addrs.get(hit.index).copied()
    }

    /// Where the heads of some pins are on the screen, in logical pixels; those out of sight are left out.
    pub fn places_of<'a>(&'a self, wanted: &'a Set<IpAddr>) -> impl Iterator<Item = [f32; 2]> + 'a {
        self.spots.iter().zip(&self.addrs).filter(|(_, addr)| wanted.contains(*addr)).filter_map(|(spot, _)| {
            let view = self.view.as_ref()?;
            Some(view.pin_on_screen(spot)?.0)
        })
    }

    /// Where the heads of the pins in sight are on the screen, in logical pixels.
    pub fn on_screen(&self) -> impl Iterator<Item = (IpAddr, [f32; 2])> {
        self.spots.iter().zip(&self.addrs).filter_map(|(spot, addr)| {
            let view = self.view.as_ref()?;
            Some((*addr, view.pin_on_screen(spot)?.0))
        })
    }

    /// The drawn arc at a screen point, by its two addresses.
    fn arc_at(&self, feed: &Feed, arcs: &Arcs, point: Vec2) -> Option<(IpAddr, IpAddr)> {
        let lines = arcs
            .instances
            .iter()
            .map(|arc| (0..=ARC_POINTS).map(move |i| to_f32(arc_point(arc, i as f64 / ARC_POINTS as f64))));
        let hit = pick_arc(lines, self.view.as_ref()?, point.to_array(), ARC_TOLERANCE_PX)?;
        let path = feed.snapshot.paths.get(*arcs.paths.get(hit.index)? as usize)?;
        let host = |i: u32| Some(feed.snapshot.hosts.get(i as usize)?.addr);
        Some((host(path.a)?, host(path.b)?))
    }
}

/// What the picker finds at a point: a pin first, then an arc.
#[must_use]
pub fn find(picker: &Picker, feed: &Feed, arcs: &Arcs, layers: Layers, point: Vec2) -> Picked {
    if layers.is_on(LayerId::Pins)
        && let Some(addr) = picker.at(point)
    {
        return Picked::Host(addr);
    }
    if layers.is_on(LayerId::Arcs)
        && let Some((a, b)) = picker.arc_at(feed, arcs, point)
    {
        return Picked::Path(a, b);
    }
    Picked::Nothing
}

/// Keeps [`Picker`] up to date and finds what is hovered.
pub struct PickingPlugin;

impl Plugin for PickingPlugin {
    fn build(&self, app: &mut App) {
        app.init_resource::<Picker>()
            .add_systems(
                Update,
                emphasise
                    .run_if(resource_changed::<Selection>.or_eager(resource_changed::<Feed>))
                    .in_set(GlobeSet::Camera),
            )
            .add_systems(Update, (follow, hover, hover_cluster).chain().in_set(GlobeSet::Update).after(bunch_pins));
    }
}

/// Tells the drawing which marks stand out: what is selected and its traffic, everything else dimmed.
fn emphasise(selection: Res<Selection>, feed: Res<Feed>, mut emphasis: ResMut<Emphasis>) {
    let hosts = &feed.snapshot.hosts;
    let ends = |p: &PathArc| Some((hosts.get(p.a as usize)?.addr, hosts.get(p.b as usize)?.addr));
    let mut next = Emphasis { hovered: selection.hovered, dim_others: selection.is_some(), ..Emphasis::default() };
    if selection.is_some() {
        let selection = selection.on_pins(&feed.snapshot);
        next.hosts = selection.ends();
        let paths = feed.snapshot.paths.iter().filter_map(ends);
        next.paths = paths.filter(|(a, b)| selection.shows_path(*a, *b)).collect();
    }
    next.paths.extend(selection.hovered_path.filter(|path| !next.paths.contains(path)));
    if *emphasis != next {
        *emphasis = next;
    }
}

fn follow(
    (feed, scene, pins, marks): (Res<Feed>, Res<SceneView>, Res<Pins>, Res<MarkScale>),
    mut picker: ResMut<Picker>,
) {
    let picker = picker.bypass_change_detection();
    if picker.drawn != pins.drawn {
        picker.load(&feed, &pins);
    }
    let scale = scene.scale.max(1e-6);
    let v = &scene.view;
    picker.view = Some(View {
        clip_from_world: v.clip_from_world(),
        camera: to_f32(v.eye),
        origin: [0.0, 0.0],
        size: v.size.map(|s| (s / scale) as f32),
        focal: (v.focal / scale) as f32,
        mark: marks.0 as f32,
        spread: spread::scale(v.height() as f32),
        sheet: v.sheet,
    });
}

/// Where the pointer rests, and since when.
#[derive(Default)]
struct Rest {
    at: Option<Vec2>,
    since: f64,
    looked: bool,
}

fn hover(
    (picker, feed, arcs, clusters): (Res<Picker>, Res<Feed>, Res<Arcs>, Res<Clusters>),
    (wants, layers, clock): (Res<UiWants>, Res<Layers>, Res<SceneClock>),
    windows: Query<&Window, With<PrimaryWindow>>,
    buttons: Option<Res<ButtonInput<MouseButton>>>,
    (mut selection, mut rest): (ResMut<Selection>, Local<Rest>),
) {
    let pressed = buttons.is_some_and(|b| b.get_pressed().next().is_some());
    let at = windows.iter().next().and_then(Window::cursor_position);
    let at = at.filter(|_| !wants.pointer && !pressed);
    let hovered = at.filter(|_| layers.is_on(LayerId::Pins)).and_then(|p| picker.at(p));
    if selection.hovered != hovered {
        selection.hovered = hovered;
    }
    if rest.at != at {
        *rest = Rest { at, since: clock.elapsed, looked: false };
    }
    // There may be very many arcs: they are looked at once, when the pointer has come to rest.
    let mut path = selection.hovered_path;
    if at.is_none() || hovered.is_some() || clusters.hovered.is_some() || !layers.is_on(LayerId::Arcs) {
        path = None;
    } else if !rest.looked && clock.elapsed - rest.since >= ARC_DELAY {
        rest.looked = true;
        path = at.and_then(|p| picker.arc_at(&feed, &arcs, p));
    } else if !rest.looked && clock.elapsed == rest.since {
        path = None;
    }
    if selection.hovered_path != path {
        selection.hovered_path = path;
    }
}
