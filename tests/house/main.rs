//! The rules of the house, read from the sources: who may know whom, and how the code is written.

#![allow(clippy::expect_used, reason = "a test that cannot read its own sources has failed")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Longest file in lines; tables that are long by nature are listed by path.
const MAX_LINES: usize = 800;
const LONG_TABLES: &[&str] = &[];

struct Source {
    path: PathBuf,
    /// Everything before the test module, comments and string contents blanked.
    code: String,
    text: String,
}

impl Source {
    fn name(&self) -> String {
        self.path.strip_prefix(root()).expect("below the root").display().to_string()
    }

    /// First folder below `src`; none for the files that stand in `src` itself.
    fn room(&self) -> Option<String> {
        let mut parts = self.path.strip_prefix(root().join("src")).expect("below src").components();
        let first = parts.next()?.as_os_str().to_str()?.to_owned();
        parts.next().map(|_| first)
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn rust_files(dir: &Path, out: &mut Vec<PathBuf>) {
    let mut entries: Vec<_> = fs::read_dir(dir).expect("readable").map(|e| e.expect("entry").path()).collect();
    entries.sort();
    for p in entries {
        if p.is_dir() {
            rust_files(&p, out);
        } else if p.extension().is_some_and(|e| e == "rs") {
            out.push(p);
        }
    }
}

fn sources() -> Vec<Source> {
    let mut files = Vec::new();
    rust_files(&root().join("src"), &mut files);
    assert!(files.len() > 20, "the house has rooms");
    files
        .into_iter()
        .map(|path| {
            let text = fs::read_to_string(&path).expect("UTF-8 source");
            let is_tests = path.file_name().is_some_and(|n| n == "tests.rs");
            let code = if is_tests { String::new() } else { without_tests(&blanked(&text)) };
            Source { path, code, text }
        })
        .collect()
}

/// Cuts off the trailing test module.
fn without_tests(code: &str) -> String {
    let is_tests = |at: usize| {
        let line = code[at..].lines().nth(1).unwrap_or_default();
        line.trim_start_matches("pub(super) ").starts_with("mod ")
    };
    let first = code.match_indices("#[cfg(test)]\n").map(|(at, _)| at).find(|at| is_tests(*at));
    first.map_or(code, |at| &code[..at]).to_owned()
}

/// Replaces the contents of comments, strings and character literals by blanks; keeps line breaks.
fn blanked(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len());
    let mut i = 0;
    while i < chars.len() {
        let rest = &chars[i..];
        match skipped(rest) {
            0 => {
                out.push(rest[0]);
                i += 1;
            }
            len => {
                out.extend(rest[..len].iter().map(|&c| if c == '\n' { '\n' } else { ' ' }));
                i += len;
            }
        }
    }
    out
}

/// Length of the comment or literal that starts here, 0 if none does.
fn skipped(rest: &[char]) -> usize {
    if rest.starts_with(&['/', '/']) {
        rest.iter().position(|&c| c == '\n').unwrap_or(rest.len())
    } else if rest.starts_with(&['/', '*']) {
        (3..rest.len()).find(|&k| rest[k - 1] == '*' && rest[k] == '/').map_or(rest.len(), |k| k + 1)
    } else if rest[0] == 'r' && matches!(rest.get(1), Some('"' | '#')) {
        raw_string(rest)
    } else if rest[0] == '"' {
        quoted(rest, '"')
    } else if rest[0] == '\'' && (rest.get(1) == Some(&'\\') || rest.get(2) == Some(&'\'')) {
        quoted(rest, '\'')
    } else {
        0
    }
}

fn raw_string(rest: &[char]) -> usize {
    let hashes = rest[1..].iter().take_while(|&&c| c == '#').count();
    if rest.get(1 + hashes) != Some(&'"') {
        return 0;
    }
    let mut close = vec!['"'];
    close.extend(std::iter::repeat_n('#', hashes));
    let body = &rest[2 + hashes..];
    let end = body.windows(close.len()).position(|w| w == close.as_slice()).unwrap_or(body.len());
    (2 + hashes + end + close.len()).min(rest.len())
}

fn quoted(rest: &[char], mark: char) -> usize {
    let mut k = 1;
    while k < rest.len() && rest[k] != mark {
        k += if rest[k] == '\\' { 2 } else { 1 };
    }
    (k + 1).min(rest.len())
}

/// What stands behind `NAME::` wherever that starts a path.
fn path_heads<'a>(code: &'a str, name: &str) -> Vec<&'a str> {
    let needle = format!("{name}::");
    code.match_indices(&needle)
        .filter(|(at, _)| {
            let before = code[..*at].chars().next_back();
            !before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':')
        })
        .map(|(at, _)| &code[at + needle.len()..])
        .collect()
}

fn ident(s: &str) -> String {
    s.trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

/// The items of a path that may be a group in braces: `{a::B, c}` gives `a::B` and `c`, `a::B;` gives itself.
fn items(path: &str) -> Vec<String> {
    let Some(group) = path.trim_start().strip_prefix('{') else { return vec![path.trim_start().to_owned()] };
    let (mut depth, mut out) = (0, vec![String::new()]);
    for c in group.chars() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                out.push(String::new());
                continue;
            }
            _ => {}
        }
        if let Some(last) = out.last_mut() {
            last.push(c);
        }
    }
    out
}

/// The first two path segments behind `crate::` in every place, groups in braces opened.
fn crate_paths(code: &str) -> Vec<(String, Option<String>)> {
    let mut out = Vec::new();
    for item in path_heads(code, "crate").into_iter().flat_map(items) {
        let first = ident(&item);
        if first.is_empty() {
            continue;
        }
        match item.trim_start()[first.len()..].strip_prefix("::") {
            Some(rest) => out.extend(items(rest).iter().map(|i| (first.clone(), Some(ident(i))))),
            None => out.push((first, None)),
        }
    }
    out
}

fn report(problems: &[String]) {
    assert!(problems.is_empty(), "{} problems:\n{}", problems.len(), problems.join("\n"));
}

struct Rules {
    anywhere: Vec<String>,
    rooms: BTreeMap<String, (Vec<String>, Vec<String>)>,
    faces: BTreeMap<String, Vec<String>>,
    crates: Vec<String>,
}

fn rules() -> Rules {
    let list = |v: &toml::Value| -> Vec<String> {
        v.as_array().expect("a list").iter().map(|s| s.as_str().expect("text").to_owned()).collect()
    };
    let read = |file: &str| -> toml::Table {
        fs::read_to_string(root().join(file)).expect("readable").parse().expect("valid TOML")
    };
    let (table, manifest) = (read("tests/house/rooms.toml"), read("Cargo.toml"));
    let rows = |name: &str| table[name].as_table().expect("a table").clone();
    Rules {
        anywhere: list(&table["anywhere"]),
        rooms: rows("rooms").iter().map(|(k, v)| (k.clone(), (list(&v["rooms"]), list(&v["crates"])))).collect(),
        faces: rows("faces").iter().map(|(k, v)| (k.clone(), list(v))).collect(),
        crates: manifest["dependencies"].as_table().expect("a table").keys().map(|k| k.replace('-', "_")).collect(),
    }
}

/// Whether `src/ROOM/NAME` is a module, so that naming it goes past the room's face.
fn is_module(room: &str, name: &str) -> bool {
    let base = root().join("src").join(room);
    base.join(format!("{name}.rs")).exists() || base.join(name).is_dir()
}

#[test]
fn rooms_know_only_the_rooms_and_crates_of_the_rule_table() {
    let rules = rules();
    let mut problems = Vec::new();
    for s in sources() {
        let (Some(room), name) = (s.room(), s.name()) else { continue };
        let Some((rooms, crates)) = rules.rooms.get(&room) else {
            problems.push(format!("{name}: room {room:?} is not in the rule table"));
            continue;
        };
        for (used, inner) in crate_paths(&s.code) {
            if used == room {
                continue;
            }
            if !rooms.iter().any(|r| r == "*" || *r == used) {
                problems.push(format!("{name}: {room} may not use {used}"));
            }
            if let Some(inner) = inner
                && !inner.is_empty()
                && is_module(&used, &inner)
                && !rules.faces.get(&used).is_some_and(|f| f.contains(&inner))
            {
                problems.push(format!("{name}: {used}::{inner} is entered past the public face of {used}"));
            }
        }
        for c in &rules.crates {
            if !rules.anywhere.contains(c) && !crates.contains(c) && !path_heads(&s.code, c).is_empty() {
                problems.push(format!("{name}: {room} may not use the crate {c}"));
            }
        }
    }
    report(&problems);
}

#[test]
fn every_file_says_what_it_is_and_stays_readable() {
    let mut problems = Vec::new();
    for s in sources() {
        let name = s.name();
        if !s.text.starts_with("//!") {
            problems.push(format!("{name}: does not open with `//!`"));
        }
        let lines = s.text.lines().count();
        if lines > MAX_LINES && !LONG_TABLES.contains(&name.as_str()) {
            problems.push(format!("{name}: {lines} lines, at most {MAX_LINES}"));
        }
    }
    report(&problems);
}

#[test]
fn nothing_outside_tests_panics_on_purpose() {
    let mut problems = Vec::new();
    for s in sources() {
        for (n, line) in s.code.lines().enumerate() {
            for word in [".unwrap()", ".expect(", "panic!(", "todo!(", "unimplemented!(", "unreachable!("] {
                if line.contains(word) && !line.contains("resume_unwind") {
                    problems.push(format!("{}:{}: {word}", s.name(), n + 1));
                }
            }
        }
    }
    report(&problems);
}

#[test]
fn only_the_globe_speaks_of_the_globe_feature() {
    let allowed = ["src/lib.rs", "src/cli/mod.rs", "src/cli/globe.rs"];
    let named: Vec<_> = sources()
        .iter()
        .filter(|s| s.text.contains("feature = \"globe\""))
        .map(Source::name)
        .filter(|n| !n.starts_with("src/globe/") && !allowed.contains(&n.as_str()))
        .collect();
    report(&named);
}

#[test]
fn the_headless_build_holds_no_window_gpu_or_egui_crate() {
    let out = Command::new(env!("CARGO"))
        .args(["tree", "--no-default-features", "--features", "live,codecs,tls", "-e", "normal", "--prefix", "none"])
        .current_dir(root())
        .output()
        .expect("cargo runs");
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    let tree = String::from_utf8_lossy(&out.stdout);
    assert!(tree.contains("maxminddb"), "the tree is the right one");
    let screen = ["bevy", "egui", "wgpu", "winit", "naga"];
    let found: Vec<_> = tree.lines().filter(|l| screen.iter().any(|c| l.starts_with(c))).map(str::to_owned).collect();
    report(&found);
}

#[test]
fn the_checks_see_what_they_should() {
    let code = blanked(
        "use crate::{base::Span, record::codec::{A, B}}; // crate::no\nlet s = \"crate::no\"; pcap::x(); my::pcap::y();",
    );
    let paths = crate_paths(&code);
    assert_eq!(paths[0], ("base".into(), Some("Span".into())));
    assert_eq!(paths[1], ("record".into(), Some("codec".into())));
    assert_eq!(paths.len(), 2);
    assert_eq!(path_heads(&code, "pcap").len(), 1);
    assert_eq!(without_tests("a\n#[cfg(test)]\nmod tests {}").trim(), "a");
    assert_eq!(without_tests("a\n#[cfg(test)]\npub(super) mod tests {}").trim(), "a");
    assert!(without_tests("#[cfg(test)]\nuse b;\nfn c() {}").contains("fn c"));
}
