//! A string as it stands in a document, and the text that it stands for.

use alloc::borrow::Cow;
use alloc::string::String;
use core::fmt;

use super::scan::{extent, plain, unit};
use super::{Encode, Writer};
use crate::abi::{Buffer, into_string, verbatim};

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
#[derive(Clone, Copy, Default)]
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
        match verbatim(self.0) {
            Some(text) => Cow::Borrowed(text),
            None => Cow::Owned(unescape(self.0)),
        }
    }

    /// Whether it stands for no other bytes than these. Bytes above ASCII may be no characters.
    fn is_plain(self) -> bool {
        !self.0.iter().any(|byte| matches!(byte, b'\\' | 0x80..))
    }

    /// As many of its first characters as fit into so many bytes, the way they are written here.
    pub(crate) fn start(self, most: usize) -> Self {
        let mut start: &[u8] = &[];
        while let Some(rest) = self.0.get(start.len()..)
            && let len @ 1.. = plain(rest).min(most - start.len()).max(extent(rest).unsigned_abs())
            && start.len() + len <= most
        {
            start = self.0.get(..start.len() + len).unwrap_or_default();
        }
        Self(start)
    }

    /// How many characters it has.
    pub(super) fn characters(self) -> usize {
        let mut count = 0;
        let mut rest = self.0;
        loop {
            let ascii = plain(rest);
            count += ascii;
            rest = rest.get(ascii..).unwrap_or_default();
            if rest.is_empty() {
                return count;
            }
            count += 1;
            rest = rest.get(extent(rest).unsigned_abs().max(1)..).unwrap_or_default();
        }
    }
}

#[cold]
fn unescape(mut raw: &[u8]) -> String {
    // `String::push` would bring 600 bytes of ways to grow.
    let mut out = Buffer::with_capacity(raw.len());
    loop {
        let (head, rest) = raw.split_at_checked(plain(raw)).unwrap_or_default();
        out.append(head);
        if rest.is_empty() {
            // Only whole characters were written.
            return into_string(out.into()).unwrap_or_default();
        }
        let len = extent(rest);
        let (head, rest) = rest.split_at_checked(len.unsigned_abs().max(1)).unwrap_or_default();
        match head {
            _ if len <= 0 => out.append("\u{fffd}".as_bytes()),
            [b'\\', b'u', digits @ ..] => {
                let character = escaped(digits).unwrap_or(char::REPLACEMENT_CHARACTER);
                out.append(character.encode_utf8(&mut [0; 4]).as_bytes());
            }
            [b'\\', escape] => out.append(&[match escape {
                b'b' => 8,
                b'f' => 12,
                b'n' => b'\n',
                b'r' => b'\r',
                b't' => b'\t',
                other => *other,
            }]),
            character => out.append(character),
        }
        raw = rest;
    }
}

/// The character of four hexadecimal digits, or of a pair of surrogates with what stands between its digits.
fn escaped(digits: &[u8]) -> Option<char> {
    let mut code = unit(digits);
    if let 0xD800..0xDC00 = code {
        code = 0x10000 + ((code & 0x3FF) << 10 | unit(digits.get(6..)?) & 0x3FF);
    }
    char::from_u32(code)
}

impl Encode for Str<'_> {
    fn encode(&self, out: &mut Writer<'_>) {
        out.text(self);
    }
}

impl PartialEq<str> for Str<'_> {
    fn eq(&self, text: &str) -> bool {
        self.0 == text.as_bytes() || !self.is_plain() && self.decode() == text
    }
}

impl PartialEq<&str> for Str<'_> {
    fn eq(&self, text: &&str) -> bool {
        *self == **text
    }
}

/// Whether they stand for the same text, however it is spelled.
impl PartialEq for Str<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0 || !(self.is_plain() && other.is_plain()) && self.decode() == other.decode()
    }
}

impl Eq for Str<'_> {}

impl From<Str<'_>> for String {
    fn from(text: Str<'_>) -> Self {
        text.decode().into_owned()
    }
}

impl<'a> From<Str<'a>> for Cow<'a, str> {
    fn from(text: Str<'a>) -> Self {
        text.decode()
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
    use alloc::string::String;

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
    fn repairs_what_is_no_character_as_it_is_written() {
        let written = |raw: &[u8]| {
            let mut out = crate::json::Writer::new();
            crate::text::Piece::write(&Str::new(raw), &mut out);
            String::from_utf8(out.into_bytes()).unwrap()
        };
        for sound in ["", "{}", r#"gr\u00fc\u00dfe \ud83d\ude00 \\ud800 \n"#, "😀", r#"\""#] {
            assert_eq!(written(sound.as_bytes()), sound);
        }
        assert_eq!(written(b"ab\xff\xe2\x82cd\\n"), "ab\u{fffd}\u{fffd}\u{fffd}cd\\n");
        assert_eq!(written(br"\ud800x\uD83D\uDE00\udc00"), "\u{fffd}x\\uD83D\\uDE00\u{fffd}");
    }

    #[test]
    fn counts_characters_not_bytes() {
        for raw in ["", "abc", "grüße", r#"\n\u0041\\\"\ud800x"#, "😀é", r"\\u0041", r"a\ud83d\ude00\ude00"]
        {
            assert_eq!(
                Str::new(raw.as_bytes()).characters(),
                decode(raw.as_bytes()).chars().count(),
                "{raw}"
            );
        }
    }

    #[test]
    fn starts_with_whole_characters() {
        for character in ["x", "é", "€", "😀", r"\n", r"\u0041", r"\ud83d\ude00", r"\ud800"] {
            let raw = character.repeat(20);
            for most in 0..=raw.len() + 1 {
                let start = Str::new(raw.as_bytes()).start(most);
                let count = (most / character.len()).min(20);
                assert_eq!(start.raw(), character.repeat(count).as_bytes(), "{most} bytes of {character}");
            }
        }
        assert_eq!(Str::new("abcdefghi€".as_bytes()).start(11), Str::new(b"abcdefghi"));
    }

    #[test]
    fn compares_with_text() {
        assert!(Str::new(b"abc") == *"abc" && Str::new(br"a\u0062c") == *"abc");
        assert!(Str::new(b"abc") != *"abd" && Str::new(br"\n") == *"\n");
        assert!(Str::new(br"\u0061b") == "ab" && Str::new(br"\u0061b") == Str::new(b"ab"));
        assert!(Str::new(br"\u0061b") != Str::new(b"b") && Str::new(b"a") != Str::new(b"b"));
        assert_eq!(String::from(Str::new(br"\u0061b")), "ab");
    }
}
