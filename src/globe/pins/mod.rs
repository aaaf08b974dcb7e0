//! Pins: one per placed address, sized by the bytes of the window, coloured by the rate of the moment.
//!
//! The instance list is rebuilt when the snapshot or the emphasis changed, never per frame; the shader keeps the pins
//! at constant size on the screen. [`Pins`] is the same list for picking.

mod model;

use bevy::prelude::*;
pub(crate) use model::fade;
pub use model::{PinInstance, place_pins};

use super::feed::Feed;
use super::gpu::{BufferSlot, GpuData};
use super::{Emphasis, GlobeSet};

/// The pins that are drawn.
#[derive(Resource, Clone, Debug, Default)]
pub struct Pins {
    /// In the order of `hosts`.
    pub instances: Vec<PinInstance>,
    /// Index into `Snapshot::hosts` of each pin.
    pub hosts: Vec<u32>,
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

pub(crate) fn make_pins(feed: Res<Feed>, emphasis: Res<Emphasis>, mut pins: ResMut<Pins>, mut data: ResMut<GpuData>) {
    if pins.generation == feed.generation && !emphasis.is_changed() {
        return;
    }
    let (instances, hosts) = place_pins(&feed.snapshot, &feed.overrides, &emphasis);
    data.set_buffer(BufferSlot::Pins, &instances);
    *pins = Pins { instances, hosts, generation: feed.generation };
}
