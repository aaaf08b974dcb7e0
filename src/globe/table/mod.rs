//! The flow table: argus columns, sorted and filtered, as many rows as there are.
//!
//! The model is made when the snapshot or the wish changes, in a task of its own when there are many rows; the panel
//! only formats the rows that can be seen.

mod columns;
mod model;
mod query;
mod ui;

pub use columns::{COLUMNS, Column, ColumnError, columns_of};
pub use model::{FlowId, MOST_COPIED, Sums, View, Wish, has_end, joins};
pub use query::{NAMES, Query};
pub use ui::{TableModel, table_ui};
