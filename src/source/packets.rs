//! Packet captures and live interfaces, turned into records by the sensor.

use std::io::Read;
use std::path::Path;

use super::{Source, SourceError, SourceId};

/// Opens a capture in pcap or pcapng format; `input` starts at its first byte, unpacked, and waits for bytes.
///
/// # Errors
/// This build has no packet reader.
pub(super) fn open_file(
    input: Box<dyn Read + Send>,
    name: &Path,
    id: SourceId,
) -> Result<Box<dyn Source>, SourceError> {
    let _ = (input, id);
    Err(SourceError::Format {
        name: name.to_owned(),
        problem: "this is a packet capture, and this build cannot read packets; make argus records of it first".into(),
    })
}

/// Opens a live interface with a packet filter.
///
/// # Errors
/// This build has no packet reader.
pub(super) fn open_live(device: &str, filter: &str, id: SourceId) -> Result<Box<dyn Source>, SourceError> {
    let _ = (filter, id);
    Err(SourceError::Unavailable {
        name: device.to_owned(),
        problem: "this build cannot capture packets; read a file or a stream of argus records".into(),
    })
}
