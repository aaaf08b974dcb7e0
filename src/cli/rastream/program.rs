//! Runs a program on complete files, some at a time, without making the stream wait.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::cli::Usage;
use crate::cli::tools::reader::say;

/// Most programs running at a time; other files wait.
const MAX_RUNNING: usize = 4;
/// Most messages about failures.
const MAX_MESSAGES: u64 = 20;

/// The program, and the files it works on.
pub(super) struct Program {
    path: PathBuf,
    running: Vec<(PathBuf, Child)>,
    waiting: VecDeque<PathBuf>,
    failed: u64,
}

impl Program {
    /// A program by its name: from the search path, or where the name says.
    pub(super) fn find(name: &str) -> Result<Program, Usage> {
        let given = Path::new(name);
        let found = if name.contains('/') {
            Some(given.to_path_buf()).filter(|p| is_executable(p))
        } else {
            let dirs = std::env::var_os("PATH").unwrap_or_default();
            std::env::split_paths(&dirs).map(|dir| dir.join(given)).find(|p| is_executable(p))
        };
        let path =
            found.ok_or_else(|| Usage(format!("-f {name:?}: there is no program of this name that may be run")))?;
        Ok(Program { path, running: Vec::new(), waiting: VecDeque::new(), failed: 0 })
    }

    /// Takes a file to work on.
    pub(super) fn add(&mut self, file: PathBuf) {
        self.waiting.push_back(file);
    }

    /// Looks for those that have ended and starts others.
    pub(super) fn work(&mut self) {
        let mut running = std::mem::take(&mut self.running);
        running.retain_mut(|(file, child)| match child.try_wait() {
            Ok(None) => true,
            Ok(Some(status)) => {
                if !status.success() {
                    self.fail(file, &status.to_string());
                }
                false
            }
            Err(e) => {
                self.fail(file, &e.to_string());
                false
            }
        });
        self.running = running;
        while self.running.len() < MAX_RUNNING
            && let Some(file) = self.waiting.pop_front()
        {
            match Command::new(&self.path).arg("-r").arg(&file).stdin(Stdio::null()).spawn() {
                Ok(child) => self.running.push((file, child)),
                Err(e) => self.fail(&file, &e.to_string()),
            }
        }
    }

    /// Works until no file is left; false if it failed on one.
    pub(super) fn finish(mut self) -> bool {
        loop {
            self.work();
            if self.running.is_empty() {
                return self.failed == 0;
            }
            let (file, mut child) = self.running.remove(0);
            match child.wait() {
                Ok(status) if status.success() => {}
                Ok(status) => self.fail(&file, &status.to_string()),
                Err(e) => self.fail(&file, &e.to_string()),
            }
        }
    }

    fn fail(&mut self, file: &Path, problem: &str) {
        self.failed += 1;
        if self.failed <= MAX_MESSAGES {
            say(&format!("{:?} -r {file:?}: {problem}", self.path));
        }
    }
}

#[cfg(unix)]
fn is_executable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::metadata(path).is_ok_and(|m| m.is_file() && m.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_executable(path: &Path) -> bool {
    path.is_file()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_found_or_named_as_missing() {
        assert!(Program::find("sh").is_ok() && Program::find("/bin/sh").is_ok());
        for name in ["no-such-program-here", "/no/such/program", "/", ""] {
            assert!(Program::find(name).is_err(), "{name:?}");
        }
    }

    #[test]
    fn failures_are_counted() {
        let run = |name: &str| {
            let mut program = Program::find(name).expect("a program");
            (0..10).for_each(|n| program.add(format!("file-{n}").into()));
            program.finish()
        };
        assert_eq!((run("true"), run("false")), (true, false));
    }
}
