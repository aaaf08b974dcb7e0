//! pcapng: sections of blocks, several interfaces, each with its own link type and clock.
//!
//! # Source
//! IETF draft-ietf-opsawg-pcapng. Interface descriptions are taken apart by `pcap_parser`; packet blocks here, because
//! their payload must not be copied.

use pcap_parser::pcapng::{
    InterfaceDescriptionBlock, parse_interfacedescriptionblock_be, parse_interfacedescriptionblock_le,
};

use super::file::{CaptureError, Found, Window};
use super::link::LinkType;
use crate::base::Timestamp;

const SECTION: u32 = 0x0A0D_0D0A;
const INTERFACE: u32 = 1;
const OLD_PACKET: u32 = 2;
const SIMPLE_PACKET: u32 = 3;
const ENHANCED_PACKET: u32 = 6;

/// Larger blocks are passed without being held in memory; a packet in one is damage.
const MAX_BLOCK: u32 = 16 << 20;
/// Interfaces of one section that are remembered.
const MAX_INTERFACES: usize = 4096;

struct Interface {
    link: LinkType,
    snaplen: u32,
    /// Ticks per second.
    resolution: u64,
    /// Seconds to add.
    offset: i64,
}

/// The reader's state: byte order and interfaces of the current section.
pub(super) struct Sections {
    big: bool,
    interfaces: Vec<Interface>,
}

impl Sections {
    pub(super) fn new() -> Sections {
        Sections { big: false, interfaces: Vec::new() }
    }

    fn u32_at(&self, data: &[u8], at: usize) -> u32 {
        let word = data.get(at..).and_then(|d| d.first_chunk::<4>()).copied().unwrap_or_default();
        if self.big { u32::from_be_bytes(word) } else { u32::from_le_bytes(word) }
    }

    fn u16_at(&self, data: &[u8], at: usize) -> u16 {
        let half = data.get(at..).and_then(|d| d.first_chunk::<2>()).copied().unwrap_or_default();
        if self.big { u16::from_be_bytes(half) } else { u16::from_le_bytes(half) }
    }

    /// Goes on to the next packet block.
    pub(super) fn locate(&mut self, window: &mut Window) -> Result<Option<Found>, CaptureError> {
        loop {
            if !window.ensure(12)? {
                return if window.data().is_empty() { Ok(None) } else { Err(window.truncated(12)) };
            }
            let head = window.data();
            if head.starts_with(&SECTION.to_be_bytes()) {
                self.big = match head.get(8..12) {
                    Some([0x1A, 0x2B, 0x3C, 0x4D]) => true,
                    Some([0x4D, 0x3C, 0x2B, 0x1A]) => false,
                    _ => return Err(damaged(window, "the section header names no byte order")),
                };
                self.interfaces.clear();
            }
            let (kind, len) = (self.u32_at(head, 0), self.u32_at(head, 4));
            if len < 12 || len % 4 != 0 {
                return Err(damaged(window, &format!("a block of {len} bytes; at least 12 and whole words expected")));
            }
            if let Some(found) = self.block(window, kind, len)? {
                return Ok(Some(found));
            }
        }
    }

    /// Deals with one block; packets are left in the window, everything else is passed.
    fn block(&mut self, window: &mut Window, kind: u32, len: u32) -> Result<Option<Found>, CaptureError> {
        let size = len as usize;
        if !matches!(kind, INTERFACE | OLD_PACKET | SIMPLE_PACKET | ENHANCED_PACKET) {
            let before = window.offset();
            if !window.skip(u64::from(len))? {
                let have = window.offset() - before;
                return Err(CaptureError::Truncated { offset: before, need: u64::from(len), have });
            }
            return Ok(None);
        }
        if len > MAX_BLOCK {
            return Err(damaged(window, &format!("a packet block of {len} bytes; at most {MAX_BLOCK} expected")));
        }
        if !window.ensure(size)? {
            return Err(window.truncated(size));
        }
        let body = window.data().get(..size).unwrap_or(&[]);
        let found = match kind {
            INTERFACE => {
                let interface = self.interface(body);
                if self.interfaces.len() >= MAX_INTERFACES {
                    return Err(damaged(window, &format!("more than {MAX_INTERFACES} interfaces in a section")));
                }
                self.interfaces.push(interface);
                None
            }
            _ => match self.packet(body, kind) {
                Ok(found) => Some(found),
                Err(problem) => return Err(damaged(window, &problem)),
            },
        };
        if found.is_none() {
            window.consume(size);
        }
        Ok(found)
    }

    fn interface(&self, block: &[u8]) -> Interface {
        let parsed = if self.big {
            parse_interfacedescriptionblock_be(block)
        } else {
            parse_interfacedescriptionblock_le(block)
        };
        let plain = |link: u16, snaplen| Interface {
            link: LinkType(u32::from(link)),
            snaplen,
            resolution: 1_000_000,
            offset: 0,
        };
        match parsed {
            Ok((_, b)) => described(&b),
            // Options that cannot be taken apart leave the defaults.
            Err(_) => plain(self.u16_at(block, 8), self.u32_at(block, 12)),
        }
    }

    fn packet(&self, block: &[u8], kind: u32) -> Result<Found, String> {
        let (at, index, captured, wire_len) = match kind {
            ENHANCED_PACKET => (28, self.u32_at(block, 8), self.u32_at(block, 20), self.u32_at(block, 24)),
            OLD_PACKET => (28, u32::from(self.u16_at(block, 8)), self.u32_at(block, 20), self.u32_at(block, 24)),
            _ => {
                let wire = self.u32_at(block, 8);
                let limit = self.interfaces.first().map_or(0, |i| i.snaplen);
                let room = (block.len().saturating_sub(16)) as u32;
                let captured = if limit == 0 { wire } else { wire.min(limit) };
                (12, 0, captured.min(room), wire)
            }
        };
        let interface = self
            .interfaces
            .get(index as usize)
            .ok_or_else(|| format!("a packet of interface {index}; {} described so far", self.interfaces.len()))?;
        let room = block.len().saturating_sub(at + 4);
        if captured as usize > room {
            return Err(format!("a packet of {captured} captured bytes in a block with room for {room}"));
        }
        let ticks = match kind {
            SIMPLE_PACKET => 0,
            _ => u64::from(self.u32_at(block, 12)) << 32 | u64::from(self.u32_at(block, 16)),
        };
        Ok(Found {
            at: interface.time(ticks),
            link: interface.link,
            wire_len,
            data: (at, captured as usize),
            size: block.len(),
        })
    }
}

impl Interface {
    fn time(&self, ticks: u64) -> Timestamp {
        let secs = i64::try_from(ticks / self.resolution).unwrap_or(i64::MAX);
        let nanos = u128::from(ticks % self.resolution) * 1_000_000_000 / u128::from(self.resolution);
        Timestamp::from_parts(secs.saturating_add(self.offset), i64::try_from(nanos).unwrap_or(0))
    }
}

fn described(block: &InterfaceDescriptionBlock<'_>) -> Interface {
    Interface {
        link: LinkType(block.linktype.0.cast_unsigned()),
        snaplen: block.snaplen,
        resolution: block.ts_resolution().filter(|&r| r > 0).unwrap_or(1_000_000),
        offset: block.ts_offset(),
    }
}

fn damaged(window: &Window, problem: &str) -> CaptureError {
    CaptureError::Damaged { offset: window.offset(), problem: problem.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::super::file::PacketReader;
    use super::*;

    fn block(kind: u32, body: &[u8], big: bool) -> Vec<u8> {
        let n = |v: u32| if big { v.to_be_bytes() } else { v.to_le_bytes() };
        let mut body = body.to_vec();
        body.resize(body.len().next_multiple_of(4), 0);
        let len = body.len() as u32 + 12;
        [&n(kind)[..], &n(len), &body, &n(len)].concat()
    }

    fn words(values: &[u32], big: bool) -> Vec<u8> {
        values.iter().flat_map(|v| if big { v.to_be_bytes() } else { v.to_le_bytes() }).collect()
    }

    fn capture(big: bool) -> Vec<u8> {
        let section = words(&[0x1A2B_3C4D, 1, u32::MAX, u32::MAX], big);
        let half = |v: u16| if big { v.to_be_bytes() } else { v.to_le_bytes() };
        let interface = |link: u16, options: &[u8]| {
            let mut b = half(link).to_vec();
            b.extend([0, 0]);
            b.extend(words(&[0], big));
            b.extend(options);
            b
        };
        // Option 9, length 1: a resolution of 10^-9 seconds; then the end of options.
        let nano = [&half(9)[..], &half(1), &[9, 0, 0, 0], &[0; 4]].concat();
        let mut f = block(SECTION, &section, big);
        f.extend(block(INTERFACE, &interface(1, &[]), big));
        f.extend(block(INTERFACE, &interface(101, &nano), big));
        f.extend(block(0x0BAD, &[1, 2, 3], big));
        for (index, captured) in [(0, 3), (1, 2)] {
            let mut p = words(&[index, 0, 5_000_001, captured, 60], big);
            p.extend([7, 8, 9]);
            f.extend(block(ENHANCED_PACKET, &p, big));
        }
        f
    }

    fn read(f: Vec<u8>) -> (Vec<(i64, u32, usize)>, Option<CaptureError>) {
        let mut r = PacketReader::new(Box::new(std::io::Cursor::new(f))).unwrap();
        let mut all = Vec::new();
        loop {
            match r.next_packet() {
                Ok(Some(p)) => all.push((p.at.nanos(), p.link.0, p.data.len())),
                Ok(None) => return (all, None),
                Err(e) => return (all, Some(e)),
            }
        }
    }

    #[test]
    fn interfaces_have_their_own_link_type_and_clock() {
        for big in [false, true] {
            let (all, error) = read(capture(big));
            assert!(error.is_none(), "{error:?}");
            assert_eq!(all, [(5_000_001_000, 1, 3), (5_000_001, 101, 2)]);
        }
    }

    #[test]
    fn a_packet_of_an_undescribed_interface_is_damage_with_a_place() {
        let mut f = capture(false);
        let at = f.len() as u64;
        f.extend(block(ENHANCED_PACKET, &words(&[9, 0, 0, 0, 0], false), false));
        let (all, error) = read(f);
        assert_eq!(all.len(), 2);
        assert!(matches!(error, Some(CaptureError::Damaged { offset, .. }) if offset == at), "{error:?}");
    }

    #[test]
    fn a_block_length_that_cannot_be_stops_the_reading() {
        for bad in [0u32, 8, 13] {
            let mut f = capture(false);
            f.extend(words(&[ENHANCED_PACKET, bad, 0, 0], false));
            assert!(matches!(read(f).1, Some(CaptureError::Damaged { .. })));
        }
    }
}
