//! Arcs: one per direction of traffic between two places.
//!
//! Instances are rebuilt when the snapshot or the emphasis changed; the list of points also when the eye comes near or
//! goes far, so that arcs are smooth where they are large and cheap where they are small.

mod model;
mod sketch;

use std::sync::Arc;

use bevy::prelude::*;
pub use model::{ArcInstance, arc_point, make_arcs, point_list};
pub use sketch::{Picture, Rgba, Style as SketchStyle, draw_arcs};

use super::camera::SceneView;
use super::feed::Feed;
use super::gpu::{BufferSlot, GpuData, RenderProfile};
use super::inks::Theme;
use super::quality::{Drawn, Step};
use super::scale::RateShift;
use super::{Emphasis, GlobeSet};

/// The arcs that are drawn.
#[derive(Resource, Clone, Debug, Default)]
pub struct Arcs {
    /// Lightest first.
    pub instances: Arc<Vec<ArcInstance>>,
    /// Index into `Snapshot::paths` of each arc.
    pub paths: Vec<u32>,
    /// Arcs there are, drawn or not.
    pub wanted: usize,
    generation: u64,
    tolerance: f64,
    step: Step,
}

impl Arcs {
    /// Whether the processor draws them in the renderer's stead: there are many, and the renderer is a program on it.
    #[must_use]
    pub fn are_sketched(&self, profile: RenderProfile) -> bool {
        profile.software && self.instances.len() > model::CROWD
    }

    /// How far, in radii, drawn arcs may leave their true ways.
    #[must_use]
    pub fn tolerance(&self) -> f64 {
        self.tolerance
    }
}

/// Makes the arcs.
pub struct ArcsPlugin;

impl Plugin for ArcsPlugin {
    fn build(&self, app: &mut App) {
        app.init_resource::<Arcs>().add_systems(Update, update_arcs.in_set(GlobeSet::Update));
    }
}

fn update_arcs(
    (feed, emphasis, theme): (Res<Feed>, Res<Emphasis>, Res<Theme>),
    (scene, profile, drawn, shift): (Res<SceneView>, Res<RenderProfile>, Res<Drawn>, Res<RateShift>),
    mut arcs: ResMut<Arcs>,
    mut data: ResMut<GpuData>,
) {
    let step = drawn.0;
    let fewer = arcs.step.most_arcs() != step.most_arcs();
    let stale = arcs.generation != feed.generation || emphasis.is_changed() || theme.is_changed() || fewer;
    let stale = stale || shift.is_changed();
    if stale {
        let made = make_arcs(&feed.snapshot, &feed.overrides, &emphasis, step.most_arcs(), (theme.inks(), *shift));
        data.set_buffer(BufferSlot::Arcs, &made.instances);
        *arcs = Arcs { generation: feed.generation, tolerance: arcs.tolerance, step, ..made };
    }
    let tolerance =
        model::tolerance(scene.view.radii_per_pixel(), profile.software, arcs.instances.len()) * step.arc_tolerance();
    if stale || tolerance != arcs.tolerance {
        arcs.tolerance = tolerance;
        let sketched = arcs.are_sketched(*profile);
        data.set_buffer(BufferSlot::ArcPoints, &point_list(&arcs.instances, tolerance, sketched));
    }
}
