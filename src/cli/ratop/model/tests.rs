//! Flows merged, ordered, bounded and forgotten.

use super::*;
use crate::aggregate::Model as Keys;
use crate::record::codec::Framer;

/// The records of a sample.
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

/// A record of an IPv4 flow with another source address.
fn with_source(record: &[u8], address: u32) -> Vec<u8> {
    let mut bytes = record.to_vec();
    let mut at = 4;
    for dsr in RecordRef::new(record).unwrap().dsrs() {
        if dsr.kind == 2 {
            bytes[at + 4..at + 8].copy_from_slice(&address.to_be_bytes());
        }
        at += 4 * dsr.words();
    }
    bytes
}

/// A record of a TCP flow over IPv4.
fn tcp_record() -> Vec<u8> {
    let is_tcp = |b: &&Vec<u8>| {
        RecordRef::new(b).and_then(Far::decode).is_some_and(|f| f.flow().key.proto == 6 && f.metrics().src.pkts > 3)
    };
    records("web.full.argus").iter().find(is_tcp).unwrap().clone()
}

fn push(model: &mut Model, record: &[u8]) {
    if let Some(far) = RecordRef::new(record).and_then(Far::decode) {
        model.push(&far);
    }
}

fn model(max_flows: usize) -> Model {
    let mut model = Model::new(Rules::default(), false, max_flows);
    model.set_order(Order::parse(["pkts"]).unwrap(), false);
    model
}

fn number(model: &Model, at: u32, field: &str) -> f64 {
    let mut bytes = Vec::new();
    let far = model.item(at, &mut bytes).unwrap().far().unwrap();
    crate::record::fields::find(field).unwrap().number(&far).unwrap_or(0.0)
}

#[test]
fn every_stretch_of_rows_is_that_of_the_whole_order() {
    for name in ["web.full.argus", "icmp-tunnels.full.argus", "crafted.full.argus"] {
        for (words, reversed) in [("pkts", false), ("saddr dport", false), ("bytes stime", true), ("proto", true)] {
            let mut m = model(1000);
            m.set_order(Order::parse([words]).unwrap(), reversed);
            records(name).iter().for_each(|r| push(&mut m, r));
            m.refresh();
            let all = m.rows(0, usize::MAX);
            assert!(all.len() == m.held() && all.len() > 10, "{name}");
            for first in 0..=all.len() + 1 {
                for len in [0, 1, 7, 1000] {
                    let end = (first + len).min(all.len());
                    assert_eq!(m.rows(first, len), all.get(first..end).unwrap_or(&[]), "{name} {words} {first} {len}");
                }
            }
            for (row, at) in all.iter().enumerate() {
                assert_eq!(m.row_of(*at), Some(row));
            }
        }
    }
}

#[test]
fn rows_stand_in_the_order_of_their_values() {
    let mut m = model(1000);
    records("web.full.argus").iter().for_each(|r| push(&mut m, r));
    m.set_order(Order::parse(["bytes"]).unwrap(), false);
    m.refresh();
    let bytes: Vec<f64> = m.rows(0, 100).into_iter().map(|at| number(&m, at, "bytes")).collect();
    assert!(bytes.windows(2).all(|w| w[0] >= w[1]) && bytes.len() > 20, "{bytes:?}");
}

#[test]
fn a_flow_that_grows_rises() {
    let (mut m, record) = (model(1000), tcp_record());
    for address in 1..=50 {
        push(&mut m, &with_source(&record, address));
    }
    m.refresh();
    let last = *m.rows(49, 1).first().unwrap();
    let before = number(&m, last, "pkts");
    push(&mut m, &with_source(&record, 50));
    m.refresh();
    assert_eq!(m.rows(0, 1), [last]);
    assert_eq!(number(&m, last, "pkts"), 2.0 * before);
}

#[test]
fn flows_without_records_leave_after_the_idle_time() {
    let (mut m, record) = (model(1000), tcp_record());
    m.idle = Some(Duration::from_secs(60));
    let at = |secs: i64| Timestamp::from_nanos((1_000_000 + secs) * 1_000_000_000);
    push(&mut m, &with_source(&record, 1));
    push(&mut m, &with_source(&record, 2));
    m.refresh();
    for secs in 0..40 {
        m.expire(at(secs));
    }
    push(&mut m, &with_source(&record, 2));
    for secs in 40..59 {
        m.expire(at(secs));
    }
    assert_eq!(m.held(), 2);
    m.expire(at(61));
    m.refresh();
    assert_eq!((m.held(), m.len()), (1, 1));
    for secs in 62..102 {
        m.expire(at(secs));
    }
    m.refresh();
    assert_eq!((m.held(), m.len()), (0, 0));
    // A clock that is put back does no harm.
    push(&mut m, &record);
    m.expire(at(-5000));
    assert_eq!(m.held(), 1);
}

#[test]
fn too_many_flows_push_out_the_oldest_and_are_counted() {
    let (mut m, record) = (model(64), tcp_record());
    for address in 1..=1000 {
        push(&mut m, &with_source(&record, address));
        // This one never grows old.
        push(&mut m, &with_source(&record, 7));
        if address % 10 == 0 {
            m.refresh();
        }
        assert!(m.held() <= 64);
    }
    m.refresh();
    assert_eq!(m.held() as u64 + m.left_early(), 1000);
    assert_eq!(m.len(), m.held());
    let first = *m.rows(0, 1).first().unwrap();
    assert!(number(&m, first, "trans") >= 900.0);
}

#[test]
fn a_filter_for_the_screen_hides_and_forgets_nothing() {
    let mut m = model(1000);
    records("web.full.argus").iter().for_each(|r| push(&mut m, r));
    m.refresh();
    let (held, all) = (m.held(), m.len());
    m.set_display(Filter::parse("udp").unwrap());
    m.refresh();
    let udp = m.len();
    assert!(udp > 0 && udp < all && m.held() == held);
    m.set_display(Filter::parse("not udp").unwrap());
    m.refresh();
    assert_eq!(udp + m.len(), all);
    m.set_window(Some((2, 4)));
    assert_eq!((m.len(), m.rows(0, 10).len(), m.rows(2, 10).len()), (3, 3, 1));
}

#[test]
fn other_keys_merge_what_is_there_on() {
    let mut m = model(1000);
    records("web.full.argus").iter().for_each(|r| push(&mut m, r));
    let sum = |m: &mut Model| {
        m.refresh();
        m.rows(0, usize::MAX).into_iter().map(|at| number(m, at, "pkts")).sum::<f64>()
    };
    let (flows, pkts) = (m.held(), sum(&mut m));
    m.set_rules(Rules { model: Keys::parse(["proto"]).unwrap(), correct: false, ..Rules::default() });
    assert_eq!(sum(&mut m), pkts);
    assert!(m.held() < flows && m.held() >= 3);
    // What is coarse cannot be told apart again.
    m.set_rules(Rules::default());
    assert_eq!(m.held(), 0);
}

#[test]
fn totals_are_those_of_the_flows_held() {
    let (mut m, record) = (model(8), tcp_record());
    m.set_shared(vec![crate::record::fields::find("pkts").unwrap()]);
    for address in 1..=100 {
        push(&mut m, &with_source(&record, address));
    }
    m.refresh();
    let sum: f64 = m.rows(0, 100).into_iter().map(|at| number(&m, at, "pkts")).sum();
    assert_eq!(m.totals(), [("pkts", sum)]);
}

#[test]
fn rows_held_still_stay_as_they_were() {
    let (mut m, record) = (model(100), tcp_record());
    push(&mut m, &record);
    m.refresh();
    let still = m.still();
    push(&mut m, &record);
    m.clear();
    let far = still.item(0).unwrap().far().unwrap();
    assert_eq!((still.len(), far.trans().max(1)), (1, 1));
    assert!(still.item(1).is_none());
}
