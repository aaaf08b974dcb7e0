//! A histogram as a drawing: bars over labelled axes.
//!
//! # Source
//! SVG 1.1, the elements `rect`, `line` and `text`.

use super::print::{Listing, Row};
use crate::base::units;

const WIDTH: f64 = 900.0;
const HEIGHT: f64 = 480.0;
const LEFT: f64 = 80.0;
const RIGHT: f64 = 20.0;
const TOP: f64 = 50.0;
const BOTTOM: f64 = 80.0;
/// Most labels below the bars.
const MAX_LABELS: usize = 12;
/// Horizontal lines aimed at.
const LINES: f64 = 5.0;

/// The drawing.
pub(super) fn draw(listing: &Listing<'_>) -> String {
    let rows: Vec<Row> = listing.rows();
    let most = rows.iter().map(|r| r.count).max().unwrap_or(0).max(1) as f64;
    let step = round_step(most / LINES);
    let top = (most / step).ceil() * step;
    let (plot_w, plot_h) = (WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM);
    let y = |v: f64| TOP + plot_h * (1.0 - v / top);
    let bar = plot_w / rows.len().max(1) as f64;
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" width=\"{WIDTH}\" height=\"{HEIGHT}\" \
         font-family=\"sans-serif\" font-size=\"12\" fill=\"#222\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n"
    );
    let s = &listing.summary;
    text(&mut out, WIDTH / 2.0, 22.0, "middle", &format!("Distribution of {}, N = {}", axis(listing), s.n));
    let number = |v: f64| format!("{v:.4}");
    let line = format!("mean {}, median {}, 95% {}", number(s.mean.into()), number(s.median), number(s.p95));
    text(&mut out, WIDTH / 2.0, 40.0, "middle", &line);
    let mut v = 0.0;
    while v <= top + step / 2.0 {
        let at = y(v);
        out.push_str(&format!(
            "<line x1=\"{LEFT}\" x2=\"{:.1}\" y1=\"{at:.1}\" y2=\"{at:.1}\" stroke=\"#ddd\"/>\n",
            WIDTH - RIGHT
        ));
        text(&mut out, LEFT - 8.0, at + 4.0, "end", &format!("{v}"));
        v += step;
    }
    for (i, row) in rows.iter().enumerate() {
        let (x, at) = (LEFT + bar * i as f64, y(row.count as f64));
        out.push_str(&format!(
            "<rect x=\"{:.1}\" y=\"{at:.1}\" width=\"{:.1}\" height=\"{:.1}\" fill=\"#3465a4\"><title>{} to {}: {} ({:.2} %)</title></rect>\n",
            x + bar * 0.05,
            bar * 0.9,
            TOP + plot_h - at,
            label(row.from),
            label(row.to),
            row.count,
            row.share * 100.0
        ));
    }
    let every = rows.len().div_ceil(MAX_LABELS).max(1);
    for (i, row) in rows.iter().enumerate().filter(|(i, _)| i % every == 0) {
        text(&mut out, LEFT + bar * i as f64, TOP + plot_h + 18.0, "middle", &label(row.from));
    }
    if let Some(last) = rows.last() {
        text(&mut out, WIDTH - RIGHT, TOP + plot_h + 18.0, "end", &label(last.to));
    }
    let base = TOP + plot_h;
    out.push_str(&format!(
        "<line x1=\"{LEFT}\" x2=\"{:.1}\" y1=\"{base}\" y2=\"{base}\" stroke=\"#222\"/>\n",
        WIDTH - RIGHT
    ));
    let scale = if listing.histogram.classes().is_log { ", logarithmic" } else { "" };
    text(&mut out, LEFT + plot_w / 2.0, HEIGHT - 28.0, "middle", &format!("{}{scale}", axis(listing)));
    out.push_str(&format!(
        "<text x=\"18\" y=\"{0:.1}\" text-anchor=\"middle\" transform=\"rotate(-90 18 {0:.1})\">flow records</text>\n</svg>\n",
        TOP + plot_h / 2.0
    ));
    out
}

/// The metric and its unit.
fn axis(listing: &Listing<'_>) -> String {
    if listing.unit.is_empty() { listing.name.into() } else { format!("{} ({})", listing.name, listing.unit) }
}

fn text(out: &mut String, x: f64, y: f64, anchor: &str, words: &str) {
    out.push_str(&format!("<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{words}</text>\n"));
}

/// An edge in few characters.
fn label(value: f64) -> String {
    let size = value.abs();
    if size == 0.0 {
        "0".into()
    } else if (1e-3..1e4).contains(&size) {
        let text = format!("{value:.4}");
        text.trim_end_matches('0').trim_end_matches('.').into()
    } else if size >= 1e4 {
        units::si(value, "").trim().into()
    } else {
        format!("{value:.0e}")
    }
}

/// 1, 2 or 5 times a power of ten, at least 1.
fn round_step(raw: f64) -> f64 {
    let unit = 10f64.powf(raw.max(1.0).log10().floor());
    [1.0, 2.0, 5.0, 10.0].into_iter().map(|m| m * unit).find(|s| *s >= raw).unwrap_or(10.0 * unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_and_labels_are_round() {
        assert_eq!([0.2, 1.0, 3.0, 7.0, 130.0].map(round_step), [1.0, 1.0, 5.0, 10.0, 200.0]);
        assert_eq!([0.0, 0.5, 1e-4, 12.0].map(label), ["0", "0.5", "1e-4", "12"]);
    }
}
