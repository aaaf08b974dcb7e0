//! The listing of a histogram, blank for blank as the classic tool writes it.

use crate::aggregate::{Histogram, Summary};
use crate::record::fields::{Context, Printer, Unit, number};
use crate::record::{Far, RecordRef};

/// What `-M` asks for.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Style {
    /// Rows without values are left out.
    pub(super) no_zero: bool,
    /// Values out of range count, in rows of their own.
    pub(super) outside: bool,
    /// Both edges of a class are shown.
    pub(super) interval: bool,
}

/// A histogram and how it is shown.
pub(super) struct Listing<'a> {
    pub(super) name: &'static str,
    pub(super) unit: Unit,
    pub(super) summary: Summary,
    pub(super) histogram: &'a Histogram,
    pub(super) style: Style,
    /// Whether the values are whole numbers.
    pub(super) is_whole: bool,
    pub(super) digits: u8,
}

/// One row: number of its class in the listing, row of the histogram, edge, count, share and running share of all.
pub(super) struct Row {
    pub(super) class: usize,
    pub(super) row: usize,
    pub(super) from: f64,
    pub(super) to: f64,
    pub(super) count: u64,
    pub(super) share: f32,
    pub(super) running: f32,
}

impl Listing<'_> {
    fn float(&self, value: f64) -> String {
        let mut out = Vec::new();
        number::float(&mut out, value, self.digits);
        String::from_utf8_lossy(&out).into_owned()
    }

    /// One of the values: without digits behind the point if all are whole.
    fn value(&self, value: f64) -> String {
        if self.is_whole { format!("{value:.0}") } else { self.float(value) }
    }

    /// One of the values in at most four significant digits, or all of a whole number.
    pub(super) fn short(&self, value: f64) -> String {
        if value.fract() == 0.0 || value.abs() >= 1e4 {
            return format!("{value:.0}");
        }
        let digits = (3.0 - value.abs().max(1e-12).log10().floor()).clamp(0.0, 9.0) as usize;
        let text = format!("{value:.digits$}");
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    }

    fn median(&self) -> String {
        if self.summary.median_is_value { self.value(self.summary.median) } else { self.float(self.summary.median) }
    }

    fn modes(&self) -> Option<String> {
        let texts: Vec<_> = self.summary.modes.iter().map(|m| self.value(*m)).collect();
        (!texts.is_empty()).then(|| texts.join(","))
    }

    /// The rows that are shown.
    pub(super) fn rows(&self) -> Vec<Row> {
        let classes = self.histogram.classes();
        let n = self.summary.n as f32;
        let mut running = 0.0f32;
        let mut out = Vec::new();
        for row in 0..=classes.count + 1 {
            let count = self.histogram.count(row);
            let share = if n > 0.0 { count as f32 / n } else { 0.0 };
            let is_out = row == 0 || row == classes.count + 1;
            if is_out && !self.style.outside {
                continue;
            }
            running += share;
            let is_shown = if row == 0 { classes.min != 0.0 } else { is_out || !(self.style.no_zero && count == 0) };
            if !is_shown {
                continue;
            }
            let (from, to) = match row {
                0 => (0.0, classes.min),
                r if r > classes.count => (classes.max, classes.max),
                r => (classes.edge(r - 1), classes.edge(r)),
            };
            out.push(Row { class: out.len() + 1, row, from, to, count, share, running });
        }
        out
    }

    fn edges(&self, row: &Row) -> String {
        if self.style.interval { format!("{}-{}", exponent(row.from), exponent(row.to)) } else { exponent(row.from) }
    }

    pub(super) fn columns(&self, printer: &mut Printer, records: &[Option<Vec<u8>>], out: &mut Vec<u8>) {
        let s = &self.summary;
        let [mean, stddev, max, min] =
            [self.float(s.mean.into()), self.float(s.stddev.into()), self.value(s.max), self.value(s.min)];
        let (median, p95) = (self.median(), self.value(s.p95));
        let w = [&mean, &stddev, &median, &p95].iter().map(|t| t.len()).max().unwrap_or(0);
        push(out, format!(" N = {:<6}  mean = {mean:>w$}  stddev = {stddev:>w$}  max = {max}  min = {min}\n", s.n));
        push(out, format!("           median = {median:>w$}     95% = {p95}\n"));
        if let Some(modes) = self.modes() {
            push(out, format!("             mode = {modes:>w$}\n"));
        }
        let title = if self.style.interval { "        Interval        " } else { " Interval  " };
        push(out, format!(" Class     {title}       Freq    Rel.Freq     Cum.Freq    "));
        titles(printer, out);
        for row in self.rows() {
            let (share, running) = (f64::from(row.share) * 100.0, f64::from(row.running) * 100.0);
            push(
                out,
                format!(
                    "{:6}    {} {:10}   {share:8.4}%    {running:8.4}%    ",
                    row.class,
                    self.edges(&row),
                    row.count
                ),
            );
            cells(printer, records, row.row, out);
        }
    }

    pub(super) fn delimited(&self, printer: &mut Printer, records: &[Option<Vec<u8>>], by: u8, out: &mut Vec<u8>) {
        let s = &self.summary;
        let c = char::from(by);
        push(
            out,
            format!(
                "N={}{c}mean={}{c}stddev={}{c}max={}{c}min={}{c}median={}{c}95%={}",
                s.n,
                self.float(s.mean.into()),
                self.float(s.stddev.into()),
                self.value(s.max),
                self.value(s.min),
                self.median(),
                self.value(s.p95)
            ),
        );
        if let Some(modes) = self.modes() {
            push(out, format!("{c}mode={modes}"));
        }
        push(out, format!("\nClass{c}Interval{c}Freq{c}Rel.Freq{c}Cum.Freq"));
        let has_fields = !printer.columns().is_empty();
        if has_fields {
            out.push(by);
        }
        titles(printer, out);
        for row in self.rows() {
            let (share, running) = (f64::from(row.share) * 100.0, f64::from(row.running) * 100.0);
            push(out, format!("{}{c}{}{c}{}{c}{share:.6}%{c}{running:.6}%", row.class, self.edges(&row), row.count));
            if has_fields {
                out.push(by);
            }
            cells(printer, records, row.row, out);
        }
    }

    pub(super) fn json(&self, out: &mut Vec<u8>) {
        let s = &self.summary;
        let modes: Vec<String> = s.modes.iter().map(|m| finite(*m)).collect();
        let rows: Vec<String> = self
            .rows()
            .iter()
            .map(|r| {
                format!(
                    "{{ \"class\":{},\"from\":{},\"to\":{},\"freq\":{},\"relfreq\":{},\"cumfreq\":{} }}",
                    r.class,
                    finite(r.from),
                    finite(r.to),
                    r.count,
                    finite(f64::from(r.share)),
                    finite(f64::from(r.running))
                )
            })
            .collect();
        push(
            out,
            format!(
                "{{ \"type\":\"histogram\",\"metric\":\"{}\",\"unit\":\"{}\",\"n\":{},\"mean\":{},\"stddev\":{},\"max\":{},\
                 \"min\":{},\"median\":{},\"p95\":{},\"mode\":[{}],\"classes\":[{}] }}\n",
                self.name,
                self.unit.text(),
                s.n,
                finite(s.mean.into()),
                finite(s.stddev.into()),
                finite(s.max),
                finite(s.min),
                finite(s.median),
                finite(s.p95),
                modes.join(","),
                rows.join(",")
            ),
        );
    }
}

/// Titles of the fields of the merged records, and the end of the line.
fn titles(printer: &Printer, out: &mut Vec<u8>) {
    if printer.columns().is_empty() {
        out.push(b'\n');
    } else {
        printer.header(out);
    }
}

/// Fields of the merged record of a row, and the end of the line.
fn cells(printer: &mut Printer, records: &[Option<Vec<u8>>], row: usize, out: &mut Vec<u8>) {
    let far = records.get(row).and_then(Option::as_ref).and_then(|b| RecordRef::new(b)).and_then(Far::decode_sum);
    match far.filter(|_| !printer.columns().is_empty()) {
        Some(far) => printer.row(&far, &Context::default(), out),
        None => out.push(b'\n'),
    }
}

fn push(out: &mut Vec<u8>, text: String) {
    out.extend_from_slice(text.as_bytes());
}

/// A number that JSON knows.
fn finite(value: f64) -> String {
    if value.is_finite() { format!("{value}") } else { "null".into() }
}

/// `%.6e`: six digits behind the point, at least two of the exponent.
pub(super) fn exponent(value: f64) -> String {
    let text = format!("{value:.6e}");
    let Some((mantissa, e)) = text.split_once('e') else { return text };
    let (sign, digits) = e.strip_prefix('-').map_or(('+', e), |d| ('-', d));
    format!("{mantissa}e{sign}{digits:0>2}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exponents_have_two_digits() {
        for (v, text) in [(0.0, "0.000000e+00"), (1.584_893e-4, "1.584893e-04"), (-2.5e120, "-2.500000e+120")] {
            assert_eq!(exponent(v), text);
        }
    }
}
