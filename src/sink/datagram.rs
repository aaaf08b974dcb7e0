//! Records as datagrams: one each, nothing comes back (`argus-udp://host:port`).

use std::io;
use std::net::{ToSocketAddrs as _, UdpSocket};

use crate::record::codec::{RecordRef, to_v3};

/// The longest payload of a UDP datagram over IPv4.
const MAX_LEN: usize = 65_507;

/// Sends records to one receiver. What nobody receives is lost; receivers see it from the sequence numbers.
#[derive(Debug)]
pub struct DatagramWriter {
    socket: UdpSocket,
    buf: Vec<u8>,
    lost: u64,
}

impl DatagramWriter {
    /// For `host:port`.
    ///
    /// # Errors
    /// The name has no address, or the system gives no socket.
    pub fn open(place: &str) -> io::Result<DatagramWriter> {
        let none = || io::Error::new(io::ErrorKind::NotFound, "the name has no address");
        let addr = place.to_socket_addrs()?.next().ok_or_else(none)?;
        let socket = UdpSocket::bind(if addr.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" })?;
        socket.connect(addr)?;
        socket.set_nonblocking(true)?;
        Ok(DatagramWriter { socket, buf: Vec::new(), lost: 0 })
    }

    /// Sends one record in version 3. A record that is too long, or that the system does not take, is counted as lost.
    pub fn write(&mut self, record: RecordRef<'_>) {
        self.buf.clear();
        if !to_v3(record, &mut self.buf) {
            self.lost += 1;
            return;
        }
        // The refusal of an earlier datagram is reported by the next attempt to send, which has then not been made.
        let sent =
            self.buf.len() <= MAX_LEN && (self.socket.send(&self.buf).is_ok() || self.socket.send(&self.buf).is_ok());
        self.lost += u64::from(!sent);
    }

    /// Records that could not be sent.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.lost
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_a_datagram() {
        let receiver = UdpSocket::bind("127.0.0.1:0").expect("a socket");
        receiver.set_read_timeout(Some(std::time::Duration::from_secs(10))).expect("a timeout");
        let mut out = DatagramWriter::open(&receiver.local_addr().expect("bound").to_string()).expect("opens");
        let (small, large) = ([0x13, 0x10, 0, 2, 1, 2, 3, 4], {
            let mut bytes = vec![0; 0xFFFF * 4];
            bytes[..4].copy_from_slice(&[0x13, 0x10, 0xFF, 0xFF]);
            bytes
        });
        out.write(RecordRef::new(&large).expect("whole"));
        out.write(RecordRef::new(&small).expect("whole"));
        let mut buf = [0; 100];
        assert_eq!(receiver.recv(&mut buf).expect("received"), 8);
        assert_eq!((buf[..8] == small, out.lost()), (true, 1));
    }
}
