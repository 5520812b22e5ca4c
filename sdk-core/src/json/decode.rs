//! From a value to the author's own types.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

use super::{Bounds, Error, Expected, Field, Slot, Str, Value, scan};
use crate::config::Schema;
use crate::plugin::refuse;

/// A type that can be read from a JSON value, and that has a JSON Schema.
///
/// [`config!`](crate::config!) implements it for structs.
pub trait FromValue<'a>: Sized {
    /// The schema of the values that are accepted.
    const SCHEMA: &'static Schema;

    /// Whether a member of this type may be missing.
    const OPTIONAL: bool = false;

    /// What a value must be. What that leaves open is checked as it is read, such as the length of a list.
    const EXPECTED: Expected = Expected::ANY;

    /// Whether reading one walks over an object to its end, and so checks it.
    #[doc(hidden)]
    const WALKS: bool = false;

    /// Whether any document will do, and none is looked at.
    #[doc(hidden)]
    const IGNORES: bool = false;

    /// Reads a value that has been checked to be what the field, which is of this type, expects. It is absent only
    /// if the type is optional.
    ///
    /// # Errors
    ///
    /// The value is of another kind, or out of bounds.
    fn from_slot(slot: &Slot<'a>, field: &'static Field) -> Result<Self, Error>;

    /// Reads the configuration of a plugin.
    #[doc(hidden)]
    fn from_config(document: &'a [u8]) -> Result<Self, crate::Error> {
        read(document).map_err(|error| refuse(document, error))
    }
}

/// Reads a whole document. Where an object is expected, `null` is an empty one.
///
/// # Errors
///
/// It is not JSON, or not what the type expects.
pub fn read<'a, T: FromValue<'a>>(document: &'a [u8]) -> Result<T, Error> {
    let field = const { &Field::new("", &T::EXPECTED, !T::OPTIONAL) };
    if T::WALKS || T::IGNORES {
        return T::from_slot(&Slot { raw: document, number: 0 }, field);
    }
    let mut slot = Slot::of(Value::parse(document)?);
    field.admit(&mut slot)?;
    T::from_slot(&slot, field)
}

/// The members of an object, each checked to be what is expected of it.
///
/// # Errors
///
/// It is not an object, or a member is not what is expected, or is missing.
#[doc(hidden)]
pub fn members<'a, const N: usize>(
    object: &Slot<'a>,
    fields: &'static [Field; N],
) -> Result<[Slot<'a>; N], Error> {
    let mut slots = [Slot::default(); N];
    fill(object.raw, fields, &mut slots)?;
    Ok(slots)
}

fn fill<'a>(object: &'a [u8], fields: &'static [Field], slots: &mut [Slot<'a>]) -> Result<(), Error> {
    scan::object(object, fields, slots)?;
    admit(fields, slots)
}

/// Checks what was found for the fields.
pub(crate) fn admit(fields: &'static [Field], slots: &mut [Slot<'_>]) -> Result<(), Error> {
    for field in fields {
        if let Some(slot) = slots.get_mut(usize::from(field.slot)) {
            field.admit(slot)?;
        }
    }
    Ok(())
}

impl<'a> FromValue<'a> for bool {
    const SCHEMA: &'static Schema = &Schema::Boolean;
    const EXPECTED: Expected = Expected::BOOLEAN;

    fn from_slot(slot: &Slot<'a>, _: &'static Field) -> Result<Self, Error> {
        Ok(slot.number != 0)
    }
}

/// As it stands in the document.
impl<'a> FromValue<'a> for Str<'a> {
    const SCHEMA: &'static Schema = &Schema::String;
    const EXPECTED: Expected = Expected::STRING;

    fn from_slot(slot: &Slot<'a>, _: &'static Field) -> Result<Self, Error> {
        Ok(Self::new(slot.raw))
    }
}

/// Borrowed from the document unless the string has escapes.
impl<'a> FromValue<'a> for Cow<'a, str> {
    const SCHEMA: &'static Schema = &Schema::String;
    const EXPECTED: Expected = Expected::STRING;

    fn from_slot(slot: &Slot<'a>, _: &'static Field) -> Result<Self, Error> {
        Ok(Str::new(slot.raw).decode())
    }
}

impl<'a> FromValue<'a> for String {
    const SCHEMA: &'static Schema = &Schema::String;
    const EXPECTED: Expected = Expected::STRING;

    fn from_slot(slot: &Slot<'a>, _: &'static Field) -> Result<Self, Error> {
        Ok(Str::new(slot.raw).decode().into_owned())
    }
}

/// The value itself, to be looked into later.
impl<'a> FromValue<'a> for Value<'a> {
    const SCHEMA: &'static Schema = &Schema::Any;
    const OPTIONAL: bool = true;

    fn from_slot(slot: &Slot<'a>, _: &'static Field) -> Result<Self, Error> {
        Ok(Self::at(slot.raw))
    }
}

/// `None` where the value is absent or `null`.
impl<'a, T: FromValue<'a>> FromValue<'a> for Option<T> {
    const SCHEMA: &'static Schema = T::SCHEMA;
    const OPTIONAL: bool = true;
    const EXPECTED: Expected = T::EXPECTED;

    fn from_slot(slot: &Slot<'a>, field: &'static Field) -> Result<Self, Error> {
        if slot.is_absent() { Ok(None) } else { T::from_slot(slot, field).map(Some) }
    }
}

impl<'a, T: FromValue<'a>> FromValue<'a> for Vec<T> {
    const SCHEMA: &'static Schema = &Schema::Array(T::SCHEMA);
    const EXPECTED: Expected = Expected::ARRAY;

    fn from_slot(slot: &Slot<'a>, field: &'static Field) -> Result<Self, Error> {
        let list = Value::at(slot.raw);
        let mut out = Self::new();
        for (_, element) in list.elements()? {
            let field = const { &Field::new("", &T::EXPECTED, !T::OPTIONAL) };
            let mut slot = Slot::of(element);
            field.admit(&mut slot)?;
            out.push(T::from_slot(&slot, field)?);
        }
        if !field.expected.admits(out.len() as i64) {
            return Err(Error::new(field, list));
        }
        Ok(out)
    }
}

/// Whole numbers are accepted with a fraction of zeros too: `3`, `3.0`.
macro_rules! integers {
    ($($type:ty),*) => {$(
        impl<'a> FromValue<'a> for $type {
            const SCHEMA: &'static Schema = &Schema::Integer;
            const EXPECTED: Expected =
                Expected::INTEGER.within(Bounds { min: <$type>::MIN as i64, max: <$type>::MAX as i64 });

            fn from_slot(slot: &Slot<'a>, _: &'static Field) -> Result<Self, Error> {
                Ok(slot.number as Self)
            }
        }

        impl Preset<$type> for $type {
            fn preset(literal: $type) -> Self {
                literal
            }
        }
    )*};
}
integers!(u8, u16, u32, i8, i16, i32, i64);

impl<'a> FromValue<'a> for u64 {
    const SCHEMA: &'static Schema = &Schema::Integer;
    const EXPECTED: Expected =
        Expected { kind: super::Kind::Absent, ..Expected::INTEGER.within(Bounds { min: 0, max: i64::MAX }) };

    fn from_slot(slot: &Slot<'a>, field: &'static Field) -> Result<Self, Error> {
        let value = Value::at(slot.raw);
        // A bound of `i64::MAX` stands for none: larger numbers are still numbers.
        match (value.unsigned(), value.whole()) {
            (Some(large), None) if field.expected.max == i64::MAX => Ok(large),
            (Some(number), Some(whole)) if field.expected.admits(whole) => Ok(number),
            _ => Err(Error::new(field, value)),
        }
    }
}

/// A type that takes its default from a literal.
pub trait Preset<L>: Sized {
    /// The value that the literal stands for.
    fn preset(literal: L) -> Self;
}

impl Preset<Self> for bool {
    fn preset(literal: Self) -> Self {
        literal
    }
}

impl Preset<Self> for u64 {
    fn preset(literal: Self) -> Self {
        literal
    }
}

impl Preset<&'static str> for String {
    fn preset(literal: &'static str) -> Self {
        literal.into()
    }
}

impl Preset<&'static str> for Str<'_> {
    fn preset(literal: &'static str) -> Self {
        Self::new(literal.as_bytes())
    }
}

impl Preset<&'static str> for Cow<'_, str> {
    fn preset(literal: &'static str) -> Self {
        Cow::Borrowed(literal)
    }
}
