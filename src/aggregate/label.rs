//! Labels of two flows as one: `name=value,value:name=value`.
//!
//! Entries are united name by name, values in the order in which they are first seen. What belongs to one address (its
//! coordinates, with country and city where they are listed) is one value: the classic clients unite number by number,
//! so that two places that share a latitude end as one latitude and two longitudes.

/// Longest label that fits a record.
pub(super) const MAX_LEN: usize = 1016;

/// The union of two labels; `None` where nothing changes. Values that would make the label too long are left out.
pub(super) fn united(mine: &str, other: &str) -> Option<String> {
    if mine == other || other.is_empty() {
        return None;
    }
    let mut entries: Vec<(&str, Vec<&str>)> = Vec::new();
    let mut changed = false;
    for (is_new, text) in [(false, mine), (true, other)] {
        for entry in text.split(':').filter(|e| !e.is_empty()) {
            let (name, value) = entry.split_once('=').unwrap_or((entry, ""));
            let at = match entries.iter().position(|(n, _)| *n == name) {
                Some(at) => at,
                None => {
                    changed |= is_new;
                    entries.push((name, Vec::new()));
                    entries.len() - 1
                }
            };
            let Some((_, values)) = entries.get_mut(at) else { continue };
            for v in groups(value) {
                if !values.contains(&v) {
                    changed |= is_new;
                    values.push(v);
                }
            }
        }
    }
    changed.then(|| joined(&entries))
}

fn joined(entries: &[(&str, Vec<&str>)]) -> String {
    let mut out = String::new();
    for (name, values) in entries {
        let start = if out.is_empty() { "" } else { ":" };
        if out.len() + start.len() + name.len() > MAX_LEN {
            continue;
        }
        out.push_str(start);
        out.push_str(name);
        for (i, value) in values.iter().enumerate() {
            if out.len() + 1 + value.len() > MAX_LEN {
                break;
            }
            out.push(if i == 0 { '=' } else { ',' });
            out.push_str(value);
        }
    }
    out
}

/// The values of an entry: single ones, or with coordinates everything that belongs to one address. Where a group ends
/// is told by the coordinates: they stand first in all groups or last in all.
fn groups(values: &str) -> Vec<&str> {
    let pieces: Vec<&str> = values.split(',').collect();
    if values.is_empty() {
        return Vec::new();
    }
    let pairs: Vec<usize> = (0..pieces.len().saturating_sub(1))
        .filter(|&i| matches!((pieces.get(i), pieces.get(i + 1)), (Some(a), Some(b)) if is_pair(a, b)))
        .collect();
    // Neighbouring pairs overlap (longitude, latitude); every second one counts.
    let mut starts: Vec<usize> = Vec::new();
    for i in pairs {
        if starts.last().is_none_or(|last| i >= last + 2) {
            starts.push(i);
        }
    }
    let cuts: Vec<usize> = match starts.first() {
        None => return pieces,
        Some(0) => starts.into_iter().skip(1).collect(),
        Some(_) => starts.into_iter().map(|s| s + 2).filter(|&s| s < pieces.len()).collect(),
    };
    let mut out = Vec::with_capacity(cuts.len() + 1);
    let mut from = 0;
    let offset = |piece: usize| pieces.iter().take(piece).map(|p| p.len() + 1).sum::<usize>();
    for to in cuts.into_iter().chain([pieces.len()]) {
        out.push(values.get(offset(from)..offset(to) - 1).unwrap_or(""));
        from = to;
    }
    out
}

fn is_pair(a: &str, b: &str) -> bool {
    let degrees = |t: &str, limit: f64| t.contains('.') && t.parse::<f64>().is_ok_and(|v| v.abs() <= limit);
    degrees(a, 90.0) && degrees(b, 180.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coordinates_stay_together() {
        for (a, b, expected) in [
            ("dcity=39.0,-77.4", "dcity=39.0,-122.3", "dcity=39.0,-77.4,39.0,-122.3"),
            ("dcity=39.0,-77.4,47.6,-122.3", "dcity=47.6,-122.3", ""),
            ("scity=1.5,2.5,GB,London", "scity=1.5,2.5,GB,Leeds:x", "scity=1.5,2.5,GB,London,1.5,2.5,GB,Leeds:x"),
            ("scity=GB,London,1.5,2.5", "scity=GB,Leeds,3.5,4.5", "scity=GB,London,1.5,2.5,GB,Leeds,3.5,4.5"),
            ("a=1:b=2", "b=3,2:c=4", "a=1:b=2,3:c=4"),
            ("", "a=1", "a=1"),
            ("dns", "dns", ""),
        ] {
            assert_eq!(united(a, b).unwrap_or_default(), expected, "{a} and {b}");
        }
    }

    #[test]
    fn a_label_never_outgrows_its_record() {
        let mut label = String::new();
        for n in 0..400 {
            if let Some(new) = united(&label, &format!("dcity=1.5,{}.5", n % 180)) {
                label = new;
            }
        }
        assert!(label.len() <= MAX_LEN && label.len() > 900, "{}", label.len());
    }
}
