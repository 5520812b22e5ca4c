//! `examples/http-check` on the core layer: the same configuration, requests, log records and outcomes.
#![no_std]

use reglet_sdk_core::abi;
use reglet_sdk_core::error::Kind;
use reglet_sdk_core::prelude::*;

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
        let request = http::Request::get(&config.url).timeout_ms(config.timeout_ms);
        let response = request.send(context)?;
        let status = u16::try_from(response.status_code()).unwrap_or_default();
        log::info!("answered", status = status, bytes = response.body().len());

        let has_status = status == config.expected_status;
        let text = abi::utf8(response.body()).ok_or_else(|| {
            let message = text!["the response body of ", config.url, " is not UTF-8"];
            Error::new(Kind::Validation, message).with_code("invalid_utf8")
        })?;
        let has_text = contains(text.as_bytes(), config.contains.as_bytes());
        log::info!("compared", status = has_status, text = has_text);

        let message = match (has_status, has_text) {
            (true, true) => "the page is as expected",
            (false, _) => "the page has another status",
            (true, false) => "the page lacks the text",
        };
        Ok(Outcome::when(has_status && has_text, message)
            .data("status_code", status)
            .data("response_time_ms", response.latency_ms())
            .data("content_type", response.header("Content-Type"))
            .data("body_length", response.body().len() as u64))
    }
}

/// `str::contains` would bring 3 KB of algorithm.
fn contains(body: &[u8], part: &[u8]) -> bool {
    part.is_empty() || body.windows(part.len()).any(|window| window == part)
}

export_plugin!(HttpCheck);
