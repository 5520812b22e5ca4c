//! The roots that the host trusts: the system's, and those in files that the user names.

use std::path::{Path, PathBuf};

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::{self, PemObject};

/// A file with trusted roots that can't be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum TrustError {
    /// The file can't be read, or is not PEM.
    #[error("can't read certificates from {}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: pem::Error,
    },
    /// The file holds no certificate.
    #[error("no certificate in {}", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// The file holds a certificate that can't serve as a root.
    #[error("a certificate in {} can't be trusted", path.display())]
    Unusable {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: rustls::Error,
    },
}

/// The system's roots, or those of `SSL_CERT_FILE` and `SSL_CERT_DIR`, and those of the PEM files `extra`.
///
/// A system without roots is no error here: handshakes will fail, and say so, unless `extra` has the root.
///
/// # Errors
///
/// One of the files `extra` can't be read, has no certificate, or has one that can't be trusted.
pub(crate) fn roots(extra: &[PathBuf]) -> Result<RootCertStore, TrustError> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    for path in extra {
        add_file(&mut roots, path)?;
    }
    Ok(roots)
}

fn add_file(roots: &mut RootCertStore, path: &Path) -> Result<(), TrustError> {
    let unreadable = |source| TrustError::Unreadable { path: path.into(), source };
    let before = roots.len();
    for certificate in CertificateDer::pem_file_iter(path).map_err(unreadable)? {
        roots
            .add(certificate.map_err(unreadable)?)
            .map_err(|source| TrustError::Unusable { path: path.into(), source })?;
    }
    if roots.len() == before { Err(TrustError::Empty { path: path.into() }) } else { Ok(()) }
}
