//! Interpacket times of one direction, active and idle apart.

/// Count, extremes and moments of intervals in µs.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Stat {
    n: u32,
    min: u32,
    max: u32,
    sum: f64,
    squares: f64,
}

impl Stat {
    #[inline]
    pub(super) fn add(&mut self, micros: u32) {
        self.min = if self.n == 0 { micros } else { self.min.min(micros) };
        self.max = self.max.max(micros);
        self.n = self.n.saturating_add(1);
        let v = f64::from(micros);
        self.sum += v;
        self.squares += v * v;
    }

    fn is_empty(&self) -> bool {
        self.n == 0
    }

    fn write(&self, out: &mut Vec<u8>) {
        let n = f64::from(self.n);
        let mean = self.sum / n;
        let deviation = (self.squares / n - mean * mean).max(0.0).sqrt();
        out.extend_from_slice(&self.n.to_be_bytes());
        for v in [f64::from(self.min), mean, deviation, f64::from(self.max)] {
            out.extend_from_slice(&(v as f32).to_be_bytes());
        }
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
