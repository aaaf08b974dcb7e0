//! Everything that a long-running program writes to: files, datagrams, clients.

use std::cell::OnceCell;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::Context as _;

use super::super::Usage;
use super::options::Target;
use super::say;
use crate::base::clock::{steady_now, wall_now};
use crate::filter::Filter;
use crate::record::{Batch, Cause, Far, RecordKind, RecordRef};
use crate::sink::{ArgusWriter, DatagramWriter, Server};
use crate::source::SourceSpec;

/// Time between two looks whether an output file has been moved away.
const LOOK: Duration = Duration::from_secs(1);
/// Scheme of datagram outputs.
const UDP: &str = "argus-udp://";

struct FileOutput {
    path: PathBuf,
    filter: Filter,
    writer: ArgusWriter,
}

struct DatagramOutput {
    name: String,
    filter: Filter,
    writer: DatagramWriter,
}

/// Open outputs.
pub(crate) struct Outputs {
    files: Vec<FileOutput>,
    datagrams: Vec<DatagramOutput>,
    server: Option<Server>,
    /// The latest start record, with which reopened files begin.
    start: Vec<u8>,
    looked: Instant,
}

impl Outputs {
    /// Opens all places.
    ///
    /// # Errors
    /// One of them cannot be written to.
    pub(crate) fn open(targets: Vec<Target>, server: Option<Server>) -> anyhow::Result<Outputs> {
        let (mut files, mut datagrams) = (Vec::new(), Vec::new());
        for Target { place, filter } in targets {
            match place.starts_with(UDP).then(|| SourceSpec::from_remote(&place)) {
                Some(Ok(SourceSpec::ArgusUdp(to))) => {
                    let writer = DatagramWriter::open(&to).with_context(|| format!("sending to {place}"))?;
                    datagrams.push(DatagramOutput { name: place, filter, writer });
                }
                Some(Err(problem)) => return Err(Usage(format!("-w {problem}")).into()),
                _ => {
                    let path = PathBuf::from(place);
                    let writer = ArgusWriter::create(&path, wall_now())?;
                    files.push(FileOutput { path, filter, writer });
                }
            }
        }
        Ok(Outputs { files, datagrams, server, start: Vec::new(), looked: steady_now() })
    }

    /// The server among them.
    pub(crate) fn server(&self) -> Option<&Server> {
        self.server.as_ref()
    }

    /// Whether nothing but clients takes the records.
    pub(crate) fn is_serving_only(&self) -> bool {
        self.server.is_some() && self.files.is_empty() && self.datagrams.is_empty()
    }

    /// Writes records to all of them.
    ///
    /// # Errors
    /// A file cannot be written.
    pub(crate) fn write(&mut self, batch: &Batch) -> anyhow::Result<()> {
        for record in batch.iter().filter_map(RecordRef::new) {
            if record.kind() == RecordKind::Mar && record.cause() == Cause::Start {
                self.start = record.bytes().to_vec();
            }
            // Decoded once, and only for a filter.
            let far = OnceCell::new();
            let passes = |filter: &Filter| {
                record.kind() == RecordKind::Mar
                    || filter.is_empty()
                    || far.get_or_init(|| Far::decode(record)).as_ref().is_some_and(|far| filter.matches(far))
            };
            for file in self.files.iter_mut().filter(|f| passes(&f.filter)) {
                file.writer.write(record)?;
            }
            for output in self.datagrams.iter_mut().filter(|d| passes(&d.filter)) {
                output.writer.write(record);
            }
        }
        if let Some(server) = &self.server {
            server.publish(batch);
        }
        // A busy stream never rests.
        self.look()
    }

    /// Hands everything over to the system; to be called when nothing more is at hand.
    ///
    /// # Errors
    /// A file cannot be written.
    pub(crate) fn rest(&mut self) -> anyhow::Result<()> {
        self.flush()?;
        self.look()
    }

    fn flush(&mut self) -> anyhow::Result<()> {
        for file in &mut self.files {
            file.writer.flush()?;
        }
        Ok(())
    }

    /// Once a second: what is written reaches the system, and files that have been moved away are begun anew.
    fn look(&mut self) -> anyhow::Result<()> {
        let now = steady_now();
        if now.saturating_duration_since(self.looked) < LOOK {
            return Ok(());
        }
        self.looked = now;
        self.flush()?;
        self.reopen_where(|file| std::fs::symlink_metadata(&file.path).is_err())
    }

    /// Opens all files again under their names.
    ///
    /// # Errors
    /// A file cannot be written.
    pub(crate) fn reopen(&mut self) -> anyhow::Result<()> {
        self.reopen_where(|_| true)
    }

    fn reopen_where(&mut self, wanted: impl Fn(&FileOutput) -> bool) -> anyhow::Result<()> {
        for file in self.files.iter_mut().filter(|f| f.path.as_os_str() != "-" && wanted(f)) {
            file.writer.flush()?;
            file.writer = ArgusWriter::create(&file.path, wall_now())?;
            if let Some(start) = RecordRef::new(&self.start) {
                file.writer.write(start)?;
                file.writer.flush()?;
            }
        }
        Ok(())
    }

    /// Ends all of them.
    ///
    /// # Errors
    /// A file cannot be written.
    pub(crate) fn finish(self) -> anyhow::Result<()> {
        for file in self.files {
            file.writer.finish(wall_now())?;
        }
        for output in self.datagrams.iter().filter(|d| d.writer.lost() > 0) {
            say(&format!("{}: {} records could not be sent", output.name, output.writer.lost()));
        }
        if let Some(server) = self.server {
            let stats = server.stop();
            if stats.cut_off > 0 {
                say(&format!("{} clients were too slow and were cut off", stats.cut_off));
            }
        }
        Ok(())
    }
}
