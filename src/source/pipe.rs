//! Standard input, pipes and devices: a thread of their own reads them, so that waiting for bytes never blocks a
//! source's thread for long.

use std::io::{self, Read};
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::Duration;

use super::decompress::Input;
use super::opener::{Opener, make};
use super::{Batch, Source, SourceError, SourceId, SourceInfo, Step, Warnings};

/// Bytes in one message of the reading thread.
const CHUNK_LEN: usize = 64 * 1024;
/// Messages that may wait.
const CHUNKS: usize = 16;
/// How long a read waits for bytes.
const PATIENCE: Duration = Duration::from_millis(100);

type Chunk = io::Result<Vec<u8>>;

/// Reads what a thread has read; fails with `WouldBlock` when nothing comes for a moment.
struct ChannelReader {
    chunks: Receiver<Chunk>,
    current: Vec<u8>,
    used: usize,
    ended: bool,
}

impl Read for ChannelReader {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.used >= self.current.len() {
            if self.ended {
                return Ok(0);
            }
            match self.chunks.recv_timeout(PATIENCE) {
                Ok(Ok(bytes)) => {
                    self.current = bytes;
                    self.used = 0;
                }
                Ok(Err(e)) => {
                    self.ended = true;
                    return Err(e);
                }
                Err(RecvTimeoutError::Timeout) => return Err(io::ErrorKind::WouldBlock.into()),
                Err(RecvTimeoutError::Disconnected) => self.ended = true,
            }
        }
        let n = self.current.get(self.used..).unwrap_or_default().read(out)?;
        self.used += n;
        Ok(n)
    }
}

/// Starts the thread. It ends with the input, or at the first chunk that nobody takes any more; blocked in a read it
/// stays until the process ends, and holds nothing but the input.
fn read_in_background(mut input: Input) -> io::Result<ChannelReader> {
    let (sender, chunks) = sync_channel(CHUNKS);
    std::thread::Builder::new().name("input".into()).spawn(move || pump(&mut input, &sender))?;
    Ok(ChannelReader { chunks, current: Vec::new(), used: 0, ended: false })
}

fn pump(input: &mut Input, sender: &SyncSender<Chunk>) {
    let mut buf = vec![0; CHUNK_LEN];
    loop {
        let message = match input.read(&mut buf) {
            Ok(0) => return,
            Ok(n) => Ok(buf.get(..n).unwrap_or_default().to_vec()),
            Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
            Err(e) => Err(e),
        };
        let failed = message.is_err();
        if sender.send(message).is_err() || failed {
            return;
        }
    }
}

/// Turns `WouldBlock` into waiting, for readers that do not know it.
pub(super) struct Patient(pub(super) Input);

impl Read for Patient {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.0.read(out) {
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => {}
                other => return other,
            }
        }
    }
}

/// A source over an input that may make us wait; what it holds is known once its first bytes have come.
pub(super) struct PipeSource {
    name: PathBuf,
    id: SourceId,
    stage: Stage,
}

enum Stage {
    Opening(Opener),
    Open(Box<dyn Source>),
    Failed,
}

impl PipeSource {
    /// Starts reading.
    ///
    /// # Errors
    /// The thread cannot be started.
    pub(super) fn new(name: PathBuf, input: Input, id: SourceId) -> io::Result<PipeSource> {
        let input = Box::new(read_in_background(input)?);
        Ok(PipeSource { name: name.clone(), id, stage: Stage::Opening(Opener::new(name, input)) })
    }
}

impl Source for PipeSource {
    fn info(&self) -> SourceInfo {
        match &self.stage {
            Stage::Open(source) => source.info(),
            _ => {
                SourceInfo { name: self.name.display().to_string(), kind: "pipe", live: false, dropped: 0, damaged: 0 }
            }
        }
    }

    fn poll(&mut self, batch: &mut Batch, warnings: &mut Warnings) -> Result<Step, SourceError> {
        match &mut self.stage {
            Stage::Open(source) => source.poll(batch, warnings),
            Stage::Failed => Ok(Step::End),
            Stage::Opening(opener) => match opener.advance() {
                Ok(None) => Ok(Step::More),
                Ok(Some(opened)) => match make(opened, self.name.clone(), self.id) {
                    Ok(source) => {
                        self.stage = Stage::Open(source);
                        Ok(Step::More)
                    }
                    Err(e) => self.fail(e),
                },
                Err(e) => self.fail(e),
            },
        }
    }
}

impl PipeSource {
    fn fail(&mut self, error: SourceError) -> Result<Step, SourceError> {
        self.stage = Stage::Failed;
        Err(error)
    }
}
