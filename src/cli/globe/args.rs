//! The options of the globe, and how their values are read.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Arg, ArgAction};

use super::{config, remote, theme, views, webhook};
use crate::alert::Rule;
use crate::base::time::parse_duration;
use crate::cache::By;
use crate::cli::Usage;
use crate::cli::input::InputArgs;
use crate::geo::LatLon;
use crate::globe::{
    ColourBy, Column, ColumnError, DimHours, Layers, MOST_WINDOWS, Orbit, Projection, RADIUS_KM, RateShift, Role,
    RoleWindow, Screen, Theme, TimeScale, TourWish, Views, Vision, columns_of,
};
use crate::pipeline::At;

/// Switches that the configuration file may turn on, so that the command line can turn them off again.
const SWITCHES: [&str; 7] = ["paused", "reduced_motion", "local_time", "fullscreen", "wall", "looped", "no_input"];

/// Lets a switch of [`SWITCHES`] take a value: `--wall` is `--wall=true`.
fn switchable(arg: Arg) -> Arg {
    if !SWITCHES.contains(&arg.get_id().as_str()) {
        return arg;
    }
    arg.action(ArgAction::Set)
        .num_args(0..=1)
        .require_equals(true)
        .value_name("true|false")
        .default_value("false")
        .default_missing_value("true")
        .hide_default_value(true)
        .hide_possible_values(true)
}

/// Options.
#[derive(Debug, clap::Args)]
#[command(mut_args = switchable)]
pub(crate) struct Args {
    #[command(flatten)]
    pub(super) input: InputArgs,
    /// Speed of replay as a multiple of real time; negative plays backwards.
    #[arg(long, value_name = "FACTOR", default_value_t = 1.0, allow_negative_numbers = true)]
    pub(super) speed: f64,
    /// Start with the playhead standing.
    #[arg(long)]
    pub(super) paused: bool,
    /// Configuration file instead of the one at the usual place, $XDG_CONFIG_HOME/argus-globe/config.toml.
    #[arg(long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// Print a configuration file with all options as comments.
    #[arg(long)]
    pub(super) print_config: bool,
    /// Nothing moves that need not: no dashes, spin or flights.
    #[arg(long)]
    pub(super) reduced_motion: bool,
    /// Show times in the machine's zone (TZ) instead of UTC.
    #[arg(long)]
    pub(super) local_time: bool,
    /// Size of all text, panels and marks relative to the normal one.
    #[arg(long, value_name = "FACTOR", default_value_t = 1.0)]
    pub(super) ui_scale: f32,
    /// From how far the screen is looked at, in metres; sets --ui-scale so that letters are 20 minutes of arc high, on a
    /// screen with pixels of 0.634 mm (1080p at 55 inches) or of the size behind the comma.
    #[arg(long, value_name = "METRES[,MM]", value_parser = distance)]
    pub(super) viewing_distance: Option<f32>,
    /// Folder of your own pictures of the earth: day, lights, water, clouds, each .jpg or .png over the whole earth, and
    /// tiles day/Z/X/Y.jpg, of which those near the eye are read; loaded again when they change, see docs/imagery.md.
    #[arg(long, value_name = "DIR")]
    pub(super) imagery: Option<PathBuf>,
    /// Show the earth as a globe or as a flat map: globe or flat.
    #[arg(long, value_name = "NAME", default_value_t)]
    pub(super) projection: Projection,
    /// Percent of the window's pixels in each direction that the globe is drawn with, 25 to 100; panels stay sharp. Less
    /// makes large screens without a graphics card faster.
    #[arg(long, value_name = "PERCENT", default_value_t = 100, value_parser = clap::value_parser!(u8).range(25..=100))]
    pub(super) resolution: u8,
    /// How high the bars of the time line are, by the rate: root, linear or log.
    #[arg(long, value_name = "NAME", default_value_t)]
    pub(super) time_scale: TimeScale,
    /// What the colour of pins says: rate, country, as, port, sensor, or rule: with words of the flow table, which marks
    /// those that have such flows.
    #[arg(long, alias = "color", value_name = "WHAT", default_value_t)]
    pub(super) colour: ColourBy,
    /// Columns of the flow table in their order, joined by commas; by default those that the window kept.
    #[arg(long, value_name = "LIST", value_parser = columns)]
    pub(super) columns: Option<Columns>,
    /// Colours: dark, light, contrast (high contrast), night (dim and warm), a TOML file of your own, or the name of one
    /// in the folder themes beside the configuration; docs/themes.md says what it holds.
    #[arg(long, value_name = "NAME|FILE", default_value_t, value_parser = theme::theme)]
    pub(super) theme: Theme,
    /// Save the picture of --screenshot as other eyes see it: protanopia, deuteranopia, tritanopia or grey.
    #[arg(long, value_name = "NAME", requires = "screenshot")]
    pub(super) vision: Option<Vision>,
    /// Print what keys and clicks led to, for tests of the window.
    #[arg(long, hide = true)]
    pub(super) trace_input: bool,
    /// Render one picture into this PNG file instead of opening a window.
    #[arg(long, value_name = "FILE")]
    pub(super) screenshot: Option<PathBuf>,
    /// Size of the picture or window in pixels.
    #[arg(long, value_name = "WxH", default_value = "1280x720")]
    pub(super) size: String,
    /// Where the eye is: latitude, longitude in degrees and height in km, and heading and tilt in degrees if you like;
    /// or the name of a saved view.
    #[arg(long, value_name = "LAT,LON,ALT_KM|NAME", allow_hyphen_values = true)]
    pub(super) view: Option<String>,
    /// Move the scale of rates by decades, from -3 to 3: with 3 a line looks at 1 Mbit/s as it does at 1 kbit/s otherwise.
    #[arg(long, value_name = "DECADES", default_value_t, allow_hyphen_values = true)]
    pub(super) rate_scale: RateShift,
    /// Save --view, --layers, --level and --rate-scale under a name beside the configuration, and end.
    #[arg(long, value_name = "NAME")]
    pub(super) save_view: Option<String>,
    /// Layers to show, joined by commas; with `+` or `-` before each name the default set is changed.
    #[arg(long, value_name = "LIST", allow_hyphen_values = true)]
    pub(super) layers: Option<String>,
    /// Select an address and open its details; without --view the eye goes there.
    #[arg(long, value_name = "ADDRESS")]
    pub(super) select: Option<IpAddr>,
    /// Start with the list of keys open.
    #[arg(long)]
    pub(super) show_keys: bool,
    /// Show the pins and arcs of a CSV file (kind,lat,lng,lat2,lng2,bps,color) instead of traffic.
    #[arg(long, value_name = "FILE", conflicts_with = "synthetic")]
    pub(super) scene: Option<PathBuf>,
    /// Show a random scene: `pins=N,arcs=M,seed=S`.
    #[arg(long, value_name = "WORDS")]
    pub(super) synthetic: Option<String>,
    /// Draw this many frames without a window, each finished before the next, and print one line of JSON.
    #[arg(long, value_name = "K", conflicts_with = "screenshot")]
    pub(super) bench_frames: Option<usize>,
    /// Measure without a window how long the first picture takes, and the first one with traffic, and print one line of
    /// JSON.
    #[arg(long, conflicts_with_all = ["screenshot", "bench_frames", "frames"])]
    pub(super) bench_start: bool,
    /// Draw this many frames without a window over a recording (-r) that stands, and as many while it runs at --speed,
    /// and print one line of JSON.
    #[arg(long, value_name = "K", conflicts_with_all = ["screenshot", "bench_frames", "bench_start", "frames"])]
    pub(super) bench_load: Option<usize>,
    /// Write what would be shown at --at into a file instead of opening a window; its ending tells the format: csv,
    /// json, geojson or kml.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["screenshot", "bench_frames", "frames"])]
    pub(super) export: Option<PathBuf>,
    /// Render a recording as numbered pictures into this folder and print the command that makes a film of them.
    #[arg(long, value_name = "DIR", conflicts_with_all = ["screenshot", "bench_frames", "scene", "synthetic"])]
    pub(super) frames: Option<PathBuf>,
    /// Make a film of a recording by ffmpeg, which must be installed; the ending tells the kind: gif, webm or mp4.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["screenshot", "bench_frames", "frames", "scene", "synthetic"])]
    pub(super) film: Option<PathBuf>,
    /// First moment of --frames and --film, in the forms of --at.
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub(super) from: Option<At>,
    /// End of --frames and --film.
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub(super) to: Option<At>,
    /// Fill the whole screen.
    #[arg(long)]
    pub(super) fullscreen: bool,
    /// Wall mode: no panels, no pointer, a tour of what matters, no screen saver; W switches it, Esc held for a second
    /// leaves it.
    #[arg(long)]
    pub(super) wall: bool,
    /// What the wall's tour shows: data (alerts, new places, talkers, changes), alerts, talkers, places, views (the saved
    /// views), spin (the whole globe) or off; and how many seconds it stays, 10 to 120, alone or behind a comma.
    #[arg(long, value_name = "NAME|SECONDS|NAME,SECONDS", default_value_t)]
    pub(super) tour: TourWish,
    /// Tell of what deserves attention, by a rule: "total > RATE", "address [NETWORK] > RATE",
    /// "pair [NETWORK [NETWORK]] > RATE", "new country|as|address [after TIME]", "list FILE" (addresses and networks, one
    /// a line), "silent TIME [SOURCE]". May be given several times.
    #[arg(long, value_name = "RULE")]
    pub(super) alert: Vec<Rule>,
    /// Run a command by the shell for each new alert, which it gets as one line of JSON on its standard input; at most 4
    /// at once, each for at most 30 seconds.
    #[arg(long, value_name = "COMMAND")]
    pub(super) alert_command: Option<String>,
    /// Post each new alert as one JSON object to this address, http:// or https://; each post may take at most 10 seconds.
    #[arg(long, value_name = "URL")]
    pub(super) alert_webhook: Option<webhook::Hook>,
    /// Let programs steer the globe over a Unix socket or a port of the loopback address: one JSON object per line, as
    /// docs/remote.md says.
    #[arg(long, value_name = "PATH|PORT")]
    pub(super) control: Option<remote::Place>,
    /// Most seconds that the whole recording takes to play; sets the speed.
    #[arg(long, value_name = "TIME", value_parser = length)]
    pub(super) fit: Option<Duration>,
    /// Jump over silence of a recording that is longer than this.
    #[arg(long, value_name = "TIME", value_parser = length)]
    pub(super) skip_idle: Option<Duration>,
    /// Parts of the screen that are never shown, joined by commas: status, keys, clock, caption, notice, messages, compass,
    /// or any layer.
    #[arg(long, value_name = "LIST")]
    pub(super) hide: Option<String>,
    /// Hours of the day, by this machine's clock, in which wall mode is darker: 22:00-06:30.
    #[arg(long, value_name = "FROM-TO")]
    pub(super) dim: Option<DimHours>,
    /// The screen that --fullscreen and --wall fill, from 1; by default the one the window appears on.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..))]
    pub(super) monitor: Option<u8>,
    /// Open a further window with one role, on a screen by its number from the left or by its name: table, chart or alerts;
    /// globe@SCREEN is where the main window belongs. May be given several times.
    #[arg(long, value_name = "ROLE[@SCREEN]")]
    pub(super) role: Vec<RoleWindow>,
    /// Play recordings from their beginning again when they end.
    #[arg(long = "loop")]
    pub(super) looped: bool,
    /// On a wall, take no keys and no pointer: only remote control and signals steer it.
    #[arg(long)]
    pub(super) no_input: bool,
    /// Draw less while the machine is too busy for the frames per second: auto, or never: full.
    #[arg(long, value_name = "HOW", default_value = "auto", value_parser = ["auto", "full"])]
    pub(super) quality: String,
    /// Most frames per second of the window (60), or frames per second of the film (30).
    #[arg(long, value_name = "N")]
    pub(super) fps: Option<f64>,
}

impl Args {
    /// Size of all text and panels relative to the normal one.
    pub(super) fn ui_scale(&self) -> f32 {
        self.viewing_distance.unwrap_or(self.ui_scale)
    }

    /// Where the main window belongs, and which there are beside it.
    pub(super) fn windows(&self) -> Result<(Option<Screen>, Vec<RoleWindow>), Usage> {
        let (globes, others): (Vec<RoleWindow>, Vec<RoleWindow>) =
            self.role.iter().cloned().partition(|w| w.role == Role::Globe);
        if others.len() > MOST_WINDOWS {
            return Err(Usage(format!(
                "--role: {} windows beside the globe, at most {MOST_WINDOWS} can be",
                others.len()
            )));
        }
        let named = self.monitor.map(|n| Screen::Number(n.into()));
        match globes.as_slice() {
            [] => Ok((named, others)),
            [globe] if named.is_none() => Ok((globe.screen.clone(), others)),
            [_] => Err(Usage("--role globe@SCREEN and --monitor both say where the globe is; give one of them".into())),
            [_, second, ..] => {
                let at = second.screen.as_ref().map(|s| format!("@{s}")).unwrap_or_default();
                Err(Usage(format!("--role globe{at}: there is one window with a globe, given before already")))
            }
        }
    }

    /// Takes over what the saved view that is named says, where no other option says it; gives all saved views.
    pub(super) fn take_view(&mut self) -> anyhow::Result<Views> {
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
            if let Some(shift) = view.shift.filter(|_| self.rate_scale == RateShift::PLAIN) {
                self.rate_scale = shift;
            }
            if let Some(projection) = view.projection.filter(|_| self.projection == Projection::Globe) {
                self.projection = projection;
            }
        }
        Ok(views)
    }
}

/// The scale of text that can be read from a distance, `METRES[,MM_PER_PIXEL]`: 5.8 mm of letter height per metre.
fn distance(text: &str) -> Result<f32, String> {
    /// Height of the capitals of running text at a scale of 1, in pixels.
    const LETTER_PX: f32 = 9.3;
    let (metres, pixel) = text.split_once(',').unwrap_or((text, "0.634"));
    let within = |t: &str, least: f32, most: f32| t.trim().parse().ok().filter(|v: &f32| (least..=most).contains(v));
    let found = within(metres, 0.1, 30.0).zip(within(pixel, 0.02, 20.0));
    let (metres, pixel) =
        found.ok_or("expected metres from 0.1 to 30, such as 3, and if you like mm per pixel, such as 3,0.37")?;
    Ok((5.8 * metres / pixel / LETTER_PX).clamp(0.5, 4.0))
}

/// Columns of the flow table.
#[derive(Clone, Debug)]
pub(super) struct Columns(pub(super) Vec<Column>);

fn columns(text: &str) -> Result<Columns, ColumnError> {
    columns_of(text).map(Columns)
}

/// A length of time of at least a tenth of a second.
fn length(text: &str) -> Result<Duration, String> {
    let found = parse_duration(text).filter(|d| *d >= Duration::from_millis(100));
    found.ok_or_else(|| "expected a length of time of at least 0.1 s, such as 30, 5m or 1h30m".into())
}

/// `1920x1080`.
pub(super) fn parse_size(text: &str) -> Result<(u32, u32), Usage> {
    let wrong = || Usage(format!("--size {text:?}: expected WIDTHxHEIGHT in pixels, each 16 to 16384"));
    let (w, h) = text.split_once(['x', 'X']).ok_or_else(wrong)?;
    let side = |s: &str| s.parse::<u32>().ok().filter(|v| (16..=16_384).contains(v));
    Ok((side(w).ok_or_else(wrong)?, side(h).ok_or_else(wrong)?))
}

/// `48.1,11.6,2500`, with heading and tilt in degrees behind it or not.
pub(super) fn parse_view(text: &str) -> Result<Orbit, Usage> {
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
    use clap::CommandFactory as _;

    use super::*;
    use crate::alert::KINDS;
    use crate::cli::Cli;

    #[test]
    fn every_form_of_alert_is_in_the_help_and_in_the_document() {
        let document = include_str!("../../../docs/alerts.md");
        let cli = Cli::command();
        let globe = cli.find_subcommand("globe").expect("the globe");
        let alert = globe.get_arguments().find(|a| a.get_long() == Some("alert")).expect("the option");
        let help = alert.get_help().expect("a help").to_string();
        for (form, finds) in KINDS {
            assert!(help.contains(form), "{form} is missing in {help}");
            assert!(document.contains(&format!("| `{}` | {finds} |", form.replace('|', "\\|"))), "{form} is missing");
        }
    }

    #[test]
    fn the_globe_has_one_window_and_others_stand_beside_it() {
        use clap::Parser as _;

        let windows = |words: &str| {
            let words = ["argus-globe", "globe"].into_iter().chain(words.split_whitespace());
            match Cli::try_parse_from(words).expect("known words").command {
                crate::cli::Command::Globe(args) => args.windows().map_err(|e| e.to_string()),
                _ => Err("not the globe".into()),
            }
        };
        let (screen, others) = windows("--role globe@2 --role table@HDMI-1 --role alerts").expect("right");
        assert_eq!((screen, others.len()), (Some(Screen::Number(2)), 2));
        assert_eq!(windows("--monitor 3").expect("right"), (Some(Screen::Number(3)), Vec::new()));
        assert!(windows("--role globe@2 --monitor 1").expect_err("twice").contains("--monitor"));
        assert!(windows("--role globe@1 --role globe@2").expect_err("twice").contains("globe@2"));
        let many = "--role table ".repeat(MOST_WINDOWS + 1);
        assert!(windows(&many).expect_err("too many").contains("at most"));
    }

    #[test]
    fn a_distance_is_a_size_of_letters() {
        let near = |text: &str, scale: f32| (distance(text).expect(text) - scale).abs() < 0.02;
        assert!(near("3", 2.95) && near("1", 0.98) && near("5,0.9", 3.46) && near("30", 4.0));
        for wrong in ["", "0", "far", "3,", "3,0", "-2"] {
            assert!(distance(wrong).is_err(), "{wrong}");
        }
    }

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
