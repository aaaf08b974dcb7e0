//! The level of a picture: what stands for one pin, an address or all addresses of a network, system, city or country.
//!
//! [`Snapshot::at_level`] turns the picture of addresses into one of groups. Everything in it is then named by the
//! groups' keys: pins, arcs and flows keep their types, their sums are those of the members, and whoever looks things
//! up by address goes on doing so. The members stay at hand in [`Snapshot::members`].

mod merge;

use std::borrow::Cow;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;
use std::sync::Arc;

use super::snapshot::{HostPin, Snapshot};
use crate::record::Addr;

/// Prefix lengths of the networks that addresses are merged into.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Masks {
    /// For IPv4, 0 to 32.
    pub v4: u8,
    /// For IPv6, 0 to 128.
    pub v6: u8,
}

impl Default for Masks {
    fn default() -> Masks {
        Masks { v4: 24, v6: 48 }
    }
}

impl FromStr for Masks {
    type Err = String;

    /// `20`, or `20,56` with a length for IPv6.
    fn from_str(text: &str) -> Result<Masks, String> {
        let (v4, v6) = text.split_once(',').map_or((text, None), |(a, b)| (a, Some(b)));
        let length = |text: &str, most: u8| text.trim().parse::<u8>().ok().filter(|n| *n <= most);
        let v4 = length(v4, 32).ok_or("expected a prefix length for IPv4, 0 to 32, such as 24 or 24,48")?;
        let v6 = match v6 {
            None => Masks::default().v6,
            Some(v6) => length(v6, 128).ok_or("expected a prefix length for IPv6 behind the comma, 0 to 128")?,
        };
        Ok(Masks { v4, v6 })
    }
}

/// What addresses are merged by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum By {
    /// Nothing: each address for itself.
    #[default]
    Address,
    /// Networks of a prefix length.
    Network,
    /// Autonomous systems.
    System,
    /// Cities, or the user's own sites.
    City,
    /// Countries.
    Country,
}

impl By {
    /// All, from fine to coarse.
    pub const ALL: [By; 5] = [By::Address, By::Network, By::System, By::City, By::Country];

    /// The word on the command line.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            By::Address => "address",
            By::Network => "network",
            By::System => "as",
            By::City => "city",
            By::Country => "country",
        }
    }
}

impl FromStr for By {
    type Err = String;

    fn from_str(text: &str) -> Result<By, String> {
        By::ALL.into_iter().find(|by| by.word() == text).ok_or_else(|| {
            let known: Vec<&str> = By::ALL.iter().map(|by| by.word()).collect();
            format!("expected one of {}", known.join(", "))
        })
    }
}

/// What one pin stands for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Level {
    /// What addresses are merged by.
    pub by: By,
    /// Prefix lengths of networks; kept while another level is shown.
    pub masks: Masks,
}

impl Level {
    /// The next coarser (or finer) level; ends meet.
    #[must_use]
    pub fn next(self, coarser: bool) -> Level {
        let at = By::ALL.iter().position(|by| *by == self.by).unwrap_or(0);
        let step = if coarser { 1 } else { By::ALL.len() - 1 };
        Level { by: By::ALL.get((at + step) % By::ALL.len()).copied().unwrap_or_default(), ..self }
    }

    /// What one pin is, for people: `address`, `network /24, /48`, `AS`, `city`, `country`.
    #[must_use]
    pub fn title(self) -> String {
        match self.by {
            By::Network => format!("network /{}, /{}", self.masks.v4, self.masks.v6),
            By::System => "AS".into(),
            other => other.word().into(),
        }
    }

    /// The network an address belongs to, and its prefix length.
    #[must_use]
    fn network(self, addr: IpAddr) -> (IpAddr, u8) {
        match addr {
            IpAddr::V4(a) => {
                let bits = self.masks.v4.min(32);
                let mask = u32::MAX.checked_shl(32 - u32::from(bits)).unwrap_or(0);
                (IpAddr::V4(Ipv4Addr::from(u32::from(a) & mask)), bits)
            }
            IpAddr::V6(a) => {
                let bits = self.masks.v6.min(128);
                let mask = u128::MAX.checked_shl(128 - u32::from(bits)).unwrap_or(0);
                (IpAddr::V6(Ipv6Addr::from(u128::from(a) & mask)), bits)
            }
        }
    }

    /// The key of an address that has no place and so belongs to no group with one.
    fn elsewhere(self, addr: IpAddr) -> IpAddr {
        match self.by {
            By::Address => addr,
            By::Network => self.network(addr).0,
            By::System | By::City | By::Country => NOWHERE,
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.title())
    }
}

/// The key of everything without a place.
///
/// Keys of groups that are not networks lie in `100::/64`, which no traffic has as an address.
///
/// # Source
/// RFC 6666, a discard prefix for IPv6.
const NOWHERE: IpAddr = IpAddr::V6(Ipv6Addr::new(0x100, 0, 0, 0, 0, 0, 0, 0));

/// What the members of a merged pin have in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Its name: `192.0.2.0/24`, `AS559 SWITCH`, `Zurich, CH`, `Switzerland`.
    pub name: Arc<str>,
    /// Number of addresses.
    pub members: u32,
}

/// The addresses behind the pins of a level that merges them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Members {
    /// All placed addresses, sorted by address.
    pub hosts: Vec<HostPin>,
    /// Index into [`Snapshot::hosts`] of the pin that each belongs to.
    pub pins: Vec<u32>,
}

impl Members {
    /// The members of a pin, by address.
    pub fn of(&self, pin: u32) -> impl Iterator<Item = &HostPin> {
        self.hosts.iter().zip(&self.pins).filter(move |(_, p)| **p == pin).map(|(h, _)| h)
    }
}

impl HostPin {
    /// The group's name, or the address.
    #[must_use]
    pub fn name(&self) -> Cow<'_, str> {
        match &self.group {
            Some(group) => Cow::Borrowed(&group.name),
            None => Cow::Owned(self.addr.to_string()),
        }
    }

    /// Number of addresses it stands for.
    #[must_use]
    pub fn members(&self) -> u32 {
        self.group.as_ref().map_or(1, |g| g.members)
    }
}

impl Snapshot {
    /// Index into `hosts` of the pin with a key or, failing that, of the pin that an address is a member of.
    #[must_use]
    pub fn find_pin(&self, addr: IpAddr) -> Option<usize> {
        self.hosts.binary_search_by(|h| h.addr.cmp(&addr)).ok().or_else(|| {
            let at = self.members.hosts.binary_search_by(|h| h.addr.cmp(&addr)).ok()?;
            self.members.pins.get(at).map(|pin| *pin as usize)
        })
    }

    /// The placed address itself, whatever the level.
    #[must_use]
    pub fn find_address(&self, addr: IpAddr) -> Option<&HostPin> {
        let hosts = if self.level.by == By::Address { &self.hosts } else { &self.members.hosts };
        hosts.get(hosts.binary_search_by(|h| h.addr.cmp(&addr)).ok()?)
    }

    /// How an end of a flow is called at the level of the picture.
    #[must_use]
    pub fn name_of(&self, addr: Addr) -> String {
        let Some(ip) = addr.ip().filter(|_| self.level.by != By::Address) else { return addr.to_string() };
        let ip = if self.level.by == By::Network { self.level.network(ip).0 } else { ip };
        match self.hosts.binary_search_by(|h| h.addr.cmp(&ip)).ok().and_then(|i| self.hosts.get(i)) {
            Some(pin) => pin.name().into_owned(),
            None if self.level.by == By::Network => format!("{ip}/{}", self.level.network(ip).1),
            None if ip == NOWHERE => "no place".into(),
            None => ip.to_string(),
        }
    }
}

#[cfg(test)]
mod tests;
