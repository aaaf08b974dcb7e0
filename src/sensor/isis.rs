//! IS-IS: the body of a flow DSR, which is also the flow's key.
//!
//! # Source
//! ISO 10589, PDU layouts.

use crate::packet::{Ether, be16};

/// The body of an IS-IS flow DSR: PDU type, hardware addresses, version, identifiers by PDU type, checksum.
/// Nothing if the common header of 8 bytes was not captured.
pub(super) fn key_bytes(pdu: &[u8], ether: Ether) -> Option<[u8; 40]> {
    let head = pdu.first_chunk::<8>()?;
    let kind = head[4] & 0x1F;
    let mut body = [0u8; 40];
    let mut put = |at: usize, bytes: &[u8]| {
        for (to, from) in body.iter_mut().skip(at).zip(bytes) {
            *to = *from;
        }
    };
    put(0, &u32::from(kind).to_be_bytes());
    put(4, &ether.src);
    put(10, &ether.dst);
    put(16, &[head[2]]);
    let field = |at: usize, len: usize| pdu.get(at..at + len).unwrap_or(&[]);
    match kind {
        15 | 16 => {
            put(20, field(9, 6));
            put(26, field(20, 7));
        }
        18 | 20 => {
            put(20, field(12, 8));
            put(28, field(20, 4));
        }
        24..=27 => put(20, field(10, 7)),
        _ => {}
    }
    let checksum = match kind {
        18 | 20 => be16(pdu, 24).unwrap_or(0),
        _ => checksum(pdu),
    };
    put(34, &u32::from(checksum).to_be_bytes());
    Some(body)
}

/// Hellos and sequence numbers carry no checksum of their own; this one (RFC 1071) tells different contents apart.
fn checksum(pdu: &[u8]) -> u16 {
    let words = pdu.chunks(2).map(|w| u64::from(w[0]) << 8 | w.get(1).map_or(0, |b| u64::from(*b)));
    let mut sum: u64 = words.sum();
    while sum > 0xFFFF {
        sum = (sum & 0xFFFF) + (sum >> 16);
    }
    !(sum as u16)
}
