//! From a value to the author's own types.

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use super::float::Float;
use super::scan::{self, ARRAY, OBJECT};
use super::{Bounds, Error, Expected, Field, Slot, Str, Value, Walk, walk};
use crate::config::{Object, Schema, Takes, rule};
use crate::plugin::refused;

/// A type that can be read from a JSON value, and that has a JSON Schema.
///
/// [`config!`](crate::config!) implements it for structs and enums. A type that is read as another one takes over what
/// that one is, for a value is checked to be what is expected before it is read:
///
/// ```
/// use reglet_sdk_core::config::Schema;
/// use reglet_sdk_core::json::{Error, Expected, Field, FromValue, Slot};
///
/// #[derive(Clone, Debug, PartialEq)]
/// struct Port(u16);
///
/// impl<'a> FromValue<'a> for Port {
///     const SCHEMA: &'static Schema = <u16 as FromValue<'a>>::SCHEMA;
///     const EXPECTED: Expected = <u16 as FromValue<'a>>::EXPECTED;
///
///     fn from_slot(slot: &Slot<'a>, field: &'static Field) -> Result<Self, Error> {
///         u16::from_slot(slot, field).map(Self)
///     }
/// }
///
/// reglet_sdk_core::config! {
///     pub struct Config {
///         port: Port,
///     }
/// }
///
/// assert_eq!(Config::from_json(br#"{"port": 443}"#)?.port, Port(443));
/// assert!(Config::from_json(br#"{"port": 70000}"#).is_err());
/// # Ok::<(), Error>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't be read from a configuration",
    label = "no type for a field",
    note = "fields are `bool`, `u8` to `u64`, `i8` to `i64`, `f64`, `Str<'a>`, `Cow<'a, str>`, `String`, and `Option`, `Vec`, \
            `[T; N]` and `Vec<(Str<'a>, T)>` of them",
    note = "a struct is one if it was declared with `config!`, or with `serde_config!` if it implements `Deserialize`"
)]
pub trait FromValue<'a>: Sized {
    /// The schema of the values that are accepted.
    const SCHEMA: &'static Schema;

    /// Whether a member of this type may be missing.
    const OPTIONAL: bool = false;

    /// What a value must be. What that leaves open is checked as it is read, such as the length of a list.
    const EXPECTED: Expected;

    /// Whether reading one walks over an object to its end, and so checks it.
    #[doc(hidden)]
    const WALKS: bool = false;

    /// Whether something may be wrong with what lies deeper in it than its own members, as in a list.
    #[doc(hidden)]
    const NESTED: bool = false;

    /// The schema where such a value is a part of another: a struct's is a reference to its definition.
    #[doc(hidden)]
    const PART: &'static Schema = Self::SCHEMA;

    /// The definition of the struct that it is, or is made of.
    #[doc(hidden)]
    const STRUCT: Option<&'static Object> = None;

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

    /// Reads and checks a value where it stands. After an error the walk may be anywhere within it.
    #[doc(hidden)]
    fn from_walk(walk: &mut Walk<'a>, field: &'static Field) -> Result<Self, Error> {
        part(Value::at(walk.value()?), field)
    }

    /// What stands for no value, if the type is optional.
    #[doc(hidden)]
    fn absent() -> Option<Self> {
        None
    }

    /// Reads the configuration of a plugin.
    #[doc(hidden)]
    fn from_config(document: &'a [u8]) -> Result<Self, crate::Error> {
        read(document).map_err(|error| refused::<Self>(document, error))
    }
}

/// Reads a whole document. Where an object is expected, `null` is an empty one.
///
/// # Errors
///
/// It is not JSON, or not what the type expects.
pub fn read<'a, T: FromValue<'a>>(document: &'a [u8]) -> Result<T, Error> {
    if T::WALKS || T::IGNORES {
        let field = const { &Field::new("", &T::EXPECTED, !T::OPTIONAL) };
        return T::from_slot(&Slot { raw: document, number: 0 }, field);
    }
    part(Value::parse(document)?, const { &Field::new("", &T::EXPECTED, !T::OPTIONAL) })
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
///
/// # Errors
///
/// A member is not what is expected, or is missing.
#[doc(hidden)]
pub fn admit(fields: &'static [Field], slots: &mut [Slot<'_>]) -> Result<(), Error> {
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
    const EXPECTED: Expected = Expected::ANY;

    fn from_slot(slot: &Slot<'a>, _: &'static Field) -> Result<Self, Error> {
        Ok(Self::at(slot.raw))
    }
}

/// `None` where the value is absent or `null`.
impl<'a, T: FromValue<'a>> FromValue<'a> for Option<T> {
    const SCHEMA: &'static Schema = T::SCHEMA;
    const PART: &'static Schema = T::PART;
    const STRUCT: Option<&'static Object> = T::STRUCT;
    const OPTIONAL: bool = true;
    const EXPECTED: Expected = T::EXPECTED;
    const NESTED: bool = T::WALKS || T::NESTED;

    fn from_slot(slot: &Slot<'a>, field: &'static Field) -> Result<Self, Error> {
        if slot.is_absent() { Ok(None) } else { T::from_slot(slot, field).map(Some) }
    }

    fn from_walk(walk: &mut Walk<'a>, field: &'static Field) -> Result<Self, Error> {
        if walk.null() { Ok(None) } else { T::from_walk(walk, field).map(Some) }
    }

    fn absent() -> Option<Self> {
        Some(None)
    }
}

/// For a struct that may contain itself.
impl<'a, T: FromValue<'a>> FromValue<'a> for Box<T> {
    const SCHEMA: &'static Schema = T::SCHEMA;
    const PART: &'static Schema = T::PART;
    const STRUCT: Option<&'static Object> = T::STRUCT;
    const OPTIONAL: bool = T::OPTIONAL;
    const EXPECTED: Expected = T::EXPECTED;
    // Whether it is, a struct that contains itself can not say.
    const NESTED: bool = true;

    fn from_slot(slot: &Slot<'a>, field: &'static Field) -> Result<Self, Error> {
        T::from_slot(slot, field).map(Self::new)
    }

    fn from_walk(walk: &mut Walk<'a>, field: &'static Field) -> Result<Self, Error> {
        T::from_walk(walk, field).map(Self::new)
    }

    fn absent() -> Option<Self> {
        T::absent().map(Self::new)
    }
}

impl<'a, T: FromValue<'a>> FromValue<'a> for Vec<T> {
    const SCHEMA: &'static Schema = &Schema::Array(T::PART);
    const STRUCT: Option<&'static Object> = T::STRUCT;
    const EXPECTED: Expected = Expected::ARRAY;
    const NESTED: bool = true;

    fn from_slot(slot: &Slot<'a>, field: &'static Field) -> Result<Self, Error> {
        walk(slot.raw, field)
    }

    fn from_walk(walk: &mut Walk<'a>, field: &'static Field) -> Result<Self, Error> {
        let list = Value::at(walk.rest());
        walk.open(ARRAY, field)?;
        let mut out = Self::new();
        while walk.more(ARRAY + 2, out.is_empty()) {
            out.push(walk.part()?);
        }
        counted(out, list, field)
    }
}

impl<'a, T: FromValue<'a>, const N: usize> FromValue<'a> for [T; N] {
    const SCHEMA: &'static Schema = &Schema::Fixed(T::PART, N);
    const STRUCT: Option<&'static Object> = T::STRUCT;
    const EXPECTED: Expected = Expected::ARRAY.within(Bounds { min: N as i64, max: N as i64 });
    const NESTED: bool = true;

    fn from_slot(slot: &Slot<'a>, field: &'static Field) -> Result<Self, Error> {
        walk(slot.raw, field)
    }

    fn from_walk(walk: &mut Walk<'a>, field: &'static Field) -> Result<Self, Error> {
        let array = Value::at(walk.rest());
        let list: Vec<T> = FromValue::from_walk(walk, field)?;
        list.try_into().map_err(|_| Error::new(field, array))
    }
}

/// The members of an object, whatever their names, in order. A name that stands there twice is there twice; the last
/// one counts.
impl<'a, T: FromValue<'a>> FromValue<'a> for Vec<(Str<'a>, T)> {
    const SCHEMA: &'static Schema = &Schema::Map(T::PART);
    const STRUCT: Option<&'static Object> = T::STRUCT;
    const EXPECTED: Expected = Expected { kind: super::Kind::Absent, ..Expected::OBJECT };
    const NESTED: bool = true;

    fn from_slot(slot: &Slot<'a>, field: &'static Field) -> Result<Self, Error> {
        walk(slot.raw, field)
    }

    fn from_walk(walk: &mut Walk<'a>, field: &'static Field) -> Result<Self, Error> {
        let object = Value::at(walk.rest());
        walk.open(OBJECT, field)?;
        let mut out = Self::new();
        while walk.more(OBJECT + 2, out.is_empty()) {
            out.push((Str::new(walk.key()), walk.part()?));
        }
        counted(out, object, field)
    }
}

/// Reads a value that is no member of a struct: a whole document, an element of a list, or a member of a map.
fn part<'a, T: FromValue<'a>>(value: Value<'a>, field: &'static Field) -> Result<T, Error> {
    let mut slot = if T::OPTIONAL && value.is_none() { Slot::default() } else { Slot::of(value) };
    field.admit(&mut slot)?;
    inside(T::from_slot(&slot, field), &slot)
}

/// What stands for a member that is absent.
///
/// # Errors
///
/// It must not be.
#[doc(hidden)]
pub fn absent<'a, T: FromValue<'a>>(field: &'static Field) -> Result<T, Error> {
    T::absent().ok_or_else(|| Error::new(field, Value::ABSENT))
}

/// Gives what is missing in a struct that is a part of another the address of that struct.
#[doc(hidden)]
pub fn inside<'a, T: FromValue<'a>>(read: Result<T, Error>, slot: &Slot<'a>) -> Result<T, Error> {
    if T::WALKS || T::NESTED { read.map_err(|error| error.inside(slot.raw)) } else { read }
}

/// A list or a map, if the field allows as many elements.
fn counted<T>(list: Vec<T>, value: Value<'_>, field: &'static Field) -> Result<Vec<T>, Error> {
    if field.expected.admits(list.len() as i64) { Ok(list) } else { Err(Error::new(field, value)) }
}

/// Refuses a string that is none of these.
///
/// # Errors
///
/// It is none of these.
#[doc(hidden)]
pub fn one_of(slot: &Slot<'_>, field: &'static Field, choices: &[&str]) -> Result<(), Error> {
    if slot.is_absent() { Ok(()) } else { place_of(slot, field, choices).map(drop) }
}

/// Which of these a string is.
///
/// # Errors
///
/// It is none of these.
#[doc(hidden)]
pub fn place_of(slot: &Slot<'_>, field: &'static Field, choices: &[&str]) -> Result<usize, Error> {
    let place = choices.iter().position(|choice| Str::new(slot.raw) == **choice);
    place.ok_or_else(|| Error::string(field, slot.raw))
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

        impl Takes<rule::range> for $type {}

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

/// Numbers that are finite, rounded to the nearest that the type has. Bounds are whole numbers. Reading them takes
/// 1.5 KB of a plugin.
macro_rules! floats {
    ($($type:ty),*) => {$(
        impl<'a> FromValue<'a> for $type {
            const SCHEMA: &'static Schema = &Schema::Number;
            const EXPECTED: Expected = Expected::NUMBER;

            fn from_slot(slot: &Slot<'a>, field: &'static Field) -> Result<Self, Error> {
                let value = Value::at(slot.raw);
                let Expected { min, max, .. } = *field.expected;
                match <Self as Float>::parse(slot.raw) {
                    Some(number)
                        if (min == i64::MIN || number >= min as Self)
                            && (max == i64::MAX || number <= max as Self) =>
                    {
                        Ok(number)
                    }
                    _ => Err(Error::new(field, value)),
                }
            }
        }

        impl Takes<rule::range> for $type {}

        impl Preset<$type> for $type {
            fn preset(literal: $type) -> Self {
                literal
            }
        }
    )*};
}
floats!(f32, f64);

impl<T: Takes<R>, R> Takes<R> for Option<T> {}
impl Takes<rule::range> for u64 {}
impl<T> Takes<rule::length> for Vec<T> {}
impl Takes<rule::length> for Str<'_> {}
impl Takes<rule::length> for Cow<'_, str> {}
impl Takes<rule::length> for String {}
impl Takes<rule::one_of> for Str<'_> {}
impl Takes<rule::one_of> for Cow<'_, str> {}
impl Takes<rule::one_of> for String {}

/// A type that takes its default from a literal.
#[diagnostic::on_unimplemented(
    message = "this is no default for `{Self}`",
    label = "not a default for `{Self}`",
    note = "write a literal of the field's type: `443`, `1.5`, `\"text\"`, `true`; a list takes `[]`, and an `Option` none"
)]
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

/// The empty list.
impl<T> Preset<[(); 0]> for Vec<T> {
    fn preset(_: [(); 0]) -> Self {
        Self::new()
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
