//! Take parts out of flow records.

use super::tools::{self, Kit, Output, Plan, Reader, Sink};
use super::{Outcome, Usage};
use crate::cli::tools::strip::Strip;
use crate::record::{Far, RecordRef};

/// Options.
#[derive(Debug, clap::Args)]
#[command(after_help = "Everything behind a lone `-` is the filter, as in: rastrip -r in -w out -M +mac - tcp")]
pub(crate) struct Args {
    #[command(flatten)]
    common: tools::Common,
}

/// Parts of a record, which `-M` may name with a sign; `replace` is refused.
const KIT: Kit = Kit { modes: &["replace"], takes_words: true, fields: None };

/// What stays if `-M` does not say.
const DEFAULT: &str = "flow,time,metric,net";

/// Runs the command.
pub(crate) fn run(args: Args, filter: Option<String>) -> anyhow::Result<Outcome> {
    let mut plan = Plan::new(args.common, filter, &KIT)?;
    if plan.modes.iter().any(|m| m == "replace") {
        return Err(Usage("mode 'replace' is not supported: write to another file with -w and rename it".into()).into());
    }
    if plan.shows_filter()? {
        return Ok(Outcome::Done);
    }
    let strip = Strip::parse(&list(&plan.modes)).map_err(|e| Usage(e.replace("dsrs=", "")))?;
    let mut tool = Stripper { strip, output: Output::new(&mut plan)?, bytes: Vec::new() };
    let mut reader = Reader::new(&mut plan)?;
    reader.run(&mut tool)?;
    reader.finish(tool.output)
}

/// The words of `-M` as one list. `+` adds to what stays by default, `-` takes out of everything, names alone are what
/// stays.
fn list(words: &[String]) -> String {
    let parts: Vec<&str> = words.iter().flat_map(|w| w.split(',')).filter(|w| !w.is_empty()).collect();
    if parts.iter().any(|p| p.starts_with('+')) || parts.is_empty() {
        return [&[DEFAULT], parts.as_slice()].concat().join(",");
    }
    parts.join(",")
}

struct Stripper {
    strip: Strip,
    output: Output,
    bytes: Vec<u8>,
}

impl Sink for Stripper {
    fn management(&mut self, record: RecordRef<'_>) -> anyhow::Result<()> {
        Ok(self.output.management(record)?)
    }

    fn other(&mut self, far: &Far<'_>, offset: u64) -> anyhow::Result<()> {
        Ok(self.output.other(far, offset)?)
    }

    fn flow(&mut self, far: &Far<'_>, offset: u64) -> anyhow::Result<()> {
        self.bytes.clear();
        self.strip.copy(far.record(), &mut self.bytes);
        Ok(self.output.write_bytes(&self.bytes, offset)?)
    }

    fn is_full(&self) -> bool {
        self.output.is_full()
    }

    fn idle(&mut self) -> anyhow::Result<()> {
        Ok(self.output.flush()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_say_what_stays_and_what_goes() {
        let words = |t: &str| list(&t.split(' ').filter(|w| !w.is_empty()).map(String::from).collect::<Vec<_>>());
        assert_eq!(words(""), DEFAULT);
        assert_eq!(words("+mac"), format!("{DEFAULT},+mac"));
        assert_eq!(words("-suser -duser"), "-suser,-duser");
        assert_eq!(words("flow time"), "flow,time");
    }
}
