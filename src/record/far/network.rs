//! The network DSR, type 30: the state of the flow's protocol. The subtype says which.
//!
//! | subtype | content | words |
//! |---|---|---|
//! | 03 | TCP, first packet: status, source base sequence, options, window u16, flags, shift | 5 (version 5: 6) |
//! | 04 | TCP, short: status, source flags, destination flags | 3 |
//! | 05 | TCP, full: status, state, options, SYN→SYN-ACK µs, SYN-ACK→ACK µs, two sides | 30 (version 5: 32) |
//! | 09, 0A | RTCP, RTP | 6, 10 |
//! | 0D | UDT | 44 |
//! | 10 | answer to an ARP request | 44 (version 5: 3) |
//! | 34 | ICMP | 7 |
//! | 38 | ESP: status, SPI, last sequence, lost packets | 5 |
//! | 45 | fragments (its presence is all that counts) | 14 |

use std::net::Ipv4Addr;

use crate::base::Timestamp;
use crate::record::codec::Dsr;
use crate::record::wire;

/// Bits of the TCP status word ([`Tcp::status`]).
pub mod tcp_status {
    /// SYN seen.
    pub const SYN: u32 = 0x1;
    /// SYN-ACK seen.
    pub const SYN_ACK: u32 = 0x2;
    /// Connection established.
    pub const ESTABLISHED: u32 = 0x4;
    /// FIN seen.
    pub const FIN: u32 = 0x8;
    /// FIN acknowledged.
    pub const FIN_ACK: u32 = 0x10;
    /// Closed normally.
    pub const CLOSED: u32 = 0x20;
    /// Half closed, waiting.
    pub const CLOSE_WAITING: u32 = 0x40;
    /// Port used again (version 5).
    pub const PORT_REUSED: u32 = 0x80;
    /// Retransmission by the source.
    pub const SRC_RETRANS: u32 = 0x100;
    /// Retransmission by the destination.
    pub const DST_RETRANS: u32 = 0x200;
    /// Window closed by the source.
    pub const SRC_WINDOW_SHUT: u32 = 0x400;
    /// Window closed by the destination.
    pub const DST_WINDOW_SHUT: u32 = 0x800;
    /// Reset by the source.
    pub const SRC_RESET: u32 = 0x1000;
    /// Reset by the destination.
    pub const DST_RESET: u32 = 0x2000;
    /// Congestion told by the source.
    pub const SRC_ECN: u32 = 0x4000;
    /// Congestion told by the destination.
    pub const DST_ECN: u32 = 0x8000;
    /// Source packets out of order.
    pub const SRC_OUT_OF_ORDER: u32 = 0x1_0000;
    /// Destination packets out of order.
    pub const DST_OUT_OF_ORDER: u32 = 0x2_0000;
    /// Duplicates from the source.
    pub const SRC_DUPLICATES: u32 = 0x4_0000;
    /// Duplicates from the destination.
    pub const DST_DUPLICATES: u32 = 0x8_0000;
}

/// Which of the three forms of the TCP state a record holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TcpForm {
    /// Subtype 03.
    First,
    /// Subtype 04.
    Short,
    /// Subtype 05.
    Full,
}

/// One side of a TCP connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TcpSide {
    /// Last packet.
    pub last: Timestamp,
    /// The side's own status word, same bits as [`Tcp::status`].
    pub status: u32,
    /// First sequence number.
    pub base: u32,
    /// Last sequence number.
    pub seq: u32,
    /// Last acknowledgement number.
    pub ack: u32,
    /// Windows seen.
    pub windows: u32,
    /// Payload bytes.
    pub payload_bytes: u32,
    /// Retransmitted packets.
    pub retransmitted: u32,
    /// Acknowledged bytes.
    pub acked_bytes: u32,
    /// Bytes in the window.
    pub window_bytes: u32,
    /// Last window as in the header.
    pub window: u16,
    /// Union of the flag bytes seen: 01 FIN 02 SYN 04 RST 08 PSH 10 ACK 20 URG 40 ECE 80 CWR.
    pub flags: u8,
    /// Window shift.
    pub shift: u8,
    /// Maximum segment size (version 5).
    pub max_segment: Option<u16>,
}

impl TcpSide {
    /// The window in bytes: shifted as agreed.
    #[must_use]
    pub fn window_bytes_offered(&self) -> u64 {
        u64::from(self.window).checked_shl(u32::from(self.shift)).unwrap_or(0)
    }
}

/// State of a TCP connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tcp {
    /// Which form the record holds; the first packet's form has no destination side.
    pub form: TcpForm,
    /// Bits of [`tcp_status`].
    pub status: u32,
    /// The sensor's state; 0 when it saw no handshake, and then the loss columns mean nothing.
    pub state: u32,
    /// Options seen, bits 0x0010_0000 and up in the order `MwsSeETcNOSD`.
    pub options: u32,
    /// SYN to SYN-ACK, µs.
    pub syn_ack_us: u32,
    /// SYN-ACK to ACK, µs.
    pub ack_dat_us: u32,
    /// What the source did.
    pub src: TcpSide,
    /// What the destination did.
    pub dst: TcpSide,
}

impl Tcp {
    /// Form of a network DSR that holds TCP state.
    #[inline]
    pub(super) fn form_of(dsr: &Dsr<'_>) -> Option<TcpForm> {
        match dsr.subtype & 0x7F {
            0x03 => Some(TcpForm::First),
            0x04 => Some(TcpForm::Short),
            0x05 => Some(TcpForm::Full),
            _ => None,
        }
    }

    /// The status word alone.
    #[inline]
    pub(super) fn status_of(dsr: &Dsr<'_>) -> u32 {
        wire::be32(dsr.body, 0)
    }

    /// Flags of both sides alone; of a full form.
    #[inline]
    pub(super) fn flags_of(dsr: &Dsr<'_>) -> (u8, u8) {
        let len = side_len(dsr);
        (wire::byte(dsr.body, 20 + 46), wire::byte(dsr.body, 20 + len + 46))
    }

    /// Decodes the DSR as it stands, without any change of direction.
    pub(super) fn parse(dsr: &Dsr<'_>) -> Option<Tcp> {
        let b = dsr.body;
        let mut tcp = Tcp {
            form: Tcp::form_of(dsr)?,
            status: wire::be32(b, 0),
            state: 0,
            options: 0,
            syn_ack_us: 0,
            ack_dat_us: 0,
            src: TcpSide::default(),
            dst: TcpSide::default(),
        };
        match tcp.form {
            TcpForm::First => {
                tcp.src.base = wire::be32(b, 4);
                tcp.options = wire::be32(b, 8);
                tcp.src.window = wire::be16(b, 12);
                tcp.src.flags = wire::byte(b, 14);
                tcp.src.shift = wire::byte(b, 15);
                tcp.src.max_segment = (b.len() >= 20).then(|| wire::be16(b, 16));
            }
            TcpForm::Short => (tcp.src.flags, tcp.dst.flags) = (wire::byte(b, 4), wire::byte(b, 5)),
            TcpForm::Full => {
                tcp.state = wire::be32(b, 4);
                tcp.options = wire::be32(b, 8);
                tcp.syn_ack_us = wire::be32(b, 12);
                tcp.ack_dat_us = wire::be32(b, 16);
                let len = side_len(dsr);
                let wide = len == 52;
                tcp.src = side(b.get(20..).unwrap_or(&[]), wide);
                tcp.dst = side(b.get(20 + len..).unwrap_or(&[]), wide);
            }
        }
        Some(tcp)
    }
}

/// Bytes of one side: version 5 adds the segment size.
#[inline]
fn side_len(dsr: &Dsr<'_>) -> usize {
    if dsr.words() >= 32 { 52 } else { 48 }
}

fn side(b: &[u8], wide: bool) -> TcpSide {
    let fraction = i64::from(wire::be32(b, 4)) * if wide { 1 } else { 1000 };
    TcpSide {
        last: Timestamp::from_parts(i64::from(wire::be32(b, 0)), fraction),
        status: wire::be32(b, 8),
        base: wire::be32(b, 12),
        seq: wire::be32(b, 16),
        ack: wire::be32(b, 20),
        windows: wire::be32(b, 24),
        payload_bytes: wire::be32(b, 28),
        retransmitted: wire::be32(b, 32),
        acked_bytes: wire::be32(b, 36),
        window_bytes: wire::be32(b, 40),
        window: wire::be16(b, 44),
        flags: wire::byte(b, 46),
        shift: wire::byte(b, 47),
        max_segment: wide.then(|| wire::be16(b, 48)),
    }
}

/// One direction of an RTP stream: the last header seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RtpSide {
    /// First byte of the header: version, padding, extension, contributors.
    pub first: u8,
    /// Marker and payload type.
    pub payload_type: u8,
    /// Sequence number.
    pub seq: u16,
    /// Media time.
    pub time: u32,
    /// Synchronisation source.
    pub ssrc: u32,
    /// Packets missing in the sequence.
    pub drops: u16,
    /// Deviation.
    pub deviation: u16,
}

/// State of an RTP flow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rtp {
    /// State word.
    pub state: u32,
    /// The source's stream.
    pub src: RtpSide,
    /// The destination's stream.
    pub dst: RtpSide,
}

impl Rtp {
    pub(super) fn parse(b: &[u8]) -> Rtp {
        let side = |at: usize, n: usize| RtpSide {
            first: wire::byte(b, at),
            payload_type: wire::byte(b, at + 1),
            seq: wire::be16(b, at + 2),
            time: wire::be32(b, at + 4),
            ssrc: wire::be32(b, at + 8),
            drops: wire::be16(b, 28 + 2 * n),
            deviation: wire::be16(b, 32 + 2 * n),
        };
        Rtp { state: wire::be32(b, 0), src: side(4, 0), dst: side(16, 1) }
    }
}

/// One direction of an RTCP flow: the last header seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RtcpSide {
    /// First byte of the header.
    pub first: u8,
    /// Packet type, 200 and up.
    pub packet_type: u8,
    /// Length field.
    pub length: u16,
    /// Synchronisation source.
    pub ssrc: u32,
    /// Packets missing.
    pub drops: u16,
}

/// State of an RTCP flow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rtcp {
    /// The source's side.
    pub src: RtcpSide,
    /// The destination's side.
    pub dst: RtcpSide,
}

impl Rtcp {
    pub(super) fn parse(b: &[u8]) -> Rtcp {
        let side = |at: usize, n: usize| RtcpSide {
            first: wire::byte(b, at),
            packet_type: wire::byte(b, at + 1),
            length: wire::be16(b, at + 2),
            ssrc: wire::be32(b, at + 4),
            drops: wire::be16(b, 16 + 2 * n),
        };
        Rtcp { src: side(0, 0), dst: side(8, 1) }
    }
}

/// State of a UDT flow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Udt {
    /// State word.
    pub state: u32,
    /// Status word.
    pub status: u32,
    /// Last sequence number.
    pub seq: u32,
    /// Dropped packets.
    pub drops: u32,
    /// Retransmitted packets.
    pub retransmitted: u32,
    /// Negative acknowledgements.
    pub nacks: u32,
}

impl Udt {
    pub(super) fn parse(b: &[u8]) -> Udt {
        let word = |n: usize| wire::be32(b, 40 + 4 * n);
        Udt {
            state: wire::be32(b, 0),
            status: wire::be32(b, 4),
            seq: word(2),
            drops: word(14),
            retransmitted: word(15),
            nacks: word(16),
        }
    }
}

/// State of an ICMP flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IcmpState {
    /// Type of the last message.
    pub kind: u8,
    /// Its code.
    pub code: u8,
    /// Ends of the packet that the message is about.
    pub inner_src: Ipv4Addr,
    /// Ends of the packet that the message is about.
    pub inner_dst: Ipv4Addr,
    /// Gateway of a redirect.
    pub gateway: Ipv4Addr,
}

impl IcmpState {
    pub(super) fn parse(b: &[u8]) -> IcmpState {
        let addr = |at| Ipv4Addr::from(wire::le32(b, at));
        IcmpState {
            kind: wire::byte(b, 0),
            code: wire::byte(b, 1),
            inner_src: addr(12),
            inner_dst: addr(16),
            gateway: addr(20),
        }
    }
}

/// State of an ESP flow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Esp {
    /// Bits 10 source loss, 20 destination loss, 10000 and 20000 out of order.
    pub status: u32,
    /// Security parameters index.
    pub spi: u32,
    /// Last sequence number.
    pub seq: u32,
    /// Lost packets.
    pub lost: u32,
}

impl Esp {
    pub(super) fn parse(b: &[u8]) -> Esp {
        Esp { status: wire::be32(b, 0), spi: wire::be32(b, 4), seq: wire::be32(b, 8), lost: wire::be32(b, 12) }
    }
}

/// The state that a network DSR holds, by protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Network {
    /// TCP.
    Tcp(Tcp),
    /// RTCP.
    Rtcp(Rtcp),
    /// RTP.
    Rtp(Rtp),
    /// UDT.
    Udt(Udt),
    /// The hardware address that answered an ARP request.
    ArpAnswer([u8; 6]),
    /// ICMP.
    Icmp(IcmpState),
    /// ESP.
    Esp(Esp),
    /// Fragments of datagrams whose ports are unknown.
    Fragments,
}
