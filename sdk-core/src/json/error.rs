//! What is wrong with a document, and where.

use alloc::string::{String, ToString};
use core::fmt;

use super::{Expected, Field, Kind, Value, Writer};
use crate::abi::into_string;
use crate::text;
use crate::text::Piece;

/// A document that can't be read, or a value that is not what is needed.
///
/// It is two words, for it passes through every function that reads. Its text is made at the end, with the
/// document at hand, by [`describe`](Self::describe).
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Error {
    field: &'static Field,
    /// The address of the value, or of the byte. For what is missing, that of the bracket which closes the object
    /// around; 0 if the document is that object.
    at: usize,
}

impl Error {
    /// The value at hand is not what the field expects.
    #[must_use]
    #[cold]
    pub fn new(field: &'static Field, found: Value<'_>) -> Self {
        Self { field, at: if found.raw().is_empty() { 0 } else { found.raw().as_ptr().addr() } }
    }

    /// The string at hand, given without its quotes, is not what the field expects.
    #[cold]
    pub(super) fn string(field: &'static Field, inner: &[u8]) -> Self {
        Self { field, at: inner.as_ptr().addr().wrapping_sub(1) }
    }

    /// The same, of something in this object: if it is missing there, this is where.
    #[cold]
    pub(super) fn inside(self, object: &[u8]) -> Self {
        let last = object.len().wrapping_sub(1);
        Self { at: if self.at == 0 { object.as_ptr().addr().wrapping_add(last) } else { self.at }, ..self }
    }

    pub(super) fn at(field: &'static Field, found: &[u8]) -> Self {
        Self { field, at: found.as_ptr().addr() }
    }

    /// How many bytes into the document the value or the byte is.
    pub(super) fn offset(&self, document: &[u8]) -> usize {
        self.at.wrapping_sub(document.as_ptr().addr())
    }

    /// Whether the document breaks JSON's grammar, or is nested too deep.
    #[must_use]
    pub fn is_syntax(&self) -> bool {
        // No value would do.
        self.field.expected.min > self.field.expected.max
    }

    /// The field that the value was for; empty for the document itself and for what breaks the grammar.
    #[must_use]
    pub const fn field(&self) -> &'static str {
        self.field.name
    }

    /// What is wrong with the value, and what it is instead. The document is that which was read, not a copy of it.
    #[must_use]
    pub fn reason<'a>(&self, document: &'a [u8]) -> Reason<'a> {
        let offset = self.at.wrapping_sub(document.as_ptr().addr());
        let is_missing = !self.is_syntax() && document.get(offset) == Some(&b'}');
        Self { at: if is_missing { 0 } else { self.at }, ..*self }.flat(document)
    }

    /// The same, if nothing is nested in what the document is read into.
    pub(crate) const fn flat<'a>(&self, document: &'a [u8]) -> Reason<'a> {
        Reason { error: *self, document, named: false }
    }

    /// The field and the reason.
    pub(crate) const fn described<'a>(&self, document: &'a [u8]) -> Reason<'a> {
        Reason { error: *self, document, named: true }
    }

    /// Where the value stands in the document, or should stand: `targets[2].port`; empty for the document itself and
    /// for what breaks the grammar. Keys are as the document spells them. The document is that which was read, not a
    /// copy of it.
    #[must_use]
    pub fn path(&self, document: &[u8]) -> String {
        let mut out = Writer::new();
        if !self.is_syntax() {
            self.locate(document, &mut out);
        }
        into_string(out.into_bytes()).unwrap_or_default()
    }

    /// Goes from the document down to the value.
    #[inline(never)]
    fn locate(&self, document: &[u8], out: &mut Writer<'_>) {
        let contains = |text: &[u8]| self.at.wrapping_sub(text.as_ptr().addr()) < text.len();
        let mut value = Value::at(document.trim_ascii());
        while self.at != value.raw().as_ptr().addr() {
            let mut parts = value.members().or_else(|_| value.elements()).into_iter().flatten().enumerate();
            let Some((index, (key, part))) = parts.find(|(_, (_, part))| contains(part.raw())) else {
                return member(self.field().as_bytes(), out);
            };
            if value.kind() == Kind::Object {
                member(key, out);
            } else {
                out.plain("[");
                index.write(out);
                out.plain("]");
            }
            value = part;
        }
    }

    /// What the field expects, with or without the field's name.
    fn write_expected(&self, named: bool, out: &mut Writer<'_>) {
        let Expected { what, min, max, .. } = self.field.expected;
        if named && !self.field().is_empty() {
            out.escape(self.field());
            out.plain(": ");
        }
        out.plain("expected ");
        out.plain(what);
        // These two stand for none.
        if *min != i64::MIN {
            out.plain(" from ");
            min.write(out);
        }
        if *max != i64::MAX {
            out.plain(" to ");
            max.write(out);
        }
    }

    /// The path and the reason. The document is that which was read, not a copy of it.
    #[must_use]
    pub fn describe(&self, document: &[u8]) -> String {
        let path = self.path(document);
        let colon = if path.is_empty() { "" } else { ": " };
        text![path, colon, self.reason(document)].to_string()
    }
}

/// Adds a key to a path.
fn member(key: &[u8], out: &mut Writer<'_>) {
    if !out.as_bytes().is_empty() {
        out.plain(".");
    }
    out.repaired(key);
}

/// What is wrong with a value, as a piece of text.
#[derive(Clone, Copy, Debug)]
pub struct Reason<'a> {
    error: Error,
    document: &'a [u8],
    /// Whether it starts with the field's name.
    named: bool,
}

impl Piece for Reason<'_> {
    fn write(&self, out: &mut Writer<'_>) {
        let offset = self.error.offset(self.document);
        let found = self.document.get(offset..).unwrap_or_default();
        if self.error.is_syntax() {
            let what = self.error.field.expected.what;
            if !what.is_empty() {
                return out.plain(what);
            }
            if found.is_empty() {
                return out.plain("unexpected end of JSON input");
            }
            out.plain("invalid character at byte ");
            return offset.write(out);
        }
        self.error.write_expected(self.named, out);
        out.plain(", got ");
        out.plain(Value::at(found).kind().name());
    }
}

/// Without the document there is only so much to say: not what is there instead, nor where, but for the field.
impl Piece for Error {
    fn write(&self, out: &mut Writer<'_>) {
        match self.field.expected.what {
            "" => out.plain("expected JSON"),
            what if self.is_syntax() => out.plain(what),
            _ => self.write_expected(true, out),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&text![*self], f)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl core::error::Error for Error {}
