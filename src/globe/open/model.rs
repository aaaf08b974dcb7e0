//! What a text typed into the palette of sources can mean: files and folders below a path, a server, an interface.

use std::path::{Path, PathBuf};

use crate::base::units::si;

/// Most files and folders that are looked at.
const MOST_LOOKED_AT: usize = 10_000;
/// Endings of what can surely be read; they come before other files.
const ENDINGS: &[&str] =
    &["pcap", "pcapng", "cap", "argus", "arg", "out", "ra", "ft", "gz", "bz2", "zst", "xz", "lz4", "dmp"];

/// Whether a file's name says that it holds packets or flow records: by its ending, or because `argus` stands in it.
#[must_use]
pub(super) fn is_recording(path: &Path) -> bool {
    let name = path.file_name().map(|n| n.to_string_lossy().to_lowercase()).unwrap_or_default();
    ENDINGS.contains(&ending_of(&name)) || name.contains("argus")
}

/// What stands behind the last point of a name in lower case.
fn ending_of(name: &str) -> &str {
    name.rsplit_once('.').map_or("", |(_, ending)| ending)
}

/// One thing to go on with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Browsed {
    /// A folder: the text to go on with.
    Folder(String),
    /// A file: its path, and its size in words.
    File(String, String),
    /// A server of records.
    Server(String),
    /// An interface of this machine.
    Interface(String),
}

/// What a text can mean, best first. Files of a folder that begin with the last part of the text, case apart.
#[must_use]
pub fn browse(text: &str, home: Option<&Path>) -> Vec<Browsed> {
    let text = text.trim_start();
    for (before, found) in [("-S ", true), ("-i ", false)] {
        if let Some(name) = text.strip_prefix(before).map(str::trim).filter(|n| !n.is_empty()) {
            let name = name.to_owned();
            return vec![if found { Browsed::Server(name) } else { Browsed::Interface(name) }];
        }
    }
    let text = text.strip_prefix("-r ").unwrap_or(text).trim_end();
    let (written, begun) = match text.rfind('/') {
        Some(at) => text.split_at(at + 1),
        None => ("", text),
    };
    let mut all = listed(&folder_of(written, home), written, &begun.to_lowercase());
    // `host:port` where no file is called so.
    let is_server = text.rsplit_once(':').is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok());
    if all.is_empty() && is_server {
        all.push(Browsed::Server(text.to_owned()));
    }
    all
}

/// The folder that is written: `~/` is the home folder, nothing is where the program was started.
fn folder_of(written: &str, home: Option<&Path>) -> PathBuf {
    match (written.strip_prefix("~/"), home) {
        (Some(rest), Some(home)) => home.join(rest),
        _ if written.is_empty() => PathBuf::from("."),
        _ => PathBuf::from(written),
    }
}

/// Folders and files below a folder whose names begin so; hidden ones only when asked for. Folders first, then what
/// surely can be read.
fn listed(folder: &Path, written: &str, begun: &str) -> Vec<Browsed> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut found: Vec<(u8, String, Browsed)> = Vec::new();
    for entry in entries.take(MOST_LOOKED_AT).filter_map(Result::ok) {
        let Ok(name) = entry.file_name().into_string() else { continue };
        if !name.to_lowercase().starts_with(begun) || (name.starts_with('.') && !begun.starts_with('.')) {
            continue;
        }
        // Follows links, unlike the entry's own.
        let Ok(meta) = std::fs::metadata(entry.path()) else { continue };
        if meta.is_dir() {
            found.push((0, name.clone(), Browsed::Folder(format!("{written}{name}/"))));
        } else {
            let rank = if is_recording(Path::new(&name)) { 1 } else { 2 };
            let path = folder.join(&name);
            let path = path.strip_prefix(".").unwrap_or(&path);
            let Some(path) = path.to_str().map(str::to_owned) else { continue };
            found.push((rank, name, Browsed::File(path, si(meta.len() as f64, "B"))));
        }
    }
    found.sort_by(|a, b| (a.0, &a.1).cmp(&(b.0, &b.1)));
    found.into_iter().map(|(_, _, browsed)| browsed).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(found: &[Browsed]) -> Vec<String> {
        found
            .iter()
            .map(|b| match b {
                Browsed::Folder(t) | Browsed::File(t, _) => t.rsplit('/').find(|p| !p.is_empty()).unwrap_or("").into(),
                Browsed::Server(t) => format!("server {t}"),
                Browsed::Interface(t) => format!("interface {t}"),
            })
            .collect()
    }

    #[test]
    fn folders_come_first_then_what_can_be_read_and_hidden_files_not_at_all() {
        let folder = std::env::temp_dir().join(format!("argus-globe-open-{}", std::process::id()));
        std::fs::create_dir_all(folder.join("Records")).expect("a folder");
        for name in ["notes.txt", "today.pcap", ".hidden", "Today.argus", "rest.PCAP"] {
            std::fs::write(folder.join(name), "x").expect("a file");
        }
        let text = |tail: &str| format!("{}/{tail}", folder.display());
        assert_eq!(names(&browse(&text(""), None)), ["Records", "Today.argus", "rest.PCAP", "today.pcap", "notes.txt"]);
        assert_eq!(names(&browse(&text("tod"), None)), ["Today.argus", "today.pcap"]);
        assert_eq!(names(&browse(&text(".h"), None)), [".hidden"]);
        assert_eq!(browse(&text("re"), None)[0], Browsed::Folder(text("Records/")), "the text goes on");
        let Browsed::File(path, size) = &browse(&text("today.p"), None)[0] else { panic!("a file") };
        assert_eq!((path.as_str(), size.as_str()), (text("today.pcap").as_str(), "1 B"));
        assert_eq!(browse("~/tod", Some(&folder)).len(), 2, "below the home folder");
        assert!(browse(&text("nothing/"), None).is_empty());
        std::fs::remove_dir_all(folder).expect("removed");
    }

    #[test]
    fn a_name_tells_whether_a_file_can_be_read() {
        for name in ["/a/x.pcap", "x.PCAPNG", "flows.out.gz", "argus.2026.11.27", "ft-v05.ft"] {
            assert!(is_recording(Path::new(name)), "{name}");
        }
        for name in ["x.txt", "pcap", "/x.pcap/notes", ""] {
            assert!(!is_recording(Path::new(name)), "{name}");
        }
    }

    #[test]
    fn servers_and_interfaces_are_named_as_on_the_command_line() {
        assert_eq!(names(&browse("-S probe", None)), ["server probe"]);
        assert_eq!(names(&browse("-i eth0", None)), ["interface eth0"]);
        assert_eq!(names(&browse("probe.example:561", None)), ["server probe.example:561"]);
        assert!(browse("probe.example:port", None).is_empty());
    }
}
