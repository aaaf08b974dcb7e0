//! The time DSR, type 03, and which side its stamps belong to.
//!
//! Qualifier 0x19 counts nanoseconds, otherwise microseconds. Subtype bits 08, 10, 20, 40 name the stamps present
//! (source start, source end, destination start, destination end); with none of them the DSR holds one stamp or two.
//! The length decides between absolute pairs of words and one pair followed by offsets in microseconds.

use crate::base::{Span, Timestamp};
use crate::record::codec::Dsr;
use crate::record::wire;

/// Qualifier of stamps in nanoseconds.
const NANOS: u8 = 0x19;

/// When a record's packets were seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Times {
    /// First to last packet of the record.
    pub span: Span,
    /// First to last packet from the source, where it is known.
    pub src: Option<Span>,
    /// First to last packet from the destination, where it is known.
    pub dst: Option<Span>,
}

impl Times {
    pub(super) fn exchange(&mut self) {
        std::mem::swap(&mut self.src, &mut self.dst);
    }

    /// Decodes the DSR and gives the stamps to the sides that sent: `src` and `dst` are packet counts, `mapped` says
    /// that an ICMP error is mapped onto the flow.
    #[inline]
    pub(super) fn parse(dsr: &Dsr<'_>, src: u64, dst: u64, mapped: bool) -> Times {
        let [ss, se, ds, de] = stamps(dsr);
        let mut a = pair(ss, se);
        let mut b = pair(ds, de);
        match (src > 0, dst > 0) {
            (true, true) => match (a, b) {
                (Some(p), None) => (a, b) = share(p, src == 1 && dst == 1),
                (None, Some(p)) => (b, a) = share(p, src == 1 && dst == 1),
                _ => {}
            },
            (true, false) if a.is_none() => (a, b) = (b, None),
            (false, true) if b.is_none() => (b, a) = (a, None),
            _ => {}
        }
        let is_single = src.saturating_add(dst) == 1;
        // An ICMP error about a single packet tells when the answer came.
        if !(is_single && mapped) {
            a = a.map(|p| one_packet(p, src));
            b = b.map(|p| one_packet(p, dst));
        }
        if is_single && !mapped {
            let first = |p: Span| Span { start: p.start, end: p.start };
            (a, b) = (a.map(first), b.map(first));
        }
        let span = match (a, b) {
            (Some(p), Some(q)) => p.union(q),
            (Some(p), None) | (None, Some(p)) => p,
            (None, None) => Span::default(),
        };
        Times { span, src: a, dst: b }
    }
}

/// One pair of stamps for both sides. With one packet each way the first stamp is ours, the second the other's.
fn share(p: Span, one_each: bool) -> (Option<Span>, Option<Span>) {
    if one_each {
        (Some(Span { start: p.start, end: p.start }), Some(Span { start: p.end, end: p.end }))
    } else {
        (Some(p), Some(p))
    }
}

/// One packet cannot last; stamps of different seconds come from a record that was cut.
fn one_packet(p: Span, pkts: u64) -> Span {
    if pkts == 1 && p.start.secs() != p.end.secs() { Span { start: p.start, end: p.start } } else { p }
}

fn pair(start: Option<Timestamp>, end: Option<Timestamp>) -> Option<Span> {
    match (start, end) {
        (Some(s), Some(e)) => Some(Span::new(s, e)),
        (Some(t), None) | (None, Some(t)) => Some(Span { start: t, end: t }),
        (None, None) => None,
    }
}

/// An absolute stamp. Second 0 means absent, and so does what the sensor writes for an end that should have been 0.
#[inline]
fn stamp(secs: u32, fraction: u32, nanos: bool) -> Option<Timestamp> {
    if matches!(secs, 0 | 0xEFFF_FFFF) {
        return None;
    }
    let fraction = i64::from(fraction) * if nanos { 1 } else { 1000 };
    Some(Timestamp::from_parts(i64::from(secs), fraction))
}

/// Source start, source end, destination start, destination end.
#[inline]
fn stamps(dsr: &Dsr<'_>) -> [Option<Timestamp>; 4] {
    let b = dsr.body;
    // The exact value: a sensor that met an ARP packet without hardware addresses spoils this word, but not its stamps.
    let nanos = dsr.qualifier == NANOS;
    let absolute = |n: usize| stamp(wire::be32(b, n * 8), wire::be32(b, n * 8 + 4), nanos);
    let mask = dsr.subtype & 0x78;
    if mask == 0 {
        return [absolute(0), absolute(1), None, None];
    }
    let present = mask.count_ones() as usize;
    let words = b.len() / 4;
    let relative = present > 1 && words == present + 1;
    let first = absolute(0);
    let mut out = [None; 4];
    let mut n = 0;
    for (slot, bit) in out.iter_mut().zip([0x08, 0x10, 0x20, 0x40]) {
        if mask & bit == 0 {
            continue;
        }
        *slot = if relative && n > 0 {
            let offset = i64::from(i32::from_be_bytes(wire::bytes(b, 4 + n * 4)));
            first.map(|t| Timestamp::from_nanos(t.nanos().saturating_add(offset.saturating_mul(1000))))
        } else {
            absolute(n)
        };
        n += 1;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dsr(words: &[u32]) -> Vec<u8> {
        words.iter().flat_map(|w| w.to_be_bytes()).collect()
    }

    fn times(words: &[u32], src: u64, dst: u64) -> [Option<(i64, i64)>; 3] {
        let bytes = dsr(words);
        let t = Times::parse(&Dsr::at_start(&bytes).expect("a DSR"), src, dst, false);
        let micros = |s: Span| (s.start.micros() - 1_000_000_000, s.end.micros() - 1_000_000_000);
        [Some(micros(t.span)), t.src.map(micros), t.dst.map(micros)]
    }

    #[test]
    fn sensor_stamps_go_to_the_sides_that_sent() {
        let two = [0x0302_1805, 1000, 5, 1000, 9];
        assert_eq!(times(&two, 3, 2), [Some((5, 9)); 3]);
        assert_eq!(times(&two, 3, 0), [Some((5, 9)), Some((5, 9)), None]);
        assert_eq!(times(&two, 0, 3), [Some((5, 9)), None, Some((5, 9))]);
        assert_eq!(times(&two, 1, 1), [Some((5, 9)), Some((5, 5)), Some((9, 9))]);
        assert_eq!(times(&two, 1, 0), [Some((5, 5)), Some((5, 5)), None]);
        let one = [0x0301_1803, 1000, 5];
        assert_eq!(times(&one, 2, 0), [Some((5, 5)), Some((5, 5)), None]);
    }

    #[test]
    fn client_stamps_may_be_relative_or_absolute() {
        assert_eq!(
            times(&[0x037D_1806, 1000, 10, 7, (-3i32).cast_unsigned(), 9], 5, 5),
            [Some((7, 19)), Some((10, 17)), Some((7, 19))]
        );
        let absolute = [0x0379_1809, 1000, 1, 1000, 2, 1000, 3, 1000, 4];
        assert_eq!(times(&absolute, 5, 5), [Some((1, 4)), Some((1, 2)), Some((3, 4))]);
        assert_eq!(times(&[0x0321_1803, 1000, 8], 0, 2), [Some((8, 8)), None, Some((8, 8))]);
    }

    #[test]
    fn absent_times_are_absent() {
        assert_eq!(times(&[0x0301_1801], 1, 0)[1], None);
        assert_eq!(times(&[0x0302_1805, 0, 0, 0xEFFF_FFFF, 0], 1, 0)[1], None);
    }

    #[test]
    fn the_stamp_behind_an_arp_key_without_hardware_addresses_is_read() {
        // Its header word is stored in the wrong byte order.
        assert_eq!(times(&[0x0318_0103, 1000, 5], 1, 0)[0], Some((5, 5)));
    }

    #[test]
    fn version_5_counts_nanoseconds() {
        let bytes = dsr(&[0x0301_1903, 1, 7]);
        let t = Times::parse(&Dsr::at_start(&bytes).expect("a DSR"), 1, 0, false);
        assert_eq!(t.span.start, Timestamp::from_nanos(1_000_000_007));
    }
}
