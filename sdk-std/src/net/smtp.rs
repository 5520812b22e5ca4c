//! See [`reglet_sdk_core::smtp`].

pub use reglet_sdk_core::smtp::*;
