//! The pins as the picker sees them, and what hover and click find.

use std::net::IpAddr;

use bevy::prelude::*;
use bevy::window::PrimaryWindow;

use super::model::{ARC_TOLERANCE_PX, PIN_TOLERANCE_PX, PinSpot, View, pick_arc, pick_pin};
use super::spread;
use crate::cache::PathArc;
use crate::globe::camera::{SceneView, UiWants};
use crate::globe::feed::Feed;
use crate::globe::layers::{LayerId, Layers};
use crate::globe::math::to_f32;
use crate::globe::selection::{Picked, Selection};
use crate::globe::{Emphasis, GlobeSet};

/// Points that stand for an arc when it is picked.
const ARC_POINTS: usize = 24;

/// All pins of the snapshot with their place on the globe, and the view of this frame.
#[derive(Resource, Default)]
pub struct Pins {
    spots: Vec<PinSpot>,
    addrs: Vec<IpAddr>,
    generation: u64,
    view: Option<View>,
}

impl Pins {
    /// Takes over the hosts of a snapshot.
    fn load(&mut self, feed: &Feed) {
        let hosts = &feed.snapshot.hosts;
        let offsets = spread::spread(hosts.iter().map(|h| h.place.at));
        let hidden = |h: &crate::cache::HostPin| feed.overrides.hidden.contains(&h.id);
        self.spots.clear();
        self.addrs.clear();
        for (host, offset) in hosts.iter().zip(offsets).filter(|(h, _)| !hidden(h)) {
            self.spots.push(PinSpot { dir: to_f32(host.place.at.to_unit()), height: 0.0, offset });
            self.addrs.push(host.addr);
        }
        self.generation = feed.generation;
    }

    /// The pin at a screen point, in logical pixels.
    #[must_use]
    pub fn at(&self, point: Vec2) -> Option<IpAddr> {
        let hit = pick_pin(&self.spots, self.view.as_ref()?, point.to_array(), PIN_TOLERANCE_PX)?;
        self.addrs.get(hit.index).copied()
    }

    /// Where the pins in sight are on the screen, in logical pixels.
    pub fn on_screen(&self) -> impl Iterator<Item = (IpAddr, [f32; 2])> {
        self.spots.iter().zip(&self.addrs).filter_map(|(spot, addr)| {
            let view = self.view.as_ref()?;
            Some((*addr, view.pin_on_screen(spot)?.0))
        })
    }

    /// The arc at a screen point, by its two addresses.
    fn arc_at(&self, feed: &Feed, point: Vec2) -> Option<(IpAddr, IpAddr)> {
        let hosts = &feed.snapshot.hosts;
        let ends = |i: usize| {
            let path = feed.snapshot.paths.get(i)?;
            Some((hosts.get(path.a as usize)?, hosts.get(path.b as usize)?))
        };
        let arcs = (0..feed.snapshot.paths.len()).map(|i| {
            let points = ends(i).map(|(a, b)| arc_points(a.place.at.to_unit(), b.place.at.to_unit()));
            points.unwrap_or_default()
        });
        let hit = pick_arc(arcs, self.view.as_ref()?, point.to_array(), ARC_TOLERANCE_PX)?;
        ends(hit.index).map(|(a, b)| (a.addr, b.addr))
    }
}

/// What the picker finds at a point: a pin first, then an arc.
#[must_use]
pub fn find(pins: &Pins, feed: &Feed, layers: Layers, point: Vec2) -> Picked {
    if layers.is_on(LayerId::Pins)
        && let Some(addr) = pins.at(point)
    {
        return Picked::Host(addr);
    }
    if layers.is_on(LayerId::Arcs)
        && let Some((a, b)) = pins.arc_at(feed, point)
    {
        return Picked::Path(a, b);
    }
    Picked::Nothing
}

/// Points along an arc as it is drawn.
fn arc_points(a: [f64; 3], b: [f64; 3]) -> Vec<[f32; 3]> {
    use crate::globe::math::{angle, any_perpendicular, blend, cross, length, mul, rotate, unit};
    let whole = angle(a, b).min(std::f64::consts::PI - 0.01);
    let normal = cross(a, b);
    let axis = if length(normal) > 1e-9 { unit(normal) } else { any_perpendicular(a) };
    let peak = (0.25 * whole).max(0.005);
    (0..=ARC_POINTS)
        .map(|i| {
            let t = i as f64 / ARC_POINTS as f64;
            let p = rotate(a, axis, whole * t);
            to_f32(mul(blend(p, 1.0, p, 0.0), 1.002 + peak * 4.0 * t * (1.0 - t)))
        })
        .collect()
}

/// Keeps [`Pins`] up to date and finds what is hovered.
pub struct PickingPlugin;

impl Plugin for PickingPlugin {
    fn build(&self, app: &mut App) {
        app.init_resource::<Pins>()
            .add_systems(Update, emphasise.in_set(GlobeSet::Camera))
            .add_systems(Update, (follow, hover).chain().in_set(GlobeSet::Update));
    }
}

/// Tells the drawing which marks stand out: what is selected and its traffic, everything else dimmed.
fn emphasise(selection: Res<Selection>, feed: Res<Feed>, mut emphasis: ResMut<Emphasis>) {
    let hosts = &feed.snapshot.hosts;
    let ends = |p: &PathArc| Some((hosts.get(p.a as usize)?.addr, hosts.get(p.b as usize)?.addr));
    let mut next = Emphasis { hovered: selection.hovered, dim_others: selection.is_some(), ..Emphasis::default() };
    if selection.is_some() {
        next.hosts = selection.ends().into_iter().flatten().collect();
        let paths = feed.snapshot.paths.iter().filter_map(ends);
        next.paths = paths.filter(|(a, b)| selection.shows_path(*a, *b)).collect();
    }
    if *emphasis != next {
        *emphasis = next;
    }
}

fn follow(feed: Res<Feed>, scene: Res<SceneView>, mut pins: ResMut<Pins>) {
    let pins = pins.bypass_change_detection();
    if pins.generation != feed.generation {
        pins.load(&feed);
    }
    let scale = scene.scale.max(1e-6);
    let v = &scene.view;
    pins.view = Some(View {
        clip_from_world: v.clip_from_world(),
        camera: to_f32(v.eye),
        origin: [0.0, 0.0],
        size: v.size.map(|s| (s / scale) as f32),
        spread: spread::scale(v.height() as f32),
    });
}

fn hover(
    pins: Res<Pins>,
    (wants, layers): (Res<UiWants>, Res<Layers>),
    windows: Query<&Window, With<PrimaryWindow>>,
    buttons: Option<Res<ButtonInput<MouseButton>>>,
    mut selection: ResMut<Selection>,
) {
    let pressed = buttons.is_some_and(|b| b.get_pressed().next().is_some());
    let at = windows.iter().next().and_then(Window::cursor_position);
    let idle = !wants.pointer && !pressed && layers.is_on(LayerId::Pins);
    let hovered = at.filter(|_| idle).and_then(|p| pins.at(p));
    if selection.hovered != hovered {
        selection.hovered = hovered;
    }
}
