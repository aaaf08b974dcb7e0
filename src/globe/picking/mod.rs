//! What lies under the pointer, and how pins at one place are kept apart so that each can be picked.
//!
//! `model.rs` and [`spread`] are arithmetic over plain arrays; `systems.rs` feeds them the snapshot, the view and the
//! pointer. Drawing reads [`spread`] for the same offsets that picking uses.

mod model;
pub mod spread;
mod systems;

pub use model::{
    ARC_TOLERANCE_PX, Hit, PIN_TOLERANCE_PX, PinSpot, View, globe_hit, hidden_by_globe, pick_arc, pick_pin,
};
pub use systems::{Picker, PickingPlugin, find};
