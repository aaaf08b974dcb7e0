//! Saved views: the table `[views]` of the configuration, and a file of their own beside it for those that the program
//! saves, so that it never rewrites what people wrote.
//!
//! ```toml
//! [views]
//! office = "48.1,11.6,2500"                       # latitude, longitude, km; optionally heading, tilt in degrees
//! overview = { view = "20,0,15000", layers = "-clouds,+table", level = "country" }
//! ```

use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use toml::{Table, Value};

use super::parse_view;
use crate::cache::{By, Level};
use crate::cli::Usage;
use crate::globe::{Layers, MOST_VIEWS, Orbit, RADIUS_KM, RateShift, SavedView, UnknownProjection, Views};

/// Name of the file of saved views.
const FILE: &str = "views.toml";

/// The file of saved views that belongs to a configuration.
pub(super) fn file_beside(configuration: &Path) -> PathBuf {
    configuration.with_file_name(FILE)
}

/// All views: those of the configuration, and saved ones; the configuration's come first where names are the same.
///
/// # Errors
/// A file cannot be read or a view is none.
pub(super) fn load(configuration: &Path) -> anyhow::Result<Views> {
    let mut views = Views::default();
    let saved = file_beside(configuration);
    if saved.is_file() {
        let table = table_of(&saved)?;
        add(&mut views, &table, &saved)?;
    }
    if configuration.is_file()
        && let Some(Value::Table(table)) = table_of(configuration)?.get("views")
    {
        add(&mut views, table, configuration)?;
    }
    Ok(views)
}

/// The table that a file is.
///
/// # Errors
/// It cannot be read or is no TOML.
pub(super) fn table_of(path: &Path) -> anyhow::Result<Table> {
    let text = super::config::read(path)?;
    let wrong =
        |e: toml::de::Error| Usage(format!("{}, which is no TOML: {}", path.display(), e.to_string().trim_end()));
    Ok(text.parse::<Table>().map_err(wrong)?)
}

fn add(views: &mut Views, table: &Table, path: &Path) -> Result<(), Usage> {
    for (name, value) in table {
        if views.0.len() >= MOST_VIEWS && !views.0.contains_key(name) {
            return Err(Usage(format!("{}: more than {MOST_VIEWS} views", path.display())));
        }
        let view = view_of(value).map_err(|e| Usage(format!("{}, view {name:?}: {e}", path.display())))?;
        views.0.insert(name.clone(), view);
    }
    Ok(())
}

/// One view as TOML.
pub(super) fn view_of(value: &Value) -> Result<SavedView, String> {
    let orbit = |text: &str| parse_view(text).map(Some).map_err(|e| e.to_string());
    let table = match value {
        Value::String(text) => return Ok(SavedView { orbit: orbit(text)?, ..SavedView::default() }),
        Value::Table(table) => table,
        other => {
            return Err(format!(
                "expected LAT,LON,ALT_KM or a table with view, layers, level, projection, rate-scale, found {}",
                other.type_str()
            ));
        }
    };
    let mut view = SavedView::default();
    for (key, value) in table {
        if let ("rate-scale" | "rate_scale", Value::Integer(decades)) = (key.as_str(), value) {
            let shift: RateShift = decades.to_string().parse().map_err(|e| format!("{key}: {e}"))?;
            view.shift = Some(shift);
            continue;
        }
        let text = value.as_str().ok_or_else(|| format!("{key}: expected a text, found {}", value.type_str()))?;
        match key.as_str() {
            "view" => view.orbit = orbit(text)?,
            "layers" => view.layers = Some(Layers::parse(text).map_err(|e| e.to_string())?),
            "level" => {
                let by = text.parse::<By>().map_err(|e| format!("level {text:?}: {e}"))?;
                view.level = Some(Level { by, ..Level::default() });
            }
            "projection" => view.projection = Some(text.parse().map_err(|e: UnknownProjection| e.to_string())?),
            _ => return Err(format!("unknown key {key:?}; known are view, layers, level, projection, rate-scale")),
        }
    }
    Ok(view)
}

/// Writes one view into the file of saved ones.
///
/// # Errors
/// The file cannot be read, is damaged, or cannot be written.
pub(super) fn save(configuration: &Path, name: &str, view: &SavedView) -> anyhow::Result<PathBuf> {
    let file = file_beside(configuration);
    let mut table = if file.is_file() { table_of(&file)? } else { Table::new() };
    if table.len() >= MOST_VIEWS && !table.contains_key(name) {
        return Err(Usage(format!("{}: at most {MOST_VIEWS} views are kept", file.display())).into());
    }
    table.insert(name.to_owned(), Value::Table(printed(view)));
    write(&file, &format!("# Views saved by argus-globe, beside those of the configuration.\n{table}"))?;
    Ok(file)
}

/// Writes a file aside and renames it, so that a crash leaves the old one. A link stays one, and who may read the file
/// stays as it was.
///
/// # Errors
/// It cannot be written, or is no file.
pub(super) fn write(file: &Path, text: &str) -> anyhow::Result<()> {
    let about = || format!("writing {}", file.display());
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder).with_context(about)?;
    }
    let real = std::fs::canonicalize(file).unwrap_or_else(|_| file.to_owned());
    let before = std::fs::symlink_metadata(&real).ok();
    if before.as_ref().is_some_and(|m| !m.is_file()) {
        return Err(Usage(format!("{}: is no file that can be written anew", file.display())).into());
    }
    let aside = real.with_extension("toml.new");
    let put = || -> std::io::Result<()> {
        let mut out = std::fs::File::create(&aside)?;
        if let Some(before) = &before {
            out.set_permissions(before.permissions())?;
        }
        out.write_all(text.as_bytes())?;
        out.sync_all()?;
        std::fs::rename(&aside, &real)
    };
    put().with_context(about)
}

fn printed(view: &SavedView) -> Table {
    let mut table = Table::new();
    let mut put = |key: &str, text: String| table.insert(key.into(), Value::String(text));
    if let Some(orbit) = &view.orbit {
        put("view", orbit_text(orbit));
    }
    if let Some(layers) = &view.layers {
        put("layers", layers.names());
    }
    if let Some(level) = &view.level {
        put("level", level.by.word().to_owned());
    }
    if let Some(projection) = &view.projection {
        put("projection", projection.to_string());
    }
    if let Some(shift) = &view.shift {
        table.insert("rate-scale".into(), Value::Integer(shift.decades().into()));
    }
    table
}

/// As `--view` reads it.
pub(super) fn orbit_text(o: &Orbit) -> String {
    let (heading, tilt) = (o.heading.to_degrees(), o.tilt.to_degrees());
    format!("{:.4},{:.4},{:.1},{heading:.2},{tilt:.2}", o.target.lat, o.target.lon, o.altitude * RADIUS_KM)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn a_file_written_anew_stays_a_link_and_stays_private() {
        use std::os::unix::fs::{PermissionsExt as _, symlink};
        let folder = std::env::temp_dir().join(format!("argus-globe-write-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder");
        let (real, link) = (folder.join("real.toml"), folder.join("link.toml"));
        std::fs::write(&real, "x = 1\n").expect("written");
        std::fs::set_permissions(&real, std::fs::Permissions::from_mode(0o600)).expect("a mode");
        symlink(&real, &link).expect("a link");
        write(&link, "x = 2\n").expect("written");
        assert!(std::fs::symlink_metadata(&link).expect("there").is_symlink());
        assert_eq!(std::fs::read_to_string(&real).expect("there"), "x = 2\n");
        assert_eq!(std::fs::metadata(&real).expect("there").permissions().mode() & 0o777, 0o600);
        for odd in [PathBuf::from("/dev/null"), folder.clone()] {
            assert!(write(&odd, "x = 3\n").is_err(), "{odd:?}");
        }
        let dangling = folder.join("dangling.toml");
        symlink(folder.join("nowhere.toml"), &dangling).expect("a link");
        assert!(write(&dangling, "x = 4\n").is_err());
        std::fs::remove_dir_all(folder).expect("removed");
    }
    use crate::globe::{LayerId, Projection};

    fn folder(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("argus-globe-views-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder");
        folder
    }

    #[test]
    fn what_is_saved_is_found_again_and_what_is_written_wins() {
        let folder = folder("save");
        let config = folder.join("config.toml");
        let orbit = Orbit { heading: 0.5, tilt: 0.25, ..parse_view("48.1,11.6,2500").expect("right") };
        let mut layers = Layers::default();
        layers.set(LayerId::Table, true);
        let level = Some(Level { by: By::City, ..Level::default() });
        let projection = Some(Projection::Flat);
        let view = SavedView { orbit: Some(orbit), layers: Some(layers), level, projection, shift: RateShift::of(-2) };
        save(&config, "office", &view).expect("saved");
        save(&config, "a \"b\"", &SavedView::default()).expect("saved");
        let found = load(&config).expect("read");
        let office = found.find("office").expect("there");
        assert_eq!((office.layers, office.level, office.projection), (view.layers, view.level, projection));
        assert_eq!(office.shift, RateShift::of(-2));
        let near = |a: f64, b: f64| (a - b).abs() < 1e-3;
        let back = office.orbit.expect("an orbit");
        assert!(near(back.target.lat, 48.1) && near(back.heading, 0.5) && near(back.tilt, 0.25), "{back:?}");
        assert!(found.find("a \"b\"").is_ok());
        std::fs::write(&config, "[views]\noffice = \"1,2,3000\"\n").expect("written");
        assert!(near(load(&config).expect("read").find("office").expect("there").orbit.expect("one").target.lat, 1.0));
        std::fs::remove_dir_all(folder).expect("removed");
    }

    #[test]
    fn mistakes_are_named() {
        for (text, part) in [
            ("x = 3", "expected LAT,LON,ALT_KM or a table"),
            ("x = \"1,2\"", "expected LAT,LON,ALT_KM"),
            ("x = { zoom = \"3\" }", "unknown key \"zoom\""),
            ("x = { layers = \"moon\" }", "layer \"moon\" does not exist"),
            ("x = { projection = \"cube\" }", "projection \"cube\" does not exist"),
            ("x = { rate-scale = 5 }", "expected a number of decades from -3 to 3"),
            ("x = { level = 3 }", "level: expected a text"),
            ("x = { level = \"street\" }", "street"),
        ] {
            let table: Table = text.parse().expect("TOML");
            let error = view_of(&table["x"]).expect_err(text);
            assert!(error.contains(part), "{text}: {error}");
        }
    }
}
