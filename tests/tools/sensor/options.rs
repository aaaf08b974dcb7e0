//! Options that few use: compiled filters, control protocols, time sequence headers, flow exports within captures.

use std::path::Path;

use super::frames::*;
use super::{argus, classic, ours, read, scratch, text, theirs};

fn printed(args: &[&str]) -> String {
    let run = argus(args);
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    String::from_utf8_lossy(&run.stdout).into_owned()
}

#[cfg(feature = "live")]
#[test]
fn compiled_filters_read_as_those_of_the_classic_sensor() {
    let dir = scratch("compiled");
    for (link, name) in [(1, "ether.pcap"), (101, "raw.pcap")] {
        let path = dir.join(name);
        let mut c = Capture::new(link);
        c.add(0, ip4(A, B, 17, &udp(1, 2, b"x")));
        c.write(&path);
        for filter in ["tcp port 80", "ip6 or (udp[8:2] > 5 and len <= 1000)", "ip[0] & 0xf != 5 and icmp", "vlan 7"] {
            if link == 101 && filter.starts_with("vlan") {
                continue;
            }
            for plain in [&[][..], &["-O"]] {
                let args = [plain, &["-b", "-r", text(&path), "-"], &filter.split(' ').collect::<Vec<_>>()].concat();
                let real = classic("argus", "argus-server", &[&["-X"], &args[..]].concat());
                let wanted = String::from_utf8_lossy(&real.stdout).into_owned();
                assert!(wanted.contains("ret"), "{filter}: {wanted}");
                let trimmed = |t: &str| t.lines().map(|l| l.trim_end().to_owned()).collect::<Vec<_>>();
                assert_eq!(trimmed(&printed(&args)), trimmed(&wanted), "{filter} {plain:?}");
            }
        }
    }
    assert_eq!(printed(&["-b", "-r", text(&dir.join("ether.pcap"))]), "");
}

#[test]
fn control_protocols_keep_all_their_data() {
    let dir = scratch("control");
    let (pcap, own, real) = (dir.join("in.pcap"), dir.join("own.argus"), dir.join("real.argus"));
    let mut c = Capture::new(1);
    let ask = arp(1, (1, A), (0, B));
    c.add(0, ether(1, 2, 0x0806, &[&ask[..], b"eighteen bytes pad"].concat()));
    c.add(10, ether(1, 2, 0x0806, &ask));
    c.add(20, on_ether(&ip4(A, B, 17, &udp(7, 9, b"not kept"))));
    c.write(&pcap);
    ours(&pcap, &own, &["-A", "-C"]);
    theirs(&pcap, &real, &["-A", "-C"]);
    let rows = read(&own, &["proto", "spkts", "suser:40"]);
    assert_eq!(rows, read(&real, &["proto", "spkts", "suser:40"]));
    assert!(rows.iter().any(|r| r.starts_with("arp,2,s[18]=eighteen bytes pad")), "{rows:?}");
    assert!(rows.iter().any(|r| r == "udp,1,"), "{rows:?}");
}

/// A packet as time sequence header files hold it.
fn sequence(micros: u32, packet: &[u8]) -> Vec<u8> {
    let mut record = 1_700_000_000u32.to_be_bytes().to_vec();
    record.extend((1 << 24 | micros).to_be_bytes());
    record.extend(packet.iter().copied().chain(std::iter::repeat(0)).take(36));
    record
}

#[test]
fn time_sequence_headers_become_flows() {
    let dir = scratch("sequence");
    let (path, out) = (dir.join("in.tsh"), dir.join("out.argus"));
    let packets = [
        sequence(1, &ip4(A, B, 6, &tcp((7, 80), "S", (1, 0), &[]))),
        sequence(2, &ip4(B, A, 6, &tcp((80, 7), "SA", (9, 2), &[]))),
        sequence(3, &ip4(A, B, 6, &tcp((7, 80), "PA", (2, 10), &[0; 900]))),
        sequence(4, &ip4(A, B, 17, &udp(7, 53, &[1; 30]))),
    ];
    std::fs::write(&path, packets.concat()).expect("written");
    let run = argus(&["-t", "-A", "-r", text(&path), "-w", text(&out)]);
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    let rows =
        read(&out, &["stime", "proto", "sport", "dir", "dport", "spkts", "dpkts", "sbytes", "sappbytes", "state"]);
    assert_eq!(
        rows,
        ["1700000000.000001,tcp,7,   ->,80,2,1,992,900,CON", "1700000000.000004,udp,7,   ->,53,1,0,58,30,INT"]
    );
}

/// A NetFlow datagram of version 5 with one flow from 10.1.0.1 to 10.2.0.1.
fn netflow() -> Vec<u8> {
    let mut d = vec![0, 5, 0, 1];
    for word in [100_000u32, 1_700_000_000, 0, 1, 0] {
        d.extend(word.to_be_bytes());
    }
    d.extend([10, 1, 0, 1, 10, 2, 0, 1, 0, 0, 0, 0, 0, 1, 0, 2]);
    for word in [10u32, 1000, 95_000, 99_000] {
        d.extend(word.to_be_bytes());
    }
    d.extend([0x03, 0xE8, 0, 80, 0, 0, 17, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    d
}

fn export_rows(path: &Path) -> Vec<String> {
    read(path, &["stime", "ltime", "proto", "saddr", "sport", "daddr", "dport", "spkts", "sbytes", "srcid"])
}

#[test]
fn flow_exports_within_a_capture_become_flows_too() {
    let dir = scratch("exports");
    let (path, own, real) = (dir.join("in.pcap"), dir.join("own.argus"), dir.join("real.argus"));
    let mut c = Capture::new(1);
    c.add(0, on_ether(&ip4(A, B, 17, &udp(5000, 9995, &netflow()))));
    c.write(&path);
    let source = format!("cisco:{}", text(&path));
    for (out, classic_one) in [(&own, false), (&real, true)] {
        let args = ["-r", &source, "-w", text(out)];
        let run =
            if classic_one { classic("argus", "argus-server", &[&["-X"], &args[..]].concat()) } else { argus(&args) };
        assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    }
    let rows = export_rows(&own);
    assert_eq!(rows, export_rows(&real));
    assert!(rows[0].contains("udp,10.1.0.1,1000,10.2.0.1,80,10,1000,10.0.0.1"), "{rows:?}");
    assert_eq!(rows.len(), 2, "{rows:?}");
    // What only begins like an export is none.
    let mut c = Capture::new(1);
    c.add(0, on_ether(&ip4(A, B, 17, &udp(5000, 53, &[0, 5, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, b'x', 0, 0, 1, 0, 1]))));
    c.write(&path);
    let _ = std::fs::remove_file(&own);
    assert!(argus(&["-r", &source, "-w", text(&own)]).status.success());
    assert_eq!(export_rows(&own).len(), 1);
}

#[test]
fn packets_that_are_taken_are_kept_in_a_file() {
    let dir = scratch("keep");
    let (path, kept, conf) = (dir.join("in.pcap"), dir.join("kept.pcap"), dir.join("argus.conf"));
    let mut c = Capture::new(1);
    c.add(0, on_ether(&ip4(A, B, 17, &udp(7, 9, b"one"))));
    c.add_cut(1_500_001, on_ether(&ip4(A, B, 6, &tcp((7, 80), "S", (1, 0), &[0; 400]))), 70);
    c.write(&path);
    std::fs::write(&conf, format!("ARGUS_PACKET_CAPTURE_FILE={}\n", text(&kept))).expect("written");
    let out = dir.join("out.argus");
    let run = argus(&["-F", text(&conf), "-r", text(&path), "-w", text(&out)]);
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    let records = |name: &str, from: &Path| {
        let out = dir.join(name);
        ours(from, &out, &["-A"]);
        read(&out, &["stime", "proto", "spkts", "sbytes", "sappbytes"])
    };
    assert_eq!(records("again.argus", &kept), records("first.argus", &path));
    assert!(argus(&["--keep-packets", text(&kept), "-N", "1", "-r", text(&path), "-w", text(&out)]).status.success());
    assert_eq!(records("one.argus", &kept).len(), 1);
}

#[test]
fn udt_agrees() {
    let dir = scratch("udt");
    let (path, own, real) = (dir.join("in.pcap"), dir.join("own.argus"), dir.join("real.argus"));
    let data = |seq: u32| [&seq.to_be_bytes()[..], &[0xC0, 0, 0, 1, 0, 0, 0, 5, 0, 0, 0, 8], &[7; 50]].concat();
    let mut c = Capture::new(1);
    for (i, seq) in [1000u32, 1001, 1005, 1002, 1003, 1006].iter().enumerate() {
        c.add(i as u64 * 1000, on_ether(&ip4(A, B, 17, &udp(5000, 9000, &data(*seq)))));
    }
    c.add(7000, on_ether(&ip4(B, A, 17, &udp(9000, 5000, &data(7)))));
    c.write(&path);
    ours(&path, &own, &["-A"]);
    theirs(&path, &real, &["-A"]);
    let fields = ["proto", "spkts", "dpkts", "sappbytes", "dappbytes", "state", "sloss", "sretrans", "flgs"];
    let rows = read(&own, &fields);
    assert_eq!(rows, read(&real, &fields));
    assert!(rows[0].starts_with("udt,6,1,316,50,CON,"), "{rows:?}");
}
