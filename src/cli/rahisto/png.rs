//! A chart as pixels.
//!
//! Two pixels per unit of the page, so that small letters stay readable. Letters come from a font that the program
//! carries, so that a picture looks the same on a machine that has none.

use ab_glyph::{Font as _, FontRef, Glyph, ScaleFont as _, point};

use super::chart::{Anchor, HEIGHT, Mark, WIDTH};

/// Noto Sans.
const FONT: &[u8] = include_bytes!("../../../assets/fonts/NotoSans-Regular.ttf");
/// Pixels per unit of the page.
const SCALE: f32 = 2.0;

/// Why there is no picture.
#[derive(Debug, thiserror::Error)]
pub(super) enum PngError {
    /// The font that the program carries is damaged.
    #[error("the built-in font cannot be read: {0}")]
    Font(#[from] ab_glyph::InvalidFont),
    /// The picture cannot be packed.
    #[error("the picture cannot be packed: {0}")]
    Pack(#[from] png::EncodingError),
}

/// The picture as a PNG file.
///
/// # Errors
/// The font is damaged, or the picture cannot be packed.
pub(super) fn draw(marks: &[Mark]) -> Result<Vec<u8>, PngError> {
    let font = FontRef::try_from_slice(FONT)?;
    let mut canvas = Canvas::new((WIDTH as f32 * SCALE) as usize, (HEIGHT as f32 * SCALE) as usize);
    for mark in marks {
        match mark {
            Mark::Rect { x, y, w, h, fill, .. } => {
                let [x, y, w, h] = [x, y, w, h].map(|v| *v as f32 * SCALE);
                canvas.rect((x, x + w), (y, y + h), *fill);
            }
            Mark::Text { .. } => canvas.text(&font, mark),
        }
    }
    let mut out = Vec::new();
    let mut encoder = png::Encoder::new(&mut out, canvas.width as u32, canvas.height as u32);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&canvas.pixels)?;
    writer.finish()?;
    Ok(out)
}

/// Red, green and blue of every pixel, row by row.
struct Canvas {
    width: usize,
    height: usize,
    pixels: Vec<u8>,
}

impl Canvas {
    fn new(width: usize, height: usize) -> Canvas {
        Canvas { width, height, pixels: vec![255; width * height * 3] }
    }

    /// Lays a colour over a pixel, as thick as the part of it that is covered.
    fn blend(&mut self, x: i64, y: i64, fill: u32, cover: f32) {
        let (Ok(x), Ok(y)) = (usize::try_from(x), usize::try_from(y)) else { return };
        if x >= self.width || y >= self.height {
            return;
        }
        let at = (y * self.width + x) * 3;
        let Some(pixel) = self.pixels.get_mut(at..at + 3) else { return };
        let cover = cover.clamp(0.0, 1.0);
        for (old, new) in pixel.iter_mut().zip(fill.to_be_bytes().into_iter().skip(1)) {
            *old = (f32::from(*old) * (1.0 - cover) + f32::from(new) * cover).round() as u8;
        }
    }

    fn rect(&mut self, (left, right): (f32, f32), (top, bottom): (f32, f32), fill: u32) {
        let part = |from: f32, to: f32, at: i64| (to.min(at as f32 + 1.0) - from.max(at as f32)).clamp(0.0, 1.0);
        let ends = |from: f32, to: f32, most: usize| {
            (from.floor().clamp(0.0, most as f32) as i64)..(to.ceil().clamp(0.0, most as f32) as i64)
        };
        for y in ends(top, bottom, self.height) {
            for x in ends(left, right, self.width) {
                self.blend(x, y, fill, part(left, right, x) * part(top, bottom, y));
            }
        }
    }

    fn text(&mut self, font: &FontRef<'_>, mark: &Mark) {
        let Mark::Text { x, y, size, anchor, is_turned, fill, words } = mark else { return };
        let em = font.units_per_em().unwrap_or(1000.0);
        let scale = *size as f32 * SCALE * font.height_unscaled() / em;
        let scaled = font.as_scaled(scale);
        let mut glyphs: Vec<Glyph> = Vec::new();
        let mut pen = 0.0;
        for c in words.chars() {
            if c.is_whitespace() {
                // Thin spaces are no letters of the font.
                pen += scaled.h_advance(scaled.glyph_id(' ')) * if c == ' ' { 1.0 } else { 0.7 };
                continue;
            }
            let id = scaled.glyph_id(c);
            if let Some(before) = glyphs.last() {
                pen += scaled.kern(before.id, id);
            }
            glyphs.push(id.with_scale_and_position(scale, point(pen, 0.0)));
            pen += scaled.h_advance(id);
        }
        let shift = match anchor {
            Anchor::Middle => -pen / 2.0,
            Anchor::End => -pen,
        };
        let (x, y) = ((*x as f32 * SCALE).round() as i64, (*y as f32 * SCALE).round() as i64);
        for mut glyph in glyphs {
            glyph.position.x += shift;
            let Some(outline) = font.outline_glyph(glyph) else { continue };
            let corner = outline.px_bounds().min;
            outline.draw(|dx, dy, cover| {
                let (dx, dy) = (corner.x as i64 + i64::from(dx), corner.y as i64 + i64::from(dy));
                let (px, py) = if *is_turned { (x + dy, y - dx) } else { (x + dx, y + dy) };
                self.blend(px, py, *fill, cover);
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn partly_covered_pixels_are_mixed() {
        let mut canvas = Canvas::new(3, 1);
        canvas.rect((0.5, 2.0), (0.0, 1.0), 0);
        assert_eq!(canvas.pixels, [128, 128, 128, 0, 0, 0, 255, 255, 255]);
        canvas.rect((-5.0, 99.0), (-5.0, 99.0), 0xFF_00_00);
        assert_eq!(canvas.pixels, [255, 0, 0].repeat(3));
    }

    #[test]
    fn words_are_where_their_anchor_says() {
        let font = FontRef::try_from_slice(FONT).unwrap();
        let dark = |anchor, is_turned| {
            let mut canvas = Canvas::new(200, 200);
            let (x, y, size, fill, words) = (50.0, 50.0, 13.0, 0, "100 µs".to_owned());
            canvas.text(&font, &Mark::Text { x, y, size, anchor, is_turned, fill, words });
            let at = |i: usize| ((i / 3) % 200, i / 600);
            let found: Vec<_> = (0..canvas.pixels.len()).filter(|i| canvas.pixels[*i] < 128).map(at).collect();
            assert!(found.len() > 100, "{anchor:?}");
            found
        };
        assert!(dark(Anchor::Middle, false).iter().any(|(x, _)| *x > 110));
        assert!(dark(Anchor::End, false).iter().all(|(x, _)| *x <= 101));
        assert!(dark(Anchor::End, true).iter().all(|(_, y)| *y >= 99));
    }
}
