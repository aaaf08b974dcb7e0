//! What a city database knows beside position and country, for labels that list it.

use std::net::IpAddr;

use serde::Deserialize;

use super::Database;

/// Details of a place; empty where the database has none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Details {
    /// Name of the country.
    pub country_name: Option<String>,
    /// Largest part of the country: its code, or else its name.
    pub region: Option<String>,
    /// Postal code.
    pub postal_code: Option<String>,
    /// Code of the metropolitan area.
    pub metro_code: Option<u32>,
    /// Code of the continent.
    pub continent: Option<String>,
}

impl Database {
    /// Details of the place of an address; none if the database has another layout than that of city databases.
    #[must_use]
    pub fn details(&self, addr: IpAddr) -> Details {
        self.decode::<Row<'_>>(addr).map(Details::from).unwrap_or_default()
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Row<'a> {
    #[serde(borrow)]
    continent: Coded<'a>,
    #[serde(borrow)]
    country: Coded<'a>,
    #[serde(borrow)]
    subdivisions: Vec<Coded<'a>>,
    #[serde(borrow)]
    postal: Coded<'a>,
    location: Location,
}

/// Something with a code and names.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Coded<'a> {
    #[serde(borrow)]
    code: Option<&'a str>,
    #[serde(borrow)]
    iso_code: Option<&'a str>,
    #[serde(borrow)]
    names: Names<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Names<'a> {
    #[serde(borrow)]
    en: Option<&'a str>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Location {
    metro_code: Option<u32>,
}

impl From<Row<'_>> for Details {
    fn from(row: Row<'_>) -> Details {
        let text = |t: Option<&str>| t.map(str::to_owned);
        let region = row.subdivisions.first();
        Details {
            country_name: text(row.country.names.en),
            region: region.and_then(|r| text(r.iso_code.or(r.names.en))),
            postal_code: text(row.postal.code),
            metro_code: row.location.metro_code,
            continent: text(row.continent.code),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn details_of_a_city_row() {
        let row: Row<'_> = serde_json::from_str(
            r#"{"city": {"names": {"en": "Milton"}}, "continent": {"code": "NA", "geoname_id": 1},
                "country": {"iso_code": "US", "names": {"en": "United States", "de": "USA"}},
                "location": {"latitude": 47.2, "metro_code": 819, "time_zone": "x"}, "postal": {"code": "98354"},
                "subdivisions": [{"iso_code": "WA", "names": {"en": "Washington"}}]}"#,
        )
        .expect("a row");
        let found = Details::from(row);
        assert_eq!((found.region.as_deref(), found.postal_code.as_deref()), (Some("WA"), Some("98354")));
        assert_eq!((found.metro_code, found.country_name.as_deref()), (Some(819), Some("United States")));
        assert_eq!(found.continent.as_deref(), Some("NA"));
    }
}
