//! What can be written as a JSON value.

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use super::{Str, Value, Writer};
use crate::text::{Pieces, Text};

/// A type that can be written as a JSON value. Floats need the feature `serde`.
///
/// What [`config!`](crate::config!) declares is one. Another object is written member by member:
///
/// ```
/// use reglet_sdk_core::json::{Encode, Writer};
/// use reglet_sdk_core::{Outcome, Status};
///
/// struct Peer<'a> {
///     host: &'a str,
///     ports: Vec<u16>,
/// }
///
/// impl Encode for Peer<'_> {
///     fn encode(&self, out: &mut Writer<'_>) {
///         out.begin_object();
///         out.member("host", self.host);
///         out.member("ports", &self.ports);
///         out.end_object();
///     }
/// }
///
/// let peers = vec![Peer { host: "a", ports: vec![22, 443] }];
/// let outcome = Outcome::success("they answer").data("peers", peers);
/// # assert_eq!(outcome.status(), Status::Success);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't be written as JSON",
    note = "what `config!` declares can be written, and so can a type that implements `Encode`",
    note = "with the feature `serde`, which the std layer has, so can `f32`, `f64`, and what implements `Serialize`: by \
            `.try_data(key, &value)?` or `json::Serde(&value)`"
)]
pub trait Encode {
    /// Writes the value.
    fn encode(&self, out: &mut Writer<'_>);
}

impl<T: Encode + ?Sized> Encode for &T {
    fn encode(&self, out: &mut Writer<'_>) {
        (**self).encode(out);
    }
}

impl Encode for str {
    fn encode(&self, out: &mut Writer<'_>) {
        out.text(&self);
    }
}

impl Encode for String {
    fn encode(&self, out: &mut Writer<'_>) {
        out.text(self);
    }
}

impl Encode for Cow<'_, str> {
    fn encode(&self, out: &mut Writer<'_>) {
        out.text(self);
    }
}

impl Encode for bool {
    fn encode(&self, out: &mut Writer<'_>) {
        out.raw(if *self { b"true" } else { b"false" });
    }
}

/// Writes `null` for `None`.
impl<T: Encode> Encode for Option<T> {
    fn encode(&self, out: &mut Writer<'_>) {
        match self {
            Some(value) => value.encode(out),
            None => out.raw(b"null"),
        }
    }
}

impl<T: Encode> Encode for [T] {
    fn encode(&self, out: &mut Writer<'_>) {
        out.begin_array();
        for value in self {
            value.encode(out);
        }
        out.end_array();
    }
}

impl<T: Encode> Encode for Vec<T> {
    fn encode(&self, out: &mut Writer<'_>) {
        self.as_slice().encode(out);
    }
}

impl<T: Encode, const N: usize> Encode for [T; N] {
    fn encode(&self, out: &mut Writer<'_>) {
        self.as_slice().encode(out);
    }
}

impl<T: Encode + ?Sized> Encode for Box<T> {
    fn encode(&self, out: &mut Writer<'_>) {
        (**self).encode(out);
    }
}

/// Writes an object.
impl<T: Encode> Encode for Vec<(Str<'_>, T)> {
    fn encode(&self, out: &mut Writer<'_>) {
        out.begin_object();
        for (key, value) in self {
            out.text(key);
            out.append(b":");
            value.encode(out);
        }
        out.end_object();
    }
}

/// Writes the value as it stood in its document; an absent one as `null`.
impl Encode for Value<'_> {
    fn encode(&self, out: &mut Writer<'_>) {
        out.raw(b"");
        out.repaired(if self.is_none() { b"null" } else { self.raw() });
    }
}

impl<P: Pieces> Encode for Text<P> {
    fn encode(&self, out: &mut Writer<'_>) {
        out.text(self);
    }
}

macro_rules! integers {
    ($($type:ty => $write:ident),* $(,)?) => {$(
        impl Encode for $type {
            fn encode(&self, out: &mut Writer<'_>) {
                out.$write((*self).into());
            }
        }
    )*};
}
integers!(
    u8 => unsigned, u16 => unsigned, u32 => unsigned, u64 => unsigned,
    i8 => integer, i16 => integer, i32 => integer, i64 => integer,
);

impl Encode for usize {
    fn encode(&self, out: &mut Writer<'_>) {
        out.unsigned(*self as u64);
    }
}

impl Encode for isize {
    fn encode(&self, out: &mut Writer<'_>) {
        out.integer(*self as i64);
    }
}

#[cfg(feature = "serde")]
macro_rules! floats {
    ($($type:ty),*) => {$(
        /// As short as it can be read back. What is not finite is `null`, as JSON has no such numbers;
        /// [`Outcome::try_data`](crate::Outcome::try_data) says so instead.
        impl Encode for $type {
            fn encode(&self, out: &mut Writer<'_>) {
                if self.is_finite() {
                    out.raw(zmij::Buffer::new().format_finite(*self).as_bytes());
                } else {
                    out.raw(b"null");
                }
            }
        }
    )*};
}
#[cfg(feature = "serde")]
floats!(f32, f64);
