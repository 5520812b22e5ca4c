//! Serde on top of the codec, for authors' own types.
//!
//! [`from_slice`] reads a type straight from a document, and [`to_writer`] writes one straight into the buffer that
//! leaves: there is no tree in between. [`serde_config!`](crate::serde_config!) makes such a type a plugin's
//! configuration, [`Outcome::try_data`](crate::Outcome::try_data) puts one into an outcome, and [`Serde`] takes one
//! to wherever a value of the codec may stand.
//!
//! ```
//! use reglet_sdk_core::prelude::*;
//! use reglet_sdk_core::serde_config;
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Deserialize)]
//! struct Config<'a> {
//!     #[serde(borrow)]
//!     host: Cow<'a, str>,
//!     #[serde(default)]
//!     ports: Vec<u16>,
//! }
//!
//! serde_config!(Config<'a>);
//!
//! #[derive(Serialize)]
//! struct Found {
//!     open: usize,
//!     share: f64,
//! }
//!
//! struct Ports;
//!
//! impl Plugin for Ports {
//!     const METADATA: Metadata = Metadata::new("ports", "1.0.0", "Counts ports");
//!     type Config<'a> = Config<'a>;
//!
//!     fn check(config: Config<'_>, _: &Context<'_>) -> Result<Outcome, Error> {
//!         let found = Found { open: config.ports.len(), share: 0.5 };
//!         Outcome::success(text!["all of ", config.host]).try_data("found", &found)
//!     }
//! }
//!
//! export_plugin!(Ports);
//!
//! let outcome = reglet_sdk_core::plugin::observe::<Ports>(br#"{"host":"a","ports":[22,"x"]}"#);
//! let outcome = String::from_utf8(outcome).unwrap();
//! assert!(outcome.contains(
//!     "config validation failed for field 'ports[1]': expected a whole number from 0 to 65535, got a string"
//! ));
//! ```
//!
//! A `Cow<'a, str>` with `#[serde(borrow)]` is borrowed where it can be. A `&'a str` is refused where the string has
//! escapes, and brings half a kilobyte of `core::fmt` to say so.
//!
//! The crate `serde` needs the features `derive` and, for `flatten` and enums without or with inner tags, `alloc`.
//!
//! # What is read
//!
//! What the rest of the codec reads, which differs from `serde_json`:
//!
//! - Lone surrogates and bytes that are not UTF-8 become U+FFFD (`docs/protocol.md#reading`), also in what is read
//!   as bytes.
//! - Integers may have a fraction of zeros where a certain type of integer is asked for: `3.0`. `flatten` and
//!   enums that have no tag outside do not ask.
//! - Where an object is expected, a whole document that is `null` is an empty one.
//! - A struct with named fields is not read from an array.
//! - Nesting ends at 128 levels exactly; what is skipped counts too. In a plugin, a type that contains itself also
//!   ends where the last 4 KB of the stack begin: a level takes a hundred bytes, or more with many fields.
//!
//! And as in all derived code, unlike in [`config!`](crate::config!): keys must match exactly, a key that a struct
//! has twice is an error, and `null` is a value of its own, for which an `Option` is needed.
//!
//! # What is written
//!
//! What `serde_json` writes, but for floats that are not finite: they are an error, as they are in Go
//! (`docs/protocol.md#e9`), where `serde_json` writes `null`.

mod de;
mod error;
mod ser;

pub use de::from_slice;
pub use error::Error;
pub use ser::to_writer;

use serde_core::{Deserialize, Serialize};

use super::{Encode, Expected, Field, FromValue, Slot, Value, Writer};
use crate::config::Schema;

/// A value of a type that serde reads and writes, where the codec wants one of its own.
///
/// As a plugin's configuration it has no schema; [`serde_config!`](crate::serde_config!) gives it one. What can't be
/// written is `null`; [`Outcome::try_data`](crate::Outcome::try_data) and [`to_writer`] say why instead.
///
/// ```
/// use reglet_sdk_core::config;
/// use reglet_sdk_core::json::Serde;
/// use std::collections::BTreeMap;
///
/// config! {
///     /// What must be there.
///     pub struct Config {
///         /// Least versions by package.
///         packages: Serde<BTreeMap<String, u32>>,
///     }
/// }
///
/// let config = Config::from_json(br#"{"packages": {"openssl": 3}}"#)?;
/// assert_eq!(config.packages.0["openssl"], 3);
/// # Ok::<(), reglet_sdk_core::json::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Serde<T>(pub T);

impl<'a, T: Deserialize<'a>> FromValue<'a> for Serde<T> {
    const SCHEMA: &'static Schema = &Schema::Any;
    const EXPECTED: Expected = Expected::described("a value of another form");
    const WALKS: bool = true;

    fn from_slot(slot: &Slot<'a>, field: &'static Field) -> Result<Self, super::Error> {
        de::read(slot.raw, |failed, _| match failed.failure() {
            _ if slot.is_absent() && !field.name.is_empty() => super::Error::new(field, Value::ABSENT),
            Some(failure) if failure.is_syntax() => failure,
            _ => super::Error::at(field, slot.raw),
        })
        .map(Self)
    }

    fn from_config(document: &'a [u8]) -> Result<Self, crate::Error> {
        from_slice(document).map(Self).map_err(Error::into_config)
    }
}

impl<T: Serialize> Encode for Serde<T> {
    fn encode(&self, out: &mut Writer<'_>) {
        if to_writer(out, &self.0).is_err() {
            out.raw(b"null");
        }
    }
}

/// Makes a type that serde reads one of the codec's: a plugin's configuration, or the type of a field in one.
///
/// The schema that hosts are told is the second argument, and allows anything without one. Nothing compares it with
/// what the type accepts. It is a [`Schema`](crate::config::Schema), or a whole JSON Schema after `schema:`, for
/// which a file is a good place; `reglet_sdk_std::schema` makes that file from the type, and keeps it true.
///
/// ```
/// use reglet_sdk_core::config::{Property, Schema};
/// use reglet_sdk_core::json::{self, Bounds};
/// use reglet_sdk_core::serde_config;
/// use serde::Deserialize;
///
/// #[derive(Deserialize)]
/// #[serde(rename_all = "kebab-case")]
/// enum Mode {
///     Quick,
///     VeryThorough,
/// }
/// serde_config!(Mode, &Schema::String);
///
/// #[derive(Deserialize)]
/// struct Config<'a> {
///     user: &'a str,
///     mode: Mode,
/// }
/// serde_config!(Config<'a>);
///
/// let config: Config<'_> = json::from_slice(br#"{"user": "root", "mode": "very-thorough"}"#)?;
/// assert!(config.user == "root" && matches!(config.mode, Mode::VeryThorough));
///
/// #[derive(Deserialize)]
/// struct Port {
///     number: u16,
/// }
/// // Or `schema: include_str!("../schema.json")`.
/// serde_config!(Port, schema: r#"{"properties": {"number": {"type": "integer"}}, "type": "object"}"#);
/// # Ok::<(), json::serde::Error>(())
/// ```
#[macro_export]
macro_rules! serde_config {
    ($Name:ident $(< $life:lifetime >)?) => {
        $crate::serde_config!($Name $(< $life >)?, &$crate::config::Schema::Any);
    };
    ($Name:ident $(< $life:lifetime >)?, schema: $json:expr) => {
        $crate::serde_config!($Name $(< $life >)?, const { &$crate::config::Schema::json($json) });
    };
    ($Name:ident, $schema:expr) => {
        $crate::serde_config!(@impl 'value $Name, $schema);
    };
    ($Name:ident < $life:lifetime >, $schema:expr) => {
        $crate::serde_config!(@impl $life $Name<$life>, $schema);
    };
    (@impl $life:lifetime $Type:ty, $schema:expr) => {
        impl<$life> $crate::json::FromValue<$life> for $Type {
            const SCHEMA: &'static $crate::config::Schema = $schema;
            const EXPECTED: $crate::json::Expected =
                <$crate::json::Serde<Self> as $crate::json::FromValue<$life>>::EXPECTED;
            const WALKS: bool = true;

            fn from_slot(
                slot: &$crate::json::Slot<$life>,
                field: &'static $crate::json::Field,
            ) -> ::core::result::Result<Self, $crate::json::Error> {
                $crate::json::Serde::from_slot(slot, field).map(|$crate::json::Serde(value)| value)
            }

            fn from_config(document: &$life [u8]) -> ::core::result::Result<Self, $crate::Error> {
                $crate::json::Serde::from_config(document).map(|$crate::json::Serde(value)| value)
            }
        }
    };
}
