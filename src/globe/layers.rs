//! The layers of the picture: one static table, and which of them are on.
//!
//! Hot keys, menus, help and saved state derive from [`LAYERS`].

use bevy::prelude::Resource;

/// A layer; its value is its row in [`LAYERS`] and its bit in [`Layers`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum LayerId {
    /// The textured earth; a plain sphere when off.
    Earth,
    /// Clouds above the earth.
    Clouds,
    /// Addresses.
    Pins,
    /// Traffic between addresses.
    Arcs,
    /// The table of flows.
    Table,
    /// Coasts and country borders.
    Borders,
    /// Names of countries and cities.
    Names,
    /// Lines of latitude and longitude.
    Graticule,
    /// The night side.
    Night,
    /// The glow of the air around the globe.
    Atmosphere,
    /// Stars behind the globe.
    Stars,
    /// What colours and widths mean.
    Legend,
    /// Traffic over time and the playhead.
    Timeline,
    /// Pins that would lie on each other as one mark.
    Clusters,
    /// Density of traffic on the ground.
    Heat,
}

/// One row of the table.
#[derive(Clone, Copy, Debug)]
pub struct Layer {
    /// Which layer.
    pub id: LayerId,
    /// Name on the command line and in saved state.
    pub name: &'static str,
    /// Hot key.
    pub key: char,
    /// Name for people.
    pub title: &'static str,
    /// Whether it is on at first.
    pub default_on: bool,
}

const fn row(id: LayerId, name: &'static str, key: char, title: &'static str, default_on: bool) -> Layer {
    Layer { id, name, key, title, default_on }
}

/// All layers, in the order of [`LayerId`].
pub static LAYERS: &[Layer] = &[
    row(LayerId::Earth, "earth", 'E', "Earth", true),
    row(LayerId::Clouds, "clouds", 'C', "Clouds", true),
    row(LayerId::Pins, "pins", 'P', "Pins", true),
    row(LayerId::Arcs, "arcs", 'A', "Arcs", true),
    row(LayerId::Table, "table", 'F', "Flow table", false),
    row(LayerId::Borders, "borders", 'B', "Borders", true),
    row(LayerId::Names, "names", 'O', "Place names", true),
    row(LayerId::Graticule, "graticule", 'G', "Graticule", false),
    row(LayerId::Night, "night", 'N', "Night side", true),
    row(LayerId::Atmosphere, "atmosphere", 'Y', "Atmosphere", true),
    row(LayerId::Stars, "stars", 'Z', "Stars", true),
    row(LayerId::Legend, "legend", 'D', "Legend", true),
    row(LayerId::Timeline, "timeline", 'T', "Timeline", true),
    row(LayerId::Clusters, "clusters", 'Q', "Clusters of pins", true),
    row(LayerId::Heat, "heat", 'H', "Traffic density", false),
];

/// Which layers are on: a set of bits.
#[derive(Resource, Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layers(u32);

impl Default for Layers {
    fn default() -> Layers {
        let mut on = Layers(0);
        for layer in LAYERS.iter().filter(|l| l.default_on) {
            on.set(layer.id, true);
        }
        on
    }
}

/// A layer name that does not exist.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("layer {name:?} does not exist; known are {known}")]
pub struct UnknownLayer {
    /// What was written.
    pub name: String,
    /// What may be written, joined by commas.
    pub known: String,
}

impl Layers {
    /// No layer.
    pub const NONE: Layers = Layers(0);

    /// Whether a layer is on.
    #[must_use]
    pub fn is_on(self, id: LayerId) -> bool {
        self.0 >> (id as u32) & 1 == 1
    }

    /// Switches a layer.
    pub fn set(&mut self, id: LayerId, on: bool) {
        let bit = 1 << (id as u32);
        self.0 = if on { self.0 | bit } else { self.0 & !bit };
    }

    /// Switches a layer to the other state.
    pub fn toggle(&mut self, id: LayerId) {
        self.set(id, !self.is_on(id));
    }

    /// The names of the layers that are on, joined by commas: what [`Layers::parse`] reads back.
    #[must_use]
    pub fn names(self) -> String {
        let on: Vec<&str> = LAYERS.iter().filter(|l| self.is_on(l.id)).map(|l| l.name).collect();
        if on.is_empty() { "none".into() } else { on.join(",") }
    }

    /// Exactly the layers named in a list joined by commas; `all` and `none` are understood, and a list whose first
    /// name begins with `+` or `-` changes the default set: `-clouds,+table`.
    ///
    /// # Errors
    /// A name that is not in [`LAYERS`].
    pub fn parse(list: &str) -> Result<Layers, UnknownLayer> {
        let relative = list.trim_start().starts_with(['+', '-']);
        let mut layers = if relative { Layers::default() } else { Layers::NONE };
        for word in list.split(',').map(str::trim).filter(|w| !w.is_empty()) {
            let (on, name) = match word.strip_prefix('-') {
                Some(name) => (false, name),
                None => (true, word.strip_prefix('+').unwrap_or(word)),
            };
            match name {
                "all" => LAYERS.iter().for_each(|l| layers.set(l.id, on)),
                "none" => layers = Layers::NONE,
                _ => match LAYERS.iter().find(|l| l.name == name) {
                    Some(layer) => layers.set(layer.id, on),
                    None => {
                        let known = LAYERS.iter().map(|l| l.name).collect::<Vec<_>>().join(", ");
                        return Err(UnknownLayer { name: name.to_owned(), known });
                    }
                },
            }
        }
        Ok(layers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_stand_where_their_id_says_and_keys_do_not_clash() {
        for (i, layer) in LAYERS.iter().enumerate() {
            assert_eq!(layer.id as usize, i, "{}", layer.name);
            assert!(LAYERS.iter().skip(i + 1).all(|o| o.key != layer.key && o.name != layer.name), "{}", layer.name);
        }
    }

    #[test]
    fn a_list_names_exactly_the_layers_that_are_on() {
        let l = Layers::parse("earth, pins").expect("known");
        assert!(l.is_on(LayerId::Earth) && l.is_on(LayerId::Pins) && !l.is_on(LayerId::Arcs));
        assert_eq!(Layers::parse("none"), Ok(Layers::NONE));
        let l = Layers::parse("-clouds,+table").expect("known");
        assert!(!l.is_on(LayerId::Clouds) && l.is_on(LayerId::Table) && l.is_on(LayerId::Earth));
        assert!(Layers::parse("moon").is_err());
        for layers in [l, Layers::NONE, Layers::default()] {
            assert_eq!(Layers::parse(&layers.names()), Ok(layers));
        }
    }

    #[test]
    fn toggling_twice_changes_nothing() {
        let mut l = Layers::default();
        l.toggle(LayerId::Arcs);
        assert_ne!(l, Layers::default());
        l.toggle(LayerId::Arcs);
        assert_eq!(l, Layers::default());
    }
}
