//! The command line: which subcommand, which options, what exit status.
//!
//! One binary holds every tool. Called through a link with a classic name (`ra`, `argus`), it is that tool; called
//! without a subcommand it is the globe. A lone `-` (or `--`) that is not the value of an option starts the filter,
//! which runs to the end of the line.
//!
//! Exit status: 0 done, 1 failed, 2 wrong use, 3 done but the input was damaged. A closed pipe on standard output ends
//! quietly with 0.

mod argus;
mod drive;
#[cfg(feature = "globe")]
mod globe;
mod input;
mod labels;
mod pages;
mod ra;
mod rabins;
mod racluster;
mod raconvert;
mod racount;
mod radium;
mod rahisto;
mod ranonymize;
mod ralabel;
mod rasort;
mod rasplit;
mod rastream;
mod rastrip;
mod ratop;
mod secure;
mod service;
mod snapshot;
mod tools;

use std::ffi::{OsStr, OsString};
use std::io::Write as _;
use std::process::ExitCode;

use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

pub use drive::Conf;

/// How a command ended that did not fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Everything asked for was done.
    Done,
    /// Done, but some input was damaged; the damage has been reported.
    Damaged,
    /// Done, but no record passed the filter, or an input was none that is read; the classic status 1.
    Nothing,
    /// Done, but an input is missing; this has been reported. The classic status 2.
    Incomplete,
}

/// A command line that cannot be carried out as written (exit status 2).
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Usage(pub(crate) String);

/// Network flows on an interactive globe, and the flow tools around it.
#[derive(Debug, Parser)]
#[command(name = "argus-globe", version, about, infer_subcommands = false)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

/// One row per subcommand; help and dispatch derive from it.
#[derive(Debug, Subcommand)]
enum Command {
    /// Show traffic on the globe (the default).
    #[cfg(feature = "globe")]
    Globe(Box<globe::Args>),
    /// Read flow records: print them or copy them (classic `ra`).
    #[command(visible_alias = "read")]
    Ra(Box<ra::Args>),
    /// Merge flow records that share keys.
    Racluster(Box<racluster::Args>),
    /// Merge flow records that share keys, one stretch of time after the other.
    Rabins(Box<rabins::Args>),
    /// Write flow records to many files: by time, by number, by what they say.
    Rasplit(Box<rasplit::Args>),
    /// Write a stream of flow records to many files, and run a program on each that is complete.
    Rastream(Box<rastream::Args>),
    /// Sort flow records by fields.
    Rasort(Box<rasort::Args>),
    /// Turn text that the tools print (delimited or JSON) back into flow records.
    Raconvert(Box<raconvert::Args>),
    /// Count flow records, packets and bytes.
    Racount(Box<racount::Args>),
    /// Count how often a value falls into each of a row of classes.
    Rahisto(Box<rahisto::Args>),
    /// Write labels into flow records: names, countries, places, labels by filters.
    Ralabel(Box<ralabel::Args>),
    /// Take parts out of flow records.
    Rastrip(Box<rastrip::Args>),
    /// Replace addresses, ports, times and numbers in flow records, so that they may be shared.
    Ranonymize(Box<ranonymize::Args>),
    /// Watch flows: a live, sorted table of merged flow records (classic `ratop`).
    #[command(visible_alias = "top")]
    Ratop(Box<ratop::Args>),
    /// Turn packets into flow records (classic sensor `argus`).
    #[command(visible_alias = "sensor")]
    Argus(Box<argus::Args>),
    /// Collect flow records from many sources and serve them as one stream (classic `radium`).
    #[command(visible_alias = "relay")]
    Radium(Box<radium::Args>),
    /// Print what the screens would read at one moment.
    Snapshot(Box<snapshot::Args>),
    /// Print manual pages, or write them into a folder.
    Manual(pages::ManualArgs),
    /// Print the script by which a shell completes options.
    Completions(pages::CompletionArgs),
}

/// Classic program names that select a subcommand when the program is called through a link.
const CLASSIC: &[(&str, &str)] = &[
    ("ra", "ra"),
    ("argus", "argus"),
    ("racluster", "racluster"),
    ("rasort", "rasort"),
    ("raconvert", "raconvert"),
    ("racount", "racount"),
    ("rahisto", "rahisto"),
    ("ralabel", "ralabel"),
    ("rastrip", "rastrip"),
    ("ranonymize", "ranonymize"),
    ("rabins", "rabins"),
    ("rasplit", "rasplit"),
    ("rastream", "rastream"),
    ("ratop", "ratop"),
    ("radium", "radium"),
];

/// Said by a build without the globe when the globe is asked for.
const NO_GLOBE: &str = "this program was built without the globe; name a tool (`argus-globe --help` lists them) or \
                        build with the default features";

/// Options whose next word may be a lone `-`, meaning standard input or output.
const DASH_TAKERS: &[&str] = &["-r", "-w", "--read", "--write"];

/// Runs the program on the process's arguments.
#[must_use]
pub fn main() -> ExitCode {
    match run(std::env::args_os().collect()) {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        Ok(Outcome::Damaged) => ExitCode::from(3),
        Ok(Outcome::Nothing) => ExitCode::FAILURE,
        Ok(Outcome::Incomplete) => ExitCode::from(2),
        Err(error) => report(&error),
    }
}

fn run(argv: Vec<OsString>) -> anyhow::Result<Outcome> {
    init_logging();
    let (cli, filter) = parse(argv)?;
    match cli.command {
        #[cfg(feature = "globe")]
        Command::Globe(args) => globe::run(*args, filter),
        Command::Ra(args) => ra::run(*args, filter),
        Command::Racluster(args) => racluster::run(*args, filter),
        Command::Rabins(args) => rabins::run(*args, filter),
        Command::Rasplit(args) => rasplit::run(*args, filter),
        Command::Rastream(args) => rastream::run(*args, filter),
        Command::Rasort(args) => rasort::run(*args, filter),
        Command::Raconvert(args) => raconvert::run(*args, filter),
        Command::Racount(args) => racount::run(*args, filter),
        Command::Rahisto(args) => rahisto::run(*args, filter),
        Command::Ralabel(args) => ralabel::run(*args, filter),
        Command::Rastrip(args) => rastrip::run(*args, filter),
        Command::Ranonymize(args) => ranonymize::run(*args, filter),
        Command::Ratop(args) => ratop::run(*args, filter),
        Command::Argus(args) => argus::run(*args, filter),
        Command::Radium(args) => radium::run(*args, filter),
        Command::Manual(args) => pages::manual(&args, &Cli::command()),
        Command::Completions(args) => pages::completions(&args, &Cli::command()),
        Command::Snapshot(args) => snapshot::run(&args, filter.as_deref()),
    }
}

/// What a command line asks for, and the filter behind it.
fn parse(argv: Vec<OsString>) -> anyhow::Result<(Cli, Option<String>)> {
    let (mut words, filter) = split_filter(&with_subcommand(argv));
    tools::separate(&mut words);
    if cfg!(not(feature = "globe")) && words.get(1).is_some_and(|w| w == "globe") {
        return Err(Usage(NO_GLOBE.into()).into());
    }
    let matches = Cli::command().try_get_matches_from(&words)?;
    #[cfg(feature = "globe")]
    let matches = match globe::layered(&Cli::command(), &words, &matches)? {
        None => matches,
        Some(words) => Cli::command()
            .try_get_matches_from(words)
            .map_err(|e| Usage(format!("with the configuration file: {}", e.to_string().trim_end())))?,
    };
    Ok((Cli::from_arg_matches(&matches)?, filter))
}

/// Warnings of our own; the graphics libraries complain about much that does not matter (missing GL drivers, software
/// rendering), and what does matter comes back as an error.
const DEFAULT_LOG: &str =
    "warn,winit=error,wgpu_hal=off,wgpu_core=error,bevy_render=error,bevy_egui=error,bevy_winit=error";

fn init_logging() {
    let filter = tracing_subscriber::EnvFilter::try_from_env("ARGUS_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new(DEFAULT_LOG));
    // A second call (in tests) finds a subscriber in place; that one stays.
    let _ = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).try_init();
}

/// Puts the subcommand in its place: from the program's own name, or the globe when none is given.
fn with_subcommand(mut argv: Vec<OsString>) -> Vec<OsString> {
    let called = argv.first().map(std::path::Path::new).and_then(std::path::Path::file_name).and_then(OsStr::to_str);
    if let Some((_, name)) = CLASSIC.iter().find(|(classic, _)| Some(*classic) == called) {
        argv.insert(1, (*name).into());
        return argv;
    }
    let first = argv.get(1).and_then(|w| w.to_str()).unwrap_or("");
    let known = matches!(first, "-h" | "--help" | "-V" | "--version" | "help")
        || Cli::command().get_subcommands().any(|c| c.get_name() == first || c.get_all_aliases().any(|a| a == first));
    if !known && (first.is_empty() || first.starts_with('-')) {
        let at = argv.len().min(1);
        argv.insert(at, "globe".into());
    }
    argv
}

/// Cuts the filter off: all words behind the first lone dash (hyphens or a typographic dash) that is no option's value.
fn split_filter(argv: &[OsString]) -> (Vec<OsString>, Option<String>) {
    for (i, word) in argv.iter().enumerate() {
        let dash = matches!(word.to_str(), Some("-" | "--" | "\u{2013}" | "\u{2014}"));
        // Bundled short options (`-nr -`) end in the option that takes the value.
        let taken = argv.get(i.wrapping_sub(1)).and_then(|p| p.to_str()).is_some_and(|p| {
            DASH_TAKERS.contains(&p)
                || (p.len() > 2 && p.starts_with('-') && !p.starts_with("--") && p.ends_with(['r', 'w']))
        });
        if dash && !taken {
            let words: Vec<_> = argv[i + 1..].iter().map(|w| w.to_string_lossy()).collect();
            return (argv[..i].to_vec(), (!words.is_empty()).then(|| words.join(" ")));
        }
    }
    (argv.to_vec(), None)
}

/// Prints the error and chooses the exit status.
fn report(error: &anyhow::Error) -> ExitCode {
    if let Some(clap) = error.downcast_ref::<clap::Error>() {
        // Help and version are errors to clap; they go to standard output and end with 0.
        let _ = clap.print();
        return if clap.use_stderr() { ExitCode::from(2) } else { ExitCode::SUCCESS };
    }
    let closed = |e: &(dyn std::error::Error + 'static)| {
        e.downcast_ref::<std::io::Error>().is_some_and(|e| e.kind() == std::io::ErrorKind::BrokenPipe)
    };
    if error.chain().any(closed) {
        return ExitCode::SUCCESS;
    }
    let _ = writeln!(std::io::stderr(), "argus-globe: {}", in_one_line(error));
    if error.is::<Usage>() { ExitCode::from(2) } else { ExitCode::FAILURE }
}

/// The error and its causes; a cause that the sentence before it holds already is not repeated.
fn in_one_line(error: &anyhow::Error) -> String {
    let mut line = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if line.is_empty() {
            line = cause;
        } else if !line.contains(&cause) {
            line = format!("{line}: {cause}");
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_is_said_once() {
        let io = || std::io::Error::new(std::io::ErrorKind::NotFound, "gone");
        let source = crate::source::SourceError::Io { name: "x".into(), source: io() };
        assert_eq!(in_one_line(&source.into()), "\"x\": gone; check the name and the folder");
        assert_eq!(in_one_line(&anyhow::Error::from(io()).context("reading x")), "reading x: gone");
    }

    fn words(line: &str) -> Vec<OsString> {
        line.split(' ').map(OsString::from).collect()
    }

    #[test]
    fn the_globe_is_the_default_and_classic_names_select_their_tool() {
        assert_eq!(with_subcommand(words("argus-globe -r x.pcap")), words("argus-globe globe -r x.pcap"));
        assert_eq!(with_subcommand(words("/usr/bin/ra -r x")), words("/usr/bin/ra ra -r x"));
        assert_eq!(with_subcommand(words("argus-globe read -r x")), words("argus-globe read -r x"));
        assert_eq!(with_subcommand(words("argus-globe --help")), words("argus-globe --help"));
    }

    #[test]
    fn a_lone_dash_starts_the_filter_unless_it_is_a_value() {
        assert_eq!(
            split_filter(&words("ra -r - - tcp and port 80")),
            (words("ra -r -"), Some("tcp and port 80".into()))
        );
        assert_eq!(split_filter(&words("ra -nr - -n")), (words("ra -nr - -n"), None));
        assert_eq!(split_filter(&words("ra -r f \u{2013} udp")), (words("ra -r f"), Some("udp".into())));
    }

    /// Sections of docs/cli.md by their titles.
    fn sections(text: &str) -> std::collections::BTreeMap<&str, &str> {
        text.split("\n## ").skip(1).filter_map(|s| s.split_once('\n')).map(|(name, body)| (name, body.trim())).collect()
    }

    #[test]
    fn the_reference_of_options_is_fresh() {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/cli.md");
        let old = std::fs::read_to_string(&path).unwrap_or_default();
        let fresh = pages::reference(&Cli::command());
        if std::env::var_os("UPDATE_DOCS").is_some() {
            let mut all = sections(&old);
            all.extend(fresh.iter().map(|(name, body)| (name.as_str(), body.as_str())));
            let mut text = String::from(
                "# Subcommands and options\n\nGenerated from the table of subcommands; do not edit. A filter follows a \
                 lone `-`. Called through a link with a tool's name, the program is that tool.\n",
            );
            for (name, body) in all {
                text += &format!("\n## {name}\n\n{}\n", body.trim());
            }
            std::fs::write(&path, text).expect("written");
            return;
        }
        let old = sections(&old);
        for (name, body) in &fresh {
            let found = old.get(name.as_str()).copied().unwrap_or_default();
            assert_eq!(found, body.trim(), "docs/cli.md is stale: run the tests once with UPDATE_DOCS=1");
        }
        assert_eq!(old.len(), fresh.len(), "docs/cli.md has other sections");
    }

    #[test]
    fn every_classic_name_is_linked_by_the_installation() {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("Makefile");
        let makefile = std::fs::read_to_string(path).expect("readable");
        let links = makefile.lines().find_map(|l| l.strip_prefix("LINKS := ")).expect("a list of links");
        let (mut linked, mut known): (Vec<_>, Vec<_>) =
            (links.split_whitespace().collect(), CLASSIC.iter().map(|(name, _)| *name).collect());
        linked.sort_unstable();
        known.sort_unstable();
        assert_eq!(linked, known);
    }

    #[test]
    fn pages_and_completions_exist_for_every_subcommand() {
        let folder = std::env::temp_dir().join(format!("argus-globe-pages-{}", std::process::id()));
        let program = Cli::command();
        let args = Cli::try_parse_from(["argus-globe", "manual", "--dir", folder.to_str().expect("a plain path")]);
        let Command::Manual(args) = args.expect("valid").command else { panic!("another command") };
        pages::manual(&args, &program).expect("written");
        let text = std::fs::read_to_string(folder.join("argus-globe-ra.1")).expect("a page");
        assert!(text.contains(".SH OPTIONS") && text.contains("\\-r"), "{text}");
        let pages = std::fs::read_dir(&folder).expect("a folder").count();
        assert_eq!(pages, pages::reference(&program).len() + 1 + usize::from(cfg!(feature = "globe")));
        let _ = std::fs::remove_dir_all(folder);
    }

    #[test]
    fn the_option_tables_are_consistent() {
        Cli::command().debug_assert();
    }
}
