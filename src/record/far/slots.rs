//! Where each DSR of a record is: one word offset per kind of DSR.

use crate::record::codec::{Dsr, RecordRef};

/// The kinds of DSR that a flow record may carry and that are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DsrKind {
    /// Source id and sequence number, type 01.
    Transport = 1,
    /// Flow key, type 02.
    Flow,
    /// Time stamps, type 03.
    Time,
    /// Packet and byte counters, type 10.
    Metrics,
    /// Aggregation, type 60.
    Aggregation,
    /// Protocol state, type 30.
    Network,
    /// VLAN tags, type 40.
    Vlan,
    /// MPLS labels, type 44.
    Mpls,
    /// Inter-packet times, type 46.
    Jitter,
    /// TTL, TOS, IP id, options, type 48.
    IpAttr,
    /// Packet sizes, type 12.
    PacketSize,
    /// Captured payload of the source, type 50.
    SrcPayload,
    /// Captured payload of the destination, type 50.
    DstPayload,
    /// MAC addresses, type 42.
    Mac,
    /// ICMP error mapped onto the flow, type 34.
    IcmpError,
    /// Encapsulations, type 20.
    Encaps,
    /// Keystrokes, type 54.
    Behavior,
    /// Country codes, type 64.
    Country,
    /// Label, type 66.
    Label,
    /// AS numbers, type 32.
    Asn,
    /// Geographic position, type 68.
    Geo,
    /// Locality, type 6A.
    Locality,
}

const SLOTS: usize = DsrKind::Locality as usize + 1;

/// Slot of each type byte; 0 for those that are not looked at.
const SLOT_OF: [u8; 256] = {
    let mut t = [0; 256];
    t[0x01] = DsrKind::Transport as u8;
    t[0x02] = DsrKind::Flow as u8;
    t[0x03] = DsrKind::Time as u8;
    t[0x10] = DsrKind::Metrics as u8;
    t[0x60] = DsrKind::Aggregation as u8;
    t[0x30] = DsrKind::Network as u8;
    t[0x40] = DsrKind::Vlan as u8;
    t[0x44] = DsrKind::Mpls as u8;
    t[0x46] = DsrKind::Jitter as u8;
    t[0x48] = DsrKind::IpAttr as u8;
    t[0x12] = DsrKind::PacketSize as u8;
    t[0x50] = DsrKind::SrcPayload as u8;
    t[0x42] = DsrKind::Mac as u8;
    t[0x34] = DsrKind::IcmpError as u8;
    t[0x20] = DsrKind::Encaps as u8;
    t[0x54] = DsrKind::Behavior as u8;
    t[0x64] = DsrKind::Country as u8;
    t[0x66] = DsrKind::Label as u8;
    t[0x32] = DsrKind::Asn as u8;
    t[0x68] = DsrKind::Geo as u8;
    t[0x6A] = DsrKind::Locality as u8;
    t
};

/// Word offset of each DSR within its record; of several of one kind the last one, as the classic clients do.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slots {
    at: [u16; SLOTS],
}

impl Default for Slots {
    /// Those of a record without DSRs.
    fn default() -> Slots {
        Slots { at: [0; SLOTS] }
    }
}

impl Slots {
    /// One walk over the record.
    #[inline]
    pub(super) fn new(record: RecordRef<'_>) -> Slots {
        let mut at = [0u16; SLOTS];
        let mut word = 1u16;
        for dsr in record.dsrs() {
            let mut slot = SLOT_OF.get(usize::from(dsr.kind)).copied().unwrap_or(0);
            if dsr.kind == 0x50 && dsr.subtype & 0x20 != 0 {
                slot = DsrKind::DstPayload as u8;
            }
            if let Some(s) = at.get_mut(usize::from(slot)) {
                *s = word;
            }
            // A record has at most 65,535 words, and the walk stays inside.
            word = word.saturating_add(u16::try_from(dsr.words()).unwrap_or(u16::MAX));
        }
        if let Some(unknown) = at.first_mut() {
            *unknown = 0;
        }
        Slots { at }
    }

    /// The DSR of one kind.
    #[inline]
    pub(super) fn get<'a>(&self, record: RecordRef<'a>, kind: DsrKind) -> Option<Dsr<'a>> {
        match self.at.get(kind as usize) {
            Some(0) | None => None,
            Some(&word) => Dsr::at_start(record.bytes().get(usize::from(word) * 4..)?),
        }
    }
}
