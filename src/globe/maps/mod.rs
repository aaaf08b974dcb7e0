//! The pictures of the earth: day, city lights, water, clouds.
//!
//! They are decoded on a thread of their own, so the window opens at once; until one arrives a plain colour stands in.
//! Headless the first frame waits for them. A picture that is missing or damaged is said once and the plain colour
//! stays. On a software renderer each picture is halved.

mod model;

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, TryRecvError, sync_channel};

use bevy::prelude::*;
pub use model::{MapError, decode};

use super::GlobeSet;
use super::gpu::{GpuData, RenderProfile, TextureData, TextureSlot};

/// File of each texture.
const FILES: [(TextureSlot, &str, bool); 4] = [
    (TextureSlot::Day, "earth_day.jpg", true),
    (TextureSlot::Water, "earth_water.jpg", false),
    (TextureSlot::Lights, "earth_lights.jpg", false),
    (TextureSlot::Clouds, "earth_clouds.jpg", false),
];

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
        app.init_resource::<AssetNotes>()
            .add_systems(Startup, start_loading)
            .add_systems(Update, take_maps.in_set(GlobeSet::Feed));
    }
}

fn start_loading(mut commands: Commands, profile: Res<RenderProfile>, mut notes: ResMut<AssetNotes>) {
    let halve = profile.software;
    let (outbox, inbox) = sync_channel::<Decoded>(FILES.len());
    let spawned = std::thread::Builder::new().name("maps".into()).spawn(move || {
        for (slot, file, colour) in FILES {
            if outbox.send((slot, model::load(file, colour, halve))).is_err() {
                return;
            }
        }
    });
    match spawned {
        Ok(_) => commands.insert_resource(MapLoader(Mutex::new(inbox))),
        Err(error) => notes.tell(format!("the earth stays plain: no thread to load its pictures: {error}")),
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
            Err(error) => notes.tell(format!("the earth is drawn without a picture: {error}")),
        }
    }
}
