//! `argus-globe ra`: every value against what the classic `ra` printed, the golden command lines, one sentence for
//! every mistake.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The fields of the `.csv` beside each sample, in order; the label comes last because it may hold commas.
const FIELDS: &str = "stime ltime dur flgs proto saddr sport dir daddr dport spkts dpkts sbytes dbytes sappbytes \
    dappbytes state smac dmac svlan dvlan smpls dmpls sttl dttl stos dtos sipid dipid stcpb dtcpb tcprtt synack ackdat \
    swin dwin loss sloss dloss sjit djit sintpkt dintpkt smaxsz sminsz dmaxsz dminsz sco dco sas das seq srcid trans \
    inode icmpid senc denc tcpopt label";

fn data() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/argus")
}

fn ra(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_argus-globe"))
        .arg("ra")
        .args(args)
        .env("TZ", "UTC")
        .stdin(std::process::Stdio::null())
        .output()
        .expect("the program starts")
}

fn sample(name: &str) -> String {
    data().join(name).to_str().expect("a plain path").to_owned()
}

/// Text that may be Latin-1.
fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap_or_else(|_| bytes.iter().map(|b| char::from(*b)).collect())
}

/// Rows of cells. IS-IS rows of the classic client have one empty cell too many behind `dport`.
fn rows(csv: &str) -> Vec<Vec<String>> {
    let fields = FIELDS.split_whitespace().count();
    csv.lines()
        .skip(1)
        .map(|line| {
            let is_isis = line.split(',').nth(4) == Some("isis");
            let mut cells: Vec<String> = line.splitn(fields + usize::from(is_isis), ',').map(String::from).collect();
            if is_isis && cells.get(10).is_some_and(String::is_empty) {
                cells.remove(10);
            }
            cells
        })
        .collect()
}

/// Counts of equal and of all values, and the differences by field.
#[derive(Default)]
struct Comparison {
    equal: usize,
    all: usize,
    differing: BTreeMap<String, (usize, String)>,
}

impl Comparison {
    fn add(&mut self, name: &str, golden: &[Vec<String>], ours: &[Vec<String>]) {
        assert_eq!(golden.len(), ours.len(), "{name}: number of records");
        for (n, (g, o)) in golden.iter().zip(ours).enumerate() {
            for (i, field) in FIELDS.split_whitespace().enumerate() {
                let (g, o) = (g.get(i).map_or("", String::as_str), o.get(i).map_or("", String::as_str));
                self.all += 1;
                // Blanks at the ends only fill columns; the releases fill them differently.
                if g.trim() == o.trim() {
                    self.equal += 1;
                } else {
                    let entry = self.differing.entry(field.into()).or_default();
                    entry.0 += 1;
                    if entry.1.is_empty() {
                        entry.1 = format!("{name} row {}: golden {g:?}, ours {o:?}", n + 1);
                    }
                }
            }
        }
    }

    fn share(&self) -> f64 {
        100.0 * self.equal as f64 / self.all.max(1) as f64
    }

    fn report(&self, what: &str) {
        println!("{what}: {} of {} values equal, {:.3} %", self.equal, self.all, self.share());
        for (field, (count, first)) in &self.differing {
            println!("  {field}: {count}, first {first}");
        }
    }
}

/// Compares every sample of a folder; `version` 5 files were printed by the later release.
fn compare_folder(folder: &Path, version_5: bool) -> Comparison {
    let mut all = Comparison::default();
    let mut names: Vec<PathBuf> = std::fs::read_dir(folder)
        .expect("the folder")
        .map(|e| e.expect("an entry").path())
        .filter(|p| p.extension().is_some_and(|e| e == "argus") && p.with_extension("csv").exists())
        .collect();
    names.sort();
    for path in names {
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        if name.contains(".v5.") != version_5 {
            continue;
        }
        let golden = text(&std::fs::read(path.with_extension("csv")).expect("golden"));
        let mut args = vec!["-X", "-L0", "-n", "-u", "-c", ",", "-s"];
        args.extend(FIELDS.split_whitespace());
        args.extend(["-r", path.to_str().expect("a plain path")]);
        let out = ra(&args);
        all.add(&name, &rows(&golden), &rows(&text(&out.stdout)));
    }
    all
}

#[test]
fn samples_of_version_3_print_as_the_classic_client_prints_them() {
    let all = compare_folder(&data(), false);
    all.report("samples, version 3");
    assert!(all.all > 30_000 && all.share() >= 99.9, "{:.3} %", all.share());
}

#[test]
fn samples_of_version_5_print_nearly_as_the_later_release_prints_them() {
    let all = compare_folder(&data(), true);
    all.report("samples, version 5");
    assert!(all.all > 5_000 && all.share() >= 98.0, "{:.3} %", all.share());
}

#[test]
fn every_input_of_the_shared_folder_prints_as_the_classic_client_prints_it() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/samples/argus");
    if !folder.exists() {
        println!("skipped: ../shared not found");
        return;
    }
    let all = compare_folder(&folder, false);
    all.report("../shared, version 3");
    assert!(all.share() >= 99.9, "{:.3} %", all.share());
}

#[test]
fn compressed_files_print_as_plain_ones() {
    let args = |name: &str| ra(&["-X", "-n", "-r", &sample(name)]).stdout;
    let plain = args("web.argus");
    assert!(plain.len() > 1000);
    for name in ["web.argus.gz", "web.argus.bz2", "web.argus.xz"] {
        assert_eq!(text(&args(name)), text(&plain), "{name}");
    }
}

/// Golden command lines whose output is meant to differ, and why.
const DIFFERENT: &[(&str, &str)] =
    &[("filter_table", "intpkt compares the printed field"), ("ra_truncated", "damaged input ends with status 3")];

#[cfg(unix)]
#[test]
fn golden_command_lines_print_byte_for_byte() {
    let shared = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/samples/clients");
    if !shared.exists() {
        println!("skipped: ../shared not found");
        return;
    }
    let bench = Bench::new();
    let (mut equal, mut others) = (0, Vec::new());
    let mut cases: Vec<PathBuf> =
        std::fs::read_dir(&shared).expect("cases").map(|e| e.expect("a case").path()).collect();
    cases.sort();
    for case in cases.iter().filter(|c| is_for_ra(c)) {
        let name = case.file_name().expect("a name").to_string_lossy().into_owned();
        let is_equal = bench.run(case);
        equal += usize::from(is_equal);
        if !is_equal && !DIFFERENT.iter().any(|(n, _)| *n == name) {
            others.push(name);
        }
    }
    println!("{equal} golden command lines equal; different on purpose: {DIFFERENT:?}");
    assert!(others.is_empty() && equal >= 60, "{equal} equal, different: {others:?}");
}

/// Cases that run nothing but `ra` on argus input.
#[cfg(unix)]
fn is_for_ra(case: &Path) -> bool {
    const OTHERS: [&str; 12] = [
        "racluster",
        "rabins",
        "rasort",
        "rahisto",
        "rasplit",
        "ralabel",
        "ranonymize",
        "racount",
        "rasql",
        "ft:",
        "cisco:",
        "rastrip",
    ];
    std::fs::read_to_string(case.join("cmd")).is_ok_and(|cmd| !OTHERS.iter().any(|o| cmd.contains(o)))
}

/// A folder with a program called `ra` and a working copy of the case at hand.
#[cfg(unix)]
struct Bench(PathBuf);

#[cfg(unix)]
impl Bench {
    fn new() -> Bench {
        let dir = std::env::temp_dir().join(format!("argus-globe-ra-{}", std::process::id()));
        std::fs::create_dir_all(dir.join("bin")).expect("a folder");
        std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_argus-globe"), dir.join("bin/ra")).expect("a link");
        Bench(dir)
    }

    /// Whether the case prints what it should and ends with the status it should, trailing blanks aside.
    fn run(&self, case: &Path) -> bool {
        let work = self.0.join("case");
        let _ = std::fs::remove_dir_all(&work);
        std::fs::create_dir(&work).expect("a folder");
        for entry in std::fs::read_dir(case).expect("the case") {
            let from = entry.expect("a file").path();
            std::fs::write(work.join(from.file_name().expect("a name")), std::fs::read(&from).expect("bytes"))
                .expect("a copy");
        }
        let path = format!("{}:{}", self.0.join("bin").display(), std::env::var("PATH").unwrap_or_default());
        let out = Command::new("bash")
            .arg("./cmd")
            .current_dir(&work)
            .env("PATH", path)
            .env("TZ", "UTC")
            .env("LC_ALL", "C")
            .env("HOME", "/nonexistent")
            .output()
            .expect("bash starts");
        let trimmed = |t: String| t.lines().map(|l| l.trim_end().to_owned()).collect::<Vec<_>>();
        let expected = text(&std::fs::read(case.join("expected")).expect("golden"));
        let status = std::fs::read_to_string(case.join("rc")).map_or(0, |t| t.trim().parse().expect("a status"));
        trimmed(text(&out.stdout)) == trimmed(expected) && out.status.code() == Some(status)
    }
}

#[cfg(unix)]
impl Drop for Bench {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[test]
fn every_mistake_has_its_sentence_and_its_status() {
    let web = sample("web.argus");
    let truncated = sample("web.truncated.argus");
    let notes = sample("README.md");
    for (args, status, sentence) in [
        (vec!["-r", "/no/such/file"], 2, "\"/no/such/file\": No such file or directory"),
        (vec!["-r", &notes], 1, "README.md"),
        (vec!["-r", &truncated], 3, "damaged at byte"),
        (vec!["-r", &web, "-", "esp"], 1, ""),
        (vec!["-r", &web, "-", "prot", "53"], 1, "(did you mean 'port'?)"),
        (vec!["-r", &web, "-s", "sadr"], 1, "unknown field 'sadr' (did you mean 'saddr'?)"),
        (vec!["-r", &web, "-s", "saddr:0"], 1, "the width must be a number"),
        (vec!["-r", &web, "-t", "yesterday"], 1, "time syntax error \"yesterday\""),
        (vec!["-r", &web, "-t", "12:00-11:00"], 1, "invalid time range"),
        (vec!["-r", &web, "-N", "x"], 2, "-N \"x\": expected a number"),
        (vec!["-r", &web, "-M", "nosuch"], 2, "mode 'nosuch' is not supported"),
        (vec!["-r", &web, "-F", "/no/such/conf"], 1, "-F /no/such/conf: No such file"),
        (vec!["-r", &web, "-c", "ab"], 2, "the delimiter must be one character"),
        (vec!["-r", &web, "-Q"], 2, "unexpected argument '-Q'"),
        (vec!["-r", &web, "-w", "/no/such/dir/x"], 1, "/no/such/dir/x"),
    ] {
        let out = ra(&args);
        let message = text(&out.stderr);
        assert_eq!(out.status.code(), Some(status), "{args:?}: {message}");
        assert!(message.contains(sentence), "{args:?}: {message}");
        assert!(sentence.is_empty() == message.is_empty(), "{args:?}: {message}");
    }
}

#[test]
fn everything_before_the_damage_and_beside_a_missing_file_is_printed() {
    let rows = |args: &[&str]| text(&ra(args).stdout).lines().count();
    assert_eq!(rows(&["-X", "-L-1", "-r", &sample("web.truncated.argus")]), 41);
    assert_eq!(rows(&["-X", "-L-1", "-r", "/no/such/file", &sample("web.argus")]), 42);
}

#[test]
fn a_filter_error_points_at_the_word() {
    let out = ra(&["-r", &sample("web.argus"), "-", "tcp and prot 80"]);
    assert!(text(&out.stderr).contains("\n  tcp and prot 80\n          ^^^^\n"), "{}", text(&out.stderr));
}

#[test]
fn json_lines_are_objects_with_numbers() {
    for name in ["web.full.argus", "web.full.v5.argus", "crafted.full.argus", "icmp-tunnels.full.argus"] {
        let out = ra(&["-u", "-n", "-M", "json", "-s", "all", "-r", &sample(name)]);
        let lines = text(&out.stdout);
        assert!(lines.lines().count() > 10, "{name}");
        for line in lines.lines() {
            let value: serde_json::Value = serde_json::from_str(line).unwrap_or_else(|e| panic!("{name}: {e}: {line}"));
            assert!(value["stime"].is_number() && value["spkts"].is_number() && value["saddr"].is_string(), "{line}");
        }
    }
}

#[test]
fn records_written_and_read_again_print_the_same() {
    let dir = std::env::temp_dir().join(format!("argus-globe-ra-copy-{}", std::process::id()));
    std::fs::create_dir_all(&dir).expect("a folder");
    let copy = dir.join("copy.argus");
    let copy = copy.to_str().expect("a plain path");
    for name in ["web.full.argus", "crafted.full.argus", "geo.ralabel.argus"] {
        let _ = std::fs::remove_file(copy);
        assert_eq!(ra(&["-r", &sample(name), "-w", copy]).status.code(), Some(0));
        let listing = |path: &str| text(&ra(&["-n", "-c", ",", "-s", FIELDS, "-r", path]).stdout);
        assert_eq!(listing(copy), listing(&sample(name)), "{name}");
    }
    let _ = std::fs::remove_dir_all(&dir);
}
