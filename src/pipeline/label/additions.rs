//! What labellers add to a record, and how it is written.

use crate::record::codec::RecordRef;
use crate::record::{RecordBuilder, label_turned};

pub(super) const COUNTRIES: u8 = 0x64;
pub(super) const LABEL: u8 = 0x66;
pub(super) const SYSTEMS: u8 = 0x32;
/// Longest text in a label.
const MAX_LABEL: usize = 1016;
/// The code of addresses without a country.
const NOWHERE: [u8; 2] = *b"ZZ";

/// What happens to an entry whose name is in the label already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rule {
    /// The old one stays.
    Keep,
    /// Its values are united with the old ones.
    Unite,
    /// It stands beside the old one, unless both are the same.
    Beside,
}

/// One `name=value` of a label.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) name: &'static str,
    pub(super) value: String,
    pub(super) rule: Rule,
}

/// What is to be added, named after the ends as they are read.
#[derive(Clone, Debug, Default)]
pub(super) struct Additions {
    pub(super) entries: Vec<Entry>,
    /// Countries of the ends; they replace what the record says if `corrects` is set.
    pub(super) countries: [Option<[u8; 2]>; 2],
    pub(super) corrects: bool,
    /// AS numbers of the ends and of the intermediate node.
    pub(super) systems: [Option<u32>; 3],
}

impl Additions {
    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty() && self.countries == [None; 2] && self.systems == [None; 3] && !self.corrects
    }

    pub(super) fn clear(&mut self) {
        self.entries.clear();
        *self = Additions { entries: std::mem::take(&mut self.entries), ..Additions::default() };
    }

    /// Exchanges the ends, for a record that is stored the other way round than it is read.
    pub(super) fn turn(&mut self) {
        self.countries.reverse();
        let [src, dst, node] = self.systems;
        self.systems = [dst, src, node];
    }

    /// Writes the record anew with what is added; false, and nothing written, if it becomes too long.
    pub(super) fn write(&self, record: RecordRef<'_>, is_turned: bool, out: &mut Vec<u8>) -> bool {
        let [head, cause, ..] = *record.bytes() else { return false };
        let mut builder = RecordBuilder::new(out, head, cause);
        let (mut countries, mut systems, mut label) = (None, None, None);
        for dsr in record.dsrs() {
            match dsr.kind {
                COUNTRIES => countries = Some(dsr),
                SYSTEMS => systems = Some(dsr.bytes),
                LABEL => label = Some(dsr.body),
                _ => builder.raw(dsr.bytes),
            }
        }
        let old = countries.as_ref().map(|d| d.body);
        match (countries, self.countries(old)) {
            (_, Some(codes)) => {
                builder.dsr(COUNTRIES, 0, 0, |b| b.extend_from_slice(codes.as_flattened()));
            }
            (Some(dsr), None) => builder.raw(dsr.bytes),
            (None, None) => {}
        }
        let text = self.label(label.unwrap_or_default(), is_turned);
        if !text.is_empty() {
            builder.dsr(LABEL, 0, 0, |b| b.extend_from_slice(&text));
        }
        match systems {
            Some(bytes) => builder.raw(bytes),
            None if self.systems == [None; 3] => {}
            None => {
                let [src, dst, node] = self.systems.map(|n| n.unwrap_or(0));
                let numbers = [src, dst, node];
                let used = if node == 0 { 2 } else { 3 };
                builder.dsr(SYSTEMS, 1, 0, |b| {
                    numbers.iter().take(used).for_each(|n| b.extend_from_slice(&n.to_be_bytes()));
                });
            }
        }
        builder.finish()
    }

    /// The countries to be written; `None` if those of the record stay.
    fn countries(&self, old: Option<&[u8]>) -> Option<[[u8; 2]; 2]> {
        let said = |at: usize| {
            let code = old.and_then(|b| b.get(at..at + 2)).and_then(|b| <[u8; 2]>::try_from(b).ok());
            code.filter(|c| *c != [0; 2] && *c != NOWHERE)
        };
        let [src, dst] = self.countries;
        if !self.corrects {
            let codes = [src, dst].map(Option::unwrap_or_default);
            return (old.is_none() && codes != [[0; 2]; 2]).then_some(codes);
        }
        Some([src.or_else(|| said(0)), dst.or_else(|| said(2))].map(|c| c.unwrap_or(NOWHERE)))
    }

    /// The old label with the entries behind it, as far as they fit.
    fn label(&self, old: &[u8], is_turned: bool) -> Vec<u8> {
        let end = old.iter().rposition(|b| *b != 0).map_or(0, |at| at + 1);
        let mut text = old.get(..end).unwrap_or_default().to_vec();
        let kept = text.len();
        for Entry { name, value, rule } in &self.entries {
            let entry = format!("{name}={value}");
            let entry = if is_turned { label_turned(&entry) } else { entry };
            let name = entry.split('=').next().unwrap_or_default();
            match place(text.get(..kept).unwrap_or_default(), name, &entry, *rule) {
                Placed::Nowhere => {}
                Placed::Behind if text.len() + 1 + entry.len() <= MAX_LABEL => {
                    if !text.is_empty() {
                        text.push(b':');
                    }
                    text.extend_from_slice(entry.as_bytes());
                }
                Placed::Into => unite(&mut text, name, value),
                Placed::Behind => {}
            }
        }
        text
    }
}

enum Placed {
    Nowhere,
    Behind,
    Into,
}

/// Where an entry goes in a label that the record had before.
fn place(old: &[u8], name: &str, entry: &str, rule: Rule) -> Placed {
    let named = |e: &[u8]| e.strip_prefix(name.as_bytes()).is_some_and(|rest| rest.first() == Some(&b'='));
    let entries = || old.split(|b| *b == b':');
    if entries().any(|e| e == entry.as_bytes()) {
        return Placed::Nowhere;
    }
    match (entries().any(named), rule) {
        (false, _) | (true, Rule::Beside) => Placed::Behind,
        (true, Rule::Keep) => Placed::Nowhere,
        (true, Rule::Unite) => Placed::Into,
    }
}

/// Adds to an entry of a label the values that it does not have.
fn unite(text: &mut Vec<u8>, name: &str, value: &str) {
    let mut out = Vec::with_capacity(text.len() + value.len() + 1);
    let mut is_done = false;
    for (i, entry) in text.split(|b| *b == b':').enumerate() {
        if i > 0 {
            out.push(b':');
        }
        out.extend_from_slice(entry);
        let old = entry.strip_prefix(name.as_bytes()).and_then(|rest| rest.strip_prefix(b"="));
        let Some(old) = old.filter(|_| !is_done) else { continue };
        is_done = true;
        for new in value.split(',') {
            if !old.split(|b| *b == b',').any(|v| v == new.as_bytes()) {
                out.push(b',');
                out.extend_from_slice(new.as_bytes());
            }
        }
    }
    if out.len() <= MAX_LABEL {
        *text = out;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn label(old: &str, entries: &[(&'static str, &str, Rule)], is_turned: bool) -> String {
        let entries = entries.iter().map(|(name, value, rule)| Entry { name, value: (*value).into(), rule: *rule });
        let additions = Additions { entries: entries.collect(), ..Additions::default() };
        String::from_utf8(additions.label(old.as_bytes(), is_turned)).expect("text")
    }

    #[test]
    fn entries_join_what_is_there() {
        let new =
            [("saddr", "Home,Phone", Rule::Unite), ("flow", "dns", Rule::Beside), ("scity", "1.0,2.0", Rule::Keep)];
        assert_eq!(label("", &new, false), "saddr=Home,Phone:flow=dns:scity=1.0,2.0");
        assert_eq!(label("saddr=Phone:scity=3.0,4.0", &new, false), "saddr=Phone,Home:scity=3.0,4.0:flow=dns");
        let twice = label("", &new, false);
        assert_eq!(label(&twice, &new, false), twice);
        assert_eq!(
            label("a\0\0", &[("flow", "x", Rule::Beside), ("flow", "y", Rule::Beside)], false),
            "a:flow=x:flow=y"
        );
    }

    #[test]
    fn a_turned_record_stores_the_other_end() {
        assert_eq!(label("", &[("saddr", "A", Rule::Unite), ("flow", "x", Rule::Beside)], true), "daddr=A:flow=x");
    }

    #[test]
    fn a_label_never_outgrows_its_record() {
        let long = "x".repeat(700);
        let text = label("a=b", &[("flow", &long, Rule::Beside), ("flow", &format!("{long}y"), Rule::Beside)], false);
        assert_eq!(text.len(), 3 + 6 + 700);
        assert_eq!(label(&format!("saddr={long}"), &[("saddr", &format!("{long}y"), Rule::Unite)], false).len(), 706);
    }

    #[test]
    fn countries_of_a_registry_come_before_those_of_the_record() {
        let with = |countries, corrects, old: Option<&[u8]>| {
            Additions { countries, corrects, ..Additions::default() }.countries(old)
        };
        assert_eq!(with([Some(*b"DE"), None], true, Some(b"USFR")), Some([*b"DE", *b"FR"]));
        assert_eq!(with([None, None], true, None), Some([*b"ZZ", *b"ZZ"]));
        assert_eq!(with([Some(*b"DE"), None], false, Some(b"USFR")), None);
        assert_eq!(with([Some(*b"DE"), None], false, None), Some([*b"DE", [0; 2]]));
    }
}
