//! IPv4 and IPv6 headers.

use super::bytes::{be16, be32};

/// IP option bits as DSR 48 stores them.
///
/// # Source
/// `docs/records.md`, IP attributes.
pub mod ip_option {
    /// Record route.
    pub const RECORD_ROUTE: u32 = 0x01;
    /// Internet timestamp.
    pub const TIMESTAMP: u32 = 0x02;
    /// Security.
    pub const SECURITY: u32 = 0x04;
    /// Loose source route.
    pub const LOOSE_ROUTE: u32 = 0x08;
    /// Stream id.
    pub const STREAM_ID: u32 = 0x10;
    /// Strict source route.
    pub const STRICT_ROUTE: u32 = 0x20;
    /// Router alert.
    pub const ROUTER_ALERT: u32 = 0x40;
    /// Anything else.
    pub const OTHER: u32 = 0x80;
}

/// An IPv4 header and what lies behind it.
#[derive(Clone, Copy, Debug)]
pub struct V4<'a> {
    /// Source address.
    pub src: u32,
    /// Destination address.
    pub dst: u32,
    /// Protocol of the payload (behind an authentication header: the one it names).
    pub proto: u8,
    /// Header length as claimed, bytes, 0 to 60; an authentication header stepped over is included.
    pub header_len: usize,
    /// Total length as claimed, bytes.
    pub total_len: u16,
    /// Identification.
    pub id: u16,
    /// Fragment offset, bytes.
    pub fragment_offset: u32,
    /// Whether more fragments follow.
    pub more_fragments: bool,
    /// Time to live.
    pub ttl: u8,
    /// Type of service.
    pub tos: u8,
    /// Options, [`ip_option`] bits.
    pub options: u32,
    /// Captured bytes behind the header, link padding included.
    pub payload: &'a [u8],
}

impl<'a> V4<'a> {
    /// Reads the header at the start of `data`. Nothing if 20 bytes are not there or the total length is below 20.
    #[inline]
    pub(super) fn parse(data: &'a [u8]) -> Option<V4<'a>> {
        let h = data.first_chunk::<20>()?;
        let total_len = u16::from_be_bytes([h[2], h[3]]);
        if total_len < 20 {
            return None;
        }
        let header_len = usize::from(h[0] & 0x0F) * 4;
        let fragment = u16::from_be_bytes([h[6], h[7]]);
        Some(V4 {
            src: u32::from_be_bytes([h[12], h[13], h[14], h[15]]),
            dst: u32::from_be_bytes([h[16], h[17], h[18], h[19]]),
            proto: h[9],
            header_len,
            total_len,
            id: u16::from_be_bytes([h[4], h[5]]),
            fragment_offset: u32::from(fragment & 0x1FFF) * 8,
            more_fragments: fragment & 0x2000 != 0,
            ttl: h[8],
            tos: h[1],
            options: if header_len > 20 { v4_options(data.get(20..header_len).unwrap_or(&[])) } else { 0 },
            payload: data.get(header_len..).unwrap_or(&[]),
        })
    }

    /// Bytes that the header claims lie behind it; 0 if the lengths contradict each other.
    #[must_use]
    #[inline]
    pub fn payload_len(&self) -> u32 {
        u32::from(self.total_len).saturating_sub(self.header_len as u32)
    }
}

fn v4_options(mut options: &[u8]) -> u32 {
    let mut bits = 0;
    while let [kind, rest @ ..] = options {
        let step = match kind {
            0 => break,
            1 => 1,
            _ => {
                bits |= match kind {
                    7 => ip_option::RECORD_ROUTE,
                    68 => ip_option::TIMESTAMP,
                    130 => ip_option::SECURITY,
                    131 => ip_option::LOOSE_ROUTE,
                    136 => ip_option::STREAM_ID,
                    137 => ip_option::STRICT_ROUTE,
                    148 => ip_option::ROUTER_ALERT,
                    _ => ip_option::OTHER,
                };
                match rest.first() {
                    Some(&len) if len >= 2 => usize::from(len),
                    _ => break,
                }
            }
        };
        options = options.get(step..).unwrap_or(&[]);
    }
    bits
}

/// The fragment header of an IPv6 packet.
#[derive(Clone, Copy, Debug)]
pub struct V6Fragment {
    /// Offset, bytes.
    pub offset: u32,
    /// Whether more fragments follow.
    pub more: bool,
    /// Identification.
    pub id: u32,
}

/// An IPv6 header with its extension headers, and what lies behind them.
#[derive(Clone, Copy, Debug)]
pub struct V6<'a> {
    /// Source address.
    pub src: [u8; 16],
    /// Destination address.
    pub dst: [u8; 16],
    /// Protocol behind the extension headers.
    pub proto: u8,
    /// Hop limit.
    pub hop_limit: u8,
    /// The first word of the header: version, traffic class, flow label.
    pub first_word: u32,
    /// Options met in hop-by-hop headers, [`ip_option`] bits.
    pub options: u32,
    /// The fragment header, if there was one.
    pub fragment: Option<V6Fragment>,
    /// Captured bytes behind the headers, link padding included.
    pub payload: &'a [u8],
    /// Bytes of all headers, 40 and up.
    pub header_len: usize,
    /// Payload length as the fixed header claims it, extension headers included.
    pub claimed_len: u16,
}

impl<'a> V6<'a> {
    /// Reads the header at the start of `data`. Nothing if 40 bytes are not there.
    pub(super) fn parse(data: &'a [u8]) -> Option<V6<'a>> {
        let h = data.first_chunk::<40>()?;
        let mut ip = V6 {
            src: h[8..24].try_into().ok()?,
            dst: h[24..40].try_into().ok()?,
            proto: h[6],
            hop_limit: h[7],
            first_word: u32::from_be_bytes([h[0], h[1], h[2], h[3]]),
            options: 0,
            fragment: None,
            payload: &[],
            header_len: 40,
            claimed_len: u16::from_be_bytes([h[4], h[5]]),
        };
        ip.skip_extensions(data);
        ip.payload = data.get(ip.header_len..).unwrap_or(&[]);
        Some(ip)
    }

    fn skip_extensions(&mut self, data: &[u8]) {
        // Each step moves on by at least 8 captured bytes, so the frame's length bounds the loop.
        loop {
            let Some(&[next, len]) = data.get(self.header_len..).and_then(|d| d.first_chunk::<2>()) else { return };
            match self.proto {
                0 | 43 | 60 => {
                    let size = (usize::from(len) + 1) * 8;
                    if self.proto == 0 {
                        self.options |=
                            v6_options(data.get(self.header_len + 2..self.header_len + size).unwrap_or(&[]));
                    }
                    self.header_len += size;
                }
                44 => {
                    let (Some(bits), Some(id)) = (be16(data, self.header_len + 2), be32(data, self.header_len + 4))
                    else {
                        return;
                    };
                    let offset = u32::from(bits & 0xFFF8);
                    self.fragment = Some(V6Fragment { offset, more: bits & 1 != 0, id });
                    self.header_len += 8;
                    if offset > 0 {
                        self.proto = next;
                        return;
                    }
                }
                _ => return,
            }
            self.proto = next;
        }
    }
}

fn v6_options(mut options: &[u8]) -> u32 {
    let mut bits = 0;
    while let [kind, rest @ ..] = options {
        let step = match (kind, rest.first()) {
            (0, _) => 1,
            (kind, Some(&len)) => {
                if *kind == 5 {
                    bits |= ip_option::ROUTER_ALERT;
                }
                usize::from(len) + 2
            }
            (_, None) => break,
        };
        options = options.get(step..).unwrap_or(&[]);
    }
    bits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_of_a_header_are_named_and_a_zero_length_ends_them() {
        assert_eq!(v4_options(&[148, 4, 0, 0, 1, 7, 3, 4]), ip_option::ROUTER_ALERT | ip_option::RECORD_ROUTE);
        assert_eq!(v4_options(&[68, 0, 148, 4]), ip_option::TIMESTAMP);
        assert_eq!(v4_options(&[0, 148, 4]), 0);
    }

    #[test]
    fn extension_headers_are_passed_and_a_later_fragment_ends_the_walk() {
        let mut p = vec![0x60, 0, 0, 0, 0, 24, 0, 64];
        p.extend([0; 32]);
        p.extend([44, 0, 5, 2, 0, 0, 1, 0]);
        p.extend([17, 0, 0, 8, 1, 2, 3, 4]);
        p.extend([0xAB; 8]);
        let ip = V6::parse(&p).unwrap();
        assert_eq!((ip.proto, ip.header_len, ip.options), (17, 56, ip_option::ROUTER_ALERT));
        let f = ip.fragment.unwrap();
        assert_eq!((f.offset, f.more, f.id), (8, false, 0x0102_0304));
    }
}
