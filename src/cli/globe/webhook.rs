//! Tells a web server of alerts: each is posted as one JSON object.
//!
//! A post needs one request and the first line of its answer, which [`Connection`] carries as it is or inside TLS 1.3. A
//! whole HTTP client would bring in older TLS for every stream of records as well.

use std::fmt;
use std::io;
use std::net::{TcpStream, ToSocketAddrs as _};
use std::str::FromStr;
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, bounded};

use super::alerts::{WAITING, described};
use crate::alert::Alert;
use crate::base::clock::steady_now;
use crate::secure::{ClientTls, Connection, TlsError, TlsFiles};

/// Longest that one post may take, from the look-up of the name to the answer.
const LIMIT: Duration = Duration::from_secs(10);
/// Longest first line of an answer, in bytes.
const LONGEST_LINE: usize = 1024;

/// Where alerts are posted to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Hook {
    secure: bool,
    host: String,
    port: u16,
    /// Path and query.
    path: String,
}

impl FromStr for Hook {
    type Err = String;

    fn from_str(url: &str) -> Result<Hook, String> {
        let wrong = |problem: &str| format!("{problem}; expected http://HOST[:PORT][/PATH] or https://…");
        let (secure, rest) = match url.split_once("://") {
            Some(("http", rest)) => (false, rest),
            Some(("https", rest)) => (true, rest),
            _ => return Err(wrong("it begins with neither http:// nor https://")),
        };
        let rest = rest.split('#').next().unwrap_or_default();
        let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        if !rest.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(wrong("it has a character that must be written as %XX"));
        }
        if authority.contains('@') {
            return Err(wrong("names and passwords are not sent"));
        }
        let (host, port) = match authority.rsplit_once(':').filter(|(_, port)| !port.ends_with(']')) {
            Some((host, port)) => (host, port.parse().map_err(|_| wrong("its port is no number from 1 to 65535"))?),
            None => (authority, if secure { 443 } else { 80 }),
        };
        let host = host.trim_start_matches('[').trim_end_matches(']');
        if host.is_empty() || port == 0 {
            return Err(wrong("host or port is missing"));
        }
        let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
        Ok(Hook { secure, host: host.to_owned(), port, path })
    }
}

/// Without the path: it may hold a secret.
impl fmt::Display for Hook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.secure { "https" } else { "http" };
        write!(f, "{scheme}://{}", self.authority())
    }
}

impl Hook {
    /// Host and port as they stand in a request.
    fn authority(&self) -> String {
        if self.host.contains(':') {
            format!("[{}]:{}", self.host, self.port)
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }

    /// The request that carries `body`.
    fn request(&self, body: &str) -> String {
        format!(
            "POST {} HTTP/1.1\r\nHost: {}\r\nUser-Agent: argus-globe\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
            self.path,
            self.authority(),
            body.len()
        )
    }
}

/// Starts the thread that posts alerts; gives the way to it.
///
/// # Errors
/// TLS is wanted and cannot be had, or the thread cannot be started.
pub(super) fn poster(hook: Hook) -> anyhow::Result<Sender<Alert>> {
    let tls = hook
        .secure
        .then(|| ClientTls::load(&TlsFiles::default()))
        .transpose()
        .map_err(|e: TlsError| anyhow::anyhow!("{hook}: {e}"))?;
    let (out, alerts) = bounded(WAITING);
    thread::Builder::new().name("webhook".into()).spawn(move || _ = post_all(&hook, tls.as_ref(), &alerts, LIMIT))?;
    Ok(out)
}

/// Posts until nobody can send any more; what a server does not take is lost. Gives how many were.
fn post_all(hook: &Hook, tls: Option<&ClientTls>, alerts: &Receiver<Alert>, limit: Duration) -> u64 {
    let (mut lost, mut lost_now) = (0, 0);
    for alert in alerts {
        match post(hook, tls, &described(&alert).to_string(), limit) {
            Ok(()) => {
                if lost_now > 0 {
                    tracing::info!("{hook} takes alerts again; it did not take {lost_now}");
                }
                lost_now = 0;
            }
            Err(problem) => {
                if lost_now == 0 {
                    tracing::warn!("{hook} did not take an alert: {problem}; it is told once until it takes one");
                }
                (lost, lost_now) = (lost + 1, lost_now + 1);
            }
        }
    }
    lost
}

/// Posts one object; the answer's first line must say that it was taken.
fn post(hook: &Hook, tls: Option<&ClientTls>, body: &str, limit: Duration) -> io::Result<()> {
    let end = steady_now() + limit;
    let socket = connected(hook, end)?;
    socket.set_write_timeout(Some(left(end)?))?;
    socket.set_read_timeout(Some(left(end)?))?;
    let connection = match tls {
        None => Connection::Plain(socket),
        Some(tls) => Connection::Secure(Box::new(tls.connect(&hook.host, socket)?)),
    };
    connection.shake_hands()?;
    connection.write_all(hook.request(body).as_bytes())?;
    let line = first_line(&connection, end)?;
    connection.end();
    let status = line.strip_prefix("HTTP/1.").and_then(|rest| rest.split(' ').nth(1)).unwrap_or_default();
    if status.len() == 3 && status.starts_with('2') {
        Ok(())
    } else {
        Err(io::Error::other(format!("it answered {line:?}")))
    }
}

/// A connection to the first of the host's addresses that answers.
fn connected(hook: &Hook, end: Instant) -> io::Result<TcpStream> {
    let mut result = Err(io::Error::other("the name has no address"));
    for address in (hook.host.as_str(), hook.port).to_socket_addrs()? {
        result = TcpStream::connect_timeout(&address, left(end)?);
        if result.is_ok() {
            break;
        }
    }
    result
}

fn first_line(connection: &Connection, end: Instant) -> io::Result<String> {
    let mut found = Vec::new();
    let mut part = [0; 256];
    while !found.contains(&b'\n') && found.len() < LONGEST_LINE {
        connection.socket().set_read_timeout(Some(left(end)?))?;
        match connection.read(&mut part)? {
            0 => break,
            n => found.extend_from_slice(part.get(..n).unwrap_or_default()),
        }
    }
    let line = found.split(|b| *b == b'\n').next().unwrap_or_default();
    Ok(String::from_utf8_lossy(line).trim_end().to_owned())
}

/// The time that is left.
fn left(end: Instant) -> io::Result<Duration> {
    let left = end.saturating_duration_since(steady_now());
    if left.is_zero() { Err(io::ErrorKind::TimedOut.into()) } else { Ok(left) }
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::TcpListener;

    use serde_json::Value;

    use super::super::alerts::tests::alert;
    use super::*;

    /// A server on a free port that answers each request in turn, and the requests that it got.
    fn server(answers: &'static [&'static str]) -> (Hook, thread::JoinHandle<Vec<(String, Value)>>) {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("its number").port();
        let serve = move || {
            let mut heard = Vec::new();
            for answer in answers {
                let (mut client, _) = listener.accept().expect("a client");
                let mut text = String::new();
                // What is promised has come when the braces are closed.
                let body = loop {
                    let mut part = [0; 1024];
                    let n = client.read(&mut part).expect("a request");
                    text.push_str(std::str::from_utf8(&part[..n]).expect("text"));
                    if let Some((_, body)) = text.split_once("\r\n\r\n")
                        && let Ok(body) = serde_json::from_str::<Value>(body)
                    {
                        break body;
                    }
                };
                heard.push((text, body));
                client.write_all(answer.as_bytes()).expect("written");
                if answer.is_empty() {
                    // Says nothing until the other side gives up.
                    let _ = client.read(&mut [0]);
                }
            }
            heard
        };
        let hook = format!("http://127.0.0.1:{port}/hook?key=a%20b").parse().expect("a hook");
        (hook, thread::Builder::new().name("server".into()).spawn(serve).expect("a thread"))
    }

    fn post_some(hook: &Hook, count: usize, limit: Duration) -> u64 {
        let (out, alerts) = bounded(WAITING);
        (0..count).for_each(|i| out.send(alert(&format!("number {i}"))).expect("room"));
        drop(out);
        post_all(hook, None, &alerts, limit)
    }

    #[test]
    fn each_alert_is_posted_as_json() {
        let (hook, server) =
            server(&["HTTP/1.1 204 No Content\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"]);
        assert_eq!(post_some(&hook, 2, LIMIT), 0);
        let heard = server.join().expect("served");
        let (request, body) = &heard[1];
        assert!(request.starts_with("POST /hook?key=a%20b HTTP/1.1\r\nHost: 127.0.0.1:"), "{request}");
        let sent = request.split_once("\r\n\r\n").expect("a body").1;
        assert!(request.contains(&format!("\r\nContent-Length: {}\r\n", sent.len())), "{request}");
        assert_eq!((&body["text"], &body["subject"]), (&"number 1".into(), &"192.0.2.1".into()));
    }

    #[test]
    fn who_refuses_says_nothing_or_is_not_there_loses_that_alert_only() {
        let (hook, server) = server(&["HTTP/1.1 500 Oh\r\n\r\n", "", "HTTP/1.1 200 OK\r\n\r\n", "nonsense"]);
        assert_eq!(post_some(&hook, 4, Duration::from_millis(500)), 3);
        assert_eq!(server.join().expect("served").len(), 4);
        assert_eq!(post_some(&hook, 2, LIMIT), 2, "nobody listens any more");
    }

    #[test]
    fn addresses_of_hooks_are_read_and_nonsense_is_refused() {
        let read = |url: &str| url.parse::<Hook>().map(|h| (h.to_string(), h.path));
        let known = |a: &str, b: &str| Ok((a.to_owned(), b.to_owned()));
        assert_eq!(read("http://probe"), known("http://probe:80", "/"));
        assert_eq!(read("https://hooks.example.net/a/b?c#d"), known("https://hooks.example.net:443", "/a/b?c"));
        assert_eq!(read("http://[::1]:8080?x"), known("http://[::1]:8080", "/?x"));
        assert_eq!(read("http://[2001:db8::1]/x"), known("http://[2001:db8::1]:80", "/x"));
        for wrong in ["", "probe", "ftp://x/", "http://", "http://:80/", "http://x:0", "http://x:99999/", "http://a@b/"]
        {
            assert!(read(wrong).is_err(), "{wrong}");
        }
        assert!(read("http://x/\r\nHost: y").is_err(), "a line cannot be put in");
    }
}
