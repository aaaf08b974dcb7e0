//! What clients say: `START: `, `FILTER: text`, `DONE: `, without terminators.
//!
//! The classic server takes all bytes of one read as one command. Here commands are found by their words, so that
//! several in one segment, or one in several, are understood. A text without a word behind it ends at a line break, a
//! NUL, or when nothing more comes for a moment; who reads the socket knows the latter.

use super::selection::Selection;

/// Most bytes kept while a command is not complete.
const MAX_LEN: usize = 8 * 1024;

/// A client's wish.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Command {
    /// Send records from now on.
    Start,
    /// Send only records that pass.
    Filter(String),
    /// The client has had enough.
    Done,
    /// A wish that is understood and not granted (file transfer and the like).
    Ignored,
}

/// The words that begin a command.
const WORDS: [&[u8]; 6] = [b"START:", b"FILTER:", b"DONE:", b"FILE:", b"MODEL:", b"PROJECT:"];
/// The longest of them.
const LONGEST: usize = 8;

/// More bytes than any command has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TooLong;

/// Cuts what a client sends into commands.
#[derive(Debug, Default)]
pub(super) struct CommandParser {
    buf: Vec<u8>,
}

impl CommandParser {
    /// Takes in bytes.
    ///
    /// # Errors
    /// A command does not end.
    pub(super) fn push(&mut self, bytes: &[u8]) -> Result<(), TooLong> {
        if self.buf.len() + bytes.len() > MAX_LEN {
            return Err(TooLong);
        }
        self.buf.extend_from_slice(bytes);
        Ok(())
    }

    /// Whether something is held that more bytes might complete.
    pub(super) fn is_waiting(&self) -> bool {
        !self.buf.is_empty()
    }

    /// The next command. `settled` says that nothing more came for a moment, so that what is there is all.
    pub(super) fn next(&mut self, settled: bool) -> Option<Command> {
        let Some((at, word)) = find_word(&self.buf, 0) else {
            // The beginning of a word may be the end of what has come.
            let keep = if settled { 0 } else { self.buf.len().min(LONGEST - 1) };
            self.buf.drain(..self.buf.len() - keep);
            return None;
        };
        self.buf.drain(..at);
        let after = word.len();
        if matches!(word, b"START:" | b"DONE:") {
            self.consume(after);
            return Some(if word == b"START:" { Command::Start } else { Command::Done });
        }
        let rest = self.buf.get(after..).unwrap_or_default();
        let line = rest.iter().position(|b| matches!(b, b'\n' | b'\r' | 0));
        let next = find_word(rest, 0).map(|(at, _)| at);
        let end = match (line, next) {
            (Some(a), Some(b)) => a.min(b),
            (Some(a), None) | (None, Some(a)) => a,
            (None, None) if settled => rest.len(),
            (None, None) => return None,
        };
        let text = String::from_utf8_lossy(rest.get(..end).unwrap_or_default()).trim().to_owned();
        self.consume(after + end);
        Some(if word == b"FILTER:" { Command::Filter(text) } else { Command::Ignored })
    }

    fn consume(&mut self, len: usize) {
        self.buf.drain(..len.min(self.buf.len()));
        // The blank behind a word belongs to it; ends of lines are no part of anything.
        let blanks = self.buf.iter().take_while(|b| b.is_ascii_whitespace() || **b == 0).count();
        self.buf.drain(..blanks);
    }
}

/// The first command word at or behind `from`.
fn find_word(bytes: &[u8], from: usize) -> Option<(usize, &'static [u8])> {
    (from..bytes.len()).find_map(|at| {
        let rest = bytes.get(at..)?;
        WORDS.into_iter().find(|w| rest.starts_with(w)).map(|w| (at, w))
    })
}

/// Takes `bytes` as what a client sends, in pieces whose length the first byte chooses, filters included. Returns how
/// many commands there were. Must never panic, and holds no more than one command, whatever the bytes: for tests and
/// fuzzers.
#[must_use]
pub fn drive_commands(bytes: &[u8]) -> usize {
    let Some((&piece, rest)) = bytes.split_first() else { return 0 };
    let (mut parser, mut count) = (CommandParser::default(), 0);
    let mut take = |parser: &mut CommandParser, settled| {
        while let Some(command) = parser.next(settled) {
            count += 1;
            if let Command::Filter(text) = command {
                let _ = Selection::of_client(&text);
            }
        }
    };
    for piece in rest.chunks(usize::from(piece) + 1) {
        if parser.push(piece).is_err() {
            return count;
        }
        take(&mut parser, false);
    }
    take(&mut parser, true);
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(parts: &[&str]) -> Vec<Command> {
        let (mut parser, mut out) = (CommandParser::default(), Vec::new());
        for part in parts {
            parser.push(part.as_bytes()).expect("short");
            while let Some(c) = parser.next(false) {
                out.push(c);
            }
        }
        while let Some(c) = parser.next(true) {
            out.push(c);
        }
        assert!(!parser.is_waiting());
        out
    }

    fn filter(text: &str) -> Command {
        Command::Filter(text.into())
    }

    #[test]
    fn commands_are_found_however_they_are_cut() {
        use Command::{Done, Ignored, Start};
        assert_eq!(all(&["START: "]), [Start]);
        assert_eq!(all(&["ST", "ART:", " "]), [Start]);
        assert_eq!(all(&["FILTER: man or (tcp)", "START: "]), [filter("man or (tcp)"), Start]);
        assert_eq!(
            all(&["FILTER: man or (tcp and po", "rt 80)START: DONE: "]),
            [filter("man or (tcp and port 80)"), Start, Done]
        );
        assert_eq!(all(&["FILTER: tcp\n", "START: \r\n"]), [filter("tcp"), Start]);
        assert_eq!(all(&["FILE: /etc/passwd", "MODEL: x\0PROJECT: yDONE: "]), [Ignored, Ignored, Ignored, Done]);
    }

    #[test]
    fn other_words_are_passed_over() {
        assert_eq!(all(&["hello", "START", " start: ", "GET / HTTP/1.1\r\n\r\n"]), []);
        assert_eq!(all(&["nonsense FILTER: udp"]), [filter("udp")]);
        assert_eq!(all(&["\u{fffd}START: "]), [Command::Start]);
    }

    #[test]
    fn a_command_without_end_is_refused() {
        let mut parser = CommandParser::default();
        assert_eq!(parser.push(b"FILTER: "), Ok(()));
        let mut pushed = 0;
        while parser.push(&[b'x'; 1000]).is_ok() {
            assert_eq!(parser.next(false), None);
            pushed += 1;
        }
        assert_eq!(pushed, 8);
        // What is no command needs no room.
        let mut parser = CommandParser::default();
        for _ in 0..100 {
            assert_eq!(parser.push(&[b'x'; 1000]), Ok(()));
            assert_eq!(parser.next(false), None);
        }
    }
}
