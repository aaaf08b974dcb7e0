//! Export datagrams of any accepted version, told apart by their first bytes.

use std::net::IpAddr;

use super::bytes::{Order, be16, be32};
use super::flow::ForeignFlow;
use super::layout::{Clock, datagram_body};
use super::{sflow, template};
use crate::base::hash::Map;

/// What a decoder has seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DecoderStats {
    /// Flows that the sequence numbers say were lost on the way.
    pub lost: u64,
    /// Flow sets left out because their template has not come yet.
    pub without_template: u64,
}

/// Takes datagrams apart. It remembers templates and sequence numbers per exporter, a bounded number of each.
#[derive(Debug, Default)]
pub struct Decoder {
    templates: template::Store,
    next: Map<Stream, u32>,
    stats: DecoderStats,
}

/// One numbered stream of an exporter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Stream {
    exporter: Option<IpAddr>,
    version: u16,
    engine: u32,
}

/// Streams whose numbers are followed.
const MAX_STREAMS: usize = 1024;
/// A jump forward of more than this is a restart of the exporter, no loss.
const MAX_GAP: u32 = 1 << 24;

impl Decoder {
    /// A decoder that knows no template yet.
    #[must_use]
    pub fn new() -> Decoder {
        Decoder::default()
    }

    /// Losses so far.
    #[must_use]
    pub fn stats(&self) -> DecoderStats {
        self.stats
    }

    /// Hands every flow of one datagram to `each`; gives the number of bytes used, for inputs with several datagrams
    /// one behind the other. `now`, microseconds since 1970, is when it came, for formats that do not say the time.
    ///
    /// # Errors
    /// What is wrong with it; flows before the damage have been handed out.
    pub fn datagram(
        &mut self,
        bytes: &[u8],
        exporter: Option<IpAddr>,
        now: i64,
        mut each: impl FnMut(&ForeignFlow),
    ) -> Result<usize, String> {
        match be16(bytes, 0) {
            version @ (1 | 5 | 6 | 7) => self.fixed(bytes, version, exporter, &mut each),
            9 => self.version_9(bytes, exporter, &mut each),
            10 => self.ipfix(bytes, exporter, &mut each),
            0 if be32(bytes, 0) == sflow::VERSION => sflow::datagram(bytes, exporter, now, &mut each),
            version => Err(format!(
                "expected an export datagram of NetFlow 1, 5, 6, 7 or 9, IPFIX or sFlow 5, found version {version}"
            )),
        }
    }

    fn fixed(
        &mut self,
        bytes: &[u8],
        version: u16,
        exporter: Option<IpAddr>,
        each: &mut dyn FnMut(&ForeignFlow),
    ) -> Result<usize, String> {
        let layout = datagram_body(version).ok_or("unknown version")?;
        let header = if version == 1 { 16 } else { 24 };
        let count = be16(bytes, 2);
        let records = bytes.get(header..).unwrap_or_default().chunks_exact(layout.len);
        let found = records.len().min(usize::from(count));
        let clock = Clock::new(be32(bytes, 8).into(), be32(bytes, 12).into(), be32(bytes, 4).into());
        // Version 5: how packets are chosen in two bits, and every how many.
        let (mode, interval) = (be16(bytes, 22) >> 14, be16(bytes, 22) & 0x3FFF);
        let scale = if version == 5 && mode != 0 { interval.max(1) } else { 1 };
        for record in records.take(found) {
            let mut flow = layout.decode(record, Order::Big, clock, exporter);
            flow.scale(scale.into());
            each(&flow);
        }
        if found < usize::from(count) {
            return Err(format!("expected {count} flows of {} bytes, the datagram ends after {found}", layout.len));
        }
        if version != 1 {
            let engine = if version == 5 { u32::from(be16(bytes, 20)) } else { 0 };
            self.number(Stream { exporter, version, engine }, be32(bytes, 16), u32::from(count));
        }
        Ok(header + found * layout.len)
    }

    fn version_9(
        &mut self,
        bytes: &[u8],
        exporter: Option<IpAddr>,
        each: &mut dyn FnMut(&ForeignFlow),
    ) -> Result<usize, String> {
        let body = bytes.get(20..).ok_or("the datagram ends in its header of 20 bytes")?;
        let domain = template::Domain { exporter, version: 9, id: be32(bytes, 16) };
        let clock = Clock::new(be32(bytes, 8).into(), 0, be32(bytes, 4).into());
        let used = self.templates.sets(domain, body, clock, each)?.bytes;
        self.stats.without_template = self.templates.without_template();
        // Version 9 numbers datagrams, not flows.
        self.number(Stream { exporter, version: 9, engine: domain.id }, be32(bytes, 12), 1);
        Ok(20 + used)
    }

    fn ipfix(
        &mut self,
        bytes: &[u8],
        exporter: Option<IpAddr>,
        each: &mut dyn FnMut(&ForeignFlow),
    ) -> Result<usize, String> {
        let length = usize::from(be16(bytes, 2));
        let body = bytes.get(16..length).ok_or_else(|| {
            format!("expected a message of the {length} bytes that its header names, found {}", bytes.len())
        })?;
        let domain = template::Domain { exporter, version: 10, id: be32(bytes, 12) };
        let clock = Clock::new(be32(bytes, 4).into(), 0, 0);
        let count = self.templates.sets(domain, body, clock, each)?.records;
        self.stats.without_template = self.templates.without_template();
        self.number(Stream { exporter, version: 10, engine: domain.id }, be32(bytes, 8), count);
        Ok(length)
    }

    /// Follows the numbers of a stream: `first` is that of this datagram, `count` how far it brings the number.
    fn number(&mut self, stream: Stream, first: u32, count: u32) {
        let next = first.wrapping_add(count);
        if let Some(expected) = self.next.get_mut(&stream) {
            let gap = first.wrapping_sub(*expected);
            if gap < MAX_GAP {
                self.stats.lost += u64::from(gap);
            }
            *expected = next;
        } else if self.next.len() < MAX_STREAMS {
            self.next.insert(stream, next);
        }
    }
}
