//! See [`reglet_sdk_core::config`](mod@reglet_sdk_core::config).

pub use reglet_sdk_core::config::*;
