//! Asks for the records of the selected flow, as long as its details are open.

use bevy::prelude::*;

use crate::globe::SceneClock;
use crate::globe::feed::{Feed, FeedInput};
use crate::globe::selection::{Picked, Selection};
use crate::pipeline::Control;

/// Seconds between two questions while the playhead moves.
const EVERY: f64 = 1.0;

/// Asks when another flow is selected, and now and then while the playhead moves.
pub(crate) fn ask_witness(
    (feed, selection, clock): (Res<Feed>, Res<Selection>, Res<SceneClock>),
    input: Option<ResMut<FeedInput>>,
    mut asked: Local<Option<(Picked, f64)>>,
) {
    let (Picked::Flow(id), true, Some(mut input)) = (selection.picked, selection.details, input) else {
        *asked = None;
        return;
    };
    let wanted = (id.key, id.source);
    let told = feed.witness.flow == Some(wanted) && feed.witness.now == feed.playhead.now;
    let waits = asked.is_some_and(|(picked, then)| picked == selection.picked && clock.elapsed - then < EVERY);
    if told || waits {
        return;
    }
    *asked = Some((selection.picked, clock.elapsed));
    input.send(Control::Witness(wanted.0, wanted.1));
}
