//! From the text of a command line to a kind of source.

use std::ffi::OsStr;
use std::fmt;
use std::path::{Path, PathBuf};

/// Port of argus servers.
const DEFAULT_PORT: u16 = 561;

/// A source as the user names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SourceSpec {
    /// A file; whether it holds argus records or packets is seen from its content (`-r`).
    File(PathBuf),
    /// Standard input, recognised by content like a file (`-r -`).
    Stdin,
    /// An argus server or relay on TCP, `host:port`, default port 561 (`-S`).
    ArgusTcp(String),
    /// Argus records in datagrams, received on `host:port` (`-S argus-udp://host:port`).
    ArgusUdp(String),
    /// A live interface with an optional packet filter in libpcap syntax (`-i`).
    Live {
        /// Device name.
        device: String,
        /// Packet filter, empty for all.
        filter: String,
    },
}

impl SourceSpec {
    /// The value of an option that names a file (`-r`): a path, or `-` for standard input. A prefix `argus:` or `file:`
    /// is taken off, except where a file of that very name exists.
    #[must_use]
    pub fn from_file(word: &OsStr) -> SourceSpec {
        if word == "-" {
            return SourceSpec::Stdin;
        }
        let stripped = word.to_str().and_then(|w| w.strip_prefix("argus:").or_else(|| w.strip_prefix("file:")));
        match stripped {
            Some(path) if !Path::new(word).exists() => SourceSpec::from_file(OsStr::new(path)),
            _ => SourceSpec::File(PathBuf::from(word)),
        }
    }

    /// The value of an option that names a server (`-S`): `host`, `host:port`, `[address]:port`, each with or without
    /// `argus://` or `argus-tcp://` before it; with `argus-udp://` it is the address of this machine to receive on.
    ///
    /// # Errors
    /// Another scheme, no host, or a port that is no number; the text says which.
    pub fn from_remote(word: &str) -> Result<SourceSpec, String> {
        let (udp, rest) = match word.split_once("://") {
            Some(("argus" | "argus-tcp", rest)) => (false, rest.trim_end_matches('/')),
            Some(("argus-udp", rest)) => (true, rest.trim_end_matches('/')),
            Some((scheme, _)) => {
                return Err(format!(
                    "{word:?}: servers are read with argus://, argus-tcp:// or argus-udp://, {scheme:?} is not supported"
                ));
            }
            None => (false, word),
        };
        let (host, port) = split_host(rest).map_err(|problem| format!("{word:?}: {problem}"))?;
        let place = if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") };
        Ok(if udp { SourceSpec::ArgusUdp(place) } else { SourceSpec::ArgusTcp(place) })
    }
}

/// Host and port of `host`, `host:port`, `[address]:port` or a bare IPv6 address; the port defaults to 561.
///
/// # Errors
/// What is wrong with it, for the user.
pub(super) fn split_host(text: &str) -> Result<(&str, u16), String> {
    let (host, port) = if let Some(rest) = text.strip_prefix('[') {
        let (host, after) = rest.split_once(']').ok_or("expected ] behind the address")?;
        match after.strip_prefix(':') {
            Some(port) => (host, Some(port)),
            None if after.is_empty() => (host, None),
            None => return Err("expected : and a port behind ]".into()),
        }
    } else if text.matches(':').count() > 1 {
        (text, None)
    } else {
        text.split_once(':').map_or((text, None), |(h, p)| (h, Some(p)))
    };
    if host.is_empty() {
        return Err("expected a host, as in localhost:561".into());
    }
    match port {
        None => Ok((host, DEFAULT_PORT)),
        Some(p) => match p.parse() {
            Ok(0) | Err(_) => Err(format!("expected a port from 1 to 65535, found {p:?}")),
            Ok(port) => Ok((host, port)),
        },
    }
}

impl fmt::Display for SourceSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SourceSpec::File(path) => write!(f, "{}", path.display()),
            SourceSpec::Stdin => f.write_str("-"),
            SourceSpec::ArgusTcp(host) => f.write_str(host),
            SourceSpec::ArgusUdp(place) => write!(f, "argus-udp://{place}"),
            SourceSpec::Live { device, .. } => f.write_str(device),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_are_named_in_every_usual_way() {
        for (word, want) in [
            ("probe", "probe:561"),
            ("probe:9", "probe:9"),
            ("argus://probe", "probe:561"),
            ("argus-tcp://10.0.0.1:562/", "10.0.0.1:562"),
            ("::1", "[::1]:561"),
            ("[::1]:99", "[::1]:99"),
        ] {
            assert_eq!(SourceSpec::from_remote(word), Ok(SourceSpec::ArgusTcp(want.into())), "{word}");
        }
        assert_eq!(SourceSpec::from_remote("argus-udp://127.0.0.1:9/"), Ok(SourceSpec::ArgusUdp("127.0.0.1:9".into())));
        for word in ["", ":561", "probe:", "probe:0", "probe:70000", "probe:x", "[::1", "[::1]9", "cisco://probe"] {
            assert!(SourceSpec::from_remote(word).is_err(), "{word}");
        }
    }

    #[test]
    fn a_dash_is_standard_input() {
        assert_eq!(SourceSpec::from_file(OsStr::new("-")), SourceSpec::Stdin);
        assert_eq!(SourceSpec::from_file(OsStr::new("argus:/x/y")), SourceSpec::File("/x/y".into()));
        assert_eq!(SourceSpec::from_file(OsStr::new("a:b")), SourceSpec::File("a:b".into()));
    }
}
