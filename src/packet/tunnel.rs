//! Encapsulations inside a frame: MPLS, PPP, PPPoE, GRE, ERSPAN; in UDP, if that is asked for, Teredo, VXLAN, Geneve.

use super::bytes::{be16, be32};
use super::frame::{Next, Walk, encaps};

/// Tunnels in UDP that the walk goes into. They are told by port or by content only, so that none is looked for unless
/// it is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tunnels {
    /// IPv6 in UDP over IPv4 (RFC 4380), on any port but 53.
    pub teredo: bool,
    /// Ethernet to UDP port 4789 (RFC 7348).
    pub vxlan: bool,
    /// Anything to UDP port 6081 (RFC 8926).
    pub geneve: bool,
}

impl Tunnels {
    /// Whether any is looked for.
    #[must_use]
    #[inline]
    pub fn any(self) -> bool {
        self.teredo || self.vxlan || self.geneve
    }
}

/// Skips the label stack; what follows names no type and is guessed from its first bytes.
pub(super) fn mpls(walk: &mut Walk<'_>) -> Next {
    walk.encaps |= encaps::MPLS;
    // Each entry is four captured bytes, so the frame's length bounds the loop.
    while let Some(entry) = be32(walk.rest(), 0) {
        walk.mpls.get_or_insert(entry);
        walk.at += 4;
        if entry & 0x100 != 0 {
            return after_labels(walk);
        }
    }
    Next::Stop
}

fn after_labels(walk: &mut Walk<'_>) -> Next {
    let rest = walk.rest();
    match (rest.first(), be16(rest, 2), be16(rest, 4)) {
        (Some(b), Some(total), _) if b >> 4 == 4 && b & 0xF >= 5 && total >= 20 => walk.ipv4(),
        (Some(b), _, Some(len)) if b >> 4 == 6 && len <= 2048 => walk.ipv6(),
        (_, Some(kind @ (0x0800 | 0x86DD)), _) => {
            walk.encaps |= encaps::VLAN;
            walk.vlan = be16(rest, 0);
            walk.at += 4;
            Next::Type(kind)
        }
        (Some(_), _, _) => Next::Ether,
        (None, _, _) => Next::Stop,
    }
}

/// PPPoE session data; discovery ends the walk.
pub(super) fn pppoe(walk: &mut Walk<'_>) -> Next {
    walk.encaps |= encaps::PPP;
    match walk.rest().get(1) {
        Some(0) => {
            walk.at += 6;
            ppp(walk)
        }
        _ => Next::Stop,
    }
}

/// A PPP protocol number: one byte if odd, else two.
pub(super) fn ppp(walk: &mut Walk<'_>) -> Next {
    let (proto, size) = match walk.rest() {
        [b, ..] if b & 1 == 1 => (u16::from(*b), 1),
        [a, b, ..] => (u16::from_be_bytes([*a, *b]), 2),
        _ => return Next::Stop,
    };
    walk.at += size;
    match proto {
        0x21 => walk.ipv4_in_tunnel(),
        0x57 => walk.ipv6_in_tunnel(),
        0x281 | 0x283 => mpls(walk),
        _ => Next::Stop,
    }
}

impl Walk<'_> {
    /// IPv4 behind a PPP header; a broken header leaves the carrier's type.
    fn ipv4_in_tunnel(&mut self) -> Next {
        let carrier = self.layer2;
        let next = self.ipv4();
        self.restore(carrier);
        next
    }

    /// IPv6 behind a PPP header; a broken header leaves the carrier's type.
    fn ipv6_in_tunnel(&mut self) -> Next {
        let carrier = self.layer2;
        let next = self.ipv6();
        self.restore(carrier);
        next
    }

    fn restore(&mut self, carrier: super::frame::Layer2) {
        if carrier != super::frame::Layer2::default() {
            self.layer2 = carrier;
        }
    }
}

/// GRE of version 0 and 1: passes the optional fields and goes on with the protocol type.
///
/// # Source
/// RFC 2784, RFC 2890, RFC 2637.
pub(super) fn gre(walk: &mut Walk<'_>) -> Next {
    let (Some(flags), Some(kind)) = (be16(walk.rest(), 0), be16(walk.rest(), 2)) else { return Next::Stop };
    walk.encaps |= encaps::GRE;
    let mut size = 4;
    if flags & 0xC000 != 0 {
        size += 4;
    }
    if flags & 0x2000 != 0 {
        size += 4;
    }
    if flags & 0x1000 != 0 {
        size += 4;
    }
    if flags & 7 == 1 && flags & 0x80 != 0 {
        size += 4;
    }
    walk.at += size;
    match kind {
        0x0800 | 0x86DD | 0x8100 | 0x8847 | 0x8848 => Next::Type(kind),
        0x6558 => Next::Ether,
        0x880B => {
            walk.encaps |= encaps::PPP;
            ppp_framed(walk)
        }
        0x88BE if walk.rest().first().is_some_and(|b| b >> 4 == 1) => {
            walk.encaps |= encaps::ERSPAN;
            walk.at += 8;
            Next::Ether
        }
        _ => Next::Stop,
    }
}

/// PPP that may begin with its address and control bytes.
fn ppp_framed(walk: &mut Walk<'_>) -> Next {
    if walk.rest().starts_with(&[0xFF, 0x03]) {
        walk.at += 2;
    }
    ppp(walk)
}

/// Port of DNS, on which Teredo is not looked for.
const DNS: u16 = 53;
const VXLAN: u16 = 4789;
const GENEVE: u16 = 6081;
/// Length of an IPv6 header.
const IPV6: usize = 40;

/// What is in a UDP datagram, `datagram` from its header on, if it is a tunnel; then the walk stands behind the headers.
pub(super) fn udp(walk: &mut Walk<'_>, datagram: &[u8], tunnels: Tunnels) -> Option<Next> {
    let (sport, dport, data) = (be16(datagram, 0)?, be16(datagram, 2)?, datagram.get(8..)?);
    if tunnels.vxlan && dport == VXLAN {
        // The flag says that there is a network number.
        let known = data.len() >= 8 + 14 && data.first().is_some_and(|flags| flags & 0x08 != 0);
        return known.then(|| {
            walk.at += 8 + 8;
            Next::Ether
        });
    }
    if tunnels.geneve && dport == GENEVE {
        let (first, kind) = (*data.first()?, be16(data, 2)?);
        let size = 8 + usize::from(first & 0x3F) * 4;
        let next = match kind {
            0x6558 => Next::Ether,
            0x0800 | 0x86DD => Next::Type(kind),
            _ => return None,
        };
        return (first >> 6 == 0 && data.len() > size).then(|| {
            walk.at += 8 + size;
            next
        });
    }
    if tunnels.teredo && sport != DNS && dport != DNS {
        let skip = teredo(data)?;
        walk.at += 8 + skip;
        walk.encaps |= encaps::TEREDO;
        return Some(Next::Type(0x86DD));
    }
    None
}

/// Length of the Teredo headers in front of an IPv6 header, nothing if there is none.
///
/// # Source
/// RFC 4380, section 5.1.1.
fn teredo(data: &[u8]) -> Option<usize> {
    let mut at = 0;
    if let Some(&[0, 1, id, auth]) = data.first_chunk::<4>() {
        // Identification, authentication, nonce and confirmation.
        at += 4 + usize::from(id) + usize::from(auth) + 9;
    }
    if data.get(at..at + 2) == Some(&[0, 0]) {
        at += 8;
    }
    let inner = data.get(at..)?;
    (inner.len() >= IPV6 && inner.first().is_some_and(|b| b >> 4 == 6)).then_some(at)
}

#[cfg(test)]
mod tests {
    use super::super::frame::{Net, dissect_through};
    use super::super::link::LinkType;
    use super::*;

    const ALL: Tunnels = Tunnels { teredo: true, vxlan: true, geneve: true };

    fn ip6() -> Vec<u8> {
        let mut p = vec![0x60, 0, 0, 0, 0, 8, 17, 64];
        p.extend([1; 16]);
        p.extend([2; 16]);
        p.extend([0, 7, 0, 9, 0, 8, 0, 0]);
        p
    }

    fn ether(kind: u16, body: &[u8]) -> Vec<u8> {
        [&[2, 0, 0, 0, 0, 9, 2, 0, 0, 0, 0, 8][..], &kind.to_be_bytes(), body].concat()
    }

    /// An IPv4 packet with a datagram from port 1000 to `dport`.
    fn carried(dport: u16, data: &[u8]) -> Vec<u8> {
        let length = 28 + data.len() as u16;
        let mut p = vec![0x45, 0];
        p.extend(length.to_be_bytes());
        p.extend([0, 1, 0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2]);
        p.extend(1000u16.to_be_bytes());
        p.extend(dport.to_be_bytes());
        p.extend((length - 20).to_be_bytes());
        p.extend([0, 0]);
        p.extend(data);
        p
    }

    /// 6 if the walk came to the inner packet, 4 if it ended at the outer one, 0 for ARP.
    fn walked(dport: u16, data: &[u8], tunnels: Tunnels) -> u8 {
        let packet = carried(dport, data);
        match dissect_through(LinkType::RAW, &packet, packet.len() as u32, tunnels).map(|p| p.net) {
            Some(Net::V6(ip)) => {
                assert_eq!((ip.src, ip.proto), ([1; 16], 17));
                6
            }
            Some(Net::V4(ip)) => {
                assert_eq!(ip.dst, 0x0A00_0002);
                4
            }
            Some(Net::Arp(_)) => 0,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn tunnels_in_udp_are_entered_only_when_asked_for() {
        let vxlan = [&[8, 0, 0, 0, 0, 0, 5, 0][..], &ether(0x86DD, &ip6())].concat();
        let geneve = [&[1, 0, 0x65, 0x58, 0, 0, 5, 0, 0, 0, 0, 0][..], &ether(0x86DD, &ip6())].concat();
        let plain = [&[0, 0, 0x86, 0xDD, 0, 0, 5, 0][..], &ip6()].concat();
        let signed = [&[0, 1, 2, 3][..], &[9; 5 + 9], &[0, 0, 1, 2, 3, 4, 5, 6], &ip6()].concat();
        for (dport, data) in [(4789, &vxlan), (6081, &geneve), (6081, &plain), (3544, &ip6()), (3544, &signed)] {
            assert_eq!(walked(dport, data, ALL), 6, "{dport}");
            assert_eq!(walked(dport, data, Tunnels::default()), 4, "{dport}");
        }
        assert_eq!(walked(4789, &vxlan, Tunnels { vxlan: false, ..ALL }), 4);
        assert_eq!(walked(4789, &[&vxlan[..8], &ether(0x0806, &[0; 28])].concat(), ALL), 0);
    }

    #[test]
    fn what_is_no_tunnel_stays_what_it_is() {
        for (dport, data) in [
            (4789, &[0u8; 60][..]),
            (4789, &[8; 10]),
            (6081, &[0x40; 60]),
            (6081, &[0, 0, 0x65, 0x58, 0, 0, 0, 0]),
            (53, &ip6()),
            (9, &ip6()[..39]),
            (9, &[0, 1, 255, 255, 0x60]),
            (9, &[]),
        ] {
            assert_eq!(walked(dport, data, ALL), 4, "{dport} {data:?}");
        }
        // An unknown type inside leaves the carrier's flow.
        assert_eq!(walked(4789, &[&[8, 0, 0, 0, 0, 0, 5, 0][..], &ether(0x88CC, &[0; 30])].concat(), ALL), 4);
    }
}
