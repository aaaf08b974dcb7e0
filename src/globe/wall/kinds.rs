//! Which tours there are, by name.

use std::fmt;
use std::str::FromStr;

/// What a tour shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TourKind {
    /// What matters now: alerts, new places, changes, talkers, between looks at the whole globe.
    #[default]
    Data,
    /// Alerts alone.
    Alerts,
    /// The busiest addresses.
    Talkers,
    /// New countries and cities, and the busiest address of each country in turn.
    Places,
    /// The saved views, in the order of their names.
    Views,
    /// The whole globe, turning.
    Spin,
    /// Nothing: the eye stays where it is.
    Off,
}

/// All tours with their names and what they show.
pub(super) static TOURS: [(TourKind, &str, &str); 7] = [
    (TourKind::Data, "data", "what matters now"),
    (TourKind::Alerts, "alerts", "alerts"),
    (TourKind::Talkers, "talkers", "the busiest addresses"),
    (TourKind::Places, "places", "new places, and one country after the other"),
    (TourKind::Views, "views", "the saved views"),
    (TourKind::Spin, "spin", "the whole globe"),
    (TourKind::Off, "off", "nothing, the eye stays"),
];

impl TourKind {
    /// All of them, in the order of the help.
    pub fn all() -> impl Iterator<Item = TourKind> {
        TOURS.iter().map(|(kind, ..)| *kind)
    }

    /// What it shows, in a few words.
    #[must_use]
    pub fn about(self) -> &'static str {
        TOURS.iter().find(|(kind, ..)| *kind == self).map_or("", |(_, _, about)| about)
    }
}

/// A tour that does not exist.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no tour {name:?}; known are {}", TOURS.map(|(_, name, _)| name).join(", "))]
pub struct UnknownTour {
    name: String,
}

impl FromStr for TourKind {
    type Err = UnknownTour;

    fn from_str(text: &str) -> Result<TourKind, UnknownTour> {
        let found = TOURS.iter().find(|(_, name, _)| *name == text.trim());
        found.map(|(kind, ..)| *kind).ok_or_else(|| UnknownTour { name: text.trim().chars().take(40).collect() })
    }
}

impl fmt::Display for TourKind {
    /// As it is written on the command line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(TOURS.iter().find(|(kind, ..)| kind == self).map_or("", |(_, name, _)| name))
    }
}

/// Which tour, and how many seconds it stays at each stop.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TourWish {
    /// Which.
    pub kind: TourKind,
    /// Seconds.
    pub secs: f64,
}

impl Default for TourWish {
    fn default() -> TourWish {
        TourWish { kind: TourKind::Data, secs: 20.0 }
    }
}

impl FromStr for TourWish {
    type Err = String;

    /// `alerts`, `30` or `alerts,30`.
    fn from_str(text: &str) -> Result<TourWish, String> {
        let usual = TourWish::default();
        let seconds = |text: &str| text.trim().parse::<f64>().ok().filter(|secs| secs.is_finite());
        if let Some(secs) = seconds(text) {
            return Ok(TourWish { secs, ..usual });
        }
        let (name, secs) = text.split_once(',').map_or((text, None), |(name, secs)| (name, Some(secs)));
        let kind = name.parse().map_err(|e: UnknownTour| e.to_string())?;
        let wrong = || "behind the comma seconds are expected, such as alerts,30".to_owned();
        let secs = secs.map(|secs| seconds(secs).ok_or_else(wrong)).transpose()?;
        Ok(TourWish { kind, secs: secs.unwrap_or(usual.secs) })
    }
}

impl fmt::Display for TourWish {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{},{}", self.kind, self.secs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tour_is_named_with_or_without_seconds_and_an_unknown_one_names_the_known() {
        let wish = |kind, secs| Ok(TourWish { kind, secs });
        for (text, expect) in [
            ("30", wish(TourKind::Data, 30.0)),
            ("alerts", wish(TourKind::Alerts, 20.0)),
            (" views , 45", wish(TourKind::Views, 45.0)),
            ("spin,12.5", wish(TourKind::Spin, 12.5)),
        ] {
            assert_eq!(text.parse::<TourWish>(), expect, "{text}");
        }
        for kind in TourKind::all() {
            assert_eq!(kind.to_string().parse(), Ok(kind));
            let wish = TourWish { kind, secs: 33.0 };
            assert_eq!(wish.to_string().parse(), Ok(wish));
        }
        let error = "alert".parse::<TourWish>().expect_err("unknown");
        assert!(TOURS.iter().all(|(_, name, _)| error.contains(name)) && error.contains("\"alert\""), "{error}");
        assert!("views,soon".parse::<TourWish>().is_err() && "".parse::<TourWish>().is_err());
    }
}
