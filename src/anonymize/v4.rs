//! IPv4 addresses: a network part and a host part, each with a replacement.
//!
//! # Source
//! Numbers of networks and hosts as 3.0.8.2 gives them out: within each class networks count from 1.0.0, 100.0.0,
//! 197.0.0 and 224.0.0, hosts from 1. It starts with 0.0.0 as 1.0.1 and 224.0.0 as itself, whose hosts take their
//! numbers from the count of networks.

use super::MAX_ENTRIES;
use super::conf::{Hierarchy, Method, Settings};
use super::pools::Pool;
use super::prf::{Prf, Topic, is_within, permute};
use super::replaced::Replaced;
use crate::base::hash::{Map, Set};

/// Most candidates tried before an address is turned away.
const MAX_PROBES: u32 = 1 << 16;
/// Group addresses of the local network.
const LOCAL_GROUPS: u32 = 0xE000_0000;
/// Prefixes that a prefix-preserving permutation leaves in place, left-aligned: this network, loopback, groups,
/// broadcast.
const KEPT: &[(u128, u8)] = &[(0, 32), (0x7F00_0000 << 96, 8), (0xE000_0000 << 96, 4), (0xFFFF_FFFF << 96, 32)];

/// Index of a pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Class {
    A,
    B,
    C,
    Multicast,
    /// Everything, where classes are not kept apart.
    All,
}

/// The replacements of IPv4 addresses.
#[derive(Clone, Debug)]
pub(super) struct V4 {
    prf: Prf,
    hierarchy: Hierarchy,
    net: Method,
    host: Method,
    host_bits: u8,
    keep_broadcast: bool,
    keep_multicast: bool,
    /// Networks with a replacement of the user's choice: from, to, host bits.
    pairs: Vec<(u32, u32, u8)>,
    /// Replacements of the user's choice: from the replacement to the original.
    targets: Map<u32, u32>,
    /// Networks that hold a replacement of the user's choice and are not drawn.
    reserved: Set<u32>,
    pools: [Pool; 5],
    /// Pools in which no free network was found, which is not tried again.
    full: [bool; 5],
    /// Whether 224.0.0 shares the count of its pool.
    counts_groups: bool,
    nets: Map<u32, u32>,
    taken_nets: Set<u32>,
    next_host: Map<u32, u32>,
    pub(super) hosts: Replaced<u32>,
    taken: Set<u32>,
}

impl V4 {
    pub(super) fn new(settings: &Settings, prf: Prf) -> V4 {
        let bits = match settings.hierarchy {
            Hierarchy::Class => 24,
            Hierarchy::Cidr(Some(bits)) => bits.clamp(1, 32),
            _ => settings.network_bits.clamp(1, 31),
        };
        let host_bits = 32 - bits;
        let span = |first: u32, end: u32, start| Pool::span(first << 24, end << 24, host_bits, start);
        let builtin = [span(1, 100, 2), span(100, 197, 1), span(197, 224, 1), span(224, 240, 2), span(1, 224, 3)];
        let mut pools = builtin;
        let mut is_builtin = [true; 5];
        for ((pool, list), own) in pools.iter_mut().zip(&settings.pools).zip(&mut is_builtin) {
            if !list.is_empty() {
                (*pool, *own) = (Pool::listed(list, host_bits), false);
            }
        }
        let [a_builtin, _, _, m_builtin, _] = is_builtin;
        let classes = settings.hierarchy == Hierarchy::Class;
        let mut nets: Map<u32, u32> = Map::default();
        if host_bits == 8 && (a_builtin || !classes) {
            nets.insert(0, 0x0100_0100);
        }
        let counts_groups = host_bits == 8 && m_builtin && (classes || settings.keep_multicast);
        if counts_groups {
            nets.insert(LOCAL_GROUPS, LOCAL_GROUPS);
        }
        let mut v4 = V4 {
            prf,
            hierarchy: settings.hierarchy,
            net: settings.net,
            host: settings.host,
            host_bits,
            keep_broadcast: settings.keep_broadcast,
            keep_multicast: settings.keep_multicast,
            pairs: settings.nets.iter().map(|p| (p.from, p.to, 32 - p.bits.min(32))).collect(),
            targets: Map::default(),
            reserved: Set::default(),
            pools,
            full: [false; 5],
            counts_groups: counts_groups && settings.host == Method::Sequential,
            taken_nets: nets.values().copied().collect(),
            nets,
            next_host: Map::default(),
            hosts: Replaced::new(settings.hosts4.iter().copied()),
            taken: Set::default(),
        };
        v4.pairs.sort_by_key(|(_, _, host_bits)| *host_bits);
        v4.reserve(settings);
        v4
    }

    /// Takes what the user chose out of what is drawn.
    fn reserve(&mut self, settings: &Settings) {
        for (from, to) in &settings.hosts4 {
            self.targets.insert(*to, *from);
            self.taken.insert(*to);
            self.reserved.insert(*to & !low(self.host_bits));
        }
        for (_, to, host_bits) in &self.pairs {
            let step = 1u64 << self.host_bits;
            let end = u64::from(*to) + (1u64 << host_bits);
            let mut net = u64::from(*to & !low(self.host_bits));
            // A wide pair is reserved as far as anything is drawn before the tables are full.
            while net < end && self.reserved.len() < MAX_ENTRIES {
                self.reserved.insert(u32::try_from(net).unwrap_or(u32::MAX));
                net += step;
            }
        }
    }

    /// The replacement of an address.
    pub(super) fn map(&mut self, addr: u32) -> u32 {
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
    pub(super) fn table(&self) -> Vec<(u32, u32)> {
        self.hosts.table()
    }

    fn assign(&mut self, addr: u32) -> Option<u32> {
        let pair = self.pairs.iter().find(|(from, _, host_bits)| addr & !low(*host_bits) == *from).copied();
        let (new, host_bits) = match pair {
            Some((_, to, host_bits)) => (to, host_bits),
            None => (self.network(addr & !low(self.host_bits))?, self.host_bits),
        };
        if host_bits == 0 {
            return Some(if pair.is_some() { new } else { self.free(new) });
        }
        Some(new | self.host_part(addr, new, host_bits)?)
    }

    /// A replacement that is nobody's by the user's choice: if it is, the original behind that gave its own up.
    fn free(&self, mut out: u32) -> u32 {
        for _ in 0..=self.targets.len() {
            match self.targets.get(&out) {
                Some(original) if *original != out => out = self.permuted(*original, 32),
                _ => break,
            }
        }
        out
    }

    fn network(&mut self, net: u32) -> Option<u32> {
        if self.net == Method::No {
            return Some(net);
        }
        if let Hierarchy::Cidr(_) = self.hierarchy {
            return Some(self.permuted(net, 32 - self.host_bits));
        }
        if let Some(known) = self.nets.get(&net) {
            return Some(*known);
        }
        let class = self.class(net) as usize;
        if self.full.get(class) == Some(&true) {
            return None;
        }
        let found = if self.net == Method::Random { self.random_net(net, class) } else { self.next_net(class) };
        let Some(new) = found else {
            self.full.iter_mut().skip(class).take(1).for_each(|f| *f = true);
            return None;
        };
        self.nets.insert(net, new);
        self.taken_nets.insert(new);
        Some(new)
    }

    fn permuted(&self, addr: u32, bits: u8) -> u32 {
        let keep_ends = self.keep_broadcast;
        let fixed = |prefix: u128, at: u8| {
            // Within the last byte 0 and 255 stay what they are.
            let byte = (prefix >> 96).to_le_bytes()[0];
            let ones = !(0xFFu8.checked_shr(u32::from(at.saturating_sub(24))).unwrap_or(0));
            let at_end = keep_ends && at >= 24 && (byte == 0 || byte == ones);
            at_end || is_within(prefix, at, KEPT)
        };
        let out = permute(&self.prf, Topic::Prefix4, u128::from(addr) << 96, bits, fixed);
        u32::try_from(out >> 96).unwrap_or(0)
    }

    fn class(&self, addr: u32) -> Class {
        let is_group = addr >> 28 == 0xE && self.keep_multicast;
        match addr >> 28 {
            _ if is_group => Class::Multicast,
            _ if self.hierarchy != Hierarchy::Class => Class::All,
            0..=7 => Class::A,
            8..=11 => Class::B,
            _ => Class::C,
        }
    }

    fn next_net(&mut self, class: usize) -> Option<u32> {
        let pool = self.pools.get_mut(class)?;
        loop {
            let net = pool.take()?;
            if !self.reserved.contains(&net) && !self.taken_nets.contains(&net) {
                return Some(net);
            }
        }
    }

    fn random_net(&self, net: u32, class: usize) -> Option<u32> {
        let pool = self.pools.get(class)?;
        let len = pool.len();
        let start = self.prf.below(Topic::Net4, &net.to_be_bytes(), u64::from(len));
        (0..MAX_PROBES.min(len)).find_map(|n| {
            let index = (start + u64::from(n)).checked_rem(u64::from(len))?;
            let net = pool.get(u32::try_from(index).ok()?)?;
            (!self.reserved.contains(&net) && !self.taken_nets.contains(&net)).then_some(net)
        })
    }

    fn host_part(&mut self, addr: u32, new: u32, host_bits: u8) -> Option<u32> {
        let mask = low(host_bits);
        let host = addr & mask;
        let keeps = self.keep_broadcast && host_bits > 1;
        if self.host == Method::No || keeps && (host == 0 || host == mask) {
            return Some(host);
        }
        let first = u32::from(keeps);
        let count = u64::from(mask) + 1 - 2 * u64::from(keeps);
        if self.host == Method::Random {
            let start = self.prf.below(Topic::Host4, &addr.to_be_bytes(), count);
            return (0..u64::from(MAX_PROBES).min(count)).find_map(|n| {
                let host = first + u32::try_from((start + n).checked_rem(count)?).ok()?;
                (!self.taken.contains(&(new | host))).then_some(host)
            });
        }
        if new == LOCAL_GROUPS && self.counts_groups {
            return self.group();
        }
        // 0 comes last where it is not kept.
        let last = u64::from(mask) + u64::from(!keeps);
        let next = self.next_host.entry(new).or_insert(1);
        while u64::from(*next) <= last && *next != u32::MAX {
            let host = *next & mask;
            *next += 1;
            if !self.targets.contains_key(&(new | host)) {
                return Some(host);
            }
        }
        None
    }

    /// A host of 224.0.0: the next number of its pool, while those last.
    fn group(&mut self) -> Option<u32> {
        let pool = self.pools.get_mut(Class::Multicast as usize)?;
        if pool.next < 255 {
            pool.next += 1;
            return Some(pool.next - 1);
        }
        let used: Set<u32> = self.hosts.values().filter(|a| a & !0xFF == LOCAL_GROUPS).collect();
        (1..255).find(|host| !used.contains(&(LOCAL_GROUPS | host)))
    }
}

/// A mask of `bits` trailing bits.
fn low(bits: u8) -> u32 {
    u32::MAX.checked_shr(32 - u32::from(bits.min(32))).unwrap_or(0)
}
