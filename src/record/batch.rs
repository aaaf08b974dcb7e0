//! Many records in one buffer, so that moving them between threads costs one allocation for a thousand of them.

use super::SourceId;

/// Whole records of one source, back to back in wire form, in arrival order.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    source: SourceId,
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Batch {
    /// An empty batch of one source.
    #[must_use]
    pub fn new(source: SourceId) -> Batch {
        Batch { source, bytes: Vec::new(), ends: Vec::new() }
    }

    /// The source that all records of the batch come from.
    #[must_use]
    pub fn source(&self) -> SourceId {
        self.source
    }

    /// Number of records.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether it holds no record.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Bytes of all records together.
    #[must_use]
    pub fn byte_len(&self) -> usize {
        self.bytes.len()
    }

    /// Appends a copy of one whole record.
    pub fn push(&mut self, record: &[u8]) {
        self.bytes.extend_from_slice(record);
        self.ends.push(self.bytes.len());
    }

    /// Lets `write` append whole bytes of one record to the buffer; an empty addition adds no record.
    pub fn push_with(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        let start = self.bytes.len();
        write(&mut self.bytes);
        if self.bytes.len() > start {
            self.ends.push(self.bytes.len());
        }
    }

    /// The bytes of record `index`, counted from 0.
    #[must_use]
    pub fn get(&self, index: usize) -> Option<&[u8]> {
        let end = *self.ends.get(index)?;
        let start = index.checked_sub(1).and_then(|i| self.ends.get(i)).copied().unwrap_or(0);
        self.bytes.get(start..end)
    }

    /// The records in order, each as its bytes.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        (0..self.len()).filter_map(|i| self.get(i))
    }

    /// Empties the batch and keeps its memory.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.ends.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gives_back_what_was_pushed() {
        let mut b = Batch::new(SourceId(3));
        b.push(&[1, 2]);
        b.push_with(|out| out.extend_from_slice(&[3]));
        b.push_with(|_| ());
        assert_eq!(b.iter().collect::<Vec<_>>(), [&[1u8, 2][..], &[3]]);
        assert_eq!(b.get(2), None);
    }
}
