//! Everything a person can ask of the globe: one table from which hot keys, menus, help and `docs/keys.md` derive.
//!
//! Keys, panels and pointer only ever send an [`Action`]; `input` carries it out. Switching a layer is an action for
//! each row of [`LAYERS`]; all others are rows of [`ACTIONS`].

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use bevy::prelude::Message;

use super::camera::Orbit;
use super::colouring::ColourBy;
use super::inks::Theme;
use super::layers::{LAYERS, LayerId};
use super::palette::Sought;
use super::scale::RateShift;
use super::selection::Picked;
use super::table::{Column, FlowId};
use super::timeline::TimeScale;
use super::views::SavedView;
use super::wall::TourKind;
use crate::base::{Span, Timestamp};
use crate::cache::By;
use crate::export::Format;

/// Something to be done.
#[derive(Message, Clone, Debug, PartialEq)]
pub enum Action {
    /// Switches a layer.
    Toggle(LayerId),
    /// Stops or continues the playhead.
    PlayPause,
    /// Moves the playhead by seconds of recorded time, negative into the past.
    Skip(i32),
    /// One second on; silent stretches are jumped over.
    StepForward,
    /// One second back; silent stretches are jumped over.
    StepBack,
    /// The next lower speed of the row of presets.
    Slower,
    /// The next higher speed of the row of presets.
    Faster,
    /// A speed as a multiple of real time; negative: backwards.
    Speed(f64),
    /// Plays backwards, or forwards again.
    Reverse,
    /// Opens the entry of a speed by digits; the digits themselves do so.
    TypeSpeed,
    /// To the first record.
    First,
    /// Live, or to the last record.
    Live,
    /// Puts the playhead at a time.
    Seek(Timestamp),
    /// Plays the whole recording in a time.
    Fit(Duration),
    /// Begins the part that is repeated at the playhead.
    BeginPart,
    /// Ends the part that is repeated at the playhead.
    EndPart,
    /// Repeats nothing.
    ClearPart,
    /// Sets a bookmark at the playhead, or takes away the one there.
    Bookmark,
    /// Goes to the next bookmark.
    NextBookmark,
    /// Jumps over silence, or plays it.
    SkipIdle,
    /// Shows a stretch of the recording on the time line; none: all of it.
    ShowSpan(Option<Span>),
    /// Gives the bars of the time line the next scale.
    NextTimeScale,
    /// Changes the length of the window.
    Window(Duration),
    /// What one pin stands for: the next coarser level, or the next finer one.
    NextLevel(bool),
    /// Shows single addresses, selects one and flies to it.
    ShowAddress(IpAddr),
    /// The next thing that the colour of pins says.
    NextColour,
    /// What the colour of pins says.
    Colour(ColourBy),
    /// The scale of rates finer by a decade, or from the finest to the coarsest.
    NextRateShift,
    /// Moves the scale of rates.
    RateShift(RateShift),
    /// Turns the globe: screens to the right and up.
    Pan([f32; 2]),
    /// Heading and tilt, in radians.
    Tilt([f32; 2]),
    /// Zooms by octaves; positive goes nearer.
    Zoom(f32),
    /// Flies to a view.
    Look(Orbit),
    /// Saves eye, layers and level under a name.
    SaveView(String),
    /// Takes a saved view.
    SavedView(String),
    /// Takes a view that has no name.
    TakeView(SavedView),
    /// Saves the filter of everything shown under a name.
    SaveFilter(String),
    /// Takes a saved filter.
    SavedFilter(String),
    /// Shows these columns of the flow table, in this order.
    Columns(Vec<Column>),
    /// The home view.
    Home,
    /// North up.
    NorthUp,
    /// Looks straight down.
    TopDown,
    /// From the globe to the flat map, or back.
    Projection,
    /// Slow spin on or off.
    Spin,
    /// Selects the next pin by rate.
    NextPin,
    /// Selects the previous pin by rate.
    PreviousPin,
    /// Opens or closes the details of what is selected.
    Details,
    /// Selects nothing.
    Deselect,
    /// Closes what is on top, one step at a time.
    Escape,
    /// Lets the eye stay over what is selected, or not.
    Follow,
    /// Puts the selected address on the clipboard.
    CopyAddress,
    /// Puts a text on the clipboard.
    Copy(String),
    /// Puts rows on the clipboard; the second text says what they are.
    CopyRows(String, String),
    /// Opens the palette of actions, or the search.
    Palette(Sought),
    /// Opens the palette with a text in it.
    GoOn(Sought, String),
    /// Opens the dialog of files.
    Browse,
    /// Shows other sources, each named as on the command line.
    Open(Vec<String>),
    /// Closes palette and search.
    ClosePalette,
    /// Puts the keyboard into the table's text box.
    EditFilter,
    /// Puts a text into the table's text box and shows the table.
    Filter(String),
    /// Shows only traffic that passes a filter; an empty text shows all.
    Show(String),
    /// Puts the keyboard into the filter bar.
    EditShown,
    /// Narrows the picture by one more word of a filter; true: by what it excludes.
    Narrow(String, bool),
    /// Selects an address.
    SelectHost(IpAddr),
    /// Selects a pair of addresses.
    SelectPath(IpAddr, IpAddr),
    /// Selects a flow.
    SelectFlow(FlowId),
    /// Adds a thing to what is selected, or takes it out.
    AddOrRemove(Picked),
    /// The details are about this one of several selected things.
    TurnTo(Picked),
    /// Selects a thing alone and opens its details.
    Choose(Picked),
    /// Pins a card: of what is under the pointer, else of what is selected.
    PinCard,
    /// Takes the pinned card with a number away.
    CloseCard(u64),
    /// The selected thing stays selected while others are, or no longer.
    StayOrGo,
    /// Selects an address and flies to it.
    FlyTo(IpAddr),
    /// Shows or hides the list of addresses without a place.
    Unplaced,
    /// Shows or hides the list of alerts.
    Alerts,
    /// Shows or hides the list of sources.
    Sources,
    /// Shows or hides the settings.
    Settings,
    /// Colours of everything.
    Theme(Theme),
    /// Size of all text and panels relative to the normal one.
    UiScale(f32),
    /// Nothing moves that need not, or all moves.
    ReducedMotion(bool),
    /// Scale of the bars of the time line.
    TimeScale(TimeScale),
    /// Times in the machine's zone, or in UTC.
    LocalTime(bool),
    /// The full picture however busy the machine is, or less when it is.
    FullQuality(bool),
    /// What one pin stands for.
    Level(By),
    /// Writes the settings that were changed into the configuration.
    SaveSettings,
    /// Puts them on the clipboard.
    CopySettings,
    /// Shows or hides the keys.
    Help,
    /// Full screen on or off.
    FullScreen,
    /// Wall mode on or off.
    Wall,
    /// What the wall's tour shows from now on.
    Tour(TourKind),
    /// The next theme.
    NextTheme,
    /// Saves what is shown as data.
    Export(Format),
    /// Saves a picture of the window.
    Picture,
    /// Closes the window that has the keyboard, if it is not the main one.
    CloseWindow,
    /// Begins or ends to save pictures one after the other.
    Record,
    /// Ends the program.
    Quit,
}

/// Chapter of the help.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    /// Layers.
    Layers,
    /// Playhead and speed.
    Time,
    /// Where the eye is.
    View,
    /// Selecting and reading.
    Selection,
    /// Looking for something, and what goes in and out.
    Data,
    /// The program itself.
    Program,
}

impl Group {
    /// All chapters, in order.
    pub const ALL: [Group; 6] =
        [Group::Layers, Group::Time, Group::View, Group::Selection, Group::Data, Group::Program];

    /// Heading.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Group::Layers => "Layers",
            Group::Time => "Time",
            Group::View => "View",
            Group::Selection => "Selection",
            Group::Data => "Data",
            Group::Program => "Program",
        }
    }
}

/// A key without its modifiers. Characters are what the keyboard's layout makes of the key, in lower case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeyName {
    /// A key that writes a character.
    Char(char),
    /// Space bar.
    Space,
    /// Enter.
    Enter,
    /// Escape.
    Escape,
    /// Tabulator.
    Tab,
    /// Backspace.
    Backspace,
    /// Home.
    Home,
    /// End.
    End,
    /// Page up.
    PageUp,
    /// Page down.
    PageDown,
    /// Arrow to the left.
    Left,
    /// Arrow to the right.
    Right,
    /// Arrow up.
    Up,
    /// Arrow down.
    Down,
    /// Function key.
    F(u8),
}

/// A key with its modifiers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Chord {
    /// Ctrl is held.
    pub ctrl: bool,
    /// Shift is held; never set for characters that are not letters, where it is part of the character.
    pub shift: bool,
    /// The key.
    pub key: KeyName,
}

impl Chord {
    /// A chord as it was pressed: shift counts for letters and named keys only.
    #[must_use]
    pub fn pressed(key: KeyName, ctrl: bool, shift: bool) -> Chord {
        let (key, shift) = match key {
            KeyName::Char(c) => {
                let c = c.to_lowercase().next().unwrap_or(c);
                (KeyName::Char(c), shift && c.is_alphabetic())
            }
            named => (named, shift),
        };
        Chord { ctrl, shift, key }
    }
}

impl fmt::Display for Chord {
    /// As it is printed on a keyboard: `Ctrl+Q`, `Shift+Tab`, `?`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.ctrl {
            f.write_str("Ctrl+")?;
        }
        if self.shift {
            f.write_str("Shift+")?;
        }
        match self.key {
            KeyName::Char(c) => write!(f, "{}", c.to_uppercase()),
            KeyName::Space => f.write_str("Space"),
            KeyName::Enter => f.write_str("Enter"),
            KeyName::Escape => f.write_str("Esc"),
            KeyName::Tab => f.write_str("Tab"),
            KeyName::Backspace => f.write_str("Backspace"),
            KeyName::Home => f.write_str("Home"),
            KeyName::End => f.write_str("End"),
            KeyName::PageUp => f.write_str("PgUp"),
            KeyName::PageDown => f.write_str("PgDn"),
            KeyName::Left => f.write_str("\u{2190}"),
            KeyName::Right => f.write_str("\u{2192}"),
            KeyName::Up => f.write_str("\u{2191}"),
            KeyName::Down => f.write_str("\u{2193}"),
            KeyName::F(n) => write!(f, "F{n}"),
        }
    }
}

const fn plain(key: KeyName) -> Chord {
    Chord { ctrl: false, shift: false, key }
}
const fn ch(c: char) -> Chord {
    plain(KeyName::Char(c))
}
const fn shift(key: KeyName) -> Chord {
    Chord { ctrl: false, shift: true, key }
}
const fn ctrl(c: char) -> Chord {
    Chord { ctrl: true, shift: false, key: KeyName::Char(c) }
}
const fn ctrl_key(key: KeyName) -> Chord {
    Chord { ctrl: true, shift: false, key }
}
const fn ctrl_shift(c: char) -> Chord {
    Chord { ctrl: true, shift: true, key: KeyName::Char(c) }
}

/// One row of the table.
#[derive(Clone, Debug)]
pub struct Spec {
    /// Name in configuration and on the trace.
    pub id: &'static str,
    /// What is done.
    pub action: Action,
    /// Chapter of the help.
    pub group: Group,
    /// What it does, for people.
    pub help: &'static str,
    /// Default keys; the first is the one that menus show.
    pub keys: &'static [Chord],
    /// Goes on as long as the key is held.
    pub held: bool,
}

const fn spec(group: Group, id: &'static str, action: Action, help: &'static str, keys: &'static [Chord]) -> Spec {
    Spec { id, action, group, help, keys, held: false }
}

const fn held(id: &'static str, action: Action, help: &'static str, keys: &'static [Chord]) -> Spec {
    Spec { id, action, group: Group::View, help, keys, held: true }
}

use Group::{Data, Program, Selection, Time, View};

/// All actions that have a key, but for the layers.
pub static ACTIONS: &[Spec] = &[
    spec(Time, "play-pause", Action::PlayPause, "play or pause", &[plain(KeyName::Space), ch('k')]),
    spec(Time, "back", Action::Skip(-10), "10 s back", &[ch('j')]),
    spec(Time, "forward", Action::Skip(10), "10 s forward", &[ch('l')]),
    spec(Time, "step-back", Action::StepBack, "step back, over silent stretches", &[ch(',')]),
    spec(Time, "step-forward", Action::StepForward, "step forward, over silent stretches", &[ch('.')]),
    spec(Time, "slower", Action::Slower, "slower", &[ch('<')]),
    spec(Time, "faster", Action::Faster, "faster", &[ch('>')]),
    spec(Time, "reverse", Action::Reverse, "play backwards, or forwards again", &[shift(KeyName::Char('k'))]),
    spec(Time, "real-time", Action::Speed(1.0), "speed \u{d7}1", &[plain(KeyName::Backspace)]),
    spec(Time, "type-speed", Action::TypeSpeed, "digits, then X: that speed (6 0 X = \u{d7}60)", &[ch('x')]),
    spec(Time, "first", Action::First, "first record", &[plain(KeyName::Home)]),
    spec(Time, "live", Action::Live, "live, or last record", &[plain(KeyName::End)]),
    spec(Time, "begin-part", Action::BeginPart, "repeat from here", &[ch('[')]),
    spec(Time, "end-part", Action::EndPart, "repeat up to here", &[ch(']')]),
    spec(Time, "clear-part", Action::ClearPart, "repeat nothing", &[ch('\\')]),
    spec(Time, "bookmark", Action::Bookmark, "set a bookmark, or take it away", &[ch('m')]),
    spec(Time, "next-bookmark", Action::NextBookmark, "next bookmark", &[shift(KeyName::Char('m'))]),
    held("left", Action::Pan([-1.0, 0.0]), "turn west", &[plain(KeyName::Left)]),
    held("right", Action::Pan([1.0, 0.0]), "turn east", &[plain(KeyName::Right)]),
    held("up", Action::Pan([0.0, 1.0]), "turn north", &[plain(KeyName::Up)]),
    held("down", Action::Pan([0.0, -1.0]), "turn south", &[plain(KeyName::Down)]),
    held("zoom-in", Action::Zoom(1.0), "nearer", &[ch('+'), ch('='), plain(KeyName::PageUp)]),
    held("zoom-out", Action::Zoom(-1.0), "farther", &[ch('-'), plain(KeyName::PageDown)]),
    held("heading-left", Action::Tilt([-1.0, 0.0]), "heading left", &[shift(KeyName::Left)]),
    held("heading-right", Action::Tilt([1.0, 0.0]), "heading right", &[shift(KeyName::Right)]),
    held("tilt-up", Action::Tilt([0.0, 1.0]), "tilt to the horizon", &[shift(KeyName::Up)]),
    held("tilt-down", Action::Tilt([0.0, -1.0]), "tilt back", &[shift(KeyName::Down)]),
    spec(View, "home", Action::Home, "home view", &[ch('r')]),
    spec(View, "north-up", Action::NorthUp, "north up", &[ch('u')]),
    spec(View, "top-down", Action::TopDown, "look straight down", &[shift(KeyName::Char('u'))]),
    spec(View, "projection", Action::Projection, "globe or flat map", &[shift(KeyName::Char('p'))]),
    spec(
        View,
        "rate-scale",
        Action::NextRateShift,
        "scale of rates: finer by 10, up to \u{d7}1/1,000",
        &[shift(KeyName::Char('d'))],
    ),
    spec(View, "spin", Action::Spin, "spin on or off", &[ch('s')]),
    spec(Selection, "next-pin", Action::NextPin, "next pin by rate", &[plain(KeyName::Tab)]),
    spec(Selection, "previous-pin", Action::PreviousPin, "previous pin by rate", &[shift(KeyName::Tab)]),
    spec(Selection, "details", Action::Details, "details, or pin the hovered card", &[plain(KeyName::Enter)]),
    spec(
        Selection,
        "keep-selected",
        Action::StayOrGo,
        "keep it while others are selected",
        &[ctrl_key(KeyName::Enter)],
    ),
    spec(Selection, "pin-card", Action::PinCard, "pin a card of the hovered or selected", &[shift(KeyName::Enter)]),
    spec(Selection, "follow", Action::Follow, "the eye stays over the selection, or not", &[shift(KeyName::Char('l'))]),
    spec(Selection, "copy-address", Action::CopyAddress, "copy the selected address", &[ctrl('c')]),
    spec(Data, "search", Action::Palette(Sought::Places), "search addresses and places", &[ch('/'), ctrl('f')]),
    spec(Data, "filter", Action::EditShown, "filter everything shown", &[shift(KeyName::Char('f'))]),
    spec(Data, "table-words", Action::EditFilter, "words of the flow table", &[shift(KeyName::Char('t'))]),
    spec(Selection, "coarser", Action::NextLevel(true), "pins: address, network, AS, city, country", &[ch('v')]),
    spec(Selection, "finer", Action::NextLevel(false), "the same the other way round", &[shift(KeyName::Char('v'))]),
    spec(
        Selection,
        "colour",
        Action::NextColour,
        "other colours of pins: country, AS, port",
        &[shift(KeyName::Char('c'))],
    ),
    spec(Selection, "unplaced", Action::Unplaced, "list addresses without a place", &[ch('i')]),
    spec(Selection, "alerts", Action::Alerts, "list of alerts", &[ch('!')]),
    spec(Selection, "escape", Action::Escape, "close or deselect, one step", &[plain(KeyName::Escape)]),
    spec(Program, "palette", Action::Palette(Sought::Commands), "palette of all actions", &[ctrl('k')]),
    spec(Program, "settings", Action::Settings, "settings, with their keys of the file", &[ctrl(',')]),
    spec(Program, "help", Action::Help, "this help", &[ch('?'), plain(KeyName::F(1))]),
    spec(Program, "full-screen", Action::FullScreen, "full screen", &[plain(KeyName::F(11))]),
    spec(Program, "wall", Action::Wall, "wall mode; Esc held leaves it", &[ch('w')]),
    spec(
        Program,
        "theme",
        Action::NextTheme,
        "theme: dark, light, high contrast, night shift",
        &[shift(KeyName::Char('n'))],
    ),
    spec(Data, "sources", Action::Sources, "list of sources with their state", &[shift(KeyName::Char('s'))]),
    spec(Data, "open", Action::Browse, "open files: packets, flow records", &[ctrl('o')]),
    spec(
        Data,
        "open-by-name",
        Action::Palette(Sought::Sources),
        "open a server, an interface, a file by name",
        &[ctrl_shift('o')],
    ),
    spec(Data, "picture", Action::Picture, "save a picture", &[plain(KeyName::F(12))]),
    spec(Data, "record", Action::Record, "save pictures for a film, on and off", &[shift(KeyName::F(12))]),
    spec(Data, "export-csv", Action::Export(Format::Csv), "save pins and paths: CSV", &[ctrl('e')]),
    spec(Data, "export-json", Action::Export(Format::Json), "the same: JSON", &[ctrl('j')]),
    spec(Data, "export-geojson", Action::Export(Format::GeoJson), "the same: GeoJSON", &[ctrl('g')]),
    spec(Data, "export-kml", Action::Export(Format::Kml), "the same: KML", &[ctrl('l')]),
    spec(Program, "close-window", Action::CloseWindow, "close a further window", &[ctrl('w')]),
    spec(Program, "quit", Action::Quit, "quit", &[ctrl('q')]),
];

/// Layers and actions as rows, in the order of the help. The keys of layers are in [`LAYERS`].
#[must_use]
pub fn rows() -> Vec<Row> {
    let layers = LAYERS.iter().map(|l| Row {
        id: l.name,
        action: Action::Toggle(l.id),
        group: Group::Layers,
        help: l.title,
        keys: vec![ch(l.key.to_ascii_lowercase())],
        held: false,
    });
    let others = ACTIONS.iter().map(|s| Row {
        id: s.id,
        action: s.action.clone(),
        group: s.group,
        help: s.help,
        keys: s.keys.to_vec(),
        held: s.held,
    });
    layers.chain(others).collect()
}

/// A row of the joined table.
#[derive(Clone, Debug)]
pub struct Row {
    /// Name in configuration and on the trace.
    pub id: &'static str,
    /// What is done.
    pub action: Action,
    /// Chapter of the help.
    pub group: Group,
    /// What it does, for people.
    pub help: &'static str,
    /// Its keys.
    pub keys: Vec<Chord>,
    /// Goes on as long as the key is held.
    pub held: bool,
}

/// The document of all keys, in Markdown: what `docs/keys.md` must be.
#[must_use]
pub fn keys_markdown() -> String {
    let mut out = String::from(
        "# Keys\n\nMade from the tables in `src/globe/actions.rs` and `src/globe/layers.rs`; a test compares them. Keys that are single\n\
         letters rest while a text field has the keyboard. Pointer: drag turns, wheel zooms to the pointer, click selects,\n\
         Ctrl+click adds to what is selected or takes it out, double-click goes nearer, Ctrl+drag or middle drag tilts.\n",
    );
    let rows = rows();
    for group in Group::ALL {
        out.push_str(&format!("\n## {}\n\n| key | does | name |\n|---|---|---|\n", group.title()));
        for row in rows.iter().filter(|r| r.group == group) {
            let keys: Vec<String> = row.keys.iter().map(|k| format!("`{k}`")).collect();
            out.push_str(&format!("| {} | {} | {} |\n", keys.join(" "), row.help, row.id));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_rows_share_a_key_or_a_name() {
        let rows = rows();
        for (i, a) in rows.iter().enumerate() {
            assert!(!a.keys.is_empty(), "{} has no key", a.id);
            for b in &rows[i + 1..] {
                assert_ne!(a.id, b.id);
                for key in &a.keys {
                    assert!(!b.keys.contains(key), "{key} is both {} and {}", a.id, b.id);
                }
            }
        }
    }

    #[test]
    fn keys_in_the_table_are_as_they_arrive() {
        // A chord that `pressed` would never make could not be typed.
        for row in rows() {
            for k in row.keys {
                assert_eq!(Chord::pressed(k.key, k.ctrl, k.shift), k, "{}", row.id);
                assert!(!matches!(k.key, KeyName::Char('0'..='9')), "digits begin a speed");
            }
        }
    }

    #[test]
    fn shift_counts_for_letters_and_is_part_of_other_characters() {
        assert_eq!(Chord::pressed(KeyName::Char('U'), false, true), shift(KeyName::Char('u')));
        assert_eq!(Chord::pressed(KeyName::Char('?'), false, true), ch('?'));
        assert_eq!(shift(KeyName::Tab).to_string(), "Shift+Tab");
        assert_eq!(ctrl('q').to_string(), "Ctrl+Q");
    }

    #[test]
    fn the_document_of_keys_is_fresh() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/keys.md");
        if std::env::var_os("UPDATE_DOCS").is_some() {
            std::fs::write(path, keys_markdown()).expect("docs can be written");
        }
        let found = std::fs::read_to_string(path).unwrap_or_default();
        assert!(found == keys_markdown(), "docs/keys.md is old; run this test with UPDATE_DOCS=1");
    }
}
