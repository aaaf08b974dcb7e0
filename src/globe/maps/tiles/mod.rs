//! Tiles of the ground near the eye, from the user's folder: read as they come into view, held in a stack of a fixed
//! size, drawn over the picture of the whole earth.
//!
//! A thread reads and decodes one tile after the other; what the eye has left is not read any more. Memory is bounded by
//! the stack, however many levels the folder has.

mod model;
mod store;
mod thread;

use std::path::{Path, PathBuf};

use bevy::prelude::*;

use self::model::{FINEST, TileId, table, wanted};
use self::store::Store;
use self::thread::{Answer, Reader};
use super::model::MAX_SIDE;
use super::user::sides_of;
use super::{AssetNotes, Imagery, WaitForMaps};
use crate::base::hash::Map;
use crate::globe::camera::{Frame, SceneView, View};
use crate::globe::gpu::{BufferSlot, GpuData, RenderProfile};
use crate::globe::layers::{LayerId, Layers};
use crate::globe::{GlobeSet, SceneClock};

/// Bytes of all tiles in the stack, and on a software renderer, which holds them a second time in the same memory.
const STACK_BYTES: [usize; 2] = [96 << 20, 40 << 20];
/// Smallest and largest tile, pixels to a side.
const SIDES: std::ops::RangeInclusive<u32> = 16..=1024;
/// Most pictures that a stack can have on any device.
const MOST_LAYERS: usize = 256;
/// Tiles that are with the thread at once; what the eye has left meanwhile costs no more than these.
const ASKED_AT_ONCE: usize = 4;
/// Seconds after which a tile that is not there is looked for again, and between two looks at the folder.
const AGAIN: f64 = 10.0;
/// Most tiles that are remembered as absent.
const MOST_ABSENT: usize = 50_000;
/// Width of the picture of the whole earth, and on a software renderer: coarser levels are no sharper.
const WHOLE: [u32; 2] = [MAX_SIDE, 2048];

/// The levels of a folder that are finer than the picture of the whole earth.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Pyramid {
    folder: PathBuf,
    /// Pixels to the side of a tile.
    side: u32,
    /// Coarsest first.
    levels: Vec<u8>,
}

impl Pyramid {
    /// What a folder has; none if it has no such levels. Levels with tiles of another size than those of the finest are
    /// left out.
    fn find(folder: &Path, software: bool) -> Option<Pyramid> {
        let folder = folder.join("day");
        let found = sides_of(&folder, FINEST);
        let (_, side) = *found.last().filter(|(_, side)| SIDES.contains(side))?;
        let fine = |level: u8| u64::from(side) << (level + 1) > u64::from(WHOLE[usize::from(software)]);
        let levels: Vec<u8> = found.iter().filter(|(l, s)| *s == side && fine(*l)).map(|(l, _)| *l).collect();
        (!levels.is_empty()).then_some(Pyramid { folder, side, levels })
    }

    /// Tiles that a stack has room for.
    fn room(&self, software: bool) -> usize {
        // With all smaller levels a picture takes a third more.
        let bytes = self.side as usize * self.side as usize * 4 * 4 / 3;
        (STACK_BYTES[usize::from(software)] / bytes.max(1)).min(MOST_LAYERS)
    }
}

/// What is in sight, and what of it is there.
#[derive(Resource, Default)]
struct Ground {
    pyramid: Option<Pyramid>,
    reader: Option<Reader>,
    store: Store,
    /// What was wanted last, for which view.
    wanted: Vec<TileId>,
    seen: Option<(View, Frame)>,
    asked: Vec<TileId>,
    /// Tiles that are not there, and when to look again.
    absent: Map<TileId, f64>,
    /// When to look at the folder again.
    due: f64,
}

/// Streams tiles.
pub(super) struct TilesPlugin;

impl Plugin for TilesPlugin {
    fn build(&self, app: &mut App) {
        app.init_resource::<Ground>()
            .add_systems(Update, look_at_folder.in_set(GlobeSet::Feed))
            .add_systems(Update, stream.in_set(GlobeSet::Update));
    }
}

/// Finds the levels, at the start and now and then.
fn look_at_folder(
    (imagery, profile, clock): (Res<Imagery>, Res<RenderProfile>, Res<SceneClock>),
    (mut ground, mut data, mut notes): (ResMut<Ground>, ResMut<GpuData>, ResMut<AssetNotes>),
) {
    let Some(folder) = imagery.0.as_deref().filter(|_| clock.elapsed >= ground.due) else { return };
    let ground = ground.bypass_change_detection();
    ground.due = clock.elapsed + AGAIN;
    let found = Pyramid::find(folder, profile.software);
    if found == ground.pyramid {
        return;
    }
    *ground = Ground { due: ground.due, ..Ground::default() };
    if let Some(pyramid) = &found {
        match Reader::start(pyramid.folder.clone(), pyramid.side) {
            Ok(reader) => {
                let room = pyramid.room(profile.software);
                (ground.reader, ground.store) = (Some(reader), Store::of(room));
                data.set_tiles(pyramid.side, room);
            }
            Err(error) => notes.tell(format!("tiles of the earth are not shown: no thread to read them: {error}")),
        }
    }
    ground.pyramid = found;
    data.set_buffer::<u32>(BufferSlot::Ground, &[0]);
}

/// Asks for what is in sight and takes what has come.
fn stream(
    (scene, layers, clock): (Res<SceneView>, Res<Layers>, Res<SceneClock>),
    wait: Option<Res<WaitForMaps>>,
    (mut ground, mut data, mut notes): (ResMut<Ground>, ResMut<GpuData>, ResMut<AssetNotes>),
) {
    let ground = ground.bypass_change_detection();
    let Some(Pyramid { side, levels, .. }) = &ground.pyramid else { return };
    let mut changed = false;
    let seen = Some((scene.view, scene.frame));
    if ground.seen != seen {
        ground.seen = seen;
        // The rest of the stack holds what comes next.
        let most = ground.store.len() * 4 / 5;
        let on = layers.is_on(LayerId::Earth);
        let now = if on { wanted(&scene.view, &scene.frame, (*side, levels), most) } else { Vec::new() };
        changed = now != ground.wanted;
        ground.wanted = now;
    }
    ground.store.want(&ground.wanted);
    loop {
        ask(ground, clock.elapsed);
        let Some(reader) = &ground.reader else { return };
        // A picture without a window is complete.
        let Some((tile, answer)) = reader.take(wait.is_some() && !ground.asked.is_empty()) else { break };
        ground.asked.retain(|t| *t != tile);
        match answer {
            Answer::Picture(picture) => {
                if let Some(place) = ground.store.place(tile) {
                    data.set_tile(place, picture);
                    changed = true;
                }
            }
            Answer::Absent => note_absent(&mut ground.absent, tile, clock.elapsed),
            Answer::Unusable(problem) => {
                notes.tell(format!("a tile of the earth cannot be used: {problem}"));
                note_absent(&mut ground.absent, tile, clock.elapsed);
            }
        }
    }
    if changed {
        data.set_buffer(BufferSlot::Ground, &table(ground.store.held(), &ground.wanted));
    }
}

fn note_absent(absent: &mut Map<TileId, f64>, tile: TileId, now: f64) {
    if absent.len() >= MOST_ABSENT {
        absent.clear();
    }
    absent.insert(tile, now + AGAIN);
}

/// Gives the thread what is wanted most and neither held nor asked for.
fn ask(ground: &mut Ground, now: f64) {
    let Some(reader) = &ground.reader else { return };
    for tile in &ground.wanted {
        if ground.asked.len() >= ASKED_AT_ONCE {
            return;
        }
        let absent = ground.absent.get(tile).is_some_and(|until| now < *until);
        if absent || ground.store.held().contains_key(tile) || ground.asked.contains(tile) {
            continue;
        }
        if !reader.ask(*tile) {
            return;
        }
        ground.asked.push(*tile);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finer_levels_are_found_and_room_is_bounded() {
        let folder = std::env::temp_dir().join(format!("argus-globe-tiles-{}", std::process::id()));
        for (level, side) in [(2, 64), (7, 64), (8, 32), (11, 64)] {
            let column = folder.join(format!("day/{level}/3"));
            std::fs::create_dir_all(&column).expect("a folder");
            image::RgbImage::new(side, side).save(column.join("2.png")).expect("written");
        }
        let pyramid = Pyramid::find(&folder, true).expect("tiles");
        assert_eq!((pyramid.side, pyramid.levels.as_slice()), (64, &[7, 11][..]));
        for side in [16, 64, 256, 512, 1024] {
            let pyramid = Pyramid { side, ..pyramid.clone() };
            for software in [false, true] {
                let room = pyramid.room(software);
                let bytes = room * (side * side * 4) as usize * 4 / 3;
                assert!((7..=MOST_LAYERS).contains(&room) && bytes <= STACK_BYTES[usize::from(software)]);
            }
        }
        assert_eq!(Pyramid::find(&folder.join("day"), true), None);
        std::fs::remove_dir_all(folder).expect("removed");
    }
}
