//! How much of a record has happened by a given time (the rule stands in the room's essay).

use crate::base::Span;
use crate::record::{Counts, FlowSummary};

const SHORT: i64 = 2_000_000_000;
const FINE: i64 = 250_000_000;
const COARSE: i64 = 1_000_000_000;

/// The lengths of the window and of the rate interval, in nanoseconds; the interval is at most the window.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lengths {
    pub(super) window: i64,
    pub(super) rate: i64,
}

/// One direction of a record: from first to last packet, in nanoseconds since 1970, and what was sent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Part {
    pub(super) start: i64,
    pub(super) end: i64,
    pub(super) counts: Counts,
}

/// What of one direction lies in the window and in the rate interval.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Share {
    pub(super) window: Counts,
    pub(super) rate: Counts,
}

/// What of a record lies in the window and in the rate interval.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Shares {
    pub(super) src: Share,
    pub(super) dst: Share,
    /// 1 if the record ended within the rate interval.
    pub(super) ended: u64,
}

/// The time and size of a record.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Spread {
    pub(super) start: i64,
    pub(super) end: i64,
    grain: i64,
    pub(super) src: Part,
    pub(super) dst: Part,
}

impl Spread {
    pub(super) fn of(flow: &FlowSummary) -> Spread {
        let src = Part::of(flow.span, flow.src_span, flow.src);
        let dst = Part::of(flow.span, flow.dst_span, flow.dst);
        Spread::new(flow.span.start.nanos(), flow.span.end.nanos(), src, dst)
    }

    pub(super) fn new(start: i64, end: i64, src: Part, dst: Part) -> Spread {
        let grain = if end.saturating_sub(start) <= SHORT { FINE } else { COARSE };
        Spread { start, end, grain, src, dst }
    }

    /// Whether it is in the window that ends at `now`.
    #[cfg(test)]
    pub(super) fn present(&self, now: i64, lengths: Lengths) -> bool {
        self.start <= now && self.end > now.saturating_sub(lengths.window)
    }

    pub(super) fn shares(&self, now: i64, lengths: Lengths) -> Shares {
        let (window, rate) = (now.saturating_sub(lengths.window), now.saturating_sub(lengths.rate));
        let share = |part: &Part| {
            let until = part.done(now, self.grain);
            let less = |since: i64| minus(until, part.done(since, self.grain));
            Share { window: less(window), rate: less(rate) }
        };
        Shares { src: share(&self.src), dst: share(&self.dst), ended: u64::from(self.end <= now && self.end > rate) }
    }

    /// The next time after `now` when its shares or its presence may change; `None` when it is over.
    pub(super) fn next_change(&self, now: i64, lengths: Lengths) -> Option<i64> {
        let edges = [0, lengths.rate, lengths.window];
        edges
            .into_iter()
            .filter_map(|behind| self.next_cut(now.saturating_sub(behind)).map(|t| t.saturating_add(behind)))
            .min()
    }

    /// The first cut behind `x`: the start, a multiple of the grain, or the end of either direction or of the record.
    fn next_cut(&self, x: i64) -> Option<i64> {
        if x < self.start {
            return Some(self.start);
        }
        if x >= self.end {
            return None;
        }
        let multiple = x.div_euclid(self.grain).saturating_add(1).saturating_mul(self.grain);
        let marks = [self.end, self.src.start, self.src.end, self.dst.start, self.dst.end];
        Some(marks.into_iter().filter(|m| *m > x).fold(multiple, i64::min))
    }
}

impl Part {
    /// A direction's own stretch counts only as far as it lies inside the record's: damaged times must not keep a
    /// record for ever.
    fn of(whole: Span, own: Option<Span>, counts: Counts) -> Part {
        let inside = own.map(|o| (o.start.max(whole.start), o.end.min(whole.end))).filter(|(s, e)| s <= e);
        let (start, end) = inside.unwrap_or((whole.start, whole.end));
        Part { start: start.nanos(), end: end.nanos(), counts }
    }

    fn done(&self, x: i64, grain: i64) -> Counts {
        if x < self.start {
            return Counts::default();
        }
        if x >= self.end {
            return self.counts;
        }
        let cut = x.div_euclid(grain).saturating_mul(grain).max(self.start);
        // Differences of two i64 fit into 65 bits; as `end` > `x` ≥ `cut` ≥ `start` they are not negative.
        let gone = (i128::from(cut) - i128::from(self.start)).unsigned_abs();
        let all = (i128::from(self.end) - i128::from(self.start)).unsigned_abs();
        let part = |n: u64| u64::try_from(u128::from(n) * gone / all.max(1)).unwrap_or(n);
        Counts { pkts: part(self.counts.pkts), bytes: part(self.counts.bytes), appbytes: part(self.counts.appbytes) }
    }
}

fn minus(a: Counts, b: Counts) -> Counts {
    Counts {
        pkts: a.pkts.saturating_sub(b.pkts),
        bytes: a.bytes.saturating_sub(b.bytes),
        appbytes: a.appbytes.saturating_sub(b.appbytes),
    }
}
