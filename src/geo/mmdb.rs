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
        self.decode::<Row<'_>>(addr).map(Finding::from).unwrap_or_default()
    }

    /// The record of an address, if there is one of this layout.
    pub(super) fn decode<'a, T: Deserialize<'a>>(&'a self, addr: IpAddr) -> Option<T> {
        // An IPv4-only database refuses IPv6 addresses with an error: it knows nothing of them.
        self.reader.lookup(addr.to_canonical()).ok()?.decode::<T>().ok().flatten()
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
    latitude: Number,
    longitude: Number,
    autonomous_system_number: Number,
    #[serde(borrow)]
    autonomous_system_organization: Option<&'a str>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Location {
    latitude: Number,
    longitude: Number,
    accuracy_radius: Number,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Names<'a> {
    #[serde(borrow)]
    en: Option<&'a str>,
}

/// A number of any width, or its digits: publishers differ.
#[derive(Clone, Copy, Debug, Default)]
struct Number(Option<f64>);

impl Number {
    /// The value, if it is a whole number within the range of the type.
    fn whole<T: TryFrom<u64>>(self) -> Option<T> {
        let value = self.0.filter(|v| v.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(v))?;
        T::try_from(value as u64).ok()
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Number, D::Error> {
        struct V;
        impl Visitor<'_> for V {
            type Value = Number;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number")
            }
            fn visit_f64<E>(self, v: f64) -> Result<Number, E> {
                Ok(Number(Some(v)))
            }
            fn visit_u64<E>(self, v: u64) -> Result<Number, E> {
                Ok(Number(Some(v as f64)))
            }
            fn visit_i64<E>(self, v: i64) -> Result<Number, E> {
                Ok(Number(Some(v as f64)))
            }
            fn visit_str<E>(self, v: &str) -> Result<Number, E> {
                Ok(Number(v.trim_start_matches("AS").parse().ok()))
            }
        }
        d.deserialize_any(V)
    }
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
        let lat = row.location.latitude.0.or(row.latitude.0);
        let lon = row.location.longitude.0.or(row.longitude.0);
        let codes = [row.country.0, row.country_code, row.registered_country.0];
        Finding {
            at: lat.zip(lon).and_then(|(lat, lon)| LatLon::new(lat, lon)),
            finer_than_country: row.city.0.is_some() || row.subdivisions.is_some_and(|s| !s.is_empty()),
            city: row.city.0.map(Into::into),
            country: codes.into_iter().flatten().find_map(code),
            radius_km: row.location.accuracy_radius.whole(),
            asn: row.autonomous_system_number.whole(),
            as_name: row.autonomous_system_organization.map(Into::into),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Warnings;
    use crate::geo::{Chain, GeoConfig, Origin, country_centre, find_data};

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

    /// Value encodings of the MaxMind DB format, version 2.0, for values shorter than 29.
    mod encode {
        pub(super) fn text(s: &str) -> Vec<u8> {
            [&[0x40 | s.len() as u8][..], s.as_bytes()].concat()
        }

        pub(super) fn u16(n: u16) -> Vec<u8> {
            [&[0xA2][..], &n.to_be_bytes()].concat()
        }

        pub(super) fn u32(n: u32) -> Vec<u8> {
            [&[0xC4][..], &n.to_be_bytes()].concat()
        }

        pub(super) fn u64(n: u64) -> Vec<u8> {
            [&[0x08, 0x02][..], &n.to_be_bytes()].concat()
        }

        pub(super) fn float(n: f32) -> Vec<u8> {
            [&[0x04, 0x08][..], &n.to_be_bytes()].concat()
        }

        pub(super) fn map(pairs: &[(&str, Vec<u8>)]) -> Vec<u8> {
            let mut out = vec![0xE0 | pairs.len() as u8];
            for (key, value) in pairs {
                out.extend(text(key));
                out.extend(value);
            }
            out
        }
    }

    /// A database of one node: all IPv4 addresses have the one record.
    fn database_of(record: &[u8]) -> Vec<u8> {
        use encode::{map, text, u16, u32, u64};
        let pointer = (1u32 + 16).to_be_bytes();
        let meta = map(&[
            ("binary_format_major_version", u16(2)),
            ("binary_format_minor_version", u16(0)),
            ("build_epoch", u64(1_700_000_000)),
            ("database_type", text("X-Country")),
            ("description", map(&[("en", text("x"))])),
            ("ip_version", u16(4)),
            ("languages", vec![0, 4]),
            ("node_count", u32(1)),
            ("record_size", u16(24)),
        ]);
        [&pointer[1..], &pointer[1..], &[0; 16], record, b"\xAB\xCD\xEFMaxMind.com", &meta].concat()
    }

    #[test]
    fn a_country_only_database_gives_the_countrys_centre() {
        use encode::{map, text};
        let country = map(&[("iso_code", text("FR")), ("names", map(&[("en", text("France"))]))]);
        let file = std::env::temp_dir().join(format!("argus-globe-country-{}.mmdb", std::process::id()));
        std::fs::write(&file, database_of(&map(&[("country", country)]))).expect("written");
        let db = Database::open(&file).expect("a database");
        assert!(db.title().ends_with("(X-Country, 2023-11-14)"), "{}", db.title());
        let found = db.find("192.0.32.7".parse().expect("an address"));
        assert_eq!((found.country, found.at), (Some(*b"FR"), None));
        let config = GeoConfig { databases: vec![file.clone()], ..GeoConfig::default() };
        let mut chain = Chain::open(&config, &mut Warnings::new()).expect("a chain");
        let place = chain.locate("192.0.32.7".parse().expect("an address")).expect("placed");
        assert_eq!((place.origin, Some(place.at)), (Origin::CountryCentre, country_centre(*b"FR")));
        std::fs::remove_file(&file).expect("removed");
    }

    #[test]
    fn numbers_of_any_width_are_read() {
        use encode::{float, map, text, u32, u64};
        let record = map(&[
            ("country_code", text("DE")),
            ("latitude", float(52.5)),
            ("longitude", float(13.25)),
            ("autonomous_system_number", u64(3320)),
            ("location", map(&[("accuracy_radius", u32(20))])),
        ]);
        let file = std::env::temp_dir().join(format!("argus-globe-flat-{}.mmdb", std::process::id()));
        std::fs::write(&file, database_of(&record)).expect("written");
        let found = Database::open(&file).expect("a database").find("192.0.32.7".parse().expect("an address"));
        assert_eq!((found.at, found.asn, found.radius_km), (LatLon::new(52.5, 13.25), Some(3320), Some(20)));
        std::fs::remove_file(&file).expect("removed");
    }

    #[test]
    fn a_damaged_record_is_no_answer_and_no_breakdown() {
        for damage in [&[0xE1, 0x47][..], &[0xFF; 40], &[0x20; 3], &[]] {
            let file =
                std::env::temp_dir().join(format!("argus-globe-bad-{}-{}.mmdb", std::process::id(), damage.len()));
            std::fs::write(&file, database_of(damage)).expect("written");
            if let Ok(db) = Database::open(&file) {
                assert_eq!(db.find("192.0.32.7".parse().expect("an address")), Finding::default());
            }
            std::fs::remove_file(&file).expect("removed");
        }
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
