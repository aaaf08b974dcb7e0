//! Configuration files of the tools: `/etc/ra.conf`, `$ARGUSHOME/.rarc` or `$HOME/.rarc`, and what `-F` names.
//!
//! A setting stands for an option that the command line does not give. Keys that this program has no use for are known
//! by name, so that a mistyped one can be told.

use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::super::Usage;
use super::options::Common;
use crate::base::{nearest, rc};

/// Keys that are known and have no effect, because the program has no such thing or does not need it.
const WITHOUT_EFFECT: &[&str] = &[
    "RA_ASN_PRINT_FORMAT",
    "RA_AUTH_PASS",
    "RA_CIDR_ADDRESS_FORMAT",
    "RA_CONNECT_TIME",
    "RA_CORRELATE_EVENTS",
    "RA_DATABASE",
    "RA_DEBUG_LEVEL",
    "RA_DELEGATED_IP",
    "RA_ETHERNET_VENDORS",
    "RA_FIELD_QUOTED",
    "RA_FIELD_WIDTH",
    "RA_FILTER_TIMEOUT",
    "RA_FLOW_MODEL",
    "RA_GENERATE_BIN_MAR_RECORDS",
    "RA_HOSTNAME",
    "RA_LOCAL",
    "RA_LOCAL_DIRECTION",
    "RA_MAX_SSF",
    "RA_MIN_SSF",
    "RA_PID_PATH",
    "RA_PORT_DIRECTION",
    "RA_PRINT_DOMAINONLY",
    "RA_PRINT_EVENT_RECORDS",
    "RA_PRINT_HOSTNAMES",
    "RA_PRINT_LOCALONLY",
    "RA_PRINT_MAN_RECORDS",
    "RA_PRINT_RESPONSE_DATA",
    "RA_RELIABLE_CONNECT",
    "RA_SEPARATE_ADDR_FROM_PORT_WITH_PERIOD",
    "RA_SERVICES_SIGNATURES",
    "RA_SET_PID",
    "RA_SORT_ALGORITHMS",
    "RA_SOURCE_PORT",
    "RA_TIME_FORMAT",
    "RA_TIMEOUT_INTERVAL",
    "RA_UPDATE_INTERVAL",
    "RA_USER_AUTH",
    "MYSQL_DB_ENGINE",
];

/// Families of keys without effect.
const FAMILIES: &[&str] = &["RA_DB_", "RA_COLOR_"];

/// Keys that stand for an option.
const KEYS: &[&str] = &[
    "RA_ARGUS_SERVER",
    "RA_CISCONETFLOW_PORT",
    "RA_EXCEPTION_OUTPUT_FILE",
    "RA_FIELD_DELIMITER",
    "RA_FIELD_SPECIFIER",
    "RA_FILTER",
    "RA_INPUT_FILE",
    "RA_NO_OUTPUT",
    "RA_NUMBER",
    "RA_OUTPUT_FILE",
    "RA_PRINT_LABELS",
    "RA_PRINT_NAMES",
    "RA_PRINT_SUMMARY",
    "RA_PRINT_TCPFLAGS",
    "RA_PRINT_TCPSTATES",
    "RA_PRINT_UNIX_TIME",
    "RA_RUN_TIME",
    "RA_TIMERANGE",
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
        let is_idle = WITHOUT_EFFECT.contains(&s.key.as_str()) || FAMILIES.iter().any(|f| s.key.starts_with(f));
        if KEYS.contains(&s.key.as_str()) {
            placed.push(Placed { place: at(s.line), key: s.key, value: s.value });
        } else if !is_idle {
            let near = nearest(&s.key, KEYS.iter().chain(WITHOUT_EFFECT).copied());
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
        Ok(())
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
        let known = "# comment\nRA_COLOR_FOO=1\nRA_PORT_DIRECTION=\"services,wellknown\"\nRA_FILTER=\"tcp\"\n";
        let kept = parse(path, known).expect("fine");
        assert_eq!(kept.iter().map(|s| (s.key.as_str(), s.value.as_str())).collect::<Vec<_>>(), [("RA_FILTER", "tcp")]);
    }

    #[test]
    fn tables_do_not_overlap() {
        assert!(KEYS.is_sorted() && KEYS.iter().all(|k| !WITHOUT_EFFECT.contains(k)));
    }
}
