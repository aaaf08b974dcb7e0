//! Numbers as people read them: SI prefixes, three significant digits, a space before the unit.

/// `value` with an SI prefix and three significant digits: `1.24 Mbit/s`, `12.4 kB`, `124 pkt/s`, `0 bit/s`.
/// `unit` is the bare unit. Negative and non-finite values print as 0.
#[must_use]
pub fn si(value: f64, unit: &str) -> String {
    const PREFIXES: [&str; 7] = ["", "k", "M", "G", "T", "P", "E"];
    let mut v = if value.is_finite() { value.max(0.0) } else { 0.0 };
    let mut step = 0;
    // 999.5 would print as `1000`; it belongs to the next prefix.
    while v >= 999.5 && step + 1 < PREFIXES.len() {
        v /= 1000.0;
        step += 1;
    }
    let digits = if step == 0 && v.fract() == 0.0 || v >= 99.95 {
        0
    } else if v >= 9.995 {
        1
    } else {
        2
    };
    format!("{v:.digits$} {}{unit}", PREFIXES[step])
}

/// A count with thin spaces between groups of three digits above 9,999: `18 210` (U+2009).
#[must_use]
pub fn grouped(n: u64) -> String {
    let digits = n.to_string();
    if n < 10_000 {
        return digits;
    }
    let mut out = String::with_capacity(digits.len() + digits.len() / 3 * 3);
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push('\u{2009}');
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_significant_digits() {
        for (v, s) in [
            (0.0, "0 bit/s"),
            (7.0, "7 bit/s"),
            (7.25, "7.25 bit/s"),
            (999.0, "999 bit/s"),
            (999.6, "1.00 kbit/s"),
            (1_240_000.0, "1.24 Mbit/s"),
            (12_400.0, "12.4 kbit/s"),
            (124_000.0, "124 kbit/s"),
            (f64::NAN, "0 bit/s"),
        ] {
            assert_eq!(si(v, "bit/s"), s);
        }
    }

    #[test]
    fn groups_begin_above_four_digits() {
        assert_eq!(grouped(9_999), "9999");
        assert_eq!(grouped(1_018_210), "1\u{2009}018\u{2009}210");
    }
}
