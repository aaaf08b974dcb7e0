//! Packets of one interface, or of several in the order of their times, through one sensor.

use std::time::Duration;

use super::super::keep::Keep;
use super::super::{PacketOptions, Source, SourceError, SourceInfo, Step};
use super::tap::{TIMEOUT_MS, Tap, time_of};
use crate::base::{Timestamp, Warnings, clock};
use crate::packet::RawPacket;
use crate::record::Batch;
use crate::sensor::{End, Sensor};

const PACKETS_PER_POLL: usize = 16_384;
const RECORDS_PER_POLL: usize = 1024;
/// How soon to ask again when no packet has come.
const REST: Duration = Duration::from_millis(20);
/// Packets captured longer ago have been shown by the kernel.
const SETTLED: Duration = Duration::from_millis(2 * TIMEOUT_MS as u64);

/// One sensor over interfaces.
struct Live {
    /// At least one.
    taps: Vec<Tap>,
    options: PacketOptions,
    sensor: Sensor,
    next_mar: Option<Timestamp>,
    keep: Option<Keep>,
    /// What is left of the packets asked for.
    skip: u64,
    left: u64,
}

/// Opens interfaces by name as one sensor, as if their packets had come over one; `any` is all of the machine's.
///
/// # Errors
/// An interface is unknown, none is named, the system refuses, or the filter is wrong.
pub fn open_live(devices: &[String], options: PacketOptions) -> Result<Box<dyn Source>, SourceError> {
    if devices.is_empty() {
        return Err(SourceError::Unavailable { name: "interfaces".into(), problem: "none is named".into() });
    }
    let taps = devices.iter().map(|device| Tap::open(device, &options)).collect::<Result<Vec<_>, _>>()?;
    let (first, last) = options.range.unwrap_or((1, u64::MAX));
    Ok(Box::new(Live {
        taps,
        keep: options.keep.as_deref().map(Keep::create).transpose()?,
        sensor: Sensor::new(options.sensor.clone()),
        options,
        next_mar: None,
        skip: first.saturating_sub(1),
        left: last.saturating_sub(first.saturating_sub(1)),
    }))
}

impl Live {
    fn clock_work(&mut self, batch: &mut Batch) {
        let now = clock::wall_now();
        match self.next_mar {
            None => self.sensor.start(now, batch),
            Some(at) if now >= at => {
                self.count_dropped();
                self.sensor.status(now, batch);
            }
            Some(_) => return,
        }
        self.next_mar = Some(now + self.options.sensor.mar_interval);
    }

    fn count_dropped(&mut self) {
        let dropped = self.taps.iter_mut().map(Tap::count_dropped).sum();
        self.sensor.set_dropped(dropped);
    }

    /// Nothing is there to be counted: the sensor's clock goes on, but not ahead of packets that are still to be shown.
    fn rest(&mut self, batch: &mut Batch) -> Step {
        self.count_dropped();
        self.sensor.tick(clock::wall_now() - SETTLED, batch);
        Step::Idle(REST)
    }

    /// Takes the packets of the only interface, from where the kernel has put them.
    fn take_only(&mut self, batch: &mut Batch, warnings: &mut Warnings) -> Step {
        let before = batch.len();
        for _ in 0..PACKETS_PER_POLL {
            let Some(tap) = self.taps.first_mut() else { return Step::End };
            if !tap.find_again(&self.options, warnings) {
                return self.rest(batch);
            }
            match tap.capture.next_packet() {
                Ok(_) if self.skip > 0 => self.skip -= 1,
                Ok(packet) => {
                    let raw = RawPacket {
                        at: time_of(packet.header),
                        link: tap.link,
                        data: packet.data,
                        wire_len: packet.header.len,
                    };
                    if let Some(keep) = &mut self.keep {
                        keep.add(&raw, warnings);
                    }
                    self.sensor.packet(raw.at, raw.link, raw.data, raw.wire_len, batch);
                    self.left -= 1;
                }
                Err(pcap::Error::TimeoutExpired) => {
                    tap.look(warnings);
                    return self.rest(batch);
                }
                Err(e) => {
                    tap.lose(&e.to_string(), warnings);
                    return self.rest(batch);
                }
            }
            if self.left == 0 || batch.len() - before >= RECORDS_PER_POLL {
                break;
            }
        }
        Step::More
    }

    /// Takes packets of several interfaces in the order of their times. While one has none to show, those of the others
    /// wait until it cannot come up with an earlier one.
    fn take_in_order(&mut self, batch: &mut Batch, warnings: &mut Warnings) -> Step {
        let settled = clock::wall_now() - SETTLED;
        let before = batch.len();
        // Interfaces without a packet are asked again by the next poll.
        let mut silent = vec![false; self.taps.len()];
        for _ in 0..PACKETS_PER_POLL {
            for (tap, silent) in self.taps.iter_mut().zip(&mut silent).filter(|(_, silent)| !**silent) {
                *silent = !tap.hold(&self.options, warnings);
            }
            let next = self.taps.iter_mut().filter(|t| t.held_at().is_some()).min_by_key(|t| t.held_at());
            let Some(tap) = next else { return self.rest(batch) };
            if silent.contains(&true) && tap.held_at().is_some_and(|at| at > settled) {
                return self.rest(batch);
            }
            let Some(held) = tap.release() else { return self.rest(batch) };
            if self.skip > 0 {
                self.skip -= 1;
            } else {
                let raw = RawPacket { at: held.at, link: tap.link, data: &held.data, wire_len: held.wire_len };
                if let Some(keep) = &mut self.keep {
                    keep.add(&raw, warnings);
                }
                self.sensor.packet(raw.at, raw.link, raw.data, raw.wire_len, batch);
                self.left -= 1;
            }
            tap.reuse(held);
            if self.left == 0 || batch.len() - before >= RECORDS_PER_POLL {
                break;
            }
        }
        Step::More
    }
}

impl Source for Live {
    fn info(&self) -> SourceInfo {
        SourceInfo {
            name: self.taps.iter().map(|t| t.device.as_str()).collect::<Vec<_>>().join("+"),
            kind: "interface",
            live: true,
            dropped: self.taps.iter().map(Tap::dropped).sum::<u64>() + self.sensor.totals().evicted,
            damaged: 0,
        }
    }

    fn poll(&mut self, batch: &mut Batch, warnings: &mut Warnings) -> Result<Step, SourceError> {
        if self.left == 0 {
            return Ok(Step::End);
        }
        self.clock_work(batch);
        let step = match self.taps.len() {
            1 => self.take_only(batch, warnings),
            _ => self.take_in_order(batch, warnings),
        };
        if let (Some(keep), Step::Idle(_)) = (&mut self.keep, step) {
            keep.flush(warnings);
        }
        if self.left == 0 {
            self.stop(batch);
            return Ok(Step::End);
        }
        Ok(step)
    }

    fn trouble(&self) -> Option<String> {
        self.taps.iter().find_map(|t| t.trouble.clone())
    }

    fn stop(&mut self, batch: &mut Batch) {
        self.count_dropped();
        self.sensor.finish(End::Shutdown, clock::wall_now(), batch);
    }
}
