//! Measures frames: the globe turns, dashes move, a pin is looked for under a wandering pointer in every frame, and each
//! frame is finished to its last pixel before the next begins.

mod load;

use std::sync::Arc;
use std::time::{Duration, Instant};

use bevy::prelude::*;

use super::camera::{CameraRig, Orbit, SceneView};
use super::feed::Feed;
use super::gpu::GpuData;
use super::layers::{LayerId, Layers};
use super::picking::{PIN_TOLERANCE_PX, PinSpot, View as PickView, pick_pin, spread};
use super::pins::{PinInstance, Pins};
use super::run::{Headless, RunError, Setup};
use crate::base::clock::steady_now;
use crate::cache::Snapshot;

pub use load::{LoadResult, run_load};

/// Frames before the measurement: pipelines, first uploads.
const WARM_UP: usize = 5;
/// Degrees the globe turns per frame.
const TURN_DEG: f64 = 1.2;

/// Longest wait for traffic, in ms.
const PATIENCE_MS: f64 = 30_000.0;
/// Time between two looks for traffic: a screen draws no more often.
const NAP: Duration = Duration::from_millis(16);

/// What was measured; printed as one line of JSON.
#[derive(Clone, Debug, serde::Serialize)]
pub struct BenchResult {
    /// Wall time per frame in ms.
    pub frame_ms_median: f64,
    /// Wall time that one frame in twenty exceeds, in ms.
    pub frame_ms_p95: f64,
    /// Processor time of the whole process per frame in ms, all threads.
    pub cpu_ms_per_frame: f64,
    /// Wall time of the main world's systems per frame in ms.
    pub main_ms_median: f64,
    /// Processor time of the main thread for them in ms, in frames in which the globe turns.
    pub main_cpu_ms_turning: f64,
    /// The same in frames in which nothing changes.
    pub main_cpu_ms_still: f64,
    /// The same in frames that bring another snapshot.
    pub main_cpu_ms_tick: f64,
    /// Wall time of one look for the pin under the pointer in ms, among the pins that stand alone.
    pub pick_ms_median: f64,
    /// The same with all pins of the scene standing alone, seen from near.
    pub pick_all_ms_median: f64,
    /// The longest of these looks in ms.
    pub pick_all_ms_most: f64,
    /// How many pins they went through.
    pub pick_all_pins: usize,
    /// Draw calls of the scene, panels not counted.
    pub draw_calls: u32,
    /// Resident memory in MB.
    pub rss_mb: f64,
    /// Name of the graphics adapter.
    pub adapter: String,
    /// Frames measured.
    pub frames: usize,
    /// Pins in the scene.
    pub pins: usize,
    /// Frames in which a pin was found under the pointer.
    pub picked: usize,
}

/// How long the start took; printed as one line of JSON. Processor time is that of the whole process since it began,
/// all threads, where the system tells it.
#[derive(Clone, Debug, serde::Serialize)]
pub struct StartResult {
    /// Wall time until the first picture was finished to its last pixel, in ms.
    pub globe_ms: f64,
    /// Processor time until then, in ms.
    pub globe_cpu_ms: f64,
    /// Wall time until the first picture with traffic was finished, in ms.
    pub data_ms: f64,
    /// Processor time until then, in ms.
    pub data_cpu_ms: f64,
    /// Pins of that picture.
    pub pins: usize,
    /// Name of the graphics adapter.
    pub adapter: String,
}

#[derive(Resource, Default)]
struct MainClock {
    start: Option<(Instant, f64)>,
    spent_ms: Vec<f64>,
    cpu_ms: Vec<f64>,
}

fn begin(mut clock: ResMut<MainClock>) {
    clock.start = Some((steady_now(), main_thread_ms()));
}

fn end(mut clock: ResMut<MainClock>) {
    if let Some((start, cpu)) = clock.start.take() {
        clock.spent_ms.push(ms_since(start));
        clock.cpu_ms.push(main_thread_ms() - cpu);
    }
}

/// Processor time of the main thread so far in ms; 0 where the system does not tell.
fn main_thread_ms() -> f64 {
    let path = format!("/proc/self/task/{}/schedstat", std::process::id());
    let text = std::fs::read_to_string(path).unwrap_or_default();
    text.split_whitespace().next().and_then(|nanos| nanos.parse::<f64>().ok()).map_or(0.0, |nanos| nanos / 1e6)
}

/// Plugin of the measurement, for [`super::Setup::extend`].
pub fn measure_main(app: &mut App) {
    app.init_resource::<MainClock>()
        .init_resource::<Found>()
        .add_systems(First, begin)
        .add_systems(Update, look_for_a_pin.after(super::GlobeSet::Update))
        .add_systems(Last, end);
}

/// Pins found under the wandering pointer, and how long each look took.
#[derive(Resource, Default)]
struct Found {
    pins: usize,
    took_ms: Vec<f64>,
    /// Nobody looks: the pointer rests.
    rests: bool,
}

/// The view as picking takes it, in logical pixels.
fn pick_view(scene: &SceneView) -> PickView {
    let view = &scene.view;
    PickView {
        clip_from_world: view.clip_from_world(),
        camera: view.eye.map(|v| v as f32),
        origin: [0.0; 2],
        size: [(view.size[0] / scene.scale) as f32, (view.size[1] / scene.scale) as f32],
        focal: (view.focal / scene.scale) as f32,
        mark: 1.0,
        spread: spread::scale(view.height() as f32),
        sheet: view.sheet,
    }
}

fn look_for_a_pin(
    (scene, pins): (Res<SceneView>, Res<Pins>),
    mut frame: Local<usize>,
    mut found: ResMut<Found>,
    mut spots: Local<Vec<PinSpot>>,
) {
    if found.rests {
        return;
    }
    *frame += 1;
    spots.clear();
    spots.extend(pins.instances.iter().map(PinInstance::spot));
    let view = pick_view(&scene);
    // The pointer visits one pin after the other, those on the near side are found; else it stands in the middle.
    let Some(spot) = spots.get(*frame * 37 % spots.len().max(1)) else { return };
    let at = view.pin_on_screen(spot).map_or(view.size.map(|side| side / 2.0), |(at, _)| at);
    let start = steady_now();
    let is_hit = pick_pin(&spots, &view, at, PIN_TOLERANCE_PX).is_some();
    found.took_ms.push(ms_since(start));
    found.pins += usize::from(is_hit);
}

fn ms_since(start: Instant) -> f64 {
    steady_now().duration_since(start).as_secs_f64() * 1000.0
}

/// Value below which a share of the sorted values lies.
fn quantile(values: &mut [f64], share: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let last = values.len().saturating_sub(1) as f64;
    values.get((last * share).round() as usize).copied().unwrap_or(0.0)
}

/// Processor time of this process so far in ms, good to 10 ms; 0 where the system does not tell.
fn cpu_ms() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // Fields 14 and 15; the name in field 2 may hold blanks, so counting starts behind its bracket. 100 ticks a second.
    let ticks = stat
        .rsplit_once(')')
        .map_or(0.0, |(_, rest)| rest.split_whitespace().skip(11).take(2).filter_map(|f| f.parse::<f64>().ok()).sum());
    ticks * 10.0
}

/// Resident memory in MB; 0 where the system does not tell.
fn rss_mb() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|l| l.strip_prefix("VmRSS:"));
    line.and_then(|l| l.split_whitespace().next()?.parse::<f64>().ok()).map_or(0.0, |kib| kib * 1024.0 / 1e6)
}

/// Wall times of frames of the turning globe in ms, and the processor time of one. After the first frames, which are not
/// measured, `begin` is called.
fn turned(globe: &mut Headless, frames: usize, begin: impl Fn(&mut World)) -> Result<(Vec<f64>, f64), RunError> {
    let mut wall = Vec::with_capacity(frames);
    let mut cpu = 0.0;
    for frame in 0..WARM_UP + frames {
        if frame == WARM_UP {
            cpu = cpu_ms();
            begin(globe.world());
        }
        let mut rig = globe.world().resource_mut::<CameraRig>();
        rig.orbit.target.lon += TURN_DEG;
        rig.orbit = Orbit::clamped(rig.orbit);
        let start = steady_now();
        globe.frame()?;
        if frame >= WARM_UP {
            wall.push(ms_since(start));
        }
    }
    Ok((wall, (cpu_ms() - cpu) / frames.max(1) as f64))
}

/// Measures `frames` frames of a globe that was built with [`measure_main`].
///
/// # Errors
/// The graphics device failed.
pub fn run_bench(globe: &mut Headless, frames: usize) -> Result<BenchResult, RunError> {
    let (mut wall, cpu) = turned(globe, frames, |world| {
        *world.resource_mut::<MainClock>() = MainClock::default();
        *world.resource_mut::<Found>() = Found::default();
    })?;
    let adapter = globe.adapter().0;
    let world = globe.world();
    let MainClock { spent_ms: mut main, cpu_ms: mut turning, .. } =
        std::mem::take(&mut *world.resource_mut::<MainClock>());
    let Found { pins: picked, took_ms: mut picks, .. } = std::mem::take(&mut *world.resource_mut::<Found>());
    world.resource_mut::<Found>().rests = true;
    let still = main_cpu(globe, frames, |_| ())?;
    let tick = main_cpu(globe, frames, |world| {
        let mut feed = world.resource_mut::<Feed>();
        let another = Arc::new(Snapshot::clone(&feed.snapshot));
        feed.show(another);
    })?;
    let draw_calls = globe.world().resource::<GpuData>().draw_calls();
    let drawn = globe.world().resource::<Pins>().instances.len();
    let (mut all, all_pins) = picks_among_all(globe, frames)?;
    Ok(BenchResult {
        frame_ms_median: quantile(&mut wall, 0.5),
        frame_ms_p95: quantile(&mut wall, 0.95),
        cpu_ms_per_frame: cpu,
        main_ms_median: quantile(&mut main, 0.5),
        main_cpu_ms_turning: quantile(&mut turning, 0.5),
        main_cpu_ms_still: still,
        main_cpu_ms_tick: tick,
        pick_ms_median: quantile(&mut picks, 0.5),
        pick_all_ms_median: quantile(&mut all, 0.5),
        pick_all_ms_most: quantile(&mut all, 1.0),
        pick_all_pins: all_pins,
        draw_calls,
        rss_mb: rss_mb(),
        adapter,
        frames,
        pins: drawn,
        picked,
    })
}

/// Looks for pins with no cluster to hide them, from as near as single pins are seen; gives how long each look took and
/// how many pins there were.
fn picks_among_all(globe: &mut Headless, frames: usize) -> Result<(Vec<f64>, usize), RunError> {
    /// Altitude in radii: a country fills the screen.
    const NEAR: f64 = 0.2;
    let world = globe.world();
    world.resource_mut::<Layers>().set(LayerId::Clusters, false);
    let mut rig = world.resource_mut::<CameraRig>();
    rig.orbit = Orbit { altitude: NEAR, ..rig.orbit }.clamped();
    globe.frame()?;
    let world = globe.world();
    *world.resource_mut::<Found>() = Found::default();
    for _ in 0..frames {
        globe.world().resource_mut::<CameraRig>().orbit.target.lon += TURN_DEG;
        globe.frame()?;
    }
    let world = globe.world();
    let took = std::mem::take(&mut world.resource_mut::<Found>().took_ms);
    Ok((took, world.resource::<Pins>().instances.len()))
}

/// Processor time of the main thread per frame in ms, with something done before each frame.
fn main_cpu(globe: &mut Headless, frames: usize, mut before: impl FnMut(&mut World)) -> Result<f64, RunError> {
    // What the frame before left to do is not counted.
    globe.frame()?;
    *globe.world().resource_mut::<MainClock>() = MainClock::default();
    for _ in 0..frames {
        before(globe.world());
        globe.frame()?;
    }
    Ok(quantile(&mut globe.world().resource_mut::<MainClock>().cpu_ms, 0.5))
}

/// Measures the way to the first picture and to the first one with traffic, since `began`.
///
/// # Errors
/// The graphics device failed, or no traffic came within half a minute.
pub fn run_start(setup: Setup, size: (u32, u32), began: Instant) -> Result<StartResult, RunError> {
    let mut globe = Headless::new(setup, size, 1.0)?;
    globe.frame()?;
    let (globe_ms, globe_cpu_ms) = (ms_since(began), cpu_ms());
    loop {
        if !globe.world().resource::<Pins>().instances.is_empty() {
            break;
        }
        if ms_since(began) > PATIENCE_MS {
            return Err(RunError::NoTraffic);
        }
        std::thread::sleep(NAP);
        globe.frame()?;
    }
    let (data_ms, data_cpu_ms) = (ms_since(began), cpu_ms());
    let adapter = globe.adapter().0;
    let pins = globe.world().resource::<Pins>().instances.len();
    Ok(StartResult { globe_ms, globe_cpu_ms, data_ms, data_cpu_ms, pins, adapter })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_taken_from_sorted_values() {
        let mut v = vec![5.0, 1.0, 3.0, 2.0, 4.0];
        assert_eq!((quantile(&mut v, 0.5), quantile(&mut v, 1.0), quantile(&mut [], 0.5)), (3.0, 5.0, 0.0));
    }

    #[test]
    fn the_system_tells_memory() {
        assert!(!cfg!(target_os = "linux") || rss_mb() > 1.0);
    }
}
