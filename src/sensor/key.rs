//! From a packet to its flow: the key, and whether the packet runs against the key's canonical order.

use std::hash::{BuildHasher as _, Hasher as _};
use std::sync::OnceLock;

use super::config::{KeyBase, Keys};
use super::{arp, icmp, isis};
use crate::base::hash::Seed;
use crate::packet::{Ether, Layer2, Net, Packet, V4, V6, Wlan, be16, be32};

/// What a flow is, as far as its state and its timeout go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Tcp,
    Udp,
    Icmp,
    Icmp6,
    Igmp,
    Esp,
    Ip,
    /// A fragment with offset above 0, IPv4.
    Fragment4,
    /// A fragment with offset above 0, IPv6.
    Fragment6,
    Arp,
    Rarp,
    Isis,
    Wlan,
    Layer2,
}

/// The kind of address pair that a key holds; part of the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Family {
    V4 = 1,
    V4Fragment = 2,
    V6 = 3,
    V6Fragment = 4,
    Arp = 5,
    Rarp = 6,
    Isis = 7,
    Wlan = 8,
    Layer2 = 9,
    /// Addresses alone, IPv4.
    Matrix4 = 10,
    /// Addresses alone, IPv6.
    Matrix6 = 11,
}

/// A flow's key in canonical order: four words of addresses, one of `tail` (six bytes), protocol and family, and one of
/// what else tells flows apart if that is asked for (0 otherwise).
///
/// Keys too long for it (IS-IS, 802.11) are replaced by two seeded hashes of their bytes.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Key(pub(super) [u64; 6]);

impl PartialEq for Key {
    /// Without the call that comparing arrays is: every packet does this once.
    #[inline]
    fn eq(&self, other: &Key) -> bool {
        self.0.iter().zip(&other.0).fold(0, |differs, (a, b)| differs | (a ^ b)) == 0
    }
}

impl Eq for Key {}

impl Key {
    #[inline]
    fn new(words: [u64; 4], tail: [u8; 6], proto: u8, family: Family) -> Key {
        let [a, b, c, d, e, f] = tail;
        let last = u64::from_be_bytes([a, b, c, d, e, f, proto, family as u8]);
        Key([words[0], words[1], words[2], words[3], last, 0])
    }

    #[inline]
    fn v4(src: u32, dst: u32, proto: u8, tail: [u8; 6]) -> Key {
        Key::new([u64::from(src) << 32 | u64::from(dst), 0, 0, 0], tail, proto, Family::V4)
    }

    /// The six bytes behind the protocol number.
    pub(super) fn tail(&self) -> [u8; 6] {
        let [a, b, c, d, e, f, _, _] = self.0[4].to_be_bytes();
        [a, b, c, d, e, f]
    }

    pub(super) fn proto(&self) -> u8 {
        self.0[4].to_be_bytes()[6]
    }

    pub(super) fn family(&self) -> u8 {
        self.0[4].to_be_bytes()[7]
    }

    /// The key of a longer byte string.
    fn wide(bytes: &[u8], family: Family) -> Key {
        static SEEDS: OnceLock<[Seed; 2]> = OnceLock::new();
        let [a, b] = SEEDS.get_or_init(Default::default).each_ref().map(|s| s.hash_one(bytes));
        Key::new([a, b, bytes.len() as u64, 0], [0; 6], 0, family)
    }

    /// Hashes what differs between keys of this family.
    #[inline]
    pub(super) fn hash(&self, state: &Seed) -> u64 {
        let mut h = state.build_hasher();
        h.write_u64(self.0[0]);
        h.write_u64(self.0[4]);
        if self.family() != Family::V4 as u8 || self.0[5] != 0 {
            h.write_u64(self.0[1]);
            h.write_u64(self.0[2]);
            h.write_u64(self.0[3]);
            h.write_u64(self.0[5]);
        }
        h.finish()
    }
}

/// What a packet says about its flow.
#[derive(Clone, Copy, Debug)]
pub(super) struct Identity {
    pub(super) key: Key,
    pub(super) kind: Kind,
    /// The packet runs against the canonical order.
    pub(super) reverse: bool,
}

/// The flow that a packet belongs to; nothing for packets that make none.
#[inline]
pub(super) fn identify(packet: &Packet<'_>) -> Option<Identity> {
    match &packet.net {
        Net::V4(ip) => Some(v4_identity(ip)),
        Net::V6(ip) => v6(ip),
        Net::Arp(body) => arp::identify(body).map(|(words, tail, reverse)| Identity {
            key: Key::new(words, tail, 0, Family::Arp),
            kind: Kind::Arp,
            reverse,
        }),
        Net::Rarp(body) => arp::identify_rarp(body).map(|(words, tail)| Identity {
            key: Key::new(words, tail, 0, Family::Rarp),
            kind: Kind::Rarp,
            reverse: false,
        }),
        Net::Isis(pdu) => isis::key_bytes(pdu, packet.ether.unwrap_or_default()).map(|bytes| Identity {
            key: Key::wide(&bytes, Family::Isis),
            kind: Kind::Isis,
            reverse: false,
        }),
        Net::Wlan(w) => {
            Some(Identity { key: Key::wide(&wlan_body(w), Family::Wlan), kind: Kind::Wlan, reverse: false })
        }
        Net::Layer2(l) => Some(layer2(*l, packet.ether.unwrap_or_default())),
    }
}

/// As [`identify`], by what the settings make a flow's key.
pub(super) fn identify_by(keys: Keys, packet: &Packet<'_>) -> Option<Identity> {
    let mut id = match (keys.base, &packet.net) {
        (KeyBase::Addresses, Net::V4(ip)) => matrix4(ip),
        (KeyBase::Addresses, Net::V6(ip)) => matrix6(ip),
        (KeyBase::Stations, _) => layer2(packet.carrier, packet.ether.unwrap_or_default()),
        _ => identify(packet)?,
    };
    let vlan = if keys.vlan { packet.vlan.map_or(0, |tag| u64::from(tag & 0xFFF) + 1) } else { 0 };
    // The whole entry with its class, end mark and hops, as the classic sensor takes it.
    let label = if keys.mpls { packet.mpls.map_or(0, |entry| u64::from(entry) + 1) } else { 0 };
    id.key.0[5] = vlan | label << 16 | u64::from(keys.unidirectional && id.reverse) << 56;
    Some(id)
}

fn matrix4(ip: &V4<'_>) -> Identity {
    let reverse = ip.src > ip.dst;
    let (a, b) = if reverse { (ip.dst, ip.src) } else { (ip.src, ip.dst) };
    let words = [u64::from(a) << 32 | u64::from(b), 0, 0, 0];
    Identity { key: Key::new(words, [0; 6], 0, Family::Matrix4), kind: Kind::Ip, reverse }
}

fn matrix6(ip: &V6<'_>) -> Identity {
    let (reverse, _) = order6(ip, Kind::Ip, [0; 6]);
    let (first, second) = if reverse { (&ip.dst, &ip.src) } else { (&ip.src, &ip.dst) };
    let ([a, b], [c, d]) = (halves(first), halves(second));
    Identity { key: Key::new([a, b, c, d], [0; 6], 0, Family::Matrix6), kind: Kind::Ip, reverse }
}

/// The flow of an IPv4 packet.
#[inline]
pub(super) fn v4_identity(ip: &V4<'_>) -> Identity {
    if ip.fragment_offset > 0 {
        return v4_fragment(ip);
    }
    let (kind, ports, id) = match ip.proto {
        6 => (Kind::Tcp, ports4(ip, 20), 0),
        17 => {
            let ports = ports4(ip, 8);
            (Kind::Udp, ports, dns_id(ip, ports))
        }
        1 => return icmp::identify(ip),
        2 => return igmp(ip),
        50 => {
            let [a, b, c, d] = ip.payload.first_chunk::<4>().copied().unwrap_or_default();
            let key = Key::v4(ip.src, ip.dst, 50, [0, 0, a, b, c, d]);
            return Identity { key, kind: Kind::Esp, reverse: false };
        }
        _ => (Kind::Ip, 0, 0),
    };
    // Address and port as one number, so that one comparison decides.
    let end = |address: u32, port: u32| u64::from(address) << 16 | u64::from(port & 0xFFFF);
    let reverse = end(ip.src, ports >> 16) > end(ip.dst, ports);
    let (src, dst, ports) = if reverse { (ip.dst, ip.src, ports.rotate_left(16)) } else { (ip.src, ip.dst, ports) };
    let last = u64::from(ports) << 32 | u64::from(id) << 16 | u64::from(ip.proto) << 8 | Family::V4 as u64;
    let key = Key([u64::from(src) << 32 | u64::from(dst), 0, 0, 0, last, 0]);
    Identity { key, kind, reverse }
}

/// Source and destination port, or 0 when they are not captured or the payload is too short for the header.
#[inline]
fn ports4(ip: &V4<'_>, header: u32) -> u32 {
    match ip.payload.first_chunk::<4>() {
        Some(ports) if ip.payload_len() >= header => u32::from_be_bytes(*ports),
        _ => 0,
    }
}

/// The number of a DNS question, its bytes exchanged; 0 for all other datagrams.
#[inline]
fn dns_id(ip: &V4<'_>, ports: u32) -> u16 {
    if ports >> 16 == 53 || ports & 0xFFFF == 53 { be16(ip.payload, 8).unwrap_or(0).swap_bytes() } else { 0 }
}

/// The key of an IPv4 fragment train, by any of its fragments.
pub(super) fn v4_fragment(ip: &V4<'_>) -> Identity {
    let reverse = ip.src > ip.dst;
    let (src, dst) = if reverse { (ip.dst, ip.src) } else { (ip.src, ip.dst) };
    let id = ip.id.to_le_bytes();
    let words = [u64::from(src) << 32 | u64::from(dst), 0, 0, 0];
    let key = Key::new(words, [0, 0, 0, 0, id[0], id[1]], ip.proto, Family::V4Fragment);
    Identity { key, kind: Kind::Fragment4, reverse }
}

fn igmp(ip: &V4<'_>) -> Identity {
    let kind = ip.payload.first().copied().unwrap_or(0);
    let code = ip.payload.get(1).copied().unwrap_or(0);
    let group = be32(ip.payload, 4);
    let dst = match (kind, group) {
        (0x11, Some(0)) | (_, None) => ip.dst,
        (_, Some(g)) => g,
    };
    let id = ip.id.to_be_bytes();
    let key = Key::v4(ip.src, dst, 2, [kind, code, 0, 0, id[0], id[1]]);
    Identity { key, kind: Kind::Igmp, reverse: false }
}

/// A one-way or request/reply key without address order.
pub(super) fn v4_key(src: u32, dst: u32, proto: u8, tail: [u8; 6], copy: u8) -> Key {
    let mut key = Key::v4(src, dst, proto, tail);
    // Only ICMP errors carry a second protocol number; it is not worth a word in everybody's hash.
    key.0[1] = u64::from(copy);
    key
}

fn v6(ip: &V6<'_>) -> Option<Identity> {
    let (kind, family, tail) = match ip.fragment {
        Some(f) if f.offset > 0 => {
            let [a, b, c, d] = f.id.to_le_bytes();
            (Kind::Fragment6, Family::V6Fragment, [a, b, c, d, 0, 0])
        }
        _ => {
            let [a, b, c, d] = ip.payload.first_chunk::<4>().copied().unwrap_or_default();
            match ip.proto {
                6 => (Kind::Tcp, Family::V6, [a, b, c, d, 0, 0]),
                17 => (Kind::Udp, Family::V6, [a, b, c, d, 0, 0]),
                58 => (Kind::Icmp6, Family::V6, [icmp::fold6(a), b, 0, 0, 0, 0]),
                50 => return None,
                _ => (Kind::Ip, Family::V6, [0; 6]),
            }
        }
    };
    let (reverse, ports) = order6(ip, kind, tail);
    let (first, second) = if reverse { (&ip.dst, &ip.src) } else { (&ip.src, &ip.dst) };
    let ([a, b], [c, d]) = (halves(first), halves(second));
    Some(Identity { key: Key::new([a, b, c, d], ports, ip.proto, family), kind, reverse })
}

/// Whether the larger address is the destination, and the ports in canonical order.
fn order6(ip: &V6<'_>, kind: Kind, tail: [u8; 6]) -> (bool, [u8; 6]) {
    let [a, b, c, d, e, f] = tail;
    let ported = matches!(kind, Kind::Tcp | Kind::Udp);
    let reverse = match ip.src.cmp(&ip.dst) {
        std::cmp::Ordering::Less => true,
        std::cmp::Ordering::Greater => false,
        std::cmp::Ordering::Equal => ported && [a, b] > [c, d],
    };
    (reverse, if reverse && ported { [c, d, a, b, e, f] } else { tail })
}

fn halves(addr: &[u8; 16]) -> [u64; 2] {
    let v = u128::from_be_bytes(*addr);
    [(v >> 64) as u64, v as u64]
}

fn layer2(l: Layer2, ether: Ether) -> Identity {
    let reverse = ether.src > ether.dst;
    let (small, large) = if reverse { (ether.dst, ether.src) } else { (ether.src, ether.dst) };
    let [a, b] = l.ethertype.to_be_bytes();
    let (dsap, ssap) = (l.dsap, l.ssap);
    let words = [six(small), six(large), 0, 0];
    Identity { key: Key::new(words, [a, b, dsap, ssap, 0, 0], 0, Family::Layer2), kind: Kind::Layer2, reverse }
}

/// A hardware address in the lower 48 bits of a word.
pub(super) fn six(mac: [u8; 6]) -> u64 {
    let [a, b, c, d, e, f] = mac;
    u64::from_be_bytes([0, 0, a, b, c, d, e, f])
}

/// The body of an 802.11 flow DSR, 52 bytes: three addresses, network name, padding.
pub(super) fn wlan_body(w: &Wlan<'_>) -> [u8; 52] {
    let mut body = [0; 52];
    let fields = w.dst.iter().chain(&w.src).chain(&w.bssid).chain(w.ssid.iter().take(32));
    for (to, from) in body.iter_mut().zip(fields) {
        *to = *from;
    }
    body
}
