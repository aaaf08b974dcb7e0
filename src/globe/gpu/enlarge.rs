//! A picture smaller than the screen, and its way onto the whole of it: where drawing each pixel costs too much.

use bevy::core_pipeline::core_3d::CORE_3D_DEPTH_FORMAT;
use bevy::prelude::*;
use bevy::render::render_resource::binding_types::{sampler, texture_2d};
use bevy::render::render_resource::{
    BindGroup, BindGroupEntries, BindGroupLayoutDescriptor, BindGroupLayoutEntries, CachedRenderPipelineId,
    ColorTargetState, ColorWrites, Extent3d, FilterMode, FragmentState, LoadOp, Operations, PipelineCache,
    RenderPassColorAttachment, RenderPassDepthStencilAttachment, RenderPassDescriptor, RenderPipelineDescriptor,
    SamplerBindingType, SamplerDescriptor, ShaderStages, StoreOp, TextureDescriptor, TextureDimension, TextureFormat,
    TextureSampleType, TextureUsages, TextureView, TextureViewDescriptor, VertexState,
};
use bevy::render::renderer::{RenderContext, RenderDevice};
use bevy::shader::ShaderDefVal;

use super::GpuData;
use super::draw::Canvas;
use super::passes::Shaders;
use super::prepare::GpuObjects;

/// The smaller picture.
#[derive(Resource)]
pub(super) struct Small {
    size: Extent3d,
    share: f64,
    format: TextureFormat,
    /// What is drawn into.
    pub(super) view: TextureView,
    depth: TextureView,
    group: BindGroup,
    pipeline: CachedRenderPipelineId,
}

/// Pipelines that bring smaller pictures onto the screen, by share and format: they outlive the pictures, since the
/// renderer keeps every pipeline it was asked for.
#[derive(Resource, Default)]
pub(super) struct Enlargers(Vec<(u32, TextureFormat, CachedRenderPipelineId)>);

/// Size of a picture that has a share of the pixels of each side.
fn reduced(size: Extent3d, share: f64) -> Extent3d {
    let side = |n: u32| (f64::from(n) * share).ceil().max(1.0) as u32;
    Extent3d { width: side(size.width), height: side(size.height), depth_or_array_layers: 1 }
}

/// What may not have been made yet.
type Made<'w> = (Option<Res<'w, Canvas>>, Option<Res<'w, Small>>, Option<Res<'w, GpuObjects>>);

/// Makes the smaller picture where one is wanted, and lets it go where not.
pub(super) fn choose_small(
    mut commands: Commands,
    (canvas, small, objects): Made,
    (data, shaders): (Res<GpuData>, Res<Shaders>),
    mut enlargers: ResMut<Enlargers>,
    (device, cache): (Res<RenderDevice>, Res<PipelineCache>),
) {
    let Some(canvas) = canvas.filter(|_| data.share < 1.0) else {
        if small.is_some() {
            commands.remove_resource::<Small>();
        }
        return;
    };
    let (size, format) = (reduced(canvas.size(), data.share), canvas.format());
    let renewed = objects.is_some_and(|o| o.is_added());
    if renewed {
        enlargers.0.clear();
    }
    if !renewed && small.is_some_and(|s| s.size == size && s.share == data.share && s.format == format) {
        return;
    }
    let texture = |label, format, usage| {
        let texture = device.create_texture(&TextureDescriptor {
            label: Some(label),
            size,
            mip_level_count: 1,
            sample_count: 1,
            dimension: TextureDimension::D2,
            format,
            usage: TextureUsages::RENDER_ATTACHMENT | usage,
            view_formats: &[],
        });
        texture.create_view(&TextureViewDescriptor::default())
    };
    let view = texture("small globe", format, TextureUsages::TEXTURE_BINDING);
    let depth = texture("small globe depth", CORE_3D_DEPTH_FORMAT, TextureUsages::empty());
    let layout = BindGroupLayoutDescriptor::new(
        "enlarge",
        &BindGroupLayoutEntries::sequential(
            ShaderStages::FRAGMENT,
            (texture_2d(TextureSampleType::Float { filterable: true }), sampler(SamplerBindingType::Filtering)),
        ),
    );
    let between = device.create_sampler(&SamplerDescriptor {
        label: Some("enlarge"),
        mag_filter: FilterMode::Linear,
        min_filter: FilterMode::Linear,
        ..default()
    });
    let group = device.create_bind_group(
        "enlarge",
        &cache.get_bind_group_layout(&layout),
        &BindGroupEntries::sequential((&view, &between)),
    );
    // The last column and row may reach beyond the screen.
    let share = (data.share * 10_000.0).round() as u32;
    let made = enlargers.0.iter().find(|(s, f, _)| *s == share && *f == format).map(|(.., pipeline)| *pipeline);
    let pipeline = made.unwrap_or_else(|| {
        let pipeline = cache.queue_render_pipeline(describe(layout, shaders.enlarge.clone(), share, format));
        enlargers.0.push((share, format, pipeline));
        pipeline
    });
    commands.insert_resource(Small { size, share: data.share, format, view, depth, group, pipeline });
}

fn describe(
    layout: BindGroupLayoutDescriptor,
    shader: Handle<Shader>,
    share: u32,
    format: TextureFormat,
) -> RenderPipelineDescriptor {
    let share = ShaderDefVal::UInt("SHARE".into(), share);
    RenderPipelineDescriptor {
        label: Some("enlarge".into()),
        layout: vec![layout],
        vertex: VertexState {
            shader: shader.clone(),
            shader_defs: vec![share.clone()],
            entry_point: Some("vertex".into()),
            ..default()
        },
        fragment: Some(FragmentState {
            shader,
            shader_defs: vec![share],
            entry_point: Some("fragment".into()),
            targets: vec![Some(ColorTargetState { format, blend: None, write_mask: ColorWrites::ALL })],
        }),
        ..default()
    }
}

impl Small {
    /// Whether it can be brought onto the canvas.
    pub(super) fn is_ready(&self, cache: &PipelineCache) -> bool {
        cache.get_render_pipeline(self.pipeline).is_some()
    }

    /// Its depths, none of them yet known.
    pub(super) fn depths(&self) -> RenderPassDepthStencilAttachment<'_> {
        // Depth is reversed: 0 is farthest.
        let depth_ops = Some(Operations { load: LoadOp::Clear(0.0), store: StoreOp::Discard });
        RenderPassDepthStencilAttachment { view: &self.depth, depth_ops, stencil_ops: None }
    }

    /// Draws it over the whole canvas.
    pub(super) fn enlarge(&self, onto: &TextureView, cache: &PipelineCache, ctx: &mut RenderContext) {
        let Some(pipeline) = cache.get_render_pipeline(self.pipeline) else { return };
        let mut pass = ctx.begin_tracked_render_pass(RenderPassDescriptor {
            label: Some("enlarge"),
            color_attachments: &[Some(RenderPassColorAttachment {
                view: onto,
                depth_slice: None,
                resolve_target: None,
                ops: Operations { load: LoadOp::Load, store: StoreOp::Store },
            })],
            depth_stencil_attachment: None,
            timestamp_writes: None,
            occlusion_query_set: None,
            multiview_mask: None,
        });
        pass.set_render_pipeline(pipeline);
        pass.set_bind_group(0, &self.group, &[]);
        pass.draw(0..3, 0..1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reduced_picture_is_never_empty() {
        let size = |width, height| Extent3d { width, height, depth_or_array_layers: 1 };
        assert_eq!(reduced(size(1280, 720), 0.75), size(960, 540));
        assert_eq!(reduced(size(1281, 1), 0.25), size(321, 1));
    }
}
