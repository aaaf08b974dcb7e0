//! Reads records one source after the other and hands each to whom it is for.

use std::io::Write as _;
use std::time::Duration;

use super::super::Outcome;
use super::options::{Input, Pattern, Plan, Target};
use crate::base::{Warnings, clock};
use crate::filter::{Filter, Scope};
use crate::record::fields::Context;
use crate::record::{Batch, Far, RecordKind, RecordRef, SourceId};
use crate::sink::{ArgusWriter, SinkError, TextWriter};
use crate::source::{self, Options, SourceError, Step};

/// Carries the plan out.
pub(super) fn run(plan: Plan) -> anyhow::Result<Outcome> {
    if plan.show_filter {
        writeln!(std::io::stdout().lock(), "{}", plan.filter)?;
        return Ok(Outcome::Done);
    }
    let mut run = Run::new(plan)?;
    let sources = std::mem::take(&mut run.plan.sources);
    for input in &sources {
        if run.is_over() {
            break;
        }
        run.read(input)?;
    }
    run.finish()
}

/// Counts for the line of totals and for the exit status.
#[derive(Debug, Default)]
struct Totals {
    man: u64,
    far: u64,
    pkts: u64,
    bytes: u64,
    passed: u64,
    in_time: u64,
    damaged: bool,
    missing: bool,
    failed: bool,
}

struct Run {
    plan: Plan,
    text: Option<TextWriter>,
    files: Vec<(ArgusWriter, Filter)>,
    rejects: Option<ArgusWriter>,
    totals: Totals,
    shown: u64,
    /// A record without what `-M dsrs=` takes out of it.
    stripped: Vec<u8>,
}

impl Run {
    fn new(mut plan: Plan) -> anyhow::Result<Run> {
        let mut files = Vec::new();
        for Target { path, filter } in plan.targets.drain(..) {
            files.push((ArgusWriter::create(&path, plan.now)?, filter));
        }
        let rejects = match &plan.rejects {
            Some(path) => Some(ArgusWriter::create(path, plan.now)?),
            None => None,
        };
        let printer = plan.printer.take().filter(|_| plan.prints);
        let text = printer.map(|p| TextWriter::new("standard output", Box::new(std::io::stdout()), p, plan.header));
        Ok(Run { text, files, rejects, plan, totals: Totals::default(), shown: 0, stripped: Vec::new() })
    }

    /// Whether `-N` lets no further record through.
    fn is_over(&self) -> bool {
        self.plan.window.is_some_and(|w| if w.is_output { self.shown } else { self.totals.in_time } >= w.last)
    }

    fn read(&mut self, input: &Input) -> anyhow::Result<()> {
        let remote = !matches!(self.plan.filter.scope(), Scope::Local | Scope::Display);
        let filter = if remote { self.plan.server_filter.clone() } else { String::new() };
        let opened = source::open_with(&input.spec, SourceId(0), &Options { filter });
        let mut source = match opened {
            Ok(source) => source,
            Err(e) => {
                self.report(&e);
                return Ok(());
            }
        };
        let mut batch = Batch::new(SourceId(0));
        let mut warnings = Warnings::new();
        let mut said = 0;
        let mut offset = 0;
        let mut in_trouble = false;
        // The classic client counts the first management record of an input twice.
        self.totals.man += 1;
        let until = self.plan.run_time.map(|s| clock::steady_now() + Duration::from_secs(u64::from(s)));
        loop {
            batch.clear();
            let step = source.poll(&mut batch, &mut warnings);
            for bytes in batch.iter() {
                let is_wanted = (input.start..input.stop).contains(&offset);
                if let Some(record) = RecordRef::new(bytes).filter(|_| is_wanted) {
                    self.record(record, offset)?;
                }
                offset += bytes.len() as u64;
            }
            for message in warnings.messages().iter().skip(said) {
                say(message);
            }
            // What keeps a server from delivering is said once, until it delivers again.
            let now = source.trouble();
            if let Some(problem) = now.as_ref().filter(|_| !in_trouble && warnings.messages().len() == said) {
                say(problem);
            }
            in_trouble = now.is_some();
            said = warnings.messages().len();
            match step {
                Ok(Step::End) => break,
                Ok(_) if self.is_over() || until.is_some_and(|t| clock::steady_now() >= t) => break,
                Ok(Step::More) => {}
                Ok(Step::Idle(wait)) => {
                    self.flush()?;
                    std::thread::sleep(wait);
                }
                Err(e) => {
                    self.report(&e);
                    break;
                }
            }
        }
        self.totals.damaged |= source.info().damaged > 0;
        Ok(())
    }

    /// Says what is wrong with a source and remembers it for the exit status.
    fn report(&mut self, error: &SourceError) {
        say(&error.to_string());
        match error {
            SourceError::Damaged { .. } => self.totals.damaged = true,
            SourceError::Io { source, .. } if source.kind() == std::io::ErrorKind::NotFound => {
                self.totals.missing = true;
            }
            _ => self.totals.failed = true,
        }
    }

    fn record(&mut self, record: RecordRef<'_>, offset: u64) -> Result<(), SinkError> {
        // What the source has read ahead behind the window is not looked at.
        if self.is_over() {
            return Ok(());
        }
        if record.kind() == RecordKind::Mar {
            self.totals.man += 1;
            return self.files.iter_mut().try_for_each(|(file, _)| file.write(record));
        }
        let Some(strip) = &self.plan.strip else {
            return Far::decode(record).map_or(Ok(()), |far| self.flow(&far, offset));
        };
        let mut stripped = std::mem::take(&mut self.stripped);
        stripped.clear();
        strip.copy(record, &mut stripped);
        let done = match RecordRef::new(&stripped).and_then(Far::decode) {
            Some(far) => self.flow(&far, offset),
            None => Ok(()),
        };
        self.stripped = stripped;
        done
    }

    fn flow(&mut self, far: &Far<'_>, offset: u64) -> Result<(), SinkError> {
        self.totals.far += 1;
        if !self.plan.filter.matches(far) {
            return match &mut self.rejects {
                Some(file) => file.write(far.record()),
                None => Ok(()),
            };
        }
        self.totals.passed += 1;
        if !self.is_wanted(far) {
            return Ok(());
        }
        self.totals.in_time += 1;
        let m = far.metrics();
        let rank = match self.plan.window {
            Some(w) if w.is_output => {
                self.shown += 1;
                if self.shown < w.first {
                    return Ok(());
                }
                self.shown
            }
            Some(w) if self.totals.in_time < w.first => return Ok(()),
            _ => {
                self.shown += 1;
                self.shown
            }
        };
        self.totals.pkts += m.src.pkts.saturating_add(m.dst.pkts);
        self.totals.bytes += m.src.bytes.saturating_add(m.dst.bytes);
        for (file, filter) in &mut self.files {
            if filter.matches(far) {
                file.write(far.record())?;
            }
        }
        match &mut self.text {
            Some(text) => text.write(far, &Context { rank, offset, now: self.plan.now }),
            None => Ok(()),
        }
    }

    /// Time range, label and captured bytes.
    fn is_wanted(&self, far: &Far<'_>) -> bool {
        let plan = &self.plan;
        plan.time.as_ref().is_none_or(|t| t.holds(far.times().span))
            && plan.label.as_ref().is_none_or(|p| p.is_in(far.label_bytes().unwrap_or(&[])))
            && plan.grep.as_ref().is_none_or(|p| has_payload(far, p))
    }

    fn flush(&mut self) -> Result<(), SinkError> {
        self.files.iter_mut().try_for_each(|(file, _)| file.flush())?;
        self.text.as_mut().map_or(Ok(()), TextWriter::flush)
    }

    fn finish(mut self) -> anyhow::Result<Outcome> {
        let t = &self.totals;
        if self.plan.summary {
            let line = format!(
                " Totalrecords {:<8}  TotalManRecords {:<8}  TotalFarRecords {:<8} TotalPkts {:<8} TotalBytes {:<8}",
                t.man + t.passed,
                t.man,
                t.far,
                t.pkts,
                t.bytes
            );
            match &mut self.text {
                Some(text) => text.line(&line),
                None => writeln!(std::io::stdout().lock(), "{line}")?,
            }
        }
        if let Some(text) = &mut self.text {
            text.flush()?;
        }
        let now = clock::wall_now();
        for (file, _) in self.files {
            file.finish(now)?;
        }
        if let Some(file) = self.rejects {
            file.finish(now)?;
        }
        Ok(match self.totals {
            Totals { missing: true, .. } => Outcome::Incomplete,
            Totals { damaged: true, .. } => Outcome::Damaged,
            Totals { failed: true, .. } | Totals { passed: 0, .. } => Outcome::Nothing,
            _ => Outcome::Done,
        })
    }
}

fn has_payload(far: &Far<'_>, pattern: &Pattern) -> bool {
    let p = far.payload();
    let found =
        |wanted: bool, side: Option<crate::record::Payload<'_>>| wanted && side.is_some_and(|p| pattern.is_in(p.data));
    found(pattern.src, p.src) || found(pattern.dst, p.dst)
}

/// A message for the user. One that cannot be delivered has nobody to miss it.
fn say(message: &str) {
    let _ = writeln!(std::io::stderr().lock(), "argus-globe: {message}");
}
