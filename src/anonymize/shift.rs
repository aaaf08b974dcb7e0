//! Numbers that are moved by a constant, so that their differences stay.

use super::conf::{Settings, Shift};
use super::prf::{Prf, Topic};

/// Random offsets of times lie between a day and eight and a half years.
const TIME_RANGE: (u64, u64) = (86_400, 1 << 28);
/// Seconds that readers take for times: 32 bits with a sign, none of them 0.
const SECONDS: i64 = 0x7FFF_FFFF;

/// The constants of a run.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shifts {
    prf: Prf,
    nanos: i64,
    /// Subtracted from sequence numbers of records.
    pub(super) seq: u32,
    /// Subtracted from identifiers of transactions, or exclusively or'ed with them.
    pub(super) reference: u32,
    tcp: Shift,
}

impl Shifts {
    pub(super) fn new(settings: &Settings, prf: Prf) -> Shifts {
        let (first, range) = TIME_RANGE;
        let secs = match settings.seconds {
            Shift::Random => i64::try_from(first + prf.below(Topic::Seconds, &[], range)).unwrap_or(0),
            Shift::Fixed(n) => n,
            Shift::None => 0,
        };
        let micros = match settings.micros {
            Shift::Random => i64::try_from(prf.below(Topic::Micros, &[], 1_000_000)).unwrap_or(0),
            Shift::Fixed(n) => n,
            Shift::None => 0,
        };
        Shifts {
            prf,
            nanos: secs.saturating_mul(1_000_000_000).saturating_add(micros.saturating_mul(1000)),
            seq: word(settings.seqnum, &prf, Topic::Seq, &[]),
            reference: word(settings.reference, &prf, Topic::Reference, &[]),
            tcp: settings.tcp_seq,
        }
    }

    /// A time moved: seconds and fraction, the latter in units of so many nanoseconds. Second 0 and what a sensor writes
    /// for it mean "no time" and stay.
    pub(super) fn time(&self, secs: u32, fraction: u32, unit: u32) -> (u32, u32) {
        if self.nanos == 0 || matches!(secs, 0 | 0xEFFF_FFFF) {
            return (secs, fraction);
        }
        let nanos = i128::from(secs) * 1_000_000_000 + i128::from(fraction) * i128::from(unit) - i128::from(self.nanos);
        let within = nanos.rem_euclid(1_000_000_000);
        let secs = (nanos.div_euclid(1_000_000_000) - 1).rem_euclid(i128::from(SECONDS)) + 1;
        let fraction = within.checked_div(i128::from(unit)).unwrap_or(0);
        (u32::try_from(secs).unwrap_or(1), u32::try_from(fraction).unwrap_or(0))
    }

    /// What is subtracted from the TCP sequence numbers of a connection.
    pub(super) fn tcp_seq(&self, connection: &[u8]) -> u32 {
        word(self.tcp, &self.prf, Topic::TcpSeq, connection)
    }
}

/// An offset of 32 bits; a random one depends on `of`.
pub(super) fn word(shift: Shift, prf: &Prf, topic: Topic, of: &[u8]) -> u32 {
    match shift {
        // Never 0, which would change nothing.
        Shift::Random => u32::try_from(prf.below(topic, of, u64::from(u32::MAX))).unwrap_or(0) + 1,
        Shift::Fixed(n) => low(n),
        Shift::None => 0,
    }
}

fn low(n: i64) -> u32 {
    let [a, b, c, d, ..] = n.to_le_bytes();
    u32::from_le_bytes([a, b, c, d])
}
