//! Names without structure: sensors, their interfaces, wireless networks. They are numbered in the order they come.

use std::net::Ipv4Addr;

use super::MAX_ENTRIES;
use super::prf::{Prf, Topic};
use crate::base::hash::Map;
use crate::record::SrcId;

/// Network set aside for measurements (RFC 2544), from which addresses of sensors come.
const SENSORS: u32 = 0xC612_0000;

/// The replacements of names.
#[derive(Clone, Debug)]
pub(super) struct Names {
    prf: Prf,
    keeps_sensors: bool,
    sensors: Map<SrcId, u32>,
    interfaces: Map<[u8; 4], u32>,
    networks: Map<Vec<u8>, u32>,
}

impl Names {
    pub(super) fn new(keeps_sensors: bool, prf: Prf) -> Names {
        Names { prf, keeps_sensors, sensors: Map::default(), interfaces: Map::default(), networks: Map::default() }
    }

    /// The replacement of a source id, of the same kind.
    pub(super) fn sensor(&mut self, id: SrcId) -> SrcId {
        if self.keeps_sensors || id == SrcId::Unset {
            return id;
        }
        let n = number(&mut self.sensors, id);
        match id {
            SrcId::Unset => id,
            SrcId::V4(_) => SrcId::V4(Ipv4Addr::from(SENSORS + n % 0x0002_0000)),
            SrcId::Int(_) => SrcId::Int(i32::try_from(n).unwrap_or(i32::MAX)),
            SrcId::Text(_) => SrcId::Text(label(b's', n)),
            SrcId::V6(_) => SrcId::V6((0x2001_0db8_ffff_u128 << 80 | u128::from(n)).into()),
            SrcId::Uuid(id) => {
                let [a, b] = [0, 1].map(|k| self.prf.hash(Topic::Name, &[&[k], &id[..]].concat()).to_be_bytes());
                let mut out = [0; 16];
                for (to, from) in out.iter_mut().zip(a.into_iter().chain(b)) {
                    *to = from;
                }
                SrcId::Uuid(out)
            }
        }
    }

    /// The replacement of an interface's name.
    pub(super) fn interface(&mut self, name: [u8; 4]) -> [u8; 4] {
        if self.keeps_sensors || name == [0; 4] {
            return name;
        }
        label(b'i', number(&mut self.interfaces, name))
    }

    /// The replacement of a wireless network's name, with its padding.
    pub(super) fn wireless(&mut self, name: [u8; 32]) -> [u8; 32] {
        let mut out = [0; 32];
        if name != out {
            let [a, b, c, d] = label(b'n', number(&mut self.networks, name.to_vec()));
            for (to, from) in out.iter_mut().zip([a, b, c, d]) {
                *to = from;
            }
        }
        out
    }
}

/// The number of a name, from 1; 0 of all that find no place.
fn number<K: std::hash::Hash + Eq>(known: &mut Map<K, u32>, name: K) -> u32 {
    if let Some(n) = known.get(&name) {
        return *n;
    }
    if known.len() >= MAX_ENTRIES {
        return 0;
    }
    let n = u32::try_from(known.len()).unwrap_or(0) + 1;
    known.insert(name, n);
    n
}

/// A letter and three digits; after 999 they start again.
fn label(letter: u8, n: u32) -> [u8; 4] {
    let digit = |n: u32| b'0' + u8::try_from(n % 10).unwrap_or(0);
    [letter, digit(n / 100), digit(n / 10), digit(n)]
}
