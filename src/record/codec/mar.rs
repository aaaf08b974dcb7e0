//! Management records (MAR): the first record of every file and stream, the keep-alive, the orderly end.
//!
//! | offset | type | field |
//! |---|---|---|
//! | 0 | | header, `83 cc 00 20` or `85 cc 00 20` |
//! | 4 | u32 | status bits |
//! | 8 | u32 | start: cookie; otherwise version 3: source id, version 5: cookie |
//! | 12, 16 | u32 | local network, netmask |
//! | 20 | u32 | sequence number of the next flow record |
//! | 24, 28 | u32 | sensor start: seconds, microseconds |
//! | 32, 36 | u32 | made: seconds, microseconds |
//! | 40, 41 | u8 | major, minor version |
//! | 42, 43 | u8 | link type and status of the interface |
//! | 44, 46 | u16 | flow status interval, MAR interval, seconds |
//! | 48, 56 | u64 | packets, bytes since the last MAR |
//! | 64 | i64 | drift, µs |
//! | 72, 76, 80 | u32 | records, flows, dropped packets |
//! | 84–103 | u32 | internal gauges |
//! | 104, 106 | u16 le | captured payload, source and destination |
//! | 108 | 16 | version 5: source id |
//! | 120 | u32 | version 3: source id of a start record (text ids reversed) |
//! | 124 | | `FF FF FF FF` |

use super::record::{RecordKind, RecordRef};
use crate::base::Timestamp;
use crate::record::{Cause, SrcId, wire};

/// Length of every management record in bytes.
pub(super) const MAR_LEN: usize = 128;

const KIND_MASK: u32 = 0x00E0_0000;

/// The magic number of a start record: which generation of argus wrote it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cookie {
    /// Version 2, not supported.
    V2,
    /// Version 3.
    V3,
    /// Version 5.
    V5,
}

impl Cookie {
    /// From the word at offset 8, if it is a known one.
    #[must_use]
    pub fn from_wire(word: u32) -> Option<Cookie> {
        match word {
            0xE561_7ACB => Some(Cookie::V2),
            0xE571_2DCB => Some(Cookie::V3),
            0xE571_50CB => Some(Cookie::V5),
            _ => None,
        }
    }
}

/// A borrowed management record of version 3 or 5.
#[derive(Clone, Copy, Debug)]
pub struct Mar<'a> {
    record: RecordRef<'a>,
}

impl<'a> Mar<'a> {
    /// The view, if the record is a management record of full length.
    #[must_use]
    pub fn new(record: RecordRef<'a>) -> Option<Mar<'a>> {
        (record.kind() == RecordKind::Mar && record.bytes().len() >= MAR_LEN).then_some(Mar { record })
    }

    fn word(&self, at: usize) -> u32 {
        wire::be32(self.record.bytes(), at)
    }

    /// The record it looks at.
    #[must_use]
    pub fn record(&self) -> RecordRef<'a> {
        self.record
    }

    /// Start, status, stop or error.
    #[must_use]
    pub fn cause(&self) -> Cause {
        self.record.cause()
    }

    /// The status word as it stands; a relay writes it byte-swapped.
    #[must_use]
    pub fn status(&self) -> u32 {
        self.word(4)
    }

    /// Whether the server demands authentication (SASL), which is not supported.
    #[must_use]
    pub fn wants_authentication(&self) -> bool {
        self.status() & 0x1000 != 0
    }

    /// Sequence number of the next flow record.
    #[must_use]
    pub fn next_seq(&self) -> u32 {
        self.word(20)
    }

    /// When the sensor was started.
    #[must_use]
    pub fn sensor_start(&self) -> Timestamp {
        Timestamp::from_parts(i64::from(self.word(24)), i64::from(self.word(28)) * 1000)
    }

    /// When the record was made.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        Timestamp::from_parts(i64::from(self.word(32)), i64::from(self.word(36)) * 1000)
    }

    /// Major and minor version of the format.
    #[must_use]
    pub fn version(&self) -> (u8, u8) {
        (wire::byte(self.record.bytes(), 40), wire::byte(self.record.bytes(), 41))
    }

    /// Flow status interval in seconds.
    #[must_use]
    pub fn status_interval_secs(&self) -> u16 {
        wire::be16(self.record.bytes(), 44)
    }

    /// Interval between management records in seconds.
    #[must_use]
    pub fn mar_interval_secs(&self) -> u16 {
        wire::be16(self.record.bytes(), 46)
    }

    /// Packets seen since the last management record.
    #[must_use]
    pub fn packets(&self) -> u64 {
        wire::be64(self.record.bytes(), 48)
    }

    /// Bytes seen since the last management record.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        wire::be64(self.record.bytes(), 56)
    }

    /// Records written.
    #[must_use]
    pub fn records(&self) -> u32 {
        self.word(72)
    }

    /// Flows held.
    #[must_use]
    pub fn flows(&self) -> u32 {
        self.word(76)
    }

    /// Packets the capture dropped.
    #[must_use]
    pub fn dropped(&self) -> u32 {
        self.word(80)
    }

    /// Records that wait to be sent.
    #[must_use]
    pub fn queued(&self) -> u32 {
        self.word(84)
    }

    /// Clients that are served.
    #[must_use]
    pub fn clients(&self) -> u32 {
        self.word(92)
    }

    /// Buffers in use.
    #[must_use]
    pub fn buffers(&self) -> u32 {
        self.word(96)
    }

    /// Bytes of all buffers.
    #[must_use]
    pub fn buffer_bytes(&self) -> u32 {
        self.word(100)
    }

    /// The sensor's identity.
    #[must_use]
    pub fn srcid(&self) -> SrcId {
        let b = self.record.bytes();
        let status = self.status();
        // A relay swaps the status word; a kind is then found in the swapped one only.
        let kind = [status, status.swap_bytes()].map(|s| s & KIND_MASK).into_iter().find(|k| *k != 0).unwrap_or(0);
        if self.record.version() == 5 {
            return wide_id(kind, b);
        }
        let at = if self.cause() == Cause::Start { 120 } else { 8 };
        let mut id = wire::bytes::<4>(b, at);
        match kind {
            0x0080_0000 => SrcId::V4(id.into()),
            0x0040_0000 => SrcId::Int(i32::from_be_bytes(id)),
            0x0020_0000 => {
                if at == 120 {
                    id.reverse();
                }
                SrcId::Text(id)
            }
            _ if id != [0; 4] => SrcId::V4(id.into()),
            _ => SrcId::Unset,
        }
    }
}

fn wide_id(kind: u32, b: &[u8]) -> SrcId {
    let id = wire::bytes::<4>(b, 108);
    match kind {
        0x0080_0000 => SrcId::V4(id.into()),
        0x0040_0000 => SrcId::Int(i32::from_be_bytes(id)),
        0x0020_0000 => SrcId::Text(id),
        0x0060_0000 => SrcId::V6(wire::bytes::<16>(b, 108).into()),
        0x00A0_0000 => SrcId::Uuid(wire::bytes(b, 108)),
        _ => SrcId::Unset,
    }
}

/// Which management record to make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MarCause {
    /// The first record of a file or stream.
    Start,
    /// The periodic report.
    Status,
    /// The orderly end.
    Stop,
    /// A relay has lost its source, whose identity is in the record.
    Error,
}

/// Makes management records of version 3. The counters are those since the last record of the maker's user; they are
/// written as they stand.
#[derive(Clone, Copy, Debug)]
pub struct MarMaker {
    /// The sensor's identity. What version 3 cannot hold (IPv6, UUID) is written as not set.
    pub srcid: SrcId,
    /// When the sensor was started.
    pub sensor_start: Timestamp,
    /// Sequence number of the next flow record.
    pub next_seq: u32,
    /// Flow status interval in seconds.
    pub status_interval_secs: u16,
    /// Interval between management records in seconds.
    pub mar_interval_secs: u16,
    /// Link type (libpcap) of the interface, 0 when unknown.
    pub link_type: u8,
    /// Packets since the last record.
    pub packets: u64,
    /// Bytes since the last record.
    pub bytes: u64,
    /// Records written.
    pub records: u32,
    /// Flows.
    pub flows: u32,
    /// Packets dropped by the capture.
    pub dropped: u32,
}

impl MarMaker {
    /// With the customary intervals (5 s and 60 s), no source id and all counters 0.
    #[must_use]
    pub fn new(sensor_start: Timestamp) -> MarMaker {
        MarMaker {
            srcid: SrcId::Unset,
            sensor_start,
            next_seq: 0,
            status_interval_secs: 5,
            mar_interval_secs: 60,
            link_type: 0,
            packets: 0,
            bytes: 0,
            records: 0,
            flows: 0,
            dropped: 0,
        }
    }

    /// The counters of another management record, to be written again in version 3.
    #[must_use]
    pub fn like(mar: &Mar<'_>) -> MarMaker {
        MarMaker {
            srcid: mar.srcid(),
            sensor_start: mar.sensor_start(),
            next_seq: mar.next_seq(),
            status_interval_secs: mar.status_interval_secs(),
            mar_interval_secs: mar.mar_interval_secs(),
            link_type: wire::byte(mar.record.bytes(), 42),
            packets: mar.packets(),
            bytes: mar.bytes(),
            records: mar.records(),
            flows: mar.flows(),
            dropped: mar.dropped(),
        }
    }

    /// Appends the 128 bytes of a record made at `now`.
    pub fn write(&self, cause: MarCause, now: Timestamp, out: &mut Vec<u8>) {
        let (kind, id, reversed) = self.id_words();
        let code = match cause {
            MarCause::Start => 0x10,
            MarCause::Status => 0x20,
            MarCause::Stop => 0x30,
            MarCause::Error => 0x80,
        };
        out.extend_from_slice(&[0x83, code, 0, 0x20]);
        out.extend_from_slice(&kind.to_be_bytes());
        out.extend_from_slice(&if cause == MarCause::Start { 0xE571_2DCB_u32.to_be_bytes() } else { id });
        out.extend_from_slice(&[0; 8]);
        out.extend_from_slice(&self.next_seq.to_be_bytes());
        for t in [self.sensor_start, now] {
            out.extend_from_slice(&u32::try_from(t.secs()).unwrap_or(0).to_be_bytes());
            out.extend_from_slice(&u32::try_from(t.subsec_nanos() / 1000).unwrap_or(0).to_be_bytes());
        }
        out.extend_from_slice(&[3, 0, self.link_type, 0]);
        out.extend_from_slice(&self.status_interval_secs.to_be_bytes());
        out.extend_from_slice(&self.mar_interval_secs.to_be_bytes());
        out.extend_from_slice(&self.packets.to_be_bytes());
        out.extend_from_slice(&self.bytes.to_be_bytes());
        out.extend_from_slice(&[0; 8]);
        for n in [self.records, self.flows, self.dropped] {
            out.extend_from_slice(&n.to_be_bytes());
        }
        out.extend_from_slice(&[0; 36]);
        out.extend_from_slice(&if cause == MarCause::Start { reversed } else { [0; 4] });
        out.extend_from_slice(&[0xFF; 4]);
    }

    /// Kind bits, the id as flow records carry it, and as the end of a start record carries it.
    fn id_words(&self) -> (u32, [u8; 4], [u8; 4]) {
        match self.srcid {
            SrcId::V4(a) => (0x0080_0000, a.octets(), a.octets()),
            SrcId::Int(n) => (0x0040_0000, n.to_be_bytes(), n.to_be_bytes()),
            SrcId::Text(t) => {
                let mut r = t;
                r.reverse();
                (0x0020_0000, t, r)
            }
            SrcId::Unset | SrcId::V6(_) | SrcId::Uuid(_) => (0, [0; 4], [0; 4]),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, Ipv6Addr};

    use super::*;

    fn round(maker: &MarMaker, cause: MarCause) -> Vec<u8> {
        let mut out = Vec::new();
        maker.write(cause, Timestamp::from_micros(1_700_000_000_000_007), &mut out);
        assert_eq!(out.len(), MAR_LEN);
        out
    }

    #[test]
    fn a_made_record_reads_back() {
        let mut maker = MarMaker::new(Timestamp::from_micros(1_600_000_000_000_003));
        (maker.next_seq, maker.packets, maker.bytes, maker.records, maker.flows, maker.dropped) = (7, 1, 2, 3, 4, 5);
        for (id, want) in [
            (SrcId::V4(Ipv4Addr::new(10, 1, 2, 3)), None),
            (SrcId::Int(-9), None),
            (SrcId::Text(*b"abc\0"), None),
            (SrcId::Unset, None),
            (SrcId::V6(Ipv6Addr::LOCALHOST), Some(SrcId::Unset)),
        ] {
            maker.srcid = id;
            for (cause, wire) in
                [(MarCause::Start, Cause::Start), (MarCause::Status, Cause::Status), (MarCause::Stop, Cause::Stop)]
            {
                let bytes = round(&maker, cause);
                let mar = RecordRef::new(&bytes).and_then(Mar::new).expect("a management record");
                assert_eq!((mar.cause(), mar.srcid()), (wire, want.unwrap_or(id)));
                assert_eq!((mar.next_seq(), mar.packets(), mar.bytes()), (7, 1, 2));
                assert_eq!((mar.records(), mar.flows(), mar.dropped()), (3, 4, 5));
                assert_eq!(mar.sensor_start(), maker.sensor_start);
                assert_eq!(mar.now(), Timestamp::from_micros(1_700_000_000_000_007));
                assert_eq!((mar.version(), mar.status_interval_secs(), mar.mar_interval_secs()), ((3, 0), 5, 60));
            }
        }
    }
}
