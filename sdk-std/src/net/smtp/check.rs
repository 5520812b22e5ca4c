//! The check that a mail server answers.

use core::time::Duration;

use reglet_sdk_core::{Context, Error, Outcome, config, text};

use super::{Connection, connect};
use crate::net::tcp::{given, joined};

config! {
    /// A connection to a mail server as a check of its own, with the configuration, the texts and the data of the Go
    /// SDK's `RunSMTPCheck`.
    ///
    /// It succeeds when the server answers, over TLS if asked for. Its data are `connected`, `latency_ms`, `address`,
    /// and, if the host tells them, `banner`, `tls_version`, `tls_cipher_suite` and `tls_server_name`.
    ///
    /// What differs from Go: the outcome has no `metadata`; what fails is the host's own error, with its type and code,
    /// in place of `CONNECTION_FAILED`; IPv6 addresses work.
    ///
    /// ```
    /// use reglet_sdk_std::mock::Mock;
    /// use reglet_sdk_std::{Context, smtp};
    ///
    /// let check = smtp::Check::from_json(br#"{"host": "mail.example.com", "port": 25}"#).unwrap();
    /// let mock = Mock::new().answer("smtp_connect", r#"{"connected":true,"response_time_ms":3}"#);
    /// let (outcome, _) = mock.run(|| check.run(&Context::default()).unwrap().into_json());
    /// let outcome = String::from_utf8(outcome).unwrap();
    /// assert!(outcome.contains(r#""message":"SMTP connection successful to mail.example.com:25""#));
    /// ```
    ///
    /// A plugin with a configuration of its own makes one:
    ///
    /// ```
    /// use reglet_sdk_std::{Context, Error, Outcome, smtp};
    ///
    /// fn submission(host: &str, context: &Context<'_>) -> Result<Outcome, Error> {
    ///     let check = smtp::Check { host: host.into(), port: Some(587), use_starttls: true, ..Default::default() };
    ///     check.run(context)
    /// }
    /// ```
    pub struct Check {
        /// Host name or IP address of the mail server; it must be given.
        host: String = "",
        /// TCP port, from 1 to 65535; it must be given.
        port: Option<i64>,
        /// Whether to shake hands over TLS before anything is said.
        use_tls: bool = false,
        /// Whether to shake hands after STARTTLS, unless `use_tls` is set.
        use_starttls: bool = false,
        /// Time limit in milliseconds.
        #[range(1..)]
        timeout_ms: u32 = 30000,
    }
}

/// What a configuration that says nothing comes to.
impl Default for Check {
    fn default() -> Self {
        Self { host: String::new(), port: None, use_tls: false, use_starttls: false, timeout_ms: 30000 }
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
        if self.use_tls {
            request = request.tls();
        } else if self.use_starttls {
            request = request.starttls();
        }
        let connected = request.send(context)?;
        // As the host wrote it, which takes no code.
        let connection: &Connection = &connected;
        let address = joined(&self.host, port);
        let mut outcome = Outcome::success(text!["SMTP connection successful to ", address])
            .data("connected", true)
            .data("latency_ms", connection.response_time_ms())
            .data("address", &address);
        for (key, text) in [
            ("banner", connection.banner()),
            ("tls_version", connection.tls_version()),
            ("tls_cipher_suite", connection.tls_cipher_suite()),
            ("tls_server_name", connection.tls_server_name()),
        ] {
            if !text.is_empty() {
                outcome = outcome.data(key, text);
            }
        }
        Ok(outcome)
    }
}
