//! The sensor on the command line.

use super::{Outcome, Usage};

/// Options.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

/// Runs the command.
pub(crate) fn run(_args: Args, _filter: Option<String>) -> anyhow::Result<Outcome> {
    Err(Usage("this subcommand has no options yet".into()).into())
}
