//! What an object's members must be, and the values that are found for them.
//!
//! A configuration and a host's answer are read by the same code, from a constant table: one walk over the document
//! puts the members into slots, and one over the table checks them.

use super::error::Error;
use super::scan::same;
use super::{Kind, Str, Value};

/// What a value must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expected {
    /// In words, such as `a whole number`; empty for JSON itself.
    pub what: &'static str,
    /// The smallest number, or the smallest length.
    pub min: i64,
    /// The largest number, or the largest length.
    pub max: i64,
    /// The kind of value, if the bounds are all else there is to check; [`Kind::Absent`] if reading it checks more.
    pub kind: Kind,
    /// Whether strings are measured.
    pub measured: bool,
}

impl Expected {
    /// Any value.
    pub const ANY: Self = Self::a("a value", Kind::Absent);
    /// `true` or `false`.
    pub const BOOLEAN: Self = Self::a("a boolean", Kind::Boolean);
    /// A whole number that fits `i64`.
    pub const INTEGER: Self = Self::a("a whole number", Kind::Number);
    /// A number.
    pub const NUMBER: Self = Self::a("a number", Kind::Absent);
    /// A string.
    pub const STRING: Self = Self::a("a string", Kind::String);
    /// An array.
    pub const ARRAY: Self = Self::a("an array", Kind::Absent);
    /// An object.
    pub const OBJECT: Self = Self::a("an object", Kind::Object);

    const fn a(what: &'static str, kind: Kind) -> Self {
        Self { what, min: i64::MIN, max: i64::MAX, kind, measured: false }
    }

    /// Something that is described in words, and checked by whoever reads it.
    #[must_use]
    pub const fn described(what: &'static str) -> Self {
        Self::a(what, Kind::Absent)
    }

    /// One of some strings, which `what` lists.
    #[must_use]
    pub const fn one_of(what: &'static str) -> Self {
        Self::a(what, Kind::String)
    }

    /// The same within bounds: of a number, or of the length of a string, an array or an object.
    #[must_use]
    pub const fn within(mut self, bounds: Bounds) -> Self {
        if bounds.min > self.min {
            self.min = bounds.min;
        }
        if bounds.max < self.max {
            self.max = bounds.max;
        }
        let what = self.what.as_bytes();
        if bounds.is_some() && matches!(what, b"a string" | b"an array" | b"an object") {
            if self.min < 0 {
                self.min = 0;
            }
            match what {
                b"a string" => (self.what, self.measured) = ("a string of length", true),
                b"an array" => self.what = "an array of length",
                _ => self.what = "an object of length",
            }
        }
        // The bounds follow as `from 1`, `from 1 to 9` or `to 9`.
        let only_max = self.min == i64::MIN && self.max != i64::MAX;
        match what {
            b"a whole number" | b"a whole number up" => {
                self.what = if only_max { "a whole number up" } else { "a whole number" };
            }
            b"a number" | b"a number up" => self.what = if only_max { "a number up" } else { "a number" },
            _ => {}
        }
        self
    }

    /// Whether the bounds allow this number or length.
    #[must_use]
    pub const fn admits(&self, measure: i64) -> bool {
        self.min <= measure && measure <= self.max
    }
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
}

/// A member that an object may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its key; empty for elements and for whole documents.
    pub name: &'static str,
    /// What its value must be.
    pub expected: &'static Expected,
    /// Which slot its value goes to.
    pub slot: u16,
    /// Whether it must be there.
    pub required: bool,
    /// Whether it is read where it stands, for there are members or elements in it.
    pub nested: bool,
}

impl Field {
    /// A document that follows JSON's grammar. No value would do in place of what breaks it.
    pub(crate) const JSON: &'static Self =
        &Self::new("", &Expected::described("").within(Bounds { min: 1, max: 0 }), true);

    /// A document without more levels than [`MAX_DEPTH`](super::MAX_DEPTH).
    pub(crate) const SHALLOW: &'static Self = &Self::new(
        "",
        &Expected::described("nested deeper than 128 levels").within(Bounds { min: 1, max: 0 }),
        true,
    );

    /// A document that is an object.
    pub(crate) const OBJECT: &'static Self = &Self::new("", &Expected::OBJECT, true);

    /// A member, for the first slot.
    ///
    /// # Panics
    ///
    /// The key does not stand for itself in JSON: it has a quote, a backslash or a control character. In a constant, as
    /// all fields are, that does not compile.
    #[must_use]
    pub const fn new(name: &'static str, expected: &'static Expected, required: bool) -> Self {
        let mut at = 0;
        while at < name.len() {
            assert!(!matches!(name.as_bytes()[at], 0..0x20 | b'"' | b'\\'), "this key would need escapes");
            at += 1;
        }
        Self { name, expected, slot: 0, required, nested: false }
    }

    /// The same, for another slot.
    #[must_use]
    pub const fn at(mut self, slot: u16) -> Self {
        self.slot = slot;
        self
    }

    /// The same, read where it stands if it is `nested`.
    #[must_use]
    pub const fn nested(mut self, nested: bool) -> Self {
        self.nested = nested;
        self
    }

    /// The field with this key. Hosts that are made from the same table write the members in its order: the search
    /// starts at the `next` field, where the last one ended.
    pub(super) fn find<'f>(fields: &'f [Self], next: &mut usize, key: &[u8]) -> Option<&'f Self> {
        for _ in fields {
            let field = fields.get(*next).or_else(|| {
                *next = 0;
                fields.first()
            })?;
            *next += 1;
            if same(key, field.name.as_bytes()) {
                return Some(field);
            }
        }
        None
    }

    /// Checks a slot's value, and completes the slot.
    pub(crate) fn admit(&'static self, slot: &mut Slot<'_>) -> Result<(), Error> {
        let expected = self.expected;
        let raw = slot.raw;
        let measure = match (expected.kind, raw) {
            (_, []) if !self.required => return Ok(()),
            (Kind::Absent, [_, ..]) => return Ok(()),
            // A string that has two names is not checked twice.
            _ if slot.number != 0 => return Ok(()),
            (Kind::String, [b'"', inner @ .., b'"']) => {
                slot.raw = inner;
                Some(if expected.measured { Str::new(inner).characters() as i64 } else { 1 })
            }
            (Kind::Number, [b'-' | b'0'..=b'9', ..]) => Value::at(raw).whole(),
            (Kind::Boolean, [first @ (b't' | b'f'), ..]) => Some(i64::from(*first == b't')),
            (Kind::Object, [b'{', ..]) | (Kind::Array, [b'[', ..]) => Some(0),
            _ => None,
        };
        match measure {
            Some(measure) if expected.admits(measure) => {
                slot.number = if expected.kind == Kind::String { 1 } else { measure };
                Ok(())
            }
            _ => Err(Error::new(self, Value::at(raw))),
        }
    }
}

/// A value that was found for a [`Field`] and checked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Slot<'a> {
    /// The value as it stands in the document, a string without its quotes; empty if it is absent.
    pub raw: &'a [u8],
    /// The number, or 1 for a string and for `true`.
    pub number: i64,
}

impl<'a> Slot<'a> {
    /// A value that is not checked yet.
    pub(crate) const fn of(value: Value<'a>) -> Self {
        Self { raw: value.raw(), number: 0 }
    }

    /// Whether there is no value.
    #[must_use]
    pub const fn is_absent(&self) -> bool {
        self.raw.is_empty() && self.number == 0
    }
}
