//! The keys: one table, from which the help derives.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// What a key does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    /// Moves the marked row by so many rows.
    Move(isize),
    /// Moves the marked row by half screens.
    Half(isize),
    /// Moves the marked row by whole screens.
    Page(isize),
    /// First row of all.
    First,
    /// Last row of all.
    Last,
    /// First row on the screen.
    Top,
    /// Middle row on the screen.
    Middle,
    /// Last row on the screen.
    Bottom,
    /// Moves sideways by so many steps.
    Side(isize),
    /// Begins a command.
    Command,
    /// Begins a search, forwards if true.
    Search(bool),
    /// Searches again, in the same direction if true.
    Again(bool),
    /// Abbreviates numbers or not.
    Abbreviate,
    /// Turns the order round.
    Reverse,
    /// Holds the picture or lets it go.
    Pause,
    /// Keeps the marked row with its flow or not.
    Follow,
    /// Shows the status line or not.
    Status,
    /// Shows this help.
    Help,
    /// Draws everything anew.
    Redraw,
    /// Gives the terminal back to the shell for a while.
    Suspend,
    /// Ends the program.
    Quit,
}

/// A key: its code and whether control is held.
type Press = (KeyCode, bool);

/// One row of the table.
pub(super) struct KeyRow {
    presses: &'static [Press],
    /// The keys as people write them.
    pub(super) name: &'static str,
    action: Action,
    /// What they do.
    pub(super) about: &'static str,
}

const fn key(c: char) -> Press {
    (KeyCode::Char(c), false)
}

const fn ctrl(c: char) -> Press {
    (KeyCode::Char(c), true)
}

const fn row(presses: &'static [Press], name: &'static str, action: Action, about: &'static str) -> KeyRow {
    KeyRow { presses, name, action, about }
}

/// All keys.
pub(super) const KEYS: &[KeyRow] = &[
    row(&[key('j'), (KeyCode::Down, false), (KeyCode::Enter, false)], "j Down Enter", Action::Move(1), "one row down"),
    row(&[key('k'), (KeyCode::Up, false)], "k Up", Action::Move(-1), "one row up"),
    row(&[ctrl('d')], "^D", Action::Half(1), "half a screen down"),
    row(&[ctrl('u')], "^U", Action::Half(-1), "half a screen up"),
    row(&[ctrl('f'), (KeyCode::PageDown, false)], "^F PageDown", Action::Page(1), "a screen down"),
    row(&[ctrl('b'), (KeyCode::PageUp, false)], "^B PageUp", Action::Page(-1), "a screen up"),
    row(&[key('g'), (KeyCode::Home, false)], "g Home", Action::First, "first row of all"),
    row(&[key('G'), (KeyCode::End, false)], "G End", Action::Last, "last row of all"),
    row(&[key('M')], "M", Action::Middle, "middle row of the screen"),
    row(&[key('L')], "L", Action::Bottom, "last row of the screen"),
    row(&[key('T')], "T", Action::Top, "first row of the screen"),
    row(&[key('l'), (KeyCode::Right, false)], "l Right", Action::Side(1), "columns further right"),
    row(&[key('h'), (KeyCode::Left, false)], "h Left", Action::Side(-1), "columns further left"),
    row(&[key('/')], "/TEXT", Action::Search(true), "search forwards; capitals count if there are any"),
    row(&[key('?')], "?TEXT", Action::Search(false), "search backwards"),
    row(&[key('n')], "n", Action::Again(true), "search again"),
    row(&[key('N')], "N", Action::Again(false), "search again the other way"),
    row(&[key(' '), key('p')], "Space p", Action::Pause, "hold the picture still; records are still counted"),
    row(&[key('f')], "f", Action::Follow, "follow the flow of the marked row"),
    row(&[key('H')], "H", Action::Abbreviate, "abbreviate numbers or not"),
    row(&[key('v')], "v", Action::Reverse, "turn the order round"),
    row(&[ctrl('g')], "^G", Action::Status, "show the status line or not"),
    row(&[key(':')], ":", Action::Command, "begin a command"),
    row(&[(KeyCode::F(1), false)], "F1", Action::Help, "this help"),
    row(&[ctrl('l')], "^L", Action::Redraw, "draw everything anew"),
    row(&[ctrl('z')], "^Z", Action::Suspend, "back to the shell, until fg"),
    row(&[key('q'), ctrl('c')], "q ^C", Action::Quit, "end"),
];

/// What a key does; none if it does nothing.
pub(super) fn action(event: &KeyEvent) -> Option<Action> {
    let is_ctrl = event.modifiers.contains(KeyModifiers::CONTROL);
    if event.modifiers.contains(KeyModifiers::ALT) {
        return None;
    }
    KEYS.iter().find(|row| row.presses.contains(&(event.code, is_ctrl))).map(|row| row.action)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_has_two_meanings() {
        let all: Vec<_> = KEYS.iter().flat_map(|r| r.presses).collect();
        for (i, press) in all.iter().enumerate() {
            assert!(!all[..i].contains(press), "{press:?}");
        }
    }

    #[test]
    fn keys_are_told_from_those_with_control() {
        let press = |c, m| action(&KeyEvent::new(KeyCode::Char(c), m));
        assert_eq!(press('f', KeyModifiers::CONTROL), Some(Action::Page(1)));
        assert_eq!(press('f', KeyModifiers::NONE), Some(Action::Follow));
        assert_eq!(press('G', KeyModifiers::SHIFT), Some(Action::Last));
        assert_eq!(press('x', KeyModifiers::NONE), None);
    }
}
