//! What is new in a snapshot, and how a ring grows: plain arithmetic.

use std::collections::BTreeSet;
use std::net::IpAddr;

use crate::cache::Snapshot;

/// Seconds that a ring takes from its pin to nothing.
pub const RING_SECS: f64 = 0.6;
/// Most new pins that get a ring at once; the heaviest are taken.
const MOST: usize = 200;

/// Indices into `now.hosts` of the ends of everything that was not there before: new pins, and both ends of new paths.
/// Nothing when the playhead was moved or the level changed: then all is new, and none of it is news. At most 200, those
/// with the largest rates.
#[must_use]
pub fn arrivals(before: &Snapshot, now: &Snapshot) -> Vec<u32> {
    let leap = now.now < before.now || now.now.since(before.now) > now.window || now.level != before.level;
    // Before the first record nothing is shown; what comes then is the picture itself.
    if leap || before.hosts.is_empty() {
        return Vec::new();
    }
    let hosts = news(before.hosts.iter().map(|h| h.addr), now.hosts.iter().map(|h| h.addr));
    let mut found: BTreeSet<u32> = hosts.into_iter().collect();
    for index in news(pairs(before), pairs(now)) {
        found.extend(now.paths.get(index as usize).into_iter().flat_map(|p| [p.a, p.b]));
    }
    let mut found: Vec<u32> = found.into_iter().collect();
    let load = |i: &u32| now.hosts.get(*i as usize).map_or(0.0, |h| h.load_in + h.load_out);
    found.sort_by(|a, b| load(b).total_cmp(&load(a)));
    found.truncate(MOST);
    found
}

/// The ends of each path; as sorted as the paths are.
fn pairs(snapshot: &Snapshot) -> impl Iterator<Item = Option<(IpAddr, IpAddr)>> {
    let addr = |i: u32| Some(snapshot.hosts.get(i as usize)?.addr);
    snapshot.paths.iter().map(move |p| Some((addr(p.a)?, addr(p.b)?)))
}

/// Indices of the elements of a sorted sequence that an older one lacks.
fn news<T: Ord>(before: impl Iterator<Item = T>, now: impl Iterator<Item = T>) -> Vec<u32> {
    let mut before = before.peekable();
    let mut found = Vec::new();
    for (index, item) in (0..).zip(now) {
        while before.next_if(|b| *b < item).is_some() {}
        if before.next_if(|b| *b == item).is_none() {
            found.push(index);
        }
    }
    found
}

/// How far a ring has grown `age` seconds after its pin appeared, 0 to 1; `None` when it is over.
#[must_use]
pub fn growth(age: f64) -> Option<f32> {
    (0.0..RING_SECS).contains(&age).then(|| {
        let left = 1.0 - age / RING_SECS;
        (1.0 - left * left) as f32
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::globe::fixture;

    #[test]
    fn only_what_was_not_there_is_new() {
        let now = fixture::snapshot();
        assert_eq!(arrivals(&now, &now), [] as [u32; 0]);
        let mut before = now.clone();
        before.paths.clear();
        let gone = before.hosts.remove(1).addr;
        let found = arrivals(&before, &now);
        assert!(found.contains(&1) && now.hosts[1].addr == gone);
        let of_paths: BTreeSet<u32> = now.paths.iter().flat_map(|p| [p.a, p.b]).chain([1]).collect();
        assert_eq!(found.into_iter().collect::<BTreeSet<_>>(), of_paths);
    }

    #[test]
    fn a_seek_and_a_first_picture_are_no_news() {
        let now = fixture::snapshot();
        let mut before = now.clone();
        before.hosts.pop();
        before.paths.clear();
        assert!(!arrivals(&before, &now).is_empty());
        before.now = now.now + Duration::from_secs(1);
        assert_eq!(arrivals(&before, &now), [] as [u32; 0]);
        before.now = now.now - Duration::from_secs(1) - now.window;
        assert_eq!(arrivals(&before, &now), [] as [u32; 0]);
        assert_eq!(arrivals(&Snapshot::default(), &now), [] as [u32; 0]);
    }

    #[test]
    fn a_ring_grows_for_its_time_and_is_gone() {
        assert_eq!((growth(0.0), growth(RING_SECS), growth(-0.1)), (Some(0.0), None, None));
        assert!(growth(0.5) > growth(0.2));
    }
}
