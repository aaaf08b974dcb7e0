//! Takes flow exports and flow-tools files from a stranger: for tests and fuzzers.

use super::{Decoder, FlowToolsHeader, ForeignFlow};
use crate::record::codec::RecordRef;
use crate::record::drive_record;

/// When datagrams come that do not say the time, µs since 1970.
const NOW: i64 = 1_700_000_000_000_000;

/// Takes `bytes` as export datagrams of any kind, one behind the other. Returns how many flows came out. Must never
/// panic, whatever the bytes.
#[must_use]
pub fn drive_exports(bytes: &[u8]) -> usize {
    let (mut decoder, mut taker) = (Decoder::new(), Taker::default());
    let mut rest = bytes;
    while !rest.is_empty() {
        match decoder.datagram(rest, None, NOW, |flow| taker.take(flow)) {
            Ok(used) if used > 0 => rest = rest.get(used..).unwrap_or_default(),
            Ok(_) | Err(_) => break,
        }
    }
    let _ = decoder.stats();
    taker.flows
}

/// Takes `bytes` as a flow-tools file; what it holds packed is taken as it is. Returns how many flows came out. Must
/// never panic, whatever the bytes.
#[must_use]
pub fn drive_flow_tools(bytes: &[u8]) -> usize {
    let mut taker = Taker::default();
    let Ok(length) = FlowToolsHeader::length(bytes) else { return 0 };
    let Ok(header) = FlowToolsHeader::parse(bytes.get(..length).unwrap_or(bytes)) else { return 0 };
    let body = bytes.get(header.data..).unwrap_or_default();
    body.chunks_exact(header.record_len()).for_each(|record| taker.take(&header.decode(record)));
    taker.flows
}

#[derive(Default)]
struct Taker {
    flows: usize,
    record: Vec<u8>,
}

impl Taker {
    /// Makes a record of a flow and reads it.
    fn take(&mut self, flow: &ForeignFlow) {
        self.flows += 1;
        self.record.clear();
        flow.write(1, &mut self.record);
        if let Some(record) = RecordRef::new(&self.record) {
            drive_record(record);
        }
    }
}
