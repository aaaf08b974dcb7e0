//! Who the sources of a relay are, so that its management records can name one that is lost.

use crate::base::Timestamp;
use crate::cache::SourceState;
use crate::record::codec::{Mar, MarCause, MarMaker};
use crate::record::{Batch, Cause, RecordKind, RecordRef, SourceId};

/// What sources have said of themselves.
#[derive(Debug, Default)]
pub(super) struct Roll {
    entries: Vec<Entry>,
}

#[derive(Clone, Debug, Default)]
struct Entry {
    /// From its latest management record, without its counters.
    maker: Option<MarMaker>,
    is_lost: bool,
}

impl Roll {
    /// For so many sources.
    pub(super) fn new(sources: usize) -> Roll {
        Roll { entries: vec![Entry::default(); sources] }
    }

    /// Notes what a source says of itself.
    pub(super) fn hear(&mut self, source: SourceId, record: RecordRef<'_>) {
        let mar = if record.kind() == RecordKind::Mar { Mar::new(record) } else { None };
        let (Some(mar), Some(entry)) = (mar, self.entries.get_mut(usize::from(source.0))) else { return };
        // A relay passes on what others say, under their names; only its first record is about itself.
        let is_first = entry.maker.is_none() && record.cause() == Cause::Status;
        if is_first || record.cause() == Cause::Start {
            let said = MarMaker::like(&mar);
            entry.maker = Some(MarMaker { packets: 0, bytes: 0, records: 0, flows: 0, dropped: 0, ..said });
        }
    }

    /// The record that says that a source is lost, or back; nothing if that has been said, or if it never was there.
    pub(super) fn see(&mut self, source: SourceId, state: &SourceState, now: Timestamp) -> Option<Batch> {
        let entry = self.entries.get_mut(usize::from(source.0))?;
        let maker = entry.maker.as_ref()?;
        let cause = match (state, entry.is_lost) {
            (SourceState::Retrying(_) | SourceState::Failed(_), false) => MarCause::Error,
            (SourceState::Live, true) => MarCause::Status,
            _ => return None,
        };
        entry.is_lost = cause == MarCause::Error;
        Some(one(source, maker, cause, now))
    }
}

fn one(source: SourceId, maker: &MarMaker, cause: MarCause, now: Timestamp) -> Batch {
    let mut batch = Batch::new(source);
    batch.push_with(|out| maker.write(cause, now, out));
    batch
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;
    use crate::record::SrcId;

    fn record(last: u8, cause: MarCause) -> Batch {
        let mut maker = MarMaker::new(Timestamp::from_parts(1000, 0));
        (maker.srcid, maker.packets) = (SrcId::V4(Ipv4Addr::new(10, 0, 0, last)), 7);
        one(SourceId(0), &maker, cause, Timestamp::from_parts(1060, 0))
    }

    fn hear(roll: &mut Roll, batch: &Batch) {
        batch.iter().filter_map(RecordRef::new).for_each(|record| roll.hear(SourceId(1), record));
    }

    fn shown(batch: &Batch) -> (SrcId, Cause, i64, u64) {
        let record = batch.iter().find_map(RecordRef::new).unwrap();
        let mar = Mar::new(record).unwrap();
        (mar.srcid(), mar.cause(), mar.now().secs(), mar.packets())
    }

    #[test]
    fn a_lost_source_is_named_once_and_so_is_its_return() {
        let mut roll = Roll::new(2);
        let id = |last| SrcId::V4(Ipv4Addr::new(10, 0, 0, last));
        let (live, lost) = (SourceState::Live, SourceState::Retrying("closed".into()));
        let at = |secs| Timestamp::from_parts(secs, 0);
        assert!(roll.see(SourceId(1), &lost, at(1)).is_none(), "it never was there");
        hear(&mut roll, &record(5, MarCause::Start));
        assert!(roll.see(SourceId(1), &live, at(2)).is_none());
        // What a relay says of others.
        hear(&mut roll, &record(6, MarCause::Error));
        hear(&mut roll, &record(7, MarCause::Status));
        let said = roll.see(SourceId(1), &lost, at(4)).unwrap();
        assert_eq!(shown(&said), (id(5), Cause::Error, 4, 0));
        assert_eq!(said.source(), SourceId(1));
        assert!(roll.see(SourceId(1), &lost, at(5)).is_none());
        hear(&mut roll, &record(8, MarCause::Start));
        assert!(roll.see(SourceId(1), &lost, at(6)).is_none(), "greeted, but not yet read");
        assert_eq!(shown(&roll.see(SourceId(1), &live, at(7)).unwrap()), (id(8), Cause::Status, 7, 0));
        assert!(roll.see(SourceId(1), &live, at(8)).is_none());
        assert!(roll.see(SourceId(1), &SourceState::Failed("no".into()), at(9)).is_some());
        assert!(roll.see(SourceId(9), &lost, at(9)).is_none());
    }
}
