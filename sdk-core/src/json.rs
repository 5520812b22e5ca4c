//! The compact JSON codec: a streaming [`Writer`], and [`Value`]s that are read in place.
//!
//! Reading never builds a tree. A [`Value`] is a checked piece of the input; looking into an object splits it
//! into further values, and a string without escapes is borrowed from the input. What is large is read
//! event by event, by a [`Reader`].
//!
//! What is accepted is what Go's `encoding/json` accepts (`docs/protocol.md#reading`): keys match without regard
//! to case, the last of equal keys wins, `null` counts as absent, lone surrogates and bytes that are not UTF-8 become
//! U+FFFD. It differs in four points: nesting deeper than [`MAX_DEPTH`] is refused, only ASCII letters match without
//! regard to case, a key that is written with escapes matches nothing, and `3.0` is a whole number.

mod decode;
mod encode;
mod error;
mod field;
mod float;
mod get;
mod reader;
mod scan;
#[cfg(feature = "serde")]
pub mod serde;
mod string;
#[cfg(test)]
mod tests;
mod value;
mod walk;
mod writer;

#[cfg(feature = "serde")]
pub use self::serde::{Serde, from_slice, to_writer};
pub use decode::{FromValue, Preset, absent, admit, inside, members, one_of, place_of, read};
pub use encode::Encode;
pub use error::{Error, Reason};
pub use field::{Bounds, Expected, Field, Slot};
pub use get::Get;
pub use reader::{Event, Reader};
pub(crate) use scan::{object, plain, prefix};
pub use string::Str;
pub use value::{Kind, Members, Value};
#[doc(hidden)]
pub use walk::{Fields, Walk, walk};
pub use writer::Writer;
pub(crate) use writer::decimal;

/// Levels of arrays and objects that a document may have.
pub const MAX_DEPTH: u32 = 128;
