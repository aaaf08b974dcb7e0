//! Writes places into records on their way, so that whoever reads them needs no database.
//!
//! A record gets a label `scity=lat,lon,country,city:dcity=…` (DSR 66), country codes (DSR 64) and AS numbers (DSR 32),
//! the forms that clients of version 3 carry along. What a record says already stays. An address of which only the
//! country is known gets no position: readers have country centres of their own.
//!
//! The ends are those of the record as it is stored; readers that turn a record round exchange them.
//!
//! Beside the places, [`LabelRules`] add what a classic labeller adds: names of networks, hosts and ports, countries by
//! delegation, and labels by filters.
//!
//! # Source
//! `docs/records.md`, places.

mod additions;
mod rules;

use additions::{Additions, Entry, Rule};
use rules::harmless;
pub use rules::{CityItem, CityRule, Ends, FlowRule, LabelRules, NameOf, PortNames};

use crate::geo::{Chain, Located, Origin, Place};
use crate::record::codec::{RecordRef, to_v3};
use crate::record::{Batch, Far, Side};

/// Labels records: by a chain of databases and maps, by rules, or by both.
#[derive(Debug)]
pub struct Labels {
    chain: Option<Chain>,
    rules: Option<LabelRules>,
    additions: Additions,
    v3: Vec<u8>,
}

impl Labels {
    /// With places from `chain`, and with what `rules` say.
    #[must_use]
    pub fn new(chain: Option<Chain>, rules: Option<LabelRules>) -> Labels {
        Labels { chain, rules, additions: Additions::default(), v3: Vec::new() }
    }

    /// The records of a batch with their labels.
    #[must_use]
    pub fn apply(&mut self, batch: &Batch) -> Batch {
        let mut out = Batch::new(batch.source());
        for bytes in batch.iter() {
            let mut labelled = false;
            out.push_with(|out| labelled = RecordRef::new(bytes).is_some_and(|record| self.label(record, out)));
            if !labelled {
                out.push(bytes);
            }
        }
        out
    }

    /// Appends the record with a label; false, and nothing appended, if there is nothing to add, or no room for it.
    pub fn label(&mut self, record: RecordRef<'_>, out: &mut Vec<u8>) -> bool {
        let Some(far) = Some(record).filter(|r| r.is_sound()).and_then(Far::decode) else { return false };
        self.additions.clear();
        if let Some(rules) = &mut self.rules {
            rules.fill(&far, &mut self.additions);
        }
        if let Some(chain) = &mut self.chain {
            add_places(chain, &far, &mut self.additions);
        }
        if self.additions.is_empty() {
            return false;
        }
        if far.is_turned() {
            self.additions.turn();
        }
        self.v3.clear();
        to_v3(record, &mut self.v3)
            && RecordRef::new(&self.v3).is_some_and(|record| self.additions.write(record, far.is_turned(), out))
    }
}

/// Adds what a chain knows of the ends.
fn add_places(chain: &mut Chain, far: &Far<'_>, to: &mut Additions) {
    let key = far.flow().key;
    let ends = [("scity", Side::Src, key.saddr), ("dcity", Side::Dst, key.daddr)];
    for (at, (name, side, addr)) in ends.into_iter().enumerate() {
        if far.geo_label(side).lat.is_some() {
            continue;
        }
        let located: Option<Located> = addr.ip().map(|ip| chain.locate(ip));
        let Some(Ok(place)) = located else { continue };
        if place.origin != Origin::CountryCentre && !to.entries.iter().any(|e| e.name == name) {
            to.entries.push(Entry { name, value: place_text(&place), rule: Rule::Beside });
        }
        if let Some(country) = to.countries.get_mut(at) {
            *country = country.or(place.country);
        }
        if let Some(system) = to.systems.get_mut(at) {
            *system = system.or(place.asn);
        }
    }
}

fn place_text(place: &Place) -> String {
    let or_null = |text: String| if text.is_empty() { "(null)".to_owned() } else { text };
    let city = harmless(place.city.as_deref().unwrap_or_default());
    format!("{:.6},{:.6},{},{}", place.at.lat, place.at.lon, or_null(place.country_code().into()), or_null(city))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Warnings;
    use crate::geo::{GeoConfig, LatLon};
    use crate::record::RecordBuilder;
    use additions::{COUNTRIES, LABEL, SYSTEMS};

    /// A UDP flow between a public and a private address, with a label of its own if wanted.
    fn flow(label: Option<&[u8]>) -> Vec<u8> {
        let mut out = Vec::new();
        let mut r = RecordBuilder::new(&mut out, 0x13, 0x10);
        r.dsr(0x02, 0x01, 0x01, |b| {
            b.extend_from_slice(&[129, 132, 1, 1, 192, 168, 1, 1, 17, 0, 0, 53, 0x13, 0x88, 0, 0]);
        });
        if let Some(label) = label {
            r.dsr(LABEL, 0, 0, |b| b.extend_from_slice(label));
        }
        assert!(r.finish());
        out
    }

    fn labelled(record: &[u8], home: Option<LatLon>) -> Vec<u8> {
        let config = GeoConfig { home, ..GeoConfig::default() };
        let mut labels =
            Labels::new(Some(Chain::open(&config, &mut Warnings::new()).expect("bundled databases")), None);
        let mut batch = Batch::default();
        batch.push(record);
        let out = labels.apply(&batch);
        assert_eq!(out.len(), 1);
        out.get(0).expect("one").to_vec()
    }

    #[test]
    fn a_record_says_where_its_ends_are() {
        let bytes = labelled(&flow(None), LatLon::new(48.1, 11.6));
        let record = RecordRef::new(&bytes).expect("whole");
        let far = Far::decode(record).expect("a flow");
        let (src, dst) = (far.geo_label(Side::Src), far.geo_label(Side::Dst));
        assert_eq!((src.country, src.asn, src.lat.is_some()), (Some(*b"CH"), Some(559), true));
        assert_eq!((dst.lat, dst.lon, dst.country), (Some(48.1), Some(11.6), None));
        assert!(record.is_sound());
        assert_eq!(record.dsrs().map(|d| d.kind).collect::<Vec<_>>(), [0x02, COUNTRIES, LABEL, SYSTEMS]);
    }

    #[test]
    fn what_a_record_says_already_stays() {
        let known = b"net=lab:scity=1.000000,2.000000,XX,Here:dcity=3.000000,4.000000,YY,There";
        let record = flow(Some(known));
        assert_eq!(labelled(&record, LatLon::new(48.1, 11.6)), record);
        let bytes = labelled(&flow(Some(b"net=lab")), None);
        let far = RecordRef::new(&bytes).and_then(Far::decode).expect("a flow");
        assert!(far.label().expect("a label").starts_with("net=lab:scity=47."), "{:?}", far.label());
    }

    #[test]
    fn records_without_places_pass_unchanged() {
        for bytes in [vec![0x13, 0x10, 0, 2, 0x66, 0, 0, 0], vec![0x83, 0x20, 0, 1], vec![0x41, 0x10, 0, 1]] {
            assert_eq!(labelled(&bytes, None), bytes);
        }
    }
}
