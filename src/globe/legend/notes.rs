//! What the legend has to add when arcs are drawn otherwise than its scale says.

use bevy::prelude::*;

use super::LegendModel;
use crate::base::units::grouped;
use crate::cache::{By, Snapshot};
use crate::globe::arcs::{Arcs, RIBBON_CLASS};
use crate::globe::feed::Feed;
use crate::globe::gpu::RenderProfile;
use crate::globe::hud::text::load;
use crate::globe::scale::RATE_SCALE;

/// Keeps the legend's notes up to date.
pub(crate) fn note_arcs(
    (arcs, profile, feed): (Res<Arcs>, Res<RenderProfile>, Res<Feed>),
    mut legend: ResMut<LegendModel>,
) {
    let pins = pins(&feed.snapshot);
    if legend.pins != pins {
        legend.pins = pins;
    }
    let notes = notes(arcs.instances.len(), arcs.wanted, profile.software && arcs.is_crowd());
    if legend.notes != notes {
        legend.notes = notes;
    }
}

/// `a pin is one city (12 for 431 addresses)`.
fn pins(snapshot: &Snapshot) -> String {
    if snapshot.level.by == By::Address {
        return "a pin is one address".into();
    }
    let (pins, members) = (snapshot.hosts.len() as u64, snapshot.members.hosts.len() as u64);
    format!("a pin is one {} ({} for {} addresses)", snapshot.level, grouped(pins), grouped(members))
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
    use super::*;
    use crate::cache::Level;

    #[test]
    fn what_a_pin_stands_for_is_said_in_words() {
        let addresses = crate::globe::fixture::snapshot();
        assert_eq!(pins(&addresses), "a pin is one address");
        let level = Level { by: By::Network, ..Level::default() };
        assert_eq!(pins(&addresses.at_level(level)), "a pin is one network /24, /48 (4 for 4 addresses)");
    }

    #[test]
    fn what_is_left_out_or_simplified_is_said() {
        assert_eq!(notes(10, 10, false), [] as [String; 0]);
        let both = notes(300, 18_210, true);
        assert!(both[0].contains("300") && both[0].contains("18") && both[1].contains("below 1.00 Mbit/s"), "{both:?}");
    }
}
