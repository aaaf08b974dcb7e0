//! What lies under the pointer, and how pins at one place are kept apart so that each can be picked.
//!
//! Everything here is arithmetic over plain arrays; the systems that feed it the pointer and obey its answer live in
//! `input`. Drawing reads [`spread`] for the same offsets that picking uses.

mod model;
pub mod spread;

pub use model::{
    ARC_TOLERANCE_PX, Hit, PIN_TOLERANCE_PX, PinSpot, View, globe_hit, hidden_by_globe, pick_arc, pick_pin,
};
