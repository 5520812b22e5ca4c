//! Checks that a TCP port can be reached.
#![no_std]

use reglet_sdk_core::prelude::*;

config! {
    /// Which port.
    pub struct Config<'a> {
        /// Host name or IP address.
        host: Str<'a>,
        /// TCP port.
        #[range(1..=65535)]
        port: u16 = 443,
    }
}

/// The check.
pub struct Check;

impl Plugin for Check {
    const METADATA: Metadata = Metadata::new(
        env!("CARGO_PKG_NAME"),
        env!("CARGO_PKG_VERSION"),
        "Checks that a TCP port can be reached",
    )
    .needs(&[Capability::Network {
        hosts: &["*"],
        ports: &["*"],
    }]);

    type Config<'a> = Config<'a>;

    fn check(config: Config<'_>, context: &Context<'_>) -> Result<Outcome, Error> {
        let connection = tcp::Request::new(&config.host, config.port).send(context)?;
        let message = text!["port ", config.port, " of ", config.host, " answers"];
        Ok(Outcome::success(message).data("milliseconds", connection.response_time_ms()))
    }
}

export_plugin!(Check);
