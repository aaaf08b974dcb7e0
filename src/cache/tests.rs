//! The window against a sum over all records, in any order and on any way through time.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use arrayvec::ArrayString;
use proptest::prelude::*;

use super::spread::{Lengths, Spread};
use super::*;
use crate::base::hash::Map;
use crate::base::{Span, Timestamp};
use crate::geo::{LatLon, Located, Origin, Place};
use crate::record::{Addr, Cause, Counts, FlowKey, FlowSummary, SourceId, SrcId};

const SEC: i64 = 1_000_000_000;

pub(super) fn at(nanos: i64) -> Timestamp {
    Timestamp::from_nanos(nanos)
}

fn addr(n: u8) -> IpAddr {
    IpAddr::V4(Ipv4Addr::new(1, 1, 1, n))
}

/// Addresses 1.1.1.n with even n have a place.
fn place(a: Addr) -> Located {
    match a {
        Addr::V4(v) if v.octets()[3] % 2 == 0 => {
            let at = LatLon { lat: f64::from(v.octets()[3]), lon: 0.0 };
            Ok(Arc::new(Place::new(at, Origin::Database)))
        }
        Addr::V4(_) => Err("odd"),
        _ => Err("no IP address"),
    }
}

fn counts(bytes: u64) -> Counts {
    Counts { pkts: bytes / 100, bytes, appbytes: bytes / 2 }
}

pub(super) fn flow(src: u8, dst: u8, span: (i64, i64), bytes: (u64, u64)) -> FlowSummary {
    let a = |n: u8| if n == 0 { Addr::Mac([0, 1, 2, 3, 4, 5]) } else { addr(n).into() };
    FlowSummary {
        cause: Cause::Status,
        srcid: SrcId::Unset,
        seq: 0,
        span: Span::new(at(span.0), at(span.1)),
        src_span: None,
        dst_span: None,
        key: FlowKey { saddr: a(src), daddr: a(dst), proto: 6, sport: 1000, dport: 80 },
        src: counts(bytes.0),
        dst: counts(bytes.1),
        proto_name: ArrayString::new(),
        dir: "->",
        state: "CON",
    }
}

fn push(cache: &mut WindowCache, f: &FlowSummary) {
    cache.push(f, &place(f.key.saddr), &place(f.key.daddr), SourceId(0));
}

fn cache(window: u64, rate: u64) -> WindowCache {
    let config = CacheConfig {
        window: Duration::from_millis(window),
        rate_interval: Duration::from_millis(rate),
        ..CacheConfig::default()
    };
    WindowCache::new(config)
}

/// Everything the window says, without numbers that depend on the way there.
fn said(cache: &mut WindowCache) -> (Snapshot, Vec<AddressSum>) {
    let mut s = cache.snapshot(Outside::default());
    s.hosts.iter_mut().for_each(|h| h.id = HostId(0));
    s.paths.iter_mut().for_each(|p| p.id = PathId(0));
    (s, cache.addresses())
}

/// The same by a sum over all records with floating-point-free arithmetic of its own.
struct Brute {
    records: u64,
    src: Counts,
    dst: Counts,
    hosts: Map<IpAddr, (Counts, Counts)>,
    rate_bytes: u64,
    first: Option<i64>,
}

fn brute(records: &[FlowSummary], now: i64, window: i64, rate: i64) -> Brute {
    let mut b = Brute {
        records: 0,
        src: Counts::default(),
        dst: Counts::default(),
        hosts: Map::default(),
        rate_bytes: 0,
        first: None,
    };
    for f in records {
        let (s, e) = (f.span.start.nanos(), f.span.end.nanos());
        if s > now || e <= now - window {
            continue;
        }
        b.records += 1;
        b.first = Some(b.first.map_or(s, |x| x.min(s)).max(now - window));
        let grain = if e - s <= 2 * SEC { SEC / 4 } else { SEC };
        let happened = |n: u64, own: Option<Span>, x: i64| -> u64 {
            let (s, e) = own.map_or((s, e), |o| (o.start.nanos(), o.end.nanos()));
            match x {
                x if x < s => 0,
                x if x >= e => n,
                x => (i128::from(n) * i128::from((x.div_euclid(grain) * grain).max(s) - s) / i128::from(e - s)) as u64,
            }
        };
        let within = |n: u64, own, len: i64| happened(n, own, now) - happened(n, own, now - len);
        let part = |c: Counts, own| Counts {
            pkts: within(c.pkts, own, window),
            bytes: within(c.bytes, own, window),
            appbytes: within(c.appbytes, own, window),
        };
        let (src, dst) = (part(f.src, f.src_span), part(f.dst, f.dst_span));
        b.src.add(src);
        b.dst.add(dst);
        b.rate_bytes += within(f.src.bytes, f.src_span, rate) + within(f.dst.bytes, f.dst_span, rate);
        if let Some(a) = f.key.saddr.ip() {
            b.hosts.entry(a).or_default().0.add(src);
            b.hosts.entry(a).or_default().1.add(dst);
        }
        if let Some(a) = f.key.daddr.ip() {
            b.hosts.entry(a).or_default().0.add(dst);
            b.hosts.entry(a).or_default().1.add(src);
        }
    }
    b
}

fn agree(cache: &mut WindowCache, records: &[FlowSummary], now: i64) {
    let (window, rate) = (cache.config().window.as_nanos() as i64, cache.config().rate_interval.as_nanos() as i64);
    let want = brute(records, now, window, rate);
    let (got, addresses) = said(cache);
    assert_eq!((got.totals.records, got.totals.src, got.totals.dst), (want.records, want.src, want.dst), "at {now}");
    let load = want.rate_bytes as f64 * 8.0 / (rate as f64 / 1e9);
    assert!((got.totals.load - load).abs() <= load * 1e-9, "{} {load}", got.totals.load);
    assert_eq!(addresses.len(), want.hosts.len());
    for a in &addresses {
        assert_eq!((a.sent, a.received), want.hosts[&a.addr], "{} at {now}", a.addr);
    }
    assert_eq!(got.flows.iter().map(|f| f.seen.start.nanos()).min(), want.first);
    let by_flows: u64 = got.flows.iter().map(|f| u64::from(f.records)).sum();
    assert_eq!(by_flows, want.records);
    assert_eq!(got.hosts.len() + got.unplaced.len(), addresses.len());
    assert!(got.hosts.is_sorted_by_key(|h| h.addr) && got.flows.is_sorted_by_key(|f| f.last.key));
    for p in &got.paths {
        let (a, b) = (&got.hosts[p.a as usize], &got.hosts[p.b as usize]);
        assert!(a.addr <= b.addr && p.flows > 0);
    }
}

fn any_flow() -> impl Strategy<Value = FlowSummary> {
    let quarter = SEC / 8;
    let length = prop_oneof![Just(0i64), 0..8i64, 0..400i64];
    let own = proptest::option::of((0..100i64, 0..100i64));
    (0u8..6, 0u8..6, 0i64..400, length, (0u64..5000, 0u64..5000), (own.clone(), own), 0i64..3).prop_map(
        move |(s, d, start, len, bytes, owns, odd)| {
            let start = start * quarter + odd * 12_345;
            let end = start + len * quarter;
            let inside = |o: Option<(i64, i64)>| {
                o.map(|(a, b)| Span::new(at(start + (end - start) * a / 100), at(start + (end - start) * b / 100)))
            };
            FlowSummary { src_span: inside(owns.0), dst_span: inside(owns.1), ..flow(s, d, (start, end), bytes) }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn the_window_equals_the_sum_over_all_records(
        records in proptest::collection::vec(any_flow(), 0..60),
        steps in proptest::collection::vec(0i64..12_000_000_000, 1..30),
        window in 500u64..60_000,
        rate in 100u64..4_000,
        back in 0i64..50,
    ) {
        let mut c = cache(window, rate.min(window));
        let mut now = 0;
        let _ = c.move_to(at(now));
        let (early, late) = records.split_at(records.len() / 2);
        early.iter().for_each(|f| push(&mut c, f));
        for (i, step) in steps.iter().enumerate() {
            now += step;
            let _ = c.move_to(at(now));
            if i == steps.len() / 2 {
                late.iter().for_each(|f| push(&mut c, f));
            }
            let known = if i >= steps.len() / 2 { &records[..] } else { early };
            agree(&mut c, known, now);
        }
        // A step back empties the window; what is pushed again gives the same as having come there directly.
        let target = now - back * SEC - 1;
        prop_assert_eq!(c.move_to(at(target)), Moved::Back);
        records.iter().for_each(|f| push(&mut c, f));
        agree(&mut c, &records, target);
        let mut direct = cache(window, rate.min(window));
        let _ = direct.move_to(at(target));
        records.iter().for_each(|f| push(&mut direct, f));
        prop_assert_eq!(said(&mut c), said(&mut direct));
    }

    #[test]
    fn shares_change_only_at_the_announced_times(f in any_flow(), window in 1i64..30, rate in 1i64..4, from in -10i64..60) {
        let lengths = Lengths { window: window * SEC, rate: rate.min(window) * SEC };
        let spread = Spread::of(&f);
        let mut now = from * SEC;
        for _ in 0..50 {
            let Some(next) = spread.next_change(now, lengths) else {
                prop_assert_eq!(spread.shares(now, lengths), Default::default());
                prop_assert!(!spread.present(now, lengths));
                break;
            };
            prop_assert!(next > now);
            prop_assert_eq!(spread.shares(now, lengths), spread.shares(next - 1, lengths));
            prop_assert_eq!(spread.present(now, lengths), spread.present(next - 1, lengths));
            now = next;
        }
    }
}

#[test]
fn a_window_over_everything_counts_to_the_byte() {
    let mut c = cache(600_000, 2000);
    let records: Vec<FlowSummary> =
        (0..50).map(|i| flow(1, 2, (i * 3 * SEC / 7, i * 5 * SEC / 3), (1000 + i as u64, 7 * i as u64))).collect();
    records.iter().for_each(|f| push(&mut c, f));
    let _ = c.move_to(at(90 * SEC));
    let s = c.snapshot(Outside::default());
    assert_eq!(s.totals.src.bytes, records.iter().map(|f| f.src.bytes).sum::<u64>());
    assert_eq!((s.totals.flows, s.flows[0].records, s.flows[0].dst.bytes), (1, 50, (0..50).map(|i| 7 * i).sum()));
}

#[test]
fn a_steady_flow_has_a_steady_rate() {
    let mut c = cache(120_000, 2000);
    push(&mut c, &flow(2, 4, (0, 60 * SEC), (60_000, 0)));
    for tenth in 20..590 {
        let _ = c.move_to(at(tenth * SEC / 10));
        assert!((c.snapshot(Outside::default()).totals.load - 8000.0).abs() < 1e-9, "{tenth}");
    }
}

#[test]
fn what_left_leaves_no_trace_and_numbers_stay_with_the_present() {
    let mut c = cache(10_000, 1000);
    push(&mut c, &flow(2, 4, (0, SEC), (10, 20)));
    push(&mut c, &flow(6, 8, (5 * SEC, 6 * SEC), (10, 20)));
    let _ = c.move_to(at(6 * SEC));
    let before = c.snapshot(Outside::default());
    let _ = c.move_to(at(12 * SEC));
    let after = c.snapshot(Outside::default());
    assert_eq!((before.hosts.len(), after.hosts.len(), after.paths.len()), (4, 2, 1));
    assert_eq!(before.hosts[2].id, after.hosts[0].id);
    assert_eq!(before.paths[1].id, after.paths[0].id);
    let _ = c.move_to(at(16 * SEC));
    let end = c.snapshot(Outside::default());
    assert_eq!(end.totals, Totals::default());
    assert!(end.hosts.is_empty() && end.paths.is_empty() && end.flows.is_empty());
}

#[test]
fn each_limit_counts_what_it_turned_away() {
    let limited = |c: CacheConfig| {
        let mut cache = WindowCache::new(c);
        let _ = cache.move_to(at(10 * SEC));
        for n in 1..=10 {
            push(&mut cache, &flow(n, n + 100, (9 * SEC, 10 * SEC), (100, 100)));
        }
        let mut totals = cache.snapshot(Outside::default()).totals;
        totals.unplaced_hosts = 0;
        let _ = cache.move_to(at(1000 * SEC));
        let gone = cache.snapshot(Outside::default()).totals;
        assert_eq!(
            (gone.records, gone.hosts, gone.refused_hosts, gone.refused_paths, gone.refused_flows),
            (0, 0, 0, 0, 0)
        );
        totals
    };
    let d = CacheConfig::default();
    let t = limited(CacheConfig { max_hosts: 4, ..d });
    assert_eq!((t.hosts, t.refused_hosts, t.records, t.flows, t.src.bytes), (4, 8, 10, 10, 1000));
    let t = limited(CacheConfig { max_paths: 4, ..d });
    assert_eq!((t.paths, t.refused_paths, t.hosts), (4, 6, 20));
    let t = limited(CacheConfig { max_flows: 4, ..d });
    assert_eq!((t.flows, t.refused_flows, t.hosts, t.src.bytes), (4, 6, 20, 1000));
    let t = limited(CacheConfig { max_records: 4, ..d });
    assert_eq!((t.records, t.refused_records, t.src.bytes), (4, 6, 400));
}

#[test]
fn records_of_absurd_size_and_time_do_no_harm() {
    let mut c = cache(120_000, 2000);
    let _ = c.move_to(at(0));
    for span in [(i64::MIN, i64::MAX), (i64::MIN, i64::MIN), (i64::MAX, i64::MAX), (-1, i64::MAX), (i64::MIN, 1)] {
        push(&mut c, &flow(1, 2, span, (u64::MAX, u64::MAX)));
    }
    for now in [1, SEC, 1000 * SEC, i64::MAX - 1, i64::MAX] {
        let _ = c.move_to(at(now));
        let _ = c.snapshot(Outside::default());
    }
    assert_eq!(c.snapshot(Outside::default()).totals.records, 0);
}

#[test]
fn a_label_is_trusted_more_than_a_database() {
    let mut c = cache(120_000, 2000);
    let _ = c.move_to(at(SEC));
    let f = flow(2, 4, (0, SEC), (1, 1));
    push(&mut c, &f);
    let label: Located = Ok(Arc::new(Place::new(LatLon { lat: 1.0, lon: 1.0 }, Origin::Label)));
    c.push(&f, &label, &Err("x"), SourceId(0));
    push(&mut c, &f);
    let hosts = c.snapshot(Outside::default()).hosts;
    assert_eq!((hosts[0].place.origin, hosts[1].place.origin), (Origin::Label, Origin::Database));
}
