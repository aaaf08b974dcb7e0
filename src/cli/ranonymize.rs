//! Replace what flow records tell about people and networks, so that they may be shared.

use std::io::{Read as _, Write as _};
use std::path::PathBuf;

use anyhow::Context as _;

use super::tools::reader::say;
use super::tools::{self, Kit, Output, Plan, Reader, Sink};
use super::{Outcome, Usage};
use crate::anonymize::{Anonymizer, Settings};
use crate::base::{clock, rc};
use crate::record::{Far, RecordRef};

/// Options.
#[derive(Debug, clap::Args)]
#[command(after_help = "Everything behind a lone `-` is the filter, as in: ranonymize -f conf -r in -w out - tcp\n\
                        The filter looks at the records as they were. docs/anonymize.md lists the keys of the configuration.")]
pub(crate) struct Args {
    #[command(flatten)]
    common: tools::Common,
    /// What is replaced and how, one KEY=value per line (ranonymize.conf). `-M seed=N` makes the result repeatable
    #[arg(short = 'f', value_name = "FILE")]
    conf: Option<PathBuf>,
}

const KIT: Kit = Kit { modes: &["seed"], takes_words: true, fields: None };

/// What the classic tool changes only if it is named; here all of it is changed.
const CLASSIC_WORDS: &[&str] =
    &["trans", "time", "flow", "metric", "net", "icmp", "ipattr", "mac", "agr", "vlan", "mpls"];

/// Runs the command.
pub(crate) fn run(args: Args, filter: Option<String>) -> anyhow::Result<Outcome> {
    let mut plan = Plan::new(args.common, filter, &KIT)?;
    if plan.shows_filter()? {
        return Ok(Outcome::Done);
    }
    let mut settings = match &args.conf {
        Some(path) => read(path)?,
        None => Settings::default(),
    };
    apply(&plan.modes, &mut settings)?;
    let dump = settings.dump.clone().map(PathBuf::from);
    let anonymizer = Anonymizer::new(settings, entropy());
    let mut tool = Tool { anonymizer, output: Output::new(&mut plan)?, bytes: Vec::new() };
    let mut reader = Reader::new(&mut plan)?;
    reader.run(&mut tool)?;
    tool.report();
    if let Some(path) = dump {
        write_table(&path, &tool.anonymizer).with_context(|| format!("{path:?}"))?;
    }
    reader.finish(tool.output)
}

/// Reads a configuration; a mistake is told with its place.
pub(super) fn read(path: &std::path::Path) -> anyhow::Result<Settings> {
    let mut bytes = Vec::new();
    let limit = rc::MAX_LEN as u64;
    std::fs::File::open(path)
        .and_then(|file| file.take(limit + 1).read_to_end(&mut bytes))
        .with_context(|| format!("{path:?}"))?;
    if bytes.len() as u64 > limit {
        anyhow::bail!("{path:?}: expected a configuration of at most {limit} bytes, found a longer file");
    }
    let text = String::from_utf8_lossy(&bytes);
    Settings::parse(&text).map_err(|e| anyhow::anyhow!("{}:{e}", path.display()))
}

/// What `-M` says.
fn apply(modes: &[String], settings: &mut Settings) -> Result<(), Usage> {
    for word in modes.iter().flat_map(|m| m.split(',')).filter(|w| !w.is_empty()) {
        match word.split_once('=') {
            Some(("seed", value)) => {
                let seed = value.parse().map_err(|_| Usage(format!("-M seed={value}: expected a number")))?;
                settings.seed = Some(seed);
            }
            None if CLASSIC_WORDS.contains(&word.trim_start_matches('+')) => {}
            _ => return Err(Usage(format!("mode '{word}' is not supported; supported is seed=N"))),
        }
    }
    Ok(())
}

/// Random bits of the system, else what tells one run from another.
pub(super) fn entropy() -> u128 {
    let mut bytes = [0; 16];
    match std::fs::File::open("/dev/urandom").and_then(|mut f| f.read_exact(&mut bytes)) {
        Ok(()) => u128::from_le_bytes(bytes),
        Err(_) => {
            let now = clock::wall_now().nanos().cast_unsigned();
            u128::from(now) << 64 | u128::from(std::process::id())
        }
    }
}

/// Writes the table of originals and replacements.
fn write_table(path: &std::path::Path, anonymizer: &Anonymizer) -> std::io::Result<()> {
    let mut file = std::io::BufWriter::new(std::fs::File::create(path)?);
    writeln!(file, "kind,original,replacement")?;
    for (kind, from, to) in anonymizer.mapping().table() {
        writeln!(file, "{kind},{from},{to}")?;
    }
    file.flush()
}

struct Tool {
    anonymizer: Anonymizer,
    output: Output,
    bytes: Vec<u8>,
}

impl Tool {
    /// Says what did not come through.
    fn report(&self) {
        let (records, values) = (self.anonymizer.left_out(), self.anonymizer.mapping().turned_away());
        if records > 0 {
            say(&format!(
                "{records} records were left out, since what they hold is not known well enough to replace it"
            ));
        }
        if values > 0 {
            say(&format!("{values} addresses found no free replacement and became 0.0.0.0 or its like"));
        }
    }
}

impl Sink for Tool {
    fn management(&mut self, record: RecordRef<'_>) -> anyhow::Result<()> {
        self.bytes.clear();
        if self.anonymizer.record(record, &mut self.bytes)
            && let Some(new) = RecordRef::new(&self.bytes)
        {
            self.output.management(new)?;
        }
        Ok(())
    }

    fn flow(&mut self, far: &Far<'_>, offset: u64) -> anyhow::Result<()> {
        self.bytes.clear();
        if !self.anonymizer.record(far.record(), &mut self.bytes) {
            return Ok(());
        }
        Ok(self.output.write_bytes(&self.bytes, offset)?)
    }

    fn is_full(&self) -> bool {
        self.output.is_full()
    }

    fn idle(&mut self) -> anyhow::Result<()> {
        Ok(self.output.flush()?)
    }
}
