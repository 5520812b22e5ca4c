//! The request of a hop: what the guest asked for, or what a redirect made of it.

mod redirect;

use core::fmt;

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{
    ACCEPT_ENCODING, AUTHORIZATION, CONNECTION, CONTENT_LENGTH, HOST, HeaderName, HeaderValue, RANGE,
    REFERER, TE, TRAILER, TRANSFER_ENCODING, UPGRADE, USER_AGENT,
};
use hyper::{HeaderMap, Method, Request};
use percent_encoding::percent_decode_str;
use reglet_sdk_core::base64::Base64;
use reglet_sdk_core::error::Error;
use reglet_sdk_core::http::{Headers, Received};
use reglet_sdk_core::text;
use url::{ParseError, Position, Url};

use super::failure::Failure;
use crate::functions::invalid;

pub(super) use self::redirect::location;

/// Who asks, unless the guest says who.
const AGENT: &str = concat!("Reglet/", env!("CARGO_PKG_VERSION"));

/// Header fields that a request may have.
const MAX_FIELDS: usize = 1024;

/// Bytes of a URL that messages show.
const MAX_SHOWN: usize = 2048;

/// A request that can be sent, and followed where it leads.
#[derive(Debug)]
pub(super) struct Outgoing {
    method: Method,
    url: Url,
    /// As messages have it.
    shown: String,
    /// Those of the guest, but for what concerns the connection; a redirect may take some away.
    headers: HeaderMap,
    body: Bytes,
    /// What the guest asked for, before any redirect.
    first: First,
}

#[derive(Debug)]
struct First {
    method: Method,
    host: String,
    has_referer: bool,
}

/// Where a request goes.
pub(super) struct Target<'a> {
    /// Name or address; an IPv6 address has brackets.
    pub(super) host: &'a str,
    pub(super) port: u16,
    pub(super) tls: bool,
}

impl Outgoing {
    /// The request of the first hop.
    pub(super) fn new(received: Received<'_>) -> Result<Self, Error> {
        let method = method(&received.method)?;
        let headers = guest_headers(&received.headers)?;
        let url = Url::parse(&received.url).map_err(|error| not_a_url(&method, &received.url, error))?;
        Ok(Self {
            first: First {
                method: method.clone(),
                host: url.host_str().unwrap_or_default().into(),
                has_referer: headers.contains_key(REFERER),
            },
            shown: if url.password().is_some() { redacted(&url) } else { received.url.into_owned() },
            method,
            url,
            headers,
            body: received.body.into(),
        })
    }

    /// Checks that HTTP can get there, and says where that is.
    pub(super) fn target(&self) -> Result<Target<'_>, Failure> {
        let scheme = self.url.scheme();
        if !matches!(scheme, "http" | "https") {
            return Err(Failure::request(unsupported(scheme)));
        }
        let (Some(host), Some(port)) = (self.url.host_str(), self.url.port_or_known_default()) else {
            return Err(Failure::request(NO_HOST));
        };
        Ok(Target { host, port, tls: scheme == "https" })
    }

    /// Whether the host asks for gzip by itself, and so has to undo it.
    pub(super) fn asks_for_gzip(&self) -> bool {
        let lacks = |name| self.headers.get(name).is_none_or(HeaderValue::is_empty);
        self.method != Method::HEAD && lacks(ACCEPT_ENCODING) && lacks(RANGE)
    }

    /// The request as hyper sends it.
    pub(super) fn request(&self, http2: bool) -> Result<Request<Full<Bytes>>, Failure> {
        let authority = &self.url[Position::BeforeHost..Position::AfterPort];
        let path = &self.url[Position::BeforePath..Position::AfterQuery];
        let mut request = Request::new(Full::new(self.body.clone()));
        *request.method_mut() = self.method.clone();
        let headers = request.headers_mut();
        let uri = if http2 {
            format!("{}://{authority}{path}", self.url.scheme())
        } else {
            headers.insert(HOST, value(authority)?);
            headers.insert(CONNECTION, HeaderValue::from_static("close"));
            path.into()
        };
        for (name, value) in &self.headers {
            headers.append(name, value.clone());
        }
        match headers.get(USER_AGENT) {
            None => drop(headers.insert(USER_AGENT, HeaderValue::from_static(AGENT))),
            Some(none) if none.is_empty() => drop(headers.remove(USER_AGENT)),
            Some(_) => {}
        }
        if self.asks_for_gzip() {
            headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("gzip"));
        }
        if headers.get(AUTHORIZATION).is_none_or(HeaderValue::is_empty)
            && let Some(credentials) = self.credentials()?
        {
            headers.insert(AUTHORIZATION, credentials);
        }
        // Many servers expect it of these methods; of a body it says hyper how long it is by itself.
        if self.body.is_empty() && matches!(self.method, Method::POST | Method::PUT | Method::PATCH) {
            headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
        }
        *request.uri_mut() = uri.try_into().map_err(|error| Failure::request(format!("{error}")))?;
        Ok(request)
    }

    /// The request's name in messages, if it were about another URL.
    pub(super) fn naming(&self, location: &HeaderValue) -> String {
        let text = String::from_utf8_lossy(location.as_bytes());
        match self.url.join(&text) {
            Ok(url) if url.password().is_some() => named(&self.first.method, &redacted(&url)),
            _ => named(&self.first.method, &text),
        }
    }

    /// The URL's user and password, for a server that asks for them the basic way.
    fn credentials(&self) -> Result<Option<HeaderValue>, Failure> {
        let (user, password) = (self.url.username(), self.url.password());
        if user.is_empty() && password.is_none() {
            return Ok(None);
        }
        let mut pair: Vec<u8> = percent_decode_str(user).collect();
        pair.push(b':');
        pair.extend(percent_decode_str(password.unwrap_or_default()));
        let mut credentials = value(&text!["Basic ", Base64::from(pair)].to_string())?;
        credentials.set_sensitive(true);
        Ok(Some(credentials))
    }
}

/// As in `Get "http://example.com"`.
impl fmt::Display for Outgoing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&named(&self.first.method, &self.shown))
    }
}

const NO_HOST: &str = "http: no Host in request URL";

fn unsupported(scheme: &str) -> String {
    format!("unsupported protocol scheme {scheme:?}")
}

fn named(method: &Method, url: &str) -> String {
    let method = method.as_str();
    let (first, rest) = method.split_at_checked(1).unwrap_or((method, ""));
    format!("{first}{} {}", rest.to_ascii_lowercase(), quoted(url))
}

/// In quotes, on one line, and not too long.
fn quoted(text: &str) -> String {
    format!("{:?}", text.get(..text.floor_char_boundary(MAX_SHOWN)).unwrap_or_default())
}

/// As Go's `URL.Redacted` has it.
fn redacted(url: &Url) -> String {
    let mut url = url.clone();
    // It fails for URLs that can have no password.
    let _ = url.set_password(Some("xxxxx"));
    url.into()
}

fn method(name: &str) -> Result<Method, Error> {
    if name.is_empty() {
        return Ok(Method::GET);
    }
    match Method::from_bytes(name.to_ascii_uppercase().as_bytes()) {
        // It asks a proxy for a tunnel, and there is no proxy.
        Ok(Method::CONNECT) | Err(_) => Err(invalid(&format!("net/http: invalid method {}", quoted(name)))),
        Ok(method) => Ok(method),
    }
}

/// What the guest wants to be sent. What concerns the connection is the host's own matter, and left out.
fn guest_headers(fields: &Headers<'_>) -> Result<HeaderMap, Error> {
    let mut headers = HeaderMap::new();
    for (name, values) in &fields.0 {
        let key = HeaderName::from_bytes(name.as_bytes())
            .map_err(|_| invalid(&format!("net/http: invalid header field name {}", quoted(name))))?;
        for value in values {
            let value =
                HeaderValue::from_bytes(value.trim_matches([' ', '\t']).as_bytes()).map_err(|_| {
                    invalid(&format!("net/http: invalid header field value for {}", quoted(name)))
                })?;
            if headers.len() == MAX_FIELDS {
                return Err(invalid(&format!("the request has more than {MAX_FIELDS} header fields")));
            }
            if !is_of_connection(&key) {
                headers.append(&key, value);
            }
        }
    }
    Ok(headers)
}

fn is_of_connection(name: &HeaderName) -> bool {
    const OTHERS: [&str; 3] = ["keep-alive", "proxy-connection", "http2-settings"];
    matches!(*name, HOST | CONTENT_LENGTH | TRANSFER_ENCODING | TRAILER | CONNECTION | TE | UPGRADE)
        || OTHERS.contains(&name.as_str())
}

fn not_a_url(method: &Method, text: &str, error: ParseError) -> Error {
    let failure = match error {
        ParseError::RelativeUrlWithoutBase => Failure::request(unsupported("")),
        ParseError::EmptyHost => Failure::request(NO_HOST),
        _ => return invalid(&format!("parse {}: {error}", quoted(text))),
    };
    failure.into_error(&named(method, text))
}

fn value(text: &str) -> Result<HeaderValue, Failure> {
    text.try_into().map_err(|error| Failure::request(format!("{error}")))
}
