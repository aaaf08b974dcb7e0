//! Pipelines for the view at hand, and the one render pass that draws all layers.

use bevy::core_pipeline::core_3d::CORE_3D_DEPTH_FORMAT;
use bevy::prelude::*;
use bevy::render::render_resource::{
    CachedRenderPipelineId, ColorTargetState, ColorWrites, CompareFunction, DepthBiasState, DepthStencilState,
    FragmentState, MultisampleState, PipelineCache, PrimitiveState, RenderPassDescriptor, RenderPipelineDescriptor,
    StencilState, StoreOp, TextureFormat, VertexState,
};
use bevy::render::renderer::{RenderContext, ViewQuery};
use bevy::render::view::{ExtractedView, ViewDepthTexture, ViewTarget};

use super::GpuData;
use super::passes::{PASSES, Pass, Shaders};
use super::prepare::GpuObjects;

/// Pipelines made for one kind of target.
#[derive(Resource)]
pub(super) struct Pipelines {
    format: TextureFormat,
    samples: u32,
    ids: Vec<CachedRenderPipelineId>,
}

fn describe(
    pass: &Pass,
    shader: &Handle<Shader>,
    objects: &GpuObjects,
    target: (TextureFormat, u32),
) -> RenderPipelineDescriptor {
    let (write, compare) = pass.depth.unwrap_or((false, CompareFunction::Always));
    let mut layout = vec![objects.scene_layout.clone()];
    if pass.uses_maps {
        layout.push(objects.maps_layout.clone());
    }
    RenderPipelineDescriptor {
        label: Some(pass.label.into()),
        layout,
        vertex: VertexState { shader: shader.clone(), entry_point: Some("vertex".into()), ..default() },
        primitive: PrimitiveState { topology: pass.topology, ..default() },
        depth_stencil: Some(DepthStencilState {
            format: CORE_3D_DEPTH_FORMAT,
            depth_write_enabled: Some(write),
            depth_compare: Some(compare),
            stencil: StencilState::default(),
            bias: DepthBiasState::default(),
        }),
        multisample: MultisampleState { count: target.1, ..default() },
        fragment: Some(FragmentState {
            shader: shader.clone(),
            entry_point: Some("fragment".into()),
            targets: vec![Some(ColorTargetState {
                format: target.0,
                blend: Some(super::passes::PREMULTIPLIED),
                write_mask: ColorWrites::ALL,
            })],
            ..default()
        }),
        ..default()
    }
}

/// Makes the pipelines for the camera's target, anew when its format changes.
pub(super) fn choose_pipelines(
    mut commands: Commands,
    views: Query<(&ExtractedView, &Msaa), With<ViewTarget>>,
    (objects, shaders, held): (Option<Res<GpuObjects>>, Res<Shaders>, Option<Res<Pipelines>>),
    cache: Res<PipelineCache>,
) {
    let (Some(objects), Some((view, msaa))) = (objects, views.iter().next()) else { return };
    let target = (view.target_format, msaa.samples());
    if held.is_some_and(|h| (h.format, h.samples) == target && !objects.is_added()) {
        return;
    }
    let ids = PASSES
        .iter()
        .filter_map(|pass| {
            let shader = shaders.layers.get(pass.shader)?;
            Some(cache.queue_render_pipeline(describe(pass, shader, &objects, target)))
        })
        .collect();
    commands.insert_resource(Pipelines { format: target.0, samples: target.1, ids });
}

/// Draws all layers in one render pass.
pub(super) fn draw_layers(
    view: ViewQuery<(&ViewTarget, &ViewDepthTexture)>,
    (objects, pipelines): (Option<Res<GpuObjects>>, Option<Res<Pipelines>>),
    (data, cache): (Res<GpuData>, Res<PipelineCache>),
    mut ctx: RenderContext,
) {
    let (Some(objects), Some(pipelines)) = (objects, pipelines) else { return };
    let (target, depth) = view.into_inner();
    let mut pass = ctx.begin_tracked_render_pass(RenderPassDescriptor {
        label: Some("globe"),
        color_attachments: &[Some(target.get_color_attachment())],
        depth_stencil_attachment: Some(depth.get_attachment(StoreOp::Store)),
        timestamp_writes: None,
        occlusion_query_set: None,
        multiview_mask: None,
    });
    for ((layer, id), group) in PASSES.iter().zip(&pipelines.ids).zip(&objects.scene_groups) {
        let vertices = layer.vertices(&data, data.layers);
        let (Some(pipeline), Some(group)) = (cache.get_render_pipeline(*id), group) else { continue };
        if vertices == 0 {
            continue;
        }
        pass.set_render_pipeline(pipeline);
        pass.set_bind_group(0, group, &[]);
        if layer.uses_maps {
            let Some(maps) = &objects.maps_group else { continue };
            pass.set_bind_group(1, maps, &[]);
        }
        pass.draw(0..vertices, 0..1);
    }
}
