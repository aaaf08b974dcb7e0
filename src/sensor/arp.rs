//! ARP and RARP: who asked, what was asked, and who answered.

use super::key::six;
use crate::packet::{be16, be32, mac};

/// The fields of an ARP packet for 4-byte protocol addresses.
struct Fields {
    op: u16,
    sender_hw: [u8; 6],
    sender: u32,
    target_hw: [u8; 6],
    target: u32,
}

/// Takes the packet apart by the lengths that it claims; shorter hardware addresses are padded with zeros.
fn fields(body: &[u8]) -> Option<Fields> {
    let (hln, pln) = (usize::from(*body.get(4)?), usize::from(*body.get(5)?));
    let op = be16(body, 6)?;
    let hw = |at: usize| {
        let mut out = [0; 6];
        for (to, from) in out.iter_mut().zip(body.get(at..).unwrap_or(&[]).iter().take(hln)) {
            *to = *from;
        }
        out
    };
    let ip = |at: usize| if pln == 4 { be32(body, at).unwrap_or(0) } else { 0 };
    Some(Fields {
        op,
        sender_hw: hw(8),
        sender: ip(8 + hln),
        target_hw: hw(8 + hln + pln),
        target: ip(8 + 2 * hln + pln),
    })
}

/// The key of an ARP flow (words, tail) and whether the packet is the answer.
pub(super) fn identify(body: &[u8]) -> Option<([u64; 4], [u8; 6], bool)> {
    let f = fields(body)?;
    let (asker, asked, hw, reverse) = match f.op {
        1 | 3 => (f.sender, f.target, f.sender_hw, false),
        2 | 4 => (f.target, f.sender, f.target_hw, true),
        _ => return None,
    };
    let head = body.first_chunk::<6>().copied()?;
    Some(([u64::from(asker) << 32 | u64::from(asked), six(hw), 0, 0], head, reverse))
}

/// The key of a RARP flow: both hardware addresses, the address asked for, the operation.
pub(super) fn identify_rarp(body: &[u8]) -> Option<([u64; 4], [u8; 6])> {
    let f = fields(body)?;
    if !(1..=4).contains(&f.op) {
        return None;
    }
    let head = body.first_chunk::<6>().copied()?;
    Some(([u64::from(f.target), six(f.sender_hw), six(f.target_hw), u64::from(f.op)], head))
}

/// The hardware address of the host that answers.
pub(super) fn answerer(body: &[u8]) -> [u8; 6] {
    mac(body, 8).unwrap_or_default()
}

/// The body of an ARP flow DSR.
pub(super) fn write_key(key: &super::key::Key, out: &mut Vec<u8>) {
    let [addresses, hw, ..] = key.0;
    out.extend_from_slice(&key.tail());
    out.extend_from_slice(&[0, 1]);
    out.extend_from_slice(&addresses.to_be_bytes());
    // The classic sensor stores four of the six bytes; readers know that length.
    out.extend_from_slice(&hw.to_be_bytes()[2..6]);
}

/// The body of a RARP flow DSR.
pub(super) fn write_rarp_key(key: &super::key::Key, out: &mut Vec<u8>) {
    let [target, sender_hw, target_hw, op, ..] = key.0;
    out.extend_from_slice(&key.tail());
    out.extend_from_slice(&op.to_be_bytes()[6..]);
    out.extend_from_slice(&target.to_be_bytes()[4..]);
    out.extend_from_slice(&sender_hw.to_be_bytes()[2..]);
    out.extend_from_slice(&target_hw.to_be_bytes()[2..]);
}
