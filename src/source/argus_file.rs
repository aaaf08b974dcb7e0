//! Argus files, and argus records on a pipe.

use std::io;
use std::path::PathBuf;

use super::decompress::{Input, is_damage};
use super::{Batch, Source, SourceError, SourceInfo, Step, Warnings};
use crate::record::codec::{FrameError, Framer, RecordKind, RecordRef};

/// Records and bytes after which a poll returns.
const MAX_RECORDS: usize = 1024;
const MAX_BYTES: usize = 1 << 20;
/// Reads after which a poll returns even if they held nothing but filler.
const MAX_READS: usize = 64;

/// Reads records one behind the other until the input ends.
pub(super) struct ArgusFile {
    name: PathBuf,
    input: Input,
    framer: Framer,
    damage: Damage,
    ended: bool,
}

impl ArgusFile {
    /// Over an unpacked input that begins with a management record.
    pub(super) fn new(name: PathBuf, input: Input) -> ArgusFile {
        ArgusFile { name, input, framer: Framer::new(), damage: Damage::default(), ended: false }
    }

    fn damaged(&self, offset: u64, problem: String) -> SourceError {
        SourceError::Damaged { name: self.name.clone(), offset, problem }
    }

    /// The error for the user. Everything before it has been delivered.
    fn frame_error(&self, error: FrameError) -> SourceError {
        match error {
            FrameError::Truncated { offset, .. } => self.damaged(offset, error.to_string()),
            FrameError::TruncatedStart { .. } => self.damaged(0, error.to_string()),
            other => SourceError::Format { name: self.name.clone(), problem: other.to_string() },
        }
    }

    /// Reads more bytes; what to do next, or `None` to go on framing.
    fn read_on(&mut self) -> Result<Option<Step>, SourceError> {
        match self.input.read(self.framer.space()) {
            Ok(0) => {
                self.ended = true;
                match self.framer.finish() {
                    Ok(()) => Ok(Some(Step::End)),
                    Err(e) => Err(self.frame_error(e)),
                }
            }
            Ok(n) => {
                self.framer.filled(n);
                Ok(None)
            }
            Err(e) if e.kind() == io::ErrorKind::Interrupted => Ok(None),
            // The reader has waited already.
            Err(e) if e.kind() == io::ErrorKind::WouldBlock => Ok(Some(Step::More)),
            Err(e) => {
                self.ended = true;
                let offset = self.framer.offset() + self.framer.held() as u64;
                Err(if is_damage(&e) {
                    self.damaged(offset, format!("the packed data end or break here: {e}"))
                } else {
                    SourceError::Io { name: self.name.clone(), source: e }
                })
            }
        }
    }
}

impl Source for ArgusFile {
    fn info(&self) -> SourceInfo {
        SourceInfo {
            name: self.name.display().to_string(),
            kind: "argus file",
            live: false,
            dropped: 0,
            damaged: self.damage.count,
        }
    }

    fn poll(&mut self, batch: &mut Batch, warnings: &mut Warnings) -> Result<Step, SourceError> {
        if self.ended {
            return Ok(Step::End);
        }
        let (first, first_byte) = (batch.len(), batch.byte_len());
        let mut reads = 0;
        while reads < MAX_READS {
            match self.framer.next_record() {
                Ok(Some((at, record))) => {
                    if let Some(problem) = self.damage.judge(record, at) {
                        warnings.add(format!("{}: {problem}", self.name.display()));
                    }
                    if is_deliverable(record) {
                        batch.push(record.bytes());
                    }
                    if batch.len() - first >= MAX_RECORDS || batch.byte_len() - first_byte >= MAX_BYTES {
                        return Ok(Step::More);
                    }
                }
                Ok(None) => {
                    if let Some(step) = self.read_on()? {
                        return Ok(step);
                    }
                    reads += 1;
                }
                Err(e) => {
                    self.ended = true;
                    return Err(self.frame_error(e));
                }
            }
        }
        Ok(Step::More)
    }
}

/// Whether a record is worth passing on: of a known version, and with something in it.
pub(super) fn is_deliverable(record: RecordRef<'_>) -> bool {
    record.is_known_version() && record.bytes().len() > 4
}

/// Counts damaged records; the first one is reported.
#[derive(Debug, Default)]
pub(super) struct Damage {
    /// Damaged records so far.
    pub(super) count: u64,
}

impl Damage {
    /// Looks at a record's structure; gives a sentence to report if it is the first damaged one.
    #[inline]
    pub(super) fn judge(&mut self, record: RecordRef<'_>, at: u64) -> Option<String> {
        let what = if !record.is_known_version() {
            format!("is of version {}, expected 3 or 5; skipped", record.version())
        } else if record.bytes().len() <= 4 {
            "holds nothing; skipped".into()
        } else if matches!(record.kind(), RecordKind::Far | RecordKind::Event) && !record.is_sound() {
            "has a DSR that does not fit; the rest of it is ignored".into()
        } else {
            return None;
        };
        self.count += 1;
        (self.count == 1).then(|| format!("record at byte {at} {what}; further damaged records are only counted"))
    }
}
