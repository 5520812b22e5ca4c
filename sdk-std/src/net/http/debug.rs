//! How requests and responses look to `{:?}`: as errors show them, without what nobody should read.

use core::fmt;

use reglet_sdk_core::text;

use super::rules::Shown;
use super::{Client, RequestBuilder, Response};

/// Header fields by their names only, for the values may be secret.
impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("headers", &names(&self.headers))
            .field("timeout_ms", &self.timeout_ms)
            .field("max_redirects", &self.max_redirects)
            .field("allow_truncated", &self.allow_truncated)
            .field("retries", &self.retries)
            .field("any_method", &self.any_method)
            .finish_non_exhaustive()
    }
}

/// Without the values of header fields, the credentials of the URL, and the body.
impl fmt::Debug for RequestBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestBuilder")
            .field("method", &self.method)
            .field("url", &url(&self.url))
            .field("headers", &names(&self.headers))
            .field("body_length", &self.body.len())
            .field("failed", &self.failed)
            .field("client", &self.client)
            .finish()
    }
}

/// Without the values of header fields, the credentials of the URL, and the body.
impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("method", &self.method)
            .field("url", &url(&self.url))
            .field("status", &self.status())
            .field("headers", &self.headers().map(|(name, _)| name).collect::<Vec<_>>())
            .field("body_length", &self.body().len())
            .field("is_truncated", &self.is_truncated())
            .finish_non_exhaustive()
    }
}

fn names(headers: &[(String, String)]) -> Vec<&str> {
    headers.iter().map(|(name, _)| name.as_str()).collect()
}

fn url(url: &str) -> String {
    text![Shown(url)].to_string()
}
