//! One original value, one replacement.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::asn::Asns;
use super::conf::Settings;
use super::mac::Macs;
use super::ports::Ports;
use super::prf::Prf;
use super::v4::V4;
use super::v6::V6;
use crate::record::Addr;

/// The replacements of addresses, ports and AS numbers of a run. Memory grows with the number of different originals,
/// up to four million of each kind.
#[derive(Clone, Debug)]
pub struct Mapping {
    v4: V4,
    v6: V6,
    macs: Macs,
    asns: Asns,
    ports: Ports,
}

impl Mapping {
    /// An empty mapping. `entropy` decides what is random where the settings name no seed.
    #[must_use]
    pub fn new(settings: &Settings, entropy: u128) -> Mapping {
        Mapping::with(settings, key(settings, entropy))
    }

    pub(super) fn with(settings: &Settings, prf: Prf) -> Mapping {
        Mapping {
            v4: V4::new(settings, prf),
            v6: V6::new(settings, prf),
            macs: Macs::new(settings, prf),
            asns: Asns::new(settings, prf),
            ports: Ports::new(settings, prf),
        }
    }

    /// The replacement of an IPv4 address.
    pub fn v4(&mut self, addr: Ipv4Addr) -> Ipv4Addr {
        self.v4.map(addr.into()).into()
    }

    /// The replacement of an IPv6 address.
    pub fn v6(&mut self, addr: Ipv6Addr) -> Ipv6Addr {
        let v4 = &mut self.v4;
        self.v6.map(addr.into(), |inner| v4.map(inner)).into()
    }

    /// The replacement of an IP address.
    pub fn ip(&mut self, addr: IpAddr) -> IpAddr {
        match addr {
            IpAddr::V4(a) => self.v4(a).into(),
            IpAddr::V6(a) => self.v6(a).into(),
        }
    }

    /// The replacement of an Ethernet address.
    pub fn mac(&mut self, addr: [u8; 6]) -> [u8; 6] {
        self.macs.map(addr)
    }

    /// The replacement of an address of a flow.
    pub fn addr(&mut self, addr: Addr) -> Addr {
        match addr {
            Addr::None => Addr::None,
            Addr::V4(a) => Addr::V4(self.v4(a)),
            Addr::V6(a) => Addr::V6(self.v6(a)),
            Addr::Mac(a) => Addr::Mac(self.mac(a)),
        }
    }

    /// The replacement of a port.
    #[must_use]
    pub fn port(&self, port: u16) -> u16 {
        self.ports.map(port)
    }

    /// The replacement of an AS number.
    pub fn asn(&mut self, asn: u32) -> u32 {
        self.asns.map(asn)
    }

    /// How many values found no place and became "no address".
    #[must_use]
    pub fn turned_away(&self) -> u64 {
        self.v4.hosts.turned_away + self.v6.hosts.turned_away + self.macs.turned_away
    }

    /// The table of originals and replacements: kind, original, replacement, sorted within each kind.
    #[must_use]
    pub fn table(&self) -> Vec<(&'static str, String, String)> {
        let v4 = |n: u32| Ipv4Addr::from(n).to_string();
        let v6 = |n: u128| Ipv6Addr::from(n).to_string();
        let mac = |m: [u8; 6]| m.map(|b| format!("{b:02x}")).join(":");
        let mut rows: Vec<_> = self.v4.table().into_iter().map(|(a, b)| ("ipv4", v4(a), v4(b))).collect();
        rows.extend(self.v6.table().into_iter().map(|(a, b)| ("ipv6", v6(a), v6(b))));
        rows.extend(self.macs.table().into_iter().map(|(a, b)| ("mac", mac(a), mac(b))));
        rows.extend(self.asns.table().into_iter().map(|(a, b)| ("asn", a.to_string(), b.to_string())));
        rows
    }
}

/// The key of a run.
pub(super) fn key(settings: &Settings, entropy: u128) -> Prf {
    match settings.seed {
        Some(seed) => Prf::from_seed(seed),
        None => Prf::from_entropy(entropy),
    }
}
