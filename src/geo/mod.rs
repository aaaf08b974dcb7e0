//! Where addresses are: coordinates, places, and the chain that finds them.
//!
//! Order of trust: label inside the record, the user's own map of networks, the databases, the country's centre.
//! What has no place has none; nothing is invented and no look-up leaves the machine.

mod place;

pub use place::{LatLon, Origin, Place};
