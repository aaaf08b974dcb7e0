//! An argus server or relay on TCP, plain or inside TLS.
//!
//! ```text
//! server → management record (128 bytes)      a full or refusing server: one word
//! client → "FILTER: …"   server → "OK"        only with a filter; "SY" refuses it
//! client → "START: "     server → records, as in a file
//! ```
//!
//! Commands have no terminator, and an old server takes all bytes of one read as one command, so each is sent alone
//! and answered before the next. A lost connection is made again for ever, with growing pauses.

use std::io;
use std::net::{SocketAddr, ToSocketAddrs as _};
use std::sync::mpsc::{Receiver, TryRecvError, sync_channel};
use std::time::{Duration, Instant};

use socket2::{Domain, Protocol, Socket, TcpKeepalive, Type};

use super::argus_file::{Damage, is_deliverable};
use super::spec::split_host;
use super::{Batch, Source, SourceError, SourceInfo, Step, Warnings};
use crate::base::clock::steady_now;
use crate::base::hash::Map;
use crate::record::codec::{FrameError, Framer, Mar, RecordKind, RecordRef};
use crate::record::{Cause, SrcId, Transport};
use crate::secure::{ClientTls, Connection};

/// Records and reads after which a poll returns.
const MAX_RECORDS: usize = 1024;
const MAX_READS: usize = 16;
/// Time to ask again while nothing comes.
const NAP: Duration = Duration::from_millis(20);
/// Time that connecting, and each answer of the dialogue, may take.
const PATIENCE: Duration = Duration::from_secs(15);
/// Pauses before the attempts to connect again; the last one is repeated.
const PAUSES: [Duration; 4] =
    [Duration::from_secs(1), Duration::from_secs(2), Duration::from_secs(3), Duration::from_secs(5)];
/// Management intervals without a word after which a connection counts as dead.
const SILENT_INTERVALS: u32 = 3;
/// Sensors whose sequence numbers are followed.
const MAX_SENSORS: usize = 1024;

type Answer = io::Result<Vec<SocketAddr>>;

enum State {
    /// Waiting until it is time to try.
    Pausing { until: Instant },
    /// A thread looks up the name.
    Resolving { answer: Receiver<Answer> },
    /// A connection is being made; `rest` are further addresses to try.
    Connecting { socket: Socket, rest: Vec<SocketAddr>, since: Instant },
    /// Waiting for the management record.
    Greeting { stream: Connection, since: Instant },
    /// Waiting for the answer to the filter.
    Asking { stream: Connection, since: Instant, answer: Vec<u8> },
    /// Records arrive.
    Streaming { stream: Connection },
    /// Given up.
    Dead,
}

/// A client of one server.
pub(super) struct ArgusStream {
    host: String,
    port: u16,
    filter: String,
    tls: Option<ClientTls>,
    state: State,
    framer: Framer,
    failures: usize,
    trouble: Option<String>,
    damage: Damage,
    gaps: Gaps,
    /// Longest silence of a healthy server.
    silence: Duration,
    heard: Instant,
}

/// What ends a connection.
enum Loss {
    /// Try again later.
    Again(String),
    /// Trying again makes no sense.
    Final(String),
}

impl From<io::Error> for Loss {
    fn from(e: io::Error) -> Loss {
        Loss::Again(match e.kind() {
            io::ErrorKind::ConnectionRefused => "connection refused, no server listens there".into(),
            io::ErrorKind::ConnectionReset => "the server broke the connection".into(),
            _ => e.to_string(),
        })
    }
}

impl ArgusStream {
    /// Will connect to `host[:port]` when it is polled, inside TLS if that is given.
    ///
    /// # Errors
    /// The name of the server makes no sense.
    pub(super) fn new(host: &str, filter: &str, tls: Option<ClientTls>) -> Result<ArgusStream, SourceError> {
        let (name, port) =
            split_host(host).map_err(|problem| SourceError::Unavailable { name: host.to_owned(), problem })?;
        let now = steady_now();
        Ok(ArgusStream {
            host: name.to_owned(),
            port,
            filter: filter.trim().to_owned(),
            tls,
            state: State::Pausing { until: now },
            framer: Framer::new(),
            failures: 0,
            trouble: None,
            damage: Damage::default(),
            gaps: Gaps::default(),
            silence: PATIENCE,
            heard: now,
        })
    }

    fn name(&self) -> String {
        if self.host.contains(':') {
            format!("[{}]:{}", self.host, self.port)
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }

    /// One step of the dialogue.
    fn advance(&mut self, batch: &mut Batch, warnings: &mut Warnings, now: Instant) -> Result<Step, Loss> {
        match std::mem::replace(&mut self.state, State::Dead) {
            State::Dead => Ok(Step::End),
            State::Pausing { until } if now < until => {
                self.state = State::Pausing { until };
                Ok(Step::Idle((until - now).min(NAP * 5)))
            }
            State::Pausing { .. } => self.resolve(),
            State::Resolving { answer } => self.resolved(answer),
            State::Connecting { socket, rest, since } => self.connecting(socket, rest, since, now),
            State::Greeting { stream, since } => self.greeting(stream, since, batch, now),
            State::Asking { stream, since, answer } => self.asking(stream, since, answer, now),
            State::Streaming { stream } => self.streaming(stream, batch, warnings, now),
        }
    }

    /// Looking up a name may take seconds, so a thread does it.
    fn resolve(&mut self) -> Result<Step, Loss> {
        let (sender, answer) = sync_channel::<Answer>(1);
        let (host, port) = (self.host.clone(), self.port);
        std::thread::Builder::new().name("resolve".into()).spawn(move || {
            let _ = sender.send((host.as_str(), port).to_socket_addrs().map(Iterator::collect));
        })?;
        self.state = State::Resolving { answer };
        Ok(Step::Idle(Duration::from_millis(2)))
    }

    fn resolved(&mut self, answer: Receiver<Answer>) -> Result<Step, Loss> {
        match answer.try_recv() {
            Ok(Ok(addrs)) => self.connect(addrs),
            Ok(Err(e)) => Err(Loss::Again(format!("the name of the server cannot be looked up: {e}"))),
            Err(TryRecvError::Empty) => {
                self.state = State::Resolving { answer };
                Ok(Step::Idle(NAP / 4))
            }
            Err(TryRecvError::Disconnected) => Err(Loss::Again("looking up the name failed".into())),
        }
    }

    fn connect(&mut self, mut addrs: Vec<SocketAddr>) -> Result<Step, Loss> {
        if addrs.is_empty() {
            return Err(Loss::Again("the name of the server has no address".into()));
        }
        let addr = addrs.remove(0);
        let socket = Socket::new(Domain::for_address(addr), Type::STREAM, Some(Protocol::TCP))?;
        socket.set_nonblocking(true)?;
        let begun = match socket.connect(&addr.into()) {
            Ok(()) => Ok(()),
            // The connection is on its way.
            Err(e) if e.kind() == io::ErrorKind::WouldBlock || e.raw_os_error() == Some(EINPROGRESS) => Ok(()),
            Err(e) => Err(e),
        };
        match begun {
            Ok(()) => {
                self.state = State::Connecting { socket, rest: addrs, since: steady_now() };
                Ok(Step::Idle(Duration::from_millis(2)))
            }
            Err(_) if !addrs.is_empty() => self.connect(addrs),
            Err(e) => Err(e.into()),
        }
    }

    fn connecting(
        &mut self,
        socket: Socket,
        rest: Vec<SocketAddr>,
        since: Instant,
        now: Instant,
    ) -> Result<Step, Loss> {
        let failed = match socket.take_error() {
            Ok(None) | Err(_) if now.duration_since(since) > PATIENCE => Some(io::ErrorKind::TimedOut.into()),
            Ok(error) => error,
            Err(e) => Some(e),
        };
        if let Some(e) = failed {
            return if rest.is_empty() { Err(e.into()) } else { self.connect(rest) };
        }
        if socket.peer_addr().is_err() {
            self.state = State::Connecting { socket, rest, since };
            return Ok(Step::Idle(NAP / 4));
        }
        socket.set_tcp_nodelay(true)?;
        // Finds out within minutes that the other machine is gone, even if the server never reports by itself.
        let _ = socket.set_tcp_keepalive(&TcpKeepalive::new().with_time(Duration::from_secs(60)));
        self.framer = Framer::new();
        self.heard = now;
        let stream = match &self.tls {
            None => Connection::Plain(socket.into()),
            Some(tls) => Connection::Secure(Box::new(tls.connect(&self.host, socket.into())?)),
        };
        self.state = State::Greeting { stream, since: now };
        Ok(Step::More)
    }

    /// Reads what there is; false if there is nothing at the moment.
    fn receive(&mut self, stream: &Connection, now: Instant) -> Result<bool, Loss> {
        match stream.read(self.framer.space()) {
            Ok(0) => {
                let cut = self.framer.held() > 0;
                Err(Loss::Again(format!(
                    "the server closed the connection{}",
                    if cut { " within a record" } else { "" }
                )))
            }
            Ok(n) => {
                self.framer.filled(n);
                self.heard = now;
                Ok(true)
            }
            Err(e) if matches!(e.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => Ok(false),
            Err(e) => Err(e.into()),
        }
    }

    fn greeting(&mut self, stream: Connection, since: Instant, batch: &mut Batch, now: Instant) -> Result<Step, Loss> {
        self.receive(&stream, now)?;
        let Some((_, record)) = self.framer.next_record().map_err(|e| unwelcome(&e))? else {
            if now.duration_since(since) > PATIENCE {
                return Err(Loss::Again("the server says nothing; is it an argus server".into()));
            }
            self.state = State::Greeting { stream, since };
            return Ok(Step::Idle(NAP));
        };
        let mar =
            Mar::new(record).ok_or_else(|| Loss::Final("the server begins without a management record".into()))?;
        if mar.wants_authentication() {
            return Err(Loss::Final("the server requires authentication (SASL), which is not supported".into()));
        }
        let interval = match mar.mar_interval_secs() {
            0 => 60,
            secs => u32::from(secs),
        };
        self.silence = Duration::from_secs(u64::from(interval)) * SILENT_INTERVALS + PATIENCE;
        batch.push(record.bytes());
        if self.filter.is_empty() {
            return self.start(stream);
        }
        // Management records have to come through any filter, or silence could not be told from loss.
        stream.write_all(format!("FILTER: man or ({})", self.filter).as_bytes())?;
        self.state = State::Asking { stream, since: now, answer: Vec::new() };
        Ok(Step::Idle(NAP / 4))
    }

    fn asking(&mut self, stream: Connection, since: Instant, mut answer: Vec<u8>, now: Instant) -> Result<Step, Loss> {
        let mut buf = [0; 2];
        let want = 2 - answer.len().min(2);
        match stream.read(buf.get_mut(..want).unwrap_or_default()) {
            Ok(0) => {
                return Err(Loss::Final(format!("the server closed the connection upon the filter {:?}", self.filter)));
            }
            Ok(n) => answer.extend_from_slice(buf.get(..n).unwrap_or_default()),
            Err(e) if matches!(e.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => {}
            Err(e) => return Err(e.into()),
        }
        match answer.as_slice() {
            b"OK" => self.start(stream),
            [_, _] => Err(Loss::Final(format!(
                "the server rejects the filter {:?} (it answers {:?})",
                self.filter,
                String::from_utf8_lossy(&answer)
            ))),
            _ if now.duration_since(since) > PATIENCE => Err(Loss::Again(format!(
                "the server does not answer the filter {:?}; servers of version 3 fall silent when they cannot read one",
                self.filter
            ))),
            _ => {
                self.state = State::Asking { stream, since, answer };
                Ok(Step::Idle(NAP))
            }
        }
    }

    fn start(&mut self, stream: Connection) -> Result<Step, Loss> {
        stream.write_all(b"START: ")?;
        self.failures = 0;
        self.trouble = None;
        self.state = State::Streaming { stream };
        Ok(Step::More)
    }

    fn streaming(
        &mut self,
        stream: Connection,
        batch: &mut Batch,
        warnings: &mut Warnings,
        now: Instant,
    ) -> Result<Step, Loss> {
        // Held records first: only when none is left does the buffer take more, so that it cannot grow.
        for _ in 0..MAX_READS {
            if self.deliver(batch, warnings)? {
                break;
            }
            if !self.receive(&stream, now)? {
                if now.duration_since(self.heard) > self.silence {
                    return Err(Loss::Again(format!("nothing heard for {} s", self.silence.as_secs())));
                }
                self.state = State::Streaming { stream };
                return Ok(Step::Idle(NAP));
            }
        }
        self.state = State::Streaming { stream };
        Ok(Step::More)
    }

    /// Moves whole records into the batch; true if there may be more than it took.
    fn deliver(&mut self, batch: &mut Batch, warnings: &mut Warnings) -> Result<bool, Loss> {
        let first = batch.len();
        while batch.len() - first < MAX_RECORDS {
            let Some((at, record)) = self.framer.next_record().map_err(|e| unwelcome(&e))? else { return Ok(false) };
            if let Some(problem) = self.damage.judge(record, at) {
                warnings.add(format!("{}: {problem}", self.host));
            }
            if self.filter.is_empty() {
                self.gaps.note(record);
            }
            if is_deliverable(record) {
                batch.push(record.bytes());
            }
        }
        Ok(true)
    }
}

/// `EINPROGRESS` of Linux and the BSDs, which the standard library has no kind for.
const EINPROGRESS: i32 = if cfg!(any(target_os = "linux", target_os = "android")) { 115 } else { 36 };

fn unwelcome(error: &FrameError) -> Loss {
    match error {
        FrameError::Refused { option: 2 } => Loss::Again(error.to_string()),
        other => Loss::Final(other.to_string()),
    }
}

impl Source for ArgusStream {
    fn info(&self) -> SourceInfo {
        SourceInfo {
            name: self.name(),
            kind: "argus stream",
            live: true,
            dropped: self.gaps.missing,
            damaged: self.damage.count,
        }
    }

    fn poll(&mut self, batch: &mut Batch, warnings: &mut Warnings) -> Result<Step, SourceError> {
        let now = steady_now();
        match self.advance(batch, warnings, now) {
            Ok(step) => Ok(step),
            Err(Loss::Final(problem)) => Err(SourceError::Unavailable { name: self.name(), problem }),
            Err(Loss::Again(problem)) => {
                let pause = PAUSES.get(self.failures).or(PAUSES.last()).copied().unwrap_or(PATIENCE);
                self.failures = self.failures.saturating_add(1);
                self.state = State::Pausing { until: now + pause };
                warnings.add(format!("{}: {problem}; trying again every few seconds", self.name()));
                self.trouble = Some(problem);
                Ok(Step::Idle(NAP))
            }
        }
    }

    fn trouble(&self) -> Option<String> {
        self.trouble.clone()
    }
}

impl Drop for ArgusStream {
    fn drop(&mut self) {
        if let State::Streaming { stream } = &self.state {
            // A courtesy; the server sees the connection end anyway.
            let _ = stream.write_all(b"DONE: ");
        }
    }
}

/// Follows the sequence numbers of sensors: what is missing was lost on the way. A sensor numbers flows, not records:
/// first records carry 1, 2, 3 …, later records of a flow repeat its number. So only first records are followed.
#[derive(Debug, Default)]
pub(super) struct Gaps {
    last: Map<SrcId, u32>,
    missing: u64,
}

impl Gaps {
    /// Records known to be missing.
    pub(super) fn missing(&self) -> u64 {
        self.missing
    }

    /// Follows one record.
    pub(super) fn note(&mut self, record: RecordRef<'_>) {
        if record.kind() != RecordKind::Far || record.cause() != Cause::Start {
            return;
        }
        let Some(t) = Transport::of(record) else { return };
        if let Some(last) = self.last.get_mut(&t.srcid) {
            // A step back is a sensor that began again.
            let step = t.seq.wrapping_sub(*last);
            if step > 1 && step < u32::MAX / 2 {
                self.missing = self.missing.saturating_add(u64::from(step - 1));
            }
            *last = t.seq;
        } else if self.last.len() < MAX_SENSORS {
            self.last.insert(t.srcid, t.seq);
        }
    }
}
