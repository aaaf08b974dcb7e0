//! The user's own keys: what the configuration says of keys, laid over the table of actions.

use std::collections::BTreeMap;
use std::str::FromStr;

use super::actions::{Chord, KeyName, Row, rows};
use crate::base::nearest::nearest;

/// Most keys of one action.
const MOST_KEYS: usize = 8;

/// Keys by names of actions; an action that is named has these keys and no others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Keymap(pub BTreeMap<String, Vec<Chord>>);

/// Why keys cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// No key is called so.
    #[error(
        "{0:?} is no key; expected a character, Space, Enter, Esc, Tab, Backspace, Home, End, PgUp, PgDn, Left, Right, Up, Down or F1 to F12, with Ctrl+ or Shift+ before it"
    )]
    NoKey(String),
    /// It cannot be typed as it is written.
    #[error("key {0:?} cannot arrive: Shift counts for letters and named keys only; write the character itself")]
    NeverPressed(String),
    /// Digits begin a speed.
    #[error("key {0:?}: digits begin a speed and cannot do anything else")]
    Digit(String),
    /// No action is called so.
    #[error("there is no action {name:?}{hint}; docs/keys.md lists all")]
    NoAction {
        /// What was written.
        name: String,
        /// What was probably meant.
        hint: String,
    },
    /// Two actions share a key.
    #[error("key {key} is both {one} and {other}; give one of them another key")]
    Clash {
        /// The key.
        key: String,
        /// An action that has it.
        one: &'static str,
        /// Another one.
        other: &'static str,
    },
    /// An action has too many.
    #[error("{0}: an action has at most {MOST_KEYS} keys")]
    TooMany(String),
}

impl FromStr for Chord {
    type Err = KeyError;

    /// Reads `Ctrl+Q`, `Shift+Tab`, `?`, `Left`.
    fn from_str(text: &str) -> Result<Chord, KeyError> {
        let cut: String = text.chars().take(30).collect();
        let wrong = || KeyError::NoKey(cut.clone());
        let (mut rest, mut ctrl, mut shift) = (text.trim(), false, false);
        // The character behind the last + may be a + itself.
        while let Some((word, more)) = rest.split_once('+').filter(|(w, m)| !w.is_empty() && !m.is_empty()) {
            match word.trim().to_ascii_lowercase().as_str() {
                "ctrl" => ctrl = true,
                "shift" => shift = true,
                _ => return Err(wrong()),
            }
            rest = more;
        }
        let key = key_name(rest.trim()).ok_or_else(wrong)?;
        let chord = Chord { ctrl, shift, key };
        match key {
            KeyName::Char('0'..='9') => Err(KeyError::Digit(cut)),
            _ if Chord::pressed(key, ctrl, shift) == chord => Ok(chord),
            _ => Err(KeyError::NeverPressed(cut)),
        }
    }
}

fn key_name(word: &str) -> Option<KeyName> {
    let mut chars = word.chars();
    if let (Some(c), None) = (chars.next(), chars.next()) {
        let c = c.to_lowercase().next().unwrap_or(c);
        return (!c.is_whitespace() && !c.is_control()).then_some(KeyName::Char(c));
    }
    let word = word.to_ascii_lowercase();
    Some(match word.as_str() {
        "space" => KeyName::Space,
        "enter" => KeyName::Enter,
        "esc" | "escape" => KeyName::Escape,
        "tab" => KeyName::Tab,
        "backspace" => KeyName::Backspace,
        "home" => KeyName::Home,
        "end" => KeyName::End,
        "pgup" | "pageup" => KeyName::PageUp,
        "pgdn" | "pagedown" => KeyName::PageDown,
        "left" => KeyName::Left,
        "right" => KeyName::Right,
        "up" => KeyName::Up,
        "down" => KeyName::Down,
        _ => KeyName::F(word.strip_prefix('f')?.parse().ok().filter(|n| (1..=12).contains(n))?),
    })
}

impl Keymap {
    /// Adds the keys of an action.
    ///
    /// # Errors
    /// A text is no key, or there are too many.
    pub fn add(&mut self, action: &str, keys: &[&str]) -> Result<(), KeyError> {
        if keys.len() > MOST_KEYS {
            return Err(KeyError::TooMany(action.chars().take(40).collect()));
        }
        let chords = keys.iter().map(|k| k.parse()).collect::<Result<_, _>>()?;
        self.0.insert(action.replace('_', "-"), chords);
        Ok(())
    }

    /// The table of actions with these keys.
    ///
    /// # Errors
    /// An action does not exist, or two actions share a key.
    pub fn rows(&self) -> Result<Vec<Row>, KeyError> {
        let mut rows = rows();
        for (name, keys) in &self.0 {
            let Some(row) = rows.iter_mut().find(|r| r.id == name) else {
                let near = nearest(name, rows.iter().map(|r| r.id));
                let hint = near.map(|n| format!("; did you mean {n:?}?")).unwrap_or_default();
                return Err(KeyError::NoAction { name: name.chars().take(40).collect(), hint });
            };
            row.keys.clone_from(keys);
        }
        for (i, row) in rows.iter().enumerate() {
            for other in rows.get(i + 1..).unwrap_or_default() {
                if let Some(key) = row.keys.iter().find(|k| other.keys.contains(k)) {
                    return Err(KeyError::Clash { key: key.to_string(), one: row.id, other: other.id });
                }
            }
        }
        Ok(rows)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn map(pairs: &[(&str, &[&str])]) -> Result<Vec<Row>, KeyError> {
        let mut map = Keymap::default();
        for (action, keys) in pairs {
            map.add(action, keys)?;
        }
        map.rows()
    }

    #[test]
    fn keys_of_the_table_are_read_as_they_are_printed() {
        let spoken = |c: &Chord| match c.key {
            KeyName::Left => "Left".to_owned(),
            KeyName::Right => "Right".to_owned(),
            KeyName::Up => "Up".to_owned(),
            KeyName::Down => "Down".to_owned(),
            _ => c.to_string().replace("Ctrl+", "").replace("Shift+", ""),
        };
        for key in rows().iter().flat_map(|r| &r.keys) {
            let before = format!("{}{}", if key.ctrl { "Ctrl+" } else { "" }, if key.shift { "shift+" } else { "" });
            assert_eq!(format!("{before}{}", spoken(key)).parse(), Ok(*key));
        }
    }

    #[test]
    fn an_action_gets_other_keys_and_gives_up_its_own() {
        let rows = map(&[("spin", &["F5", "Shift+X"]), ("wall", &[])]).expect("right");
        let keys = |id: &str| rows.iter().find(|r| r.id == id).expect("there").keys.clone();
        assert_eq!(keys("spin"), ["F5".parse().expect("a key"), "Shift+x".parse().expect("a key")]);
        assert!(keys("wall").is_empty());
        // Freed keys can be taken.
        assert!(map(&[("wall", &["s"]), ("spin", &["w"])]).is_ok());
    }

    #[test]
    fn mistakes_are_named() {
        for (action, key, part) in [
            ("spin", "w", "key W is both"),
            ("spinn", "F5", "did you mean \"spin\"?"),
            ("spin", "Meta+x", "is no key"),
            ("spin", "F13", "is no key"),
            ("spin", "", "is no key"),
            ("spin", "7", "digits begin a speed"),
            ("spin", "Shift+?", "cannot arrive"),
        ] {
            let error = map(&[(action, &[key])]).expect_err(key).to_string();
            assert!(error.contains(part), "{error}");
        }
        assert!(matches!(Keymap::default().add("spin", &["a"; 9]), Err(KeyError::TooMany(_))));
    }

    proptest! {
        #[test]
        fn no_text_is_too_odd(text in "\\PC{0,20}") {
            if let Ok(chord) = text.parse::<Chord>() {
                prop_assert_eq!(Chord::pressed(chord.key, chord.ctrl, chord.shift), chord);
            }
        }
    }
}
