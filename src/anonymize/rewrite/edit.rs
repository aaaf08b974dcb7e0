//! Changes in place of bytes that may be too short: what is not there is not changed.

/// The `N` bytes at `at`.
pub(super) fn get<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..)?.first_chunk::<N>().copied()
}

/// Replaces the `N` bytes at `at`.
pub(super) fn with<const N: usize>(bytes: &mut [u8], at: usize, change: impl FnOnce([u8; N]) -> [u8; N]) {
    if let Some(chunk) = bytes.get_mut(at..).and_then(|b| b.first_chunk_mut::<N>()) {
        *chunk = change(*chunk);
    }
}

/// Overwrites the `N` bytes at `at`.
pub(super) fn put<const N: usize>(bytes: &mut [u8], at: usize, new: [u8; N]) {
    with(bytes, at, |_| new);
}

/// Replaces the big-endian 32 bits at `at`.
pub(super) fn be32(bytes: &mut [u8], at: usize, change: impl FnOnce(u32) -> u32) {
    with(bytes, at, |b| change(u32::from_be_bytes(b)).to_be_bytes());
}

/// Replaces the big-endian 16 bits at `at`.
pub(super) fn be16(bytes: &mut [u8], at: usize, change: impl FnOnce(u16) -> u16) {
    with(bytes, at, |b| change(u16::from_be_bytes(b)).to_be_bytes());
}

/// Replaces the little-endian 16 bits at `at`.
pub(super) fn le16(bytes: &mut [u8], at: usize, change: impl FnOnce(u16) -> u16) {
    with(bytes, at, |b| change(u16::from_le_bytes(b)).to_le_bytes());
}

/// Zeros from `at` to the end.
pub(super) fn clear_from(bytes: &mut [u8], at: usize) {
    if let Some(rest) = bytes.get_mut(at..) {
        rest.fill(0);
    }
}
