//! Every theme can be read and told apart, by every eye.

use super::check::{MARKS, STEP, TEXT, bytes, grounds, lab, ratio};
use super::*;
use crate::globe::scale::{linear, luminance};

#[test]
fn text_can_be_read_on_every_ground_of_every_theme() {
    for theme in Theme::all() {
        let i = theme.inks();
        for ink in [i.strong, i.text, i.cell, i.dim, i.faint, i.accent, i.good, i.warn, i.alert] {
            for ground in [i.ground, i.card, i.well, i.stripe, i.button[0]] {
                let got = ratio(luminance(bytes(ink)), luminance(bytes(ground)));
                assert!(got >= TEXT, "{theme}: {ink:?} on {ground:?}: {got:.2}");
            }
        }
        for ink in [i.accent, i.text, i.strong] {
            let got = ratio(luminance(bytes(ink)), luminance(bytes(i.accent_ground)));
            assert!(got >= TEXT, "{theme}: {ink:?} on the selection: {got:.2}");
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
            assert!(got >= TEXT, "{theme}: names on {ground:.3}: {got:.2}");
        }
    }
}

#[test]
fn marks_stand_out_from_the_map_of_every_theme() {
    for theme in Theme::all() {
        let i = theme.inks();
        for mark in i.rates.iter().chain(&i.kinds).chain([&i.rest, &i.home, &bytes(i.alert)]) {
            for ground in grounds(&i.scene) {
                let got = ratio(luminance(*mark), ground);
                assert!(got >= MARKS, "{theme}: {mark:02x?} on {ground:.3}: {got:.2}");
            }
        }
    }
}

#[test]
fn rates_and_heat_stay_in_order_and_apart_for_every_eye_in_every_theme() {
    for theme in Theme::all() {
        let i = theme.inks();
        for classes in [&i.rates[..], &i.heat[..]] {
            let usual: Vec<[f64; 3]> = classes.iter().map(|c| c.map(linear)).collect();
            let mut eyes = vec![("usual".to_owned(), usual)];
            eyes.extend(Vision::ALL.map(|v| (v.to_string(), classes.iter().map(|c| v.sees_linear(*c)).collect())));
            for (eye, seen) in eyes {
                let lightness: Vec<f64> = seen.iter().map(|c| lab(*c)[0]).collect();
                for pair in lightness.windows(2) {
                    let step = if i.is_dark { pair[1] - pair[0] } else { pair[0] - pair[1] };
                    assert!(step > STEP, "{theme}, {eye}: lightness {lightness:.1?}");
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
}

#[test]
fn kinds_are_told_apart_by_every_eye_that_sees_colours() {
    for theme in Theme::all() {
        let i = theme.inks();
        let all: Vec<[u8; 3]> = i.kinds.into_iter().chain([i.rest]).collect();
        let mut eyes = vec![("usual".to_owned(), all.iter().map(|c| c.map(linear)).collect::<Vec<_>>())];
        for v in Vision::ALL.into_iter().filter(|v| *v != Vision::Grey) {
            eyes.push((v.to_string(), all.iter().map(|c| v.sees_linear(*c)).collect()));
        }
        for (eye, seen) in eyes {
            for (n, a) in seen.iter().enumerate() {
                for (m, b) in seen[..n].iter().enumerate() {
                    let (a, b) = (lab(*a), lab(*b));
                    let apart = (0..3).map(|k| (a[k] - b[k]).powi(2)).sum::<f64>().sqrt();
                    assert!(apart > 9.0, "{theme}, {eye}: {n} and {m} are {apart:.1} apart");
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
        assert_eq!(theme.to_string(), row.name);
        assert_eq!(theme.to_string().parse(), Ok(theme));
    }
    let mut theme = Theme::Dark;
    for row in &THEMES {
        assert_eq!(theme, row.theme);
        theme = theme.next();
    }
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
