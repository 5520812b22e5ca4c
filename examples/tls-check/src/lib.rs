//! Checks how long the TLS certificate of a server is valid.
#![no_std]

use reglet_sdk_core::prelude::*;

config! {
    /// Which certificate, and how long it must last.
    pub struct Config<'a> {
        /// Host name or IP address of the server.
        #[length(1..=253)]
        hostname: Str<'a>,
        /// TCP port of the server.
        #[range(1..=65535)]
        port: u16 = 443,
        /// Days for which the certificate must at least be valid.
        #[range(0..)]
        min_days: i64 = 30,
        /// Time limit for the connection and the handshake, in milliseconds.
        #[range(1..)]
        timeout_ms: Option<u32>,
    }
}

/// The check.
#[derive(Debug)]
pub struct TlsCheck;

impl Plugin for TlsCheck {
    const METADATA: Metadata =
        Metadata::new("tls-check", "1.0.0", "Checks how long the TLS certificate of a server is valid")
            .needs(&[Capability::Network { hosts: &["*"], ports: &["*"] }]);

    type Config<'a> = Config<'a>;

    fn check(config: Config<'_>, context: &Context<'_>) -> Result<Outcome, Error> {
        let request = tcp::Request::new(&config.hostname, config.port).tls().timeout_ms(config.timeout_ms);
        let connection = request.send(context)?;
        let now = Timestamp::now()?;
        let days = connection.not_after()?.days_since(now);
        log::info!("certificate checked", days_remaining = days);

        let message = text!["the certificate of ", config.hostname, " is valid for ", days, " more days"];
        Ok(Outcome::when(days >= config.min_days, message)
            .data("days_remaining", days)
            .data("not_after", connection.tls_cert_not_after())
            .data("issuer", connection.tls_cert_issuer())
            .data("tls_version", connection.tls_version())
            .at(now))
    }
}

export_plugin!(TlsCheck);
