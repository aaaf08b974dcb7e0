//! Certificates, keys and authorities from files.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::RootCertStore;
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::{self, PemObject as _};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{ClientConfig, ServerConfig};

use super::{TlsError, TlsFiles};

/// Certificates of a program and the key to them.
type Identity = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

fn content(file: &Path, problem: impl Into<String>) -> TlsError {
    TlsError::Content { file: file.to_owned(), problem: problem.into() }
}

fn setup(problem: impl std::fmt::Display) -> TlsError {
    TlsError::Setup(problem.to_string())
}

fn read(file: &Path) -> Result<Vec<u8>, TlsError> {
    std::fs::read(file).map_err(|source| TlsError::Io { file: file.to_owned(), source })
}

fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let bytes = read(file)?;
    let found = CertificateDer::pem_slice_iter(&bytes).collect::<Result<Vec<_>, pem::Error>>();
    match found {
        Ok(found) if !found.is_empty() => Ok(found),
        Ok(_) => Err(content(file, "no certificate in it; expected PEM with -----BEGIN CERTIFICATE-----")),
        Err(e) => Err(content(file, format!("no sound PEM: {e}"))),
    }
}

fn key(file: &Path) -> Result<PrivateKeyDer<'static>, TlsError> {
    PrivateKeyDer::from_pem_slice(&read(file)?).map_err(|e| match e {
        pem::Error::NoItemsFound => {
            content(file, "no private key in it; expected PEM with -----BEGIN PRIVATE KEY-----, not encrypted")
        }
        e => content(file, format!("no sound PEM: {e}")),
    })
}

/// The certificate and the key, if they are named; both or neither.
fn identity(files: &TlsFiles) -> Result<Option<Identity>, TlsError> {
    match (&files.cert, &files.key) {
        (Some(cert), Some(private)) => Ok(Some((certificates(cert)?, key(private)?))),
        (None, None) => Ok(None),
        (Some(_), None) => Err(setup("--tls-cert needs the private key too: --tls-key FILE")),
        (None, Some(_)) => Err(setup("--tls-key needs the certificate too: --tls-cert FILE")),
    }
}

fn authorities(file: &Path) -> Result<RootCertStore, TlsError> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(file)? {
        roots.add(certificate).map_err(|e| content(file, format!("a certificate in it is of no use: {e}")))?;
    }
    Ok(roots)
}

/// Those that the system trusts.
fn system_authorities() -> Result<RootCertStore, TlsError> {
    let found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(found.certs);
    if roots.is_empty() {
        return Err(setup("this system trusts no authority; name the server's with --tls-ca FILE"));
    }
    Ok(roots)
}

fn mismatch(files: &TlsFiles, error: &rustls::Error) -> TlsError {
    let name = |file: &Option<PathBuf>| file.clone().unwrap_or_default();
    setup(format!("{:?} and {:?} do not belong together: {error}", name(&files.cert), name(&files.key)))
}

/// The settings of a server; with `ca`, clients must show a certificate by one of these authorities.
pub(super) fn server(files: &TlsFiles) -> Result<ServerConfig, TlsError> {
    let (chain, key) =
        identity(files)?.ok_or_else(|| setup("a server needs a certificate: --tls-cert FILE --tls-key FILE"))?;
    let builder =
        ServerConfig::builder_with_provider(provider()).with_safe_default_protocol_versions().map_err(setup)?;
    let builder = match &files.ca {
        None => builder.with_no_client_auth(),
        Some(file) => {
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(authorities(file)?), provider());
            builder.with_client_cert_verifier(verifier.build().map_err(|e| content(file, e.to_string()))?)
        }
    };
    builder.with_single_cert(chain, key).map_err(|e| mismatch(files, &e))
}

/// The settings of a client; without `ca` it trusts whom the system trusts.
pub(super) fn client(files: &TlsFiles) -> Result<ClientConfig, TlsError> {
    let roots = files.ca.as_deref().map_or_else(system_authorities, authorities)?;
    let builder =
        ClientConfig::builder_with_provider(provider()).with_safe_default_protocol_versions().map_err(setup)?;
    let builder = builder.with_root_certificates(roots);
    match identity(files)? {
        None => Ok(builder.with_no_client_auth()),
        Some((chain, key)) => builder.with_client_auth_cert(chain, key).map_err(|e| mismatch(files, &e)),
    }
}
