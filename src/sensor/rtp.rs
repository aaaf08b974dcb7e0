//! RTP and RTCP, recognised by the first packet of a UDP flow.
//!
//! # Source
//! RFC 3550, sections 5.1 and 6.1.

use crate::packet::{be16, be32};

/// What a flow remembers of its media stream, per direction.
#[derive(Clone, Debug)]
pub(super) struct Media {
    /// RTCP instead of RTP.
    pub(super) control: bool,
    headers: [[u8; 12]; 2],
    seen: [bool; 2],
    drops: [u16; 2],
    /// Directions in which packets have come late.
    late: [bool; 2],
}

/// What a later packet did to the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// The flow carries no media after all.
    End,
    /// Bytes of media header in the packet.
    Header(u32),
}

/// Whether ports may carry media.
fn is_media_port(port: u16) -> bool {
    port >= 1024 && !(7000..=7010).contains(&port)
}

impl Media {
    /// Judges the first packet of a UDP flow, which the source sent.
    pub(super) fn first(ports: (u16, u16), payload: &[u8]) -> Option<Media> {
        if !is_media_port(ports.0) || !is_media_port(ports.1) || payload.first()? >> 6 != 2 {
            return None;
        }
        let header = *payload.first_chunk::<12>()?;
        let control = matches!(header[1], 200 | 201);
        Some(Media { control, headers: [header, [0; 12]], seen: [true, false], drops: [0; 2], late: [false; 2] })
    }

    /// Clears what belongs to one record.
    pub(super) fn reset_record(&mut self) {
        self.drops = [0; 2];
    }

    /// Takes a later packet of side `from`.
    pub(super) fn update(&mut self, payload: &[u8], from: usize) -> Step {
        let from = from.min(1);
        let (header, seen, drops, late) =
            (&mut self.headers[from], &mut self.seen[from], &mut self.drops[from], &mut self.late[from]);
        if self.control {
            return Step::Header(0);
        }
        let Some(now) = payload.first_chunk::<12>() else { return Step::End };
        if now[0] >> 6 != 2 {
            return Step::Header(0);
        }
        let (old, new) = (be16(header, 2).unwrap_or(0), be16(now, 2).unwrap_or(0));
        // A sequence number of 0 counts as none at all.
        if !std::mem::replace(seen, true) || old == 0 {
            *header = *now;
            return Step::Header(0);
        }
        let source = be32(now, 8);
        if source == Some(0) || source != be32(header, 8) {
            return Step::End;
        }
        if now[0] & 0x10 != 0 {
            return Step::End;
        }
        *header = *now;
        if new > old {
            *drops = drops.saturating_add(new - old - 1);
        } else if new < old && *drops > 0 {
            *drops -= 1;
            *late = true;
        }
        let sources = usize::from(now[0] & 0xF) * 4;
        Step::Header(12 + sources as u32)
    }

    /// Appends the network DSR.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        if self.control {
            out.extend_from_slice(&[0x30, 9, 0, 6]);
            for h in &self.headers {
                // The classic sensor stores length and source in the order of its machine.
                out.extend_from_slice(&[h[0], h[1], h[3], h[2], h[7], h[6], h[5], h[4]]);
            }
            out.extend_from_slice(&[0; 4]);
            return;
        }
        out.extend_from_slice(&[0x30, 0x0A, 0, 10, 0, u8::from(self.late[0]) | u8::from(self.late[1]) << 1, 0, 0]);
        for h in &self.headers {
            out.extend_from_slice(h);
        }
        for d in self.drops {
            out.extend_from_slice(&d.to_be_bytes());
        }
        out.extend_from_slice(&[0; 4]);
    }
}
