//! From the series to bars, from times to places on the strip, and which speed or step comes next. No egui here.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use super::marks::Marks;
use crate::alert::Alert;
use crate::base::units::grouped;
use crate::base::{Span, Timestamp};
use crate::cache::{Series, Snapshot};
use crate::pipeline::{PlayState, Playhead};

/// The row of preset speeds, as multiples of real time.
pub const SPEEDS: [f64; 9] = [0.1, 0.5, 1.0, 2.0, 5.0, 10.0, 60.0, 600.0, 3600.0];

/// The next higher preset, in the same direction.
#[must_use]
pub fn faster(speed: f64) -> f64 {
    SPEEDS.iter().copied().find(|s| *s > speed.abs() * 1.001).map_or(speed, |s| s.copysign(speed))
}

/// The next lower preset, in the same direction.
#[must_use]
pub fn slower(speed: f64) -> f64 {
    SPEEDS.iter().rev().copied().find(|s| *s < speed.abs() * 0.999).map_or(speed, |s| s.copysign(speed))
}

/// Where one step from `now` leads: one second, or over a silent stretch to the next bin with traffic. Stays within the
/// recording.
#[must_use]
pub fn step(snapshot: &Snapshot, now: Timestamp, forward: bool) -> Option<Timestamp> {
    const STEP: Duration = Duration::from_secs(1);
    let span = snapshot.span?;
    let near = if forward { now + STEP } else { now - STEP };
    let series = &snapshot.series;
    let bin = i64::try_from(series.bin.as_nanos()).ok().filter(|b| *b > 0);
    let target = match bin {
        None => near,
        Some(bin) => {
            let index = near.nanos().saturating_sub(series.start.nanos()).div_euclid(bin);
            let busy = |i: i64| usize::try_from(i).ok().and_then(|i| series.bits.get(i)).is_some_and(|b| *b > 0.0);
            let count = i64::try_from(series.bits.len()).unwrap_or(i64::MAX);
            let at = |i: i64| Timestamp::from_nanos(series.start.nanos().saturating_add(i.saturating_mul(bin)));
            if busy(index) {
                near
            } else if forward {
                (index.max(0)..count).find(|i| busy(*i)).map_or(near, |i| at(i).max(near))
            } else {
                (0..index.min(count)).rev().find(|i| busy(*i)).map_or(near, |i| at(i + 1).min(near))
            }
        }
    };
    Some(target.clamp(span.start, span.end.max(span.start)))
}

/// How high a bar is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TimeScale {
    /// As the square root of the rate, which keeps small traffic visible beside a burst.
    #[default]
    Root,
    /// As the rate.
    Linear,
    /// As its logarithm, over the five decades below the peak.
    Log,
}

impl TimeScale {
    /// All of them with their names.
    const NAMES: [(TimeScale, &str); 3] =
        [(TimeScale::Root, "root"), (TimeScale::Linear, "linear"), (TimeScale::Log, "log")];

    /// The one that follows this.
    #[must_use]
    pub fn next(self) -> TimeScale {
        match self {
            TimeScale::Root => TimeScale::Linear,
            TimeScale::Linear => TimeScale::Log,
            TimeScale::Log => TimeScale::Root,
        }
    }

    /// Height for a part of the peak, both 0 to 1.
    fn height(self, part: f64) -> f64 {
        const DECADES: f64 = 5.0;
        let part = part.clamp(0.0, 1.0);
        match self {
            TimeScale::Root => part.sqrt(),
            TimeScale::Linear => part,
            TimeScale::Log => (1.0 + part.max(f64::MIN_POSITIVE).log10() / DECADES).max(0.0),
        }
    }
}

/// What is no scale.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("scale {0:?} does not exist; known are root, linear, log")]
pub struct UnknownTimeScale(String);

impl FromStr for TimeScale {
    type Err = UnknownTimeScale;

    fn from_str(text: &str) -> Result<TimeScale, UnknownTimeScale> {
        let found = TimeScale::NAMES.iter().find(|(_, name)| *name == text.trim());
        found.map(|(scale, _)| *scale).ok_or_else(|| UnknownTimeScale(text.chars().take(40).collect()))
    }
}

impl fmt::Display for TimeScale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = TimeScale::NAMES.iter().find(|(scale, _)| scale == self).map_or("", |(_, name)| name);
        f.write_str(name)
    }
}

/// The histogram: bits per second in equal stretches of the span.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Bars {
    /// Bits per second, from the start of the span to its end.
    pub rates: Vec<f64>,
    /// The greatest of them.
    pub peak: f64,
}

impl Bars {
    /// `count` bars over `span`. A bin that lies across bars is shared out by overlap, so no bit is lost or doubled.
    #[must_use]
    pub fn new(series: &Series, span: Span, count: usize) -> Bars {
        let width = span.duration().as_secs_f64() / count.max(1) as f64;
        let mut rates = vec![0.0; count];
        let bin = series.bin.as_secs_f64();
        if width <= 0.0 || bin <= 0.0 {
            return Bars { rates, peak: 0.0 };
        }
        let offset = (series.start.nanos() as f64 - span.start.nanos() as f64) * 1e-9;
        for (i, bits) in series.bits.iter().enumerate().filter(|(_, b)| **b > 0.0) {
            let from = (offset + i as f64 * bin).max(0.0);
            let to = (offset + (i + 1) as f64 * bin).min(width * count as f64);
            if to <= from {
                continue;
            }
            // Bits of a bin that reaches out of the span fall into the part inside it.
            let density = bits / (to - from);
            let (first, last) = ((from / width) as usize, (to / width) as usize);
            for (j, rate) in rates.iter_mut().enumerate().take(last + 1).skip(first) {
                let overlap = to.min((j + 1) as f64 * width) - from.max(j as f64 * width);
                *rate += density * overlap.max(0.0) / width;
            }
        }
        let peak = rates.iter().copied().fold(0.0, f64::max);
        Bars { rates, peak }
    }

    /// Height of a bar, 0 to 1.
    #[must_use]
    pub fn height(&self, index: usize, scale: TimeScale) -> f64 {
        let rate = self.rates.get(index).copied().unwrap_or(0.0);
        if self.peak > 0.0 { scale.height(rate / self.peak) } else { 0.0 }
    }
}

/// What the strip shows.
#[derive(Clone, Debug, PartialEq)]
pub struct TimelineModel<'a> {
    /// The whole recording.
    pub span: Span,
    /// The stretch of it that the strip shows.
    pub view: Span,
    /// The histogram over what is shown.
    pub bars: &'a Bars,
    /// How high they are.
    pub scale: TimeScale,
    /// From when on records are still kept; nothing if all are.
    pub kept_from: Option<Timestamp>,
    /// The part to repeat, bookmarks.
    pub marks: &'a Marks,
    /// When alerts held.
    pub alerts: &'a [Alert],
    /// The playhead.
    pub playhead: Playhead,
    /// Length of the window.
    pub window: Duration,
    /// Records within the window.
    pub records: u64,
    /// Flows within the window.
    pub flows: u64,
    /// Records that never arrived, as the sources say.
    pub dropped: u64,
    /// Whether there is a live source to return to.
    pub live: bool,
    /// Height of the histogram in points.
    pub graph: f32,
}

impl TimelineModel<'_> {
    /// What is said of the window, from the longest to the shortest; the first that there is room for is shown.
    #[must_use]
    pub(super) fn facts(&self) -> [String; 3] {
        let (records, flows) = (grouped(self.records), grouped(self.flows));
        let secs = self.window.as_secs_f64();
        let rate = match self.flows as f64 / secs.max(0.001) {
            many @ 100.0.. => grouped(many as u64),
            few => format!("{few:.1}"),
        };
        let lost = if self.dropped > 0 { format!(" \u{b7} {} dropped", grouped(self.dropped)) } else { String::new() };
        [
            format!("{records} records \u{b7} {flows} flows in the window \u{b7} {rate} flows/s{lost}"),
            format!("{records} records \u{b7} {flows} flows{lost}"),
            if self.dropped > 0 { format!("{} dropped", grouped(self.dropped)) } else { format!("{flows} flows") },
        ]
    }

    /// Place of a time on the strip, 0 to 1; times outside of what is shown lie at its ends.
    #[must_use]
    pub fn place(&self, t: Timestamp) -> f64 {
        let whole = self.view.duration().as_secs_f64();
        if whole <= 0.0 { 1.0 } else { (t.since(self.view.start).as_secs_f64() / whole).clamp(0.0, 1.0) }
    }

    /// Whether a time is on the strip.
    #[must_use]
    pub fn shows(&self, t: Timestamp) -> bool {
        self.view.contains(t)
    }

    /// Whether only a part of the recording is shown.
    #[must_use]
    pub fn is_zoomed(&self) -> bool {
        self.view != self.span
    }

    /// The time at a place of the strip.
    #[must_use]
    pub fn time(&self, place: f64) -> Timestamp {
        self.view.start + self.view.duration().mul_f64(place.clamp(0.0, 1.0))
    }

    /// Whether the playhead stands.
    #[must_use]
    pub fn is_paused(&self) -> bool {
        self.playhead.state == PlayState::Paused
    }
}

/// What the strip shows after it was drawn apart by a factor around a place of it: at least a second, at most the
/// recording; `None` is the whole recording.
#[must_use]
pub(super) fn zoomed(view: Span, span: Span, place: f64, factor: f64) -> Option<Span> {
    const SHORTEST: f64 = 1.0;
    let (now, whole) = (view.duration().as_secs_f64(), span.duration().as_secs_f64());
    let length = (now / factor.clamp(0.01, 100.0)).max(SHORTEST);
    if length >= whole || !length.is_finite() {
        return None;
    }
    let place = place.clamp(0.0, 1.0);
    let from = view.start.since(span.start).as_secs_f64() + (now - length) * place;
    Some(cut_out(span, from, length))
}

/// What the strip shows after it was moved by a part of its width; stays within the recording.
#[must_use]
pub(super) fn panned(view: Span, span: Span, by: f64) -> Option<Span> {
    let length = view.duration().as_secs_f64();
    if view == span {
        return None;
    }
    Some(cut_out(span, view.start.since(span.start).as_secs_f64() + by * length, length))
}

/// What the strip shows so that a moving playhead stays in sight.
#[must_use]
pub fn following(view: Span, span: Span, now: Timestamp) -> Span {
    /// Where the playhead stands after the strip has jumped.
    const AHEAD: f64 = 0.1;
    if view.contains(now) {
        return view;
    }
    let length = view.duration().as_secs_f64();
    cut_out(span, now.since(span.start).as_secs_f64() - AHEAD * length, length)
}

/// So many seconds of a recording, `from` seconds behind its start, moved into it.
fn cut_out(span: Span, from: f64, length: f64) -> Span {
    let most = (span.duration().as_secs_f64() - length).max(0.0);
    let start = span.start + Duration::try_from_secs_f64(from.clamp(0.0, most)).unwrap_or_default();
    Span::new(start, start + Duration::try_from_secs_f64(length).unwrap_or_default())
}

/// The window's next length: shorter or longer by a quarter, on round figures, 1 s to 1 day.
#[must_use]
pub(super) fn window_step(window: Duration, longer: bool) -> Duration {
    const ROW: [u64; 15] = [1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600, 14_400, 43_200, 86_400];
    let now = window.as_secs_f64();
    let next = if longer {
        ROW.into_iter().find(|s| *s as f64 > now * 1.001)
    } else {
        ROW.into_iter().rev().find(|s| (*s as f64) < now * 0.999)
    };
    next.map_or(window, Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::globe::fixture;

    #[test]
    fn speeds_walk_along_the_row_and_stop_at_its_ends() {
        assert_eq!((faster(1.0), slower(1.0)), (2.0, 0.5));
        assert_eq!((faster(37.0), slower(37.0)), (60.0, 10.0));
        assert_eq!((faster(3600.0), slower(0.1)), (3600.0, 0.1));
        assert_eq!((faster(-1.0), slower(-37.0), faster(-3600.0)), (-2.0, -10.0, -3600.0));
    }

    #[test]
    fn each_scale_keeps_the_order_and_the_peak() {
        let bars = Bars { rates: vec![0.0, 1.0, 1e3, 1e6], peak: 1e6 };
        for (scale, small) in [(TimeScale::Root, 0.0316), (TimeScale::Linear, 0.001), (TimeScale::Log, 0.4)] {
            let heights: Vec<f64> = (0..4).map(|i| bars.height(i, scale)).collect();
            assert!(heights.is_sorted() && heights[0] == 0.0 && heights[3] == 1.0, "{scale} {heights:?}");
            assert!((heights[2] - small).abs() < 1e-4, "{scale} {heights:?}");
            assert_eq!(scale.to_string().parse(), Ok(scale));
            assert_eq!(scale.next().next().next(), scale);
        }
        assert_eq!(Bars::default().height(0, TimeScale::Log), 0.0);
        assert!("cubic".parse::<TimeScale>().is_err());
    }

    #[test]
    fn a_step_jumps_over_silence_and_stays_inside() {
        let mut s = fixture::snapshot();
        let start = s.span.expect("a span").start;
        let mut bits = vec![0.0; 60];
        (bits[0], bits[30]) = (5.0, 5.0);
        s.series = std::sync::Arc::new(Series { start, bin: Duration::from_secs(10), bits });
        let sec = |n| start + Duration::from_secs(n);
        assert_eq!(step(&s, sec(3), true), Some(sec(4)));
        assert_eq!(step(&s, sec(50), true), Some(sec(300)));
        assert_eq!(step(&s, sec(200), false), Some(sec(10)));
        assert_eq!(step(&s, sec(0), false), Some(sec(0)));
        assert_eq!(step(&s, sec(600), true), Some(sec(600)));
        assert_eq!(step(&Snapshot::default(), sec(1), true), None);
    }

    #[test]
    fn window_lengths_are_round() {
        let s = Duration::from_secs;
        assert_eq!((window_step(s(120), true), window_step(s(120), false)), (s(300), s(60)));
        assert_eq!((window_step(s(86_400), true), window_step(s(1), false)), (s(86_400), s(1)));
    }

    #[test]
    fn the_strip_is_drawn_apart_around_the_pointer_and_stays_inside() {
        let at = |s| fixture::now() + Duration::from_secs(s);
        let whole = Span::new(at(0), at(1000));
        let half = zoomed(whole, whole, 0.25, 2.0).expect("a part");
        assert_eq!(half, Span::new(at(125), at(625)));
        assert_eq!(zoomed(half, whole, 0.5, 0.4), None, "all of it again");
        assert_eq!(zoomed(half, whole, 0.5, 1e9).map(|v| v.duration().as_secs()), Some(5));
        assert_eq!(panned(half, whole, 10.0), Some(Span::new(at(500), at(1000))));
        assert_eq!(panned(half, whole, -10.0), Some(Span::new(at(0), at(500))));
        assert_eq!(panned(whole, whole, 0.5), None);
        assert_eq!(following(half, whole, at(300)), half);
        assert_eq!(following(half, whole, at(650)), Span::new(at(500), at(1000)));
        assert_eq!(following(half, whole, at(10)), Span::new(at(0), at(500)));
    }

    proptest! {
        #[test]
        fn bars_hold_every_bit_of_the_span(
            bits in prop::collection::vec(0.0..1e6f64, 1..40), count in 1usize..200, bin in 1u64..30,
        ) {
            let start = fixture::now();
            let series = Series { start, bin: Duration::from_secs(bin), bits };
            let total = Duration::from_secs(bin * series.bits.len() as u64);
            let bars = Bars::new(&series, Span::new(start, start + total), count);
            let width = total.as_secs_f64() / count as f64;
            let sum: f64 = bars.rates.iter().map(|r| r * width).sum();
            let all: f64 = series.bits.iter().sum();
            prop_assert!((sum - all).abs() <= all * 1e-6 + 1e-6, "{} {}", sum, all);
        }
    }
}
