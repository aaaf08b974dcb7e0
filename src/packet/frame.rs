//! The walk through one frame.

use super::bytes::{be16, be32, mac};
use super::ip::{V4, V6};
use super::link::LinkType;
use super::tunnel::{self, Tunnels};

/// At most this many headers of one frame are walked.
pub const MAX_LAYERS: usize = 32;

/// Encapsulation bits as DSR 20 stores them.
///
/// # Source
/// `docs/records.md`, encapsulations.
pub mod encaps {
    /// MPLS.
    pub const MPLS: u32 = 0x1;
    /// Ethernet.
    pub const ETHERNET: u32 = 0x2;
    /// 802.1Q.
    pub const VLAN: u32 = 0x4;
    /// LLC.
    pub const LLC: u32 = 0x8;
    /// PPP and PPPoE.
    pub const PPP: u32 = 0x10;
    /// GRE.
    pub const GRE: u32 = 0x40;
    /// Authentication header.
    pub const AH: u32 = 0x80;
    /// HDLC.
    pub const HDLC: u32 = 0x400;
    /// Cisco HDLC.
    pub const CISCO_HDLC: u32 = 0x800;
    /// Teredo.
    pub const TEREDO: u32 = 0x0040_0000;
    /// Linux cooked capture.
    pub const SLL: u32 = 0x2000;
    /// SLIP.
    pub const SLIP: u32 = 0x8000;
    /// 802.11.
    pub const WLAN: u32 = 0x20000;
    /// ERSPAN.
    pub const ERSPAN: u32 = 0x0400_0000;
}

/// The Ethernet header met last, or the one made up for a cooked capture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ether {
    /// Destination.
    pub dst: [u8; 6],
    /// Source.
    pub src: [u8; 6],
    /// Type or length field.
    pub kind: u16,
}

/// A frame that holds no protocol with flows of its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Layer2 {
    /// Ethertype, 0 for LLC.
    pub ethertype: u16,
    /// Destination service access point.
    pub dsap: u8,
    /// Source service access point.
    pub ssap: u8,
}

/// An 802.11 frame that carries no network protocol.
#[derive(Clone, Copy, Debug)]
pub struct Wlan<'a> {
    /// First address: the receiver.
    pub dst: [u8; 6],
    /// Second address: the transmitter.
    pub src: [u8; 6],
    /// Third address.
    pub bssid: [u8; 6],
    /// Network name of a management frame, at most 32 bytes.
    pub ssid: &'a [u8],
}

/// Where the walk ended.
#[derive(Clone, Copy, Debug)]
pub enum Net<'a> {
    /// IPv4.
    V4(V4<'a>),
    /// IPv6.
    V6(V6<'a>),
    /// ARP, from its hardware type on.
    Arp(&'a [u8]),
    /// RARP, from its hardware type on.
    Rarp(&'a [u8]),
    /// IS-IS, from its discriminator (0x83) on.
    Isis(&'a [u8]),
    /// 802.11 without a network protocol inside.
    Wlan(Wlan<'a>),
    /// Anything else.
    Layer2(Layer2),
}

/// One walked frame.
#[derive(Clone, Copy, Debug)]
pub struct Packet<'a> {
    /// Bytes on the wire that count for the flow: what the link type adds in front is taken off.
    pub bytes: u32,
    /// Bytes on the wire from the start of the network header on.
    pub net_len: u32,
    /// Layers met, [`encaps`] bits.
    pub encaps: u32,
    /// The Ethernet header met last.
    pub ether: Option<Ether>,
    /// What the link carries: the first ethertype, that of a tag too, or the first LLC header.
    pub carrier: Layer2,
    /// The last 802.1Q tag, with priority bits.
    pub vlan: Option<u16>,
    /// The first MPLS label word.
    pub mpls: Option<u32>,
    /// The link has no header that names a protocol: the frame begins with IP.
    pub headless: bool,
    /// Captured bytes behind the last header that was understood, where no network protocol was found.
    pub rest: &'a [u8],
    /// What the walk ended in.
    pub net: Net<'a>,
}

/// Walks a frame of link type `link` with `wire_len` bytes on the wire, of which `frame` were captured.
///
/// Nothing comes back for frames too short for their link header and for unsupported link types.
#[must_use]
pub fn dissect(link: LinkType, frame: &[u8], wire_len: u32) -> Option<Packet<'_>> {
    dissect_through(link, frame, wire_len, Tunnels::default())
}

/// As [`dissect`], into the given kinds of tunnels in UDP too.
#[must_use]
pub fn dissect_through(link: LinkType, frame: &[u8], wire_len: u32, tunnels: Tunnels) -> Option<Packet<'_>> {
    let mut packet = None;
    dissect_into(link, frame, wire_len, tunnels, &mut packet);
    packet
}

/// As [`dissect_through`], with the packet written where it is to lie: it is large, and made for every frame.
#[inline]
pub fn dissect_into<'a>(
    link: LinkType,
    frame: &'a [u8],
    wire_len: u32,
    tunnels: Tunnels,
    packet: &mut Option<Packet<'a>>,
) {
    let Some((ip, ether)) = plain(link, frame, wire_len, tunnels) else {
        *packet = walk_through(link, frame, wire_len, tunnels);
        return;
    };
    *packet = Some(Packet {
        bytes: wire_len,
        net_len: wire_len.saturating_sub(14),
        encaps: encaps::ETHERNET,
        ether: Some(ether),
        carrier: Layer2 { ethertype: 0x0800, dsap: 0, ssap: 0 },
        vlan: None,
        mpls: None,
        headless: false,
        rest: ip.payload,
        net: Net::V4(ip),
    });
}

/// What most frames are: TCP, UDP or ICMP in IPv4 in Ethernet, with nothing between. Nothing for all others; what comes
/// back is what the walk would find.
#[inline]
fn plain<'a>(link: LinkType, frame: &'a [u8], wire_len: u32, tunnels: Tunnels) -> Option<(V4<'a>, Ether)> {
    let (h, rest) = frame.split_first_chunk::<14>()?;
    if link != LinkType::ETHERNET || wire_len < 14 || [h[12], h[13]] != [8, 0] {
        return None;
    }
    let ip = V4::parse(rest)?;
    if !matches!(ip.proto, 1 | 6 | 17) || ip.proto == 17 && tunnels.any() {
        return None;
    }
    let &[a, b, c, d, e, f, g, h, i, j, k, l, _, _] = h;
    Some((ip, Ether { dst: [a, b, c, d, e, f], src: [g, h, i, j, k, l], kind: 0x0800 }))
}

#[inline(never)]
fn walk_through(link: LinkType, frame: &[u8], wire_len: u32, tunnels: Tunnels) -> Option<Packet<'_>> {
    let mut walk = Walk::new(frame, tunnels);
    let (stripped, next) = walk.start(link, wire_len)?;
    walk.run(next);
    let mut packet = walk.finish(wire_len, stripped);
    packet.headless = matches!(link.0, 0 | 8 | 9 | 12 | 14 | 101 | 108 | 228 | 229);
    Some(packet)
}

/// What comes next in the frame.
#[derive(Clone, Copy, Debug)]
pub(super) enum Next {
    Ether,
    Type(u16),
    Llc,
    Ip,
    Ppp,
    Stop,
}

/// The state of a walk. `at` is the offset of the next header and may lie outside the frame.
#[derive(Debug)]
pub(super) struct Walk<'a> {
    pub(super) frame: &'a [u8],
    pub(super) at: usize,
    pub(super) encaps: u32,
    pub(super) ether: Option<Ether>,
    pub(super) vlan: Option<u16>,
    pub(super) mpls: Option<u32>,
    pub(super) layer2: Layer2,
    carrier: Option<Layer2>,
    tunnels: Tunnels,
    wlan: Option<Wlan<'a>>,
    /// The last IP header that was passed into a tunnel, with the offset where it begins.
    outer: Option<(Net<'a>, usize)>,
    net: Option<Net<'a>>,
    net_at: usize,
}

impl<'a> Walk<'a> {
    fn new(frame: &'a [u8], tunnels: Tunnels) -> Walk<'a> {
        Walk {
            frame,
            at: 0,
            encaps: 0,
            ether: None,
            vlan: None,
            mpls: None,
            layer2: Layer2::default(),
            carrier: None,
            tunnels,
            wlan: None,
            outer: None,
            net: None,
            net_at: 0,
        }
    }

    /// The captured bytes from the next header on.
    #[inline]
    pub(super) fn rest(&self) -> &'a [u8] {
        self.frame.get(self.at..).unwrap_or(&[])
    }

    /// Passes the link header: how many bytes do not count, and what comes next.
    fn start(&mut self, link: LinkType, wire_len: u32) -> Option<(u32, Next)> {
        match link {
            LinkType::ETHERNET => (wire_len >= 14 && self.frame.len() >= 14).then_some((0, Next::Ether)),
            LinkType::NULL | LinkType::LOOP => self.start_loopback(),
            LinkType::RAW | LinkType::RAW_BSD | LinkType::RAW_OPENBSD | LinkType::IPV4 | LinkType::IPV6 => {
                (!self.frame.is_empty()).then_some((0, Next::Ip))
            }
            LinkType::PPP => {
                self.encaps |= encaps::PPP;
                self.at = 4;
                Some((4, Next::Ip))
            }
            LinkType::SLIP => {
                self.encaps |= encaps::SLIP;
                self.at = 16;
                Some((16, Next::Ip))
            }
            LinkType::LINUX_SLL => self.start_sll(),
            LinkType::LINUX_SLL2 => self.start_sll2(),
            LinkType::WLAN => self.start_wlan().map(|n| (0, n)),
            LinkType::WLAN_RADIOTAP => {
                let skip = usize::from(u16::from_le_bytes([*self.frame.get(2)?, *self.frame.get(3)?]));
                self.at = skip.max(4);
                self.start_wlan().map(|n| (self.at_of_radio(skip), n))
            }
            LinkType::CISCO_HDLC => {
                self.encaps |= encaps::CISCO_HDLC;
                self.at = 4;
                Some((4, Next::Type(be16(self.frame, 2)?)))
            }
            LinkType::PPP_SERIAL => self.start_ppp_serial(),
            _ => None,
        }
    }

    fn at_of_radio(&self, skip: usize) -> u32 {
        u32::try_from(skip).unwrap_or(0)
    }

    fn start_loopback(&mut self) -> Option<(u32, Next)> {
        let family = be32(self.frame, 0)?;
        // The family stands in the byte order of the machine that captured it.
        let family = if family > 0xFFFF { family.swap_bytes() } else { family };
        self.at = 4;
        Some((4, if matches!(family, 2 | 24 | 28 | 30) { Next::Ip } else { Next::Stop }))
    }

    fn start_sll(&mut self) -> Option<(u32, Next)> {
        let h = self.frame.first_chunk::<16>()?;
        let dst = cooked_destination(u16::from_be_bytes([h[0], h[1]]));
        let src = [h[6], h[7], h[8], h[9], h[10], h[11]];
        let kind = u16::from_be_bytes([h[14], h[15]]);
        self.cooked(dst, src, kind, 16)
    }

    fn start_sll2(&mut self) -> Option<(u32, Next)> {
        let h = self.frame.first_chunk::<20>()?;
        let dst = cooked_destination(u16::from(h[10]));
        let src = [h[12], h[13], h[14], h[15], h[16], h[17]];
        let kind = u16::from_be_bytes([h[0], h[1]]);
        self.cooked(dst, src, kind, 20)
    }

    fn cooked(&mut self, dst: [u8; 6], src: [u8; 6], kind: u16, header: usize) -> Option<(u32, Next)> {
        self.encaps |= encaps::SLL | encaps::ETHERNET;
        self.ether = Some(Ether { dst, src, kind });
        self.at = header;
        Some((header as u32, type_or_length(kind)))
    }

    fn start_ppp_serial(&mut self) -> Option<(u32, Next)> {
        self.encaps |= encaps::HDLC;
        match *self.frame.first_chunk::<2>()? {
            // Cisco framing on a serial line.
            [0x0F | 0x8F, _] => {
                self.at = 4;
                Some((4, Next::Type(be16(self.frame, 2)?)))
            }
            [0xFF, 0x03] => {
                self.encaps |= encaps::PPP;
                self.at = 2;
                Some((4, Next::Ppp))
            }
            _ => Some((0, Next::Ppp)),
        }
    }

    /// 802.11: to an LLC header inside a data frame, or to the end.
    fn start_wlan(&mut self) -> Option<Next> {
        self.encaps |= encaps::WLAN;
        let h = self.rest();
        let (control, flags) = (*h.first()?, *h.get(1)?);
        let (dst, src) = (mac(h, 4)?, mac(h, 10).unwrap_or_default());
        self.wlan = Some(Wlan { dst, src, bssid: mac(h, 16).unwrap_or_default(), ssid: &[] });
        let kind = (control >> 2) & 3;
        let subtype = control >> 4;
        if kind == 0 {
            if let Some(w) = &mut self.wlan {
                w.ssid = wlan_ssid(h, subtype);
            }
            return Some(Next::Stop);
        }
        // Data that carries nothing, and encrypted data.
        if kind != 2 || subtype & 4 != 0 || flags & 0x40 != 0 {
            return Some(Next::Stop);
        }
        let mut size = 24;
        if flags & 3 == 3 {
            size += 6;
        }
        if subtype & 8 != 0 {
            size += 2;
        }
        self.at = self.at.saturating_add(size);
        Some(Next::Llc)
    }

    fn run(&mut self, mut next: Next) {
        for _ in 0..MAX_LAYERS {
            next = match next {
                Next::Ether => self.ether(),
                Next::Type(kind) => self.ethertype(kind),
                Next::Llc => self.llc(),
                Next::Ip => self.ip(),
                Next::Ppp => tunnel::ppp(self),
                Next::Stop => return,
            };
        }
    }

    #[inline]
    fn ether(&mut self) -> Next {
        let Some(h) = self.rest().first_chunk::<14>() else { return Next::Stop };
        let kind = u16::from_be_bytes([h[12], h[13]]);
        self.encaps |= encaps::ETHERNET;
        self.ether = Some(Ether {
            dst: [h[0], h[1], h[2], h[3], h[4], h[5]],
            src: [h[6], h[7], h[8], h[9], h[10], h[11]],
            kind,
        });
        self.at += 14;
        type_or_length(kind)
    }

    #[inline]
    pub(super) fn ethertype(&mut self, kind: u16) -> Next {
        self.layer2 = Layer2 { ethertype: kind, dsap: 0, ssap: 0 };
        self.carrier.get_or_insert(self.layer2);
        match kind {
            0x0800 => self.ipv4(),
            0x86DD => self.ipv6(),
            0x8100 => {
                let (Some(tag), Some(inner)) = (be16(self.rest(), 0), be16(self.rest(), 2)) else { return Next::Stop };
                self.encaps |= encaps::VLAN;
                self.vlan = Some(tag);
                self.at += 4;
                type_or_length(inner)
            }
            0x0806 => self.end(Net::Arp(self.rest())),
            0x8035 => self.end(Net::Rarp(self.rest())),
            0x8847 | 0x8848 => tunnel::mpls(self),
            0x8863 | 0x8864 => tunnel::pppoe(self),
            _ => Next::Stop,
        }
    }

    fn llc(&mut self) -> Next {
        let Some(&[dsap, ssap, control]) = self.rest().first_chunk::<3>() else { return Next::Stop };
        self.layer2 = Layer2 { ethertype: 0, dsap, ssap };
        self.encaps |= encaps::LLC;
        self.carrier.get_or_insert(self.layer2);
        match (dsap, ssap, control) {
            (0xAA, 0xAA, 3) => {
                let Some(kind) = be16(self.rest(), 6) else { return Next::Stop };
                if !is_walked(kind) {
                    return Next::Stop;
                }
                self.at += 8;
                Next::Type(kind)
            }
            (0xFE, 0xFE, 3) => {
                self.at += 3;
                if self.rest().first() == Some(&0x83) { self.end(Net::Isis(self.rest())) } else { Next::Stop }
            }
            _ => Next::Stop,
        }
    }

    /// Raw IP: the version nibble decides.
    fn ip(&mut self) -> Next {
        match self.rest().first().map(|b| b >> 4) {
            Some(6) => self.ipv6(),
            Some(_) => self.ipv4(),
            None => Next::Stop,
        }
    }

    #[inline]
    pub(super) fn ipv4(&mut self) -> Next {
        self.layer2 = Layer2 { ethertype: 0x0800, dsap: 0, ssap: 0 };
        self.carrier.get_or_insert(self.layer2);
        let Some(mut ip) = V4::parse(self.rest()) else { return Next::Stop };
        let (begin, tunnels) = (self.at, self.tunnels);
        self.at = begin + ip.header_len;
        if ip.fragment_offset == 0 {
            match ip.proto {
                47 => {
                    self.outer = Some((Net::V4(ip), begin));
                    return tunnel::gre(self);
                }
                17 if tunnels.any() => {
                    if let Some(next) = tunnel::udp(self, ip.payload, tunnels) {
                        self.outer = Some((Net::V4(ip), begin));
                        return next;
                    }
                }
                51 => self.authentication(&mut ip),
                _ => {}
            }
        }
        self.net_at = begin;
        self.end(Net::V4(ip))
    }

    /// Steps over an authentication header by its length field.
    fn authentication(&mut self, ip: &mut V4<'a>) {
        if let Some(&[proto, words]) = ip.payload.first_chunk::<2>() {
            let size = (usize::from(words) + 2) * 4;
            self.encaps |= encaps::AH;
            ip.proto = proto;
            ip.header_len += size;
            ip.payload = ip.payload.get(size..).unwrap_or(&[]);
        }
    }

    pub(super) fn ipv6(&mut self) -> Next {
        self.layer2 = Layer2 { ethertype: 0x86DD, dsap: 0, ssap: 0 };
        self.carrier.get_or_insert(self.layer2);
        let Some(ip) = V6::parse(self.rest()) else { return Next::Stop };
        let (begin, tunnels) = (self.at, self.tunnels);
        if tunnels.any() && ip.proto == 17 && ip.fragment.is_none_or(|f| f.offset == 0) {
            self.at = begin + ip.header_len;
            // Teredo is a way over IPv4.
            if let Some(next) = tunnel::udp(self, ip.payload, Tunnels { teredo: false, ..tunnels }) {
                self.outer = Some((Net::V6(ip), begin));
                return next;
            }
            self.at = begin;
        }
        self.net_at = begin;
        self.end(Net::V6(ip))
    }

    fn end(&mut self, net: Net<'a>) -> Next {
        if !matches!(net, Net::V4(_) | Net::V6(_)) {
            self.net_at = self.at;
        }
        self.net = Some(net);
        Next::Stop
    }

    fn finish(self, wire_len: u32, stripped: u32) -> Packet<'a> {
        let (net, net_at) = match (self.net, self.outer, self.wlan) {
            (Some(net), _, _) => (net, self.net_at),
            (None, Some((ip, at)), _) => (ip, at),
            (None, None, Some(w)) if self.layer2 == Layer2::default() => (Net::Wlan(w), 0),
            (None, None, _) => (Net::Layer2(self.layer2), 0),
        };
        Packet {
            bytes: wire_len.saturating_sub(stripped),
            net_len: wire_len.saturating_sub(u32::try_from(net_at).unwrap_or(u32::MAX)),
            encaps: self.encaps,
            ether: self.ether,
            carrier: self.carrier.unwrap_or(self.layer2),
            vlan: self.vlan,
            mpls: self.mpls,
            headless: false,
            rest: self.frame.get(self.at..).unwrap_or(&[]),
            net,
        }
    }
}

/// Ethertypes that the walk goes on with; others leave a SNAP frame what it is, LLC.
fn is_walked(kind: u16) -> bool {
    matches!(kind, 0x0800 | 0x86DD | 0x8100 | 0x0806 | 0x8035 | 0x8847 | 0x8848 | 0x8863 | 0x8864)
}

/// Cooked captures know no destination, only whom the packet was for; the classic sensor makes this of it.
fn cooked_destination(packet_type: u16) -> [u8; 6] {
    match packet_type {
        0 => [0, 0, 0, 0, 0, 1],
        1 => [0xFF; 6],
        2 => [1, 0, 0, 0, 0, 0],
        _ => [0; 6],
    }
}

/// 802.3 lengths lead to LLC, everything above to an ethertype.
#[inline]
pub(super) fn type_or_length(kind: u16) -> Next {
    if kind > 1500 { Next::Type(kind) } else { Next::Llc }
}

/// The network name in a management frame's first tagged element.
fn wlan_ssid(frame: &[u8], subtype: u8) -> &[u8] {
    let fixed = match subtype {
        0 => 4,
        2 => 10,
        4 => 0,
        5 | 8 => 12,
        _ => return &[],
    };
    match frame.get(24 + fixed..) {
        Some([0, len, rest @ ..]) => rest.get(..usize::from(*len).min(32)).unwrap_or(&[]),
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_short_way_ends_where_the_walk_does() {
        let mut frame = [2; 80];
        frame[12..16].copy_from_slice(&[8, 0, 0x45, 0]);
        frame[16..18].copy_from_slice(&60u16.to_be_bytes());
        let mut short = 0;
        let tunnels = Tunnels { teredo: true, ..Tunnels::default() };
        for (proto, head, fragment) in (0..=255u8).flat_map(|p| [(p, 0x45, 0), (p, 0x4F, 0), (p, 0x41, 0x2002)]) {
            frame[14] = head;
            frame[20..22].copy_from_slice(&u16::to_be_bytes(fragment));
            frame[23] = proto;
            for len in [13, 14, 33, 34, 50, 80] {
                for (wire_len, tunnels) in [(13, Tunnels::default()), (80, Tunnels::default()), (90, tunnels)] {
                    let frame = &frame[..len];
                    let ways =
                        [dissect_through, walk_through].map(|way| way(LinkType::ETHERNET, frame, wire_len, tunnels));
                    short += usize::from(plain(LinkType::ETHERNET, frame, wire_len, tunnels).is_some());
                    let [short, walked] = ways.map(|p| format!("{p:?}"));
                    assert_eq!(short, walked);
                }
            }
        }
        assert_eq!(short, 45);
    }
}
