//! The types that an attribute can have.

use alloc::borrow::Cow;
use alloc::string::String;
use core::time::Duration;

use super::float;
use super::{Attr, MAX_TEXT};
use crate::error::Error;
use crate::json::{self, Str, Writer};
use crate::text::{Piece, Pieces, Text};
use crate::time::Timestamp;

/// A type that an attribute can have. On the wire each value is text, whatever its type.
///
/// | Rust | wire | text |
/// |---|---|---|
/// | `str`, `String`, `Cow<str>`, [`Str`], [`text!`](crate::text!) | `string` | as it is |
/// | `i8` to `i64`, `isize` | `int64` | decimal |
/// | `u8` to `u64`, `usize` | `uint64` | decimal |
/// | `bool` | `bool` | `true`, `false` |
/// | `f32`, `f64` | `float64` | six decimals: `1.500000`; `NaN`, `+Inf`, `-Inf` |
/// | [`Timestamp`] | `time` | RFC 3339 |
/// | [`Duration`] | `duration` | `1.5s`, `1h0m0s` |
/// | [`Error`], [`Typed::Error`] | `error` | `type: message [code]: cause` |
/// | `None` | `any` | `<nil>` |
/// | `Some` | that of the value | that of the value |
/// | an array or slice of [`Attr`] | `group` | `[host=example.com port=443]` |
/// | [`Typed::Json`] | `json` | as it is |
/// | [`Typed::Any`] | `any` | as it is |
///
/// An author's own type is most often one of these inside; if it is not, it sees to it that what it writes is short:
///
/// ```
/// use reglet_sdk_core::json::Writer;
/// use reglet_sdk_core::log::{self, Value};
///
/// struct Port(u16);
///
/// impl Value for Port {
///     fn kind(&self) -> &'static str {
///         self.0.kind()
///     }
///
///     fn write_text(&self, out: &mut Writer<'_>) {
///         self.0.write_text(out);
///     }
/// }
///
/// log::info!("connecting", port = Port(443));
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't be an attribute or a message of the log",
    note = "`Typed::Any(&value.to_string())` takes anything that can be shown"
)]
pub trait Value {
    /// The name of the type on the wire.
    fn kind(&self) -> &'static str
    where
        Self: Sized;

    /// Writes the value into a JSON string that is open.
    fn write_text(&self, out: &mut Writer<'_>);
}

/// Text that is the value of another type than a string.
///
/// ```
/// use reglet_sdk_core::log::{self, Typed};
///
/// log::warn!("odd answer", body = Typed::Json(&r#"{"ok":1}"#), reason = Typed::Error(&"ok is no boolean"));
/// ```
#[derive(Clone, Copy)]
#[non_exhaustive]
pub enum Typed<'a> {
    /// What went wrong, where there is no [`Error`] that says it.
    Error(&'a dyn Piece),
    /// JSON, already written.
    Json(&'a dyn Piece),
    /// Anything else, as it should be shown.
    Any(&'a dyn Piece),
}

impl Value for Typed<'_> {
    fn kind(&self) -> &'static str {
        match self {
            Self::Error(_) => "error",
            Self::Json(_) => "json",
            Self::Any(_) => "any",
        }
    }

    fn write_text(&self, out: &mut Writer<'_>) {
        let (Self::Error(text) | Self::Json(text) | Self::Any(text)) = self;
        cut(text, out);
    }
}

impl<T: Value> Value for &T {
    fn kind(&self) -> &'static str {
        (**self).kind()
    }

    fn write_text(&self, out: &mut Writer<'_>) {
        (**self).write_text(out);
    }
}

macro_rules! pieces {
    ($($kind:literal: $($type:ty),*;)*) => {$($(
        impl Value for $type {
            fn kind(&self) -> &'static str {
                $kind
            }

            fn write_text(&self, out: &mut Writer<'_>) {
                self.write(out);
            }
        }
    )*)*};
}
pieces! {
    "int64": i8, i16, i32, i64, isize;
    "uint64": u8, u16, u32, u64, usize;
    "time": Timestamp;
    "duration": Duration;
}

impl Value for &str {
    fn kind(&self) -> &'static str {
        "string"
    }

    fn write_text(&self, out: &mut Writer<'_>) {
        let mut end = MAX_TEXT;
        while let Some(byte) = self.as_bytes().get(end) {
            // A byte that continues a character can't be the first of what is left out.
            if byte & 0xC0 != 0x80 {
                out.escape(self.get(..end).unwrap_or_default());
                return out.plain("…");
            }
            end -= 1;
        }
        out.escape(self);
    }
}

macro_rules! strings {
    ($($type:ty),*) => {$(
        impl Value for $type {
            fn kind(&self) -> &'static str {
                "string"
            }

            fn write_text(&self, out: &mut Writer<'_>) {
                (&**self).write_text(out);
            }
        }
    )*};
}
strings!(String, Cow<'_, str>);

impl Value for Str<'_> {
    fn kind(&self) -> &'static str {
        "string"
    }

    fn write_text(&self, out: &mut Writer<'_>) {
        let end = json::prefix(self.raw(), MAX_TEXT);
        out.repaired(self.raw().get(..end).unwrap_or_default());
        if end < self.raw().len() {
            out.plain("…");
        }
    }
}

impl<P: Pieces> Value for Text<P> {
    fn kind(&self) -> &'static str {
        "string"
    }

    fn write_text(&self, out: &mut Writer<'_>) {
        cut(self, out);
    }
}

impl Value for bool {
    fn kind(&self) -> &'static str {
        "bool"
    }

    fn write_text(&self, out: &mut Writer<'_>) {
        out.plain(if *self { "true" } else { "false" });
    }
}

impl Value for f64 {
    fn kind(&self) -> &'static str {
        "float64"
    }

    fn write_text(&self, out: &mut Writer<'_>) {
        float::write(*self, out);
    }
}

impl Value for f32 {
    fn kind(&self) -> &'static str {
        "float64"
    }

    fn write_text(&self, out: &mut Writer<'_>) {
        float::write((*self).into(), out);
    }
}

/// The text that Go's SDKs give an error, as its `Display` does.
impl Value for Error {
    fn kind(&self) -> &'static str {
        "error"
    }

    fn write_text(&self, out: &mut Writer<'_>) {
        cut(self, out);
    }
}

/// The value, or none.
impl<T: Value> Value for Option<T> {
    fn kind(&self) -> &'static str {
        self.as_ref().map_or("any", Value::kind)
    }

    fn write_text(&self, out: &mut Writer<'_>) {
        match self {
            Some(value) => value.write_text(out),
            None => out.plain("<nil>"),
        }
    }
}

/// A group.
impl Value for &[Attr<'_>] {
    fn kind(&self) -> &'static str {
        "group"
    }

    fn write_text(&self, out: &mut Writer<'_>) {
        cut(&Group(self), out);
    }
}

/// A group.
impl<const N: usize> Value for [Attr<'_>; N] {
    fn kind(&self) -> &'static str {
        "group"
    }

    fn write_text(&self, out: &mut Writer<'_>) {
        self.as_slice().write_text(out);
    }
}

struct Group<'a>(&'a [Attr<'a>]);

impl Piece for Group<'_> {
    fn write(&self, out: &mut Writer<'_>) {
        let start = out.as_bytes().len();
        let mut before = "[";
        for attr in self.0 {
            out.plain(before);
            attr.key.write_text(out);
            out.plain("=");
            attr.value.write_text(out);
            before = " ";
            // What comes after this would be cut.
            if out.as_bytes().len() - start > 6 * MAX_TEXT {
                break;
            }
        }
        out.plain(if self.0.is_empty() { "[]" } else { "]" });
    }
}

/// Writes a text, and cuts and marks it where it is too long.
fn cut(text: &dyn Piece, out: &mut Writer<'_>) {
    let start = out.as_bytes().len();
    text.write(out);
    let written = out.as_bytes().get(start..).unwrap_or_default();
    let end = json::prefix(written, MAX_TEXT);
    if end < written.len() {
        out.truncate(start + end);
        out.plain("…");
    }
}
