//! Cuts a byte stream into records.

use super::mar::{Cookie, MAR_LEN};
use super::record::{RecordKind, RecordRef};
use crate::record::wire;

/// Room offered for one read.
const READ_LEN: usize = 64 * 1024;

/// Why a stream cannot be cut into records.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FrameError {
    /// It does not begin like a stream of records.
    #[error("expected a management record of 128 bytes with a known cookie at the start, found {found}")]
    NotArgus {
        /// The first bytes in hex, or what they look like.
        found: String,
    },
    /// It comes from version 2 of argus.
    #[error("written by argus 2.x, whose format is not supported; convert it with an argus 3.x client first")]
    Version2,
    /// It ends within the first record.
    #[error("the input ends after {have} of the 128 bytes of the initial management record")]
    TruncatedStart {
        /// Bytes there are.
        have: usize,
    },
    /// It ends within a later record.
    #[error("record at byte {offset} says {need} bytes, the input ends after {have}")]
    Truncated {
        /// Where the record begins.
        offset: u64,
        /// Its length as it says.
        need: usize,
        /// Bytes there are.
        have: usize,
    },
    /// The server turned us away with a record of one word.
    #[error("{}", refusal(*.option))]
    Refused {
        /// 1 access denied, 2 too many clients.
        option: u8,
    },
}

fn refusal(option: u8) -> String {
    match option {
        1 => "the server refuses the connection: access denied".into(),
        2 => "the server refuses the connection: too many clients".into(),
        n => format!("the server refuses the connection with error {n}"),
    }
}

/// Holds the part of a stream that is not yet used, and gives out whole records. Needs at most the largest possible
/// record (262,140 bytes) and one read of memory.
#[derive(Debug, Default)]
pub struct Framer {
    buf: Vec<u8>,
    start: usize,
    end: usize,
    offset: u64,
    begun: bool,
}

impl Framer {
    /// For a stream from its beginning.
    #[must_use]
    pub fn new() -> Framer {
        Framer::default()
    }

    /// Room for the next bytes of the stream; say with [`filled`](Framer::filled) how many were put there.
    pub fn space(&mut self) -> &mut [u8] {
        if self.start > 0 {
            self.buf.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        if self.buf.len() < self.end + READ_LEN {
            self.buf.resize(self.end + READ_LEN, 0);
        }
        self.buf.get_mut(self.end..).unwrap_or_default()
    }

    /// Takes over `count` bytes that were put into [`space`](Framer::space).
    pub fn filled(&mut self, count: usize) {
        self.end = (self.end + count).min(self.buf.len());
    }

    /// Appends bytes of the stream.
    pub fn push(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let space = self.space();
            let n = space.len().min(bytes.len());
            let (now, later) = bytes.split_at(n);
            for (to, from) in space.iter_mut().zip(now) {
                *to = *from;
            }
            bytes = later;
            self.filled(n);
        }
    }

    /// Offset in the stream of the next record.
    #[must_use]
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// Bytes held and not yet used.
    #[must_use]
    pub fn held(&self) -> usize {
        self.end - self.start
    }

    /// The next whole record and its offset, or `None` if more bytes are needed. Filler words are skipped.
    ///
    /// # Errors
    /// The stream does not begin with a management record of a known version, or the server refused.
    #[inline]
    pub fn next_record(&mut self) -> Result<Option<(u64, RecordRef<'_>)>, FrameError> {
        if !self.begun {
            if !starts_well(self.buf.get(self.start..self.end).unwrap_or(&[]))? {
                return Ok(None);
            }
            self.begun = true;
        }
        while self.end - self.start >= 4 && wire::be16(&self.buf, self.start + 2) == 0 {
            self.start += 4;
            self.offset += 4;
        }
        let Some(record) = self.buf.get(self.start..self.end).and_then(RecordRef::new) else {
            return Ok(None);
        };
        let at = self.offset;
        self.start += record.bytes().len();
        self.offset += record.bytes().len() as u64;
        Ok(Some((at, record)))
    }

    /// To be asked when the stream has ended and [`next_record`](Framer::next_record) gave `None`.
    ///
    /// # Errors
    /// The stream ended within a record.
    pub fn finish(&self) -> Result<(), FrameError> {
        let rest = self.buf.get(self.start..self.end).unwrap_or(&[]);
        match (self.begun, rest.len()) {
            (false, have) if have < 12 => Err(not_argus(rest)),
            (false, have) => Err(FrameError::TruncatedStart { have }),
            (true, 0) => Ok(()),
            (true, have) => {
                let need = if have < 4 { 4 } else { usize::from(wire::be16(rest, 2)) * 4 };
                Err(FrameError::Truncated { offset: self.offset, need, have })
            }
        }
    }
}

/// Whether the stream begins as it must; false when that cannot be said yet.
fn starts_well(head: &[u8]) -> Result<bool, FrameError> {
    let Some([first, second, hi, lo]) = head.first_chunk::<4>().copied() else { return Ok(false) };
    let words = u16::from_be_bytes([hi, lo]);
    if first & 0x80 == 0 {
        return Err(not_argus(head));
    }
    if words == 1 && second & 0xF0 == 0x80 {
        return Err(FrameError::Refused { option: second & 0x0F });
    }
    if head.len() < 12 {
        return if usize::from(words) * 4 == MAR_LEN { Ok(false) } else { Err(not_argus(head)) };
    }
    match Cookie::from_wire(wire::be32(head, 8)) {
        Some(Cookie::V2) => Err(FrameError::Version2),
        Some(_) if usize::from(words) * 4 == MAR_LEN => Ok(head.len() >= MAR_LEN),
        _ => Err(not_argus(head)),
    }
}

fn not_argus(head: &[u8]) -> FrameError {
    use std::fmt::Write as _;
    if head.is_empty() {
        return FrameError::NotArgus { found: "nothing".into() };
    }
    let mut found = String::from("bytes");
    for b in head.iter().take(12) {
        let _ = write!(found, " {b:02x}");
    }
    FrameError::NotArgus { found }
}

/// Whether bytes begin like a stream of argus records; 12 bytes are enough to tell.
impl Framer {
    /// Whether `head`, the first bytes of some input, is the beginning of an argus stream of any version.
    #[must_use]
    pub fn recognises(head: &[u8]) -> bool {
        let kind = RecordRef::new(&[wire::byte(head, 0), 0, 0, 1]).map(RecordRef::kind);
        head.len() >= 12
            && kind == Some(RecordKind::Mar)
            && usize::from(wire::be16(head, 2)) * 4 == MAR_LEN
            && Cookie::from_wire(wire::be32(head, 8)).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::super::mar::{MarCause, MarMaker};
    use super::*;
    use crate::base::Timestamp;

    fn mar() -> Vec<u8> {
        let mut out = Vec::new();
        MarMaker::new(Timestamp::from_micros(1)).write(MarCause::Start, Timestamp::from_micros(2), &mut out);
        out
    }

    fn all(bytes: &[u8], step: usize) -> (Vec<(u64, usize)>, Result<(), FrameError>) {
        let (mut framer, mut seen) = (Framer::new(), Vec::new());
        for part in bytes.chunks(step) {
            framer.push(part);
            loop {
                match framer.next_record() {
                    Ok(Some((at, r))) => seen.push((at, r.bytes().len())),
                    Ok(None) => break,
                    Err(e) => return (seen, Err(e)),
                }
            }
        }
        let end = framer.finish();
        (seen, end)
    }

    #[test]
    fn records_come_out_whole_however_the_bytes_arrive() {
        let bytes = [&mar()[..], &[0; 8], &[0x13, 0x10, 0, 2, 1, 2, 3, 4], &mar(), &[0x13, 0x20, 0, 1]].concat();
        for step in [1, 3, 4, 127, 1000] {
            assert_eq!(all(&bytes, step), (vec![(0, 128), (136, 8), (144, 128), (272, 4)], Ok(())), "step {step}");
        }
    }

    #[test]
    fn an_end_within_a_record_is_told_with_its_offset() {
        let bytes = [&mar()[..], &[0x13, 0x10, 0, 3, 1, 2]].concat();
        assert_eq!(all(&bytes, 50).1, Err(FrameError::Truncated { offset: 128, need: 12, have: 6 }));
        assert_eq!(all(&bytes[..100], 50).1, Err(FrameError::TruncatedStart { have: 100 }));
        assert_eq!(all(&bytes[..128], 50), (vec![(0, 128)], Ok(())));
        assert!(matches!(all(&bytes[..10], 50).1, Err(FrameError::NotArgus { .. })));
        assert!(matches!(all(&[], 50).1, Err(FrameError::NotArgus { .. })));
    }

    #[test]
    fn other_content_is_refused_at_once() {
        assert!(matches!(all(b"hello, world, this is text", 99).1, Err(FrameError::NotArgus { .. })));
        assert!(matches!(all(&[0x13, 0x10, 0, 2, 0, 0, 0, 0], 99).1, Err(FrameError::NotArgus { .. })));
        let mut two = mar();
        two[8..12].copy_from_slice(&[0xE5, 0x61, 0x7A, 0xCB]);
        assert_eq!(all(&two, 99).1, Err(FrameError::Version2));
        assert_eq!(all(&[0x83, 0x82, 0, 1], 99).1, Err(FrameError::Refused { option: 2 }));
    }

    #[test]
    fn the_largest_length_costs_no_more_than_the_largest_record() {
        let mut framer = Framer::new();
        framer.push(&mar());
        framer.push(&[0x13, 0x10, 0xFF, 0xFF]);
        framer.push(&vec![0; 262_135]);
        let _ = framer.next_record();
        assert_eq!(framer.next_record(), Ok(None));
        framer.push(&[0]);
        assert_eq!(framer.next_record().map(|r| r.map(|r| r.1.bytes().len())), Ok(Some(262_140)));
        assert!(framer.buf.len() <= 262_140 + 2 * READ_LEN);
    }

    #[test]
    fn content_is_recognised_by_its_first_twelve_bytes() {
        assert!(Framer::recognises(&mar()[..12]));
        assert!(!Framer::recognises(&mar()[..11]));
        assert!(!Framer::recognises(&[0; 12]));
    }
}
