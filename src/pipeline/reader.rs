//! The thread of one source: polls it and hands batches on.

use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, SendTimeoutError, Sender, TrySendError};

use crate::base::Warnings;
use crate::cache::SourceState;
use crate::record::{Batch, SourceId};
use crate::source::{self, Options, Source, SourceInfo, SourceSpec, Step};

/// Longest sleep between two looks at the order to stop.
const NAP: Duration = Duration::from_millis(200);

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

/// A source to read: open already, or to be opened by its thread because that may wait for the other side.
pub(super) enum Input {
    Open(Box<dyn Source>),
    Later(SourceSpec),
}

impl Input {
    /// Opens what can be opened at once, so that a wrong name is an error before anything starts.
    pub(super) fn prepare(spec: &SourceSpec, id: SourceId, options: &Options) -> Result<Input, source::SourceError> {
        match spec {
            SourceSpec::Stdin => Ok(Input::Later(spec.clone())),
            _ => Ok(Input::Open(source::open_with(spec, id, options)?)),
        }
    }

    /// What is known before the first poll.
    pub(super) fn info(&self) -> SourceInfo {
        match self {
            Input::Open(source) => source.info(),
            Input::Later(spec) => {
                SourceInfo { name: spec.to_string(), kind: "standard input", live: false, dropped: 0, damaged: 0 }
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
    /// Reads until the source ends or the pipeline stops.
    pub(super) fn run(self, input: Input) {
        let source = match input {
            Input::Open(source) => Ok(source),
            Input::Later(spec) => source::open(&spec, self.id),
        };
        let end = source.map_or_else(|e| Ok(SourceState::Failed(e.to_string())), |source| self.read(source));
        // A pipeline that stops needs no word about it.
        let _ = end.and_then(|state| self.tell(Message::State(self.id, state)));
    }

    /// Reads an opened source to its end and says how it ended.
    fn read(&self, mut source: Box<dyn Source>) -> Result<SourceState, Stopped> {
        let mut told = source.info();
        let mut state = running(source.as_ref());
        self.tell(Message::Info(self.id, told.clone()))?;
        self.tell(Message::State(self.id, state.clone()))?;
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
            let now = running(source.as_ref());
            if now != state {
                self.tell(Message::State(self.id, now.clone()))?;
                state = now;
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

/// What a source that has not ended is doing.
fn running(source: &dyn Source) -> SourceState {
    match source.trouble() {
        Some(why) => SourceState::Retrying(why),
        None if source.info().live => SourceState::Live,
        None => SourceState::Reading,
    }
}

#[cfg(test)]
mod tests {
    use crossbeam_channel::bounded;

    use super::*;

    fn batch(records: usize) -> Batch {
        let mut b = Batch::new(SourceId(0));
        (0..records).for_each(|_| b.push(&[0x13, 0x10, 0, 1]));
        b
    }

    #[test]
    fn a_live_source_drops_and_counts_when_nobody_takes_its_batches() {
        let (out, inbox) = bounded(1);
        let (stop, stopped) = bounded(0);
        let reader = Reader { id: SourceId(0), out, stop: stopped };
        assert!(matches!(reader.hand_on(batch(5), true), Ok(0)));
        assert!(matches!(reader.hand_on(batch(7), true), Ok(7)));
        assert!(matches!(inbox.try_recv(), Ok(Message::Batch(b)) if b.len() == 5));
        assert!(matches!(reader.hand_on(batch(3), true), Ok(0)));
        // A file waits for its turn and gives up only when the pipeline stops.
        drop(stop);
        assert!(reader.hand_on(batch(2), false).is_err());
        drop(inbox);
        assert!(reader.hand_on(batch(1), true).is_err());
    }

    /// Two batches at once, then nothing more.
    struct Burst(u32);

    impl Source for Burst {
        fn info(&self) -> SourceInfo {
            SourceInfo { name: "burst".into(), kind: "argus stream", live: true, dropped: 1, damaged: 0 }
        }

        fn poll(&mut self, out: &mut Batch, _: &mut Warnings) -> Result<Step, source::SourceError> {
            self.0 += 1;
            if self.0 > 2 {
                return Ok(Step::End);
            }
            out.push(&[0x13, 0x10, 0, 1]);
            Ok(Step::More)
        }
    }

    #[test]
    fn a_source_tells_what_it_is_before_its_records_and_how_it_ended() {
        let (out, inbox) = bounded(10);
        let (_stop, stopped) = bounded(0);
        Reader { id: SourceId(0), out, stop: stopped }.run(Input::Open(Box::new(Burst(0))));
        let kinds: Vec<char> = inbox
            .try_iter()
            .map(|m| match m {
                Message::Info(_, info) if info.dropped == 1 => 'i',
                Message::State(_, SourceState::Live) => 'l',
                Message::State(_, SourceState::Ended) => 'e',
                Message::Batch(_) => 'b',
                _ => '?',
            })
            .collect();
        assert_eq!(kinds, ['i', 'l', 'b', 'b', 'e']);
    }
}
