//! The thread of one source: polls it and hands batches on.

use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, SendTimeoutError, Sender, TrySendError};

use crate::base::Warnings;
use crate::cache::SourceState;
use crate::record::{Batch, SourceId};
use crate::source::{self, Source, SourceInfo, SourceSpec, Step};

/// Longest sleep between two looks at the order to stop.
const NAP: Duration = Duration::from_millis(200);
/// Waiting time before the first attempt to connect anew; doubles up to the longest.
const FIRST_RETRY: Duration = Duration::from_secs(1);
const LONGEST_RETRY: Duration = Duration::from_secs(30);

/// What a source's thread reports.
#[derive(Debug)]
pub(super) enum Message {
    /// Records.
    Batch(Batch),
    /// Name, kind and losses, when they changed.
    Info(SourceId, SourceInfo),
    /// What it is doing now.
    State(SourceId, SourceState),
    /// Something for the user.
    Warning(String),
}

/// A source to read: open already, or to be opened by its thread because that may take long.
pub(super) enum Input {
    Open(Box<dyn Source>),
    Later(SourceSpec),
}

impl Input {
    /// Opens what can be opened at once, so that a wrong name is an error before anything starts.
    pub(super) fn prepare(spec: &SourceSpec, id: SourceId) -> Result<Input, source::SourceError> {
        match spec {
            SourceSpec::File(_) | SourceSpec::Live { .. } => Ok(Input::Open(source::open(spec, id)?)),
            SourceSpec::Stdin | SourceSpec::ArgusTcp(_) => Ok(Input::Later(spec.clone())),
        }
    }

    /// What is known before the first poll.
    pub(super) fn info(&self) -> SourceInfo {
        match self {
            Input::Open(source) => source.info(),
            Input::Later(spec) => {
                let live = matches!(spec, SourceSpec::ArgusTcp(_) | SourceSpec::Live { .. });
                let kind = if live { "argus stream" } else { "standard input" };
                SourceInfo { name: spec.to_string(), kind, live, dropped: 0, damaged: 0 }
            }
        }
    }
}

/// The receiving side is gone or the pipeline stops: the thread ends.
struct Stopped;

pub(super) struct Reader {
    pub(super) id: SourceId,
    pub(super) out: Sender<Message>,
    /// Never sends; it is closed to stop the thread.
    pub(super) stop: Receiver<()>,
}

impl Reader {
    /// Reads until the source ends or the pipeline stops. A stream that is lost is opened again, ever more seldom.
    pub(super) fn run(self, input: Input) {
        let _ = match input {
            Input::Open(source) => self.once(source).and_then(|state| self.tell(Message::State(self.id, state))),
            Input::Later(spec) => self.again_and_again(&spec),
        };
    }

    fn again_and_again(&self, spec: &SourceSpec) -> Result<(), Stopped> {
        let retries = matches!(spec, SourceSpec::ArgusTcp(_));
        let mut wait = FIRST_RETRY;
        loop {
            let state = match source::open(spec, self.id) {
                Ok(source) => {
                    wait = FIRST_RETRY;
                    self.once(source)?
                }
                Err(e) => SourceState::Failed(e.to_string()),
            };
            if !retries {
                return self.tell(Message::State(self.id, state));
            }
            let why = match state {
                SourceState::Failed(why) => why,
                _ => "the server closed the connection".into(),
            };
            self.tell(Message::State(self.id, SourceState::Retrying(why)))?;
            self.sleep(wait)?;
            wait = (wait * 2).min(LONGEST_RETRY);
        }
    }

    /// Reads one opened source to its end and says how it ended.
    fn once(&self, mut source: Box<dyn Source>) -> Result<SourceState, Stopped> {
        let mut told = source.info();
        let running = if told.live { SourceState::Live } else { SourceState::Reading };
        self.tell(Message::Info(self.id, told.clone()))?;
        self.tell(Message::State(self.id, running))?;
        let (mut warnings, mut shown, mut overrun) = (Warnings::new(), 0, 0);
        loop {
            let mut batch = Batch::new(self.id);
            let step = source.poll(&mut batch, &mut warnings);
            let live = source.info().live;
            if !batch.is_empty() {
                overrun += self.hand_on(batch, live)?;
            }
            for text in warnings.messages().get(shown..).unwrap_or_default() {
                self.tell(Message::Warning(text.clone()))?;
            }
            shown = warnings.messages().len();
            let mut info = source.info();
            info.dropped += overrun;
            if info != told {
                self.tell(Message::Info(self.id, info.clone()))?;
                told = info;
            }
            match step {
                Ok(Step::More) => self.check()?,
                Ok(Step::Idle(wait)) => self.sleep(wait)?,
                Ok(Step::End) => return Ok(SourceState::Ended),
                Err(e) => return Ok(SourceState::Failed(e.to_string())),
            }
        }
    }

    /// Gives the number of records dropped: a live source must not wait for the pipe, a file must.
    fn hand_on(&self, batch: Batch, live: bool) -> Result<u64, Stopped> {
        if !live {
            return self.tell(Message::Batch(batch)).map(|()| 0);
        }
        let records = batch.len() as u64;
        match self.out.try_send(Message::Batch(batch)) {
            Ok(()) => Ok(0),
            Err(TrySendError::Full(_)) => Ok(records),
            Err(TrySendError::Disconnected(_)) => Err(Stopped),
        }
    }

    fn tell(&self, mut message: Message) -> Result<(), Stopped> {
        loop {
            match self.out.send_timeout(message, NAP) {
                Ok(()) => return Ok(()),
                Err(SendTimeoutError::Timeout(back)) => message = back,
                Err(SendTimeoutError::Disconnected(_)) => return Err(Stopped),
            }
            self.check()?;
        }
    }

    fn check(&self) -> Result<(), Stopped> {
        match self.stop.try_recv() {
            Err(crossbeam_channel::TryRecvError::Empty) => Ok(()),
            _ => Err(Stopped),
        }
    }

    fn sleep(&self, wait: Duration) -> Result<(), Stopped> {
        match self.stop.recv_timeout(wait) {
            Err(RecvTimeoutError::Timeout) => Ok(()),
            _ => Err(Stopped),
        }
    }
}
