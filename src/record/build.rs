//! Puts a record together: header, then DSRs, lengths filled in at the end.
//!
//! # Source
//! Framing after the observed format, `docs/records.md`: 4-byte header (type|version, cause, length in words), then
//! DSRs of whole 4-byte words.

use super::{Counts, Sides};

/// Writes one record into a buffer. Dropped without [`finish`](RecordBuilder::finish), it takes its bytes back.
#[derive(Debug)]
pub struct RecordBuilder<'a> {
    out: &'a mut Vec<u8>,
    start: usize,
    done: bool,
}

impl<'a> RecordBuilder<'a> {
    /// Starts a record at the end of `out`. `head` is byte 0 (type nibble and version nibble, `0x13` for a flow record
    /// of version 3), `cause` byte 1.
    pub fn new(out: &'a mut Vec<u8>, head: u8, cause: u8) -> RecordBuilder<'a> {
        let start = out.len();
        out.extend_from_slice(&[head, cause, 0, 0]);
        RecordBuilder { out, start, done: false }
    }

    /// Appends a DSR in the normal form: 4-byte header, then what `body` appends, padded with zeros to a word.
    /// A body of more than 254 words is left out and false is returned.
    pub fn dsr(&mut self, kind: u8, subtype: u8, qualifier: u8, body: impl FnOnce(&mut Vec<u8>)) -> bool {
        let at = self.out.len();
        self.out.extend_from_slice(&[kind, subtype, qualifier, 0]);
        body(self.out);
        self.pad_from(at);
        let words = (self.out.len() - at) / 4;
        match u8::try_from(words) {
            Ok(w) => {
                self.out[at + 3] = w;
                true
            }
            Err(_) => {
                self.out.truncate(at);
                false
            }
        }
    }

    /// Appends a DSR in the long form (16-bit length, subtype bit 0x80 set by the caller). A body of more than 65,534
    /// words is left out and false is returned.
    pub fn long_dsr(&mut self, kind: u8, subtype: u8, body: impl FnOnce(&mut Vec<u8>)) -> bool {
        let at = self.out.len();
        self.out.extend_from_slice(&[kind, subtype, 0, 0]);
        body(self.out);
        self.pad_from(at);
        match u16::try_from((self.out.len() - at) / 4) {
            Ok(w) => {
                self.out[at + 2..at + 4].copy_from_slice(&w.to_be_bytes());
                true
            }
            Err(_) => {
                self.out.truncate(at);
                false
            }
        }
    }

    /// Appends bytes that already are whole DSRs.
    pub fn raw(&mut self, dsrs: &[u8]) {
        let at = self.out.len();
        self.out.extend_from_slice(dsrs);
        self.pad_from(at);
    }

    /// Appends what both sides sent, in the least width that holds it; one side alone where the other sent nothing.
    pub fn metrics(&mut self, counts: Sides<Counts>, has_appbytes: bool) {
        let Sides { src, dst } = counts;
        let largest = |c: Counts| c.pkts.max(c.bytes).max(c.appbytes);
        let is_empty = |c: Counts| largest(c) == 0;
        let (sides, first) = match (is_empty(src), is_empty(dst)) {
            (false, true) => (&[src][..], 4),
            (true, false) => (&[dst][..], 8),
            _ => (&[src, dst][..], 0),
        };
        // One side alone is never written in single bytes: old clients do not read it.
        let narrowest = if first == 0 || has_appbytes { 1 } else { 2usize };
        let needed = match largest(src).max(largest(dst)) {
            0..=0xFF => 1,
            0x100..=0xFFFF => 2,
            0x1_0000..=0xFFFF_FFFF => 4,
            _ => 8,
        };
        let width = narrowest.max(needed);
        let qualifier = first + 1 + width.trailing_zeros() as u8;
        self.dsr(0x10, if has_appbytes { 4 } else { 1 }, qualifier, |b| {
            for c in sides {
                let app = has_appbytes.then_some(c.appbytes);
                for value in [Some(c.pkts), Some(c.bytes), app].into_iter().flatten() {
                    b.extend_from_slice(value.to_be_bytes().get(8 - width..).unwrap_or(&[]));
                }
            }
        });
    }

    /// Fills in the record's length. A record of more than 65,535 words is taken back and false is returned.
    pub fn finish(mut self) -> bool {
        match u16::try_from((self.out.len() - self.start) / 4) {
            Ok(w) => {
                self.out[self.start + 2..self.start + 4].copy_from_slice(&w.to_be_bytes());
                self.done = true;
                true
            }
            Err(_) => false,
        }
    }

    fn pad_from(&mut self, at: usize) {
        while !(self.out.len() - at).is_multiple_of(4) {
            self.out.push(0);
        }
    }
}

impl Drop for RecordBuilder<'_> {
    fn drop(&mut self) {
        if !self.done {
            self.out.truncate(self.start);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_in_words_and_padded() {
        let mut out = vec![0xAA];
        let mut r = RecordBuilder::new(&mut out, 0x13, 0x10);
        assert!(r.dsr(0x66, 0, 0, |b| b.extend_from_slice(b"abcde")));
        assert!(r.finish());
        assert_eq!(out, [&[0xAA, 0x13, 0x10, 0, 4, 0x66, 0, 0, 3][..], b"abcde\0\0\0"].concat());
    }

    #[test]
    fn an_unfinished_record_leaves_nothing() {
        let mut out = Vec::new();
        let _ = RecordBuilder::new(&mut out, 0x13, 0x10).dsr(0x66, 0, 0, |b| b.push(1));
        assert!(out.is_empty());
    }

    #[test]
    fn an_oversized_dsr_is_left_out() {
        let mut out = Vec::new();
        let mut r = RecordBuilder::new(&mut out, 0x13, 0x10);
        assert!(!r.dsr(0x66, 0, 0, |b| b.resize(b.len() + 1021, 1)));
        assert!(r.finish());
        assert_eq!(out.len(), 4);
    }
}
