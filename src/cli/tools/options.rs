//! The options that all tools over flow records have, and what they add up to.

use std::io::Write as _;
use std::net::IpAddr;
use std::path::PathBuf;

use anyhow::Context as _;

use super::super::Usage;
use super::super::labels::hosts;
use super::super::secure::SecureArgs;
use super::direction::Direction;
use super::expand::{Expand, RMON_TITLES};
use super::rarc;
use super::settings::{Settings, Shows};
use super::strip::Strip;
use crate::base::{TimeRange, Timestamp, Zone, clock};
use crate::filter::{self, Filter};
use crate::pipeline::Labels;
use crate::record::fields::{self, Columns, HostNames, Look, Names, Printer, Services, Shape, StateStyle, UserData};
use crate::sink::Header;
use crate::source::SourceSpec;

/// Options.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Common {
    /// Read from files, in order; `-` is standard input. Compressed files and packet captures are recognised
    #[arg(short = 'r', long = "read", value_name = "FILE", allow_hyphen_values = true)]
    pub(super) read: Vec<std::ffi::OsString>,
    /// Read every file below directories
    #[arg(short = 'R', value_name = "DIR")]
    pub(super) below: Vec<PathBuf>,
    /// Read from an argus server or relay
    #[arg(short = 'S', value_name = "HOST[:PORT]")]
    pub(super) server: Vec<String>,
    /// Receive NetFlow, IPFIX or sFlow in datagrams
    #[arg(short = 'C', value_name = "[HOST]:PORT")]
    pub(super) export: Vec<String>,
    #[command(flatten)]
    pub(super) secure: SecureArgs,
    /// Leave a server after so many seconds
    #[arg(short = 'T', value_name = "SECONDS")]
    pub(super) run_time: Option<u32>,
    /// Write records to a file instead of printing them, `-` for standard output; appends. A filter for this file may
    /// follow it
    #[arg(short = 'w', long = "write", value_name = "FILE", allow_hyphen_values = true)]
    pub(super) write: Vec<PathBuf>,
    #[arg(long, hide = true, allow_hyphen_values = true)]
    pub(super) write_filter: Vec<String>,
    /// Write the records that the filter rejects to a file
    #[arg(short = 'E', value_name = "FILE")]
    pub(super) rejects: Option<PathBuf>,
    /// Fields to print: names with optional `:width`; `+name` appends, `+3name` inserts, `-name` removes, `all`
    #[arg(short = 's', long = "fields", value_name = "FIELDS", allow_hyphen_values = true)]
    pub(super) fields: Vec<String>,
    /// Delimiter between fields, a single character or `\t`
    #[arg(short = 'c', value_name = "CHAR", allow_hyphen_values = true)]
    pub(super) delimiter: Option<String>,
    /// Repeat the titles every N records; 0 once, -1 never
    #[arg(short = 'L', value_name = "N", allow_hyphen_values = true)]
    pub(super) labels: Option<i64>,
    /// Ports as numbers; -nn protocols too; -nnn hosts by name too, as /etc/hosts knows them
    #[arg(short = 'n', action = clap::ArgAction::Count)]
    pub(super) numeric: u8,
    /// Times as seconds since 1970
    #[arg(short = 'u')]
    pub(super) unix_time: bool,
    /// Digits behind the point
    #[arg(short = 'p', value_name = "DIGITS")]
    pub(super) digits: Option<u8>,
    /// Abbreviate large numbers
    #[arg(short = 'H')]
    pub(super) abbreviate: bool,
    /// Only some records: N, FIRST-LAST or FIRST+N, counted in the input or with `o` in the output
    #[arg(short = 'N', value_name = "[io]RANGE")]
    pub(super) window: Option<String>,
    /// Only records of a time range: 2011/03/18.19:06:07+2s, -10m, 14:00-15:30; x negates, c contained, n spanning
    #[arg(short = 't', value_name = "RANGE", allow_hyphen_values = true)]
    pub(super) time: Option<String>,
    /// Modes: json, csv, xml; rmon, uni; label=TEXT, dsrs=LIST, printer=ascii|obfuscate|hex|encode32|encode64,
    /// TZ=ZONE, man, noman
    #[arg(short = 'M', value_name = "MODE", allow_hyphen_values = true)]
    pub(super) modes: Vec<String>,
    /// Only records whose captured bytes match a regular expression; `s:` or `d:` before it names the side
    #[arg(short = 'e', value_name = "TEXT", allow_hyphen_values = true)]
    pub(super) grep: Option<String>,
    /// TCP states as letters
    #[arg(short = 'z')]
    pub(super) state_letters: bool,
    /// TCP flags as letters: s, d or b for source, destination, both
    #[arg(short = 'Z', value_name = "s|d|b")]
    pub(super) flag_letters: Option<String>,
    /// Print a line of totals at the end
    #[arg(short = 'A')]
    pub(super) summary: bool,
    /// Print no records
    #[arg(short = 'q')]
    pub(super) quiet: bool,
    /// Print the compiled filter and end
    #[arg(short = 'b')]
    pub(super) show_filter: bool,
    /// Do not read /etc/ra.conf and ~/.rarc
    #[arg(short = 'X')]
    pub(super) no_config: bool,
    /// Read settings from a file as well (the form of .rarc); options go before settings
    #[arg(short = 'F', value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    #[arg(short = 'd', hide = true)]
    pub(super) daemon: bool,
    #[arg(short = 'D', hide = true)]
    pub(super) debug: Option<u8>,
    /// What only configuration files say.
    #[arg(skip)]
    pub(super) settings: Settings,
}

impl Common {
    /// Whether a mode of that very name is given.
    pub(in crate::cli) fn has_mode(&self, name: &str) -> bool {
        self.modes.iter().flat_map(|w| w.split_whitespace()).any(|m| m == name)
    }

    /// Whether a file, directory or server is named.
    pub(in crate::cli) fn names_source(&self) -> bool {
        !(self.read.is_empty() && self.below.is_empty() && self.server.is_empty())
    }
}

/// What a tool adds to the common options.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::cli) struct Kit {
    /// Modes of its own: names, before any `=`.
    pub(in crate::cli) modes: &'static [&'static str],
    /// Whether what is no known mode belongs to its own modes (`time 5s`).
    pub(in crate::cli) takes_words: bool,
    /// Names of the fields it prints if `-s` does not say.
    pub(in crate::cli) fields: Option<&'static [&'static str]>,
}

/// A place in the stream of records, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cli) struct Window {
    /// Counted among the records printed rather than among those that pass the filter.
    pub(in crate::cli) is_output: bool,
    pub(in crate::cli) first: u64,
    pub(in crate::cli) last: u64,
}

impl Window {
    /// `N`, `FIRST-LAST`, `FIRST+N`, each with an optional `i` or `o` before it.
    fn parse(text: &str) -> Option<Window> {
        let (is_output, rest) = match text.strip_prefix('o') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('i').unwrap_or(text)),
        };
        let number = |t: &str| t.parse::<u64>().ok().filter(|_| t.bytes().all(|b| b.is_ascii_digit()));
        let (first, last) = if let Some((a, b)) = rest.split_once('-') {
            (number(a)?, number(b)?)
        } else if let Some((a, n)) = rest.split_once('+') {
            (number(a)?, number(a)?.saturating_add(number(n)?))
        } else {
            (1, number(rest)?)
        };
        Some(Window { is_output, first, last })
    }
}

/// An expression looked for in captured bytes or labels.
#[derive(Clone, Debug)]
pub(super) struct Pattern {
    expression: regex::bytes::Regex,
    pub(super) src: bool,
    pub(super) dst: bool,
}

/// Memory that a compiled expression may take.
const MAX_EXPRESSION: usize = 4 << 20;

impl Pattern {
    fn parse(option: &str, text: &str) -> Result<Pattern, Usage> {
        let (side, text) = match (text.strip_prefix("s:"), text.strip_prefix("d:")) {
            (Some(rest), _) => (Some(true), rest),
            (_, Some(rest)) => (Some(false), rest),
            _ => (None, text),
        };
        let expression = regex::bytes::RegexBuilder::new(text)
            .unicode(false)
            .dot_matches_new_line(true)
            .size_limit(MAX_EXPRESSION)
            .build()
            .map_err(|e| {
                let cause = e.to_string();
                let last = cause.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
                Usage(format!("{option} {text:?}: no regular expression: {last}"))
            })?;
        Ok(Pattern { expression, src: side != Some(false), dst: side != Some(true) })
    }

    /// Whether the bytes hold it.
    pub(super) fn is_in(&self, bytes: &[u8]) -> bool {
        self.expression.is_match(bytes)
    }
}

/// A source, and which part of it is read.
#[derive(Debug)]
pub(in crate::cli) struct Input {
    pub(in crate::cli) spec: SourceSpec,
    /// Offset of the first record wanted.
    pub(in crate::cli) start: u64,
    /// Offset behind the last record wanted.
    pub(in crate::cli) stop: u64,
}

impl Input {
    fn whole(spec: SourceSpec) -> Input {
        Input { spec, start: 0, stop: u64::MAX }
    }
}

/// A file to write to.
#[derive(Debug)]
pub(in crate::cli) struct Target {
    pub(in crate::cli) path: PathBuf,
    pub(super) filter: Filter,
}

/// Everything the options say.
#[derive(Debug)]
pub(in crate::cli) struct Plan {
    pub(in crate::cli) sources: Vec<Input>,
    pub(in crate::cli) run_time: Option<u32>,
    pub(in crate::cli) filter: Filter,
    /// The filter as it was written, for servers, which know the words of the classic language only.
    pub(in crate::cli) server_filter: String,
    pub(super) show_filter: bool,
    pub(in crate::cli) window: Option<Window>,
    pub(in crate::cli) time: Option<TimeRange>,
    pub(super) label: Option<Pattern>,
    pub(in crate::cli) strip: Option<Strip>,
    pub(in crate::cli) expand: Option<Expand>,
    pub(super) grep: Option<Pattern>,
    pub(in crate::cli) targets: Vec<Target>,
    pub(super) rejects: Option<PathBuf>,
    pub(in crate::cli) prints: bool,
    pub(in crate::cli) shows: Shows,
    pub(super) direction: Direction,
    /// Writes countries into records (RA_DELEGATED_IP).
    pub(super) countries: Option<Labels>,
    /// What `racluster` merges by if its options do not say (RA_FLOW_MODEL).
    pub(in crate::cli) flow_model: Option<String>,
    /// What is sorted by if the options do not say (RA_SORT_ALGORITHMS).
    sort_keys: Option<String>,
    pub(in crate::cli) printer: Option<Printer>,
    pub(super) header: Header,
    pub(super) summary: bool,
    pub(in crate::cli) now: Timestamp,
    /// Zone of the times of day.
    pub(in crate::cli) zone: Zone,
    /// Layout of the output.
    pub(in crate::cli) shape: Shape,
    /// The tool's own modes, in order.
    pub(in crate::cli) modes: Vec<String>,
}

impl Plan {
    /// Checks the options and works out what is to be done.
    pub(in crate::cli) fn new(mut args: Common, mut filter: Option<String>, kit: &Kit) -> anyhow::Result<Plan> {
        refuse(&args)?;
        rarc::apply(&mut args, &mut filter)?;
        let now = clock::wall_now();
        let modes = Modes::parse(&args.modes, kit)?;
        let services = services();
        let resolve = |name: &str| look_up(name);
        let names = filter::Names { services: &services, resolve: Some(&resolve) };
        let filter_text = filter.unwrap_or_default();
        let compiled = Filter::parse_with(&filter_text, &names)?;
        let mut targets = Vec::new();
        for (i, path) in args.write.iter().enumerate() {
            let text = args.write_filter.get(i).map_or("", String::as_str);
            let filter = Filter::parse_with(text, &names).with_context(|| format!("-w {}", path.display()))?;
            targets.push(Target { path: path.clone(), filter });
        }
        let zone = modes.zone.clone().unwrap_or_else(Zone::local);
        let time = match &args.time {
            Some(text) => Some(TimeRange::parse(text, now, &zone)?),
            None => None,
        };
        let sources = sources(&args)?;
        let window = match &args.window {
            Some(t) => Some(Window::parse(t).ok_or_else(|| {
                Usage(format!("-N {t:?}: expected a number, FIRST-LAST or FIRST+N, with an optional i or o before it"))
            })?),
            None => None,
        };
        let grep = args.grep.as_deref().map(|t| Pattern::parse("-e", t)).transpose()?;
        let columns = columns(&args.fields, kit)?;
        let shape = shape(&args, &modes)?;
        let look = look(&args, &modes, zone.clone(), services)?;
        let mut printer = Printer::new(columns, look, shape);
        if modes.expand == Some(Expand::Hosts) {
            printer.set_titles(RMON_TITLES);
        }
        Ok(Plan {
            sources,
            run_time: args.run_time,
            filter: compiled,
            server_filter: filter_text.trim_start().trim_start_matches("remote ").to_owned(),
            show_filter: args.show_filter,
            window,
            time,
            label: modes.label,
            strip: modes.strip,
            expand: modes.expand,
            grep,
            shows: modes.shows.over(args.settings.shows),
            direction: args.settings.direction.take().unwrap_or_default(),
            countries: args.settings.countries.take(),
            flow_model: args.settings.flow_model.take(),
            sort_keys: args.settings.sort_keys.take(),
            prints: !args.quiet && targets.is_empty(),
            targets,
            rejects: args.rejects,
            printer: Some(printer),
            header: match args.labels {
                None | Some(0) => Header::Once,
                Some(n) => u64::try_from(n).map_or(Header::Never, Header::Every),
            },
            summary: args.summary,
            now,
            modes: modes.own,
            zone,
            shape,
        })
    }

    /// What is sorted by: what the options say, or the configuration, or the start.
    pub(in crate::cli) fn sort_keys(&self, given: &[String]) -> Vec<String> {
        if !given.is_empty() {
            return given.to_vec();
        }
        let keys = self.sort_keys.as_deref().unwrap_or("stime");
        keys.split([' ', ',']).filter(|w| !w.is_empty()).map(str::to_owned).collect()
    }

    /// The inputs, for a tool that reads them itself.
    pub(in crate::cli) fn take_sources(&mut self) -> Vec<SourceSpec> {
        std::mem::take(&mut self.sources).into_iter().map(|input| input.spec).collect()
    }

    /// Prints the compiled filter, if that is what is wanted.
    pub(in crate::cli) fn shows_filter(&self) -> std::io::Result<bool> {
        if self.show_filter {
            writeln!(std::io::stdout().lock(), "{}", self.filter)?;
        }
        Ok(self.show_filter)
    }
}

/// Options that classic command lines may hold and this program cannot carry out.
fn refuse(args: &Common) -> Result<(), Usage> {
    let refused = [("-d", args.daemon, "it does not run in the background")];
    match refused.into_iter().find(|(_, given, _)| *given) {
        Some((option, _, why)) => Err(Usage(format!("option {option} is not supported: {why}"))),
        None => Ok(()),
    }
}

/// The columns that the options ask for.
///
/// # Errors
/// A field is unknown.
pub(in crate::cli) fn columns_of(args: &Common, kit: &Kit) -> Result<Columns, fields::ColumnError> {
    columns(&args.fields, kit)
}

fn columns(words: &[String], kit: &Kit) -> Result<Columns, fields::ColumnError> {
    let mut columns = if kit.fields == Some(&[]) && words.is_empty() { Columns::none() } else { Columns::default() };
    if let (Some(own), true) = (kit.fields, words.iter().all(|w| w.starts_with(['+', '-']))) {
        own.iter().try_for_each(|w| columns.apply(w))?;
    }
    words.iter().try_for_each(|w| columns.apply(w))?;
    Ok(columns)
}

fn shape(args: &Common, modes: &Modes) -> Result<Shape, Usage> {
    if let Some(shape) = modes.shape {
        return Ok(shape);
    }
    match args.delimiter.as_deref() {
        None if args.settings.is_variable => Ok(Shape::Variable),
        None => Ok(Shape::Columns),
        Some("\\t") => Ok(Shape::Delimited(b'\t')),
        Some(c) => match c.as_bytes() {
            [byte] => Ok(Shape::Delimited(*byte)),
            _ => Err(Usage(format!("-c {c:?}: the delimiter must be one character, or \\t for a tab"))),
        },
    }
}

fn look(args: &Common, modes: &Modes, zone: Zone, services: Services) -> Result<Look, Usage> {
    let mut look = Look::new(zone, services);
    look.digits = args.digits.unwrap_or(6);
    if look.digits > fields::number::MAX_DIGITS {
        return Err(Usage(format!("-p {}: at most {} digits", look.digits, fields::number::MAX_DIGITS)));
    }
    look.unix_time = args.unix_time;
    look.abbreviate = args.abbreviate;
    look.user_data = modes.user_data;
    let settings = &args.settings;
    look.time_format = settings.time_format.clone();
    look.prefixes = settings.prefixes;
    look.as_numbers = settings.as_numbers;
    look.joins_port = !settings.keeps_blank_before_port;
    look.quote = settings.quote;
    if args.numeric % 4 == 3 || (args.numeric == 0 && settings.names_hosts) {
        look.hosts = Some(HostNames(hosts::names_of(settings.part)));
    }
    look.names = match args.numeric % 4 {
        1 => Names::Protocols,
        2 => Names::None,
        _ => Names::All,
    };
    look.state = match args.flag_letters.as_deref() {
        Some("s") => StateStyle::SrcFlags,
        Some("d") => StateStyle::DstFlags,
        Some("b") => StateStyle::BothFlags,
        Some(other) => return Err(Usage(format!("-Z {other:?}: expected s, d or b"))),
        None if args.state_letters => StateStyle::Letters,
        None => StateStyle::Word,
    };
    Ok(look)
}

/// What `-M` asks for.
#[derive(Debug, Default)]
struct Modes {
    shape: Option<Shape>,
    label: Option<Pattern>,
    strip: Option<Strip>,
    user_data: UserData,
    zone: Option<Zone>,
    expand: Option<Expand>,
    shows: Shows,
    own: Vec<String>,
}

impl Modes {
    fn parse(words: &[String], kit: &Kit) -> Result<Modes, Usage> {
        let mut modes = Modes::default();
        for word in words.iter().flat_map(|w| w.split_whitespace()) {
            let (name, value) = word.split_once('=').unwrap_or((word, ""));
            let value = value.trim_matches(['"', '\'']);
            match name {
                "json" => modes.shape = Some(Shape::Json),
                "csv" => modes.shape = Some(Shape::Csv),
                "xml" => modes.shape = Some(Shape::Xml),
                "rmon" if !kit.modes.contains(&"rmon") => modes.expand = Some(Expand::Hosts),
                "uni" => modes.expand = Some(Expand::Directions),
                "label" => modes.label = Some(Pattern::parse("-M label=", value)?),
                "dsrs" => modes.strip = Some(Strip::parse(value).map_err(Usage)?),
                "TZ" => {
                    let zone = Zone::named(value);
                    modes.zone = Some(zone.ok_or_else(|| Usage(format!("-M TZ={value:?}: no such time zone")))?);
                }
                "printer" => {
                    modes.user_data = match value {
                        "ascii" => UserData::Ascii,
                        "obfuscate" => UserData::Obfuscated,
                        "hex" => UserData::Hex,
                        "encode32" => UserData::Digits,
                        "encode64" => UserData::Base64,
                        _ => {
                            return Err(Usage(format!(
                                "-M printer={value}: expected ascii, obfuscate, hex, encode32 or encode64"
                            )));
                        }
                    }
                }
                _ if kit.modes.contains(&name.split(':').next().unwrap_or(name)) => modes.own.push(word.into()),
                "man" => modes.shows.management = Some(true),
                "noman" => modes.shows.management = Some(false),
                "event" => modes.shows.events = Some(true),
                _ if kit.takes_words => modes.own.push(word.into()),
                _ => {
                    return Err(Usage(format!(
                        "mode '{name}' is not supported; supported are json, csv, xml, rmon, uni, label=, dsrs=, printer=, TZ={}",
                        kit.modes.iter().map(|m| format!(", {m}")).collect::<String>()
                    )));
                }
            }
        }
        Ok(modes)
    }
}

/// Calls with the names that filters are compiled with.
pub(in crate::cli) fn with_names<T>(call: impl FnOnce(&filter::Names<'_>) -> T) -> T {
    let services = services();
    call(&filter::Names { services: &services, resolve: Some(&look_up) })
}

/// Port names of the machine, else those built in.
pub(super) fn services() -> Services {
    match std::fs::read("/etc/services") {
        Ok(bytes) if bytes.len() < 4 << 20 => Services::parse(&String::from_utf8_lossy(&bytes)),
        _ => Services::builtin(),
    }
}

/// Addresses of a host name, as the system's resolver answers.
fn look_up(name: &str) -> Vec<IpAddr> {
    use std::net::ToSocketAddrs as _;
    let mut found: Vec<IpAddr> = (name, 0).to_socket_addrs().map(|a| a.map(|a| a.ip()).collect()).unwrap_or_default();
    found.sort_unstable();
    found.dedup();
    found
}

/// One word of `-r`: a file, or a part of it as `FILE::START:STOP`.
fn input(word: &std::ffi::OsStr) -> Result<Input, Usage> {
    let part = word.to_str().filter(|w| !std::path::Path::new(w).exists()).and_then(|w| w.rsplit_once("::"));
    let Some((file, part)) = part else { return Ok(Input::whole(SourceSpec::from_file(word))) };
    let number = |t: &str| t.parse::<u64>().ok();
    let (start, stop) = part.split_once(':').map_or((part, None), |(a, b)| (a, Some(b)));
    match (number(start), stop.map(number)) {
        (Some(start), None) => Ok(Input { spec: SourceSpec::from_file(file.as_ref()), start, stop: u64::MAX }),
        (Some(start), Some(Some(stop))) => Ok(Input { spec: SourceSpec::from_file(file.as_ref()), start, stop }),
        _ => Err(Usage(format!("-r {word:?}: expected byte offsets as FILE::START:STOP"))),
    }
}

/// Files and directories as `-r` and `-R` name them.
///
/// # Errors
/// A byte range is none, or a directory cannot be read.
pub(in crate::cli) fn files_of(files: &[&str], dirs: &[&str]) -> anyhow::Result<Vec<Input>> {
    let mut out = files.iter().map(|word| input(word.as_ref())).collect::<Result<Vec<_>, _>>()?;
    for dir in dirs {
        files_below(dir.as_ref(), &mut out, 0).with_context(|| format!("-R {dir}"))?;
    }
    Ok(out)
}

/// Servers as `-S` names them.
///
/// # Errors
/// One is no server.
pub(in crate::cli) fn servers_of(words: &[&str]) -> Result<Vec<Input>, Usage> {
    let server = |word: &&str| SourceSpec::from_remote(word).map(Input::whole);
    words.iter().map(server).collect::<Result<_, _>>().map_err(|problem| Usage(format!("-S {problem}")))
}

/// Files, then servers; standard input when neither is named.
fn sources(args: &Common) -> anyhow::Result<Vec<Input>> {
    let mut out = Vec::new();
    for word in &args.read {
        out.push(input(word)?);
    }
    for dir in &args.below {
        files_below(dir, &mut out, 0).with_context(|| format!("-R {}", dir.display()))?;
    }
    for host in &args.server {
        let spec = SourceSpec::from_remote(host).map_err(|problem| Usage(format!("-S {problem}")))?;
        out.push(Input::whole(args.secure.equip(spec)));
    }
    for place in &args.export {
        let spec = SourceSpec::from_export(place, EXPORT_PORT).map_err(|problem| Usage(format!("-C {problem}")))?;
        out.push(Input::whole(spec));
    }
    if out.is_empty() && args.below.is_empty() {
        out.push(Input::whole(SourceSpec::Stdin));
    }
    Ok(out)
}

/// Port of NetFlow where none is named.
const EXPORT_PORT: u16 = 9995;
/// Deepest nesting of directories followed.
const MAX_DEPTH: usize = 32;

/// Every file below a directory, sorted by name; links to directories are not followed.
fn files_below(dir: &std::path::Path, out: &mut Vec<Input>, depth: usize) -> std::io::Result<()> {
    let mut entries = std::fs::read_dir(dir)?.collect::<Result<Vec<_>, _>>()?;
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let kind = entry.file_type()?;
        if kind.is_dir() && depth < MAX_DEPTH {
            files_below(&entry.path(), out, depth + 1)?;
        } else if !kind.is_dir() {
            out.push(Input::whole(SourceSpec::File(entry.path())));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_in_every_form() {
        for (text, expected) in [
            ("5", Some((false, 1, 5))),
            ("o3-6", Some((true, 3, 6))),
            ("i7+4", Some((false, 7, 11))),
            ("x", None),
            ("-3", None),
            ("", None),
        ] {
            assert_eq!(Window::parse(text).map(|w| (w.is_output, w.first, w.last)), expected, "{text}");
        }
    }

    #[test]
    fn patterns_are_expressions_of_a_bounded_size() {
        let found = |pattern: &str, text: &str| Pattern::parse("-e", pattern).unwrap().is_in(text.as_bytes());
        assert!(found("^EHLO", "EHLO x") && !found("^HLO", "EHLO x") && found("HLO", "EHLO x"));
        assert!(found("x$", "EHLO x") && !found("EHLO$", "EHLO x") && found("E.LO", "EHLO"));
        assert!(found("^(HELO|EHLO) [a-z]+$", "EHLO x") && found("\\x00", "a\0b"));
        for wrong in ["(", "(((a{900}){900}){900})"] {
            let text = Pattern::parse("-e", wrong).unwrap_err().0;
            assert!(text.starts_with("-e ") && text.lines().count() == 1, "{text}");
        }
        assert!(!Pattern::parse("-e", "s:x").unwrap().dst);
    }
}
