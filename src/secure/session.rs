//! One connection inside TLS.
//!
//! The state of TLS is behind a lock that is never held while the socket waits, so that a thread which listens does not
//! keep another one from writing. What is to be sent passes through a second lock together with the socket, since
//! encrypted pieces must leave in the order in which they were made.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustls::pki_types::ServerName;
use rustls::{AlertDescription, CertificateError, ClientConfig, ClientConnection, ServerConfig, ServerConnection};

use super::{TlsError, TlsFiles, files};

/// Bytes read from the socket, and taken from a writer, at a time.
const CHUNK: usize = 16 * 1024;

/// What a server needs for TLS.
#[derive(Clone, Debug)]
pub struct ServerTls(Arc<ServerConfig>);

impl ServerTls {
    /// Reads certificate and key; with `ca`, clients must show a certificate by one of these authorities.
    ///
    /// # Errors
    /// A file cannot be read, holds something else, or does not belong to the others.
    pub fn load(files: &TlsFiles) -> Result<ServerTls, TlsError> {
        files::server(files).map(|config| ServerTls(Arc::new(config)))
    }

    /// The server's side of an accepted connection; nothing is sent yet.
    ///
    /// # Errors
    /// None that depends on the other side.
    pub fn accept(&self, socket: TcpStream) -> io::Result<Session> {
        let tls = ServerConnection::new(Arc::clone(&self.0)).map_err(io::Error::other)?;
        Ok(Session::new(socket, tls.into(), true))
    }
}

/// What a client needs for TLS.
#[derive(Clone, Debug)]
pub struct ClientTls(Arc<ClientConfig>);

impl ClientTls {
    /// Reads authorities, those of the system without `ca`, and the certificate to show if the server asks for one.
    ///
    /// # Errors
    /// A file cannot be read, holds something else, or does not belong to the others.
    pub fn load(files: &TlsFiles) -> Result<ClientTls, TlsError> {
        files::client(files).map(|config| ClientTls(Arc::new(config)))
    }

    /// The client's side of a connection to `host`, whose socket does not wait; its first message is on the way.
    ///
    /// # Errors
    /// The name is none that a certificate could be for.
    pub fn connect(&self, host: &str, socket: TcpStream) -> io::Result<Session> {
        let name = ServerName::try_from(host.to_owned())
            .map_err(|_| io::Error::other(format!("{host:?} is no name that a certificate could be for")))?;
        let tls = ClientConnection::new(Arc::clone(&self.0), name).map_err(io::Error::other)?;
        let session = Session::new(socket, tls.into(), false);
        session.flush()?;
        Ok(session)
    }
}

/// A connection inside TLS.
#[derive(Debug)]
pub struct Session {
    socket: TcpStream,
    tls: Mutex<rustls::Connection>,
    /// Encrypted bytes that the socket has not taken.
    pending: Mutex<Vec<u8>>,
    /// Whether the socket waits.
    waits: bool,
}

impl Session {
    fn new(socket: TcpStream, tls: rustls::Connection, waits: bool) -> Session {
        Session { socket, tls: Mutex::new(tls), pending: Mutex::default(), waits }
    }

    fn lock(&self) -> MutexGuard<'_, rustls::Connection> {
        self.tls.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn socket(&self) -> &TcpStream {
        &self.socket
    }

    pub(super) fn shake_hands(&self) -> io::Result<()> {
        while self.lock().is_handshaking() {
            if self.receive()? == 0 {
                return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the other side closed the connection"));
            }
        }
        self.flush()
    }

    pub(super) fn read(&self, buf: &mut [u8]) -> io::Result<usize> {
        loop {
            let read = self.lock().reader().read(buf);
            match read {
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => drop(self.receive()?),
                Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => {
                    return Err(io::Error::new(e.kind(), "the connection was cut"));
                }
                read => return read,
            }
        }
    }

    /// Takes what the socket has, and answers it if TLS itself has to. How many bytes there were; none is the end.
    fn receive(&self) -> io::Result<usize> {
        if !self.waits || self.lock().wants_write() {
            self.flush()?;
        }
        let mut bytes = [0; CHUNK / 2];
        let got = (&self.socket).read(&mut bytes)?;
        let mut rest = bytes.get(..got).unwrap_or_default();
        let mut tls = self.lock();
        loop {
            tls.read_tls(&mut rest)?;
            if let Err(error) = tls.process_new_packets() {
                drop(tls);
                // The other side is told why.
                let _ = self.flush();
                return Err(io::Error::new(io::ErrorKind::InvalidData, explain(&error)));
            }
            if rest.is_empty() {
                break;
            }
        }
        let answers = tls.wants_write();
        drop(tls);
        if answers {
            self.flush()?;
        }
        Ok(got)
    }

    pub(super) fn write_all(&self, bytes: &[u8]) -> io::Result<()> {
        for chunk in bytes.chunks(CHUNK) {
            let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
            let mut tls = self.lock();
            tls.writer().write_all(chunk)?;
            encrypt(&mut tls, &mut pending)?;
            drop(tls);
            self.send(&mut pending)?;
        }
        Ok(())
    }

    pub(super) fn say_goodbye(&self) {
        self.lock().send_close_notify();
        // The connection ends anyway.
        let _ = self.flush();
    }

    fn flush(&self) -> io::Result<()> {
        let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        encrypt(&mut self.lock(), &mut pending)?;
        self.send(&mut pending)
    }

    /// Hands encrypted bytes to the socket. One that does not wait may leave some for later.
    fn send(&self, pending: &mut Vec<u8>) -> io::Result<()> {
        while !pending.is_empty() {
            match (&self.socket).write(pending) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(n) => drop(pending.drain(..n)),
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) if e.kind() == io::ErrorKind::WouldBlock && !self.waits => return Ok(()),
                Err(e) => return Err(e),
            }
        }
        Ok(())
    }
}

fn encrypt(tls: &mut rustls::Connection, out: &mut Vec<u8>) -> io::Result<()> {
    while tls.wants_write() {
        tls.write_tls(out)?;
    }
    Ok(())
}

/// What an error means and what to do about it.
fn explain(error: &rustls::Error) -> String {
    use rustls::Error::{AlertReceived, InvalidCertificate, InvalidMessage, NoCertificatesPresented};
    let help = match error {
        InvalidMessage(_) => {
            "the other side does not speak TLS; servers without it are read with argus://, those with it \
                              with argus-tls://"
        }
        InvalidCertificate(CertificateError::UnknownIssuer | CertificateError::BadSignature) => {
            "its certificate is by no authority that is trusted here; name that authority with --tls-ca FILE (a server \
             its clients' with --tls-client-ca FILE)"
        }
        InvalidCertificate(CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. }) => {
            "its certificate is for another name; connect to a name that stands in it"
        }
        InvalidCertificate(CertificateError::Expired | CertificateError::ExpiredContext { .. }) => {
            "its certificate has expired; it needs a new one, or a clock is wrong"
        }
        AlertReceived(AlertDescription::CertificateRequired) => {
            "the server wants a certificate of this program: --tls-cert FILE --tls-key FILE"
        }
        AlertReceived(
            AlertDescription::UnknownCA | AlertDescription::BadCertificate | AlertDescription::DecryptError,
        ) => "the other side does not trust the authority behind the certificate of this one",
        NoCertificatesPresented => "the client shows no certificate, which --tls-client-ca demands",
        _ => return format!("TLS failed: {error}"),
    };
    format!("{help} ({error})")
}
