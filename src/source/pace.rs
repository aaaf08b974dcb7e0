//! Packets of a file at the pace at which they were captured, or a multiple of it.

use std::time::{Duration, Instant};

use crate::base::Timestamp;
use crate::base::clock::steady_now;

/// Longest wait before somebody looks again.
const LONGEST: Duration = Duration::from_millis(100);

/// Keeps the pace.
#[derive(Debug)]
pub(super) struct Pace {
    /// Times as fast as it was.
    speed: f64,
    /// When the first packet was taken, and when it had been captured.
    begun: Option<(Instant, Timestamp)>,
    /// When the latest packet is due, after the first one.
    due: Duration,
}

impl Pace {
    pub(super) fn new(speed: f64) -> Pace {
        Pace { speed, begun: None, due: Duration::ZERO }
    }

    /// How long to wait before more packets are taken; nothing if one may be taken now.
    pub(super) fn wait(&self) -> Option<Duration> {
        let (begun, _) = self.begun?;
        let wait = self.due.saturating_sub(steady_now().saturating_duration_since(begun));
        (!wait.is_zero()).then(|| wait.min(LONGEST))
    }

    /// Notes a packet that is taken; whether it is ahead of its time, so that it has to be the last one for now.
    pub(super) fn note(&mut self, at: Timestamp) -> bool {
        let (begun, first) = *self.begun.get_or_insert_with(|| (steady_now(), at));
        let after = at.since(first).as_secs_f64() / self.speed;
        // Packets out of order do not turn the time back.
        self.due = self.due.max(Duration::try_from_secs_f64(after).unwrap_or(Duration::MAX));
        steady_now().saturating_duration_since(begun) < self.due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_are_due_as_long_after_the_first_one_as_the_speed_says() {
        let mut pace = Pace::new(2.0);
        assert_eq!(pace.wait(), None);
        pace.note(Timestamp::from_micros(5_000_000));
        assert!(pace.note(Timestamp::from_micros(7_205_000_000)));
        assert_eq!(pace.due, Duration::from_secs(3600));
        assert_eq!(pace.wait(), Some(LONGEST));
        pace.note(Timestamp::from_micros(1));
        assert_eq!(pace.due, Duration::from_secs(3600));
    }
}
