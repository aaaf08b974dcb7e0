//! Pictures of the window, ten a second, from one press of a key to the next: for a film of what was seen and done.
//!
//! A film of exact moments of a recording is made without a window, by `--frames` and `--film`.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use bevy::prelude::*;
use bevy::render::view::screenshot::{Screenshot, ScreenshotCaptured};

use super::hud::{Hud, Toast};
use super::{GlobeSet, SceneClock};

/// Seconds from one picture to the next.
const STEP: f64 = 0.1;
/// Pictures after which the recording ends by itself: ten minutes.
const MOST: u32 = 6000;
/// Pictures on their way to the disk; while there are more, none is taken.
const WAITING: u32 = 4;
/// Seconds that a message stays.
const TOAST: f64 = 10.0;

/// The recording that is being made.
#[derive(Resource, Debug, Default)]
pub struct Recorder {
    /// The folder of the pictures; none while nothing is recorded.
    folder: Option<PathBuf>,
    taken: u32,
    next: f64,
    counts: Arc<Counts>,
}

#[derive(Debug, Default)]
struct Counts {
    waiting: AtomicU32,
    failed: AtomicU32,
}

impl Recorder {
    /// Whether pictures are being taken.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.folder.is_some()
    }

    /// Begins with a folder, which is made, or ends; what to say of it.
    pub fn toggle(&mut self, folder: PathBuf) -> String {
        if self.is_on() {
            return self.end();
        }
        if let Err(error) = std::fs::create_dir_all(&folder) {
            return format!("nothing is recorded: {}: {error}", folder.display());
        }
        let text = format!("recording: ten pictures a second go to {}", folder.display());
        *self = Recorder { folder: Some(folder), ..Recorder::default() };
        text
    }

    fn end(&mut self) -> String {
        let Recorder { folder, taken, counts, .. } = std::mem::take(self);
        let folder = folder.unwrap_or_default();
        let failed = counts.failed.load(Ordering::Relaxed);
        let lost = if failed > 0 { format!(" ({failed} could not be written)") } else { String::new() };
        let dir = folder.display();
        format!("{taken} pictures{lost} in {dir}; ffmpeg -framerate 10 -i {dir}/%06d.png -pix_fmt yuv420p {dir}.mp4")
    }

    /// The file of the picture that is due, if one is.
    fn due(&mut self, now: f64) -> Option<PathBuf> {
        let folder = self.folder.as_ref()?;
        if now < self.next || self.counts.waiting.load(Ordering::Relaxed) >= WAITING {
            return None;
        }
        self.next = now + STEP;
        self.taken += 1;
        Some(folder.join(format!("{:06}.png", self.taken)))
    }
}

/// Takes the pictures.
pub struct RecorderPlugin;

impl Plugin for RecorderPlugin {
    fn build(&self, app: &mut App) {
        app.init_resource::<Recorder>().add_systems(Update, take_pictures.in_set(GlobeSet::Ui));
    }
}

fn take_pictures(
    (mut recorder, clock): (ResMut<Recorder>, Res<SceneClock>),
    mut hud: Option<ResMut<Hud>>,
    mut commands: Commands,
) {
    if !recorder.is_on() {
        return;
    }
    if recorder.taken >= MOST {
        let text = recorder.end();
        if let Some(hud) = &mut hud {
            hud.toast = Some(Toast { text, until: clock.elapsed + TOAST });
        }
        return;
    }
    let Some(file) = recorder.due(clock.elapsed) else { return };
    let counts = Arc::clone(&recorder.counts);
    counts.waiting.fetch_add(1, Ordering::Relaxed);
    commands.spawn(Screenshot::primary_window()).observe(move |captured: On<ScreenshotCaptured>| {
        let (image, file, counts) = (captured.image.clone(), file.clone(), Arc::clone(&counts));
        // Packing a picture takes longer than a frame.
        let write = move || {
            let saved = image.try_into_dynamic().is_ok_and(|picture| picture.to_rgb8().save(&file).is_ok());
            counts.failed.fetch_add(u32::from(!saved), Ordering::Relaxed);
            counts.waiting.fetch_sub(1, Ordering::Relaxed);
        };
        bevy::tasks::AsyncComputeTaskPool::get().spawn(async move { write() }).detach();
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_are_numbered_and_never_more_than_may_wait() {
        let folder = std::env::temp_dir().join(format!("argus-globe-recorder-{}", std::process::id()));
        let mut recorder = Recorder::default();
        assert_eq!(recorder.due(0.0), None);
        assert!(recorder.toggle(folder.clone()).contains("recording") && recorder.is_on());
        assert_eq!(recorder.due(0.0), Some(folder.join("000001.png")));
        assert_eq!(recorder.due(0.05), None, "ten a second");
        recorder.counts.waiting.store(WAITING, Ordering::Relaxed);
        assert_eq!(recorder.due(1.0), None, "the disk is behind");
        recorder.counts.waiting.store(0, Ordering::Relaxed);
        assert_eq!(recorder.due(1.0), Some(folder.join("000002.png")));
        let said = recorder.toggle(folder.clone());
        assert!(said.starts_with("2 pictures in") && said.contains("ffmpeg") && !recorder.is_on());
        let _ = std::fs::remove_dir(folder);
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_named() {
        let file = std::env::temp_dir().join(format!("argus-globe-no-folder-{}", std::process::id()));
        std::fs::write(&file, "x").expect("written");
        let mut recorder = Recorder::default();
        let said = recorder.toggle(file.join("inside"));
        assert!(said.contains("nothing is recorded") && !recorder.is_on(), "{said}");
        let _ = std::fs::remove_file(file);
    }
}
