//! What a redirect makes of a request.

use hyper::header::{
    AUTHORIZATION, CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_LOCATION, CONTENT_TYPE, COOKIE, HeaderName,
    HeaderValue, LOCATION, PROXY_AUTHENTICATE, PROXY_AUTHORIZATION, REFERER, WWW_AUTHENTICATE,
};
use hyper::http::response;
use hyper::{Method, StatusCode};
use url::{Position, Url};

use super::{Outgoing, quoted, redacted, value};
use crate::services::http::failure::Failure;

/// What only the first host and its subdomains are to see.
const SECRETS: [HeaderName; 6] = [
    AUTHORIZATION,
    COOKIE,
    HeaderName::from_static("cookie2"),
    PROXY_AUTHENTICATE,
    PROXY_AUTHORIZATION,
    WWW_AUTHENTICATE,
];

/// What is about a body.
const OF_BODY: [HeaderName; 4] = [CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_LOCATION, CONTENT_TYPE];

/// Where an answer leads, if it is a redirect.
pub(in crate::services::http) fn location(head: &response::Parts) -> Option<&HeaderValue> {
    match head.status.as_u16() {
        301 | 302 | 303 | 307 | 308 => head.headers.get(LOCATION).filter(|location| !location.is_empty()),
        _ => None,
    }
}

impl Outgoing {
    /// Becomes the request that the redirect asks for.
    pub(in crate::services::http) fn redirect(
        &mut self,
        status: StatusCode,
        location: &HeaderValue,
    ) -> Result<(), Failure> {
        let location = String::from_utf8_lossy(location.as_bytes());
        let url = self.url.join(&location).map_err(|error| {
            Failure::request(format!("failed to parse Location header {}: {error}", quoted(&location)))
        })?;
        if !matches!(status, StatusCode::TEMPORARY_REDIRECT | StatusCode::PERMANENT_REDIRECT) {
            if self.method != Method::HEAD {
                self.method = Method::GET;
            }
            self.body.clear();
            OF_BODY.iter().for_each(|name| drop(self.headers.remove(name)));
        }
        // Go sends secrets also in the clear, to a host that had them encrypted before.
        let loses_tls = self.url.scheme() == "https" && url.scheme() != "https";
        if loses_tls || !is_within(url.host_str().unwrap_or_default(), &self.first.host) {
            SECRETS.iter().for_each(|name| drop(self.headers.remove(name)));
        }
        if !self.first.has_referer {
            self.headers.remove(REFERER);
            if !loses_tls {
                self.headers.insert(REFERER, value(&referer(&self.url))?);
            }
        }
        self.shown = redacted_or_whole(&url);
        self.url = url;
        Ok(())
    }
}

fn redacted_or_whole(url: &Url) -> String {
    if url.password().is_some() { redacted(url) } else { url.as_str().into() }
}

/// The URL without user, password and fragment.
fn referer(url: &Url) -> String {
    let (scheme, rest) = (url.scheme(), &url[Position::BeforeHost..Position::AfterQuery]);
    format!("{scheme}://{rest}")
}

/// Whether a host is the other one, or a subdomain of it.
fn is_within(host: &str, other: &str) -> bool {
    match host.strip_suffix(other) {
        Some("") => true,
        // No address gets here: none ends in a dot and another one, as URLs have them.
        Some(labels) => labels.ends_with('.') && !other.is_empty(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use reglet_sdk_core::http::Received;

    fn outgoing(request: &str) -> Outgoing {
        Outgoing::new(Received::read(request.as_bytes()).unwrap()).unwrap()
    }

    fn redirected(request: &str, status: u16, location: &'static str) -> Outgoing {
        let mut outgoing = outgoing(request);
        let status = StatusCode::from_u16(status).unwrap();
        outgoing.redirect(status, &HeaderValue::from_static(location)).unwrap();
        outgoing
    }

    #[test]
    fn a_subdomain_ends_with_the_whole_domain() {
        for (host, other, expected) in [
            ("example.com", "example.com", true),
            ("www.example.com", "example.com", true),
            ("badexample.com", "example.com", false),
            ("example.com", "www.example.com", false),
            ("example.com.evil.net", "example.com", false),
            ("127.0.0.1", "127.0.0.1", true),
            ("example.com", "", false),
            ("[::1]", "[::1]", true),
            ("[::2]", "[::1]", false),
        ] {
            assert_eq!(is_within(host, other), expected, "{host} in {other}");
        }
    }

    #[test]
    fn secrets_stay_within_the_domain_and_within_tls() {
        const REQUEST: &str = r#"{"url": "https://example.com/a",
            "headers": {"authorization": "a", "cookie": "c", "www-authenticate": "w", "x-other": "x"}}"#;
        for (location, kept) in [
            ("/b", true),
            ("https://example.com:8443/", true),
            ("https://www.example.com/", true),
            ("https://example.org/", false),
            ("http://example.com/", false),
        ] {
            let headers = redirected(REQUEST, 302, location).headers;
            for secret in ["authorization", "cookie", "www-authenticate"] {
                assert_eq!(headers.contains_key(secret), kept, "{secret} to {location}");
            }
            assert!(headers.contains_key("x-other"));
        }
    }

    #[test]
    fn secrets_that_were_dropped_once_do_not_come_back() {
        let mut outgoing =
            redirected(r#"{"url": "http://a.test", "headers": {"cookie": "c"}}"#, 302, "http://b.test");
        outgoing.redirect(StatusCode::FOUND, &HeaderValue::from_static("http://a.test")).unwrap();
        assert!(!outgoing.headers.contains_key(COOKIE));
    }

    #[test]
    fn the_referer_is_the_page_before_without_secrets_and_never_leaves_tls() {
        const REQUEST: &str = r#"{"url": "https://user:pw@example.com/a?b#c"}"#;
        let referer = |location| redirected(REQUEST, 302, location).headers.remove(REFERER);
        assert_eq!(referer("https://example.org").unwrap(), "https://example.com/a?b");
        assert_eq!(referer("http://example.org"), None);
        let given = redirected(r#"{"url": "http://a.test", "headers": {"referer": "r"}}"#, 302, "/b").headers;
        assert_eq!(given[REFERER], "r");
    }

    #[test]
    fn passwords_do_not_get_into_messages() {
        let outgoing = redirected(r#"{"url": "http://u:secret@a.test/"}"#, 302, "/b");
        assert_eq!(outgoing.to_string(), r#"Get "http://u:xxxxx@a.test/b""#);
        let location = HeaderValue::from_static("http://u:secret@b.test/");
        assert_eq!(outgoing.naming(&location), r#"Get "http://u:xxxxx@b.test/""#);
    }
}
