//! Everything a snapshot knows, as one JSON object.

use std::borrow::Cow;
use std::io::{self, Write};
use std::net::IpAddr;

use serde::Serialize;

use super::origin;
use crate::base::{Span, Timestamp};
use crate::cache::{
    AddressSum, FlowRow, HostPin, PathArc, Snapshot, SourceHealth, SourceState, Totals as SnapshotTotals,
    Unplaced as UnplacedRow,
};
use crate::record::{Addr, Counts, SrcId};

/// Writes the object over many lines, with a line feed at the end.
pub(super) fn write(out: &mut impl Write, s: &Snapshot, addresses: Option<&[AddressSum]>) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, &Picture::new(s, addresses)).map_err(io::Error::from)?;
    writeln!(out)
}

/// The whole picture.
#[derive(Debug, Serialize)]
struct Picture<'a> {
    now: String,
    window_secs: f64,
    rate_interval_secs: f64,
    level: &'static str,
    span: Option<Stretch>,
    totals: Totals,
    hosts: Vec<Host<'a>>,
    paths: Vec<Path<'a>>,
    flows: Vec<Flow<'a>>,
    unplaced: Vec<Unplaced>,
    #[serde(skip_serializing_if = "Option::is_none")]
    addresses: Option<Vec<Address>>,
    series: Series<'a>,
    sources: Vec<Source<'a>>,
    accepted: u64,
    rejected: u64,
    history_records: u64,
    history_refused: u64,
    databases: &'a [String],
    warnings: &'a [String],
}

#[derive(Debug, Serialize)]
struct Stretch {
    start: String,
    end: String,
}

#[derive(Debug, Serialize)]
struct Volume {
    pkts: u64,
    bytes: u64,
    appbytes: u64,
}

#[derive(Debug, Serialize)]
struct Totals {
    records: u64,
    flows: u64,
    hosts: u64,
    paths: u64,
    src: Volume,
    dst: Volume,
    load: f64,
    rate: f64,
    records_per_sec: f64,
    unplaced_hosts: u64,
    unplaced_bytes: u64,
    no_address_records: u64,
    refused_hosts: u64,
    refused_paths: u64,
    refused_flows: u64,
    refused_records: u64,
}

#[derive(Debug, Serialize)]
struct Host<'a> {
    id: u32,
    /// None for a group, which has a name only.
    addr: Option<IpAddr>,
    name: Cow<'a, str>,
    members: u32,
    lat: f64,
    lon: f64,
    city: Option<&'a str>,
    country: &'a str,
    asn: Option<u32>,
    as_name: Option<&'a str>,
    radius_km: Option<u16>,
    origin: &'static str,
    sent: Volume,
    received: Volume,
    load_out: f64,
    load_in: f64,
    flows: u32,
    first_seen: String,
    last_seen: String,
}

#[derive(Debug, Serialize)]
struct Path<'a> {
    id: u32,
    a: Option<Cow<'a, str>>,
    b: Option<Cow<'a, str>>,
    ab: Volume,
    ba: Volume,
    load_ab: f64,
    load_ba: f64,
    rate_ab: f64,
    rate_ba: f64,
    flows: u32,
    first_seen: String,
    last_seen: String,
}

#[derive(Debug, Serialize)]
struct Flow<'a> {
    srcid: Option<String>,
    source: u16,
    proto: &'a str,
    saddr: String,
    sport: u16,
    dir: &'static str,
    daddr: String,
    dport: u16,
    state: &'static str,
    src: Volume,
    dst: Volume,
    load_src: f64,
    load_dst: f64,
    records: u32,
    first_seen: String,
    last_seen: String,
}

#[derive(Debug, Serialize)]
struct Unplaced {
    addr: IpAddr,
    sent: Volume,
    received: Volume,
    flows: u32,
    why: &'static str,
}

#[derive(Debug, Serialize)]
struct Address {
    addr: IpAddr,
    sent: Volume,
    received: Volume,
    flows: u32,
    placed: bool,
}

#[derive(Debug, Serialize)]
struct Series<'a> {
    start: String,
    bin_secs: f64,
    bits: &'a [f64],
}

#[derive(Debug, Serialize)]
struct Source<'a> {
    id: u16,
    name: &'a str,
    kind: &'a str,
    state: &'static str,
    problem: Option<&'a str>,
    records: u64,
    dropped: u64,
    damaged: u64,
    live: bool,
}

impl<'a> Picture<'a> {
    fn new(s: &'a Snapshot, addresses: Option<&[AddressSum]>) -> Picture<'a> {
        Picture {
            now: time(s.now),
            window_secs: s.window.as_secs_f64(),
            rate_interval_secs: s.rate_interval.as_secs_f64(),
            level: s.level.by.word(),
            span: s.span.map(|Span { start, end }| Stretch { start: time(start), end: time(end) }),
            totals: totals(&s.totals),
            hosts: s.hosts.iter().map(host).collect(),
            paths: s.paths.iter().map(|p| path(p, s)).collect(),
            flows: s.flows.iter().map(|f| flow(f, s)).collect(),
            unplaced: s.unplaced.iter().map(unplaced).collect(),
            addresses: addresses.map(|all| all.iter().map(address).collect()),
            series: Series { start: time(s.series.start), bin_secs: s.series.bin.as_secs_f64(), bits: &s.series.bits },
            sources: s.health.sources.iter().map(source).collect(),
            accepted: s.health.accepted,
            rejected: s.health.rejected,
            history_records: s.health.history_records,
            history_refused: s.health.history_refused,
            databases: &s.health.databases,
            warnings: &s.health.warnings,
        }
    }
}

/// RFC 3339 in UTC with microseconds.
fn time(t: Timestamp) -> String {
    t.to_string()
}

fn volume(c: Counts) -> Volume {
    Volume { pkts: c.pkts, bytes: c.bytes, appbytes: c.appbytes }
}

fn totals(t: &SnapshotTotals) -> Totals {
    Totals {
        records: t.records,
        flows: t.flows,
        hosts: t.hosts,
        paths: t.paths,
        src: volume(t.src),
        dst: volume(t.dst),
        load: t.load,
        rate: t.rate,
        records_per_sec: t.records_per_sec,
        unplaced_hosts: t.unplaced_hosts,
        unplaced_bytes: t.unplaced_bytes,
        no_address_records: t.no_address_records,
        refused_hosts: t.refused_hosts,
        refused_paths: t.refused_paths,
        refused_flows: t.refused_flows,
        refused_records: t.refused_records,
    }
}

fn host(h: &HostPin) -> Host<'_> {
    Host {
        id: h.id.0,
        addr: h.group.is_none().then_some(h.addr),
        name: h.name(),
        members: h.members(),
        lat: h.place.at.lat,
        lon: h.place.at.lon,
        city: h.place.city.as_deref(),
        country: h.place.country_code(),
        asn: h.place.asn,
        as_name: h.place.as_name.as_deref(),
        radius_km: h.place.radius_km,
        origin: origin(h.place.origin),
        sent: volume(h.sent),
        received: volume(h.received),
        load_out: h.load_out,
        load_in: h.load_in,
        flows: h.flows,
        first_seen: time(h.seen.start),
        last_seen: time(h.seen.end),
    }
}

fn path<'a>(p: &PathArc, s: &'a Snapshot) -> Path<'a> {
    let addr = |i: u32| s.hosts.get(i as usize).map(HostPin::name);
    Path {
        id: p.id.0,
        a: addr(p.a),
        b: addr(p.b),
        ab: volume(p.ab),
        ba: volume(p.ba),
        load_ab: p.load_ab,
        load_ba: p.load_ba,
        rate_ab: p.rate_ab,
        rate_ba: p.rate_ba,
        flows: p.flows,
        first_seen: time(p.seen.start),
        last_seen: time(p.seen.end),
    }
}

fn flow<'a>(f: &'a FlowRow, s: &Snapshot) -> Flow<'a> {
    let addr = |a: Addr| s.name_of(a);
    Flow {
        srcid: srcid(f.last.srcid),
        source: f.source.0,
        proto: f.last.proto_name.as_str(),
        saddr: addr(f.last.key.saddr),
        sport: f.last.key.sport,
        dir: f.last.dir,
        daddr: addr(f.last.key.daddr),
        dport: f.last.key.dport,
        state: f.last.state,
        src: volume(f.src),
        dst: volume(f.dst),
        load_src: f.load_src,
        load_dst: f.load_dst,
        records: f.records,
        first_seen: time(f.seen.start),
        last_seen: time(f.seen.end),
    }
}

fn srcid(id: SrcId) -> Option<String> {
    match id {
        SrcId::Unset => None,
        SrcId::V4(a) => Some(a.to_string()),
        SrcId::V6(a) => Some(a.to_string()),
        SrcId::Int(n) => Some(n.to_string()),
        SrcId::Text(t) => Some(String::from_utf8_lossy(&t).trim_end_matches('\0').to_owned()),
        SrcId::Uuid(u) => {
            let hex: Vec<String> = u.iter().map(|b| format!("{b:02x}")).collect();
            let groups = [0..4, 4..6, 6..8, 8..10, 10..16];
            Some(groups.map(|g| hex.get(g).unwrap_or_default().concat()).join("-"))
        }
    }
}

fn unplaced(u: &UnplacedRow) -> Unplaced {
    Unplaced { addr: u.addr, sent: volume(u.sent), received: volume(u.received), flows: u.flows, why: u.why }
}

fn address(a: &AddressSum) -> Address {
    Address { addr: a.addr, sent: volume(a.sent), received: volume(a.received), flows: a.flows, placed: a.placed }
}

fn source(s: &SourceHealth) -> Source<'_> {
    let (state, problem) = match &s.state {
        SourceState::Opening => ("opening", None),
        SourceState::Live => ("live", None),
        SourceState::Reading => ("reading", None),
        SourceState::Ended => ("ended", None),
        SourceState::Retrying(why) => ("retrying", Some(why.as_str())),
        SourceState::Failed(why) => ("failed", Some(why.as_str())),
    };
    Source {
        id: s.id.0,
        name: &s.name,
        kind: s.kind,
        state,
        problem,
        records: s.records,
        dropped: s.dropped,
        damaged: s.damaged,
        live: s.live,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uuid_is_written_in_groups() {
        let id = SrcId::Uuid(std::array::from_fn(|i| u8::try_from(i).unwrap_or(0)));
        assert_eq!(srcid(id).as_deref(), Some("00010203-0405-0607-0809-0a0b0c0d0e0f"));
        assert_eq!(srcid(SrcId::Text(*b"ab\0\0")).as_deref(), Some("ab"));
    }
}
