//! Packets out of capture files, one at a time.
//!
//! Classic pcap comes in several dresses: microseconds or nanoseconds, either byte order, and a "modified" form whose
//! packet headers are eight bytes longer. pcapng is read by [`super::pcapng`]; both share the window that holds the
//! part of the file under work.

use std::io::Read;

use pcap_parser::pcap::parse_pcap_header;

use super::link::LinkType;
use super::pcapng::Sections;
use super::tsh::TimeSequence;
use crate::base::Timestamp;

/// Packets larger than this are refused, unless the file itself announces a larger snap length.
const MAX_PACKET: u32 = 262_144;
/// No packet is larger than this, whatever the file announces.
const MAX_SNAPLEN: u32 = 16 << 20;
/// Bytes asked from the reader at a time.
const CHUNK: usize = 256 * 1024;
const PCAP_HEADER: usize = 24;

/// Why a capture cannot be read, or not on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CaptureError {
    /// The system refused to read.
    #[error("reading failed: {0}")]
    Io(#[from] std::io::Error),
    /// The input is empty.
    #[error("the input is empty; expected a packet capture (pcap or pcapng)")]
    Empty,
    /// The first bytes belong to no capture format.
    #[error("not a packet capture: it begins with {found}; expected pcap or pcapng")]
    Format {
        /// The first bytes in hexadecimal.
        found: String,
    },
    /// A length or a value that cannot be right; everything before it has been delivered.
    #[error("damaged at byte {offset}: {problem}")]
    Damaged {
        /// Offset of the packet or block.
        offset: u64,
        /// What was expected and found.
        problem: String,
    },
    /// The input ends inside a packet; everything before it has been delivered.
    #[error("cut off at byte {offset}: {need} bytes expected, {have} found")]
    Truncated {
        /// Offset of the packet or block.
        offset: u64,
        /// Bytes that its header promises.
        need: u64,
        /// Bytes that are there.
        have: u64,
    },
}

/// A packet as it lies in the capture.
#[derive(Clone, Copy, Debug)]
pub struct RawPacket<'a> {
    /// When it was captured.
    pub at: Timestamp,
    /// Link type of its interface.
    pub link: LinkType,
    /// The captured bytes.
    pub data: &'a [u8],
    /// Its length on the wire, bytes.
    pub wire_len: u32,
}

/// Whether a file that begins with `head` (4 bytes or more) is a packet capture.
#[must_use]
pub fn is_capture(head: &[u8]) -> bool {
    head.first_chunk::<4>().is_some_and(|m| Format::of(*m).is_some())
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Pcap { big: bool, nanos: bool, modified: bool },
    PcapNg,
}

impl Format {
    fn of(magic: [u8; 4]) -> Option<Format> {
        let pcap = |big, nanos, modified| Some(Format::Pcap { big, nanos, modified });
        match u32::from_be_bytes(magic) {
            0xA1B2_C3D4 => pcap(true, false, false),
            0xD4C3_B2A1 => pcap(false, false, false),
            0xA1B2_3C4D => pcap(true, true, false),
            0x4D3C_B2A1 => pcap(false, true, false),
            0xA1B2_CD34 => pcap(true, false, true),
            0x34CD_B2A1 => pcap(false, false, true),
            0x0A0D_0D0A => Some(Format::PcapNg),
            _ => None,
        }
    }
}

/// The part of the input that is in memory.
pub(super) struct Window {
    input: Box<dyn Read + Send>,
    buf: Vec<u8>,
    start: usize,
    end: usize,
    offset: u64,
}

impl Window {
    fn new(input: Box<dyn Read + Send>) -> Window {
        Window { input, buf: vec![0; CHUNK], start: 0, end: 0, offset: 0 }
    }

    /// Offset in the input of the first byte of the window.
    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    /// What is in memory.
    #[inline]
    pub(super) fn data(&self) -> &[u8] {
        self.buf.get(self.start..self.end).unwrap_or(&[])
    }

    /// Drops `n` bytes, which are in memory.
    #[inline]
    pub(super) fn consume(&mut self, n: usize) {
        self.start += n.min(self.end - self.start);
        self.offset += n as u64;
    }

    /// Reads until `n` bytes are in memory or the input ends; says whether they are.
    #[inline]
    pub(super) fn ensure(&mut self, n: usize) -> std::io::Result<bool> {
        if self.end - self.start >= n { Ok(true) } else { self.fill(n) }
    }

    #[cold]
    fn fill(&mut self, n: usize) -> std::io::Result<bool> {
        self.buf.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        self.start = 0;
        if self.buf.len() < n {
            self.buf.resize(n + CHUNK, 0);
        }
        while self.end < n {
            let Some(space) = self.buf.get_mut(self.end..) else { break };
            match self.input.read(space) {
                Ok(0) => return Ok(false),
                Ok(got) => self.end += got.min(space.len()),
                Err(e) if e.kind() == std::io::ErrorKind::Interrupted => {}
                Err(e) => return Err(e),
            }
        }
        Ok(true)
    }

    /// Passes `n` bytes without keeping them; says whether they were there.
    pub(super) fn skip(&mut self, mut n: u64) -> std::io::Result<bool> {
        while n > 0 {
            if self.data().is_empty() && !self.ensure(1)? {
                return Ok(false);
            }
            let step = usize::try_from(n).unwrap_or(usize::MAX).min(self.data().len());
            self.consume(step);
            n -= step as u64;
        }
        Ok(true)
    }

    /// The error for an input that ends inside something of `need` bytes.
    pub(super) fn truncated(&self, need: usize) -> CaptureError {
        CaptureError::Truncated { offset: self.offset, need: need as u64, have: self.data().len() as u64 }
    }
}

#[derive(Debug)]
struct Classic {
    big: bool,
    nanos: bool,
    header: usize,
    link: LinkType,
    limit: u32,
}

enum Reader {
    Pcap(Classic),
    PcapNg(Sections),
    Tsh(TimeSequence),
}

/// Takes packets out of a capture.
pub struct PacketReader {
    window: Window,
    reader: Reader,
    consume: usize,
    ended: bool,
}

impl std::fmt::Debug for PacketReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PacketReader").field("offset", &self.window.offset).finish_non_exhaustive()
    }
}

impl PacketReader {
    /// Reads the file header from `input`.
    ///
    /// # Errors
    /// The input is empty, no capture, or ends inside its header; or the system refused to read.
    pub fn new(input: Box<dyn Read + Send>) -> Result<PacketReader, CaptureError> {
        let mut window = Window::new(input);
        window.ensure(PCAP_HEADER)?;
        let head = window.data();
        if head.is_empty() {
            return Err(CaptureError::Empty);
        }
        let magic = head.first_chunk::<4>();
        let reader = match magic.and_then(|m| Format::of(*m)) {
            Some(Format::PcapNg) => Reader::PcapNg(Sections::new()),
            Some(Format::Pcap { big, nanos, modified }) => {
                let Some(head) = head.get(..PCAP_HEADER) else { return Err(window.truncated(PCAP_HEADER)) };
                let classic = Classic::new(head, (big, nanos, modified));
                window.consume(PCAP_HEADER);
                Reader::Pcap(classic)
            }
            None => {
                let found = head.iter().take(4).map(|b| format!("{b:02x}")).collect();
                return Err(CaptureError::Format { found });
            }
        };
        Ok(PacketReader { window, reader, consume: 0, ended: false })
    }

    /// Takes `input` as a time sequence header file, which nothing at its beginning tells from other files.
    ///
    /// # Errors
    /// The input is empty, or the system refused to read.
    pub fn time_sequence(input: Box<dyn Read + Send>) -> Result<PacketReader, CaptureError> {
        let mut window = Window::new(input);
        if !window.ensure(1)? {
            return Err(CaptureError::Empty);
        }
        Ok(PacketReader { window, reader: Reader::Tsh(TimeSequence::default()), consume: 0, ended: false })
    }

    /// The link type, where one holds for the whole file.
    #[must_use]
    pub fn link(&self) -> Option<LinkType> {
        match &self.reader {
            Reader::Pcap(c) => Some(c.link),
            Reader::PcapNg(_) => None,
            Reader::Tsh(_) => Some(LinkType::RAW),
        }
    }

    /// Packets that lie whole in memory behind the one taken last, to be looked at together and then taken with
    /// [`PacketReader::pass`]. There may be fewer than the capture holds, and none in a pcapng file; what is missing or
    /// damaged is for [`PacketReader::next_packet`].
    #[must_use]
    pub fn ahead(&self) -> Ahead<'_> {
        let classic = match &self.reader {
            Reader::Pcap(c) if !self.ended => Some(c),
            Reader::Pcap(_) | Reader::PcapNg(_) | Reader::Tsh(_) => None,
        };
        let rest = self.window.data().get(self.consume..).unwrap_or(&[]);
        Ahead { classic, rest, begin: self.consume, passed: self.consume }
    }

    /// Takes the packets that [`Ahead::passed`] says, so that the next one is that behind them.
    pub fn pass(&mut self, passed: Passed) {
        self.consume = self.consume.max(passed.0);
    }

    /// Goes on behind the end, or behind what was cut off there, in case the input has grown.
    pub fn resume(&mut self) {
        self.ended = false;
    }

    /// The next packet, or nothing at the end of the capture.
    ///
    /// # Errors
    /// The capture is damaged or cut off; after an error nothing more comes.
    pub fn next_packet(&mut self) -> Result<Option<RawPacket<'_>>, CaptureError> {
        self.window.consume(std::mem::take(&mut self.consume));
        if self.ended {
            return Ok(None);
        }
        let found = match &mut self.reader {
            Reader::Pcap(c) => c.locate(&mut self.window),
            Reader::PcapNg(s) => s.locate(&mut self.window),
            Reader::Tsh(t) => t.locate(&mut self.window),
        };
        match found {
            Ok(Some(found)) => {
                self.consume = found.size;
                let data = match &self.reader {
                    Reader::Tsh(t) => t.packet(),
                    _ => self.window.data().get(found.data.0..found.data.0 + found.data.1).unwrap_or(&[]),
                };
                Ok(Some(RawPacket { at: found.at, link: found.link, data, wire_len: found.wire_len }))
            }
            Ok(None) => {
                self.ended = true;
                Ok(None)
            }
            Err(e) => {
                self.ended = true;
                Err(e)
            }
        }
    }
}

/// Packets of a capture that lie in memory.
#[derive(Debug)]
pub struct Ahead<'a> {
    classic: Option<&'a Classic>,
    rest: &'a [u8],
    begin: usize,
    passed: usize,
}

/// How far [`Ahead`] has come in its capture.
#[derive(Clone, Copy, Debug)]
pub struct Passed(usize);

impl Ahead<'_> {
    /// How far the packets reach that have been looked at.
    #[must_use]
    pub fn passed(&self) -> Passed {
        Passed(self.passed)
    }

    /// Whether a packet has been looked at.
    #[must_use]
    pub fn has_begun(&self) -> bool {
        self.passed > self.begin
    }
}

impl<'a> Iterator for Ahead<'a> {
    type Item = RawPacket<'a>;

    #[inline]
    fn next(&mut self) -> Option<RawPacket<'a>> {
        let classic = self.classic?;
        let [secs, fraction, captured, wire_len] = classic.words(self.rest.first_chunk::<16>()?);
        if captured > classic.limit {
            return None;
        }
        let size = classic.header + captured as usize;
        let data = self.rest.get(classic.header..size)?;
        self.rest = self.rest.get(size..)?;
        self.passed += size;
        Some(RawPacket { at: classic.time(secs, fraction), link: classic.link, data, wire_len })
    }
}

/// Where in the window a packet lies: `data` is offset and length, `size` what to drop afterwards.
pub(super) struct Found {
    pub(super) at: Timestamp,
    pub(super) link: LinkType,
    pub(super) wire_len: u32,
    pub(super) data: (usize, usize),
    pub(super) size: usize,
}

impl Classic {
    fn new(head: &[u8], (big, nanos, modified): (bool, bool, bool)) -> Classic {
        // Big-endian files of the modified form are unknown to the header parser, which differs in nothing else.
        let (snaplen, link) = match parse_pcap_header(head) {
            Ok((_, h)) => (h.snaplen, h.network.0.cast_unsigned()),
            Err(_) => (be32_at(head, 16), be32_at(head, 20)),
        };
        Classic {
            big,
            nanos,
            header: if modified { 24 } else { 16 },
            // The upper bits say whether and which frame check sequence is at the end of frames.
            link: LinkType(link & 0x03FF_FFFF),
            limit: MAX_PACKET.max(snaplen.min(MAX_SNAPLEN)),
        }
    }

    /// The words of a packet's header: seconds, their fraction, captured bytes, bytes on the wire.
    #[inline]
    fn words(&self, h: &[u8; 16]) -> [u32; 4] {
        let &[a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p] = h;
        let words = [[a, b, c, d], [e, f, g, h], [i, j, k, l], [m, n, o, p]].map(u32::from_le_bytes);
        if self.big { words.map(u32::swap_bytes) } else { words }
    }

    #[inline]
    fn time(&self, secs: u32, fraction: u32) -> Timestamp {
        let nanos = if self.nanos { i64::from(fraction) } else { i64::from(fraction) * 1000 };
        Timestamp::from_parts(i64::from(secs), nanos)
    }

    #[inline]
    fn locate(&self, window: &mut Window) -> Result<Option<Found>, CaptureError> {
        if !window.ensure(self.header)? {
            return if window.data().is_empty() { Ok(None) } else { Err(window.truncated(self.header)) };
        }
        let Some(h) = window.data().first_chunk::<16>() else { return Ok(None) };
        let [secs, fraction, captured, wire_len] = self.words(h);
        if captured > self.limit {
            return Err(CaptureError::Damaged {
                offset: window.offset(),
                problem: format!("the packet claims {captured} captured bytes; at most {} expected", self.limit),
            });
        }
        let size = self.header + captured as usize;
        if !window.ensure(size)? {
            return Err(window.truncated(size));
        }
        Ok(Some(Found {
            at: self.time(secs, fraction),
            link: self.link,
            wire_len,
            data: (self.header, captured as usize),
            size,
        }))
    }
}

fn be32_at(head: &[u8], at: usize) -> u32 {
    super::bytes::be32(head, at).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn classic(magic: [u8; 4], big: bool, extra: usize, packets: &[&[u8]]) -> Vec<u8> {
        let n = |v: u32| if big { v.to_be_bytes() } else { v.to_le_bytes() };
        let mut f = magic.to_vec();
        for v in [0, 0, 0, 65_535, 101] {
            f.extend(n(v));
        }
        f.splice(4..8, if big { [0, 2, 0, 4] } else { [2, 0, 4, 0] });
        for p in packets {
            for v in [7, 9, p.len() as u32, p.len() as u32 + 1] {
                f.extend(n(v));
            }
            f.extend(std::iter::repeat_n(0, extra));
            f.extend(*p);
        }
        f
    }

    type Seen = (i64, u32, u32, Vec<u8>);

    fn read(file: Vec<u8>) -> (Vec<Seen>, Option<CaptureError>) {
        let mut r = match PacketReader::new(Box::new(std::io::Cursor::new(file))) {
            Ok(r) => r,
            Err(e) => return (Vec::new(), Some(e)),
        };
        let mut all = Vec::new();
        loop {
            match r.next_packet() {
                Ok(Some(p)) => all.push((p.at.nanos(), p.link.0, p.wire_len, p.data.to_vec())),
                Ok(None) => return (all, None),
                Err(e) => return (all, Some(e)),
            }
        }
    }

    #[test]
    fn what_lies_ahead_is_what_comes() {
        let packets: [&[u8]; 4] = [b"ab", b"", b"cde", b"f"];
        for (magic, big, extra) in [([0xD4, 0xC3, 0xB2, 0xA1], false, 0), ([0xA1, 0xB2, 0xCD, 0x34], true, 8)] {
            let mut file = classic(magic, big, extra, &packets);
            // A cut packet is not ahead.
            file.extend([0; 10]);
            let mut r = PacketReader::new(Box::new(std::io::Cursor::new(file))).expect("a capture");
            let seen = |p: &RawPacket<'_>| (p.at, p.wire_len, p.data.to_vec());
            let first = r.next_packet().expect("whole").map(|p| seen(&p));
            let mut ahead = r.ahead();
            let two: Vec<_> = ahead.by_ref().take(2).map(|p| seen(&p)).collect();
            assert!(ahead.has_begun());
            let passed = ahead.passed();
            assert_eq!(r.ahead().count(), 3, "looking takes nothing");
            r.pass(passed);
            let last = r.next_packet().expect("whole").map(|p| seen(&p));
            let all: Vec<_> = first.into_iter().chain(two).chain(last).map(|(_, wire, data)| (wire, data)).collect();
            let expected: Vec<_> = packets.iter().map(|p| (p.len() as u32 + 1, p.to_vec())).collect();
            assert_eq!(all, expected);
            assert!(!r.ahead().has_begun() && r.ahead().next().is_none());
            assert!(r.next_packet().is_err());
        }
    }

    #[test]
    fn every_dress_of_classic_pcap_is_read() {
        for (magic, big, extra, nanos) in [
            ([0xD4, 0xC3, 0xB2, 0xA1], false, 0, 9000),
            ([0xA1, 0xB2, 0xC3, 0xD4], true, 0, 9000),
            ([0x4D, 0x3C, 0xB2, 0xA1], false, 0, 9),
            ([0xA1, 0xB2, 0x3C, 0x4D], true, 0, 9),
            ([0x34, 0xCD, 0xB2, 0xA1], false, 8, 9000),
            ([0xA1, 0xB2, 0xCD, 0x34], true, 8, 9000),
        ] {
            let (all, error) = read(classic(magic, big, extra, &[b"ab", b""]));
            assert!(error.is_none(), "{error:?}");
            let at = 7_000_000_000 + nanos;
            assert_eq!(all, [(at, 101, 3, b"ab".to_vec()), (at, 101, 1, Vec::new())], "{magic:x?}");
        }
    }

    #[test]
    fn a_cut_capture_gives_its_whole_packets_and_the_place_of_the_cut() {
        let mut f = classic([0xD4, 0xC3, 0xB2, 0xA1], false, 0, &[b"abcd", b"efgh"]);
        f.truncate(f.len() - 1);
        let (all, error) = read(f);
        assert_eq!(all.len(), 1);
        assert!(matches!(error, Some(CaptureError::Truncated { offset: 44, need: 20, have: 19 })), "{error:?}");
    }

    #[test]
    fn an_absurd_length_stops_the_reading() {
        let mut f = classic([0xD4, 0xC3, 0xB2, 0xA1], false, 0, &[b"abcd", b"efgh"]);
        f.splice(44 + 8..44 + 12, 0x7FFF_FFFFu32.to_le_bytes());
        let (all, error) = read(f);
        assert_eq!(all.len(), 1);
        assert!(matches!(error, Some(CaptureError::Damaged { offset: 44, .. })), "{error:?}");
    }

    #[test]
    fn what_is_no_capture_is_refused() {
        assert!(matches!(read(Vec::new()).1, Some(CaptureError::Empty)));
        assert!(matches!(read(b"hello, world, this is text".to_vec()).1, Some(CaptureError::Format { .. })));
        assert!(matches!(read(vec![0xD4, 0xC3, 0xB2, 0xA1]).1, Some(CaptureError::Truncated { .. })));
    }
}
