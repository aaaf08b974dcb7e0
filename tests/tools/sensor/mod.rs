//! `argus-globe argus`: its records against those of the classic sensor, read by the classic reader.

mod cli;
mod corpus;
mod frames;
mod hostile;
mod keys;
mod options;
mod reference;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// Runs our sensor.
fn argus(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_argus-globe")).arg("argus").args(args).output().expect("the program starts")
}

/// A folder for one test's files.
fn scratch(test: &str) -> PathBuf {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join("sensor").join(test);
    let _ = std::fs::remove_dir_all(&dir);
    std::fs::create_dir_all(&dir).expect("a folder for the test");
    dir
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a plain path")
}

/// Runs a program of the classic suite.
fn classic(program: &str, package: &str, args: &[&str]) -> Output {
    let run = Command::new(program).args(args).output();
    run.unwrap_or_else(|e| panic!("{program}: {e}; these tests compare with it: install {package}"))
}

/// Records of `capture` by our sensor.
fn ours(capture: &Path, out: &Path, args: &[&str]) {
    let run = argus(&[args, &["-r", text(capture), "-w", text(out)]].concat());
    assert!(run.status.success(), "{capture:?}: {}", String::from_utf8_lossy(&run.stderr));
}

/// Records of `capture` by the classic sensor.
fn theirs(capture: &Path, out: &Path, args: &[&str]) {
    let run = classic("argus", "argus-server", &[&["-X"], args, &["-r", text(capture), "-w", text(out)]].concat());
    assert!(run.status.success(), "{capture:?}: {}", String::from_utf8_lossy(&run.stderr));
}

/// What the classic reader prints of a file: one line of fields per flow record.
fn read(records: &Path, fields: &[&str]) -> Vec<String> {
    let args =
        [&["-X", "-r", text(records), "-L-1", "-n", "-u", "-p", "6", "-c", ",", "-s"], fields, &["-", "not", "man"]];
    let run = classic("ra", "argus-client", &args.concat());
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    assert!(run.stderr.is_empty(), "{}", String::from_utf8_lossy(&run.stderr));
    String::from_utf8_lossy(&run.stdout).lines().map(str::to_owned).collect()
}
