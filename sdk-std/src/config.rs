//! The configuration of a check; what the core has for it is in
//! [`reglet_sdk_core::config`](mod@reglet_sdk_core::config).
//!
//! Any type that serde reads can be one: `serde_config!` makes it, and takes the schema that hosts are told, most often
//! from a file that [`schema`](crate::schema) keeps true.
//!
//! ```
//! use std::collections::BTreeMap;
//!
//! use reglet_sdk_std::prelude::*;
//! use serde::Deserialize;
//!
//! #[derive(Deserialize)]
//! struct Config {
//!     /// Least versions by package.
//!     packages: BTreeMap<String, u32>,
//! }
//!
//! serde_config!(Config, schema: r#"{"properties": {"packages": {"type": "object"}}, "type": "object"}"#);
//! ```
//!
//! A value that does not fit is an error of type `config` that names its place, such as `packages.openssl`.

pub mod go;
#[cfg(feature = "garde")]
mod valid;

pub use reglet_sdk_core::config::*;
#[cfg(feature = "garde")]
pub use valid::Valid;
