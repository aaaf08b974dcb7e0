//! Checks of a reviewer that need the whole program, and the list of all ten (`docs/checks.md`), which names a test or a
//! script for each.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::net::{IpAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};

use crate::command::{folder, globe, stderr};
use crate::window::Globe;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Everything in a text that reads as an address.
fn addresses(text: &str) -> BTreeSet<IpAddr> {
    let words = text.split(|c: char| !(c.is_ascii_hexdigit() || c == '.' || c == ':'));
    words.filter_map(|w| w.trim_matches([':', '.']).parse().ok()).collect()
}

#[test]
fn no_original_address_is_in_any_export_of_an_anonymised_globe() {
    let recording = root().join("tests/data/argus/web.argus");
    let export = |ending: &str, more: &[&str]| {
        let file = folder("anonymised").with_extension(ending);
        let (from, to) = (recording.to_str().expect("a plain path"), file.to_str().expect("a plain path"));
        let words = [&["-r", from, "--window", "1h", "--home", "48,11", "--export", to], more].concat();
        let output = globe(&words).output().expect("it runs");
        assert!(output.status.success(), "{}", stderr(&output));
        let text = std::fs::read_to_string(&file).expect("written");
        std::fs::remove_file(file).expect("it was there");
        text
    };
    for ending in ["csv", "json", "geojson", "kml"] {
        let original = addresses(&export(ending, &[]));
        assert!(original.len() > 3, "{ending}: {original:?}");
        let text = export(ending, &["--anonymize", "7"]);
        let shown = addresses(&text);
        assert!(shown.len() > 3, "{ending}: {text}");
        assert!(shown.is_disjoint(&original), "{ending}: {text}");
        for addr in original {
            assert!(!text.contains(&addr.to_string()), "{ending}: {addr} in {text}");
        }
    }
}

/// Serves a recording to one client and keeps the connection.
fn serve(listener: &TcpListener) -> TcpStream {
    let records = std::fs::read(root().join("tests/data/argus/web.argus")).expect("a sample");
    let (mut client, _) = listener.accept().expect("a client");
    client.write_all(&records).expect("written");
    client
}

#[test]
fn a_wall_that_loses_its_source_says_so_turns_grey_and_goes_on_when_it_is_back() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("its number");
    let server = std::thread::Builder::new().name("server".into()).spawn(move || (serve(&listener), listener));
    let host = address.to_string();
    let mut wall = Globe::start(&["-S", &host, "--wall", "--home", "48,11", "--reduced-motion"]);
    let unplugged = server.expect("a thread").join().expect("served");
    let before = wall.picture();
    drop(unplugged);
    wall.wait("wall lost");
    // The veil covers the whole picture.
    wall.changed_from(&before, 100_000, "a lost source");
    let listener = TcpListener::bind(address).expect("the same port");
    let _client = serve(&listener);
    wall.wait("wall found");
}

/// The words between backquotes in a row of the table.
fn named(row: &str) -> impl Iterator<Item = &str> {
    row.split('`').skip(1).step_by(2)
}

fn sources(folder: &Path, out: &mut String) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            sources(&path, out);
        } else if path.extension().is_some_and(|e| e == "rs") {
            out.push_str(&std::fs::read_to_string(path).expect("text"));
        }
    }
}

#[test]
fn each_of_the_ten_checks_names_tests_that_are_there() {
    let document = std::fs::read_to_string(root().join("docs/checks.md")).expect("the document");
    let rows: Vec<&str> = document.lines().filter(|l| l.starts_with('|') && l.contains('`')).collect();
    let numbers: Vec<usize> = rows.iter().filter_map(|r| r.split('|').nth(1)?.trim().parse().ok()).collect();
    assert_eq!(numbers, (1..=10).collect::<Vec<_>>());
    let mut all = String::new();
    sources(&root().join("src"), &mut all);
    sources(&root().join("tests/globe"), &mut all);
    for row in rows {
        for name in named(row).filter(|n| n.contains("::")) {
            let test = name.rsplit("::").next().unwrap_or(name);
            assert!(all.contains(&format!("fn {test}()")), "{name} is not there");
        }
        for script in named(row).filter_map(|n| n.split(' ').find(|w| w.starts_with("scripts/"))) {
            assert!(root().join(script).is_file(), "{script} is not there");
        }
    }
}
