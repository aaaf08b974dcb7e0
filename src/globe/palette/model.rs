//! What the palette offers and what matches a text: no egui, no Bevy.

use std::collections::BTreeMap;

use super::Sought;
use crate::base::units::grouped;
use crate::cache::{HostPin, Snapshot};
use crate::geo::{Country, LatLon};
use crate::globe::actions::{Action, Row};
use crate::globe::camera::Orbit;
use crate::globe::hud::text;
use crate::globe::timeline::{IDLE, SPEEDS};
use crate::globe::views::Views;

/// Most entries that are shown.
pub const MOST: usize = 12;
/// Longest text that is looked for, in characters.
const LONGEST: usize = 80;
/// Altitude in radii at which a country, and a city, is looked at.
const OVER_COUNTRY: f64 = 0.7;
const OVER_CITY: f64 = 0.25;

/// One thing to choose.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// What it is called.
    pub title: String,
    /// What kind of thing it is, or which keys it has.
    pub note: String,
    /// What choosing it does.
    pub action: Action,
}

/// Every action, every saved view, and the values that actions without a key can take.
#[must_use]
pub fn commands(rows: &[Row], views: &Views) -> Vec<Entry> {
    let of_row = |row: &Row| {
        let keys: Vec<String> = row.keys.iter().map(ToString::to_string).collect();
        Entry {
            title: format!("{}: {}", row.group.title(), row.help),
            note: keys.join("  "),
            action: row.action.clone(),
        }
    };
    let plain = |title: String, action| Entry { title, note: String::new(), action };
    let mut all: Vec<Entry> = rows.iter().map(of_row).collect();
    all.extend(views.0.keys().map(|name| plain(format!("Saved view: {name}"), Action::SavedView(name.clone()))));
    all.extend(SPEEDS.map(|s| plain(format!("Time: speed {}", text::speed(s)), Action::Speed(s))));
    all.extend([10u64, 30, 60, 300].map(|secs| {
        let length = std::time::Duration::from_secs(secs);
        plain(format!("Time: fit the whole recording into {}", text::duration(length)), Action::Fit(length))
    }));
    let idle = text::duration(IDLE);
    all.push(plain(format!("Time: jump over silence of more than {idle}, on or off"), Action::SkipIdle));
    all.push(plain("View: save view NAME".into(), Action::Palette(Sought::Commands)));
    all.push(plain("Time: show the whole span".into(), Action::ShowSpan(None)));
    all
}

/// What is left of a text behind `save view`: the name to save the view under.
#[must_use]
pub fn saving(query: &str) -> Option<Entry> {
    /// Longest name, in characters.
    const LONGEST_NAME: usize = 40;
    let rest = query.trim_start().strip_prefix("save view")?.trim();
    let name: String = rest.chars().filter(|c| !c.is_control()).take(LONGEST_NAME).collect();
    let title = match name.as_str() {
        "" => "Save this view: go on with its name".to_owned(),
        name => format!("Save this view as \u{201c}{name}\u{201d}"),
    };
    let action = if name.is_empty() { Action::Palette(Sought::Commands) } else { Action::SaveView(name) };
    Some(Entry { title, note: String::new(), action })
}

/// Addresses, cities, countries and systems of a picture whose names match, best first; countries also where there is
/// no traffic.
#[must_use]
pub fn places(snapshot: &Snapshot, countries: &[Country], query: &str) -> Vec<Entry> {
    let query = cut(query);
    if query.is_empty() {
        return Vec::new();
    }
    let mut found: Vec<(i32, Entry)> = Vec::new();
    let mut offer = |score: Option<i32>, entry: &dyn Fn() -> Entry| {
        if let Some(score) = score {
            found.push((score, entry()));
        }
    };
    let mut cities: BTreeMap<(&str, &str), (LatLon, u64)> = BTreeMap::new();
    let mut systems: BTreeMap<u32, (&HostPin, u64)> = BTreeMap::new();
    for host in &snapshot.hosts {
        let named = host.group.as_ref().map_or_else(|| host.addr.to_string(), |g| g.name.to_string());
        offer(fuzzy(&named, query), &|| Entry {
            title: named.clone(),
            note: place_of(host),
            action: Action::FlyTo(host.addr),
        });
        if let Some(city) = host.place.city.as_deref() {
            cities.entry((city, host.place.country_code())).or_insert((host.place.at, 0)).1 += 1;
        }
        if let Some(asn) = host.place.asn {
            let known = systems.entry(asn).or_insert((host, 0));
            known.1 += 1;
            if host.load_in + host.load_out > known.0.load_in + known.0.load_out {
                known.0 = host;
            }
        }
    }
    let pins = |n: u64| format!("{} pin{}", grouped(n), if n == 1 { "" } else { "s" });
    for ((city, code), (at, count)) in &cities {
        offer(fuzzy(city, query).map(|s| s + 2), &|| Entry {
            title: if code.is_empty() { (*city).to_owned() } else { format!("{city}, {code}") },
            note: format!("city, {}", pins(*count)),
            action: over(*at, OVER_CITY),
        });
    }
    for (asn, (host, count)) in &systems {
        let title = format!("AS{asn} {}", host.place.as_name.as_deref().unwrap_or(""));
        offer(fuzzy(&title, query), &|| Entry {
            title: title.trim_end().to_owned(),
            note: format!("AS, {}", pins(*count)),
            action: Action::FlyTo(host.addr),
        });
    }
    for country in countries {
        let code = country.code.map(|c| String::from_utf8_lossy(&c).into_owned()).unwrap_or_default();
        let score = fuzzy(&country.name, query).max(fuzzy(&code, query).filter(|_| query.len() == 2));
        offer(score.map(|s| s + 3), &|| Entry {
            title: country.name.clone(),
            note: format!("country {code}").trim_end().to_owned(),
            action: over(country.at, OVER_COUNTRY),
        });
    }
    best(found)
}

fn over(at: LatLon, altitude: f64) -> Action {
    Action::Look(Orbit { target: at, altitude, ..Orbit::default() })
}

fn place_of(host: &HostPin) -> String {
    match (host.place.city.as_deref(), host.place.country_code()) {
        (Some(city), "") => city.to_owned(),
        (Some(city), code) => format!("{city}, {code}"),
        (None, code) => code.to_owned(),
    }
}

/// The entries whose titles match, best first; all of them, in their order, for an empty text.
#[must_use]
pub fn matching(entries: &[Entry], query: &str) -> Vec<Entry> {
    let query = cut(query);
    if query.is_empty() {
        return entries.iter().take(MOST).cloned().collect();
    }
    best(entries.iter().filter_map(|e| Some((fuzzy(&e.title, query)?, e.clone()))).collect())
}

fn best(mut found: Vec<(i32, Entry)>) -> Vec<Entry> {
    found
        .sort_by(|(x, a), (y, b)| y.cmp(x).then_with(|| a.title.len().cmp(&b.title.len())).then(a.title.cmp(&b.title)));
    found.dedup_by(|(_, a), (_, b)| a == b);
    found.into_iter().take(MOST).map(|(_, entry)| entry).collect()
}

fn cut(query: &str) -> &str {
    let query = query.trim();
    query.char_indices().nth(LONGEST).map_or(query, |(at, _)| query.get(..at).unwrap_or(query))
}

/// How well a text matches what was typed, if it does: all characters stand in it in their order, blanks apart. Whole
/// stretches, beginnings of words and of the text count more.
#[must_use]
pub fn fuzzy(text: &str, query: &str) -> Option<i32> {
    let fold = |s: &str| s.chars().flat_map(char::to_lowercase).collect::<Vec<char>>();
    let (text, query) = (fold(text), fold(query));
    let wanted: Vec<char> = query.iter().copied().filter(|c| !c.is_whitespace()).collect();
    if wanted.is_empty() {
        return Some(0);
    }
    let begins_word =
        |at: usize| at.checked_sub(1).and_then(|b| text.get(b)).is_none_or(|before| !before.is_alphanumeric());
    // The whole stretch where it stands, the best place of it.
    let stretches = (0..text.len()).filter(|at| text.get(*at..*at + query.len()) == Some(&query[..]));
    let whole = stretches.map(|at| 40 + if begins_word(at) { 30 } else { 0 } + if at == 0 { 20 } else { 0 }).max();
    let mut score = 0;
    let mut last: Option<usize> = None;
    let mut next = 0;
    for c in &wanted {
        let at = next + text.get(next..)?.iter().position(|t| t == c)?;
        score += 1;
        if last.is_some_and(|l| l + 1 == at) {
            score += 4;
        }
        if begins_word(at) {
            score += 6;
        }
        (last, next) = (Some(at), at + 1);
    }
    let scattered = score - i32::try_from(text.len() / 12).unwrap_or(0);
    Some(whole.map_or(scattered, |w| w + scattered))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::geo::countries;
    use crate::globe::actions::rows;
    use crate::globe::fixture;

    fn first(entries: &[Entry]) -> &str {
        entries.first().map_or("", |e| e.title.as_str())
    }

    #[test]
    fn every_action_can_be_found_by_what_it_does() {
        let rows = rows();
        let all = commands(&rows, &Views::default());
        for row in &rows {
            let found = matching(&all, row.help);
            assert!(found.iter().any(|e| e.action == row.action), "{}", row.help);
        }
        assert_eq!(first(&matching(&all, "full scr")), "Program: full screen");
        assert_eq!(first(&matching(&all, "tbl")), "Layers: Flow table");
        assert!(matching(&all, "qqqqqq").is_empty());
        assert_eq!(matching(&all, "  ").len(), MOST);
    }

    #[test]
    fn a_view_is_saved_under_the_name_that_is_typed() {
        let action = |text: &str| saving(text).map(|e| e.action);
        assert_eq!(action("save view my office"), Some(Action::SaveView("my office".into())));
        assert_eq!(action("save view "), Some(Action::Palette(Sought::Commands)));
        assert_eq!(action("save"), None);
    }

    #[test]
    fn saved_views_are_offered() {
        let mut views = Views::default();
        views.0.insert("office".into(), crate::globe::views::SavedView::default());
        let found = matching(&commands(&rows(), &views), "office");
        assert_eq!(found[0].action, Action::SavedView("office".into()));
    }

    #[test]
    fn addresses_cities_systems_and_countries_are_found() {
        let s = fixture::snapshot();
        let find = |text: &str| places(&s, countries(), text);
        assert_eq!(find("133.11")[0].action, Action::FlyTo("133.11.1.1".parse().expect("an address")));
        assert_eq!(first(&find("zuri")), "Zurich, CH");
        assert_eq!(find("as3333")[0].title, "AS3333 Network 3333");
        assert_eq!(first(&find("brazil")), "Brazil");
        assert!(find("jp").iter().any(|e| e.title == "Japan"));
        assert!(find("").is_empty());
        assert!(find("a").len() <= MOST);
    }

    proptest! {
        #[test]
        fn a_text_matches_itself_best_and_nothing_panics(text in "\\PC{1,40}", query in "\\PC{0,100}") {
            let own = fuzzy(&text, &text);
            prop_assert!(own.is_some());
            prop_assert!(fuzzy(&text, &query) <= own.max(Some(0)).map(|s| s + 1000));
            let _ = places(&fixture::snapshot(), &[], &query);
        }
    }
}
