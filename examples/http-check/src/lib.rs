//! Checks the status and the body of a web page.

use core::time::Duration;

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
        /// A text that its body must contain.
        contains: Cow<'a, str> = "",
        /// Time limit in milliseconds.
        #[range(1..)]
        timeout_ms: u32 = 10000,
    }
}

/// The check.
#[derive(Debug)]
pub struct HttpCheck;

impl Plugin for HttpCheck {
    const METADATA: Metadata =
        Metadata::new("http-check", "1.0.0", "Checks the status and the body of a web page")
            .needs(&[Capability::Network { hosts: &["*"], ports: &["*"] }]);

    type Config<'a> = Config<'a>;

    fn check(config: Config<'_>, context: &Context<'_>) -> Result<Outcome, Error> {
        log::info!("asking", url = &*config.url);
        let limit = Duration::from_millis(config.timeout_ms.into());
        let response = http::get(&config.url).timeout(limit).send(context)?;
        log::info!("answered", status = response.status(), bytes = response.body().len());

        let has_status = response.status() == config.expected_status;
        let has_text = response.text()?.contains(&*config.contains);
        log::info!("compared", status = has_status, text = has_text);

        let message = match (has_status, has_text) {
            (true, true) => "the page is as expected",
            (false, _) => "the page has another status",
            (true, false) => "the page lacks the text",
        };
        Ok(Outcome::when(has_status && has_text, message)
            .data("status_code", response.status())
            .data("response_time_ms", response.latency().as_millis() as u64)
            .data("content_type", response.header("Content-Type"))
            .data("body_length", response.body().len() as u64))
    }
}

export_plugin!(HttpCheck);
