//! Sort flow records by fields.

use super::Outcome;
use super::tools::{self, Kit, Output, Plan, Reader, Sink, Turning};
use crate::aggregate::{Order, Sorter};
use crate::record::{Far, RecordRef};

/// Options.
#[derive(Debug, clap::Args)]
#[command(after_help = "Everything behind a lone `-` is the filter, as in: rasort -r file -m bytes -N o10 - tcp")]
pub(crate) struct Args {
    #[command(flatten)]
    common: tools::Common,
    /// Fields to sort by, the first before the second; stime without any
    #[arg(short = 'm', value_name = "FIELDS")]
    keys: Vec<String>,
    /// The other way round
    #[arg(short = 'v')]
    reverse: bool,
}

/// Runs the command.
pub(crate) fn run(args: Args, filter: Option<String>) -> anyhow::Result<Outcome> {
    let mut plan = Plan::new(args.common, filter, &Kit::default())?;
    let order = Order::parse(plan.sort_keys(&args.keys).iter().map(String::as_str))?;
    if plan.shows_filter()? {
        return Ok(Outcome::Done);
    }
    let mut tool = Sort { sorter: Sorter::new(order, false), output: Output::new(&mut plan)? };
    let mut reader = Reader::new(&mut plan)?;
    reader.run(&mut tool)?;
    let Sort { mut sorter, mut output } = tool;
    sorter.sort(args.reverse);
    for item in sorter.items() {
        if output.is_full() {
            break;
        }
        if let Some(far) = item.far() {
            output.write(&far, 0)?;
        }
    }
    reader.finish(output)
}

struct Sort {
    sorter: Sorter,
    output: Output,
}

impl Sink for Sort {
    fn management(&mut self, record: RecordRef<'_>) -> anyhow::Result<()> {
        Ok(self.output.management(record)?)
    }

    fn other(&mut self, far: &Far<'_>, offset: u64) -> anyhow::Result<()> {
        // An event has no place in the order.
        if far.is_event() { Ok(self.output.other(far, offset)?) } else { Ok(()) }
    }

    fn prints_at_the_end(&self) -> bool {
        true
    }

    fn turning(&self) -> Turning {
        if self.output.prints() { Turning::Bytes } else { Turning::Never }
    }

    fn flow(&mut self, far: &Far<'_>, _: u64) -> anyhow::Result<()> {
        self.sorter.push(far);
        Ok(())
    }
}
