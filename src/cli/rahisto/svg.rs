//! A chart as a drawing.
//!
//! # Source
//! SVG 1.1, the elements `rect`, `title` and `text`.

use super::chart::{Anchor, HEIGHT, Mark, WIDTH};

/// The drawing.
pub(super) fn draw(marks: &[Mark]) -> String {
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" width=\"{WIDTH}\" height=\"{HEIGHT}\" \
         font-family=\"sans-serif\">\n"
    );
    for mark in marks {
        match mark {
            Mark::Rect { x, y, w, h, fill, note } => {
                out.push_str(&format!(
                    "<rect x=\"{x:.2}\" y=\"{y:.2}\" width=\"{w:.2}\" height=\"{h:.2}\" fill=\"#{fill:06x}\""
                ));
                if note.is_empty() {
                    out.push_str("/>\n");
                } else {
                    out.push_str(&format!("><title>{}</title></rect>\n", escaped(note)));
                }
            }
            Mark::Text { x, y, size, anchor, is_turned, fill, words } => {
                let anchor = match anchor {
                    Anchor::Middle => "middle",
                    Anchor::End => "end",
                };
                let turn = if *is_turned { format!(" transform=\"rotate(-90 {x:.2} {y:.2})\"") } else { String::new() };
                out.push_str(&format!(
                    "<text x=\"{x:.2}\" y=\"{y:.2}\" font-size=\"{size}\" text-anchor=\"{anchor}\" fill=\"#{fill:06x}\"{turn} \
                     xml:space=\"preserve\">{}</text>\n",
                    escaped(words)
                ));
            }
        }
    }
    out.push_str("</svg>\n");
    out
}

fn escaped(words: &str) -> String {
    words.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_escaped_and_bars_have_their_note() {
        let rect = Mark::Rect { x: 1.0, y: 2.0, w: 3.0, h: 4.0, fill: 0x00_12_AB, note: "a < b & c".into() };
        let svg = draw(&[rect]);
        assert!(svg.contains("fill=\"#0012ab\"><title>a &lt; b &amp; c</title></rect>"), "{svg}");
    }
}
