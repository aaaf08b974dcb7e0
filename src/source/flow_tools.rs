//! flow-tools files (`ft:`).

use std::io::{self, BufReader, Read};
use std::path::PathBuf;

use super::decompress::{Input, is_damage};
use super::pipe::Patient;
use super::{Batch, Source, SourceError, SourceInfo, Step, Warnings};
use crate::foreign::FlowToolsHeader;

/// Records after which a poll returns.
const MAX_RECORDS: usize = 1024;
/// Bytes of the header that tell how long it is.
const START: usize = 8;

/// Reads record after record.
pub(super) struct FlowToolsFile {
    name: PathBuf,
    input: Box<dyn Read + Send>,
    header: FlowToolsHeader,
    record: Vec<u8>,
    seq: u32,
    damaged: u64,
    ended: bool,
}

impl FlowToolsFile {
    /// Over an unpacked input; reads its header.
    ///
    /// # Errors
    /// The header is cut or of an unknown form.
    pub(super) fn new(name: PathBuf, input: Input) -> Result<FlowToolsFile, SourceError> {
        let mut input: Box<dyn Read + Send> = Box::new(BufReader::new(Patient(input)));
        let mut head = vec![0; START];
        read_all(&mut input, &mut head, &name)?;
        let format = |problem: String| SourceError::Format { name: name.clone(), problem };
        let length = FlowToolsHeader::length(&head).map_err(|e| format(e.to_string()))?;
        let mut rest = Vec::new();
        let wanted = length.saturating_sub(START);
        (&mut input)
            .take(wanted as u64)
            .read_to_end(&mut rest)
            .map_err(|source| SourceError::Io { name: name.clone(), source })?;
        if rest.len() < wanted {
            return Err(format(format!(
                "expected a header of {length} bytes, the file ends after {}",
                START + rest.len()
            )));
        }
        head.extend_from_slice(&rest);
        let header = FlowToolsHeader::parse(&head).map_err(|e| format(e.to_string()))?;
        if header.compressed {
            input = Box::new(BufReader::new(flate2::bufread::ZlibDecoder::new(BufReader::new(input))));
        }
        let record = vec![0; header.record_len()];
        Ok(FlowToolsFile { name, input, header, record, seq: 0, damaged: 0, ended: false })
    }

    /// Reads one record; false at the end.
    fn next(&mut self, warnings: &mut Warnings) -> Result<bool, SourceError> {
        let mut filled = 0;
        while filled < self.record.len() {
            match self.input.read(self.record.get_mut(filled..).unwrap_or_default()) {
                Ok(0) if filled == 0 => return Ok(false),
                Ok(0) => {
                    self.damaged += 1;
                    let (name, seq, len) = (self.name.display(), self.seq + 1, self.record.len());
                    warnings.add(format!("{name}: record {seq} ends after {filled} of {len} bytes; left out"));
                    return Ok(false);
                }
                Ok(n) => filled += n,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => {
                    let name = self.name.clone();
                    let offset = self.header.data as u64 + u64::from(self.seq) * self.record.len() as u64;
                    return Err(if is_damage(&e) {
                        SourceError::Damaged { name, offset, problem: format!("the packed data break here: {e}") }
                    } else {
                        SourceError::Io { name, source: e }
                    });
                }
            }
        }
        Ok(true)
    }
}

fn read_all(input: &mut dyn Read, buf: &mut [u8], name: &std::path::Path) -> Result<(), SourceError> {
    input.read_exact(buf).map_err(|e| match e.kind() {
        io::ErrorKind::UnexpectedEof => SourceError::Format {
            name: name.to_owned(),
            problem: format!("expected a flow-tools header of at least {} bytes, the file is shorter", buf.len()),
        },
        _ => SourceError::Io { name: name.to_owned(), source: e },
    })
}

impl Source for FlowToolsFile {
    fn info(&self) -> SourceInfo {
        SourceInfo {
            name: self.name.display().to_string(),
            kind: "flow-tools file",
            live: false,
            dropped: 0,
            damaged: self.damaged,
        }
    }

    fn poll(&mut self, batch: &mut Batch, warnings: &mut Warnings) -> Result<Step, SourceError> {
        for _ in 0..MAX_RECORDS {
            if self.ended {
                return Ok(Step::End);
            }
            match self.next(warnings) {
                Ok(true) => {
                    self.seq = self.seq.wrapping_add(1);
                    let flow = self.header.decode(&self.record);
                    batch.push_with(|out| flow.write(self.seq, out));
                }
                Ok(false) => self.ended = true,
                Err(e) => {
                    self.ended = true;
                    return Err(e);
                }
            }
        }
        Ok(Step::More)
    }
}
