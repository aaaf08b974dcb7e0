//! One moment of a recording, without threads and clocks.

use std::time::Duration;

use super::conductor::{Clocks, Conductor};
use super::plan::{At, PipelineError, Plan, Start};
use super::reader::Message;
use super::run::conductor;
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
    let mut sources = Vec::new();
    for (id, spec) in (0u16..).zip(&plan.sources) {
        let endless = || PipelineError::Endless { name: spec.to_string() };
        if matches!(
            spec,
            SourceSpec::ArgusTcp(_) | SourceSpec::ArgusUdp(_) | SourceSpec::Export(_) | SourceSpec::Live { .. }
        ) {
            return Err(endless());
        }
        let source = source::open(spec, SourceId(id))?;
        if source.info().live {
            return Err(endless());
        }
        sources.push(source);
    }
    moment_of(plan, sources, at)
}

pub(super) fn moment_of(plan: Plan, sources: Vec<Box<dyn Source>>, at: At) -> Result<Moment, PipelineError> {
    let infos: Vec<SourceInfo> = sources.iter().map(|s| s.info()).collect();
    let mut conductor = conductor(Plan { start: Some(Start::Paused), at: Some(at), ..plan }, &infos)?;
    for (id, mut source) in (0u16..).zip(sources) {
        read_all(&mut conductor, SourceId(id), source.as_mut());
    }
    conductor.tick(STANDING);
    let mut snapshot = conductor.snapshot();
    if snapshot.span.is_none() {
        // Without a record there is no time to show but the one asked for.
        let Span { start, .. } = Span::default();
        snapshot.now = at.resolve(Span { start, end: start });
    }
    Ok(Moment { snapshot, addresses: conductor.engine().cache().addresses() })
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
