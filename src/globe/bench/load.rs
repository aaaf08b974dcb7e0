//! Measures frames while records run into the window, against frames of the same window standing still.

use std::time::Duration;

use super::{NAP, ms_since, quantile, rss_mb, turned};
use crate::base::clock::steady_now;
use crate::cache::{Snapshot, SourceState};
use crate::globe::feed::{Feed, FeedInput};
use crate::globe::pins::Pins;
use crate::globe::run::{Headless, RunError};
use crate::pipeline::Control;

/// Longest wait for a file to be read, and for a window to fill, in ms.
const PATIENCE_MS: f64 = 300_000.0;

/// What was measured; printed as one line of JSON.
#[derive(Clone, Debug, serde::Serialize)]
pub struct LoadResult {
    /// Wall time per frame in ms while the playhead stands.
    pub still_ms_median: f64,
    /// The same while records run in.
    pub running_ms_median: f64,
    /// Wall time that one frame in twenty exceeds, in ms, while the playhead stands.
    pub still_ms_p95: f64,
    /// The same while records run in.
    pub running_ms_p95: f64,
    /// Processor time of the whole process per frame in ms, all threads, while the playhead stands.
    pub still_cpu_ms: f64,
    /// The same while records run in.
    pub running_cpu_ms: f64,
    /// Records of the window at the end.
    pub records: u64,
    /// Records per second of the clock that ran into the window.
    pub records_per_sec: f64,
    /// Seconds of recorded time per second of the clock.
    pub speed: f64,
    /// Pictures of the window that came while records ran in.
    pub pictures: u64,
    /// Records that sources, the store behind the time line or the window could not hold.
    pub dropped: u64,
    /// Records that are held but whose address, pair or flow found no room in its table.
    pub beyond_tables: u64,
    /// Pairs of addresses in the window.
    pub paths: u64,
    /// Resident memory in MB at the end.
    pub rss_mb: f64,
    /// Pins drawn.
    pub pins: usize,
    /// Frames measured in each of both states.
    pub frames: usize,
    /// Name of the graphics adapter.
    pub adapter: String,
}

/// Draws frames until the newest picture is as wanted.
fn wait(globe: &mut Headless, what: &'static str, wanted: impl Fn(&Snapshot) -> bool) -> Result<(), RunError> {
    let began = steady_now();
    loop {
        globe.frame()?;
        if wanted(&globe.world().resource::<Feed>().snapshot) {
            return Ok(());
        }
        if ms_since(began) > PATIENCE_MS {
            return Err(RunError::NeverThere { what });
        }
        std::thread::sleep(NAP);
    }
}

/// Measures `frames` frames with the playhead in the middle of a recording, standing and then moving.
///
/// # Errors
/// The graphics device failed, or the recording could not be read in five minutes.
pub fn run_load(globe: &mut Headless, frames: usize) -> Result<LoadResult, RunError> {
    let send = |globe: &mut Headless, control| {
        globe.world().resource_mut::<FeedInput>().send(control);
    };
    let is_read = |s: &Snapshot| {
        let done = |state: &SourceState| matches!(state, SourceState::Ended | SourceState::Failed(_));
        s.span.is_some() && s.health.sources.iter().all(|source| done(&source.state))
    };
    if globe.world().resource::<Feed>().snapshot.health.sources.iter().any(|source| source.live) {
        return Err(RunError::NeverThere { what: "the end of a live source" });
    }
    send(globe, Control::Pause);
    wait(globe, "the whole recording", is_read)?;
    let (span, window) = {
        let s = &globe.world().resource::<Feed>().snapshot;
        (s.span.unwrap_or_default(), s.window)
    };
    let middle = span.start + window + Duration::from_secs(1);
    if middle >= span.end {
        return Err(RunError::NeverThere { what: "a full window" });
    }
    send(globe, Control::Seek(middle));
    wait(globe, "a full window", |s| s.now == middle && s.filled.is_none())?;
    let (mut still, still_cpu_ms) = turned(globe, frames, |_| ())?;
    send(globe, Control::Resume);
    wait(globe, "a moving playhead", |s| s.now != middle)?;
    let mark = |globe: &mut Headless| {
        let feed = globe.world().resource::<Feed>();
        (feed.snapshot.now, feed.generation)
    };
    let (from, began) = (mark(globe), steady_now());
    let (mut running, running_cpu_ms) = turned(globe, frames, |_| ())?;
    let (until, secs) = (mark(globe), ms_since(began) / 1000.0);
    let adapter = globe.adapter().0;
    let pins = globe.world().resource::<Pins>().instances.len();
    let s = globe.world().resource::<Feed>().snapshot.clone();
    let speed = until.0.since(from.0).as_secs_f64() / secs.max(0.001);
    let lost: u64 = s.health.sources.iter().map(|source| source.dropped).sum();
    let t = &s.totals;
    Ok(LoadResult {
        still_ms_median: quantile(&mut still, 0.5),
        running_ms_median: quantile(&mut running, 0.5),
        still_ms_p95: quantile(&mut still, 0.95),
        running_ms_p95: quantile(&mut running, 0.95),
        still_cpu_ms,
        running_cpu_ms,
        records: t.records,
        records_per_sec: t.records as f64 / s.window.as_secs_f64().max(0.001) * speed,
        speed,
        pictures: until.1 - from.1,
        dropped: lost + s.health.history_refused + t.refused_records,
        beyond_tables: t.refused_hosts.max(t.refused_paths).max(t.refused_flows),
        paths: t.paths,
        rss_mb: rss_mb(),
        pins,
        frames,
        adapter,
    })
}
