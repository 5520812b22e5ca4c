//! `tcp_connect`: connects, shakes hands over TLS if asked to, reports, and closes.
//!
//! Messages and codes follow Go's network library: plugins match on them.

mod certificate;

use core::net::{IpAddr, SocketAddr};
use core::time::Duration;
use std::io;
use std::sync::Arc;
use std::time::Instant;

use reglet_sdk_core::error::{Error, Kind};
use reglet_sdk_core::tcp::{Received, Response};
use rustls::client::Resumption;
use rustls::crypto::ring;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, ProtocolVersion, RootCertStore};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpStream, lookup_host};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// The service behind `tcp_connect`.
#[derive(Clone)]
pub struct Tcp {
    connector: TlsConnector,
    trusts_nobody: bool,
}

impl Tcp {
    /// A service that trusts certificates which lead to one of `roots`.
    ///
    /// # Errors
    ///
    /// TLS can't be set up.
    pub fn new(roots: RootCertStore) -> Result<Self, rustls::Error> {
        let trusts_nobody = roots.is_empty();
        let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        // A resumed session shows the certificate of an earlier one, unchecked.
        config.resumption = Resumption::disabled();
        Ok(Self { connector: TlsConnector::from(Arc::new(config)), trusts_nobody })
    }

    /// Connects to the first address of the host that answers.
    ///
    /// It has no time limit of its own: drop the future, and answer with [`timed_out`].
    pub async fn connect(&self, request: &Received<'_>) -> Response<'static> {
        self.attempt(request).await.unwrap_or_else(|error| failed(request, error))
    }

    async fn attempt(&self, request: &Received<'_>) -> Result<Response<'static>, Error> {
        let start = Instant::now();
        let host = unbracketed(&request.host);
        let (stream, remote) = dial(&resolve(host, request.port).await?).await?;
        let mut response = Response {
            connected: true,
            address: address(request).into(),
            remote_addr: remote.to_string().into(),
            local_addr: stream.local_addr().map_or_else(|_| String::new(), |local| local.to_string()).into(),
            response_time_ms: milliseconds_since(start),
            ..Response::default()
        };
        if request.tls {
            let name = server_name(host)?;
            let mut stream = self.shake_hands(name.clone(), stream, request).await?;
            response.response_time_ms = milliseconds_since(start);
            describe(stream.get_ref().1, &name, &mut response)?;
            // Sends close_notify and waits for no answer. It can fail only if the peer has closed already.
            let _ = stream.shutdown().await;
        }
        Ok(response)
    }

    async fn shake_hands(
        &self,
        name: ServerName<'static>,
        stream: TcpStream,
        request: &Received<'_>,
    ) -> Result<TlsStream<TcpStream>, Error> {
        self.connector.connect(name, stream).await.map_err(|error| {
            let hint = if self.trusts_nobody { " (the host has no trusted root certificates)" } else { "" };
            tls_error(format!("tls handshake with {}: {}{hint}", address(request), reason(&error)))
        })
    }
}

/// The answer to a request that took longer than `limit`.
#[must_use]
pub fn timed_out(request: &Received<'_>, limit: Duration) -> Response<'static> {
    let message = format!("dial tcp {}: i/o timeout after {limit:?}", address(request));
    failed(request, Error::new(Kind::Timeout, message).with_code("TIMEOUT"))
}

fn failed(request: &Received<'_>, error: Error) -> Response<'static> {
    Response { address: address(request).into(), error: Some(error), ..Response::default() }
}

async fn resolve(host: &str, port: u16) -> Result<Vec<SocketAddr>, Error> {
    // RFC 6761, section 6.4: no resolver needs to be asked.
    if host.trim_end_matches('.').to_ascii_lowercase().ends_with(".invalid") {
        return Err(no_such_host(host));
    }
    match lookup_host((host, port)).await {
        Ok(addresses) => Ok(addresses.collect()),
        Err(error) if is_no_such_host(&error) => Err(no_such_host(host)),
        Err(error) => Err(failure("CONNECTION_FAILED", format!("lookup {host}: {}", reason(&error)))),
    }
}

/// Of getaddrinfo's error only the text gets through, in the words of glibc, musl or Apple.
fn is_no_such_host(error: &io::Error) -> bool {
    const TEXTS: [&str; 4] = ["not known", "No address associated", "does not resolve", "no usable address"];
    let text = error.to_string();
    TEXTS.iter().any(|part| text.contains(part))
}

fn no_such_host(host: &str) -> Error {
    failure("HOST_NOT_FOUND", format!("lookup {host}: no such host")).with_not_found()
}

/// Tries each address in turn; if none answers, the first one's error counts, as in Go.
async fn dial(addresses: &[SocketAddr]) -> Result<(TcpStream, SocketAddr), Error> {
    let mut first = None;
    for &address in addresses {
        match TcpStream::connect(address).await {
            Ok(stream) => return Ok((stream, address)),
            Err(error) => first = first.or(Some(dial_error(address, &error))),
        }
    }
    Err(first.unwrap_or_else(|| failure("CONNECTION_FAILED", "dial tcp: no address to connect to".into())))
}

fn dial_error(address: SocketAddr, error: &io::Error) -> Error {
    let code = match error.kind() {
        io::ErrorKind::ConnectionRefused => "CONNECTION_REFUSED",
        _ => "CONNECTION_FAILED",
    };
    let failure = failure(code, format!("dial tcp {address}: connect: {}", reason(error)));
    if error.kind() == io::ErrorKind::TimedOut { failure.with_timeout() } else { failure }
}

fn describe(
    session: &ClientConnection,
    name: &ServerName<'_>,
    response: &mut Response<'static>,
) -> Result<(), Error> {
    let Some(leaf) = session.peer_certificates().and_then(<[_]>::first) else {
        return Err(tls_error("tls: the server sent no certificate".into()));
    };
    let leaf = certificate::read(leaf)
        .map_err(|error| tls_error(format!("tls: the server's certificate can't be read: {error}")))?;
    response.tls = true;
    response.tls_version = match session.protocol_version() {
        Some(ProtocolVersion::TLSv1_2) => "TLS 1.2".into(),
        Some(ProtocolVersion::TLSv1_3) => "TLS 1.3".into(),
        _ => "".into(),
    };
    if let Some(suite) = session.negotiated_cipher_suite().and_then(|suite| suite.suite().as_str()) {
        // rustls has its own names for the suites of TLS 1.3.
        response.tls_cipher_suite = suite.replacen("TLS13_", "TLS_", 1).into();
    }
    if let ServerName::DnsName(name) = name {
        response.tls_server_name = name.as_ref().to_owned().into();
    }
    response.tls_cert_subject = leaf.subject.into();
    response.tls_cert_issuer = leaf.issuer.into();
    response.tls_cert_not_after = leaf.not_after.rfc3339().into();
    Ok(())
}

/// The name that the certificate must have; only a DNS name is sent to the server.
fn server_name(host: &str) -> Result<ServerName<'static>, Error> {
    ServerName::try_from(host.to_owned())
        .map_err(|_| tls_error(format!("tls: no certificate can name the host {host}")))
}

/// The target as it was asked for; an IPv6 literal gets brackets.
fn address(request: &Received<'_>) -> String {
    let host = unbracketed(&request.host);
    if host.contains(':') { format!("[{host}]:{}", request.port) } else { format!("{host}:{}", request.port) }
}

/// The host without the brackets of an IPv6 literal.
fn unbracketed(host: &str) -> &str {
    match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        Some(literal) if matches!(literal.parse(), Ok(IpAddr::V6(_))) => literal,
        _ => host,
    }
}

/// Never 0, which would be left out of the answer.
fn milliseconds_since(start: Instant) -> u64 {
    u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX).max(1)
}

/// The system's text as Go has it: in lower case, and without "(os error 111)".
fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    match text.split_once(" (os error ") {
        Some((text, _)) => text.to_ascii_lowercase(),
        None => text,
    }
}

fn tls_error(message: String) -> Error {
    failure("TLS_ERROR", message)
}

fn failure(code: &'static str, message: String) -> Error {
    Error::new(Kind::Network, message).with_code(code)
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::{is_no_such_host, server_name};

    #[test]
    fn the_dot_of_the_root_zone_is_no_part_of_the_certified_name() {
        assert_eq!(server_name("example.com.").unwrap().to_str(), "example.com");
        assert_eq!(server_name("127.1").unwrap_err().code(), "TLS_ERROR");
    }

    #[test]
    fn a_resolver_out_of_order_does_not_mean_that_the_host_does_not_exist() {
        let of_resolver = |text| io::Error::other(format!("failed to lookup address information: {text}"));
        assert!(is_no_such_host(&of_resolver("Name or service not known")));
        assert!(is_no_such_host(&of_resolver("nodename nor servname provided, or not known")));
        assert!(!is_no_such_host(&of_resolver("Temporary failure in name resolution")));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn reasons_read_as_in_go() {
        assert_eq!(super::reason(&io::Error::from_raw_os_error(113)), "no route to host");
        assert_eq!(super::reason(&io::Error::other("Kept as it is")), "Kept as it is");
    }
}
