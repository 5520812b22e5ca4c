//! See [`reglet_sdk_core::log`](mod@reglet_sdk_core::log).

pub use reglet_sdk_core::log::*;
