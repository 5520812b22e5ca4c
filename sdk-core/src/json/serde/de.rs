//! A deserializer that walks over the document with the scanner, once.

mod access;
mod key;
mod number;

use alloc::borrow::Cow;

use serde_core::Deserialize;
use serde_core::de::Visitor;

use self::access::{Container, Fields};
use self::number::Number;
use super::error::Error;
use crate::json::float::Float;
use crate::json::scan::{ARRAY, OBJECT, Scanner};
use crate::json::{self, Bounds, Expected, Field, FromValue, MAX_DEPTH, Slot, Str};
use crate::stack;

const NULL: &Field = &Field::new("", &Expected::described("null"), true);
const STRING: &Field = &Field::new("", &Expected::STRING, true);
/// No value would do, as with what breaks the grammar.
const STACK: &Field = &Field::new(
    "",
    &Expected::described("nested deeper than the stack allows").within(Bounds { min: 1, max: 0 }),
    true,
);
const LIST: &Field = &Field::new("", &Expected::ARRAY, true);

/// Reads a whole document. Strings without escapes are borrowed from it where the type can borrow.
///
/// # Errors
///
/// It is not JSON, is nested deeper than [`MAX_DEPTH`], or is not what the type expects.
///
/// ```
/// use reglet_sdk_core::json;
/// use serde::Deserialize;
///
/// #[derive(Deserialize)]
/// struct Release<'a> {
///     name: &'a str,
///     major: u8,
/// }
///
/// let release: Release<'_> = json::from_slice(br#"{"name": "trixie", "major": 13, "codename": null}"#)?;
/// assert_eq!((release.name, release.major), ("trixie", 13));
/// # Ok::<(), json::serde::Error>(())
/// ```
pub fn from_slice<'de, T: Deserialize<'de>>(document: &'de [u8]) -> Result<T, Error> {
    read(document, |de, error| error.explain(document, de.scanner.at, de.scanner.failure))
}

/// Reads a whole document. If that fails, `explain` gets to know how.
pub(super) fn read<'de, T: Deserialize<'de>, E>(
    document: &'de [u8],
    explain: impl FnOnce(&Deserializer<'de>, Error) -> E,
) -> Result<T, E> {
    let mut de = Deserializer { scanner: Scanner::new(document), document };
    let error = match T::deserialize(&mut de) {
        Ok(value) => {
            de.scanner.finish();
            // Also where the author's code has gone on after a failure.
            if de.scanner.failure.is_none() {
                return Ok(value);
            }
            Error::known()
        }
        Err(error) => error,
    };
    Err(explain(&de, error))
}

pub(super) struct Deserializer<'de> {
    scanner: Scanner<'de, 'de>,
    document: &'de [u8],
}

impl<'de> Deserializer<'de> {
    /// What the scanner stumbled over.
    pub(super) fn failure(&self) -> Option<json::Error> {
        self.scanner.failure
    }

    /// This value is not what the field expects.
    #[cold]
    #[inline(never)]
    pub(super) fn refuse(&mut self, field: &'static Field, value: &[u8]) -> Error {
        self.scanner.refuse(field, value);
        Error::known()
    }

    /// The next value, whatever it is.
    #[cfg_attr(not(target_feature = "simd128"), inline(never))]
    fn value(&mut self) -> Result<&'de [u8], Error> {
        let value = self.scanner.value();
        self.sound(value)
    }

    /// The key of the next member, as it stands there.
    #[cfg_attr(not(target_feature = "simd128"), inline(never))]
    fn key(&mut self) -> Result<&'de [u8], Error> {
        let key = self.scanner.key();
        self.sound(key)
    }

    /// The error for a key or a name, given without its quotes.
    #[cold]
    pub(super) fn refuse_quoted(&mut self, field: &'static Field, raw: &[u8]) -> Error {
        let start = raw.as_ptr().addr().wrapping_sub(self.document.as_ptr().addr() + 1);
        self.refuse(field, self.document.get(start..).unwrap_or_default())
    }

    fn sound(&self, value: &'de [u8]) -> Result<&'de [u8], Error> {
        if self.scanner.failure.is_none() { Ok(value) } else { Err(Error::known()) }
    }

    /// The next value, checked to be what the field expects.
    #[cfg_attr(not(target_feature = "simd128"), inline(never))]
    fn slot(&mut self, field: &'static Field) -> Result<Slot<'de>, Error> {
        let raw = self.value()?;
        let mut slot = Slot { raw, number: 0 };
        match field.admit(&mut slot) {
            Ok(()) => Ok(slot),
            Err(_) => Err(self.refuse(field, raw)),
        }
    }

    #[cfg_attr(not(target_feature = "simd128"), inline(never))]
    fn text(&mut self) -> Result<Cow<'de, str>, Error> {
        let slot = self.slot(STRING)?;
        Ok(Str::new(slot.raw).decode())
    }

    /// Steps over `null`.
    fn null(&mut self) -> Result<bool, Error> {
        let null = self.scanner.peek() == u32::from(b'n');
        if null {
            self.value()?;
        }
        Ok(null)
    }

    /// Steps into an array or an object.
    #[cfg_attr(not(target_feature = "simd128"), inline(never))]
    fn open(&mut self, open: u32, field: &'static Field) -> Result<Container<'_, 'de>, Error> {
        let there = self.scanner.peek() == open;
        // A document without any members.
        let nothing = !there && open == OBJECT && self.scanner.depth == 0 && self.null()?;
        if there {
            if self.scanner.depth == MAX_DEPTH || stack::is_short() {
                self.scanner.end(if self.scanner.depth == MAX_DEPTH { Field::SHALLOW } else { STACK });
                return Err(Error::known());
            }
            self.scanner.at += 1;
        } else if !nothing {
            let value = self.value()?;
            return Err(self.refuse(field, value));
        }
        self.scanner.depth += 1;
        Ok(Container::new(self, open + 2, there))
    }

    fn array(&mut self) -> Result<Container<'_, 'de>, Error> {
        self.open(ARRAY, LIST)
    }

    fn object(&mut self) -> Result<Container<'_, 'de>, Error> {
        self.open(OBJECT, Field::OBJECT)
    }
}

/// Hands a text over, borrowed if it is.
pub(super) fn visit_text<'de, V: Visitor<'de>>(text: Cow<'de, str>, visitor: V) -> Result<V::Value, Error> {
    match text {
        Cow::Borrowed(text) => visitor.visit_borrowed_str(text),
        Cow::Owned(text) => visitor.visit_string(text),
    }
}

/// What a type of integer expects, as in a configuration.
macro_rules! expected {
    ($type:ty) => {
        const { &Field::new("", &<$type as FromValue<'_>>::EXPECTED, true) }
    };
}
pub(super) use expected;

macro_rules! integers {
    ($($type:ty: $deserialize:ident $visit:ident,)*) => {$(
        fn $deserialize<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            let slot = self.slot(expected!($type))?;
            visitor.$visit(slot.number as $type)
        }
    )*};
}

impl<'de> serde_core::Deserializer<'de> for &mut Deserializer<'de> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.scanner.peek() {
            0x22 => self.deserialize_str(visitor),
            OBJECT => self.deserialize_map(visitor),
            ARRAY => self.deserialize_seq(visitor),
            0x74 | 0x66 => self.deserialize_bool(visitor),
            0x6E => self.deserialize_unit(visitor),
            _ => {
                let raw = self.value()?;
                match number::number(raw) {
                    Some(Number::Unsigned(number)) => visitor.visit_u64(number),
                    Some(Number::Signed(number)) => visitor.visit_i64(number),
                    Some(Number::Float(number)) => visitor.visit_f64(number),
                    None => Err(self.refuse(number::F64, raw)),
                }
            }
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let slot = self.slot(expected!(bool))?;
        visitor.visit_bool(slot.number != 0)
    }

    integers! {
        i8: deserialize_i8 visit_i8,
        i16: deserialize_i16 visit_i16,
        i32: deserialize_i32 visit_i32,
        i64: deserialize_i64 visit_i64,
        u8: deserialize_u8 visit_u8,
        u16: deserialize_u16 visit_u16,
        u32: deserialize_u32 visit_u32,
    }

    fn deserialize_u64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let raw = self.value()?;
        match u64::from_slot(&Slot { raw, number: 0 }, expected!(u64)) {
            Ok(number) => visitor.visit_u64(number),
            Err(_) => Err(self.refuse(expected!(u64), raw)),
        }
    }

    fn deserialize_i128<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let raw = self.value()?;
        match number::i128(raw) {
            Some(number) => visitor.visit_i128(number),
            None => Err(self.refuse(number::I128, raw)),
        }
    }

    fn deserialize_u128<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let raw = self.value()?;
        match number::u128(raw) {
            Some(number) => visitor.visit_u128(number),
            None => Err(self.refuse(number::U128, raw)),
        }
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let raw = self.value()?;
        match f32::parse(raw) {
            Some(number) => visitor.visit_f32(number),
            None => Err(self.refuse(number::F32, raw)),
        }
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let raw = self.value()?;
        match f64::parse(raw) {
            Some(number) => visitor.visit_f64(number),
            None => Err(self.refuse(number::F64, raw)),
        }
    }

    fn deserialize_char<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_str(visitor)
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visit_text(self.text()?, visitor)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_str(visitor)
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if self.scanner.peek() == ARRAY {
            return self.deserialize_seq(visitor);
        }
        match self.text()? {
            Cow::Borrowed(text) => visitor.visit_borrowed_bytes(text.as_bytes()),
            Cow::Owned(text) => visitor.visit_byte_buf(text.into_bytes()),
        }
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_bytes(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if self.null()? { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if self.null()? {
            return visitor.visit_unit();
        }
        let value = self.value()?;
        Err(self.refuse(NULL, value))
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_unit(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let mut container = self.array()?;
        let value = visitor.visit_seq(&mut container)?;
        container.close()?;
        Ok(value)
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let mut container = self.object()?;
        let value = visitor.visit_map(&mut container)?;
        container.close()?;
        Ok(value)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        let mut container = self.object()?;
        let value = visitor.visit_map(Fields(&mut container))?;
        container.close()?;
        Ok(value)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_enum(self)
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_str(visitor)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.value()?;
        visitor.visit_unit()
    }
}
