//! One moment of a recording, without threads and clocks.

use std::time::Duration;

use super::conductor::{Clocks, Conductor};
use super::plan::{At, PipelineError, Plan, Start};
use super::reader::Message;
use super::run::conductor;
use crate::alert::Alert;
use crate::base::{Span, Timestamp, Warnings};
use crate::cache::{AddressSum, Snapshot, SourceState};
use crate::record::{Batch, SourceId};
use crate::source::{self, Source, SourceInfo, SourceSpec, Step};

/// The picture of one moment with the sums of all its addresses.
#[derive(Clone, Debug)]
pub struct Moment {
    /// The picture.
    pub snapshot: Snapshot,
    /// Every address in the window, placed or not, sorted.
    pub addresses: Vec<AddressSum>,
    /// What the rules found in it.
    pub alerts: Vec<Alert>,
}

/// The picture at a time, after all sources have been read to their ends.
///
/// # Errors
/// As [`moment_at`].
pub fn snapshot_at(plan: Plan, at: At) -> Result<Snapshot, PipelineError> {
    moment_at(plan, at).map(|m| m.snapshot)
}

/// The picture at a time with all addresses, after all sources have been read to their ends. A source that is damaged
/// counts with what could be read; its state and a warning tell.
///
/// # Errors
/// A source cannot be opened or has no end, or geographic data cannot be used.
pub fn moment_at(plan: Plan, at: At) -> Result<Moment, PipelineError> {
    let sources = open_all(&plan)?;
    moment_of(plan, sources, at)
}

/// A recording that has been read to its end: pictures of any of its moments, without threads and clocks.
pub struct Recording(Conductor);

impl std::fmt::Debug for Recording {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Recording").field(&self.span()).finish()
    }
}

impl Recording {
    /// Reads all sources to their ends.
    ///
    /// # Errors
    /// As [`moment_at`].
    pub fn open(plan: Plan) -> Result<Recording, PipelineError> {
        let sources = open_all(&plan)?;
        Ok(Recording(read_whole(plan, sources, At::START)?))
    }

    /// From the first to the last record.
    #[must_use]
    pub fn span(&self) -> Option<Span> {
        self.0.span()
    }

    /// The picture at a time. The same time gives the same picture, whatever was shown before.
    pub fn at(&mut self, at: Timestamp) -> Snapshot {
        self.0.stand_at(at);
        self.0.snapshot()
    }
}

fn open_all(plan: &Plan) -> Result<Vec<Box<dyn Source>>, PipelineError> {
    let mut sources = Vec::new();
    for (id, spec) in (0u16..).zip(&plan.sources) {
        let endless = || PipelineError::Endless { name: spec.to_string() };
        if matches!(
            spec,
            SourceSpec::ArgusTcp(_)
                | SourceSpec::ArgusTls { .. }
                | SourceSpec::ArgusUdp(_)
                | SourceSpec::Export(_)
                | SourceSpec::Live { .. }
        ) {
            return Err(endless());
        }
        let source = source::open(spec, SourceId(id))?;
        if source.info().live {
            return Err(endless());
        }
        sources.push(source);
    }
    Ok(sources)
}

fn read_whole(plan: Plan, sources: Vec<Box<dyn Source>>, at: At) -> Result<Conductor, PipelineError> {
    let infos: Vec<SourceInfo> = sources.iter().map(|s| s.info()).collect();
    let mut conductor = conductor(Plan { start: Some(Start::Paused), at: Some(at), ..plan }, &infos)?;
    for (id, mut source) in (0u16..).zip(sources) {
        read_all(&mut conductor, SourceId(id), source.as_mut());
    }
    conductor.tick(STANDING);
    Ok(conductor)
}

pub(super) fn moment_of(plan: Plan, sources: Vec<Box<dyn Source>>, at: At) -> Result<Moment, PipelineError> {
    let mut conductor = read_whole(plan, sources, at)?;
    let mut snapshot = conductor.snapshot();
    if snapshot.span.is_none() {
        // Without a record there is no time to show but the one asked for.
        let Span { start, .. } = Span::default();
        snapshot.now = at.resolve(Span { start, end: start });
    }
    let alerts = conductor.watch().alerts().to_vec();
    Ok(Moment { snapshot, addresses: conductor.engine().cache().addresses(), alerts })
}

/// No time passes.
const STANDING: Clocks = Clocks { steady: Duration::ZERO, wall: Timestamp::from_nanos(0) };

fn read_all(conductor: &mut Conductor, id: SourceId, source: &mut dyn Source) {
    let mut warnings = Warnings::new();
    let state = loop {
        let mut batch = Batch::new(id);
        let step = source.poll(&mut batch, &mut warnings);
        conductor.hear(Message::Batch(batch), STANDING);
        match step {
            // Standard input may have nothing at the moment; polling waits by itself.
            Ok(Step::More | Step::Idle(_)) => {}
            Ok(Step::End) => break SourceState::Ended,
            Err(e) => break SourceState::Failed(e.to_string()),
        }
    };
    for text in warnings.messages() {
        conductor.hear(Message::Warning(text.clone()), STANDING);
    }
    conductor.hear(Message::Info(id, source.info()), STANDING);
    conductor.hear(Message::State(id, state), STANDING);
}
