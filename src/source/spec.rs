//! From the text of a command line to a kind of source.

use std::fmt;
use std::path::PathBuf;

/// A source as the user names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SourceSpec {
    /// A file; whether it holds argus records or packets is seen from its content (`-r`).
    File(PathBuf),
    /// Standard input, recognised by content like a file (`-r -`).
    Stdin,
    /// An argus server or relay on TCP, `host:port`, default port 561 (`-S`).
    ArgusTcp(String),
    /// A live interface with an optional packet filter in libpcap syntax (`-i`).
    Live {
        /// Device name.
        device: String,
        /// Packet filter, empty for all.
        filter: String,
    },
}

impl fmt::Display for SourceSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SourceSpec::File(path) => write!(f, "{}", path.display()),
            SourceSpec::Stdin => f.write_str("-"),
            SourceSpec::ArgusTcp(host) => f.write_str(host),
            SourceSpec::Live { device, .. } => f.write_str(device),
        }
    }
}
