//! How busy addresses were, hour by hour of recorded time: what the tour compares with. No Bevy here.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use crate::base::Timestamp;
use crate::base::hash::Map;
use crate::cache::Snapshot;

const HOUR_SECS: i64 = 3600;
/// Hours that are remembered: the same one of the day before, and those since.
const HOURS: usize = 26;
/// Addresses that are remembered of an hour, the first that were seen.
const ADDRESSES: usize = 2_000;
/// A load below this is no change worth a visit, in bits per second.
const LEAST_LOAD: f64 = 1_000.0;
/// How many times more or less it has to be.
const LEAST_FACTOR: f64 = 2.0;

/// Sum and number of the loads seen in an hour.
type Means = Map<IpAddr, (f64, u32)>;

/// Loads of addresses by the hour.
#[derive(Clone, Debug, Default)]
pub(super) struct Hours {
    hours: BTreeMap<i64, (Means, u32)>,
}

/// A load that is another one than before.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Change {
    pub(super) addr: IpAddr,
    /// Bits per second then, and now.
    pub(super) before: f64,
    pub(super) now: f64,
    /// How long ago.
    pub(super) ago: Duration,
}

fn hour_of(at: Timestamp) -> i64 {
    at.nanos().div_euclid(HOUR_SECS * 1_000_000_000)
}

impl Hours {
    /// Takes in what a picture shows.
    pub(super) fn note(&mut self, s: &Snapshot) {
        let (means, looks) = self.hours.entry(hour_of(s.now)).or_default();
        *looks = looks.saturating_add(1);
        for host in &s.hosts {
            let load = host.load_in + host.load_out;
            if let Some((sum, n)) = means.get_mut(&host.addr) {
                (*sum, *n) = (*sum + load, n.saturating_add(1));
            } else if means.len() < ADDRESSES {
                means.insert(host.addr, (load, 1));
            }
        }
        while self.hours.len() > HOURS {
            self.hours.pop_first();
        }
    }

    /// The address whose load differs most, by its factor, from the same hour of the day before; where that was not seen,
    /// from the hour before. What `seen_lately` says yes to is passed over.
    pub(super) fn largest_change(&self, s: &Snapshot, seen_lately: impl Fn(IpAddr) -> bool) -> Option<Change> {
        let this = hour_of(s.now);
        let (then, (means, looks)) = [this - 24, this - 1].into_iter().find_map(|h| Some((h, self.hours.get(&h)?)))?;
        let ago = Duration::from_secs(u64::try_from((this - then) * HOUR_SECS).unwrap_or_default());
        let changes = s.hosts.iter().filter(|h| !seen_lately(h.addr)).filter_map(|h| {
            let before = means.get(&h.addr).map_or(0.0, |(sum, _)| sum / f64::from((*looks).max(1)));
            let now = h.load_in + h.load_out;
            let factor = now.max(LEAST_LOAD) / before.max(LEAST_LOAD);
            let factor = factor.max(1.0 / factor);
            (factor >= LEAST_FACTOR).then_some((factor, Change { addr: h.addr, before, now, ago }))
        });
        // The lower address wins among equals: the tour is the same each time.
        changes.max_by(|(x, a), (y, b)| x.total_cmp(y).then_with(|| b.addr.cmp(&a.addr))).map(|(_, change)| change)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::globe::fixture;

    fn at(hours: u64, loads: [f64; 2]) -> Snapshot {
        let mut s = fixture::snapshot();
        s.now = s.now + Duration::from_secs(hours * 3600);
        s.hosts.truncate(2);
        for (host, load) in s.hosts.iter_mut().zip(loads) {
            (host.load_in, host.load_out) = (load, 0.0);
        }
        s
    }

    #[test]
    fn the_same_hour_of_the_day_before_comes_before_the_last_hour() {
        let mut hours = Hours::default();
        assert_eq!(hours.largest_change(&at(0, [1e6, 1e6]), |_| false), None, "there is nothing to compare with");
        hours.note(&at(0, [1e6, 1e4]));
        hours.note(&at(0, [3e6, 1e4]));
        let now = at(24, [2e6, 9e4]);
        hours.note(&at(23, [8e6, 9e4]));
        let found = hours.largest_change(&now, |_| false).expect("a change");
        assert_eq!((found.addr, found.before, found.now), (now.hosts[1].addr, 1e4, 9e4));
        assert_eq!(found.ago, Duration::from_secs(86_400));
        // A mean of two megabits as it was: no other has changed.
        assert_eq!(hours.largest_change(&now, |a| a == found.addr), None);
        // An hour later, only the last hour is known.
        let mut short = Hours::default();
        short.note(&at(23, [8e6, 9e4]));
        let found = short.largest_change(&now, |_| false).expect("a change");
        assert_eq!((found.addr, found.ago), (now.hosts[0].addr, Duration::from_secs(3600)));
    }

    #[test]
    fn what_is_remembered_has_an_end() {
        let mut hours = Hours::default();
        (0..100).for_each(|h| hours.note(&at(h, [1.0, 2.0])));
        assert_eq!(hours.hours.len(), HOURS);
        assert!(hours.largest_change(&at(100, [5.0, 700.0]), |_| false).is_none(), "too little to visit");
    }
}
