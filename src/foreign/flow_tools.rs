//! Files of the flow-tools suite.
//!
//! # Source
//! Observed with flow-tools 0.68: a header of four bytes (magic CF 10, byte order, stream version), then for version 3
//! the offset of the data and a list of type, length and value up to it; for version 1 a fixed header of 360 bytes.
//! The records follow back to back, as one zlib stream where the header says so.

use std::net::{IpAddr, Ipv4Addr};

use super::bytes::{Order, number};
use super::flow::ForeignFlow;
use super::layout::{Clock, HEAD, Layout, OLD_FILE_BODY, exporter_first, file_body};

/// The longest header that is read; comments and interface names may fill it.
pub const MAX_HEADER: usize = 1 << 20;
/// Where the header of a stream of version 1 ends.
const OLD_HEADER: usize = 360;
/// Length of the part of the header that is always there.
const FIXED: usize = 8;
/// Header flag: the data are one zlib stream.
const COMPRESSED: u64 = 2;
/// The two times before the body of a record of stream version 1.
const OLD_HEAD: usize = 8;

/// What is wrong with a header.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FlowToolsError {
    /// The magic number is another.
    #[error("expected a flow-tools file beginning with cf 10, found {0:02x} {1:02x}")]
    Magic(u8, u8),
    /// Byte order or stream version is none that exists.
    #[error("expected byte order 1 or 2 and stream version 1 or 3, found {0} and {1}")]
    Form(u8, u8),
    /// The header is longer than is sensible, or does not hold itself.
    #[error("expected a header of 8 to {MAX_HEADER} bytes, found a length of {0}")]
    HeaderLength(u64),
    /// The export version is none that is read.
    #[error("export version {version} (aggregation {method}) is not read; expected 1, 5, 6, 7, 8 (1 to 14) or 1005")]
    Version {
        /// Version found.
        version: u16,
        /// Aggregation method found.
        method: u8,
    },
}

/// What the header says about the records.
#[derive(Debug, PartialEq, Eq)]
pub struct FlowToolsHeader {
    order: Order,
    old: bool,
    version: u16,
    method: u8,
    layout: &'static Layout,
    /// Whether the data are one zlib stream.
    pub compressed: bool,
    /// Offset of the first byte of the data.
    pub data: usize,
}

impl FlowToolsHeader {
    /// How many bytes of a file have to be read to parse its header, from the first 8 of them.
    ///
    /// # Errors
    /// It is no flow-tools file, or of an unknown form.
    pub fn length(start: &[u8]) -> Result<usize, FlowToolsError> {
        let order = order(start)?;
        if start.get(3) == Some(&1) {
            return Ok(OLD_HEADER);
        }
        let length = number(start, 4, 4, order);
        match usize::try_from(length) {
            Ok(n) if (FIXED..=MAX_HEADER).contains(&n) => Ok(n),
            _ => Err(FlowToolsError::HeaderLength(length)),
        }
    }

    /// Reads a whole header.
    ///
    /// # Errors
    /// It is none, or of records that are not known.
    pub fn parse(header: &[u8]) -> Result<FlowToolsHeader, FlowToolsError> {
        let order = order(header)?;
        let data = FlowToolsHeader::length(header)?;
        let old = header.get(3) == Some(&1);
        if old {
            let version = number(header, 4, 2, order) as u16;
            let compressed = number(header, 16, 4, order) & COMPRESSED != 0;
            return Ok(FlowToolsHeader { order, old, version, method: 0, layout: &OLD_FILE_BODY, compressed, data });
        }
        let (mut version, mut method, mut compressed) = (5, 0, false);
        let mut at = FIXED;
        while at + 4 <= data.min(header.len()) {
            let (kind, length) = (number(header, at, 2, order), number(header, at + 2, 2, order) as usize);
            let value = |size| number(header, at + 4, size, order);
            match kind {
                2 => version = value(2) as u16,
                4 => method = value(1) as u8,
                8 => compressed = value(4) & COMPRESSED != 0,
                _ => {}
            }
            at += 4 + length;
        }
        let layout = file_body(version, method).ok_or(FlowToolsError::Version { version, method })?;
        Ok(FlowToolsHeader { order, old, version, method, layout, compressed, data })
    }

    /// Length of one record in bytes.
    #[must_use]
    pub fn record_len(&self) -> usize {
        self.layout.len + if self.old { OLD_HEAD } else { HEAD }
    }

    /// The flow of one record of [`record_len`](FlowToolsHeader::record_len) bytes.
    #[must_use]
    pub fn decode(&self, record: &[u8]) -> ForeignFlow {
        let n = |at, size| number(record, at, size, self.order);
        if self.old {
            // Seconds and milliseconds; first and last count from there.
            let clock = Clock::new(n(0, 4), n(4, 4) * 1_000_000, 0);
            let body = record.get(OLD_HEAD..).unwrap_or_default();
            return self.layout.decode(body, self.order, clock, None);
        }
        let (uptime, exporter) =
            if exporter_first(self.version, self.method) { (n(12, 4), n(8, 4)) } else { (n(8, 4), n(12, 4)) };
        let clock = Clock::new(n(0, 4), n(4, 4), uptime);
        let exporter = Some(IpAddr::V4(Ipv4Addr::from(exporter as u32)));
        self.layout.decode(record.get(HEAD..).unwrap_or_default(), self.order, clock, exporter)
    }
}

/// Byte order of a file, from its first four bytes.
fn order(start: &[u8]) -> Result<Order, FlowToolsError> {
    match *start {
        [0xCF, 0x10, 1, 1 | 3, ..] => Ok(Order::Little),
        [0xCF, 0x10, 2, 1 | 3, ..] => Ok(Order::Big),
        [0xCF, 0x10, order, version, ..] => Err(FlowToolsError::Form(order, version)),
        [a, b, ..] => Err(FlowToolsError::Magic(a, b)),
        _ => Err(FlowToolsError::Magic(0, 0)),
    }
}
