//! Coasts and country borders: coarse lines from afar, fine ones near by, only those in sight.

mod model;

use bevy::prelude::*;
pub use model::{LineSet, Segment};

use super::GlobeSet;
use super::camera::SceneView;
use super::gpu::{BufferSlot, GpuData};
use super::layers::{LayerId, Layers};
use super::maps::AssetNotes;
use crate::geo::{find_data, parse_lines};

/// Below this height of the eye (radii) the fine lines are drawn.
const FINE_BELOW: f64 = 0.75;

/// Both sets of lines and what the device holds of them.
#[derive(Resource, Default)]
struct Lines {
    coarse: LineSet,
    fine: LineSet,
    /// The set and the tiles drawn at the moment.
    held: Option<(bool, Vec<u32>)>,
}

/// Keeps the lines in sight on the device.
pub struct BordersPlugin;

impl Plugin for BordersPlugin {
    fn build(&self, app: &mut App) {
        app.init_resource::<Lines>()
            .add_systems(Startup, load_lines)
            .add_systems(Update, choose_lines.in_set(GlobeSet::Update));
    }
}

fn load_lines(mut lines: ResMut<Lines>, mut notes: ResMut<AssetNotes>) {
    let mut load = |file: &str| {
        let set = find_data("assets", file).map_err(|e| e.to_string()).and_then(|path| {
            let bytes = std::fs::read(&path).map_err(|e| format!("{}: {e}", path.display()))?;
            parse_lines(&bytes).map_err(|e| e.to_string())
        });
        match set {
            Ok(layers) => LineSet::new(&layers),
            Err(problem) => {
                notes.tell(format!("no borders are drawn: {problem}"));
                LineSet::default()
            }
        }
    };
    lines.coarse = load("lines_110m.bin");
    lines.fine = load("lines_50m.bin");
}

fn choose_lines((scene, layers): (Res<SceneView>, Res<Layers>), mut lines: ResMut<Lines>, mut data: ResMut<GpuData>) {
    if !layers.is_on(LayerId::Borders) {
        return;
    }
    let lines = &mut *lines;
    let fine = scene.view.height() < FINE_BELOW && !lines.fine.segments.is_empty();
    let set = if fine { &lines.fine } else { &lines.coarse };
    let tiles = set.tiles_in_sight(&scene.view);
    if lines.held.as_ref().is_some_and(|(f, t)| *f == fine && *t == tiles) {
        return;
    }
    if lines.held.as_ref().is_none_or(|(f, _)| *f != fine) {
        data.set_buffer(BufferSlot::Segments, &set.segments);
    }
    data.set_buffer(BufferSlot::SegmentsShown, &set.indices(&tiles));
    lines.held = Some((fine, tiles));
}
