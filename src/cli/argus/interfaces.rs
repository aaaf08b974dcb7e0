//! `-i`: interfaces that have a sensor each, and groups of them that share one.

use super::super::Usage;
use super::super::service::source_id;
use crate::record::SrcId;

/// The word for every interface that is up.
pub(super) const ALL: &str = "all";
/// Brackets in brackets; deeper than anybody needs.
const MAX_DEPTH: usize = 8;

/// Interfaces under one sensor.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Group {
    /// Names, at least one.
    pub(super) devices: Vec<String>,
    /// The sensor's identity, if it has one of its own.
    pub(super) id: Option<SrcId>,
    /// Named as a group, so that `all` within it means all together.
    pub(super) together: bool,
}

/// Takes the values of `-i`: `dev`, `ind:a,b` (one sensor each), `bond:a,b` and `dup:a,b` (one sensor for all of them),
/// groups in brackets as in `dup:[bond:a,b],c`, each with `/id` behind it.
///
/// # Errors
/// A name is missing, a bracket is open, or an id is none.
pub(super) fn parse(words: &[String]) -> Result<Vec<Group>, Usage> {
    let mut groups = Vec::new();
    for word in words {
        let parsed = group_of(word, 0).map_err(|problem| Usage(format!("-i {word:?}: {problem}")))?;
        groups.extend(parsed);
    }
    Ok(groups)
}

/// Puts the names that `list` gives in the place of `all`: with a sensor each, or within the group that names it.
///
/// # Errors
/// What `list` says; it is asked only if somebody says `all`.
pub(super) fn expand<E>(groups: Vec<Group>, list: impl Fn() -> Result<Vec<String>, E>) -> Result<Vec<Group>, E> {
    let mut out = Vec::new();
    for group in groups {
        if !group.devices.iter().any(|d| d == ALL) {
            out.push(group);
            continue;
        }
        let names = list()?;
        if group.devices.len() == 1 && !group.together {
            out.extend(names.into_iter().map(|name| Group { devices: vec![name], ..group.clone() }));
        } else {
            let named = group.devices.iter().filter(|d| *d != ALL && !names.contains(d)).cloned();
            let devices = names.iter().cloned().chain(named).collect();
            out.push(Group { devices, ..group });
        }
    }
    Ok(out)
}

fn group_of(word: &str, depth: usize) -> Result<Vec<Group>, String> {
    if depth > MAX_DEPTH {
        return Err("brackets within brackets are nested too deeply".into());
    }
    let (together, list) = match word.split_once(':') {
        Some(("bond" | "dup", list)) => (true, list),
        Some(("ind", list)) => (false, list),
        _ => (false, word),
    };
    let mut groups = Vec::new();
    for part in split(list)? {
        let (name, id) = with_id(part)?;
        let inner = match name.strip_prefix('[') {
            Some(inner) => group_of(inner.strip_suffix(']').ok_or("a ] is expected behind [")?, depth + 1)?,
            None if name.is_empty() => return Err("the name of an interface is expected".into()),
            None => vec![Group { devices: vec![name.to_owned()], id: None, together: false }],
        };
        groups.extend(inner.into_iter().map(|g| Group { id: id.or(g.id), ..g }));
    }
    if !together {
        return Ok(groups);
    }
    // The id behind a list is that of the whole list.
    let id = groups.iter().rev().find_map(|g| g.id);
    let devices = groups.into_iter().flat_map(|g| g.devices).collect();
    Ok(vec![Group { devices, id, together }])
}

/// The parts between commas that are not within brackets.
fn split(list: &str) -> Result<Vec<&str>, String> {
    let (mut depth, mut begin, mut parts) = (0usize, 0, Vec::new());
    for (at, c) in list.char_indices() {
        match c {
            '[' => depth += 1,
            ']' => depth = depth.checked_sub(1).ok_or("found ] without [ before it")?,
            ',' if depth == 0 => {
                parts.push(list[begin..at].trim());
                begin = at + 1;
            }
            _ => {}
        }
    }
    if depth > 0 {
        return Err("a ] is expected behind [".into());
    }
    parts.push(list[begin..].trim());
    Ok(parts)
}

/// A name and the id behind a slash that is not within brackets.
fn with_id(part: &str) -> Result<(&str, Option<SrcId>), String> {
    let outside = part.rfind(']').map_or(0, |at| at + 1);
    match part[outside..].split_once('/') {
        Some((name, id)) => Ok((&part[..outside + name.len()], Some(source_id(id)?))),
        None => Ok((part, None)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(word: &str) -> Result<Vec<(String, Option<SrcId>)>, String> {
        let groups = parse(&[word.to_owned()]).map_err(|e| e.0)?;
        Ok(groups.into_iter().map(|g| (g.devices.join("+"), g.id)).collect())
    }

    #[test]
    fn interfaces_stand_alone_or_together() {
        let id = |n| Some(SrcId::Int(n));
        let own = |s: &str| s.to_owned();
        assert_eq!(shown("eth0"), Ok(vec![(own("eth0"), None)]));
        assert_eq!(shown("ind:a/1,b/2"), Ok(vec![(own("a"), id(1)), (own("b"), id(2))]));
        assert_eq!(shown("bond:a,b/7"), Ok(vec![(own("a+b"), id(7))]));
        assert_eq!(shown("dup:[bond:a,b],c/8"), Ok(vec![(own("a+b+c"), id(8))]));
        assert_eq!(shown("ind:[bond:a,b]/3,c"), Ok(vec![(own("a+b"), id(3)), (own("c"), None)]));
        for bad in ["", "bond:", "a,,b", "bond:[a,b", "a]", "bond:a/too long", "[a]x", "[[[[[[[[[[a]]]]]]]]]]"] {
            assert!(shown(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn all_stands_for_the_interfaces_that_are_up() {
        let expanded = |word: &str| -> Vec<String> {
            let groups = parse(&[word.to_owned()]).map_err(|e| e.0).expect("well formed");
            let list = || Ok::<_, ()>(vec!["x".to_owned(), "y".to_owned()]);
            expand(groups, list).expect("listed").into_iter().map(|g| g.devices.join("+")).collect()
        };
        assert_eq!(expanded("all"), ["x", "y"]);
        assert_eq!(expanded("ind:all,lo"), ["x", "y", "lo"]);
        assert_eq!(expanded("bond:all"), ["x+y"]);
        assert_eq!(expanded("bond:all,lo"), ["x+y+lo"]);
    }
}
