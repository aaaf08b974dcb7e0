//! `argus-globe snapshot --level`: the same traffic by network, system, city, country.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

fn snapshot(args: &[&str]) -> Output {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/argus/web.argus");
    let mut command = Command::new(env!("CARGO_BIN_EXE_argus-globe"));
    command.args(["snapshot", "--window", "1h", "--home", "37.4,-122.1", "-r"]).arg(file).args(args);
    command.output().expect("the program starts")
}

fn json(args: &[&str]) -> Value {
    let out = snapshot(args);
    assert!(out.status.success(), "{args:?}: {}", String::from_utf8_lossy(&out.stderr));
    serde_json::from_slice(&out.stdout).expect("JSON")
}

fn sum(picture: &Value, list: &str, ways: &[&str], what: &str) -> u64 {
    let rows = picture[list].as_array().expect("a list");
    let count = |row: &Value, way: &&str| row[way][what].as_u64().expect("a count");
    rows.iter().flat_map(|row| ways.iter().map(move |way| count(row, way))).sum()
}

#[test]
fn sums_are_the_same_at_every_level() {
    let addresses = json(&[]);
    assert!(addresses["hosts"].as_array().expect("hosts").len() > 3);
    for level in ["network", "as", "city", "country"] {
        let merged = json(&["--level", level]);
        assert_eq!(merged["level"], level);
        assert_eq!((&merged["totals"], &merged["addresses"]), (&addresses["totals"], &addresses["addresses"]));
        for what in ["pkts", "bytes", "appbytes"] {
            for (list, ways) in [("hosts", ["sent", "received"]), ("paths", ["ab", "ba"]), ("flows", ["src", "dst"])] {
                let (ours, all) = (sum(&merged, list, &ways, what), sum(&addresses, list, &ways, what));
                assert_eq!(ours, all, "{level} {list} {what}");
            }
        }
        let members: u64 =
            merged["hosts"].as_array().expect("hosts").iter().filter_map(|h| h["members"].as_u64()).sum();
        assert_eq!(Some(members), addresses["hosts"].as_array().map(|h| h.len() as u64));
        assert!(
            merged["hosts"].as_array().expect("hosts").iter().all(|h| h["addr"].is_null() && h["name"].is_string())
        );
    }
}

#[test]
fn a_mask_makes_wider_networks() {
    let names = |mask: &str| -> Vec<String> {
        let picture = json(&["--level", "network", "--mask", mask]);
        let hosts = picture["hosts"].as_array().expect("hosts").clone();
        hosts.iter().filter_map(|h| h["name"].as_str().map(str::to_owned)).collect()
    };
    assert!(names("24").iter().all(|n| n.ends_with("/24") || n.ends_with("/48")));
    assert_eq!(names("0,0").iter().filter(|n| *n == "0.0.0.0/0").count(), 1);
    assert!(names("8").len() <= names("24").len());
}

#[test]
fn text_names_the_groups_and_wrong_words_are_refused() {
    let text = snapshot(&["--level", "country", "--format", "text"]);
    let text = String::from_utf8_lossy(&text.stdout).into_owned();
    assert!(text.contains("by country") && text.contains("United States"), "{text}");
    for (words, part) in [(["--level", "planet"], "address, network, as, city, country"), (["--mask", "40"], "0 to 32")]
    {
        let out = snapshot(&words);
        assert_eq!(out.status.code(), Some(2), "{words:?}");
        assert!(String::from_utf8_lossy(&out.stderr).contains(part), "{}", String::from_utf8_lossy(&out.stderr));
    }
}

#[test]
fn every_format_holds_the_same_bytes() {
    let text = |format: &str| {
        let out = snapshot(&["--level", "as", "--format", format]);
        assert!(out.status.success(), "{format}");
        String::from_utf8(out.stdout).expect("UTF-8")
    };
    let all = json(&["--level", "as"]);
    let sent = sum(&all, "hosts", &["sent"], "bytes");
    let geo: Value = serde_json::from_str(&text("geojson")).expect("JSON");
    let features = geo["features"].as_array().expect("features");
    assert_eq!(features.iter().filter_map(|f| f["properties"]["sent_bytes"].as_u64()).sum::<u64>(), sent);
    let table = text("csv");
    let pins = table.lines().filter(|l| l.starts_with("pin,")).count();
    assert_eq!(Some(pins), all["hosts"].as_array().map(Vec::len));
    assert_eq!(text("kml").matches("<Point>").count(), pins);
}
