//! A running pipeline behind the feed; and what is shown when none could be started.

use std::sync::Arc;

use super::feed::{FeedSource, FixedSource};
use crate::alert::Alert;
use crate::cache::{Snapshot, SourceHealth, SourceState};
use crate::pipeline::{Control, Handle, Playhead, Witness};
use crate::record::SourceId;

/// A running pipeline; it stops when this is dropped.
#[derive(Debug)]
pub struct PipelineFeed {
    handle: Handle,
    last: Arc<Snapshot>,
}

impl PipelineFeed {
    /// Takes over a pipeline.
    #[must_use]
    pub fn new(handle: Handle) -> PipelineFeed {
        PipelineFeed { handle, last: Arc::default() }
    }
}

impl FeedSource for PipelineFeed {
    fn poll(&mut self) -> Option<Arc<Snapshot>> {
        let newest = self.handle.latest();
        if Arc::ptr_eq(&newest, &self.last) {
            return None;
        }
        self.last = newest.clone();
        Some(newest)
    }

    fn playhead(&self) -> Playhead {
        self.handle.playhead()
    }

    fn alerts(&self) -> Arc<[Alert]> {
        self.handle.alerts()
    }

    fn witness(&self) -> Arc<Witness> {
        self.handle.witness()
    }

    fn send(&mut self, control: Control) {
        if !self.handle.send(control.clone()) {
            // The channel holds many wishes; a full one means that the pipeline hangs or has ended.
            tracing::warn!("the pipeline did not take {control:?}");
        }
    }
}

/// The picture of sources that could not be opened: no traffic, and the reason for each name.
#[must_use]
pub fn failed(names: &[String], why: &str) -> FixedSource {
    let mut snapshot = Snapshot::default();
    snapshot.health.sources = (0u16..)
        .zip(names)
        .map(|(id, name)| SourceHealth {
            id: SourceId(id),
            name: name.clone(),
            kind: "",
            state: if why.contains(name.as_str()) || names.len() == 1 {
                SourceState::Failed(why.to_owned())
            } else {
                SourceState::Opening
            },
            records: 0,
            dropped: 0,
            damaged: 0,
            live: false,
        })
        .collect();
    if !snapshot.health.sources.iter().any(|s| matches!(s.state, SourceState::Failed(_)))
        && let Some(first) = snapshot.health.sources.first_mut()
    {
        first.state = SourceState::Failed(why.to_owned());
    }
    FixedSource::new(Arc::new(snapshot))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_source_that_failed_is_marked_and_one_always_is() {
        let names = ["a.pcap".to_owned(), "b.argus".to_owned()];
        let states = |why: &str| {
            let snapshot = failed(&names, why).poll().expect("one snapshot");
            snapshot.health.sources.iter().map(|s| matches!(s.state, SourceState::Failed(_))).collect::<Vec<_>>()
        };
        assert_eq!(states("opening \"b.argus\": no such file"), [false, true]);
        assert_eq!(states("no database"), [true, false]);
    }
}
