//! From a value to the author's own types.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

use super::{Error, Expected, Kind, Str, Value};
use crate::config::Schema;

/// A type that can be read from a JSON value, and that has a JSON Schema.
///
/// [`config!`](crate::config!) implements it for structs.
pub trait FromValue<'a>: Sized {
    /// The schema of the values that are accepted.
    const SCHEMA: &'static Schema;

    /// Whether a member of this type may be missing.
    const OPTIONAL: bool = false;

    /// The bounds of numbers that the type can hold.
    const LIMITS: Bounds = Bounds::NONE;

    /// The kind of value, if [`Expected`] can check all that there is to check; otherwise reading checks it.
    #[doc(hidden)]
    const KIND: Kind = Kind::Absent;

    /// Whether reading one splits an object with [`Value::fields`], and so checks it to its end.
    #[doc(hidden)]
    const SPLITS: bool = false;

    /// Reads the value, which is neither absent nor `null` unless the type is optional, and which has passed the
    /// checks of `expected`. What those leave open is checked here, such as the length of a list.
    ///
    /// # Errors
    ///
    /// The value is of another kind, or out of bounds.
    fn from_value(value: Value<'a>, expected: &'static Expected) -> Result<Self, Error>;
}

/// Bounds of a number, or of a length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// The smallest value allowed.
    pub min: i64,
    /// The largest value allowed.
    pub max: i64,
}

impl Bounds {
    /// Anything goes.
    pub const NONE: Self = Self { min: i64::MIN, max: i64::MAX };

    /// Whether there are any.
    #[must_use]
    pub const fn is_some(self) -> bool {
        self.min != i64::MIN || self.max != i64::MAX
    }

    /// Whether they allow this value.
    #[must_use]
    pub const fn admit(&self, value: i64) -> bool {
        self.min <= value && value <= self.max
    }

    /// What both allow.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        let min = if self.min > other.min { self.min } else { other.min };
        let max = if self.max < other.max { self.max } else { other.max };
        Self { min, max }
    }
}

impl Expected {
    /// Checks whether a value is there if it must be, and its kind and bounds where those are known.
    pub(crate) fn admit(&'static self, value: Value<'_>) -> Result<(), Error> {
        let measure = match value.kind() {
            Kind::Absent | Kind::Null if !self.required => return Ok(()),
            Kind::Absent | Kind::Null => None,
            _ if self.kind == Kind::Absent => return Ok(()),
            other if other != self.kind => None,
            Kind::Number => value.whole(),
            Kind::String => Some(value.string_or_empty().characters() as i64),
            _ => return Ok(()),
        };
        match measure {
            Some(measure) if self.bounds.admit(measure) => Ok(()),
            _ => Err(value.not(self)),
        }
    }
}

impl<'a> FromValue<'a> for bool {
    const SCHEMA: &'static Schema = &Schema::Boolean;
    const KIND: Kind = Kind::Boolean;

    fn from_value(value: Value<'a>, _: &'static Expected) -> Result<Self, Error> {
        value.boolean()
    }
}

/// As it stands in the document.
impl<'a> FromValue<'a> for Str<'a> {
    const SCHEMA: &'static Schema = &Schema::String;
    const KIND: Kind = Kind::String;

    fn from_value(value: Value<'a>, _: &'static Expected) -> Result<Self, Error> {
        Ok(value.string_or_empty())
    }
}

/// Borrowed from the document unless the string has escapes.
impl<'a> FromValue<'a> for Cow<'a, str> {
    const SCHEMA: &'static Schema = &Schema::String;
    const KIND: Kind = Kind::String;

    fn from_value(value: Value<'a>, expected: &'static Expected) -> Result<Self, Error> {
        Str::from_value(value, expected).map(Str::decode)
    }
}

impl<'a> FromValue<'a> for String {
    const SCHEMA: &'static Schema = &Schema::String;
    const KIND: Kind = Kind::String;

    fn from_value(value: Value<'a>, expected: &'static Expected) -> Result<Self, Error> {
        <Cow<'a, str>>::from_value(value, expected).map(Cow::into_owned)
    }
}

/// The value itself, to be looked into later.
impl<'a> FromValue<'a> for Value<'a> {
    const SCHEMA: &'static Schema = &Schema::Any;
    const OPTIONAL: bool = true;

    fn from_value(value: Self, _: &'static Expected) -> Result<Self, Error> {
        Ok(value)
    }
}

/// `None` where the value is absent or `null`.
impl<'a, T: FromValue<'a>> FromValue<'a> for Option<T> {
    const SCHEMA: &'static Schema = T::SCHEMA;
    const OPTIONAL: bool = true;
    const LIMITS: Bounds = T::LIMITS;
    const KIND: Kind = T::KIND;

    fn from_value(value: Value<'a>, expected: &'static Expected) -> Result<Self, Error> {
        if value.is_none() { Ok(None) } else { T::from_value(value, expected).map(Some) }
    }
}

impl<'a, T: FromValue<'a>> FromValue<'a> for Vec<T> {
    const SCHEMA: &'static Schema = &Schema::Array(T::SCHEMA);

    fn from_value(value: Value<'a>, expected: &'static Expected) -> Result<Self, Error> {
        let mut out = Self::new();
        for (_, element) in value.elements()? {
            let expected = const { &Expected::field("", T::SCHEMA, &T::LIMITS, T::KIND, !T::OPTIONAL) };
            expected.admit(element)?;
            out.push(T::from_value(element, expected)?);
        }
        if !expected.bounds.admit(out.len() as i64) {
            return Err(value.not(expected));
        }
        Ok(out)
    }
}

/// Whole numbers are accepted with a fraction of zeros too: `3`, `3.0`.
macro_rules! integers {
    ($($type:ty),*) => {$(
        impl<'a> FromValue<'a> for $type {
            const SCHEMA: &'static Schema = &Schema::Integer;
            const LIMITS: Bounds = Bounds { min: <$type>::MIN as i64, max: <$type>::MAX as i64 };
            const KIND: Kind = Kind::Number;

            fn from_value(value: Value<'a>, _: &'static Expected) -> Result<Self, Error> {
                Ok(value.whole_or_zero() as Self)
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
    const LIMITS: Bounds = Bounds { min: 0, max: i64::MAX };

    fn from_value(value: Value<'a>, expected: &'static Expected) -> Result<Self, Error> {
        // A bound of `i64::MAX` stands for none: larger numbers are still numbers.
        match (value.unsigned()?, value.whole()) {
            (large, None) if expected.bounds.max == i64::MAX => Ok(large),
            (number, Some(whole)) if expected.bounds.admit(whole) => Ok(number),
            _ => Err(value.not(expected)),
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
