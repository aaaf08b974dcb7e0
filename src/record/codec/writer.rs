//! Records as clients of version 3 read them.
//!
//! Records of version 3 are copied byte for byte. Records of version 5 are converted DSR by DSR, since those clients
//! pass over them in silence:
//!
//! | DSR | change |
//! |---|---|
//! | null, flow hash, GRE, VXLAN, Geneve, score, locality | left out |
//! | transport | one word of id; IPv6 and UUID become "not set", an interface name goes |
//! | flow key | a reversed layer 2 key is stored the right way round |
//! | time, TCP | nanoseconds become microseconds; 52-byte sides 48; the short TCP form the full one |
//! | metrics | one side counted in bytes becomes 16 bits wide, which those clients need |
//! | jitter | 20-byte blocks in microseconds |
//! | packet sizes | subtype 0 |
//! | ARP answer | 44 words |
//! | MPLS | always both labels |
//! | encapsulations | three words; bits that mean something else in version 3 go |
//! | label, position | one label with positional places, `scity=lat,lon,cco,city` |

use super::dsr::Dsr;
use super::mar::{Mar, MarCause, MarMaker};
use super::record::{RecordKind, RecordRef};
use crate::record::{Cause, Far, RecordBuilder, Side, SrcId, Transport, wire};

/// Bits of the encapsulation mask that version 5 uses for something else or that version 3 does not know.
const FOREIGN_ENCAPS: u32 = 0x1C00_0000;
/// Longest text in a label.
const MAX_LABEL: usize = 1016;

/// Appends a record in version 3; false if there is nothing that version 3 could hold.
pub fn to_v3(record: RecordRef<'_>, out: &mut Vec<u8>) -> bool {
    if record.version() == 3 {
        out.extend_from_slice(record.bytes());
        return true;
    }
    match record.kind() {
        RecordKind::Mar => convert_mar(record, out),
        RecordKind::Far | RecordKind::Netflow | RecordKind::Event if record.version() == 5 => convert(record, out),
        _ => false,
    }
}

fn convert_mar(record: RecordRef<'_>, out: &mut Vec<u8>) -> bool {
    let Some(mar) = Mar::new(record) else { return false };
    let cause = match mar.cause() {
        Cause::Start => MarCause::Start,
        Cause::Status => MarCause::Status,
        _ => MarCause::Stop,
    };
    MarMaker::like(&mar).write(cause, mar.now(), out);
    true
}

fn convert(record: RecordRef<'_>, out: &mut Vec<u8>) -> bool {
    let [head, cause, ..] = *record.bytes() else { return false };
    let mut builder = RecordBuilder::new(out, head & 0xF0 | 3, cause);
    let mut labelled = false;
    for dsr in record.dsrs() {
        match dsr.kind {
            0x00 | 0x07 | 0x41 | 0x43 | 0x45 | 0x55 | 0x6A => {}
            0x01 => transport(&dsr, &mut builder),
            0x02 => flow(&dsr, &mut builder),
            0x03 => time(&dsr, &mut builder),
            0x10 => metrics(&dsr, &mut builder),
            0x12 => packet_sizes(&dsr, &mut builder),
            0x20 => encaps(&dsr, &mut builder),
            0x30 => network(&dsr, &mut builder),
            0x44 => {
                builder.dsr(0x44, dsr.subtype, dsr.qualifier, |b| b.extend_from_slice(&wire::bytes::<8>(dsr.body, 0)));
            }
            0x46 => jitter(&dsr, &mut builder),
            0x66 | 0x68 if labelled => {}
            0x66 | 0x68 => {
                labelled = true;
                label(record, &mut builder);
            }
            _ => builder.raw(dsr.bytes),
        }
    }
    builder.finish()
}

fn transport(dsr: &Dsr<'_>, builder: &mut RecordBuilder<'_>) {
    let t = Transport::parse(dsr);
    let (qualifier, id) = match t.srcid {
        SrcId::V4(a) => (0x01, a.octets()),
        SrcId::Int(n) => (0x20, n.to_be_bytes()),
        SrcId::Text(text) => (0x21, text),
        SrcId::Unset | SrcId::V6(_) | SrcId::Uuid(_) => (0, [0; 4]),
    };
    builder.dsr(0x01, 3, qualifier, |b| {
        b.extend_from_slice(&id);
        b.extend_from_slice(&t.seq.to_be_bytes());
    });
}

/// Readers of version 3 do not exchange the ends of a reversed layer 2 flow, so it is stored the right way round.
fn flow(dsr: &Dsr<'_>, builder: &mut RecordBuilder<'_>) {
    let is_reversed_layer_2 = dsr.subtype & 0x7F == 0x41 && matches!(dsr.qualifier & 0x1F, 3 | 8);
    match (is_reversed_layer_2, dsr.body.split_first_chunk::<12>()) {
        (true, Some(([d0, d1, d2, d3, d4, d5, s0, s1, s2, s3, s4, s5], rest))) => {
            builder.dsr(0x02, dsr.subtype & !0x40, dsr.qualifier, |b| {
                b.extend_from_slice(&[*s0, *s1, *s2, *s3, *s4, *s5, *d0, *d1, *d2, *d3, *d4, *d5]);
                b.extend_from_slice(rest);
            });
        }
        _ => builder.raw(dsr.bytes),
    }
}

fn time(dsr: &Dsr<'_>, builder: &mut RecordBuilder<'_>) {
    if dsr.qualifier != 0x19 {
        builder.raw(dsr.bytes);
        return;
    }
    let words = dsr.body.len() / 4;
    let stamps = (dsr.subtype & 0x78).count_ones() as usize;
    // In the relative form only the first stamp counts nanoseconds.
    let relative = stamps > 1 && words == stamps + 1;
    builder.dsr(0x03, dsr.subtype, dsr.qualifier & !1, |b| {
        for n in 0..words {
            let word = wire::be32(dsr.body, n * 4);
            let is_fraction = if relative { n == 1 } else { n % 2 == 1 };
            b.extend_from_slice(&(if is_fraction { word / 1000 } else { word }).to_be_bytes());
        }
    });
}

fn metrics(dsr: &Dsr<'_>, builder: &mut RecordBuilder<'_>) {
    if dsr.subtype & 1 != 0 && matches!(dsr.qualifier, 5 | 9) {
        let (pkts, bytes) = (wire::byte(dsr.body, 0), wire::byte(dsr.body, 1));
        builder.dsr(0x10, dsr.subtype, dsr.qualifier + 1, |b| b.extend_from_slice(&[0, pkts, 0, bytes]));
    } else {
        builder.raw(dsr.bytes);
    }
}

fn packet_sizes(dsr: &Dsr<'_>, builder: &mut RecordBuilder<'_>) {
    let len = if matches!(dsr.qualifier, 6 | 0x0A) { 4 } else { 8 };
    builder.dsr(0x12, 0, dsr.qualifier, |b| b.extend_from_slice(dsr.body.get(..len).unwrap_or(dsr.body)));
}

fn encaps(dsr: &Dsr<'_>, builder: &mut RecordBuilder<'_>) {
    builder.dsr(0x20, dsr.subtype, dsr.qualifier, |b| {
        for at in [0, 4] {
            b.extend_from_slice(&(wire::be32(dsr.body, at) & !FOREIGN_ENCAPS).to_be_bytes());
        }
    });
}

fn network(dsr: &Dsr<'_>, builder: &mut RecordBuilder<'_>) {
    let b = dsr.body;
    match dsr.subtype {
        0x03 => {
            builder.dsr(0x30, 0x03, 0, |out| out.extend_from_slice(&wire::bytes::<16>(b, 0)));
        }
        0x04 => {
            // Readers of version 3 spoil the short form when they write it again.
            builder.dsr(0x30, 0x05, 0, |out| {
                let start = out.len();
                out.resize(start + 116, 0);
                let mut put = |at: usize, bytes: &[u8]| {
                    for (to, from) in out.iter_mut().skip(start + at).zip(bytes) {
                        *to = *from;
                    }
                };
                put(0, &wire::bytes::<4>(b, 0));
                put(66, &wire::bytes::<1>(b, 4));
                put(114, &wire::bytes::<1>(b, 5));
            });
        }
        0x05 if dsr.words() >= 32 => {
            builder.dsr(0x30, 0x05, 0, |out| {
                out.extend_from_slice(&wire::bytes::<20>(b, 0));
                for at in [20, 72] {
                    out.extend_from_slice(&wire::bytes::<4>(b, at));
                    out.extend_from_slice(&(wire::be32(b, at + 4) / 1000).to_be_bytes());
                    out.extend_from_slice(&wire::bytes::<40>(b, at + 8));
                }
            });
        }
        0x10 => {
            builder.dsr(0x30, 0x10, 0, |out| {
                out.extend_from_slice(&wire::bytes::<6>(b, 0));
                out.extend_from_slice(&[0; 166]);
            });
        }
        _ => builder.raw(dsr.bytes),
    }
}

fn jitter(dsr: &Dsr<'_>, builder: &mut RecordBuilder<'_>) {
    let blocks = (dsr.qualifier & 0x0F).count_ones() as usize;
    let len = dsr.body.len().checked_div(blocks).unwrap_or(0);
    if len < 20 {
        return;
    }
    builder.dsr(0x46, 0, dsr.qualifier, |b| {
        for n in 0..blocks {
            let at = n * len;
            b.extend_from_slice(&wire::bytes::<4>(dsr.body, at));
            for k in 1..5 {
                b.extend_from_slice(&(wire::bef32(dsr.body, at + 4 * k) / 1000.0).to_be_bytes());
            }
        }
    });
}

/// Writes the label with places in the form of version 3, and the AS numbers it named if nothing else holds them.
fn label(record: RecordRef<'_>, builder: &mut RecordBuilder<'_>) {
    let Some(far) = Far::decode(record) else {
        record.dsrs().filter(|d| d.kind == 0x66).for_each(|d| builder.raw(d.bytes));
        return;
    };
    let text = far.label().unwrap_or_default();
    let mut objects = Vec::new();
    let mut asns = [0; 2];
    for ((side, name), asn) in [(Side::Src, "scity"), (Side::Dst, "dcity")].into_iter().zip(&mut asns) {
        let geo = far.geo_label(side);
        *asn = geo.asn.unwrap_or(0);
        if geo.lat.is_none() && geo.city.is_none() && geo.country.is_none() {
            continue;
        }
        let degree = |v: Option<f64>| v.map_or("(null)".into(), |v| format!("{v:.6}"));
        let country = geo.country.map_or("(null)".into(), |c| String::from_utf8_lossy(&c).into_owned());
        let city = geo.city.map_or("(null)".into(), |c| c.replace(':', " "));
        objects.push(format!("{name}={},{},{country},{city}", degree(geo.lat), degree(geo.lon)));
    }
    objects.extend(other_objects(&text));
    let mut joined = objects.join(":");
    while joined.len() > MAX_LABEL && objects.pop().is_some() {
        joined = objects.join(":");
    }
    if !joined.is_empty() {
        builder.dsr(0x66, 0, 0, |b| b.extend_from_slice(joined.as_bytes()));
    }
    if asns != [0; 2] && far.asns().is_none() {
        builder.dsr(0x32, 1, 0, |b| asns.iter().for_each(|n| b.extend_from_slice(&n.to_be_bytes())));
    }
}

/// The objects of a label that name no place of an end.
fn other_objects(text: &str) -> Vec<String> {
    let is_place =
        |name: &str| matches!(name.get(1..), Some("city" | "cco" | "lat" | "lon" | "asn")) && name.len() <= 5;
    let mut out = Vec::new();
    for object in text.split(':') {
        let mut kept = Vec::new();
        let mut keep = true;
        for piece in object.split(',') {
            // A piece without a name belongs to the one before.
            if let Some((name, _)) = piece.split_once('=') {
                keep = !(is_place(name) && name.starts_with(['s', 'd']));
            }
            if keep && !piece.is_empty() {
                kept.push(piece);
            }
        }
        if !kept.is_empty() {
            out.push(kept.join(","));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_objects_of_a_label_stay() {
        assert_eq!(
            other_objects("scity=London, City,scco=GB,slat=1.0,net=lab,x,dasn=9:acl=a,b:icity=Oslo"),
            ["net=lab,x", "acl=a,b", "icity=Oslo"]
        );
    }

    #[test]
    fn version_3_is_copied_as_it_is() {
        let bytes = [0x13, 0x10, 0, 2, 0x7E, 1, 2, 1];
        let mut out = vec![9];
        assert!(to_v3(RecordRef::new(&bytes).expect("whole"), &mut out));
        assert_eq!(out.get(1..), Some(&bytes[..]));
    }

    #[test]
    fn the_short_tcp_form_becomes_the_full_one() {
        let bytes = [0x15, 0x20, 0, 4, 0x30, 4, 0, 3, 0, 0, 0, 7, 0x12, 0x10, 0, 0];
        let mut out = Vec::new();
        assert!(to_v3(RecordRef::new(&bytes).expect("whole"), &mut out));
        assert_eq!((out.len(), out.get(..8)), (124, Some(&[0x13, 0x20, 0, 31, 0x30, 5, 0, 30][..])));
        assert_eq!((out[11], out[8 + 66], out[8 + 114]), (7, 0x12, 0x10));
    }
}
