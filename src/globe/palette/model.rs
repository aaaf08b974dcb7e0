//! What the palette offers and what matches a text: no egui, no Bevy.

use std::collections::BTreeMap;

use super::Sought;
use crate::base::units::grouped;
use crate::cache::{HostPin, Snapshot};
use crate::geo::{Country, LatLon};
use crate::globe::actions::{Action, Row};
use crate::globe::camera::Orbit;
use crate::globe::colouring::ColourBy;
use crate::globe::hud::text;
use crate::globe::kept::SavedFilters;
use crate::globe::open::{Browsed, browse};
use crate::globe::scale::RateShift;
use crate::globe::timeline::{IDLE, SPEEDS};
use crate::globe::views::Views;
use crate::globe::wall::TourKind;

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

/// What there is to choose from.
#[derive(Clone, Copy, Debug)]
pub struct Known<'a> {
    /// The table of actions.
    pub rows: &'a [Row],
    /// Saved views.
    pub views: &'a Views,
    /// Saved filters.
    pub filters: &'a SavedFilters,
}

/// Every action, saved views and filters, and the values that actions without a key can take.
#[must_use]
pub fn commands(known: Known<'_>) -> Vec<Entry> {
    let of_row = |row: &Row| {
        let keys: Vec<String> = row.keys.iter().map(ToString::to_string).collect();
        Entry {
            title: format!("{}: {}", row.group.title(), row.help),
            note: keys.join("  "),
            action: row.action.clone(),
        }
    };
    let plain = |title: String, action| Entry { title, note: String::new(), action };
    let mut all: Vec<Entry> = known.rows.iter().map(of_row).collect();
    all.extend(known.filters.0.iter().map(|(name, text)| Entry {
        title: format!("Saved filter: {name}"),
        note: text::shorten(text, 36),
        action: Action::SavedFilter(name.clone()),
    }));
    all.extend(known.views.0.keys().map(|name| plain(format!("Saved view: {name}"), Action::SavedView(name.clone()))));
    all.extend(SPEEDS.map(|s| plain(format!("Time: speed {}", text::speed(s)), Action::Speed(s))));
    all.extend([10u64, 30, 60, 300].map(|secs| {
        let length = std::time::Duration::from_secs(secs);
        plain(format!("Time: fit the whole recording into {}", text::duration(length)), Action::Fit(length))
    }));
    let idle = text::duration(IDLE);
    all.push(plain(format!("Time: jump over silence of more than {idle}, on or off"), Action::SkipIdle));
    all.extend(["rate", "country", "as", "port", "sensor"].into_iter().filter_map(|word| {
        let by: ColourBy = word.parse().ok()?;
        Some(plain(format!("Pins: colour by {}", by.title()), Action::Colour(by)))
    }));
    all.extend(RateShift::ALL.map(|shift| {
        let words = if shift == RateShift::PLAIN { "as it is" } else { shift.words() };
        plain(format!("View: scale of rates {words}"), Action::RateShift(shift))
    }));
    all.extend(TourKind::all().map(|kind| plain(format!("Wall: tour of {}", kind.about()), Action::Tour(kind))));
    all.push(plain("Pins: colour by rule WORDS".into(), go_on("colour by rule ")));
    all.push(plain("View: save view NAME".into(), go_on("save view ")));
    all.push(plain("Data: save filter NAME".into(), go_on("save filter ")));
    all.push(plain("Time: show the whole span".into(), Action::ShowSpan(None)));
    all.push(plain("Time: scale of the bars, root, linear or log".into(), Action::NextTimeScale));
    all
}

/// What is left of a text behind `save view` or `save filter`: the name to save it under.
fn saving(query: &str) -> Option<Entry> {
    /// Longest name, in characters.
    const LONGEST_NAME: usize = 40;
    let query = query.trim_start();
    let view = query.strip_prefix("save view").map(|rest| ("view", rest));
    let (what, rest) = view.or_else(|| query.strip_prefix("save filter").map(|rest| ("filter", rest)))?;
    let name: String = rest.trim().chars().filter(|c| !c.is_control()).take(LONGEST_NAME).collect();
    let (title, action) = match (name.as_str(), what) {
        ("", _) => (format!("Save this {what}: go on with its name"), go_on(&format!("save {what} "))),
        (_, "view") => (format!("Save this view as \u{201c}{name}\u{201d}"), Action::SaveView(name)),
        _ => (format!("Save this filter as \u{201c}{name}\u{201d}"), Action::SaveFilter(name)),
    };
    Some(Entry { title, note: String::new(), action })
}

/// The palette of actions with a beginning that waits for more.
fn go_on(text: &str) -> Action {
    Action::GoOn(Sought::Commands, text.to_owned())
}

/// What is meant by a text that goes on behind its first words: the name of a view, the words of a rule.
#[must_use]
pub fn spoken(query: &str) -> Option<Entry> {
    saving(query).or_else(|| ruling(query))
}

/// What is left of a text behind `colour by rule`: the words of the rule.
fn ruling(query: &str) -> Option<Entry> {
    let query = query.trim_start();
    let words = query.strip_prefix("colour by rule").or_else(|| query.strip_prefix("color by rule"))?.trim();
    let (title, action) = match format!("rule:{words}").parse::<ColourBy>() {
        Ok(by) => (format!("Colour pins that have flows with: {words}"), Action::Colour(by)),
        Err(_) => ("Colour pins by a rule: go on with words of the flow table".into(), go_on("colour by rule ")),
    };
    Some(Entry { title, note: String::new(), action })
}

/// Files, folders, servers and interfaces that a text can mean.
#[must_use]
pub fn sources(query: &str) -> Vec<Entry> {
    let home = std::env::var_os("HOME").map(std::path::PathBuf::from);
    let found = browse(query, home.as_deref()).into_iter().take(MOST);
    let open = |name: String| Action::Open(vec![name]);
    let entry = |browsed| match browsed {
        Browsed::Folder(path) => Entry {
            title: text::shorten_left(&path, 60),
            note: "folder".into(),
            action: Action::GoOn(Sought::Sources, path),
        },
        Browsed::File(path, size) => Entry { title: text::shorten_left(&path, 60), note: size, action: open(path) },
        Browsed::Server(name) => Entry {
            title: format!("Records from the server {}", text::shorten(&name, 40)),
            note: "-S".into(),
            action: open(format!("-S {name}")),
        },
        Browsed::Interface(name) => Entry {
            title: format!("Packets of the interface {}", text::shorten(&name, 40)),
            note: "-i".into(),
            action: open(format!("-i {name}")),
        },
    };
    found.map(entry).collect()
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
        let (views, filters) = (Views::default(), SavedFilters::default());
        let all = commands(Known { rows: &rows, views: &views, filters: &filters });
        for row in &rows {
            let found = matching(&all, row.help);
            assert!(found.iter().any(|e| e.action == row.action), "{}", row.help);
        }
        assert_eq!(first(&matching(&all, "full scr")), "Program: full screen");
        assert_eq!(first(&matching(&all, "flw tbl")), "Layers: Flow table");
        assert!(matching(&all, "qqqqqq").is_empty());
        assert_eq!(matching(&all, "  ").len(), MOST);
    }

    #[test]
    fn a_view_is_saved_under_the_name_that_is_typed() {
        let action = |text: &str| saving(text).map(|e| e.action);
        assert_eq!(action("save view my office"), Some(Action::SaveView("my office".into())));
        assert_eq!(action("save view "), Some(go_on("save view ")));
        assert_eq!(action("save filter web"), Some(Action::SaveFilter("web".into())));
        assert_eq!(action("save"), None);
    }

    #[test]
    fn a_rule_for_colours_is_what_is_typed() {
        let action = |text: &str| spoken(text).map(|e| e.action);
        assert_eq!(
            action("colour by rule dport=22 !udp"),
            Some(Action::Colour(ColourBy::Rule("dport=22 !udp".into())))
        );
        assert_eq!(action("color by rule "), Some(go_on("colour by rule ")));
        assert_eq!(action("colour by country"), None);
    }

    #[test]
    fn saved_views_are_offered() {
        let mut views = Views::default();
        views.0.insert("office".into(), crate::globe::views::SavedView::default());
        let mut filters = SavedFilters::default();
        filters.0.insert("web".into(), "tcp and port 443".into());
        let all = commands(Known { rows: &rows(), views: &views, filters: &filters });
        assert_eq!(matching(&all, "office")[0].action, Action::SavedView("office".into()));
        assert_eq!(matching(&all, "saved web")[0].action, Action::SavedFilter("web".into()));
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
