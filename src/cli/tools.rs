//! What all tools over flow records share: their options, the loop that reads records, and where records go.
//!
//! A tool is an [`options::Common`] with what it adds to it, and a [`Sink`] that the [`reader::Reader`] hands records to.
//! What a tool gives out goes through an [`output::Output`], which knows the fields, files and windows of the options.

mod direction;
pub(super) mod expand;
mod gate;
pub(super) mod options;
pub(super) mod output;
pub(super) mod reader;
mod progress;
mod rarc;
mod settings;
pub(super) mod strip;
mod words;

use std::ffi::OsString;

pub(super) use expand::RMON_TITLES;
pub(super) use gate::Gate;
pub(super) use options::{Common, Kit, Plan, columns_of, files_of, servers_of, with_names};
pub(super) use output::Output;
pub(super) use rarc::drive as drive_rarc;
pub(super) use reader::{Reader, Sink, Turning};

/// The subcommands whose options are written the classic way.
pub(super) const NAMES: &[&str] = &[
    "ra",
    "read",
    "racluster",
    "rasort",
    "racount",
    "raconvert",
    "rahisto",
    "ralabel",
    "rastrip",
    "rabins",
    "rasplit",
    "rastream",
    "ranonymize",
    "ratop",
    "top",
];

/// Takes classic options apart, for the subcommands that have them.
pub(super) fn separate(words: &mut Vec<OsString>) {
    let Some(name) = words.get(1).and_then(|w| w.to_str()).filter(|w| NAMES.contains(w)) else {
        return;
    };
    let name = name.to_owned();
    let options = words::separate(&name, words.get(2..).unwrap_or(&[]));
    words.splice(2.., options);
}
