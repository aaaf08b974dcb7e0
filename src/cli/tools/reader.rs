//! Reads records one source after the other and hands those that are wanted to a tool.

use std::io::Write as _;
use std::time::Duration;

use super::super::Outcome;
use super::direction::Direction;
use super::expand::Expand;
use super::gate::Gate;
use super::options::{Input, Plan, Window};
use super::output::Output;
use super::progress::Progress;
use super::settings::Shows;
use super::strip::Strip;
use crate::aggregate::Merged;
use crate::base::{Warnings, clock};
use crate::filter::Scope;
use crate::pipeline::Labels;
use crate::record::fields::Shape;
use crate::record::{Batch, Far, RecordKind, RecordRef, SourceId};
use crate::sink::ArgusWriter;
use crate::source::{self, Options, SourceError, Step};

/// How a tool wants records that are to be turned round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cli) enum Turning {
    /// As they are.
    Never,
    /// Seen the other way round; their bytes stay.
    View,
    /// Made anew, for tools that keep bytes.
    Bytes,
}

/// A tool: what is done with the records.
pub(in crate::cli) trait Sink {
    /// Takes a management record.
    fn management(&mut self, _record: RecordRef<'_>) -> anyhow::Result<()> {
        Ok(())
    }

    /// Takes a flow record that the options let through; `offset` is its place in its file.
    fn flow(&mut self, far: &Far<'_>, offset: u64) -> anyhow::Result<()>;

    /// Takes a management or event record that is to be shown among the rows.
    fn other(&mut self, _shown: &Far<'_>, _offset: u64) -> anyhow::Result<()> {
        Ok(())
    }

    /// Whether records are turned round where the configuration says so. What is only copied stays as it is.
    fn turning(&self) -> Turning {
        Turning::Never
    }

    /// Whether no further record is wanted.
    fn is_full(&self) -> bool {
        false
    }

    /// Whether nothing is printed while records come.
    fn prints_at_the_end(&self) -> bool {
        false
    }

    /// A source has ended.
    fn end_of_source(&mut self) -> anyhow::Result<()> {
        Ok(())
    }

    /// Nothing has come for a while.
    fn idle(&mut self) -> anyhow::Result<()> {
        Ok(())
    }
}

/// Counts for the line of totals and for the exit status.
#[derive(Debug, Default)]
struct Totals {
    man: u64,
    far: u64,
    passed: u64,
    /// Management and event records shown.
    others: u64,
    in_time: u64,
    damaged: bool,
    missing: bool,
    failed: bool,
}

impl Totals {
    /// The line of totals.
    fn summary(&self, shape: Shape, pkts: u64, bytes: u64) -> String {
        let (all, man, far) = (self.man + self.passed, self.man, self.far);
        match shape {
            Shape::Json => format!(
                "{{ \"type\":\"summary\",\"records\":{all},\"man\":{man},\"far\":{far},\"pkts\":{pkts},\"bytes\":{bytes} }}"
            ),
            Shape::Xml => format!(
                " <ArgusSummary  TotalRecords = \"{all}\" TotalManRecords = \"{man}\" TotalFarRecords = \"{far}\" \
                 TotalPkts = \"{pkts}\" TotalBytes = \"{bytes}\"></ArgusSummary>"
            ),
            _ => format!(
                " Totalrecords {all:<8}  TotalManRecords {man:<8}  TotalFarRecords {far:<8} TotalPkts {pkts:<8} \
                 TotalBytes {bytes:<8}"
            ),
        }
    }
}

/// Reads the sources of a plan.
pub(in crate::cli) struct Reader {
    sources: Vec<Input>,
    run_time: Option<u32>,
    gate: Gate,
    server_filter: String,
    window: Option<Window>,
    strip: Option<Strip>,
    summary: bool,
    shape: Shape,
    rejects: Option<ArgusWriter>,
    totals: Totals,
    /// Whether it is well if no record passes the filter.
    accepts_nothing: bool,
    shows: Shows,
    prints: bool,
    progress: Option<Progress>,
    direction: Direction,
    expand: Option<Expand>,
    /// The records that one is taken apart into.
    parts: [Vec<u8>; 2],
    /// Countries that are written into records before anything else is done with them.
    countries: Option<Labels>,
    /// A record made of one that is turned round.
    made: Vec<u8>,
    /// A record with its countries.
    labelled: Vec<u8>,
    /// A record without what `-M dsrs=` takes out of it.
    stripped: Vec<u8>,
}

impl Reader {
    /// For what the plan says of input.
    pub(in crate::cli) fn new(plan: &mut Plan) -> anyhow::Result<Reader> {
        let rejects = match &plan.rejects {
            Some(path) => Some(ArgusWriter::create(path, plan.now)?),
            None => None,
        };
        Ok(Reader {
            sources: std::mem::take(&mut plan.sources),
            run_time: plan.run_time,
            gate: Gate::new(plan),
            server_filter: std::mem::take(&mut plan.server_filter),
            window: plan.window.filter(|w| !w.is_output),
            strip: plan.strip.take(),
            expand: plan.expand,
            parts: Default::default(),
            summary: plan.summary,
            shape: plan.shape,
            rejects,
            totals: Totals::default(),
            accepts_nothing: false,
            shows: plan.shows,
            prints: plan.prints,
            progress: None,
            direction: std::mem::take(&mut plan.direction),
            countries: plan.countries.take(),
            made: Vec::new(),
            labelled: Vec::new(),
            stripped: Vec::new(),
        })
    }

    /// Says that it is no failure if no record passes the filter.
    pub(in crate::cli) fn accept_nothing(&mut self) {
        self.accepts_nothing = true;
    }

    /// Reads everything.
    pub(in crate::cli) fn run(&mut self, sink: &mut dyn Sink) -> anyhow::Result<()> {
        let sources = std::mem::take(&mut self.sources);
        self.progress = Progress::new(&sources, self.prints && !sink.prints_at_the_end());
        for input in &sources {
            if self.is_over(sink) {
                break;
            }
            self.read(input, sink)?;
            sink.end_of_source()?;
        }
        self.progress = None;
        Ok(())
    }

    /// Whether no further record is wanted.
    fn is_over(&self, sink: &dyn Sink) -> bool {
        self.window.is_some_and(|w| self.totals.in_time >= w.last) || sink.is_full()
    }

    fn read(&mut self, input: &Input, sink: &mut dyn Sink) -> anyhow::Result<()> {
        let remote = !matches!(self.gate.filter.scope(), Scope::Local | Scope::Display);
        let filter = if remote { self.server_filter.clone() } else { String::new() };
        let meter = self.progress.as_ref().map(Progress::meter);
        let opened = source::open_with(&input.spec, SourceId(0), &Options { filter, meter });
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
        let until = self.run_time.map(|s| clock::steady_now() + Duration::from_secs(u64::from(s)));
        loop {
            batch.clear();
            let step = source.poll(&mut batch, &mut warnings);
            for bytes in batch.iter() {
                let is_wanted = (input.start..input.stop).contains(&offset);
                if let Some(record) = RecordRef::new(bytes).filter(|_| is_wanted) {
                    self.record(record, offset, sink)?;
                }
                offset += bytes.len() as u64;
            }
            for message in warnings.messages().iter().skip(said) {
                self.say(message);
            }
            // What keeps a server from delivering is said once, until it delivers again.
            let now = source.trouble();
            if let Some(problem) = now.as_ref().filter(|_| !in_trouble && warnings.messages().len() == said) {
                self.say(problem);
            }
            in_trouble = now.is_some();
            said = warnings.messages().len();
            if let Some(progress) = &mut self.progress {
                progress.show(self.totals.far);
            }
            match step {
                Ok(Step::End) => break,
                Ok(_) if self.is_over(sink) || until.is_some_and(|t| clock::steady_now() >= t) => break,
                Ok(Step::More) => {}
                Ok(Step::Idle(wait)) => {
                    sink.idle()?;
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
    /// Says something in the place of the row of progress.
    fn say(&mut self, message: &str) {
        if let Some(progress) = &mut self.progress {
            progress.erase();
        }
        say(message);
    }

    fn report(&mut self, error: &SourceError) {
        self.say(&error.to_string());
        match error {
            SourceError::Damaged { .. } => self.totals.damaged = true,
            SourceError::Io { source, .. } if source.kind() == std::io::ErrorKind::NotFound => {
                self.totals.missing = true;
            }
            _ => self.totals.failed = true,
        }
    }

    /// Takes a record that comes from elsewhere as if it had been read.
    pub(in crate::cli) fn record(
        &mut self,
        record: RecordRef<'_>,
        offset: u64,
        sink: &mut dyn Sink,
    ) -> anyhow::Result<()> {
        // What the source has read ahead behind the window is not looked at.
        if self.is_over(sink) {
            return Ok(());
        }
        match record.kind() {
            RecordKind::Mar => {
                self.totals.man += 1;
                sink.management(record)?;
                return if self.shows.management == Some(true) { self.other(record, offset, sink) } else { Ok(()) };
            }
            RecordKind::Event => {
                if Far::of_any(record).is_some_and(|far| self.gate.filter.matches(&far)) {
                    sink.management(record)?;
                }
                return if self.shows.events == Some(true) { self.other(record, offset, sink) } else { Ok(()) };
            }
            _ => {}
        }
        let (mut labelled, mut stripped) = (std::mem::take(&mut self.labelled), std::mem::take(&mut self.stripped));
        let mut bytes = record.bytes();
        if let Some(countries) = &mut self.countries {
            labelled.clear();
            if countries.label(record, &mut labelled) {
                bytes = &labelled;
            }
        }
        if let (Some(strip), Some(record)) = (&self.strip, RecordRef::new(bytes)) {
            stripped.clear();
            strip.copy(record, &mut stripped);
            bytes = &stripped;
        }
        let done = match RecordRef::new(bytes).and_then(Far::decode) {
            Some(far) if sink.turning() == Turning::Never || !self.direction.turns(&far) => {
                self.flow(&far, offset, sink)
            }
            Some(far) if sink.turning() == Turning::View => self.flow(&far.turned_round(), offset, sink),
            Some(far) => self.turned(&far.turned_round(), offset, sink),
            None => Ok(()),
        };
        (self.labelled, self.stripped) = (labelled, stripped);
        done
    }

    /// Hands on a record that is turned round, as bytes that say so.
    fn turned(&mut self, far: &Far<'_>, offset: u64, sink: &mut dyn Sink) -> anyhow::Result<()> {
        let mut bytes = std::mem::take(&mut self.made);
        bytes.clear();
        Merged::from_far(far).write(&mut bytes);
        let made = RecordRef::new(&bytes).and_then(Far::decode).map(Far::as_stored);
        let done = made.map_or(Ok(()), |far| self.flow(&far, offset, sink));
        self.made = bytes;
        done
    }

    /// Hands on a management or event record that is to be shown, if it is wanted.
    fn other(&mut self, record: RecordRef<'_>, offset: u64, sink: &mut dyn Sink) -> anyhow::Result<()> {
        let Some(far) = Far::of_any(record) else { return Ok(()) };
        let is_before = self.window.is_some_and(|w| self.totals.in_time + 1 < w.first);
        if is_before || !self.gate.filter.matches(&far) {
            return Ok(());
        }
        self.totals.others += 1;
        if self.gate.wants(&far) { sink.other(&far, offset) } else { Ok(()) }
    }

    fn flow(&mut self, far: &Far<'_>, offset: u64, sink: &mut dyn Sink) -> anyhow::Result<()> {
        self.totals.far += 1;
        if !self.gate.filter.matches(far) {
            if let Some(file) = &mut self.rejects {
                file.write(far.record())?;
            }
            return Ok(());
        }
        self.totals.passed += 1;
        if !self.gate.wants(far) {
            return Ok(());
        }
        self.totals.in_time += 1;
        if self.window.is_some_and(|w| self.totals.in_time < w.first) {
            return Ok(());
        }
        match self.expand {
            None => sink.flow(far, offset),
            Some(expand) => self.expanded(expand, far, offset, sink),
        }
    }

    /// Hands on the records that one is taken apart into.
    fn expanded(&mut self, expand: Expand, far: &Far<'_>, offset: u64, sink: &mut dyn Sink) -> anyhow::Result<()> {
        expand.apply(far, &mut self.parts);
        for bytes in &self.parts {
            // Their direction has been settled; who sent nothing must not turn them round again.
            if let Some(part) = RecordRef::new(bytes).and_then(Far::decode) {
                sink.flow(&part.as_stored(), offset)?;
            }
        }
        Ok(())
    }

    /// Prints the line of totals if it is wanted, closes everything and answers how it went.
    pub(in crate::cli) fn finish(self, mut output: Output) -> anyhow::Result<Outcome> {
        let t = &self.totals;
        if self.summary {
            let line = t.summary(self.shape, output.pkts, output.bytes);
            if !output.line(&line) {
                writeln!(std::io::stdout().lock(), "{line}")?;
            }
        }
        output.finish()?;
        self.end()
    }

    /// Closes everything and answers how it went, for tools that have their own output.
    pub(in crate::cli) fn end(self) -> anyhow::Result<Outcome> {
        if let Some(file) = self.rejects {
            file.finish(clock::wall_now())?;
        }
        Ok(match self.totals {
            Totals { missing: true, .. } => Outcome::Incomplete,
            Totals { damaged: true, .. } => Outcome::Damaged,
            Totals { failed: true, .. } => Outcome::Nothing,
            Totals { passed: 0, others: 0, .. } if !self.accepts_nothing => Outcome::Nothing,
            _ => Outcome::Done,
        })
    }
}

/// A message for the user. One that cannot be delivered has nobody to miss it.
pub(in crate::cli) fn say(message: &str) {
    let _ = writeln!(std::io::stderr().lock(), "argus-globe: {message}");
}
