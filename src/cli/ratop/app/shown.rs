//! The picture of what the program knows at a moment: rows, title, status, help and the line at the bottom.

use std::time::{Duration, Instant};

use super::super::commands::COMMANDS;
use super::super::keys::KEYS;
use super::super::text::{clean, clean_bytes};
use super::super::view::Picture;
use super::{App, context, line, rows};
use crate::base::Timestamp;

/// Stretch of time that the rate of a live source is taken over.
const RATE_SPAN: Duration = Duration::from_secs(3);

impl App {
    /// The picture of this moment for a screen with room for so many rows.
    pub(in crate::cli::ratop) fn picture(&mut self, height: usize, wall: Timestamp, now: Instant) -> Picture {
        self.height = height;
        if self.still.is_none() {
            self.model.refresh();
        }
        self.keep_in_view();
        if self.is_percent {
            self.printer.set_shares(self.model.totals());
        }
        let (first_rank, shown) = (self.model.first_rank(), self.top..self.top.saturating_add(height));
        let App { printer, still, model, .. } = self;
        let (mut lines, mut out) = (Vec::new(), Vec::new());
        rows(still.as_ref(), model, shown, |far, row| {
            lines.push(line(printer, far, &context(first_rank + row, wall), &mut out));
            true
        });
        let mut header = Vec::new();
        self.printer.header(&mut header);
        let mut picture = Picture {
            title: clean(&self.title()),
            clock: self.clock(wall),
            header: clean_bytes(header.trim_ascii_end()),
            cursor: (!lines.is_empty()).then(|| self.cursor - self.top),
            rows: lines,
            is_following: self.followed.is_some(),
            side: self.side,
            status: (!self.hides_status).then(|| self.status(now)),
            help: self.help.map(|top| self.help_lines(top, height)),
            ..Picture::default()
        };
        self.write_bottom(&mut picture);
        picture
    }

    /// Puts the mark on the followed flow, and the screen where the mark is.
    fn keep_in_view(&mut self) {
        if let Some((at, born)) = self.followed {
            match self.model.row_of(at).filter(|_| self.model.born(at) == Some(born)) {
                Some(row) => self.cursor = row,
                None => {
                    self.followed = None;
                    self.say("the flow that was followed has left");
                }
            }
        }
        let last = self.len().saturating_sub(1);
        self.cursor = self.cursor.min(last);
        let height = self.height.max(1);
        self.top = self.top.min(self.cursor).max((self.cursor + 1).saturating_sub(height));
        self.top = self.top.min((last + 1).saturating_sub(height));
    }

    fn write_bottom(&mut self, picture: &mut Picture) {
        let Some(prompt) = &mut self.prompt else {
            picture.bottom = self.message.clone().unwrap_or_default();
            return;
        };
        let lead = prompt.lead().to_owned();
        let line = prompt.line();
        // Points stand for characters that are not printed, so that offsets have to be found anew.
        let before = clean(line.text().get(..line.at()).unwrap_or_default());
        let behind = clean(line.text().get(line.at()..).unwrap_or_default());
        let caret = lead.len() + before.len();
        picture.bottom = format!("{lead}{before}{behind}");
        picture.caret = Some(caret);
        if let Some(complaint) = &self.complaint {
            picture.problem = Some(clean(&complaint.text));
            picture.wrong = complaint.at.map(|_| caret..caret + behind.find(' ').unwrap_or(behind.len()));
        }
    }

    fn title(&self) -> String {
        let mut out = format!("ratop{}", self.feed.options());
        if !self.key_words.is_empty() {
            out.push_str(&format!(" -m {}", self.key_words));
        }
        let f = &self.filters;
        let filters = [("remote", &f.remote), ("local", &f.local), ("display", &f.display)];
        let mut given = filters.into_iter().filter(|(_, text)| !text.is_empty()).peekable();
        if given.peek().is_some() {
            out.push_str(" -");
        }
        for (name, text) in given {
            out.push_str(&format!(" {name} '{text}'"));
        }
        out
    }

    fn clock(&self, wall: Timestamp) -> String {
        let c = self.clock_zone.civil(wall);
        let (h, m, s) = (c.second_of_day / 3600, c.second_of_day / 60 % 60, c.second_of_day % 60);
        let offset = self.clock_zone.offset(wall.secs());
        let zone = match offset {
            0 => "UTC".to_owned(),
            _ => {
                format!("{}{:02}{:02}", if offset < 0 { '-' } else { '+' }, offset.abs() / 3600, offset.abs() / 60 % 60)
            }
        };
        format!("{}/{:02}/{:02}.{h:02}:{m:02}:{s:02} {zone}", c.year, c.month, c.day)
    }

    /// Records per second: of a live source over the last seconds, else over everything.
    fn rate(&mut self, now: Instant) -> f64 {
        let records = self.feed.records;
        if !self.feed.is_live() || self.took.is_some() {
            let took = self.took.unwrap_or_else(|| now.saturating_duration_since(self.began));
            return records as f64 / took.as_secs_f64().max(1e-6);
        }
        self.rates.push_back((now, records));
        while self.rates.len() > 2
            && self.rates.get(1).is_some_and(|(t, _)| now.saturating_duration_since(*t) >= RATE_SPAN)
        {
            self.rates.pop_front();
        }
        let (then, before) = self.rates.front().copied().unwrap_or((now, records));
        let secs = now.saturating_duration_since(then).as_secs_f64();
        if secs > 0.0 { records.saturating_sub(before) as f64 / secs } else { 0.0 }
    }

    fn status(&mut self, now: Instant) -> String {
        let rate = self.rate(now);
        let state = match (self.still.is_some(), self.feed.has_ended()) {
            (true, _) => "Paused",
            (false, true) => "Idle",
            (false, false) => "Active",
        };
        let mut out = format!(
            "ProcessQueue {:>6} DisplayQueue {:>6} TotalRecords {:>8}  Rate {rate:>11.4} rps   Status {state}",
            self.model.held(),
            self.len(),
            self.feed.records,
        );
        let (sign, sort) = (if self.is_reversed { "-v " } else { "" }, clean(&self.sort_words));
        out.push_str(&format!("   Sort {sign}{sort}"));
        for (name, count) in [("Lost", self.feed.lost()), ("Evicted", self.model.left_early())] {
            if count > 0 {
                out.push_str(&format!("   {name} {count}"));
            }
        }
        out
    }

    fn help_lines(&mut self, top: usize, height: usize) -> Vec<(String, String)> {
        let heading = |text: &str| (text.to_owned(), String::new());
        let commands = COMMANDS.iter().map(|c| (format!(":{} {}", c.letter, c.words), c.about.to_owned()));
        let keys = KEYS.iter().map(|k| (k.name.to_owned(), k.about.to_owned()));
        let lines: Vec<_> =
            [heading("Commands")].into_iter().chain(commands).chain([heading("Keys")]).chain(keys).collect();
        let top = top.min(lines.len().saturating_sub(height.saturating_sub(2).max(1)));
        self.help = Some(top);
        lines.into_iter().skip(top).collect()
    }
}
