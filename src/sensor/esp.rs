//! ESP: security parameter index, sequence numbers, losses.
//!
//! # Source
//! RFC 4303, section 2.

use crate::packet::be32;

/// What a flow remembers of its ESP packets.
#[derive(Clone, Copy, Debug)]
pub(super) struct Esp {
    status: u32,
    spi: u32,
    seq: u32,
    lost: i32,
}

impl Esp {
    /// From the first packet.
    pub(super) fn new(payload: &[u8]) -> Esp {
        Esp { status: 0, spi: be32(payload, 0).unwrap_or(0), seq: be32(payload, 4).unwrap_or(0), lost: 0 }
    }

    /// Clears what belongs to one record.
    pub(super) fn reset_record(&mut self) {
        self.status = 0;
        self.lost = 0;
    }

    /// Takes a later packet.
    pub(super) fn update(&mut self, payload: &[u8]) {
        let Some(seq) = be32(payload, 4) else { return };
        match seq.wrapping_sub(self.seq).cast_signed() {
            jump @ 2.. => {
                self.status |= 0x10;
                self.lost = self.lost.saturating_add(jump - 1);
            }
            i32::MIN..=-1 => {
                self.status |= 0x1_0000;
                self.lost = self.lost.saturating_sub(1);
                return;
            }
            0 | 1 => {}
        }
        self.seq = seq;
    }

    /// Appends the network DSR.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&[0x30, 0x38, 0, 5]);
        for w in [self.status, self.spi, self.seq, self.lost.max(0).cast_unsigned()] {
            out.extend_from_slice(&w.to_be_bytes());
        }
    }
}
