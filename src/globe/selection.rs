//! What is selected: one thing, shared by globe, table and cards.
//!
//! Things are named by their addresses, not by their numbers in a snapshot, so that a selection survives leaving the
//! window and coming back.

use std::cmp::Ordering;
use std::net::IpAddr;

use bevy::prelude::Resource;

use super::table::FlowId;
use crate::cache::{HostPin, PathArc, Snapshot};

/// The one selected thing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Picked {
    /// Nothing.
    #[default]
    Nothing,
    /// An address.
    Host(IpAddr),
    /// The traffic between two addresses, in the order of the snapshot.
    Path(IpAddr, IpAddr),
    /// A flow.
    Flow(FlowId),
}

/// Selection and hover.
#[derive(Resource, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// The selected thing.
    pub picked: Picked,
    /// The address of the pin under the pointer.
    pub hovered: Option<IpAddr>,
    /// The ends of the path under the pointer.
    pub hovered_path: Option<(IpAddr, IpAddr)>,
    /// Whether the details of the selected thing are open.
    pub details: bool,
}

impl Selection {
    /// Selects a thing and opens its details.
    pub fn pick(&mut self, picked: Picked) {
        self.picked = picked;
        self.details = picked != Picked::Nothing;
    }

    /// Closes the details, then deselects; false when there was nothing to do.
    pub fn step_back(&mut self) -> bool {
        if self.details && self.picked != Picked::Nothing {
            self.details = false;
            return true;
        }
        let had = self.picked != Picked::Nothing;
        *self = Selection { hovered: self.hovered, ..Selection::default() };
        had
    }

    /// Prepares for another level than that of `snapshot`: a selected group is named by one of its addresses, which
    /// leads to the pin that it belongs to at any level. A row of merged flows has no counterpart.
    pub fn follow_level(&mut self, snapshot: &Snapshot) {
        let member = |key: IpAddr| {
            let pin = snapshot.find_pin(key).and_then(|i| u32::try_from(i).ok());
            pin.and_then(|pin| snapshot.members.of(pin).next()).map_or(key, |host| host.addr)
        };
        self.picked = match self.picked {
            Picked::Host(a) => Picked::Host(member(a)),
            Picked::Path(a, b) => Picked::Path(member(a), member(b)),
            Picked::Flow(_) | Picked::Nothing => Picked::Nothing,
        };
        self.details &= self.picked != Picked::Nothing;
    }

    /// The same with the keys of pins in place of addresses that are merged into them.
    #[must_use]
    pub fn on_pins(self, snapshot: &Snapshot) -> Selection {
        let key = |a: IpAddr| find_host(snapshot, a).map_or(a, |h| h.addr);
        let picked = match self.picked {
            Picked::Host(a) => Picked::Host(key(a)),
            Picked::Path(a, b) => Picked::Path(key(a), key(b)),
            other => other,
        };
        Selection { picked, ..self }
    }

    /// The addresses the selected thing consists of.
    #[must_use]
    pub fn ends(&self) -> [Option<IpAddr>; 2] {
        match self.picked {
            Picked::Nothing => [None, None],
            Picked::Host(a) => [Some(a), None],
            Picked::Path(a, b) => [Some(a), Some(b)],
            Picked::Flow(f) => [f.key.saddr.ip(), f.key.daddr.ip()],
        }
    }

    /// Whether a pin is to be drawn as selected.
    #[must_use]
    pub fn shows_host(&self, addr: IpAddr) -> bool {
        self.ends().contains(&Some(addr))
    }

    /// Whether the arc between two addresses is to be drawn as selected: one end of a selected address is enough, a
    /// selected path or flow needs both.
    #[must_use]
    pub fn shows_path(&self, a: IpAddr, b: IpAddr) -> bool {
        match (self.picked, self.ends()) {
            (Picked::Nothing, _) => false,
            (Picked::Host(h), _) => h == a || h == b,
            (_, [Some(x), Some(y)]) => (x == a && y == b) || (x == b && y == a),
            _ => false,
        }
    }

    /// Whether anything is selected, so that the rest may be dimmed.
    #[must_use]
    pub fn is_some(&self) -> bool {
        self.picked != Picked::Nothing
    }
}

/// The pin of an address: its own, or that of the group it belongs to.
#[must_use]
pub fn find_host(snapshot: &Snapshot, addr: IpAddr) -> Option<&HostPin> {
    snapshot.hosts.get(snapshot.find_pin(addr)?)
}

/// The arc between two addresses.
#[must_use]
pub fn find_path(snapshot: &Snapshot, a: IpAddr, b: IpAddr) -> Option<&PathArc> {
    let index = |x: IpAddr| u32::try_from(snapshot.find_pin(x)?).ok();
    let (a, b) = (index(a)?, index(b)?);
    let (a, b) = (a.min(b), a.max(b));
    let i = snapshot.paths.binary_search_by(|p| (p.a, p.b).cmp(&(a, b))).ok()?;
    snapshot.paths.get(i)
}

/// The pin that follows or precedes an address when all are ordered by rate, greatest first; ends meet. From nothing
/// it is the first or the last.
#[must_use]
pub fn neighbour_by_rate(snapshot: &Snapshot, from: Option<IpAddr>, forward: bool) -> Option<IpAddr> {
    let rate = |h: &HostPin| h.load_in + h.load_out;
    let order = |x: &HostPin, y: &HostPin| -> Ordering {
        rate(y).total_cmp(&rate(x)).then_with(|| volume(y).cmp(&volume(x))).then_with(|| x.addr.cmp(&y.addr))
    };
    let mut hosts: Vec<&HostPin> = snapshot.hosts.iter().collect();
    hosts.sort_by(|x, y| order(x, y));
    let n = hosts.len();
    let from = from.and_then(|a| find_host(snapshot, a)).map(|h| h.addr);
    let here = from.and_then(|a| hosts.iter().position(|h| h.addr == a));
    let next = match (here, forward) {
        (Some(i), true) => (i + 1) % n,
        (Some(i), false) => (i + n - 1) % n,
        (None, true) => 0,
        (None, false) => n.checked_sub(1)?,
    };
    hosts.get(next).map(|h| h.addr)
}

fn volume(h: &HostPin) -> u64 {
    h.sent.bytes.saturating_add(h.received.bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::globe::fixture;

    fn ip(s: &str) -> IpAddr {
        s.parse().expect("an address")
    }

    #[test]
    fn escape_closes_details_then_deselects_then_has_nothing_to_do() {
        let mut s = Selection::default();
        s.pick(Picked::Host(ip("129.132.1.1")));
        assert!(s.details);
        assert!(s.step_back() && s.is_some() && !s.details);
        assert!(s.step_back() && !s.is_some());
        assert!(!s.step_back());
    }

    #[test]
    fn a_selected_flow_shows_its_path_and_both_pins() {
        let snapshot = fixture::snapshot();
        let row = &snapshot.flows[1];
        let mut s = Selection::default();
        s.pick(Picked::Flow(FlowId::of(row)));
        let (a, b) = (ip("129.132.1.1"), ip("193.0.6.139"));
        assert!(s.shows_host(a) && s.shows_host(b) && !s.shows_host(ip("133.11.1.1")));
        assert!(s.shows_path(a, b) && s.shows_path(b, a) && !s.shows_path(a, ip("133.11.1.1")));
    }

    #[test]
    fn a_selected_pin_shows_all_its_arcs() {
        let mut s = Selection::default();
        s.pick(Picked::Host(ip("129.132.1.1")));
        assert!(s.shows_path(ip("129.132.1.1"), ip("133.11.1.1")) && s.shows_path(ip("1.1.1.1"), ip("129.132.1.1")));
        assert!(!s.shows_path(ip("1.1.1.1"), ip("133.11.1.1")));
    }

    #[test]
    fn hosts_and_paths_are_found_by_address() {
        let s = fixture::snapshot();
        assert_eq!(find_host(&s, ip("133.11.1.1")).and_then(|h| h.place.city.clone()).as_deref(), Some("Tokyo"));
        assert!(find_path(&s, ip("193.0.6.139"), ip("129.132.1.1")).is_some());
        assert!(find_path(&s, ip("193.0.6.139"), ip("133.11.1.1")).is_none());
    }

    #[test]
    fn tab_visits_every_pin_once_and_comes_round() {
        let s = fixture::snapshot();
        let mut seen = Vec::new();
        let mut at = None;
        for _ in 0..s.hosts.len() {
            at = neighbour_by_rate(&s, at, true);
            seen.extend(at);
        }
        let mut sorted = seen.clone();
        sorted.sort();
        sorted.dedup();
        assert_eq!(sorted.len(), s.hosts.len());
        assert_eq!(neighbour_by_rate(&s, at, true), seen.first().copied());
        assert_eq!(neighbour_by_rate(&s, seen.first().copied(), false), at);
        assert_eq!(neighbour_by_rate(&Snapshot::default(), None, false), None);
    }
}
