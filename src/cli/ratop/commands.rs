//! The commands behind the colon: one table, from which the help derives.

use std::path::Path;
use std::time::Duration;

use super::app::App;
use crate::aggregate::{Model as Keys, Order};
use crate::base::{TimeRange, clock};
use crate::cli::tools::{files_of, servers_of, with_names};
use crate::filter::{Filter, FilterError, Scope};
use crate::record::fields::{Columns, Names, StateStyle, number};
use crate::sink::ArgusWriter;

/// Why a command cannot be carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Complaint {
    /// What is wrong.
    pub(super) text: String,
    /// The byte of the words behind the command's letter from which on they are wrong.
    pub(super) at: Option<usize>,
}

impl Complaint {
    fn new(text: impl std::fmt::Display) -> Complaint {
        Complaint { text: text.to_string(), at: None }
    }

    /// Points at a word of the text, if it is in there.
    fn word(text: impl std::fmt::Display, words: &str, word: &str) -> Complaint {
        Complaint { text: text.to_string(), at: words.find(word).filter(|_| !word.is_empty()) }
    }
}

type Done = Result<(), Complaint>;

/// One row of the table.
pub(super) struct Command {
    /// What stands behind the colon.
    pub(super) letter: char,
    /// What it is followed by, as people write it.
    pub(super) words: &'static str,
    /// Asks for the words when none are given.
    pub(super) prompt: &'static str,
    /// What it does.
    pub(super) about: &'static str,
    /// Does it.
    pub(super) run: fn(&mut App, &str) -> Done,
    /// What is set now, for a prompt to begin with.
    pub(super) now: fn(&App) -> String,
}

fn nothing(_: &App) -> String {
    String::new()
}

const fn plain(letter: char, about: &'static str, run: fn(&mut App, &str) -> Done) -> Command {
    Command { letter, words: "", prompt: "", about, run, now: nothing }
}

/// All commands.
pub(super) const COMMANDS: &[Command] = &[
    Command {
        letter: 'P',
        words: "FIELDS",
        prompt: "Specify Priority Sort fields: ",
        about: "sort by these fields, most first; without any by pkts",
        run: sort,
        now: |app| app.sort_words.clone(),
    },
    Command {
        letter: 's',
        words: "FIELDS",
        prompt: "Specify fields to print: ",
        about: "columns: names with optional :width; +name appends, -name removes",
        run: fields,
        now: |app| app.field_words(),
    },
    Command {
        letter: 'm',
        words: "KEYS",
        prompt: "Specify flow keys: ",
        about: "what makes records the same flow; without any the usual five and the sensor",
        run: keys,
        now: |app| app.key_words.clone(),
    },
    Command {
        letter: 'f',
        words: "[remote|local|display] EXPRESSION",
        prompt: "Specify filter expression: ",
        about: "filter: what is shown (display, as without a word), taken in (local), sent by servers (remote)",
        run: filter,
        now: |app| app.filters.display.clone(),
    },
    Command {
        letter: 'r',
        words: "FILES",
        prompt: "Specify files: ",
        about: "read these files",
        run: read,
        now: nothing,
    },
    Command {
        letter: 'R',
        words: "DIRS",
        prompt: "Specify directories: ",
        about: "read all files below these directories",
        run: read_below,
        now: nothing,
    },
    Command {
        letter: 'S',
        words: "SERVERS",
        prompt: "Specify servers: ",
        about: "read from these servers, all at once",
        run: serve,
        now: nothing,
    },
    Command {
        letter: 'w',
        words: "FILE",
        prompt: "Specify file to save to: ",
        about: "append the flows that are shown to an argus file",
        run: save,
        now: nothing,
    },
    Command {
        letter: 'N',
        words: "[FIRST-]LAST",
        prompt: "Specify number of rows: ",
        about: "show these rows only; without any all",
        run: window,
        now: nothing,
    },
    Command {
        letter: 't',
        words: "RANGE",
        prompt: "Specify time range: ",
        about: "show flows of this time only, as with option -t; without any all",
        run: time,
        now: nothing,
    },
    Command {
        letter: 'T',
        words: "SECS",
        prompt: "Specify idle timeout in seconds: ",
        about: "flows without records for so long leave; 0 for never",
        run: idle,
        now: |app| app.idle_secs.to_string(),
    },
    Command {
        letter: 'u',
        words: "SECS",
        prompt: "Specify update interval in seconds: ",
        about: "draw at most so often",
        run: update,
        now: |app| app.update.as_secs_f64().to_string(),
    },
    Command {
        letter: 'U',
        words: "FACTOR",
        prompt: "Specify playback speed: ",
        about: "replay recorded time so many times as fast; 0 for as fast as possible",
        run: pace,
        now: nothing,
    },
    plain('n', "names or numbers of ports and protocols", names),
    Command {
        letter: 'p',
        words: "DIGITS",
        prompt: "Specify number of digits: ",
        about: "digits behind the point",
        run: digits,
        now: |app| app.printer.look().digits.to_string(),
    },
    plain('%', "counters as percent of the total or not", percent),
    plain('z', "TCP states as letters or not", letters),
    Command {
        letter: 'Z',
        words: "s|d|b",
        prompt: "Specify TCP flags of source, destination or both (s, d, b): ",
        about: "TCP flags of one side or both instead of states; without a letter states",
        run: flags,
        now: nothing,
    },
    plain('=', "forget all flows and counts", clear),
    plain('h', "help", |app, _| {
        app.help = Some(0);
        Ok(())
    }),
    plain('q', "end", |app, _| {
        app.is_over = true;
        Ok(())
    }),
];

/// The command of a letter.
pub(super) fn find(letter: char) -> Option<&'static Command> {
    COMMANDS.iter().find(|c| c.letter == letter)
}

fn sort(app: &mut App, words: &str) -> Done {
    let words = if words.is_empty() { super::DEFAULT_SORT } else { words };
    let order = Order::parse([words]).map_err(|e| match &e {
        crate::aggregate::OrderError::Unsupported { name, .. } => Complaint::word(&e, words, name),
        _ => Complaint::new(&e),
    })?;
    app.sort_words = words.to_owned();
    app.set_order(order);
    app.mark_first();
    Ok(())
}

fn fields(app: &mut App, words: &str) -> Done {
    // Signs change what is shown, names alone replace it.
    let mut columns = if words.starts_with(['+', '-']) { app.columns.clone() } else { Columns::default() };
    columns.apply(words).map_err(|e| match &e {
        crate::record::fields::ColumnError::Unknown { name, .. } => Complaint::word(&e, words, name),
        crate::record::fields::ColumnError::Width { spec } => Complaint::word(&e, words, spec),
        _ => Complaint::new(&e),
    })?;
    app.set_columns(columns);
    Ok(())
}

fn keys(app: &mut App, words: &str) -> Done {
    let model =
        if words.is_empty() { Keys::default() } else { Keys::parse([words]).map_err(|e| wrong_key(&e, words))? };
    let rules = app.merging.rules(model);
    app.key_words = words.to_owned();
    app.still = None;
    if app.feed.can_be_read_again() && !app.feed.is_live() {
        app.model.set_rules(rules);
        return again(app);
    }
    app.model.set_rules(rules);
    Ok(())
}

fn wrong_key(error: &crate::aggregate::KeyError, words: &str) -> Complaint {
    use crate::aggregate::KeyError;
    match error {
        KeyError::Unknown { name, .. } => Complaint::word(error, words, name),
        KeyError::Prefix { key } => Complaint::word(error, words, key),
        _ => Complaint::new(error),
    }
}

/// Reads everything again from the beginning.
fn again(app: &mut App) -> Done {
    app.forget();
    app.feed.restart().map_err(Complaint::new)
}

fn filter(app: &mut App, words: &str) -> Done {
    let parsed = with_names(|names| Filter::parse_with(words, names)).map_err(|e| wrong_filter(&e))?;
    let text = words.split_once(' ').filter(|(w, _)| matches!(*w, "remote" | "local" | "display"));
    let text = match (text, words) {
        (Some((_, rest)), _) => rest.trim(),
        (None, "remote" | "local" | "display") => "",
        (None, all) => all,
    };
    match parsed.scope() {
        Scope::Everywhere | Scope::Display => {
            app.still = None;
            app.filters.display = text.to_owned();
            app.model.set_display(parsed);
        }
        Scope::Local => {
            app.filters.local = text.to_owned();
            app.apply_input(parsed, None)?;
        }
        Scope::Remote => {
            app.filters.remote = text.to_owned();
            let remote = text.to_owned();
            app.apply_input(parsed, Some(remote))?;
        }
    }
    Ok(())
}

fn wrong_filter(error: &FilterError) -> Complaint {
    let hint = error.suggestion().map(|s| format!(" (did you mean '{s}'?)")).unwrap_or_default();
    Complaint { text: format!("filter syntax error: {}{hint}", error.problem()), at: Some(error.position()) }
}

fn split(words: &str) -> Vec<&str> {
    words.split_whitespace().collect()
}

fn read(app: &mut App, words: &str) -> Done {
    let inputs = files_of(&split(words), &[]).map_err(|e| Complaint::new(format!("{e:#}")))?;
    change(app, inputs)
}

fn read_below(app: &mut App, words: &str) -> Done {
    let inputs = files_of(&[], &split(words)).map_err(|e| Complaint::new(format!("{e:#}")))?;
    change(app, inputs)
}

fn serve(app: &mut App, words: &str) -> Done {
    let inputs = servers_of(&split(words)).map_err(Complaint::new)?;
    change(app, inputs)
}

fn change(app: &mut App, inputs: Vec<crate::cli::tools::options::Input>) -> Done {
    if inputs.is_empty() {
        return Err(Complaint::new("there is nothing to read"));
    }
    app.forget();
    app.feed.read(inputs).map_err(Complaint::new)
}

fn save(app: &mut App, words: &str) -> Done {
    if words.is_empty() || words == "-" {
        return Err(Complaint::new("the name of a file is expected"));
    }
    let now = clock::wall_now();
    let mut writer = ArgusWriter::create(Path::new(words), now).map_err(Complaint::new)?;
    let mut failed = None;
    app.each_row(|far| {
        if failed.is_none() {
            failed = writer.write(far.record()).err();
        }
        failed.is_none()
    });
    let written = writer.written();
    match failed {
        Some(e) => Err(Complaint::new(e)),
        None => writer.finish(now).map_err(Complaint::new),
    }?;
    app.say(&format!("{written} flows are written to {words}"));
    Ok(())
}

fn window(app: &mut App, words: &str) -> Done {
    let words = words.strip_prefix('o').unwrap_or(words);
    let number = |t: &str| t.trim().parse::<usize>().ok().filter(|n| *n > 0);
    let parsed = match words.split_once('-') {
        Some((a, b)) => number(a).zip(number(b)),
        None => number(words).map(|n| (1, n)),
    };
    if parsed.is_none() && !words.is_empty() {
        return Err(Complaint { text: "a number of rows or FIRST-LAST is expected".into(), at: Some(0) });
    }
    app.still = None;
    app.model.set_window(parsed);
    Ok(())
}

fn time(app: &mut App, words: &str) -> Done {
    let zone = app.printer.look().zone.clone();
    let range = match words {
        "" => None,
        _ => Some(TimeRange::parse(words, clock::wall_now(), &zone).map_err(Complaint::new)?),
    };
    app.still = None;
    app.model.set_time(range);
    Ok(())
}

fn seconds(words: &str, least: f64, most: f64) -> Result<f64, Complaint> {
    let wrong = || Complaint { text: format!("a number from {least} to {most} is expected"), at: Some(0) };
    words.parse::<f64>().ok().filter(|v| (least..=most).contains(v)).ok_or_else(wrong)
}

fn idle(app: &mut App, words: &str) -> Done {
    app.set_idle(seconds(words, 0.0, 1e8)? as u32);
    Ok(())
}

fn update(app: &mut App, words: &str) -> Done {
    app.update = Duration::from_secs_f64(seconds(words, 0.05, 3600.0)?);
    Ok(())
}

fn pace(app: &mut App, words: &str) -> Done {
    let factor = seconds(words, 0.0, 1e6)?;
    app.feed.set_pace((factor > 0.0).then_some(factor));
    Ok(())
}

fn names(app: &mut App, _: &str) -> Done {
    let look = app.printer.look_mut();
    look.names = match look.names {
        Names::All => Names::Protocols,
        Names::Protocols => Names::None,
        Names::None => Names::All,
    };
    Ok(())
}

fn digits(app: &mut App, words: &str) -> Done {
    app.printer.look_mut().digits = seconds(words, 0.0, f64::from(number::MAX_DIGITS))? as u8;
    Ok(())
}

fn percent(app: &mut App, _: &str) -> Done {
    app.is_percent = !app.is_percent;
    app.share();
    Ok(())
}

fn letters(app: &mut App, _: &str) -> Done {
    let look = app.printer.look_mut();
    look.state = if look.state == StateStyle::Letters { StateStyle::Word } else { StateStyle::Letters };
    Ok(())
}

fn flags(app: &mut App, words: &str) -> Done {
    app.printer.look_mut().state = match words {
        "" => StateStyle::Word,
        "s" => StateStyle::SrcFlags,
        "d" => StateStyle::DstFlags,
        "b" => StateStyle::BothFlags,
        _ => return Err(Complaint { text: "s, d or b is expected".into(), at: Some(0) }),
    };
    Ok(())
}

fn clear(app: &mut App, _: &str) -> Done {
    app.forget();
    Ok(())
}
