//! Geolocation databases in MaxMind's file format.
//!
//! The kind of a database is not asked for: whatever position, country or AS number a record holds is taken. That
//! covers City, Country and ASN files of MaxMind and DB-IP, and the flat tables of others.

use std::fmt;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Deserialize;
use serde::de::{IgnoredAny, MapAccess, Visitor};

use super::data::code;
use super::{GeoError, LatLon};
use crate::base::Timestamp;

/// What one database knows of an address.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Finding {
    /// Position.
    pub at: Option<LatLon>,
    /// City.
    pub city: Option<Arc<str>>,
    /// Whether something finer than the country is known: a city or a part of the country.
    pub finer_than_country: bool,
    /// Country code.
    pub country: Option<[u8; 2]>,
    /// Radius of uncertainty in kilometres.
    pub radius_km: Option<u16>,
    /// Autonomous system number.
    pub asn: Option<u32>,
    /// Its holder.
    pub as_name: Option<Arc<str>>,
}

/// An open database.
pub struct Database {
    path: PathBuf,
    reader: maxminddb::Reader<Vec<u8>>,
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Database").field("path", &self.path).finish_non_exhaustive()
    }
}

impl Database {
    /// Reads a whole database file into memory.
    ///
    /// # Errors
    /// The file cannot be read, or is no database.
    pub fn open(path: &Path) -> Result<Database, GeoError> {
        let reader = maxminddb::Reader::open_readfile(path).map_err(|e| match e {
            maxminddb::MaxMindDbError::Io(source) => GeoError::Io { path: path.into(), source },
            other => GeoError::Database { path: path.into(), problem: other.to_string() },
        })?;
        Ok(Database { path: path.into(), reader })
    }

    /// File name, kind and build date: `geo-city.mmdb (Globe-City-Lite, 2026-06-01)`.
    #[must_use]
    pub fn title(&self) -> String {
        let name = self.path.file_name().unwrap_or_default().to_string_lossy();
        let meta = self.reader.metadata();
        let built =
            i64::try_from(meta.build_epoch).map(|s| Timestamp::from_parts(s, 0).to_string()).unwrap_or_default();
        let date = built.get(..10).unwrap_or("date unknown");
        format!("{name} ({}, {date})", meta.database_type)
    }

    /// What the database knows of an address; nothing if it has no record, or a damaged one.
    #[must_use]
    pub fn find(&self, addr: IpAddr) -> Finding {
        // An IPv4-only database refuses IPv6 addresses with an error: it knows nothing of them.
        let Ok(hit) = self.reader.lookup(addr.to_canonical()) else { return Finding::default() };
        hit.decode::<Row<'_>>().ok().flatten().map(Finding::from).unwrap_or_default()
    }
}

/// The union of the layouts; everything is optional.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Row<'a> {
    #[serde(borrow)]
    city: Name<'a>,
    #[serde(borrow)]
    country: CountryRow<'a>,
    #[serde(borrow)]
    registered_country: CountryRow<'a>,
    location: Location,
    subdivisions: Option<Vec<IgnoredAny>>,
    #[serde(borrow)]
    country_code: Option<&'a str>,
    latitude: Option<f64>,
    longitude: Option<f64>,
    autonomous_system_number: Option<u32>,
    #[serde(borrow)]
    autonomous_system_organization: Option<&'a str>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Location {
    latitude: Option<f64>,
    longitude: Option<f64>,
    accuracy_radius: Option<u16>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Names<'a> {
    #[serde(borrow)]
    en: Option<&'a str>,
}

/// A city: `{names: {en: …}}` in the nested layout, a string in the flat one.
#[derive(Debug, Default)]
struct Name<'a>(Option<&'a str>);

/// A country: `{iso_code: …}` in the nested layout, a code in the flat one.
#[derive(Debug, Default)]
struct CountryRow<'a>(Option<&'a str>);

macro_rules! map_or_text {
    ($type:ident, $key:literal, $value:ty, $get:expr) => {
        impl<'de: 'a, 'a> Deserialize<'de> for $type<'a> {
            fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                struct V;
                impl<'de> Visitor<'de> for V {
                    type Value = $type<'de>;
                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str("a map or a string")
                    }
                    fn visit_borrowed_str<E>(self, s: &'de str) -> Result<Self::Value, E> {
                        Ok($type(Some(s).filter(|s| !s.is_empty())))
                    }
                    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                        let mut found = $type(None);
                        while let Some(key) = map.next_key::<&str>()? {
                            if key == $key {
                                let value: $value = map.next_value()?;
                                found = $type($get(value));
                            } else {
                                map.next_value::<IgnoredAny>()?;
                            }
                        }
                        Ok(found)
                    }
                }
                d.deserialize_any(V)
            }
        }
    };
}

map_or_text!(Name, "names", Names<'de>, |names: Names<'de>| names.en);
map_or_text!(CountryRow, "iso_code", &'de str, Some);

impl From<Row<'_>> for Finding {
    fn from(row: Row<'_>) -> Finding {
        let lat = row.location.latitude.or(row.latitude);
        let lon = row.location.longitude.or(row.longitude);
        let codes = [row.country.0, row.country_code, row.registered_country.0];
        Finding {
            at: lat.zip(lon).and_then(|(lat, lon)| LatLon::new(lat, lon)),
            finer_than_country: row.city.0.is_some() || row.subdivisions.is_some_and(|s| !s.is_empty()),
            city: row.city.0.map(Into::into),
            country: codes.into_iter().flatten().find_map(code),
            radius_km: row.location.accuracy_radius,
            asn: row.autonomous_system_number,
            as_name: row.autonomous_system_organization.map(Into::into),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geo::find_data;

    #[test]
    fn all_known_addresses_get_their_country() {
        let db = Database::open(&find_data("geo", "geo-city.mmdb").expect("bundled")).expect("a database");
        let table = std::fs::read_to_string(find_data("geo", "known_addresses.csv").expect("bundled")).expect("text");
        let mut seen = 0;
        for row in csv::Reader::from_reader(table.as_bytes()).records() {
            let row = row.expect("a row");
            let found = db.find(row[0].parse().expect("an address"));
            assert_eq!(found.country.as_ref().map(|c| &c[..]), Some(row[1].as_bytes()), "{row:?}");
            assert!(found.at.is_some(), "{row:?}");
            seen += 1;
        }
        assert_eq!(seen, 200);
    }

    #[test]
    fn the_system_and_its_holder_are_found() {
        let db = Database::open(&find_data("geo", "geo-asn.mmdb").expect("bundled")).expect("a database");
        let found = db.find("8.8.8.8".parse().expect("an address"));
        assert_eq!(found.asn, Some(15169));
        assert!(found.as_name.is_some_and(|n| n.contains("Google")));
        assert_eq!(db.find("10.0.0.1".parse().expect("an address")), Finding::default());
    }

    #[test]
    fn flat_and_nested_rows_read_alike() {
        let flat: Row<'_> = serde_json::from_str(
            r#"{"country_code": "de", "city": "Berlin", "latitude": 52.5, "longitude": 13.4, "timezone": "x"}"#,
        )
        .expect("a row");
        let nested: Row<'_> = serde_json::from_str(
            r#"{"country": {"iso_code": "DE", "geoname_id": 1}, "city": {"names": {"de": "B", "en": "Berlin"}},
                "location": {"latitude": 52.5, "longitude": 13.4}}"#,
        )
        .expect("a row");
        assert_eq!(Finding::from(flat), Finding::from(nested));
    }

    #[test]
    fn a_broken_database_is_one_clear_sentence() {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let garbage = Database::open(&here.join("Cargo.toml")).expect_err("no database").to_string();
        assert!(garbage.contains("Cargo.toml") && garbage.contains("not a usable MaxMind database"), "{garbage}");
        let missing = Database::open(&here.join("nothing.mmdb")).expect_err("no file").to_string();
        assert!(missing.contains("cannot read") && missing.contains("nothing.mmdb"), "{missing}");
    }
}
