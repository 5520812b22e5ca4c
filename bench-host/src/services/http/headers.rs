//! The header fields of an answer: how many there may be, and how they are named.

use hyper::HeaderMap;
use hyper::header::{CONTENT_ENCODING, TRAILER, TRANSFER_ENCODING};
use reglet_sdk_core::http::Headers;

use super::failure::Failure;

/// Fields that an answer may have.
pub(super) const MAX_FIELDS: usize = 256;

/// Bytes that the fields of an answer may have, each with its colon, space and line end.
const MAX_BYTES: usize = 64 << 10;

/// Checks what came in against the limits.
pub(super) fn check(headers: &HeaderMap) -> Result<(), Failure> {
    let fields = headers.len();
    if fields > MAX_FIELDS {
        return Err(Failure::headers_too_large(format!(
            "the answer has {fields} header fields, more than the limit of {MAX_FIELDS}"
        )));
    }
    let bytes: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
    if bytes > MAX_BYTES {
        return Err(Failure::headers_too_large(format!(
            "the answer has {bytes} bytes of headers, more than the limit of {MAX_BYTES} bytes"
        )));
    }
    Ok(())
}

/// Whether the body is in the coding that the host undoes.
pub(super) fn is_gzip(headers: &HeaderMap) -> bool {
    headers.get(CONTENT_ENCODING).is_some_and(|coding| coding.as_bytes().eq_ignore_ascii_case(b"gzip"))
}

/// The fields as the guest gets them: with Go's names, and without those that are about the way over the wire.
pub(super) fn of_answer(headers: &HeaderMap) -> Headers<'static> {
    let names = headers.keys().filter(|name| !matches!(**name, TRANSFER_ENCODING | TRAILER));
    let fields = names.map(|name| {
        let values = headers.get_all(name).iter();
        let values = values.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned().into());
        (canonical(name.as_str()).into(), values.collect())
    });
    Headers(fields.collect())
}

/// Bytes of names and values, with what JSON puts around them.
pub(super) fn len(headers: &Headers<'_>) -> usize {
    let fields = headers.0.iter();
    fields.map(|(name, values)| name.len() + values.iter().map(|value| value.len() + 8).sum::<usize>()).sum()
}

/// Go's `CanonicalMIMEHeaderKey`: `x-a-b` is `X-A-B`.
fn canonical(name: &str) -> String {
    let mut starts = true;
    let letter = |letter: char| {
        let starts = core::mem::replace(&mut starts, letter == '-');
        if starts { letter.to_ascii_uppercase() } else { letter.to_ascii_lowercase() }
    };
    name.chars().map(letter).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use hyper::header::{HeaderName, HeaderValue};

    #[test]
    fn names_are_those_of_go() {
        for (name, expected) in [
            ("content-type", "Content-Type"),
            ("x-a-b", "X-A-B"),
            ("WWW-Authenticate", "Www-Authenticate"),
            ("etag", "Etag"),
            ("x_y--1z", "X_y--1z"),
        ] {
            assert_eq!(canonical(name), expected);
        }
    }

    #[test]
    fn limits_are_exact() {
        let of = |fields: usize, last: usize| {
            let mut headers = HeaderMap::new();
            for at in 1..fields {
                let name = HeaderName::try_from(format!("x-{at:04}")).unwrap();
                headers.append(name, HeaderValue::from_static("v"));
            }
            headers.append("x-last", HeaderValue::try_from("v".repeat(last)).unwrap());
            check(&headers)
        };
        assert!(of(256, 0).is_ok());
        assert!(of(257, 0).is_err());
        assert!(of(1, MAX_BYTES - "x-last: \r\n".len()).is_ok());
        assert!(of(1, MAX_BYTES - "x-last: \r\n".len() + 1).is_err());
    }
}
