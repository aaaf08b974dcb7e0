//! What programs that run for long share: outputs, the server's options, signals, the background.

mod background;
mod identity;
mod options;
mod outputs;
mod signals;

pub(super) use background::Background;
pub(super) use options::{
    ServiceArgs, Target, WriteArgs, check_source_id, fill, pair_arg, pairs, place_and_filter, source_id,
};
pub(super) use outputs::Outputs;
pub(super) use signals::Signals;

use std::io::Write as _;
use std::path::Path;

use anyhow::Context as _;

use super::Usage;
use crate::base::rc::{self, Setting};

/// Tells the user something, as every program of the family does: on standard error, in one line.
pub(super) fn say(text: &str) {
    // Nobody may be listening any more; the work goes on.
    let _ = writeln!(std::io::stderr(), "argus-globe: {text}");
}

/// The settings of a configuration file.
///
/// # Errors
/// The file cannot be read, is too long to be a configuration, or a line is no setting.
pub(super) fn read_settings(path: &Path) -> anyhow::Result<Vec<Setting>> {
    let len = std::fs::metadata(path).with_context(|| format!("reading {path:?}"))?.len();
    if len > rc::MAX_LEN as u64 {
        return Err(Usage(format!("{path:?} has {len} bytes; a configuration has at most {}", rc::MAX_LEN)).into());
    }
    let bytes = std::fs::read(path).with_context(|| format!("reading {path:?}"))?;
    rc::parse(&String::from_utf8_lossy(&bytes)).map_err(|e| Usage(format!("{path:?}, {e}")).into())
}

/// Adds the file, line and key to what is wrong with a setting.
pub(super) fn at_setting(path: &Path, setting: &Setting, problem: &str) -> Usage {
    Usage(format!("{path:?}, line {}: {}={:?}: {problem}", setting.line, setting.key, setting.value))
}

/// The truth of a yes-or-no setting.
pub(super) fn is_yes(setting: &Setting) -> Result<bool, String> {
    rc::yes(&setting.value).ok_or_else(|| "expected yes or no".to_owned())
}

/// One warning that names all settings without effect.
pub(super) fn warn_of_unknown(path: &Path, unknown: &[&Setting]) {
    if !unknown.is_empty() {
        let names: Vec<_> = unknown.iter().map(|s| format!("{} (line {})", s.key, s.line)).collect();
        say(&format!("{}: these settings have no effect here: {}", path.display(), names.join(", ")));
    }
}
