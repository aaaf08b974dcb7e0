//! The pictures of the earth: day, city lights, water, clouds.
//!
//! They are decoded on a thread of their own, so the window opens at once; until one arrives a plain colour stands in.
//! Headless the first frame waits for them. A picture that is missing or damaged is said once and the plain colour
//! stays. On a software renderer each picture is halved.
//!
//! Pictures of the user take the place of ours, see [`Imagery`]; one that changes while the globe runs is loaded again.
//! Near the ground, tiles of the user are drawn over them as they come into view.

mod model;
mod tiles;
mod user;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, TryRecvError, sync_channel};
use std::time::SystemTime;

use bevy::prelude::*;
pub use model::{MapError, decode};

use super::gpu::{GpuData, RenderProfile, TextureData, TextureSlot};
use super::{GlobeSet, SceneClock};

/// Seconds between two looks at the user's files.
const EVERY: f64 = 2.0;

/// Each texture: the user's name of it, our file, whether it has colours.
const FILES: [(TextureSlot, &str, &str, bool); 4] = [
    (TextureSlot::Day, "day", "earth_day.jpg", true),
    (TextureSlot::Water, "water", "earth_water.jpg", false),
    (TextureSlot::Lights, "lights", "earth_lights.jpg", false),
    (TextureSlot::Clouds, "clouds", "earth_clouds.jpg", false),
];

/// The folder of the user's pictures.
#[derive(Resource, Clone, Debug, Default, PartialEq, Eq)]
pub struct Imagery(pub Option<PathBuf>);

type Stamp = Option<(PathBuf, Option<SystemTime>, u64)>;

/// What the user's pictures were like when they were loaded last.
#[derive(Resource, Default)]
struct Loaded {
    stamps: [Stamp; FILES.len()],
    due: f64,
}

type Decoded = (TextureSlot, Result<Arc<TextureData>, MapError>);

/// The thread's mailbox; there as long as pictures are on their way.
#[derive(Resource)]
pub(crate) struct MapLoader(Mutex<Receiver<Decoded>>);

/// Present when the first frame must be complete.
#[derive(Resource, Clone, Copy, Debug, Default)]
pub struct WaitForMaps;

/// What could not be loaded, for the user; one sentence each.
#[derive(Resource, Clone, Debug, Default)]
pub struct AssetNotes(pub Vec<String>);

impl AssetNotes {
    /// Tells the user once.
    pub fn tell(&mut self, note: String) {
        if !self.0.contains(&note) {
            tracing::warn!("{note}");
            self.0.push(note);
        }
    }
}

/// Loads the pictures.
pub struct MapsPlugin;

impl Plugin for MapsPlugin {
    fn build(&self, app: &mut App) {
        app.add_plugins(tiles::TilesPlugin)
            .init_resource::<AssetNotes>()
            .init_resource::<Imagery>()
            .init_resource::<Loaded>()
            .add_systems(Startup, start_loading)
            .add_systems(Update, watch_files.in_set(GlobeSet::Feed).before(take_maps))
            .add_systems(Update, take_maps.in_set(GlobeSet::Feed));
    }
}

fn start_loading(
    mut commands: Commands,
    (profile, imagery): (Res<RenderProfile>, Res<Imagery>),
    (mut notes, mut loaded): (ResMut<AssetNotes>, ResMut<Loaded>),
) {
    loaded.stamps = stamps(&imagery);
    match loader(FILES.to_vec(), &imagery, profile.software) {
        Ok(loader) => commands.insert_resource(loader),
        Err(error) => notes.tell(format!("the earth stays plain: no thread to load its pictures: {error}")),
    }
}

/// The user's pictures as they are now.
fn stamps(imagery: &Imagery) -> [Stamp; FILES.len()] {
    FILES.map(|(_, name, ..)| user::stamp(imagery.0.as_deref()?, name))
}

/// Begins to load some textures. A picture of the user that cannot be used is told, and ours stands in.
fn loader(
    files: Vec<(TextureSlot, &'static str, &'static str, bool)>,
    imagery: &Imagery,
    halve: bool,
) -> std::io::Result<MapLoader> {
    // Room for one complaint and one picture each.
    let (outbox, inbox) = sync_channel::<Decoded>(2 * files.len());
    let folder = imagery.0.clone();
    std::thread::Builder::new().name("maps".into()).spawn(move || {
        for (slot, name, file, colour) in files {
            let users = folder.as_deref().and_then(|f| model::load_users(f, (name, file), colour, halve));
            let result = match users {
                Some(Err(error)) => {
                    if outbox.send((slot, Err(error))).is_err() {
                        return;
                    }
                    model::load(file, colour, halve)
                }
                Some(picture) => picture,
                None => model::load(file, colour, halve),
            };
            if outbox.send((slot, result)).is_err() {
                return;
            }
        }
    })?;
    Ok(MapLoader(Mutex::new(inbox)))
}

/// Loads again what has changed, when nothing else is on its way.
fn watch_files(
    mut commands: Commands,
    (profile, imagery, clock): (Res<RenderProfile>, Res<Imagery>, Res<SceneClock>),
    busy: Option<Res<MapLoader>>,
    mut loaded: ResMut<Loaded>,
) {
    if imagery.0.is_none() || busy.is_some() || clock.elapsed < loaded.due {
        return;
    }
    loaded.due = clock.elapsed + EVERY;
    let now = stamps(&imagery);
    let changed = FILES.into_iter().zip(&now).zip(&loaded.stamps).filter(|((_, now), was)| now != was);
    let files: Vec<_> = changed.map(|((file, _), _)| file).collect();
    loaded.stamps = now;
    if !files.is_empty()
        && let Ok(loader) = loader(files, &imagery, profile.software)
    {
        commands.insert_resource(loader);
    }
}

fn take_maps(
    mut commands: Commands,
    loader: Option<ResMut<MapLoader>>,
    wait: Option<Res<WaitForMaps>>,
    (mut data, mut notes): (ResMut<GpuData>, ResMut<AssetNotes>),
) {
    let Some(mut loader) = loader else { return };
    let inbox = loader.0.get_mut().unwrap_or_else(std::sync::PoisonError::into_inner);
    let mut arrived = Vec::new();
    loop {
        let next = if wait.is_some() { inbox.recv().map_err(|_| TryRecvError::Disconnected) } else { inbox.try_recv() };
        match next {
            Ok(decoded) => arrived.push(decoded),
            Err(TryRecvError::Empty) => break,
            Err(TryRecvError::Disconnected) => {
                commands.remove_resource::<MapLoader>();
                break;
            }
        }
    }
    for (slot, result) in arrived {
        match result {
            Ok(map) => data.set_texture(slot, map),
            Err(error) => notes.tell(format!("a picture of the earth cannot be used: {error}")),
        }
    }
}
