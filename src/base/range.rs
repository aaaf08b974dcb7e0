//! Ranges of time as people write them on a command line (`-t`).
//!
//! ```text
//! range  := ["x"] ["i" | "c" | "n" | "s"] (time | time "-" time | time ("+" | "-") length | "-" length ["+" length])
//! time   := [[[yyyy/]mm/]dd.]hh[:mm[:ss[.ffffff]]] | [yyyy/]mm/dd | yyyy | {number unit} | seconds since 1970
//! length := {number unit}                                     units y M d h m s
//! ```
//!
//! A time stands for one unit of its finest part: `2011/03/18` for the day, `19:06` for the minute. Leading parts that
//! are not written come from now. `*` stands for any value of a part.

use super::{Civil, Span, Timestamp, Zone};

/// Longest text taken.
const MAX_TEXT: usize = 200;
/// Nanoseconds in a second.
const NANOS: i64 = 1_000_000_000;
/// At most so many units of a wildcard are looked at within one record.
const MAX_STEPS: u32 = 100_000;

/// Why a text is no range of time.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RangeError {
    /// It does not read as one.
    #[error(
        "time syntax error {0:?}: expected a time such as 2011/03/18.19:06:07, 19:06 or seconds since 1970, alone or as A-B, A+2s, A-5m, -10m"
    )]
    Syntax(String),
    /// It ends before it begins.
    #[error("invalid time range: the start {start} is after the end {end}")]
    Reversed {
        /// Where it would begin.
        start: Timestamp,
        /// Where it would end.
        end: Timestamp,
    },
}

/// How a record's time is compared with the range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Relation {
    /// They have a moment in common.
    Overlaps,
    /// The record lies inside.
    Contained,
    /// The record begins before and ends at or after it.
    Spans,
}

/// Year, month, day, hour, minute, second.
const PARTS: usize = 6;

/// One part of a written time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Unset,
    Any,
    Is(u32),
}

#[derive(Clone, Debug, PartialEq)]
enum Extent {
    /// From the first moment up to but not including the second.
    Fixed(Timestamp, Timestamp),
    /// Every moment whose local date and time has these parts; and the zone.
    Pattern([Part; PARTS]),
}

/// A range of time.
#[derive(Clone, Debug)]
pub struct TimeRange {
    negated: bool,
    relation: Relation,
    extent: Extent,
    zone: Zone,
}

impl TimeRange {
    /// Reads a range; times of day are local in `zone`.
    ///
    /// # Errors
    /// The text is no range, or its end is before its start.
    pub fn parse(text: &str, now: Timestamp, zone: &Zone) -> Result<TimeRange, RangeError> {
        let syntax = || RangeError::Syntax(text.chars().take(60).collect());
        if text.len() > MAX_TEXT {
            return Err(syntax());
        }
        let text = text.replace(['\u{2013}', '\u{2014}'], "-");
        let (negated, rest) = text.strip_prefix('x').map_or((false, text.as_str()), |r| (true, r));
        let (relation, rest) = match rest.split_at_checked(1) {
            Some(("i", r)) => (Relation::Overlaps, r),
            Some(("c", r)) => (Relation::Contained, r),
            Some(("n" | "s", r)) => (Relation::Spans, r),
            _ => (Relation::Overlaps, rest),
        };
        let extent = extent(rest, now, zone).ok_or_else(syntax)?;
        if let Extent::Fixed(start, end) = extent
            && start > end
        {
            return Err(RangeError::Reversed { start, end });
        }
        Ok(TimeRange { negated, relation, extent, zone: zone.clone() })
    }

    /// Its ends, the second one not included; none of a range that is negated or has wildcards.
    #[must_use]
    pub fn ends(&self) -> Option<(Timestamp, Timestamp)> {
        match self.extent {
            Extent::Fixed(start, end) if !self.negated => Some((start, end)),
            _ => None,
        }
    }

    /// Whether a record of that stretch is meant.
    #[must_use]
    pub fn holds(&self, record: Span) -> bool {
        let held = match &self.extent {
            Extent::Fixed(start, end) => match self.relation {
                Relation::Overlaps => record.start < *end && record.end >= *start,
                Relation::Contained => record.start >= *start && record.end < *end,
                Relation::Spans => record.start < *start && record.end >= *end,
            },
            Extent::Pattern(parts) => match self.relation {
                Relation::Overlaps => self.meets(parts, record),
                Relation::Contained => self.is_at(parts, record.start) && self.is_at(parts, record.end),
                Relation::Spans => {
                    !self.is_at(parts, record.start) && !self.is_at(parts, record.end) && self.meets(parts, record)
                }
            },
        };
        held != self.negated
    }

    fn is_at(&self, parts: &[Part; PARTS], at: Timestamp) -> bool {
        let local = split(self.zone.civil(at));
        parts.iter().zip(local).all(|(part, value)| match part {
            Part::Is(v) => *v == value,
            Part::Any | Part::Unset => true,
        })
    }

    /// Whether any moment of the record has the parts: its ends, and what lies between in steps of the finest part.
    fn meets(&self, parts: &[Part; PARTS], record: Span) -> bool {
        if self.is_at(parts, record.start) || self.is_at(parts, record.end) {
            return true;
        }
        let step = match finest(parts) {
            5 => 1,
            4 => 60,
            3 => 3600,
            _ => 86_400,
        };
        let mut secs = record.start.secs().div_euclid(step).saturating_add(1).saturating_mul(step);
        for _ in 0..MAX_STEPS {
            if secs >= record.end.secs() {
                return false;
            }
            if self.is_at(parts, Timestamp::from_parts(secs, 0)) {
                return true;
            }
            secs += step;
        }
        // A record of so many units contains all there are.
        true
    }
}

fn split(c: Civil) -> [u32; PARTS] {
    let s = c.second_of_day;
    [u32::try_from(c.year).unwrap_or(0), c.month.into(), c.day.into(), s / 3600, s / 60 % 60, s % 60]
}

/// Index of the finest part that is written.
fn finest(parts: &[Part; PARTS]) -> usize {
    parts.iter().rposition(|p| *p != Part::Unset).unwrap_or(0)
}

fn extent(text: &str, now: Timestamp, zone: &Zone) -> Option<Extent> {
    if let Some(back) = text.strip_prefix('-') {
        let (back, ahead) = back.split_once('+').map_or((back, None), |(b, a)| (b, Some(a)));
        let start = minus(now, length(back)?);
        let end = match ahead {
            Some(a) => plus(start, length(a)?),
            None => now,
        };
        return Some(Extent::Fixed(start, end));
    }
    if let Some((a, ahead)) = text.split_once('+') {
        let start = Moment::read(a, None, now, zone)?.start(zone)?;
        return Some(Extent::Fixed(start, plus(start, length(ahead)?)));
    }
    let Some((a, b)) = text.split_once('-') else {
        let moment = Moment::read(text, None, now, zone)?;
        return moment.extent(zone);
    };
    let from = Moment::read(a, None, now, zone)?;
    if let Some(back) = length(b) {
        let end = from.start(zone)?;
        return Some(Extent::Fixed(minus(end, back), end));
    }
    let to = Moment::read(b, Some(&from), now, zone)?;
    let end = if to.finest < 3 { to.end(zone)? } else { to.start(zone)? };
    Some(Extent::Fixed(from.start(zone)?, end))
}

fn plus(t: Timestamp, nanos: i64) -> Timestamp {
    Timestamp::from_nanos(t.nanos().saturating_add(nanos))
}

fn minus(t: Timestamp, nanos: i64) -> Timestamp {
    Timestamp::from_nanos(t.nanos().saturating_sub(nanos))
}

/// The pieces of `number unit number unit …`; the unit as its index among the parts, the number none for `*`.
fn pieces(text: &str) -> Option<Vec<(usize, Option<u32>)>> {
    let mut out = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let len = rest.bytes().take_while(|b| b.is_ascii_digit() || *b == b'*').count();
        let (number, tail) = rest.split_at_checked(len)?;
        let unit = "yMdhms".find(tail.chars().next()?)?;
        let value = if number.contains('*') {
            if number.bytes().any(|b| b != b'*') {
                return None;
            }
            None
        } else {
            Some(number.parse::<u32>().ok()?)
        };
        out.push((unit, value));
        rest = tail.get(1..)?;
    }
    (!out.is_empty()).then_some(out)
}

/// A length in nanoseconds. Years have 365 days, months 30.
fn length(text: &str) -> Option<i64> {
    const SECONDS: [i64; PARTS] = [365 * 86_400, 30 * 86_400, 86_400, 3600, 60, 1];
    pieces(text)?.into_iter().try_fold(0i64, |sum, (unit, n)| {
        let nanos = i64::from(n?).checked_mul(*SECONDS.get(unit)?)?.checked_mul(NANOS)?;
        sum.checked_add(nanos)
    })
}

/// A written time.
#[derive(Clone, Debug)]
struct Moment {
    parts: [Part; PARTS],
    finest: usize,
    nanos: i64,
    /// Seconds since 1970 instead of parts.
    epoch: Option<Timestamp>,
}

impl Moment {
    /// Reads a time; leading parts come from `base` if there is one, else from now.
    fn read(text: &str, base: Option<&Moment>, now: Timestamp, zone: &Zone) -> Option<Moment> {
        if let Some(epoch) = epoch(text) {
            return Some(Moment { parts: [Part::Unset; PARTS], finest: PARTS - 1, nanos: 0, epoch: Some(epoch) });
        }
        let mut nanos = 0;
        let mut parts =
            if text.ends_with(['y', 'M', 'd', 'h', 'm', 's']) { units(text)? } else { written(text, &mut nanos)? };
        let first = parts.iter().position(|p| *p != Part::Unset)?;
        let finest = finest(&parts);
        let local = split(zone.civil(now));
        for (i, part) in parts.iter_mut().enumerate() {
            if *part == Part::Unset && i < first {
                let given = base.filter(|b| b.epoch.is_none()).and_then(|b| b.parts.get(i).copied());
                *part = given.unwrap_or(Part::Is(*local.get(i)?));
            } else if *part == Part::Unset && i < finest {
                return None;
            }
        }
        Some(Moment { parts, finest, nanos, epoch: None })
    }

    fn value(&self, i: usize) -> Option<u32> {
        match self.parts.get(i)? {
            Part::Is(v) => Some(*v),
            Part::Unset => Some(u32::from(matches!(i, 1 | 2))),
            Part::Any => None,
        }
    }

    fn start(&self, zone: &Zone) -> Option<Timestamp> {
        if let Some(at) = self.epoch {
            return Some(at);
        }
        let (h, m, s) = (self.value(3)?, self.value(4)?, self.value(5)?);
        if h > 24 || m > 59 || s > 60 {
            return None;
        }
        let small = |i: usize| u8::try_from(self.value(i)?).ok();
        let at = zone.moment(i16::try_from(self.value(0)?).ok()?, small(1)?, small(2)?, h * 3600 + m * 60 + s)?;
        Some(plus(at, self.nanos))
    }

    /// The beginning of the next unit of the finest part.
    fn end(&self, zone: &Zone) -> Option<Timestamp> {
        let start = self.start(zone)?;
        if self.nanos != 0 {
            return Some(plus(start, 1000));
        }
        match self.finest {
            0 | 1 => {
                let mut next = self.clone();
                let (year, month) = (self.value(0)?, self.value(1)?);
                let (year, month) = if self.finest == 0 || month == 12 { (year + 1, 1) } else { (year, month + 1) };
                *next.parts.get_mut(0)? = Part::Is(year);
                *next.parts.get_mut(1)? = Part::Is(month);
                next.start(zone)
            }
            2 => Some(plus(start, 86_400 * NANOS)),
            3 => Some(plus(start, 3600 * NANOS)),
            4 => Some(plus(start, 60 * NANOS)),
            _ => Some(plus(start, NANOS)),
        }
    }

    fn extent(&self, zone: &Zone) -> Option<Extent> {
        if self.parts.contains(&Part::Any) {
            return self.is_sane().then_some(Extent::Pattern(self.parts));
        }
        Some(Extent::Fixed(self.start(zone)?, self.end(zone)?))
    }

    fn is_sane(&self) -> bool {
        const MOST: [u32; PARTS] = [9999, 12, 31, 24, 59, 60];
        self.parts.iter().zip(MOST).all(|(p, most)| !matches!(p, Part::Is(v) if *v > most))
    }
}

/// Five digits and more are seconds since 1970, with or without a fraction.
fn epoch(text: &str) -> Option<Timestamp> {
    let (secs, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |t: &str| t.bytes().all(|b| b.is_ascii_digit());
    if secs.len() < 5 || !digits(secs) || !digits(fraction) || fraction.len() > 9 {
        return None;
    }
    let scale = 10i64.pow(9 - u32::try_from(fraction.len()).ok()?);
    let nanos = if fraction.is_empty() { 0 } else { fraction.parse::<i64>().ok()? * scale };
    Some(Timestamp::from_parts(secs.parse().ok()?, nanos))
}

/// The form `2011y3M18d`.
fn units(text: &str) -> Option<[Part; PARTS]> {
    let mut parts = [Part::Unset; PARTS];
    let mut last = None;
    for (unit, value) in pieces(text)? {
        if last.is_some_and(|l| unit <= l) {
            return None;
        }
        last = Some(unit);
        *parts.get_mut(unit)? = value.map_or(Part::Any, Part::Is);
    }
    Some(parts)
}

/// The form `2011/03/18.19:06:07.5`.
fn written(text: &str, nanos: &mut i64) -> Option<[Part; PARTS]> {
    let mut parts = [Part::Unset; PARTS];
    let (date, time) = if text.contains('/') {
        text.split_once('.').map_or((text, None), |(d, t)| (d, Some(t)))
    } else if let Some((day, time)) = text.split_once('.').filter(|(d, _)| !d.contains(':')) {
        (day, Some(time))
    } else if text.len() == 4 && !text.contains(':') {
        *parts.get_mut(0)? = part(text)?;
        return Some(parts);
    } else {
        ("", Some(text))
    };
    if !date.is_empty() {
        let pieces: Vec<&str> = date.split('/').collect();
        // `2011/03` is a year and a month, `03/18` a month and a day.
        let first = match pieces.as_slice() {
            [y, _] if y.len() == 4 && time.is_none() => 0,
            p => 3usize.checked_sub(p.len())?,
        };
        for (i, piece) in pieces.into_iter().enumerate() {
            *parts.get_mut(first + i)? = part(piece)?;
        }
    }
    if let Some(time) = time {
        let (clock, fraction) = time.split_once('.').map_or((time, None), |(c, f)| (c, Some(f)));
        let mut at = 3;
        for piece in clock.split(':') {
            *parts.get_mut(at)? = part(piece)?;
            at += 1;
        }
        if let Some(f) = fraction {
            if at != PARTS || f.is_empty() || f.len() > 9 || !f.bytes().all(|b| b.is_ascii_digit()) {
                return None;
            }
            *nanos = f.parse::<i64>().ok()? * 10i64.pow(9 - u32::try_from(f.len()).ok()?);
        }
    }
    Some(parts)
}

fn part(text: &str) -> Option<Part> {
    if !text.is_empty() && text.bytes().all(|b| b == b'*') {
        return Some(Part::Any);
    }
    (text.len() <= 4 && text.bytes().all(|b| b.is_ascii_digit())).then_some(())?;
    text.parse().ok().map(Part::Is)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2011-03-18 19:06:07 UTC.
    const T: i64 = 1_300_475_167;

    fn range(text: &str) -> Result<TimeRange, RangeError> {
        TimeRange::parse(text, Timestamp::from_parts(T, 0), &Zone::utc())
    }

    fn seconds(text: &str) -> (i64, i64) {
        match range(text).unwrap().extent {
            Extent::Fixed(a, b) => (a.secs() - T, b.secs() - T),
            Extent::Pattern(p) => panic!("{p:?}"),
        }
    }

    #[test]
    fn every_form_has_its_extent() {
        for (text, from, to) in [
            ("2011/03/18.19:06:07", 0, 1),
            ("2011/03/18.19:06", -7, 53),
            ("19:06:07", 0, 1),
            ("18.19", -367, 3233),
            ("2011/03/18", -68_767, 17_633),
            ("2011/03/18.19:06:07-2011/03/18.19:06:09", 0, 2),
            ("18.19:06:07-20", 0, 3233),
            ("1300475167+5s", 0, 5),
            ("1300475167", 0, 1),
            ("2011/03/18.19:06:07-5s", -5, 0),
            ("-10m", -600, 0),
            ("-2h5m+5m", -7500, -7200),
            ("2011y3M18d19h6m7s", 0, 1),
        ] {
            assert_eq!(seconds(text), (from, to), "{text}");
        }
        assert_eq!(seconds("2011").1 - seconds("2011").0, 365 * 86_400);
        assert_eq!(seconds("2011/03").1 - seconds("2011/03").0, 31 * 86_400);
        assert_eq!(seconds("2011/08-2011/10").1 - seconds("2011/08-2011/10").0, 92 * 86_400);
    }

    #[test]
    fn relations_and_negation() {
        let span = |a: i64, b: i64| Span::new(Timestamp::from_parts(T + a, 0), Timestamp::from_parts(T + b, 0));
        for (text, a, b, held) in [
            ("19:06:07", -5, 5, true),
            ("19:06:07", 1, 2, false),
            ("19:06:07", -2, 0, true),
            ("x19:06:07", -2, 0, false),
            ("c19:06", 0, 5, true),
            ("c19:06:07", 0, 5, false),
            ("n19:06:07", -5, 5, true),
            ("n19:06:07", 0, 5, false),
            ("****/**/**.**:06", 0, 0, true),
            ("****/**/**.**:07", 0, 10, false),
            ("****/**/**.**:07", 0, 7000, true),
            ("**.**:**:09", 0, 5, true),
        ] {
            assert_eq!(range(text).unwrap().holds(span(a, b)), held, "{text} {a} {b}");
        }
    }

    #[test]
    fn nonsense_is_refused() {
        for text in
            ["yesterday", "", "x", "2011/13/01", "25:99", "+1d", "-", "1-2-3", "12:", "2011/02/30", "1d2y", "-*h"]
        {
            assert!(matches!(range(text), Err(RangeError::Syntax(_))), "{text}: {:?}", range(text));
        }
        assert!(matches!(range("2011/03/18.19:06:10-2011/03/18.19:06:07"), Err(RangeError::Reversed { .. })));
        assert!(range(&"1".repeat(10_000)).is_err());
    }
}
