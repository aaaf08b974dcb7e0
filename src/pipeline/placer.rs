//! Finds the places of a record's addresses: labels that records carry first, then the chain.

use std::net::IpAddr;
use std::sync::Arc;

use crate::base::hash::Map;
use crate::geo::{Chain, LatLon, Located, Origin, Place, country_centre};
use crate::record::{Addr, Far, GeoLabel, Side};

/// At most this many addresses with labels are remembered; later ones are placed without their labels.
const MAX_LABELS: usize = 500_000;

/// Remembers what labels say when records are taken in, so that a picture does not depend on which of an address's
/// records carried the label.
#[derive(Debug, Default)]
pub(super) struct Placer {
    chain: Chain,
    labels: Map<IpAddr, Located>,
}

impl Placer {
    pub(super) fn new(chain: Chain) -> Placer {
        Placer { chain, labels: Map::default() }
    }

    pub(super) fn databases(&self) -> Vec<String> {
        self.chain.databases()
    }

    /// Takes in what a record says about its addresses. The first word on an address counts.
    pub(super) fn learn(&mut self, far: &Far<'_>, saddr: Addr, daddr: Addr) {
        for (side, addr) in [(Side::Src, saddr), (Side::Dst, daddr)] {
            let Some(ip) = addr.ip() else { continue };
            let label = far.geo_label(side);
            if label.is_empty() || self.labels.contains_key(&ip) || self.labels.len() >= MAX_LABELS {
                continue;
            }
            if let Some(place) = labelled(&label, || self.chain.locate(ip)) {
                self.labels.insert(ip, Ok(Arc::new(place)));
            }
        }
    }

    pub(super) fn locate(&mut self, addr: Addr) -> Located {
        let Some(ip) = addr.ip() else { return Err("no IP address") };
        match self.labels.get(&ip) {
            Some(known) => known.clone(),
            None => self.chain.locate(ip),
        }
    }
}

/// The place a label gives. A label with a country only keeps a finer answer of the chain within that country.
fn labelled(label: &GeoLabel<'_>, chain: impl FnOnce() -> Located) -> Option<Place> {
    let position = label.lat.zip(label.lon).and_then(|(lat, lon)| LatLon::new(lat, lon));
    let known = chain().ok();
    let mut place = match (position, label.country) {
        (Some(at), _) => Place::new(at, Origin::Label),
        (None, Some(code)) => match known.as_deref() {
            Some(p) if p.country == Some(code) => p.clone(),
            _ => Place::new(country_centre(code)?, Origin::CountryCentre),
        },
        (None, None) => known.as_deref()?.clone(),
    };
    place.country = label.country.or(place.country);
    place.city = label.city.as_deref().filter(|c| !c.is_empty()).map(Into::into).or(place.city);
    if let Some(asn) = label.asn {
        let same = known.as_deref().filter(|k| k.asn == Some(asn));
        (place.asn, place.as_name) = (Some(asn), same.and_then(|k| k.as_name.clone()));
    } else if let Some(k) = known {
        (place.asn, place.as_name) = (k.asn, k.as_name.clone());
    }
    Some(place)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn berlin() -> Located {
        let mut p = Place::new(LatLon { lat: 52.5, lon: 13.4 }, Origin::Database);
        (p.country, p.asn, p.as_name) = (Some(*b"DE"), Some(7), Some("Seven".into()));
        Ok(Arc::new(p))
    }

    #[test]
    fn a_labels_position_is_taken_and_completed() {
        let label = GeoLabel { lat: Some(1.0), lon: Some(2.0), city: Some("X".into()), ..GeoLabel::default() };
        let p = labelled(&label, berlin).expect("a place");
        assert_eq!((p.at.lon, p.origin, p.city.as_deref(), p.asn), (2.0, Origin::Label, Some("X"), Some(7)));
    }

    #[test]
    fn a_labels_country_overrules_another_country_only() {
        let label = |c: &[u8; 2]| GeoLabel { country: Some(*c), ..GeoLabel::default() };
        assert_eq!(labelled(&label(b"DE"), berlin).expect("a place").origin, Origin::Database);
        let fr = labelled(&label(b"FR"), berlin).expect("a place");
        assert_eq!((fr.country, fr.origin), (Some(*b"FR"), Origin::CountryCentre));
        assert_eq!(labelled(&GeoLabel { asn: Some(9), ..GeoLabel::default() }, || Err("x")), None);
    }
}
