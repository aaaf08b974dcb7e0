//! What widths, colours and marks mean: the one fixed scale of rates.

mod notes;
mod ui;

pub(crate) use notes::note_arcs;
pub use ui::{KindLine, LegendClass, LegendModel, legend_ui};
