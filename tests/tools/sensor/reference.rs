//! The same capture through both sensors, compared field by field as the classic reader prints them.

use super::frames::*;
use super::{classic, ours, read, scratch, text, theirs};

const OPTIONS: &[&str] = &["-A", "-J", "-Z", "-m", "-S", "5"];

/// Fields in which both have to agree exactly. Left out is what the classic sensor takes from uninitialised memory
/// (windows of single packets) or from the wall clock.
const FIELDS: &[&str] = &[
    "stime",
    "ltime",
    "dur",
    "flgs",
    "proto",
    "saddr",
    "sport",
    "dir",
    "daddr",
    "dport",
    "spkts",
    "dpkts",
    "sbytes",
    "dbytes",
    "sappbytes",
    "dappbytes",
    "state",
    "cause",
    "seq",
    "sttl",
    "dttl",
    "stos",
    "dtos",
    "sipid",
    "dipid",
    "sloss",
    "dloss",
    "sgap",
    "dgap",
    "tcprtt",
    "synack",
    "ackdat",
    "tcpopt",
    "sintpkt",
    "dintpkt",
    "sintpktact",
    "sintpktidl",
    "sminsz",
    "smaxsz",
    "dminsz",
    "dmaxsz",
    "smac",
    "dmac",
    "svlan",
    "dvlan",
    "smpls",
    "senc",
    "denc",
    "inode",
];

/// Runs both sensors over a capture and demands the same rows in the same order.
fn check(name: &str, capture: &Capture) {
    let dir = scratch(name);
    let (pcap, real, own) = (dir.join("in.pcap"), dir.join("real.argus"), dir.join("own.argus"));
    capture.write(&pcap);
    theirs(&pcap, &real, OPTIONS);
    ours(&pcap, &own, OPTIONS);
    let (expected, found) = (read(&real, FIELDS), read(&own, FIELDS));
    assert!(!expected.is_empty(), "the classic sensor makes flows of {pcap:?}");
    for (e, f) in expected.iter().zip(&found) {
        assert_eq!(f, e, "{FIELDS:?}");
    }
    assert_eq!(found.len(), expected.len(), "records of {pcap:?}");
}

fn v4(proto: u8, back: bool, body: &[u8]) -> Vec<u8> {
    on_ether(&if back { ip4(B, A, proto, body) } else { ip4(A, B, proto, body) })
}

/// One segment: gap in ms, whether it goes back, flags, sequence and acknowledgment, bytes of data.
type Step = (u64, bool, &'static str, u32, u32, usize);

/// A TCP conversation.
fn talk(c: &mut Capture, begin: u64, port: u16, steps: &[Step]) {
    let mut at = begin;
    for (i, &(gap, back, flags, seq, ack, len)) in steps.iter().enumerate() {
        at += gap * 1000;
        let ports = if back { (80, port) } else { (port, 80) };
        let (s, k) = if back { (70_000 + seq, 9000 + ack) } else { (9000 + seq, 70_000 + ack) };
        let body = tcp(ports, flags, (s, if flags.contains('A') { k } else { 0 }), &vec![b'x'; len]);
        let (src, dst) = if back { (B, A) } else { (A, B) };
        c.add(at, on_ether(&ip4_with(src, dst, 6, (i as u16 + 1, 0), &[], &body)));
    }
}

const HELLO: [Step; 3] = [(0, false, "S", 0, 0, 0), (20, true, "SA", 0, 1, 0), (5, false, "A", 1, 1, 0)];

#[test]
fn tcp_conversations_agree() {
    let mut c = Capture::new(1);
    let cases: &[&[Step]] = &[
        &[
            (1, false, "AP", 1, 1, 100),
            (9, true, "A", 1, 101, 1000),
            (1, true, "AP", 1001, 101, 500),
            (9, false, "AF", 101, 1501, 0),
            (9, true, "AF", 1501, 102, 0),
            (9, false, "A", 102, 1502, 0),
        ],
        // Sent again, unacknowledged and acknowledged.
        &[
            (1, false, "AP", 1, 1, 100),
            (300, false, "AP", 1, 1, 100),
            (9, true, "A", 1, 101, 0),
            (9, false, "AP", 1, 1, 100),
        ],
        // A hole that is filled late.
        &[(1, false, "AP", 1, 1, 100), (1, false, "AP", 201, 1, 100), (1, false, "AP", 101, 1, 100)],
        // Status intervals and a long rest.
        &[
            (1, false, "AP", 1, 1, 100),
            (6000, true, "A", 1, 101, 0),
            (7000, false, "AP", 101, 1, 10),
            (90_000, true, "A", 1, 111, 0),
        ],
        &[(1, true, "AR", 1, 1, 0)],
        &[
            (1, false, "AF", 1, 1, 0),
            (3, true, "AR", 1, 2, 0),
            (50, false, "S", 90_000, 0, 0),
            (9, true, "SA", 500, 90_001, 0),
        ],
    ];
    for (i, more) in cases.iter().enumerate() {
        talk(&mut c, i as u64 * 700, 3000 + i as u16, &[&HELLO[..], more].concat());
    }
    talk(&mut c, 10_000, 4000, &[(0, false, "S", 0, 0, 0), (1000, false, "S", 0, 0, 0), (2000, true, "AR", 0, 1, 0)]);
    talk(&mut c, 10_700, 4001, &[(0, true, "SA", 0, 1, 0), (9, false, "A", 1, 1, 0), (9, false, "AP", 1, 1, 9)]);
    talk(&mut c, 11_400, 4002, &[(0, false, "A", 1, 1, 0), (9, true, "A", 1, 1, 0)]);
    talk(
        &mut c,
        12_100,
        4003,
        &[(0, false, "AP", 1, 1, 100), (9, true, "A", 1, 101, 0), (9, false, "AP", 101, 1, 100)],
    );
    check("tcp", &c);
}

#[test]
fn udp_and_its_status_intervals_agree() {
    let mut c = Capture::new(1);
    for i in 0..40u64 {
        c.add(i * 700_000, v4(17, i % 3 == 2, &if i % 3 == 2 { udp(9, 7, &[1; 80]) } else { udp(7, 9, &[0; 30]) }));
    }
    for (at, id) in [(100u64, 1u16), (200, 2), (300, 3)] {
        let query = [&id.to_be_bytes()[..], &[1; 20]].concat();
        c.add(at, v4(17, false, &udp(5000, 53, &query)));
        c.add(at + 40_000, v4(17, true, &udp(53, 5000, &[&query[..], &[2; 90]].concat())));
    }
    // A flow rests for 35 s after its report and begins anew behind that.
    for at in [0, 30, 75, 120] {
        c.add(at * 1_000_000 + 17, v4(17, false, &udp(100, 200, b"again")));
    }
    check("udp", &c);
}

#[test]
fn icmp_and_what_it_says_of_other_flows_agree() {
    let mut c = Capture::new(1);
    for seq in 0..3u16 {
        let at = u64::from(seq) * 1_000_000;
        c.add(at, v4(1, false, &icmp(8, 0, (7, seq), &[0; 56])));
        c.add(at + 9000, v4(1, true, &icmp(0, 0, (7, seq), &[0; 56])));
    }
    c.add(500, v4(1, true, &icmp(0, 0, (8, 1), &[0; 56])));
    c.add(600, v4(1, false, &icmp(13, 0, (9, 1), &[0; 32])));
    let probe = ip4(A, B, 17, &udp(5555, 9999, b"anyone there, please?"));
    c.add(5000, on_ether(&probe));
    c.add(65_000, on_ether(&ip4(B, A, 1, &icmp(3, 3, (0, 0), &probe))));
    let lost = ip4(A, 0x0B00_0001, 17, &udp(33_434, 33_435, &[0; 40]));
    c.add(7000, on_ether(&lost));
    c.add(90_000, on_ether(&ip4(0x0C00_0001, A, 1, &icmp(11, 0, (0, 0), &lost))));
    for at in [0u64, 1_000_000] {
        c.add(at + 30, ether(1, 2, 0x86DD, &ip6(1, 2, 58, &icmp(128, 0, (1, 1), &[0; 30]))));
        c.add(at + 7030, ether(2, 1, 0x86DD, &ip6(2, 1, 58, &icmp(129, 0, (1, 1), &[0; 30]))));
    }
    check("icmp", &c);
}

#[test]
fn fragments_are_joined_alike() {
    let mut c = Capture::new(1);
    let datagram = udp(7100, 8000, &[b'f'; 4000]);
    let fragment = |host: u32, n: usize| {
        let last = n == 2;
        let body = &datagram[n * 1480..((n + 1) * 1480).min(datagram.len())];
        on_ether(&ip4_with(host, B, 17, (77, (n * 185) as u16 | if last { 0 } else { 0x2000 }), &[], body))
    };
    let orders: &[&[usize]] = &[&[0, 1, 2], &[0, 2, 1], &[1, 0, 2], &[2, 1, 0], &[0, 1], &[1], &[2, 0], &[0, 1, 1, 2]];
    for (i, order) in orders.iter().enumerate() {
        for (n, &which) in order.iter().enumerate() {
            c.add(i as u64 * 300 + n as u64 * 20_000, fragment(0x0A01_0001 + i as u32, which));
        }
    }
    check("fragments", &c);
}

#[test]
fn everything_below_and_beside_ip_agrees() {
    let mut c = Capture::new(1);
    let ask = arp(1, (1, A), (0, B));
    c.add(10, ether(1, 255, 0x0806, &ask));
    c.add(400, ether(2, 1, 0x0806, &arp(2, (2, B), (1, A))));
    c.add(600, ether(3, 255, 0x0806, &arp(1, (3, 0x0A00_0003), (0, 0x0A00_0009))));
    // An answer that nobody asked for.
    c.add(700, ether(4, 5, 0x0806, &arp(2, (4, 0x0A00_0004), (5, 0x0A00_0005))));
    let data = ip4(A, B, 17, &udp(1, 2, b"inside"));
    c.add(20, ether(1, 2, 0x8100, &[&[0x60, 100, 8, 0][..], &data].concat()));
    c.add(
        30,
        ether(1, 2, 0x8847, &[&0x0001_1140u32.to_be_bytes()[..], &ip4(A, B, 17, &udp(3, 4, b"labels"))].concat()),
    );
    let session = [0x11, 0, 0, 1, 0, 40, 0, 0x21];
    c.add(40, ether(1, 2, 0x8864, &[&session[..], &ip4(A, B, 17, &udp(5, 6, b"session"))].concat()));
    c.add(50, ether(1, 2, 0x8863, &[0x11, 9, 0, 0, 0, 4, 1, 1, 0, 0]));
    let gre = [&[0x20, 0, 8, 0, 0, 0, 0, 9][..], &ip4(A, B, 17, &udp(7, 8, b"tunnel"))].concat();
    c.add(60, on_ether(&ip4(0x0B00_0001, 0x0B00_0002, 47, &gre)));
    c.add(70, on_ether(&ip4(0x0B00_0001, 0x0B00_0002, 47, &[&[0, 0, 0x12, 0x34][..], &[0; 40]].concat())));
    for kind in [0x88CCu16, 0x9000, 0x88A8] {
        c.add(80, ether(1, 2, kind, &[3; 46]));
        c.add(1_000_080, ether(2, 1, kind, &[3; 60]));
    }
    for (i, llc) in [[0x42u8, 0x42, 3], [0xFF, 0xFF, 0], [0xE0, 0xE0, 3]].iter().enumerate() {
        c.add(90 + i as u64, ether(1, 2, 43, &[&llc[..], &[0; 40]].concat()));
    }
    let report = [0x22, 0, 0, 0, 0, 0, 0, 1, 4, 0, 0, 0, 0xE0, 0, 0, 0xFC];
    c.add(100, on_ether(&ip4_with(A, 0xE000_0016, 2, (9, 0), &[0x94, 4, 0, 0], &report)));
    for seq in 1..4u32 {
        let esp = [&0x1122_3344u32.to_be_bytes()[..], &seq.to_be_bytes(), &[9; 40]].concat();
        c.add(u64::from(seq) * 500_000, on_ether(&ip4(A, B, 50, &esp)));
    }
    for proto in [4u8, 41, 89, 103, 132] {
        c.add(110, on_ether(&ip4(A, B, proto, &[0; 44])));
    }
    let extended = [&[17, 0, 1, 4, 0, 0, 0, 0][..], &udp(11, 12, b"behind options")].concat();
    c.add(120, ether(1, 2, 0x86DD, &ip6(1, 2, 60, &extended)));
    c.add(130, ether(1, 2, 0x86DD, &ip6(1, 2, 6, &tcp((13, 14), "S", (1, 0), &[]))));
    c.add(20_130, ether(2, 1, 0x86DD, &ip6(2, 1, 6, &tcp((14, 13), "SA", (5, 2), &[]))));
    check("beside_ip", &c);
}

#[test]
fn media_streams_are_recognised_alike() {
    let mut c = Capture::new(1);
    let rtp = |seq: u16, ssrc: u32| {
        [&[0x80, 8][..], &seq.to_be_bytes(), &[0, 0, 1, 0], &ssrc.to_be_bytes(), &[7; 40]].concat()
    };
    for (i, seq) in [100u16, 101, 103, 102, 104, 107, 108].iter().enumerate() {
        c.add(i as u64 * 20_000, v4(17, false, &udp(5004, 5006, &rtp(*seq, 0x11))));
        c.add(i as u64 * 20_000 + 7, v4(17, true, &udp(5006, 5004, &rtp(*seq + 900, 0x22))));
    }
    for i in 0..6u32 {
        c.add(u64::from(i) * 20_000 + 11, v4(17, false, &udp(6004, 6006, &rtp(1 + i as u16, 50 + i))));
        let report = [&[0x81, 201, 0, 7][..], &0x55u32.to_be_bytes(), &[0; 24]].concat();
        c.add(u64::from(i) * 20_000 + 13, v4(17, false, &udp(5005, 5007, &report)));
    }
    check("media", &c);
}

#[test]
fn every_link_type_counts_alike() {
    type Header = fn(bool, bool) -> Vec<u8>;
    let ip = |v6: bool| if v6 { [0x86u8, 0xDD] } else { [8, 0] };
    let _ = ip;
    let headers: &[(u32, Header)] = &[
        (0, |_, v6| [if v6 { 30u8 } else { 2 }, 0, 0, 0].to_vec()),
        (9, |_, v6| [0xFF, 3, 0, if v6 { 0x57 } else { 0x21 }].to_vec()),
        (101, |_, _| Vec::new()),
        (104, |_, v6| [&[0x0F, 0][..], if v6 { &[0x86, 0xDD] } else { &[8, 0] }].concat()),
        (105, |_, v6| {
            let mut h = vec![8, 1, 0, 0];
            h.extend([1; 6].iter().chain(&[2; 6]).chain(&[3; 6]));
            h.extend([0x10, 0, 0xAA, 0xAA, 3, 0, 0, 0]);
            h.extend(if v6 { [0x86, 0xDD] } else { [8, 0] });
            h
        }),
        (113, |back, v6| {
            let mut h = vec![0, if back { 0 } else { 4 }, 0, 1, 0, 6];
            h.extend(mac(if back { 2 } else { 1 }));
            h.extend([0, 0]);
            h.extend(if v6 { [0x86, 0xDD] } else { [8, 0] });
            h
        }),
    ];
    for (link, header) in headers {
        let mut c = Capture::new(*link);
        let mut add = |at: u64, back: bool, v6: bool, packet: Vec<u8>| c.add(at, [header(back, v6), packet].concat());
        // One direction only: what the classic sensor files under rest here depends on the packets before.
        for i in 0..4u64 {
            add(i * 100_000, false, false, ip4(A, B, 17, &udp(7, 9, &[1; 33])));
            add(i * 100_000 + 9, false, true, ip6(1, 2, 17, &udp(7, 9, &[1; 33])));
        }
        for (i, (back, flags, seq, ack)) in
            [(false, "S", 0, 0), (true, "SA", 0, 1), (false, "A", 1, 1), (false, "AF", 1, 1), (true, "AF", 1, 2)]
                .iter()
                .enumerate()
        {
            let (src, dst, ports) = if *back { (B, A, (80, 99)) } else { (A, B, (99, 80)) };
            add(i as u64 * 30_000 + 5, *back, false, ip4(src, dst, 6, &tcp(ports, flags, (10 + seq, 10 + ack), &[])));
        }
        check(&format!("link_{link}"), &c);
    }
}

#[test]
fn cut_packets_count_alike() {
    let mut c = Capture::new(1);
    for captured in [14, 33, 34, 36, 38, 53, 54, 100] {
        let frame = v4(6, false, &tcp((captured as u16, 6), "AP", (1, 1), &[0; 300]));
        c.add_cut(captured as u64 * 50, frame, captured);
    }
    for captured in [37, 38, 41, 42, 60] {
        c.add_cut(captured as u64 * 50 + 7, v4(17, false, &udp(captured as u16, 6, &[0; 300])), captured);
    }
    check("cut", &c);
}

#[test]
fn random_conversations_agree() {
    for seed in [3u64, 4, 5] {
        let mut rng = Rng(seed);
        let mut c = Capture::new(1);
        for port in 0..120u16 {
            let mut at = rng.below(150_000_000) as u64;
            let (a, b) = (0x0A00_0001 + rng.below(6) as u32, 0x0A00_0011 + rng.below(6) as u32);
            let (sport, dport) = (1000 + port, 20 + rng.below(2) as u16);
            let tcp_talk = rng.below(2) == 0;
            let mut seqs = [rng.below(1 << 30) as u32, rng.below(1 << 30) as u32];
            for step in 0..1 + rng.below(14) {
                at += [100, 20_000, 900_000, 4_000_000, 11_000_000][rng.below(5)] * (1 + rng.below(2) as u64);
                let back = step > 0 && rng.below(2) == 0;
                let (src, dst, ports) = if back { (b, a, (dport, sport)) } else { (a, b, (sport, dport)) };
                let len = rng.below(400);
                let body = if tcp_talk {
                    let (me, peer) = (usize::from(back), usize::from(!back));
                    let segment = tcp(ports, "AP", (seqs[me], seqs[peer]), &vec![0; len]);
                    seqs[me] = seqs[me].wrapping_add(len as u32);
                    segment
                } else {
                    udp(ports.0, ports.1, &vec![0; len + 2])
                };
                let proto = if tcp_talk { 6 } else { 17 };
                c.add(at, on_ether(&ip4_with(src, dst, proto, (step as u16 + 1, 0), &[], &body)));
            }
        }
        check(&format!("random_{seed}"), &c);
    }
}

#[test]
fn classic_tools_read_our_records_without_complaint() {
    let dir = scratch("interop");
    let (pcap, own) = (dir.join("in.pcap"), dir.join("own.argus"));
    let mut c = Capture::new(1);
    for i in 0..200u64 {
        c.add(
            i * 50_000,
            v4(17, i % 2 == 1, &if i % 2 == 1 { udp(9, i as u16, &[1; 80]) } else { udp(i as u16, 9, &[0; 30]) }),
        );
    }
    c.write(&pcap);
    ours(&pcap, &own, OPTIONS);
    let rows = read(&own, &["proto", "spkts"]);
    let racount = classic("racount", "argus-client", &["-X", "-r", text(&own)]);
    let summary = String::from_utf8_lossy(&racount.stdout).into_owned();
    let sum: Vec<&str> =
        summary.lines().find(|l| l.trim_start().starts_with("sum")).unwrap_or("").split_whitespace().collect();
    assert_eq!(sum.get(2), Some(&"200"), "all packets are counted: {summary}");
    assert!(rows.len() >= 200, "nearly every packet has ports of its own");
    for (program, args) in [
        ("racluster", vec!["-X", "-r", text(&own), "-m", "proto", "-s", "proto", "spkts", "dpkts"]),
        ("rahisto", vec!["-X", "-r", text(&own), "-H", "spkts", "10:0-10"]),
        ("rasort", vec!["-X", "-r", text(&own), "-m", "stime", "-s", "stime"]),
    ] {
        let run = classic(program, "argus-client", &args);
        assert!(run.status.success() && run.stderr.is_empty(), "{program}: {}", String::from_utf8_lossy(&run.stderr));
        assert!(!run.stdout.is_empty(), "{program} prints something");
    }
    let copy = dir.join("copy.argus");
    let run = classic("ra", "argus-client", &["-X", "-r", text(&own), "-w", text(&copy)]);
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    assert_eq!(read(&copy, FIELDS), read(&own, FIELDS), "what ra writes again reads the same");
}
