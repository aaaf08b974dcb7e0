//! Flow exports among the packets of a capture.

use crate::foreign::{Decoder, ForeignFlow};
use crate::packet::{Net, Packet, RawPacket, be16, dissect};
use crate::record::Batch;

/// Bytes of a UDP header.
const UDP_HEADER: usize = 8;
/// The protocol number of UDP.
const UDP: u8 = 17;

/// Looks for export datagrams, whatever their ports.
#[derive(Debug, Default)]
pub(super) struct Exports {
    decoder: Decoder,
    seq: u32,
    /// Flows of the datagram under work.
    flows: Vec<ForeignFlow>,
}

impl Exports {
    /// Appends the flows that a packet tells of, if it is an export datagram. What only begins like one is passed over:
    /// a capture holds much else.
    pub(super) fn take(&mut self, packet: &RawPacket<'_>, batch: &mut Batch) {
        let Some(walked) = dissect(packet.link, packet.data, packet.wire_len) else { return };
        let Some((from, payload)) = datagram(&walked) else { return };
        if !begins_like_an_export(payload) {
            return;
        }
        self.flows.clear();
        let flows = &mut self.flows;
        if self.decoder.datagram(payload, Some(from), packet.at.micros(), |flow| flows.push(*flow)).is_err() {
            return;
        }
        for flow in &self.flows {
            self.seq = self.seq.wrapping_add(1);
            batch.push_with(|out| flow.write(self.seq, out));
        }
    }
}

/// Whether bytes begin with the version of NetFlow 1, 5, 6, 7 or 9, IPFIX or sFlow 5.
pub(super) fn begins_like_an_export(bytes: &[u8]) -> bool {
    matches!(bytes, [0, 1 | 5..=7 | 9 | 10, ..] | [0, 0, 0, 5, ..])
}

/// Sender and payload of a whole UDP datagram.
fn datagram<'a>(packet: &Packet<'a>) -> Option<(std::net::IpAddr, &'a [u8])> {
    let (from, payload): (std::net::IpAddr, &[u8]) = match &packet.net {
        Net::V4(ip) if ip.proto == UDP && !ip.more_fragments && ip.fragment_offset == 0 => {
            (std::net::Ipv4Addr::from(ip.src).into(), ip.payload)
        }
        Net::V6(ip) if ip.proto == UDP => (std::net::Ipv6Addr::from(ip.src).into(), ip.payload),
        _ => return None,
    };
    let claimed = usize::from(be16(payload, 4)?);
    Some((from, payload.get(UDP_HEADER..claimed.min(payload.len()))?))
}
