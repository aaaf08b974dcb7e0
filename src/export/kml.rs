//! Pins and paths for globes and maps that read KML.
//!
//! # Source
//! OGC KML 2.2 (07-147r2).

use std::fmt::{self, Display};
use std::io::{self, Write};

use super::{origin, way};
use crate::base::Span;
use crate::cache::{HostPin, PathArc, Snapshot};
use crate::geo::LatLon;

/// Line widths in pixels for decades of bit/s from below 1 kbit/s to 10 Gbit/s and more.
const WIDTHS: [f32; 9] = [1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 7.0];

/// Writes one document with a folder of pins and a folder of paths.
pub(super) fn write(out: &mut impl Write, s: &Snapshot) -> io::Result<()> {
    writeln!(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>")?;
    writeln!(out, "<kml xmlns=\"http://www.opengis.net/kml/2.2\">\n<Document>")?;
    writeln!(out, "<name>argus-globe {}, by {}</name>", s.now, Text(s.level))?;
    for (class, width) in WIDTHS.iter().enumerate() {
        writeln!(out, "<Style id=\"rate{class}\"><LineStyle><width>{width}</width></LineStyle></Style>")?;
    }
    writeln!(out, "<Folder><name>pins</name>")?;
    for h in &s.hosts {
        pin(out, h)?;
    }
    writeln!(out, "</Folder>\n<Folder><name>paths</name>")?;
    for p in &s.paths {
        path(out, s, p)?;
    }
    writeln!(out, "</Folder>\n</Document>\n</kml>")
}

/// Text between tags: what XML reserves is escaped, what it forbids is left out.
///
/// # Source
/// XML 1.0, productions [2] and [14].
struct Text<T>(T);

impl<T: Display> Display for Text<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.to_string().chars() {
            match c {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\t' | '\n' | '\r' => f.write_str(" ")?,
                '\u{0}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => {}
                _ => write!(f, "{c}")?,
            }
        }
        Ok(())
    }
}

fn value(out: &mut impl Write, name: &str, value: impl Display) -> io::Result<()> {
    write!(out, "<Data name=\"{name}\"><value>{}</value></Data>", Text(value))
}

fn span(out: &mut impl Write, seen: Span) -> io::Result<()> {
    write!(out, "<TimeSpan><begin>{}</begin><end>{}</end></TimeSpan>", seen.start, seen.end)
}

fn pin(out: &mut impl Write, h: &HostPin) -> io::Result<()> {
    write!(out, "<Placemark><name>{}</name>", Text(h.name()))?;
    span(out, h.seen)?;
    write!(out, "<ExtendedData>")?;
    value(out, "city", h.place.city.as_deref().unwrap_or(""))?;
    value(out, "country", h.place.country_code())?;
    value(out, "asn", h.place.asn.map(|n| n.to_string()).unwrap_or_default())?;
    value(out, "as_name", h.place.as_name.as_deref().unwrap_or(""))?;
    value(out, "origin", origin(h.place.origin))?;
    value(out, "members", h.members())?;
    value(out, "load_out", h.load_out)?;
    value(out, "load_in", h.load_in)?;
    value(out, "sent_bytes", h.sent.bytes)?;
    value(out, "received_bytes", h.received.bytes)?;
    value(out, "flows", h.flows)?;
    let LatLon { lat, lon } = h.place.at;
    writeln!(out, "</ExtendedData><Point><coordinates>{lon:.6},{lat:.6}</coordinates></Point></Placemark>")
}

fn path(out: &mut impl Write, s: &Snapshot, p: &PathArc) -> io::Result<()> {
    let end = |i: u32| s.hosts.get(i as usize);
    let (Some(a), Some(b)) = (end(p.a), end(p.b)) else { return Ok(()) };
    write!(out, "<Placemark><name>{} \u{2013} {}</name>", Text(a.name()), Text(b.name()))?;
    span(out, p.seen)?;
    write!(out, "<styleUrl>#rate{}</styleUrl><ExtendedData>", class(p.load_ab.max(p.load_ba)))?;
    value(out, "load", p.load_ab)?;
    value(out, "load_back", p.load_ba)?;
    value(out, "bytes", p.ab.bytes)?;
    value(out, "bytes_back", p.ba.bytes)?;
    value(out, "pkts", p.ab.pkts)?;
    value(out, "pkts_back", p.ba.pkts)?;
    value(out, "flows", p.flows)?;
    write!(out, "</ExtendedData><MultiGeometry>")?;
    for line in way::lines(a.place.at, b.place.at) {
        write!(out, "<LineString><tessellate>1</tessellate><coordinates>")?;
        for LatLon { lat, lon } in line {
            write!(out, "{lon:.6},{lat:.6} ")?;
        }
        write!(out, "</coordinates></LineString>")?;
    }
    writeln!(out, "</MultiGeometry></Placemark>")
}

/// The decade of a rate in bit/s.
fn class(load: f64) -> usize {
    if load < 1000.0 { 0 } else { (load.log10().floor() as usize).saturating_sub(2).min(WIDTHS.len() - 1) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decades_and_reserved_characters() {
        assert_eq!([0.0, 999.0, 1e3, 9.9e3, 1e4, 1e9, 1e10, 1e12].map(class), [0, 0, 1, 1, 2, 7, 8, 8]);
        assert_eq!(Text("a<b> & \"c\"\u{0}\u{1b}\n\u{ffff}").to_string(), "a&lt;b&gt; &amp; &quot;c&quot; ");
    }
}
