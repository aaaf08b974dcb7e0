//! The globe: the only room that sees Bevy.
