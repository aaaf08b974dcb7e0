//! One record as two: one per host (`-M rmon`), one per direction (`-M uni`).

use crate::aggregate::Merged;
use crate::record::{Counts, Far};

/// Titles where a row tells of one host.
pub(in crate::cli) const RMON_TITLES: &[(&str, &str)] = &[
    ("saddr", "Host"),
    ("snet", "Net"),
    ("smac", "Mac"),
    ("soui", "Oui"),
    ("spkts", "OutPkts"),
    ("dpkts", "InPkts"),
    ("sbytes", "OutBytes"),
    ("dbytes", "InBytes"),
    ("sappbytes", "OAppBytes"),
    ("dappbytes", "IAppBytes"),
    ("laddr", "Host"),
    ("lnet", "Net"),
];

/// What a record is taken apart into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cli) enum Expand {
    /// The record, and the record as its destination sees it.
    Hosts,
    /// What the source sent, and what the destination sent, each if it sent anything.
    Directions,
}

impl Expand {
    /// The records that stand for one: their bytes in two buffers that are used again, empty for none.
    pub(in crate::cli) fn apply(self, far: &Far<'_>, out: &mut [Vec<u8>; 2]) {
        let [first, second] = out;
        first.clear();
        second.clear();
        let mut flow = Merged::from_far(far);
        match self {
            Expand::Hosts => {
                flow.write(first);
                flow.exchange();
                flow.write(second);
            }
            Expand::Directions => {
                let m = far.metrics();
                if m.src.pkts > 0 || m.dst.pkts == 0 {
                    flow.set_counts(m.src, Counts::default());
                    flow.write(first);
                }
                if m.dst.pkts > 0 {
                    flow.exchange();
                    flow.set_counts(m.dst, Counts::default());
                    flow.write(second);
                }
            }
        }
    }
}
