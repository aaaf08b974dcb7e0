//! Pins: one per placed address, sized by the bytes of the window, coloured by the rate of the moment.
//!
//! The instance list is rebuilt when the snapshot or the emphasis changed, never per frame; the shader keeps the pins
//! at constant size on the screen. [`Pins`] is the same list for picking.

mod model;

use bevy::prelude::*;
pub use model::{PinInstance, place_pins};
pub(crate) use model::{fade, kind_of};

use super::feed::Feed;
use super::inks::Theme;
use super::{Emphasis, GlobeSet};

/// The pins. Which of them stand alone is chosen by [`clusters`](super::clusters).
#[derive(Resource, Clone, Debug, Default)]
pub struct Pins {
    /// Pins that stand alone, in the order of `hosts`.
    pub instances: Vec<PinInstance>,
    /// Index into `Snapshot::hosts` of each of them.
    pub hosts: Vec<u32>,
    /// All pins, those in clusters as well, in the order of `all_hosts`.
    pub all: Vec<PinInstance>,
    /// Index into `Snapshot::hosts` of each of all pins.
    pub all_hosts: Vec<u32>,
    /// Grows by one each time all pins are made anew.
    pub made: u64,
    /// Grows by one each time those that stand alone are chosen anew.
    pub drawn: u64,
    /// Generation of the feed they were made from.
    pub generation: u64,
}

/// Makes the pins.
pub struct PinsPlugin;

impl Plugin for PinsPlugin {
    fn build(&self, app: &mut App) {
        app.init_resource::<Pins>().add_systems(Update, make_pins.in_set(GlobeSet::Update));
    }
}

pub(crate) fn make_pins((feed, emphasis, theme): (Res<Feed>, Res<Emphasis>, Res<Theme>), mut pins: ResMut<Pins>) {
    if pins.generation == feed.generation && !emphasis.is_changed() && !theme.is_changed() {
        return;
    }
    (pins.all, pins.all_hosts) = place_pins(&feed.snapshot, &feed.overrides, &emphasis, theme.inks());
    pins.generation = feed.generation;
    pins.made += 1;
}
