//! Sketched arcs lie where the renderer would draw them.

use super::*;
use crate::geo::LatLon;
use crate::globe::camera::{Frame, Orbit};
use crate::globe::math::dot;

const SIZE: [u32; 2] = [400, 300];

fn view_from(altitude: f64, (lat, lon): (f64, f64), flat: f64) -> View {
    let orbit = Orbit { target: LatLon { lat, lon }, altitude, heading: 0.0, tilt: 0.0 };
    orbit.view(Frame { flat, ..Frame::whole(f64::from(SIZE[0]), f64::from(SIZE[1])) })
}

fn view(lat: f64, lon: f64, flat: f64) -> View {
    view_from(2.2, (lat, lon), flat)
}

fn arc(from: (f64, f64), to: (f64, f64)) -> ArcInstance {
    let unit = |(lat, lon): (f64, f64)| LatLon { lat, lon }.to_unit();
    let (a, b) = (unit(from), unit(to));
    let angle = dot(a, b).acos();
    let side = std::array::from_fn(|i| ((b[i] - a[i] * angle.cos()) / angle.sin()) as f32);
    ArcInstance {
        a: a.map(|v| v as f32),
        height: (0.25 * angle) as f32,
        b: side,
        angle: angle as f32,
        rgba: u32::MAX,
        style: 0,
        lane: 0.0,
        phase: 0.0,
    }
}

fn style() -> Style {
    Style { classes: [(0.0, 1.0); CLASSES], mark: 1.0, glow: 0.0 }
}

fn drawn(arcs: &[ArcInstance], view: &View) -> Picture {
    let mut picture = Picture { size: SIZE, ..Picture::default() };
    draw_arcs(arcs, view, &style(), 1e-3, &mut picture);
    picture
}

fn alpha(picture: &Picture, x: i64, y: i64) -> u32 {
    let inside = (0..400).contains(&x) && (0..300).contains(&y);
    if inside { picture.pixels[(y * 400 + x) as usize] >> 24 } else { 0 }
}

/// The most alpha within a pixel of a place.
fn near(picture: &Picture, [x, y]: [f64; 2]) -> u32 {
    let around = (-1..=1).flat_map(|dx| (-1..=1).map(move |dy| (dx, dy)));
    around.map(|(dx, dy)| alpha(picture, x as i64 + dx, y as i64 + dy)).max().unwrap_or(0)
}

#[test]
fn an_arc_passes_where_its_points_are_seen_and_nowhere_else() {
    for (flat, to) in [(0.0, (40.0, 60.0)), (1.0, (40.0, 60.0)), (0.5, (-30.0, 20.0)), (0.0, (10.0, 150.0))] {
        let (view, arc) = (view(20.0, 20.0, flat), arc((10.0, -10.0), to));
        let picture = drawn(&[arc], &view);
        let mut places = Vec::new();
        for i in 1..200 {
            let p = arc_point(&arc, f64::from(i) / 200.0);
            let Some((at, _)) = view.project(p).filter(|_| view.sees(p)) else { continue };
            places.push(at);
            if at[1] < 1.0 || at[1] > 299.0 || at[0] < 1.0 || at[0] > 399.0 {
                continue;
            }
            assert!(near(&picture, at) > 30, "{flat} {to:?} {i} {at:?}");
        }
        assert!(places.len() > 60);
        for (n, _) in picture.pixels.iter().enumerate().filter(|(_, p)| *p >> 24 > 0) {
            let (x, y) = ((n % 400) as f64 + 0.5, (n / 400) as f64 + 0.5);
            let off = places.iter().map(|p| (p[0] - x).hypot(p[1] - y)).fold(f64::INFINITY, f64::min);
            assert!(off < 6.0, "{flat} {to:?}: {x} {y} is {off} pixels off");
        }
    }
}

#[test]
fn what_the_globe_hides_is_not_drawn() {
    let behind = drawn(&[arc((-5.0, 170.0), (5.0, -170.0))], &view(0.0, 0.0, 0.0));
    assert!(behind.pixels.iter().all(|p| *p == 0));
}

#[test]
fn over_the_edge_of_the_map_no_line_runs_back_through_it() {
    let view = view_from(8.0, (0.0, 0.0), 1.0);
    let over_the_date_line = arc((20.0, 160.0), (25.0, -160.0));
    let picture = drawn(&[over_the_date_line], &view);
    assert!((0..300).all(|y| alpha(&picture, 200, y) == 0));
    assert!(picture.pixels.iter().any(|p| *p != 0));
}

#[test]
fn many_arcs_on_many_threads_are_the_same_picture_as_one_after_the_other() {
    let arcs: Vec<ArcInstance> =
        (0..1200).map(|i| arc((f64::from(i % 60) - 30.0, f64::from(i % 97) - 40.0), (50.0, 10.0))).collect();
    let view = view(20.0, 0.0, 0.0);
    let whole = drawn(&arcs, &view);
    let mut alone = vec![0; whole.pixels.len()];
    let style = style();
    let mut pen = Pen { view: &view, style: &style, tolerance: 1e-3, strokes: Vec::new() };
    arcs.iter().for_each(|a| pen.arc(a));
    let mut band = Band { pixels: &mut alone, width: 400, top: 0 };
    pen.strokes.iter().for_each(|s| band.stroke(s));
    let alone: Vec<Rgba> = alone.into_iter().map(narrowed).collect();
    assert!(whole.pixels == alone);
    assert!(whole.pixels.iter().any(|p| p >> 24 > 200));
}

#[test]
fn selected_arcs_are_left_to_the_renderer_and_dimmed_ones_are_faint() {
    let view = view(20.0, 20.0, 0.0);
    let plain = arc((10.0, -10.0), (40.0, 60.0));
    let chosen = ArcInstance { style: SELECTED, ..plain };
    let dimmed = ArcInstance { style: DIMMED, ..plain };
    let ink = |a: ArcInstance| drawn(&[a], &view).pixels.iter().map(|p| u64::from(p >> 24)).sum::<u64>();
    assert_eq!(ink(chosen), 0);
    assert!(ink(dimmed) > 0 && ink(dimmed) * 5 < ink(plain));
}

#[test]
fn no_colour_outgrows_its_alpha() {
    let arcs: Vec<ArcInstance> =
        (0..300).map(|i| ArcInstance { phase: i as f32, ..arc((0.0, 0.0), (30.0, 40.0)) }).collect();
    let bright = Style { glow: 1.0, ..style() };
    let mut picture = Picture { size: SIZE, ..Picture::default() };
    draw_arcs(&arcs, &view(10.0, 20.0, 0.0), &bright, 1e-3, &mut picture);
    for p in &picture.pixels {
        let [r, g, b, a] = p.to_le_bytes();
        assert!(r <= a && g <= a && b <= a, "{p:x}");
    }
}
