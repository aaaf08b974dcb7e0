//! Lists of fields as `-s` names them.
//!
//! `name` or `name:width`; a plain list replaces the default, `+name` appends, `+Nname` inserts as column N (counted
//! from 0), `-name` removes. Several may stand in one word, separated by commas or blanks. `all` is every field.

use super::{FIELDS, Field, find};
use crate::base::nearest;

/// Widest column taken.
pub(super) const MAX_WIDTH: u16 = 10_000;
/// Most columns taken.
const MAX_COLUMNS: usize = 1000;

/// The columns of a listing without `-s`.
const DEFAULT: [&str; 11] =
    ["stime", "flgs", "proto", "saddr", "sport", "dir", "daddr", "dport", "pkts", "bytes", "state"];

/// A field and the width of its column.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Column {
    /// The field.
    pub field: &'static Field,
    /// Width in characters; of times without the fraction.
    pub width: u16,
}

/// The columns of a listing, in order.
#[derive(Clone, Debug, PartialEq)]
pub struct Columns {
    list: Vec<Column>,
    is_default: bool,
}

/// Why a list of fields cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ColumnError {
    /// No field has that name.
    #[error(
        "unknown field '{name}'{}",
        .suggestion.map_or(" (docs/fields.md lists all)".to_owned(), |s| format!(" (did you mean '{s}'?)"))
    )]
    Unknown {
        /// What was written.
        name: String,
        /// The nearest field.
        suggestion: Option<&'static str>,
    },
    /// The width is no positive number.
    #[error("-s {spec}: the width must be a number from 1 to {MAX_WIDTH}")]
    Width {
        /// What was written.
        spec: String,
    },
    /// More columns than are taken.
    #[error("-s lists more than {MAX_COLUMNS} fields")]
    TooMany,
}

impl Default for Columns {
    fn default() -> Columns {
        let list = DEFAULT.iter().filter_map(|name| find(name)).map(|f| Column { field: f, width: f.width }).collect();
        Columns { list, is_default: true }
    }
}

impl Columns {
    /// No column at all.
    #[must_use]
    pub fn none() -> Columns {
        Columns { list: Vec::new(), is_default: false }
    }

    /// The columns in order.
    #[must_use]
    pub fn as_slice(&self) -> &[Column] {
        &self.list
    }

    /// Applies one word of `-s`, which may name several fields.
    ///
    /// # Errors
    /// A field is unknown, a width is not usable, or there are too many columns.
    pub fn apply(&mut self, word: &str) -> Result<(), ColumnError> {
        word.split([',', ' ', '\t']).filter(|s| !s.is_empty()).try_for_each(|spec| self.apply_one(spec))
    }

    fn apply_one(&mut self, spec: &str) -> Result<(), ColumnError> {
        if self.list.len() >= MAX_COLUMNS {
            return Err(ColumnError::TooMany);
        }
        if let Some(name) = spec.strip_prefix('-') {
            let column = column(name)?;
            self.list.retain(|c| c.field != column.field);
            self.is_default = false;
            return Ok(());
        }
        if let Some(rest) = spec.strip_prefix('+') {
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            let column = column(rest.get(digits..).unwrap_or(""))?;
            let at = rest.get(..digits).and_then(|d| d.parse::<usize>().ok()).unwrap_or(usize::MAX);
            self.list.insert(at.min(self.list.len()), column);
            self.is_default = false;
            return Ok(());
        }
        if self.is_default {
            self.list.clear();
            self.is_default = false;
        }
        if spec == "all" {
            let room = MAX_COLUMNS - self.list.len();
            self.list.extend(FIELDS.iter().take(room).map(|f| Column { field: f, width: f.width }));
            return Ok(());
        }
        self.list.push(column(spec)?);
        Ok(())
    }
}

fn column(spec: &str) -> Result<Column, ColumnError> {
    let (name, width) = match spec.split_once(':') {
        Some((name, width)) => (name, Some(width)),
        None => (spec, None),
    };
    let field = find(name).ok_or_else(|| ColumnError::Unknown {
        name: name.chars().take(40).collect(),
        suggestion: nearest(name, FIELDS.iter().map(|f| f.name)),
    })?;
    let width = match width {
        None => field.width,
        Some(w) => w
            .parse::<u16>()
            .ok()
            .filter(|w| (1..=MAX_WIDTH).contains(w))
            .ok_or_else(|| ColumnError::Width { spec: spec.chars().take(60).collect() })?,
    };
    Ok(Column { field, width })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(words: &[&str]) -> Result<String, String> {
        let mut c = Columns::default();
        for w in words {
            c.apply(w).map_err(|e| e.to_string())?;
        }
        let show = |c: &Column| match c.width == c.field.width {
            true => c.field.name.to_owned(),
            false => format!("{}:{}", c.field.name, c.width),
        };
        Ok(c.list.iter().map(show).collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn lists_replace_add_insert_and_remove() {
        let default = DEFAULT.join(" ");
        for (words, result) in [
            (&[][..], default.as_str()),
            (&["saddr", "daddr:20"], "saddr daddr:20"),
            (&["saddr,spkts"], "saddr spkts"),
            (&["saddr", "+daddr", "spkts"], "saddr daddr spkts"),
            (&["saddr", "-saddr", "+seq"], "seq"),
            (&["stime saddr", "+1srcid:10", "+99seq"], "stime srcid:10 saddr seq"),
        ] {
            assert_eq!(names(words).as_deref(), Ok(result));
        }
        assert_eq!(names(&["+2srcid", "-bytes"]).unwrap(), default.replace(" bytes", "").replace("flgs", "flgs srcid"));
        assert_eq!(names(&["all"]).unwrap().split(' ').count(), FIELDS.len());
    }

    #[test]
    fn mistakes_are_named() {
        for (word, message) in [
            ("sadr", "unknown field 'sadr' (did you mean 'saddr'?)"),
            ("zzzzzz", "unknown field 'zzzzzz' (docs/fields.md lists all)"),
            ("saddr:0", "-s saddr:0: the width must be a number from 1 to 10000"),
            ("saddr:x", "-s saddr:x: the width must be a number from 1 to 10000"),
            ("+3", "unknown field '' (docs/fields.md lists all)"),
        ] {
            assert_eq!(names(&[word]).unwrap_err(), message);
        }
        assert_eq!(names(&vec!["+saddr"; 2000]), Err("-s lists more than 1000 fields".into()));
    }
}
