//! The nine letters of the field `flgs`.
//!
//! | column | letters |
//! |---|---|
//! | 0 | `T` time adjusted, `N` from NetFlow |
//! | 1 | encapsulation, `*` several, `M` several Ethernet addresses |
//! | 2 | ICMP about this flow: `U` unreachable, `R` redirect, `T` time exceeded, `I` other |
//! | 3 | retransmission `s` `d` `*`, gap `g`, out of order `i` `r` `&` |
//! | 4 | window closed `S` `D` `@` |
//! | 5 | congestion `x` `t` `E` |
//! | 6 | fragments `F`, fragment state `f` |
//! | 7 | IP options |
//! | 8 | correlated records |

use super::Look;
use crate::record::{DsrKind, Esp, Far, FlowForm, Network, RecordKind, Rtp, Tcp, TcpForm, TcpSide, tcp_status};

/// Encapsulation bits of DSR 20 and their letters, in the order in which they are printed.
pub(super) const ENCAPSULATIONS: &[(u32, u8)] = &[
    (0x1, b'm'),
    (0x2, b'e'),
    (0x4, b'v'),
    (0x8, b'l'),
    (0x10, b'p'),
    (0x20, b'i'),
    (0x40, b'G'),
    (0x80, b'a'),
    (0x100, b'P'),
    (0x200, b'6'),
    (0x400, b'H'),
    (0x800, b'C'),
    (0x1000, b'A'),
    (0x2000, b'S'),
    (0x4000, b'F'),
    (0x8000, b's'),
    (0x10000, b'R'),
    (0x20000, b'w'),
    (0x40000, b'z'),
    (0x80000, b'a'),
    (0x0040_0000, b'T'),
    (0x0200_0000, b'J'),
    (0x0400_0000, b'E'),
];

/// The bit of DSR 20 that a letter of column 1 stands for.
#[must_use]
pub fn encapsulation(letter: u8) -> Option<u32> {
    ENCAPSULATIONS.iter().find(|(_, l)| *l == letter).map(|(bit, _)| *bit)
}

/// Appends the nine columns.
pub(super) fn write(far: &Far<'_>, _: &Look, out: &mut Vec<u8>) {
    let mut f = [b' '; 9];
    if far.record().kind() == RecordKind::Netflow {
        f[0] = b'N';
    }
    f[1] = encapsulation_letter(far);
    if let Some(e) = far.icmp_error() {
        f[2] = match e.kind {
            3 => b'U',
            5 => b'R',
            11 => b'T',
            _ => b'I',
        };
    }
    match far.network() {
        Some(Network::Tcp(tcp)) if far.flow().form == FlowForm::V6 => f[3] = tcp_v6(&tcp),
        Some(Network::Tcp(tcp)) => self::tcp(&tcp, &mut f),
        Some(Network::Esp(esp)) => f[3] = self::esp(&esp),
        Some(Network::Rtp(rtp)) => self::rtp(&rtp, &mut f),
        Some(Network::Fragments) => f[6] = b'f',
        _ => {}
    }
    let attrs = far.ip_attrs();
    if f[6] == b' ' && (attrs.fragments.src || attrs.fragments.dst || far.flow().fragment) {
        f[6] = b'F';
    }
    let options = attrs.options.src.unwrap_or(0) | attrs.options.dst.unwrap_or(0);
    if options != 0 {
        f[7] = ip_options(options);
    }
    out.extend_from_slice(&f);
}

fn encapsulation_letter(far: &Far<'_>) -> u8 {
    let mac = far.mac();
    if mac.is_some_and(|m| m.several.src || m.several.dst) {
        return b'M';
    }
    let Some(encaps) = far.encaps() else {
        return if far.has(DsrKind::Vlan) {
            b'v'
        } else if mac.is_some() {
            b'e'
        } else if far.has(DsrKind::Mpls) {
            b'm'
        } else {
            b' '
        };
    };
    let mask = encaps.mask.src | encaps.mask.dst;
    if mask.count_ones() > 1 {
        return b'*';
    }
    ENCAPSULATIONS.iter().find(|(bit, _)| mask & bit != 0).map_or(b' ', |(_, letter)| *letter)
}

/// One of three letters by whether the source, the destination or both have a bit.
fn which(status: u32, src: u32, dst: u32, letters: [u8; 3]) -> Option<u8> {
    match (status & src != 0, status & dst != 0) {
        (false, false) => None,
        (true, false) => Some(letters[0]),
        (false, true) => Some(letters[1]),
        (true, true) => Some(letters[2]),
    }
}

fn tcp(tcp: &Tcp, f: &mut [u8; 9]) {
    use tcp_status as s;
    let full = tcp.form == TcpForm::Full;
    if let Some(letter) = which(tcp.status, s::SRC_RETRANS, s::DST_RETRANS, [b's', b'd', b'*']) {
        f[3] = letter;
    } else if full && (has_gap(&tcp.src) || has_gap(&tcp.dst)) {
        f[3] = b'g';
    } else if let Some(letter) = which(tcp.status, s::SRC_OUT_OF_ORDER, s::DST_OUT_OF_ORDER, [b'i', b'r', b'&']) {
        f[3] = letter;
    }
    if let Some(letter) = which(tcp.status, s::SRC_WINDOW_SHUT, s::DST_WINDOW_SHUT, [b'S', b'D', b'@']) {
        f[4] = letter;
    }
    if let Some(letter) = which(tcp.status, s::SRC_ECN, s::DST_ECN, [b'x', b't', b'E']) {
        f[5] = letter;
    }
}

/// Over IPv6 the clients look at the source's own status word only.
fn tcp_v6(tcp: &Tcp) -> u8 {
    use tcp_status as s;
    which(tcp.src.status, s::SRC_RETRANS, s::DST_RETRANS, [b's', b'd', b's']).unwrap_or(b' ')
}

/// Whether bytes of a side were not seen: more sequence numbers passed than payload was counted.
///
/// # Source
/// Observed behaviour of the classic clients, `docs/records.md`.
fn has_gap(side: &TcpSide) -> bool {
    if side.retransmitted != 0 || side.seq == 0 || side.base == side.acked_bytes {
        return false;
    }
    let passed = side.seq.wrapping_sub(side.base);
    if passed == side.payload_bytes || passed == side.payload_bytes.wrapping_sub(side.window_bytes) {
        return false;
    }
    i64::from(passed) - i64::from(side.payload_bytes) > 1
}

fn esp(esp: &Esp) -> u8 {
    which(esp.status, 0x10, 0x20, [b's', b'd', b'*'])
        .or_else(|| which(esp.status, 0x10000, 0x20000, [b'i', b'r', b'&']))
        .unwrap_or(b' ')
}

fn rtp(rtp: &Rtp, f: &mut [u8; 9]) {
    let lost = u32::from(rtp.src.drops > 0) | u32::from(rtp.dst.drops > 0) << 1;
    if let Some(letter) = which(lost, 1, 2, [b's', b'd', b'*']) {
        f[3] = letter;
    }
}

fn ip_options(options: u32) -> u8 {
    match options {
        0x40 => b'A',
        0x2 => b'T',
        0x1 => b'R',
        0x4 => b'+',
        0x8 => b'L',
        0x20 => b'S',
        0x10 => b'D',
        o if o.count_ones() > 1 => b'O',
        _ => b'U',
    }
}
