//! What windows there are and on which screen each belongs: no Bevy, no egui.

use std::fmt;
use std::str::FromStr;

/// What a window shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// The globe with its panels: the main window.
    Globe,
    /// The table of flows.
    Table,
    /// Traffic over time, and the largest pins of the window.
    Chart,
    /// The list of alerts.
    Alerts,
}

/// All roles by their names on the command line, with a title and the size of their window in logical pixels.
pub(super) static ROLES: &[(&str, Role, &str, [u32; 2])] = &[
    ("globe", Role::Globe, "globe", [1280, 720]),
    ("table", Role::Table, "flow table", [1280, 480]),
    ("chart", Role::Chart, "traffic over time", [1280, 480]),
    ("alerts", Role::Alerts, "alerts", [480, 640]),
];

impl Role {
    fn row(self) -> Option<&'static (&'static str, Role, &'static str, [u32; 2])> {
        ROLES.iter().find(|row| row.1 == self)
    }

    /// Its name on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.row().map_or("", |row| row.0)
    }

    /// Title of its window.
    #[must_use]
    pub fn title(self) -> &'static str {
        self.row().map_or("", |row| row.2)
    }

    /// Size of its window in logical pixels.
    #[must_use]
    pub(super) fn size(self) -> [u32; 2] {
        self.row().map_or([640, 480], |row| row.3)
    }
}

/// A screen as the user names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Screen {
    /// By its number, from 1.
    Number(usize),
    /// By the system's name for it.
    Name(String),
}

impl fmt::Display for Screen {
    /// As it is written on the command line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Screen::Number(n) => write!(f, "{n}"),
            Screen::Name(name) => f.write_str(name),
        }
    }
}

/// A window with a role, and where it belongs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleWindow {
    /// What it shows.
    pub role: Role,
    /// The screen; none: where the system puts it.
    pub screen: Option<Screen>,
}

/// Why a window cannot be understood.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum RoleError {
    /// No role is called so.
    #[error("role {0:?} does not exist; known are globe, table, chart, alerts")]
    Unknown(String),
    /// There is nothing behind the `@`, or a zero.
    #[error("expected a number from 1 or the name of a screen behind \"@\", found {0:?}")]
    Screen(String),
}

impl FromStr for RoleWindow {
    type Err = RoleError;

    /// `table`, `table@2`, `table@HDMI-1`.
    fn from_str(text: &str) -> Result<RoleWindow, RoleError> {
        let (name, screen) = match text.split_once('@') {
            Some((name, screen)) => (name.trim(), Some(screen.trim())),
            None => (text.trim(), None),
        };
        let found = ROLES.iter().find(|row| row.0 == name);
        let role = found.map(|row| row.1).ok_or_else(|| RoleError::Unknown(name.chars().take(40).collect()))?;
        let screen = match screen {
            None => None,
            Some(text) => Some(match text.parse::<usize>() {
                Ok(n) if n > 0 => Screen::Number(n),
                Err(_) if !text.is_empty() => Screen::Name(text.to_owned()),
                _ => return Err(RoleError::Screen(text.to_owned())),
            }),
        };
        Ok(RoleWindow { role, screen })
    }
}

/// A screen that there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Found<'a> {
    /// The system's name for it.
    pub name: Option<&'a str>,
    /// Whether it is the primary one.
    pub primary: bool,
    /// Left and top in pixels of all screens together.
    pub at: [i32; 2],
    /// Width and height in physical pixels.
    pub size: [u32; 2],
}

/// The screen that was named, by its index; else the primary one, and what to say about the missing one. Screens are
/// numbered from left to right and then from top to bottom.
pub(super) fn choose(screens: &[Found], wanted: Option<&Screen>) -> (Option<usize>, Option<String>) {
    let mut order: Vec<usize> = (0..screens.len()).collect();
    order.sort_by_key(|i| screens[*i].at);
    let usual = screens.iter().position(|s| s.primary).or_else(|| order.first().copied());
    let Some(wanted) = wanted else { return (usual, None) };
    let found = match wanted {
        Screen::Number(n) => order.get(n - 1).copied(),
        Screen::Name(name) => screens.iter().position(|s| s.name == Some(name)),
    };
    if found.is_some() {
        return (found, None);
    }
    let known = order.iter().zip(1..).map(|(i, n)| match screens[*i].name {
        Some(name) => format!("{n} ({name})"),
        None => n.to_string(),
    });
    let known: Vec<String> = known.collect();
    let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
    (usual, Some(format!("screen {wanted} is not connected; there is {known}")))
}

/// Left and top of the `nth` window of a size on a screen: in its middle, each a little further down and to the right, so
/// that none hides another.
pub(super) fn corner(screen: &Found, size: [u32; 2], nth: usize) -> [i32; 2] {
    /// Pixels from one window to the next.
    const STEP: usize = 48;
    let by = (nth % 8 * STEP) as i32;
    [0, 1].map(|axis| {
        let spare = i64::from(screen.size[axis]) - i64::from(size[axis]);
        screen.at[axis] + (spare / 2).clamp(0, 100_000) as i32 + by
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn screen(name: &str, primary: bool, x: i32) -> Found<'_> {
        Found { name: Some(name), primary, at: [x, 0], size: [1920, 1080] }
    }

    #[test]
    fn a_role_stands_alone_or_with_its_screen() {
        let parsed = |text: &str| text.parse::<RoleWindow>();
        assert_eq!(parsed("table"), Ok(RoleWindow { role: Role::Table, screen: None }));
        assert_eq!(parsed("alerts@2"), Ok(RoleWindow { role: Role::Alerts, screen: Some(Screen::Number(2)) }));
        let named = Some(Screen::Name("HDMI-1".into()));
        assert_eq!(parsed("chart@HDMI-1"), Ok(RoleWindow { role: Role::Chart, screen: named }));
        for (name, role, ..) in ROLES {
            assert_eq!((parsed(name).expect(name).role, role.name()), (*role, *name));
        }
        let error = parsed("tabel@2").expect_err("unknown").to_string();
        assert!(ROLES.iter().all(|row| error.contains(row.0)) && error.contains("tabel"), "{error}");
        for wrong in ["table@", "table@0"] {
            assert!(parsed(wrong).expect_err(wrong).to_string().contains("from 1"), "{wrong}");
        }
    }

    #[test]
    fn screens_are_numbered_from_the_left_and_a_missing_one_is_named() {
        let screens = [screen("right", false, 1920), screen("left", false, 0), screen("far", true, 3840)];
        let at = |wanted: Option<Screen>| choose(&screens, wanted.as_ref());
        assert_eq!(at(Some(Screen::Number(1))), (Some(1), None));
        assert_eq!(at(Some(Screen::Number(2))), (Some(0), None));
        assert_eq!(at(Some(Screen::Name("far".into()))), (Some(2), None));
        assert_eq!(at(None), (Some(2), None), "the primary one");
        let (index, said) = at(Some(Screen::Number(9)));
        assert_eq!(index, Some(2));
        assert_eq!(said.as_deref(), Some("screen 9 is not connected; there is 1 (left), 2 (right), 3 (far)"));
        assert_eq!(choose(&[], Some(&Screen::Number(1))).0, None);
    }

    #[test]
    fn windows_of_one_screen_do_not_hide_each_other() {
        let s = screen("left", true, 100);
        assert_eq!(corner(&s, [1280, 480], 0), [420, 300]);
        assert_eq!(corner(&s, [1280, 480], 1), [468, 348]);
        assert_eq!(corner(&s, [4000, 4000], 0), [100, 0], "what is too large begins at the corner");
    }
}
