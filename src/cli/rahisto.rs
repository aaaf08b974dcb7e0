//! Count how often a value of flow records falls into each of a row of classes.

mod chart;
mod png;
mod print;
mod svg;

use std::io::Write as _;
use std::path::PathBuf;

use anyhow::Context as _;

use super::tools::{self, Kit, Plan, Reader, Sink, Turning};
use super::{Outcome, Usage};
use crate::aggregate::{Arena, Classes, Histogram, MAX_CLASSES, Merged, Place};
use crate::base::clock;
use crate::record::codec::to_v3;
use crate::record::fields::{self, Field, Shape, Unit};
use crate::record::{Far, RecordRef};
use crate::sink::ArgusWriter;
use print::Listing;

/// Options.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Everything behind a lone `-` is the filter, as in: rahisto -r file -H dur 50L:0.0001-1000000 - pkts gt 1"
)]
pub(crate) struct Args {
    #[command(flatten)]
    common: tools::Common,
    /// The value and its classes (also `-H`): a field and BINS, BINS:SIZE or BINS:MIN-MAX; an L behind BINS divides the
    /// logarithm; ends may have a suffix: u m s M H D of times, K M G of others
    #[arg(long = "histogram", value_name = "FIELD BINS[L][:RANGE]")]
    histogram: Vec<String>,
    /// Draw the distribution to a file, as a drawing that browsers show
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
    /// Draw the distribution to a file, as a picture
    #[arg(long, value_name = "FILE")]
    png: Option<PathBuf>,
}

const KIT: Kit = Kit { modes: &["nozero", "outlayer", "interval"], takes_words: false, fields: Some(&[]) };

/// Runs the command.
pub(crate) fn run(args: Args, filter: Option<String>) -> anyhow::Result<Outcome> {
    let wanted = Wanted::parse(&args.histogram)?;
    let mut plan = Plan::new(args.common, filter, &KIT)?;
    if plan.shows_filter()? {
        return Ok(Outcome::Done);
    }
    let has = |mode: &str| plan.modes.iter().any(|m| m == mode);
    let style = print::Style { no_zero: has("nozero"), outside: has("outlayer"), interval: has("interval") };
    let mut files = Vec::new();
    for target in plan.targets.drain(..) {
        files.push(ArgusWriter::create(&target.path, plan.now)?);
    }
    let Some(mut printer) = plan.printer.take() else { return Ok(Outcome::Done) };
    let keeps = !printer.columns().is_empty() || !files.is_empty();
    let mut tool = Histo::new(wanted, keeps);
    let mut reader = Reader::new(&mut plan)?;
    reader.run(&mut tool)?;
    let (metric, mut histogram, rows) = tool.finish();
    let is_whole = metric.is_numeric() && !matches!(metric.get, fields::Get::Single(_) | fields::Get::Double(_));
    let listing = Listing {
        name: metric.name,
        unit: metric.unit,
        summary: histogram.summary(style.outside),
        histogram: &histogram,
        style,
        is_whole,
        digits: printer.look().digits,
    };
    if !files.is_empty() {
        write_rows(files, &rows)?;
    } else if plan.prints {
        let mut out = Vec::new();
        match plan.shape {
            Shape::Json | Shape::Xml => listing.json(&mut out),
            Shape::Columns | Shape::Variable => listing.columns(&mut printer, &rows, &mut out),
            Shape::Delimited(b) => listing.delimited(&mut printer, &rows, b, &mut out),
            Shape::Csv => listing.delimited(&mut printer, &rows, b',', &mut out),
        }
        std::io::stdout().lock().write_all(&out)?;
    }
    let pictures = [(&args.svg, "--svg"), (&args.png, "--png")];
    if pictures.iter().any(|(path, _)| path.is_some()) {
        let marks = chart::marks(&listing);
        for (path, option) in pictures.into_iter().filter_map(|(path, option)| Some((path.as_ref()?, option))) {
            let bytes = if option == "--svg" { svg::draw(&marks).into_bytes() } else { png::draw(&marks)? };
            std::fs::write(path, bytes).with_context(|| format!("{option} {path:?}"))?;
        }
    }
    reader.end()
}

/// Writes the merged record of each class.
fn write_rows(files: Vec<ArgusWriter>, rows: &[Option<Vec<u8>>]) -> anyhow::Result<()> {
    for mut file in files {
        for record in rows.iter().flatten().filter_map(|b| RecordRef::new(b)) {
            file.write(record)?;
        }
        file.finish(clock::wall_now())?;
    }
    Ok(())
}

/// What is to be counted.
#[derive(Debug)]
struct Wanted {
    metric: &'static Field,
    count: usize,
    /// The range, if it is given.
    classes: Option<Classes>,
}

/// Names of values that have another name as fields.
const ALIASES: &[(&str, &str)] = &[("avgdur", "mean"), ("mindur", "min"), ("maxdur", "max")];
/// Names in the order in which a shortened one is looked for.
const COMMON: &[&str] = &[
    "stime",
    "ltime",
    "trans",
    "dur",
    "avgdur",
    "mindur",
    "maxdur",
    "sport",
    "dport",
    "stos",
    "dtos",
    "sttl",
    "dttl",
    "bytes",
    "sbytes",
    "dbytes",
    "pkts",
    "spkts",
    "dpkts",
    "appbytes",
    "sappbytes",
    "dappbytes",
    "load",
    "sload",
    "dload",
    "loss",
    "ploss",
    "rate",
    "srate",
    "drate",
    "seq",
    "stcpb",
    "dtcpb",
    "tcprtt",
    "synack",
    "ackdat",
];

impl Wanted {
    fn parse(words: &[String]) -> Result<Wanted, Usage> {
        let words: Vec<&str> = words.iter().flat_map(|w| w.split_whitespace()).filter(|w| *w != "abs").collect();
        let [name, bins] = words.as_slice() else {
            return Err(Usage("-H FIELD BINS[L][:MIN-MAX] is needed, such as -H dur 10:0-5".into()));
        };
        let metric = metric(name)?;
        let wrong = |what: &str| Usage(format!("-H {name} {bins}: {what}"));
        let (count, range) = bins.split_once(':').map_or((*bins, None), |(c, r)| (c, Some(r)));
        let (count, is_log) = count.strip_suffix('L').map_or((count, false), |c| (c, true));
        let count = count.parse::<usize>().ok().filter(|c| (1..=MAX_CLASSES).contains(c));
        let count = count.ok_or_else(|| wrong(&format!("the number of classes must be from 1 to {MAX_CLASSES}")))?;
        let classes = match range {
            None => None,
            Some(r) => {
                let (min, max) =
                    ends(r, count, metric.unit).ok_or_else(|| wrong("the range must be SIZE or MIN-MAX"))?;
                Some(Classes { count, is_log, min, max, takes_min: false })
            }
        };
        if classes.is_some_and(|c| c.max <= c.min) {
            return Err(wrong("the upper end must be above the lower one"));
        }
        if is_log && classes.is_none_or(|c| c.min <= 0.0) {
            return Err(wrong("logarithmic classes need a range above 0, such as 10L:0.001-100"));
        }
        Ok(Wanted { metric, count, classes })
    }
}

/// The field of a name, in full or shortened.
fn metric(word: &str) -> Result<&'static Field, Usage> {
    let alias = |name| ALIASES.iter().find(|(a, _)| *a == name).map_or(name, |(_, field)| *field);
    let shortened = || COMMON.iter().find(|n| n.starts_with(word)).and_then(|n| fields::find(alias(n)));
    let counts = |f: &&'static Field| f.is_numeric() || matches!(f.get, fields::Get::Time(_)) || is_port(f);
    fields::find(alias(word)).or_else(shortened).filter(counts).ok_or_else(|| {
        let near = crate::base::nearest(word, fields::FIELDS.iter().filter(counts).map(|f| f.name));
        let hint = near.map(|n| format!(" (did you mean '{n}'?)")).unwrap_or_default();
        Usage(format!("-H {word:?}: no field of that name has a number{hint}"))
    })
}

fn is_port(field: &Field) -> bool {
    matches!(field.name, "sport" | "dport" | "proto")
}

/// The value of a record.
fn value(field: &Field, far: &Far<'_>) -> Option<f64> {
    let key = &far.flow().key;
    match field.name {
        "sport" => Some(f64::from(key.sport)),
        "dport" => Some(f64::from(key.dport)),
        "proto" => Some(f64::from(key.proto)),
        _ => field.number(far),
    }
}

/// Both ends of a range, or 0 and the end of so many classes of a size.
fn ends(text: &str, count: usize, unit: Unit) -> Option<(f64, f64)> {
    let (text, scale) = match text.char_indices().next_back() {
        Some((at, c)) if c.is_ascii_alphabetic() => (text.get(..at)?, suffix(c, unit)?),
        _ => (text, 1.0),
    };
    // A hyphen behind an exponent belongs to the number.
    let hyphen = text
        .char_indices()
        .skip(1)
        .find(|(i, c)| *c == '-' && !text.get(..*i).is_some_and(|t| t.ends_with(['e', 'E'])));
    let number = |t: &str| t.parse::<f64>().ok().filter(|v| v.is_finite()).map(|v| v * scale);
    match hyphen {
        Some((at, _)) => Some((number(text.get(..at)?)?, number(text.get(at + 1..)?)?)),
        None => Some((0.0, number(text)? * count as f64)),
    }
}

fn suffix(letter: char, unit: Unit) -> Option<f64> {
    Some(match (matches!(unit, Unit::Seconds | Unit::Time), letter) {
        (true, 'u') => 1e-6,
        (true, 'm') => 1e-3,
        (true, 's') => 1.0,
        (true, 'M') => 60.0,
        (true, 'H') => 3600.0,
        (true, 'D') => 86_400.0,
        (false, 'K' | 'k') => 1e3,
        (false, 'M') => 1e6,
        (false, 'G') => 1e9,
        _ => return None,
    })
}

/// Counts values, and merges the records of each class if somebody wants to see them.
struct Histo {
    wanted: Wanted,
    histogram: Option<Histogram>,
    keeps: bool,
    rows: Vec<Option<Box<Merged>>>,
    /// Values, and their records, that wait for the range to be known.
    waiting: Vec<(f64, Place)>,
    records: Arena,
    converted: Vec<u8>,
}

impl Histo {
    fn new(wanted: Wanted, keeps: bool) -> Histo {
        let histogram = wanted.classes.map(Histogram::new);
        let rows = Vec::new();
        Histo { wanted, histogram, keeps, rows, waiting: Vec::new(), records: Arena::new(), converted: Vec::new() }
    }

    /// Merges a record into the row of its class.
    fn keep(&mut self, row: usize, far: &Far<'_>) {
        if self.rows.len() <= row {
            self.rows.resize_with(row + 1, || None);
        }
        let Some(slot) = self.rows.get_mut(row) else { return };
        let merged = Merged::from_far(far);
        match slot {
            Some(m) => m.add_merged(&merged),
            None => *slot = Some(Box::new(merged)),
        }
    }

    /// The metric, the counts, and the merged record of each row.
    fn finish(mut self) -> (&'static Field, Histogram, Vec<Option<Vec<u8>>>) {
        let histogram = match self.histogram.take() {
            Some(h) => h,
            None => {
                let largest = self.waiting.iter().map(|(v, _)| *v).fold(0.0, f64::max);
                let mut h = Histogram::new(Classes::fitting(self.wanted.count, largest));
                let records = std::mem::take(&mut self.records);
                for (value, place) in std::mem::take(&mut self.waiting) {
                    let row = h.add(value);
                    if let Some(far) = RecordRef::new(records.get(place)).and_then(Far::decode) {
                        self.keep(row, &far);
                    }
                }
                h
            }
        };
        let bytes = |m: Box<Merged>| {
            let mut out = Vec::new();
            m.write(&mut out);
            out
        };
        let rows = self.rows.into_iter().map(|m| m.map(bytes)).collect();
        (self.wanted.metric, histogram, rows)
    }
}

impl Sink for Histo {
    fn prints_at_the_end(&self) -> bool {
        true
    }

    fn turning(&self) -> Turning {
        if self.keeps { Turning::Bytes } else { Turning::View }
    }

    fn flow(&mut self, far: &Far<'_>, _: u64) -> anyhow::Result<()> {
        let Some(value) = value(self.wanted.metric, far) else { return Ok(()) };
        if self.histogram.is_none() || self.keeps {
            // Kept records are of one version.
            let mut bytes = std::mem::take(&mut self.converted);
            bytes.clear();
            to_v3(far.record(), &mut bytes);
            match &mut self.histogram {
                Some(h) => {
                    let row = h.add(value);
                    if let Some(far) = RecordRef::new(&bytes).and_then(Far::decode) {
                        self.keep(row, &far);
                    }
                }
                None => {
                    let place = if self.keeps { self.records.push(&bytes) } else { Place::default() };
                    self.waiting.push((value, place));
                }
            }
            self.converted = bytes;
        } else if let Some(h) = &mut self.histogram {
            h.add(value);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(words: &str) -> Result<(&'static str, Classes), String> {
        let w = Wanted::parse(&[words.to_owned()]).map_err(|e| e.to_string())?;
        Ok((w.metric.name, w.classes.unwrap_or(Classes::fitting(w.count, 1.0))))
    }

    #[test]
    fn ranges_are_read_in_every_form() {
        let c = |count, is_log, min, max| Classes { count, is_log, min, max, takes_min: false };
        for (words, name, classes) in [
            ("dur 10:0-5", "dur", c(10, false, 0.0, 5.0)),
            ("dur 5:1", "dur", c(5, false, 0.0, 5.0)),
            ("dur 50L:0.0001-1000000", "dur", c(50, true, 0.0001, 1_000_000.0)),
            ("dur 4:0-500m", "dur", c(4, false, 0.0, 0.5)),
            ("load 5:0-1M", "load", c(5, false, 0.0, 1e6)),
            ("byt 2:1e-3-10", "bytes", c(2, false, 0.001, 10.0)),
            ("avgdur 1:1", "mean", c(1, false, 0.0, 1.0)),
        ] {
            assert_eq!(parse(words), Ok((name, classes)), "{words}");
        }
    }

    #[test]
    fn mistakes_are_named() {
        for (words, part) in [
            ("dur", "is needed"),
            ("nosuch 10", "no field of that name has a number"),
            ("durr 10", "did you mean 'dur'"),
            ("dur 0:1", "the number of classes"),
            ("dur 10:x", "the range must be"),
            ("dur 10:5-1", "the upper end"),
            ("dur 10L:0-1", "a range above 0"),
            ("dur 10L", "a range above 0"),
        ] {
            let message = parse(words).unwrap_err();
            assert!(message.contains(part), "{words}: {message}");
        }
    }
}
