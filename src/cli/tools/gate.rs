//! Which of the records read are wanted: filter, time range, label, captured bytes.

use super::options::{Pattern, Plan};
use crate::base::TimeRange;
use crate::filter::Filter;
use crate::record::{Far, Payload};

/// What the options say of the records that are wanted.
#[derive(Debug)]
pub(in crate::cli) struct Gate {
    /// The filter behind the lone dash.
    pub(in crate::cli) filter: Filter,
    time: Option<TimeRange>,
    label: Option<Pattern>,
    grep: Option<Pattern>,
}

impl Gate {
    /// For what the plan says.
    pub(in crate::cli) fn new(plan: &mut Plan) -> Gate {
        Gate {
            filter: std::mem::take(&mut plan.filter),
            time: plan.time.take(),
            label: plan.label.take(),
            grep: plan.grep.take(),
        }
    }

    /// Time range, label and captured bytes: everything but the filter.
    pub(in crate::cli) fn wants(&self, far: &Far<'_>) -> bool {
        self.time.as_ref().is_none_or(|t| t.holds(far.times().span))
            && self.label.as_ref().is_none_or(|p| p.is_in(far.label_bytes().unwrap_or(&[])))
            && self.grep.as_ref().is_none_or(|p| has_payload(far, p))
    }
}

fn has_payload(far: &Far<'_>, pattern: &Pattern) -> bool {
    let p = far.payload();
    let found = |wanted: bool, side: Option<Payload<'_>>| wanted && side.is_some_and(|p| pattern.is_in(p.data));
    found(pattern.src, p.src) || found(pattern.dst, p.dst)
}
