//! What the window keeps for the next start, in a file of its own beside the configuration: filters by name, the
//! filters that were in force, bookmarks, the columns of the flow table. Views have theirs, see [`views`](super::views).
//!
//! ```toml
//! bookmarks = ["2013-03-07T21:42:06.000000Z"]
//! columns = "stime,saddr,daddr,bytes"
//! history = ["udp", "tcp and port 443"]
//! [filters]
//! web = "tcp and port 443"
//! ```

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use toml::{Table, Value};

use super::config;
use super::views::{self, table_of};
use crate::base::Timestamp;
use crate::cli::Usage;
use crate::globe::{Column, Kept, Keymap, MOST_BOOKMARKS, MOST_FILTERS, REMEMBERED, SavedFilters, columns_of};
use crate::pipeline::Show;

/// Name of the file.
const FILE: &str = "kept.toml";

/// What was kept, and what the configuration says of the same.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// Filters by name; those of the configuration come first.
    pub(super) filters: SavedFilters,
    /// The filters that were in force, newest last.
    pub(super) history: Vec<String>,
    /// Bookmarks of all recordings.
    pub(super) bookmarks: Vec<Timestamp>,
    /// Columns of the flow table.
    pub(super) columns: Option<Vec<Column>>,
    /// The user's own keys.
    pub(super) keys: Keymap,
}

/// The file of what is kept that belongs to a configuration.
pub(super) fn file_beside(configuration: &Path) -> PathBuf {
    configuration.with_file_name(FILE)
}

/// Reads what was kept beside a configuration, and the tables `[filters]` and `[keys]` of the configuration.
///
/// # Errors
/// A file cannot be read, or says what cannot be.
pub(super) fn load(configuration: &Path) -> anyhow::Result<Known> {
    let mut known = Known::default();
    let file = file_beside(configuration);
    if file.is_file() {
        let table = table_of(&file)?;
        add_kept(&mut known, &table).map_err(|e| Usage(format!("{}: {e}", file.display())))?;
    }
    if configuration.is_file() {
        let table = table_of(configuration)?;
        let in_file = |e: String| Usage(format!("{}, {e}", configuration.display()));
        if let Some(Value::Table(filters)) = table.get("filters") {
            add_filters(&mut known.filters, filters).map_err(in_file)?;
        }
        if let Some(Value::Table(keys)) = table.get("keys") {
            known.keys = keymap(keys).map_err(in_file)?;
        }
    }
    Ok(known)
}

fn add_kept(known: &mut Known, table: &Table) -> Result<(), String> {
    for (key, value) in table {
        match (key.as_str(), value) {
            ("filters", Value::Table(filters)) => add_filters(&mut known.filters, filters)?,
            ("bookmarks", Value::Array(times)) if times.len() <= MOST_BOOKMARKS => {
                for time in times {
                    known.bookmarks.push(moment(time)?);
                }
            }
            ("history", Value::Array(texts)) if texts.len() <= REMEMBERED => {
                // What the language no longer knows is forgotten.
                let known_to_it = texts.iter().filter_map(Value::as_str).filter(|text| Show::parse(text).is_ok());
                known.history = known_to_it.map(str::to_owned).collect();
            }
            ("columns", Value::String(list)) => known.columns = Some(columns_of(list).map_err(|e| e.to_string())?),
            ("filters" | "history" | "bookmarks" | "columns", other) => {
                return Err(format!("{key}: unexpected {}", other.type_str()));
            }
            _ => return Err(format!("unknown key {key:?}; known are filters, history, bookmarks, columns")),
        }
    }
    Ok(())
}

/// A bookmark: RFC 3339.
fn moment(value: &Value) -> Result<Timestamp, String> {
    let wrong = || format!("bookmarks: expected times such as \"2013-03-07T21:42:06Z\", found {value}");
    let time: jiff::Timestamp = value.as_str().and_then(|t| t.parse().ok()).ok_or_else(wrong)?;
    i64::try_from(time.as_nanosecond()).map(Timestamp::from_nanos).map_err(|_| wrong())
}

fn add_filters(filters: &mut SavedFilters, table: &Table) -> Result<(), String> {
    for (name, value) in table {
        if filters.0.len() >= MOST_FILTERS && !filters.0.contains_key(name) {
            return Err(format!("more than {MOST_FILTERS} filters"));
        }
        let text = value.as_str().ok_or_else(|| format!("filter {name:?}: expected a text"))?;
        Show::parse(text).map_err(|e| format!("filter {name:?}: {e}"))?;
        filters.0.insert(name.clone(), text.trim().to_owned());
    }
    Ok(())
}

/// The table `[keys]`: names of actions, each with one key or several.
fn keymap(table: &Table) -> Result<Keymap, String> {
    let mut map = Keymap::default();
    for (action, value) in table {
        let keys: Option<Vec<&str>> = match value {
            Value::String(key) => Some(vec![key]),
            Value::Array(keys) => keys.iter().map(Value::as_str).collect(),
            _ => None,
        };
        let keys =
            keys.ok_or_else(|| format!("keys, {action}: expected a key such as \"Ctrl+B\", or several in [ ]"))?;
        map.add(action, &keys).map_err(|e| format!("keys, {action}: {e}"))?;
    }
    // Clashes are told at the start.
    map.rows().map_err(|e| format!("keys: {e}"))?;
    Ok(map)
}

/// Keeps something; gives the file it is in.
///
/// # Errors
/// The file cannot be read, is damaged, or cannot be written.
pub(super) fn keep(configuration: &Path, kept: Kept<'_>) -> anyhow::Result<PathBuf> {
    let file = file_beside(configuration);
    // These have files of their own.
    match kept {
        Kept::Settings(pairs) => return config::save(configuration, pairs),
        Kept::View(name, view) => return views::save(configuration, name, view),
        _ => {}
    }
    let mut table = if file.is_file() { table_of(&file)? } else { Table::new() };
    match kept {
        Kept::Settings(_) | Kept::View(..) => {}
        Kept::Filter(name, text) => {
            let filters = table.entry("filters").or_insert_with(|| Value::Table(Table::new()));
            let filters = filters.as_table_mut().with_context(|| format!("{}: filters is no table", file.display()))?;
            filters.insert(name.to_owned(), Value::String(text.to_owned()));
        }
        Kept::History(texts) => {
            let texts = texts.iter().map(|t| Value::String(t.clone())).collect();
            table.insert("history".into(), Value::Array(texts));
        }
        Kept::Bookmarks(times) => {
            let times = times.iter().map(|t| Value::String(t.to_string())).collect();
            table.insert("bookmarks".into(), Value::Array(times));
        }
        Kept::Columns(columns) => {
            table.insert("columns".into(), Value::String(Column::names(columns)));
        }
    }
    views::write(&file, &format!("# Kept by argus-globe from one start to the next.\n{table}"))?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("argus-globe-kept-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder");
        folder
    }

    #[test]
    fn what_is_kept_is_there_again_and_what_is_written_wins() {
        let folder = folder("keep");
        let config = folder.join("config.toml");
        let times = [Timestamp::from_parts(1_362_692_526, 500_000_000), Timestamp::from_parts(1_362_692_640, 0)];
        let columns = columns_of("daddr,bytes").expect("columns");
        for kept in [
            Kept::Bookmarks(&times),
            Kept::Columns(&columns),
            Kept::History(&["udp".to_owned(), "country=de port 443".to_owned()]),
            Kept::Filter("web", "tcp and port 443"),
            Kept::Filter("a \"b\"", "udp"),
        ] {
            keep(&config, kept).expect("written");
        }
        let found = load(&config).expect("read");
        assert_eq!((found.bookmarks.as_slice(), found.columns.as_deref()), (&times[..], Some(&columns[..])));
        assert_eq!(
            (found.filters.0.len(), found.history),
            (2, vec!["udp".to_owned(), "country=de port 443".to_owned()])
        );
        std::fs::write(&config, "[filters]\nweb = \"udp\"\n[keys]\nspin = [\"F5\", \"S\"]\n").expect("written");
        let found = load(&config).expect("read");
        assert_eq!((found.filters.0["web"].as_str(), found.keys.0["spin"].len()), ("udp", 2));
        std::fs::remove_dir_all(folder).expect("removed");
    }

    #[test]
    fn mistakes_are_named() {
        let folder = folder("wrong");
        let config = folder.join("config.toml");
        for (text, part) in [
            ("[filters]\nx = 3", "filter \"x\": expected a text"),
            ("[filters]\nx = \"tcp and prot 3\"", "did you mean 'port'?"),
            ("[keys]\nspinn = \"F5\"", "did you mean \"spin\"?"),
            ("[keys]\nspin = \"w\"", "key W is both"),
            ("[keys]\nspin = 3", "expected a key"),
        ] {
            std::fs::write(&config, text).expect("written");
            let error = load(&config).expect_err(text).to_string();
            assert!(error.contains(part), "{error}");
        }
        std::fs::write(&config, "").expect("written");
        for (text, part) in [
            ("bookmarks = [\"yesterday\"]", "expected times such as"),
            ("bookmarks = 3", "bookmarks: unexpected integer"),
            ("columns = \"nothing\"", "no column \"nothing\""),
            ("moods = 1", "unknown key \"moods\""),
        ] {
            std::fs::write(folder.join(FILE), text).expect("written");
            let error = load(&config).expect_err(text).to_string();
            assert!(error.contains(part), "{error}");
        }
        std::fs::remove_dir_all(folder).expect("removed");
    }
}
