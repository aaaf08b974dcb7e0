//! The single records of one flow, with every field that they have a value for, as the classic clients print them.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::base::zone::Zone;
use crate::base::{Span, Timestamp};
use crate::record::fields::{Columns, Context, FIELDS, Get, Look, Printer, Services, Shape};
use crate::record::{Far, FlowKey, SourceId};

/// Most records that are told; the newest.
pub const MOST_WITNESSED: usize = 50;
/// Longest value, in characters.
const LONGEST: usize = 200;

/// One record.
#[derive(Clone, Debug, PartialEq)]
pub struct Witnessed {
    /// From its first to its last packet.
    pub span: Span,
    /// Names and values of its fields, in the order of the table of fields; UTC.
    pub fields: Vec<(&'static str, String)>,
}

/// The records of one flow within the window.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Witness {
    /// Which flow, of which source.
    pub flow: Option<(FlowKey, SourceId)>,
    /// The playhead when they were looked up.
    pub now: Timestamp,
    /// The newest of them, newest first.
    pub records: Vec<Witnessed>,
    /// How many there are.
    pub count: usize,
}

/// Collects the newest records and makes text of them.
pub(super) struct Collector {
    newest: VecDeque<Witnessed>,
    count: usize,
    printer: Printer,
}

impl Collector {
    pub(super) fn new() -> Collector {
        let look = Look::new(Zone::utc(), Services::builtin());
        let printer = Printer::new(Columns::none(), look, Shape::Json);
        Collector { newest: VecDeque::with_capacity(MOST_WITNESSED), count: 0, printer }
    }

    pub(super) fn take(&mut self, far: &Far<'_>, span: Span) {
        self.count += 1;
        if self.newest.len() >= MOST_WITNESSED {
            self.newest.pop_front();
        }
        self.newest.push_back(Witnessed { span, fields: fields(&self.printer, far) });
    }

    pub(super) fn done(self, flow: (FlowKey, SourceId), now: Timestamp) -> Arc<Witness> {
        let records = self.newest.into_iter().rev().collect();
        Arc::new(Witness { flow: Some(flow), now, records, count: self.count })
    }
}

/// All fields of a record that say something.
fn fields(printer: &Printer, far: &Far<'_>) -> Vec<(&'static str, String)> {
    let mut cell = Vec::new();
    let of_record = FIELDS.iter().filter(|f| !matches!(f.get, Get::Rank | Get::Offset | Get::Idle | Get::Empty));
    of_record
        .filter_map(|field| {
            cell.clear();
            printer.cell(field, far, &Context::default(), &mut cell);
            let text = String::from_utf8_lossy(&cell);
            let text: String = text.trim().chars().filter(|c| !c.is_control()).take(LONGEST).collect();
            (!text.is_empty()).then_some((field.name, text))
        })
        .collect()
}
