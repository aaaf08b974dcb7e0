//! The tour: what the wall looks at next and the sentence that says why. No Bevy here.

use std::collections::VecDeque;
use std::net::IpAddr;
use std::sync::Arc;

use super::hours::{Change, Hours};
use super::kinds::TourKind;
use crate::alert::Alert;
use crate::base::hash::Set;
use crate::base::units::grouped;
use crate::cache::{HostPin, Snapshot};
use crate::globe::hud::text;
use crate::globe::selection::find_host;
use crate::globe::views::Views;

/// Shortest and longest time at one stop, in seconds.
pub(super) const STOP_SECS: [f64; 2] = [10.0, 120.0];
/// Hosts that are not visited again so soon.
const REMEMBERED: usize = 12;
/// Greatest distance that panels drift from their place, in points.
pub(super) const DRIFT: f32 = 24.0;
/// Seconds between two steps of the drift, and how long a step takes.
const DRIFT_EVERY: f64 = 60.0;
const GLIDE: f64 = 2.0;

/// Where the tour is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// The whole globe, slowly turning.
    Overview,
    /// One address.
    Host(IpAddr),
    /// A saved view.
    View(String),
}

/// A tour driven by the data, where the overview and what matters now take turns, or one of saved views.
#[derive(Clone, Debug, Default)]
pub(super) struct Tour {
    /// What it shows.
    pub(super) kind: TourKind,
    /// Where it is, once it has begun.
    stop: Option<Stop>,
    /// The sentence about it.
    pub(super) caption: String,
    visited: VecDeque<IpAddr>,
    /// Countries whose busiest address was visited, the newest last.
    countries: VecDeque<[u8; 2]>,
    /// Countries and cities that were on the map before, the first of them.
    places: Set<Place>,
    hours: Hours,
    /// Whether the last calm visit was to a change.
    changed_last: bool,
}

/// Most places that are remembered as seen.
const MAX_PLACES: usize = 100_000;

impl Tour {
    /// One that has not begun.
    #[must_use]
    pub(super) fn of(kind: TourKind) -> Tour {
        Tour { kind, ..Tour::default() }
    }

    /// Goes on to the next stop: after the overview to the newest alert that was not visited lately, else to an address
    /// in a country or city that was not seen before, else in turn to the busiest address and to the one whose load has
    /// changed most; after an address to the overview.
    ///
    /// Tours of one kind alone leave out the others; the tour of views goes through `views` in their order.
    pub(super) fn go_on(&mut self, snapshot: &Snapshot, alerts: &[Alert], views: &Views) -> Stop {
        if self.kind == TourKind::Views {
            return self.next_view(snapshot, views);
        }
        let to_host = self.stop == Some(Stop::Overview);
        let pick = if to_host { self.pick(snapshot, alerts) } else { None };
        if let Some((_, why)) = &pick {
            self.changed_last = matches!(why, Why::Changed(_));
        }
        self.remember(snapshot);
        let stop = match pick {
            Some((addr, why)) => {
                self.visited.retain(|a| *a != addr);
                self.visited.push_back(addr);
                if self.visited.len() > REMEMBERED {
                    self.visited.pop_front();
                }
                let host = find_host(snapshot, addr);
                self.caption = host.map(|h| sentence(h, &why)).unwrap_or_default();
                if let Some(country) = host.and_then(|h| h.place.country) {
                    self.countries.retain(|c| *c != country);
                    self.countries.push_back(country);
                }
                Stop::Host(addr)
            }
            None => {
                self.caption = overview(snapshot);
                Stop::Overview
            }
        };
        self.stop = Some(stop.clone());
        stop
    }

    /// Where it is, once it has begun.
    pub(super) fn stop(&self) -> Option<Stop> {
        self.stop.clone()
    }

    /// The address that is shown next, and why.
    fn pick(&self, snapshot: &Snapshot, alerts: &[Alert]) -> Option<(IpAddr, Why)> {
        match self.kind {
            TourKind::Data => self
                .alerting(snapshot, alerts)
                .or_else(|| self.newcomer(snapshot))
                .or_else(|| self.change(snapshot))
                .or_else(|| self.busiest(snapshot)),
            // An alert that goes on is visited again.
            TourKind::Alerts => self.alerting(snapshot, alerts).or_else(|| {
                let again = Tour { kind: self.kind, ..Tour::default() };
                again.alerting(snapshot, alerts)
            }),
            TourKind::Talkers => self.busiest(snapshot),
            TourKind::Places => self.newcomer(snapshot).or_else(|| self.next_country(snapshot)),
            TourKind::Views | TourKind::Spin | TourKind::Off => None,
        }
    }

    /// The busiest address of the country that was visited longest ago; of those never visited, of the busiest one.
    fn next_country(&self, snapshot: &Snapshot) -> Option<(IpAddr, Why)> {
        let fresh = |h: &&HostPin| h.place.country.is_some_and(|c| !self.countries.contains(&c));
        let oldest = || {
            self.countries.iter().find_map(|c| busiest(snapshot.hosts.iter().filter(|h| h.place.country == Some(*c))))
        };
        let host = busiest(snapshot.hosts.iter().filter(fresh)).or_else(oldest)?;
        Some((host.addr, Why::InCountry))
    }

    /// The saved view behind the one that is shown, by name; the overview where none is saved.
    fn next_view(&mut self, snapshot: &Snapshot, views: &Views) -> Stop {
        let names = || views.0.keys();
        let now = match &self.stop {
            Some(Stop::View(name)) => Some(name),
            _ => None,
        };
        let next = names().find(|name| now.is_some_and(|now| *name > now)).or_else(|| names().next()).cloned();
        let stop = match next {
            Some(name) => {
                self.caption = format!("View {}: {}", text::shorten(&name, 60), overview(snapshot));
                Stop::View(name)
            }
            None => {
                self.caption = format!("No view is saved yet. {}", overview(snapshot));
                Stop::Overview
            }
        };
        self.stop = Some(stop.clone());
        stop
    }

    /// The address of the newest alert that was not visited lately.
    fn alerting(&self, snapshot: &Snapshot, alerts: &[Alert]) -> Option<(IpAddr, Why)> {
        let placed = |a: &Alert| a.addr.and_then(|addr| find_host(snapshot, addr)).map(|h| h.addr);
        let mut active = alerts.iter().rev().filter(|a| a.is_active(snapshot.now));
        active.find_map(|a| Some((placed(a).filter(|addr| !self.visited.contains(addr))?, Why::Alert(a.text.clone()))))
    }

    /// The busiest address in a country that the tour has not seen, else in such a city.
    fn newcomer(&self, snapshot: &Snapshot) -> Option<(IpAddr, Why)> {
        let new = |place: Option<Place>| place.is_some_and(|p| !self.places.contains(&p));
        let in_country = |h: &&HostPin| new(h.place.country.map(|c| (c, None)));
        let in_city = |h: &&HostPin| h.place.city.is_some() && new(city_of(h));
        let country = busiest(snapshot.hosts.iter().filter(in_country));
        let found = country.or_else(|| busiest(snapshot.hosts.iter().filter(in_city)));
        found.map(|h| (h.addr, Why::New))
    }

    /// The address whose load has changed most, unless one was visited for that last.
    fn change(&self, snapshot: &Snapshot) -> Option<(IpAddr, Why)> {
        let found = self.hours.largest_change(snapshot, |addr| self.visited.contains(&addr));
        found.filter(|_| !self.changed_last).map(|change| (change.addr, Why::Changed(change)))
    }

    fn remember(&mut self, snapshot: &Snapshot) {
        self.hours.note(snapshot);
        for host in &snapshot.hosts {
            if self.places.len() >= MAX_PLACES {
                return;
            }
            self.places.extend(host.place.country.map(|c| (c, None)));
            self.places.extend(city_of(host));
        }
    }

    /// The busiest address that was not visited lately, else the one whose visit is longest ago.
    fn busiest(&self, snapshot: &Snapshot) -> Option<(IpAddr, Why)> {
        let fresh = |h: &&HostPin| !self.visited.contains(&h.addr);
        let longest_ago = || self.visited.iter().find_map(|a| find_host(snapshot, *a));
        let host = busiest(snapshot.hosts.iter().filter(fresh)).or_else(longest_ago)?;
        Some((host.addr, if load(host) > 0.0 { Why::Busiest } else { Why::Largest }))
    }
}

/// Why an address is shown.
#[derive(Clone, Debug, PartialEq)]
enum Why {
    /// What the alert says.
    Alert(String),
    New,
    InCountry,
    Busiest,
    Largest,
    Changed(Change),
}

/// A country, or a city in it.
type Place = ([u8; 2], Option<Arc<str>>);

fn city_of(h: &HostPin) -> Option<Place> {
    Some((h.place.country?, h.place.city.clone()))
}

/// What a load was before.
fn before(c: &Change) -> String {
    let when = if c.ago.as_secs() > 3600 { "at this hour of the day before" } else { "an hour before" };
    format!("{when} both were {} in all", text::load(c.before))
}

fn load(h: &HostPin) -> f64 {
    h.load_in + h.load_out
}

fn volume(h: &HostPin) -> u64 {
    h.sent.bytes.saturating_add(h.received.bytes)
}

fn busiest<'a>(hosts: impl Iterator<Item = &'a HostPin>) -> Option<&'a HostPin> {
    // The lower address wins among equals: the tour is the same each time.
    hosts.max_by(|x, y| {
        load(x).total_cmp(&load(y)).then_with(|| volume(x).cmp(&volume(y))).then_with(|| y.addr.cmp(&x.addr))
    })
}

/// ` in Zurich, CH`; nothing where neither city nor country is known.
fn place(h: &HostPin) -> String {
    match (h.place.city.as_deref(), h.place.country_code()) {
        (None, "") => String::new(),
        (Some(city), "") => format!(" in {city}"),
        (Some(city), code) => format!(" in {city}, {code}"),
        (None, code) => format!(" in {code}"),
    }
}

/// `1 flow`, `1 234 flows`.
fn counted(n: u64, one: &str, many: &str) -> String {
    format!("{} {}", grouped(n), if n == 1 { one } else { many })
}

fn sentence(h: &HostPin, why: &Why) -> String {
    let who = match (&h.group, &h.place.as_name) {
        (Some(group), _) => text::shorten(&group.name, 60),
        (None, Some(name)) => format!("{} ({}){}", h.addr, text::shorten(name, 40), place(h)),
        (None, None) => format!("{}{}", h.addr, place(h)),
    };
    let flows = counted(h.flows.into(), "flow", "flows");
    let rates = format!("sends {} and receives {}", text::load(h.load_out), text::load(h.load_in));
    match why {
        Why::Alert(text) => format!("Alert: {}{}", text::shorten(text, 160), place(h)),
        Why::Changed(change) => format!("Changed most: {who} {rates}; {}", before(change)),
        Why::New => format!("New on the map: {who} {rates} in {flows}"),
        Why::InCountry => format!("Busiest of its country: {who} {rates} in {flows}"),
        Why::Busiest => format!("Among the busiest: {who} {rates} in {flows}"),
        Why::Largest => format!("Quiet now: {who} moved {} in {flows}", text::bytes(volume(h))),
    }
}

fn overview(s: &Snapshot) -> String {
    if s.hosts.is_empty() {
        return "No address with a place in the window yet".to_owned();
    }
    let countries: Set<[u8; 2]> = s.hosts.iter().filter_map(|h| h.place.country).collect();
    let addresses: u64 = s.hosts.iter().map(|h| u64::from(h.members())).sum();
    let who = counted(addresses, "address", "addresses");
    let places = match countries.len() as u64 {
        0 => String::new(),
        n => format!(" in {}", counted(n, "country", "countries")),
    };
    format!("{who}{places}: {} in all", text::load(s.totals.load))
}

/// Whether what stands left and right has changed sides `elapsed` seconds after the start: each half hour, so that
/// nothing burns into one side.
#[must_use]
pub(super) fn sides_changed(elapsed: f64) -> bool {
    const EVERY: f64 = 1800.0;
    (elapsed.max(0.0) / EVERY) as u64 % 2 == 1
}

/// A fixed random number from 0 to 1 for each step (a splitmix64 step, <https://prng.di.unimi.it/splitmix64.c>).
fn random(step: u64) -> f64 {
    let mut z = step.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
}

/// How far panels are moved from their place `elapsed` seconds after the start, in points `[right, down]`: another
/// offset each minute, reached in a glide, so that nothing burns into the screen.
#[must_use]
pub(super) fn drift(elapsed: f64, reduced_motion: bool) -> [f32; 2] {
    let step = (elapsed.max(0.0) / DRIFT_EVERY).floor();
    let at = |step: f64| -> [f64; 2] {
        if step < 1.0 {
            return [0.0; 2];
        }
        let angle = random(2 * step as u64) * std::f64::consts::TAU;
        let far = f64::from(DRIFT) * random(2 * step as u64 + 1).sqrt();
        [far * angle.cos(), far * angle.sin()]
    };
    let (from, to) = (at(step - 1.0), at(step));
    let t = if reduced_motion { 1.0 } else { ((elapsed - step * DRIFT_EVERY) / GLIDE).clamp(0.0, 1.0) };
    let t = t * t * (3.0 - 2.0 * t);
    [0, 1].map(|i| (from[i] + (to[i] - from[i]) * t) as f32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::globe::fixture::{self, alert};

    #[test]
    fn the_overview_and_the_busiest_take_turns_and_none_comes_twice_in_a_row() {
        let snapshot = fixture::snapshot();
        let mut tour = Tour::default();
        assert_eq!(tour.go_on(&snapshot, &[], &Views::default()), Stop::Overview);
        let mut last = None;
        for _ in 0..40 {
            let Stop::Host(addr) = tour.go_on(&snapshot, &[], &Views::default()) else {
                panic!("a host after the overview")
            };
            assert_ne!(Some(addr), last);
            assert!(tour.caption.contains(&addr.to_string()), "{}", tour.caption);
            last = Some(addr);
            assert_eq!(tour.go_on(&snapshot, &[], &Views::default()), Stop::Overview);
            assert!(tour.caption.starts_with("4 addresses in "), "{}", tour.caption);
        }
    }

    #[test]
    fn a_new_country_comes_before_the_busiest() {
        let mut snapshot = fixture::snapshot();
        let mut tour = Tour::default();
        tour.go_on(&snapshot, &[], &Views::default());
        let last = snapshot.hosts.last_mut().expect("a host");
        last.place.country = Some(*b"ZZ");
        (last.load_in, last.load_out) = (0.0, 0.0);
        let addr = last.addr;
        assert_eq!(tour.go_on(&snapshot, &[], &Views::default()), Stop::Host(addr));
        assert!(tour.caption.starts_with("New on the map"), "{}", tour.caption);
    }

    #[test]
    fn after_new_places_the_busiest_and_the_largest_change_take_turns() {
        let early = fixture::snapshot();
        let mut now = early.clone();
        now.now = now.now + std::time::Duration::from_secs(3600);
        let mut tour = Tour::default();
        tour.go_on(&early, &[], &Views::default());
        // Nothing new, but one was silent and is loud.
        let last = now.hosts.last_mut().expect("a host");
        last.load_in = 5.0 * (last.load_in + last.load_out) + 1e6;
        let mut kinds = Vec::new();
        for _ in 0..4 {
            let Stop::Host(_) = tour.go_on(&now, &[], &Views::default()) else { panic!("a host") };
            kinds.push(tour.caption.split(':').next().unwrap_or_default().to_owned());
            assert_eq!(tour.go_on(&now, &[], &Views::default()), Stop::Overview);
        }
        assert_eq!(kinds[0], "Changed most");
        assert!(kinds[1..].iter().all(|k| k == "Among the busiest" || k == "Quiet now"), "{kinds:?}");
        // A city that was not there is a new place like a country.
        now.hosts[0].place.city = Some("Nowhere".into());
        assert_eq!(tour.go_on(&now, &[], &Views::default()), Stop::Host(now.hosts[0].addr));
        assert!(tour.caption.starts_with("New on the map"), "{}", tour.caption);
    }

    #[test]
    fn alerts_come_first_and_do_not_hold_the_tour() {
        let snapshot = fixture::snapshot();
        let alerts = ["193.0.6.139", "192.0.2.77", "131.111.8.42"].map(|a| alert(a, 20, 0));
        let past = [alert("133.11.1.1", 500, 400)];
        let mut tour = Tour::default();
        let mut visits = Vec::new();
        for _ in 0..3 {
            assert_eq!(tour.go_on(&snapshot, &alerts, &Views::default()), Stop::Overview);
            let Stop::Host(addr) = tour.go_on(&snapshot, &alerts, &Views::default()) else { panic!("a host") };
            visits.push((addr.to_string(), tour.caption.starts_with("Alert: ")));
        }
        // The newest first, without the one that has no place; then what is calm.
        let told: Vec<(&str, bool)> = visits.iter().map(|(a, told)| (a.as_str(), *told)).collect();
        assert_eq!(told[..2], [("131.111.8.42", true), ("193.0.6.139", true)]);
        assert!(!told[2].1);
        tour.go_on(&snapshot, &past, &Views::default());
        tour.go_on(&snapshot, &past, &Views::default());
        assert!(!tour.caption.starts_with("Alert"), "{}", tour.caption);
    }

    #[test]
    fn tours_of_one_kind_leave_out_the_others() {
        let snapshot = fixture::snapshot();
        let alerts = [alert("193.0.6.139", 20, 0)];
        let captions = |kind: TourKind, alerts: &[Alert]| {
            let mut tour = Tour { kind, ..Tour::default() };
            let mut step = || {
                let stop = tour.go_on(&snapshot, alerts, &Views::default());
                (stop, tour.caption.split(':').next().unwrap_or_default().to_owned())
            };
            (0..6).map(|_| step()).collect::<Vec<_>>()
        };
        let hosts = |steps: &[(Stop, String)]| steps.iter().filter(|(s, _)| matches!(s, Stop::Host(_))).count();
        let told = captions(TourKind::Alerts, &alerts);
        assert!(hosts(&told) == 3 && told[1].1 == "Alert" && told[5].1 == "Alert", "{told:?}");
        assert_eq!(hosts(&captions(TourKind::Alerts, &[])), 0, "without alerts the globe is looked at");
        let told = captions(TourKind::Talkers, &alerts);
        assert!(hosts(&told) == 3 && told.iter().all(|(_, why)| why != "Alert" && why != "New on the map"), "{told:?}");
        assert_eq!(hosts(&captions(TourKind::Spin, &alerts)), 0);
        let told = captions(TourKind::Places, &alerts);
        let places: Vec<&Stop> = told.iter().map(|(s, _)| s).filter(|s| matches!(s, Stop::Host(_))).collect();
        assert!(places.len() == 3 && places[0] != places[1] && places[1] != places[2] && places[0] != places[2]);
        assert!(told[1].1 == "Busiest of its country", "{told:?}");
    }

    #[test]
    fn the_tour_of_views_goes_through_all_of_them_in_order_and_round() {
        let snapshot = fixture::snapshot();
        let mut views = Views::default();
        let mut tour = Tour { kind: TourKind::Views, ..Tour::default() };
        assert_eq!(tour.go_on(&snapshot, &[], &views), Stop::Overview);
        assert!(tour.caption.starts_with("No view is saved yet"));
        for name in ["office", "coast", "world"] {
            views.0.insert(name.into(), crate::globe::SavedView::default());
        }
        let mut next = |views: &Views| match tour.go_on(&snapshot, &[], views) {
            Stop::View(name) => name,
            other => panic!("{other:?}"),
        };
        assert_eq!([next(&views), next(&views), next(&views), next(&views)], ["coast", "office", "world", "coast"]);
        views.0.remove("coast");
        assert_eq!([next(&views), next(&views)], ["office", "world"], "one that is gone is passed over");
    }

    #[test]
    fn an_empty_window_stays_with_the_overview() {
        let mut tour = Tour::default();
        for _ in 0..3 {
            assert_eq!(tour.go_on(&Snapshot::default(), &[], &Views::default()), Stop::Overview);
        }
        assert!(tour.caption.starts_with("No address"));
    }

    #[test]
    fn one_is_not_many_and_an_unknown_country_is_not_counted() {
        let mut snapshot = fixture::snapshot();
        snapshot.hosts.truncate(1);
        let host = snapshot.hosts.first_mut().expect("a host");
        (host.place.city, host.place.country, host.flows) = (None, None, 1);
        assert!(overview(&snapshot).starts_with("1 address: "), "{}", overview(&snapshot));
        let said = snapshot.hosts.first().map(|h| sentence(h, &Why::Busiest)).unwrap_or_default();
        assert!(said.ends_with(" in 1 flow") && !said.contains("  ") && !said.contains("in  "), "{said}");
    }

    #[test]
    fn sides_change_each_half_hour() {
        let at = |minutes: f64| sides_changed(minutes * 60.0);
        assert!(!at(0.0) && !at(29.9) && at(30.1) && at(59.9) && !at(60.1) && at(60.0 * 24.0 * 30.0 + 31.0));
    }

    #[test]
    fn the_drift_is_bounded_changes_each_minute_and_never_jumps() {
        let mut before = drift(0.0, false);
        let mut places = Vec::new();
        for tenth in 0..36_000 {
            let now = drift(f64::from(tenth) / 10.0, false);
            assert!(now[0].hypot(now[1]) <= DRIFT + 0.01);
            assert!((now[0] - before[0]).hypot(now[1] - before[1]) < 5.0, "a jump at {tenth}");
            if tenth % 600 == 300 {
                places.push(now);
            }
            before = now;
        }
        places.dedup();
        assert!(places.len() > 50, "{}", places.len());
    }
}
