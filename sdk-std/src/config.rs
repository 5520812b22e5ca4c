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
//!
//! # Unknown keys
//!
//! Keys that no field has are skipped, in types of `config!` and of `serde_config!`. `#[serde(deny_unknown_fields)]` on a
//! type that serde reads has them refused:
//!
//! ```
//! use reglet_sdk_std::prelude::*;
//! use serde::Deserialize;
//!
//! #[derive(Deserialize)]
//! #[serde(deny_unknown_fields)]
//! struct Config {
//!     port: u16,
//! }
//! serde_config!(Config);
//! # struct Check;
//! # impl Plugin for Check {
//! #     const METADATA: Metadata = Metadata::new("check", "1.0.0", "Checks");
//! #     type Config<'a> = Config;
//! #     fn check(config: Config, _: &Context<'_>) -> Result<Outcome, Error> {
//! #         Ok(Outcome::success(text![config.port]))
//! #     }
//! # }
//! # let outcome = reglet_sdk_std::plugin::observe::<Check>(br#"{"port": 22, "prot": 23}"#);
//! # assert!(String::from_utf8(outcome).unwrap().contains("for field 'prot'"));
//! ```
//!
//! Not so the input of an operation of [`services!`](crate::services!): there the names of service and operation are
//! beside its own fields, and would be refused too.

pub mod go;
#[cfg(feature = "garde")]
mod valid;

pub use reglet_sdk_core::config::*;
#[cfg(feature = "garde")]
pub use valid::Valid;
