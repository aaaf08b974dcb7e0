//! Flow records that may be shown to strangers: addresses, ports, times and numbers replaced, contents taken out.
//!
//! [`Settings`] say what is replaced and how (the keys of `ranonymize.conf`), a [`Mapping`] replaces one address, port or
//! AS number, an [`Anonymizer`] rewrites whole records with it, and a [`Mask`] hides who it was in flows on a display. The same seed and the same sequence of records give
//! the same result; within a run one original value always has one replacement, wherever it stands.
//!
//! Networks and hosts are numbered in the order in which they come, or drawn at random, or permuted under a key so that
//! addresses share as many leading bits as before (`cidr`). What the key decides is decided by a keyed hash
//! (`prf`), never by a hash map. Tables have a bound; what comes after it is full becomes "no address" and is counted.
//!
//! A record is rewritten by a list of what is known: parts and fields that are not on it do not go out. This room knows
//! no file, no option and no clock; randomness is handed in.

mod asn;
mod conf;
mod labels;
mod mac;
mod mapping;
mod mask;
mod names;
mod pools;
mod ports;
mod prf;
mod rewrite;
mod shift;
mod replaced;
mod v4;
mod v6;
#[cfg(test)]
mod tests;

pub use conf::{Attribute, ConfError, Hierarchy, MacPair, Method, NetPair, PortMethod, Settings, Shift};
pub use mapping::Mapping;
pub use mask::Mask;
pub use rewrite::Anonymizer;

/// Most entries of one table of replacements.
const MAX_ENTRIES: usize = 1 << 22;
