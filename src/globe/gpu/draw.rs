//! Pipelines for the view at hand, and the one render pass that draws all layers.

use bevy::core_pipeline::core_3d::CORE_3D_DEPTH_FORMAT;
use bevy::ecs::system::SystemParam;
use bevy::prelude::*;
use bevy::render::render_resource::{
    CachedRenderPipelineId, ColorTargetState, ColorWrites, CompareFunction, DepthBiasState, DepthStencilState,
    Extent3d, FragmentState, LoadOp, MultisampleState, Operations, PipelineCache, PrimitiveState,
    RenderPassColorAttachment, RenderPassDescriptor, RenderPipelineDescriptor, StencilState, StoreOp, Texture,
    TextureDescriptor, TextureDimension, TextureFormat, TextureUsages, TextureView, TextureViewDescriptor, VertexState,
};
use bevy::render::renderer::{RenderContext, RenderDevice, ViewQuery};
use bevy::render::view::{ViewDepthTexture, ViewTarget};
use bevy::shader::ShaderDefVal;

use super::enlarge::Small;
use super::passes::{PASSES, Pass, Pictures, Shaders};
use super::prepare::GpuObjects;
use super::sketch::Sketched;
use super::{GpuData, SceneUniform};

/// Pipelines made for one kind of target.
#[derive(Resource)]
pub(super) struct Pipelines {
    format: TextureFormat,
    /// Of the globe alone: one for each pass, `None` for what is of the flat map only.
    globe: Vec<Option<CachedRenderPipelineId>>,
    /// Of the flat map and the way to it, made when it is first wanted.
    flat: Vec<Option<CachedRenderPipelineId>>,
}

impl Canvas {
    /// Size in pixels.
    pub(super) fn size(&self) -> Extent3d {
        self.texture.size()
    }

    /// Format of the pixels.
    pub(super) fn format(&self) -> TextureFormat {
        self.texture.format()
    }
}

impl Pipelines {
    /// Whether the flat map can be drawn whole.
    fn is_flat_ready(&self, cache: &PipelineCache) -> bool {
        !self.flat.is_empty() && self.flat.iter().flatten().all(|id| cache.get_render_pipeline(*id).is_some())
    }
}

/// The picture the layers are drawn into: the size of the camera's, but with values in sRGB that are blended as they are.
/// It is copied to the camera's picture as a block of memory.
#[derive(Resource)]
pub(super) struct Canvas {
    texture: Texture,
    view: TextureView,
}

fn describe(
    pass: &Pass,
    shader: &Handle<Shader>,
    objects: &GpuObjects,
    format: TextureFormat,
    flat: bool,
) -> RenderPipelineDescriptor {
    let shader_defs: Vec<ShaderDefVal> = if flat { vec!["FLAT".into()] } else { Vec::new() };
    let (write, compare) = pass.depth.unwrap_or((false, CompareFunction::Always));
    let mut layout = vec![objects.scene_layout.clone()];
    layout.extend(pass.pictures.map(|p| match p {
        Pictures::Maps => objects.maps_layout.clone(),
        Pictures::Sketch => objects.sketch_layout.clone(),
    }));
    RenderPipelineDescriptor {
        label: Some(pass.label.into()),
        layout,
        vertex: VertexState {
            shader: shader.clone(),
            shader_defs: shader_defs.clone(),
            entry_point: Some(pass.entries[0].into()),
            ..default()
        },
        primitive: PrimitiveState { topology: pass.topology, ..default() },
        depth_stencil: Some(DepthStencilState {
            format: CORE_3D_DEPTH_FORMAT,
            depth_write_enabled: Some(write),
            depth_compare: Some(compare),
            stencil: StencilState::default(),
            bias: DepthBiasState::default(),
        }),
        multisample: MultisampleState::default(),
        fragment: Some(FragmentState {
            shader: shader.clone(),
            shader_defs,
            entry_point: Some(pass.entries[1].into()),
            targets: vec![Some(ColorTargetState {
                format,
                blend: Some(super::passes::PREMULTIPLIED),
                write_mask: ColorWrites::ALL,
            })],
        }),
        ..default()
    }
}

/// Pipelines of all passes, of the globe or of the flat map.
fn queue_all(
    shaders: &Shaders,
    objects: &GpuObjects,
    cache: &PipelineCache,
    format: TextureFormat,
    flat: bool,
) -> Vec<Option<CachedRenderPipelineId>> {
    let queue = |pass: &Pass| {
        let shader = shaders.layers.get(pass.shader).filter(|_| pass.draws(flat))?;
        Some(cache.queue_render_pipeline(describe(pass, shader, objects, format, flat)))
    };
    PASSES.iter().map(queue).collect()
}

/// What drawing reads.
#[derive(SystemParam)]
pub(super) struct Held<'w> {
    objects: Option<Res<'w, GpuObjects>>,
    pipelines: Option<Res<'w, Pipelines>>,
    canvas: Option<Res<'w, Canvas>>,
    small: Option<Res<'w, Small>>,
    shaders: Res<'w, Shaders>,
    sketched: Res<'w, Sketched>,
    data: Res<'w, GpuData>,
    scene: Res<'w, SceneUniform>,
    cache: Res<'w, PipelineCache>,
}

/// Makes canvas and pipelines for the camera's target, anew when its size or format changes.
pub(super) fn choose_pipelines(
    mut commands: Commands,
    views: Query<&ViewTarget, With<Camera3d>>,
    held: Held,
    device: Res<RenderDevice>,
) {
    let Held { objects, pipelines, canvas, shaders, data, cache, .. } = held;
    let (Some(objects), Some(target)) = (objects, views.iter().next()) else { return };
    let format = target.main_texture_format().remove_srgb_suffix();
    let size = target.main_texture().size();
    let renewed = objects.is_added();
    if canvas.is_none_or(|c| c.texture.size() != size || c.texture.format() != format) || renewed {
        let texture = device.create_texture(&TextureDescriptor {
            label: Some("globe canvas"),
            size,
            mip_level_count: 1,
            sample_count: 1,
            dimension: TextureDimension::D2,
            format,
            usage: TextureUsages::RENDER_ATTACHMENT | TextureUsages::COPY_SRC,
            view_formats: &[],
        });
        let view = texture.create_view(&TextureViewDescriptor::default());
        commands.insert_resource(Canvas { texture, view });
    }
    let make = |flat| queue_all(&shaders, &objects, &cache, format, flat);
    match pipelines.filter(|p| p.format == format && !renewed) {
        None => {
            let flat = if data.flat > 0.0 { make(true) } else { Vec::new() };
            commands.insert_resource(Pipelines { format, globe: make(false), flat });
        }
        Some(held) if data.flat > 0.0 && held.flat.is_empty() => {
            commands.insert_resource(Pipelines { format, globe: held.globe.clone(), flat: make(true) });
        }
        Some(_) => {}
    }
}

/// Draws all layers in one render pass.
pub(super) fn draw_layers(view: ViewQuery<(&ViewTarget, &ViewDepthTexture)>, held: Held, mut ctx: RenderContext) {
    let Held { objects, pipelines, canvas, small, sketched, data, scene, cache, .. } = held;
    let (Some(objects), Some(pipelines), Some(canvas)) = (objects, pipelines, canvas) else { return };
    let (target, depth) = view.into_inner();
    if canvas.texture.size() != target.main_texture().size() {
        return;
    }
    // What is set for a smaller picture fits no other; until that can be drawn, the last picture stays.
    let is_held_up = data.share < 1.0 && small.as_ref().is_none_or(|s| !s.is_ready(&cache));
    if is_held_up {
        return copy(&canvas, target, &mut ctx);
    }
    // Values of the canvas are sRGB as they are; the colour's type says linear.
    let [r, g, b] = scene.space();
    let mut pass = ctx.begin_tracked_render_pass(RenderPassDescriptor {
        label: Some("globe"),
        color_attachments: &[Some(RenderPassColorAttachment {
            view: small.as_ref().map_or(&canvas.view, |s| &s.view),
            depth_slice: None,
            resolve_target: None,
            ops: Operations { load: LoadOp::Clear(LinearRgba::new(r, g, b, 1.0).into()), store: StoreOp::Store },
        })],
        depth_stencil_attachment: Some(match &small {
            Some(small) => small.depths(),
            None => depth.get_attachment(StoreOp::Store),
        }),
        timestamp_writes: None,
        occlusion_query_set: None,
        multiview_mask: None,
    });
    // Until the flat map's pipelines are made, the globe is what it was.
    let flat = if pipelines.is_flat_ready(&cache) { data.flat } else { 0.0 };
    let ids = if flat > 0.0 { &pipelines.flat } else { &pipelines.globe };
    for ((layer, id), group) in PASSES.iter().zip(ids).zip(&objects.scene_groups) {
        let vertices = layer.vertices(&data, flat);
        let Some(pipeline) = id.and_then(|id| cache.get_render_pipeline(id)).filter(|_| vertices > 0) else { continue };
        let Some(group) = group else { continue };
        pass.set_render_pipeline(pipeline);
        pass.set_bind_group(0, group, &[]);
        if let Some(pictures) = layer.pictures {
            let group = match pictures {
                Pictures::Maps => objects.maps_group.as_ref(),
                Pictures::Sketch => sketched.group(),
            };
            let Some(group) = group else { continue };
            pass.set_bind_group(1, group, &[]);
        }
        pass.draw(0..vertices, 0..layer.copies(flat));
    }
    drop(pass);
    if let Some(small) = &small {
        small.enlarge(&canvas.view, &cache, &mut ctx);
    }
    copy(&canvas, target, &mut ctx);
}

/// Copies the canvas to the camera's picture.
fn copy(canvas: &Canvas, target: &ViewTarget, ctx: &mut RenderContext) {
    ctx.command_encoder().copy_texture_to_texture(
        canvas.texture.as_image_copy(),
        target.main_texture().as_image_copy(),
        canvas.texture.size(),
    );
}
