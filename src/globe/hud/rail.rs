//! The layers as keys at the left edge: what is on, and a way to switch it without a keyboard.

use bevy_egui::egui::{Sense, Ui};

use super::theme;
use crate::globe::actions::Action;
use crate::globe::layers::{LAYERS, Layers};

/// Height of a key with the gap below it, in points.
const STEP: f32 = 23.0;

/// Draws the keys in as many columns as a height of `room` points needs; the action is a click on a key.
pub(super) fn rail_ui(ui: &mut Ui, layers: Layers, room: f32) -> Option<Action> {
    let mut action = None;
    let per_column = ((room / STEP) as usize).clamp(4, LAYERS.len());
    // Columns of equal length look better than one full and one short.
    let columns = LAYERS.len().div_ceil(per_column);
    let per_column = LAYERS.len().div_ceil(columns);
    ui.horizontal_top(|ui| {
        ui.spacing_mut().item_spacing = bevy_egui::egui::vec2(4.0, STEP - 20.0);
        for part in LAYERS.chunks(per_column) {
            ui.vertical(|ui| {
                for layer in part {
                    let on = layers.is_on(layer.id);
                    let tip = format!("{} ({}): {}", layer.title, layer.key, if on { "on" } else { "off" });
                    let key = theme::keycap(ui, &layer.key.to_string(), on, Sense::click());
                    if key.on_hover_text(tip).clicked() {
                        action = Some(Action::Toggle(layer.id));
                    }
                }
            });
        }
    });
    action
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::globe::hud::probe::Probe;

    #[test]
    fn all_layers_can_be_switched_in_any_height() {
        for room in [80.0, 200.0, 600.0] {
            let mut probe = Probe::new(300.0, room + 10.0);
            let mut action = None;
            let mut draw = |ui: &mut Ui| action = rail_ui(ui, Layers::default(), room).or(action.take());
            probe.frame(None, &mut draw);
            assert_eq!(probe.texts().len(), LAYERS.len());
            assert_eq!(probe.clipped(), [] as [String; 0]);
            let at = probe.find("T").expect("drawn");
            probe.frame(Some(at), &mut draw);
            assert_eq!(action, Some(Action::Toggle(crate::globe::layers::LayerId::Timeline)));
        }
    }
}
