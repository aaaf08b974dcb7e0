//! Many short byte strings in few large blocks, so that keeping one costs no allocation of its own.

/// Bytes of a block; longer strings get a block of their own.
const BLOCK_LEN: usize = 1 << 20;

/// Where a string is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place {
    block: u32,
    at: u32,
    len: u32,
}

/// Strings that are kept until all go.
#[derive(Debug, Default)]
pub struct Arena {
    blocks: Vec<Vec<u8>>,
}

impl Place {
    /// Length of the string.
    #[inline]
    #[must_use]
    pub fn byte_len(self) -> usize {
        self.len as usize
    }
}

impl Arena {
    /// An empty one.
    #[must_use]
    pub fn new() -> Arena {
        Arena::default()
    }

    /// Keeps a copy.
    pub fn push(&mut self, bytes: &[u8]) -> Place {
        let is_full = self.blocks.last().is_none_or(|b| b.capacity() - b.len() < bytes.len());
        if is_full {
            self.blocks.push(Vec::with_capacity(BLOCK_LEN.max(bytes.len())));
        }
        let block = self.blocks.len().saturating_sub(1);
        let Some(last) = self.blocks.last_mut() else { return Place::default() };
        let at = last.len();
        last.extend_from_slice(bytes);
        let word = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Place { block: word(block), at: word(at), len: word(bytes.len()) }
    }

    /// The string at a place.
    #[inline]
    #[must_use]
    pub fn get(&self, place: Place) -> &[u8] {
        let (at, len) = (place.at as usize, place.len as usize);
        self.blocks.get(place.block as usize).and_then(|b| b.get(at..at + len)).unwrap_or(&[])
    }

    /// Bytes of all strings kept.
    #[must_use]
    pub fn byte_len(&self) -> usize {
        self.blocks.iter().map(Vec::len).sum()
    }

    /// Forgets everything but keeps a block.
    pub fn clear(&mut self) {
        self.blocks.truncate(1);
        self.blocks.iter_mut().for_each(Vec::clear);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_of_any_length_come_back() {
        let mut a = Arena::new();
        let long = vec![7; BLOCK_LEN + 1];
        let places: Vec<_> = [&b"ab"[..], &long, b"", b"c"].iter().map(|s| a.push(s)).collect();
        let back: Vec<_> = places.iter().map(|p| a.get(*p).len()).collect();
        assert_eq!(back, [2, BLOCK_LEN + 1, 0, 1]);
        assert_eq!(a.get(places[3]), b"c");
    }
}
