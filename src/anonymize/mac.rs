//! Ethernet addresses.
//!
//! | original | replacement |
//! |---|---|
//! | all zeros | itself |
//! | broadcast, addresses of bridge protocols (`01:80:c2:00:00`) | itself, if they are kept |
//! | groups `01:00:5e`, `33:33`, others | the same kind of group, numbered, if they are kept |
//! | everything else | `00:00:01` or the vendor, numbered; or random and locally administered |

use super::MAX_ENTRIES;
use super::conf::{Method, Settings};
use super::prf::{Prf, Topic};
use crate::base::hash::{Map, Set};

/// Most candidates tried before an address is turned away.
const MAX_PROBES: u64 = 1 << 16;

/// The replacements of Ethernet addresses.
#[derive(Clone, Debug)]
pub(super) struct Macs {
    prf: Prf,
    method: Method,
    keep_vendor: bool,
    keep_broadcast: bool,
    keep_multicast: bool,
    known: Map<[u8; 6], [u8; 6]>,
    taken: Set<[u8; 6]>,
    /// Numbers given out by first three bytes.
    next: Map<[u8; 3], u32>,
    /// Addresses that found no place and became zeros.
    pub(super) turned_away: u64,
}

impl Macs {
    pub(super) fn new(settings: &Settings, prf: Prf) -> Macs {
        Macs {
            prf,
            method: settings.ethernet,
            keep_vendor: settings.keep_vendor,
            keep_broadcast: settings.keep_ethernet_broadcast,
            keep_multicast: settings.keep_ethernet_multicast,
            known: settings.macs.iter().copied().collect(),
            taken: settings.macs.iter().map(|(_, to)| *to).collect(),
            next: Map::default(),
            turned_away: 0,
        }
    }

    /// The replacement of an address.
    pub(super) fn map(&mut self, addr: [u8; 6]) -> [u8; 6] {
        if let Some(known) = self.known.get(&addr) {
            return *known;
        }
        let is_kept = self.method == Method::No
            || addr == [0; 6]
            || addr == [0xFF; 6] && self.keep_broadcast
            || addr.starts_with(&[0x01, 0x80, 0xC2, 0, 0]) && self.keep_multicast;
        if is_kept {
            return addr;
        }
        let found = if self.known.len() < MAX_ENTRIES { self.assign(addr) } else { None };
        let Some(out) = found else {
            self.turned_away += 1;
            return [0; 6];
        };
        self.known.insert(addr, out);
        self.taken.insert(out);
        out
    }

    /// All replacements so far, by original.
    pub(super) fn table(&self) -> Vec<([u8; 6], [u8; 6])> {
        let mut table: Vec<_> = self.known.iter().map(|(a, b)| (*a, *b)).collect();
        table.sort_unstable();
        table
    }

    fn assign(&mut self, addr: [u8; 6]) -> Option<[u8; 6]> {
        let [a, b, c, ..] = addr;
        let is_group = a & 1 == 1 && self.keep_multicast;
        let vendor = match [a, b, c] {
            [0x01, 0x00, 0x5E] if is_group => [0x01, 0x00, 0x5E],
            [0x33, 0x33, _] if is_group => [0x33, 0x33, 0],
            _ if is_group => [0x01, 0, 0],
            vendor if self.keep_vendor => vendor,
            _ => [0, 0, 1],
        };
        (0..MAX_PROBES).find_map(|n| {
            let candidate = if self.method == Method::Random {
                self.random(addr, vendor, is_group || self.keep_vendor, n)
            } else {
                let next = self.next.entry(vendor).or_insert(1);
                *next = next.checked_add(1).filter(|n| *n <= 1 << 24)?;
                join(vendor, *next - 1)
            };
            (!self.taken.contains(&candidate)).then_some(candidate)
        })
    }

    fn random(&self, addr: [u8; 6], vendor: [u8; 3], keeps_vendor: bool, n: u64) -> [u8; 6] {
        let [a, b, c, d, e, f] = addr;
        let [r0, r1, r2, r3, r4, r5, ..] =
            self.prf.hash(Topic::Mac, &[a, b, c, d, e, f]).wrapping_add(n << 40).to_le_bytes();
        if keeps_vendor {
            let [v0, v1, v2] = vendor;
            return [v0, v1, v2, r3, r4, r5];
        }
        [r0 & 0xFC | 2, r1, r2, r3, r4, r5]
    }
}

fn join([a, b, c]: [u8; 3], number: u32) -> [u8; 6] {
    let [_, d, e, f] = number.to_be_bytes();
    [a, b, c, d, e, f]
}
