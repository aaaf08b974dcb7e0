//! Lengths and limits of the window.

use std::time::Duration;

/// Lengths and limits of the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CacheConfig {
    /// Length of the window.
    pub window: Duration,
    /// Length of the interval that rates are taken over; at most the window.
    pub rate_interval: Duration,
    /// Most addresses held.
    pub max_hosts: usize,
    /// Most pairs of addresses held.
    pub max_paths: usize,
    /// Most flows held.
    pub max_flows: usize,
    /// Most records held.
    pub max_records: usize,
}

impl Default for CacheConfig {
    fn default() -> CacheConfig {
        CacheConfig {
            window: Duration::from_secs(120),
            rate_interval: Duration::from_secs(2),
            max_hosts: 200_000,
            max_paths: 400_000,
            max_flows: 400_000,
            max_records: 8_000_000,
        }
    }
}

impl CacheConfig {
    /// Shortest window and rate interval.
    pub const MIN_WINDOW: Duration = Duration::from_millis(100);
    /// Longest window: 200 years, everything a record can be dated with.
    pub const MAX_WINDOW: Duration = Duration::from_secs(200 * 366 * 86_400);

    /// The same with window and rate interval brought into their ranges.
    #[must_use]
    pub fn bounded(self) -> CacheConfig {
        let window = self.window.clamp(CacheConfig::MIN_WINDOW, CacheConfig::MAX_WINDOW);
        let rate_interval = self.rate_interval.clamp(CacheConfig::MIN_WINDOW, window);
        CacheConfig { window, rate_interval, ..self }
    }
}
