//! Where addresses are: coordinates, places, and the chain that finds them.
//!
//! Order of trust: label inside the record (the caller knows it), the user's own map of networks, the home position
//! for private addresses, the databases, the country's centre. What has no place has none, with the reason in a few
//! words; nothing is invented and no look-up leaves the machine.
//!
//! Beside that: tables of classic labellers (names of networks, delegations), the sun's position, great circles, and the readers of the bundled outlines, towns, countries and
//! stars. The readers take bytes; only [`find_data`], [`Database::open`], [`Networks::open`] and [`NetworkSet::open`] touch files.

mod bundled;
mod chain;
mod circle;
mod data;
mod details;
mod mmdb;
mod networks;
mod place;
mod prefixes;
mod registry;
mod set;
mod special;
mod sun;

use std::path::PathBuf;

pub use bundled::find_data;
pub use chain::{Chain, GeoConfig, Labeler, Located};
pub use circle::EARTH_RADIUS_KM;
pub use data::{
    City, Country, LineLayer, Star, countries, country_centre, parse_cities, parse_countries, parse_lines, parse_stars,
};
pub use details::Details;
pub use mmdb::{Database, Finding};
pub use networks::Networks;
pub use place::{LatLon, Origin, Place};
pub use registry::{AddressNames, Delegations};
pub use set::NetworkSet;
pub use special::{is_local, special_use};
pub use sun::subsolar_point;

/// Why geographic data cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GeoError {
    /// The file could not be read.
    #[error("cannot read {path:?}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's answer.
        source: std::io::Error,
    },
    /// The file is no MaxMind database, or a damaged one.
    #[error("{path:?} is not a usable MaxMind database (.mmdb): {problem}; give another file")]
    Database {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// The content of a table or outline file is not as expected.
    #[error("{what}: {problem}")]
    Format {
        /// Which data.
        what: &'static str,
        /// What was expected and found, and where.
        problem: String,
    },
    /// Bundled data lie in none of the places where they are looked for.
    #[error("{name:?} not found; looked in {looked}; set ARGUS_GLOBE_DATA to the folder that holds \"{folder}\"")]
    NotFound {
        /// File name.
        name: String,
        /// Folder below the data folder.
        folder: &'static str,
        /// The places, separated by commas.
        looked: String,
    },
}
