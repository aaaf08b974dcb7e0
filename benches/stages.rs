//! What the sensor spends on each stage of its work, per packet or record.
//!
//! `cargo bench --bench stages [-- FILE.pcap]`; without a file, on packets made here. Every figure is the best of
//! several rounds. Stages are told apart by what is left out: reading alone, reading and dissecting, the whole engine
//! with an interval so long that nothing is reported, and the reports at the end.

use std::io::{Cursor, Write};
use std::time::{Duration, Instant};

use argus_globe::base::{Timestamp, clock};
use argus_globe::packet::{LinkType, PacketReader, RawPacket, dissect};
use argus_globe::record::{Batch, SourceId};
use argus_globe::sensor::{End, Sensor, SensorConfig};

const ROUNDS: usize = 7;
/// Packets and flows of the capture that is made here.
const PACKETS: u32 = 1_000_000;
const FLOWS: u32 = 50_000;

type Failure = Box<dyn std::error::Error>;

struct Frame {
    at: Timestamp,
    link: LinkType,
    bytes: Vec<u8>,
    wire: u32,
}

impl Frame {
    fn raw(&self) -> RawPacket<'_> {
        RawPacket { at: self.at, link: self.link, data: &self.bytes, wire_len: self.wire }
    }
}

/// Both directions of TCP connections in turn, with the headers captured.
fn made() -> Vec<u8> {
    let mut file = Vec::new();
    for word in [0xA1B2_C3D4u32, 0x0004_0002, 0, 0, 65_535, 1] {
        file.extend_from_slice(&word.to_le_bytes());
    }
    for n in 0..PACKETS {
        let (flow, turn) = (n.wrapping_mul(0x9E37_79B1) % FLOWS, n / FLOWS);
        let ends = [0x0A00_0000 + flow, 0xC633_6400 + flow % 200];
        let (from, flags) = match turn {
            0 => (0, 0x02),
            1 => (1, 0x12),
            _ => ((turn % 2) as usize, 0x10),
        };
        let ports = [1024 + (flow % 60_000) as u16, 443];
        let mut f = vec![2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0, 0x45, 0, 0, 140, 0, 1, 0x40, 0, 60, 6, 0, 0];
        f.extend_from_slice(&ends[from].to_be_bytes());
        f.extend_from_slice(&ends[1 - from].to_be_bytes());
        f.extend_from_slice(&ports[from].to_be_bytes());
        f.extend_from_slice(&ports[1 - from].to_be_bytes());
        f.extend_from_slice(&(1 + turn * 100).to_be_bytes());
        f.extend_from_slice(&(1 + turn * 100).to_be_bytes());
        f.extend_from_slice(&[0x50, flags, 0xFF, 0, 0, 0, 0, 0]);
        f.resize(154, b'.');
        let micros = n * 2;
        for word in [1_700_000_000 + micros / 1_000_000, micros % 1_000_000, f.len() as u32, f.len() as u32] {
            file.extend_from_slice(&word.to_le_bytes());
        }
        file.extend_from_slice(&f);
    }
    file
}

fn read(file: &[u8], mut each: impl FnMut(Frame)) -> Result<u64, Failure> {
    let mut reader = PacketReader::new(Box::new(Cursor::new(file.to_vec())))?;
    let mut n = 0;
    while let Some(p) = reader.next_packet()? {
        n += 1;
        each(Frame { at: p.at, link: p.link, bytes: p.data.to_vec(), wire: p.wire_len });
    }
    Ok(n)
}

/// Counts packets without keeping them.
fn skim(file: &[u8]) -> Result<u64, Failure> {
    let mut reader = PacketReader::new(Box::new(Cursor::new(file.to_vec())))?;
    let mut n = 0;
    while let Some(p) = reader.next_packet()? {
        n += u64::from(std::hint::black_box(p.data).len() < usize::MAX);
    }
    Ok(n)
}

fn since(from: Instant) -> Duration {
    clock::steady_now().duration_since(from)
}

/// The best time of several rounds.
fn best(mut round: impl FnMut() -> Result<Duration, Failure>) -> Result<Duration, Failure> {
    let mut best = Duration::MAX;
    for _ in 0..ROUNDS {
        best = best.min(round()?);
    }
    Ok(best)
}

fn per(time: Duration, count: u64) -> f64 {
    time.as_secs_f64() * 1e9 / count.max(1) as f64
}

fn main() -> Result<(), Failure> {
    let given = std::env::args().skip(1).find(|a| !a.starts_with('-'));
    let file = match &given {
        Some(path) => std::fs::read(path)?,
        None => made(),
    };
    let mut frames = Vec::new();
    let packets = read(&file, |f| frames.push(f))?;
    let reading = best(|| {
        let begun = clock::steady_now();
        skim(&file)?;
        Ok(since(begun))
    })?;
    let decoding = best(|| {
        let begun = clock::steady_now();
        for f in &frames {
            std::hint::black_box(dissect(f.link, &f.bytes, f.wire));
        }
        Ok(since(begun))
    })?;
    let config = SensorConfig {
        status_interval: Duration::from_secs(1_000_000),
        app_bytes: true,
        jitter: true,
        sizes: true,
        macs: true,
        ..SensorConfig::default()
    };
    let (mut records, mut encoding) = (0, Duration::MAX);
    let engine = best(|| {
        let (mut sensor, mut out) = (Sensor::new(config.clone()), Batch::new(SourceId::default()));
        let begun = clock::steady_now();
        for group in frames.chunks(Sensor::AHEAD) {
            let packets: Vec<_> = group.iter().map(Frame::raw).collect();
            sensor.packets(&packets, &mut out);
        }
        let counted = since(begun);
        let begun = clock::steady_now();
        sensor.finish(End::Input, Timestamp::default(), &mut out);
        (records, encoding) = (sensor.totals().records, encoding.min(since(begun)));
        Ok(counted)
    })?;
    let mut out = std::io::stdout().lock();
    writeln!(out, "{packets} packets, {records} records, best of {ROUNDS}")?;
    writeln!(out, "read        {:8.1} ns per packet", per(reading, packets))?;
    writeln!(out, "decode      {:8.1} ns per packet", per(decoding, packets))?;
    writeln!(out, "flow table  {:8.1} ns per packet", per(engine.saturating_sub(decoding), packets))?;
    writeln!(out, "encode      {:8.1} ns per record", per(encoding, records))?;
    Ok(())
}
