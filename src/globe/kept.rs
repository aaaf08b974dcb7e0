//! What is kept from one start to the next besides the configuration: views, filters, the filters that were in force,
//! bookmarks, columns.

use std::collections::BTreeMap;
use std::path::PathBuf;

use bevy::prelude::Resource;

use super::table::Column;
use super::views::SavedView;
use crate::base::Timestamp;

/// Most filters that are kept.
pub const MOST_FILTERS: usize = 100;

/// Most filters that were in force and are remembered.
pub const REMEMBERED: usize = 50;

/// Something to be kept.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kept<'a> {
    /// A view under a name.
    View(&'a str, &'a SavedView),
    /// A filter of everything shown, under a name.
    Filter(&'a str, &'a str),
    /// The filters that were in force, newest last.
    History(&'a [String]),
    /// All bookmarks, in order.
    Bookmarks(&'a [Timestamp]),
    /// The columns of the flow table, in order.
    Columns(&'a [Column]),
    /// Keys of the configuration with values, as TOML.
    Settings(&'a [(&'static str, String)]),
}

/// Keeps something for the next start; gives the file, or why it could not.
pub type Keep = Box<dyn Fn(Kept<'_>) -> Result<PathBuf, String> + Send + Sync>;

/// Where things are kept, if anywhere.
#[derive(Resource)]
pub struct Keeper(pub Keep);

/// Filters of everything shown, by name.
#[derive(Resource, Clone, Debug, Default, PartialEq, Eq)]
pub struct SavedFilters(pub BTreeMap<String, String>);
