//! The rolling window of records, summed per address and per pair of addresses: what the screens read.
//!
//! Flow summaries and their places go in, an immutable [`Snapshot`] comes out. All times are the records' own; nobody
//! here asks a clock. The cost of a record, and of time passing, does not grow with the window.

mod snapshot;

pub use snapshot::{
    FlowRow, Health, HostId, HostPin, PathArc, PathId, Series, Snapshot, SourceHealth, SourceState, Totals, Unplaced,
};
