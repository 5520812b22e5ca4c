//! The check that a port answers.

use core::time::Duration;

use reglet_sdk_core::{Context, Error, Outcome, Timestamp, config, text};

use super::{Connection, connect, given, joined};

config! {
    /// A connection as a check of its own, with the configuration, the texts and the data of the Go SDK's
    /// `RunTCPCheck`.
    ///
    /// It succeeds when the connection stands, over TLS if asked for. Its data are `connected`, `response_time_ms`,
    /// `address`, and, if the host tells them, `remote_addr` and `local_addr`; with TLS also `tls`, `tls_version`,
    /// `tls_cipher_suite`, `tls_server_name` and, if the host tells them, `tls_cert_subject`, `tls_cert_issuer`,
    /// `tls_cert_not_after` and, if its clock keeps time, `tls_cert_days_remaining`.
    ///
    /// What differs from Go: the outcome has no `metadata`; what fails is the host's own error, with its type and code,
    /// in place of `CONNECTION_FAILED`; `expected_tls_version` counts, and the check fails if it was another one, or
    /// TLS was not asked for; IPv6 addresses work.
    ///
    /// ```
    /// use reglet_sdk_std::mock::Mock;
    /// use reglet_sdk_std::{Context, tcp};
    ///
    /// let check = tcp::Check::from_json(br#"{"host": "::1", "port": 22}"#).unwrap();
    /// let mock = Mock::new().answer("tcp_connect", r#"{"connected":true,"response_time_ms":3}"#);
    /// let (outcome, _) = mock.run(|| check.run(&Context::default()).unwrap().into_json());
    /// let outcome = String::from_utf8(outcome).unwrap();
    /// assert!(outcome.contains(r#""message":"TCP connection successful""#));
    /// assert!(outcome.contains(r#""data":{"connected":true,"response_time_ms":3,"address":"[::1]:22"}"#));
    /// ```
    ///
    /// A plugin with a configuration of its own makes one, or several:
    ///
    /// ```
    /// use reglet_sdk_std::{Context, Error, Outcome, tcp};
    ///
    /// fn all(hosts: &[String], context: &Context<'_>) -> Result<Vec<Outcome>, Error> {
    ///     let check = |host: &String| {
    ///         let check = tcp::Check { host: host.clone(), port: Some(443), tls: true, ..Default::default() };
    ///         check.run(context)
    ///     };
    ///     hosts.iter().map(check).collect()
    /// }
    /// ```
    pub struct Check {
        /// Host name or IP address; it must be given.
        host: String = "",
        /// TCP port, from 1 to 65535; it must be given.
        port: Option<i64>,
        /// Time limit in milliseconds.
        #[range(1..)]
        timeout_ms: u32 = 5000,
        /// Whether to shake hands over TLS.
        tls: bool = false,
        /// The version of TLS that it must be.
        #[one_of("TLS 1.2", "TLS 1.3")]
        expected_tls_version: Option<String>,
    }
}

/// What a configuration that says nothing comes to.
impl Default for Check {
    fn default() -> Self {
        Self { host: String::new(), port: None, timeout_ms: 5000, tls: false, expected_tls_version: None }
    }
}

impl Check {
    /// Runs the check.
    ///
    /// # Errors
    ///
    /// Of type `config` and code `MISSING_HOST`, `MISSING_PORT` or `INVALID_PORT`, without asking the host; else as for
    /// [`Connect::send`](super::Connect::send).
    pub fn run(&self, context: &Context<'_>) -> Result<Outcome, Error> {
        let port = given(&self.host, self.port)?;
        let mut request = connect(&*self.host, port).timeout(Duration::from_millis(self.timeout_ms.into()));
        if self.tls {
            request = request.tls();
        }
        let connected = request.send(context)?;
        // As the host wrote it, which takes no code.
        let connection: &Connection = &connected;
        let mut outcome = match &self.expected_tls_version {
            Some(expected) if connection.tls_version() != **expected => {
                let version = connection.tls_version();
                let actual = if version.is_empty() { "no TLS" } else { &*version.decode() };
                Outcome::failure(text!["TLS version mismatch: expected ", expected, ", got ", actual])
                    .data("expected_tls_version", expected)
            }
            _ => Outcome::success("TCP connection successful"),
        };
        outcome = outcome
            .data("connected", true)
            .data("response_time_ms", connection.response_time_ms())
            .data("address", joined(&self.host, port));
        for (key, address) in
            [("remote_addr", connection.remote_addr()), ("local_addr", connection.local_addr())]
        {
            if !address.is_empty() {
                outcome = outcome.data(key, address);
            }
        }
        if connected.tls().is_some() {
            outcome = tls(outcome, connection);
        }
        Ok(outcome)
    }
}

/// Adds what is known about TLS.
fn tls(mut outcome: Outcome, connection: &Connection) -> Outcome {
    outcome = outcome
        .data("tls", true)
        .data("tls_version", connection.tls_version())
        .data("tls_cipher_suite", connection.tls_cipher_suite())
        .data("tls_server_name", connection.tls_server_name());
    for (key, name) in [
        ("tls_cert_subject", connection.tls_cert_subject()),
        ("tls_cert_issuer", connection.tls_cert_issuer()),
    ] {
        if !name.is_empty() {
            outcome = outcome.data(key, name);
        }
    }
    if let Ok(end) = connection.not_after() {
        outcome = outcome.data("tls_cert_not_after", end);
        if let Ok(now) = Timestamp::now() {
            outcome = outcome.data("tls_cert_days_remaining", end.days_since(now));
        }
    }
    outcome
}
