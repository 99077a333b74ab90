//! TLS for S3: HTTP/1.1 only, the system's roots, and whatever roots the target adds.
//!
//! ALPN offers `http/1.1` and nothing else, because attributing bytes to attempts needs one exchange at a time
//! on a connection. The roots are read when the first TLS connection is made, not at start.

use rustls::pki_types::{CertificateDer, ServerName};
use std::io;
use std::sync::{Arc, OnceLock};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// Makes TLS sessions.
#[derive(Debug, Default)]
pub struct Tls {
    extra_roots: Vec<Vec<u8>>,
    config: OnceLock<Arc<rustls::ClientConfig>>,
}

impl Tls {
    /// The system's roots and these, in DER.
    pub fn new(extra_roots: Vec<Vec<u8>>) -> Self {
        Self { extra_roots, config: OnceLock::new() }
    }

    /// Begins TLS on a connection to `host`.
    pub async fn connect(&self, host: &str, io: TcpStream) -> io::Result<TlsStream<TcpStream>> {
        let config = match self.config.get() {
            Some(config) => Arc::clone(config),
            None => {
                let extra = self.extra_roots.clone();
                // Reading the system's roots takes milliseconds of file reading: not on the runtime's threads.
                let built = tokio::task::spawn_blocking(move || config(extra)).await??;
                Arc::clone(self.config.get_or_init(|| built))
            }
        };
        let name = ServerName::try_from(host.to_owned())
            .map_err(|e| io::Error::new(io::ErrorKind::InvalidInput, e))?;
        TlsConnector::from(config).connect(name, io).await
    }
}

/// Version and cipher suite of a session.
pub fn describe(io: &TlsStream<TcpStream>) -> String {
    let (_, session) = io.get_ref();
    let version =
        session.protocol_version().and_then(|v| v.as_str()).unwrap_or("TLS").replace("TLSv1_", "TLS 1.");
    match session.negotiated_cipher_suite().and_then(|s| s.suite().as_str()) {
        Some(suite) => format!("{version} {suite}"),
        None => version,
    }
}

fn config(extra: Vec<Vec<u8>>) -> io::Result<Arc<rustls::ClientConfig>> {
    let mut roots = rustls::RootCertStore::empty();
    let native = rustls_native_certs::load_native_certs();
    let (added, _) = roots.add_parsable_certificates(native.certs);
    if added == 0 && extra.is_empty() {
        let why = native.errors.first().map_or_else(|| "none found".to_owned(), ToString::to_string);
        return Err(io::Error::new(io::ErrorKind::NotFound, format!("no usable root certificates: {why}")));
    }
    for der in extra {
        roots.add(CertificateDer::from(der)).map_err(|e| io::Error::new(io::ErrorKind::InvalidInput, e))?;
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}
