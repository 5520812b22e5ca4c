//! Connections: names are resolved, each address is checked, and a checked address is dialled.
//!
//! Messages and codes follow Go's network library: plugins match on them.

mod dial;
pub(crate) mod resolver;

use core::net::{IpAddr, SocketAddr};
use core::time::Duration;
use std::io;
use std::sync::Arc;
use std::time::Instant;

use reglet_sdk_core::error::{Error, Kind};
use reglet_sdk_core::grants::Grants;
use rustls::client::Resumption;
use rustls::crypto::ring;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, ProtocolVersion, RootCertStore, SupportedCipherSuite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use self::dial::dial;
use self::resolver::{Family, LookupError, Resolver};
use crate::log::printable;

/// Resolves names and connects, where the grants allow it. Clones share what they are set up with.
#[derive(Clone)]
pub(crate) struct Net {
    pub(crate) resolver: Resolver,
    tls: Arc<ClientConfig>,
    trusts_nobody: bool,
}

impl Net {
    /// Connections over TLS trust certificates that lead to one of `roots`; names are looked up at these servers, or at
    /// the system's if there are none.
    pub(crate) fn new(roots: RootCertStore, nameservers: &[SocketAddr]) -> Result<Self, rustls::Error> {
        let trusts_nobody = roots.is_empty();
        let mut tls = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        // A resumed session shows the certificate of an earlier one, unchecked.
        tls.resumption = Resumption::disabled();
        Ok(Self { resolver: Resolver::new(nameservers), tls: Arc::new(tls), trusts_nobody })
    }

    /// Connects to the first address of the host that answers. An IPv6 literal may stand in brackets.
    ///
    /// A host with a single address that the grants forbid is refused, whatever else it has: who controls a name could
    /// else try addresses until one is let through. Only the addresses that were checked are dialled; the name is not
    /// looked up again.
    ///
    /// It has no time limit of its own: drop the future, and answer with [`timed_out`].
    pub(crate) async fn connect(
        &self,
        grants: &Grants,
        host: &str,
        port: u16,
    ) -> Result<(TcpStream, SocketAddr), Error> {
        let host = unbracketed(host);
        grants.check_network(host, port)?;
        let addresses = self.resolve(host).await?;
        for address in &addresses {
            grants.check_address(host, *address, port)?;
        }
        dial(&addresses, port).await
    }

    /// The addresses of a host, at least one. An IPv4 address that is written as IPv6 is the IPv4 address.
    async fn resolve(&self, host: &str) -> Result<Vec<IpAddr>, Error> {
        let found = self.resolver.addresses(host, Family::Any, None).await;
        let addresses = found.map_err(|error| {
            let code = match error {
                LookupError::NoSuchHost => "HOST_NOT_FOUND",
                LookupError::TimedOut => "TIMEOUT",
                LookupError::Failed(_) => "CONNECTION_FAILED",
            };
            error.about(host, None).with_code(code)
        })?;
        Ok(addresses.iter().map(IpAddr::to_canonical).collect())
    }

    /// Shakes hands over TLS, 1.2 or newer; `protocols` are offered by ALPN.
    pub(crate) async fn shake_hands(
        &self,
        host: &str,
        port: u16,
        stream: TcpStream,
        protocols: &[&[u8]],
    ) -> Result<TlsStream<TcpStream>, Error> {
        self.try_handshake(host, port, stream, protocols).await.map_err(|failed| failed.error)
    }

    /// The same, for whoever wants to know whether the certificate is to blame.
    pub(crate) async fn try_handshake(
        &self,
        host: &str,
        port: u16,
        stream: TcpStream,
        protocols: &[&[u8]],
    ) -> Result<TlsStream<TcpStream>, HandshakeError> {
        let mut tls = Arc::clone(&self.tls);
        if !protocols.is_empty() {
            Arc::make_mut(&mut tls).alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
        }
        let name = server_name(host).map_err(|error| HandshakeError { error, is_about_certificate: true })?;
        TlsConnector::from(tls).connect(name, stream).await.map_err(|error| {
            let hint = if self.trusts_nobody { " (the host has no trusted root certificates)" } else { "" };
            let message = format!("tls handshake with {}: {}{hint}", join(host, port), reason(&error));
            HandshakeError { error: tls_error(message), is_about_certificate: is_about_certificate(&error) }
        })
    }
}

/// Why two sides do not agree on TLS.
pub(crate) struct HandshakeError {
    pub(crate) error: Error,
    /// Whether the server's certificate is not to be trusted.
    pub(crate) is_about_certificate: bool,
}

/// The error of a connection that took too long.
pub(crate) fn timed_out(host: &str, port: u16, limit: Duration) -> Error {
    let after = if limit.is_zero() { ": no time was left".into() } else { format!(" after {limit:?}") };
    let message = format!("dial tcp {}: i/o timeout{after}", printable(&join(host, port)));
    Error::new(Kind::Timeout, message).with_code("TIMEOUT")
}

/// What an answer says of a session: version, cipher suite, and the name that was sent; an address is not sent.
pub(crate) fn session_names(
    session: &ClientConnection,
    host: &str,
) -> Result<(&'static str, String, String), Error> {
    let sent = match server_name(host)? {
        ServerName::DnsName(name) => name.as_ref().to_owned(),
        _ => String::new(),
    };
    Ok((version_name(session.protocol_version()), suite_name(session.negotiated_cipher_suite()), sent))
}

/// Never 0, which would be left out of an answer.
pub(crate) fn milliseconds_since(start: Instant) -> u64 {
    u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX).max(1)
}

/// `TLS 1.2` or `TLS 1.3`.
fn version_name(version: Option<ProtocolVersion>) -> &'static str {
    match version {
        Some(ProtocolVersion::TLSv1_2) => "TLS 1.2",
        Some(ProtocolVersion::TLSv1_3) => "TLS 1.3",
        _ => "",
    }
}

/// The name that IANA gives to the suite; rustls has its own for those of TLS 1.3.
fn suite_name(suite: Option<SupportedCipherSuite>) -> String {
    suite.and_then(|suite| suite.suite().as_str()).unwrap_or_default().replacen("TLS13_", "TLS_", 1)
}

/// The name that the certificate must have; only a DNS name is sent to the server.
pub(crate) fn server_name(host: &str) -> Result<ServerName<'static>, Error> {
    let host = unbracketed(host);
    ServerName::try_from(host.to_owned())
        .map_err(|_| tls_error(format!("tls: no certificate can name the host {}", printable(host))))
}

/// `host:port`; an IPv6 literal gets brackets.
pub(crate) fn join(host: &str, port: u16) -> String {
    let host = unbracketed(host);
    if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
}

/// The host without the brackets of an IPv6 literal.
fn unbracketed(host: &str) -> &str {
    match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        Some(literal) if matches!(literal.parse(), Ok(IpAddr::V6(_))) => literal,
        _ => host,
    }
}

fn is_about_certificate(error: &io::Error) -> bool {
    let error = error.get_ref().and_then(|error| error.downcast_ref());
    matches!(error, Some(rustls::Error::InvalidCertificate(_) | rustls::Error::NoCertificatesPresented))
}

/// The system's text as Go has it: in lower case, and without "(os error 111)".
pub(crate) fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    match text.split_once(" (os error ") {
        Some((text, _)) => text.to_ascii_lowercase(),
        None => text,
    }
}

pub(crate) fn tls_error(message: String) -> Error {
    failure("TLS_ERROR", message)
}

pub(crate) fn failure(code: &'static str, message: String) -> Error {
    Error::new(Kind::Network, message).with_code(code)
}

#[cfg(test)]
mod tests {
    use std::io;

    use rustls::RootCertStore;
    use tokio::net::TcpStream;

    use super::{Net, server_name};
    use crate::loopback::{LoopbackTls, Options};

    #[test]
    fn the_dot_of_the_root_zone_is_no_part_of_the_certified_name() {
        assert_eq!(server_name("example.com.").unwrap().to_str(), "example.com");
        assert_eq!(server_name("127.1").unwrap_err().code(), "TLS_ERROR");
    }

    #[tokio::test]
    async fn a_host_without_roots_says_so() {
        let server = LoopbackTls::start(&Options::default()).unwrap();
        let net = Net::new(RootCertStore::empty(), &[]).unwrap();
        let stream = TcpStream::connect(("127.0.0.1", server.port())).await.unwrap();
        let error = net.shake_hands("localhost", server.port(), stream, &[]).await.unwrap_err();
        assert_eq!(error.code(), "TLS_ERROR");
        let text = "UnknownIssuer (the host has no trusted root certificates)";
        assert!(error.message().ends_with(text), "{error}");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn reasons_read_as_in_go() {
        assert_eq!(super::reason(&io::Error::from_raw_os_error(113)), "no route to host");
        assert_eq!(super::reason(&io::Error::other("Kept as it is")), "Kept as it is");
    }
}
