//! Numbers of autonomous systems: replaced by those set aside for private use.

use super::MAX_ENTRIES;
use super::conf::{Method, Settings};
use super::prf::{Prf, Topic};
use crate::base::hash::{Map, Set};

/// First of the private numbers of 16 bits, how many there are, and the first of 32 bits (RFC 6996).
const SHORT: (u32, u32) = (64_512, 1023);
const LONG: u32 = 4_200_000_000;
/// How many private numbers there are.
const COUNT: u32 = SHORT.1 + 94_967_295;

/// The replacements of AS numbers.
#[derive(Clone, Debug)]
pub(super) struct Asns {
    prf: Prf,
    method: Method,
    known: Map<u32, u32>,
    taken: Set<u32>,
    next: u32,
}

impl Asns {
    pub(super) fn new(settings: &Settings, prf: Prf) -> Asns {
        Asns {
            prf,
            method: settings.asn,
            known: settings.asns.iter().copied().collect(),
            taken: settings.asns.iter().map(|(_, to)| *to).collect(),
            next: 0,
        }
    }

    /// The replacement of a number; 0, which means unknown, stays, and becomes of what finds no place.
    pub(super) fn map(&mut self, asn: u32) -> u32 {
        if let Some(known) = self.known.get(&asn) {
            return *known;
        }
        if asn == 0 || self.method == Method::No {
            return asn;
        }
        if self.known.len() >= MAX_ENTRIES {
            return 0;
        }
        let start = match self.method {
            Method::Random => u32::try_from(self.prf.below(Topic::Asn, &asn.to_be_bytes(), COUNT.into())).unwrap_or(0),
            _ => self.next,
        };
        // Fewer numbers are taken than are tried.
        let tries = u32::try_from(self.taken.len()).unwrap_or(u32::MAX).saturating_add(1);
        let found = (0..tries).map(|n| (start.wrapping_add(n)) % COUNT).find(|n| !self.taken.contains(&private(*n)));
        let Some(index) = found else { return 0 };
        self.next = index + 1;
        self.known.insert(asn, private(index));
        self.taken.insert(private(index));
        private(index)
    }

    /// All replacements so far, by original.
    pub(super) fn table(&self) -> Vec<(u32, u32)> {
        let mut table: Vec<_> = self.known.iter().map(|(a, b)| (*a, *b)).collect();
        table.sort_unstable();
        table
    }
}

fn private(index: u32) -> u32 {
    if index < SHORT.1 { SHORT.0 + index } else { LONG.saturating_add(index - SHORT.1) }
}
