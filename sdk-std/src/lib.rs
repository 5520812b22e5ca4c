//! The ergonomic layer of the Reglet Rust SDK.
#![no_std]

pub use reglet_sdk_core::*;
