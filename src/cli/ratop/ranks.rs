//! The order of many flows of which a screenful is shown.
//!
//! What a flow compares by is kept and found anew only when a record of the flow has come. A screenful is picked out of
//! all flows in time that grows with their number alone, and only the screenful is sorted.

use std::cmp::Ordering;

use crate::aggregate::{Age, Clusters, Order};
use crate::record::Far;
use crate::record::fields::Field;

/// One flow.
#[derive(Clone, Copy, Debug, Default)]
struct Row {
    /// The first eight bytes of its place.
    head: u64,
    /// When its first record came; 0 for none.
    born: u64,
    /// When its last record came; equal flows are in this order, as those are that the classic client shows.
    touched: u64,
    is_shown: bool,
}

/// The places of flows, by their numbers.
#[derive(Debug, Default)]
pub(super) struct Ranks {
    order: Order,
    is_reversed: bool,
    rows: Vec<Row>,
    /// What is behind the first eight bytes of the places, `tail_len` bytes for each flow.
    tails: Vec<u8>,
    tail_len: usize,
    /// Fields that are printed as parts of a total, and their values for each flow.
    shared: Vec<&'static Field>,
    values: Vec<f64>,
    /// Records up to which everything is known.
    known: u64,
    shown: usize,
    /// Kept for its memory.
    numbers: Vec<u32>,
    place: Vec<u8>,
    bytes: Vec<u8>,
}

impl Ranks {
    /// Orders from now on by fields; everything is found anew.
    pub(super) fn set_order(&mut self, order: Order, is_reversed: bool) {
        self.order = order;
        self.is_reversed = is_reversed;
        self.reset();
    }

    /// Keeps the values of these fields for totals; everything is found anew.
    pub(super) fn set_shared(&mut self, fields: Vec<&'static Field>) {
        self.shared = fields;
        self.reset();
    }

    /// Forgets everything but what is asked for.
    pub(super) fn reset(&mut self) {
        self.rows.clear();
        self.tails.clear();
        self.values.clear();
        self.tail_len = self.order.width().saturating_sub(8);
        (self.known, self.shown) = (0, 0);
    }

    /// Takes a flow out.
    pub(super) fn forget(&mut self, at: u32) {
        if let Some(row) = self.rows.get_mut(at as usize) {
            self.shown -= usize::from(row.is_shown);
            *row = Row::default();
        }
        let shares = self.shared.len();
        if let Some(values) = self.values.get_mut(at as usize * shares..(at as usize + 1) * shares) {
            values.fill(0.0);
        }
    }

    /// Learns what has changed; `is_shown` decides which flows are shown.
    pub(super) fn refresh(&mut self, clusters: &Clusters, is_shown: impl Fn(&Far<'_>) -> bool) {
        if clusters.count() == self.known {
            return;
        }
        let mut bytes = std::mem::take(&mut self.bytes);
        let known = self.known;
        for age in clusters.ages().filter(|a| a.touched > known) {
            if let Some(far) = clusters.item(age.at, &mut bytes).and_then(|item| item.far()) {
                self.put(age, &far, is_shown(&far));
            }
        }
        self.bytes = bytes;
        self.known = clusters.count();
    }

    fn put(&mut self, age: Age, far: &Far<'_>, is_shown: bool) {
        let at = age.at as usize;
        if self.rows.len() <= at {
            self.rows.resize(at + 1, Row::default());
            self.tails.resize((at + 1) * self.tail_len, 0);
            self.values.resize((at + 1) * self.shared.len(), 0.0);
        }
        self.place.clear();
        self.order.place(far, &mut self.place);
        let head = self.place.iter().chain(&[0; 8]).take(8).fold(0, |n, b| n << 8 | u64::from(*b));
        if let (Some(to), Some(from)) =
            (self.tails.get_mut(at * self.tail_len..(at + 1) * self.tail_len), self.place.get(8..8 + self.tail_len))
        {
            to.copy_from_slice(from);
        }
        for (i, field) in self.shared.iter().enumerate() {
            if let Some(value) = self.values.get_mut(at * self.shared.len() + i) {
                *value = field.number(far).unwrap_or(0.0);
            }
        }
        if let Some(row) = self.rows.get_mut(at) {
            self.shown = self.shown + usize::from(is_shown) - usize::from(row.is_shown);
            *row = Row { head, born: age.born, touched: age.touched, is_shown };
        }
    }

    /// Number of flows that are shown.
    pub(super) fn shown(&self) -> usize {
        self.shown
    }

    /// When the first record of a flow came; none if the number has no flow.
    pub(super) fn born(&self, at: u32) -> Option<u64> {
        self.rows.get(at as usize).filter(|r| r.born > 0).map(|r| r.born)
    }

    fn compare(&self, a: u32, b: u32) -> Ordering {
        let row = |at: u32| self.rows.get(at as usize).copied().unwrap_or_default();
        let tail = |at: u32| {
            let start = at as usize * self.tail_len;
            self.tails.get(start..start + self.tail_len).unwrap_or(&[])
        };
        let (x, y) = (row(a), row(b));
        let by_place = x.head.cmp(&y.head).then_with(|| tail(a).cmp(tail(b)));
        let by_place = if self.is_reversed { by_place.reverse() } else { by_place };
        by_place.then(x.touched.cmp(&y.touched)).then(a.cmp(&b))
    }

    /// The numbers of at most `len` flows from place `first` on, in order.
    pub(super) fn window(&mut self, first: usize, len: usize) -> Vec<u32> {
        let mut numbers = std::mem::take(&mut self.numbers);
        numbers.clear();
        numbers.extend((0u32..).zip(&self.rows).filter(|(_, r)| r.is_shown).map(|(at, _)| at));
        let mut rest = numbers.as_mut_slice();
        if first >= rest.len() {
            rest = &mut [];
        } else if first > 0 {
            rest.select_nth_unstable_by(first, |a, b| self.compare(*a, *b));
            rest = rest.split_at_mut(first).1;
        }
        if len < rest.len() {
            rest.select_nth_unstable_by(len, |a, b| self.compare(*a, *b));
            rest = rest.split_at_mut(len).0;
        }
        rest.sort_unstable_by(|a, b| self.compare(*a, *b));
        let window = rest.to_vec();
        self.numbers = numbers;
        window
    }

    /// The place of a flow among those that are shown; none if it is not.
    pub(super) fn place_of(&self, at: u32) -> Option<usize> {
        self.rows.get(at as usize).filter(|r| r.is_shown)?;
        let shown = (0u32..).zip(&self.rows).filter(|(_, r)| r.is_shown);
        Some(shown.filter(|(other, _)| self.compare(*other, at).is_lt()).count())
    }

    /// Totals of the fields that are printed as parts of them, over all flows.
    pub(super) fn totals(&self) -> Vec<(&'static str, f64)> {
        let mut totals: Vec<_> = self.shared.iter().map(|f| (f.name, 0.0)).collect();
        for values in self.values.chunks_exact(self.shared.len().max(1)) {
            totals.iter_mut().zip(values).for_each(|((_, sum), v)| *sum += v);
        }
        totals
    }
}
