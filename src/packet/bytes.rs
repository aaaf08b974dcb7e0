//! Reading numbers out of captured bytes; a place outside them reads as nothing.

/// The big-endian 16-bit number at `at`.
#[must_use]
#[inline]
pub fn be16(data: &[u8], at: usize) -> Option<u16> {
    data.get(at..)?.first_chunk::<2>().map(|b| u16::from_be_bytes(*b))
}

/// The big-endian 32-bit number at `at`.
#[must_use]
#[inline]
pub fn be32(data: &[u8], at: usize) -> Option<u32> {
    data.get(at..)?.first_chunk::<4>().map(|b| u32::from_be_bytes(*b))
}

/// The hardware address at `at`.
#[must_use]
#[inline]
pub fn mac(data: &[u8], at: usize) -> Option<[u8; 6]> {
    data.get(at..)?.first_chunk::<6>().copied()
}
