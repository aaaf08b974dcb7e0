//! The rolling window of records, summed per address and per pair of addresses: what the screens read.
//!
//! Flow summaries and their places go in, an immutable [`Snapshot`] comes out. All times are the records' own; nobody
//! here asks a clock. The cost of a record, and of time passing, does not grow with the window.
//!
//! # What is in the window
//!
//! The window at `now` is the half-open stretch (`now` - window, `now`]. Let a record last from `s` to `e`. It is *in*
//! the window while `s` ≤ `now` and `e` > `now` - window. That decides records, flows, addresses and pairs.
//!
//! # How much of it
//!
//! Each direction of a record has its own stretch `s`..`e` (first to last packet of that direction where the record
//! tells, else the whole record) and its own integer counts `n`. What has happened of it by the time `x` is
//!
//! ```text
//! G(x) = 0                                        x < s
//!        floor(n · (max(cut(x), s) - s) / (e - s))  s ≤ x < e
//!        n                                        x ≥ e
//! ```
//!
//! where `cut(x)` is `x` rounded down to a multiple of the record's grain, 250 ms for records of up to 2 s and 1 s for
//! longer ones. The window holds `G(now) - G(now - window)` of it, the rate interval `G(now) - G(now - interval)`.
//! So the sums are exact integers: a record that lies wholly inside the window counts to the byte, two adjoining
//! windows share a record without loss, and the picture depends on `now` alone and not on the way there. The grain
//! bounds how often a long record must be looked at again; nothing of a record counts before it has happened.
//!
//! # Per address or per group
//!
//! The window is summed per address. [`Snapshot::at_level`] merges a picture's addresses into networks, systems, cities
//! or countries, in one pass over what is in it.
//!
//! # At what cost
//!
//! A record is visited when it enters, when it is summed anew at its grain's multiples while it straddles one of the
//! three edges (`now`, `now` - interval, `now` - window), and when it leaves. Between its visits it lies, written in few
//! bytes, in a bucket by the time of the next: a window of millions of records takes some 25 bytes for each.

mod asleep;
mod config;
mod entry;
mod history;
mod level;
mod order;
mod picture;
mod series;
mod slab;
mod snapshot;
mod spread;
mod starts;
mod window;

pub use config::CacheConfig;
pub use history::{Held, History, WhenFull};
pub use level::{By, Group, Level, Masks, Members};
pub use picture::{AddressSum, Outside};
pub use series::SeriesBuilder;
pub use snapshot::{
    FlowRow, Health, HostId, HostPin, PathArc, PathId, Series, Snapshot, SourceHealth, SourceState, Totals, Unplaced,
};
pub use window::{Moved, WindowCache};

#[cfg(test)]
mod tests;
