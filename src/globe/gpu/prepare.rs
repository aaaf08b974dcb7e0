//! Objects on the device: layouts, buffers, textures, bind groups.

use bevy::prelude::*;
use bevy::render::render_resource::binding_types::{
    sampler, storage_buffer_read_only_sized, texture_2d, texture_2d_array, uniform_buffer_sized,
};
use bevy::render::render_resource::{
    AddressMode, BindGroup, BindGroupEntries, BindGroupLayoutDescriptor, BindGroupLayoutEntries, Buffer,
    BufferDescriptor, BufferUsages, Extent3d, FilterMode, MipmapFilterMode, PipelineCache, Sampler, SamplerBindingType,
    SamplerDescriptor, ShaderStages, TextureDataOrder, TextureDescriptor, TextureDimension, TextureSampleType,
    TextureUsages, TextureView, TextureViewDescriptor,
};
use bevy::render::renderer::{RenderAdapterInfo, RenderDevice, RenderQueue};

use super::passes::PASSES;
use super::tiles::{HeldStack, Stack};
use super::{BUFFER_SLOTS, BufferSlot, GpuData, SceneUniform, TEXTURE_SLOTS, TextureData};

/// Smallest storage buffer, in bytes; the device refuses empty ones.
const LEAST_BUFFER: u64 = 256;

pub(super) struct HeldBuffer {
    buffer: Buffer,
    version: u64,
}

/// Everything on the device. Made anew when the device was lost.
#[derive(Resource)]
pub(super) struct GpuObjects {
    pub(super) scene_layout: BindGroupLayoutDescriptor,
    pub(super) maps_layout: BindGroupLayoutDescriptor,
    pub(super) sketch_layout: BindGroupLayoutDescriptor,
    uniform: Buffer,
    buffers: Vec<HeldBuffer>,
    maps: Vec<(TextureView, u64)>,
    tiles: HeldStack,
    map_sampler: Sampler,
    /// One per pass; `None` until made or after a buffer grew.
    pub(super) scene_groups: Vec<Option<BindGroup>>,
    pub(super) maps_group: Option<BindGroup>,
}

fn storage_buffer(device: &RenderDevice, size: u64) -> Buffer {
    device.create_buffer(&BufferDescriptor {
        label: Some("globe layer"),
        size,
        usage: BufferUsages::STORAGE | BufferUsages::COPY_DST,
        mapped_at_creation: false,
    })
}

fn texture(device: &RenderDevice, queue: &RenderQueue, data: &TextureData) -> TextureView {
    let descriptor = TextureDescriptor {
        label: Some("globe map"),
        size: Extent3d { width: data.width, height: data.height, depth_or_array_layers: 1 },
        mip_level_count: data.levels,
        sample_count: 1,
        dimension: TextureDimension::D2,
        format: data.format,
        usage: TextureUsages::TEXTURE_BINDING | TextureUsages::COPY_DST,
        view_formats: &[],
    };
    let texture = device.create_texture_with_data(queue, &descriptor, TextureDataOrder::MipMajor, &data.bytes);
    texture.create_view(&TextureViewDescriptor::default())
}

/// Runs at start and again after the device was lost.
pub(super) fn start(
    mut commands: Commands,
    (device, queue, info): (Res<RenderDevice>, Res<RenderQueue>, Res<RenderAdapterInfo>),
) {
    let software = super::is_software(&info);
    let scene_layout = BindGroupLayoutDescriptor::new(
        "globe scene",
        &BindGroupLayoutEntries::sequential(
            ShaderStages::VERTEX_FRAGMENT,
            (
                uniform_buffer_sized(false, std::num::NonZeroU64::new(size_of::<SceneUniform>() as u64)),
                storage_buffer_read_only_sized(false, None),
                storage_buffer_read_only_sized(false, None),
            ),
        ),
    );
    let map = || texture_2d(TextureSampleType::Float { filterable: true });
    let stack = texture_2d_array(TextureSampleType::Float { filterable: true });
    let maps_layout = BindGroupLayoutDescriptor::new(
        "globe maps",
        &BindGroupLayoutEntries::sequential(
            ShaderStages::FRAGMENT,
            (map(), map(), map(), map(), sampler(SamplerBindingType::Filtering), map(), stack),
        ),
    );
    let sketch_layout = BindGroupLayoutDescriptor::new(
        "globe sketch",
        &BindGroupLayoutEntries::single(
            ShaderStages::FRAGMENT,
            texture_2d(TextureSampleType::Float { filterable: false }),
        ),
    );
    let uniform = device.create_buffer(&BufferDescriptor {
        label: Some("globe scene"),
        size: size_of::<SceneUniform>() as u64,
        usage: BufferUsages::UNIFORM | BufferUsages::COPY_DST,
        mapped_at_creation: false,
    });
    let map_sampler = device.create_sampler(&SamplerDescriptor {
        label: Some("globe maps"),
        address_mode_u: AddressMode::Repeat,
        address_mode_v: AddressMode::ClampToEdge,
        mag_filter: FilterMode::Linear,
        min_filter: FilterMode::Linear,
        mipmap_filter: MipmapFilterMode::Linear,
        // The software renderer's anisotropic filter leaves wrong pixels where levels meet.
        anisotropy_clamp: if software { 1 } else { 8 },
        ..default()
    });
    let plain = TextureData::plain(&[20, 30, 48, 255]);
    let dark = TextureData::plain(&[0]);
    let maps = (0..TEXTURE_SLOTS).map(|i| (texture(&device, &queue, if i == 0 { &plain } else { &dark }), 0)).collect();
    let buffers =
        (0..BUFFER_SLOTS).map(|_| HeldBuffer { buffer: storage_buffer(&device, LEAST_BUFFER), version: 0 }).collect();
    commands.insert_resource(GpuObjects {
        scene_layout,
        maps_layout,
        sketch_layout,
        uniform,
        buffers,
        maps,
        tiles: HeldStack::for_stack(&device, &Stack::default()),
        map_sampler,
        scene_groups: vec![None; PASSES.len()],
        maps_group: None,
    });
}

impl GpuObjects {
    /// Copies a layer's bytes if they are newer; a buffer that is too small is replaced by one of the next power of two.
    fn upload_buffer(&mut self, slot: usize, data: &GpuData, device: &RenderDevice, queue: &RenderQueue) {
        let (Some(held), Some(content)) = (self.buffers.get_mut(slot), data.buffers.get(slot)) else { return };
        if held.version == content.version {
            return;
        }
        let need = (content.bytes.len() as u64).max(LEAST_BUFFER);
        // Give memory back when a crowd has left: otherwise one busy hour would be held for months.
        if need > held.buffer.size() || need * 8 < held.buffer.size() {
            held.buffer = storage_buffer(device, need.next_power_of_two());
            self.scene_groups.fill(None);
        }
        queue.write_buffer(&held.buffer, 0, &content.bytes);
        held.version = content.version;
    }

    fn bind(&mut self, device: &RenderDevice, cache: &PipelineCache) {
        let layout = cache.get_bind_group_layout(&self.scene_layout);
        for (group, pass) in self.scene_groups.iter_mut().zip(&PASSES) {
            if group.is_some() {
                continue;
            }
            // A layer without data gets some buffer: the layout is the same for all.
            let buffer = |slot: Option<BufferSlot>| &self.buffers[slot.unwrap_or(BufferSlot::Stars) as usize].buffer;
            let entries = BindGroupEntries::sequential((
                self.uniform.as_entire_binding(),
                buffer(pass.buffers[0]).as_entire_binding(),
                buffer(pass.buffers[1]).as_entire_binding(),
            ));
            *group = Some(device.create_bind_group(pass.label, &layout, &entries));
        }
        if self.maps_group.is_none() {
            let [(day, _), (lights, _), (water, _), (clouds, _), (heat, _)] = self.maps.as_slice() else { return };
            let layout = cache.get_bind_group_layout(&self.maps_layout);
            let entries =
                BindGroupEntries::sequential((day, lights, water, clouds, &self.map_sampler, heat, &self.tiles.view));
            self.maps_group = Some(device.create_bind_group("globe maps", &layout, &entries));
        }
    }
}

/// Brings the device up to date.
pub(super) fn upload(
    objects: Option<ResMut<GpuObjects>>,
    (data, scene): (Res<GpuData>, Res<SceneUniform>),
    (device, queue, cache): (Res<RenderDevice>, Res<RenderQueue>, Res<PipelineCache>),
) {
    let Some(mut objects) = objects else { return };
    queue.write_buffer(&objects.uniform, 0, bytemuck::bytes_of(&*scene));
    for slot in 0..BUFFER_SLOTS {
        objects.upload_buffer(slot, &data, &device, &queue);
    }
    for (slot, content) in data.textures.iter().enumerate() {
        if let Some(map) = &content.data
            && objects.maps.get(slot).is_some_and(|held| held.1 != content.version)
        {
            objects.maps[slot] = (texture(&device, &queue, map), content.version);
            objects.maps_group = None;
        }
    }
    if !objects.tiles.fits(&data.tiles) {
        objects.tiles = HeldStack::for_stack(&device, &data.tiles);
        objects.maps_group = None;
    }
    objects.tiles.upload(&data.tiles, &queue);
    objects.bind(&device, &cache);
}
