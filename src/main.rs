//! The program: parses the command line, runs it, turns the outcome into text and an exit status.

use std::process::ExitCode;

fn main() -> ExitCode {
    argus_globe::cli::main()
}
