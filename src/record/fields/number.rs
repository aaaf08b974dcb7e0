//! Numbers as text, appended to a buffer without allocating, digit for digit as C's `printf` writes them.

const PAIRS: &[u8; 200] = b"00010203040506070809101112131415161718192021222324252627282930313233343536373839\
40414243444546474849505152535455565758596061626364656667686970717273747576777879\
8081828384858687888990919293949596979899";

/// Most digits behind the point.
pub const MAX_DIGITS: u8 = 15;

/// Appends an unsigned number in decimal.
#[inline]
pub fn uint(out: &mut Vec<u8>, value: u64) {
    let mut buffer = [0u8; 20];
    let at = digits(&mut buffer, value);
    out.extend_from_slice(buffer.get(at..).unwrap_or(&[]));
}

/// Appends a signed number in decimal.
#[inline]
pub fn int(out: &mut Vec<u8>, value: i64) {
    if value < 0 {
        out.push(b'-');
    }
    uint(out, value.unsigned_abs());
}

/// Fills the end of the buffer with the digits and answers where they begin.
#[inline]
fn digits(buffer: &mut [u8; 20], mut value: u64) -> usize {
    let mut at = buffer.len();
    while value >= 100 {
        let pair = (value % 100) as usize * 2;
        value /= 100;
        at -= 2;
        buffer[at] = PAIRS[pair];
        buffer[at + 1] = PAIRS[pair + 1];
    }
    if value >= 10 {
        let pair = value as usize * 2;
        at -= 2;
        buffer[at] = PAIRS[pair];
        buffer[at + 1] = PAIRS[pair + 1];
    } else {
        at -= 1;
        buffer[at] = b'0' + value as u8;
    }
    at
}

/// Appends exactly `width` digits (at most 19), zeros in front; higher digits are lost.
#[inline]
pub fn padded(out: &mut Vec<u8>, mut value: u64, width: usize) {
    let mut buffer = [b'0'; 20];
    let width = width.min(19);
    let mut at = width;
    while at > 0 {
        at -= 1;
        buffer[at] = b'0' + (value % 10) as u8;
        value /= 10;
    }
    out.extend_from_slice(buffer.get(..width).unwrap_or(&[]));
}

/// Appends `0x` and four lower-case hex digits.
#[inline]
pub fn hex16(out: &mut Vec<u8>, value: u16) {
    out.extend_from_slice(b"0x");
    for byte in value.to_be_bytes() {
        hex8(out, byte);
    }
}

/// Appends two lower-case hex digits.
#[inline]
pub fn hex8(out: &mut Vec<u8>, byte: u8) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    out.extend_from_slice(&[HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]);
}

/// Appends a float with `places` digits behind the point (`%.*f`): exact, ties to even.
#[inline]
pub fn float(out: &mut Vec<u8>, value: f64, places: u8) {
    if !value.is_finite() {
        out.extend_from_slice(match (value.is_nan(), value.is_sign_negative()) {
            (true, false) => b"nan".as_slice(),
            (true, true) => b"-nan",
            (false, false) => b"inf",
            (false, true) => b"-inf",
        });
        return;
    }
    if value.is_sign_negative() {
        out.push(b'-');
    }
    let places = places.min(MAX_DIGITS);
    match scaled(value.abs(), places) {
        Some(n) => fixed(out, n, places),
        // Beyond 64 bits: rare, and the standard library rounds in the same way.
        None => {
            use std::io::Write as _;
            let _ = write!(out, "{:.*}", usize::from(places), value.abs());
        }
    }
}

/// Appends `n` / 10^`places`.
#[inline]
fn fixed(out: &mut Vec<u8>, n: u64, places: u8) {
    let mut buffer = [b'0'; 20];
    let at = digits(&mut buffer, n);
    let places = usize::from(places);
    if places == 0 {
        out.extend_from_slice(buffer.get(at..).unwrap_or(&[]));
        return;
    }
    // At least one digit stands before the point; the buffer is full of zeros in front.
    let point = buffer.len() - places;
    let start = at.min(point - 1);
    out.extend_from_slice(buffer.get(start..point).unwrap_or(&[]));
    out.push(b'.');
    out.extend_from_slice(buffer.get(point..).unwrap_or(&[]));
}

/// `value`·10^`places` rounded to the nearest whole number, ties to even; none if it does not fit 63 bits.
#[inline]
fn scaled(value: f64, places: u8) -> Option<u64> {
    const POWERS: [u64; 16] = {
        let mut p = [1; 16];
        let mut i = 1;
        while i < 16 {
            p[i] = p[i - 1] * 10;
            i += 1;
        }
        p
    };
    if value == 0.0 {
        return Some(0);
    }
    let bits = value.to_bits();
    let exponent = (bits >> 52 & 0x7FF) as i32;
    let fraction = bits & ((1 << 52) - 1);
    // value = mantissa · 2^shift, exactly.
    let (mantissa, shift) = if exponent == 0 { (fraction, -1074) } else { (fraction | 1 << 52, exponent - 1075) };
    let product = u128::from(mantissa) * u128::from(*POWERS.get(usize::from(places))?);
    if shift >= 0 {
        let room = product.leading_zeros() as i32;
        let n = if shift < room { product << shift } else { return None };
        return u64::try_from(n).ok().filter(|n| n >> 63 == 0);
    }
    let down = shift.unsigned_abs();
    if down > 120 {
        return Some(0);
    }
    let n = product >> down;
    let rest = product & ((1 << down) - 1);
    let half = 1u128 << (down - 1);
    let up = rest > half || rest == half && n & 1 == 1;
    u64::try_from(n + u128::from(up)).ok().filter(|n| n >> 63 == 0)
}

/// Appends a number abbreviated: divided by 1000 until below 1000, three digits behind the point of which `places`
/// are kept, then a blank or one of K M G T P E Z Y.
pub fn abbreviated(out: &mut Vec<u8>, value: f64, places: u8) {
    const SUFFIXES: &[u8; 9] = b" KMGTPEZY";
    if !value.is_finite() {
        float(out, value, places);
        out.push(b' ');
        return;
    }
    let mut v = value;
    let mut step = 0;
    while v.abs() >= 1000.0 && step + 1 < SUFFIXES.len() {
        v /= 1000.0;
        step += 1;
    }
    let start = out.len();
    float(out, v, 3);
    if places < 3 {
        // Cut, not rounded; no digit, no point.
        let cut = 3 - usize::from(places) + usize::from(places == 0);
        out.truncate((out.len() - cut).max(start));
    }
    out.push(SUFFIXES.get(step).copied().unwrap_or(b' '));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(write: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        write(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn whole_numbers() {
        for v in [0, 1, 9, 10, 99, 100, 12_345, u64::MAX] {
            assert_eq!(text(|o| uint(o, v)), v.to_string());
        }
        for v in [0, -1, i64::MIN, i64::MAX] {
            assert_eq!(text(|o| int(o, v)), v.to_string());
        }
        assert_eq!(text(|o| padded(o, 42, 6)), "000042");
        assert_eq!(text(|o| hex16(o, 0xb5bd)), "0xb5bd");
    }

    #[test]
    fn floats_as_the_standard_library_writes_them() {
        let values = [
            0.0,
            1.0,
            0.5,
            1.5,
            2.5,
            0.125,
            0.1,
            0.247_716,
            1e-7,
            5e-7,
            123_456.789,
            1e15,
            1e18,
            1e22,
            1e300,
            5e-324,
            f64::from(0.247_716_f32),
            0.999_999_5,
            9.999_999_999,
        ];
        for v in values {
            for places in [0, 1, 2, 3, 6, 9, 15] {
                let expected = format!("{v:.*}", usize::from(places));
                assert_eq!(text(|o| float(o, v, places)), expected, "{v} {places}");
                assert_eq!(text(|o| float(o, -v, places)), format!("-{expected}"), "-{v} {places}");
            }
        }
        assert_eq!(text(|o| float(o, f64::NAN.copysign(-1.0), 6)), "-nan");
        assert_eq!(text(|o| float(o, f64::INFINITY, 6)), "inf");
    }

    #[test]
    fn abbreviations_cut_their_digits() {
        for (v, places, s) in [
            (1467.0, 6, "1.467K"),
            (1467.0, 2, "1.46K"),
            (2.0, 6, "2.000 "),
            (999.9996, 6, "1000.000 "),
            (987_408.0, 1, "987.4K"),
            (5.5e25, 3, "55.000Y"),
            (12.0, 0, "12 "),
            (-1.0, 3, "-1.000 "),
        ] {
            assert_eq!(text(|o| abbreviated(o, v, places)), s);
        }
    }

    proptest::proptest! {
        #[test]
        fn every_float_is_written_exactly(bits: u64, places in 0u8..=15) {
            let v = f64::from_bits(bits);
            if v.is_finite() {
                proptest::prop_assert_eq!(text(|o| float(o, v, places)), format!("{v:.*}", usize::from(places)));
            }
        }

        #[test]
        fn single_floats_are_written_exactly(bits: u32, places in 0u8..=9) {
            let v = f64::from(f32::from_bits(bits));
            if v.is_finite() {
                proptest::prop_assert_eq!(text(|o| float(o, v, places)), format!("{v:.*}", usize::from(places)));
            }
        }
    }
}
