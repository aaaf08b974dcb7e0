//! Chunks on disk: a temporary file without a name, which goes with the program however that ends.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::PathBuf;

/// Where a chunk lies.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stored {
    at: u64,
    len: usize,
}

/// The file, made when the first chunk comes.
#[derive(Debug, Default)]
pub(super) struct Spool {
    file: Option<File>,
    end: u64,
}

impl Spool {
    /// Appends bytes.
    ///
    /// # Errors
    /// The file cannot be made or written, usually because the disk is full.
    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<Stored> {
        if self.file.is_none() {
            self.file = Some(tempfile::tempfile_in(folder())?);
        }
        let Some(file) = &mut self.file else { return Err(io::ErrorKind::NotFound.into()) };
        // Not where the last write ended: one that failed may have written a part.
        file.seek(SeekFrom::Start(self.end))?;
        file.write_all(bytes)?;
        let stored = Stored { at: self.end, len: bytes.len() };
        self.end += bytes.len() as u64;
        Ok(stored)
    }

    /// Reads bytes back into `out`, whose contents are replaced.
    ///
    /// # Errors
    /// The file cannot be read.
    pub(super) fn read(&mut self, stored: Stored, out: &mut Vec<u8>) -> io::Result<()> {
        let Some(file) = &mut self.file else { return Err(io::ErrorKind::NotFound.into()) };
        file.seek(SeekFrom::Start(stored.at))?;
        out.clear();
        out.resize(stored.len, 0);
        file.read_exact(out)
    }
}

/// Where the file is made: the folder that `TMPDIR` names, else `/var/tmp`, which unlike `/tmp` does not lie in memory.
pub(super) fn folder() -> PathBuf {
    let large = PathBuf::from("/var/tmp");
    if std::env::var_os("TMPDIR").is_none() && large.is_dir() { large } else { std::env::temp_dir() }
}
