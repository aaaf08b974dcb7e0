//! What screens may ask of the pipeline, and what the playhead answers.

use std::time::Duration;

use super::show::Show;
use crate::base::{Span, Timestamp};
use crate::cache::Level;
use crate::record::{FlowKey, SourceId};

/// A wish of the screen.
#[derive(Clone, Debug, PartialEq)]
pub enum Control {
    /// Stop the playhead; records keep arriving.
    Pause,
    /// Let the playhead run on from where it is.
    Resume,
    /// Put the playhead at a time; leaves live mode.
    Seek(Timestamp),
    /// Glue the playhead to the newest record (live sources) or put it at the end (files).
    Live,
    /// Playback speed as a multiple of real time, 0.01 to 100,000, or as much below zero for playing backwards, which
    /// leaves live mode.
    Speed(f64),
    /// Length of the window.
    Window(Duration),
    /// What one pin stands for.
    Level(Level),
    /// Show only what passes, of all that was let in; none: show all of it.
    Show(Option<Box<Show>>),
    /// Play a part over and over, from its start; none: play on.
    Loop(Option<Span>),
    /// Jump over silence that is longer than this; none: play it.
    SkipIdle(Option<Duration>),
    /// Play the whole recording from its start, as fast as it takes to be through after this time.
    Fit(Duration),
    /// Look up the records of a flow within the window; the handle has them then.
    Witness(FlowKey, SourceId),
    /// End all threads.
    Stop,
}

/// Whether and how the playhead moves.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum PlayState {
    /// Glued to the clock of a live source.
    Live,
    /// Standing.
    Paused,
    /// Moving through recorded time at `speed` times real time.
    Replay {
        /// Multiple of real time, negative when it moves back.
        speed: f64,
    },
}

/// The one clock of the picture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Playhead {
    /// The time shown.
    pub now: Timestamp,
    /// Whether and how it moves.
    pub state: PlayState,
    /// The speed it has or will have when it moves again.
    pub speed: f64,
}
