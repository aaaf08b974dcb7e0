//! The state of the flow's protocol. Layouts: `record::far::network`.

use super::{About, Anonymizer, edit, low16};
use crate::record::Dsr;

impl Anonymizer {
    /// Rewrites a network DSR; false if it is to be left out.
    pub(super) fn network(&mut self, dsr: &Dsr<'_>, body: &mut [u8], about: &About) -> bool {
        match dsr.subtype & 0x7F {
            0x00 => edit::clear_from(body, 0),
            0x03 => seq_at(body, 4, about.tcp_seq),
            0x04 => {}
            0x05 => self.tcp(dsr, body, about),
            0x09 => [4, 12].into_iter().for_each(|at| self.stream_at(body, at)),
            0x0A => {
                for at in [4, 16] {
                    self.stream_at(body, at + 8);
                    let by = self.shifts.reference;
                    edit::be16(body, at + 2, |seq| seq.wrapping_sub(low16(by)));
                    edit::be32(body, at + 4, |time| time.wrapping_sub(by));
                }
            }
            0x0D => {
                // The handshake names sockets and an address.
                edit::put(body, 8, [0; 32]);
                self.time_at(body, 40, if about.version == 5 { 1 } else { 1000 });
                for at in [48, 52, 56] {
                    seq_at(body, at, self.shifts.reference);
                }
            }
            0x10 => {
                self.mac_at(body, 0);
                edit::clear_from(body, 6);
            }
            0x34 => self.icmp(body),
            0x38 => edit::be32(body, 4, |spi| spi ^ self.shifts.reference),
            // The sensor's own memory; that it is there is all that counts.
            0x45 => edit::clear_from(body, 0),
            _ => return false,
        }
        true
    }

    fn tcp(&mut self, dsr: &Dsr<'_>, body: &mut [u8], about: &About) {
        let is_wide = dsr.words() >= 32;
        for at in if is_wide { [20, 72] } else { [20, 68] } {
            self.time_at(body, at, if is_wide { 1 } else { 1000 });
            [12, 16, 20].into_iter().for_each(|field| seq_at(body, at + field, about.tcp_seq));
        }
    }

    fn icmp(&mut self, body: &mut [u8]) {
        // Identifier or number of the message; nothing reads it.
        edit::put(body, 2, [0; 2]);
        for at in [4, 8, 12, 16, 20] {
            if edit::get(body, at) != Some([0; 4]) {
                self.v4_le_at(body, at);
            }
        }
        edit::clear_from(body, 24);
    }

    /// A source of a media stream, which is a random number.
    fn stream_at(&mut self, body: &mut [u8], at: usize) {
        edit::be32(body, at, |id| if id == 0 { 0 } else { id ^ self.shifts.reference });
    }

    /// A time in seconds and a fraction in units of so many nanoseconds.
    pub(super) fn time_at(&self, body: &mut [u8], at: usize, unit: u32) {
        edit::with(body, at, |b: [u8; 8]| {
            let [s0, s1, s2, s3, f0, f1, f2, f3] = b;
            let (secs, fraction) = (u32::from_be_bytes([s0, s1, s2, s3]), u32::from_be_bytes([f0, f1, f2, f3]));
            let (secs, fraction) = self.shifts.time(secs, fraction, unit);
            (u64::from(secs) << 32 | u64::from(fraction)).to_be_bytes()
        });
    }
}

/// A sequence number; 0 means that none was seen.
fn seq_at(body: &mut [u8], at: usize, by: u32) {
    edit::be32(body, at, |n| if n == 0 { 0 } else { n.wrapping_sub(by) });
}
