//! The owned, fixed-size extract of a flow record that the cache and the screens keep.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use arrayvec::ArrayString;

use crate::base::Span;

/// Number of a source within one run of the program (first source = 0). Not the sensor's `srcid`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceId(pub u16);

/// The address of one end of a flow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Addr {
    /// The record names no address.
    #[default]
    None,
    /// IPv4.
    V4(Ipv4Addr),
    /// IPv6.
    V6(Ipv6Addr),
    /// Ethernet or 802.11 address.
    Mac([u8; 6]),
}

impl Addr {
    /// The IP address, if it is one.
    #[must_use]
    pub fn ip(self) -> Option<IpAddr> {
        match self {
            Addr::V4(a) => Some(IpAddr::V4(a)),
            Addr::V6(a) => Some(IpAddr::V6(a)),
            Addr::None | Addr::Mac(_) => None,
        }
    }
}

impl From<IpAddr> for Addr {
    fn from(ip: IpAddr) -> Addr {
        match ip {
            IpAddr::V4(a) => Addr::V4(a),
            IpAddr::V6(a) => Addr::V6(a),
        }
    }
}

impl fmt::Display for Addr {
    /// Empty for `None`; MAC addresses as six lower-case hex bytes joined by colons.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Addr::None => Ok(()),
            Addr::V4(a) => a.fmt(f),
            Addr::V6(a) => a.fmt(f),
            Addr::Mac([a, b, c, d, e, g]) => write!(f, "{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{g:02x}"),
        }
    }
}

/// The identity of a sensor, as its records carry it (field `srcid`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SrcId {
    /// Not configured.
    #[default]
    Unset,
    /// An IPv4 address.
    V4(Ipv4Addr),
    /// A number.
    Int(i32),
    /// Up to four characters, NUL-padded.
    Text([u8; 4]),
    /// An IPv6 address (version 5).
    V6(Ipv6Addr),
    /// A UUID (version 5).
    Uuid([u8; 16]),
}

/// Why a sensor wrote a record (field `cause`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cause {
    /// First record of a flow.
    #[default]
    Start,
    /// A later record of the same flow.
    Status,
    /// The flow ended.
    Stop,
    /// The flow was idle for too long.
    Timeout,
    /// The flow was flushed.
    Flush,
    /// The sensor is going down.
    Shutdown,
    /// The flow was closed.
    Closed,
    /// An error report.
    Error,
    /// Supplementary data.
    Supplemental,
    /// A value that no document names.
    Unknown(u8),
}

impl Cause {
    /// From byte 1 of the record header; its low nibble is ignored.
    #[must_use]
    pub fn from_wire(byte: u8) -> Cause {
        match byte & 0xF0 {
            0x10 => Cause::Start,
            0x20 => Cause::Status,
            0x30 => Cause::Stop,
            0x40 => Cause::Timeout,
            0x50 => Cause::Flush,
            0x60 => Cause::Shutdown,
            0x70 => Cause::Closed,
            0x80 => Cause::Error,
            0x90 => Cause::Supplemental,
            other => Cause::Unknown(other),
        }
    }

    /// The high nibble of byte 1 of the record header.
    #[must_use]
    pub fn to_wire(self) -> u8 {
        match self {
            Cause::Start => 0x10,
            Cause::Status => 0x20,
            Cause::Stop => 0x30,
            Cause::Timeout => 0x40,
            Cause::Flush => 0x50,
            Cause::Shutdown => 0x60,
            Cause::Closed => 0x70,
            Cause::Error => 0x80,
            Cause::Supplemental => 0x90,
            Cause::Unknown(b) => b & 0xF0,
        }
    }
}

/// What identifies a flow to its ends. `saddr` is the initiator after all direction corrections.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FlowKey {
    /// Initiator.
    pub saddr: Addr,
    /// Responder.
    pub daddr: Addr,
    /// IP protocol number; 0 when the flow is not IP.
    pub proto: u8,
    /// Source port as the field `sport` defines it for the protocol (ICMP: type and code).
    pub sport: u16,
    /// Destination port as the field `dport` defines it.
    pub dport: u16,
}

/// Packets and bytes of one direction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Packets.
    pub pkts: u64,
    /// Bytes on the wire.
    pub bytes: u64,
    /// Application bytes; 0 when the sensor did not count them.
    pub appbytes: u64,
}

impl Counts {
    /// Adds another count; saturates.
    pub fn add(&mut self, other: Counts) {
        self.pkts = self.pkts.saturating_add(other.pkts);
        self.bytes = self.bytes.saturating_add(other.bytes);
        self.appbytes = self.appbytes.saturating_add(other.appbytes);
    }
}

/// The extract of one flow record. All values are in the sense of the corrected direction: `src` is what `saddr` sent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FlowSummary {
    /// Why the record was written.
    pub cause: Cause,
    /// The sensor's identity.
    pub srcid: SrcId,
    /// The sensor's sequence number.
    pub seq: u32,
    /// Earliest to latest packet of the record.
    pub span: Span,
    /// First to last packet from the source, where the record tells.
    pub src_span: Option<Span>,
    /// First to last packet from the destination, where the record tells.
    pub dst_span: Option<Span>,
    /// Who talks to whom.
    pub key: FlowKey,
    /// What the source sent.
    pub src: Counts,
    /// What the destination sent.
    pub dst: Counts,
    /// Protocol name as the field `proto` prints it.
    pub proto_name: ArrayString<16>,
    /// Direction sign as the field `dir` prints it, without padding: `->`, `<->`, `<?>`, `who`.
    pub dir: &'static str,
    /// State as the field `state` prints it: `CON`, `REQ`, `URP`.
    pub state: &'static str,
}
