//! What a rate looks like: the one fixed scale of widths, colours and dash speeds. The legend reads the same table.
//!
//! Classes are decades of bit/s and never follow the data: the same rate looks the same tomorrow. The colours rise in
//! lightness from class to class, so they stay in order in greyscale and for every kind of colour vision; red-orange is
//! not among them, it belongs to alerts.

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
    /// Colour, sRGB.
    pub colour: [u8; 3],
}

/// Number of classes.
pub const CLASSES: usize = 9;

const fn row(from_bps: f64, label: &'static str, width: f32, dash_speed: f32, colour: [u8; 3]) -> RateClass {
    RateClass { from_bps, label, width, dash_speed, colour }
}

/// All classes, lowest first.
pub static RATE_SCALE: [RateClass; CLASSES] = [
    row(0.0, "below 1 kbit/s", 1.0, 0.05, [0x4f, 0x83, 0xbd]),
    row(1e3, "1\u{2013}10 kbit/s", 1.5, 0.106_25, [0x3f, 0x9b, 0xc4]),
    row(1e4, "10\u{2013}100 kbit/s", 2.0, 0.162_5, [0x35, 0xb2, 0xbb]),
    row(1e5, "100 kbit/s \u{2013} 1 Mbit/s", 2.5, 0.218_75, [0x44, 0xc6, 0xa4]),
    row(1e6, "1\u{2013}10 Mbit/s", 3.0, 0.275, [0x72, 0xd6, 0x84]),
    row(1e7, "10\u{2013}100 Mbit/s", 4.0, 0.331_25, [0xa6, 0xe0, 0x63]),
    row(1e8, "100 Mbit/s \u{2013} 1 Gbit/s", 5.0, 0.387_5, [0xd6, 0xe6, 0x50]),
    row(1e9, "1\u{2013}10 Gbit/s", 6.0, 0.443_75, [0xfb, 0xec, 0x6a]),
    row(1e10, "10 Gbit/s and more", 7.0, 0.5, [0xff, 0xfa, 0xd2]),
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
    let linear = |c: u8| {
        let c = f64::from(c) / 255.0;
        if c <= 0.040_45 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * linear(rgb[0]) + 0.7152 * linear(rgb[1]) + 0.0722 * linear(rgb[2])
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

    /// What a person without one kind of cone sees, in linear light.
    ///
    /// # Source
    /// Viénot, Brettel, Mollon 1999 (protan, deutan); Brettel et al. 1997 simplified to one plane (tritan).
    fn seen_without(kind: usize, rgb: [u8; 3]) -> [f64; 3] {
        const M: [[[f64; 3]; 3]; 3] = [
            [[0.112_38, 0.887_62, 0.0], [0.112_38, 0.887_62, 0.0], [0.004_0, -0.004_0, 1.0]],
            [[0.292_75, 0.707_25, 0.0], [0.292_75, 0.707_25, 0.0], [-0.022_34, 0.022_34, 1.0]],
            [[1.0, 0.142_38, -0.142_38], [0.0, 0.873_52, 0.126_48], [0.0, 0.873_52, 0.126_48]],
        ];
        let c = rgb.map(|v| luminance([v, v, v]));
        M[kind].map(|row| row[0] * c[0] + row[1] * c[1] + row[2] * c[2])
    }

    #[test]
    fn classes_stay_ordered_in_greyscale_and_for_every_colour_vision() {
        for pair in RATE_SCALE.windows(2) {
            let ratio = |a: f64, b: f64| (b + 0.05) / (a + 0.05);
            let grey = ratio(luminance(pair[0].colour), luminance(pair[1].colour));
            assert!(grey > 1.1, "{} to {}: {grey}", pair[0].label, pair[1].label);
            for kind in 0..3 {
                let l = |c: [f64; 3]| 0.2126 * c[0] + 0.7152 * c[1] + 0.0722 * c[2];
                let r = ratio(l(seen_without(kind, pair[0].colour)), l(seen_without(kind, pair[1].colour)));
                assert!(r > 1.08, "{} to {} without cone {kind}: {r}", pair[0].label, pair[1].label);
            }
        }
    }

    #[test]
    fn every_class_stands_out_from_ocean_and_night() {
        for class in &RATE_SCALE {
            for ground in [[6, 14, 32], [12, 34, 66], [5, 8, 14]] {
                let contrast = (luminance(class.colour) + 0.05) / (luminance(ground) + 0.05);
                assert!(contrast > 3.0, "{} on {ground:?}: {contrast}", class.label);
            }
        }
    }

    #[test]
    fn pins_grow_with_volume_within_limits() {
        assert!(pin_radius(0) < pin_radius(1_000_000) && pin_radius(u64::MAX) <= 9.0 && pin_radius(0) >= 3.0);
    }
}
