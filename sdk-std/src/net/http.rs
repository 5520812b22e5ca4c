//! See [`reglet_sdk_core::http`].

pub use reglet_sdk_core::http::*;
