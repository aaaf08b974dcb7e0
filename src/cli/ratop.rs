//! Watch flows: a live, sorted table of merged flow records.
//!
//! Records of all sources ([`feed`]) are merged to flows ([`model`]), of which the screen shows a stretch in the order
//! that is asked for ([`ranks`]). Keys and commands change what is shown ([`app`], tables in [`keys`] and [`commands`]);
//! what comes of it is a picture of text ([`view`]) that [`screen`] draws.

mod app;
mod commands;
mod feed;
mod keys;
mod model;
mod prompt;
mod ranks;
mod screen;
mod text;
mod view;

use std::io::{BufWriter, IsTerminal as _, Write as _};
use std::time::Duration;

use super::service::{Signals, say};
use super::tools::{self, Kit, Plan};
use super::{Outcome, Usage};
use crate::aggregate::{Model as Keys, Order, Rules};
use crate::base::clock;
use crate::filter::{Filter, Scope};
use crate::record::fields::Shape;
use app::{App, Filters, Setup};
use feed::{Event, Feed};
use model::Model;

/// What rows are sorted by if nobody says.
const DEFAULT_SORT: &str = "pkts";
/// Longest wait for records without a screen.
const PATIENCE: Duration = Duration::from_millis(100);

/// Options.
#[derive(Debug, clap::Args)]
#[command(after_help = "Everything behind a lone `-` is the filter, as in: ratop -S localhost:561 - tcp\n\
                        In the program :h shows all keys and commands, q ends it.")]
pub(crate) struct Args {
    #[command(flatten)]
    common: tools::Common,
    /// What makes records the same flow, as in racluster; without -m sensor, protocol, addresses and ports, in either
    /// direction
    #[arg(short = 'm', value_name = "KEYS")]
    keys: Vec<String>,
    /// Fields to sort by, the first before the second [default: pkts]
    #[arg(short = 'P', value_name = "FIELDS")]
    sort: Vec<String>,
    /// The other way round
    #[arg(short = 'v')]
    reverse: bool,
    /// Counters as percent of the total
    #[arg(short = '%')]
    percent: bool,
    /// Seconds without records after which a flow leaves, for live sources; 0 for never
    #[arg(long, value_name = "SECS", default_value_t = 60)]
    idle: u32,
    /// Least seconds between two pictures
    #[arg(long, value_name = "SECS", default_value_t = 0.25)]
    update: f64,
    /// Most flows held; beyond it those without records for the longest time leave
    #[arg(long, value_name = "N", default_value_t = 200_000)]
    max_flows: usize,
}

const KIT: Kit = Kit {
    modes: &["norep", "rmon", "correct", "nocorrect", "preserve", "nopreserve", "nocurses", "rtime"],
    takes_words: false,
    fields: None,
};

/// Runs the command.
pub(crate) fn run(args: Args, filter: Option<String>) -> anyhow::Result<Outcome> {
    let has_source = args.common.names_source();
    let is_bare = args.common.has_mode("nocurses");
    if !is_bare && !std::io::stdout().is_terminal() {
        anyhow::bail!("standard output is no terminal; -M nocurses prints the table once, at the end of the input");
    }
    if !has_source && std::io::stdin().is_terminal() {
        return Err(Usage("nothing to read: give -r FILE or -S HOST[:PORT]".into()).into());
    }
    let Some(mut app) = prepare(args, filter)? else { return Ok(Outcome::Done) };
    if is_bare {
        return print(app);
    }
    screen::run(&mut app)?;
    Ok(Outcome::Done)
}

/// Everything before the first record; none if only the filter was to be shown.
fn prepare(args: Args, filter: Option<String>) -> anyhow::Result<Option<App>> {
    let columns = tools::columns_of(&args.common, &KIT)?;
    let sort_words = if args.sort.is_empty() { DEFAULT_SORT.to_owned() } else { args.sort.join(" ") };
    let order = Order::parse([sort_words.as_str()])?;
    let mut plan = Plan::new(args.common, filter, &KIT)?;
    if plan.shows_filter()? {
        return Ok(None);
    }
    check(&plan, args.update)?;
    let keys = match args.keys.as_slice() {
        [] => Keys::default(),
        keys => Keys::parse(keys.iter().map(String::as_str))?,
    };
    let merging = Merging::of(&plan.modes);
    let is_rmon = plan.modes.iter().any(|m| m == "rmon");
    let model = Model::new(merging.rules(keys), is_rmon, args.max_flows);
    let pace = pace(&plan.modes)?;
    let Some(mut printer) = plan.printer.take() else { return Ok(None) };
    if is_rmon {
        printer.set_titles(tools::RMON_TITLES);
    }
    let window = plan.window.filter(|w| w.is_output);
    let (filters, display) = filters(&mut plan);
    let now = clock::steady_now();
    let mut feed = Feed::new(&mut plan, filters.remote.clone(), now)?;
    feed.set_pace(pace);
    let setup = Setup {
        model,
        merging,
        feed,
        printer,
        columns,
        order,
        sort_words,
        key_words: args.keys.join(" "),
        filters,
        is_reversed: args.reverse,
        is_percent: args.percent,
        idle_secs: args.idle,
        update: Duration::from_secs_f64(args.update),
    };
    let mut app = App::new(setup, now);
    app.model.set_display(display);
    let place = |n: u64| usize::try_from(n).unwrap_or(usize::MAX);
    app.model.set_window(window.map(|w| (place(w.first), place(w.last))));
    Ok(Some(app))
}

/// Options of the family that make no sense here.
fn check(plan: &Plan, update: f64) -> Result<(), Usage> {
    if plan.shape != Shape::Columns {
        return Err(Usage("the table has columns only: -c, -M csv and -M json are for racluster".into()));
    }
    if !plan.targets.is_empty() {
        return Err(Usage("option -w is not supported: the command :w writes the flows that are shown".into()));
    }
    if !(0.05..=3600.0).contains(&update) {
        return Err(Usage(format!("--update {update}: expected seconds from 0.05 to 3600")));
    }
    Ok(())
}

/// What `-M` says of merging; where it says nothing, the keys decide.
#[derive(Clone, Copy, Debug, Default)]
struct Merging {
    correct: Option<bool>,
    preserve: Option<bool>,
    is_silent: bool,
}

impl Merging {
    fn of(modes: &[String]) -> Merging {
        let last = |yes: &str, no: &str| modes.iter().rev().find(|m| *m == yes || *m == no).map(|m| m == yes);
        Merging {
            correct: last("correct", "nocorrect"),
            preserve: last("preserve", "nopreserve"),
            is_silent: modes.iter().any(|m| m == "norep"),
        }
    }

    /// The rules for keys. As the classic program has it, directions are put right, and what is not in the key is kept,
    /// for the usual keys only.
    fn rules(self, model: Keys) -> Rules {
        Rules {
            correct: self.correct.unwrap_or(model.is_default),
            preserve: self.preserve.unwrap_or(model.is_default),
            report: !self.is_silent,
            model,
            ..Rules::default()
        }
    }
}

/// How many times as fast as it passed recorded time is replayed (`-M rtime[:FACTOR]`).
fn pace(modes: &[String]) -> Result<Option<f64>, Usage> {
    let Some(mode) = modes.iter().find(|m| m.starts_with("rtime")) else { return Ok(None) };
    let factor = mode.trim_start_matches("rtime").trim_start_matches([':', '=']);
    match if factor.is_empty() { Ok(1.0) } else { factor.parse::<f64>() } {
        Ok(f) if (1e-6..=1e6).contains(&f) => Ok(Some(f)),
        _ => Err(Usage(format!("-M {mode}: expected rtime or rtime:FACTOR with a factor from 0.000001 to 1000000"))),
    }
}

/// The command line's filter, sent to where its prefix says; and what is shown.
fn filters(plan: &mut Plan) -> (Filters, Filter) {
    let text = plan.server_filter.trim();
    let text = ["local ", "display "].iter().find_map(|p| text.strip_prefix(p)).unwrap_or(text).trim().to_owned();
    let (mut filters, mut display) = (Filters::default(), Filter::default());
    match plan.filter.scope() {
        Scope::Display => {
            filters.display = text;
            display = std::mem::take(&mut plan.filter);
        }
        Scope::Local => filters.local = text,
        Scope::Everywhere | Scope::Remote => filters.remote = text,
    }
    (filters, display)
}

/// Prints the table once, when everything has been read.
fn print(mut app: App) -> anyhow::Result<Outcome> {
    let signals = Signals::install()?;
    let mut is_damaged = false;
    while !app.feed.has_ended() && !signals.must_stop() {
        let App { feed, model, .. } = &mut app;
        match feed.next(PATIENCE, clock::steady_now(), &mut |far| model.push(far)) {
            Event::Quiet | Event::Ended => {}
            Event::Note(text) => say(&text::clean(&text)),
            Event::Failed(text) => {
                is_damaged = true;
                say(&text::clean(&text));
            }
        }
        app.pass_time(clock::wall_now());
    }
    let mut out = BufWriter::new(std::io::stdout().lock());
    app.print(&mut out)?;
    out.flush()?;
    Ok(match (is_damaged, app.feed.passed()) {
        (true, _) => Outcome::Damaged,
        (false, 0) => Outcome::Nothing,
        (false, _) => Outcome::Done,
    })
}
