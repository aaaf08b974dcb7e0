//! The colours of everything: one table of inks per theme, for panels and picture alike.
//!
//! Why so: a theme is a row of values, not a case in the code. Panels ask [`inks`] while they draw; marks take the
//! inks as an argument, so that they can be tested with any. Category colours and alerts are Okabe–Ito, red-orange
//! belongs to alerts alone, and the colours of the rates rise in lightness (fall in the light theme), so that they keep
//! their order in greyscale and for every kind of colour vision (tested here for every theme).
//!
//! The theme in force belongs to the process, like its window: [`Theme`] as a resource says it, `take_theme` makes it
//! so. Two globes in one process look the same.

mod check;
mod table;
#[cfg(test)]
#[path = "tests.rs"]
mod tests;
mod user;
mod vision;

use std::fmt;
use std::path::Path;
use std::str::FromStr;
use std::sync::{PoisonError, RwLock};

use bevy::prelude::*;
use bevy_egui::egui::Color32;

use super::colouring::KIND_COLOURS;
use super::heat::STOPS;
use super::hud::Hud;
use super::scale::CLASSES;
pub use check::complaints;
use table::{CONTRAST, DARK, LIGHT, NIGHT};
pub use user::{Ink, InkError, UserTheme, register};
pub use vision::{UnknownVision, Vision};

/// A theme: a row of `THEMES`, or one of the user.
#[derive(Resource, Clone, Copy, Debug, Default, PartialEq)]
pub enum Theme {
    /// Dark, for rooms as they are.
    #[default]
    Dark,
    /// Light, for print and bright rooms.
    Light,
    /// Black, white and bright, for weak eyes and weak projectors.
    Contrast,
    /// Dim and warm, for dark rooms at night.
    Night,
    /// From a file of the user.
    User(&'static UserTheme),
}

/// One row of the table of themes.
struct Row {
    theme: Theme,
    name: &'static str,
    title: &'static str,
    inks: &'static Inks,
}

/// All themes, in the order of [`Theme`].
static THEMES: [Row; 4] = [
    Row { theme: Theme::Dark, name: "dark", title: "dark", inks: &DARK },
    Row { theme: Theme::Light, name: "light", title: "light", inks: &LIGHT },
    Row { theme: Theme::Contrast, name: "contrast", title: "high contrast", inks: &CONTRAST },
    Row { theme: Theme::Night, name: "night", title: "night shift", inks: &NIGHT },
];

static CURRENT: RwLock<&Inks> = RwLock::new(&DARK);

/// The inks of the theme in force.
#[must_use]
pub fn inks() -> &'static Inks {
    *CURRENT.read().unwrap_or_else(PoisonError::into_inner)
}

impl Theme {
    /// All themes that the program has, in order.
    pub fn all() -> impl Iterator<Item = Theme> {
        THEMES.iter().map(|row| row.theme)
    }

    fn row(self) -> Option<&'static Row> {
        THEMES.iter().find(|row| row.theme == self)
    }

    /// Its inks.
    #[must_use]
    pub fn inks(self) -> &'static Inks {
        match self {
            Theme::User(theme) => &theme.inks,
            _ => self.row().map_or(&DARK, |row| row.inks),
        }
    }

    /// The file it came from, if it is one of the user.
    #[must_use]
    pub fn file(self) -> Option<&'static Path> {
        match self {
            Theme::User(theme) => theme.file.as_deref(),
            _ => None,
        }
    }

    /// Its name for people.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Theme::User(theme) => &theme.name,
            _ => self.row().map_or("", |row| row.title),
        }
    }

    /// The theme after it: behind ours comes the user's, if there is one, and then the first again.
    #[must_use]
    pub fn next(self) -> Theme {
        let following = THEMES.iter().skip_while(|row| row.theme != self).nth(1);
        match (self, following, user::newest()) {
            (_, Some(row), _) => row.theme,
            (Theme::User(_), ..) | (_, _, None) => Theme::Dark,
            (.., Some(theme)) => Theme::User(theme),
        }
    }

    /// Makes it the theme in force.
    pub fn enforce(self) {
        *CURRENT.write().unwrap_or_else(PoisonError::into_inner) = self.inks();
    }
}

impl fmt::Display for Theme {
    /// As it is written on the command line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Theme::User(theme) => &theme.name,
            _ => self.row().map_or("", |row| row.name),
        })
    }
}

/// A theme that does not exist.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
#[error("theme {0:?} does not exist; known are dark, light, contrast, night, and files of your own")]
pub struct UnknownTheme(pub String);

impl FromStr for Theme {
    type Err = UnknownTheme;

    fn from_str(text: &str) -> Result<Theme, UnknownTheme> {
        let found = THEMES.iter().find(|row| row.name == text.trim());
        found.map(|row| row.theme).ok_or_else(|| UnknownTheme(text.to_owned()))
    }
}

/// Every colour of a theme. Texts keep a contrast of 4.5:1 on every ground of the panels, marks 3:1 on the map.
#[derive(Clone, Debug, PartialEq)]
pub struct Inks {
    /// Whether texts are lighter than their ground.
    pub is_dark: bool,
    /// Ground of panels, opaque.
    pub ground: Color32,
    /// Ground of panels as drawn: the globe shines through a little.
    pub panel: Color32,
    /// Ground of cards. Opaque: text behind a card would shine through any less.
    pub card: Color32,
    /// Laid over everything behind the help.
    pub shade: Color32,
    /// Laid over a picture that is no longer fresh.
    pub veil: Color32,
    /// Ground of fields and of the histogram.
    pub well: Color32,
    /// Every other row of a table.
    pub stripe: Color32,
    /// Buttons: at rest, under the pointer, and the pointer's outline.
    pub button: [Color32; 3],
    /// Hairlines.
    pub line: Color32,
    /// Text where the pointer is.
    pub strong: Color32,
    /// Text of the first rank.
    pub text: Color32,
    /// Text between the first and the second rank: plain cells of a table.
    pub cell: Color32,
    /// Text of the second rank: labels of values.
    pub dim: Color32,
    /// Text of the third rank: hints.
    pub faint: Color32,
    /// The one accent: selected, active, playhead.
    pub accent: Color32,
    /// Ground of something selected or active.
    pub accent_ground: Color32,
    /// Running well.
    pub good: Color32,
    /// Deserves attention.
    pub warn: Color32,
    /// Alerts and failures only.
    pub alert: Color32,
    /// Bars of the histogram: inside the window, outside of it.
    pub bars: [Color32; 2],
    /// Names on the globe.
    pub name: Color32,
    /// Edge of names on the globe.
    pub name_edge: Color32,
    /// Colours of the classes of rate, lowest first, sRGB.
    pub rates: [[u8; 3]; CLASSES],
    /// Colours of the density of traffic, weakest first, sRGB.
    pub heat: [[u8; 3]; STOPS],
    /// Kinds of pins that are no rates, sRGB.
    pub kinds: [[u8; 3]; KIND_COLOURS],
    /// Pins of no named kind, sRGB.
    pub rest: [u8; 3],
    /// Own networks, sRGB.
    pub home: [u8; 3],
    /// The picture behind and below the marks.
    pub scene: SceneInks,
}

impl Inks {
    /// Colour of a kind of pins by its number; that of the rest for every other.
    #[must_use]
    pub fn kind(&self, kind: Option<u8>) -> [u8; 3] {
        kind.and_then(|k| self.kinds.get(usize::from(k))).copied().unwrap_or(self.rest)
    }
}

/// Colours of the picture, as the shaders read them: each a row of `struct Inks` in `shaders/common.wgsl`.
#[derive(Clone, Copy, Debug, PartialEq, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C)]
pub struct SceneInks {
    /// Behind everything, sRGB; strength of the stars.
    pub space: [f32; 4],
    /// Land drawn without a photograph, linear; share of the photograph.
    pub land: [f32; 4],
    /// Sea drawn without a photograph, linear; strength of the city lights.
    pub sea: [f32; 4],
    /// What is left of each colour at night; share of the air's glow that covers instead of adding light.
    pub night: [f32; 4],
    /// Least light of the night, linear; strength of the air.
    pub floor: [f32; 4],
    /// The air beside the globe by day, linear; strength of the haze on the globe.
    pub air_day: [f32; 4],
    /// The same by night; unused.
    pub air_night: [f32; 4],
    /// Haze near the rim by day, linear; strength of coasts and borders.
    pub haze_day: [f32; 4],
    /// The same by night; how much of a line is left at night.
    pub haze_night: [f32; 4],
    /// Coasts, borders and graticule, sRGB; unused.
    pub border: [f32; 4],
    /// Clouds by day, sRGB; opacity.
    pub cloud_day: [f32; 4],
    /// Clouds by night, sRGB; opacity.
    pub cloud_night: [f32; 4],
    /// Edge of pins, sRGB; unused.
    pub edge: [f32; 4],
    /// Edge of arcs, sRGB; opacity.
    pub halo: [f32; 4],
    /// What a chosen mark turns to, sRGB; light added to arcs where a dash is.
    pub chosen: [f32; 4],
    /// Own networks, sRGB; unused.
    pub home: [f32; 4],
    /// Ground of numbers in clusters, sRGB; unused.
    pub plate: [f32; 4],
    /// Alerts, sRGB; unused.
    pub alert: [f32; 4],
}

/// Makes the theme of the resource the one in force; panels take it over in the next frame.
pub(super) fn take_theme(theme: Res<Theme>, hud: Option<ResMut<Hud>>) {
    theme.enforce();
    if let Some(mut hud) = hud {
        hud.restyle();
    }
}
