//! Where records go: argus files, TCP servers, datagrams, text, JSON.

use std::path::PathBuf;

mod argus_file;
mod datagram;
mod server;
mod text;

pub use argus_file::ArgusWriter;
pub use datagram::DatagramWriter;
pub use server::{
    DEFAULT_PORT, Network, NetworkError, Server, ServerConfig, ServerError, ServerStats, Voice, drive_commands,
};
pub use text::{Header, TextWriter};

/// Why records cannot be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SinkError {
    /// The file could not be opened or written.
    #[error("{name:?}: {source}")]
    Io {
        /// What was written.
        name: PathBuf,
        /// The system's answer.
        source: std::io::Error,
    },
    /// What is there already is nothing that records can be appended to.
    #[error("{name:?}: {problem}")]
    Format {
        /// What was to be written.
        name: PathBuf,
        /// Expected, found, remedy.
        problem: String,
    },
}
