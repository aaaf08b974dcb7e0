//! What configuration files say that no option does.

use super::super::labels::hosts::Part;
use super::direction::Direction;
use crate::base::TimeFormat;
use crate::pipeline::Labels;
use crate::record::fields::{AsNumbers, PrefixLengths};

/// Which records other than flows are shown among the rows, as far as it is said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::cli) struct Shows {
    pub(super) management: Option<bool>,
    pub(super) events: Option<bool>,
}

impl Shows {
    /// What is said here, or else there.
    pub(super) fn over(self, other: Shows) -> Shows {
        Shows { management: self.management.or(other.management), events: self.events.or(other.events) }
    }
}

/// What configuration files say that no option does.
#[derive(Debug, Default)]
pub(super) struct Settings {
    pub(super) time_format: Option<TimeFormat>,
    pub(super) prefixes: PrefixLengths,
    pub(super) as_numbers: AsNumbers,
    pub(super) keeps_blank_before_port: bool,
    pub(super) quote: Option<u8>,
    pub(super) is_variable: bool,
    pub(super) part: Part,
    pub(super) names_hosts: bool,
    pub(super) shows: Shows,
    pub(super) direction: Option<Direction>,
    pub(super) flow_model: Option<String>,
    pub(super) sort_keys: Option<String>,
    pub(super) countries: Option<Labels>,
}
