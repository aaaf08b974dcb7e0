//! Where the records that a tool gives out go: lines of text, argus files.

use super::options::{Plan, Target, Window};
use crate::base::{Timestamp, clock};
use crate::filter::Filter;
use crate::record::fields::{Context, Printer};
use crate::record::{Far, RecordRef};
use crate::sink::{ArgusWriter, SinkError, TextWriter};

/// Prints records or writes them to files, as the options say.
pub(in crate::cli) struct Output {
    text: Option<TextWriter>,
    files: Vec<(ArgusWriter, Filter)>,
    window: Option<Window>,
    now: Timestamp,
    /// Records that came, and the packets and bytes of those that were let through.
    seen: u64,
    pub(super) pkts: u64,
    pub(super) bytes: u64,
}

impl Output {
    /// Opens the files of the plan.
    pub(in crate::cli) fn new(plan: &mut Plan) -> anyhow::Result<Output> {
        let mut files = Vec::new();
        for Target { path, filter } in plan.targets.drain(..) {
            files.push((ArgusWriter::create(&path, plan.now)?, filter));
        }
        let printer = plan.printer.take().filter(|_| plan.prints);
        let text = printer.map(|p| TextWriter::new("standard output", Box::new(std::io::stdout()), p, plan.header));
        let window = plan.window.filter(|w| w.is_output);
        Ok(Output { text, files, window, now: plan.now, seen: 0, pkts: 0, bytes: 0 })
    }

    /// Whether text is printed.
    pub(in crate::cli) fn prints(&self) -> bool {
        self.text.is_some()
    }

    /// Whether `-N` lets no further record out.
    pub(in crate::cli) fn is_full(&self) -> bool {
        self.window.is_some_and(|w| self.seen >= w.last)
    }

    /// What lines are made of, if text is printed; to be changed before the first record only.
    pub(in crate::cli) fn printer_mut(&mut self) -> Option<&mut Printer> {
        self.text.as_mut().map(TextWriter::printer_mut)
    }

    /// Passes a management or event record on to the files.
    pub(in crate::cli) fn management(&mut self, record: RecordRef<'_>) -> Result<(), SinkError> {
        self.files.iter_mut().try_for_each(|(file, _)| file.write(record))
    }

    /// Gives a record out; `offset` is its place in its file.
    pub(in crate::cli) fn write(&mut self, far: &Far<'_>, offset: u64) -> Result<(), SinkError> {
        if self.is_full() {
            return Ok(());
        }
        self.seen += 1;
        if self.window.is_some_and(|w| self.seen < w.first) {
            return Ok(());
        }
        let m = far.metrics();
        self.pkts += m.src.pkts.saturating_add(m.dst.pkts);
        self.bytes += m.src.bytes.saturating_add(m.dst.bytes);
        for (file, filter) in &mut self.files {
            if filter.matches(far) {
                file.write(far.record())?;
            }
        }
        match &mut self.text {
            Some(text) => text.write(far, &Context { rank: self.seen, offset, now: self.now }),
            None => Ok(()),
        }
    }

    /// Shows a management or event record, if text is printed.
    pub(in crate::cli) fn other(&mut self, far: &Far<'_>, offset: u64) -> Result<(), SinkError> {
        let context = Context { rank: self.seen, offset, now: self.now };
        self.text.as_mut().map_or(Ok(()), |text| text.write(far, &context))
    }

    /// Gives out a record made here, as its bytes; those that are none are left out.
    pub(in crate::cli) fn write_bytes(&mut self, bytes: &[u8], offset: u64) -> Result<(), SinkError> {
        RecordRef::new(bytes).and_then(Far::decode).map_or(Ok(()), |far| self.write(&far, offset))
    }

    /// Appends a line of text, if text is printed.
    pub(in crate::cli) fn line(&mut self, line: &str) -> bool {
        self.text.as_mut().map(|text| text.line(line)).is_some()
    }

    /// Hands everything over to the system.
    pub(in crate::cli) fn flush(&mut self) -> Result<(), SinkError> {
        self.files.iter_mut().try_for_each(|(file, _)| file.flush())?;
        self.text.as_mut().map_or(Ok(()), TextWriter::flush)
    }

    pub(super) fn finish(mut self) -> Result<(), SinkError> {
        if let Some(text) = &mut self.text {
            text.finish()?;
        }
        let now = clock::wall_now();
        self.files.into_iter().try_for_each(|(file, _)| file.finish(now))
    }
}
