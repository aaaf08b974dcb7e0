//! IP attributes.

use super::super::{Field, Get, Unit, number};
use super::row;
use crate::record::{Far, IpAttr};

const fn count(
    name: &'static str,
    header: &'static str,
    width: u16,
    get: fn(&Far<'_>) -> Option<u64>,
    about: &'static str,
) -> Field {
    row(name, header, width, Unit::Number, Get::Uint(get), about)
}

/// Rows of this theme.
pub(super) const FIELDS: &[Field] = &[
    count("stos", "sTos", 5, |f| Some(src(f)?.tos.into()), "type of service, source"),
    count("dtos", "dTos", 5, |f| Some(dst(f)?.tos.into()), "type of service, destination"),
    row(
        "sdsb",
        "sDSb",
        5,
        Unit::None,
        Get::Text(|f, _, o| {
            if let Some(a) = src(f) {
                service(o, a.tos);
            }
        }),
        "differentiated services class, source",
    ),
    row(
        "ddsb",
        "dDSb",
        5,
        Unit::None,
        Get::Text(|f, _, o| {
            if let Some(a) = dst(f) {
                service(o, a.tos);
            }
        }),
        "differentiated services class, destination",
    ),
    count("sdscp", "sDscp", 5, |f| Some((src(f)?.tos >> 2).into()), "differentiated services code point, source"),
    count("ddscp", "dDscp", 5, |f| Some((dst(f)?.tos >> 2).into()), "differentiated services code point, destination"),
    count("sttl", "sTtl", 4, |f| Some(src(f)?.ttl.into()), "time to live, source"),
    count("dttl", "dTtl", 4, |f| Some(dst(f)?.ttl.into()), "time to live, destination"),
    count(
        "shops",
        "sHops",
        5,
        |f| Some(hops(src(f)?.ttl)),
        "hops from the source: what is missing to the next power of two",
    ),
    count("dhops", "dHops", 5, |f| Some(hops(dst(f)?.ttl)), "hops from the destination"),
    row("sipid", "sIpId", 7, Unit::None, Get::Hex(|f| Some(src(f)?.id)), "IP identification, source"),
    row("dipid", "dIpId", 7, Unit::None, Get::Hex(|f| Some(dst(f)?.id)), "IP identification, destination"),
];

fn src(far: &Far<'_>) -> Option<IpAttr> {
    far.ip_attrs().attr.src
}

fn dst(far: &Far<'_>) -> Option<IpAttr> {
    far.ip_attrs().attr.dst
}

fn hops(ttl: u8) -> u64 {
    u64::from(u16::from(ttl).next_power_of_two()) - u64::from(ttl)
}

/// Class of a differentiated services code point; its number where it has no name.
fn service(out: &mut Vec<u8>, tos: u8) {
    let point = tos >> 2;
    let (class, drop) = (point >> 3, point & 7);
    match (class, drop) {
        (0..=7, 0) => out.extend_from_slice(&[b'c', b's', b'0' + class]),
        (1..=4, 2 | 4 | 6) => out.extend_from_slice(&[b'a', b'f', b'0' + class, b'0' + drop / 2]),
        (5, 6) => out.extend_from_slice(b"ef"),
        _ => {
            if point < 10 {
                out.push(b' ');
            }
            number::uint(out, u64::from(point));
        }
    }
}
