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
            // The sequence number stands in the order of the classic sensor's machine.
            let mut number = [0; 4];
            number.copy_from_slice(pdu.get(20..24).unwrap_or(&[0; 4]));
            number.reverse();
            put(28, &number);
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

/// Hellos and sequence number packets carry no checksum of their own; what the classic sensor puts in its place is known
/// from comparing: both sums of a Fletcher checksum over the 16-bit words from the last byte of the common header on,
/// one laid over the other. A last odd byte does not count.
fn checksum(pdu: &[u8]) -> u16 {
    const FROM: usize = 7;
    let fold = |n: u32| (n & 0xFFFF) + (n >> 16);
    let (mut plain, mut weighted) = (0xFFFFu32, 0xFFFFu32);
    for word in pdu.get(FROM..).unwrap_or(&[]).chunks_exact(2) {
        plain = fold(plain + (u32::from(word[0]) << 8 | u32::from(word[1])));
        weighted = fold(weighted + plain);
    }
    (plain | weighted) as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A hello of a level 2 router with a priority of 64 and so many zeros behind it.
    fn hello(zeros: usize) -> Vec<u8> {
        let head = [0x83, 27, 1, 0, 16, 1, 0, 0, 2, 0, 0, 0, 0, 0, 2, 0, 10, 0, 27 + zeros as u8, 64];
        [&head[..], &[0, 0, 0, 0, 0, 2, 1], &vec![0; zeros]].concat()
    }

    #[test]
    fn contents_are_told_apart_as_the_classic_sensor_does() {
        for (zeros, sum) in [(0, 0x42EF), (1, 0x42EF), (2, 0x473D), (3, 0x472F), (12, 0xD27E), (100, 0x46AE)] {
            assert_eq!(checksum(&hello(zeros)), sum, "{zeros}");
        }
    }
}
