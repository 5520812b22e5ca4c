//! Connections: names are resolved, each address is checked, and the checked address is dialled.
//!
//! Messages and codes follow Go's network library: plugins match on them.

use core::net::{IpAddr, SocketAddr};
use std::io;
use std::sync::Arc;

use reglet_sdk_core::error::{Error, Kind};
use reglet_sdk_core::grants::Grants;
use rustls::client::Resumption;
use rustls::crypto::ring;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ProtocolVersion, RootCertStore, SupportedCipherSuite};
use tokio::net::{TcpStream, lookup_host};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// Resolves names and connects, where the grants allow it. Clones share what they are set up with.
#[derive(Clone)]
pub(crate) struct Net {
    tls: Arc<ClientConfig>,
    trusts_nobody: bool,
}

impl Net {
    /// Connections over TLS trust certificates that lead to one of `roots`.
    pub(crate) fn new(roots: RootCertStore) -> Result<Self, rustls::Error> {
        let trusts_nobody = roots.is_empty();
        let mut tls = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        // A resumed session shows the certificate of an earlier one, unchecked.
        tls.resumption = Resumption::disabled();
        Ok(Self { tls: Arc::new(tls), trusts_nobody })
    }

    /// Connects to the first address of the host that answers. An IPv6 literal may stand in brackets.
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
        let addresses = resolve(host, port).await?;
        for address in &addresses {
            grants.check_address(host, address.ip(), port)?;
        }
        dial(&addresses).await
    }

    /// Shakes hands over TLS, 1.2 or newer; `protocols` are offered by ALPN.
    pub(crate) async fn shake_hands(
        &self,
        host: &str,
        port: u16,
        stream: TcpStream,
        protocols: &[&[u8]],
    ) -> Result<TlsStream<TcpStream>, Error> {
        let mut tls = Arc::clone(&self.tls);
        if !protocols.is_empty() {
            Arc::make_mut(&mut tls).alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
        }
        TlsConnector::from(tls).connect(server_name(host)?, stream).await.map_err(|error| {
            let hint = if self.trusts_nobody { " (the host has no trusted root certificates)" } else { "" };
            tls_error(format!("tls handshake with {}: {}{hint}", join(host, port), reason(&error)))
        })
    }
}

/// The error of a connection that took too long.
pub(crate) fn timed_out(host: &str, port: u16, limit: core::time::Duration) -> Error {
    let message = format!("dial tcp {}: i/o timeout after {limit:?}", join(host, port));
    Error::new(Kind::Timeout, message).with_code("TIMEOUT")
}

/// `TLS 1.2` or `TLS 1.3`.
pub(crate) fn version_name(version: Option<ProtocolVersion>) -> &'static str {
    match version {
        Some(ProtocolVersion::TLSv1_2) => "TLS 1.2",
        Some(ProtocolVersion::TLSv1_3) => "TLS 1.3",
        _ => "",
    }
}

/// The name that IANA gives to the suite; rustls has its own for those of TLS 1.3.
pub(crate) fn suite_name(suite: Option<SupportedCipherSuite>) -> String {
    suite.and_then(|suite| suite.suite().as_str()).unwrap_or_default().replacen("TLS13_", "TLS_", 1)
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

/// The name that the certificate must have; only a DNS name is sent to the server.
pub(crate) fn server_name(host: &str) -> Result<ServerName<'static>, Error> {
    let host = unbracketed(host);
    ServerName::try_from(host.to_owned())
        .map_err(|_| tls_error(format!("tls: no certificate can name the host {host}")))
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
