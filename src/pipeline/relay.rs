//! Several sources read at once, for whoever passes records on instead of showing them.

use std::thread::JoinHandle;
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};

use super::plan::PipelineError;
use super::reader::{Input, Message, Reader};
use crate::cache::SourceState;
use crate::record::{Batch, SourceId};
use crate::source::{Options, SourceInfo, SourceSpec};

/// Batches that wait.
const BATCHES: usize = 256;

/// One of the sources, and what is wanted of it.
#[derive(Clone, Debug)]
pub struct Upstream {
    /// Where it is.
    pub spec: SourceSpec,
    /// Filter that goes to a server, so that it sends less; empty for everything. What arrives may be more.
    pub filter: String,
}

/// What happened.
#[derive(Debug)]
pub enum RelayEvent {
    /// Records of one source.
    Batch {
        /// In arrival order.
        batch: Batch,
        /// Whether the source waits until it is asked again: a file, in contrast to a stream.
        waits: bool,
    },
    /// A source was lost or came back, or has something to say.
    Note(String),
    /// A source ended in failure; the others go on.
    Failed(String),
    /// Nothing for the time asked.
    Idle,
    /// All sources have ended.
    Ended,
}

/// Reads all sources, each in a thread of its own. Dropped, it stops.
#[derive(Debug)]
pub struct Relay {
    inbox: Receiver<Message>,
    /// Closed to stop the readers.
    stop: Option<Sender<()>>,
    threads: Vec<JoinHandle<()>>,
    sources: Vec<(SourceInfo, SourceState)>,
    /// The latest note; a source's warning and its state may say the same.
    noted: String,
}

impl Relay {
    /// Opens the sources.
    ///
    /// # Errors
    /// A file or interface cannot be opened, or a thread cannot be started.
    pub fn start(upstreams: &[Upstream]) -> Result<Relay, PipelineError> {
        let (messages, inbox) = bounded(BATCHES);
        let (stop, stopped) = bounded(0);
        let mut inputs = Vec::new();
        for (id, upstream) in (0u16..).zip(upstreams) {
            let options = Options { filter: upstream.filter.clone(), ..Options::default() };
            inputs.push(Input::prepare(&upstream.spec, SourceId(id), &options)?);
        }
        let sources = inputs.iter().map(|i| (i.info(), SourceState::Opening)).collect();
        let mut relay = Relay { inbox, stop: Some(stop), threads: Vec::new(), sources, noted: String::new() };
        for (number, input) in (0u16..).zip(inputs) {
            let reader = Reader { id: SourceId(number), out: messages.clone(), stop: stopped.clone() };
            let name = format!("src-{number}");
            let spawned = std::thread::Builder::new().name(name.clone()).spawn(move || reader.run(input));
            relay.threads.push(spawned.map_err(|e| PipelineError::Thread { name, problem: e.to_string() })?);
        }
        Ok(relay)
    }

    /// What is known of the sources, in their order.
    pub fn sources(&self) -> impl Iterator<Item = &SourceInfo> {
        self.sources.iter().map(|(info, _)| info)
    }

    /// How the sources are, in their order.
    pub fn states(&self) -> impl Iterator<Item = (SourceId, &SourceState)> {
        (0u16..).map(SourceId).zip(self.sources.iter().map(|(_, state)| state))
    }

    /// The next thing that happens within `patience`.
    pub fn next(&mut self, patience: Duration) -> RelayEvent {
        match self.inbox.recv_timeout(patience) {
            Ok(Message::Batch(batch)) => {
                let waits = self.sources.get(usize::from(batch.source().0)).is_none_or(|(info, _)| !info.live);
                RelayEvent::Batch { batch, waits }
            }
            Ok(Message::Info(id, info)) => self.hear_info(id, info),
            Ok(Message::State(id, state)) => self.hear_state(id, state),
            Ok(Message::Warning(text)) => self.note(text),
            Err(RecvTimeoutError::Timeout) => RelayEvent::Idle,
            Err(RecvTimeoutError::Disconnected) => RelayEvent::Ended,
        }
    }

    fn hear_info(&mut self, id: SourceId, info: SourceInfo) -> RelayEvent {
        let Some((known, _)) = self.sources.get_mut(usize::from(id.0)) else { return RelayEvent::Idle };
        let lost = info.dropped.saturating_sub(known.dropped);
        let text = format!("{}: {lost} records were lost on the way, {} in all", info.name, info.dropped);
        *known = info;
        if lost > 0 { self.note(text) } else { RelayEvent::Idle }
    }

    fn note(&mut self, text: String) -> RelayEvent {
        if text == self.noted {
            return RelayEvent::Idle;
        }
        self.noted.clone_from(&text);
        RelayEvent::Note(text)
    }

    fn hear_state(&mut self, id: SourceId, state: SourceState) -> RelayEvent {
        let Some((info, known)) = self.sources.get_mut(usize::from(id.0)) else { return RelayEvent::Idle };
        let before = std::mem::replace(known, state.clone());
        match state {
            SourceState::Retrying(why) => {
                let text = format!("{}: {why}; trying again every few seconds", info.name);
                self.note(text)
            }
            SourceState::Live if matches!(before, SourceState::Retrying(_)) => {
                let text = format!("{}: connected again", info.name);
                self.note(text)
            }
            SourceState::Failed(why) => RelayEvent::Failed(why),
            _ => RelayEvent::Idle,
        }
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.stop = None;
        // A reader that waits for room in the channel sees the closed one.
        self.inbox = crossbeam_channel::never();
        for thread in self.threads.drain(..) {
            // A breakdown there has been reported by the runtime.
            let _ = thread.join();
        }
    }
}
