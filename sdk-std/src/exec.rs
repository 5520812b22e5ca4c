//! See [`reglet_sdk_core::exec`](mod@reglet_sdk_core::exec).

pub use reglet_sdk_core::exec::*;
