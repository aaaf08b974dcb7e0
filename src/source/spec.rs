//! From the text of a command line to a kind of source.

use std::ffi::OsStr;
use std::fmt;
use std::path::{Path, PathBuf};

use crate::secure::TlsFiles;

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
    /// The same inside TLS (`-S argus-tls://host:port`).
    ArgusTls {
        /// `host:port`; the certificate has to be for this host.
        host: String,
        /// Whom to believe, and what to show if asked.
        files: TlsFiles,
    },
    /// Argus records in datagrams, received on `host:port` (`-S argus-udp://host:port`).
    ArgusUdp(String),
    /// A file of flow export datagrams, one behind the other (`-r cisco:FILE`).
    ExportFile(PathBuf),
    /// NetFlow, IPFIX or sFlow in datagrams, received on `host:port` (`-S cisco://host:port`, `-C`).
    Export(String),
    /// A live interface with an optional packet filter in libpcap syntax (`-i`).
    Live {
        /// Device name.
        device: String,
        /// Packet filter, empty for all.
        filter: String,
    },
}

impl SourceSpec {
    /// The value of an option that names a file (`-r`): a path, or `-` for standard input. The prefixes `argus:`,
    /// `file:` and `ft:` are taken off, since the content tells; `cisco:`, `netflow:`, `ipfix:` and `sflow:` say that it
    /// holds bare export datagrams. Where a file of that very name exists it is meant.
    #[must_use]
    pub fn from_file(word: &OsStr) -> SourceSpec {
        if word == "-" {
            return SourceSpec::Stdin;
        }
        match word.to_str().and_then(|w| w.split_once(':')) {
            Some(("argus" | "file" | "ft", path)) if !Path::new(word).exists() => {
                SourceSpec::from_file(OsStr::new(path))
            }
            Some(("cisco" | "netflow" | "jflow" | "ipfix" | "sflow", path)) if !Path::new(word).exists() => {
                SourceSpec::ExportFile(path.into())
            }
            _ => SourceSpec::File(PathBuf::from(word)),
        }
    }

    /// The value of an option that names a server (`-S`): `host`, `host:port`, `[address]:port`, each with or without
    /// `argus://`, `argus-tcp://` or, inside TLS, `argus-tls://` before it; with `argus-udp://` it is the address of this machine to receive on, and
    /// with `cisco://`, `netflow://`, `ipfix://` or `sflow://` that to receive flow exports on (every address if none is
    /// named).
    ///
    /// # Errors
    /// Another scheme, no host, or a port that is no number; the text says which.
    pub fn from_remote(word: &str) -> Result<SourceSpec, String> {
        if let Some((scheme, rest)) = word.split_once("://")
            && let Some((_, port)) = EXPORTS.iter().find(|(name, _)| *name == scheme)
        {
            return SourceSpec::from_export(rest.trim_end_matches('/'), *port);
        }
        let (scheme, rest) = match word.split_once("://") {
            Some((scheme @ ("argus" | "argus-tcp" | "argus-tls" | "argus-udp"), rest)) => {
                (scheme, rest.trim_end_matches('/'))
            }
            Some((scheme, _)) => {
                return Err(format!(
                    "{word:?}: servers are read with argus://, argus-tcp://, argus-tls:// or \
                     argus-udp://, flow exports with cisco://, netflow://, ipfix:// or sflow://; {scheme:?} is not supported"
                ));
            }
            None => ("argus", word),
        };
        let (host, port) = split_host(rest).map_err(|problem| format!("{word:?}: {problem}"))?;
        let place = if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") };
        Ok(match scheme {
            "argus-udp" => SourceSpec::ArgusUdp(place),
            "argus-tls" => SourceSpec::ArgusTls { host: place, files: TlsFiles::default() },
            _ => SourceSpec::ArgusTcp(place),
        })
    }

    /// The same source with these files, where it is read inside TLS.
    #[must_use]
    pub fn with_tls_files(self, files: &TlsFiles) -> SourceSpec {
        match self {
            SourceSpec::ArgusTls { host, .. } => SourceSpec::ArgusTls { host, files: files.clone() },
            other => other,
        }
    }

    /// The place to receive flow exports on: `port`, `:port`, `host`, `host:port` (`-C`); every address if no host is
    /// named.
    ///
    /// # Errors
    /// As [`from_remote`](SourceSpec::from_remote).
    pub fn from_export(word: &str, default_port: u16) -> Result<SourceSpec, String> {
        let bare = word.strip_prefix(':').unwrap_or(word);
        let text = match bare {
            "" => format!("0.0.0.0:{default_port}"),
            port if port.bytes().all(|b| b.is_ascii_digit()) => format!("0.0.0.0:{port}"),
            host if !host.contains(':') || host.ends_with(']') => format!("{host}:{default_port}"),
            place => place.to_owned(),
        };
        let (host, port) = split_host(&text).map_err(|problem| format!("{word:?}: {problem}"))?;
        let place = if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") };
        Ok(SourceSpec::Export(place))
    }
}

/// Schemes of flow exports and their customary ports.
const EXPORTS: [(&str, u16); 5] =
    [("cisco", 9995), ("netflow", 9995), ("jflow", 9995), ("ipfix", 4739), ("sflow", 6343)];

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
            SourceSpec::ArgusTls { host, .. } => write!(f, "argus-tls://{host}"),
            SourceSpec::ArgusUdp(place) => write!(f, "argus-udp://{place}"),
            SourceSpec::ExportFile(path) => write!(f, "cisco:{}", path.display()),
            SourceSpec::Export(place) => write!(f, "cisco://{place}"),
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
        for word in ["", ":561", "probe:", "probe:0", "probe:70000", "probe:x", "[::1", "[::1]9", "ssh://probe"] {
            assert!(SourceSpec::from_remote(word).is_err(), "{word}");
        }
    }

    #[test]
    fn exports_are_received_on_every_address_unless_one_is_named() {
        for (word, want) in [
            ("cisco://10.0.0.1:99", "10.0.0.1:99"),
            ("netflow://:2055", "0.0.0.0:2055"),
            ("ipfix://", "0.0.0.0:4739"),
            ("sflow://[::1]", "[::1]:6343"),
            ("cisco://127.0.0.1/", "127.0.0.1:9995"),
        ] {
            assert_eq!(SourceSpec::from_remote(word), Ok(SourceSpec::Export(want.into())), "{word}");
        }
        assert_eq!(SourceSpec::from_export("9996", 9995), Ok(SourceSpec::Export("0.0.0.0:9996".into())));
        assert!(SourceSpec::from_export("probe:0", 9995).is_err());
    }

    #[test]
    fn a_dash_is_standard_input() {
        assert_eq!(SourceSpec::from_file(OsStr::new("-")), SourceSpec::Stdin);
        assert_eq!(SourceSpec::from_file(OsStr::new("argus:/x/y")), SourceSpec::File("/x/y".into()));
        assert_eq!(SourceSpec::from_file(OsStr::new("ft:/x/y")), SourceSpec::File("/x/y".into()));
        assert_eq!(SourceSpec::from_file(OsStr::new("cisco:/x/y")), SourceSpec::ExportFile("/x/y".into()));
        assert_eq!(SourceSpec::from_file(OsStr::new("a:b")), SourceSpec::File("a:b".into()));
    }
}
