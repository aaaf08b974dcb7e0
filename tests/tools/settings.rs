//! Settings of `ra.conf` and `.rarc`: what they do is what they do in the classic clients.
#![cfg(unix)]

use super::folder::{Folder, sample};
use std::process::Output;
use std::sync::atomic::{AtomicU32, Ordering};

/// A folder with a configuration, and both programs working under it.
struct Desk(Folder);

impl Desk {
    fn new(name: &str, conf: &str) -> Desk {
        // Tests run beside each other.
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let folder = Folder::new(&format!("{name}-{}", COUNT.fetch_add(1, Ordering::Relaxed)));
        folder.write("c.conf", conf);
        Desk(folder)
    }

    fn args<'a>(args: &[&'a str]) -> Vec<&'a str> {
        [&args[..1], &["-X", "-F", "c.conf"], &args[1..]].concat()
    }

    fn ours(&self, args: &[&str]) -> Output {
        self.0.ours(&Desk::args(args))
    }

    fn classic(&self, args: &[&str]) -> Output {
        let args = Desk::args(args);
        self.0.run(args[0], &args[1..])
    }
}

fn lines(bytes: &[u8]) -> Vec<String> {
    String::from_utf8_lossy(bytes).lines().map(|l| l.trim_end().to_owned()).collect()
}

/// Compares what both print, line by line.
fn compare(conf: &str, args: &[&str]) {
    let desk = Desk::new("settings", conf);
    let (ours, theirs) = (desk.ours(args), desk.classic(args));
    assert_eq!(String::from_utf8_lossy(&ours.stderr), "", "{conf} {args:?}");
    let (found, expected) = (lines(&ours.stdout), lines(&theirs.stdout));
    assert!(expected.len() > 1, "{conf} {args:?}: the classic client printed {expected:?}");
    for (found, expected) in found.iter().zip(&expected) {
        assert_eq!(found, expected, "{conf} {args:?}");
    }
    assert_eq!(found.len(), expected.len(), "{conf} {args:?}");
    assert_eq!(ours.status.code(), theirs.status.code(), "{conf} {args:?}");
}

const MAN: &str = "RA_PRINT_MAN_RECORDS=yes\nRA_PRINT_EVENT_RECORDS=yes\n";

#[test]
fn management_and_event_records_are_rows() {
    let (web, event) = (sample("web.full.argus"), sample("event.argus"));
    let all = "stime ltime sstime sltime dstime dltime dur sdur ddur seq srcid cause proto saddr sport daddr dport state \
        snet dnet pkts spkts dpkts bytes sbytes dbytes appbytes sappbytes dappbytes loss";
    let fields: Vec<&str> = all.split_whitespace().collect();
    compare(MAN, &["ra", "-r", &web]);
    compare(MAN, &[&["ra", "-c", ",", "-r", &web, "-s"], &fields[..], &["-", "man"]].concat());
    compare(MAN, &[&["ra", "-c", ",", "-r", &event, "-s"], &fields[..], &["-", "man"]].concat());
    compare(MAN, &["ra", "-r", &event]);
    compare(
        MAN,
        &["ra", "-r", &event, "-s", "stime", "srcid", "seq", "proto", "saddr", "dir", "dur", "state", "cause"],
    );
    compare(MAN, &["ra", "-c", ",", "-r", &event, "-s", "stime", "proto", "saddr", "state"]);
    for tail in [&["-A", "-N", "3"][..], &["-N", "2-3"], &["-N", "o2-3"], &["-L", "2", "-N", "5"], &["-u", "-N", "2"]] {
        compare(MAN, &[&["ra", "-r", &web], tail].concat());
    }
    for filter in ["not udp", "man or arp", "far", "not man and arp", "event or man", "srcid 10.1.2.3"] {
        compare(MAN, &["ra", "-r", &web, "-", filter]);
    }
    compare(MAN, &["ra", "-M", "noman", "-r", &event]);
    for tool in ["rasort", "ralabel", "rastrip"] {
        compare(MAN, &[tool, "-r", &event]);
    }
    compare("RA_PRINT_MAN_RECORDS=no\n", &["ra", "-M", "man", "-r", &web]);
    compare("RA_PRINT_MAN_RECORDS=no\n", &["ra", "-r", &web]);
}

#[test]
fn the_look_of_cells_and_rows_is_set() {
    let (web, geo) = (sample("web.full.argus"), sample("geo.ralabel.argus"));
    compare("RA_FIELD_WIDTH=variable\n", &["ra", "-r", &web]);
    compare("RA_FIELD_WIDTH='fixed'\nRA_FIELD_DELIMITER=','\n", &["ra", "-r", &web]);
    compare("RA_FIELD_QUOTED=double\nRA_FIELD_DELIMITER=','\n", &["ra", "-r", &web]);
    compare("RA_FIELD_QUOTED=single\nRA_FIELD_DELIMITER=','\n", &["ra", "-r", &web]);
    compare("RA_FIELD_QUOTED=double\n", &["ra", "-r", &web]);
    compare("RA_SEPARATE_ADDR_FROM_PORT_WITH_PERIOD=no\n", &["ra", "-r", &web]);
    for format in ["asplain", "asdot", "asdot+"] {
        let conf = format!("RA_ASN_PRINT_FORMAT=\"{format}\"\n");
        compare(&conf, &["ra", "-r", &geo, "-s", "saddr", "sas:12", "das:12"]);
    }
    for format in ["no", "yes", "strict"] {
        let conf = format!("RA_CIDR_ADDRESS_FORMAT=\"{format}\"\n");
        compare(&conf, &["ra", "-r", &web, "-", "ip"]);
        compare(&conf, &["racluster", "-m", "saddr/16", "-r", &web, "-s", "saddr", "daddr", "spkts", "-", "ipv4"]);
        compare(&conf, &["racluster", "-m", "proto", "-r", &web, "-s", "saddr", "daddr", "spkts", "-", "ipv4"]);
    }
    for names in ["none", "proto", "port", "all"] {
        compare(&format!("RA_PRINT_NAMES={names}\n"), &["ra", "-r", &web]);
    }
}

#[test]
fn times_follow_a_pattern() {
    let web = sample("web.full.argus");
    for (pattern, digits) in [
        ("%Y/%m/%d %H:%M:%S.%f", "6"),
        ("%T", "6"),
        ("%H:%M.%f", "3"),
        ("%s.%f", "6"),
        ("%a, %d %b %Y %T", "6"),
        ("%F %T.%f", "0"),
        ("%j %y %p %I", "6"),
    ] {
        let conf = format!("RA_TIME_FORMAT=\"{pattern}\"\nRA_USEC_PRECISION={digits}\n");
        compare(&conf, &["ra", "-L-1", "-c", "|", "-r", &web, "-s", "stime", "dur", "ltime", "saddr"]);
    }
    compare("RA_TIME_FORMAT=\"%T\"\n", &["ra", "-u", "-r", &web]);
    // A column is as wide as its times.
    let desk = Desk::new("settings-time", "RA_TIME_FORMAT=\"%Y/%m/%d %H:%M:%S.%f\"\n");
    let out = lines(&desk.ours(&["ra", "-N", "1", "-r", &web, "-s", "stime", "proto"]).stdout);
    assert_eq!(out, ["                 StartTime  Proto", "2011/03/18 19:06:07.096535    udp"]);
}

#[test]
fn ports_and_localities_give_a_direction() {
    let folder = Folder::new("settings-direction");
    let packets = folder.path("dir.pcap");
    std::fs::write(&packets, ambiguous_packets()).expect("written");
    let records = folder.path("dir.argus");
    assert!(folder.ours(&["argus", "-r", &packets, "-w", &records]).status.success());
    let fields = ["-n", "-s", "proto", "saddr", "sport", "dir", "daddr", "dport", "spkts", "dpkts", "state"];
    for ports in ["services", "wellknown", "registered", "services,wellknown", "services,wellknown,registered"] {
        let conf = format!("RA_PORT_DIRECTION=\"{ports}\"\n");
        for tool in [&["ra"][..], &["rasort", "-m", "saddr", "daddr", "proto", "sport"], &["racluster", "-m", "saddr"]]
        {
            compare(&conf, &[tool, &["-r", &records], &fields[..]].concat());
        }
        compare(&conf, &[&["ra", "-r", &records], &fields[..], &["-", "src port 80"]].concat());
    }
    folder.write("local", "10.0.0.0/8\tlocal\n");
    for (end, same) in [("src", "force:src"), ("dst", "force:dst")] {
        let conf = |how: &str| format!("RA_LOCAL={}\nRA_LOCAL_DIRECTION=\"{how}\"\n", folder.path("local"));
        let args = [&["ra", "-r", &records], &fields[..]].concat();
        compare(&conf(same), &args);
        let rows = |how: &str| lines(&Desk::new("settings-local", &conf(how)).ours(&args).stdout);
        assert_eq!(rows(&format!("local:{end}")), rows(same));
    }
}

/// A capture of packets within connections, so that nobody knows who opened them, between ports of all kinds.
fn ambiguous_packets() -> Vec<u8> {
    const PORTS: [u16; 9] = [22, 80, 1023, 1024, 3306, 5060, 40_000, 49_151, 49_152];
    let mut out = Vec::new();
    for word in [0xA1B2_C3D4_u32, 0x0004_0002, 0, 0, 65_535, 1] {
        out.extend_from_slice(&word.to_le_bytes());
    }
    let pairs = PORTS.iter().flat_map(|s| PORTS.iter().map(move |d| (*s, *d))).filter(|(s, d)| s != d);
    for (n, (sport, dport)) in (0u8..).zip(pairs) {
        let (mut a, mut b) = ([10, 0, 0, n + 1], [192, 168, 0, n + 1]);
        if n % 2 == 1 {
            std::mem::swap(&mut a, &mut b);
        }
        let mut frame = vec![0, 1, 2, 3, 4, 5, 0, 1, 2, 3, 4, 6, 8, 0];
        frame.extend_from_slice(&[0x45, 0, 0, 44, 0, 1, 0, 0, 64, 6, 0, 0]);
        frame.extend_from_slice(&[a, b].concat());
        frame.extend_from_slice(&[sport.to_be_bytes(), dport.to_be_bytes()].concat());
        frame.extend_from_slice(&[0, 0, 4, 0, 0, 0, 8, 0, 0x50, 0x10, 4, 0, 0, 0, 0, 0, 1, 2, 3, 4]);
        for word in [1_700_000_000, u32::from(n) * 1000, 58, 58] {
            out.extend_from_slice(&word.to_le_bytes());
        }
        out.extend_from_slice(&frame);
    }
    out
}

#[test]
fn models_orders_countries_and_names_come_from_files() {
    let (web, folder) = (sample("web.full.argus"), Folder::new("settings-files"));
    compare("RA_SORT_ALGORITHMS=\"bytes saddr\"\n", &["rasort", "-n", "-r", &web, "-s", "saddr", "proto", "bytes"]);
    let rows = |conf: &str, args: &[&str]| lines(&Desk::new("settings-own", conf).ours(args).stdout);
    let cluster = ["racluster", "-n", "-r", &web, "-s", "saddr", "proto", "spkts"];
    let by_option = rows("", &[&cluster[..], &["-m", "saddr", "proto"]].concat());
    assert!(by_option.len() > 3);
    assert_eq!(rows("RA_FLOW_MODEL=\"saddr proto\"\n", &cluster), by_option);
    folder.write("model", "filter=\"\" model=\"saddr proto\"\n");
    let by_file = rows(&format!("RA_FLOW_MODEL=\"{}\"\n", folder.path("model")), &cluster);
    assert_eq!(by_file, rows("", &[&cluster[..], &["-f", &folder.path("model")]].concat()));
    folder.write(
        "delegated",
        "arin|US|ipv4|141.142.0.0|65536|19900101|assigned\narin|DE|ipv4|208.80.152.0|1024|19900101|assigned\n",
    );
    let conf = format!("RA_DELEGATED_IP={}\n", folder.path("delegated"));
    compare(&conf, &["ra", "-n", "-r", &web, "-s", "saddr", "daddr", "sco", "dco", "-", "tcp and net 208.80.152.0/22"]);
    // A file that is written has them too, and so have filters and keys.
    assert_eq!(rows(&conf, &["ra", "-L-1", "-r", &web, "-s", "proto", "-", "dst co DE and arp"]).len(), 0);
    assert!(rows(&conf, &["ra", "-L-1", "-r", &web, "-s", "proto", "-", "dst co DE"]).len() > 5);
    // Names are those of the machine's table; nobody is asked.
    let loopback = folder.path("lo.argus");
    let text = "StartTime,Proto,SrcAddr,Sport,Dir,DstAddr,Dport,SrcPkts,DstPkts,SrcBytes,DstBytes,State\n\
        1700000000.000000,udp,127.0.0.1,5000,   ->,10.9.9.9,53,1,0,46,0,INT\n";
    folder.write("lo.csv", text);
    assert!(folder.ours(&["raconvert", "-r", "lo.csv", "-w", &loopback]).status.success());
    for conf in ["RA_PRINT_HOSTNAMES=yes\n", "RA_PRINT_NAMES=all\n"] {
        let found = rows(conf, &["ra", "-L-1", "-r", &loopback, "-s", "saddr", "daddr"]);
        assert_eq!(found, ["         localhost           10.9.9.9"], "{conf}");
    }
}

#[test]
fn values_that_make_no_sense_are_told_with_their_place() {
    let web = sample("web.argus");
    for (conf, says) in [
        ("RA_TIME_FORMAT=\"%\"", "c.conf:1: RA_TIME_FORMAT"),
        ("\nRA_FIELD_WIDTH=wide", "c.conf:2: RA_FIELD_WIDTH: expected fixed or variable, found \"wide\""),
        ("RA_CIDR_ADDRESS_FORMAT=maybe", "expected no or yes or strict"),
        ("RA_PORT_DIRECTION=server", "expected services, wellknown and registered"),
        ("RA_LOCAL=/nonexistent\nRA_LOCAL_DIRECTION=local:src", "c.conf:1: RA_LOCAL"),
        ("RA_LOCAL=c.conf\nRA_LOCAL_DIRECTION=local:left", "c.conf:2: RA_LOCAL_DIRECTION"),
        ("RA_DELEGATED_IP=/nonexistent", "c.conf:1: RA_DELEGATED_IP"),
        ("RA_PRINT_MAN_RECORDS=perhaps", "expected yes or no"),
    ] {
        let out = Desk::new("settings-wrong", conf).ours(&["ra", "-r", &web]);
        let message = String::from_utf8_lossy(&out.stderr).into_owned();
        assert!(message.contains(says) && !out.status.success(), "{conf}: {message}");
    }
}
