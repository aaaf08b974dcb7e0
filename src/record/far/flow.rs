//! The flow key, DSR type 02.
//!
//! The subtype's low six bits are the kind (1 five-tuple, 3 address pair, 6 ARP and RARP), bit 0x40 says REVERSE; the
//! qualifier's low five bits are the address type, 0x20 direction known, 0x40 mask lengths present, 0x80 fragment.
//!
//! | form | body |
//! |---|---|
//! | IPv4 | saddr 4, daddr 4, proto, -, then by protocol: ports; type, code, id le, seq le; SPI at 12; masks at 14, 15 |
//! | IPv6 | saddr 16, daddr 16, proto, flow label 3, ports or type, code, id; masks u16 le at 40, 42 |
//! | Ethernet | daddr 6, saddr 6, ethertype, dsap, ssap |
//! | ARP | hardware type, protocol type, hln, pln, op, saddr 4, target 4, hardware address |
//! | RARP | hardware type, protocol type, hln, pln, op, target 4, source MAC 6, destination MAC 6 |
//! | 802.11 | daddr 6, saddr 6, BSSID 6, SSID 32 |
//! | IS-IS | PDU type u32, saddr 6, daddr 6, version, 3 pad, union of 14, checksum u32 |
//! | pair | IPv4: both addresses u32 **little-endian**; IPv6: 16 and 16 |

use std::net::{Ipv4Addr, Ipv6Addr};

use crate::record::codec::Dsr;
use crate::record::{Addr, FlowKey, wire};

/// Shape of a flow key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum FlowForm {
    /// No flow key, or one of a shape that is not known.
    #[default]
    None,
    /// IPv4 five-tuple.
    V4,
    /// IPv6 five-tuple.
    V6,
    /// Ethernet addresses and type.
    Ether,
    /// ARP.
    Arp,
    /// RARP.
    Rarp,
    /// 802.11.
    Wlan,
    /// IS-IS.
    Isis,
    /// Pair of IPv4 addresses.
    PairV4,
    /// Pair of IPv6 addresses.
    PairV6,
}

/// A decoded flow key, REVERSE resolved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flow {
    /// Shape of the key.
    pub form: FlowForm,
    /// Addresses, protocol and ports.
    pub key: FlowKey,
    /// Prefix length of the source address, if the record carries one.
    pub src_mask: Option<u8>,
    /// Prefix length of the destination address, if the record carries one.
    pub dst_mask: Option<u8>,
    /// Whether the record was stored with the ends exchanged (flag REVERSE).
    pub reversed: bool,
    /// Whether the sensor is sure of the direction.
    pub direction_known: bool,
    /// Whether it stands for fragments whose ports are unknown.
    pub fragment: bool,
    /// Ethernet: the type, 0 for LLC. IS-IS: the PDU type.
    pub link_type: u16,
}

impl Flow {
    /// Exchanges the ends.
    pub(super) fn exchange(&mut self) {
        std::mem::swap(&mut self.key.saddr, &mut self.key.daddr);
        std::mem::swap(&mut self.src_mask, &mut self.dst_mask);
        if matches!(self.key.proto, 6 | 17) {
            std::mem::swap(&mut self.key.sport, &mut self.key.dport);
        }
    }

    /// Decodes the DSR of a record of the given format version.
    #[inline]
    pub(super) fn parse(dsr: &Dsr<'_>, version: u8) -> Flow {
        let mut flow = Flow {
            reversed: dsr.subtype & 0x40 != 0,
            direction_known: dsr.qualifier & 0x20 != 0,
            fragment: dsr.qualifier & 0x80 != 0,
            ..Flow::default()
        };
        match (dsr.subtype & 0x3F, dsr.qualifier & 0x1F) {
            (1, 1) => flow.v4(dsr),
            (1, 2) => flow.v6(dsr),
            (1, 3) => flow.ether(dsr.body),
            (1, 8) => flow.wlan(dsr.body),
            (1, 0x0A) => flow.isis(dsr.body),
            (1 | 6, 4) => flow.arp(dsr.body),
            (1 | 6, 5) => flow.rarp(dsr.body),
            (3, 1) => flow.pair_v4(dsr.body),
            (3, 2) => flow.pair_v6(dsr.body),
            _ => {}
        }
        let exchanged = match flow.form {
            FlowForm::V4 | FlowForm::V6 | FlowForm::PairV4 | FlowForm::PairV6 => flow.reversed,
            // Readers of version 3 leave these as they are.
            FlowForm::Ether | FlowForm::Wlan => flow.reversed && version == 5,
            _ => false,
        };
        if exchanged {
            flow.exchange();
        }
        flow
    }

    fn v4(&mut self, dsr: &Dsr<'_>) {
        let mut short = [0; 16];
        let b: &[u8; 16] = match dsr.body.first_chunk::<16>() {
            Some(b) => b,
            None => {
                for (to, from) in short.iter_mut().zip(dsr.body) {
                    *to = *from;
                }
                &short
            }
        };
        let [a0, a1, a2, a3, b0, b1, b2, b3, proto, _, c0, c1, d0, d1, m0, m1] = *b;
        self.form = FlowForm::V4;
        let (sport, dport) = match proto {
            _ if self.fragment => (0, 0),
            6 | 17 => (u16::from_be_bytes([c0, c1]), u16::from_be_bytes([d0, d1])),
            // As the clients print them: code and type in one number, the id in the order of its bytes.
            1 => (u16::from_be_bytes([c1, c0]), u16::from_be_bytes([d0, d1])),
            50 => (0, u16::from_be_bytes([m0, m1])),
            _ => (0, 0),
        };
        self.key = FlowKey {
            saddr: Addr::V4(Ipv4Addr::new(a0, a1, a2, a3)),
            daddr: Addr::V4(Ipv4Addr::new(b0, b1, b2, b3)),
            proto,
            sport,
            dport,
        };
        if dsr.qualifier & 0x40 != 0 {
            (self.src_mask, self.dst_mask) = (Some(m0), Some(m1));
        }
    }

    fn v6(&mut self, dsr: &Dsr<'_>) {
        let b = dsr.body;
        self.form = FlowForm::V6;
        let proto = wire::byte(b, 32);
        let (sport, dport) = match proto {
            // Of a fragment this is its 32-bit id, which the clients print in the place of the ports.
            6 | 17 => (wire::be16(b, 36), wire::be16(b, 38)),
            _ if self.fragment => (0, 0),
            58 => (u16::from(wire::byte(b, 36)), u16::from(wire::byte(b, 37))),
            50 => (0, wire::be16(b, 38)),
            _ => (0, 0),
        };
        self.key = FlowKey { saddr: addr_v6(b, 0), daddr: addr_v6(b, 16), proto, sport, dport };
        if dsr.qualifier & 0x40 != 0 && b.len() >= 44 {
            let mask = |at| u8::try_from(wire::le16(b, at)).ok();
            (self.src_mask, self.dst_mask) = (mask(40), mask(42));
        }
    }

    fn ether(&mut self, b: &[u8]) {
        self.form = FlowForm::Ether;
        self.link_type = wire::be16(b, 12);
        self.key = FlowKey {
            saddr: Addr::Mac(wire::bytes(b, 6)),
            daddr: Addr::Mac(wire::bytes(b, 0)),
            proto: 0,
            sport: u16::from(wire::byte(b, 15)),
            dport: u16::from(wire::byte(b, 14)),
        };
    }

    fn wlan(&mut self, b: &[u8]) {
        self.form = FlowForm::Wlan;
        self.key =
            FlowKey { saddr: Addr::Mac(wire::bytes(b, 6)), daddr: Addr::Mac(wire::bytes(b, 0)), ..FlowKey::default() };
    }

    fn isis(&mut self, b: &[u8]) {
        self.form = FlowForm::Isis;
        self.link_type = u16::try_from(wire::be32(b, 0)).unwrap_or(u16::MAX);
        self.key = FlowKey {
            saddr: Addr::Mac(wire::bytes(b, 4)),
            daddr: Addr::Mac(wire::bytes(b, 10)),
            proto: 0,
            sport: 0,
            dport: wire::be16(b, 36),
        };
    }

    fn arp(&mut self, b: &[u8]) {
        self.form = FlowForm::Arp;
        self.key = FlowKey { saddr: addr_v4(b, 8), ..FlowKey::default() };
        // The sensor leaves the target out when the hardware address has no length.
        if b.len() >= 16 {
            self.key.daddr = addr_v4(b, 12);
        }
    }

    fn rarp(&mut self, b: &[u8]) {
        self.form = FlowForm::Rarp;
        // The clients show the destination's hardware address as the source.
        self.key = FlowKey {
            saddr: Addr::Mac(wire::bytes(b, 18)),
            daddr: Addr::Mac(wire::bytes(b, 12)),
            ..FlowKey::default()
        };
    }

    fn pair_v4(&mut self, b: &[u8]) {
        self.form = FlowForm::PairV4;
        let addr = |at| Addr::V4(Ipv4Addr::from(wire::le32(b, at)));
        self.key = FlowKey { saddr: addr(0), daddr: addr(4), ..FlowKey::default() };
    }

    fn pair_v6(&mut self, b: &[u8]) {
        self.form = FlowForm::PairV6;
        self.key = FlowKey { saddr: addr_v6(b, 0), daddr: addr_v6(b, 16), ..FlowKey::default() };
    }
}

fn addr_v4(b: &[u8], at: usize) -> Addr {
    Addr::V4(Ipv4Addr::from(wire::bytes::<4>(b, at)))
}

fn addr_v6(b: &[u8], at: usize) -> Addr {
    Addr::V6(Ipv6Addr::from(wire::bytes::<16>(b, at)))
}

/// What an ARP flow asks, beyond its addresses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ArpKey {
    /// Hardware type, 1 for Ethernet.
    pub hardware: u16,
    /// Protocol type, 0x0800 for IPv4.
    pub protocol: u16,
    /// Length of hardware addresses.
    pub hardware_len: u8,
    /// Length of protocol addresses.
    pub protocol_len: u8,
    /// Operation: 1 request, 2 reply, 3 reverse request, 4 reverse reply.
    pub op: u16,
    /// RARP: the address asked about.
    pub target: Option<Ipv4Addr>,
    /// The asker's hardware address as far as the key holds it; sensors store its first four bytes only.
    pub asker: [u8; 6],
}

impl ArpKey {
    pub(super) fn parse(b: &[u8], form: FlowForm) -> ArpKey {
        let rarp = form == FlowForm::Rarp;
        let asker_at = if rarp { 12 } else { 16 };
        let mut asker = [0; 6];
        for (to, from) in asker.iter_mut().zip(b.get(asker_at..).unwrap_or(&[])) {
            *to = *from;
        }
        ArpKey {
            hardware: wire::be16(b, 0),
            protocol: wire::be16(b, 2),
            hardware_len: wire::byte(b, 4),
            protocol_len: wire::byte(b, 5),
            op: wire::be16(b, 6),
            target: rarp.then(|| Ipv4Addr::from(wire::bytes::<4>(b, 8))),
            asker,
        }
    }
}

/// An IS-IS flow key beyond its addresses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct IsisKey {
    /// PDU type.
    pub pdu: u32,
    /// Protocol version.
    pub version: u8,
    /// The part that depends on the PDU type: system, LAN or LSP id.
    pub id: [u8; 14],
    /// Checksum.
    pub checksum: u32,
}

impl IsisKey {
    pub(super) fn parse(b: &[u8]) -> IsisKey {
        IsisKey {
            pdu: wire::be32(b, 0),
            version: wire::byte(b, 16),
            id: wire::bytes(b, 20),
            checksum: wire::be32(b, 34),
        }
    }
}

/// What an ICMP or ICMPv6 flow key says, in the numbers of the packet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct IcmpKey {
    /// Type.
    pub kind: u8,
    /// Code.
    pub code: u8,
    /// Identifier of an echo.
    pub id: u16,
    /// Sequence number of an echo; 0 in IPv6.
    pub seq: u16,
}

impl IcmpKey {
    pub(super) fn parse(b: &[u8], form: FlowForm) -> IcmpKey {
        if form == FlowForm::V6 {
            return IcmpKey { kind: wire::byte(b, 36), code: wire::byte(b, 37), id: wire::be16(b, 38), seq: 0 };
        }
        IcmpKey { kind: wire::byte(b, 10), code: wire::byte(b, 11), id: wire::le16(b, 12), seq: wire::le16(b, 14) }
    }
}
