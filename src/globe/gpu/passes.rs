//! The layers in the order they are drawn: one row each.

use bevy::prelude::*;
use bevy::render::render_resource::{
    BlendComponent, BlendFactor, BlendOperation, BlendState, CompareFunction, PrimitiveTopology,
};

use super::{BufferSlot, GpuData};
use crate::globe::layers::LayerId;

/// How much is drawn.
#[derive(Clone, Copy, Debug)]
pub(super) enum Amount {
    /// A fixed number of vertices, as long as there is a globe.
    OnGlobe(u32),
    /// The flat map, and the way to it.
    OnMap,
    /// Some vertices for each element of a buffer.
    PerElement(BufferSlot, u32),
    /// The whole screen, if arcs were drawn by the processor.
    Sketch,
}

/// Pictures at the second group of bindings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pictures {
    /// Maps of the earth and of what is on it.
    Maps,
    /// Arcs drawn by the processor.
    Sketch,
}

/// One draw.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pass {
    /// For debuggers.
    pub(super) label: &'static str,
    /// The layer it belongs to; `None` is always drawn.
    pub(super) layer: Option<LayerId>,
    /// Index into [`Shaders`].
    pub(super) shader: usize,
    /// Entry points of the vertex and the fragment stage.
    pub(super) entries: [&'static str; 2],
    pub(super) amount: Amount,
    /// Buffers at bindings 1 and 2.
    pub(super) buffers: [Option<BufferSlot>; 2],
    pub(super) topology: PrimitiveTopology,
    pub(super) depth: Option<(bool, CompareFunction)>,
    pub(super) pictures: Option<Pictures>,
}

/// Cells of the flat map from west to east and from north to south, while the globe becomes it. Flat it is one.
pub(super) const GRID: [u32; 2] = [96, 48];

const USUAL: [&str; 2] = ["vertex", "fragment"];
const NO_DEPTH: Option<(bool, CompareFunction)> = None;

/// All draws, in order.
pub(super) const PASSES: [Pass; 11] = [
    Pass {
        label: "stars",
        layer: Some(LayerId::Stars),
        shader: 0,
        entries: USUAL,
        amount: Amount::PerElement(BufferSlot::Stars, 6),
        buffers: [Some(BufferSlot::Stars), None],
        topology: PrimitiveTopology::TriangleList,
        depth: NO_DEPTH,
        pictures: None,
    },
    Pass {
        label: "earth",
        layer: None,
        shader: 1,
        entries: USUAL,
        amount: Amount::OnGlobe(6),
        buffers: [Some(BufferSlot::Ground), None],
        topology: PrimitiveTopology::TriangleList,
        depth: Some((true, CompareFunction::Always)),
        pictures: Some(Pictures::Maps),
    },
    Pass {
        label: "map",
        layer: None,
        shader: 1,
        entries: ["map_vertex", "map_fragment"],
        amount: Amount::OnMap,
        buffers: [Some(BufferSlot::Ground), None],
        topology: PrimitiveTopology::TriangleList,
        depth: Some((true, CompareFunction::GreaterEqual)),
        pictures: Some(Pictures::Maps),
    },
    Pass {
        label: "borders",
        layer: Some(LayerId::Borders),
        shader: 2,
        entries: USUAL,
        amount: Amount::PerElement(BufferSlot::SegmentsShown, 6),
        buffers: [Some(BufferSlot::Segments), Some(BufferSlot::SegmentsShown)],
        topology: PrimitiveTopology::TriangleList,
        depth: NO_DEPTH,
        pictures: None,
    },
    Pass {
        label: "clouds",
        layer: Some(LayerId::Clouds),
        shader: 3,
        entries: USUAL,
        amount: Amount::OnGlobe(6),
        buffers: [None, None],
        topology: PrimitiveTopology::TriangleList,
        depth: NO_DEPTH,
        pictures: Some(Pictures::Maps),
    },
    Pass {
        label: "heat",
        layer: Some(LayerId::Heat),
        shader: 9,
        entries: USUAL,
        amount: Amount::PerElement(BufferSlot::HeatTiles, 6),
        buffers: [Some(BufferSlot::HeatTiles), None],
        topology: PrimitiveTopology::TriangleList,
        depth: NO_DEPTH,
        pictures: Some(Pictures::Maps),
    },
    Pass {
        label: "rings",
        layer: Some(LayerId::Pins),
        shader: 6,
        entries: USUAL,
        amount: Amount::PerElement(BufferSlot::Rings, 6),
        buffers: [Some(BufferSlot::Rings), None],
        topology: PrimitiveTopology::TriangleList,
        depth: NO_DEPTH,
        pictures: None,
    },
    Pass {
        label: "sketch",
        layer: Some(LayerId::Arcs),
        shader: 8,
        entries: USUAL,
        amount: Amount::Sketch,
        buffers: [None, None],
        topology: PrimitiveTopology::TriangleList,
        depth: NO_DEPTH,
        pictures: Some(Pictures::Sketch),
    },
    Pass {
        label: "pins",
        layer: Some(LayerId::Pins),
        shader: 4,
        entries: USUAL,
        amount: Amount::PerElement(BufferSlot::Pins, 6),
        buffers: [Some(BufferSlot::Pins), None],
        topology: PrimitiveTopology::TriangleList,
        depth: Some((true, CompareFunction::GreaterEqual)),
        pictures: None,
    },
    Pass {
        label: "arcs",
        layer: Some(LayerId::Arcs),
        shader: 5,
        entries: USUAL,
        amount: Amount::PerElement(BufferSlot::ArcPoints, 2),
        buffers: [Some(BufferSlot::Arcs), Some(BufferSlot::ArcPoints)],
        topology: PrimitiveTopology::TriangleStrip,
        depth: Some((false, CompareFunction::GreaterEqual)),
        pictures: None,
    },
    Pass {
        label: "clusters",
        layer: Some(LayerId::Pins),
        shader: 7,
        entries: USUAL,
        amount: Amount::PerElement(BufferSlot::Clusters, 6),
        buffers: [Some(BufferSlot::Clusters), None],
        topology: PrimitiveTopology::TriangleList,
        depth: NO_DEPTH,
        pictures: None,
    },
];

/// Colours leave the shaders multiplied by their alpha.
pub(super) const PREMULTIPLIED: BlendState = BlendState { color: OVER, alpha: OVER };

const OVER: BlendComponent = BlendComponent {
    src_factor: BlendFactor::One,
    dst_factor: BlendFactor::OneMinusSrcAlpha,
    operation: BlendOperation::Add,
};

impl Pass {
    /// How often the draw is repeated: what crosses the edge of the flat map is drawn on both sides of it.
    pub(super) fn copies(&self, flat: f64) -> u32 {
        let crosses = matches!(self.amount, Amount::PerElement(BufferSlot::ArcPoints | BufferSlot::HeatTiles, _));
        if crosses && flat > 0.0 { 2 } else { 1 }
    }

    /// Whether it belongs to pictures of the globe, or to those of the flat map and the way to it.
    pub(super) fn draws(&self, flat: bool) -> bool {
        match self.amount {
            Amount::OnGlobe(_) => !flat,
            Amount::OnMap => flat,
            Amount::PerElement(..) | Amount::Sketch => true,
        }
    }

    /// Vertices to draw so far on the way from the globe (0) to the flat map (1); 0 when there is nothing or the layer is
    /// off.
    pub(super) fn vertices(&self, data: &GpuData, flat: f64) -> u32 {
        if self.layer.is_some_and(|l| !data.layers.is_on(l)) || !self.draws(flat > 0.0) {
            return 0;
        }
        match self.amount {
            Amount::OnGlobe(n) => n,
            Amount::OnMap if flat >= 1.0 => 6,
            Amount::OnMap => 6 * GRID[0] * GRID[1],
            Amount::Sketch => {
                if data.sketched {
                    3
                } else {
                    0
                }
            }
            Amount::PerElement(slot, n) => data.buffers[slot as usize].count.saturating_mul(n),
        }
    }
}

/// Number of draws the scene needs.
pub(super) fn draw_count(data: &GpuData) -> u32 {
    PASSES.iter().map(|p| u32::from(p.vertices(data, data.flat) > 0)).sum()
}

/// The compiled-in shaders.
#[derive(Resource, Clone)]
pub(super) struct Shaders {
    /// In the order that [`Pass::shader`] counts.
    pub(super) layers: [Handle<Shader>; 10],
    /// Brings a smaller picture onto the whole screen.
    pub(super) enlarge: Handle<Shader>,
    /// Imported by the others; held so that it stays loaded.
    _common: Handle<Shader>,
}

impl Shaders {
    /// Puts them among Bevy's assets.
    pub(super) fn load(assets: &mut Assets<Shader>) -> Shaders {
        let mut add = |source: &'static str, name: &'static str| assets.add(Shader::from_wgsl(source, name));
        let common = add(include_str!("../../../shaders/common.wgsl"), "shaders/common.wgsl");
        Shaders {
            layers: [
                add(include_str!("../../../shaders/stars.wgsl"), "shaders/stars.wgsl"),
                add(include_str!("../../../shaders/earth.wgsl"), "shaders/earth.wgsl"),
                add(include_str!("../../../shaders/line.wgsl"), "shaders/line.wgsl"),
                add(include_str!("../../../shaders/clouds.wgsl"), "shaders/clouds.wgsl"),
                add(include_str!("../../../shaders/pin.wgsl"), "shaders/pin.wgsl"),
                add(include_str!("../../../shaders/arc.wgsl"), "shaders/arc.wgsl"),
                add(include_str!("../../../shaders/ring.wgsl"), "shaders/ring.wgsl"),
                add(include_str!("../../../shaders/cluster.wgsl"), "shaders/cluster.wgsl"),
                add(include_str!("../../../shaders/sketch.wgsl"), "shaders/sketch.wgsl"),
                add(include_str!("../../../shaders/heat.wgsl"), "shaders/heat.wgsl"),
            ],
            enlarge: add(include_str!("../../../shaders/enlarge.wgsl"), "shaders/enlarge.wgsl"),
            _common: common,
        }
    }
}
