//! The helpers of the Go SDK by their names, for plugins that are ported from Go.
//!
//! Each is a line over [`Value::require`], [`Value::optional`] or [`Value::get_or`], which new code calls itself.
//!
//! ```
//! use reglet_sdk_std::config::go;
//! use reglet_sdk_std::json::Value;
//! use reglet_sdk_std::prelude::*;
//!
//! struct Ported;
//!
//! impl Plugin for Ported {
//!     const METADATA: Metadata = Metadata::new("ported", "1.0.0", "Reads its configuration as Go plugins do");
//!     type Config<'a> = Value<'a>;
//!
//!     fn check(config: Value<'_>, _: &Context<'_>) -> Result<Outcome, Error> {
//!         let host = go::must_get_string(config, "host")?;
//!         let port = go::get_int_default(config, "port", 443);
//!         Ok(Outcome::success(text![host, ":", port]))
//!     }
//! }
//!
//! let outcome = String::from_utf8(reglet_sdk_std::plugin::observe::<Ported>(b"{}")).unwrap();
//! assert!(outcome.contains("required string field 'host' is missing or not a string"));
//! ```
//!
//! They differ from Go's in three ways: a dot in a key leads into the object of that name; keys match without regard
//! to ASCII case; and integers are exact, where Go cuts 3.9 down to 3 and rounds what is beyond 2⁵³ — such a value is
//! no integer here.

use crate::Error;
use crate::json::{Str, Value};
use crate::text;

macro_rules! helpers {
    ($($what:literal $type:ty: $get:ident $must_get:ident $get_default:ident;)*) => {$(
        #[doc = concat!("The ", $what, " with this key, if there is one.")]
        #[must_use]
        pub fn $get(config: Value<'_>, key: &str) -> Option<$type> {
            config.optional(key)
        }

        #[doc = concat!("The ", $what, " with this key.")]
        ///
        /// # Errors
        ///
        /// It is missing or something else; of type `config`, with the key as its code.
        pub fn $must_get(config: Value<'_>, key: &str) -> Result<$type, Error> {
            config.require(key)
        }

        #[doc = concat!("The ", $what, " with this key, or this one if there is none.")]
        #[must_use]
        pub fn $get_default(config: Value<'_>, key: &str, default: impl Into<$type>) -> $type {
            config.optional(key).unwrap_or_else(|| default.into())
        }
    )*};
}
helpers! {
    "string" String: get_string must_get_string get_string_default;
    "integer" i64: get_int must_get_int get_int_default;
    "number" f64: get_float must_get_float get_float_default;
    "boolean" bool: get_bool must_get_bool get_bool_default;
}

/// The list with this key, if all of its elements are strings.
#[must_use]
pub fn get_string_slice(config: Value<'_>, key: &str) -> Option<Vec<String>> {
    let list: Option<Vec<Str<'_>>> = config.optional(key);
    list.map(|list| list.into_iter().map(|string| string.decode().into_owned()).collect())
}

/// The string with this key, which may not be empty.
///
/// # Errors
///
/// It is missing, empty or something else; of type `config`, with the key as its code.
pub fn require_string(config: Value<'_>, key: &str) -> Result<String, Error> {
    if config.find(key).is_none() {
        return Err(
            Error::new(crate::error::Kind::Config, text!["missing required field: ", key]).with_code(key)
        );
    }
    get_string(config, key).filter(|text| !text.is_empty()).ok_or_else(|| {
        Error::new(crate::error::Kind::Config, text!["field ", key, " must be non-empty string"])
            .with_code(key)
    })
}

/// The same as [`get_string_default`].
#[must_use]
pub fn optional_string(config: Value<'_>, key: &str, default: impl Into<String>) -> String {
    get_string_default(config, key, default)
}

/// The same as [`get_int_default`].
#[must_use]
pub fn optional_int(config: Value<'_>, key: &str, default: i64) -> i64 {
    get_int_default(config, key, default)
}
