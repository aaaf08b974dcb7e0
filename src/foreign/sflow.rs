//! sFlow version 5: packets drawn by chance, each standing for many.
//!
//! A sample becomes a flow of its own with the packets and bytes that it stands for. Counter samples are passed over.
//!
//! # Source
//! The sFlow version 5 specification (sflow.org, 2004): flow samples (formats 1 and 3), raw headers (record 1), sampled
//! IPv4 and IPv6 (records 3 and 4).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::bytes::{be16, be32};
use super::flow::ForeignFlow;
use crate::packet::{LinkType, Net, dissect};

/// The only version that is read.
pub(super) const VERSION: u32 = 5;
/// Samples of one datagram.
const MAX_SAMPLES: u32 = 4096;
/// Records of one sample.
const MAX_RECORDS: u32 = 256;

/// Hands the flows of one datagram to `each`; the number of bytes used.
///
/// # Errors
/// It ends before it should.
pub(super) fn datagram(
    bytes: &[u8],
    from: Option<IpAddr>,
    now: i64,
    each: &mut dyn FnMut(&ForeignFlow),
) -> Result<usize, String> {
    let (agent, mut at) = match be32(bytes, 4) {
        1 => (bytes.get(8..12).and_then(|a| a.first_chunk::<4>()).map(|a| IpAddr::V4(Ipv4Addr::from(*a))), 12),
        2 => (bytes.get(8..24).and_then(|a| a.first_chunk::<16>()).map(|a| IpAddr::V6(Ipv6Addr::from(*a))), 24),
        other => return Err(format!("sFlow: expected an agent's address of type 1 or 2, found {other}")),
    };
    let exporter = agent.or(from);
    let count = be32(bytes, at + 12);
    at += 16;
    for n in 0..count.min(MAX_SAMPLES) {
        let (format, len) = (be32(bytes, at), be32(bytes, at + 4) as usize);
        let sample = at.checked_add(8).and_then(|from| bytes.get(from..from.checked_add(len)?));
        let Some(sample) = sample else {
            return Err(format!("sFlow: expected {count} samples, the datagram ends within number {}", n + 1));
        };
        // Rate and number of records stand further back in the expanded form.
        match format {
            1 => records(sample.get(32..), be32(sample, 8), be32(sample, 28), exporter, now, each),
            3 => records(sample.get(44..), be32(sample, 12), be32(sample, 40), exporter, now, each),
            _ => {}
        }
        at += 8 + len;
    }
    Ok(at)
}

/// The records of a flow sample: one flow, from the best of them.
fn records(
    body: Option<&[u8]>,
    rate: u32,
    count: u32,
    exporter: Option<IpAddr>,
    now: i64,
    each: &mut dyn FnMut(&ForeignFlow),
) {
    let mut rest = body.unwrap_or_default();
    let mut best = None;
    for _ in 0..count.min(MAX_RECORDS) {
        let (format, len) = (be32(rest, 0), be32(rest, 4) as usize);
        let Some(record) = len.checked_add(8).and_then(|end| rest.get(8..end)) else { break };
        match format {
            1 => best = header(record).or(best),
            3 | 4 => best = best.or_else(|| sampled(record, format == 4)),
            _ => {}
        }
        rest = rest.get(8 + len..).unwrap_or_default();
    }
    if let Some(mut flow) = best {
        flow.exporter = exporter;
        (flow.start, flow.end) = (now, now);
        flow.scale(rate.into());
        each(&flow);
    }
}

/// A flow of one packet, from the start of its frame.
fn header(record: &[u8]) -> Option<ForeignFlow> {
    let link = match be32(record, 0) {
        1 => LinkType::ETHERNET,
        11 => LinkType::IPV4,
        12 => LinkType::IPV6,
        _ => return None,
    };
    let (len, kept) = (be32(record, 4), be32(record, 12) as usize);
    let frame = record.get(16..16usize.checked_add(kept)?)?;
    let packet = dissect(link, frame, len)?;
    let mut flow =
        ForeignFlow { sent: (1, packet.bytes.into()), vlan: packet.vlan.map(|v| v & 0xFFF), ..ForeignFlow::default() };
    let payload = match packet.net {
        Net::V4(ip) => {
            flow.src = IpAddr::V4(ip.src.into());
            flow.dst = IpAddr::V4(ip.dst.into());
            (flow.proto, flow.tos, flow.ttl) = (ip.proto, Some(ip.tos), ip.ttl);
            if ip.fragment_offset == 0 { ip.payload } else { &[] }
        }
        Net::V6(ip) => {
            flow.src = IpAddr::V6(ip.src.into());
            flow.dst = IpAddr::V6(ip.dst.into());
            (flow.proto, flow.tos, flow.ttl) = (ip.proto, Some((ip.first_word >> 20) as u8), ip.hop_limit);
            if ip.fragment.is_none_or(|f| f.offset == 0) { ip.payload } else { &[] }
        }
        _ => return None,
    };
    flow.macs = packet.ether.map(|e| (e.src, e.dst));
    match flow.proto {
        6 | 17 => (flow.sport, flow.dport) = (be16(payload, 0), be16(payload, 2)),
        1 | 58 => flow.dport = be16(payload, 0),
        _ => {}
    }
    if flow.proto == 6 {
        flow.tcp_flags = payload.get(13).copied().unwrap_or(0);
    }
    Some(flow)
}

/// A flow of one packet, from the fields of its IP header.
fn sampled(record: &[u8], is_v6: bool) -> Option<ForeignFlow> {
    let size = if is_v6 { 16 } else { 4 };
    let addr = |at: usize| -> Option<IpAddr> {
        let bytes = record.get(at..at + size)?;
        match bytes.first_chunk::<16>() {
            Some(a) => Some(IpAddr::V6(Ipv6Addr::from(*a))),
            None => bytes.first_chunk::<4>().map(|a| IpAddr::V4(Ipv4Addr::from(*a))),
        }
    };
    let ports = 8 + 2 * size;
    Some(ForeignFlow {
        src: addr(8)?,
        dst: addr(8 + size)?,
        proto: be32(record, 4) as u8,
        sport: be32(record, ports) as u16,
        dport: be32(record, ports + 4) as u16,
        tcp_flags: be32(record, ports + 8) as u8,
        tos: Some(be32(record, ports + 12) as u8),
        sent: (1, be32(record, 0).into()),
        ..ForeignFlow::default()
    })
}
