//! What the panels remember between frames.

use std::sync::Arc;

use bevy::prelude::Resource;
use bevy::tasks::Task;
use bevy_egui::egui::{Pos2, Rect};

use super::bar::FilterBar;
use super::parts::Hidden;
use crate::base::Span;
use crate::cache::{Series, Snapshot};
use crate::globe::actions::{Row, rows};
use crate::globe::inspector::{Cards, DetailModel, SeveralModel};
use crate::globe::open::Chooser;
use crate::globe::palette::{Palette, Sought};
use crate::globe::selection::{Picked, Selection};
use crate::globe::table::{Column, View, Wish};
use crate::globe::timeline::{Bars, TimeScale};

/// What the panels are told at the start.
#[derive(Resource, Clone, Debug, Default)]
pub struct HudOptions {
    /// The argus filter in force, as the user wrote it.
    pub filter: Option<String>,
    /// Size of all text and panels relative to the normal one; 0 means 1.
    pub ui_scale: f32,
    /// Addresses are replaced: nobody may ask for real ones.
    pub masked: bool,
    /// What is never shown.
    pub hidden: Hidden,
    /// What is shown is the bundled sample, because no source was named.
    pub sample: bool,
}

/// A line that appears for a few seconds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Toast {
    /// What it says.
    pub text: String,
    /// When it goes, in seconds of the scene's clock.
    pub until: f64,
}

/// State of the panels.
#[derive(Resource)]
pub struct Hud {
    /// Whether the help is open.
    pub help: bool,
    /// Whether the list of addresses without a place is open.
    pub unplaced: bool,
    /// The open palette or search.
    pub palette: Option<Palette>,
    /// The dialog of files.
    pub chooser: Chooser,
    /// Whether files are held over the window.
    pub dropping: bool,
    /// The stretch of the recording that the time line shows; all of it if none.
    pub stretch: Option<Span>,
    /// How high the bars of the time line are.
    pub time_scale: TimeScale,
    /// Whether the list of alerts is open.
    pub alerts: bool,
    /// Whether it is said that the bundled sample is shown, where it is.
    pub sample: bool,
    /// Whether the list of sources is open.
    pub sources: bool,
    /// Whether the settings are open.
    pub settings: bool,
    /// Pinned cards.
    pub cards: Cards,
    /// What the card under the pointer is about, and its upper left corner.
    pub hovered_card: Option<(Picked, Pos2)>,
    /// What panels leave free for cards, in points.
    pub room: Rect,
    /// Where other things lie within that, such as the legend.
    pub taken: Vec<Rect>,
    /// Digits of a speed being typed.
    pub typed: String,
    /// A passing message.
    pub toast: Option<Toast>,
    /// The filter of the picture; empty if there is none.
    pub shown: String,
    /// The bar that it is typed into.
    pub bar: FilterBar,
    /// Text for the clipboard, taken in the next frame.
    pub clipboard: Option<String>,
    /// Put the keyboard into the table's text box in the next frame.
    pub focus_filter: bool,
    /// Bring the selected row into sight in the next frame.
    pub reveal: bool,
    /// What is asked of the table.
    pub wish: Wish,
    /// Columns of the table, in order.
    pub columns: Vec<Column>,
    /// The table's newest finished answer.
    pub view: View,
    pub(super) pending: Option<Task<View>>,
    pub(super) rows: Vec<Row>,
    pub(super) bars: BarsCache,
    pub(super) detail: DetailCache,
    pub(super) themed: bool,
    /// Grows by one with each change of sizes and colours.
    style: u64,
    pub(super) noticed: String,
}

impl Default for Hud {
    fn default() -> Hud {
        Hud {
            help: false,
            unplaced: false,
            palette: None,
            chooser: Chooser::default(),
            dropping: false,
            stretch: None,
            time_scale: TimeScale::default(),
            alerts: false,
            sample: true,
            sources: false,
            settings: false,
            cards: Cards::default(),
            hovered_card: None,
            room: Rect::ZERO,
            taken: Vec::new(),
            typed: String::new(),
            toast: None,
            shown: String::new(),
            bar: FilterBar::default(),
            clipboard: None,
            focus_filter: false,
            reveal: false,
            wish: Wish::default(),
            columns: Column::at_first(),
            view: View::default(),
            pending: None,
            rows: rows(),
            bars: BarsCache::default(),
            detail: DetailCache::default(),
            themed: false,
            style: 0,
            noticed: String::new(),
        }
    }
}

impl Hud {
    /// The table of actions with the keys in force.
    #[must_use]
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// Other keys from now on.
    pub fn set_rows(&mut self, rows: Vec<Row>) {
        self.rows = rows;
    }

    /// Takes sizes and colours over anew in the next frame.
    pub fn restyle(&mut self) {
        self.themed = false;
        self.style += 1;
    }

    /// Number of the change of sizes and colours in force.
    pub(crate) fn style(&self) -> u64 {
        self.style
    }

    /// Names of what is open over the globe, in the order in which it is closed.
    #[must_use]
    pub fn open_parts(&self) -> Vec<&'static str> {
        let palette = self.palette.as_ref().map(|p| match p.sought {
            Sought::Commands => "palette",
            Sought::Places => "search",
            Sought::Sources => "open",
        });
        let lists = [
            (self.chooser.is_open(), "files"),
            (self.help, "help"),
            (self.settings, "settings"),
            (self.alerts, "alerts"),
            (self.unplaced, "unplaced"),
            (self.sources, "sources"),
            (self.bar.open, "filter"),
        ];
        palette.into_iter().chain(lists.into_iter().filter(|(open, _)| *open).map(|(_, name)| name)).collect()
    }

    /// Closes what lies on top: help, then the lists. False when none is open.
    pub fn step_back(&mut self) -> bool {
        if !self.typed.is_empty() {
            self.typed.clear();
        } else if self.chooser.is_open() {
            self.chooser.close();
        } else if self.palette.is_some() {
            self.palette = None;
        } else if self.help {
            self.help = false;
        } else if self.settings {
            self.settings = false;
        } else if self.alerts {
            self.alerts = false;
        } else if self.unplaced {
            self.unplaced = false;
        } else if self.sources {
            self.sources = false;
        } else {
            return false;
        }
        true
    }
}

/// Bars of the newest series.
#[derive(Default)]
pub(super) struct BarsCache {
    key: Option<(Arc<Series>, Span, usize)>,
    bars: Bars,
}

impl BarsCache {
    /// The bars, made anew when series, span or count differ.
    pub(super) fn get(&mut self, series: &Arc<Series>, span: Span, count: usize) -> &Bars {
        let same = self.key.as_ref().is_some_and(|(s, at, n)| Arc::ptr_eq(s, series) && *at == span && *n == count);
        if !same {
            self.bars = Bars::new(series, span, count);
            self.key = Some((series.clone(), span, count));
        }
        &self.bars
    }
}

/// Details of the newest snapshot's selected thing.
#[derive(Default)]
pub(super) struct DetailCache {
    key: Option<(u64, Picked)>,
    model: Option<DetailModel>,
    /// All that is selected, and what is said of it.
    all: Vec<Picked>,
    several: Option<SeveralModel>,
}

impl DetailCache {
    /// The details of what was selected last, and what is said of several things together; made anew when the snapshot or
    /// the selection differ.
    pub(super) fn get(
        &mut self,
        snapshot: &Snapshot,
        generation: u64,
        selection: &Selection,
    ) -> Option<(&DetailModel, Option<&SeveralModel>)> {
        let newer = self.key != Some((generation, selection.picked));
        if newer {
            self.model = DetailModel::new(snapshot, selection.picked);
            self.key = Some((generation, selection.picked));
        }
        let same = self.all.iter().copied().eq(selection.all());
        if newer || !same {
            self.several = SeveralModel::new(snapshot, selection);
            self.all = selection.all().collect();
        }
        Some((self.model.as_ref()?, self.several.as_ref()))
    }
}
