//! Rules that say what deserves attention, and what they found.
//!
//! Why so: a rule is asked of the picture that everybody sees, so that what an alert says can be looked up on the globe,
//! in the table and in the recording. An alert is a stretch of recorded time for one rule and one subject: it begins
//! when the rule holds, lasts while it holds and for a moment after, and is the same one when the same minutes are
//! played again.
//!
//! How data passes through: text becomes [`Rule`]s; a [`Watch`] is shown snapshots of single addresses, one after the
//! other, and keeps a bounded list of [`Alert`]s; what is new is told once.
//!
//! What it must not know: screens, commands that are run, clocks. The steady time that silent sources are measured by
//! is an argument.

mod rule;
mod watch;

#[cfg(test)]
mod tests;

pub use rule::{KINDS, Kind, Newness, Rule, RuleError};
pub use watch::{Alert, MAX_ALERTS, Subject, Watch};
