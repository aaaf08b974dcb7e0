//! IS-IS: the body of a flow DSR, which is also the flow's key.
//!
//! # Source
//! ISO 10589, PDU layouts.

use crate::packet::Ether;

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
    Some(body)
}
