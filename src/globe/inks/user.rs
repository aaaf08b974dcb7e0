//! Themes of the user: one of ours with other colours, by the names below.

use std::path::{Path, PathBuf};
use std::sync::RwLock;

use bevy_egui::egui::Color32;

use super::{Inks, Theme};
use crate::base::nearest::nearest;

/// Most themes of the user in one run; more are refused.
const MOST: usize = 1000;
/// Greatest number of a colour of the scene: light that is added may be more than white.
const BRIGHTEST: f32 = 4.0;

/// A theme of the user.
#[derive(Debug, PartialEq)]
pub struct UserTheme {
    /// What it is called.
    pub name: String,
    /// Its colours.
    pub inks: Inks,
    /// The file it came from.
    pub file: Option<PathBuf>,
}

/// All themes of the user so far. They stay for the whole run, so that a theme is a plain value everywhere.
static KNOWN: RwLock<Vec<&'static UserTheme>> = RwLock::new(Vec::new());

/// A value of a theme's file.
#[derive(Clone, Debug, PartialEq)]
pub enum Ink {
    /// Colours as `#rrggbb` or `#rrggbbaa`.
    Colours(Vec<[u8; 4]>),
    /// Numbers of a colour of the picture.
    Numbers(Vec<f32>),
}

/// Why a theme cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InkError {
    /// No colour is called so.
    #[error("unknown key {name:?}{hint}")]
    Unknown {
        /// What was written.
        name: String,
        /// What was probably meant.
        hint: String,
    },
    /// Another number or kind of values is needed.
    #[error("{name}: expected {expected}")]
    Shape {
        /// The key.
        name: String,
        /// What it takes.
        expected: String,
    },
    /// There is no room for it.
    #[error("more than {MOST} themes in one run; start anew")]
    TooMany,
}

type Single = fn(&mut Inks) -> &mut Color32;
type Scene = fn(&mut Inks) -> &mut [f32; 4];

/// Single colours of panels.
const SINGLES: &[(&str, Single)] = &[
    ("ground", |i| &mut i.ground),
    ("panel", |i| &mut i.panel),
    ("card", |i| &mut i.card),
    ("shade", |i| &mut i.shade),
    ("veil", |i| &mut i.veil),
    ("well", |i| &mut i.well),
    ("stripe", |i| &mut i.stripe),
    ("line", |i| &mut i.line),
    ("strong", |i| &mut i.strong),
    ("text", |i| &mut i.text),
    ("cell", |i| &mut i.cell),
    ("dim", |i| &mut i.dim),
    ("faint", |i| &mut i.faint),
    ("accent", |i| &mut i.accent),
    ("accent_ground", |i| &mut i.accent_ground),
    ("good", |i| &mut i.good),
    ("warn", |i| &mut i.warn),
    ("alert", |i| &mut i.alert),
    ("name", |i| &mut i.name),
    ("name_edge", |i| &mut i.name_edge),
];

/// Colours of the picture.
const SCENES: &[(&str, Scene)] = &[
    ("scene.space", |i| &mut i.scene.space),
    ("scene.land", |i| &mut i.scene.land),
    ("scene.sea", |i| &mut i.scene.sea),
    ("scene.night", |i| &mut i.scene.night),
    ("scene.floor", |i| &mut i.scene.floor),
    ("scene.air_day", |i| &mut i.scene.air_day),
    ("scene.air_night", |i| &mut i.scene.air_night),
    ("scene.haze_day", |i| &mut i.scene.haze_day),
    ("scene.haze_night", |i| &mut i.scene.haze_night),
    ("scene.border", |i| &mut i.scene.border),
    ("scene.cloud_day", |i| &mut i.scene.cloud_day),
    ("scene.cloud_night", |i| &mut i.scene.cloud_night),
    ("scene.edge", |i| &mut i.scene.edge),
    ("scene.halo", |i| &mut i.scene.halo),
    ("scene.chosen", |i| &mut i.scene.chosen),
    ("scene.plate", |i| &mut i.scene.plate),
];

/// Rows of colours.
const ROWS: [&str; 7] = ["button", "bars", "rates", "heat", "kinds", "rest", "home"];

fn color([r, g, b, a]: [u8; 4]) -> Color32 {
    Color32::from_rgba_unmultiplied(r, g, b, a)
}

impl Inks {
    /// Changes one colour, or one row of colours, by its name.
    ///
    /// # Errors
    /// The name is unknown, or takes other values.
    pub fn set(&mut self, name: &str, ink: &Ink) -> Result<(), InkError> {
        let wrong = |expected: &str| InkError::Shape { name: name.to_owned(), expected: expected.to_owned() };
        let rows = |n: usize| wrong(&format!("{n} colours such as \"#56b4e9\" in [ ]"));
        if let Some((_, field)) = SINGLES.iter().find(|(known, _)| *known == name) {
            let Ink::Colours(colours) = ink else { return Err(wrong("a colour such as \"#56b4e9\"")) };
            let [colour] = colours.as_slice() else { return Err(wrong("one colour such as \"#56b4e9\"")) };
            *field(self) = color(*colour);
            if name == "alert" {
                self.scene.alert = scene(*colour, self.scene.alert[3]);
            }
            return Ok(());
        }
        if let Some((_, field)) = SCENES.iter().find(|(known, _)| *known == name) {
            let usable = |v: &[f32]| v.iter().all(|v| (0.0..=BRIGHTEST).contains(v));
            let Ink::Numbers(numbers) = ink else { return Err(wrong("four numbers in [ ]")) };
            let numbers = <[f32; 4]>::try_from(numbers.as_slice()).ok().filter(|v| usable(v));
            *field(self) = numbers.ok_or_else(|| wrong("four numbers from 0 to 4 in [ ]"))?;
            return Ok(());
        }
        let Ink::Colours(colours) = ink else { return Err(self.unknown(name)) };
        let opaque: Vec<[u8; 3]> = colours.iter().map(|[r, g, b, _]| [*r, *g, *b]).collect();
        match name {
            "button" | "bars" => {
                let colours: Vec<Color32> = colours.iter().copied().map(color).collect();
                match name {
                    "button" => self.button = colours.try_into().map_err(|_| rows(3))?,
                    _ => self.bars = colours.try_into().map_err(|_| rows(2))?,
                }
            }
            "rates" => self.rates = opaque.try_into().map_err(|_| rows(self.rates.len()))?,
            "heat" => self.heat = opaque.try_into().map_err(|_| rows(self.heat.len()))?,
            "kinds" => self.kinds = opaque.try_into().map_err(|_| rows(self.kinds.len()))?,
            "rest" | "home" => {
                let [one] = opaque.as_slice() else { return Err(wrong("one colour such as \"#56b4e9\"")) };
                if name == "rest" {
                    self.rest = *one;
                } else {
                    self.home = *one;
                    self.scene.home = scene([one[0], one[1], one[2], 255], self.scene.home[3]);
                }
            }
            _ => return Err(self.unknown(name)),
        }
        Ok(())
    }

    fn unknown(&self, name: &str) -> InkError {
        let singles = SINGLES.iter().map(|(n, _)| *n);
        let known = singles.chain(SCENES.iter().map(|(n, _)| *n)).chain(ROWS).chain(["base"]);
        let hint = nearest(name, known).map(|n| format!("; did you mean {n:?}?")).unwrap_or_default();
        InkError::Unknown { name: name.chars().take(40).collect(), hint }
    }
}

fn scene([r, g, b, _]: [u8; 4], rest: f32) -> [f32; 4] {
    let part = |v: u8| f32::from(v) / 255.0;
    [part(r), part(g), part(b), rest]
}

/// Makes a theme of the user known; the same one again is the one that is known.
///
/// # Errors
/// There is no room for it.
pub fn register(name: &str, inks: Inks, file: Option<&Path>) -> Result<Theme, InkError> {
    let mut known = KNOWN.write().unwrap_or_else(std::sync::PoisonError::into_inner);
    if let Some(same) = known.iter().find(|t| t.name == name && t.inks == inks && t.file.as_deref() == file) {
        return Ok(Theme::User(same));
    }
    if known.len() >= MOST {
        return Err(InkError::TooMany);
    }
    let theme: &'static UserTheme =
        Box::leak(Box::new(UserTheme { name: name.to_owned(), inks, file: file.map(Path::to_owned) }));
    known.push(theme);
    Ok(Theme::User(theme))
}

/// The newest theme of the user.
pub(super) fn newest() -> Option<&'static UserTheme> {
    KNOWN.read().unwrap_or_else(std::sync::PoisonError::into_inner).last().copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::globe::inks::complaints;

    #[test]
    fn every_name_changes_its_colour() {
        let mut inks = Theme::Dark.inks().clone();
        let one = Ink::Colours(vec![[1, 2, 3, 255]]);
        for (name, field) in SINGLES {
            inks.set(name, &one).expect(name);
            assert_eq!(*field(&mut inks), Color32::from_rgb(1, 2, 3), "{name}");
        }
        for (name, field) in SCENES {
            inks.set(name, &Ink::Numbers(vec![0.5, 0.25, 0.0, 1.0])).expect(name);
            assert_eq!(*field(&mut inks), [0.5, 0.25, 0.0, 1.0], "{name}");
        }
        for (name, n) in ROWS.into_iter().zip([3, 2, 9, 7, 6, 1, 1]) {
            inks.set(name, &Ink::Colours(vec![[9, 8, 7, 255]; n])).expect(name);
            assert!(inks.set(name, &Ink::Colours(vec![[9, 8, 7, 255]; n + 1])).is_err(), "{name}");
        }
        assert_eq!((inks.rates[8], inks.home, inks.scene.home[0]), ([9, 8, 7], [9, 8, 7], 9.0 / 255.0));
    }

    #[test]
    fn mistakes_are_named() {
        let mut inks = Theme::Dark.inks().clone();
        let mut error = |name: &str, ink: Ink| inks.set(name, &ink).expect_err(name).to_string();
        assert!(error("acent", Ink::Colours(vec![[0; 4]])).contains("did you mean \"accent\"?"));
        assert!(error("text", Ink::Numbers(vec![1.0])).contains("text: expected a colour"));
        assert!(error("scene.land", Ink::Numbers(vec![1.0; 3])).contains("four numbers"));
        assert!(error("scene.land", Ink::Numbers(vec![f32::NAN; 4])).contains("from 0 to 4"));
        assert!(error("rates", Ink::Colours(vec![[0; 4]; 8])).contains("9 colours"));
    }

    #[test]
    fn the_same_theme_is_known_once_and_keys_come_to_it() {
        let inks = Theme::Light.inks().clone();
        let (a, b) = (register("mine", inks.clone(), None).expect("room"), register("mine", inks, None).expect("room"));
        assert_eq!((a, a.title(), a.to_string()), (b, "mine", "mine".to_owned()));
        assert!(!a.inks().is_dark && a.next() == Theme::Dark);
        assert!(matches!(Theme::Night.next(), Theme::User(_)));
    }

    #[test]
    fn what_cannot_be_read_is_complained_of() {
        for theme in Theme::all() {
            assert_eq!(complaints(theme.inks()), [] as [String; 0], "{theme}");
        }
        let mut inks = Theme::Dark.inks().clone();
        inks.set("text", &Ink::Colours(vec![[40, 44, 50, 255]])).expect("a colour");
        inks.rates.reverse();
        let all = complaints(&inks).join("\n");
        assert!(all.contains("text") && all.contains("4.5") && all.contains("rates"), "{all}");
    }
}
