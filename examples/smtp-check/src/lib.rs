//! Checks that a mail server answers, over TLS if need be, with the check that the SDK brings along.

use reglet_sdk_std::prelude::*;

/// The check.
#[derive(Debug)]
pub struct SmtpCheck;

impl Plugin for SmtpCheck {
    const METADATA: Metadata =
        Metadata::new("smtp-check", "1.0.0", "Checks that a mail server answers, over TLS if need be")
            .needs(&[Capability::Network { hosts: &["*"], ports: &["25", "465", "587"] }]);

    type Config<'a> = smtp::Check;

    fn check(config: smtp::Check, context: &Context<'_>) -> Result<Outcome, Error> {
        config.run(context)
    }
}

export_plugin!(SmtpCheck);
