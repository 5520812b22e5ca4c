//! A string as it stands in a document, and the text that it stands for.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use super::{Encode, Writer};
use crate::abi::{character, utf8};

/// A string as it stands in a JSON document, with its escapes.
///
/// It can be compared, written into other JSON and used in a [`text!`](crate::text!) as it is, which copies
/// its bytes and needs no code; [`decode`](Self::decode) gives the text.
///
/// ```
/// use reglet_sdk_core::json::Value;
///
/// let value = Value::parse(br#""TLS 1.3""#)?;
/// assert_eq!(value.string()?, *"TLS 1.3");
/// assert_eq!(value.string()?.decode(), "TLS 1.3");
/// # Ok::<(), reglet_sdk_core::json::Error>(())
/// ```
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Str<'a>(&'a [u8]);

impl<'a> Str<'a> {
    /// A string from what stands between its quotes.
    pub(crate) const fn new(raw: &'a [u8]) -> Self {
        Self(raw)
    }

    /// What stands between its quotes.
    #[must_use]
    pub const fn raw(self) -> &'a [u8] {
        self.0
    }

    /// Whether it is empty.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    /// The text that it stands for; borrowed where that stands there as it is.
    ///
    /// Bytes that are not UTF-8 become U+FFFD one by one, and so does a surrogate without its other half.
    #[must_use]
    pub fn decode(self) -> Cow<'a, str> {
        match utf8(self.0) {
            Some(text) if !self.has_escapes() => Cow::Borrowed(text),
            _ => Cow::Owned(unescape(self.0)),
        }
    }

    /// Whether some of it is escaped.
    fn has_escapes(self) -> bool {
        #[allow(clippy::manual_contains, reason = "`contains` is faster, and takes 300 bytes")]
        self.0.iter().any(|byte| *byte == b'\\')
    }

    /// How many characters it has; one that is written as a pair of surrogates counts as two.
    pub(super) fn characters(self) -> usize {
        let mut count = 0_usize;
        let mut escaped = false;
        for byte in self.0 {
            if escaped {
                // The four digits that follow will be counted.
                count = count.wrapping_sub(if *byte == b'u' { 4 } else { 0 });
                escaped = false;
            } else {
                // Every byte starts a character unless it continues one.
                count = count.wrapping_add(usize::from(byte & 0xC0 != 0x80));
                escaped = *byte == b'\\';
            }
        }
        count
    }
}

#[cold]
fn unescape(mut raw: &[u8]) -> String {
    let mut out = String::new();
    while !raw.is_empty() {
        let (code, len) = unescaped(raw);
        out.push(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
        raw = raw.get(len..).unwrap_or_default();
    }
    out
}

/// A copy of the document in which everything that is no character is U+FFFD: bytes that are not UTF-8, and
/// surrogates without their other half. `None` if there is nothing of the kind, as nearly always.
///
/// Strings are passed on as they stand, so this is done to what comes in.
pub(crate) fn repair(document: &[u8]) -> Option<Vec<u8>> {
    let mut out = Writer::new();
    let (mut at, mut copied) = (0, 0);
    while let Some(byte) = document.get(at) {
        if byte.is_ascii() && *byte != b'\\' {
            at += 1;
            continue;
        }
        let (sound, len) = sound(document.get(at..).unwrap_or_default());
        if !sound {
            out.append(document.get(copied..at).unwrap_or_default());
            out.plain("\u{fffd}");
            copied = at + len;
        }
        at += len;
    }
    if copied == 0 {
        return None;
    }
    out.append(document.get(copied..).unwrap_or_default());
    Some(out.into_bytes())
}

/// Whether an escape or bytes above ASCII stand for a character, and how many bytes are concerned.
#[inline(never)]
fn sound(raw: &[u8]) -> (bool, usize) {
    let Some(digits) = raw.strip_prefix(b"\\u") else {
        return match raw {
            [b'\\', ..] => (true, 2),
            _ => character(raw).map_or((false, 1), |(_, len)| (true, len)),
        };
    };
    let (code, len) = surrogates(digits);
    (code & 0xFFFF_F800 != 0xD800, len)
}

/// The code point of the character or the escape at hand, and how many bytes it takes. It is a surrogate for one
/// that is alone, and for a byte that is not UTF-8.
fn unescaped(raw: &[u8]) -> (u32, usize) {
    match raw {
        [b'\\', b'u', digits @ ..] => surrogates(digits),
        [b'\\', escape, ..] => {
            let plain = match escape {
                b'b' => 8,
                b'f' => 12,
                b'n' => b'\n',
                b'r' => b'\r',
                b't' => b'\t',
                other => *other,
            };
            (plain.into(), 2)
        }
        _ => character(raw).map_or((0xD800, 1), |(character, len)| (character.into(), len)),
    }
}

/// The code point that `\u` starts, of one unit or of two, and how many bytes it takes with its backslash.
fn surrogates(digits: &[u8]) -> (u32, usize) {
    let high = unit(digits);
    if high & 0xFC00 == 0xD800
        && let Some([b'\\', b'u', low @ ..]) = digits.get(4..)
        && unit(low) & 0xFC00 == 0xDC00
    {
        return (0x10000 + ((high & 0x3FF) << 10 | unit(low) & 0x3FF), 12);
    }
    (high, 6)
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

impl Encode for Str<'_> {
    fn encode(&self, out: &mut Writer) {
        out.text(self);
    }
}

impl PartialEq<str> for Str<'_> {
    fn eq(&self, text: &str) -> bool {
        self.0 == text.as_bytes() || self.has_escapes() && self.decode() == text
    }
}

impl fmt::Display for Str<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.decode())
    }
}

impl fmt::Debug for Str<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.decode(), f)
    }
}

#[cfg(test)]
mod tests {
    use super::Str;
    use alloc::borrow::Cow;

    fn decode(raw: &[u8]) -> Cow<'_, str> {
        Str::new(raw).decode()
    }

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

    #[test]
    fn repairs_what_is_no_character_and_nothing_else() {
        let repaired =
            |document| super::repair(document).map(|out| alloc::string::String::from_utf8(out).unwrap());
        for sound in ["", "{}", r#"{"a":"gr\u00fc\u00dfe \ud83d\ude00 \\ud800 \n"}"#, "😀"] {
            assert_eq!(repaired(sound.as_bytes()), None, "{sound}");
        }
        assert_eq!(repaired(b"ab\xff\xe2\x82cd\\n").as_deref(), Some("ab\u{fffd}\u{fffd}\u{fffd}cd\\n"));
        assert_eq!(
            repaired(br#""\ud800x\uD83D\uDE00\udc00""#).as_deref(),
            Some("\"\u{fffd}x\\uD83D\\uDE00\u{fffd}\"")
        );
        assert_eq!(repaired(br"\ud8").as_deref(), None);
    }

    #[test]
    fn counts_characters_not_bytes() {
        for raw in ["", "abc", "grüße", r#"\n\u0041\\\"\ud800x"#, "😀é", r"\\u0041"] {
            assert_eq!(
                Str::new(raw.as_bytes()).characters(),
                decode(raw.as_bytes()).chars().count(),
                "{raw}"
            );
        }
    }

    #[test]
    fn compares_with_text() {
        assert!(Str::new(b"abc") == *"abc" && Str::new(br"a\u0062c") == *"abc");
        assert!(Str::new(b"abc") != *"abd" && Str::new(br"\n") == *"\n");
    }
}
