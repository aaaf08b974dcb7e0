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
//! What it must not know: sockets, argus records, what a filter means (it only hands its text on).
//!
//! `model.rs` files are pure: no Bevy type, tested without a GPU.

pub mod actions;
pub mod alerts;
pub mod arcs;
pub mod bench;
pub mod borders;
pub mod camera;
pub mod clusters;
pub mod colouring;
pub mod feed;
pub mod film;
#[cfg(test)]
#[path = "fixture/tests.rs"]
mod fixture;
pub mod gpu;
pub mod heat;
pub mod hud;
pub mod inks;
pub mod input;
pub mod inspector;
pub mod kept;
pub mod keymap;
pub mod layers;
pub mod legend;
pub mod look;
pub mod maps;
pub mod math;
pub mod names;
pub mod open;
pub mod palette;
pub mod picking;
pub mod pins;
pub mod pipe;
pub mod quality;
pub mod recorder;
pub mod remote;
pub mod rings;
pub mod roles;
pub mod run;
pub mod scale;
pub mod settings;
pub mod scene;
pub mod selection;
pub mod stars;
pub mod table;
pub mod tags;
pub mod timeline;
pub mod trace;
pub mod views;
pub mod wall;

use bevy::prelude::*;

pub use bench::{BenchResult, LoadResult, StartResult, measure_main, run_bench, run_load, run_start};
pub use camera::{CameraRig, Orbit, Projection, RADIUS_KM, UnknownProjection};
pub use colouring::{ColourBy, Colouring};
pub use feed::{FeedInput, FeedSource, FixedSource, Overrides};
pub use film::{Reel, film_frame, pass_by};
pub use hud::text::show_local_time;
pub use hud::{Hidden, Hud, HudOptions};
pub use inks::{Ink, InkError, Theme, UnknownTheme, Vision, complaints, register};
pub use input::DeafPlugin;
pub use kept::{Keeper, Kept, MOST_FILTERS, REMEMBERED, SavedFilters};
pub use keymap::{KeyError, Keymap};
pub use layers::{LAYERS, LayerId, Layers, UnknownLayer};
pub use look::{Look, LookPlugin, LookPoll, LookSource};
pub use maps::Imagery;
pub use open::{OpenPlugin, Opener};
pub use pipe::{PipelineFeed, failed};
pub use quality::{QualityTarget, Resolution};
pub use remote::{Errand, LONGEST_LINE, RemotePlugin, RemoteSource};
pub use rings::RING_SECS;
pub use roles::{MOST_WINDOWS, Role, RoleError, RoleWindow, Screen};
pub use run::{Extension, Headless, Picture, RunError, Setup, WindowOptions, window};
pub use scale::RateShift;
pub use scene::{Scene, SceneError, Synthetic, parse_scene};
pub use selection::{Picked, Selection};
pub use settings::{Origin, Origins};
pub use table::{Column, ColumnError, columns_of};
pub use timeline::{MOST_BOOKMARKS, Marks, TimeScale};
pub use trace::Trace;
pub use views::{MOST_VIEWS, SavedView, Views};
pub use wall::{DimHours, TourKind, TourWish, UnknownTour, Wall, WallSwitch};

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

/// Size of marks and lines as a multiple of their usual size; grows with the viewing distance.
#[derive(Resource, Clone, Copy, Debug, PartialEq)]
pub struct MarkScale(pub f64);

impl Default for MarkScale {
    fn default() -> MarkScale {
        MarkScale(1.0)
    }
}

/// Whether things move that need not.
#[derive(Resource, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Motion {
    /// Dashes, spin, flights and rings stand still.
    pub reduced: bool,
}

/// Which marks stand out. The panels fill it from their selection.
#[derive(Resource, Clone, Debug, Default, PartialEq, Eq)]
pub struct Emphasis {
    /// Selected addresses.
    pub hosts: Vec<std::net::IpAddr>,
    /// Selected pairs and the one under the pointer, each in the order of the snapshot (lower address first).
    pub paths: Vec<(std::net::IpAddr, std::net::IpAddr)>,
    /// The address under the pointer.
    pub hovered: Option<std::net::IpAddr>,
    /// Everything that is not selected is dimmed.
    pub dim_others: bool,
}

/// The order of the systems that draw with egui.
#[derive(SystemSet, Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PaintSet {
    /// Names on the globe, below all panels.
    Names,
    /// Panels.
    Panels,
}

/// Everything the globe consists of, but for the window, the renderer and the feed's source.
pub struct GlobePlugins;

impl Plugin for GlobePlugins {
    fn build(&self, app: &mut App) {
        app.init_resource::<SceneClock>()
            .init_resource::<Canvas>()
            .init_resource::<layers::Layers>()
            .init_resource::<MarkScale>()
            .init_resource::<Motion>()
            .init_resource::<Theme>()
            .init_resource::<Emphasis>()
            .init_resource::<Colouring>()
            .init_resource::<scale::RateShift>()
            .configure_sets(bevy_egui::EguiPrimaryContextPass, (PaintSet::Names, PaintSet::Panels).chain())
            .configure_sets(
                Update,
                (GlobeSet::Feed, GlobeSet::Input, GlobeSet::Camera, GlobeSet::Update, GlobeSet::Ui).chain(),
            )
            .add_systems(PreUpdate, inks::take_theme.run_if(resource_changed::<Theme>))
            .add_systems(First, advance_clock.after(bevy::time::TimeSystems))
            .add_plugins((feed::FeedPlugin, camera::CameraPlugin, gpu::GpuPlugin, maps::MapsPlugin))
            .add_plugins((stars::StarsPlugin, borders::BordersPlugin, pins::PinsPlugin, arcs::ArcsPlugin))
            .add_plugins((
                names::NamesPlugin,
                tags::TagsPlugin,
                quality::QualityPlugin,
                rings::RingsPlugin,
                clusters::ClustersPlugin,
            ))
            .add_plugins(heat::HeatPlugin);
    }
}

/// The human side: panels, keys, clicks, selection. Goes into [`Setup::extend`].
pub fn panels(app: &mut App) {
    app.add_plugins((hud::HudPlugin, picking::PickingPlugin, input::InputPlugin, trace::TracePlugin, wall::WallPlugin));
    app.add_plugins((remote::RemotePlugin, alerts::AlertsPlugin, open::OpenPlugin, recorder::RecorderPlugin));
    app.add_plugins(settings::SettingsPlugin);
}

fn advance_clock(time: Res<Time>, mut clock: ResMut<SceneClock>) {
    clock.delta = if clock.frozen { 0.0 } else { time.delta_secs_f64() };
    clock.elapsed += clock.delta;
}
