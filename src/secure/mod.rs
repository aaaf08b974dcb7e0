//! TCP connections between programs, as they are or inside TLS.
//!
//! [`Connection`] reads and writes through a shared reference, so that one thread may listen while another one writes,
//! and lends its socket for timeouts and for ending it. What a program proves itself with, and whom it believes, comes
//! from files in PEM ([`TlsFiles`]) that [`ServerTls::load`] and [`ClientTls::load`] read once; what is wrong with them
//! is said there, before anybody connects.
//!
//! Only TLS 1.3 is spoken: both ends are programs of this kind. The classic programs know no TLS. Built without the
//! feature `tls`, everything is there but loading fails.
//!
//! This room knows no record and no dialogue.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::path::PathBuf;

#[cfg(not(feature = "tls"))]
#[path = "absent.rs"]
mod session;
#[cfg(feature = "tls")]
mod files;
#[cfg(feature = "tls")]
mod session;

pub use session::{ClientTls, ServerTls, Session};

/// Files in PEM that a program proves itself with, and by which it knows others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TlsFiles {
    /// Certificates of this program, its own first.
    pub cert: Option<PathBuf>,
    /// The private key to them.
    pub key: Option<PathBuf>,
    /// Certificates of the authorities that vouch for the other side.
    pub ca: Option<PathBuf>,
}

/// Why there can be no TLS.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// A file cannot be read.
    #[error("{file:?}: {source}")]
    Io {
        /// The file.
        file: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// A file does not hold what it should.
    #[error("{file:?}: {problem}")]
    Content {
        /// The file.
        file: PathBuf,
        /// Expected and found.
        problem: String,
    },
    /// The files do not go together, or one of them is missing.
    #[error("{0}")]
    Setup(String),
}

/// A connection, plain or encrypted.
#[derive(Debug)]
pub enum Connection {
    /// As it is.
    Plain(TcpStream),
    /// Inside TLS.
    Secure(Box<Session>),
}

impl Connection {
    /// The socket below, for timeouts and addresses. What is read from or written to it directly breaks TLS.
    #[must_use]
    pub fn socket(&self) -> &TcpStream {
        match self {
            Connection::Plain(socket) => socket,
            Connection::Secure(session) => session.socket(),
        }
    }

    /// Waits until both sides know each other, at most as long as the socket's timeouts allow.
    ///
    /// # Errors
    /// The other side is not the one it should be, speaks no TLS, or has gone.
    pub fn shake_hands(&self) -> io::Result<()> {
        match self {
            Connection::Plain(_) => Ok(()),
            Connection::Secure(session) => session.shake_hands(),
        }
    }

    /// Reads what there is into `buf`, as [`Read::read`] does.
    ///
    /// # Errors
    /// The socket's, or those of TLS with what they mean.
    pub fn read(&self, buf: &mut [u8]) -> io::Result<usize> {
        match self {
            Connection::Plain(socket) => {
                let mut socket = socket;
                socket.read(buf)
            }
            Connection::Secure(session) => session.read(buf),
        }
    }

    /// Writes everything. On a socket that does not wait, what it does not take at once is kept, and goes out with the
    /// next read or write.
    ///
    /// # Errors
    /// The socket's.
    pub fn write_all(&self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Connection::Plain(socket) => {
                let mut socket = socket;
                socket.write_all(bytes)
            }
            Connection::Secure(session) => session.write_all(bytes),
        }
    }

    /// Tells the other side that nothing more comes.
    pub fn end(&self) {
        if let Connection::Secure(session) = self {
            session.say_goodbye();
        }
        let _ = self.socket().shutdown(Shutdown::Write);
    }
}
