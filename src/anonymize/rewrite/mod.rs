//! Whole records, part by part.
//!
//! | part | what becomes of it |
//! |---|---|
//! | transport 01 | source id, interface and number replaced |
//! | flow key 02 | addresses, ports, identifiers replaced ([`flow`]) |
//! | time 03 | absolute stamps moved |
//! | metrics 10, packet sizes 12, VLAN 40, MPLS 44, jitter 46, locality 6A | as they are |
//! | encapsulations 20 | the two masks; headers behind them go |
//! | network 30 | [`network`] |
//! | AS numbers 32, ICMP error 34, MAC 42 | replaced |
//! | IP attributes 48 | identification moved, others as chosen |
//! | payload 50, label 66, countries 64 | left out unless they are to stay |
//! | aggregation 60 | as it is, its stamps cleared |
//! | keystrokes 54 | as they are |
//! | all others, and what follows a damaged part | left out |

mod edit;
mod flow;
mod network;
mod parts;

use super::conf::{Attribute, Settings};
use super::labels::harmless;
use super::mapping::{self, Mapping};
use super::names::Names;
use super::prf::{Prf, Topic};
use super::shift::{self, Shifts};
use crate::record::{Addr, Far, RecordBuilder, RecordKind, RecordRef};

/// What is known of the record at hand while its parts are rewritten.
#[derive(Clone, Copy, Debug)]
struct About {
    version: u8,
    /// Ends in the sense of the parts: those of the record before it was turned round.
    src: Addr,
    dst: Addr,
    /// Subtracted from TCP sequence numbers.
    tcp_seq: u32,
    /// Whether it caused an ICMP error.
    is_mapped: bool,
    /// The Ethernet addresses that the record tells elsewhere.
    macs: [[u8; 6]; 2],
}

/// Rewrites records so that they may be shown to strangers. The same seed and the same records in the same order give
/// the same result.
#[derive(Debug)]
pub struct Anonymizer {
    settings: Settings,
    prf: Prf,
    map: Mapping,
    names: Names,
    shifts: Shifts,
    part: Vec<u8>,
    left_out: u64,
}

impl Anonymizer {
    /// With nothing replaced yet. `entropy` decides what is random where the settings name no seed.
    #[must_use]
    pub fn new(settings: Settings, entropy: u128) -> Anonymizer {
        let prf = mapping::key(&settings, entropy);
        Anonymizer {
            map: Mapping::with(&settings, prf),
            names: Names::new(settings.keep_srcid, prf),
            shifts: Shifts::new(&settings, prf),
            settings,
            prf,
            part: Vec::new(),
            left_out: 0,
        }
    }

    /// What has been replaced so far.
    #[must_use]
    pub fn mapping(&self) -> &Mapping {
        &self.map
    }

    /// How many records could not be rewritten: events, kinds and keys of a shape that is not known.
    #[must_use]
    pub fn left_out(&self) -> u64 {
        self.left_out
    }

    /// Appends a record rewritten; false if it is left out.
    pub fn record(&mut self, record: RecordRef<'_>, out: &mut Vec<u8>) -> bool {
        let done = match record.kind() {
            _ if !record.is_known_version() => false,
            RecordKind::Mar => self.management(record, out),
            RecordKind::Far | RecordKind::Netflow => Far::decode(record).is_some_and(|far| self.flow_record(&far, out)),
            RecordKind::Event | RecordKind::Other(_) => false,
        };
        self.left_out += u64::from(!done);
        done
    }

    /// Appends a flow record rewritten; false if it is left out.
    fn flow_record(&mut self, far: &Far<'_>, out: &mut Vec<u8>) -> bool {
        let record = far.record();
        let about = self.about(far);
        let [head, cause, ..] = *record.bytes() else { return false };
        let mut part = std::mem::take(&mut self.part);
        let mut builder = RecordBuilder::new(out, head, cause);
        let mut is_known = true;
        for dsr in record.dsrs() {
            part.clear();
            part.extend_from_slice(dsr.bytes);
            let Some((_, body)) = part.split_first_chunk_mut::<4>() else { continue };
            match dsr.kind {
                0x00 | 0x10 | 0x12 | 0x40 | 0x44 | 0x46 | 0x54 | 0x6A => {}
                0x01 => self.transport(&dsr, body),
                0x02 => is_known &= self.flow_key(&dsr, body, &about),
                0x03 => self.times(&dsr, body),
                0x20 => {
                    let kept = dsr.body.get(..8).unwrap_or(dsr.body);
                    builder.dsr(0x20, dsr.subtype & 0x7F, dsr.qualifier, |b| b.extend_from_slice(kept));
                    continue;
                }
                0x30 if self.network(&dsr, body, &about) => {}
                0x32 => self.as_numbers(body),
                0x34 => self.icmp_error(body),
                0x42 => self.mac_addresses(body),
                0x48 => self.ip_attributes(&dsr, body, &about),
                0x50 if self.settings.keep_payload => {}
                0x60 => edit::put(body, 4, [0; 16]),
                0x64 if self.settings.keep_countries => {}
                0x66 if self.settings.keep_labels => {
                    let label = harmless(far.label_bytes().unwrap_or(&[]));
                    if !label.is_empty() {
                        builder.dsr(0x66, 0, 0, |b| b.extend_from_slice(&label));
                    }
                    continue;
                }
                _ => continue,
            }
            builder.raw(&part);
        }
        self.part = part;
        is_known && builder.finish()
    }

    /// Looks at the ends first: the source's address is the first to get its number.
    fn about(&mut self, far: &Far<'_>) -> About {
        let key = far.flow().key;
        self.map.addr(key.saddr);
        self.map.addr(key.daddr);
        let (src, dst) = if far.is_turned() { (key.daddr, key.saddr) } else { (key.saddr, key.daddr) };
        let mut ends = [(bytes_of(key.saddr), key.sport), (bytes_of(key.daddr), key.dport)];
        ends.sort_unstable();
        let connection: Vec<u8> =
            ends.iter().flat_map(|(addr, port)| addr.iter().copied().chain(port.to_be_bytes())).collect();
        let mac = far.mac().map(|m| [m.addr.src, m.addr.dst]);
        About {
            version: far.record().version(),
            src,
            dst,
            tcp_seq: self.shifts.tcp_seq(&connection),
            is_mapped: far.icmp_error().is_some(),
            macs: mac.unwrap_or_default(),
        }
    }

    /// A 16-bit identification of a packet from `addr`.
    fn ip_id(&self, id: u16, addr: Addr) -> u16 {
        match self.settings.ip_id {
            Attribute::Keep => id,
            Attribute::Clear => 0,
            // 0 says that there is none.
            Attribute::Shift(_) if id == 0 => 0,
            Attribute::Shift(by) => id.wrapping_add(low16(shift::word(by, &self.prf, Topic::IpId, &bytes_of(addr)))),
        }
    }
}

/// The bytes of an address.
fn bytes_of(addr: Addr) -> Vec<u8> {
    match addr {
        Addr::None => Vec::new(),
        Addr::V4(a) => a.octets().into(),
        Addr::V6(a) => a.octets().into(),
        Addr::Mac(a) => a.into(),
    }
}

/// The lower half of a word.
fn low16(word: u32) -> u16 {
    let [.., a, b] = word.to_be_bytes();
    u16::from_be_bytes([a, b])
}
