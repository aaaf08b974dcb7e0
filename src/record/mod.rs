//! What a flow record is.
//!
//! A record travels through the program as the bytes of its wire form (`docs/architecture.md`, "Records are bytes"):
//! sources put them into a [`Batch`], everybody downstream looks at them through a borrowed view, and fields are
//! decoded when somebody asks. [`FlowSummary`] is the small owned extract that the cache and the screens keep.
//!
//! This room knows no file, no socket, no clock and no place on earth.

mod batch;
mod build;
mod summary;

pub use batch::Batch;
pub use build::RecordBuilder;
pub use summary::{Addr, Cause, Counts, FlowKey, FlowSummary, SourceId, SrcId};
