//! Bits over the whole recording, in at most 4,096 bins.

use std::time::Duration;

use super::snapshot::Series;
use crate::base::{Span, Timestamp};

const MAX_BINS: i64 = 4096;
/// Width of the first bins: 125 ms, so that doubling meets 1 s, 2 s, 4 s …
const FIRST_WIDTH: i64 = 125_000_000;

/// Collects traffic by time. Bins lie on multiples of their width; when more than 4,096 would be needed, the width
/// doubles.
#[derive(Clone, Debug)]
pub struct SeriesBuilder {
    width: i64,
    /// Number of the first bin, counted from 1970.
    first: i64,
    bits: Vec<f64>,
}

impl Default for SeriesBuilder {
    fn default() -> SeriesBuilder {
        SeriesBuilder { width: FIRST_WIDTH, first: 0, bits: Vec::new() }
    }
}

impl SeriesBuilder {
    /// Adds traffic that was spread evenly over a stretch of time.
    pub fn add(&mut self, span: Span, bits: f64) {
        let (start, end) = (span.start.nanos(), span.end.nanos());
        self.make_room(start, end);
        let (a, b) = (start.div_euclid(self.width), end.div_euclid(self.width));
        let whole = (end as f64) - (start as f64);
        for number in a..=b {
            let share = if a == b {
                1.0
            } else {
                let from = number.saturating_mul(self.width).max(start);
                let to = number.saturating_add(1).saturating_mul(self.width).min(end);
                to.saturating_sub(from) as f64 / whole
            };
            if let Some(bin) = usize::try_from(number - self.first).ok().and_then(|i| self.bits.get_mut(i)) {
                *bin += bits * share;
            }
        }
    }

    /// The bins so far.
    #[must_use]
    pub fn series(&self) -> Series {
        Series {
            start: Timestamp::from_nanos(self.first.saturating_mul(self.width)),
            bin: Duration::from_nanos(self.width.unsigned_abs()),
            bits: self.bits.clone(),
        }
    }

    fn make_room(&mut self, start: i64, end: i64) {
        loop {
            let (mut low, mut high) = (start.div_euclid(self.width), end.div_euclid(self.width));
            if !self.bits.is_empty() {
                low = low.min(self.first);
                high = high.max(self.first + self.bits.len() as i64 - 1);
            }
            if high - low < MAX_BINS {
                self.extend(low, high);
                return;
            }
            self.coarsen();
        }
    }

    fn extend(&mut self, low: i64, high: i64) {
        if self.bits.is_empty() {
            self.first = low;
        }
        let front = usize::try_from(self.first - low).unwrap_or(0);
        self.bits.splice(0..0, std::iter::repeat_n(0.0, front));
        self.first = low;
        self.bits.resize(usize::try_from(high - low + 1).unwrap_or(0), 0.0);
    }

    fn coarsen(&mut self) {
        let odd = self.first.rem_euclid(2) == 1;
        let mut bins = Vec::with_capacity(self.bits.len() / 2 + 1);
        let mut rest = self.bits.as_slice();
        if let (true, Some((head, tail))) = (odd, rest.split_first()) {
            bins.push(*head);
            rest = tail;
        }
        bins.extend(rest.chunks(2).map(|pair| pair.iter().sum::<f64>()));
        self.first = self.first.div_euclid(2);
        self.width = self.width.saturating_mul(2);
        self.bits = bins;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secs(a: f64, b: f64) -> Span {
        Span::new(Timestamp::from_nanos((a * 1e9) as i64), Timestamp::from_nanos((b * 1e9) as i64))
    }

    #[test]
    fn a_long_record_is_spread_over_its_bins() {
        let mut s = SeriesBuilder::default();
        s.add(secs(10.0, 11.0), 800.0);
        s.add(secs(9.9, 9.9), 5.0);
        let got = s.series();
        assert_eq!((got.start, got.bin), (Timestamp::from_parts(9, 875_000_000), Duration::from_millis(125)));
        assert_eq!(got.bits, [vec![5.0], vec![100.0; 8], vec![0.0]].concat());
    }

    #[test]
    fn bins_double_and_nothing_is_lost() {
        let mut s = SeriesBuilder::default();
        for i in (0..20_000).rev() {
            s.add(secs(f64::from(i), f64::from(i) + 0.5), 10.0);
        }
        let got = s.series();
        assert!(got.bits.len() <= 4096 && got.bits.len() > 1024);
        assert!((got.bits.iter().sum::<f64>() - 200_000.0).abs() < 1e-3);
        assert_eq!(got.bin, Duration::from_secs(8));
        assert!((got.bits[10] - 80.0).abs() < 1e-6);
    }

    #[test]
    fn the_ends_of_time_do_not_break_it() {
        let mut s = SeriesBuilder::default();
        s.add(Span::new(Timestamp::MIN, Timestamp::MIN), 1.0);
        s.add(Span::new(Timestamp::MAX, Timestamp::MAX), 2.0);
        s.add(Span::new(Timestamp::MIN, Timestamp::MAX), 4.0);
        let got = s.series();
        assert!(got.bits.len() <= 4096 && (got.bits.iter().sum::<f64>() - 7.0).abs() < 0.01, "{}", got.bits.len());
    }
}
