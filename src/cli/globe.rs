//! Show traffic on the globe.

mod alerts;
mod args;
mod awake;
mod config;
mod frames;
mod kept;
mod remote;
mod theme;
mod views;
mod webhook;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use anyhow::Context as _;
use clap::CommandFactory as _;

use super::input::InputArgs;
use super::snapshot::is_damaged;
use super::{Cli, Command, Outcome, Usage, in_one_line, parse};
use crate::base::{Span, clock::steady_now};
use crate::cache::{Level, Snapshot};
use crate::export::{self, Format};
use crate::geo::{find_data, parse_cities};
use crate::globe::{
    CameraRig, Colouring, Column, DeafPlugin, Extension, FeedInput, FixedSource, Headless, Hidden, Hud, HudOptions,
    Imagery, Keeper, Layers, Look, LookPlugin, LookPoll, LookSource, Marks, Motion, Opener, Orbit, Picked,
    PipelineFeed, Projection, QualityTarget, RateShift, Resolution, SavedView, Scene, Selection, Setup, Synthetic,
    Theme, Trace, Views, Wall, WallSwitch, WindowOptions, complaints, failed, measure_main, panels, parse_scene,
    run_bench, run_load, run_start, show_local_time, window,
};
use crate::pipeline::{At, Pipeline, Plan, Start, moment_at};
use crate::source::SourceSpec;

pub(crate) use args::Args;
use args::{parse_size, parse_view};
pub(super) use config::layered;

/// Frames per second that are smooth enough not to simplify the picture for more.
const SMOOTH: f64 = 30.0;
/// Frames drawn before a picture is taken: panels settle their sizes in the first ones.
const SETTLE: usize = 4;

/// Runs the command.
pub(crate) fn run(mut args: Args, filter: Option<String>) -> anyhow::Result<Outcome> {
    let began = steady_now();
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
    if let Some(path) = &args.film {
        return frames::film(&args, filter, path, size);
    }
    if args.from.is_some() || args.to.is_some() {
        return Err(Usage("--from and --to go with --frames or --film".into()).into());
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
    for complaint in complaints(args.theme.inks()) {
        writeln!(std::io::stderr(), "argus-globe: theme {}: {complaint}", args.theme)?;
    }
    let known = known(&args)?;
    let mut setup = Setup { overrides, ..setup(&args, filter, feed, orbit)? };
    let look = look(&args, views, &known)?;
    setup.extend.push(knowing(&look, known)?);
    if args.bench_start || args.bench_load.is_some() || args.bench_frames.is_some() {
        writeln!(std::io::stdout().lock(), "{}", measured(&args, setup, size, began)?)?;
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
        let InputArgs { read, server, interface, .. } = &args.input;
        let named = !(read.is_empty() && server.is_empty() && interface.is_empty());
        let sample = !named && args.scene.is_none() && args.synthetic.is_none();
        let opener = opener(filter);
        setup.extend.push(Box::new(move |app| {
            app.insert_resource(opener);
            app.world_mut().resource_mut::<HudOptions>().sample = sample;
        }));
        show(&args, setup, look, size)?;
    }
    Ok(Outcome::Done)
}

/// What one of the measurements gives, as one line of JSON.
fn measured(args: &Args, mut setup: Setup, size: (u32, u32), began: Instant) -> anyhow::Result<String> {
    if args.bench_start {
        return Ok(serde_json::to_string(&run_start(setup, size, began)?)?);
    }
    let count = |frames: usize| frames.clamp(1, 100_000);
    if let Some(frames) = args.bench_load {
        return Ok(serde_json::to_string(&run_load(&mut Headless::new(setup, size, 1.0)?, count(frames))?)?);
    }
    // What is measured is the picture without its panels.
    setup.extend.clear();
    setup.extend.push(Box::new(measure_main));
    let frames = count(args.bench_frames.unwrap_or_default());
    Ok(serde_json::to_string(&run_bench(&mut Headless::new(setup, size, 1.0)?, frames)?)?)
}

/// Opens the window.
fn show(args: &Args, mut setup: Setup, look: Look, size: (u32, u32)) -> anyhow::Result<()> {
    if let Some(path) = args.config.clone().or_else(config::usual_path) {
        let keeper = Keeper(Box::new({
            let path = path.clone();
            move |what| kept::keep(&path, what).map_err(|e| in_one_line(&e))
        }));
        let source = LookSource::new(look, reload(path, args.theme));
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
    let quality = QualityTarget { fps: fps.min(SMOOTH), full: args.quality != "auto" };
    let origins = config::origins(std::env::args_os().collect());
    setup.extend.push(Box::new(move |app| _ = app.insert_resource(quality).insert_resource(origins)));
    if args.no_input {
        setup.extend.push(Box::new(|app| _ = app.add_plugins(DeafPlugin)));
    }
    let mut keeper = awake::Keeper::new();
    setup.extend.push(Box::new(move |app| _ = app.insert_resource(WallSwitch(Box::new(move |on| keeper.hold(on))))));
    let fullscreen = args.fullscreen || args.wall;
    let (screen, windows) = args.windows()?;
    window(setup, &WindowOptions { size, fullscreen, fps, screen, windows })?;
    Ok(())
}

/// What was kept from earlier starts, and the configuration's tables.
fn known(args: &Args) -> anyhow::Result<kept::Known> {
    let path = args.config.clone().or_else(config::usual_path);
    path.map(|path| kept::load(&path)).transpose().map(Option::unwrap_or_default)
}

/// Puts what is known from before into the window.
fn knowing(look: &Look, known: kept::Known) -> anyhow::Result<Extension> {
    let rows = look.keys.rows()?;
    let columns = look.columns.clone().unwrap_or_else(Column::at_first);
    let (views, filters) = (look.views.clone(), look.filters.clone());
    Ok(Box::new(move |app| {
        app.insert_resource(views).insert_resource(filters);
        let mut hud = app.world_mut().resource_mut::<Hud>();
        hud.set_rows(rows);
        hud.columns = columns;
        hud.bar.remember(known.history);
        app.world_mut().resource_mut::<Marks>().keep(known.bookmarks);
    }))
}

/// Opens other sources while the window is open; each is named as on the command line.
fn opener(filter: Option<&str>) -> Opener {
    let filter = filter.map(str::to_owned);
    let open = move |names: &[String]| -> anyhow::Result<FeedInput> {
        let Command::Globe(mut args) = parse(std::env::args_os().collect())?.0.command else {
            anyhow::bail!("not the globe")
        };
        // The options stay, the sources and where to begin in them do not.
        (args.input.read, args.input.server, args.input.interface) = Default::default();
        (args.input.at, args.paused, args.alert_command) = (None, false, None);
        for name in names {
            match name.split_once(' ') {
                Some(("-S", server)) => args.input.server.push(server.trim().to_owned()),
                Some(("-i", device)) => args.input.interface.push(device.trim().to_owned()),
                _ => {
                    File::open(name).with_context(|| format!("opening {name}"))?;
                    args.input.read.push(PathBuf::from(name));
                }
            }
        }
        let handle = Pipeline::start(plan(&args, filter.as_deref())?)?;
        Ok(FeedInput::new(PipelineFeed::new(handle)))
    };
    Opener(Box::new(move |names| open(names).map_err(|e| in_one_line(&e))))
}

/// Saves what the options say under a name.
fn save_view(args: &Args, name: &str, view: Option<Orbit>) -> anyhow::Result<Outcome> {
    let path = args.config.clone().or_else(config::usual_path);
    let path = path.context("there is no folder for a configuration: neither XDG_CONFIG_HOME nor HOME is set")?;
    let layers = args.layers.as_deref().map(Layers::parse).transpose().map_err(|e| Usage(e.to_string()))?;
    let level = (args.input.level() != Level::default()).then(|| args.input.level());
    let projection = (args.projection != Projection::default()).then_some(args.projection);
    let shift = (args.rate_scale != RateShift::PLAIN).then_some(args.rate_scale);
    let file = views::save(&path, name, &SavedView { orbit: view, layers, level, projection, shift })?;
    writeln!(std::io::stderr(), "argus-globe: view {name:?} saved in {}", file.display())?;
    Ok(Outcome::Done)
}

/// The globe with its panels as the options say.
fn setup(args: &Args, filter: Option<&str>, feed: FeedInput, orbit: Orbit) -> anyhow::Result<Setup> {
    let Look { layers, ui_scale, reduced_motion, theme, colour, rate_shift, .. } =
        look(args, Views::default(), &kept::Known::default())?;
    let (_, hidden) = hidden(args, layers)?;
    let options = HudOptions {
        filter: filter.map(str::to_owned),
        ui_scale,
        masked: args.input.anonymize.is_some(),
        hidden,
        sample: false,
    };
    if let Some(folder) = args.imagery.as_ref().filter(|f| !f.is_dir()) {
        return Err(Usage(format!("--imagery {}: is no folder", folder.display())).into());
    }
    let imagery = Imagery(args.imagery.clone());
    let resolution = Resolution(f64::from(args.resolution) / 100.0);
    let trace = Trace { on: args.trace_input };
    show_local_time(args.local_time);
    let (select, help, projection, scale) = (args.select, args.show_keys, args.projection, args.time_scale);
    let wall = Wall::new(args.wall, args.tour, args.looped).dimmed_at(args.dim);
    let mut setup = Setup { feed, overrides: Arc::default(), layers, orbit, extend: Vec::new() };
    setup.extend.push(Box::new(move |app| {
        panels(app);
        app.insert_resource(options).insert_resource(trace).insert_resource(theme).insert_resource(imagery);
        app.insert_resource(Colouring::new(colour)).insert_resource(resolution).insert_resource(rate_shift);
        app.insert_resource(wall).insert_resource(Motion { reduced: reduced_motion });
        let mut rig = app.world_mut().resource_mut::<CameraRig>();
        rig.reduced_motion = reduced_motion;
        rig.begin_as(projection);
        let mut hud = app.world_mut().resource_mut::<Hud>();
        (hud.help, hud.time_scale) = (help, scale);
        if let Some(addr) = select {
            app.world_mut().resource_mut::<Selection>().pick(Picked::Host(addr));
        }
    }));
    Ok(setup)
}

/// The settings that may change while the globe runs.
fn look(args: &Args, views: Views, known: &kept::Known) -> anyhow::Result<Look> {
    let layers = match &args.layers {
        Some(list) => Layers::parse(list).map_err(|e| Usage(e.to_string()))?,
        None => Layers::default(),
    };
    let (layers, _) = hidden(args, layers)?;
    let (level, ui_scale) = (args.input.level(), args.ui_scale());
    Ok(Look {
        layers,
        level,
        ui_scale,
        reduced_motion: args.reduced_motion,
        local_time: args.local_time,
        time_scale: args.time_scale,
        theme: args.theme,
        colour: args.colour.clone(),
        rate_shift: args.rate_scale,
        columns: args.columns.as_ref().map(|c| c.0.clone()).or_else(|| known.columns.clone()),
        bookmarks: known.bookmarks.clone(),
        keys: known.keys.clone(),
        filters: known.filters.clone(),
        views,
    })
}

/// The layers without the hidden ones, and what else is hidden.
fn hidden(args: &Args, mut layers: Layers) -> Result<(Layers, Hidden), Usage> {
    let hidden = Hidden::parse(args.hide.as_deref().unwrap_or(""), &mut layers);
    Ok((layers, hidden.map_err(|e| Usage(format!("--hide: {e}")))?))
}

/// Gives the settings anew whenever a file that they come from has changed: the configuration, saved views, what was kept,
/// a theme of the user.
fn reload(path: PathBuf, theme: Theme) -> LookPoll {
    let files = move |theme: Theme| {
        let theme = theme.file().map(Path::to_owned);
        [path.clone(), views::file_beside(&path), kept::file_beside(&path)].into_iter().chain(theme)
    };
    let mut watch = Watch::default();
    watch.has_changed(files(theme));
    let mut theme = theme;
    let again = || match parse(std::env::args_os().collect())?.0.command {
        Command::Globe(mut args) => {
            let views = args.take_view()?;
            look(&args, views, &known(&args)?)
        }
        _ => anyhow::bail!("not the globe"),
    };
    Box::new(move || {
        if !watch.has_changed(files(theme)) {
            return None;
        }
        let look = again().map_err(|e| in_one_line(&e));
        if let Ok(look) = &look {
            // Another theme has another file, which is read for the first time here.
            theme = look.theme;
            watch.has_changed(files(theme));
        }
        Some(look)
    })
}

/// What files said when they were last looked at.
#[derive(Debug, Default)]
struct Watch(BTreeMap<PathBuf, String>);

impl Watch {
    /// Whether one of the files says something else than before. An editor may take a file away for a moment: what is
    /// gone or cannot be read says what it said.
    fn has_changed(&mut self, files: impl Iterator<Item = PathBuf>) -> bool {
        let mut changed = false;
        for file in files {
            if let Ok(now) = config::read(&file)
                && self.0.get(&file) != Some(&now)
            {
                self.0.insert(file, now);
                changed = true;
            }
        }
        changed
    }
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
    plan.speed = args.speed.abs().clamp(0.01, 100_000.0).copysign(args.speed);
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
    if !plan.alerts.is_empty() {
        let command = args.alert_command.clone().map(alerts::runner).transpose();
        plan.alert_out.extend(command.context("starting the thread of alerts")?);
        plan.alert_out.extend(args.alert_webhook.clone().map(webhook::poster).transpose().context("--alert-webhook")?);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_that_say_something_else_have_changed_and_those_that_are_gone_have_not() {
        let folder = std::env::temp_dir().join(format!("argus-globe-watch-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder");
        let files = || ["a.toml", "b.toml"].map(|name| folder.join(name)).into_iter();
        let mut watch = Watch::default();
        assert!(!watch.has_changed(files()), "there is none yet");
        std::fs::write(folder.join("b.toml"), "x = 1").expect("written");
        assert!(watch.has_changed(files()) && !watch.has_changed(files()));
        std::fs::remove_file(folder.join("b.toml")).expect("removed");
        assert!(!watch.has_changed(files()), "an editor takes it away");
        std::fs::write(folder.join("b.toml"), "x = 1").expect("written");
        assert!(!watch.has_changed(files()), "and puts the same back");
        std::fs::write(folder.join("b.toml"), "x = 2").expect("written");
        assert!(watch.has_changed(files()));
        std::fs::remove_dir_all(folder).expect("removed");
    }
}
