//! Tells the outside of alerts: a command is run for each, with the alert as one line of JSON on its standard input.
//!
//! At most a few commands run at once, each for a limited time; alerts wait meanwhile, and beyond a bound they are let
//! go by the pipeline, which never waits.

use std::io::{self, Write as _};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};
use serde_json::{Value, json};

use crate::alert::{Alert, Subject};
use crate::base::clock::steady_now;

/// Commands at once.
const AT_ONCE: usize = 4;
/// Longest that a command may run.
const LIMIT: Duration = Duration::from_secs(30);
/// Alerts that wait for their command or their post.
pub(super) const WAITING: usize = 256;
/// Time between two looks at running commands.
const LOOK: Duration = Duration::from_millis(100);

/// Starts the thread that runs `command` (by the shell) for each alert; gives the way to it.
///
/// # Errors
/// The thread cannot be started.
pub(super) fn runner(command: String) -> io::Result<Sender<Alert>> {
    let (out, alerts) = bounded(WAITING);
    thread::Builder::new().name("alerts".into()).spawn(move || run(&command, &alerts, LIMIT))?;
    Ok(out)
}

/// Until nobody can send any more.
fn run(command: &str, alerts: &Receiver<Alert>, limit: Duration) {
    let mut running: Vec<(Child, Instant)> = Vec::new();
    let mut open = true;
    while open || !running.is_empty() {
        running.retain_mut(|(child, since)| !is_over(child, *since, limit));
        if !open || running.len() >= AT_ONCE {
            thread::sleep(LOOK);
            continue;
        }
        match alerts.recv_timeout(if running.is_empty() { LIMIT } else { LOOK }) {
            Ok(alert) => match begin(command, &alert) {
                Ok(child) => running.push((child, steady_now())),
                Err(error) => tracing::warn!("the alert command {command:?} could not be run: {error}"),
            },
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => open = false,
        }
    }
}

fn begin(command: &str, alert: &Alert) -> io::Result<Child> {
    let mut child = shell(command).stdin(Stdio::piped()).stdout(Stdio::null()).spawn()?;
    if let Some(mut input) = child.stdin.take() {
        // Less than what a pipe holds: this does not wait. Who does not read does not want it.
        let _ = writeln!(input, "{}", described(alert));
    }
    Ok(child)
}

#[cfg(unix)]
fn shell(command: &str) -> Command {
    use std::os::unix::process::CommandExt as _;
    let mut shell = Command::new("sh");
    // A group of its own, so that what the shell started ends with it.
    shell.args(["-c", command]).process_group(0);
    shell
}

#[cfg(not(unix))]
fn shell(command: &str) -> Command {
    let mut shell = Command::new("cmd");
    shell.args(["/C", command]);
    shell
}

/// Whether a command has ended, or was ended because it ran too long.
fn is_over(child: &mut Child, since: Instant, limit: Duration) -> bool {
    match child.try_wait() {
        Ok(Some(status)) => {
            if !status.success() {
                tracing::warn!("the alert command ended with {status}");
            }
            return true;
        }
        Ok(None) if steady_now().saturating_duration_since(since) < limit => return false,
        Ok(None) => tracing::warn!("the alert command ran longer than {} s and was ended", limit.as_secs()),
        Err(error) => tracing::warn!("the alert command is lost: {error}"),
    }
    end_group(child);
    let _ = child.kill();
    let _ = child.wait();
    true
}

#[cfg(target_os = "linux")]
fn end_group(child: &Child) {
    use nix::sys::signal::{Signal, killpg};
    if let Ok(id) = i32::try_from(child.id()) {
        let _ = killpg(nix::unistd::Pid::from_raw(id), Signal::SIGKILL);
    }
}

#[cfg(not(target_os = "linux"))]
fn end_group(_: &Child) {}

/// An alert as JSON.
pub(super) fn described(alert: &Alert) -> Value {
    let (kind, subject) = match alert.subject {
        Subject::Total => ("total", json!("all traffic")),
        Subject::Address(addr) => ("address", json!(addr.to_string())),
        Subject::Pair(a, b) => ("pair", json!([a.to_string(), b.to_string()])),
        Subject::Country(code) => ("country", json!(String::from_utf8_lossy(&code))),
        Subject::System(asn) => ("as", json!(asn)),
        Subject::Source(number) => ("source", json!(number)),
    };
    json!({
        "text": alert.text,
        "rule": &*alert.rule,
        "kind": kind,
        "subject": subject,
        "address": alert.addr.map(|a| a.to_string()),
        "since": alert.held.start.to_string(),
        "load_bits_per_sec": alert.peak,
    })
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::base::{Span, Timestamp};

    pub(in crate::cli::globe) fn alert(text: &str) -> Alert {
        let at = Timestamp::from_parts(1_700_000_000, 0);
        let addr = "192.0.2.1".parse().expect("an address");
        Alert {
            rule: "new address".into(),
            subject: Subject::Address(addr),
            text: text.into(),
            addr: Some(addr),
            held: Span::new(at, at),
            peak: None,
        }
    }

    #[cfg(unix)]
    #[test]
    fn each_alert_reaches_the_command_as_json() {
        let path = std::env::temp_dir().join(format!("argus-globe-alerts-{}", std::process::id()));
        let _ = std::fs::remove_file(&path);
        let (out, alerts) = bounded(WAITING);
        for i in 0..10 {
            out.send(alert(&format!("number {i} \"quoted\"\n"))).expect("room");
        }
        drop(out);
        run(&format!("cat >> {}", path.display()), &alerts, LIMIT);
        let written = std::fs::read_to_string(&path).expect("written");
        std::fs::remove_file(&path).expect("removed");
        let mut texts: Vec<String> = written
            .lines()
            .map(|l| serde_json::from_str::<Value>(l).expect("JSON")["text"].as_str().expect("text").to_owned())
            .collect();
        texts.sort();
        assert_eq!(texts.len(), 10);
        assert_eq!(texts[3], "number 3 \"quoted\"\n");
        let one: Value = serde_json::from_str(written.lines().next().expect("a line")).expect("JSON");
        assert_eq!((&one["kind"], &one["subject"]), (&json!("address"), &json!("192.0.2.1")));
        assert_eq!(one["since"], "2023-11-14T22:13:20.000000Z");
    }

    #[cfg(unix)]
    #[test]
    fn a_command_that_hangs_is_ended_with_what_it_started() {
        let (out, alerts) = bounded(WAITING);
        out.send(alert("x")).expect("room");
        drop(out);
        // Without the limit this would last for an hour.
        run("sleep 3600 & sleep 3600; wait", &alerts, Duration::from_millis(200));
    }
}
