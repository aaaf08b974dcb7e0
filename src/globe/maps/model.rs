//! From a picture file to a texture with all its mip levels.

use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use bevy::render::render_resource::TextureFormat;

use super::user;
use crate::geo::{GeoError, find_data};
use crate::globe::gpu::TextureData;

/// Largest side a device must accept.
pub(super) const MAX_SIDE: u32 = 8192;

/// Why a picture cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MapError {
    /// It lies nowhere.
    #[error(transparent)]
    Missing(#[from] GeoError),
    /// It cannot be read.
    #[error("{path:?}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's answer.
        source: std::io::Error,
    },
    /// It is no picture, a damaged one, or too large.
    #[error("{name:?} is not a usable picture: {problem}")]
    Picture {
        /// The file.
        name: String,
        /// What is wrong.
        problem: String,
    },
}

/// Pictures decoded so far: a second globe in the same process shares them. At most one entry per file and size.
static DECODED: Mutex<Vec<(PathBuf, bool, Arc<TextureData>)>> = Mutex::new(Vec::new());

/// A picture without its smaller levels, row by row from the north.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Raw {
    pub(super) width: u32,
    pub(super) height: u32,
    /// 4 with colours, else 1.
    pub(super) channels: usize,
    pub(super) pixels: Vec<u8>,
}

impl Raw {
    /// The same at another size, each pixel the one that lies there.
    pub(super) fn stretched(&self, width: u32, height: u32) -> Raw {
        let scaled = |at: u32, from: u32, to: u32| (u64::from(at) * u64::from(to) / u64::from(from.max(1))) as usize;
        let mut pixels = Vec::with_capacity(width as usize * height as usize * self.channels);
        for y in 0..height {
            let row = scaled(y, height, self.height) * self.width as usize;
            for x in 0..width {
                let i = (row + scaled(x, width, self.width)) * self.channels;
                pixels.extend_from_slice(self.pixels.get(i..i + self.channels).unwrap_or(&[0; 4][..self.channels]));
            }
        }
        Raw { width, height, channels: self.channels, pixels }
    }

    /// Lays a picture over this one.
    pub(super) fn put(&mut self, part: &Raw, left: u32, top: u32) {
        let wide = part.width as usize * self.channels;
        for y in 0..part.height {
            let to = ((top + y) as usize * self.width as usize + left as usize) * self.channels;
            let from = y as usize * wide;
            if let (Some(to), Some(from)) = (self.pixels.get_mut(to..to + wide), part.pixels.get(from..from + wide)) {
                to.copy_from_slice(from);
            }
        }
    }

    /// The texture; `halve` leaves the largest level out.
    pub(super) fn texture(self, halve: bool) -> Option<TextureData> {
        let Raw { mut width, mut height, channels, pixels: mut level } = self;
        while width.max(height) > MAX_SIDE || (halve && width.max(height) > 3000) {
            level = half_of(&level, width, height, channels);
            (width, height) = ((width / 2).max(1), (height / 2).max(1));
        }
        if width == 0 || height == 0 {
            return None;
        }
        let format = if channels == 4 { TextureFormat::Rgba8UnormSrgb } else { TextureFormat::R8Unorm };
        let (bytes, levels) = with_mips(level, width, height, channels);
        Some(TextureData { width, height, levels, format, bytes })
    }
}

/// Loads the user's picture of a name from a folder, if there is one: `bundled` is the file that it stands for.
pub(super) fn load_users(
    folder: &Path,
    (name, bundled): (&str, &str),
    colour: bool,
    halve: bool,
) -> Option<Result<Arc<TextureData>, MapError>> {
    let made = |raw: Raw, what: &Path| {
        let problem = || MapError::Picture { name: what.display().to_string(), problem: "it has no pixels".into() };
        raw.texture(halve).map(Arc::new).ok_or_else(problem)
    };
    if let Some(path) = user::file_of(folder, name) {
        return Some(user::read(&path, colour).and_then(|raw| made(raw, &path)));
    }
    let tiles = user::tiles_of(folder, name).filter(|_| colour)?;
    let ours = || {
        let path = find_data("assets", bundled)?;
        user::read(&path, colour)
    };
    Some(ours().and_then(|base| tiles.joined(&base)).and_then(|raw| made(raw, folder)))
}

/// Loads a bundled picture.
pub(super) fn load(file: &str, colour: bool, halve: bool) -> Result<Arc<TextureData>, MapError> {
    let path = find_data("assets", file)?;
    let mut decoded = DECODED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((_, _, map)) = decoded.iter().find(|(p, h, _)| *p == path && *h == halve) {
        return Ok(Arc::clone(map));
    }
    let bytes = std::fs::read(&path).map_err(|source| MapError::Io { path: path.clone(), source })?;
    let map = Arc::new(decode(file, &bytes, colour, halve)?);
    decoded.push((path, halve, Arc::clone(&map)));
    Ok(map)
}

/// Decodes a JPEG or PNG picture: four channels in sRGB if `colour`, else one linear channel; `halve` leaves the largest
/// level out.
///
/// # Errors
/// [`MapError::Picture`].
pub fn decode(name: &str, bytes: &[u8], colour: bool, halve: bool) -> Result<TextureData, MapError> {
    let problem = || MapError::Picture { name: name.to_owned(), problem: "it has no pixels".into() };
    raw(name, bytes, colour)?.texture(halve).ok_or_else(problem)
}

/// Decodes a picture: four channels if `colour`, else one.
pub(super) fn raw(name: &str, bytes: &[u8], colour: bool) -> Result<Raw, MapError> {
    let bad = |problem: String| MapError::Picture { name: name.to_owned(), problem };
    let mut reader = image::ImageReader::new(Cursor::new(bytes));
    let mut limits = image::Limits::default();
    limits.max_image_width = Some(2 * MAX_SIDE);
    limits.max_image_height = Some(2 * MAX_SIDE);
    limits.max_alloc = Some(1 << 30);
    reader.limits(limits);
    let picture =
        reader.with_guessed_format().map_err(|e| bad(e.to_string()))?.decode().map_err(|e| bad(e.to_string()))?;
    let (width, height) = (picture.width(), picture.height());
    let channels = if colour { 4 } else { 1 };
    let pixels = if colour { picture.into_rgba8().into_raw() } else { picture.into_luma8().into_raw() };
    Ok(Raw { width, height, channels, pixels })
}

/// All levels down to one pixel, one after the other, and their number.
pub(super) fn with_mips(first: Vec<u8>, width: u32, height: u32, channels: usize) -> (Vec<u8>, u32) {
    let mut all = first.clone();
    let (mut level, mut w, mut h, mut levels) = (first, width, height, 1);
    while w > 1 || h > 1 {
        level = half_of(&level, w, h, channels);
        (w, h) = ((w / 2).max(1), (h / 2).max(1));
        all.extend_from_slice(&level);
        levels += 1;
    }
    (all, levels)
}

/// The picture at half the size: each pixel the mean of two by two.
fn half_of(pixels: &[u8], width: u32, height: u32, channels: usize) -> Vec<u8> {
    match (channels, width.is_multiple_of(2) && height.is_multiple_of(2)) {
        (1, true) => half_of_even::<1>(pixels, width as usize),
        (4, true) => half_of_even::<4>(pixels, width as usize),
        _ => half_of_any(pixels, width, height, channels),
    }
}

/// The same for sides that are even: nearly all the work of decoding besides the picture file itself.
fn half_of_even<const CHANNELS: usize>(pixels: &[u8], width: usize) -> Vec<u8> {
    let mut out = Vec::with_capacity(pixels.len() / 4);
    for rows in pixels.chunks_exact(2 * CHANNELS * width) {
        let (upper, lower) = rows.split_at(CHANNELS * width);
        let (upper, lower) = (upper.as_chunks::<CHANNELS>().0, lower.as_chunks::<CHANNELS>().0);
        for ([a, b], [c, d]) in upper.as_chunks().0.iter().zip(lower.as_chunks().0) {
            let mean: [u8; CHANNELS] = std::array::from_fn(|i| {
                let sum: u16 = [a, b, c, d].iter().map(|p| u16::from(p[i])).sum();
                ((sum + 2) / 4) as u8
            });
            out.extend_from_slice(&mean);
        }
    }
    out
}

fn half_of_any(pixels: &[u8], width: u32, height: u32, channels: usize) -> Vec<u8> {
    let (w, h) = (width as usize, height as usize);
    let (nw, nh) = ((w / 2).max(1), (h / 2).max(1));
    let mut out = Vec::with_capacity(nw * nh * channels);
    for y in 0..nh {
        let rows = [(2 * y).min(h - 1) * w, (2 * y + 1).min(h - 1) * w];
        for x in 0..nw {
            let columns = [(2 * x).min(w - 1), (2 * x + 1).min(w - 1)];
            for c in 0..channels {
                let at = |r: usize, x: usize| u32::from(pixels.get((r + x) * channels + c).copied().unwrap_or(0));
                let sum: u32 = rows.iter().flat_map(|&r| columns.iter().map(move |&x| at(r, x))).sum();
                out.push(((sum + 2) / 4) as u8);
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halving_takes_the_mean() {
        assert_eq!(half_of(&[0, 4, 8, 12, 2, 2, 0, 0], 4, 2, 1), [2, 5]);
        assert_eq!(half_of(&[10, 20, 30], 3, 1, 1), [15]);
        let pixels: Vec<u8> = (0..8 * 6 * 4).map(|n| (n * 37 % 251) as u8).collect();
        for channels in [1, 4] {
            let part = &pixels[..8 * 6 * channels];
            assert_eq!(half_of(part, 8, 6, channels), half_of_any(part, 8, 6, channels), "{channels}");
        }
    }

    #[test]
    fn mips_go_down_to_one_pixel() {
        let (bytes, levels) = with_mips(vec![7; 8 * 4 * 4], 8, 4, 4);
        assert_eq!((bytes.len(), levels), ((32 + 8 + 2 + 1) * 4, 4));
    }

    #[test]
    fn the_bundled_water_mask_lies_the_right_way_round() {
        let map = load("earth_water.jpg", false, true).expect("bundled");
        let at = |lat: f64, lon: f64| {
            let x = ((lon + 180.0) / 360.0 * f64::from(map.width)) as usize % map.width as usize;
            let y = ((90.0 - lat) / 180.0 * f64::from(map.height)) as usize;
            map.bytes[y * map.width as usize + x]
        };
        assert!(at(0.0, -30.0) > 200 && at(42.0, 50.5) > 200, "Atlantic and Caspian Sea are water");
        assert!(
            at(23.0, 10.0) < 50 && at(52.5, 13.4) < 80 && at(-25.0, 133.0) < 50,
            "Sahara, Berlin, Australia are land"
        );
    }

    #[test]
    fn what_is_no_picture_is_an_error() {
        assert!(matches!(decode("x", b"no picture at all", true, false), Err(MapError::Picture { .. })));
    }
}
