//! From a snapshot to the kind of each pin: plain arithmetic.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use crate::base::hash::Map;
use crate::cache::{HostPin, Snapshot};
use crate::geo::countries;
use crate::globe::table::Query;

/// Number of kinds that have a colour of their own.
pub const KIND_COLOURS: usize = 6;
/// Longest rule, in bytes.
const LONGEST_RULE: usize = 500;

/// What the colour of a pin says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ColourBy {
    /// Bits per second of the moment.
    #[default]
    Rate,
    /// Its country.
    Country,
    /// Its autonomous system.
    System,
    /// The port of the responders that most of its bytes went to or came from.
    Port,
    /// The source that most of its bytes were seen by.
    Sensor,
    /// Whether it has a flow with the words of a rule, in the language of the flow table.
    Rule(String),
}

impl ColourBy {
    /// For people, behind "pins by".
    #[must_use]
    pub fn title(&self) -> String {
        match self {
            ColourBy::Rate => "rate".into(),
            ColourBy::Country => "country".into(),
            ColourBy::System => "AS".into(),
            ColourBy::Port => "port".into(),
            ColourBy::Sensor => "sensor".into(),
            ColourBy::Rule(rule) => format!("rule {rule}"),
        }
    }
}

/// A way of colouring that does not exist.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
#[error(
    "pins cannot be coloured by {0:?}; known are rate, country, as, port, sensor, and rule: with words of the flow table"
)]
pub struct UnknownColour(pub String);

impl FromStr for ColourBy {
    type Err = UnknownColour;

    fn from_str(text: &str) -> Result<ColourBy, UnknownColour> {
        let text = text.trim();
        Ok(match text {
            "rate" => ColourBy::Rate,
            "country" => ColourBy::Country,
            "as" => ColourBy::System,
            "port" => ColourBy::Port,
            "sensor" => ColourBy::Sensor,
            _ => {
                let rule = text.strip_prefix("rule:").map(str::trim);
                let rule = rule.filter(|r| !r.is_empty() && r.len() <= LONGEST_RULE);
                ColourBy::Rule(rule.ok_or_else(|| UnknownColour(text.chars().take(60).collect()))?.to_owned())
            }
        })
    }
}

impl fmt::Display for ColourBy {
    /// As it is written on the command line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ColourBy::System => f.write_str("as"),
            ColourBy::Rule(rule) => write!(f, "rule:{rule}"),
            other => f.write_str(&other.title()),
        }
    }
}

/// The kind of each pin.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Kinds {
    /// For each of `Snapshot::hosts` the number of its colour; `KIND_COLOURS` for the rest.
    pub of_host: Vec<u8>,
    /// Kinds with a colour, heaviest first: number of the colour, name, pins.
    pub named: Vec<(u8, String, u64)>,
    /// Pins of the rest.
    pub rest: u64,
}

/// The kinds of all pins; `None` where the colour says the rate.
#[must_use]
pub fn kinds(snapshot: &Snapshot, by: &ColourBy) -> Option<Kinds> {
    let hosts = &snapshot.hosts;
    let names: Vec<Option<u32>>;
    let title: Box<dyn Fn(u32) -> String> = match by {
        ColourBy::Rate => return None,
        ColourBy::Country => {
            names = hosts.iter().map(|h| h.place.country.map(|c| u32::from(u16::from_be_bytes(c)))).collect();
            Box::new(country_name)
        }
        ColourBy::System => {
            names = hosts.iter().map(|h| h.place.asn).collect();
            let known: BTreeMap<u32, &HostPin> = hosts.iter().filter_map(|h| Some((h.place.asn?, h))).collect();
            let text = move |asn| match known.get(&asn).and_then(|h| h.place.as_name.as_deref()) {
                Some(name) => format!("AS{asn} {name}"),
                None => format!("AS{asn}"),
            };
            Box::new(text)
        }
        ColourBy::Port => {
            let with_ports = |proto| matches!(proto, 6 | 17 | 33 | 132);
            names = heaviest(snapshot, |i| {
                let key = &snapshot.flows.get(i)?.last.key;
                with_ports(key.proto).then_some(u32::from(key.dport))
            });
            Box::new(|port| format!("port {port}"))
        }
        ColourBy::Sensor => {
            names = heaviest(snapshot, |i| Some(u32::from(snapshot.flows.get(i)?.source.0)));
            Box::new(|id| sensor_name(snapshot, id))
        }
        ColourBy::Rule(rule) => return Some(by_rule(snapshot, rule)),
    };
    Some(coloured(hosts, &names, &title))
}

fn country_name(code: u32) -> String {
    let code = u16::try_from(code).unwrap_or(0).to_be_bytes();
    let found = countries().iter().find(|c| c.code == Some(code));
    found.map_or_else(|| String::from_utf8_lossy(&code).into_owned(), |c| c.name.clone())
}

fn sensor_name(snapshot: &Snapshot, id: u32) -> String {
    let found = snapshot.health.sources.iter().find(|s| u32::from(s.id.0) == id);
    found.map_or_else(|| format!("source {id}"), |s| s.name.clone())
}

/// For each pin the value that most bytes of its flows have; the smaller one of equals.
fn heaviest(snapshot: &Snapshot, value: impl Fn(usize) -> Option<u32>) -> Vec<Option<u32>> {
    let mut sums: Map<(u32, u32), u64> = Map::default();
    for (i, flow) in snapshot.flows.iter().enumerate() {
        let Some(value) = value(i) else { continue };
        let bytes = flow.src.bytes.saturating_add(flow.dst.bytes);
        for host in [flow.src_host, flow.dst_host].into_iter().flatten() {
            let sum = sums.entry((host, value)).or_default();
            *sum = sum.saturating_add(bytes);
        }
    }
    let mut best: Vec<Option<(u64, u32)>> = vec![None; snapshot.hosts.len()];
    for ((host, value), bytes) in sums {
        if let Some(known) = best.get_mut(host as usize)
            && known.is_none_or(|(b, v)| bytes > b || (bytes == b && value < v))
        {
            *known = Some((bytes, value));
        }
    }
    best.into_iter().map(|b| b.map(|(_, value)| value)).collect()
}

/// Gives the heaviest values their colours: each the one that its number leads to, or the next that is free.
fn coloured(hosts: &[HostPin], values: &[Option<u32>], title: &dyn Fn(u32) -> String) -> Kinds {
    let mut sums: BTreeMap<u32, (u64, u64)> = BTreeMap::new();
    for (host, value) in hosts.iter().zip(values) {
        let Some(value) = value else { continue };
        let sum = sums.entry(*value).or_default();
        sum.0 = sum.0.saturating_add(host.sent.bytes).saturating_add(host.received.bytes);
        sum.1 += 1;
    }
    let mut order: Vec<(u32, u64, u64)> = sums.into_iter().map(|(v, (bytes, pins))| (v, bytes, pins)).collect();
    // Stable: equals stay in the order of their values.
    order.sort_by_key(|(_, bytes, _)| std::cmp::Reverse(*bytes));
    order.truncate(KIND_COLOURS);
    let mut taken = [false; KIND_COLOURS];
    let mut colour_of: BTreeMap<u32, u8> = BTreeMap::new();
    let mut named = Vec::new();
    for (value, _, pins) in order {
        // Knuth's multiplicative hash: neighbouring numbers part.
        let first = (value.wrapping_mul(2_654_435_769) >> 16) as usize % KIND_COLOURS;
        let slots = (0..KIND_COLOURS).map(|i| (first + i) % KIND_COLOURS);
        let Some(slot) = slots.into_iter().find(|s| taken.get(*s) == Some(&false)) else { break };
        if let Some(slot) = taken.get_mut(slot) {
            *slot = true;
        }
        colour_of.insert(value, slot as u8);
        named.push((slot as u8, title(value), pins));
    }
    let rest = KIND_COLOURS as u8;
    let of_value = |v: &Option<u32>| v.and_then(|v| colour_of.get(&v).copied()).unwrap_or(rest);
    let of_host: Vec<u8> = values.iter().map(of_value).collect();
    let others = of_host.iter().filter(|k| **k == rest).count() as u64;
    Kinds { of_host, named, rest: others }
}

/// One colour for pins with a flow that has the words, grey for all others.
fn by_rule(snapshot: &Snapshot, rule: &str) -> Kinds {
    let query = Query::parse(rule);
    let mut of_host = vec![KIND_COLOURS as u8; snapshot.hosts.len()];
    let mut buf = String::new();
    for flow in snapshot.flows.iter().filter(|f| query.matches(f, snapshot, &mut buf)) {
        for host in [flow.src_host, flow.dst_host].into_iter().flatten() {
            if let Some(kind) = of_host.get_mut(host as usize) {
                *kind = 0;
            }
        }
    }
    let hit = of_host.iter().filter(|k| **k == 0).count() as u64;
    let rest = of_host.len() as u64 - hit;
    Kinds { of_host, named: vec![(0, rule.to_owned(), hit)], rest }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::globe::colouring::Colouring;
    use crate::globe::fixture;
    use crate::record::SourceId;

    fn made(by: &str) -> Kinds {
        kinds(&fixture::snapshot(), &by.parse().expect("right")).expect("kinds")
    }

    fn names(kinds: &Kinds) -> Vec<&str> {
        kinds.named.iter().map(|(_, name, _)| name.as_str()).collect()
    }

    #[test]
    fn every_way_names_its_kinds_and_gives_each_a_colour_of_its_own() {
        let country = made("country");
        let mut seen: Vec<u8> = country.named.iter().map(|(c, ..)| *c).collect();
        seen.sort_unstable();
        seen.dedup();
        assert_eq!((seen.len(), country.of_host.len(), country.rest), (4, 4, 0));
        assert!(names(&country).contains(&"Switzerland") && names(&country).contains(&"Japan"));
        assert!(names(&made("as")).contains(&"AS3333 Network 3333"));
        let ports = made("port");
        assert_eq!(names(&ports), ["port 443", "port 22"], "{ports:?}");
        assert_eq!(ports.of_host[0], ports.of_host[3], "most bytes of Zurich and Amsterdam went to 443");
        assert_eq!(ports.of_host[1], KIND_COLOURS as u8, "no flow leads to Cambridge");
        assert_eq!(names(&made("sensor")), ["captures/today.pcap"]);
        assert!(kinds(&fixture::snapshot(), &ColourBy::Rate).is_none());
    }

    #[test]
    fn a_rule_parts_the_pins_in_two() {
        let rule = made("rule: dport=22");
        assert_eq!(rule.of_host, [0, 6, 0, 6]);
        assert_eq!((rule.named[0].2, rule.rest), (2, 2));
    }

    #[test]
    fn more_kinds_than_colours_leave_a_rest_and_a_colour_follows_its_kind() {
        let mut s = fixture::snapshot();
        let mut hosts = Vec::new();
        for n in 0..20u8 {
            let mut host = s.hosts[0].clone();
            host.place.country = Some([b'A', b'A' + n]);
            host.sent.bytes = u64::from(n) * 1000;
            hosts.push(host);
        }
        s.hosts = hosts;
        let before = kinds(&s, &ColourBy::Country).expect("kinds");
        assert_eq!((before.named.len(), before.rest), (KIND_COLOURS, 14));
        // Two of the heaviest change places.
        (s.hosts[19].sent.bytes, s.hosts[18].sent.bytes) = (s.hosts[18].sent.bytes, s.hosts[19].sent.bytes);
        let after = kinds(&s, &ColourBy::Country).expect("kinds");
        assert!(after.of_host.iter().zip(&before.of_host).filter(|(a, b)| a != b).count() <= 2);
    }

    #[test]
    fn the_source_that_saw_most_is_the_sensor() {
        let mut s = fixture::snapshot();
        let mut other = fixture::source(crate::cache::SourceState::Live);
        (other.id, other.name) = (SourceId(1), "probe:561".into());
        s.health.sources.push(other);
        let mut flows = s.flows.to_vec();
        flows[1].source = SourceId(1);
        s.flows = flows.into();
        let kinds = kinds(&s, &ColourBy::Sensor).expect("kinds");
        assert_eq!(names(&kinds).len(), 2);
        assert_ne!(kinds.of_host[3], kinds.of_host[2], "Amsterdam was seen by the probe, Tokyo by the file");
    }

    #[test]
    fn ways_are_read_walked_through_and_mistakes_named() {
        for text in ["rate", "country", "as", "port", "sensor", "rule:udp !port=53"] {
            assert_eq!(text.parse::<ColourBy>().expect("right").to_string(), text);
        }
        for wrong in ["", "rule:", "mood", &format!("rule:{}", "x".repeat(600))] {
            assert!(wrong.parse::<ColourBy>().is_err(), "{wrong}");
        }
        let mut c = Colouring::new(ColourBy::Rule("udp".into()));
        let mut seen = Vec::new();
        for _ in 0..6 {
            c.next();
            seen.push(c.by.to_string());
        }
        assert_eq!(seen, ["rate", "country", "as", "port", "sensor", "rule:udp"]);
    }
}
