//! Which of the accepted records are shown: tests of places, then a filter in the argus language.
//!
//! ```text
//! shown := { ["!"] ("country" | "city" | "as") "=" (word | quoted text) ["and"] } [filter]
//! ```
//!
//! A record passes a test of places when one of its ends does, wherever that place is known from. The filter language
//! itself can only ask what a record says.

use std::fmt;

use crate::filter::Filter;
use crate::geo::{Located, Place};

/// Longest text, in bytes.
const LONGEST: usize = 8192;
/// Most tests of places.
const MOST: usize = 64;

/// One test of where an end is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlaceTest {
    /// Passes where it would not, and the other way round.
    pub negated: bool,
    /// What is asked.
    pub asked: Asked,
}

/// What a test of places asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    /// The country, by its code.
    Country([u8; 2]),
    /// The city, whole; case does not count.
    City(String),
    /// The number of the autonomous system.
    System(u32),
}

impl PlaceTest {
    fn holds(&self, src: &Located, dst: &Located) -> bool {
        let fits = |end: &Located| end.as_ref().is_ok_and(|place| self.asked.fits(place));
        (fits(src) || fits(dst)) != self.negated
    }
}

impl Asked {
    fn fits(&self, place: &Place) -> bool {
        match self {
            Asked::Country(code) => place.country == Some(*code),
            Asked::City(name) => place.city.as_deref().is_some_and(|c| c.to_lowercase() == *name),
            Asked::System(number) => place.asn == Some(*number),
        }
    }
}

impl fmt::Display for PlaceTest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.negated { "!" } else { "" })?;
        match &self.asked {
            Asked::Country(code) => write!(f, "country={}", String::from_utf8_lossy(code).to_lowercase()),
            Asked::City(name) if name.contains(char::is_whitespace) => write!(f, "city=\"{name}\""),
            Asked::City(name) => write!(f, "city={name}"),
            Asked::System(number) => write!(f, "as={number}"),
        }
    }
}

/// What is shown. Prints as a text that reads as the same.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Show {
    /// Where one of the ends must be.
    pub places: Vec<PlaceTest>,
    /// What a record must say.
    pub filter: Filter,
}

/// Why a text does not say what is to be shown.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{problem}")]
pub struct ShowError {
    /// Byte offset of the place in the text.
    pub at: usize,
    /// Length of the place in bytes; 0 at the end of the text.
    pub len: usize,
    /// What is wrong, with what was probably meant.
    pub problem: String,
}

impl Show {
    /// What stands behind the tests of places, as it was written.
    #[must_use]
    pub fn filter_text(text: &str) -> &str {
        let mut at = 0;
        while let Ok(Some((_, end))) = place_test(text, at) {
            let (word, word_end) = word_at(text, end);
            at = if word == "and" { word_end } else { end };
        }
        text.get(at..).unwrap_or("").trim()
    }

    /// Reads a text. An empty one shows everything.
    ///
    /// # Errors
    /// Where and why it is none.
    pub fn parse(text: &str) -> Result<Show, ShowError> {
        if text.len() > LONGEST {
            let problem = format!("the filter has {} bytes; at most {LONGEST} are read", text.len());
            return Err(ShowError { at: LONGEST, len: 0, problem });
        }
        let mut places = Vec::new();
        let mut at = 0;
        while let Some((test, end)) = place_test(text, at)? {
            if places.len() >= MOST {
                return Err(ShowError {
                    at,
                    len: end - at,
                    problem: format!("at most {MOST} places can be asked for"),
                });
            }
            places.push(test);
            at = end;
            let (word, word_end) = word_at(text, at);
            if word == "and" {
                at = word_end;
            }
        }
        let rest = text.get(at..).unwrap_or("");
        let filter = Filter::parse(rest).map_err(|e| {
            let here = at + e.position();
            let len = text.get(here..).map_or(0, |t| t.find(char::is_whitespace).unwrap_or(t.len()));
            let meant = e.suggestion().map(|s| format!("; did you mean '{s}'?")).unwrap_or_default();
            ShowError { at: here, len, problem: format!("{}{meant}", e.problem()) }
        })?;
        Ok(Show { places, filter })
    }

    /// Whether everything is shown.
    #[must_use]
    pub fn is_everything(&self) -> bool {
        self.places.is_empty() && self.filter.is_empty()
    }

    /// Whether the ends of a record are where they must be.
    pub(super) fn fits(&self, src: &Located, dst: &Located) -> bool {
        self.places.iter().all(|test| test.holds(src, dst))
    }
}

impl fmt::Display for Show {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, test) in self.places.iter().enumerate() {
            write!(f, "{}{test}", if i == 0 { "" } else { " " })?;
        }
        let gap = if self.places.is_empty() || self.filter.is_empty() { "" } else { " " };
        write!(f, "{gap}{}", self.filter)
    }
}

/// The word behind blanks at a place of the text, and where it ends.
fn word_at(text: &str, at: usize) -> (&str, usize) {
    let rest = text.get(at..).unwrap_or("");
    let start = at + (rest.len() - rest.trim_start().len());
    let rest = text.get(start..).unwrap_or("");
    let len = rest.find(char::is_whitespace).unwrap_or(rest.len());
    (rest.get(..len).unwrap_or(""), start + len)
}

/// A test of places at a place of the text and where it ends, if one stands there.
fn place_test(text: &str, at: usize) -> Result<Option<(PlaceTest, usize)>, ShowError> {
    let (word, end) = word_at(text, at);
    let start = end - word.len();
    let (bare, negated) = word.strip_prefix('!').map_or((word, false), |w| (w, true));
    let Some((name, value)) = bare.split_once('=') else { return Ok(None) };
    if !matches!(name, "country" | "city" | "as") {
        return Ok(None);
    }
    let (value, end) = match value.strip_prefix('"') {
        None => (value, end),
        Some(_) => {
            let opening = end - value.len() + 1;
            let inside = text.get(opening..).unwrap_or("");
            let Some(len) = inside.find('"') else {
                return Err(ShowError {
                    at: start,
                    len: text.len() - start,
                    problem: "the quoted text has no end".into(),
                });
            };
            (inside.get(..len).unwrap_or(""), opening + len + 1)
        }
    };
    let wrong = |problem: &str| ShowError { at: start, len: end - start, problem: problem.into() };
    let asked = match name {
        "country" => match value.to_ascii_uppercase().as_bytes() {
            &[a, b] if a.is_ascii_alphabetic() && b.is_ascii_alphabetic() => Asked::Country([a, b]),
            _ => return Err(wrong("a country is a code of two letters, such as country=de")),
        },
        "as" => {
            let digits = value.strip_prefix("as").or(value.strip_prefix("AS")).unwrap_or(value);
            Asked::System(digits.parse().map_err(|_| wrong("an AS is a number, such as as=559"))?)
        }
        _ if value.is_empty() => return Err(wrong("the name of the city is missing")),
        _ => Asked::City(value.to_lowercase()),
    };
    Ok(Some((PlaceTest { negated, asked }, end)))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::*;
    use crate::geo::{LatLon, Origin};

    fn place(country: &[u8; 2], city: &str, asn: u32) -> Located {
        let mut p = Place::new(LatLon { lat: 1.0, lon: 2.0 }, Origin::Database);
        (p.country, p.city, p.asn) = (Some(*country), Some(city.into()), Some(asn));
        Ok(Arc::new(p))
    }

    #[test]
    fn places_come_before_the_filter_and_both_print_as_they_read() {
        let show = Show::parse("country=DE and !as=AS559 city=\"New York\" tcp and port 443").expect("right");
        assert_eq!(show.places.len(), 3);
        assert_eq!(Show::parse(&show.to_string()).as_ref(), Ok(&show));
        assert!(show.to_string().starts_with("country=de !as=559 city=\"new york\" "), "{show}");
        assert!(Show::parse("  ").expect("empty").is_everything());
        assert!(!Show::parse("udp").expect("right").is_everything());
    }

    #[test]
    fn one_end_is_enough_and_negation_turns_it_around() {
        let (zurich, tokyo, nowhere) = (place(b"CH", "Zurich", 559), place(b"JP", "Tokyo", 2501), Err("private"));
        let fits = |text: &str, a: &Located, b: &Located| Show::parse(text).expect(text).fits(a, b);
        assert!(fits("country=ch", &zurich, &tokyo) && fits("country=ch", &tokyo, &zurich));
        assert!(!fits("country=de", &zurich, &tokyo) && !fits("country=ch", &nowhere, &nowhere));
        assert!(fits("!country=de", &zurich, &nowhere) && !fits("!country=jp", &zurich, &tokyo));
        assert!(fits("city=ZURICH as=2501", &zurich, &tokyo) && !fits("city=Zur", &zurich, &tokyo));
    }

    #[test]
    fn an_error_says_where() {
        for (text, at, len, part) in [
            ("tcp and prot 80", 8, 4, "did you mean 'port'?"),
            ("country=de tcp and prot 80", 19, 4, "did you mean 'port'?"),
            ("as=x", 0, 4, "an AS is a number"),
            ("country=de  country=germany", 12, 15, "two letters"),
            ("city=\"New York", 0, 14, "no end"),
            ("tcp and", 7, 0, "ends where"),
        ] {
            let error = Show::parse(text).expect_err(text);
            assert_eq!((error.at, error.len), (at, len), "{text}: {error}");
            assert!(error.problem.contains(part), "{text}: {error}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused_within_itself(text in "(country=|city=\"|as=|!|and |tcp | |\\PC){0,20}") {
            if let Err(error) = Show::parse(&text) {
                prop_assert!(error.at <= text.len() && error.at + error.len <= text.len());
                prop_assert!(text.is_char_boundary(error.at) && text.is_char_boundary(error.at + error.len));
            }
        }
    }
}
