//! The thread that accepts clients and keeps the time of the server's own management records.

use std::io::Write as _;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::client::{self, Client};
use super::{Shared, Voice, until_due};
use crate::base::clock::steady_now;
use crate::record::codec::MarCause;

/// Time between two looks at the door.
const NAP: Duration = Duration::from_millis(20);
/// Connections accepted in one look, so that a flood does not keep the thread from its other duty.
const MAX_AT_ONCE: usize = 64;

/// The one word that turns a client away: a management record, cause error, with a reason.
fn refusal(option: u8) -> [u8; 4] {
    [0x83, 0x80 | option, 0, 1]
}

/// Accepts clients until the server stops.
pub(super) fn run(shared: &Arc<Shared>, listeners: &[TcpListener]) {
    let mut last = steady_now();
    while !shared.stopping.load(Ordering::SeqCst) {
        for listener in listeners {
            for _ in 0..MAX_AT_ONCE {
                // Errors concern the one connection, or pass; the next look finds out.
                let Ok((stream, peer)) = listener.accept() else { break };
                admit(shared, stream, peer);
            }
        }
        if shared.config.voice != Voice::Sensor && until_due(last, shared.config.mar_interval_secs).is_zero() {
            last = steady_now();
            shared.report(MarCause::Status);
        }
        std::thread::sleep(NAP);
    }
}

/// Greets a client or turns it away.
fn admit(shared: &Arc<Shared>, stream: TcpStream, peer: SocketAddr) {
    let config = &shared.config;
    if !config.allow.is_empty() && !config.allow.iter().any(|n| n.contains(peer.ip())) {
        tracing::warn!("client {peer} is not in an allowed network and is turned away");
        return refuse(shared, stream, 1);
    }
    if shared.clients().len() >= config.max_clients && !make_place(shared) {
        tracing::warn!("client {peer} is turned away: {} clients are connected already", config.max_clients);
        return refuse(shared, stream, 2);
    }
    if let Err(e) = welcome(shared, stream, peer) {
        tracing::debug!("client {peer}: {e}");
    }
}

fn refuse(shared: &Shared, mut stream: TcpStream, option: u8) {
    shared.counters.refused.fetch_add(1, Ordering::Relaxed);
    if shared.config.tls.is_some() {
        // Nobody could read the word; the end of the connection has to do.
        return;
    }
    // Four bytes fit into a fresh connection's buffer, and a client that is gone does not need them.
    let _ = stream.set_nonblocking(true).and_then(|()| stream.write_all(&refusal(option)));
}

/// Takes the place of the client that has been connected longest without asking for records, if there is one.
fn make_place(shared: &Shared) -> bool {
    let idle = {
        let mut clients = shared.clients();
        let at = clients.iter().position(|c| c.is_idle_for(shared.config.patience));
        at.map(|at| clients.remove(at))
    };
    if let Some(client) = &idle {
        tracing::info!("client {} has not asked for records and loses its place", client.name);
        client.cut();
    }
    idle.is_some()
}

fn welcome(shared: &Arc<Shared>, stream: TcpStream, peer: SocketAddr) -> std::io::Result<()> {
    let client = Arc::new(Client::new(stream, peer, shared.config.tls.as_ref())?);
    shared.clients().push(Arc::clone(&client));
    let (own, all) = (Arc::clone(&client), Arc::clone(shared));
    let spawned = std::thread::Builder::new().name("client-in".into()).spawn(move || client::serve(&own, &all));
    if let Err(e) = spawned {
        shared.forget(&client);
        return Err(e);
    }
    shared.counters.accepted.fetch_add(1, Ordering::Relaxed);
    shared.moved();
    Ok(())
}
