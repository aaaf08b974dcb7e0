//! The arithmetic of the playhead. It is told the time by a steady clock, as the time since the program started.

use std::time::Duration;

use super::control::{PlayState, Playhead};
use crate::base::Timestamp;

/// Where the playhead is and how it moves.
#[derive(Clone, Copy, Debug)]
pub(super) struct Player {
    state: PlayState,
    speed: f64,
    /// The playhead stood at `from` when the steady clock showed `since`.
    from: Timestamp,
    since: Duration,
}

impl Player {
    /// Slowest and fastest replay, either way.
    const SPEEDS: std::ops::RangeInclusive<f64> = 0.01..=100_000.0;

    pub(super) fn new(state: PlayState, speed: f64, from: Timestamp) -> Player {
        let speed = bounded(speed).unwrap_or(1.0);
        let speed = if state == PlayState::Live { speed.abs() } else { speed };
        let state = if let PlayState::Replay { .. } = state { PlayState::Replay { speed } } else { state };
        Player { state, speed, from, since: Duration::ZERO }
    }

    pub(super) fn state(&self) -> PlayState {
        self.state
    }

    /// The time shown when the steady clock shows `clock`; in live mode the last time it was put at.
    pub(super) fn now(&self, clock: Duration) -> Timestamp {
        match self.state {
            PlayState::Live | PlayState::Paused => self.from,
            PlayState::Replay { speed } => {
                let gone = clock.saturating_sub(self.since).as_secs_f64() * speed;
                let by = Duration::try_from_secs_f64(gone.abs()).unwrap_or(Duration::MAX);
                if gone < 0.0 { self.from - by } else { self.from + by }
            }
        }
    }

    pub(super) fn playhead(&self, clock: Duration) -> Playhead {
        Playhead { now: self.now(clock), state: self.state, speed: self.speed }
    }

    /// Puts it at a time without changing how it moves.
    pub(super) fn put(&mut self, at: Timestamp, clock: Duration) {
        (self.from, self.since) = (at, clock);
    }

    pub(super) fn pause(&mut self, clock: Duration) {
        self.put(self.now(clock), clock);
        self.state = PlayState::Paused;
    }

    pub(super) fn play(&mut self, clock: Duration) {
        self.put(self.now(clock), clock);
        self.state = PlayState::Replay { speed: self.speed };
    }

    pub(super) fn live(&mut self) {
        self.state = PlayState::Live;
        // Time goes on there, and from there.
        self.speed = self.speed.abs();
    }

    /// Values that are no speed change nothing.
    pub(super) fn set_speed(&mut self, speed: f64, clock: Duration) {
        let Some(speed) = bounded(speed) else { return };
        self.put(self.now(clock), clock);
        self.speed = speed;
        if let PlayState::Replay { speed: current } = &mut self.state {
            *current = speed;
        }
    }
}

fn bounded(speed: f64) -> Option<f64> {
    let size = speed.abs().clamp(*Player::SPEEDS.start(), *Player::SPEEDS.end());
    (speed.is_finite() && speed != 0.0).then(|| size.copysign(speed))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn t(secs: i64) -> Timestamp {
        Timestamp::from_parts(secs, 0)
    }

    const S: Duration = Duration::from_secs(1);

    #[test]
    fn replay_runs_with_its_speed_and_stands_when_paused() {
        let mut p = Player::new(PlayState::Replay { speed: 0.0 }, 10.0, t(100));
        assert_eq!(p.now(S * 2), t(120));
        p.set_speed(600.0, S * 2);
        assert_eq!(p.now(S * 3), t(720));
        p.pause(S * 3);
        assert_eq!((p.now(S * 9), p.playhead(S * 9).state), (t(720), PlayState::Paused));
        p.play(S * 9);
        assert_eq!(p.now(S * 10), t(1320));
        p.set_speed(-100.0, S * 10);
        assert_eq!((p.now(S * 13), p.playhead(S * 13).state), (t(1020), PlayState::Replay { speed: -100.0 }));
    }

    #[test]
    fn speeds_are_bounded() {
        let mut p = Player::new(PlayState::Paused, f64::NAN, t(0));
        assert_eq!(p.playhead(S).speed, 1.0);
        for (speed, kept) in [
            (1e9, 100_000.0),
            (0.001, 0.01),
            (-1.0, -1.0),
            (f64::INFINITY, -1.0),
            (0.0, -1.0),
            (-1e9, -100_000.0),
            (2.0, 2.0),
        ] {
            p.set_speed(speed, S);
            assert_eq!(p.playhead(S).speed, kept, "{speed}");
        }
    }
}
