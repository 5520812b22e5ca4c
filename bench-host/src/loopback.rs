//! Servers on this machine, for runs that need no network, and a port that refuses.

mod mail;
mod nameserver;
mod server;
mod web;

use core::net::{IpAddr, Ipv4Addr, SocketAddr};
use core::time::Duration;
use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use reglet_sdk_core::Timestamp;
use rustls::crypto::ring;
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::{ServerConfig, SupportedProtocolVersion};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpSocket, TcpStream};
use tokio_rustls::TlsAcceptor;

pub use mail::MailServer;
pub use nameserver::{NameServer, Question};
use server::Server;
pub use web::WebServer;

const SECONDS_PER_DAY: i64 = 86_400;

/// What a [`LoopbackTls`] is like.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where it listens.
    pub address: IpAddr,
    /// DNS names and IP addresses that the certificate is for.
    pub names: Vec<String>,
    /// The CN of the certificate's subject.
    pub common_name: String,
    /// Days until the certificate ends; negative if it has ended.
    pub days: i16,
    /// The TLS versions that it speaks.
    pub versions: Vec<&'static SupportedProtocolVersion>,
    /// Whether it accepts connections and never says a word.
    pub silent: bool,
}

impl Default for Options {
    /// `localhost` with 90 days left, in every TLS version that rustls has.
    fn default() -> Self {
        Self {
            address: Ipv4Addr::LOCALHOST.into(),
            names: ["localhost", "127.0.0.1", "::1"].map(String::from).into(),
            common_name: "localhost".into(),
            days: 90,
            versions: rustls::ALL_VERSIONS.into(),
            silent: false,
        }
    }
}

/// Why a server did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoopbackError {
    /// Its certificates can't be made.
    #[error("can't make certificates for the loopback server")]
    Certificate(#[from] rcgen::Error),
    /// rustls refuses the certificate or the versions.
    #[error("can't set up TLS for the loopback server")]
    Tls(#[from] rustls::Error),
    /// It can't listen, or has no thread to run in.
    #[error("can't start the loopback server")]
    Io(#[from] io::Error),
}

/// A TLS server in a thread of its own, with a certificate by a CA of its own; it stops when dropped.
///
/// It sends nothing after the handshake, and closes when the client does.
#[derive(Debug)]
pub struct LoopbackTls {
    server: Server,
    identity: Identity,
}

impl LoopbackTls {
    /// Makes the certificates and listens on a free port; connections are accepted from now on.
    ///
    /// # Errors
    ///
    /// The options contradict each other, or the system lacks a port or a thread.
    pub fn start(options: &Options) -> Result<Self, LoopbackError> {
        let identity = Identity::generate(options)?;
        let acceptor = (!options.silent).then(|| TlsAcceptor::from(identity.server_config()));
        let server =
            Server::start("loopback-tls", options.address, move |stream| answer(stream, acceptor.clone()))?;
        Ok(Self { server, identity })
    }

    /// The port that it listens on.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.server.port()
    }

    /// Its certificate, for other servers.
    #[must_use]
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// The certificate of its CA.
    #[must_use]
    pub fn ca_pem(&self) -> &str {
        self.identity.ca_pem()
    }

    /// When its certificate ends.
    #[must_use]
    pub fn not_after(&self) -> Timestamp {
        self.identity.not_after
    }

    /// Writes the certificate of its CA to a file.
    ///
    /// # Errors
    ///
    /// The file can't be written.
    pub fn write_ca(&self, path: impl AsRef<Path>) -> io::Result<()> {
        fs::write(path, self.ca_pem())
    }
}

/// A port of 127.0.0.1 that refuses connections; nobody else gets it while this lives.
#[derive(Debug)]
pub struct ClosedPort {
    port: u16,
    /// Bound, so that the port is taken, but not listening.
    _socket: TcpSocket,
}

impl ClosedPort {
    /// Takes a free port.
    ///
    /// # Errors
    ///
    /// The system has none.
    pub fn take() -> io::Result<Self> {
        let socket = TcpSocket::new_v4()?;
        socket.bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
        Ok(Self { port: socket.local_addr()?.port(), _socket: socket })
    }

    /// The port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }
}

/// A certificate by a CA of its own, for servers that speak another protocol under TLS than [`LoopbackTls`] does.
#[derive(Clone, Debug)]
pub struct Identity {
    ca_pem: String,
    not_after: Timestamp,
    config: Arc<ServerConfig>,
}

impl Identity {
    /// Makes key and certificates.
    ///
    /// # Errors
    ///
    /// The options contradict each other.
    pub fn generate(options: &Options) -> Result<Self, LoopbackError> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_err(io::Error::other)?.as_secs();
        let now = i64::try_from(now).map_err(io::Error::other)?;
        let not_after = now + i64::from(options.days) * SECONDS_PER_DAY;
        let date = |seconds: i64| {
            let (epoch, distance) =
                (rcgen::date_time_ymd(1970, 1, 1), Duration::from_secs(seconds.unsigned_abs()));
            if seconds < 0 { epoch - distance } else { epoch + distance }
        };

        let mut ca = CertificateParams::default();
        ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        ca.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        ca.distinguished_name.push(DnType::CommonName, "Loopback CA");
        ca.distinguished_name.push(DnType::OrganizationName, "Reglet");
        let ca_key = KeyPair::generate()?;
        let ca_pem = ca.self_signed(&ca_key)?.pem();

        let mut leaf = CertificateParams::new(options.names.clone())?;
        leaf.distinguished_name.push(DnType::CommonName, options.common_name.as_str());
        leaf.not_before = date(now.min(not_after) - SECONDS_PER_DAY);
        leaf.not_after = date(not_after);
        let key = KeyPair::generate()?;
        let leaf = leaf.signed_by(&key, &Issuer::new(ca, ca_key))?.into();
        let key = PrivatePkcs8KeyDer::from(key.serialize_der());
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_protocol_versions(&options.versions)?
            .with_no_client_auth()
            .with_single_cert(vec![leaf], key.into())?;
        // A client that closes without having read the tickets would reset the connection.
        config.send_tls13_tickets = 0;
        let not_after = Timestamp::from_unix(not_after, 0);
        Ok(Self { ca_pem, not_after, config: Arc::new(config) })
    }

    /// The certificate of the CA.
    #[must_use]
    pub fn ca_pem(&self) -> &str {
        &self.ca_pem
    }

    /// How a server with this certificate speaks TLS.
    #[must_use]
    pub fn server_config(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.config)
    }
}

/// Serves one connection until the client closes it; how it fails is the client's matter.
async fn answer(mut stream: TcpStream, acceptor: Option<TlsAcceptor>) -> io::Result<()> {
    let mut nowhere = tokio::io::sink();
    if let Some(acceptor) = acceptor {
        let mut stream = acceptor.accept(stream).await?;
        tokio::io::copy(&mut stream, &mut nowhere).await?;
        stream.shutdown().await
    } else {
        tokio::io::copy(&mut stream, &mut nowhere).await.map(|_| ())
    }
}
