//! The globe steered from outside, line by line: what keys do, and a status back.
//!
//! Where lines come from is not known here: a source is asked once a frame. An answer leaves at the end of the frame
//! that obeyed its line, so that who asks next sees what has been done.

mod model;
mod panels;

use std::path::{Path, PathBuf};

use bevy::diagnostic::FrameCount;
use bevy::ecs::system::SystemParam;
use bevy::image::Image;
use bevy::prelude::*;
use bevy::render::view::screenshot::{Screenshot, ScreenshotCaptured};
use bevy::window::PrimaryWindow;
use serde_json::{Value, json};

pub use model::{LONGEST_LINE, WORDS, Word, words_markdown};

use self::model::{Request, Shown};
use self::panels::Panels;
use super::GlobeSet;
use super::actions::Action;
use super::camera::CameraRig;
use super::colouring::Colouring;
use super::feed::Feed;
use super::hud::{Hud, HudOptions};
use super::inks::Theme;
use super::layers::Layers;
use super::selection::Selection;
use super::trace::Trace;
use super::views::Views;
use super::wall::Wall;

/// Most lines that are taken in one frame.
const PER_FRAME: usize = 16;

/// Takes an answer, one line without its end.
pub type Answer = Box<dyn FnOnce(String) + Send + Sync>;

/// One line, and where its answer goes.
pub struct Errand {
    /// The line.
    pub line: String,
    /// The way back.
    pub answer: Answer,
}

/// Gives the next line, if one has come. Must not wait.
pub type ErrandPoll = Box<dyn FnMut() -> Option<Errand> + Send + Sync>;

/// Where lines come from.
#[derive(Resource)]
pub struct RemoteSource {
    poll: ErrandPoll,
    /// Answers to what the frame obeys.
    waiting: Vec<(Answer, String)>,
}

impl RemoteSource {
    /// Lines from outside.
    #[must_use]
    pub fn new(poll: ErrandPoll) -> RemoteSource {
        RemoteSource { poll, waiting: Vec::new() }
    }
}

/// What a picture is taken of where there is no window.
#[derive(Resource, Clone, Debug)]
pub struct PictureOf(pub Handle<Image>);

/// Obeys lines from outside.
pub struct RemotePlugin;

impl Plugin for RemotePlugin {
    fn build(&self, app: &mut App) {
        app.init_resource::<Views>()
            .init_resource::<Hud>()
            .init_resource::<HudOptions>()
            .init_resource::<Wall>()
            .init_resource::<Selection>()
            .init_resource::<Theme>()
            .init_resource::<Colouring>()
            .add_systems(Update, obey_lines.in_set(GlobeSet::Feed))
            .add_systems(Last, answer_lines);
    }
}

/// What requests and the status depend on.
#[derive(SystemParam)]
struct Now<'w> {
    feed: Res<'w, Feed>,
    layers: Res<'w, Layers>,
    rig: Res<'w, CameraRig>,
    wall: Res<'w, Wall>,
    hud: Res<'w, Hud>,
    views: Res<'w, Views>,
    trace: Res<'w, Trace>,
    options: Res<'w, HudOptions>,
    frames: Option<Res<'w, FrameCount>>,
}

fn obey_lines(
    source: Option<ResMut<RemoteSource>>,
    (now, panels): (Now, Panels),
    (picture_of, windows): (Option<Res<PictureOf>>, Query<(), With<PrimaryWindow>>),
    mut actions: MessageWriter<Action>,
    mut commands: Commands,
) {
    let Some(mut source) = source else { return };
    let source = source.bypass_change_detection();
    let shown = Shown {
        snapshot: &now.feed.snapshot,
        playhead: &now.feed.playhead,
        alerts: &now.feed.alerts,
        layers: *now.layers,
        orbit: now.rig.orbit,
        wall: now.wall.is_on(),
        filter: &now.hud.shown,
        views: &now.views,
        masked: now.options.masked,
        frames: now.frames.as_ref().map_or(0, |f| f.0),
    };
    for _ in 0..PER_FRAME {
        let Some(Errand { line, answer }) = (source.poll)() else { return };
        now.trace.line(format_args!("remote {line}"));
        let request = match model::parse(&line) {
            Ok(request) => request,
            Err(problem) => {
                answer(model::answer(Err(problem)));
                continue;
            }
        };
        if let Request::Screenshot(path) = request {
            let target = picture_of.as_ref().map(|p| p.0.clone());
            match target {
                Some(target) => shoot(Screenshot::image(target), path, answer, &mut commands),
                None if !windows.is_empty() => shoot(Screenshot::primary_window(), path, answer, &mut commands),
                None => answer(model::answer(Err("there is no picture to save: no window is open".into()))),
            }
            continue;
        }
        let done = model::actions(&request, &shown).map(|list| {
            actions.write_batch(list);
            if request == Request::Status { model::status(&shown, panels.state(&now.feed)) } else { Value::Null }
        });
        source.waiting.push((answer, model::answer(done)));
    }
}

/// Answers when everything has been done.
fn answer_lines(source: Option<ResMut<RemoteSource>>) {
    if let Some(mut source) = source {
        for (answer, text) in source.bypass_change_detection().waiting.drain(..) {
            answer(text);
        }
    }
}

/// Takes a picture, saves it, then answers.
fn shoot(shot: Screenshot, path: PathBuf, answer: Answer, commands: &mut Commands) {
    let mut answer = Some(answer);
    commands.spawn(shot).observe(move |captured: On<ScreenshotCaptured>| {
        if let Some(answer) = answer.take() {
            let saved = save(&captured.image, &path);
            answer(model::answer(saved.map(|()| json!({ "saved": path.display().to_string() }))));
        }
    });
}

fn save(image: &Image, path: &Path) -> Result<(), String> {
    let problem = |e: &dyn std::fmt::Display| format!("{} not saved: {e}", path.display());
    let picture = image.clone().try_into_dynamic().map_err(|e| problem(&e))?;
    picture.to_rgb8().save_with_format(path, image::ImageFormat::Png).map_err(|e| problem(&e))
}

#[cfg(test)]
mod tests;
