//! A whole record as its bytes.

use super::dsr::Dsrs;
use crate::record::{Cause, wire};

/// What kind of record it is (high nibble of byte 0).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RecordKind {
    /// Management record.
    Mar,
    /// Flow record.
    Far,
    /// Flow record converted from NetFlow; built like a [`Far`](RecordKind::Far).
    Netflow,
    /// Output of a program or content of a file.
    Event,
    /// Anything else: carried through untouched.
    Other(u8),
}

/// One whole record in wire form.
///
/// | offset | size | meaning |
/// |---|---|---|
/// | 0 | 1 | high nibble type (bit 7: management record), low nibble version |
/// | 1 | 1 | high nibble cause, low nibble option |
/// | 2 | 2 | length in words, big-endian, header included |
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordRef<'a> {
    bytes: &'a [u8],
}

impl<'a> RecordRef<'a> {
    /// The record at the start of `bytes`, cut to its length; `None` if it is not all there or has length 0.
    #[inline]
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Option<RecordRef<'a>> {
        let [_, _, hi, lo] = *bytes.first_chunk::<4>()?;
        let len = usize::from(u16::from_be_bytes([hi, lo])) * 4;
        if len == 0 {
            return None;
        }
        Some(RecordRef { bytes: bytes.get(..len)? })
    }

    /// All bytes, header included.
    #[inline]
    #[must_use]
    pub fn bytes(self) -> &'a [u8] {
        self.bytes
    }

    /// What kind of record it is.
    #[inline]
    #[must_use]
    pub fn kind(self) -> RecordKind {
        match wire::byte(self.bytes, 0) & 0xF0 {
            0x10 => RecordKind::Far,
            0x30 => RecordKind::Netflow,
            0x40 => RecordKind::Event,
            0x80.. => RecordKind::Mar,
            other => RecordKind::Other(other),
        }
    }

    /// Format version: 3 or 5 in records that make sense.
    #[inline]
    #[must_use]
    pub fn version(self) -> u8 {
        wire::byte(self.bytes, 0) & 0x0F
    }

    /// Whether the version is one whose layouts are known.
    #[inline]
    #[must_use]
    pub fn is_known_version(self) -> bool {
        matches!(self.version(), 3 | 5)
    }

    /// Why the record was written.
    #[inline]
    #[must_use]
    pub fn cause(self) -> Cause {
        Cause::from_wire(wire::byte(self.bytes, 1))
    }

    /// Low nibble of the cause byte; only used by error reports.
    #[must_use]
    pub fn option(self) -> u8 {
        wire::byte(self.bytes, 1) & 0x0F
    }

    /// The DSRs in their order. Empty for management records, which have none.
    #[inline]
    #[must_use]
    pub fn dsrs(self) -> Dsrs<'a> {
        let body = if self.kind() == RecordKind::Mar { &[][..] } else { self.bytes.get(4..).unwrap_or(&[]) };
        Dsrs::new(body)
    }

    /// Whether the DSRs fill the record exactly, as they should.
    #[must_use]
    pub fn is_sound(self) -> bool {
        let mut dsrs = self.dsrs();
        while dsrs.next().is_some() {}
        dsrs.rest().is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_dsr_is_walked_over() {
        let bytes = [
            0x13, 0x10, 0, 7, // header
            0x80, 1, 2, 3, // immediate
            0x50, 0x90, 0, 2, 1, 2, 3, 4, // long
            0x66, 0, 9, 3, 5, 5, 5, 5, 6, 6, 6, 6, // normal
        ];
        let record = RecordRef::new(&bytes).expect("whole");
        let seen: Vec<_> = record.dsrs().map(|d| (d.kind, d.qualifier, d.words(), d.body.len())).collect();
        assert_eq!(seen, [(0x80, 2, 1, 0), (0x50, 0, 2, 4), (0x66, 9, 3, 8)]);
        assert!(record.is_sound());
    }

    #[test]
    fn a_dsr_of_length_zero_or_past_the_record_ends_the_walk() {
        for bad in [[0x66, 0, 0, 0], [0x66, 0, 0, 9]] {
            let bytes = [&[0x13, 0x10, 0, 3, 0x40, 0, 0, 1][..], &bad].concat();
            let record = RecordRef::new(&bytes).expect("whole");
            assert_eq!(record.dsrs().count(), 1);
            assert!(!record.is_sound());
        }
    }

    #[test]
    fn a_record_is_cut_to_its_length_and_must_be_whole() {
        assert_eq!(RecordRef::new(&[0x13, 0x10, 0, 1, 9, 9]).map(|r| r.bytes().len()), Some(4));
        assert_eq!(RecordRef::new(&[0x13, 0x10, 0, 2, 9, 9]), None);
        assert_eq!(RecordRef::new(&[0, 0, 0, 0]), None);
        assert_eq!(RecordRef::new(&[0x13]), None);
    }
}
