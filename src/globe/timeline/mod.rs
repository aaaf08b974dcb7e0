//! The strip at the bottom: traffic over the whole recording, the window, and the playhead to take hold of.

mod marks;
mod model;
mod ui;

pub use marks::{IDLE, MOST_BOOKMARKS, Marks};
pub use model::{Bars, SPEEDS, TimeScale, TimelineModel, UnknownTimeScale, faster, following, slower, step};
pub use ui::{GRAPH, timeline_ui};
