//! How far a long reading of files is, on a terminal: one line on standard error that is erased when it ends.

use std::io::{IsTerminal as _, Write as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::options::Input;
use crate::base::clock::steady_now;
use crate::source::SourceSpec;

/// Shorter work than this shows nothing.
const PATIENCE: Duration = Duration::from_secs(1);
/// Least time between two pictures.
const PACE: Duration = Duration::from_millis(250);

/// A row that says how far it is, drawn now and then.
pub(super) struct Progress {
    /// Bytes of all files.
    total: u64,
    /// Bytes that have been read of them.
    read: Arc<AtomicU64>,
    began: Instant,
    /// When the row was drawn last, if it stands there.
    drawn: Option<Instant>,
}

impl Progress {
    /// For files whose sizes are known. None where nobody would see it, or where rows go to the same terminal.
    pub(super) fn new(inputs: &[Input], prints_rows: bool) -> Option<Progress> {
        let rows_in_the_way = prints_rows && std::io::stdout().is_terminal();
        if rows_in_the_way || !std::io::stderr().is_terminal() {
            return None;
        }
        let size = |input: &Input| match &input.spec {
            SourceSpec::File(path) => std::fs::metadata(path).ok().filter(std::fs::Metadata::is_file).map(|m| m.len()),
            _ => None,
        };
        let total = inputs.iter().map(size).sum::<Option<u64>>()?;
        Some(Progress { total, read: Arc::default(), began: steady_now(), drawn: None })
    }

    /// Where sources note the bytes that they have read.
    pub(super) fn meter(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.read)
    }

    /// Draws the row if it is time to.
    pub(super) fn show(&mut self, records: u64) {
        let now = steady_now();
        let elapsed = now.saturating_duration_since(self.began);
        let is_fresh = self.drawn.is_some_and(|at| now.saturating_duration_since(at) < PACE);
        if elapsed < PATIENCE || is_fresh {
            return;
        }
        let state = State { read: self.read.load(Ordering::Relaxed), total: self.total, records, elapsed };
        // A row that cannot be drawn is missed by nobody.
        let _ = write!(std::io::stderr().lock(), "\r{}\x1b[K", state.text());
        self.drawn = Some(now);
    }

    /// Takes the row away, for a message or at the end.
    pub(super) fn erase(&mut self) {
        if self.drawn.take().is_some() {
            let _ = write!(std::io::stderr().lock(), "\r\x1b[K");
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.erase();
    }
}

/// How far the work is.
#[derive(Clone, Copy, Debug)]
struct State {
    /// Bytes.
    read: u64,
    /// Bytes.
    total: u64,
    records: u64,
    elapsed: Duration,
}

impl State {
    /// Share of the work that is done, 0 to 1.
    fn share(self) -> f64 {
        if self.total == 0 { 1.0 } else { (self.read as f64 / self.total as f64).clamp(0.0, 1.0) }
    }

    /// How long the rest takes at the same pace; none before anything is read.
    fn rest(self) -> Option<Duration> {
        let share = self.share();
        let secs = self.elapsed.as_secs_f64() * (1.0 - share) / share;
        Duration::try_from_secs_f64(secs).ok()
    }

    fn text(self) -> String {
        let rate = self.records as f64 / self.elapsed.as_secs_f64().max(1e-3);
        let rest = self.rest().map_or(String::new(), |rest| format!("  {} left", clock(rest)));
        format!("{:3.0} %  {} records/s{rest}", self.share() * 100.0, short(rate))
    }
}

/// A number in at most three digits and a letter.
fn short(value: f64) -> String {
    let (value, letter) = match value {
        v if v >= 999.5e3 => (v / 1e6, " M"),
        v if v >= 999.5 => (v / 1e3, " k"),
        v => return format!("{v:.0}"),
    };
    let digits = if value < 9.995 { 2 } else { usize::from(value < 99.95) };
    format!("{value:.digits$}{letter}")
}

/// Minutes and seconds, or hours before them.
fn clock(time: Duration) -> String {
    let secs = time.as_secs();
    let (hours, minutes) = (secs / 3600, secs / 60 % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{:02}", secs % 60) } else { format!("{minutes}:{:02}", secs % 60) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_row_says_share_pace_and_rest() {
        for (read, total, records, secs, text) in [
            (25, 100, 3_000_000, 2, " 25 %  1.50 M records/s  0:06 left"),
            (1, 2000, 100, 10, "  0 %  10 records/s  5:33:10 left"),
            (0, 100, 0, 3, "  0 %  0 records/s"),
            // More than was there when it began: the file has grown.
            (150, 100, 45_600, 2, "100 %  22.8 k records/s  0:00 left"),
            (0, 0, 0, 1, "100 %  0 records/s  0:00 left"),
        ] {
            assert_eq!(State { read, total, records, elapsed: Duration::from_secs(secs) }.text(), text);
        }
    }

    #[test]
    fn numbers_are_short() {
        for (value, text) in [(0.0, "0"), (999.4, "999"), (999.6, "1.00 k"), (123_456.0, "123 k"), (9.999e6, "10.0 M")]
        {
            assert_eq!(short(value), text);
        }
    }
}
