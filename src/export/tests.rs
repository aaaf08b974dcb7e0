//! Exports of a small picture with nasty names: well formed, complete, and the same numbers everywhere.

use std::net::{IpAddr, Ipv4Addr};

use serde_json::Value;

use super::*;
use crate::base::{Span, Timestamp};
use crate::cache::{By, HostId, HostPin, Level, PathArc, PathId};
use crate::geo::{LatLon, Place};
use crate::record::Counts;

fn snapshot() -> Snapshot {
    let seen = Span::new(Timestamp::from_parts(1_362_692_526, 0), Timestamp::from_parts(1_362_692_527, 0));
    let towns = [("Tokyo", *b"JP", 35.68, 139.75), ("San \"<&>\" Francisco,\n=1+1", *b"US", 37.77, -122.42)];
    let hosts = (1u8..).zip(towns).map(|(n, (city, country, lat, lon))| {
        let mut place = Place::new(LatLon { lat, lon }, Origin::Label);
        (place.city, place.country, place.as_name) = (Some(city.into()), Some(country), Some("A\u{1}&<B".into()));
        HostPin {
            id: HostId(n.into()),
            addr: IpAddr::V4(Ipv4Addr::new(192, 0, 2, n)),
            group: None,
            place,
            sent: Counts { pkts: 3, bytes: 1000 * u64::from(n), appbytes: 10 },
            received: Counts { pkts: 2, bytes: 500, appbytes: 5 },
            load_out: 1.5e6,
            load_in: 0.0,
            flows: 2,
            seen,
        }
    });
    let (ab, ba) = (Counts { pkts: 3, bytes: 1000, appbytes: 1 }, Counts { pkts: 1, bytes: 60, appbytes: 0 });
    let path = PathArc {
        id: PathId(0),
        a: 0,
        b: 1,
        ab,
        ba,
        load_ab: 1.5e6,
        load_ba: 12.0,
        rate_ab: 2.0,
        rate_ba: 1.0,
        flows: 2,
        seen,
    };
    Snapshot { now: seen.end, hosts: hosts.collect(), paths: vec![path], ..Snapshot::default() }
}

fn text(format: Format, s: &Snapshot) -> String {
    let mut out = Vec::new();
    write(&mut out, format, s, None).expect("memory");
    String::from_utf8(out).expect("UTF-8")
}

#[test]
fn a_name_tells_the_format() {
    assert_eq!(Format::of_path(Path::new("a/b.GeoJSON")), Ok(Format::GeoJson));
    let error = Format::of_path(Path::new("picture.png")).expect_err("no format");
    assert!(error.contains("\"png\"") && error.contains("csv, json, geojson, kml"), "{error}");
    assert!(Format::of_path(Path::new("kml")).is_err());
}

#[test]
fn geojson_is_json_with_points_and_lines_cut_at_the_date_line() {
    let all: Value = serde_json::from_str(&text(Format::GeoJson, &snapshot())).expect("JSON");
    assert_eq!(all["type"], "FeatureCollection");
    let features = all["features"].as_array().expect("features");
    assert_eq!(features.len(), 3);
    assert_eq!(features[0]["geometry"]["coordinates"], serde_json::json!([139.75, 35.68]));
    assert_eq!(features[1]["properties"]["city"], "San \"<&>\" Francisco,\n=1+1");
    assert_eq!(features[1]["properties"]["sent_bytes"], 2000);
    let line = &features[2]["geometry"];
    assert_eq!(
        (line["type"].as_str(), line["coordinates"].as_array().map(Vec::len)),
        (Some("MultiLineString"), Some(2))
    );
    assert_eq!(line["coordinates"][1][0][0], -180.0);
    assert_eq!(features[2]["properties"]["load"], 1.5e6);
}

#[test]
fn an_empty_picture_is_well_formed() {
    let empty = Snapshot::default();
    let all: Value = serde_json::from_str(&text(Format::GeoJson, &empty)).expect("JSON");
    assert_eq!(all["features"], serde_json::json!([]));
    assert_eq!(text(Format::Csv, &empty).lines().count(), 1);
    assert!(text(Format::Kml, &empty).ends_with("</kml>\n"));
    assert!(serde_json::from_str::<Value>(&text(Format::Json, &empty)).is_ok());
}

#[test]
fn a_table_has_a_row_for_each_pin_and_path_and_keeps_odd_names() {
    let text = text(Format::Csv, &snapshot());
    let mut table = ::csv::Reader::from_reader(text.as_bytes());
    let head = table.headers().expect("a header").clone();
    let rows: Vec<::csv::StringRecord> = table.records().map(|r| r.expect("a row")).collect();
    assert_eq!(rows.len(), 3);
    let cell = |row: usize, name: &str| {
        let at = head.iter().position(|h| h == name).expect("a column");
        rows[row][at].to_owned()
    };
    assert_eq!(cell(1, "city"), "San \"<&>\" Francisco,\n=1+1");
    assert_eq!([cell(0, "kind"), cell(0, "bytes"), cell(0, "lat2")], ["pin", "1000", ""]);
    assert_eq!([cell(2, "kind"), cell(2, "name2"), cell(2, "bytes_back")], ["path", "192.0.2.2", "60"]);
    assert_eq!([cell(2, "load"), cell(2, "lon2")], ["1500000.0", "-122.42"]);
}

/// Whether each tag that opens is closed in turn, and no raw text holds what XML reserves.
fn is_well_formed(xml: &str) -> bool {
    let mut open: Vec<String> = Vec::new();
    for part in xml.split('<').skip(1) {
        let Some((tag, rest)) = part.split_once('>') else { return false };
        if rest.contains('>') || rest.chars().any(|c| c.is_control() && c != '\n') {
            return false;
        }
        let entities = ["amp;", "lt;", "gt;", "quot;"];
        if !rest.split('&').skip(1).all(|e| entities.iter().any(|known| e.starts_with(known))) {
            return false;
        }
        if let Some(name) = tag.strip_prefix('/') {
            if open.pop().as_deref() != Some(name) {
                return false;
            }
        } else if !tag.starts_with('?') {
            open.push(tag.split(' ').next().unwrap_or("").to_owned());
        }
    }
    open.is_empty()
}

#[test]
fn kml_is_well_formed_and_escaped() {
    let kml = text(Format::Kml, &snapshot());
    assert!(is_well_formed(&kml), "{kml}");
    assert!(!is_well_formed("<a><b></a>") && !is_well_formed("<a>&</a>"));
    assert_eq!(kml.matches("<Point>").count(), 2);
    assert_eq!(kml.matches("<LineString>").count(), 2);
    assert!(kml.contains("San &quot;&lt;&amp;&gt;&quot; Francisco, =1+1") && kml.contains("A&amp;&lt;B"));
    assert!(kml.contains("#rate4"), "1.5 Mbit/s is the fifth decade");
}

#[test]
fn exports_are_of_the_level_shown() {
    let merged = snapshot().at_level(Level { by: By::Country, ..Level::default() });
    for format in Format::ALL {
        let text = text(format, &merged);
        assert!(text.contains("Japan") && !text.contains("192.0.2."), "{format:?}: {text}");
    }
}
