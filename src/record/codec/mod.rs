//! Framing: a byte stream into records, a record into DSRs, and both back.
//!
//! [`Framer`] cuts a stream into whole records, [`RecordRef`] looks at one of them, [`Mar`] reads and makes management
//! records. Nothing is decoded that nobody asked for, and no length is trusted.

mod dsr;
mod framer;
mod mar;
mod record;
mod writer;

pub use dsr::{Dsr, Dsrs};
pub use framer::{FrameError, Framer};
pub use mar::{Cookie, Mar, MarCause, MarMaker};
pub use record::{RecordKind, RecordRef};
pub use writer::to_v3;
