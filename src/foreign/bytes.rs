//! Numbers at places that may not be there.

/// Byte order of a stretch of input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    Big,
    Little,
}

/// The unsigned number of `size` bytes (0 to 8) at `at`; 0 if it is not all there.
pub(super) fn number(bytes: &[u8], at: usize, size: usize, order: Order) -> u64 {
    let Some(part) = at.checked_add(size).and_then(|end| bytes.get(at..end)) else { return 0 };
    let add = |sum: u64, byte: &u8| sum << 8 | u64::from(*byte);
    match order {
        Order::Big => part.iter().fold(0, add),
        Order::Little => part.iter().rev().fold(0, add),
    }
}

/// A big-endian number of two bytes.
pub(super) fn be16(bytes: &[u8], at: usize) -> u16 {
    number(bytes, at, 2, Order::Big) as u16
}

/// A big-endian number of four bytes.
pub(super) fn be32(bytes: &[u8], at: usize) -> u32 {
    number(bytes, at, 4, Order::Big) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_outside_are_zero() {
        assert_eq!(number(&[1, 2, 3], 1, 2, Order::Big), 0x0203);
        assert_eq!(number(&[1, 2, 3], 1, 2, Order::Little), 0x0302);
        assert_eq!(number(&[1, 2, 3], 2, 2, Order::Big), 0);
        assert_eq!(number(&[1, 2, 3], usize::MAX, 2, Order::Big), 0);
    }
}
