//! Records on their way to the screen: all sources at once, through the filters, at the pace that is wanted.

use std::time::{Duration, Instant};

use crate::base::Timestamp;
use crate::cli::tools::expand::Expand;
use crate::cli::tools::options::{Input, Window};
use crate::cli::tools::strip::Strip;
use crate::cli::tools::{Gate, Plan};
use crate::filter::Filter;
use crate::pipeline::{PipelineError, Relay, RelayEvent, Upstream};
use crate::record::{Batch, Far, RecordKind, RecordRef, SourceId};
use crate::source::{self, SourceSpec};

/// Longest wait for the time of the next record.
const NAP: Duration = Duration::from_millis(20);

/// What happened.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Event {
    /// Records came, or nothing did for the time asked.
    Quiet,
    /// A source has something to say.
    Note(String),
    /// A source ended in failure.
    Failed(String),
    /// Everything has been read.
    Ended,
}

/// Replays recorded time.
#[derive(Clone, Copy, Debug)]
struct Pace {
    /// Seconds of recorded time per second.
    factor: f64,
    /// The record that began it, and when that was.
    origin: Option<(Timestamp, Instant)>,
}

/// Reads sources.
#[derive(Debug)]
pub(super) struct Feed {
    inputs: Vec<Input>,
    gate: Gate,
    /// What records have to pass besides.
    local: Filter,
    strip: Option<Strip>,
    /// What a record is taken apart into.
    expand: Option<Expand>,
    parts: [Vec<u8>; 2],
    /// The gate's filter as it goes to servers.
    remote: String,
    /// The sources that are read now: one file, or all servers at once.
    relay: Option<Relay>,
    /// Number of the first of them, and of the first that comes after them.
    stage: (usize, usize),
    /// Byte offset in each source.
    offsets: Vec<u64>,
    window: Option<Window>,
    /// Records that passed the gate.
    passed: u64,
    /// Records that passed, and management records.
    pub(super) records: u64,
    pace: Option<Pace>,
    /// Records that came before their time, and how many of them have been handed on.
    held: Option<(Batch, usize)>,
    until: Option<Instant>,
    lost: u64,
    is_live: bool,
    stripped: Vec<u8>,
}

impl Feed {
    /// Opens the sources of a plan.
    ///
    /// # Errors
    /// A file cannot be opened, or a thread cannot be started.
    pub(super) fn new(plan: &mut Plan, remote: String, now: Instant) -> Result<Feed, PipelineError> {
        let mut feed = Feed {
            inputs: std::mem::take(&mut plan.sources),
            gate: Gate::new(plan),
            local: Filter::default(),
            strip: plan.strip.take(),
            expand: plan.expand,
            parts: Default::default(),
            remote,
            relay: None,
            stage: (0, 0),
            offsets: Vec::new(),
            window: plan.window.filter(|w| !w.is_output),
            passed: 0,
            records: 0,
            pace: None,
            held: None,
            until: plan.run_time.map(|s| now + Duration::from_secs(s.into())),
            lost: 0,
            is_live: false,
            stripped: Vec::new(),
        };
        feed.start()?;
        Ok(feed)
    }

    fn start(&mut self) -> Result<(), PipelineError> {
        // The sources before leave their places first.
        self.relay = None;
        for input in self.inputs.iter().filter(|i| matches!(i.spec, SourceSpec::File(_))) {
            // A wrong name is told before anything is shown.
            source::open_with(&input.spec, SourceId(0), &source::Options::default())?;
        }
        self.offsets = vec![0; self.inputs.len()];
        (self.held, self.passed, self.stage) = (None, 0, (0, 0));
        if let Some(pace) = &mut self.pace {
            pace.origin = None;
        }
        self.is_live = self.inputs.iter().any(|i| !is_file(&i.spec));
        self.advance()
    }

    /// Opens the next sources: files one after the other, so that their order counts, servers together.
    fn advance(&mut self) -> Result<(), PipelineError> {
        self.lost = self.lost();
        self.relay = None;
        let first = self.stage.1;
        let Some(rest) = self.inputs.get(first..).filter(|r| !r.is_empty()) else { return Ok(()) };
        let len = match rest.iter().take_while(|i| !is_file(&i.spec)).count() {
            0 => 1,
            servers => servers,
        };
        let upstream = |i: &Input| Upstream { spec: i.spec.clone(), filter: self.remote.clone() };
        let upstreams: Vec<_> = rest.iter().take(len).map(upstream).collect();
        self.relay = Some(Relay::start(&upstreams)?);
        self.stage = (first, first + len);
        Ok(())
    }

    /// Reads other sources from now on.
    ///
    /// # Errors
    /// As [`Feed::new`]; nothing is read then.
    pub(super) fn read(&mut self, inputs: Vec<Input>) -> Result<(), PipelineError> {
        self.inputs = inputs;
        self.start()
    }

    /// Reads the same sources anew.
    ///
    /// # Errors
    /// As [`Feed::new`]; nothing is read then.
    pub(super) fn restart(&mut self) -> Result<(), PipelineError> {
        self.start()
    }

    /// Lets records pass this filter only from now on.
    pub(super) fn set_local(&mut self, filter: Filter) {
        self.local = filter;
    }

    /// The same, by the servers already once they are connected anew.
    pub(super) fn set_remote(&mut self, filter: Filter, text: String) {
        (self.gate.filter, self.remote) = (filter, text);
    }

    /// Replays recorded time so many times as fast as it passed; none for as fast as it can be read.
    pub(super) fn set_pace(&mut self, factor: Option<f64>) {
        self.pace = factor.filter(|f| f.is_finite() && *f > 0.0).map(|factor| Pace { factor, origin: None });
    }

    /// What is read, as options name it.
    pub(super) fn options(&self) -> String {
        let mut out = String::new();
        let mut before = "";
        for input in &self.inputs {
            let option = if is_file(&input.spec) { "-r" } else { "-S" };
            if option != before {
                out.push(' ');
                out.push_str(option);
                before = option;
            }
            out.push(' ');
            out.push_str(&input.spec.to_string());
        }
        out
    }

    /// Whether records come at their own pace, so that flows grow old.
    pub(super) fn is_live(&self) -> bool {
        self.is_live || self.pace.is_some()
    }

    /// Whether everything can be read again.
    pub(super) fn can_be_read_again(&self) -> bool {
        self.inputs.iter().all(|i| matches!(i.spec, SourceSpec::File(_)))
    }

    /// Whether everything has been read.
    pub(super) fn has_ended(&self) -> bool {
        self.relay.is_none()
    }

    /// Records known to be lost on the way.
    pub(super) fn lost(&self) -> u64 {
        self.lost + self.relay.iter().flat_map(Relay::sources).map(|s| s.dropped).sum::<u64>()
    }

    /// Hands the records on that come within `patience`: one batch at most.
    pub(super) fn next(&mut self, patience: Duration, now: Instant, take: &mut dyn FnMut(&Far<'_>)) -> Event {
        if self.until.is_some_and(|t| now >= t) || self.is_over() {
            self.end();
        }
        if let Some((batch, from)) = self.held.take() {
            return self.hand_on(batch, from, patience, now, take);
        }
        let Some(relay) = &mut self.relay else {
            std::thread::sleep(patience);
            return Event::Quiet;
        };
        match relay.next(patience) {
            RelayEvent::Batch { batch, .. } => self.hand_on(batch, 0, Duration::ZERO, now, take),
            RelayEvent::Note(text) => Event::Note(text),
            RelayEvent::Failed(text) => Event::Failed(text),
            RelayEvent::Idle => Event::Quiet,
            RelayEvent::Ended => match self.advance() {
                Err(e) => {
                    self.end();
                    Event::Failed(e.to_string())
                }
                Ok(()) if self.relay.is_some() => Event::Quiet,
                Ok(()) => Event::Ended,
            },
        }
    }

    fn end(&mut self) {
        self.lost = self.lost();
        self.relay = None;
        self.held = None;
    }

    /// Whether no further record is wanted.
    fn is_over(&self) -> bool {
        self.relay.is_some() && self.window.is_some_and(|w| self.passed >= w.last)
    }

    fn hand_on(
        &mut self,
        batch: Batch,
        from: usize,
        patience: Duration,
        now: Instant,
        take: &mut dyn FnMut(&Far<'_>),
    ) -> Event {
        for at in from..batch.len() {
            let Some(record) = batch.get(at).and_then(RecordRef::new) else { continue };
            if let Some(wait) = self.early(record, now) {
                self.held = Some((batch, at));
                if at == from {
                    std::thread::sleep(wait.min(patience).min(NAP));
                }
                return Event::Quiet;
            }
            self.one(record, self.stage.0 + usize::from(batch.source().0), take);
        }
        Event::Quiet
    }

    /// How long it is until a record's time has come; none if it has.
    fn early(&mut self, record: RecordRef<'_>, now: Instant) -> Option<Duration> {
        let pace = self.pace.as_mut()?;
        if record.kind() == RecordKind::Mar {
            return None;
        }
        let start = Far::decode(record)?.times().span.start;
        let (first, began) = *pace.origin.get_or_insert((start, now));
        let due = Duration::try_from_secs_f64(start.since(first).as_secs_f64() / pace.factor).ok()?;
        due.checked_sub(now.saturating_duration_since(began)).filter(|wait| !wait.is_zero())
    }

    fn one(&mut self, record: RecordRef<'_>, source: usize, take: &mut dyn FnMut(&Far<'_>)) {
        let offset = self.offsets.get(source).copied().unwrap_or(0);
        if let Some(o) = self.offsets.get_mut(source) {
            *o += record.bytes().len() as u64;
        }
        let is_in = self.inputs.get(source).is_none_or(|i| (i.start..i.stop).contains(&offset));
        if !is_in || self.window.is_some_and(|w| self.passed >= w.last) {
            return;
        }
        if record.kind() == RecordKind::Mar {
            self.records += 1;
            return;
        }
        let mut stripped = std::mem::take(&mut self.stripped);
        let record = match &self.strip {
            None => Some(record),
            Some(strip) => {
                stripped.clear();
                strip.copy(record, &mut stripped);
                RecordRef::new(&stripped)
            }
        };
        if let Some(far) = record.and_then(Far::decode).filter(|far| self.lets(far)) {
            (self.passed, self.records) = (self.passed + 1, self.records + 1);
            if self.window.is_none_or(|w| self.passed >= w.first) {
                match self.expand {
                    None => take(&far),
                    Some(expand) => {
                        expand.apply(&far, &mut self.parts);
                        let parts = self.parts.iter().filter_map(|b| RecordRef::new(b));
                        // Their direction has been settled.
                        parts.filter_map(Far::decode).for_each(|far| take(&far.as_stored()));
                    }
                }
            }
        }
        self.stripped = stripped;
    }

    fn lets(&self, far: &Far<'_>) -> bool {
        self.gate.filter.matches(far) && self.local.matches(far) && self.gate.wants(far)
    }

    /// Whether records have come before their time.
    #[cfg(test)]
    pub(super) fn is_waiting(&self) -> bool {
        self.held.is_some()
    }

    /// Flow records that passed the filters.
    pub(super) fn passed(&self) -> u64 {
        self.passed
    }
}

fn is_file(spec: &SourceSpec) -> bool {
    matches!(spec, SourceSpec::File(_) | SourceSpec::Stdin)
}
