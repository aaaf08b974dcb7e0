//! What a rate looks like: the one fixed scale of widths and dash speeds. The legend reads the same table. The colours of
//! the classes are the theme's ([`Inks::rates`](super::inks::Inks::rates)).
//!
//! Classes are decades of bit/s and never follow the data: the same rate looks the same tomorrow. Who looks at a network
//! that is far slower or faster may move the whole scale by decades ([`RateShift`]); the legend then says so.

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

/// By how many decades the scale is moved: with 3 a line looks at 1 Mbit/s as it does at 1 kbit/s otherwise. Widths,
/// colours and dash speeds go together.
#[derive(bevy::prelude::Resource, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RateShift(i8);

impl RateShift {
    /// The scale as it is.
    pub const PLAIN: RateShift = RateShift(0);
    /// Farthest that the scale is moved, in decades.
    pub const MOST: i8 = 3;
    /// All of them, from the finest scale to the coarsest.
    pub const ALL: [RateShift; 7] =
        [RateShift(-3), RateShift(-2), RateShift(-1), RateShift(0), RateShift(1), RateShift(2), RateShift(3)];

    /// A number of decades; `None` beyond [`RateShift::MOST`].
    #[must_use]
    pub fn of(decades: i8) -> Option<RateShift> {
        (-Self::MOST..=Self::MOST).contains(&decades).then_some(RateShift(decades))
    }

    /// How many decades.
    #[must_use]
    pub fn decades(self) -> i8 {
        self.0
    }

    /// The next one: finer by a decade, and from the finest to the coarsest.
    #[must_use]
    pub fn next(self) -> RateShift {
        RateShift(if self.0 <= -Self::MOST { Self::MOST } else { self.0 - 1 })
    }

    /// The class of a rate in bit/s; nonsense counts as 0.
    #[must_use]
    pub fn class_of(self, bps: f64) -> usize {
        class_of(bps / self.factor())
    }

    /// What rates of the scale are multiplied by.
    #[must_use]
    pub fn factor(self) -> f64 {
        10f64.powi(self.0.into())
    }

    /// What the legend says: `scaled ×1,000`, `scaled ×1/1,000`; nothing for the scale as it is.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self.0 {
            1 => "scaled \u{d7}10",
            2 => "scaled \u{d7}100",
            3 => "scaled \u{d7}1,000",
            -1 => "scaled \u{d7}1/10",
            -2 => "scaled \u{d7}1/100",
            -3 => "scaled \u{d7}1/1,000",
            _ => "",
        }
    }

    /// The true rates of a class, as the legend says them.
    #[must_use]
    pub fn label(self, class: usize) -> String {
        let bound = |class: usize| RATE_SCALE.get(class).map(|c| parts(c.from_bps * self.factor()));
        match (bound(class), bound(class + 1)) {
            (_, Some(end)) if class == 0 => format!("below {} {}", end.0, end.1),
            (Some(from), None) => format!("{} {} and more", from.0, from.1),
            (Some(from), Some(end)) if from.1 == end.1 => format!("{}\u{2013}{} {}", from.0, end.0, end.1),
            (Some(from), Some(end)) => format!("{} {} \u{2013} {} {}", from.0, from.1, end.0, end.1),
            (None, _) => String::new(),
        }
    }

    /// The rate at which a class begins in a few letters, `100k`; nothing for the first.
    #[must_use]
    pub fn tick(self, class: usize) -> String {
        match RATE_SCALE.get(class).filter(|c| c.from_bps > 0.0) {
            Some(c) => {
                let (number, unit) = parts(c.from_bps * self.factor());
                format!("{number}{}", unit.trim_end_matches("bit/s"))
            }
            None => String::new(),
        }
    }
}

impl std::str::FromStr for RateShift {
    type Err = String;

    fn from_str(text: &str) -> Result<RateShift, String> {
        let most = Self::MOST;
        let found = text.trim().parse().ok().and_then(RateShift::of);
        found.ok_or_else(|| format!("expected a number of decades from -{most} to {most}"))
    }
}

impl std::fmt::Display for RateShift {
    /// As it is written on the command line.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// A power of ten as a number from 1 to 100 and its unit.
fn parts(bps: f64) -> (u32, &'static str) {
    let decade = bps.max(1.0).log10().round() as u32;
    let units = ["bit/s", "kbit/s", "Mbit/s", "Gbit/s", "Tbit/s", "Pbit/s"];
    (10u32.pow(decade % 3), units.get((decade / 3) as usize).copied().unwrap_or("bit/s"))
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
    fn a_moved_scale_has_the_same_classes_at_other_rates_and_says_the_true_ones() {
        let plain = RateShift::default();
        for (class, row) in RATE_SCALE.iter().enumerate() {
            assert_eq!(plain.label(class), row.label);
        }
        for shift in RateShift::ALL {
            for bps in [0.0, 3.0, 500.0, 1e3, 2e5, 4e7, 9e12] {
                assert_eq!(shift.class_of(bps * shift.factor()), class_of(bps), "{shift} {bps}");
            }
            assert_eq!(shift.words().is_empty(), shift == plain);
            assert_eq!(shift.to_string().parse(), Ok(shift));
        }
        let (up, down) = (RateShift(3), RateShift(-3));
        assert_eq!((up.label(0).as_str(), up.label(8).as_str()), ("below 1 Mbit/s", "10 Tbit/s and more"));
        assert_eq!((down.label(0).as_str(), down.label(1).as_str()), ("below 1 bit/s", "1\u{2013}10 bit/s"));
        assert_eq!((down.label(3).as_str(), down.tick(4).as_str()), ("100 bit/s \u{2013} 1 kbit/s", "1k"));
        assert_eq!((plain.tick(0), plain.tick(3), plain.tick(8)), (String::new(), "100k".into(), "10G".into()));
        for wrong in ["4", "-4", "", "x", "1.5"] {
            assert!(wrong.parse::<RateShift>().is_err(), "{wrong}");
        }
        let mut all = vec![plain];
        while all.len() < 7 {
            all.push(all[all.len() - 1].next());
        }
        assert!(RateShift::ALL.iter().all(|shift| all.contains(shift)) && all[6].next() == plain);
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
