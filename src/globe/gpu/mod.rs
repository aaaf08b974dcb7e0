//! How layers reach the graphics device: own passes, one draw per layer, data in storage buffers.
//!
//! Why so: the number of draw calls does not grow with pins or arcs, no entity stands for a record, and nothing needs
//! Bevy's materials. Layers write bytes into [`GpuData`] when their content changed; the renderer copies what is newer
//! than what it holds. After a lost device everything counts as newer and comes back by itself.
//!
//! [`SceneUniform`] carries what changes in every frame: camera, sun, dash phases. Vertex shaders make all geometry from
//! the vertex index; the sphere itself is found by ray in the pixels.
//!
//! To add a layer: a row in `passes::PASSES`, a shader in `shaders/`, a [`BufferSlot`] if it has data.

mod draw;
mod enlarge;
mod passes;
mod prepare;
mod sketch;
mod tiles;
mod uniform;

use std::sync::Arc;

use bevy::core_pipeline::core_3d::{main_opaque_pass_3d, main_transparent_pass_3d};
use bevy::core_pipeline::schedule::{Core3d, Core3dSystems};
use bevy::prelude::*;
use bevy::render::extract_resource::{ExtractResource, ExtractResourcePlugin};
use bevy::render::render_resource::TextureFormat;
use bevy::render::renderer::RenderAdapterInfo;
use bevy::render::{Render, RenderApp, RenderStartup, RenderSystems};

pub use uniform::{SceneUniform, globe_box};

use super::GlobeSet;
use super::camera::SceneView;
use super::layers::Layers;
use super::quality::{Drawn, Resolution};

/// A storage buffer that layers fill.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub enum BufferSlot {
    /// Stars.
    Stars,
    /// Segments of coasts and borders.
    Segments,
    /// Which segments are drawn.
    SegmentsShown,
    /// Pins.
    Pins,
    /// Arcs.
    Arcs,
    /// Points of arcs.
    ArcPoints,
    /// Rings around what is new.
    Rings,
    /// Several pins as one mark.
    Clusters,
    /// Tiles of the ground where there is traffic.
    HeatTiles,
    /// Where tiles of the ground lie among those that are held.
    Ground,
}

/// Number of [`BufferSlot`]s.
pub const BUFFER_SLOTS: usize = 10;

/// A texture that layers fill.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub enum TextureSlot {
    /// The earth by day.
    Day,
    /// City lights.
    Lights,
    /// 1 where there is water.
    Water,
    /// Opacity of clouds.
    Clouds,
    /// Decades of traffic on the ground.
    Heat,
}

/// Number of [`TextureSlot`]s.
pub const TEXTURE_SLOTS: usize = 5;

/// A picture with its mip levels, largest first, one after the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextureData {
    /// Width of the largest level.
    pub width: u32,
    /// Height of the largest level.
    pub height: u32,
    /// Number of levels.
    pub levels: u32,
    /// `Rgba8UnormSrgb` or `R8Unorm`.
    pub format: TextureFormat,
    /// All levels.
    pub bytes: Vec<u8>,
}

impl TextureData {
    /// One pixel.
    #[must_use]
    pub fn plain(pixel: &[u8]) -> TextureData {
        let format = if pixel.len() == 4 { TextureFormat::Rgba8UnormSrgb } else { TextureFormat::R8Unorm };
        TextureData { width: 1, height: 1, levels: 1, format, bytes: pixel.to_vec() }
    }
}

#[derive(Clone, Debug, Default)]
struct BufferContent {
    bytes: Arc<Vec<u8>>,
    /// Number of elements that are drawn.
    count: u32,
    version: u64,
}

#[derive(Clone, Debug, Default)]
struct TextureContent {
    data: Option<Arc<TextureData>>,
    version: u64,
}

/// What the layers want on the device.
#[derive(Resource, ExtractResource, Clone, Debug, Default)]
pub struct GpuData {
    buffers: [BufferContent; BUFFER_SLOTS],
    textures: [TextureContent; TEXTURE_SLOTS],
    tiles: tiles::Stack,
    layers: Layers,
    /// Share of the way from the globe to the flat map.
    flat: f64,
    /// Share of the screen's pixels in each direction that the globe is drawn with; 1: all of them.
    share: f64,
    /// Whether there are arcs that the processor draws.
    sketched: bool,
    /// Draws that the last frame would need: for the panel of numbers.
    draws: u32,
}

impl GpuData {
    /// Replaces the content of a buffer.
    pub fn set_buffer<T: bytemuck::NoUninit>(&mut self, slot: BufferSlot, elements: &[T]) {
        let content = &mut self.buffers[slot as usize];
        // The renderer holds the old bytes until the next frame; these are new ones.
        content.bytes = Arc::new(bytemuck::cast_slice(elements).to_vec());
        content.count = u32::try_from(elements.len()).unwrap_or(u32::MAX);
        content.version += 1;
    }

    /// Replaces a texture.
    pub fn set_texture(&mut self, slot: TextureSlot, data: Arc<TextureData>) {
        let content = &mut self.textures[slot as usize];
        content.data = Some(data);
        content.version += 1;
    }

    /// Makes room for so many tiles of the ground, `side` pixels to a side; none is held then.
    pub fn set_tiles(&mut self, side: u32, count: usize) {
        self.tiles = tiles::Stack::of(side, count);
    }

    /// Replaces a tile: four channels in sRGB, with all smaller levels.
    pub fn set_tile(&mut self, place: usize, picture: Arc<Vec<u8>>) {
        self.tiles.put(place, picture);
    }

    /// Number of draw calls of the scene as it is.
    #[must_use]
    pub fn draw_calls(&self) -> u32 {
        self.draws
    }
}

/// How much the renderer can take.
#[derive(Resource, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RenderProfile {
    /// The adapter is a program on the processor: cheaper earth, fewer points, smaller textures.
    pub software: bool,
}

/// Draws all layers.
pub struct GpuPlugin;

impl Plugin for GpuPlugin {
    fn build(&self, app: &mut App) {
        // Without a renderer (tests of keys and panels) there is nothing to draw with.
        let Some(mut assets) = app.world_mut().get_resource_mut::<Assets<Shader>>() else {
            app.init_resource::<GpuData>().init_resource::<RenderProfile>().init_resource::<SceneUniform>();
            return;
        };
        let shaders = passes::Shaders::load(&mut assets);
        app.init_resource::<GpuData>()
            .init_resource::<RenderProfile>()
            .init_resource::<SceneUniform>()
            .init_resource::<Drawn>()
            .init_resource::<Resolution>()
            .init_resource::<sketch::Sketch>()
            .add_plugins((
                ExtractResourcePlugin::<GpuData>::default(),
                ExtractResourcePlugin::<SceneUniform>::default(),
                ExtractResourcePlugin::<sketch::Sketch>::default(),
            ))
            .add_systems(PreStartup, find_profile)
            .add_systems(
                Update,
                (uniform::fill_uniform, sketch::wish, note_layers).chain().after(GlobeSet::Update).before(GlobeSet::Ui),
            );
        let Some(render_app) = app.get_sub_app_mut(RenderApp) else { return };
        render_app
            .insert_resource(shaders)
            .init_resource::<sketch::Sketched>()
            .init_resource::<enlarge::Enlargers>()
            .add_systems(RenderStartup, prepare::start)
            .add_systems(Render, (prepare::upload, sketch::draw).in_set(RenderSystems::PrepareResources))
            .add_systems(Render, (draw::choose_pipelines, enlarge::choose_small).chain().in_set(RenderSystems::Queue))
            .add_systems(
                Core3d,
                draw::draw_layers
                    .in_set(Core3dSystems::MainPass)
                    .after(main_opaque_pass_3d)
                    .before(main_transparent_pass_3d),
            );
    }
}

/// Whether the adapter is a program on the processor. The type of `device_type` has no name outside the graphics library,
/// but its text has.
fn is_software(info: &RenderAdapterInfo) -> bool {
    format!("{:?}", info.device_type) == "Cpu"
}

/// A software adapter gets the software profile.
fn find_profile(info: Option<Res<RenderAdapterInfo>>, mut profile: ResMut<RenderProfile>) {
    let Some(info) = info else { return };
    let software = is_software(&info);
    if profile.software != software {
        profile.software = software;
    }
}

fn note_layers(
    (layers, scene, sketch): (Res<Layers>, Res<SceneView>, Res<sketch::Sketch>),
    (drawn, resolution): (Res<Drawn>, Res<Resolution>),
    mut data: ResMut<GpuData>,
) {
    let share = resolution.share(drawn.0);
    if data.share != share {
        data.share = share;
    }
    if data.sketched != sketch.is_wanted() {
        data.sketched = sketch.is_wanted();
    }
    if data.flat != scene.view.sheet.share {
        data.flat = scene.view.sheet.share;
    }
    if data.layers != *layers {
        data.layers = *layers;
    }
    let draws = passes::draw_count(&data);
    if data.draws != draws {
        data.draws = draws;
    }
}
