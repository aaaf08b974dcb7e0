//! What the user has marked on the time line: a part to repeat, bookmarks, and silence to jump over. No egui here.
//!
//! Bookmarks are moments, kept for all recordings alike: those within a recording are its own.

use std::time::Duration;

use bevy::prelude::Resource;

use crate::base::{Span, Timestamp};

/// Most bookmarks, over all recordings.
pub const MOST_BOOKMARKS: usize = 1000;
/// A bookmark so near to the playhead is the one that is meant.
const NEAR: Duration = Duration::from_millis(500);
/// Silence that is jumped over, when it is switched on by hand.
pub const IDLE: Duration = Duration::from_secs(10);

/// Marks of this session.
#[derive(Resource, Clone, Debug, Default, PartialEq)]
pub struct Marks {
    /// Where the repeated part begins.
    from: Option<Timestamp>,
    /// Where it ends.
    to: Option<Timestamp>,
    /// Marked times, in order.
    bookmarks: Vec<Timestamp>,
    /// Silence longer than this is jumped over.
    pub skip_idle: Option<Duration>,
}

impl Marks {
    /// The part that is repeated, once both its ends are set.
    #[must_use]
    pub fn part(&self) -> Option<Span> {
        let (from, to) = (self.from?, self.to?);
        (from < to).then(|| Span::new(from, to))
    }

    /// The ends that are set.
    #[must_use]
    pub fn ends(&self) -> [Option<Timestamp>; 2] {
        [self.from, self.to]
    }

    /// The marked times, in order.
    #[must_use]
    pub fn bookmarks(&self) -> &[Timestamp] {
        &self.bookmarks
    }

    /// Begins the part here; an end that does not lie behind it is forgotten.
    pub fn begin_part(&mut self, now: Timestamp) {
        self.from = Some(now);
        self.to = self.to.filter(|to| *to > now);
    }

    /// Ends the part here; without a beginning before it, it begins at the first record.
    pub fn end_part(&mut self, now: Timestamp, recording: Span) {
        self.to = Some(now);
        self.from = self.from.filter(|from| *from < now).or(Some(recording.start));
    }

    /// Forgets the part.
    pub fn clear_part(&mut self) {
        (self.from, self.to) = (None, None);
    }

    /// Sets a bookmark here, or takes away the one that is here. True if it was set.
    pub fn toggle_bookmark(&mut self, now: Timestamp) -> bool {
        let before = self.bookmarks.len();
        self.bookmarks.retain(|b| b.since(now).max(now.since(*b)) > NEAR);
        if self.bookmarks.len() < before || before >= MOST_BOOKMARKS {
            return false;
        }
        let at = self.bookmarks.partition_point(|b| *b < now);
        self.bookmarks.insert(at, now);
        true
    }

    /// The bookmark of a recording that follows a time; behind the last comes the first.
    #[must_use]
    pub fn next_bookmark(&self, now: Timestamp, recording: Span) -> Option<Timestamp> {
        let mut within = self.bookmarks.iter().copied().filter(|b| recording.contains(*b));
        let first = within.clone().next();
        within.find(|b| b.since(now) > NEAR).or(first)
    }

    /// Takes bookmarks away.
    pub fn forget(&mut self, bookmarks: &[Timestamp]) {
        self.bookmarks.retain(|b| !bookmarks.contains(b));
    }

    /// Takes bookmarks over that were kept, as many as there is room for.
    pub fn keep(&mut self, bookmarks: impl IntoIterator<Item = Timestamp>) {
        self.bookmarks.extend(bookmarks);
        self.bookmarks.sort_unstable();
        self.bookmarks.dedup();
        self.bookmarks.truncate(MOST_BOOKMARKS);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(secs: i64) -> Timestamp {
        Timestamp::from_parts(1_000 + secs, 0)
    }

    #[test]
    fn a_part_has_its_end_behind_its_beginning() {
        let whole = Span::new(at(0), at(100));
        let mut m = Marks::default();
        m.begin_part(at(10));
        assert_eq!(m.part(), None);
        m.end_part(at(20), whole);
        assert_eq!(m.part(), Some(Span::new(at(10), at(20))));
        m.begin_part(at(30));
        assert_eq!((m.part(), m.ends()), (None, [Some(at(30)), None]));
        m.end_part(at(25), whole);
        assert_eq!(m.part(), Some(Span::new(at(0), at(25))));
        m.clear_part();
        assert_eq!(m.ends(), [None, None]);
    }

    #[test]
    fn bookmarks_are_set_taken_away_and_visited_in_turn() {
        let whole = Span::new(at(0), at(2000));
        let mut m = Marks::default();
        assert_eq!(m.next_bookmark(at(0), whole), None);
        assert!(m.toggle_bookmark(at(20)) && m.toggle_bookmark(at(10)) && m.toggle_bookmark(at(30)));
        assert_eq!(m.next_bookmark(at(10), whole), Some(at(20)));
        assert_eq!(m.next_bookmark(at(30), whole), Some(at(10)));
        assert_eq!(m.next_bookmark(at(5), Span::new(at(25), at(40))), Some(at(30)), "those of other recordings");
        assert!(!m.toggle_bookmark(at(20)));
        assert_eq!(m.bookmarks(), [at(10), at(30)]);
        for i in 0..MOST_BOOKMARKS as i64 {
            m.toggle_bookmark(at(100 + i * 2));
        }
        assert_eq!(m.bookmarks().len(), MOST_BOOKMARKS);
        m.keep([at(3), at(10), at(3)]);
        assert_eq!((m.bookmarks().len(), m.bookmarks()[0]), (MOST_BOOKMARKS, at(3)));
    }
}
