//! The flow key. Layouts: `record::far::flow`.

use super::{About, Anonymizer, bytes_of, edit, low16};
use crate::anonymize::prf::Topic;
use crate::record::{Addr, Dsr};

/// ICMP messages with an identifier and a number: echo, router solicitation apart, time stamp, information, mask.
const ICMP_WITH_ID: &[u8] = &[0, 8, 13, 14, 15, 16, 17, 18];
/// ICMPv6 echo.
const ICMP6_WITH_ID: &[u8] = &[128, 129];
/// Protocols with ports in the same place: TCP, UDP, DCCP, SCTP, UDP-Lite.
const WITH_PORTS: &[u8] = &[6, 17, 33, 132, 136];

impl Anonymizer {
    /// Rewrites a flow key; false if its shape is not known.
    pub(super) fn flow_key(&mut self, dsr: &Dsr<'_>, body: &mut [u8], about: &About) -> bool {
        let has_masks = dsr.qualifier & 0x40 != 0;
        let is_fragment = dsr.qualifier & 0x80 != 0;
        match (dsr.subtype & 0x3F, dsr.qualifier & 0x1F) {
            (1, 1) => {
                self.v4_at(body, 0);
                self.v4_at(body, 4);
                self.v4_rest(body, is_fragment, has_masks, about);
            }
            (1, 2) => {
                self.v6_at(body, 0);
                self.v6_at(body, 16);
                self.v6_rest(body, is_fragment, about);
            }
            (1, 3) => {
                self.mac_at(body, 6);
                self.mac_at(body, 0);
            }
            (1, 8) => {
                [6, 0, 12].into_iter().for_each(|at| self.mac_at(body, at));
                edit::with(body, 18, |name| self.names.wireless(name));
            }
            (1, 0x0A) => self.isis(body),
            (1 | 6, 4) => self.arp(body, about),
            (1 | 6, 5) => {
                self.v4_at(body, 8);
                self.mac_at(body, 18);
                self.mac_at(body, 12);
                edit::clear_from(body, 24);
            }
            (3, 1) => {
                self.v4_le_at(body, 0);
                self.v4_le_at(body, 4);
            }
            (3, 2) => {
                self.v6_at(body, 0);
                self.v6_at(body, 16);
            }
            _ => return false,
        }
        true
    }

    fn v4_rest(&mut self, body: &mut [u8], is_fragment: bool, has_masks: bool, about: &About) {
        let [proto] = edit::get(body, 8).unwrap_or([0]);
        match proto {
            _ if is_fragment => edit::le16(body, 14, |id| if has_masks { id } else { self.ip_id(id, about.src) }),
            1 => {
                let [kind] = edit::get(body, 10).unwrap_or([0]);
                if ICMP_WITH_ID.contains(&kind) {
                    let by = low16(self.shifts.reference);
                    edit::le16(body, 12, |id| id.wrapping_sub(by));
                    if !has_masks {
                        edit::le16(body, 14, |seq| seq.wrapping_sub(by));
                    }
                } else if !has_masks {
                    edit::put(body, 14, [0; 2]);
                }
            }
            2 if !has_masks => edit::be16(body, 14, |id| self.ip_id(id, about.src)),
            2 => {}
            50 => self.esp_key(body, 12, has_masks),
            _ => {
                if WITH_PORTS.contains(&proto) {
                    edit::be16(body, 10, |p| self.map.port(p));
                    edit::be16(body, 12, |p| self.map.port(p));
                } else {
                    edit::put(body, 10, [0; 4]);
                }
                // Here a sensor leaves the identifier of a DNS query.
                if !has_masks {
                    edit::put(body, 14, [0; 2]);
                }
            }
        }
    }

    /// The index of an ESP flow. Where a client has written the lengths of prefixes over one half, that half stays.
    fn esp_key(&mut self, body: &mut [u8], at: usize, has_masks: bool) {
        let [a, b, c, d] = self.shifts.reference.to_be_bytes();
        for (at, by) in [(at, [a, b]), (at + 2, [c, d])] {
            let is_mask = has_masks && edit::get(body, at).is_some_and(|[m, n]: [u8; 2]| m <= 32 && n <= 32);
            if !is_mask {
                edit::be16(body, at, |half| half ^ u16::from_be_bytes(by));
            }
        }
    }

    fn v6_rest(&mut self, body: &mut [u8], is_fragment: bool, about: &About) {
        let [proto, label @ ..] = edit::get::<4>(body, 32).unwrap_or_default();
        if label != [0; 3] {
            let [_, a, b, c] = self.reference_of(&label).to_be_bytes();
            edit::put(body, 33, [a & 0x0F, b, c]);
        }
        match proto {
            _ if is_fragment => {
                let by = self.reference_of(&bytes_of(about.src));
                edit::be32(body, 36, |id| id ^ by);
            }
            58 => {
                let [kind] = edit::get(body, 36).unwrap_or([0]);
                if ICMP6_WITH_ID.contains(&kind) {
                    edit::be16(body, 38, |id| id.wrapping_sub(low16(self.shifts.reference)));
                }
            }
            50 => edit::be32(body, 36, |spi| spi ^ self.shifts.reference),
            _ if WITH_PORTS.contains(&proto) => {
                edit::be16(body, 36, |p| self.map.port(p));
                edit::be16(body, 38, |p| self.map.port(p));
            }
            _ => edit::put(body, 36, [0; 4]),
        }
        edit::clear_from(body, 44);
    }

    /// A word that the key and some bytes decide.
    pub(super) fn reference_of(&self, bytes: &[u8]) -> u32 {
        u32::try_from(self.prf.hash(Topic::Reference, bytes) >> 32).unwrap_or(0)
    }

    fn arp(&mut self, body: &mut [u8], about: &About) {
        self.v4_at(body, 8);
        self.v4_at(body, 12);
        // Sensors store four bytes of the asker's address; the rest of it may stand elsewhere in the record.
        let known = edit::get::<4>(body, 16)
            .and_then(|start| about.macs.into_iter().find(|mac| mac.starts_with(&start)).or(edit::get(body, 16)));
        let whole = body.len() >= 24 && edit::get::<2>(body, 4).is_some_and(|[len, _]| len == 6);
        let is_told = about.macs.iter().any(|mac| known == Some(*mac));
        edit::clear_from(&mut *body, 16);
        if let Some(mac) = known.filter(|_| whole || is_told) {
            let new = self.map.mac(mac);
            for (to, from) in body.iter_mut().skip(16).zip(new) {
                *to = from;
            }
        }
    }

    fn isis(&mut self, body: &mut [u8]) {
        self.mac_at(body, 4);
        self.mac_at(body, 10);
        // Every form of the identifier begins with that of a system.
        self.mac_at(body, 20);
        if edit::get::<4>(body, 0).is_some_and(|pdu| matches!(u32::from_be_bytes(pdu), 15 | 16)) {
            self.mac_at(body, 26);
        }
        let by = self.reference_of(&edit::get::<4>(body, 34).unwrap_or_default());
        edit::be32(body, 34, |sum| if sum == 0 { 0 } else { u32::from(low16(by)) });
    }

    /// Replaces the IPv4 address at `at`.
    pub(super) fn v4_at(&mut self, body: &mut [u8], at: usize) {
        edit::with(body, at, |a: [u8; 4]| self.map.v4(a.into()).octets());
    }

    /// Replaces the IPv4 address in reverse order at `at`.
    pub(super) fn v4_le_at(&mut self, body: &mut [u8], at: usize) {
        edit::with(body, at, |a: [u8; 4]| {
            let [a, b, c, d] = a;
            let [a, b, c, d] = self.map.v4([d, c, b, a].into()).octets();
            [d, c, b, a]
        });
    }

    fn v6_at(&mut self, body: &mut [u8], at: usize) {
        edit::with(body, at, |a: [u8; 16]| self.map.v6(a.into()).octets());
    }

    /// Replaces the Ethernet address at `at`.
    pub(super) fn mac_at(&mut self, body: &mut [u8], at: usize) {
        edit::with(body, at, |a| self.map.mac(a));
    }

    /// The end of the record whose packets `is_src` speaks of.
    pub(super) fn end(about: &About, is_src: bool) -> Addr {
        if is_src { about.src } else { about.dst }
    }
}
