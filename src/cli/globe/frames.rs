//! A recording as a row of pictures, one for each frame of a film.

use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;

use super::{Args, SETTLE, first_view, plan, setup};
use crate::base::{Span, Timestamp};
use crate::cli::{Outcome, Usage};
use crate::globe::{FeedInput, Headless, RING_SECS, Reel, Scene, film_frame, pass_by};
use crate::pipeline::{At, PlayState, Playhead, Recording};

/// Most frames of one film.
const MOST: u64 = 1_000_000;

/// Which moments are shown: `count` of them, the first at `from`, `step` nanoseconds apart.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Moments {
    from: Timestamp,
    step: f64,
    count: u64,
}

impl Moments {
    /// Moments of a film at `fps` frames per second in which recorded time runs `speed` times as fast as the film.
    fn new(from: Timestamp, to: Timestamp, fps: f64, speed: f64) -> Result<Moments, Usage> {
        let step = speed / fps * 1e9;
        let nanos = to.since(from).as_nanos() as f64;
        let count = (nanos / step - 1e-6).ceil().max(1.0);
        if to < from {
            return Err(Usage(format!("--from {from} lies behind --to {to}")));
        }
        if count > MOST as f64 {
            return Err(Usage(format!(
                "{count:.0} frames from --from to --to, at most {MOST} are made; raise --speed"
            )));
        }
        Ok(Moments { from, step, count: count as u64 })
    }

    /// The moment that many frames before the first.
    fn before(self, frames: u64) -> Timestamp {
        self.from - Duration::from_nanos((frames as f64 * self.step).round() as u64)
    }

    fn at(self, frame: u64) -> Timestamp {
        self.from + Duration::from_nanos((frame as f64 * self.step).round() as u64)
    }
}

/// Writes `DIR/000001.png` and so on, and prints the command that makes a film of them.
pub(super) fn run(args: &Args, filter: Option<&str>, dir: &Path, size: (u32, u32)) -> anyhow::Result<Outcome> {
    let fps = args.fps.unwrap_or(30.0);
    if !(fps.is_finite() && (0.1..=240.0).contains(&fps)) {
        return Err(Usage(format!("--fps {fps}: expected 0.1 to 240 frames per second")).into());
    }
    prepare(dir)?;
    let plan = plan(args, filter)?;
    let speed = plan.speed;
    let mut recording = Recording::open(plan)?;
    let Some(span) = recording.span() else {
        anyhow::bail!("the sources hold no flow records: there is nothing to film")
    };
    let moments = Moments::new(time(args.from, At::START, span), time(args.to, At::END, span), fps, speed)?;
    let playhead = |now| Playhead { now, state: PlayState::Replay { speed }, speed };
    let first = Arc::new(recording.at(moments.from));
    let scene = Scene { snapshot: first.clone(), ..Scene::default() };
    let orbit = match &args.view {
        Some(view) => super::parse_view(view)?,
        None => first_view(Some(&scene), args),
    };
    let reel = Reel::new(first, playhead(moments.from));
    let mut globe = Headless::new(setup(args, filter, FeedInput::new(reel.clone()), orbit)?, size, 1.0)?;
    for _ in 0..SETTLE {
        globe.frame()?;
    }
    for early in (1..=lead_in(fps)).rev() {
        let at = moments.before(early);
        pass_by(&mut globe, &reel, Arc::new(recording.at(at)), playhead(at))?;
    }
    for frame in 0..moments.count {
        let at = moments.at(frame);
        let picture = film_frame(&mut globe, &reel, Arc::new(recording.at(at)), playhead(at))?;
        let path = dir.join(format!("{:06}.png", frame + 1));
        picture.save_png(&path).with_context(|| format!("writing {}", path.display()))?;
    }
    writeln!(std::io::stdout().lock(), "{}", film_command(dir, fps, size))?;
    Ok(Outcome::Done)
}

/// Frames before the first that are gone through unseen, so that rings which began then are on their way: the film does
/// not depend on where it begins.
fn lead_in(fps: f64) -> u64 {
    (RING_SECS * fps).ceil() as u64 + 1
}

fn time(at: Option<At>, or: At, span: Span) -> Timestamp {
    at.unwrap_or(or).resolve(span)
}

/// Makes the folder. Pictures of another film in it would end up in this one.
fn prepare(dir: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(dir).with_context(|| format!("making the folder {}", dir.display()))?;
    for entry in std::fs::read_dir(dir).with_context(|| format!("reading the folder {}", dir.display()))? {
        if entry?.path().extension().is_some_and(|e| e == "png") {
            return Err(
                Usage(format!("--frames {}: holds pictures already; name an empty folder", dir.display())).into()
            );
        }
    }
    Ok(())
}

/// The command line for ffmpeg, ready for a shell.
fn film_command(dir: &Path, fps: f64, (width, height): (u32, u32)) -> String {
    let pattern = dir.join("%06d.png").display().to_string().replace('\'', "'\\''");
    // The usual encoding wants even sides.
    let even = width.is_multiple_of(2) && height.is_multiple_of(2);
    let pad = if even { "" } else { " -vf 'pad=ceil(iw/2)*2:ceil(ih/2)*2'" };
    format!("ffmpeg -framerate {fps} -i '{pattern}'{pad} -c:v libx264 -pix_fmt yuv420p film.mp4")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn t(secs: i64) -> Timestamp {
        Timestamp::from_parts(secs, 0)
    }

    #[test]
    fn frames_are_evenly_spaced_and_end_before_the_end() {
        let m = Moments::new(t(100), t(160), 30.0, 1.0).expect("right");
        assert_eq!((m.count, m.at(0), m.at(30), m.at(1799) < t(160)), (1800, t(100), t(101), true));
        let fast = Moments::new(t(100), t(160), 25.0, 10.0).expect("right");
        assert_eq!((fast.count, fast.at(25)), (150, t(110)));
        assert_eq!(Moments::new(t(5), t(5), 30.0, 1.0).expect("right").count, 1);
        assert!(Moments::new(t(6), t(5), 30.0, 1.0).is_err());
        assert!(Moments::new(t(0), t(1_000_000), 30.0, 1.0).is_err());
    }

    #[test]
    fn the_command_is_safe_for_a_shell_and_pads_odd_sizes() {
        let line = film_command(Path::new("it's"), 30.0, (321, 180));
        assert_eq!(
            line,
            "ffmpeg -framerate 30 -i 'it'\\''s/%06d.png' -vf 'pad=ceil(iw/2)*2:ceil(ih/2)*2' -c:v libx264 \
             -pix_fmt yuv420p film.mp4"
        );
    }
}
