//! Damaged and invented captures: no panic, no hang, no unbounded memory.

use std::io::Cursor;

use argus_globe::base::Timestamp;
use argus_globe::packet::{LinkType, PacketReader};
use argus_globe::record::{Batch, SourceId};
use argus_globe::sensor::{End, Sensor, SensorConfig};

use super::frames::*;

const LINKS: [u32; 16] = [0, 1, 8, 9, 12, 14, 50, 101, 104, 105, 108, 113, 127, 228, 229, 276];

fn sensor() -> Sensor {
    let config = SensorConfig {
        app_bytes: true,
        jitter: true,
        sizes: true,
        macs: true,
        user_bytes: 64,
        max_flows: 500,
        ..SensorConfig::default()
    };
    Sensor::new(config)
}

/// Reads a capture to its end; records are whole words, and no longer than their input allows.
fn digest(capture: Vec<u8>) -> u64 {
    let limit = capture.len() as u64 * 64 + 4096;
    let Ok(mut reader) = PacketReader::new(Box::new(Cursor::new(capture))) else { return 0 };
    let mut sensor = sensor();
    let mut out = Batch::new(SourceId::default());
    let mut bytes = 0;
    while let Ok(Some(p)) = reader.next_packet() {
        sensor.packet(p.at, p.link, p.data, p.wire_len, &mut out);
        bytes += drain(&mut out);
        assert!(sensor.flows() <= 1100, "the table is bounded");
    }
    sensor.finish(End::Input, Timestamp::default(), &mut out);
    bytes += drain(&mut out);
    assert!(bytes <= limit, "{bytes} bytes of records from {limit} at most");
    sensor.totals().packets
}

fn drain(out: &mut Batch) -> u64 {
    for record in out.iter() {
        let words = u16::from_be_bytes([record[2], record[3]]);
        assert_eq!(usize::from(words) * 4, record.len(), "a record's length is its length");
    }
    let bytes = out.byte_len() as u64;
    out.clear();
    bytes
}

/// A capture with one packet of nearly everything.
fn variety() -> Capture {
    let mut c = Capture::new(1);
    let inner = ip4(A, B, 17, &udp(1, 2, b"inside"));
    let rtp = [0x80, 8, 0, 9, 0, 0, 0, 1, 0, 0, 0, 5, 1, 2, 3, 4];
    let bodies = [
        (6, tcp((1, 2), "S", (1, 0), &[])),
        (6, tcp((1, 2), "AP", (2, 9), &[7; 50])),
        (17, udp(5004, 5006, &rtp)),
        (17, udp(5000, 53, &[1, 2, 3, 4])),
        (1, icmp(8, 0, (1, 1), &[0; 40])),
        (1, icmp(3, 3, (0, 0), &ip4(B, A, 17, &udp(2, 1, &[0; 9])))),
        (2, vec![0x22, 0, 0, 0, 0, 0, 0, 1]),
        (50, vec![0, 0, 0, 9, 0, 0, 0, 1, 9, 9]),
        (51, [&[17, 4, 0, 0][..], &[0; 20], &udp(3, 4, b"ah")].concat()),
        (47, [&[0xB0, 0, 8, 0][..], &[0; 12], &inner].concat()),
        (47, [&[0x10, 0, 0x88, 0xBE, 0, 0, 0, 1, 0x10, 0, 0, 0, 0, 0, 0, 0][..], &on_ether(&inner)].concat()),
    ];
    for (i, (proto, body)) in bodies.iter().enumerate() {
        c.add(i as u64 * 1000, on_ether(&ip4_with(A, B, *proto, (i as u16, 0), &[0x94, 4, 0, 0], body)));
    }
    for (i, part) in [0x2000u16, 0x2005, 10].iter().enumerate() {
        c.add(50_000 + i as u64, on_ether(&ip4_with(A, B, 17, (99, *part), &[], &udp(1, 2, &[0; 32]))));
    }
    let v6 = [&[44, 0, 1, 4, 0, 0, 0, 0][..], &[17, 0, 0, 1, 0, 0, 0, 7], &udp(8, 9, &[0; 30])].concat();
    c.add(60_000, ether(1, 2, 0x86DD, &ip6(1, 2, 0, &v6)));
    c.add(60_001, ether(1, 2, 0x8100, &[&[0, 5, 0x88, 0x47][..], &0x0001_1140u32.to_be_bytes(), &inner].concat()));
    c.add(60_002, ether(1, 2, 0x8864, &[&[0x11, 0, 0, 1, 0, 40, 0, 0x21][..], &inner].concat()));
    c.add(60_003, ether(1, 255, 0x0806, &arp(1, (1, A), (0, B))));
    c.add(60_004, ether(1, 2, 40, &[&[0xFE, 0xFE, 3, 0x83, 27, 1, 0, 15, 1, 0, 0][..], &[0; 30]].concat()));
    c.add(60_005, ether(1, 2, 0x88CC, &[2; 40]));
    c
}

#[test]
fn mutated_captures_do_no_harm() {
    let whole = variety().bytes();
    assert!(digest(whole.clone()) > 15, "the capture is good before it is damaged");
    let mut rng = Rng(11);
    for round in 0..6000usize {
        let mut file = whole.clone();
        file[20..24].copy_from_slice(&LINKS[round % LINKS.len()].to_le_bytes());
        for _ in 0..1 + rng.below(8) {
            let at = 24 + rng.below(file.len() - 24);
            file[at] = [0, 1, 0x7F, 0x80, 0xFF, rng.below(256) as u8][rng.below(6)];
        }
        if round % 4 == 0 {
            file.truncate(rng.below(file.len()));
        }
        digest(file);
    }
}

#[test]
fn invented_frames_of_every_link_type_do_no_harm() {
    let mut rng = Rng(12);
    let mut sensor = sensor();
    let mut out = Batch::new(SourceId::default());
    for round in 0..20_000usize {
        let mut frame: Vec<u8> = (0..rng.below(200)).map(|_| rng.below(256) as u8).collect();
        // Many of them get far into the walk.
        let kinds: [&[u8]; 6] =
            [&[8, 0, 0x45], &[0x86, 0xDD, 0x60], &[8, 6], &[0x81, 0], &[0x88, 0x47], &[0x88, 0x64, 0x11, 0]];
        let kind = kinds[rng.below(6)];
        if frame.len() > 40 && rng.below(2) == 0 {
            frame[12..12 + kind.len()].copy_from_slice(kind);
        }
        let at = Timestamp::from_micros(rng.below(1 << 40) as i64);
        sensor.packet(at, LinkType(LINKS[round % LINKS.len()]), &frame, rng.below(70_000) as u32, &mut out);
        drain(&mut out);
    }
    assert!(sensor.flows() <= 1100);
    sensor.finish(End::Shutdown, Timestamp::default(), &mut out);
    drain(&mut out);
    assert_eq!(sensor.flows(), 0);
}

#[test]
fn a_flood_of_half_open_connections_is_counted_not_kept() {
    let mut sensor = sensor();
    let mut out = Batch::new(SourceId::default());
    for answer in [on_ether(&ip4(A, B, 17, &udp(7, 9, b"worth keeping"))), on_ether(&ip4(B, A, 17, &udp(9, 7, b"yes")))]
    {
        sensor.packet(Timestamp::from_micros(1_000_000), LinkType::ETHERNET, &answer, 60, &mut out);
    }
    for i in 0..5000u32 {
        let syn = on_ether(&ip4(0x0B00_0000 + i, B, 6, &tcp((9, 9), "S", (i, 0), &[])));
        sensor.packet(Timestamp::from_micros(1_000_001 + i64::from(i)), LinkType::ETHERNET, &syn, 66, &mut out);
    }
    let totals = sensor.totals();
    assert_eq!(sensor.flows(), 500);
    assert_eq!(totals.evicted, 4501);
    assert_eq!(out.len(), 4501, "a flow that has to go is reported first");
    out.clear();
    sensor.finish(End::Input, Timestamp::default(), &mut out);
    let kept = out.iter().any(|r| r.windows(8).any(|w| w == [0x0A, 0, 0, 1, 0x0A, 0, 0, 2]));
    assert!(kept, "half-open connections go before others");
}
