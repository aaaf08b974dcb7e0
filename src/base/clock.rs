//! The only place that reads the machine's clock. Everything else is told the time.

use super::Timestamp;

/// The wall clock's reading, UTC. A clock set before 1970 reads as 0.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "this is the one permitted reading of the wall clock")]
pub fn wall_now() -> Timestamp {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_nanos(i64::try_from(since.as_nanos()).unwrap_or(i64::MAX))
}

/// A steady clock for measuring how long something took or when to wake next.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "this is the one permitted reading of the steady clock")]
pub fn steady_now() -> std::time::Instant {
    std::time::Instant::now()
}
