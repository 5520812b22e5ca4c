//! From the text between two quotes to the string that it stands for.

use alloc::borrow::Cow;
use alloc::string::String;

use crate::abi::{character, utf8};

/// The string that `raw` stands for; borrowed where it stands there as it is.
///
/// `raw` has passed the scanner, so its escapes are complete. Bytes that are not UTF-8 become U+FFFD one by
/// one, and so does a surrogate without its other half.
pub(super) fn decode(raw: &[u8]) -> Cow<'_, str> {
    match utf8(raw) {
        Some(text) if !raw.contains(&b'\\') => Cow::Borrowed(text),
        _ => Cow::Owned(unescape(raw)),
    }
}

#[cold]
fn unescape(mut raw: &[u8]) -> String {
    let mut out = String::new();
    while let [first, rest @ ..] = raw {
        let (character, len) = match (first, rest) {
            (b'\\', [b'u', digits @ ..]) => surrogates(digits),
            (b'\\', [escape, ..]) => {
                let plain = match escape {
                    b'b' => 8,
                    b'f' => 12,
                    b'n' => b'\n',
                    b'r' => b'\r',
                    b't' => b'\t',
                    other => *other,
                };
                (char::from(plain), 2)
            }
            _ => character(raw).unwrap_or((char::REPLACEMENT_CHARACTER, 1)),
        };
        out.push(character);
        raw = raw.get(len..).unwrap_or_default();
    }
    out
}

/// The character that `\u` starts, of one unit or of two, and how many bytes it takes with its backslash.
fn surrogates(digits: &[u8]) -> (char, usize) {
    let high = unit(digits);
    if high & 0xFC00 == 0xD800
        && let Some([b'\\', b'u', low @ ..]) = digits.get(4..)
        && unit(low) & 0xFC00 == 0xDC00
    {
        let code = 0x10000 + ((high & 0x3FF) << 10 | unit(low) & 0x3FF);
        return (char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER), 12);
    }
    (char::from_u32(high).unwrap_or(char::REPLACEMENT_CHARACTER), 6)
}

/// The UTF-16 unit of four hexadecimal digits.
fn unit(digits: &[u8]) -> u32 {
    let mut unit = 0;
    for digit in digits.iter().take(4) {
        let letter = if *digit > b'9' { 9 } else { 0 };
        unit = unit << 4 | u32::from((digit & 15) + letter);
    }
    unit
}

#[cfg(test)]
mod tests {
    use super::decode;
    use alloc::borrow::Cow;

    #[test]
    fn borrows_what_needs_no_change() {
        assert!(matches!(decode("grüße".as_bytes()), Cow::Borrowed("grüße")));
    }

    #[test]
    fn resolves_every_escape() {
        assert_eq!(decode(br#"\"\\\/\b\f\n\r\t\u0041\u00e9\uD83D\ude00"#), "\"\\/\u{8}\u{c}\n\r\tAé😀");
    }

    #[test]
    fn replaces_lone_surrogates() {
        assert_eq!(decode(br"a\ud800b"), "a\u{fffd}b");
        assert_eq!(decode(br"\udc00\ud800\u0041"), "\u{fffd}\u{fffd}A");
        assert_eq!(decode(br"\ud800\ud83d\ude00"), "\u{fffd}😀");
    }

    #[test]
    fn replaces_each_bad_byte_as_go_does() {
        assert_eq!(decode(b"a\xff\xe2\x82b"), "a\u{fffd}\u{fffd}\u{fffd}b");
        assert_eq!(decode(b"\xe2\\u0041"), "\u{fffd}A");
    }
}
