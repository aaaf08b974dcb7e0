//! The user's own map of networks to places.

use std::net::IpAddr;
use std::path::Path;

use super::chain::Labeler;
use super::prefixes::{MAX_NETWORKS, Prefixes, parse_network};
use super::{GeoError, LatLon, Origin, Place};
use crate::base::Warnings;

/// Networks with their places; the longest prefix that holds an address answers for it.
///
/// The file is CSV, one network a line: `network,lat,lon,name[,country]`, such as
/// `10.3.0.0/16,48.14,11.58,Munich office,DE`. A bare address is a network of one. Lines starting with `#`, empty lines
/// and a title line are passed over.
#[derive(Debug, Default)]
pub struct Networks {
    places: Prefixes<Option<Place>>,
    skipped: u64,
}

impl Networks {
    /// Reads a file. Bad lines go to `warnings` with their numbers and are skipped.
    ///
    /// # Errors
    /// The file cannot be read, or it is not text.
    pub fn open(path: &Path, warnings: &mut Warnings) -> Result<Networks, GeoError> {
        let bytes = std::fs::read(path).map_err(|source| GeoError::Io { path: path.into(), source })?;
        let text = String::from_utf8(bytes).map_err(|e| GeoError::Format {
            what: "map of networks",
            problem: format!("{path:?} is not UTF-8 text (byte {})", e.utf8_error().valid_up_to()),
        })?;
        Ok(Networks::parse(&text, &path.display().to_string(), warnings))
    }

    /// Reads the text of a file; `name` is for the warnings.
    #[must_use]
    pub fn parse(text: &str, name: &str, warnings: &mut Warnings) -> Networks {
        let mut map = Networks::default();
        for (i, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') || (i == 0 && line.starts_with("network,")) {
                continue;
            }
            let result = parse_line(line).and_then(|(net, place)| map.insert(net, place));
            if let Err(problem) = result {
                map.skipped += 1;
                warnings.add(format!("{name:?} line {}: {problem}; line skipped", i + 1));
            }
        }
        map
    }

    /// Number of networks.
    #[must_use]
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether it holds no network.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Number of lines that could not be used.
    #[must_use]
    pub fn skipped(&self) -> u64 {
        self.skipped
    }

    fn insert(&mut self, (addr, len): (IpAddr, u8), place: Place) -> Result<(), String> {
        match self.places.entry(addr, len) {
            Some(entry) => *entry = Some(place),
            None => return Err(format!("more than {MAX_NETWORKS} networks")),
        }
        Ok(())
    }
}

impl Labeler for Networks {
    fn place(&self, addr: IpAddr) -> Option<Place> {
        self.places.nearest(addr).cloned().flatten()
    }
}

fn parse_line(line: &str) -> Result<((IpAddr, u8), Place), String> {
    let mut reader =
        csv::ReaderBuilder::new().has_headers(false).flexible(true).trim(csv::Trim::All).from_reader(line.as_bytes());
    let row = match reader.records().next() {
        Some(Ok(row)) => row,
        Some(Err(e)) => return Err(format!("not CSV: {e}")),
        None => return Err("empty".into()),
    };
    if row.len() < 4 {
        return Err(format!("expected network,lat,lon,name[,country], found {} values", row.len()));
    }
    let text = |i: usize| row.get(i).unwrap_or("");
    let net = parse_network(text(0))?;
    let number = |i: usize| text(i).parse::<f64>().map_err(|_| format!("{:?} is not a number of degrees", text(i)));
    let at = LatLon::new(number(1)?, number(2)?)
        .ok_or_else(|| format!("latitude {} must be -90 to 90, longitude {} -180 to 180", text(1), text(2)))?;
    let mut place = Place::new(at, Origin::OwnMap);
    place.city = Some(text(3)).filter(|n| !n.is_empty()).map(Into::into);
    place.country = match text(4).as_bytes() {
        [] => None,
        [a, b] if a.is_ascii_alphabetic() && b.is_ascii_alphabetic() => {
            Some([a.to_ascii_uppercase(), b.to_ascii_uppercase()])
        }
        _ => return Err(format!("country {:?} is not a code of two letters", text(4))),
    };
    Ok((net, place))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAP: &str = "network,lat,lon,name,country\n\
        # offices\n\
        10.0.0.0/8,50.1,8.7,Frankfurt,de\n\
        10.3.0.0/16,48.14,11.58,\"Munich, office\"\n\
        \n\
        10.3.7.9,0,0,One\n\
        fd00::/8,1,2,Lab\n\
        10.0.0.0/33,1,2,x\n\
        10.9.0.0/16,91,2,x\n\
        10.9.0.0/16,1,2\n\
        0.0.0.0/0,-33.9,151.2,Rest,AU\n";

    fn city(map: &Networks, addr: &str) -> Option<String> {
        map.place(addr.parse().expect("an address")).and_then(|p| p.city).map(|c| c.to_string())
    }

    #[test]
    fn the_longest_prefix_answers() {
        let map = Networks::parse(MAP, "m.csv", &mut Warnings::new());
        for (addr, name) in [
            ("10.1.1.1", Some("Frankfurt")),
            ("10.3.1.1", Some("Munich, office")),
            ("10.3.7.9", Some("One")),
            ("::ffff:10.3.7.9", Some("One")),
            ("fd12::1", Some("Lab")),
            ("fe80::1", None),
            ("8.8.8.8", Some("Rest")),
        ] {
            assert_eq!(city(&map, addr).as_deref(), name, "{addr}");
        }
        let frankfurt = map.place("10.1.1.1".parse().expect("an address")).expect("a place");
        assert_eq!((frankfurt.country_code(), frankfurt.origin), ("DE", Origin::OwnMap));
    }

    #[test]
    fn bad_lines_are_named_counted_and_skipped() {
        let mut warnings = Warnings::new();
        let map = Networks::parse(MAP, "m.csv", &mut warnings);
        assert_eq!((map.len(), map.skipped(), warnings.count()), (5, 3, 3));
        assert!(warnings.messages()[0].starts_with("\"m.csv\" line 8: prefix length of \"10.0.0.0/33\""));
        assert!(warnings.messages()[2].contains("line 10: expected network,lat,lon,name[,country], found 3 values"));
    }
}
