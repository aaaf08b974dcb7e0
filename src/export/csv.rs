//! Pins and paths as rows of one table, for spreadsheets and scripts.

use std::io::{self, Write};

use serde::Serialize;

use super::origin;
use crate::cache::{HostPin, Snapshot};

/// One row. A pin fills the first place only; its `load`, `pkts` and `bytes` are what it sent, those with `_back` what
/// it received. A path runs from the first place to the second.
#[derive(Debug, Default, Serialize)]
struct Row<'a> {
    kind: &'static str,
    name: &'a str,
    name2: &'a str,
    lat: f64,
    lon: f64,
    lat2: Option<f64>,
    lon2: Option<f64>,
    city: &'a str,
    country: &'a str,
    asn: Option<u32>,
    as_name: &'a str,
    origin: &'static str,
    members: Option<u32>,
    load: f64,
    load_back: f64,
    pkts: u64,
    pkts_back: u64,
    bytes: u64,
    bytes_back: u64,
    flows: u32,
    first_seen: String,
    last_seen: String,
}

/// Writes the table with its header.
pub(super) fn write(out: &mut impl Write, s: &Snapshot) -> io::Result<()> {
    let mut table = ::csv::WriterBuilder::new().has_headers(false).from_writer(out);
    table.write_record(COLUMNS).map_err(io::Error::from)?;
    for h in &s.hosts {
        table.serialize(pin(h, &h.name())).map_err(io::Error::from)?;
    }
    for p in &s.paths {
        let end = |i: u32| s.hosts.get(i as usize);
        let (Some(a), Some(b)) = (end(p.a), end(p.b)) else { continue };
        let (name, name2) = (a.name(), b.name());
        let row = Row {
            kind: "path",
            name: &name,
            name2: &name2,
            lat: a.place.at.lat,
            lon: a.place.at.lon,
            lat2: Some(b.place.at.lat),
            lon2: Some(b.place.at.lon),
            load: p.load_ab,
            load_back: p.load_ba,
            pkts: p.ab.pkts,
            pkts_back: p.ba.pkts,
            bytes: p.ab.bytes,
            bytes_back: p.ba.bytes,
            flows: p.flows,
            first_seen: p.seen.start.to_string(),
            last_seen: p.seen.end.to_string(),
            ..Row::default()
        };
        table.serialize(row).map_err(io::Error::from)?;
    }
    table.flush()
}

/// The names of the columns; written even when there is no row.
const COLUMNS: [&str; 22] = [
    "kind",
    "name",
    "name2",
    "lat",
    "lon",
    "lat2",
    "lon2",
    "city",
    "country",
    "asn",
    "as_name",
    "origin",
    "members",
    "load",
    "load_back",
    "pkts",
    "pkts_back",
    "bytes",
    "bytes_back",
    "flows",
    "first_seen",
    "last_seen",
];

fn pin<'a>(h: &'a HostPin, name: &'a str) -> Row<'a> {
    Row {
        kind: "pin",
        name,
        lat: h.place.at.lat,
        lon: h.place.at.lon,
        city: h.place.city.as_deref().unwrap_or(""),
        country: h.place.country_code(),
        asn: h.place.asn,
        as_name: h.place.as_name.as_deref().unwrap_or(""),
        origin: origin(h.place.origin),
        members: Some(h.members()),
        load: h.load_out,
        load_back: h.load_in,
        pkts: h.sent.pkts,
        pkts_back: h.received.pkts,
        bytes: h.sent.bytes,
        bytes_back: h.received.bytes,
        flows: h.flows,
        first_seen: h.seen.start.to_string(),
        last_seen: h.seen.end.to_string(),
        ..Row::default()
    }
}
