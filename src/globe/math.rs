//! Vectors in `f64`, axes as in [`LatLon::to_unit`](crate::geo::LatLon::to_unit): y is north, +z is (0°, 0°).

/// A vector.
pub type V3 = [f64; 3];

/// Scalar product.
#[must_use]
pub fn dot(a: V3, b: V3) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

/// Vector product.
#[must_use]
pub fn cross(a: V3, b: V3) -> V3 {
    [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
}

/// Sum.
#[must_use]
pub fn add(a: V3, b: V3) -> V3 {
    [a[0] + b[0], a[1] + b[1], a[2] + b[2]]
}

/// Difference.
#[must_use]
pub fn sub(a: V3, b: V3) -> V3 {
    [a[0] - b[0], a[1] - b[1], a[2] - b[2]]
}

/// Multiple.
#[must_use]
pub fn mul(a: V3, s: f64) -> V3 {
    [a[0] * s, a[1] * s, a[2] * s]
}

/// `a·s + b·t`.
#[must_use]
pub fn blend(a: V3, s: f64, b: V3, t: f64) -> V3 {
    add(mul(a, s), mul(b, t))
}

/// Length.
#[must_use]
pub fn length(a: V3) -> f64 {
    dot(a, a).sqrt()
}

/// Unit vector; the zero vector gives north.
#[must_use]
pub fn unit(a: V3) -> V3 {
    let len = length(a);
    if len > 1e-300 && len.is_finite() { mul(a, 1.0 / len) } else { [0.0, 1.0, 0.0] }
}

/// Some unit vector at right angles to a unit vector.
#[must_use]
pub fn any_perpendicular(a: V3) -> V3 {
    let axis = if a[1].abs() < 0.9 { [0.0, 1.0, 0.0] } else { [1.0, 0.0, 0.0] };
    unit(cross(axis, a))
}

/// Angle between unit vectors, 0 to π, exact for small and large angles.
#[must_use]
pub fn angle(a: V3, b: V3) -> f64 {
    length(cross(a, b)).atan2(dot(a, b))
}

/// `v` turned about the unit vector `axis` by `angle` radians, right-handed.
#[must_use]
pub fn rotate(v: V3, axis: V3, angle: f64) -> V3 {
    let (sin, cos) = angle.sin_cos();
    add(blend(v, cos, cross(axis, v), sin), mul(axis, dot(axis, v) * (1.0 - cos)))
}

/// For drawing.
#[must_use]
pub fn to_f32(a: V3) -> [f32; 3] {
    [a[0] as f32, a[1] as f32, a[2] as f32]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turning_is_right_handed() {
        let v = rotate([1.0, 0.0, 0.0], [0.0, 0.0, 1.0], std::f64::consts::FRAC_PI_2);
        assert!(length(sub(v, [0.0, 1.0, 0.0])) < 1e-12);
    }

    #[test]
    fn a_perpendicular_is_perpendicular() {
        for a in [[0.0, 1.0, 0.0], [1.0, 0.0, 0.0], unit([1.0, -2.0, 3.0])] {
            let p = any_perpendicular(a);
            assert!(dot(a, p).abs() < 1e-12 && (length(p) - 1.0).abs() < 1e-12);
        }
    }
}
