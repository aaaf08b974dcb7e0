//! Write labels into flow records: names of networks, hosts and ports, countries, places, and labels by filters.

use std::path::PathBuf;

use super::tools::{self, Kit, Output, Plan, Reader, Sink};
use super::{Outcome, labels};
use crate::pipeline::Labels;
use crate::record::{Far, RecordRef};

/// Options.
#[derive(Debug, clap::Args)]
#[command(after_help = "Everything behind a lone `-` is the filter, as in: ralabel -f ralabel.conf -r in -w out - ip")]
pub(crate) struct Args {
    #[command(flatten)]
    common: tools::Common,
    /// What labels are made of (ralabel.conf)
    #[arg(short = 'f', value_name = "FILE")]
    rules: Option<PathBuf>,
}

/// Runs the command.
pub(crate) fn run(args: Args, filter: Option<String>) -> anyhow::Result<Outcome> {
    let mut plan = Plan::new(args.common, filter, &Kit::default())?;
    if plan.shows_filter()? {
        return Ok(Outcome::Done);
    }
    let rules = args.rules.as_deref().map(labels::read).transpose()?;
    let mut tool = Labeller { labels: Labels::new(None, rules), output: Output::new(&mut plan)?, bytes: Vec::new() };
    let mut reader = Reader::new(&mut plan)?;
    reader.accept_nothing();
    reader.run(&mut tool)?;
    reader.finish(tool.output)
}

struct Labeller {
    labels: Labels,
    output: Output,
    bytes: Vec<u8>,
}

impl Sink for Labeller {
    fn management(&mut self, record: RecordRef<'_>) -> anyhow::Result<()> {
        Ok(self.output.management(record)?)
    }

    fn other(&mut self, far: &Far<'_>, offset: u64) -> anyhow::Result<()> {
        Ok(self.output.other(far, offset)?)
    }

    fn flow(&mut self, far: &Far<'_>, offset: u64) -> anyhow::Result<()> {
        self.bytes.clear();
        let is_labelled = self.labels.label(far.record(), &mut self.bytes);
        match RecordRef::new(&self.bytes).filter(|_| is_labelled).and_then(Far::decode) {
            Some(far) => Ok(self.output.write(&far, offset)?),
            None => Ok(self.output.write(far, offset)?),
        }
    }

    fn is_full(&self) -> bool {
        self.output.is_full()
    }

    fn idle(&mut self) -> anyhow::Result<()> {
        Ok(self.output.flush()?)
    }
}
