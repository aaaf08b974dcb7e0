//! Draws less while the machine is too busy for the wished rate, says so, and draws more again when there is room.
//! Records are never left out for the sake of frames.

mod model;

use bevy::prelude::*;

pub use model::{Quality, Step};

use super::GlobeSet;

/// Whether and for which rate the picture is simplified.
#[derive(Resource, Clone, Copy, Debug, Default)]
pub struct QualityTarget {
    /// Frames per second that are wished; 0: the full picture, whatever it takes.
    pub fps: f64,
    /// The full picture all the same.
    pub full: bool,
}

/// How much is drawn.
#[derive(Resource, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Drawn(pub Step);

/// Share of the screen's pixels in each direction that the globe is drawn with, 0.25 to 1; panels are always sharp.
#[derive(Resource, Clone, Copy, Debug, PartialEq)]
pub struct Resolution(pub f64);

impl Default for Resolution {
    fn default() -> Resolution {
        Resolution(1.0)
    }
}

impl Resolution {
    /// What is left of it at a step.
    #[must_use]
    pub fn share(self, step: Step) -> f64 {
        self.0.clamp(0.25, 1.0) * step.resolution()
    }
}

/// Measures frames and decides.
pub struct QualityPlugin;

impl Plugin for QualityPlugin {
    fn build(&self, app: &mut App) {
        app.init_resource::<Drawn>()
            .init_resource::<Resolution>()
            .init_resource::<QualityTarget>()
            .add_systems(Update, measure.in_set(GlobeSet::Feed));
    }
}

fn measure(
    time: Option<Res<Time<Real>>>,
    target: Res<QualityTarget>,
    mut quality: Local<Quality>,
    mut drawn: ResMut<Drawn>,
) {
    if target.full {
        if drawn.0 != Step::Full {
            (drawn.0, *quality) = (Step::Full, Quality::default());
        }
        return;
    }
    let Some(time) = time.filter(|_| target.fps > 0.0) else { return };
    if quality.frame(time.delta_secs_f64(), target.fps) {
        drawn.0 = quality.step();
        tracing::info!("quality step {:?}", drawn.0);
    }
}
