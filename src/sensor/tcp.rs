//! TCP: connection state, retransmissions, order, windows.
//!
//! Status bits last for the flow's life, marks for one record; both stand in one word per side and one for the
//! connection, as they do on the wire.
//!
//! # Source
//! `docs/records.md`, network DSR 05; behaviour observed on the classic sensor.

use super::encode::{be, seconds};

/// Header flags.
pub(super) mod flag {
    pub(crate) const FIN: u8 = 0x01;
    pub(crate) const SYN: u8 = 0x02;
    pub(crate) const RST: u8 = 0x04;
    pub(crate) const PSH: u8 = 0x08;
    pub(crate) const ACK: u8 = 0x10;
    pub(crate) const URG: u8 = 0x20;
    pub(crate) const ECE: u8 = 0x40;
    pub(crate) const CWR: u8 = 0x80;
}

/// Status bits. Marks of a side are doubled: the lower bit of each pair is the source's in the connection's word.
mod bit {
    pub(super) const SYN: u32 = 0x1;
    pub(super) const SYN_ACK: u32 = 0x2;
    pub(super) const ESTABLISHED: u32 = 0x4;
    pub(super) const FIN: u32 = 0x8;
    pub(super) const FIN_ACKED: u32 = 0x10;
    pub(super) const NORMAL_CLOSE: u32 = 0x20;
    pub(super) const RETRANSMITTED: u32 = 0x300;
    pub(super) const WINDOW_SHUT: u32 = 0xC00;
    pub(super) const RESET: u32 = 0x3000;
    pub(super) const CONGESTED: u32 = 0xC000;
    pub(super) const OUT_OF_ORDER: u32 = 0x3_0000;
    pub(super) const MARKS: u32 = RETRANSMITTED | WINDOW_SHUT | RESET | CONGESTED | OUT_OF_ORDER;
    /// The source's half of the marks in the connection's word; the destination's is one bit higher.
    pub(super) const SOURCE_HALF: u32 = 0x1_5500;
}

/// Bits of the options word that say who offered ECN.
const ECN_SOURCE: u32 = 0x4000_0000;
const ECN_DESTINATION: u32 = 0x8000_0000;

/// Connection states, by their number on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Conn {
    Closed = 0,
    Listen = 1,
    SynSent = 2,
    SynReceived = 3,
    Established = 4,
    FinWait1 = 6,
    Closing = 7,
    FinWait2 = 9,
}

/// One segment, as far as the state machine looks at it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Segment<'a> {
    pub(super) flags: u8,
    pub(super) seq: u32,
    pub(super) ack: u32,
    pub(super) window: u16,
    /// Bytes of data that the lengths claim.
    pub(super) len: u32,
    pub(super) options: &'a [u8],
    /// IPv4 identification.
    pub(super) ip_id: Option<u16>,
    /// The frame has a link header; without one the classic sensor counts repeated SYNs as rest.
    pub(super) framed: bool,
}

impl<'a> Segment<'a> {
    /// From the bytes behind the IP header, which claims `claimed` of them. Nothing if 20 bytes were not captured.
    #[inline]
    pub(super) fn parse(payload: &'a [u8], claimed: u32, ip_id: Option<u16>) -> Option<Segment<'a>> {
        let h = payload.first_chunk::<20>()?;
        let header_len = usize::from(h[12] >> 4) * 4;
        Some(Segment {
            flags: h[13],
            seq: u32::from_be_bytes([h[4], h[5], h[6], h[7]]),
            ack: u32::from_be_bytes([h[8], h[9], h[10], h[11]]),
            window: u16::from_be_bytes([h[14], h[15]]),
            len: claimed.saturating_sub(header_len as u32),
            options: if header_len > 20 { payload.get(20..header_len).unwrap_or(&[]) } else { &[] },
            ip_id,
            framed: false,
        })
    }

    fn has(&self, flags: u8) -> bool {
        self.flags & flags != 0
    }

    /// The flags that the state machine compares, with `also` among them.
    fn control(&self, also: u8) -> u8 {
        self.flags & (flag::SYN | flag::ACK | flag::FIN | flag::RST | also)
    }
}

#[derive(Clone, Copy, Debug, Default)]
struct Side {
    /// Microseconds since 1970; 0: no packet yet.
    last: i64,
    status: u32,
    base: u32,
    seq: u32,
    /// Acknowledgment number less 1.
    ack: u32,
    windows: u32,
    bytes: u32,
    retransmitted: u32,
    burst: u32,
    ip_id: u16,
    window: u16,
    flags: u8,
    shift: u8,
    seen: bool,
}

/// The state of a connection.
#[derive(Clone, Debug)]
pub(super) struct Tcp {
    status: u32,
    pub(super) conn: Conn,
    options: u32,
    syn_ack: u32,
    ack_dat: u32,
    sides: [Side; 2],
    /// Only the first packet was seen.
    init: bool,
}

impl Tcp {
    /// The state after the first packet, which the source (side 0) sent at `now` (µs).
    pub(super) fn new(s: &Segment<'_>, now: i64) -> Tcp {
        use flag::{ACK, FIN, PSH, RST, SYN, URG};
        let known = s.flags & (SYN | ACK | FIN | PSH | URG);
        let (status, conn) = if s.has(RST) {
            (bit::RESET, Conn::Listen)
        } else if known == SYN {
            (bit::SYN, Conn::SynSent)
        } else if known == SYN | ACK {
            (bit::SYN_ACK, Conn::SynReceived)
        } else if known & (SYN | FIN) == 0 && known != 0 {
            (bit::ESTABLISHED, Conn::Established)
        } else if known == FIN || known == FIN | ACK {
            (bit::FIN, Conn::FinWait1)
        } else {
            (bit::ESTABLISHED, Conn::Closing)
        };
        let mut tcp = Tcp { status, conn, options: 0, syn_ack: 0, ack_dat: 0, sides: [Side::default(); 2], init: true };
        tcp.read_options(s, 0);
        let [side, peer] = &mut tcp.sides;
        side.base = if s.has(SYN) { s.seq } else { s.seq.wrapping_sub(1) };
        side.seq = if s.has(SYN) { s.seq } else { s.seq.wrapping_add(s.len) };
        side.bytes = s.len;
        // The classic sensor notes the first acknowledgment at the side that it acknowledges.
        if matches!(conn, Conn::Established | Conn::SynReceived) {
            peer.ack = s.ack.wrapping_sub(1);
        }
        side.window = s.window;
        side.flags = s.flags;
        side.last = now;
        side.seen = true;
        side.ip_id = s.ip_id.unwrap_or(0).swap_bytes();
        tcp
    }

    /// Reads a little of every part; what comes back means nothing.
    #[inline]
    pub(super) fn touch(&self) -> u64 {
        let [a, b] = &self.sides;
        u64::from(self.status) ^ a.last.cast_unsigned() ^ b.last.cast_unsigned()
    }

    /// Whether the connection has been closed, so that the flow may go sooner.
    pub(super) fn is_closed(&self) -> bool {
        self.conn == Conn::Closed
    }

    /// Whether nobody has answered the first packet's SYN.
    pub(super) fn is_half_open(&self) -> bool {
        matches!(self.conn, Conn::SynSent | Conn::SynReceived)
    }

    /// Clears what belongs to one record.
    pub(super) fn reset_record(&mut self) {
        // A flow that began with a reset stays one.
        if self.conn != Conn::Listen {
            self.status &= !bit::MARKS;
        }
        for side in &mut self.sides {
            side.status &= !bit::MARKS;
            side.base = side.seq;
            side.bytes = 0;
            side.retransmitted = 0;
            side.flags = 0;
        }
    }

    /// Takes a later segment of side `from` (0: source) at `now` (µs). Says whether the time since the side's previous
    /// packet was one of rest.
    pub(super) fn update(&mut self, s: &Segment<'_>, from: usize, now: i64) -> bool {
        if self.conn == Conn::Listen {
            return false;
        }
        self.init = false;
        self.read_options(s, from);
        let [a, b] = &mut self.sides;
        let (side, peer) = if from == 0 { (a, b) } else { (b, a) };
        if !side.seen {
            side.seen = true;
            side.base = s.seq;
            side.seq = s.seq;
        }
        if s.has(flag::ACK) {
            let before = std::mem::replace(&mut side.ack, s.ack.wrapping_sub(1));
            peer.windows = peer.windows.wrapping_add(u32::from(before != 0 && before != side.ack));
            let open = peer.seq.wrapping_sub(1).wrapping_sub(side.ack).cast_signed();
            if peer.burst > 0 {
                peer.burst = u32::try_from(open).unwrap_or(0);
            }
        }
        // The first packet of a record ends a rest.
        let rested = side.flags == 0;
        side.flags |= s.flags;
        let fresh = side.burst == 0;
        let before = side.status & bit::RETRANSMITTED;
        side.status &= !bit::RETRANSMITTED;
        if s.len > 0 && !matches!(self.conn, Conn::Closing | Conn::Closed) {
            side.judge(peer, s);
        }
        self.advance(s, from, now);
        let [a, b] = &mut self.sides;
        let (side, peer) = if from == 0 { (a, b) } else { (b, a) };
        let repeated = side.status & bit::RETRANSMITTED != 0;
        side.status |= before;
        if s.window != 0 && !s.has(flag::RST | flag::FIN) {
            side.window = s.window;
        }
        if s.window == 0 && !s.has(flag::FIN | flag::RST) {
            side.status |= bit::WINDOW_SHUT;
        }
        if s.has(flag::ECE) && s.has(flag::ACK) && self.options & ECN_SOURCE != 0 && self.options & ECN_DESTINATION != 0
        {
            self.status |=
                if from == 0 { bit::CONGESTED & bit::SOURCE_HALF } else { bit::CONGESTED & !bit::SOURCE_HALF };
        }
        side.last = now;
        let shut = (side.status | peer.status) & bit::WINDOW_SHUT != 0;
        let opens = s.flags & (flag::SYN | flag::ACK) == flag::SYN && s.framed;
        !opens && (s.len == 0 || rested || shut || repeated || fresh)
    }

    /// Whether the state allows a new connection on the same ports.
    #[inline]
    pub(super) fn may_be_reused(&self) -> bool {
        matches!(self.conn, Conn::Listen | Conn::FinWait1 | Conn::Closing | Conn::Closed)
    }

    /// Whether a segment opens a new connection: a bare SYN in a state that allows it.
    pub(super) fn reuses(&self, s: &Segment<'_>) -> bool {
        let answers = s.has(flag::ACK) && self.conn != Conn::Listen;
        self.may_be_reused() && s.has(flag::SYN) && !s.has(flag::RST) && !answers
    }

    fn advance(&mut self, s: &Segment<'_>, from: usize, now: i64) {
        use flag::{ACK, CWR, ECE, FIN, RST, SYN};
        if s.has(RST) {
            return self.reset(s, from);
        }
        let since = |last: i64| u32::try_from(now.saturating_sub(last)).unwrap_or(0);
        let [a, b] = &mut self.sides;
        let (side, peer) = if from == 0 { (a, b) } else { (b, a) };
        match self.conn {
            Conn::SynSent => match s.control(ECE | CWR) {
                SYN => side.retransmit(),
                c if c == SYN | ACK => {
                    self.conn = Conn::SynReceived;
                    self.status |= bit::SYN_ACK;
                    side.status |= bit::SYN_ACK;
                    if side.ack == peer.seq {
                        self.syn_ack = since(peer.last);
                    }
                }
                c if c & FIN != 0 => self.finish(from),
                c if c & ACK != 0 => self.establish(from),
                _ => {}
            },
            Conn::SynReceived => match s.control(0) {
                c if c & FIN != 0 => self.finish(from),
                c if c & (ACK | SYN) == ACK => {
                    if side.ack == peer.seq && self.syn_ack > 0 {
                        self.ack_dat = since(peer.last);
                    }
                    self.establish(from);
                }
                c if c & SYN != 0 => side.retransmit(),
                _ => {}
            },
            Conn::Established => match s.control(0) {
                c if c & FIN != 0 => self.finish(from),
                c if c & SYN != 0 => {
                    if c & ACK != 0 {
                        self.status |= bit::SYN_ACK;
                    }
                    side.retransmit();
                }
                _ => {}
            },
            Conn::FinWait1 | Conn::FinWait2 => self.last_words(s, from),
            Conn::Closing => {
                if s.has(ACK) && side.seq == side.ack && side.ack == peer.seq {
                    self.conn = Conn::Closed;
                }
            }
            Conn::Closed | Conn::Listen => {}
        }
        if self.conn == Conn::Closed && (self.status | self.sides[0].status | self.sides[1].status) & bit::RESET == 0 {
            self.status |= bit::NORMAL_CLOSE;
        }
    }

    fn establish(&mut self, from: usize) {
        self.conn = Conn::Established;
        self.status |= bit::ESTABLISHED;
        if let Some(side) = self.sides.get_mut(from) {
            side.status |= bit::ESTABLISHED;
        }
    }

    fn finish(&mut self, from: usize) {
        self.conn = Conn::FinWait1;
        self.status |= bit::FIN;
        if let Some(side) = self.sides.get_mut(from) {
            side.status |= bit::FIN;
        }
    }

    fn last_words(&mut self, s: &Segment<'_>, from: usize) {
        let [a, b] = &mut self.sides;
        let (side, peer) = if from == 0 { (a, b) } else { (b, a) };
        if s.has(flag::FIN) && s.has(flag::ACK) {
            side.status |= bit::FIN;
        }
        let covers = side.ack == peer.seq;
        if s.has(flag::ACK) && s.len == 0 && peer.status & bit::FIN != 0 && covers {
            self.conn = Conn::FinWait2;
            self.status |= bit::FIN_ACKED;
            peer.status |= bit::FIN_ACKED;
        }
    }

    fn reset(&mut self, s: &Segment<'_>, from: usize) {
        let [a, b] = &mut self.sides;
        let (side, peer) = if from == 0 { (a, b) } else { (b, a) };
        side.status |= bit::RESET;
        match self.conn {
            Conn::SynSent if peer.seq == side.ack => {}
            Conn::SynSent => self.conn = Conn::Closing,
            _ => {
                let inside = s.seq.wrapping_sub(side.ack) < u32::from(side.window);
                self.conn = if inside { Conn::Closed } else { Conn::Closing };
            }
        }
    }

    fn read_options(&mut self, s: &Segment<'_>, from: usize) {
        if s.has(flag::SYN) && s.has(flag::ECE | flag::CWR) {
            self.options |= if from == 0 { ECN_SOURCE } else { ECN_DESTINATION };
        }
        let mut options = s.options;
        while let [kind, rest @ ..] = options {
            let step = match kind {
                0 => break,
                1 => 1,
                _ => {
                    let Some(&len) = rest.first() else { break };
                    if len < 2 {
                        break;
                    }
                    self.options |= option_bit(*kind);
                    if let (3, Some(shift), Some(side)) = (*kind, rest.get(1), self.sides.get_mut(from)) {
                        side.shift = *shift;
                    }
                    usize::from(len)
                }
            };
            options = options.get(step..).unwrap_or(&[]);
        }
    }
}

fn option_bit(kind: u8) -> u32 {
    match kind {
        2 => 0x0010_0000,
        3 => 0x0020_0000,
        4 => 0x0040_0000,
        5 => 0x0080_0000,
        6 => 0x0100_0000,
        7 => 0x0200_0000,
        8 => 0x0400_0000,
        11 => 0x0800_0000,
        12 => 0x1000_0000,
        13 => 0x2000_0000,
        _ => 0,
    }
}

impl Side {
    fn retransmit(&mut self) {
        self.status |= bit::RETRANSMITTED;
        self.retransmitted = self.retransmitted.saturating_add(1);
    }

    /// Data that was sent before does not count for the burst.
    fn resend(&mut self, len: u32) {
        self.burst = self.burst.saturating_sub(len);
        self.retransmit();
    }

    /// Judges a segment with data: in order, sent again, or out of order.
    fn judge(&mut self, peer: &Side, s: &Segment<'_>) {
        let id = s.ip_id.map(u16::swap_bytes);
        let previous = std::mem::replace(&mut self.ip_id, id.unwrap_or(0));
        let end = s.seq.wrapping_add(s.len);
        if !peer.seen {
            return;
        }
        self.bytes = self.bytes.wrapping_add(s.len);
        if self.status & bit::FIN != 0 {
            if s.seq < self.seq {
                self.retransmit();
            } else if !s.has(flag::FIN) {
                self.status |= bit::OUT_OF_ORDER;
            }
        }
        if end < s.seq {
            self.seq = end;
            self.base = end;
            return;
        }
        let backwards = id.is_some_and(|id| id < previous && previous - id < 5000);
        let highest = self.seq.max(end);
        if s.seq < peer.ack {
            self.burst = self.burst.saturating_add(s.len);
            if peer.ack - s.seq < u32::from(self.window) >> self.shift.min(31) {
                self.resend(s.len);
            }
        } else if s.seq.wrapping_sub(self.base).cast_signed() < 0 {
            // What belongs to an earlier record is not judged.
            return;
        } else if backwards {
            self.burst = self.burst.saturating_add(s.len);
            self.status |= bit::OUT_OF_ORDER;
        } else {
            self.burst = self.burst.saturating_add(s.len);
            let too_much = self.burst > highest.wrapping_sub(1).wrapping_sub(peer.ack);
            if too_much || end < self.seq && s.seq.wrapping_sub(1) == peer.ack {
                self.resend(s.len);
            } else if end < self.seq {
                self.status |= bit::OUT_OF_ORDER;
            }
        }
        self.seq = highest;
    }

    fn words(&self) -> [u32; 12] {
        let [secs, micros] = seconds(self.last);
        let [a, b] = self.window.to_be_bytes();
        [
            secs,
            micros,
            self.status,
            self.base,
            self.seq,
            self.ack,
            self.windows,
            self.bytes,
            self.retransmitted,
            0,
            self.burst,
            u32::from_be_bytes([a, b, self.flags, self.shift]),
        ]
    }
}

impl Tcp {
    fn wire_status(&self) -> u32 {
        let [source, destination] = self.sides.each_ref().map(|s| s.status & bit::MARKS);
        self.status | source & bit::SOURCE_HALF | destination & (bit::SOURCE_HALF << 1)
    }

    /// Appends the network DSR.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        let [source, destination] = &self.sides;
        let status = self.wire_status();
        if self.init {
            let [a, b] = source.window.to_be_bytes();
            let last = u32::from_be_bytes([a, b, source.flags, source.shift]);
            out.extend_from_slice(be([0x3003_0005, status, source.base, self.options, last]).as_flattened());
            return;
        }
        let head = [0x3005_001E, status, self.conn as u32, self.options, self.syn_ack, self.ack_dat];
        out.extend_from_slice(be(head).as_flattened());
        out.extend_from_slice(be(source.words()).as_flattened());
        out.extend_from_slice(be(destination.words()).as_flattened());
    }
}
