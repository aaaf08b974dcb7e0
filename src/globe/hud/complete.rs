//! What the word at the cursor of the filter bar can go on as: words of the language, places and values of the picture.
//! No egui here.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::base::units::grouped;
use crate::cache::Snapshot;
use crate::filter::vocabulary;
use crate::geo::countries;
use crate::globe::kept::SavedFilters;

/// Most offers at once.
pub(super) const MOST: usize = 8;
/// Words that join others or ask where an end is, with what they mean.
const JOINING: &[(&str, &str)] = &[
    ("and", "both sides hold"),
    ("or", "one side holds"),
    ("not", "the next word does not hold"),
    ("src", "of the initiator"),
    ("dst", "of the responder"),
    ("country=", "one end is in this country"),
    ("city=", "one end is in this city"),
    ("as=", "one end is in this autonomous system"),
];

/// One way for a word to go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Offer {
    /// What the word becomes.
    pub(super) word: String,
    /// What it means, or how often it is seen.
    pub(super) note: String,
}

/// What can stand in place of a part of the text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Offers {
    /// The part, in bytes.
    pub(super) part: Range<usize>,
    /// Best first.
    pub(super) offers: Vec<Offer>,
}

impl Offers {
    /// The text with an offer taken, and where the cursor is then, in bytes.
    #[must_use]
    pub(super) fn taken(&self, text: &str, index: usize) -> Option<(String, usize)> {
        let offer = self.offers.get(index)?;
        let (before, behind) = (text.get(..self.part.start)?, text.get(self.part.end..)?);
        // What waits for a value goes on at once.
        let gap = if offer.word.ends_with('=') || behind.starts_with(' ') { "" } else { " " };
        let begun = format!("{before}{}{gap}", offer.word);
        let at = begun.len();
        Some((begun + behind, at))
    }
}

/// What the word that ends at `cursor` (in bytes) can go on as.
#[must_use]
pub(super) fn offers(text: &str, cursor: usize, snapshot: &Snapshot, saved: &SavedFilters) -> Offers {
    let Some(before) = text.get(..cursor) else { return Offers::default() };
    if text.trim().is_empty() {
        let all = saved.0.iter().map(|(name, filter)| Offer { word: filter.clone(), note: format!("saved as {name}") });
        return Offers { part: 0..text.len(), offers: all.take(MOST).collect() };
    }
    let start = before.rfind([' ', '(', ')']).map_or(0, |at| at + 1);
    let word = before.get(start..).unwrap_or("");
    let earlier = before.get(..start).unwrap_or("").split_whitespace().next_back().unwrap_or("");
    // The rest of the word behind the cursor goes as well.
    let end = cursor + text.get(cursor..).map_or(0, |t| t.find([' ', '(', ')']).unwrap_or(t.len()));
    let bare = word.strip_prefix('!').unwrap_or(word);
    let part = start + (word.len() - bare.len())..end;
    let mut offers = match bare.split_once('=').or(value_of(earlier).map(|name| (name, bare))) {
        Some((name, begun)) => values(name, begun, snapshot),
        None if bare.is_empty() => Vec::new(),
        None => words(bare),
    };
    offers.truncate(MOST);
    // A word that is whole needs no help.
    if offers.first().is_some_and(|o| o.word == bare) && offers.len() == 1 {
        offers.clear();
    }
    Offers { part, offers }
}

/// The kind of value that must follow a word.
fn value_of(word: &str) -> Option<&'static str> {
    match word {
        "port" | "sport" | "dport" => Some("port"),
        "host" => Some("host"),
        "proto" => Some("proto"),
        _ => None,
    }
}

/// Words that begin so, in the order of the tables; joining words first.
fn words(begun: &str) -> Vec<Offer> {
    let begun = begun.to_lowercase();
    let joining = JOINING.iter().map(|(word, note)| ((*word).to_owned(), (*note).to_owned()));
    let language = vocabulary().into_iter().map(|(word, about)| (word.to_owned(), about));
    let mut seen: Vec<String> = Vec::new();
    let fits = joining.chain(language).filter(|(word, _)| word.starts_with(&begun)).filter(|(word, _)| {
        let new = !seen.contains(word);
        seen.push(word.clone());
        new
    });
    fits.map(|(word, note)| Offer { word, note }).collect()
}

/// Values of the picture that begin so, most seen first.
fn values(name: &str, begun: &str, snapshot: &Snapshot) -> Vec<Offer> {
    let begun = begun.trim_start_matches('"').to_lowercase();
    let mut counts: BTreeMap<(String, String), u64> = BTreeMap::new();
    let mut count = |word: String, note: &str, n: u64| *counts.entry((word, note.to_owned())).or_default() += n;
    let mut of = "pin";
    match name {
        "country" => {
            for code in snapshot.hosts.iter().filter_map(|h| h.place.country) {
                let word = format!("country={}", String::from_utf8_lossy(&code).to_lowercase());
                let name = countries().iter().find(|c| c.code == Some(code)).map_or("", |c| c.name.as_str());
                count(word, name, 1);
            }
        }
        "city" => {
            for city in snapshot.hosts.iter().filter_map(|h| h.place.city.as_deref()).filter(|c| !c.contains('"')) {
                let quotes = if city.contains(char::is_whitespace) { "\"" } else { "" };
                count(format!("city={quotes}{}{quotes}", city.to_lowercase()), "", 1);
            }
        }
        "as" => {
            for p in snapshot.hosts.iter().map(|h| &h.place) {
                if let Some(asn) = p.asn {
                    count(format!("as={asn}"), p.as_name.as_deref().unwrap_or(""), 1);
                }
            }
        }
        "host" => {
            for h in snapshot.hosts.iter().filter(|h| h.group.is_none()) {
                count(h.addr.to_string(), h.place.city.as_deref().unwrap_or(""), u64::from(h.flows));
            }
            of = "flow";
        }
        "port" => {
            for key in snapshot.flows.iter().map(|f| &f.last.key).filter(|k| matches!(k.proto, 6 | 17)) {
                count(key.dport.to_string(), "", 1);
            }
            of = "flow";
        }
        "proto" => {
            for flow in snapshot.flows.iter() {
                count(flow.last.proto_name.to_string(), "", 1);
            }
            of = "flow";
        }
        _ => return Vec::new(),
    }
    let value = |word: &str| word.split_once('=').map_or(word, |(_, v)| v).trim_start_matches('"').to_owned();
    let fits = |(word, note): &(String, String)| {
        value(word).starts_with(&begun) || note.to_lowercase().starts_with(&begun) && !begun.is_empty()
    };
    let mut found: Vec<((String, String), u64)> = counts.into_iter().filter(|(key, _)| fits(key)).collect();
    // Stable: equals stay in the order of their words.
    found.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
    found
        .into_iter()
        .take(MOST)
        .map(|((word, name), n)| {
            let gap = if name.is_empty() { "" } else { ", " };
            Offer { word, note: format!("{name}{gap}{} {of}{}", grouped(n), if n == 1 { "" } else { "s" }) }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::globe::fixture;

    fn offered(text: &str) -> Vec<String> {
        let found = offers(text, text.len(), &fixture::snapshot(), &SavedFilters::default());
        found.offers.into_iter().map(|o| o.word).collect()
    }

    #[test]
    fn words_of_the_language_go_on() {
        assert!(offered("tc").contains(&"tcp".to_owned()));
        assert_eq!(offered("tcp and por").first().map(String::as_str), Some("port"));
        assert!(offered("not (coun").contains(&"country=".to_owned()));
        assert_eq!(offered("tcp "), [] as [&str; 0]);
        assert_eq!(offered("zzz"), [] as [&str; 0]);
    }

    #[test]
    fn values_are_those_of_the_picture_most_seen_first() {
        assert_eq!(offered("port ")[0], "443");
        assert_eq!(offered("tcp and dst port 2"), ["22"]);
        assert_eq!(offered("country=").len(), 4);
        assert_eq!(offered("!country=swi"), ["country=ch"], "by the country's name");
        assert_eq!(offered("as=3"), ["as=3333"]);
        assert_eq!(offered("city=zu"), ["city=zurich"]);
        assert_eq!(offered("host 129"), ["129.132.1.1"]);
        assert!(offered("proto ").contains(&"udp".to_owned()));
    }

    #[test]
    fn an_offer_takes_the_place_of_its_word_only() {
        let s = fixture::snapshot();
        let text = "tcp and !coun and port 443";
        let found = offers(text, 13, &s, &SavedFilters::default());
        let index = found.offers.iter().position(|o| o.word == "country=").expect("offered");
        let (now, at) = found.taken(text, index).expect("taken");
        assert_eq!((now.as_str(), at), ("tcp and !country= and port 443", 17));
        let found = offers("po", 2, &s, &SavedFilters::default());
        assert_eq!(found.taken("po", 0), Some(("port ".into(), 5)));
        assert_eq!(found.taken("po", 99), None);
    }

    #[test]
    fn saved_filters_are_offered_before_anything_is_typed() {
        let saved = SavedFilters([("web".to_owned(), "tcp and port 443".to_owned())].into());
        let found = offers("", 0, &fixture::snapshot(), &saved);
        assert_eq!(found.taken("", 0), Some(("tcp and port 443 ".into(), 17)));
        assert_eq!(found.offers[0].note, "saved as web");
    }

    proptest! {
        #[test]
        fn no_text_is_too_odd(text in "\\PC{0,40}", at in 0usize..60) {
            let found = offers(&text, at, &fixture::snapshot(), &SavedFilters::default());
            for i in 0..found.offers.len() {
                let (now, cursor) = found.taken(&text, i).expect("an offer fits its text");
                prop_assert!(now.is_char_boundary(cursor));
            }
        }
    }
}
