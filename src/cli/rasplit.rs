//! Write flow records to many files: by time, by number, by what they say.

mod split;

use super::Outcome;
use super::tools::{self, Plan, Reader};

pub(super) use split::{KIT, Split};

/// Options.
#[derive(Debug, clap::Args)]
#[command(after_help = "Everything behind a lone `-` is the filter, as in: \
    rasplit -r file -M time 1h -w 'archive/$srcid/%Y/%m/%d/argus.%H.%M.%S' - tcp")]
pub(crate) struct Args {
    #[command(flatten)]
    common: tools::Common,
    /// Letters of the suffixes of count and size
    #[arg(short = 'a', value_name = "N", default_value_t = 2)]
    letters: usize,
}

/// Runs the command.
pub(crate) fn run(args: Args, filter: Option<String>) -> anyhow::Result<Outcome> {
    let mut plan = Plan::new(args.common, filter, &KIT)?;
    if plan.shows_filter()? {
        return Ok(Outcome::Done);
    }
    let Some(mut tool) = Split::new(&mut plan, args.letters)? else { return Ok(Outcome::Done) };
    let mut reader = Reader::new(&mut plan)?;
    reader.run(&mut tool)?;
    tool.finish()?;
    reader.end()
}
