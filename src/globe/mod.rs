//! The globe: the only room that sees Bevy.
//!
//! Why so: everything a number means is decided before this room; here numbers become marks on a screen. Each frame
//! reads one immutable [`Snapshot`](crate::cache::Snapshot) through [`feed::Feed`]; no pixel code computes an aggregate.
//!
//! How data passes through: [`GlobeSet::Feed`] takes the newest snapshot, [`GlobeSet::Input`] turns keys and pointer into
//! wishes, [`GlobeSet::Camera`] moves the eye and publishes [`camera::View`], [`GlobeSet::Update`] turns the snapshot into
//! instance lists (only when its generation changed), [`GlobeSet::Ui`] prepares text. egui panels are drawn afterwards in
//! `EguiPrimaryContextPass`. The `gpu` module then draws each layer with one call, however many pins and arcs there are;
//! there is never an entity per record.
//!
//! What it must not know: files, sockets, argus records, the filter language.
//!
//! `model.rs` files are pure: no Bevy type, tested without a GPU.

pub mod camera;
pub mod feed;
pub mod layers;
pub mod math;
pub mod picking;
pub mod run;

use bevy::prelude::*;

pub use camera::Orbit;
pub use feed::{FeedInput, FeedSource, FixedSource, Overrides};
pub use layers::{LAYERS, LayerId, Layers, UnknownLayer};
pub use run::{Headless, Picture, RunError, Setup, WindowOptions, window};

/// The order of the work of one frame, chained in `Update`.
#[derive(SystemSet, Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum GlobeSet {
    /// Takes the newest snapshot.
    Feed,
    /// Keys and pointer become wishes.
    Input,
    /// The eye moves; `camera::View` is right from here on.
    Camera,
    /// Snapshot and view become instance lists.
    Update,
    /// Text and other preparations for the panels.
    Ui,
}

/// Time of the picture's motion: dashes, rings, flights. Not the records' time.
#[derive(Resource, Clone, Copy, Debug, Default)]
pub struct SceneClock {
    /// Seconds since start, never wrapped.
    pub elapsed: f64,
    /// Seconds since the frame before.
    pub delta: f64,
    /// Nothing moves while set.
    pub frozen: bool,
}

/// What the picture is drawn on, in physical pixels.
#[derive(Resource, Clone, Copy, Debug, PartialEq)]
pub struct Canvas {
    /// Width in physical pixels, at least 1.
    pub width: f64,
    /// Height in physical pixels, at least 1.
    pub height: f64,
    /// Physical pixels per logical pixel.
    pub scale: f64,
}

impl Default for Canvas {
    fn default() -> Canvas {
        Canvas { width: 1280.0, height: 720.0, scale: 1.0 }
    }
}

/// Everything the globe consists of, but for the window, the renderer and the feed's source.
pub struct GlobePlugins;

impl Plugin for GlobePlugins {
    fn build(&self, app: &mut App) {
        app.init_resource::<SceneClock>()
            .init_resource::<Canvas>()
            .init_resource::<layers::Layers>()
            .configure_sets(
                Update,
                (GlobeSet::Feed, GlobeSet::Input, GlobeSet::Camera, GlobeSet::Update, GlobeSet::Ui).chain(),
            )
            .add_systems(First, advance_clock.after(bevy::time::TimeSystems))
            .add_plugins((feed::FeedPlugin, camera::CameraPlugin));
    }
}

fn advance_clock(time: Res<Time>, mut clock: ResMut<SceneClock>) {
    clock.delta = if clock.frozen { 0.0 } else { time.delta_secs_f64() };
    clock.elapsed += clock.delta;
}
