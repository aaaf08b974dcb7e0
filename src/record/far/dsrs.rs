//! The optional DSRs of a flow record as plain values. Each `parse` takes the DSR as it stands; the view exchanges the
//! sides afterwards where the record was turned round.

use std::borrow::Cow;
use std::io::Read as _;
use std::net::Ipv4Addr;

use crate::record::codec::Dsr;
use crate::record::wire;

/// Most bytes that a deflated payload may become.
const MAX_INFLATED: u64 = 64 * 1024;

/// Something that each end has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sides<T> {
    /// The source's.
    pub src: T,
    /// The destination's.
    pub dst: T,
}

impl<T> Sides<T> {
    /// The same with the ends exchanged if `turned`.
    pub(super) fn turned(self, turned: bool) -> Sides<T> {
        if turned { Sides { src: self.dst, dst: self.src } } else { self }
    }
}

/// IP attributes of one side, DSR type 48.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct IpAttr {
    /// Time to live or hop limit.
    pub ttl: u8,
    /// Type of service.
    pub tos: u8,
    /// The IP identification as the clients print it: the packet's, its two bytes exchanged.
    pub id: u16,
}

/// IP attributes of both sides, DSR type 48.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct IpAttrs {
    /// Attributes, where that side was seen.
    pub attr: Sides<Option<IpAttr>>,
    /// IP options: 1 record route, 2 timestamp, 4 security, 8 loose source route, 10 stream id, 20 strict source route,
    /// 40 router alert, 80 other (hexadecimal).
    pub options: Sides<Option<u32>>,
    /// Whether fragments were seen.
    pub fragments: Sides<bool>,
}

impl IpAttrs {
    pub(super) fn parse(dsr: &Dsr<'_>) -> IpAttrs {
        let (q, b) = (dsr.qualifier, dsr.body);
        let mut at = 0;
        let mut side = |attr_bit: u8, option_bit: u8| {
            let mut take = |bit: u8| {
                let present = q & bit != 0 && at + 4 <= b.len();
                at += if present { 4 } else { 0 };
                present.then(|| at - 4)
            };
            let attr = take(attr_bit).map(|at| IpAttr {
                ttl: wire::byte(b, at),
                tos: wire::byte(b, at + 1),
                id: wire::be16(b, at + 2),
            });
            (attr, take(option_bit).map(|at| wire::be32(b, at)))
        };
        let (src, src_options) = side(1, 4);
        let (dst, dst_options) = side(2, 8);
        IpAttrs {
            attr: Sides { src, dst },
            options: Sides { src: src_options, dst: dst_options },
            fragments: Sides { src: q & 0x10 != 0, dst: q & 0x20 != 0 },
        }
    }

    pub(super) fn turned(self, turned: bool) -> IpAttrs {
        IpAttrs {
            attr: self.attr.turned(turned),
            options: self.options.turned(turned),
            fragments: self.fragments.turned(turned),
        }
    }
}

/// VLAN tags, DSR type 40: the whole 16-bit tag control, of stacked tags the innermost.
pub(super) fn vlan(dsr: &Dsr<'_>) -> Sides<Option<u16>> {
    let tag = |bit: u8, at: usize| {
        let value = wire::be16(dsr.body, at);
        (dsr.qualifier & bit != 0 || value != 0).then_some(value)
    };
    Sides { src: tag(1, 0), dst: tag(2, 2) }
}

/// MPLS label stack entries, DSR type 44: the outermost word of each side. The label is the upper 20 bits.
pub(super) fn mpls(dsr: &Dsr<'_>) -> Sides<Option<u32>> {
    let label = |bit: u8, at: usize| (dsr.subtype & bit != 0).then(|| wire::be32(dsr.body, at));
    Sides { src: label(1, 0), dst: label(2, 4) }
}

/// Statistics over times between packets.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Intervals {
    /// How many.
    pub count: i32,
    /// Shortest, µs.
    pub min: f32,
    /// Mean, µs.
    pub mean: f32,
    /// Standard deviation, µs.
    pub stdev: f32,
    /// Longest, µs.
    pub max: f32,
}

/// Inter-packet times, DSR type 46.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Jitter {
    /// Between packets of a busy flow.
    pub active: Sides<Option<Intervals>>,
    /// Between packets of an idle flow.
    pub idle: Sides<Option<Intervals>>,
}

impl Jitter {
    /// `version` says the unit: 5 counts nanoseconds.
    pub(super) fn parse(dsr: &Dsr<'_>, version: u8) -> Jitter {
        let bits = (dsr.qualifier & 0x0F).count_ones() as usize;
        // Nothing in the DSR but its length tells how long a block is.
        let len = dsr.body.len().checked_div(bits).unwrap_or(0);
        let unit = if version == 5 { 1000.0 } else { 1.0 };
        let mut next = 0;
        let mut block = |bit: u8| {
            if dsr.qualifier & bit == 0 || len < 20 {
                return None;
            }
            let at = next;
            next += len;
            Some(Intervals {
                count: i32::from_be_bytes(wire::bytes(dsr.body, at)),
                min: wire::bef32(dsr.body, at + 4) / unit,
                mean: wire::bef32(dsr.body, at + 8) / unit,
                stdev: wire::bef32(dsr.body, at + 12) / unit,
                max: wire::bef32(dsr.body, at + 16) / unit,
            })
        };
        let (sa, si, da, di) = (block(1), block(2), block(4), block(8));
        Jitter { active: Sides { src: sa, dst: da }, idle: Sides { src: si, dst: di } }
    }
}

/// Smallest and largest packet of one side, bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PacketSizes {
    /// Smallest.
    pub min: u16,
    /// Largest.
    pub max: u16,
}

/// Packet sizes, DSR type 12.
pub(super) fn packet_sizes(dsr: &Dsr<'_>) -> Sides<Option<PacketSizes>> {
    let at = |at: usize| {
        (dsr.body.len() >= at + 4)
            .then(|| PacketSizes { min: wire::be16(dsr.body, at), max: wire::be16(dsr.body, at + 2) })
    };
    match dsr.qualifier {
        6 => Sides { src: at(0), dst: None },
        0x0A => Sides { src: None, dst: at(0) },
        _ => Sides { src: at(0), dst: at(4) },
    }
}

/// Captured payload of one side, DSR type 50.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Payload<'a> {
    /// Bytes the sensor was asked to keep; of deflated data the inflated length.
    pub size: u16,
    /// The bytes kept.
    pub data: &'a [u8],
    /// Whether `data` is a zlib stream.
    pub is_deflated: bool,
}

impl<'a> Payload<'a> {
    /// Reads a payload DSR of a flow or event record.
    #[must_use]
    pub fn parse(dsr: &Dsr<'a>) -> Payload<'a> {
        let count = usize::from(wire::be16(dsr.body, 2));
        let data = dsr.body.get(4..).unwrap_or(&[]);
        Payload {
            size: wire::be16(dsr.body, 0),
            data: data.get(..count).unwrap_or(data),
            is_deflated: dsr.subtype & 0x08 != 0,
        }
    }

    /// The payload unpacked; at most 64 KiB of a deflated one, and as much of a damaged one as can be unpacked.
    #[must_use]
    pub fn text(&self) -> Cow<'a, [u8]> {
        if !self.is_deflated {
            return self.data.into();
        }
        let mut out = Vec::new();
        // An error leaves what was unpacked before it.
        let _ = flate2::read::ZlibDecoder::new(self.data).take(MAX_INFLATED).read_to_end(&mut out);
        out.into()
    }
}

/// MAC addresses, DSR type 42.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mac {
    /// Addresses.
    pub addr: Sides<[u8; 6]>,
    /// Whether more than one address was seen.
    pub several: Sides<bool>,
    /// Ethertype; of 802.3 frames their length.
    pub ethertype: u16,
}

impl Mac {
    pub(super) fn parse(dsr: &Dsr<'_>) -> Mac {
        Mac {
            addr: Sides { src: wire::bytes(dsr.body, 6), dst: wire::bytes(dsr.body, 0) },
            several: Sides { src: dsr.qualifier & 1 != 0, dst: dsr.qualifier & 2 != 0 },
            ethertype: wire::le16(dsr.body, 12),
        }
    }

    pub(super) fn turned(self, turned: bool) -> Mac {
        Mac { addr: self.addr.turned(turned), several: self.several.turned(turned), ..self }
    }
}

/// An ICMP error that this flow caused, DSR type 34.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IcmpError {
    /// Qualifier: 1 unreachable, 2 redirect, 4 time exceeded.
    pub what: u8,
    /// Type.
    pub kind: u8,
    /// Code.
    pub code: u8,
    /// The node that sent the error (field `inode`).
    pub node: Ipv4Addr,
    /// Whom it was sent to.
    pub target: Ipv4Addr,
    /// Source of the packet that caused it.
    pub inner_src: Ipv4Addr,
    /// Destination of the packet that caused it.
    pub inner_dst: Ipv4Addr,
    /// Gateway of a redirect.
    pub gateway: Ipv4Addr,
}

impl IcmpError {
    pub(super) fn parse(dsr: &Dsr<'_>) -> IcmpError {
        let b = dsr.body;
        let addr = |at| Ipv4Addr::from(wire::bytes::<4>(b, at));
        IcmpError {
            what: dsr.qualifier,
            kind: wire::byte(b, 0),
            code: wire::byte(b, 1),
            node: addr(4),
            target: addr(8),
            inner_src: addr(12),
            inner_dst: addr(16),
            gateway: addr(20),
        }
    }
}

/// Encapsulations, DSR type 20. Bits in ascending order: MPLS, Ethernet, 802.1Q, LLC, PPP, ISL, GRE, AH, IP in IP,
/// IPv6, HDLC (0x400), Cisco HDLC, ATM, Linux cooked, FDDI, SLIP, ARCnet, 802.11, Prism, AVS, Teredo (0x400000),
/// Juniper (0x2000000), ERSPAN (0x4000000; version 5: VXLAN), L2TP, Geneve.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Encaps {
    /// Which encapsulations that side's packets had; 0 when it sent nothing.
    pub mask: Sides<u32>,
    /// Whether they changed within the flow.
    pub changed: Sides<bool>,
}

impl Encaps {
    pub(super) fn parse(dsr: &Dsr<'_>) -> Encaps {
        Encaps {
            mask: Sides { src: wire::be32(dsr.body, 0), dst: wire::be32(dsr.body, 4) },
            changed: Sides { src: dsr.qualifier & 4 != 0, dst: dsr.qualifier & 8 != 0 },
        }
    }

    pub(super) fn turned(self, turned: bool) -> Encaps {
        Encaps { mask: self.mask.turned(turned), changed: self.changed.turned(turned) }
    }
}

/// Statistics of an aggregation, in the unit of what was aggregated.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Spread {
    /// How many values.
    pub count: i32,
    /// Smallest.
    pub min: f32,
    /// Mean.
    pub mean: f32,
    /// Standard deviation.
    pub stdev: f32,
    /// Largest.
    pub max: f32,
}

/// Aggregation, DSR type 60.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Aggregation {
    /// Which metric was aggregated; 4 is the duration.
    pub metric: u8,
    /// Records merged.
    pub count: u32,
    /// Values of active records, seconds.
    pub active: Spread,
    /// Times between records, µs.
    pub idle: Spread,
}

impl Aggregation {
    pub(super) fn parse(dsr: &Dsr<'_>) -> Aggregation {
        let b = dsr.body;
        let spread = |at: usize| Spread {
            count: i32::from_le_bytes(wire::bytes(b, at)),
            min: wire::lef32(b, at + 4),
            mean: wire::lef32(b, at + 8),
            stdev: wire::lef32(b, at + 12),
            max: wire::lef32(b, at + 16),
        };
        Aggregation { metric: dsr.subtype, count: wire::be32(b, 0), active: spread(20), idle: spread(48) }
    }
}

/// Country codes, DSR type 64; `None` where unknown (NULs or blanks).
pub(super) fn countries(dsr: &Dsr<'_>) -> Sides<Option<[u8; 2]>> {
    let code = |at| Some(wire::bytes::<2>(dsr.body, at)).filter(|c| !matches!(c, [0, 0] | [b' ', b' ']));
    Sides { src: code(0), dst: code(2) }
}

/// AS numbers, DSR type 32; 0 where unknown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Asns {
    /// Of the ends.
    pub asn: Sides<u32>,
    /// Of the intermediate node.
    pub inode: u32,
}

impl Asns {
    pub(super) fn parse(dsr: &Dsr<'_>) -> Asns {
        let word = |at| wire::be32(dsr.body, at);
        Asns { asn: Sides { src: word(0), dst: word(4) }, inode: word(8) }
    }
}

/// Positions in degrees (latitude, longitude), DSR type 68 (version 5).
pub(super) fn positions(dsr: &Dsr<'_>) -> Sides<Option<(f32, f32)>> {
    let mut at = 0;
    let mut next = |bit: u8| {
        let present = dsr.qualifier & bit != 0 && at + 8 <= dsr.body.len();
        at += if present { 8 } else { 0 };
        present.then(|| (wire::bef32(dsr.body, at - 8), wire::bef32(dsr.body, at - 4)))
    };
    let src = next(1);
    Sides { src, dst: next(2) }
}
