//! What every other room stands on: time, identifiers, seeded hash maps, units, collected warnings.
//!
//! Depends on nothing of ours. Nothing here asks the clock except [`clock`].

pub mod clock;
pub mod hash;
pub mod nearest;
pub mod range;
pub mod rc;
pub mod time;
mod time_format;
pub mod units;
pub mod warn;
pub mod zone;

pub use nearest::nearest;
pub use range::{RangeError, TimeRange};
pub use time::{Span, Timestamp};
pub use time_format::TimeFormat;
pub use warn::Warnings;
pub use zone::{Civil, Zone};
