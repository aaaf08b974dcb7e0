//! A histogram as marks on a page: bars over labelled axes. What a picture file holds is worked out here once, for every
//! kind of file.

use super::print::{Listing, Row};
use crate::base::{Timestamp, units};
use crate::record::fields::Unit;

/// Width of the page in pixels.
pub(super) const WIDTH: f64 = 960.0;
/// Height of the page in pixels.
pub(super) const HEIGHT: f64 = 500.0;
const LEFT: f64 = 84.0;
const RIGHT: f64 = 36.0;
const TOP: f64 = 72.0;
const BOTTOM: f64 = 76.0;
/// Most labels on the axis of the metric.
const MAX_LABELS: f64 = 11.0;
/// Horizontal lines aimed at.
const LINES: f64 = 5.0;

const INK: u32 = 0x22_22_22;
const FAINT: u32 = 0x66_66_66;
const GRID: u32 = 0xDD_DD_DD;
const BAR: u32 = 0x34_65_A4;
/// Bars of values out of range.
const OUTSIDE: u32 = 0xC1_7D_11;

/// Where the words of a text are, seen from its point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Anchor {
    Middle,
    End,
}

/// Something drawn; colours are 0xRRGGBB, y runs downwards.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Mark {
    Rect {
        x: f64,
        y: f64,
        w: f64,
        h: f64,
        fill: u32,
        /// What is said of it when it is pointed at, if anything.
        note: String,
    },
    Text {
        x: f64,
        /// The line the letters stand on.
        y: f64,
        size: f64,
        anchor: Anchor,
        /// Whether it runs upwards.
        is_turned: bool,
        fill: u32,
        words: String,
    },
}

/// The whole picture, in the order in which it is painted.
pub(super) fn marks(listing: &Listing<'_>) -> Vec<Mark> {
    let rows = listing.rows();
    let most = rows.iter().map(|r| r.count).max().unwrap_or(0).max(1) as f64;
    let mut page = Page { marks: Vec::new(), axis: Axis::of(listing, &rows), top: most };
    page.titles(listing);
    page.counts(most);
    for row in &rows {
        page.bar(row);
    }
    page.metric(listing);
    page.marks
}

/// The axis of the metric, counted in classes: the first class runs from 0 to 1.
struct Axis {
    low: f64,
    high: f64,
    count: f64,
    is_log: bool,
    min: f64,
    max: f64,
    unit: Unit,
}

impl Axis {
    fn of(listing: &Listing<'_>, rows: &[Row]) -> Axis {
        let c = listing.histogram.classes();
        let count = c.count as f64;
        let low = if rows.iter().any(|r| r.row == 0) { -1.0 } else { 0.0 };
        let high = if rows.iter().any(|r| r.row > c.count) { count + 1.0 } else { count };
        Axis { low, high, count, is_log: c.is_log, min: c.min, max: c.max, unit: listing.unit }
    }

    /// Pixels from the left of a place counted in classes.
    fn x(&self, place: f64) -> f64 {
        LEFT + (WIDTH - LEFT - RIGHT) * (place - self.low) / (self.high - self.low).max(1e-9)
    }

    /// Pixels from the left of a value.
    fn x_of(&self, value: f64) -> f64 {
        let part = if self.is_log {
            (value.ln() - self.min.ln()) / (self.max.ln() - self.min.ln())
        } else {
            (value - self.min) / (self.max - self.min)
        };
        self.x(part * self.count)
    }

    /// Round values and their labels.
    fn ticks(&self) -> Vec<(f64, String)> {
        if self.is_log {
            let (from, to) = (self.min.log10().ceil_nearly(), self.max.log10().floor_nearly());
            let decades = to - from;
            if decades >= 2.0 {
                let step = (decades / (MAX_LABELS - 1.0)).ceil().max(1.0);
                return steps(from, to, step).map(|e| 10f64.powi(e as i32)).map(|v| (v, self.power(v))).collect();
            }
            // Less than two decades have few powers of ten: 1, 2 and 5 of each.
            let all = steps(from - 1.0, to, 1.0).flat_map(|e| [1.0, 2.0, 5.0].map(|m| m * 10f64.powi(e as i32)));
            let (low, high) = (self.min * (1.0 - 1e-9), self.max * (1.0 + 1e-9));
            return all.filter(|v| (low..=high).contains(v)).map(|v| (v, self.power(v))).collect();
        }
        let step = round_step((self.max - self.min) / (MAX_LABELS - 1.0));
        let (from, to) = ((self.min / step).ceil_nearly(), (self.max / step).floor_nearly());
        steps(from, to, 1.0).map(|n| (n * step, self.plain(n * step, step))).collect()
    }

    /// A value of a logarithmic axis, with the prefix of its unit.
    fn power(&self, value: f64) -> String {
        let short = |v: f64| {
            let text = format!("{v:.4}");
            text.trim_end_matches('0').trim_end_matches('.').to_owned()
        };
        match self.unit {
            Unit::Seconds | Unit::Time | Unit::Millis => {
                let v = if self.unit == Unit::Millis { value / 1e3 } else { value };
                let sizes = [(1.0, "s"), (1e-3, "ms"), (1e-6, "µs")];
                let (size, name) = sizes.into_iter().find(|(s, _)| v >= s * (1.0 - 1e-9)).unwrap_or((1e-9, "ns"));
                match v / size {
                    n if n >= 9_999_999.0 => format!("{n:.0e} {name}"),
                    n if n >= 9_999.0 => format!("{} {name}", units::grouped(n.round() as u64)),
                    n => format!("{} {name}", short(n)),
                }
            }
            _ if value >= 999.0 => {
                let prefixes = [(1e18, "E"), (1e15, "P"), (1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")];
                let (size, name) = prefixes.into_iter().find(|(s, _)| value >= s * (1.0 - 1e-9)).unwrap_or((1.0, ""));
                format!("{} {name}", short(value / size))
            }
            _ if value >= 1e-4 => short(value),
            _ => format!("{value:.0e}"),
        }
    }

    /// A value of a linear axis whose labels are so far apart.
    fn plain(&self, value: f64, step: f64) -> String {
        if self.unit == Unit::Time {
            let text = Timestamp::from_nanos((value * 1e9) as i64).to_string();
            let day = step >= 86_400.0;
            return text.get(if day { 0..10 } else { 11..19 }).unwrap_or(&text).to_owned();
        }
        if value.abs() >= 1e5 {
            return format!("{}{}", if value < 0.0 { "-" } else { "" }, self.power(value.abs()));
        }
        let digits = (-step.log10().floor_nearly()).clamp(0.0, 9.0) as usize;
        // No sign before a zero.
        format!("{:.digits$}", value + 0.0)
    }
}

/// Rounding that takes what is nearly whole for whole.
trait Nearly {
    fn ceil_nearly(self) -> f64;
    fn floor_nearly(self) -> f64;
}

impl Nearly for f64 {
    fn ceil_nearly(self) -> f64 {
        (self - 1e-6).ceil()
    }

    fn floor_nearly(self) -> f64 {
        (self + 1e-6).floor()
    }
}

/// Whole numbers from one to another, few whatever the ends are.
fn steps(from: f64, to: f64, step: f64) -> impl Iterator<Item = f64> {
    (0..64).map(move |i| from + step * f64::from(i)).take_while(move |v| *v <= to)
}

/// 1, 2 or 5 times a power of ten, not below the number.
fn round_step(raw: f64) -> f64 {
    let unit = 10f64.powf(raw.max(1e-12).log10().floor_nearly());
    [1.0, 2.0, 5.0, 10.0].into_iter().map(|m| m * unit).find(|s| *s >= raw * (1.0 - 1e-9)).unwrap_or(10.0 * unit)
}

struct Page {
    marks: Vec<Mark>,
    axis: Axis,
    /// Upper end of the axis of counts.
    top: f64,
}

impl Page {
    fn rect(&mut self, x: f64, y: f64, w: f64, h: f64, fill: u32) {
        self.marks.push(Mark::Rect { x, y, w, h, fill, note: String::new() });
    }

    fn text(&mut self, (x, y): (f64, f64), size: f64, anchor: Anchor, fill: u32, words: String) {
        self.marks.push(Mark::Text { x, y, size, anchor, is_turned: false, fill, words });
    }

    fn y(&self, count: f64) -> f64 {
        TOP + (HEIGHT - TOP - BOTTOM) * (1.0 - count / self.top)
    }

    fn titles(&mut self, listing: &Listing<'_>) {
        let s = &listing.summary;
        self.rect(0.0, 0.0, WIDTH, HEIGHT, 0xFF_FF_FF);
        let title = format!("Distribution of {}", listing.name);
        self.text((WIDTH / 2.0, 28.0), 18.0, Anchor::Middle, INK, title);
        let number = |v: f64| match listing.unit {
            Unit::Time => time(v),
            Unit::Seconds | Unit::Millis | Unit::Percent => format!("{} {}", listing.short(v), listing.unit.text()),
            _ => listing.short(v),
        };
        let mut parts = vec![format!("N = {}", units::grouped(s.n))];
        if listing.unit != Unit::Time {
            parts.push(format!("mean {}", number(s.mean.into())));
            parts.push(format!("median {}", number(s.median)));
            parts.push(format!("95 % up to {}", number(s.p95)));
        }
        parts.push(format!("from {} to {}", number(s.min), number(s.max)));
        // Without values there is nothing to say but that.
        let shown = if s.n == 0 { parts.get(..1).unwrap_or(&[]) } else { &parts };
        self.text((WIDTH / 2.0, 50.0), 13.0, Anchor::Middle, FAINT, shown.join("   "));
    }

    /// The axis of counts with its lines.
    fn counts(&mut self, most: f64) {
        let step = round_step(most / LINES).max(1.0);
        self.top = (most / step).ceil() * step;
        for v in steps(0.0, (self.top / step).round(), 1.0).map(|n| n * step) {
            let y = self.y(v);
            self.rect(LEFT, y - 0.5, WIDTH - LEFT - RIGHT, 1.0, GRID);
            self.text((LEFT - 10.0, y + 4.5), 13.0, Anchor::End, INK, units::grouped(v as u64));
        }
        self.marks.push(Mark::Text {
            x: 24.0,
            y: TOP + (HEIGHT - TOP - BOTTOM) / 2.0,
            size: 14.0,
            anchor: Anchor::Middle,
            is_turned: true,
            fill: INK,
            words: "flow records".into(),
        });
    }

    fn bar(&mut self, row: &Row) {
        let is_outside = row.row == 0 || row.row as f64 > self.axis.count;
        let place = row.row as f64 - 1.0;
        let (x, end, y) = (self.axis.x(place), self.axis.x(place + 1.0), self.y(row.count as f64));
        let gap = ((end - x) * 0.08).min(2.0);
        let [from, to] = [row.from, row.to].map(|v| self.axis.power_or_plain(v));
        let range = match row.row {
            0 => format!("below {to}"),
            _ if is_outside => format!("above {from}"),
            _ => format!("{from} to {to}"),
        };
        self.marks.push(Mark::Rect {
            x: x + gap,
            y,
            w: end - x - 2.0 * gap,
            h: HEIGHT - BOTTOM - y,
            fill: if is_outside { OUTSIDE } else { BAR },
            note: format!("{range}: {} ({:.2} %)", row.count, row.share * 100.0),
        });
    }

    /// The axis of the metric with its labels.
    fn metric(&mut self, listing: &Listing<'_>) {
        let base = HEIGHT - BOTTOM;
        self.rect(LEFT, base - 0.5, WIDTH - LEFT - RIGHT, 1.0, INK);
        for (value, label) in self.axis.ticks() {
            let x = self.axis.x_of(value);
            self.rect(x - 0.5, base, 1.0, 6.0, INK);
            self.text((x, base + 22.0), 13.0, Anchor::Middle, INK, label);
        }
        let scale = if self.axis.is_log { ", logarithmic" } else { "" };
        let unit = match listing.unit {
            Unit::None | Unit::Number => String::new(),
            u if u.text() == listing.name => String::new(),
            Unit::Time => format!(" (UTC, from {})", time(self.axis.min)),
            u => format!(" ({})", u.text()),
        };
        let is_cut = self.axis.low < 0.0 || self.axis.high > self.axis.count;
        let ends = if is_cut { "; out of range at the ends" } else { "" };
        let words = format!("{}{unit}{scale}{ends}", listing.name);
        let (x, y) = (LEFT + (WIDTH - LEFT - RIGHT) / 2.0, HEIGHT - 22.0);
        self.text((x, y), 14.0, Anchor::Middle, INK, words);
    }
}

impl Axis {
    /// An edge of a class.
    fn power_or_plain(&self, value: f64) -> String {
        if self.is_log { self.power(value) } else { self.plain(value, (self.max - self.min) / self.count / 100.0) }
    }
}

/// Seconds since 1970 as date and time of day.
fn time(secs: f64) -> String {
    let text = Timestamp::from_nanos((secs * 1e9) as i64).to_string();
    text.get(..19).unwrap_or(&text).replace('T', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn axis(is_log: bool, min: f64, max: f64, unit: Unit) -> Axis {
        Axis { low: 0.0, high: 10.0, count: 10.0, is_log, min, max, unit }
    }

    fn labels(axis: &Axis) -> Vec<String> {
        axis.ticks().into_iter().map(|(_, l)| l).collect()
    }

    #[test]
    fn a_logarithmic_axis_is_labelled_at_powers_of_ten() {
        let long = axis(true, 0.0001, 1e6, Unit::Seconds);
        let found = labels(&long);
        assert_eq!(
            (found.len(), found[0].as_str(), found[3].as_str(), found[7].as_str()),
            (11, "100 µs", "100 ms", "1000 s")
        );
        assert!((long.x_of(10.0) - (LEFT + WIDTH - RIGHT) / 2.0).abs() < 1e-6);
        assert_eq!(labels(&axis(true, 1.0, 40.0, Unit::Bytes)), ["1", "2", "5", "10", "20"]);
        assert_eq!(labels(&axis(true, 100.0, 1e7, Unit::Bytes)), ["100", "1 k", "10 k", "100 k", "1 M", "10 M"]);
    }

    #[test]
    fn a_linear_axis_is_labelled_at_round_values() {
        assert_eq!(
            labels(&axis(false, 0.0, 5.0, Unit::Seconds)).join(" "),
            "0.0 0.5 1.0 1.5 2.0 2.5 3.0 3.5 4.0 4.5 5.0"
        );
        assert_eq!(labels(&axis(false, 3.0, 27.0, Unit::Packets)), ["5", "10", "15", "20", "25"]);
        let minute = labels(&axis(false, 1_527_155_640.0, 1_527_155_700.0, Unit::Time));
        assert_eq!((minute[0].as_str(), minute[1].as_str()), ("09:54:00", "09:54:10"));
    }

    #[test]
    fn strange_ranges_have_few_marks_and_finite_places() {
        for is_log in [false, true] {
            for (min, max) in [(1e-300, 1e300), (1.0, 1.0 + 1e-12), (1e17, 1e18)] {
                let axis = axis(is_log, min, max, Unit::Number);
                assert!(axis.ticks().len() <= 64);
                assert!(axis.ticks().iter().all(|(v, _)| axis.x_of(*v).is_finite()));
            }
        }
    }

    #[test]
    fn steps_are_round() {
        assert_eq!([1.0, 3.0, 7.0, 130.0].map(round_step), [1.0, 5.0, 10.0, 200.0]);
    }
}
