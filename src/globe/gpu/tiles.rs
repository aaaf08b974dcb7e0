//! Square pictures of one size, stacked in one texture: tiles of the ground near the eye.

use std::sync::Arc;

use bevy::prelude::*;
use bevy::render::render_resource::{
    Extent3d, Origin3d, TexelCopyBufferLayout, TexelCopyTextureInfo, Texture, TextureAspect, TextureDescriptor,
    TextureDimension, TextureFormat, TextureUsages, TextureView, TextureViewDescriptor, TextureViewDimension,
};
use bevy::render::renderer::{RenderDevice, RenderQueue};

/// Four channels.
const PIXEL: u32 = 4;

/// What the stack is to hold.
#[derive(Clone, Debug, Default)]
pub(super) struct Stack {
    /// Pixels to a side; 0 before there is one.
    side: u32,
    /// Each picture with its smaller levels, in sRGB, and a number that grows when it is replaced.
    layers: Vec<(Arc<Vec<u8>>, u64)>,
}

impl Stack {
    /// An empty stack of so many pictures.
    pub(super) fn of(side: u32, count: usize) -> Stack {
        Stack { side, layers: vec![(Arc::default(), 0); count] }
    }

    /// Replaces a picture.
    pub(super) fn put(&mut self, layer: usize, picture: Arc<Vec<u8>>) {
        if let Some((held, version)) = self.layers.get_mut(layer) {
            *held = picture;
            *version += 1;
        }
    }
}

/// Number of levels down to one pixel.
fn levels(side: u32) -> u32 {
    side.max(1).ilog2() + 1
}

/// The stack on the device.
pub(super) struct HeldStack {
    texture: Texture,
    pub(super) view: TextureView,
    side: u32,
    versions: Vec<u64>,
}

impl HeldStack {
    /// One with room for a stack, empty.
    pub(super) fn for_stack(device: &RenderDevice, stack: &Stack) -> HeldStack {
        let (side, count) = (stack.side.max(1), stack.layers.len().max(1));
        let texture = device.create_texture(&TextureDescriptor {
            label: Some("globe tiles"),
            size: Extent3d { width: side, height: side, depth_or_array_layers: count as u32 },
            mip_level_count: levels(side),
            sample_count: 1,
            dimension: TextureDimension::D2,
            format: TextureFormat::Rgba8UnormSrgb,
            usage: TextureUsages::TEXTURE_BINDING | TextureUsages::COPY_DST,
            view_formats: &[],
        });
        let dimension = Some(TextureViewDimension::D2Array);
        let view = texture.create_view(&TextureViewDescriptor { dimension, ..default() });
        HeldStack { texture, view, side: stack.side, versions: vec![0; stack.layers.len()] }
    }

    /// Whether a stack fits into it.
    pub(super) fn fits(&self, stack: &Stack) -> bool {
        self.side == stack.side && self.versions.len() == stack.layers.len()
    }

    /// Copies what is newer.
    pub(super) fn upload(&mut self, stack: &Stack, queue: &RenderQueue) {
        for ((held, (bytes, version)), layer) in self.versions.iter_mut().zip(&stack.layers).zip(0..) {
            if held != version {
                *held = *version;
                write(&self.texture, self.side, layer, bytes, queue);
            }
        }
    }
}

fn write(texture: &Texture, side: u32, layer: u32, bytes: &[u8], queue: &RenderQueue) {
    let (mut side, mut from) = (side, 0usize);
    for mip_level in 0..levels(side) {
        let len = (side * side * PIXEL) as usize;
        let Some(level) = bytes.get(from..from + len) else { return };
        let origin = Origin3d { x: 0, y: 0, z: layer };
        let target = TexelCopyTextureInfo { texture, mip_level, origin, aspect: TextureAspect::All };
        let rows = TexelCopyBufferLayout { offset: 0, bytes_per_row: Some(side * PIXEL), rows_per_image: Some(side) };
        queue.write_texture(target, level, rows, Extent3d { width: side, height: side, depth_or_array_layers: 1 });
        from += len;
        side = (side / 2).max(1);
    }
}
