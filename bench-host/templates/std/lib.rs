//! Checks that a web page answers as expected.

use reglet_sdk_std::prelude::*;

config! {
    /// Which page, and what it must be like.
    pub struct Config<'a> {
        /// URL of the page.
        #[length(1..)]
        url: Cow<'a, str>,
        /// The status that it must have.
        #[range(100..=599)]
        expected_status: u16 = 200,
    }
}

/// The check.
pub struct Check;

impl Plugin for Check {
    const METADATA: Metadata = Metadata::new(
        env!("CARGO_PKG_NAME"),
        env!("CARGO_PKG_VERSION"),
        "Checks that a web page answers as expected",
    )
    .needs(&[Capability::Network {
        hosts: &["*"],
        ports: &["*"],
    }]);

    type Config<'a> = Config<'a>;

    fn check(config: Config<'_>, context: &Context<'_>) -> Result<Outcome, Error> {
        let page = http::get(&config.url).send(context)?;
        let status = page.status();
        log::info!(
            "the page answers",
            status = status,
            bytes = page.body().len()
        );
        let message = text![config.url, " has the status ", status];
        Ok(Outcome::when(status == config.expected_status, message).data("status", status))
    }
}

export_plugin!(Check);
