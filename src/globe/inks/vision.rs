//! Colours as other eyes see them.

use std::fmt;
use std::str::FromStr;

use crate::globe::scale::linear;

/// A way of seeing colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Vision {
    /// No cones for long waves.
    Protanopia,
    /// No cones for middle waves.
    Deuteranopia,
    /// No cones for short waves.
    Tritanopia,
    /// No colours: a print, a bad projector.
    Grey,
}

/// A way of seeing that is not known.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
#[error("{0:?} is no way of seeing; known are protanopia, deuteranopia, tritanopia, grey")]
pub struct UnknownVision(pub String);

impl Vision {
    /// All of them.
    pub const ALL: [Vision; 4] = [Vision::Protanopia, Vision::Deuteranopia, Vision::Tritanopia, Vision::Grey];

    /// What becomes of linear light.
    ///
    /// # Source
    /// G. M. Machado, M. M. Oliveira, L. A. F. Fernandes: A Physiologically-based Model for Simulation of Color Vision
    /// Deficiency, IEEE TVCG 15 (2009), table 1 at severity 1.0. Grey: relative luminance of WCAG 2.2.
    fn matrix(self) -> [[f64; 3]; 3] {
        match self {
            Vision::Protanopia => [
                [0.152_286, 1.052_583, -0.204_868],
                [0.114_503, 0.786_281, 0.099_216],
                [-0.003_882, -0.048_116, 1.051_998],
            ],
            Vision::Deuteranopia => [
                [0.367_322, 0.860_646, -0.227_968],
                [0.280_085, 0.672_501, 0.047_413],
                [-0.011_820, 0.042_940, 0.968_881],
            ],
            Vision::Tritanopia => [
                [1.255_528, -0.076_749, -0.178_779],
                [-0.078_411, 0.930_809, 0.147_602],
                [0.004_733, 0.691_367, 0.303_900],
            ],
            Vision::Grey => [[0.2126, 0.7152, 0.0722]; 3],
        }
    }

    /// An sRGB colour as it is seen, in linear light from 0 to 1.
    #[must_use]
    pub fn sees_linear(self, rgb: [u8; 3]) -> [f64; 3] {
        let c = rgb.map(linear);
        self.matrix().map(|row| (row[0] * c[0] + row[1] * c[1] + row[2] * c[2]).clamp(0.0, 1.0))
    }

    /// An sRGB colour as it is seen, in sRGB.
    #[must_use]
    pub fn sees(self, rgb: [u8; 3]) -> [u8; 3] {
        self.sees_linear(rgb).map(encoded)
    }
}

impl FromStr for Vision {
    type Err = UnknownVision;

    fn from_str(text: &str) -> Result<Vision, UnknownVision> {
        let found = Vision::ALL.into_iter().find(|v| v.to_string() == text.trim());
        found.ok_or_else(|| UnknownVision(text.to_owned()))
    }
}

impl fmt::Display for Vision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Vision::Protanopia => "protanopia",
            Vision::Deuteranopia => "deuteranopia",
            Vision::Tritanopia => "tritanopia",
            Vision::Grey => "grey",
        })
    }
}

/// Linear light to sRGB.
fn encoded(v: f64) -> u8 {
    let v = if v <= 0.003_130_8 { v * 12.92 } else { 1.055 * v.powf(1.0 / 2.4) - 0.055 };
    (v.clamp(0.0, 1.0) * 255.0).round() as u8
}
