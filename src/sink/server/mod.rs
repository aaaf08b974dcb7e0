//! Serves records to clients on TCP, as the classic sensor and relay do, or inside TLS.
//!
//! ```text
//! client connects          server → management record (start), 128 bytes
//!                                   or one word: 83 81 00 01 not allowed, 83 82 00 01 too many clients
//! client → "FILTER: …"     server → "OK", or "SY" and the end
//! client → "START: "       server → records as in a file, a management record each interval
//! client → "DONE: "        the end; at shutdown a management record (stop), then the end
//! ```
//!
//! [`Server::publish`] puts one pointer into the queue of every client that has said START and returns; filtering and
//! writing happen in the clients' own threads (`client`). A queue that would grow beyond its limit costs its client the
//! connection, and is counted. One thread accepts connections and keeps the time of management records (`doorman`).
//!
//! # Source
//! Dialogue observed between the classic programs, `docs/records.md`, stream protocol.

mod access;
mod client;
mod command;
mod doorman;
mod selection;
#[cfg(test)]
mod tests;

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::base::clock::{steady_now, wall_now};
use crate::record::codec::{Mar, MarCause, MarMaker, RecordKind, RecordRef, to_v3};
use crate::record::{Batch, Cause, SrcId};
use crate::secure::ServerTls;
use client::{Client, Offer};

pub use access::{Network, NetworkError};
pub use command::drive_commands;

/// Customary port of argus servers.
pub const DEFAULT_PORT: u16 = 561;
/// Time for clients to take what is queued when the server stops.
const FAREWELL: Duration = Duration::from_secs(5);
/// Time for clients to close their side once everything is written.
const LINGER: Duration = Duration::from_millis(500);

/// Whose records are served, which decides about management records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Voice {
    /// One sensor's, whose own management records are passed on: its start record greets new clients.
    Sensor,
    /// Several sensors'. The server speaks for itself with this identity; of the sensors' management records only
    /// the periodic reports are passed on.
    Relay(SrcId),
}

/// How to serve.
#[derive(Clone, Debug)]
pub struct ServerConfig {
    /// Addresses to listen on; empty: loopback, IPv4 and, where there is one, IPv6.
    pub bind: Vec<IpAddr>,
    /// Port; 0 takes a free one.
    pub port: u16,
    /// Most clients at once.
    pub max_clients: usize,
    /// Networks that clients may come from; empty: all.
    pub allow: Vec<Network>,
    /// Most bytes that wait for one client.
    pub queue_bytes: usize,
    /// Whose records.
    pub voice: Voice,
    /// Seconds between the server's own management records ([`Voice::Relay`]), at least 1.
    pub mar_interval_secs: u16,
    /// Certificate and key, to serve inside TLS only.
    pub tls: Option<ServerTls>,
    /// A client that has not said START within this time loses its place when another one needs it.
    pub patience: Duration,
}

impl Default for ServerConfig {
    fn default() -> ServerConfig {
        ServerConfig {
            bind: Vec::new(),
            port: DEFAULT_PORT,
            max_clients: 10,
            allow: Vec::new(),
            queue_bytes: 32 << 20,
            voice: Voice::Sensor,
            mar_interval_secs: 60,
            tls: None,
            patience: Duration::from_secs(5),
        }
    }
}

/// Why records cannot be served.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServerError {
    /// The address cannot be listened on.
    #[error("listening on {addr}: {source}{}", remedy(source, addr))]
    Bind {
        /// Address and port.
        addr: SocketAddr,
        /// The system's answer.
        source: io::Error,
    },
    /// The accepting thread cannot be started.
    #[error("starting the thread that accepts clients: {0}")]
    Thread(io::Error),
}

fn remedy(error: &io::Error, addr: &SocketAddr) -> String {
    match error.kind() {
        io::ErrorKind::AddrInUse => format!("; another server listens there, try another port than {}", addr.port()),
        io::ErrorKind::PermissionDenied => "; ports below 1024 need root or CAP_NET_BIND_SERVICE".into(),
        io::ErrorKind::AddrNotAvailable => "; this machine has no such address".into(),
        _ => String::new(),
    }
}

/// What a server has done so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ServerStats {
    /// Clients connected now.
    pub clients: usize,
    /// Of those, the ones that get records.
    pub streaming: usize,
    /// Connections greeted.
    pub accepted: u64,
    /// Connections turned away: not allowed, or too many.
    pub refused: u64,
    /// Clients cut off because they were too slow.
    pub cut_off: u64,
    /// Records written to clients, each counted once per client.
    pub records_sent: u64,
}

#[derive(Debug, Default)]
struct Counters {
    accepted: AtomicU64,
    refused: AtomicU64,
    cut_off: AtomicU64,
    records_sent: AtomicU64,
}

/// What management records of this server are made from.
#[derive(Debug)]
struct Reports {
    /// The latest of the sensor, or the relay's own.
    maker: MarMaker,
    /// Whether the sensor has said that it stops.
    stopped: bool,
}

/// What all threads of a server share.
#[derive(Debug)]
struct Shared {
    config: ServerConfig,
    clients: Mutex<Vec<Arc<Client>>>,
    /// Told whenever a client comes, goes, starts or takes records.
    movement: Condvar,
    reports: Mutex<Reports>,
    counters: Counters,
    stopping: AtomicBool,
}

impl Shared {
    fn clients(&self) -> MutexGuard<'_, Vec<Arc<Client>>> {
        self.clients.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn reports(&self) -> MutexGuard<'_, Reports> {
        self.reports.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The first record for a new client.
    fn greeting(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.reports().maker.write(MarCause::Start, wall_now(), &mut out);
        out
    }

    fn forget(&self, client: &Arc<Client>) {
        self.clients().retain(|c| !Arc::ptr_eq(c, client));
        self.moved();
    }

    /// Wakes whoever waits for a change among the clients.
    fn moved(&self) {
        self.movement.notify_all();
    }

    /// Waits until the clients are as wanted; whether they are.
    fn wait_until(&self, patience: Duration, wanted: impl Fn(&[Arc<Client>]) -> bool) -> bool {
        let until = steady_now() + patience;
        let mut clients = self.clients();
        while !wanted(&clients) {
            let left = until.saturating_duration_since(steady_now());
            if left.is_zero() {
                return false;
            }
            // A client's queue has its own lock, so that a change may be missed; looking again costs little.
            let nap = left.min(Duration::from_millis(50));
            clients = self.movement.wait_timeout(clients, nap).unwrap_or_else(PoisonError::into_inner).0;
        }
        true
    }

    /// Queues records for every client that gets some. Clients that are too slow are cut off.
    fn send(&self, batch: &Arc<Batch>) {
        self.clients().retain(|client| {
            let full = client.offer(batch, self.config.queue_bytes) == Offer::Full;
            if full {
                self.counters.cut_off.fetch_add(1, Ordering::Relaxed);
                tracing::warn!("client {} is too slow: {} bytes wait; cut off", client.name, client.backlog());
                client.cut();
            }
            !full
        });
    }

    /// Sends a management record of the server's own.
    fn report(&self, cause: MarCause) {
        let mut batch = Batch::default();
        {
            let mut reports = self.reports();
            batch.push_with(|out| reports.maker.write(cause, wall_now(), out));
            if cause == MarCause::Status {
                // Losses are told once.
                reports.maker.dropped = 0;
            }
        }
        self.send(&Arc::new(batch));
    }

    /// The records of a batch that clients may see, in version 3, which they all read. Notes what management records
    /// say.
    fn for_clients(&self, batch: &Batch) -> Batch {
        let sensor = self.config.voice == Voice::Sensor;
        let mut out = Batch::new(batch.source());
        for record in batch.iter().filter_map(RecordRef::new) {
            let mar = if record.kind() == RecordKind::Mar { Mar::new(record) } else { None };
            let passed_on = match mar {
                Some(mar) if sensor => {
                    let mut reports = self.reports();
                    reports.maker = MarMaker::like(&mar);
                    reports.stopped |= mar.cause() == Cause::Stop;
                    mar.cause() != Cause::Start
                }
                // What others have lost is of use to clients, too.
                Some(mar) => matches!(mar.cause(), Cause::Status | Cause::Error),
                None => record.kind() != RecordKind::Mar,
            };
            if passed_on {
                out.push_with(|out| {
                    to_v3(record, out);
                });
            }
        }
        if !sensor {
            let mut reports = self.reports();
            reports.maker.records = reports.maker.records.wrapping_add(u32::try_from(out.len()).unwrap_or(u32::MAX));
        }
        out
    }
}

/// A running server. Dropped, it stops.
#[derive(Debug)]
pub struct Server {
    shared: Arc<Shared>,
    addrs: Vec<SocketAddr>,
    doorman: Option<JoinHandle<()>>,
}

impl Server {
    /// Listens, and accepts clients from now on.
    ///
    /// # Errors
    /// An address cannot be listened on, or the system gives no thread.
    pub fn start(config: ServerConfig) -> Result<Server, ServerError> {
        let listeners = listen(&config)?;
        let addrs = listeners.iter().filter_map(|l| l.local_addr().ok()).collect();
        let now = wall_now();
        let mut maker = MarMaker::new(now);
        maker.mar_interval_secs = config.mar_interval_secs.max(1);
        if let Voice::Relay(srcid) = config.voice {
            maker.srcid = srcid;
            maker.status_interval_secs = 0;
        }
        let shared = Arc::new(Shared {
            config,
            clients: Mutex::default(),
            movement: Condvar::new(),
            reports: Mutex::new(Reports { maker, stopped: false }),
            counters: Counters::default(),
            stopping: AtomicBool::new(false),
        });
        let own = Arc::clone(&shared);
        let doorman = std::thread::Builder::new()
            .name("serve".into())
            .spawn(move || doorman::run(&own, &listeners))
            .map_err(ServerError::Thread)?;
        Ok(Server { shared, addrs, doorman: Some(doorman) })
    }

    /// The addresses it listens on, with the ports in use.
    #[must_use]
    pub fn addrs(&self) -> &[SocketAddr] {
        &self.addrs
    }

    /// Queues records for all clients. Never waits.
    pub fn publish(&self, batch: &Batch) {
        let out = self.shared.for_clients(batch);
        if !out.is_empty() {
            self.shared.send(&Arc::new(out));
        }
    }

    /// Notes records that were lost on their way to a relay, for its next management record.
    pub fn note_lost(&self, records: u64) {
        let mut reports = self.shared.reports();
        let records = u32::try_from(records).unwrap_or(u32::MAX);
        reports.maker.dropped = reports.maker.dropped.saturating_add(records);
    }

    /// What it has done so far.
    #[must_use]
    pub fn stats(&self) -> ServerStats {
        let (clients, streaming) = {
            let clients = self.shared.clients();
            (clients.len(), clients.iter().filter(|c| c.is_streaming()).count())
        };
        let get = |n: &AtomicU64| n.load(Ordering::Relaxed);
        let counters = &self.shared.counters;
        ServerStats {
            clients,
            streaming,
            accepted: get(&counters.accepted),
            refused: get(&counters.refused),
            cut_off: get(&counters.cut_off),
            records_sent: get(&counters.records_sent),
        }
    }

    /// Waits until a client gets records; for producers that can wait. Whether one does.
    #[must_use]
    pub fn wait_for_client(&self, patience: Duration) -> bool {
        self.shared.wait_until(patience, |clients| clients.iter().any(|c| c.is_streaming()))
    }

    /// Waits until every queue is at most half full; for producers that can wait, such as files, so that they cost no
    /// client its connection. Whether all are.
    #[must_use]
    pub fn wait_for_room(&self, patience: Duration) -> bool {
        let most = self.shared.config.queue_bytes / 2;
        self.shared.wait_until(patience, |clients| clients.iter().all(|c| c.backlog() <= most))
    }

    /// Sends the last management record, lets clients take what is queued for at most a few seconds, and ends.
    pub fn stop(mut self) -> ServerStats {
        self.end();
        self.stats()
    }

    fn end(&mut self) {
        let Some(doorman) = self.doorman.take() else { return };
        self.shared.stopping.store(true, Ordering::SeqCst);
        self.shared.moved();
        // A panic there has been reported by the runtime; ending goes on.
        let _ = doorman.join();
        if !self.shared.reports().stopped {
            self.shared.report(MarCause::Stop);
        }
        let clients = self.shared.clients().clone();
        clients.iter().for_each(|c| c.close());
        let _ = self.shared.wait_until(FAREWELL, |clients| clients.iter().all(|c| c.is_ended()));
        let _ = self.shared.wait_until(LINGER, <[Arc<Client>]>::is_empty);
        let left = self.shared.clients().clone();
        left.iter().for_each(|c| c.cut());
        let _ = self.shared.wait_until(LINGER, <[Arc<Client>]>::is_empty);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.end();
    }
}

/// Opens the listening sockets. With port 0 all of them take the port that the first one got.
fn listen(config: &ServerConfig) -> Result<Vec<TcpListener>, ServerError> {
    let loopback = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];
    let (addrs, by_default) = match config.bind.as_slice() {
        [] => (&loopback[..], true),
        some => (some, false),
    };
    let mut port = config.port;
    let mut listeners: Vec<TcpListener> = Vec::new();
    for ip in addrs {
        let addr = SocketAddr::new(*ip, port);
        match open(addr) {
            Ok(listener) => {
                port = listener.local_addr().map_or(port, |a| a.port());
                listeners.push(listener);
            }
            // A machine without IPv6 is served on IPv4.
            Err(e) if by_default && ip.is_ipv6() && !listeners.is_empty() => {
                tracing::debug!("not listening on {addr}: {e}");
            }
            Err(source) => return Err(ServerError::Bind { addr, source }),
        }
    }
    Ok(listeners)
}

fn open(addr: SocketAddr) -> io::Result<TcpListener> {
    use socket2::{Domain, Protocol, Socket, Type};
    let socket = Socket::new(Domain::for_address(addr), Type::STREAM, Some(Protocol::TCP))?;
    if addr.is_ipv6() {
        // The same port is served on IPv4 by a socket of its own.
        socket.set_only_v6(true)?;
    }
    // A server started anew must not wait for the old connections to be forgotten.
    #[cfg(unix)]
    socket.set_reuse_address(true)?;
    socket.bind(&addr.into())?;
    socket.listen(128)?;
    socket.set_nonblocking(true)?;
    Ok(socket.into())
}

/// How long until the next management record is due.
fn until_due(last: Instant, interval_secs: u16) -> Duration {
    (last + Duration::from_secs(u64::from(interval_secs.max(1)))).saturating_duration_since(steady_now())
}
