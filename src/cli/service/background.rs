//! Running in the background (`-d`), without code that the compiler cannot check.
//!
//! A process cannot detach itself without calling the system directly. So it starts itself once more, in a session of
//! its own through the program `setsid` (without one, in a process group of its own), and waits until the new process
//! says over a pipe that it is ready, or why not. The classic programs answer at once and fail in silence.

use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::Context as _;

use super::super::Outcome;
use super::{ServiceArgs, say};

/// Set for the process that runs in the background.
const MARK: &str = "ARGUS_GLOBE_BACKGROUND";
/// How it begins the line by which it says that it is ready.
const READY: &str = "ready: ";

/// This process's part in running in the background, and its process id file.
#[derive(Debug, Default)]
pub(crate) struct Background {
    is_child: bool,
    pid_file: Option<PathBuf>,
}

impl Background {
    /// Starts the background process if that is asked for; then the result is how this process ends.
    ///
    /// # Errors
    /// The other process cannot be started, or could not begin its work.
    pub(crate) fn enter(args: &ServiceArgs) -> anyhow::Result<Result<Background, Outcome>> {
        let is_child = std::env::var_os(MARK).is_some();
        if args.daemon && !is_child {
            return start(args.log.as_deref()).map(Err);
        }
        Ok(Ok(Background { is_child: is_child && args.daemon, pid_file: args.pid_file.clone() }))
    }

    /// Writes the process id file; to be called while the process still may.
    ///
    /// # Errors
    /// The file cannot be written.
    pub(crate) fn note(&self) -> anyhow::Result<()> {
        if let Some(path) = &self.pid_file {
            let mut file = File::create(path).with_context(|| format!("writing {path:?}"))?;
            writeln!(file, "{}", std::process::id()).with_context(|| format!("writing {path:?}"))?;
        }
        Ok(())
    }

    /// Says that the work has begun, to the user or to the process that waits for it.
    pub(crate) fn ready(&self, text: &str) {
        if self.is_child {
            // Whoever waited may be gone; the work goes on.
            let _ = writeln!(std::io::stdout(), "{READY}process {}: {text}", std::process::id());
        } else {
            say(text);
        }
    }

    /// Passes on how the work ended; a failure also to the process that waits for the beginning.
    pub(crate) fn end(self, result: anyhow::Result<Outcome>) -> anyhow::Result<Outcome> {
        if let (true, Err(e)) = (self.is_child, &result) {
            let _ = writeln!(std::io::stdout(), "{e:#}");
        }
        result
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        if let Some(path) = &self.pid_file {
            // It may have been removed already, or lie outside a new root.
            let _ = std::fs::remove_file(path);
        }
    }
}

/// Starts this program again and waits for its first word.
fn start(log: Option<&Path>) -> anyhow::Result<Outcome> {
    let mut child = spawn(log).context("starting the background process")?;
    let Some(pipe) = child.stdout.take() else { return Ok(Outcome::Done) };
    let mut said = Vec::new();
    for line in BufReader::new(pipe).lines() {
        let line = line.context("waiting for the background process")?;
        if let Some(text) = line.strip_prefix(READY) {
            say(text);
            return Ok(Outcome::Done);
        }
        said.push(line);
    }
    let status = child.wait().context("waiting for the background process")?;
    if said.is_empty() {
        said.push(format!("it ended with {status} and without a word"));
    }
    Err(anyhow::anyhow!("the background process did not begin its work: {}", said.join("; ")))
}

fn spawn(log: Option<&Path>) -> anyhow::Result<Child> {
    let words: Vec<OsString> = std::env::args_os().collect();
    let mut detached = Command::new("setsid");
    detached.args(&words);
    match configured(&mut detached, log)?.spawn() {
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => {}
        other => return Ok(other?),
    }
    let Some((program, rest)) = words.split_first() else { anyhow::bail!("the program does not know its own name") };
    let mut plain = Command::new(program);
    plain.args(rest);
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut plain, 0);
    Ok(configured(&mut plain, log)?.spawn()?)
}

fn configured<'a>(command: &'a mut Command, log: Option<&Path>) -> anyhow::Result<&'a mut Command> {
    let messages = match log {
        None => Stdio::null(),
        Some(path) => {
            let file = OpenOptions::new().append(true).create(true).open(path);
            file.with_context(|| format!("opening {path:?}"))?.into()
        }
    };
    Ok(command.env(MARK, "1").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(messages))
}
