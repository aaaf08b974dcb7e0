//! The built program against its data and against the classic tools.

#[cfg(test)]
mod snapshot;
