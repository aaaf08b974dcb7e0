//! One client: a thread that listens to it, a queue of records, and once it has said START a thread that writes.
//!
//! The queue is bounded in bytes. Whoever publishes only puts a pointer into it; filtering and writing are done by the
//! client's own thread, so that a slow client hurts nobody but itself.

use std::collections::VecDeque;
use std::io;
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use socket2::{SockRef, TcpKeepalive};

use super::Shared;
use super::command::{Command, CommandParser};
use super::selection::Selection;
use crate::base::clock::steady_now;
use crate::record::Batch;
use crate::secure::{Connection, ServerTls};

/// Bytes handed to the socket at a time.
const WRITE_LEN: usize = 256 * 1024;
/// Longest time that one write may make no progress.
const STALL: Duration = Duration::from_secs(60);
/// Longest time that a client inside TLS may take to make itself known.
const HANDSHAKE: Duration = Duration::from_secs(15);
/// A command without terminator is complete when nothing follows for this time.
const SETTLE: Duration = Duration::from_millis(40);

/// How far a client is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// It has not said START.
    Asking,
    /// It gets records.
    Streaming,
    /// It gets what is queued, then the end.
    Closing,
    /// Everything is written, or nothing more can be.
    Ended,
}

#[derive(Debug)]
struct Queue {
    phase: Phase,
    batches: VecDeque<Arc<Batch>>,
    /// Bytes waiting, those being written included.
    bytes: usize,
}

/// What became of an offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Offer {
    /// It is queued, or the client does not want records now.
    Taken,
    /// The queue is full.
    Full,
}

/// A connected client.
#[derive(Debug)]
pub(super) struct Client {
    connection: Connection,
    /// Address and port as text, for messages.
    pub(super) name: String,
    since: Instant,
    queue: Mutex<Queue>,
    changed: Condvar,
}

impl Client {
    /// Prepares an accepted connection.
    ///
    /// # Errors
    /// The connection is gone already.
    pub(super) fn new(stream: TcpStream, peer: SocketAddr, tls: Option<&ServerTls>) -> io::Result<Client> {
        stream.set_nonblocking(false)?;
        stream.set_nodelay(true)?;
        stream.set_write_timeout(Some(STALL))?;
        // Finds out within minutes that the other machine is gone.
        SockRef::from(&stream).set_tcp_keepalive(&TcpKeepalive::new().with_time(STALL))?;
        let connection = match tls {
            None => Connection::Plain(stream),
            Some(tls) => Connection::Secure(Box::new(tls.accept(stream)?)),
        };
        Ok(Client {
            connection,
            name: peer.to_string(),
            since: steady_now(),
            queue: Mutex::new(Queue { phase: Phase::Asking, batches: VecDeque::new(), bytes: 0 }),
            changed: Condvar::new(),
        })
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set_phase(&self, phase: Phase) {
        self.lock().phase = phase;
        self.changed.notify_all();
    }

    /// Whether it gets records.
    pub(super) fn is_streaming(&self) -> bool {
        self.lock().phase == Phase::Streaming
    }

    /// Whether it has been connected for `patience` without asking for records.
    pub(super) fn is_idle_for(&self, patience: Duration) -> bool {
        self.lock().phase == Phase::Asking && steady_now().saturating_duration_since(self.since) >= patience
    }

    /// Whether nothing more will be written.
    pub(super) fn is_ended(&self) -> bool {
        self.lock().phase == Phase::Ended
    }

    /// Bytes waiting.
    pub(super) fn backlog(&self) -> usize {
        self.lock().bytes
    }

    /// Puts records into the queue if they fit below `limit`; an empty queue takes a batch of any size.
    pub(super) fn offer(&self, batch: &Arc<Batch>, limit: usize) -> Offer {
        let mut queue = self.lock();
        if queue.phase != Phase::Streaming {
            return Offer::Taken;
        }
        if queue.bytes > 0 && queue.bytes + batch.byte_len() > limit {
            return Offer::Full;
        }
        queue.bytes += batch.byte_len();
        queue.batches.push_back(Arc::clone(batch));
        self.changed.notify_all();
        Offer::Taken
    }

    /// Lets the queue be written and the connection be closed.
    pub(super) fn close(&self) {
        let mut queue = self.lock();
        if queue.phase == Phase::Streaming {
            queue.phase = Phase::Closing;
            self.changed.notify_all();
        } else if queue.phase == Phase::Asking {
            drop(queue);
            self.cut();
        }
    }

    /// Ends the connection at once.
    pub(super) fn cut(&self) {
        {
            let mut queue = self.lock();
            queue.phase = Phase::Ended;
            queue.batches.clear();
        }
        self.changed.notify_all();
        // Wakes both threads; an error means that the connection is gone, which is what is wanted.
        let _ = self.connection.socket().shutdown(Shutdown::Both);
    }

    /// The next batches to write, about [`WRITE_LEN`] bytes; `None` when there will be no more.
    fn take(&self) -> Option<Vec<Arc<Batch>>> {
        let mut queue = self.lock();
        loop {
            if queue.phase == Phase::Ended {
                return None;
            }
            if !queue.batches.is_empty() {
                let mut some = Vec::new();
                let mut bytes = 0;
                while bytes < WRITE_LEN
                    && let Some(batch) = queue.batches.pop_front()
                {
                    bytes += batch.byte_len();
                    some.push(batch);
                }
                return Some(some);
            }
            if queue.phase == Phase::Closing {
                return None;
            }
            queue = self.changed.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn written(&self, bytes: usize) {
        let mut queue = self.lock();
        queue.bytes = queue.bytes.saturating_sub(bytes);
    }
}

/// The listening thread of a client: greeting, commands, end.
pub(super) fn serve(client: &Arc<Client>, shared: &Arc<Shared>) {
    match converse(client, shared) {
        Ok(why) => tracing::info!("client {}: {why}", client.name),
        Err(e) => tracing::info!("client {}: {e}", client.name),
    }
    client.cut();
    shared.forget(client);
}

/// Talks with the client until it has gone; says why it ended.
fn converse(client: &Arc<Client>, shared: &Arc<Shared>) -> io::Result<&'static str> {
    let stream = &client.connection;
    stream.socket().set_read_timeout(Some(HANDSHAKE))?;
    if let Err(e) = stream.shake_hands() {
        tracing::warn!("client {} is cut off: {e}", client.name);
        return Ok("sent nothing that could be trusted");
    }
    stream.write_all(&shared.greeting())?;
    let mut parser = CommandParser::default();
    let mut selection = Some(Selection::everything());
    let mut buf = [0; 4096];
    loop {
        stream.socket().set_read_timeout(parser.is_waiting().then_some(SETTLE))?;
        let settled = match stream.read(&mut buf) {
            Ok(0) => return Ok("closed the connection"),
            Ok(n) => {
                if parser.push(buf.get(..n).unwrap_or_default()).is_err() {
                    stream.write_all(b"SY")?;
                    return Ok("sent a command without end");
                }
                false
            }
            Err(e) if matches!(e.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => true,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => false,
            Err(e) => return Err(e),
        };
        while let Some(command) = parser.next(settled) {
            match command {
                Command::Done => return Ok("sent DONE"),
                Command::Ignored => {}
                // An answer in the middle of the records would break the stream.
                Command::Filter(_) if selection.is_none() => {}
                Command::Filter(text) => match Selection::of_client(&text) {
                    Ok(chosen) => {
                        selection = Some(chosen);
                        stream.write_all(b"OK")?;
                    }
                    Err(problem) => {
                        tracing::info!("client {}: filter {text:?}: {problem}", client.name);
                        stream.write_all(b"SY")?;
                        return Ok("sent a filter that cannot be understood");
                    }
                },
                Command::Start => {
                    if let Some(chosen) = selection.take() {
                        start(client, shared, chosen)?;
                    }
                }
            }
        }
    }
}

/// Starts the writing thread.
fn start(client: &Arc<Client>, shared: &Arc<Shared>, selection: Selection) -> io::Result<()> {
    {
        let mut queue = client.lock();
        if queue.phase != Phase::Asking {
            return Ok(());
        }
        queue.phase = Phase::Streaming;
    }
    tracing::info!("client {} gets records", client.name);
    let (own, all) = (Arc::clone(client), Arc::clone(shared));
    std::thread::Builder::new().name("client-out".into()).spawn(move || {
        match write_out(&own, &all, &selection) {
            // The peer sees the end behind the last record, and closes its side.
            Ok(()) => own.connection.end(),
            Err(e) => {
                if matches!(e.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) {
                    all.counters.cut_off.fetch_add(1, Ordering::Relaxed);
                    tracing::warn!("client {} takes nothing for {} s and is cut off", own.name, STALL.as_secs());
                }
                own.cut();
            }
        }
        own.set_phase(Phase::Ended);
        all.moved();
    })?;
    shared.moved();
    Ok(())
}

/// Writes queued records until there will be no more.
fn write_out(client: &Client, shared: &Shared, selection: &Selection) -> io::Result<()> {
    let mut out = Vec::with_capacity(WRITE_LEN);
    while let Some(batches) = client.take() {
        let mut bytes = 0;
        out.clear();
        let mut records = 0;
        for batch in &batches {
            bytes += batch.byte_len();
            for record in batch.iter().filter(|r| selection.passes(r)) {
                out.extend_from_slice(record);
                records += 1;
            }
        }
        client.connection.write_all(&out)?;
        client.written(bytes);
        shared.counters.records_sent.fetch_add(records, Ordering::Relaxed);
        shared.moved();
    }
    Ok(())
}
