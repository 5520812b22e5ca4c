//! What can go wrong, with the codes and in the words that plugins know from Go.

use core::error::Error as _;
use core::time::Duration;
use std::io;

use reglet_sdk_core::error::{Error, Kind};

use crate::log::printable;
use crate::services::net;

/// Why there is no answer, still without the request that it is about.
#[derive(Debug)]
pub(super) enum Failure {
    /// The grants don't allow it. Its text is the same whatever was to be done there.
    Denied(Error),
    /// Anything else.
    Failed { code: &'static str, reason: String },
}

impl Failure {
    pub(super) fn new(code: &'static str, reason: impl Into<String>) -> Self {
        Self::Failed { code, reason: reason.into() }
    }

    /// The request can't be sent, or has no answer, for a reason that has no code of its own.
    pub(super) fn request(reason: impl Into<String>) -> Self {
        Self::new("REQUEST_FAILED", reason)
    }

    pub(super) fn timed_out(limit: Duration) -> Self {
        // The check's time may be over before the call, as of one that tries again.
        let after =
            if limit.is_zero() { "no time was left".into() } else { format!("timeout after {limit:?}") };
        Self::new("TIMEOUT", format!("context deadline exceeded ({after})"))
    }

    pub(super) fn too_many_redirects(followed: u32) -> Self {
        Self::new("TOO_MANY_REDIRECTS", format!("stopped after {followed} redirects"))
    }

    pub(super) fn headers_too_large(reason: impl Into<String>) -> Self {
        Self::new("RESPONSE_HEADERS_TOO_LARGE", reason)
    }

    /// There is no connection.
    pub(super) fn of_connection(error: Error) -> Self {
        if error.kind() == Kind::Capability {
            return Self::Denied(error);
        }
        let code = match &*error.code() {
            _ if error.is_timeout() => "TIMEOUT",
            "HOST_NOT_FOUND" => "HOST_NOT_FOUND",
            "CONNECTION_REFUSED" => "CONNECTION_REFUSED",
            "TLS_ERROR" => "TLS_ERROR",
            _ => "REQUEST_FAILED",
        };
        Self::new(code, error.message())
    }

    /// There is no answer on a connection.
    pub(super) fn of_exchange(error: &hyper::Error) -> Self {
        if error.is_parse_too_large() {
            return Self::headers_too_large("the headers of the answer are too large");
        }
        let code = match io_error(error) {
            Some(error) if is_tls(error) => "TLS_ERROR",
            Some(error) if error.kind() == io::ErrorKind::TimedOut => "TIMEOUT",
            _ => "REQUEST_FAILED",
        };
        Self::new(code, reason(error, "EOF"))
    }

    /// The body breaks off.
    pub(super) fn of_body(error: &hyper::Error) -> Self {
        Self::body(&reason(error, "unexpected EOF"))
    }

    /// The body can't be read to its end.
    pub(super) fn body(reason: &str) -> Self {
        Self::new("READ_BODY_FAILED", format!("failed to read response body: {reason}"))
    }

    /// The error about a request, which `what` names as in `Get "http://example.com"`.
    #[cold]
    pub(super) fn into_error(self, what: &str) -> Error {
        let (code, reason) = match self {
            Self::Denied(error) => return error,
            Self::Failed { code, reason } => (code, reason),
        };
        let kind = if code == "TIMEOUT" { Kind::Timeout } else { Kind::Network };
        let error = Error::new(kind, format!("{what}: {}", printable(&reason))).with_code(code);
        if code == "HOST_NOT_FOUND" { error.with_not_found() } else { error }
    }
}

/// Texts as in Go where it has one: `eof` if the peer has closed the connection.
fn reason(error: &hyper::Error, eof: &str) -> String {
    if error.is_incomplete_message() || error.is_canceled() || error.is_closed() {
        return eof.into();
    }
    match io_error(error) {
        Some(io) if io.kind() == io::ErrorKind::UnexpectedEof => eof.into(),
        Some(io) if is_tls(io) => format!("tls: {io}"),
        Some(io) => net::reason(io),
        None if error.is_parse() => format!("malformed HTTP response: {error}"),
        None => match error.source() {
            Some(source) => format!("{error}: {source}"),
            None => error.to_string(),
        },
    }
}

/// The failure of the connection that led to the error.
fn io_error(error: &hyper::Error) -> Option<&io::Error> {
    let mut source = error.source();
    while let Some(error) = source {
        if let Some(error) = error.downcast_ref() {
            return Some(error);
        }
        source = error.source();
    }
    None
}

fn is_tls(error: &io::Error) -> bool {
    error.get_ref().is_some_and(|inner| inner.is::<rustls::Error>())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_connection(error: Error) -> Error {
        Failure::of_connection(error).into_error("Get \"u\"")
    }

    #[test]
    fn codes_follow_the_kind_of_failure_and_not_its_text() {
        let failed = |code| Error::new(Kind::Network, "timeout, redirect, no such host").with_code(code);
        for (code, expected) in [
            ("HOST_NOT_FOUND", "HOST_NOT_FOUND"),
            ("CONNECTION_REFUSED", "CONNECTION_REFUSED"),
            ("TLS_ERROR", "TLS_ERROR"),
            ("CONNECTION_FAILED", "REQUEST_FAILED"),
        ] {
            let error = of_connection(failed(code));
            assert_eq!((error.kind(), &*error.code()), (Kind::Network, expected));
            assert_eq!(error.message(), "Get \"u\": timeout, redirect, no such host");
            assert!(!error.is_timeout());
            assert_eq!(error.is_not_found(), code == "HOST_NOT_FOUND");
        }
        let error = of_connection(failed("CONNECTION_FAILED").with_timeout());
        assert_eq!((error.kind(), &*error.code()), (Kind::Timeout, "TIMEOUT"));
    }

    #[test]
    fn what_grants_refuse_stays_as_it_is() {
        let denied =
            Error::new(Kind::Capability, "network capability denied: h:80").with_code("SSRF_BLOCKED");
        assert_eq!(of_connection(denied.clone()), denied);
    }
}
