//! The flows behind the screen: records in, a sorted stretch of rows out. Knows no terminal and asks no clock.
//!
//! Memory is bounded by the number of flows: when there are too many, those that have been without records for the
//! longest time leave first, and are counted.

use std::collections::VecDeque;
use std::time::Duration;

use super::ranks::Ranks;
use crate::aggregate::{Arena, Clusters, Core, Item, Order, Place, Rules};
use crate::base::{TimeRange, Timestamp};
use crate::filter::Filter;
use crate::record::codec::to_v3;
use crate::record::fields::Field;
use crate::record::{Far, RecordRef};

/// Least time between two notes of how many records had come when.
const MARK_STEP: Duration = Duration::from_secs(1);
/// Notes that one idle time is divided into.
const MARKS: u32 = 64;
/// Part of the flows that leaves when there are too many.
const SHED_PART: usize = 16;

/// Flows, and which of them are shown in which order.
#[derive(Debug)]
pub(super) struct Model {
    clusters: Clusters,
    ranks: Ranks,
    /// Every record counts for both of its ends.
    is_rmon: bool,
    max_flows: usize,
    /// Time without records after which a flow leaves; none for never.
    pub(super) idle: Option<Duration>,
    display: Filter,
    time: Option<TimeRange>,
    /// First and last place that is shown, from 1.
    window: Option<(usize, usize)>,
    /// How many records had come when.
    marks: VecDeque<(Timestamp, u64)>,
    left_early: u64,
    /// A record of version 5 as one of version 3.
    converted: Vec<u8>,
}

impl Model {
    /// Without flows.
    pub(super) fn new(rules: Rules, is_rmon: bool, max_flows: usize) -> Model {
        Model {
            clusters: Clusters::new(rules),
            ranks: Ranks::default(),
            is_rmon,
            max_flows: max_flows.max(1),
            idle: None,
            display: Filter::default(),
            time: None,
            window: None,
            marks: VecDeque::new(),
            left_early: 0,
            converted: Vec::new(),
        }
    }

    /// Adds a record.
    pub(super) fn push(&mut self, far: &Far<'_>) {
        if far.record().version() == 3 {
            return self.add(far);
        }
        let mut bytes = std::mem::take(&mut self.converted);
        bytes.clear();
        to_v3(far.record(), &mut bytes);
        if let Some(far) = RecordRef::new(&bytes).and_then(Far::decode) {
            self.add(&far);
        }
        self.converted = bytes;
    }

    fn add(&mut self, far: &Far<'_>) {
        add(&mut self.clusters, far, self.is_rmon);
        if self.clusters.len() > self.max_flows {
            self.shed();
        }
    }

    /// Takes out those flows that have been without records for the longest time.
    fn shed(&mut self) {
        let mut ages: Vec<_> = self.clusters.ages().map(|a| (a.touched, a.at)).collect();
        let excess = ages.len().saturating_sub(self.max_flows) + self.max_flows / SHED_PART;
        if excess < ages.len() {
            ages.select_nth_unstable(excess);
        }
        for (_, at) in ages.into_iter().take(excess) {
            self.remove(at);
            self.left_early += 1;
        }
    }

    fn remove(&mut self, at: u32) {
        self.clusters.remove(at);
        self.ranks.forget(at);
    }

    /// Lets flows leave that have had no record for the idle time.
    pub(super) fn expire(&mut self, now: Timestamp) {
        let Some(idle) = self.idle else { return self.marks.clear() };
        if self.marks.back().is_some_and(|(t, _)| *t > now) {
            // The clock has been put back.
            self.marks.clear();
        }
        let step = (idle / MARKS).max(MARK_STEP);
        if self.marks.back().is_none_or(|(t, _)| now.since(*t) >= step) {
            self.marks.push_back((now, self.clusters.count()));
        }
        let mut limit = None;
        while let Some((t, count)) = self.marks.front().copied()
            && now.since(t) >= idle
        {
            limit = Some(count);
            self.marks.pop_front();
        }
        let Some(limit) = limit else { return };
        let old: Vec<u32> = self.clusters.ages().filter(|a| a.touched <= limit).map(|a| a.at).collect();
        old.into_iter().for_each(|at| self.remove(at));
    }

    /// Orders by fields.
    pub(super) fn set_order(&mut self, order: Order, is_reversed: bool) {
        self.ranks.set_order(order, is_reversed);
    }

    /// Shows flows that pass this only.
    pub(super) fn set_display(&mut self, filter: Filter) {
        self.display = filter;
        self.ranks.reset();
    }

    /// Shows flows of this time only.
    pub(super) fn set_time(&mut self, time: Option<TimeRange>) {
        self.time = time;
        self.ranks.reset();
    }

    /// Shows these places only, counted from 1.
    pub(super) fn set_window(&mut self, window: Option<(usize, usize)>) {
        self.window = window;
    }

    /// Keeps the totals of these fields.
    pub(super) fn set_shared(&mut self, fields: Vec<&'static Field>) {
        self.ranks.set_shared(fields);
    }

    /// Merges by other rules from now on. What is held is merged on if it is as fine as it can be; otherwise it is gone.
    pub(super) fn set_rules(&mut self, rules: Rules) {
        let mut clusters = Clusters::new(rules);
        if self.clusters.rules().model.is_default && !self.is_rmon {
            self.clusters.drain(|item| {
                if let Some(far) = item.far() {
                    add(&mut clusters, &far, false);
                }
            });
        }
        self.clusters = clusters;
        self.marks.clear();
        self.ranks.reset();
    }

    /// Forgets all flows.
    pub(super) fn clear(&mut self) {
        self.clusters = Clusters::new(self.clusters.rules().clone());
        self.marks.clear();
        self.ranks.reset();
        self.left_early = 0;
    }

    /// Brings the order up to date; to be called before rows are asked for.
    pub(super) fn refresh(&mut self) {
        let (display, time) = (&self.display, &self.time);
        let is_shown = |far: &Far<'_>| display.matches(far) && time.as_ref().is_none_or(|t| t.holds(far.times().span));
        self.ranks.refresh(&self.clusters, is_shown);
    }

    /// Flows held.
    pub(super) fn held(&self) -> usize {
        self.clusters.len()
    }

    /// Flows that left because there were too many.
    pub(super) fn left_early(&self) -> u64 {
        self.left_early
    }

    /// Rows there are.
    pub(super) fn len(&self) -> usize {
        let shown = self.ranks.shown();
        self.window.map_or(shown, |(first, last)| shown.min(last).saturating_sub(first.saturating_sub(1)))
    }

    /// The flows of at most `len` rows from row `first` on, in order.
    pub(super) fn rows(&mut self, first: usize, len: usize) -> Vec<u32> {
        let len = len.min(self.len().saturating_sub(first));
        let skipped = self.window.map_or(0, |(first, _)| first.saturating_sub(1));
        self.ranks.window(first + skipped, len)
    }

    /// Place of the first row among all flows, from 1.
    pub(super) fn first_rank(&self) -> usize {
        self.window.map_or(1, |(first, _)| first.max(1))
    }

    /// The row of a flow, if it has one.
    pub(super) fn row_of(&self, at: u32) -> Option<usize> {
        let row = self.ranks.place_of(at)?.checked_sub(self.first_rank() - 1)?;
        (row < self.len()).then_some(row)
    }

    /// What tells a flow from a later one of the same number.
    pub(super) fn born(&self, at: u32) -> Option<u64> {
        self.ranks.born(at)
    }

    /// The record of a flow.
    pub(super) fn item<'a>(&self, at: u32, bytes: &'a mut Vec<u8>) -> Option<Item<'a>> {
        self.clusters.item(at, bytes)
    }

    /// Totals of the fields kept.
    pub(super) fn totals(&self) -> Vec<(&'static str, f64)> {
        self.ranks.totals()
    }

    /// All rows as they are now.
    pub(super) fn still(&mut self) -> Still {
        let mut still = Still::default();
        let mut bytes = Vec::new();
        for at in self.rows(0, usize::MAX) {
            if let Some(item) = self.clusters.item(at, &mut bytes) {
                let place = still.records.push(item.record.bytes());
                still.rows.push((place, item.is_sum, item.as_stored));
            }
        }
        still
    }
}

fn add(clusters: &mut Clusters, far: &Far<'_>, is_rmon: bool) {
    if !is_rmon {
        return clusters.push(far, None);
    }
    let mut core = Core::read(far);
    clusters.push(far, Some((&core, false)));
    core.exchange();
    clusters.push(far, Some((&core, true)));
}

/// Rows that stay as they were.
#[derive(Debug, Default)]
pub(super) struct Still {
    records: Arena,
    rows: Vec<(Place, bool, bool)>,
}

impl Still {
    /// Rows there are.
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// The record of a row.
    pub(super) fn item(&self, row: usize) -> Option<Item<'_>> {
        let (place, is_sum, as_stored) = *self.rows.get(row)?;
        Some(Item { record: RecordRef::new(self.records.get(place))?, is_sum, as_stored })
    }
}

#[cfg(test)]
mod tests;
