//! Places that a record carries: position DSR, labels of both generations, country codes, AS numbers.
//!
//! | where | form |
//! |---|---|
//! | DSR 68 (version 5) | latitude, longitude per side |
//! | label, version 5 | `scity=London,scco=GB,slat=51.5142,slon=-0.0931,sasn=5089`, the same with `d` |
//! | label, version 3 | `scity=51.514198,-0.093100,GB,London:dcity=…`, positional, order by configuration |
//! | DSR 64, DSR 32 | country codes, AS numbers |
//!
//! Of several values for one thing the first in this order counts.

use std::borrow::Cow;

use super::{Far, Sides};
use crate::record::wire;

/// One end of a flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// The initiator, `saddr`.
    Src,
    /// The responder, `daddr`.
    Dst,
}

impl Side {
    /// The other end.
    #[must_use]
    pub fn other(self) -> Side {
        match self {
            Side::Src => Side::Dst,
            Side::Dst => Side::Src,
        }
    }
}

impl<T> Sides<T> {
    /// The value of one end.
    #[must_use]
    pub fn of(self, side: Side) -> T {
        match side {
            Side::Src => self.src,
            Side::Dst => self.dst,
        }
    }
}

/// What a record itself says about the place of one of its addresses. Nothing is checked beyond its form.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GeoLabel<'a> {
    /// Degrees north.
    pub lat: Option<f64>,
    /// Degrees east.
    pub lon: Option<f64>,
    /// ISO 3166-1 alpha-2 code, upper case.
    pub country: Option<[u8; 2]>,
    /// City or site.
    pub city: Option<Cow<'a, str>>,
    /// Number of the autonomous system.
    pub asn: Option<u32>,
}

impl GeoLabel<'_> {
    /// Whether the record says nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == GeoLabel::default()
    }
}

impl<'a> Far<'a> {
    /// Where the record says that one end is.
    #[must_use]
    pub fn geo_label(&self, side: Side) -> GeoLabel<'a> {
        let mut geo = GeoLabel::default();
        if let Some((lat, lon)) = self.positions().of(side) {
            geo.set_position(f64::from(lat), f64::from(lon));
        }
        if let Some(label) = self.label_bytes() {
            // A label written before the record was turned round names the ends the other way.
            let letter = match if self.turned { side.other() } else { side } {
                Side::Src => b's',
                Side::Dst => b'd',
            };
            read_label(label, letter, &mut geo);
        }
        geo.country = geo.country.or_else(|| self.countries().of(side).and_then(country));
        geo.asn = geo.asn.or_else(|| Some(self.asns()?.asn.of(side)).filter(|n| *n != 0));
        geo
    }
}

impl GeoLabel<'_> {
    fn set_position(&mut self, lat: f64, lon: f64) {
        let valid = (-90.0..=90.0).contains(&lat) && (-180.0..=180.0).contains(&lon);
        if valid && self.lat.is_none() && self.lon.is_none() {
            (self.lat, self.lon) = (Some(lat), Some(lon));
        }
    }
}

fn country(code: impl AsRef<[u8]>) -> Option<[u8; 2]> {
    match *code.as_ref() {
        [a, b] if a.is_ascii_uppercase() && b.is_ascii_uppercase() => Some([a, b]),
        _ => None,
    }
}

fn number(text: &[u8]) -> Option<f64> {
    std::str::from_utf8(text).ok()?.trim().parse().ok().filter(|v: &f64| v.is_finite())
}

/// Reads everything about the end called `letter` out of a label.
fn read_label<'a>(label: &'a [u8], letter: u8, geo: &mut GeoLabel<'a>) {
    let (mut lat, mut lon) = (None, None);
    for object in label.split(|&c| c == b':') {
        let mut pieces = Pieces { rest: object };
        while let Some((name, value)) = pieces.next() {
            let Some((&first, what)) = name.split_first() else { continue };
            if first != letter {
                continue;
            }
            match what {
                b"lat" => lat = lat.or_else(|| number(value)),
                b"lon" => lon = lon.or_else(|| number(value)),
                b"cco" => geo.country = geo.country.or_else(|| country(value)),
                b"asn" => geo.asn = geo.asn.or_else(|| std::str::from_utf8(value).ok()?.parse().ok()),
                b"city" if is_positional(value) => read_positional(value, geo),
                b"city" if geo.city.is_none() && !value.is_empty() => geo.city = Some(wire::text(value)),
                _ => {}
            }
        }
    }
    if let (Some(lat), Some(lon)) = (lat, lon) {
        geo.set_position(lat, lon);
    }
}

/// The `name=value` pieces of one object. A piece without `=` belongs to the value before it.
struct Pieces<'a> {
    rest: &'a [u8],
}

impl<'a> Pieces<'a> {
    fn next(&mut self) -> Option<(&'a [u8], &'a [u8])> {
        if self.rest.is_empty() {
            return None;
        }
        let eq = self.rest.iter().position(|&c| c == b'=').unwrap_or(self.rest.len());
        let name = self.rest.get(..eq)?;
        let after = self.rest.get(eq + 1..).unwrap_or(&[]);
        let end = value_end(after);
        self.rest = after.get(end + 1..).unwrap_or(&[]);
        Some((name, after.get(..end)?))
    }
}

/// Length of a value: up to the comma before the next name, or everything.
fn value_end(after: &[u8]) -> usize {
    match after.iter().position(|&c| c == b'=') {
        Some(next) => after.get(..next).and_then(|v| v.iter().rposition(|&c| c == b',')).unwrap_or(after.len()),
        None => after.len(),
    }
}

/// Whether a city's value is the list of version 3 rather than a name: it holds a number with a point, or a gap.
fn is_positional(value: &[u8]) -> bool {
    let mut items = value.split(|&c| c == b',');
    items.any(|item| item == b"(null)" || item.contains(&b'.') && number(item).is_some())
}

/// Reads the list of version 3. Its order depends on a configuration that the file does not hold, so values are told
/// by their look: two numbers with a point in a row, two capital letters, the rest is the city.
fn read_positional<'a>(value: &'a [u8], geo: &mut GeoLabel<'a>) {
    let is_degree = |item: &[u8]| if item.contains(&b'.') { number(item) } else { None };
    let mut previous: Option<f64> = None;
    let mut city: Option<(usize, usize)> = None;
    let mut at = 0;
    for item in value.split(|&c| c == b',') {
        let end = at + item.len();
        match (previous, is_degree(item)) {
            (Some(lat), Some(lon)) => {
                geo.set_position(lat, lon);
                previous = None;
            }
            (_, Some(lat)) => previous = Some(lat),
            (_, None) => {
                previous = None;
                city = match city {
                    // `Washington, D.C.`: a blank behind the comma continues the name.
                    Some((from, to)) if to + 1 == at && item.first() == Some(&b' ') => Some((from, end)),
                    None if country(item).is_some() || !is_city(item) => None,
                    None => Some((at, end)),
                    other => other,
                };
                geo.country = geo.country.or_else(|| country(item));
            }
        }
        at = end + 1;
    }
    if geo.city.is_none() {
        geo.city = city.and_then(|(from, to)| value.get(from..to)).map(wire::text);
    }
}

fn is_city(item: &[u8]) -> bool {
    !item.is_empty() && item != b"(null)" && number(item).is_none() && !is_alpha3(item)
}

fn is_alpha3(item: &[u8]) -> bool {
    item.len() == 3 && item.iter().all(u8::is_ascii_uppercase)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(label: &str, letter: u8) -> GeoLabel<'_> {
        let mut geo = GeoLabel::default();
        read_label(label.as_bytes(), letter, &mut geo);
        geo
    }

    #[test]
    fn named_values_are_read() {
        let label = "scity=London,scco=GB,slat=51.514200,slon=-0.093100,dcity=Washington, D.C.,dcco=US,dasn=29518";
        let src = read(label, b's');
        assert_eq!((src.lat, src.lon, src.country, src.asn), (Some(51.5142), Some(-0.0931), Some(*b"GB"), None));
        let dst = read(label, b'd');
        assert_eq!((dst.city.as_deref(), dst.lat, dst.asn), (Some("Washington, D.C."), None, Some(29518)));
    }

    #[test]
    fn positional_values_are_told_by_their_look() {
        let label = "scity=51.514198,-0.093100,GB,London:dcity=Milton,US,47.251301,-122.314903";
        let src = read(label, b's');
        assert_eq!((src.lat, src.country, src.city.as_deref()), (Some(51.514198), Some(*b"GB"), Some("London")));
        let dst = read(label, b'd');
        assert_eq!((dst.lon, dst.country, dst.city.as_deref()), (Some(-122.314903), Some(*b"US"), Some("Milton")));
        let comma = read("scity=38.9,-77.0,US,Washington, D.C.,48.0,9.0", b's');
        assert_eq!(comma.city.as_deref(), Some("Washington, D.C."));
        let bare = read("dcity=48.0,9.0,(null),(null)", b'd');
        assert_eq!((bare.lat, bare.country, bare.city), (Some(48.0), None, None));
    }

    #[test]
    fn of_merged_sets_the_first_counts() {
        let geo = read("scity=51.5,-0.09,GB,London,47.2,-122.3,US,Milton", b's');
        assert_eq!((geo.lat, geo.country, geo.city.as_deref()), (Some(51.5), Some(*b"GB"), Some("London")));
    }

    #[test]
    fn nonsense_gives_nothing() {
        for label in ["", ":", "=", "s=", "scity=", "slat=91,slon=0", "slat=NaN,slon=1", "city", "scity=(null)x=,,=:,"]
        {
            let geo = read(label, b's');
            assert_eq!((geo.lat, geo.lon, geo.country, geo.asn), (None, None, None, None), "{label}");
        }
    }
}
