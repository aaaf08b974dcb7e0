//! Tables that a configuration of labels names: networks, ports, rules.

use std::path::Path;

use anyhow::{Context as _, anyhow, bail};

use crate::aggregate::rule_words;
use crate::base::Warnings;
use crate::cli::tools::with_names;
use crate::filter::{Filter, Names};
use crate::geo::AddressNames;
use crate::pipeline::{FlowRule, PortNames};

/// Longest table that is read, in bytes; the registries' lists together have some 30 MB.
pub(super) const MAX_TABLE: u64 = 256 << 20;
/// Deepest nesting of included files.
const MAX_DEPTH: usize = 8;
/// Most rules taken.
const MAX_RULES: usize = 1000;

/// A file as text.
pub(super) fn text_of(path: &Path, limit: u64) -> anyhow::Result<String> {
    let what = || format!("reading {path:?}");
    let len = std::fs::metadata(path).with_context(what)?.len();
    if len > limit {
        bail!("{path:?} has {len} bytes; at most {limit} are read");
    }
    let bytes = std::fs::read(path).with_context(what)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Adds the networks of a file and of the files that it includes (`#include FILE`).
pub(super) fn address_names(
    path: &Path,
    names: &mut AddressNames,
    warnings: &mut Warnings,
    depth: usize,
) -> anyhow::Result<()> {
    let text = text_of(path, MAX_TABLE)?;
    for (line, rest) in (1..).zip(text.lines()).filter_map(|(n, l)| Some((n, l.trim().strip_prefix("#include ")?))) {
        let named = Path::new(rest.trim().trim_matches(['"', '<', '>']));
        if depth >= MAX_DEPTH {
            bail!("{}:{line}: files are included more than {MAX_DEPTH} deep", path.display());
        }
        // Beside the file that names it, or else from the working folder.
        let beside = path.parent().map(|dir| dir.join(named)).filter(|p| p.is_file());
        let file = beside.as_deref().unwrap_or(named);
        address_names(file, names, warnings, depth + 1).with_context(|| format!("{}:{line}", path.display()))?;
    }
    names.add(&text, &path.display().to_string(), warnings);
    Ok(())
}

/// Adds the ports of lines `name port/protocol` or `name first-last/protocol`; other lines are prose.
pub(super) fn port_names(text: &str, names: &mut PortNames) {
    for line in text.lines().filter(|l| !l.starts_with(['#', ' ', '\t'])) {
        let mut words = line.split_whitespace();
        let (Some(name), Some(ports)) = (words.next(), words.next()) else { continue };
        let Some((ports, proto)) = ports.split_once('/') else { continue };
        let proto = match proto {
            "tcp" => 6,
            "udp" => 17,
            "dccp" => 33,
            "sctp" => 132,
            _ => continue,
        };
        let (first, last) = ports.split_once('-').unwrap_or((ports, ports));
        if let (Ok(first), Ok(last)) = (first.parse(), last.parse()) {
            names.add(proto, first..=last, name);
        }
    }
}

/// The rules of a file: `filter="…" label="…" [cont]`.
pub(super) fn flow_rules(path: &Path) -> anyhow::Result<Vec<FlowRule>> {
    let text = text_of(path, MAX_TABLE)?;
    let mut rules = Vec::new();
    for (line, text) in (1..).zip(text.lines()) {
        let text = text.trim();
        if text.is_empty() || text.starts_with('#') {
            continue;
        }
        let at = |problem: String| anyhow!("{}:{line}: {problem}", path.display());
        if rules.len() >= MAX_RULES {
            return Err(at(format!("more than {MAX_RULES} rules")));
        }
        rules.push(with_names(|names| flow_rule(text, names)).map_err(at)?);
    }
    Ok(rules)
}

fn flow_rule(text: &str, names: &Names<'_>) -> Result<FlowRule, String> {
    let mut rule = FlowRule { filter: Filter::default(), label: String::new(), is_cont: false };
    let words = rule_words(text).ok_or("a quotation mark is missing")?;
    for (name, value) in words {
        match name.as_str() {
            "filter" => rule.filter = Filter::parse_with(&value, names).map_err(|e| e.to_string())?,
            // The characters that part entries cannot stand in one.
            "label" => rule.label = value.chars().map(|c| if c == ':' || c.is_control() { ' ' } else { c }).collect(),
            "cont" if value.is_empty() => rule.is_cont = true,
            _ => return Err(format!("expected filter=, label= or cont, found {name:?}")),
        }
    }
    if rule.label.is_empty() { Err("the rule has no label".into()) } else { Ok(rule) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(text: &str) -> Result<FlowRule, String> {
        with_names(|names| flow_rule(text, names))
    }

    #[test]
    fn rules_are_read() {
        let first = rule("filter=\"udp and port domain\" label=\"dns\" cont").expect("a rule");
        assert_eq!((first.label.as_str(), first.is_cont), ("dns", true));
        assert!(rule("label='x y' filter=\"\"").is_ok_and(|r| r.filter.is_empty() && r.label == "x y" && !r.is_cont));
        for bad in [
            "filter=\"udp",
            "nonsense",
            "filter=\"udp\"",
            "filter=\"udp\" grep=\"x\" label=\"y\"",
            "filter=\"prot x\" label=y",
        ] {
            assert!(rule(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn included_files_are_read_and_cannot_go_in_circles() {
        let folder = std::env::temp_dir().join(format!("argus-globe-include-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder");
        let (a, b) = (folder.join("a"), folder.join("b"));
        std::fs::write(&a, "#include b\n10.0.0.1 one\n").expect("written");
        std::fs::write(&b, "10.0.0.0/8 net\n").expect("written");
        let mut names = AddressNames::default();
        address_names(&a, &mut names, &mut Warnings::new(), 0).expect("names");
        let found: Vec<_> = names.names("10.0.0.1".parse().expect("an address")).collect();
        assert_eq!(found, ["net", "one"]);
        std::fs::write(&b, "#include a\n").expect("written");
        assert!(address_names(&a, &mut names, &mut Warnings::new(), 0).is_err());
        std::fs::remove_dir_all(&folder).expect("removed");
    }
}
