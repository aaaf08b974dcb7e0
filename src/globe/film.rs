//! Pictures of given moments, one after the other: the frames of a film.
//!
//! Everything that moves goes by the moment shown, not by the way there, so that a moment always gives the same
//! picture.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::SceneClock;
use super::feed::FeedSource;
use super::run::{Headless, Picture, RunError};
use crate::cache::Snapshot;
use crate::pipeline::{Control, Playhead};

/// A feed that shows what is put into it.
#[derive(Clone, Debug)]
pub struct Reel(Arc<Mutex<Shot>>);

#[derive(Debug)]
struct Shot {
    next: Option<Arc<Snapshot>>,
    playhead: Playhead,
}

impl Reel {
    /// Begins with a snapshot.
    #[must_use]
    pub fn new(snapshot: Arc<Snapshot>, playhead: Playhead) -> Reel {
        Reel(Arc::new(Mutex::new(Shot { next: Some(snapshot), playhead })))
    }

    fn lock(&self) -> MutexGuard<'_, Shot> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl FeedSource for Reel {
    fn poll(&mut self) -> Option<Arc<Snapshot>> {
        self.lock().next.take()
    }

    fn playhead(&self) -> Playhead {
        self.lock().playhead
    }

    fn send(&mut self, _control: Control) {}
}

/// Shows a snapshot and gives the picture of it. Dashes stand where they stand at that moment of a replay.
///
/// # Errors
/// The graphics device failed or the picture never came.
pub fn film_frame(
    globe: &mut Headless,
    reel: &Reel,
    snapshot: Arc<Snapshot>,
    playhead: Playhead,
) -> Result<Picture, RunError> {
    // Panels take the sizes of their texts one frame later.
    pass_by(globe, reel, snapshot, playhead)?;
    globe.picture()
}

/// Shows a snapshot for one frame without a picture: what begins at one moment may still be seen at the next.
///
/// # Errors
/// The graphics device failed.
pub fn pass_by(globe: &mut Headless, reel: &Reel, snapshot: Arc<Snapshot>, playhead: Playhead) -> Result<(), RunError> {
    let mut clock = globe.world().resource_mut::<SceneClock>();
    clock.frozen = true;
    clock.elapsed = playhead.now.as_secs_f64() / playhead.speed;
    *reel.lock() = Shot { next: Some(snapshot), playhead };
    globe.frame()
}
