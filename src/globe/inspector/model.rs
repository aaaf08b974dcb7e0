//! From the snapshot to lines of text. No egui here.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::course::{course, ports};
use super::flow::of_flow;
use crate::base::Span;
use crate::base::units::grouped;
use crate::cache::{By, FlowRow, HostPin, PathArc, Snapshot};
use crate::geo::{Origin, Place};
use crate::globe::hud::text;
use crate::globe::selection::{Picked, find_host, find_path};
use crate::globe::table::{FlowId, has_end, joins};
use crate::pipeline::{Asked, PlaceTest};
use crate::record::{FlowKey, SourceId};

/// Mean radius of the earth.
const EARTH_KM: f64 = crate::globe::camera::RADIUS_KM;

/// Rows of peers and of flows that the details list; more are counted.
const LISTED: usize = 50;

/// The card under the pointer: a title and at most seven lines.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HoverModel {
    /// The address.
    pub title: String,
    /// What is known of it.
    pub lines: Vec<String>,
}

impl HoverModel {
    /// The card of a pin.
    #[must_use]
    pub fn new(snapshot: &Snapshot, host: &HostPin) -> HoverModel {
        let p = &host.place;
        let mut lines = Vec::with_capacity(7);
        lines.push(where_text(p));
        lines.extend(as_text(p));
        lines.push(format!("out {}  \u{b7}  in {}", text::load(host.load_out), text::load(host.load_in)));
        lines.push(format!(
            "{}  \u{b7}  sent {}  \u{b7}  received {}",
            counted(host.flows.into(), "flow", "flows"),
            text::bytes(host.sent.bytes),
            text::bytes(host.received.bytes)
        ));
        lines.push(format!("seen {}{}", seen_text(host.seen), sensors(snapshot, host)));
        lines.push(format!("place from {}", origin_text(p)));
        let here = snapshot.hosts.iter().filter(|h| h.place.at == p.at).count();
        if host.group.is_some() {
            lines.push(counted(host.members().into(), "address", "addresses"));
        } else if here > 1 {
            lines.push(format!("{here} addresses at this place"));
        }
        HoverModel { title: text::shorten(&host.name(), 44), lines }
    }
}

impl HoverModel {
    /// The card of a path.
    #[must_use]
    pub fn of_path(snapshot: &Snapshot, path: &PathArc) -> Option<HoverModel> {
        let end = |i: u32| snapshot.hosts.get(i as usize);
        let (a, b) = (end(path.a)?, end(path.b)?);
        let name = |h: &HostPin| text::shorten(&h.name(), 22);
        let lines = vec![
            format!("{} \u{2194} {}", where_text(&a.place), where_text(&b.place)),
            format!("\u{2192} {}  \u{b7}  {}", text::load(path.load_ab), text::bytes(path.ab.bytes)),
            format!("\u{2190} {}  \u{b7}  {}", text::load(path.load_ba), text::bytes(path.ba.bytes)),
            format!("{}  \u{b7}  {}", counted(path.flows.into(), "flow", "flows"), distance(a, b)),
            format!("seen {}", seen_text(path.seen)),
        ];
        Some(HoverModel { title: format!("{} \u{2194} {}", name(a), name(b)), lines })
    }
}

/// How far two pins are apart on the ground.
fn distance(a: &HostPin, b: &HostPin) -> String {
    format!("{:.0} km", a.place.at.angle_to(b.place.at) * EARTH_KM)
}

/// ` by probe-1, probe-2`: the sources that saw a pin, where there are several to tell apart.
fn sensors(snapshot: &Snapshot, host: &HostPin) -> String {
    /// Most sources that are named.
    const NAMED: usize = 2;
    let sources = &snapshot.health.sources;
    let index = snapshot.find_pin(host.addr).and_then(|i| u32::try_from(i).ok());
    if sources.len() < 2 || index.is_none() {
        return String::new();
    }
    let flows = snapshot.flows.iter().filter(|f| f.src_host == index || f.dst_host == index);
    let seen: BTreeSet<u16> = flows.map(|f| f.source.0).collect();
    let names = sources.iter().filter(|s| seen.contains(&s.id.0)).map(|s| text::shorten_left(&s.name, 18));
    let named: Vec<String> = names.take(NAMED).collect();
    let more = seen.len().saturating_sub(NAMED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    if named.is_empty() { String::new() } else { format!(" by {}{more}", named.join(", ")) }
}

/// `1 address`, `12 addresses`.
fn counted(n: u64, one: &str, many: &str) -> String {
    format!("{} {}", grouped(n), if n == 1 { one } else { many })
}

/// `Zurich, CH`; the coordinates when neither is known.
#[must_use]
pub(super) fn where_text(p: &Place) -> String {
    let code = p.country_code();
    match (&p.city, code) {
        (Some(city), "") => city.to_string(),
        (Some(city), code) => format!("{city}, {code}"),
        (None, "") => coordinates(p),
        (None, code) => format!("{code}, {}", coordinates(p)),
    }
}

/// `47.38° N 8.54° E`.
fn coordinates(p: &Place) -> String {
    let ns = if p.at.lat < 0.0 { 'S' } else { 'N' };
    let ew = if p.at.lon < 0.0 { 'W' } else { 'E' };
    format!("{:.2}\u{b0} {ns} {:.2}\u{b0} {ew}", p.at.lat.abs(), p.at.lon.abs())
}

fn as_text(p: &Place) -> Option<String> {
    match (p.asn, &p.as_name) {
        (Some(n), Some(name)) => Some(format!("AS{n} {}", text::shorten(name, 34))),
        (Some(n), None) => Some(format!("AS{n}")),
        (None, Some(name)) => Some(text::shorten(name, 40)),
        (None, None) => None,
    }
}

fn seen_text(seen: Span) -> String {
    let (_, from) = text::date_and_time(seen.start);
    let (_, to) = text::date_and_time(seen.end);
    let zone = text::zone_name(seen.end);
    if from == to { format!("{from} {zone}") } else { format!("{from} \u{2013} {to} {zone}") }
}

/// How the place became known, and how exact it is.
fn origin_text(p: &Place) -> String {
    let origin = match p.origin {
        Origin::Label => "a label in the record",
        Origin::OwnMap => "your own map",
        Origin::Home => "the home position",
        Origin::Database => "the database",
        Origin::CountryCentre => "the country only",
    };
    match p.radius_km {
        Some(km) => format!("{origin}, \u{b1}{km} km"),
        None if p.origin == Origin::Database && p.city.is_none() => format!("{origin}, country only"),
        None => origin.to_owned(),
    }
}

/// One who talks to the selected address.
#[derive(Clone, Debug, PartialEq)]
pub struct Peer {
    /// Its address, or the key of its group.
    pub addr: IpAddr,
    /// Address, or name of the group.
    pub name: String,
    /// City and country; empty for a group, whose name says enough.
    pub place: String,
    /// Bits per second from the selected address to it.
    pub load_to: f64,
    /// Bits per second from it.
    pub load_from: f64,
    /// Bytes both ways within the window.
    pub bytes: u64,
}

/// The details that stay.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DetailModel {
    /// Address or pair of addresses.
    pub title: String,
    /// City and country.
    pub subtitle: String,
    /// Labels and values.
    pub rows: Vec<(&'static str, String)>,
    /// Addresses of a group, most bytes first, at most 50, with their places and volumes.
    pub members: Vec<(IpAddr, String, String)>,
    /// How many addresses there are.
    pub member_count: usize,
    /// Peers of an address, busiest first, at most 50.
    pub peers: Vec<Peer>,
    /// How many peers there are.
    pub peer_count: usize,
    /// Flows, most bytes first, at most 50.
    pub flows: Vec<(FlowId, String, String)>,
    /// How many flows there are.
    pub flow_count: usize,
    /// Bits per second over the window, oldest first; empty for a flow.
    pub course: Vec<f64>,
    /// Ports that most bytes led to, with these bytes.
    pub ports: Vec<(u16, String)>,
    /// How many ports there are.
    pub port_count: usize,
    /// The flow, if it is one.
    pub flow: Option<(FlowKey, SourceId)>,
    /// The filter of everything shown that only this passes; empty where there is none.
    pub argus: String,
    /// Words of a filter that this thing has: country, city, system, ports.
    pub words: Vec<String>,
    /// The text that shows the same flows in the table.
    pub filter: String,
    /// What "copy" copies.
    pub copy: String,
    /// False when the thing has left the window; the rest is then empty.
    pub present: bool,
}

impl DetailModel {
    /// The details of what is selected; `None` for nothing.
    #[must_use]
    pub fn new(snapshot: &Snapshot, picked: Picked) -> Option<DetailModel> {
        match picked {
            Picked::Nothing => None,
            Picked::Flow(id) => Some(of_flow(snapshot, id)),
            Picked::Host(addr) => Some(of_host(snapshot, addr)),
            Picked::Path(a, b) => Some(of_path(snapshot, a, b)),
        }
    }
}

/// Ports that are offered for the filter.
const MOST_PORTS: usize = 3;

fn of_host(s: &Snapshot, addr: IpAddr) -> DetailModel {
    let named = |name: String| DetailModel { copy: name.clone(), title: name, ..DetailModel::default() };
    let Some(host) = find_host(s, addr) else { return named(s.name_of(addr.into())) };
    let addr = host.addr;
    let mut m = named(host.name().into_owned());
    m.filter = host_filter(host);
    m.present = true;
    m.subtitle = where_text(&host.place);
    m.rows.extend(as_text(&host.place).map(|t| ("network", t)));
    m.rows.push(("out", format!("{}, {} in the window", text::load(host.load_out), text::bytes(host.sent.bytes))));
    m.rows.push(("in", format!("{}, {} in the window", text::load(host.load_in), text::bytes(host.received.bytes))));
    m.rows.push(("packets", format!("{} sent, {} received", host.sent.pkts, host.received.pkts)));
    m.rows.push(("seen", seen_text(host.seen)));
    m.rows.push(("place", format!("{}, from {}", coordinates(&host.place), origin_text(&host.place))));
    m.words = place_words(&host.place);
    m.argus = host_argus(s, host);
    list_members(&mut m, s, host);
    let mut peers = peers_of(s, host);
    m.peer_count = peers.len();
    peers.truncate(LISTED);
    m.peers = peers;
    list_flows(&mut m, s, |f| has_end(f, addr));
    m
}

/// What shows the flows of a pin in the table.
pub(super) fn host_filter(host: &HostPin) -> String {
    match &host.group {
        None => format!("host={}", host.addr),
        Some(group) => format!("pin={}", group.name.replace(' ', "_")),
    }
}

/// The filter of everything shown that only the traffic of a pin passes.
pub(super) fn host_argus(s: &Snapshot, host: &HostPin) -> String {
    let p = &host.place;
    let of = |asked: Option<Asked>| asked.map(|asked| PlaceTest { negated: false, asked }.to_string());
    match s.level.by {
        By::Address => format!("host {}", host.addr),
        By::Network => format!("net {}", host.name()),
        By::System => of(p.asn.map(Asked::System)).unwrap_or_default(),
        By::Country => of(p.country.map(Asked::Country)).unwrap_or_default(),
        By::City => p
            .city
            .as_ref()
            .filter(|c| !c.contains('"'))
            .map(|c| Asked::City(c.to_lowercase()))
            .map_or_else(String::new, |c| of(Some(c)).unwrap_or_default()),
    }
}

fn list_members(m: &mut DetailModel, s: &Snapshot, host: &HostPin) {
    let Some(pin) = s.find_pin(host.addr).and_then(|i| u32::try_from(i).ok()).filter(|_| host.group.is_some()) else {
        return;
    };
    let volume = |h: &HostPin| h.sent.bytes.saturating_add(h.received.bytes);
    let mut members: Vec<&HostPin> = s.members.of(pin).collect();
    m.member_count = members.len();
    members.sort_by_key(|h| (std::cmp::Reverse(volume(h)), h.addr));
    let line = |h: &HostPin| (h.addr, where_text(&h.place), text::bytes(volume(h)));
    m.members = members.into_iter().take(LISTED).map(line).collect();
}

fn peers_of(s: &Snapshot, host: &HostPin) -> Vec<Peer> {
    let Some(me) = s.hosts.binary_search_by(|h| h.addr.cmp(&host.addr)).ok().and_then(|i| u32::try_from(i).ok()) else {
        return Vec::new();
    };
    let mut peers: Vec<Peer> = s
        .paths
        .iter()
        .filter(|p| p.a == me || p.b == me)
        .filter_map(|p| {
            let mine = p.a == me;
            let other = s.hosts.get(if mine { p.b } else { p.a } as usize)?;
            let (load_to, load_from) = if mine { (p.load_ab, p.load_ba) } else { (p.load_ba, p.load_ab) };
            Some(Peer {
                addr: other.addr,
                name: other.name().into_owned(),
                place: if other.group.is_some() { String::new() } else { where_text(&other.place) },
                load_to,
                load_from,
                bytes: p.ab.bytes.saturating_add(p.ba.bytes),
            })
        })
        .collect();
    peers.sort_by(|a, b| {
        let load = |p: &Peer| p.load_to + p.load_from;
        load(b).total_cmp(&load(a)).then(b.bytes.cmp(&a.bytes)).then(a.addr.cmp(&b.addr))
    });
    peers
}

fn of_path(s: &Snapshot, a: IpAddr, b: IpAddr) -> DetailModel {
    let (p, q) = (s.name_of(a.into()), s.name_of(b.into()));
    let mut m = DetailModel { title: format!("{p} \u{2194} {q}"), copy: format!("{p} {q}"), ..DetailModel::default() };
    let (Some(path), Some(x), Some(y)) = (find_path(s, a, b), find_host(s, a), find_host(s, b)) else { return m };
    let (a, b) = (x.addr, y.addr);
    m.title = format!("{} \u{2194} {}", x.name(), y.name());
    m.copy = format!("{} {}", x.name(), y.name());
    m.filter = format!("{} {}", host_filter(x), host_filter(y));
    // The path's own order may be the other one.
    let turned = s.hosts.get(path.a as usize).is_some_and(|h| h.addr != a);
    let (there, back) = ((path.load_ab, path.rate_ab, path.ab), (path.load_ba, path.rate_ba, path.ba));
    let (there, back) = if turned { (back, there) } else { (there, back) };
    m.present = true;
    m.subtitle = format!("{} \u{2194} {}", where_text(&x.place), where_text(&y.place));
    let line = |(load, rate, c): (f64, f64, crate::record::Counts)| {
        format!("{}, {}, {}", text::load(load), crate::base::units::si(rate, "pkt/s"), text::bytes(c.bytes))
    };
    m.rows.push(("\u{2192}", line(there)));
    m.rows.push(("\u{2190}", line(back)));
    m.rows.push(("seen", seen_text(path.seen)));
    m.rows.push(("distance", distance(x, y)));
    list_flows(&mut m, s, |f| joins(f, a, b));
    let (p, q) = (host_argus(s, x), host_argus(s, y));
    if s.level.by == By::Address {
        m.argus = format!("{p} and {q}");
    }
    m
}

/// What a filter asks of a place.
fn place_words(p: &Place) -> Vec<String> {
    let mut tests = Vec::new();
    tests.extend(p.country.map(Asked::Country));
    tests.extend(p.city.as_ref().filter(|c| !c.contains('"')).map(|c| Asked::City(c.to_lowercase())));
    tests.extend(p.asn.map(Asked::System));
    tests.into_iter().map(|asked| PlaceTest { negated: false, asked }.to_string()).collect()
}

fn list_flows(m: &mut DetailModel, s: &Snapshot, test: impl Fn(&FlowRow) -> bool) {
    let mut flows: Vec<&FlowRow> = s.flows.iter().filter(|f| test(f)).collect();
    m.flow_count = flows.len();
    m.course = course(s, flows.iter().copied());
    let (found, count) = ports(flows.iter().copied());
    m.words.extend(found.iter().take(MOST_PORTS).map(|(port, _)| format!("port {port}")));
    m.ports = found.into_iter().map(|(port, bytes)| (port, text::bytes(bytes))).collect();
    m.port_count = count;
    // Stable, so that equals keep the order of keys.
    flows.sort_by_key(|f| std::cmp::Reverse(f.src.bytes.saturating_add(f.dst.bytes)));
    m.flows = flows
        .into_iter()
        .take(LISTED)
        .map(|f| {
            let k = &f.last.key;
            let (src, dst) = (s.name_of(k.saddr), s.name_of(k.daddr));
            let line = match s.level.by {
                By::Address => format!("{} {src}.{} {} {dst}.{}", f.last.proto_name, k.sport, f.last.dir, k.dport),
                _ => format!("{} {src} {} {dst} port {}", f.last.proto_name, f.last.dir, k.dport),
            };
            (FlowId::of(f), line, text::bytes(f.src.bytes.saturating_add(f.dst.bytes)))
        })
        .collect();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::globe::fixture;

    fn ip(s: &str) -> IpAddr {
        s.parse().expect("an address")
    }

    #[test]
    fn the_card_of_a_path_says_both_ends_and_both_rates() {
        let s = fixture::snapshot();
        let path = &s.paths[0];
        let (a, b) = (&s.hosts[path.a as usize], &s.hosts[path.b as usize]);
        let card = HoverModel::of_path(&s, path).expect("both ends are there");
        assert_eq!(card.title, format!("{} \u{2194} {}", a.name(), b.name()));
        assert!(card.lines.len() <= 7, "at most eight lines with the title");
        assert!(card.lines[1].starts_with('\u{2192}') && card.lines[1].contains(&text::load(path.load_ab)));
        assert!(card.lines[2].starts_with('\u{2190}') && card.lines[2].contains(&text::load(path.load_ba)));
        let nobody = PathArc { b: 10_000, ..path.clone() };
        assert_eq!(HoverModel::of_path(&s, &nobody), None);
    }

    #[test]
    fn the_card_says_what_is_known_in_at_most_eight_lines() {
        let mut s = fixture::snapshot();
        s.hosts[1].place.at = s.hosts[0].place.at;
        let m = HoverModel::new(&s, &s.hosts[0]);
        assert!(m.lines.len() < 8);
        let all = format!("{}\n{}", m.title, m.lines.join("\n"));
        for piece in [
            "129.132.1.1",
            "Zurich, CH",
            "AS559",
            "1.24 Mbit/s",
            "96.0 kbit/s",
            "2 flows",
            "the database",
            "2 addresses",
        ] {
            assert!(all.contains(piece), "{piece} is missing in {all}");
        }
    }

    #[test]
    fn the_card_names_the_sensors_where_there_are_several() {
        let mut s = fixture::snapshot();
        let seen = |s: &Snapshot| HoverModel::new(s, &s.hosts[0]).lines.into_iter().find(|l| l.starts_with("seen"));
        assert!(seen(&s).is_some_and(|l| !l.contains(" by ")));
        let mut other = fixture::source(crate::cache::SourceState::Ended);
        (other.id, other.name) = (SourceId(7), "probe-7".into());
        s.health.sources.push(other);
        let first = s.health.sources[0].name.clone();
        assert!(seen(&s).is_some_and(|l| l.ends_with(&format!(" by {}", text::shorten_left(&first, 18)))));
        s.health.sources[1].id = s.flows[0].source;
        s.health.sources[0].id = SourceId(9);
        assert!(seen(&s).is_some_and(|l| l.ends_with(" by probe-7")), "{:?}", seen(&s));
    }

    #[test]
    fn details_of_an_address_list_peers_by_rate_and_its_flows() {
        let mut s = fixture::snapshot();
        s.paths[1].load_ab = 9e6;
        let m = DetailModel::new(&s, Picked::Host(ip("129.132.1.1"))).expect("details");
        assert_eq!((m.peer_count, m.flow_count, m.present), (2, 2, true));
        assert_eq!(m.peers[0].addr, ip("193.0.6.139"));
        assert_eq!(m.peers[0].load_to, 9e6);
        assert!(m.flows[0].1.contains("443"), "{:?}", m.flows);
        let other = DetailModel::new(&s, Picked::Host(ip("193.0.6.139"))).expect("details");
        assert_eq!(other.peers[0].load_from, 9e6, "the same traffic from the other side");
    }

    #[test]
    fn a_path_is_told_from_the_end_it_was_picked_at() {
        let s = fixture::snapshot();
        let m = DetailModel::new(&s, Picked::Path(ip("193.0.6.139"), ip("129.132.1.1"))).expect("details");
        assert!(m.rows[0].1.contains("180 kbit/s") && m.rows[1].1.contains("720 kbit/s"), "{:?}", m.rows);
        assert!(m.rows.iter().any(|(n, v)| *n == "distance" && v.ends_with("km")));
    }

    #[test]
    fn what_is_selected_has_a_filter_a_course_and_ports() {
        let addresses = fixture::snapshot();
        for by in [By::Address, By::Network, By::System, By::City, By::Country] {
            let s = addresses.clone().at_level(crate::cache::Level { by, ..Default::default() });
            let m = DetailModel::new(&s, Picked::Host(ip("129.132.1.1"))).expect("details");
            crate::pipeline::Show::parse(&m.argus).unwrap_or_else(|e| panic!("{by:?}: {}: {e}", m.argus));
            assert!(!m.argus.is_empty() && m.course.iter().any(|v| *v > 0.0), "{by:?}");
            assert_eq!((m.ports[0].0, m.port_count), (443, 2), "{by:?}");
        }
        let m = DetailModel::new(&addresses, Picked::Path(ip("129.132.1.1"), ip("193.0.6.139"))).expect("details");
        assert_eq!(m.argus, "host 129.132.1.1 and host 193.0.6.139");
    }

    #[test]
    fn a_group_lists_its_addresses_and_what_it_has_in_common() {
        let level = crate::cache::Level { by: By::Country, ..Default::default() };
        let s = fixture::snapshot().at_level(level);
        let m = DetailModel::new(&s, Picked::Host(ip("129.132.1.1"))).expect("details");
        assert_eq!((m.title.as_str(), m.member_count, m.filter.as_str()), ("Switzerland", 1, "pin=Switzerland"));
        assert_eq!((m.members[0].0, m.members[0].1.as_str()), (ip("129.132.1.1"), "Zurich, CH"));
        assert_eq!(m.peer_count, 2);
        assert!(m.flows.iter().all(|f| f.1.contains("Switzerland")) && m.flow_count == 2, "{:?}", m.flows);
        let card = HoverModel::new(&s, find_host(&s, ip("129.132.1.1")).expect("a pin"));
        assert!(card.title == "Switzerland" && card.lines.contains(&"1 address".to_owned()), "{card:?}");
        let path = DetailModel::new(&s, Picked::Path(ip("129.132.1.1"), ip("193.0.6.139"))).expect("details");
        assert_eq!((path.title.as_str(), path.flow_count), ("Switzerland \u{2194} Netherlands", 1));
    }

    #[test]
    fn what_left_the_window_is_named_and_empty() {
        let m = DetailModel::new(&fixture::snapshot(), Picked::Host(ip("9.9.9.9"))).expect("details");
        assert!(!m.present && m.title == "9.9.9.9");
        assert_eq!(DetailModel::new(&fixture::snapshot(), Picked::Nothing), None);
    }
}
