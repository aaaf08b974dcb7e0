//! Themes from files: TOML, one of our themes with other colours.
//!
//! ```toml
//! base = "dark"                    # dark, light, contrast, night
//! text = "#e2e9f0"                 # #rrggbb or #rrggbbaa
//! rates = ["#4f83bd", "#3f9bc4", "#35b2bb", "#44c6a4", "#72d684", "#a6e063", "#d6e650", "#fbec6a", "#fffad2"]
//! [scene]
//! land = [0.024, 0.035, 0.050, 1.0]
//! ```

use std::path::{Path, PathBuf};

use toml::{Table, Value};

use super::config;
use crate::globe::{Ink, Theme, register};

/// The theme of a name: one of ours, a file, or one in the folder `themes` beside the configuration.
///
/// # Errors
/// There is none of this name, or its file is wrong.
pub(super) fn theme(name: &str) -> Result<Theme, String> {
    let unknown = match name.parse::<Theme>() {
        Ok(theme) => return Ok(theme),
        Err(unknown) => unknown.to_string(),
    };
    let path = [Some(PathBuf::from(name)), in_folder(name)].into_iter().flatten().find(|p| p.is_file());
    match path {
        // Saved into a configuration it has to be found from any folder.
        Some(path) => load(&std::path::absolute(&path).unwrap_or_else(|_| path.clone()))
            .map_err(|e| format!("{}: {e}", path.display())),
        None => Err(match in_folder(name) {
            Some(path) => format!("{unknown}; neither {name} nor {} is a file", path.display()),
            None => unknown,
        }),
    }
}

/// The file of a name in the folder of themes.
fn in_folder(name: &str) -> Option<PathBuf> {
    let plain = !name.is_empty() && !name.contains(['/', '\\']) && name != "..";
    let folder = config::usual_path()?.with_file_name("themes");
    plain.then(|| folder.join(name).with_extension("toml"))
}

fn load(path: &Path) -> Result<Theme, String> {
    let text = config::read(path).map_err(|e| format!("{e:#}"))?;
    let table: Table =
        text.parse().map_err(|e: toml::de::Error| format!("which is no TOML: {}", e.to_string().trim_end()))?;
    let name = path.file_stem().and_then(|n| n.to_str()).unwrap_or("theme");
    of_table(name, &table, Some(path))
}

fn of_table(name: &str, table: &Table, file: Option<&Path>) -> Result<Theme, String> {
    let base: Theme = match table.get("base") {
        None => Theme::Dark,
        Some(Value::String(base)) => base.parse().map_err(|e| format!("base: {e}"))?,
        Some(other) => return Err(format!("base: expected the name of a theme, found {}", other.type_str())),
    };
    let mut inks = base.inks().clone();
    for (key, value) in table.iter().filter(|(key, _)| *key != "base") {
        match value {
            Value::Table(scene) => {
                for (inner, value) in scene {
                    let name = format!("{key}.{inner}");
                    inks.set(&name, &ink(&name, value)?).map_err(|e| e.to_string())?;
                }
            }
            value => inks.set(key, &ink(key, value)?).map_err(|e| e.to_string())?,
        }
    }
    register(name, inks, file).map_err(|e| e.to_string())
}

/// A colour, a row of colours, or a row of numbers.
fn ink(key: &str, value: &Value) -> Result<Ink, String> {
    let wrong = || format!("{key}: expected a colour such as \"#56b4e9\", or several colours or numbers in [ ]");
    let number = |v: &Value| v.as_float().or(v.as_integer().map(|n| n as f64)).map(|n| n as f32);
    match value {
        Value::String(text) => Ok(Ink::Colours(vec![colour(text).ok_or_else(wrong)?])),
        Value::Array(all) if all.len() <= 16 => {
            let colours: Option<Vec<[u8; 4]>> = all.iter().map(|v| colour(v.as_str()?)).collect();
            let numbers = || all.iter().map(number).collect::<Option<Vec<f32>>>().map(Ink::Numbers);
            colours.map(Ink::Colours).or_else(numbers).ok_or_else(wrong)
        }
        _ => Err(wrong()),
    }
}

/// `#rrggbb`, `#rrggbbaa`.
fn colour(text: &str) -> Option<[u8; 4]> {
    let hex = text.strip_prefix('#').filter(|h| h.is_ascii() && matches!(h.len(), 6 | 8))?;
    let value = u32::from_str_radix(hex, 16).ok()?;
    Some(if hex.len() == 8 { value.to_be_bytes() } else { (value << 8 | 0xff).to_be_bytes() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(text: &str) -> Result<Theme, String> {
        of_table("test", &text.parse().expect("TOML"), None)
    }

    #[test]
    fn a_file_changes_what_it_names_and_nothing_else() {
        let theme = made("base = \"light\"\ntext = \"#102030\"\npanel = \"#ffffff80\"\n[scene]\nland = [1, 0.5, 0, 1]")
            .expect("right");
        let (inks, light) = (theme.inks(), Theme::Light.inks());
        assert_eq!((inks.text.r(), inks.scene.land, inks.dim), (0x10, [1.0, 0.5, 0.0, 1.0], light.dim));
        assert!(!inks.is_dark && inks.panel.a() == 0x80);
    }

    #[test]
    fn mistakes_are_named() {
        for (text, part) in [
            ("base = \"pink\"", "theme \"pink\" does not exist"),
            ("base = 3", "base: expected the name of a theme"),
            ("txet = \"#102030\"", "unknown key \"txet\"; did you mean \"text\"?"),
            ("text = \"red\"", "text: expected a colour"),
            ("rates = [\"#102030\"]", "rates: expected 9 colours"),
            ("[scene]\nmoon = [1, 1, 1, 1]", "unknown key \"scene.moon\""),
            ("[scene]\nland = [1, 1]", "scene.land: expected four numbers"),
            ("text = 3", "text: expected a colour"),
        ] {
            let error = made(text).expect_err(text);
            assert!(error.contains(part), "{error}");
        }
        assert!(theme("no-such-theme").expect_err("unknown").contains("dark, light, contrast, night"));
    }
}
