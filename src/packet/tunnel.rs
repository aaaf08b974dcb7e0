//! Encapsulations inside a frame: MPLS, PPP, PPPoE, GRE, ERSPAN.

use super::bytes::{be16, be32};
use super::frame::{Next, Walk, encaps};

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
