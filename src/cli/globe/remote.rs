//! Where lines of remote control come from: a Unix socket or a port of the loopback address.
//!
//! Each client has a thread that reads a line, hands it to the globe and writes the answer. Lines, clients and waiting
//! lines are bounded. A web page can make a browser send to a local port; what it sends begins with a method and not
//! with a brace, and ends the connection.

use std::io::{self, BufRead as _, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::Context as _;
use crossbeam_channel::{Receiver, Sender, bounded};

use crate::globe::{Errand, LONGEST_LINE, RemoteSource};

/// Most clients at once.
const CLIENTS: usize = 8;
/// Lines that wait for the globe.
const WAITING: usize = 32;
/// Longest wait for an answer of the globe.
const PATIENCE: Duration = Duration::from_secs(30);
/// Longest wait for a client that does not take its answer.
const WRITE: Duration = Duration::from_secs(10);

/// Where to listen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// A port of the loopback address; 0 lets the system choose.
    Port(u16),
    /// A Unix socket.
    Path(PathBuf),
}

impl FromStr for Place {
    type Err = String;

    fn from_str(text: &str) -> Result<Place, String> {
        let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        match text.parse() {
            Ok(port) => Ok(Place::Port(port)),
            Err(_) if digits => Err("expected a port from 0 to 65535 or the path of a socket".into()),
            Err(_) if text.is_empty() => Err("expected a port or the path of a socket".into()),
            Err(_) => Ok(Place::Path(text.into())),
        }
    }
}

/// Begins to listen; gives the lines and says where.
///
/// # Errors
/// The port or the path cannot be used.
pub(super) fn listen(place: &Place) -> anyhow::Result<(RemoteSource, String)> {
    let (errands, queue) = bounded(WAITING);
    let server = Server { errands, clients: Arc::default() };
    let (name, socket) = match place {
        Place::Port(port) => (listen_on_port(*port, server)?, None),
        Place::Path(path) => (listen_on_path(path, server)?, Some(Socket(path.clone()))),
    };
    Ok((source(queue, socket), name))
}

fn source(queue: Receiver<Errand>, socket: Option<Socket>) -> RemoteSource {
    RemoteSource::new(Box::new(move || {
        // The file lives as long as somebody listens.
        let _ = &socket;
        queue.try_recv().ok()
    }))
}

fn listen_on_port(port: u16, server: Server) -> anyhow::Result<String> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))
        .with_context(|| format!("listening on port {port} of the loopback address; is another globe using it?"))?;
    let name = listener.local_addr()?.to_string();
    server.run(move || {
        let (stream, _) = listener.accept()?;
        stream.set_write_timeout(Some(WRITE))?;
        Ok((stream.try_clone()?, stream))
    })?;
    Ok(name)
}

#[cfg(unix)]
fn listen_on_path(path: &Path, server: Server) -> anyhow::Result<String> {
    use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
    use std::os::unix::net::{UnixListener, UnixStream};

    let about = || format!("listening on the socket {}", path.display());
    let is_socket = std::fs::symlink_metadata(path).is_ok_and(|m| m.file_type().is_socket());
    if is_socket && UnixStream::connect(path).is_err() {
        // Left behind by a program that is gone.
        std::fs::remove_file(path).with_context(about)?;
    }
    let listener = UnixListener::bind(path).with_context(about)?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).with_context(about)?;
    server.run(move || {
        let (stream, _) = listener.accept()?;
        stream.set_write_timeout(Some(WRITE))?;
        Ok((stream.try_clone()?, stream))
    })?;
    Ok(path.display().to_string())
}

#[cfg(not(unix))]
fn listen_on_path(path: &Path, _: Server) -> anyhow::Result<String> {
    anyhow::bail!("{}: sockets with a path exist on Unix only; give a port", path.display())
}

/// A socket's file; it goes with the program.
#[derive(Debug)]
struct Socket(PathBuf);

impl Drop for Socket {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

struct Server {
    errands: Sender<Errand>,
    clients: Arc<AtomicUsize>,
}

impl Server {
    /// Accepts clients in a thread of their own, for as long as the program runs.
    fn run<R, W>(self, mut accept: impl FnMut() -> io::Result<(R, W)> + Send + 'static) -> io::Result<()>
    where
        R: Read + Send + 'static,
        W: Write + Send + 'static,
    {
        let accepting = move || {
            loop {
                match accept() {
                    Ok((input, output)) => self.admit(input, output),
                    Err(error) => {
                        tracing::debug!("remote control: {error}");
                        // A lasting error, such as too many open files, must not spin.
                        thread::sleep(Duration::from_millis(100));
                    }
                }
            }
        };
        thread::Builder::new().name("remote".into()).spawn(accepting).map(drop)
    }

    fn admit<R: Read + Send + 'static, W: Write + Send + 'static>(&self, input: R, mut output: W) {
        let count = Arc::clone(&self.clients);
        if count.fetch_add(1, Ordering::Relaxed) >= CLIENTS {
            count.fetch_sub(1, Ordering::Relaxed);
            let _ = writeln!(output, "{}", refused(&format!("{CLIENTS} clients are served already; try again later")));
            return;
        }
        let (errands, leaving) = (self.errands.clone(), Arc::clone(&count));
        let serving = move || {
            if let Err(error) = serve(input, output, &errands) {
                tracing::debug!("remote control: {error}");
            }
            leaving.fetch_sub(1, Ordering::Relaxed);
        };
        if thread::Builder::new().name("remote-client".into()).spawn(serving).is_err() {
            count.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

/// An answer that says why nothing was done.
fn refused(problem: &str) -> String {
    serde_json::json!({ "ok": false, "error": problem }).to_string()
}

/// Reads lines and writes an answer to each, until the client or a broken line ends it.
fn serve(input: impl Read, mut output: impl Write, errands: &Sender<Errand>) -> io::Result<()> {
    let mut input = BufReader::new(input);
    let mut line = Vec::new();
    loop {
        line.clear();
        let most = LONGEST_LINE as u64 + 1;
        if (&mut input).take(most).read_until(b'\n', &mut line)? == 0 {
            return Ok(());
        }
        let broken = if line.len() > LONGEST_LINE {
            Some(format!("the line has more than {LONGEST_LINE} bytes"))
        } else if line.trim_ascii().is_empty() {
            continue;
        } else if line.trim_ascii_start().first() != Some(&b'{') {
            Some("the line does not begin with a brace; expected one JSON object per line".into())
        } else {
            None
        };
        if let Some(problem) = broken {
            return writeln!(output, "{}", refused(&problem));
        }
        let text = String::from_utf8_lossy(&line).trim().to_owned();
        writeln!(output, "{}", ask(text, errands))?;
        output.flush()?;
    }
}

fn ask(line: String, errands: &Sender<Errand>) -> String {
    let (back, answers) = bounded(1);
    let answer = Box::new(move |text| {
        let _ = back.send(text);
    });
    if errands.try_send(Errand { line, answer }).is_err() {
        return refused("the globe has too many lines waiting; try again later");
    }
    answers.recv_timeout(PATIENCE).unwrap_or_else(|_| refused("the globe did not answer; it may be busy or ending"))
}

#[cfg(test)]
mod tests {
    use std::net::{Shutdown, TcpStream};

    use super::*;

    /// Echoes lines as a globe would answer them, until none come.
    fn globe(queue: Receiver<Errand>) {
        let answering = move || {
            for errand in queue {
                (errand.answer)(format!("<{}>", errand.line));
            }
        };
        thread::Builder::new().name("globe".into()).spawn(answering).expect("a thread");
    }

    fn talk(stream: &mut (impl Read + Write), text: &[u8], close: impl Fn()) -> String {
        stream.write_all(text).expect("written");
        close();
        let mut all = String::new();
        let _ = stream.read_to_string(&mut all);
        all
    }

    fn on_port() -> (String, Receiver<Errand>) {
        let (errands, queue) = bounded(WAITING);
        (listen_on_port(0, Server { errands, clients: Arc::default() }).expect("a port"), queue)
    }

    fn ask_port(name: &str, text: &[u8]) -> String {
        let mut stream = TcpStream::connect(name).expect("connected");
        let other = stream.try_clone().expect("a handle");
        talk(&mut stream, text, || other.shutdown(Shutdown::Write).expect("closed"))
    }

    #[test]
    fn each_line_is_answered_in_order_over_a_real_port() {
        let (name, queue) = on_port();
        assert!(name.starts_with("127.0.0.1:"), "{name}");
        globe(queue);
        assert_eq!(ask_port(&name, b"{\"a\":1}\n\n  {\"b\":2}\r\n{\"c\"}"), "<{\"a\":1}>\n<{\"b\":2}>\n<{\"c\"}>\n");
    }

    #[test]
    fn what_is_no_object_or_too_long_ends_the_connection() {
        let (name, queue) = on_port();
        globe(queue);
        let said = ask_port(&name, b"POST / HTTP/1.1\r\n\r\n{\"status\":true}\n");
        assert!(said.contains("does not begin with a brace") && said.lines().count() == 1, "{said}");
        // As long as it may be without an end in sight, so that the answer is not lost to unread bytes.
        let long = [b"{".as_slice(), &vec![b'x'; LONGEST_LINE]].concat();
        let said = ask_port(&name, &long);
        assert!(said.contains("more than 8192 bytes"), "{said}");
    }

    #[test]
    fn clients_beyond_the_limit_are_told_so() {
        let (name, queue) = on_port();
        globe(queue);
        let held: Vec<TcpStream> = (0..CLIENTS)
            .map(|_| {
                let mut stream = TcpStream::connect(&name).expect("connected");
                stream.write_all(b"{}\n").expect("written");
                let mut answer = [0; 5];
                stream.read_exact(&mut answer).expect("served");
                stream
            })
            .collect();
        let mut said = String::new();
        let _ = TcpStream::connect(&name).expect("connected").read_to_string(&mut said);
        assert!(said.contains("8 clients are served already"), "{said}");
        drop(held);
    }

    #[cfg(unix)]
    #[test]
    fn a_socket_is_its_owners_alone_and_a_dead_one_is_replaced() {
        use std::os::unix::fs::PermissionsExt as _;
        use std::os::unix::net::{UnixListener, UnixStream};

        let path = std::env::temp_dir().join(format!("argus-globe-remote-{}.sock", std::process::id()));
        drop(UnixListener::bind(&path).expect("a socket"));
        let (source, name) = listen(&Place::Path(path.clone())).expect("the dead socket makes way");
        assert_eq!(name, path.display().to_string());
        let mode = std::fs::metadata(&path).expect("there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert!(listen(&Place::Path(path.clone())).is_err(), "a living one does not");
        assert!(UnixStream::connect(&path).is_ok());
        drop(source);
        assert!(!path.exists(), "the file goes with the source");
        std::fs::write(&path, "data").expect("a file");
        assert!(listen(&Place::Path(path.clone())).is_err());
        assert_eq!(std::fs::read_to_string(&path).expect("untouched"), "data");
        std::fs::remove_file(&path).expect("removed");
    }

    #[test]
    fn places_are_ports_or_paths() {
        assert_eq!("8080".parse(), Ok(Place::Port(8080)));
        assert_eq!("/run/globe".parse(), Ok(Place::Path("/run/globe".into())));
        assert!("70000".parse::<Place>().is_err() && "".parse::<Place>().is_err());
    }
}
