//! UDT, recognised by the first packet of a UDP flow on port 9000. A handshake looks like RTP and is taken for it.
//!
//! # Source
//! The Internet draft of UDT (draft-gg-udt), packet structures; what is counted, and where it stands in a record, is
//! known from comparing with the classic sensor.

use super::encode::seconds;
use crate::packet::be32;

const PORT: u16 = 9000;
/// Bytes of a UDT header.
const HEADER: usize = 16;
/// Top bit of control packets.
const CONTROL: u32 = 0x8000_0000;
const ACK: u32 = 2;
const NAK: u32 = 3;
const CONGESTION: u32 = 4;
/// Words of the DSR behind its head.
const WORDS: usize = 43;

/// What a flow remembers of its UDT connection: one account for both directions, kept over records.
#[derive(Clone, Debug, Default)]
pub(super) struct Udt {
    /// Time of the last packet in order, seconds and microseconds.
    at: [u32; 2],
    /// Its sequence number; 0 before there was one.
    seq: u32,
    /// Its timestamp.
    stamp: u32,
    /// What the last acknowledgment said: number, round trip, its variance, room, rate, bandwidth.
    ack: [u32; 6],
    /// Data packets by their place in a message: alone, first, within, last.
    places: [u32; 4],
    missing: u32,
    repeated: u32,
    /// Packets that negative acknowledgments named.
    refused: u32,
    congested: bool,
}

impl Udt {
    /// Judges the first packet of a UDP flow; nothing is counted of it.
    pub(super) fn first(ports: (u16, u16), payload: &[u8]) -> Option<Udt> {
        let on_port = ports.0 == PORT || ports.1 == PORT;
        (on_port && payload.len() >= HEADER && be32(payload, 0)? & CONTROL == 0).then(Udt::default)
    }

    /// Takes a later packet; gives the bytes of its header.
    pub(super) fn update(&mut self, payload: &[u8], now: i64) -> u32 {
        let Some((head, body)) = payload.split_at_checked(HEADER) else { return 0 };
        let word = |at| be32(head, at).unwrap_or(0);
        if word(0) & CONTROL == 0 {
            self.data(word(0), word(4) >> 30, word(8), now);
        } else {
            self.control(word(0) >> 16 & 0x7FFF, body);
        }
        HEADER as u32
    }

    fn data(&mut self, seq: u32, place: u32, stamp: u32, now: i64) {
        let slot = match place {
            3 => 0,
            2 => 1,
            0 => 2,
            _ => 3,
        };
        self.places[slot] = self.places[slot].wrapping_add(1);
        let step = i64::from(seq) - i64::from(self.seq);
        if self.seq == 0 || step == 1 {
            (self.seq, self.stamp, self.at) = (seq, stamp, seconds(now));
        } else if step > 2 {
            // A single packet that is missing is taken for one out of order, as the classic sensor does.
            self.missing = self.missing.saturating_add(u32::try_from(step - 1).unwrap_or(u32::MAX));
            self.seq = seq;
        } else {
            self.repeated = self.repeated.saturating_add(1);
        }
    }

    fn control(&mut self, kind: u32, body: &[u8]) {
        let words = body.chunks_exact(4).filter_map(|w| be32(w, 0));
        match kind {
            ACK => words.zip(&mut self.ack).for_each(|(word, kept)| *kept = word),
            NAK => {
                let mut from = None;
                for word in words {
                    let count = match from.take() {
                        _ if word & CONTROL != 0 => {
                            from = Some(word & !CONTROL);
                            0
                        }
                        Some(from) => word.saturating_sub(from).saturating_add(1),
                        None => 1,
                    };
                    self.refused = self.refused.saturating_add(count);
                }
            }
            CONGESTION => self.congested = true,
            _ => {}
        }
    }

    /// Appends the network DSR, whose numbers are in the order of the classic sensor's machine.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&[0x30, 0x0D, 0, 1 + WORDS as u8]);
        let mut words = [0u32; WORDS];
        let marks = [(self.missing > 0, 0x30), (self.repeated > 0, 0x0300), (self.congested, 0xC000)];
        words[1] = marks.iter().filter(|(set, _)| *set).map(|(_, bits)| bits).sum();
        words[9..11].copy_from_slice(&self.at);
        words[11..13].copy_from_slice(&[self.seq, self.stamp]);
        words[13..19].copy_from_slice(&self.ack);
        words[19..23].copy_from_slice(&self.places);
        words[23..26].copy_from_slice(&[self.missing, self.repeated, self.refused]);
        words.iter().for_each(|w| out.extend_from_slice(&w.to_le_bytes()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(words: [u32; 4], body: &[u32]) -> Vec<u8> {
        words.iter().chain(body).flat_map(|w| w.to_be_bytes()).collect()
    }

    fn alone(seq: u32) -> Vec<u8> {
        packet([seq, 0xC000_0001, 5, 88], &[0])
    }

    #[test]
    fn order_and_losses_are_counted_as_the_classic_sensor_does() {
        let mut udt = Udt::first((5000, 9000), &alone(1000)).expect("on its port");
        for (n, seq) in [1001, 1005, 1002, 1003, 1006].into_iter().enumerate() {
            assert_eq!(udt.update(&alone(seq), 1_000_000 + n as i64), 16);
        }
        udt.update(&packet([CONTROL | ACK << 16, 1, 0, 0], &[1003, 50]), 0);
        udt.update(&packet([CONTROL | NAK << 16, 1, 0, 0], &[7, CONTROL | 10, 12]), 0);
        assert_eq!(udt.update(b"short", 0), 0);
        assert_eq!((udt.missing, udt.repeated, udt.refused, udt.seq, udt.at), (3, 2, 4, 1006, [1, 4]));
        assert_eq!((udt.places, udt.ack), ([5, 0, 0, 0], [1003, 50, 0, 0, 0, 0]));
        let mut out = Vec::new();
        udt.write(&mut out);
        assert_eq!((out.len(), out.get(8..12)), (176, Some(&[0x30, 3, 0, 0][..])));
    }

    #[test]
    fn other_ports_and_control_packets_open_no_connection() {
        assert!(Udt::first((5000, 9001), &alone(1)).is_none());
        assert!(Udt::first((9000, 53), &alone(1)[..12]).is_none());
        assert!(Udt::first((9000, 53), &alone(CONTROL)).is_none());
    }
}
