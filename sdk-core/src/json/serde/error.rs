//! What is wrong with a document, or with a value that can't be written.

use alloc::boxed::Box;
use alloc::string::{String, ToString};
use core::fmt;

use serde_core::de::{self, Expected, Unexpected};
use serde_core::ser;

use crate::error::{Displayed, Kind};
use crate::json::{self, Members, Str, Value, Writer};
use crate::text;
use crate::text::Piece;

/// A document that a type can't be read from, or a value that can't be written.
///
/// As an [`Error`](crate::Error) it is of the type `validation`, or of the type `internal` if writing failed; a
/// plugin's own configuration is refused with the type `config`.
///
/// ```
/// use reglet_sdk_core::json;
/// use serde::Deserialize;
///
/// #[derive(Debug, Deserialize)]
/// struct Server {
///     ports: Vec<u16>,
/// }
///
/// let error = json::from_slice::<Vec<Server>>(br#"[{"ports": [80, -1]}]"#).unwrap_err();
/// assert_eq!(error.path(), "[0].ports[1]");
/// assert_eq!(
///     error.to_string(),
///     "[0].ports[1]: expected a whole number from 0 to 65535, got a number"
/// );
/// ```
pub struct Error(Box<Detail>);

struct Detail {
    kind: Kind,
    /// The path of the value from the outermost one and the reason, both as in a JSON string.
    text: Writer<'static>,
    /// Where the path ends.
    path: usize,
}

impl Error {
    /// The scanner knows what is wrong.
    #[cold]
    #[inline(never)]
    pub(super) fn known() -> Self {
        Self::new("")
    }

    #[cold]
    fn new(reason: impl Piece) -> Self {
        Self::of(Kind::Validation, "", reason)
    }

    #[cold]
    pub(super) fn unwritable(reason: impl Piece) -> Self {
        Self::of(Kind::Internal, "", reason)
    }

    fn of(kind: Kind, path: &str, reason: impl Piece) -> Self {
        let mut text = Writer::new();
        text.escape(path);
        let path = text.as_bytes().len();
        reason.write(&mut text);
        Self(Box::new(Detail { kind, text, path }))
    }

    /// Completes an error with the path of the value that the reading has ended at, and with what the scanner knows.
    #[cold]
    #[inline(never)]
    pub(super) fn explain(mut self, document: &[u8], end: usize, failure: Option<json::Error>) -> Self {
        let mut text = Writer::new();
        match failure {
            Some(failure) if failure.is_syntax() => {}
            failure => path(document, failure.map_or(end, |failure| failure.offset(document)), &mut text),
        }
        let inner = if failure.is_none() { self.raw_path() } else { &[] };
        if !text.as_bytes().is_empty() && !inner.is_empty() {
            text.plain(".");
        }
        text.append(inner);
        let path = text.as_bytes().len();
        match failure {
            Some(failure) => failure.reason(document).write(&mut text),
            None => text.append(self.raw_reason()),
        }
        (self.0.text, self.0.path) = (text, path);
        self
    }

    /// Where the value is: keys with dots between, and indices in brackets. Empty for the document as a whole, and
    /// for what is not JSON.
    #[must_use]
    pub fn path(&self) -> String {
        Str::new(self.raw_path()).decode().into_owned()
    }

    fn raw_path(&self) -> &[u8] {
        self.0.text.as_bytes().get(..self.0.path).unwrap_or_default()
    }

    fn raw_reason(&self) -> &[u8] {
        self.0.text.as_bytes().get(self.0.path..).unwrap_or_default()
    }

    /// As what it is in a plugin's configuration.
    #[cold]
    pub(super) fn into_config(self) -> crate::Error {
        let path = self.raw_path();
        let kind = if path.is_empty() { Kind::Internal } else { Kind::Config };
        crate::Error::write(kind, path, |out| {
            if path.is_empty() {
                out.plain("failed to parse config: ");
            } else {
                out.plain("config validation failed for field '");
                out.append(path);
                out.plain("': ");
            }
            out.append(self.raw_reason());
        })
    }
}

impl Piece for Error {
    fn write(&self, out: &mut Writer<'_>) {
        let path = self.raw_path();
        out.append(path);
        out.plain(if path.is_empty() { "" } else { ": " });
        out.append(self.raw_reason());
    }
}

impl From<Error> for crate::Error {
    #[cold]
    fn from(error: Error) -> Self {
        Self::write(error.0.kind, error.raw_path(), |out| error.write(out))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&text![self].to_string())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl core::error::Error for Error {}

/// Serde's derived code calls all but `custom`, so they do without `core::fmt` where serde's types allow that.
impl de::Error for Error {
    #[cold]
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::new(Displayed(&message))
    }

    #[cold]
    fn missing_field(field: &'static str) -> Self {
        Self::of(Kind::Validation, field, "missing")
    }

    #[cold]
    fn duplicate_field(_: &'static str) -> Self {
        // Its name is the path's end.
        Self::new("there twice")
    }

    #[cold]
    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        Self::unknown_variant(field, expected)
    }

    #[cold]
    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        Self::new(text!["unknown name '", variant, "', expected one of", Names(expected)])
    }

    #[cold]
    fn invalid_length(len: usize, expected: &dyn Expected) -> Self {
        Self::new(text!["expected ", Displayed(&expected), ", got ", len])
    }

    #[cold]
    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        let found = match found {
            Unexpected::Bool(_) => "a boolean",
            Unexpected::Unsigned(_) | Unexpected::Signed(_) | Unexpected::Float(_) => "a number",
            Unexpected::Char(_) | Unexpected::Str(_) | Unexpected::Bytes(_) => "a string",
            Unexpected::Unit => "null",
            Unexpected::Option => "an option",
            Unexpected::NewtypeStruct => "a newtype struct",
            Unexpected::Seq => "an array",
            Unexpected::Map => "an object",
            Unexpected::Enum => "an enum",
            Unexpected::UnitVariant => "a unit variant",
            Unexpected::NewtypeVariant => "a newtype variant",
            Unexpected::TupleVariant => "a tuple variant",
            Unexpected::StructVariant => "a struct variant",
            Unexpected::Other(other) => other,
        };
        Self::new(text!["expected ", Displayed(&expected), ", got ", found])
    }

    #[cold]
    fn invalid_value(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::invalid_type(found, expected)
    }
}

impl ser::Error for Error {
    #[cold]
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::unwritable(Displayed(&message))
    }
}

struct Names(&'static [&'static str]);

impl Piece for Names {
    fn write(&self, out: &mut Writer<'_>) {
        for name in self.0 {
            out.plain(" '");
            out.escape(name);
            out.plain("'");
        }
    }
}

/// Writes where in a document a value is that starts, goes on or ends at this byte, as its path from the outermost
/// value.
fn path(document: &[u8], at: usize, out: &mut Writer<'_>) {
    let mut container = document.trim_ascii_start();
    let at = document.as_ptr().addr() + at;
    while matches!(container, [b'{' | b'[', ..]) && at > container.as_ptr().addr() {
        let mut members = Members::new(Value::at(container));
        let mut index = 0_usize;
        let (key, value) = loop {
            match members.next() {
                Some((key, value)) if value.raw().as_ptr_range().end.addr() >= at => break (key, value),
                Some(_) => index += 1,
                None => return,
            }
        };
        if container.first() == Some(&b'{') {
            out.plain(if out.as_bytes().is_empty() { "" } else { "." });
            out.repaired(key);
        } else {
            out.plain("[");
            index.write(out);
            out.plain("]");
        }
        container = value.raw();
    }
}
