//! How exact a place is: a thin circle of the true radius around pins that are known to 50 to 500 km.

use bevy::prelude::*;
use bevy_egui::{EguiContexts, egui};

use super::Pins;
use crate::geo::LatLon;
use crate::globe::camera::SceneView;
use crate::globe::feed::Feed;
use crate::globe::inks::inks;
use crate::globe::layers::{LayerId, Layers};
use crate::globe::math::{V3, unit};

/// Radii that get a circle, in km: a point is exact enough below, a country's square says it above.
const SHOWN: std::ops::RangeInclusive<u16> = 50..=500;
/// Most circles at once; those of the first pins.
const MOST: usize = 300;
/// Corners of a circle.
const CORNERS: usize = 48;
/// Mean radius of the earth in km.
const EARTH_KM: f64 = 6371.0;

/// Points on the unit sphere around a place, the first again at the end.
#[must_use]
fn circle(at: LatLon, radius_km: f64) -> Vec<V3> {
    let up = at.to_unit();
    // Any direction across; beside the poles the one to the pole will do.
    let aside = if up[2].abs() < 0.9 { [0.0, 0.0, 1.0] } else { [1.0, 0.0, 0.0] };
    let east = unit(cross(aside, up));
    let north = cross(up, east);
    let (sin, cos) = (radius_km / EARTH_KM).sin_cos();
    let corner = |i: usize| {
        let (s, c) = (i as f64 / CORNERS as f64 * std::f64::consts::TAU).sin_cos();
        std::array::from_fn(|k| up[k] * cos + (east[k] * c + north[k] * s) * sin)
    };
    (0..=CORNERS).map(corner).collect()
}

fn cross(a: V3, b: V3) -> V3 {
    [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
}

/// Paints the circles of pins that stand alone.
pub(super) fn paint_circles(
    mut contexts: EguiContexts,
    (feed, pins): (Res<Feed>, Res<Pins>),
    (scene, layers): (Res<SceneView>, Res<Layers>),
) -> Result {
    if !layers.is_on(LayerId::Pins) {
        return Ok(());
    }
    let hosts = pins.hosts.iter().filter_map(|i| feed.snapshot.hosts.get(*i as usize));
    let circles: Vec<(LatLon, u16)> =
        hosts.filter_map(|h| Some((h.place.at, h.place.radius_km.filter(|r| SHOWN.contains(r))?))).take(MOST).collect();
    if circles.is_empty() {
        return Ok(());
    }
    let ctx = contexts.ctx_mut()?;
    let painter = ctx.layer_painter(egui::LayerId::background());
    let points_per_pixel = 1.0 / f64::from(ctx.pixels_per_point().max(0.1));
    let stroke = egui::Stroke::new(1.0, inks().name.gamma_multiply(0.7));
    for (at, radius) in circles {
        let on_screen = |p: &V3| {
            let ([x, y], _) = scene.view.project(*p).filter(|_| scene.view.sees(*p))?;
            Some(egui::pos2((x * points_per_pixel) as f32, (y * points_per_pixel) as f32))
        };
        let points: Vec<Option<egui::Pos2>> = circle(at, f64::from(radius)).iter().map(on_screen).collect();
        // What lies behind the horizon, or over the edge of the map, leaves a gap.
        for pair in points.windows(2) {
            if let [Some(a), Some(b)] = pair
                && a.distance(*b) < 200.0
            {
                painter.line_segment([*a, *b], stroke);
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_corner_is_as_far_away_as_the_radius_says() {
        for (lat, lon) in [(0.0, 0.0), (48.1, 11.6), (-89.9, 20.0), (90.0, 0.0), (10.0, 179.9)] {
            let at = LatLon { lat, lon };
            let corners = circle(at, 200.0);
            assert_eq!(corners.len(), CORNERS + 1);
            for corner in corners {
                let there = LatLon::from_vector(corner).expect("a place");
                assert!((there.angle_to(at) * EARTH_KM - 200.0).abs() < 0.1, "{at:?}: {there:?}");
            }
        }
    }
}
