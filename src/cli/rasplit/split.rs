//! Divides records between files.

use std::collections::{BTreeMap, VecDeque};
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use crate::aggregate::{Core, Merged, Width};
use crate::base::{Span, Timestamp, Zone, clock};
use crate::cli::Usage;
use crate::cli::tools::{Kit, Plan, Sink, with_names};
use crate::filter::Filter;
use crate::record::codec::to_v3;
use crate::record::fields::{self, Context, Printer};
use crate::record::{Far, RecordRef};
use crate::sink::ArgusWriter;

pub(in crate::cli) const KIT: Kit =
    Kit { modes: &["time", "count", "size", "flow", "nomodify"], takes_words: true, fields: None };

/// Most files open at a time; the one not used for longest is closed, and appended to when it is needed again.
const MAX_OPEN: usize = 64;
/// Most letters of a suffix.
const MAX_LETTERS: usize = 12;

/// Most files that are remembered to be told of when they are complete.
const MAX_TOUCHED: usize = 10_000;

/// Where a new file begins.
#[derive(Clone, Debug, PartialEq)]
enum Division {
    Time(Width),
    Count(u64),
    Size(u64),
    /// With each record that passes.
    Flow(Filter),
}

fn division(words: &[String]) -> Result<Division, Usage> {
    let mut words = words.iter().filter(|w| *w != "nomodify").map(String::as_str);
    let (Some(kind), value) = (words.next(), words.next().unwrap_or("")) else { return Ok(Division::Count(10_000)) };
    let wrong = |expected: &str| Usage(format!("-M {kind} {value}: expected {expected}"));
    match kind {
        "time" => Width::parse(value)
            .map(Division::Time)
            .ok_or_else(|| wrong("a number and one of s m h d w M y, such as 5m")),
        "count" => value.parse().ok().filter(|n| *n > 1).map(Division::Count).ok_or_else(|| wrong("a number above 1")),
        "size" => size(value).map(Division::Size).ok_or_else(|| wrong("a number and one of b k m, such as 10m")),
        "flow" => {
            let text: Vec<&str> = std::iter::once(value).chain(words).collect();
            let text = text.join(" ");
            let filter = with_names(|names| Filter::parse_with(text.trim_matches('"'), names));
            let filter = filter.map_err(|e| Usage(format!("-M flow: {e}")))?;
            if filter.is_empty() {
                Err(wrong("a filter, such as \"icmp and echo\""))
            } else {
                Ok(Division::Flow(filter))
            }
        }
        _ => Err(Usage(format!(
            "mode '{kind}' is not supported; supported are time N, count N, size N, flow FILTER and nomodify"
        ))),
    }
}

fn size(text: &str) -> Option<u64> {
    let (number, scale) = match text.char_indices().next_back()? {
        (at, 'b') => (text.get(..at)?, 1),
        (at, 'k') => (text.get(..at)?, 1 << 10),
        (at, 'm') => (text.get(..at)?, 1 << 20),
        _ => (text, 1),
    };
    number.parse::<u64>().ok()?.checked_mul(scale).filter(|n| *n > 0)
}

/// Writes every record to the file that it belongs to.
pub(in crate::cli) struct Split {
    division: Division,
    template: String,
    letters: usize,
    splits: bool,
    zone: Zone,
    now: Timestamp,
    printer: Printer,
    /// Open files, the one used last behind the others.
    open: VecDeque<(PathBuf, ArgusWriter)>,
    /// Number of the file at hand, and what it holds.
    file: u64,
    records: u64,
    bytes: u64,
    /// Files that have been written to and are not complete, with the end of the time that they hold. Kept only if
    /// somebody wants to know.
    touched: Option<BTreeMap<PathBuf, Timestamp>>,
    /// Complete files.
    complete: Vec<PathBuf>,
    converted: Vec<u8>,
    piece: Vec<u8>,
}

impl Sink for Split {
    fn flow(&mut self, far: &Far<'_>, _: u64) -> anyhow::Result<()> {
        let Division::Time(width) = self.division else { return self.by_load(far) };
        let span = far.times().span;
        let bin = width.bin(span.start, &self.zone);
        if !self.splits || span.end <= bin.end {
            return self.write(far, bin);
        }
        let mut bytes = std::mem::take(&mut self.converted);
        bytes.clear();
        to_v3(far.record(), &mut bytes);
        let done = RecordRef::new(&bytes).and_then(Far::decode).map_or(Ok(()), |far| self.pieces(&far, width));
        self.converted = bytes;
        done
    }
}

impl Split {
    /// As the options say; `None` if there is nothing to print with.
    pub(in crate::cli) fn new(plan: &mut Plan, letters: usize) -> anyhow::Result<Option<Split>> {
        if !(1..=MAX_LETTERS).contains(&letters) {
            return Err(Usage(format!("-a {letters}: from 1 to {MAX_LETTERS} letters are possible")).into());
        }
        let division = division(&plan.modes)?;
        let template = match plan.targets.as_slice() {
            [] => "x".to_owned(),
            [one] => one.path.to_str().map(str::to_owned).ok_or_else(|| Usage("-w: the name is no text".into()))?,
            _ => return Err(Usage("-w is possible once".into()).into()),
        };
        if template == "-" {
            return Err(Usage("-w - is not supported: records are split into files".into()).into());
        }
        let template = match division {
            Division::Time(_) if !template.contains('%') => template + ".%Y.%m.%d.%H.%M.%S",
            _ => template,
        };
        let Some(printer) = plan.printer.take() else { return Ok(None) };
        Ok(Some(Split {
            division,
            template,
            letters,
            splits: !plan.modes.iter().any(|m| m == "nomodify"),
            zone: plan.zone.clone(),
            now: plan.now,
            printer,
            open: VecDeque::new(),
            file: 0,
            // The record at the head counts.
            records: 1,
            bytes: 128,
            touched: None,
            complete: Vec::new(),
            converted: Vec::new(),
            piece: Vec::new(),
        }))
    }

    /// Remembers which files are written to, so that the complete ones can be told.
    pub(in crate::cli) fn remember(&mut self) {
        self.touched = Some(BTreeMap::new());
    }

    /// Closes the files that hold nothing behind a moment, and gives all that are complete since the last call.
    pub(in crate::cli) fn complete(&mut self, at: Timestamp) -> anyhow::Result<Vec<PathBuf>> {
        self.close(|end| end <= at)?;
        Ok(std::mem::take(&mut self.complete))
    }

    /// Closes all files, in the order in which they were used last.
    pub(in crate::cli) fn finish(&mut self) -> anyhow::Result<()> {
        let now = clock::wall_now();
        for (_, file) in self.open.drain(..) {
            file.finish(now)?;
        }
        Ok(())
    }

    /// Closes the remembered files of which the end is as wanted.
    fn close(&mut self, wanted: impl Fn(Timestamp) -> bool) -> anyhow::Result<()> {
        let Some(touched) = &mut self.touched else { return Ok(()) };
        let mut ended: Vec<(Timestamp, PathBuf)> =
            touched.iter().filter(|(_, end)| wanted(**end)).map(|(path, end)| (*end, path.clone())).collect();
        touched.retain(|_, end| !wanted(*end));
        ended.sort_unstable();
        let now = clock::wall_now();
        for (_, path) in ended {
            if let Some((_, file)) = self.open.iter().position(|(p, _)| *p == path).and_then(|at| self.open.remove(at))
            {
                file.finish(now)?;
            }
            self.complete.push(path);
        }
        Ok(())
    }

    /// Writes a record in pieces, each to the file of its bin.
    fn pieces(&mut self, far: &Far<'_>, width: Width) -> anyhow::Result<()> {
        let mut pieces = Vec::new();
        Core::read(far).split(width, &self.zone, |piece, bin| pieces.push((*piece, bin)));
        for (core, bin) in pieces {
            let mut bytes = std::mem::take(&mut self.piece);
            bytes.clear();
            Merged::new(core, far, false).write(&mut bytes);
            let done = RecordRef::new(&bytes).and_then(Far::decode).map_or(Ok(()), |far| self.write(&far, bin));
            self.piece = bytes;
            done?;
        }
        Ok(())
    }

    /// Begins a new file when the one at hand is full.
    fn by_load(&mut self, far: &Far<'_>) -> anyhow::Result<()> {
        let is_full = match &self.division {
            Division::Count(n) => self.records >= *n,
            Division::Size(n) => self.bytes > *n,
            // The record at the head is none of the flows.
            Division::Flow(filter) => (self.file > 0 || self.records > 1) && filter.matches(far),
            Division::Time(_) => false,
        };
        if is_full {
            (self.file, self.records, self.bytes) = (self.file + 1, 0, 0);
            self.close(|_| true)?;
        }
        self.records += 1;
        self.bytes += far.record().bytes().len() as u64;
        self.write(far, Span { start: far.times().span.start, end: Timestamp::MAX })
    }

    /// Writes a record to the file of a stretch of time.
    fn write(&mut self, far: &Far<'_>, bin: Span) -> anyhow::Result<()> {
        let path = self.path(far, bin.start)?;
        if let Some(touched) = &mut self.touched
            && touched.get(&path).is_none_or(|end| *end < bin.end)
        {
            touched.insert(path.clone(), bin.end);
            if touched.len() > MAX_TOUCHED
                && let Some(soonest) = touched.values().min().copied()
            {
                self.close(|end| end <= soonest)?;
            }
        }
        if let Some((last, file)) = self.open.back_mut()
            && *last == path
        {
            return Ok(file.write(far.record())?);
        }
        let mut entry = match self.open.iter().position(|(p, _)| *p == path).and_then(|at| self.open.remove(at)) {
            Some(entry) => entry,
            None => {
                if self.open.len() >= MAX_OPEN
                    && let Some((_, oldest)) = self.open.pop_front()
                {
                    oldest.finish(self.now)?;
                }
                if let Some(dir) = path.parent() {
                    std::fs::create_dir_all(dir).with_context(|| format!("{dir:?}"))?;
                }
                let file = ArgusWriter::create(&path, self.now)?;
                (path, file)
            }
        };
        let done = entry.1.write(far.record());
        self.open.push_back(entry);
        Ok(done?)
    }

    /// The name of the file for a record.
    fn path(&mut self, far: &Far<'_>, start: Timestamp) -> anyhow::Result<PathBuf> {
        let mut out = String::with_capacity(self.template.len() + 32);
        let mut rest = self.template.as_str();
        while let Some(at) = rest.find(['%', '$']) {
            out.push_str(rest.get(..at).unwrap_or(""));
            let tail = rest.get(at + 1..).unwrap_or("");
            if rest.as_bytes().get(at) == Some(&b'%') {
                let letter = tail.chars().next().unwrap_or('%');
                time_part(&mut out, letter, start, &self.zone).ok_or_else(|| {
                    Usage(format!("-w: %{letter} is not supported; supported are %Y %m %d %H %M %S %s %j %%"))
                })?;
                rest = tail.get(letter.len_utf8()..).unwrap_or("");
            } else {
                let len = tail.bytes().take_while(u8::is_ascii_lowercase).count();
                let name = tail.get(..len).unwrap_or("");
                let field = fields::find(name).ok_or_else(|| Usage(format!("-w: unknown field '${name}'")))?;
                let mut cell = Vec::new();
                self.printer.cell(field, far, &Context::default(), &mut cell);
                out.push_str(&file_name(&cell));
                rest = tail.get(len..).unwrap_or("");
            }
        }
        out.push_str(rest);
        if !matches!(self.division, Division::Time(_)) {
            out.push_str(&suffix(self.file, self.letters));
        }
        Ok(Path::new(&out).to_path_buf())
    }
}

/// Appends a part of a time; `None` for an unknown letter.
fn time_part(out: &mut String, letter: char, at: Timestamp, zone: &Zone) -> Option<()> {
    let c = zone.civil(at);
    let s = c.second_of_day;
    out.push_str(&match letter {
        'Y' => format!("{:04}", c.year),
        'y' => format!("{:02}", c.year.rem_euclid(100)),
        'm' => format!("{:02}", c.month),
        'd' => format!("{:02}", c.day),
        'H' => format!("{:02}", s / 3600),
        'M' => format!("{:02}", s / 60 % 60),
        'S' => format!("{:02}", s % 60),
        's' => at.secs().to_string(),
        '%' => "%".into(),
        _ => return None,
    });
    Some(())
}

/// A value as a part of a file name: what strangers put into a record must not name other folders.
fn file_name(cell: &[u8]) -> String {
    let text: String = String::from_utf8_lossy(cell)
        .trim()
        .chars()
        .map(|c| if c == '/' || c == '\\' || c.is_control() || c.is_whitespace() { '_' } else { c })
        .take(100)
        .collect();
    match text.as_str() {
        "" | "." | ".." => "_".into(),
        _ => text,
    }
}

/// `aa`, `ab`, … of a number; more letters when they do not suffice.
fn suffix(mut n: u64, letters: usize) -> String {
    let mut out = Vec::new();
    while out.len() < letters || n > 0 {
        out.push(b'a' + (n % 26) as u8);
        n /= 26;
    }
    out.iter().rev().map(|b| char::from(*b)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suffixes_count_in_letters() {
        assert_eq!([0, 1, 25, 26, 675, 676].map(|n| suffix(n, 2)), ["aa", "ab", "az", "ba", "zz", "baa"]);
    }

    #[test]
    fn values_cannot_leave_their_folder() {
        assert_eq!(file_name(b"../../etc/passwd"), ".._.._etc_passwd");
        assert_eq!((file_name(b".."), file_name(b" tcp "), file_name(b"")), ("_".into(), "tcp".into(), "_".into()));
    }

    #[test]
    fn divisions_are_read() {
        let read = |t: &str| division(&t.split(' ').filter(|w| !w.is_empty()).map(String::from).collect::<Vec<_>>());
        assert_eq!(read("").unwrap(), Division::Count(10_000));
        assert_eq!((read("size 2k").unwrap(), read("count 10").unwrap()), (Division::Size(2048), Division::Count(10)));
        assert!(matches!(read("flow udp and port 53").unwrap(), Division::Flow(f) if !f.is_empty()));
        for bad in ["time", "time x", "count 0", "size m", "nosuch 1", "flow", "flow prot x"] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
