//! `tcp_connect`: connect, shake hands if TLS is asked for, report, and close.
//!
//! ```
//! use reglet_sdk_core::{Context, Error, tcp};
//!
//! fn issuer(host: &str) -> Result<String, Error> {
//!     let connection = tcp::Request::new(&host, 443).tls().timeout_ms(5_000).send(&Context::default())?;
//!     Ok(connection.tls_cert_issuer().decode().into_owned())
//! }
//! ```

use alloc::borrow::Cow;

use super::{Dialect, Timing, flag};
use crate::context::Context;
use crate::error::Error;
use crate::json::{self, Expected, Field, Value, Writer};
use crate::text::Piece;

/// A request to connect, as the guest makes it.
#[derive(Clone, Copy)]
#[must_use = "a request does nothing until it is sent"]
pub struct Request<'a> {
    host: &'a dyn Piece,
    port: u16,
    tls: bool,
    timeout_ms: Option<u32>,
}

super::debug_as_json!(Request);
super::connects!(default: "five seconds", code: b"tcp_connect", otherwise: "TCP connection failed");

impl<'a> Request<'a> {
    /// A plain connection to a host name or an IP address.
    pub const fn new(host: &'a dyn Piece, port: u16) -> Self {
        Self { host, port, tls: false, timeout_ms: None }
    }

    /// Shakes hands over TLS, 1.2 or newer; the host checks the certificate.
    pub const fn tls(mut self) -> Self {
        self.tls = true;
        self
    }

    fn write(&self, context: &Context<'_>, dialect: Dialect, out: &mut Writer<'_>) {
        super::target(out, self.host, self.port, dialect);
        out.plain(if self.tls {
            ",\"tls\":true,\"use_tls\":true"
        } else {
            ",\"tls\":false,\"use_tls\":false"
        });
        super::end(out, context, self.timeout_ms);
    }
}

/// A request to connect, as a host reads it, in either dialect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received<'a> {
    /// Host name or IP address; never empty.
    pub host: Cow<'a, str>,
    /// The port.
    pub port: u16,
    /// Whether to shake hands.
    pub tls: bool,
    /// What it says about time.
    pub timing: Timing<'a>,
}

impl<'a> Received<'a> {
    /// Reads a request.
    ///
    /// # Errors
    ///
    /// It is not JSON, lacks the host or the port, or has values of the wrong kind.
    pub fn read(document: &'a [u8]) -> Result<Self, json::Error> {
        let request = Value::parse(document)?;
        let [host_value, port, tls, use_tls, timeout_ms, context] =
            request.fields(&["host", "port", "tls", "use_tls", "timeout_ms", "context"])?;
        let host = super::text(host_value)?;
        if host.is_empty() {
            return Err(host_value.not(
                const { &Field::new("host", const { &Expected::described("a host name or address") }, true) },
            ));
        }
        Ok(Self {
            host,
            port: super::port(port)?,
            tls: flag(tls)? | flag(use_tls)?,
            timing: Timing::read(context, timeout_ms)?,
        })
    }

    /// The request with texts of its own.
    #[must_use]
    pub fn into_owned(self) -> Received<'static> {
        Received {
            host: super::owned(self.host),
            timing: self.timing.into_owned(),
            port: self.port,
            tls: self.tls,
        }
    }
}

super::answer! {
    function: TcpConnect,
    /// What a host answers.
    Response,
    /// An established, checked and closed connection.
    Connection,
    fields: {
        /// Whether the connection was made.
        connected: boolean,
        /// Whether TLS was used.
        tls: boolean,
        /// The target as it was asked for, `host:port`.
        address: text,
        /// The address that was connected to, `ip:port`.
        remote_addr: text,
        /// The address on the host's side.
        local_addr: text,
        /// Milliseconds until the connection stood.
        response_time_ms | latency_ms: integer,
        /// `TLS 1.2` or `TLS 1.3`.
        tls_version: text,
        /// The cipher suite by its IANA name.
        tls_cipher_suite: text,
        /// The server name that was sent; empty for an IP address.
        tls_server_name: text,
        /// Who the certificate is for, as a distinguished name.
        tls_cert_subject: text,
        /// Who issued the certificate, as a distinguished name.
        tls_cert_issuer: text,
        /// When the certificate ends, as an RFC 3339 time.
        tls_cert_not_after | tls_cert_expiry: text,
    }
}

impl Connection {
    /// When the certificate ends; an error without TLS, or if the host sent no time.
    ///
    /// # Errors
    ///
    /// The host's answer has no such time, or one that is not RFC 3339.
    pub fn not_after(&self) -> Result<crate::Timestamp, Error> {
        let text = self.tls_cert_not_after();
        crate::Timestamp::parse(text.raw())
            .ok_or_else(|| Error::wire_format("tcp_connect", "tls_cert_not_after is not an RFC 3339 time"))
    }
}
