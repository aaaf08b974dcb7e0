//! What the tests of the tools work with: a folder of their own, the programs run in it, the samples.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A folder that goes when it is dropped.
pub(super) struct Folder(pub(super) PathBuf);

impl Folder {
    /// An empty one.
    pub(super) fn new(name: &str) -> Folder {
        let dir = std::env::temp_dir().join(format!("argus-globe-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&dir);
        std::fs::create_dir_all(&dir).expect("a folder");
        Folder(dir)
    }

    /// The path of a file in it.
    pub(super) fn path(&self, name: &str) -> String {
        self.0.join(name).to_str().expect("a plain path").to_owned()
    }

    /// Writes a file in it.
    pub(super) fn write(&self, name: &str, text: &str) {
        std::fs::write(self.0.join(name), text).expect("written");
    }

    /// Runs a program in it.
    pub(super) fn run(&self, program: &str, args: &[&str]) -> Output {
        let mut command = Command::new(program);
        command.current_dir(&self.0).args(args).env("TZ", "UTC").stdin(std::process::Stdio::null());
        command.output().unwrap_or_else(|e| panic!("{program} must be installed: {e}"))
    }

    /// Runs the program under test in it.
    pub(super) fn ours(&self, args: &[&str]) -> Output {
        self.run(env!("CARGO_BIN_EXE_argus-globe"), args)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The path of a sample.
pub(super) fn sample(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/argus").join(name);
    path.to_str().expect("a plain path").to_owned()
}
