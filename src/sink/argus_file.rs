//! Argus files of version 3, which every client reads.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use super::SinkError;
use crate::base::Timestamp;
use crate::record::codec::{Framer, MarCause, MarMaker, RecordKind, RecordRef, to_v3};

/// Bytes gathered before they are written.
const BLOCK_LEN: usize = 64 * 1024;

/// Writes records to a file or to standard output. An existing argus file is appended to. Only whole records are
/// written, so that a reader of a growing file never sees a part of one that stays.
///
/// The output begins with a management record: the first one that is written, or one of our own. Records of version
/// 5 are converted.
pub struct ArgusWriter {
    name: PathBuf,
    out: Box<dyn Write + Send>,
    block: Vec<u8>,
    /// What our own management records say.
    maker: MarMaker,
    begun: bool,
    /// Whether the output begins with a record of our own, which one of our own then ends.
    own_start: bool,
    written: u64,
    unwritable: u64,
}

impl ArgusWriter {
    /// Opens a file, or standard output for `-`. `now` is the time that a management record of our own says.
    ///
    /// # Errors
    /// The file cannot be opened, or exists and is not an argus file.
    pub fn create(path: &Path, now: Timestamp) -> Result<ArgusWriter, SinkError> {
        if path == Path::new("-") {
            return Ok(ArgusWriter::new(path, Box::new(io::stdout()), now));
        }
        let io = |source| SinkError::Io { name: path.to_owned(), source };
        let file = OpenOptions::new().append(true).create(true).open(path).map_err(io)?;
        if file.metadata().map_err(io)?.is_file() {
            check_existing(path)?;
        }
        Ok(ArgusWriter::new(path, Box::new(file), now))
    }

    /// Over any writer; `name` is for messages.
    #[must_use]
    pub fn new(name: &Path, out: Box<dyn Write + Send>, now: Timestamp) -> ArgusWriter {
        ArgusWriter {
            name: name.to_owned(),
            out,
            block: Vec::with_capacity(BLOCK_LEN + 4096),
            maker: MarMaker::new(now),
            begun: false,
            own_start: false,
            written: 0,
            unwritable: 0,
        }
    }

    /// Writes one record.
    ///
    /// # Errors
    /// The output cannot be written.
    #[inline]
    pub fn write(&mut self, record: RecordRef<'_>) -> Result<(), SinkError> {
        if !self.begun {
            self.begun = true;
            if record.kind() != RecordKind::Mar || record.bytes().len() < 128 {
                self.own_start = true;
                self.maker.write(MarCause::Start, self.maker.sensor_start, &mut self.block);
            }
        }
        if !to_v3(record, &mut self.block) {
            self.unwritable += 1;
        } else if record.kind() != RecordKind::Mar {
            self.written += 1;
        }
        if self.block.len() >= BLOCK_LEN { self.flush() } else { Ok(()) }
    }

    /// Flow and event records written so far.
    #[must_use]
    pub fn written(&self) -> u64 {
        self.written
    }

    /// Records left out because version 3 has no form for them.
    #[must_use]
    pub fn unwritable(&self) -> u64 {
        self.unwritable
    }

    /// Hands everything over to the system; for live sources, whenever nothing more is at hand.
    ///
    /// # Errors
    /// The output cannot be written.
    pub fn flush(&mut self) -> Result<(), SinkError> {
        let done = self.out.write_all(&self.block).and_then(|()| self.out.flush());
        self.block.clear();
        done.map_err(|source| SinkError::Io { name: self.name.clone(), source })
    }

    /// Ends the output. Without any record it still holds a management record, so that it is a valid file. `now` is
    /// the time that the closing record says, if there is one of our own.
    ///
    /// # Errors
    /// The output cannot be written.
    pub fn finish(mut self, now: Timestamp) -> Result<(), SinkError> {
        if !self.begun {
            self.own_start = true;
            self.maker.write(MarCause::Start, self.maker.sensor_start, &mut self.block);
        }
        if self.own_start {
            self.maker.records = u32::try_from(self.written).unwrap_or(u32::MAX);
            self.maker.write(MarCause::Stop, now, &mut self.block);
        }
        self.flush()
    }
}

/// Refuses to append records to something else.
fn check_existing(path: &Path) -> Result<(), SinkError> {
    let io = |source| SinkError::Io { name: path.to_owned(), source };
    let mut head = Vec::new();
    File::open(path).map_err(io)?.take(12).read_to_end(&mut head).map_err(io)?;
    if head.is_empty() || Framer::recognises(&head) {
        return Ok(());
    }
    Err(SinkError::Format {
        name: path.to_owned(),
        problem: "this exists and is not an argus file, so no records are appended; name another file or remove it"
            .into(),
    })
}

#[cfg(test)]
mod tests;
