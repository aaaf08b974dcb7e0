//! How often a value falls into each of a row of classes.
//!
//! Means and deviations are told in single precision, the median of an odd number of values is the one behind the middle,
//! and a value equal to the lower edge is below the range: so the classic tool counts, and what it prints is compared.

use super::merge::join;
use crate::record::Spread;

/// Most classes taken.
pub const MAX_CLASSES: usize = 1_000_000;

/// The classes: equally wide ones, in the value or in its decimal logarithm.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Classes {
    /// Number of classes.
    pub count: usize,
    /// Whether the logarithm is divided.
    pub is_log: bool,
    /// Lower end of the first.
    pub min: f64,
    /// Upper end of the last.
    pub max: f64,
    /// Whether a value equal to `min` belongs to the first.
    pub takes_min: bool,
}

impl Classes {
    /// Classes that hold all of the values: from 0, of a width of two digits.
    #[must_use]
    pub fn fitting(count: usize, largest: f64) -> Classes {
        let raw = largest / count.max(1) as f64;
        let size = if raw > 0.0 && raw.is_finite() {
            let unit = 10f64.powf(raw.log10().floor() - 1.0);
            (raw / unit).ceil() * unit
        } else {
            1.0
        };
        Classes { count, is_log: false, min: 0.0, max: size * count as f64, takes_min: true }
    }

    fn scaled(&self, value: f64) -> f64 {
        if self.is_log { value.log10() } else { value }
    }

    fn size(&self) -> f64 {
        (self.scaled(self.max) - self.scaled(self.min)) / self.count.max(1) as f64
    }

    /// Lower edge of a class, counted from 0; that of the one behind the last is the upper end.
    #[must_use]
    pub fn edge(&self, class: usize) -> f64 {
        let at = self.scaled(self.min) + self.size() * class as f64;
        if self.is_log { 10f64.powf(at) } else { at }
    }

    /// The row of a value: 0 below the range, 1 for the first class, `count + 1` above the range.
    #[must_use]
    pub fn row(&self, value: f64) -> usize {
        let (v, a, b) = (self.scaled(value), self.scaled(self.min), self.scaled(self.max));
        let is_below = if self.takes_min { v < a } else { v <= a };
        if is_below || v.is_nan() {
            0
        } else if v > b {
            self.count + 1
        } else {
            // Not below the range, so not negative; a value at its end may fall behind the last class.
            (((v - a) / self.size()) as usize + 1).min(self.count + 1)
        }
    }
}

/// Values and how often each class was met.
#[derive(Clone, Debug)]
pub struct Histogram {
    classes: Classes,
    rows: Vec<u64>,
    /// Mean of each class, rounded at every value as the classic tool does, which merges the records of a class and then
    /// the classes.
    spreads: Vec<Spread>,
    /// Of the values in the classes, and of all.
    sums: [Sums; 2],
    values: Vec<f64>,
}

#[derive(Clone, Copy, Debug)]
struct Sums {
    n: u64,
    sum: f64,
    squares: f64,
    min: f64,
    max: f64,
}

impl Sums {
    const NONE: Sums = Sums { n: 0, sum: 0.0, squares: 0.0, min: f64::INFINITY, max: f64::NEG_INFINITY };

    fn add(&mut self, value: f64) {
        self.n += 1;
        self.sum += value;
        self.squares += value * value;
        self.min = self.min.min(value);
        self.max = self.max.max(value);
    }

    /// The standard deviation, from exact sums: unlike the mean it is not rounded on the way.
    fn deviation(&self) -> f64 {
        let n = self.n.max(1) as f64;
        let mean = self.sum / n;
        (self.squares / n - mean * mean).max(0.0).sqrt()
    }
}

/// No value.
const NO_SPREAD: Spread = Spread { count: 0, min: 0.0, mean: 0.0, stdev: 0.0, max: 0.0 };

/// What is said of all values together.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Summary {
    /// How many values were in the range.
    pub n: u64,
    /// Their mean.
    pub mean: f32,
    /// Their standard deviation.
    pub stddev: f32,
    /// The largest.
    pub max: f64,
    /// The smallest.
    pub min: f64,
    /// The middle one.
    pub median: f64,
    /// Whether the median is one of the values rather than the mean of two.
    pub median_is_value: bool,
    /// What 95 of 100 do not exceed.
    pub p95: f64,
    /// The values that occur most often, if any occurs twice.
    pub modes: Vec<f64>,
}

impl Histogram {
    /// Without values.
    #[must_use]
    pub fn new(classes: Classes) -> Histogram {
        let classes = Classes { count: classes.count.min(MAX_CLASSES), ..classes };
        Histogram {
            classes,
            rows: vec![0; classes.count + 2],
            spreads: vec![NO_SPREAD; classes.count + 2],
            sums: [Sums::NONE; 2],
            values: Vec::new(),
        }
    }

    /// The classes.
    #[must_use]
    pub fn classes(&self) -> &Classes {
        &self.classes
    }

    /// Counts a value; gives its row.
    pub fn add(&mut self, value: f64) -> usize {
        let row = self.classes.row(value);
        if let Some(count) = self.rows.get_mut(row) {
            *count += 1;
        }
        if let Some(spread) = self.spreads.get_mut(row) {
            let v = value as f32;
            *spread = join(*spread, Spread { count: 1, min: v, mean: v, stdev: 0.0, max: v });
        }
        let [inside, all] = &mut self.sums;
        if (1..=self.classes.count).contains(&row) {
            inside.add(value);
        }
        all.add(value);
        if self.classes.min <= value && value <= self.classes.max {
            self.values.push(value);
        }
        row
    }

    /// How many values fell into a row; 0 is below the range, the last is above.
    #[must_use]
    pub fn count(&self, row: usize) -> u64 {
        self.rows.get(row).copied().unwrap_or(0)
    }

    /// Everything together; with `outside` the values out of range count for number, mean and ends too.
    #[must_use]
    pub fn summary(&mut self, outside: bool) -> Summary {
        let [inside, all] = self.sums;
        let sums = if outside { all } else { inside };
        if sums.n == 0 {
            return Summary::default();
        }
        let shown = if outside { 0..self.classes.count + 2 } else { 1..self.classes.count + 1 };
        let spread = self.spreads.get(shown).unwrap_or(&[]).iter().fold(NO_SPREAD, |all, s| join(all, *s));
        self.values.sort_unstable_by(f64::total_cmp);
        let m = self.values.len();
        let value = |at: usize| self.values.get(at.min(m.saturating_sub(1))).copied().unwrap_or(0.0);
        let is_odd = !m.is_multiple_of(2);
        Summary {
            n: sums.n,
            mean: spread.mean,
            stddev: sums.deviation() as f32,
            max: sums.max,
            min: sums.min,
            // The one behind the middle, as the classic tool counts from 0.
            median: if is_odd { value(m.div_ceil(2)) } else { (value((m / 2).wrapping_sub(1)) + value(m / 2)) / 2.0 },
            median_is_value: is_odd,
            p95: value((0.95 * m as f64) as usize),
            modes: self.modes(),
        }
    }

    /// The most frequent of the sorted values.
    fn modes(&self) -> Vec<f64> {
        let runs = || self.values.chunk_by(|a, b| a == b);
        let most = runs().map(<[f64]>::len).max().unwrap_or(0);
        if most < 2 {
            return Vec::new();
        }
        runs().filter(|r| r.len() == most).filter_map(|r| r.first().copied()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_fall_into_their_class() {
        let c = Classes { count: 4, is_log: false, min: 0.0, max: 8.0, takes_min: false };
        let rows: Vec<_> = [-1.0, 0.0, 0.1, 2.0, 7.9, 8.0, 8.1, f64::NAN].map(|v| c.row(v)).into();
        assert_eq!(rows, [0, 0, 1, 2, 4, 5, 5, 0]);
        let c = Classes { count: 2, is_log: true, min: 1.0, max: 100.0, takes_min: false };
        assert_eq!([0.0, 1.0, 5.0, 50.0, 101.0, f64::INFINITY].map(|v| c.row(v)), [0, 0, 1, 2, 3, 3]);
        assert!((c.edge(1) - 10.0).abs() < 1e-9);
    }

    #[test]
    fn a_fitting_range_has_round_classes() {
        let c = Classes::fitting(10, 4.702_737);
        assert!((c.max - 4.8).abs() < 1e-9 && c.takes_min);
        assert!((Classes::fitting(3, 0.0).max - 3.0).abs() < 1e-9);
    }

    #[test]
    fn a_summary_tells_of_the_values_in_range() {
        let mut h = Histogram::new(Classes { count: 2, is_log: false, min: 0.0, max: 10.0, takes_min: false });
        [1.0, 2.0, 2.0, 5.5, 20.0].iter().for_each(|v| {
            h.add(*v);
        });
        let s = h.summary(false);
        assert_eq!((s.n, s.min, s.max, s.modes.as_slice(), s.median), (4, 1.0, 5.5, &[2.0][..], 2.0));
        assert_eq!((h.count(1), h.count(2), h.count(3), h.summary(true).max), (3, 1, 1, 20.0));
        assert_eq!(Histogram::new(Classes::fitting(3, 1.0)).summary(true), Summary::default());
    }
}
