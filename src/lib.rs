//! argus-globe: network flow records and everything around them.
//!
//! The library is a row of rooms in dependency order; each knows only rooms above it. `docs/architecture.md`
//! says what lives where, and `tests/house` checks it.

pub mod base;
pub mod record;
pub mod filter;
pub mod aggregate;
pub mod anonymize;
pub mod packet;
pub mod secure;
pub mod sensor;
pub mod foreign;
pub mod geo;
pub mod source;
pub mod sink;
pub mod cache;
pub mod alert;
pub mod export;
pub mod pipeline;
#[cfg(feature = "globe")]
pub mod globe;
pub mod cli;
