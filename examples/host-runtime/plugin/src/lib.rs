//! Asks the host about a certificate, by a function that only the example `host-runtime` has.
#![no_std]

use reglet_sdk_core::host_function;
use reglet_sdk_core::prelude::*;

host_function! {
    /// Looks at the certificate of a server.
    fn tls_check(TlsCheckRequest<'a> {
        /// Host name or IP address.
        host: &'a str,
        /// TCP port; 443 if it is 0.
        port: u16,
    }) -> TlsCheckAnswer {
        /// Whether the connection was made.
        connected: boolean,
        /// When the certificate ends, in RFC 3339.
        not_after: text,
        /// The CN of who issued it.
        issuer: text,
    }
}

config! {
    /// Which certificate.
    pub struct Config<'a> {
        /// Host name or IP address of the server.
        #[length(1..=253)]
        host: Cow<'a, str>,
        /// TCP port of the server.
        port: u16 = 443,
    }
}

/// The check.
#[derive(Debug)]
pub struct Certificate;

impl Plugin for Certificate {
    const METADATA: Metadata =
        Metadata::new("certificate", "1.0.0", "Tells until when a certificate is valid, and who says so")
            .needs(&[Capability::Network { hosts: &["*"], ports: &["*"] }]);

    type Config<'a> = Config<'a>;

    fn check(config: Config<'_>, _: &Context<'_>) -> Result<Outcome, Error> {
        let answer = tls_check(&TlsCheckRequest { host: &config.host, port: config.port })?;
        let message = text!["the certificate of ", &*config.host, " is by ", answer.issuer()];
        Ok(Outcome::when(answer.connected(), message).data("not_after", answer.not_after()))
    }
}

export_plugin!(Certificate);
