//! Reads numbers out of byte slices that may be too short: what is not there reads as 0.
//!
//! Wire data is hostile, so nothing here can panic; a caller for whom absence differs from 0 looks at the length.

/// The byte at `at`.
#[inline]
pub(crate) fn byte(b: &[u8], at: usize) -> u8 {
    b.get(at).copied().unwrap_or(0)
}

#[inline]
fn array<const N: usize>(b: &[u8], at: usize) -> [u8; N] {
    b.get(at..).and_then(|t| t.first_chunk::<N>()).copied().unwrap_or([0; N])
}

/// Big-endian 16 bits.
#[inline]
pub(crate) fn be16(b: &[u8], at: usize) -> u16 {
    u16::from_be_bytes(array(b, at))
}

/// Big-endian 32 bits.
#[inline]
pub(crate) fn be32(b: &[u8], at: usize) -> u32 {
    u32::from_be_bytes(array(b, at))
}

/// Big-endian 64 bits.
#[inline]
pub(crate) fn be64(b: &[u8], at: usize) -> u64 {
    u64::from_be_bytes(array(b, at))
}

/// Little-endian 16 bits.
#[inline]
pub(crate) fn le16(b: &[u8], at: usize) -> u16 {
    u16::from_le_bytes(array(b, at))
}

/// Little-endian 32 bits.
#[inline]
pub(crate) fn le32(b: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(array(b, at))
}

/// Big-endian IEEE single.
#[inline]
pub(crate) fn bef32(b: &[u8], at: usize) -> f32 {
    f32::from_bits(be32(b, at))
}

/// Little-endian IEEE single.
#[inline]
pub(crate) fn lef32(b: &[u8], at: usize) -> f32 {
    f32::from_bits(le32(b, at))
}

/// `N` bytes as they are.
#[inline]
pub(crate) fn bytes<const N: usize>(b: &[u8], at: usize) -> [u8; N] {
    array(b, at)
}

/// Text that should be UTF-8 but may be Latin-1, as labels of old databases are.
pub(crate) fn text(b: &[u8]) -> std::borrow::Cow<'_, str> {
    match std::str::from_utf8(b) {
        Ok(s) => s.into(),
        Err(_) => b.iter().map(|&c| char::from(c)).collect::<String>().into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_there_reads_as_zero() {
        assert_eq!((be16(&[1, 2], 0), be16(&[1, 2], 1), be32(&[1, 2, 3], 0), byte(&[], 9)), (0x102, 0, 0, 0));
        assert_eq!(be32(&[0; 4], usize::MAX), 0);
    }

    #[test]
    fn text_falls_back_to_latin_1() {
        assert_eq!(text(b"K\xF8ln"), "K\u{F8}ln");
        assert_eq!(text("Köln".as_bytes()), "Köln");
    }
}
