//! Argus records that arrive as datagrams, one each.
//!
//! Nothing is answered and nothing repeated, so that losses show only in the sequence numbers. Senders begin with a
//! management record, which a listener that is started later never sees.

use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs as _, UdpSocket};
use std::time::Duration;

use socket2::{Domain, Protocol, Socket, Type};

use super::argus_file::{Damage, is_deliverable};
use super::argus_net::Gaps;
use super::spec::split_host;
use super::{Batch, Source, SourceError, SourceInfo, Step, Warnings};
use crate::record::codec::RecordRef;

/// Datagrams after which a poll returns.
const MAX_DATAGRAMS: usize = 1024;
/// Time to ask again while nothing comes.
const NAP: Duration = Duration::from_millis(20);
/// Room asked of the system for datagrams that wait.
const BUFFER: usize = 8 << 20;
/// The longest datagram.
pub(super) const MAX_LEN: usize = 65_536;

/// Listens on one address.
pub(super) struct ArgusDatagrams {
    name: String,
    socket: UdpSocket,
    buf: Vec<u8>,
    gaps: Gaps,
    damage: Damage,
    /// Datagrams received, for messages.
    count: u64,
}

impl ArgusDatagrams {
    /// Listens on `host:port`; `host` is an address of this machine, or a multicast group.
    ///
    /// # Errors
    /// The name has no address or the port is in use.
    pub(super) fn new(place: &str) -> Result<ArgusDatagrams, SourceError> {
        let name = format!("argus-udp://{place}");
        let socket = listen(place, &name)?;
        Ok(ArgusDatagrams {
            name,
            socket,
            buf: vec![0; MAX_LEN],
            gaps: Gaps::default(),
            damage: Damage::default(),
            count: 0,
        })
    }

    /// Takes the record of a datagram of `len` bytes.
    fn take(&mut self, len: usize, batch: &mut Batch, warnings: &mut Warnings) {
        let bytes = self.buf.get(..len).unwrap_or_default();
        let Some(record) = RecordRef::new(bytes).filter(|r| r.bytes().len() == len && r.is_known_version()) else {
            self.damage.count += 1;
            warnings.add(format!("{}: datagram {} is no argus record and is passed over", self.name, self.count));
            return;
        };
        if let Some(problem) = self.damage.judge(record, self.count) {
            warnings.add(format!("{}: {problem}", self.name));
        }
        self.gaps.note(record);
        if is_deliverable(record) {
            batch.push(record.bytes());
        }
    }
}

/// A socket for datagrams to `host:port`, `name` for messages.
///
/// # Errors
/// The name has no address or the port is in use.
pub(super) fn listen(place: &str, name: &str) -> Result<UdpSocket, SourceError> {
    let fail = |problem: String| SourceError::Unavailable { name: name.to_owned(), problem };
    let (host, port) = split_host(place).map_err(fail)?;
    let found = (host, port).to_socket_addrs().map_err(|e| fail(e.to_string()))?.next();
    let addr = found.ok_or_else(|| fail("the name has no address".into()))?;
    open(addr).map_err(|e| fail(format!("listening for datagrams: {e}")))
}

fn open(addr: SocketAddr) -> io::Result<UdpSocket> {
    let socket = Socket::new(Domain::for_address(addr), Type::DGRAM, Some(Protocol::UDP))?;
    // The system may give less; bursts are then lost, which shows in the sequence numbers.
    let _ = socket.set_recv_buffer_size(BUFFER);
    socket.bind(&addr.into())?;
    match addr.ip() {
        IpAddr::V4(group) if group.is_multicast() => {
            socket.join_multicast_v4(&group, &std::net::Ipv4Addr::UNSPECIFIED)?;
        }
        IpAddr::V6(group) if group.is_multicast() => socket.join_multicast_v6(&group, 0)?,
        _ => {}
    }
    socket.set_nonblocking(true)?;
    Ok(socket.into())
}

impl Source for ArgusDatagrams {
    fn info(&self) -> SourceInfo {
        SourceInfo {
            name: self.name.clone(),
            kind: "argus datagrams",
            live: true,
            dropped: self.gaps.missing(),
            damaged: self.damage.count,
        }
    }

    fn poll(&mut self, batch: &mut Batch, warnings: &mut Warnings) -> Result<Step, SourceError> {
        for _ in 0..MAX_DATAGRAMS {
            match self.socket.recv(&mut self.buf) {
                Ok(len) => {
                    self.count += 1;
                    self.take(len, batch, warnings);
                }
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => return Ok(Step::Idle(NAP)),
                Err(e) if matches!(e.kind(), io::ErrorKind::Interrupted | io::ErrorKind::ConnectionRefused) => {}
                Err(e) => {
                    return Err(SourceError::Unavailable { name: self.name.clone(), problem: e.to_string() });
                }
            }
        }
        Ok(Step::More)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn poll_until(source: &mut ArgusDatagrams, wanted: impl Fn(&Batch, &ArgusDatagrams) -> bool) -> Batch {
        let (mut batch, mut warnings) = (Batch::default(), Warnings::new());
        for _ in 0..10_000 {
            source.poll(&mut batch, &mut warnings).expect("goes on");
            if wanted(&batch, source) {
                return batch;
            }
            std::thread::yield_now();
        }
        panic!("datagrams on loopback arrive");
    }

    #[test]
    fn datagrams_become_records_and_nonsense_is_counted() {
        let mut source = ArgusDatagrams::new("127.0.0.1:0").or_else(|_| {
            // Port 0 is no port that a user may name; the tests take any free one.
            let free = UdpSocket::bind("127.0.0.1:0").and_then(|s| s.local_addr()).expect("a free port");
            ArgusDatagrams::new(&free.to_string())
        });
        let source = source.as_mut().expect("listens");
        let to = source.socket.local_addr().expect("bound");
        let sender = UdpSocket::bind("127.0.0.1:0").expect("a socket");
        let good = [0x13, 0x10, 0, 3, 0x40, 0, 0, 1, 0x40, 0, 0, 1];
        for datagram in [&good[..], &good[..8], b"hello", &[], &[good, good].concat(), &[0x17; 4]] {
            sender.send_to(datagram, to).expect("sent");
        }
        sender.send_to(&good, to).expect("sent");
        let batch = poll_until(source, |batch, _| batch.len() == 2);
        assert!(batch.iter().all(|r| r == good));
        assert_eq!(source.info().damaged, 5);
    }
}
