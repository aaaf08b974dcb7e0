//! Keeps the screen on while a wall is shown: screen savers and power saving are held off by programs of the desktop.
//!
//! Each way is a program that holds until its command ends, and the command is `cat` on a pipe from here: when the wall is
//! left, and however this program ends, the pipe closes and the screen is as it was. A way that this machine does not have
//! is passed over in silence. One that talks to the desktop itself would bring in a whole message bus.

use std::io;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

/// The bare X server: its saver and its power saving, as they were afterwards.
const X_SERVER: &str = r#"
old=$(xset q) || exit
times=$(printf %s "$old" | sed -n 's/.*timeout: *\([0-9]*\) *cycle: *\([0-9]*\).*/\1 \2/p')
power=; case $old in *"DPMS is Enabled"*) power=+dpms; xset -dpms;; esac
xset s off; cat; xset s ${times:-default} $power
"#;

/// The ways: the X server, the login service, the sessions of two desktops.
const WAYS: &[&[&str]] = &[
    &["sh", "-c", X_SERVER],
    &["systemd-inhibit", "--what=idle:sleep", "--who=argus-globe", "--why=a wall display is shown", "cat"],
    &["gnome-session-inhibit", "--inhibit", "idle:suspend", "--reason", "a wall display is shown", "cat"],
    &["kde-inhibit", "--power", "--screenSaver", "cat"],
];
/// Time that the ways get to put things back.
const PATIENCE: Duration = Duration::from_secs(1);
const LOOK: Duration = Duration::from_millis(20);

/// What holds the screen on.
#[derive(Debug)]
pub(super) struct Keeper {
    ways: &'static [&'static [&'static str]],
    held: Vec<Child>,
}

impl Keeper {
    /// Nothing is held yet.
    pub(super) fn new() -> Keeper {
        Keeper { ways: WAYS, held: Vec::new() }
    }

    /// Holds, or lets go.
    pub(super) fn hold(&mut self, on: bool) {
        match on {
            true if self.held.is_empty() => self.held = self.ways.iter().filter_map(|way| begin(way).ok()).collect(),
            true => {}
            false => self.let_go(),
        }
    }

    fn let_go(&mut self) {
        for child in &mut self.held {
            child.stdin = None;
        }
        for _ in 0..PATIENCE.as_millis() / LOOK.as_millis() {
            self.held.retain_mut(|child| matches!(child.try_wait(), Ok(None)));
            if self.held.is_empty() {
                return;
            }
            thread::sleep(LOOK);
        }
        for child in &mut self.held {
            tracing::debug!("process {} does not let the screen go", child.id());
            let _ = child.kill();
            let _ = child.wait();
        }
        self.held.clear();
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.let_go();
    }
}

fn begin(way: &[&str]) -> io::Result<Child> {
    let (program, words) = way.split_first().ok_or(io::ErrorKind::NotFound)?;
    Command::new(program).args(words).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_held_is_let_go_and_what_is_missing_is_passed_over() {
        let mut keeper = Keeper {
            // Ends with its pipe only.
            ways: &[&["no-such-program-here", "cat"], &["cat"], &["sh", "-c", "cat; exit 3"]],
            held: Vec::new(),
        };
        keeper.hold(true);
        keeper.hold(true);
        assert_eq!(keeper.held.len(), 2);
        assert!(keeper.held.iter_mut().all(|c| matches!(c.try_wait(), Ok(None))), "they hold");
        keeper.hold(false);
        assert!(keeper.held.is_empty());
        keeper.hold(false);
    }

    #[test]
    fn the_x_servers_saver_comes_back_as_it_was() {
        // A stand-in for `xset` that writes down what it is told.
        let tool = r#"xset() { if [ "$1" = q ]; then echo '  timeout:  600    cycle:  300'; echo '  DPMS is Enabled';
            else echo "$@"; fi; }"#;
        let output = Command::new("sh").arg("-c").arg(format!("{tool}\n{X_SERVER}")).stdin(Stdio::null()).output();
        let said = String::from_utf8(output.expect("it runs").stdout).expect("text");
        assert_eq!(said, "-dpms\ns off\ns 600 300 +dpms\n");
    }
}
