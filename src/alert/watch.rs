//! Shows snapshots to rules and remembers what they found.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::rule::{Kind, Newness, Rule};
use crate::base::hash::Map;
use crate::base::units::si;
use crate::base::{Span, Timestamp, Warnings};
use crate::cache::{HostPin, Snapshot};
use crate::geo::NetworkSet;

/// Most alerts that are kept; the oldest make way.
pub const MAX_ALERTS: usize = 1_000;
/// Most subjects of one rule that are found in one picture; the others wait.
const MAX_FOUND: usize = 100;
/// Most countries, systems and addresses that are remembered as seen, each.
const MAX_SEEN: usize = 1_000_000;
/// An alert is over when its rule has not held for this long. Rates waver.
const CLEARS_AFTER: Duration = Duration::from_secs(30);
/// Time between two looks at the files of lists.
const LOOK: Duration = Duration::from_secs(2);

/// What an alert is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    /// Everything.
    Total,
    /// An address.
    Address(IpAddr),
    /// Two addresses, the lower first.
    Pair(IpAddr, IpAddr),
    /// A country, by its code.
    Country([u8; 2]),
    /// An autonomous system.
    System(u32),
    /// A source, by its number.
    Source(u16),
}

/// One rule held for one subject.
#[derive(Clone, Debug, PartialEq)]
pub struct Alert {
    /// The rule, as it was written.
    pub rule: Arc<str>,
    /// What it is about.
    pub subject: Subject,
    /// The sentence for people.
    pub text: String,
    /// An address to look at, where there is one.
    pub addr: Option<IpAddr>,
    /// When the rule began to hold and when it held last, in recorded time.
    pub held: Span,
    /// The greatest load seen, in bits per second, where the rule is about one.
    pub peak: Option<f64>,
}

impl Alert {
    /// Whether it has begun and is not over at a time.
    #[must_use]
    pub fn is_active(&self, now: Timestamp) -> bool {
        self.held.start <= now && now <= self.held.end + CLEARS_AFTER
    }
}

/// What a rule found in one picture.
struct Found {
    subject: Subject,
    text: String,
    addr: Option<IpAddr>,
    load: Option<f64>,
    /// When it began, if that is known to be before the picture.
    since: Option<Timestamp>,
}

/// The networks of a file, and the state of the file they were read from.
#[derive(Debug, Default)]
struct List {
    networks: NetworkSet,
    stamp: Option<(SystemTime, u64)>,
}

/// Rules and what they found.
#[derive(Debug, Default)]
pub struct Watch {
    rules: Vec<Rule>,
    lists: BTreeMap<usize, List>,
    looked: Option<Duration>,
    alerts: Vec<Alert>,
    /// What is new since it was asked last.
    fresh: Vec<Alert>,
    /// The earliest time watched, and when each thing was seen first.
    first: Option<Timestamp>,
    countries: Map<[u8; 2], Timestamp>,
    systems: Map<u32, Timestamp>,
    addresses: Map<IpAddr, Timestamp>,
    /// Records of each source, and since when there are so many, by the steady clock.
    counts: Vec<(u64, Duration)>,
}

impl Watch {
    /// Watches by some rules.
    #[must_use]
    pub fn new(rules: Vec<Rule>) -> Watch {
        let lists = rules.iter().enumerate().filter(|(_, r)| matches!(r.kind(), Kind::List(_)));
        let lists = lists.map(|(i, _)| (i, List::default())).collect();
        Watch { rules, lists, ..Watch::default() }
    }

    /// Whether there is nothing to watch for.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.rules.is_empty()
    }

    /// All alerts, in the order in which they were raised.
    #[must_use]
    pub fn alerts(&self) -> &[Alert] {
        &self.alerts
    }

    /// The alerts that were raised since the last call.
    pub fn take_fresh(&mut self) -> Vec<Alert> {
        std::mem::take(&mut self.fresh)
    }

    /// Looks at a picture of single addresses, `steady` after the start of the program. True if the list of alerts is
    /// another one now.
    pub fn look(&mut self, snapshot: &Snapshot, steady: Duration, warnings: &mut Warnings) -> bool {
        if self.is_idle() || snapshot.span.is_none() {
            return false;
        }
        self.read_lists(steady, warnings);
        self.remember(snapshot);
        self.count(snapshot, steady);
        let mut changed = false;
        for index in 0..self.rules.len() {
            for found in self.found(index, snapshot, steady) {
                changed |= self.note(index, found, snapshot.now);
            }
        }
        changed
    }

    /// Reads the lists whose files have changed. What cannot be read stays as it was.
    fn read_lists(&mut self, steady: Duration, warnings: &mut Warnings) {
        if self.looked.is_some_and(|then| steady.saturating_sub(then) < LOOK) {
            return;
        }
        self.looked = Some(steady);
        for (index, list) in &mut self.lists {
            let Some(Kind::List(path)) = self.rules.get(*index).map(Rule::kind) else { continue };
            let stamp = stamp(path);
            if stamp.is_some() && stamp == list.stamp {
                continue;
            }
            match NetworkSet::open(path, warnings) {
                Ok(networks) => *list = List { networks, stamp },
                Err(error) => {
                    warnings.add(format!("alert list: {error}"));
                }
            }
        }
    }

    /// Remembers when things were seen first.
    fn remember(&mut self, s: &Snapshot) {
        let news: Vec<Newness> = self
            .rules
            .iter()
            .filter_map(|r| if let Kind::New(what, _) = r.kind() { Some(*what) } else { None })
            .collect();
        if news.is_empty() {
            return;
        }
        let opening = (s.now - s.window).max(s.span.map_or(s.now, |p| p.start)).min(s.now);
        self.first = Some(self.first.map_or(opening, |f| f.min(opening)));
        for host in &s.hosts {
            let at = host.seen.start;
            if news.contains(&Newness::Country)
                && let Some(code) = host.place.country
            {
                earliest(&mut self.countries, code, at);
            }
            if news.contains(&Newness::System)
                && let Some(asn) = host.place.asn
            {
                earliest(&mut self.systems, asn, at);
            }
        }
        if news.contains(&Newness::Address) {
            for (addr, at) in addresses(s) {
                earliest(&mut self.addresses, addr, at);
            }
        }
    }

    fn count(&mut self, s: &Snapshot, steady: Duration) {
        self.counts.resize(s.health.sources.len(), (0, steady));
        for (count, source) in self.counts.iter_mut().zip(&s.health.sources) {
            if count.0 != source.records {
                *count = (source.records, steady);
            }
        }
    }

    fn found(&self, index: usize, s: &Snapshot, steady: Duration) -> Vec<Found> {
        let Some(rule) = self.rules.get(index) else { return Vec::new() };
        match rule.kind() {
            Kind::Total(limit) => total(s, *limit),
            Kind::Address(nets, limit) => loud_addresses(s, nets.as_deref(), *limit),
            Kind::Pair(nets, limit) => loud_pairs(s, nets, *limit),
            Kind::New(what, after) => self.new_ones(s, *what, *after),
            Kind::List(path) => self.listed(index, s, path),
            Kind::Silent(longest, name) => self.silent(s, *longest, name.as_deref(), steady),
        }
    }

    /// What was seen first within the window of the picture, and later than the first stretch.
    fn new_ones(&self, s: &Snapshot, what: Newness, after: Duration) -> Vec<Found> {
        let Some(first) = self.first else { return Vec::new() };
        let is_new = |at: &Timestamp| *at > first + after && *at <= s.now && *at + s.window > s.now;
        let mut found = Vec::new();
        match what {
            Newness::Country => {
                let new = self.countries.iter().filter(|(_, at)| is_new(at));
                found.extend(new.map(|(code, at)| {
                    let name = String::from_utf8_lossy(code);
                    let host = busiest(s, |h| h.place.country == Some(*code));
                    let addr = host.map(|h| h.addr);
                    let text = format!("new country {name}{}", of(addr));
                    Found { subject: Subject::Country(*code), text, addr, load: None, since: Some(*at) }
                }));
            }
            Newness::System => {
                let new = self.systems.iter().filter(|(_, at)| is_new(at));
                found.extend(new.map(|(asn, at)| {
                    let host = busiest(s, |h| h.place.asn == Some(*asn));
                    let name =
                        host.and_then(|h| h.place.as_name.as_deref()).map(|n| format!(" {n}")).unwrap_or_default();
                    let addr = host.map(|h| h.addr);
                    let text = format!("new AS{asn}{name}{}", of(addr));
                    Found { subject: Subject::System(*asn), text, addr, load: None, since: Some(*at) }
                }));
            }
            Newness::Address => {
                let new = self.addresses.iter().filter(|(_, at)| is_new(at));
                found.extend(new.map(|(addr, at)| Found {
                    subject: Subject::Address(*addr),
                    text: format!("new address {addr}"),
                    addr: Some(*addr),
                    load: None,
                    since: Some(*at),
                }));
            }
        }
        bounded(found, |f| f.since)
    }

    fn listed(&self, index: usize, s: &Snapshot, path: &Path) -> Vec<Found> {
        let Some(list) = self.lists.get(&index).filter(|l| !l.networks.is_empty()) else { return Vec::new() };
        let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
        let hits = addresses(s).into_iter().filter(|(addr, _)| list.networks.contains(*addr));
        let found = hits.map(|(addr, at)| Found {
            subject: Subject::Address(addr),
            text: format!("{addr} is in the list {name}"),
            addr: Some(addr),
            load: None,
            since: Some(at),
        });
        bounded(found.collect(), |f| f.since)
    }

    fn silent(&self, s: &Snapshot, longest: Duration, name: Option<&str>, steady: Duration) -> Vec<Found> {
        let quiet = (0u16..).zip(self.counts.iter().zip(&s.health.sources)).filter(|(_, (count, source))| {
            source.live && name.is_none_or(|n| n == source.name) && steady.saturating_sub(count.1) >= longest
        });
        let found = quiet.map(|(number, (_, source))| Found {
            subject: Subject::Source(number),
            text: format!("no record from {} for {} s", source.name, longest.as_secs()),
            addr: None,
            load: None,
            since: None,
        });
        found.take(MAX_FOUND).collect()
    }

    /// Enters what was found: into the alert that it continues, else as a new one. True if something changed.
    fn note(&mut self, rule: usize, found: Found, now: Timestamp) -> bool {
        let Some(rule) = self.rules.get(rule).map(|r| Arc::clone(r.text())) else { return false };
        let begin = found.since.map_or(now, |t| t.min(now));
        let continues = |a: &&mut Alert| {
            a.rule == rule
                && a.subject == found.subject
                && a.held.start <= now + CLEARS_AFTER
                && begin <= a.held.end + CLEARS_AFTER
        };
        if let Some(alert) = self.alerts.iter_mut().rev().find(continues) {
            let before = (alert.held, alert.peak);
            alert.held = alert.held.union(Span::new(begin, now));
            alert.peak = alert.peak.zip(found.load).map(|(a, b)| a.max(b)).or(alert.peak);
            return before != (alert.held, alert.peak);
        }
        let alert = Alert {
            rule,
            subject: found.subject,
            text: found.text,
            addr: found.addr,
            held: Span::new(begin, now),
            peak: found.load,
        };
        if self.alerts.len() >= MAX_ALERTS {
            self.alerts.remove(0);
        }
        if self.fresh.len() < MAX_ALERTS {
            self.fresh.push(alert.clone());
        }
        self.alerts.push(alert);
        true
    }
}

/// When a file was changed last and how long it is.
fn stamp(path: &Path) -> Option<(SystemTime, u64)> {
    let about = std::fs::metadata(path).ok()?;
    Some((about.modified().ok()?, about.len()))
}

fn earliest<K: std::hash::Hash + Eq>(map: &mut Map<K, Timestamp>, key: K, at: Timestamp) {
    if let Some(known) = map.get_mut(&key) {
        *known = (*known).min(at);
    } else if map.len() < MAX_SEEN {
        map.insert(key, at);
    }
}

fn of(addr: Option<IpAddr>) -> String {
    addr.map(|a| format!(": {a}")).unwrap_or_default()
}

fn busiest(s: &Snapshot, wanted: impl Fn(&HostPin) -> bool) -> Option<&HostPin> {
    let load = |h: &HostPin| h.load_in + h.load_out;
    s.hosts.iter().filter(|h| wanted(h)).max_by(|x, y| load(x).total_cmp(&load(y)).then(y.addr.cmp(&x.addr)))
}

/// All addresses with flows in the window, placed or not, and when they were seen first in it.
fn addresses(s: &Snapshot) -> BTreeMap<IpAddr, Timestamp> {
    let mut all: BTreeMap<IpAddr, Timestamp> = BTreeMap::new();
    for flow in s.flows.iter() {
        for addr in [flow.last.key.saddr.ip(), flow.last.key.daddr.ip()].into_iter().flatten() {
            let first = all.entry(addr).or_insert(flow.seen.start);
            *first = (*first).min(flow.seen.start);
        }
    }
    all
}

/// At most so many as one rule may find, the same ones each time.
fn bounded<K: Ord>(mut found: Vec<Found>, key: impl Fn(&Found) -> K) -> Vec<Found> {
    found.sort_by(|a, b| key(a).cmp(&key(b)).then(a.subject.cmp(&b.subject)));
    found.truncate(MAX_FOUND);
    found
}

fn total(s: &Snapshot, limit: f64) -> Vec<Found> {
    let load = s.totals.load;
    if load <= limit {
        return Vec::new();
    }
    let text = format!("all traffic at {}, more than {}", si(load, "bit/s"), si(limit, "bit/s"));
    vec![Found { subject: Subject::Total, text, addr: None, load: Some(load), since: None }]
}

fn loud_addresses(s: &Snapshot, nets: Option<&NetworkSet>, limit: f64) -> Vec<Found> {
    let mut loads: Map<IpAddr, f64> = Map::default();
    for flow in s.flows.iter().filter(|f| f.load_src + f.load_dst > 0.0) {
        for addr in [flow.last.key.saddr.ip(), flow.last.key.daddr.ip()].into_iter().flatten() {
            *loads.entry(addr).or_default() += flow.load_src + flow.load_dst;
        }
    }
    let loud = loads.into_iter().filter(|(addr, load)| *load > limit && nets.is_none_or(|n| n.contains(*addr)));
    let found = loud.map(|(addr, load)| Found {
        subject: Subject::Address(addr),
        text: format!("{addr} at {}, more than {}", si(load, "bit/s"), si(limit, "bit/s")),
        addr: Some(addr),
        load: Some(load),
        since: None,
    });
    bounded(found.collect(), |_| ())
}

fn loud_pairs(s: &Snapshot, nets: &[Option<Arc<NetworkSet>>; 2], limit: f64) -> Vec<Found> {
    let mut loads: Map<(IpAddr, IpAddr), f64> = Map::default();
    for flow in s.flows.iter().filter(|f| f.load_src + f.load_dst > 0.0) {
        if let (Some(a), Some(b)) = (flow.last.key.saddr.ip(), flow.last.key.daddr.ip()) {
            *loads.entry((a.min(b), a.max(b))).or_default() += flow.load_src + flow.load_dst;
        }
    }
    let lies = |net: &Option<Arc<NetworkSet>>, addr: IpAddr| net.as_ref().is_none_or(|n| n.contains(addr));
    let [x, y] = nets;
    let between = |a: IpAddr, b: IpAddr| (lies(x, a) && lies(y, b)) || (lies(x, b) && lies(y, a));
    let loud = loads.into_iter().filter(|((a, b), load)| *load > limit && between(*a, *b));
    let found = loud.map(|((a, b), load)| Found {
        subject: Subject::Pair(a, b),
        text: format!("{a} and {b} at {}, more than {}", si(load, "bit/s"), si(limit, "bit/s")),
        addr: Some(a),
        load: Some(load),
        since: None,
    });
    bounded(found.collect(), |_| ())
}
