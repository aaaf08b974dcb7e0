//! A recording as a row of pictures, one for each frame of a film, and the film of them by ffmpeg.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
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
        if speed < 0.0 {
            return Err(Usage(format!("--frames with --speed {speed}: a film runs forwards")));
        }
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

/// Writes the pictures, and prints the command that makes a film of them.
pub(super) fn run(args: &Args, filter: Option<&str>, dir: &Path, size: (u32, u32)) -> anyhow::Result<Outcome> {
    pictures(args, filter, dir, size)?;
    writeln!(std::io::stdout().lock(), "{}", film_command(dir, rate(args)?, size))?;
    Ok(Outcome::Done)
}

/// Frames per second of the film.
fn rate(args: &Args) -> Result<f64, Usage> {
    let fps = args.fps.unwrap_or(30.0);
    if !(fps.is_finite() && (0.1..=240.0).contains(&fps)) {
        return Err(Usage(format!("--fps {fps}: expected 0.1 to 240 frames per second")));
    }
    Ok(fps)
}

/// Writes `DIR/000001.png` and so on.
fn pictures(args: &Args, filter: Option<&str>, dir: &Path, size: (u32, u32)) -> anyhow::Result<()> {
    let fps = rate(args)?;
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
    Ok(())
}

/// The kind of a film by its ending.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Gif,
    WebM,
    Mp4,
}

impl Kind {
    fn of(path: &Path) -> Result<Kind, Usage> {
        match path.extension().and_then(|e| e.to_str()).map(str::to_ascii_lowercase).as_deref() {
            Some("gif") => Ok(Kind::Gif),
            Some("webm") => Ok(Kind::WebM),
            Some("mp4") => Ok(Kind::Mp4),
            _ => Err(Usage(format!("--film {}: expected a name that ends in .gif, .webm or .mp4", path.display()))),
        }
    }

    /// What ffmpeg is told between input and output. A palette of the film itself keeps a GIF's colours.
    fn words(self, (width, height): (u32, u32)) -> Vec<&'static str> {
        // The usual encodings want even sides.
        let even = width.is_multiple_of(2) && height.is_multiple_of(2);
        let pad: &[&str] = if even || self == Kind::Gif { &[] } else { &["-vf", "pad=ceil(iw/2)*2:ceil(ih/2)*2"] };
        let coded: &[&str] = match self {
            Kind::Gif => {
                &["-vf", "split[a][b];[a]palettegen=stats_mode=diff[p];[b][p]paletteuse=dither=bayer", "-loop", "0"]
            }
            Kind::WebM => &["-c:v", "libvpx-vp9", "-crf", "32", "-b:v", "0", "-pix_fmt", "yuv420p"],
            Kind::Mp4 => &["-c:v", "libx264", "-pix_fmt", "yuv420p", "-movflags", "+faststart"],
        };
        [pad, coded].concat()
    }
}

/// Makes a film: pictures into a folder beside it, ffmpeg over them, and the folder away again.
pub(super) fn film(args: &Args, filter: Option<&str>, path: &Path, size: (u32, u32)) -> anyhow::Result<Outcome> {
    let kind = Kind::of(path)?;
    // Asked first: the pictures may take long.
    let there = Command::new("ffmpeg").arg("-version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    if !there.is_ok_and(|s| s.success()) {
        let problem =
            "--film needs ffmpeg, which is not installed or does not run; --frames DIR makes the pictures alone";
        return Err(Usage(problem.into()).into());
    }
    let folder = path.with_file_name(format!(".argus-globe-film-{}", std::process::id()));
    let made = pictures(args, filter, &folder, size).and_then(|()| {
        let mut command = Command::new("ffmpeg");
        command.args(["-y", "-loglevel", "error", "-framerate", &rate(args)?.to_string(), "-i"]);
        command.arg(folder.join("%06d.png")).args(kind.words(size)).arg(path).stdin(Stdio::null());
        let status = command.status().context("running ffmpeg")?;
        anyhow::ensure!(status.success(), "ffmpeg could not make {}: {status}", path.display());
        Ok(())
    });
    // Only pictures of ours are in it.
    let _ = std::fs::remove_dir_all(&folder);
    made?;
    writeln!(std::io::stderr(), "argus-globe: film saved: {}", path.display())?;
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
    fn a_film_is_of_the_kind_that_its_ending_says() {
        assert_eq!(Kind::of(Path::new("a.GIF")).expect("right"), Kind::Gif);
        assert!(Kind::of(Path::new("a.avi")).expect_err("unknown").to_string().contains(".webm"));
        assert!(Kind::WebM.words((321, 180)).join(" ").contains("pad=") && Kind::Gif.words((321, 180)).len() == 4);
        assert!(!Kind::Mp4.words((320, 180)).join(" ").contains("pad="));
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
