//! Writes places into records on their way, so that whoever reads them needs no database.
//!
//! A record gets a label `scity=lat,lon,country,city:dcity=…` (DSR 66), country codes (DSR 64) and AS numbers (DSR 32),
//! the forms that clients of version 3 carry along. What a record says already stays. An address of which only the
//! country is known gets no position: readers have country centres of their own.
//!
//! The ends are those of the record as it is stored; readers that turn a record round exchange them.
//!
//! # Source
//! `docs/records.md`, places.

use crate::geo::{Chain, Located, Origin, Place};
use crate::record::codec::{RecordRef, to_v3};
use crate::record::{Batch, Far, RecordBuilder, Side};

const COUNTRIES: u8 = 0x64;
const LABEL: u8 = 0x66;
const SYSTEMS: u8 = 0x32;
/// Longest text in a label, and longest name of a city.
const MAX_LABEL: usize = 1016;
const MAX_CITY: usize = 80;

/// Labels records by a chain of databases and maps.
#[derive(Debug)]
pub struct Labels {
    chain: Chain,
    v3: Vec<u8>,
}

impl Labels {
    /// With places from `chain`.
    #[must_use]
    pub fn new(chain: Chain) -> Labels {
        Labels { chain, v3: Vec::new() }
    }

    /// The records of a batch with their labels.
    #[must_use]
    pub fn apply(&mut self, batch: &Batch) -> Batch {
        let mut out = Batch::new(batch.source());
        for bytes in batch.iter() {
            if !self.label(bytes, &mut out) {
                out.push(bytes);
            }
        }
        out
    }

    /// Appends the record with a label; false if there is nothing to add, or no room for it.
    fn label(&mut self, bytes: &[u8], out: &mut Batch) -> bool {
        let Some(record) = RecordRef::new(bytes).filter(|r| r.is_sound()) else { return false };
        let Some(far) = Far::decode(record) else { return false };
        let key = far.flow().key;
        let mut places: [Located; 2] = [(Side::Src, key.saddr), (Side::Dst, key.daddr)].map(|(side, addr)| {
            let said = far.geo_label(side);
            if said.lat.is_some() {
                return Err("the record says it");
            }
            addr.ip().map_or(Err("no IP address"), |ip| self.chain.locate(ip))
        });
        if far.is_turned() {
            places.reverse();
        }
        if places.iter().all(Result::is_err) {
            return false;
        }
        self.v3.clear();
        if !to_v3(record, &mut self.v3) {
            return false;
        }
        let before = out.len();
        if let Some(record) = RecordRef::new(&self.v3) {
            out.push_with(|out| {
                rebuild(record, &places, out);
            });
        }
        out.len() > before
    }
}

/// Writes the record anew with what the places add; false, and nothing written, if it becomes too long.
fn rebuild(record: RecordRef<'_>, places: &[Located; 2], out: &mut Vec<u8>) -> bool {
    let [head, cause, ..] = *record.bytes() else { return false };
    let mut builder = RecordBuilder::new(out, head, cause);
    let (mut countries, mut systems, mut label) = (None, None, None);
    for dsr in record.dsrs() {
        match dsr.kind {
            COUNTRIES => countries = Some(dsr.bytes),
            SYSTEMS => systems = Some(dsr.bytes),
            LABEL => label = Some(dsr.body),
            _ => builder.raw(dsr.bytes),
        }
    }
    let [src, dst] = places.each_ref().map(|p| p.as_deref().ok());
    match countries {
        Some(bytes) => builder.raw(bytes),
        None => {
            let codes = [src, dst].map(|p| p.and_then(|p| p.country).unwrap_or_default());
            if codes != [[0; 2]; 2] {
                builder.dsr(COUNTRIES, 0, 0, |b| b.extend_from_slice(codes.as_flattened()));
            }
        }
    }
    let text = label_text(label.unwrap_or_default(), src, dst);
    if !text.is_empty() {
        builder.dsr(LABEL, 0, 0, |b| b.extend_from_slice(&text));
    }
    match systems {
        Some(bytes) => builder.raw(bytes),
        None => {
            let numbers = [src, dst].map(|p| p.and_then(|p| p.asn).unwrap_or(0));
            if numbers != [0; 2] {
                builder.dsr(SYSTEMS, 1, 0, |b| numbers.iter().for_each(|n| b.extend_from_slice(&n.to_be_bytes())));
            }
        }
    }
    builder.finish()
}

/// The old label with the places behind it, as far as they fit.
fn label_text(old: &[u8], src: Option<&Place>, dst: Option<&Place>) -> Vec<u8> {
    let end = old.iter().rposition(|b| *b != 0).map_or(0, |at| at + 1);
    let mut text = old.get(..end).unwrap_or_default().to_vec();
    for (name, place) in [("scity", src), ("dcity", dst)] {
        let Some(place) = place.filter(|p| p.origin != Origin::CountryCentre) else { continue };
        let object = object(name, place);
        if text.len() + 1 + object.len() <= MAX_LABEL {
            if !text.is_empty() {
                text.push(b':');
            }
            text.extend_from_slice(object.as_bytes());
        }
    }
    text
}

fn object(name: &str, place: &Place) -> String {
    let city = place.city.as_deref().unwrap_or_default();
    // These characters have a meaning in labels.
    let mut city: String = city.chars().map(|c| if matches!(c, ':' | ',' | '=') { ' ' } else { c }).collect();
    while city.len() > MAX_CITY {
        city.pop();
    }
    let or_null = |text: &str| if text.is_empty() { "(null)".to_owned() } else { text.to_owned() };
    format!("{name}={:.6},{:.6},{},{}", place.at.lat, place.at.lon, or_null(place.country_code()), or_null(&city))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Warnings;
    use crate::geo::{GeoConfig, LatLon};

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
        let mut labels = Labels::new(Chain::open(&config, &mut Warnings::new()).expect("bundled databases"));
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
