//! The relay: many sources in, one stream out.

mod roll;
mod upstream;

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use self::roll::Roll;
use self::upstream::Remotes;
use super::service::{
    Background, Outputs, ServiceArgs, Signals, Target, WriteArgs, at_setting, check_source_id, fill, is_yes,
    read_settings, say, source_id, warn_of_unknown,
};
use super::{Outcome, Usage};
use crate::base::clock::wall_now;
use crate::base::rc::{self, Setting};
use crate::base::{Timestamp, Warnings};
use crate::filter::Filter;
use crate::geo::{Chain, GeoConfig, LatLon};
use crate::pipeline::{Labels, Relay, RelayEvent, Upstream};
use crate::record::codec::{MarCause, MarMaker};
use crate::record::{Batch, Cause, Far, RecordKind, RecordRef, SrcId};
use crate::sink::{Server, Voice};

/// Longest wait before signals are looked at again.
const TICK: Duration = Duration::from_millis(100);

/// Options. A filter behind a lone `-` is applied to everything that passes, and sent to the servers; with that of a
/// single source a record has to pass both.
#[derive(Debug, clap::Args)]
#[command(disable_help_flag = true)]
pub(crate) struct Args {
    #[command(flatten)]
    remotes: Remotes,
    /// Accepted for compatibility: records are not filtered by libpcap
    #[arg(short = 'O')]
    plain_filter: bool,
    /// Accepted for compatibility; ARGUS_LOG=debug says more
    #[arg(short = 'D', value_name = "LEVEL")]
    debug: Option<String>,
    /// Read from files; with nothing else to write to, when the first client is there
    #[arg(short = 'r', long = "read", value_name = "FILE", num_args = 1..)]
    read: Vec<OsString>,
    #[command(flatten)]
    write: WriteArgs,
    /// Identity in the relay's own management records: a number, an IPv4 address, the name of a host that has one, or at
    /// most four characters
    #[arg(short = 'e', value_name = "ID")]
    source_id: Option<String>,
    /// Seconds between the relay's own management records [default: 60]
    #[arg(short = 'M', value_name = "SECS")]
    mar_interval: Option<u16>,
    /// Write the places of addresses into the records
    #[arg(long)]
    label: bool,
    /// Geolocation database in MaxMind's format instead of the bundled ones; several are asked in turn; labels records
    #[arg(long, value_name = "FILE")]
    geo: Vec<PathBuf>,
    /// Your own map of networks to places, CSV: network,lat,lon,name[,country]; labels records
    #[arg(long, value_name = "FILE")]
    places: Vec<PathBuf>,
    /// Where private, loopback and link-local addresses are, in degrees: 48.14,11.58; labels records
    #[arg(long, value_name = "LAT,LON", allow_hyphen_values = true, value_parser = super::input::position)]
    home: Option<LatLon>,
    /// Read settings from this file (radium.conf); options come before them
    #[arg(short = 'f', value_name = "FILE")]
    config: Option<PathBuf>,
    /// End when all sources have ended, and clients have taken everything
    #[arg(short = 'p')]
    once: bool,
    /// Accepted for compatibility: no system configuration is read anyway
    #[arg(short = 'X')]
    no_config: bool,
    /// Believe servers read with argus-tls:// whose certificate is by an authority in this file, in PEM; --tls-cert is
    /// shown to those that ask [default: authorities that the system trusts]
    #[arg(long, value_name = "FILE")]
    tls_ca: Option<PathBuf>,
    #[command(flatten)]
    service: ServiceArgs,
    /// Print help
    #[arg(long, action = clap::ArgAction::Help)]
    help: Option<bool>,
    /// Outputs from the configuration.
    #[arg(skip)]
    targets: Vec<Target>,
    /// Labels from the configuration (ralabel.conf).
    #[arg(skip)]
    rules: Option<PathBuf>,
    /// Filter from the configuration.
    #[arg(skip)]
    filter: Option<String>,
}

/// Runs the command.
pub(crate) fn run(mut args: Args, filter: Option<String>) -> anyhow::Result<Outcome> {
    configure(&mut args)?;
    let plan = Plan::new(&args, filter)?;
    let background = match Background::enter(&args.service)? {
        Ok(background) => background,
        Err(outcome) => return Ok(outcome),
    };
    let result = work(&args, plan, &background);
    background.end(result)
}

/// What the options add up to.
struct Plan {
    sources: Vec<Upstream>,
    targets: Vec<Target>,
    /// What is wanted of each source, in their order: a server may pass more than it is asked for.
    filters: Vec<Filter>,
    maker: MarMaker,
}

impl Plan {
    fn new(args: &Args, filter: Option<String>) -> anyhow::Result<Plan> {
        let tls = args.service.tls_files(args.tls_ca.clone());
        let common = filter.or_else(|| args.filter.clone()).unwrap_or_default();
        // Told by itself, before it is part of others.
        Filter::parse(&common)?;
        let mut sources = upstream::files(&args.read, &common);
        sources.extend(args.remotes.upstreams(&common, &tls)?);
        if sources.is_empty() {
            return Err(Usage("nothing to relay: give -S HOST[:PORT], -C [HOST]:PORT or -r FILE".into()).into());
        }
        let mut targets = args.write.targets()?;
        if targets.is_empty() {
            targets.clone_from(&args.targets);
        }
        let filters = sources.iter().map(|s| Filter::parse(&s.filter)).collect::<Result<_, _>>()?;
        let mut maker = MarMaker::new(wall_now());
        maker.srcid = match &args.source_id {
            Some(text) => source_id(text).map_err(|problem| Usage(format!("-e {text:?}: {problem}")))?,
            None => SrcId::Unset,
        };
        maker.status_interval_secs = 0;
        maker.mar_interval_secs = args.mar_interval.unwrap_or(60).max(1);
        Ok(Plan { sources, targets, filters, maker })
    }

    /// A management record of the relay's own.
    fn report(&self, cause: MarCause, now: Timestamp) -> Batch {
        let mut batch = Batch::default();
        batch.push_with(|out| self.maker.write(cause, now, out));
        batch
    }

    /// The records that are passed on: flows that pass the filter of their source, the sensors' periodic reports, and
    /// what other relays have lost.
    fn select(&self, batch: &Batch) -> Batch {
        let filter = self.filters.get(usize::from(batch.source().0));
        let wants =
            |record| filter.is_none_or(|f| f.is_empty() || Far::decode(record).is_some_and(|far| f.matches(&far)));
        let mut out = Batch::new(batch.source());
        for record in batch.iter().filter_map(RecordRef::new) {
            let wanted = match record.kind() {
                RecordKind::Mar => matches!(record.cause(), Cause::Status | Cause::Error),
                _ => wants(record),
            };
            if wanted {
                out.push(record.bytes());
            }
        }
        out
    }
}

fn work(args: &Args, plan: Plan, background: &Background) -> anyhow::Result<Outcome> {
    let server = args.service.server(Voice::Relay(plan.maker.srcid), plan.maker.mar_interval_secs)?;
    if plan.targets.is_empty() && server.is_none() {
        return Err(Usage("nowhere to relay to: give -P PORT or -w FILE".into()).into());
    }
    let signals = Signals::install()?;
    let mut labels = labels(args)?;
    let mut relay = Relay::start(&plan.sources)?;
    let server = server.map(Server::start).transpose()?;
    let places = server.as_ref().map(|s| s.addrs().iter().map(ToString::to_string).collect::<Vec<_>>().join(" and "));
    background.note()?;
    args.service.confine()?;
    let mut outputs = Outputs::open(plan.targets.clone(), server)?;
    let names: Vec<_> = plan.sources.iter().map(|s| s.spec.to_string()).collect();
    let to = places.map_or(String::new(), |p| format!(", serving on {p}"));
    background.ready(&format!("relaying {}{to}", names.join(", ")));
    outputs.write(&plan.report(MarCause::Start, wall_now()))?;
    let outcome = pass_on(&plan, &mut relay, &mut labels, &mut outputs, &signals, args.once);
    let stopped = outputs.write(&plan.report(MarCause::Stop, wall_now()));
    // Outputs are brought to a good end whatever has happened.
    let finished = outputs.finish();
    let outcome = outcome?;
    stopped.and(finished).map(|()| outcome)
}

/// Moves records until somebody interrupts, or until the sources end if that is wanted.
fn pass_on(
    plan: &Plan,
    relay: &mut Relay,
    labels: &mut Option<Labels>,
    outputs: &mut Outputs,
    signals: &Signals,
    once: bool,
) -> anyhow::Result<Outcome> {
    // Files would be over before anybody could connect.
    let only_files = relay.sources().all(|s| !s.live);
    while outputs.is_serving_only() && only_files && !signals.must_stop() {
        if outputs.server().is_some_and(|s| s.wait_for_client(TICK)) {
            break;
        }
    }
    let ends = once || (only_files && outputs.server().is_none());
    let mut outcome = Outcome::Done;
    let mut lost = 0;
    let mut roll = Roll::new(plan.sources.len());
    while !signals.must_stop() {
        if signals.must_reopen() {
            outputs.reopen()?;
        }
        match relay.next(TICK) {
            RelayEvent::Batch { batch, waits } => {
                // A file is over some time; a stream is not meant to be.
                if !waits {
                    batch.iter().filter_map(RecordRef::new).for_each(|r| roll.hear(batch.source(), r));
                }
                let mut chosen = plan.select(&batch);
                if let Some(labels) = labels {
                    chosen = labels.apply(&chosen);
                }
                while waits && !signals.must_stop() {
                    if outputs.server().is_none_or(|s| s.wait_for_room(TICK)) {
                        break;
                    }
                }
                outputs.write(&chosen)?;
            }
            RelayEvent::Note(text) => {
                say(&text);
                let all: u64 = relay.sources().map(|s| s.dropped).sum();
                if let Some(server) = outputs.server() {
                    server.note_lost(all.saturating_sub(lost));
                }
                lost = all;
            }
            RelayEvent::Failed(text) => {
                outcome = Outcome::Damaged;
                say(&text);
            }
            RelayEvent::Idle => outputs.rest()?,
            RelayEvent::Ended if ends => return Ok(outcome),
            RelayEvent::Ended => {
                outputs.rest()?;
                std::thread::sleep(TICK);
            }
        }
        for (source, state) in relay.states() {
            if let Some(said) = roll.see(source, state, wall_now()) {
                outputs.write(&said)?;
            }
        }
    }
    Ok(Outcome::Done)
}

/// Databases and maps, if records are to be labelled.
fn labels(args: &Args) -> anyhow::Result<Option<Labels>> {
    let rules = args.rules.as_deref().map(super::labels::read).transpose()?;
    if !args.label && args.geo.is_empty() && args.places.is_empty() && args.home.is_none() {
        return Ok(rules.map(|rules| Labels::new(None, Some(rules))));
    }
    let config = GeoConfig { databases: args.geo.clone(), places: args.places.clone(), home: args.home };
    let mut warnings = Warnings::new();
    let chain = Chain::open(&config, &mut warnings)?;
    warnings.messages().iter().for_each(|text| say(text));
    Ok(Some(Labels::new(Some(chain), rules)))
}

/// Fills in what the configuration says and the command line does not.
fn configure(args: &mut Args) -> anyhow::Result<()> {
    let Some(path) = args.config.clone() else { return Ok(()) };
    let settings = read_settings(&path)?;
    let mut found =
        Found { own_sources: args.remotes.has_no_server() && args.read.is_empty(), set_pid: false, pid_path: None };
    let mut unknown = Vec::new();
    for setting in &settings {
        match found.take(args, setting) {
            Ok(true) => {}
            Ok(false) => unknown.push(setting),
            Err(problem) => return Err(at_setting(&path, setting, &problem).into()),
        }
    }
    if found.set_pid {
        args.service.set_pid_file(found.pid_path, "radium.pid");
    }
    warn_of_unknown(&path, &unknown);
    Ok(())
}

/// Takes `text` as a configuration: how many settings were taken, or nothing if it is none.
pub(super) fn drive_conf(text: &str) -> Option<usize> {
    use clap::{Args as _, FromArgMatches as _};
    let matches = Args::augment_args(clap::Command::new("radium")).try_get_matches_from(["radium"]).ok()?;
    let mut args = Args::from_arg_matches(&matches).ok()?;
    let mut found = Found { own_sources: true, set_pid: false, pid_path: None };
    let settings = rc::parse(text).ok()?;
    settings.iter().try_fold(0, |taken, setting| Some(taken + usize::from(found.take(&mut args, setting).ok()?)))
}

/// Settings that need others to make sense.
struct Found {
    /// Whether the command line names no source, so that those of the configuration count.
    own_sources: bool,
    set_pid: bool,
    pid_path: Option<PathBuf>,
}

impl Found {
    /// Takes one setting of radium.conf; false if it has no effect here.
    fn take(&mut self, args: &mut Args, setting: &Setting) -> Result<bool, String> {
        let value = setting.value.as_str();
        let Some(key) = setting.key.strip_prefix("RADIUM_") else { return Ok(false) };
        if value.is_empty() {
            return Ok(true);
        }
        match key {
            "ARGUS_SERVER" if self.own_sources => args.remotes.add_server(value)?,
            "CISCONETFLOW_PORT" if self.own_sources => args.remotes.add_export(value)?,
            "ARGUS_SERVER" | "CISCONETFLOW_PORT" => {}
            "MONITOR_ID" => {
                check_source_id(value)?;
                fill(&mut args.source_id, value.to_owned());
            }
            "OUTPUT_FILE" | "OUTPUT_STREAM" => args.targets.push(Target::from_setting(value)?),
            "FILTER" => args.filter = Some(value.to_owned()),
            "MAR_STATUS_INTERVAL" => {
                let secs = value.parse().map_err(|_| "a number of seconds up to 65535 is expected")?;
                fill(&mut args.mar_interval, secs);
            }
            "SET_PID" => self.set_pid = is_yes(setting)?,
            "PID_PATH" => self.pid_path = Some(value.into()),
            "TLS_CA" => fill(&mut args.tls_ca, value.into()),
            "CLASSIFIER_FILE" => args.rules = Some(value.into()),
            _ => return args.service.take(key, setting),
        }
        Ok(true)
    }
}
