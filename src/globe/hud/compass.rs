//! The compass: a small ring that turns with the heading and lies down with the tilt. A click turns north up and looks
//! straight down; from there it leads home.

use bevy_egui::egui::{Align2, Color32, FontId, Pos2, Sense, Shape, Stroke, Ui, Vec2, vec2};

use super::theme;
use crate::globe::actions::Action;
use crate::globe::camera::Orbit;
use crate::globe::inks::inks;

/// Width and height in points.
pub(super) const SIZE: f32 = 46.0;
/// Radius of the ring in points.
const RADIUS: f32 = 15.0;
/// How flat the ring becomes at most.
const FLATTEST: f64 = 0.4;
/// Heading and tilt below which the eye counts as looking straight down with north up, in radians.
const LEVEL: f64 = 0.005;

/// Whether north is up and the eye looks straight down.
fn is_level(orbit: Orbit) -> bool {
    orbit.heading.sin().abs() < LEVEL && orbit.heading.cos() > 0.0 && orbit.tilt.abs() < LEVEL
}

/// Where a direction, in radians clockwise from north, lies on the ring: right and down, 1 at its widest.
fn on_ring(orbit: Orbit, bearing: f64) -> Vec2 {
    let (sin, cos) = (bearing - orbit.heading).sin_cos();
    let flat = orbit.tilt.cos().max(FLATTEST);
    vec2(sin as f32, (-cos * flat) as f32)
}

/// Draws the compass; the action is a click.
pub(super) fn compass_ui(ui: &mut Ui, orbit: Orbit) -> Option<Action> {
    let (rect, response) = ui.allocate_exact_size(Vec2::splat(SIZE), Sense::click());
    let (ink, level) = (inks(), is_level(orbit));
    let bright = !level || response.hovered();
    let painter = ui.painter();
    let at = |bearing: f64, far: f32| -> Pos2 { rect.center() + on_ring(orbit, bearing.to_radians()) * RADIUS * far };
    let ground = if bright { ink.card } else { ink.card.gamma_multiply(0.6) };
    let ring: Vec<Pos2> = (0..48).map(|i| at(f64::from(i) * 7.5, 1.0)).collect();
    let line = Stroke::new(1.0, if bright { ink.dim } else { ink.faint });
    painter.circle_filled(rect.center(), SIZE * 0.5, ground);
    painter.add(Shape::closed_line(ring, line));
    for bearing in [90.0, 180.0, 270.0] {
        painter.line_segment([at(bearing, 0.8), at(bearing, 1.0)], line);
    }
    let half = |tip: f64, colour: Color32| {
        let points = vec![at(tip, 0.8), at(tip + 90.0, 0.24), at(tip - 90.0, 0.24)];
        painter.add(Shape::convex_polygon(points, colour, Stroke::NONE));
    };
    half(180.0, ink.faint);
    half(0.0, if bright { ink.accent } else { ink.dim });
    // The letter stands upright beside the tip.
    let letter = rect.center() + on_ring(orbit, 0.0) * (RADIUS + 5.0);
    let font = FontId::proportional(theme::SMALL - 1.0);
    painter.circle_filled(letter, 5.0, ground);
    painter.text(letter, Align2::CENTER_CENTER, "N", font, if bright { ink.text } else { ink.dim });
    let tip = if level { "home view (R)" } else { "north up, straight down (U, Shift+U); again: home view" };
    let next = if level { Action::Home } else { Action::Look(Orbit { heading: 0.0, tilt: 0.0, ..orbit }) };
    response.on_hover_text(tip).clicked().then_some(next)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::globe::hud::probe::Probe;

    #[test]
    fn the_needle_points_north_and_the_ring_lies_down_with_the_tilt() {
        let near = |a: Vec2, b: Vec2| (a - b).length() < 1e-4;
        let orbit = Orbit::default();
        assert!(near(on_ring(orbit, 0.0), vec2(0.0, -1.0)), "north is up");
        // Looking east, north is to the left and east is up.
        let east = Orbit { heading: 90f64.to_radians(), ..orbit };
        assert!(near(on_ring(east, 0.0), vec2(-1.0, 0.0)) && near(on_ring(east, 90f64.to_radians()), vec2(0.0, -1.0)));
        let tilted = Orbit { tilt: 60f64.to_radians(), ..orbit };
        assert!(near(on_ring(tilted, 0.0), vec2(0.0, -0.5)), "half as high");
        assert!(is_level(orbit) && !is_level(east) && !is_level(tilted));
        assert!(!is_level(Orbit { heading: std::f64::consts::PI, ..orbit }), "south up is not level");
        assert!(is_level(Orbit { heading: std::f64::consts::TAU, ..orbit }));
    }

    #[test]
    fn a_click_levels_the_eye_and_the_next_leads_home() {
        let turned = Orbit { heading: 1.0, tilt: 0.3, ..Orbit::default() };
        let level = Orbit { heading: 0.0, tilt: 0.0, ..turned };
        for (orbit, expect) in [(turned, Action::Look(level)), (level, Action::Home)] {
            let mut probe = Probe::new(SIZE + 16.0, SIZE + 16.0);
            let mut action = None;
            let mut draw = |ui: &mut Ui| action = compass_ui(ui, orbit).or(action.take());
            probe.frame(None, &mut draw);
            assert!(probe.shows("N") && probe.clipped().is_empty());
            probe.frame(Some(Pos2::new(8.0 + SIZE / 2.0, 8.0 + SIZE / 2.0)), &mut draw);
            assert_eq!(action, Some(expect));
        }
    }
}
