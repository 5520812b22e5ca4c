//! What is wrong with a document, and where.

use alloc::string::{String, ToString};
use core::fmt;

use super::{Bounds, Kind, Value, Writer};
use crate::config::Schema;
use crate::text;
use crate::text::Piece;

/// A document that can't be read, or a value that is not what is needed.
///
/// It is two words, for it passes through every function that reads. Its text is made at the end, with the
/// document at hand, by [`describe`](Self::describe).
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Error {
    expected: &'static Expected,
    /// The address of the value, or of the byte; 0 for a value that is missing.
    at: usize,
}

/// What would have been right: a constant for each field of a configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expected {
    /// The field's name; empty for elements and for whole documents.
    pub name: &'static str,
    /// In words, such as `a whole number`; empty for JSON itself, and the whole complaint for its depth.
    pub what: &'static str,
    /// Bounds of a number, or of a length.
    pub bounds: &'static Bounds,
    /// The kind of value, if that is all there is to check; [`Kind::Absent`] if reading it checks more.
    pub kind: Kind,
    /// Whether it must be there.
    pub required: bool,
}

impl Expected {
    /// A document that follows JSON's grammar.
    pub const JSON: &'static Self = &Self::a("");

    /// A document without more levels than [`MAX_DEPTH`](super::MAX_DEPTH).
    pub const SHALLOW: &'static Self = &Self::a("nested deeper than 128 levels");

    /// A value that is described in words, without a name and bounds.
    #[must_use]
    pub const fn a(what: &'static str) -> Self {
        Self { name: "", what, bounds: &Bounds::NONE, kind: Kind::Absent, required: true }
    }

    /// A field's value: of a type with this schema, and within these bounds.
    #[must_use]
    pub const fn field(
        name: &'static str,
        schema: &Schema,
        bounds: &'static Bounds,
        kind: Kind,
        required: bool,
    ) -> Self {
        let what = match schema {
            Schema::String if bounds.is_some() => "a string of length",
            Schema::Array(_) if bounds.is_some() => "an array of length",
            _ => schema.name(),
        };
        Self { name, what, bounds, kind, required }
    }
}

impl Error {
    /// The value at hand is not what was expected.
    #[must_use]
    #[cold]
    pub fn new(expected: &'static Expected, found: Value<'_>) -> Self {
        Self { expected, at: if found.is_none() { 0 } else { found.raw().as_ptr().addr() } }
    }

    pub(super) fn at(expected: &'static Expected, found: &[u8]) -> Self {
        Self { expected, at: found.as_ptr().addr() }
    }

    /// Whether the document breaks JSON's grammar, or is nested too deep.
    #[must_use]
    pub fn is_syntax(&self) -> bool {
        self.expected.what.is_empty() || self.expected.what == Expected::SHALLOW.what
    }

    /// The field that the value was for; empty for the document itself and for what breaks the grammar.
    #[must_use]
    pub const fn field(&self) -> &'static str {
        self.expected.name
    }

    /// What is wrong with the value, and what it is instead.
    #[must_use]
    pub const fn reason<'a>(&self, document: &'a [u8]) -> Reason<'a> {
        Reason { error: *self, document }
    }

    /// The field and the reason.
    #[must_use]
    pub fn describe(&self, document: &[u8]) -> String {
        let colon = if self.field().is_empty() { "" } else { ": " };
        text![self.field(), colon, self.reason(document)].to_string()
    }
}

/// What is wrong with a value, as a piece of text.
#[derive(Clone, Copy, Debug)]
pub struct Reason<'a> {
    error: Error,
    document: &'a [u8],
}

impl Piece for Reason<'_> {
    fn write(&self, out: &mut Writer) {
        let offset = self.error.at.wrapping_sub(self.document.as_ptr().addr());
        let found = self.document.get(offset..).unwrap_or_default();
        let Expected { what, bounds: Bounds { min, max }, .. } = self.error.expected;
        if self.error.is_syntax() {
            if !what.is_empty() {
                return out.plain(what);
            }
            if found.is_empty() {
                return out.plain("unexpected end of JSON input");
            }
            out.plain("invalid character at byte ");
            return offset.write(out);
        }
        out.plain("expected ");
        out.plain(what);
        if *min != i64::MIN {
            out.plain(" from ");
            min.write(out);
            out.plain(" to ");
            max.write(out);
        }
        out.plain(", got ");
        out.plain(Value::at(found).kind().name());
    }
}

/// Without the document there is only so much to say.
impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Expected { name, what, .. } = self.expected;
        let colon = if name.is_empty() { "" } else { ": " };
        match *what {
            "" => f.write_str("expected JSON"),
            _ if self.is_syntax() => f.write_str(what),
            what => write!(f, "{name}{colon}expected {what}"),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl core::error::Error for Error {}
