//! See [`reglet_sdk_core::tcp`].

pub use reglet_sdk_core::tcp::*;
