//! Takes bytes from a stranger through this room: for tests and fuzzers.

use std::io::{Cursor, Read};

use super::{CaptureError, PacketReader, dissect};

/// Reads `bytes` as a capture to its end or first damage and dissects every packet, then once more as time sequence
/// headers. Returns the most packets found in either way, and the most bytes they held. Must never panic, whatever the bytes.
#[must_use]
pub fn drive_capture(bytes: &[u8]) -> (u64, u64) {
    let (packets, held) = drive(bytes, PacketReader::new);
    let (more, held_more) = drive(bytes, PacketReader::time_sequence);
    (packets.max(more), held.max(held_more))
}

fn drive(bytes: &[u8], open: impl Fn(Box<dyn Read + Send>) -> Result<PacketReader, CaptureError>) -> (u64, u64) {
    let Ok(mut reader) = open(Box::new(Cursor::new(bytes.to_vec()))) else { return (0, 0) };
    let (mut packets, mut held) = (0, 0);
    while let Ok(Some(p)) = reader.next_packet() {
        packets += 1;
        held += p.data.len() as u64;
        let _ = dissect(p.link, p.data, p.wire_len);
    }
    (packets, held)
}
