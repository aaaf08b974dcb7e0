//! The tools over flow records: golden command lines, what the classic tools read, one sentence for every mistake.
#![cfg(unix)]

use super::folder::{Folder, sample};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// Subcommands that are called by the name of a classic program.
const TOOLS: &[&str] = &[
    "ra",
    "racluster",
    "rasort",
    "racount",
    "rahisto",
    "rastrip",
    "rabins",
    "rasplit",
    "rastream",
    "raconvert",
    "ranonymize",
    "ralabel",
];

/// Classic programs that there are none of here yet.
const OTHERS: &[&str] = &["rasql"];

fn run(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_argus-globe"))
        .args(args)
        .env("TZ", "UTC")
        .stdin(std::process::Stdio::null())
        .output()
        .expect("the program starts")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap_or_else(|_| bytes.iter().map(|b| char::from(*b)).collect())
}

/// Links to the program by the names of the classic ones, and a working copy of the case at hand.
struct Bench(Folder);

impl Bench {
    fn new(name: &str) -> Bench {
        let folder = Folder::new(name);
        std::fs::create_dir_all(folder.0.join("bin")).expect("a folder");
        for tool in TOOLS {
            std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_argus-globe"), folder.0.join("bin").join(tool))
                .expect("a link");
        }
        Bench(folder)
    }

    /// Whether the case prints what it should and ends with the status it should, blanks at the ends of lines aside.
    fn run(&self, case: &Path) -> bool {
        let work = self.0.0.join("case");
        let _ = std::fs::remove_dir_all(&work);
        std::fs::create_dir(&work).expect("a folder");
        for entry in std::fs::read_dir(case).expect("the case") {
            let from = entry.expect("a file").path();
            std::fs::write(work.join(from.file_name().expect("a name")), std::fs::read(&from).expect("bytes"))
                .expect("a copy");
        }
        let path = format!("{}:{}", self.0.path("bin"), std::env::var("PATH").unwrap_or_default());
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

/// Runs the cases of a folder that use a tool, and only ours; gives the names of those that are equal and that are not.
fn cases(folder: &Path, bench: &str, is_wanted: impl Fn(&Path) -> bool) -> (Vec<String>, Vec<String>) {
    let bench = Bench::new(bench);
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(folder).expect("cases").map(|e| e.expect("a case").path()).collect();
    paths.sort();
    let (mut equal, mut different) = (Vec::new(), Vec::new());
    for case in paths.iter().filter(|c| is_wanted(c)) {
        let name = case.file_name().expect("a name").to_string_lossy().into_owned();
        if bench.run(case) { equal.push(name) } else { different.push(name) }
    }
    (equal, different)
}

/// Whether a case runs a tool other than `ra`, and none that there is not.
fn is_ours(case: &Path) -> bool {
    let Ok(cmd) = std::fs::read_to_string(case.join("cmd")) else { return false };
    let words: Vec<&str> = cmd.split([' ', '|', ';', '(', '\n']).collect();
    words.iter().any(|w| *w != "ra" && TOOLS.contains(w)) && !words.iter().any(|w| OTHERS.contains(w))
}

#[test]
fn own_cases_print_byte_for_byte() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/clients");
    let (equal, different) = cases(&folder, "own", Path::is_dir);
    assert!(different.is_empty() && equal.len() >= 20, "equal {equal:?}, different {different:?}");
}

#[test]
fn golden_command_lines_of_the_shared_folder_print_byte_for_byte() {
    let shared = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/samples/clients");
    if !shared.exists() {
        println!("skipped: ../shared not found");
        return;
    }
    let (equal, different) = cases(&shared, "shared", is_ours);
    println!("{} golden command lines equal: {equal:?}; different: {different:?}", equal.len());
    assert!(different.is_empty() && equal.len() >= 45, "{} equal, different {different:?}", equal.len());
}

#[test]
fn the_distribution_of_a_table_is_that_of_its_rows() {
    let case = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/samples/clients/sql_etherHost");
    if !case.exists() {
        println!("skipped: ../shared not found");
        return;
    }
    // What the database would hand to the pipe lies beside the case as a file.
    let line = std::fs::read_to_string(case.join("cmd.rahisto")).expect("a command line");
    let (_, histogram) = line.split_once('|').expect("a pipe");
    let ours = env!("CARGO_BIN_EXE_argus-globe");
    let script = format!("'{ours}' ra -X -r rows.argus -w - | '{ours}' {}", histogram.trim());
    let mut bash = Command::new("bash");
    let out = bash.args(["-c", &script]).current_dir(&case).env("TZ", "UTC").output().expect("bash starts");
    let trimmed = |t: &str| t.lines().map(|l| l.trim_end().to_owned()).collect::<Vec<_>>();
    let expected = std::fs::read_to_string(case.join("expected.rahisto")).expect("golden");
    assert_eq!(trimmed(&text(&out.stdout)), trimmed(&expected));
}

/// Runs a program of the classic suite, if it is installed.
fn classic(program: &str, args: &[&str]) -> Option<Output> {
    Command::new(program).args(args).env("TZ", "UTC").stdin(std::process::Stdio::null()).output().ok()
}

#[test]
fn the_classic_client_reads_what_is_written() {
    let folder = Folder::new("classic");
    for (n, tool) in
        [vec!["racluster", "-m", "saddr"], vec!["racluster"], vec!["rasort", "-m", "bytes"]].iter().enumerate()
    {
        let file = folder.path(&format!("{n}.argus"));
        let mut args = tool.clone();
        let input = sample("web.full.argus");
        args.extend(["-r", &input, "-w", &file]);
        assert_eq!(run(&args).status.code(), Some(0), "{args:?}");
        let fields =
            ["-n", "-L-1", "-c", ",", "-r", &file, "-s", "stime", "saddr", "daddr", "trans", "spkts", "dbytes", "mean"];
        let ours = run(&[&["ra", "-X"][..], &fields].concat());
        assert!(ours.stdout.len() > 500, "{args:?}");
        let Some(theirs) = classic("ra", &[&["-X"][..], &fields].concat()) else {
            println!("skipped: no classic ra");
            return;
        };
        assert_eq!(text(&ours.stdout), text(&theirs.stdout), "{args:?}");
    }
}

#[test]
fn every_mistake_has_its_sentence_and_its_status() {
    let web = sample("web.argus");
    let folder = Folder::new("mistakes");
    let conf = folder.path("bad.conf");
    std::fs::write(&conf, "filter=\"tcp\" model=\"sadr\"\n").expect("a file");
    for (args, status, sentence) in [
        (vec!["racluster", "-r", &web, "-m", "sadr"], 1, "unknown key 'sadr' (did you mean 'saddr'?)"),
        (vec!["racluster", "-r", &web, "-m", "saddr/99x"], 1, "must be a prefix length"),
        (vec!["racluster", "-r", &web, "-f", "/no/such.conf"], 1, "/no/such.conf"),
        (vec!["racluster", "-r", &web, "-f", &conf], 1, "line 1: unknown key 'sadr'"),
        (vec!["racluster", "-r", &web, "-M", "nosuch"], 2, "mode 'nosuch' is not supported"),
        (vec!["racluster", "-r", &web, "-P", "bytes"], 2, "pipe the output into rasort"),
        (vec!["rasort", "-r", &web, "-m", "nosuch"], 1, "sort syntax error: 'nosuch' is not supported"),
        (vec!["rahisto", "-r", &web], 2, "-H FIELD BINS[L][:MIN-MAX] is needed"),
        (vec!["rahisto", "-r", &web, "-H", "durr", "10"], 2, "(did you mean 'dur'?)"),
        (vec!["rahisto", "-r", &web, "-H", "dur", "10L:0-1"], 2, "a range above 0"),
        (vec!["rahisto", "-r", &web, "-H", "dur", "3", "--svg", "/no/such/dir/x.svg"], 1, "/no/such/dir/x.svg"),
        (vec!["racount", "-r", "/no/such/file"], 2, "\"/no/such/file\": No such file or directory"),
        (vec!["rabins", "-r", &web, "-m", "proto"], 2, "-M time N{s,m,h,d,w,M,y} or -M count N is needed"),
        (vec!["rabins", "-r", &web, "-M", "time", "5x"], 2, "-M time 5x: expected a number"),
        (vec!["rabins", "-r", &web, "-M", "time", "5s", "-M", "nosuch"], 2, "mode 'nosuch' is not supported"),
        (vec!["rasplit", "-r", &web, "-M", "time", "1h", "-w", "/no/such/dir/%Q"], 2, "%Q is not supported"),
        (vec!["rasplit", "-r", &web, "-M", "time", "1h", "-w", "x/$nosuch.%H"], 2, "unknown field '$nosuch'"),
        (vec!["rasplit", "-r", &web, "-w", "-"], 2, "-w - is not supported"),
        (vec!["rastrip", "-r", &web, "-M", "nosuch"], 2, "-M nosuch: no such part"),
        (vec!["rastrip", "-r", &web, "-M", "replace"], 2, "mode 'replace' is not supported"),
        (vec!["rasort", "-r", "/no/such/file"], 2, "\"/no/such/file\": No such file or directory"),
        (vec!["ranonymize", "-r", &web, "-M", "nosuch"], 2, "mode 'nosuch' is not supported; supported is seed=N"),
        (vec!["ranonymize", "-r", &web, "-M", "seed=x"], 2, "-M seed=x: expected a number"),
        (vec!["ranonymize", "-r", &web, "-f", "/no/such.conf"], 1, "/no/such.conf"),
        (
            vec!["ranonymize", "-r", &web, "-f", &conf],
            1,
            "bad.conf:1: expected a key of ranonymize.conf, found \"filter\"",
        ),
        (vec!["rasort", "-r", &web, "-", "esp"], 1, ""),
    ] {
        let out = run(&args);
        let message = text(&out.stderr);
        assert_eq!(out.status.code(), Some(status), "{args:?}: {message}");
        assert!(message.contains(sentence), "{args:?}: {message}");
        assert!(sentence.is_empty() == message.is_empty(), "{args:?}: {message}");
    }
}

/// What holds numbers in the objects of every tool.
const NUMBERS: &[&str] = &[
    "sport", "dport", "pkts", "bytes", "spkts", "dpkts", "sbytes", "dbytes", "dur", "trans", "mean", "slat", "slon",
    "dlat", "dlon", "sas", "sttl", "load", "rate", "records", "n", "max", "p95", "freq", "relfreq", "man", "far",
];

/// Whether all that should be numbers are, within lists and objects too.
fn check_numbers(value: &serde_json::Value, line: &str) {
    match value {
        serde_json::Value::Object(pairs) => {
            for (key, value) in pairs {
                // Types and codes of ICMP have no other form than text.
                let is_code = value.as_str().is_some_and(|t| t.starts_with("0x")) && key.ends_with("port");
                let is_number = !NUMBERS.contains(&key.as_str()) || value.is_number() || is_code;
                assert!(is_number, "{key} is no number: {line}");
                check_numbers(value, line);
            }
        }
        serde_json::Value::Array(values) => values.iter().for_each(|v| check_numbers(v, line)),
        _ => {}
    }
}

#[test]
fn every_tool_prints_json() {
    let folder = Folder::new("json");
    folder.write("rules", "filter=\"tcp\" model=\"saddr proto\" label=\"tcp\"\nfilter=\"\" model=\"saddr\"\n");
    let (rules, split) = (folder.path("rules"), folder.path("x"));
    let fields =
        "stime saddr sport dir daddr dport pkts bytes dur trans mean slat slon dlat dlon sas sttl load rate state";
    let fields: Vec<&str> = std::iter::once("-s").chain(fields.split_whitespace()).collect();
    for (args, has_fields) in [
        (vec!["ra", "-A"], true),
        (vec!["ra", "-H", "-A", "-p", "2"], true),
        (vec!["ra", "-M", "rmon"], true),
        (vec!["ra", "-M", "uni", "man"], true),
        (vec!["racluster", "-m", "saddr"], true),
        (vec!["racluster", "-f", &rules], true),
        (vec!["racluster", "-%", "-m", "proto"], true),
        (vec!["rasort", "-m", "bytes"], true),
        (vec!["racount"], false),
        (vec!["racount", "-M", "proto", "-M", "addr"], false),
        (vec!["rahisto", "-H", "dur", "10"], false),
        (vec!["rahisto", "-M", "outlayer", "-H", "bytes", "10L:1-1000"], false),
        (vec!["rahisto", "-H", "dur", "10:1000-2000"], false),
        (vec!["rastrip"], true),
        (vec!["ranonymize"], true),
        (vec!["ralabel"], true),
        (vec!["rabins", "-M", "time", "2s", "-m", "proto"], true),
        (vec!["rabins", "-M", "hard", "zero", "time", "1y", "-m", "saddr"], true),
        (vec!["rasplit", "-M", "time", "1h", "-w", &split], false),
    ] {
        for name in ["web.full.argus", "geo.ralabel.argus", "icmp-tunnels.full.argus", "crafted.full.argus"] {
            let input = sample(name);
            let fields = if has_fields { &fields[..] } else { &[] };
            let out = run(&[&args[..], &["-X", "-M", "json", "-r", &input], fields].concat());
            let lines = text(&out.stdout);
            assert_eq!(out.status.code(), Some(0), "{args:?} {name}: {}", text(&out.stderr));
            assert!(lines.lines().count() >= 1 || args[0] == "rasplit", "{args:?} {name}");
            for line in lines.lines() {
                let value: serde_json::Value =
                    serde_json::from_str(line).unwrap_or_else(|e| panic!("{args:?} {name}: {e}: {line}"));
                assert!(value["type"].is_string(), "{line}");
                check_numbers(&value, line);
                // Places are fields of their own.
                let is_london = value["saddr"] == "81.2.69.142" && name.starts_with("geo") && args[0] == "ra";
                assert!(!is_london || value["slat"].as_f64().is_some_and(|v| (v - 51.514).abs() < 0.01), "{line}");
            }
        }
    }
}

#[test]
fn a_drawing_has_labelled_axes_and_a_bar_for_each_class() {
    let folder = Folder::new("drawing");
    let file = folder.path("x.svg");
    let input = sample("web.full.argus");
    let out = run(&["rahisto", "-r", &input, "-H", "dur", "10L:0.0001-100", "--svg", &file]);
    assert_eq!(out.status.code(), Some(0), "{}", text(&out.stderr));
    let svg = std::fs::read_to_string(&file).expect("a drawing");
    assert_eq!(svg.matches("<title>").count(), 10);
    for part in ["dur (s), logarithmic", "flow records", "Distribution of dur", "</svg>"] {
        assert!(svg.contains(part), "{part}: {svg}");
    }
}

#[test]
fn a_picture_is_the_drawing_in_pixels() {
    let folder = Folder::new("picture");
    let (svg, png) = (folder.path("x.svg"), folder.path("x.png"));
    let input = sample("web.full.argus");
    let out = run(&["rahisto", "-r", &input, "-q", "-H", "dur", "10L:0.0001-100", "--svg", &svg, "--png", &png]);
    assert_eq!((out.status.code(), text(&out.stdout).as_str()), (Some(0), ""), "{}", text(&out.stderr));
    let decoder = png::Decoder::new(std::io::BufReader::new(std::fs::File::open(&png).expect("a picture")));
    let mut reader = decoder.read_info().expect("a PNG file");
    let mut pixels = vec![0; reader.output_buffer_size().expect("a size")];
    let info = reader.next_frame(&mut pixels).expect("pixels");
    assert_eq!((info.width, info.height), (1920, 1000));
    // As much is painted in the colour of the bars as the drawing says, edges aside.
    let bars = pixels.chunks(3).filter(|p| p == &[0x34, 0x65, 0xA4]).count() as f64;
    let drawing = std::fs::read_to_string(&svg).expect("a drawing");
    let number = |line: &str, name: &str| {
        let at = line.find(&format!(" {name}=\"")).expect(name) + name.len() + 3;
        line[at..].split('"').next().expect("a value").parse::<f64>().expect("a number")
    };
    let expected: f64 =
        drawing.lines().filter(|l| l.contains("<title>")).map(|l| number(l, "width") * number(l, "height") * 4.0).sum();
    assert!(expected > 10_000.0 && (bars / expected - 1.0).abs() < 0.05, "{bars} of {expected}");
}

#[test]
fn distributions_of_a_pipe_are_those_of_the_classic_tool() {
    let line = "-M dsrs=\"-agr\" -H dur 50L:0.0001-1000000 - pkts gt 1";
    let ours = env!("CARGO_BIN_EXE_argus-globe");
    for name in ["web.full.argus", "icmp-tunnels.full.argus", "voip.full.argus", "web.racluster.argus"] {
        let input = sample(name);
        let table = |script: String| {
            let out = Command::new("bash").args(["-c", &script]).env("TZ", "UTC").output().expect("bash starts");
            assert_eq!(out.status.code(), Some(0), "{script}: {}", text(&out.stderr));
            text(&out.stdout).lines().map(|l| l.trim_end().to_owned()).collect::<Vec<_>>()
        };
        let found = table(format!("set -o pipefail; '{ours}' ra -r '{input}' -w - | '{ours}' rahisto {line}"));
        assert!(found.len() > 50, "{name}: {found:?}");
        assert_eq!(found, table(format!("rahisto -X -r '{input}' {line}")), "{name}");
    }
}

#[test]
fn stripped_records_hold_what_is_left() {
    let folder = Folder::new("strip");
    let file = folder.path("x.argus");
    let input = sample("web.full.argus");
    assert_eq!(run(&["rastrip", "-r", &input, "-w", &file, "-M", "+mac"]).status.code(), Some(0));
    let cells = |path: &str, fields: &[&str]| {
        text(&run(&[&["ra", "-X", "-n", "-L-1", "-c", ",", "-r", path, "-s"], fields].concat()).stdout)
    };
    let kept = ["stime", "saddr", "dport", "spkts", "dbytes", "smac", "state"];
    assert_eq!(cells(&file, &kept), cells(&input, &kept));
    let gone = cells(&file, &["sttl", "suser", "senc", "sjit"]);
    assert!(gone.lines().count() > 40 && gone.lines().all(|l| l.chars().all(|c| c == ',')), "{gone}");
    assert!(std::fs::metadata(&file).expect("a file").len() < std::fs::metadata(&input).expect("a file").len());
}

#[test]
fn split_files_together_hold_what_was_read() {
    let folder = Folder::new("split");
    let input = sample("web.full.argus");
    let count = |path: &str| {
        let out = text(&run(&["racount", "-r", path, "-M", "json"]).stdout);
        let v: serde_json::Value = serde_json::from_str(&out).unwrap_or_else(|e| panic!("{e}: {out}"));
        ["pkts", "sbytes", "dbytes"].map(|k| v[k].as_u64().expect("a number"))
    };
    let whole = count(&input);
    for (n, mode) in [&["time", "2s"][..], &["time", "1h"], &["count", "10"], &["size", "2k"]].iter().enumerate() {
        let name = format!("{}/x", folder.path(&n.to_string()));
        let out = run(&[&["rasplit", "-r", &input, "-w", &name, "-M"][..], mode].concat());
        assert_eq!(out.status.code(), Some(0), "{mode:?}: {}", text(&out.stderr));
        let mut sum = [0; 3];
        let mut files = 0;
        for entry in std::fs::read_dir(folder.path(&n.to_string())).expect("a folder") {
            let path = entry.expect("a file").path();
            let one = count(path.to_str().expect("a plain path"));
            sum.iter_mut().zip(one).for_each(|(s, v)| *s += v);
            files += 1;
        }
        assert_eq!(sum, whole, "{mode:?}");
        assert!(if mode[1] == "1h" { files == 1 } else { files > 2 }, "{mode:?}: {files}");
    }
}

#[test]
fn bins_together_hold_what_was_read() {
    let input = sample("voip.full.argus");
    let sums = |args: &[&str]| {
        let out =
            text(
                &run(&[args, &["-X", "-L-1", "-c", ",", "-s", "spkts", "dpkts", "sbytes", "dbytes", "-r", &input]]
                    .concat())
                .stdout,
            );
        let mut sum = [0u64; 4];
        for line in out.lines() {
            line.split(',').zip(&mut sum).for_each(|(cell, s)| *s += cell.parse::<u64>().expect("a number"));
        }
        sum
    };
    let whole = sums(&["ra"]);
    assert!(whole[0] > 50);
    for mode in [&["time", "1s"][..], &["time", "1m", "hard"], &["time", "1M", "nomodify"], &["count", "7"]] {
        let args = [&["rabins", "-m", "saddr", "proto", "-M"][..], mode].concat();
        assert_eq!(sums(&args), whole, "{mode:?}");
    }
}

#[test]
fn settings_stand_for_options_that_are_not_given() {
    let folder = Folder::new("rarc");
    let own = folder.path(".rarc");
    std::fs::write(
        &own,
        "RA_PRINT_MAN_RECORDS=no\nRA_FIELD_SPECIFIER=\"saddr dport\"\nRA_FIELD_DELIMITER=','\nRA_PRINT_NAMES=none\n",
    )
    .expect("written");
    let input = sample("web.argus");
    let ra = |args: &[&str]| {
        let out = Command::new(env!("CARGO_BIN_EXE_argus-globe"))
            .args(["ra", "-r", &input])
            .args(args)
            .env("HOME", &folder.0)
            .env_remove("ARGUSHOME")
            .env("TZ", "UTC")
            .output()
            .expect("starts");
        (out.status.code(), text(&out.stdout), text(&out.stderr))
    };
    let (_, by_file, _) = ra(&[]);
    assert!(by_file.starts_with("SrcAddr,Dport\n") && by_file.lines().count() > 10, "{by_file}");
    assert_eq!(by_file, ra(&["-X", "-nn", "-c,", "-s", "saddr", "dport"]).1);
    assert!(ra(&["-s", "+proto"]).1.starts_with("SrcAddr,Dport,Proto\n"));
    assert!(ra(&["-s", "proto"]).1.starts_with("Proto\n"));
    let more = folder.path("more");
    std::fs::write(&more, "RA_FILTER=\"tcp\"\nRA_USEC_PRECISION=2\n").expect("written");
    assert_eq!(ra(&["-F", &more]).1, ra(&["-", "tcp"]).1);
    std::fs::write(&more, "\nRA_USEC_PRECISION=two\n").expect("written");
    let (status, _, error) = ra(&["-F", &more]);
    assert_eq!(status, Some(2));
    assert!(error.contains(":2: RA_USEC_PRECISION: expected a number, found \"two\""), "{error}");
    assert_eq!(ra(&["-F", "/nonexistent"]).0, Some(1));
}
