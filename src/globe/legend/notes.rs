//! What the legend has to add when arcs are drawn otherwise than its scale says.

use bevy::prelude::*;

use super::{KindLine, LegendModel};
use crate::base::units::grouped;
use crate::cache::{By, Snapshot};
use crate::globe::arcs::Arcs;
use crate::globe::colouring::Colouring;
use crate::globe::feed::Feed;
use crate::globe::heat::Heat;
use crate::globe::inks::Theme;
use crate::globe::layers::{LayerId, Layers};
use crate::globe::pins::Pins;
use crate::globe::scale::RateShift;

/// Keeps the legend's notes up to date.
pub(crate) fn note_arcs(
    (arcs, feed): (Res<Arcs>, Res<Feed>),
    (all, colouring, theme): (Res<Pins>, Res<Colouring>, Res<Theme>),
    (heat, layers, shift): (Res<Heat>, Res<Layers>, Res<RateShift>),
    mut legend: ResMut<LegendModel>,
) {
    let kinds = all.kinds.as_ref().map(|kinds| {
        let line = |(colour, name, pins): &(u8, String, u64)| KindLine {
            rgb: theme.inks().kind(Some(*colour)),
            name: name.clone(),
            pins: *pins,
        };
        let mut lines: Vec<KindLine> = kinds.named.iter().map(line).collect();
        if kinds.rest > 0 {
            lines.push(KindLine { rgb: theme.inks().rest, name: "others".into(), pins: kinds.rest });
        }
        (format!("Pins by {}", colouring.by.title()), lines)
    });
    if legend.kinds != kinds {
        legend.kinds = kinds;
    }
    let pins = pins(&feed.snapshot);
    if legend.pins != pins {
        legend.pins = pins;
    }
    if legend.shift != *shift {
        legend.move_to(*shift);
    }
    let hot = layers.is_on(LayerId::Heat);
    if legend.heat != hot {
        legend.heat = hot;
    }
    let notes = notes(arcs.instances.len(), arcs.wanted, heat.left_out * u64::from(hot));
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

/// `drawn` arcs of `wanted`; addresses that the density of traffic leaves out.
fn notes(drawn: usize, wanted: usize, cold: u64) -> Vec<String> {
    let mut notes = Vec::new();
    if drawn < wanted {
        notes.push(format!("the {drawn} largest of {wanted} arcs"));
    }
    if cold > 0 {
        notes.push(format!("density without {} addresses of which only the country is known", grouped(cold)));
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
    fn what_is_left_out_is_said() {
        assert_eq!(notes(10, 10, 0), [] as [String; 0]);
        assert_eq!(notes(300, 18_210, 0), ["the 300 largest of 18210 arcs"]);
        assert_eq!(notes(1, 1, 7), ["density without 7 addresses of which only the country is known"]);
    }
}
