//! A value read in place: a checked piece of a document.

use alloc::borrow::Cow;
use alloc::string::String;
use core::fmt;

use super::Str;
use super::error::Error;
use super::field::{Expected, Field};
use super::scan::{self, Scanner};

/// The kinds of JSON value, and "not there".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// The document or the object does not have this value.
    Absent = 0,
    /// `null`.
    Null = b'n',
    /// `true` or `false`.
    Boolean = b't',
    /// A number.
    Number = b'0',
    /// A string.
    String = b'"',
    /// An array.
    Array = b'[',
    /// An object.
    Object = b'{',
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

    /// The kind of the value with this text.
    pub(super) const fn of(raw: &[u8]) -> Self {
        match raw {
            [] => Self::Absent,
            [b'n', ..] => Self::Null,
            [b't' | b'f', ..] => Self::Boolean,
            [b'"', ..] => Self::String,
            [b'[', ..] => Self::Array,
            [b'{', ..] => Self::Object,
            _ => Self::Number,
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
#[derive(Clone, Copy, Default, PartialEq, Eq)]
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
        scan::document(document, &[], &mut []).map(Self)
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
    pub const fn kind(self) -> Kind {
        Kind::of(self.0)
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
            _ => Err(self.not(const { &Field::new("", &Expected::BOOLEAN, true) })),
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
            _ => Err(self.not(const { &Field::new("", &Expected::STRING, true) })),
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
        match self.whole() {
            // `contains` would take 200 bytes of the plugin.
            Some(value) if self.kind() == Kind::Number && self.0.iter().all(|byte| *byte != b'.') => {
                Ok(value)
            }
            _ => Err(self.not(const { &Field::new("", const { &Expected::described("an integer") }, true) })),
        }
    }

    /// The whole number, also where it is written with a fraction of zeros: `3`, `3.0`. `None` for any other
    /// number, and for what is not in the range of `i64`.
    pub(super) fn whole(self) -> Option<i64> {
        let (is_negative, digits) = match self.0 {
            [b'-', digits @ ..] => (true, digits),
            digits => (false, digits),
        };
        let (mut magnitude, mut rest) = (0_u64, digits);
        while let [digit @ b'0'..=b'9', after @ ..] = rest {
            magnitude = magnitude.wrapping_mul(10).wrapping_add(u64::from(digit - b'0'));
            rest = after;
        }
        let is_whole = match rest {
            [] => true,
            [b'.', zeros @ ..] => zeros.iter().all(|digit| *digit == b'0'),
            _ => false,
        };
        let whole = if is_negative { magnitude.wrapping_neg() } else { magnitude }.cast_signed();
        // Nineteen digits can't wrap around, and only what is too large has the wrong sign then.
        let fits = digits.len() - rest.len() < 20 && (magnitude == 0 || (whole < 0) == is_negative);
        (is_whole && fits).then_some(whole)
    }

    /// The whole number, if it is not negative and in the range of `u64`.
    pub(super) fn unsigned(self) -> Option<u64> {
        match (self.0, magnitude(self.0)?) {
            ([b'-', ..], 1..) => None,
            (_, magnitude) => Some(magnitude),
        }
    }

    /// The members of the object, in order.
    ///
    /// # Errors
    ///
    /// It is not an object.
    pub fn members(self) -> Result<Members<'a>, Error> {
        self.walk(Kind::Object, Field::OBJECT)
    }

    /// The elements of the array, in order, as members with empty keys.
    ///
    /// # Errors
    ///
    /// It is not an array.
    pub fn elements(self) -> Result<Members<'a>, Error> {
        self.walk(Kind::Array, const { &Field::new("", &Expected::ARRAY, true) })
    }

    fn walk(self, kind: Kind, field: &'static Field) -> Result<Members<'a>, Error> {
        if self.kind() == kind { Ok(Members::new(self)) } else { Err(self.not(field)) }
    }

    /// The members with these names, each absent if the object lacks it or has `null` there.
    ///
    /// Names match without regard to ASCII case, and the last one wins. A key that is spelled with escapes
    /// matches none.
    ///
    /// # Errors
    ///
    /// It is not an object.
    pub fn fields<const N: usize>(self, names: &[&str; N]) -> Result<[Self; N], Error> {
        let mut found = [Self::ABSENT; N];
        if self.kind() != Kind::Object {
            return Err(self.not(Field::OBJECT));
        }
        for (key, value) in Members::new(self) {
            for (name, place) in names.iter().zip(&mut found) {
                if scan::same(key, name.as_bytes()) && !value.is_none() {
                    *place = value;
                }
            }
        }
        Ok(found)
    }

    /// The member with this name, or the absent value.
    #[must_use]
    pub fn get(self, name: &str) -> Self {
        self.fields(&[name]).map_or(Self::ABSENT, |[value]| value)
    }

    /// An error that says what was expected.
    #[must_use]
    pub fn not(self, field: &'static Field) -> Error {
        Error::new(field, self)
    }
}

/// As it stands there.
impl fmt::Debug for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(self.0))
    }
}

/// The members of an object or the elements of an array: raw keys, empty in an array, and values.
#[derive(Debug)]
pub struct Members<'a> {
    scanner: Scanner<'a, 'a>,
    /// Whether they have keys.
    keyed: bool,
}

impl<'a> Members<'a> {
    /// Those of an object or an array.
    pub(super) fn new(container: Value<'a>) -> Self {
        let mut scanner = Scanner::new(container.0);
        let keyed = scanner.take(scan::OBJECT);
        if !keyed {
            scanner.take(scan::ARRAY);
        }
        Self { scanner, keyed }
    }
}

impl<'a> Iterator for Members<'a> {
    type Item = (&'a [u8], Value<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        // The end of the text, or a bracket that closes.
        if matches!(self.scanner.peek(), 0 | 0x5D | 0x7D) {
            return None;
        }
        let key = if self.keyed { self.scanner.key() } else { &[] };
        let value = self.scanner.value();
        self.scanner.take(scan::COMMA);
        Some((key, Value(value)))
    }
}

/// The whole number that a JSON number stands for, without its sign; `None` for what has another fraction than
/// zeros, an exponent, or no digits, and for what is too large.
fn magnitude(text: &[u8]) -> Option<u64> {
    let mut magnitude = None;
    let mut fraction = false;
    for byte in text {
        match byte {
            b'-' => {}
            b'.' => fraction = true,
            b'0' if fraction => {}
            b'0'..=b'9' if !fraction => {
                let tens = magnitude.unwrap_or(0_u64).checked_mul(10)?;
                magnitude = Some(tens.checked_add(u64::from(byte - b'0'))?);
            }
            _ => return None,
        }
    }
    magnitude
}
