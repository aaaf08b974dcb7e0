//! The transport DSR, type 01: who wrote the record, and its number.

use crate::record::codec::{Dsr, RecordRef};
use crate::record::{SrcId, wire};

/// Source id and sequence number of a record.
///
/// | qualifier | source id | bytes |
/// |---|---|---|
/// | 00, 01, 20, 21 | none, IPv4, integer, text | 4 |
/// | 02, 22 | IPv6, UUID (version 5) | 16 |
/// | 03 | MAC (version 5) | 8 |
/// | + 10 | an interface name follows (version 5) | + 4 |
///
/// The sequence number `u32` comes last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Transport {
    /// Identity of the sensor.
    pub srcid: SrcId,
    /// Interface name, NUL-padded (version 5).
    pub interface: Option<[u8; 4]>,
    /// Number of the record among those of its source, from 1; a gap means loss.
    pub seq: u32,
}

impl Transport {
    /// Decodes the DSR.
    #[must_use]
    pub(crate) fn parse(d: &Dsr<'_>) -> Transport {
        let b = d.body;
        let word = wire::bytes::<4>(b, 0);
        let (srcid, len) = match d.qualifier & !0x10 {
            0x01 => (SrcId::V4(word.into()), 4),
            0x20 => (SrcId::Int(i32::from_be_bytes(word)), 4),
            0x21 => (SrcId::Text(word), 4),
            0x02 => (SrcId::V6(wire::bytes::<16>(b, 0).into()), 16),
            0x22 => (SrcId::Uuid(wire::bytes(b, 0)), 16),
            0x03 => (SrcId::Unset, 8),
            _ => (SrcId::Unset, 4),
        };
        let named = d.qualifier & 0x10 != 0;
        Transport {
            srcid,
            interface: named.then(|| wire::bytes(b, len)),
            seq: wire::be32(b, len + if named { 4 } else { 0 }),
        }
    }

    /// Of any record that has DSRs, without decoding the rest.
    #[must_use]
    pub fn of(record: RecordRef<'_>) -> Option<Transport> {
        record.dsrs().find(|d| d.kind == 0x01).map(|d| Transport::parse(&d))
    }
}
