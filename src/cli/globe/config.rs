//! The configuration file: values for options of the globe that the command line does not give.
//!
//! The keys are the options' long names. The table of options is the only list of them: the printed file, the check of
//! keys and the values all derive from it. A file becomes words of a command line, so that it is read by the same
//! rules and refused with the same sentences.

use std::ffi::{OsStr, OsString};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::builder::ArgAction;
use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Command};
use toml::de::{DeTable, DeValue};

use crate::base::nearest::nearest;
use crate::cli::Usage;
use crate::globe::{Origin, Origins};

/// Where the values of the options came from: those that the words of a command line do not give come from the file.
pub(super) fn origins(argv: Vec<OsString>) -> Origins {
    use clap::CommandFactory as _;

    let mut origins = Origins::default();
    let (mut words, _) = crate::cli::split_filter(&crate::cli::with_subcommand(argv));
    crate::cli::tools::separate(&mut words);
    let cli = crate::cli::Cli::command();
    let Ok(matches) = cli.clone().try_get_matches_from(&words) else { return origins };
    let Some(("globe", given)) = matches.subcommand() else { return origins };
    let Some(globe) = cli.find_subcommand("globe") else { return origins };
    let text = path(given).and_then(|path| read(&path).ok()).unwrap_or_default();
    let said: Vec<String> = DeTable::parse(&text)
        .map(|table| table.get_ref().keys().map(|key| key.get_ref().replace('_', "-")).collect())
        .unwrap_or_default();
    for (name, arg) in options(globe) {
        let id = arg.get_id().as_str();
        let origin = if given.value_source(id) == Some(ValueSource::CommandLine) {
            Origin::CommandLine
        } else if said.iter().any(|key| key == name) {
            Origin::File
        } else {
            continue;
        };
        // From how far the screen is looked at is another way to say its size.
        let name = if name == "viewing-distance" { "ui-scale" } else { name };
        let known = origins.0.entry(name.to_owned()).or_default();
        *known = origin.max(*known);
    }
    origins
}

/// Writes keys with values, which are TOML, into a configuration file; all else in it stays as it is.
///
/// # Errors
/// The file cannot be read, is no TOML or cannot be written.
pub(super) fn save(path: &Path, pairs: &[(&str, String)]) -> anyhow::Result<PathBuf> {
    let text = if path.is_file() { read(path)? } else { String::new() };
    let text = with_pairs(&text, pairs).map_err(|e| Usage(format!("{}: {e}", path.display())))?;
    super::views::write(path, &text)?;
    Ok(path.to_owned())
}

/// A configuration that says something else for some keys. What is written about them is replaced, the others are added
/// before the first table; comments and order stay. From how far the screen is looked at becomes a comment when its size
/// is said.
fn with_pairs(text: &str, pairs: &[(&str, String)]) -> Result<String, String> {
    let no_toml = |e: toml::de::Error| format!("which is no TOML: {}", e.to_string().trim_end());
    let table = DeTable::parse(text).map_err(no_toml)?;
    let known = |name: &str| {
        let mut entries = table.get_ref().iter();
        entries.find(|(key, _)| key.get_ref().replace('_', "-") == name).map(|(key, value)| (key.span(), value.span()))
    };
    // What is put where: from the end on, so that places stay true.
    let mut edits: Vec<(std::ops::Range<usize>, String)> = Vec::new();
    let end = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let mut added = String::new();
    for (key, value) in pairs {
        match known(key) {
            Some((_, at)) => edits.push((at, value.clone())),
            None => {
                let _ = write!(added, "{key} = {value}{end}");
            }
        }
    }
    if pairs.iter().any(|(key, _)| *key == "ui-scale")
        && let Some((key, _)) = known("viewing-distance")
    {
        edits.push((key.start..key.start, "# ".into()));
    }
    if !added.is_empty() {
        let inside = |at: usize| table.get_ref().values().any(|value| value.span().start < at && at < value.span().end);
        let mut at = 0;
        let lines = text.split_inclusive('\n').map(|line| {
            let start = at;
            at += line.len();
            (start, line)
        });
        let begins = |line: &str, with: char| line.trim_start_matches(MARK).trim_start().starts_with(with);
        // Comments right above a table belong to it.
        let mut about = None;
        let mut header = None;
        for (start, line) in lines {
            if begins(line, '[') && !inside(start) {
                header = Some(about.unwrap_or((start, line)));
                break;
            }
            about = if begins(line, '#') && !inside(start) { about.or(Some((start, line))) } else { None };
        }
        // A mark of the byte order stays first.
        let header =
            header.map(|(start, line)| (start + if line.starts_with(MARK) { MARK.len_utf8() } else { 0 }, line));
        match header {
            Some((start, _)) => edits.push((start..start, format!("{added}{end}"))),
            None => {
                let gap = if text.is_empty() || text.ends_with('\n') { "" } else { end };
                edits.push((text.len()..text.len(), format!("{gap}{added}")));
            }
        }
    }
    edits.sort_by_key(|(at, _)| std::cmp::Reverse((at.start, at.end)));
    let mut out = text.to_owned();
    for (at, value) in edits {
        if out.get(at.clone()).is_some() {
            out.replace_range(at, &value);
        }
    }
    if says_the_same(text, &out, pairs) {
        Ok(out)
    } else {
        Err("is written in a way that keys cannot be added to safely; copy them as TOML and put them in by hand".into())
    }
}

/// Mark of the byte order, with which some editors begin a file.
const MARK: char = '\u{feff}';

/// Whether a configuration says what the pairs say, and else what it said before.
fn says_the_same(before: &str, after: &str, pairs: &[(&str, String)]) -> bool {
    let parse = |text: &str| text.trim_start_matches(MARK).parse::<toml::Table>().ok();
    let (Some(mut before), Some(mut after)) = (parse(before), parse(after)) else { return false };
    let sized = pairs.iter().any(|(key, _)| *key == "ui-scale");
    let own = |key: &str| {
        let key = key.replace('_', "-");
        pairs.iter().any(|(name, _)| *name == key) || (sized && key == "viewing-distance")
    };
    let says = |(name, value): &(&str, String)| {
        let wanted = format!("x = {value}").parse::<toml::Table>().ok().and_then(|mut t| t.remove("x"));
        let found = after.iter().find(|(key, _)| key.replace('_', "-") == *name).map(|(_, value)| value);
        wanted.is_some() && wanted.as_ref() == found
    };
    if !pairs.iter().all(says) {
        return false;
    }
    before.retain(|key, _| !own(key));
    after.retain(|key, _| !own(key));
    before == after
}

/// Options that belong to one run and not into a file.
const NOT_KEPT: &[&str] = &[
    "config",
    "print-config",
    "screenshot",
    "vision",
    "export",
    "frames",
    "film",
    "from",
    "to",
    "bench-frames",
    "bench-load",
    "bench-start",
    "select",
    "save-view",
    "show-keys",
    "scene",
    "synthetic",
    "help",
    "version",
];
/// Tables that are read by themselves: saved views, saved filters, the user's own keys.
const TABLES: [&str; 3] = ["views", "filters", "keys"];
/// Options that say where records come from.
const SOURCES: &[&str] = &["read", "server", "interface", "scene", "synthetic"];
/// Longest file that is read, in bytes.
const LONGEST: u64 = 1 << 20;

/// Adds what the configuration file says to the words of a command line. `matches` is what they mean without it;
/// nothing is added for other commands than the globe, nor without a file.
///
/// # Errors
/// The file cannot be read, is no TOML, or says something that is no option.
pub(in crate::cli) fn layered(
    cli: &Command,
    words: &[OsString],
    matches: &ArgMatches,
) -> anyhow::Result<Option<Vec<OsString>>> {
    let Some(("globe", given)) = matches.subcommand() else { return Ok(None) };
    if given.get_flag("print_config") {
        return Ok(None);
    }
    let (Some(path), Some(globe)) = (path(given), cli.find_subcommand("globe")) else { return Ok(None) };
    let text = read(&path)?;
    let named = |name: &str| {
        let known = given.ids().any(|id| id.as_str() == name);
        known && given.value_source(name) == Some(ValueSource::CommandLine)
    };
    // Any source on the command line replaces all sources of the file.
    let other_source = SOURCES.iter().any(|name| named(name));
    let is_given = |name: &str| named(name) || (other_source && SOURCES.contains(&name));
    let more = words_of(globe, &text, is_given).map_err(|problem| Usage(format!("{}, {problem}", path.display())))?;
    let mut all = words.to_vec();
    let behind_command = all.len().min(2);
    all.splice(behind_command..behind_command, more);
    Ok(Some(all))
}

/// The file that is named, else the one at the usual place if it is there.
pub(super) fn path(given: &ArgMatches) -> Option<PathBuf> {
    given.get_one::<PathBuf>("config").cloned().or_else(|| usual_path().filter(|p| p.is_file()))
}

/// `$XDG_CONFIG_HOME/argus-globe/config.toml`, by default below `~/.config`.
pub(super) fn usual_path() -> Option<PathBuf> {
    let folder = |name: &str| std::env::var_os(name).filter(|d| !d.is_empty()).map(PathBuf::from);
    let base = folder("XDG_CONFIG_HOME").or_else(|| folder("HOME").map(|home| home.join(".config")))?;
    Some(base.join("argus-globe/config.toml"))
}

/// The text of a configuration file.
///
/// # Errors
/// It cannot be read or is longer than a megabyte.
pub(super) fn read(path: &Path) -> anyhow::Result<String> {
    let about = || format!("reading the configuration {}", path.display());
    let size = std::fs::metadata(path).with_context(about)?.len();
    if size > LONGEST {
        return Err(Usage(format!("{}: {size} bytes, a configuration has at most {LONGEST}", path.display())).into());
    }
    std::fs::read_to_string(path).with_context(about)
}

/// The options that may stand in a file.
fn options(globe: &Command) -> impl Iterator<Item = (&str, &Arg)> {
    let named = globe.get_arguments().filter(|a| !a.is_hide_set()).filter_map(|a| Some((a.get_long()?, a)));
    named.filter(|(name, _)| !NOT_KEPT.contains(name))
}

/// What a file says as words of a command line, without what `is_given` (asked by the option's id) knows already.
fn words_of(globe: &Command, text: &str, is_given: impl Fn(&str) -> bool) -> Result<Vec<OsString>, String> {
    let table = DeTable::parse(text).map_err(|e| format!("which is no TOML: {}", e.to_string().trim_end()))?;
    let mut entries: Vec<_> = table.get_ref().iter().collect();
    entries.sort_by_key(|(key, _)| key.span().start);
    let mut words = Vec::new();
    for (key, value) in entries {
        let line = 1 + text.get(..key.span().start).map_or(0, |before| before.matches('\n').count());
        let written: &str = key.get_ref();
        if TABLES.contains(&written) && matches!(value.get_ref(), DeValue::Table(_)) {
            continue;
        }
        let name = written.replace('_', "-");
        let Some((name, arg)) = options(globe).find(|(known, _)| *known == name) else {
            let near = nearest(&name, options(globe).map(|(known, _)| known));
            let hint = near
                .map_or_else(|| "--print-config lists all keys".to_owned(), |near| format!("did you mean {near:?}?"));
            return Err(format!("line {line}: unknown key {written:?}; {hint}"));
        };
        if !is_given(arg.get_id().as_str()) {
            add(&mut words, name, arg, value.get_ref()).map_err(|e| format!("line {line}: {written}: {e}"))?;
        }
    }
    Ok(words)
}

fn add(words: &mut Vec<OsString>, name: &str, arg: &Arg, value: &DeValue<'_>) -> Result<(), String> {
    match (value, arg.get_action()) {
        (DeValue::Boolean(on), _) if is_switch(arg) => words.push(format!("--{name}={on}").into()),
        _ if is_switch(arg) => return Err("expected true or false".into()),
        (DeValue::Array(values), ArgAction::Append) => {
            for value in values {
                words.push(word(name, value.get_ref())?);
            }
        }
        _ => words.push(word(name, value)?),
    }
    Ok(())
}

/// Whether an option is on or off: `--name`, `--name=true`, `--name=false`.
fn is_switch(arg: &Arg) -> bool {
    arg.get_possible_values().iter().map(clap::builder::PossibleValue::get_name).eq(["true", "false"])
}

/// `--name=value`.
fn word(name: &str, value: &DeValue<'_>) -> Result<OsString, String> {
    let value: &str = match value {
        DeValue::String(text) => text,
        DeValue::Integer(number) => number.as_str(),
        DeValue::Float(number) => number.as_str(),
        other => return Err(format!("expected a text or a number, found {}", other.type_str())),
    };
    Ok(format!("--{name}={value}").into())
}

/// A file with all options as comments, at their defaults.
pub(super) fn printed(globe: &Command) -> String {
    let mut out = String::from(
        "# Configuration of argus-globe: values for options that the command line does not give.\n\
         # Looked for at $XDG_CONFIG_HOME/argus-globe/config.toml (~/.config by default), or named with --config FILE.\n\
         # Keys are the long names of options. While the globe runs, changes of layers, level, mask, ui-scale,\n\
         # reduced-motion, local-time, time-scale, theme, colour, rate-scale and columns, of views, filters and keys are\n\
         # taken over at once. A switch that is on here is off with --NAME=false.\n",
    );
    for (name, arg) in options(globe) {
        let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
        let value = match (arg.get_action(), arg.get_default_values()) {
            _ if is_switch(arg) => "false".to_owned(),
            (_, [default]) => toml_value(default),
            (ArgAction::Append, _) => format!("[\"{}\"]", placeholder(arg)),
            _ => format!("\"{}\"", placeholder(arg)),
        };
        let _ = write!(out, "\n{}# {name} = {value}\n", wrapped(&help));
    }
    out.push_str(
        "\n# Saved views, for --view NAME and the palette; those that the program saves are in views.toml beside this file.\n\
         # [views]\n# office = \"48.1,11.6,2500\"\n\
         # overview = { view = \"20,0,15000\", layers = \"-clouds,+table\", level = \"country\", projection = \"flat\" }\n\
         \n# Saved filters of everything shown, for the palette and the filter bar; saved ones are in kept.toml beside this file.\n\
         # [filters]\n# web = \"tcp and port 443\"\n\
         \n# Keys other than those of docs/keys.md, by the names there; an action that is named has these keys and no others.\n\
         # [keys]\n# spin = \"F5\"\n# search = [\"/\", \"Ctrl+F\"]\n",
    );
    out
}

fn placeholder(arg: &Arg) -> String {
    arg.get_value_names().and_then(|names| names.first()).map(ToString::to_string).unwrap_or_default()
}

fn toml_value(default: &OsStr) -> String {
    let text = default.to_string_lossy();
    if text.parse::<f64>().is_ok_and(f64::is_finite) { text.into_owned() } else { format!("{text:?}") }
}

/// A text as comment lines of at most a hundred characters.
fn wrapped(text: &str) -> String {
    let mut out = String::new();
    let mut line = String::from("#");
    for word in text.split_whitespace() {
        if line.chars().count() + word.chars().count() >= 100 {
            out.push_str(&line);
            out.push('\n');
            line = String::from("#");
        }
        line.push(' ');
        line.push_str(word);
    }
    out.push_str(&line);
    out.push('\n');
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    fn globe() -> Command {
        crate::cli::Cli::command().find_subcommand("globe").expect("the globe").clone()
    }

    fn words(text: &str) -> Result<Vec<String>, String> {
        let words = words_of(&globe(), text, |id| id == "tour")?;
        Ok(words.into_iter().map(|w| w.into_string().expect("text")).collect())
    }

    #[test]
    fn what_cannot_be_changed_safely_is_left_alone() {
        let pairs = [("theme", "\"night\"".to_owned())];
        let marked = with_pairs("\u{feff}[views]\nx = \"1,2,3\"\n", &pairs).expect("added");
        assert!(marked.starts_with("\u{feff}theme = \"night\"\n"), "{marked}");
        // A header within a text is none.
        let text = "filters.x = \"\"\"\n[a]\n\"\"\"\n";
        match with_pairs(text, &pairs) {
            Ok(out) => assert!(says_the_same(text, &out, &pairs), "{out}"),
            Err(problem) => assert!(problem.contains("by hand"), "{problem}"),
        }
        assert!(!says_the_same("a = 1\n", "theme = \"night\"\n", &pairs), "a is gone");
        assert!(!says_the_same("a = 1\n", "a = 1\n[b]\ntheme = \"night\"\n", &pairs), "it is elsewhere");
    }

    #[test]
    fn a_file_becomes_words_but_for_what_is_given() {
        let text = "window = \"5m\" # five\nui_scale = 1.5\npaused = true\nwall = false\ntour = 30\n\
                    server = [\"a:561\", \"b\"]\nhistory = 2_048\n";
        let expect = [
            "--window=5m",
            "--ui-scale=1.5",
            "--paused=true",
            "--wall=false",
            "--server=a:561",
            "--server=b",
            "--history=2048",
        ];
        assert_eq!(words(text).expect("right"), expect);
    }

    #[test]
    fn what_is_on_in_the_file_is_off_by_a_word() {
        let parse = |words: &[&str]| {
            let matches = globe().try_get_matches_from([&["globe"], words].concat()).expect("right");
            ["wall", "loop", "paused"].map(|name| {
                let id = globe().get_arguments().find(|a| a.get_long() == Some(name)).map(|a| a.get_id().clone());
                matches.get_flag(id.expect("an option").as_str())
            })
        };
        assert_eq!(parse(&["--loop", "--wall=false", "--paused=true"]), [false, true, true]);
        let globe = globe();
        let words = words_of(&globe, "wall = true\nloop = true\n[views]\nx = \"1,2,3\"", |id| id == "wall");
        assert_eq!(words.expect("right"), [OsString::from("--loop=true")], "the command line has said it");
        assert!(globe.clone().try_get_matches_from(["globe", "--wall=maybe"]).is_err());
    }

    #[test]
    fn saved_keys_are_written_and_all_else_stays() {
        let pairs = |list: &[(&'static str, &str)]| -> Vec<(&'static str, String)> {
            list.iter().map(|(key, value)| (*key, (*value).to_owned())).collect()
        };
        let text = "# mine\ntheme = 'light' # for print\nui_scale = 1.5\nserver = [\n  \"a:561\",\n  [] ]\n\n\
                    # views\n[views]\noffice = \"1,2,3\"\ntheme = \"5,6,7\"\n";
        let text = text.replace(",\n  [] ]", ",\n]");
        let out = with_pairs(&text, &pairs(&[("theme", "\"night\""), ("window", "\"30s\""), ("ui-scale", "2.00")]));
        let expect = "# mine\ntheme = \"night\" # for print\nui_scale = 2.00\nserver = [\n  \"a:561\",\n]\n\n\
                      window = \"30s\"\n\n# views\n[views]\noffice = \"1,2,3\"\ntheme = \"5,6,7\"\n";
        assert_eq!(out.as_deref(), Ok(expect));
        assert!(words(expect).is_ok());
        // Lines end as they do in the file; a comment with a gap below it is about the whole file.
        let out = with_pairs("# mine\r\n\r\n[views]\r\nx = \"1,2,3\"\r\n", &pairs(&[("level", "\"as\"")]));
        assert_eq!(out.as_deref(), Ok("# mine\r\n\r\nlevel = \"as\"\r\n\r\n[views]\r\nx = \"1,2,3\"\r\n"));
        // Without a file or a table the keys stand at the end.
        assert_eq!(with_pairs("", &pairs(&[("level", "\"as\"")])).as_deref(), Ok("level = \"as\"\n"));
        let out = with_pairs("loop = true", &pairs(&[("rate-scale", "-2")]));
        assert_eq!(out.as_deref(), Ok("loop = true\nrate-scale = -2\n"));
        assert_eq!(words("rate-scale = -2\ntour = \"alerts,30\""), Ok(vec!["--rate-scale=-2".to_owned()]));
        // A size would not be heard beside a distance.
        let out = with_pairs("viewing-distance = 3 # wall\n", &pairs(&[("ui-scale", "1.20")]));
        assert_eq!(out.as_deref(), Ok("# viewing-distance = 3 # wall\nui-scale = 1.20\n"));
        assert!(with_pairs("theme = ", &pairs(&[("theme", "1")])).is_err());
    }

    #[test]
    fn values_are_known_to_come_from_the_command_line_the_file_or_nowhere() {
        let folder = std::env::temp_dir().join(format!("argus-globe-origins-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder");
        let file = folder.join("config.toml");
        std::fs::write(&file, "theme = \"light\"\nviewing_distance = \"3\"\nwindow = \"60s\"\n").expect("written");
        let of = |words: &[&str]| {
            let words = [&["argus-globe"], words, &["--config"]].concat();
            origins(words.into_iter().map(OsString::from).chain([file.clone().into_os_string()]).collect())
        };
        let plain = of(&["--window", "30"]);
        let known = ["theme", "window", "level", "ui-scale"].map(|key| plain.of(key));
        assert_eq!(known, [Origin::File, Origin::CommandLine, Origin::Default, Origin::File]);
        assert_eq!(of(&["--ui-scale", "2"]).of("ui-scale"), Origin::CommandLine);
        std::fs::remove_dir_all(folder).expect("removed");
    }

    #[test]
    fn mistakes_are_named_with_line_and_suggestion() {
        for (text, part) in [
            ("\n\nwindw = 3", "line 3: unknown key \"windw\"; did you mean \"window\"?"),
            ("zzzz = 3", "line 1: unknown key \"zzzz\"; --print-config"),
            ("screenshot = \"x.png\"", "unknown key \"screenshot\""),
            ("paused = 1", "line 1: paused: expected true or false"),
            ("window = [1]", "line 1: window: expected a text or a number, found array"),
            ("window = 2026-01-01", "found datetime"),
            ("[view]\nx = 1", "line 1: view: expected a text or a number, found table"),
            ("views = 3", "line 1: unknown key \"views\"; did you mean \"view\"?"),
            ("window = ", "line 1, column"),
            ("window = 1\nwindow = 2", "duplicate"),
        ] {
            let error = words(text).expect_err(text);
            assert!(error.contains(part), "{error}");
        }
    }

    #[test]
    fn the_printed_file_holds_every_option_and_is_accepted_with_its_comments_taken_off() {
        let globe = globe();
        let printed = printed(&globe);
        assert_eq!(words(&printed).expect("only comments"), [] as [String; 0]);
        assert!(printed.lines().all(|l| l.is_empty() || l.starts_with('#')), "{printed}");
        let keys: Vec<&str> = options(&globe).map(|(name, _)| name).collect();
        assert!(keys.len() > 20);
        let mut uncommented = String::new();
        for key in keys {
            let line = printed.lines().find(|l| l.starts_with(&format!("# {key} = ")));
            uncommented.push_str(line.unwrap_or_else(|| panic!("{key} is missing")).trim_start_matches("# "));
            uncommented.push('\n');
        }
        let words = words_of(&globe, &uncommented, |_| false).expect("valid TOML and known keys");
        assert!(words.contains(&OsString::from("--window=120s")), "{words:?}");
    }
}
