//! One text field for everything: what can be done (command palette) and who is where (search).

mod model;
mod ui;

pub use model::{Entry, Known, MOST, commands, fuzzy, matching, places, sources, spoken};
pub use ui::palette_ui;

use super::feed::Feed;
use crate::geo::countries;

/// Seconds after which an unchanged text is looked up in the newest picture.
const REFRESH: f64 = 1.0;

/// What is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sought {
    /// Actions.
    Commands,
    /// Addresses, cities, countries, systems.
    Places,
    /// Files, servers, interfaces.
    Sources,
}

/// The open palette.
#[derive(Clone, Debug)]
pub struct Palette {
    /// What is looked for.
    pub sought: Sought,
    /// What was typed.
    pub text: String,
    /// The chosen row.
    pub chosen: usize,
    /// What matches.
    pub entries: Vec<Entry>,
    /// Enter was pressed and is obeyed as soon as the matches are those of the text.
    entered: bool,
    /// Text and time of the last look-up.
    asked: Option<(String, f64)>,
}

impl Palette {
    /// An empty field.
    #[must_use]
    pub fn new(sought: Sought) -> Palette {
        Palette { sought, text: String::new(), chosen: 0, entries: Vec::new(), entered: false, asked: None }
    }

    /// Whether the matches are those of the text.
    fn is_fresh(&self) -> bool {
        self.asked.as_ref().is_some_and(|(text, _)| *text == self.text)
    }

    /// Looks up what matches, when the text is another or the picture a newer one.
    pub fn refresh(&mut self, known: Known<'_>, feed: &Feed, now: f64) {
        let stale = self.sought == Sought::Places;
        let same =
            self.asked.as_ref().is_some_and(|(text, then)| *text == self.text && !(stale && now - then > REFRESH));
        if same {
            return;
        }
        if !self.is_fresh() {
            self.chosen = 0;
        }
        self.asked = Some((self.text.clone(), now));
        self.entries = match self.sought {
            Sought::Commands => match spoken(&self.text) {
                Some(entry) => vec![entry],
                None => matching(&commands(known), &self.text),
            },
            Sought::Places => places(&feed.snapshot, countries(), &self.text),
            Sought::Sources => sources(&self.text),
        };
        self.chosen = self.chosen.min(self.entries.len().saturating_sub(1));
    }
}
