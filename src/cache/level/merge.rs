//! Merging: from pins, arcs and flows of addresses to those of groups. One pass over each list.

use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;

use super::super::snapshot::{FlowRow, HostId, HostPin, PathArc, PathId, Snapshot};
use super::{By, Group, Level, Members};
use crate::base::hash::Map;
use crate::geo::{LatLon, Origin, Place, countries, country_centre};
use crate::record::{Addr, Counts, FlowKey, FlowSummary, SourceId};

/// Towns of one name in one country farther apart than this (radians, 100 km) are different towns.
const ONE_TOWN: f64 = 100.0 / 6371.0;
/// Towns of one name in one country that are told apart; further ones count to the last.
const NAMESAKES: usize = 16;

/// What the members of a group share.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Key {
    Network(IpAddr, u8),
    System(u32),
    /// Name, country, number among the towns of that name.
    City(Arc<str>, Option<[u8; 2]>, u8),
    Country([u8; 2]),
    /// What lacks the property that the level goes by: all at one point, as bits of the coordinates.
    Spot(u64, u64),
}

impl Snapshot {
    /// The picture of addresses turned into one of groups; `self` must be at the level of addresses.
    ///
    /// Rates and counts of a group are the sums of its members'. Traffic within a group is an arc from the group to
    /// itself. Flows between the same groups of one protocol and destination port become one row. Totals stay what
    /// they are.
    #[must_use]
    pub fn at_level(mut self, level: Level) -> Snapshot {
        self.level = level;
        if level.by == By::Address {
            return self;
        }
        let groups = Groups::of(&self.hosts, level);
        let (mut hosts, pins) = groups.pins(level);
        let flows = merge_flows(&self, &pins, &mut hosts);
        self.paths = merge_paths(&self.paths, &pins, &hosts);
        self.flows = flows.into();
        self.members = Arc::new(Members { hosts: std::mem::replace(&mut self.hosts, hosts), pins });
        self
    }
}

/// One group while its members come in.
struct Sum {
    key: Key,
    place: Place,
    /// Sum of the members' unit vectors.
    towards: [f64; 3],
    origins: [u32; ORIGINS.len()],
    pin: HostPin,
    members: u32,
}

const ORIGINS: [Origin; 5] = [Origin::Label, Origin::OwnMap, Origin::Home, Origin::Database, Origin::CountryCentre];

impl Sum {
    fn new(key: Key, first: &HostPin) -> Sum {
        let mut sum = Sum {
            key,
            place: first.place.clone(),
            towards: [0.0; 3],
            origins: [0; ORIGINS.len()],
            pin: HostPin {
                sent: Counts::default(),
                received: Counts::default(),
                load_out: 0.0,
                load_in: 0.0,
                flows: 0,
                ..first.clone()
            },
            members: 0,
        };
        sum.add(first);
        sum
    }

    fn add(&mut self, host: &HostPin) {
        self.members += 1;
        for (sum, part) in self.towards.iter_mut().zip(host.place.at.to_unit()) {
            *sum += part;
        }
        if let Some(n) = ORIGINS.iter().position(|o| *o == host.place.origin).and_then(|i| self.origins.get_mut(i)) {
            *n += 1;
        }
        let (mine, theirs) = (&mut self.place, &host.place);
        // What not all members share is not said of the group.
        if mine.city != theirs.city {
            mine.city = None;
        }
        if mine.country != theirs.country {
            mine.country = None;
        }
        if mine.asn != theirs.asn {
            (mine.asn, mine.as_name) = (None, None);
        }
        mine.radius_km = mine.radius_km.max(theirs.radius_km);
        self.pin.sent.add(host.sent);
        self.pin.received.add(host.received);
        self.pin.load_out += host.load_out;
        self.pin.load_in += host.load_in;
        self.pin.seen = self.pin.seen.union(host.seen);
    }

    /// The mean of the members on the sphere; members all around the globe have none and stay with the first. A
    /// country has its own place.
    fn at(&self) -> LatLon {
        let own = match self.key {
            Key::Country(code) => country_centre(code),
            _ => None,
        };
        let length = self.towards.iter().map(|v| v * v).sum::<f64>().sqrt();
        let mean = (length > 1e-6 * f64::from(self.members)).then(|| LatLon::from_vector(self.towards)).flatten();
        // A mean of equal points would differ from them in the last digit.
        let alone = self.members == 1 || matches!(self.key, Key::Spot(..));
        own.or(mean.filter(|_| !alone)).unwrap_or(self.place.at)
    }

    /// How most members' places became known.
    fn origin(&self) -> Origin {
        if matches!(self.key, Key::Country(_)) {
            return Origin::CountryCentre;
        }
        let most = ORIGINS.iter().zip(self.origins).max_by_key(|(o, n)| (*n, std::cmp::Reverse(**o)));
        most.map_or(self.place.origin, |(o, _)| *o)
    }

    fn finish(self, addr: IpAddr, level: Level) -> HostPin {
        let mut place = Place { at: self.at(), origin: self.origin(), ..self.place.clone() };
        if matches!(self.key, Key::Country(_)) {
            // The pin does not stand in the town that its only members happen to be in.
            (place.city, place.radius_km) = (None, None);
        }
        let name = name(&self.key, &place, level);
        let id = HostId(short_id(&[addr]));
        HostPin { id, addr, place, group: Some(Arc::new(Group { name, members: self.members })), ..self.pin }
    }
}

/// Where the towns of a name in a country are.
type Towns = Map<(Arc<str>, Option<[u8; 2]>), Vec<LatLon>>;

/// All groups, and which one each address belongs to.
struct Groups {
    sums: Vec<Sum>,
    of: Vec<u32>,
}

impl Groups {
    fn of(hosts: &[HostPin], level: Level) -> Groups {
        let mut index: Map<Key, u32> = Map::default();
        let mut towns = Towns::default();
        let mut groups = Groups { sums: Vec::new(), of: Vec::with_capacity(hosts.len()) };
        for host in hosts {
            let key = key(host, level, &mut towns);
            let next = groups.sums.len() as u32;
            let slot = *index.entry(key.clone()).or_insert(next);
            match groups.sums.get_mut(slot as usize) {
                Some(sum) => sum.add(host),
                None => groups.sums.push(Sum::new(key, host)),
            }
            groups.of.push(slot);
        }
        groups
    }

    /// The merged pins sorted by their keys, and the index of the pin of each address.
    fn pins(self, level: Level) -> (Vec<HostPin>, Vec<u32>) {
        let mut order: Vec<(IpAddr, u32, Sum)> =
            (0..).zip(self.sums).map(|(slot, sum)| (address_of(&sum.key), slot, sum)).collect();
        order.sort_by_key(|(addr, slot, _)| (*addr, *slot));
        let mut rank = vec![0; order.len()];
        for (at, (_, slot, _)) in (0u32..).zip(&order) {
            if let Some(r) = rank.get_mut(*slot as usize) {
                *r = at;
            }
        }
        let of = self.of.iter().map(|slot| rank.get(*slot as usize).copied().unwrap_or(0)).collect();
        (order.into_iter().map(|(addr, _, sum)| sum.finish(addr, level)).collect(), of)
    }
}

fn key(host: &HostPin, level: Level, towns: &mut Towns) -> Key {
    let place = &host.place;
    let spot = || Key::Spot(place.at.lat.to_bits(), place.at.lon.to_bits());
    match level.by {
        By::Address | By::Network => {
            let (net, bits) = level.network(host.addr);
            Key::Network(net, bits)
        }
        By::System => place.asn.map_or_else(spot, Key::System),
        By::Country => place.country.map_or_else(spot, Key::Country),
        By::City => {
            let Some(city) = &place.city else { return spot() };
            let known = towns.entry((city.clone(), place.country)).or_default();
            let near = known.iter().position(|at| at.angle_to(place.at) <= ONE_TOWN);
            let number = near.unwrap_or_else(|| {
                if known.len() < NAMESAKES {
                    known.push(place.at);
                }
                known.len() - 1
            });
            Key::City(city.clone(), place.country, number as u8)
        }
    }
}

/// The address a group goes by: a network's own, else one in `100::/64` by kind, country and content.
fn address_of(key: &Key) -> IpAddr {
    let (kind, country, content) = match key {
        Key::Network(net, _) => return *net,
        Key::System(n) => (1, None, u64::from(*n)),
        Key::Country(code) => (2, Some(*code), 0),
        Key::City(name, country, number) => (3, *country, fnv(name.bytes().chain([0, *number]))),
        Key::Spot(lat, lon) => (4, None, fnv(lat.to_be_bytes().into_iter().chain(lon.to_be_bytes()))),
    };
    let country = u64::from(u16::from_be_bytes(country.unwrap_or_default()));
    let low = (kind << 60) | (country << 44) | (content & ((1 << 44) - 1));
    IpAddr::V6(Ipv6Addr::from((0x0100_u128 << 112) | u128::from(low)))
}

fn name(key: &Key, place: &Place, level: Level) -> Arc<str> {
    let code = |c: &[u8; 2]| String::from_utf8_lossy(c).into_owned();
    let text = match key {
        Key::Network(net, bits) => format!("{net}/{bits}"),
        Key::System(n) => match &place.as_name {
            Some(name) => format!("AS{n} {name}"),
            None => format!("AS{n}"),
        },
        Key::City(city, None, _) => city.to_string(),
        Key::City(city, Some(country), _) => format!("{city}, {}", code(country)),
        Key::Country(c) => match countries().iter().find(|known| known.code == Some(*c)) {
            Some(known) => known.name.clone(),
            None => code(c),
        },
        Key::Spot(..) if place.origin == Origin::Home => "home".into(),
        Key::Spot(..) => {
            let lacks = format!("no {}", level.title());
            match (&place.city, place.country_code()) {
                (Some(city), _) => format!("{city}, {lacks}"),
                (None, "") => format!("{lacks} ({:.2}, {:.2})", place.at.lat, place.at.lon),
                (None, code) => format!("{code}, {lacks}"),
            }
        }
    };
    text.into()
}

/// A number for a group or a pair of groups that stays the same from picture to picture.
fn short_id(addrs: &[IpAddr]) -> u32 {
    let bytes = addrs.iter().flat_map(|a| match a {
        IpAddr::V4(a) => a.to_ipv6_mapped().octets(),
        IpAddr::V6(a) => a.octets(),
    });
    let hash = fnv(bytes);
    (hash ^ (hash >> 32)) as u32
}

/// A hash that is the same in every run.
///
/// # Source
/// FNV-1a with 64 bits, draft-eastlake-fnv.
fn fnv(bytes: impl Iterator<Item = u8>) -> u64 {
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

fn merge_paths(paths: &[PathArc], pins: &[u32], hosts: &[HostPin]) -> Vec<PathArc> {
    let mut index: Map<(u32, u32), usize> = Map::default();
    let mut merged: Vec<PathArc> = Vec::new();
    for path in paths {
        let pin = |i: u32| pins.get(i as usize).copied();
        let (Some(a), Some(b)) = (pin(path.a), pin(path.b)) else { continue };
        let turned = if a <= b { PathArc { a, b, ..path.clone() } } else { turned(path, b, a) };
        let slot = *index.entry((turned.a, turned.b)).or_insert(merged.len());
        match merged.get_mut(slot) {
            Some(sum) => add_path(sum, &turned),
            None => merged.push(turned),
        }
    }
    merged.sort_unstable_by_key(|p| (p.a, p.b));
    let addr = |i: u32| hosts.get(i as usize).map(|h| h.addr);
    for path in &mut merged {
        let ends: Vec<IpAddr> = [addr(path.a), addr(path.b)].into_iter().flatten().collect();
        path.id = PathId(short_id(&ends));
    }
    merged
}

/// The same path seen from its other end.
fn turned(path: &PathArc, a: u32, b: u32) -> PathArc {
    PathArc {
        a,
        b,
        ab: path.ba,
        ba: path.ab,
        load_ab: path.load_ba,
        load_ba: path.load_ab,
        rate_ab: path.rate_ba,
        rate_ba: path.rate_ab,
        ..path.clone()
    }
}

fn add_path(sum: &mut PathArc, path: &PathArc) {
    sum.ab.add(path.ab);
    sum.ba.add(path.ba);
    sum.load_ab += path.load_ab;
    sum.load_ba += path.load_ba;
    sum.rate_ab += path.rate_ab;
    sum.rate_ba += path.rate_ba;
    sum.flows = sum.flows.saturating_add(path.flows);
    sum.seen = sum.seen.union(path.seen);
}

/// The rows of flows between groups, sorted by key; counts the flows of each pin.
fn merge_flows(s: &Snapshot, pins: &[u32], hosts: &mut [HostPin]) -> Vec<FlowRow> {
    let keys: Vec<Addr> = hosts.iter().map(|h| h.addr.into()).collect();
    let mut index: Map<(FlowKey, SourceId), usize> = Map::default();
    let mut merged: Vec<FlowRow> = Vec::new();
    for flow in s.flows.iter() {
        let pin = |host: Option<u32>| host.and_then(|i| pins.get(i as usize).copied());
        let (src, dst) = (pin(flow.src_host), pin(flow.dst_host));
        for end in [src, dst.filter(|d| src != Some(*d))].into_iter().flatten() {
            if let Some(host) = hosts.get_mut(end as usize) {
                host.flows = host.flows.saturating_add(1);
            }
        }
        let called = |pin: Option<u32>, addr: Addr| match pin.and_then(|p| keys.get(p as usize)) {
            Some(key) => *key,
            None => addr.ip().map_or(addr, |ip| s.level.elsewhere(ip).into()),
        };
        let own = flow.last.key;
        let key = FlowKey { saddr: called(src, own.saddr), daddr: called(dst, own.daddr), sport: 0, ..own };
        let row = FlowRow { src_host: src, dst_host: dst, ..flow.clone() };
        let slot = *index.entry((key, row.source)).or_insert(merged.len());
        match merged.get_mut(slot) {
            Some(sum) => add_flow(sum, row),
            None => merged.push(FlowRow { last: named(&flow.last, key), ..row }),
        }
    }
    merged.sort_unstable_by_key(|f| (f.last.key, f.source));
    merged
}

/// An extract under another key.
fn named(last: &FlowSummary, key: FlowKey) -> Arc<FlowSummary> {
    Arc::new(FlowSummary { key, ..*last })
}

fn add_flow(sum: &mut FlowRow, row: FlowRow) {
    if row.last.span.end > sum.last.span.end {
        sum.last = named(&row.last, sum.last.key);
    }
    sum.seen = sum.seen.union(row.seen);
    sum.src.add(row.src);
    sum.dst.add(row.dst);
    sum.load_src += row.load_src;
    sum.load_dst += row.load_dst;
    sum.records = sum.records.saturating_add(row.records);
    sum.src_host = sum.src_host.or(row.src_host);
    sum.dst_host = sum.dst_host.or(row.dst_host);
}
