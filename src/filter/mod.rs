//! The filter language: text to a compiled test over records.
