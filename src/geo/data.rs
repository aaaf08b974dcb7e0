//! Readers of the bundled outlines, towns, countries and stars.
//!
//! # Source
//! Layouts: `assets/README.md`.

use std::sync::LazyLock;

use super::{GeoError, LatLon};
use crate::base::hash::Map;

/// Lines of one kind, such as coasts.
#[derive(Clone, Debug, PartialEq)]
pub struct LineLayer {
    /// `coastline`, `borders`, `lakes`, `disputed`, `graticule`.
    pub name: String,
    /// Open lines; none crosses the ±180° meridian.
    pub lines: Vec<Vec<LatLon>>,
}

/// A populated place.
#[derive(Clone, Debug, PartialEq)]
pub struct City {
    /// Name in Latin letters.
    pub name: String,
    /// ISO 3166-1 alpha-2 code.
    pub country: Option<[u8; 2]>,
    /// Position.
    pub at: LatLon,
    /// Inhabitants.
    pub population: u64,
    /// Whether it is a national capital.
    pub capital: bool,
    /// 0 = most important.
    pub rank: u8,
}

/// A country with the point where its name belongs.
#[derive(Clone, Debug, PartialEq)]
pub struct Country {
    /// ISO 3166-1 alpha-2 code; a few have none.
    pub code: Option<[u8; 2]>,
    /// English name.
    pub name: String,
    /// Point inside its largest part, farthest from the border.
    pub at: LatLon,
    /// 2 = biggest.
    pub rank: u8,
    /// Inhabitants.
    pub population: u64,
    /// Continent.
    pub continent: String,
}

/// A fixed star.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Star {
    /// Right ascension (J2000) in degrees.
    pub ra_deg: f32,
    /// Declination (J2000) in degrees.
    pub dec_deg: f32,
    /// Apparent magnitude; small is bright.
    pub magnitude: f32,
    /// Colour, sRGB.
    pub rgb: [u8; 3],
}

/// Takes numbers off the front of a buffer; `None` at its end.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (head, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*head)
    }

    fn u32(&mut self) -> Option<u32> {
        self.take().map(u32::from_le_bytes)
    }

    fn bytes(&mut self, len: usize) -> Option<&'a [u8]> {
        let (head, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(head)
    }
}

/// Reads `lines_110m.bin` or `lines_50m.bin`.
///
/// # Errors
/// The bytes are not of that layout or end early.
pub fn parse_lines(bytes: &[u8]) -> Result<Vec<LineLayer>, GeoError> {
    let mut r = Reader(bytes);
    if r.take() != Some(*b"GLN1") {
        return Err(GeoError::Format { what: "outlines", problem: "does not start with \"GLN1\"".into() });
    }
    let layers = lines_after_magic(&mut r);
    layers.ok_or_else(|| GeoError::Format {
        what: "outlines",
        problem: format!("ends early, after {} bytes", bytes.len()),
    })
}

fn lines_after_magic(r: &mut Reader<'_>) -> Option<Vec<LineLayer>> {
    let mut layers = Vec::new();
    for _ in 0..r.u32()? {
        let [name_len] = r.take()?;
        let name = String::from_utf8_lossy(r.bytes(usize::from(name_len))?).into_owned();
        let mut lines = Vec::new();
        for _ in 0..r.u32()? {
            let count = usize::try_from(r.u32()?).ok()?;
            let points = r.bytes(count.checked_mul(4)?)?;
            lines.push(points.chunks_exact(4).map(point).collect());
        }
        layers.push(LineLayer { name, lines });
    }
    Some(layers)
}

fn point(four: &[u8]) -> LatLon {
    let value = |i: usize| match four.get(i..i + 2) {
        Some(&[low, high]) => f64::from(i16::from_le_bytes([low, high])) / 32767.0,
        _ => 0.0,
    };
    // -32768 would lie a hair outside.
    LatLon { lat: (value(2) * 90.0).max(-90.0), lon: (value(0) * 180.0).max(-180.0) }
}

/// Reads `stars.bin`.
///
/// # Errors
/// The bytes are not of that layout or end early.
pub fn parse_stars(bytes: &[u8]) -> Result<Vec<Star>, GeoError> {
    let bad = |problem: String| GeoError::Format { what: "stars", problem };
    let mut r = Reader(bytes);
    if r.take() != Some(*b"STR1") {
        return Err(bad("does not start with \"STR1\"".into()));
    }
    let count = r.u32().ok_or_else(|| bad("has no count".into()))?;
    let mut stars = Vec::new();
    for i in 0..count {
        let star = (|| {
            let mut f32 = || r.take().map(f32::from_le_bytes);
            let (ra_deg, dec_deg, magnitude) = (f32()?, f32()?, f32()?);
            let [red, green, blue, _] = r.take()?;
            Some(Star { ra_deg, dec_deg, magnitude, rgb: [red, green, blue] })
        })();
        stars.push(star.ok_or_else(|| bad(format!("says {count} stars, ends after {i}")))?);
    }
    Ok(stars)
}

/// Reads `cities.csv`.
///
/// # Errors
/// A row does not have the seven columns, or a number is none.
pub fn parse_cities(text: &str) -> Result<Vec<City>, GeoError> {
    rows("cities", text, |row| {
        Some(City {
            name: row.get(0)?.into(),
            country: code(row.get(1)?),
            at: LatLon::new(row.get(2)?.parse().ok()?, row.get(3)?.parse().ok()?)?,
            population: row.get(4)?.parse().ok()?,
            capital: row.get(5)? == "1",
            rank: row.get(6)?.parse().ok()?,
        })
    })
}

/// Reads `assets/countries.csv`.
///
/// # Errors
/// A row does not have the seven columns, or a number is none.
pub fn parse_countries(text: &str) -> Result<Vec<Country>, GeoError> {
    rows("countries", text, |row| {
        Some(Country {
            code: code(row.get(0)?),
            name: row.get(1)?.into(),
            at: LatLon::new(row.get(2)?.parse().ok()?, row.get(3)?.parse().ok()?)?,
            rank: row.get(4)?.parse().ok()?,
            population: row.get(5)?.parse().ok()?,
            continent: row.get(6)?.into(),
        })
    })
}

fn rows<T>(
    what: &'static str,
    text: &str,
    convert: impl Fn(&csv::StringRecord) -> Option<T>,
) -> Result<Vec<T>, GeoError> {
    let mut out = Vec::new();
    for (i, row) in csv::Reader::from_reader(text.as_bytes()).records().enumerate() {
        let value = row.as_ref().ok().and_then(&convert);
        out.push(value.ok_or_else(|| GeoError::Format { what, problem: format!("row {} is damaged", i + 1) })?);
    }
    Ok(out)
}

/// A country code from two letters of any case.
pub(super) fn code(text: &str) -> Option<[u8; 2]> {
    match text.as_bytes() {
        [a, b] if a.is_ascii_alphabetic() && b.is_ascii_alphabetic() => {
            Some([a.to_ascii_uppercase(), b.to_ascii_uppercase()])
        }
        _ => None,
    }
}

/// The countries that come with the program.
#[must_use]
pub fn countries() -> &'static [Country] {
    static ALL: LazyLock<Vec<Country>> =
        LazyLock::new(|| parse_countries(include_str!("../../assets/countries.csv")).unwrap_or_default());
    &ALL
}

/// The centre of the country with a code, where it is known.
#[must_use]
pub fn country_centre(code: [u8; 2]) -> Option<LatLon> {
    static BY_CODE: LazyLock<Map<[u8; 2], LatLon>> =
        LazyLock::new(|| countries().iter().filter_map(|c| c.code.map(|code| (code, c.at))).collect());
    BY_CODE.get(&code).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asset(name: &str) -> Vec<u8> {
        std::fs::read(super::super::find_data("assets", name).expect("bundled")).expect("readable")
    }

    fn sizes(name: &str) -> Vec<(String, usize, usize)> {
        let layers = parse_lines(&asset(name)).expect("outlines");
        layers.iter().map(|l| (l.name.clone(), l.lines.len(), l.lines.iter().map(Vec::len).sum())).collect()
    }

    #[test]
    fn outlines_have_the_documented_sizes() {
        let row = |n: &str, l, p| (n.to_owned(), l, p);
        let small = sizes("lines_110m.bin");
        for r in
            [row("coastline", 134, 5128), row("borders", 186, 2833), row("lakes", 25, 489), row("graticule", 53, 5993)]
        {
            assert!(small.contains(&r), "{r:?} in {small:?}");
        }
        let big = sizes("lines_50m.bin");
        for r in [row("coastline", 1429, 60416), row("borders", 363, 19802), row("disputed", 24, 563)] {
            assert!(big.contains(&r), "{r:?} in {big:?}");
        }
        let layers = parse_lines(&asset("lines_110m.bin")).expect("outlines");
        let first = layers.iter().find(|l| l.name == "coastline").expect("coasts").lines[0][0];
        assert!((first.lon + 163.712).abs() < 0.01 && (first.lat + 78.596).abs() < 0.01, "{first:?}");
    }

    #[test]
    fn stars_begin_with_sirius() {
        let stars = parse_stars(&asset("stars.bin")).expect("stars");
        assert_eq!(stars.len(), 8874);
        assert!((stars[0].ra_deg - 101.29).abs() < 0.01 && (stars[0].magnitude + 1.44).abs() < 0.01);
    }

    #[test]
    fn towns_and_countries_are_complete() {
        let text = String::from_utf8(asset("cities.csv")).expect("text");
        let cities = parse_cities(&text).expect("cities");
        assert_eq!((cities.len(), cities[0].name.as_str(), cities[0].capital), (1249, "Tokyo", true));
        assert_eq!(countries().len(), 241);
        let de = country_centre(*b"DE").expect("known");
        assert!((47.0..55.0).contains(&de.lat) && (6.0..15.0).contains(&de.lon));
    }

    #[test]
    fn cut_files_are_errors() {
        for name in ["lines_110m.bin", "stars.bin"] {
            let bytes = asset(name);
            for cut in [0, 3, 7, 100, bytes.len() - 1] {
                assert!(parse_lines(&bytes[..cut]).is_err());
                assert!(parse_stars(&bytes[..cut]).is_err());
            }
        }
        assert!(parse_cities("name,iso_a2,lat,lon,population,capital,rank\nx,DE,1,2\n").is_err());
    }
}
