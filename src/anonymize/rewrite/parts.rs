//! The other parts of flow records, and management records.

use super::{About, Anonymizer, bytes_of, edit};
use crate::anonymize::conf::Attribute;
use crate::anonymize::prf::Topic;
use crate::anonymize::shift;
use crate::record::codec::Mar;
use crate::record::{Cause, Dsr, RecordRef, SrcId};

/// Length of management records, bytes.
const MAR_LEN: usize = 128;

impl Anonymizer {
    /// Source id, interface, number of the record.
    pub(super) fn transport(&mut self, dsr: &Dsr<'_>, body: &mut [u8]) {
        let has_interface = dsr.qualifier & 0x10 != 0;
        let len = match dsr.qualifier & !0x10 {
            0x02 => {
                self.put_sensor(body, 0, |b: [u8; 16]| SrcId::V6(b.into()));
                16
            }
            0x22 => {
                self.put_sensor(body, 0, SrcId::Uuid);
                16
            }
            0x03 => {
                self.mac_at(body, 0);
                edit::put(body, 6, [0; 2]);
                8
            }
            kind => {
                self.put_sensor(body, 0, |b: [u8; 4]| match kind {
                    0x01 => SrcId::V4(b.into()),
                    0x20 => SrcId::Int(i32::from_be_bytes(b)),
                    0x21 => SrcId::Text(b),
                    _ => SrcId::Unset,
                });
                4
            }
        };
        if has_interface {
            edit::with(body, len, |name| self.names.interface(name));
        }
        let at = len + if has_interface { 4 } else { 0 };
        edit::be32(body, at, |seq| seq.wrapping_sub(self.shifts.seq));
        edit::clear_from(body, at + 4);
    }

    fn put_sensor<const N: usize>(&mut self, body: &mut [u8], at: usize, read: impl FnOnce([u8; N]) -> SrcId) {
        edit::with(body, at, |old: [u8; N]| {
            let mut new = [0; N];
            for (to, from) in new.iter_mut().zip(id_bytes(self.names.sensor(read(old)))) {
                *to = from;
            }
            new
        });
    }

    /// Stamps: all of them if they are absolute, else the first.
    pub(super) fn times(&self, dsr: &Dsr<'_>, body: &mut [u8]) {
        let unit = if dsr.qualifier == 0x19 { 1 } else { 1000 };
        let present = (dsr.subtype & 0x78).count_ones() as usize;
        let is_relative = present > 1 && body.len() / 4 == present + 1;
        let stamps = if is_relative { 1 } else { body.len() / 8 };
        for n in 0..stamps {
            self.time_at(body, n * 8, unit);
        }
    }

    /// AS numbers of source, destination and intermediate node.
    pub(super) fn as_numbers(&mut self, body: &mut [u8]) {
        for at in [0, 4, 8] {
            edit::be32(body, at, |asn| self.map.asn(asn));
        }
        edit::clear_from(body, 12);
    }

    /// An ICMP error: who sent it to whom, about what, and the gateway.
    pub(super) fn icmp_error(&mut self, body: &mut [u8]) {
        for at in [4, 8, 12, 16, 20] {
            if edit::get(body, at) != Some([0; 4]) {
                self.v4_at(body, at);
            }
        }
        edit::clear_from(body, 24);
    }

    /// Destination, then source.
    pub(super) fn mac_addresses(&mut self, body: &mut [u8]) {
        self.mac_at(body, 6);
        self.mac_at(body, 0);
    }

    /// Time to live, type of service, identification and options of either side.
    pub(super) fn ip_attributes(&self, dsr: &Dsr<'_>, body: &mut [u8], about: &About) {
        let mut at = 0;
        for (attribute, options, is_src) in [(1, 4, true), (2, 8, false)] {
            if dsr.qualifier & attribute != 0 {
                let end = Self::end(about, is_src);
                edit::with(body, at, |[ttl, tos, a, b]: [u8; 4]| {
                    let [a, b] = self.ip_id(u16::from_le_bytes([a, b]), end).to_le_bytes();
                    [self.ttl(ttl, &bytes_of(end), about.is_mapped), self.tos(tos), a, b]
                });
                at += 4;
            }
            if dsr.qualifier & options != 0 {
                if self.settings.options != Attribute::Keep {
                    edit::put(body, at, [0; 4]);
                }
                at += 4;
            }
        }
        edit::clear_from(body, at);
    }

    /// 0, 254 and 255 mean something of their own and stay.
    fn ttl(&self, ttl: u8, end: &[u8], is_mapped: bool) -> u8 {
        if is_mapped && self.settings.keep_mapped_ttl {
            return ttl;
        }
        match self.settings.ttl {
            Attribute::Keep => ttl,
            Attribute::Clear => 0,
            Attribute::Shift(_) if matches!(ttl, 0 | 254 | 255) => ttl,
            Attribute::Shift(by) => {
                // Hosts of one network are equally far away.
                let network = end.get(..if end.len() == 4 { 3 } else { 8 }).unwrap_or(end);
                let by = i64::from(shift::word(by, &self.prf, Topic::Ttl, network).cast_signed());
                u8::try_from((i64::from(ttl) - 1 + by).rem_euclid(253) + 1).unwrap_or(ttl)
            }
        }
    }

    fn tos(&self, tos: u8) -> u8 {
        match self.settings.tos {
            Attribute::Keep => tos,
            Attribute::Clear => 0,
            Attribute::Shift(by) => {
                let [.., by] = shift::word(by, &self.prf, Topic::Tos, &[]).to_be_bytes();
                tos.wrapping_add(by)
            }
        }
    }

    /// Appends a management record rewritten: who, when, on which network.
    pub(super) fn management(&mut self, record: RecordRef<'_>, out: &mut Vec<u8>) -> bool {
        let bytes = record.bytes();
        if bytes.len() == 4 {
            out.extend_from_slice(bytes);
            return true;
        }
        let (Some(mar), Some(whole)) = (Mar::new(record), bytes.first_chunk::<MAR_LEN>()) else { return false };
        let mut new = *whole;
        let id = self.names.sensor(mar.srcid());
        edit::put(&mut new, 12, [0; 8]);
        edit::be32(&mut new, 20, |seq| if seq == 0 { 0 } else { seq.wrapping_sub(self.shifts.seq) });
        self.time_at(&mut new, 24, 1000);
        self.time_at(&mut new, 32, 1000);
        edit::put(&mut new, 108, [0; 16]);
        let is_start = mar.cause() == Cause::Start;
        let at = match (record.version(), is_start) {
            (5, _) => 108,
            (_, true) => 120,
            _ => {
                edit::put(&mut new, 8, [0; 4]);
                8
            }
        };
        let mut id = match id {
            SrcId::V6(_) | SrcId::Uuid(_) if at != 108 => vec![0; 4],
            id => id_bytes(id),
        };
        if at == 120 && matches!(mar.srcid(), SrcId::Text(_)) {
            id.reverse();
        }
        for (to, from) in new.iter_mut().skip(at).zip(id) {
            *to = from;
        }
        // What follows is the length as it was.
        edit::put(&mut new, 2, [0, 32]);
        out.extend_from_slice(&new);
        true
    }
}

/// The bytes of a source id as records carry it.
fn id_bytes(id: SrcId) -> Vec<u8> {
    match id {
        SrcId::Unset => vec![0; 4],
        SrcId::V4(a) => a.octets().into(),
        SrcId::Int(n) => n.to_be_bytes().into(),
        SrcId::Text(t) => t.into(),
        SrcId::V6(a) => a.octets().into(),
        SrcId::Uuid(u) => u.into(),
    }
}
