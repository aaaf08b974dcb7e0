//! How the threads are joined: sources → filter → label → cache → snapshots, and one small enum back.
//!
//! Every channel is bounded. A live source never waits for a screen; a file waits for everybody. The playhead is the
//! one clock of the picture: live, paused or replaying.

mod control;

pub use control::{Control, PlayState, Playhead};
