//! The globe: the only room that sees Bevy.

pub mod picking;
