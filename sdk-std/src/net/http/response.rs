//! What a server has answered.

use alloc::borrow::Cow;
use core::time::Duration;

use reglet_sdk_core::abi;
use reglet_sdk_core::error::Kind;
use reglet_sdk_core::http::Answer;
use reglet_sdk_core::{Error, json, text};
use serde_core::Deserialize;

use super::RequestBuilder;
use super::rules::Shown;

/// Bytes of a body that hosts pass on. Of a larger one they pass on so many, and say so.
pub const MAX_BODY: usize = 10 << 20;

/// Bytes of a body that an error shows.
const MAX_SHOWN: usize = 200;

/// What a server has answered. It is read in place, in the block that the host has put it into.
///
/// ```
/// use reglet_sdk_std::mock::Mock;
/// use reglet_sdk_std::{Context, Error, http};
///
/// let answer = r#"{"status_code":200,"headers":{"Server":["x"]},"body":"SGVsbG8=","proto":"HTTP/1.1"}"#;
/// let mock = Mock::new().answer("http_request", answer);
/// let (response, _) = mock.run(|| http::get("https://example.com").send(&Context::default()));
/// let response = response?;
/// assert!(response.is_success() && response.protocol() == "HTTP/1.1");
/// assert_eq!(response.header("server").as_deref(), Some("x"));
/// assert_eq!(response.text()?, "Hello");
/// # Ok::<(), Error>(())
/// ```
pub struct Response {
    answer: Answer,
    status: u16,
    pub(super) method: Cow<'static, str>,
    pub(super) url: String,
}

impl Response {
    pub(super) fn new(answer: Answer, request: &RequestBuilder) -> Result<Self, Error> {
        let status = match u16::try_from(answer.status_code()) {
            Ok(status @ 100..=999) => status,
            _ => return Err(Error::wire_format("http_request", "the status is no number from 100 to 999")),
        };
        let response = Self { answer, status, method: request.method.clone(), url: request.url.clone() };
        if request.client.allow_truncated { Ok(response) } else { response.complete().map_err(Error::from) }
    }

    /// The status, such as 200; from 100 to 999.
    #[must_use]
    pub const fn status(&self) -> u16 {
        self.status
    }

    /// Whether the status is one of 200 to 299.
    #[must_use]
    pub const fn is_success(&self) -> bool {
        matches!(self.status, 200..=299)
    }

    /// The response, if its status is below 400.
    ///
    /// # Errors
    ///
    /// The status is 400 or above. Of type `network`, with a code such as `http_404`. The start of the body, if there is
    /// one, is the detail `body`: up to 200 bytes, with U+FFFD in the place of what is not UTF-8.
    ///
    /// ```
    /// # use reglet_sdk_std::mock::Mock;
    /// # use reglet_sdk_std::{Context, http};
    /// let mock = Mock::new().http(503, "try later");
    /// let (response, _) = mock.run(|| http::get("https://example.com").send(&Context::default()));
    /// let error = response.and_then(http::Response::error_for_status).unwrap_err();
    /// assert_eq!(error.message(), "http GET https://example.com failed with status 503: server error");
    /// assert_eq!(error.details().get("body").text(), Ok("try later".into()));
    /// ```
    pub fn error_for_status(self) -> Result<Self, Error> {
        let reason = match self.status {
            ..400 => return Ok(self),
            400..500 => "client error",
            _ => "server error",
        };
        let error = Error::http(&self.method, Shown(&self.url), self.status, reason);
        Err(match start(self.body(), MAX_SHOWN) {
            [] => error,
            shown => error.with_detail("body", String::from_utf8_lossy(shown)),
        })
    }

    /// The first value of a header field, whose name is matched without regard to ASCII case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<Cow<'_, str>> {
        self.answer.header(name).map(json::Str::decode)
    }

    /// The header fields, names and values, one after the other; a name with several values comes with each of them.
    pub fn headers(&self) -> impl Iterator<Item = (Cow<'_, str>, Cow<'_, str>)> {
        self.answer.headers().map(|(name, value)| (name.decode(), value.decode()))
    }

    /// The body, without the coding that it was sent in, where the host has put it.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        self.answer.body()
    }

    /// The body, moved to the start of the block that the host's answer lies in: it takes no second one, and keeps the
    /// room that the rest of the answer took.
    #[must_use]
    pub fn into_body(self) -> Vec<u8> {
        self.answer.into_body()
    }

    /// The body as text. For a body in any other coding, `String::from_utf8_lossy(response.body())` puts U+FFFD in the
    /// place of what is not UTF-8.
    ///
    /// # Errors
    ///
    /// It is not UTF-8. Of type `validation`, code `invalid_utf8`.
    pub fn text(&self) -> Result<&str, Error> {
        abi::utf8(self.body()).ok_or_else(|| {
            let message = text!["the response body of ", Shown(&self.url), " is not UTF-8"];
            Error::new(Kind::Validation, message).with_code("invalid_utf8")
        })
    }

    /// The body as JSON. What can be borrowed from it is. A large one of which little is needed is better read event
    /// by event, which keeps nothing:
    ///
    /// ```
    /// use reglet_sdk_std::json::{Event, Reader, Value};
    /// use reglet_sdk_std::mock::Mock;
    /// use reglet_sdk_std::{Context, Error, http};
    ///
    /// /// Counts the pods that are not ready, in a listing of any size.
    /// fn unready(context: &Context<'_>) -> Result<usize, Error> {
    ///     let response = http::get("https://example.com/pods").send(context)?;
    ///     let invalid = |error| response.invalid_json(error);
    ///     let mut reader = Reader::new(response.body());
    ///     let mut count = 0;
    ///     while let Some(event) = reader.event().map_err(invalid)? {
    ///         if let Event::Key(key) = event && key == *"ready" {
    ///             let ready = reader.whole().and_then(Value::boolean).map_err(invalid)?;
    ///             count += usize::from(!ready);
    ///         }
    ///     }
    ///     Ok(count)
    /// }
    ///
    /// let count = |body| Mock::new().http(200, body).run(|| unready(&Context::default())).0;
    /// assert_eq!(count(r#"{"items":[{"ready":true},{"ready":false,"node":"b"}]}"#), Ok(1));
    /// assert_eq!(
    ///     count(r#"{"items":[{"ready":"no"}]}"#).unwrap_err().message().to_string(),
    ///     "invalid JSON in the response body of https://example.com/pods (status 200, no content type): \
    ///      items[0].ready: expected a boolean, got a string"
    /// );
    /// ```
    ///
    /// # Errors
    ///
    /// It is not JSON, or something else than the type. Of type `validation`, code `invalid_json`; the cause says
    /// where. The message has the status and the content type, which often say what came instead:
    ///
    /// ```
    /// # use reglet_sdk_std::mock::Mock;
    /// # use reglet_sdk_std::{Context, http};
    /// let page = r#"{"status_code":200,"headers":{"Content-Type":["text/html"]},"body":"PGgxPkhlbGxvPC9oMT4="}"#;
    /// let mock = Mock::new().answer("http_request", page);
    /// let (response, _) = mock.run(|| http::get("https://example.com").send(&Context::default()));
    /// assert_eq!(
    ///     response?.json::<Vec<u32>>().unwrap_err().message(),
    ///     "invalid JSON in the response body of https://example.com (status 200, content type text/html): \
    ///      invalid character at byte 0"
    /// );
    /// # Ok::<(), reglet_sdk_std::Error>(())
    /// ```
    pub fn json<'a, T: Deserialize<'a>>(&'a self) -> Result<T, Error> {
        json::from_slice(self.body()).map_err(|error| self.not_json(&error.into()))
    }

    /// What [`json`](Self::json) says of an error in the body: where it is, and what stands there.
    #[must_use]
    #[cold]
    pub fn invalid_json(&self, error: json::Error) -> Error {
        self.not_json(&Error::new(Kind::Validation, error.describe(self.body())))
    }

    #[cold]
    fn not_json(&self, cause: &Error) -> Error {
        let content_type = self.answer.header("Content-Type");
        // The cause's message comes last: an error that ends with it does not tell it again.
        let message = text![
            "invalid JSON in the response body of ",
            Shown(&self.url),
            " (status ",
            self.status,
            if content_type.is_some() { ", content type " } else { ", no content type" },
            content_type,
            "): ",
            cause.message()
        ];
        Error::new(Kind::Validation, message).with_code("invalid_json").with_source(cause)
    }

    /// `HTTP/1.1`, `HTTP/2.0`; empty on older hosts.
    #[must_use]
    pub fn protocol(&self) -> Cow<'_, str> {
        self.answer.proto().decode()
    }

    /// The time until all of it was there, to the millisecond; zero on hosts that do not say.
    #[must_use]
    pub fn latency(&self) -> Duration {
        Duration::from_millis(self.answer.latency_ms())
    }

    /// Whether there was more of the body.
    #[must_use]
    pub fn is_truncated(&self) -> bool {
        self.answer.body_truncated()
    }

    /// The response, if its body is all there. Only one that was [allowed](RequestBuilder::allow_truncated) to be cut
    /// may be.
    ///
    /// # Errors
    ///
    /// There was more of the body. What was read is kept:
    ///
    /// ```
    /// # use reglet_sdk_std::mock::Mock;
    /// # use reglet_sdk_std::{Context, http};
    /// # let mock = Mock::new().answer("http_request", r#"{"status_code":200,"body":"SGVsbG8=","body_truncated":true}"#);
    /// # let (response, _) = mock.run(|| {
    /// let response = http::get("https://example.com").allow_truncated().send(&Context::default())?;
    /// # Ok::<_, reglet_sdk_std::Error>(response)
    /// # });
    /// # let response = response.unwrap();
    /// let http::Truncated { response } = response.complete().unwrap_err();
    /// assert_eq!(response.body(), b"Hello");
    /// ```
    #[allow(clippy::result_large_err, reason = "it is the response itself")]
    pub fn complete(self) -> Result<Self, Truncated> {
        if self.is_truncated() { Err(Truncated { response: self }) } else { Ok(self) }
    }
}

/// So many bytes at most, and no half of a character.
pub(super) fn start(body: &[u8], most: usize) -> &[u8] {
    let is_inside = |at: &usize| body.get(*at).is_some_and(|byte| byte & 0xC0 == 0x80);
    let end = (most.saturating_sub(3)..=most).rev().find(|at| !is_inside(at)).unwrap_or(most);
    body.get(..end).unwrap_or(body)
}

/// A response whose body was larger than what hosts pass on.
///
/// As an [`Error`] it is of type `validation` and code `body_truncated`, with the `details` `bytes_read` and `limit`.
#[derive(Debug)]
pub struct Truncated {
    /// The response, with what was read of its body.
    pub response: Response,
}

impl From<Truncated> for Error {
    #[cold]
    fn from(Truncated { response }: Truncated) -> Self {
        let read = response.body().len();
        let message = text![
            "response body too large: ",
            Shown(&response.url),
            " has sent more than the ",
            read,
            " bytes that were read"
        ];
        Self::new(Kind::Validation, message)
            .with_code("body_truncated")
            .with_detail("bytes_read", read as u64)
            .with_detail("limit", MAX_BODY as u64)
    }
}
