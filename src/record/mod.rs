//! What a flow record is.
//!
//! A record travels through the program as the bytes of its wire form (`docs/architecture.md`, "Records are bytes"):
//! sources put them into a [`Batch`], everybody downstream looks at them through a borrowed view, and fields are
//! decoded when somebody asks. [`FlowSummary`] is the small owned extract that the cache and the screens keep.
//!
//! This room knows no file, no socket, no clock and no place on earth.

mod batch;
mod build;
pub mod codec;
mod drive;
pub mod fields;
mod far;
pub mod names;
mod summary;
mod wire;

pub use batch::Batch;
pub use build::RecordBuilder;
pub use codec::{Dsr, RecordKind, RecordRef};
pub use drive::{drive_bytes, drive_record};
pub(crate) use far::label_turned;
pub use far::{
    Aggregation, ArpKey, Asns, DsrKind, Encaps, Esp, Far, Flow, FlowForm, GeoLabel, IcmpError, IcmpKey, IcmpState,
    Intervals, IpAttr, IpAttrs, IsisKey, Jitter, Mac, Metrics, Network, PacketSizes, Payload, Rtcp, RtcpSide, Rtp,
    RtpSide, Side, Sides, Spread, Tcp, TcpForm, TcpSide, Times, Transport, Udt, tcp_status,
};
pub use summary::{Addr, Cause, Counts, FlowKey, FlowSummary, SourceId, SrcId};
