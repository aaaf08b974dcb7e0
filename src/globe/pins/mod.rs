//! Pins: one per placed address, sized by the bytes of the window, coloured by the rate of the moment
//! or by what [`colouring`](super::colouring) says.
//!
//! The instance list is rebuilt when the snapshot or the emphasis changed, never per frame; the shader keeps the pins
//! at constant size on the screen. [`Pins`] is the same list for picking.

mod model;
mod precision;

use bevy::prelude::*;
use bevy_egui::EguiPrimaryContextPass;
pub use model::{Looks, PinInstance, place_pins};
pub(crate) use model::{fade, kind_of};

use super::colouring::{Colouring, Kinds, kinds};
use super::feed::Feed;
use super::inks::Theme;
use super::scale::RateShift;
use super::{Emphasis, GlobeSet, PaintSet};

/// The pins. Which of them stand alone is chosen by [`clusters`](super::clusters).
#[derive(Resource, Clone, Debug, Default)]
pub struct Pins {
    /// Pins that stand alone, in the order of `hosts`.
    pub instances: Vec<PinInstance>,
    /// Index into `Snapshot::hosts` of each of them.
    pub hosts: Vec<u32>,
    /// All pins, those in clusters as well, in the order of `all_hosts`.
    pub all: Vec<PinInstance>,
    /// Index into `Snapshot::hosts` of each of all pins.
    pub all_hosts: Vec<u32>,
    /// What they are coloured by, where it is not the rate.
    pub kinds: Option<Kinds>,
    /// Grows by one each time all pins are made anew.
    pub made: u64,
    /// Grows by one each time those that stand alone are chosen anew.
    pub drawn: u64,
    /// Generation of the feed they were made from.
    pub generation: u64,
}

/// Makes the pins.
pub struct PinsPlugin;

impl Plugin for PinsPlugin {
    fn build(&self, app: &mut App) {
        app.init_resource::<Pins>()
            .add_systems(Update, make_pins.in_set(GlobeSet::Update))
            .add_systems(EguiPrimaryContextPass, precision::paint_circles.in_set(PaintSet::Names));
    }
}

pub(crate) fn make_pins(
    (feed, emphasis, theme, colouring): (Res<Feed>, Res<Emphasis>, Res<Theme>, Res<Colouring>),
    shift: Res<RateShift>,
    mut pins: ResMut<Pins>,
) {
    let newer = pins.generation != feed.generation || colouring.is_changed();
    if !newer && !emphasis.is_changed() && !theme.is_changed() && !shift.is_changed() {
        return;
    }
    if newer {
        pins.kinds = kinds(&feed.snapshot, &colouring.by);
    }
    let looks = Looks { overrides: &feed.overrides, kinds: pins.kinds.as_ref(), inks: theme.inks(), shift: *shift };
    (pins.all, pins.all_hosts) = place_pins(&feed.snapshot, &emphasis, &looks);
    pins.generation = feed.generation;
    pins.made += 1;
}
