//! See [`reglet_sdk_core::dns`].

pub use reglet_sdk_core::dns::*;
