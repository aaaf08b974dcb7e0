//! Labels by rules: names of networks and ports, delegated countries, city databases, filters.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use super::additions::{Additions, Entry, Rule};
use crate::base::hash::Map;
use crate::filter::Filter;
use crate::geo::{AddressNames, Database, Delegations};
use crate::record::{Far, FlowForm};

/// At most this many addresses are remembered; then the memory starts anew.
const CACHE_LIMIT: usize = 200_000;
/// Longest value taken from a database or a name server.
const MAX_VALUE: usize = 100;

/// Which addresses of a record are asked about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ends {
    /// The source.
    pub src: bool,
    /// The destination.
    pub dst: bool,
    /// The router that sent an ICMP error.
    pub inode: bool,
}

impl Ends {
    /// All of them.
    pub const ALL: Ends = Ends { src: true, dst: true, inode: true };
}

/// One item of a place in a label.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum CityItem {
    Country,
    Country3,
    CountryName,
    Region,
    City,
    PostalCode,
    Lat,
    Lon,
    Metro,
    Area,
    Continent,
    Offset,
    Netmask,
}

/// Places in labels: of which addresses, what, and from where.
#[derive(Debug)]
pub struct CityRule {
    /// Of which addresses.
    pub ends: Ends,
    /// What, in this order.
    pub items: Vec<CityItem>,
    /// Asked in turn.
    pub databases: Vec<Database>,
}

/// Names of ports by protocol and number.
#[derive(Debug, Default)]
pub struct PortNames {
    names: Map<(u8, u16), Arc<str>>,
}

impl PortNames {
    /// Adds a name for ports of a protocol (6 TCP, 17 UDP, 132 SCTP, 33 DCCP); a port keeps its first name.
    pub fn add(&mut self, proto: u8, ports: std::ops::RangeInclusive<u16>, name: &str) {
        let name: Arc<str> = name.into();
        for port in ports {
            self.names.entry((proto, port)).or_insert_with(|| name.clone());
        }
    }

    fn get(&self, proto: u8, port: u16) -> Option<&Arc<str>> {
        self.names.get(&(proto, port))
    }
}

/// A label for the records that a filter lets through.
#[derive(Clone, Debug)]
pub struct FlowRule {
    /// Which records.
    pub filter: Filter,
    /// Their label.
    pub label: String,
    /// Whether later rules are asked too.
    pub is_cont: bool,
}

/// Gives the name of an address.
pub type NameOf = Box<dyn FnMut(IpAddr) -> String + Send>;

/// Everything by which records are labelled.
#[derive(Default)]
pub struct LabelRules {
    /// Names of networks: `saddr=`, `daddr=`.
    pub addresses: Option<AddressNames>,
    /// Countries by delegation: fields `sco`, `dco`.
    pub countries: Option<Delegations>,
    /// Names of hosts: `sname=`, `dname=`, `iname=`.
    pub hosts: Option<(Ends, NameOf)>,
    /// Names of ports: `sport=`, `dport=`.
    pub ports: Option<PortNames>,
    /// Places: `scity=`, `dcity=`, `icity=`.
    pub city: Option<CityRule>,
    /// Databases of AS numbers: fields `sas`, `das`, `ias`.
    pub systems: Vec<Database>,
    /// Labels by filters, `flow=`, in the order in which they are asked.
    pub flows: Vec<FlowRule>,
    /// What is known of an address.
    known: Map<IpAddr, Arc<Known>>,
}

impl fmt::Debug for LabelRules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LabelRules").field("city", &self.city).field("flows", &self.flows).finish_non_exhaustive()
    }
}

/// What the tables say of an address.
#[derive(Debug, Default)]
struct Known {
    names: String,
    country: Option<[u8; 2]>,
    city: Option<String>,
    asn: Option<u32>,
}

impl LabelRules {
    /// Adds what the rules say of a record.
    pub(super) fn fill(&mut self, far: &Far<'_>, to: &mut Additions) {
        let key = far.flow().key;
        let node = far.icmp_error().map(|e| IpAddr::V4(e.node));
        let addrs = [key.saddr.ip(), key.daddr.ip(), node];
        // The ends of an ARP flow are no ends of IP traffic.
        let is_ip = matches!(far.flow().form, FlowForm::V4 | FlowForm::V6 | FlowForm::PairV4 | FlowForm::PairV6);
        let addrs = addrs.map(|addr| addr.filter(|_| is_ip));
        let known = addrs.map(|addr| addr.map(|addr| self.known(addr)));
        let mut push = |name, value: &str, rule| {
            if !value.is_empty() {
                to.entries.push(Entry { name, value: value.into(), rule });
            }
        };
        for (name, known) in ["saddr", "daddr"].into_iter().zip(&known) {
            push(name, known.as_ref().map_or("", |k| &k.names), Rule::Unite);
        }
        if let Some((ends, name_of)) = &mut self.hosts {
            for ((name, addr), _) in
                ["sname", "dname", "iname"].into_iter().zip(addrs).zip(ends.wanted()).filter(|e| e.1)
            {
                push(name, &addr.map(&mut *name_of).unwrap_or_default(), Rule::Keep);
            }
        }
        if let Some(ports) = &self.ports {
            for (name, port) in [("sport", key.sport), ("dport", key.dport)] {
                push(name, ports.get(key.proto, port).map_or("", |n| n), Rule::Unite);
            }
        }
        if let Some(city) = &self.city {
            for ((name, known), _) in
                ["scity", "dcity", "icity"].into_iter().zip(&known).zip(city.ends.wanted()).filter(|e| e.1)
            {
                push(name, known.as_ref().and_then(|k| k.city.as_deref()).unwrap_or(""), Rule::Keep);
            }
        }
        for rule in &self.flows {
            if rule.filter.matches(far) {
                push("flow", &rule.label, Rule::Beside);
                if !rule.is_cont {
                    break;
                }
            }
        }
        let [src, dst, node] = known;
        if self.countries.is_some() && is_ip {
            to.countries = [&src, &dst].map(|k| k.as_ref().and_then(|k| k.country));
            // That a list of IPv4 knows nothing of IPv6 says nothing.
            to.corrects = key.saddr.ip().is_some_and(|a| a.is_ipv4()) || to.countries != [None; 2];
        }
        for (to, known) in to.systems.iter_mut().zip([src, dst, node]) {
            *to = to.or(known.and_then(|k| k.asn));
        }
    }

    fn known(&mut self, addr: IpAddr) -> Arc<Known> {
        if let Some(known) = self.known.get(&addr) {
            return known.clone();
        }
        if self.known.len() >= CACHE_LIMIT {
            self.known.clear();
        }
        let names: Vec<&str> = self.addresses.iter().flat_map(|a| a.names(addr)).collect();
        let known = Arc::new(Known {
            names: names.join(","),
            country: self.countries.as_ref().and_then(|c| c.country(addr)),
            city: self.city.as_ref().and_then(|c| c.text(addr)),
            asn: self.systems.iter().find_map(|db| db.find(addr).asn),
        });
        self.known.insert(addr, known.clone());
        known
    }
}

impl Ends {
    fn wanted(self) -> [bool; 3] {
        [self.src, self.dst, self.inode]
    }
}

impl CityRule {
    /// The items of an address, if a database holds it.
    fn text(&self, addr: IpAddr) -> Option<String> {
        let (database, found) = self.databases.iter().find_map(|db| {
            let found = db.find(addr);
            (found.at.is_some() || found.country.is_some()).then_some((db, found))
        })?;
        let details = database.details(addr);
        let degrees = |of: fn(crate::geo::LatLon) -> f64| found.at.map(|at| format!("{:.6}", of(at) as f32));
        let values = self.items.iter().map(|item| match item {
            CityItem::Country => found.country.map(|c| c.map(char::from).iter().collect()),
            CityItem::CountryName => details.country_name.clone(),
            CityItem::Region => details.region.clone(),
            CityItem::City => found.city.as_deref().map(str::to_owned),
            CityItem::PostalCode => details.postal_code.clone(),
            CityItem::Lat => degrees(|at| at.lat),
            CityItem::Lon => degrees(|at| at.lon),
            CityItem::Metro => details.metro_code.map(|n| n.to_string()),
            CityItem::Continent => details.continent.clone(),
            // Databases in this format do not tell these.
            CityItem::Country3 | CityItem::Area | CityItem::Offset | CityItem::Netmask => None,
        });
        let values: Vec<String> = values.map(|v| v.map_or_else(|| "(null)".to_owned(), |v| harmless(&v))).collect();
        Some(values.join(","))
    }
}

/// A value without the characters that have a meaning in labels.
pub(super) fn harmless(text: &str) -> String {
    let mut text: String =
        text.chars().map(|c| if matches!(c, ':' | ',' | '=') || c.is_control() { ' ' } else { c }).collect();
    while text.len() > MAX_VALUE {
        text.pop();
    }
    text
}
