//! `argus-globe snapshot`: sums against the classic `racluster`, limits, and one sentence for every mistake.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/argus").join(name)
}

fn snapshot(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_argus-globe")).arg("snapshot").args(args).output().expect("the program starts")
}

fn json(args: &[&str]) -> Value {
    let out = snapshot(args);
    assert!(out.status.success(), "{args:?}: {}", String::from_utf8_lossy(&out.stderr));
    serde_json::from_slice(&out.stdout).expect("JSON")
}

/// All addresses with what they sent and received: packets, bytes.
type Sums = BTreeMap<IpAddr, [u64; 4]>;

fn ours(path: &Path) -> Sums {
    let picture = json(&["-r", path.to_str().expect("a plain path"), "--window", "73200d"]);
    let mut sums = Sums::new();
    for a in picture["addresses"].as_array().expect("addresses") {
        let addr = a["addr"].as_str().expect("text").parse().expect("an address");
        let count = |way: &str, what: &str| a[way][what].as_u64().expect("a count");
        let row =
            [count("sent", "pkts"), count("sent", "bytes"), count("received", "pkts"), count("received", "bytes")];
        sums.insert(addr, row);
    }
    sums
}

/// The same by the classic tool: what an address sent is what sources with that address and destinations with that
/// address sent.
fn theirs(path: &Path) -> Option<Sums> {
    let mut sums = Sums::new();
    for (key, sent) in [("saddr", [0, 1, 2, 3]), ("daddr", [2, 3, 0, 1])] {
        let out = Command::new("racluster")
            .args(["-X", "-n", "-m", key, "-c", ",", "-s", key, "spkts", "sbytes", "dpkts", "dbytes", "-r"])
            .arg(path)
            .output()
            .ok()?;
        for line in String::from_utf8_lossy(&out.stdout).lines() {
            let mut words = line.split(',').map(str::trim);
            let Some(addr) = words.next().and_then(|a| a.parse::<IpAddr>().ok()) else { continue };
            let values: Vec<u64> = words.filter_map(|w| w.parse().ok()).collect();
            assert_eq!(values.len(), 4, "{line}");
            let row = sums.entry(addr).or_default();
            for (value, at) in values.iter().zip(sent) {
                row[at] += value;
            }
        }
    }
    Some(sums)
}

fn argus_files() -> Vec<PathBuf> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    for (dir, needed) in
        [("tests/data/argus", true), ("../shared/samples/argus", false), ("../shared/corpus/golden", false)]
    {
        let Ok(entries) = std::fs::read_dir(here.join(dir)) else {
            assert!(!needed, "{dir} is missing");
            println!("skipped: {dir} not found");
            continue;
        };
        files.extend(
            entries.filter_map(|e| e.ok().map(|e| e.path())).filter(|p| p.extension().is_some_and(|x| x == "argus")),
        );
    }
    files.sort();
    files
}

#[test]
fn sums_of_all_addresses_equal_those_of_the_classic_tool() {
    if Command::new("racluster").arg("-h").output().is_err() {
        println!("skipped: racluster not found");
        return;
    }
    let mut compared = 0;
    for path in argus_files() {
        let name = path.file_name().and_then(|n| n.to_str()).unwrap_or_default().to_owned();
        // The installed tools read version 3 only, and a cut file is an error with us.
        if name.contains(".v5.") || name.contains("truncated") {
            continue;
        }
        let Some(theirs) = theirs(&path) else { continue };
        assert_eq!(ours(&path), theirs, "{}", path.display());
        compared += theirs.len();
    }
    assert!(compared > 50, "{compared}");
}

#[test]
fn a_moment_can_be_named_in_several_ways() {
    let web = data("web.argus");
    let web = web.to_str().expect("a plain path");
    let at = |at: &str| json(&["-r", web, "--window", "2s", "--at", at]);
    let end = json(&["-r", web, "--window", "2s"]);
    assert_eq!(at("end"), end);
    let span = (end["span"]["start"].as_str().expect("text"), end["span"]["end"].as_str().expect("text"));
    assert_eq!(end["now"], span.1);
    assert_eq!(at(span.1), end);
    assert_eq!(at("start")["now"], span.0);
    assert_eq!(at("+3s"), at("1300475170.096535"));
    assert_ne!(at("+3s")["totals"], end["totals"]);
}

#[test]
fn home_and_own_map_place_private_addresses() {
    let dir = std::env::temp_dir().join(format!("argus-globe-snapshot-{}", std::process::id()));
    std::fs::create_dir_all(&dir).expect("a folder");
    let map = dir.join("places.csv");
    std::fs::write(&map, "192.0.2.0/24,1,2,Lab,DE\nnonsense\n10.0.0.0/40,1,2,x\n").expect("written");
    let (crafted, map) = (data("crafted.full.argus"), map.to_str().expect("a plain path").to_owned());
    let args = [
        "-r",
        crafted.to_str().expect("a plain path"),
        "--window",
        "73200d",
        "--home",
        "-33.9,151.2",
        "--places",
        &map,
    ];
    let picture = json(&args);
    let origin = |addr: &str| {
        let hosts = picture["hosts"].as_array().expect("hosts");
        hosts.iter().find(|h| h["addr"] == addr).map(|h| (h["origin"].clone(), h["lat"].clone()))
    };
    assert_eq!(origin("192.0.2.10"), Some(("own map".into(), 1.0.into())));
    assert_eq!(origin("10.0.0.1"), Some(("home".into(), (-33.9).into())));
    let warnings = picture["warnings"].to_string();
    assert!(warnings.contains("line 2: expected network,lat,lon,name[,country]") && warnings.contains("line 3:"));
    let why = picture["unplaced"].as_array().expect("rows").iter().find(|u| u["addr"] == "198.51.100.20");
    assert_eq!(why.expect("listed")["why"], "documentation address");
    std::fs::remove_dir_all(&dir).expect("removed");
}

#[test]
fn every_mistake_is_one_clear_sentence() {
    let web = data("web.argus");
    let web = web.to_str().expect("a plain path");
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    let cut = std::env::temp_dir().join(format!("argus-globe-cut-{}.mmdb", std::process::id()));
    let whole = std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/geo/geo-asn.mmdb")).expect("bundled");
    std::fs::write(&cut, &whole[..whole.len() / 2]).expect("written");
    let cut_name = cut.to_str().expect("a plain path").to_owned();
    for (args, status, said) in [
        (&["-r", "/nowhere/x.argus"][..], 1, "/nowhere/x.argus"),
        (&["-r", manifest], 1, "Cargo.toml"),
        (&["-r", web, "--geo", manifest], 1, "not a usable MaxMind database"),
        (&["-r", web, "--geo", &cut_name], 1, "not a usable MaxMind database"),
        (&["-r", web, "--geo", "/nowhere/x.mmdb"], 1, "cannot read \"/nowhere/x.mmdb\""),
        (&["-r", web, "--places", "/nowhere/x.csv"], 1, "cannot read \"/nowhere/x.csv\""),
        (&["-S", "127.0.0.1:1"], 1, "without an end"),
        (&["-r", web, "-", "tcp and"], 1, "tcp and"),
        (&[], 2, "no source given"),
        (&["-r", web, "--at", "noon"], 2, "is no time"),
        (&["-r", web, "--window", "0"], 2, "length of time"),
        (&["-r", web, "--home", "100,0"], 2, "latitude"),
    ] {
        let out = snapshot(args);
        let text = String::from_utf8_lossy(&out.stderr);
        assert_eq!(out.status.code(), Some(status), "{args:?}: {text}");
        assert!(text.contains(said) && !text.contains("panicked"), "{args:?}: {text}");
        assert!(out.stdout.is_empty(), "{args:?}");
        if status == 1 && !args.contains(&"-") {
            assert_eq!(text.trim_end().lines().count(), 1, "{text}");
        }
    }
    std::fs::remove_file(&cut).expect("removed");
}

#[test]
fn a_cut_file_is_shown_as_far_as_it_goes_and_ends_with_3() {
    let cut = data("web.truncated.argus");
    let out = snapshot(&["-r", cut.to_str().expect("a plain path"), "--window", "1h"]);
    assert_eq!(out.status.code(), Some(3), "{}", String::from_utf8_lossy(&out.stderr));
    let picture: Value = serde_json::from_slice(&out.stdout).expect("JSON");
    assert_eq!(picture["totals"]["records"], 41);
    assert!(String::from_utf8_lossy(&out.stderr).contains("web.truncated.argus"));
}

#[test]
fn several_files_are_one_recording() {
    let (web, http) = (data("web.argus"), data("http.argus"));
    let (web, http) = (web.to_str().expect("a plain path"), http.to_str().expect("a plain path"));
    let both = json(&["-r", web, http, "--window", "73200d"]);
    assert_eq!((&both["accepted"], &both["totals"]["records"]), (&43.into(), &43.into()));
    let text = snapshot(&["-r", web, "--format", "text"]);
    assert!(text.status.success() && String::from_utf8_lossy(&text.stdout).contains("42 records"));
}

#[test]
fn a_full_table_counts_what_it_turned_away_and_says_so() {
    let web = data("web.argus");
    let web = web.to_str().expect("a plain path");
    let full = |option: &str| {
        let picture = json(&["-r", web, "--window", "1h", option, "5"]);
        let text = snapshot(&["-r", web, "--window", "1h", "--format", "text", option, "5"]);
        assert!(String::from_utf8_lossy(&text.stdout).contains("turned away by full tables"), "{option}");
        picture["totals"].clone()
    };
    let (hosts, paths, flows) = (full("--max-hosts"), full("--max-paths"), full("--max-flows"));
    assert!(hosts["hosts"] == 5 && hosts["refused_hosts"].as_u64() > Some(0), "{hosts}");
    assert!(paths["paths"] == 5 && paths["refused_paths"].as_u64() > Some(0), "{paths}");
    assert!(flows["flows"] == 5 && flows["refused_flows"].as_u64() > Some(0), "{flows}");
    for t in [&hosts, &paths, &flows] {
        assert_eq!(t["records"], 42);
    }
    let none = json(&["-r", web, "--window", "1h", "--at", "+1s", "--history", "0"]);
    assert_eq!((&none["history_records"], &none["history_refused"]), (&0.into(), &42.into()));
}

#[test]
fn the_filter_behind_the_dash_selects_records() {
    let web = data("web.argus");
    let picture = json(&["-r", web.to_str().expect("a plain path"), "--window", "1h", "-", "udp", "and", "port", "53"]);
    let flows = picture["flows"].as_array().expect("flows");
    assert!(!flows.is_empty() && flows.iter().all(|f| f["proto"] == "udp" && f["dport"] == 53));
    assert_eq!(picture["accepted"].as_u64().expect("a count") + picture["rejected"].as_u64().expect("a count"), 42);
}
