//! Show traffic on the globe.

mod alerts;
mod config;
mod frames;
mod remote;
mod views;

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use clap::{ArgAction, CommandFactory as _};

use super::input::InputArgs;
use super::snapshot::is_damaged;
use super::{Cli, Command, Outcome, Usage, in_one_line, parse};
use crate::alert::Rule;
use crate::base::Span;
use crate::base::time::parse_duration;
use crate::cache::{By, Level, Snapshot};
use crate::export::{self, Format};
use crate::geo::{LatLon, find_data, parse_cities};
use crate::globe::{
    CameraRig, DeafPlugin, DimHours, FeedInput, FixedSource, Headless, Hidden, Hud, HudOptions, Layers, Look,
    LookPlugin, LookPoll, LookSource, Motion, Orbit, Picked, PipelineFeed, Projection, QualityTarget, RADIUS_KM,
    SavedView, Scene, Selection, Setup, Synthetic, Theme, Trace, ViewKeeper, Views, Vision, Wall, WindowOptions,
    failed, measure_main, panels, parse_scene, run_bench, window,
};
use crate::pipeline::{At, Pipeline, Plan, Start, moment_at};
use crate::source::SourceSpec;

pub(super) use config::layered;

/// Frames per second that are smooth enough not to simplify the picture for more.
const SMOOTH: f64 = 30.0;
/// Frames drawn before a picture is taken: panels settle their sizes in the first ones.
const SETTLE: usize = 4;

/// Options.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    input: InputArgs,
    /// Speed of replay as a multiple of real time.
    #[arg(long, value_name = "FACTOR", default_value_t = 1.0)]
    speed: f64,
    /// Start with the playhead standing.
    #[arg(
        long,
        num_args = 0..=1,
        require_equals = true,
        value_name = "true|false",
        default_value_t = false,
        default_missing_value = "true",
        action = ArgAction::Set,
        hide_default_value = true,
        hide_possible_values = true
    )]
    paused: bool,
    /// Configuration file instead of the one at the usual place, $XDG_CONFIG_HOME/argus-globe/config.toml.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Print a configuration file with all options as comments.
    #[arg(long)]
    print_config: bool,
    /// Nothing moves that need not: no dashes, spin or flights.
    #[arg(
        long,
        num_args = 0..=1,
        require_equals = true,
        value_name = "true|false",
        default_value_t = false,
        default_missing_value = "true",
        action = ArgAction::Set,
        hide_default_value = true,
        hide_possible_values = true
    )]
    reduced_motion: bool,
    /// Size of all text and panels relative to the normal one.
    #[arg(long, value_name = "FACTOR", default_value_t = 1.0)]
    ui_scale: f32,
    /// Show the earth as a globe or as a flat map: globe or flat.
    #[arg(long, value_name = "NAME", default_value_t)]
    projection: Projection,
    /// Colours: dark, light, contrast (high contrast) or night (dim and warm).
    #[arg(long, value_name = "NAME", default_value_t)]
    theme: Theme,
    /// Save the picture of --screenshot as other eyes see it: protanopia, deuteranopia, tritanopia or grey.
    #[arg(long, value_name = "NAME", requires = "screenshot")]
    vision: Option<Vision>,
    /// Print what keys and clicks led to, for tests of the window.
    #[arg(long, hide = true)]
    trace_input: bool,
    /// Render one picture into this PNG file instead of opening a window.
    #[arg(long, value_name = "FILE")]
    screenshot: Option<PathBuf>,
    /// Size of the picture or window in pixels.
    #[arg(long, value_name = "WxH", default_value = "1280x720")]
    size: String,
    /// Where the eye is: latitude, longitude in degrees and height in km, and heading and tilt in degrees if you like;
    /// or the name of a saved view.
    #[arg(long, value_name = "LAT,LON,ALT_KM|NAME", allow_hyphen_values = true)]
    view: Option<String>,
    /// Save --view, --layers and --level under a name beside the configuration, and end.
    #[arg(long, value_name = "NAME")]
    save_view: Option<String>,
    /// Layers to show, joined by commas; with `+` or `-` before each name the default set is changed.
    #[arg(long, value_name = "LIST", allow_hyphen_values = true)]
    layers: Option<String>,
    /// Select an address and open its details; without --view the eye goes there.
    #[arg(long, value_name = "ADDRESS")]
    select: Option<IpAddr>,
    /// Start with the list of keys open.
    #[arg(long)]
    show_keys: bool,
    /// Show the pins and arcs of a CSV file (kind,lat,lng,lat2,lng2,bps,color) instead of traffic.
    #[arg(long, value_name = "FILE", conflicts_with = "synthetic")]
    scene: Option<PathBuf>,
    /// Show a random scene: `pins=N,arcs=M,seed=S`.
    #[arg(long, value_name = "WORDS")]
    synthetic: Option<String>,
    /// Draw this many frames without a window, each finished before the next, and print one line of JSON.
    #[arg(long, value_name = "K", conflicts_with = "screenshot")]
    bench_frames: Option<usize>,
    /// Write what would be shown at --at into a file instead of opening a window; its ending tells the format: csv,
    /// json, geojson or kml.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["screenshot", "bench_frames", "frames"])]
    export: Option<PathBuf>,
    /// Render a recording as numbered pictures into this folder and print the command that makes a film of them.
    #[arg(long, value_name = "DIR", conflicts_with_all = ["screenshot", "bench_frames", "scene", "synthetic"])]
    frames: Option<PathBuf>,
    /// First moment of --frames, in the forms of --at.
    #[arg(long, value_name = "TIME", allow_hyphen_values = true, requires = "frames")]
    from: Option<At>,
    /// End of --frames.
    #[arg(long, value_name = "TIME", allow_hyphen_values = true, requires = "frames")]
    to: Option<At>,
    /// Fill the whole screen.
    #[arg(
        long,
        num_args = 0..=1,
        require_equals = true,
        value_name = "true|false",
        default_value_t = false,
        default_missing_value = "true",
        action = ArgAction::Set,
        hide_default_value = true,
        hide_possible_values = true
    )]
    fullscreen: bool,
    /// Wall mode: no panels, no pointer, a tour of what matters; W switches it, Esc held for a second leaves it.
    #[arg(
        long,
        num_args = 0..=1,
        require_equals = true,
        value_name = "true|false",
        default_value_t = false,
        default_missing_value = "true",
        action = ArgAction::Set,
        hide_default_value = true,
        hide_possible_values = true
    )]
    wall: bool,
    /// Seconds at each stop of the wall's tour, 10 to 120.
    #[arg(long, value_name = "SECONDS", default_value_t = 20.0)]
    tour: f64,
    /// Tell of what deserves attention, by a rule: "total > RATE", "address [NETWORK] > RATE",
    /// "pair [NETWORK [NETWORK]] > RATE", "new country|as|address [after TIME]", "list FILE" (addresses and networks, one
    /// a line), "silent TIME [SOURCE]". May be given several times.
    #[arg(long, value_name = "RULE")]
    alert: Vec<Rule>,
    /// Run a command by the shell for each new alert, which it gets as one line of JSON on its standard input; at most 4
    /// at once, each for at most 30 seconds.
    #[arg(long, value_name = "COMMAND")]
    alert_command: Option<String>,
    /// Let programs steer the globe over a Unix socket or a port of the loopback address: one JSON object per line, as
    /// docs/remote.md says.
    #[arg(long, value_name = "PATH|PORT")]
    control: Option<remote::Place>,
    /// Most seconds that the whole recording takes to play; sets the speed.
    #[arg(long, value_name = "TIME", value_parser = length)]
    fit: Option<Duration>,
    /// Jump over silence of a recording that is longer than this.
    #[arg(long, value_name = "TIME", value_parser = length)]
    skip_idle: Option<Duration>,
    /// Parts of the screen that are never shown, joined by commas: status, keys, clock, caption, notice, messages, or any
    /// layer.
    #[arg(long, value_name = "LIST")]
    hide: Option<String>,
    /// Hours of the day, by this machine's clock, in which wall mode is darker: 22:00-06:30.
    #[arg(long, value_name = "FROM-TO")]
    dim: Option<DimHours>,
    /// The screen that --fullscreen and --wall fill, from 1; by default the one the window appears on.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..))]
    monitor: Option<u8>,
    /// Play recordings from their beginning again when they end.
    #[arg(
        long = "loop",
        num_args = 0..=1,
        require_equals = true,
        value_name = "true|false",
        default_value_t = false,
        default_missing_value = "true",
        action = ArgAction::Set,
        hide_default_value = true,
        hide_possible_values = true
    )]
    looped: bool,
    /// On a wall, take no keys and no pointer: only remote control and signals steer it.
    #[arg(
        long,
        num_args = 0..=1,
        require_equals = true,
        value_name = "true|false",
        default_value_t = false,
        default_missing_value = "true",
        action = ArgAction::Set,
        hide_default_value = true,
        hide_possible_values = true
    )]
    no_input: bool,
    /// Draw less while the machine is too busy for the frames per second: auto, or never: full.
    #[arg(long, value_name = "HOW", default_value = "auto", value_parser = ["auto", "full"])]
    quality: String,
    /// Most frames per second of the window (60), or frames per second of the film (30).
    #[arg(long, value_name = "N")]
    fps: Option<f64>,
}

/// Runs the command.
pub(crate) fn run(mut args: Args, filter: Option<String>) -> anyhow::Result<Outcome> {
    let filter = filter.as_deref();
    if args.print_config {
        let cli = Cli::command();
        let globe = cli.find_subcommand("globe").context("the command is in its own table")?;
        write!(std::io::stdout().lock(), "{}", config::printed(globe))?;
        return Ok(Outcome::Done);
    }
    let size = parse_size(&args.size)?;
    let views = args.take_view()?;
    let view = args.view.as_deref().map(parse_view).transpose()?;
    if let Some(name) = &args.save_view {
        return save_view(&args, name, view);
    }
    if let Some(path) = &args.export {
        return export(&args, filter, path);
    }
    if let Some(dir) = &args.frames {
        return frames::run(&args, filter, dir, size);
    }
    let still = args.screenshot.is_some() || args.bench_frames.is_some();
    let scene = match made_up_scene(&args)? {
        Some(scene) => Some(scene),
        None if still => Some(recorded_scene(plan(&args, filter)?, args.input.at)?),
        None => None,
    };
    let level = args.input.level();
    let orbit = view.unwrap_or_else(|| first_view(scene.as_ref(), &args));
    let (feed, overrides) = match scene {
        Some(scene) => (
            FeedInput::new(FixedSource::new(scene.snapshot).with_alerts(scene.alerts).at_level(level)),
            scene.overrides,
        ),
        None => (running(&args, filter)?, Arc::default()),
    };
    let mut setup = Setup { overrides, ..setup(&args, filter, feed, orbit)? };
    setup.extend.push(Box::new(move |app| _ = app.insert_resource(views)));
    if let Some(frames) = args.bench_frames {
        // What is measured is the picture without its panels.
        setup.extend.clear();
        setup.extend.push(Box::new(measure_main));
        let result = run_bench(&mut Headless::new(setup, size, 1.0)?, frames.clamp(1, 100_000))?;
        writeln!(std::io::stdout().lock(), "{}", serde_json::to_string(&result)?)?;
    } else if let Some(path) = &args.screenshot {
        let mut globe = Headless::new(setup, size, 1.0)?;
        for _ in 0..SETTLE {
            globe.frame()?;
        }
        let mut picture = globe.picture()?;
        if let Some(vision) = args.vision {
            picture.see_as(vision);
        }
        picture.save_png(path).with_context(|| format!("writing {}", path.display()))?;
    } else {
        show(&args, setup, size)?;
    }
    Ok(Outcome::Done)
}

/// Opens the window.
fn show(args: &Args, mut setup: Setup, size: (u32, u32)) -> anyhow::Result<()> {
    if let Some(path) = args.config.clone().or_else(config::usual_path) {
        let keeper = ViewKeeper(Box::new({
            let path = path.clone();
            move |name, view| views::save(&path, name, view).map_err(|e| in_one_line(&e))
        }));
        let source = LookSource::new(look(args)?, reload(path));
        setup.extend.push(Box::new(move |app| {
            app.add_plugins(LookPlugin).insert_resource(source).insert_resource(keeper);
        }));
    }
    if let Some(place) = &args.control {
        let (source, name) = remote::listen(place)?;
        writeln!(std::io::stderr(), "argus-globe: remote control at {name}")?;
        setup.extend.push(Box::new(move |app| _ = app.insert_resource(source)));
    }
    let fps = args.fps.unwrap_or(60.0);
    if args.quality == "auto" {
        setup.extend.push(Box::new(move |app| _ = app.insert_resource(QualityTarget { fps: fps.min(SMOOTH) })));
    }
    if args.no_input {
        setup.extend.push(Box::new(|app| _ = app.add_plugins(DeafPlugin)));
    }
    let fullscreen = args.fullscreen || args.wall;
    let monitor = args.monitor.map(|n| usize::from(n) - 1);
    window(setup, &WindowOptions { size, fullscreen, fps, monitor })?;
    Ok(())
}

/// Saves what the options say under a name.
fn save_view(args: &Args, name: &str, view: Option<Orbit>) -> anyhow::Result<Outcome> {
    let path = args.config.clone().or_else(config::usual_path);
    let path = path.context("there is no folder for a configuration: neither XDG_CONFIG_HOME nor HOME is set")?;
    let layers = args.layers.as_deref().map(Layers::parse).transpose().map_err(|e| Usage(e.to_string()))?;
    let level = (args.input.level() != Level::default()).then(|| args.input.level());
    let file = views::save(&path, name, &SavedView { orbit: view, layers, level })?;
    writeln!(std::io::stderr(), "argus-globe: view {name:?} saved in {}", file.display())?;
    Ok(Outcome::Done)
}

impl Args {
    /// Takes over what the saved view that is named says, where no other option says it; gives all saved views.
    fn take_view(&mut self) -> anyhow::Result<Views> {
        let path = self.config.clone().or_else(config::usual_path);
        let views = path.map(|path| views::load(&path)).transpose()?.unwrap_or_default();
        let named = self.view.take_if(|text| !text.contains(','));
        if let Some(name) = named {
            let view = views.find(&name).map_err(|e| Usage(format!("--view {name:?}: {e}")))?;
            self.view = view.orbit.as_ref().map(views::orbit_text);
            self.layers = self.layers.take().or(view.layers.map(Layers::names));
            if let Some(level) = view.level.filter(|_| self.input.level == By::Address) {
                self.input.level = level.by;
            }
        }
        Ok(views)
    }
}

/// The globe with its panels as the options say.
fn setup(args: &Args, filter: Option<&str>, feed: FeedInput, orbit: Orbit) -> anyhow::Result<Setup> {
    let Look { layers, ui_scale, reduced_motion, theme, .. } = look(args)?;
    let (_, hidden) = hidden(args, layers)?;
    let options =
        HudOptions { filter: filter.map(str::to_owned), ui_scale, masked: args.input.anonymize.is_some(), hidden };
    let trace = Trace { on: args.trace_input };
    let (select, help, projection) = (args.select, args.show_keys, args.projection);
    let wall = Wall::new(args.wall, args.tour, args.looped).dimmed_at(args.dim);
    let mut setup = Setup { feed, overrides: Arc::default(), layers, orbit, extend: Vec::new() };
    setup.extend.push(Box::new(move |app| {
        panels(app);
        app.insert_resource(options).insert_resource(trace).insert_resource(theme);
        app.insert_resource(wall).insert_resource(Motion { reduced: reduced_motion });
        let mut rig = app.world_mut().resource_mut::<CameraRig>();
        rig.reduced_motion = reduced_motion;
        rig.begin_as(projection);
        app.world_mut().resource_mut::<Hud>().help = help;
        if let Some(addr) = select {
            app.world_mut().resource_mut::<Selection>().pick(Picked::Host(addr));
        }
    }));
    Ok(setup)
}

/// The settings that may change while the globe runs.
fn look(args: &Args) -> anyhow::Result<Look> {
    let layers = match &args.layers {
        Some(list) => Layers::parse(list).map_err(|e| Usage(e.to_string()))?,
        None => Layers::default(),
    };
    let (layers, _) = hidden(args, layers)?;
    let (level, ui_scale) = (args.input.level(), args.ui_scale);
    Ok(Look { layers, level, ui_scale, reduced_motion: args.reduced_motion, theme: args.theme })
}

/// The layers without the hidden ones, and what else is hidden.
fn hidden(args: &Args, mut layers: Layers) -> Result<(Layers, Hidden), Usage> {
    let hidden = Hidden::parse(args.hide.as_deref().unwrap_or(""), &mut layers);
    Ok((layers, hidden.map_err(|e| Usage(format!("--hide: {e}")))?))
}

/// Gives the settings anew whenever the configuration file has changed. An editor may take it away for a moment.
fn reload(path: PathBuf) -> LookPoll {
    let mut last = config::read(&path).ok();
    let again = || match parse(std::env::args_os().collect())?.0.command {
        Command::Globe(mut args) => {
            args.take_view()?;
            look(&args)
        }
        _ => anyhow::bail!("not the globe"),
    };
    Box::new(move || {
        let now = config::read(&path).ok().filter(|now| last.as_ref() != Some(now))?;
        last = Some(now);
        Some(again().map_err(|e| in_one_line(&e)))
    })
}

/// Writes what would be shown.
fn export(args: &Args, filter: Option<&str>, path: &Path) -> anyhow::Result<Outcome> {
    let format = Format::of_path(path).map_err(|e| Usage(format!("--export {}: {e}", path.display())))?;
    let scene = match made_up_scene(args)? {
        Some(scene) => scene,
        None => recorded_scene(plan(args, filter)?, args.input.at)?,
    };
    let snapshot = Snapshot::clone(&scene.snapshot).at_level(args.input.level());
    for warning in &snapshot.health.warnings {
        writeln!(std::io::stderr(), "argus-globe: {warning}")?;
    }
    let write = || -> std::io::Result<()> {
        let mut out = BufWriter::new(File::create(path)?);
        export::write(&mut out, format, &snapshot, None)?;
        out.flush()
    };
    write().with_context(|| format!("writing {}", path.display()))?;
    Ok(if is_damaged(&snapshot.health) { Outcome::Damaged } else { Outcome::Done })
}

/// Over the selected address where the scene knows it, else over the middle of all pins.
fn first_view(scene: Option<&Scene>, args: &Args) -> Orbit {
    /// Height of the eye above a selected address, in globe radii.
    const NEAR: f64 = 0.5;
    let hosts = scene.map_or(&[][..], |s| &s.snapshot.hosts);
    match hosts.iter().find(|h| Some(h.addr) == args.select) {
        Some(host) => Orbit { target: host.place.at, altitude: NEAR, ..Orbit::default() },
        None => CameraRig::whole(Orbit::over(hosts.iter().map(|h| h.place.at)), args.projection),
    }
}

/// What the pipeline is to do; without a source, replay the bundled sample.
fn plan(args: &Args, filter: Option<&str>) -> anyhow::Result<Plan> {
    let mut plan = args.input.plan(filter)?;
    if plan.sources.is_empty() {
        plan.sources = vec![SourceSpec::File(find_data("assets", "sample.pcap")?)];
    }
    plan.speed = args.speed.clamp(0.01, 100_000.0);
    (plan.fit, plan.skip_idle) = (args.fit, args.skip_idle);
    if let Some(rule) = args.alert.iter().find(|r| r.names_addresses()).filter(|_| plan.mask.is_some()) {
        return Err(Usage(format!("--alert \"{rule}\": with --anonymize no rule can name addresses")).into());
    }
    plan.alerts.clone_from(&args.alert);
    if args.paused {
        plan.start = Some(Start::Paused);
    }
    Ok(plan)
}

/// The records of the sources at one moment (the end if none is named).
fn recorded_scene(plan: Plan, at: Option<At>) -> anyhow::Result<Scene> {
    // The picture of addresses; who shows it merges them.
    let plan = Plan { level: Level::default(), ..plan };
    let moment = moment_at(plan, at.unwrap_or(At::END))?;
    Ok(Scene { snapshot: Arc::new(moment.snapshot), alerts: moment.alerts.into(), ..Scene::default() })
}

/// The pipeline that was asked for. A source that cannot be opened is told in the window.
fn running(args: &Args, filter: Option<&str>) -> anyhow::Result<FeedInput> {
    let mut plan = plan(args, filter)?;
    if let Some(command) = args.alert_command.clone().filter(|_| !plan.alerts.is_empty()) {
        plan.alert_out = Some(alerts::runner(command).context("starting the thread of alerts")?);
    }
    let names: Vec<String> = plan.sources.iter().map(ToString::to_string).collect();
    Ok(match Pipeline::start(plan) {
        Ok(handle) => FeedInput::new(PipelineFeed::new(handle)),
        Err(error) => {
            tracing::error!("{error}");
            FeedInput::new(failed(&names, &error.to_string()))
        }
    })
}

/// A made-up scene at the time asked for.
fn shown_at(mut scene: Scene, at: Option<At>) -> Scene {
    if let Some(at) = at {
        scene.show_at(at.resolve(Span::new(scene.snapshot.now, scene.snapshot.now)));
    }
    scene
}

/// The scene of `--scene` or `--synthetic`.
fn made_up_scene(args: &Args) -> anyhow::Result<Option<Scene>> {
    if let Some(path) = &args.scene {
        let bytes = std::fs::read(path).with_context(|| format!("reading {}", path.display()))?;
        return Ok(Some(shown_at(parse_scene(&bytes).with_context(|| path.display().to_string())?, args.input.at)));
    }
    let Some(words) = &args.synthetic else { return Ok(None) };
    let synthetic = Synthetic::parse(words).map_err(|e| Usage(e.to_string()))?;
    let cities = find_data("assets", "cities.csv")
        .ok()
        .and_then(|path| std::fs::read_to_string(path).ok())
        .and_then(|text| parse_cities(&text).ok());
    Ok(Some(shown_at(synthetic.build(&cities.unwrap_or_default()), args.input.at)))
}

/// A length of time of at least a tenth of a second.
fn length(text: &str) -> Result<Duration, String> {
    let found = parse_duration(text).filter(|d| *d >= Duration::from_millis(100));
    found.ok_or_else(|| "expected a length of time of at least 0.1 s, such as 30, 5m or 1h30m".into())
}

/// `1920x1080`.
fn parse_size(text: &str) -> Result<(u32, u32), Usage> {
    let wrong = || Usage(format!("--size {text:?}: expected WIDTHxHEIGHT in pixels, each 16 to 16384"));
    let (w, h) = text.split_once(['x', 'X']).ok_or_else(wrong)?;
    let side = |s: &str| s.parse::<u32>().ok().filter(|v| (16..=16_384).contains(v));
    Ok((side(w).ok_or_else(wrong)?, side(h).ok_or_else(wrong)?))
}

/// `48.1,11.6,2500`, with heading and tilt in degrees behind it or not.
fn parse_view(text: &str) -> Result<Orbit, Usage> {
    let wrong = || Usage(format!("--view {text:?}: expected LAT,LON,ALT_KM, such as 48.1,11.6,2500"));
    let numbers: Option<Vec<f64>> = text.split(',').map(|w| w.trim().parse().ok()).collect();
    let (lat, lon, km, heading, tilt) = match *numbers.unwrap_or_default() {
        [lat, lon, km] => (lat, lon, km, 0.0f64, 0.0f64),
        [lat, lon, km, heading, tilt] => (lat, lon, km, heading, tilt),
        _ => return Err(wrong()),
    };
    let target = LatLon::new(lat, lon).ok_or_else(wrong)?;
    if !(km.is_finite() && km > 0.0 && heading.is_finite() && tilt.is_finite()) {
        return Err(wrong());
    }
    let (heading, tilt) = (heading.to_radians(), tilt.to_radians());
    Ok(Orbit { target, altitude: km / RADIUS_KM, heading, tilt }.clamped())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn views_and_sizes_are_read_and_nonsense_refused() {
        let orbit = parse_view("-33.9, 151.2, 6371").expect("right");
        assert!((orbit.altitude - 1.0).abs() < 1e-9 && orbit.target.lat < 0.0);
        for wrong in ["", "1,2", "91,0,100", "1,2,-5", "1,2,3,4", "a,b,c"] {
            assert!(parse_view(wrong).is_err(), "{wrong}");
        }
        assert_eq!(parse_size("1920x1080").expect("right"), (1920, 1080));
        for wrong in ["", "1920", "0x5", "1920x1000000", "axb"] {
            assert!(parse_size(wrong).is_err(), "{wrong}");
        }
    }
}
