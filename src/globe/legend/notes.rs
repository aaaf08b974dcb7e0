//! What the legend has to add when arcs are drawn otherwise than its scale says.

use bevy::prelude::*;

use super::LegendModel;
use crate::globe::arcs::{Arcs, RIBBON_CLASS};
use crate::globe::gpu::RenderProfile;
use crate::globe::hud::text::load;
use crate::globe::scale::RATE_SCALE;

/// Keeps the legend's notes up to date.
pub(crate) fn note_arcs(arcs: Res<Arcs>, profile: Res<RenderProfile>, mut legend: ResMut<LegendModel>) {
    let notes = notes(arcs.instances.len(), arcs.wanted, profile.software && arcs.is_crowd());
    if legend.notes != notes {
        legend.notes = notes;
    }
}

/// `drawn` arcs of `wanted`, the light ones as thin lines or not.
fn notes(drawn: usize, wanted: usize, thin: bool) -> Vec<String> {
    let mut notes = Vec::new();
    if drawn < wanted {
        notes.push(format!("the {drawn} largest of {wanted} arcs"));
    }
    if thin {
        let least = RATE_SCALE.get(RIBBON_CLASS as usize).map_or(0.0, |c| c.from_bps);
        notes.push(format!("drawn in software: below {} only thin lines", load(least)));
    }
    notes
}

#[cfg(test)]
mod tests {
    use super::notes;

    #[test]
    fn what_is_left_out_or_simplified_is_said() {
        assert_eq!(notes(10, 10, false), [] as [String; 0]);
        let both = notes(300, 18_210, true);
        assert!(both[0].contains("300") && both[0].contains("18") && both[1].contains("below 1.00 Mbit/s"), "{both:?}");
    }
}
