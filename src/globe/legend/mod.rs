//! What widths, colours and marks mean: the one fixed scale of rates.

mod ui;

pub use ui::{LegendClass, LegendModel, legend_ui};
