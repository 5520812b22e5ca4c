//! The query of a URL.

use reglet_sdk_core::text;
use reglet_sdk_core::text::Piece;

/// Adds a name and a value after what the query has already, and before the fragment.
pub(super) fn append(url: &mut String, name: &str, value: &dyn Piece) {
    let fragment = url.split_off(url.find('#').unwrap_or(url.len()));
    if !url.contains('?') {
        url.push('?');
    } else if !url.ends_with(['?', '&']) {
        url.push('&');
    }
    encode(name, url);
    url.push('=');
    encode(&text![value].to_string(), url);
    url.push_str(&fragment);
}

/// As `application/x-www-form-urlencoded` has it: <https://url.spec.whatwg.org/#urlencoded-serializing>.
fn encode(text: &str, url: &mut String) {
    let digit = |half: u8| char::from(b"0123456789ABCDEF"[usize::from(half & 0xF)]);
    for byte in text.bytes() {
        match byte {
            b' ' => url.push('+'),
            b'*' | b'-' | b'.' | b'_' | b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => url.push(byte.into()),
            _ => url.extend(['%', digit(byte >> 4), digit(byte)]),
        }
    }
}
