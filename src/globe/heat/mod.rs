//! Heat: how much traffic there is on the ground, as colour. Between borders and pins.
//!
//! Each address spreads what it sent and received within the window over the ground around it; colours are decades of
//! bit/s per 1,000 km² and never follow the data. Addresses of which only the country is known are left out: their
//! traffic would glow in the middle of a country where it may not be. The grid goes to the device as one small picture
//! and a list of the tiles in which there is anything, so that the one draw costs as much as there is to see.

mod model;

use std::sync::Arc;

use bevy::prelude::*;
use bevy::render::render_resource::TextureFormat;
pub use model::{COLUMNS, Density, ROWS, SPREAD_KM, STOPS, rates, tiles};

use super::GlobeSet;
use super::feed::Feed;
use super::gpu::{BufferSlot, GpuData, TextureData, TextureSlot};
use super::layers::{LayerId, Layers};

/// What is drawn of the density of traffic.
#[derive(Resource, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Heat {
    /// Generation of the feed it was made from; 0 as long as the layer was never on.
    pub generation: u64,
    /// Addresses that are left out because only their country is known.
    pub left_out: u64,
}

/// Makes the heat.
pub struct HeatPlugin;

impl Plugin for HeatPlugin {
    fn build(&self, app: &mut App) {
        app.init_resource::<Heat>().add_systems(Update, make_heat.in_set(GlobeSet::Update));
    }
}

fn make_heat((feed, layers): (Res<Feed>, Res<Layers>), mut heat: ResMut<Heat>, mut data: ResMut<GpuData>) {
    if !layers.is_on(LayerId::Heat) || heat.generation == feed.generation {
        return;
    }
    let (rates, left_out) = rates(&feed.snapshot);
    *heat = Heat { generation: feed.generation, left_out };
    let bytes = Density::of(rates).bytes();
    data.set_buffer(BufferSlot::HeatTiles, &tiles(&bytes));
    let picture =
        TextureData { width: COLUMNS as u32, height: ROWS as u32, levels: 1, format: TextureFormat::R8Unorm, bytes };
    data.set_texture(TextureSlot::Heat, Arc::new(picture));
}
