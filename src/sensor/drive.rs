//! Takes frames from a stranger through the engine: for tests and fuzzers.

use std::io::Cursor;
use std::time::Duration;

use super::{End, Sensor, SensorConfig};
use crate::base::Timestamp;
use crate::packet::{LinkType, PacketReader};
use crate::record::codec::RecordRef;
use crate::record::{Batch, SourceId};

/// Every link type that is read.
const LINKS: [u32; 16] = [0, 1, 8, 9, 12, 14, 50, 101, 104, 105, 108, 113, 127, 228, 229, 276];
/// So few that the limit is reached.
const MAX_FLOWS: usize = 64;

/// What came of the frames.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Driven {
    /// Packets taken.
    pub packets: u64,
    /// Records made.
    pub records: u64,
    /// Bytes of them.
    pub bytes: u64,
    /// Records whose lengths do not add up; always 0, or the engine is wrong.
    pub unsound: u64,
    /// Most flows held at once.
    pub most_flows: usize,
}

struct Driver {
    sensor: Sensor,
    out: Batch,
    driven: Driven,
}

impl Driver {
    fn new() -> Driver {
        let config = SensorConfig {
            status_interval: Duration::from_secs(1),
            app_bytes: true,
            jitter: true,
            sizes: true,
            macs: true,
            user_bytes: 64,
            control_data: true,
            both_times: true,
            start_records: true,
            max_flows: MAX_FLOWS,
            ..SensorConfig::default()
        };
        Driver { sensor: Sensor::new(config), out: Batch::new(SourceId::default()), driven: Driven::default() }
    }

    fn packet(&mut self, at: Timestamp, link: LinkType, frame: &[u8], wire_len: u32) {
        self.sensor.packet(at, link, frame, wire_len, &mut self.out);
        self.driven.most_flows = self.driven.most_flows.max(self.sensor.flows());
        self.collect();
    }

    fn collect(&mut self) {
        for bytes in self.out.iter() {
            let sound = RecordRef::new(bytes).is_some_and(|r| r.bytes().len() == bytes.len() && r.is_sound());
            self.driven.unsound += u64::from(!sound);
        }
        self.driven.records += self.out.len() as u64;
        self.driven.bytes += self.out.byte_len() as u64;
        self.out.clear();
    }

    fn finish(mut self) -> Driven {
        self.sensor.finish(End::Input, Timestamp::default(), &mut self.out);
        self.collect();
        self.driven.packets = self.sensor.totals().packets;
        self.driven
    }
}

/// Takes `bytes` as frames: one byte for the link type, then for each frame a length of one byte, the milliseconds
/// since the last one, and its bytes. Must never panic, whatever the bytes.
#[must_use]
pub fn drive_frames(bytes: &[u8]) -> Driven {
    let mut driver = Driver::new();
    let Some((&link, mut rest)) = bytes.split_first() else { return driver.finish() };
    let link = LinkType(LINKS.get(usize::from(link) % LINKS.len()).copied().unwrap_or(1));
    let mut millis = 0;
    while let [length, wait, tail @ ..] = rest {
        let (frame, behind) = tail.split_at(tail.len().min(usize::from(*length)));
        millis += i64::from(*wait) * 16;
        // A wire length that differs from what was captured now and then.
        let wire_len = frame.len() as u32 + if wait % 8 == 7 { 1000 } else { 0 };
        driver.packet(Timestamp::from_micros(1_700_000_000_000_000 + millis * 1000), link, frame, wire_len);
        rest = behind;
    }
    driver.finish()
}

/// Takes `bytes` as a capture, with times, lengths and link types as they stand there. Must never panic.
#[must_use]
pub fn drive_packets(bytes: &[u8]) -> Driven {
    let mut driver = Driver::new();
    let Ok(mut reader) = PacketReader::new(Box::new(Cursor::new(bytes.to_vec()))) else { return driver.finish() };
    while let Ok(Some(p)) = reader.next_packet() {
        driver.packet(p.at, p.link, p.data, p.wire_len);
    }
    driver.finish()
}
