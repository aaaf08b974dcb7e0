//! How some flows went over the window: bits per second in equal steps of time, and the ports that they led to.

use std::collections::BTreeMap;

use crate::cache::{FlowRow, Snapshot};

/// Steps of the window.
pub(super) const STEPS: usize = 60;
/// Ports that are listed.
const MOST_PORTS: usize = 8;

/// Bits per second in each step of the window, oldest first. Each flow's bits are spread evenly from its first to its
/// last packet within the window.
#[must_use]
pub(super) fn course<'a>(s: &Snapshot, flows: impl Iterator<Item = &'a FlowRow>) -> Vec<f64> {
    let mut steps = vec![0.0; STEPS];
    let window = s.window.as_secs_f64();
    if window <= 0.0 {
        return steps;
    }
    let step = window / STEPS as f64;
    let begin = s.now - s.window;
    let place = |secs: f64| (secs / step).clamp(0.0, STEPS as f64);
    for flow in flows {
        let bits = (flow.src.bytes as f64 + flow.dst.bytes as f64) * 8.0;
        let from = place(flow.seen.start.since(begin).as_secs_f64());
        let to = place(flow.seen.end.since(begin).as_secs_f64()).max(from);
        // What took no time is within one step.
        let (first, last) = ((from as usize).min(STEPS - 1), (to as usize).min(STEPS - 1));
        for (i, sum) in steps.iter_mut().enumerate().take(last + 1).skip(first) {
            let share = if first == last {
                1.0
            } else {
                ((i as f64 + 1.0).min(to) - (i as f64).max(from)).max(0.0) / (to - from)
            };
            *sum += bits * share / step;
        }
    }
    steps
}

/// Ports of responders with the bytes of their flows, most bytes first, and how many there are.
#[must_use]
pub(super) fn ports<'a>(flows: impl Iterator<Item = &'a FlowRow>) -> (Vec<(u16, u64)>, usize) {
    let mut sums: BTreeMap<u16, u64> = BTreeMap::new();
    for f in flows.filter(|f| matches!(f.last.key.proto, 6 | 17)) {
        let sum = sums.entry(f.last.key.dport).or_default();
        *sum = sum.saturating_add(f.src.bytes).saturating_add(f.dst.bytes);
    }
    let count = sums.len();
    let mut ports: Vec<(u16, u64)> = sums.into_iter().collect();
    ports.sort_by_key(|(port, bytes)| (std::cmp::Reverse(*bytes), *port));
    ports.truncate(MOST_PORTS);
    (ports, count)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::base::Span;
    use crate::globe::fixture;

    #[test]
    fn no_bit_is_lost_and_time_runs_to_the_right() {
        let s = fixture::snapshot();
        let steps = course(&s, s.flows.iter());
        let step = s.window.as_secs_f64() / STEPS as f64;
        let bits: u64 = s.flows.iter().map(|f| (f.src.bytes + f.dst.bytes) * 8).sum();
        assert!((steps.iter().sum::<f64>() * step - bits as f64).abs() < 1.0);
        // Seen from 90 s to 1 s before the end of a window of 120 s.
        assert!(steps[..15].iter().all(|v| *v == 0.0) && steps[16] > 0.0 && steps[58] > 0.0);
    }

    #[test]
    fn what_took_no_time_or_began_before_the_window_stays_within() {
        let mut s = fixture::snapshot();
        let mut row = s.flows[1].clone();
        row.seen = Span::new(s.now, s.now);
        let steps = course(&s, std::iter::once(&row));
        assert!(steps[STEPS - 1] > 0.0 && steps[..STEPS - 1].iter().all(|v| *v == 0.0));
        row.seen = Span::new(s.now - Duration::from_secs(900), s.now);
        let steps = course(&s, std::iter::once(&row));
        assert!((steps[0] - steps[STEPS - 1]).abs() < 1.0 && steps[0] > 0.0);
        s.window = Duration::ZERO;
        assert!(course(&s, std::iter::once(&row)).iter().all(|v| *v == 0.0));
    }

    #[test]
    fn ports_are_sorted_by_bytes() {
        let (ports, count) = ports(fixture::snapshot().flows.iter());
        assert_eq!((ports[0].0, ports.len(), count), (443, 3, 3));
    }
}
