//! How the threads are joined: sources → filter → label → cache → snapshots, and one small enum back.
//!
//! Every channel is bounded. A live source never waits for a screen; a file waits for everybody. The playhead is the
//! one clock of the picture: live, paused or replaying.
//!
//! * `src-N`, one thread per source, polls it into batches and hands them on (`reader`).
//! * `pipe` owns everything else (`run`): the `Engine` keeps all records that pass the filter in the history and those
//!   of the window in the cache; the `Conductor` moves the playhead by a clock that it is told, obeys [`Control`] and
//!   knows the sources' condition. Both run without threads too: [`moment_at`] reads sources to their end and answers
//!   for one time.
//!
//! A snapshot is published at most ten times a second, and at once after a control. A picture depends on the records
//! and the playhead's time alone, not on the way or the speed by which the playhead came there.
//!
//! Whoever passes records on instead of showing them reads sources through a [`Relay`] and may label them ([`Labels`]).

mod conductor;
mod control;
mod engine;
mod label;
mod moment;
mod placer;
mod plan;
mod playhead;
mod reader;
mod relay;
mod run;
mod show;
#[cfg(test)]
mod tests;
mod witness;

pub use control::{Control, PlayState, Playhead};
pub use label::{CityItem, CityRule, Ends, FlowRule, LabelRules, Labels, NameOf, PortNames};
pub use moment::{Moment, Recording, moment_at, snapshot_at};
pub use plan::{At, AtError, PipelineError, Plan, Start};
pub use relay::{Relay, RelayEvent, Upstream};
pub use run::{Handle, Pipeline};
pub use show::{Asked, PlaceTest, Show, ShowError};
pub use witness::{MOST_WITNESSED, Witness, Witnessed};
