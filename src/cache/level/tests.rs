//! Levels: what is merged with what, and that nothing is lost or counted twice.

use std::net::IpAddr;

use proptest::prelude::*;

use super::super::tests::{at, flow};
use super::*;
use crate::base::Span;
use crate::cache::{FlowRow, HostId, PathArc, PathId};
use crate::geo::{LatLon, Origin, Place};
use crate::record::{Counts, SourceId};

const TOWNS: [(&str, [u8; 2], f64, f64); 6] = [
    ("Zurich", *b"CH", 47.4, 8.5),
    ("Bern", *b"CH", 46.9, 7.4),
    ("Paris", *b"FR", 48.9, 2.4),
    ("Springfield", *b"US", 39.8, -89.6),
    ("Springfield", *b"US", 42.1, -72.6),
    ("", *b"JP", 36.0, 138.0),
];

/// Address 10.0.(n / 4).n in one of the towns; one in seven has no country, one in five no system.
fn host(n: u32) -> HostPin {
    let (city, country, lat, lon) = TOWNS[n as usize % TOWNS.len()];
    let mut place = Place::new(LatLon { lat, lon }, Origin::Database);
    place.city = (!city.is_empty()).then(|| city.into());
    place.country = (!n.is_multiple_of(7)).then_some(country);
    place.asn = (!n.is_multiple_of(5)).then_some(n % 3);
    let counts = |k: u64| Counts { pkts: k, bytes: 100 * k, appbytes: 40 * k };
    HostPin {
        id: HostId(n),
        addr: IpAddr::V4(Ipv4Addr::new(10, 0, (n / 4) as u8, n as u8)),
        group: None,
        place,
        sent: counts(u64::from(n) + 1),
        received: counts(u64::from(n) * 3),
        load_out: f64::from(n) * 8.0,
        load_in: f64::from(n) * 0.5,
        flows: 0,
        seen: Span::new(at(i64::from(n)), at(i64::from(n) + 10)),
    }
}

/// Addresses 0 to `hosts`, paths and flows between those named; an end beyond them has no place.
fn picture(hosts: u32, talks: &[(u32, u32, u16)]) -> Snapshot {
    let mut s = Snapshot { hosts: (0..hosts).map(host).collect(), ..Snapshot::default() };
    let mut flows = Vec::new();
    for (i, (a, b, port)) in (0..).zip(talks) {
        let mut last = flow(0, 0, (0, 10), (u64::from(i) * 100, 700));
        (last.key.saddr, last.key.daddr) = (host(*a).addr.into(), host(*b).addr.into());
        (last.key.sport, last.key.dport) = (i as u16, *port);
        let known = |n: u32| (n < hosts).then_some(n);
        flows.push(FlowRow {
            source: SourceId(0),
            seen: last.span,
            src: last.src,
            dst: last.dst,
            load_src: f64::from(i),
            load_dst: 2.0,
            records: 3,
            src_host: known(*a),
            dst_host: known(*b),
            last: last.into(),
        });
        if let (Some(a), Some(b)) = (known(*a.min(b)), known(*a.max(b)))
            && a != b
            && !s.paths.iter().any(|p| (p.a, p.b) == (a, b))
        {
            let (seen, ab, ba) = (last.span, last.src, last.dst);
            let (load_ab, load_ba, rate_ab, rate_ba) = (f64::from(i), 2.0, 1.0, 0.25);
            s.paths.push(PathArc { id: PathId(i), a, b, ab, ba, load_ab, load_ba, rate_ab, rate_ba, flows: 1, seen });
        }
    }
    flows.sort_by_key(|f| f.last.key);
    s.paths.sort_by_key(|p| (p.a, p.b));
    s.flows = flows.into();
    s
}

fn level(by: By) -> Level {
    Level { by, masks: Masks::default() }
}

/// Exact sums of everything that is listed: pins, arcs, flows.
fn sums(s: &Snapshot) -> [u64; 11] {
    let pins = |get: fn(&HostPin) -> u64| s.hosts.iter().map(get).sum::<u64>();
    let arcs = |get: fn(&PathArc) -> u64| s.paths.iter().map(get).sum::<u64>();
    let rows = |get: fn(&FlowRow) -> u64| s.flows.iter().map(get).sum::<u64>();
    [
        pins(|h| h.sent.bytes),
        pins(|h| h.sent.pkts),
        pins(|h| h.received.bytes),
        pins(|h| h.received.appbytes),
        // Either end may be the first one.
        arcs(|p| p.ab.bytes + p.ba.bytes),
        arcs(|p| p.ab.pkts + p.ba.pkts),
        arcs(|p| p.flows.into()),
        rows(|f| f.src.bytes),
        rows(|f| f.dst.bytes),
        rows(|f| f.src.pkts + f.dst.pkts),
        rows(|f| f.records.into()),
    ]
}

/// Sums of rates, which are not exact.
fn rates(s: &Snapshot) -> [f64; 5] {
    [
        s.hosts.iter().map(|h| h.load_out).sum(),
        s.hosts.iter().map(|h| h.load_in).sum(),
        s.paths.iter().map(|p| p.load_ab + p.load_ba).sum(),
        s.paths.iter().map(|p| p.rate_ab + p.rate_ba).sum(),
        s.flows.iter().map(|f| f.load_src + f.load_dst).sum(),
    ]
}

proptest! {
    #[test]
    fn totals_at_every_level_equal_those_of_the_addresses(
        hosts in 0u32..60,
        talks in proptest::collection::vec((0u32..70, 0u32..70, 0u16..4), 0..80),
    ) {
        let addresses = picture(hosts, &talks);
        for by in By::ALL {
            let merged = addresses.clone().at_level(level(by));
            prop_assert_eq!(sums(&merged), sums(&addresses), "{}", by.word());
            for (a, b) in rates(&merged).into_iter().zip(rates(&addresses)) {
                prop_assert!((a - b).abs() <= 1e-9 * b.abs().max(1.0), "{}: {a} {b}", by.word());
            }
            prop_assert_eq!(merged.totals, addresses.totals);
            let members: u32 = merged.hosts.iter().map(HostPin::members).sum();
            prop_assert_eq!(members, hosts);
            prop_assert!(merged.hosts.is_sorted_by(|x, y| x.addr < y.addr));
            prop_assert!(merged.paths.is_sorted_by(|x, y| (x.a, x.b) < (y.a, y.b)));
            prop_assert!(merged.paths.iter().all(|p| p.a <= p.b && (p.b as usize) < merged.hosts.len()));
            prop_assert!(merged.flows.is_sorted_by(|x, y| x.last.key < y.last.key));
            prop_assert_eq!(&merged, &addresses.clone().at_level(level(by)), "the same each time");
        }
    }

    #[test]
    fn a_pins_flows_are_those_with_an_end_in_it(
        talks in proptest::collection::vec((0u32..30, 0u32..30, 0u16..4), 0..60),
    ) {
        let addresses = picture(24, &talks);
        for by in [By::Network, By::System, By::City, By::Country] {
            let merged = addresses.clone().at_level(level(by));
            for (pin, host) in (0u32..).zip(&merged.hosts) {
                let inside = |end: Option<u32>| end.is_some_and(|h| merged.members.pins[h as usize] == pin);
                let count = addresses.flows.iter().filter(|f| inside(f.src_host) || inside(f.dst_host)).count();
                prop_assert_eq!(host.flows as usize, count);
            }
        }
    }
}

fn names(s: &Snapshot) -> Vec<String> {
    let mut names: Vec<String> = s.hosts.iter().map(|h| h.name().into_owned()).collect();
    names.sort();
    names
}

#[test]
fn a_pin_is_what_the_level_says() {
    let mut s = picture(18, &[]);
    s.hosts.retain(|h| h.place.country.is_some() && h.place.asn.is_some() && h.place.city.is_some());
    let names = |by| names(&s.clone().at_level(level(by)));
    assert_eq!(names(By::Network), ["10.0.0.0/24", "10.0.1.0/24", "10.0.2.0/24", "10.0.3.0/24", "10.0.4.0/24"]);
    assert_eq!(names(By::System), ["AS0", "AS1", "AS2"]);
    assert_eq!(names(By::City), ["Bern, CH", "Paris, FR", "Springfield, US", "Springfield, US", "Zurich, CH"]);
    assert_eq!(names(By::Country), ["France", "Switzerland", "United States"]);
}

#[test]
fn what_lacks_the_property_is_not_put_with_others() {
    let s = picture(36, &[]);
    let country = s.clone().at_level(level(By::Country));
    let nameless: Vec<String> = names(&country).into_iter().filter(|n| n.contains("no country")).collect();
    // 0, 7, 14, 21, 28, 35: six towns.
    assert_eq!(nameless.len(), 6, "{nameless:?}");
    assert!(names(&s.at_level(level(By::System))).contains(&"Zurich, no AS".to_owned()));
}

#[test]
fn a_merged_pin_sits_in_the_middle_or_at_the_countrys_own_place() {
    let mut s = picture(2, &[]);
    s.hosts[0].place.at = LatLon { lat: 0.0, lon: 179.0 };
    s.hosts[1].place.at = LatLon { lat: 0.0, lon: -177.0 };
    let merged = s.clone().at_level(level(By::Network));
    let place = &merged.hosts[0].place;
    assert!((place.at.lon + 179.0).abs() < 1e-6 && place.at.lat.abs() < 1e-6, "{place:?}");
    assert_eq!((place.city.as_deref(), merged.hosts[0].members()), (None, 2), "two towns are no town");
    s.hosts[1].place.at = LatLon { lat: 0.0, lon: -1.0 };
    let at = s.at_level(level(By::Network)).hosts[0].place.at;
    assert_eq!(at, LatLon { lat: 0.0, lon: 179.0 }, "antipodes have no middle");
    let country = picture(9, &[]).at_level(level(By::Country));
    let swiss = country.hosts.iter().find(|h| h.name() == "Switzerland").expect("there");
    assert_eq!(Some(swiss.place.at), crate::geo::country_centre(*b"CH"));
    assert_eq!(swiss.place.origin, Origin::CountryCentre);
}

#[test]
fn ends_without_a_place_and_masks_are_named() {
    let s = picture(4, &[(1, 50, 80), (51, 2, 80)]);
    let masks: Masks = "16,40".parse().expect("right");
    let network = s.clone().at_level(Level { by: By::Network, masks });
    assert_eq!(names(&network), ["10.0.0.0/16"]);
    assert_eq!(network.name_of(host(50).addr.into()), "10.0.0.0/16");
    let ends = |s: &Snapshot| -> Vec<[String; 2]> {
        s.flows.iter().map(|f| [s.name_of(f.last.key.saddr), s.name_of(f.last.key.daddr)]).collect()
    };
    assert_eq!(ends(&network), [["10.0.0.0/16", "10.0.0.0/16"]]);
    let country = ends(&s.at_level(level(By::Country)));
    assert!(country.contains(&["Switzerland", "no place"].map(String::from)), "{country:?}");
}

#[test]
fn a_group_is_found_by_its_key_and_by_any_member() {
    let s = picture(20, &[]).at_level(level(By::Country));
    for (at, pin) in s.hosts.iter().enumerate() {
        assert_eq!(s.find_pin(pin.addr), Some(at));
        for member in s.members.of(at as u32) {
            assert_eq!(s.find_pin(member.addr), Some(at));
            assert_eq!(s.find_address(member.addr), Some(member));
        }
    }
    assert_eq!(s.find_pin(host(99).addr), None);
}

#[test]
fn levels_go_round_and_words_are_checked() {
    let mut seen = Vec::new();
    let mut now = Level { masks: Masks { v4: 8, v6: 32 }, ..Level::default() };
    for _ in 0..By::ALL.len() {
        seen.push(now.by);
        assert_eq!(now.next(true).next(false), now);
        now = now.next(true);
    }
    assert_eq!((seen.as_slice(), now.masks.v4), (By::ALL.as_slice(), 8));
    assert_eq!("as".parse::<By>(), Ok(By::System));
    assert!("asn".parse::<By>().is_err());
    for wrong in ["", "33", "24,129", "a", "24,", "-1"] {
        assert!(wrong.parse::<Masks>().is_err(), "{wrong}");
    }
    assert_eq!("20".parse(), Ok(Masks { v4: 20, v6: 48 }));
}
