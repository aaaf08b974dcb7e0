//! Which records a client gets.

use crate::filter::Filter;
use crate::record::Far;
use crate::record::codec::{RecordKind, RecordRef};

/// A client's filter, or none.
#[derive(Debug, Default)]
pub(crate) struct Selection {
    filter: Option<Filter>,
}

impl Selection {
    /// Lets everything pass.
    pub(crate) fn everything() -> Selection {
        Selection::default()
    }

    /// From the text of a FILTER command. Clients put `man or (…)` around theirs. Host names are not looked up: that
    /// would let strangers make this machine ask for names.
    ///
    /// # Errors
    /// It is no filter; what is wrong with it.
    pub(crate) fn of_client(text: &str) -> Result<Selection, String> {
        let filter = Filter::parse(text).map_err(|e| e.problem().to_owned())?;
        Ok(Selection { filter: (!filter.is_empty()).then_some(filter) })
    }

    /// Whether a record is sent. Management records always are: without them a silent server looks like a dead one.
    pub(crate) fn passes(&self, record: &[u8]) -> bool {
        let Some(filter) = &self.filter else { return true };
        let Some(record) = RecordRef::new(record) else { return false };
        record.kind() == RecordKind::Mar || Far::decode(record).is_some_and(|far| filter.matches(&far))
    }
}
