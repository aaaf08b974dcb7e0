//! What a rate looks like: the one fixed scale of widths and dash speeds. The legend reads the same table. The colours of
//! the classes are the theme's ([`Inks::rates`](super::inks::Inks::rates)).
//!
//! Classes are decades of bit/s and never follow the data: the same rate looks the same tomorrow.

/// One class of the scale.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RateClass {
    /// Lowest rate in bit/s that belongs to it; 0 for the first.
    pub from_bps: f64,
    /// As the legend says it.
    pub label: &'static str,
    /// Width of the line in logical pixels.
    pub width: f32,
    /// Speed of the dashes in arc lengths per second.
    pub dash_speed: f32,
}

/// Number of classes.
pub const CLASSES: usize = 9;

const fn row(from_bps: f64, label: &'static str, width: f32, dash_speed: f32) -> RateClass {
    RateClass { from_bps, label, width, dash_speed }
}

/// All classes, lowest first.
pub static RATE_SCALE: [RateClass; CLASSES] = [
    row(0.0, "below 1 kbit/s", 1.0, 0.05),
    row(1e3, "1\u{2013}10 kbit/s", 1.5, 0.106_25),
    row(1e4, "10\u{2013}100 kbit/s", 2.0, 0.162_5),
    row(1e5, "100 kbit/s \u{2013} 1 Mbit/s", 2.5, 0.218_75),
    row(1e6, "1\u{2013}10 Mbit/s", 3.0, 0.275),
    row(1e7, "10\u{2013}100 Mbit/s", 4.0, 0.331_25),
    row(1e8, "100 Mbit/s \u{2013} 1 Gbit/s", 5.0, 0.387_5),
    row(1e9, "1\u{2013}10 Gbit/s", 6.0, 0.443_75),
    row(1e10, "10 Gbit/s and more", 7.0, 0.5),
];

/// The class of a rate in bit/s; nonsense counts as 0.
#[must_use]
pub fn class_of(bps: f64) -> usize {
    RATE_SCALE.iter().rposition(|c| bps >= c.from_bps).unwrap_or(0)
}

/// Radius of a pin's head in logical pixels for the bytes sent and received in the window: 4.2 for next to nothing, 0.62
/// pixels more per factor of ten above 1 kB, at most 9.
#[must_use]
pub fn pin_radius(bytes: u64) -> f32 {
    let decades = (bytes.max(1) as f64 / 1e3).log10().max(0.0);
    (4.2 + 0.62 * decades as f32).min(9.0)
}

/// Relative luminance of an sRGB colour, 0 to 1.
///
/// # Source
/// WCAG 2.2, definition of relative luminance.
#[must_use]
pub fn luminance(rgb: [u8; 3]) -> f64 {
    0.2126 * linear(rgb[0]) + 0.7152 * linear(rgb[1]) + 0.0722 * linear(rgb[2])
}

/// A part of an sRGB colour as linear light, 0 to 1.
#[must_use]
pub fn linear(part: u8) -> f64 {
    let c = f64::from(part) / 255.0;
    if c <= 0.040_45 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
}

/// Red, green, blue, alpha in one word, as the shaders unpack it.
#[must_use]
pub fn pack([r, g, b]: [u8; 3], alpha: f32) -> u32 {
    u32::from_le_bytes([r, g, b, (alpha.clamp(0.0, 1.0) * 255.0).round() as u8])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_decade_is_one_class_higher() {
        for (bps, class) in
            [(0.0, 0), (999.0, 0), (1000.0, 1), (9_999.0, 1), (1e6, 4), (9.99e9, 7), (1e10, 8), (1e15, 8)]
        {
            assert_eq!(class_of(bps), class, "{bps}");
        }
        assert_eq!((class_of(f64::NAN), class_of(-5.0)), (0, 0));
    }

    #[test]
    fn every_property_rises_with_the_rate() {
        for pair in RATE_SCALE.windows(2) {
            assert!(pair[1].from_bps > pair[0].from_bps && pair[1].width > pair[0].width);
            assert!((pair[1].dash_speed - pair[0].dash_speed - 0.056_25).abs() < 1e-4, "linear in the decade");
        }
        assert_eq!((RATE_SCALE[0].dash_speed, RATE_SCALE[8].dash_speed), (0.05, 0.5));
    }

    #[test]
    fn pins_grow_with_volume_within_limits() {
        assert!(pin_radius(0) < pin_radius(1_000_000) && pin_radius(u64::MAX) <= 9.0 && pin_radius(0) >= 3.0);
    }
}
