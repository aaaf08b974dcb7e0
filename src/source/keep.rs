//! Keeps the packets that the sensor takes in a packet file of its own.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use super::SourceError;
use crate::base::Warnings;
use crate::packet::{LinkType, RawPacket};

/// Longest packet that the file announces, bytes.
const SNAPLEN: u32 = 262_144;

/// A pcap file being written, with microseconds, in little-endian order.
pub(super) struct Keep {
    path: PathBuf,
    file: BufWriter<File>,
    /// Link type of the file, that of its first packet.
    link: Option<LinkType>,
    /// Something went wrong and has been told.
    told: bool,
}

impl Keep {
    /// Creates the file, or empties it.
    ///
    /// # Errors
    /// The system refuses.
    pub(super) fn create(path: &Path) -> Result<Keep, SourceError> {
        let file = File::create(path).map_err(|source| SourceError::Io { name: path.to_owned(), source })?;
        Ok(Keep { path: path.to_owned(), file: BufWriter::new(file), link: None, told: false })
    }

    /// Appends a packet. Packets of another link type than the first one have no place in such a file.
    pub(super) fn add(&mut self, packet: &RawPacket<'_>, warnings: &mut Warnings) {
        let done = match self.link {
            Some(link) if link != packet.link => {
                Err(format!("packets of link type {} are left out: it has those of type {link}", packet.link))
            }
            _ => self.write(packet).map_err(lost),
        };
        self.tell(done, warnings);
    }

    /// What has been added reaches the file.
    pub(super) fn flush(&mut self, warnings: &mut Warnings) {
        let done = self.file.flush().map_err(lost);
        self.tell(done, warnings);
    }

    fn write(&mut self, packet: &RawPacket<'_>) -> std::io::Result<()> {
        if self.link.is_none() {
            self.link = Some(packet.link);
            self.words(&[0xA1B2_C3D4, 2 | 4 << 16, 0, 0, SNAPLEN, packet.link.0])?;
        }
        let micros = packet.at.micros();
        let captured = u32::try_from(packet.data.len()).unwrap_or(u32::MAX);
        let (secs, rest) = (micros.div_euclid(1_000_000) as u32, micros.rem_euclid(1_000_000) as u32);
        self.words(&[secs, rest, captured, packet.wire_len])?;
        self.file.write_all(packet.data)
    }

    fn words(&mut self, words: &[u32]) -> std::io::Result<()> {
        words.iter().try_for_each(|word| self.file.write_all(&word.to_le_bytes()))
    }

    fn tell(&mut self, done: Result<(), String>, warnings: &mut Warnings) {
        if let (Err(problem), false) = (done, self.told) {
            self.told = true;
            warnings.add(format!("{}: {problem}", self.path.display()));
        }
    }
}

fn lost(error: std::io::Error) -> String {
    format!("packets are lost: {error}")
}
