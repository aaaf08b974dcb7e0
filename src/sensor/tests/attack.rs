//! Floods: what gives way when the table is full, and what is told about it.

use super::{A, B, Bench, ether, ip, tcp, udp};
use crate::base::Timestamp;
use crate::packet::LinkType;
use crate::record::Batch;
use crate::sensor::{Sensor, SensorConfig};

const ESTABLISHED: u16 = 300;
const FLOOD: u32 = 1_000_000;
const LIMIT: usize = 2000;

/// Sends frames a microsecond apart and throws the records away.
struct Flooded {
    sensor: Sensor,
    out: Batch,
    micros: i64,
    /// Highest number of flows that were held at once.
    most: usize,
}

impl Flooded {
    fn new() -> Flooded {
        let sensor = Sensor::new(SensorConfig { max_flows: LIMIT, ..SensorConfig::default() });
        Flooded { sensor, out: Batch::new(Default::default()), micros: 0, most: 0 }
    }

    fn send(&mut self, frame: &[u8]) {
        self.micros += 1;
        let at = Timestamp::from_micros(1_700_000_000_000_000 + self.micros);
        self.sensor.packet(at, LinkType::ETHERNET, frame, frame.len() as u32, &mut self.out);
        self.most = self.most.max(self.sensor.flows());
        self.out.clear();
    }

    /// Handshakes of so many connections.
    fn establish(&mut self) {
        for n in 0..ESTABLISHED {
            let (c, s) = ((A, 1000 + n), (B, 443));
            self.send(&tcp(c, s, 0x02, 1, 0, 0));
            self.send(&tcp(s, c, 0x12, 9, 2, 0));
            self.send(&tcp(c, s, 0x10, 2, 10, 0));
        }
    }

    /// All connections speak again; there must be no flow that was not there before.
    fn speak(&mut self) {
        let before = self.sensor.totals().flows;
        for n in 0..ESTABLISHED {
            self.send(&tcp((A, 1000 + n), (B, 443), 0x18, 2, 10, 100));
            self.send(&tcp((B, 443), (A, 1000 + n), 0x10, 10, 102, 0));
        }
        assert_eq!(self.sensor.totals().flows, before, "a connection was given up");
    }
}

/// A SYN over IPv6 from an address that never comes again.
fn syn6(n: u32) -> Vec<u8> {
    let mut p = vec![0x60, 0, 0, 0, 0, 20, 6, 64, 0x20, 0x01, 0x0D, 0xB8];
    p.extend((u64::from(n).wrapping_mul(0x9E37_79B9_7F4A_7C15)).to_be_bytes());
    p.extend(n.to_be_bytes());
    p.extend([0x20, 0x01, 0x0D, 0xB8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
    p.extend([0x30, 0x39, 0, 80, 0, 0, 0, 1, 0, 0, 0, 0, 0x50, 0x02, 0x20, 0, 0, 0, 0, 0]);
    ether(0x86DD, &p)
}

#[test]
fn established_connections_survive_a_million_half_open_ones() {
    let mut f = Flooded::new();
    f.establish();
    for n in 0..FLOOD {
        if n % 2 == 0 {
            f.send(&tcp((0x2000_0000 + n, 40_000), (B, 443), 0x02, n, 0, 0));
        } else {
            f.send(&syn6(n));
        }
    }
    f.speak();
    let totals = f.sensor.totals();
    assert_eq!(totals.flows, u64::from(FLOOD) + u64::from(ESTABLISHED));
    assert_eq!(totals.evicted, totals.flows - LIMIT as u64, "each flow beyond the limit gave one up");
    assert_eq!(f.most, LIMIT);
}

#[test]
fn answered_handshakes_and_single_packets_of_any_kind_give_way_too() {
    let mut f = Flooded::new();
    f.establish();
    for n in 0..100_000 {
        let forged = (0x2000_0000 + n, 40_000);
        match n % 4 {
            0 => {
                f.send(&tcp(forged, (B, 443), 0x02, n, 0, 0));
                f.send(&tcp((B, 443), forged, 0x12, 1, n + 1, 0));
            }
            1 => f.send(&udp(forged, (B, 53), b"query")),
            // A single acknowledgment looks like an established connection.
            2 => f.send(&tcp(forged, (B, 443), 0x10, n, 7, 0)),
            _ => f.send(&ether(0x0800, &ip(forged.0, B, 47, &[0; 8]))),
        }
    }
    f.speak();
    assert!(f.sensor.totals().evicted > 90_000);
    assert_eq!(f.most, LIMIT);
}

#[test]
fn one_sided_talk_goes_before_conversations_and_after_single_packets() {
    let mut b = Bench::new(SensorConfig { max_flows: 3, ..SensorConfig::default() });
    for _ in 0..2 {
        b.at(0, &udp((A, 1), (B, 9), b"one-sided"));
    }
    b.at(1, &udp((A, 2), (B, 9), b"question"));
    b.at(2, &udp((B, 9), (A, 2), b"answer"));
    let mut gone = Vec::new();
    for port in [3, 4] {
        b.at(3, &udp((A, port), (B, 9), b"single"));
        gone.extend(b.rows().iter().map(super::Row::pkts));
    }
    for _ in 0..2 {
        b.at(4, &udp((B, 9), (A, 4), b"answered"));
    }
    for port in [5, 6] {
        b.at(5, &udp((A, port), (B, 9), b"single"));
        gone.extend(b.rows().iter().map(super::Row::pkts));
    }
    assert_eq!(gone, [(1, 0), (2, 0), (1, 0)]);
}

#[test]
fn conversations_give_way_when_there_is_nothing_else() {
    let mut b = Bench::new(SensorConfig { max_flows: 2, ..SensorConfig::default() });
    for port in 1..4 {
        b.at(port.into(), &udp((A, port), (B, 9), b"question"));
        b.at(port.into(), &udp((B, 9), (A, port), b"answer"));
    }
    assert_eq!((b.sensor.flows(), b.sensor.totals().evicted), (2, 1));
    assert_eq!(b.finish().iter().map(super::Row::pkts).collect::<Vec<_>>(), [(1, 1); 3], "every packet is reported");
}

#[test]
fn a_flood_of_fragments_is_bounded() {
    let mut b = Bench::new(SensorConfig { max_flows: 50, ..SensorConfig::default() });
    for id in 0..20_000u16 {
        for (from, first) in [(A, 0x2000u16), (0x2000_0000 + u32::from(id), 0x2000), (0x3000_0000 + u32::from(id), 9)] {
            let mut p = ip(from, B, 17, &[0, 7, 0, 9, 0, 48, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1]);
            p[4..6].copy_from_slice(&id.to_be_bytes());
            p[6..8].copy_from_slice(&first.to_be_bytes());
            b.at(0, &ether(0x0800, &p));
        }
        // Every flow may have a train that goes with it, and one flow a good many.
        assert!(b.sensor.flows() <= 2 * 50 + 1024, "{} flows", b.sensor.flows());
    }
}

#[test]
fn management_records_tell_what_was_given_up_since_the_last_one() {
    let mut b = Bench::new(SensorConfig { max_flows: 10, ..SensorConfig::default() });
    let mut told = Vec::new();
    for round in 0..3u16 {
        for port in 0..20 {
            b.at(round.into(), &udp((A, 1000 * round + port), (B, 9), b"x"));
        }
        b.sensor.set_dropped(u64::from(round) * 100);
        b.out.clear();
        b.sensor.status(Timestamp::default(), &mut b.out);
        let record = b.out.get(0).unwrap_or(&[]);
        told.push(u32::from_be_bytes([record[80], record[81], record[82], record[83]]));
    }
    assert_eq!(told, [10, 120, 120], "flows given up and packets lost, each once");
}
