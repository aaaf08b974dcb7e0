//! Configuration files of the tools: `/etc/ra.conf`, `$ARGUSHOME/.rarc` or `$HOME/.rarc`, and what `-F` names.
//!
//! A setting stands for an option that the command line does not give. Keys that this program has no use for are known
//! by name, so that a mistyped one can be told.

use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::super::Usage;
use super::super::labels::hosts::Part;
use super::super::labels::{countries, networks};
use super::direction::{Direction, Locality, ServerPorts};
use super::options::{Common, services};
use super::settings::{Settings, Shows};
use crate::base::{TimeFormat, nearest, rc};
use crate::pipeline::Labels;
use crate::record::fields::{AsNumbers, PrefixLengths};

/// Keys that are known and have no effect, because the program has no such thing or does not need it, and what there is
/// instead.
const WITHOUT_EFFECT: &[(&str, &str)] = &[
    ("MYSQL_DB_ENGINE", "there are no databases"),
    ("RA_AUTH_PASS", "servers that want a password are not supported"),
    ("RA_CONNECT_TIME", "connections are tried with the patience of the system"),
    ("RA_CORRELATE_EVENTS", "events are not correlated"),
    ("RA_DATABASE", "there are no databases"),
    ("RA_DEBUG_LEVEL", "ARGUS_LOG says what is told"),
    ("RA_ETHERNET_VENDORS", "vendors of Ethernet addresses are not named"),
    ("RA_FILTER_TIMEOUT", "filters have no time limit"),
    ("RA_GENERATE_BIN_MAR_RECORDS", "bins have no management records"),
    ("RA_HOSTNAME", "the machine's name is not shown"),
    ("RA_MAX_SSF", "servers that want a password are not supported"),
    ("RA_MIN_SSF", "servers that want a password are not supported"),
    ("RA_PID_PATH", "readers leave no file of their process id"),
    ("RA_PRINT_ETHERNET_VENDORS", "vendors of Ethernet addresses are not named"),
    ("RA_PRINT_RESPONSE_DATA", "the field resp shows what answered"),
    ("RA_RELIABLE_CONNECT", "lost servers are always connected again"),
    ("RA_SERVICES_SIGNATURES", "services are not told by payload"),
    ("RA_SET_PID", "readers leave no file of their process id"),
    ("RA_SOURCE_PORT", "-S HOST:PORT names the port"),
    ("RA_TIMEOUT_INTERVAL", "ratop has :T"),
    ("RA_UPDATE_INTERVAL", "ratop has :u"),
    ("RA_USER_AUTH", "servers that want a password are not supported"),
];

/// Families of keys without effect.
const FAMILIES: &[&str] = &["RA_DB_", "RA_COLOR_"];

/// Keys that stand for an option, or for what no option says.
const KEYS: &[&str] = &[
    "RA_ARGUS_SERVER",
    "RA_ASN_PRINT_FORMAT",
    "RA_CIDR_ADDRESS_FORMAT",
    "RA_CISCONETFLOW_PORT",
    "RA_DELEGATED_IP",
    "RA_EXCEPTION_OUTPUT_FILE",
    "RA_FIELD_DELIMITER",
    "RA_FIELD_QUOTED",
    "RA_FIELD_SPECIFIER",
    "RA_FIELD_WIDTH",
    "RA_FILTER",
    "RA_FLOW_MODEL",
    "RA_INPUT_FILE",
    "RA_LOCAL",
    "RA_LOCAL_DIRECTION",
    "RA_NO_OUTPUT",
    "RA_NUMBER",
    "RA_OUTPUT_FILE",
    "RA_PORT_DIRECTION",
    "RA_PRINT_DOMAINONLY",
    "RA_PRINT_EVENT_RECORDS",
    "RA_PRINT_HOSTNAMES",
    "RA_PRINT_LABELS",
    "RA_PRINT_LOCALONLY",
    "RA_PRINT_MAN_RECORDS",
    "RA_PRINT_NAMES",
    "RA_PRINT_SUMMARY",
    "RA_PRINT_TCPFLAGS",
    "RA_PRINT_TCPSTATES",
    "RA_PRINT_UNIX_TIME",
    "RA_RUN_TIME",
    "RA_SEPARATE_ADDR_FROM_PORT_WITH_PERIOD",
    "RA_SORT_ALGORITHMS",
    "RA_TIMERANGE",
    "RA_TIME_FORMAT",
    "RA_TZ",
    "RA_USEC_PRECISION",
    "RA_USERDATA_ENCODE",
];

/// Reads the files that apply and fills in what the command line leaves open.
///
/// # Errors
/// The file of `-F` cannot be read, or a file holds a line that is no setting, an unknown key or a bad value.
pub(super) fn apply(args: &mut Common, filter: &mut Option<String>) -> anyhow::Result<()> {
    let mut settings = Vec::new();
    if !args.no_config {
        let home = ["ARGUSHOME", "HOME"].into_iter().filter_map(std::env::var_os).filter(|d| !d.is_empty());
        let own = home.map(|d| PathBuf::from(d).join(".rarc")).find(|p| p.is_file());
        for path in [Some(PathBuf::from("/etc/ra.conf")), own].into_iter().flatten() {
            // What was not asked for may be missing, and must not be in the way.
            if let Ok(text) = text_of(&path) {
                settings.extend(parse(&path, &text)?);
            }
        }
    }
    if let Some(path) = &args.config {
        let text = text_of(path).with_context(|| format!("-F {}", path.display()))?;
        settings.extend(parse(path, &text)?);
    }
    Defaults(settings).fill(args, filter)
}

fn text_of(path: &Path) -> std::io::Result<String> {
    use std::io::Read as _;
    let mut bytes = Vec::new();
    std::fs::File::open(path)?.take(rc::MAX_LEN as u64).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Takes `text` as a configuration; whether it is one.
pub(in crate::cli) fn drive(text: &str) -> bool {
    use clap::{Args as _, FromArgMatches as _};
    let matches = Common::augment_args(clap::Command::new("ra")).try_get_matches_from(["ra"]);
    let args = matches.ok().and_then(|matches| Common::from_arg_matches(&matches).ok());
    let settings = parse(Path::new("rarc"), text);
    args.zip(settings.ok()).is_some_and(|(mut args, settings)| Defaults(settings).fill(&mut args, &mut None).is_ok())
}

/// A setting and where it stands.
struct Placed {
    place: String,
    key: String,
    value: String,
}

fn parse(path: &Path, text: &str) -> Result<Vec<Placed>, Usage> {
    let at = |line: usize| format!("{}:{line}", path.display());
    let settings =
        rc::parse(text).map_err(|e| Usage(format!("{}: expected KEY=value, found {:?}", at(e.line), e.found)))?;
    let mut placed = Vec::new();
    for s in settings {
        if KEYS.contains(&s.key.as_str()) {
            placed.push(Placed { place: at(s.line), key: s.key, value: s.value });
        } else if let Some((key, why)) = WITHOUT_EFFECT.iter().find(|(key, _)| *key == s.key) {
            tracing::debug!("{}: {key} has no effect: {why}", at(s.line));
        } else if FAMILIES.iter().any(|f| s.key.starts_with(f)) {
            tracing::debug!("{}: {} has no effect", at(s.line), s.key);
        } else {
            let near = nearest(&s.key, KEYS.iter().copied().chain(WITHOUT_EFFECT.iter().map(|(key, _)| *key)));
            let hint = near.map(|n| format!("; did you mean {n}?")).unwrap_or_default();
            return Err(Usage(format!("{}: unknown key {}{hint}", at(s.line), s.key)));
        }
    }
    Ok(placed)
}

/// What the files say, the last word for each key; sources and outputs may stand several times.
struct Defaults(Vec<Placed>);

impl Defaults {
    fn last(&self, key: &str) -> Option<&Placed> {
        self.0.iter().rev().find(|s| s.key == key).filter(|s| !s.value.is_empty())
    }

    fn all<'a>(&'a self, key: &'a str) -> impl Iterator<Item = String> + 'a {
        self.0.iter().filter(move |s| s.key == key && !s.value.is_empty()).map(|s| s.value.clone())
    }

    fn is_yes(&self, key: &str) -> Result<bool, Usage> {
        let Some(s) = self.last(key) else { return Ok(false) };
        match s.value.to_ascii_lowercase().as_str() {
            "yes" | "1" | "true" | "on" => Ok(true),
            "no" | "0" | "false" | "off" => Ok(false),
            other => Err(Usage(format!("{}: {key}: expected yes or no, found {other:?}", s.place))),
        }
    }

    fn number<T: std::str::FromStr>(&self, key: &str) -> Result<Option<T>, Usage> {
        let Some(s) = self.last(key) else { return Ok(None) };
        match s.value.parse() {
            Ok(n) => Ok(Some(n)),
            Err(_) => Err(Usage(format!("{}: {key}: expected a number, found {:?}", s.place, s.value))),
        }
    }

    fn text(&self, key: &str) -> Option<String> {
        self.last(key).map(|s| s.value.clone())
    }

    /// Puts everything into the place of the options that are not given.
    fn fill(&self, args: &mut Common, filter: &mut Option<String>) -> anyhow::Result<()> {
        if args.read.is_empty() && args.server.is_empty() && args.below.is_empty() && args.export.is_empty() {
            args.read.extend(self.all("RA_INPUT_FILE").map(Into::into));
            args.server.extend(self.all("RA_ARGUS_SERVER"));
            args.export.extend(self.all("RA_CISCONETFLOW_PORT"));
        }
        if args.write.is_empty() {
            args.write.extend(self.all("RA_OUTPUT_FILE").map(PathBuf::from));
        }
        fill(&mut args.rejects, self.text("RA_EXCEPTION_OUTPUT_FILE").map(PathBuf::from));
        fill(&mut args.time, self.text("RA_TIMERANGE"));
        fill(&mut args.window, self.text("RA_NUMBER"));
        fill(&mut args.run_time, self.number("RA_RUN_TIME")?);
        fill(&mut args.digits, self.number("RA_USEC_PRECISION")?);
        fill(&mut args.labels, self.number("RA_PRINT_LABELS")?);
        fill(filter, self.text("RA_FILTER"));
        if let Some(fields) = self.text("RA_FIELD_SPECIFIER")
            && args.fields.iter().all(|w| w.starts_with(['+', '-']))
        {
            // Fields that are added or removed start from those of the file.
            args.fields.splice(0..0, fields.split([' ', ',']).filter(|w| !w.is_empty()).map(str::to_owned));
        }
        // An empty delimiter means columns, and a quoted NUL is how the classic files say so.
        fill(&mut args.delimiter, self.text("RA_FIELD_DELIMITER").filter(|d| d != "\\0"));
        args.quiet |= self.is_yes("RA_NO_OUTPUT")?;
        args.summary |= self.is_yes("RA_PRINT_SUMMARY")?;
        args.unix_time |= self.is_yes("RA_PRINT_UNIX_TIME")?;
        args.state_letters |= self.is_yes("RA_PRINT_TCPSTATES")?;
        if self.is_yes("RA_PRINT_TCPFLAGS")? {
            fill(&mut args.flag_letters, Some("b".into()));
        }
        self.fill_modes(args)?;
        self.fill_settings(&mut args.settings)?;
        args.settings.direction = self.direction()?;
        if let Some(s) = self.last("RA_DELEGATED_IP") {
            let rules = countries(Path::new(&s.value)).with_context(|| format!("{}: RA_DELEGATED_IP", s.place))?;
            args.settings.countries = Some(Labels::new(None, Some(rules)));
        }
        Ok(())
    }

    /// One of a few words, and what it stands for.
    fn choice<T: Copy>(&self, key: &str, words: &[(&str, T)]) -> Result<Option<T>, Usage> {
        let Some(s) = self.last(key) else { return Ok(None) };
        let found = words.iter().find(|(word, _)| s.value.eq_ignore_ascii_case(word));
        found.map(|(_, value)| Some(*value)).ok_or_else(|| {
            let known: Vec<_> = words.iter().map(|(word, _)| *word).collect();
            Usage(format!("{}: {key}: expected {}, found {:?}", s.place, known.join(" or "), s.value))
        })
    }

    fn fill_settings(&self, settings: &mut Settings) -> Result<(), Usage> {
        if let Some(s) = self.last("RA_TIME_FORMAT") {
            let format = TimeFormat::parse(&s.value);
            settings.time_format = Some(format.map_err(|e| Usage(format!("{}: RA_TIME_FORMAT: {e}", s.place)))?);
        }
        let prefixes =
            [("no", PrefixLengths::Never), ("yes", PrefixLengths::Shorter), ("strict", PrefixLengths::Always)];
        settings.prefixes = self.choice("RA_CIDR_ADDRESS_FORMAT", &prefixes)?.unwrap_or_default();
        let numbers = [("asplain", AsNumbers::Plain), ("asdot", AsNumbers::Dot), ("asdot+", AsNumbers::DotPlus)];
        settings.as_numbers = self.choice("RA_ASN_PRINT_FORMAT", &numbers)?.unwrap_or_default();
        settings.quote = self.choice("RA_FIELD_QUOTED", &[("single", b'\''), ("double", b'"')])?;
        settings.is_variable =
            self.choice("RA_FIELD_WIDTH", &[("fixed", false), ("variable", true)])?.unwrap_or_default();
        let joins = "RA_SEPARATE_ADDR_FROM_PORT_WITH_PERIOD";
        settings.keeps_blank_before_port = self.last(joins).is_some() && !self.is_yes(joins)?;
        settings.shows = Shows {
            management: Some(self.is_yes("RA_PRINT_MAN_RECORDS")?),
            events: Some(self.is_yes("RA_PRINT_EVENT_RECORDS")?),
        };
        settings.names_hosts = self.is_yes("RA_PRINT_HOSTNAMES")?
            || self.last("RA_PRINT_NAMES").is_some_and(|s| s.value.eq_ignore_ascii_case("all"));
        settings.part = match (self.is_yes("RA_PRINT_LOCALONLY")?, self.is_yes("RA_PRINT_DOMAINONLY")?) {
            (true, _) => Part::Local,
            (_, true) => Part::Domain,
            _ => Part::Whole,
        };
        settings.flow_model = self.text("RA_FLOW_MODEL");
        settings.sort_keys = self.text("RA_SORT_ALGORITHMS");
        Ok(())
    }

    /// Which end of a flow is its source where the packets do not tell.
    fn direction(&self) -> anyhow::Result<Option<Direction>> {
        let mut direction = Direction::default();
        if let Some(s) = self.last("RA_PORT_DIRECTION") {
            direction.ports = ServerPorts::parse(&s.value).ok_or_else(|| {
                let known = "services, wellknown and registered, joined by commas";
                Usage(format!("{}: RA_PORT_DIRECTION: expected {known}, found {:?}", s.place, s.value))
            })?;
            direction.services = direction.ports.services.then(services);
        }
        if let (Some(file), Some(s)) = (self.last("RA_LOCAL"), self.last("RA_LOCAL_DIRECTION")) {
            let end = s.value.split_once(':').filter(|(how, _)| matches!(*how, "local" | "suggest" | "force"));
            let is_source = match end.map_or(s.value.as_str(), |(_, end)| end) {
                "src" => true,
                "dst" => false,
                other => {
                    let problem = format!("RA_LOCAL_DIRECTION: expected local:src or local:dst, found {other:?}");
                    return Err(Usage(format!("{}: {problem}", s.place)).into());
                }
            };
            let addresses = networks(Path::new(&file.value)).with_context(|| format!("{}: RA_LOCAL", file.place))?;
            direction.local = Some(Locality { addresses, is_source });
        }
        Ok(Some(direction))
    }

    fn fill_modes(&self, args: &mut Common) -> Result<(), Usage> {
        // Modes of the command line come later and win.
        if let Some(how) = self.text("RA_USERDATA_ENCODE") {
            args.modes.insert(0, format!("printer={}", how.to_ascii_lowercase()));
        }
        if let Some(zone) = self.text("RA_TZ") {
            args.modes.insert(0, format!("TZ={zone}"));
        }
        if let Some(s) = self.last("RA_PRINT_NAMES").filter(|_| args.numeric == 0) {
            args.numeric = match s.value.to_ascii_lowercase().as_str() {
                "none" => 2,
                "proto" => 1,
                "port" | "all" => 0,
                other => {
                    let problem = format!("RA_PRINT_NAMES: expected none, proto, port or all, found {other:?}");
                    return Err(Usage(format!("{}: {problem}", s.place)));
                }
            };
        }
        Ok(())
    }
}

fn fill<T>(option: &mut Option<T>, value: Option<T>) {
    if option.is_none() {
        *option = value;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_keys_and_broken_lines_are_told_with_their_place() {
        let path = Path::new("x.conf");
        for (text, says) in [
            ("\nRA_FILTR=tcp\n", "x.conf:2: unknown key RA_FILTR; did you mean RA_FILTER?"),
            ("RA_FILTER\n", "x.conf:1: expected KEY=value, found \"RA_FILTER\""),
        ] {
            assert_eq!(parse(path, text).err().map(|e| e.0).as_deref(), Some(says));
        }
        let known = "# comment\nRA_COLOR_FOO=1\nRA_SET_PID=no\nRA_FILTER=\"tcp\"\n";
        let kept = parse(path, known).expect("fine");
        assert_eq!(kept.iter().map(|s| (s.key.as_str(), s.value.as_str())).collect::<Vec<_>>(), [("RA_FILTER", "tcp")]);
    }

    #[test]
    fn tables_do_not_overlap() {
        assert!(KEYS.is_sorted() && WITHOUT_EFFECT.is_sorted());
        assert!(KEYS.iter().all(|k| WITHOUT_EFFECT.iter().all(|(idle, _)| idle != k)));
    }
}
