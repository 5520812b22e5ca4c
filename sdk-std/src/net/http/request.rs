//! A request that owns what it is made of.

use alloc::borrow::Cow;
use core::time::Duration;

use reglet_sdk_core::http::{Answer, Request};
use reglet_sdk_core::json::{self, Writer};
use reglet_sdk_core::text::Piece;
use reglet_sdk_core::{Context, Error};
use serde_core::Serialize;

use super::{Client, Response, auth, query, rules};
use crate::call::guarded;

/// A request that is built up and then sent, as often as one likes.
#[derive(Clone)]
#[must_use = "a request does nothing until it is sent"]
pub struct RequestBuilder {
    pub(super) client: Client,
    pub(super) method: Cow<'static, str>,
    pub(super) url: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
    /// Why it can't be sent.
    pub(super) failed: Option<Error>,
}

impl RequestBuilder {
    pub(super) fn new(client: Client, method: Cow<'static, str>, url: &str) -> Self {
        Self { client, method, url: url.into(), headers: Vec::new(), body: Vec::new(), failed: None }
    }

    /// Adds a name and a value to the query of the URL, encoded as forms are. A name may be there more than once. The
    /// value is what can stand in a [`text!`](reglet_sdk_core::text!), such as a string or an integer; `None` is an
    /// empty one.
    ///
    /// Errors show the query with the URL: a secret is better sent in a header field.
    ///
    /// ```
    /// use reglet_sdk_std::mock::Mock;
    /// use reglet_sdk_std::{Context, http};
    ///
    /// let request = http::get("https://example.com/find?in=all#top").query("q", "salt & pepper").query("page", 2);
    /// let (_, calls) = Mock::new().http(200, "").run(|| request.send(&Context::default()));
    /// assert!(calls.requests[0].1.contains("https://example.com/find?in=all&q=salt+%26+pepper&page=2#top"));
    /// ```
    pub fn query(mut self, name: &str, value: impl Piece) -> Self {
        query::append(&mut self.url, name, &value);
        self
    }

    /// Sets the header field `Authorization` to a token, in place of what the request or its client has for it.
    ///
    /// ```
    /// use reglet_sdk_std::mock::Mock;
    /// use reglet_sdk_std::{Context, http};
    ///
    /// let request = http::get("https://example.com").bearer_auth("abc");
    /// let (_, calls) = Mock::new().http(200, "").run(|| request.send(&Context::default()));
    /// assert!(calls.requests[0].1.contains(r#""headers":{"Authorization":["Bearer abc"]}"#));
    /// ```
    pub fn bearer_auth(mut self, token: &str) -> Self {
        auth::authorize(&mut self.headers, auth::bearer(token));
        self
    }

    /// Sets the header field `Authorization` to a user's name and password, in place of what the request or its client
    /// has for it. A colon ends the name, so that no name can have one.
    ///
    /// ```
    /// use reglet_sdk_std::mock::Mock;
    /// use reglet_sdk_std::{Context, http};
    ///
    /// let request = http::get("https://example.com").basic_auth("root", "toor");
    /// let (_, calls) = Mock::new().http(200, "").run(|| request.send(&Context::default()));
    /// assert!(calls.requests[0].1.contains(r#""headers":{"Authorization":["Basic cm9vdDp0b29y"]}"#));
    /// ```
    pub fn basic_auth(mut self, user: &str, password: &str) -> Self {
        auth::authorize(&mut self.headers, auth::basic(user, password));
        self
    }

    /// Adds a header field. A name may be there more than once, and each value is sent.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Sets the body. Hosts of generation B refuse requests above 1 MiB, which is a body of about 786,000 bytes.
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self.failed = None;
        self
    }

    /// Sets the body to this value as JSON, and `Content-Type` to `application/json` unless the request or its client
    /// says otherwise, be it before or after this. What can't be written is an error when the request is sent.
    ///
    /// ```
    /// use reglet_sdk_std::http;
    /// use reglet_sdk_std::mock::Mock;
    /// use reglet_sdk_std::{Context, Error};
    /// use serde::{Deserialize, Serialize};
    ///
    /// #[derive(Serialize)]
    /// struct Login<'a> {
    ///     user: &'a str,
    /// }
    ///
    /// #[derive(Deserialize)]
    /// struct Session<'a> {
    ///     token: &'a str,
    /// }
    ///
    /// fn token_length(context: &Context<'_>) -> Result<usize, Error> {
    ///     let response = http::post("https://example.com").json(&Login { user: "root" }).send(context)?;
    ///     Ok(response.json::<Session<'_>>()?.token.len())
    /// }
    ///
    /// let mock = Mock::new().http(200, r#"{"token":"abc"}"#);
    /// let (length, calls) = mock.run(|| token_length(&Context::default()));
    /// assert_eq!(length, Ok(3));
    /// assert!(calls.requests[0].1.contains(r#""headers":{"Content-Type":["application/json"]}"#));
    /// assert_eq!(calls.http_body(0).as_deref(), Some(&br#"{"user":"root"}"#[..]));
    /// ```
    pub fn json(mut self, value: &impl Serialize) -> Self {
        let mut out = Writer::new();
        match json::to_writer(&mut out, value) {
            Ok(()) => self = self.body(out.into_bytes()),
            Err(error) => self.failed = Some(error.into()),
        }
        // Among what its client has, it gives way to one of the request.
        if !has(&self.client.headers, "Content-Type") {
            self.client = self.client.header("Content-Type", "application/json");
        }
        self
    }

    /// Sets the time that each attempt may take, in whole milliseconds rounded up.
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.client = self.client.timeout(limit);
        self
    }

    /// Sets how many redirects are followed; 0 for none.
    pub const fn max_redirects(mut self, redirects: u32) -> Self {
        self.client.max_redirects = Some(redirects);
        self
    }

    /// Has it sent again if it fails, up to so many times, as [`Client::retries`] does for all: not a `POST`, unless
    /// that is [asked for](Self::retry_any_method).
    pub fn retries(mut self, retries: u32) -> Self {
        self.client = self.client.retries(retries);
        self
    }

    /// Has [retries](Self::retries) repeat it whatever its method is: see [`Client::retry_any_method`].
    pub const fn retry_any_method(mut self) -> Self {
        self.client.any_method = true;
        self
    }

    /// Takes the first [`MAX_BODY`](super::MAX_BODY) bytes of a larger body for an answer all the same.
    pub const fn allow_truncated(mut self) -> Self {
        self.client.allow_truncated = true;
        self
    }

    /// Sends it also where the host understands headers only in the dialect of the Go SDK's own hosts: see
    /// [`Request::send_in_either_dialect`](super::Request::send_in_either_dialect).
    pub fn in_either_dialect(mut self) -> Self {
        self.client = self.client.in_either_dialect();
        self
    }

    /// Sends it. Whatever the server answers is a response, also a status of 404 or 500, which
    /// [`Response::error_for_status`] turns into an error.
    ///
    /// # Errors
    ///
    /// What the host reports, most often of the type `network`, `timeout` or `capability`. `validation`, without
    /// asking the host, with the code `invalid_url`, `invalid_method` or `invalid_header`; or `body_truncated` if the
    /// body was larger than what hosts pass on, unless that is [allowed](Self::allow_truncated). `timeout`, without
    /// asking the host, if the context is over. `internal` if the host's answer breaks the protocol.
    pub fn send(&self, context: &Context<'_>) -> Result<Response, Error> {
        if let Some(error) = &self.failed {
            return Err(error.clone());
        }
        match &self.client.retries {
            Some(retries) => retries.send(self, context),
            None => self.attempt(context),
        }
    }

    /// Asks the host once.
    pub(super) fn attempt(&self, context: &Context<'_>) -> Result<Response, Error> {
        let answer = guarded(context, || self.ask(context))?;
        Response::new(answer, self)
    }

    fn ask(&self, context: &Context<'_>) -> Result<Answer, Error> {
        rules::check_method(&self.method)?;
        rules::check_url(&self.url)?;
        let mut request = Request::new(&self.method, &self.url)
            .body(&self.body)
            .timeout_ms(self.client.timeout_ms)
            .allow_truncated();
        if let Some(redirects) = self.client.max_redirects {
            request = request.max_redirects(redirects);
        }
        for (name, value) in self.fields() {
            rules::check_header(name, value)?;
            request = request.header(name, value);
        }
        match self.client.send {
            Some(send) => send(&request, context),
            None => request.send(context),
        }
    }

    /// All header fields: its own, and what its client has for those of other names.
    pub(super) fn fields(&self) -> impl Iterator<Item = &(String, String)> {
        let common = self.client.headers.iter().filter(|(name, _)| !has(&self.headers, name));
        self.headers.iter().chain(common)
    }
}

fn has(headers: &[(String, String)], name: &str) -> bool {
    headers.iter().any(|(other, _)| other.eq_ignore_ascii_case(name))
}
