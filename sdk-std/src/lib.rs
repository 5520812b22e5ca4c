//! The ergonomic layer of the Reglet Rust SDK.

mod start;

pub use reglet_sdk_core::*;
#[doc(hidden)]
pub use start::start;

/// Makes a crate a plugin: gives it all the exports that hosts look for.
///
/// Natively it adds nothing, so that `cargo test` works in the plugin's crate.
#[macro_export]
macro_rules! export_plugin {
    ($Plugin:ty) => {
        $crate::__export_entry_points!($Plugin, { $crate::start() });
    };
}
