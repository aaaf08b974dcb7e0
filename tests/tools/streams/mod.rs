//! Streams of records between our programs and the classic ones, on loopback.
//!
//! Nothing here waits for a fixed time: programs print what they do, and tests wait for the lines, each for a bounded
//! time. Programs are ended when a test is over, however it ends.

mod background;
mod chains;
mod datagrams;
mod hostile;
mod interface;
mod ratop;
mod replay;
#[cfg(feature = "tls")]
mod tls;
#[cfg(target_os = "linux")]
mod as_written;
#[cfg(target_os = "linux")]
mod namespace;

use std::io::{BufRead as _, BufReader, Read};
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

/// Longest wait for anything. Generous, because machines that run tests are busy.
const PATIENCE: Duration = Duration::from_secs(60);

/// Lines that a program has printed.
#[derive(Default)]
struct Printed {
    lines: Mutex<Vec<String>>,
    more: Condvar,
}

/// A program that runs until the test is over.
struct Running {
    name: String,
    child: Child,
    printed: Arc<Printed>,
}

impl Running {
    fn start(command: &mut Command) -> Running {
        let name = format!("{command:?}");
        let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let mut child = child.unwrap_or_else(|e| panic!("{name}: {e}; these tests run the classic programs"));
        let printed = Arc::new(Printed::default());
        collect(child.stdout.take().expect("a pipe"), &printed);
        collect(child.stderr.take().expect("a pipe"), &printed);
        Running { name, child, printed }
    }

    /// Waits until the lines are as wanted.
    fn wait(&self, what: &str, wanted: impl Fn(&[String]) -> bool) -> Vec<String> {
        let lines = self.printed.lines.lock().expect("lines");
        let (lines, _) = self.printed.more.wait_timeout_while(lines, PATIENCE, |l| !wanted(l)).expect("lines");
        assert!(wanted(&lines), "{}: {what} was not printed, but:\n{}", self.name, lines.join("\n"));
        lines.clone()
    }

    /// Waits for a line that contains a text, and gives it.
    fn wait_for(&self, text: &str) -> String {
        let lines = self.wait(text, |lines| lines.iter().any(|l| l.contains(text)));
        lines.into_iter().find(|l| l.contains(text)).expect("just seen")
    }

    /// Waits until our server says that so many clients get records.
    fn wait_for_clients(&self, count: usize) {
        self.wait(&format!("{count} clients"), |l| l.iter().filter(|l| l.contains("gets records")).count() >= count);
    }

    /// The port that one of our programs serves on, as it says.
    fn port(&self) -> u16 {
        let line = self.wait_for("serving on 127.0.0.1:");
        let (_, rest) = line.split_once("serving on 127.0.0.1:").expect("just seen");
        let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
        digits.parse().expect("a port")
    }

    /// Sends a signal.
    fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill").args([&format!("-{name}"), &pid]).status().expect("kill");
        assert!(sent.success(), "{}: no signal {name}", self.name);
    }

    /// Waits for the program's end by itself.
    fn end(&mut self) -> std::process::ExitStatus {
        for _ in 0..PATIENCE.as_millis() / 10 {
            if let Some(status) = self.child.try_wait().expect("a child") {
                return status;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        panic!("{} does not end", self.name);
    }

    fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.kill();
    }
}

fn collect(pipe: impl Read + Send + 'static, printed: &Arc<Printed>) {
    let printed = Arc::clone(printed);
    let read = move || {
        for line in BufReader::new(pipe).lines().map_while(Result::ok) {
            printed.lines.lock().expect("lines").push(line);
            printed.more.notify_all();
        }
    };
    std::thread::Builder::new().spawn(read).expect("a thread");
}

/// One of our programs.
fn ours(tool: &str, args: &[&str]) -> Running {
    Running::start(
        Command::new(env!("CARGO_BIN_EXE_argus-globe"))
            .arg(tool)
            .args(args)
            .env("TZ", "UTC")
            .env("ARGUS_LOG", "argus_globe=info"),
    )
}

/// A program of the classic suite, without configuration files.
fn classic(program: &str, args: &[&str]) -> Running {
    Running::start(Command::new(program).arg("-X").args(args).env("TZ", "UTC").env("HOME", "/nonexistent"))
}

/// The classic relay, which works from a configuration file only.
fn classic_radium(dir: &Path, upstream: u16, port: u16) -> Running {
    let conf = dir.join(format!("radium.{port}.conf"));
    let text =
        format!("RADIUM_ARGUS_SERVER=127.0.0.1:{upstream}\nRADIUM_ACCESS_PORT={port}\nRADIUM_MONITOR_ID=10.9.8.7\n");
    std::fs::write(&conf, text).expect("written");
    classic("radium", &["-f", conf.to_str().expect("a plain path")])
}

/// What the classic reader prints of records, one line per record; fields that tell records apart.
const FIELDS: [&str; 12] = ["-n", "-u", "-L-1", "-c", ",", "-s", "stime", "proto", "saddr", "sport", "daddr", "dport"];
const MORE_FIELDS: [&str; 8] = ["spkts", "dpkts", "sbytes", "dbytes", "state", "seq", "srcid", "dur"];

fn fields() -> Vec<&'static str> {
    [&FIELDS[..], &MORE_FIELDS].concat()
}

/// The classic reader on a file: its lines, sorted.
fn read_file(path: &str) -> Vec<String> {
    read_file_with(path, &[])
}

/// The same with a filter, as its words with the dash before them.
fn read_file_with(path: &str, filter: &[&str]) -> Vec<String> {
    let out =
        Command::new("ra").args(["-X", "-r", path]).args(fields()).args(filter).env("TZ", "UTC").output().expect("ra");
    assert!(out.stderr.is_empty(), "{}", String::from_utf8_lossy(&out.stderr));
    let mut lines: Vec<String> = String::from_utf8_lossy(&out.stdout).lines().map(str::to_owned).collect();
    lines.sort();
    lines
}

/// The classic reader on a server, started.
fn read_server(port: u16, filter: &[&str]) -> Running {
    let server = format!("127.0.0.1:{port}");
    classic("ra", &[&["-S", &server][..], &fields(), filter].concat())
}

/// Waits until a reader has printed so many records, and gives them sorted.
fn records(reader: &Running, count: usize) -> Vec<String> {
    let is_record = |l: &&String| l.matches(',').count() >= 12;
    let lines = reader.wait(&format!("{count} records"), |lines| lines.iter().filter(is_record).count() >= count);
    let mut lines: Vec<String> = lines.into_iter().filter(|l| is_record(&l)).collect();
    lines.sort();
    lines
}

fn sample(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/argus").join(name);
    path.to_str().expect("a plain path").to_owned()
}

/// A folder for one test's files.
fn scratch(test: &str) -> PathBuf {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join("streams").join(test);
    let _ = std::fs::remove_dir_all(&dir);
    std::fs::create_dir_all(&dir).expect("a folder for the test");
    dir
}

/// A port that nobody listens on, each time another. It lies below the ports that systems give to clients, so that no
/// connection takes it meanwhile as its own end.
fn free_port() -> u16 {
    const FIRST: u32 = 16_000;
    const COUNT: u32 = 16_000;
    static NEXT: AtomicU32 = AtomicU32::new(0);
    for _ in 0..COUNT {
        let n = NEXT.fetch_add(1, Ordering::Relaxed).wrapping_add(std::process::id().wrapping_mul(97));
        let port = (FIRST + n % COUNT) as u16;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
    panic!("no free port from {FIRST} on");
}

/// Something on this machine that packets can be sent to, so that interfaces have something to see.
struct Target {
    receiver: UdpSocket,
}

impl Target {
    fn new() -> Target {
        Target { receiver: UdpSocket::bind("127.0.0.1:0").expect("a socket") }
    }

    fn addr(&self) -> SocketAddr {
        self.receiver.local_addr().expect("bound")
    }

    /// Sends `count` datagrams, each of them a flow: all senders are open at once, so that no port comes twice.
    fn send(&self, count: usize) {
        let senders: Vec<_> = (0..count).map(|_| UdpSocket::bind("127.0.0.1:0").expect("a socket")).collect();
        for sender in senders {
            sender.send_to(b"hello", self.addr()).expect("sent");
        }
    }

    /// A filter for its flows.
    fn filter(&self) -> String {
        format!("udp and dst port {}", self.addr().port())
    }
}
