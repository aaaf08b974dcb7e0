//! Which alerts are shown how: no egui, no Bevy.

use std::net::IpAddr;

use crate::alert::Alert;
use crate::base::Timestamp;

/// Pulses per second; three flashes a second would be too many, one is the limit here.
const PULSES_PER_SEC: f64 = 0.8;

/// The alerts that hold at a time.
pub fn active(alerts: &[Alert], now: Timestamp) -> impl DoubleEndedIterator<Item = &Alert> {
    alerts.iter().filter(move |a| a.is_active(now))
}

/// The alerts that lie ahead of a time: what a live source raised while the playhead was elsewhere.
pub fn ahead(alerts: &[Alert], now: Timestamp) -> impl DoubleEndedIterator<Item = &Alert> {
    alerts.iter().filter(move |a| a.held.start > now)
}

/// How far the mark has swollen, 0 to 1, `elapsed` seconds after the start; nothing moves with reduced motion.
#[must_use]
pub fn pulse(elapsed: f64, reduced_motion: bool) -> f32 {
    if reduced_motion {
        return 0.0;
    }
    let turn = (elapsed * PULSES_PER_SEC).fract() * std::f64::consts::TAU;
    (0.5 - 0.5 * turn.cos()) as f32
}

/// One row of the list.
#[derive(Clone, Debug, PartialEq)]
pub struct AlertRow {
    /// The sentence.
    pub text: String,
    /// The rule.
    pub rule: String,
    /// When it began.
    pub since: Timestamp,
    /// When it held last.
    pub until: Timestamp,
    /// Whether it goes on.
    pub active: bool,
    /// Whether it lies ahead of the playhead.
    pub ahead: bool,
    /// An address to fly to.
    pub addr: Option<IpAddr>,
}

/// The rows of the list: what goes on first, then the newest. What lies ahead of the playhead stands before them where
/// it is to be told, which is behind a live source only: the future of a recording is not given away.
#[must_use]
pub fn rows(alerts: &[Alert], now: Timestamp, behind_live: bool) -> Vec<AlertRow> {
    let mut rows: Vec<AlertRow> = alerts
        .iter()
        .filter(|a| behind_live || a.held.start <= now)
        .map(|a| AlertRow {
            text: a.text.clone(),
            rule: a.rule.to_string(),
            since: a.held.start,
            until: a.held.end,
            active: a.is_active(now),
            ahead: a.held.start > now,
            addr: a.addr,
        })
        .collect();
    rows.sort_by_key(|r| std::cmp::Reverse((r.ahead, r.active, r.since)));
    rows
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::globe::fixture::{self, alert};

    #[test]
    fn what_goes_on_stands_first_and_the_future_is_not_told() {
        let alerts = [alert("192.0.2.1", 500, 400), alert("192.0.2.2", 300, 0), alert("192.0.2.3", 200, 150)];
        let order = |ago| -> Vec<(String, bool)> {
            let rows = rows(&alerts, fixture::now() - Duration::from_secs(ago), false);
            rows.into_iter().map(|r| (r.addr.expect("one").to_string(), r.active)).collect()
        };
        let row = |a: &str, on| (a.to_owned(), on);
        assert_eq!(order(0), [row("192.0.2.2", true), row("192.0.2.3", false), row("192.0.2.1", false)]);
        assert_eq!(order(350), [row("192.0.2.1", false)]);
        assert_eq!(active(&alerts, fixture::now()).count(), 1);
        let past = fixture::now() - Duration::from_secs(350);
        let told: Vec<bool> = rows(&alerts, past, true).iter().map(|r| r.ahead).collect();
        assert_eq!((told, ahead(&alerts, past).count()), (vec![true, true, false], 2), "behind a live source");
    }

    #[test]
    fn the_pulse_is_slow_smooth_and_can_be_stopped() {
        let turns = (1..10_000).filter(|i| {
            let at = |k: i32| pulse(f64::from(k) / 1000.0, false);
            at(i - 1) < at(*i) && at(*i) >= at(i + 1)
        });
        assert!(turns.count() <= 10, "at most one a second in ten seconds");
        assert!((0..1000).all(|i| (0.0..=1.0).contains(&pulse(f64::from(i) / 7.0, false))));
        assert_eq!(pulse(0.6, true), 0.0);
    }
}
