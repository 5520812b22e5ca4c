//! A value read in place: a checked piece of a document.

use alloc::borrow::Cow;

use super::Str;
use super::error::{Error, Expected};
use super::scan::{self, Position};

/// The kinds of JSON value, and "not there".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The document or the object does not have this value.
    Absent,
    /// `null`.
    Null,
    /// `true` or `false`.
    Boolean,
    /// A number.
    Number,
    /// A string.
    String,
    /// An array.
    Array,
    /// An object.
    Object,
}

impl Kind {
    /// The kind with its article, for messages: `a string`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Absent => "nothing",
            Self::Null => "null",
            Self::Boolean => "a boolean",
            Self::Number => "a number",
            Self::String => "a string",
            Self::Array => "an array",
            Self::Object => "an object",
        }
    }

    /// What a value of this kind is when it is expected.
    pub(crate) const fn expected(self) -> &'static Expected {
        match self {
            Self::Absent | Self::Null => Expected::JSON,
            Self::Boolean => const { &Expected::a("a boolean") },
            Self::Number => const { &Expected::a("a number") },
            Self::String => const { &Expected::a("a string") },
            Self::Array => const { &Expected::a("an array") },
            Self::Object => const { &Expected::a("an object") },
        }
    }
}

/// A JSON value that stands in someone else's buffer, or is absent.
///
/// ```
/// use reglet_sdk_core::json::Value;
///
/// let config = Value::parse(br#"{"hostname": "example.com", "port": 443}"#)?;
/// let [hostname, port, timeout] = config.fields(&["hostname", "port", "timeout_ms"])?;
/// assert_eq!(hostname.text()?, "example.com");
/// assert_eq!(port.integer()?, 443);
/// assert!(timeout.is_none());
/// # Ok::<(), reglet_sdk_core::json::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Value<'a>(&'a [u8]);

impl<'a> Value<'a> {
    /// The value that is not there.
    pub const ABSENT: Self = Self(&[]);

    /// Checks a whole document.
    ///
    /// # Errors
    ///
    /// The document is empty, breaks the grammar, is nested too deep, or is followed by something else.
    pub fn parse(document: &'a [u8]) -> Result<Self, Error> {
        let start = scan::blank(document, 0);
        let end = scan::value(document, start, &[], &mut []);
        scan::end(document, end)?;
        Ok(Self(scan::between(document, start, end)))
    }

    /// A document that is not checked yet, but for being there. If it is an object, [`find`](Self::find) checks
    /// it as it looks for members; nothing else may be done with it.
    pub(crate) fn unchecked(document: &'a [u8]) -> Result<Self, Error> {
        let start = scan::blank(document, 0);
        match document.get(start as usize..) {
            Some(rest @ [_, ..]) => Ok(Self(rest)),
            _ => Err(scan::error(document, !start)),
        }
    }

    /// Whether an [`unchecked`](Self::unchecked) document is `null`, and nothing else.
    pub(crate) fn is_null(self) -> bool {
        self.kind() == Kind::Null && Self::parse(self.0).is_ok()
    }

    /// A value at a place that is known to hold one.
    pub(crate) const fn at(raw: &'a [u8]) -> Self {
        Self(raw)
    }

    /// The value's own text; empty if it is absent.
    #[must_use]
    pub const fn raw(self) -> &'a [u8] {
        self.0
    }

    /// What kind of value it is.
    #[must_use]
    pub fn kind(self) -> Kind {
        match self.0 {
            [] => Kind::Absent,
            [b'n', ..] => Kind::Null,
            [b't' | b'f', ..] => Kind::Boolean,
            [b'"', ..] => Kind::String,
            [b'[', ..] => Kind::Array,
            [b'{', ..] => Kind::Object,
            _ => Kind::Number,
        }
    }

    /// Whether it is absent or `null`, which count as the same.
    #[must_use]
    pub fn is_none(self) -> bool {
        matches!(self.0, [] | [b'n', ..])
    }

    /// `true` or `false`.
    ///
    /// # Errors
    ///
    /// It is something else.
    pub fn boolean(self) -> Result<bool, Error> {
        match self.0 {
            [b't', ..] => Ok(true),
            [b'f', ..] => Ok(false),
            _ => Err(self.not(Kind::Boolean.expected())),
        }
    }

    /// The string, borrowed if it has no escapes.
    ///
    /// # Errors
    ///
    /// It is not a string.
    pub fn text(self) -> Result<Cow<'a, str>, Error> {
        self.string().map(Str::decode)
    }

    /// The string as it stands there.
    ///
    /// # Errors
    ///
    /// It is not a string.
    pub fn string(self) -> Result<Str<'a>, Error> {
        match self.0 {
            [b'"', inner @ .., b'"'] => Ok(Str::new(inner)),
            _ => Err(self.not(Kind::String.expected())),
        }
    }

    /// The string as it stands there, or an empty one.
    pub(crate) fn string_or_empty(self) -> Str<'a> {
        match self.0 {
            [b'"', inner @ .., b'"'] => Str::new(inner),
            _ => Str::default(),
        }
    }

    /// The integer, written as one: `3.0` and `1e3` are refused.
    ///
    /// # Errors
    ///
    /// It is not an integer, or not in the range of `i64`.
    pub fn integer(self) -> Result<i64, Error> {
        const INTEGER: &Expected = &Expected::a("an integer");
        match self.whole() {
            Some(value) if self.kind() == Kind::Number && !self.0.contains(&b'.') => Ok(value),
            _ => Err(self.not(INTEGER)),
        }
    }

    /// The whole number, also where it is written with a fraction of zeros: `3`, `3.0`. `None` for any other
    /// number, and for what is not in the range of `i64`.
    pub(super) fn whole(self) -> Option<i64> {
        // Counted downwards, for there is one more negative number.
        let mut whole = 0_i64;
        let mut fraction = false;
        for byte in self.0 {
            match byte {
                b'-' => {}
                b'.' => fraction = true,
                b'0' if fraction => {}
                b'0'..=b'9' if !fraction && whole >= i64::MIN / 10 => {
                    let tens = whole * 10;
                    whole = tens.wrapping_sub(i64::from(byte - b'0'));
                    if whole > tens {
                        return None;
                    }
                }
                _ => return None,
            }
        }
        if self.0.first() == Some(&b'-') { Some(whole) } else { whole.checked_neg() }
    }

    /// The whole number, or 0.
    #[inline(never)]
    pub(super) fn whole_or_zero(self) -> i64 {
        self.whole().unwrap_or_default()
    }

    /// The whole number as an unsigned one.
    pub(super) fn unsigned(self) -> Result<u64, Error> {
        match (self.0, magnitude(self.0)) {
            ([b'-', ..], Some(1..)) | (_, None | Some(u64::MAX)) => {
                Err(self.not(const { &Expected::a("a whole number that is not negative") }))
            }
            (_, Some(magnitude)) => Ok(magnitude),
        }
    }

    /// The members of the object, in order.
    ///
    /// # Errors
    ///
    /// It is not an object.
    pub fn members(self) -> Result<Members<'a>, Error> {
        self.walk(Kind::Object)
    }

    /// The elements of the array, in order, as members with empty keys.
    ///
    /// # Errors
    ///
    /// It is not an array.
    pub fn elements(self) -> Result<Members<'a>, Error> {
        self.walk(Kind::Array)
    }

    fn walk(self, kind: Kind) -> Result<Members<'a>, Error> {
        if self.kind() == kind { Ok(Members { text: self.0, at: 0 }) } else { Err(self.not(kind.expected())) }
    }

    /// The members with these names, each absent if the object lacks it or has `null` there.
    ///
    /// Names match without regard to ASCII case, and the last one wins. A key that is spelled with escapes
    /// matches none.
    ///
    /// # Errors
    ///
    /// It is not an object.
    pub fn fields<const N: usize>(self, names: &'static [&'static str; N]) -> Result<[Self; N], Error> {
        let mut found = [Self::ABSENT; N];
        self.find(names, &mut found)?;
        Ok(found)
    }

    /// The members with these names, each checked to be what is expected of it.
    ///
    /// # Errors
    ///
    /// It is not an object, or a member is not what is expected, or is missing.
    #[doc(hidden)]
    pub fn expected<const N: usize>(
        self,
        names: &'static [&'static str; N],
        expected: &'static [Expected; N],
    ) -> Result<[Self; N], Error> {
        let mut found = [Self::ABSENT; N];
        self.find_expected(names, expected, &mut found)?;
        Ok(found)
    }

    fn find_expected(
        self,
        names: &[&str],
        expected: &'static [Expected],
        found: &mut [Self],
    ) -> Result<(), Error> {
        self.find(names, found)?;
        for (value, expected) in found.iter().zip(expected) {
            expected.admit(*value)?;
        }
        Ok(())
    }

    /// Looks for the members with these names.
    pub(crate) fn find(self, names: &[&str], found: &mut [Self]) -> Result<(), Error> {
        if self.kind() != Kind::Object {
            return Err(self.not(Kind::Object.expected()));
        }
        scan::end(self.0, scan::value(self.0, 0, names, found))
    }

    /// The member with this name, or the absent value.
    #[must_use]
    pub fn get(self, name: &str) -> Self {
        let mut found = [Self::ABSENT];
        // What is no object has no members.
        let _ = self.find(&[name], &mut found);
        let [value] = found;
        value
    }

    /// An error that says what was expected.
    #[must_use]
    pub fn not(self, expected: &'static Expected) -> Error {
        Error::new(expected, self)
    }
}

/// The members of an object or the elements of an array: raw keys, empty in an array, and values.
#[derive(Clone, Debug)]
pub struct Members<'a> {
    /// The object or the array, which is checked already.
    text: &'a [u8],
    /// Where its opening bracket is, or what follows the last value.
    at: Position,
}

impl<'a> Iterator for Members<'a> {
    type Item = (&'a [u8], Value<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        let text = self.text;
        if matches!(scan::byte(text, self.at), b'{' | b'[' | b',') {
            self.at = scan::blank(text, self.at + 1);
        }
        if matches!(scan::byte(text, self.at), b'}' | b']' | 0) {
            return None;
        }
        let mut at = self.at;
        let mut key: &[u8] = &[];
        if text.first() == Some(&b'{') {
            let end = scan::string(text, at);
            key = scan::between(text, at + 1, end - 1);
            at = scan::blank(text, scan::blank(text, end) + 1);
        }
        let end = scan::value(text, at, &[], &mut []);
        self.at = scan::blank(text, end);
        Some((key, Value(scan::between(text, at, end))))
    }
}

/// The whole number that a JSON number stands for, without its sign; `None` for what has another fraction than
/// zeros, an exponent, or no digits. What is too large is `u64::MAX`.
fn magnitude(text: &[u8]) -> Option<u64> {
    let mut magnitude = None;
    let mut fraction = false;
    for byte in text {
        match byte {
            b'-' => {}
            b'.' => fraction = true,
            b'0' if fraction => {}
            b'0'..=b'9' if !fraction => {
                let value = magnitude.unwrap_or(0);
                let digit = u64::from(byte - b'0');
                magnitude = Some(if value > (u64::MAX - 9) / 10 { u64::MAX } else { value * 10 + digit });
            }
            _ => return None,
        }
    }
    magnitude
}
