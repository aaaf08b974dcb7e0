//! Finds out what an input holds and makes the source that reads it.

use std::fs::File;
use std::io::{self, Cursor, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::content::{ACCEPTED, Content, HEAD_LEN, describe};
use super::decompress::{Input, is_damage, unpack};
use super::flow_tools::FlowToolsFile;
use super::pipe::{self, PipeSource};
use super::{Source, SourceError, SourceId, SourceSpec, argus_file::ArgusFile, packets};

/// Opens a file of any accepted content. Pipes and devices are read by a thread of their own, so that waiting for
/// them does not block.
///
/// # Errors
/// It cannot be read, or holds something else.
pub(super) fn open_file(
    path: &Path,
    id: SourceId,
    meter: Option<Arc<AtomicU64>>,
) -> Result<Box<dyn Source>, SourceError> {
    let io = |source| SourceError::Io { name: path.to_owned(), source };
    let format = |problem: String| SourceError::Format { name: path.to_owned(), problem };
    let meta = std::fs::metadata(path).map_err(io)?;
    if meta.is_dir() {
        return Err(format(format!("this is a directory; {ACCEPTED}")));
    }
    let file = File::open(path).map_err(io)?;
    if !meta.is_file() {
        return Ok(Box::new(PipeSource::new(path.to_owned(), Box::new(file), id).map_err(io)?));
    }
    let input: Input = match meter {
        Some(meter) => Box::new(Metered { file, meter }),
        None => Box::new(file),
    };
    let mut opener = Opener::new(path.to_owned(), input);
    loop {
        if let Some(opened) = opener.advance()? {
            return make(opened, path.to_owned(), id);
        }
    }
}

/// A file that notes what is read of it.
struct Metered {
    file: File,
    meter: Arc<AtomicU64>,
}

impl Read for Metered {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let len = self.file.read(into)?;
        self.meter.fetch_add(len as u64, Ordering::Relaxed);
        Ok(len)
    }
}

/// The bytes of a file or of standard input, unpacked, for readers of other content than records and packets.
///
/// # Errors
/// The source is none of the two, cannot be read, or cannot be unpacked.
pub fn open_bytes(spec: &SourceSpec) -> Result<Box<dyn Read + Send>, SourceError> {
    let (name, input): (PathBuf, Input) = match spec {
        SourceSpec::Stdin => (PathBuf::from("-"), Box::new(io::stdin())),
        SourceSpec::File(path) => {
            let file = File::open(path).map_err(|source| SourceError::Io { name: path.clone(), source })?;
            (path.clone(), Box::new(file))
        }
        other => {
            let problem = "expected a file or standard input".into();
            return Err(SourceError::Format { name: PathBuf::from(other.to_string()), problem });
        }
    };
    let mut opener = Opener::new(name.clone(), input);
    match opener.advance()? {
        Some(opened) => Ok(opened.input),
        None => Err(SourceError::Format { name, problem: "nothing can be read from it at the moment".into() }),
    }
}

/// Opens standard input.
///
/// # Errors
/// Its thread cannot be started.
pub(super) fn open_stdin(id: SourceId) -> Result<Box<dyn Source>, SourceError> {
    let name = PathBuf::from("-");
    match PipeSource::new(name.clone(), Box::new(io::stdin()), id) {
        Ok(source) => Ok(Box::new(source)),
        Err(source) => Err(SourceError::Io { name, source }),
    }
}

/// The source for content that is known by now.
pub(super) fn make(opened: Opened, name: PathBuf, id: SourceId) -> Result<Box<dyn Source>, SourceError> {
    match opened.content {
        Content::Argus => Ok(Box::new(ArgusFile::new(name, opened.input))),
        Content::Pcap | Content::Pcapng => packets::open_file(Box::new(pipe::Patient(opened.input)), &name, id),
        Content::FlowTools => Ok(Box::new(FlowToolsFile::new(name, opened.input)?)),
        Content::Packed(_) | Content::Other => {
            Err(SourceError::Format { name, problem: format!("{ACCEPTED}; {}", opened.looks) })
        }
    }
}

/// An input whose content is known; reading starts at its first byte, unpacked.
pub(super) struct Opened {
    pub(super) content: Content,
    pub(super) input: Input,
    /// What content looks like that is not read.
    looks: String,
}

/// Reads as much of an input as is needed to know what it holds.
pub(super) struct Opener {
    name: PathBuf,
    input: Option<Input>,
    head: Vec<u8>,
    unpacked: bool,
}

impl Opener {
    pub(super) fn new(name: PathBuf, input: Input) -> Opener {
        Opener { name, input: Some(input), head: Vec::new(), unpacked: false }
    }

    /// Reads on; `None` if nothing has come for a moment.
    ///
    /// # Errors
    /// The input cannot be read or unpacked.
    pub(super) fn advance(&mut self) -> Result<Option<Opened>, SourceError> {
        loop {
            if !self.fill_head()? {
                return Ok(None);
            }
            let content = Content::of(&self.head);
            let looks = describe(&self.head);
            let Some(input) = self.input.take() else { return Ok(None) };
            let whole: Input = Box::new(Cursor::new(std::mem::take(&mut self.head)).chain(input));
            match content {
                Content::Packed(packing) if !self.unpacked => {
                    let unpacked = unpack(packing, whole)
                        .map_err(|p| SourceError::Format { name: self.name.clone(), problem: p })?;
                    self.input = Some(unpacked);
                    self.unpacked = true;
                }
                Content::Packed(_) => {
                    let looks = "this is packed twice; unpack it once".into();
                    return Ok(Some(Opened { content, input: whole, looks }));
                }
                _ => return Ok(Some(Opened { content, input: whole, looks })),
            }
        }
    }

    /// Reads until the head is full or the input ends; false if it has to wait.
    fn fill_head(&mut self) -> Result<bool, SourceError> {
        let Some(input) = self.input.as_mut() else { return Ok(false) };
        let mut buf = [0; HEAD_LEN];
        while self.head.len() < HEAD_LEN {
            let want = HEAD_LEN - self.head.len();
            match input.read(buf.get_mut(..want).unwrap_or_default()) {
                Ok(0) => return Ok(true),
                Ok(n) => self.head.extend_from_slice(buf.get(..n).unwrap_or_default()),
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => return Ok(false),
                // What was unpacked before the damage is still good.
                Err(e) if self.unpacked && is_damage(&e) && !self.head.is_empty() => return Ok(true),
                Err(e) if self.unpacked && is_damage(&e) => {
                    return Err(SourceError::Damaged {
                        name: self.name.clone(),
                        offset: 0,
                        problem: format!("the packed data cannot be unpacked: {e}"),
                    });
                }
                Err(source) => return Err(SourceError::Io { name: self.name.clone(), source }),
            }
        }
        Ok(true)
    }
}
