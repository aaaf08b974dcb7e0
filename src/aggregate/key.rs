//! What makes records the same: lists of keys as `-m` names them.
//!
//! A key is a short text of bytes, equal for equal flows. It is built from the view of a record without allocating.

use arrayvec::ArrayVec;

use crate::record::{Addr, DsrKind, Far, FlowForm, SrcId};

/// Most keys in a list; more would not fit [`KeyBytes`].
const MAX_KEYS: usize = 24;
/// The key of one record.
pub(super) type KeyBytes = ArrayVec<u8, 512>;

/// How much of an address counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prefix(pub Option<u8>);

/// One thing by which records are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// Identity of the sensor.
    SrcId,
    /// Source address or its prefix.
    Saddr(Prefix),
    /// Destination address or its prefix.
    Daddr(Prefix),
    /// Protocol.
    Proto,
    /// Source port.
    Sport,
    /// Destination port.
    Dport,
    /// Type of service.
    Stos,
    /// Type of service.
    Dtos,
    /// Time to live.
    Sttl,
    /// Time to live.
    Dttl,
    /// First sequence number of TCP.
    Stcpb,
    /// First sequence number of TCP.
    Dtcpb,
    /// Node that sent an ICMP error, or its prefix.
    Inode(Prefix),
    /// Ethernet address.
    Smac,
    /// Ethernet address.
    Dmac,
    /// Vendor of the Ethernet address.
    Soui,
    /// Vendor of the Ethernet address.
    Doui,
    /// MPLS label.
    Smpls,
    /// MPLS label.
    Dmpls,
    /// VLAN.
    Svlan,
    /// VLAN.
    Dvlan,
    /// Country.
    Sco,
    /// Country.
    Dco,
    /// AS number.
    Sas,
    /// AS number.
    Das,
    /// AS number of the node that sent an ICMP error.
    Ias,
}

/// Names of the keys, and by which field rows are sorted.
const NAMES: &[(&str, Key)] = &[
    ("srcid", Key::SrcId),
    ("saddr", Key::Saddr(Prefix(None))),
    ("daddr", Key::Daddr(Prefix(None))),
    ("proto", Key::Proto),
    ("sport", Key::Sport),
    ("dport", Key::Dport),
    ("stos", Key::Stos),
    ("dtos", Key::Dtos),
    ("sttl", Key::Sttl),
    ("dttl", Key::Dttl),
    ("stcpb", Key::Stcpb),
    ("dtcpb", Key::Dtcpb),
    ("inode", Key::Inode(Prefix(None))),
    ("smac", Key::Smac),
    ("dmac", Key::Dmac),
    ("soui", Key::Soui),
    ("doui", Key::Doui),
    ("smpls", Key::Smpls),
    ("dmpls", Key::Dmpls),
    ("svlan", Key::Svlan),
    ("dvlan", Key::Dvlan),
    ("sco", Key::Sco),
    ("dco", Key::Dco),
    ("sas", Key::Sas),
    ("das", Key::Das),
    ("ias", Key::Ias),
];

/// Names that stand for both sides.
const PAIRS: &[(&str, [Key; 2])] = &[
    ("addr", [Key::Saddr(Prefix(None)), Key::Daddr(Prefix(None))]),
    ("port", [Key::Sport, Key::Dport]),
    ("mac", [Key::Smac, Key::Dmac]),
];

/// Whether the ends are put in order first, so that both directions are one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Matrix {
    /// By address.
    Address,
    /// By Ethernet address.
    Mac,
}

/// A list of keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Model {
    /// What counts, in the order of the list.
    pub keys: Vec<Key>,
    /// Whether the ends are put in order.
    pub matrix: Option<Matrix>,
    /// The names that rows are sorted by; none if in the order of the last merge.
    pub order: Vec<&'static str>,
    /// Whether this is the list that is used when none is given.
    pub is_default: bool,
    /// Whether nothing is the same as anything else (`none`).
    pub is_none: bool,
}

/// Why a list of keys cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// No key has that name.
    #[error("unknown key '{name}'{}", .suggestion.map(|s| format!(" (did you mean '{s}'?)")).unwrap_or_default())]
    Unknown {
        /// What was written.
        name: String,
        /// The nearest key.
        suggestion: Option<&'static str>,
    },
    /// The prefix length is none.
    #[error("key '{key}': the part behind / must be a prefix length up to 128 or a mask such as 255.255.0.0")]
    Prefix {
        /// What was written.
        key: String,
    },
    /// More keys than are taken.
    #[error("more than {MAX_KEYS} keys")]
    TooMany,
}

impl Default for Model {
    /// Sensor, protocol, addresses and ports.
    fn default() -> Model {
        let any = Prefix(None);
        let keys = vec![Key::SrcId, Key::Proto, Key::Saddr(any), Key::Sport, Key::Daddr(any), Key::Dport];
        Model { keys, matrix: None, order: Vec::new(), is_default: true, is_none: false }
    }
}

impl Model {
    /// From the words of `-m`.
    ///
    /// # Errors
    /// A key is unknown, or there are too many.
    pub fn parse<'a>(words: impl IntoIterator<Item = &'a str>) -> Result<Model, KeyError> {
        let mut model = Model { keys: Vec::new(), matrix: None, order: Vec::new(), is_default: false, is_none: false };
        let mut is_sorted = true;
        for word in words.into_iter().flat_map(|w| w.split([' ', ',', '\t'])).filter(|w| !w.is_empty()) {
            if model.keys.len() + 2 >= MAX_KEYS {
                return Err(KeyError::TooMany);
            }
            let (name, part) = word.split_once('/').map_or((word, None), |(n, p)| (n, Some(p)));
            let prefix = match part {
                None => Prefix(None),
                Some(p) => Prefix(Some(prefix(p).ok_or_else(|| KeyError::Prefix { key: shortened(word) })?)),
            };
            if let Some((_, pair)) = PAIRS.iter().find(|(n, _)| *n == name) {
                model.keys.extend(pair.iter().map(|k| k.with(prefix)));
                is_sorted = false;
            } else if matches!(name, "matrix" | "macmatrix") {
                let is_mac = name == "macmatrix";
                model.matrix = Some(if is_mac { Matrix::Mac } else { Matrix::Address });
                model.keys.extend(if is_mac {
                    [Key::Smac, Key::Dmac]
                } else {
                    [Key::Saddr(prefix), Key::Daddr(prefix)]
                });
                is_sorted = false;
            } else if name == "none" {
                model.is_none = true;
                is_sorted = false;
            } else {
                let (name, key) = NAMES.iter().find(|(n, _)| *n == name).ok_or_else(|| unknown(name))?;
                model.keys.push(key.with(prefix));
                model.order.push(name);
            }
        }
        if !is_sorted {
            model.order.clear();
        }
        // A port means nothing without its protocol.
        if model.keys.iter().any(|k| matches!(k, Key::Sport | Key::Dport)) && !model.keys.contains(&Key::Proto) {
            model.keys.push(Key::Proto);
        }
        Ok(model)
    }

    /// Whether something of the kind counts.
    pub(super) fn has(&self, is: impl Fn(&Key) -> bool) -> bool {
        self.keys.iter().any(is)
    }

    /// Appends the key of a record; `turned` takes its ends the other way round.
    pub(super) fn build(&self, far: &Far<'_>, turned: bool, out: &mut KeyBytes) {
        for key in &self.keys {
            key.append(far, turned, out);
        }
    }

    /// Whether the record's ends have to be exchanged for the matrix.
    #[must_use]
    pub fn is_backwards(&self, far: &Far<'_>) -> bool {
        match self.matrix {
            None => false,
            Some(Matrix::Address) => match (far.flow().form, far.flow().key.saddr, far.flow().key.daddr) {
                (FlowForm::V4, a, b) => a > b,
                (FlowForm::V6, Addr::V6(a), Addr::V6(b)) => words(a) > words(b),
                _ => false,
            },
            Some(Matrix::Mac) => far.mac().is_some_and(|m| m.addr.src > m.addr.dst),
        }
    }
}

fn shortened(word: &str) -> String {
    word.chars().take(40).collect()
}

fn unknown(name: &str) -> KeyError {
    let names =
        || NAMES.iter().map(|(n, _)| *n).chain(PAIRS.iter().map(|(n, _)| *n)).chain(["matrix", "macmatrix", "none"]);
    KeyError::Unknown { name: shortened(name), suggestion: crate::base::nearest(name, names()) }
}

/// An IPv6 address as it compares: its words of 32 bits from their last byte to their first, as in the classic clients.
pub(super) fn words(addr: std::net::Ipv6Addr) -> [u8; 16] {
    let mut bytes = addr.octets();
    bytes.as_chunks_mut::<4>().0.iter_mut().for_each(|word| word.reverse());
    bytes
}

/// A prefix length, or the length of a mask.
fn prefix(text: &str) -> Option<u8> {
    if let Ok(mask) = text.parse::<std::net::Ipv4Addr>() {
        let bits = u32::from(mask);
        return (bits.leading_ones() + bits.trailing_zeros() >= 32).then(|| bits.leading_ones() as u8);
    }
    text.parse::<u8>().ok().filter(|n| *n <= 128)
}

/// The first bits of an address.
pub(super) fn mask_v4(addr: u32, len: u8) -> u32 {
    if len == 0 { 0 } else { addr & u32::MAX << (32 - u32::from(len.min(32))) }
}

/// The first bits of an address.
pub(super) fn mask_v6(addr: u128, len: u8) -> u128 {
    if len == 0 { 0 } else { addr & u128::MAX << (128 - u32::from(len.min(128))) }
}

impl Prefix {
    /// The part of an address that counts, and its length.
    pub(super) fn of(self, addr: Addr) -> (Addr, Option<u8>) {
        let Some(len) = self.0 else { return (addr, None) };
        match addr {
            Addr::V4(a) => (Addr::V4(mask_v4(a.into(), len).into()), Some(len.min(32))),
            Addr::V6(a) => (Addr::V6(mask_v6(a.into(), len).into()), Some(len)),
            other => (other, None),
        }
    }
}

impl Key {
    fn with(self, prefix: Prefix) -> Key {
        match self {
            Key::Saddr(_) => Key::Saddr(prefix),
            Key::Daddr(_) => Key::Daddr(prefix),
            Key::Inode(_) => Key::Inode(prefix),
            other => other,
        }
    }

    /// The same of the other end.
    fn turned(self) -> Key {
        match self {
            Key::Saddr(p) => Key::Daddr(p),
            Key::Daddr(p) => Key::Saddr(p),
            Key::Sport => Key::Dport,
            Key::Dport => Key::Sport,
            Key::Stos => Key::Dtos,
            Key::Dtos => Key::Stos,
            Key::Sttl => Key::Dttl,
            Key::Dttl => Key::Sttl,
            Key::Stcpb => Key::Dtcpb,
            Key::Dtcpb => Key::Stcpb,
            Key::Smac => Key::Dmac,
            Key::Dmac => Key::Smac,
            Key::Soui => Key::Doui,
            Key::Doui => Key::Soui,
            Key::Smpls => Key::Dmpls,
            Key::Dmpls => Key::Smpls,
            Key::Svlan => Key::Dvlan,
            Key::Dvlan => Key::Svlan,
            Key::Sco => Key::Dco,
            Key::Dco => Key::Sco,
            Key::Sas => Key::Das,
            Key::Das => Key::Sas,
            Key::SrcId | Key::Proto | Key::Inode(_) | Key::Ias => self,
        }
    }

    fn append(self, far: &Far<'_>, turned: bool, out: &mut KeyBytes) {
        let f = far.flow();
        match if turned { self.turned() } else { self } {
            Key::Saddr(p) => end(far, p, f.key.saddr, out),
            Key::Daddr(p) => end(far, p, f.key.daddr, out),
            Key::Proto => proto(far, out),
            Key::Sport => port(far, true, turned, out),
            Key::Dport => port(far, false, turned, out),
            Key::SrcId => srcid(far, out),
            Key::Inode(p) => address(p.of(far.icmp_error().map_or(Addr::None, |e| Addr::V4(e.node))).0, out),
            other => other.attribute(far, out),
        }
    }

    /// Keys that are no part of the flow key.
    fn attribute(self, far: &Far<'_>, out: &mut KeyBytes) {
        match self {
            Key::Stos => opt(far.ip_attrs().attr.src.map(|a| [a.tos]), out),
            Key::Dtos => opt(far.ip_attrs().attr.dst.map(|a| [a.tos]), out),
            Key::Sttl => opt(far.ip_attrs().attr.src.map(|a| [a.ttl]), out),
            Key::Dttl => opt(far.ip_attrs().attr.dst.map(|a| [a.ttl]), out),
            Key::Stcpb => opt(far.tcp().map(|t| t.src.base.to_be_bytes()), out),
            Key::Dtcpb => opt(far.tcp().map(|t| t.dst.base.to_be_bytes()), out),
            Key::Smac => opt(far.mac().map(|m| m.addr.src), out),
            Key::Dmac => opt(far.mac().map(|m| m.addr.dst), out),
            Key::Soui => opt(far.mac().and_then(|m| m.addr.src.first_chunk::<3>().copied()), out),
            Key::Doui => opt(far.mac().and_then(|m| m.addr.dst.first_chunk::<3>().copied()), out),
            Key::Smpls => opt(far.mpls().src.map(|l| (l >> 12).to_be_bytes()), out),
            Key::Dmpls => opt(far.mpls().dst.map(|l| (l >> 12).to_be_bytes()), out),
            Key::Svlan => opt(far.vlan().src.map(|v| (v & 0x0FFF).to_be_bytes()), out),
            Key::Dvlan => opt(far.vlan().dst.map(|v| (v & 0x0FFF).to_be_bytes()), out),
            Key::Sco => opt(far.countries().src, out),
            Key::Dco => opt(far.countries().dst, out),
            Key::Sas => opt(far.asns().map(|a| a.asn.src.to_be_bytes()), out),
            Key::Das => opt(far.asns().map(|a| a.asn.dst.to_be_bytes()), out),
            Key::Ias => opt(far.asns().map(|a| a.inode.to_be_bytes()), out),
            _ => {}
        }
    }
}

fn push(bytes: &[u8], out: &mut KeyBytes) {
    // MAX_KEYS of at most 21 bytes each do not fill it.
    let _ = out.try_extend_from_slice(bytes);
}

fn opt<const N: usize>(value: Option<[u8; N]>, out: &mut KeyBytes) {
    push(&[u8::from(value.is_some())], out);
    push(&value.unwrap_or([0; N]), out);
}

fn address(addr: Addr, out: &mut KeyBytes) {
    match addr {
        Addr::None => push(&[0], out),
        Addr::V4(a) => {
            push(&[4], out);
            push(&a.octets(), out);
        }
        Addr::V6(a) => {
            push(&[6], out);
            push(&a.octets(), out);
        }
        Addr::Mac(a) => {
            push(&[1], out);
            push(&a, out);
        }
    }
}

/// One end. An address that ARP asks about is no end of an IP flow, and counts in full.
fn end(far: &Far<'_>, prefix: Prefix, addr: Addr, out: &mut KeyBytes) {
    if matches!(far.flow().form, FlowForm::Arp | FlowForm::Rarp) {
        push(&[7], out);
        address(addr, out);
    } else {
        address(prefix.of(addr).0, out);
    }
}

/// The protocol of IP flows whatever their version; the kind of other flows.
fn proto(far: &Far<'_>, out: &mut KeyBytes) {
    let f = far.flow();
    match f.form {
        FlowForm::V4 | FlowForm::V6 => push(&[1, f.key.proto, 0], out),
        FlowForm::Ether => {
            let [a, b] = f.link_type.to_be_bytes();
            push(&[2, a, b], out);
        }
        other => push(&[3, other as u8, 0], out),
    }
}

/// Ports; of ICMP type, code and identifiers, of ESP the SPI.
fn port(far: &Far<'_>, src: bool, turned: bool, out: &mut KeyBytes) {
    let f = far.flow();
    let has_ports = matches!(f.key.proto, 6 | 17);
    // What is no port does not change its place with the direction.
    let src = if turned && !has_ports { !src } else { src };
    let own = if src { f.key.sport } else { f.key.dport };
    push(&own.to_be_bytes(), out);
    if !src && f.key.proto == 50 {
        push(&far.spi().unwrap_or(0).to_be_bytes(), out);
    } else if !src && f.form == FlowForm::V6 && f.key.proto == 58 {
        let id = far.dsr(DsrKind::Flow).and_then(|d| d.body.get(38..40)?.first_chunk::<2>().copied());
        push(&id.unwrap_or_default(), out);
    }
}

fn srcid(far: &Far<'_>, out: &mut KeyBytes) {
    match far.srcid() {
        None => push(&[0], out),
        Some(SrcId::Unset) => push(&[1], out),
        Some(SrcId::V4(a)) => {
            push(&[2], out);
            push(&a.octets(), out);
        }
        Some(SrcId::Int(n)) => {
            push(&[3], out);
            push(&n.to_be_bytes(), out);
        }
        Some(SrcId::Text(t)) => {
            push(&[4], out);
            push(&t, out);
        }
        Some(SrcId::V6(a)) => {
            push(&[5], out);
            push(&a.octets(), out);
        }
        Some(SrcId::Uuid(u)) => {
            push(&[6], out);
            push(&u, out);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_keys_are_read() {
        let m = Model::parse(["saddr/16 proto", "dport"]).unwrap();
        assert_eq!(m.keys, [Key::Saddr(Prefix(Some(16))), Key::Proto, Key::Dport]);
        assert_eq!(m.order, ["saddr", "proto", "dport"]);
        assert_eq!(Model::parse(["sport"]).unwrap().keys, [Key::Sport, Key::Proto]);
        let m = Model::parse(["matrix/255.255.0.0"]).unwrap();
        assert_eq!((m.matrix, m.order.len()), (Some(Matrix::Address), 0));
        assert_eq!(m.keys.first(), Some(&Key::Saddr(Prefix(Some(16)))));
    }

    #[test]
    fn mistakes_are_named() {
        for (word, message) in [
            ("sadr", "unknown key 'sadr' (did you mean 'saddr'?)"),
            (
                "saddr/200",
                "key 'saddr/200': the part behind / must be a prefix length up to 128 or a mask such as 255.255.0.0",
            ),
            (
                "saddr/255.0.255.0",
                "key 'saddr/255.0.255.0': the part behind / must be a prefix length up to 128 or a mask such as 255.255.0.0",
            ),
        ] {
            assert_eq!(Model::parse([word]).unwrap_err().to_string(), message);
        }
        assert_eq!(Model::parse(vec!["saddr"; 100]), Err(KeyError::TooMany));
    }

    #[test]
    fn prefixes_are_cut() {
        assert_eq!(mask_v4(0xC0A8_0A11, 16), 0xC0A8_0000);
        assert_eq!((mask_v4(5, 0), mask_v4(5, 32), mask_v6(7, 0), mask_v6(7, 128)), (0, 5, 0, 7));
    }
}
