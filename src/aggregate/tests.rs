//! Samples merged, sorted and written back.

use super::*;
use crate::record::codec::Framer;
use crate::record::{Addr, FlowSummary};

fn records(name: &str) -> Vec<Vec<u8>> {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/argus").join(name);
    let mut framer = Framer::new();
    framer.push(&std::fs::read(path).unwrap());
    let mut out = Vec::new();
    while let Some((_, r)) = framer.next_record().unwrap() {
        out.push(r.bytes().to_vec());
    }
    out
}

fn fars(records: &[Vec<u8>]) -> Vec<Far<'_>> {
    records.iter().filter_map(|b| RecordRef::new(b)).filter_map(Far::decode).collect()
}

const SAMPLES: &[&str] = &[
    "web.full.argus",
    "crafted.full.argus",
    "ipv6.full.argus",
    "l2.full.argus",
    "voip.full.argus",
    "geo.ralabel.argus",
];

#[test]
fn a_record_written_back_says_the_same() {
    for name in SAMPLES {
        let records = records(name);
        for far in fars(&records) {
            let mut bytes = Vec::new();
            Merged::from_far(&far).write(&mut bytes);
            let back = Far::decode(RecordRef::new(&bytes).unwrap()).unwrap();
            // A direction that was put right stays, so that only the mark of it may differ.
            let known = |s: FlowSummary| FlowSummary { state: "", ..s };
            assert_eq!(known(back.summary()), known(far.summary()), "{name}");
            assert_eq!((back.label(), back.mac(), back.vlan()), (far.label(), far.mac(), far.vlan()), "{name}");
            assert_eq!(back.packet_sizes(), far.packet_sizes(), "{name}");
            // Some deviations are no numbers, which equal nothing.
            assert_eq!(format!("{:?}", back.jitter()), format!("{:?}", far.jitter()), "{name}");
            assert_eq!((back.ip_attrs(), back.payload()), (far.ip_attrs(), far.payload()), "{name}");
        }
    }
}

#[test]
fn turning_a_flow_twice_changes_nothing() {
    for name in SAMPLES {
        let records = records(name);
        for far in fars(&records) {
            let mut m = Merged::from_far(&far);
            let mut before = Vec::new();
            m.write(&mut before);
            m.exchange();
            m.exchange();
            let mut after = Vec::new();
            m.write(&mut after);
            let summary = |b: &[u8]| Far::decode(RecordRef::new(b).unwrap()).unwrap().summary();
            assert_eq!(summary(&before), summary(&after), "{name}");
        }
    }
}

#[test]
fn merging_keeps_every_packet_byte_and_record() {
    for name in SAMPLES {
        for keys in ["saddr", "proto dport", "matrix", "srcid", "smac dmac", "none"] {
            let records = records(name);
            let all = fars(&records);
            let rules = Rules { model: Model::parse([keys]).unwrap(), correct: false, ..Rules::default() };
            let mut clusters = Clusters::new(rules);
            all.iter().for_each(|far| clusters.push(far, None));
            let mut got = (0, 0, 0);
            clusters.drain(|item| {
                let far = item.far().unwrap();
                got.0 += u64::from(far.trans().max(1));
                got.1 += far.metrics().src.pkts + far.metrics().dst.pkts;
                got.2 += far.metrics().src.bytes + far.metrics().dst.bytes;
            });
            let sum = |of: fn(&crate::record::Counts) -> u64| {
                all.iter().map(|f| of(&f.metrics().src) + of(&f.metrics().dst)).sum::<u64>()
            };
            let trans = all.iter().map(|f| u64::from(f.trans().max(1))).sum::<u64>();
            assert_eq!(got, (trans, sum(|c| c.pkts), sum(|c| c.bytes)), "{name} by {keys}");
        }
    }
}

#[test]
fn an_idle_flow_leaves_and_begins_anew() {
    let records = records("icmp-tunnels.full.argus");
    let mut all = fars(&records);
    all.sort_by_key(|f| f.times().span.start);
    let rules = Rules { model: Model::parse(["srcid"]).unwrap(), correct: false, idle: 1, ..Rules::default() };
    let mut clusters = Clusters::new(rules);
    let (mut early, mut late) = (0, 0);
    for far in &all {
        clusters.expire(far.times().span.start, |_| early += 1);
        clusters.push(far, None);
    }
    clusters.drain(|_| late += 1);
    // The sample holds recordings of several years.
    assert!(early >= 3 && late == 1, "{early} {late}");
}

#[test]
fn flows_that_leave_make_room() {
    let record = records("web.full.argus").into_iter().find(|b| fars(std::slice::from_ref(b)).len() == 1).unwrap();
    let mut clusters = Clusters::new(Rules::default());
    let at = record.windows(2).position(|w| w == [2, 1] || w == [2, 0x41]).unwrap_or(4);
    for n in 0..200_000u32 {
        let mut bytes = record.clone();
        let flow = at.max(4);
        if let Some(to) = bytes.get_mut(flow + 4..flow + 8) {
            to.copy_from_slice(&n.to_be_bytes());
        }
        let Some(far) = RecordRef::new(&bytes).and_then(Far::decode) else { continue };
        clusters.push(&far, None);
        // Every second flow gets a second record, so that both kinds of flows leave.
        if n % 2 == 0 {
            clusters.push(&far, None);
        }
        let old = clusters.ages().next().filter(|_| clusters.len() > 10);
        if let Some(age) = old {
            clusters.remove(age.at);
            clusters.remove(age.at);
        }
        assert!(clusters.len() <= 11);
    }
    assert!(clusters.held_bytes() < 16 << 20, "{}", clusters.held_bytes());
    let mut left = 0;
    clusters.drain(|_| left += 1);
    assert!((10..=11).contains(&left));
}

#[test]
fn sorting_is_stable_and_reversible() {
    let records = records("web.full.argus");
    let all = fars(&records);
    for keys in ["bytes", "saddr daddr sport", "proto", "stime", "srate"] {
        let order = Order::parse([keys]).unwrap();
        let mut sorter = Sorter::new(order.clone(), false);
        all.iter().for_each(|far| sorter.push(far));
        sorter.sort(false);
        let place = |far: Far<'_>| {
            let mut out = Vec::new();
            order.place(&far, &mut out);
            out
        };
        let places: Vec<_> = sorter.items().map(|i| place(i.far().unwrap())).collect();
        assert!(places.windows(2).all(|w| w[0] <= w[1]) && places.len() == all.len(), "{keys}");
        sorter.sort(true);
        let places: Vec<_> = sorter.items().map(|i| place(i.far().unwrap())).collect();
        assert!(places.windows(2).all(|w| w[0] >= w[1]), "{keys}");
    }
}

#[test]
fn addresses_that_differ_keep_their_common_prefix() {
    let records = records("web.full.argus");
    let rules = Rules { model: Model::parse(["srcid"]).unwrap(), correct: false, ..Rules::default() };
    let mut clusters = Clusters::new(rules);
    let is_one = |f: &Far<'_>| {
        let is_141 = matches!(f.flow().key.saddr, Addr::V4(a) if a.octets()[0] == 141);
        is_141 && f.flow().form == crate::record::FlowForm::V4
    };
    for far in fars(&records).iter().filter(|f| is_one(f)) {
        clusters.push(far, None);
    }
    clusters.drain(|item| {
        let far = item.far().unwrap();
        let Addr::V4(saddr) = far.flow().key.saddr else { panic!("an IPv4 address") };
        assert_eq!(saddr.octets()[0], 141);
        assert!(far.flow().src_mask.is_some_and(|m| m >= 8));
    });
}

#[test]
fn hostile_records_do_no_harm() {
    // Every byte of a few records, one after the other, set to other values.
    let records = records("crafted.full.argus");
    for record in records.iter().take(12) {
        for at in 0..record.len() {
            for value in [0, 0xFF, 0x41] {
                let mut bytes = record.clone();
                bytes[at] = value;
                let Some(far) = RecordRef::new(&bytes).and_then(Far::decode) else { continue };
                let rules = Rules { model: Model::parse(["srcid"]).unwrap(), correct: false, ..Rules::default() };
                let mut clusters = Clusters::new(rules);
                clusters.push(&far, None);
                clusters.push(&far, None);
                let mut core = Core::read(&far);
                core.exchange();
                clusters.push(&far, Some((&core, true)));
                clusters.drain(|item| assert!(item.far().is_some()));
            }
        }
    }
}
