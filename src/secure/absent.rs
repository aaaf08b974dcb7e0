//! What stands for TLS in a program without it: nothing can be loaded, so that nothing else is ever called.

use std::convert::Infallible;
use std::io;
use std::net::TcpStream;

use super::{TlsError, TlsFiles};

fn absent<T>() -> Result<T, TlsError> {
    Err(TlsError::Setup("this program was built without TLS (feature `tls`)".into()))
}

/// Never there.
#[derive(Debug)]
pub struct Session(Infallible);

/// Never there.
#[derive(Clone, Debug)]
pub struct ServerTls(Infallible);

/// Never there.
#[derive(Clone, Debug)]
pub struct ClientTls(Infallible);

impl ServerTls {
    /// Fails.
    ///
    /// # Errors
    /// Always.
    pub fn load(_files: &TlsFiles) -> Result<ServerTls, TlsError> {
        absent()
    }

    /// Never called.
    ///
    /// # Errors
    /// None.
    pub fn accept(&self, _socket: TcpStream) -> io::Result<Session> {
        match self.0 {}
    }
}

impl ClientTls {
    /// Fails.
    ///
    /// # Errors
    /// Always.
    pub fn load(_files: &TlsFiles) -> Result<ClientTls, TlsError> {
        absent()
    }

    /// Never called.
    ///
    /// # Errors
    /// None.
    pub fn connect(&self, _host: &str, _socket: TcpStream) -> io::Result<Session> {
        match self.0 {}
    }
}

impl Session {
    pub(super) fn socket(&self) -> &TcpStream {
        match self.0 {}
    }

    pub(super) fn shake_hands(&self) -> io::Result<()> {
        match self.0 {}
    }

    pub(super) fn read(&self, _buf: &mut [u8]) -> io::Result<usize> {
        match self.0 {}
    }

    pub(super) fn write_all(&self, _bytes: &[u8]) -> io::Result<()> {
        match self.0 {}
    }

    pub(super) fn say_goodbye(&self) {
        match self.0 {}
    }
}
