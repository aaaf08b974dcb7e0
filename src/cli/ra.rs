//! Read flow records: print them, or copy them to files.

mod options;
mod run;
mod strip;
mod words;

use std::ffi::OsString;

use super::Outcome;
pub(crate) use options::Args;
pub(super) use words::separate;

/// Runs the command.
pub(crate) fn run(args: Args, filter: Option<String>) -> anyhow::Result<Outcome> {
    let plan = options::Plan::new(args, filter)?;
    run::run(plan)
}

/// Names of the subcommand, by which its words are told apart from others'.
pub(super) fn is_ra(word: &OsString) -> bool {
    word == "ra" || word == "read"
}
