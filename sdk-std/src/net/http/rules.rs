//! What a request must keep to before a host is asked.

use reglet_sdk_core::error::Kind;
use reglet_sdk_core::json::Writer;
use reglet_sdk_core::text::Piece;
use reglet_sdk_core::{Error, text};

/// A method is a token.
pub(super) fn check_method(method: &str) -> Result<(), Error> {
    if is_token(method) {
        return Ok(());
    }
    refuse("invalid_method", text!["invalid method '", method, "': ", TOKEN])
}

/// An `http` or `https` URL with a host. What else is wrong with it is for the host to find.
pub(super) fn check_url(url: &str) -> Result<(), Error> {
    match look_at(url.as_bytes()) {
        Ok(()) => Ok(()),
        Err(flaw) => refuse("invalid_url", text!["invalid URL '", Shown(url), "': ", flaw]),
    }
}

/// A name that is a token, and a value without what would end its line. The value is never shown.
pub(super) fn check_header(name: &str, value: &str) -> Result<(), Error> {
    let flaw = if !is_token(name) {
        TOKEN
    } else if value.bytes().any(|byte| is_control(byte) && byte != b'\t') {
        "its value has a control character"
    } else {
        return Ok(());
    };
    refuse("invalid_header", text!["invalid header '", name, "': ", flaw])
}

const TOKEN: &str = "a name has letters, digits and !#$%&'*+-.^_`|~ only, and at least one of them";

/// What the grammar of HTTP calls so.
fn is_token(text: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !text.is_empty() && text.bytes().all(is_part)
}

const fn is_control(byte: u8) -> bool {
    byte < b' ' || byte == 0x7F
}

/// Says what is wrong with a URL.
fn look_at(url: &[u8]) -> Result<(), &'static str> {
    if url.iter().any(|byte| is_control(*byte) || *byte == b' ') {
        return Err("it has a space or a control character");
    }
    let rest = after_scheme(url).ok_or("it does not begin with http:// or https://")?;
    let (_, authority) = split_credentials(rest);
    let (host, port) = match authority {
        [b'[', address @ ..] => {
            let digits =
                address.iter().take_while(|byte| byte.is_ascii_hexdigit() || matches!(byte, b':' | b'.'));
            match address.split_at_checked(digits.count()) {
                Some((host, [b']', port @ ..])) if host.contains(&b':') => (host, port),
                _ => return Err("what stands in brackets is no IPv6 address"),
            }
        }
        _ => authority.split_at(authority.iter().position(|byte| *byte == b':').unwrap_or(authority.len())),
    };
    match port {
        _ if host.is_empty() => Err("it has no host"),
        [] | [b':'] => Ok(()),
        [b':', digits @ ..] if is_port(digits) => Ok(()),
        [b':', rest @ ..] if rest.contains(&b':') => Err("an IPv6 address must stand in brackets"),
        _ => Err("its port is no number from 1 to 65535"),
    }
}

fn is_port(digits: &[u8]) -> bool {
    let number = digits.iter().try_fold(0_u16, |number, digit| {
        let digit = digit.is_ascii_digit().then(|| u16::from(digit - b'0'))?;
        number.checked_mul(10)?.checked_add(digit)
    });
    number.is_some_and(|number| number > 0)
}

fn after_scheme(url: &[u8]) -> Option<&[u8]> {
    ["http://", "https://"].iter().find_map(|scheme| {
        let (start, rest) = url.split_at_checked(scheme.len())?;
        start.eq_ignore_ascii_case(scheme.as_bytes()).then_some(rest)
    })
}

/// Who asks, and whom, of what follows the scheme.
fn split_credentials(rest: &[u8]) -> (&[u8], &[u8]) {
    let end = rest.iter().position(|byte| matches!(byte, b'/' | b'?' | b'#' | b'\\')).unwrap_or(rest.len());
    let authority = rest.get(..end).unwrap_or_default();
    let host = authority.iter().rposition(|byte| *byte == b'@').map_or(0, |at| at + 1);
    authority.split_at_checked(host).unwrap_or_default()
}

/// Refuses a request.
#[cold]
#[inline(never)]
fn refuse(code: &str, message: impl Piece) -> Result<(), Error> {
    Err(Error::new(Kind::Validation, message).with_code(code))
}

/// A URL without its name and password.
pub(super) struct Shown<'a>(pub(super) &'a str);

impl Piece for Shown<'_> {
    fn write(&self, out: &mut Writer<'_>) {
        let Self(url) = self;
        let rest = after_scheme(url.as_bytes()).unwrap_or(url.as_bytes());
        let start = url.len() - rest.len();
        let (credentials, _) = split_credentials(rest);
        if credentials.is_empty() {
            return url.write(out);
        }
        url.get(..start).unwrap_or_default().write(out);
        "***@".write(out);
        url.get(start + credentials.len()..).unwrap_or_default().write(out);
    }
}
