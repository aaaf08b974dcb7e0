//! Turn text that the tools print (delimited or JSON) back into flow records.

mod cells;
mod lines;
mod record;

use anyhow::Context as _;

use super::Outcome;
use super::ra::Copy;
use super::tools::reader::say;
use super::tools::{self, Kit, Output, Plan, Reader, with_names};
use crate::record::RecordRef;
use crate::source::{SourceSpec, open_bytes};
use cells::{Cells, Reading};
use lines::{Lines, Row};

/// Options.
#[derive(Debug, clap::Args)]
#[command(after_help = "Files hold a line of titles and delimited rows, or JSON, one object a line: \
    ra -r x.argus -c , > x.csv; raconvert -r x.csv -w y.argus")]
pub(crate) struct Args {
    #[command(flatten)]
    common: tools::Common,
}

/// Runs the command.
pub(crate) fn run(args: Args, filter: Option<String>) -> anyhow::Result<Outcome> {
    let mut plan = Plan::new(args.common, filter, &Kit::default())?;
    if plan.shows_filter()? {
        return Ok(Outcome::Done);
    }
    let sources = plan.take_sources();
    let (now, zone) = (plan.now, plan.zone.clone());
    let mut copy = Copy { output: Output::new(&mut plan)? };
    let mut reader = Reader::new(&mut plan)?;
    let mut bad = 0;
    with_names(|names| -> anyhow::Result<()> {
        let reading = Reading { services: names.services, zone: &zone, today: zone.civil(now) };
        for source in &sources {
            bad += convert(source, &reading, &mut reader, &mut copy)?;
        }
        Ok(())
    })?;
    let outcome = reader.finish(copy.output)?;
    Ok(if bad > 0 { Outcome::Damaged } else { outcome })
}

/// Converts one input; gives the number of rows that are none.
fn convert(source: &SourceSpec, reading: &Reading<'_>, reader: &mut Reader, copy: &mut Copy) -> anyhow::Result<u64> {
    let name = source.to_string();
    let mut lines = Lines::new(open_bytes(source)?);
    let (mut bad, mut offset, mut bytes) = (0, 0, Vec::new());
    let mut cells = Cells::default();
    while let Some(row) = lines.next().with_context(|| name.clone())? {
        let made = match row {
            Row::Titles(unused) => {
                if !unused.is_empty() {
                    say(&format!("{name}: these columns are not taken over: {}", unused.join(" ")));
                }
                continue;
            }
            Row::Bad(problem) => Err(problem),
            Row::Values(values) => {
                cells.clear();
                cells.is_latin1 = lines.is_latin1();
                values.into_iter().try_for_each(|(field, text)| cells.set(field, text, reading)).and_then(|()| {
                    bytes.clear();
                    record::write(&cells, &mut bytes)
                })
            }
        };
        match made {
            Ok(()) => {
                if let Some(record) = RecordRef::new(&bytes) {
                    reader.record(record, offset, copy)?;
                    offset += bytes.len() as u64;
                }
            }
            Err(problem) => {
                bad += 1;
                if bad == 1 {
                    say(&format!("{name}:{}: {problem}; the row is skipped", lines.number()));
                }
            }
        }
    }
    if bad > 1 {
        say(&format!("{name}: {bad} rows were skipped"));
    }
    Ok(bad)
}
