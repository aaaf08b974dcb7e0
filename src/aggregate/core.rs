//! The fixed-size part of a flow that can be added up: [`Core`]. No allocation, one copy per record.
//!
//! Everything is in the direction in which the record is read. What has no fixed size (label, captured bytes, rare
//! protocol states) is kept by [`Merged`](super::Merged).

use crate::base::Span;
use crate::record::{
    Asns, Counts, DsrKind, Encaps, Far, Flow, FlowForm, FlowKey, IpAttrs, Jitter, Mac, PacketSizes, Sides, Spread,
    SrcId, Tcp, TcpForm, fields,
};

/// Longest flow key: that of an 802.11 flow. Longer ones are padding.
const KEY_LEN: usize = 52;
/// Longest protocol state kept in place: that of an RTP flow.
const STATE_LEN: usize = 36;

/// State of the flow's protocol.
#[derive(Clone, Copy, Debug)]
pub(super) enum Net {
    /// None, or one that did not survive merging.
    None,
    /// TCP.
    Tcp(Tcp),
    /// Any other, as stored.
    Raw(RawNet),
    /// One too long to be kept here; its subtype.
    Long(u8),
}

/// A protocol state as it is stored; bytes behind `body` are zeros.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RawNet {
    pub(super) subtype: u8,
    pub(super) qualifier: u8,
    /// Bytes of the body as stored, padding included.
    pub(super) len: u16,
    pub(super) body: [u8; STATE_LEN],
}

/// How records were added up.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Added {
    /// Which metric is summed up in `active`; 4 is the duration.
    pub(super) metric: u8,
    /// Records.
    pub(super) count: u32,
    /// The metric.
    pub(super) active: Spread,
    /// Times between records, µs.
    pub(super) idle: Spread,
    /// Whether the record said so itself, or has been merged.
    pub(super) is_written: bool,
}

/// A flow key as it is stored; bytes behind `body` are zeros.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct StoredKey {
    pub(super) subtype: u8,
    pub(super) qualifier: u8,
    /// Bytes of the body; 0 without a key.
    pub(super) len: u8,
    pub(super) body: [u8; KEY_LEN],
}

impl StoredKey {
    pub(super) fn read(far: &Far<'_>) -> StoredKey {
        let mut key = StoredKey { subtype: 0, qualifier: 0, len: 0, body: [0; KEY_LEN] };
        let Some(dsr) = far.dsr(DsrKind::Flow) else { return key };
        (key.subtype, key.qualifier) = (dsr.subtype & !0x40, dsr.qualifier);
        let len = dsr.body.len().min(KEY_LEN);
        if let (Some(to), Some(from)) = (key.body.get_mut(..len), dsr.body.get(..len)) {
            to.copy_from_slice(from);
        }
        key.len = u8::try_from(len).unwrap_or(0);
        key
    }
}

/// The state of the flow's protocol.
pub(super) fn net(far: &Far<'_>) -> Net {
    let Some(dsr) = far.dsr(DsrKind::Network) else { return Net::None };
    let used = match dsr.subtype & 0x7F {
        0x03..=0x05 => return far.tcp().map_or(Net::None, Net::Tcp),
        // Of the answer to an ARP request only the address means anything.
        0x10 => 6,
        _ => dsr.body.len(),
    };
    if dsr.body.is_empty() {
        return Net::None;
    }
    if used > STATE_LEN || far.is_turned() && matches!(dsr.subtype & 0x7F, 0x09 | 0x0A) {
        return Net::Long(dsr.subtype);
    }
    let mut body = [0; STATE_LEN];
    for (to, from) in body.iter_mut().zip(dsr.body.iter().take(used)) {
        *to = *from;
    }
    let len = u16::try_from(dsr.body.len()).unwrap_or(0);
    Net::Raw(RawNet { subtype: dsr.subtype, qualifier: dsr.qualifier, len, body })
}

/// The part of a flow that has a fixed size.
#[derive(Clone, Copy, Debug)]
pub struct Core {
    pub(super) head: u8,
    pub(super) cause: u8,
    pub(super) srcid: Option<SrcId>,
    pub(super) seq: u32,
    pub(super) flow: Flow,
    pub(super) stored: StoredKey,
    pub(super) src: Option<Span>,
    pub(super) dst: Option<Span>,
    pub(super) has_metrics: bool,
    pub(super) has_appbytes: bool,
    pub(super) counts: Sides<Counts>,
    pub(super) added: Added,
    pub(super) net: Net,
    pub(super) vlan: Sides<Option<u16>>,
    pub(super) mpls: Sides<Option<u32>>,
    pub(super) jitter: Option<Jitter>,
    pub(super) ip: IpAttrs,
    pub(super) sizes: Sides<Option<PacketSizes>>,
    pub(super) mac: Option<Mac>,
    pub(super) encaps: Option<Encaps>,
    pub(super) country: Sides<Option<[u8; 2]>>,
    pub(super) has_country: bool,
    pub(super) asns: Option<Asns>,
}

impl Core {
    /// Reads the record. Records of version 5 are to be converted first (`codec::to_v3`).
    #[must_use]
    pub fn read(far: &Far<'_>) -> Core {
        let head = far.record().bytes().first_chunk::<2>().copied().unwrap_or_default();
        let (metrics, times) = (far.metrics(), far.times());
        let mut core = Core {
            head: head[0],
            cause: head[1],
            srcid: None,
            seq: 0,
            flow: *far.flow(),
            stored: StoredKey::read(far),
            src: times.src,
            dst: times.dst,
            has_metrics: far.has_metrics(),
            has_appbytes: metrics.has_appbytes,
            counts: Sides { src: metrics.src, dst: metrics.dst },
            added: added(far),
            net: net(far),
            vlan: far.vlan(),
            mpls: far.mpls(),
            jitter: far.jitter(),
            ip: far.ip_attrs(),
            sizes: far.packet_sizes(),
            mac: far.mac(),
            encaps: far.encaps(),
            country: far.countries(),
            has_country: far.has(DsrKind::Country),
            asns: far.asns(),
        };
        if let Some(t) = far.transport() {
            (core.srcid, core.seq) = (Some(t.srcid), t.seq);
        }
        core
    }

    /// First to last packet.
    #[must_use]
    pub fn span(&self) -> Span {
        match (self.src, self.dst) {
            (Some(a), Some(b)) => a.union(b),
            (Some(a), None) | (None, Some(a)) => a,
            (None, None) => Span::default(),
        }
    }

    /// Measures its duration anew, after its times were changed.
    pub(super) fn measure(&mut self) {
        if !self.added.is_written {
            let secs = fields::seconds(self.span());
            self.added.active = Spread { count: 1, min: secs, mean: secs, stdev: 0.0, max: secs };
        }
    }

    /// What both sides sent.
    #[must_use]
    pub fn counts(&self) -> Sides<Counts> {
        self.counts
    }

    /// The ends, protocol and ports.
    #[must_use]
    pub fn key(&self) -> &FlowKey {
        &self.flow.key
    }

    /// Number of records in it.
    #[must_use]
    pub fn trans(&self) -> u32 {
        self.added.count
    }

    /// Turns it round: what the source was is the destination.
    pub fn exchange(&mut self) {
        use std::mem::swap;
        let f = &mut self.flow;
        swap(&mut f.key.saddr, &mut f.key.daddr);
        swap(&mut f.src_mask, &mut f.dst_mask);
        if matches!(f.key.proto, 6 | 17) && matches!(f.form, FlowForm::V4 | FlowForm::V6) {
            swap(&mut f.key.sport, &mut f.key.dport);
        }
        swap(&mut self.src, &mut self.dst);
        flip(&mut self.counts);
        match &mut self.net {
            Net::Tcp(tcp) => {
                if tcp.form == TcpForm::First {
                    tcp.form = TcpForm::Full;
                }
                swap(&mut tcp.src, &mut tcp.dst);
            }
            Net::Raw(raw) => raw.exchange(),
            Net::Long(_) | Net::None => {}
        }
        flip(&mut self.vlan);
        flip(&mut self.mpls);
        if let Some(j) = &mut self.jitter {
            flip(&mut j.active);
            flip(&mut j.idle);
        }
        flip(&mut self.ip.attr);
        flip(&mut self.ip.options);
        flip(&mut self.ip.fragments);
        flip(&mut self.sizes);
        if let Some(m) = &mut self.mac {
            flip(&mut m.addr);
            flip(&mut m.several);
        }
        if let Some(e) = &mut self.encaps {
            flip(&mut e.mask);
            flip(&mut e.changed);
        }
        flip(&mut self.country);
        if let Some(a) = &mut self.asns {
            flip(&mut a.asn);
        }
    }
}

impl RawNet {
    fn exchange(&mut self) {
        let b = &mut self.body;
        match self.subtype & 0x7F {
            0x09 => {
                let [s, d, ds, dd, ..] = [0, 8, 16, 18];
                for i in 0..8 {
                    b.swap(s + i, d + i);
                }
                (0..2).for_each(|i| b.swap(ds + i, dd + i));
            }
            0x0A => {
                (0..12).for_each(|i| b.swap(4 + i, 16 + i));
                for at in [28, 32] {
                    (0..2).for_each(|i| b.swap(at + i, at + 2 + i));
                }
            }
            _ => {}
        }
    }
}

fn flip<T>(sides: &mut Sides<T>) {
    std::mem::swap(&mut sides.src, &mut sides.dst);
}

/// What the record says about its merging; a record as the sensor wrote it stands for itself.
pub(super) fn added(far: &Far<'_>) -> Added {
    if let Some(a) = far.aggregation() {
        return Added { metric: a.metric, count: a.count, active: a.active, idle: a.idle, is_written: true };
    }
    let secs = fields::seconds(far.times().span);
    let active = Spread { count: 1, min: secs, mean: secs, stdev: 0.0, max: secs };
    Added { metric: 4, count: far.trans(), active, idle: Spread::default(), is_written: false }
}
