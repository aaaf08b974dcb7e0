//! Rows of values out of text: delimited behind a line of titles, or JSON.

use std::borrow::Cow;
use std::io::{BufRead as _, BufReader, Read};

use anyhow::bail;

use super::cells::TAKEN;
use crate::base::nearest;
use crate::record::fields::{FIELDS, Field};

/// Longest line that is read.
const MAX_LINE: u64 = 1 << 20;
/// Longest part of a line in a message.
const SHOWN: usize = 60;

/// What a line is.
pub(super) enum Row {
    /// Titles; with the names of the columns of which nothing is taken.
    Titles(Vec<&'static str>),
    /// Values with their fields.
    Values(Vec<(&'static Field, String)>),
    /// No row; why.
    Bad(String),
}

/// Reads a text line by line.
pub(super) struct Lines {
    input: BufReader<Box<dyn Read + Send>>,
    number: u64,
    line: Vec<u8>,
    is_latin1: bool,
    titles: Option<Titles>,
}

/// The columns of delimited text.
struct Titles {
    text: String,
    delimiter: char,
    fields: Vec<&'static Field>,
}

impl Lines {
    pub(super) fn new(input: Box<dyn Read + Send>) -> Lines {
        Lines { input: BufReader::new(input), number: 0, line: Vec::new(), is_latin1: false, titles: None }
    }

    /// Number of the line read last, from 1.
    pub(super) fn number(&self) -> u64 {
        self.number
    }

    /// Whether the line read last was no UTF-8, so that each byte of it became a character.
    pub(super) fn is_latin1(&self) -> bool {
        self.is_latin1
    }

    /// The next row; `None` at the end. An error if the text is of another kind.
    pub(super) fn next(&mut self) -> anyhow::Result<Option<Row>> {
        loop {
            self.line.clear();
            let len = (&mut self.input).take(MAX_LINE).read_until(b'\n', &mut self.line)?;
            if len == 0 {
                return Ok(None);
            }
            self.number += 1;
            if len as u64 == MAX_LINE && self.line.last() != Some(&b'\n') {
                bail!("line {}: longer than {MAX_LINE} bytes; this is no text that the tools print", self.number);
            }
            let line: Cow<'_, str> = match std::str::from_utf8(&self.line) {
                Ok(line) => line.into(),
                Err(_) => self.line.iter().map(|b| char::from(*b)).collect::<String>().into(),
            };
            self.is_latin1 = matches!(line, Cow::Owned(_));
            let line = line.trim_end_matches(['\n', '\r']);
            if line.trim().is_empty() {
                continue;
            }
            if line.trim_start().starts_with('{') {
                return Ok(Some(json(line)));
            }
            // Titles may be repeated.
            if self.titles.as_ref().is_some_and(|t| t.text == line) {
                continue;
            }
            if let Some(titles) = &self.titles {
                return Ok(Some(titles.row(line)));
            }
            let titles = Titles::parse(line);
            let titles = titles.map_err(|problem| anyhow::anyhow!("line {}: {problem}", self.number))?;
            let unused = titles.fields.iter().map(|f| f.name).filter(|name| !TAKEN.contains(name)).collect();
            self.titles = Some(titles);
            return Ok(Some(Row::Titles(unused)));
        }
    }
}

impl Titles {
    /// A line of titles. The delimiter is the first character that cannot be in one.
    fn parse(line: &str) -> Result<Titles, String> {
        let shown: String = line.chars().take(SHOWN).collect();
        let expected =
            || format!("expected titles as `ra -c ,` prints them, such as StartTime,SrcAddr,…, found {shown:?}");
        let first = line.trim_start_matches('"');
        let delimiter = first.chars().find(|c| !(c.is_ascii_alphanumeric() || *c == '"')).unwrap_or(',');
        let mut fields = Vec::new();
        for title in split(line, delimiter) {
            let title = title.trim();
            let found = FIELDS.iter().find(|f| f.header == title).or_else(|| FIELDS.iter().find(|f| f.name == title));
            match found {
                Some(field) => fields.push(field),
                None if fields.is_empty() => return Err(expected()),
                None => {
                    let hint = nearest::nearest(title, FIELDS.iter().map(|f| f.header))
                        .map_or(String::new(), |h| format!("; is {h} meant?"));
                    return Err(format!("there is no field with the title {title:?}{hint}"));
                }
            }
        }
        if fields.len() < 2 || delimiter.is_whitespace() && delimiter != '\t' {
            return Err(expected());
        }
        Ok(Titles { text: line.to_owned(), delimiter, fields })
    }

    fn row(&self, line: &str) -> Row {
        let mut cells = split(line, self.delimiter);
        // Labels hold commas, and the tools do not quote them.
        let extra = cells.len().saturating_sub(self.fields.len());
        if let Some(at) = self.fields.iter().position(|f| f.name == "label").filter(|_| extra > 0)
            && at + extra < cells.len()
        {
            let label = cells.drain(at..=at + extra).collect::<Vec<_>>().join(&self.delimiter.to_string());
            cells.insert(at, label);
        }
        if cells.len() != self.fields.len() {
            return Row::Bad(format!("expected {} values, found {}", self.fields.len(), cells.len()));
        }
        Row::Values(self.fields.iter().copied().zip(cells).collect())
    }
}

/// The parts of a line; one that begins with a quotation mark ends with one.
fn split(line: &str, delimiter: char) -> Vec<String> {
    if !line.contains('"') {
        return line.split(delimiter).map(str::to_owned).collect();
    }
    let mut out = vec![String::new()];
    let mut quoted = false;
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        let Some(cell) = out.last_mut() else { break };
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                cell.push('"');
            }
            '"' if quoted => quoted = false,
            '"' if cell.is_empty() => quoted = true,
            c if c == delimiter && !quoted => out.push(String::new()),
            c => cell.push(c),
        }
    }
    out
}

/// An object; what has no field's name is passed over.
fn json(line: &str) -> Row {
    let object = match serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(line) {
        Ok(object) => object,
        Err(e) => return Row::Bad(format!("expected a JSON object: {e}")),
    };
    let values = object.into_iter().filter_map(|(name, value)| {
        let field = FIELDS.iter().find(|f| f.name == name)?;
        let text = match value {
            serde_json::Value::String(text) => text,
            serde_json::Value::Number(number) => number.to_string(),
            _ => return None,
        };
        Some((field, text))
    });
    Row::Values(values.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str) -> Vec<Result<String, String>> {
        let mut lines = Lines::new(Box::new(std::io::Cursor::new(text.as_bytes().to_vec())));
        let mut out = Vec::new();
        loop {
            match lines.next() {
                Ok(None) => return out,
                Ok(Some(Row::Titles(_))) => {}
                Ok(Some(Row::Bad(problem))) => out.push(Err(problem)),
                Ok(Some(Row::Values(v))) => {
                    out.push(Ok(v.iter().map(|(f, t)| format!("{}={t}", f.name)).collect::<Vec<_>>().join("|")));
                }
                Err(e) => {
                    out.push(Err(format!("{e:#}")));
                    return out;
                }
            }
        }
    }

    #[test]
    fn delimiters_are_found_in_the_titles() {
        for d in [',', ';', '\t', '|'] {
            let text = "StartTime,SrcAddr,Label\n1.5,10.0.0.1,a=b\n".replace(',', &d.to_string());
            assert_eq!(rows(&text), [Ok("stime=1.5|saddr=10.0.0.1|label=a=b".into())], "{d:?}");
        }
        assert_eq!(rows("stime,saddr\n\n1,2\r\nstime,saddr\n3,4\n").len(), 2);
    }

    #[test]
    fn labels_keep_their_commas_and_quoted_values_theirs() {
        let text = "SrcAddr,Label,Dur\n1.1.1.1,scity=1.0,2.0:x,0.5\n1.1.1.1,\"a,\"\"b\"\"\",0.5\n1.1.1.1,a\n";
        let found = rows(text);
        assert_eq!(found[0], Ok("saddr=1.1.1.1|label=scity=1.0,2.0:x|dur=0.5".into()));
        assert_eq!(found[1], Ok("saddr=1.1.1.1|label=a,\"b\"|dur=0.5".into()));
        assert_eq!(found[2], Err("expected 3 values, found 2".into()));
    }

    #[test]
    fn objects_are_rows_too() {
        let found = rows("{ \"type\":\"flow\",\"saddr\":\"1.1.1.1\",\"spkts\":3 }\n{\"saddr\":\n");
        assert_eq!(found[0], Ok("saddr=1.1.1.1|spkts=3".into()));
        assert!(found[1].as_ref().is_err_and(|e| e.starts_with("expected a JSON object")));
    }

    #[test]
    fn other_text_is_refused() {
        for text in ["hello world\n", "StartTime SrcAddr\n", "StartTime\n", "StartTime,SrcAdr\n", "\u{0}\u{1}\n"] {
            assert!(rows(text).last().is_some_and(Result::is_err), "{text}");
        }
        assert!(rows(&"x".repeat(2 << 20)).last().is_some_and(Result::is_err));
    }
}
