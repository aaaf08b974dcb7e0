//! Flow records as lines: columns, delimited text, JSON.

use std::io::Write;
use std::path::PathBuf;

use super::SinkError;
use crate::record::Far;
use crate::record::fields::{Context, Printer};

/// Bytes gathered before they are written.
const BLOCK_LEN: usize = 64 * 1024;

/// When the line of titles is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Header {
    /// Never.
    Never,
    /// Before the first row.
    Once,
    /// Before the first row and after every so many.
    Every(u64),
}

/// Writes records as lines of text. Nothing is written when no record comes.
pub struct TextWriter {
    name: PathBuf,
    out: Box<dyn Write + Send>,
    block: Vec<u8>,
    printer: Printer,
    header: Header,
    rows: u64,
}

impl TextWriter {
    /// Over any writer; `name` is for messages.
    #[must_use]
    pub fn new(name: impl Into<PathBuf>, out: Box<dyn Write + Send>, printer: Printer, header: Header) -> TextWriter {
        TextWriter { name: name.into(), out, block: Vec::with_capacity(BLOCK_LEN + 4096), printer, header, rows: 0 }
    }

    /// Writes a record as a line. The context's rank is that of the record in the output.
    ///
    /// # Errors
    /// The output cannot be written.
    #[inline]
    pub fn write(&mut self, far: &Far<'_>, context: &Context) -> Result<(), SinkError> {
        let due = match self.header {
            Header::Never => false,
            Header::Once => self.rows == 0,
            Header::Every(n) => self.rows.is_multiple_of(n.max(1)),
        };
        if self.rows == 0 {
            self.printer.prologue(&mut self.block);
        }
        if due {
            self.printer.header(&mut self.block);
        }
        self.printer.row(far, context, &mut self.block);
        self.rows += 1;
        if self.block.len() >= BLOCK_LEN { self.flush() } else { Ok(()) }
    }

    /// What lines are made of; to be changed before the first line only.
    pub fn printer_mut(&mut self) -> &mut Printer {
        &mut self.printer
    }

    /// Appends a line of text as it is.
    pub fn line(&mut self, text: &str) {
        self.block.extend_from_slice(text.as_bytes());
        self.block.push(b'\n');
    }

    /// Writes what stands behind the last row, if there was one, and hands everything over.
    ///
    /// # Errors
    /// The output cannot be written.
    pub fn finish(&mut self) -> Result<(), SinkError> {
        if self.rows > 0 {
            self.printer.epilogue(&mut self.block);
        }
        self.flush()
    }

    /// Rows written so far.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Hands everything over to the system.
    ///
    /// # Errors
    /// The output cannot be written.
    pub fn flush(&mut self) -> Result<(), SinkError> {
        let done = self.out.write_all(&self.block).and_then(|()| self.out.flush());
        self.block.clear();
        done.map_err(|source| SinkError::Io { name: self.name.clone(), source })
    }
}
