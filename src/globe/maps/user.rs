//! Pictures of the user: a folder with files that take the place of ours, and tiles of the earth by day.
//!
//! `day`, `lights`, `water` and `clouds`, each `.jpg`, `.jpeg` or `.png`, cover the whole earth, longitude from left to
//! right and north at the top. `day/Z/X/Y.jpg` are tiles in geographic coordinates: at `Z` there are 2^(Z+1) by 2^Z of
//! them, `Y` counted from the north. The finest `Z` whose tiles fit into a texture is joined; where a tile is missing our
//! own picture stays. Finer ones are for [`tiles`](super::tiles).

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::model::{MAX_SIDE, MapError, Raw, raw};

/// Endings of pictures.
const ENDINGS: [&str; 3] = ["jpg", "jpeg", "png"];
/// Finest level of tiles that can be joined.
const FINEST: u8 = 6;
/// Most columns of a level that are looked at for a first tile.
const MOST_LOOKED_AT: usize = 1_000;
/// Largest tile, pixels to a side.
const LARGEST_TILE: u32 = 2048;
/// Largest file, in bytes.
const LARGEST_FILE: u64 = 1 << 28;

/// The user's picture of a name, if there is one.
#[must_use]
pub(super) fn file_of(folder: &Path, name: &str) -> Option<PathBuf> {
    ENDINGS.iter().map(|e| folder.join(name).with_extension(e)).find(|p| p.is_file())
}

/// The finest level of tiles of a name that fits into one picture, with its folder and the size of a tile.
#[must_use]
pub(super) fn tiles_of(folder: &Path, name: &str) -> Option<Tiles> {
    let folder = folder.join(name);
    sides_of(&folder, FINEST).into_iter().rev().find_map(|(level, side)| {
        let level = u32::from(level);
        let fits = side <= LARGEST_TILE && side << (level + 1) <= MAX_SIDE;
        fits.then(|| Tiles { folder: folder.join(level.to_string()), level, side })
    })
}

/// The levels of tiles that a folder has, coarsest first, up to `finest`, each with the side of the first tile found; the
/// head of its picture tells.
#[must_use]
pub(super) fn sides_of(folder: &Path, finest: u8) -> Vec<(u8, u32)> {
    let side = |level: &u8| {
        let columns = std::fs::read_dir(folder.join(level.to_string())).ok()?;
        let numbered = |path: &Path| path.file_stem().is_some_and(|n| n.to_string_lossy().parse::<u32>().is_ok());
        let is_tile = |path: &Path| numbered(path) && path.extension().is_some_and(|e| ENDINGS.iter().any(|k| e == *k));
        let entries = |path: &Path| std::fs::read_dir(path).ok().into_iter().flatten().flatten().map(|e| e.path());
        let columns = columns.flatten().map(|e| e.path()).filter(|p| numbered(p)).take(MOST_LOOKED_AT);
        let path = columns.into_iter().find_map(|c| entries(&c).find(|p| is_tile(p)))?;
        let (width, height) = image::image_dimensions(path).ok()?;
        (width == height && width > 0).then_some(width)
    };
    (0..=finest).filter_map(|level| Some((level, side(&level)?))).collect()
}

/// The file of a tile of a level's folder, if there is one.
pub(super) fn tile(folder: &Path, x: u32, y: u32) -> Option<PathBuf> {
    file_of(&folder.join(x.to_string()), &y.to_string())
}

/// Tiles of one level.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Tiles {
    folder: PathBuf,
    level: u32,
    side: u32,
}

impl Tiles {
    /// All tiles as one picture, four channels; `base` stands where one is missing.
    ///
    /// # Errors
    /// A tile cannot be read, is no picture or has another size.
    pub(super) fn joined(&self, base: &Raw) -> Result<Raw, MapError> {
        let (width, height) = (self.side << (self.level + 1), self.side << self.level);
        let mut all = base.stretched(width, height);
        for x in 0..2u32 << self.level {
            for y in 0..1u32 << self.level {
                let Some(path) = tile(&self.folder, x, y) else { continue };
                let part = read(&path, true)?;
                if (part.width, part.height) != (self.side, self.side) {
                    let problem = format!("a tile of {0} by {0} pixels was expected", self.side);
                    return Err(MapError::Picture { name: path.display().to_string(), problem });
                }
                all.put(&part, x * self.side, y * self.side);
            }
        }
        Ok(all)
    }
}

/// A picture from a file.
///
/// # Errors
/// It cannot be read or is no picture.
pub(super) fn read(path: &Path, colour: bool) -> Result<Raw, MapError> {
    let io = |source| MapError::Io { path: path.to_owned(), source };
    let name = path.display().to_string();
    if std::fs::metadata(path).map_err(io)?.len() > LARGEST_FILE {
        return Err(MapError::Picture { name, problem: format!("a picture has at most {LARGEST_FILE} bytes") });
    }
    raw(&name, &std::fs::read(path).map_err(io)?, colour)
}

/// What tells whether a user's picture is another one than before: which file or folder, when changed, how large.
#[must_use]
pub(super) fn stamp(folder: &Path, name: &str) -> Option<(PathBuf, Option<SystemTime>, u64)> {
    let path = file_of(folder, name).or_else(|| tiles_of(folder, name).map(|t| t.folder))?;
    let meta = std::fs::metadata(&path).ok()?;
    Some((path, meta.modified().ok(), meta.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("argus-globe-maps-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder");
        folder
    }

    fn paint(path: &Path, side: u32, rgb: [u8; 3]) {
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        image::RgbImage::from_pixel(side, side, image::Rgb(rgb)).save(path).expect("written");
    }

    #[test]
    fn tiles_lie_where_they_belong_and_gaps_keep_our_picture() {
        let folder = folder("tiles");
        for (x, y, rgb) in [(0, 0, [255, 0, 0]), (3, 1, [0, 0, 255])] {
            paint(&folder.join(format!("day/1/{x}/{y}.png")), 8, rgb);
        }
        paint(&folder.join("day/0/0/0.png"), 8, [9, 9, 9]);
        let tiles = tiles_of(&folder, "day").expect("tiles");
        assert_eq!((tiles.level, tiles.side), (1, 8), "the finest that fits");
        let base = Raw { width: 2, height: 1, channels: 4, pixels: vec![10, 20, 30, 255, 40, 50, 60, 255] };
        let all = tiles.joined(&base).expect("joined");
        let at = |x: u32, y: u32| {
            let i = ((y * all.width + x) * 4) as usize;
            [all.pixels[i], all.pixels[i + 1], all.pixels[i + 2]]
        };
        assert_eq!((all.width, all.height), (32, 16));
        assert_eq!((at(0, 0), at(7, 7), at(31, 15)), ([255, 0, 0], [255, 0, 0], [0, 0, 255]));
        assert_eq!((at(8, 0), at(20, 15)), ([10, 20, 30], [40, 50, 60]));
        paint(&folder.join("day/1/1/0.png"), 4, [0, 255, 0]);
        assert!(tiles.joined(&base).expect_err("wrong size").to_string().contains("8 by 8"));
        std::fs::remove_dir_all(folder).expect("removed");
    }

    #[test]
    fn a_picture_is_another_one_when_its_file_changes() {
        let folder = folder("stamp");
        assert_eq!(stamp(&folder, "clouds"), None);
        paint(&folder.join("clouds.png"), 4, [1, 2, 3]);
        let first = stamp(&folder, "clouds");
        assert!(first.is_some() && first == stamp(&folder, "clouds"));
        paint(&folder.join("clouds.png"), 64, [1, 2, 3]);
        assert_ne!(first, stamp(&folder, "clouds"));
        let picture = read(&file_of(&folder, "clouds").expect("there"), false).expect("read");
        assert_eq!((picture.width, picture.channels, picture.pixels[0]), (64, 1, 2));
        std::fs::write(folder.join("clouds.png"), "no picture").expect("written");
        assert!(read(&folder.join("clouds.png"), true).is_err());
        std::fs::remove_dir_all(folder).expect("removed");
    }
}
