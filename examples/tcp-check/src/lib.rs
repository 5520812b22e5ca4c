//! Checks that a port answers, over a recent version of TLS if need be.

use core::time::Duration;

use reglet_sdk_std::prelude::*;

config! {
    /// Which port, and how it must answer.
    pub struct Config {
        /// Host name or IP address.
        #[length(1..=253)]
        host: String,
        /// TCP port.
        #[range(1..=65535)]
        port: u16,
        /// Whether it must speak TLS.
        tls: bool = false,
        /// The oldest version of TLS that will do.
        #[one_of("TLS 1.2", "TLS 1.3")]
        min_tls_version: String = "TLS 1.2",
        /// Time limit for the connection and the handshake, in seconds.
        #[range(1..=60)]
        timeout_s: u32 = 5,
    }
}

/// The check.
#[derive(Debug)]
pub struct TcpCheck;

impl Plugin for TcpCheck {
    const METADATA: Metadata =
        Metadata::new("tcp-check", "1.0.0", "Checks that a port answers over a recent version of TLS")
            .needs(&[Capability::Network { hosts: &["*"], ports: &["*"] }]);

    type Config<'a> = Config;

    fn check(config: Config, context: &Context<'_>) -> Result<Outcome, Error> {
        let limit = Duration::from_secs(config.timeout_s.into());
        let mut request = tcp::connect(config.host, config.port).timeout(limit);
        if config.tls {
            request = request.tls();
        }
        let connection = request.send(context)?;
        log::info!("connected", milliseconds = connection.response_time_ms());

        let outcome = match connection.tls() {
            // The names of the versions are in their order.
            Some(tls) if *tls.version() < *config.min_tls_version => {
                Outcome::failure(text![tls.version(), " is older than ", config.min_tls_version])
            }
            Some(tls) => Outcome::success(text!["connected over ", tls.version()]),
            None if config.tls => Outcome::failure("connected without TLS"),
            None => Outcome::success("connected"),
        };
        Ok(outcome.data("milliseconds", connection.response_time_ms()))
    }
}

export_plugin!(TcpCheck);
