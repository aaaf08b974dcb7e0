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
        let control = is_report(payload);
        let header = payload.first_chunk::<12>().copied();
        let mut media = Media { control, headers: [[0; 12]; 2], seen: [true, false], drops: [0; 2] };
        if control {
            media.headers[0][..8].copy_from_slice(payload.get(..8)?);
        } else {
            media.headers[0] = header?;
            if media.headers[0][1] & 0x7F == 0x7F {
                return None;
            }
        }
        Some(media)
    }

    /// Clears what belongs to one record.
    pub(super) fn reset_record(&mut self) {
        self.drops = [0; 2];
    }

    /// Takes a later packet of side `from`.
    pub(super) fn update(&mut self, payload: &[u8], from: usize) -> Step {
        let (Some(header), Some(seen), Some(drops)) =
            (self.headers.get_mut(from), self.seen.get_mut(from), self.drops.get_mut(from))
        else {
            return Step::End;
        };
        if self.control {
            return Step::Header(0);
        }
        let Some(now) = payload.first_chunk::<12>() else { return Step::End };
        let sources = usize::from(now[0] & 0xF) * 4;
        if !std::mem::replace(seen, true) {
            *header = *now;
            return Step::Header(0);
        }
        if be32(now, 8) != be32(header, 8) {
            return Step::End;
        }
        let (old, new) = (be16(header, 2).unwrap_or(0), be16(now, 2).unwrap_or(0));
        if old == new {
            return Step::Header(0);
        }
        let extension = if now[0] & 0x10 != 0 { be16(payload, 14 + sources) } else { None };
        let room = payload.len().saturating_sub(16 + sources);
        if now[0] >> 6 != 2 || extension.is_some_and(|words| usize::from(words) * 4 > room) {
            return Step::End;
        }
        match new.wrapping_sub(old).cast_signed() {
            0 | 1 => *header = *now,
            jump @ 2.. => {
                *drops = drops.saturating_add(jump.cast_unsigned() - 1);
                *header = *now;
            }
            _ => *drops = drops.saturating_sub(1),
        }
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
        out.extend_from_slice(&[0x30, 0x0A, 0, 10, 0, 0, 0, 0]);
        for h in &self.headers {
            out.extend_from_slice(h);
        }
        for d in self.drops {
            out.extend_from_slice(&d.to_be_bytes());
        }
        out.extend_from_slice(&[0; 4]);
    }
}

/// Whether the payload is a sequence of RTCP packets that begins with a sender or receiver report.
fn is_report(payload: &[u8]) -> bool {
    let (Some(kind), Some(words)) = (payload.get(1), be16(payload, 2)) else { return false };
    matches!(kind, 200 | 201) && (usize::from(words) + 1) * 4 <= payload.len()
}
