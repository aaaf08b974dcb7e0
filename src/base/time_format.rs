//! Times written by a pattern in the manner of strftime, as configuration files give it (`%Y/%m/%d %T.%f`).

use std::fmt::Write as _;

use super::{Timestamp, Zone};

/// Longest pattern taken, in bytes.
const MAX_PATTERN: usize = 256;

/// A moment whose names of day and month are the longest of the year: Wednesday, 30 September.
const LONGEST: i64 = 1_790_811_599;

/// A pattern of the conversions of strftime, and `%f` for the fraction of the second.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimeFormat {
    /// What stands before, between and behind the fractions.
    parts: Vec<String>,
    width: usize,
}

impl TimeFormat {
    /// Reads a pattern.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(pattern: &str) -> Result<TimeFormat, String> {
        if pattern.len() > MAX_PATTERN {
            return Err(format!(
                "a pattern of at most {MAX_PATTERN} bytes is expected, this one has {}",
                pattern.len()
            ));
        }
        let mut parts = vec![String::new()];
        let mut rest = pattern.chars();
        while let Some(c) = rest.next() {
            let conversion = if c == '%' { rest.next() } else { None };
            match (conversion, parts.last_mut()) {
                (Some('f'), _) => parts.push(String::new()),
                (conversion, Some(part)) => {
                    part.push(c);
                    part.extend(conversion);
                }
                (_, None) => {}
            }
        }
        let mut format = TimeFormat { parts, width: 0 };
        let mut sample = Vec::new();
        format.fill(&mut sample, Timestamp::from_parts(LONGEST, 0), &Zone::utc(), 0)?;
        format.width = String::from_utf8_lossy(&sample).chars().count();
        Ok(format)
    }

    /// Characters of a usual time with so many digits of the fraction.
    #[must_use]
    pub fn width(&self, digits: u8) -> usize {
        let fractions = self.parts.len().saturating_sub(1);
        // Without digits the point before the fraction goes too.
        let point = usize::from(digits > 0 && self.parts.first().is_some_and(|p| p.ends_with('.') && fractions > 0));
        self.width + point + fractions * usize::from(digits)
    }

    /// Appends a moment as the zone has it. Moments outside the calendar (the years −9999 to 9999) are written as
    /// seconds since 1970.
    pub fn write(&self, out: &mut Vec<u8>, at: Timestamp, zone: &Zone, digits: u8) {
        let start = out.len();
        if self.fill(out, at, zone, digits).is_err() {
            out.truncate(start);
            out.extend_from_slice(at.secs().to_string().as_bytes());
        }
    }

    fn fill(&self, out: &mut Vec<u8>, at: Timestamp, zone: &Zone, digits: u8) -> Result<(), String> {
        let zoned = zone.zoned(at).ok_or("the moment lies outside the calendar")?;
        let mut text = String::new();
        for (n, part) in self.parts.iter().enumerate() {
            if n > 0 {
                if digits == 0 && text.ends_with('.') {
                    text.pop();
                }
                fraction(&mut text, at, usize::from(digits));
            }
            let filled = jiff::fmt::strtime::format(part, &zoned);
            text += &filled.map_err(|e| format!("{part:?} cannot be filled in: {e}"))?;
        }
        out.extend_from_slice(text.as_bytes());
        Ok(())
    }
}

/// Appends digits of the fraction, cut to microseconds.
fn fraction(out: &mut String, at: Timestamp, digits: usize) {
    let micros = format!("{:06}", at.micros().rem_euclid(1_000_000));
    let shown = micros.get(..digits.min(6)).unwrap_or("");
    // Writing into a string does not fail.
    let _ = write!(out, "{shown:0<digits$}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_filled_in() {
        let at = Timestamp::from_parts(1_300_475_167, 96_535_000);
        for (pattern, digits, text) in [
            ("%Y/%m/%d %H:%M:%S.%f", 6, "2011/03/18 19:06:07.096535"),
            ("%T", 6, "19:06:07"),
            ("%T.%f", 3, "19:06:07.096"),
            ("%F %T.%f", 0, "2011-03-18 19:06:07"),
            ("%f %s", 8, "09653500 1300475167"),
            ("%d. %b %%f", 6, "18. Mar %f"),
        ] {
            let mut out = Vec::new();
            let format = TimeFormat::parse(pattern).unwrap();
            format.write(&mut out, at, &Zone::utc(), digits);
            assert_eq!(String::from_utf8_lossy(&out), text, "{pattern}");
            assert_eq!(format.width(digits), text.len(), "{pattern}");
        }
    }

    #[test]
    fn what_cannot_be_filled_in_is_told() {
        for wrong in ["%", "%E", &"x".repeat(300)] {
            assert!(TimeFormat::parse(wrong).is_err(), "{wrong}");
        }
        let mut out = Vec::new();
        TimeFormat::parse("%Y").unwrap().write(
            &mut out,
            Timestamp::from_parts(i64::MAX / 2_000_000_000, 0),
            &Zone::utc(),
            6,
        );
        assert!(!out.is_empty());
    }
}
