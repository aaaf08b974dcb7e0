//! Flows and their records, from frames built here.

mod attack;

use std::time::Duration;

use super::{End, Sensor, SensorConfig};
use crate::base::Timestamp;
use crate::packet::{LinkType, RawPacket};
use crate::record::{Batch, SourceId};

/// One flow record, taken apart far enough to look at it.
#[derive(Debug)]
struct Row {
    cause: u8,
    seq: u32,
    /// DSRs by type.
    dsrs: Vec<(u8, Vec<u8>)>,
}

impl Row {
    fn dsr(&self, kind: u8) -> &[u8] {
        self.dsrs.iter().find(|(k, _)| *k == kind).map_or(&[], |(_, b)| b)
    }

    /// Packets of source and destination.
    fn pkts(&self) -> (u64, u64) {
        let m = self.dsr(0x10);
        let width = 1usize << ((m[2] - 1) % 4);
        let values = if m[1] == 4 { 3 } else { 2 };
        let read = |side: usize| {
            let at = 4 + side * values * width;
            m[at..at + width].iter().fold(0u64, |v, b| v << 8 | u64::from(*b))
        };
        match m[2] {
            1..=4 => (read(0), read(1)),
            5..=8 => (read(0), 0),
            _ => (0, read(0)),
        }
    }
}

fn rows(batch: &Batch) -> Vec<Row> {
    let flows = batch.iter().filter(|r| r[0] & 0x80 == 0);
    flows
        .map(|r| {
            let mut dsrs = Vec::new();
            let mut at = 4;
            while at < r.len() {
                let words = if r[at + 1] & 0x80 != 0 {
                    usize::from(r[at + 2]) << 8 | usize::from(r[at + 3])
                } else {
                    r[at + 3].into()
                };
                dsrs.push((r[at], r[at..at + words * 4].to_vec()));
                at += words * 4;
            }
            let transport = &dsrs[0].1;
            Row {
                cause: r[1],
                seq: u32::from_be_bytes([transport[8], transport[9], transport[10], transport[11]]),
                dsrs,
            }
        })
        .collect()
}

struct Bench {
    sensor: Sensor,
    out: Batch,
}

impl Bench {
    fn new(config: SensorConfig) -> Bench {
        Bench { sensor: Sensor::new(config), out: Batch::new(SourceId::default()) }
    }

    fn at(&mut self, millis: i64, frame: &[u8]) {
        let at = Timestamp::from_micros(1_700_000_000_000_000 + millis * 1000);
        self.sensor.packet(at, LinkType::ETHERNET, frame, frame.len() as u32, &mut self.out);
    }

    fn rows(&mut self) -> Vec<Row> {
        let rows = rows(&self.out);
        self.out.clear();
        rows
    }

    fn finish(mut self) -> Vec<Row> {
        self.sensor.finish(End::Input, Timestamp::default(), &mut self.out);
        rows(&self.out)
    }
}

const A: u32 = 0x0A00_0001;
const B: u32 = 0x0A00_0002;

fn ether(kind: u16, body: &[u8]) -> Vec<u8> {
    [&[2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1][..], &kind.to_be_bytes(), body].concat()
}

fn ip(src: u32, dst: u32, proto: u8, body: &[u8]) -> Vec<u8> {
    let mut p = vec![0x45, 0];
    p.extend((20 + body.len() as u16).to_be_bytes());
    p.extend([0, 1, 0, 0, 64, proto, 0, 0]);
    p.extend(src.to_be_bytes());
    p.extend(dst.to_be_bytes());
    p.extend(body);
    p
}

fn udp(src: (u32, u16), dst: (u32, u16), data: &[u8]) -> Vec<u8> {
    let body = [&src.1.to_be_bytes()[..], &dst.1.to_be_bytes(), &(8 + data.len() as u16).to_be_bytes(), &[0, 0], data];
    ether(0x0800, &ip(src.0, dst.0, 17, &body.concat()))
}

fn tcp(src: (u32, u16), dst: (u32, u16), flags: u8, seq: u32, ack: u32, len: usize) -> Vec<u8> {
    let mut t = [src.1.to_be_bytes(), dst.1.to_be_bytes()].concat();
    t.extend(seq.to_be_bytes());
    t.extend(ack.to_be_bytes());
    t.extend([0x50, flags, 0x20, 0, 0, 0, 0, 0]);
    t.resize(20 + len, 1);
    ether(0x0800, &ip(src.0, dst.0, 6, &t))
}

#[test]
fn the_sender_of_the_first_packet_is_the_source() {
    let mut b = Bench::new(SensorConfig::default());
    b.at(0, &udp((B, 9), (A, 7), b"first"));
    b.at(1, &udp((A, 7), (B, 9), b"answer"));
    b.at(2, &udp((A, 7), (B, 9), b"more"));
    let rows = b.finish();
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].pkts(), (1, 2));
    assert_eq!(rows[0].dsr(2)[1] & 0x40, 0x40, "stored in canonical order, marked as reversed");
}

#[test]
fn status_record_is_cut_at_the_interval_and_begins_with_a_packet() {
    let mut b = Bench::new(SensorConfig::default());
    for millis in [0, 4_999, 5_000, 9_000, 10_000] {
        b.at(millis, &udp((A, 7), (B, 9), b"tick"));
    }
    let early = b.rows();
    assert_eq!(early.iter().map(|r| (r.cause, r.pkts().0)).collect::<Vec<_>>(), [(0x10, 2), (0x20, 2)]);
    let late = b.finish();
    assert_eq!(late.iter().map(|r| (r.cause, r.seq, r.pkts().0)).collect::<Vec<_>>(), [(0x20, 1, 1)]);
}

#[test]
fn a_flow_rests_for_its_timeout_behind_its_report() {
    let mut b = Bench::new(SensorConfig::default());
    b.at(0, &udp((A, 7), (B, 9), b"one"));
    // Reported at 6 s by another flow's packet; gone 30 s later.
    b.at(6_000, &udp((A, 1), (B, 1), b"other"));
    assert_eq!(b.sensor.flows(), 2);
    b.at(35_900, &udp((A, 1), (B, 1), b"other"));
    assert_eq!(b.sensor.flows(), 2);
    b.at(36_300, &udp((A, 1), (B, 1), b"other"));
    assert_eq!(b.sensor.flows(), 1);
    b.at(36_400, &udp((A, 7), (B, 9), b"anew"));
    let anew = b.finish();
    assert!(anew.iter().any(|r| r.cause == 0x10 && r.seq == 3), "a new flow with a new number: {anew:?}");
}

#[test]
fn a_packet_behind_a_long_gap_still_finds_its_flow_if_nothing_came_between() {
    let mut b = Bench::new(SensorConfig::default());
    b.at(0, &udp((A, 7), (B, 9), b"one"));
    b.at(3_600_000, &udp((A, 7), (B, 9), b"an hour later"));
    let rows = b.finish();
    assert_eq!(rows.iter().map(|r| (r.cause, r.seq)).collect::<Vec<_>>(), [(0x10, 1), (0x20, 1)]);
}

#[test]
fn dns_queries_and_echo_requests_are_flows_of_their_own() {
    let mut b = Bench::new(SensorConfig::default());
    for id in [1u8, 2] {
        b.at(0, &udp((A, 5000), (B, 53), &[0, id, 1, 0]));
        b.at(1, &udp((B, 53), (A, 5000), &[0, id, 1, 0]));
        let echo = |kind: u8| [&[kind, 0, 0, 0, 0, 9, 0, id][..], &[0; 30]].concat();
        b.at(2, &ether(0x0800, &ip(A, B, 1, &echo(8))));
        b.at(3, &ether(0x0800, &ip(B, A, 1, &echo(0))));
    }
    let rows = b.finish();
    assert_eq!(rows.iter().map(Row::pkts).collect::<Vec<_>>(), [(1, 1); 4]);
}

#[test]
fn a_syn_on_a_closed_connection_opens_a_new_one() {
    let (a, z) = ((A, 3000), (B, 80));
    let mut b = Bench::new(SensorConfig::default());
    b.at(0, &tcp(a, z, 0x02, 100, 0, 0));
    b.at(1, &tcp(z, a, 0x12, 500, 101, 0));
    b.at(2, &tcp(a, z, 0x10, 101, 501, 0));
    b.at(3, &tcp(z, a, 0x14, 501, 101, 0));
    b.at(9, &tcp(a, z, 0x02, 9000, 0, 0));
    let rows = b.finish();
    assert_eq!(
        rows.iter().map(|r| (r.cause, r.seq, r.pkts())).collect::<Vec<_>>(),
        [(0x30, 1, (2, 2)), (0x10, 1, (1, 0))]
    );
}

#[test]
fn retransmissions_are_counted_on_their_side() {
    let (a, z) = ((A, 3000), (B, 80));
    let mut b = Bench::new(SensorConfig::default());
    b.at(0, &tcp(a, z, 0x02, 100, 0, 0));
    b.at(1, &tcp(z, a, 0x12, 500, 101, 0));
    b.at(2, &tcp(a, z, 0x10, 101, 501, 0));
    for millis in [3, 4, 5] {
        b.at(millis, &tcp(a, z, 0x18, 101, 501, 50));
    }
    let rows = b.finish();
    let net = rows[0].dsr(0x30);
    assert_eq!((net[1], net.len()), (5, 120));
    let word = |at: usize| u32::from_be_bytes([net[4 + at], net[5 + at], net[6 + at], net[7 + at]]);
    assert_eq!(word(0) & 0x300, 0x100, "sent again by the source");
    assert_eq!((word(20 + 28), word(20 + 32)), (150, 2), "payload bytes and retransmitted packets of the source");
}

#[test]
fn an_error_is_mapped_on_to_the_flow_it_speaks_of() {
    let mut b = Bench::new(SensorConfig::default());
    let probe = udp((A, 4000), (B, 9), &[0; 30]);
    b.at(0, &probe);
    b.at(50, &ether(0x0800, &ip(0x0B00_0001, A, 1, &[&[3u8, 1, 0, 0, 0, 0, 0, 0][..], &probe[14..42]].concat())));
    let rows = b.finish();
    let mapped = rows[0].dsr(0x34);
    assert_eq!(mapped.get(4..6), Some(&[3u8, 1][..]), "type and code: {rows:?}");
    assert_eq!(mapped.get(8..12), Some(&0x0B00_0001u32.to_be_bytes()[..]), "who said so");
    assert_eq!(rows[0].dsr(3).len(), 20, "its time reaches to the error");
}

#[test]
fn later_fragments_are_counted_with_the_flow_of_the_first() {
    let mut b = Bench::new(SensorConfig { app_bytes: true, ..SensorConfig::default() });
    let part = |field: u16, body: &[u8]| {
        let mut p = ip(A, B, 17, body);
        p[6..8].copy_from_slice(&field.to_be_bytes());
        ether(0x0800, &p)
    };
    let first = [&[0, 7, 0, 9, 0, 48, 0, 0][..], &[1; 16]].concat();
    b.at(0, &part(0x2000, &first));
    b.at(1, &part(3, &[2; 24]));
    let rows = b.finish();
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].pkts(), (2, 0));
    assert_eq!(rows[0].dsr(0x48)[2] & 0x10, 0x10, "marked as fragmented");
}

#[test]
fn a_train_under_two_flows_takes_no_third_one_with_it() {
    let mut b = Bench::new(SensorConfig::default());
    let part = |field: u16, body: &[u8]| {
        let mut p = ip(A, B, 17, body);
        p[6..8].copy_from_slice(&field.to_be_bytes());
        ether(0x0800, &p)
    };
    let first = |port: u8, len: usize| [&[0, port, 0, 9, 0, 72, 0, 0][..], &vec![1; len - 8]].concat();
    b.at(0, &part(0x2000, &first(7, 24)));
    b.at(1, &part(6, &[2; 24]));
    // The same datagram number, other ports: with this the train is whole, and its place becomes free.
    b.at(2, &part(0x2000, &first(8, 48)));
    b.at(3, &udp((A, 100), (B, 100), b"takes the place"));
    assert_eq!(b.finish().len(), 3);
}

#[test]
fn frames_that_a_fuzzer_found_come_to_an_end() {
    let driven = super::drive_frames(include_bytes!("../../fuzz/seeds/frames/shared_train"));
    assert_eq!((driven.unsound, driven.records > 0), (0, true));
}

#[test]
fn arp_answers_belong_to_the_question() {
    let mut b = Bench::new(SensorConfig::default());
    let arp = |op: u8, s: (u8, u32), t: (u8, u32)| {
        let mut p = vec![0, 1, 8, 0, 6, 4, 0, op, 2, 0, 0, 0, 0, s.0];
        p.extend(s.1.to_be_bytes());
        p.extend([2, 0, 0, 0, 0, t.0]);
        p.extend(t.1.to_be_bytes());
        ether(0x0806, &p)
    };
    b.at(0, &arp(1, (1, A), (0, B)));
    b.at(1, &arp(2, (2, B), (1, A)));
    let rows = b.finish();
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].pkts(), (1, 1));
    assert_eq!(rows[0].dsr(0x30).get(4..10), Some(&[2u8, 0, 0, 0, 0, 2][..]), "who answered");
}

#[test]
fn layer_2_frames_of_one_type_between_two_stations_are_one_flow() {
    let mut b = Bench::new(SensorConfig::default());
    for millis in [0, 1, 2] {
        b.at(millis, &ether(0x88CC, &[0; 46]));
    }
    b.at(3, &ether(0x9000, &[0; 46]));
    let rows = b.finish();
    assert_eq!(rows.iter().map(Row::pkts).collect::<Vec<_>>(), [(3, 0), (1, 0)]);
}

#[test]
fn the_last_tag_and_the_first_label_are_remembered() {
    let mut b = Bench::new(SensorConfig::default());
    let inner = ip(A, B, 89, &[0; 20]);
    b.at(0, &ether(0x8100, &[&[0, 5, 0x81, 0, 0x20, 6, 8, 0][..], &inner].concat()));
    let labels = [17u32 << 12 | 64, 18 << 12 | 0x140].map(u32::to_be_bytes).concat();
    b.at(1, &ether(0x8847, &[&labels[..], &ip(B, A, 103, &[0; 20])].concat()));
    let rows = b.finish();
    assert_eq!(rows[0].dsr(0x40).get(4..6), Some(&[0x20u8, 6][..]));
    assert_eq!(rows[1].dsr(0x44).get(4..8), Some(&(17u32 << 12 | 64).to_be_bytes()[..]));
}

#[test]
fn options_add_their_parts_and_user_data_is_cut() {
    let config = SensorConfig {
        app_bytes: true,
        jitter: true,
        sizes: true,
        macs: true,
        user_bytes: 6,
        ..SensorConfig::default()
    };
    let mut b = Bench::new(config);
    b.at(0, &udp((A, 7), (B, 9), b"abcd"));
    b.at(10, &udp((A, 7), (B, 9), b"efgh"));
    let rows = b.finish();
    let kinds: Vec<u8> = rows[0].dsrs.iter().map(|(k, _)| *k).collect();
    assert_eq!(kinds, [1, 2, 3, 0x10, 0x30, 0x46, 0x48, 0x12, 0x50, 0x42, 0x20], "in the order that readers expect");
    assert_eq!(rows[0].dsr(0x50), [&[0x50u8, 0x90, 0, 4, 0, 6, 0, 6][..], b"abcdef\0\0"].concat());
}

#[test]
fn packets_taken_together_count_like_packets_taken_alone() {
    let config =
        || SensorConfig { status_interval: Duration::from_millis(1), max_flows: 8990, ..SensorConfig::default() };
    // Flows come, go for want of room, and come again within one group.
    let frames: Vec<Vec<u8>> =
        (0..30_000u32).map(|n| udp((A + n % 9000 % (8980 + n % 31), 7), (B, 9), b"many")).collect();
    let (mut alone, mut together) = (Bench::new(config()), Bench::new(config()));
    let packets: Vec<RawPacket<'_>> = frames
        .iter()
        .enumerate()
        .map(|(n, f)| RawPacket {
            at: Timestamp::from_micros(1_700_000_000_000_000 + n as i64),
            link: LinkType::ETHERNET,
            data: f,
            wire_len: f.len() as u32,
        })
        .collect();
    packets.iter().for_each(|p| alone.sensor.packet(p.at, p.link, p.data, p.wire_len, &mut alone.out));
    packets.chunks(37).for_each(|p| together.sensor.packets(p, &mut together.out));
    assert_eq!(alone.sensor.totals(), together.sensor.totals());
    assert!(alone.sensor.totals().evicted > 0);
    for b in [&mut alone, &mut together] {
        b.sensor.finish(End::Input, Timestamp::default(), &mut b.out);
    }
    assert!(alone.out.len() > 9000);
    assert!(alone.out.iter().eq(together.out.iter()), "the same records");
}

#[test]
fn what_is_too_short_or_unsupported_is_counted_and_left_out() {
    let mut b = Bench::new(SensorConfig::default());
    b.at(0, &[0; 13]);
    let mut out = Batch::new(SourceId::default());
    b.sensor.packet(Timestamp::default(), LinkType(147), &[0; 60], 60, &mut out);
    assert_eq!(b.sensor.totals().ignored, 2);
    assert_eq!(b.sensor.flows(), 0);
}

#[test]
fn a_tick_reports_what_no_packet_does() {
    let mut b = Bench::new(SensorConfig { status_interval: Duration::from_secs(1), ..SensorConfig::default() });
    b.at(0, &udp((A, 7), (B, 9), b"one"));
    b.sensor.tick(Timestamp::from_micros(1_700_000_002_000_000), &mut b.out);
    assert_eq!(b.rows().len(), 1);
}

#[test]
fn the_stream_begins_and_ends_with_management_records() {
    let mut sensor = Sensor::new(SensorConfig { source_id: crate::record::SrcId::Int(77), ..SensorConfig::default() });
    let mut out = Batch::new(SourceId::default());
    sensor.start(Timestamp::from_micros(5), &mut out);
    sensor.finish(End::Shutdown, Timestamp::from_micros(9), &mut out);
    let heads: Vec<&[u8]> = out.iter().map(|r| &r[..4]).collect();
    assert_eq!(heads, [&[0x83, 0x10, 0, 32][..], &[0x83, 0x30, 0, 32]]);
    let start = out.get(0).unwrap_or(&[]);
    assert_eq!(start.len(), 128);
    assert_eq!((&start[4..12], &start[120..124]), (&[0, 0x40, 0, 0, 0xE5, 0x71, 0x2D, 0xCB][..], &[0, 0, 0, 77][..]));
}
