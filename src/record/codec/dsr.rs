//! One data specific record (DSR) and the walk over all DSRs of a record.
//!
//! | form | when | byte 0 | byte 1 | byte 2 | byte 3 |
//! |---|---|---|---|---|---|
//! | immediate | type bit 7 | type | subtype | value, 2 bytes | |
//! | long | subtype bit 7 | type | subtype | length `u16` be, words | |
//! | normal | otherwise | type | subtype | qualifier | length `u8`, words |
//!
//! The length counts this first word.

use crate::record::wire;

/// One DSR within its record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dsr<'a> {
    /// Type byte.
    pub kind: u8,
    /// Subtype byte, bit 7 included.
    pub subtype: u8,
    /// Qualifier byte; 0 in the long form.
    pub qualifier: u8,
    /// Everything after the first word.
    pub body: &'a [u8],
    /// The whole DSR, first word included.
    pub bytes: &'a [u8],
}

impl<'a> Dsr<'a> {
    /// The DSR at the start of `bytes`, cut to its length; `None` if its length is 0 or reaches past the end.
    #[inline]
    #[must_use]
    pub fn at_start(bytes: &'a [u8]) -> Option<Dsr<'a>> {
        let head = bytes.first_chunk::<4>()?;
        let [kind, subtype, second, third] = *head;
        let (words, qualifier) = if kind & 0x80 != 0 {
            (1, second)
        } else if subtype & 0x80 != 0 {
            (usize::from(u16::from_be_bytes([second, third])), 0)
        } else {
            (usize::from(third), second)
        };
        if words == 0 {
            return None;
        }
        let bytes = bytes.get(..words * 4)?;
        Some(Dsr { kind, subtype, qualifier, body: bytes.get(4..).unwrap_or(&[]), bytes })
    }

    /// Length in words, first word included.
    #[must_use]
    pub fn words(&self) -> usize {
        self.bytes.len() / 4
    }

    /// The value of an immediate DSR: bytes 2 and 3.
    #[must_use]
    pub fn value(&self) -> u16 {
        wire::be16(self.bytes, 2)
    }
}

/// Walks over the DSRs of one record; stops at the first length that cannot be.
#[derive(Clone, Debug)]
pub struct Dsrs<'a> {
    rest: &'a [u8],
}

impl<'a> Dsrs<'a> {
    /// Over everything behind the record header.
    pub(super) fn new(rest: &'a [u8]) -> Dsrs<'a> {
        Dsrs { rest }
    }

    /// What has not been walked over: after the end empty, or the damaged rest.
    #[must_use]
    pub fn rest(&self) -> &'a [u8] {
        self.rest
    }
}

impl<'a> Iterator for Dsrs<'a> {
    type Item = Dsr<'a>;

    #[inline]
    fn next(&mut self) -> Option<Dsr<'a>> {
        let dsr = Dsr::at_start(self.rest)?;
        self.rest = self.rest.get(dsr.bytes.len()..).unwrap_or(&[]);
        Some(dsr)
    }
}
