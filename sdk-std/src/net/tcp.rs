//! Connections: whether a port answers, and what its TLS certificate says.
//!
//! ```
//! use core::time::Duration;
//! use reglet_sdk_std::mock::Mock;
//! use reglet_sdk_std::{Context, Error, Timestamp, tcp};
//!
//! fn days_left(host: &str, context: &Context<'_>) -> Result<i64, Error> {
//!     let connection = tcp::connect(host, 443).tls().timeout(Duration::from_secs(5)).send(context)?;
//!     match connection.tls() {
//!         Some(tls) => tls.days_remaining(Timestamp::now()?),
//!         None => Err(Error::internal("the host did not use TLS")),
//!     }
//! }
//!
//! let mock = Mock::new().clock(Timestamp::from_unix(1_800_000_000, 0)).answer(
//!     "tcp_connect",
//!     r#"{"connected":true,"tls":true,"tls_version":"TLS 1.3","tls_cert_not_after":"2027-01-25T08:00:00Z"}"#,
//! );
//! let (days, _) = mock.run(|| days_left("example.com", &Context::default()));
//! assert_eq!(days.unwrap(), 10);
//! ```

mod address;
mod check;

pub use check::Check;
pub use reglet_sdk_core::tcp::*;

pub(crate) use address::{bare, given, joined};

use core::net::SocketAddr;
use core::ops::Deref;
use core::time::Duration;
use std::borrow::Cow;
use std::time::SystemTime;

use reglet_sdk_core::error::Kind;
use reglet_sdk_core::{Context, Error, Timestamp, text};

use crate::call;

/// A request to connect to a host name or an IP address, which for IPv6 may stand in brackets.
///
/// ```
/// use reglet_sdk_std::mock::Mock;
/// use reglet_sdk_std::{Context, tcp};
///
/// let mock = Mock::new().answer("tcp_connect", r#"{"connected":true,"remote_addr":"[2001:db8::1]:22"}"#);
/// let (connection, _) = mock.run(|| tcp::connect("2001:db8::1", 22).send(&Context::default()).unwrap());
/// assert_eq!(connection.remote_addr(), Some("[2001:db8::1]:22".parse().unwrap()));
/// ```
pub fn connect(host: impl Into<String>, port: u16) -> Connect {
    Connect {
        host: bare(host.into()),
        port,
        tls: false,
        timeout: None,
        send: |request, context| request.send(context),
    }
}

/// The same for an address that has both: `example.com:443`, `192.0.2.1:443`, `[2001:db8::1]:443`.
///
/// ```
/// use reglet_sdk_std::tcp;
///
/// assert!(tcp::connect_to("[::1]:443").is_ok());
/// let error = tcp::connect_to("::1:443").unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "validation: invalid address '::1:443': expected host:port or [ipv6]:port with a port from 1 to 65535 \
///      [INVALID_ADDRESS]"
/// );
/// ```
///
/// # Errors
///
/// It is no such address: of type `validation` and code `INVALID_ADDRESS`.
pub fn connect_to(address: &str) -> Result<Connect, Error> {
    match address::split(address) {
        Some((host, port)) => Ok(connect(host, port)),
        None => {
            let expected = "': expected host:port or [ipv6]:port with a port from 1 to 65535";
            let message = text!["invalid address '", address, expected];
            Err(Error::new(Kind::Validation, message).with_code("INVALID_ADDRESS"))
        }
    }
}

/// What [`connect`] makes.
#[derive(Clone, Debug)]
#[must_use = "nothing is connected until it is sent"]
pub struct Connect {
    host: String,
    port: u16,
    tls: bool,
    timeout: Option<Duration>,
    /// Were it a flag, the other dialect would be in each plugin.
    send: fn(&Request<'_>, &Context<'_>) -> Result<Connection, Error>,
}

impl Connect {
    /// Shakes hands over TLS, 1.2 or newer; the host checks the certificate.
    pub fn tls(mut self) -> Self {
        self.tls = true;
        self
    }

    /// Sets the time for all of it. Without it the host takes five seconds, as a rule.
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.timeout = Some(limit);
        self
    }

    /// Connects also where the host understands only the dialect of the Go SDK's own hosts: see
    /// [`Request::send_in_either_dialect`].
    pub fn in_either_dialect(mut self) -> Self {
        self.send = |request, context| request.send_in_either_dialect(context);
        self
    }

    /// Connects, and closes the connection again.
    ///
    /// # Errors
    ///
    /// What the host reports, most often of the type `network`, `timeout` or `capability`; `timeout` without asking
    /// it, if the context has ended; `internal` and code `wire_format` if its answer breaks the protocol.
    pub fn send(&self, context: &Context<'_>) -> Result<Connected, Error> {
        let mut request =
            Request::new(&self.host, self.port).timeout_ms(self.timeout.map(call::milliseconds));
        if self.tls {
            request = request.tls();
        }
        call::guarded(context, || (self.send)(&request, context)).map(Connected)
    }
}

/// A connection that was established, checked and closed.
///
/// Beside what is here it has everything of [`Connection`], where `remote_addr`, `local_addr` and `tls` are as the
/// host wrote them.
///
/// ```
/// use reglet_sdk_std::mock::Mock;
/// use reglet_sdk_std::tcp::{self, Connection};
/// use reglet_sdk_std::{Context, Outcome};
///
/// let mock = Mock::new().answer("tcp_connect", r#"{"connected":true,"remote_addr":"192.0.2.1:22"}"#);
/// let (connected, _) = mock.run(|| tcp::connect("example.com", 22).send(&Context::default()).unwrap());
/// assert!(connected.remote_addr().unwrap().is_ipv4());
/// let outcome = Outcome::success("it answers").data("remote_addr", Connection::remote_addr(&connected));
/// # assert!(String::from_utf8(outcome.into_json()).unwrap().ends_with(r#"{"remote_addr":"192.0.2.1:22"}}"#));
/// ```
#[derive(Debug)]
pub struct Connected(Connection);

impl Connected {
    /// The address that was connected to, if the host told one. Reading it takes 5 KB of the plugin;
    /// `Connection::remote_addr(&connected)` is the text, and takes none.
    #[must_use]
    pub fn remote_addr(&self) -> Option<SocketAddr> {
        self.0.remote_addr().decode().parse().ok()
    }

    /// The address on the host's side, if the host told one, at the same price.
    #[must_use]
    pub fn local_addr(&self) -> Option<SocketAddr> {
        self.0.local_addr().decode().parse().ok()
    }

    /// The time until the connection stood, in whole milliseconds.
    #[must_use]
    pub fn response_time(&self) -> Duration {
        Duration::from_millis(self.0.response_time_ms())
    }

    /// What is known about TLS, if it was used.
    #[must_use]
    pub fn tls(&self) -> Option<Tls<'_>> {
        // The hosts of the Go SDK have no flag.
        (self.0.tls() || !self.0.tls_version().is_empty()).then_some(Tls(&self.0))
    }
}

impl Deref for Connected {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        &self.0
    }
}

/// What a server said when hands were shaken. What the host does not tell is empty.
#[derive(Clone, Copy, Debug)]
pub struct Tls<'a>(&'a Connection);

impl<'a> Tls<'a> {
    /// `TLS 1.2` or `TLS 1.3`.
    #[must_use]
    pub fn version(self) -> Cow<'a, str> {
        self.0.tls_version().decode()
    }

    /// The cipher suite by its IANA name.
    #[must_use]
    pub fn cipher_suite(self) -> Cow<'a, str> {
        self.0.tls_cipher_suite().decode()
    }

    /// The server name that was sent; empty for an IP address.
    #[must_use]
    pub fn server_name(self) -> Cow<'a, str> {
        self.0.tls_server_name().decode()
    }

    /// Who the certificate is for, as a distinguished name.
    #[must_use]
    pub fn subject(self) -> Cow<'a, str> {
        self.0.tls_cert_subject().decode()
    }

    /// Who issued the certificate, as a distinguished name.
    #[must_use]
    pub fn issuer(self) -> Cow<'a, str> {
        self.0.tls_cert_issuer().decode()
    }

    /// When the certificate ends. [`Connection::not_after`] gives it as a [`Timestamp`].
    ///
    /// ```
    /// use core::time::Duration;
    /// use reglet_sdk_std::mock::Mock;
    /// use reglet_sdk_std::{Context, Timestamp, tcp};
    /// use std::time::SystemTime;
    ///
    /// let answer = r#"{"connected":true,"tls":true,"tls_cert_not_after":"2027-01-15T08:00:00Z"}"#;
    /// Mock::new().answer("tcp_connect", answer).run(|| {
    ///     let connection = tcp::connect("example.com", 443).tls().send(&Context::default()).unwrap();
    ///     let end = connection.tls().unwrap().not_after().unwrap();
    ///     assert_eq!(end, SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000));
    ///     assert_eq!(connection.not_after(), Ok(Timestamp::from_unix(1_800_000_000, 0)));
    /// });
    /// ```
    ///
    /// # Errors
    ///
    /// The host's answer has no such time, or one that is not RFC 3339.
    pub fn not_after(self) -> Result<SystemTime, Error> {
        Ok(self.0.not_after()?.into())
    }

    /// Whole days from `now` until the certificate ends, rounded down; less than 0 when it has ended.
    ///
    /// # Errors
    ///
    /// As for [`not_after`](Self::not_after).
    pub fn days_remaining(self, now: Timestamp) -> Result<i64, Error> {
        Ok(self.0.not_after()?.days_since(now))
    }
}
