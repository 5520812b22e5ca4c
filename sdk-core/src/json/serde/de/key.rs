//! Keys of objects, and names of fields and variants.

use serde_core::de::value::CowStrDeserializer;
use serde_core::de::{IntoDeserializer, Visitor};
use serde_core::forward_to_deserialize_any;

use super::{Deserializer, Error, expected, number, visit_text};
use crate::json::float::Float;
use crate::json::{Field, FromValue, Slot, Str, Value};

/// The name of a field or of a variant. It is only looked at, so that derived code need not be there twice, for what
/// is borrowed and what is not.
pub(super) struct Name<'de>(pub(super) &'de [u8]);

impl<'de> serde_core::Deserializer<'de> for Name<'de> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_str(&Str::new(self.0).decode())
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

/// A string that stands for whatever the type of a map's keys wants: text, a number, `true` or `false`.
pub(super) struct Key<'a, 'de> {
    pub(super) de: &'a mut Deserializer<'de>,
    /// What stands between the quotes.
    pub(super) raw: &'de [u8],
}

impl<'de> Key<'_, 'de> {
    /// The number between the quotes.
    #[inline(never)]
    fn number(&mut self, field: &'static Field) -> Result<Slot<'de>, Error> {
        let mut slot = Slot { raw: self.raw, number: 0 };
        // Neither strings nor white space.
        let whole = Value::parse(self.raw).is_ok_and(|value| value.raw().len() == self.raw.len());
        if whole && field.admit(&mut slot).is_ok() { Ok(slot) } else { Err(self.refuse(field)) }
    }

    #[cold]
    fn refuse(&mut self, field: &'static Field) -> Error {
        self.de.refuse_quoted(field, self.raw)
    }
}

macro_rules! integers {
    ($($type:ty: $deserialize:ident $visit:ident,)*) => {$(
        fn $deserialize<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Error> {
            let slot = self.number(expected!($type))?;
            visitor.$visit(slot.number as $type)
        }
    )*};
}

macro_rules! numbers {
    ($($deserialize:ident $visit:ident, $field:expr, $read:expr;)*) => {$(
        fn $deserialize<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Error> {
            let slot = self.number($field)?;
            match $read(slot.raw) {
                Some(number) => visitor.$visit(number),
                None => Err(self.refuse($field)),
            }
        }
    )*};
}

impl<'de> serde_core::Deserializer<'de> for Key<'_, 'de> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visit_text(Str::new(self.raw).decode(), visitor)
    }

    fn deserialize_bool<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Error> {
        match self.raw {
            b"true" => visitor.visit_bool(true),
            b"false" => visitor.visit_bool(false),
            _ => Err(self.refuse(expected!(bool))),
        }
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

    numbers! {
        deserialize_u64 visit_u64, expected!(u64), number::u64;
        deserialize_i128 visit_i128, number::I128, number::i128;
        deserialize_u128 visit_u128, number::U128, number::u128;
        deserialize_f32 visit_f32, number::F32, f32::parse;
        deserialize_f64 visit_f64, number::F64, f64::parse;
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        let name: CowStrDeserializer<'_, Error> = Str::new(self.raw).decode().into_deserializer();
        visitor.visit_enum(name)
    }

    forward_to_deserialize_any! {
        char str string bytes byte_buf unit unit_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}
