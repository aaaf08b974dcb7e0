//! Every theme can be read and told apart, by every eye.

use super::*;
use crate::globe::scale::{linear, luminance};

/// Ratio of two luminances (WCAG 2.2).
fn ratio(a: f64, b: f64) -> f64 {
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

fn bytes(c: Color32) -> [u8; 3] {
    [c.r(), c.g(), c.b()]
}

/// CIE L*a*b* of linear light, white D65.
fn lab([r, g, b]: [f64; 3]) -> [f64; 3] {
    let f = |t: f64| if t > (6f64 / 29.0).powi(3) { t.cbrt() } else { t / (3.0 * (6f64 / 29.0).powi(2)) + 4.0 / 29.0 };
    let x = f((0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.950_47);
    let y = f(0.2126 * r + 0.7152 * g + 0.0722 * b);
    let z = f((0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.088_83);
    [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]
}

/// Luminances of the grounds that marks lie on: space, sea and land by day and by night. A photograph has bright spots
/// besides; there the edges of the marks carry the contrast.
fn grounds(s: &SceneInks) -> Vec<f64> {
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

#[test]
fn text_can_be_read_on_every_ground_of_every_theme() {
    for theme in Theme::all() {
        let i = theme.inks();
        for ink in [i.strong, i.text, i.cell, i.dim, i.faint, i.accent, i.good, i.warn, i.alert] {
            for ground in [i.ground, i.card, i.well, i.stripe, i.button[0]] {
                let got = ratio(luminance(bytes(ink)), luminance(bytes(ground)));
                assert!(got >= 4.5, "{theme}: {ink:?} on {ground:?}: {got:.2}");
            }
        }
        for ink in [i.accent, i.text, i.strong] {
            let got = ratio(luminance(bytes(ink)), luminance(bytes(i.accent_ground)));
            assert!(got >= 4.5, "{theme}: {ink:?} on the selection: {got:.2}");
        }
        assert!(ratio(luminance(bytes(i.bars[0])), luminance(bytes(i.well))) >= 3.0, "{theme}: bars");
        assert!(ratio(luminance(bytes(i.bars[0])), luminance(bytes(i.bars[1]))) >= 1.5, "{theme}: bars of the window");
    }
}

#[test]
fn names_can_be_read_on_the_map_of_every_theme() {
    for theme in Theme::all() {
        for ground in grounds(&theme.inks().scene) {
            let got = ratio(luminance(bytes(theme.inks().name)), ground);
            assert!(got >= 4.5, "{theme}: names on {ground:.3}: {got:.2}");
        }
    }
}

#[test]
fn marks_stand_out_from_the_map_of_every_theme() {
    for theme in Theme::all() {
        let i = theme.inks();
        for mark in i.rates.iter().chain([&i.home, &bytes(i.alert)]) {
            for ground in grounds(&i.scene) {
                let got = ratio(luminance(*mark), ground);
                assert!(got >= 3.0, "{theme}: {mark:02x?} on {ground:.3}: {got:.2}");
            }
        }
    }
}

#[test]
fn rates_stay_in_order_and_apart_for_every_eye_in_every_theme() {
    for theme in Theme::all() {
        let i = theme.inks();
        let usual = i.rates.map(|c| c.map(linear));
        let mut eyes = vec![("usual".to_owned(), usual)];
        eyes.extend(Vision::ALL.map(|v| (v.to_string(), i.rates.map(|c| v.sees_linear(c)))));
        for (eye, seen) in eyes {
            let lightness: Vec<f64> = seen.iter().map(|c| lab(*c)[0]).collect();
            for pair in lightness.windows(2) {
                let step = if i.is_dark { pair[1] - pair[0] } else { pair[0] - pair[1] };
                assert!(step > 2.5, "{theme}, {eye}: lightness {lightness:.1?}");
            }
            for (n, a) in seen.iter().enumerate() {
                for b in &seen[..n] {
                    let (a, b) = (lab(*a), lab(*b));
                    let apart = (0..3).map(|k| (a[k] - b[k]).powi(2)).sum::<f64>().sqrt();
                    assert!(apart > 3.8, "{theme}, {eye}: {a:.1?} and {b:.1?} are {apart:.1} apart");
                }
            }
        }
    }
}

#[test]
fn states_are_told_apart_by_every_eye() {
    for theme in Theme::all() {
        let i = theme.inks();
        for vision in Vision::ALL.into_iter().filter(|v| *v != Vision::Grey) {
            for other in [i.good, i.accent] {
                let (a, b) = (lab(vision.sees_linear(bytes(i.alert))), lab(vision.sees_linear(bytes(other))));
                let apart = (0..3).map(|k| (a[k] - b[k]).powi(2)).sum::<f64>().sqrt();
                assert!(apart > 15.0, "{theme}, {vision}: alert and {other:?} are {apart:.1} apart");
            }
        }
    }
}

#[test]
fn a_theme_has_a_name_and_every_name_a_theme() {
    for (row, theme) in THEMES.iter().zip(Theme::all()) {
        assert_eq!(THEMES[theme as usize].name, row.name);
        assert_eq!(theme.to_string().parse(), Ok(theme));
    }
    let mut theme = Theme::Dark;
    for _ in 0..THEMES.len() {
        theme = theme.next();
    }
    assert_eq!(theme, Theme::Dark);
    let error = "pink".parse::<Theme>().expect_err("unknown").to_string();
    assert!(Theme::all().all(|t| error.contains(&t.to_string())), "{error}");
}

#[test]
fn grey_eyes_see_no_colour_and_others_keep_white() {
    for vision in Vision::ALL {
        assert!(vision.sees([255; 3]).iter().all(|v| *v >= 254), "{vision}");
        assert_eq!(vision.to_string().parse(), Ok(vision));
    }
    let [r, g, b] = Vision::Grey.sees([200, 30, 90]);
    assert!(r == g && g == b);
}
