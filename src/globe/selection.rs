//! What is selected, shared by globe, table and cards: one thing, and others that were added to it.
//!
//! Things are named by their addresses, not by their numbers in a snapshot, so that a selection survives leaving the
//! window and coming back.

use std::cmp::Ordering;
use std::net::IpAddr;

use bevy::prelude::Resource;

use super::table::FlowId;
use crate::cache::{HostPin, PathArc, Snapshot};

/// Most things that stay selected while others are; the one that was added first makes room.
pub const MOST_SELECTED: usize = 16;

/// A thing that can be selected.
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

impl Picked {
    /// The addresses it consists of.
    #[must_use]
    pub fn ends(&self) -> [Option<IpAddr>; 2] {
        match self {
            Picked::Nothing => [None, None],
            Picked::Host(a) => [Some(*a), None],
            Picked::Path(a, b) => [Some(*a), Some(*b)],
            Picked::Flow(f) => [f.key.saddr.ip(), f.key.daddr.ip()],
        }
    }

    /// Whether the arc between two addresses belongs to it: one end of an address is enough, a path or flow needs both.
    #[must_use]
    pub fn shows_path(&self, a: IpAddr, b: IpAddr) -> bool {
        match (self, self.ends()) {
            (Picked::Nothing, _) => false,
            (Picked::Host(h), _) => *h == a || *h == b,
            (_, [Some(x), Some(y)]) => (x == a && y == b) || (x == b && y == a),
            _ => false,
        }
    }

    /// The same thing, whichever end of a path is named first.
    #[must_use]
    pub fn is(&self, other: &Picked) -> bool {
        match (self, other) {
            (Picked::Path(a, b), Picked::Path(c, d)) => (a, b) == (c, d) || (a, b) == (d, c),
            (one, other) => one == other,
        }
    }

    /// The same, named so that it is found at any level: a group by one of its addresses. Merged flows are nothing then.
    #[must_use]
    pub fn at_any_level(self, snapshot: &Snapshot) -> Picked {
        let member = |key: IpAddr| {
            if snapshot.find_address(key).is_some() {
                return key;
            }
            let pin = snapshot.find_pin(key).and_then(|i| u32::try_from(i).ok());
            pin.and_then(|pin| snapshot.members.of(pin).next()).map_or(key, |host| host.addr)
        };
        match self {
            Picked::Flow(_) => Picked::Nothing,
            other => other.with(member),
        }
    }

    /// The same, named by the pins of a picture.
    #[must_use]
    pub fn on_pins(self, snapshot: &Snapshot) -> Picked {
        self.with(|addr| find_host(snapshot, addr).map_or(addr, |host| host.addr))
    }

    /// The same with other addresses; a flow stays what it is.
    fn with(self, key: impl Fn(IpAddr) -> IpAddr) -> Picked {
        match self {
            Picked::Host(a) => Picked::Host(key(a)),
            Picked::Path(a, b) => Picked::Path(key(a), key(b)),
            other => other,
        }
    }
}

/// Selection and hover.
#[derive(Resource, Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// The selected thing; of several the one that was selected last, which the details are about.
    pub picked: Picked,
    /// Things that stay selected while the one above changes, in the order in which they were added; it may be among
    /// them.
    stay: Vec<Picked>,
    /// The address of the pin under the pointer.
    pub hovered: Option<IpAddr>,
    /// The ends of the path under the pointer.
    pub hovered_path: Option<(IpAddr, IpAddr)>,
    /// Whether the details of the selected thing are open.
    pub details: bool,
}

impl Selection {
    /// Selects a thing alone and opens its details.
    pub fn pick(&mut self, picked: Picked) {
        self.stay.clear();
        self.picked = picked;
        self.details = picked != Picked::Nothing;
    }

    /// Adds a thing to what is selected and opens its details; takes it out if it is selected already.
    pub fn add_or_remove(&mut self, thing: Picked) {
        if thing == Picked::Nothing {
            return;
        }
        if !self.all().any(|known| known.is(&thing)) {
            if self.is_some() {
                let before = self.picked;
                self.keep(before);
                self.keep(thing);
            }
            (self.picked, self.details) = (thing, true);
            return;
        }
        self.stay.retain(|known| !known.is(&thing));
        if self.picked.is(&thing) {
            self.picked = self.stay.last().copied().unwrap_or_default();
            self.details &= self.is_some();
        }
        // One alone is replaced by the next that is selected.
        if self.stay.as_slice() == [self.picked] {
            self.stay.clear();
        }
    }

    /// Turns the details to one of the selected things; what is not selected is no such thing.
    pub fn turn_to(&mut self, thing: Picked) {
        if self.all().any(|known| known.is(&thing)) {
            let before = self.picked;
            self.keep(before);
            (self.picked, self.details) = (thing, true);
        }
    }

    /// Lets the selected thing stay selected while others are, or no longer; false where nothing is selected.
    pub fn stay_or_go(&mut self) -> bool {
        let thing = self.picked;
        if self.stay.iter().any(|known| known.is(&thing)) {
            self.stay.retain(|known| !known.is(&thing));
        } else if self.is_some() {
            self.keep(thing);
        }
        self.is_some()
    }

    /// Whether the selected thing stays selected while others are.
    #[must_use]
    pub fn stays(&self) -> bool {
        self.stay.iter().any(|known| known.is(&self.picked))
    }

    fn keep(&mut self, thing: Picked) {
        if self.stay.iter().any(|known| known.is(&thing)) {
            return;
        }
        if self.stay.len() >= MOST_SELECTED {
            self.stay.remove(0);
        }
        self.stay.push(thing);
    }

    /// All that is selected, each once, in the order in which it was added.
    pub fn all(&self) -> impl Iterator<Item = Picked> {
        let last = Some(self.picked).filter(|p| *p != Picked::Nothing && !self.stays());
        self.stay.iter().copied().chain(last)
    }

    /// How many things are selected.
    #[must_use]
    pub fn count(&self) -> usize {
        self.all().count()
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

    /// Follows from a picture to one at another level: a selected group is named by one of its addresses, which leads to
    /// the pin that it belongs to at any level. A row of merged flows has no counterpart; what falls together is one.
    /// One that stays because it fell together with the others is replaced by the next that is selected.
    pub fn follow_level(&mut self, from: &Snapshot, to: &Snapshot) {
        let mut pins = Pins::default();
        let picked = self.picked.at_any_level(from);
        let several = self.stay.len() > 1;
        // The one that the details are about keeps its name, and its place among those that stay.
        let name = |thing: Picked| if thing.on_pins(to).is(&picked.on_pins(to)) { picked } else { thing };
        self.stay = self.stay.iter().filter_map(|thing| Some(name(pins.add(*thing, (from, to))?))).collect();
        self.picked = if picked == Picked::Nothing { self.stay.last().copied().unwrap_or_default() } else { picked };
        if several && self.stay.as_slice() == [self.picked] {
            self.stay.clear();
        }
        self.details &= self.is_some();
    }

    /// The same with the keys of pins in place of addresses that are merged into them.
    #[must_use]
    pub fn on_pins(&self, snapshot: &Snapshot) -> Selection {
        let stay = self.stay.iter().map(|thing| thing.on_pins(snapshot)).collect();
        Selection { picked: self.picked.on_pins(snapshot), stay, ..*self }
    }

    /// The addresses that the selected things consist of, each once, in the order in which they were added.
    #[must_use]
    pub fn ends(&self) -> Vec<IpAddr> {
        let mut ends = Vec::new();
        for addr in self.all().flat_map(|thing| thing.ends()).flatten() {
            if !ends.contains(&addr) {
                ends.push(addr);
            }
        }
        ends
    }

    /// Whether a pin is to be drawn as selected.
    #[must_use]
    pub fn shows_host(&self, addr: IpAddr) -> bool {
        self.all().any(|thing| thing.ends().contains(&Some(addr)))
    }

    /// Whether the arc between two addresses is to be drawn as selected: see [`Picked::shows_path`].
    #[must_use]
    pub fn shows_path(&self, a: IpAddr, b: IpAddr) -> bool {
        self.all().any(|thing| thing.shows_path(a, b))
    }

    /// Whether anything is selected, so that the rest may be dimmed.
    #[must_use]
    pub fn is_some(&self) -> bool {
        self.picked != Picked::Nothing
    }
}

/// The pins of things that go from a picture to one at another level, each once.
#[derive(Clone, Debug, Default)]
pub struct Pins(Vec<Picked>);

impl Pins {
    /// A thing as it is found at any level; `None` if it has no counterpart or falls together with an earlier one.
    pub fn add(&mut self, thing: Picked, (from, to): (&Snapshot, &Snapshot)) -> Option<Picked> {
        let thing = thing.at_any_level(from);
        let pin = thing.on_pins(to);
        if thing == Picked::Nothing || self.0.iter().any(|known| known.is(&pin)) {
            return None;
        }
        self.0.push(pin);
        Some(thing)
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
    fn things_are_added_taken_out_and_shown_together() {
        let [a, b, c] = ["129.132.1.1", "133.11.1.1", "193.0.6.139"].map(ip);
        let mut s = Selection::default();
        s.add_or_remove(Picked::Host(a));
        assert_eq!((s.picked, s.count(), s.details), (Picked::Host(a), 1, true));
        s.add_or_remove(Picked::Path(b, c));
        assert_eq!((s.picked, s.count()), (Picked::Path(b, c), 2));
        assert_eq!(s.ends(), [a, b, c]);
        assert!(s.shows_host(a) && s.shows_host(c) && s.shows_path(c, b) && s.shows_path(a, ip("1.1.1.1")));
        assert!(!s.shows_path(b, ip("1.1.1.1")), "one end of a path is not enough");
        // The same path, named from its other end, is taken out, and what was before is selected again.
        s.add_or_remove(Picked::Path(c, b));
        assert_eq!((s.picked, s.count()), (Picked::Host(a), 1));
        s.add_or_remove(Picked::Host(b));
        s.add_or_remove(Picked::Host(a));
        assert_eq!((s.picked, s.ends()), (Picked::Host(b), vec![b]));
        // A plain choice replaces all of them.
        s.add_or_remove(Picked::Host(a));
        s.pick(Picked::Host(c));
        assert_eq!(s.ends(), [c]);
        s.add_or_remove(Picked::Host(c));
        assert!(!s.is_some() && !s.details);
    }

    #[test]
    fn what_stays_is_selected_while_tab_goes_on() {
        let [a, b, c] = ["129.132.1.1", "133.11.1.1", "193.0.6.139"].map(ip);
        let mut s = Selection::default();
        assert!(!s.stay_or_go(), "there is nothing that could stay");
        s.picked = Picked::Host(a);
        assert!(s.stay_or_go() && s.stays());
        s.picked = Picked::Host(b);
        assert_eq!((s.ends(), s.stays()), (vec![a, b], false));
        s.picked = Picked::Host(c);
        assert_eq!(s.ends(), [a, c], "b was passed over");
        s.picked = Picked::Host(a);
        assert!(s.stay_or_go());
        s.picked = Picked::Host(c);
        assert_eq!(s.ends(), [c]);
    }

    #[test]
    fn the_first_of_too_many_makes_room() {
        let mut s = Selection::default();
        let addr = |i: usize| IpAddr::from([10, 0, 0, i as u8]);
        (0..=MOST_SELECTED).for_each(|i| s.add_or_remove(Picked::Host(addr(i))));
        assert_eq!((s.count(), s.shows_host(addr(0)), s.shows_host(addr(1))), (MOST_SELECTED, false, true));
    }

    #[test]
    fn several_follow_to_another_level_but_for_flows() {
        let s = fixture::snapshot();
        let mut selection = Selection::default();
        let (a, b) = (ip("129.132.1.1"), ip("133.11.1.1"));
        for thing in [Picked::Host(a), Picked::Host(b), Picked::Flow(FlowId::of(&s.flows[1]))] {
            selection.add_or_remove(thing);
        }
        let level = crate::cache::Level { by: crate::cache::By::Country, ..Default::default() };
        let by_country = s.clone().at_level(level);
        selection.follow_level(&s, &by_country);
        assert_eq!((selection.count(), selection.picked), (2, Picked::Host(b)));
        let pins = selection.on_pins(&by_country);
        assert!(by_country.hosts.iter().filter(|h| pins.shows_host(h.addr)).count() == 2, "{pins:?}");
        // A group leads back to one of its addresses; an address that was asked for meanwhile is that one.
        let country = pins.picked;
        let mut group = Selection::default();
        group.pick(country);
        group.follow_level(&by_country, &s);
        assert_eq!(group.picked, Picked::Host(b));
        // Two addresses of one network are one thing there, with the details of the one that had them.
        let masks = crate::cache::Masks { v4: 6, v6: 48 };
        let by_network = s.clone().at_level(crate::cache::Level { by: crate::cache::By::Network, masks });
        let inside = |h: &&HostPin| by_network.find_pin(h.addr) == by_network.find_pin(a);
        let both: Vec<Picked> = s.hosts.iter().filter(inside).map(|h| Picked::Host(h.addr)).collect();
        assert!(both.len() > 1 && both.contains(&Picked::Host(a)), "{both:?}");
        let mut twins = Selection::default();
        both.iter().for_each(|thing| twins.add_or_remove(*thing));
        let last = twins.picked;
        twins.follow_level(&s, &by_network);
        assert_eq!((twins.count(), twins.picked, twins.details, twins.stays()), (1, last, true, false));
        // What was to stay does so under the name of the one beside it that is looked at, in its place.
        let other = ip("193.0.6.139");
        let mut kept = Selection { picked: both[1], stay: vec![both[0], Picked::Host(other)], ..Selection::default() };
        kept.follow_level(&s, &by_network);
        assert!(kept.stays());
        assert_eq!(kept.all().collect::<Vec<Picked>>(), [both[1], Picked::Host(other)]);
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
