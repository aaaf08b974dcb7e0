//! The metrics DSR, type 10: packets, bytes and application bytes of both sides.
//!
//! The subtype says what is counted (1 packets and bytes, 4 application bytes too), the qualifier which sides and how
//! wide: 1–4 both, 5–8 the source only, 9–12 the destination only, each u8, u16, u32, u64.

use crate::record::codec::Dsr;
use crate::record::{Counts, wire};

/// What both sides sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Metrics {
    /// What the source sent.
    pub src: Counts,
    /// What the destination sent.
    pub dst: Counts,
    /// Whether application bytes were counted.
    pub has_appbytes: bool,
}

impl Metrics {
    pub(super) fn exchange(&mut self) {
        std::mem::swap(&mut self.src, &mut self.dst);
    }

    /// Decodes the DSR; an unknown qualifier gives zeros.
    #[inline]
    pub(super) fn parse(dsr: &Dsr<'_>) -> Metrics {
        let has_appbytes = dsr.subtype & 0x05 == 0x04;
        let values = if has_appbytes { 3 } else { 2 };
        let mut m = Metrics { has_appbytes, ..Metrics::default() };
        let Some((side, width)) = dsr.qualifier.checked_sub(1).map(|q| (q / 4, 1usize << (q % 4))) else { return m };
        let side_at = |at| counts(dsr.body, at, width, has_appbytes);
        match side {
            0 => (m.src, m.dst) = (side_at(0), side_at(values * width)),
            1 => m.src = side_at(0),
            2 => m.dst = side_at(0),
            _ => {}
        }
        m
    }
}

#[inline]
fn counts(b: &[u8], at: usize, width: usize, app: bool) -> Counts {
    let read = |n: usize| match width {
        1 => u64::from(wire::byte(b, at + n)),
        2 => u64::from(wire::be16(b, at + 2 * n)),
        4 => u64::from(wire::be32(b, at + 4 * n)),
        _ => wire::be64(b, at + 8 * n),
    };
    Counts { pkts: read(0), bytes: read(1), appbytes: if app { read(2) } else { 0 } }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(bytes: &[u8], src: (u64, u64, u64), dst: (u64, u64, u64)) {
        let m = Metrics::parse(&Dsr::at_start(bytes).expect("a DSR"));
        let t = |c: Counts| (c.pkts, c.bytes, c.appbytes);
        assert_eq!((t(m.src), t(m.dst)), (src, dst));
    }

    #[test]
    fn every_width_and_side_is_read() {
        check(&[0x10, 1, 1, 2, 1, 0x4A, 1, 0x36], (1, 0x4A, 0), (1, 0x36, 0));
        check(&[0x10, 1, 2, 3, 0, 7, 2, 0x62, 0, 7, 0x15, 0x65], (7, 0x262, 0), (7, 0x1565, 0));
        check(&[0x10, 4, 6, 3, 0, 1, 0, 0x57, 0, 0x2D, 0, 0], (1, 0x57, 0x2D), (0, 0, 0));
        check(&[0x10, 1, 0x0B, 3, 0, 0, 0, 9, 0, 1, 0, 0], (0, 0, 0), (9, 65536, 0));
        check(&[0x10, 1, 9, 2, 3, 200, 0, 0], (0, 0, 0), (3, 200, 0));
        check(&[&[0x10, 5, 8, 5][..], &[0; 7], &[1], &[0; 7], &[2]].concat(), (1, 2, 0), (0, 0, 0));
    }

    #[test]
    fn a_short_or_unknown_body_reads_as_zeros() {
        check(&[0x10, 1, 4, 2, 0, 0, 0, 1], (0, 0, 0), (0, 0, 0));
        check(&[0x10, 1, 0, 2, 0, 0, 0, 1], (0, 0, 0), (0, 0, 0));
        check(&[0x10, 1, 99, 2, 0, 0, 0, 1], (0, 0, 0), (0, 0, 0));
    }
}
