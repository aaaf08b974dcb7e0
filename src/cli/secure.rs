//! Options of clients that read servers inside TLS.

use std::path::PathBuf;

use crate::secure::TlsFiles;
use crate::source::SourceSpec;

/// Whom to believe, and what to show.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct SecureArgs {
    /// Believe servers read with argus-tls:// whose certificate is by an authority in this file, in PEM [default:
    /// authorities that the system trusts]
    #[arg(long, value_name = "FILE")]
    pub(crate) tls_ca: Option<PathBuf>,
    /// Certificate, in PEM, to show to servers that ask for one
    #[arg(long, value_name = "FILE")]
    pub(crate) tls_cert: Option<PathBuf>,
    /// Private key to that certificate, in PEM
    #[arg(long, value_name = "FILE")]
    pub(crate) tls_key: Option<PathBuf>,
}

impl SecureArgs {
    /// The source, read with these files if it is read inside TLS.
    pub(crate) fn equip(&self, spec: SourceSpec) -> SourceSpec {
        let files = TlsFiles { cert: self.tls_cert.clone(), key: self.tls_key.clone(), ca: self.tls_ca.clone() };
        spec.with_tls_files(&files)
    }
}
