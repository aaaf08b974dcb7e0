//! Read flow records: print them, or copy them to files.

use super::tools::{self, Kit, Output, Plan, Reader, Sink, Turning};
use super::{Outcome, Usage};
use crate::record::{Far, RecordRef};

/// Options.
#[derive(Debug, clap::Args)]
#[command(after_help = "Everything behind a lone `-` is the filter, as in: ra -nr file - tcp and port 443")]
pub(crate) struct Args {
    #[command(flatten)]
    common: tools::Common,
    #[arg(short = 'm', hide = true)]
    keys: Vec<String>,
    #[arg(short = 'P', hide = true)]
    order: Vec<String>,
}

/// Runs the command.
pub(crate) fn run(args: Args, filter: Option<String>) -> anyhow::Result<Outcome> {
    for (option, given, tool) in
        [("-m", !args.keys.is_empty(), "racluster or rasort"), ("-P", !args.order.is_empty(), "rasort")]
    {
        if given {
            return Err(Usage(format!("option {option} is not supported: use {tool}")).into());
        }
    }
    let mut plan = Plan::new(args.common, filter, &Kit::default())?;
    if plan.shows_filter()? {
        return Ok(Outcome::Done);
    }
    let mut copy = Copy { output: Output::new(&mut plan)? };
    let mut reader = Reader::new(&mut plan)?;
    reader.run(&mut copy)?;
    reader.finish(copy.output)
}

/// Gives every record out as it comes.
pub(super) struct Copy {
    pub(super) output: Output,
}

impl Sink for Copy {
    fn management(&mut self, record: RecordRef<'_>) -> anyhow::Result<()> {
        Ok(self.output.management(record)?)
    }

    fn other(&mut self, far: &Far<'_>, offset: u64) -> anyhow::Result<()> {
        Ok(self.output.other(far, offset)?)
    }

    fn turning(&self) -> Turning {
        Turning::View
    }

    fn flow(&mut self, far: &Far<'_>, offset: u64) -> anyhow::Result<()> {
        Ok(self.output.write(far, offset)?)
    }

    fn is_full(&self) -> bool {
        self.output.is_full()
    }

    fn idle(&mut self) -> anyhow::Result<()> {
        Ok(self.output.flush()?)
    }
}
