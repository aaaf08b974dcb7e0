//! The strip at the bottom: traffic over the whole recording, the window, and the playhead to take hold of.

mod model;
mod ui;

pub use model::{Bars, SPEEDS, TimelineModel, faster, slower, step};
pub use ui::timeline_ui;
