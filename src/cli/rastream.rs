//! Write a stream of flow records to many files, and run a program on each file that is complete.

mod program;

use std::time::Instant;

use super::rasplit::{KIT, Split};
use super::service::Signals;
use super::tools::{self, Plan, Reader, Sink};
use super::{Outcome, Usage};
use crate::base::{Timestamp, clock};
use crate::record::Far;
use program::Program;

/// Options.
#[derive(Debug, clap::Args)]
#[command(after_help = "Everything behind a lone `-` is the filter, as in: \
    rastream -S host -M time 5m -B 15s -f ./archive.sh -w 'archive/$srcid/%Y/%m/%d/argus.%H.%M.%S' - ip")]
pub(crate) struct Args {
    #[command(flatten)]
    common: tools::Common,
    /// Letters of the suffixes of count, size and flow
    #[arg(short = 'a', value_name = "N", default_value_t = 2)]
    letters: usize,
    /// How long a file waits for late records behind the end of its time: 15s, 1m
    #[arg(short = 'B', value_name = "TIME", default_value = "15s")]
    hold: String,
    /// Program that is run on each complete file: PROGRAM -r FILE
    #[arg(short = 'f', value_name = "PROGRAM")]
    program: Option<String>,
}

/// Runs the command.
pub(crate) fn run(args: Args, filter: Option<String>) -> anyhow::Result<Outcome> {
    let hold_secs = seconds(&args.hold)
        .ok_or_else(|| Usage(format!("-B {:?}: expected a number and one of s m h, such as 15s", args.hold)))?;
    let mut plan = Plan::new(args.common, filter, &KIT)?;
    if plan.shows_filter()? {
        return Ok(Outcome::Done);
    }
    let Some(mut split) = Split::new(&mut plan, args.letters)? else { return Ok(Outcome::Done) };
    split.remember();
    let program = args.program.as_deref().map(Program::find).transpose()?;
    let mut tool = Stream {
        split,
        program,
        hold: hold_secs * 1_000_000_000,
        latest: Timestamp::MIN,
        checked: Timestamp::MIN,
        since: None,
        signals: Signals::install()?,
    };
    let mut reader = Reader::new(&mut plan)?;
    let read = reader.run(&mut tool);
    // What has been written is brought to a good end whatever has happened.
    let ended = tool.end();
    read?;
    let all_well = ended?;
    let outcome = reader.end()?;
    Ok(if all_well || outcome != Outcome::Done { outcome } else { Outcome::Nothing })
}

/// A number of seconds, with a unit if wanted.
fn seconds(text: &str) -> Option<i64> {
    let (number, scale) = match text.char_indices().next_back()? {
        (at, 's') => (text.get(..at)?, 1),
        (at, 'm') => (text.get(..at)?, 60),
        (at, 'h') => (text.get(..at)?, 3600),
        _ => (text, 1),
    };
    number.parse::<u32>().ok().map(|n| i64::from(n) * scale)
}

struct Stream {
    split: Split,
    program: Option<Program>,
    /// How long a file waits, in nanoseconds.
    hold: i64,
    /// The stream's time: the end of the latest record, and since when it is known.
    latest: Timestamp,
    since: Option<Instant>,
    /// The stream's time when complete files were looked for.
    checked: Timestamp,
    signals: Signals,
}

impl Stream {
    /// Closes what is complete at a moment of the stream.
    fn look(&mut self, now: Timestamp) -> anyhow::Result<()> {
        self.checked = now;
        let files = self.split.complete(Timestamp::from_nanos(now.nanos().saturating_sub(self.hold)))?;
        if let Some(program) = &mut self.program {
            files.into_iter().for_each(|file| program.add(file));
            program.work();
        }
        Ok(())
    }

    /// Closes everything and waits for the program; false if it failed on a file.
    fn end(mut self) -> anyhow::Result<bool> {
        self.hold = 0;
        let looked = self.look(Timestamp::MAX);
        self.split.finish()?;
        looked?;
        Ok(self.program.is_none_or(Program::finish))
    }
}

impl Sink for Stream {
    fn flow(&mut self, far: &Far<'_>, offset: u64) -> anyhow::Result<()> {
        let end = far.times().span.end;
        self.split.flow(far, offset)?;
        if end > self.latest {
            (self.latest, self.since) = (end, Some(clock::steady_now()));
        }
        // Once in a second of the stream suffices.
        if self.latest.nanos().saturating_sub(self.checked.nanos()) >= 1_000_000_000 {
            self.look(self.latest)?;
        }
        Ok(())
    }

    fn is_full(&self) -> bool {
        self.signals.must_stop()
    }

    /// While nothing comes the stream's time goes on with the clock.
    fn idle(&mut self) -> anyhow::Result<()> {
        let Some(since) = self.since else { return Ok(()) };
        let passed = clock::steady_now().saturating_duration_since(since).as_nanos();
        let passed = i64::try_from(passed).unwrap_or(i64::MAX);
        self.look(Timestamp::from_nanos(self.latest.nanos().saturating_add(passed)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_to_wait_has_a_unit_or_is_in_seconds() {
        assert_eq!(["15s", "5", "2m", "1h", "0"].map(seconds), [Some(15), Some(5), Some(120), Some(3600), Some(0)]);
        assert_eq!(["", "s", "-1", "1d", "x"].map(seconds), [None; 5]);
    }
}
