//! What is written has to be read: by us, and by the reference clients where they are installed.

use std::process::Command;

use super::*;
use crate::record::{Far, Side};

fn records(bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut framer = Framer::new();
    framer.push(bytes);
    let mut out = Vec::new();
    while let Some((_, r)) = framer.next_record().expect("an argus file") {
        out.push(r.bytes().to_vec());
    }
    framer.finish().expect("whole records");
    out
}

fn data(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/argus").join(name)).expect("sample")
}

struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Scratch {
        let dir = std::env::temp_dir().join(format!("argus-globe-sink-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&dir).expect("a temporary folder");
        Scratch(dir)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn now() -> Timestamp {
    Timestamp::from_micros(1_700_000_000_000_000)
}

/// Writes the records of a sample that `keep` lets through and gives the file back.
fn rewritten(dir: &Path, sample: &str, keep: impl Fn(RecordRef<'_>) -> bool) -> PathBuf {
    let path = dir.join(sample);
    let mut writer = ArgusWriter::create(&path, now()).expect("opens");
    for bytes in records(&data(sample)) {
        let record = RecordRef::new(&bytes).expect("whole");
        if keep(record) {
            writer.write(record).expect("writes");
        }
    }
    writer.finish(now()).expect("ends");
    path
}

fn fars(bytes: &[Vec<u8>]) -> Vec<Far<'_>> {
    bytes.iter().filter_map(|b| Far::decode(RecordRef::new(b)?)).collect()
}

#[test]
fn version_3_comes_out_byte_for_byte() {
    let dir = Scratch::new("copy");
    for sample in ["web.full.argus", "crafted.full.argus", "geo.ralabel.argus", "event.argus"] {
        let path = rewritten(&dir.0, sample, |_| true);
        assert_eq!(std::fs::read(path).expect("written"), data(sample), "{sample}");
    }
}

#[test]
fn version_5_comes_out_as_version_3_with_the_same_values() {
    let dir = Scratch::new("v5");
    for sample in ["web.full.v5.argus", "crafted.full.v5.argus", "geo.ralabel.v5.argus", "http.v5.argus"] {
        let before = records(&data(sample));
        let after = records(&std::fs::read(rewritten(&dir.0, sample, |_| true)).expect("written"));
        let (before, after) = (fars(&before), fars(&after));
        assert_eq!(before.len(), after.len(), "{sample}");
        for (n, (a, b)) in before.iter().zip(&after).enumerate() {
            let n = format!("{sample} record {n}");
            assert_eq!(b.record().version(), 3, "{n}");
            if a.is_turned() == b.is_turned() {
                assert_eq!(a.flow().key, b.flow().key, "{n}");
                assert_eq!((a.metrics(), a.state(), a.dir()), (b.metrics(), b.state(), b.dir()), "{n}");
                assert_eq!((a.ip_attrs(), a.mac(), a.packet_sizes()), (b.ip_attrs(), b.mac(), b.packet_sizes()), "{n}");
                assert_eq!((a.payload(), a.vlan(), a.mpls()), (b.payload(), b.vlan(), b.mpls()), "{n}");
                for side in [Side::Src, Side::Dst] {
                    assert_eq!(a.geo_label(side).city, b.geo_label(side).city, "{n}");
                    assert_eq!(a.geo_label(side).country, b.geo_label(side).country, "{n}");
                    assert_eq!(a.geo_label(side).asn, b.geo_label(side).asn, "{n}");
                    let near = |x: Option<f64>, y: Option<f64>| match (x, y) {
                        (Some(x), Some(y)) => (x - y).abs() < 1e-5,
                        (x, y) => x == y,
                    };
                    assert!(near(a.geo_label(side).lat, b.geo_label(side).lat), "{n}");
                    assert!(near(a.geo_label(side).lon, b.geo_label(side).lon), "{n}");
                }
                if let (Some(x), Some(y)) = (a.jitter(), b.jitter()) {
                    // The sensor stores NaN deviations, which are not equal to themselves.
                    assert_eq!(format!("{x:?}"), format!("{y:?}"), "{n}");
                }
            }
            assert_eq!(a.times().span.start.micros(), b.times().span.start.micros(), "{n}");
            assert_eq!(a.times().span.end.micros(), b.times().span.end.micros(), "{n}");
        }
    }
}

#[test]
fn an_output_without_the_inputs_management_record_gets_its_own() {
    let dir = Scratch::new("own");
    let path = rewritten(&dir.0, "web.argus", |r| r.kind() == RecordKind::Far);
    let bytes = records(&std::fs::read(path).expect("written"));
    let kinds: Vec<_> = bytes.iter().filter_map(|b| RecordRef::new(b)).map(RecordRef::kind).collect();
    assert_eq!((kinds.len(), kinds.first(), kinds.last()), (44, Some(&RecordKind::Mar), Some(&RecordKind::Mar)));
    let empty = rewritten(&dir.0, "http.argus", |_| false);
    assert_eq!(records(&std::fs::read(empty).expect("written")).len(), 2);
}

#[test]
fn an_existing_file_is_appended_to_and_a_foreign_one_is_not() {
    let dir = Scratch::new("append");
    rewritten(&dir.0, "http.argus", |_| true);
    let path = rewritten(&dir.0, "http.argus", |_| true);
    assert_eq!(std::fs::read(&path).expect("written"), [data("http.argus"), data("http.argus")].concat());
    let foreign = dir.0.join("notes.txt");
    std::fs::write(&foreign, "my notes").expect("written");
    assert!(matches!(ArgusWriter::create(&foreign, now()), Err(SinkError::Format { .. })));
    assert_eq!(std::fs::read(&foreign).expect("still there"), b"my notes");
}

/// Lines that a reference client prints, without any complaint; `None` where it is not installed.
fn reference(program: &str, args: &[&str], path: &Path) -> Option<usize> {
    let output = match Command::new(program).args(args).arg("-r").arg(path).output() {
        Ok(o) => o,
        Err(_) => {
            println!("skipped: {program} not found");
            return None;
        }
    };
    assert!(output.status.success() && output.stderr.is_empty(), "{program}: {output:?}");
    Some(output.stdout.split(|&c| c == b'\n').filter(|l| !l.is_empty()).count())
}

#[test]
fn the_reference_clients_read_what_is_written() {
    let dir = Scratch::new("reference");
    for (sample, rows) in [
        ("web.argus", 42),
        ("crafted.full.argus", 33),
        ("web.full.v5.argus", 42),
        ("crafted.full.v5.argus", 32),
        ("geo.ralabel.v5.argus", 36),
    ] {
        let path = rewritten(&dir.0, sample, |r| r.kind() == RecordKind::Far);
        if let Some(n) = reference("ra", &["-X", "-L-1", "-n"], &path) {
            assert_eq!(n, rows, "{sample}");
        }
        if let Some(n) = reference("racluster", &["-X", "-L-1", "-n", "-m", "srcid"], &path) {
            assert_eq!(n, 1, "{sample}");
        }
        if let Some(n) = reference("rahisto", &["-X", "-H", "dur", "10:0-5"], &path) {
            assert!(n > 1, "{sample}: {n}");
        }
    }
}
