//! Stretches of time of equal length, and records cut at their edges.
//!
//! Seconds, minutes, hours and days are counted from 1970 in UTC; weeks begin on Monday, months and years by the calendar
//! of a zone.

use super::core::Core;
use crate::base::{Span, Timestamp, Zone};
use crate::record::Counts;

const DAY: i64 = 86_400;
/// Most pieces a record is cut into; a longer one stays whole beyond that.
const MAX_PIECES: usize = 100_000;

/// The length of the bins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Width {
    /// So many nanoseconds, counted from 1970.
    Fixed(i64),
    /// So many weeks, from a Monday.
    Weeks(i64),
    /// So many months of the calendar.
    Months(i64),
}

impl Width {
    /// A number and one of s, m, h, d, w, M, y: `5m`, `0.5s`, `1M`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Width> {
        let (at, unit) = text.char_indices().next_back()?;
        let number = text.get(..at)?;
        let seconds = |secs: i64| {
            let nanos = number.parse::<f64>().ok()? * secs as f64 * 1e9;
            // A thousand years is as good as never.
            (1e3..3.2e19).contains(&nanos).then_some(Width::Fixed((nanos as i64 / 1000).max(1) * 1000))
        };
        let whole = || number.parse::<i64>().ok().filter(|n| (1..=10_000).contains(n));
        match unit {
            's' => seconds(1),
            'm' => seconds(60),
            'h' => seconds(3600),
            'd' => seconds(DAY),
            'w' => whole().map(Width::Weeks),
            'M' => whole().map(Width::Months),
            'y' => whole().map(|n| Width::Months(12 * n)),
            _ => None,
        }
    }

    /// The bin that a moment lies in: from its start up to, not including, its end.
    #[must_use]
    pub fn bin(self, at: Timestamp, zone: &Zone) -> Span {
        let fixed = |width: i64, origin: i64| {
            let start =
                at.nanos().saturating_sub(origin).div_euclid(width).saturating_mul(width).saturating_add(origin);
            Span { start: Timestamp::from_nanos(start), end: Timestamp::from_nanos(start.saturating_add(width)) }
        };
        match self {
            Width::Fixed(width) => fixed(width, 0),
            Width::Weeks(n) => {
                // 1970-01-05 was a Monday.
                let local = i64::from(zone.offset(at.secs()));
                fixed(n.saturating_mul(7 * DAY).saturating_mul(1_000_000_000), (4 * DAY - local) * 1_000_000_000)
            }
            Width::Months(n) => {
                let civil = zone.civil(at);
                let month = civil.year * 12 + i64::from(civil.month) - 1;
                let first = month.div_euclid(n) * n;
                let start = month_start(first, zone).unwrap_or(Timestamp::MIN);
                Span { start, end: month_start(first + n, zone).unwrap_or(Timestamp::MAX) }
            }
        }
    }
}

/// Midnight of the first day of a month, counted from January of year 0.
fn month_start(month: i64, zone: &Zone) -> Option<Timestamp> {
    let year = i16::try_from(month.div_euclid(12)).ok()?;
    zone.moment(year, u8::try_from(month.rem_euclid(12) + 1).ok()?, 1, 0)
}

impl Core {
    /// Cuts it at the edges of bins and hands over each piece with its bin. Packets are spread evenly over the time, the
    /// first piece gets one at least, bytes follow the packets, and what rounding leaves goes to the last piece. Sums over
    /// the pieces are those of the whole.
    pub fn split(&self, width: Width, zone: &Zone, mut take: impl FnMut(&Core, Span)) {
        let span = self.span();
        let mut bin = width.bin(span.start, zone);
        if span.end <= bin.end || bin.end <= bin.start {
            return take(self, bin);
        }
        let (mut src, mut dst) = (Rest::new(self.counts.src, span), Rest::new(self.counts.dst, span));
        let mut from = span.start;
        for n in 0.. {
            let is_last = span.end <= bin.end || n >= MAX_PIECES;
            let to = if is_last { span.end } else { bin.end };
            let mut piece = *self;
            piece.counts.src = src.take(to, is_last);
            piece.counts.dst = dst.take(to, is_last);
            let place = Piece { from, to, is_first: n == 0, is_last };
            piece.src = place.of(self.src, piece.counts.src);
            piece.dst = place.of(self.dst, piece.counts.dst);
            if piece.counts.src.pkts > 0 || piece.counts.dst.pkts > 0 {
                piece.measure();
                take(&piece, bin);
            }
            if is_last {
                return;
            }
            from = bin.end;
            let next = width.bin(bin.end, zone);
            if next.end <= bin.end {
                return;
            }
            bin = next;
        }
    }

    /// Puts it onto the edges of a bin: every side that sent anything lasted for the whole of it.
    pub fn fill(&mut self, bin: Span) {
        let whole = |side: Option<Span>| side.map(|_| bin);
        (self.src, self.dst) = (whole(self.src), whole(self.dst));
        if self.src.is_none() && self.dst.is_none() {
            self.src = Some(bin);
        }
    }
}

/// Where in time a piece lies.
#[derive(Clone, Copy, Debug)]
struct Piece {
    from: Timestamp,
    to: Timestamp,
    is_first: bool,
    is_last: bool,
}

impl Piece {
    /// When a side sent its part. A single packet is the first of the record, its last, or the first of the piece.
    fn of(self, side: Option<Span>, counts: Counts) -> Option<Span> {
        let side = side.filter(|_| counts.pkts > 0)?;
        let clamp = |t: Timestamp| t.max(self.from).min(self.to);
        let (start, end) = (clamp(side.start), clamp(side.end));
        let at = |t| Some(Span { start: t, end: t });
        match counts.pkts {
            1 if self.is_last && !self.is_first => at(end),
            1 => at(start),
            _ => Some(Span { start, end: end.max(start) }),
        }
    }
}

/// What a side has left to give.
struct Rest {
    all: Counts,
    left: Counts,
    start: Timestamp,
    secs: f64,
}

impl Rest {
    fn new(all: Counts, span: Span) -> Rest {
        Rest { all, left: all, start: span.start, secs: span.duration().as_secs_f64().max(1e-9) }
    }

    /// The part up to a moment. Rates are rounded to single precision on the way, as the classic clients do.
    fn take(&mut self, to: Timestamp, is_last: bool) -> Counts {
        if is_last {
            return std::mem::take(&mut self.left);
        }
        let due = (self.all.pkts as f64 * to.since(self.start).as_secs_f64() / self.secs) as u64;
        let given = self.all.pkts - self.left.pkts;
        let pkts = due.max(1).saturating_sub(given).min(self.left.pkts);
        let per_second = |n: u64| f64::from((n as f64 / self.secs) as f32);
        let part = |all: u64, left: u64| ((pkts as f64 * per_second(all) / per_second(self.all.pkts)) as u64).min(left);
        let taken = if pkts == self.left.pkts {
            self.left
        } else {
            let bytes = part(self.all.bytes, self.left.bytes);
            Counts { pkts, bytes, appbytes: part(self.all.appbytes, self.left.appbytes) }
        };
        self.left.pkts -= taken.pkts;
        self.left.bytes -= taken.bytes;
        self.left.appbytes -= taken.appbytes;
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bin(width: &str, at: &str) -> String {
        let b = Width::parse(width).unwrap().bin(at.parse().unwrap(), &Zone::utc());
        format!("{} {}", b.start, b.end).replace(".000000Z", "").replace("T00:00:00", "")
    }

    #[test]
    fn bins_begin_where_clock_and_calendar_do() {
        let at = "2024-02-29T13:07:42.5Z";
        assert_eq!(bin("5m", at), "2024-02-29T13:05:00 2024-02-29T13:10:00");
        assert_eq!(bin("0.5s", at), "2024-02-29T13:07:42.500000Z 2024-02-29T13:07:43");
        assert_eq!(bin("1d", at), "2024-02-29 2024-03-01");
        assert_eq!(bin("1w", at), "2024-02-26 2024-03-04");
        assert_eq!(bin("1M", at), "2024-02-01 2024-03-01");
        assert_eq!(bin("3M", at), "2024-01-01 2024-04-01");
        assert_eq!(bin("1y", at), "2024-01-01 2025-01-01");
        for bad in ["", "5", "0s", "x", "-1h", "1.5w", "1e99d", "nans"] {
            assert_eq!(Width::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn packets_are_spread_over_time_and_bytes_follow_them() {
        let at = |s: i64| Timestamp::from_parts(s, 0);
        let pieces = |pkts, bytes, edges: &[i64]| {
            let all = Counts { pkts, bytes, appbytes: 7 };
            let mut rest = Rest::new(all, Span { start: at(0), end: at(100) });
            edges.iter().map(|t| rest.take(at(*t), *t == 100)).map(|c| (c.pkts, c.bytes)).collect::<Vec<_>>()
        };
        assert_eq!(pieces(100, 10_000, &[25, 50, 100]), [(25, 2500), (25, 2500), (50, 5000)]);
        // The first piece gets one in any case, the others what is due.
        assert_eq!(pieces(2, 301, &[1, 60, 90, 100]), [(1, 150), (0, 0), (0, 0), (1, 151)]);
        assert_eq!(pieces(0, 0, &[1, 100]), [(0, 0), (0, 0)]);
    }
}
