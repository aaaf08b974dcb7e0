//! Packet files through the sensor.

use std::collections::VecDeque;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;

use arrayvec::ArrayVec;

use super::bpf::PacketFilter;
use super::content::Content;
use super::exports::Exports;
use super::keep::Keep;
use super::opener::{Opened, Opener};
use super::pace::Pace;
use super::{Source, SourceError, SourceId, SourceInfo, Step};
use crate::base::{Warnings, clock};
use crate::packet::{CaptureError, LinkType, PacketReader, RawPacket};
use crate::record::Batch;
use crate::sensor::{End, Sensor, SensorConfig, Totals};

/// Packets taken per poll; with few records among them a poll still ends soon.
const PACKETS_PER_POLL: usize = 16_384;
/// Records after which a poll ends.
const RECORDS_PER_POLL: usize = 1024;
/// How soon to look whether a followed file has grown.
const REST: Duration = Duration::from_millis(100);

/// How packets are read and turned into flows.
#[derive(Clone, Debug, Default)]
pub struct PacketOptions {
    /// The sensor's settings.
    pub sensor: SensorConfig,
    /// Packet filter in libpcap's language, empty for all.
    pub filter: String,
    /// The first and last packet to take, counted from 1 over all files; nothing for all.
    pub range: Option<(u64, u64)>,
    /// Bytes taken of each packet, live capture only; 0 for whole packets.
    pub snaplen: u32,
    /// Bytes that the kernel keeps for each interface until somebody reads them, live capture only; nothing for the
    /// usual 16 MiB.
    pub buffer: Option<u32>,
    /// Do not optimise the filter.
    pub plain_filter: bool,
    /// Wait for more at the end of the last file, files only.
    pub follow: bool,
    /// Take packets as many times as fast as they were captured, files only; nothing for as fast as possible.
    pub speed: Option<f64>,
    /// Leave the interface out of promiscuous mode.
    pub no_promisc: bool,
    /// The input is a time sequence header file (`-t`), files only.
    pub time_sequence: bool,
    /// Flows in NetFlow, IPFIX and sFlow datagrams among the packets become records too, files only.
    pub exports: bool,
    /// A packet file that the packets taken are copied into.
    pub keep: Option<PathBuf>,
}

/// One packet file after the other, through one sensor.
pub struct PacketFiles {
    pending: VecDeque<PathBuf>,
    current: Option<(PathBuf, PacketReader)>,
    name: String,
    sensor: Sensor,
    filter: PacketFilter,
    follow: bool,
    pace: Option<Pace>,
    range: (u64, u64),
    taken: u64,
    begun: bool,
    done: bool,
    damaged: u64,
    unsupported: Vec<LinkType>,
    time_sequence: bool,
    exports: Option<Exports>,
    keep: Option<Keep>,
}

impl std::fmt::Debug for PacketFiles {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PacketFiles").field("name", &self.name).finish_non_exhaustive()
    }
}

impl PacketFiles {
    /// Files by name; `-` is standard input. They are read in the given order.
    ///
    /// # Errors
    /// A file cannot be opened or is no capture, the filter is wrong, or there is no file at all.
    pub fn open(paths: &[PathBuf], options: PacketOptions) -> Result<PacketFiles, SourceError> {
        let Some(first) = paths.first() else {
            return Err(SourceError::Unavailable { name: "packet files".into(), problem: "no file is named".into() });
        };
        // What is missing should be said before the first record is out.
        for path in paths.iter().skip(1) {
            open_input(path)?;
        }
        let mut files = PacketFiles::from_reader(first, open_input(first)?, options)?;
        files.pending = paths.iter().skip(1).cloned().collect();
        Ok(files)
    }

    /// One capture from an opened input, `name` for messages.
    ///
    /// # Errors
    /// The input is no capture or the filter is wrong.
    pub fn from_reader(
        name: &Path,
        input: Box<dyn Read + Send>,
        options: PacketOptions,
    ) -> Result<PacketFiles, SourceError> {
        let reader = begin(name, input, options.time_sequence)?;
        let filter = PacketFilter::new(&options.filter, options.plain_filter)
            .map_err(|problem| SourceError::Unavailable { name: name.display().to_string(), problem })?;
        Ok(PacketFiles {
            pending: VecDeque::new(),
            current: Some((name.to_owned(), reader)),
            name: name.display().to_string(),
            sensor: Sensor::new(options.sensor),
            filter,
            follow: options.follow,
            pace: options.speed.map(Pace::new),
            range: options.range.unwrap_or((1, u64::MAX)),
            taken: 0,
            begun: false,
            done: false,
            damaged: 0,
            unsupported: Vec::new(),
            time_sequence: options.time_sequence,
            exports: options.exports.then(Exports::default),
            keep: options.keep.as_deref().map(Keep::create).transpose()?,
        })
    }

    /// What the sensor has done so far.
    #[must_use]
    pub fn totals(&self) -> Totals {
        self.sensor.totals()
    }

    fn next_file(&mut self) -> Result<Step, SourceError> {
        let Some(path) = self.pending.pop_front() else {
            return match &mut self.current {
                Some((_, reader)) if self.follow => {
                    reader.resume();
                    Ok(Step::Idle(REST))
                }
                _ => Ok(Step::End),
            };
        };
        self.current = None;
        let reader = begin(&path, open_input(&path)?, self.time_sequence)?;
        self.current = Some((path, reader));
        Ok(Step::More)
    }

    fn end(&mut self, end: End, batch: &mut Batch) {
        if !std::mem::replace(&mut self.done, true) {
            self.sensor.finish(end, clock::wall_now(), batch);
        }
    }

    /// Takes packets until there are records enough. [`Step::End`] is that of the current file.
    fn take(&mut self, batch: &mut Batch, warnings: &mut Warnings) -> Result<Step, SourceError> {
        let Some((path, mut reader)) = self.current.take() else { return Ok(Step::End) };
        let before = batch.len();
        let mut step = Ok(Step::More);
        for _ in 0..PACKETS_PER_POLL / Sensor::AHEAD {
            step = self.take_some(&path, &mut reader, batch, warnings);
            if !matches!(step, Ok(Step::More)) || batch.len() - before >= RECORDS_PER_POLL {
                break;
            }
        }
        self.current = Some((path, reader));
        step
    }

    /// Takes what lies in memory, up to as many packets as the sensor looks at together, or else the next packet.
    fn take_some(
        &mut self,
        path: &Path,
        reader: &mut PacketReader,
        batch: &mut Batch,
        warnings: &mut Warnings,
    ) -> Result<Step, SourceError> {
        if let Some(wait) = self.pace.as_ref().and_then(Pace::wait) {
            return Ok(Step::Idle(wait));
        }
        let mut group = ArrayVec::<_, { Sensor::AHEAD }>::new();
        let mut admission = Ok(Admission::LeaveOut);
        let mut ahead = reader.ahead();
        let all = self.takes_all(reader.link());
        for packet in ahead.by_ref().take(Sensor::AHEAD) {
            if all {
                self.taken += 1;
                group.push(packet);
                continue;
            }
            admission = self.admit(path, &packet, warnings);
            match admission {
                Ok(Admission::Take) => group.push(packet),
                Ok(Admission::LeaveOut) => {}
                Ok(Admission::Enough) | Err(_) => break,
            }
            if self.pace.as_mut().is_some_and(|pace| pace.note(packet.at)) {
                break;
            }
        }
        let (passed, any) = (ahead.passed(), ahead.has_begun());
        if let Some(exports) = &mut self.exports {
            group.iter().for_each(|packet| exports.take(packet, batch));
        }
        if let Some(keep) = &mut self.keep {
            group.iter().for_each(|packet| keep.add(packet, warnings));
        }
        self.sensor.packets(&group, batch);
        drop(group);
        if any {
            reader.pass(passed);
            return if all { Ok(Step::More) } else { admission.map(Admission::step) };
        }
        let packet = match reader.next_packet() {
            Ok(Some(packet)) => packet,
            Ok(None) => return Ok(Step::End),
            // The rest of it may still be written.
            Err(CaptureError::Truncated { .. }) if self.follow && self.pending.is_empty() => return Ok(Step::End),
            Err(error) => return Err(capture_error(path, error)),
        };
        let admission = self.admit(path, &packet, warnings)?;
        if admission == Admission::Take {
            if let Some(exports) = &mut self.exports {
                exports.take(&packet, batch);
            }
            if let Some(keep) = &mut self.keep {
                keep.add(&packet, warnings);
            }
            self.sensor.packet(packet.at, packet.link, packet.data, packet.wire_len, batch);
        }
        if let Some(pace) = &mut self.pace {
            pace.note(packet.at);
        }
        Ok(admission.step())
    }

    /// Whether [`PacketFiles::admit`] would take every packet of link type `link`, and nothing else is to be asked.
    fn takes_all(&self, link: Option<LinkType>) -> bool {
        self.filter.is_empty()
            && self.range == (1, u64::MAX)
            && self.pace.is_none()
            && link.is_some_and(LinkType::is_supported)
    }

    /// Whether a packet is one of those asked for.
    fn admit(
        &mut self,
        path: &Path,
        packet: &RawPacket<'_>,
        warnings: &mut Warnings,
    ) -> Result<Admission, SourceError> {
        let passes = self.filter.matches(packet.link, packet.data);
        if !passes.map_err(|problem| SourceError::Format { name: path.to_owned(), problem })? {
            return Ok(Admission::LeaveOut);
        }
        self.taken += 1;
        if self.taken < self.range.0 {
            return Ok(Admission::LeaveOut);
        }
        if self.taken > self.range.1 {
            self.pending.clear();
            self.follow = false;
            return Ok(Admission::Enough);
        }
        if !packet.link.is_supported() && !self.unsupported.contains(&packet.link) {
            self.unsupported.push(packet.link);
            warnings.add(format!("{}: {}; its packets are left out", path.display(), unsupported(packet.link)));
        }
        Ok(Admission::Take)
    }
}

/// What becomes of a packet of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Admission {
    Take,
    LeaveOut,
    /// It lies behind the last one asked for.
    Enough,
}

impl Admission {
    fn step(self) -> Step {
        if self == Admission::Enough { Step::End } else { Step::More }
    }
}

impl Source for PacketFiles {
    fn info(&self) -> SourceInfo {
        SourceInfo {
            name: self.name.clone(),
            kind: "packet file",
            live: false,
            dropped: self.sensor.totals().evicted,
            damaged: self.damaged,
        }
    }

    fn poll(&mut self, batch: &mut Batch, warnings: &mut Warnings) -> Result<Step, SourceError> {
        if self.done {
            return Ok(Step::End);
        }
        if !std::mem::replace(&mut self.begun, true) {
            self.sensor.start(clock::wall_now(), batch);
        }
        let step = match self.take(batch, warnings) {
            Ok(Step::End) => self.next_file(),
            Ok(step) => Ok(step),
            // Damage ends one file, not those behind it.
            Err(error @ SourceError::Damaged { .. }) if !self.pending.is_empty() => {
                self.damaged += 1;
                warnings.add(error.to_string());
                self.next_file()
            }
            Err(error) => {
                self.damaged += 1;
                Err(error)
            }
        };
        if matches!(step, Ok(Step::End | Step::Idle(_)) | Err(_))
            && let Some(keep) = &mut self.keep
        {
            keep.flush(warnings);
        }
        if matches!(step, Ok(Step::End) | Err(_)) {
            self.end(End::Input, batch);
        }
        step
    }

    fn stop(&mut self, batch: &mut Batch) {
        self.end(End::Shutdown, batch);
    }
}

/// Opens a capture for [`super::open`]; `input` starts at its first byte, unpacked, and waits for bytes.
///
/// # Errors
/// The input is no capture.
pub(super) fn open_file(
    input: Box<dyn Read + Send>,
    name: &Path,
    _id: SourceId,
) -> Result<Box<dyn Source>, SourceError> {
    Ok(Box::new(PacketFiles::from_reader(name, input, plain_options(""))?))
}

/// Opens an interface for [`super::open`].
///
/// # Errors
/// See [`super::open_live`].
pub(super) fn open_interface(device: &str, filter: &str) -> Result<Box<dyn Source>, SourceError> {
    super::open_live(&[device.to_owned()], plain_options(filter))
}

/// What screens and readers want to know of a flow.
fn plain_options(filter: &str) -> PacketOptions {
    let sensor = SensorConfig { app_bytes: true, macs: true, ..SensorConfig::default() };
    PacketOptions { sensor, filter: filter.to_owned(), ..PacketOptions::default() }
}

/// The link type of a packet file, where one holds for all of it.
///
/// # Errors
/// The file cannot be opened or is no capture.
pub fn file_link(path: &Path) -> Result<Option<LinkType>, SourceError> {
    Ok(begin(path, open_input(path)?, false)?.link())
}

/// The unpacked content of a file, `-` for standard input.
fn open_input(path: &Path) -> Result<Box<dyn Read + Send>, SourceError> {
    if path.as_os_str() == "-" {
        return unpacked(path, Box::new(std::io::stdin()));
    }
    let io = |source| SourceError::Io { name: path.to_owned(), source };
    let file = File::open(path).map_err(io)?;
    if file.metadata().map_err(io)?.is_dir() {
        return Err(SourceError::Format { name: path.to_owned(), problem: "is a directory".into() });
    }
    unpacked(path, Box::new(file))
}

fn unpacked(path: &Path, input: Box<dyn Read + Send>) -> Result<Box<dyn Read + Send>, SourceError> {
    let mut opener = Opener::new(path.to_owned(), input);
    loop {
        if let Some(Opened { input, content, .. }) = opener.advance()? {
            return match content {
                Content::Argus => Err(SourceError::Format {
                    name: path.to_owned(),
                    problem: "holds argus records already; a packet capture (pcap, pcapng) is expected".into(),
                }),
                _ => Ok(input),
            };
        }
    }
}

fn begin(name: &Path, input: Box<dyn Read + Send>, time_sequence: bool) -> Result<PacketReader, SourceError> {
    let reader = if time_sequence { PacketReader::time_sequence(input) } else { PacketReader::new(input) };
    let reader = reader.map_err(|e| capture_error(name, e))?;
    match reader.link() {
        Some(link) if !link.is_supported() => {
            Err(SourceError::Format { name: name.to_owned(), problem: unsupported(link) })
        }
        _ => Ok(reader),
    }
}

fn unsupported(link: LinkType) -> String {
    format!(
        "link type {link} is not supported; expected Ethernet (1), raw IP (101, 228, 229), Linux cooked (113, 276), \
         loopback (0, 108), PPP (9, 50), HDLC (104), SLIP (8) or 802.11 (105, 127)"
    )
}

fn capture_error(name: &Path, error: CaptureError) -> SourceError {
    let name = name.to_owned();
    match error {
        CaptureError::Io(source) => SourceError::Io { name, source },
        CaptureError::Damaged { offset, problem } => SourceError::Damaged { name, offset, problem },
        CaptureError::Truncated { offset, need, have } => SourceError::Damaged {
            name,
            offset,
            problem: format!("the capture ends inside a packet ({need} bytes expected, {have} found)"),
        },
        other => SourceError::Format { name, problem: other.to_string() },
    }
}
