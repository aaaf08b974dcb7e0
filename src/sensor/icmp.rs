//! ICMP: keys, and errors that speak of other flows.

use super::key::{Identity, Key, Kind, v4_fragment, v4_key};
use crate::packet::{V4, be16, be32};

/// What an ICMP packet over IPv4 says, as far as it was captured.
#[derive(Clone, Copy, Debug)]
pub(super) struct Icmp<'a> {
    pub(super) kind: u8,
    pub(super) code: u8,
    id: u16,
    seq: u16,
    body: &'a [u8],
}

impl<'a> Icmp<'a> {
    pub(super) fn parse(payload: &'a [u8]) -> Icmp<'a> {
        Icmp {
            kind: payload.first().copied().unwrap_or(0),
            code: payload.get(1).copied().unwrap_or(0),
            id: be16(payload, 4).unwrap_or(0),
            seq: be16(payload, 6).unwrap_or(0),
            body: payload,
        }
    }

    /// Whether messages of this type quote the packet that caused them.
    pub(super) fn is_error(&self) -> bool {
        !matches!(self.kind, 0 | 8 | 9 | 10 | 13..=18)
    }

    /// The quoted header, if all 20 bytes of it were captured.
    pub(super) fn quoted(&self) -> Option<Quoted<'a>> {
        if !self.is_error() {
            return None;
        }
        let header = self.body.get(8..)?;
        let h = header.first_chunk::<20>()?;
        let header_len = usize::from(h[0] & 0xF) * 4;
        Some(Quoted { header: *h, header_len, payload: header.get(header_len..).unwrap_or(&[]) })
    }
}

/// The packet that an error quotes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Quoted<'a> {
    header: [u8; 20],
    header_len: usize,
    payload: &'a [u8],
}

impl Quoted<'_> {
    fn word(&self, at: usize) -> u32 {
        be32(&self.header, at).unwrap_or(0)
    }

    /// Source address.
    pub(super) fn src(&self) -> u32 {
        self.word(12)
    }

    /// Destination address.
    pub(super) fn dst(&self) -> u32 {
        self.word(16)
    }

    fn proto(&self) -> u8 {
        self.header[9]
    }

    /// Length of its header, bytes.
    pub(super) fn header_len(&self) -> usize {
        self.header_len
    }

    /// Bytes behind its header, as it claims.
    pub(super) fn payload_len(&self) -> u32 {
        let total = u32::from(be16(&self.header, 2).unwrap_or(0));
        total.saturating_sub(self.header_len as u32)
    }

    /// The flow that the quoted packet belongs to.
    pub(super) fn identity(&self) -> Identity {
        let fragment = be16(&self.header, 6).unwrap_or(0);
        let ip = V4 {
            src: self.src(),
            dst: self.dst(),
            proto: self.proto(),
            header_len: self.header_len,
            // Routers change it; and a key must not depend on how much an error quotes.
            total_len: u16::MAX,
            id: be16(&self.header, 4).unwrap_or(0),
            fragment_offset: u32::from(fragment & 0x1FFF) * 8,
            more_fragments: fragment & 0x2000 != 0,
            ttl: 0,
            tos: self.header[1],
            options: 0,
            payload: self.payload,
        };
        if ip.fragment_offset > 0 { v4_fragment(&ip) } else { super::key::v4_identity(&ip) }
    }
}

/// The flow of an ICMP packet.
pub(super) fn identify(ip: &V4<'_>) -> Identity {
    let m = Icmp::parse(ip.payload);
    let (reverse, kind) = match (m.kind, m.code) {
        (0, _) => (true, 8),
        (14 | 16 | 18, _) => (true, m.kind - 1),
        (kind, _) => (false, kind),
    };
    let (src, dst) = if reverse { (ip.dst, ip.src) } else { (ip.src, ip.dst) };
    // The code belongs to the key of errors only.
    let mut tail = [kind, if m.is_error() { m.code } else { 0 }, 0, 0, 0, 0];
    let mut copy = 0;
    if kind == 8 {
        let ([a, b], [c, d]) = (m.id.to_le_bytes(), m.seq.to_le_bytes());
        tail = [kind, 0, a, b, c, d];
    } else if let Some(q) = m.quoted() {
        (tail, copy) = error_tail(&m, &q);
    }
    Identity { key: key(src, dst, tail, copy), kind: Kind::Icmp, reverse }
}

fn key(src: u32, dst: u32, tail: [u8; 6], copy: u8) -> Key {
    v4_key(src, dst, 1, tail, copy)
}

/// What of the quoted packet belongs to the key.
fn error_tail(m: &Icmp<'_>, q: &Quoted<'_>) -> ([u8; 6], u8) {
    let plain = [m.kind, m.code, 0, 0, 0, 0];
    match (m.kind, m.code) {
        (3, 2) => ([m.kind, m.code, q.proto(), 0, 0, 0], 0),
        (3, 3) => {
            let [a, b] = be16(q.payload, 2).unwrap_or(0).to_le_bytes();
            ([m.kind, m.code, a, b, 0, 0], q.proto())
        }
        (3, 0 | 1) | (5, 0 | 1) => {
            let [a, b, c, d] = q.dst().to_be_bytes();
            ([m.kind, m.code, a, b, c, d], 0)
        }
        (5, 2 | 3) => ([m.kind, m.code, q.header[1], 0, 0, 0], 0),
        _ => (plain, 0),
    }
}

/// ICMPv6 answers take the type of what they answer.
pub(super) fn fold6(kind: u8) -> u8 {
    match kind {
        129 => 128,
        131 | 132 => 130,
        134 => 133,
        136 => 135,
        145 => 144,
        other => other,
    }
}

/// What the flow remembers of its messages: type, code, the two bytes behind, five addresses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct State {
    pub(super) head: [u8; 4],
    pub(super) addresses: [u32; 5],
}

impl State {
    /// From an IPv4 message.
    pub(super) fn v4(ip: &V4<'_>) -> State {
        let m = Icmp::parse(ip.payload);
        let mut s = State { head: [m.kind, m.code, 0, 0], addresses: [ip.src, ip.dst, 0, 0, 0] };
        if let Some(q) = m.quoted() {
            s.addresses[2] = q.src();
            s.addresses[3] = q.dst();
            if m.kind == 5 {
                s.addresses[4] = be32(ip.payload, 4).unwrap_or(0);
            }
        } else if !m.is_error() {
            let [a, b] = m.seq.to_le_bytes();
            s.head = [m.kind, m.code, a, b];
        }
        s
    }

    /// A later message of the flow: a request, and the first message of a record, tell its type.
    pub(super) fn update(&mut self, ip: &V4<'_>, first: bool) {
        let now = State::v4(ip);
        if first || matches!(now.head[0], 8 | 13 | 15 | 17) {
            let [kind, code, ..] = now.head;
            self.head[0] = kind;
            self.head[1] = code;
        }
    }

    /// From an IPv6 message: type, code, checksum.
    pub(super) fn v6(payload: &[u8]) -> State {
        let [a, b, c, d] = payload.first_chunk::<4>().copied().unwrap_or_default();
        State { head: [a, b, d, c], addresses: [0; 5] }
    }
}

/// An error that was mapped on to the flow it speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mapped {
    pub(super) kind: u8,
    pub(super) code: u8,
    /// Sender and target of the error, source and destination of the quoted packet, gateway of a redirect.
    pub(super) addresses: [u32; 5],
}

impl Mapped {
    /// The flow that the error speaks of, and what to note there.
    pub(super) fn of(ip: &V4<'_>) -> Option<(Identity, Mapped)> {
        let m = Icmp::parse(ip.payload);
        let q = m.quoted()?;
        let gateway = if m.kind == 5 { be32(ip.payload, 4).unwrap_or(0) } else { 0 };
        let addresses = [ip.src, ip.dst, q.src(), q.dst(), gateway];
        Some((q.identity(), Mapped { kind: m.kind, code: m.code, addresses }))
    }

    /// The qualifier of DSR 34.
    pub(super) fn qualifier(&self) -> u8 {
        match self.kind {
            3 => 1,
            5 => 2,
            11 => 4,
            _ => 0,
        }
    }
}
