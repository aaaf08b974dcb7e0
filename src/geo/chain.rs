//! The chain of answers to "where is this address?".

use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;

use super::{
    Database, Finding, GeoError, LatLon, Networks, Origin, Place, country_centre, find_data, is_local, special_use,
};
use crate::base::Warnings;
use crate::base::hash::Map;

/// At most this many addresses are remembered; then the memory starts anew.
const CACHE_LIMIT: usize = 200_000;

/// Somebody who may know where an address is.
pub trait Labeler: Send + Sync {
    /// The place of an address, if known.
    fn place(&self, addr: IpAddr) -> Option<Place>;
}

/// The place of an address, or why it has none, in a few words.
pub type Located = Result<Arc<Place>, &'static str>;

/// What the user configured about places.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GeoConfig {
    /// Databases in the order of trust; empty: those that come with the program.
    pub databases: Vec<PathBuf>,
    /// The user's maps of networks, in the order of trust.
    pub places: Vec<PathBuf>,
    /// Where private, loopback and link-local addresses are.
    pub home: Option<LatLon>,
}

/// Asks in the order of trust: own maps, home, databases, the country's centre. Labels inside records come before all
/// of these and are the caller's business.
#[derive(Debug, Default)]
pub struct Chain {
    networks: Vec<Networks>,
    home: Option<LatLon>,
    databases: Vec<Database>,
    cache: Map<IpAddr, Located>,
}

impl Chain {
    /// Opens everything the configuration names. Bad lines of maps and missing bundled databases go to `warnings`.
    ///
    /// # Errors
    /// A named file cannot be read or is not what it should be.
    pub fn open(config: &GeoConfig, warnings: &mut Warnings) -> Result<Chain, GeoError> {
        let mut chain = Chain { home: config.home, ..Chain::default() };
        for path in &config.places {
            chain.networks.push(Networks::open(path, warnings)?);
        }
        for path in &config.databases {
            chain.databases.push(Database::open(path)?);
        }
        if config.databases.is_empty() {
            chain.open_bundled(warnings);
        }
        Ok(chain)
    }

    /// What comes with the program may be missing or damaged without stopping the work: addresses then have no place.
    fn open_bundled(&mut self, warnings: &mut Warnings) {
        for name in ["geo-city.mmdb", "geo-asn.mmdb"] {
            match find_data("geo", name).and_then(|path| Database::open(&path)) {
                Ok(db) => self.databases.push(db),
                Err(e) => {
                    warnings.add(format!("{e}, or name a database with --geo"));
                }
            }
        }
    }

    /// The databases in use: file name, kind and build date.
    #[must_use]
    pub fn databases(&self) -> Vec<String> {
        self.databases.iter().map(Database::title).collect()
    }

    /// The place of an address, or why it has none.
    pub fn locate(&mut self, addr: IpAddr) -> Located {
        if let Some(known) = self.cache.get(&addr) {
            return known.clone();
        }
        if self.cache.len() >= CACHE_LIMIT {
            self.cache.clear();
        }
        let found = self.ask(addr).map(Arc::new);
        self.cache.insert(addr, found.clone());
        found
    }

    fn ask(&self, addr: IpAddr) -> Result<Place, &'static str> {
        let mut known = Finding::default();
        for db in &self.databases {
            fill(&mut known, db.find(addr));
        }
        let own = self.networks.iter().find_map(|n| n.place(addr));
        let home = || self.home.filter(|_| is_local(addr)).map(|at| Place::new(at, Origin::Home));
        if let Some(mut place) = own.or_else(home) {
            (place.asn, place.as_name) = (known.asn, known.as_name);
            return Ok(place);
        }
        let finer = known.finer_than_country || known.country.is_none();
        let (at, origin) = match (known.at, known.country.and_then(country_centre)) {
            (Some(at), _) if finer => (at, Origin::Database),
            // Some databases put a point of their own into the middle of the country.
            (Some(at), _) => (at, Origin::CountryCentre),
            (None, Some(centre)) => (centre, Origin::CountryCentre),
            (None, None) => return Err(self.reason(addr)),
        };
        Ok(Place {
            city: known.city,
            country: known.country,
            asn: known.asn,
            as_name: known.as_name,
            radius_km: known.radius_km,
            ..Place::new(at, origin)
        })
    }

    fn reason(&self, addr: IpAddr) -> &'static str {
        match special_use(addr) {
            Some(name) => name,
            None if self.databases.is_empty() => "no geolocation database",
            None => "not in the database",
        }
    }
}

impl Labeler for Chain {
    fn place(&self, addr: IpAddr) -> Option<Place> {
        self.ask(addr).ok()
    }
}

/// Adds what a database of lower trust knows. Position, city and country come from one database, so that they agree;
/// only a database without any position is completed by the next.
fn fill(known: &mut Finding, more: Finding) {
    if known.at.is_none() && (more.at.is_some() || known.country.is_none()) {
        let systems = (known.asn, known.as_name.take());
        let next = (more.asn, more.as_name.clone());
        *known = more;
        (known.asn, known.as_name) = if systems.0.is_some() { systems } else { next };
    } else if known.asn.is_none() {
        (known.asn, known.as_name) = (more.asn, more.as_name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chain(config: &GeoConfig) -> Chain {
        Chain::open(config, &mut Warnings::new()).expect("bundled databases")
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn databases_join_position_and_system() {
        let place = chain(&GeoConfig::default()).locate(ip("129.132.1.1")).expect("placed");
        assert_eq!((place.country_code(), place.asn, place.origin), ("CH", Some(559), Origin::Database));
    }

    #[test]
    fn private_addresses_are_at_home_or_nowhere() {
        assert_eq!(chain(&GeoConfig::default()).locate(ip("192.168.1.1")), Err("private network"));
        assert_eq!(chain(&GeoConfig::default()).locate(ip("224.0.0.1")), Err("multicast address"));
        let home = LatLon { lat: 48.1, lon: 11.6 };
        let mut c = chain(&GeoConfig { home: Some(home), ..GeoConfig::default() });
        for addr in ["192.168.1.1", "127.0.0.1", "fe80::2", "100.64.1.1", "fd00::1", "169.254.0.1"] {
            let place = c.locate(ip(addr)).expect("at home");
            assert_eq!((place.at, place.origin), (home, Origin::Home), "{addr}");
        }
        assert_eq!(c.locate(ip("ff02::1")), Err("multicast address"));
    }

    #[test]
    fn the_own_map_comes_before_home_and_databases() {
        let mut c = chain(&GeoConfig { home: LatLon::new(1.0, 2.0), ..GeoConfig::default() });
        c.networks.push(Networks::parse("8.8.8.0/24,0,10,Here\n10.0.0.0/8,0,20,There", "m", &mut Warnings::new()));
        let here = c.locate(ip("8.8.8.8")).expect("placed");
        assert_eq!((here.city.as_deref(), here.asn, here.origin), (Some("Here"), Some(15169), Origin::OwnMap));
        assert_eq!(c.locate(ip("10.1.1.1")).expect("placed").at.lon, 20.0);
        assert_eq!(c.locate(ip("192.168.1.1")).expect("placed").origin, Origin::Home);
    }

    #[test]
    fn a_country_alone_gives_its_centre() {
        let mut known = Finding::default();
        fill(&mut known, Finding { asn: Some(7), ..Finding::default() });
        fill(&mut known, Finding { country: Some(*b"FR"), ..Finding::default() });
        assert_eq!((known.asn, known.country), (Some(7), Some(*b"FR")));
        fill(&mut known, Finding { country: Some(*b"DE"), at: LatLon::new(1.0, 2.0), ..Finding::default() });
        assert_eq!((known.asn, known.country, known.at), (Some(7), Some(*b"DE"), LatLon::new(1.0, 2.0)));
    }

    #[test]
    fn without_a_database_the_reason_says_so() {
        let mut empty = Chain::default();
        assert_eq!(empty.locate(ip("8.8.8.8")), Err("no geolocation database"));
    }
}
