//! Labels, captured bytes, and what the classic clients list but never fill.

use super::super::{Align, Field, Get, Unit};
use super::row;
use crate::record::{Far, Side};

const fn empty(name: &'static str, header: &'static str, width: u16, about: &'static str) -> Field {
    row(name, header, width, Unit::None, Get::Empty, about)
}

/// Rows of this theme.
pub(super) const FIELDS: &[Field] = &[
    row("label", "Label", 5, Unit::None, Get::Text(|f, _, o| label(f, o)), "metadata: `name=value` objects"),
    row("suser", "srcUdata", 16, Unit::None, Get::User(true), "captured bytes of the source").aligned(Align::User),
    row("duser", "dstUdata", 16, Unit::None, Get::User(false), "captured bytes of the destination")
        .aligned(Align::User),
    row("slat", "sLat", 10, Unit::Number, Get::Double(|f| f.geo_label(Side::Src).lat), "degrees north of the source"),
    row("slon", "sLon", 10, Unit::Number, Get::Double(|f| f.geo_label(Side::Src).lon), "degrees east of the source"),
    row(
        "dlat",
        "dLat",
        10,
        Unit::Number,
        Get::Double(|f| f.geo_label(Side::Dst).lat),
        "degrees north of the destination",
    ),
    row(
        "dlon",
        "dLon",
        10,
        Unit::Number,
        Get::Double(|f| f.geo_label(Side::Dst).lon),
        "degrees east of the destination",
    ),
    row("scity", "sCity", 16, Unit::None, Get::Text(|f, _, o| city(f, Side::Src, o)), "city of the source"),
    row("dcity", "dCity", 16, Unit::None, Get::Text(|f, _, o| city(f, Side::Dst, o)), "city of the destination"),
    empty("ico", "iCo", 3, "country of inode; never filled"),
    empty("laddr", "LocalAddr", 18, "local end; needs a file of localities"),
    empty("raddr", "RemoteAddr", 18, "remote end; needs a file of localities"),
    empty("lnet", "LocalNet", 18, "network of laddr; needs a file of localities"),
    empty("rnet", "RemoteNet", 18, "network of raddr; needs a file of localities"),
    empty("cor", "Cor", 12, "correlation data; never filled"),
    empty("rtime", "RelTime", 12, "time since the first record; never filled"),
    empty("srng", "SRange", 6, "start of the bin; filled in binned streams only"),
    empty("erng", "ERange", 6, "end of the bin; filled in binned streams only"),
    empty("bins", "Bins", 6, "filled in binned streams only").aligned(Align::MiddleLong),
    empty("binnum", "Bin", 6, "filled in binned streams only"),
    empty("dldur", "dlDur", 12, "difference between records; never filled"),
    empty("dlstime", "dlsTime", 12, "difference between records; never filled"),
    empty("dlltime", "dllTime", 12, "difference between records; never filled"),
    empty("dlspkt", "dsPkts", 6, "difference between records; never filled"),
    empty("dldpkt", "ddPkts", 6, "difference between records; never filled"),
    empty("dspkts", "dsPkts", 12, "difference between records; never filled"),
    empty("ddpkts", "ddPkts", 12, "difference between records; never filled"),
    empty("dsbytes", "dsBytes", 12, "difference between records; never filled"),
    empty("ddbytes", "ddBytes", 12, "difference between records; never filled"),
    empty("pdspkts", "pdsPkt", 12, "difference between records; never filled"),
    empty("pddpkts", "pddPkt", 12, "difference between records; never filled"),
    empty("pdsbytes", "pdsByte", 12, "difference between records; never filled"),
    empty("pddbytes", "pddByte", 12, "difference between records; never filled"),
];

/// The label as stored: a record that was turned round prints the names of its objects exchanged.
fn label(far: &Far<'_>, out: &mut Vec<u8>) {
    if !far.is_turned() {
        out.extend_from_slice(far.label_bytes().unwrap_or(&[]));
    } else if let Some(text) = far.label() {
        out.extend_from_slice(text.as_bytes());
    }
}

fn city(far: &Far<'_>, side: Side, out: &mut Vec<u8>) {
    if let Some(name) = far.geo_label(side).city {
        out.extend_from_slice(name.as_bytes());
    }
}
