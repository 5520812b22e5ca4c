//! A check that is ready to be used.

use alloc::borrow::Cow;
use core::time::Duration;

use reglet_sdk_core::error::Kind;
use reglet_sdk_core::json::{Encode, Str, Writer};
use reglet_sdk_core::{Context, Error, Outcome, text};
use sha2::{Digest, Sha256};

use super::response::start;
use super::{Response, request};

reglet_sdk_core::config! {
    /// Sends a request, and compares the answer with what is expected: the configuration of the check that every
    /// Reglet SDK has, and the check itself.
    ///
    /// ```
    /// use reglet_sdk_std::prelude::*;
    ///
    /// struct Site;
    ///
    /// impl Plugin for Site {
    ///     const METADATA: Metadata = Metadata::new("site", "1.0.0", "Checks a site")
    ///         .needs(&[Capability::Network { hosts: &["*"], ports: &["80", "443"] }]);
    ///     type Config<'a> = http::Check<'a>;
    ///
    ///     fn check(check: http::Check<'_>, context: &Context<'_>) -> Result<Outcome, Error> {
    ///         check.run(context)
    ///     }
    /// }
    ///
    /// export_plugin!(Site);
    /// # fn main() {}
    /// ```
    ///
    /// A plugin with a configuration of its own makes one, or several:
    ///
    /// ```
    /// use reglet_sdk_std::mock::Mock;
    /// use reglet_sdk_std::{Context, Error, Status, http};
    ///
    /// fn all_answer(urls: &[&str], context: &Context<'_>) -> Result<bool, Error> {
    ///     for url in urls {
    ///         let check = http::Check { url: (*url).into(), expected_status: Some(200), ..Default::default() };
    ///         if check.run(context)?.status() != Status::Success {
    ///             return Ok(false);
    ///         }
    ///     }
    ///     Ok(true)
    /// }
    ///
    /// let mock = Mock::new().http(200, "").http(404, "");
    /// let (all, _) = mock.run(|| all_answer(&["https://a.example", "https://b.example"], &Context::default()));
    /// assert_eq!(all, Ok(false));
    /// ```
    pub struct Check<'a> {
        /// What to ask for, an http or https URL; it must be given.
        url: Cow<'a, str> = "",
        /// Method of the request.
        method: Cow<'a, str> = "GET",
        /// Header fields of the request.
        headers: Vec<(Str<'a>, Cow<'a, str>)> = [],
        /// Body of the request.
        body: Option<Cow<'a, str>>,
        /// Time limit in milliseconds.
        #[range(1..)]
        timeout_ms: u32 = 30000,
        /// The status that the answer must have.
        #[range(100..=999)]
        expected_status: Option<u16>,
        /// Whether redirects are followed.
        follow_redirects: bool = true,
        /// How many redirects are followed at most.
        max_redirects: u32 = 10,
        /// What the body of the answer must contain.
        expected_body_contains: Option<Cow<'a, str>>,
        /// Bytes of the body that the outcome shows at most.
        body_preview_length: u32 = 200,
    }
}

/// What a configuration that says nothing comes to.
impl Default for Check<'_> {
    fn default() -> Self {
        Self {
            url: Cow::Borrowed(""),
            method: Cow::Borrowed("GET"),
            headers: Vec::new(),
            body: None,
            timeout_ms: 30000,
            expected_status: None,
            follow_redirects: true,
            max_redirects: 10,
            expected_body_contains: None,
            body_preview_length: 200,
        }
    }
}

impl Check<'_> {
    /// Runs the check. Its data are `status_code`, `response_time_ms`, `protocol` and `headers`; if there is a body,
    /// `body_sha256`, `body_size`, `body_length` and its start, `body`, with `body_truncated` for whether that is not
    /// all of it; and `expected_status` and `actual_status`, or `expected_body_contains`, if the answer is not what was
    /// expected.
    ///
    /// # Errors
    ///
    /// As for [`RequestBuilder::send`](super::RequestBuilder::send), kept as they are; and of type `config`, code
    /// `MISSING_URL`, if the URL is empty.
    pub fn run(&self, context: &Context<'_>) -> Result<Outcome, Error> {
        if self.url.is_empty() {
            return Err(Error::new(Kind::Config, "url is required").with_code("MISSING_URL"));
        }
        let mut request = request(self.method.clone().into_owned(), &self.url)
            .timeout(Duration::from_millis(self.timeout_ms.into()))
            .max_redirects(if self.follow_redirects { self.max_redirects } else { 0 });
        for (name, value) in &self.headers {
            request = request.header(&name.decode(), value);
        }
        if let Some(body) = &self.body {
            request = request.body(body.as_bytes());
        }
        let response = request.send(context)?;
        Ok(self.describe(&response, self.compare(&response)))
    }

    fn compare(&self, response: &Response) -> Outcome {
        let status = response.status();
        if let Some(expected) = self.expected_status
            && expected != status
        {
            let message = text!["HTTP status mismatch: expected ", expected, ", got ", status];
            return Outcome::failure(message).data("expected_status", expected).data("actual_status", status);
        }
        if let Some(expected) = &self.expected_body_contains
            && !contains(response.body(), expected.as_bytes())
        {
            return Outcome::failure(text!["HTTP body mismatch: expected to contain '", expected, "'"])
                .data("expected_body_contains", expected);
        }
        Outcome::success(text!["HTTP ", self.method, " request successful: ", status])
    }

    fn describe(&self, response: &Response, outcome: Outcome) -> Outcome {
        let mut outcome = outcome
            .data("status_code", response.status())
            .data("response_time_ms", response.latency().as_millis() as u64)
            .data("protocol", response.protocol());
        if response.headers().next().is_some() {
            outcome = outcome.data("headers", Headers(response));
        }
        let body = response.body();
        if body.is_empty() {
            return outcome;
        }
        let shown = start(body, self.body_preview_length as usize);
        outcome
            .data("body_sha256", sha256(body))
            .data("body_size", body.len() as u64)
            .data("body_length", body.len() as u64)
            .data("body", String::from_utf8_lossy(shown))
            .data("body_truncated", shown.len() < body.len())
    }
}

fn contains(body: &[u8], part: &[u8]) -> bool {
    part.is_empty() || body.windows(part.len()).any(|window| window == part)
}

fn sha256(bytes: &[u8]) -> String {
    let digit = |half: u8| char::from_digit(half.into(), 16).unwrap_or_default();
    Sha256::digest(bytes).iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// Names, each with the list of its values.
struct Headers<'a>(&'a Response);

impl Encode for Headers<'_> {
    fn encode(&self, out: &mut Writer<'_>) {
        let mut last = None;
        out.begin_object();
        for (name, value) in self.0.headers() {
            if last.as_ref() != Some(&name) {
                if last.is_some() {
                    out.end_array();
                }
                out.key(&name);
                out.begin_array();
            }
            out.text(&value);
            last = Some(name);
        }
        if last.is_some() {
            out.end_array();
        }
        out.end_object();
    }
}
