//! Mail servers: whether one answers, how it greets, and which TLS it speaks. No mail is sent.
//!
//! ```
//! use core::time::Duration;
//! use reglet_sdk_std::mock::Mock;
//! use reglet_sdk_std::{Context, Error, smtp};
//!
//! fn speaks_tls_1_3(host: &str, context: &Context<'_>) -> Result<bool, Error> {
//!     let server = smtp::connect(host, 587).starttls().timeout(Duration::from_secs(10)).send(context)?;
//!     Ok(server.tls().is_some_and(|tls| tls.version() == "TLS 1.3"))
//! }
//!
//! let answer = r#"{"connected":true,"banner":"220 mail.example.com","tls":true,"tls_version":"TLS 1.3"}"#;
//! let mock = Mock::new().answer("smtp_connect", answer);
//! let (speaks, _) = mock.run(|| speaks_tls_1_3("mail.example.com", &Context::default()));
//! assert!(speaks.unwrap());
//! ```

mod check;

pub use check::Check;
pub use reglet_sdk_core::smtp::*;

use core::ops::Deref;
use core::time::Duration;
use std::borrow::Cow;

use reglet_sdk_core::{Context, Error};

use crate::call;
use crate::net::tcp::bare;

/// A request to connect to a mail server, by its name or its IP address, which for IPv6 may stand in brackets; usually
/// on port 25, 465 or 587.
pub fn connect(host: impl Into<String>, port: u16) -> Connect {
    Connect {
        host: bare(host.into()),
        port,
        security: Security::Plain,
        timeout: None,
        send: |request, context| request.send(context),
    }
}

/// What [`connect`] makes.
#[derive(Clone, Debug)]
#[must_use = "nothing is connected until it is sent"]
pub struct Connect {
    host: String,
    port: u16,
    security: Security,
    timeout: Option<Duration>,
    /// Were it a flag, the other dialect would be in each plugin.
    send: fn(&Request<'_>, &Context<'_>) -> Result<Connection, Error>,
}

#[derive(Clone, Copy, Debug)]
enum Security {
    Plain,
    Tls,
    Starttls,
}

impl Connect {
    /// Shakes hands over TLS, 1.2 or newer, before anything is said, as on port 465. Of this and
    /// [`starttls`](Self::starttls) the last one counts.
    pub fn tls(mut self) -> Self {
        self.security = Security::Tls;
        self
    }

    /// Shakes hands after `STARTTLS`, as on ports 25 and 587.
    pub fn starttls(mut self) -> Self {
        self.security = Security::Starttls;
        self
    }

    /// Sets the time for all of it. Without it the host takes thirty seconds, as a rule.
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

    /// Connects, and takes leave again.
    ///
    /// # Errors
    ///
    /// What the host reports, most often of the type `network`, `timeout` or `capability`; `timeout` without asking
    /// it, if the context has ended; `internal` and code `wire_format` if its answer breaks the protocol.
    pub fn send(&self, context: &Context<'_>) -> Result<Connected, Error> {
        let mut request =
            Request::new(&self.host, self.port).timeout_ms(self.timeout.map(call::milliseconds));
        request = match self.security {
            Security::Plain => request,
            Security::Tls => request.tls(),
            Security::Starttls => request.starttls(),
        };
        call::guarded(context, || (self.send)(&request, context)).map(Connected)
    }
}

/// A mail server that has answered; the connection is closed. Beside what is here it has everything of [`Connection`],
/// where `banner` and `tls` are as the host wrote them.
#[derive(Debug)]
pub struct Connected(Connection);

impl Connected {
    /// The greeting, without line breaks; empty if the host does not tell it.
    #[must_use]
    pub fn banner(&self) -> Cow<'_, str> {
        self.0.banner().decode()
    }

    /// The time until the server had answered, in whole milliseconds.
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

/// What was agreed on when hands were shaken. What the host does not tell is empty.
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
}
