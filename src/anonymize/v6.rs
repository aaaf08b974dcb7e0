//! IPv6 addresses: a network of 64 bits and an interface identifier, each with a replacement.
//!
//! | original | replacement |
//! |---|---|
//! | `::`, `::1` | itself |
//! | `::ffff:a.b.c.d` | the same form with the replacement of the IPv4 address |
//! | `ff..` | the same flags and scope, groups numbered |
//! | `fe80::/10` | `fe80::h` |
//! | `fc00::/7` | `fd00:0:n:n::h` |
//! | everything else | `2001:db8:n:n::h` |

use super::conf::{Hierarchy, Method, Settings};
use super::prf::{Prf, Topic, is_within, permute};
use super::replaced::Replaced;
use crate::base::hash::{Map, Set};

/// Most candidates tried before an address is turned away.
const MAX_PROBES: u64 = 1 << 16;
const LINK_LOCAL: u64 = 0xFE80 << 48;
const UNIQUE_LOCAL: u64 = 0xFD00 << 48;
const DOCUMENTATION: u64 = 0x2001_0DB8 << 32;
/// Prefixes that a prefix-preserving permutation leaves in place: unspecified, link-local, unique local, groups.
const KEPT: &[(u128, u8)] = &[(0, 96), (0xFE80 << 112, 64), (0xFC << 120, 7), (0xFF << 120, 8)];

/// The replacements of IPv6 addresses.
#[derive(Clone, Debug)]
pub(super) struct V6 {
    prf: Prf,
    hierarchy: Hierarchy,
    net: Method,
    host: Method,
    keep_ends: bool,
    keep_multicast: bool,
    pairs: Map<u64, u64>,
    reserved: Set<u64>,
    targets: Set<u128>,
    nets: Map<u64, u64>,
    taken_nets: Set<u64>,
    /// Numbers given out by class of network.
    next_net: [u32; 2],
    next_host: Map<u64, u64>,
    pub(super) hosts: Replaced<u128>,
    taken: Set<u128>,
}

impl V6 {
    pub(super) fn new(settings: &Settings, prf: Prf) -> V6 {
        let pairs: Map<u64, u64> = settings.nets6.iter().copied().collect();
        let mut reserved: Set<u64> = pairs.values().copied().collect();
        reserved.extend(settings.hosts6.iter().map(|(_, to)| upper(*to)));
        let targets: Set<u128> = settings.hosts6.iter().map(|(_, to)| *to).collect();
        V6 {
            prf,
            hierarchy: settings.hierarchy,
            net: settings.net,
            host: settings.host,
            keep_ends: settings.keep_broadcast,
            keep_multicast: settings.keep_multicast,
            pairs,
            reserved,
            taken: targets.clone(),
            targets,
            nets: Map::default(),
            taken_nets: Set::default(),
            next_net: [1; 2],
            next_host: Map::default(),
            hosts: Replaced::new(settings.hosts6.iter().copied()),
        }
    }

    /// The replacement of an address; `v4` replaces an IPv4 address that stands in it.
    pub(super) fn map(&mut self, addr: u128, v4: impl FnOnce(u32) -> u32) -> u128 {
        if addr <= 1 {
            return addr;
        }
        if addr >> 32 == 0xFFFF {
            return addr & !0xFFFF_FFFF | u128::from(v4(u32::try_from(addr & 0xFFFF_FFFF).unwrap_or(0)));
        }
        if let Some(known) = self.hosts.get(addr) {
            return known;
        }
        let found = if self.hosts.has_room() { self.assign(addr) } else { None };
        let Some(out) = self.hosts.keep(addr, found) else { return 0 };
        if self.host == Method::Random {
            self.taken.insert(out);
        }
        out
    }

    /// All replacements so far, by original.
    pub(super) fn table(&self) -> Vec<(u128, u128)> {
        self.hosts.table()
    }

    fn assign(&mut self, addr: u128) -> Option<u128> {
        if addr >> 120 == 0xFF && self.keep_multicast {
            // Flags and scope stay; the group may hold a part of a host's address.
            let scope = upper(addr) & 0xFFFF << 48;
            return self.host_part(addr, scope);
        }
        let net = upper(addr);
        let new = match self.pairs.get(&net) {
            Some(to) => *to,
            None if self.hierarchy == Hierarchy::Cidr(Some(32)) && self.net != Method::No => {
                return self.permuted(addr, 128).filter(|out| !self.targets.contains(out));
            }
            None => self.network(net)?,
        };
        self.host_part(addr, new)
    }

    fn permuted(&self, addr: u128, bits: u8) -> Option<u128> {
        Some(permute(&self.prf, Topic::Prefix6, addr, bits, |prefix, at| is_within(prefix, at, KEPT)))
    }

    fn network(&mut self, net: u64) -> Option<u64> {
        if self.net == Method::No {
            return Some(net);
        }
        if let Hierarchy::Cidr(_) = self.hierarchy {
            return Some(upper(self.permuted(u128::from(net) << 64, 64)?));
        }
        let (base, class) = match net >> 54 {
            0x3FA => return Some(LINK_LOCAL),
            n if n >> 3 == 0x7E => (UNIQUE_LOCAL, 0),
            _ => (DOCUMENTATION, 1),
        };
        if let Some(known) = self.nets.get(&net) {
            return Some(*known);
        }
        let random = self.net == Method::Random;
        let start = self.prf.hash(Topic::Net6, &net.to_be_bytes()) & 0xFFFF_FFFF;
        let mut found = None;
        for n in 0..MAX_PROBES {
            let number = if random {
                start.wrapping_add(n) & 0xFFFF_FFFF
            } else {
                let next = self.next_net.get_mut(class)?;
                *next = next.checked_add(1)?;
                u64::from(*next - 1)
            };
            let candidate = base | number;
            if !self.reserved.contains(&candidate) && !self.taken_nets.contains(&candidate) {
                found = Some(candidate);
                break;
            }
        }
        let new = found?;
        self.nets.insert(net, new);
        self.taken_nets.insert(new);
        Some(new)
    }

    fn host_part(&mut self, addr: u128, new: u64) -> Option<u128> {
        let host = addr & u128::from(u64::MAX);
        let whole = |host: u64| u128::from(new) << 64 | u128::from(host);
        if self.host == Method::No || self.keep_ends && host == 0 && addr >> 120 != 0xFF {
            return Some(u128::from(new) << 64 | host);
        }
        if self.host == Method::Random {
            let start = self.prf.hash(Topic::Host6, &addr.to_be_bytes());
            return (0..MAX_PROBES).map(|n| whole(start.wrapping_add(n))).find(|a| !self.taken.contains(a));
        }
        let next = self.next_host.entry(new).or_insert(1);
        loop {
            let out = whole(*next);
            *next = next.checked_add(1)?;
            if !self.targets.contains(&out) {
                return Some(out);
            }
        }
    }
}

fn upper(addr: u128) -> u64 {
    u64::try_from(addr >> 64).unwrap_or(0)
}
