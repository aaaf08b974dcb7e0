//! What the colour of a pin says: its rate, or which country, system, port or sensor it belongs to, or whether some of
//! its flows are as the user wrote.
//!
//! Kinds are the heaviest few of the picture; what is left is one grey. A kind's colour derives from its name, so that
//! it seldom changes while the order of the heaviest does.

mod model;

use bevy::prelude::Resource;
pub use model::{ColourBy, KIND_COLOURS, Kinds, UnknownColour, kinds};

/// What pins are coloured by.
#[derive(Resource, Clone, Debug, Default, PartialEq)]
pub struct Colouring {
    /// What the colour says now.
    pub by: ColourBy,
    /// The newest rule, so that keys can come back to it.
    pub rule: Option<String>,
}

impl Colouring {
    /// Begins with a way of colouring.
    #[must_use]
    pub fn new(by: ColourBy) -> Colouring {
        let mut colouring = Colouring::default();
        colouring.set(by);
        colouring
    }

    /// Changes the way of colouring.
    pub fn set(&mut self, by: ColourBy) {
        if let ColourBy::Rule(rule) = &by {
            self.rule = Some(rule.clone());
        }
        self.by = by;
    }

    /// Goes on to the next way; a rule is one of them once there was one.
    pub fn next(&mut self) {
        self.by = match (&self.by, &self.rule) {
            (ColourBy::Rate, _) => ColourBy::Country,
            (ColourBy::Country, _) => ColourBy::System,
            (ColourBy::System, _) => ColourBy::Port,
            (ColourBy::Port, _) => ColourBy::Sensor,
            (ColourBy::Sensor, Some(rule)) => ColourBy::Rule(rule.clone()),
            (ColourBy::Sensor, None) | (ColourBy::Rule(_), _) => ColourBy::Rate,
        };
    }
}
