//! What a pipeline is asked to do, and why it cannot.

use std::str::FromStr;
use std::time::Duration;

use crossbeam_channel::Sender;

use crate::alert::{Alert, Rule};
use crate::anonymize::Mask;
use crate::base::time::parse_duration;
use crate::base::{Span, Timestamp};
use crate::cache::{CacheConfig, Level};
use crate::filter::{Filter, Scope};
use crate::geo::{GeoConfig, GeoError};
use crate::source::{SourceError, SourceSpec};

/// How the playhead starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// Glued to the clock of the live sources.
    Live,
    /// Running through recorded time.
    Replay,
    /// Standing.
    Paused,
}

/// A time that may be relative to the recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum At {
    /// A point in time.
    Time(Timestamp),
    /// So long after the beginning of the first record.
    AfterFirst(Duration),
    /// So long before the end of the last record.
    BeforeEnd(Duration),
}

/// Why a text is no [`At`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is no time: expected RFC 3339 such as 2026-03-01T12:00:00Z, seconds since 1970, +30s after the first record, \
     -30s before the end, start or end"
)]
pub struct AtError(String);

impl At {
    /// The end of the last record.
    pub const END: At = At::BeforeEnd(Duration::ZERO);
    /// The beginning of the first record.
    pub const START: At = At::AfterFirst(Duration::ZERO);

    /// The time meant, given the stretch of the recording.
    #[must_use]
    pub fn resolve(self, span: Span) -> Timestamp {
        match self {
            At::Time(t) => t,
            At::AfterFirst(d) => span.start + d,
            At::BeforeEnd(d) => span.end - d,
        }
    }
}

impl FromStr for At {
    type Err = AtError;

    fn from_str(text: &str) -> Result<At, AtError> {
        let error = || AtError(text.into());
        match text.trim() {
            "end" => Ok(At::END),
            "start" => Ok(At::START),
            t if t.starts_with('+') => parse_duration(&t[1..]).map(At::AfterFirst).ok_or_else(error),
            t if t.starts_with('-') => parse_duration(&t[1..]).map(At::BeforeEnd).ok_or_else(error),
            t => t.parse().map(At::Time).map_err(|_| error()),
        }
    }
}

/// What a pipeline is to do.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Where records come from.
    pub sources: Vec<SourceSpec>,
    /// Which records are let through; none: all.
    pub filter: Option<Filter>,
    /// Hides who it was in everything that is shown; none: nothing is hidden.
    pub mask: Option<Mask>,
    /// Databases, own maps and home.
    pub geo: GeoConfig,
    /// Lengths and limits of the window.
    pub cache: CacheConfig,
    /// Most bytes of memory for records held for replay; none: [`crate::cache::History::usual_limit`].
    pub history_bytes: Option<usize>,
    /// How the playhead starts; by default live if a source is live, else running.
    pub start: Option<Start>,
    /// Speed of replay as a multiple of real time.
    pub speed: f64,
    /// Where the playhead starts; by default at the first record.
    pub at: Option<At>,
    /// What one pin stands for.
    pub level: Level,
    /// What deserves attention.
    pub alerts: Vec<Rule>,
    /// Who are told of each new alert; what does not fit is let go.
    pub alert_out: Vec<Sender<Alert>>,
    /// Silence longer than this is jumped over.
    pub skip_idle: Option<Duration>,
    /// How long the whole recording is to take; chooses the speed.
    pub fit: Option<Duration>,
}

impl Default for Plan {
    fn default() -> Plan {
        Plan {
            sources: Vec::new(),
            filter: None,
            mask: None,
            geo: GeoConfig::default(),
            cache: CacheConfig::default(),
            history_bytes: None,
            start: None,
            speed: 1.0,
            at: None,
            level: Level::default(),
            alerts: Vec::new(),
            alert_out: Vec::new(),
            skip_idle: None,
            fit: None,
        }
    }
}

impl Plan {
    /// What a server is asked to send: the filter, unless it is meant for this side only.
    pub(super) fn server_filter(&self) -> String {
        let remote = self.filter.as_ref().filter(|f| !matches!(f.scope(), Scope::Local | Scope::Display));
        remote.map(ToString::to_string).unwrap_or_default()
    }
}

/// Why a pipeline cannot run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PipelineError {
    /// A source cannot be opened.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// A database or a map of networks cannot be used.
    #[error(transparent)]
    Geo(#[from] GeoError),
    /// A source delivers at its own pace and has no end, where all records are wanted at once.
    #[error("{name:?} is a live source without an end; a single moment needs files")]
    Endless {
        /// As the user named it.
        name: String,
    },
    /// A thread could not be started or broke down.
    #[error("thread {name:?} stopped: {problem}; this is a fault of the program, please report it")]
    Thread {
        /// Name of the thread.
        name: String,
        /// What it said.
        problem: String,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_read_in_every_form() {
        let span = Span::new(Timestamp::from_parts(100, 0), Timestamp::from_parts(200, 0));
        for (text, secs) in
            [("end", 200), ("start", 100), ("+30s", 130), ("-1m", 140), ("150", 150), ("1970-01-01T00:02:00Z", 120)]
        {
            let at: At = text.parse().expect("a time");
            assert_eq!(at.resolve(span), Timestamp::from_parts(secs, 0), "{text}");
        }
        for text in ["", "noon", "+x", "++1"] {
            assert!(text.parse::<At>().is_err(), "{text}");
        }
    }
}
