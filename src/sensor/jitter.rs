//! Interpacket times of one direction, active and idle apart.

use super::encode::be;

/// Count, extremes and moments of intervals in µs.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Stat {
    n: u32,
    min: u32,
    max: u32,
    sum: f32,
    squares: u64,
}

impl Stat {
    #[inline]
    pub(super) fn add(&mut self, micros: u32) {
        self.min = if self.n == 0 { micros } else { self.min.min(micros) };
        self.max = self.max.max(micros);
        self.n = self.n.saturating_add(1);
        let v = u64::from(micros);
        self.sum += micros as f32;
        self.squares = self.squares.saturating_add(v.saturating_mul(v));
    }

    /// Reads a little of it; what comes back means nothing.
    #[inline]
    pub(super) fn touch(&self) -> u64 {
        u64::from(self.n) ^ self.squares
    }

    fn is_empty(&self) -> bool {
        self.n == 0
    }

    fn write(&self, out: &mut Vec<u8>) {
        let n = u64::from(self.n).max(1);
        // Whole squares and a sum of single precision, as the classic sensor has them: steady traffic shows the
        // rounding in its deviation. Where that would be the root of a negative number, 0 is written.
        let mean = self.sum / n as f32;
        let variance = (self.squares / n) as f64 - f64::from(mean) * f64::from(mean);
        let values = [self.min as f32, mean, variance.max(0.0).sqrt() as f32, self.max as f32].map(f32::to_bits);
        let [a, b, c, d] = values;
        out.extend_from_slice(be([self.n, a, b, c, d]).as_flattened());
    }
}

/// Source active, source idle, destination active, destination idle.
pub(super) type Jitter = [Stat; 4];

/// Appends the jitter DSR; nothing if no interval was counted.
pub(super) fn write(jitter: &Jitter, out: &mut Vec<u8>) {
    let mut qualifier = 0;
    for (i, stat) in jitter.iter().enumerate() {
        qualifier |= u8::from(!stat.is_empty()) << i;
    }
    if qualifier == 0 {
        return;
    }
    let words = 1 + 5 * qualifier.count_ones() as u8;
    out.extend_from_slice(&[0x46, 0, qualifier, words]);
    for stat in jitter.iter().filter(|s| !s.is_empty()) {
        stat.write(out);
    }
}
