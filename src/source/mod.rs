//! Where records come from: argus files and streams, packet files, interfaces, flow exports of others.
//!
//! A source fills a [`Batch`] each time it is polled and says whether there is more. It never waits longer than a
//! fraction of a second, so that its thread can be stopped; waiting and pacing are the pipeline's business.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use crate::base::Warnings;
use crate::record::{Batch, SourceId};
use crate::secure::{ClientTls, TlsError};

mod argus_file;
mod argus_net;
mod argus_udp;
mod bpf;
mod content;
mod decompress;
mod drive;
mod export;
mod exports;
mod flow_tools;
mod keep;
mod live;
mod opener;
mod pace;
mod packets;
mod pipe;
mod several;
mod spec;

pub use bpf::filter_code;
pub use drive::drive_stream;
pub use live::{default_device, device_link, devices, open_live};
pub use opener::open_bytes;
pub use packets::{PacketFiles, PacketOptions, file_link};
pub use several::join;
pub use spec::SourceSpec;

/// What to do after a poll.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// There is or may be more at once.
    More,
    /// Nothing now; ask again after this time.
    Idle(Duration),
    /// The source is exhausted.
    End,
}

/// What is known about a source before and while it is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceInfo {
    /// As the user named it: path, `host:port` or interface.
    pub name: String,
    /// Kind in a word: `argus file`, `argus stream`, `packet file`, `interface`.
    pub kind: &'static str,
    /// Whether it delivers at its own pace (stream, interface) rather than ours.
    pub live: bool,
    /// Records or packets known to be lost so far.
    pub dropped: u64,
    /// Damaged records skipped so far.
    pub damaged: u64,
}

/// A stream of flow records in wire form.
pub trait Source: Send {
    /// Name, kind and losses so far.
    fn info(&self) -> SourceInfo;

    /// Appends at most about 1024 records to `batch`. What has been appended is good even if an error is returned.
    /// Damage that did not end the source goes to `warnings`, once each, with its place.
    ///
    /// # Errors
    /// The source cannot go on: see [`SourceError`].
    fn poll(&mut self, batch: &mut Batch, warnings: &mut Warnings) -> Result<Step, SourceError>;

    /// Why a live source is not delivering at the moment and will try again by itself; `None` while all is well.
    fn trouble(&self) -> Option<String> {
        None
    }

    /// Appends what is still unreported when somebody stops a live source; to be called once, after the last poll.
    fn stop(&mut self, batch: &mut Batch) {
        let _ = batch;
    }
}

/// Why a source cannot be opened or read on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SourceError {
    /// The file or device could not be opened or read.
    #[error("{name:?}: {source}{}", remedy(source))]
    Io {
        /// What was read.
        name: PathBuf,
        /// The system's answer.
        source: std::io::Error,
    },
    /// The content is not what the program reads; the text says what was expected, found, and what to do.
    #[error("{name:?}: {problem}")]
    Format {
        /// What was read.
        name: PathBuf,
        /// Expected, found, remedy.
        problem: String,
    },
    /// The input ends inside a record or is damaged beyond its place; everything before has been delivered.
    #[error("{name:?}: damaged at byte {offset}: {problem}")]
    Damaged {
        /// What was read.
        name: PathBuf,
        /// Offset in the (uncompressed) input.
        offset: u64,
        /// What was expected and found.
        problem: String,
    },
    /// The peer or the device refused or went away.
    #[error("{name}: {problem}")]
    Unavailable {
        /// Host and port, or the interface.
        name: String,
        /// What happened and what to do.
        problem: String,
    },
}

/// What helps against the commonest refusals of the system, as the end of a sentence.
fn remedy(error: &std::io::Error) -> &'static str {
    match error.kind() {
        std::io::ErrorKind::NotFound => "; check the name and the folder",
        std::io::ErrorKind::PermissionDenied => "; this user must be allowed to read it",
        _ => "",
    }
}

/// How a source is to be opened.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Filter in argus syntax for a server to apply, so that it sends less; empty for none. Records have to be
    /// filtered here as well, since a server may ignore it.
    pub filter: String,
    /// Where a file notes how many bytes have been read of it, packed ones as they stand.
    pub meter: Option<Arc<AtomicU64>>,
}

/// Opens a source.
///
/// # Errors
/// See [`SourceError`]. A server that cannot be reached is no error: the source tries again until it is dropped.
pub fn open(spec: &SourceSpec, id: SourceId) -> Result<Box<dyn Source>, SourceError> {
    open_with(spec, id, &Options::default())
}

/// Opens a source with options.
///
/// # Errors
/// As [`open`].
pub fn open_with(spec: &SourceSpec, id: SourceId, options: &Options) -> Result<Box<dyn Source>, SourceError> {
    match spec {
        SourceSpec::File(path) => opener::open_file(path, id, options.meter.clone()),
        SourceSpec::Stdin => opener::open_stdin(id),
        SourceSpec::ArgusTcp(host) => Ok(Box::new(argus_net::ArgusStream::new(host, &options.filter, None)?)),
        SourceSpec::ArgusTls { host, files } => {
            let unusable = |e: TlsError| SourceError::Unavailable { name: host.clone(), problem: e.to_string() };
            let tls = ClientTls::load(files).map_err(unusable)?;
            Ok(Box::new(argus_net::ArgusStream::new(host, &options.filter, Some(tls))?))
        }
        SourceSpec::ArgusUdp(place) => Ok(Box::new(argus_udp::ArgusDatagrams::new(place)?)),
        SourceSpec::ExportFile(path) => Ok(Box::new(export::ExportFile::open(path)?)),
        SourceSpec::Export(place) => Ok(Box::new(export::ExportSocket::new(place)?)),
        SourceSpec::Live { device, filter } => packets::open_interface(device, filter),
    }
}

#[cfg(test)]
mod tests;
