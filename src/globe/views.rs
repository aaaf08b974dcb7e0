//! Saved views: where the eye is, on globe or map, which layers are on, what one pin stands for and on which
//! scale rates are drawn, under a name.

use std::collections::BTreeMap;

use bevy::prelude::Resource;

use super::camera::{Orbit, Projection};
use super::layers::Layers;
use super::scale::RateShift;
use crate::cache::Level;

/// Most views that are kept.
pub const MOST_VIEWS: usize = 100;

/// What a name stands for; what is not said stays as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct SavedView {
    /// Where the eye is.
    pub orbit: Option<Orbit>,
    /// Which layers are on.
    pub layers: Option<Layers>,
    /// What one pin stands for.
    pub level: Option<Level>,
    /// Globe or flat map.
    pub projection: Option<Projection>,
    /// By how much the scale of rates is moved.
    pub shift: Option<RateShift>,
}

/// All saved views by name.
#[derive(Resource, Clone, Debug, Default, PartialEq)]
pub struct Views(pub BTreeMap<String, SavedView>);

impl Views {
    /// The view of a name.
    ///
    /// # Errors
    /// There is none; the sentence lists those that there are.
    pub fn find(&self, name: &str) -> Result<SavedView, String> {
        self.0.get(name).copied().ok_or_else(|| {
            let shown: String = name.chars().take(40).collect();
            let known: Vec<&str> = self.0.keys().map(String::as_str).collect();
            let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
            format!("there is no saved view {shown:?}; saved are: {known}")
        })
    }
}
