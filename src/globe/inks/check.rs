//! Whether a theme can be read: contrasts of text and marks, order of the rates.

use bevy_egui::egui::Color32;

use super::{Inks, SceneInks};
use crate::globe::scale::{linear, luminance};

/// Least contrast of text (WCAG 2.2).
pub(super) const TEXT: f64 = 4.5;
/// Least contrast of marks.
pub(super) const MARKS: f64 = 3.0;
/// Least step of lightness (L* of CIE) from one class of rate to the next.
pub(super) const STEP: f64 = 2.5;

/// Ratio of two luminances (WCAG 2.2).
pub(super) fn ratio(a: f64, b: f64) -> f64 {
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

pub(super) fn bytes(c: Color32) -> [u8; 3] {
    [c.r(), c.g(), c.b()]
}

/// CIE L*a*b* of linear light, white D65.
pub(super) fn lab([r, g, b]: [f64; 3]) -> [f64; 3] {
    let f = |t: f64| if t > (6f64 / 29.0).powi(3) { t.cbrt() } else { t / (3.0 * (6f64 / 29.0).powi(2)) + 4.0 / 29.0 };
    let x = f((0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.950_47);
    let y = f(0.2126 * r + 0.7152 * g + 0.0722 * b);
    let z = f((0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.088_83);
    [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]
}

/// Luminances of the grounds that marks lie on: space, sea and land by day and by night. A photograph has bright spots
/// besides; there the edges of the marks carry the contrast.
pub(super) fn grounds(s: &SceneInks) -> Vec<f64> {
    let lum = |c: &[f32; 4], by: &[f32; 4]| {
        let part = |i: usize| f64::from(c[i]) * f64::from(by[i]);
        0.2126 * part(0) + 0.7152 * part(1) + 0.0722 * part(2)
    };
    let space = luminance([0, 1, 2].map(|i| (s.space[i] * 255.0).round() as u8));
    let mut all = vec![space];
    if s.land[3] > 0.5 {
        all.extend([[6, 14, 32], [12, 34, 66]].map(luminance));
    } else {
        for c in [&s.land, &s.sea] {
            all.extend([lum(c, &[1.0; 4]), lum(c, &s.night)]);
        }
    }
    all
}

/// What is hard to read in a theme, a sentence each.
#[must_use]
pub fn complaints(i: &Inks) -> Vec<String> {
    let mut all = Vec::new();
    let texts = [
        ("text", i.text),
        ("strong", i.strong),
        ("cell", i.cell),
        ("dim", i.dim),
        ("faint", i.faint),
        ("accent", i.accent),
        ("good", i.good),
        ("warn", i.warn),
        ("alert", i.alert),
    ];
    let panels =
        [("ground", i.ground), ("card", i.card), ("well", i.well), ("stripe", i.stripe), ("button", i.button[0])];
    for (text, ink) in texts {
        let against = panels.map(|(name, ground)| (name, ratio(luminance(bytes(ink)), luminance(bytes(ground)))));
        let worst = against.into_iter().min_by(|a, b| a.1.total_cmp(&b.1));
        if let Some((ground, found)) = worst.filter(|(_, found)| *found < TEXT) {
            all.push(format!("{text} on {ground} has a contrast of {found:.1}, text needs {TEXT}"));
        }
    }
    let map = grounds(&i.scene);
    let least = |ink: f64| map.iter().map(|g| ratio(ink, *g)).fold(f64::INFINITY, f64::min);
    let name = least(luminance(bytes(i.name)));
    if name < TEXT {
        all.push(format!("name on the map has a contrast of {name:.1}, text needs {TEXT}"));
    }
    for (what, inks) in [("rates", &i.rates[..]), ("kinds", &i.kinds[..]), ("rest", &[i.rest]), ("home", &[i.home])] {
        let found = inks.iter().map(|c| least(luminance(*c))).fold(f64::INFINITY, f64::min);
        if found < MARKS {
            all.push(format!("{what} on the map have a contrast of {found:.1}, marks need {MARKS}"));
        }
    }
    for (what, inks) in [("rates", &i.rates[..]), ("heat", &i.heat[..])] {
        let lightness: Vec<f64> = inks.iter().map(|c| lab(c.map(linear))[0]).collect();
        let order = if i.is_dark { "rise" } else { "fall" };
        if !lightness.windows(2).all(|w| if i.is_dark { w[1] - w[0] > STEP } else { w[0] - w[1] > STEP }) {
            all.push(format!(
                "{what} do not {order} in lightness from class to class: they lose their order in greyscale"
            ));
        }
    }
    all
}
