//! One flow as other programs report it, and its record.

use std::net::{IpAddr, Ipv4Addr};

use crate::record::{Counts, RecordBuilder, Sides, tcp_status};

/// Type NETFLOW, version 3.
const HEAD: u8 = 0x33;
/// Cause: status.
const CAUSE: u8 = 0x20;
const TCP: u8 = 6;
const UDP: u8 = 17;
const ICMP: u8 = 1;
const ICMP6: u8 = 58;

/// A flow in one direction, or in both where the format knows them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ForeignFlow {
    /// Address of who reported it, if known; the record's source id.
    pub exporter: Option<IpAddr>,
    /// Time of the first packet, microseconds since 1970.
    pub start: i64,
    /// Time of the last packet, microseconds since 1970.
    pub end: i64,
    /// Source address; unspecified where the format sums over it.
    pub src: IpAddr,
    /// Destination address; unspecified where the format sums over it.
    pub dst: IpAddr,
    /// IP protocol.
    pub proto: u8,
    /// Source port.
    pub sport: u16,
    /// Destination port; ICMP: type and code.
    pub dport: u16,
    /// Packets and bytes from the source.
    pub sent: (u64, u64),
    /// Packets and bytes from the destination.
    pub returned: (u64, u64),
    /// Type of service.
    pub tos: Option<u8>,
    /// Time to live.
    pub ttl: u8,
    /// TCP flags seen.
    pub tcp_flags: u8,
    /// Number of the source's autonomous system, 0 if unknown.
    pub sas: u32,
    /// Number of the destination's autonomous system, 0 if unknown.
    pub das: u32,
    /// Prefix lengths, where the addresses are those of networks.
    pub masks: Option<(u8, u8)>,
    /// Ethernet addresses of source and destination.
    pub macs: Option<([u8; 6], [u8; 6])>,
    /// VLAN tag.
    pub vlan: Option<u16>,
    /// Flows summed in it, 0 or 1 for a single one.
    pub flows: u32,
}

impl Default for ForeignFlow {
    fn default() -> ForeignFlow {
        let any = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
        ForeignFlow {
            exporter: None,
            start: 0,
            end: 0,
            src: any,
            dst: any,
            proto: 0,
            sport: 0,
            dport: 0,
            sent: (0, 0),
            returned: (0, 0),
            tos: None,
            ttl: 0,
            tcp_flags: 0,
            sas: 0,
            das: 0,
            masks: None,
            macs: None,
            vlan: None,
            flows: 0,
        }
    }
}

impl ForeignFlow {
    /// Makes estimates of counters that were taken from every `interval`th packet only.
    pub(super) fn scale(&mut self, interval: u64) {
        for (packets, bytes) in [&mut self.sent, &mut self.returned] {
            *packets = packets.saturating_mul(interval.max(1));
            *bytes = bytes.saturating_mul(interval.max(1));
        }
    }

    /// Appends the record, with `seq` as its number.
    ///
    /// # Source
    /// Layouts of `docs/records.md`.
    pub fn write(&self, seq: u32, out: &mut Vec<u8>) {
        let mut record = RecordBuilder::new(out, HEAD, CAUSE);
        self.transport(seq, &mut record);
        self.key(&mut record);
        self.time(&mut record);
        record.metrics(Sides { src: counts(self.sent), dst: counts(self.returned) }, false);
        self.network(&mut record);
        if let Some(vlan) = self.vlan.filter(|v| *v != 0) {
            record.dsr(0x40, 0, 1, |b| {
                b.extend_from_slice(&vlan.to_be_bytes());
                b.extend_from_slice(&[0; 2]);
            });
        }
        if let Some(tos) = self.tos {
            record.dsr(0x48, 0, 1, |b| b.extend_from_slice(&[self.ttl, tos, 0, 0]));
        }
        if let Some((src, dst)) = self.macs {
            record.dsr(0x42, 0, 0, |b| {
                b.extend_from_slice(&dst);
                b.extend_from_slice(&src);
                // The type of the payload, in the sensor's byte order.
                b.extend_from_slice(if self.src.is_ipv4() { &[0x00, 0x08, 0, 0] } else { &[0xDD, 0x86, 0, 0] });
            });
        }
        if self.flows > 1 {
            record.dsr(0x60, 4, 1, |b| {
                b.extend_from_slice(&self.flows.to_be_bytes());
                b.resize(b.len() + 72, 0);
            });
        }
        if self.sas != 0 || self.das != 0 {
            record.dsr(0x32, 1, 0, |b| {
                b.extend_from_slice(&self.sas.to_be_bytes());
                b.extend_from_slice(&self.das.to_be_bytes());
            });
        }
        record.finish();
    }

    fn transport(&self, seq: u32, record: &mut RecordBuilder<'_>) {
        // Version 3 has no room for an exporter with an IPv6 address.
        let (qualifier, id) = match self.exporter {
            Some(IpAddr::V4(a)) => (1, a.octets()),
            _ => (0, [0; 4]),
        };
        record.dsr(1, 3, qualifier, |b| {
            b.extend_from_slice(&id);
            b.extend_from_slice(&seq.to_be_bytes());
        });
    }

    fn key(&self, record: &mut RecordBuilder<'_>) {
        let qualifier = if self.masks.is_some() { 0x40 } else { 0 };
        let (smask, dmask) = self.masks.unwrap_or_default();
        let tail = self.key_tail();
        match (self.src, self.dst) {
            (IpAddr::V4(src), IpAddr::V4(dst)) => record.dsr(2, 1, qualifier | 1, |b| {
                b.extend_from_slice(&src.octets());
                b.extend_from_slice(&dst.octets());
                b.extend_from_slice(&[self.proto, 0]);
                b.extend_from_slice(&tail);
                b.extend_from_slice(&[smask, dmask]);
            }),
            (src, dst) => record.dsr(2, 1, qualifier | 2, |b| {
                b.extend_from_slice(&v6(src));
                b.extend_from_slice(&v6(dst));
                b.extend_from_slice(&[self.proto, 0, 0, 0]);
                b.extend_from_slice(&tail);
                if self.masks.is_some() {
                    b.extend_from_slice(&[smask, 0, dmask, 0]);
                }
            }),
        };
    }

    /// The four bytes that depend on the protocol: ports, or type, code and id.
    fn key_tail(&self) -> [u8; 4] {
        let ([a, b], [c, d]) = (self.sport.to_be_bytes(), self.dport.to_be_bytes());
        match self.proto {
            TCP | UDP => [a, b, c, d],
            ICMP | ICMP6 => [c, d, 0, 0],
            _ => [0; 4],
        }
    }

    fn time(&self, record: &mut RecordBuilder<'_>) {
        let ends = [Some(self.start), (self.start != self.end).then_some(self.end)];
        record.dsr(3, if self.start == self.end { 1 } else { 2 }, 0x18, |b| {
            for t in ends.into_iter().flatten() {
                b.extend_from_slice(&(t.div_euclid(1_000_000) as u32).to_be_bytes());
                b.extend_from_slice(&(t.rem_euclid(1_000_000) as u32).to_be_bytes());
            }
        });
    }

    fn network(&self, record: &mut RecordBuilder<'_>) {
        if self.proto != TCP {
            record.dsr(0x30, 0, 0, |_| ());
            return;
        }
        record.dsr(0x30, 5, 0, |b| {
            b.extend_from_slice(&self.tcp_status().to_be_bytes());
            b.resize(b.len() + 16, 0);
            for flags in [self.tcp_flags, 0] {
                b.resize(b.len() + 44, 0);
                b.extend_from_slice(&[0, 0, flags, 0]);
            }
        });
    }

    /// What the flags of one direction tell of the connection.
    fn tcp_status(&self) -> u32 {
        let has = |bit: u8| self.tcp_flags & bit != 0;
        let (fin, syn, rst, ack) = (has(1), has(2), has(4), has(0x10));
        let mut status = 0;
        if syn {
            status |= tcp_status::SYN;
        }
        if ack {
            status |= tcp_status::ESTABLISHED;
        }
        if fin {
            status |= tcp_status::FIN;
        }
        if rst {
            status |= tcp_status::SRC_RESET;
        }
        status
    }
}

/// The 16 bytes of an address; an IPv4 one as mapped.
fn v6(addr: IpAddr) -> [u8; 16] {
    match addr {
        IpAddr::V4(a) => a.to_ipv6_mapped().octets(),
        IpAddr::V6(a) => a.octets(),
    }
}

fn counts((pkts, bytes): (u64, u64)) -> Counts {
    Counts { pkts, bytes, appbytes: 0 }
}
