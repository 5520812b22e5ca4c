//! `http_request`: send a request and get the whole answer.
//!
//! ```
//! use reglet_sdk_core::{Context, Error, http};
//!
//! fn is_up(url: &str) -> Result<bool, Error> {
//!     let answer = http::Request::get(&url).header("Accept", &"text/html").send(&Context::default())?;
//!     Ok(answer.status_code() == 200 && answer.body().starts_with(b"<!doctype html>"))
//! }
//! ```

use alloc::borrow::Cow;
use alloc::vec::Vec;
use core::mem::MaybeUninit;

use super::{Dialect, Timing, flag};
use crate::base64::{self, Base64};
use crate::context::Context;
use crate::error::{Error, Kind};
use crate::json::{self, Encode, Expected, Field, Members, Str, Value, Writer};
use crate::text::Piece;

/// A request, as the guest makes it.
#[derive(Clone)]
#[must_use = "a request does nothing until it is sent"]
pub struct Request<'a> {
    method: &'a str,
    url: &'a dyn Piece,
    headers: Vec<(&'a str, &'a dyn Piece)>,
    body: Base64<'a>,
    timeout_ms: Option<u32>,
    max_redirects: Option<u32>,
    allow_truncated: bool,
}

super::debug_as_json!(Request);

impl<'a> Request<'a> {
    /// A request with this method.
    pub const fn new(method: &'a str, url: &'a dyn Piece) -> Self {
        Self {
            method,
            url,
            headers: Vec::new(),
            body: Base64(Cow::Borrowed(&[])),
            timeout_ms: None,
            max_redirects: None,
            allow_truncated: false,
        }
    }

    /// A `GET` request.
    pub const fn get(url: &'a dyn Piece) -> Self {
        Self::new("GET", url)
    }

    /// A `HEAD` request.
    pub const fn head(url: &'a dyn Piece) -> Self {
        Self::new("HEAD", url)
    }

    /// A `POST` request with a body of this type.
    pub fn post(url: &'a dyn Piece, content_type: &'a dyn Piece, body: &'a [u8]) -> Self {
        Self::new("POST", url).header("Content-Type", content_type).body(body)
    }

    /// Adds a header field. A name may be there more than once.
    pub fn header(mut self, name: &'a str, value: &'a dyn Piece) -> Self {
        self.headers.push((name, value));
        self
    }

    /// Sets the body. Hosts of generation B refuse requests above 1 MiB, which is a body of about 786,000 bytes.
    pub fn body(mut self, body: &'a [u8]) -> Self {
        self.body = body.into();
        self
    }

    /// Sets how many redirects are followed; 0 for none. Hosts that can't be told follow up to ten.
    pub const fn max_redirects(mut self, redirects: u32) -> Self {
        self.max_redirects = Some(redirects);
        self
    }

    /// Sets the time for all of it; `None` leaves it to the host, which takes thirty seconds.
    pub fn timeout_ms(mut self, timeout: impl Into<Option<u32>>) -> Self {
        self.timeout_ms = timeout.into();
        self
    }

    /// Takes a body that is larger than what hosts pass on, 10 MiB, for an answer all the same:
    /// [`Answer::body_truncated`] tells.
    pub const fn allow_truncated(mut self) -> Self {
        self.allow_truncated = true;
        self
    }

    /// Sends it. Whatever the server answers is an answer, also a status of 404 or 500.
    ///
    /// # Errors
    ///
    /// What the host reports, most often of the type `network`, `timeout` or `capability`. `validation`, if the
    /// body is larger than what hosts pass on, 10 MiB, and that is not [allowed](Self::allow_truncated): half a body
    /// would be worse than none. `internal` if the host's answer breaks the protocol.
    pub fn send(&self, context: &Context<'_>) -> Result<Answer, Error> {
        self.ask(context, Dialect::Wire)
    }

    /// Sends it, also where the host understands headers only in the dialect of the Go SDK's own hosts: if it can't
    /// read the request, it is asked again in that. Several values of a name are joined by commas there.
    ///
    /// # Errors
    ///
    /// As for [`send`](Self::send).
    pub fn send_in_either_dialect(&self, context: &Context<'_>) -> Result<Answer, Error> {
        super::in_either_dialect(|dialect| self.ask(context, dialect))
    }

    fn ask(&self, context: &Context<'_>, dialect: Dialect) -> Result<Answer, Error> {
        let mut stack = [MaybeUninit::uninit(); 512];
        let mut request = Writer::on(&mut stack);
        self.write(context, dialect, &mut request);
        let answer = Answer::__ask(request.as_bytes(), Kind::Network.as_str())?;
        if !self.allow_truncated && answer.body_truncated() {
            return Err(Error::write(Kind::Validation, b"body_truncated", |out| {
                out.plain("response body too large")
            }));
        }
        // An answer that says nothing must not say that a page is as it should be.
        if answer.status_code() == 0 {
            return Err(Error::wire_format("http_request", "status_code is missing"));
        }
        if !answer.headers().are_sound() {
            return Err(Error::wire_format("http_request", "a header is not what it must be"));
        }
        Ok(answer)
    }

    fn write(&self, context: &Context<'_>, dialect: Dialect, out: &mut Writer<'_>) {
        out.plain("{\"method\":\"");
        out.escape(self.method);
        out.plain("\",\"url\":\"");
        self.url.write(out);
        out.plain("\"");
        if !self.headers.is_empty() {
            out.plain(",\"headers\":{");
            for (at, (name, _)) in self.headers.iter().enumerate() {
                self.write_header(at, name, dialect, out);
            }
            out.plain("}");
        }
        if !self.body.is_empty() {
            out.plain(",\"body\":\"");
            self.body.write(out);
            out.plain("\"");
        }
        if let Some(redirects) = self.max_redirects {
            out.plain(if redirects == 0 {
                ",\"follow_redirects\":false"
            } else {
                ",\"follow_redirects\":true"
            });
            out.plain(",\"max_redirects\":");
            redirects.write(out);
        }
        super::end(out, context, self.timeout_ms);
    }

    /// Writes all fields of a name where the first of them is.
    fn write_header(&self, at: usize, name: &str, dialect: Dialect, out: &mut Writer<'_>) {
        let is_same = |(other, _): &&(&str, &dyn Piece)| other.eq_ignore_ascii_case(name);
        if self.headers.iter().take(at).any(|field| is_same(&field)) {
            return;
        }
        out.key(name);
        let values = self.headers.iter().filter(is_same).map(|(_, value)| *value);
        match dialect {
            Dialect::Wire => {
                out.begin_array();
                values.for_each(|value| out.text(value));
                out.end_array();
            }
            Dialect::SdkHost => {
                out.plain("\"");
                for (at, value) in values.enumerate() {
                    out.plain(if at > 0 { ", " } else { "" });
                    value.write(out);
                }
                out.plain("\"");
            }
        }
    }
}

/// A request, as a host reads it, in either dialect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received<'a> {
    /// The method, or an empty text for `GET`.
    pub method: Cow<'a, str>,
    /// The URL; never empty.
    pub url: Cow<'a, str>,
    /// The header fields, in order.
    pub headers: Headers<'a>,
    /// The body.
    pub body: Vec<u8>,
    /// Whether redirects are followed.
    pub follow_redirects: bool,
    /// How many redirects are followed at most.
    pub max_redirects: Option<u32>,
    /// What it says about time.
    pub timing: Timing<'a>,
}

impl<'a> Received<'a> {
    /// Reads a request.
    ///
    /// # Errors
    ///
    /// It is not JSON, lacks the URL, or has values of the wrong kind.
    pub fn read(document: &'a [u8]) -> Result<Self, json::Error> {
        const URL: &Field = &Field::new("url", &Expected::described("a URL"), true);
        const BODY: &Field = &Field::new("body", &Expected::described("a string of base64"), true);
        const MAX_REDIRECTS: &Field =
            &Field::new("max_redirects", &Expected::described("a whole number that is not negative"), true);
        let [method, url, headers, body, follow, max_redirects, timeout_ms, context] =
            Value::parse(document)?.fields(&[
                "method",
                "url",
                "headers",
                "body",
                "follow_redirects",
                "max_redirects",
                "timeout_ms",
                "context",
            ])?;
        let mut bytes = if body.is_none() { Vec::new() } else { Vec::from(body.string()?.raw()) };
        let len = base64::decode(&mut bytes).map_err(|_| body.not(BODY))?;
        bytes.truncate(len);
        let max_redirects = match max_redirects.is_none() {
            true => None,
            false => {
                Some(u32::try_from(max_redirects.integer()?).map_err(|_| max_redirects.not(MAX_REDIRECTS))?)
            }
        };
        Ok(Self {
            method: super::text(method)?,
            url: super::required(url, URL)?,
            headers: Headers::read(headers)?,
            body: bytes,
            follow_redirects: follow.is_none() || flag(follow)?,
            max_redirects,
            timing: Timing::read(context, timeout_ms)?,
        })
    }

    /// The request with texts of its own.
    #[must_use]
    pub fn into_owned(self) -> Received<'static> {
        Received {
            method: super::owned(self.method),
            url: super::owned(self.url),
            headers: Headers(
                self.headers
                    .0
                    .into_iter()
                    .map(|(name, values)| (super::owned(name), super::all_owned(values)))
                    .collect(),
            ),
            body: self.body,
            follow_redirects: self.follow_redirects,
            max_redirects: self.max_redirects,
            timing: self.timing.into_owned(),
        }
    }
}

super::answer! {
    function: HttpRequest,
    /// What a host answers.
    Response,
    /// What a server has answered.
    Answer,
    fields: {
        /// The status, such as 200.
        status_code: number,
        /// The header fields, one after the other; a name with several values comes with each of them.
        headers: headers,
        /// The body, without the coding that it was sent in.
        body: bytes,
        /// `HTTP/1.1`, `HTTP/2.0`; empty on older hosts.
        proto: text,
        /// Whether there was more of the body.
        body_truncated: flag,
        /// Milliseconds until all of it was there; 0 on hosts that do not say.
        latency_ms: integer,
    }
}

impl Answer {
    /// The first value of a header field, whose name is matched without regard to ASCII case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<Str<'_>> {
        self.headers()
            .find(|(other, _)| other.raw().eq_ignore_ascii_case(name.as_bytes()))
            .map(|(_, value)| value)
    }

    /// The body, moved to the start of the block that the host's answer lies in: it takes no second one, and keeps the
    /// room that the rest of the answer took.
    ///
    /// ```
    /// # use reglet_sdk_core::{Context, http, mock::Mock};
    /// let mock = Mock::new().answer("http_request", r#"{"status_code":200,"body":"SGVsbG8="}"#);
    /// let (answer, _) = mock.run(|| http::Request::get(&"https://example.com").send(&Context::default()));
    /// assert_eq!(answer?.into_body(), b"Hello");
    /// # Ok::<(), reglet_sdk_core::Error>(())
    /// ```
    #[must_use]
    pub fn into_body(self) -> Vec<u8> {
        let body = self.body();
        let (start, len) = (body.as_ptr().addr(), body.len());
        self.0.into_bytes(start, len)
    }
}

/// Header fields, as a host holds them: names, each with its values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Headers<'a>(pub Vec<(Cow<'a, str>, Vec<Cow<'a, str>>)>);

impl<'a> Headers<'a> {
    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Reads names with a value each, or with a list of them.
    fn read(headers: Value<'a>) -> Result<Self, json::Error> {
        if headers.is_none() {
            return Ok(Self::default());
        }
        let field = |(name, value): (&'a [u8], Value<'a>)| {
            let values = match value.kind() {
                json::Kind::String => Vec::from([value.text()?]),
                _ => super::strings(value)?,
            };
            Ok((Str::new(name).decode(), values))
        };
        headers.members()?.map(field).collect::<Result<_, _>>().map(Self)
    }
}

impl Encode for Headers<'_> {
    fn encode(&self, out: &mut Writer<'_>) {
        out.begin_object();
        for (name, values) in &self.0 {
            out.member(name, values);
        }
        out.end_object();
    }
}

/// The header fields of an answer, names and values, one after the other.
#[derive(Debug)]
pub struct HeaderFields<'a> {
    members: Option<Members<'a>>,
    name: Str<'a>,
    values: super::Strings<'a>,
}

impl<'a> HeaderFields<'a> {
    pub(crate) fn of(headers: Value<'a>) -> Self {
        Self {
            members: headers.members().ok(),
            name: Str::default(),
            values: super::Strings::of(Value::ABSENT),
        }
    }

    /// Whether each has a string, or a list of strings.
    fn are_sound(self) -> bool {
        self.members
            .into_iter()
            .flatten()
            .all(|(_, value)| value.kind() == json::Kind::String || super::Strings::of(value).are_sound())
    }
}

impl<'a> Iterator for HeaderFields<'a> {
    type Item = (Str<'a>, Str<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(value) = self.values.next() {
                return Some((self.name, value));
            }
            let (name, value) = self.members.as_mut()?.next()?;
            self.name = Str::new(name);
            if value.kind() == json::Kind::String {
                return Some((self.name, value.string_or_empty()));
            }
            self.values = super::Strings::of(value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mock::{Calls, Mock};
    use alloc::string::{String, ToString};

    fn send(request: &Request<'_>, answer: impl AsRef<[u8]>) -> (Result<Answer, Error>, Calls) {
        Mock::new().answer("http_request", answer).run(|| request.send(&Context::default()))
    }

    #[test]
    fn asks_as_go_does() {
        let request = Request::post(&"https://example.com/a?b", &"text/plain", b"hello")
            .header("Accept", &"a/b")
            .header("accept", &"c/d")
            .timeout_ms(1500)
            .max_redirects(0);
        let (_, calls) = send(&request, r#"{"status_code":204}"#);
        let expected = concat!(
            r#"{"method":"POST","url":"https://example.com/a?b","#,
            r#""headers":{"Content-Type":["text/plain"],"Accept":["a/b","c/d"]},"body":"aGVsbG8=","#,
            r#""follow_redirects":false,"max_redirects":0,"context":{"timeout_ms":1500},"timeout_ms":1500}"#
        );
        assert_eq!(calls.requests, [("http_request", String::from(expected))]);
        let received = Received::read(expected.as_bytes()).unwrap();
        assert_eq!((received.body.as_slice(), received.follow_redirects), (&b"hello"[..], false));
        assert_eq!(received.headers.0[1], ("Accept".into(), Vec::from(["a/b".into(), "c/d".into()])));
    }

    #[test]
    fn reads_headers_of_both_dialects() {
        for headers in [r#"{"A":["x","y"],"B":["z"]}"#, r#"{"A":["x","y"],"B":"z"}"#] {
            let (answer, _) =
                send(&Request::get(&"u"), alloc::format!(r#"{{"status_code":200,"headers":{headers}}}"#));
            let answer = answer.unwrap();
            let fields: Vec<_> = answer.headers().map(|(name, value)| text(name, value)).collect();
            assert_eq!(fields, ["A: x", "A: y", "B: z"]);
            assert_eq!(answer.header("b").unwrap(), *"z");
            assert_eq!(answer.header("c"), None);
        }
        let received = Received::read(br#"{"url":"u","headers":{"A":"x"}}"#).unwrap();
        assert_eq!(received.headers.0, [("A".into(), Vec::from(["x".into()]))]);
        assert!(Received::read(br#"{"url":"u","headers":{"A":[1]}}"#).is_err());
    }

    fn text(name: Str<'_>, value: Str<'_>) -> String {
        crate::text![name, ": ", value].to_string()
    }

    #[test]
    fn decodes_the_body_and_leaves_the_rest_as_it_is() {
        let body: Vec<u8> = (0..=255).collect();
        let response = Response {
            status_code: 200,
            proto: "HTTP/1.1".into(),
            headers: Headers(Vec::from([("X".into(), Vec::from(["1".into()]))])),
            body: body.clone().into(),
            ..Response::default()
        };
        let mut out = Writer::new();
        response.encode(&mut out);
        let (answer, _) = send(&Request::get(&"u"), out.into_bytes());
        let answer = answer.unwrap();
        assert_eq!((answer.status_code(), answer.body()), (200, body.as_slice()));
        assert!(answer.proto() == *"HTTP/1.1" && answer.header("x").unwrap() == *"1");
    }

    #[test]
    fn refuses_bodies_that_are_cut_or_no_base64() {
        let (answer, _) =
            send(&Request::get(&"u"), r#"{"status_code":200,"body":"AA==","body_truncated":true}"#);
        assert_eq!(answer.unwrap_err().to_string(), "validation: response body too large [body_truncated]");
        let (answer, _) = send(&Request::get(&"u"), r#"{"status_code":200,"body":"A?=="}"#);
        assert!(answer.unwrap_err().message().ends_with("illegal base64 data at input byte 1"));
        let (answer, _) = send(&Request::get(&"u"), r#"{"status_code":200,"headers":{"A":[1]}}"#);
        assert_eq!(answer.unwrap_err().code(), "wire_format");
    }

    #[test]
    fn hands_over_a_cut_body_to_those_who_ask_for_it() {
        let answer = r#"{"status_code":200,"body":"AA==","body_truncated":true}"#;
        let answer = send(&Request::get(&"u").allow_truncated(), answer).0.unwrap();
        assert!(answer.body_truncated());
        assert_eq!(answer.body(), [0]);
    }

    #[test]
    fn an_answer_without_a_status_is_no_page() {
        for reply in ["{}", "null", r#"{"body":"YQ=="}"#, r#"{"status_code":0}"#] {
            let message = send(&Request::get(&"u"), reply).0.unwrap_err().message().into_owned();
            assert_eq!(
                message, "wire format decode failed for http_request: status_code is missing",
                "{reply}"
            );
        }
    }

    #[test]
    fn moves_the_body_to_the_start_of_its_block() {
        for (reply, body) in [
            (r#"{"status_code":200,"body":"YWJjZGVmZ2hpag==","proto":"HTTP/1.1"}"#, &b"abcdefghij"[..]),
            (r#"{"body":"YQ==","status_code":1}"#, b"a"),
            (r#"{"status_code":204,"body":""}"#, b""),
            (r#"{"status_code":204}"#, b""),
        ] {
            let answer = send(&Request::get(&"u"), reply).0.unwrap();
            let place = answer.body().as_ptr();
            let moved = answer.into_body();
            assert_eq!(moved, body, "{reply}");
            let block = moved.as_ptr()..moved.as_ptr().wrapping_add(moved.capacity());
            assert!(body.is_empty() || block.contains(&place), "{reply}");
        }
    }

    #[test]
    fn an_error_comes_before_a_cut_body() {
        let answer = r#"{"status_code":0,"body_truncated":true,"error":{"message":"m","type":"timeout"}}"#;
        assert_eq!(send(&Request::get(&"u"), answer).0.unwrap_err().kind(), Kind::Timeout);
    }
}
