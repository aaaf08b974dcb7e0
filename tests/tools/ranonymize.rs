//! `argus-globe ranonymize`: nothing of the original is left, everything else is as it was, and the classic client reads
//! it.
#![cfg(unix)]

use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv4Addr, Ipv6Addr};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use argus_globe::record::codec::Framer;
use argus_globe::record::{Addr, Far, Network, RecordKind};

const SAMPLES: &[&str] = &[
    "web.full",
    "web.full.v5",
    "crafted.full",
    "crafted.full.v5",
    "geo.ralabel",
    "geo.ralabel.v5",
    "geo.country",
    "handmade",
    "http.full",
    "icmp-tunnels.full",
    "ipv6.full",
    "l2.full",
    "vlan-mpls.full",
    "voip.full",
    "web.racluster",
    "web.radium",
];

fn sample(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/argus").join(format!("{name}.argus"))
}

fn run(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_argus-globe"))
        .args(args)
        .env("TZ", "UTC")
        .stdin(std::process::Stdio::null())
        .output()
        .expect("the program starts")
}

fn text(bytes: &[u8]) -> String {
    bytes.iter().map(|b| char::from(*b)).collect()
}

/// Both files as bytes: the sample, and what the tool makes of it with options of its own.
fn both(name: &str, options: &[&str]) -> (Vec<u8>, Vec<u8>) {
    let input = sample(name);
    let args = [&["ranonymize", "-M", "seed=11", "-w", "-", "-r", input.to_str().expect("plain")], options].concat();
    let out = run(&args);
    assert_eq!((out.status.code(), text(&out.stderr)), (Some(0), String::new()), "{name}");
    // What is written is version 3, whatever was read.
    let copy = run(&["ra", "-X", "-w", "-", "-r", input.to_str().expect("plain")]);
    (copy.stdout, out.stdout)
}

fn flows(bytes: &[u8], mut each: impl FnMut(&Far<'_>)) {
    let mut framer = Framer::new();
    framer.push(bytes);
    while let Some((_, record)) = framer.next_record().expect("whole records") {
        if record.kind() == RecordKind::Far {
            each(&Far::decode(record).expect("a flow record"));
        }
    }
}

/// Everything in a file that names somebody.
#[derive(Default)]
struct Told {
    v4: BTreeSet<Ipv4Addr>,
    v6: BTreeSet<Ipv6Addr>,
    macs: BTreeSet<[u8; 6]>,
    payloads: Vec<Vec<u8>>,
    labels: Vec<Vec<u8>>,
    asns: BTreeSet<u32>,
    tcp_seqs: BTreeSet<u32>,
    ssids: BTreeSet<Vec<u8>>,
}

impl Told {
    fn of(bytes: &[u8]) -> Told {
        let mut told = Told::default();
        flows(bytes, |far| {
            let key = far.flow().key;
            told.addr(key.saddr);
            told.addr(key.daddr);
            if let Some(e) = far.icmp_error() {
                told.v4.extend([e.node, e.target, e.inner_src, e.inner_dst, e.gateway]);
            }
            match far.network() {
                Some(Network::Icmp(s)) => told.v4.extend([s.inner_src, s.inner_dst, s.gateway]),
                Some(Network::ArpAnswer(mac)) => told.addr(Addr::Mac(mac)),
                Some(Network::Tcp(t)) => {
                    told.tcp_seqs.extend([t.src.base, t.src.seq, t.src.ack, t.dst.base, t.dst.seq, t.dst.ack]);
                }
                _ => {}
            }
            told.v4.extend(far.arp().and_then(|a| a.target));
            if let Some(mac) = far.mac() {
                told.addr(Addr::Mac(mac.addr.src));
                told.addr(Addr::Mac(mac.addr.dst));
            }
            let p = far.payload();
            told.payloads.extend([p.src, p.dst].into_iter().flatten().map(|p| p.data.to_vec()));
            told.labels.extend(far.label_bytes().map(<[u8]>::to_vec));
            told.ssids.extend(far.ssid().map(<[u8]>::to_vec));
            if let Some(asns) = far.asns() {
                told.asns.extend([asns.asn.src, asns.asn.dst]);
            }
        });
        // What stands for no address, everybody or a protocol, and stays.
        told.v4.retain(|a| !a.is_unspecified() && *a != Ipv4Addr::BROADCAST);
        told.v6.retain(|a| !a.is_unspecified() && !a.is_loopback());
        told.macs.retain(|m| *m != [0; 6] && *m != [0xFF; 6] && !m.starts_with(&[1, 0x80, 0xC2, 0, 0]));
        told.tcp_seqs.retain(|n| *n > 0xFFFF);
        told.asns.remove(&0);
        told
    }

    fn addr(&mut self, addr: Addr) {
        match addr {
            Addr::V4(a) => drop(self.v4.insert(a)),
            Addr::V6(a) => drop(self.v6.insert(a)),
            Addr::Mac(a) => drop(self.macs.insert(a)),
            Addr::None => {}
        }
    }
}

fn holds(bytes: &[u8], part: &[u8]) -> bool {
    !part.is_empty() && bytes.windows(part.len()).any(|w| w == part)
}

#[test]
fn nothing_of_the_original_is_left_in_the_bytes() {
    let (mut v4, mut v6, mut macs, mut payloads, mut others) = (0, 0, 0, 0, 0);
    for name in SAMPLES {
        let (before, after) = both(name, &[]);
        let (old, new) = (Told::of(&before), Told::of(&after));
        for a in &old.v4 {
            // Addresses with a zero in them are found in counters of every file; they are looked for in the fields.
            let octets = a.octets();
            let reversed: Vec<u8> = octets.iter().rev().copied().collect();
            let is_plain = octets.iter().all(|o| *o != 0) && !a.is_multicast();
            assert!(!is_plain || !holds(&after, &octets) && !holds(&after, &reversed), "{name}: {a}");
            v4 += usize::from(is_plain);
        }
        // Groups of the local network are numbered within themselves, so that some keep their number.
        let kept: Vec<_> = old.v4.intersection(&new.v4).filter(|a| !a.octets().starts_with(&[224, 0, 0])).collect();
        assert!(kept.is_empty(), "{name}: {kept:?}");
        for a in &old.v6 {
            let octets = a.octets();
            assert!(!holds(&after, &octets), "{name}: {a}");
            let host = octets.get(8..).unwrap_or(&[]);
            assert!(host.starts_with(&[0; 4]) || !holds(&after, host), "{name}: {a}, second half");
            v6 += 1;
        }
        // Groups are numbered within their kind; the first ones may keep their number.
        for m in old.macs.iter().filter(|m| !matches!(m, [1, 0, 0x5E, 0, 0, _] | [0x33, 0x33, 0, 0, 0, _])) {
            let tail = m.get(3..).unwrap_or(&[]);
            assert!(!holds(&after, m) || m.starts_with(&[0, 0]), "{name}: {m:02x?}");
            assert!(!new.macs.contains(m), "{name}: {m:02x?}");
            assert!(tail.contains(&0) || m[0] & 1 == 1 || !holds(&after, tail), "{name}: {m:02x?}, host part");
            macs += 1;
        }
        for p in old.payloads.iter().chain(&old.labels) {
            for window in p.chunks(8).filter(|w| w.len() == 8 && w.iter().collect::<BTreeSet<_>>().len() > 3) {
                assert!(!holds(&after, window), "{name}: {:?}", text(window));
                payloads += 1;
            }
        }
        for n in &old.tcp_seqs {
            assert!(!holds(&after, &n.to_be_bytes()), "{name}: sequence number {n}");
            others += 1;
        }
        for ssid in old.ssids.iter().filter(|s| s.len() > 2) {
            assert!(!holds(&after, ssid), "{name}: {:?}", text(ssid));
            others += 1;
        }
        assert!(old.asns.is_disjoint(&new.asns), "{name}");
    }
    println!(
        "looked for {v4} IPv4, {v6} IPv6, {macs} Ethernet addresses, {payloads} pieces of payload, {others} others"
    );
    assert!(v4 > 100 && v6 > 20 && macs > 20 && payloads > 500 && others > 100);
}

#[test]
fn the_structure_of_addresses_and_ports_stays() {
    let mut pairs = 0;
    for name in SAMPLES {
        let (before, after) = both(name, &[]);
        let mut keys = Vec::new();
        flows(&before, |far| keys.push((*far.flow(), far.times().span, far.seq())));
        let (mut addrs, mut ports): (BTreeMap<Addr, Addr>, BTreeMap<u16, u16>) = Default::default();
        let mut index = 0;
        let mut moved = BTreeSet::new();
        let mut renumbered = BTreeSet::new();
        flows(&after, |far| {
            let (flow, span, seq) = keys[index];
            let old = flow.key;
            let new = far.flow().key;
            index += 1;
            for (from, to) in [(old.saddr, new.saddr), (old.daddr, new.daddr)] {
                assert_eq!(*addrs.entry(from).or_insert(to), to, "{name}: {from:?}");
            }
            assert_eq!(old.proto, new.proto, "{name}");
            if matches!(old.proto, 6 | 17) && !flow.fragment {
                for (from, to) in [(old.sport, new.sport), (old.dport, new.dport)] {
                    assert_eq!(*ports.entry(from).or_insert(to), to, "{name}: {from}");
                    assert_eq!(from == to, from < 1024 || from == 65_535, "{name}: port {from} became {to}");
                }
            }
            moved.insert(span.start.nanos() - far.times().span.start.nanos());
            assert_eq!(
                span.end.nanos() - span.start.nanos(),
                far.times().span.end.nanos() - far.times().span.start.nanos()
            );
            renumbered.insert(seq.zip(far.seq()).map(|(a, b)| a.wrapping_sub(b)));
        });
        assert_eq!(index, keys.len(), "{name}: records");
        // One offset of all times, and none of the records without a time.
        moved.remove(&0);
        assert_eq!((moved.len(), renumbered.len()), (1, 1), "{name}: {moved:?} {renumbered:?}");
        let distinct = |it: Vec<&Addr>| it.into_iter().collect::<BTreeSet<_>>().len();
        assert_eq!(distinct(addrs.keys().collect()), distinct(addrs.values().collect()), "{name}: distinct addresses");
        assert_eq!(ports.len(), ports.values().collect::<BTreeSet<_>>().len(), "{name}: distinct ports");
        let v4: Vec<_> = addrs
            .iter()
            .filter_map(|(a, b)| match (a, b) {
                (Addr::V4(a), Addr::V4(b)) => Some((u32::from(*a), u32::from(*b))),
                _ => None,
            })
            .collect();
        for (a, x) in &v4 {
            for (b, y) in &v4 {
                assert_eq!(a >> 8 == b >> 8, x >> 8 == y >> 8, "{name}: networks of {a:#x} and {b:#x}");
                pairs += usize::from(a != b && a >> 8 == b >> 8);
            }
            let class = |n: u32| (n >> 24 >= 128) as u32 + (n >> 24 >= 192) as u32 + (n >> 28 == 14) as u32;
            let new_class = |n: u32| match n >> 24 {
                0..100 => 0,
                100..197 => 1,
                197..224 => 2,
                _ => 3,
            };
            assert_eq!(class(*a), new_class(*x), "{name}: class of {a:#x}");
        }
    }
    assert!(pairs > 20, "{pairs} pairs of one network");
}

/// Fields that say nothing about who it was.
const UNTOUCHED: &[&str] = &[
    "dur",
    "flgs",
    "proto",
    "dir",
    "spkts",
    "dpkts",
    "sbytes",
    "dbytes",
    "sappbytes",
    "dappbytes",
    "state",
    "svlan",
    "dvlan",
    "smpls",
    "dmpls",
    "sttl",
    "dttl",
    "stos",
    "dtos",
    "tcprtt",
    "synack",
    "ackdat",
    "swin",
    "dwin",
    "loss",
    "sjit",
    "djit",
    "sintpkt",
    "dintpkt",
    "smaxsz",
    "dminsz",
    "trans",
    "senc",
    "denc",
    "tcpopt",
    "sload",
    "srate",
];

#[test]
fn all_else_prints_as_before_here_and_with_the_classic_client() {
    let folder = std::env::temp_dir().join(format!("argus-globe-ranonymize-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let has_classic = Command::new("ra").arg("-h").output().is_ok();
    if !has_classic {
        println!("skipped: no classic ra");
    }
    for name in SAMPLES {
        let (before, after) = both(name, &[]);
        let (old, new) = (folder.join(format!("{name}.old")), folder.join(format!("{name}.new")));
        std::fs::write(&old, &before).expect("a file");
        std::fs::write(&new, &after).expect("a file");
        let args = |path: &Path| {
            let mut args: Vec<String> = ["-n", "-L-1", "-c", ",", "-r"].map(String::from).into();
            args.push(path.to_str().expect("plain").to_owned());
            args.push("-s".into());
            args.extend(UNTOUCHED.iter().map(|f| (*f).to_owned()));
            args
        };
        let ours = |path: &Path| {
            let args = args(path);
            run(&[&["ra", "-X"][..], &args.iter().map(String::as_str).collect::<Vec<_>>()].concat())
        };
        assert_eq!(text(&ours(&old).stdout), text(&ours(&new).stdout), "{name}");
        if has_classic {
            let theirs = |path: &Path| Command::new("ra").arg("-X").args(args(path)).output().expect("ra");
            let (a, b) = (theirs(&old), theirs(&new));
            assert_eq!(text(&a.stdout), text(&b.stdout), "{name}: classic ra");
            assert_eq!((b.status.code(), text(&b.stderr)), (a.status.code(), text(&a.stderr)), "{name}: classic ra");
        }
        for mode in [&[][..], &["-M", "proto"]] {
            let count = |path: &Path| {
                let args = [&["racount", "-r", path.to_str().expect("plain")], mode].concat();
                text(&run(&args).stdout)
            };
            assert_eq!(count(&old), count(&new), "{name}");
        }
    }
    let _ = std::fs::remove_dir_all(&folder);
}

#[test]
fn what_the_configuration_keeps_is_kept_and_a_table_is_written() {
    let folder = std::env::temp_dir().join(format!("argus-globe-ranonymize-conf-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let (conf, table) = (folder.join("an.conf"), folder.join("table.csv"));
    let lines = format!(
        "RANON_SEED=3\nRANON_PRESERVE_USER_DATA=yes\nRANON_PRESERVE_SRCID=yes\nRANON_TIME_SEC_OFFSET=fixed:1000\n\
         RANON_TIME_USEC_OFFSET=none\nRANON_SEQNUM_OFFSET=fixed:-5\nRANON_MAP_DUMPFILE={}\n",
        table.display()
    );
    std::fs::write(&conf, lines).expect("a file");
    let input = sample("web.full");
    let print = |file: &Path, fields: &[&str]| {
        let args =
            [&["ra", "-X", "-n", "-u", "-L-1", "-c", "|", "-r", file.to_str().expect("plain"), "-s"], fields].concat();
        text(&run(&args).stdout)
    };
    let out = folder.join("out.argus");
    let done = run(&[
        "ranonymize",
        "-f",
        conf.to_str().expect("plain"),
        "-r",
        input.to_str().expect("plain"),
        "-w",
        out.to_str().expect("plain"),
    ]);
    assert_eq!(done.status.code(), Some(0), "{}", text(&done.stderr));
    assert_eq!(print(&input, &["srcid", "suser:40", "duser:40"]), print(&out, &["srcid", "suser:40", "duser:40"]));
    for (old, new) in print(&input, &["stime", "seq"]).lines().zip(print(&out, &["stime", "seq"]).lines()) {
        let cells = |line: &str| {
            let (time, seq) = line.split_once('|').expect("two cells");
            let (secs, micros) = time.split_once('.').expect("a time");
            (secs.parse::<i64>().expect("seconds"), micros.to_owned(), seq.trim().parse::<i64>().expect("a number"))
        };
        let ((s, m, n), (t, k, o)) = (cells(old), cells(new));
        assert_eq!((s - 1000, m, n + 5), (t, k, o));
    }
    let table = std::fs::read_to_string(&table).expect("the table");
    assert!(table.starts_with("kind,original,replacement\nipv4,"), "{table}");
    assert!(table.lines().count() > 20 && table.contains("\nmac,"), "{table}");
    let _ = std::fs::remove_dir_all(&folder);
}

#[test]
fn the_configuration_that_the_classic_tool_comes_with_is_taken() {
    let conf = "/usr/share/doc/argus-client/examples/Config/ranonymize.conf";
    if !Path::new(conf).exists() {
        println!("skipped: no classic configuration");
        return;
    }
    let input = sample("web.full");
    let out = run(&["ranonymize", "-f", conf, "-n", "-r", input.to_str().expect("plain")]);
    assert_eq!((out.status.code(), text(&out.stderr)), (Some(0), String::new()));
    assert!(text(&out.stdout).lines().count() > 30);
}

#[test]
fn a_snapshot_shows_replacements_and_the_real_places() {
    let input = sample("web.full");
    let snapshot = |options: &[&str]| {
        let args = [&["snapshot", "--window", "1d", "-r", input.to_str().expect("plain")], options].concat();
        let out = run(&args);
        assert_eq!((out.status.code(), text(&out.stderr)), (Some(0), String::new()), "{options:?}");
        out.stdout
    };
    let real: serde_json::Value = serde_json::from_slice(&snapshot(&[])).expect("JSON");
    let bytes = snapshot(&["--anonymize", "5"]);
    let shown: serde_json::Value = serde_json::from_slice(&bytes).expect("JSON");
    assert_eq!(real["totals"], shown["totals"]);
    let addresses = real["addresses"].as_array().expect("addresses");
    assert!(addresses.len() > 15);
    for address in addresses {
        let addr = address["addr"].as_str().expect("text");
        let stays = addr.starts_with("224.0.0.");
        assert!(stays || !text(&bytes).contains(&format!("\"{addr}\"")), "{addr}");
    }
    assert_eq!(snapshot(&["--anonymize", "5"]), bytes);
    assert_ne!(snapshot(&["--anonymize", "6"]), bytes);
    let out = run(&["snapshot", "-r", input.to_str().expect("plain"), "--anonymize", "/no/such.conf"]);
    assert_eq!(out.status.code(), Some(1));
    assert!(text(&out.stderr).contains("/no/such.conf"), "{}", text(&out.stderr));
}
