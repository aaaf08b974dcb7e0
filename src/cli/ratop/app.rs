//! What the program does upon keys and records, and the picture that comes of it. Knows no terminal.

use std::collections::VecDeque;
use std::ops::Range;
use std::time::{Duration, Instant};

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::Merging;
use super::commands::{self, Command, Complaint};
use super::feed::{Event, Feed};
use super::keys::{self, Action};
use super::model::{Model, Still};
use super::prompt::{History, Line};
use super::text::{clean, clean_bytes};
use crate::aggregate::Order;
use crate::base::{Timestamp, Zone, clock};
use crate::cli::racluster::SHARES;
use crate::filter::Filter;
use crate::record::Far;
use crate::record::fields::{Columns, Context, Printer};

/// Characters that a step sideways goes.
const SIDE_STEP: usize = 8;

/// What is written at the bottom.
enum Prompt {
    /// A command and its words.
    Colon(Line),
    /// The words of a command.
    Words(&'static Command, Line),
    /// What is searched for; forwards if true.
    Search(bool, Line),
}

impl Prompt {
    fn line(&mut self) -> &mut Line {
        match self {
            Prompt::Colon(line) | Prompt::Words(_, line) | Prompt::Search(_, line) => line,
        }
    }

    fn lead(&self) -> &str {
        match self {
            Prompt::Colon(_) => ":",
            Prompt::Words(command, _) => command.prompt,
            Prompt::Search(true, _) => "/",
            Prompt::Search(false, _) => "?",
        }
    }
}

/// The filters as they were written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Filters {
    pub(super) remote: String,
    pub(super) local: String,
    pub(super) display: String,
}

/// Everything that the program knows.
pub(super) struct App {
    pub(super) model: Model,
    pub(super) merging: Merging,
    pub(super) feed: Feed,
    pub(super) printer: Printer,
    pub(super) columns: Columns,
    pub(super) sort_words: String,
    pub(super) key_words: String,
    pub(super) filters: Filters,
    pub(super) is_percent: bool,
    pub(super) idle_secs: u32,
    /// Least time between two pictures.
    pub(super) update: Duration,
    /// The picture as it is held.
    pub(super) still: Option<Still>,
    /// First line of the help that is shown.
    pub(super) help: Option<usize>,
    /// Whether to end.
    pub(super) is_over: bool,
    /// Whether the shell is to have the terminal for a while.
    pub(super) wants_shell: bool,
    /// Whether everything is to be drawn anew.
    pub(super) wants_redraw: bool,
    /// Whether something has come since the last picture.
    pub(super) is_dirty: bool,
    is_reversed: bool,
    order: Order,
    clock_zone: Zone,
    /// First row on the screen, and the marked row.
    top: usize,
    cursor: usize,
    /// Rows that fit on the screen.
    height: usize,
    side: usize,
    /// The flow that the mark stays on, and when it began.
    followed: Option<(u32, u64)>,
    hides_status: bool,
    prompt: Option<Prompt>,
    history: History,
    /// Where in the line at the bottom the mistake begins.
    complaint: Option<Complaint>,
    message: Option<String>,
    /// What was searched for last, and whether forwards.
    search: Option<(String, bool)>,
    began: Instant,
    /// How long reading has taken, once it has ended.
    took: Option<Duration>,
    /// Records read at some moments of the last seconds.
    rates: VecDeque<(Instant, u64)>,
    is_live_idle: bool,
}

/// What an [`App`] begins with.
pub(super) struct Setup {
    pub(super) model: Model,
    pub(super) merging: Merging,
    pub(super) feed: Feed,
    pub(super) printer: Printer,
    pub(super) columns: Columns,
    pub(super) order: Order,
    pub(super) sort_words: String,
    pub(super) key_words: String,
    pub(super) filters: Filters,
    pub(super) is_reversed: bool,
    pub(super) is_percent: bool,
    pub(super) idle_secs: u32,
    pub(super) update: Duration,
}

impl App {
    /// Before the first record.
    pub(super) fn new(setup: Setup, now: Instant) -> App {
        let clock_zone = setup.printer.look().zone.clone();
        let mut app = App {
            model: setup.model,
            merging: setup.merging,
            feed: setup.feed,
            printer: setup.printer,
            columns: setup.columns,
            sort_words: setup.sort_words,
            key_words: setup.key_words,
            filters: setup.filters,
            is_percent: setup.is_percent,
            idle_secs: setup.idle_secs,
            update: setup.update,
            still: None,
            help: None,
            is_over: false,
            wants_shell: false,
            wants_redraw: false,
            is_dirty: true,
            is_reversed: setup.is_reversed,
            order: Order::default(),
            clock_zone,
            top: 0,
            cursor: 0,
            height: 1,
            side: 0,
            followed: None,
            hides_status: false,
            prompt: None,
            history: History::default(),
            complaint: None,
            message: None,
            search: None,
            began: now,
            took: None,
            rates: VecDeque::new(),
            is_live_idle: false,
        };
        app.set_order(setup.order);
        app.share();
        app.set_idle(setup.idle_secs);
        app
    }

    /// Takes what comes within `patience`; whether something has.
    pub(super) fn read(&mut self, patience: Duration, now: Instant) -> bool {
        let App { feed, model, .. } = self;
        let before = feed.records;
        match feed.next(patience, now, &mut |far| model.push(far)) {
            Event::Quiet => {}
            Event::Ended => {}
            Event::Note(text) | Event::Failed(text) => self.say(&text),
        }
        if self.feed.has_ended() && self.took.is_none() {
            self.took = Some(now.saturating_duration_since(self.began));
            return true;
        }
        self.feed.records != before
    }

    /// Lets flows grow old.
    pub(super) fn pass_time(&mut self, wall: Timestamp) {
        if self.feed.is_live() != self.is_live_idle {
            self.set_idle(self.idle_secs);
        }
        if !self.feed.has_ended() {
            self.model.expire(wall);
        }
    }

    /// Sets after how many seconds without records flows leave.
    pub(super) fn set_idle(&mut self, secs: u32) {
        self.idle_secs = secs;
        self.is_live_idle = self.feed.is_live();
        self.model.idle = (secs > 0 && self.is_live_idle).then(|| Duration::from_secs(secs.into()));
    }

    /// Sorts by other fields.
    pub(super) fn set_order(&mut self, order: Order) {
        self.order = order.clone();
        self.still = None;
        self.model.set_order(order, self.is_reversed);
    }

    /// Shows other columns.
    pub(super) fn set_columns(&mut self, columns: Columns) {
        self.columns = columns.clone();
        self.printer.set_columns(columns);
        self.share();
    }

    /// The columns in words.
    pub(super) fn field_words(&self) -> String {
        let word = |c: &crate::record::fields::Column| match c.width == c.field.width {
            true => c.field.name.to_owned(),
            false => format!("{}:{}", c.field.name, c.width),
        };
        self.columns.as_slice().iter().map(word).collect::<Vec<_>>().join(" ")
    }

    /// Prints counters as percent or not, as is wanted.
    pub(super) fn share(&mut self) {
        let is_shown = |name: &str| self.columns.as_slice().iter().any(|c| c.field.name == name);
        let shares: Vec<_> = SHARES.iter().filter(|(n, _)| self.is_percent && is_shown(n)).copied().collect();
        self.model.set_shared(shares.iter().filter_map(|(n, _)| crate::record::fields::find(n)).collect());
        self.printer.set_titles(&shares);
        self.printer.set_shares(Vec::new());
    }

    /// Lets only records pass the filter; `remote` is its text for servers, if they are to apply it.
    ///
    /// # Errors
    /// Sources cannot be read again.
    pub(super) fn apply_input(&mut self, filter: Filter, remote: Option<String>) -> Result<(), Complaint> {
        let must_connect = remote.is_some();
        match remote {
            Some(text) => self.feed.set_remote(filter, text),
            None => self.feed.set_local(filter),
        }
        let is_anew = self.feed.can_be_read_again();
        if is_anew {
            self.forget();
        }
        if is_anew || must_connect {
            self.feed.restart().map_err(|e| Complaint { text: e.to_string(), at: None })?;
        }
        Ok(())
    }

    /// Forgets flows and counts.
    pub(super) fn forget(&mut self) {
        self.model.clear();
        self.feed.records = 0;
        (self.still, self.followed, self.took) = (None, None, None);
        self.rates.clear();
        self.began = clock::steady_now();
        (self.top, self.cursor) = (0, 0);
    }

    /// Shows a sentence at the bottom until the next key.
    pub(super) fn say(&mut self, text: &str) {
        self.message = Some(clean(text));
    }

    fn len(&self) -> usize {
        self.still.as_ref().map_or_else(|| self.model.len(), Still::len)
    }

    /// Calls with the rows in order, until the call says no.
    pub(super) fn each_row(&mut self, mut call: impl FnMut(&Far<'_>) -> bool) {
        rows(self.still.as_ref(), &mut self.model, 0..usize::MAX, |far, _| call(far));
    }

    /// Writes titles and all rows as text.
    ///
    /// # Errors
    /// The output cannot be written.
    pub(super) fn print(&mut self, out: &mut dyn std::io::Write) -> std::io::Result<()> {
        let now = clock::wall_now();
        self.model.refresh();
        if self.is_percent {
            self.printer.set_shares(self.model.totals());
        }
        let first_rank = self.model.first_rank();
        let App { printer, still, model, .. } = self;
        let (mut bytes, mut done) = (Vec::new(), Ok(()));
        rows(still.as_ref(), model, 0..usize::MAX, |far, row| {
            bytes.clear();
            if row == 0 {
                printer.header(&mut bytes);
            }
            printer.row(far, &context(first_rank + row, now), &mut bytes);
            done = out.write_all(&bytes);
            done.is_ok()
        });
        done
    }

    /// Obeys a key.
    pub(super) fn press(&mut self, event: &KeyEvent) {
        self.message = None;
        if self.prompt.is_some() {
            return self.write(event);
        }
        if let Some(top) = self.help {
            let action = keys::action(event);
            self.help = match action {
                Some(Action::Move(by) | Action::Half(by) | Action::Page(by)) => Some(top.saturating_add_signed(by)),
                _ => None,
            };
            return;
        }
        if let Some(action) = keys::action(event) {
            self.act(action);
        }
    }

    fn act(&mut self, action: Action) {
        let height = isize::try_from(self.height).unwrap_or(1);
        match action {
            Action::Move(by) => self.go(by),
            Action::Half(by) => self.go(by * (height / 2).max(1)),
            Action::Page(by) => self.go(by * height.max(1)),
            Action::First => self.go(isize::MIN),
            Action::Last => self.go(isize::MAX),
            Action::Top => self.mark(self.top),
            Action::Middle => self.mark(self.top + self.height.min(self.len().saturating_sub(self.top)) / 2),
            Action::Bottom => self.mark(self.top + self.height.saturating_sub(1)),
            Action::Side(by) => self.side = self.side.saturating_add_signed(by * SIDE_STEP as isize).min(16_000),
            Action::Command => self.prompt = Some(Prompt::Colon(Line::default())),
            Action::Search(on) => self.prompt = Some(Prompt::Search(on, Line::default())),
            Action::Again(same) => self.search_again(same),
            Action::Abbreviate => {
                let look = self.printer.look_mut();
                look.abbreviate = !look.abbreviate;
            }
            Action::Reverse => {
                self.is_reversed = !self.is_reversed;
                self.set_order(self.order.clone());
                self.mark_first();
            }
            Action::Pause => self.pause(),
            Action::Follow => self.follow(),
            Action::Status => self.hides_status = !self.hides_status,
            Action::Help => self.help = Some(0),
            Action::Redraw => self.wants_redraw = true,
            Action::Suspend => self.wants_shell = true,
            Action::Quit => self.is_over = true,
        }
    }

    /// Marks the first row, unless a flow is followed.
    pub(super) fn mark_first(&mut self) {
        if self.followed.is_none() {
            self.cursor = 0;
        }
    }

    fn go(&mut self, by: isize) {
        self.mark(self.cursor.saturating_add_signed(by));
    }

    /// Marks a row; a flow that was followed no longer is.
    fn mark(&mut self, row: usize) {
        self.followed = None;
        self.cursor = row.min(self.len().saturating_sub(1));
    }

    fn pause(&mut self) {
        if self.still.take().is_none() {
            self.model.refresh();
            self.still = Some(self.model.still());
            self.followed = None;
        }
    }

    fn follow(&mut self) {
        if self.followed.take().is_some() {
            return;
        }
        if self.still.is_some() {
            return self.say("the picture is held still; Space lets it go");
        }
        self.model.refresh();
        let at = self.model.rows(self.cursor, 1).first().copied();
        self.followed = at.and_then(|at| Some((at, self.model.born(at)?)));
    }

    /// Takes a key of the line at the bottom.
    fn write(&mut self, event: &KeyEvent) {
        self.complaint = None;
        if event.modifiers.contains(KeyModifiers::ALT) {
            // Escape and a key that came at once behind it read like this.
            self.prompt = None;
            return self.press(&KeyEvent::new(event.code, event.modifiers - KeyModifiers::ALT));
        }
        let is_ctrl = event.modifiers.contains(KeyModifiers::CONTROL);
        let Some(prompt) = &mut self.prompt else { return };
        let is_command = matches!(prompt, Prompt::Colon(_));
        let line = prompt.line();
        match (event.code, is_ctrl) {
            (KeyCode::Enter, _) => self.enter(),
            (KeyCode::Esc, _) | (KeyCode::Char('c'), true) => self.prompt = None,
            (KeyCode::Backspace, _) | (KeyCode::Char('h'), true) if line.text().is_empty() => self.prompt = None,
            (KeyCode::Backspace, _) | (KeyCode::Char('h'), true) => line.erase(),
            (KeyCode::Delete, _) | (KeyCode::Char('d'), true) => line.delete(),
            (KeyCode::Left, _) => line.left(),
            (KeyCode::Right, _) => line.right(),
            (KeyCode::Home, _) | (KeyCode::Char('a'), true) => line.home(),
            (KeyCode::End, _) | (KeyCode::Char('e'), true) => line.end(),
            (KeyCode::Char('u'), true) => line.erase_all(),
            (KeyCode::Char('w'), true) => line.erase_word(),
            (KeyCode::Up, _) | (KeyCode::Down, _) if is_command => {
                if let Some(line) = self.history.step(event.code == KeyCode::Up) {
                    self.prompt = Some(Prompt::Colon(line));
                }
            }
            (KeyCode::Char(c), false) => line.insert(c),
            _ => {}
        }
    }

    /// Carries out what is written at the bottom. What is wrong stays there to be put right.
    fn enter(&mut self) {
        let Some(prompt) = self.prompt.take() else { return };
        match prompt {
            Prompt::Colon(line) => self.obey(line),
            Prompt::Words(command, line) => {
                let words = line.text().trim().to_owned();
                let lead = line.text().len() - line.text().trim_start().len();
                if let Err(mut complaint) = (command.run)(self, &words) {
                    complaint.at = complaint.at.map(|at| at + lead);
                    self.complain(complaint, Prompt::Words(command, line));
                }
            }
            Prompt::Search(on, line) => {
                if !line.text().is_empty() {
                    self.search = Some((line.text().to_owned(), on));
                }
                self.search_again(true);
            }
        }
    }

    fn complain(&mut self, complaint: Complaint, mut prompt: Prompt) {
        if let Some(at) = complaint.at {
            prompt.line().go(at);
        }
        self.complaint = Some(complaint);
        self.prompt = Some(prompt);
    }

    fn obey(&mut self, line: Line) {
        let text = line.text().to_owned();
        let mut chars = text.trim_start().chars();
        let Some(letter) = chars.next() else { return };
        let rest = chars.as_str();
        let words = rest.trim();
        let Some(command) = commands::find(letter).filter(|_| rest.is_empty() || rest.starts_with(' ')) else {
            let problem = format!("there is no command '{}'; :h lists all", clean(text.trim()));
            return self.complain(Complaint { text: problem, at: Some(0) }, Prompt::Colon(line));
        };
        if words.is_empty() && !command.prompt.is_empty() {
            self.prompt = Some(Prompt::Words(command, Line::new(&(command.now)(self))));
            return;
        }
        self.history.add(text.trim());
        if let Err(mut complaint) = (command.run)(self, words) {
            let lead = text.len() - rest.trim_start().len();
            complaint.at = complaint.at.map(|at| at + lead);
            self.complain(complaint, Prompt::Colon(line));
        }
    }

    fn search_again(&mut self, same: bool) {
        let Some((text, on)) = self.search.clone() else { return self.say("there is nothing to search for") };
        let forwards = on == same;
        match self.find(&text, forwards) {
            Some(row) => self.mark(row),
            None => self.say(&format!("not found: {text}")),
        }
    }

    /// The next row whose text holds another, from the marked one on and round the end.
    fn find(&mut self, text: &str, forwards: bool) -> Option<usize> {
        let exact = text.chars().any(char::is_uppercase);
        let wanted = if exact { text.to_owned() } else { text.to_lowercase() };
        let (cursor, first_rank) = (self.cursor, self.model.first_rank());
        let now = clock::wall_now();
        let App { printer, still, model, .. } = self;
        let (mut found, mut round, mut out) = (None, None, Vec::new());
        rows(still.as_ref(), model, 0..usize::MAX, |far, row| {
            if row == cursor || (forwards && row < cursor && round.is_some()) {
                return true;
            }
            let printed = line(printer, far, &context(first_rank + row, now), &mut out);
            let is_hit = if exact { printed.contains(&wanted) } else { printed.to_lowercase().contains(&wanted) };
            if is_hit {
                let is_ahead = (row > cursor) == forwards;
                let slot = if is_ahead { &mut found } else { &mut round };
                // Forwards the first hit counts, backwards the last one.
                if slot.is_none() || !forwards {
                    *slot = Some(row);
                }
            }
            !(forwards && found.is_some())
        });
        found.or(round)
    }
}

/// Calls with some rows and their numbers, until the call says no.
fn rows(still: Option<&Still>, model: &mut Model, which: Range<usize>, mut call: impl FnMut(&Far<'_>, usize) -> bool) {
    if let Some(still) = still {
        for row in which.start..which.end.min(still.len()) {
            let Some(far) = still.item(row).and_then(|item| item.far()) else { continue };
            if !call(&far, row) {
                return;
            }
        }
        return;
    }
    model.refresh();
    let mut bytes = Vec::new();
    for (row, at) in (which.start..).zip(model.rows(which.start, which.len())) {
        let Some(far) = model.item(at, &mut bytes).and_then(|item| item.far()) else { continue };
        if !call(&far, row) {
            return;
        }
    }
}

fn context(rank: usize, now: Timestamp) -> Context {
    Context { rank: rank as u64, offset: 0, now }
}

/// The text of a row.
fn line(printer: &mut Printer, far: &Far<'_>, context: &Context, out: &mut Vec<u8>) -> String {
    out.clear();
    printer.row(far, context, out);
    clean_bytes(out.trim_ascii_end())
}

mod shown;
#[cfg(test)]
mod tests;
