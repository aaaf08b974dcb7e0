//! The panels: one pass of egui that reads the models and sends actions.
//!
//! Each panel is a function from a model to an action (`status_ui`, `table_ui`, …), drawn and clicked in tests without a
//! window. [`HudPlugin`] lays them out: status at the top, timeline and table at the bottom, cards over the globe. What
//! they leave free is told to the camera through `FreeRect`; the globe takes the pointer only there.

mod bar;
mod compass;
mod complete;
pub mod help;
mod hover;
mod layout;
pub mod notice;
pub mod parts;
mod pinned;
#[cfg(test)]
pub(crate) mod probe;
mod rail;
mod shelf;
mod sources;
mod state;
mod status;
pub mod text;
pub mod theme;

pub use bar::{FilterBar, with_word};
pub use layout::HudPlugin;
pub use parts::{Hidden, Part};
pub use state::{Hud, HudOptions, Toast};
pub(crate) use status::state_ui;
