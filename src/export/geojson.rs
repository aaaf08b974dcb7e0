//! Pins as points and paths as great circles.
//!
//! # Source
//! RFC 7946: longitude before latitude; lines that cross the date line are cut into several (section 3.1.9).

use std::io::{self, Write};

use serde_json::{Value, json};

use super::{origin, way};
use crate::cache::{HostPin, PathArc, Snapshot};
use crate::geo::LatLon;

/// Writes one collection, one feature a line, so that no more than one is held.
pub(super) fn write(out: &mut impl Write, s: &Snapshot) -> io::Result<()> {
    let head = json!({
        "now": s.now.to_string(),
        "window_secs": s.window.as_secs_f64(),
        "rate_interval_secs": s.rate_interval.as_secs_f64(),
        "level": s.level.by.word(),
    });
    write!(out, "{{\"type\":\"FeatureCollection\",\"argus_globe\":{head},\"features\":[")?;
    let pins = s.hosts.iter().map(pin);
    let paths = s.paths.iter().filter_map(|p| path(s, p));
    for (i, feature) in pins.chain(paths).enumerate() {
        let comma = if i == 0 { "" } else { "," };
        write!(out, "{comma}\n{feature}")?;
    }
    writeln!(out, "\n]}}")
}

/// Longitude and latitude to 1e-6 degrees, about 10 cm.
fn position(at: LatLon) -> Value {
    let rounded = |v: f64| (v * 1e6).round() / 1e6;
    json!([rounded(at.lon), rounded(at.lat)])
}

fn pin(h: &HostPin) -> Value {
    json!({
        "type": "Feature",
        "id": format!("pin-{}", h.addr),
        "geometry": { "type": "Point", "coordinates": position(h.place.at) },
        "properties": {
            "kind": "pin",
            "name": h.name(),
            "members": h.members(),
            "city": h.place.city.as_deref(),
            "country": h.place.country_code(),
            "asn": h.place.asn,
            "as_name": h.place.as_name.as_deref(),
            "radius_km": h.place.radius_km,
            "origin": origin(h.place.origin),
            "load_out": h.load_out,
            "load_in": h.load_in,
            "sent_bytes": h.sent.bytes,
            "received_bytes": h.received.bytes,
            "sent_pkts": h.sent.pkts,
            "received_pkts": h.received.pkts,
            "flows": h.flows,
            "first_seen": h.seen.start.to_string(),
            "last_seen": h.seen.end.to_string(),
        },
    })
}

fn path(s: &Snapshot, p: &PathArc) -> Option<Value> {
    let (a, b) = (s.hosts.get(p.a as usize)?, s.hosts.get(p.b as usize)?);
    let lines: Vec<Value> =
        way::lines(a.place.at, b.place.at).into_iter().map(|line| line.into_iter().map(position).collect()).collect();
    let geometry = match lines.as_slice() {
        [line] => json!({ "type": "LineString", "coordinates": line }),
        several => json!({ "type": "MultiLineString", "coordinates": several }),
    };
    Some(json!({
        "type": "Feature",
        "id": format!("path-{}-{}", a.addr, b.addr),
        "geometry": geometry,
        "properties": {
            "kind": "path",
            "name": format!("{} \u{2013} {}", a.name(), b.name()),
            "from": a.name(),
            "to": b.name(),
            "load": p.load_ab,
            "load_back": p.load_ba,
            "rate": p.rate_ab,
            "rate_back": p.rate_ba,
            "bytes": p.ab.bytes,
            "bytes_back": p.ba.bytes,
            "pkts": p.ab.pkts,
            "pkts_back": p.ba.pkts,
            "flows": p.flows,
            "first_seen": p.seen.start.to_string(),
            "last_seen": p.seen.end.to_string(),
        },
    }))
}
