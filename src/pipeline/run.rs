//! The threads of a pipeline and the handle that screens hold.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, bounded, select};

use super::conductor::{Clocks, Conductor, MOST_LOOKS};
use super::control::{Control, PlayState, Playhead};
use super::engine::{Engine, when_full};
use super::placer::Placer;
use super::plan::{PipelineError, Plan};
use super::reader::{Input, Message, Reader};
use super::witness::Witness;
use crate::alert::{Alert, Watch};
use crate::base::{Timestamp, Warnings, clock};
use crate::cache::{Health, History, Snapshot, SourceState};
use crate::geo::Chain;
use crate::record::SourceId;
use crate::source::{Options, SourceInfo};

/// Batches that wait for the pipe.
const BATCHES: usize = 64;
/// Controls that wait for the pipe.
const CONTROLS: usize = 256;
/// Least time between two pictures without a control.
const PICTURE: Duration = Duration::from_millis(100);
/// Time between two pictures of which only the time differs.
const IDLE_PICTURE: Duration = Duration::from_secs(1);
/// Making pictures takes at most one part in so many of the pipe's time.
const PICTURE_SHARE: u32 = 4;
/// The same where processors are few, since they may have to draw as well, as long as pictures come within [`PICTURE_PATIENCE`].
const PICTURE_SHARE_OF_FEW: u32 = 12;
const PICTURE_PATIENCE: Duration = Duration::from_secs(2);
/// Processors up to which they are few.
const FEW: usize = 2;
/// By how much the pipe stands back behind what draws (nice value) while all of its sources are recordings, which wait.
#[cfg(target_os = "linux")]
const STAND_BACK: i32 = 5;
/// Looks of the rules between pictures take at most one part in so many of the pipe's time.
const LOOKS_SHARE: u32 = 4;
/// What a look is taken to cost before the first one.
const FIRST_COST: Duration = Duration::from_millis(1);
/// Time between two looks at the clock.
const TICK: Duration = Duration::from_millis(25);

/// Starts pipelines.
#[derive(Debug)]
pub struct Pipeline;

impl Pipeline {
    /// Opens the sources and starts the threads. Files and interfaces are opened before this returns; streams and
    /// standard input are opened by their threads.
    ///
    /// # Errors
    /// A file, interface, database or map of networks cannot be used, or a thread cannot be started.
    pub fn start(plan: Plan) -> Result<Handle, PipelineError> {
        let options = Options { filter: plan.server_filter(), ..Options::default() };
        let mut inputs = Vec::new();
        for (id, spec) in (0u16..).zip(&plan.sources) {
            inputs.push(Input::prepare(spec, SourceId(id), &options)?);
        }
        start_with(plan, inputs)
    }
}

/// The conductor of a plan, not yet fed with anything.
pub(super) fn conductor(plan: Plan, infos: &[SourceInfo]) -> Result<Conductor, PipelineError> {
    let mut warnings = Warnings::new();
    let placer = Placer::new(Chain::open(&plan.geo, &mut warnings)?);
    let when_full = when_full(infos.iter().any(|i| i.live));
    let limit = (plan.history_bytes.unwrap_or_else(|| History::usual_limit(when_full)), when_full);
    let engine = Engine::new((plan.filter, plan.mask), placer, plan.cache, limit);
    Ok(Conductor::new(engine, infos, warnings, (plan.start, plan.at, plan.speed))
        .at_level(plan.level)
        .paced(plan.skip_idle, plan.fit)
        .watching(Watch::new(plan.alerts)))
}

pub(super) fn start_with(plan: Plan, inputs: Vec<Input>) -> Result<Handle, PipelineError> {
    let infos: Vec<SourceInfo> = inputs.iter().map(Input::info).collect();
    let alert_out = plan.alert_out.clone();
    let waits = !infos.iter().any(|i| i.live);
    let conductor = conductor(plan, &infos)?;
    let shared = Arc::new(Shared::default());
    let (messages, inbox) = bounded(BATCHES);
    let (controls, orders) = bounded(CONTROLS);
    let (stop, stopped) = bounded(0);
    let mut handle = Handle { shared: Arc::clone(&shared), controls, stop: Some(stop), threads: Vec::new() };
    let pipe = Pipe {
        conductor,
        inbox,
        orders,
        shared,
        started: clock::steady_now(),
        pictured: None,
        has_few_processors: std::thread::available_parallelism().is_ok_and(|n| n.get() <= FEW),
        look_cost: FIRST_COST,
        alert_out,
    };
    handle.spawn("pipe", move |shared| {
        if waits {
            stand_back();
        }
        guarded(|| pipe.run()).map_err(|problem| shared.fail("pipe", &problem))
    })?;
    for (number, input) in (0u16..).zip(inputs) {
        let reader = Reader { id: SourceId(number), out: messages.clone(), stop: stopped.clone() };
        let name = format!("src-{number}");
        handle
            .spawn(&name.clone(), move |shared| read(reader, input).map_err(|problem| shared.fail(&name, &problem)))?;
    }
    Ok(handle)
}

/// Lets other threads go first where processors are scarce; a system that cannot do so for a thread alone stays as it is.
fn stand_back() {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::getpriority_process(None)
        .and_then(|now| rustix::process::setpriority_process(None, (now + STAND_BACK).min(19)))
    {
        tracing::debug!("the pipe keeps its priority: {error}");
    }
}

/// Runs a reader; if it breaks down, its source counts as failed and everything else goes on.
fn read(reader: Reader, input: Input) -> Result<(), String> {
    let (id, out) = (reader.id, reader.out.clone());
    let result = guarded(|| reader.run(input));
    if let Err(problem) = &result {
        let why = format!("the reader of the source broke down: {problem}");
        let _ = out.send_timeout(Message::State(id, SourceState::Failed(why)), PICTURE);
    }
    result
}

/// Turns a panic into its message.
fn guarded<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|panic| panic_text(panic.as_ref()))
}

fn panic_text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|s| (*s).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "unknown".into())
}

/// What screens read. The lock is held only to copy a pointer or a few words.
#[derive(Debug, Default)]
struct Shared {
    state: Mutex<Latest>,
    newer: Condvar,
}

#[derive(Debug, Default)]
struct Latest {
    snapshot: Arc<Snapshot>,
    alerts: Arc<[Alert]>,
    playhead: Option<Playhead>,
    witness: Arc<Witness>,
    failure: Option<(String, String)>,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Latest> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn fail(&self, thread: &str, problem: &str) {
        self.lock().failure.get_or_insert_with(|| (thread.into(), problem.into()));
        self.newer.notify_all();
    }
}

/// A running pipeline. Dropped, it stops.
#[derive(Debug)]
pub struct Handle {
    shared: Arc<Shared>,
    controls: Sender<Control>,
    /// Closed to stop the readers.
    stop: Option<Sender<()>>,
    threads: Vec<JoinHandle<()>>,
}

impl Handle {
    /// The newest picture; an empty one before the first.
    #[must_use]
    pub fn latest(&self) -> Arc<Snapshot> {
        Arc::clone(&self.shared.lock().snapshot)
    }

    /// What the rules found so far, in the order in which it was raised.
    #[must_use]
    pub fn alerts(&self) -> Arc<[Alert]> {
        Arc::clone(&self.shared.lock().alerts)
    }

    /// The records of the flow that was asked for last.
    #[must_use]
    pub fn witness(&self) -> Arc<Witness> {
        Arc::clone(&self.shared.lock().witness)
    }

    /// Where the playhead is and how it moves.
    #[must_use]
    pub fn playhead(&self) -> Playhead {
        let start = Playhead { now: Timestamp::default(), state: PlayState::Paused, speed: 1.0 };
        self.shared.lock().playhead.unwrap_or(start)
    }

    /// Condition of sources and stores, with a breakdown of a thread among the warnings.
    #[must_use]
    pub fn health(&self) -> Health {
        let latest = self.shared.lock();
        let mut health = latest.snapshot.health.clone();
        if let Some((name, problem)) = &latest.failure {
            health.warnings.push(failure(name, problem).to_string());
        }
        health
    }

    /// Tells the pipeline a wish; false if it has stopped or does not keep up.
    pub fn send(&self, control: Control) -> bool {
        self.controls.try_send(control).is_ok()
    }

    /// Waits until a picture is as wanted, for at most `patience`.
    #[must_use]
    pub fn wait_for(&self, patience: Duration, wanted: impl Fn(&Snapshot) -> bool) -> Option<Arc<Snapshot>> {
        let latest = self.shared.lock();
        let unlike = |l: &mut Latest| !wanted(&l.snapshot);
        let (latest, _) =
            self.shared.newer.wait_timeout_while(latest, patience, unlike).unwrap_or_else(PoisonError::into_inner);
        wanted(&latest.snapshot).then(|| Arc::clone(&latest.snapshot))
    }

    /// Stops all threads and waits for them.
    ///
    /// # Errors
    /// A thread broke down while it ran.
    pub fn stop(mut self) -> Result<(), PipelineError> {
        self.end();
        match self.shared.lock().failure.take() {
            Some((name, problem)) => Err(failure(&name, &problem)),
            None => Ok(()),
        }
    }

    fn end(&mut self) {
        self.stop = None;
        // The pipe also ends when the channel of controls is closed; a full channel is no obstacle.
        let _ = self.controls.try_send(Control::Stop);
        self.controls = bounded(0).0;
        for thread in self.threads.drain(..) {
            // Breakdowns are caught inside the threads.
            let _ = thread.join();
        }
    }

    fn spawn(
        &mut self,
        name: &str,
        work: impl FnOnce(&Shared) -> Result<(), ()> + Send + 'static,
    ) -> Result<(), PipelineError> {
        let shared = Arc::clone(&self.shared);
        let spawned = std::thread::Builder::new().name(name.into()).spawn(move || {
            let _ = work(&shared);
        });
        self.threads.push(spawned.map_err(|e| failure(name, &e.to_string()))?);
        Ok(())
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.end();
    }
}

fn failure(name: &str, problem: &str) -> PipelineError {
    PipelineError::Thread { name: name.into(), problem: problem.into() }
}

/// The thread `pipe`.
struct Pipe {
    conductor: Conductor,
    inbox: Receiver<Message>,
    orders: Receiver<Control>,
    shared: Arc<Shared>,
    started: Instant,
    /// When the last picture was made and how long that took.
    pictured: Option<(Duration, Duration)>,
    has_few_processors: bool,
    /// How long a look of the rules took last.
    look_cost: Duration,
    alert_out: Vec<Sender<Alert>>,
}

impl Pipe {
    fn run(mut self) {
        let mut ticked = None;
        loop {
            let clocks = self.clocks();
            let gone = |t: Duration| clocks.steady.saturating_sub(t);
            if self.conductor.is_filling() || ticked.is_none_or(|t| gone(t) >= TICK) {
                ticked = Some(clocks.steady);
                self.step(clocks, false);
            }
            // A window that is being filled leaves no time to wait, and hears every wish at once.
            let idle = ticked.map_or(TICK, |t| TICK.saturating_sub(gone(t)));
            let wait = if self.conductor.is_filling() { Duration::ZERO } else { idle };
            // The inbox stays open without readers, as its closing would make this loop spin.
            let control = select! {
                recv(self.orders) -> control => Some(control.unwrap_or(Control::Stop)),
                recv(self.inbox) -> message => {
                    match message {
                        Ok(message) => self.conductor.hear(message, clocks),
                        Err(_) => self.inbox = crossbeam_channel::never(),
                    }
                    None
                }
                default(wait) => None,
            };
            if let Some(control) = control
                && !self.obey(control)
            {
                return;
            }
        }
    }

    /// Obeys a control and all that wait behind it, then shows the result at once. False: stop.
    fn obey(&mut self, first: Control) -> bool {
        let mut next = Some(first);
        let clocks = self.clocks();
        while let Some(control) = next {
            if control == Control::Stop {
                return false;
            }
            self.conductor.obey(control, clocks);
            next = self.orders.try_recv().ok();
        }
        self.step(clocks, true);
        true
    }

    fn clocks(&self) -> Clocks {
        Clocks { steady: clock::steady_now().saturating_duration_since(self.started), wall: clock::wall_now() }
    }

    fn step(&mut self, clocks: Clocks, at_once: bool) {
        let was_filling = self.conductor.is_filling();
        self.tick(clocks);
        let is_filled = was_filling && !self.conductor.is_filling();
        let playhead = self.conductor.playhead(clocks);
        self.shared.lock().playhead = Some(playhead);
        let is_partial = self.conductor.is_rewinding() && self.conductor.is_filling();
        if !at_once && (is_partial || (!is_filled && !self.is_picture_due(clocks.steady))) {
            return;
        }
        let snapshot = Arc::new(self.conductor.snapshot());
        let took = self.clocks().steady.saturating_sub(clocks.steady);
        self.pictured = Some((clocks.steady, took));
        let witness = self.conductor.witness();
        {
            let mut latest = self.shared.lock();
            latest.snapshot = snapshot;
            latest.witness = witness;
        }
        self.tell_alerts();
        self.shared.newer.notify_all();
    }

    /// Lets time pass. The rules look as often on the way as their share of the time allows.
    fn tick(&mut self, clocks: Clocks) {
        let looks = (TICK / LOOKS_SHARE).as_nanos() / self.look_cost.as_nanos().max(1);
        self.conductor.allow_looks(i64::try_from(looks).unwrap_or(MOST_LOOKS));
        let looked = self.conductor.tick(clocks);
        if let Ok(looked @ 1..) = u32::try_from(looked) {
            self.look_cost = self.clocks().steady.saturating_sub(clocks.steady) / looked;
            self.tell_alerts();
        }
    }

    /// Shows what the rules found, and hands on what is new.
    fn tell_alerts(&mut self) {
        if !self.conductor.take_raised() {
            return;
        }
        self.shared.lock().alerts = self.conductor.watch().alerts().into();
        for alert in self.conductor.watch().take_fresh() {
            for out in &self.alert_out {
                if out.try_send(alert.clone()).is_err() {
                    tracing::warn!("an alert could not be handed on: too many wait");
                }
            }
        }
    }

    fn is_picture_due(&self, steady: Duration) -> bool {
        let Some((when, took)) = self.pictured else { return true };
        let gone = steady.saturating_sub(when);
        let spared = if self.has_few_processors { took * PICTURE_SHARE_OF_FEW } else { Duration::ZERO };
        let least = PICTURE.max(took * PICTURE_SHARE).max(spared.min(PICTURE_PATIENCE));
        (self.conductor.changed() && gone >= least) || (self.conductor.moved() && gone >= least.max(IDLE_PICTURE))
    }
}
