//! Clusters: pins so near each other that they would lie on one another are one mark with their number and a ring that is
//! split by what they are. A click goes so near that they part; below a height of 0.3 radii every pin stands alone.
//!
//! The bunches are made anew when the pins or the distance of the eye changed, not while the globe turns. Selected pins
//! are never bunched. [`Pins`] holds what is left over.

mod model;
mod ui;

use std::net::IpAddr;

use bevy::prelude::*;
use bevy::window::PrimaryWindow;
use bevy_egui::EguiPrimaryContextPass;
pub use model::{Bunch, KINDS, NEAR_PX, SINGLE_BELOW, count_text, merge, nearness, step};

use super::alerts::alerting;
use super::camera::{Orbit, SceneView, UiWants};
use super::colouring::KIND_COLOURS;
use super::feed::Feed;
use super::gpu::{BufferSlot, GpuData};
use super::inks::{Inks, Theme};
use super::layers::{LayerId, Layers};
use super::math::{V3, to_f32};
use super::picking::{PinSpot, View};
use super::pins::{PinInstance, Pins, kind_of, make_pins};
use super::scale::{RateShift, pack};
use super::selection::Selection;
use super::{GlobeSet, MarkScale, PaintSet};
use crate::base::hash::Set;
use crate::cache::{HostPin, Snapshot};
use crate::geo::LatLon;
pub(crate) use ui::cluster_card;

/// Several pins as one mark.
#[derive(Clone, Debug, PartialEq)]
pub struct Cluster {
    /// Unit vector to the mean of the members' places.
    pub at: V3,
    /// Members, as indices into `Snapshot::hosts`, in the order of the snapshot.
    pub hosts: Vec<u32>,
    /// Radius in pixels of a mark.
    pub radius: f32,
}

impl Cluster {
    /// Its middle, as the picker wants it.
    fn spot(&self) -> PinSpot {
        PinSpot { dir: to_f32(self.at), length: 0.0, offset: [0.0; 2] }
    }
}

/// As `cluster.wgsl` reads it.
#[derive(Clone, Copy, Debug, PartialEq, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C)]
struct ClusterInstance {
    dir: [f32; 3],
    radius: f32,
    /// Ends of the parts of the ring.
    ends: [u8; 12],
    /// Opacity.
    alpha: f32,
    /// Colours of the parts; the last is none's.
    tints: [u32; 12],
}

/// The clusters that are drawn.
#[derive(Resource, Debug, Default)]
pub struct Clusters {
    /// All of them.
    pub marks: Vec<Cluster>,
    /// The one under the pointer.
    pub hovered: Option<usize>,
    /// The step of nearness they were made for; `None` when every pin stands alone.
    step: Option<i32>,
    /// Count of the pins they were made from; 0 before.
    made: u64,
    /// Addresses of the pins that had an alert then.
    alerting: Set<IpAddr>,
}

impl Clusters {
    /// The cluster at a screen point.
    #[must_use]
    pub fn at(&self, view: &View, point: [f32; 2]) -> Option<usize> {
        let mut best: Option<(usize, f32)> = None;
        for (index, mark) in self.marks.iter().enumerate() {
            let Some(([x, y], _)) = view.pin_on_screen(&mark.spot()) else { continue };
            let away = (x - point[0]).hypot(y - point[1]);
            if away <= mark.radius * view.mark && best.is_none_or(|(_, b)| away < b) {
                best = Some((index, away));
            }
        }
        best.map(|(index, _)| index)
    }

    /// Where the cluster with a host, by its index into `Snapshot::hosts`, is on the screen.
    #[must_use]
    pub fn place_of(&self, view: &View, host: u32) -> Option<[f32; 2]> {
        let mark = self.marks.iter().find(|m| m.hosts.contains(&host))?;
        Some(view.pin_on_screen(&mark.spot())?.0)
    }

    /// Where the clusters with some of these pins are on the screen.
    #[must_use]
    pub fn places_of(&self, view: &View, snapshot: &Snapshot, wanted: &Set<IpAddr>) -> Vec<[f32; 2]> {
        let is_wanted = |i: &u32| snapshot.hosts.get(*i as usize).is_some_and(|h| wanted.contains(&h.addr));
        let marks = self.marks.iter().filter(|m| m.hosts.iter().any(is_wanted));
        marks.filter_map(|m| Some(view.pin_on_screen(&m.spot())?.0)).collect()
    }

    /// Where the eye must be for a cluster to part.
    #[must_use]
    pub fn parting(&self, index: usize, feed: &Feed, from: Orbit) -> Option<Orbit> {
        /// Most steps tried: a factor of a thousand.
        const MOST: i32 = 40;
        let mark = self.marks.get(index)?;
        let hosts = mark.hosts.iter().filter_map(|i| feed.snapshot.hosts.get(*i as usize));
        let places: Vec<V3> = hosts.map(|h| h.place.at.to_unit()).collect();
        let least = SINGLE_BELOW * 0.9;
        let nearer = model::steps_until_split(&places, self.step?, MOST).map(model::nearer_by);
        // A hair nearer than the edge of the step.
        let altitude = nearer.map_or(least, |factor| (from.altitude * factor * 0.97).max(least));
        Some(Orbit { target: LatLon::from_vector(mark.at)?, altitude: altitude.min(from.altitude), ..from })
    }
}

/// Bunches pins.
pub struct ClustersPlugin;

impl Plugin for ClustersPlugin {
    fn build(&self, app: &mut App) {
        app.init_resource::<Clusters>()
            .add_systems(Update, bunch_pins.in_set(GlobeSet::Update).after(make_pins))
            .add_systems(EguiPrimaryContextPass, ui::paint_counts.in_set(PaintSet::Names));
    }
}

/// Parts the pins into clusters and those that stand alone.
pub(crate) fn bunch_pins(
    (scene, layers, marks, feed): (Res<SceneView>, Res<Layers>, Res<MarkScale>, Res<Feed>),
    (mut pins, mut clusters, theme, shift): (ResMut<Pins>, ResMut<Clusters>, Res<Theme>, Res<RateShift>),
    mut data: ResMut<GpuData>,
) {
    let bunched = layers.is_on(LayerId::Clusters) && scene.view.height() >= SINGLE_BELOW;
    let step = bunched.then(|| step(scene.view.radii_per_pixel() * scene.scale * marks.0));
    let alerting = alerting(&feed);
    if clusters.made == pins.made && clusters.step == step && clusters.alerting == alerting {
        return;
    }
    let bunches = step.map(|step| {
        let free = (0..).zip(&pins.all).filter(|(_, pin)| !pin.is_selected());
        merge(free.map(|(i, pin)| Bunch::single(i, pin.dir.map(f64::from))).collect(), nearness(step))
    });
    let mut made = Clusters { step, made: pins.made, alerting, ..Clusters::default() };
    let tints = tints(theme.inks(), pins.kinds.is_some());
    let mut instances = Vec::new();
    let mut alone: Vec<u32> = match &bunches {
        None => (0..pins.all.len() as u32).collect(),
        Some(_) => (0..).zip(&pins.all).filter(|(_, pin)| pin.is_selected()).map(|(i, _)| i).collect(),
    };
    for mut bunch in bunches.unwrap_or_default() {
        if let [one] = bunch.members.as_slice() {
            alone.push(*one);
            continue;
        }
        bunch.members.sort_unstable();
        let radius = model::radius(bunch.members.len());
        instances.push(instance(&bunch, &pins, (&feed.snapshot, &made.alerting, *shift), (radius, tints)));
        let hosts = bunch.members.iter().filter_map(|i| pins.all_hosts.get(*i as usize).copied()).collect();
        made.marks.push(Cluster { at: bunch.at, hosts, radius });
    }
    alone.sort_unstable();
    let drawn = |i: &u32| {
        let pin = *pins.all.get(*i as usize)?;
        // Where neighbours are bunched, who is left stands on its place.
        let pin = if step.is_some() { PinInstance { offset: 0, ..pin } } else { pin };
        Some((pin, *pins.all_hosts.get(*i as usize)?))
    };
    let (left, hosts): (Vec<PinInstance>, Vec<u32>) = alone.iter().filter_map(drawn).unzip();
    data.set_buffer(BufferSlot::Pins, &left);
    data.set_buffer(BufferSlot::Clusters, &instances);
    (pins.instances, pins.hosts) = (left, hosts);
    pins.drawn += 1;
    *clusters = made;
}

fn instance(
    bunch: &Bunch,
    pins: &Pins,
    (snapshot, alerting, shift): (&Snapshot, &Set<IpAddr>, RateShift),
    (radius, tints): (f32, [u32; 12]),
) -> ClusterInstance {
    let mut counts = [0; KINDS];
    let mut alpha = 0.0f32;
    for member in &bunch.members {
        let Some(pin) = pins.all.get(*member as usize) else { continue };
        let index = pins.all_hosts.get(*member as usize).map_or(usize::MAX, |i| *i as usize);
        let kind = |h: &HostPin| match &pins.kinds {
            _ if alerting.contains(&h.addr) => KINDS - 1,
            Some(kinds) => kinds.of_host.get(index).map_or(KIND_COLOURS, |k| usize::from(*k)),
            None => kind_of(h, shift),
        };
        if let Some(count) = snapshot.hosts.get(index).and_then(|h| counts.get_mut(kind(h))) {
            *count += 1;
        }
        // As fresh as the freshest member.
        alpha = alpha.max(pin.opacity());
    }
    ClusterInstance { dir: to_f32(bunch.at), radius, ends: model::shares(&counts), alpha, tints }
}

/// Colours of the parts of a ring: kinds and the rest, or the classes of rate and own networks; the alerts' at the end.
fn tints(inks: &Inks, by_kind: bool) -> [u32; 12] {
    let parts: Vec<[u8; 3]> = if by_kind {
        inks.kinds.into_iter().chain([inks.rest]).collect()
    } else {
        inks.rates.into_iter().chain([inks.home]).collect()
    };
    let alert = [inks.alert.r(), inks.alert.g(), inks.alert.b()];
    let mut tints = [pack(alert, 1.0); 12];
    for (tint, part) in tints.iter_mut().zip(parts) {
        *tint = pack(part, 1.0);
    }
    tints
}

/// Finds the cluster under the pointer, where no pin is.
pub(crate) fn hover_cluster(
    (wants, layers, selection): (Res<UiWants>, Res<Layers>, Res<Selection>),
    picker: Res<super::picking::Picker>,
    windows: Query<&Window, With<PrimaryWindow>>,
    mut clusters: ResMut<Clusters>,
) {
    let at = windows.iter().next().and_then(Window::cursor_position);
    let idle = !wants.pointer && selection.hovered.is_none() && layers.is_on(LayerId::Pins);
    let hovered = at.filter(|_| idle).zip(picker.view()).and_then(|(p, view)| clusters.at(view, p.to_array()));
    if clusters.hovered != hovered {
        clusters.hovered = hovered;
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
