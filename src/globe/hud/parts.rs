//! Parts of the screen that can be hidden for good, by name.

use crate::globe::layers::{LAYERS, Layers};

/// A part of the screen that is no layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Part {
    /// The line at the top.
    Status,
    /// The keys of layers at the left edge.
    Rail,
    /// Clock and state of wall mode.
    Clock,
    /// The sentence of wall mode.
    Caption,
    /// Cards that explain an empty globe or a failed source.
    Notice,
    /// Passing messages.
    Messages,
    /// The ring that shows where north is.
    Compass,
}

/// All parts by their names on the command line.
pub static PARTS: &[(&str, Part)] = &[
    ("status", Part::Status),
    ("keys", Part::Rail),
    ("clock", Part::Clock),
    ("caption", Part::Caption),
    ("notice", Part::Notice),
    ("messages", Part::Messages),
    ("compass", Part::Compass),
];

/// What is hidden: a set of bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Hidden(u8);

impl Hidden {
    /// Whether a part is hidden.
    #[must_use]
    pub fn has(self, part: Part) -> bool {
        self.0 >> (part as u8) & 1 == 1
    }

    /// Parts, and layers that are switched off, from a list joined by commas.
    ///
    /// # Errors
    /// A name that is neither a part nor a layer.
    pub fn parse(list: &str, layers: &mut Layers) -> Result<Hidden, String> {
        let mut hidden = Hidden::default();
        for word in list.split(',').map(str::trim).filter(|w| !w.is_empty()) {
            if let Some((_, part)) = PARTS.iter().find(|(name, _)| *name == word) {
                hidden.0 |= 1 << (*part as u8);
            } else if let Some(layer) = LAYERS.iter().find(|l| l.name == word) {
                layers.set(layer.id, false);
            } else {
                let parts = PARTS.iter().map(|(name, _)| *name);
                let known: Vec<&str> = parts.chain(LAYERS.iter().map(|l| l.name)).collect();
                return Err(format!("{word:?} is no part of the screen; known are {}", known.join(", ")));
            }
        }
        Ok(hidden)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::globe::layers::LayerId;

    #[test]
    fn parts_and_layers_are_hidden_by_name() {
        let mut layers = Layers::default();
        let hidden = Hidden::parse("status, legend,caption", &mut layers).expect("known");
        assert!(hidden.has(Part::Status) && hidden.has(Part::Caption) && !hidden.has(Part::Clock));
        assert!(!layers.is_on(LayerId::Legend) && layers.is_on(LayerId::Pins));
        let error = Hidden::parse("clok", &mut layers).expect_err("unknown");
        assert!(error.contains("\"clok\"") && error.contains("clock") && error.contains("arcs"), "{error}");
        for (i, (name, part)) in PARTS.iter().enumerate() {
            assert_eq!(*part as usize, i);
            assert!(LAYERS.iter().all(|l| l.name != *name), "{name} would be two things");
        }
    }
}
