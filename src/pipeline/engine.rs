//! The part of the pipeline that has no clock: records in, pictures of any time out.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use super::placer::Placer;
use super::show::Show;
use super::witness::{Collector, Witness};
use crate::anonymize::Mask;
use crate::base::{Span, Timestamp};
use crate::cache::{
    CacheConfig, Health, History, Moved, Outside, Series, SeriesBuilder, Snapshot, WhenFull, WindowCache,
};
use crate::filter::Filter;
use crate::geo::{Located, Place};
use crate::record::{Batch, Far, FlowKey, FlowSummary, RecordRef, SourceId};

/// Longest plausible record.
const LONGEST_RECORD: Duration = Duration::from_secs(10 * 366 * 86_400);

/// Records that enter the window at a time after a jump, so that there is soon something to see.
const SLICE: u64 = 25_000;

/// The records of a window that are still to come after a jump: those that start in this stretch. The latest come first.
#[derive(Clone, Copy, Debug)]
struct Gap {
    after: Timestamp,
    until: Timestamp,
    /// Where `until` was at first.
    top: Timestamp,
    /// How far it goes back at a time.
    step: Duration,
}

impl Gap {
    fn contains(&self, start: Timestamp) -> bool {
        self.after < start && start <= self.until
    }
}

/// A second window, which stands at the live edge while the one that is shown is elsewhere.
#[derive(Debug)]
struct Edge {
    cache: WindowCache,
    /// The end of the window; every record that begins up to here has been pushed.
    fed: Timestamp,
}

/// All records so far, the window at one time, and the way from one to the other.
#[derive(Debug)]
pub(super) struct Engine {
    filter: Option<Filter>,
    /// Which of the accepted records are shown.
    shown: Option<Show>,
    places: Places,
    cache: WindowCache,
    history: History,
    series: SeriesBuilder,
    shown_series: Arc<Series>,
    series_changed: bool,
    /// The stretch of all records with a plausible time, and of those without.
    span: Option<Span>,
    odd_span: Option<Span>,
    /// The end of the window; every record of the history that begins up to here and not in the gap has been pushed.
    fed: Timestamp,
    gap: Option<Gap>,
    slice: u64,
    edge: Option<Edge>,
    accepted: u64,
    rejected: u64,
}

impl Engine {
    pub(super) fn new(
        (filter, mask): (Option<Filter>, Option<Mask>),
        placer: Placer,
        cache: CacheConfig,
        (limit, when_full): (usize, WhenFull),
    ) -> Engine {
        Engine {
            filter,
            shown: None,
            places: Places { placer, mask },
            cache: WindowCache::new(cache),
            history: History::new(limit, when_full),
            series: SeriesBuilder::default(),
            shown_series: Arc::default(),
            series_changed: false,
            span: None,
            odd_span: None,
            fed: Timestamp::MIN,
            gap: None,
            slice: SLICE,
            edge: None,
            accepted: 0,
            rejected: 0,
        }
    }

    /// Takes in a batch and tells of each accepted record. Gives the number of flow records in it.
    pub(super) fn ingest(&mut self, batch: &Batch, mut tell: impl FnMut(&FlowSummary)) -> u64 {
        let mut flows = 0;
        for bytes in batch.iter() {
            let Some(far) = RecordRef::new(bytes).and_then(Far::decode) else { continue };
            flows += 1;
            if self.filter.as_ref().is_some_and(|f| !f.matches(&far)) {
                self.rejected += 1;
                continue;
            }
            self.accepted += 1;
            let summary = settled(far.summary());
            self.places.learn(&far, &summary);
            self.take(bytes, &far, &summary, batch.source());
            tell(&summary);
        }
        flows
    }

    fn take(&mut self, bytes: &[u8], far: &Far<'_>, summary: &FlowSummary, source: SourceId) {
        self.date(summary);
        let held = self.history.push(bytes, summary.span, source);
        // What the history holds is pushed when its time comes; what it could not hold has this one chance.
        let start = summary.span.start;
        let is_due = start <= self.fed && self.gap.is_none_or(|g| !g.contains(start));
        if (!held || is_due) && passes(self.shown.as_ref(), far) {
            self.places.push(&mut self.cache, self.shown.as_ref(), summary, source);
        }
        if let Some(edge) = &mut self.edge
            && (!held || start <= edge.fed)
            && passes(self.shown.as_ref(), far)
        {
            self.places.push(&mut edge.cache, self.shown.as_ref(), summary, source);
        }
    }

    /// Lets a record count for the stretch and the time line of the recording.
    fn date(&mut self, summary: &FlowSummary) {
        let dated = is_dated(summary);
        if dated && self.span.is_none() {
            // What has no plausible time makes way for the first that has one.
            self.series = SeriesBuilder::default();
        }
        let span = if dated { &mut self.span } else { &mut self.odd_span };
        *span = Some(span.map_or(summary.span, |s| s.union(summary.span)));
        if dated || self.span.is_none() {
            let octets = summary.src.bytes as f64 + summary.dst.bytes as f64;
            self.series.add(summary.span, octets * 8.0);
            self.series_changed = true;
        }
    }

    /// From the first to the last record. Records without a plausible time count only when there are no others.
    pub(super) fn span(&self) -> Option<Span> {
        self.span.or(self.odd_span)
    }

    /// Where the records begin that replay can show.
    pub(super) fn first_kept(&self) -> Option<Timestamp> {
        let start = self.span()?.start;
        Some(self.history.kept_from().map_or(start, |kept| kept.max(start)))
    }

    /// Moves the window's end to `now`. Forward, the window is up to date at once; back, it may still be
    /// [filling](Engine::filled).
    pub(super) fn go_to(&mut self, now: Timestamp) {
        let fed = std::mem::replace(&mut self.fed, now);
        match self.cache.move_to(now) {
            Moved::Forward => self.feed(fed, now),
            Moved::Back => self.open_gap(Timestamp::MIN),
        }
        self.fill();
    }

    /// The same after a wish to be elsewhere: forward, too, the window may still be filling.
    pub(super) fn jump_to(&mut self, now: Timestamp) {
        let afresh = self.gap.is_some() || now - self.cache.config().window > self.fed;
        // What the history does not hold would be lost if the window began afresh.
        if now <= self.fed || (afresh && self.history.refused() > 0) {
            return self.go_to(now);
        }
        let fed = std::mem::replace(&mut self.fed, now);
        if afresh {
            self.cache.restart(now);
            self.open_gap(Timestamp::MIN);
        } else {
            let _ = self.cache.move_to(now);
            self.open_gap(fed);
        }
        self.fill();
    }

    /// From here on the records that start behind `after` are missing.
    fn open_gap(&mut self, after: Timestamp) {
        let (until, opening) = (self.fed, self.opening());
        let low = after.max(opening);
        let parts = self.history.at_most_within(low, until, opening).div_ceil(self.slice);
        let step = until.since(low) / u32::try_from(parts.max(1)).unwrap_or(u32::MAX);
        self.gap = Some(Gap { after, until, top: until, step });
    }

    /// Pushes the records of the history that start behind `after` and not behind `until`.
    fn feed(&mut self, after: Timestamp, until: Timestamp) {
        let opening = self.opening();
        let Engine { history, places, cache, shown, .. } = self;
        feed_into(cache, (history, places, shown.as_ref()), (after, until), opening);
    }

    /// The picture of the window that ends at `now`, wherever the window that is shown stands. A second window is kept
    /// for it, which costs what is new each time, until [`Engine::leave_edge`].
    pub(super) fn edge_snapshot(&mut self, now: Timestamp, health: Health) -> Snapshot {
        let health = self.health(health);
        let (span, series) = (self.span(), Arc::clone(&self.shown_series));
        let Engine { history, places, cache, shown, edge, .. } = self;
        let config = cache.config();
        let edge = edge.get_or_insert_with(|| Edge { cache: WindowCache::new(config), fed: Timestamp::MIN });
        let after = match edge.cache.move_to(now) {
            Moved::Forward => edge.fed,
            Moved::Back => Timestamp::MIN,
        };
        edge.fed = now;
        feed_into(&mut edge.cache, (history, places, shown.as_ref()), (after, now), now - config.window);
        edge.cache.snapshot(Outside { span, series, filled: None, health })
    }

    /// Lets go of the window at the live edge.
    pub(super) fn leave_edge(&mut self) {
        self.edge = None;
    }

    fn opening(&self) -> Timestamp {
        self.fed - self.cache.config().window
    }

    /// Lets some of the records enter that are missing after a jump.
    pub(super) fn fill(&mut self) {
        let mut entered = 0;
        while let Some(gap) = self.gap {
            let opening = self.opening();
            let cut = gap.until - gap.step;
            let some = self.history.at_most_within(cut, gap.until, opening);
            if entered > 0 && entered + some > self.slice {
                return;
            }
            // Where records lie in such disorder that parts of time share most of them, one look at all costs least.
            let whole = cut <= gap.after.max(opening) || cut >= gap.until || some > self.slice.saturating_mul(4);
            self.feed(if whole { gap.after } else { cut }, gap.until);
            entered += some.max(1);
            self.gap = (!whole).then_some(Gap { until: cut, ..gap });
        }
    }

    /// The same with other slices after a jump.
    #[cfg(test)]
    pub(super) fn in_slices(self, slice: u64) -> Engine {
        Engine { slice, ..self }
    }

    /// How much of the window is filled after a jump, in percent of its length; `None` when it is complete.
    pub(super) fn filled(&self) -> Option<u8> {
        let gap = self.gap?;
        let low = gap.after.max(self.opening());
        let share = gap.top.since(gap.until).as_secs_f64() / gap.top.since(low).as_secs_f64().max(f64::MIN_POSITIVE);
        Some((share * 100.0).min(99.0) as u8)
    }

    /// The records of a flow within the window; none where addresses are replaced, as they say the real ones.
    pub(super) fn witness(&mut self, key: FlowKey, source: SourceId) -> Arc<Witness> {
        let mut found = Collector::new();
        let now = self.fed;
        if self.places.mask.is_none() {
            let opening = now - self.cache.config().window;
            let shown = self.shown.as_ref();
            self.history.overlapping(opening, now, |held| {
                if held.source == source
                    && let Some(far) = RecordRef::new(held.bytes).and_then(Far::decode)
                    && far.summary().key == key
                    && passes(shown, &far)
                {
                    found.take(&far, held.span);
                }
                ControlFlow::Continue(())
            });
        }
        found.done((key, source), now)
    }

    /// Gives the window another length, in place.
    pub(super) fn set_window(&mut self, window: Duration) {
        self.fill_anew(CacheConfig { window, ..self.cache.config() });
    }

    /// Shows only records that pass, of all that were let in.
    pub(super) fn set_shown(&mut self, shown: Option<Show>) {
        self.shown = shown.filter(|s| !s.is_everything());
        self.fill_anew(self.cache.config());
    }

    fn fill_anew(&mut self, config: CacheConfig) {
        let now = self.fed;
        self.edge = None;
        self.cache = WindowCache::new(config);
        (self.fed, self.gap) = (Timestamp::MIN, None);
        self.jump_to(now);
    }

    /// When the next record begins behind a time.
    pub(super) fn next_start(&mut self, after: Timestamp) -> Option<Timestamp> {
        let mut found = None;
        self.history.starting_within(after, Timestamp::MAX, Timestamp::MIN, |held| {
            found = Some(held.span.start);
            ControlFlow::Break(())
        });
        found
    }

    /// Whether no record lasts beyond a time that it began before.
    pub(super) fn is_silent(&mut self, at: Timestamp) -> bool {
        let mut is_silent = true;
        self.history.overlapping(at, at, |_| {
            is_silent = false;
            ControlFlow::Break(())
        });
        is_silent
    }

    /// Where the silence before a time begins, to a thousandth of a second, if it lasts longer than `longest` and
    /// records lie before it.
    pub(super) fn silent_since(&mut self, at: Timestamp, longest: Duration) -> Option<Timestamp> {
        /// How exactly.
        const EXACT: Duration = Duration::from_millis(1);
        // A record that takes no time begins behind this.
        let mut busy = self.first_kept()? - Duration::from_nanos(1);
        let mut any = |from: Timestamp| {
            let mut any = false;
            self.history.overlapping(from, at, |_| {
                any = true;
                ControlFlow::Break(())
            });
            any
        };
        let mut quiet = at - longest;
        if busy >= quiet || any(quiet) || !any(busy) {
            return None;
        }
        while quiet.since(busy) > EXACT {
            let middle = busy + quiet.since(busy) / 2;
            if any(middle) {
                busy = middle;
            } else {
                quiet = middle;
            }
        }
        Some(quiet)
    }

    /// What is wrong with what is kept for replay.
    pub(super) fn trouble(&self) -> Option<&str> {
        self.history.trouble()
    }

    /// Whether the next picture differs from the last in more than its time.
    pub(super) fn changed(&self) -> bool {
        self.cache.changed() || self.series_changed
    }

    /// The picture; `health` is completed by what is known here.
    pub(super) fn snapshot(&mut self, health: Health) -> Snapshot {
        if std::mem::take(&mut self.series_changed) {
            self.shown_series = Arc::new(self.series.series());
        }
        let health = self.health(health);
        let (span, series, filled) = (self.span(), Arc::clone(&self.shown_series), self.filled());
        self.cache.snapshot(Outside { span, series, filled, health })
    }

    pub(super) fn health(&self, outside: Health) -> Health {
        Health {
            accepted: self.accepted,
            rejected: self.rejected,
            history_records: self.history.records(),
            history_refused: self.history.refused(),
            kept_from: self.history.kept_from(),
            databases: self.places.placer.databases(),
            ..outside
        }
    }

    pub(super) fn cache(&self) -> &WindowCache {
        &self.cache
    }
}

/// Pushes into a window the records of the history that start behind `after` and not behind `until`, and that reach
/// behind `opening`.
fn feed_into(
    cache: &mut WindowCache,
    (history, places, shown): (&mut History, &mut Places, Option<&Show>),
    (after, until): (Timestamp, Timestamp),
    opening: Timestamp,
) {
    history.starting_within(after, until, opening, |held| {
        if let Some(far) = RecordRef::new(held.bytes).and_then(Far::decode)
            && passes(shown, &far)
        {
            places.push(cache, shown, &settled(far.summary()), held.source);
        }
        ControlFlow::Continue(())
    });
}

/// Whether what a record says lets it be shown.
fn passes(shown: Option<&Show>, far: &Far<'_>) -> bool {
    shown.is_none_or(|s| s.filter.matches(far))
}

/// A record that claims to last longer than ten years has damaged times: it is taken as a moment.
fn settled(flow: FlowSummary) -> FlowSummary {
    if flow.span.duration() <= LONGEST_RECORD {
        return flow;
    }
    FlowSummary { span: Span { end: flow.span.start, ..flow.span }, src_span: None, dst_span: None, ..flow }
}

/// Whether the record says when it was: sensors without a clock, and damaged records, give the first day of 1970.
fn is_dated(flow: &FlowSummary) -> bool {
    flow.span.start >= Timestamp::from_parts(86_400, 0)
}

/// Where addresses are, and what is shown instead of them.
#[derive(Debug)]
struct Places {
    placer: Placer,
    mask: Option<Mask>,
}

impl Places {
    /// Takes in what a record says about its addresses.
    fn learn(&mut self, far: &Far<'_>, flow: &FlowSummary) {
        self.placer.learn(far, flow.key.saddr, flow.key.daddr);
        if let Some(mask) = &mut self.mask {
            // Replacements are given out in the order of arrival, however the playhead moves later.
            let _ = mask.flow(flow);
        }
    }

    /// Hands a record on, if its ends are where those of shown records are; places are those of the real addresses.
    fn push(&mut self, cache: &mut WindowCache, shown: Option<&Show>, flow: &FlowSummary, source: SourceId) {
        let (src, dst) = (self.placer.locate(flow.key.saddr), self.placer.locate(flow.key.daddr));
        if shown.is_some_and(|s| !s.fits(&src, &dst)) {
            return;
        }
        match &mut self.mask {
            None => cache.push(flow, &src, &dst, source),
            Some(mask) => {
                let hidden = |place| if mask.keeps_asns() { place } else { without_holder(place) };
                let (src, dst) = (hidden(src), hidden(dst));
                cache.push(&mask.flow(flow), &src, &dst, source);
            }
        }
    }
}

/// The place without the system that the address belongs to, which may be one house.
fn without_holder(place: Located) -> Located {
    match place {
        Ok(p) if p.asn.is_some() || p.as_name.is_some() => {
            Ok(Arc::new(Place { asn: None, as_name: None, ..Place::clone(&p) }))
        }
        other => other,
    }
}

/// What to do when the history is full: with live sources the near past matters, with files everything.
pub(super) fn when_full(any_live: bool) -> WhenFull {
    if any_live { WhenFull::DropOldest } else { WhenFull::Spool }
}
