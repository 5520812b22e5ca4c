//! The header field that tells who asks.

use reglet_sdk_core::base64::Base64;
use reglet_sdk_core::text;

pub(super) fn bearer(token: &str) -> String {
    ["Bearer ", token].concat()
}

pub(super) fn basic(user: &str, password: &str) -> String {
    text!["Basic ", Base64::from([user, ":", password].concat().into_bytes())].to_string()
}

/// Sets the field in place of what it was: servers refuse a request with two of them.
pub(super) fn authorize(headers: &mut Vec<(String, String)>, credentials: String) {
    const NAME: &str = "Authorization";
    headers.retain(|(name, _)| !name.eq_ignore_ascii_case(NAME));
    headers.push((NAME.into(), credentials));
}
