//! Rules on made-up pictures.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use arrayvec::ArrayString;
use proptest::prelude::*;

use super::*;
use crate::base::{Span, Timestamp, Warnings};
use crate::cache::{FlowRow, HostId, HostPin, Snapshot, SourceHealth, SourceState};
use crate::geo::{LatLon, Origin, Place};
use crate::record::{Cause, Counts, FlowKey, FlowSummary, SourceId, SrcId};

fn at(secs: i64) -> Timestamp {
    Timestamp::from_parts(1_700_000_000 + secs, 0)
}

fn ip(text: &str) -> IpAddr {
    text.parse().expect("an address")
}

fn flow(from: &str, to: &str, load: f64, seen: i64) -> FlowRow {
    let seen = Span::new(at(seen), at(seen));
    let last = FlowSummary {
        cause: Cause::Status,
        srcid: SrcId::Unset,
        seq: 1,
        span: seen,
        src_span: None,
        dst_span: None,
        key: FlowKey { saddr: ip(from).into(), daddr: ip(to).into(), proto: 6, sport: 40_000, dport: 443 },
        src: Counts::default(),
        dst: Counts::default(),
        proto_name: ArrayString::from("tcp").expect("short"),
        dir: "->",
        state: "CON",
    };
    FlowRow {
        source: SourceId(0),
        seen,
        src: last.src,
        dst: last.dst,
        load_src: load,
        load_dst: 0.0,
        records: 1,
        src_host: None,
        dst_host: None,
        last: last.into(),
    }
}

fn host(addr: &str, country: [u8; 2], seen: i64) -> HostPin {
    let mut place = Place::new(LatLon { lat: 1.0, lon: 2.0 }, Origin::Database);
    (place.country, place.asn) = (Some(country), Some(u32::from(country[0])));
    HostPin {
        id: HostId(0),
        addr: ip(addr),
        group: None,
        place,
        sent: Counts::default(),
        received: Counts::default(),
        load_out: 1.0,
        load_in: 0.0,
        flows: 1,
        seen: Span::new(at(seen), at(seen)),
    }
}

fn picture(now: i64, flows: Vec<FlowRow>, hosts: Vec<HostPin>) -> Snapshot {
    let mut s = Snapshot {
        now: at(now),
        window: Duration::from_secs(120),
        span: Some(Span::new(at(0), at(1000))),
        hosts,
        flows: flows.into(),
        ..Snapshot::default()
    };
    s.totals.load = s.flows.iter().map(|f| f.load_src + f.load_dst).sum();
    s
}

fn watch(rules: &[&str]) -> Watch {
    Watch::new(rules.iter().map(|r| r.parse().expect(r)).collect())
}

fn look(w: &mut Watch, s: &Snapshot) -> Vec<Alert> {
    w.look(s, Duration::ZERO, &mut Warnings::new());
    w.take_fresh()
}

#[test]
fn a_loud_address_is_told_once_until_it_has_been_quiet() {
    let mut w = watch(&["address > 1M"]);
    let loud = |now, load| picture(now, vec![flow("192.0.2.1", "198.51.100.2", load, now)], vec![]);
    let first = look(&mut w, &loud(10, 2e6));
    let subjects: Vec<Subject> = first.iter().map(|a| a.subject).collect();
    assert_eq!(subjects, [Subject::Address(ip("192.0.2.1")), Subject::Address(ip("198.51.100.2"))]);
    assert!(first[0].text.contains("192.0.2.1 at 2.00 Mbit/s, more than 1.00 Mbit/s"), "{}", first[0].text);
    assert!(look(&mut w, &loud(12, 3e6)).is_empty(), "it goes on");
    assert!(look(&mut w, &loud(20, 1.0)).is_empty());
    assert!(w.alerts()[0].is_active(at(20)) && !w.alerts()[0].is_active(at(50)));
    assert!(look(&mut w, &loud(30, 3e6)).is_empty(), "a short pause is none");
    assert_eq!((w.alerts()[0].held, w.alerts()[0].peak), (Span::new(at(10), at(30)), Some(3e6)));
    assert_eq!(look(&mut w, &loud(100, 2e6)).len(), 2, "after a long pause it begins anew");
}

#[test]
fn the_same_minutes_played_again_raise_nothing_new() {
    let mut w = watch(&["total > 1k", "new country after 1s"]);
    let play = |w: &mut Watch| {
        let mut fresh = 0;
        for now in 0..60 {
            let load = if (20..30).contains(&now) { 5e3 } else { 0.0 };
            let mut hosts = vec![host("192.0.2.1", *b"DE", 0)];
            if now >= 40 {
                hosts.push(host("198.51.100.1", *b"JP", 40));
            }
            fresh += look(w, &picture(now, vec![flow("192.0.2.1", "198.51.100.1", load, now)], hosts)).len();
        }
        fresh
    };
    assert_eq!(play(&mut w), 2);
    let before = w.alerts().to_vec();
    assert_eq!(play(&mut w), 0);
    assert_eq!(w.alerts(), before);
    assert_eq!(before[1].subject, Subject::Country(*b"JP"));
    assert_eq!((before[1].held.start, before[1].addr), (at(40), Some(ip("198.51.100.1"))));
}

#[test]
fn pairs_and_networks_narrow_a_threshold() {
    let mut w = watch(&["pair 192.0.2.0/24 203.0.113.0/24 > 1k", "address 203.0.113.7 > 1k", "pair > 1G"]);
    let flows = vec![
        flow("203.0.113.7", "192.0.2.9", 2e3, 5),
        flow("192.0.2.9", "198.51.100.1", 9e3, 5),
        flow("192.0.2.9", "203.0.113.8", 5e2, 5),
    ];
    let found: Vec<Subject> = look(&mut w, &picture(5, flows, vec![])).iter().map(|a| a.subject).collect();
    let pair = Subject::Pair(ip("192.0.2.9"), ip("203.0.113.7"));
    assert_eq!(found, [pair, Subject::Address(ip("203.0.113.7"))]);
}

#[test]
fn what_comes_in_the_first_stretch_is_known() {
    let mut w = watch(&["new address", "new as after 10s"]);
    let known = picture(5, vec![flow("192.0.2.1", "192.0.2.2", 0.0, 5)], vec![host("192.0.2.1", *b"DE", 5)]);
    assert!(look(&mut w, &known).is_empty());
    let later = picture(70, vec![flow("192.0.2.1", "192.0.2.3", 0.0, 65)], vec![host("192.0.2.3", *b"JP", 30)]);
    let texts: Vec<String> = look(&mut w, &later).into_iter().map(|a| a.text).collect();
    assert_eq!(texts, ["new address 192.0.2.3", "new AS74: 192.0.2.3"]);
}

#[test]
fn a_list_is_read_again_when_its_file_changes() {
    let path = std::env::temp_dir().join(format!("argus-globe-list-{}.txt", std::process::id()));
    std::fs::write(&path, "198.51.100.0/24\n").expect("written");
    let mut w = watch(&[&format!("list {}", path.display())]);
    let s = picture(5, vec![flow("192.0.2.1", "198.51.100.2", 0.0, 5)], vec![]);
    let fresh = look(&mut w, &s);
    assert_eq!((fresh.len(), fresh[0].addr), (1, Some(ip("198.51.100.2"))));
    std::fs::write(&path, "# now the other one\n192.0.2.0/28\n").expect("written");
    let mut warnings = Warnings::new();
    w.look(&s, Duration::from_secs(1), &mut warnings);
    assert!(w.take_fresh().is_empty(), "it is not looked at all the time");
    w.look(&s, Duration::from_secs(10), &mut warnings);
    assert_eq!(w.take_fresh().iter().map(|a| a.addr).collect::<Vec<_>>(), [Some(ip("192.0.2.1"))]);
    std::fs::remove_file(&path).expect("removed");
    w.look(&s, Duration::from_secs(20), &mut warnings);
    assert!(warnings.messages().iter().any(|m| m.contains("argus-globe-list")), "{:?}", warnings.messages());
}

#[test]
fn a_source_without_records_is_told_after_its_time() {
    let mut w = watch(&["silent 10s"]);
    let source = |live, records| SourceHealth {
        id: SourceId(0),
        name: "probe:561".into(),
        kind: "argus stream",
        state: SourceState::Live,
        records,
        dropped: 0,
        damaged: 0,
        live,
    };
    let mut s = picture(5, vec![], vec![]);
    s.health.sources = vec![source(true, 7), source(false, 7)];
    let mut go = |w: &mut Watch, secs, records| {
        s.health.sources[0].records = records;
        w.look(&s, Duration::from_secs(secs), &mut Warnings::new());
        w.take_fresh()
    };
    assert!(go(&mut w, 0, 7).is_empty() && go(&mut w, 9, 7).is_empty());
    let fresh = go(&mut w, 11, 7);
    assert_eq!(fresh.iter().map(|a| a.subject).collect::<Vec<_>>(), [Subject::Source(0)], "files end, streams do not");
    assert!(fresh[0].text.contains("no record from probe:561 for 10 s"), "{}", fresh[0].text);
    assert!(go(&mut w, 12, 8).is_empty() && go(&mut w, 21, 8).is_empty());
}

#[test]
fn the_list_of_alerts_is_bounded() {
    let mut w = watch(&["total > 1"]);
    for i in 0..(MAX_ALERTS as i64 + 50) {
        look(&mut w, &picture(i * 100, vec![flow("192.0.2.1", "192.0.2.2", 9.0, i * 100)], vec![]));
    }
    assert_eq!(w.alerts().len(), MAX_ALERTS);
    assert_eq!(w.alerts()[0].held.start, at(5000));
}

#[test]
fn rules_are_read_in_all_forms_and_nonsense_is_named() {
    for (text, hides) in [
        ("total > 100M", false),
        ("address > 1.5 Gbit/s", false),
        ("address 192.0.2.0/24 > 250000", true),
        ("pair 192.0.2.1 2001:db8::/32 > 10k", true),
        ("new country", false),
        ("new as after 1h", false),
        ("list /etc/block list.txt", true),
        ("silent 30s probe1:561", false),
    ] {
        let rule: Rule = text.parse().expect(text);
        assert_eq!((rule.to_string().as_str(), rule.names_addresses()), (text, hides));
    }
    for (text, part) in [
        ("", "it is empty"),
        ("load > 3", "it begins with \"load\""),
        ("total 3M", "the sign > with a rate"),
        ("total > fast", "\"fast\" is no rate"),
        ("total > -3", "is no rate"),
        ("address 1.2.3.4/40 > 1", "prefix length"),
        ("address 10.0.0.1 10.0.0.2 > 1", "at most 1 can"),
        ("new planet", "expected country, as or address"),
        ("new as since 3", "expected \"after TIME\""),
        ("list", "the name of a file is missing"),
        ("silent soon", "is no length of time"),
    ] {
        let error = text.parse::<Rule>().expect_err(text).to_string();
        assert!(error.contains(part) && error.contains("list FILE"), "{text}: {error}");
    }
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,80}", word in 0usize..KINDS.len()) {
        let _ = text.parse::<Rule>();
        let first = KINDS[word].0.split(' ').next().unwrap_or("");
        let _ = format!("{first} {text}").parse::<Rule>();
    }
}

#[test]
fn no_rule_no_work() {
    let mut w = Watch::new(Vec::new());
    assert!(w.is_idle() && !w.look(&picture(1, vec![], vec![]), Duration::ZERO, &mut Warnings::new()));
    let _: Arc<[Alert]> = w.alerts().into();
}
