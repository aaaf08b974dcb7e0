//! Flow export datagrams: NetFlow, IPFIX and sFlow, from files (`cisco:`) and over UDP (`cisco://`, `sflow://`).

use std::fs::File;
use std::io::{self, Read};
use std::net::UdpSocket;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::argus_udp::{self, MAX_LEN};
use super::decompress::Input;
use super::exports::begins_like_an_export;
use super::opener::Opener;
use super::pipe::Patient;
use super::{Batch, Source, SourceError, SourceInfo, Step, Warnings};
use crate::base::clock;
use crate::foreign::Decoder;

/// Datagrams after which a poll returns.
const MAX_DATAGRAMS: usize = 256;
/// Bytes of a file held at a time.
const BUFFER: usize = 1 << 20;
/// Time to ask again while nothing comes.
const NAP: Duration = Duration::from_millis(20);

/// Numbers the records made and counts what was damaged.
#[derive(Debug, Default)]
struct Intake {
    decoder: Decoder,
    seq: u32,
    damaged: u64,
    /// Sets without template that have been told.
    told: bool,
}

impl Intake {
    /// Takes one datagram; gives how many bytes of it were used, or nothing if it is damaged.
    fn take(
        &mut self,
        bytes: &[u8],
        from: Option<std::net::IpAddr>,
        batch: &mut Batch,
        (name, place, warnings): (&dyn std::fmt::Display, &dyn std::fmt::Display, &mut Warnings),
    ) -> Option<usize> {
        let now = clock::wall_now().nanos() / 1_000;
        let seq = &mut self.seq;
        let used = self.decoder.datagram(bytes, from, now, |flow| {
            *seq = seq.wrapping_add(1);
            batch.push_with(|out| flow.write(*seq, out));
        });
        if !self.told && self.decoder.stats().without_template > 0 {
            self.told = true;
            warnings
                .add(format!("{name}: flows are left out until the exporter sends the template that describes them"));
        }
        match used {
            Ok(used) => Some(used),
            Err(problem) => {
                self.damaged += 1;
                if self.damaged == 1 {
                    warnings.add(format!("{name}: {place}: {problem}; further damage is only counted"));
                }
                None
            }
        }
    }
}

/// Export datagrams one behind the other in a file.
pub(super) struct ExportFile {
    name: PathBuf,
    input: Input,
    buf: Vec<u8>,
    /// Bytes of the buffer that have been used.
    used: usize,
    offset: u64,
    at_end: bool,
    intake: Intake,
}

impl ExportFile {
    /// Opens a file, packed or not.
    ///
    /// # Errors
    /// It cannot be read, or does not begin with an export datagram.
    pub(super) fn open(path: &Path) -> Result<ExportFile, SourceError> {
        let io = |source| SourceError::Io { name: path.to_owned(), source };
        let raw: Input =
            if path == Path::new("-") { Box::new(io::stdin()) } else { Box::new(File::open(path).map_err(io)?) };
        let mut opener = Opener::new(path.to_owned(), Box::new(Patient(raw)));
        let input = loop {
            if let Some(opened) = opener.advance()? {
                break opened.input;
            }
        };
        let mut file = ExportFile {
            name: path.to_owned(),
            input,
            buf: Vec::new(),
            used: 0,
            offset: 0,
            at_end: false,
            intake: Intake::default(),
        };
        file.fill()?;
        match file.buf.as_slice() {
            start if start.is_empty() || begins_like_an_export(start) => Ok(file),
            other => {
                let found: Vec<_> = other.iter().take(4).map(|b| format!("{b:02x}")).collect();
                let problem = format!(
                    "expected export datagrams of NetFlow 1, 5, 6, 7 or 9, IPFIX or sFlow 5, found {}",
                    found.join(" ")
                );
                Err(SourceError::Format { name: path.to_owned(), problem })
            }
        }
    }

    /// Reads on if the buffer may end within a datagram.
    fn fill(&mut self) -> Result<(), SourceError> {
        if self.at_end || self.buf.len() - self.used >= MAX_LEN {
            return Ok(());
        }
        self.buf.drain(..self.used);
        self.used = 0;
        let missing = BUFFER.saturating_sub(self.buf.len()) as u64;
        let got = (&mut self.input).take(missing).read_to_end(&mut self.buf);
        self.at_end = match got {
            Ok(n) => (n as u64) < missing,
            Err(source) => return Err(SourceError::Io { name: self.name.clone(), source }),
        };
        Ok(())
    }
}

impl Source for ExportFile {
    fn info(&self) -> SourceInfo {
        SourceInfo {
            name: self.name.display().to_string(),
            kind: "flow export file",
            live: false,
            dropped: self.intake.decoder.stats().lost,
            damaged: self.intake.damaged,
        }
    }

    fn poll(&mut self, batch: &mut Batch, warnings: &mut Warnings) -> Result<Step, SourceError> {
        for _ in 0..MAX_DATAGRAMS {
            self.fill()?;
            let rest = self.buf.get(self.used..).unwrap_or_default();
            if rest.is_empty() {
                return Ok(Step::End);
            }
            let (name, place) = (self.name.display(), format_args!("datagram at byte {}", self.offset));
            // Without a length the next datagram cannot be found behind a damaged one.
            match self.intake.take(rest, None, batch, (&name, &place, warnings)) {
                Some(used) if used > 0 => {
                    self.used = (self.used + used).min(self.buf.len());
                    self.offset += used as u64;
                }
                _ => {
                    self.used = self.buf.len();
                    self.at_end = true;
                }
            }
        }
        Ok(Step::More)
    }
}

/// Listens for export datagrams.
pub(super) struct ExportSocket {
    name: String,
    socket: UdpSocket,
    buf: Vec<u8>,
    count: u64,
    intake: Intake,
}

impl ExportSocket {
    /// Listens on `host:port`; `host` is an address of this machine, or a multicast group.
    ///
    /// # Errors
    /// The name has no address or the port is in use.
    pub(super) fn new(place: &str) -> Result<ExportSocket, SourceError> {
        let name = format!("cisco://{place}");
        let socket = argus_udp::listen(place, &name)?;
        Ok(ExportSocket { name, socket, buf: vec![0; MAX_LEN], count: 0, intake: Intake::default() })
    }
}

impl Source for ExportSocket {
    fn info(&self) -> SourceInfo {
        SourceInfo {
            name: self.name.clone(),
            kind: "flow export",
            live: true,
            dropped: self.intake.decoder.stats().lost,
            damaged: self.intake.damaged,
        }
    }

    fn poll(&mut self, batch: &mut Batch, warnings: &mut Warnings) -> Result<Step, SourceError> {
        for _ in 0..MAX_DATAGRAMS {
            match self.socket.recv_from(&mut self.buf) {
                Ok((len, from)) => {
                    self.count += 1;
                    let bytes = self.buf.get(..len).unwrap_or_default();
                    let place = format_args!("datagram {} from {from}", self.count);
                    self.intake.take(bytes, Some(from.ip().to_canonical()), batch, (&self.name, &place, warnings));
                }
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => return Ok(Step::Idle(NAP)),
                Err(e) if matches!(e.kind(), io::ErrorKind::Interrupted | io::ErrorKind::ConnectionRefused) => {}
                Err(e) => {
                    return Err(SourceError::Unavailable { name: self.name.clone(), problem: e.to_string() });
                }
            }
        }
        Ok(Step::More)
    }
}
