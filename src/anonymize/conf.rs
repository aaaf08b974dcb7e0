//! What is replaced and how, and its configuration file (`ranonymize.conf`).
//!
//! The keys are those of the classic file in both its forms (the manual's and that of the file it comes with) and a few
//! more for what the classic tool leaves as it is; `docs/anonymize.md` lists them.

use std::net::{IpAddr, Ipv4Addr};
use std::str::FromStr;

use crate::base::{nearest::nearest, rc};

/// How a part of an address, or a number, is replaced.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Method {
    /// Numbered in the order of appearance.
    #[default]
    Sequential,
    /// Drawn from the pool; the seed and the original decide.
    Random,
    /// Left as it is.
    No,
}

/// How a number is moved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Shift {
    /// By an amount that the seed decides.
    #[default]
    Random,
    /// By this amount.
    Fixed(i64),
    /// Not at all.
    None,
}

/// What becomes of an attribute of IP headers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attribute {
    /// It stays.
    Keep,
    /// It becomes 0.
    Clear,
    /// It is moved.
    Shift(Shift),
}

/// Which relations between networks stay.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Hierarchy {
    /// Networks of 24 bits stay within their class.
    #[default]
    Class,
    /// Addresses share as many leading bits as before, within the network part of so many bits, else of the network
    /// address length; with 32, over all bits.
    Cidr(Option<u8>),
    /// Only the network itself.
    No,
}

/// How ports are replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PortMethod {
    /// All moved by one offset.
    Offset(Shift),
    /// Exchanged at random.
    Random,
    /// Left as they are.
    No,
}

/// A network and its replacement, host bits 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NetPair {
    /// The original.
    pub from: u32,
    /// The replacement.
    pub to: u32,
    /// Length of both, bits.
    pub bits: u8,
}

/// An Ethernet address and its replacement.
pub type MacPair = ([u8; 6], [u8; 6]);

/// Everything that may be chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "every flag is one key of the configuration")]
pub struct Settings {
    /// The seed; without one the result is another each time.
    pub seed: Option<u64>,
    /// Identifiers of transactions: ICMP echo, ESP, RTP.
    pub reference: Shift,
    /// Sequence numbers of records.
    pub seqnum: Shift,
    /// TCP sequence numbers, connection by connection.
    pub tcp_seq: Shift,
    /// Times, seconds; subtracted.
    pub seconds: Shift,
    /// Times, microseconds; subtracted.
    pub micros: Shift,
    /// Ethernet addresses.
    pub ethernet: Method,
    /// Whether the vendor's part of Ethernet addresses stays.
    pub keep_vendor: bool,
    /// Whether the Ethernet broadcast address stays.
    pub keep_ethernet_broadcast: bool,
    /// Whether Ethernet groups stay groups.
    pub keep_ethernet_multicast: bool,
    /// Network part of IP addresses.
    pub net: Method,
    /// Host part of IP addresses.
    pub host: Method,
    /// AS numbers.
    pub asn: Method,
    /// Length of the network part of IPv4 addresses, 1 to 31; where classes are kept it is 24.
    pub network_bits: u8,
    /// Relations between networks that stay.
    pub hierarchy: Hierarchy,
    /// Whether the first and the last host of a network stay.
    pub keep_broadcast: bool,
    /// Whether group addresses stay group addresses.
    pub keep_multicast: bool,
    /// IPv4 networks with their replacements.
    pub nets: Vec<NetPair>,
    /// IPv6 networks of 64 bits with their replacements.
    pub nets6: Vec<(u64, u64)>,
    /// IPv4 addresses with their replacements.
    pub hosts4: Vec<(u32, u32)>,
    /// IPv6 addresses with their replacements.
    pub hosts6: Vec<(u128, u128)>,
    /// Ethernet addresses with their replacements.
    pub macs: Vec<MacPair>,
    /// AS numbers with their replacements.
    pub asns: Vec<(u32, u32)>,
    /// IPv4 networks to draw from, for classes A, B, C, groups, and where classes are not kept.
    pub pools: [Vec<(u32, u8)>; 5],
    /// Ports.
    pub ports: PortMethod,
    /// Whether ports 0 to 1023 stay.
    pub keep_wellknown_ports: bool,
    /// Whether ports 1024 to 49151 stay.
    pub keep_registered_ports: bool,
    /// Whether ports 49152 to 65535 stay.
    pub keep_private_ports: bool,
    /// Ports that stay.
    pub keep_ports: Vec<u16>,
    /// Identification of IPv4 packets.
    pub ip_id: Attribute,
    /// Time to live.
    pub ttl: Attribute,
    /// Type of service.
    pub tos: Attribute,
    /// IP options; what is not kept is cleared.
    pub options: Attribute,
    /// Whether the time to live of flows that caused ICMP errors stays in any case.
    pub keep_mapped_ttl: bool,
    /// Whether captured payload stays.
    pub keep_payload: bool,
    /// Whether labels stay, without places and addresses.
    pub keep_labels: bool,
    /// Whether country codes stay.
    pub keep_countries: bool,
    /// Whether source ids stay.
    pub keep_srcid: bool,
    /// A file for the table of originals and replacements.
    pub dump: Option<String>,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            seed: None,
            reference: Shift::Random,
            seqnum: Shift::Random,
            tcp_seq: Shift::Random,
            seconds: Shift::Random,
            micros: Shift::Random,
            ethernet: Method::Sequential,
            keep_vendor: false,
            keep_ethernet_broadcast: true,
            keep_ethernet_multicast: true,
            net: Method::Sequential,
            host: Method::Sequential,
            asn: Method::Sequential,
            network_bits: 24,
            hierarchy: Hierarchy::Class,
            keep_broadcast: true,
            keep_multicast: true,
            nets: Vec::new(),
            nets6: Vec::new(),
            hosts4: Vec::new(),
            hosts6: Vec::new(),
            macs: Vec::new(),
            asns: Vec::new(),
            pools: Default::default(),
            ports: PortMethod::Offset(Shift::Random),
            keep_wellknown_ports: true,
            keep_registered_ports: false,
            keep_private_ports: false,
            keep_ports: Vec::new(),
            ip_id: Attribute::Shift(Shift::Random),
            ttl: Attribute::Keep,
            tos: Attribute::Keep,
            options: Attribute::Keep,
            keep_mapped_ttl: true,
            keep_payload: false,
            keep_labels: false,
            keep_countries: false,
            keep_srcid: false,
            dump: None,
        }
    }
}

/// Why a configuration cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{line}: {problem}")]
pub struct ConfError {
    /// Line, from 1.
    pub line: usize,
    /// What was expected and found.
    pub problem: String,
}

/// The keys, without the `RANON_` before them.
const KEYS: &[&str] = &[
    "SEED",
    "TRANSREFNUM_OFFSET",
    "SEQNUM_OFFSET",
    "TCPSEQ_OFFSET",
    "TIME_SEC_OFFSET",
    "TIME_USEC_OFFSET",
    "ETHERNET_ANONYMIZATION",
    "PRESERVE_ETHERNET_VENDOR",
    "PRESERVE_ETHERNET_BROADCAST",
    "PRESERVE_ETHERNET_MULTICAST",
    "NET_ANONYMIZATION",
    "HOST_ANONYMIZATION",
    "AS_ANONYMIZATION",
    "NETWORK_ADDRESS_LENGTH",
    "PRESERVE_NET_ADDRESS_HIERARCHY",
    "PRESERVE_BROADCAST_ADDRESS",
    "PRESERVE_MULTICAST_ADDRESS",
    "SPECIFY_NET_TRANSLATION",
    "SPECIFY_HOST_TRANSLATION",
    "SPECIFY_ASN_TRANSLATION",
    "PRESERVE_ADDRESS",
    "SPECIFY_ADDRESS",
    "CLASSA_NET_ADDRESS_LIST",
    "CLASSB_NET_ADDRESS_LIST",
    "CLASSC_NET_ADDRESS_LIST",
    "CLASSM_NET_ADDRESS_LIST",
    "NET_ADDRESS_LIST",
    "PORT_METHOD",
    "PRESERVE_WELLKNOWN_PORT_NUMS",
    "PRESERVE_REGISTERED_PORT_NUMS",
    "PRESERVE_PRIVATE_PORT_NUMS",
    "PRESERVE_PORT_NUM",
    "PRESERVE_IP_ID",
    "PRESERVE_IP_TTL",
    "PRESERVE_IP_TOS",
    "PRESERVE_IP_OPTIONS",
    "PRESERVE_ICMPMAPPED_TTL",
    "PRESERVE_USER_DATA",
    "PRESERVE_LABELS",
    "PRESERVE_COUNTRY",
    "PRESERVE_SRCID",
    "MAP_DUMPFILE",
];

/// Most addresses, networks or ports in all lists together.
const MAX_LISTED: usize = 65_536;

impl Settings {
    /// The settings of a configuration file, the others as they are by default.
    ///
    /// # Errors
    /// The first line that is no setting, names no key or has a value that the key does not take.
    pub fn parse(text: &str) -> Result<Settings, ConfError> {
        let lines = rc::parse(text)
            .map_err(|e| ConfError { line: e.line, problem: format!("expected KEY=value, found {:?}", e.found) })?;
        let mut settings = Settings::default();
        for rc::Setting { line, key, value } in lines {
            // An empty value leaves the default, as in the classic tool.
            let known = key.strip_prefix("RANON_").filter(|k| KEYS.contains(k)).ok_or_else(|| unknown(&key));
            known
                .and_then(|k| if value.is_empty() { Ok(()) } else { settings.set(k, &value) })
                .map_err(|problem| ConfError { line, problem: shown(&key, problem) })?;
        }
        Ok(settings)
    }

    fn set(&mut self, key: &str, value: &str) -> Result<(), String> {
        match key {
            "SEED" => self.seed = seed(value)?,
            "TRANSREFNUM_OFFSET" => self.reference = shift(value)?,
            "SEQNUM_OFFSET" => self.seqnum = shift(value)?,
            "TCPSEQ_OFFSET" => self.tcp_seq = shift(value)?,
            "TIME_SEC_OFFSET" => self.seconds = shift(value)?,
            "TIME_USEC_OFFSET" => self.micros = shift(value)?,
            "ETHERNET_ANONYMIZATION" => self.ethernet = method(value)?,
            "PRESERVE_ETHERNET_VENDOR" => self.keep_vendor = yes(value)?,
            "PRESERVE_ETHERNET_BROADCAST" => self.keep_ethernet_broadcast = yes(value)?,
            "PRESERVE_ETHERNET_MULTICAST" => self.keep_ethernet_multicast = yes(value)?,
            "NET_ANONYMIZATION" => self.net = method(value)?,
            "HOST_ANONYMIZATION" => self.host = method(value)?,
            "AS_ANONYMIZATION" => self.asn = method(value)?,
            "NETWORK_ADDRESS_LENGTH" => self.network_bits = number(value, 1, 31)?,
            "PRESERVE_NET_ADDRESS_HIERARCHY" => self.hierarchy = hierarchy(value)?,
            "PRESERVE_BROADCAST_ADDRESS" => self.keep_broadcast = yes(value)?,
            "PRESERVE_MULTICAST_ADDRESS" => self.keep_multicast = yes(value)?,
            "SPECIFY_NET_TRANSLATION" => self.net_pair(value)?,
            "SPECIFY_HOST_TRANSLATION" => self.host_pair(value)?,
            "SPECIFY_ASN_TRANSLATION" => {
                let (from, to) = pair(value)?;
                self.asns.push((number(from, 0, u32::MAX)?, number(to, 0, u32::MAX)?));
            }
            "PRESERVE_ADDRESS" | "SPECIFY_ADDRESS" => {
                items(value).try_for_each(|word| self.host_pair(&format!("{word}->{word}")))?;
            }
            "CLASSA_NET_ADDRESS_LIST" => self.pool(0, value)?,
            "CLASSB_NET_ADDRESS_LIST" => self.pool(1, value)?,
            "CLASSC_NET_ADDRESS_LIST" => self.pool(2, value)?,
            "CLASSM_NET_ADDRESS_LIST" => self.pool(3, value)?,
            "NET_ADDRESS_LIST" => self.pool(4, value)?,
            _ => return self.set_fields(key, value),
        }
        self.check_size()
    }

    /// Keys that are not about addresses.
    fn set_fields(&mut self, key: &str, value: &str) -> Result<(), String> {
        match key {
            "PORT_METHOD" => self.ports = port_method(value)?,
            "PRESERVE_WELLKNOWN_PORT_NUMS" => self.keep_wellknown_ports = yes(value)?,
            "PRESERVE_REGISTERED_PORT_NUMS" => self.keep_registered_ports = yes(value)?,
            "PRESERVE_PRIVATE_PORT_NUMS" => self.keep_private_ports = yes(value)?,
            "PRESERVE_PORT_NUM" => {
                for word in items(value) {
                    self.keep_ports.push(number(word, 0, u16::MAX)?);
                }
            }
            "PRESERVE_IP_ID" => self.ip_id = attribute(value)?,
            "PRESERVE_IP_TTL" => self.ttl = attribute(value)?,
            "PRESERVE_IP_TOS" => self.tos = attribute(value)?,
            "PRESERVE_IP_OPTIONS" => self.options = attribute(value)?,
            "PRESERVE_ICMPMAPPED_TTL" => self.keep_mapped_ttl = yes(value)?,
            "PRESERVE_USER_DATA" => self.keep_payload = yes(value)?,
            "PRESERVE_LABELS" => self.keep_labels = yes(value)?,
            "PRESERVE_COUNTRY" => self.keep_countries = yes(value)?,
            "PRESERVE_SRCID" => self.keep_srcid = yes(value)?,
            "MAP_DUMPFILE" => self.dump = Some(value.to_owned()),
            _ => return Err(unknown(key)),
        }
        self.check_size()
    }

    fn check_size(&self) -> Result<(), String> {
        let pools: usize = self.pools.iter().map(Vec::len).sum();
        let listed = self.nets.len() + self.hosts4.len() + self.hosts6.len() + self.macs.len() + self.asns.len();
        if listed + pools + self.nets6.len() + self.keep_ports.len() > MAX_LISTED {
            return Err(format!("expected at most {MAX_LISTED} addresses, networks and ports in all, found more"));
        }
        Ok(())
    }

    fn net_pair(&mut self, value: &str) -> Result<(), String> {
        let (from, to) = pair(value)?;
        if from.contains(':') {
            self.nets6.push((network6(from)?, network6(to)?));
            return Ok(());
        }
        let ((from, a), (to, b)) = (network(from, None)?, network(to, None)?);
        let bits = a.or(b).unwrap_or(24);
        if b.is_some_and(|b| b != bits) {
            return Err(format!("expected two networks of one length, found {value:?}"));
        }
        let mask = u32::MAX.checked_shl(32 - u32::from(bits)).unwrap_or(0);
        self.nets.push(NetPair { from: from & mask, to: to & mask, bits });
        Ok(())
    }

    fn host_pair(&mut self, value: &str) -> Result<(), String> {
        let (from, to) = pair(value)?;
        let wrong = || format!("expected two addresses of one kind as A::B (IPv6: A->B), found {value:?}");
        match (from.parse::<IpAddr>(), to.parse::<IpAddr>(), mac(from), mac(to)) {
            (Ok(IpAddr::V4(a)), Ok(IpAddr::V4(b)), ..) => self.hosts4.push((a.into(), b.into())),
            (Ok(IpAddr::V6(a)), Ok(IpAddr::V6(b)), ..) => self.hosts6.push((a.into(), b.into())),
            (_, _, Some(a), Some(b)) => self.macs.push((a, b)),
            _ => return Err(wrong()),
        }
        Ok(())
    }

    fn pool(&mut self, class: usize, value: &str) -> Result<(), String> {
        for word in items(value) {
            let (addr, bits) = network(word, Some(24))?;
            if let Some(pool) = self.pools.get_mut(class) {
                pool.push((addr, bits.unwrap_or(24)));
            }
        }
        Ok(())
    }
}

fn unknown(key: &str) -> String {
    let bare = key.strip_prefix("RANON_").unwrap_or(key).to_lowercase();
    let known: Vec<String> = KEYS.iter().map(|k| k.to_lowercase()).collect();
    let near = nearest(&bare, known.iter().map(String::as_str));
    let hint = near.map_or(String::new(), |near| format!(" (did you mean RANON_{}?)", near.to_uppercase()));
    format!("expected a key of ranonymize.conf, found {key:?}{hint}")
}

/// A problem with the key before it, unless it is the key's own.
fn shown(key: &str, problem: String) -> String {
    if problem.contains("a key of ranonymize.conf") { problem } else { format!("{key}: {problem}") }
}

fn items(value: &str) -> impl Iterator<Item = &str> {
    value.split([',', ' ', '\t', ';']).filter(|w| !w.is_empty())
}

fn yes(value: &str) -> Result<bool, String> {
    match value {
        "yes" => Ok(true),
        "no" => Ok(false),
        _ => Err(format!("expected yes or no, found {value:?}")),
    }
}

/// A whole number within bounds.
fn number<T: FromStr + PartialOrd + std::fmt::Display>(value: &str, min: T, max: T) -> Result<T, String> {
    let parsed = value.parse::<T>().ok().filter(|n| *n >= min && *n <= max);
    parsed.ok_or_else(|| format!("expected a number from {min} to {max}, found {value:?}"))
}

fn seed(value: &str) -> Result<Option<u64>, String> {
    match value {
        "random" | "time" | "crypto" => Ok(None),
        _ => match value.parse() {
            Ok(n) => Ok(Some(n)),
            Err(_) => Err(format!("expected a number, random, time or crypto, found {value:?}")),
        },
    }
}

fn method(value: &str) -> Result<Method, String> {
    match value {
        "sequential" => Ok(Method::Sequential),
        "random" => Ok(Method::Random),
        "no" => Ok(Method::No),
        _ => Err(format!("expected sequential, random or no, found {value:?}")),
    }
}

fn shift(value: &str) -> Result<Shift, String> {
    match value {
        "random" | "fixed:random" => Ok(Shift::Random),
        "none" | "no" => Ok(Shift::None),
        _ => {
            let n = value.strip_prefix("fixed:").and_then(|n| n.parse::<i64>().ok()).filter(|n| n.abs() <= 1 << 31);
            n.map(Shift::Fixed)
                .ok_or_else(|| format!("expected random, none or fixed:N (-2^31 to 2^31), found {value:?}"))
        }
    }
}

fn attribute(value: &str) -> Result<Attribute, String> {
    match value {
        "yes" | "none" => Ok(Attribute::Keep),
        "no" => Ok(Attribute::Clear),
        _ => match shift(value) {
            Ok(by) => Ok(Attribute::Shift(by)),
            Err(_) => Err(format!("expected yes, no, random or fixed:N, found {value:?}")),
        },
    }
}

fn hierarchy(value: &str) -> Result<Hierarchy, String> {
    match value {
        "class" => Ok(Hierarchy::Class),
        "subnet" | "no" => Ok(Hierarchy::No),
        "cidr" => Ok(Hierarchy::Cidr(None)),
        _ => {
            let bits = value.strip_prefix("cidr/").and_then(|b| b.parse().ok()).filter(|b| (1..=32).contains(b));
            let wrong = || format!("expected class, cidr, cidr/N (1 to 32), subnet or no, found {value:?}");
            bits.map(|b| Hierarchy::Cidr(Some(b))).ok_or_else(wrong)
        }
    }
}

fn port_method(value: &str) -> Result<PortMethod, String> {
    match value {
        "no" | "none" => Ok(PortMethod::No),
        "random" => Ok(PortMethod::Random),
        _ => match shift(value.strip_prefix("offset:").unwrap_or(value)) {
            Ok(by) => Ok(PortMethod::Offset(by)),
            Err(_) => Err(format!("expected offset:random, offset:fixed:N, random or no, found {value:?}")),
        },
    }
}

/// `A::B`, or `A->B` where addresses hold colons.
fn pair(value: &str) -> Result<(&str, &str), String> {
    let halves = value.split_once("->").or_else(|| value.split_once("::"));
    let found = halves.map(|(a, b)| (a.trim(), b.trim())).filter(|(a, b)| !a.is_empty() && !b.is_empty());
    found.ok_or_else(|| format!("expected FROM::TO (IPv6: FROM->TO), found {value:?}"))
}

/// A network with an optional length, missing bytes 0: `192.168.0/24`, `10.1.0.0`.
fn network(word: &str, default: Option<u8>) -> Result<(u32, Option<u8>), String> {
    let wrong = || format!("expected a network such as 192.168.1.0/24, found {word:?}");
    let (addr, bits) = match word.split_once('/') {
        Some((addr, bits)) => (addr, Some(bits.parse().ok().filter(|b| (1..=32).contains(b)).ok_or_else(wrong)?)),
        None => (word, default),
    };
    let mut octets = [0u8; 4];
    let parts: Vec<&str> = addr.trim_end_matches('.').split('.').collect();
    if parts.len() > octets.len() {
        return Err(wrong());
    }
    for (octet, part) in octets.iter_mut().zip(parts) {
        *octet = part.parse().map_err(|_| wrong())?;
    }
    Ok((Ipv4Addr::from(octets).into(), bits))
}

/// An IPv6 network of 64 bits.
fn network6(word: &str) -> Result<u64, String> {
    let wrong = || format!("expected an IPv6 network of 64 bits such as 2001:db8::/64, found {word:?}");
    let addr = word.strip_suffix("/64").unwrap_or(word).parse::<std::net::Ipv6Addr>().map_err(|_| wrong())?;
    u64::try_from(u128::from(addr) >> 64).map_err(|_| wrong())
}

/// An Ethernet address.
fn mac(word: &str) -> Option<[u8; 6]> {
    let mut out = [0; 6];
    let mut parts = word.split(':');
    for byte in &mut out {
        let part = parts.next().filter(|p| (1..=2).contains(&p.len()) && p.bytes().all(|b| b.is_ascii_hexdigit()))?;
        *byte = u8::from_str_radix(part, 16).ok()?;
    }
    parts.next().is_none().then_some(out)
}
