//! The picture of arcs that the processor draws where the renderer is a program on it as well.

use std::sync::Arc;

use bevy::prelude::*;
use bevy::render::extract_resource::ExtractResource;
use bevy::render::render_resource::{
    BindGroup, BindGroupEntries, Extent3d, PipelineCache, TexelCopyBufferLayout, Texture, TextureDescriptor,
    TextureDimension, TextureFormat, TextureUsages, TextureViewDescriptor,
};
use bevy::render::renderer::{RenderDevice, RenderQueue};

use super::prepare::GpuObjects;
use super::{RenderProfile, SceneUniform};
use crate::globe::arcs::{ArcInstance, Arcs, Picture, SketchStyle, draw_arcs};
use crate::globe::camera::{SceneView, View};
use crate::globe::layers::{LayerId, Layers};
use crate::globe::quality::{Drawn, Resolution};

/// What is to be drawn; `None` where the renderer draws all arcs itself.
#[derive(Resource, ExtractResource, Clone, Debug, Default)]
pub(super) struct Sketch(Option<Wish>);

#[derive(Clone, Debug)]
struct Wish {
    arcs: Arc<Vec<ArcInstance>>,
    view: View,
    style: SketchStyle,
    tolerance: f64,
}

impl Wish {
    fn is_same(&self, other: &Wish) -> bool {
        Arc::ptr_eq(&self.arcs, &other.arcs)
            && self.view == other.view
            && self.style == other.style
            && self.tolerance == other.tolerance
    }
}

impl Sketch {
    /// Whether there is something to draw.
    pub(super) fn is_wanted(&self) -> bool {
        self.0.is_some()
    }
}

/// Says what is to be drawn in this frame.
pub(super) fn wish(
    (arcs, scene, uniform): (Res<Arcs>, Res<SceneView>, Res<SceneUniform>),
    (profile, layers): (Res<RenderProfile>, Res<Layers>),
    (drawn, resolution): (Res<Drawn>, Res<Resolution>),
    mut sketch: ResMut<Sketch>,
) {
    if !(arcs.are_sketched(*profile) && layers.is_on(LayerId::Arcs)) {
        if sketch.0.is_some() {
            sketch.0 = None;
        }
        return;
    }
    let wish = Wish {
        arcs: arcs.instances.clone(),
        view: scene.view.reduced(resolution.share(drawn.0)),
        style: uniform.sketch_style(),
        tolerance: arcs.tolerance(),
    };
    if !sketch.0.as_ref().is_some_and(|held| held.is_same(&wish)) {
        sketch.0 = Some(wish);
    }
}

/// The picture on the device.
#[derive(Resource, Default)]
pub(super) struct Sketched {
    drawn: Option<Wish>,
    picture: Picture,
    held: Option<(Texture, BindGroup)>,
}

impl Sketched {
    /// The picture's bind group, if there is a picture.
    pub(super) fn group(&self) -> Option<&BindGroup> {
        self.held.as_ref().map(|(_, group)| group)
    }
}

/// Draws the picture and brings it to the device, if something about it has changed.
pub(super) fn draw(
    (sketch, objects): (Res<Sketch>, Option<Res<GpuObjects>>),
    (device, queue, cache): (Res<RenderDevice>, Res<RenderQueue>, Res<PipelineCache>),
    mut sketched: ResMut<Sketched>,
) {
    let Some(objects) = objects else { return };
    let Some(wish) = &sketch.0 else {
        // Nothing is held for a crowd that has left.
        if sketched.drawn.is_some() {
            *sketched = Sketched::default();
        }
        return;
    };
    if objects.is_added() {
        sketched.held = None;
    }
    let Sketched { drawn, picture, held } = &mut *sketched;
    let size = wish.view.size.map(|v| v.round().clamp(1.0, 16_384.0) as u32);
    let [width, height] = size;
    let extent = Extent3d { width, height, depth_or_array_layers: 1 };
    if held.is_some() && picture.size == size && drawn.as_ref().is_some_and(|d| d.is_same(wish)) {
        return;
    }
    picture.size = size;
    draw_arcs(&wish.arcs, &wish.view, &wish.style, wish.tolerance, picture);
    if held.as_ref().is_none_or(|(texture, _)| texture.size() != extent) {
        let texture = device.create_texture(&TextureDescriptor {
            label: Some("globe sketch"),
            size: extent,
            mip_level_count: 1,
            sample_count: 1,
            dimension: TextureDimension::D2,
            format: TextureFormat::Rgba8Unorm,
            usage: TextureUsages::TEXTURE_BINDING | TextureUsages::COPY_DST,
            view_formats: &[],
        });
        let layout = cache.get_bind_group_layout(&objects.sketch_layout);
        let view = texture.create_view(&TextureViewDescriptor::default());
        let group = device.create_bind_group("globe sketch", &layout, &BindGroupEntries::single(&view));
        *held = Some((texture, group));
    }
    if let Some((texture, _)) = held {
        let rows = TexelCopyBufferLayout { offset: 0, bytes_per_row: Some(width * 4), rows_per_image: None };
        queue.write_texture(texture.as_image_copy(), bytemuck::cast_slice(&picture.pixels), rows, extent);
    }
    *drawn = Some(wish.clone());
}
