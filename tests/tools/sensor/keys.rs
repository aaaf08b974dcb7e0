//! What a configuration makes of flows: other keys, directions apart, tunnels looked into.

use super::frames::*;
use super::{argus, classic, read, scratch, text};

const FIELDS: &[&str] = &[
    "stime",
    "ltime",
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
    "svlan",
    "senc",
];

/// Both sensors over a capture with one configuration; what the classic reader prints of each.
fn both(name: &str, conf: &str, capture: &Capture) -> (Vec<String>, Vec<String>) {
    let dir = scratch(name);
    let path = |end: &str| dir.join(end);
    let (pcap, file) = (path("in.pcap"), path("argus.conf"));
    capture.write(&pcap);
    std::fs::write(&file, conf).expect("written");
    let run = |out: &std::path::Path, ours: bool| {
        let args = ["-F", text(&file), "-A", "-S", "5", "-r", text(&pcap), "-w", text(out)];
        let done = if ours { argus(&args) } else { classic("argus", "argus-server", &args) };
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        read(out, FIELDS)
    };
    (run(&path("own.argus"), true), run(&path("real.argus"), false))
}

fn agree(name: &str, conf: &str, capture: &Capture) -> Vec<String> {
    let (own, real) = both(name, conf, capture);
    assert!(!real.is_empty());
    assert_eq!(own, real, "{conf}: {FIELDS:?}");
    own
}

/// Talk of several protocols between two hosts, over two VLANs, IPv4 and IPv6, and a neighbour's frame.
fn talk() -> Capture {
    let mut c = Capture::new(1);
    let packets = [
        (A, B, 6, tcp((1000, 80), "S", (1, 0), &[])),
        (B, A, 6, tcp((80, 1000), "SA", (9, 2), &[])),
        (A, B, 6, tcp((1000, 80), "A", (2, 10), &[])),
        (A, B, 17, udp(7, 9, b"one")),
        (B, A, 17, udp(9, 7, b"answer")),
        (B, A, 17, udp(5, 6, b"other")),
        (A, B, 1, icmp(8, 0, (1, 1), &[0; 40])),
        (B, A, 1, icmp(0, 0, (1, 1), &[0; 40])),
    ];
    for (i, (src, dst, proto, body)) in packets.iter().enumerate() {
        let packet = ip4(*src, *dst, *proto, body);
        let (from, to) = if *src == A { (1, 2) } else { (2, 1) };
        c.add(i as u64 * 1000, ether(from, to, 0x0800, &packet));
        for tag in [5u8, 6] {
            let tagged = [&[0, tag, 8, 0][..], &packet].concat();
            c.add(200_000 + i as u64 * 1000 + u64::from(tag), ether(from, to, 0x8100, &tagged));
        }
    }
    for (i, (src, dst)) in [(1, 2), (2, 1)].iter().enumerate() {
        c.add(400_000 + i as u64, ether(*src, *dst, 0x86DD, &ip6(*src, *dst, 17, &udp(8, 9, b"six"))));
    }
    c.add(500_000, ether(1, 2, 0x88CC, &[0; 46]));
    c
}

#[test]
fn flows_of_addresses_alone_agree() {
    let rows = agree("layer3", "ARGUS_FLOW_TYPE=Bidirectional\nARGUS_FLOW_KEY=\"LAYER_3_MATRIX\"\n", &talk());
    assert!(rows[0].contains(",ip,10.0.0.1,,"), "{rows:?}");
    assert_eq!(rows.len(), 3, "{rows:?}");
}

#[test]
fn flows_of_stations_agree() {
    let rows = agree("layer2", "ARGUS_FLOW_TYPE=Bidirectional\nARGUS_FLOW_KEY=\"LAYER_2_MATRIX\"\n", &talk());
    assert_eq!(rows.len(), 4, "{rows:?}");
}

#[test]
fn flows_of_different_networks_agree() {
    let conf = "ARGUS_FLOW_TYPE=Bidirectional\nARGUS_FLOW_KEY=\"CLASSIC_5_TUPLE+VLAN\"\n";
    let plain = agree("plain", "ARGUS_FLOW_KEY=\"CLASSIC_5_TUPLE\"\n", &talk()).len();
    let rows = agree("vlan", conf, &talk());
    assert!(rows.len() > plain, "{rows:?}");
}

#[test]
fn flows_of_different_label_entries_agree() {
    let mut c = Capture::new(1);
    let entry = |label: u32, rest: u32| (label << 12 | rest).to_be_bytes();
    let packet = ip4(A, B, 17, &udp(1, 2, b"x"));
    let stacks: [&[[u8; 4]]; 6] = [
        &[entry(100, 0x140)],
        &[entry(100, 0x13F)],
        &[entry(100, 0x340)],
        &[entry(100, 0x40), entry(200, 0x140)],
        &[entry(100, 0x40), entry(201, 0x140)],
        &[entry(101, 0x40), entry(200, 0x140)],
    ];
    for (i, stack) in stacks.iter().enumerate() {
        c.add(i as u64, ether(1, 2, 0x8847, &[&stack.concat()[..], &packet].concat()));
    }
    for key in ["LOCAL_MPLS", "COMPLETE_MPLS"] {
        let conf = format!("ARGUS_FLOW_TYPE=Bidirectional\nARGUS_FLOW_KEY=\"CLASSIC_5_TUPLE+{key}\"\n");
        assert_eq!(agree(key, &conf, &c).len(), 5);
    }
}

#[test]
fn each_direction_may_be_a_flow_of_its_own() {
    let (own, _) = both("unidirectional", "ARGUS_FLOW_TYPE=\"Unidirectional\"\n", &talk());
    assert!(own.iter().any(|r| r.contains("10.0.0.1,7,") && r.contains("10.0.0.2,9,")), "{own:?}");
    assert!(own.iter().any(|r| r.contains("10.0.0.2,9,") && r.contains("10.0.0.1,7,")), "{own:?}");
    let answers = own.iter().filter(|r| r.split(',').nth(2) == Some("udp")).map(|r| {
        let words: Vec<_> = r.split(',').collect();
        (words[8].to_owned(), words[9].to_owned())
    });
    assert!(answers.clone().count() >= 4 && answers.into_iter().all(|(_, back)| back == "0"), "{own:?}");
}

#[test]
fn records_of_first_packets_and_times_by_direction_agree() {
    let start = agree("start_records", "ARGUS_GENERATE_START_RECORDS=yes\n", &talk());
    let plain = agree("no_start_records", "\n", &talk());
    assert!(start.len() > plain.len(), "{start:?}");
    let times = "ARGUS_GENERATE_BIDIRECTIONAL_TIMESTAMPS=yes\n";
    assert_eq!(agree("both_times", times, &talk()).len(), plain.len());
}

#[test]
fn what_travels_in_teredo_agrees() {
    let mut c = Capture::new(1);
    let inner = |back: bool| if back { ip6(2, 1, 17, &udp(9, 8, b"back")) } else { ip6(1, 2, 17, &udp(8, 9, b"six")) };
    let origin = [0, 0, 1, 2, 3, 4, 5, 6];
    for (i, (back, data)) in [
        (false, inner(false)),
        (true, [&origin[..], &inner(true)].concat()),
        (false, [&[0, 1, 0, 0][..], &[7; 9], &inner(false)].concat()),
        (false, b"short".to_vec()),
        (false, vec![0x60; 12]),
    ]
    .iter()
    .enumerate()
    {
        let (src, dst, ports) = if *back { (B, A, (3544, 5000)) } else { (A, B, (5000, 3544)) };
        c.add(i as u64 * 1000, on_ether(&ip4(src, dst, 17, &udp(ports.0, ports.1, data))));
    }
    let rows = agree("teredo", "ARGUS_TUNNEL_DISCOVERY=\"yes\"\n", &c);
    assert!(rows.iter().any(|r| r.contains("eT")), "{rows:?}");
}

#[test]
fn what_travels_in_vxlan_and_geneve_is_seen_when_asked_for() {
    let dir = scratch("vxlan");
    let (pcap, out) = (dir.join("in.pcap"), dir.join("out.argus"));
    let inside = on_ether(&ip4(0x0B00_0001, 0x0B00_0002, 17, &udp(1, 2, b"inside")));
    let mut c = Capture::new(1);
    let vxlan = [&[8, 0, 0, 0, 0, 0, 7, 0][..], &inside].concat();
    let geneve = [&[0, 0, 0x65, 0x58, 0, 0, 7, 0][..], &inside].concat();
    c.add(0, on_ether(&ip4(A, B, 17, &udp(40_000, 4789, &vxlan))));
    c.add(1, on_ether(&ip4(A, B, 17, &udp(40_000, 6081, &geneve))));
    c.write(&pcap);
    for (kinds, expected) in [
        ("vxlan,geneve", vec!["11.0.0.1,1,11.0.0.2,2,2"]),
        ("geneve", vec!["10.0.0.1,40000,10.0.0.2,4789,1", "11.0.0.1,1,11.0.0.2,2,1"]),
    ] {
        let _ = std::fs::remove_file(&out);
        let run = argus(&["--tunnels", kinds, "-r", text(&pcap), "-w", text(&out)]);
        assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
        assert_eq!(read(&out, &["saddr", "sport", "daddr", "dport", "spkts"]), expected, "{kinds}");
    }
}
