//! Time sequence header files: 44 bytes for each IPv4 packet, without any header before them.
//!
//! # Source
//! The format of NLANR's passive measurements: seconds, interface and microseconds in eight bytes, twenty bytes of IP
//! header without options, sixteen bytes of what follows. All numbers are big-endian.

use super::bytes::be32;
use super::file::{CaptureError, Found, Window};
use super::link::LinkType;
use crate::base::Timestamp;

/// Bytes of one packet in the file.
const RECORD: usize = 44;
/// Bytes of it in front of the IP header.
const HEAD: usize = 8;
const IP_HEADER: usize = 20;
const TCP_HEADER: usize = 20;
const TCP: u8 = 6;

/// The packet under work, completed to what can be walked.
#[derive(Debug, Default)]
pub(super) struct TimeSequence {
    packet: Vec<u8>,
}

impl TimeSequence {
    /// The packet that was located last.
    pub(super) fn packet(&self) -> &[u8] {
        &self.packet
    }

    /// The next packet; its bytes are those of [`TimeSequence::packet`].
    ///
    /// # Errors
    /// The input ends within a packet, or there is no IPv4 header where one is expected.
    pub(super) fn locate(&mut self, window: &mut Window) -> Result<Option<Found>, CaptureError> {
        if !window.ensure(RECORD)? {
            return if window.data().is_empty() { Ok(None) } else { Err(window.truncated(RECORD)) };
        }
        let Some(record) = window.data().first_chunk::<RECORD>() else { return Ok(None) };
        let micros = be32(record, 4).unwrap_or(0) & 0x00FF_FFFF;
        let version = record[HEAD] >> 4;
        if version != 4 || micros >= 1_000_000 {
            return Err(CaptureError::Damaged {
                offset: window.offset(),
                problem: format!(
                    "a time sequence header (-t) is expected, found IP version {version} at {micros} microseconds"
                ),
            });
        }
        let secs = be32(record, 0).unwrap_or(0);
        let wire_len = u32::from(u16::from_be_bytes([record[HEAD + 2], record[HEAD + 3]]));
        self.packet.clear();
        self.packet.extend_from_slice(&record[HEAD..]);
        // Options of the IP header are not in the file.
        self.packet[0] = 0x45;
        if record[HEAD + 9] == TCP {
            // The last four bytes of a TCP header, which the file leaves out, are checksum and urgent pointer.
            self.packet.resize(IP_HEADER + TCP_HEADER, 0);
        }
        Ok(Some(Found {
            at: Timestamp::from_parts(i64::from(secs), i64::from(micros) * 1000),
            link: LinkType::RAW,
            wire_len: wire_len.max(IP_HEADER as u32),
            data: (0, 0),
            size: RECORD,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::super::file::PacketReader;
    use super::*;

    fn record(version: u8, proto: u8) -> [u8; RECORD] {
        let mut r = [0; RECORD];
        r[..8].copy_from_slice(&[0x65, 0x53, 0xF1, 0x00, 2, 0x01, 0x86, 0xA0]);
        r[8..12].copy_from_slice(&[version << 4 | 7, 0, 5, 0xDC]);
        r[17] = proto;
        r[28..32].copy_from_slice(&[0x1F, 0x90, 0, 80]);
        r
    }

    #[test]
    fn packets_have_their_times_lengths_and_whole_headers() {
        let file = [record(4, 17), record(4, 6)].concat();
        let mut reader = PacketReader::time_sequence(Box::new(std::io::Cursor::new(file))).expect("not empty");
        assert_eq!(reader.link(), Some(LinkType::RAW));
        for len in [36, 40] {
            let packet = reader.next_packet().expect("sound").expect("a packet");
            assert_eq!((packet.at.micros(), packet.wire_len), (1_700_000_000_100_000, 1500));
            assert_eq!(
                (packet.data.len(), packet.data[0], &packet.data[20..24]),
                (len, 0x45, &[0x1F, 0x90, 0, 80][..])
            );
        }
        assert!(reader.next_packet().expect("sound").is_none());
    }

    #[test]
    fn what_is_none_is_told_with_its_place() {
        let read = |file: Vec<u8>| {
            let mut reader = PacketReader::time_sequence(Box::new(std::io::Cursor::new(file)))?;
            while reader.next_packet()?.is_some() {}
            Ok::<(), CaptureError>(())
        };
        let cut = record(4, 6)[..20].to_vec();
        assert!(matches!(read([record(4, 6).to_vec(), cut].concat()), Err(CaptureError::Truncated { offset: 44, .. })));
        assert!(matches!(read(record(6, 6).to_vec()), Err(CaptureError::Damaged { offset: 0, .. })));
        assert!(matches!(read(Vec::new()), Err(CaptureError::Empty)));
    }
}
