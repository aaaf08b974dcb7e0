//! The picture of one moment as data for other programs: JSON, CSV, GeoJSON, KML.
//!
//! Everything here goes by what a [`Snapshot`] shows, at its level: pins with their places, paths between them, rates,
//! counts and names. Rows are their own types, so that the program's types can change without changing what other
//! programs read. Times are RFC 3339 in UTC, loads bits per second, rates packets per second, positions degrees.
//!
//! It writes into any `Write` and knows neither files nor screens.

mod csv;
mod geojson;
mod json;
mod kml;
mod way;

use std::io::{self, Write};
use std::path::Path;
use std::str::FromStr;

use crate::cache::{AddressSum, Snapshot};
use crate::geo::Origin;

/// What a picture is written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Pins and paths as rows of one table.
    Csv,
    /// Everything: pins, paths, flows, addresses without a place, sources, totals.
    Json,
    /// Pins as points and paths as great circles (RFC 7946).
    GeoJson,
    /// The same for globes and maps that read KML 2.2.
    Kml,
}

impl Format {
    /// All of them.
    pub const ALL: [Format; 4] = [Format::Csv, Format::Json, Format::GeoJson, Format::Kml];

    /// The ending of a file's name, without the dot.
    #[must_use]
    pub fn ending(self) -> &'static str {
        match self {
            Format::Csv => "csv",
            Format::Json => "json",
            Format::GeoJson => "geojson",
            Format::Kml => "kml",
        }
    }

    /// The format that the ending of a file's name asks for.
    ///
    /// # Errors
    /// The name ends otherwise.
    pub fn of_path(path: &Path) -> Result<Format, String> {
        path.extension().and_then(|e| e.to_str()).unwrap_or("").to_ascii_lowercase().parse()
    }
}

impl FromStr for Format {
    type Err = String;

    fn from_str(text: &str) -> Result<Format, String> {
        Format::ALL.into_iter().find(|f| f.ending() == text).ok_or_else(|| {
            let known: Vec<&str> = Format::ALL.iter().map(|f| f.ending()).collect();
            format!("found {text:?}, expected one of {}", known.join(", "))
        })
    }
}

/// Writes a picture. `addresses` are the sums of all addresses, placed or not, where they are known; only JSON has
/// them.
///
/// # Errors
/// The writer fails.
pub fn write(
    out: &mut impl Write,
    format: Format,
    snapshot: &Snapshot,
    addresses: Option<&[AddressSum]>,
) -> io::Result<()> {
    match format {
        Format::Csv => csv::write(out, snapshot),
        Format::Json => json::write(out, snapshot, addresses),
        Format::GeoJson => geojson::write(out, snapshot),
        Format::Kml => kml::write(out, snapshot),
    }
}

/// How a place became known, as a word.
#[must_use]
pub fn origin(origin: Origin) -> &'static str {
    match origin {
        Origin::Label => "label",
        Origin::OwnMap => "own map",
        Origin::Home => "home",
        Origin::Database => "database",
        Origin::CountryCentre => "country centre",
    }
}

#[cfg(test)]
mod tests;
