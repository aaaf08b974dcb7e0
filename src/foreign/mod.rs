//! Flow formats of others, turned into records: flow-tools files, NetFlow 1, 5, 6, 7, 8 and 9, IPFIX, sFlow.
//!
//! Each decoder takes bytes and makes [`ForeignFlow`]s, which know how to become a record; records of this origin have
//! the type NETFLOW and show the flag `N`. What these formats cannot say (round trip times, states, both directions
//! at once) stays out of the records. Times are taken as what they mean: exporters give the beginning and the end in
//! milliseconds of their up time, and the moment of export in both clocks.
//!
//! No decoder reads a file or a socket; lengths and counts in the input are limits to check, never sizes to allocate.

mod bytes;
mod datagram;
mod drive;
mod flow;
mod flow_tools;
mod layout;
mod sflow;
mod template;

pub use datagram::{Decoder, DecoderStats};
pub use drive::{drive_exports, drive_flow_tools};
pub use flow::ForeignFlow;
pub use flow_tools::{FlowToolsError, FlowToolsHeader, MAX_HEADER};

#[cfg(test)]
mod tests;
