//! The line at the bottom while it is written to.

/// Longest line in characters.
const MAX_LEN: usize = 4096;
/// Lines remembered.
const MAX_HISTORY: usize = 100;

/// A line of text and where in it one writes, as a byte offset.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Line {
    text: String,
    at: usize,
}

impl Line {
    /// With text in it, behind which one writes.
    pub(super) fn new(text: &str) -> Line {
        Line { text: text.to_owned(), at: text.len() }
    }

    /// What is written.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Where one writes, as a byte offset.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    fn before(&self) -> Option<usize> {
        self.text.get(..self.at)?.char_indices().next_back().map(|(i, _)| i)
    }

    fn behind(&self) -> Option<usize> {
        self.text.get(self.at..)?.chars().next().map(|c| self.at + c.len_utf8())
    }

    /// Writes a character.
    pub(super) fn insert(&mut self, c: char) {
        if !c.is_control() && self.text.len() < MAX_LEN && self.text.is_char_boundary(self.at) {
            self.text.insert(self.at, c);
            self.at += c.len_utf8();
        }
    }

    /// Takes the character before the place away.
    pub(super) fn erase(&mut self) {
        if let Some(before) = self.before() {
            self.text.remove(before);
            self.at = before;
        }
    }

    /// Takes the character behind the place away.
    pub(super) fn delete(&mut self) {
        if self.behind().is_some() {
            self.text.remove(self.at);
        }
    }

    /// Takes the word before the place away.
    pub(super) fn erase_word(&mut self) {
        let head = self.text.get(..self.at).unwrap_or_default().trim_end();
        let start = head.rfind(' ').map_or(0, |i| i + 1);
        self.text.replace_range(start..self.at, "");
        self.at = start;
    }

    /// Takes everything before the place away.
    pub(super) fn erase_all(&mut self) {
        self.text.replace_range(..self.at, "");
        self.at = 0;
    }

    /// Goes one character back.
    pub(super) fn left(&mut self) {
        self.at = self.before().unwrap_or(self.at);
    }

    /// Goes one character on.
    pub(super) fn right(&mut self) {
        self.at = self.behind().unwrap_or(self.at);
    }

    /// Goes to the beginning.
    pub(super) fn home(&mut self) {
        self.at = 0;
    }

    /// Goes to the end.
    pub(super) fn end(&mut self) {
        self.at = self.text.len();
    }

    /// Goes to a byte offset, or the nearest before it where a character begins.
    pub(super) fn go(&mut self, at: usize) {
        self.at = (0..=at.min(self.text.len())).rev().find(|i| self.text.is_char_boundary(*i)).unwrap_or(0);
    }
}

/// Lines written before.
#[derive(Debug, Default)]
pub(super) struct History {
    lines: Vec<String>,
    at: usize,
}

impl History {
    /// Remembers a line.
    pub(super) fn add(&mut self, line: &str) {
        if !line.is_empty() && self.lines.last().is_none_or(|l| l != line) {
            self.lines.push(line.to_owned());
            if self.lines.len() > MAX_HISTORY {
                self.lines.remove(0);
            }
        }
        self.at = self.lines.len();
    }

    /// The line before the one shown, or behind it.
    pub(super) fn step(&mut self, back: bool) -> Option<Line> {
        let at = if back { self.at.checked_sub(1)? } else { self.at + 1 };
        if at > self.lines.len() {
            return None;
        }
        self.at = at;
        Some(self.lines.get(at).map_or_else(Line::default, |l| Line::new(l)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_edited_in_the_middle() {
        let mut line = Line::new("f tcp");
        line.left();
        line.left();
        line.insert('é');
        assert_eq!((line.text(), line.at()), ("f técp", 5));
        line.erase();
        line.delete();
        line.end();
        line.insert('x');
        assert_eq!(line.text(), "f tpx");
        line.erase_word();
        assert_eq!(line.text(), "f ");
        line.erase_all();
        line.erase();
        assert!(line.text().is_empty());
        line.insert('\u{1b}');
        assert!(line.text().is_empty());
    }

    #[test]
    fn earlier_lines_come_back() {
        let mut h = History::default();
        h.add("a");
        h.add("b");
        h.add("b");
        assert_eq!(h.step(true), Some(Line::new("b")));
        assert_eq!(h.step(true), Some(Line::new("a")));
        assert_eq!(h.step(true), None);
        assert_eq!(h.step(false), Some(Line::new("b")));
        assert_eq!(h.step(false), Some(Line::default()));
        assert_eq!(h.step(false), None);
    }
}
