//! Finds the data files that come with the program.

use std::path::{Path, PathBuf};

use super::GeoError;

/// The path of a bundled file: `folder` is `geo` or `assets`, `name` a path below it.
///
/// Looked for, in this order: below `$ARGUS_GLOBE_DATA`, next to the executable, in `../share/argus-globe` seen from
/// the executable, and in the source tree the program was built from.
///
/// # Errors
/// [`GeoError::NotFound`] names all places that were tried.
pub fn find_data(folder: &'static str, name: &str) -> Result<PathBuf, GeoError> {
    find_below(&roots(), folder, name)
}

fn roots() -> Vec<PathBuf> {
    let mut roots = Vec::new();
    if let Some(dir) = std::env::var_os("ARGUS_GLOBE_DATA").filter(|d| !d.is_empty()) {
        roots.push(PathBuf::from(dir));
    }
    if let Some(dir) = std::env::current_exe().ok().as_deref().and_then(Path::parent) {
        roots.push(dir.to_path_buf());
        roots.push(dir.join("../share/argus-globe"));
    }
    roots.push(PathBuf::from(env!("CARGO_MANIFEST_DIR")));
    roots
}

fn find_below(roots: &[PathBuf], folder: &'static str, name: &str) -> Result<PathBuf, GeoError> {
    let candidates: Vec<PathBuf> = roots.iter().map(|r| r.join(folder).join(name)).collect();
    match candidates.iter().find(|p| p.is_file()) {
        Some(found) => Ok(found.clone()),
        None => Err(GeoError::NotFound {
            name: name.into(),
            folder,
            looked: roots.iter().map(|r| r.join(folder).display().to_string()).collect::<Vec<_>>().join(", "),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bundled_databases_are_found() {
        assert!(find_data("geo", "geo-city.mmdb").is_ok());
        assert!(find_data("assets", "lines_110m.bin").is_ok());
    }

    #[test]
    fn a_missing_file_names_all_places() {
        let error = find_below(&["/nowhere/a".into(), "/nowhere/b".into()], "geo", "x.mmdb").unwrap_err().to_string();
        assert!(error.contains("/nowhere/a/geo, /nowhere/b/geo") && error.contains("ARGUS_GLOBE_DATA"), "{error}");
    }
}
