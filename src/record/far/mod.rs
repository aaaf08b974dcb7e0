//! A flow record (FAR) as a borrowed view.
//!
//! [`Far::decode`] walks once over the DSRs, notes where each is, and decodes what nearly everybody asks for: flow
//! key, counters, times, TCP status. It then brings the record into the direction in which it is read
//! ([`Far::is_turned`]); every accessor takes that into account. All other DSRs are decoded when they are asked for.
//! Nothing is allocated.
//!
//! The steps from wire to flow, in this order:
//!
//! 1. REVERSE in the flow key exchanges addresses, ports and masks, nothing else.
//! 2. TCP flags and window of a side without packets are 0.
//! 3. Stamps go to the sides that sent (`time.rs`).
//! 4. An ARP flow with REVERSE exchanges everything but the addresses.
//! 5. A TCP flow of version 3 over IPv4 whose SYN-ACK was seen without a SYN is turned round, if it went on.
//! 6. A one-sided ICMP reply is turned round.

mod counts;
mod dsrs;
mod flow;
mod geo;
mod network;
mod slots;
mod state;
mod time;
mod transport;

pub use counts::Metrics;
pub use dsrs::{
    Aggregation, Asns, Encaps, IcmpError, Intervals, IpAttr, IpAttrs, Jitter, Mac, PacketSizes, Payload, Sides, Spread,
};
pub use flow::{ArpKey, Flow, FlowForm, IcmpKey, IsisKey};
pub use geo::{GeoLabel, Side};
pub use network::{Esp, IcmpState, Network, Rtcp, RtcpSide, Rtp, RtpSide, Tcp, TcpForm, TcpSide, Udt, tcp_status};
pub use slots::DsrKind;
pub use time::Times;
pub use transport::Transport;

use std::borrow::Cow;

use super::codec::{Dsr, Mar, RecordKind, RecordRef};
use super::{Cause, FlowSummary, SrcId, wire};
use crate::base::Span;
use slots::Slots;

/// A borrowed flow record, brought into the direction in which it is read.
#[derive(Clone, Copy, Debug)]
pub struct Far<'a> {
    record: RecordRef<'a>,
    slots: Slots,
    flow: Flow,
    metrics: Metrics,
    times: Times,
    /// Status word of a TCP flow that has one.
    tcp_status: Option<u32>,
    /// Whether everything but the flow key has to be read with its sides exchanged.
    turned: bool,
    /// Whether it is the sum of records that this program has read.
    is_sum: bool,
}

impl<'a> Far<'a> {
    /// The view of a flow record. `None` for other kinds of records and for one without any DSR.
    #[must_use]
    pub fn decode(record: RecordRef<'a>) -> Option<Far<'a>> {
        if !matches!(record.kind(), RecordKind::Far | RecordKind::Netflow) || record.bytes().len() <= 4 {
            return None;
        }
        let slots = Slots::new(record);
        let get = |kind| slots.get(record, kind);
        let flow = get(DsrKind::Flow).map(|d| Flow::parse(&d, record.version())).unwrap_or_default();
        let metrics = get(DsrKind::Metrics).map(|d| Metrics::parse(&d)).unwrap_or_default();
        let mapped = get(DsrKind::IcmpError).is_some();
        let times = get(DsrKind::Time)
            .map(|d| Times::parse(&d, metrics.src.pkts, metrics.dst.pkts, mapped))
            .unwrap_or_default();
        let mut far = Far { record, slots, flow, metrics, times, tcp_status: None, turned: false, is_sum: false };
        far.orient();
        Some(far)
    }

    /// The view of a record of any kind. Of an event record it holds times, sensor and payload, of a management record
    /// only the time at which it was made.
    #[must_use]
    pub fn of_any(record: RecordRef<'a>) -> Option<Far<'a>> {
        let bare = |slots, times| Far {
            record,
            slots,
            flow: Flow::default(),
            metrics: Metrics::default(),
            times,
            tcp_status: None,
            turned: false,
            is_sum: false,
        };
        match record.kind() {
            RecordKind::Event => {
                let slots = Slots::new(record);
                let times = slots.get(record, DsrKind::Time).map(|d| Times::parse(&d, 2, 0, false));
                Some(bare(slots, times.unwrap_or_default()))
            }
            RecordKind::Mar => {
                let now = Mar::new(record)?.now();
                let times = Times { span: Span { start: now, end: now }, ..Times::default() };
                Some(bare(Slots::default(), times))
            }
            _ => Far::decode(record),
        }
    }

    /// The management record that it shows, if it shows one.
    #[must_use]
    pub fn management(&self) -> Option<Mar<'a>> {
        Mar::new(self.record)
    }

    /// Whether it shows an event record.
    #[must_use]
    pub fn is_event(&self) -> bool {
        self.record.kind() == RecordKind::Event
    }

    /// The view with its ends exchanged: what was read as the source's is the destination's and the other way round.
    /// The record keeps its bytes.
    #[must_use]
    pub fn turned_round(mut self) -> Far<'a> {
        self.flow.exchange();
        self.metrics.exchange();
        self.times.exchange();
        self.turned = !self.turned;
        self
    }

    /// Whether nobody can tell who opened the connection: a TCP flow of which the beginning was not seen.
    #[must_use]
    pub fn is_ambiguous(&self) -> bool {
        self.tcp_status.is_some_and(|s| s & (tcp_status::SYN | tcp_status::SYN_ACK) == 0)
    }

    /// The view of a record that this program has just merged from others: its direction stays, and its loads count
    /// every packet, as the classic clients have it until the record is written and read again.
    #[must_use]
    pub fn decode_sum(record: RecordRef<'a>) -> Option<Far<'a>> {
        let far = Far::decode(record)?.as_stored();
        Some(Far { is_sum: true, ..far })
    }

    /// The view with a TCP record in the direction in which it is stored, even if only its SYN-ACK was seen.
    #[must_use]
    pub fn as_stored(mut self) -> Far<'a> {
        if self.turned && self.tcp_status.is_some() {
            self.turn();
            self.turned = false;
            self.tcp_status = self.dsr(DsrKind::Network).map(|d| Tcp::status_of(&d));
        }
        self
    }

    /// Whether the record is the sum of several that this program has read.
    #[must_use]
    pub fn is_sum(&self) -> bool {
        self.is_sum
    }

    /// Finds out whether the record has to be turned round, and turns what is decoded already.
    fn orient(&mut self) {
        match (self.flow.form, self.flow.key.proto) {
            (FlowForm::V4 | FlowForm::V6, 6) => self.orient_tcp(),
            (FlowForm::V4, 1) if self.is_one_sided_reply() => self.turn(),
            (FlowForm::Arp | FlowForm::Rarp, _) if self.flow.reversed => {
                self.turned = true;
                self.metrics.exchange();
                self.times.exchange();
            }
            _ => {}
        }
    }

    fn turn(&mut self) {
        self.turned = true;
        self.flow.exchange();
        self.metrics.exchange();
        self.times.exchange();
    }

    fn orient_tcp(&mut self) {
        let Some(net) = self.dsr(DsrKind::Network) else { return };
        if Tcp::form_of(&net).is_none() {
            return;
        }
        let status = Tcp::status_of(&net);
        self.tcp_status = Some(status);
        let may_turn = self.flow.form == FlowForm::V4
            && self.record.version() == 3
            && !self.flow.direction_known
            && status & (tcp_status::SYN | tcp_status::SYN_ACK) == tcp_status::SYN_ACK;
        if may_turn && self.answers_came_first(&net, status) {
            self.turn();
            self.tcp_status = Some(status | tcp_status::CLOSED);
        }
    }

    /// Whether a connection of which only the SYN-ACK was seen is stored the wrong way round.
    fn answers_came_first(&self, net: &Dsr<'_>, status: u32) -> bool {
        use tcp_status as s;
        let form = Tcp::form_of(net);
        if form == Some(TcpForm::First) {
            return false;
        }
        if status & (s::ESTABLISHED | s::FIN | s::FIN_ACK | s::CLOSED) != 0 {
            return true;
        }
        if form != Some(TcpForm::Full) {
            return false;
        }
        let (src, dst) = (self.metrics.src, self.metrics.dst);
        let (mut src_flags, mut dst_flags) = Tcp::flags_of(net);
        if src.pkts == 0 {
            src_flags = 0;
        }
        if dst.pkts == 0 {
            dst_flags = 0;
        }
        if src_flags & 0x02 == 0 || dst_flags & 0x04 != 0 {
            return false;
        }
        let busy = src.pkts > 5 && dst.pkts > 5;
        let one_sided =
            dst.pkts == 0 && src.pkts > 0 && src_flags & 0x01 != 0 && src.bytes > src.pkts.saturating_mul(60);
        busy || one_sided
    }

    fn is_one_sided_reply(&self) -> bool {
        self.flow.direction_known
            && self.metrics.src.pkts > 0
            && self.metrics.dst.pkts == 0
            && self
                .dsr(DsrKind::Network)
                .is_some_and(|d| d.subtype & 0x7F == 0x34 && matches!(wire::byte(d.body, 0), 0 | 14 | 16 | 18))
    }

    /// The record as it is stored.
    #[must_use]
    pub fn record(&self) -> RecordRef<'a> {
        self.record
    }

    /// A DSR as it is stored; of several of one kind the last.
    #[inline]
    #[must_use]
    pub fn dsr(&self, kind: DsrKind) -> Option<Dsr<'a>> {
        self.slots.get(self.record, kind)
    }

    /// Whether the sides of all DSRs but the flow key are stored the other way round than they are read.
    #[must_use]
    pub fn is_turned(&self) -> bool {
        self.turned
    }

    /// Why the record was written.
    #[must_use]
    pub fn cause(&self) -> Cause {
        self.record.cause()
    }

    /// The flow key.
    #[must_use]
    pub fn flow(&self) -> &Flow {
        &self.flow
    }

    /// Whether the record counts packets at all.
    #[must_use]
    pub fn has_metrics(&self) -> bool {
        self.dsr(DsrKind::Metrics).is_some()
    }

    /// What both sides sent.
    #[must_use]
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// When packets were seen.
    #[must_use]
    pub fn times(&self) -> &Times {
        &self.times
    }

    /// The TCP status word (bits of [`tcp_status`]) of a TCP flow that has one.
    #[must_use]
    pub fn tcp_status(&self) -> Option<u32> {
        self.tcp_status
    }

    /// Who wrote the record, and its number; `None` when the record does not say.
    #[must_use]
    pub fn transport(&self) -> Option<Transport> {
        self.dsr(DsrKind::Transport).map(|d| Transport::parse(&d))
    }

    /// Identity of the sensor; `None` when the record has no transport DSR.
    #[must_use]
    pub fn srcid(&self) -> Option<SrcId> {
        self.transport().map(|t| t.srcid)
    }

    /// Interface name behind the source id (version 5), NUL-padded.
    #[must_use]
    pub fn interface(&self) -> Option<[u8; 4]> {
        self.transport()?.interface
    }

    /// Sequence number of the record; `None` when the record has no transport DSR.
    #[must_use]
    pub fn seq(&self) -> Option<u32> {
        self.transport().map(|t| t.seq)
    }

    #[inline]
    fn network_subtype(&self) -> Option<u8> {
        self.dsr(DsrKind::Network).map(|d| d.subtype & 0x7F)
    }

    /// Whether the RTP state is to be believed: IPv4, exact length, five packets on a side.
    fn is_rtp(&self) -> bool {
        self.flow.form == FlowForm::V4
            && self.metrics.src.pkts.max(self.metrics.dst.pkts) >= 5
            && self.dsr(DsrKind::Network).is_some_and(|d| d.words() == 10)
    }

    fn is_rtcp(&self) -> bool {
        self.dsr(DsrKind::Network).is_some_and(|d| d.words() == 6)
    }

    /// State of the flow's protocol.
    #[must_use]
    pub fn network(&self) -> Option<Network> {
        let d = self.dsr(DsrKind::Network)?;
        let turned = self.turned;
        Some(match d.subtype & 0x7F {
            0x03..=0x05 => Network::Tcp(self.read_tcp(&d)?),
            0x09 if self.is_rtcp() => {
                let mut s = Rtcp::parse(d.body);
                if turned {
                    std::mem::swap(&mut s.src, &mut s.dst);
                }
                Network::Rtcp(s)
            }
            0x0A if self.is_rtp() => {
                let mut s = Rtp::parse(d.body);
                if turned {
                    std::mem::swap(&mut s.src, &mut s.dst);
                }
                Network::Rtp(s)
            }
            0x0D => Network::Udt(Udt::parse(d.body)),
            0x10 => Network::ArpAnswer(wire::bytes(d.body, 0)),
            0x34 => Network::Icmp(IcmpState::parse(d.body)),
            0x38 => Network::Esp(Esp::parse(d.body)),
            0x45 => Network::Fragments,
            _ => return None,
        })
    }

    /// State of the TCP connection, if the record holds one.
    #[must_use]
    pub fn tcp(&self) -> Option<Tcp> {
        match self.network()? {
            Network::Tcp(tcp) => Some(tcp),
            _ => None,
        }
    }

    fn read_tcp(&self, d: &Dsr<'_>) -> Option<Tcp> {
        let mut tcp = Tcp::parse(d)?;
        if self.turned {
            std::mem::swap(&mut tcp.src, &mut tcp.dst);
        }
        if let Some(status) = self.tcp_status {
            tcp.status = status;
        }
        for (side, pkts) in [(&mut tcp.src, self.metrics.src.pkts), (&mut tcp.dst, self.metrics.dst.pkts)] {
            if pkts == 0 {
                (side.flags, side.window) = (0, 0);
            }
        }
        Some(tcp)
    }

    /// Type, code and identifiers of an ICMP or ICMPv6 flow.
    #[must_use]
    pub fn icmp(&self) -> Option<IcmpKey> {
        match (self.flow.form, self.flow.key.proto) {
            (FlowForm::V4, 1) | (FlowForm::V6, 58) => {
                Some(IcmpKey::parse(self.dsr(DsrKind::Flow)?.body, self.flow.form))
            }
            _ => None,
        }
    }

    /// What an ARP or RARP flow asks.
    #[must_use]
    pub fn arp(&self) -> Option<ArpKey> {
        match self.flow.form {
            FlowForm::Arp | FlowForm::Rarp => Some(ArpKey::parse(self.dsr(DsrKind::Flow)?.body, self.flow.form)),
            _ => None,
        }
    }

    /// The rest of an IS-IS flow key.
    #[must_use]
    pub fn isis(&self) -> Option<IsisKey> {
        (self.flow.form == FlowForm::Isis).then_some(())?;
        Some(IsisKey::parse(self.dsr(DsrKind::Flow)?.body))
    }

    /// Network name of an 802.11 flow, without its padding.
    #[must_use]
    pub fn ssid(&self) -> Option<&'a [u8]> {
        (self.flow.form == FlowForm::Wlan).then_some(())?;
        let ssid = self.dsr(DsrKind::Flow)?.body.get(18..50)?;
        ssid.split(|&c| c == 0).next()
    }

    /// Security parameters index of an ESP flow: of its state, else of its key.
    #[must_use]
    pub fn spi(&self) -> Option<u32> {
        if self.flow.key.proto != 50 || !matches!(self.flow.form, FlowForm::V4 | FlowForm::V6) {
            return None;
        }
        if let Some(Network::Esp(esp)) = self.network() {
            return Some(esp.spi);
        }
        let at = if self.flow.form == FlowForm::V4 { 12 } else { 36 };
        Some(wire::be32(self.dsr(DsrKind::Flow)?.body, at))
    }

    /// TTL, TOS, IP id and options.
    #[must_use]
    pub fn ip_attrs(&self) -> IpAttrs {
        self.dsr(DsrKind::IpAttr).map(|d| IpAttrs::parse(&d).turned(self.turned)).unwrap_or_default()
    }

    /// VLAN tags: the whole 16-bit tag control.
    #[must_use]
    pub fn vlan(&self) -> Sides<Option<u16>> {
        self.dsr(DsrKind::Vlan).map(|d| dsrs::vlan(&d).turned(self.turned)).unwrap_or_default()
    }

    /// MPLS label stack entries; the label is the upper 20 bits.
    #[must_use]
    pub fn mpls(&self) -> Sides<Option<u32>> {
        self.dsr(DsrKind::Mpls).map(|d| dsrs::mpls(&d).turned(self.turned)).unwrap_or_default()
    }

    /// Times between packets, in microseconds.
    #[must_use]
    pub fn jitter(&self) -> Option<Jitter> {
        let j = Jitter::parse(&self.dsr(DsrKind::Jitter)?, self.record.version());
        Some(Jitter { active: j.active.turned(self.turned), idle: j.idle.turned(self.turned) })
    }

    /// Smallest and largest packets.
    #[must_use]
    pub fn packet_sizes(&self) -> Sides<Option<PacketSizes>> {
        self.dsr(DsrKind::PacketSize).map(|d| dsrs::packet_sizes(&d).turned(self.turned)).unwrap_or_default()
    }

    /// Captured payload.
    #[must_use]
    pub fn payload(&self) -> Sides<Option<Payload<'a>>> {
        let side = |kind| self.dsr(kind).map(|d| Payload::parse(&d));
        Sides { src: side(DsrKind::SrcPayload), dst: side(DsrKind::DstPayload) }.turned(self.turned)
    }

    /// MAC addresses.
    #[must_use]
    pub fn mac(&self) -> Option<Mac> {
        Some(Mac::parse(&self.dsr(DsrKind::Mac)?).turned(self.turned))
    }

    /// The ICMP error that the flow caused.
    #[must_use]
    pub fn icmp_error(&self) -> Option<IcmpError> {
        Some(IcmpError::parse(&self.dsr(DsrKind::IcmpError)?))
    }

    /// Encapsulations.
    #[must_use]
    pub fn encaps(&self) -> Option<Encaps> {
        Some(Encaps::parse(&self.dsr(DsrKind::Encaps)?).turned(self.turned))
    }

    /// How the record was merged from others.
    #[must_use]
    pub fn aggregation(&self) -> Option<Aggregation> {
        Some(Aggregation::parse(&self.dsr(DsrKind::Aggregation)?))
    }

    /// Number of records merged into this one (field `trans`): 1 for a record as the sensor wrote it, 0 for one
    /// without packets.
    #[must_use]
    pub fn trans(&self) -> u32 {
        match self.aggregation() {
            Some(a) => a.count,
            None => u32::from(self.metrics.src.pkts > 0 || self.metrics.dst.pkts > 0),
        }
    }

    /// Country codes.
    #[must_use]
    pub fn countries(&self) -> Sides<Option<[u8; 2]>> {
        self.dsr(DsrKind::Country).map(|d| dsrs::countries(&d).turned(self.turned)).unwrap_or_default()
    }

    /// AS numbers.
    #[must_use]
    pub fn asns(&self) -> Option<Asns> {
        let a = Asns::parse(&self.dsr(DsrKind::Asn)?);
        Some(Asns { asn: a.asn.turned(self.turned), ..a })
    }

    /// Positions in degrees (latitude, longitude) of the position DSR alone; see [`geo_label`](Far::geo_label).
    #[must_use]
    pub fn positions(&self) -> Sides<Option<(f32, f32)>> {
        self.dsr(DsrKind::Geo).map(|d| dsrs::positions(&d).turned(self.turned)).unwrap_or_default()
    }

    /// Keystrokes of source and destination.
    #[must_use]
    pub fn keystrokes(&self) -> Option<Sides<i32>> {
        let d = self.dsr(DsrKind::Behavior)?;
        let n = |at| i32::from_be_bytes(wire::bytes(d.body, at));
        Some(Sides { src: n(0), dst: n(4) }.turned(self.turned))
    }

    /// Localities of source and destination (version 5).
    #[must_use]
    pub fn locality(&self) -> Option<Sides<i8>> {
        let d = self.dsr(DsrKind::Locality)?;
        let n = |at| wire::byte(d.body, at).cast_signed();
        Some(Sides { src: n(2), dst: n(3) }.turned(self.turned))
    }

    /// The label's bytes as stored, without padding.
    #[must_use]
    pub fn label_bytes(&self) -> Option<&'a [u8]> {
        let body = self.dsr(DsrKind::Label)?.body;
        let len = body.iter().position(|&c| c == 0).unwrap_or(body.len());
        body.get(..len)
    }

    /// The label as text. In a record that was turned round the names of geographic objects are exchanged too
    /// (`scity` becomes `dcity`).
    #[must_use]
    pub fn label(&self) -> Option<Cow<'a, str>> {
        let text = wire::text(self.label_bytes()?);
        Some(if self.turned { label_turned(&text).into() } else { text })
    }

    /// The fixed-size extract.
    #[must_use]
    pub fn summary(&self) -> FlowSummary {
        let transport = self.transport().unwrap_or_default();
        FlowSummary {
            cause: self.cause(),
            srcid: transport.srcid,
            seq: transport.seq,
            span: self.times.span,
            src_span: self.times.src,
            dst_span: self.times.dst,
            key: self.flow.key,
            src: self.metrics.src,
            dst: self.metrics.dst,
            proto_name: self.proto_name(),
            dir: self.dir(),
            state: self.state(),
        }
    }
}

/// Exchanges the leading `s` and `d` of names in a label.
pub(crate) fn label_turned(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for piece in text.split_inclusive([':', ',']) {
        let swapped = match (piece.contains('='), piece.as_bytes().first()) {
            (true, Some(b's')) => Some('d'),
            (true, Some(b'd')) => Some('s'),
            _ => None,
        };
        match swapped {
            Some(c) => {
                out.push(c);
                out.push_str(piece.get(1..).unwrap_or(""));
            }
            None => out.push_str(piece),
        }
    }
    out
}

#[cfg(test)]
mod tests;
