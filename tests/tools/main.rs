//! The built program against its data and against the classic tools.

mod snapshot;
