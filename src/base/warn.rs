//! Partial failures on their way to the user: collected once each, with a bound.

/// At most this many different messages are kept; later ones are only counted.
const MAX_MESSAGES: usize = 100;

/// Things that went wrong without stopping the work. Equal messages are kept once.
#[derive(Clone, Debug, Default)]
pub struct Warnings {
    messages: Vec<String>,
    count: u64,
}

impl Warnings {
    /// An empty collection.
    #[must_use]
    pub fn new() -> Warnings {
        Warnings::default()
    }

    /// Adds a message that says what, where, expected, found and what to do. True if it is new, so that the caller
    /// may report it at once.
    pub fn add(&mut self, message: impl Into<String>) -> bool {
        self.count += 1;
        let message = message.into();
        let new = self.messages.len() < MAX_MESSAGES && !self.messages.contains(&message);
        if new {
            self.messages.push(message);
        }
        new
    }

    /// How many warnings were added, repeated ones included.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The distinct messages in the order of their first appearance, at most 100.
    #[must_use]
    pub fn messages(&self) -> &[String] {
        &self.messages
    }

    /// Takes over what another collection holds.
    pub fn absorb(&mut self, other: Warnings) {
        let repeats = other.count - other.messages.len() as u64;
        for m in other.messages {
            self.add(m);
        }
        self.count += repeats;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeats_are_counted_not_kept() {
        let mut w = Warnings::new();
        assert!(w.add("a"));
        assert!(!w.add("a"));
        assert_eq!((w.count(), w.messages().len()), (2, 1));
    }
}
