//! What widths, colours and marks mean: the one scale of rates, fixed unless it is moved by decades.

mod notes;
mod ui;

pub(crate) use notes::note_arcs;
pub use ui::{KindLine, LegendClass, LegendModel, legend_ui, strip_ui};
