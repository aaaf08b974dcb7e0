//! Moves the playhead, obeys controls, and knows the sources' condition. It is told what the clocks show.

use std::sync::Arc;
use std::time::Duration;

use super::control::{Control, PlayState, Playhead};
use super::engine::Engine;
use super::plan::{At, Start};
use super::playhead::Player;
use super::reader::Message;
use super::witness::Witness;
use crate::alert::Watch;
use crate::base::{Span, Timestamp, Warnings};
use crate::cache::{Health, Level, Snapshot, SourceHealth, SourceState};
use crate::record::{FlowSummary, SourceId};
use crate::source::SourceInfo;

/// A live source whose records are at most so old counts as being in step with the wall clock.
const IN_STEP: i64 = 300_000_000_000;
/// A record from farther ahead of the wall clock has a wrong time and does not move the playhead.
const TOO_FAR_AHEAD: i64 = 86_400_000_000_000;
/// The live playhead stays at most so far behind the clock.
const LONGEST_LAG: i64 = 10_000_000_000;
/// Recorded time between two looks of the rules on the way of the playhead, in nanoseconds.
const STRIDE: i64 = 1_000_000_000;
/// Time by the clock between two looks of the rules, however little happens: silence has to be noticed too.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Most looks of the rules on the way of one tick.
pub(super) const MOST_LOOKS: i64 = 32;

/// What the two clocks show.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clocks {
    /// Steady clock: time since the pipeline started.
    pub(super) steady: Duration,
    /// Wall clock.
    pub(super) wall: Timestamp,
}

/// How live records relate to the wall clock.
///
/// A sensor reports a flow at the end of a status interval (5 s by default): what happens now is known only then. The
/// live playhead therefore stays behind the clock by the longest time from a record's start to its arrival, so that
/// all of a record is known when its time is shown, and rates neither miss nor pulse with the reports. Records that
/// come later than ten seconds are not waited for.
#[derive(Clone, Copy, Debug, Default)]
struct LiveClock {
    /// Largest (end of record - wall clock at its arrival), nanoseconds.
    skew: Option<i64>,
    /// Longest (arrival - start) of a record that came within the longest lag, nanoseconds.
    lag: i64,
}

impl LiveClock {
    fn hear(&mut self, flow: &FlowSummary, wall: Timestamp) {
        let ahead = flow.span.end.nanos().saturating_sub(wall.nanos());
        if ahead > TOO_FAR_AHEAD {
            return;
        }
        self.skew = Some(self.skew.map_or(ahead, |s| s.max(ahead)));
        let age = self.wall(wall).saturating_sub(flow.span.start.nanos());
        if age <= LONGEST_LAG {
            self.lag = self.lag.max(age);
        }
    }

    /// The wall clock as the sources see it.
    fn wall(self, wall: Timestamp) -> i64 {
        let skew = self.skew.filter(|s| !(-IN_STEP..=0).contains(s)).unwrap_or(0);
        wall.nanos().saturating_add(skew)
    }

    fn now(self, wall: Timestamp) -> Timestamp {
        Timestamp::from_nanos(self.wall(wall).saturating_sub(self.lag))
    }
}

/// The pipeline without its threads.
pub(super) struct Conductor {
    engine: Engine,
    player: Player,
    sources: Vec<SourceHealth>,
    warnings: Warnings,
    any_live: bool,
    live: LiveClock,
    /// Where to start, as long as that waits for records.
    start_at: Option<At>,
    /// Something besides the window has changed since the last picture.
    news: bool,
    /// The playhead was put elsewhere since the last tick.
    sought: bool,
    shown: Option<Timestamp>,
    level: Level,
    watch: Watch,
    /// How many looks the rules may take on the way of one tick.
    looks: i64,
    /// Steady time of their last look.
    looked: Option<Duration>,
    /// Steady time of their last look at the live edge while the playhead was elsewhere.
    looked_ahead: Option<Duration>,
    /// Whether they found something since that was asked last.
    raised: bool,
    /// How far the playhead has come without a jump.
    way: Option<Timestamp>,
    /// Steady time of the last tick.
    steady: Duration,
    /// The part that is played over and over.
    looped: Option<Span>,
    /// Longer silence is jumped over.
    skip_idle: Option<Duration>,
    /// The time that the whole recording is to take, until its length is known.
    fit: Option<Duration>,
    /// The records that were asked for last.
    witness: Arc<Witness>,
}

impl Conductor {
    pub(super) fn new(
        engine: Engine,
        infos: &[SourceInfo],
        warnings: Warnings,
        wish: (Option<Start>, Option<At>, f64),
    ) -> Conductor {
        let any_live = infos.iter().any(|i| i.live);
        let (start, at, speed) = wish;
        let by_default = if any_live && at.is_none() { Start::Live } else { Start::Replay };
        let state = match start.unwrap_or(by_default) {
            Start::Live if any_live => PlayState::Live,
            Start::Live | Start::Paused => PlayState::Paused,
            Start::Replay => PlayState::Replay { speed },
        };
        let first = if start == Some(Start::Live) || speed < 0.0 { At::END } else { At::START };
        let sources = (0u16..).zip(infos).map(|(n, info)| source_health(SourceId(n), info)).collect();
        Conductor {
            engine,
            player: Player::new(state, speed, Timestamp::MIN),
            sources,
            warnings,
            any_live,
            live: LiveClock::default(),
            start_at: Some(at.unwrap_or(first)),
            news: true,
            sought: false,
            shown: None,
            level: Level::default(),
            watch: Watch::default(),
            looks: MOST_LOOKS,
            looked: None,
            looked_ahead: None,
            raised: false,
            way: None,
            steady: Duration::ZERO,
            looped: None,
            skip_idle: None,
            fit: None,
            witness: Arc::default(),
        }
    }

    /// The same with pictures at a level.
    pub(super) fn at_level(self, level: Level) -> Conductor {
        Conductor { level, ..self }
    }

    /// The same with the length of silence that is jumped over and the time that the whole recording is to take.
    pub(super) fn paced(self, skip_idle: Option<Duration>, fit: Option<Duration>) -> Conductor {
        Conductor { skip_idle, fit, ..self }
    }

    /// The same watching for what deserves attention.
    pub(super) fn watching(self, watch: Watch) -> Conductor {
        Conductor { watch, ..self }
    }

    /// The same with windows that fill by so many records at a time after a jump.
    #[cfg(test)]
    pub(super) fn in_slices(self, slice: u64) -> Conductor {
        Conductor { engine: self.engine.in_slices(slice), ..self }
    }

    pub(super) fn hear(&mut self, message: Message, clocks: Clocks) {
        match message {
            Message::Batch(batch) => {
                let index = usize::from(batch.source().0);
                let from_live = self.sources.get(index).is_some_and(|s| s.live);
                let live = &mut self.live;
                let flows = self.engine.ingest(&batch, |flow| {
                    if from_live {
                        live.hear(flow, clocks.wall);
                    }
                });
                if let Some(s) = self.sources.get_mut(index) {
                    s.records += flows;
                }
            }
            Message::Info(id, info) => {
                if let Some(s) = self.sources.get_mut(usize::from(id.0)) {
                    (s.name, s.kind, s.live) = (info.name, info.kind, info.live);
                    (s.dropped, s.damaged) = (info.dropped, info.damaged);
                }
            }
            Message::State(id, state) => {
                if let Some(s) = self.sources.get_mut(usize::from(id.0)) {
                    if let SourceState::Failed(why) = &state {
                        self.warnings.add(why.clone());
                    }
                    s.state = state;
                }
            }
            Message::Warning(text) => {
                self.warnings.add(text);
            }
        }
        self.news = true;
    }

    /// Obeys a control. `Stop` is not for here.
    pub(super) fn obey(&mut self, control: Control, clocks: Clocks) {
        let steady = clocks.steady;
        self.news = true;
        match control {
            Control::Pause => {
                self.player.put(self.playhead(clocks).now, steady);
                self.player.pause(steady);
            }
            Control::Resume => {
                if let (true, Some(span)) = (self.all_read(), self.engine.span()) {
                    let (now, back) = (self.now(clocks), self.player.playhead(steady).speed < 0.0);
                    if back && now <= self.engine.first_kept().unwrap_or(span.start) {
                        self.put_at_end(span, clocks);
                    } else if !back && !self.any_live && now >= span.end {
                        self.player.put(span.start, steady);
                    }
                }
                if self.player.state() == PlayState::Paused {
                    self.player.play(steady);
                }
            }
            Control::Seek(at) => {
                self.start_at = None;
                if self.player.state() == PlayState::Live {
                    self.player.play(steady);
                }
                self.player.put(self.within_recording(at, clocks), steady);
                self.sought = true;
            }
            Control::Live if self.any_live => {
                self.player.live();
                self.sought = true;
            }
            Control::Live => {
                self.sought = true;
                self.player.pause(steady);
                self.start_at = Some(At::END);
            }
            Control::Speed(speed) => {
                self.fit = None;
                self.player.put(self.playhead(clocks).now, steady);
                self.player.set_speed(speed, steady);
                if speed < 0.0 && self.player.state() == PlayState::Live {
                    self.player.play(steady);
                }
            }
            Control::Window(length) => self.engine.set_window(length),
            Control::Level(level) => self.level = level,
            Control::Show(show) => self.engine.set_shown(show.map(|s| *s)),
            Control::Loop(part) => {
                self.looped = part.filter(|p| p.duration() > Duration::ZERO);
                if let Some(part) = self.looped {
                    self.play_from(part.start, clocks);
                }
            }
            Control::SkipIdle(longest) => self.skip_idle = longest,
            Control::Fit(length) => {
                self.fit = Some(length);
                self.looped = None;
                if let Some(span) = self.engine.span() {
                    self.play_from(span.start, clocks);
                }
            }
            Control::Witness(key, source) => self.witness = self.engine.witness(key, source),
            Control::Stop => {}
        }
    }

    /// The records that were asked for last.
    pub(super) fn witness(&self) -> Arc<Witness> {
        self.witness.clone()
    }

    /// Puts the playhead where nothing comes behind it.
    fn put_at_end(&mut self, span: Span, clocks: Clocks) {
        self.player.put(self.within_recording(span.end.max(clocks.wall), clocks), clocks.steady);
        self.sought = true;
    }

    /// Whether the playhead moves back.
    pub(super) fn is_rewinding(&self) -> bool {
        matches!(self.player.state(), PlayState::Replay { speed } if speed < 0.0)
    }

    /// Plays from a time of the recording.
    fn play_from(&mut self, at: Timestamp, clocks: Clocks) {
        (self.start_at, self.sought) = (None, true);
        self.player.put(self.within_recording(at, clocks), clocks.steady);
        self.player.play(clocks.steady);
    }

    /// Puts the playhead at a time, wherever the records are, and leaves it there.
    pub(super) fn stand_at(&mut self, at: Timestamp) {
        self.start_at = None;
        self.player.put(at, Duration::ZERO);
        self.player.pause(Duration::ZERO);
        self.engine.go_to(at);
        while self.is_filling() {
            self.engine.fill();
        }
    }

    /// Whether records of the window are still missing after a jump.
    pub(super) fn is_filling(&self) -> bool {
        self.engine.filled().is_some()
    }

    pub(super) fn span(&self) -> Option<Span> {
        self.engine.span()
    }

    /// Brings the window to the playhead. On its way, and at least each second by the clock, the rules look. Gives how
    /// often they did.
    pub(super) fn tick(&mut self, clocks: Clocks) -> i64 {
        self.steady = clocks.steady;
        self.settle_start(clocks);
        self.settle_speed(clocks);
        let mut now = self.jumped(clocks);
        if self.is_rewinding() {
            now = self.rewound(now, clocks);
        } else if let (PlayState::Replay { .. }, Some(span)) = (self.player.state(), self.engine.span()) {
            let live_now = self.any_live.then(|| self.live.now(clocks.wall));
            if live_now.is_some_and(|l| now >= l) {
                self.player.live();
                now = self.now(clocks);
            } else if live_now.is_none() && now >= span.end {
                now = span.end;
                self.player.put(now, clocks.steady);
                if self.all_read() {
                    self.player.pause(clocks.steady);
                }
            }
        }
        if self.player.state() == PlayState::Live {
            self.player.put(now, clocks.steady);
        }
        let looks = if std::mem::take(&mut self.sought) {
            self.engine.jump_to(now);
            0
        } else {
            let looks = self.look_on_the_way(now);
            self.engine.go_to(now);
            looks
        };
        self.way = Some(now);
        let due = |last: Option<Duration>| last.is_none_or(|then| clocks.steady.saturating_sub(then) >= LOOK_EVERY);
        if self.any_live && self.player.state() != PlayState::Live && self.engine.span().is_some() {
            return looks + if due(self.looked_ahead) { self.look_ahead(clocks) } else { 0 };
        }
        self.engine.leave_edge();
        self.looked_ahead = None;
        if !due(self.looked) || !self.may_look() {
            return looks;
        }
        self.look();
        looks + 1
    }

    /// The time to show on the way back. Each step back fills the window anew, so the next one waits until that of the
    /// last is whole and has been shown: less than whole pictures would flicker. At the first record that is
    /// still kept the playhead stands.
    fn rewound(&mut self, now: Timestamp, clocks: Clocks) -> Timestamp {
        let shown = self.engine.cache().now();
        if !self.sought && now < shown && (self.is_filling() || self.moved()) {
            return shown;
        }
        let Some(start) = self.engine.first_kept().filter(|start| now <= *start) else { return now };
        self.player.put(start, clocks.steady);
        self.player.pause(clocks.steady);
        start
    }

    /// Lets the rules look at the live edge, while the playhead of a live source stands or is in the past: what deserves
    /// attention is told when it happens, whatever is looked at. Gives how often they did.
    fn look_ahead(&mut self, clocks: Clocks) -> i64 {
        if self.watch.is_idle() {
            return 0;
        }
        self.looked_ahead = Some(clocks.steady);
        let outside = self.outside();
        let addresses = self.engine.edge_snapshot(self.live.now(clocks.wall), outside);
        self.raised |= self.watch.look(&addresses, self.steady, &mut self.warnings);
        1
    }

    /// Lets the rules look at each second of recorded time that the playhead passes, so that they miss nothing between
    /// two pictures; at fewer where so many looks are not allowed. Gives how often they did.
    fn look_on_the_way(&mut self, to: Timestamp) -> i64 {
        // Before the first record the playhead shows the clock's time: that is no part of the way.
        let begin = self.engine.span().map(|s| s.start).filter(|_| self.may_look());
        let Some(from) = self.way.filter(|way| begin.is_some_and(|b| *way >= b)) else { return 0 };
        let (first, last) = (from.nanos().div_euclid(STRIDE) + 1, to.nanos().div_euclid(STRIDE));
        let passed = last.saturating_sub(first).saturating_add(1);
        if passed <= 0 || self.looks <= 0 {
            return 0;
        }
        let step = passed.div_euclid(self.looks) + i64::from(passed % self.looks != 0);
        let mut looks = 0;
        // The last second is always among them.
        let mut at = last - (passed - 1) / step * step;
        while at <= last {
            self.engine.go_to(Timestamp::from_nanos(at * STRIDE));
            self.look();
            looks += 1;
            at += step;
        }
        looks
    }

    /// Whether there are rules and a whole window: what is missing yet is no silence.
    fn may_look(&self) -> bool {
        !self.watch.is_idle() && !self.is_filling()
    }

    /// Shows the window as it is to the rules.
    fn look(&mut self) {
        // A picture that is only looked at takes nothing from the one that will be shown.
        self.news |= self.engine.changed();
        let outside = self.outside();
        let addresses = self.engine.snapshot(outside);
        self.look_at(&addresses);
    }

    fn look_at(&mut self, addresses: &Snapshot) {
        self.raised |= self.watch.look(addresses, self.steady, &mut self.warnings);
        self.looked = Some(self.steady);
    }

    /// Sets how many looks the rules may take on the way of one tick.
    pub(super) fn allow_looks(&mut self, looks: i64) {
        self.looks = looks.clamp(0, MOST_LOOKS);
    }

    /// Whether the rules found something since this was asked last.
    pub(super) fn take_raised(&mut self) -> bool {
        std::mem::take(&mut self.raised)
    }

    /// The playhead's time, after the jumps that are due: to the start of the part that is repeated, over silence.
    fn jumped(&mut self, clocks: Clocks) -> Timestamp {
        let mut now = self.now(clocks);
        if !matches!(self.player.state(), PlayState::Replay { .. }) {
            return now;
        }
        let rewinding = self.is_rewinding();
        if let Some(part) = self.looped.filter(|_| rewinding) {
            // Its beginning is shown before it begins anew.
            now = now.max(part.start);
        }
        let again = self.looped.and_then(|part| match rewinding {
            true => (self.engine.cache().now() <= part.start).then_some(part.end),
            false => (now >= part.end).then_some(part.start),
        });
        let jump = again.or_else(|| {
            let longest = self.skip_idle?;
            if rewinding {
                let before = self.engine.silent_since(now, longest)?;
                return Some(self.looped.map_or(before, |part| before.max(part.start)));
            }
            let next = self.engine.next_start(now).filter(|next| next.since(now) > longest)?;
            let next = Some(next).filter(|_| self.engine.is_silent(now))?;
            Some(self.looped.map_or(next, |part| next.min(part.end)))
        });
        if let Some(to) = jump {
            self.way = None;
            self.sought |= rewinding;
            self.player.put(to, clocks.steady);
        }
        jump.unwrap_or(now)
    }

    /// The speed that lets the whole recording take the time asked for, until all of it is read.
    fn settle_speed(&mut self, clocks: Clocks) {
        let (Some(length), Some(span)) = (self.fit, self.engine.span()) else { return };
        self.player.set_speed(span.duration().as_secs_f64() / length.as_secs_f64().max(0.001), clocks.steady);
        if self.all_read() {
            self.fit = None;
        }
    }

    /// A start relative to the recording is known with the first records, and exactly when all are read.
    fn settle_start(&mut self, clocks: Clocks) {
        let Some(at) = self.start_at else { return };
        let known = match at {
            At::Time(t) => Some(t),
            _ => self.engine.span().map(|s| at.resolve(s)),
        };
        if let Some(t) = known.filter(|_| self.player.state() != PlayState::Live) {
            self.way = None;
            self.player.put(t, clocks.steady);
        }
        // The way back begins where nothing more will come.
        let moving = self.player.state() != PlayState::Paused && !self.is_rewinding();
        if (known.is_some() && moving) || self.all_read() {
            self.start_at = None;
        }
    }

    /// The time to show. Before the first record that is the wall clock's, so that the sun stands right.
    fn now(&self, clocks: Clocks) -> Timestamp {
        match (self.player.state(), self.engine.span(), self.start_at) {
            (PlayState::Live, ..) => self.live.now(clocks.wall),
            (_, None, Some(At::AfterFirst(_) | At::BeforeEnd(_))) => clocks.wall,
            (_, None, None) if self.player.now(clocks.steady) == Timestamp::MIN => clocks.wall,
            _ => self.player.now(clocks.steady),
        }
    }

    /// The nearest time that there is something to show for.
    fn within_recording(&self, at: Timestamp, clocks: Clocks) -> Timestamp {
        let Span { start, end } = self.engine.span().unwrap_or(Span { start: at, end: at });
        let end = if self.any_live { self.live.now(clocks.wall).max(end) } else { end };
        at.clamp(start, end)
    }

    /// Whether nothing more will come from files.
    pub(super) fn all_read(&self) -> bool {
        self.sources.iter().all(|s| s.live || matches!(s.state, SourceState::Ended | SourceState::Failed(_)))
    }

    pub(super) fn playhead(&self, clocks: Clocks) -> Playhead {
        let now = if self.is_rewinding() { self.engine.cache().now() } else { self.now(clocks) };
        Playhead { now, ..self.player.playhead(clocks.steady) }
    }

    /// Whether a new picture differs from the last one in more than its time.
    pub(super) fn changed(&self) -> bool {
        self.news || self.engine.changed()
    }

    /// Whether a new picture would show another time.
    pub(super) fn moved(&self) -> bool {
        self.shown != Some(self.engine.cache().now())
    }

    pub(super) fn snapshot(&mut self) -> Snapshot {
        self.news = false;
        self.shown = Some(self.engine.cache().now());
        let outside = self.outside();
        let addresses = self.engine.snapshot(outside);
        if self.may_look() {
            self.look_at(&addresses);
        }
        addresses.at_level(self.level)
    }

    /// What the rules found.
    pub(super) fn watch(&mut self) -> &mut Watch {
        &mut self.watch
    }

    pub(super) fn engine(&self) -> &Engine {
        &self.engine
    }

    fn outside(&self) -> Health {
        let mut warnings = self.warnings.messages().to_vec();
        warnings.extend(self.engine.trouble().map(str::to_owned));
        Health { sources: self.sources.clone(), warnings, ..Health::default() }
    }
}

fn source_health(id: SourceId, info: &SourceInfo) -> SourceHealth {
    SourceHealth {
        id,
        name: info.name.clone(),
        kind: info.kind,
        state: SourceState::Opening,
        records: 0,
        dropped: info.dropped,
        damaged: info.damaged,
        live: info.live,
    }
}
