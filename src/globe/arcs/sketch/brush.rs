//! Straight strokes with soft edges on a band of a picture.

/// Colour of a pixel: red, green, blue and alpha from the lowest byte up, multiplied by alpha, in sRGB.
pub type Rgba = u32;

/// A straight piece of an arc on the screen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Stroke {
    /// Its ends in pixels, y down.
    pub ends: [[f32; 2]; 2],
    /// Dashes from the sender at both ends; the fraction is the place in the dash, its head at 1.
    pub along: [f32; 2],
    /// Pixels.
    pub width: f32,
    /// Colour where a dash is brightest.
    pub colour: Rgba,
    /// Share of the colour at a dash's tail.
    pub tail: f32,
}

impl Stroke {
    /// The first and the last row of the picture that it may touch; both may lie outside of it.
    pub(super) fn rows(&self) -> [f32; 2] {
        let [[_, y0], [_, y1]] = self.ends;
        // Across, half of it is less than its width.
        let reach = self.width + 1.0;
        [y0.min(y1) - reach, y0.max(y1) + reach]
    }
}

/// Rows of a picture that one thread draws.
#[derive(Debug)]
pub(super) struct Band<'a> {
    /// Row by row.
    pub pixels: &'a mut [Wide],
    /// Pixels per row.
    pub width: usize,
    /// The picture's row that is the first one here.
    pub top: usize,
}

/// A pixel while it is drawn: the parts of [`Rgba`] in 16 bits each, so that one multiplication scales all of them.
pub(super) type Wide = u64;

const PARTS: Wide = 0x00ff_00ff_00ff_00ff;
const HALVES: Wide = 0x0080_0080_0080_0080;

fn widened(colour: Rgba) -> Wide {
    let [r, g, b, a] = colour.to_le_bytes().map(Wide::from);
    r | g << 16 | b << 32 | a << 48
}

/// A pixel as the renderer takes it.
pub(super) fn narrowed(pixel: Wide) -> Rgba {
    let pairs = pixel | pixel >> 8;
    (pairs & 0xffff) as Rgba | (pairs >> 16) as Rgba & 0xffff_0000
}

/// `colour` times `share`/256, rounded.
fn scaled(colour: Wide, share: Wide) -> Wide {
    (colour * share + HALVES) >> 8 & PARTS
}

/// `top` laid over `ground`.
fn over(ground: Wide, top: Wide) -> Wide {
    let alpha = top >> 48;
    scaled(ground, 256 - alpha - (alpha >> 7)) + top
}

/// The part of `from..to` in which `start + at * slope` lies between two bounds.
fn clipped((from, to): (f32, f32), start: f32, slope: f32, (least, most): (f32, f32)) -> (f32, f32) {
    if slope.abs() < 1e-6 {
        return if start < least || start > most { (0.0, 0.0) } else { (from, to) };
    }
    let (a, b) = ((least - start) / slope, (most - start) / slope);
    (from.max(a.min(b)), to.min(a.max(b)))
}

impl Band<'_> {
    fn rows(&self) -> usize {
        self.pixels.len() / self.width.max(1)
    }

    /// Lays one stroke over the picture. What lies outside of the band, or far beyond any screen, is left out. Bands of
    /// one picture fit to the bit: all of them reckon from the stroke's own beginning.
    pub(super) fn stroke(&mut self, stroke: &Stroke) {
        let [[x0, y0], [x1, y1]] = stroke.ends;
        let steep = (y1 - y0).abs() > (x1 - x0).abs();
        // From here on `u` runs along the longer side and `v` across.
        let (mut a, mut b) = if steep { ([y0, x0], [y1, x1]) } else { ([x0, y0], [x1, y1]) };
        let mut along = stroke.along;
        if a[0] > b[0] {
            (a, b) = (b, a);
            along.reverse();
        }
        let length = b[0] - a[0];
        let fits = [a, b].iter().flatten().all(|v| v.abs() < FARTHEST);
        if !(fits && length > 0.0) {
            return;
        }
        let slope = (b[1] - a[1]) / length;
        let half = stroke.width * 0.5 * (1.0 + slope * slope).sqrt();
        let rows = (self.top, self.top + self.rows());
        let (us, vs) = if steep { (rows, (0, self.width)) } else { ((0, self.width), rows) };
        let bounds = (vs.0 as f32 - half - 1.0, vs.1 as f32 + half + 1.0);
        let within = clipped((a[0].max(us.0 as f32), b[0].min(us.1 as f32)), a[1] - a[0] * slope, slope, bounds);
        // Pixels whose middle lies on the stroke: one that ends where the next begins shares none with it.
        let middle = |v: f32| (v - 0.5).ceil();
        let start = middle(a[0]);
        let (from, to) = (middle(within.0).max(us.0 as f32) as usize, middle(within.1).max(0.0) as usize);
        if from >= to {
            return;
        }
        let (pace, off, skipped) = ((along[1] - along[0]) / length, start + 0.5 - a[0], from as i64 - start as i64);
        let (first, step) = (fixed(a[1] + off * slope - half), fixed(slope));
        let pace_fixed = fraction(pace);
        let mut dabs = Dabs {
            dash: fraction(along[0] + off * pace).wrapping_add(pace_fixed.wrapping_mul(skipped as u32)),
            pace: pace_fixed,
            tail: (stroke.tail * 256.0) as u32,
            first: first + skipped * step - ((vs.0 as i64) << BITS),
            slope: step,
            height: fixed(2.0 * half),
            colour: widened(stroke.colour),
        };
        let index = if steep { (from - us.0) * self.width } else { from };
        let (along, across) = if steep { (self.width, 1) } else { (1, self.width) };
        dabs.lay(self.pixels, (index, along), to - from, (across, (vs.1 - vs.0) as i64));
    }
}

/// Fractional bits of places on the screen.
const BITS: u32 = 16;
/// Pixels from the picture's corner beyond which nothing is drawn.
const FARTHEST: f32 = 1e6;

fn fixed(v: f32) -> i64 {
    (v * (1 << BITS) as f32) as i64
}

/// The fraction of a number as a share of 2³².
fn fraction(v: f32) -> u32 {
    ((v - v.floor()) * 4_294_967_296.0) as u32
}

/// A stroke as one dab after the other, each one pixel along it and all its width across.
struct Dabs {
    /// Place in the dash, a share of 2³², and how it moves from dab to dab.
    dash: u32,
    pace: u32,
    /// Share of the colour at a dash's tail, of 256.
    tail: u32,
    /// Where the dab begins across the stroke, how that moves, and how long the dab is.
    first: i64,
    slope: i64,
    height: i64,
    colour: Wide,
}

impl Dabs {
    /// Lays `count` dabs, the first one at index `along.0`, each next one `along.1` further; across them pixels are
    /// `across.0` apart, `across.1` in number.
    fn lay(&mut self, pixels: &mut [Wide], along: (usize, usize), count: usize, (apart, most): (usize, i64)) {
        for n in 0..count {
            let f = self.dash >> 16;
            let share = self.tail + (((256 - self.tail) * ((f * f) >> 16)) >> 16);
            let colour = scaled(self.colour, Wide::from(share));
            let (first, last) = (self.first, self.first + self.height);
            self.dash = self.dash.wrapping_add(self.pace);
            self.first += self.slope;
            // The pixels at both ends are covered in part, those between as a whole.
            let (from, to) = (first >> BITS, (last - 1) >> BITS);
            let mut dab = |v: i64, colour: Wide| {
                if v >= 0
                    && v < most
                    && let Some(pixel) = pixels.get_mut(along.0 + n * along.1 + v as usize * apart)
                {
                    *pixel = over(*pixel, colour);
                }
            };
            if from == to {
                dab(from, scaled(colour, ((last - first) >> 8) as Wide));
                continue;
            }
            dab(from, scaled(colour, ((((from + 1) << BITS) - first) >> 8) as Wide));
            let mut v = from + 1;
            while v < to {
                dab(v, colour);
                v += 1;
            }
            dab(to, scaled(colour, ((last - (to << BITS)) >> 8) as Wide));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHITE: Rgba = u32::MAX;

    fn drawn(strokes: &[Stroke], [width, height]: [usize; 2], bands: usize) -> Vec<Rgba> {
        let mut pixels: Vec<Wide> = vec![0; width * height];
        let rows = height / bands;
        for (n, part) in pixels.chunks_mut(width * rows).enumerate() {
            let mut band = Band { pixels: part, width, top: n * rows };
            strokes.iter().for_each(|s| band.stroke(s));
        }
        pixels.into_iter().map(narrowed).collect()
    }

    fn line(ends: [[f32; 2]; 2], width: f32) -> Stroke {
        Stroke { ends, along: [0.0, 0.0], width, colour: WHITE, tail: 1.0 }
    }

    /// Alpha of all pixels, in pixels.
    fn ink(pixels: &[Rgba]) -> f64 {
        pixels.iter().map(|p| f64::from(p >> 24)).sum::<f64>() / 255.0
    }

    #[test]
    fn a_line_covers_its_length_times_its_width_in_every_direction() {
        for turn in 0..36 {
            let (sin, cos) = (turn as f32 * 10.0).to_radians().sin_cos();
            for width in [1.0, 3.5] {
                let ends = [[50.0 - 40.0 * cos, 50.0 - 40.0 * sin], [50.0 + 40.0 * cos, 50.0 + 40.0 * sin]];
                let got = ink(&drawn(&[line(ends, width)], [100, 100], 1));
                let want = 80.0 * f64::from(width);
                assert!((got - want).abs() < 0.04 * want, "{turn}: {got} of {want}");
            }
        }
    }

    #[test]
    fn pieces_that_meet_are_one_line_and_bands_are_one_picture() {
        let whole = [line([[3.2, 10.7], [90.0, 70.1]], 2.0)];
        let middle = [46.6, 40.4];
        let halves = [line([[3.2, 10.7], middle], 2.0), line([middle, [90.0, 70.1]], 2.0)];
        let pixels = drawn(&whole, [100, 80], 1).into_iter().zip(drawn(&halves, [100, 80], 1));
        assert!(pixels.into_iter().all(|(a, b)| (a >> 24).abs_diff(b >> 24) < 3));
        assert_eq!(drawn(&whole, [100, 80], 1), drawn(&whole, [100, 80], 4));
        let steep = [line([[60.0, -30.0], [20.0, 120.0]], 1.3), line([[-50.0, 40.0], [150.0, 41.0]], 1.0)];
        assert_eq!(drawn(&steep, [100, 80], 1), drawn(&steep, [100, 80], 8));
    }

    #[test]
    fn pixels_are_taken_apart_and_put_together_again() {
        for colour in [0, u32::MAX, 0x1234_5678, 0xff00_80fe] {
            assert_eq!(narrowed(widened(colour)), colour);
        }
        for alpha in 0..=255 {
            for ground in 0..=255 {
                let top = widened(u32::from_le_bytes([alpha; 4]));
                assert!(
                    narrowed(over(widened(u32::from_le_bytes([ground; 4])), top)) >= u32::from_le_bytes([alpha; 4])
                );
            }
        }
    }

    #[test]
    fn a_dash_brightens_towards_its_head() {
        let stroke = Stroke { along: [0.0, 1.0], tail: 0.4, ..line([[0.0, 5.5], [100.0, 5.5]], 1.0) };
        let pixels = drawn(&[stroke], [100, 11], 1);
        let alpha = |x: usize| pixels[5 * 100 + x] >> 24;
        assert!(alpha(2) < alpha(50) && alpha(50) < alpha(97));
        assert!(alpha(2).abs_diff(102) < 3 && alpha(97).abs_diff(246) < 4, "{} {}", alpha(2), alpha(97));
    }

    #[test]
    fn many_faint_lines_add_up_without_losing_light() {
        let faint = Stroke { colour: 0x0505_0505, ..line([[0.0, 0.5], [4.0, 0.5]], 1.0) };
        let pixels = drawn(&vec![faint; 2000], [4, 1], 1);
        assert!(pixels.iter().all(|p| p >> 24 > 225 && p & 255 > 225), "{pixels:x?}");
    }

    #[test]
    fn nothing_is_drawn_of_what_lies_outside_or_is_no_number() {
        let wild = [
            line([[f32::NAN, 1.0], [5.0, 5.0]], 1.0),
            line([[1.0, 1.0], [f32::INFINITY, 5.0]], 1.0),
            line([[-50.0, -50.0], [-1.5, 300.0]], 1.0),
            line([[1e30, -1e30], [-1e30, 1e30]], 1.0),
            line([[5.0, 5.0], [5.0, 5.0]], 1.0),
        ];
        assert_eq!(ink(&drawn(&wild, [16, 16], 2)), 0.0);
    }
}
