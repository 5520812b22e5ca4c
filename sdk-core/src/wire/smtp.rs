//! `smtp_connect`: connect to a mail server, read its greeting, shake hands if asked to, and leave.
//!
//! ```
//! use reglet_sdk_core::{Context, Error, smtp};
//!
//! fn speaks_tls(host: &str) -> Result<bool, Error> {
//!     let server = smtp::Request::new(&host, 587).starttls().send(&Context::default())?;
//!     Ok(!server.tls_version().is_empty())
//! }
//! ```

use alloc::borrow::Cow;

use super::{Dialect, Timing, flag};
use crate::context::Context;
use crate::json::{self, Expected, Field, Value, Writer};
use crate::text::Piece;

/// A request to connect, as the guest makes it.
#[derive(Clone, Copy)]
#[must_use = "a request does nothing until it is sent"]
pub struct Request<'a> {
    host: &'a dyn Piece,
    port: u16,
    security: &'static str,
    timeout_ms: Option<u32>,
}

const PLAIN: &str = ",\"tls\":false,\"use_tls\":false,\"starttls\":false,\"use_starttls\":false";
const TLS: &str = ",\"tls\":true,\"use_tls\":true,\"starttls\":false,\"use_starttls\":false";
const STARTTLS: &str = ",\"tls\":false,\"use_tls\":false,\"starttls\":true,\"use_starttls\":true";

super::debug_as_json!(Request);
super::connects!(default: "thirty seconds", code: b"smtp_connect", otherwise: "SMTP connection failed");

impl<'a> Request<'a> {
    /// A plain connection to a host name or an IP address, usually on port 25, 465 or 587.
    pub const fn new(host: &'a dyn Piece, port: u16) -> Self {
        Self { host, port, security: PLAIN, timeout_ms: None }
    }

    /// Shakes hands over TLS, 1.2 or newer, before anything is said.
    pub const fn tls(mut self) -> Self {
        self.security = TLS;
        self
    }

    /// Shakes hands after `STARTTLS`.
    pub const fn starttls(mut self) -> Self {
        self.security = STARTTLS;
        self
    }

    fn write(&self, context: &Context<'_>, dialect: Dialect, out: &mut Writer<'_>) {
        super::target(out, self.host, self.port, dialect);
        out.plain(self.security);
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
    /// Whether to shake hands at once. It comes before `starttls`.
    pub tls: bool,
    /// Whether to shake hands after `STARTTLS`.
    pub starttls: bool,
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
        const HOST: &Field = &Field::new("host", &Expected::described("a host name or address"), true);
        let [host, port, tls, use_tls, starttls, use_starttls, timeout_ms, context] = Value::parse(document)?
            .fields(&[
                "host",
                "port",
                "tls",
                "use_tls",
                "starttls",
                "use_starttls",
                "timeout_ms",
                "context",
            ])?;
        Ok(Self {
            host: super::required(host, HOST)?,
            port: super::port(port)?,
            tls: flag(tls)? | flag(use_tls)?,
            starttls: flag(starttls)? | flag(use_starttls)?,
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
            starttls: self.starttls,
        }
    }
}

super::answer! {
    function: SmtpConnect,
    /// What a host answers.
    Response,
    /// A mail server that has answered; the connection is closed.
    Connection,
    fields: {
        /// Whether the connection was made.
        connected: boolean,
        /// The greeting, without line breaks.
        banner: text,
        /// Whether TLS was used.
        tls: boolean,
        /// The target as it was asked for, `host:port`.
        address: text,
        /// Milliseconds until the server had answered.
        response_time_ms | latency_ms: integer,
        /// `TLS 1.2` or `TLS 1.3`.
        tls_version: text,
        /// The cipher suite by its IANA name.
        tls_cipher_suite: text,
        /// The server name that was sent; empty for an IP address.
        tls_server_name: text,
    }
}
